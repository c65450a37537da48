"""What a redocking came to, in numbers and words; what stands in its way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from screenmm.cli import main
from screenmm.config.settings import Settings, parse_settings
from screenmm.core.errors import ConfigError
from screenmm.redocking.results import redockings
from screenmm.redocking.verdict import RMSDS, judge, not_done
from screenmm.run.layout import Layout
from screenmm.stages.compare import OF_RELATIVE, pocket_and_way


def pose(docked: float, minimised: float | None, dg: float | None) -> dict[str, Any]:
    return {
        "rmsd_angstrom": docked, "rmsd_minimised_angstrom": minimised, "dg_mmgbsa_kcal_mol": dg,
    }  # fmt: skip


def test_numbers_are_of_the_top_the_best_and_mmgbsas_first_pose() -> None:
    rows = [pose(3.0, 2.9, -20.0), pose(1.5, 1.7, -25.0), pose(5.0, 1.6, -30.0)]
    found = judge(rows, 2.0, "ligand.sdf", "vina")
    assert [found[name] for name in RMSDS] == [3.0, 1.5, 2.9, 1.6, 1.6]
    assert (found["status"], found["passed"], found["poses"]) == ("done", True, 3)
    assert found["text"] == (
        "Docked again by vina from a fresh conformer, the reference ligand (ligand.sdf) is found "
        "in its place: the closest of its 3 poses lies 1.50 Å from it (limit 2 Å). Docking puts "
        "a wrong pose first (3.00 Å). MM/GBSA puts a right pose first (1.60 Å)."
    )


def test_the_limit_holds_for_the_best_docked_pose_not_the_minimised() -> None:
    found = judge([pose(2.01, 1.0, -5.0)], 2.0, "ligand.sdf", "rustina")
    assert found["passed"] is False
    assert "is not found in its place: its only pose lies 2.01 Å" in found["text"]
    assert found["text"].endswith("cofactors, protonation and side chains.")
    assert judge([pose(2.0, None, None)], 2.0, "ligand.sdf", "rustina")["passed"] is True


def test_poses_that_could_not_be_minimised_have_no_number() -> None:
    found = judge([pose(1.0, None, None), pose(4.0, 3.5, -9.0)], 2.0, "ligand.sdf", "rustina")
    assert [found[name] for name in RMSDS] == [1.0, 1.0, None, 3.5, 3.5]
    none = judge([pose(1.0, None, None)], 2.0, "ligand.sdf", "rustina")
    assert none["mmgbsa_top_rmsd_angstrom"] is None
    assert "None of its poses could be minimised." in none["text"]


def settings(**changes: Any) -> Settings:
    config = {
        "name": "x",
        "results": "results/x",
        "library": {"files": ["library.sdf"]},
        "receptors": {"wt": {"structure": "protein.pdb"}},
        "pocket": {"ligand": "crystal.sdf"},
    }
    return parse_settings(config | changes, None)


SMILES = {"reference_smiles": "CCO"}
FILE = {"reference": "given.mol2"}


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, ""),
        ({"pocket": {"ligand": "crystal.mol2"}}, ""),
        ({"controls": {"redock": False}}, "controls.redock is false (true switches it on)"),
        ({"docking": {"engine": "given"}}, "docking.engine given docks nothing"),
        (
            {"docking": {"engine": "template", "templates": ["a.sdf"]}},
            "docking.engine template docks nothing freely",
        ),
        ({"pocket": {"ligand": "crystal.pdb"}}, "crystal.pdb has no bond orders; give them as"),
        ({"pocket": {"ligand_residue": "A:STI"}}, "A:STI has no bond orders; give them as"),
        ({"pocket": "auto"}, "the ligand found in the structure has no bond orders"),
        ({"pocket": {"ligand_residue": "A:STI"}, "controls": SMILES}, ""),
        ({"pocket": "auto", "controls": FILE}, ""),
        ({"pocket": {"residues": ["A:10"]}}, "its pocket names no ligand; give controls.reference"),
        ({"pocket": {"residues": ["A:10"]}, "controls": SMILES}, "its pocket names no ligand"),
        ({"pocket": {"residues": ["A:10"]}, "controls": FILE}, ""),
    ],
)
def test_what_stands_in_the_way_is_said_with_its_remedy(changes: dict, reason: str) -> None:
    made = settings(**changes)
    assert made.redock_obstacle("wt").startswith(reason)
    assert bool(made.redock_obstacle("wt")) == bool(reason)
    assert made.redocked == ([] if reason else ["wt"])
    if reason:
        found = redockings(made, Layout(Path("nowhere")))["wt"]
        assert (found.status, found.passed, found.poses) == ("not_done", None, 0)
        assert found.reason.startswith(reason)
        assert found.text.startswith(f"The reference ligand was not docked again: {reason}")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"pocket": {"ligand_residue": "A:STI"}, "controls": {"gate": "stop"}},
            "controls.gate stop needs a redocking of receptor wt, but A:STI has no bond orders",
        ),
        ({"controls": {"gate": "stop", "redock": False}}, "set controls.gate to warn"),
        ({"controls": SMILES | FILE}, "both say the bond orders: give one"),
        ({"controls": {"reference": "given.pdb"}}, "must end in one of .sdf, .sdf.gz, .mol, .mol2"),
        ({"controls": {"actives": [{"path": "a.smi", "label": 0}]}}, "a.smi .* with label 0"),
        (
            {"docking": {"engine": "given"}, "controls": {"actives": ["a.smi"]}},
            "a.smi is no SDF",
        ),
    ],
)
def test_contradictions_are_errors(changes: dict, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        settings(**changes)


def gate(folder: Path, **entry: Any) -> int:
    (folder / "redock.json").write_text(json.dumps({"receptor": "wt", "limit_angstrom": 2} | entry))
    return main(
        ["gate", "--redocking", str(folder / "redock.json"), "--out", str(folder / "passed.txt")]
    )


def test_the_gate_stops_with_value_limit_and_remedy(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    missed = judge([pose(3.456, 3.0, -1.0)], 2.0, "ligand.sdf", "rustina")
    assert gate(tmp_path, **missed) == 1
    said = capsys.readouterr().err
    assert "the closest of 1 redocked poses" in said
    assert (
        "lies 3.46 Å from its place in receptor wt, beyond controls.redock_rmsd_angstrom 2" in said
    )
    assert "or set controls.gate to warn" in said
    assert gate(tmp_path, status="not_done", reason="time_limit: too slow") == 1
    assert "could not be docked again (time_limit: too slow)" in capsys.readouterr().err
    assert not (tmp_path / "passed.txt").exists()
    found = judge([pose(0.5, 0.5, -1.0)], 2.0, "ligand.sdf", "rustina")
    assert gate(tmp_path, **found) == 0
    assert (tmp_path / "passed.txt").read_text() == f"{found['text']}\n"


def test_beside_templates_the_reference_was_docked_freely() -> None:
    found = judge([pose(0.5, 0.5, -1.0)], 2.0, "ligand.sdf", "rustina", freely=True)
    assert found["text"].startswith(
        "Docked again by rustina from a fresh conformer, freely, without templates, the reference"
    )


def test_a_relatives_ligand_is_called_so_and_what_it_means_is_said() -> None:
    name = "sti.sdf of relative.pdb"
    missed = judge([pose(9.5, None, None)], 2.0, name, "rustina", of_relative=True)
    assert "the relative's ligand (sti.sdf of relative.pdb) is not found" in missed["text"]
    assert (
        "another protein's ligand: either this pocket, as it stands here, has no room"
        in (missed["text"])
    )
    assert "waters, cofactors" not in missed["text"]
    found = judge([pose(1.2, None, None)], 2.0, name, "rustina", of_relative=True)
    assert found["text"].endswith("which does not say that this protein binds it.")
    own = judge([pose(1.2, None, None)], 2.0, "own.sdf", "rustina")
    assert "another protein" not in own["text"]
    assert [each["of_relative"] for each in (missed, found, own)] == [True, True, False]
    none = not_done("controls.redock is false", name, "rustina", of_relative=True)
    assert none["text"] == ("The relative's ligand was not docked again: controls.redock is false.")


def test_only_the_ligand_of_pocket_like_is_a_relatives() -> None:
    like = {"like": {"structure": "relative.pdb", "ligand": "sti.sdf"}}
    own, moved = settings(), settings(pocket=like)
    assert OF_RELATIVE not in pocket_and_way(own, "wt")
    assert pocket_and_way(moved, "wt")[OF_RELATIVE] is True
    untold = settings(pocket={"like": {"structure": "relative.pdb", "ligand": "A:STI:201"}})
    found = redockings(untold, Layout(Path("nowhere")))["wt"]
    assert found.of_relative
    assert found.text.startswith(
        "The relative's ligand was not docked again: A:STI:201 of relative"
    )


def test_a_ligand_that_shaped_the_pocket_is_no_control(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = judge([pose(0.5, 0.5, -1.0)], 2.0, "ligand.sdf", "rustina", fitted=True)
    assert (found["passed"], found["fitted"], found["best_rmsd_angstrom"]) == (None, True, 0.5)
    assert "turned away from this very ligand (repack), so that this is no control" in found["text"]
    assert gate(tmp_path, **found) == 1
    said = capsys.readouterr().err
    assert "finding that one again is no control; repack around another ligand" in said
    assert not (tmp_path / "passed.txt").exists()
    # not to find it, though the pocket was made for it, counts
    missed = judge([pose(5.0, 5.0, -1.0)], 2.0, "ligand.sdf", "rustina", fitted=True)
    assert missed["passed"] is False
    assert "That though the pocket's side chains were turned away" in missed["text"]
