"""One-trajectory MM/GBSA of a pose: minimise the complex, then take it apart.

ΔG = E(complex) - E(receptor) - E(ligand) at the minimised complex's coordinates, plus
the ligand's strain. The terms are

- van der Waals and Coulomb: interaction energies of ligand and receptor,
- GB and SA: change of the polar (OBC2) and apolar solvation energy on binding,
- strain: energy in solvent of the bound ligand above its nearest minimum.

The final energies come from OpenMM's Reference platform in double precision whatever
platform minimised, so that small differences of large numbers keep their digits.

References
----------
S. Genheden, U. Ryde, Expert Opin. Drug Discov. 10, 449 (2015), on MM/GBSA and its terms.
A. Onufriev, D. Bashford, D. A. Case, Proteins 55, 383 (2004), on OBC2.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import openmm
from openmm import unit
from scipy.spatial.distance import cdist

from screenmm.errors import LigandError, Reason
from screenmm.receptor.model import ReceptorModel
from screenmm.scoring.carve import Carving, carve
from screenmm.scoring.minimise import minimise
from screenmm.scoring.parameters import (
    SURFACE_TENSION,
    Parameters,
    SystemOptions,
    build_system,
    cut,
    gbsa_force,
    join,
)
from screenmm.scoring.platforms import PlatformChoice
from screenmm.settings import Scoring
from screenmm.units import ANGSTROM_PER_NM, COULOMB_KJ_NM, KJ_PER_KCAL

REFERENCE = PlatformChoice("Reference")
LIGAND_ITERATIONS = 200
MIN_HYDROGEN_CONTACT_NM = 0.13
"""Closer than this, a polar hydrogen has fallen onto an acceptor: hydrogen bonds are
1.5 Å and longer, and hydroxyl hydrogens carry next to no van der Waals radius."""


@dataclass(frozen=True)
class Terms:
    """Terms of the binding energy, kcal/mol."""

    vdw_kcal_mol: float
    coulomb_kcal_mol: float
    gb_kcal_mol: float
    sa_kcal_mol: float
    strain_kcal_mol: float

    @property
    def total_kcal_mol(self) -> float:
        """Sum of the terms."""
        return sum(asdict(self).values())


@dataclass(frozen=True)
class PoseScore:
    """A scored pose.

    Parameters
    ----------
    terms : Terms
    ligand_angstrom : ndarray, shape (M, 3)
        Minimised ligand, Å.
    moved_atoms : ndarray of int
        Receptor atoms that could move (indices in the whole receptor).
    moved_angstrom : ndarray, shape (len(moved_atoms), 3)
        Their minimised coordinates, Å.
    iterations : int
        L-BFGS iterations taken.
    rmsd_angstrom : float
        RMS displacement of the ligand's heavy atoms in minimisation, Å.
    """

    terms: Terms
    ligand_angstrom: np.ndarray
    moved_atoms: np.ndarray
    moved_angstrom: np.ndarray
    iterations: int
    rmsd_angstrom: float


def score_pose(
    receptor: ReceptorModel,
    ligand: Parameters,
    pose_angstrom: np.ndarray,
    options: Scoring,
    platform: PlatformChoice,
) -> PoseScore:
    """Minimise a pose in its pocket and score it.

    Parameters
    ----------
    receptor : ReceptorModel
        The whole receptor.
    ligand : Parameters
        Of the ligand's M atoms.
    pose_angstrom : ndarray, shape (M, 3)
        Coordinates of the pose, all hydrogens, Å.
    options : screenmm.settings.Scoring
        Radii, restraints, dielectrics, iterations.
    platform : PlatformChoice
        Where the complex is minimised.

    Returns
    -------
    PoseScore

    Raises
    ------
    LigandError
        A clash stays, the minimisation diverges, or an energy is not finite.
    """
    carving = carve(
        receptor, pose_angstrom, options.pocket_radius_angstrom, options.flexible_radius_angstrom
    )
    pocket = cut(receptor.parameters, carving.atoms)
    start_nm = (
        np.concatenate([receptor.positions_angstrom[carving.atoms], pose_angstrom])
        / ANGSTROM_PER_NM
    )
    final_nm, iterations = _minimise_complex(pocket, ligand, carving, start_nm, options, platform)
    n = len(pocket)
    terms = binding_terms(pocket, ligand, final_nm, options)
    ligand_angstrom = final_nm[n:] * ANGSTROM_PER_NM
    heavy = ligand.masses > 1.5
    shift = (ligand_angstrom - pose_angstrom)[heavy]
    return PoseScore(
        terms,
        ligand_angstrom,
        carving.atoms[carving.flexible],
        final_nm[:n][carving.flexible] * ANGSTROM_PER_NM,
        iterations,
        float(np.sqrt((shift**2).sum(axis=1).mean())),
    )


def _minimise_complex(
    pocket: Parameters,
    ligand: Parameters,
    carving: Carving,
    start_nm: np.ndarray,
    options: Scoring,
    platform: PlatformChoice,
) -> tuple[np.ndarray, int]:
    complex_ = join([pocket, ligand])
    movable = np.concatenate([carving.flexible, np.ones(len(ligand), dtype=bool)])
    system = build_system(
        complex_,
        SystemOptions(
            movable=movable,
            restrained=np.flatnonzero(movable & (complex_.masses > 1.5)),
            restraint_k=options.restraint_kcal_mol_angstrom2 * KJ_PER_KCAL * ANGSTROM_PER_NM**2,
            solute_dielectric=options.solute_dielectric,
            solvent_dielectric=options.solvent_dielectric,
        ),
        start_nm,
    )
    context = platform.context(system)
    context.setPositions(start_nm)
    tolerance = options.tolerance_kcal_mol_angstrom * KJ_PER_KCAL * ANGSTROM_PER_NM
    return minimise(context, movable, options.max_iterations, tolerance)


def binding_terms(
    pocket: Parameters, ligand: Parameters, positions_nm: np.ndarray, options: Scoring
) -> Terms:
    """Take a complex apart at fixed coordinates.

    Parameters
    ----------
    pocket, ligand : Parameters
        Of N and M atoms.
    positions_nm : ndarray, shape (N + M, 3)
        The complex, nm.
    options : screenmm.settings.Scoring
        Dielectrics.

    Raises
    ------
    LigandError
        An energy is not finite, or the free ligand's minimum is unphysical.
    """
    n = len(pocket)
    receptor_nm, ligand_nm = positions_nm[:n], positions_nm[n:]
    vdw, coulomb = interaction_energy(pocket, ligand, receptor_nm, ligand_nm)
    whole = solvation_energy(join([pocket, ligand]), positions_nm, options)
    apart = [
        solvation_energy(pocket, receptor_nm, options),
        solvation_energy(ligand, ligand_nm, options),
    ]
    terms = Terms(
        vdw_kcal_mol=vdw / KJ_PER_KCAL,
        coulomb_kcal_mol=coulomb / options.solute_dielectric / KJ_PER_KCAL,
        gb_kcal_mol=(whole[0] - sum(gb for gb, _ in apart)) / KJ_PER_KCAL,
        sa_kcal_mol=(whole[1] - sum(sa for _, sa in apart)) / KJ_PER_KCAL,
        strain_kcal_mol=ligand_strain(ligand, ligand_nm, options) / KJ_PER_KCAL,
    )
    broken = [name for name, value in asdict(terms).items() if not np.isfinite(value)]
    if broken:
        raise LigandError(Reason.NOT_FINITE, f"not finite: {', '.join(broken)}")
    return terms


def interaction_energy(
    first: Parameters, second: Parameters, first_nm: np.ndarray, second_nm: np.ndarray
) -> tuple[float, float]:
    """Lennard-Jones (Lorentz–Berthelot) and vacuum Coulomb energy between molecules, kJ/mol."""
    distance = cdist(first_nm, second_nm)
    sigma = (first.sigmas[:, None] + second.sigmas) / 2
    epsilon = np.sqrt(first.epsilons[:, None] * second.epsilons)
    sixth = (sigma / distance) ** 6
    vdw = 4 * (epsilon * (sixth**2 - sixth)).sum()
    coulomb = COULOMB_KJ_NM * (first.charges[:, None] * second.charges / distance).sum()
    return float(vdw), float(coulomb)


def solvation_energy(
    parameters: Parameters, positions_nm: np.ndarray, options: Scoring
) -> tuple[float, float]:
    """Polar (OBC2) and apolar solvation energy at fixed coordinates, kJ/mol."""
    energies = []
    for tension in (SURFACE_TENSION, 0.0):
        system = openmm.System()
        for _ in range(len(parameters)):
            system.addParticle(1.0)
        system.addForce(
            gbsa_force(parameters, options.solute_dielectric, options.solvent_dielectric, tension)
        )
        energies.append(_energy(system, positions_nm))
    return energies[1], energies[0] - energies[1]


def _energy(system: openmm.System, positions_nm: np.ndarray) -> float:
    context = REFERENCE.context(system)
    context.setPositions(positions_nm)
    state = context.getState(getEnergy=True)
    return float(state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole))


def ligand_strain(ligand: Parameters, bound_nm: np.ndarray, options: Scoring) -> float:
    """Energy in solvent of the bound conformer above its nearest minimum, kJ/mol.

    Parameters
    ----------
    ligand : Parameters
        Of M atoms.
    bound_nm : ndarray, shape (M, 3)
        The bound conformer, nm.

    Raises
    ------
    LigandError
        The minimum is unphysical: a hydrogen has fallen onto an acceptor.
    """
    system = build_system(
        ligand,
        SystemOptions(
            solute_dielectric=options.solute_dielectric,
            solvent_dielectric=options.solvent_dielectric,
        ),
    )
    bound = _energy(system, bound_nm)
    context = REFERENCE.context(system)
    context.setPositions(bound_nm)
    free_nm, _ = minimise(context, np.ones(len(ligand), dtype=bool), LIGAND_ITERATIONS, 10.0)
    _check_contacts(ligand, free_nm)
    return bound - _energy(system, free_nm)


def _check_contacts(ligand: Parameters, positions_nm: np.ndarray) -> None:
    """Refuse coordinates in which atoms more than two bonds apart overlap."""
    distance = cdist(positions_nm, positions_nm)
    np.fill_diagonal(distance, np.inf)
    for first, second in (ligand.bonds.T, ligand.angles[:, [0, 2]].T):
        distance[first, second] = distance[second, first] = np.inf
    closest = float(distance.min())
    if closest < MIN_HYDROGEN_CONTACT_NM:
        raise LigandError(
            Reason.MINIMISATION_DIVERGED,
            f"the free ligand collapsed: two atoms {closest * ANGSTROM_PER_NM:.2f} Å apart "
            f"(limit {MIN_HYDROGEN_CONTACT_NM * ANGSTROM_PER_NM:.1f} Å)",
        )
