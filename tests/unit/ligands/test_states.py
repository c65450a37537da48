from __future__ import annotations

import pytest
from rdkit import Chem

from screenmm.errors import LigandError, Reason
from screenmm.ligands.states import enumerate_states, find_states, stereoisomers
from screenmm.ligands.tautomers import tautomers
from screenmm.settings import Ligands

SETTINGS = Ligands()


def inchi_layers(smiles: str) -> str:
    return Chem.MolToInchi(Chem.MolFromSmiles(smiles))


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("Cc1cnc[nH]1", {"Cc1cnc[nH]1", "Cc1c[nH]cn1"}),
        ("Cc1cc[nH]n1", {"Cc1cc[nH]n1", "Cc1ccn[nH]1"}),
        ("Oc1ccccn1", {"O=c1cccc[nH]1"}),
        ("O=c1cc[nH]c(=O)[nH]1", {"O=c1cc[nH]c(=O)[nH]1"}),
        ("Nc1ncnc2[nH]cnc12", {"Nc1ncnc2[nH]cnc12", "Nc1ncnc2nc[nH]c12"}),  # 9H, 7H
        ("CC(=O)CC(C)=O", {"CC(=O)CC(C)=O"}),
        ("CC(=O)[C@H](O)C", {"CC(=O)[C@@H](C)O"}),
    ],
)
def test_tautomers_move_hydrogens_between_hetero_atoms(smiles: str, expected: set[str]) -> None:
    assert set(tautomers(smiles)) == {Chem.CanonSmiles(s) for s in expected}


def test_tautomers_move_no_charge_of_an_inner_salt() -> None:
    squaraine = (
        "C[N+](C)=C1C=CC(=C2C(=O)C(c3ccc(CCc4nnn[nH]4)cc3O)=C2[O-])C(O)=C1"  # and a tetrazole
    )
    dye = Chem.MolFromSmiles("C[N+](C)=C1C=CC(=C2C(=O)C(c3ccccc3O)=C2[O-])C(O)=C1")
    found = tautomers(squaraine)
    assert len(found) == 2
    assert all(Chem.MolFromSmiles(other).HasSubstructMatch(dye) for other in found)


def test_tautomers_share_the_standard_inchi() -> None:
    for smiles in ("Nc1nc2[nH]cnc2c(=O)[nH]1", "Cc1nnc[nH]1", "c1ccc2[nH]ncc2c1"):
        found = tautomers(smiles)
        assert len(found) > 1
        assert len({inchi_layers(s) for s in found}) == 1


@pytest.mark.parametrize(
    ("smiles", "count"),
    [
        ("CC(N)C(=O)O", 2),
        ("C[C@H](N)C(=O)O", 1),
        ("OC(F)C(F)O", 3),  # one meso
        ("CC=CC", 2),
        ("CC(O)C=CC", 4),
        ("C1CC2CCC1C2", 1),
        ("OC1CC2CCC1C2", 4),  # exo and endo, each in two hands
        ("COP(=O)(O)OC", 1),  # an acid phosphorus is no centre
        ("CN=C(NC)NC#N", 1),  # nor has a guanidine cis and trans
        ("C[N+](CC)(CCC)CCCC", 2),
        ("CCN(C)CCC", 1),
        ("OC(=O)C12CC(C1)(C2)C(=O)N", 1),  # cages of one form
        ("NC12CC3CC(CC(C3)C1)C2", 1),
        ("OC(=O)C12C3C4C5C3C1C5C24", 1),
        ("NC1C2CC3CC1CC(O)(C3)C2", 2),  # cis and trans
        ("CC12CCC(CC1=O)C2(C)C", 2),  # camphor in two hands
        ("CN1C2CCC1CC(O)C2", 2),  # tropine and pseudotropine
        ("CN1C2CCCC1CC(N)C2", 2),  # no bridgehead points inwards
        ("CC1C2CC1C2C", 3),
        ("NC1C2CNCC12", 2),
        ("OC1CC(N)C1", 2),
        ("C[C@H](N)c1ccccc1 |&1:1|", 2),  # stereo groups
        ("C[C@H](N)c1ccccc1 |o1:1|", 2),
        ("C[C@H](N)c1ccccc1 |a:1|", 1),
        ("C[C@H](F)[C@H](O)CN |&1:1,3|", 2),
        ("C[C@H](F)[C@H](O)CN |&1:1,o1:3|", 4),
        ("C[C@H](F)[C@H](O)C(Cl)N |&1:1,3|", 4),
    ],
)
def test_undefined_stereo(smiles: str, count: int) -> None:
    found = stereoisomers(smiles, 16)
    assert len(found) == count
    assert len({inchi_layers(s) for s in found}) == count


def test_resonance_forms_are_one_state() -> None:
    assert enumerate_states("Cc1nnn[nH]1", SETTINGS) == ["Cc1nnn[n-]1"]


def test_every_isomer_has_its_first_state_before_any_has_two() -> None:
    states = enumerate_states("C[C@H](F)C(N)Cc1cnc[nH]1", Ligands(max_states=4))
    assert len(states) == 4
    assert all("c1cnc[nH]1" in state for state in states[:2])
    assert enumerate_states("C[C@H](F)C(N)Cc1cnc[nH]1", Ligands(max_states=2)) == states[:2]


def test_limits_hold() -> None:
    many = "CC(O)C(N)C(O)C(F)C(Cl)C(Br)Cc1cnc[nH]1"
    assert len(enumerate_states(many, Ligands(max_stereoisomers=64, max_states=5))) == 5
    assert len(stereoisomers(many, 7)) == 7
    assert len(enumerate_states(many, Ligands(max_stereoisomers=1, tautomers=False))) == 1


def test_the_spelling_of_the_input_does_not_matter_to_the_set() -> None:
    spelled = ("NC(Cc1cnc[nH]1)C(=O)O", "OC(=O)C(N)Cc1cnc[nH]1")
    a, b = (set(enumerate_states(s, SETTINGS)) for s in spelled)
    assert a == b


def test_what_cannot_be_enumerated_says_so() -> None:
    with pytest.raises(LigandError, match="no states of") as caught:
        enumerate_states("c1cccc1", SETTINGS)
    assert caught.value.reason == Reason.ENUMERATION_FAILED


def test_isomers_of_a_bridged_system_can_exist() -> None:
    # the two bridgeheads are tied to each other: 2 × 2 isomers of the 8 drawn
    smiles = "CC(=O)N1CC2CC1CN2C(=O)CC1(C(=O)Nc2cncc3ccccc23)CCOc2ccc(Cl)cc21"
    found = stereoisomers(smiles, 8)
    assert len(found) == 4


def test_isomers_without_a_state_are_said() -> None:
    many = "CC(O)C(N)C(O)C(F)C(Cl)C(Br)C"
    found = find_states(many, Ligands(max_stereoisomers=4, max_states=4))
    assert len(found.smiles) == 4
    assert found.left_out == (
        "4 of up to 64 stereoisomers have states: raise ligands.max_stereoisomers for more"
    )
    few = find_states("CC(O)C(N)CC |&1:1,3|", Ligands(max_stereoisomers=4, max_states=2))
    assert (
        few.left_out == "2 of up to 4 stereoisomers have states: raise ligands.max_states for more"
    )
    assert find_states("CC(O)C(N)CC", Ligands(max_stereoisomers=4, max_states=4)).left_out == ""
    # 8 drawings of 2 molecules are no 8 isomers
    assert find_states("CC1CC(C)CC(C)C1", Ligands(max_stereoisomers=8)).left_out == ""
