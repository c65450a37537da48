from __future__ import annotations

from pathlib import Path

import gemmi
import numpy as np
import pytest
from rdkit import Chem

from screenmm.config.settings import Pocket, Receptor
from screenmm.core.errors import PocketError
from screenmm.receptor.ligand_file import read_molecule, read_molecules
from screenmm.receptor.pocket import heavy_positions
from screenmm.receptor.prepare import choose_residues


@pytest.fixture
def pdb(tyk2_ligands: list[Chem.Mol]) -> list[str]:
    """The demo's first ligand as PDB records, heavy atoms only: 20 of them and END."""
    block = Chem.MolToPDBBlock(Chem.RemoveHs(tyk2_ligands[0]), flavor=2)
    return [line for line in block.splitlines() if line.startswith("HETATM")]


def labelled(lines: list[str], labels: str, occupancy: float = 1.0) -> list[str]:
    """Give each record an alternate location; a blank gives none."""
    return [
        f"{line[:16]}{label}{line[17:54]}{occupancy:6.2f}{line[60:]}"
        for line, label in zip(lines, labels, strict=True)
    ]


def written(folder: Path, lines: list[str]) -> Path:
    path = folder / "ligand.pdb"
    path.write_text("\n".join([*lines, "END", ""]))
    return path


def test_half_of_the_atoms_in_one_alternate(pdb: list[str], tmp_path: Path) -> None:
    half = len(pdb) // 2
    mixed = labelled(pdb, " " * half + "B" * (len(pdb) - half))
    found = read_molecule(written(tmp_path, mixed))
    assert found.GetNumHeavyAtoms() == len(pdb)
    assert found.GetProp("chosen") == "alternate locations: kept B"


def test_the_fuller_alternate_is_kept_and_ties_go_by_label(pdb: list[str], tmp_path: Path) -> None:
    moved = [f"{line[:30]}{float(line[30:38]) + 1:8.3f}{line[38:]}" for line in pdb]
    count = len(pdb)
    for own, other, kept in ((0.4, 0.6, "C"), (0.5, 0.5, "B"), (0.6, 0.4, "B")):
        both = labelled(pdb, "B" * count, own) + labelled(moved, "C" * count, other)
        found = read_molecule(written(tmp_path, both))
        assert found.GetProp("chosen").startswith(f"alternate locations: kept {kept}, left")
        shift = heavy_positions(found) - heavy_positions(read_molecule(written(tmp_path, pdb)))
        assert np.allclose(shift[:, 0], 1 if kept == "C" else 0, atol=2e-3)


def test_alternates_of_two_groups_are_settled_each(pdb: list[str], tmp_path: Path) -> None:
    rest = len(pdb) - 6
    lines = labelled(pdb, "AAACCC" + " " * rest, 0.3) + labelled(pdb[:6], "BBBDDD", 0.7)
    found = read_molecule(written(tmp_path, lines))
    assert found.GetProp("chosen") == "alternate locations: kept B, left out A; kept D, left out C"
    assert found.GetNumHeavyAtoms() == len(pdb)


def test_no_complete_alternate_is_an_error_that_names_them(pdb: list[str], tmp_path: Path) -> None:
    lines = labelled(pdb[1:], "A" * (len(pdb) - 1)) + labelled(pdb[:-1], "B" * (len(pdb) - 1))
    first, last = pdb[0][12:16].strip(), pdb[-1][12:16].strip()
    with pytest.raises(PocketError, match=f"complete: A lacks {first}; B lacks {last}. Leave one"):
        read_molecule(written(tmp_path, lines))


def test_two_ligands_as_alternates(pdb: list[str], tmp_path: Path) -> None:
    other = [line.replace("UNL", "LIG") for line in labelled(pdb, "B" * len(pdb))]
    with pytest.raises(PocketError, match="holds LIG and UNL as alternates of one residue"):
        read_molecule(written(tmp_path, labelled(pdb, "A" * len(pdb)) + other))


def test_atoms_twice_in_one_place(pdb: list[str], tmp_path: Path) -> None:
    with pytest.raises(
        PocketError, match=r"atoms \w+ and \w+ are in one place .* 20 such pairs|in"
    ):
        read_molecule(written(tmp_path, pdb + pdb))


def test_several_models(pdb: list[str], tmp_path: Path) -> None:
    lines = ["MODEL        1", *pdb, "ENDMDL", "MODEL        2", *pdb, "ENDMDL"]
    with pytest.raises(PocketError, match="several models: leave one"):
        read_molecule(written(tmp_path, lines))


def test_ligand_and_water(pdb: list[str], tmp_path: Path) -> None:
    water = "HETATM 9999  O   HOH A 900      10.000  10.000  10.000  1.00  0.00           O"
    with pytest.raises(PocketError, match=r"holds 2 molecules that no bond joins.*, O1: leave"):
        read_molecule(written(tmp_path, [*pdb, water]))


def test_hydrogens_alone(tmp_path: Path) -> None:
    atom = "HETATM    1  H1  LIG A   1      10.000  10.000  10.000  1.00  0.00           H"
    with pytest.raises(PocketError, match="holds no heavy atoms"):
        read_molecule(written(tmp_path, [atom]))


def test_mmcif_is_read_as_pdb_is(pdb: list[str], tmp_path: Path) -> None:
    path = written(tmp_path, pdb)
    gemmi.read_structure(str(path)).make_mmcif_document().write_file(str(tmp_path / "ligand.cif"))
    expected = heavy_positions(read_molecule(path))
    assert np.allclose(heavy_positions(read_molecule(tmp_path / "ligand.cif")), expected)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("_atom_site.id\n", "expected block header"),
        ("data_x\n_entry.id 1\n_entry.id 2\n", "duplicate tag _entry.id"),
        ("data_x\n_entry.id x\n", "holds no atom sites"),
    ],
)
def test_mmcif_that_cannot_be_read(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "ligand.cif"
    path.write_text(text)
    with pytest.raises(PocketError, match=rf"ligand\.cif .*{fault}"):
        read_molecule(path)


def test_several_records(tyk2_ligands: list[Chem.Mol], tmp_path: Path) -> None:
    path = tmp_path / "two.sdf"
    block = Chem.MolToMolBlock(tyk2_ligands[0])
    path.write_text(f"{block}$$$$\n{block}$$$$\n")
    assert len(read_molecules(path)) == 2
    with pytest.raises(PocketError, match="holds 2 molecules: leave the one that is meant"):
        read_molecule(path)
    first = read_molecule(path, first_of_several=True)
    name = tyk2_ligands[0].GetProp("_Name")
    assert first.GetProp("chosen") == f"the first of 2 molecules in the file, {name}"
    path.write_text(f"{block}$$$$\nnot a molecule\n$$$$\n")
    with pytest.raises(PocketError, match="molecule 2 of 2 cannot be read"):
        read_molecules(path)


def test_dummy_atoms(tyk2_ligands: list[Chem.Mol], tmp_path: Path) -> None:
    marked = Chem.RWMol(tyk2_ligands[0])
    marked.GetAtomWithIdx(3).SetAtomicNum(0)
    (tmp_path / "dummy.mol").write_text(Chem.MolToMolBlock(marked, kekulize=False))
    with pytest.raises(PocketError, match="atom 4 is of no element"):
        read_molecule(tmp_path / "dummy.mol")


def test_choice_of_alternates_is_reported(
    tyk2_protein: Path, pdb: list[str], tmp_path: Path
) -> None:
    path = written(tmp_path, labelled(pdb, "B" * len(pdb)))
    structure, pocket, _ = choose_residues(Receptor(structure=tyk2_protein), Pocket(ligand=path))
    assert pocket.reference is not None
    assert pocket.reference.GetNumHeavyAtoms() == len(pdb)
    said = [each for each in structure.changes if each.kind == "reference ligand"]
    assert [(each.residue, each.detail) for each in said] == [
        ("ligand.pdb", "alternate locations: kept B")
    ]


@pytest.mark.parametrize("name", ["two.sdf", "two.mol"])
def test_mol_blocks_without_dollars_between_them(
    tyk2_ligands: list[Chem.Mol], tmp_path: Path, name: str
) -> None:
    first, second = (Chem.MolToMolBlock(each) for each in tyk2_ligands[:2])
    path = tmp_path / name
    path.write_text(first + second)
    with pytest.raises(PocketError, match=r"two mol blocks without \$\$\$\$ between them: put"):
        read_molecules(path)
    path.write_text(f"{first}$$$$\n{second}")
    assert len(read_molecules(path)) == 2
