"""The redocking of the reference ligand, and known actives, in a whole screen."""

from __future__ import annotations

import json

import pytest
from rdkit import Chem
from rdkit.Chem import rdMolAlign

from screenmm.analysis.verdict import PRESUMED

from .conftest import Screen, rows

pytestmark = [pytest.mark.workflow, pytest.mark.system, pytest.mark.minutes(4)]


def test_the_reference_ligand_is_docked_again(finished: Screen):
    folder = finished.results / "controls/tyk2"
    found = json.loads((folder / "redock.json").read_text())
    assert (found["status"], found["engine"], found["poses"]) == ("done", "rustina", 2)
    # the same molecule in the same form: RDKit's own RMSD agrees
    reference, *poses = list(Chem.SDMolSupplier(str(folder / "redock.sdf")))
    crystal = Chem.MolFromMolFile(str(finished.folder / "crystal_ligand.sdf"))
    assert rdMolAlign.CalcRMS(Chem.Mol(reference), crystal) == pytest.approx(0, abs=1e-3)
    assert [pose.GetProp("kind") for pose in poses] == ["docked", "minimised"] * 2
    for pose in poses:
        theirs = rdMolAlign.CalcRMS(Chem.Mol(pose), crystal)
        assert float(pose.GetProp("rmsd_angstrom")) == pytest.approx(theirs, abs=1e-3)
    docked = [float(pose.GetProp("rmsd_angstrom")) for pose in poses[::2]]
    assert (found["top_rmsd_angstrom"], found["best_rmsd_angstrom"]) == (docked[0], min(docked))
    assert found["passed"] == (min(docked) <= 2.0)
    assert f"tyk2: {found['text']}" in " ".join(finished.output.split())
    metrics = json.loads((finished.results / "metrics.json").read_text())
    assert metrics["redock"] == {"tyk2": found}
    assert metrics["timings"]["redock"]["jobs"] == metrics["timings"]["rescore"]["jobs"] == 1


def test_without_redocking_there_are_the_old_jobs_alone(copy: Screen):
    copy.config["controls"] = {"redock": False}
    assert set(copy.run()) == {"report", "crate", "screen"}
    metrics = json.loads((copy.results / "metrics.json").read_text())
    assert metrics["redock"]["tyk2"]["status"] == "not_done"
    assert "redock" not in metrics["timings"]
    copy.run(2, "--dry-run", "--forceall")
    assert "rule redock" not in copy.output


def test_a_closed_gate_docks_nothing(copy: Screen):
    copy.config["controls"] = {"gate": "stop", "redock_rmsd_angstrom": 0.01}
    copy.write_library({"pyridone": "O=c1cccc[nH]1"})
    jobs = copy.run(check=False)
    assert jobs["compare"] == 1
    assert (jobs["redock"], jobs["rescore"], jobs["dock"], jobs["gate"]) == (0, 0, 0, 0)
    assert "from its place in receptor tyk2, beyond controls.redock_rmsd_angstrom 0.01" in (
        copy.output
    )
    found = json.loads((copy.results / "controls/tyk2/redock.json").read_text())
    assert found["passed"] is False


def test_an_open_gate_docks_the_known_actives_beside_the_library(copy: Screen):
    copy.write_library({"known": "NC(=O)c1ccccc1", "cresol": "Cc1ccccc1O"}, "known.smi")
    # a limit that fast docking keeps
    copy.config["controls"] = {
        "gate": "stop", "actives": ["known.smi"], "redock_rmsd_angstrom": 10,
    }  # fmt: skip
    jobs = copy.run()
    assert jobs["gate"] == 1
    # waiting is no reason to dock again what is docked
    assert (jobs["redock"], jobs["rescore"]) == (0, 0)
    assert 1 <= jobs["dock"] <= 2
    ranking = {row["name"]: row for row in rows(copy.results / "ranking.csv")}
    labels = {name: row["label"] for name, row in ranking.items()}
    # benzamide is in both: one ligand, and active
    active = dict.fromkeys(("benzamide", "cresol"), "1")
    assert labels == dict.fromkeys(labels, "") | active
    assert len(labels) == 7
    assert ranking["benzamide"]["aliases"] == "known"
    fates = rows(copy.results / "ledger.csv")
    assert sorted(row["status"] for row in fates) == ["duplicate", *["ranked"] * 7]
    assert not {row["name"] for row in rows(copy.results / "picks.csv")} & set(active)
    metrics = json.loads((copy.results / "metrics.json").read_text())
    measured = metrics["controls"]["tyk2"]["classification"]["dg_mmgbsa_kcal_mol"]
    assert (measured["n"], measured["actives"]) == (7, 2)
    assert metrics["verdicts"]["tyk2"]["text"].endswith(PRESUMED)
