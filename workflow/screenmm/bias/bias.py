"""The bias report: what a library covers, and what the screen lost of it.

Counts of fates are always of every record. Properties, scaffolds and loss rates are of every
record of a library of up to ``described.SAMPLE``; of a larger one, of as many records, chosen
by the hash of their key: ``described`` and ``records`` in the result say which.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa

from screenmm.bias.classes import class_losses
from screenmm.bias.correlations import correlations
from screenmm.bias.described import SAMPLE, Described, describe_records
from screenmm.bias.hits import top_hits
from screenmm.bias.losses import BEFORE_MERGE, correct
from screenmm.bias.properties import properties, property_rows
from screenmm.bias.scaffolds import scaffolds
from screenmm.bias.similarity import Actives, known_actives, similarity
from screenmm.files.csv import Cell, csv_text
from screenmm.files.whole import replaced_folder
from screenmm.metrics.bias import Bias, Fate, ReceptorBias
from screenmm.results.fates import STATUSES
from screenmm.results.parts import PROPOSED_RECORDS

DEFAULT_HITS = 20

HEADERS: dict[str, tuple[str, ...]] = {
    "fates": ("receptor", "fate", "records", "described", "no_structure_read"),
    "properties": ("receptor", "property", "unit", "fate", "from", "below", "records"),
    "scaffolds": ("receptor", "scaffold", "records", "ranked", "filtered", "failed", "hits"),
    "losses": ("receptor", "loss", "by", "class", "meaning", "records", "at_risk", "lost", "share",
               "low", "high", "p", "p_corrected", "more"),
    "correlations": ("receptor", "score", "with", "n", "spearman", "low", "high"),
    "similarity": ("receptor", "rank", "name", "inchikey", "known_active", "nearest_active",
                   "nearest_active_inchikey", "tanimoto"),
}  # fmt: skip

Rows = dict[str, list[list[Cell]]]
"""Table to its rows, without the receptor."""


def bias(
    con: duckdb.DuckDBPyConnection, shards: Sequence[Path], hits: int = 0, seed: int = 1
) -> tuple[Bias, dict[str, str]]:
    """Say what the library covers and what it lost.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        From :func:`screenmm.results.database.open_database`.
    shards : sequence of Path
        Shards of the library's records, which hold the structures as they were read.
    hits : int
        Top ligands per receptor that count as hits; 0 means ``DEFAULT_HITS``.
    seed : int
        Of the run.

    Returns
    -------
    report : Bias
    tables : dict of str to str
        File name to the text of a CSV file with all of it.
    """
    found, hits, actives = describe_records(con, shards), hits or DEFAULT_HITS, known_actives(con)
    receptors = con.execute("SELECT receptor FROM receptors ORDER BY ordinal").fetchall()
    made = {
        receptor: _of_receptor(con, receptor, found, actives, hits, seed)
        for (receptor,) in receptors
    }
    corrected = correct({receptor: own.losses for receptor, (own, _) in made.items()})
    by_receptor = {}
    rows: Rows = {name: [] for name in HEADERS}
    for receptor, (own, tables) in made.items():
        by_receptor[receptor] = own.model_copy(update={"losses": corrected[receptor]})
        tables["losses"] = [list(each.given.values()) for each in corrected[receptor]]
        for name, own_rows in tables.items():
            rows[name] += [[receptor, *row] for row in own_rows]
    report = Bias(
        records=found.total,
        described=len(found.records),
        sampled=found.total > SAMPLE,
        hits=hits,
        by_receptor=by_receptor,
    )
    return report, {f"{name}.csv": csv_text(HEADERS[name], rows[name]) for name in HEADERS}


def write_bias(tables: dict[str, str], folder: Path) -> None:
    """Write the tables of :func:`bias`; nothing else stays in the folder."""
    with replaced_folder(folder) as partial:
        for name, text in tables.items():
            (partial / name).write_text(text, encoding="utf-8")


def _of_receptor(
    con: duckdb.DuckDBPyConnection,
    receptor: str,
    found: Described,
    actives: Actives | None,
    hits: int,
    seed: int,
) -> tuple[ReceptorBias, Rows]:
    """Report of one receptor, its p-values as they are, and rows of all tables but the losses."""
    fates, ways = _fates_of(con, receptor, found.records)
    tops = top_hits(con, receptor, hits)
    of_scaffolds, scaffold_rows = scaffolds(found, fates, tops)
    similar, similar_rows = similarity(actives, tops)
    own = ReceptorBias(
        fates=_fates(con, receptor, found, fates),
        properties=properties(found, fates),
        scaffolds=of_scaffolds,
        losses=class_losses(found, ways),
        correlations=correlations(con, receptor, seed),
        similarity=similar,
    )
    return own, {
        "fates": [[fate, *each.given.values()] for fate, each in own.fates.items()],
        "properties": property_rows(own.properties),
        "scaffolds": scaffold_rows,
        "correlations": [
            [score, other, told.n, told.value, told.low, told.high]
            for score, others in own.correlations.items()
            for other, told in others.items()
        ],
        "similarity": similar_rows,
    }


def _fates_of(
    con: duckdb.DuckDBPyConnection, receptor: str, records: list[str]
) -> tuple[np.ndarray, np.ndarray]:
    """Fate of each of these records with a receptor, and the way it went, as arrays of text.

    The way is ``ranked``, ``duplicate`` or a key of ``LOSSES``.
    """
    asked = pa.table({"record": pa.array(records, pa.string()), "place": np.arange(len(records))})
    cursor = con.cursor()
    cursor.register("asked", asked)
    rows = cursor.execute(
        "SELECT status, CASE WHEN list_contains(?, stage) "
        "THEN CASE status WHEN 'failed' THEN 'refused' ELSE status END "
        "ELSE CASE status WHEN 'filtered' THEN 'pose filtered' ELSE status END END AS way "
        "FROM asked JOIN ledger USING (record) WHERE receptor = ? ORDER BY place",
        [list(BEFORE_MERGE), receptor],
    ).fetchnumpy()
    return np.asarray(rows["status"], dtype=object), np.asarray(rows["way"], dtype=object)


def _fates(
    con: duckdb.DuckDBPyConnection, receptor: str, found: Described, fates: np.ndarray
) -> dict[str, Fate]:
    counted = con.execute(
        f"SELECT status, count(*) FROM ledger ANTI JOIN ({PROPOSED_RECORDS}) USING (record) "
        "WHERE receptor = ? GROUP BY status",
        [receptor],
    )
    counts = dict(counted.fetchall())
    unread = ~found.read

    def told(records: int, own: np.ndarray) -> Fate:
        unreadable = int((own & unread).sum())
        return Fate(records=records, described=int(own.sum()), no_structure_read=unreadable)

    return {
        "input": told(found.total, np.ones(len(fates), dtype=bool)),
        **{status: told(counts.get(status, 0), fates == status) for status in STATUSES},
    }
