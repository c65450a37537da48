"""The engines dock a real ligand into a real receptor."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from textwrap import dedent
from typing import Any, get_args

import numpy as np
import pytest
from openmm import unit
from openmm.app import PDBFile
from rdkit import Chem
from rdkit.Chem import AllChem

import screenmm.docking.engines
from screenmm.config.engines import engine_module, engines
from screenmm.config.settings import Docking, DockingEffort
from screenmm.core.errors import LigandError, PlatformError, Reason
from screenmm.devices.vulkan import SearchDevice, choose_search_device, vulkan_adapters
from screenmm.docking.engine import Box, Site, make_engine
from screenmm.docking.pdbqt import receptor_pdbqt
from screenmm.planning.rates import packaged_rates
from screenmm.run.receptor_folder import ReceptorFolder

CPU = SearchDevice("cpu", "", "test")
SMALL = "NC(=O)c1cccnc1"  # nicotinamide: one torsion, a second to dock


@pytest.fixture(scope="module")
def site(tyk2_protein, tyk2_ligands, tmp_path_factory) -> Site:
    pdb = PDBFile(str(tyk2_protein))
    positions = np.array(pdb.getPositions(asNumpy=True).value_in_unit(unit.angstrom))
    center = tuple(tyk2_ligands[0].GetConformer().GetPositions().mean(axis=0).tolist())
    box = Box(center, (16.0, 16.0, 16.0))
    path = ReceptorFolder(tmp_path_factory.mktemp("site")).pdbqt
    path.write_text(receptor_pdbqt(pdb.topology, positions, [], box.center, box.size))
    return Site(path, box, CPU, run_seed=1)


@pytest.fixture(scope="module")
def ligand() -> Chem.Mol:
    mol = Chem.AddHs(Chem.MolFromSmiles(SMALL))
    AllChem.EmbedMolecule(mol, randomSeed=7)
    return mol


def skip_without(engine: str) -> None:
    for package in engines()[engine].packages:
        pytest.importorskip(package, reason=f"no {package} here: {engines()[engine].get}")


def inside(mol: Chem.Mol, box: Box) -> bool:
    offset = np.abs(mol.GetConformer().GetPositions() - np.array(box.center))
    return bool((offset <= np.array(box.size) / 2 + 2.0).all())


@pytest.mark.parametrize("name", ["rustina", "vina"])
def test_engine_gives_poses_in_the_box_best_first(name, site, ligand):
    skip_without(name)
    settings = Docking(engine=name, poses=3, exhaustiveness=2)
    engine = make_engine(settings, site)
    poses = engine.dock(ligand, seed=11)
    assert 1 <= len(poses) <= 3
    assert all(inside(pose.mol, site.box) for pose in poses)
    assert all(-8 < pose.dock_score_kcal_mol < -2 for pose in poses)
    if name == "rustina":
        assert all(0 < pose.cnn_score <= 1 for pose in poses)
        assert all(1 < pose.cnn_affinity_pk < 10 for pose in poses)
    else:
        scores = [pose.dock_score_kcal_mol for pose in poses]
        assert scores == sorted(scores)


@pytest.mark.parametrize("name", ["rustina", "vina"])
def test_same_seed_same_poses_whatever_was_docked_before(name, site, ligand):
    skip_without(name)
    settings = Docking(engine=name, poses=2, exhaustiveness=1)
    first = make_engine(settings, site).dock(ligand, seed=5)
    engine = make_engine(settings, site)
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
    engine = make_engine(Docking(engine="given"), site)
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
    engine = make_engine(Docking(engine="given"), site)
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
    engine = make_engine(Docking(), replace(site, device=SearchDevice("gpu", "", "test")))
    with pytest.raises(PlatformError, match=r"no GPU adapter available\. Restart the driver"):
        engine.dock(ligand, seed=5)


def dock_on_gpu(site: Site, ligand: Chem.Mol) -> list[tuple[float, bool]]:
    engine = make_engine(Docking(poses=2), replace(site, device=choose_search_device("gpu")))
    engine._search |= {"gpu_lanes": 32, "steps": 50}
    poses = engine.dock(ligand, seed=5)
    return [(pose.dock_score_kcal_mol, inside(pose.mol, site.box)) for pose in poses]


@pytest.mark.vulkan
@pytest.mark.system
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


CENTRED = """
    from screenmm.config.engines import EngineFacts

    FACTS = EngineFacts(words="at the centre, as it is", keys=frozenset({"poses"}), cpu_s=0.5)


    class Centred:
        def __init__(self, box):
            self.box = box

        def dock(self, mol, seed):
            from rdkit import Chem
            from screenmm.docking.engine import DockedPose

            placed = Chem.Mol(mol)
            xyz = mol.GetConformer().GetPositions()
            placed.GetConformer().SetPositions(xyz - xyz.mean(axis=0) + self.box.center)
            return [DockedPose(placed, dock_score_kcal_mol=-0.3 * mol.GetNumHeavyAtoms())]


    def make(settings, site):
        return Centred(site.box)
"""


@pytest.fixture
def centred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A new engine: one module, and nothing else is told of it."""
    (tmp_path / "centred.py").write_text(dedent(CENTRED))
    path = [*screenmm.docking.engines.__path__, str(tmp_path)]
    monkeypatch.setattr(screenmm.docking.engines, "__path__", path)
    engines.cache_clear()
    yield "centred"
    engines.cache_clear()


def test_a_new_engine_is_one_module(centred: str, site: Site, ligand: Chem.Mol) -> None:
    settings = Docking(engine=centred)
    (pose,) = make_engine(settings, site).dock(ligand, seed=1)
    assert pose.mol.GetConformer().GetPositions().mean(axis=0) == pytest.approx(site.box.center)
    # nine poses, of which the CNN is asked
    costs = packaged_rates(settings, "standard").stages["dock"].cpu_s
    assert costs == pytest.approx(0.5 + 9 * 0.06)
    alone = settings.model_copy(update={"cnn": False})
    assert packaged_rates(alone, "standard").stages["dock"].cpu_s == 0.5
    with pytest.raises(ValueError, match=r"use centred, given, .*'centered'"):
        Docking(engine="centered")


def test_an_engine_that_is_gone_is_unknown() -> None:
    assert "centred" not in engines()
    with pytest.raises(ValueError, match=r"use given, rustina, template, vina .*'centred'"):
        Docking(engine="centred")


@pytest.mark.parametrize("name", sorted(engines()))
def test_an_engine_reads_keys_of_the_config(name: str) -> None:
    facts = engine_module(name).FACTS
    assert facts.keys <= set(Docking.model_fields)
    assert facts.cpu_s_grows_with in {"", *facts.keys}
    assert set(facts.efforts) in (set(), set(get_args(DockingEffort)))
    costs = [effort.cpu_s for effort in facts.efforts.values()]
    assert costs == sorted(costs)
    assert all(effort.keys.keys() <= facts.keys for effort in facts.efforts.values())


def test_standard_is_what_there_was_before_efforts(site: Site) -> None:
    skip_without("vina")
    assert make_engine(Docking(engine="vina"), site)._search == {"exhaustiveness": 8}
    found = make_engine(Docking(engine="rustina"), site)._search
    assert set(found) == {"cx", "cy", "cz", "sx", "sy", "sz"}


@pytest.mark.parametrize(
    ("given", "runs", "name"),
    [
        ({"effort": "fast"}, 1, "fast"),
        ({"effort": "thorough"}, 32, "thorough"),
        ({"exhaustiveness": 8}, 8, "standard"),
        ({"exhaustiveness": 3}, 3, "exhaustiveness 3"),
        ({"effort": "fast", "exhaustiveness": 8}, 8, "exhaustiveness 8"),
    ],
)
def test_a_key_that_is_given_overrules_the_effort(
    given: dict[str, Any], runs: int, name: str
) -> None:
    settings = Docking(engine="vina", **given)
    assert settings.by_effort == {"exhaustiveness": runs}
    assert settings.effort_name == name


def test_an_engine_that_has_one_way_is_of_no_effort() -> None:
    assert Docking(engine="given", effort="fast").effort_name == ""


@pytest.mark.parametrize("effort", ["fast", "thorough"])
def test_rustina_takes_every_effort(effort: DockingEffort, site: Site, ligand: Chem.Mol) -> None:
    skip_without("rustina")
    poses = make_engine(Docking(effort=effort, poses=2), site).dock(ligand, seed=11)
    assert all(inside(pose.mol, site.box) for pose in poses)
    assert all(-8 < pose.dock_score_kcal_mol < -2 for pose in poses)
