from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from screenmm.core.errors import LigandError, Reason
from screenmm.generation.blocks import (
    LARGE,
    REPEATED,
    blocks_of,
    index_blocks,
    read_blocks,
    standard_block,
)
from screenmm.generation.reactions import (
    INCOMPATIBLE,
    NO_GROUP,
    SEVERAL_GROUPS,
    named_reactions,
    read_molecule,
)

ROWS = [
    ("OC(=O)c1ccccc1", "benzoic acid"),
    ("NCc1ccccc1", "benzylamine"),
    ("C1COCCN1", "morpholine"),
    ("OB(O)c1ccccc1", "phenylboronic acid"),
]


def smiles_of(rows: list[tuple[str, str]], reaction: str, place: int) -> list[str]:
    blocks = index_blocks(rows)
    return [blocks.smiles[row] for row in blocks.of(reaction, place)]


def test_blocks_stand_under_their_roles() -> None:
    assert smiles_of(ROWS, "amide coupling", 0) == ["O=C(O)c1ccccc1"]
    assert smiles_of(ROWS, "amide coupling", 1) == ["C1COCCN1", "NCc1ccccc1"]
    assert smiles_of(ROWS, "Suzuki coupling", 0) == ["OB(O)c1ccccc1"]
    assert smiles_of(ROWS, "Suzuki coupling", 1) == []
    assert smiles_of(ROWS, "no such reaction", 0) == []


def test_members_are_those_that_fit_by_themselves() -> None:
    blocks = index_blocks(ROWS)
    for reaction in named_reactions():
        for place in (0, 1):
            mols = [read_molecule(smiles) for smiles in blocks.smiles]
            alone = [n for n, mol in enumerate(mols) if mol and reaction.fits(place, mol)]
            assert blocks.of(reaction.name, place).tolist() == alone


def test_order_and_repeats_of_the_rows_change_nothing() -> None:
    one, other = index_blocks(ROWS), index_blocks([*ROWS[::-1], ("c1ccccc1CN", "again")])
    assert one.smiles == other.smiles == tuple(sorted(one.smiles))
    assert one.members.keys() == other.members.keys()
    assert all(np.array_equal(one.members[key], other.members[key]) for key in one.members)
    assert other.refused == {REPEATED: 1}
    assert other.names[other.places["NCc1ccccc1"]] == "again"


def test_why_blocks_are_refused() -> None:
    rows = [
        ("CCCC", ""),
        ("Brc1ccc(Br)cc1", ""),
        ("NCC(=O)O", ""),
        ("C1CC", ""),
        ("", ""),
        ("C" * 41, ""),
        ("[Na+].[Cl-]", ""),
    ]
    blocks = index_blocks(rows)
    assert len(blocks) == 1
    # glycine: SNAr leaves its acid alone
    assert blocks.smiles == ("NCC(=O)O",)
    assert blocks.refused == {
        NO_GROUP: 1,
        SEVERAL_GROUPS: 1,
        LARGE: 1,
        "invalid_structure": 2,
        "no_organic_fragment": 1,
    }
    assert index_blocks([("OB(O)c1ccc(Br)cc1", "")]).refused == {INCOMPATIBLE: 1}
    assert index_blocks([]).refused == {}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("Cl.NCc1ccccc1", "NCc1ccccc1"),
        ("[NH3+]Cc1ccccc1.[Cl-]", "NCc1ccccc1"),
        ("[Na+].[O-]C(=O)c1ccccc1", "O=C(O)c1ccccc1"),
        ("O=[N+]([O-])c1ccc(N)cc1", "Nc1ccc([N+](=O)[O-])cc1"),
        ("[N-]=[N+]=NCc1ccccc1", "[N-]=[N+]=NCc1ccccc1"),
        ("OB(O)c1cc[nH+]cc1.[Cl-]", "OB(O)c1ccncc1"),
        ("[NH2:1][CH3:2]", "CN"),
        ("C[C@H](N)C(=O)OC", "COC(=O)[C@H](C)N"),
        ("[13CH3]N", "[13CH3]N"),
    ],
)
def test_blocks_are_made_neutral(given: str, expected: str) -> None:
    assert standard_block(given) == expected


def test_unreadable_blocks_say_why() -> None:
    with pytest.raises(LigandError, match="'C1CC' cannot be read") as error:
        standard_block("C1CC")
    assert error.value.reason == Reason.INVALID_STRUCTURE


def test_files_are_read_as_libraries_are(tmp_path: Path) -> None:
    (tmp_path / "a.smi").write_text("NCc1ccccc1 benzylamine\nC1CC broken\n", encoding="utf-8")
    (tmp_path / "a.csv").write_text("smiles,name\nNCc1ccccc1,benzylamine\n", encoding="utf-8")
    assert list(read_blocks(tmp_path / "a.csv")) == [("NCc1ccccc1", "benzylamine")]
    blocks = index_blocks(read_blocks(tmp_path / "a.smi"))
    assert blocks.smiles == ("NCc1ccccc1",)
    assert blocks.refused == {"invalid_structure": 1}


def test_blocks_of_a_library_make_its_molecules() -> None:
    assert blocks_of(["CNC(=O)c1ccccc1", "C1CC", "CCC"]) == ["CN", "O=C(O)c1ccccc1"]
    library = ["O=C(Nc1ccnc(NC(=O)C2CC2)c1)c1c(Cl)cccc1Cl", "Cc1ccc(cc1)S(=O)(=O)N1CCOCC1"]
    found = blocks_of(library)
    assert len(index_blocks((each, "") for each in found)) == len(found)


def test_similarity_is_tanimotos() -> None:
    blocks = index_blocks(ROWS)
    rows = np.arange(len(blocks))
    found = blocks.similarity("NCc1ccccc1", rows)
    assert found[blocks.places["NCc1ccccc1"]] == 1
    assert (found >= 0).all()
    assert (np.delete(found, blocks.places["NCc1ccccc1"]) < 1).all()


def test_blocks_of_an_sdf_are_read(tmp_path: Path) -> None:
    path = tmp_path / "blocks.sdf"
    with Chem.SDWriter(str(path)) as writer:
        for name, smiles in (("acid", "OC(=O)c1ccccc1"), ("amine", "C1COCCN1")):
            mol = Chem.MolFromSmiles(smiles)
            mol.SetProp("_Name", name)
            writer.write(mol)
    found = index_blocks(read_blocks(path))
    assert dict(zip(found.smiles, found.names, strict=True)) == {
        "C1COCCN1": "amine", "O=C(O)c1ccccc1": "acid",
    }  # fmt: skip
