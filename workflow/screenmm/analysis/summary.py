"""The few lines a run ends with, for the terminal."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path

import duckdb

from screenmm.analysis.known_answers import doubts
from screenmm.core.columns import Column
from screenmm.core.formats import duration, energy
from screenmm.metrics.model import Metrics
from screenmm.metrics.orders import RankingOrder
from screenmm.metrics.redocking import Redocking
from screenmm.metrics.verdicts import Verdict
from screenmm.results.orders import orders_of
from screenmm.tables.dictionary import DG, DOCK, listed
from screenmm.variants.calls import Marker

TOP = 10
NAME_WIDTH = 28
WIDTH = 96
TITLES = {DG: "dG MM/GBSA", DOCK: "dock score"}
"""Columns that every list has, and what stands over them."""


def _columns(rows: list[list[str]], right: set[int]) -> list[str]:
    """Rows as text with aligned columns."""
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    return [
        "  ".join(
            cell.rjust(width) if i in right else cell.ljust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def _flat(text: str) -> str:
    """Keep a text on one line, and free of what a terminal would obey."""
    return "".join(c if c.isprintable() else " " for c in text)


def _printable(text: str) -> str:
    """Keep a name on one line, short, and free of what a terminal would obey."""
    flat = _flat(text)
    return flat if len(flat) <= NAME_WIDTH else flat[: NAME_WIDTH - 1] + "…"


def _fates(metrics: Metrics) -> list[str]:
    counts = metrics.counts
    rows = [["receptor", "records", *counts.statuses]]
    rows += [
        [
            receptor,
            str(counts.records),
            *(str(found.by_status[status]) for status in counts.statuses),
        ]
        for receptor, found in counts.by_receptor.items()
    ]
    return _columns(rows, set(range(1, len(rows[0]))))


def _failures(metrics: Metrics) -> list[str]:
    rows = [
        [each.receptor, each.status, each.stage, each.reason, str(each.records)]
        for each in metrics.counts.by_reason
        if each.status not in ("duplicate", "predicted")
    ]
    if not rows:
        return []
    head = ["receptor", "fate", "stage", "reason", "records"]
    return ["", *_columns([head, *rows], {4})]


def _timings(metrics: Metrics) -> list[str]:
    if not metrics.timings:
        return []
    rows = [["stage", "jobs", "wall", "cpu"]]
    rows += [
        [rule, str(used.jobs), duration(used.wall_s), duration(used.cpu_s)]
        for rule, used in metrics.timings.items()
    ]
    costs, total = metrics.costs, metrics.costs.total
    rows.append(["all", str(total.jobs), duration(total.wall_s), duration(total.cpu_s)])
    told = [energy(total.energy_kwh)]
    if total.gpu_s:
        told.insert(0, f"{duration(total.gpu_s)} of GPUs")
    if total.price is not None:
        told.append(f"{total.price:.2f} {costs.currency}")
    return [
        "", *_columns(rows, {1, 2, 3}), f"cost: {', '.join(told)} (energy {costs.energy_source})",
    ]  # fmt: skip


def _best(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Top of each receptor's ranking; ten rows in all, shared between the receptors."""
    columns = _followed(con)
    receptors = con.execute("SELECT count(*) FROM receptors").fetchall()[0][0]
    found = con.execute(
        f"SELECT rank, coalesce(nullif(name, ''), inchikey), receptor, {listed(columns)} "
        "FROM ranking WHERE rank <= ? ORDER BY receptor_ordinal, rank",
        [-(-TOP // max(1, receptors))],
    ).fetchall()
    if not found:
        return ["", "no ligand is ranked"]
    rows = [["rank", "name", "receptor", *(TITLES.get(each, each.words) for each in columns)]]
    for rank, name, receptor, *scores in found:
        told = ["" if value is None else f"{value:.2f}" for value in scores]
        rows.append([str(rank), _printable(name), receptor, *told])
    numbers = {0, *range(3, 3 + len(columns))}
    return ["", *_columns(rows, numbers), "energies in kcal/mol, lower is better"]


def _followed(con: duckdb.DuckDBPyConnection) -> list[Column]:
    """Columns that the rankings follow, then the energies."""
    columns = [each.order.column for each in orders_of(con).values()]
    return list(dict.fromkeys([*(each for each in columns if each not in TITLES), *TITLES]))


def _told(by_receptor: Mapping[str, Redocking | Verdict | RankingOrder]) -> list[str]:
    """Give each receptor's text; alike ones once."""
    alike: dict[str, list[str]] = {}
    for receptor, each in by_receptor.items():
        alike.setdefault(each.text, []).append(receptor)
    return [
        line
        for text, receptors in alike.items()
        for line in ("", *textwrap.wrap(f"{', '.join(receptors)}: {text}", WIDTH))
    ]


def _rounds(metrics: Metrics) -> list[str]:
    """What the rounds came to."""
    campaign = metrics.rounds
    if campaign is None:
        return []
    done = f"{campaign.docked:,} of {campaign.library:,} ligands docked in {len(campaign.rounds)}"
    text = f"{done} rounds, the others only predicted. {campaign.verdict} {campaign.ended}"
    return ["", *textwrap.wrap(text, WIDTH)]


def _variants(metrics: Metrics) -> list[str]:
    """What variants do to the best ligands, how often, and what was left out."""
    panel = metrics.variants
    if panel is None:
        return []
    calls = {
        str(each): sum(getattr(line, each) for line in panel.by_variant) for each in Marker
    } | {"failed": panel.failed}
    ligands = f"{panel.ligands} ligand{'s' * (panel.ligands != 1)}"
    told = [
        f"Variants of {panel.wild_type}: {panel.modelled} of {panel.variants} with {ligands}; "
        f"pairs: {_counts(calls) or 'none'}. {_flat(panel.text)}",
        f"Of {panel.nulls.scored} pairs with controls {panel.nulls.within} hold 0.",
        f"Left out: {_counts(panel.left_out)}." if panel.left_out else "",
    ]
    if unusable := panel.entries.unusable:
        told.append(f"Entries without a variant: {_counts(unusable)}.")
    return ["", *textwrap.wrap(" ".join(filter(None, told)), WIDTH)]


def _counts(found: Mapping[str, int]) -> str:
    """Counts as ``3 kept, 1 lost``; nothing of none."""
    return ", ".join(f"{count:,} {what}" for what, count in found.items() if count)


def _words(metrics: Metrics) -> list[str]:
    """Each receptor's verdict in one word."""
    return [
        f"{receptor}: {each.word.upper()}. {each.why}" for receptor, each in metrics.outlook.items()
    ]


def _doubts(metrics: Metrics) -> list[str]:
    return [
        line for text in doubts(metrics, _printable) for line in ("", *textwrap.wrap(text, WIDTH))
    ]


def summarise(con: duckdb.DuckDBPyConnection, metrics: Metrics, results: Path, report: Path) -> str:
    """Say what came of a run.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``receptors`` and ``ranking``.
    metrics : Metrics
        Of the run.
    results, report : Path
        Where the results and the report are.

    Returns
    -------
    str
        Plain text: fates, failures by reason, time per stage, the best ligands, variants,
        redockings, verdicts in full and in one word, paths.
    """
    lines = [
        f"{metrics.name}: {metrics.counts.records} records, {metrics.counts.ligands} ligands",
        "",
        *_fates(metrics),
        *_rounds(metrics),
        *_failures(metrics),
        *_timings(metrics),
        *_best(con),
        *_variants(metrics),
        *_told(metrics.orders),
        # whether the poses, and the scores, can be trusted
        *_told(metrics.redock),
        *_told(metrics.verdicts),
        "",
        *_words(metrics),
        *_doubts(metrics),
        "",
        f"results  {results}",
        f"report   {report}",
    ]
    return "\n".join(lines) + "\n"
