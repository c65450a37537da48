"""Stereochemistry of generated molecules: one compound = one key, drawn stereo = states."""

from __future__ import annotations

import random

from hypothesis import assume, given
from hypothesis import strategies as st
from rdkit import Chem, rdBase
from rdkit.Chem import rdDepictor

from screenmm.config.settings import Ligands
from screenmm.library.marks import is_contradictory
from screenmm.library.standardise import Parent, standardise
from screenmm.ligands.conformers import embed
from screenmm.ligands.states import enumerate_states, stereoisomers

SETTINGS = Ligands(conformer_trials=1, max_states=64, max_stereoisomers=64)
CAGES = (
    "C1C2CC1C2",  # bicyclo[1.1.1]pentane
    "C12C3C4C1C5C2C3C45",  # cubane
    "C1CC2CCC1CC2",
    "C1CC2CCC1C2",
    "C1CN2CCC1CC2",
    "C1C2CC3CC1CC(C2)C3",  # adamantane
    "C1CC2CC(C1)C2",
    "C1CC2CCCC(C1)N2",
    "C1CC2CCC(C1)N2",
    "C1CC2CC1CN2",
    "C1OC2CC1C2",
    "C1C2CNCC12",
)
RINGS = ("C1CCC1", "C1CCCCC1", "C1CC2(C1)CCC2", "C1CC2(C1)CCNCC2", "C1CCC2(CC1)CC2", "C1CCC1CC")
SUBSTITUENTS = ("C", "O", "N", "F", "C#N", "C(=O)O", "c1ccccc1", "C(=O)NC", "CO")
CENTRES = ("[C@H](C){}", "[C@@H](F){}", "[C@](C)(O){}", "[C@@H](N){}", "[C@H](CO){}")


def substituted(skeleton: str, places: list[int], groups: list[str]) -> str:
    """SMILES of a skeleton with substituents in place of hydrogens."""
    mol = Chem.RWMol(Chem.MolFromSmiles(skeleton))
    for place, group in zip(places, groups, strict=True):
        mol.UpdatePropertyCache()
        free = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetTotalNumHs()]
        atom = free[place % len(free)]
        added = Chem.MolFromSmiles(group)
        first = mol.GetNumAtoms()
        mol.InsertMol(added)
        mol.AddBond(atom, first, Chem.BondType.SINGLE)
        for index in (atom, first):
            mol.GetAtomWithIdx(index).SetNumExplicitHs(0)
    Chem.SanitizeMol(mol)
    return Chem.MolToSmiles(mol)


@st.composite
def molecules(draw: st.DrawFn, skeletons: tuple[str, ...]) -> str:
    """A skeleton with up to three substituents."""
    count = draw(st.integers(0, 3))
    places = draw(st.lists(st.integers(0, 50), min_size=count, max_size=count))
    groups = draw(
        st.lists(st.sampled_from(SUBSTITUENTS), min_size=count, max_size=count)
    )  # fmt: skip
    smiles = substituted(draw(st.sampled_from(skeletons)), places, groups)
    assume(Chem.MolFromSmiles(smiles).GetNumHeavyAtoms() > 3)
    return smiles


@st.composite
def chains(draw: st.DrawFn) -> str:
    """A chain of one to four drawn centres between two different ends."""
    centres = draw(st.lists(st.sampled_from(CENTRES), min_size=1, max_size=4))
    inner = "c1ccccc1"
    for centre in centres:
        inner = centre.format(inner)
    return f"OC(=O)C{inner}"


def respelled(smiles: str, seed: int) -> str:
    """The same molecule from another atom on, its stereo groups with it."""
    mol = Chem.MolFromSmiles(smiles)
    order = list(range(mol.GetNumAtoms()))
    random.Random(seed).shuffle(order)
    parameters = Chem.SmilesWriteParams()
    parameters.canonical = False
    return str(
        Chem.MolToCXSmiles(
            Chem.RenumberAtoms(mol, order),
            parameters,
            int(Chem.CXSmilesFields.CX_ENHANCEDSTEREO),
            Chem.RestoreBondDirOption.RestoreBondDirOptionClear,
        )
    )


def drawn(smiles: str, *, v3000: bool) -> str:
    """Mol block of a 2D drawing with wedges."""
    mol = Chem.MolFromSmiles(smiles)
    rdDepictor.Compute2DCoords(mol)
    block: str = Chem.MolToMolBlock(mol, forceV3000=v3000)
    return block


def parent(structure: str) -> Parent:
    kind = "molblock" if "M  END" in structure else "smiles"
    return standardise(structure, kind, SETTINGS)


def drawing_is_true(smiles: str) -> bool:
    """Whether RDKit reads its own drawing: cages overlap in two dimensions."""
    with rdBase.BlockLogs():
        read = Chem.MolFromMolBlock(drawn(smiles, v3000=False))
    return bool(Chem.MolToSmiles(read) == Chem.MolToSmiles(Chem.MolFromSmiles(smiles)))


@given(smiles=molecules(CAGES + RINGS), choice=st.integers(0, 63), seed=st.integers(0, 999))
def test_one_isomer_has_one_key_in_every_format(smiles: str, choice: int, seed: int) -> None:
    isomers = stereoisomers(parent(smiles).smiles, 64)
    isomer = isomers[choice % len(isomers)]
    posed = embed(isomer, seed + 1, SETTINGS)
    spelled = [respelled(isomer, seed), Chem.MolToMolBlock(posed), Chem.MolToV3KMolBlock(posed)]
    if drawing_is_true(isomer):
        spelled += [drawn(isomer, v3000=False), drawn(isomer, v3000=True)]
    found = {parent(text).inchikey for text in [isomer, *spelled]}
    assert len(found) == 1
    # a molecule of one form has the key that it has without any mark
    if len(isomers) == 1:
        assert found == {parent(smiles).inchikey}


@given(smiles=molecules(CAGES + RINGS))
def test_isomers_are_different_and_can_exist(smiles: str) -> None:
    isomers = stereoisomers(parent(smiles).smiles, 64)
    keys = [parent(isomer).inchikey for isomer in isomers]
    assert len(set(keys)) == len(keys)
    assert not any(is_contradictory(Chem.MolFromSmiles(isomer)) for isomer in isomers)


@given(smiles=chains())
def test_states_keep_what_is_drawn(smiles: str) -> None:
    key = parent(smiles).inchikey
    states = enumerate_states(parent(smiles).smiles, SETTINGS)
    assert {parent(state).inchikey for state in states} == {key}


@given(smiles=chains(), split=st.integers(1, 15), signs=st.tuples(*[st.sampled_from("&o")] * 2),
       seed=st.integers(0, 999))  # fmt: skip
def test_a_bottle_has_one_key_and_the_states_of_its_isomers(
    smiles: str, split: int, signs: tuple[str, str], seed: int
) -> None:
    mol = Chem.MolFromSmiles(smiles)
    centres = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetChiralTag()]
    assume(centres)
    halves = [[c for i, c in enumerate(centres) if (split >> i) % 2 == part] for part in (0, 1)]
    told = [
        f"{sign}{number}:{','.join(map(str, half))}"
        for number, (sign, half) in enumerate(zip(signs, halves, strict=True), start=1)
        if half
    ]
    bottle = f"{smiles} |{','.join(told)}|"
    one = parent(bottle)
    others = [respelled(bottle, seed), drawn(bottle, v3000=True), one.smiles]
    assert {parent(other).inchikey for other in others} == {one.inchikey}
    # told apart from each isomer in it and from the undefined compound
    isomers = {parent(isomer).inchikey for isomer in stereoisomers(one.smiles, 64)}
    undefined = Chem.MolToSmiles(mol, isomericSmiles=False)
    assert one.inchikey not in isomers | {parent(undefined).inchikey}
    assert len(isomers) == 2 ** sum(map(bool, halves))
    assert {parent(s).inchikey for s in enumerate_states(one.smiles, SETTINGS)} == isomers


CHOICES = st.lists(st.sampled_from(("", "&1", "&2", "o3")), min_size=8, max_size=8)


@given(smiles=molecules(CAGES + RINGS), choice=st.integers(0, 63), seed=st.integers(0, 999),
       chosen=CHOICES)  # fmt: skip
def test_a_bottle_of_rings_has_one_key_and_its_isomers(
    smiles: str, choice: int, seed: int, chosen: list[str]
) -> None:
    isomers = stereoisomers(parent(smiles).smiles, 64)
    isomer = isomers[choice % len(isomers)]
    marked = [
        atom.GetIdx() for atom in Chem.MolFromSmiles(isomer).GetAtoms() if atom.GetChiralTag()
    ]
    groups = {name: [a for a, of in zip(marked, chosen, strict=False) if of == name]
              for name in sorted(set(chosen) - {""})}  # fmt: skip
    told = [f"{name}:{','.join(map(str, atoms))}" for name, atoms in groups.items() if atoms]
    assume(told)
    bottle = f"{isomer} |{','.join(told)}|"
    one = parent(bottle)
    assert {parent(each).inchikey for each in (one.smiles, respelled(bottle, seed))} == {
        one.inchikey
    }
    keys = [parent(each).inchikey for each in stereoisomers(one.smiles, 64)]
    assert len(set(keys)) == len(keys)
    # a group of which nothing is open is none
    assert ("|" in one.smiles) == (len(keys) > 1)
    assert (one.inchikey in keys) == (len(keys) == 1)
