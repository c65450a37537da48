from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screenmm.campaign.choose import choose
from screenmm.campaign.conclude import conclude
from screenmm.campaign.proposals import Pool, pool, propose, write_proposals
from screenmm.campaign.proposed import features_of_docked
from screenmm.campaign.vetting import Out, round_of, write_round
from screenmm.config.settings import Generate, Ligands, Rounds
from screenmm.generation.proposal import Known, Proposal
from screenmm.library.merge import LIGANDS
from screenmm.rounds.campaign import Decision
from screenmm.rounds.features import write_features
from screenmm.rounds.known import How
from screenmm.run.layout import Layout
from screenmm.run.ledger import read_events
from screenmm.stages.vet import OUTPUTS

from .conftest import SMILES, dock, key_of, make, place

ROUNDS = Rounds(receptor="wt", objective="docking", batch=6)
GENERATE = Generate(
    proposers={"genetic": 1}, batch=3, proposals=12, parents=4, min_similarity=0, known_parts=False
)


class Writes:
    """A proposer that writes what it is told to, whatever it is asked for."""

    def __init__(self, *smiles: str) -> None:
        self.smiles = smiles
        self.asked: list[tuple[Sequence[Known], Sequence[Known], int]] = []

    def propose(
        self, parents: Sequence[Known], judged: Sequence[Known], count: int, seed: int
    ) -> list[Proposal]:
        self.asked.append((parents, judged, count))
        keys = tuple(each.key for each in parents[:1])
        return [Proposal(each, "writing", keys) for each in self.smiles]


@pytest.fixture
def docked(run: Path) -> Path:
    """Round 1 was docked."""
    make(run, 1, batch=12)
    dock(run, 1)
    return run


def layout(run: Path, number: int) -> Layout:
    return Layout(run, most_rounds=number - 1, generates=True)


def proposed(
    run: Path, *proposers: Writes, number: int = 2, generate: Generate = GENERATE
) -> dict[str, str]:
    """Propose and vet a round; reason, or nothing, of each record."""
    files = layout(run, number)
    known = pool(files, ROUNDS)
    paths = {}
    for at, each in enumerate(proposers):
        name = "genetic" if at == 0 else f"other{at}"
        rows = propose("genetic", each, known, generate, number, seed=1)
        paths[name] = run / f"rounds/{number}/proposals/{name}.parquet"
        paths[name].parent.mkdir(parents=True, exist_ok=True)
        write_proposals(rows, paths[name])
    out = Out(**{name: files.file("vet", name, str(number)) for name in OUTPUTS})
    out.sources.parent.mkdir(parents=True, exist_ok=True)
    found = round_of(files, ROUNDS, generate, Ligands(), number, None)
    write_round(found, found.vet(paths), out)
    reasons = dict.fromkeys(pq.read_table(out.sources)["record"].to_pylist(), "")
    events = read_events([out.events])
    assert len(events) == len({each.record for each in events})
    return reasons | {each.record: each.reason for each in events}


def chosen(run: Path, number: int = 2, generate: Generate = GENERATE) -> Decision:
    return choose(layout(run, number), ROUNDS, number, 1, place(run, number), generate=generate)


def members(run: Path, number: int = 2) -> dict[str, tuple[str, bool]]:
    table = pq.read_table(run / f"rounds/{number}/proposed/membership.parquet").to_pylist()
    return {row["record"]: (row["inchikey"], row["primary"]) for row in table}


NEW = ("CCCCCCCCF", "CCCCCCCCCF", "CCCCCCF", "CCCCCF", "CCCCF", "CCCF", "CCCCCCCF")


def test_the_blind_arm_sees_no_value_and_nothing_that_was_learned(docked: Path) -> None:
    proposed(docked, Writes("CCCCF"))
    second = chosen(docked)
    dock(docked, 2)
    known = pool(layout(docked, 3), ROUNDS)
    acquired = {each.key for each in second.batch if each.how is How.ACQUIRED}
    assert acquired
    assert not acquired & {each.key for each in known.chosen_blindly}
    assert acquired & {each.key for each in known.judged}
    writer = Writes(*NEW, *(f"{each}C" for each in NEW))
    propose("genetic", writer, known, GENERATE, 3, seed=1)
    # enough came at once, so that each arm asked with one group of parents
    (best, judged, _), (drawn, nothing, _) = writer.asked
    values = [each.value for each in known.judged]
    assert [each.value for each in best] == sorted(values)[:4]
    assert len(judged) == len(values)
    assert list(nothing) == []
    assert {each.key for each in drawn} <= {each.key for each in known.chosen_blindly}


def test_more_than_was_asked_for_is_not_taken() -> None:
    many = Writes(*("C" * n for n in range(1, 40)))
    rows = propose("genetic", many, Pool([], []), GENERATE, 2, seed=1)
    assert Counter(row["arm"] for row in rows) == {"learned": 12, "blind": 12}


def test_rubbish_has_reasons_and_every_proposal_a_place(docked: Path) -> None:
    library = SMILES[0]
    reasons = proposed(
        docked,
        Writes("rubbish", "[CH2]CC", "", library, "CCCCF", "FCCCC", "CCCCCF"),
        Writes("CCCCF"),
        Writes(),
    )
    # of each arm: seven of the first proposer, one of the second, none of the third
    assert len(reasons) == 16
    assert Counter(reasons.values()) == {
        "invalid_structure": 2, "radical": 2, "empty_record": 2, "seen_before": 2,
        "duplicate_structure": 6, "": 2,
    }  # fmt: skip
    kept = {record for record, reason in reasons.items() if not reason}
    found = members(docked)
    assert {record for record, (_, primary) in found.items() if primary} == kept
    assert len(found) == 8
    lineage = pq.read_table(docked / "rounds/2/proposed/lineage.parquet").to_pylist()
    assert sorted(row["arm"] for row in lineage) == ["blind", "blind", "learned", "learned"]
    assert {row["record"] for row in lineage} <= found.keys()


def test_what_was_proposed_before_is_no_proposal(docked: Path) -> None:
    proposed(docked, Writes(*NEW))
    chosen(docked)
    dock(docked, 2)
    reasons = proposed(docked, Writes(*NEW, "CCCCCCCCCCF"), number=3)
    assert Counter(reasons.values()) == {"seen_before": 14, "": 1, "duplicate_structure": 1}


def test_what_is_unlike_all_that_was_docked_is_left_out(docked: Path) -> None:
    near = GENERATE.model_copy(update={"min_similarity": 0.3})
    reasons = proposed(docked, Writes("O=C1c2ccccc2C(=O)N1", "CCCCCCCCF"), generate=near)
    assert Counter(reasons.values()) == {
        "outside_applicability": 2, "": 1, "duplicate_structure": 1,
    }  # fmt: skip


def test_each_arm_docks_its_share_and_neighbours_stand_beside_them(docked: Path) -> None:
    proposed(docked, Writes(*NEW))
    decision = chosen(docked)
    hows = Counter(each.how for each in decision.batch)
    assert hows[How.LEARNED] + hows[How.BOTH] == 3
    assert hows[How.BLIND] + hows[How.BOTH] == 3
    assert hows[How.NEIGHBOUR] == 3
    assert hows[How.ACQUIRED] + hows[How.AUDIT] == 6
    assert len({each.key for each in decision.batch}) == len(decision.batch)
    predicted = {
        each.key: each.predicted for each in decision.batch if each.how in (How.LEARNED, How.BOTH)
    }
    lineage = pq.read_table(docked / "rounds/2/proposed/lineage.parquet").to_pylist()
    ligands = {row["inchikey"] for row in lineage}
    assert predicted.keys() <= ligands
    # the model has seen that longer is better
    smiles = {
        row["inchikey"]: row["smiles"]
        for row in pq.read_table(docked / "rounds/2/proposed/ligands.parquet").to_pylist()
    }
    assert {smiles[key] for key in predicted} == {"CCCCCCCCCF", "CCCCCCCCF", "CCCCCCCF"}
    shards = [pq.read_table(path) for path in place(docked, 2).shards.glob("*.parquet")]
    assert sum(table.num_rows for table in shards) == len(decision.batch)


def test_proposals_count_for_nothing_in_what_is_said_of_the_library(docked: Path) -> None:
    proposed(docked, Writes(*NEW))
    with_them = chosen(docked)
    dock(docked, 2)
    after = chosen(docked, 3) if proposed(docked, Writes("CCCCCCCCCCF"), number=3) else None
    assert after is not None
    library = [
        each for each in with_them.batch if each.how in (How.ACQUIRED, How.AUDIT, How.NEIGHBOUR)
    ]
    assert after.measures.docked == 12 + len(library)
    assert after.measures.library == 30


def test_a_library_that_grows_by_what_was_proposed_has_it_once(docked: Path) -> None:
    proposed(docked, Writes(*NEW))
    batch = chosen(docked).batch
    dock(docked, 2)
    made = [each.key for each in batch if each.how in (How.LEARNED, How.BLIND, How.BOTH)]
    smiles = {key_of(each): each for each in NEW}
    # all that was proposed comes with the library, docked or not
    rows = [{"inchikey": key, "smiles": smiles[key], "poses": []} for key in smiles]
    shard = docked / "ligands/shards/b11.parquet"
    pq.write_table(pa.Table.from_pylist(rows, LIGANDS), shard)
    write_features(docked / "rounds/features/b11.parquet", smiles.items())
    proposed(docked, Writes("CCCCCCCCCCF"), number=3)
    third = chosen(docked, 3)
    keys = [each.key for each in third.batch]
    assert len(keys) == len(set(keys))
    assert not set(keys) & set(made)
    assert third.measures.library == 37
    dock(docked, 3)
    files = Layout(docked, most_rounds=3, generates=True)
    predictions = docked / "predictions.parquet"
    conclude(files, ROUNDS.model_copy(update={"number": 3}), 1, ["wt"], predictions)
    told = pq.read_table(predictions)["inchikey"].to_pylist()
    assert len(told) == len(set(told))
    known = features_of_docked(files, made)
    assert sorted(known.keys.tolist()) == sorted(made)


def test_proposals_that_are_not_new_end_the_campaign(docked: Path) -> None:
    proposed(docked, Writes(*SMILES[:6], "CCCCF"))
    ended = chosen(docked)
    assert ended.batch == []
    assert "1 of 14 proposals of round 2 were new molecules" in ended.stop
    assert "generate.min_new" in ended.stop


def test_rounds_in_which_no_proposal_is_better_end_the_campaign(docked: Path) -> None:
    patient = GENERATE.model_copy(update={"patience": 1})
    # the longest molecule is the best, and these are short
    proposed(docked, Writes("CCCF", "CCCCF", "CCF"))
    assert chosen(docked, generate=patient).batch
    dock(docked, 2)
    proposed(docked, Writes("CCCCCCF"), number=3)
    ended = chosen(docked, 3, patient)
    assert ended.batch == []
    assert "no proposal of the last 1 rounds was better" in ended.stop
    assert chosen(docked, 3).batch


def test_a_better_proposal_keeps_the_campaign_going(docked: Path) -> None:
    patient = GENERATE.model_copy(update={"patience": 1})
    proposed(docked, Writes("C" * 30))
    assert chosen(docked, generate=patient).batch
    dock(docked, 2)
    proposed(docked, Writes("CCCCCCF"), number=3)
    assert chosen(docked, 3, patient).batch


def test_a_campaign_goes_on_where_its_library_ends_and_ends_without_proposals(run: Path) -> None:
    make(run, 1, batch=30)
    dock(run, 1)
    proposed(run, Writes(*NEW))
    assert {each.how for each in chosen(run).batch} <= {How.LEARNED, How.BLIND, How.BOTH}
    dock(run, 2)
    proposed(run, Writes(), number=3)
    left = chosen(run, 3)
    assert {each.how for each in left.batch} <= {How.LEARNED, How.BLIND, How.BOTH}
    dock(run, 3)
    proposed(run, Writes(), number=4)
    ended = chosen(run, 4)
    assert ended.batch == []
    assert ended.stop == "all of the library was docked, and no proposal may be"


def test_the_same_proposals_give_the_same_bytes(docked: Path) -> None:
    folder = docked / "rounds/2/proposed"
    proposed(docked, Writes(*NEW))
    first = {path.name: path.read_bytes() for path in folder.iterdir()}
    proposed(docked, Writes(*NEW))
    assert {path.name: path.read_bytes() for path in folder.iterdir()} == first
    assert first.keys() == {f"{name}.parquet" for name in OUTPUTS}
