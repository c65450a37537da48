"""The files a screen was made from, and its config, named without telling where they lie."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from screenmm.config.settings import Settings

HEADER = """\
# The settings of this run, every default written out. Input files below the folder of the
# config are named relative to it, others by their name alone: ro-crate-metadata.json has
# their SHA-256.
"""


@dataclass(frozen=True)
class InputFile:
    """A file that the config names.

    Parameters
    ----------
    key : str
        The config key, as ``receptors.wt.structure``.
    path : Path
        Where the file is on this machine.
    shown : str
        Its path relative to the config's folder, or its name alone if it lies elsewhere.
    """

    key: str
    path: Path
    shown: str

    @property
    def rule(self) -> str:
        """The rule that reads the file."""
        if self.key.startswith(("library.", "controls.actives.")):
            return "split"
        if self.key.startswith("docking.templates."):
            return "dock"
        if self.key == "rounds.seeds":
            return "choose"
        if self.key.startswith("generate."):
            return "report" if self.key == "generate.held_out" else "gather"
        if self.key.startswith("variants."):
            return "report" if self.key == "variants.measured" else "read_variants"
        return "reference" if self.key == "controls.reference" else "prepare_receptor"


def shown_path(path: Path, folder: Path) -> str:
    """Path relative to a folder; the name alone of a file that lies elsewhere."""
    # a link keeps its name: that of the file in a store says nothing
    path, folder = path.parent.resolve() / path.name, folder.resolve()
    return path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name


def input_files(settings: Settings, folder: Path) -> list[InputFile]:
    """Files that a config names, in its order.

    Parameters
    ----------
    settings : Settings
        The config; its paths lead to the files from the present folder.
    folder : Path
        Folder of the config file.
    """
    return [
        InputFile(key, path, shown_path(path, folder))
        for key, path in _paths(settings.model_dump(exclude={"results"}), "")
    ]


def _paths(value: Any, key: str) -> Iterator[tuple[str, Path]]:
    if isinstance(value, Path):
        yield key, value
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from _paths(part, f"{key}.{name}" if key else str(name))
    elif isinstance(value, list | tuple):
        for number, part in enumerate(value):
            yield from _paths(part, f"{key}.{number}")


def config_text(settings: Settings, folder: Path) -> str:
    """The config as it was run, every default written out, in YAML.

    Parameters
    ----------
    settings, folder
        As of ``input_files``.
    """
    plain = _without_folders(settings.model_dump(exclude={"results"}), folder)
    results = settings.results
    hidden = results.is_absolute() or ".." in results.parts
    plain = {"name": plain.pop("name"), "results": results.name if hidden else str(results)} | plain
    return HEADER + yaml.safe_dump(plain, sort_keys=False, allow_unicode=True)


def _without_folders(value: Any, folder: Path) -> Any:
    if isinstance(value, Path):
        return shown_path(value, folder)
    if isinstance(value, dict):
        return {name: _without_folders(part, folder) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_without_folders(part, folder) for part in value]
    return value


def name_by_digest(sha256: str) -> str:
    """Name of a file by its content alone: a ``ni`` URI (RFC 6920)."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
    return f"ni:///sha-256;{digest}"
