"""TYK2 ligands are placed by one of them, and docked where no core is common."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from openmm import unit
from openmm.app import PDBFile
from rdkit import Chem
from rdkit.Chem import AllChem

from screenmm.config.engines import engines
from screenmm.config.settings import Docking
from screenmm.core.errors import LigandError, Reason
from screenmm.devices.vulkan import SearchDevice
from screenmm.docking.cnn import with_cnn
from screenmm.docking.engine import Box, Engine, Site
from screenmm.docking.pdbqt import receptor_pdbqt
from screenmm.docking.placement.clashes import Walls
from screenmm.docking.placement.core import common_core
from screenmm.docking.placement.engine import engine_for
from screenmm.docking.placement.starts import core_rmsd_angstrom, starts
from screenmm.redocking.rmsd import heavy_rmsd_angstrom
from screenmm.run.receptor_folder import ReceptorFolder

TEMPLATE, LIGAND = "ejm_42", "ejm_31"


@pytest.fixture(scope="module")
def named(tyk2_ligands) -> dict[str, Chem.Mol]:
    return {mol.GetProp("_Name"): mol for mol in tyk2_ligands}


@pytest.fixture(scope="module")
def site(tyk2_protein, named, tmp_path_factory) -> Site:
    pdb = PDBFile(str(tyk2_protein))
    positions = np.array(pdb.getPositions(asNumpy=True).value_in_unit(unit.angstrom))
    center = tuple(named[TEMPLATE].GetConformer().GetPositions().mean(axis=0).tolist())
    box = Box(center, (20.0, 20.0, 20.0))
    path = ReceptorFolder(tmp_path_factory.mktemp("tyk2")).pdbqt
    path.write_text(receptor_pdbqt(pdb.topology, positions, [], box.center, box.size))
    return Site(path, box, SearchDevice("cpu", "", "test"), run_seed=1)


@pytest.fixture(scope="module")
def template_file(named, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.sdf"
    with Chem.SDWriter(str(path)) as writer:
        writer.write(named[TEMPLATE])
    return path


def fresh(mol: Chem.Mol) -> Chem.Mol:
    """The molecule from its SMILES, with a conformer of its own."""
    made = Chem.AddHs(Chem.MolFromSmiles(Chem.MolToSmiles(Chem.RemoveHs(mol))))
    AllChem.EmbedMolecule(made, randomSeed=7)
    return made


def engine_of(name: str, site: Site, template: Path) -> Engine:
    for package in engines()[name].packages:
        pytest.importorskip(package, reason=f"no {package} here: {engines()[name].get}")
    return engine_for(Docking(engine=name, poses=3, templates=[template]), site)


@pytest.mark.parametrize("name", ["template", "vina", "rustina"])
def test_a_congener_lies_where_its_preparer_put_it(name, site, named, template_file):
    engine = engine_of(name, site, template_file)
    ligand = fresh(named[LIGAND])
    poses = engine.dock(ligand, seed=11)
    assert 1 <= len(poses) <= 3
    assert {(pose.origin, pose.template) for pose in poses} == {("template", TEMPLATE)}
    assert heavy_rmsd_angstrom(poses[0].mol, named[LIGAND]) < 1.5
    scores = [pose.dock_score_kcal_mol for pose in poses]
    assert scores == sorted(scores)
    assert scores[0] < -5
    # whatever placed them, the CNN is asked about them by one way
    asked, failures = with_cnn(site.receptor_pdbqt.read_text(), poses)
    assert not failures
    assert all(0 < pose.cnn_score < 1 for pose in asked)
    again = engine.dock(ligand, seed=11)
    assert [Chem.MolToMolBlock(pose.mol) for pose in again] == [
        Chem.MolToMolBlock(pose.mol) for pose in poses
    ]


def test_poses_are_not_the_same_twice(site, named, template_file):
    poses = engine_of("template", site, template_file).dock(fresh(named["ejm_47"]), seed=11)
    for place, pose in enumerate(poses):
        for other in poses[:place]:
            assert heavy_rmsd_angstrom(pose.mol, other.mol) > 1.0


def test_a_stranger_is_docked_freely_or_not_at_all(site, template_file):
    stranger = fresh(Chem.MolFromSmiles("NC(=O)c1cccnc1"))
    with pytest.raises(LigandError, match=r"\(ejm_42\) has \d of its 9 heavy atoms") as caught:
        engine_of("template", site, template_file).dock(stranger, seed=11)
    assert caught.value.reason is Reason.CORE_TOO_SMALL
    poses = engine_of("vina", site, template_file).dock(stranger, seed=11)
    assert {(pose.origin, pose.template) for pose in poses} == {("search", None)}
    assert {pose.unplaced.reason for pose in poses} == {Reason.CORE_TOO_SMALL}


def test_where_all_placements_clash_none_is_given(site, named, template_file, tmp_path):
    # a wall of atoms through the template's place
    wall = ReceptorFolder(tmp_path).pdbqt
    lines = site.receptor_pdbqt.read_text().splitlines()
    line = next(each for each in lines if each.endswith(" C "))
    places = named[TEMPLATE].GetConformer().GetPositions()
    lines += [f"{line[:30]}{x:8.3f}{y:8.3f}{z:8.3f}{line[54:]}" for x, y, z in places]
    wall.write_text("\n".join(lines) + "\n")
    blocked = Site(wall, site.box, site.device, site.run_seed)
    with pytest.raises(LigandError, match="clash with the receptor or leave") as caught:
        engine_of("template", blocked, template_file).dock(fresh(named[LIGAND]), seed=11)
    assert caught.value.reason is Reason.NOT_PLACED


def test_starts_hold_the_core_and_the_stereochemistry(named):
    ligand, template = fresh(named["jmc_23"]), named[TEMPLATE]
    core = common_core(ligand, template)
    found = starts(ligand, template, core.maps[0], seed=3, conformers=4)
    assert found
    smiles = Chem.MolToSmiles(Chem.RemoveHs(ligand))
    assert "@" in smiles
    for each in found:
        assert core_rmsd_angstrom(each, template, core.maps[0]) < 0.5
        seen = Chem.Mol(each)
        Chem.AssignStereochemistryFrom3D(seen)
        assert Chem.MolToSmiles(Chem.RemoveHs(seen)) == smiles


def test_a_core_of_the_other_hand_does_not_fit():
    hands = [Chem.AddHs(Chem.MolFromSmiles(f"C[{hand}H](F)C(=O)Nc1ccccc1"))
             for hand in ("C@", "C@@")]  # fmt: skip
    for mol in hands:
        AllChem.EmbedMolecule(mol, randomSeed=7)
    (laid,) = common_core(*hands).maps
    found = starts(hands[0], hands[1], laid, seed=3, conformers=4)
    for each in found:
        seen = Chem.Mol(each)
        Chem.AssignStereochemistryFrom3D(seen)
        assert Chem.FindMolChiralCenters(seen) == Chem.FindMolChiralCenters(hands[0])


def test_walls_tell_contacts_from_clashes(site, named):
    walls = Walls(site.receptor_pdbqt.read_text())
    mol = named[TEMPLATE]
    heavy = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1]
    places = mol.GetConformer().GetPositions()[heavy]
    assert not walls.clash(places)
    assert walls.clash(places + np.array([4.0, 0.0, 0.0]))
    assert walls.crowding(places) < walls.crowding(places + np.array([4.0, 0.0, 0.0]))
