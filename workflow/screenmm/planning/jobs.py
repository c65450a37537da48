"""Shards and jobs of a screen."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from screenmm.config.settings import Settings
from screenmm.run.shards import Keys, leaves
from screenmm.run.stages import stages

MOST_KEYS = 1 << 20
"""Keys that are drawn at once; a larger set has the shards of its halves."""
SEED = 1


@dataclass(frozen=True)
class Shards:
    """Shards of one kind: how many, and how many things the largest and the smallest hold."""

    count: int
    largest: int


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


def jobs_by_rule(settings: Settings, shards: Callable[[str, str], int]) -> dict[str, int]:
    """Jobs of a run from nothing, by rule, in the run's order.

    Parameters
    ----------
    settings : Settings
        The config.
    shards : callable
        ``shards(stage, receptor)``: how many a stage's job makes, of a receptor as
        :meth:`~screenmm.run.stage.Stage.receptors` names it.
    """
    jobs = {
        name: sum(
            shards(stage.shards_of, receptor) if stage.shards_of else 1
            for receptor in stage.receptors(settings)
        )
        for name, stage in stages().items()
    }
    return jobs | {"screen": 1}
