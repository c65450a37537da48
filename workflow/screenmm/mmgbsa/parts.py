"""Energies between a pocket and its ligand at fixed coordinates, atom by atom, on the host."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from screenmm.config.settings import Scoring
from screenmm.core.units import COULOMB_KJ_NM
from screenmm.forcefield.parameters import Parameters
from screenmm.mmgbsa.born import (
    apolar_energies,
    born_integrals,
    born_radii,
    pair_factors,
    polar_energies,
)

Parts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Van der Waals and Coulomb (N,), polar and apolar (N + M,), cross (N,), kJ/mol."""


def interaction_energies(
    pocket: Parameters, ligand: Parameters, pocket_nm: np.ndarray, ligand_nm: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Energies of each atom of the pocket with the whole ligand, kJ/mol.

    Returns
    -------
    vdw, coulomb : ndarray, shape (N,)
        Lennard-Jones (Lorentz–Berthelot), and Coulomb in vacuum.
    """
    distance = cdist(pocket_nm, ligand_nm)
    sigma = (pocket.sigmas[:, None] + ligand.sigmas) / 2
    epsilon = np.sqrt(pocket.epsilons[:, None] * ligand.epsilons)
    sixth = (sigma / distance) ** 6
    vdw = 4 * (epsilon * (sixth**2 - sixth)).sum(axis=1)
    coulomb = COULOMB_KJ_NM * pocket.charges * (ligand.charges / distance).sum(axis=1)
    return vdw, coulomb


def solvation_changes(
    pocket: Parameters, ligand: Parameters, positions_nm: np.ndarray, options: Scoring
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Change of each atom's solvation energy on binding, kJ/mol.

    Returns
    -------
    polar, apolar : ndarray, shape (N + M,)
        An atom's own polar term with half of each of its pairs; its apolar term.
    cross : ndarray, shape (N,)
        Polar energy of each atom of the pocket with the whole ligand in the complex.
    """
    n = len(pocket)
    both = [slice(None, n), slice(n, None)]
    prefactor = 1.0 / options.solute_dielectric - 1.0 / options.solvent_dielectric
    radii = np.concatenate([pocket.gb_radii, ligand.gb_radii])
    scales = np.concatenate([pocket.gb_scales, ligand.gb_scales])
    charges = np.concatenate([pocket.charges, ligand.charges])
    by_pocket, by_ligand = born_integrals(positions_nm, radii, scales, n)
    bound = born_radii(by_pocket + by_ligand, radii)
    apart = born_radii(np.concatenate([by_pocket[:n], by_ligand[n:]]), radii)
    polar = polar_energies(positions_nm, charges, bound, prefactor)
    for part in both:
        polar[part] -= polar_energies(positions_nm[part], charges[part], apart[part], prefactor)
    apolar = apolar_energies(bound, radii) - apolar_energies(apart, radii)
    square = cdist(positions_nm[:n], positions_nm[n:], "sqeuclidean")
    factors = pair_factors(square, bound[:n, None] * bound[n:])
    cross = -COULOMB_KJ_NM * prefactor * pocket.charges * (factors @ ligand.charges)
    return polar, apolar, cross
