import os
import subprocess
import sys

import numpy as np
import pytest
from rdkit import Chem

from screenmm.generation.blocks import Blocks, index_blocks
from screenmm.generation.proposal import Known
from screenmm.generation.proposers.analogues import Analogues
from screenmm.generation.reactions import named_reactions

TYK2 = "O=C(Nc1ccnc(NC(=O)C2CC2)c1)c1c(Cl)cccc1Cl"
BENZOIC = "O=C(O)c1c(Cl)cccc1Cl"
CORES = {
    BENZOIC: "Nc1ccnc(NC(=O)C2CC2)c1",
    "O=C(O)C1CC1": "Nc1cc(NC(=O)c2c(Cl)cccc2Cl)ccn1",
}
"""What stays of the first parent by what is taken off."""
ACIDS = [
    "O=C(O)C1CCC1",
    "O=C(O)C1CCCC1",
    "CC(=O)O",
    "O=C(O)c1ccccc1",
    "O=C(O)c1cccnc1",
    "O=C(O)[C@H]1C[C@H]1F",
    "O=C(O)C1CC1",
    "O=C(Cl)c1c(F)cccc1F",
]
AMINES = ["NCc1ccccc1", "C1COCCN1", "Nc1ccncc1"]
PARENTS = [Known("A", TYK2, -9.0), Known("B", "Cc1ccc(cc1)S(=O)(=O)N1CCC(CC1)c1ccccc1", -7.0)]


@pytest.fixture(scope="module")
def blocks() -> Blocks:
    return index_blocks((each, "") for each in ACIDS + AMINES)


def test_each_is_made_of_what_it_says_and_keeps_most_of_its_parent(blocks: Blocks) -> None:
    reactions = {each.name: each for each in named_reactions()}
    proposals = Analogues(blocks).propose(PARENTS, [], 100, 1)
    assert len(proposals) >= 10
    assert len({each.smiles for each in proposals}) == len(proposals)
    smiles = {each.key: each.smiles for each in PARENTS}
    for each in proposals:
        assert each.operation == "analogue"
        assert reactions[each.reaction].react(*each.blocks) == each.smiles
        assert any(block in blocks for block in each.blocks)
        (parent,) = each.parents
        assert each.smiles != Chem.CanonSmiles(smiles[parent])
    # either carbonyl's acid is exchanged
    made = {each.smiles for each in proposals}
    assert "O=C(Nc1ccnc(NC(=O)C2CCC2)c1)c1c(Cl)cccc1Cl" in made
    assert Chem.CanonSmiles("O=C(Nc1ccnc(NC(=O)C2CC2)c1)c1c(F)cccc1F") in made
    # dichlorobenzoic acid alone is not enough of the parent
    assert Chem.CanonSmiles("O=C(NCc1ccccc1)c1c(Cl)cccc1Cl") not in made


def test_nearest_blocks_come_first(blocks: Blocks) -> None:
    for each in Analogues(blocks).propose(PARENTS[:1], [], 2, 1):
        acid, kept = each.blocks
        removed = next(part for part in ("O=C(O)C1CC1", BENZOIC) if CORES[part] == kept)
        rows = blocks.of("amide coupling", 0)
        rows = rows[rows != blocks.places.get(removed, -1)]
        nearest = blocks.similarity(removed, rows).max()
        assert blocks.similarity(removed, np.array([blocks.places[acid]])) == [nearest]


def test_what_is_known_is_not_proposed(blocks: Blocks) -> None:
    every = Analogues(blocks).propose(PARENTS, [], 1000, 1)
    judged = [Known("C", every[0].smiles, -1.0)]
    again = Analogues(blocks).propose(PARENTS, judged, 1000, 1)
    assert [each.smiles for each in again] == [each.smiles for each in every[1:]]
    swapped = [Known("D", "O=C(Nc1ccnc(NC(=O)C2CCC2)c1)c1c(Cl)cccc1Cl")]
    assert swapped[0].smiles in {each.smiles for each in every}
    shown = {each.smiles for each in Analogues(blocks).propose(PARENTS, swapped, 1000, 1)}
    assert swapped[0].smiles not in shown


@pytest.mark.parametrize(
    "smiles",
    ["C", "", "C1CC", "[Na+].[Cl-]", "CCCCCC", "C[N+](C)(C)C", "[CH3]", "C" * 300, "é", "c1ccccc1"],
)
def test_nothing_comes_of_what_cannot_be_changed(
    blocks: Blocks, smiles: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert Analogues(blocks).propose([Known("A", smiles)], [], 10**6, 1) == []
    assert capfd.readouterr().err == ""


def test_bounds(blocks: Blocks) -> None:
    assert Analogues(blocks).propose([], [], 10, 1) == []
    assert Analogues(blocks).propose(PARENTS, [], 0, 1) == []
    assert Analogues(index_blocks([])).propose(PARENTS, [], 10, 1) == []
    assert 10 < len(Analogues(blocks).propose(PARENTS, [], 10**6, 1)) < 200


def test_salts_and_charges_of_a_parent(blocks: Blocks) -> None:
    salt = Known("A", TYK2 + ".Cl")
    for each in Analogues(blocks).propose([salt], [], 5, 1):
        assert "." not in each.smiles
    quaternary = Known("A", "C[N+](C)(C)CCCCCCCCCNC(=O)c1ccccc1")
    made = Analogues(blocks).propose([quaternary], [], 5, 1)
    assert made
    assert all("[N+]" in each.smiles for each in made)


CODE = """
from screenmm.generation.proposers.analogues import Analogues
from screenmm.generation.blocks import index_blocks
from tests.unit.generation.proposers.test_analogues import ACIDS, AMINES, PARENTS
blocks = index_blocks((each, "") for each in ACIDS + AMINES)
for each in Analogues(blocks).propose(PARENTS, [], 20, 7):
    print(each)
"""


def test_same_in_every_process(blocks: Blocks) -> None:
    here = [str(each) for each in Analogues(blocks).propose(PARENTS, [], 20, 7)]
    code = CODE.replace("tests.unit.generation.proposers.", "")
    path = os.pathsep.join([os.path.dirname(__file__), *sys.path])
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": path}
    there = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    assert there.stdout.splitlines() == here
