from __future__ import annotations

from pathlib import Path

import gemmi
import numpy as np
import pytest
from rdkit import Chem

from screenmm.config.settings import Pocket
from screenmm.core.errors import PocketError
from screenmm.receptor.modified import convert_modified
from screenmm.receptor.pocket import ResolvedPocket, heavy_positions, resolve_pocket
from screenmm.receptor.pocket_finder import find_pockets
from screenmm.receptor.reading import read_structure

from ...modified import MODIFICATIONS, modify


def resolve(path: Path, **pocket: object) -> ResolvedPocket:
    return resolve_pocket(read_structure(path), Pocket(**pocket))


def test_box_of_a_ligand_is_its_extent_and_padding(
    tyk2_protein: Path, tyk2_ligand: Path, tyk2_ligands: list[Chem.Mol]
) -> None:
    found = resolve(tyk2_protein, ligand=tyk2_ligand, padding_angstrom=5, min_size_angstrom=4)
    points = heavy_positions(tyk2_ligands[0])
    assert np.allclose(found.size, np.ptp(points, axis=0) + 10, atol=1e-3)
    assert np.allclose(found.center, (points.max(axis=0) + points.min(axis=0)) / 2, atol=1e-3)
    # the hinge of TYK2, Glu979 and Val981; the file counts from its cap at 889
    assert {"A:GLU:91", "A:VAL:93"} <= set(found.lining)


def test_smallest_edge_holds(tyk2_protein: Path, tyk2_ligand: Path) -> None:
    found = resolve(tyk2_protein, ligand=tyk2_ligand, min_size_angstrom=30)
    assert found.size == (30, 30, 30)


def test_residues_make_a_box(tyk2_protein: Path) -> None:
    found = resolve(tyk2_protein, residues=["91", "A:VAL:93"])
    assert found.lining == ["A:GLU:91", "A:VAL:93"]
    assert found.reference is None


def test_unknown_residue_names_the_nearest(tyk2_protein: Path) -> None:
    with pytest.raises(PocketError, match="no residue 2000 in the receptor; nearest: A:GLN:289"):
        resolve(tyk2_protein, residues=["2000"])


def test_no_ligand_to_find(tyk2_protein: Path) -> None:
    with pytest.raises(PocketError, match="no organic ligand of 10 or more heavy atoms"):
        resolve(tyk2_protein, auto=True)


def test_empty_box(tyk2_protein: Path) -> None:
    with pytest.raises(PocketError, match="holds no receptor atom"):
        resolve(tyk2_protein, center=(500, 500, 500), size=(20, 20, 20))


def test_ligand_of_another_frame(
    tyk2_protein: Path, tyk2_ligands: list[Chem.Mol], tmp_path: Path
) -> None:
    moved = Chem.Mol(tyk2_ligands[0])
    conformer = moved.GetConformer()
    for i, xyz in enumerate(conformer.GetPositions()):
        conformer.SetAtomPosition(i, (xyz + 100).tolist())
    Chem.MolToMolFile(moved, str(tmp_path / "far.sdf"))
    with pytest.raises(PocketError, match=r"Å from the nearest receptor atom \(limit 8 Å\)"):
        resolve(tyk2_protein, ligand=tmp_path / "far.sdf")


def test_mol2_of_dude(benchmark_data: Path) -> None:
    folder = benchmark_data / "enrichment/inha"
    found = resolve(folder / "receptor.pdb", ligand=folder / "crystal_ligand.mol2")
    assert found.reference is not None
    assert {"A:PHE:149", "A:LYS:165"} <= set(found.lining)  # of the catalytic triad


def test_auto_finds_vemurafenib(benchmark_data: Path) -> None:
    folder = benchmark_data / "complexes/deposited/3og7_032"
    found = resolve(folder / "raw.pdb.gz", auto=True)
    given = resolve(folder / "raw.pdb.gz", ligand=folder / "ligand.sdf")
    assert np.allclose(found.center, given.center, atol=0.01)
    assert found.taken_out == given.taken_out == {"A:032:1"}


def test_auto_will_not_choose(benchmark_data: Path) -> None:
    file = benchmark_data / "complexes/deposited/2efj_37T/raw.pdb.gz"
    with pytest.raises(PocketError, match=r"several ligands \(A:SAH:501, A:37T:502\)"):
        resolve(file, auto=True)


def test_ambiguous_names_list_their_places(benchmark_data: Path) -> None:
    file = benchmark_data / "complexes/deposited/4cum_WS7/raw.pdb.gz"
    with pytest.raises(PocketError, match="matches A:WS7:800, B:WS7:800: name one"):
        resolve(file, ligand_residue="WS7")
    with pytest.raises(PocketError, match=r"no residue WS8 .* nearest: .*WS7"):
        resolve(file, ligand_residue="WS8")
    with pytest.raises(PocketError, match="in several chains"):
        resolve(file, residues=["358"])
    assert resolve(file, ligand_residue="A:WS7:800").reference is not None


def with_copies(folder: Path, protein: Path, ligand: Chem.Mol) -> Path:
    """The demo's protein as mmCIF, chain A-2, with two copies of a ligand at 999A and 999B."""
    structure = gemmi.read_structure(str(protein))
    chain = structure[0][0]
    chain.name = "A-2"
    for icode, shift in (("A", 0.0), ("B", 12.0)):
        residue = gemmi.Residue()
        residue.name, residue.het_flag = "017", "H"
        residue.seqid = gemmi.SeqId(999, icode)
        for number, xyz in enumerate(heavy_positions(ligand)):
            atom = gemmi.Atom()
            atom.name, atom.element = f"C{number}", gemmi.Element("C")
            atom.pos = gemmi.Position(*(xyz + shift))
            residue.add_atom(atom)
        chain.add_residue(residue)
    structure.setup_entities()
    structure.make_mmcif_document().write_file(str(folder / "copies.cif"))
    return folder / "copies.cif"


def test_copies_with_insertion_codes_are_choices(
    tyk2_protein: Path, tyk2_ligands: list[Chem.Mol], tmp_path: Path
) -> None:
    path = with_copies(tmp_path, tyk2_protein, tyk2_ligands[0])
    with pytest.raises(PocketError, match="matches A-2:017:999A, A-2:017:999B: name one of them"):
        resolve(path, ligand_residue="017")
    one = resolve(path, ligand_residue="A-2:017:999A")
    other = resolve(path, ligand_residue="017:999B")
    assert np.allclose(np.subtract(other.center, one.center), 12, atol=2e-3)
    assert "A-2:GLU:91" in one.lining


def test_residues_of_an_assembly_and_with_names(
    tyk2_protein: Path, tyk2_ligands: list[Chem.Mol], tmp_path: Path
) -> None:
    path = with_copies(tmp_path, tyk2_protein, tyk2_ligands[0])
    found = resolve(path, residues=["A-2:91", "A-2:VAL:93", "met:90"])
    assert found.lining == ["A-2:GLU:91", "A-2:VAL:93", "A-2:MET:90"]


def test_modified_residue_is_found_by_its_name_in_the_file(
    tyk2_protein: Path, tmp_path: Path
) -> None:
    path = modify(tyk2_protein, tmp_path / "p.pdb", {90: MODIFICATIONS["MSE"]})
    structure = read_structure(path)
    convert_modified(structure)
    for spec in ("A:MSE:90", "A:MET:90", "MSE:90"):
        assert resolve_pocket(structure, Pocket(residues=[spec])).lining == ["A:MET:90"]


def test_a_found_pocket_makes_a_box_as_a_ligand_does(tyk2_protein: Path) -> None:
    structure = read_structure(tyk2_protein)
    second = find_pockets(structure)[1]
    found = resolve(tyk2_protein, find=2, padding_angstrom=5, min_size_angstrom=4)
    points = second.spheres[:, :3]
    assert np.allclose(found.size, np.ptp(points, axis=0) + 10, atol=1e-3)
    assert np.allclose(found.center, (points.max(axis=0) + points.min(axis=0)) / 2, atol=1e-3)
    assert found.lining == [each.label for each in second.residues]
    assert found.reference is None
    assert found.origin["rank"] == 2
    assert min(resolve(tyk2_protein, find=2).size) >= 18


def test_a_pocket_is_that_of_a_relative(benchmark_data: Path) -> None:
    """Vemurafenib's place in BRAF, in the frame of imatinib's kinase."""
    abl = benchmark_data / "complexes/prepared/vina__1iep_imatinib_ABL"
    braf = benchmark_data / "complexes/deposited/3og7_032"
    like = {"structure": braf / "raw.pdb.gz", "ligand": "A:032:1"}
    found = resolve(abl / "protein_H.pdb", like=like)
    own = resolve(abl / "protein_H.pdb", ligand=abl / "ligand_ccd.sdf")
    # both touch the gatekeeper and the hinge
    assert {"A:THR:315", "A:MET:318"} <= set(found.lining) & set(own.lining)
    assert found.reference is not None
    assert found.reference.GetNumAtoms() == 33
    origin = found.origin
    assert origin["ligand"] == "A:032:1 of raw.pdb.gz"
    assert origin["identity"] == pytest.approx(0.3, abs=0.06)
    assert origin["fitted"] <= origin["around"] < origin["aligned"]
    assert origin["text"].startswith("that of A:032:1 of raw.pdb.gz, laid over by chains A:A")
    file = resolve(abl / "protein_H.pdb", like={**like, "ligand": braf / "ligand.sdf"})
    assert np.allclose(file.center, found.center, atol=0.1)


def test_the_relative_must_hold_the_ligand(benchmark_data: Path, tyk2_ligand: Path) -> None:
    braf = benchmark_data / "complexes/deposited/3og7_032/raw.pdb.gz"
    with pytest.raises(PocketError, match="no residue STI in the kept chains"):
        resolve(braf, like={"structure": braf, "ligand": "STI"})
    with pytest.raises(PocketError, match=r"lies \d+\.\d Å from its nearest atom \(limit 8 Å\)"):
        resolve(braf, like={"structure": braf, "ligand": tyk2_ligand})
