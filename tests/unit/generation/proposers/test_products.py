import math
import time

import numpy as np
import pytest

from screenmm.core.seeds import seed_for
from screenmm.generation.blocks import Blocks, index_blocks
from screenmm.generation.proposal import Known, Proposal
from screenmm.generation.proposers.products import Products
from screenmm.generation.reactions import named_reactions

SUBSTITUENTS = ["", "C", "F", "Cl", "OC", "C#N", "C(F)(F)F", "CC", "SC", "C(C)C", "OCC", "CCC"]
RINGS = ["c1cccc({})c1", "c1ccc({})cc1", "c1ccccc1{}", "c1cc({})ccc1F", "c1cc({})ccc1C"]


def family(group: str) -> list[str]:
    """A group on benzene rings with substituents: 60 blocks or a few less."""
    rings = [ring.format(each).replace("()", "") for ring in RINGS for each in SUBSTITUENTS]
    return [group + ring for ring in rings]


@pytest.fixture(scope="module")
def blocks() -> Blocks:
    groups = ["OC(=O)", "OC(=O)C", "NC", "NCC", "O=S(=O)(Cl)"]
    rows = [(each, "") for group in groups for each in family(group)]
    return index_blocks(rows, [each for each in named_reactions() if each.name in USED])


USED = ("amide coupling", "sulfonamide formation")


def worth(block: str) -> float:
    """A block's part of a made-up score: between 0 and 1, and the same everywhere."""
    return seed_for(0, block) / 2**31


def score(proposal: Proposal) -> float:
    return -sum(worth(block) for block in proposal.blocks)


def known(proposals: list[Proposal]) -> list[Known]:
    return [
        Known(each.smiles, each.smiles, score(each), each.reaction, each.blocks)
        for each in proposals
    ]


def test_products_are_made_of_what_they_say(blocks: Blocks) -> None:
    reactions = {each.name: each for each in blocks.reactions}
    proposals = Products(blocks).propose([], [], 100, 1)
    assert len(proposals) == 100
    assert len({each.smiles for each in proposals}) == 100
    for each in proposals:
        assert each.operation == "product"
        assert each.parents == ()
        assert reactions[each.reaction].react(*each.blocks) == each.smiles
        assert all(block in blocks for block in each.blocks)


def test_untaught_all_products_are_alike(blocks: Blocks) -> None:
    proposals = Products(blocks).propose([], [], 1000, 1)
    sizes = {name: len(blocks.of(name, 0)) * len(blocks.of(name, 1)) for name in USED}
    share = sizes["amide coupling"] / sum(sizes.values())
    found = np.mean([each.reaction == "amide coupling" for each in proposals])
    # four standard deviations of a binomial share
    assert abs(found - share) < 4 * math.sqrt(share * (1 - share) / 1000)


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_thompson_sampling_beats_chance(blocks: Blocks, seed: int) -> None:
    """Additive scores of blocks, ten rounds of 30 judged: a space of some 20,000 products."""
    judged: list[Known] = []
    for number in range(10):
        judged += known(Products(blocks).propose([], judged, 30, seed * 100 + number))
    by_chance = known(Products(blocks).propose([], [], len(judged), seed))
    assert len(judged) == len(by_chance) == 300
    values, others = (sorted(each.value or 0 for each in every) for every in (judged, by_chance))
    assert np.mean(values[:20]) < np.mean(others[:20]) - 0.05
    # the last round alone: best quarter of what chance finds, on the average
    assert np.mean([each.value for each in judged[-30:]]) < np.quantile(others, 0.25)


def test_nothing_judged_is_proposed_again(blocks: Blocks) -> None:
    judged = known(Products(blocks).propose([], [], 200, 1))
    again = Products(blocks).propose([], judged, 200, 1)
    assert len(again) == 200
    assert not {each.smiles for each in again} & {each.smiles for each in judged}
    # failed ones teach nothing, but are known
    failed = [Known(each.key, each.smiles, None, each.reaction, each.blocks) for each in judged]
    without = Products(blocks).propose([], failed, 200, 1)
    assert not {each.smiles for each in without} & {each.smiles for each in judged}


def test_small_spaces_are_used_up() -> None:
    small = index_blocks([(each, "") for each in ("CC(=O)O", "OC(=O)c1ccccc1", "CN", "NCC")])
    every = Products(small).propose([], [], 10**6, 1)
    acids = {(each.reaction, each.blocks) for each in every if each.reaction == "amide coupling"}
    assert len(acids) == 4
    assert Products(small).propose([], known(every), 10**6, 1) == []
    some = Products(small).propose([], known(every[:2]), 10**6, 1)
    assert not {each.smiles for each in some} & {each.smiles for each in every[:2]}


def test_odd_arguments(blocks: Blocks) -> None:
    products = Products(blocks)
    assert products.propose([], [], 0, 1) == []
    assert products.propose([], [], -1, 1) == []
    assert Products(index_blocks([])).propose([], [], 10, 1) == []
    odd = [
        Known("A", "C", -1.0),
        Known("B", "CC", -1.0, "no such reaction", ("C", "C")),
        Known("C", "CCC", -1.0, "amide coupling", ("CC(=O)O",)),
        Known("D", "CCCC", math.nan, "amide coupling", ("CC(=O)O", "CN")),
        Known("E", "CCCCC", math.inf, "amide coupling", ("CC(=O)O", "CN")),
    ]
    assert products.propose([], odd, 20, 1) == products.propose([], [], 20, 1)
    # blocks that are not at hand teach about their partners
    foreign = [Known("F", "CCC", -1.0, "amide coupling", ("CCCCCCCCCC(=O)O", "NCc1ccccc1"))]
    assert len(products.propose([], foreign, 20, 1)) == 20
    assert len(Products(blocks, most_tries=50).propose([], [], 10**6, 1)) <= 50


def test_a_failed_computation_does_not_blur_the_rest(blocks: Blocks) -> None:
    judged = known(Products(blocks).propose([], [], 400, 1))
    wild = [Known("X", "CCC", 1e9, judged[0].reaction, ("OC(=O)CCCCC", "NCCCCC")), *judged]
    found = [score(each) for each in Products(blocks).propose([], wild, 100, 1)]
    assert np.mean(found) < np.quantile([each.value or 0 for each in judged], 0.4)


def test_same_whatever_the_order_of_the_judged(blocks: Blocks) -> None:
    judged = known(Products(blocks).propose([], [], 100, 1))
    one = Products(blocks).propose([], judged, 50, 2)
    assert Products(blocks).propose([], judged[::-1], 50, 2) == one
    assert Products(blocks).propose([], judged, 50, 3) != one


def test_a_proposal_costs_next_to_nothing(blocks: Blocks) -> None:
    judged = known(Products(blocks).propose([], [], 1000, 1))
    before = time.process_time()
    found = Products(blocks).propose([], judged, 300, 2)
    # 2 ms each are asked for; room for slow machines
    assert (time.process_time() - before) / len(found) < 0.01
