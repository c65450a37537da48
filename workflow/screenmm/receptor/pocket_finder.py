"""Pockets of a structure that needs no ligand: fpocket's alpha spheres, most druggable first.

Only the polymer is looked at. The package's volumes are of a Monte Carlo without a seed, and its
sums differ in their last digit from call to call: volumes are measured here, and scores rounded.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from string import ascii_uppercase
from typing import Any

import numpy as np

from screenmm.core.errors import ConfigError, PocketError
from screenmm.receptor.structure import Array, Residue, Structure

GRID_STEP = 0.5  # Å
ATOM_RADIUS = 1.6  # Å
DIGITS = 6  # of the package's scores
LAST_NUMBER = 9999  # of a residue in a PDB file


@dataclass(frozen=True)
class FoundPocket:
    """A pocket.

    Attributes
    ----------
    rank : int
        From 1, by druggability.
    spheres : ndarray
        Shape (spheres, 4): centres and radii of the alpha spheres, Å.
    residues : tuple of Residue
        Those that the spheres touch, in the structure's order.
    druggability : float
        fpocket's drug score, 0 to 1.
    volume_angstrom3 : float
        That atoms leave free in the spheres.
    plddt : float or None
        Mean over the residues, where it is a predicted model that says it.
    """

    rank: int
    spheres: Array = field(repr=False)
    residues: tuple[Residue, ...] = field(repr=False)
    druggability: float
    volume_angstrom3: float
    plddt: float | None = None

    @property
    def centre(self) -> Array:
        """Mean of the spheres' centres, Å."""
        return np.asarray(self.spheres[:, :3].mean(axis=0))


def find_pockets(structure: Structure) -> list[FoundPocket]:
    """Find the pockets of a structure's polymer, most druggable first; all else is left out.

    The same structure gives the same pockets.

    Parameters
    ----------
    structure : Structure
        A predicted model should be trimmed: disordered strings make pockets of their own.

    Raises
    ------
    ConfigError
        The package that finds them is not installed.
    PocketError
        The structure has no polymer, or too much of it for the package.
    """
    residues = [each for each in structure.of_kind("polymer") if each.heavy()]
    if not residues:
        raise PocketError("no pocket can be found: the structure holds no protein or nucleic acid")
    made = [_with_residues(each, residues) for each in _by_fpocket(residues)]
    made.sort(key=lambda each: (-each[0], -len(each[1]), each[1].tolist()))
    return [
        FoundPocket(rank, spheres, around, score, volume(spheres), _plddt(around))
        for rank, (score, spheres, around) in enumerate(made, start=1)
    ]


def pocket_of_rank(pockets: Sequence[FoundPocket], rank: int) -> FoundPocket:
    """Take a pocket.

    Raises
    ------
    PocketError
        There are fewer.
    """
    if rank > len(pockets):
        raise PocketError(
            f"pocket.find {rank}: {len(pockets)} pockets are found in the structure; "
            "screenmm pockets lists them"
        )
    return pockets[rank - 1]


def volume(spheres: Array) -> float:
    """Volume that atoms leave free in alpha spheres, on a grid of half an ångström.

    Parameters
    ----------
    spheres : ndarray
        Shape (spheres, 4): centres and radii, Å. The centres of atoms lie on the spheres, which are
        taken smaller by the radius of an atom, as fpocket does.

    Returns
    -------
    float
        Å³.
    """
    inside = []
    for *centre, radius in spheres.tolist():
        middle = np.array(centre) / GRID_STEP
        reach = (radius - ATOM_RADIUS) / GRID_STEP
        axes = [np.arange(np.ceil(each - reach), np.floor(each + reach) + 1) for each in middle]
        grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1).reshape(-1, 3)
        inside.append(grid[((grid - middle) ** 2).sum(axis=1) <= reach**2])
    return len(np.unique(np.concatenate(inside).astype(int), axis=0)) * GRID_STEP**3


def _plddt(residues: Sequence[Residue]) -> float | None:
    known = [each.plddt for each in residues if each.plddt is not None]
    return float(np.mean(known)) if known else None


# --- the package -----------------------------------------------------------------------


def _by_fpocket(residues: Sequence[Residue]) -> list[dict[str, Any]]:
    """Pockets as fpocket-rs gives them; places of residues stand for their labels."""
    try:
        import fpocket_rs  # noqa: PLC0415
    except ModuleNotFoundError:
        raise ConfigError(
            f"pockets are found with fpocket-rs, not installed in {sys.prefix}: install it by: "
            "pip install 'screenmm[pockets]'"
        ) from None
    # 1 iteration: the volume and the score that come of it are not taken
    pockets: list[dict[str, Any]] = fpocket_rs.detect_pockets(_pdb(residues), mc_iter=1)["pockets"]
    return pockets


def _with_residues(
    pocket: dict[str, Any], residues: Sequence[Residue]
) -> tuple[float, Array, tuple[Residue, ...]]:
    """Drug score, spheres in one order, and residues of a pocket."""
    spheres = np.array(sorted(pocket["alpha_spheres"]), dtype=float)
    spheres[:, :3] += _origin(residues)
    indices = {
        ascii_uppercase.index(chain) * LAST_NUMBER + number - 1
        for chain, number in pocket["residues"]
    }
    around = tuple(residues[index] for index in sorted(indices))
    return round(float(pocket["drug_score"]), DIGITS), np.round(spheres, DIGITS), around


def _origin(residues: Sequence[Residue]) -> Array:
    """A whole number of ångströms near the middle, so that coordinates fit a PDB file."""
    return np.asarray(np.round(np.concatenate([x.positions() for x in residues]).mean(axis=0)))


def _pdb(residues: Sequence[Residue]) -> str:
    """Heavy atoms, each residue under its place in the sequence as chain and number."""
    if len(residues) > LAST_NUMBER * len(ascii_uppercase):
        raise PocketError(
            f"{len(residues)} residues are more than pockets can be found in "
            f"({LAST_NUMBER * len(ascii_uppercase)}): name the chains that matter "
            "(receptors.<name>.chains)"
        )
    return "\n".join([*_lines(residues), "END", ""])


def _lines(residues: Sequence[Residue]) -> Iterator[str]:
    origin, serial = _origin(residues), 0
    for index, residue in enumerate(residues):
        chain, number = ascii_uppercase[index // LAST_NUMBER], index % LAST_NUMBER + 1
        for atom in residue.heavy():
            serial = serial % 99_999 + 1
            name = atom.name if len(atom.name) > 3 or len(atom.element) > 1 else f" {atom.name}"
            x, y, z = atom.xyz - origin
            yield (
                f"ATOM  {serial:5d} {name:<4.4} {residue.name:>3.3} {chain}{number:4d}    "
                f"{x:8.3f}{y:8.3f}{z:8.3f}{1:6.2f}{0:6.2f}          {atom.element.upper():>2}"
            )
