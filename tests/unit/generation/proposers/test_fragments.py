import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from rdkit import Chem

from screenmm.core.errors import ConfigError
from screenmm.generation.fragment_database import fragment_shard, merge
from screenmm.generation.parents import core_pattern
from screenmm.generation.proposal import Known, Proposal
from screenmm.generation.proposers.fragments import (
    CHANGE,
    MOST_GROWN,
    Fragments,
    mixed,
    pieces,
)

from .odd import ODD

pytest.importorskip("crem")

LIBRARY = [
    "CC(=O)Oc1ccccc1C(=O)O",
    "CCN(CC)CC(=O)Nc1c(C)cccc1C",
    "CCOC(=O)c1ccc(N)cc1",
    "CC(=O)Nc1ccc(O)cc1",
    "CC(=O)Nc1ccc(OC)cc1",
    "COC(=O)Nc1ccccc1",
    "Clc1ccccc1",
    "Fc1ccccc1",
    "Cc1ccccc1",
    "c1ccc(Cc2ccccc2)cc1",
    "O=C(Nc1ccccn1)c1ccccc1",
]
ACETANILIDE = Known("A", "CC(=O)Nc1ccccc1")
BENZANILIDE = Known("B", "O=C(Nc1ccccc1)c1ccccc1")

HOSTILE = [*ODD, "O=S(=O)(N)c1ccc(B(O)O)cc1 |&1:3|"]


def database_of(folder: Path, library: list[str]) -> Path:
    fragment_shard(((smiles, smiles) for smiles in library), folder / "x.parquet")
    merge([folder / "x.parquet"], folder / "fragments.db")
    return folder / "fragments.db"


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return database_of(tmp_path_factory.mktemp("fragments"), LIBRARY)


def of(proposals: list[Proposal], operation: str) -> set[str]:
    return {each.smiles for each in proposals if each.operation == operation}


def test_exchange_and_growth_by_hand(tmp_path: Path) -> None:
    library = [(each, each) for each in ("Clc1ccccc1", "Fc1ccccc1", "Cc1ccccc1")]
    fragment_shard(library, tmp_path / "x.parquet", radii=[3])
    merge([tmp_path / "x.parquet"], tmp_path / "x.db", radii=[3])
    found = Fragments(tmp_path / "x.db").propose([Known("A", "Clc1ccccc1")], [], 100, 1)
    assert of(found, "mutation") == {"Fc1ccccc1", "Cc1ccccc1", "c1ccccc1"}
    # nearer than in para, the chlorine is part of the environment, and was never seen there
    assert of(found, "growing") == {"Clc1ccc(Cl)cc1", "Fc1ccc(Cl)cc1", "Cc1ccc(Cl)cc1"}
    assert {each.parents for each in found} == {("A",)}


def test_linking_by_hand(tmp_path: Path) -> None:
    database = database_of(tmp_path, ["c1ccc(Cc2ccccc2)cc1"])
    found = Fragments(database).propose(
        [Known("A", "c1ccccc1"), Known("B", "Cc1ccccc1")], [], 40, 1
    )
    linked = [each for each in found if each.operation == "linking"]
    # methylene between rings; within two bonds toluene's methyl is not seen from meta either
    assert {each.smiles for each in linked} & {
        "Cc1ccc(Cc2ccccc2)cc1",
        "Cc1cccc(Cc2ccccc2)c1",
        "c1ccc(Cc2ccccc2)cc1",
    } == {each.smiles for each in linked}
    assert linked
    assert {frozenset(each.parents) for each in linked} == {frozenset("AB")}


def test_pieces_by_hand() -> None:
    found = pieces(Chem.MolFromSmiles("Nc1ccc(CC2CCCCC2)cc1CCC"), ())
    # of each cut what has a ring and more than five heavy atoms, whole with its hydrogen
    assert {Chem.MolToSmiles(each.mol) for each in found} >= {
        "CCCc1ccccc1N",
        "C1CCCCC1",
        "CC1CCCCC1",
    }
    kept = Chem.MolFromSmiles("Nc1ccc(CC2CCCCC2)cc1CCC").GetSubstructMatch(
        Chem.MolFromSmarts("CC1CCCCC1")
    )
    core = Chem.MolFromSmarts("CC1CCCCC1")
    kept_pieces = pieces(Chem.MolFromSmiles("Nc1ccc(CC2CCCCC2)cc1CCC"), kept)
    assert kept_pieces
    assert all(each.mol.HasSubstructMatch(core) for each in kept_pieces)


def test_sizes_and_lineage(database: Path) -> None:
    found = Fragments(database).propose([ACETANILIDE, BENZANILIDE], [], 60, 3)
    size = {"A": 10, "B": 15}
    assert len({each.smiles for each in found}) == len(found) > 20
    for each in found:
        heavy = Chem.MolFromSmiles(each.smiles).GetNumHeavyAtoms()
        assert Chem.CanonSmiles(each.smiles) == each.smiles
        grown = heavy - size[each.parents[0]]
        if each.operation == "mutation":
            assert abs(grown) <= CHANGE
        elif each.operation == "growing":
            assert 1 <= grown <= MOST_GROWN
        else:
            assert set(each.parents) == {"A", "B"}
    assert not {ACETANILIDE.smiles, BENZANILIDE.smiles} & {each.smiles for each in found}


def test_parents_take_turns(database: Path) -> None:
    found = Fragments(database).propose([ACETANILIDE, BENZANILIDE], [], 12, 3)
    assert [each.parents[0] for each in found[:6]] == ["A", "B"] * 3
    few = Fragments(database).propose([ACETANILIDE, BENZANILIDE], [], 2, 3)
    assert len(few) == 2


def test_seeds_give_others_and_the_same_the_same(database: Path) -> None:
    proposer = Fragments(database)
    parents = [ACETANILIDE, BENZANILIDE]
    first, again, other = (proposer.propose(parents, [], 10, seed) for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_processes_agree(database: Path) -> None:
    program = (
        "import sys; from pathlib import Path\n"
        "from screenmm.generation.proposers.fragments import Fragments\n"
        "from screenmm.generation.proposal import Known\n"
        "ps = [Known('A', 'CC(=O)Nc1ccccc1'), Known('B', 'O=C(Nc1ccccc1)c1ccccc1')]\n"
        "for each in Fragments(Path(sys.argv[1])).propose(ps, [], 10, 1): print(each)\n"
    )
    expected = Fragments(database).propose([ACETANILIDE, BENZANILIDE], [], 10, 1)
    told = subprocess.run(
        [sys.executable, "-c", program, str(database)],
        env={**os.environ, "PYTHONHASHSEED": "4711"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert told.stdout.splitlines() == [str(each) for each in expected]
    assert told.stderr == ""


def test_the_core_stays(database: Path) -> None:
    core = "[NH]c1ccccc1"
    found = Fragments(database, core=core).propose(
        [ACETANILIDE, Known("C", "Cc1ccccc1")], [], 100, 1
    )
    pattern = Chem.MolFromSmarts(core)
    assert found
    assert all(Chem.MolFromSmiles(each.smiles).HasSubstructMatch(pattern) for each in found)
    assert {each.parents[0] for each in found} == {"A"}


def test_known_molecules_are_not_proposed(database: Path) -> None:
    proposer = Fragments(database)
    first = proposer.propose([ACETANILIDE], [], 6, 1)
    judged = [Known("J", each.smiles, value=-1.0) for each in first]
    second = proposer.propose([ACETANILIDE], judged, 6, 1)
    assert not {each.smiles for each in first} & {each.smiles for each in second}


def test_odd_parents_end_and_are_silent(database: Path, capfd: pytest.CaptureFixture[str]) -> None:
    parents = [Known(str(place), smiles) for place, smiles in enumerate(HOSTILE)]
    found = Fragments(database).propose(parents, [], 10**6, 1)
    assert found
    assert all(Chem.MolFromSmiles(each.smiles) is not None for each in found)
    assert all("." not in each.smiles for each in found)
    # the labels of what stays are kept
    assert any("[2H]C([2H])([2H])" in each.smiles for each in found)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("parents", "count"), [([], 10), ([ACETANILIDE], 0), ([ACETANILIDE], -1)])
def test_nothing_asked_gives_nothing(database: Path, parents: list[Known], count: int) -> None:
    assert Fragments(database).propose(parents, [], count, 1) == []


def test_what_is_wrong_is_told(database: Path, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        Fragments(tmp_path / "none.db")
    with pytest.raises(ConfigError, match="has no radius 5: it has 2, 3"):
        Fragments(database, radius=5)
    with pytest.raises(ConfigError, match="core 'c1cc' is no SMARTS"):
        Fragments(database, core="c1cc")
    with pytest.raises(ConfigError, match="is no SMARTS"):
        core_pattern("")


def test_every_beginning_has_the_operations_by_their_shares() -> None:
    lists = {
        name: [Proposal(f"{name}{place}", name) for place in range(50)]
        for name in ("mutation", "growing", "linking")
    }
    assert Counter(each.operation for each in mixed(lists)[:20]) == {
        "mutation": 14,
        "growing": 4,
        "linking": 2,
    }
