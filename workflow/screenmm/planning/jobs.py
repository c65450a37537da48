"""Shards and jobs of a screen."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screenmm.run.shards import Keys, leaves
from screenmm.run.stage import Stage
from screenmm.run.stages import stages

MOST_KEYS = 1 << 20
"""Keys that are drawn at once; a larger set has the shards of its halves."""
SEED = 1


@dataclass(frozen=True)
class Shards:
    """Shards of one kind: how many, and how many things the largest and the smallest hold."""

    count: int
    largest: int


@dataclass(frozen=True)
class Shape:
    """What decides the number of jobs."""

    receptors: int
    record_shards: int
    ligand_shards: int
    scoring_shards: int
    """Of one receptor."""
    redocked: int = 0
    """Receptors whose reference ligand is docked again."""
    gates: int = 0
    """Receptors that wait for it."""
    filtered: int = 0
    """Receptors that filters on interactions are for."""
    tiers: tuple[int, ...] = ()
    """Shards of one receptor in each later tier of docking."""

    def shards_of(self, stage: Stage) -> int:
        """Shards that a stage works on, of one receptor."""
        shards = {
            "": 1, "split": self.record_shards, "merge": self.ligand_shards,
            "select": self.scoring_shards, "advance": 0,
        }  # fmt: skip
        return shards[stage.shards_of]


def shards_of(keys: Keys, shard_size: int) -> Shards:
    """Shards that keys fall into."""
    found = leaves(keys, shard_size)
    return Shards(len(found), max((leaf.size for leaf in found), default=0))


def expected_shards(things: int, shard_size: int) -> Shards:
    """Shards that as many random keys fall into: hashes are as good as random.

    Parameters
    ----------
    things : int
        Ligands or records.
    shard_size : int
        Most in a shard.

    Returns
    -------
    Shards
        The expectation within a few percent; exact for a single shard.
    """
    halvings = 0
    while things >> halvings > MOST_KEYS:
        halvings += 1
    draw = np.random.default_rng(SEED)
    keys = draw.integers(0, 1 << 64, things >> halvings, dtype=np.uint64)
    found = shards_of(keys, shard_size)
    return Shards(found.count << halvings, found.largest)


def jobs_by_rule(shape: Shape) -> dict[str, int]:
    """Jobs of a run from nothing, by rule, in the run's order."""
    receptors = {
        "": 1, "all": shape.receptors, "redocked": shape.redocked, "gated": shape.gates,
        "filtered": shape.filtered, "tiered": 0,
    }  # fmt: skip
    jobs = {
        name: receptors[stage.per_receptor] * shape.shards_of(stage)
        for name, stage in stages().items()
    }
    jobs |= {
        name: shape.receptors * (sum(shape.tiers) if stage.shards_of else len(shape.tiers))
        for name, stage in stages().items()
        if stage.per_receptor == "tiered"
    }
    return jobs | {"screen": 1}
