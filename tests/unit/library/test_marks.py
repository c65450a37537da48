from __future__ import annotations

import pytest
from rdkit import Chem

from screenmm.library.marks import (
    both_hands,
    find_cages,
    is_contradictory,
    mark_open_cages,
    settle,
    unmark_cages,
)

ADAMANTANE = "C[C@]12C[C@]3(F)C[C@](Cl)(C1)C[C@](Br)(C2)C3"
"""Four different substituents: as chiral as a carbon with them."""


def settled(smiles: str) -> str:
    return Chem.CanonSmiles(Chem.MolToSmiles(settle(Chem.MolFromSmiles(smiles))))


@pytest.mark.parametrize(
    ("smiles", "sizes"),
    [
        ("C1C2CC1C2", [2]),  # bicyclo[1.1.1]pentane
        ("C1CC2CCC1C2", [2]),
        ("C1CC2CCC1CC2", [2]),
        ("C1C2CC3CC1CC(C2)C3", [4]),  # adamantane
        ("C12C3C4C1C5C2C3C45", [8]),  # cubane
        ("C1C2CNCC12", [2]),  # bicyclo[3.1.0]hexane: fused cis
        ("C1CC2CCCC(C1)N2", [2]),  # bicyclo[3.3.1]nonane
        ("C12CC(C1)(C2)CC12CC(C1)C2", [2, 2]),
        ("C1CCC2CCCCC2C1", []),  # decalins are cis and trans
        ("C1CC2CC2CC1", []),  # and so are bicyclo[4.1.0]heptanes
        ("C1CCC2(CC1)CCC2", []),
        ("C1CC2CCCC(C1)CCC2", []),  # bicyclo[4.4.1] and larger ones can be in,out
        ("C1=CC2C=CC1C=C2", [2]),  # barrelene
        ("c1ccc2c(c1)C1CCC2C1", [2]),
    ],
)
def test_cages_are_found(smiles: str, sizes: list[int]) -> None:
    assert sorted(map(len, find_cages(Chem.MolFromSmiles(smiles)))) == sizes


@pytest.mark.parametrize(
    ("marked", "plain"),
    [
        # as drawn by programs that mark every ring atom, both ways
        ("O=C(O)[C@]12C[C@](C(=O)NCc3ccccc3)(C1)C2", "O=C(O)C12CC(C(=O)NCc3ccccc3)(C1)C2"),
        ("O=C(O)[C@]12C[C@@](C(=O)NCc3ccccc3)(C1)C2", "O=C(O)C12CC(C(=O)NCc3ccccc3)(C1)C2"),
        ("N[C@]12C[C@H]3C[C@H](C[C@H](C3)C1)C2", "NC12CC3CC(CC(C3)C1)C2"),
        ("O[C@H]1[C@@H]2C[C@H]3C[C@@H](C2)C[C@@H]1C3", "OC1C2CC3CC(C2)CC1C3"),
        ("O[C@H]1[C@H]2CC[C@@H]1CC2", "OC1C2CCC1CC2"),
        ("CN1[C@H]2CC[C@@H]1CC2", "CN1C2CCC1CC2"),  # tropane
        ("N[C@H]1CC2(C1)C[C@H](O)C2", "NC1CC2(C1)CC(O)C2"),  # an axis, of which marks tell nothing
        ("C1NC[C@@H]2C[C@H]12", "C1NCC2CC12"),
        # only what tells nothing goes
        ("O[C@@H]1C[N@]2CC[C@@H]1CC2", "O[C@@H]1CN2CCC1CC2"),  # quinuclidinol
        ("C[C@H]1C[N@]1C", "C[C@H]1CN1C"),  # aziridines invert
        # what tells something stays
        ("N[C@H]1CC[C@@H](O)CC1", "N[C@H]1CC[C@@H](O)CC1"),
        ("CN1[C@@H]2CC[C@H]1C[C@@H](O)C2", "CN1[C@@H]2CC[C@H]1C[C@@H](O)C2"),  # tropine
        (ADAMANTANE, ADAMANTANE),
        # and is made whole: camphor with one of its marks
        ("CC1(C)[C@@H]2CCC1(C)C(=O)C2", "CC1(C)[C@@H]2CC[C@@]1(C)C(=O)C2"),
        ("CC1(C)C2CC[C@]1(C)C(=O)C2", "CC1(C)[C@H]2CC[C@]1(C)C(=O)C2"),
    ],
)  # fmt: skip
def test_marks_that_tell_nothing_are_gone(marked: str, plain: str) -> None:
    assert settled(marked) == Chem.CanonSmiles(plain)


def test_what_is_not_changed_is_the_same_object() -> None:
    for smiles in ("CCO", "C[C@H](F)Cl", "C[C@H]1CCCO1", "CC1(C)[C@@H]2CC[C@@]1(C)C(=O)C2"):
        mol = Chem.MolFromSmiles(smiles)
        assert settle(mol) is mol


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("CC1(C)[C@@H]2CC[C@@]1(C)C(=O)C2", False),
        ("CC1(C)[C@@H]2CC[C@]1(C)C(=O)C2", True),
        ("CC1(C)[C@@H]2CCC1(C)C(=O)C2", False),
        ("C1C[C@@H]2C[C@@H]1CC2", True),
        ("CCO", False),
    ],
)
def test_marks_that_exclude_each_other_are_seen(smiles: str, expected: bool) -> None:
    assert is_contradictory(Chem.MolFromSmiles(smiles)) is expected


def test_an_open_cage_gets_both_hands() -> None:
    mol = Chem.MolFromSmiles("CC1(C)C2CCC1(C)C(=O)C2")
    marked, cages = mark_open_cages(mol)
    forms = {Chem.MolToSmiles(form) for form in both_hands(marked, cages)}
    camphors = ("CC1(C)[C@@H]2CC[C@@]1(C)C(=O)C2", "CC1(C)[C@H]2CC[C@]1(C)C(=O)C2")
    assert forms == set(map(Chem.CanonSmiles, camphors))
    assert Chem.MolToSmiles(unmark_cages(marked)) == Chem.MolToSmiles(mol)
    assert mark_open_cages(marked) == (marked, [])
