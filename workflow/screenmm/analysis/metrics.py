"""``metrics.json``: counts, timings, versions, platforms and controls of a run."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import duckdb

from screenmm.analysis.controls import controls
from screenmm.analysis.costs import account, per_item, versions_used
from screenmm.analysis.verdict import verdicts
from screenmm.config.settings import Costs, Settings
from screenmm.core.versions import installed_versions
from screenmm.execution.usage import read_usage
from screenmm.files.whole import write_text
from screenmm.redocking.results import redockings
from screenmm.results.fates import STATUSES
from screenmm.results.known import conflicts
from screenmm.run.layout import Layout

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
        **conflicts(con),
    }


def platforms(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Count scored poses by OpenMM platform."""
    rows = con.execute("SELECT platform, count(*) FROM scores GROUP BY platform ORDER BY platform")
    return {platform: count for platform, count in rows.fetchall() if platform}


def make_metrics(
    con: duckdb.DuckDBPyConnection,
    name: str,
    files: Layout | None = None,
    rates: Costs | None = None,
    hits: int = 0,
    seed: int = 1,
    settings: Settings | None = None,
) -> Metrics:
    """Gather the metrics of a run.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        From :func:`screenmm.results.parts.open_parts` with ``ranking`` and ``ledger`` made, or
        from :func:`screenmm.results.database.open_database`.
    name : str
        Name of the screen.
    files : Layout, optional
        Where the jobs noted what they used; without it nothing is known of costs.
    rates : Costs, optional
        Prices and powers.
    hits : int
        How many top ligands per receptor count as hits.
    seed : int
        Of the run: the resamples of the controls derive from it.
    settings : Settings, optional
        The whole config; without it nothing is known of redockings and of named actives.

    Returns
    -------
    dict
        ``name``, ``counts``, ``timings`` (by rule), ``costs``, ``platforms``, ``versions``,
        ``annotations`` (of :func:`screenmm.library.annotations.summarise`), ``redock``,
        ``controls`` and ``verdicts``.
    """
    counted = counts(con)
    costs: dict[str, Any] = {"by_rule": {}}
    redocked = {} if settings is None or files is None else redockings(settings, files)
    presume_inactive = settings is not None and bool(settings.controls.actives)
    versions = installed_versions()
    if files is not None:
        receptors = list(counted["by_receptor"])
        usage = read_usage(files.usage)
        again = [] if settings is None else settings.redocked
        gated = settings is not None and settings.controls.gate == "stop"
        filtered = [] if settings is None else settings.filtered
        targets = files.targets(receptors, again, gated=gated, filtered=filtered)
        costs = account(usage, targets, rates or Costs(), files.benchmarks)
        scored = [found["ranked_by_mmgbsa"] for found in counted["by_receptor"].values()]
        things = {
            "ligand": counted["ligands"],
            "scored_ligand": sum(scored),
            "hit": sum(min(hits, each) for each in scored),
        }
        costs["per"] = per_item(costs["total"], things)
        versions |= versions_used(usage, targets)
    measured = controls(con, seed, presume_inactive=presume_inactive)
    return {
        "name": name,
        "counts": counted,
        "timings": costs.pop("by_rule"),
        "costs": costs,
        "platforms": platforms(con),
        "versions": versions,
        "annotations": _annotations(files),
        "redock": redocked,
        "controls": measured,
        "verdicts": verdicts(measured, list(counted["by_receptor"])),
    }


def _annotations(files: Layout | None) -> dict[str, Any]:
    """What ``split`` understood of labels and affinities; empty where it left no note."""
    if files is None or not files.annotations.is_file():
        return {}
    found: dict[str, Any] = json.loads(files.annotations.read_text(encoding="utf-8"))
    return found


def write_metrics(metrics: Metrics, path: Path) -> None:
    """Write ``metrics.json``."""
    text = json.dumps(metrics, indent=2, ensure_ascii=False, allow_nan=False)
    write_text(path, text + "\n")
