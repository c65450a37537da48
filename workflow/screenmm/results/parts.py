"""The Parquet parts of a run, as DuckDB views with fixed names and types."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from screenmm.run.layout import Layout
from screenmm.run.ledger import SCHEMA as EVENT_SCHEMA

SOURCES = {
    "record": "VARCHAR",
    "file": "VARCHAR",
    "position": "BIGINT",
    "name": "VARCHAR",
    "label": "TINYINT",
    "affinity_kcal_mol": "DOUBLE",
}
MEMBERSHIP = {"record": "VARCHAR", "inchikey": "VARCHAR", "primary": "BOOLEAN"}
EVENTS = dict.fromkeys(EVENT_SCHEMA.names, "VARCHAR")
LIGANDS = {"inchikey": "VARCHAR", "smiles": "VARCHAR"}
SELECTED = {"inchikey": "VARCHAR", "receptor": "VARCHAR"}
POSES = {
    "inchikey": "VARCHAR",
    "state": "VARCHAR",
    "pose": "INTEGER",
    "smiles": "VARCHAR",
    "engine": "VARCHAR",
    "dock_score_kcal_mol": "DOUBLE",
    "cnn_score": "DOUBLE",
    "cnn_affinity_pk": "DOUBLE",
}
SCORES = {
    "inchikey": "VARCHAR",
    "state": "VARCHAR",
    "pose": "INTEGER",
    "dg_mmgbsa_kcal_mol": "DOUBLE",
    "vdw_kcal_mol": "DOUBLE",
    "coulomb_kcal_mol": "DOUBLE",
    "gb_kcal_mol": "DOUBLE",
    "sa_kcal_mol": "DOUBLE",
    "strain_kcal_mol": "DOUBLE",
    "replicas_kcal_mol": "DOUBLE[]",
    "ligand_gb_kcal_mol": "DOUBLE",
    "ligand_sa_kcal_mol": "DOUBLE",
    "iterations": "INTEGER",
    "minimisation": "VARCHAR",
    "rmsd_angstrom": "DOUBLE",
    "platform": "VARCHAR",
}
RESIDUES = {
    "inchikey": "VARCHAR",
    "state": "VARCHAR",
    "pose": "INTEGER",
    "residue": "VARCHAR[]",
    "residue_vdw_kcal_mol": "FLOAT[]",
    "residue_coulomb_kcal_mol": "FLOAT[]",
    "residue_gb_kcal_mol": "FLOAT[]",
    "residue_sa_kcal_mol": "FLOAT[]",
}
INSPECTED = {
    "inchikey": "VARCHAR",
    "state": "VARCHAR",
    "pose": "INTEGER",
    "check_name": "VARCHAR[]",
    "passed": "BOOLEAN[]",
    "residue": "VARCHAR[]",
    "kind": "VARCHAR[]",
    "distance_angstrom": "DOUBLE[]",
    "ligand_atoms": "INTEGER[][]",
}
MOVED = {
    "inchikey": "VARCHAR",
    "state": "VARCHAR",
    "pose": "INTEGER",
    "moved_atoms": "INTEGER[]",
    "moved_xyz_angstrom": "FLOAT[]",
}

Rows = dict[str, str]


@dataclass(frozen=True, slots=True)
class Parts:
    """Files that the earlier stages left; the order of files within a list means nothing.

    Attributes
    ----------
    sources : Path
        One row per input record, in library order.
    membership : Path
        Ligand of each standardised record, and whether the record is its ligand's primary one.
    events, ligands : sequence of Path
        Ledger events of all stages, and the ligand shards.
    poses, scores, inspected : mapping of receptor to sequence of Path
        In config order of the receptors; ``scores`` and ``inspected`` may lack a receptor.
    selected : Path or None
        Ligands chosen for MM/GBSA; None reads them from the ``ok`` events of stage ``select``.
    """

    sources: Path
    membership: Path
    events: Sequence[Path]
    ligands: Sequence[Path]
    poses: Mapping[str, Sequence[Path]]
    scores: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    inspected: Mapping[str, Sequence[Path]] = field(default_factory=dict)
    selected: Path | None = None

    @classmethod
    def of_run(cls, files: Layout, receptors: Sequence[str]) -> Parts:
        """Parts of a run with these receptors."""
        return cls(
            sources=files.sources,
            membership=files.membership,
            events=files.events(receptors),
            ligands=files.ligands(),
            poses={name: files.pose_tables(name) for name in receptors},
            scores={name: files.scores(name) for name in receptors},
            inspected={name: files.inspected(name) for name in receptors},
        )


def quoted(text: object) -> str:
    """Give a SQL string literal."""
    return "'" + str(text).replace("'", "''") + "'"


def _scan(files: Iterable[Path], columns: Rows, extra: str = "") -> str:
    """SELECT of typed columns over Parquet files; no files give no rows."""
    names = sorted(str(file) for file in files)
    if not names:
        empty = ", ".join(f'CAST(NULL AS {kind}) AS "{name}"' for name, kind in columns.items())
        return f"SELECT {empty}{', CAST(NULL AS BIGINT) AS row' if extra else ''} WHERE false"
    typed = ", ".join(f'CAST("{name}" AS {kind}) AS "{name}"' for name, kind in columns.items())
    option = ", file_row_number = true" if extra else ""
    listed = ", ".join(quoted(name) for name in names)
    return f"SELECT {typed}{extra} FROM read_parquet([{listed}]{option})"


def _scan_receptors(files: Mapping[str, Sequence[Path]], columns: Rows) -> str:
    """SELECT over the parts of all receptors, with a column that names the receptor."""
    scans = [
        f"SELECT {quoted(receptor)} AS receptor, * FROM ({_scan(paths, columns)})"
        for receptor, paths in files.items()
    ]
    scans = scans or [f"SELECT CAST(NULL AS VARCHAR) AS receptor, * FROM ({_scan([], columns)})"]
    return " UNION ALL ".join(scans)


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
        With ``receptors``, ``sources``, ``membership``, ``events``, ``ligands``, ``poses``,
        ``scores``, ``residues``, ``moved``, ``inspected`` and ``selected``.
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
        "sources": _scan([parts.sources], SOURCES, ", file_row_number AS ordinal"),
        "membership": _scan([parts.membership], MEMBERSHIP),
        "events": _scan(parts.events, EVENTS, row),
        "ligands": _scan(parts.ligands, LIGANDS),
        "poses": _scan_receptors(parts.poses, POSES),
        "scores": _scan_receptors(parts.scores, SCORES),
        "residues": _scan_receptors(parts.scores, RESIDUES),
        "moved": _scan_receptors(parts.scores, MOVED),
        "inspected": _scan_receptors(parts.inspected, INSPECTED),
        "selected": _selected(parts),
    }
    for name, query in views.items():
        con.execute(f"CREATE VIEW {name} AS {query}")
    return con
