"""``report.html``: one self-contained page that works offline."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import duckdb
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from screenmm.analysis.controls import DECISIVE, SIZE
from screenmm.analysis.metrics import Metrics, reasons
from screenmm.analysis.picks import POOL, SAME_CLUSTER, pick
from screenmm.analysis.verdict import in_words, score_words
from screenmm.bias.described import PROPERTIES
from screenmm.bias.losses import LOSSES
from screenmm.config.engines import engines
from screenmm.config.settings import Settings
from screenmm.core.formats import duration, energy, grouped, number
from screenmm.figures.canvas import Plot
from screenmm.files.whole import write_text
from screenmm.library.annotations import absence_words, unreadable_words
from screenmm.report.depict import HEIGHT, WIDTH, draw
from screenmm.report.hit_table import CHUNK, HitTable, hit_table, read_poses
from screenmm.report.pack import Block, chunks, packed, packed_bytes
from screenmm.report.scenes import scenes
from screenmm.report.vendor import ASSETS, Library, libraries
from screenmm.results.fates import STATUSES
from screenmm.results.known import conflict_words

SCRIPTS = ("pack", "dom", "theme", "drawings", "terms", "exports", "filters", "hits", "details",
           "scene", "main")  # fmt: skip
"""The page's own scripts, in the order in which they build on one another."""

Row = dict[str, Any]


def _tables(
    con: duckdb.DuckDBPyConnection, settings: Settings, metrics: Metrics, results: Path | None
) -> list[HitTable]:
    limit = settings.ranking.table_rows
    poses = {} if results is None else read_poses(results / "hits.sdf", limit)
    return [
        hit_table(con, receptor, counts["ranked"], limit, poses)
        for receptor, counts in metrics["counts"]["by_receptor"].items()
    ]


def _drawings(tables: Sequence[HitTable]) -> tuple[list[list[int]], list[str]]:
    """Number of the drawing of each row of each table, and what to draw.

    A state is drawn once, however many receptors it is ranked for.
    """
    numbers: dict[str, int] = {}
    of_rows = []
    for table in tables:
        smiles = [
            state or parent or ""
            for state, parent in zip(
                table.values["state_smiles"], table.values["smiles"], strict=True
            )
        ]
        of_rows.append([numbers.setdefault(each, len(numbers)) for each in smiles])
    return of_rows, list(numbers)


def _data(
    con: duckdb.DuckDBPyConnection, settings: Settings, tables: list[HitTable], results: Path | None
) -> Iterator[Block]:
    """Everything that the page unpacks in the browser."""
    of_rows, smiles = _drawings(tables)
    for i, (table, drawing) in enumerate(zip(tables, of_rows, strict=True)):
        if not table.rows:
            continue
        file = f"{settings.name}-{table.receptor}"
        head = {**table.head(), "drawing": drawing, "drawings_chunk": CHUNK, "file": file}
        yield f"head-{i}", packed(head)
        yield f"values-{i}", packed(table.values)
        yield from chunks(f"details-{i}", table.details, CHUNK)
        yield from chunks(f"poses-{i}", table.poses, CHUNK)
        views = None
        if results is not None:
            views = scenes(con, table.receptor, results / "complexes" / table.receptor, table.rows)
        if views is not None:
            scaffold, hits = views
            yield f"scaffold-{i}", packed(scaffold)
            yield f"scenes-{i}", packed(hits)
    yield from chunks("drawings", [str(draw(each)) for each in smiles], CHUNK)


def _sections(metrics: Metrics, tables: Sequence[HitTable], blocks: dict[str, Markup]) -> list[Row]:
    return [
        {
            "receptor": table.receptor,
            "counts": metrics["counts"]["by_receptor"][table.receptor],
            "rows": table.rows,
            "ranked": table.ranked,
            "posed": sum(pose is not None for pose in table.poses),
            "views": f"scenes-{i}" in blocks,
        }
        for i, table in enumerate(tables)
    ]


def _control_tables(metrics: Metrics) -> list[Row]:
    tables = []
    for receptor, controls in metrics["controls"].items():
        judged = {each["kind"]: each["text"] for each in metrics["verdicts"][receptor]["kinds"]}
        for kind, measure in DECISIVE.items():
            measures = controls[kind]
            if measures:
                tables.append(
                    {
                        "receptor": receptor,
                        "kind": kind,
                        "rows": [
                            (in_words(name, row), row, _lead(row, measure))
                            for name, row in measures.items()
                        ],
                        "verdict": judged[kind],
                        "notes": metrics["verdicts"][receptor]["notes"],
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
    """The pick list of each receptor, drawn."""
    out = []
    for receptor in metrics["counts"]["by_receptor"]:
        rows = pick(con, receptor, settings.ranking.picks)
        for row in rows:
            row["drawing"] = draw(row["state_smiles"] or row["smiles"])
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
         if not engines()[docking.engine].poses_from_library
         else "none: poses as given in the library"),
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


@cache
def _asset(name: str) -> Markup:
    """Text of a file of the page's own; it ends no element that it stands in."""
    text = (ASSETS / name).read_text(encoding="utf-8")
    if "</script" in text or "</style" in text:
        raise ValueError(f"{name} would end its own element")
    return Markup(text)


@cache
def _packed_library(library: Library) -> Markup:
    return packed_bytes(library.text.encode())


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(number=number, duration=duration, energy=energy, grouped=grouped)
    environment.globals.update(asset=_asset)
    return environment


def render_report(
    con: duckdb.DuckDBPyConnection,
    metrics: Metrics,
    settings: Settings,
    date: str | None = None,
    results: Path | None = None,
    plots: Sequence[Plot] = (),
) -> str:
    """Render the page.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With the tables of ``screen.duckdb``.
    metrics : dict
        From :func:`screenmm.analysis.metrics.make_metrics`.
    settings : Settings
        The run's settings.
    date : str, optional
        Date to show; left out by default, so that the same run gives the same bytes.
    results : Path, optional
        The results folder, with ``hits.sdf`` and ``complexes``; without it the page has no 3D
        structures.
    plots : sequence of Plot
        Figures to show.

    Returns
    -------
    str
        HTML without any outside resource; all text that users supply is escaped or packed.
    """
    tables = _tables(con, settings, metrics, results)
    blocks = dict(_data(con, settings, tables, results))
    table_library, view_library = libraries()
    if any(name.startswith("scenes-") for name in blocks):
        blocks["3dmol"] = _packed_library(view_library)
    return (
        _environment()
        .get_template("report.html.j2")
        .render(
            settings=settings,
            metrics=metrics,
            date=date,
            statuses=STATUSES,
            sections=_sections(metrics, tables, blocks),
            picks=_picks(con, settings, metrics),
            picking={"pool": POOL, "similar": SAME_CLUSTER},
            plots=[{"plot": plot, "svg": Markup(plot.svg)} for plot in plots],
            redock=metrics.get("redock", {}),
            bias=metrics.get("bias"),
            losses=LOSSES,
            conflicts=[
                *conflict_words(metrics["counts"]),
                *unreadable_words(metrics.get("annotations", {})),
                *absence_words(metrics.get("annotations", {})),
            ],
            words=score_words() | {name: each.words for name, each in PROPERTIES.items()},
            controls=_control_tables(metrics),
            reasons=reasons(con),
            method=_method(settings, metrics),
            structure={"width": WIDTH, "height": HEIGHT},
            blocks=blocks,
            scripts=SCRIPTS,
            table_library=Markup(table_library.text),
            libraries=[each for each in libraries() if each is table_library or "3dmol" in blocks],
        )
    )


def write_report(
    con: duckdb.DuckDBPyConnection,
    metrics: Metrics,
    settings: Settings,
    path: Path,
    date: str | None = None,
    results: Path | None = None,
    plots: Sequence[Plot] = (),
) -> None:
    """Write ``report.html``; see :func:`render_report`."""
    write_text(path, render_report(con, metrics, settings, date, results, plots))
