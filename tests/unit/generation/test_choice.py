import math
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from screenmm.generation.arms import Arm, propose_for
from screenmm.generation.choice import (
    Candidate,
    best_parents,
    blind_parents,
    choose_blind,
    choose_learned,
    scaffold,
    shared_out,
)
from screenmm.generation.proposal import Known, Proposal

BENZENES = ["c1ccccc1", "Cc1ccccc1", "CCc1ccccc1", "OC(=O)c1ccccc1", "Nc1ccccc1"]
OTHERS = ["c1ccncc1", "c1ccsc1", "C1CCCCC1", "c1ccc2ccccc2c1", "c1ccc(-c2ccccc2)cc1"]
ACYCLIC = ["CCO", "CCN", "CC(=O)O", "CCCC", "CCOC"]
SMILES = [*BENZENES, *OTHERS, *ACYCLIC]
MANY = 1000
"""A limit that does not bind."""

CHOICES = [choose_learned, choose_blind]


def candidates(
    smiles: list[str], predicted: list[float | None] | None = None, parents: str = ""
) -> list[Candidate]:
    """Molecules named by small letters, each with a parent of the letter that stands there."""
    values = predicted or [None] * len(smiles)
    return [
        Candidate(chr(ord("a") + n), each, tuple(parents[n : n + 1]), value)
        for n, (each, value) in enumerate(zip(smiles, values, strict=True))
    ]


def keys(chosen: list[Candidate]) -> str:
    return "".join(each.key for each in chosen)


def knowns(smiles: list[str], values: list[float | None]) -> list[Known]:
    return [
        Known(chr(ord("a") + n), each, value)
        for n, (each, value) in enumerate(zip(smiles, values, strict=True))
    ]


def test_scaffolds_by_hand() -> None:
    assert [scaffold(each) for each in ("Cc1ccccc1", "CCO", "C[C@H](F)C1CC1")] == [
        "c1ccccc1", "", "C1CC1",
    ]  # fmt: skip
    # one scaffold, whatever its centres are
    assert scaffold("C1C[C@@H]2CC[C@H]1C2") == scaffold("C1CC2CCC1C2")


def test_the_best_predicted_come_first_and_the_unpredicted_last() -> None:
    found = candidates(ACYCLIC, [-1.0, None, -3.0, 0.0, 2.0])
    assert keys(choose_learned(found, 5, MANY, MANY, 1)) == "cadeb"
    assert keys(choose_learned(found, 2, MANY, MANY, 1)) == "ca"


def test_without_predictions_chance_chooses() -> None:
    found = candidates(ACYCLIC)
    orders = {keys(choose_learned(found, 5, MANY, MANY, seed)) for seed in range(20)}
    assert len(orders) > 10
    for seed in range(5):
        chosen = choose_learned(found, 3, MANY, MANY, seed)
        assert chosen == choose_blind(found, 3, MANY, MANY, seed)


def test_predictions_are_nothing_to_the_blind() -> None:
    plain, told = candidates(ACYCLIC), candidates(ACYCLIC, [5.0, 4.0, 3.0, 2.0, 1.0])
    for seed in range(5):
        assert keys(choose_blind(plain, 3, MANY, MANY, seed)) == keys(
            choose_blind(told, 3, MANY, MANY, seed)
        )


def test_chance_favours_none() -> None:
    found = candidates(ACYCLIC)
    often = Counter(keys(choose_blind(found, 1, MANY, MANY, seed)) for seed in range(1000))
    # four standard deviations of a share of a fifth
    assert all(abs(often[each.key] - 200) < 4 * math.sqrt(1000 * 0.2 * 0.8) for each in found)


@pytest.mark.parametrize("choose", CHOICES)
def test_a_scaffold_has_few_places_and_the_rest_stay_empty(choose) -> None:
    found = candidates([*BENZENES, *ACYCLIC], [*map(float, range(10))])
    chosen = choose(found, 10, 2, MANY, 1)
    assert sum(each.smiles in BENZENES for each in chosen) == 2
    # no ring, no limit
    assert sum(each.smiles in ACYCLIC for each in chosen) == 5


def test_the_best_of_a_scaffold_have_its_places() -> None:
    found = candidates(BENZENES, [3.0, 1.0, 2.0, 0.0, 4.0])
    assert keys(choose_learned(found, 4, 2, MANY, 1)) == "db"


@pytest.mark.parametrize("choose", CHOICES)
def test_a_parent_has_few_children(choose) -> None:
    found = candidates(ACYCLIC, [0.0, 1.0, 2.0, 3.0, 4.0], "PPPQQ")
    assert Counter(each.parents for each in choose(found, 5, MANY, 1, 1)) == {
        ("P",): 1, ("Q",): 1,
    }  # fmt: skip


def test_a_child_of_two_counts_for_both_and_one_without_parents_for_none() -> None:
    found = [
        Candidate("a", "CCO", ("P", "Q"), 0.0),
        Candidate("b", "CCN", ("P",), 1.0),
        Candidate("c", "CCC", ("Q", "R"), 2.0),
        Candidate("d", "CCF", ("R", "R"), 3.0),
        Candidate("e", "CCS", ("R",), 4.0),
        Candidate("f", "CCCl", (), 5.0),
        Candidate("g", "CCBr", (), 6.0),
    ]
    assert keys(choose_learned(found, 9, MANY, 1, 1)) == "adfg"
    # a parent that is named twice has one child
    assert keys(choose_learned(found[3:], 9, MANY, 2, 1)) == "defg"


@pytest.mark.parametrize("choose", CHOICES)
@settings(deadline=None, max_examples=50, derandomize=True)
@given(
    smiles=st.lists(st.sampled_from(SMILES), min_size=1, max_size=20),
    parents=st.text("PQR", min_size=20, max_size=20),
    size=st.integers(0, 8),
    per_scaffold=st.integers(1, 3),
    per_parent=st.integers(1, 3),
    seed=st.integers(0, 2**31),
    data=st.data(),
)
def test_limits_hold_and_no_more_could_be_chosen(
    choose, smiles, parents, size, per_scaffold, per_parent, seed, data
) -> None:
    values = data.draw(st.lists(st.sampled_from([0.0, 1.0, None]), min_size=len(smiles),
                                max_size=len(smiles)))  # fmt: skip
    found = candidates(smiles, values, parents)
    chosen = choose(found, size, per_scaffold, per_parent, seed)
    assert chosen == choose(data.draw(st.permutations(found)), size, per_scaffold, per_parent, seed)
    assert len(set(keys(chosen))) == len(chosen) <= size
    cores = Counter(core for each in chosen if (core := scaffold(each.smiles)))
    mothers = Counter(parent for each in chosen for parent in each.parents)
    assert max(cores.values(), default=0) <= per_scaffold
    assert max(mothers.values(), default=0) <= per_parent
    if len(chosen) < size:
        for each in found:
            assert (
                each in chosen
                or cores[scaffold(each.smiles)] == per_scaffold
                or any(mothers[parent] == per_parent for parent in each.parents)
            )


def test_the_best_are_parents() -> None:
    found = knowns([*BENZENES, "CCO", "CCN"], [-1.0, -5.0, None, -3.0, math.nan, -5.0, -2.0])
    assert [each.key for each in best_parents(found, 3, 2)] == ["b", "f", "d"]
    assert [each.key for each in best_parents(found[::-1], 9, 2)] == ["b", "f", "d", "g"]
    assert [each.key for each in best_parents(found, 9, 1)] == ["b", "f", "g"]
    assert best_parents(found, 0, 1) == best_parents([], 3, 1) == []


def test_parents_by_chance_change_with_the_round_alone() -> None:
    plain = knowns(SMILES, [None] * len(SMILES))
    told = knowns(SMILES, [-float(n) for n in range(len(SMILES))])
    drawn = [[each.key for each in blind_parents(plain, 5, 1, number)] for number in range(1, 40)]
    assert drawn == [
        [each.key for each in blind_parents(told[::-1], 5, 1, number)] for number in range(1, 40)
    ]
    assert len({tuple(each) for each in drawn}) > 30
    # each is drawn about 13 of 39 times
    often = Counter(key for each in drawn for key in each)
    assert set(often) == {each.key for each in plain}
    assert len(blind_parents(plain, 99, 1, 1)) == len(plain)
    assert blind_parents(plain, 5, 1, 1) != blind_parents(plain, 5, 2, 1)


def test_shares_by_hand() -> None:
    shares = {"genetic": 0.2, "fragments": 0.7, "analogues": 0.1}
    assert shared_out(10, shares) == {"analogues": 1, "fragments": 7, "genetic": 2}
    # 0.7, 4.9 and 1.4: the largest remainders have what is left
    assert shared_out(7, shares) == {"analogues": 1, "fragments": 5, "genetic": 1}
    # of equal remainders, as 0.1 + 0.2 and 0.3 are, the first name
    assert shared_out(1, {"b": 3, "a": 3.0, "c": 1}) == {"a": 1, "b": 0, "c": 0}
    assert shared_out(3, {"a": 0, "b": 1e-9}) == {"a": 0, "b": 3}


@settings(deadline=None, max_examples=50, derandomize=True)
@given(
    count=st.integers(0, 10_000),
    shares=st.dictionaries(st.text("abc", max_size=3), st.floats(1e-6, 1e6), min_size=1),
)
def test_shares_sum_to_the_count_and_are_within_one_of_what_is_due(count, shares) -> None:
    found = shared_out(count, shares)
    assert sum(found.values()) == count
    whole = sum(shares.values())
    for name, share in shares.items():
        assert abs(found[name] - count * share / whole) < 1 + 1e-6
    assert found == shared_out(count, dict(reversed(shares.items())))


@pytest.mark.parametrize(
    "shares", [{}, {"a": 0.0}, {"a": 1.0, "b": -0.5}, {"a": math.nan}, {"a": math.inf, "b": 1.0}]
)
def test_shares_that_say_nothing(shares: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="give each a number of 0 or more"):
        shared_out(3, shares)


def test_a_count_below_zero() -> None:
    with pytest.raises(ValueError, match="-1 proposals"):
        shared_out(-1, {"a": 1})


class Listening:
    """A proposer that notes what it is told, and makes something of some parents alone."""

    def __init__(self, fertile: str = "abcdefghijklmno") -> None:
        self.fertile = fertile
        self.told: list[tuple[str, str, int]] = []
        self.seeds: list[int] = []

    def propose(self, parents, judged, count, seed) -> list[Proposal]:
        self.told.append((keys(parents), keys(judged), count))
        self.seeds.append(seed)
        found = [each.key for each in parents if each.key in self.fertile]
        return [Proposal("C" * (n + 1), "growing", (key,)) for n, key in enumerate(found)][:count]


def told(arm: Arm, pool: list[Known], name: str = "any", number: int = 1) -> Listening:
    proposer = Listening()
    assert len(propose_for(arm, name, proposer, pool, pool[:2], 3, 3, 2, 1, number)) == 3
    return proposer


def test_the_arm_that_learns_starts_from_the_best_and_is_taught() -> None:
    pool = knowns([*BENZENES, *ACYCLIC], [-9.0, -8.0, -7.0, *np.linspace(-6, 0, 7).tolist()])
    assert told(Arm.LEARNED, pool).told == [("abf", "ab", 3)]


def test_the_blind_arm_starts_by_chance_and_is_taught_nothing() -> None:
    pool = knowns([*BENZENES, *ACYCLIC], [float(n) for n in range(10)])
    plain = knowns([*BENZENES, *ACYCLIC], [None] * 10)
    rounds = [told(Arm.BLIND, pool, number=number).told for number in (1, 2, 3)]
    assert rounds == [told(Arm.BLIND, plain, number=number).told for number in (1, 2, 3)]
    assert len({parents for ((parents, _, _),) in rounds}) == 3
    assert all(judged == "" for ((_, judged, _),) in rounds)


def test_each_arm_proposer_and_round_has_its_own_seed() -> None:
    pool = knowns(SMILES, [0.0] * len(SMILES))
    seeds = [
        told(arm, pool, name, number).seeds[0]
        for arm in Arm
        for name in ("genetic", "products")
        for number in (1, 2)
    ]
    assert len(set(seeds)) == 8


@pytest.mark.parametrize("arm", list(Arm))
def test_others_follow_parents_that_nothing_comes_of(arm: Arm) -> None:
    pool = knowns(ACYCLIC * 3, [float(n) for n in range(15)])
    order = [each.key for each in (blind_parents(pool, 15, 1, 1) if arm is Arm.BLIND else pool)]
    groups = ["".join(order[begin : begin + 3]) for begin in range(0, 15, 3)]
    proposer = Listening(groups[1][0] + groups[2])
    found = propose_for(arm, "any", proposer, pool, [], 3, 3, MANY, 1, 1)
    # the first proposal of the third group is one of the second's again
    assert [each.parents[0] for each, _ in found] == [groups[1][0], *groups[2][1:2]]
    assert {seed for _, seed in found} <= set(proposer.seeds)
    # a fifth group is not asked
    assert [parents for parents, _, _ in proposer.told] == groups[:4]
    assert [count for _, _, count in proposer.told] == [3, 3, 2, 1]
    assert len(set(proposer.seeds)) == 4


@pytest.mark.parametrize("arm", list(Arm))
def test_a_proposer_without_parents_is_asked_once(arm: Arm) -> None:
    proposer = Listening()
    assert propose_for(arm, "any", proposer, [], [], 3, 3, MANY, 1, 1) == []
    assert proposer.told == [("", "", 3)]
    assert propose_for(arm, "any", proposer, [], [], 0, 3, MANY, 1, 1) == []
    assert len(proposer.told) == 1
