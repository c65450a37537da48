"""Final energies of complexes and forces of free ligands on an OpenCL device.

The physics is that of :mod:`screenmm.mmgbsa.score`, :mod:`screenmm.mmgbsa.born` and
:mod:`screenmm.mmgbsa.free_ligands`, in double precision too, and so are the numbers but for
their last digits; ``energies.cl`` computes them for a whole pack in one go. While it does, the
host is free.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from importlib.resources import files
from typing import Protocol

import numpy as np

from screenmm.config.settings import Scoring
from screenmm.core.units import COULOMB_KJ_NM
from screenmm.devices.opencl import OpenCLDevice, OpenCLError, energy_device
from screenmm.devices.platforms import PlatformChoice
from screenmm.forcefield.parameters import SURFACE_TENSION, Parameters
from screenmm.mmgbsa.born import ALPHA, BETA, GAMMA, OFFSET_NM, PROBE_NM
from screenmm.mmgbsa.free_ligands import MIN_NORMAL, FreeLigands
from screenmm.mmgbsa.packing import Field

log = logging.getLogger(__name__)

COMPLEXES_AT_ONCE = 64
"""Complexes sent to the device together: some 10 MB, and a kernel far from any watchdog's limit."""

_OPENED: dict[tuple[object, ...], OpenCLDevice | None] = {}
"""Devices of this process by platform and properties."""

_CONSTANTS = {
    "ALPHA": ALPHA,
    "BETA": BETA,
    "GAMMA": GAMMA,
    "OFFSET_NM": OFFSET_NM,
    "PROBE_NM": PROBE_NM,
    "SURFACE_TENSION": SURFACE_TENSION,
    "COULOMB_KJ_NM": COULOMB_KJ_NM,
    "MIN_NORMAL": MIN_NORMAL,
}

Parts = tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]
"""Van der Waals and Coulomb (N,), polar and apolar (N + M,), cross (N,), kJ/mol."""


def kernels() -> str:
    """Source of the kernels, with the constants of the models."""
    defined = [f"#define {name} {value!r}" for name, value in _CONSTANTS.items()]
    source = (files("screenmm.mmgbsa") / "energies.cl").read_text(encoding="utf-8")
    return "\n".join([*defined, source])


def device_of(platform: PlatformChoice) -> OpenCLDevice | None:
    """What computes final energies beside a platform: opened when it is first asked for.

    Parameters
    ----------
    platform : PlatformChoice

    Returns
    -------
    OpenCLDevice or None
        None: the host does; the log says why where the platform is a GPU's.
    """
    key = _key(platform)
    if key not in _OPENED:
        _OPENED[key] = energy_device(platform, kernels())
    return _OPENED[key]


def give_up(platform: PlatformChoice, error: OpenCLError) -> None:
    """Leave a platform's energies to the host from now on: its device has failed."""
    _OPENED[_key(platform)] = None
    log.warning(
        "the device of platform %s failed at the final energies (%s): the host computes them "
        "from here on, more slowly",
        platform.name,
        error,
    )


def _key(platform: PlatformChoice) -> tuple[object, ...]:
    return (platform.name, *sorted(platform.properties.items()))


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
        For each complex what :func:`screenmm.mmgbsa.score.interaction_energies` and
        :func:`screenmm.mmgbsa.score.solvation_changes` return: van der Waals and Coulomb
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
    born, parts = device.empty(2 * count), device.empty(5 * count)
    prefactor = _prefactor(options.solute_dielectric, options.solvent_dielectric)
    device.run("complex_radii", count, np.int32(count), *laid_out, born)
    device.run("complex_parts", count, np.int32(count), *laid_out, born, prefactor, parts)
    vdw, coulomb, polar, apolar, cross = device.download(parts, (5, count))
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
    """Free ligands whose forces a device computes; energies are the host's.

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
        self._x, self._forces = device.empty(3 * count), device.empty(3 * count)
        self._spans = device.upload(_ligand_spans(self.sizes, starts))
        self._terms = [device.upload(each) for each in _terms(ligands, starts, count, field)]
        self._periods = np.int32(_periods(ligands))
        self._shapes = device.upload(_solvated_atoms(ligands))
        self._born, self._by_integral = device.empty(2 * count), device.empty(count)
        self._prefactor = _prefactor(field.solute_dielectric, field.solvent_dielectric)

    def fast(self, positions_nm: np.ndarray) -> np.ndarray:
        """Bonded and non-bonded forces."""
        self._device.write(self._x, positions_nm)
        self._run("ligand_fast", *self._terms, self._periods, self._forces)
        return self._device.download(self._forces, (self._count, 3))

    def slow(self, positions_nm: np.ndarray) -> np.ndarray:
        """Solvation forces."""
        self._device.write(self._x, positions_nm)
        atoms, born = self._shapes, self._born
        self._run("ligand_radii", atoms, born)
        changing = (self._by_integral, self._forces)
        self._run("ligand_chain", atoms, born, self._prefactor, *changing)
        self._run("ligand_slow", atoms, *changing)
        return self._device.download(self._forces, (self._count, 3))

    def _run(self, kernel: str, *arguments: object) -> None:
        count = self._count
        self._device.run(kernel, count, np.int32(count), self._x, self._spans, *arguments)


def _ligand_spans(sizes: Sequence[int], starts: np.ndarray) -> np.ndarray:
    """First atom, end, and first pair of each atom's ligand."""
    squares = np.square(sizes)
    each = np.stack([starts, starts + sizes, squares.cumsum() - squares, 0 * starts], axis=1)
    return np.repeat(each, sizes, axis=0).astype(np.int32)


def _terms(
    ligands: Sequence[Parameters], starts: np.ndarray, count: int, field: Field
) -> list[np.ndarray]:
    """Arguments of the kernel of the fast forces, from the pairs to the coefficients."""
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
