"""Stage ``prepare-ligands``: the ligands of a shard into states with 3D coordinates."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from screenmm.batch import Journal, Outcome, Result, Task, fingerprint, run_batch
from screenmm.errors import LigandError, Reason
from screenmm.files import sha256, write_text_gz
from screenmm.ledger import Event, Status, write_events
from screenmm.ligands.prepare import prepare_ligand, state_to_sdf
from screenmm.ligands.protomers import check_installed
from screenmm.settings import Ligands
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    settings_of,
    text_of,
    workers_of,
)

_worker: dict[str, Any] = {}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    add_workers_argument(parser)
    parser.add_argument("--ligands", type=Path, required=True, help="ligands (.parquet)")
    parser.add_argument("--states", type=Path, required=True, help="states to write (.sdf.gz)")
    parser.add_argument("--events", type=Path, required=True, help="ledger rows (.parquet)")


def run(args: argparse.Namespace) -> None:
    """Prepare a shard of ligands.

    Raises
    ------
    ConfigError
        ``ligands.protomers`` names a package that is not installed.
    """
    given = settings_of(args)
    settings = Ligands.model_validate(given["ligands"])
    check_installed(settings.protomers)
    task = Task(
        stage="prepare_ligands",
        function=prepare_row,
        start=start_worker,
        start_args=(settings, given["seed"], given["docking"]["engine"] == "given"),
        time_limit_s=settings.time_limit_s,
    )
    items = [(row["inchikey"], row) for row in pq.read_table(args.ligands).to_pylist()]
    journal = Journal(args.states, fingerprint(text_of(given), sha256(args.ligands)))
    outcomes = list(run_batch(task, items, workers_of(args), journal))
    write_text_gz(
        args.states, "".join(record for o in outcomes if o.result for record in o.result["states"])
    )
    write_events(args.events, (event for outcome in outcomes for event in _events(outcome)))
    journal.remove()


def _events(outcome: Outcome) -> list[Event]:
    """Ledger rows of a ligand: its failures, and which stereoisomers it is docked without."""
    note = (outcome.result or {}).get("note", "")
    told = [Event("prepare_ligands", Status.OK, inchikey=outcome.key, message=note)] if note else []
    return [*outcome.events, *told]


def start_worker(settings: Ligands, run_seed: int, as_given: bool) -> None:
    """Keep the settings in the worker."""
    _worker.update(settings=settings, seed=run_seed, as_given=as_given)


def prepare_row(row: dict[str, Any]) -> Result:
    """Make the states of one ligand.

    Raises
    ------
    LigandError
        No state could be made; the first state's reason.
    """
    poses = (row["poses"] or []) if _worker["as_given"] else None
    made = prepare_ligand(
        row["inchikey"], row["smiles"], poses, _worker["seed"], _worker["settings"]
    )
    if not made.states:
        no_state = ("", LigandError(Reason.ENUMERATION_FAILED, "no state"))
        state, error = made.failures[0] if made.failures else no_state
        raise LigandError(error.reason, f"{state}: {error.message}")
    failures = [
        {"state": state, "reason": error.reason, "message": error.message}
        for state, error in made.failures
    ]
    return {
        "states": [state_to_sdf(state) for state in made.states],
        "failures": failures,
        "note": made.note,
    }
