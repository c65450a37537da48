"""The Parquet parts of a run, as DuckDB views with fixed names and types."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from screenmm.core.columns import Column
from screenmm.core.errors import UserError
from screenmm.results.confidence import make_confidence
from screenmm.run.layout import Layout
from screenmm.tables.dictionary import (
    BATCH,
    BIOMARKERS,
    CAME,
    EFFORT,
    ENSEMBLES,
    EVENTS,
    INCHIKEY,
    INSPECTED,
    LINEAGE,
    MEMBERSHIP,
    MOVED,
    OWN_KERNELS,
    POSES,
    PREDICTIONS,
    RESIDUES,
    SCORES_SHOWN,
    SELECTED,
    SMILES,
    SOURCES,
    TIER,
    VARIANT_EFFECTS,
    VARIANT_ENTRIES,
    VARIANTS,
    engine_scores_among,
    names,
)


@dataclass(frozen=True, slots=True)
class Parts:
    """Files that the earlier stages left; the order of files within a list means nothing.

    Attributes
    ----------
    sources, membership : sequence of Path
        One row per input record, in library order, then the proposals of each round; and the
        ligand of each standardised one, and whether the record is its ligand's primary one.
    events, ligands : sequence of Path
        Ledger events of all stages, and the ligand shards.
    poses, scores, inspected : mapping of receptor to sequence of Path
        In config order of the receptors; ``scores`` and ``inspected`` may lack a receptor.
    later : mapping of receptor to sequence of sequence of Path
        Docked poses of each later tier of docking.
    efforts : sequence of str
        Effort of each tier, the first one's too.
    selected : Path or None
        Ligands chosen for MM/GBSA; None reads them from the ``ok`` events of stage ``select``.
    batches : sequence of Path
        The molecules of each round.
    predictions : Path or None
        What is predicted of the molecules that no round docked; None where there are no rounds.
    proposed, lineage : sequence of Path
        Proposals of each round that may be docked, as ligands, and where they came from.
    reports : mapping of receptor to Path
        What preparation says of each receptor.
    """

    sources: Sequence[Path]
    membership: Sequence[Path]
    events: Sequence[Path]
    ligands: Sequence[Path]
    poses: Mapping[str, Sequence[Path]]
    scores: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    inspected: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    later: Mapping[str, Sequence[Sequence[Path]]] = field(default_factory=dict)
    efforts: Sequence[str] = ("standard",)
    selected: Path | None = None
    batches: Sequence[Path] = ()
    predictions: Path | None = None
    proposed: Sequence[Path] = ()
    lineage: Sequence[Path] = ()
    reports: Mapping[str, Path] = field(default_factory=dict)

    @classmethod
    def of_run(cls, files: Layout, receptors: Sequence[str], efforts: Sequence[str]) -> Parts:
        """Parts of a run with these receptors, and tiers of docking of these efforts."""
        return cls(
            sources=[files.sources, *files.vetted("sources")],
            membership=[files.membership, *files.vetted("membership")],
            events=files.events(receptors),
            ligands=files.ligands(),
            proposed=files.vetted("ligands"),
            poses={name: files.pose_tables(name) for name in receptors},
            scores={name: files.scores(name) for name in receptors},
            inspected={name: files.inspected(name) for name in receptors},
            later={
                name: [files.pose_tables(name, tier) for tier in files.all_tiers[1:]]
                for name in receptors
            },
            efforts=efforts,
            batches=[files.file("choose", "batch", number) for number in files.rounds],
            predictions=files.file("conclude", "predictions")
            if files.most_rounds is not None
            else None,
            lineage=files.vetted("lineage"),
            reports={name: files.receptor(name).report_json for name in receptors},
        )


OF_VARIANTS = {
    "variant_entries": VARIANT_ENTRIES,
    "variants": VARIANTS,
    "variant_effects": VARIANT_EFFECTS,
    "biomarkers": BIOMARKERS,
}
"""Tables of variants, empty until :func:`screenmm.results.variants.make_variants` makes them."""

PROPOSED_RECORDS = "SELECT record FROM lineage UNION SELECT record FROM events WHERE stage = 'vet'"
"""Query of the records that no library holds, because the run proposed them."""


def quoted(text: object) -> str:
    """Give a SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def quoted_name(name: str) -> str:
    """Give a SQL name."""
    return f'"{name}"'


def _scan(files: Sequence[Path], columns: Sequence[Column], extra: str = "") -> str:
    """SELECT of typed columns over Parquet files; no files give no rows."""
    paths = sorted(str(file) for file in files)
    if not paths:
        empty = ", ".join(f'CAST(NULL AS {each.type}) AS "{each.name}"' for each in columns)
        return f"SELECT {empty}{', CAST(NULL AS BIGINT) AS row' if extra else ''} WHERE false"
    # shards that were scored before this column was there may lie beside later ones
    scores = OWN_KERNELS in columns
    there = {name for file in files for name in _columns_of([file])} if scores else set()
    lacking = set(names((*CAME, OWN_KERNELS))) - (there or set(_columns_of(files)))
    typed = ", ".join(
        f"CAST({'NULL' if each.name in lacking else quoted_name(each.name)} AS {each.type}) "
        f'AS "{each.name}"'
        for each in columns
    )
    option = ", file_row_number = true" if extra else ""
    option += ", union_by_name = true" if scores else ""
    listed = ", ".join(map(quoted, paths))
    return f"SELECT {typed}{extra} FROM read_parquet([{listed}]{option})"


def _in_order(files: Sequence[Path]) -> str:
    """SELECT of the records of files, one file after the other, each with its place among all."""
    scans, before = [], 0
    for path in files:
        scans.append(_scan([path], SOURCES, f", {before} + file_row_number AS ordinal"))
        before += pq.read_metadata(path).num_rows
    return " UNION ALL ".join(scans)


def _members(files: Sequence[Path]) -> str:
    """SELECT of the ligand of each record; a proposal that the library has, too, is a duplicate."""
    library = _scan(files[:1], MEMBERSHIP)
    if len(files) == 1:
        return library
    return (
        f"{library} UNION ALL SELECT record, inchikey, "
        f'"primary" AND inchikey NOT IN (SELECT inchikey FROM ({library})) AS "primary" '
        f"FROM ({_scan(files[1:], MEMBERSHIP)})"
    )


def _ligands(parts: Parts) -> str:
    """SELECT of the library's ligands, and of the proposals that it does not have."""
    columns = (INCHIKEY, SMILES)
    library = _scan(parts.ligands, columns)
    if not parts.proposed:
        return library
    return (
        f"{library} UNION ALL SELECT * FROM ({_scan(parts.proposed, columns)}) "
        f"ANTI JOIN ({library}) USING (inchikey)"
    )


def _scan_receptors(files: Mapping[str, Sequence[Path]], columns: Sequence[Column]) -> str:
    """SELECT over the parts of all receptors, with a column that names the receptor."""
    scans = [
        f"SELECT {quoted(receptor)} AS receptor, * FROM ({_scan(paths, columns)})"
        for receptor, paths in files.items()
    ]
    scans = scans or [f"SELECT CAST(NULL AS VARCHAR) AS receptor, * FROM ({_scan([], columns)})"]
    return " UNION ALL ".join(scans)


def _poses(files: Mapping[str, Sequence[Path]]) -> tuple[Column, ...]:
    """Columns of the docked poses, with what only their engine gives.

    Raises
    ------
    UserError
        One is unknown: the engine that gave it is not installed here.
    """
    there = {name for paths in files.values() for name in _columns_of(paths)}
    known = (*POSES, *engine_scores_among(there))
    if unknown := sorted(there - set(names(known))):
        raise UserError(
            f"docked poses have columns that no engine here declares: {', '.join(unknown)}; "
            "install the engine that docked them, or dock again"
        )
    return known


def _columns_of(paths: Sequence[Path]) -> list[str]:
    """Columns of a stage's files: they are alike, so those of the first."""
    found: list[str] = pq.read_schema(min(paths)).names if paths else []
    return found


def _docked(parts: Parts) -> str:
    """SELECT over the docked poses of all tiers, with their tier and effort."""
    columns = _poses(parts.poses)
    tiers = [parts.poses]
    for number in range(1, len(parts.efforts)):
        tiers.append({name: of_tiers[number - 1] for name, of_tiers in parts.later.items()})
    return " UNION ALL ".join(
        f"SELECT *, CAST({number} AS {TIER.type}) AS {TIER.name}, "
        f"{quoted(effort)} AS {EFFORT.name} FROM ({_scan_receptors(files, columns)})"
        for number, (effort, files) in enumerate(zip(parts.efforts, tiers, strict=True), 1)
    )


# a ligand's poses are those of the last tier that docked it
_REACHED = """
CREATE TEMP TABLE reached AS
SELECT receptor, inchikey, max(tier) AS tier FROM docked GROUP BY receptor, inchikey
"""
_COUNTING = "SELECT * FROM docked SEMI JOIN reached USING (receptor, inchikey, tier)"
_EARLIER = "SELECT * FROM docked ANTI JOIN reached USING (receptor, inchikey, tier)"


def _selected(parts: Parts) -> str:
    if parts.selected is not None:
        return _scan([parts.selected], SELECTED)
    return "SELECT DISTINCT inchikey, receptor FROM events WHERE stage = 'select' AND status = 'ok'"


def open_parts(
    parts: Parts,
    *,
    threads: int = 1,
    memory_gb: float = 4.0,
    spill: Path | None = None,
) -> duckdb.DuckDBPyConnection:
    """Open a connection with a view over each kind of part.

    Parameters
    ----------
    parts : Parts
        The files.
    threads : int
        Threads of DuckDB.
    memory_gb : float
        Memory above which DuckDB spills to disk, GB.
    spill : Path or None
        Folder to spill to; None leaves DuckDB's own choice.

    Returns
    -------
    duckdb.DuckDBPyConnection
        With ``receptors``, ``tiers``, ``sources``, ``membership``, ``events``, ``ligands``,
        ``poses`` (of each ligand's last tier), ``earlier_poses`` (of tiers before), ``scores``,
        ``residues``, ``moved``, ``inspected``, ``selected``, ``batches``, ``predictions``,
        ``lineage``, ``models`` and ``confidence``, and those of :data:`OF_VARIANTS`.

    Raises
    ------
    UserError
        The engine that docked the poses gives scores that nothing here declares.
    """
    con = duckdb.connect()
    con.execute(f"SET threads = {int(threads)}")
    con.execute(f"SET memory_limit = '{memory_gb:g}GB'")
    if spill is not None:
        con.execute(f"SET temp_directory = {quoted(spill)}")
    con.execute("CREATE TABLE receptors (receptor VARCHAR, ordinal INTEGER)")
    con.executemany(
        "INSERT INTO receptors VALUES (?, ?)",
        [(receptor, ordinal) for ordinal, receptor in enumerate(parts.poses)],
    )
    row = ", file_row_number AS row"
    views = {
        "sources": _in_order(parts.sources),
        "membership": _members(parts.membership),
        "events": _scan(parts.events, EVENTS, row),
        "ligands": _ligands(parts),
        "docked": _docked(parts),
        "scores": _scan_receptors(parts.scores, SCORES_SHOWN),
        "residues": _scan_receptors(parts.scores, RESIDUES),
        "moved": _scan_receptors(parts.scores, MOVED),
        "inspected": _scan_receptors(parts.inspected, INSPECTED),
        "selected": _selected(parts),
        "batches": _scan(parts.batches, BATCH),
        "lineage": _scan(parts.lineage, LINEAGE),
        "predictions": _scan([parts.predictions] if parts.predictions else [], PREDICTIONS),
        **{name: _scan([], columns) for name, columns in OF_VARIANTS.items()},
        # empty until screenmm.results.ensembles.make_ensembles makes it
        "ensembles": _scan([], ENSEMBLES),
    }
    for name, query in views.items():
        con.execute(f"CREATE VIEW {name} AS {query}")
    con.execute("CREATE TABLE tiers (tier INTEGER, effort VARCHAR)")
    con.executemany("INSERT INTO tiers VALUES (?, ?)", list(enumerate(parts.efforts, 1)))
    make_confidence(con, parts.reports)
    several = len(parts.efforts) > 1
    if several:
        con.execute(_REACHED)
    con.execute(f"CREATE VIEW poses AS {_COUNTING if several else 'SELECT * FROM docked'}")
    earlier = _EARLIER if several else "SELECT * FROM docked WHERE false"
    con.execute(f"CREATE VIEW earlier_poses AS {earlier}")
    return con
