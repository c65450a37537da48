from __future__ import annotations

import subprocess
from pathlib import Path

from screenmm.files.whole import sha256
from screenmm.report.report import scripts
from screenmm.report.section import sections
from screenmm.report.vendor import ASSETS, VENDOR, libraries


def test_libraries_are_as_they_came() -> None:
    for library in libraries():
        assert sha256(library.path) == library.sha256
        assert "Copyright" in library.licence_text
    listed = {library.file for library in libraries()}
    licences = {f"{file}.LICENSE.txt" for file in listed}
    assert {path.name for path in VENDOR.iterdir()} == {"VERSIONS.tsv", *listed, *licences}


def test_git_keeps_their_bytes(root: Path) -> None:
    shown = subprocess.run(
        ["git", "check-attr", "text", "linguist-vendored", "--", *map(str, VENDOR.iterdir())],
        cwd=root, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert shown.count("text: unset") == shown.count("vendored: set") == len([*VENDOR.iterdir()])


def test_every_script_of_the_page_is_in_it() -> None:
    assert {path.stem for path in ASSETS.glob("*.js")} == set(scripts(list(sections())))
