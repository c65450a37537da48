"""Minimisation that survives bad poses: clashes are relieved before L-BFGS starts."""

from __future__ import annotations

import numpy as np
import openmm
from openmm import unit

from screenmm.errors import LigandError, Reason

CLASH_FORCE = 1.0e5
"""Largest force, kJ/mol/nm, that L-BFGS is given; above it clashes are relieved first."""

RELIEF_STEPS = 200
RELIEF_STRIDE_NM = 0.002


def forces_and_energy(context: openmm.Context) -> tuple[np.ndarray, float]:
    """Forces (kJ/mol/nm) and potential energy (kJ/mol) at the Context's positions."""
    state = context.getState(getForces=True, getEnergy=True)
    forces = state.getForces(asNumpy=True).value_in_unit(unit.kilojoule_per_mole / unit.nanometer)
    return np.asarray(forces), state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)


def positions(context: openmm.Context) -> np.ndarray:
    """Positions of a Context, nm, shape (N, 3)."""
    state = context.getState(getPositions=True)
    return np.array(state.getPositions(asNumpy=True).value_in_unit(unit.nanometer))


def relieve_clashes(context: openmm.Context, movable: np.ndarray) -> int:
    """Walk down steep forces with steps of bounded length.

    Each atom moves along its own force by at most ``RELIEF_STRIDE_NM``, so a force of any
    size is harmless. (OpenMM's minimiser leaves a GPU for the CPU when forces overflow.)

    Parameters
    ----------
    context : openmm.Context
        Holds the starting positions; is left at the relieved ones.
    movable : ndarray of bool, shape (N,)
        Atoms that may move.

    Returns
    -------
    int
        Steps taken; 0 where nothing clashed.

    Raises
    ------
    LigandError
        Forces are not finite (atoms coincide), or the clash stays.
    """
    current = positions(context)
    for step in range(RELIEF_STEPS):
        forces, _ = forces_and_energy(context)
        forces = np.where(movable[:, None], forces, 0.0)
        if not np.isfinite(forces).all():
            raise LigandError(
                Reason.CLASH_NOT_RELIEVED, "atoms of the pose coincide with others: no finite force"
            )
        size = np.linalg.norm(forces, axis=1)
        if size.max() <= CLASH_FORCE:
            return step
        # a force at the threshold moves its atom by the full stride; smaller ones by less
        scale = RELIEF_STRIDE_NM / np.maximum(size, CLASH_FORCE / 10)
        current = current + forces * scale[:, None]
        context.setPositions(current)
    raise LigandError(
        Reason.CLASH_NOT_RELIEVED,
        f"largest force still {size.max():.1e} kJ/mol/nm after {RELIEF_STEPS} relief steps "
        f"(limit {CLASH_FORCE:.0e}): the pose overlaps the receptor",
    )


class _Counter(openmm.MinimizationReporter):
    """Counts the minimiser's iterations."""

    def __init__(self) -> None:
        super().__init__()
        self.iterations = 0

    def report(self, iteration: int, x: object, grad: object, args: object) -> bool:
        """Take note; never stop."""
        self.iterations = iteration + 1
        return False


def minimise(
    context: openmm.Context,
    movable: np.ndarray,
    max_iterations: int,
    tolerance_kj_mol_nm: float,
) -> tuple[np.ndarray, int]:
    """Relieve clashes, then minimise with OpenMM's L-BFGS.

    Parameters
    ----------
    context : openmm.Context
        Holds the starting positions.
    movable : ndarray of bool, shape (N,)
        Atoms that may move.
    max_iterations : int
        Most L-BFGS iterations.
    tolerance_kj_mol_nm : float
        RMS force at which to end, kJ/mol/nm.

    Returns
    -------
    positions_nm : ndarray, shape (N, 3)
    iterations : int
        L-BFGS iterations taken.

    Raises
    ------
    LigandError
        The clash stays, or the minimisation diverges.
    """
    relieve_clashes(context, movable)
    start = forces_and_energy(context)[1]
    counter = _Counter()
    try:
        openmm.LocalEnergyMinimizer.minimize(context, tolerance_kj_mol_nm, max_iterations, counter)
    except openmm.OpenMMException as error:
        raise LigandError(Reason.MINIMISATION_DIVERGED, str(error)) from error
    end = forces_and_energy(context)[1]
    final = positions(context)
    if not (np.isfinite(end) and np.isfinite(final).all()):
        raise LigandError(Reason.MINIMISATION_DIVERGED, f"the energy became {end} kJ/mol")
    if end > start + 1.0:
        raise LigandError(
            Reason.MINIMISATION_DIVERGED, f"the energy rose from {start:.1f} to {end:.1f} kJ/mol"
        )
    return final, counter.iterations
