"""The ligands of a shard, into states with 3D coordinates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from screenmm.config.settings import Ligands
from screenmm.core.errors import LigandError, Reason
from screenmm.execution.batch import Outcome, Result, Task
from screenmm.execution.shard import run_shard
from screenmm.files.whole import write_text_gz
from screenmm.ligands.prepare import prepare_ligand, state_to_sdf
from screenmm.ligands.protomers import check_installed
from screenmm.run.ledger import Event, Status, write_events


def prepare_shard(
    settings: Ligands,
    seed: int,
    *,
    given_poses: bool,
    ligands: Path,
    states: Path,
    events: Path,
    workers: int,
    asked: str,
) -> None:
    """Prepare a shard of ligands.

    Parameters
    ----------
    settings : Ligands
        States and conformers.
    seed : int
        Of the run.
    given_poses : bool
        Whether the library's poses are kept as they are.
    ligands : Path
        Ligands (.parquet).
    states, events : Path
        States (.sdf.gz) and ledger rows (.parquet) to write.
    workers : int
        Processes side by side.
    asked : str
        The stage's settings as text.

    Raises
    ------
    ConfigError
        ``ligands.protomers`` names a package that is not installed.
    """
    check_installed(settings.protomers)
    task = Task(
        stage="prepare_ligands",
        start=Preparer,
        arguments=(settings, seed, given_poses),
        time_limit_s=settings.time_limit_s,
    )
    items = [(row["inchikey"], row) for row in pq.read_table(ligands).to_pylist()]
    with run_shard(task, items, states, asked, [ligands], workers) as outcomes:
        made = (record for o in outcomes if o.result for record in o.result["states"])
        write_text_gz(states, "".join(made))
        write_events(events, (event for outcome in outcomes for event in _events(outcome)))


def _events(outcome: Outcome) -> list[Event]:
    """Ledger rows of a ligand: its failures, and which stereoisomers it is docked without."""
    note = (outcome.result or {}).get("note", "")
    told = [Event("prepare_ligands", Status.OK, inchikey=outcome.key, message=note)] if note else []
    return [*outcome.events, *told]


class Preparer:
    """Settings, once per worker.

    Parameters
    ----------
    settings : Ligands
    run_seed : int
    as_given : bool
        Whether the library's poses are kept as they are.
    """

    def __init__(self, settings: Ligands, run_seed: int, as_given: bool) -> None:
        self._settings = settings
        self._seed = run_seed
        self._as_given = as_given

    def __call__(self, row: dict[str, Any]) -> Result:
        """Make the states of one ligand.

        Raises
        ------
        LigandError
            No state could be made; the first state's reason.
        """
        poses = (row["poses"] or []) if self._as_given else None
        made = prepare_ligand(row["inchikey"], row["smiles"], poses, self._seed, self._settings)
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
