"""The bias report: what a library covers, and what the screen lost of it.

Counts of fates are always of every record. Properties, scaffolds and loss rates are of every
record of a library of up to ``described.SAMPLE``; of a larger one, of as many records, chosen
by the hash of their key: ``described`` and ``records`` in the result say which.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa
from rdkit import DataStructs

from screenmm.analysis.picks import fingerprints
from screenmm.bias.chemotypes import CHEMOTYPES, WORDS
from screenmm.bias.described import PROPERTIES, SAMPLE, Described, describe_records, scaffold_of
from screenmm.bias.losses import BEFORE_MERGE, at_risk, correct, losses
from screenmm.core.seeds import seed_for
from screenmm.files.csv import Cell, csv_text
from screenmm.files.whole import replaced_folder
from screenmm.results.columns import score_signs
from screenmm.results.consensus import floats
from screenmm.results.fates import STATUSES
from screenmm.results.known import KNOWN
from screenmm.statistics.measures import correlation_draws
from screenmm.statistics.resampling import interval, resampled_counts, resamples_for
from screenmm.tables.dictionary import RANK

Value = dict[str, Any]

FATES = ("input", *STATUSES)

UNREAD = "no structure read"

WEIGHT_EDGES = (150, 250, 350, 450, 600)
CHARGES = ("−2 or less", "−1", "0", "+1", "+2 or more")

TRIVIAL = ("heavy_atoms", "formal_charge")
"""Size, and the net charge of the docked state."""

BOOTSTRAP = 5000
"""Ligands up to which a correlation is resampled; its interval is in closed form above."""

MIN_INTERVAL = 5
"""Ligands below which a correlation has no interval."""

COMMONEST = 10

MOST_ACTIVES = 2000
"""Known actives that others are compared with; of more, so many, chosen by their key."""

COMPARED = 5000
"""Ligands of the library that are compared with the actives, chosen by their key."""

SIMILARITY_EDGES = tuple(round(0.05 * i, 2) for i in range(1, 20))

DEFAULT_HITS = 20
SHOWN_HITS = 100
"""Hits that ``metrics.json`` names the nearest active of; ``similarity.csv`` has all."""


def bias(
    con: duckdb.DuckDBPyConnection, shards: Sequence[Path], hits: int = 0, seed: int = 1
) -> tuple[Value, dict[str, str]]:
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
    report : dict
        ``records``, ``described``, ``sampled``, ``hits`` and ``by_receptor``: receptor to
        ``fates`` (each with all its ``records`` and, of those described, ``no_structure_read``),
        ``properties``, ``scaffolds``, ``losses``, ``correlations`` and ``similarity`` (None
        without known actives).
    tables : dict of str to str
        File name to the text of a CSV file with all of it.
    """
    found = describe_records(con, shards)
    hits = hits or DEFAULT_HITS
    of_actives = _actives(con)
    report: Value = {
        "records": found.total,
        "described": len(found.records),
        "sampled": found.total > SAMPLE,
        "hits": hits,
        "by_receptor": {},
    }
    rows: dict[str, list[list[Cell]]] = {name: [] for name in HEADERS}
    receptors = con.execute("SELECT receptor FROM receptors ORDER BY ordinal").fetchall()
    for (receptor,) in receptors:
        fates, ways = _fates_of(con, receptor, found.records)
        scaffolds, scaffold_rows = _scaffolds(con, receptor, found, fates, hits)
        similar, similar_rows = _similarity(con, receptor, of_actives, hits)
        own: Value = {
            "fates": _fates(con, receptor, found, fates),
            "properties": _properties(found, fates),
            "scaffolds": scaffolds,
            "losses": _losses(found, ways),
            "correlations": _correlations(con, receptor, seed),
            "similarity": similar,
        }
        report["by_receptor"][receptor] = own
        rows["fates"] += [[receptor, fate, *each.values()] for fate, each in own["fates"].items()]
        rows["properties"] += [[receptor, *row] for row in _property_rows(own["properties"])]
        rows["scaffolds"] += [[receptor, *row] for row in scaffold_rows]
        rows["correlations"] += [
            [receptor, score, other, *(told.get(key) for key in ("n", "value", "low", "high"))]
            for score, others in own["correlations"].items()
            for other, told in others.items()
        ]
        rows["similarity"] += [[receptor, *row] for row in similar_rows]
    correct({receptor: own["losses"] for receptor, own in report["by_receptor"].items()})
    for receptor, own in report["by_receptor"].items():
        rows["losses"] += [[receptor, *row.values()] for row in own["losses"]]
    return report, {f"{name}.csv": csv_text(HEADERS[name], rows[name]) for name in HEADERS}


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


def write_bias(tables: dict[str, str], folder: Path) -> None:
    """Write the tables of :func:`bias`; nothing else stays in the folder."""
    with replaced_folder(folder) as partial:
        for name, text in tables.items():
            (partial / name).write_text(text, encoding="utf-8")


# --- fates and properties ----------------------------------------------------------------


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
) -> Value:
    counted = con.execute(
        "SELECT status, count(*) FROM ledger WHERE receptor = ? GROUP BY status", [receptor]
    )
    counts = dict(counted.fetchall())
    unread = ~found.read

    def told(records: int, own: np.ndarray) -> Value:
        described = int(own.sum())
        return {
            "records": records,
            "described": described,
            "no_structure_read": int((own & unread).sum()),
        }

    return {
        "input": told(found.total, np.ones(len(fates), dtype=bool)),
        **{status: told(counts.get(status, 0), fates == status) for status in STATUSES},
    }


def _of_fate(fates: np.ndarray, fate: str) -> np.ndarray:
    mask: np.ndarray = np.ones(len(fates), dtype=bool) if fate == "input" else fates == fate
    return mask


def _properties(found: Described, fates: np.ndarray) -> Value:
    """Histogram and quantiles of each property by fate, of records with a structure."""
    out: Value = {}
    for name, each in PROPERTIES.items():
        values = found.column(name)
        bins = np.searchsorted(each.edges, values, side="right")
        own: Value = {"unit": each.unit, "edges": list(each.edges), "by_fate": {}}
        for fate in FATES:
            mask = _of_fate(fates, fate) & found.read
            if mask.any():
                low, middle, high = np.quantile(values[mask], [0.05, 0.5, 0.95])
                own["by_fate"][fate] = {
                    "n": int(mask.sum()),
                    "mean": float(values[mask].mean()),
                    "percentile_5": float(low),
                    "median": float(middle),
                    "percentile_95": float(high),
                    "counts": np.bincount(bins[mask], minlength=len(each.edges) + 1).tolist(),
                }
        out[name] = own
    return out


def _property_rows(properties: Value) -> list[list[Cell]]:
    rows: list[list[Cell]] = []
    for name, each in properties.items():
        ends = [None, *each["edges"], None]
        for fate, own in each["by_fate"].items():
            rows += [
                [name, each["unit"], fate, ends[i], ends[i + 1], count]
                for i, count in enumerate(own["counts"])
            ]
    return rows


# --- scaffolds ---------------------------------------------------------------------------


def _top(con: duckdb.DuckDBPyConnection, receptor: str, hits: int) -> list[tuple[Any, ...]]:
    """Rank, name, InChIKey and SMILES of the top hits."""
    return con.execute(
        "SELECT rank, name, inchikey, smiles FROM ranking WHERE receptor = ? AND rank <= ? "
        "AND smiles IS NOT NULL ORDER BY rank",
        [receptor, hits],
    ).fetchall()


def _scaffolds(
    con: duckdb.DuckDBPyConnection, receptor: str, found: Described, fates: np.ndarray, hits: int
) -> tuple[Value, list[list[Cell]]]:
    """Count scaffolds; a duplicate's scaffold is counted with the record that it repeats."""
    counts: dict[str, Counter[str]] = {fate: Counter() for fate in (*STATUSES, "hits")}
    for core, fate in zip(found.scaffolds, fates, strict=True):
        if core:
            counts[fate][core] += 1
    tops = [scaffold_of(smiles) for *_, smiles in _top(con, receptor, hits)]
    counts["hits"].update(core for core in tops if core)
    every = counts["ranked"] + counts["filtered"] + counts["failed"]
    order = sorted(every, key=lambda core: (-every[core], core))
    bare = np.array([core == "" for core in found.scaffolds], dtype=bool)
    distinct = fates != "duplicate"

    def told(own: Counter[str], without_ring: int) -> Value:
        molecules = own.total()
        common = sum(count for _, count in own.most_common(COMMONEST))
        return {
            "molecules": molecules,
            "scaffolds": len(own),
            "singletons": sum(count == 1 for count in own.values()),
            "share_of_commonest": common / molecules if molecules else None,
            "without_ring": without_ring,
        }

    lost = [core for core in order if not counts["ranked"][core]]
    summary = {
        "commonest": COMMONEST,
        "input": told(every, int((bare & distinct).sum())),
        "ranked": told(counts["ranked"], int((bare & (fates == "ranked")).sum())),
        "hits": told(counts["hits"], sum(core == "" for core in tops)),
        "wholly_lost": {
            "scaffolds": len(lost),
            "molecules": sum(every[core] for core in lost),
            "largest": [
                {"scaffold": core, "molecules": every[core], "filtered": counts["filtered"][core],
                 "failed": counts["failed"][core]}
                for core in lost[:COMMONEST]
            ],
        },
    }  # fmt: skip
    kinds = ("ranked", "filtered", "failed", "hits")
    return summary, [[core, every[core], *(counts[kind][core] for kind in kinds)] for core in order]


# --- losses ------------------------------------------------------------------------------


def weight_bins() -> list[str]:
    """Name the classes of molecular weight."""
    low, high = WEIGHT_EDGES[0], WEIGHT_EDGES[-1]
    between = [f"{a} to {b}" for a, b in pairwise(WEIGHT_EDGES)]
    return [f"below {low}", *between, f"{high} or more"]


def _losses(found: Described, ways: np.ndarray) -> list[Value]:
    """Loss rates by charge, weight and chemotype, each among the records that were at risk.

    The classes of charge and weight share out every record, with a class for those without a
    structure, which is not tested. A class is tested against all other records at risk that
    have a structure.
    """
    charge = np.clip(found.column("formal_charge"), -2, 2)
    weight = np.searchsorted(WEIGHT_EDGES, found.column("molecular_weight"), side="right")
    names = [("charge", name, "") for name in CHARGES]
    names += [("weight", name, "g/mol") for name in weight_bins()]
    names += [("chemotype", name, WORDS[name]) for name in CHEMOTYPES]
    members = np.column_stack(
        [
            *(charge == value for value in range(-2, 3)),
            *(weight == place for place in range(len(WEIGHT_EDGES) + 1)),
            found.members,
        ]
    )[found.read]
    unread = ~found.read
    every = np.ones((int(unread.sum()), 1), dtype=bool)
    out: list[Value] = []
    for kind, risked in at_risk(ways).items():
        lost = ways == kind
        made = losses(members, risked[found.read], lost[found.read])
        without = losses(every, risked[unread], lost[unread])[0]
        for by in ("charge", "weight", "chemotype"):
            out += [
                {"loss": kind, "by": by, "class": name, "meaning": meaning, **each.row}
                for (which, name, meaning), each in zip(names, made, strict=True)
                if which == by
            ]
            if by != "chemotype":
                out.append({"loss": kind, "by": by, "class": UNREAD, "meaning": "", **without.row})
    return out


# --- correlations ------------------------------------------------------------------------


def _closed_interval(rho: float, n: int) -> Value:
    """95 % interval of Spearman's correlation in closed form (Bonett and Wright 2000)."""
    if abs(rho) >= 1:
        return {"low": rho, "high": rho, "interval": "a perfect order has no spread"}
    half = 1.96 * float(np.sqrt((1 + rho * rho / 2) / (n - 3)))
    middle = float(np.arctanh(rho))
    ends = float(np.tanh(middle - half)), float(np.tanh(middle + half))
    return {"low": ends[0], "high": ends[1], "interval": "closed form"}


def correlation(score: np.ndarray, other: np.ndarray, seed: int) -> Value:
    """Spearman's correlation of a score with a property, with a 95 % interval.

    Parameters
    ----------
    score, other : numpy.ndarray, shape (n,)
        Larger is better, and larger.
    seed : int
        Of the resamples.

    Returns
    -------
    dict
        ``n``, ``value``, ``low``, ``high`` and ``interval``, how it was made; without a value a
        ``reason``.
    """
    n = len(score)
    if n < 3 or np.ptp(score) == 0 or np.ptp(other) == 0:
        reason = f"{n} ligands; 3 are needed" if n < 3 else "all values are equal"
        return {"n": n, "value": None, "reason": reason}
    once = np.ones((1, n), dtype=np.int32)
    rho = float(correlation_draws(other, score, once, kendall=False)["spearman"][0])
    if n < MIN_INTERVAL:
        reason = f"none: {n} ligands; {MIN_INTERVAL} are needed"
        return {"n": n, "value": rho, "low": None, "high": None, "interval": reason}
    if n > BOOTSTRAP:
        return {"n": n, "value": rho, **_closed_interval(rho, n)}
    drawn = [
        correlation_draws(other, score, counts, kendall=False)["spearman"]
        for counts in resampled_counts(np.zeros(n), resamples_for(n), seed)
    ]
    return {"n": n, "value": rho, **interval(np.concatenate(drawn)), "interval": "bootstrap"}


def _correlations(con: duckdb.DuckDBPyConnection, receptor: str, seed: int) -> Value:
    """Correlation of every score, larger being better, with size and charge.

    The rank only orders by one of them.
    """
    signs = {name: sign for name, sign in score_signs(con).items() if name != RANK.name}
    table = con.execute(
        f"SELECT {', '.join((*signs, *TRIVIAL))} FROM ranking WHERE receptor = ? ORDER BY rank",
        [receptor],
    ).fetchnumpy()
    own = seed_for(seed_for(seed, "receptor", receptor), "bias", "correlations")
    out: Value = {}
    for name, sign in signs.items():
        score = sign * floats(table[name])
        for other in TRIVIAL:
            values = floats(table[other])
            both = np.isfinite(score) & np.isfinite(values)
            if both.any():
                found = correlation(score[both], values[both], own)
                out.setdefault(name, {})[other] = found
    return out


# --- similarity --------------------------------------------------------------------------


def _actives(con: duckdb.DuckDBPyConnection) -> Value | None:
    """Fingerprints of the known actives, and how like them the library is; None without any."""
    active = f"SELECT inchikey FROM ({KNOWN}) WHERE label = 1"
    rows = con.execute(
        "SELECT inchikey, smiles, name FROM ("
        f"SELECT inchikey, smiles FROM ligands SEMI JOIN ({active}) USING (inchikey) "
        f"ORDER BY md5(inchikey), inchikey LIMIT {MOST_ACTIVES}"
        ") LEFT JOIN (SELECT inchikey, name FROM membership JOIN sources USING (record) "
        'WHERE "primary") USING (inchikey) ORDER BY inchikey'
    ).fetchall()
    prints = fingerprints([smiles for _, smiles, _ in rows])
    kept = [(key, name, own) for (key, _, name), own in zip(rows, prints, strict=True) if own]
    if not kept:
        return None
    total = con.execute(f"SELECT count(*) FROM ({active})").fetchall()[0][0]
    others = con.execute(
        f"SELECT smiles FROM ligands ANTI JOIN ({active}) USING (inchikey) "
        f"ORDER BY md5(inchikey), inchikey LIMIT {COMPARED}"
    ).fetchall()
    known = [own for *_, own in kept]
    near = np.array(
        [
            max(DataStructs.BulkTanimotoSimilarity(own, known))
            for own in fingerprints([smiles for (smiles,) in others])
            if own is not None
        ]
    )
    return {
        "total": total,
        "keys": [key for key, *_ in kept],
        "names": [name or "" for _, name, _ in kept],
        "prints": known,
        "library": _similar(near),
        "labelled": {key for (key,) in con.execute(active).fetchall()},
    }


def _similar(near: np.ndarray) -> Value:
    """Distribution of the similarity to the nearest active."""
    if not len(near):
        return {"n": 0}
    low, middle, high = np.quantile(near, [0.05, 0.5, 0.95])
    bins = np.searchsorted(SIMILARITY_EDGES, near, side="right")
    return {
        "n": len(near),
        "percentile_5": float(low),
        "median": float(middle),
        "percentile_95": float(high),
        "counts": np.bincount(bins, minlength=len(SIMILARITY_EDGES) + 1).tolist(),
    }


def _similarity(
    con: duckdb.DuckDBPyConnection, receptor: str, actives: Value | None, hits: int
) -> tuple[Value | None, list[list[Cell]]]:
    """Nearest known active of each top hit; a hit that is one is compared with the others."""
    if actives is None:
        return None, []
    tops = _top(con, receptor, hits)
    rows: list[list[Cell]] = []
    for (rank, name, key, _), own in zip(
        tops, fingerprints([smiles for *_, smiles in tops]), strict=True
    ):
        if own is None:
            continue
        near = DataStructs.BulkTanimotoSimilarity(own, actives["prints"])
        places = [i for i, other in enumerate(actives["keys"]) if other != key]
        best = max(places, key=lambda i: (near[i], -i), default=None)
        known = int(key in actives["labelled"])
        rows.append(
            [rank, name, key, known, *([None] * 3 if best is None else
             [actives["names"][best], actives["keys"][best], near[best]])]
        )  # fmt: skip
    values = np.array([row[-1] for row in rows if row[-1] is not None], dtype=float)
    new = np.array([row[-1] for row in rows if row[-1] is not None and not row[3]], dtype=float)
    return {
        "actives": actives["total"],
        "compared_with": len(actives["keys"]),
        "edges": list(SIMILARITY_EDGES),
        "library": actives["library"],
        "hits": _similar(values),
        "hits_not_known": _similar(new),
        "known_among_hits": sum(int(row[3] or 0) for row in rows),
        "nearest": [
            {"rank": row[0], "name": row[1], "known_active": bool(row[3]),
             "nearest_active": row[4], "tanimoto": row[6]}
            for row in rows[:SHOWN_HITS]
        ],
    }, rows  # fmt: skip
