"""How like the known actives a library and its hits are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
import numpy as np
from rdkit import DataStructs

from screenmm.analysis.picks import fingerprints
from screenmm.bias.hits import Hit
from screenmm.files.csv import Cell
from screenmm.metrics.bias import NearestActive, Similarities, Similarity
from screenmm.results.known import KNOWN

MOST_ACTIVES = 2000
"""Known actives that others are compared with; of more, so many, chosen by their key."""

COMPARED = 5000
"""Ligands of the library that are compared with the actives, chosen by their key."""

SIMILARITY_EDGES = tuple(round(0.05 * i, 2) for i in range(1, 20))

SHOWN_HITS = 100
"""Hits that ``metrics.json`` names the nearest active of; ``similarity.csv`` has all."""


@dataclass(frozen=True)
class Actives:
    """Known actives that others are compared with.

    Attributes
    ----------
    total : int
        All that there are.
    keys, names : list of str
        Of those that are compared with.
    prints : list
        Their fingerprints.
    library : Similarities
        Of other ligands of the library.
    labelled : set of str
        InChIKeys of all known actives.
    """

    total: int
    keys: list[str]
    names: list[str]
    prints: list[DataStructs.ExplicitBitVect]
    library: Similarities
    labelled: set[str]


def known_actives(con: duckdb.DuckDBPyConnection) -> Actives | None:
    """Fingerprints of the known actives, and how like them the library is; None without any.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ligands``, ``membership`` and ``sources``.
    """
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
        "ANTI JOIN lineage USING (inchikey) "
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
    return Actives(
        total=total,
        keys=[key for key, *_ in kept],
        names=[name or "" for _, name, _ in kept],
        prints=known,
        library=_similar(near),
        labelled={key for (key,) in con.execute(active).fetchall()},
    )


def _similar(near: np.ndarray) -> Similarities:
    """Distribution of the similarity to the nearest active."""
    if not len(near):
        return Similarities(n=0)
    low, middle, high = np.quantile(near, [0.05, 0.5, 0.95])
    bins = np.searchsorted(SIMILARITY_EDGES, near, side="right")
    return Similarities(
        n=len(near),
        percentile_5=float(low),
        median=float(middle),
        percentile_95=float(high),
        counts=np.bincount(bins, minlength=len(SIMILARITY_EDGES) + 1).tolist(),
    )


def similarity(
    actives: Actives | None, hits: Sequence[Hit]
) -> tuple[Similarity | None, list[list[Cell]]]:
    """Nearest known active of each top hit; a hit that is one is compared with the others.

    Parameters
    ----------
    actives : Actives or None
    hits : sequence of Hit

    Returns
    -------
    similarity : Similarity or None
        None without known actives.
    rows : list
        Rank, name and InChIKey of a hit, whether it is a known active, then name, InChIKey and
        similarity of the nearest one.
    """
    if actives is None:
        return None, []
    rows: list[list[Cell]] = []
    nearest = []
    for hit, own in zip(hits, fingerprints([hit.smiles for hit in hits]), strict=True):
        if own is None:
            continue
        near = DataStructs.BulkTanimotoSimilarity(own, actives.prints)
        places = [i for i, other in enumerate(actives.keys) if other != hit.inchikey]
        best = max(places, key=lambda i: (near[i], -i), default=None)
        name, key, tanimoto = (
            (None, None, None)
            if best is None
            else (actives.names[best], actives.keys[best], near[best])
        )
        known = hit.inchikey in actives.labelled
        rows.append([hit.rank, hit.name, hit.inchikey, int(known), name, key, tanimoto])
        nearest.append(
            NearestActive(
                rank=hit.rank, name=hit.name, known_active=known, nearest_active=name,
                tanimoto=tanimoto,
            )
        )  # fmt: skip
    told = [each for each in nearest if each.tanimoto is not None]
    return Similarity(
        actives=actives.total,
        compared_with=len(actives.keys),
        edges=list(SIMILARITY_EDGES),
        library=actives.library,
        hits=_similar(np.array([each.tanimoto for each in told], dtype=float)),
        hits_not_known=_similar(
            np.array([each.tanimoto for each in told if not each.known_active], dtype=float)
        ),
        known_among_hits=sum(each.known_active for each in nearest),
        nearest=nearest[:SHOWN_HITS],
    ), rows
