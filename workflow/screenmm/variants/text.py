"""Lines of small text files, unpacked by what is in them and whatever their name."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from screenmm.core.errors import UserError
from screenmm.library.lines import MAX_LINE, LongLine, read_lines

GZIP = b"\x1f\x8b"


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
    """Lines of a file without their ends, with their numbers from 1, as a library's are read.

    Parameters
    ----------
    path : Path

    Yields
    ------
    tuple of int and str

    Raises
    ------
    UserError
        The file cannot be read, is cut, is UTF-16, or has a line beyond a library's longest.
    """
    for number, line in enumerate(read_lines(path, open_unpacked), start=1):
        if isinstance(line, LongLine):
            raise UserError(
                f"{path}, line {number}: longer than {MAX_LINE:,} bytes: this is no table of "
                "variants"
            )
        yield number, line
