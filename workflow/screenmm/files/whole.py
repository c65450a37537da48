"""Files are made aside and renamed whole: nothing half-written is ever read."""

from __future__ import annotations

import filecmp
import gzip
import hashlib
import os
import shutil
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from screenmm.core.errors import UserError


@contextmanager
def replace_whole(path: Path) -> Iterator[Path]:
    """Give a path beside ``path`` to write to, and rename it when the block succeeds.

    Parameters
    ----------
    path : Path
        The file to make; its folder is made if missing.

    Yields
    ------
    Path
        Where to write. It carries the process id, so two writers never share it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        yield partial
        os.replace(partial, path)
    except OSError as error:
        # a failed write does not say to which file
        if error.errno is not None and error.filename is None:
            error.filename = str(path)
        raise
    finally:
        partial.unlink(missing_ok=True)


@contextmanager
def replaced_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill; when the block succeeds its files become ``folder``'s.

    Files whose bytes did not change keep their modification time, so what was made from
    them stays up to date.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir()
    try:
        yield partial
        folder.mkdir(exist_ok=True)
        _publish(sorted(partial.iterdir()), folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)


def _publish(files: Iterable[Path], folder: Path) -> None:
    stale = {path.name for path in folder.iterdir()}
    for path in files:
        target = folder / path.name
        stale.discard(path.name)
        if not (target.exists() and filecmp.cmp(path, target, shallow=False)):
            os.replace(path, target)
    for name in stale:
        (folder / name).unlink()


@contextmanager
def remade_folder(folder: Path) -> Iterator[Path]:
    """Give an empty folder to fill, with folders in it; it becomes ``folder`` as a whole.

    Nothing of what ``folder`` held before stays; where the block fails, all of it does.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as aside:
        made = Path(aside) / folder.name
        made.mkdir()
        yield made
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)


def write_text(path: Path, text: str) -> None:
    """Write a text file whole, in UTF-8."""
    with replace_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")


def write_text_gz(path: Path, text: str) -> None:
    """Write a gzipped text file whole; the same text gives the same bytes."""
    with (
        replace_whole(path) as partial,
        partial.open("wb") as raw,
        # no name and no time in the header: both would change the bytes
        gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0, compresslevel=6) as packed,
    ):
        packed.write(text.encode())


def open_bytes(path: Path) -> IO[bytes] | gzip.GzipFile:
    """Open a file for reading bytes, gunzipped where its name ends in ``.gz`` in any case."""
    return gzip.open(path, "rb") if path.suffix.lower() == ".gz" else path.open("rb")


def read_text(path: Path) -> str:
    """Read a text file, gunzipped where its name ends in ``.gz``.

    Raises
    ------
    UserError
        It is named ``.gz`` and is no gzip file, or is cut or damaged.
    """
    try:
        with open_bytes(path) as handle:
            return handle.read().decode("utf-8", errors="replace")
    except (gzip.BadGzipFile, EOFError, zlib.error) as error:
        raise UserError(
            f"{path} cannot be unpacked ({error}): fetch or compress the file again, or rename it"
        ) from None


def digests(paths: Iterable[Path], root: Path) -> dict[str, str]:
    """SHA-256 of files, by their paths below a folder, sorted."""
    return {str(path.relative_to(root)): sha256(path) for path in sorted(paths)}


def sha256(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
