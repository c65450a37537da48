"""Lines of text files of any size: bounded, decoded, decompressed."""

from __future__ import annotations

import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from screenmm.core.errors import LibraryError
from screenmm.files.whole import open_bytes

MAX_LINE = 1 << 20
"""Longest line in bytes that is kept; a longer one is a broken record."""

SHOWN = 1000
"""Characters of a broken record that are kept."""

_CHUNK = 1 << 18

_BOM = b"\xef\xbb\xbf"
_CTRL_Z = b"\x1a"

LINE_END = re.compile(rb"\r{0,2}\n|\r")
"""LF, CRLF, CR alone, and CRCRLF, which a second conversion to CRLF leaves."""


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


def read_lines(
    path: Path, opened: Callable[[Path], IO[bytes] | gzip.GzipFile] = open_bytes
) -> Iterator[str]:
    """Lines of a text file, plain or gzipped, without their ends, one at a time.

    A line ends in LF, CRLF or CR, in any mixture; nothing else ends one. Byte-order marks
    before a line, as joined files have them, and the Ctrl-Z at the end of DOS files are no
    part of the text.

    Parameters
    ----------
    path : Path
    opened : callable
        Opens the file for reading bytes, unpacked; by default it is gzipped if its name says so.

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
        with opened(path) as handle:
            for lines in _chunks_of_lines(handle, path):
                yield from lines
                number += len(lines)
    except gzip.BadGzipFile as error:
        raise LibraryError(
            f"{path} is not a gzip file, or not to its end ({error}): rename it if it is none, or "
            "compress it again"
        ) from None
    except (EOFError, zlib.error) as error:
        raise LibraryError(
            f"{path}: the gzip stream ends or breaks after line {number} ({error}): "
            "fetch or compress the file again"
        ) from None
    except OSError as error:
        raise LibraryError(f"{path} cannot be read: {error}") from None


def _chunks_of_lines(handle: IO[bytes] | gzip.GzipFile, path: Path) -> Iterator[list[str]]:
    """Give the lines that end in each chunk; a line of any length takes bounded memory."""
    rest, left_out = b"", 0
    is_start = True
    while chunk := handle.read(_CHUNK):
        text = rest + chunk
        if is_start and text.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise LibraryError(f"{path} is UTF-16 text: save it as UTF-8")
        is_start = False
        if cut := end_of_lines(text):
            yield _lines(text[:cut], left_out)
            text, left_out = text[cut:], 0
        if (stop := _before_open_end(text)) > MAX_LINE:
            kept = text[:SHOWN] + text[stop:]
            left_out += len(text) - len(kept)
            text = kept
        rest = text
    if rest := rest.rstrip(_CTRL_Z):
        yield _lines(rest, left_out)


def _before_open_end(text: bytes) -> int:
    """Place before the CRs at the end, which an LF may follow."""
    return len(text) - len(text[-2:]) + len(text[-2:].rstrip(b"\r"))


def end_of_lines(text: bytes) -> int:
    """Place behind the last end of a line that what follows cannot change; 0 without one.

    Parameters
    ----------
    text : bytes
        The beginning of a text.
    """
    stop = _before_open_end(text)
    return max(text.rfind(b"\n", 0, stop), text.rfind(b"\r", 0, stop)) + 1


def _lines(text: bytes, left_out: int) -> list[str]:
    """Split text into lines; of the first one ``left_out`` bytes are missing."""
    first: list[str] = []
    if left_out or len(text) > MAX_LINE:
        end = LINE_END.search(text)
        size = left_out + (end.start() if end else len(text))
        if size > MAX_LINE:
            first = [LongLine(decode(text[:SHOWN].removeprefix(_BOM)), size)]
            text = text[end.end() :] if end else b""
    if b"\r\r" in text:
        text = LINE_END.sub(b"\n", text)
    elif b"\r" in text:
        text = text.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    if _BOM in text:
        text = re.sub(rb"(?m)^\xef\xbb\xbf", b"", text)
    if _CTRL_Z in text:
        text = re.sub(rb"(?m)^\x1a+$", b"", text)
    try:
        lines: list[str] = text.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        lines = [decode(line) for line in text.split(b"\n")]
    if not lines[-1]:
        lines.pop()
    return first + lines if first else lines
