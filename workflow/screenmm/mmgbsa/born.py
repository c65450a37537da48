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

from screenmm.core.units import COULOMB_KJ_NM
from screenmm.forcefield.parameters import SURFACE_TENSION

OFFSET_NM = 0.009
"""Taken off a radius before the integral, nm."""

ALPHA, BETA, GAMMA = 1.0, 0.8, 4.85
"""OBC2's rescaling of the integral."""

PROBE_NM = 0.14
BLOCK = 64
"""Rows worked on at a time: the temporaries stay in the processor's cache."""

FAR_NM = 0.5
"""Beyond this the pairwise integral is taken from its series."""

FAR_TERMS = 9
"""Of the series: what is left out is below 1e-9 of the Born radii."""


def _blocks(start: int, stop: int) -> Iterator[tuple[int, int]]:
    return ((first, min(first + BLOCK, stop)) for first in range(start, stop, BLOCK))


def born_integrals(
    positions_nm: np.ndarray, radii_nm: np.ndarray, scales: np.ndarray, split: int
) -> tuple[np.ndarray, np.ndarray]:
    """Sum the pairwise descreening integrals of each atom.

    Between atoms that do not touch, of distance r and scaled radius s, the integral [2]_ is
    (s/(r² − s²) − artanh(s/r)/r)/2: a series in 1/r² in which the atoms' shares factorise,
    so that a pair's distance serves both its ends and no logarithm is taken.

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
    n = len(radii_nm)
    inner = radii_nm - OFFSET_NM
    scaled = scales * inner
    sums = np.zeros((2, n))
    k = np.arange(1, FAR_TERMS + 1)[:, None]
    shares = 2.0 * k / (2.0 * k + 1.0) * scaled ** (2 * k + 1)
    left, right = _square_factors(positions_nm)
    # touching atoms are no further apart than this, whatever their radii
    far = max(FAR_NM, 3.0 * float(scaled.max()), float(inner.max() + scaled.max()))
    near = []
    for start, stop in (*_blocks(0, split), *_blocks(split, n)):
        inverse = left[start:stop] @ right[:, start:]
        flat = np.flatnonzero(inverse < far**2)
        near.append(np.stack(np.divmod(flat, n - start)) + start)
        inverse.ravel()[flat] = np.inf
        np.reciprocal(inverse, out=inverse)
        power, second, own = inverse.copy(), max(split, start), int(start >= split)
        for share in shares:
            power *= inverse
            sums[0, start:stop] += power[:, : second - start] @ share[start:second]
            sums[1, start:stop] += power[:, second - start :] @ share[second:]
            sums[own, stop:] += share[start:stop] @ power[:, stop - start :]
    _add_near(sums, np.concatenate(near, axis=1), positions_nm, inner, scaled, split)
    return 0.5 * sums[0], 0.5 * sums[1]


def _square_factors(positions_nm: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Factors (N, 5) and (5, N) whose product is the squared distances."""
    x = positions_nm - positions_nm.mean(axis=0)
    square, one = np.einsum("ni,ni->n", x, x), np.ones(len(x))
    return np.stack([square, one, *(-2.0 * x.T)], axis=1), np.stack([one, square, *x.T])


def _add_near(
    sums: np.ndarray,
    near: np.ndarray,
    positions_nm: np.ndarray,
    inner: np.ndarray,
    scaled: np.ndarray,
    split: int,
) -> None:
    """Add the near pairs (2, P), i ≤ j or both ways, to both their ends."""
    n = len(inner)
    i, j = near[:, near[0] < near[1]]
    way = positions_nm[i] - positions_nm[j]
    r = np.sqrt(np.einsum("pi,pi->p", way, way))
    for atom, other in ((i, j), (j, i)):
        pairs = descreening(r, inner[atom], scaled[other])
        for molecule, theirs in enumerate((other < split, other >= split)):
            sums[molecule] += np.bincount(atom[theirs], pairs[theirs], n)


def descreening(r: np.ndarray, inner: np.ndarray, scaled: np.ndarray) -> np.ndarray:
    """Twice the integral of atoms over their neighbours [2]_, 1/nm.

    Parameters
    ----------
    r : ndarray
        Distances, nm.
    inner : ndarray
        The atoms' radii less the offset, nm.
    scaled : ndarray
        The neighbours' scaled radii, nm.
    """
    return _integrals(r, inner, scaled, *_limits(r, inner, scaled))


def descreening_and_slopes(
    r: np.ndarray, inner: np.ndarray, scaled: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """As :func:`descreening`, and its derivative by the distance, 1/nm²."""
    limits = lower, upper, inverse, logarithm = _limits(r, inner, scaled)
    slopes = 0.25 * (1.0 + (scaled * inverse) ** 2) * (upper**2 - lower**2)
    slopes -= 0.5 * logarithm * inverse**2
    return _integrals(r, inner, scaled, *limits), np.where(inner < r + scaled, slopes, 0.0)


def _limits(r: np.ndarray, inner: np.ndarray, scaled: np.ndarray) -> tuple[np.ndarray, ...]:
    """Inverse limits of the integral, 1/r, and the logarithm of the limits' ratio."""
    lower, upper = 1.0 / np.maximum(inner, np.abs(r - scaled)), 1.0 / (r + scaled)
    return lower, upper, 1.0 / r, np.log(upper / lower)


def _integrals(
    r: np.ndarray,
    inner: np.ndarray,
    scaled: np.ndarray,
    lower: np.ndarray,
    upper: np.ndarray,
    inverse: np.ndarray,
    logarithm: np.ndarray,
) -> np.ndarray:
    pairs = 0.25 * (r - scaled**2 * inverse) * (upper + lower)
    pairs -= 1.0
    pairs *= upper - lower
    pairs += 0.5 * logarithm * inverse
    engulfed = inner < scaled - r
    if engulfed.any():
        pairs += np.where(engulfed, 2.0 * (1.0 / inner - lower), 0.0)
    return np.where(inner < r + scaled, pairs, 0.0)


def born_radii(integrals: np.ndarray, radii_nm: np.ndarray) -> np.ndarray:
    """Effective Born radii, nm, from an atom's summed integrals."""
    inner = radii_nm - OFFSET_NM
    psi = integrals * inner
    return 1.0 / (1.0 / inner - np.tanh(ALPHA * psi - BETA * psi**2 + GAMMA * psi**3) / radii_nm)


def born_radii_slopes(integrals: np.ndarray, radii_nm: np.ndarray) -> np.ndarray:
    """Derivative of :func:`born_radii` by the integrals, nm²."""
    inner = radii_nm - OFFSET_NM
    psi = integrals * inner
    bend = np.tanh(ALPHA * psi - BETA * psi**2 + GAMMA * psi**3)
    inverse = 1.0 / inner - bend / radii_nm
    chain = (1.0 - bend**2) * (ALPHA - 2.0 * BETA * psi + 3.0 * GAMMA * psi**2)
    return np.asarray(chain * inner / radii_nm / inverse**2)


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
    # 1/f = g(r²/BB)/√(BB): with the radii in the factors one product gives r²/BB
    left, right = _square_factors(positions_nm)
    left, right = left / born_nm[:, None], right / born_nm
    weights = charges / np.sqrt(born_nm)
    total = np.zeros(len(charges))
    for start, stop in _blocks(0, len(charges)):
        reduced = left[start:stop] @ right[:, start:]
        pairs = reduced * -0.25
        np.exp(pairs, out=pairs)
        pairs += reduced
        np.sqrt(pairs, out=pairs)
        np.reciprocal(pairs, out=pairs)
        total[start:stop] += pairs @ weights[start:]
        total[stop:] += weights[start:stop] @ pairs[:, stop - start :]
    return np.asarray(-0.5 * COULOMB_KJ_NM * prefactor * weights * total)


def pair_factors(square_nm2: np.ndarray, product_nm2: np.ndarray) -> np.ndarray:
    """1/f of pairs, 1/nm, from their squared distances and products of Born radii [1]_."""
    exponential = np.exp(square_nm2 / (-4.0 * product_nm2))
    return np.asarray(1.0 / np.sqrt(square_nm2 + product_nm2 * exponential))
