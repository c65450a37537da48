"""TYK2, parametrised by OpenMM's own ForceField: the independent route of these tests."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openmm
import pytest
from openmm import unit
from openmm.app import ForceField, NoCutoff, PDBFile, PDBxFile
from rdkit import Chem

from screenmm.docking.pdbqt import receptor_pdbqt
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.forcefield.parameters import Parameters, extract
from screenmm.receptor.forcefield import residue_label
from screenmm.receptor.model import ReceptorModel
from screenmm.run.receptor_folder import ReceptorFolder


def energy(system: openmm.System, positions_nm: np.ndarray, platform: str = "Reference") -> float:
    """Potential energy, kJ/mol."""
    context = openmm.Context(
        system, openmm.VerletIntegrator(0.001), openmm.Platform.getPlatformByName(platform)
    )
    context.setPositions(positions_nm)
    state = context.getState(getEnergy=True)
    return state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)


@pytest.fixture(scope="session")
def tyk2_pdb(tyk2_protein: Path) -> PDBFile:
    return PDBFile(str(tyk2_protein))


@pytest.fixture(scope="session")
def tyk2_system(tyk2_pdb: PDBFile) -> openmm.System:
    return ForceField("amber14/protein.ff14SB.xml").createSystem(
        tyk2_pdb.topology, nonbondedMethod=NoCutoff, constraints=None
    )


@pytest.fixture(scope="session")
def tyk2_model(tyk2_pdb: PDBFile, tyk2_system: openmm.System) -> ReceptorModel:
    positions = np.array(tyk2_pdb.getPositions(asNumpy=True).value_in_unit(unit.angstrom))
    residues = np.array([atom.residue.index for atom in tyk2_pdb.topology.atoms()])
    labels = np.array([f"{r.name}:{r.id}" for r in tyk2_pdb.topology.residues()])
    return ReceptorModel(extract(tyk2_system, tyk2_pdb.topology), positions, residues, labels)


@pytest.fixture(scope="session")
def receptor_folder(
    tyk2_protein: Path, tyk2_ligands: list[Chem.Mol], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """TYK2 as prepare-receptor would write it."""
    folder = tmp_path_factory.mktemp("receptors") / "tyk2"
    folder.mkdir()
    pdb = PDBFile(str(tyk2_protein))
    for chain in pdb.topology.chains():
        chain.id = "A"  # it has none; preparation calls it so
    system = ForceField("amber14/protein.ff14SB.xml").createSystem(
        pdb.topology, nonbondedMethod=NoCutoff, constraints=None
    )
    positions = np.array(pdb.getPositions(asNumpy=True).value_in_unit(unit.angstrom))
    ReceptorModel(
        extract(system, pdb.topology),
        positions,
        np.array([atom.residue.index for atom in pdb.topology.atoms()], dtype=np.int32),
        np.array([residue_label(residue) for residue in pdb.topology.residues()]),
    ).save(folder)
    center = tuple(tyk2_ligands[0].GetConformer().GetPositions().mean(axis=0).tolist())
    pdbqt = receptor_pdbqt(pdb.topology, positions, [], center, (20.0,) * 3)
    ReceptorFolder(folder).pdbqt.write_text(pdbqt)
    with ReceptorFolder(folder).structure.open("w") as handle:
        PDBxFile.writeFile(pdb.topology, pdb.positions, handle, keepIds=True)
    return folder


@pytest.fixture(scope="session")
def ejm_42(tyk2_ligands: list[Chem.Mol]) -> Chem.Mol:
    return next(mol for mol in tyk2_ligands if mol.GetProp("_Name") == "ejm_42")


@pytest.fixture(scope="session")
def ejm_42_parameters(ejm_42: Chem.Mol) -> Parameters:
    return ligand_parameters(ejm_42)
