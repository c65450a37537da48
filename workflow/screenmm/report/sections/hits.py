"""The hit tables with their structures, details and 3D views, which the browser unpacks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from screenmm.report.depict import draw
from screenmm.report.hit_table import CHUNK, HitTable, hit_table, read_poses
from screenmm.report.pack import Block, chunks, packed
from screenmm.report.scenes import scenes
from screenmm.report.section import Context, Results, Section
from screenmm.report.vendor import packed_view

SECTION = Section(
    title="Hits",
    place=30,
    scripts=("drawings", "terms", "exports", "filters", "hits", "details", "view", "scene"),
)


@dataclass(frozen=True, slots=True)
class Panel:
    """One receptor's part.

    Attributes
    ----------
    receptor : str
    rows, ranked : int
        Ligands in its table, and ranked for it.
    order : str
        What its ranking follows, and what is known of that.
    views : bool
        Whether its top hits are shown in 3D.
    doubtful_below : float or None
        pLDDT below which a residue is doubtful; None where it is no model.
    """

    receptor: str
    rows: int
    ranked: int
    order: str
    views: bool
    doubtful_below: float | None


@dataclass(frozen=True, kw_only=True)
class Hits(Context):
    """Hit tables.

    Attributes
    ----------
    panels : list of Panel
        Of each receptor, in config order.
    """

    panels: list[Panel]


def context(results: Results) -> Hits:
    """Gather the tables, the drawings and the views."""
    tables = _tables(results)
    models = results.metrics.models or {}
    data = dict(_data(results, tables))
    panels = [
        Panel(
            receptor=table.receptor,
            rows=table.rows,
            ranked=table.ranked,
            order=results.metrics.orders[table.receptor].text,
            views=f"scenes-{i}" in data,
            doubtful_below=getattr(models.get(table.receptor), "min_pocket_plddt", None),
        )
        for i, table in enumerate(tables)
    ]
    if not any(panel.views for panel in panels):
        return Hits(panels=panels, data=data)
    view = packed_view()
    return Hits(panels=panels, data={**data, **view.data}, brings=(view.library,))


def _tables(results: Results) -> list[HitTable]:
    limit = results.settings.ranking.table_rows
    poses = {} if results.folder is None else read_poses(results.folder / "hits.sdf", limit)
    return [
        hit_table(results.con, receptor, counts.ranked, limit, poses)
        for receptor, counts in results.metrics.counts.by_receptor.items()
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


def _data(results: Results, tables: Sequence[HitTable]) -> Iterator[Block]:
    """Everything that the page unpacks in the browser."""
    of_rows, smiles = _drawings(tables)
    for i, (table, drawing) in enumerate(zip(tables, of_rows, strict=True)):
        if not table.rows:
            continue
        file = f"{results.settings.name}-{table.receptor}"
        head = {**table.head(), "drawing": drawing, "drawings_chunk": CHUNK, "file": file}
        yield f"head-{i}", packed(head)
        yield f"values-{i}", packed(table.values)
        yield from chunks(f"details-{i}", table.details, CHUNK)
        yield from chunks(f"poses-{i}", table.poses, CHUNK)
        views = None
        if results.folder is not None:
            complexes = results.folder / "complexes" / table.receptor
            views = scenes(results.con, table.receptor, complexes, table.rows)
        if views is not None:
            scaffold, hits = views
            yield f"scaffold-{i}", packed(scaffold)
            yield f"scenes-{i}", packed(hits)
    yield from chunks("drawings", [str(draw(each)) for each in smiles], CHUNK)
