"""SD records: hydrogens, stereo, charges, order and tags survive a round trip."""

from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

from screenmm.files.sdf import (
    has_second_mol_block,
    read_record,
    records_by_ligand,
    sd_record,
    split_records,
)
from screenmm.files.whole import write_text, write_text_gz


def made(smiles: str, seed: int = 1) -> Chem.Mol:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    assert AllChem.EmbedMolecule(mol, randomSeed=seed) == 0
    return mol


@pytest.mark.parametrize(
    "smiles",
    [
        "C[C@H](N)C(=O)O",
        "C[C@@H](N)C(=O)O",
        "F/C=C/Cl",
        "F/C=C\\Cl",
        "C[NH+](C)CC([O-])=O",
        "C[N+](=O)[O-]",
        "c1cc[nH]c1",
        "[2H]C([2H])([2H])O",
        "CS(=O)(=O)N",
    ],
)
def test_round_trip_keeps_the_molecule(smiles: str) -> None:
    mol = made(smiles)
    back = read_record(sd_record(mol, "x", {}))
    assert back.GetNumAtoms() == mol.GetNumAtoms()
    assert Chem.MolToSmiles(back) == Chem.MolToSmiles(mol)
    assert Chem.GetFormalCharge(back) == Chem.GetFormalCharge(mol)
    assert [a.GetAtomicNum() for a in back.GetAtoms()] == [a.GetAtomicNum() for a in mol.GetAtoms()]
    difference = back.GetConformer().GetPositions() - mol.GetConformer().GetPositions()
    assert abs(difference).max() <= 5.1e-5  # four decimals in the file


def test_title_and_tags_come_back_in_order() -> None:
    tags = {"zeta": 1.5, "name": "β-blocker, 2 × OH", "absent": None, "alpha": "C#N", "zero": 0}
    text = sd_record(made("CO"), "AAAA-BBBB_s1", tags)
    back = read_record(text)
    assert back.GetProp("_Name") == "AAAA-BBBB_s1"
    assert list(back.GetPropNames()) == ["zeta", "name", "alpha", "zero"]
    assert back.GetProp("name") == "β-blocker, 2 × OH"
    assert back.GetProp("zeta") == "1.5"
    assert text.endswith("\n\n$$$$\n")


def test_the_given_molecule_stays_as_it_was() -> None:
    mol = made("CO")
    mol.SetProp("_Name", "mine")
    sd_record(mol, "other", {"a": 1})
    assert mol.GetProp("_Name") == "mine"
    assert not mol.HasProp("a")


def test_same_molecule_gives_the_same_text() -> None:
    assert sd_record(made("CCO"), "x", {"a": 1}) == sd_record(made("CCO"), "x", {"a": 1})


@pytest.mark.parametrize("name", ["a.sdf", "a.sdf.gz"])
def test_records_are_split_in_order_and_verbatim(tmp_path: Path, name: str) -> None:
    records = [sd_record(made(s), s, {"n": i}) for i, s in enumerate(("C", "CC", "CO"))]
    write = write_text_gz if name.endswith(".gz") else write_text
    write(tmp_path / name, "".join(records))
    assert list(split_records(tmp_path / name)) == records


def test_large_molecule_is_written_as_v3000() -> None:
    mol = Chem.RWMol()
    for number in range(1200):
        mol.AddAtom(Chem.Atom(6))
        if number:
            mol.AddBond(number - 1, number, Chem.BondType.SINGLE)
    chain = mol.GetMol()
    chain.UpdatePropertyCache()
    conformer = Chem.Conformer(1200)
    for number in range(1200):
        conformer.SetAtomPosition(number, (float(number), 0.5, -1.25))
    chain.AddConformer(conformer)
    text = sd_record(chain, "long", {"a": 1})
    assert "V3000" in text.splitlines()[3]
    back = read_record(text)
    assert back.GetNumAtoms() == 1200
    assert back.GetNumBonds() == 1199
    assert back.GetProp("a") == "1"
    assert list(back.GetConformer().GetAtomPosition(1199)) == [1199.0, 0.5, -1.25]


@pytest.mark.parametrize("text", ["", "nonsense\n$$$$\n", "x\n\n\n  1  0  0\n$$$$\n"])
def test_unreadable_record_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="not a readable SD record"):
        read_record(text)


def test_line_breaks_in_a_value_do_not_break_the_record() -> None:
    text = sd_record(made("C"), "x", {"note": "one\n\ntwo", "next": "y"})
    back = read_record(text)
    assert back.GetProp("note") == "one  two"
    assert back.GetProp("next") == "y"


def test_records_are_grouped_by_ligand(tmp_path: Path) -> None:
    mol = Chem.MolFromSmiles("CCO")
    titles = ["AAAA-B-N_s1_p1", "AAAA-B-N_s2_p1", "CCCC-D-N_s1_p1"]
    path = tmp_path / "poses.sdf.gz"
    write_text_gz(path, "".join(sd_record(mol, title, {}) for title in titles))
    grouped = records_by_ligand(path)
    assert [(ligand, len(records)) for ligand, records in grouped] == [
        ("AAAA-B-N", 2),
        ("CCCC-D-N", 1),
    ]


V2000 = Chem.MolToMolBlock(Chem.MolFromSmiles("CCO"))
V3000 = Chem.MolToV3KMolBlock(Chem.MolFromSmiles("CCN"))
UNSTAMPED = V2000.replace(" V2000", "")
NAMED = f"name{V2000}"


@pytest.mark.parametrize("second", [V2000, V3000, NAMED, V2000.replace("M  END\n", ""), UNSTAMPED])
@pytest.mark.parametrize("items", ["", ">  <a>  (1) \n\n\n", "> <a>\n\n", "> <a>\n> x\ny\n\n\n"])
@pytest.mark.parametrize("first", [V2000, V3000])
def test_a_second_mol_block_is_seen(first: str, items: str, second: str) -> None:
    assert has_second_mol_block(f"{first}{items}{second}".splitlines())


@pytest.mark.parametrize(
    "items",
    [
        "",
        "> <a>\nM  END\n  3  2  0  0  0  0  0  0  0  0999 V2000\n\n",
        f"> <a>\n{V2000}\n> <b>\n{NAMED}\n> <c>\n{V3000}\n",
        "> <a>\nx\n\nof an earlier V2000\nThe M  END\n\n",
    ],
)
@pytest.mark.parametrize("block", [V2000, V3000, UNSTAMPED])
def test_data_items_may_hold_anything(block: str, items: str) -> None:
    assert not has_second_mol_block(f"{block}{items}".splitlines())
