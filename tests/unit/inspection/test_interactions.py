from __future__ import annotations

from pathlib import Path

import MDAnalysis
import numpy as np
import pytest
from prolif import Molecule
from rdkit import Chem

from screenmm.config.settings import Pocket, Receptor
from screenmm.inspection.interactions import PROLIF_KINDS, Interaction, find_interactions
from screenmm.inspection.quiet import Fingerprint
from screenmm.inspection.receptor_molecule import ReceptorMolecule, load_receptor
from screenmm.receptor.prepare import prepare_receptor
from screenmm.residues.filters import KINDS
from screenmm.stages.prepare_receptor import write_folder
from tests.unit.inspection.conftest import HINGE, shifted


@pytest.fixture(scope="module")
def found(
    fingerprint: Fingerprint, receptor: ReceptorMolecule, ejm_42: Chem.Mol
) -> list[Interaction]:
    return find_interactions(fingerprint, receptor, receptor.positions_angstrom, ejm_42)


def kinds_with(found: list[Interaction], residue: str) -> set[str]:
    return {each.kind for each in found if each.residue == residue}


def test_the_hinge_is_bound_by_two_hydrogen_bonds(
    found: list[Interaction], receptor: ReceptorMolecule, ejm_42: Chem.Mol
) -> None:
    # Val981: its NH to the pyridine's nitrogen, its C=O from the amide's NH
    bonds = {each.kind: each for each in found if each.residue == HINGE}
    assert {"hydrogen bond donor", "hydrogen bond acceptor"} <= set(bonds)
    members = receptor.atoms[receptor.labels.index(HINGE)].tolist()
    atoms = {
        receptor.mol.GetAtomWithIdx(index).GetPDBResidueInfo().GetName(): index for index in members
    }
    for kind, partner in (("hydrogen bond donor", "O"), ("hydrogen bond acceptor", "N")):
        bond = bonds[kind]
        heavy = [i for i in bond.ligand_atoms if ejm_42.GetAtomWithIdx(i).GetSymbol() == "N"]
        assert len(heavy) == 1
        xyz = ejm_42.GetConformer().GetPositions()[heavy[0]]
        expected = np.linalg.norm(xyz - receptor.positions_angstrom[atoms[partner]])
        assert bond.distance_angstrom == pytest.approx(expected, abs=6e-4)
    assert len(bonds["hydrogen bond donor"].ligand_atoms) == 2  # the donor and its hydrogen


def test_prolif_finds_the_same_by_its_own_way(
    fingerprint: Fingerprint,
    receptor: ReceptorMolecule,
    tyk2_protein: Path,
    tyk2_ligands: list[Chem.Mol],
) -> None:
    # from the PDB file, bonds and charges guessed by MDAnalysis on the whole protein
    universe = MDAnalysis.Universe(str(tyk2_protein))
    universe.guess_TopologyAttrs(to_guess=["bonds"])
    protein = Molecule.from_mda(universe.atoms)
    for ligand in tyk2_ligands:
        pairs = fingerprint.generate(Molecule.from_rdkit(ligand), protein, metadata=True)
        expected = {
            (f"A:{residue.name}:{residue.number}", PROLIF_KINDS[kind])
            for (_, residue), kinds in pairs.items()
            for kind in kinds
        }
        found = find_interactions(fingerprint, receptor, receptor.positions_angstrom, ligand)
        assert {(each.residue, each.kind) for each in found} == expected


def test_rows_are_in_order_and_contacts_single(
    found: list[Interaction], receptor: ReceptorMolecule
) -> None:
    places = [(receptor.labels.index(each.residue), KINDS.index(each.kind)) for each in found]
    assert places == sorted(places)
    contacts = [(r.residue, r.kind) for r in found if r.kind in ("hydrophobic", "van der Waals")]
    assert len(contacts) == len(set(contacts)) > 5
    assert set(PROLIF_KINDS.values()) == set(KINDS)


def test_contacts_are_closer_than_the_radii(found: list[Interaction]) -> None:
    contacts = [each.distance_angstrom for each in found if each.kind == "van der Waals"]
    assert contacts
    assert max(contacts) < 4.0


def test_a_receptor_that_moved_is_looked_at_where_it_is(
    fingerprint: Fingerprint, receptor: ReceptorMolecule, ejm_42: Chem.Mol
) -> None:
    members = receptor.atoms[receptor.labels.index(HINGE)]
    away = receptor.positions_angstrom[members] + [0, 0, 15]
    moved = receptor.moved(members.tolist(), away.ravel().tolist())
    assert not kinds_with(find_interactions(fingerprint, receptor, moved, ejm_42), HINGE)
    # the next pose starts from the receptor as prepared
    again = find_interactions(fingerprint, receptor, receptor.positions_angstrom, ejm_42)
    assert "hydrogen bond donor" in kinds_with(again, HINGE)


def test_far_away_there_is_none(
    fingerprint: Fingerprint, receptor: ReceptorMolecule, ejm_42: Chem.Mol
) -> None:
    far = shifted(ejm_42, np.array([200.0, 0, 0]))
    assert find_interactions(fingerprint, receptor, receptor.positions_angstrom, far) == []


def test_metals_and_waters_take_part(
    benchmark_data: Path, fingerprint: Fingerprint, tmp_path: Path
) -> None:
    data = benchmark_data / "complexes/deposited/4gql_R47"
    receptor = Receptor(structure=data / "raw.pdb.gz", keep_waters="pocket")
    prepared = prepare_receptor("mmp12", receptor, Pocket(ligand=data / "ligand.sdf"))
    write_folder(prepared, tmp_path)
    loaded = load_receptor(tmp_path)
    ligand = Chem.AddHs(prepared.pocket.reference, addCoords=True)
    found = find_interactions(fingerprint, loaded, loaded.positions_angstrom, ligand)
    # the catalytic zinc of MMP-12 is bound by the inhibitor
    assert "metal" in kinds_with(found, "A:ZN:301")
    waters = {each.kind for each in found if ":HOH:" in each.residue}
    assert {"hydrogen bond donor", "hydrogen bond acceptor"} <= waters


def test_a_cofactor_takes_part(fingerprint: Fingerprint, cofactor: ReceptorMolecule) -> None:
    # a water in line with the nicotinamide's amide oxygen
    amide = cofactor.mol.GetSubstructMatch(Chem.MolFromSmarts("NC(=O)c"))
    xyz = cofactor.positions_angstrom
    along = (xyz[amide[2]] - xyz[amide[1]]) / np.linalg.norm(xyz[amide[2]] - xyz[amide[1]])
    ligand = Chem.AddHs(Chem.MolFromSmiles("O"))
    ligand.AddConformer(Chem.Conformer(3))
    oxygen = xyz[amide[2]] + 2.8 * along
    places = np.array([oxygen, oxygen - 0.96 * along, oxygen + 0.96 * along])
    ligand.GetConformer().SetPositions(places)
    found = find_interactions(fingerprint, cofactor, xyz, ligand)
    assert ("NAD:400", "hydrogen bond donor") in {(each.residue, each.kind) for each in found}
