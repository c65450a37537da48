"""A disk that cannot be written to: noticed before a run, and said in one line during it."""

from __future__ import annotations

import errno
import os
import tempfile
from pathlib import Path

from screenmm.errors import UserError

LEAST_FREE_MB = 100
"""A run that starts with less free space than this would not get far: the demo's results
take 14 MB, and a receptor alone some 4 MB."""

_AGAIN = "then run the same command again: finished work is kept"

_TEXTS = {
    errno.ENOSPC: "No space left on device",
    errno.EDQUOT: "Disk quota exceeded",
    errno.EROFS: "Read-only file system",
    errno.EACCES: "Permission denied",
}
"""What libraries write that keep an error's number to themselves."""


def disk_trouble(error: BaseException) -> str | None:
    """Say what a failed access to a disk means and how to mend it.

    Parameters
    ----------
    error : BaseException
        An ``OSError``, or DuckDB's error, which has no number.

    Returns
    -------
    str or None
        One line; None where the error is of another kind.
    """
    number = _number(error)
    if number is None:
        return None
    name = getattr(error, "filename", None)
    where = Path(os.fsdecode(name)) if isinstance(name, str | bytes) else None
    said = f"{where}: " if where else ""
    if number == errno.ENOSPC:
        return (
            f"{said}no space left on the disk{_space(where)}; free some (df -h shows space, "
            f"df -i files), or give results another folder, {_AGAIN}"
        )
    if number == errno.EDQUOT:
        return (
            f"{said}your quota on this disk is used up; delete files (quota -s shows it) or give "
            f"results another folder, {_AGAIN}"
        )
    if number == errno.EROFS:
        return (
            f"{said}the file system is read-only; mount it for writing, or give results another "
            f"folder, {_AGAIN}"
        )
    return (
        f"{said}permission denied for user {os.geteuid()}; let the user read and write there "
        f"(ls -ld shows who may), or name another folder, {_AGAIN}"
    )


def _number(error: BaseException) -> int | None:
    if isinstance(error, OSError):
        return error.errno if error.errno in _TEXTS else None
    if type(error).__module__.lstrip("_").split(".")[0] != "duckdb":
        return None
    return next((number for number, text in _TEXTS.items() if text in str(error)), None)


def _space(where: Path | None) -> str:
    """How much is free, in brackets; nothing where that cannot be told."""
    if where is None:
        return ""
    try:
        found = os.statvfs(_nearest(where))
    except OSError:
        return ""
    free_mb = found.f_bavail * found.f_frsize / 1e6
    total_mb = found.f_blocks * found.f_frsize / 1e6
    return f" ({free_mb:.1f} of {total_mb:.1f} MB free once the unfinished file was deleted)"


def _nearest(path: Path) -> Path:
    """The path itself or the first folder above it that exists."""
    path = path.absolute()
    return next(each for each in (path, *path.parents) if each.exists())


def check_place(results: Path) -> None:
    """Check, without making anything, that a results folder can be made and written to.

    Parameters
    ----------
    results : Path
        The results folder; need not exist.

    Raises
    ------
    UserError
        What is there is no folder, or the user may not write there.
    """
    try:
        there = _nearest(results)
    except OSError as error:
        raise UserError(f"the results folder {results}: {error.strerror}") from None
    if not there.is_dir():
        raise UserError(
            f"the results folder {results} cannot be made: {there} is a file; give results "
            "another folder"
        )
    if not os.access(there, os.W_OK | os.X_OK):
        raise UserError(
            f"the results folder {results} cannot be written to: user {os.geteuid()} may not "
            f"write in {there} (ls -ld shows who may); give results another folder"
        )


def check_writable(results: Path, least_free_mb: float = LEAST_FREE_MB) -> None:
    """Check, before anything is computed, that results can be written.

    Parameters
    ----------
    results : Path
        The results folder; made if missing.
    least_free_mb : float
        Space that must be free, MB.

    Raises
    ------
    UserError
        The folder cannot be made or written to, or its disk is as good as full.
    """
    try:
        results.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=results) as probe:
            probe.write(b"0" * 4096)
            probe.flush()
    except OSError as error:
        error.filename = None  # the probe's name helps nobody
        said = disk_trouble(error) or f"{error.strerror}; give results another folder"
        raise UserError(f"the results folder {results} cannot be written to: {said}") from None
    found = os.statvfs(results)
    free_mb = found.f_bavail * found.f_frsize / 1e6
    if free_mb < least_free_mb:
        raise UserError(
            f"the disk of the results folder {results} has {free_mb:.1f} MB free, and a run needs "
            f"at least {least_free_mb:g}: free some space (df -h), or give results another folder"
        )
