"""Receptors that are predicted models: how sure these are of their residues and pockets."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa

from screenmm.core.errors import UserError
from screenmm.tables.dictionary import CONFIDENCE, MODELS
from screenmm.tables.schema import schema

Row = dict[str, Any]


def make_confidence(con: duckdb.DuckDBPyConnection, reports: Mapping[str, Path]) -> None:
    """Make the tables ``models`` and ``confidence``; empty where no receptor is a model.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
    reports : mapping of receptor to Path
        What preparation says of each (``report.json``).

    Raises
    ------
    UserError
        A receptor is a model that an earlier version prepared, which trusted it blindly.
    """
    models: list[Row] = []
    residues: list[Row] = []
    for receptor, path in reports.items():
        found = read_confidence(path)
        if found is not None:
            models.append(_model(receptor, found))
            residues += _residues(receptor, found)
    for name, columns, rows in (("models", MODELS, models), ("confidence", CONFIDENCE, residues)):
        con.register("made", pa.Table.from_pylist(rows, schema(columns)))
        con.execute(f"CREATE TABLE {name} AS SELECT * FROM made")
        con.unregister("made")


def read_confidence(path: Path) -> Row | None:
    """Read what preparation says of a receptor's confidence; None where it is no model.

    Raises
    ------
    UserError
        An earlier version wrote it.
    """
    found: Row | None = json.loads(path.read_text(encoding="utf-8"))["confidence"]
    if found is not None and "plddt" not in found:
        raise UserError(
            f"{path}: an earlier ScreenMM prepared this predicted model without regard to its "
            "pLDDT: run snakemake with --forcerun prepare_receptor"
        )
    return found


def _model(receptor: str, found: Row) -> Row:
    pocket, pae, trimmed = found["pocket"] or {}, found["pae"] or {}, found["trimmed"]
    return {
        "receptor": receptor,
        "why": found["why"],
        "pocket_plddt": pocket.get("mean_plddt"),
        "pocket_lowest_plddt": pocket.get("lowest_plddt"),
        "pocket_residues": pocket.get("residues", 0),
        "min_pocket_plddt": pocket.get("limit"),
        "doubtful": pocket.get("doubtful", []),
        "pocket_pae_angstrom": pae.get("mean"),
        "pocket_highest_pae_angstrom": pae.get("highest"),
        "rest_pae_angstrom": pae.get("mean_to_rest"),
        "trimmed": sum(each["residues"] for each in trimmed),
        "trimmed_near_pocket": pocket.get("trimmed_near"),
        "trimmed_runs": [f"{each['first']} to {each['last']}" for each in trimmed],
    }


def _residues(receptor: str, found: Row) -> list[Row]:
    limit, around = found["limit"], set(found["lining"])
    return [
        {
            "receptor": receptor,
            "residue": residue,
            "plddt": plddt,
            "doubtful": plddt < limit,
            "in_pocket": residue in around,
        }
        for residue, plddt in found["plddt"].items()
    ]
