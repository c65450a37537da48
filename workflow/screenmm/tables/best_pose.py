"""Which pose of a ligand counts: the scored one of lowest MM/GBSA energy.

The ranking asks DuckDB, over all shards; the inspection of one shard has no DuckDB in its
environment. Both take the order from here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from screenmm.tables.dictionary import DG, INCHIKEY, POSE, STATE, names

ORDER = names((DG, STATE, POSE))
"""Columns that poses of a ligand are compared by, lowest first: ties end with the title."""


def best_pose_sql(scores: str = "scores") -> str:
    """Query of the pose that counts, as ``chosen.state`` and ``chosen.pose``.

    Parameters
    ----------
    scores : str
        Table or view of scored poses of all receptors.
    """
    compared = ", ".join(f"'{name}': {name}" for name in ORDER)
    return (
        f"SELECT receptor, inchikey, min({{{compared}}}) AS chosen "
        f"FROM {scores} WHERE isfinite({DG.name}) GROUP BY receptor, inchikey"
    )


def best_poses(rows: Iterable[Mapping[str, Any]]) -> dict[str, tuple[str, int]]:
    """State and pose that count, by InChIKey; ligands without a finite energy have none.

    Parameters
    ----------
    rows : iterable of mapping
        Scored poses of one receptor.
    """
    best: dict[str, tuple[Any, ...]] = {}
    for row in rows:
        this = tuple(row[name] for name in ORDER)
        if this[0] is not None and math.isfinite(this[0]):
            key = row[INCHIKEY.name]
            best[key] = min(this, best.get(key, this))
    return {key: (state, pose) for key, (_, state, pose) in best.items()}
