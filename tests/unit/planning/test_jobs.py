from __future__ import annotations

import hashlib
import re
from pathlib import Path

import numpy as np
import pytest

from screenmm.planning import jobs
from screenmm.planning.jobs import Shape, expected_shards, jobs_by_rule
from screenmm.run.shards import leaves, records_per_shard


def test_every_rule_of_the_workflow_is_counted(root: Path) -> None:
    text = "".join(
        path.read_text() for path in (root / "Snakefile", *root.glob("workflow/rules/*.smk"))
    )
    rule = r"^(?:(?:rule|checkpoint) |use rule \w+ as )(\w+)(?::| with:)"
    rules = set(re.findall(rule, text, re.MULTILINE))
    assert rules == set(jobs_by_rule(Shape(1, 1, 1, 1)))


def test_jobs_of_shards_and_receptors() -> None:
    found = jobs_by_rule(Shape(receptors=2, record_shards=3, ligand_shards=5, scoring_shards=4))
    assert (found["standardise"], found["prepare_ligands"]) == (3, 5)
    assert (found["dock"], found["score"], found["inspect"]) == (10, 8, 8)
    assert (found["prepare_receptor"], found["select"], found["manifest"]) == (2, 2, 2)
    assert sum(found.values()) == 3 + 5 + 10 + 8 + 8 + 6 + 6


def test_each_reference_ligand_adds_four_jobs_and_a_gate_where_the_library_waits() -> None:
    without = sum(jobs_by_rule(Shape(3, 1, 1, 1)).values())
    assert sum(jobs_by_rule(Shape(3, 1, 1, 1, redocked=2)).values()) == without + 8
    assert sum(jobs_by_rule(Shape(3, 1, 1, 1, redocked=2, gates=2)).values()) == without + 10


def test_each_later_tier_adds_a_choice_and_its_shards_in_each_receptor() -> None:
    without = jobs_by_rule(Shape(3, 1, 4, 1))
    found = jobs_by_rule(Shape(3, 1, 4, 1, tiers=(2, 1)))
    assert (without["advance"], without["dock_again"]) == (0, 0)
    assert (found["advance"], found["dock_again"], found["dock"]) == (6, 9, 12)


def test_each_receptor_with_filters_adds_a_job() -> None:
    without = sum(jobs_by_rule(Shape(3, 1, 1, 1)).values())
    assert sum(jobs_by_rule(Shape(3, 1, 1, 1, filtered=2)).values()) == without + 2


@pytest.mark.parametrize(("things", "size"), [(20_000, 500), (20_000, 250), (50_000, 70)])
def test_expected_shards_are_those_of_real_hashes(things: int, size: int) -> None:
    texts = (hashlib.sha256(str(i).encode()).digest()[:8] for i in range(things))
    keys = np.array([int.from_bytes(text, "big") for text in texts], dtype=np.uint64)
    found = expected_shards(things, size)
    assert found.count == pytest.approx(len(leaves(keys, size)), rel=0.05)
    assert things / found.count < found.largest <= size


def test_a_huge_library_has_the_shards_of_its_halves(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = expected_shards(40_000, 130)
    monkeypatch.setattr(jobs, "MOST_KEYS", 10_000)
    assert expected_shards(40_000, 130).count == pytest.approx(whole.count, rel=0.05)


@pytest.mark.parametrize("things", [0, 1, 100])
def test_what_fits_one_shard_is_one_shard(things: int) -> None:
    assert expected_shards(things, 100).count == min(1, things)


@pytest.mark.parametrize(
    ("ligands", "records"), [(1, 10), (3, 30), (500, 5000), (2000, 5000), (9000, 9000)]
)
def test_shards_of_records_are_larger_within_reason(ligands: int, records: int) -> None:
    assert records_per_shard(ligands) == records
