"""GNINA's CNN on poses of any origin: against rustina's own answers, and where it has none."""

from __future__ import annotations

import os
from dataclasses import replace
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import numpy as np
import pytest
from openmm import unit
from openmm.app import PDBFile
from rdkit import Chem
from rdkit.Chem import AllChem

from screenmm.config import engines as config_engines
from screenmm.config.engines import check_cnn
from screenmm.config.settings import Docking
from screenmm.core.errors import ConfigError, LigandError, Reason, ReceptorError
from screenmm.devices.vulkan import SearchDevice
from screenmm.docking.cnn import ask_cnn, with_cnn
from screenmm.docking.engine import Box, DockedPose, Site, make_engine
from screenmm.docking.pdbqt import ReceptorPdbqt, receptor_pdbqt
from screenmm.docking.shard import Docker
from screenmm.files.sdf import sd_record

NAMES = [f"ejm_{number}" for number in (31, 42, 44, 46, 48, 50, 54, 55)]
"""Ligands of the series with one scaffold, posed by the benchmark's authors."""


@pytest.fixture(scope="module")
def positions(tyk2_protein: Path) -> np.ndarray:
    pdb = PDBFile(str(tyk2_protein))
    return np.array(pdb.getPositions(asNumpy=True).value_in_unit(unit.angstrom))


@pytest.fixture(scope="module")
def site(
    tyk2_protein: Path,
    tyk2_ligands: list[Chem.Mol],
    positions: np.ndarray,
    tmp_path_factory: pytest.TempPathFactory,
) -> Site:
    center = tuple(tyk2_ligands[0].GetConformer().GetPositions().mean(axis=0).tolist())
    box = Box(center, (20.0, 20.0, 20.0))
    path = tmp_path_factory.mktemp("cnn") / "receptor.pdbqt"
    topology = PDBFile(str(tyk2_protein)).topology
    path.write_text(receptor_pdbqt(topology, positions, [], box.center, box.size))
    return Site(path, box, SearchDevice("cpu", "", "test"), run_seed=1)


def placed(smiles: str, site: Site) -> Chem.Mol:
    """A molecule somewhere in the box."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert AllChem.EmbedMolecule(mol, randomSeed=7) == 0
    conformer = mol.GetConformer()
    xyz = conformer.GetPositions()
    conformer.SetPositions(np.ascontiguousarray(xyz - xyz.mean(axis=0) + site.box.center))
    return mol


def test_poses_have_the_scores_that_rustina_docked_them_with(site: Site) -> None:
    docked = make_engine(Docking(poses=5), site).dock(placed("NC(=O)c1cccnc1", site), seed=3)
    bare = [replace(pose, cnn_score=None, cnn_affinity_pk=None) for pose in docked]
    again, failures = with_cnn(site.receptor_pdbqt.read_text(), bare)
    assert failures == []
    for pose, before in zip(again, docked, strict=True):
        # PDBQT rounds a docked pose to 0.001 Å
        assert pose.cnn_score == pytest.approx(before.cnn_score, abs=1e-3)
        assert pose.cnn_affinity_pk == pytest.approx(before.cnn_affinity_pk, abs=2e-3)
        assert pose.dock_score_kcal_mol == before.dock_score_kcal_mol
        assert pose.mol is before.mol


def test_poses_that_have_scores_are_not_asked_about() -> None:
    pose = DockedPose(Chem.MolFromSmiles("C"), -1.0, 0.25, 3.5)
    # asked about them, the CNN would find no atom in such a receptor
    assert with_cnn("", [pose]) == ([pose], [])


def test_a_crystal_like_pose_is_told_from_one_that_is_turned_around(
    site: Site, tyk2_ligands: list[Chem.Mol]
) -> None:
    receptor = site.receptor_pdbqt.read_text()
    known = {mol.GetProp("_Name"): mol for mol in tyk2_ligands}
    for name in NAMES:
        turned = Chem.Mol(known[name])
        xyz = turned.GetConformer().GetPositions()
        _, _, axes = np.linalg.svd(xyz - xyz.mean(axis=0), full_matrices=False)
        half_turn = 2 * np.outer(axes[2], axes[2]) - np.eye(3)
        around = (xyz - xyz.mean(axis=0)) @ half_turn + xyz.mean(axis=0)
        turned.GetConformer().SetPositions(np.ascontiguousarray(around))
        right, wrong = ask_cnn(receptor, known[name]), ask_cnn(receptor, turned)
        assert right.cnn_score > 0.5 > wrong.cnn_score
        assert right.cnn_affinity_pk > wrong.cnn_affinity_pk


def test_a_macrocycle_is_scored_as_it_lies(site: Site) -> None:
    # Meeko breaks its ring, and writes pseudo-atoms where
    mol = placed("C1CCCCCOc2cccc(c2)C(=O)NCCCCC1", site)
    said = ask_cnn(site.receptor_pdbqt.read_text(), mol)
    assert 0 < said.cnn_score < 1


def test_a_pose_without_an_opinion_is_kept_and_says_why(site: Site) -> None:
    poses = [DockedPose(placed(smiles, site), -3.0) for smiles in ("Oc1ccccc1", "C[Se]c1ccccc1")]
    asked, failures = with_cnn(site.receptor_pdbqt.read_text(), poses)
    assert asked[1] is poses[1]
    assert asked[1].cnn_score is asked[1].cnn_affinity_pk is None
    assert asked[0].cnn_score is not None
    ((place, error),) = failures
    assert (place, error.reason) == (2, Reason.CNN_UNKNOWN)
    assert error.message.startswith("CNN: Meeko: atom number 1 has None type")


def test_what_the_network_refuses_is_not_a_number(site: Site) -> None:
    with pytest.raises(LigandError, match="CNN: ValueError: PDBQT contains no atoms") as caught:
        ask_cnn("", placed("Oc1ccccc1", site))
    assert caught.value.reason is Reason.CNN_UNKNOWN


def test_given_poses_of_a_shard_have_the_columns(
    site: Site, tyk2_ligands: list[Chem.Mol], monkeypatch: pytest.MonkeyPatch
) -> None:
    # a worker throws away what engines print; this process does not
    monkeypatch.setattr(os, "dup2", lambda *_: None)
    mol = tyk2_ligands[0]
    selenide = placed("C[Se]c1ccccc1", site)
    records = [
        sd_record(each, f"AAA_s{number}", {"inchikey": "AAA", "smiles": Chem.MolToSmiles(each)})
        for number, each in enumerate((mol, selenide), 1)
    ]
    made = Docker(Docking(engine="given"), site, cnn=True)(records)
    first, second = (pose["row"] for pose in made["poses"])
    said = ask_cnn(site.receptor_pdbqt.read_text(), mol)
    assert first["cnn_score"] == pytest.approx(said.cnn_score, abs=1e-3)
    assert first["cnn_affinity_pk"] == pytest.approx(said.cnn_affinity_pk, abs=2e-3)
    assert second["cnn_score"] is second["cnn_affinity_pk"] is None
    (failure,) = made["failures"]
    assert (failure["state"], failure["pose"], failure["reason"]) == ("AAA_s2", 1, "cnn_unknown")
    without = Docker(Docking(engine="given"), site)(records)
    assert {pose["row"]["cnn_score"] for pose in without["poses"]} == {None}
    assert without["failures"] == []


def test_a_receptor_is_written_where_its_atoms_went(site: Site, positions: np.ndarray) -> None:
    text = site.receptor_pdbqt.read_text()
    receptor = ReceptorPdbqt(text, positions)
    assert receptor.at(positions) == text
    moved = receptor.at(positions + np.array((1.0, -2.0, 0.5)))
    for before, after in zip(text.splitlines(), moved.splitlines(), strict=True):
        assert (before[:30], before[54:]) == (after[:30], after[54:])
        was, now = ([float(line[i : i + 8]) for i in (30, 38, 46)] for line in (before, after))
        assert np.subtract(now, was) == pytest.approx([1.0, -2.0, 0.5], abs=1.1e-3)


def test_a_receptor_of_other_coordinates_is_refused(site: Site, positions: np.ndarray) -> None:
    with pytest.raises(ReceptorError, match=r"PDBQT has an atom at .*prepare the receptor again"):
        ReceptorPdbqt(site.receptor_pdbqt.read_text(), positions + 0.01)


def test_without_its_package_the_cnn_is_refused_with_both_remedies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    check_cnn()

    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(config_engines, "version", absent)
    message = (
        r"docking\.cnn: true needs the package rustina, which is not installed beside Python "
        r"3\.1\d in .*: pip install rustina; or set docking\.cnn to false"
    )
    with pytest.raises(ConfigError, match=message):
        check_cnn()
