"""SMIRNOFF force fields assigned directly to RDKit molecules.

The method is that of the SMIRNOFF specification [1]_: each handler's patterns are tried in
the order of the file and the last match wins. Every number is read from the parameter
handlers of :class:`openff.toolkit.ForceField`; patterns are compiled once.

References
----------
.. [1] D. L. Mobley et al., J. Chem. Theory Comput. 14, 6076 (2018);
   https://openforcefield.github.io/standards/standards/smirnoff/
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Any

import numpy as np
from openmm.app import Element, Topology
from openmm.app.internal.customgbforces import GBSAOBC2Force
from rdkit import Chem

from screenmm.core.errors import LigandError, Reason, UserError
from screenmm.forcefield.graph import atoms_of, bonds_of
from screenmm.forcefield.parameters import Parameters
from screenmm.forcefield.pattern_filter import PatternFilter, described

FORCE_FIELD = "openff_unconstrained-2.3.0.offxml"
"""Unconstrained: with constraints the bonds to hydrogen would have no energy."""

Key = tuple[int, ...]

_TREFOIL = np.array([[1, 0, 2, 3], [1, 2, 3, 0], [1, 3, 0, 2]])
"""Places of an improper's atoms, its centre the second, in its three torsions."""

_TERMS = ("Constraints", "Bonds", "Angles", "ProperTorsions", "ImproperTorsions", "vdW")

_CHARGE_MODELS = ("LibraryCharges", "ToolkitAM1BCC", "NAGLCharges")
"""Not used here: charges are given."""

_SUPPORTED: dict[str, dict[str, tuple[object, ...]]] = {
    "Constraints": {"version": ("0.3",)},
    "Bonds": {"version": ("0.3", "0.4"), "potential": ("harmonic", "(k/2)*(r-length)^2")},
    "Angles": {"version": ("0.3",), "potential": ("harmonic",)},
    "ProperTorsions": {
        "version": ("0.3", "0.4"),
        "potential": ("k*(1+cos(periodicity*theta-phase))",),
    },
    "ImproperTorsions": {
        "version": ("0.3",),
        "potential": ("k*(1+cos(periodicity*theta-phase))",),
    },
    "vdW": {
        "version": ("0.4",),
        "potential": ("Lennard-Jones-12-6",),
        "combining_rules": ("Lorentz-Berthelot",),
        "nonperiodic_method": ("no-cutoff",),
        "scale12": (0.0,),
        "scale13": (0.0,),
        "scale15": (1.0,),
    },
    "Electrostatics": {
        "version": ("0.4",),
        "nonperiodic_potential": ("Coulomb",),
        "exception_potential": ("Coulomb",),
        "scale12": (0.0,),
        "scale13": (0.0,),
        "scale15": (1.0,),
    },
}
"""Attributes of each handler and their values for which this module computes what SMIRNOFF says."""

# RDKit's stubs take these for parameters themselves
_EVERY_MATCH = Chem.SubstructMatchParameters()
_EVERY_MATCH.uniquify = False  # type: ignore[assignment]
_EVERY_MATCH.useChirality = True  # type: ignore[assignment]
_EVERY_MATCH.maxMatches = 2**31 - 1  # type: ignore[assignment]


@dataclass(frozen=True)
class Pattern:
    """A compiled SMARTS pattern and the parameters it assigns.

    Parameters
    ----------
    name : str
        The parameter's id in the force field.
    query : rdkit.Chem.Mol
        Compiled pattern.
    tagged : tuple of int
        Query atoms with the tags 1, 2, ... in that order.
    rows : tuple of tuple of float
        Values in OpenMM's units, one row per term.
    """

    name: str
    query: Chem.Mol
    tagged: Key
    rows: tuple[tuple[float, ...], ...]

    def matches(self, mol: Chem.Mol) -> Iterable[Key]:
        """Tagged atoms of every match, in each orientation."""
        found: Sequence[Key] = mol.GetSubstructMatches(self.query, _EVERY_MATCH)
        if self.tagged == tuple(range(self.query.GetNumAtoms())):
            return found
        return [tuple(match[i] for i in self.tagged) for match in found]


@dataclass(frozen=True)
class CompiledForceField:
    """A SMIRNOFF force field ready for use.

    Parameters
    ----------
    name : str
        For messages.
    patterns : dict of str to tuple of Pattern
        By handler, in the order of the file.
    filter : PatternFilter
        Of all of them, one handler after the other.
    masses : dict of int to float
        By atomic number, dalton.
    coulomb14, lj14 : float
        Factors of 1-4 interactions.
    """

    name: str
    patterns: dict[str, tuple[Pattern, ...]]
    filter: PatternFilter
    masses: dict[int, float]
    coulomb14: float
    lj14: float

    def reduced_to(self, atoms: Sequence[Key], bonds: Sequence[Key]) -> CompiledForceField:
        """Leave out patterns that cannot match a molecule of these atoms and bonds; once.

        Parameters
        ----------
        atoms, bonds : sequence of tuple of int
            As :func:`described` gives them.

        Raises
        ------
        ValueError
            Patterns were left out before.
        """
        possible = self.filter.possible(atoms, bonds).tolist()
        if len(possible) != sum(map(len, self.patterns.values())):
            raise ValueError(f"{self.name} has lost patterns already")
        left = iter(possible)
        patterns = {
            tag: tuple(pattern for pattern in each if next(left))
            for tag, each in self.patterns.items()
        }
        return replace(self, patterns=patterns)


def compile_force_field(force_field: Any, name: str) -> CompiledForceField:
    """Read a force field through its parameter handlers.

    Parameters
    ----------
    force_field : openff.toolkit.ForceField
    name : str
        For messages.

    Returns
    -------
    CompiledForceField

    Raises
    ------
    UserError
        The force field uses something that is not carried here: virtual sites, GBSA,
        charge increments, interpolated bond orders, another aromaticity model, version,
        potential or combining rule.
    """
    from openff.units.elements import MASSES  # noqa: PLC0415  (seconds to import)

    _check(force_field, name)
    rows_of: dict[str, Callable[[Any, Any], tuple[tuple[float, ...], ...]]] = {
        "Constraints": lambda _parameter, _handler: (),
        "Bonds": _bond_rows,
        "Angles": _angle_rows,
        "ProperTorsions": _proper_rows,
        "ImproperTorsions": _improper_rows,
        "vdW": _vdw_rows,
    }
    patterns = {}
    for tag in _TERMS:
        present = tag in force_field.registered_parameter_handlers
        handler = force_field.get_parameter_handler(tag) if present else None
        patterns[tag] = tuple(
            _compile(parameter, rows_of[tag](parameter, handler))
            for parameter in (handler.parameters if handler is not None else ())
        )
    return CompiledForceField(
        name=name,
        patterns=patterns,
        filter=PatternFilter([pattern.query for pattern in chain(*patterns.values())]),
        masses={number: float(mass.m_as("dalton")) for number, mass in MASSES.items()},
        coulomb14=float(force_field.get_parameter_handler("Electrostatics").scale14),
        lj14=float(force_field.get_parameter_handler("vdW").scale14),
    )


def _check(force_field: Any, name: str) -> None:
    def refuse(what: str) -> None:
        raise UserError(f"force field {name} uses {what}, which ScreenMM does not support")

    if force_field.aromaticity_model != "OEAroModel_MDL":
        refuse(f"aromaticity model {force_field.aromaticity_model}")
    for tag in force_field.registered_parameter_handlers:
        handler = force_field.get_parameter_handler(tag)
        if tag not in _SUPPORTED and tag not in _CHARGE_MODELS:
            refuse(f"<{tag}>")
        for attribute, allowed in _SUPPORTED.get(tag, {}).items():
            value = getattr(handler, attribute)
            if (str(value) if attribute == "version" else value) not in allowed:
                refuse(f"{attribute} {value} in <{tag}>")
        for parameter in handler.parameters:
            if getattr(parameter, "k_bondorder", None) or getattr(
                parameter, "length_bondorder", None
            ):
                refuse(f"interpolated bond orders ({tag} {parameter.id})")
    for tag in ("Bonds", "Angles", "ProperTorsions", "vdW", "Electrostatics"):
        if tag not in force_field.registered_parameter_handlers:
            refuse(f"no <{tag}>")


def _compile(parameter: Any, rows: tuple[tuple[float, ...], ...]) -> Pattern:
    query = Chem.MolFromSmarts(parameter.smirks)
    if query is None:
        raise UserError(f"RDKit cannot read the pattern {parameter.smirks} of {parameter.id}")
    tags = {atom.GetAtomMapNum(): atom.GetIdx() for atom in query.GetAtoms()}
    tagged = tuple(tags[tag] for tag in sorted(tags) if tag)
    return Pattern(str(parameter.id), query, tagged, rows)


def _bond_rows(parameter: Any, _handler: Any) -> tuple[tuple[float, ...], ...]:
    length = parameter.length.m_as("nanometer")
    return ((float(length), float(parameter.k.m_as("kilojoule / mole / nanometer ** 2"))),)


def _angle_rows(parameter: Any, _handler: Any) -> tuple[tuple[float, ...], ...]:
    k = parameter.k.m_as("kilojoule / mole / radian ** 2")
    return ((float(parameter.angle.m_as("radian")), float(k)),)


def _proper_rows(parameter: Any, handler: Any) -> tuple[tuple[float, ...], ...]:
    # "auto" would divide by the number of torsions about the bond
    return _torsion_rows(parameter, handler, auto=None)


def _improper_rows(parameter: Any, handler: Any) -> tuple[tuple[float, ...], ...]:
    # "auto" divides by three, for the three torsions of the trefoil
    return _torsion_rows(parameter, handler, auto=3.0)


def _torsion_rows(
    parameter: Any, handler: Any, auto: float | None
) -> tuple[tuple[float, ...], ...]:
    default = auto if handler.default_idivf == "auto" else float(handler.default_idivf)
    given = parameter.idivf or [None] * len(parameter.k)
    rows = []
    for periodicity, phase, k, own in zip(
        parameter.periodicity, parameter.phase, parameter.k, given, strict=True
    ):
        divisor = default if own is None else float(own)
        if not divisor:
            raise UserError(f"torsion {parameter.id} has no idivf to divide its k by")
        rows.append(
            (
                float(periodicity),
                float(phase.m_as("radian")),
                float(k.m_as("kilojoule / mole")) / divisor,
            )
        )
    return tuple(rows)


def _vdw_rows(parameter: Any, _handler: Any) -> tuple[tuple[float, ...], ...]:
    # the handler derives sigma from Rmin/2 where the file gives the latter
    sigma = parameter.sigma.m_as("nanometer")
    return ((float(sigma), float(parameter.epsilon.m_as("kilojoule / mole"))),)


def mdl_molecule(mol: Chem.Mol) -> Chem.Mol:
    """Copy a molecule with the MDL aromaticity model, as the OpenFF toolkit perceives it.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        All hydrogens explicit.

    Returns
    -------
    rdkit.Chem.Mol

    Raises
    ------
    LigandError
        Implicit hydrogens, radicals or valences that RDKit refuses (reason
        ``parameters_missing``).
    """
    copy = Chem.Mol(mol)
    keep = Chem.SANITIZE_SETAROMATICITY | Chem.SANITIZE_ADJUSTHS | Chem.SANITIZE_CLEANUPCHIRALITY
    try:
        Chem.SanitizeMol(copy, Chem.SANITIZE_ALL ^ keep)
        Chem.SetAromaticity(copy, Chem.AromaticityModel.AROMATICITY_MDL)
    except (ValueError, RuntimeError) as error:
        raise LigandError(Reason.PARAMETERS_MISSING, f"RDKit cannot sanitise it: {error}") from None
    for atom in atoms_of(copy):
        if atom.GetTotalNumHs():
            raise LigandError(
                Reason.PARAMETERS_MISSING, f"hydrogens of {_label(atom)} are not explicit"
            )
        if atom.GetNumRadicalElectrons():
            raise LigandError(Reason.PARAMETERS_MISSING, f"{_label(atom)} is a radical")
    return copy


def assign(force_field: CompiledForceField, mol: Chem.Mol, charges: np.ndarray) -> Parameters:
    """Assign a force field to a molecule.

    Parameters
    ----------
    force_field : CompiledForceField
    mol : rdkit.Chem.Mol
        All hydrogens explicit, as :func:`mdl_molecule` gives it.
    charges : ndarray, shape (N,)
        Partial charges, e.

    Returns
    -------
    parameters : Parameters
        In the molecule's atom order. Torsions whose k is zero are kept; an improper is
        the three torsions of its trefoil.

    Raises
    ------
    LigandError
        A term without a parameter, or rigid by the force field's constraints (reason
        ``parameters_missing``); the message names the atoms.
    """
    described_atoms, described_bonds = described(mol)
    numbers = [number for number, *_ in described_atoms]
    neighbours: list[list[int]] = [[] for _ in numbers]
    for i, j, _ in described_bonds:
        neighbours[i].append(j)
        neighbours[j].append(i)
    bonds, angles, propers = _valence_terms(neighbours)
    force_field = force_field.reduced_to(described_atoms, described_bonds)
    constrained = _assigned(force_field, "Constraints", mol, _ends_sorted)
    if constrained:
        atoms = _labels(mol, next(iter(constrained)))
        raise LigandError(
            Reason.PARAMETERS_MISSING,
            f"{force_field.name} makes the molecule rigid ({atoms}); ScreenMM has no constraints",
        )
    singles: set[Key] = {(i,) for i in range(len(numbers))}
    vdw = _complete(force_field, "vdW", mol, singles)
    torsions, torsion_values = _terms(_complete(force_field, "ProperTorsions", mol, propers), 4, 3)
    impropers, improper_values = _terms(
        _assigned(force_field, "ImproperTorsions", mol, _improper_key), 4, 3
    )
    bond_atoms, bond_values = _terms(_complete(force_field, "Bonds", mol, bonds), 2, 2)
    angle_atoms, angle_values = _terms(_complete(force_field, "Angles", mol, angles), 3, 2)
    lj = np.array([vdw[(i,)].rows[0] for i in range(len(singles))], dtype=float).reshape(-1, 2)
    radii = gb_parameters(numbers, neighbours)
    exceptions, exception_values = _exceptions(
        force_field, (bond_atoms, angle_atoms, torsions), np.asarray(charges, dtype=float), lj
    )
    return Parameters(
        masses=np.array([force_field.masses[number] for number in numbers]),
        charges=np.array(charges, dtype=float),
        sigmas=lj[:, 0].copy(),
        epsilons=lj[:, 1].copy(),
        gb_radii=radii[:, 0].copy(),
        gb_scales=radii[:, 1].copy(),
        bonds=bond_atoms,
        bond_values=bond_values,
        angles=angle_atoms,
        angle_values=angle_values,
        torsions=np.concatenate([torsions, impropers[:, _TREFOIL].reshape(-1, 4)]),
        torsion_values=np.concatenate(
            [torsion_values, np.repeat(improper_values, len(_TREFOIL), axis=0)]
        ),
        exceptions=exceptions,
        exception_values=exception_values,
    )


def _valence_terms(neighbours: list[list[int]]) -> tuple[set[Key], set[Key], set[Key]]:
    bonds: set[Key] = set()
    angles: set[Key] = set()
    propers: set[Key] = set()
    for j, around_j in enumerate(neighbours):
        angles.update((i, j, k) for i in around_j for k in around_j if i < k)
        for k in around_j:
            if j < k:
                bonds.add((j, k))
                propers.update(
                    _ends_sorted((i, j, k, m))
                    for i in around_j
                    for m in neighbours[k]
                    if i != k and m not in (i, j)
                )
    return bonds, angles, propers


def _ends_sorted(key: Key) -> Key:
    return key if key[0] <= key[-1] else key[::-1]


def _improper_key(key: Key) -> Key:
    first, second, third = sorted((key[0], key[2], key[3]))
    return first, key[1], second, third


def _assigned(
    force_field: CompiledForceField, tag: str, mol: Chem.Mol, canonical: Callable[[Key], Key]
) -> dict[Key, Pattern]:
    found: dict[Key, Pattern] = {}
    for pattern in force_field.patterns[tag]:
        for key in pattern.matches(mol):
            found[canonical(key)] = pattern
    return found


def _complete(
    force_field: CompiledForceField, tag: str, mol: Chem.Mol, expected: set[Key]
) -> dict[Key, Pattern]:
    found = _assigned(force_field, tag, mol, _ends_sorted)
    if found.keys() != expected:
        missing = sorted(expected - found.keys())
        unknown = sorted(found.keys() - expected)
        what = "has no parameter for" if missing else "has a parameter for unbonded"
        atoms = "; ".join(_labels(mol, key) for key in (missing or unknown)[:5])
        raise LigandError(Reason.PARAMETERS_MISSING, f"{force_field.name} {what} {tag}: {atoms}")
    return found


def _labels(mol: Chem.Mol, key: Key) -> str:
    return "-".join(_label(mol.GetAtomWithIdx(i)) for i in key)


def _label(atom: Chem.Atom) -> str:
    return f"{atom.GetSymbol()}{atom.GetIdx() + 1}"


def _terms(found: dict[Key, Pattern], n_atoms: int, n_values: int) -> tuple[np.ndarray, np.ndarray]:
    rows = [pattern.rows for pattern in found.values()]
    atoms = np.fromiter(chain(*found), dtype=np.int32).reshape(-1, n_atoms)
    values = np.fromiter(chain(*chain(*rows)), dtype=float).reshape(-1, n_values)
    return np.repeat(atoms, [len(each) for each in rows], axis=0), values


def _exceptions(
    force_field: CompiledForceField,
    terms: tuple[np.ndarray, np.ndarray, np.ndarray],
    charges: np.ndarray,
    lj: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Pairs one to three bonds apart: none of the first two, scaled 1-4 interactions."""
    excluded, scaled = 1, 2
    kind = np.zeros((len(charges), len(charges)), dtype=np.int8)
    bonds, angles, torsions = terms
    for atoms, what in ((torsions, scaled), (angles, excluded), (bonds, excluded)):
        ends = atoms[:, [0, -1]]
        kind[ends.min(axis=1), ends.max(axis=1)] = what
    i, j = np.nonzero(kind)
    is_scaled = kind[i, j] == scaled
    values = np.zeros((len(i), 3))
    values[:, 0] = np.where(is_scaled, force_field.coulomb14 * charges[i] * charges[j], 0.0)
    # OpenMM's sigma where there is no interaction
    values[:, 1] = np.where(is_scaled, 0.5 * (lj[i, 0] + lj[j, 0]), 1.0)
    values[:, 2] = np.where(is_scaled, force_field.lj14 * np.sqrt(lj[i, 1] * lj[j, 1]), 0.0)
    return np.stack([i, j], axis=1).astype(np.int32), values


def gb_parameters(numbers: Sequence[int], neighbours: Sequence[Sequence[int]]) -> np.ndarray:
    """GB radii (mbondi2) and OBC descreening factors, as OpenMM's ``implicit/obc2.xml``.

    Parameters
    ----------
    numbers : sequence of int
        Atomic numbers.
    neighbours : sequence of sequence of int
        Atoms that each is bonded to.

    Returns
    -------
    ndarray, shape (N, 2)
        Radius, nm, and factor.
    """
    # a hydrogen's depend on the element that it is bonded to
    partners = [numbers[each[0]] if each else None for each in neighbours]
    rows = [
        _gb_row(number, partner if number == 1 else None)
        for number, partner in zip(numbers, partners, strict=True)
    ]
    return np.array(rows, dtype=float).reshape(-1, 2)


@functools.cache
def _gb_row(number: int, partner: int | None) -> tuple[float, float]:
    topology = Topology()
    residue = topology.addResidue("LIG", topology.addChain("L"))
    atom = topology.addAtom("A", Element.getByAtomicNumber(number), residue)
    if partner is not None:
        other = topology.addAtom("B", Element.getByAtomicNumber(partner), residue)
        topology.addBond(atom, other)
    radius, factor = GBSAOBC2Force.getStandardParameters(topology)[0]
    return radius, factor


def openmm_topology(mol: Chem.Mol, residue_name: str = "LIG") -> Topology:
    """Make an OpenMM Topology of one residue with the molecule's atoms and bonds."""
    topology = Topology()
    residue = topology.addResidue(residue_name, topology.addChain("L"))
    atoms = [
        topology.addAtom(_label(atom), Element.getByAtomicNumber(atom.GetAtomicNum()), residue)
        for atom in atoms_of(mol)
    ]
    for bond in bonds_of(mol):
        topology.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])
    return topology
