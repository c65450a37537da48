"""Classes of molecules that losses are told of: by charge, weight and chemotype."""

from __future__ import annotations

from dataclasses import asdict
from itertools import pairwise

import numpy as np

from screenmm.bias.chemotypes import CHEMOTYPES, WORDS
from screenmm.bias.described import Described
from screenmm.bias.losses import at_risk, losses
from screenmm.metrics.bias import ClassLoss

UNREAD = "no structure read"

WEIGHT_EDGES = (150, 250, 350, 450, 600)
CHARGES = ("−2 or less", "−1", "0", "+1", "+2 or more")


def weight_bins() -> list[str]:
    """Name the classes of molecular weight."""
    low, high = WEIGHT_EDGES[0], WEIGHT_EDGES[-1]
    between = [f"{a} to {b}" for a, b in pairwise(WEIGHT_EDGES)]
    return [f"below {low}", *between, f"{high} or more"]


def class_losses(found: Described, ways: np.ndarray) -> list[ClassLoss]:
    """Loss rates by charge, weight and chemotype, each among the records that were at risk.

    The classes of charge and weight share out every record, with a class for those without a
    structure, which is not tested. A class is tested against all other records at risk that
    have a structure.

    Parameters
    ----------
    found : Described
    ways : numpy.ndarray of object, shape (n,)
        What became of each described record: a key of ``LOSSES``, ``duplicate`` or ``ranked``.
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
    out = []
    for kind, risked in at_risk(ways).items():
        lost = ways == kind
        made = losses(members, risked[found.read], lost[found.read])
        without = losses(every, risked[unread], lost[unread])[0]
        for by in ("charge", "weight", "chemotype"):
            out += [
                ClassLoss(loss=kind, by=by, class_=name, meaning=meaning, **asdict(each))
                for (which, name, meaning), each in zip(names, made, strict=True)
                if which == by
            ]
            if by != "chemotype":
                out.append(
                    ClassLoss(loss=kind, by=by, class_=UNREAD, meaning="", **asdict(without))
                )
    return out
