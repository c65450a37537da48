"""Force-field parameters as plain arrays: extracted, joined, cut and built into Systems.

One representation serves the receptor, ligands and cofactors alike. A receptor is
parametrised whole (templates do not match truncated residues) and cut around a pose
afterwards; a complex is the cut receptor joined with a ligand.
"""

from __future__ import annotations

import functools
from collections import deque
from dataclasses import dataclass, fields, replace
from itertools import repeat
from pathlib import Path

import numpy as np
import openmm
from openmm import _openmm, unit
from openmm.app import Topology
from openmm.app.internal.customgbforces import GBSAOBC2Force

from screenmm.files.whole import replace_whole

SURFACE_TENSION = 2.25936
"""Apolar energy of OpenMM's OBC models, kJ/mol/nm² (0.0054 kcal/mol/Å²)."""

_TERMS = ("bond", "angle", "torsion", "exception")


@dataclass(frozen=True)
class Parameters:
    """Everything that an energy needs, in OpenMM's units (nm, kJ/mol, e, dalton).

    Index arrays have one row per term, value arrays the same number of rows.
    """

    masses: np.ndarray  # (N,)
    charges: np.ndarray  # (N,)
    sigmas: np.ndarray  # (N,)
    epsilons: np.ndarray  # (N,)
    gb_radii: np.ndarray  # (N,) mbondi2 radius
    gb_scales: np.ndarray  # (N,) OBC descreening factor
    bonds: np.ndarray  # (B, 2)
    bond_values: np.ndarray  # (B, 2) length, k
    angles: np.ndarray  # (A, 3)
    angle_values: np.ndarray  # (A, 2) angle, k
    torsions: np.ndarray  # (T, 4)
    torsion_values: np.ndarray  # (T, 3) periodicity, phase, k
    exceptions: np.ndarray  # (X, 2)
    exception_values: np.ndarray  # (X, 3) charge product, sigma, epsilon

    def __len__(self) -> int:
        return len(self.masses)

    def save(self, path: Path) -> None:
        """Write as ``.npz``, whole or not at all."""
        with replace_whole(path) as partial, partial.open("wb") as handle:
            np.savez(handle, **{f.name: getattr(self, f.name) for f in fields(self)})

    @classmethod
    def load(cls, path: Path) -> Parameters:
        """Read what :meth:`save` wrote."""
        with np.load(path) as arrays:
            return cls(**{f.name: arrays[f.name] for f in fields(cls)})


def extract(system: openmm.System, topology: Topology) -> Parameters:
    """Take the parameters out of an OpenMM System.

    Parameters
    ----------
    system : openmm.System
        With NonbondedForce (no cutoff) and harmonic bonds, angles and periodic torsions.
    topology : openmm.app.Topology
        Same atoms; elements and bonds decide the GB radii (mbondi2, as in OpenMM's
        ``implicit/obc2.xml``).

    Returns
    -------
    parameters : Parameters

    Raises
    ------
    ValueError
        The System has constraints, or a force this representation cannot carry.
    """
    if system.getNumConstraints():
        raise ValueError("the System has constraints; create it with constraints=None")
    md = unit.md_unit_system
    found: dict[str, list[tuple[list[int], list[float]]]] = {
        "bonds": [], "angles": [], "torsions": [], "exceptions": [],
    }  # fmt: skip
    atoms = np.zeros((system.getNumParticles(), 3))
    for force in system.getForces():
        if isinstance(force, openmm.HarmonicBondForce):
            rows, atoms_in = [force.getBondParameters(i) for i in range(force.getNumBonds())], 2
            found["bonds"] += _split(rows, atoms_in, md)
        elif isinstance(force, openmm.HarmonicAngleForce):
            rows = [force.getAngleParameters(i) for i in range(force.getNumAngles())]
            found["angles"] += _split(rows, 3, md)
        elif isinstance(force, openmm.PeriodicTorsionForce):
            rows = [force.getTorsionParameters(i) for i in range(force.getNumTorsions())]
            found["torsions"] += _split(rows, 4, md)
        elif isinstance(force, openmm.NonbondedForce):
            for index in range(force.getNumParticles()):
                values = force.getParticleParameters(index)
                atoms[index] = [v.value_in_unit_system(md) for v in values]
            rows = [force.getExceptionParameters(i) for i in range(force.getNumExceptions())]
            found["exceptions"] += _split(rows, 2, md)
        elif not isinstance(force, openmm.CMMotionRemover):
            raise ValueError(f"a {type(force).__name__} cannot be carried over")
    radii = np.array(GBSAOBC2Force.getStandardParameters(topology), dtype=float)
    masses = [system.getParticleMass(i).value_in_unit_system(md) for i in range(len(atoms))]
    return Parameters(
        masses=np.array(masses),
        charges=atoms[:, 0],
        sigmas=atoms[:, 1],
        epsilons=atoms[:, 2],
        gb_radii=radii[:, 0],
        gb_scales=radii[:, 1],
        **_terms("bond", found["bonds"], 2, 2),
        **_terms("angle", found["angles"], 3, 2),
        **_terms("torsion", found["torsions"], 4, 3),
        **_terms("exception", found["exceptions"], 2, 3),
    )


def _split(rows: list, n: int, md: object) -> list[tuple[list[int], list[float]]]:
    def number(value: object) -> float:
        return float(value.value_in_unit_system(md)) if unit.is_quantity(value) else float(value)  # type: ignore[attr-defined,arg-type]

    return [(list(row[:n]), [number(v) for v in row[n:]]) for row in rows]


def _terms(
    name: str, rows: list[tuple[list[int], list[float]]], n_atoms: int, n_values: int
) -> dict[str, np.ndarray]:
    return {
        f"{name}s": np.array([r[0] for r in rows], dtype=np.int32).reshape(-1, n_atoms),
        f"{name}_values": np.array([r[1] for r in rows], dtype=float).reshape(-1, n_values),
    }


def join(parts: list[Parameters]) -> Parameters:
    """Join molecules into one set; atoms keep their order, part after part."""
    offsets = np.cumsum([0] + [len(part) for part in parts[:-1]])
    indices = ("bonds", "angles", "torsions", "exceptions")
    joined = {}
    for field in fields(Parameters):
        arrays = [getattr(part, field.name) for part in parts]
        if field.name in indices:
            arrays = [a + offset for a, offset in zip(arrays, offsets, strict=True)]
        joined[field.name] = np.concatenate(arrays)
    return Parameters(**joined)


def cut(parameters: Parameters, keep: np.ndarray, movable: np.ndarray | None = None) -> Parameters:
    """Keep some atoms and every term that lies wholly among them.

    Parameters
    ----------
    parameters : Parameters
        Of N atoms.
    keep : ndarray of int
        Indices of the atoms to keep, ascending.
    movable : ndarray of bool, shape (N,), optional
        Which atoms may move: bonded terms without one of them are not kept either, as
        :func:`build_system` takes none of them. None: all.
    """
    new_index = np.full(len(parameters), -1, dtype=np.int32)
    new_index[keep] = np.arange(len(keep), dtype=np.int32)
    kept = new_index >= 0
    pieces = _of_atoms(parameters, keep)
    for name in _TERMS:
        atoms = getattr(parameters, f"{name}s")
        if movable is None or name == "exception":
            use = np.flatnonzero(_each_row(np.logical_and, kept, atoms))
        else:
            use = np.flatnonzero(_each_row(np.logical_or, movable, atoms))
            use = use[_each_row(np.logical_and, kept, atoms.take(use, axis=0))]
        pieces |= _of_terms(parameters, name, use)
        pieces[f"{name}s"] = new_index.take(pieces[f"{name}s"])
    return Parameters(**pieces)


def reordered(parameters: Parameters, order: np.ndarray) -> Parameters:
    """Give atoms other places; the terms keep their order.

    Parameters
    ----------
    parameters : Parameters
        Of N atoms.
    order : ndarray of int, shape (N,)
        Which atom comes to each place.
    """
    place = np.empty(len(order), dtype=np.int32)
    place[order] = np.arange(len(order), dtype=np.int32)
    terms = {f"{name}s": place.take(getattr(parameters, f"{name}s")) for name in _TERMS}
    return replace(parameters, **_of_atoms(parameters, order), **terms)


def _of_atoms(parameters: Parameters, atoms: np.ndarray) -> dict[str, np.ndarray]:
    """What atoms have on their own, of some of them."""
    names = ("masses", "charges", "sigmas", "epsilons", "gb_radii", "gb_scales")
    return {name: getattr(parameters, name).take(atoms) for name in names}


def _of_terms(parameters: Parameters, name: str, terms: np.ndarray) -> dict[str, np.ndarray]:
    """Atoms and values of some terms of a kind."""
    columns = (f"{name}s", f"{name}_values")
    return {column: getattr(parameters, column).take(terms, axis=0) for column in columns}


def moving_terms(parameters: Parameters, movable: np.ndarray) -> Parameters:
    """Keep all atoms, and of the terms those with an atom that may move.

    Parameters
    ----------
    parameters : Parameters
        Of N atoms.
    movable : ndarray of bool, shape (N,)
    """
    kept: dict[str, np.ndarray] = {}
    for name in _TERMS:
        use = np.flatnonzero(_each_row(np.logical_or, movable, getattr(parameters, f"{name}s")))
        kept |= _of_terms(parameters, name, use)
    return replace(parameters, **kept)


def _each_row(combine: np.ufunc, of_atoms: np.ndarray, rows: np.ndarray) -> np.ndarray:
    """Combine what holds for the atoms in each row; column by column, as rows are short."""
    return functools.reduce(combine, (of_atoms.take(column) for column in rows.T))


@dataclass(frozen=True)
class SystemOptions:
    """How a System is built from parameters.

    Parameters
    ----------
    movable : ndarray of bool or None
        Atoms that may move; the others get mass 0. None: all.
    restrained : ndarray of int or None
        Atoms held near their starting place.
    restraint_k : float
        E = k/2·r², kJ/mol/nm².
    solute_dielectric, solvent_dielectric : float
        Relative permittivities.
    cutoff_nm : float or None
        Cutoff of the pairwise forces, nm; shifts the energies by a constant for pairs
        within it. None: none.
    forces_only : bool
        Only the forces on what moves are wanted: exceptions among frozen atoms, most of them,
        are left out as well. The energy is then off by a constant, a large one.
    """

    movable: np.ndarray | None = None
    restrained: np.ndarray | None = None
    restraint_k: float = 0.0
    solute_dielectric: float = 1.0
    solvent_dielectric: float = 78.5
    cutoff_nm: float | None = None
    forces_only: bool = False


FORCE_GROUPS = {"bonded": 0, "nonbonded": 1, "gbsa": 2, "restraint": 3}


def build_system(
    parameters: Parameters, options: SystemOptions, start_nm: np.ndarray | None = None
) -> openmm.System:
    """Build an OpenMM System: bonded, non-bonded, native OBC2 and restraint forces.

    Native ``GBSAOBCForce`` is OBC2 (Onufriev, Bashford, Case, Proteins 55, 383, 2004)
    and some 40 times faster on the CPU than the same model as a ``CustomGBForce``. A
    solute dielectric above 1 divides the Coulomb energy as it does the GB energy.

    Terms among frozen atoms only are left out: they do not depend on what moves.

    Parameters
    ----------
    parameters : Parameters
        Of N atoms.
    options : SystemOptions
        What moves and what is restrained; dielectrics.
    start_nm : ndarray, shape (N, 3), optional
        Where restrained atoms are held, nm.

    Returns
    -------
    openmm.System
        Force groups as in ``FORCE_GROUPS``.
    """
    n = len(parameters)
    movable = np.ones(n, dtype=bool) if options.movable is None else options.movable
    system = openmm.System()
    _add_rows(system, "addParticle", np.where(movable, parameters.masses, 0.0))
    system.addForce(_bonds(parameters, movable))
    system.addForce(_angles(parameters, movable))
    system.addForce(_torsions(parameters, movable))
    excepted = movable if options.forces_only else np.ones(n, dtype=bool)
    system.addForce(_nonbonded(parameters, options, excepted))
    gbsa = gbsa_force(parameters, options.solute_dielectric, options.solvent_dielectric)
    if options.cutoff_nm is not None:
        gbsa.setNonbondedMethod(openmm.GBSAOBCForce.CutoffNonPeriodic)
        gbsa.setCutoffDistance(options.cutoff_nm)
    gbsa.setForceGroup(FORCE_GROUPS["gbsa"])
    system.addForce(gbsa)
    if options.restrained is not None and options.restraint_k > 0 and start_nm is not None:
        system.addForce(_restraint(options.restrained, options.restraint_k, start_nm))
    return system


def _add_rows(
    to: openmm.System | openmm.Force, method: str, *columns: np.ndarray | list[list[float]]
) -> None:
    """Add particles or terms, one for each row of some columns, to a System or a Force.

    OpenMM takes them one call at a time, and its Python methods look at each value for a unit
    before they hand it to the binding. A pack has 10⁵ rows and more, all in OpenMM's units: they
    go to the binding itself and become Python's numbers one by one, without lists of them: at a
    sixth of the cost.

    Parameters
    ----------
    to : openmm.System or openmm.Force
    method : str
        ``addParticle``, ``addBond`` and so on.
    columns : ndarray or list
        Arguments of the method, T of each; (T, n) arrays for n arguments side by side.
    """
    binding = getattr(_openmm, f"{type(to).__name__}_{method}")
    arguments: list[list | memoryview] = []
    for column in columns:
        if isinstance(column, list):
            arguments.append(column)
        else:
            arguments += map(memoryview, np.ascontiguousarray(np.atleast_2d(column.T)))
    deque(map(binding, repeat(to.this), *arguments), maxlen=0)


def _bonds(p: Parameters, movable: np.ndarray) -> openmm.Force:
    force = openmm.HarmonicBondForce()
    use = np.flatnonzero(_each_row(np.logical_or, movable, p.bonds))
    _add_rows(force, "addBond", p.bonds.take(use, axis=0), p.bond_values.take(use, axis=0))
    force.setForceGroup(FORCE_GROUPS["bonded"])
    return force


def _angles(p: Parameters, movable: np.ndarray) -> openmm.Force:
    force = openmm.HarmonicAngleForce()
    use = np.flatnonzero(_each_row(np.logical_or, movable, p.angles))
    _add_rows(force, "addAngle", p.angles.take(use, axis=0), p.angle_values.take(use, axis=0))
    force.setForceGroup(FORCE_GROUPS["bonded"])
    return force


def _torsions(p: Parameters, movable: np.ndarray) -> openmm.Force:
    force = openmm.PeriodicTorsionForce()
    use = np.flatnonzero(_each_row(np.logical_or, movable, p.torsions))
    values = p.torsion_values.take(use, axis=0)
    _add_rows(
        force, "addTorsion", p.torsions.take(use, axis=0), values[:, 0].astype(int), values[:, 1:]
    )
    force.setForceGroup(FORCE_GROUPS["bonded"])
    return force


def _nonbonded(p: Parameters, options: SystemOptions, excepted: np.ndarray) -> openmm.Force:
    scale = 1.0 / options.solute_dielectric
    force = openmm.NonbondedForce()
    if options.cutoff_nm is None:
        force.setNonbondedMethod(openmm.NonbondedForce.NoCutoff)
    else:
        force.setNonbondedMethod(openmm.NonbondedForce.CutoffNonPeriodic)
        force.setCutoffDistance(options.cutoff_nm)
        force.setReactionFieldDielectric(1.0)
    charges = p.charges * np.sqrt(scale)
    _add_rows(force, "addParticle", charges, p.sigmas, p.epsilons)
    use = np.flatnonzero(_each_row(np.logical_or, excepted, p.exceptions))
    values = p.exception_values.take(use, axis=0) * [scale, 1.0, 1.0]
    _add_rows(force, "addException", p.exceptions.take(use, axis=0), values)
    force.setForceGroup(FORCE_GROUPS["nonbonded"])
    return force


def gbsa_force(
    p: Parameters,
    solute_dielectric: float,
    solvent_dielectric: float,
    surface_tension: float = SURFACE_TENSION,
) -> openmm.GBSAOBCForce:
    """Native OBC2 force of all atoms, without cutoff.

    Parameters
    ----------
    p : Parameters
        Charges, radii and descreening factors.
    solute_dielectric, solvent_dielectric : float
        Relative permittivities.
    surface_tension : float
        Of the apolar term, kJ/mol/nm²; 0 leaves the polar term alone.
    """
    force = openmm.GBSAOBCForce()
    force.setNonbondedMethod(openmm.GBSAOBCForce.NoCutoff)
    force.setSoluteDielectric(solute_dielectric)
    force.setSolventDielectric(solvent_dielectric)
    force.setSurfaceAreaEnergy(surface_tension)
    _add_rows(force, "addParticle", p.charges, p.gb_radii, p.gb_scales)
    return force


def _restraint(atoms: np.ndarray, k: float, start_nm: np.ndarray) -> openmm.Force:
    force = openmm.CustomExternalForce("0.5*k*((x-x0)^2+(y-y0)^2+(z-z0)^2)")
    force.addGlobalParameter("k", k)
    for name in ("x0", "y0", "z0"):
        force.addPerParticleParameter(name)
    _add_rows(force, "addParticle", atoms, start_nm[atoms].tolist())
    force.setForceGroup(FORCE_GROUPS["restraint"])
    return force
