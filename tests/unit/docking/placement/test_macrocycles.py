"""A macrocycle of BACE-1 (a 15-membered ring, PDB component E4Y) as template and as ligand."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pytest
from openmm import unit
from openmm.app import PDBFile
from rdkit import Chem
from rdkit.Chem import AllChem

from screenmm.config.settings import Docking
from screenmm.core.errors import LigandError, Reason
from screenmm.devices.vulkan import SearchDevice
from screenmm.docking.engine import Box, Engine, Site
from screenmm.docking.pdbqt import receptor_pdbqt
from screenmm.docking.placement.core import common_core
from screenmm.docking.placement.engine import engine_for
from screenmm.docking.placement.starts import core_rmsd_angstrom, starts
from screenmm.redocking.rmsd import heavy_rmsd_angstrom
from screenmm.run.receptor_folder import ReceptorFolder

COMPLEX = "complexes/prepared/vina__BACE_1_macrocycle"
TAIL = "NC(=O)[C@H](C)C[C@H](O)"
HEAD = "C(=O)c2cc({})cc(c2)C(=O)N1"

CONGENER = f"C{TAIL}[C@@H]1C[C@H](C)CCCCCN(C){HEAD.format('Cl')}"
"""The same ring with a shorter amide, a methyl for an ethyl and a chlorine for an ethoxy group."""

WIDER = f"CCCC{TAIL}[C@@H]1C[C@H](C)CCCCCCN(CC){HEAD.format('OCC')}"
OPENED = f"CCCC{TAIL}[C@H](CC(C)CC)NC(=O)c1cc(OCC)cc(c1)C(=O)N(CC)CCC"
OTHER_HAND = f"CCCC{TAIL}[C@@H]1C[C@@H](C)CCCCCN(CC){HEAD.format('OCC')}"


@pytest.fixture(scope="module")
def macrocycle(benchmark_data: Path) -> Chem.Mol:
    path = benchmark_data / COMPLEX / "ligand_ccd.sdf"
    mol = Chem.MolFromMolFile(str(path), removeHs=False)
    assert sorted(map(len, mol.GetRingInfo().AtomRings())) == [6, 15]
    return mol


@pytest.fixture(scope="module")
def engine(
    benchmark_data: Path, macrocycle: Chem.Mol, tmp_path_factory: pytest.TempPathFactory
) -> Engine:
    pytest.importorskip("vina")
    with gzip.open(benchmark_data / COMPLEX / "protein_H.pdb.gz", "rt") as handle:
        pdb = PDBFile(handle)
    positions = np.array(pdb.getPositions(asNumpy=True).value_in_unit(unit.angstrom))
    places = macrocycle.GetConformer().GetPositions()
    box = Box(tuple(places.mean(axis=0).tolist()), tuple((np.ptp(places, axis=0) + 8).tolist()))
    path = ReceptorFolder(tmp_path_factory.mktemp("bace")).pdbqt
    path.write_text(receptor_pdbqt(pdb.topology, positions, [], box.center, box.size))
    template = path.with_name("template.sdf")
    with Chem.SDWriter(str(template)) as writer:
        writer.write(macrocycle)
    site = Site(path, box, SearchDevice("cpu", "", "test"), run_seed=1)
    return engine_for(Docking(engine="template", poses=3, templates=[template]), site)


def fresh(smiles: str) -> Chem.Mol:
    """The molecule from its SMILES, with a conformer of its own."""
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMolecule(mol, randomSeed=7)
    return mol


def test_a_macrocycle_is_placed_where_its_own_crystal_pose_is(engine, macrocycle) -> None:
    own = fresh(Chem.MolToSmiles(Chem.RemoveHs(macrocycle)))
    # its own conformer has another ring
    assert core_rmsd_angstrom(own, macrocycle, common_core(own, macrocycle).maps[0]) > 2
    pose = engine.dock(own, seed=11)[0]
    assert heavy_rmsd_angstrom(pose.mol, macrocycle) < 1


def test_a_congener_with_the_same_ring_has_its_ring_there(engine, macrocycle) -> None:
    ligand = fresh(CONGENER)
    core = common_core(ligand, macrocycle)
    assert core.atoms == ligand.GetNumHeavyAtoms() - 1
    pose = engine.dock(ligand, seed=11)[0]
    assert min(core_rmsd_angstrom(pose.mol, macrocycle, laid) for laid in core.maps) < 1
    assert Chem.MolToSmiles(Chem.RemoveHs(pose.mol)) == Chem.CanonSmiles(CONGENER)


@pytest.mark.parametrize("smiles", [WIDER, OPENED])
def test_a_ring_of_another_size_and_an_open_chain_share_no_ring(engine, smiles: str) -> None:
    with pytest.raises(LigandError, match="the largest core that it shares") as caught:
        engine.dock(fresh(smiles), seed=11)
    assert caught.value.reason is Reason.CORE_TOO_SMALL


def test_the_other_hand_does_not_fit(macrocycle) -> None:
    ligand = fresh(OTHER_HAND)
    core = common_core(ligand, macrocycle)
    assert core.atoms == macrocycle.GetNumHeavyAtoms()
    assert starts(ligand, macrocycle, core.maps[0], seed=3, conformers=2) == []
