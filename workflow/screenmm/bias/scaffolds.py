"""Bemis–Murcko scaffolds of a library, and those of which nothing was ranked."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import numpy as np

from screenmm.bias.described import Described, scaffold_of
from screenmm.bias.hits import Hit
from screenmm.files.csv import Cell
from screenmm.metrics.bias import LostScaffold, LostScaffolds, ScaffoldCounts, Scaffolds
from screenmm.results.fates import STATUSES

COMMONEST = 10


def scaffolds(
    found: Described, fates: np.ndarray, hits: Sequence[Hit]
) -> tuple[Scaffolds, list[list[Cell]]]:
    """Count scaffolds; a duplicate's scaffold is counted with the record that it repeats.

    Parameters
    ----------
    found : Described
    fates : numpy.ndarray of object, shape (n,)
        Fate of each described record.
    hits : sequence of Hit

    Returns
    -------
    counts : Scaffolds
    rows : list
        Scaffold, records, and how many of these are ranked, filtered, failed and hits.
    """
    counts: dict[str, Counter[str]] = {fate: Counter() for fate in (*STATUSES, "hits")}
    for core, fate in zip(found.scaffolds, fates, strict=True):
        if core:
            counts[fate][core] += 1
    tops = [scaffold_of(hit.smiles) for hit in hits]
    counts["hits"].update(core for core in tops if core)
    every = counts["ranked"] + counts["filtered"] + counts["failed"]
    order = sorted(every, key=lambda core: (-every[core], core))
    bare = np.array([core == "" for core in found.scaffolds], dtype=bool)
    distinct = fates != "duplicate"

    lost = [core for core in order if not counts["ranked"][core]]
    summary = Scaffolds(
        commonest=COMMONEST,
        input=_counted(every, int((bare & distinct).sum())),
        ranked=_counted(counts["ranked"], int((bare & (fates == "ranked")).sum())),
        hits=_counted(counts["hits"], sum(core == "" for core in tops)),
        wholly_lost=LostScaffolds(
            scaffolds=len(lost),
            molecules=sum(every[core] for core in lost),
            largest=[
                LostScaffold(
                    scaffold=core,
                    molecules=every[core],
                    filtered=counts["filtered"][core],
                    failed=counts["failed"][core],
                )
                for core in lost[:COMMONEST]
            ],
        ),
    )
    kinds = ("ranked", "filtered", "failed", "hits")
    return summary, [[core, every[core], *(counts[kind][core] for kind in kinds)] for core in order]


def _counted(own: Counter[str], without_ring: int) -> ScaffoldCounts:
    molecules = own.total()
    common = sum(count for _, count in own.most_common(COMMONEST))
    return ScaffoldCounts(
        molecules=molecules,
        scaffolds=len(own),
        singletons=sum(count == 1 for count in own.values()),
        share_of_commonest=common / molecules if molecules else None,
        without_ring=without_ring,
    )
