from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from screenmm.config.settings import Cofactor
from screenmm.core.errors import ReceptorError
from screenmm.receptor.cofactors import place_cofactors
from screenmm.receptor.forcefield import polymer_system
from screenmm.receptor.reading import read_structure
from tests.unit.receptor.conftest import Prepare

SAH = "[NH3+][C@@H](CCSC[C@H]1O[C@H]([C@H](O)[C@@H]1O)n1cnc2c(N)ncnc12)C(=O)[O-]"


@pytest.fixture(scope="module")
def methyltransferase(fragments: Path) -> Path:
    return fragments / "2efj.pdb"


def test_residue_takes_bond_orders_from_smiles(methyltransferase: Path) -> None:
    structure = read_structure(methyltransferase)
    residue = next(each for each in structure.residues if each.name == "SAH")
    (placed,) = place_cofactors(structure, [Cofactor(residue="SAH", smiles=SAH)])
    assert placed.name == "A:SAH:501"
    # stereochemistry comes from the coordinates and agrees with the SMILES
    assert Chem.CanonSmiles(Chem.MolToSmiles(Chem.RemoveHs(placed.mol))) == Chem.CanonSmiles(SAH)
    heavy = placed.mol.GetConformer().GetPositions()[: len(residue.heavy())]
    assert np.allclose(heavy, residue.positions())
    assert residue not in structure.residues


def test_missing_atoms_are_an_error(methyltransferase: Path) -> None:
    structure = read_structure(methyltransferase)
    residue = next(each for each in structure.residues if each.name == "SAH")
    residue.atoms = [atom for atom in residue.atoms if atom.name != "SD"]
    with pytest.raises(ReceptorError, match="A:SAH:501: the structure has heavy atoms C14 N6 O5"):
        place_cofactors(structure, [Cofactor(residue="SAH", smiles=SAH)])


def test_other_chemistry_is_an_error(methyltransferase: Path) -> None:
    structure = read_structure(methyltransferase)
    isomer = "[NH3+]C(CCSCC1OC(C(O)C1O)n1cnc2c(N)ncnc12)OC=O"
    with pytest.raises(ReceptorError, match="connected otherwise"):
        place_cofactors(structure, [Cofactor(residue="SAH", smiles=isomer)])


def test_unknown_residue_names_the_nearest(methyltransferase: Path) -> None:
    with pytest.raises(ReceptorError, match=r"no cofactor SAM .* nearest: .*SAH"):
        place_cofactors(read_structure(methyltransferase), [Cofactor(residue="SAM", smiles=SAH)])


def test_metal_organic_molecules_are_refused(methyltransferase: Path) -> None:
    with pytest.raises(ReceptorError, match="holds Fe"):
        place_cofactors(
            read_structure(methyltransferase), [Cofactor(residue="SAH", smiles="C[Fe]C")]
        )


def test_component_definition_loses_acid_protons(tmp_path: Path) -> None:
    from screenmm.receptor.cofactors import read_component

    atoms = [("C1", "C"), ("C2", "C"), ("O1", "O"), ("O2", "O"), ("H1", "H"), ("H2", "H"),
             ("H3", "H"), ("HO", "H")]  # fmt: skip
    bonds = [("C1", "C2", "SING"), ("C2", "O1", "DOUB"), ("C2", "O2", "SING"),
             ("C1", "H1", "SING"), ("C1", "H2", "SING"), ("C1", "H3", "SING"),
             ("O2", "HO", "SING")]  # fmt: skip
    rows = "\n".join(f"ACY {name} {symbol} 0" for name, symbol in atoms)
    links = "\n".join(f"ACY {one} {two} {order}" for one, two, order in bonds)
    path = tmp_path / "ACY.cif"
    path.write_text(
        "data_ACY\n_chem_comp.id ACY\n_chem_comp.name 'ACETIC ACID'\n"
        "loop_\n_chem_comp_atom.comp_id\n_chem_comp_atom.atom_id\n"
        f"_chem_comp_atom.type_symbol\n_chem_comp_atom.charge\n{rows}\n"
        "loop_\n_chem_comp_bond.comp_id\n_chem_comp_bond.atom_id_1\n_chem_comp_bond.atom_id_2\n"
        f"_chem_comp_bond.value_order\n{links}\n"
    )
    assert Chem.MolToSmiles(read_component(path)) == "CC(=O)[O-]"


def test_posed_cofactor_ends_the_topology(prepare: Prepare, benchmark_data: Path) -> None:
    folder = benchmark_data / "affinity/water_set__hsp90_woodhead"
    receptor = prepare(
        folder / "protein.pdb",
        {"ligand": folder / "ligands.sdf"},
        cofactors=[Cofactor(sdf=folder / "cofactors.sdf")],
    )
    (glycerol,) = receptor.cofactors
    assert glycerol.mol.GetNumAtoms() == 14
    total = receptor.topology.getNumAtoms()
    assert glycerol.atom_indices == list(range(total - 14, total))
    posed = glycerol.mol.GetConformer().GetPositions()
    assert np.allclose(receptor.positions_angstrom[glycerol.atom_indices], posed)
    topology, positions = receptor.polymer()
    assert polymer_system(topology).getNumParticles() == len(positions) == total - 14


def test_undeclared_cofactor_in_the_pocket(prepare: Prepare, benchmark_data: Path) -> None:
    folder = benchmark_data / "complexes/deposited/4cum_WS7"
    with pytest.raises(
        ReceptorError, match=r"B:HEM:500 is a metal-organic molecule .*receptors\.<name>\.remove"
    ):
        prepare(folder / "raw.pdb.gz", {"ligand": folder / "ligand.sdf"})
