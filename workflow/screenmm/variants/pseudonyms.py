"""Names in place of patients' names, in an order that tells neither them nor the files' order."""

from __future__ import annotations

import csv
import hashlib
import hmac
import os
import re
import secrets
from collections.abc import Iterable, Mapping
from pathlib import Path

from screenmm.core.errors import UserError
from screenmm.files.csv import csv_text
from screenmm.files.whole import replace_whole
from screenmm.variants.text import numbered_lines

COLUMNS = ("pseudonym", "patient")

_PSEUDONYM = re.compile(r"P[0-9]+")


def pseudonyms(
    patients: Iterable[str], known: Mapping[str, str] | None = None, secret: bytes = b""
) -> dict[str, str]:
    """Give each patient a pseudonym, P0001 and so on.

    Parameters
    ----------
    patients : iterable of str
    known : mapping of str to str, optional
        Patients that have one, which they keep.
    secret : bytes
        What the order comes from; a random one where none is given.
    """
    key = secret or secrets.token_bytes(32)
    given = dict(known or {})
    new = sorted(
        set(patients) - set(given),
        key=lambda each: hmac.new(key, each.encode(), hashlib.sha256).digest(),
    )
    last = max((int(each[1:]) for each in given.values()), default=0)
    numbered = enumerate(new, start=last + 1)
    return given | {patient: f"P{number:04d}" for number, patient in numbered}


def read_key(path: Path) -> dict[str, str]:
    """Pseudonyms of a key file by patients; none where there is no file.

    Parameters
    ----------
    path : Path

    Raises
    ------
    UserError
        The file is no key.
    """
    if not path.exists():
        return {}
    given: dict[str, str] = {}
    lines = numbered_lines(path)
    if next(lines, (1, ""))[1] != ",".join(COLUMNS):
        raise UserError(
            f"{path}, line 1: a key begins with {','.join(COLUMNS)}: name a new file for it"
        )
    for number, line in lines:
        cells = _cells(line)
        if len(cells) != 2 or not _PSEUDONYM.fullmatch(cells[0]):
            raise UserError(f"{path}, line {number}: no pseudonym and patient: mend the line")
        if cells[1] in given:
            raise UserError(
                f"{path}, line {number}: the patient of another line, too: keep the line whose "
                "pseudonym was used"
            )
        given[cells[1]] = cells[0]
    if len(set(given.values())) != len(given):
        raise UserError(f"{path} gives two patients one pseudonym: mend it, or name a new file")
    return given


def _cells(line: str) -> list[str]:
    """Cells of a line; none where its quotes do not match."""
    try:
        return next(csv.reader([line], strict=True), [])
    except csv.Error:
        return []


def write_key(path: Path, given: Mapping[str, str]) -> None:
    """Write a key file that its owner alone can read.

    Parameters
    ----------
    path : Path
    given : mapping of str to str
        Pseudonyms by patients.
    """
    rows = sorted((pseudonym, patient) for patient, pseudonym in given.items())
    with replace_whole(path) as partial:
        os.close(os.open(partial, os.O_CREAT | os.O_WRONLY | os.O_EXCL, 0o600))
        partial.write_text(csv_text(COLUMNS, rows), encoding="utf-8")
