"""Made-up variants of a wild type with two ligands, as the tables of a run have them."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import duckdb
import pyarrow as pa

from screenmm.analysis.variants import Board, board
from screenmm.tables.dictionary import BIOMARKERS, VARIANT_EFFECTS, VARIANT_ENTRIES, VARIANTS
from screenmm.tables.schema import schema

WILD = "wt"
LIGANDS = ("alpha", "beta")


def entry(variant: str, reason: str = "") -> dict[str, Any]:
    """An entry of the list."""
    told = {"source": "list", "line": 0, "count": 1, "transcript": "", "message": f"why {reason}"}
    return {**told, "entry": variant or reason, "variant": variant, "reason": reason}


def variant(name: str, *, kind: str = "variant", reason: str = "", charge: int = 0) -> dict:
    """A row of ``variants``; left out where there is a reason."""
    return {
        "variant": name,
        "kind": kind,
        "status": "left_out" if reason else "modelled",
        "reason": reason,
        "message": f"{name} {reason}" if reason else "",
        "entries": int(kind == "variant"),
        "charge_change": charge,
        "pocket_distance_angstrom": 3.5,
        "residues": [],
    }


def effect(
    name: str, ligand: str, ddg: float | None, half: float = 0.5, *, kind: str = "variant"
) -> dict[str, Any]:
    """A row of ``variant_effects``, its interval ``half`` to either side; without ΔΔG it failed."""
    row = {
        "receptor": WILD, "variant": name, "kind": kind, "ligand": ligand,
        "inchikey": f"KEY-{ligand}", "status": "scored", "reason": "", "message": "",
        "charge_change": 0,
    }  # fmt: skip
    if ddg is None:
        return row | {"status": "failed", "reason": "not_finite", "message": "ΔG is inf"}
    low, high = ddg - half, ddg + half
    call = "weaker" if low > 0 else "stronger" if high < 0 else "not told apart"
    terms = {"vdw": 3.0, "coulomb": -1.0, "gb": 0.5, "sa": 0.25, "strain": 0.125, "rotamer": 0.0}
    return row | {
        "ddg_kcal_mol": ddg, "ddg_low_kcal_mol": low, "ddg_high_kcal_mol": high, "call": call,
        "ddg_raw_kcal_mol": 4 * ddg, "wild_kcal_mol": -50.0, "variant_kcal_mol": 4 * ddg - 50,
        **{f"ddg_{term}_kcal_mol": value for term, value in terms.items()},
        "ligand_distance_angstrom": 2.5, "wild_state": "s1", "wild_pose": 1,
        "variant_state": "s1", "variant_pose": 2, "residues": "A:VAL:93 +1.5; A:TYR:92 -0.2",
    }  # fmt: skip


ENTRIES = [
    *map(entry, ("V93F", "V93F", "M90I", "L98R", "T2A")),
    entry("", "frameshift"), entry("", "synonymous"), entry("", "frameshift"),
]  # fmt: skip
LISTED = [
    variant("T2A", reason="far_from_pocket"),
    variant("M90I"),
    variant("V93F"),
    variant("L98R", charge=1),
    variant("A:GLU:17", kind="null"),
    variant("A:VAL:93", kind="null"),
]
EFFECTS = [
    {"receptor": WILD, "variant": "T2A", "kind": "variant", "status": "left_out",
     "reason": "far_from_pocket", "charge_change": 0},
    effect("M90I", "alpha", 0.25),
    effect("M90I", "beta", -0.25),
    effect("V93F", "alpha", 1.5),
    effect("V93F", "beta", 0.75, half=1.0),
    effect("L98R", "alpha", -1.0),
    effect("L98R", "beta", None),
    effect("A:GLU:17", "alpha", 0.25, kind="null"),
    effect("A:GLU:17", "beta", 0.0, kind="null"),
    effect("A:VAL:93", "alpha", -0.75, kind="null"),
    effect("A:VAL:93", "beta", None, kind="null"),
]  # fmt: skip


def made() -> Board:
    """V93F loses alpha, L98R gains it and fails with beta, M90I keeps both."""
    return board(WILD, ENTRIES, LISTED, [_whole(each) for each in EFFECTS])


def _whole(row: dict[str, Any]) -> dict[str, Any]:
    return {column.name: None for column in VARIANT_EFFECTS} | row


def fill(con: duckdb.DuckDBPyConnection, texts: Sequence[str] = ()) -> None:
    """Put the tables into a database; ``texts``, in turn, take the place of what users write."""
    turn = itertools.cycle(texts)
    for table, rows, columns in (
        ("variant_entries", ENTRIES, VARIANT_ENTRIES),
        ("variants", LISTED, VARIANTS),
        ("variant_effects", EFFECTS, VARIANT_EFFECTS),
        ("biomarkers", [], BIOMARKERS),
    ):
        of_users = ("entry", "message", "ligand") if texts else ()
        given = [row | {key: next(turn) for key in of_users if row.get(key)} for row in rows]
        con.register("made", pa.Table.from_pylist(given, schema(columns)))
        con.execute(f"DROP VIEW IF EXISTS {table}")
        con.execute(f"CREATE TABLE {table} AS SELECT * FROM made")
        con.unregister("made")
