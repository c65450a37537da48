import os
import random
import subprocess
import sys
from collections.abc import Callable

import pytest
from rdkit import Chem

from screenmm.core.errors import ConfigError
from screenmm.generation.proposal import Known, Proposal
from screenmm.generation.proposers import genetic
from screenmm.generation.proposers.genetic import (
    LEAST_SIZE,
    MOST_LARGER,
    UNWANTED,
    Genetic,
    append_atom,
    change_element,
    change_order,
    delete_atom,
    insert_atom,
    make_ring,
    open_ring,
)

from .odd import ODD

PARENTS = [
    Known("A", "Cc1ccc(NC(=O)c2ccccc2)cc1"),
    Known("B", "O=C(NCC1CCCCC1)c1ccncc1"),
    Known("C", "CC(C)Cc1ccc(S(N)(=O)=O)cc1"),
]
HOSTILE = [*ODD, "OB(O)c1ccccc1"]


def children(change: Callable[..., Chem.Mol | None], smiles: str) -> set[str]:
    """All that a mutation makes of a molecule in many attempts, where RDKit reads it."""
    parent = Genetic()._ready(Known("A", smiles))
    assert parent is not None
    found = set()
    for seed in range(150):
        made = change(parent, random.Random(seed))
        if made is not None and not Chem.SanitizeMol(made, catchErrors=True):
            found.add(Chem.MolToSmiles(made))
    return found


@pytest.mark.parametrize(
    ("change", "smiles", "expected"),
    [
        (append_atom, "CC", {"CCC", "CCN", "CCO", "CCF", "CCS", "CCCl"}),
        (insert_atom, "CC", {"CCC", "CNC", "COC", "CSC"}),
        (delete_atom, "CCC", {"CC"}),
        (delete_atom, "C1CC1", set()),
        (delete_atom, "CO", {"C", "O"}),
        (change_element, "CN", {"CC", "NN", "CO", "CF", "CS", "CCl", "NO", "NF", "NS", "NCl"}),
        (change_order, "CC", {"C=C"}),
        (change_order, "CC#N", {"CC=N"}),
        (change_order, "c1ccccc1", set()),
        (make_ring, "CCCCC", {"C1CCCC1"}),
        (make_ring, "CCCC", set()),
        (open_ring, "C1CCCC1", {"CCCCC"}),
        (open_ring, "c1ccccc1", set()),
    ],
)
def test_mutations_by_hand(
    change: Callable[..., Chem.Mol | None], smiles: str, expected: set[str]
) -> None:
    assert children(change, smiles) == expected


def test_aromatic_rings_stay_aromatic() -> None:
    assert "c1ccncc1" in children(change_element, "c1ccccc1")
    # on nitrogen and on both kinds of carbon
    pyrroles = children(append_atom, "c1c[nH]cc1")
    assert {"Cn1cccc1", "Cc1ccc[nH]1", "Cc1cc[nH]c1"} <= pyrroles


def test_crossover_by_hand() -> None:
    # each is cut at its one bond: a ring of one and a ring of the other
    parents = [Known("A", "c1ccc(-c2ccccc2)cc1"), Known("B", "C1CCC(C2CCCCC2)CC1")]
    found = Genetic().propose(parents, [], 200, 1)
    crossed = {each.smiles: each for each in found if each.operation == "crossover"}
    assert "c1ccc(C2CCCCC2)cc1" in crossed
    assert {frozenset(each.parents) for each in crossed.values()} == {frozenset("AB")}
    assert {each.parents for each in found if each.operation == "mutation"} == {("A",), ("B",)}


def test_rings_cross(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(genetic, "CROSSOVERS", 1.0)
    monkeypatch.setattr(genetic, "RING_CROSSOVERS", 1.0)
    found = Genetic().propose([Known("A", "CC1CCCCC1"), Known("B", "C1COCCN1")], [], 50, 1)
    # three atoms of the one's ring and three of the other's
    assert "CC1CCOCC1" in {each.smiles for each in found}
    for each in found:
        mol = Chem.MolFromSmiles(each.smiles)
        assert [len(ring) in (5, 6, 7) for ring in mol.GetRingInfo().AtomRings()] == [True]


def test_sizes_lineage_and_no_group_that_no_parent_has() -> None:
    found = Genetic().propose(PARENTS, [], 150, 3)
    assert len(found) == 150 == len({each.smiles for each in found})
    size = {each.key: Chem.MolFromSmiles(each.smiles).GetNumHeavyAtoms() for each in PARENTS}
    patterns = {name: Chem.MolFromSmarts(smarts) for name, smarts in UNWANTED.items()}
    for each in found:
        mol = Chem.MolFromSmiles(each.smiles)
        assert Chem.CanonSmiles(each.smiles) == each.smiles
        sizes = [size[key] for key in each.parents]
        assert LEAST_SIZE * min(sizes) <= mol.GetNumHeavyAtoms() <= max(sizes) + MOST_LARGER
        assert len(each.parents) == (2 if each.operation == "crossover" else 1)
        assert not [name for name, pattern in patterns.items() if mol.HasSubstructMatch(pattern)]
    assert {each.smiles for each in PARENTS}.isdisjoint(each.smiles for each in found)


@pytest.mark.parametrize(
    "smiles",
    ["COOC", "CN(C)N(C)N(C)C", "C=C=C", "CC(=O)Cl", "CNO", "CSSC", "CC(O)O", "OC=C", "C1=CC1",
     "CCCl", "CC=O", "CN=C=O", "NN", "CNN=NC", "CON", "FN(C)C", "C[NH3+]"],
)  # fmt: skip
def test_unwanted_groups_are_found(smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    assert [s for s in UNWANTED.values() if mol.HasSubstructMatch(Chem.MolFromSmarts(s))]


@pytest.mark.parametrize(
    ("name", "smiles"),
    [
        ("imatinib", "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1"),
        ("celecoxib", "Cc1ccc(-c2cc(C(F)(F)F)nn2-c2ccc(S(N)(=O)=O)cc2)cc1"),
        ("fluconazole", "OC(Cn1cncn1)(Cn1cncn1)c1ccc(F)cc1F"),
        ("caffeine", "Cn1c(=O)c2c(ncn2C)n(C)c1=O"),
        ("metformin", "CN(C)C(=N)NC(=N)N"),
        ("losartan", "CCCCc1nc(Cl)c(CO)n1Cc1ccc(-c2ccccc2-c2nnn[nH]2)cc1"),
        ("valdecoxib", "Cc1onc(-c2ccccc2)c1-c1ccc(S(N)(=O)=O)cc1"),
        ("morphine", "CN1CC[C@]23c4c5ccc(O)c4O[C@H]2[C@@H](O)C=C[C@H]3[C@H]1C5"),
        ("diazepam", "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21"),
        ("omeprazole", "COc1ccc2[nH]c(S(=O)Cc3ncc(C)c(OC)c3C)nc2c1"),
        ("benzodioxole", "c1ccc2c(c1)OCO2"),
        ("vorinostat", "O=C(CCCCCCC(=O)Nc1ccccc1)NO"),
        ("nitrobenzene", "O=[N+]([O-])c1ccccc1"),
    ],
)
def test_drugs_have_no_unwanted_group(name: str, smiles: str) -> None:
    mol = Chem.MolFromSmiles(smiles)
    hit = [n for n, s in UNWANTED.items() if mol.HasSubstructMatch(Chem.MolFromSmarts(s))]
    assert hit == []


def test_stereo_is_never_inverted() -> None:
    parents = [Known("A", "C[C@H](N)C(=O)Nc1ccccc1"), Known("B", "C/C=C/C(=O)Nc1ccncc1")]
    other = Chem.MolFromSmarts("[CH3][C@@H]([NH2])C(=O)[NH]c")
    same = Chem.MolFromSmarts("[CH3][C@H]([NH2])C(=O)[NH]c")
    cis = Chem.MolFromSmarts("[CH3]/[CH]=[CH]\\C(=O)[NH]")
    kept = 0
    for each in Genetic().propose(parents, [], 150, 5):
        mol = Chem.MolFromSmiles(each.smiles)
        assert not mol.HasSubstructMatch(other, useChirality=True)
        assert not mol.HasSubstructMatch(cis, useChirality=True)
        kept += mol.HasSubstructMatch(same, useChirality=True)
    assert kept > 10


def test_parents_take_turns_and_seeds_count() -> None:
    first, again, other = (Genetic().propose(PARENTS, [], 30, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other
    assert {each.parents[0] for each in first[:8]} == {"A", "B", "C"}


def test_processes_agree() -> None:
    program = (
        "from screenmm.generation.proposers.genetic import Genetic\n"
        "from screenmm.generation.proposal import Known\n"
        f"ps = {PARENTS!r}\n"
        "for each in Genetic().propose(ps, [], 20, 1): print(each)\n"
    )
    told = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=True,
    )
    expected: list[Proposal] = Genetic().propose(PARENTS, [], 20, 1)
    assert told.stdout.splitlines() == [str(each) for each in expected]
    assert told.stderr == ""


def test_the_core_stays() -> None:
    core = "[NX3;H1]C(=O)c"
    found = Genetic(core).propose(PARENTS, [], 60, 1)
    pattern = Chem.MolFromSmarts(core)
    assert len(found) == 60
    assert all(Chem.MolFromSmiles(each.smiles).HasSubstructMatch(pattern) for each in found)
    assert all("C" not in each.parents for each in found)
    with pytest.raises(ConfigError, match="is no SMARTS"):
        Genetic("c1cc")


def test_known_molecules_are_not_proposed() -> None:
    first = Genetic().propose(PARENTS, [], 20, 1)
    second = Genetic().propose(PARENTS, [Known("J", each.smiles) for each in first], 20, 1)
    assert not {each.smiles for each in first} & {each.smiles for each in second}


def test_odd_parents_are_silent(capfd: pytest.CaptureFixture[str]) -> None:
    parents = [Known(str(place), smiles) for place, smiles in enumerate(HOSTILE)]
    found = Genetic().propose(parents, [], 150, 1)
    assert found
    for each in found:
        mol = Chem.MolFromSmiles(each.smiles)
        assert mol is not None
        assert "." not in each.smiles
        assert not any(atom.GetNumRadicalElectrons() for atom in mol.GetAtoms())
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("parents", [[], [Known("A", "")], [Known("A", "[Na+].[Cl-]")]])
def test_no_parents_give_nothing(parents: list[Known]) -> None:
    assert Genetic().propose(parents, [], 10**6, 1) == []


def test_any_count_ends() -> None:
    found = Genetic().propose([Known("A", "CO")], [], 10**6, 1)
    assert 0 < len(found) < 20
    assert Genetic().propose(PARENTS, [], 0, 1) == []
    assert Genetic().propose(PARENTS, [], -3, 1) == []
    same = Genetic().propose([PARENTS[0], PARENTS[0]], [], 5, 1)
    assert len(same) == 5


def test_an_open_end_is_no_parent() -> None:
    open_end = Known("A", "[1*]c1ccc(CC)cc1")
    others = [Known("B", "CCOc1ccccc1"), Known("C", "CC(=O)Nc1ccccc1")]
    found = Genetic().propose([open_end, *others], [], 20, 1)
    assert found
    assert not any("A" in each.parents for each in found)
