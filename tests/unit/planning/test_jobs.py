from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from screenmm.config.settings import Settings, parse_settings
from screenmm.planning import jobs
from screenmm.planning.jobs import expected_shards, jobs_by_rule
from screenmm.run.shards import leaves, records_per_shard


def one_each(stage: str, receptor: str) -> int:
    return 1


def settings(receptors: int, **sections: Any) -> Settings:
    """A config of so many receptors, whose reference ligand is in a file with bond orders."""
    names = [f"r{number}" for number in range(receptors)]
    config = {
        "name": "x",
        "results": "results",
        "library": {"files": ["library.smi"]},
        "receptors": {name: {"structure": "protein.pdb"} for name in names},
        "pocket": {"ligand": "crystal_ligand.sdf"},
        "controls": {"redock": False},
    }
    return parse_settings(config | sections, None)


def test_every_rule_of_the_workflow_is_counted(root: Path) -> None:
    text = "".join(
        path.read_text() for path in (root / "Snakefile", *root.glob("workflow/rules/*.smk"))
    )
    rule = r"^(?:(?:rule|checkpoint) |use rule \w+ as )(\w+)(?::| with:)"
    rules = set(re.findall(rule, text, re.MULTILINE))
    assert rules == set(jobs_by_rule(settings(1), one_each))


def test_jobs_of_shards_and_receptors() -> None:
    shards = {"split": 3, "merge": 5, "batches": 5, "select": 4}
    found = jobs_by_rule(settings(2), lambda stage, receptor: shards[stage])
    assert (found["standardise"], found["prepare_ligands"]) == (3, 5)
    assert (found["dock"], found["score"], found["inspect"]) == (10, 8, 8)
    assert (found["prepare_receptor"], found["select"], found["manifest"]) == (2, 2, 2)
    assert sum(found.values()) == 3 + 5 + 10 + 8 + 8 + 6 + 6


@pytest.mark.parametrize(("gate", "each"), [("warn", 4), ("stop", 5)])
def test_each_reference_ligand_adds_four_jobs_and_a_gate_where_the_library_waits(
    gate: str, each: int
) -> None:
    without = sum(jobs_by_rule(settings(2), one_each).values())
    controls = {"redock": True, "gate": gate}
    found = jobs_by_rule(settings(2, controls=controls), one_each)
    assert sum(found.values()) == without + 2 * each


def test_each_receptor_with_filters_adds_a_job() -> None:
    without = sum(jobs_by_rule(settings(3), one_each).values())
    asked = {"filter": "hydrogen bond to Val93", "receptors": ["r0", "r2"]}
    ranking = {"interactions": {"must": [asked]}}
    assert sum(jobs_by_rule(settings(3, ranking=ranking), one_each).values()) == without + 2


def test_each_tier_adds_a_job_for_its_choice_and_one_for_each_of_its_shards() -> None:
    tiers = [{"effort": "fast"}, {"effort": "standard", "top": 9}, {"effort": "thorough", "top": 1}]
    made = {"r0/2": 4, "r1/2": 3, "r0/3": 1, "r1/3": 1}
    found = jobs_by_rule(
        settings(2, docking={"tiers": tiers}),
        lambda stage, receptor: made[receptor] if stage == "advance" else 1,
    )
    assert (found["advance"], found["dock_again"]) == (4, 9)


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
