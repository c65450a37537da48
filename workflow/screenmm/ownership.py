"""Whose a results folder is: a run overwrites and deletes only in a folder of its own."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from screenmm.disk import disk_trouble
from screenmm.errors import UserError
from screenmm.locks import RUN_LOCK

MARKS = (RUN_LOCK, "library/sources.parquet")
"""Files by which a results folder is known: the lock, which each run makes before its first
job and leaves there, or, where copying lost it, the table of the library's records."""

IGNORED = {"lost+found"}
"""What the root of an empty disk holds."""

NAMED = 5


def check_own_folder(results: Path, needed: Iterable[Path] = ()) -> None:
    """Refuse a results folder in which a run could delete what is not its own.

    Parameters
    ----------
    results : Path
        The results folder; need not exist.
    needed : iterable of Path
        Files and folders that must not lie in it: the configs, the input files, the checkout.

    Raises
    ------
    UserError
        The folder holds one of them, or files although no run of ScreenMM made it.
    """
    folder = results.resolve()
    for path in needed:
        link = path.parent.resolve() / path.name
        if path.resolve().is_relative_to(folder) or link.is_relative_to(folder):
            raise UserError(
                f"the results folder {results} holds {path}, which a run must not write over: "
                "give results a folder of their own, for example results/my-screen"
            )
    try:
        found = _strange_files(folder)
    except OSError as error:
        raise UserError(f"the results folder: {disk_trouble(error) or error}") from None
    if found:
        more = f" and {len(found) - NAMED} more" if len(found) > NAMED else ""
        raise UserError(
            f"the results folder {results} holds {', '.join(found[:NAMED])}{more}, and no run of "
            "ScreenMM made it: a run would delete files there. Give results a new folder, for "
            f"example {results / 'my-screen'}; if these are results of ScreenMM all the same, "
            f"make an empty file {results / RUN_LOCK}"
        )


def _strange_files(folder: Path) -> list[str]:
    """Names in a folder that no run made."""
    if not folder.is_dir() or any((folder / mark).is_file() for mark in MARKS):
        return []
    return sorted(path.name for path in folder.iterdir() if path.name not in IGNORED)
