"""Hydrogens: which a residue should have, and the file's own under their standard names."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np
from openmm import app
from scipy.spatial import cKDTree

from screenmm.receptor.names import PHOSPHO
from screenmm.receptor.structure import Atom, Residue

REACH = 1.3  # Å, longest X–H distance in a file
LENGTHS = {"C": 1.09, "N": 1.01, "O": 0.96, "S": 1.336}  # Å, of X–H bonds in ff14SB
LENGTH_TOLERANCE = 0.05  # Å; refinement programs write bonds up to 0.15 Å shorter
SULFUR_REACH = 1.5  # Å, the same for S–H

_BACKBONE_H = [("H", "N"), ("HA", "CA")]
_CH2 = [("HB2", "CB"), ("HB3", "CB")]
# hydrogens of modified residues, which OpenMM's definitions lack
MODIFIED_HYDROGENS: dict[str, list[tuple[str, str]]] = {
    "SEP": [*_BACKBONE_H, *_CH2],
    "TPO": [*_BACKBONE_H, ("HB", "CB"), ("HG21", "CG2"), ("HG22", "CG2"), ("HG23", "CG2")],
    "PTR": [
        *_BACKBONE_H, *_CH2, ("HD1", "CD1"), ("HD2", "CD2"), ("HE1", "CE1"), ("HE2", "CE2"),
    ],
    "HYP": [
        ("HA", "CA"), *_CH2, ("HG", "CG"), ("HD1", "OD1"), ("HD22", "CD"), ("HD23", "CD"),
    ],
}  # fmt: skip
_BACKBONE = [("N", "CA"), ("CA", "C"), ("C", "O"), ("CA", "CB"), ("C", "OXT")]
_PHOSPHATE = [("P", "O1P"), ("P", "O2P"), ("P", "O3P")]
_HEAVY_BONDS: dict[str, list[tuple[str, str]]] = {
    "SEP": [*_BACKBONE, ("CB", "OG"), ("OG", "P"), *_PHOSPHATE],
    "TPO": [*_BACKBONE, ("CB", "OG1"), ("CB", "CG2"), ("OG1", "P"), *_PHOSPHATE],
    "PTR": [
        *_BACKBONE, ("CB", "CG"), ("CG", "CD1"), ("CG", "CD2"), ("CD1", "CE1"), ("CD2", "CE2"),
        ("CE1", "CZ"), ("CE2", "CZ"), ("CZ", "OH"), ("OH", "P"), *_PHOSPHATE,
    ],
    "HYP": [*_BACKBONE, ("CB", "CG"), ("CG", "OD1"), ("CG", "CD"), ("CD", "N")],
}  # fmt: skip
for _name, _protonated in (("SEP", "S1P"), ("TPO", "T1P"), ("PTR", "Y1P")):
    MODIFIED_HYDROGENS[_protonated] = [*MODIFIED_HYDROGENS[_name], ("H1P", "O1P")]
    _HEAVY_BONDS[_protonated] = _HEAVY_BONDS[_name]
MODIFIED_BONDS: dict[str, list[tuple[str, str]]] = {
    name: [*bonds, *((parent, hydrogen) for hydrogen, parent in MODIFIED_HYDROGENS[name])]
    for name, bonds in _HEAVY_BONDS.items()
}


class Expected(NamedTuple):
    """One hydrogen of OpenMM's definitions."""

    name: str
    parent: str
    variants: frozenset[str] | None
    terminal: str | None


@lru_cache(maxsize=1)
def _definitions() -> dict[str, list[Expected]]:
    path = Path(app.__file__).parent / "data" / "hydrogens.xml"
    table = {}
    for residue in ET.parse(path).getroot().iter("Residue"):
        table[residue.attrib["name"]] = [
            Expected(
                each.attrib["name"],
                each.attrib["parent"],
                frozenset(each.attrib["variant"].split(",")) if "variant" in each.attrib else None,
                each.attrib.get("terminal"),
            )
            for each in residue.iter("H")
        ]
    return table


def expected_hydrogens(
    name: str, variant: str | None, first: bool, last: bool
) -> list[tuple[str, str]] | None:
    """Hydrogens of a residue as (name, parent), or None for an unknown residue.

    Parameters
    ----------
    name : str
        Standard residue name.
    variant : str or None
        Protonation variant; CYM counts as CYX, which has no hydrogen on sulfur either.
    first, last : bool
        Whether the residue begins or ends its segment.
    """
    if name in MODIFIED_HYDROGENS:
        return MODIFIED_HYDROGENS[name]
    if name not in _definitions():
        return None
    variant = "CYX" if variant == "CYM" else variant
    ends = {"N"} if first else set()
    ends |= {"C"} if last else set()
    ends = ends or {"-"}
    return [
        (each.name, each.parent)
        for each in _definitions()[name]
        if (each.variants is None or variant in each.variants)
        and (each.terminal is None or ends & set(each.terminal))
    ]


def by_parent(residue: Residue) -> tuple[dict[str, list[Atom]], list[Atom]]:
    """Hydrogens of each heavy atom by its name, and those bonded to none."""
    heavy = residue.heavy()
    hydrogens = residue.hydrogens()
    found: dict[str, list[Atom]] = {}
    if not hydrogens or not heavy:
        return found, hydrogens
    distances, nearest = cKDTree(residue.positions()).query(np.array([h.xyz for h in hydrogens]))
    stray = []
    for hydrogen, distance, index in zip(hydrogens, distances, nearest, strict=True):
        if distance < (SULFUR_REACH if heavy[index].element == "S" else REACH):
            found.setdefault(heavy[index].name, []).append(hydrogen)
        else:
            stray.append(hydrogen)
    return found, stray


def keep_own_hydrogens(residue: Residue, first: bool, last: bool) -> list[str]:
    """Give the file's hydrogens standard names and bond lengths; drop those of another state.

    Returns
    -------
    list of str
        Names, as in the file, of the hydrogens that were dropped.
    """
    expected = expected_hydrogens(residue.name, residue.variant, first, last)
    if expected is None or not residue.hydrogens():
        return []
    own, stray = by_parent(residue)
    names: dict[str, list[str]] = {}
    for hydrogen, parent in expected:
        names.setdefault(parent, []).append(hydrogen)
    dropped = [atom.name for atom in stray]
    kept = []
    for parent, hydrogens in own.items():
        wanted = names.get(parent, [])
        # two hydrogens on one point, as alternates leave them, count once
        distinct = _distinct(hydrogens)
        dropped += [atom.name for atom in hydrogens if all(atom is not each for each in distinct)]
        for atom, name in _matched(distinct, wanted):
            atom.name = name
            _set_length(atom, residue.find(parent))
            kept.append(atom)
        dropped += [atom.name for atom in distinct if all(atom is not each for each in kept)]
    residue.atoms = [*residue.heavy(), *kept]
    return [name.split("#")[0] for name in dropped]


def _set_length(hydrogen: Atom, parent: Atom | None) -> None:
    """Move a hydrogen along its bond where the bond is far from the force field's length."""
    if parent is None or parent.element not in LENGTHS:
        return
    bond = hydrogen.xyz - parent.xyz
    length = float(np.linalg.norm(bond))
    wanted = LENGTHS[parent.element]
    if length > 0 and abs(length - wanted) > LENGTH_TOLERANCE:
        hydrogen.xyz = parent.xyz + bond * (wanted / length)


def _distinct(hydrogens: list[Atom]) -> list[Atom]:
    chosen: list[Atom] = []
    for atom in hydrogens:
        if all(np.linalg.norm(atom.xyz - each.xyz) > 0.3 for each in chosen):
            chosen.append(atom)
    return chosen


def _matched(hydrogens: list[Atom], wanted: list[str]) -> list[tuple[Atom, str]]:
    """Pair hydrogens with names: their own where it is one of those wanted, then the rest."""
    free = list(wanted)
    pairs = []
    rest = []
    for atom in hydrogens:
        if atom.name in free:
            free.remove(atom.name)
            pairs.append((atom, atom.name))
        else:
            rest.append(atom)
    return pairs + list(zip(rest, free, strict=False))


def settle_phosphate(residue: Residue) -> None:
    """Name a phosphorylated residue by its protonation: with a P–O–H it is S1P, T1P or Y1P."""
    if residue.name not in PHOSPHO:
        return
    protonated = {"SEP": "S1P", "TPO": "T1P", "PTR": "Y1P"}
    base = {value: key for key, value in protonated.items()}.get(residue.name, residue.name)
    own, _ = by_parent(residue)
    acid = next((name for name in ("O1P", "O2P", "O3P") if own.get(name)), None)
    if acid is None:
        residue.name = base if residue.hydrogens() else residue.name
        return
    residue.name = protonated[base]
    swap_names(residue, acid, "O1P")


def swap_names(residue: Residue, one: str, other: str) -> None:
    """Exchange the names of two atoms."""
    first, second = residue.find(one), residue.find(other)
    if first is not None and second is not None and first is not second:
        first.name, second.name = other, one
