"""Asking a proposer for the molecules of a round: once having learned, and once blindly."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.campaign.known import docked, rows_of, smiles_of_batches
from screenmm.config.settings import Generate, Rounds
from screenmm.files.whole import replace_whole
from screenmm.generation.arms import Arm, propose_for
from screenmm.generation.choice import shared_out
from screenmm.generation.proposal import Known, Proposal, Proposer
from screenmm.rounds.known import How
from screenmm.run.layout import Layout
from screenmm.run.shards import write_table
from screenmm.tables import dictionary
from screenmm.tables.schema import schema

log = logging.getLogger(__name__)

PROPOSALS = schema(dictionary.PROPOSALS)

BY_LEARNING = (How.ACQUIRED, How.NEIGHBOUR, How.LEARNED)
"""What a molecule came in by because others had been judged."""


@dataclass(frozen=True)
class Pool:
    """Molecules of the rounds so far.

    Attributes
    ----------
    judged : list of Known
        Those that have a value, ordered by key.
    chosen_blindly : list of Known
        Those that nothing learned brought in, ordered by key: the library's, and ideas of the
        blind arm.
    """

    judged: list[Known]
    chosen_blindly: list[Known]


def pool(files: Layout, rounds: Rounds) -> Pool:
    """Gather what rounds so far have docked.

    Parameters
    ----------
    files : Layout
        Of the run, up to the last round that counts.
    rounds : Rounds
        The config's section; ``receptor`` is given.
    """
    smiles = smiles_of_batches(files)
    made = {row["inchikey"]: row for row in rows_of(files.vetted("lineage"))}
    found = docked(files, str(rounds.receptor), rounds.objective)
    known = {each.key: _known(each.key, smiles[each.key], each.value, made) for each in found}
    return Pool(
        judged=[known[each.key] for each in found if each.value is not None],
        chosen_blindly=[known[each.key] for each in found if each.how not in BY_LEARNING],
    )


def _known(key: str, smiles: str, value: float | None, made: dict[str, dict[str, Any]]) -> Known:
    row = made.get(key, {})
    return Known(key, smiles, value, row.get("reaction", ""), tuple(row.get("blocks", ())))


def propose(
    name: str, proposer: Proposer, known: Pool, generate: Generate, number: int, seed: int
) -> list[dict[str, Any]]:
    """Ask a proposer for its share of a round, for each arm.

    Parameters
    ----------
    name : str
        Of the proposer.
    proposer : Proposer
    known : Pool
    generate : Generate
        The config's section.
    number : int
        Of the round.
    seed : int
        Of the run.

    Returns
    -------
    list of dict
        Rows of :data:`PROPOSALS`, of one arm after the other. What a proposer gives beyond what
        it was asked for is not taken.
    """
    count = shared_out(generate.proposals, generate.proposers)[name]
    pools = {Arm.LEARNED: known.judged, Arm.BLIND: known.chosen_blindly}
    rows = []
    for arm, own in pools.items():
        found = propose_for(
            arm, name, proposer, own, known.judged, count, generate.parents,
            generate.per_scaffold, seed, number,
        )  # fmt: skip
        log.info("%s: asked for %d, %d came", arm, count, len(found))
        rows += [_row(str(arm), *each) for each in found[:count]]
    return rows


def _row(arm: str, proposal: Proposal, seed: int) -> dict[str, Any]:
    return {
        "arm": arm,
        "smiles": proposal.smiles,
        "operation": proposal.operation,
        "parents": list(proposal.parents),
        "reaction": proposal.reaction,
        "blocks": list(proposal.blocks),
        "proposer_seed": seed,
    }


def write_proposals(rows: Sequence[dict[str, Any]], path: Path) -> None:
    """Write what a proposer proposed (.parquet)."""
    with replace_whole(path) as partial:
        write_table(partial, pa.Table.from_pylist(list(rows), PROPOSALS))


def read_proposals(path: Path) -> list[tuple[dict[str, Any], Proposal]]:
    """Read what :func:`write_proposals` wrote: each row, and the proposal that it is."""
    return [
        (
            row,
            Proposal(
                row["smiles"],
                row["operation"],
                tuple(row["parents"]),
                row["reaction"],
                tuple(row["blocks"]),
            ),
        )
        for row in pq.read_table(path, schema=PROPOSALS).to_pylist()
    ]
