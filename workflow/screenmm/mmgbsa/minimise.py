"""Minimise complexes in packs, and say of each that fails why."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import openmm
from scipy.spatial import cKDTree

from screenmm.core.errors import LigandError, Reason
from screenmm.devices.opencl import OpenCLMemoryError
from screenmm.devices.platforms import GPU_PLATFORMS, PlatformChoice, choose_platform
from screenmm.mmgbsa.lbfgs import CLASH_FORCE, RELIEF_ITERATIONS, End, Options, minimise_members
from screenmm.mmgbsa.on_device import minimise_members_on_device
from screenmm.mmgbsa.own_device import HOST, Together, computed
from screenmm.mmgbsa.packing import Field, Member, Pack, is_out_of_memory

log = logging.getLogger(__name__)

OVERLAP_NM = 0.11
"""Atoms closer than this repel each other beyond the fixed-point range of a GPU's forces."""


@dataclass(frozen=True)
class Minimised:
    """A minimised complex.

    Parameters
    ----------
    positions_nm : ndarray, shape (N, 3)
    iterations : int
        Iterations taken; those that relieve clashes not counted.
    end : End
    ran_on : str
        Device on which our own kernels minimised it, or ``HOST``.
    """

    positions_nm: np.ndarray
    iterations: int
    end: End
    ran_on: str


def minimise_alone(
    member: Member, field: Field, options: Options, platform: PlatformChoice
) -> Minimised:
    """Minimise one complex, or one molecule.

    Raises
    ------
    LigandError
        A clash stays, or the forces are not finite.
    """
    (result,) = _minimise_pack([member], field, options, platform)
    if isinstance(result, LigandError):
        raise result
    return result


def minimise_packs(
    members: Sequence[Member],
    field: Field,
    options: Options,
    platform: PlatformChoice,
    pack_size: int,
) -> list[Minimised | LigandError]:
    """Minimise complexes, several in one Context.

    Parameters
    ----------
    members : sequence of Member
    field : Field
        Restraint and dielectrics.
    options : Options
        When to end.
    platform : PlatformChoice
    pack_size : int
        Most members in a Context; halved for as long as the device lacks the memory.

    Returns
    -------
    list of Minimised or LigandError
        One for each member.

    Raises
    ------
    openmm.OpenMMException
        The device refuses a single complex. Where only our own kernels lack the memory for it,
        the host does their work.
    """
    results: list[Minimised | LigandError] = []
    together, kernels_refused = Together(pack_size), False
    while len(results) < len(members):
        pack = members[len(results) : len(results) + together.count]
        try:
            found = _minimise_pack(pack, field, options, platform)
        except (openmm.OpenMMException, OpenCLMemoryError) as error:
            kernels_refused = isinstance(error, OpenCLMemoryError)  # never a single one
            if not kernels_refused and (not is_out_of_memory(error) or len(pack) == 1):
                raise
            together.refused(len(pack))
            log.warning(
                "%s is out of memory for %d complexes at once: going on with %d%s",
                platform.name,
                len(pack),
                together.count,
                f" (our own kernels: {error})" if kernels_refused else "",
            )
        else:
            on_host = isinstance(found[0], Minimised) and found[0].ran_on == HOST
            together.passed(len(pack), on_host=kernels_refused and on_host)
            results += found
    return results


def _minimise_pack(
    members: Sequence[Member], field: Field, options: Options, platform: PlatformChoice
) -> list[Minimised | LigandError]:
    fit: dict[int, Member] = {}
    results: dict[int, Minimised | LigandError] = {}
    for index, member in enumerate(members):
        try:
            fit[index] = _without_overlap(member, field, platform)
        except LigandError as error:
            results[index] = error
    if fit:
        found = _minimise_together(list(fit.values()), field, options, platform)
        results.update(zip(fit, found, strict=True))
    return [results[index] for index in range(len(members))]


def _minimise_together(
    members: list[Member], field: Field, options: Options, platform: PlatformChoice
) -> list[Minimised | LigandError]:
    pack = Pack(members, field, platform)
    start = np.concatenate([member.start_nm[member.movable] for member in members])
    given = (start, pack.sizes, pack.fast, pack.slow, options)
    found, where = computed(
        platform,
        lambda device: minimise_members_on_device(device, *given),
        lambda: minimise_members(*given),
        len(members),
    )
    results: list[Minimised | LigandError] = []
    parts = np.split(found.positions_nm, np.cumsum(pack.sizes)[:-1])
    for index, (member, part) in enumerate(zip(members, parts, strict=True)):
        try:
            check_end(found.ends[index], float(found.largest[index]))
        except LigandError as error:
            results.append(error)
            continue
        positions = member.start_nm.copy()
        positions[member.movable] = part
        iterations = int(found.iterations[index])
        results.append(Minimised(positions, iterations, found.ends[index], where))
    return results


def check_end(end: End, largest: float) -> None:
    """Refuse a minimisation that ended in a clash, or never began.

    Parameters
    ----------
    end : End
    largest : float
        Largest force on an atom, kJ/mol/nm.

    Raises
    ------
    LigandError
    """
    if end is End.NOT_FINITE:
        raise LigandError(
            Reason.CLASH_NOT_RELIEVED, "atoms of the pose coincide with others: no finite force"
        )
    if end is End.RUNNING:
        raise LigandError(Reason.MINIMISATION_DIVERGED, "the minimisation has not come to an end")
    if end is End.CLASH:
        raise LigandError(
            Reason.CLASH_NOT_RELIEVED,
            f"largest force still {largest:.1e} kJ/mol/nm after {RELIEF_ITERATIONS} relief steps "
            f"(limit {CLASH_FORCE:.0e}): the pose overlaps the receptor",
        )


def _without_overlap(member: Member, field: Field, platform: PlatformChoice) -> Member:
    """Relieve an overlap on the CPU, where a GPU's forces would overflow.

    Raises
    ------
    LigandError
        The overlap stays.
    """
    if platform.name not in GPU_PLATFORMS or not overlaps(member):
        return member
    relieved = minimise_alone(
        member, field, Options(tolerance=0.0, max_iterations=0), choose_platform("CPU")
    )
    return replace(member, start_nm=relieved.positions_nm)


def overlaps(member: Member) -> bool:
    """Whether atoms that are not bonded to each other nearly coincide, one of them movable."""
    close = cKDTree(member.start_nm).query_pairs(OVERLAP_NM, output_type="ndarray")
    close = close[member.movable[close].any(axis=1)]
    n = len(member.parameters)
    exceptions = np.sort(member.parameters.exceptions, axis=1) @ np.array([n, 1])
    return bool((~np.isin(np.sort(close, axis=1) @ np.array([n, 1]), exceptions)).any())
