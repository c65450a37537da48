"""Lines of text files of any size: bounded, decoded, decompressed."""

from __future__ import annotations

import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from screenmm.errors import LibraryError

MAX_LINE = 1 << 20
"""Longest line in bytes that is kept; a longer one is a broken record."""

SHOWN = 1000
"""Characters of a broken record that are kept."""

_CHUNK = 1 << 20


class LongLine(str):
    """The first characters of a line that is too long to keep; ``length`` is in bytes."""

    length: int

    def __new__(cls, text: str, length: int) -> LongLine:
        """Carry the length of the whole line beside its beginning."""
        line = super().__new__(cls, text)
        line.length = length
        return line


def decode(line: bytes) -> str:
    """Text of a line: UTF-8, or Latin-1 where that fails."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("latin-1")


def read_lines(path: Path) -> Iterator[str]:
    """Lines of a text file, plain or gzipped, without their ends, one at a time.

    Yields
    ------
    str
        A line; a :class:`LongLine` stands for one beyond :data:`MAX_LINE` bytes.

    Raises
    ------
    LibraryError
        The file cannot be opened, is no gzip file, is cut or damaged, or is UTF-16.
    """
    number = 0
    try:
        with _open(path) as handle:
            while line := handle.readline(MAX_LINE + 1):
                number += 1
                if number == 1:
                    line = _without_mark(line, path)
                if len(line) > MAX_LINE and not line.endswith(b"\n"):
                    yield LongLine(decode(line[:SHOWN]), len(line) + _skip_line(handle))
                else:
                    yield decode(line.rstrip(b"\r\n"))
    except gzip.BadGzipFile as error:
        raise LibraryError(
            f"{path} is named .gz but is not a gzip file ({error}): rename it or compress it"
        ) from None
    except (EOFError, zlib.error) as error:
        raise LibraryError(
            f"{path}: the gzip stream ends or breaks after line {number} ({error}): "
            "fetch or compress the file again"
        ) from None
    except OSError as error:
        raise LibraryError(f"{path} cannot be read: {error}") from None


def _open(path: Path) -> IO[bytes]:
    if path.suffix.lower() == ".gz":
        return io.BufferedReader(gzip.open(path, "rb"), _CHUNK)
    return path.open("rb", buffering=_CHUNK)


def _without_mark(line: bytes, path: Path) -> bytes:
    if line.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise LibraryError(f"{path} is UTF-16 text: save it as UTF-8")
    return line.removeprefix(b"\xef\xbb\xbf")


def _skip_line(handle: IO[bytes]) -> int:
    skipped = 0
    while chunk := handle.readline(_CHUNK):
        skipped += len(chunk)
        if chunk.endswith(b"\n"):
            break
    return skipped
