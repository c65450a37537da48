"""Whether a crate still tells the truth about the files on disk."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from screenmm.core.errors import UserError
from screenmm.files.whole import sha256

METADATA = "ro-crate-metadata.json"


@dataclass(frozen=True)
class Verification:
    """What a check of a crate found.

    Parameters
    ----------
    checked : int
        Files that were compared.
    differences : tuple of str
        One line per file that differs, with its name.
    elsewhere : tuple of str
        Names of listed files that lie outside the crate and were not looked at.
    """

    checked: int
    differences: tuple[str, ...]
    elsewhere: tuple[str, ...]


def read_crate(results: Path) -> list[dict[str, Any]]:
    """Read the entities of a crate.

    Raises
    ------
    UserError
        There is no crate, or it is not one.
    """
    path = results / METADATA
    try:
        graph: list[dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))["@graph"]
    except FileNotFoundError:
        raise UserError(
            f"{results} holds no {METADATA}: give the results folder of a finished screen"
        ) from None
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path} is no RO-Crate ({error}): make it anew") from None
    return graph


def verify_crate(results: Path, inputs: Iterable[Path] = ()) -> Verification:
    """Compare the SHA-256 and size of every listed file with the file itself.

    Parameters
    ----------
    results : Path
        The results folder.
    inputs : iterable of Path
        Files to look for the listed inputs in; without them the inputs are not checked.

    Returns
    -------
    Verification
    """
    given = {sha256(path): path for path in inputs}
    checked, differences, elsewhere = 0, [], []
    for entity in read_crate(results):
        if "sha256" not in entity:
            continue
        if entity["@id"].startswith("ni:"):
            if not given:
                elsewhere.append(str(entity["name"]))
                continue
            if entity["sha256"] not in given:
                differences.append(f"{entity['name']}: no input has its SHA-256 any more")
        else:
            name = unquote(entity["@id"])
            problem = _difference(results, name, entity)
            differences += [f"{name}: {problem}"] if problem else []
        checked += 1
    return Verification(checked, tuple(differences), tuple(elsewhere))


def _difference(results: Path, name: str, entity: dict[str, Any]) -> str:
    # by the names alone: the user may have moved a folder elsewhere and linked to it
    if os.path.isabs(name) or os.path.normpath(name).startswith(".."):
        return "leads out of the results folder; it was not read"
    path = results / name
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    if str(size) != entity["contentSize"]:
        return f"has {size} bytes, listed are {entity['contentSize']}"
    found = sha256(path)
    return "" if found == entity["sha256"] else f"has SHA-256 {found}, listed is {entity['sha256']}"
