"""``report.html``: one self-contained page that works offline."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from screenmm.files import write_text
from screenmm.ranking.depict import HEIGHT, WIDTH, Drawing, draw
from screenmm.ranking.fates import STATUSES
from screenmm.ranking.figures import (
    TERM_WIDTH,
    Figure,
    histogram,
    number,
    scatter,
    term_bars,
    term_scale,
)
from screenmm.ranking.metrics import Metrics, reasons
from screenmm.ranking.picks import POOL, SAME_CLUSTER, pick
from screenmm.ranking.verdict import MEASURE, SCORE_WORDS, SIZE
from screenmm.settings import Settings

SCATTER_POINTS = 1500

Row = dict[str, Any]


def duration(seconds: float | None) -> str:
    """Give a time in words short enough for a table."""
    if seconds is None:
        return ""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min" if hours else f"{minutes} min {rest:02d} s"


def energy(kwh: float) -> str:
    """Give an energy with a unit in which it is easy to read."""
    watt_hours = kwh * 1000
    if 0 < watt_hours < 0.001:
        return "< 0.001 Wh"
    return f"{kwh:.3g} kWh" if watt_hours >= 1000 else f"{watt_hours:.3g} Wh"


def grouped(value: float) -> str:
    """Give a whole number with thin spaces between thousands."""
    return f"{value:,.0f}".replace(",", "\u202f")


def _rows(con: duckdb.DuckDBPyConnection, query: str, *values: object) -> list[Row]:
    cursor = con.execute(query, list(values))
    names = [column[0] for column in cursor.description or []]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _terms(row: Row) -> list[tuple[str, float | None]]:
    """Terms as they are drawn: Coulomb and GB largely cancel, so they are shown as one."""
    coulomb, gb = row["coulomb_kcal_mol"], row["gb_kcal_mol"]
    polar = None if coulomb is None or gb is None else coulomb + gb
    return [
        ("vdw", row["vdw_kcal_mol"]),
        ("polar", polar),
        ("sa", row["sa_kcal_mol"]),
        ("strain", row["strain_kcal_mol"]),
    ]


def _values(con: duckdb.DuckDBPyConnection, receptor: str, column: str) -> list[float]:
    rows = con.execute(
        f"SELECT {column} AS value FROM ranking "
        f"WHERE receptor = ? AND isfinite({column}) ORDER BY rank",
        [receptor],
    )
    # as an array first: rows of a large screen take several times the memory
    values: list[float] = rows.fetchnumpy()["value"].tolist()
    return values


def _scatter(con: duckdb.DuckDBPyConnection, receptor: str, scored: int) -> Figure | None:
    """ΔG against heavy atoms; every n-th ligand where there are very many."""
    every = -(-scored // SCATTER_POINTS) if scored else 1
    rows = _rows(
        con,
        "SELECT rank, name, heavy_atoms, dg_mmgbsa_kcal_mol AS dg, label FROM ranking "
        "WHERE receptor = ? AND dg_mmgbsa_kcal_mol IS NOT NULL AND heavy_atoms IS NOT NULL "
        "AND (rank - 1) % ? = 0 ORDER BY rank",
        receptor,
        every,
    )
    kinds = {1: "active", 0: "inactive", None: ""}
    points = [
        (row["heavy_atoms"], row["dg"],
         f"{row['name']}: {number(row['dg'])} kcal/mol, {row['heavy_atoms']} heavy atoms",
         kinds[row["label"]])
        for row in rows
    ]  # fmt: skip
    shown = "" if every == 1 else f" (1 in {every} ligands)"
    return scatter(points, f"ΔG against size{shown}", "heavy atoms", "ΔG MM/GBSA, kcal/mol")


def _figures(con: duckdb.DuckDBPyConnection, receptor: str) -> list[Figure]:
    dg = _values(con, receptor, "dg_mmgbsa_kcal_mol")
    dock = _values(con, receptor, "dock_score_kcal_mol")
    figures = [
        histogram(dg, "MM/GBSA energies", "ΔG MM/GBSA, kcal/mol"),
        histogram(dock, "Docking scores", "docking score, kcal/mol"),
        _scatter(con, receptor, len(dg)),
    ]
    return [figure for figure in figures if figure is not None]


def _table(con: duckdb.DuckDBPyConnection, receptor: str, limit: int) -> list[Row]:
    rows = _rows(
        con, "SELECT * FROM ranking WHERE receptor = ? AND rank <= ? ORDER BY rank", receptor, limit
    )
    terms = [_terms(row) for row in rows]
    scale = term_scale([[value for _, value in row] for row in terms])
    for row, values in zip(rows, terms, strict=True):
        row["bars"] = term_bars(values, scale)
        row["term_scale"] = scale
        row["symbol"] = f"m-{row['state']}"
    return rows


def _drawings(tables: Sequence[Sequence[Row]]) -> list[Drawing]:
    """Draw each state once, however many receptors it is ranked for."""
    states = {
        row["symbol"]: row["state_smiles"] or row["smiles"] for table in tables for row in table
    }
    drawings = (draw(key, smiles) for key, smiles in states.items() if smiles)
    return [drawing for drawing in drawings if drawing is not None]


def _shown(rows: Sequence[Row]) -> dict[str, bool]:
    """Which optional columns have any value."""
    optional = ("dg_mmgbsa_kcal_mol", "dock_score_kcal_mol", "cnn_score", "cnn_affinity_pk",
                "affinity_kcal_mol", "label", "main_residues")  # fmt: skip
    return {name: any(row[name] is not None for row in rows) for name in optional}


def _sections(con: duckdb.DuckDBPyConnection, settings: Settings, metrics: Metrics) -> list[Row]:
    sections = []
    for receptor, count in metrics["counts"]["by_receptor"].items():
        rows = _table(con, receptor, settings.ranking.table_rows)
        sections.append(
            {
                "receptor": receptor,
                "counts": count,
                "rows": rows,
                "shown": _shown(rows),
                "figures": _figures(con, receptor),
            }
        )
    return sections


def _control_tables(metrics: Metrics) -> list[Row]:
    tables = []
    for receptor, controls in metrics["controls"].items():
        judged = {each["kind"]: each["text"] for each in metrics["verdicts"][receptor]["kinds"]}
        for kind, measure in MEASURE.items():
            measures = controls[kind]
            if measures:
                tables.append(
                    {
                        "receptor": receptor,
                        "kind": kind,
                        "rows": [
                            (SCORE_WORDS[name], row, _lead(row, measure))
                            for name, row in measures.items()
                        ],
                        "verdict": judged[kind],
                        "unranked": controls["unranked"],
                        "resamples": max(row.get("resamples", 0) for row in measures.values()),
                    }
                )
    return tables


def _lead(row: Row, measure: str) -> Row:
    """A score's lead over heavy-atom count, as a measure of its own."""
    size = row.get("baselines", {}).get(SIZE, {}).get(measure)
    if size is None:
        return {"value": None, "reason": "this is size itself, or nothing to compare"}
    if "lead" not in size:
        return {"value": None, "reason": size.get("reason", "the score has no value")}
    return {**size, "value": size["lead"]}


def _picks(con: duckdb.DuckDBPyConnection, settings: Settings, metrics: Metrics) -> list[Row]:
    """The pick list of each receptor, with what is needed to draw it."""
    out = []
    for receptor in metrics["counts"]["by_receptor"]:
        rows = pick(con, receptor, settings.ranking.picks)
        for row in rows:
            row["symbol"] = f"m-{row['state']}"
        out.append({"receptor": receptor, "rows": rows})
    return [each for each in out if each["rows"]]


def _method(settings: Settings, metrics: Metrics) -> list[tuple[str, str]]:
    """Say what was computed, in a few lines."""
    docking, scoring = settings.docking, settings.scoring
    platforms = ", ".join(
        f"{name} ({grouped(count)} poses)" for name, count in metrics["platforms"].items()
    )
    return [
        ("Docking", f"{docking.engine}, {docking.poses} poses kept per state"
         if docking.engine != "given" else "none: poses as given in the library"),
        ("MM/GBSA", f"protocol {scoring.protocol}: best {grouped(scoring.top)} ligands per "
         f"receptor, {scoring.poses} poses each"),
        ("Minimisation", f"residues within {scoring.pocket_radius_angstrom:g} Å of the pose, free "
         f"within {scoring.flexible_radius_angstrom:g} Å, restraint "
         f"{scoring.restraint_kcal_mol_angstrom2:g} kcal/mol/Å², "
         f"at most {scoring.max_iterations} iterations; {scoring.jitter_replicas} more from "
         f"coordinates displaced by {scoring.jitter_angstrom:g} Å"),
        ("Dielectrics", f"solute {scoring.solute_dielectric:g}, "
         f"solvent {scoring.solvent_dielectric:g}"),
        ("Order", "MM/GBSA, then docking" if settings.ranking.by == "mmgbsa"
         else f"{settings.ranking.by.replace('_', ' ')}; ligands without it behind, in the order "
         "of MM/GBSA and docking"),
        ("Platform", platforms or "no pose was scored"),
        ("Seed", str(settings.seed)),
    ]  # fmt: skip


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, duration=duration, energy=energy, grouped=grouped)
    return environment


def render_report(
    con: duckdb.DuckDBPyConnection, metrics: Metrics, settings: Settings, date: str | None = None
) -> str:
    """Render the page.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking`` and ``ledger``.
    metrics : dict
        From :func:`screenmm.ranking.metrics.make_metrics`.
    settings : Settings
        The run's settings.
    date : str, optional
        Date to show; left out by default, so that the same run gives the same bytes.

    Returns
    -------
    str
        HTML without any outside resource; all text that users supply is escaped.
    """
    sections = _sections(con, settings, metrics)
    picks = _picks(con, settings, metrics)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            settings=settings,
            metrics=metrics,
            date=date,
            statuses=STATUSES,
            sections=sections,
            drawings=_drawings([each["rows"] for each in (*sections, *picks)]),
            picks=picks,
            picking={"pool": POOL, "similar": SAME_CLUSTER},
            controls=_control_tables(metrics),
            reasons=reasons(con),
            method=_method(settings, metrics),
            structure={"width": WIDTH, "height": HEIGHT},
            term_width=TERM_WIDTH,
        )
    )


def write_report(
    con: duckdb.DuckDBPyConnection,
    metrics: Metrics,
    settings: Settings,
    path: Path,
    date: str | None = None,
) -> None:
    """Write ``report.html``; see :func:`render_report`."""
    write_text(path, render_report(con, metrics, settings, date))
