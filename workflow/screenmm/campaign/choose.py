"""The batch of a round, as shards of ligands that are prepared and docked like any library."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from screenmm.campaign.cost import Rates, foreseen_cpu_h, too_dear
from screenmm.campaign.known import docked, library
from screenmm.campaign.proposed import (
    Proposed,
    choose_proposed,
    features_of_proposed,
    part_new,
    rounds_without_gain,
)
from screenmm.config.settings import Generate, Rounds, share_of
from screenmm.files.whole import replace_whole, replaced_folder, write_text
from screenmm.library.merge import LIGANDS, ligand_key
from screenmm.rounds.campaign import Chosen, Decision, Measures, Settings, Stop, decide
from screenmm.rounds.known import Docked
from screenmm.run.layout import Layout
from screenmm.run.shards import leaf_of, leaves, write_table
from screenmm.tables import dictionary
from screenmm.tables.schema import schema

BATCH = schema(dictionary.BATCH)


@dataclass(frozen=True)
class Batch:
    """Where a round's batch goes, and its shards' size.

    Parameters
    ----------
    shards : Path
        Folder of its ligands in shards.
    table : Path
        Its molecules, and how each came in (.parquet).
    told : Path
        What was known when it was chosen, and why the campaign ends, where it does (.json).
    shard_size : int
        Most ligands in a shard.
    """

    shards: Path
    table: Path
    told: Path
    shard_size: int


def campaign_settings(
    rounds: Rounds, number: int, seeds: Sequence[str] = (), *, generates: bool = False
) -> Settings:
    """How the campaign is run, as :mod:`screenmm.rounds` takes it.

    Parameters
    ----------
    rounds : Rounds
        The config's section.
    number : int
        Rounds at most.
    seeds : sequence of str
        Keys that are the first batch; empty: it is chosen.
    generates : bool
        Whether molecules are proposed.
    """
    part = rounds.batch
    return Settings(
        number=number,
        batch=part if isinstance(part, int) else share_of(part),
        first="given" if seeds else rounds.first,
        given=tuple(seeds),
        audit=share_of(rounds.audit),
        stop=Stop(
            share=rounds.stop.share, patience=rounds.stop.patience, recall=rounds.stop.recall
        ),
        generates=generates,
    )


def choose(
    files: Layout,
    rounds: Rounds,
    number: int,
    seed: int,
    batch: Batch,
    rates: Rates | None = None,
    seeds: Sequence[str] = (),
    generate: Generate | None = None,
) -> Decision:
    """Choose the batch of a round, or end the campaign, and write what was decided.

    Parameters
    ----------
    files : Layout
        Of the run, up to the round before.
    rounds : Rounds
        The config's section; ``receptor`` is given.
    number : int
        Of the round, from 1.
    seed : int
        Of the run.
    batch : Batch
        Where it goes.
    rates : Rates, optional
        Costs, where the campaign may end for them.
    seeds : sequence of str
        Keys that are the first batch; empty: it is chosen.
    generate : Generate, optional
        The config's section, where molecules are proposed.

    Returns
    -------
    Decision
        Of an empty batch where the campaign ends.
    """
    known = docked(files, str(rounds.receptor), rounds.objective)
    asked = campaign_settings(rounds, number, seeds, generates=generate is not None)
    decision = decide(
        library(files), known, asked, number, seed, features_of_proposed(files.vetted("features"))
    )
    if generate is not None and number > 1 and not decision.stop:
        decision = _with_proposed(files, generate, decision, known, number, seed)
    if rates is not None and not decision.stop:
        spent_h = foreseen_cpu_h(files, str(rounds.receptor), rates)
        if stop := too_dear(spent_h, number - 1, rounds.stop.cpu_hours):
            decision = replace(decision, batch=[], stop=stop)
    ligands = [*files.ligands(), *files.vetted("ligands", number)]
    write_batch(ligands, decision.batch, number, batch)
    told = {"measures": as_plain(decision.measures), "stop": decision.stop}
    write_text(batch.told, json.dumps(told, indent=2, allow_nan=False) + "\n")
    return decision


def _with_proposed(
    files: Layout,
    generate: Generate,
    decision: Decision,
    known: Sequence[Docked],
    number: int,
    seed: int,
) -> Decision:
    """Add what the arms dock to a batch of the library's, or end the campaign."""
    proposals, new = part_new(files, number)
    if proposals and new < generate.min_new * proposals:
        stop = (
            f"{new} of {proposals} proposals of round {number} were new molecules, less than a "
            f"part of {generate.min_new:g} (generate.min_new)"
        )
        return replace(decision, batch=[], stop=stop)
    without = rounds_without_gain(known, number)
    if generate.patience is not None and without >= generate.patience:
        stop = (
            f"no proposal of the last {without} rounds was better than all molecules before it "
            "(generate.patience)"
        )
        return replace(decision, batch=[], stop=stop)
    proposed = Proposed.of(files, number)
    more = choose_proposed(
        files, generate, proposed, known, decision.batch, decision.surrogate, seed
    )
    batch = sorted([*decision.batch, *more], key=lambda each: each.key)
    stop = "" if batch else "all of the library was docked, and no proposal may be"
    return replace(decision, batch=batch, stop=stop)


def as_plain(measures: Measures) -> dict[str, Any]:
    """Give measures as plain data."""
    return {**asdict(measures), "verdict": str(measures.verdict)}


def write_batch(
    ligands: Sequence[Path], chosen: Sequence[Chosen], number: int, batch: Batch
) -> None:
    """Write the ligands of a batch in shards, and how each came into it.

    Parameters
    ----------
    ligands : sequence of Path
        Shards of the library's ligands.
    chosen : sequence of Chosen
        Ordered by key.
    number : int
        Of the round.
    batch : Batch
        Where it goes.
    """
    wanted = pa.array([each.key for each in chosen], pa.string())
    rows = []
    for path in ligands:
        table = pq.read_table(path, schema=LIGANDS)
        rows += table.filter(pc.is_in(table["inchikey"], value_set=wanted)).to_pylist()
    # a library may have grown by what was proposed before
    rows = sorted({row["inchikey"]: row for row in rows}.values(), key=lambda row: row["inchikey"])
    keys = np.array([ligand_key(row["inchikey"]) for row in rows], dtype=np.uint64)
    trie = leaves(keys, batch.shard_size)
    places = leaf_of(keys, trie).tolist() if trie else []
    found: list[list[dict[str, Any]]] = [[] for _ in trie]
    for row, place in zip(rows, places, strict=True):
        found[place].append(row)
    with replaced_folder(batch.shards) as folder:
        for leaf, own in zip(trie, found, strict=True):
            write_table(folder / f"{leaf.name}.parquet", pa.Table.from_pylist(own, LIGANDS))
    table = pa.table(
        [
            pa.array([each.key for each in chosen], BATCH.field(0).type),
            pa.array([number] * len(chosen), BATCH.field(1).type),
            pa.array([str(each.how) for each in chosen], BATCH.field(2).type),
            pa.array([each.predicted for each in chosen], BATCH.field(3).type),
        ],
        BATCH,
    )
    with replace_whole(batch.table) as partial:
        write_table(partial, table)
