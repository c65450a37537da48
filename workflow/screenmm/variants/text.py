"""Lines of small text files, unpacked by what is in them and whatever their name."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, cast

from screenmm.core.errors import UserError

LONGEST_LINE = 1 << 20
"""Characters of the longest line that is read."""

GZIP = b"\x1f\x8b"
_UTF_16 = (b"\xff\xfe", b"\xfe\xff")


def first_bytes(path: Path, count: int) -> bytes:
    """Beginning of a file, unpacked.

    Parameters
    ----------
    path : Path
    count : int

    Raises
    ------
    UserError
        The file cannot be read or unpacked.
    """
    try:
        with open_unpacked(path) as handle:
            return handle.read(count)
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}") from None


def open_unpacked(path: Path) -> IO[bytes] | gzip.GzipFile:
    """Open a file for reading bytes, gunzipped where it begins as a gzip file does.

    Parameters
    ----------
    path : Path
    """
    with path.open("rb") as handle:
        is_packed = handle.read(len(GZIP)) == GZIP
    return gzip.open(path, "rb") if is_packed else path.open("rb")


def numbered_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Lines of a file without their ends, with their numbers from 1.

    A line ends in LF, CRLF or CR. Bytes that are not UTF-8 are taken for Latin-1.

    Parameters
    ----------
    path : Path

    Yields
    ------
    tuple of int and str

    Raises
    ------
    UserError
        The file cannot be read, is cut, is UTF-16, or has a line beyond :data:`LONGEST_LINE`.
    """
    number = 0
    try:
        with open_unpacked(path) as raw:
            text = io.TextIOWrapper(
                cast(io.BufferedReader, raw), encoding="utf-8", errors="surrogateescape"
            )
            while line := text.readline(LONGEST_LINE + 1):
                number += 1
                if number == 1:
                    line = _without_mark(line, path)
                if len(line) > LONGEST_LINE:
                    raise UserError(
                        f"{path}, line {number}: longer than {LONGEST_LINE:,} characters: this is "
                        "no table of variants"
                    )
                yield number, _as_text(line.rstrip("\n"))
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise UserError(
            f"{path}: the gzip stream ends or breaks after line {number} ({error}): fetch or "
            "compress the file again"
        ) from None
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error}") from None


def _without_mark(line: str, path: Path) -> str:
    head = line[:2].encode("utf-8", "surrogateescape")[:2]
    if head in _UTF_16:
        raise UserError(f"{path} is UTF-16 text: save it as UTF-8")
    return line.removeprefix("\ufeff")


def _as_text(line: str) -> str:
    if line.isascii():
        return line
    raw = line.encode("utf-8", "surrogateescape")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError:
        return raw.decode("latin-1")
