"""``metrics.json``: counts, timings, versions, platforms and controls of a run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import duckdb

from screenmm.files import write_text
from screenmm.ranking.controls import controls
from screenmm.ranking.fates import STATUSES
from screenmm.ranking.timings import read_timings

PACKAGES = (
    "screenmm", "openmm", "rdkit", "acellera-openff-toolkit", "acellera-openff-nagl",
    "openff-toolkit", "openff-nagl", "openmmforcefields", "pdbfixer", "propka",
    "rustina", "vina", "gemmi", "duckdb", "pyarrow", "numpy", "scipy", "scikit-learn",
    "snakemake",
)  # fmt: skip

Metrics = dict[str, Any]


def _one(con: duckdb.DuckDBPyConnection, query: str, *values: object) -> Any:
    return con.execute(query, list(values)).fetchall()[0][0]


def _receptor_counts(con: duckdb.DuckDBPyConnection, receptor: str) -> dict[str, int]:
    rows = con.execute(
        "SELECT status, count(*) FROM ledger WHERE receptor = ? GROUP BY status", [receptor]
    )
    counts = dict(rows.fetchall())
    return {
        **{status: counts.get(status, 0) for status in STATUSES},
        "ranked_by_mmgbsa": _one(
            con,
            "SELECT count(*) FROM ranking WHERE receptor = ? AND dg_mmgbsa_kcal_mol IS NOT NULL",
            receptor,
        ),
        "poses_docked": _one(con, "SELECT count(*) FROM poses WHERE receptor = ?", receptor),
        "poses_scored": _one(con, "SELECT count(*) FROM scores WHERE receptor = ?", receptor),
    }


def reasons(con: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    """Count records that were not ranked, by receptor, status, stage and reason.

    Returns
    -------
    list of dict
        With ``receptor``, ``status``, ``stage``, ``reason``, ``records`` and, of the first such
        record of the library, ``example_name`` and ``example_message``; most records first.
    """
    names = ("receptor", "status", "stage", "reason", "records", "example_name", "example_message")
    rows = con.execute(
        """
        SELECT receptor, status, stage, reason, count(*) AS records,
            arg_min(coalesce(nullif(name, ''), record), ordinal), arg_min(message, ordinal)
        FROM ledger WHERE status <> 'ranked'
        GROUP BY receptor_ordinal, receptor, status, stage, reason
        ORDER BY receptor_ordinal, records DESC, status, stage, reason
        """
    ).fetchall()
    return [dict(zip(names, row, strict=True)) for row in rows]


def counts(con: duckdb.DuckDBPyConnection) -> dict[str, Any]:
    """Count what went in and what became of it."""
    receptors = con.execute("SELECT receptor FROM receptors ORDER BY ordinal").fetchall()
    return {
        "records": _one(con, "SELECT count(*) FROM sources"),
        "standardised": _one(con, "SELECT count(*) FROM membership"),
        "ligands": _one(con, 'SELECT count(DISTINCT inchikey) FROM membership WHERE "primary"'),
        "states_docked": _one(con, "SELECT count(DISTINCT state) FROM poses"),
        "by_receptor": {receptor: _receptor_counts(con, receptor) for (receptor,) in receptors},
        "by_reason": [
            {key: row[key] for key in ("receptor", "status", "stage", "reason", "records")}
            for row in reasons(con)
        ],
    }


def installed_versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Versions of the packages that are installed; the others are left out."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def platforms(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Count scored poses by OpenMM platform."""
    rows = con.execute("SELECT platform, count(*) FROM scores GROUP BY platform ORDER BY platform")
    return {platform: count for platform, count in rows.fetchall() if platform}


def make_metrics(
    con: duckdb.DuckDBPyConnection,
    name: str,
    benchmarks: Mapping[str, Iterable[Path]] | None = None,
    packages: Iterable[str] = PACKAGES,
) -> Metrics:
    """Gather the metrics of a run.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        From :func:`screenmm.ranking.parts.open_parts` with ``ranking`` and ``ledger`` made, or
        from :func:`screenmm.ranking.database.open_database`.
    name : str
        Name of the screen.
    benchmarks : mapping of rule to paths, optional
        Snakemake's benchmark files.
    packages : iterable of str
        Packages whose versions are noted.

    Returns
    -------
    dict
        ``name``, ``counts``, ``timings``, ``platforms``, ``versions`` and ``controls``.
    """
    return {
        "name": name,
        "counts": counts(con),
        "timings": read_timings(benchmarks or {}),
        "platforms": platforms(con),
        "versions": installed_versions(packages),
        "controls": controls(con),
    }


def write_metrics(metrics: Metrics, path: Path) -> None:
    """Write ``metrics.json``."""
    text = json.dumps(metrics, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")
