"""Browser libraries of others that the page carries, as they came."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import NamedTuple

from markupsafe import Markup

from screenmm.report.pack import packed_bytes

ASSETS = Path(__file__).parent / "assets"
VENDOR = ASSETS / "vendor"


@dataclass(frozen=True, slots=True)
class Library:
    """A library of the page.

    Attributes
    ----------
    name, version, licence : str
        As in ``VERSIONS.tsv``.
    file : str
        Its file's name.
    sha256 : str
        Of the file, as it came.
    """

    name: str
    version: str
    licence: str
    file: str
    sha256: str

    @property
    def path(self) -> Path:
        """Its file."""
        return VENDOR / self.file

    @property
    def text(self) -> str:
        """The script; one that would end its own element cannot stand in the page."""
        text = self.path.read_text(encoding="utf-8")
        if "</script" in text:
            raise ValueError(f"{self.file} would end its own element")
        return text

    @property
    def licence_text(self) -> str:
        """Its licence, which copies of it must carry."""
        return (VENDOR / f"{self.file}.LICENSE.txt").read_text(encoding="utf-8")


@cache
def libraries() -> tuple[Library, Library]:
    """The table's and the 3D view's library."""
    with (VENDOR / "VERSIONS.tsv").open(encoding="utf-8", newline="") as handle:
        table, view = (Library(**row) for row in csv.DictReader(handle, delimiter="\t"))
    return table, view


class PackedView(NamedTuple):
    """The 3D view's library as sections bring it: the page has it once.

    Attributes
    ----------
    library : Library
    data : mapping of str to Markup
        Its script, packed, by the name under which the browser unpacks it.
    """

    library: Library
    data: Mapping[str, Markup]


@cache
def packed_view() -> PackedView:
    """Pack the 3D view's library."""
    _, view = libraries()
    return PackedView(view, {"3dmol": packed_bytes(view.text.encode())})
