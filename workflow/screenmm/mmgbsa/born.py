"""OBC2 solvation at fixed coordinates, vectorised: Born radii, energies and their parts.

OpenMM gives one energy per evaluation. To take a complex apart one needs three (complex,
receptor, ligand) and, per residue, the pairs behind them. The integrals over the receptor's
and over the ligand's atoms are summed apart here, so one pass over the pairs gives the Born
radii of all three systems.

References
----------
.. [1] A. Onufriev, D. Bashford, D. A. Case, Proteins 55, 383 (2004): OBC2.
.. [2] G. D. Hawkins, C. J. Cramer, D. G. Truhlar, Chem. Phys. Lett. 246, 122 (1995): the
   pairwise integral.
.. [3] M. Schaefer, C. Bartels, M. Karplus, J. Mol. Biol. 284, 835 (1998): the apolar term.
.. [4] H. Gohlke, C. Kiel, D. A. Case, J. Mol. Biol. 330, 891 (2003): energies per residue.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.spatial.distance import cdist

from screenmm.core.units import COULOMB_KJ_NM
from screenmm.forcefield.parameters import SURFACE_TENSION

OFFSET_NM = 0.009
"""Taken off a radius before the integral, nm."""

ALPHA, BETA, GAMMA = 1.0, 0.8, 4.85
"""OBC2's rescaling of the integral."""

PROBE_NM = 0.14
BLOCK = 64
"""Rows worked on at a time: the temporaries stay in the processor's cache."""


def _blocks(n: int) -> Iterator[slice]:
    return (slice(start, min(start + BLOCK, n)) for start in range(0, n, BLOCK))


def born_integrals(
    positions_nm: np.ndarray, radii_nm: np.ndarray, scales: np.ndarray, split: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sum the pairwise descreening integrals of each atom.

    Parameters
    ----------
    positions_nm : ndarray, shape (N, 3)
    radii_nm, scales : ndarray, shape (N,)
        Intrinsic radii and descreening factors.
    split : int
        Where the second molecule's atoms begin.

    Returns
    -------
    first, second : ndarray, shape (N,)
        Integrals over the first and over the second molecule's atoms, 1/nm.
    """
    n = len(positions_nm)
    inner = radii_nm - OFFSET_NM
    scaled = scales * inner
    first, second = np.empty(n), np.empty(n)
    for rows in _blocks(n):
        r = cdist(positions_nm[rows], positions_nm)
        own = np.arange(rows.start, rows.stop)
        r[np.arange(len(own)), own] = 1.0  # a value that is finite; the pair is dropped below
        radius = inner[rows, None]
        upper = 1.0 / (r + scaled)
        below = np.abs(r - scaled)
        lower = 1.0 / np.maximum(radius, below)
        inverse = 1.0 / r
        pair = (
            lower
            - upper
            + 0.25 * (r - scaled**2 * inverse) * (upper**2 - lower**2)
            + 0.5 * np.log(upper / lower) * inverse
        )
        engulfed = radius < scaled - r
        if engulfed.any():
            pair += np.where(engulfed, 2.0 * (1.0 / radius - lower), 0.0)
        pair *= radius < r + scaled
        pair[np.arange(len(own)), own] = 0.0
        first[rows] = pair[:, :split].sum(axis=1)
        second[rows] = pair[:, split:].sum(axis=1)
    return 0.5 * first, 0.5 * second


def born_radii(integrals: np.ndarray, radii_nm: np.ndarray) -> np.ndarray:
    """Effective Born radii, nm, from an atom's summed integrals."""
    inner = radii_nm - OFFSET_NM
    psi = integrals * inner
    return 1.0 / (1.0 / inner - np.tanh(ALPHA * psi - BETA * psi**2 + GAMMA * psi**3) / radii_nm)


def apolar_energies(
    born_nm: np.ndarray, radii_nm: np.ndarray, surface_tension: float = SURFACE_TENSION
) -> np.ndarray:
    """Apolar solvation energy of each atom, kJ/mol, from its Born radius.

    Parameters
    ----------
    born_nm, radii_nm : ndarray, shape (N,)
    surface_tension : float
        kJ/mol/nm².
    """
    area = 4.0 * np.pi * (radii_nm + PROBE_NM) ** 2
    return np.asarray(surface_tension * area * (radii_nm / born_nm) ** 6)


def polar_energies(
    positions_nm: np.ndarray, charges: np.ndarray, born_nm: np.ndarray, prefactor: float
) -> np.ndarray:
    """Polar solvation energy of each atom, kJ/mol: its own, and half of each pair's.

    Parameters
    ----------
    positions_nm : ndarray, shape (N, 3)
    charges, born_nm : ndarray, shape (N,)
    prefactor : float
        1/ε(solute) − 1/ε(solvent).
    """
    total = np.zeros(len(charges))
    for rows in _blocks(len(charges)):
        columns = slice(rows.start, None)
        square = cdist(positions_nm[rows], positions_nm[columns], "sqeuclidean")
        pair = pair_factors(square, born_nm[rows, None] * born_nm[columns])
        pair *= charges[rows, None] * charges[columns]
        # within the block each pair stands twice, beyond it once
        pair[:, : rows.stop - rows.start] *= 0.5
        total[rows] += pair.sum(axis=1)
        total[columns] += pair.sum(axis=0)
    return -0.5 * COULOMB_KJ_NM * prefactor * total


def pair_factors(square_nm2: np.ndarray, product_nm2: np.ndarray) -> np.ndarray:
    """1/f of pairs, 1/nm, from their squared distances and products of Born radii [1]_."""
    exponential = np.exp(square_nm2 / (-4.0 * product_nm2))
    return np.asarray(1.0 / np.sqrt(square_nm2 + product_nm2 * exponential))
