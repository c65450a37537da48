"""The engines dock a real ligand into a real receptor."""

from __future__ import annotations

from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import pytest
from openmm import unit
from openmm.app import PDBFile
from rdkit import Chem
from rdkit.Chem import AllChem

from screenmm.config.settings import Docking
from screenmm.core.errors import LigandError, PlatformError, Reason
from screenmm.devices.vulkan import SearchDevice, choose_search_device, vulkan_adapters
from screenmm.docking.engines import Box, make_engine
from screenmm.docking.pdbqt import receptor_pdbqt

CPU = SearchDevice("cpu", "", "test")
SMALL = "NC(=O)c1cccnc1"  # nicotinamide: one torsion, a second to dock


@pytest.fixture(scope="module")
def site(tyk2_protein, tyk2_ligands, tmp_path_factory) -> tuple[Path, Box]:
    pdb = PDBFile(str(tyk2_protein))
    positions = np.array(pdb.getPositions(asNumpy=True).value_in_unit(unit.angstrom))
    center = tuple(tyk2_ligands[0].GetConformer().GetPositions().mean(axis=0).tolist())
    box = Box(center, (16.0, 16.0, 16.0))
    path = tmp_path_factory.mktemp("site") / "receptor.pdbqt"
    path.write_text(receptor_pdbqt(pdb.topology, positions, [], box.center, box.size))
    return path, box


@pytest.fixture(scope="module")
def ligand() -> Chem.Mol:
    mol = Chem.AddHs(Chem.MolFromSmiles(SMALL))
    AllChem.EmbedMolecule(mol, randomSeed=7)
    return mol


def inside(mol: Chem.Mol, box: Box) -> bool:
    offset = np.abs(mol.GetConformer().GetPositions() - np.array(box.center))
    return bool((offset <= np.array(box.size) / 2 + 2.0).all())


@pytest.mark.parametrize("name", ["rustina", "vina"])
def test_engine_gives_poses_in_the_box_best_first(name, site, ligand):
    settings = Docking(engine=name, poses=3, exhaustiveness=2)
    engine = make_engine(settings, *site, CPU, run_seed=1)
    poses = engine.dock(ligand, seed=11)
    assert 1 <= len(poses) <= 3
    assert all(inside(pose.mol, site[1]) for pose in poses)
    assert all(-8 < pose.dock_score_kcal_mol < -2 for pose in poses)
    if name == "rustina":
        assert all(0 < pose.cnn_score <= 1 for pose in poses)
        assert all(1 < pose.cnn_affinity_pk < 10 for pose in poses)
    else:
        scores = [pose.dock_score_kcal_mol for pose in poses]
        assert scores == sorted(scores)


@pytest.mark.parametrize("name", ["rustina", "vina"])
def test_same_seed_same_poses_whatever_was_docked_before(name, site, ligand):
    settings = Docking(engine=name, poses=2, exhaustiveness=1)
    first = make_engine(settings, *site, CPU, run_seed=1).dock(ligand, seed=5)
    engine = make_engine(settings, *site, CPU, run_seed=1)
    other = Chem.AddHs(Chem.MolFromSmiles("Cc1ccncc1"))
    AllChem.EmbedMolecule(other, randomSeed=3)
    engine.dock(other, seed=9)
    second = engine.dock(ligand, seed=5)
    for a, b in zip(first, second, strict=True):
        assert np.array_equal(
            a.mol.GetConformer().GetPositions(), b.mol.GetConformer().GetPositions()
        )
        assert a.dock_score_kcal_mol == b.dock_score_kcal_mol


def test_given_pose_is_taken_as_it_is(site, tyk2_ligands):
    engine = make_engine(Docking(engine="given"), *site, CPU, run_seed=1)
    (pose,) = engine.dock(tyk2_ligands[3], seed=1)
    assert pose.dock_score_kcal_mol is None
    assert np.array_equal(
        pose.mol.GetConformer().GetPositions(), tyk2_ligands[3].GetConformer().GetPositions()
    )


def test_given_pose_elsewhere_is_refused(site, tyk2_ligands):
    away = Chem.Mol(tyk2_ligands[3])
    conformer = away.GetConformer()
    for index, xyz in enumerate(conformer.GetPositions() + 30.0):
        conformer.SetAtomPosition(index, xyz.tolist())
    engine = make_engine(Docking(engine="given"), *site, CPU, run_seed=1)
    with pytest.raises(LigandError, match="outside the box") as caught:
        engine.dock(away, seed=1)
    assert caught.value.reason is Reason.POSE_OUTSIDE_POCKET


def test_auto_never_takes_a_software_adapter():
    hardware = [name for name, kind in vulkan_adapters() if kind != "CPU"]
    device = choose_search_device("auto")
    assert device.kind == ("gpu" if hardware else "cpu")


def test_gpu_without_any_adapter_is_an_error():
    if vulkan_adapters():
        pytest.skip("Vulkan shows an adapter here")
    with pytest.raises(PlatformError, match="Vulkan shows no adapter"):
        choose_search_device("gpu")


def test_a_gpu_that_is_gone_is_not_the_ligands_fault(site, ligand, monkeypatch):
    for name in ("VK_DRIVER_FILES", "VK_ICD_FILENAMES"):
        monkeypatch.setenv(name, "/nowhere")
    engine = make_engine(Docking(), *site, SearchDevice("gpu", "", "test"), run_seed=1)
    with pytest.raises(PlatformError, match=r"no GPU adapter available\. Restart the driver"):
        engine.dock(ligand, seed=5)


def dock_on_gpu(site: tuple[Path, Box], ligand: Chem.Mol) -> list[tuple[float, bool]]:
    engine = make_engine(Docking(poses=2), *site, choose_search_device("gpu"), run_seed=1)
    engine._search |= {"gpu_lanes": 32, "steps": 50}
    poses = engine.dock(ligand, seed=5)
    return [(pose.dock_score_kcal_mol, inside(pose.mol, site[1])) for pose in poses]


@pytest.mark.vulkan
@pytest.mark.slow
def test_gpu_search_runs_on_the_software_adapter(site, ligand):
    """The code path of a GPU, on Mesa's software Vulkan: slow, but the same calls."""
    if not vulkan_adapters():
        pytest.skip("no Vulkan adapter: install mesa-vulkan-drivers and libvulkan1")
    assert choose_search_device("gpu").kind == "gpu"
    # in a fresh process, as in a screen: drivers get along badly with all that tests load
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(dock_on_gpu, site, ligand).result()
    assert all(is_inside for _, is_inside in found)
    assert found[0][0] < -2
