from __future__ import annotations

from pathlib import Path

import pytest
from openmm import app

from screenmm.core.errors import ReceptorError
from screenmm.receptor.records import count_records, decode_number, is_mmcif, read_records

ALA = "ATOM      1  CA  ALA A   1      12.435  14.677  30.369  1.00 35.93           C"
PDBQT = (
    "ATOM      1 {name} {residue} A   1      12.435  14.677  30.369  1.00  0.00     0.123 {kind}"
)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("9999", 9999), ("-5", -5), ("****", None), ("", None),
        # http://cci.lbl.gov/hybrid_36: the limits of four columns
        ("A000", 10000), ("ZZZZ", 1223055), ("a000", 1223056), ("zzzz", 2436111),
        ("271a", 10010),
    ],
)  # fmt: skip
def test_numbers(text: str, number: int | None) -> None:
    assert decode_number(text) == number


def test_every_record_is_read_in_order(tyk2_protein: Path) -> None:
    text = tyk2_protein.read_text()
    records = read_records(text, "tyk2")
    assert len(records) == count_records(text) == 4670
    assert [each.index for each in records] == list(range(4670))
    # OpenMM, a second reader
    atoms = app.PDBFile(str(tyk2_protein)).topology.atoms()
    assert [each.element for each in records] == [atom.element.symbol for atom in atoms]


def test_an_ion_does_not_make_a_file_unaligned() -> None:
    ion = "HETATM    2 CA    CA A   2      12.435  14.677  30.369  1.00 35.93"
    ligand = "HETATM    3 CL1  LIG A   3      12.435  14.677  30.369  1.00 35.93"
    other = ligand.replace("CL1 ", " C2 ")
    elements = [each.element for each in read_records("\n".join([ALA, ion, ligand, other]), "s")]
    assert elements == ["C", "Ca", "Cl", "C"]


@pytest.mark.parametrize("ends", ["\n", "\r\n", "\r"])
def test_line_ends(ends: str) -> None:
    text = "\ufeff" + ends.join([ALA, "TER", ALA.replace("A   1", "B   1"), "END", ""])
    first, second = read_records(text, "s.pdb")
    assert (first.chain, second.chain) == ("A", "B")
    assert first.part != second.part


def test_wide_numbers_names_and_chains() -> None:
    wide = ALA.replace("A   1 ", "A10000")
    assert read_records(wide, "s")[0].number == 10000
    water = "ATOM      1  OH2 TIP3W   1      12.435  14.677  30.369  1.00 35.93           O"
    (record,) = read_records(water, "s")
    assert (record.residue, record.chain) == ("TIP3", "W")
    (record,) = read_records(ALA.replace("ALA A", "ALAAB"), "s")
    assert (record.residue, record.chain) == ("ALA", "AB")


@pytest.mark.parametrize(
    ("name", "residue", "kind", "element"),
    [
        (" CG ", "PHE", "A", "C"), (" ND1", "HIS", "NA", "N"), (" O1 ", "LIG", "OA", "O"),
        (" C1 ", "LIG", "A", "C"), ("CL1 ", "LIG", "Cl", "Cl"), (" N2 ", "LIG", "NA", "N"),
        ("ZN  ", " ZN", "Zn", "Zn"),
    ],
)  # fmt: skip
def test_types_of_autodock(name: str, residue: str, kind: str, element: str) -> None:
    (record,) = read_records(PDBQT.format(name=name, residue=residue, kind=kind), "r.pdbqt")
    assert record.element == element


def test_what_cannot_be_read_names_its_line() -> None:
    bad = ALA.replace("  12.435", "********")
    with pytest.raises(ReceptorError, match=r"s\.pdb, line 2: .* are no coordinates"):
        read_records(f"{ALA}\n{bad}", "s.pdb")
    ligand = "HETATM    2 CL1  LIG A   2      12.435  14.677  30.369  1.00 35.93"
    left = ALA.replace(" CA ", "CA  ")
    with pytest.raises(ReceptorError, match=r"s\.pdb, line 2 \(A:LIG:2 CL1\): .*may mean C or Cl"):
        read_records(f"{left}\n{ligand}\n{ligand.replace('CL1', 'C2 ')}", "s.pdb")


def test_mmcif_is_told_by_its_data_block() -> None:
    assert is_mmcif("# a comment\n\n  # another\nDATA_x\n")
    assert not is_mmcif("REMARK data_ of a run\n")
    with pytest.raises(ReceptorError, match="holds no atoms"):
        read_records("data_x\n_entry.id x\n", "x.cif")
    with pytest.raises(ReceptorError, match=r"cannot be read as mmCIF: .*expected block header"):
        read_records("loop_\n_atom_site.Cartn_x\n1\n", "x.cif")
    atoms = "loop_\n_atom_site.group_PDB\n_atom_site.Cartn_x\n_atom_site.Cartn_y\n"
    atoms += "_atom_site.Cartn_z\nATOM 1 2 3\n"
    with pytest.raises(ReceptorError, match=r"holds 2 structures \(one, two\): give one"):
        read_records(f"data_one\n{atoms}data_two\n{atoms}", "x.cif")


def test_mmcif_without_groups() -> None:
    columns = ("Cartn_x", "Cartn_y", "Cartn_z", "label_atom_id", "label_comp_id", "auth_seq_id")
    head = "\n".join(f"_atom_site.{each}" for each in columns)
    (record,) = read_records(f"data_x\nloop_\n{head}\n1 2 3 CA ALA 7\n", "x.cif")
    assert (record.label, record.xyz, record.hetero) == ("ALA:7 CA", (1, 2, 3), False)


def test_charges_of_autodock_are_no_segments() -> None:
    """Vina's poses have no chain, and a charge for each atom where others write segments."""
    line = PDBQT.format(name=" C1 ", residue="UNL", kind="C").replace("UNL A", "UNL  ")
    records = read_records("\n".join([line, line.replace(" 0.123", "-0.457")]), "pose.pdbqt")
    assert {each.part for each in records} == {"0"}
