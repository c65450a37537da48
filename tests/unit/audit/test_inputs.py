from __future__ import annotations

import hashlib
from pathlib import Path

import yaml

from screenmm.audit.inputs import config_text, input_files, name_by_digest, shown_path
from screenmm.settings import parse_settings

from .conftest import Screen


def test_names_by_digest_are_those_of_the_standard() -> None:
    # the example of RFC 6920, section 8.1
    digest = hashlib.sha256(b"Hello World!").hexdigest()
    assert name_by_digest(digest) == "ni:///sha-256;f4OxZX_x_FO5LcGBSKHWXfwtSx-j1ncoSt3SABJtkGk"


def test_inputs_are_found_by_their_config_keys(screen: Screen) -> None:
    found = {file.key: file for file in input_files(screen.settings, screen.folder)}
    assert {key: file.shown for key, file in found.items()} == {
        "library.files.0.path": "library.smi",
        "receptors.wt.structure": "protein.pdb",
        "pocket.ligand": "crystal.sdf",
    }
    assert found["pocket.ligand"].path.read_text() == "a ligand\n"
    assert found["library.files.0.path"].rule == "split"
    assert found["pocket.ligand"].rule == "prepare_receptor"


def test_a_link_has_its_own_name(tmp_path: Path) -> None:
    (tmp_path / "ab12").write_text("")
    (tmp_path / "project").mkdir()
    (tmp_path / "project/lib.smi").symlink_to("../ab12")
    assert shown_path(tmp_path / "project/lib.smi", tmp_path / "project") == "lib.smi"
    assert shown_path(tmp_path / "ab12", tmp_path / "project") == "ab12"


def test_the_config_is_whole_but_for_the_folders(screen: Screen) -> None:
    text = config_text(screen.settings, screen.folder)
    assert "mallory" not in text
    again = parse_settings(yaml.safe_load(text), None)
    # paths apart, they are the same settings
    apart = {"library": {"files"}, "receptors": True, "pocket": {"ligand"}, "results": True}
    assert again.model_dump(exclude=apart) == screen.settings.model_dump(exclude=apart)
    assert str(again.pocket_of("wt").ligand) == "crystal.sdf"
    assert str(again.results) == "results"
