"""Descents of packs, final energies and minima of free ligands on an OpenCL device.

The physics is that of :mod:`screenmm.mmgbsa.parts`, :mod:`screenmm.mmgbsa.born` and
:mod:`screenmm.mmgbsa.free_ligands`, in double precision too, and so are the numbers but for
their last digits; ``energies.cl`` and ``free_ligands.cl`` compute them for a whole pack in one
go. ``stiffness.cl`` and ``lbfgs.cl`` take each ligand the way that
:mod:`screenmm.mmgbsa.lbfgs` takes it, so many evaluations of its forces in a launch, and the
members of a pack from one evaluation of their forces to the next.

A device that does not do what it is told must not leave a number behind: what it is to fill begins
as NaN, and what comes back is looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from importlib.resources import files
from typing import Protocol

import numpy as np

from screenmm.config.settings import Scoring
from screenmm.core.units import COULOMB_KJ_NM
from screenmm.devices.opencl import GROUP, OpenCLDevice, OpenCLError
from screenmm.forcefield.parameters import SURFACE_TENSION, Parameters
from screenmm.mmgbsa import lbfgs
from screenmm.mmgbsa.born import ALPHA, BETA, GAMMA, OFFSET_NM, PROBE_NM
from screenmm.mmgbsa.free_ligands import MIN_NORMAL, SOFTEST, FreeLigands
from screenmm.mmgbsa.lbfgs import MEMORY, RELIEF_ITERATIONS, End, Forces, Minimum, Options
from screenmm.mmgbsa.packing import Field
from screenmm.mmgbsa.parts import Parts

COMPLEXES_AT_ONCE = 64
"""Complexes sent to the device together: some 10 MB, and a kernel far from any watchdog's limit."""

EVALUATIONS_AT_ONCE = 100
"""Evaluations of a free ligand's forces in one launch. A driver may end a launch that holds a card
with a display on it for some seconds, and a card for games has a 64th of its speed in double
precision: 100 evaluations of 64 ligands of 200 atoms are estimated at half a second there, where
all of a descent could take 5 s; the inverse of their stiffness, in the first launch, at as much
again. No card has been measured. A launch more costs microseconds, and most ligands end in the
first ones; what a descent keeps in between is exact, so that the bits do not depend on it."""


class Taken(IntEnum):
    """What a pack's descent takes in: its first forces, fast ones where it led, or slow ones."""

    START = 0
    ADVANCE = 1
    RENEW = 2


_VECTORS = 9 + 2 * MEMORY
"""Of all atoms, that a descent in ``lbfgs.cl`` works with; it is not built with another number."""

_KEPT = MEMORY + 14
"""Numbers in its ``Kept``; likewise."""

_CONSTANTS = {
    "ALPHA": ALPHA,
    "BETA": BETA,
    "GAMMA": GAMMA,
    "OFFSET_NM": OFFSET_NM,
    "PROBE_NM": PROBE_NM,
    "SURFACE_TENSION": SURFACE_TENSION,
    "COULOMB_KJ_NM": COULOMB_KJ_NM,
    "MIN_NORMAL": MIN_NORMAL,
    "SOFTEST": SOFTEST,
    "GROUP": GROUP,
    "MEMORY": MEMORY,
    "VECTORS": _VECTORS,
    "KEPT": _KEPT,
    "MAX_STEP_NM": lbfgs.MAX_STEP_NM,
    "MAX_REACH_NM": lbfgs.MAX_REACH_NM,
    "MIN_REACH_NM": lbfgs.MIN_REACH_NM,
    "GOOD_FORECAST": lbfgs.GOOD_FORECAST,
    "POOR_FORECAST": lbfgs.POOR_FORECAST,
    "CLASH_FORCE": lbfgs.CLASH_FORCE,
    "RELIEF_STEP_NM": lbfgs.RELIEF_STEP_NM,
    "RELIEF_ITERATIONS": lbfgs.RELIEF_ITERATIONS,
    "SHORTEST_STEP": lbfgs.SHORTEST_STEP,
    "SHRINK": lbfgs.SHRINK,
    "GROW": lbfgs.GROW,
    "STRONGEST": lbfgs.STRONGEST,
    "LEAST_CURVATURE": lbfgs.LEAST_CURVATURE,
    "LEAST_SHORTER": lbfgs.SHORTER[0],
    "MOST_SHORTER": lbfgs.SHORTER[1],
    "TINY": lbfgs.TINY,
    **{f"END_{end.name}": int(end) for end in End},
    **{f"DESCENT_{what.name}": int(what) for what in Taken},
}
_SOURCES = ("energies.cl", "free_ligands.cl", "stiffness.cl", "lbfgs.cl")
"""Each needs those before it."""


def kernels() -> str:
    """Source of the kernels, with the constants of the models."""
    defined = [f"#define {name} {value!r}" for name, value in _CONSTANTS.items()]
    folder = files("screenmm.mmgbsa")
    sources = [(folder / name).read_text(encoding="utf-8") for name in _SOURCES]
    return "\n".join([*defined, *sources])


class PlacedComplex(Protocol):
    """What of a complex at fixed coordinates is asked for."""

    @property
    def pocket(self) -> Parameters:
        """Of N atoms."""

    @property
    def ligand(self) -> Parameters:
        """Of M atoms."""

    @property
    def positions_nm(self) -> np.ndarray:
        """The pocket's atoms, then the ligand's, shape (N + M, 3), nm."""


def binding_parts(
    device: OpenCLDevice, complexes: Sequence[PlacedComplex], options: Scoring
) -> list[Parts]:
    """Interaction energies and changes of solvation energy of each atom.

    Parameters
    ----------
    device : OpenCLDevice
        With :func:`kernels`.
    complexes : sequence of PlacedComplex
        Of any sizes.
    options : screenmm.config.settings.Scoring
        Dielectrics.

    Returns
    -------
    list of tuple of ndarray
        For each complex what :func:`screenmm.mmgbsa.parts.interaction_energies` and
        :func:`screenmm.mmgbsa.parts.solvation_changes` return: van der Waals and Coulomb
        (in vacuum), shape (N,); polar and apolar, shape (N + M,); cross, shape (N,); kJ/mol.
    """
    found: list[Parts] = []
    for start in range(0, len(complexes), COMPLEXES_AT_ONCE):
        found += _parts(device, complexes[start : start + COMPLEXES_AT_ONCE], options)
    return found


def _parts(
    device: OpenCLDevice, complexes: Sequence[PlacedComplex], options: Scoring
) -> list[Parts]:
    points, shapes, spans, ends = _laid_out(complexes)
    count = len(points)
    laid_out = [device.upload(each) for each in (points, shapes, spans)]
    born, parts = device.unknown(2 * count), device.unknown(5 * count)
    prefactor = _prefactor(options.solute_dielectric, options.solvent_dielectric)
    device.run("complex_radii", count, np.int32(count), *laid_out, born)
    device.run("complex_parts", count, np.int32(count), *laid_out, born, prefactor, parts)
    vdw, coulomb, polar, apolar, cross = device.download(parts, np.empty((5, count)))
    found = []
    for first, split, end in ends.tolist():
        pocket, whole = slice(first, split), slice(first, end)
        found.append((vdw[pocket], coulomb[pocket], polar[whole], apolar[whole], cross[pocket]))
    return found


def _laid_out(
    complexes: Sequence[PlacedComplex],
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Points, shapes and spans of all atoms, as the kernels read them; spans of the complexes."""
    molecules = [each for found in complexes for each in (found.pocket, found.ligand)]
    sizes = np.array([len(each) for each in molecules]).reshape(-1, 2)
    ends = np.zeros((len(sizes), 3), dtype=np.int32)
    ends[:, 2] = sizes.sum(axis=1).cumsum()
    ends[1:, 0] = ends[:-1, 2]
    ends[:, 1] = ends[:, 0] + sizes[:, 0]
    spans = np.zeros((ends[-1, 2], 4), dtype=np.int32)
    spans[:, :3] = np.repeat(ends, sizes.sum(axis=1), axis=0)
    points, shapes = np.empty((2, len(spans), 4))
    np.concatenate([each.positions_nm for each in complexes], out=points[:, :3])
    points[:, 3] = _column(molecules, "charges")
    shapes[:, 0] = _column(molecules, "sigmas")
    np.sqrt(_column(molecules, "epsilons"), out=shapes[:, 1])
    shapes[:, 2] = radii = _column(molecules, "gb_radii")
    shapes[:, 3] = _column(molecules, "gb_scales") * (radii - OFFSET_NM)
    return points, shapes, spans, ends


def _column(molecules: Sequence[Parameters], name: str) -> np.ndarray:
    """One property of all molecules' atoms."""
    return np.concatenate([getattr(each, name) for each in molecules])


def _prefactor(solute_dielectric: float, solvent_dielectric: float) -> np.float64:
    return np.float64(1.0 / solute_dielectric - 1.0 / solvent_dielectric)


class FreeLigandsOnDevice(FreeLigands):
    """Free ligands that a device minimises; energies are the host's.

    Parameters
    ----------
    ligands : sequence of Parameters
    field : Field
        Dielectrics; nothing is restrained.
    device : OpenCLDevice
        With :func:`kernels`.
    """

    def __init__(self, ligands: Sequence[Parameters], field: Field, device: OpenCLDevice) -> None:
        super().__init__(ligands, field)
        self._device = device
        self._count = count = sum(self.sizes)
        starts = np.cumsum([0, *self.sizes[:-1]])
        pairs, *terms = _terms(ligands, starts, count, field)
        self._laid_out = [
            *(device.upload(each) for each in (_spans(self.sizes, starts), pairs, *terms)),
            np.int32(_periods(ligands)),
            device.upload(_solvated_atoms(ligands)),
            _prefactor(field.solute_dielectric, field.solvent_dielectric),
            device.empty(2 * count),
            device.empty(count),
        ]

    def fast(self, positions_nm: np.ndarray) -> np.ndarray:
        """Bonded and non-bonded forces."""
        return self._forces(positions_nm)[0]

    def slow(self, positions_nm: np.ndarray) -> np.ndarray:
        """Solvation forces."""
        return self._forces(positions_nm)[1]

    def _forces(self, positions_nm: np.ndarray) -> list[np.ndarray]:
        parts = [self._device.unknown(3 * self._count) for _ in range(2)]
        self._run("ligand_forces", self._device.upload(positions_nm), *parts)
        return [self._device.download(each, np.empty((self._count, 3))) for each in parts]

    def minimise(self, positions_nm: np.ndarray, options: Options) -> Minimum:
        """Minimise each ligand on its own, by the stiffness of its bonded terms at the start."""
        vectors = self._device.empty(3 * self._count * _VECTORS)
        self._device.write(vectors, positions_nm)
        results = self._device.unknown(3 * len(self.sizes))
        told = np.empty((len(self.sizes), 3))
        inverses = self._device.empty(9 * sum(size**2 for size in self.sizes))
        kept = self._device.empty(_KEPT * len(self.sizes))
        most = _most_evaluations(options)
        for done in range(0, most, EVALUATIONS_AT_ONCE):
            self._run(
                "minimise",
                np.int32(self._count),
                vectors,
                inverses,
                kept,
                np.int32(done == 0),
                np.int32(EVALUATIONS_AT_ONCE),
                np.float64(options.tolerance),
                np.int32(options.max_iterations),
                np.int32(options.hold),
                results,
            )
            ends, iterations, largest = self._device.download(results, told).T
            if not (ends == End.RUNNING).any():
                break
        found = self._device.download(vectors, np.empty((self._count, 3)))
        return Minimum(found, _ended(ends), iterations.astype(int), largest)

    def _run(self, kernel: str, *arguments: object) -> None:
        """Run a kernel with a work group for each ligand."""
        self._device.run(kernel, len(self.sizes) * GROUP, *self._laid_out, *arguments)


def minimise_members_on_device(
    device: OpenCLDevice,
    start_nm: np.ndarray,
    sizes: Sequence[int],
    fast: Forces,
    slow: Forces,
    options: Options,
) -> Minimum:
    """Minimise the members of a pack, each on its own; all but the forces on the device.

    Parameters
    ----------
    device : OpenCLDevice
        With :func:`kernels`.
    start_nm : ndarray, shape (M, 3)
        Movable atoms, member after member.
    sizes : sequence of int
        How many atoms each member has.
    fast, slow : callable
        The two parts of the forces on the movable atoms.
    options : Options

    Returns
    -------
    Minimum
        As of :func:`screenmm.mmgbsa.lbfgs.minimise_members`, but for the last digits.

    Raises
    ------
    OpenCLError
        The device fails.
    """
    descent = _PackDescent(device, start_nm, sizes, options)
    with np.errstate(all="ignore"):
        descent.start(fast(start_nm), slow(start_nm))
        for _ in range(_most_evaluations(options)):
            if descent.ended:
                break
            if descent.must_renew:
                descent.take(Taken.RENEW, slow(descent.places))
            else:
                descent.take(Taken.ADVANCE, fast(descent.places))
    return descent.minimum()


class _PackDescent:
    """A pack's descent on the device, between two evaluations; see ``descend`` in ``lbfgs.cl``."""

    def __init__(
        self, device: OpenCLDevice, start_nm: np.ndarray, sizes: Sequence[int], options: Options
    ) -> None:
        count, members = len(start_nm), len(sizes)
        self._device, self._members = device, members
        self._start, self._hold = start_nm, options.hold
        starts = np.cumsum([0, *sizes[:-1]])
        spans = device.upload(np.stack([starts, starts + sizes], axis=1).astype(np.int32))
        self._vectors, self._fresh = device.empty(3 * count * _VECTORS), device.empty(3 * count)
        kept = device.empty(_KEPT * members)
        self._state = spans, np.int32(count), self._vectors, kept, self._fresh
        self._heard = np.full(3 * count + 4 * members, np.nan)
        self._told = device.upload(self._heard)
        self._rules = np.float64(options.tolerance), np.int32(options.max_iterations), self._told
        self.age = 0
        self.places = self._heard[: 3 * count].reshape(-1, 3)
        """Where forces are needed, shape (M, 3), nm."""
        of_members = self._heard[3 * count :].reshape(-1, 4)
        self._ends, self._moving, self._iterations, self._largest = of_members.T

    def start(self, fast: np.ndarray, slow: np.ndarray) -> None:
        """Set out, with both parts of the forces."""
        first = np.concatenate([self._start, fast, slow])
        self._device.write(self._vectors, first)
        self._run(Taken.START)

    def take(self, what: Taken, forces: np.ndarray) -> None:
        """Go on with forces at ``places``."""
        self.age = 0 if what is Taken.RENEW else self.age + 1
        self._device.write(self._fresh, forces)
        self._run(what)

    def _run(self, what: Taken) -> None:
        now = np.int32(what), np.int32(self.age), np.int32(self.age < self._hold)
        self._device.run("descend", self._members * GROUP, *self._state, *now, *self._rules)
        self._device.download(self._told, self._heard)

    @property
    def ended(self) -> bool:
        """Whether no member is on its way any more."""
        return bool((self._ends != float(End.RUNNING)).all())

    @property
    def must_renew(self) -> bool:
        """Whether the slow forces are to be evaluated next."""
        return self.age >= self._hold or not self._moving.any()

    def minimum(self) -> Minimum:
        return Minimum(self.places, _ended(self._ends), self._iterations.astype(int), self._largest)


def _most_evaluations(options: Options) -> int:
    """Evaluations of which a descent takes at most so many: a device may say nothing sensible."""
    # each is at most followed by one renewal; what is at rest waits for one
    return 2 * (options.max_iterations + RELIEF_ITERATIONS) + 64


def _ended(ends: np.ndarray) -> list[End]:
    """How descents ended, as the device says."""
    known = [float(end) for end in End if end is not End.RUNNING]
    if not np.isin(ends, known).all():
        raise OpenCLError(f"descents that came to no end: {sorted(set(ends.tolist()))}")
    return [End(int(end)) for end in ends]


def _spans(sizes: Sequence[int], starts: np.ndarray) -> np.ndarray:
    """First atom, end, and first pair of each ligand."""
    squares = np.square(sizes)
    spans = [starts, starts + sizes, squares.cumsum() - squares, 0 * starts]
    return np.stack(spans, axis=1).astype(np.int32)


def _terms(
    ligands: Sequence[Parameters], starts: np.ndarray, count: int, field: Field
) -> list[np.ndarray]:
    """Arguments of the kernels, from the pairs to the torsions' coefficients."""
    found = [np.concatenate([_pairs(each, field) for each in ligands])]
    for name in ("bond", "angle", "torsion"):
        atoms = np.concatenate(
            [getattr(each, f"{name}s") + start for each, start in zip(ligands, starts, strict=True)]
        )
        values = np.concatenate([getattr(each, f"{name}_values") for each in ligands])
        if name == "torsion":
            atoms, values = _merged(atoms, values, _periods(ligands))
        entries = np.argsort(atoms, axis=None, kind="stable")
        first = np.cumsum([0, *np.bincount(atoms.ravel(), minlength=count)])
        found += [first.astype(np.int32), entries.astype(np.int32), atoms.astype(np.int32), values]
    return found


def _pairs(ligand: Parameters, field: Field) -> np.ndarray:
    """Coulomb, sigma² and epsilon of each pair of a ligand's atoms, shape (M·M, 4)."""
    n = len(ligand)
    pairs = np.zeros((n, n, 4))
    roots = np.sqrt(ligand.epsilons)
    pairs[:, :, 0] = ligand.charges[:, None] * ligand.charges
    pairs[:, :, 1] = (ligand.sigmas[:, None] + ligand.sigmas) / 2.0
    pairs[:, :, 2] = roots[:, None] * roots
    i, j = ligand.exceptions.T
    pairs[i, j, :3] = pairs[j, i, :3] = ligand.exception_values
    pairs[:, :, 0] *= COULOMB_KJ_NM / field.solute_dielectric
    pairs[:, :, 1] **= 2
    return pairs.reshape(-1, 4)


def _periods(ligands: Sequence[Parameters]) -> int:
    """Highest periodicity of a torsion."""
    return max(int(each.torsion_values[:, 0].max(initial=1.0)) for each in ligands)


def _merged(atoms: np.ndarray, values: np.ndarray, periods: int) -> tuple[np.ndarray, np.ndarray]:
    """Torsions of the same atoms one after the other as one.

    Returns
    -------
    atoms : ndarray of int, shape (T, 4)
    coefficients : ndarray, shape (T, periods, 2)
        Of sin(n·φ) and cos(n·φ) in the derivative of the sum of k·(1 + cos(n·φ − φ₀)).
    """
    new = np.ones(len(atoms), dtype=bool)
    new[1:] = (atoms[1:] != atoms[:-1]).any(axis=1)
    n, phase, k = values.T
    coefficients = np.zeros((int(new.sum()), periods, 2))
    each = np.stack([-k * n * np.cos(phase), k * n * np.sin(phase)], axis=1)
    np.add.at(coefficients, (new.cumsum() - 1, n.astype(int) - 1), each)
    return atoms[new], coefficients


def _solvated_atoms(ligands: Sequence[Parameters]) -> np.ndarray:
    """Charge, GB radius and scaled inner radius of each atom."""
    radii = _column(ligands, "gb_radii")
    scaled = _column(ligands, "gb_scales") * (radii - OFFSET_NM)
    return np.stack([_column(ligands, "charges"), radii, scaled, 0.0 * radii], axis=1)
