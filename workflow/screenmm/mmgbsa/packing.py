"""Many complexes in one OpenMM System, out of each other's sight.

OpenMM has no batch mode, and one complex of 1,500 atoms leaves a GPU idle. The members of a
pack stand on a cubic grid, further apart than the cutoff; the cutoff is larger than any
member, so that within a member every pair interacts as without one. With a reaction-field
dielectric of 1 a cutoff shifts the energy by a constant and leaves the forces alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import openmm

from screenmm.devices.platforms import GPU_PLATFORMS, PlatformChoice
from screenmm.forcefield.parameters import (
    FORCE_GROUPS,
    Parameters,
    SystemOptions,
    build_system,
    join,
    reordered,
)
from screenmm.mmgbsa.shapes import filled_up

MARGIN_NM = 1.0
"""How much larger than the largest member the cutoff is: members move while minimised."""

REACH_STEP_NM = 0.25
"""Cutoffs on a GPU come in such steps, as they are part of a kernel's source."""

FAST = {FORCE_GROUPS[name] for name in ("bonded", "nonbonded", "restraint")}
SLOW = {FORCE_GROUPS["gbsa"]}


@dataclass(frozen=True)
class Field:
    """What all members of a pack have in common.

    Parameters
    ----------
    restraint_k : float
        Of the restrained atoms, E = k/2·r², kJ/mol/nm².
    solute_dielectric, solvent_dielectric : float
        Relative permittivities.
    """

    restraint_k: float
    solute_dielectric: float
    solvent_dielectric: float


@dataclass(frozen=True)
class Member:
    """One complex of a pack.

    Parameters
    ----------
    parameters : Parameters
        Of its N atoms; bonded terms among those that do not move may be left out.
    start_nm : ndarray, shape (N, 3)
        Where it starts; restrained atoms are held there.
    movable : ndarray of bool, shape (N,)
    restrained : ndarray of int
        Atoms held near their starting place.
    """

    parameters: Parameters
    start_nm: np.ndarray
    movable: np.ndarray
    restrained: np.ndarray

    @property
    def diameter_nm(self) -> float:
        """Diagonal of the box around the start."""
        return float(np.linalg.norm(np.ptp(self.start_nm, axis=0)))


class Pack:
    """One Context over several members; positions and forces of their movable atoms.

    Several stand in the Context with all that moves first, so that positions and forces are each
    copied in one stretch.

    Parameters
    ----------
    members : sequence of Member
    field : Field
    platform : PlatformChoice

    Raises
    ------
    openmm.OpenMMException
        The Context cannot be made, for lack of memory for one.
    """

    def __init__(self, members: Sequence[Member], field: Field, platform: PlatformChoice) -> None:
        reach = max(member.diameter_nm for member in members) + MARGIN_NM
        alone = len(members) == 1
        shared = platform.name in GPU_PLATFORMS and not alone
        if shared:
            reach = REACH_STEP_NM * np.ceil(reach / REACH_STEP_NM)
        shifts = _grid(len(members), 2 * reach) - [m.start_nm.mean(axis=0) for m in members]
        movable = np.concatenate([member.movable for member in members])
        offsets = np.cumsum([0] + [len(member.parameters) for member in members[:-1]])
        restrained = np.concatenate(
            [m.restrained + offset for m, offset in zip(members, offsets, strict=True)]
        )
        self.sizes = [int(member.movable.sum()) for member in members]
        self._movable: np.ndarray | slice = np.flatnonzero(movable)
        self._shift = np.repeat(shifts, self.sizes, axis=0)
        self._all = np.concatenate(
            [member.start_nm + shift for member, shift in zip(members, shifts, strict=True)]
        )
        parameters = [member.parameters for member in members]
        whole = parameters[0] if alone else join(parameters)
        if not alone:
            order = np.argsort(~movable, kind="stable")
            whole, self._all, movable = reordered(whole, order), self._all[order], movable[order]
            restrained = np.flatnonzero(np.isin(order, restrained))
            self._movable = slice(len(self._shift))
        if shared:
            filled = filled_up(whole, self._all, movable, restrained, reach)
            whole, self._all = filled.parameters, filled.positions_nm
            movable, restrained = filled.movable, filled.restrained
        self._forces_on_all = np.empty_like(self._all)
        options = SystemOptions(
            movable=movable,
            restrained=restrained,
            restraint_k=field.restraint_k,
            solute_dielectric=field.solute_dielectric,
            solvent_dielectric=field.solvent_dielectric,
            cutoff_nm=None if alone else reach,
            forces_only=True,
        )
        self._context = platform.context(build_system(whole, options, self._all))

    def fast(self, movable_nm: np.ndarray) -> np.ndarray:
        """Bonded, non-bonded and restraint forces on the movable atoms, kJ/mol/nm."""
        return self._forces(movable_nm, FAST)

    def slow(self, movable_nm: np.ndarray) -> np.ndarray:
        """Solvation forces on the movable atoms, kJ/mol/nm."""
        return self._forces(movable_nm, SLOW)

    def _forces(self, movable_nm: np.ndarray, groups: set[int]) -> np.ndarray:
        self._all[self._movable] = movable_nm + self._shift
        self._context.setPositions(self._all)
        state = self._context.getState(getForces=True, groups=groups)
        # in kJ/mol/nm, into an array that is there: getForces makes two and a unit each time
        state._getVectorAsNumpy(openmm.State.Forces, self._forces_on_all)
        return np.array(self._forces_on_all[self._movable])


def _grid(count: int, spacing_nm: float) -> np.ndarray:
    """Places of members around the origin: near it single precision resolves most."""
    side = int(np.ceil(np.cbrt(count) - 1e-9))
    axis = (np.arange(side) - (side - 1) / 2) * spacing_nm
    return np.stack(np.meshgrid(axis, axis, axis, indexing="ij"), axis=-1).reshape(-1, 3)[:count]


def is_out_of_memory(error: openmm.OpenMMException) -> bool:
    """Whether a device refused for lack of memory.

    CUDA and HIP say so in words; OpenCL gives the code of ``clCreateBuffer``: memory object
    allocation, resources, host memory, buffer size.
    """
    text = str(error).lower().replace(" ", "_")
    return "out_of_memory" in text or re.search(r"\((-4|-5|-6|-61)\)", text) is not None
