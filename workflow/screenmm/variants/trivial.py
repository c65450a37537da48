"""What the two amino acids of a mutation tell without any computation, which a ΔΔG must beat."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

from screenmm.variants.changes import Variant

CONTACT_ANGSTROM = 5.0
"""A residue that lies no further from the ligand touches it."""

# A. A. Zamyatnin, Prog. Biophys. Mol. Biol. 24, 107 (1972), Å³
VOLUME = {
    "A": 88.6, "R": 173.4, "N": 114.1, "D": 111.1, "C": 108.5, "Q": 143.8, "E": 138.4, "G": 60.1,
    "H": 153.2, "I": 166.7, "L": 166.7, "K": 168.6, "M": 162.9, "F": 189.9, "P": 112.7, "S": 89.0,
    "T": 116.1, "W": 227.8, "Y": 193.6, "V": 140.0,
}  # fmt: skip
# J. Kyte, R. F. Doolittle, J. Mol. Biol. 157, 105 (1982)
HYDROPATHY = {
    "A": 1.8, "R": -4.5, "N": -3.5, "D": -3.5, "C": 2.5, "Q": -3.5, "E": -3.5, "G": -0.4, "H": -3.2,
    "I": 4.5, "L": 3.8, "K": -3.9, "M": 1.9, "F": 2.8, "P": -1.6, "S": -0.8, "T": -0.7, "W": -0.9,
    "Y": -1.3, "V": 4.2,
}  # fmt: skip
CHARGE = {"R": 1, "K": 1, "D": -1, "E": -1}

PREDICTORS = {
    "near_the_ligand": "nearer to the ligand",
    "contact": f"within {CONTACT_ANGSTROM:g} Å of the ligand",
    "contact_and_volume": f"within {CONTACT_ANGSTROM:g} Å, times change of volume",
    "volume": "change of volume",
    "hydrophobicity": "loss of hydrophobicity",
    "charge": "change of charge",
    "unlikeness": "unlike residues (BLOSUM62)",
}
"""Trivial predictors by name, in words; larger means weaker binding."""


@cache
def blosum62() -> Mapping[tuple[str, str], int]:
    """Likeness of two amino acids.

    S. Henikoff, J. G. Henikoff, Proc. Natl. Acad. Sci. USA 89, 10915 (1992).
    """
    with (Path(__file__).parent / "blosum62.csv").open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    return {(row["residue"], other): int(row[other]) for row in rows for other in VOLUME}


def trivial(variant: Variant, distance_angstrom: float) -> dict[str, float]:
    """What a mutation would do if one trivial property told it.

    Parameters
    ----------
    variant : Variant
    distance_angstrom : float
        From its nearest residue to the ligand.

    Returns
    -------
    dict of str to float
        Of each of :data:`PREDICTORS`, in units of its own; of several changes the sum.
    """
    pairs = [(each.wild, each.mutant) for each in variant.substitutions]
    volume = abs(sum(VOLUME[new] - VOLUME[old] for old, new in pairs))
    charge = sum(CHARGE.get(new, 0) - CHARGE.get(old, 0) for old, new in pairs)
    contact = float(distance_angstrom <= CONTACT_ANGSTROM)
    return {
        "near_the_ligand": -distance_angstrom,
        "contact": contact,
        "contact_and_volume": contact * volume,
        "volume": volume,
        "hydrophobicity": sum(HYDROPATHY[old] - HYDROPATHY[new] for old, new in pairs),
        "charge": float(abs(charge)),
        "unlikeness": -float(sum(blosum62()[pair] for pair in pairs)),
    }
