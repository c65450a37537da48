"""``variants.csv`` and ``biomarkers.csv``: ligands in variants, and variants by ligand."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.core.errors import LedgerError
from screenmm.files.sdf import records_by_ligand
from screenmm.results.database import open_database
from screenmm.results.parts import OF_VARIANTS
from screenmm.results.tables import write_csv
from screenmm.run.layout import Layout
from screenmm.tables.dictionary import BIOMARKERS, VARIANT_EFFECTS, VARIANT_SCORES, VARIANTS, names
from screenmm.tables.schema import schema
from screenmm.variants.calls import Call, Effect, Marker, Noise, effect_of
from screenmm.variants.listed import Modelled, read_modelled

# a ligand that a filter takes out of the ranking was scored all the same, and comes last
_NAMED = """
SELECT members.inchikey, coalesce(nullif(name, ''), members.inchikey)
FROM members LEFT JOIN (SELECT inchikey, rank FROM ranking WHERE receptor = ?) USING (inchikey)
WHERE members.inchikey IN (SELECT unnest(CAST(? AS VARCHAR[])))
ORDER BY rank NULLS LAST, members.inchikey
"""
_ANY = "SELECT 1 FROM scores WHERE receptor = ? LIMIT 1"

NO_LIGAND = {"reason": "no_ligand", "message": "no ligand of the wild type was scored"}

MOST_NAMED = 5
"""Residues that a row names."""

NUMBERS = [each for each in names(VARIANT_SCORES) if each != "complexes"]
"""Columns of a pair that tables are made of: not the coordinates, for viewers."""


def make_variants(con: duckdb.DuckDBPyConnection, files: Layout, varied: Sequence[str]) -> None:
    """Make the tables ``variant_entries``, ``variants``, ``variant_effects`` and ``biomarkers``.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        From :func:`screenmm.results.parts.open_parts`, with ``ranking`` made, which names the
        ligands.
    files : Layout
        Of the run.
    varied : sequence of str
        Wild types; without any the tables stay empty.

    Raises
    ------
    LedgerError
        A ligand is lost in a variant.
    """
    if not varied:
        return
    entries: list[dict[str, Any]] = []
    listed: list[dict[str, Any]] = []
    effects: list[dict[str, Any]] = []
    markers: list[dict[str, Any]] = []
    for receptor in varied:
        modelled = read_modelled(files.file("read_variants", "modelled", receptor))
        rows = [
            row
            for path in files.files("score_variants", "scores", receptor)
            for row in pq.read_table(path, columns=NUMBERS).to_pylist()
        ]
        folder = files.file("choose_ligands", "shards", receptor)
        chosen = {
            key
            for name in files.shards("choose_ligands", receptor)
            for key, _ in records_by_ligand(folder / f"{name}.sdf.gz")
        }
        scored = con.execute(_ANY, [receptor]).fetchall()
        check_cells(receptor, modelled, rows, chosen, is_any_scored=bool(scored))
        found = variant_effects(receptor, modelled, rows, ligand_names(con, receptor, rows))
        entries += pq.read_table(files.file("read_variants", "entries", receptor)).to_pylist()
        listed += map(_listed, modelled)
        effects += found
        markers += biomarkers(receptor, modelled, found)
    for (name, columns), rows in zip(
        OF_VARIANTS.items(), (entries, listed, effects, markers), strict=True
    ):
        con.register("made", pa.Table.from_pylist(rows, schema(columns)))
        con.execute(f"DROP VIEW {name}")
        # in the order of the rows
        con.execute(f"CREATE TABLE {name} AS SELECT * FROM made")
        con.unregister("made")


def ligand_names(
    con: duckdb.DuckDBPyConnection, receptor: str, rows: Sequence[Mapping[str, Any]]
) -> dict[str, str]:
    """Names of the ligands of some rows by InChIKey, in the order of the ranking.

    A name that several have is followed by the InChIKey.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking`` made.
    receptor : str
        Whose ranking.
    rows : sequence of mapping
        With ``inchikey``.
    """
    keys = sorted({row["inchikey"] for row in rows})
    named = con.execute(_NAMED, [receptor, keys]).fetchall()
    often = Counter(name for _, name in named)
    return {key: name if often[name] == 1 else f"{name} ({key})" for key, name in named}


def check_cells(
    receptor: str,
    modelled: Sequence[Modelled],
    rows: Sequence[Mapping[str, Any]],
    ligands: Collection[str],
    *,
    is_any_scored: bool,
) -> None:
    """See that every variant has a row for every ligand.

    Parameters
    ----------
    receptor : str
        Wild type.
    modelled : sequence of Modelled
        Variants and controls.
    rows : sequence of mapping
        As ``score_variants`` writes them.
    ligands : collection of str
        Keys of those that were chosen.
    is_any_scored : bool
        Whether the wild type has a scored ligand.

    Raises
    ------
    LedgerError
        One is missing.
    """
    expected = {(each.name, key) for each in modelled if not each.is_left_out for key in ligands}
    found = Counter((row["variant"], row["inchikey"]) for row in rows)
    several = {cell for cell, count in found.items() if count > 1}
    wrong = sorted((expected ^ set(found)) | several)
    if wrong:
        raise LedgerError(
            f"receptor {receptor}: {len(expected)} pairs of a variant and a ligand were asked for, "
            f"and {len(rows)} came; the first that is missing or too many: "
            f"{' with '.join(wrong[0])}"
        )
    if is_any_scored and not ligands and any(not each.is_left_out for each in modelled):
        raise LedgerError(f"receptor {receptor} has scored ligands, and its variants have none")


def _listed(each: Modelled) -> dict[str, Any]:
    row = {name: value for name, value in asdict(each).items() if name in names(VARIANTS)}
    status = "left_out" if each.is_left_out else "modelled"
    return {**row, "variant": each.name, "status": status}


def variant_effects(
    receptor: str,
    modelled: Sequence[Modelled],
    rows: Sequence[Mapping[str, Any]],
    named: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Rows of ``variants.csv``: each variant with each ligand, and those left out alone.

    Parameters
    ----------
    receptor : str
        Wild type.
    modelled : sequence of Modelled
        Variants and controls, in their order.
    rows : sequence of mapping
        As ``score_variants`` writes them.
    named : mapping of str to str
        Names of the ligands by InChIKey, the best first.
    """
    nulls: dict[str, list[float]] = defaultdict(list)
    cells: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in rows:
        cells[row["variant"]].append(row)
        if row["kind"] == "null" and not row["reason"]:
            nulls[row["variant"]].append(_mean(row["replicas_kcal_mol"]))
    place = {inchikey: index for index, inchikey in enumerate(named)}
    found = []
    for each in modelled:
        about = {
            "receptor": receptor,
            "variant": each.name,
            "kind": each.kind,
            "charge_change": each.charge_change,
        }
        if each.is_left_out:
            why = {"reason": each.reason, "message": each.message}
            found.append({**about, "status": "left_out", **why})
            continue
        # a control is judged by the others: its own noise is not in its interval
        noise = Noise.of({name: each_ for name, each_ in nulls.items() if name != each.name})
        if not cells[each.name]:
            found.append({**about, "status": "left_out", **NO_LIGAND})
        for row in sorted(cells[each.name], key=lambda row: place[row["inchikey"]]):
            found.append({**about, **_effect(row, noise, named)})
    return found


def _effect(row: Mapping[str, Any], noise: Noise, named: Mapping[str, str]) -> dict[str, Any]:
    """Columns of a ligand in a variant."""
    told = {
        "ligand": named[row["inchikey"]],
        "inchikey": row["inchikey"],
        "status": "failed" if row["reason"] else "scored",
        "reason": row["reason"],
        "message": row["message"],
    }
    if row["reason"]:
        return told
    effect = effect_of(row["replicas_kcal_mol"], noise)
    parts = zip(row["residue"], row["residue_ddg_kcal_mol"], strict=True)
    shared = {name: row[name] for name in names(VARIANT_EFFECTS) if name in row}
    return {
        **shared,
        **told,
        "ddg_kcal_mol": effect.ddg_kcal_mol,
        "ddg_low_kcal_mol": effect.low_kcal_mol,
        "ddg_high_kcal_mol": effect.high_kcal_mol,
        "call": str(effect.call),
        "ddg_raw_kcal_mol": _mean(row["replicas_kcal_mol"]),
        "residues": "; ".join(f"{label} {ddg:+.1f}" for label, ddg in [*parts][:MOST_NAMED]),
    }


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def biomarkers(
    receptor: str, modelled: Sequence[Modelled], effects: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Rows of ``biomarkers.csv``: which ligands each variant loses, keeps and gains.

    Parameters
    ----------
    receptor : str
        Wild type.
    modelled : sequence of Modelled
        Variants; controls are none.
    effects : sequence of mapping
        From :func:`variant_effects`.
    """
    by_variant: dict[str, dict[str, list[str]]] = defaultdict(lambda: defaultdict(list))
    rows: dict[str, list[Mapping[str, Any]]] = defaultdict(list)
    for row in effects:
        rows[row["variant"]].append(row)
        if row["status"] == "scored":
            by_variant[row["variant"]][marker_of(row)].append(row["ligand"])
        elif row["status"] == "failed":
            by_variant[row["variant"]]["failed"].append(row["ligand"])
    kinds = (*map(str, Marker), "failed")
    return [
        {
            "receptor": receptor,
            "variant": each.name,
            **_fate(rows[each.name]),
            "entries": each.entries,
            **{kind: "; ".join(by_variant[each.name][kind]) for kind in kinds},
        }
        for each in modelled
        if each.kind == "variant"
    ]


def _fate(rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """What became of a variant: the reason is the first's, where no ligand was scored in it."""
    if any(row["status"] == "scored" for row in rows):
        return {"status": "scored", "reason": "", "message": ""}
    return {key: rows[0][key] for key in ("status", "reason", "message")}


def marker_of(row: Mapping[str, Any]) -> str:
    """What a scored row means for its ligand."""
    effect = Effect(
        row["ddg_kcal_mol"], row["ddg_low_kcal_mol"], row["ddg_high_kcal_mol"], Call(row["call"])
    )
    return str(effect.marker)


def write_variants(database: Path, variants: Path, markers: Path) -> None:
    """Write the tables of a finished database as CSV, whole or not at all.

    Parameters
    ----------
    database : Path
        ``screen.duckdb``.
    variants, markers : Path
        ``variants.csv`` and ``biomarkers.csv`` to write.
    """
    with open_database(database) as con:
        for path, table, columns in (
            (variants, "variant_effects", VARIANT_EFFECTS),
            (markers, "biomarkers", BIOMARKERS),
        ):
            write_csv(con, path, table, columns, "rowid")
