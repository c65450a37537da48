"""Paths that a config names: found beside the file that names them, and fit for a run."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from screenmm.core.errors import UserError
from screenmm.core.suggest import closest

RESERVED = re.compile(r"[{}<>\x00-\x1f\x7f]")
"""What no results folder may have in its name: Snakemake puts in values for braces and angles."""

WILDCARD = re.compile(r"\{\s*[.\w]+\s*(,[^{}]*)?\}")
VARIABLE = re.compile(r"<[a-z][a-z0-9_]*>")
"""What Snakemake puts values in for in the names of files; there is no escape from either."""


class Located(str):
    """A text of a config, which, where it is a path, starts from ``folder``."""

    folder: Path
    start: str
    """The folder in words."""

    def __new__(cls, text: str, folder: Path, start: str) -> Located:
        """Carry the folder beside the text."""
        located = super().__new__(cls, text)
        located.folder, located.start = folder, start
        return located

    def __getnewargs__(self) -> Any:
        """Let copies carry it, too."""
        return str(self), self.folder, self.start


def locate(value: Any, folder: Path, start: str) -> Any:
    """Give every text of a config, or of a part of one, the folder that its paths start from.

    Those that have one already keep it.
    """
    if isinstance(value, Located):
        return value
    if isinstance(value, str):
        return Located(value, folder, start)
    if isinstance(value, dict):
        return {key: locate(each, folder, start) for key, each in value.items()}
    if isinstance(value, list):
        return [locate(each, folder, start) for each in value]
    return value


def expanded(path: Path) -> Path:
    """Put the home folder for ``~``.

    Raises
    ------
    ValueError
        There is none.
    """
    try:
        return path.expanduser()
    except RuntimeError:
        raise ValueError(
            f"{path}: there is no user {path.parts[0].removeprefix('~') or 'with a home folder'}; "
            "write the whole path"
        ) from None


def found_file(
    path: str | Path, folder: Path, start: str = "the config file", *, must_exist: bool = True
) -> Path:
    """Find an input file.

    Parameters
    ----------
    path : str or Path
        As the config names it.
    folder : Path
        Folder that it starts from.
    start : str
        The folder in words.
    must_exist : bool
        Whether it is an error that the file is not there.

    Returns
    -------
    Path
        Links to the file are kept, as its name may be theirs alone. Below the working folder it
        is relative, so that a project can move.

    Raises
    ------
    ValueError
        There is no such file.
    """
    named = folder / expanded(Path(path))
    try:
        whole = _resolved(named.parent) / named.name
        is_file = whole.is_file()
    except (OSError, ValueError) as error:
        said = error.strerror if isinstance(error, OSError) else str(error)
        raise ValueError(f"{str(named)!r} cannot be looked up: {said}") from None
    if must_exist and not is_file:
        raise ValueError(f"{_fault(whole)} (paths are relative to {start}){_near(whole)}")
    return _from_here(whole)


def _resolved(folder: Path) -> Path:
    """Follow links to a folder, which need not be there; a loop of them is an error."""
    # from Python 3.13 on, resolve() goes round a loop in silence
    with suppress(FileNotFoundError, NotADirectoryError):
        folder.stat()
    return folder.resolve()


def _fault(path: Path) -> str:
    """Say why what should be a file is none."""
    if path.is_symlink() and not path.is_dir():
        return f"{path} is a link to {path.readlink()}, which leads to no file"
    return f"{path} is a folder, no file" if path.is_dir() else f"no file {path}"


def is_plain(path: Path) -> bool:
    """Whether Snakemake takes the path of a file for what it is."""
    return not (WILDCARD.search(str(path)) or VARIABLE.search(str(path)))


def check_working_folder(folder: Path) -> None:
    """Refuse a folder that Snakemake cannot run in.

    Parameters
    ----------
    folder : Path
        The working folder.

    Raises
    ------
    UserError
        Its path holds what Snakemake takes for a wildcard.
    """
    if found := WILDCARD.search(str(folder)):
        raise UserError(
            f"the folder that this runs in, {folder}, holds {found.group()!r} in its path, which "
            "Snakemake takes for a wildcard: run in another one and give the config by its path "
            "(cd ~; snakemake --configfile '.../my.yaml'), or rename the folder"
        )


def check_checkout(folder: Path) -> None:
    """Refuse a folder of the Snakefile that Snakemake cannot find the environments in.

    Parameters
    ----------
    folder : Path
        Where the Snakefile is.

    Raises
    ------
    UserError
        Its path holds a brace.
    """
    if found := re.search("[{}]", str(folder)):
        raise UserError(
            f"the folder of the Snakefile, {folder}, holds {found.group()!r} in its path, where "
            "Snakemake puts in values: move it, or rename the folder"
        )


def _from_here(path: Path) -> Path:
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def _near(path: Path) -> str:
    """Ask whether a file of a similar name is meant."""
    try:
        names = [each.name for each in path.parent.iterdir() if each.name != path.name]
    except OSError:
        return ""
    near = closest(path.name, names, least=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def named_by_format(path: Path, suffixes: Sequence[str]) -> Path:
    """Give the name of a file that tells its format: its own, or that of what it links to.

    Parameters
    ----------
    path : Path
        The file.
    suffixes : sequence of str
        Those that tell a format, in lower case; any case counts.

    Raises
    ------
    ValueError
        No name ends in one of them.
    """
    for each in _links(path):
        if each.name.lower().endswith(tuple(suffixes)):
            return each if each is path else _from_here(each.parent.resolve() / each.name)
    raise ValueError(f"{path.name}: the name must end in one of {', '.join(suffixes)}")


def _links(path: Path) -> Iterator[Path]:
    yield path
    while path.is_symlink():
        path = path.parent / path.readlink()
        yield path


def own_folder(path: Path) -> Path:
    """Check the results folder's name; it is relative to the working folder.

    Raises
    ------
    ValueError
        It is empty, or Snakemake, DuckDB or a command line would not take it as it is.
    """
    if path == Path():
        raise ValueError("give the results a folder of their own, for example results/my-screen")
    folder = expanded(path)
    if RESERVED.search(str(folder)):
        folder = _from_here(folder)
    if found := RESERVED.search(str(folder)):
        raise ValueError(
            f"{str(folder)!r} holds {found.group()!r}: a results folder has no braces, no angle "
            "brackets and no line breaks in its name, for example results/my-screen"
        )
    if "?" in str(folder.absolute()):
        raise ValueError(
            f"{str(folder.absolute())!r} holds '?', where DuckDB, which writes the results' "
            "database, ends a path: give the results another folder, for example results/my-screen"
        )
    if str(folder).startswith("-"):
        raise ValueError(
            f"{str(folder)!r} starts with a dash, as the options of commands do: give the results "
            "another folder, for example results/my-screen"
        )
    return folder
