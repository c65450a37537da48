"""Models of point mutants: side chains of a prepared receptor exchanged, all else as it was.

A variant is not prepared anew. Chains, protonation, waters, and the place of every atom but those
of the exchanged side chains are the wild type's, bit for bit, and so are its parameters: what two
preparations of one structure would differ in does not become a difference of the two proteins.
The parameters of an exchanged residue, and every term that it shares with its neighbours, come
from the same force field, applied to the residue between its neighbours in the chain.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from openmm import app
from scipy.spatial import cKDTree
from scipy.spatial.distance import cdist

from screenmm.core.errors import ReceptorError
from screenmm.forcefield.parameters import Parameters, extract
from screenmm.receptor.forcefield import build_system
from screenmm.receptor.hydrogens import expected_hydrogens
from screenmm.receptor.model import ReceptorModel
from screenmm.receptor.relax import add_hydrogens
from screenmm.receptor.sidechains import CROWDING, Rotamer, rotamers
from screenmm.receptor.sites import atom_names
from screenmm.receptor.structure import Array
from screenmm.residues.synonyms import AMINO_ACIDS
from screenmm.run.receptor_folder import ReceptorFolder

KEPT = ("N", "CA", "C", "O", "OXT", "CB")
"""Heavy atoms of a residue that stay where they are when its side chain is exchanged."""

STATES = {"HIS": "HIE"}
"""Protonation of new residues, where it is not the residue's own name."""

MOST_SETS = 64
"""Sets of rotamers of several residues that are looked at: copies of a protein multiply them."""

INDEXED = ("bonds", "angles", "torsions", "exceptions")


@dataclass(frozen=True)
class Prepared:
    """A prepared receptor with the names of its atoms.

    Parameters
    ----------
    model : ReceptorModel
        Of N atoms.
    names, elements : ndarray of str, shape (N,)
        Of each atom.
    """

    model: ReceptorModel
    names: np.ndarray
    elements: np.ndarray

    @classmethod
    def load(cls, folder: Path) -> Prepared:
        """Read a folder that ``prepare-receptor`` wrote.

        Raises
        ------
        ReceptorError
            Its files do not belong together.
        """
        home = ReceptorFolder(folder)
        model = ReceptorModel.load(folder)
        names, elements = atom_names(home, len(model.positions_angstrom))
        return cls(model, np.array(names), np.array(elements))

    def atoms(self, residue: int) -> slice:
        """Atoms of a residue, which follow one another."""
        found = np.flatnonzero(self.model.residues == residue)
        return slice(int(found[0]), int(found[-1]) + 1)

    def residue_name(self, residue: int) -> str:
        """Name of a residue, as ``THR``."""
        return str(self.model.residue_labels[residue]).split(":")[-2]

    def places(self, residue: int) -> dict[str, Array]:
        """Heavy atoms of a residue by name, Å."""
        part = self.atoms(residue)
        heavy = self.elements[part] != "H"
        xyz = self.model.positions_angstrom[part][heavy]
        return dict(zip(self.names[part][heavy].tolist(), xyz, strict=True))

    def bonded_to(self, residue: int) -> list[int]:
        """Other residues that share a bond with one, ascending."""
        linked = self.model.residues[self.model.parameters.bonds]
        mine = linked[(linked == residue).any(axis=1)]
        return sorted(set(mine.ravel().tolist()) - {residue})

    def bonded_beside_chain(self, residue: int) -> list[int]:
        """Other residues that share a bond with one which is no peptide bond, ascending."""
        bonds = self.model.parameters.bonds
        linked = self.model.residues[bonds]
        across = bonds[(linked == residue).any(axis=1) & (linked[:, 0] != linked[:, 1])]
        other = [
            int(self.model.residues[atom])
            for pair in across
            if set(self.names[pair].tolist()) != {"C", "N"}
            for atom in pair
        ]
        return sorted(set(other) - {residue})


@dataclass(frozen=True)
class Mutant:
    """A receptor with exchanged side chains.

    Parameters
    ----------
    prepared : Prepared
        With the first of the rotamers.
    sites : tuple of int
        Residues that were exchanged.
    rotamers : list of ndarray, shape (N, 3)
        Coordinates of the whole receptor in each plausible set of rotamers, Å; first as the old
        side chains stand.
    """

    prepared: Prepared
    sites: tuple[int, ...]
    rotamers: list[Array]

    def receptor(self, rotamer: int) -> ReceptorModel:
        """Receptor with one of the sets of rotamers."""
        return replace(self.prepared.model, positions_angstrom=self.rotamers[rotamer])


def check_site(wild: Prepared, residue: int) -> None:
    """Refuse a residue whose side chain cannot be exchanged.

    Raises
    ------
    ReceptorError
        It is no standard amino acid, or is bonded to more than its neighbours in the chain.
    """
    label = wild.model.residue_labels[residue]
    if wild.residue_name(residue) not in AMINO_ACIDS:
        raise ReceptorError(f"{label} is none of the 20 amino acids: it cannot be mutated")
    beside = wild.bonded_beside_chain(residue)
    if beside:
        others = ", ".join(str(wild.model.residue_labels[each]) for each in beside)
        raise ReceptorError(
            f"{label} is bonded to {others}, beside its neighbours in the chain: without that bond "
            "the wild type's structure is no model of the variant"
        )


def mutate(wild: Prepared, changes: Mapping[int, str], most: int) -> Mutant:
    """Exchange side chains.

    Parameters
    ----------
    wild : Prepared
        Wild type.
    changes : mapping of int to str
        New amino acid (``ILE``) of each residue; it may be the old one, which is then built anew.
    most : int
        Most sets of rotamers: first as the old side chains stand, then the least crowded of those
        of each class of χ1.

    Returns
    -------
    Mutant

    Raises
    ------
    ReceptorError
        A residue cannot be exchanged (:func:`check_site`), or the force field does not know it.
    """
    for residue in changes:
        check_site(wild, residue)
    chosen = _combinations(wild, changes, most)
    mutants = [_built(wild, changes, each) for each in chosen]
    return Mutant(
        mutants[0],
        tuple(sorted(changes)),
        [each.model.positions_angstrom for each in mutants],
    )


def _combinations(
    wild: Prepared, changes: Mapping[int, str], most: int
) -> list[dict[int, dict[str, Array]]]:
    """Heavy atoms of the new residues, by residue and name, of each set of rotamers."""
    kept = {residue: _kept(wild, residue, name) for residue, name in changes.items()}
    choices = []
    each_most = max(1, int(MOST_SETS ** (1 / len(changes))))
    for residue, name in changes.items():
        beside = [xyz for each, atoms in kept.items() if each != residue for xyz in atoms.values()]
        tree = cKDTree(np.vstack([_surroundings(wild, changes), *beside]))
        choices.append(_plausible(wild.places(residue), name, kept[residue], tree)[:each_most])
    as_the_old, *others = itertools.product(*choices)
    others.sort(key=lambda each: round(sum(one.crowding for one in each) + _overlap(each), 6))
    sets = [as_the_old, *others]
    return [
        {
            residue: kept[residue] | rotamer.positions
            for residue, rotamer in zip(changes, each, strict=True)
        }
        for each in sets[:most]
    ]


def _surroundings(wild: Prepared, changes: Mapping[int, str]) -> Array:
    """Heavy atoms of all other residues, Å."""
    other = ~np.isin(wild.model.residues, list(changes)) & (wild.elements != "H")
    return wild.model.positions_angstrom[other]


def _kept(wild: Prepared, residue: int, name: str) -> dict[str, Array]:
    places = wild.places(residue)
    return {
        each: places[each] for each in KEPT if each in places and (each != "CB" or name != "GLY")
    }


def _plausible(
    old: dict[str, Array], name: str, kept: dict[str, Array], tree: cKDTree
) -> list[Rotamer]:
    """Rotamers to try: as the old side chain stands, then the least crowded of each χ1."""
    found = [rotamers(name, kept, tree, like=old)[0]]
    for each in rotamers(name, kept, tree):
        if not any(_same_chi1(each, other) for other in found):
            found.append(each)
    return found


def _same_chi1(one: Rotamer, other: Rotamer) -> bool:
    """Whether two rotamers of a residue put their γ atoms in the same places, within 1 Å."""
    gamma = [name for name in one.positions if len(name) > 1 and name[1] == "G"]
    return all(np.linalg.norm(one.positions[g] - other.positions[g]) < 1.0 for g in gamma)


def _overlap(combination: Sequence[Rotamer]) -> float:
    """Crowding of exchanged side chains among themselves, Å²."""
    total = 0.0
    for one, other in itertools.combinations(combination, 2):
        if one.positions and other.positions:
            near = cdist(list(one.positions.values()), list(other.positions.values()))
            total += float((np.clip(CROWDING - near, 0, None) ** 2).sum())
    return total


def _built(
    wild: Prepared, changes: Mapping[int, str], heavy: Mapping[int, dict[str, Array]]
) -> Prepared:
    """Put new residues in, one after the other."""
    built = wild
    for residue, name in changes.items():
        built = _exchanged(built, residue, name, heavy[residue])
    return built


def _exchanged(base: Prepared, residue: int, name: str, heavy: dict[str, Array]) -> Prepared:
    """Receptor with one residue exchanged."""
    fragment = _Fragment.of(base, residue, name, heavy)
    parameters, positions = fragment.parametrised()
    old = base.atoms(residue)
    new = np.flatnonzero(fragment.places < 0)
    # where the atoms of the fragment, and those of the receptor, are in the new receptor
    shift = len(new) - (old.stop - old.start)
    after = np.arange(len(base.names))
    after[old.stop :] += shift
    placed = np.where(fragment.places < 0, 0, after[fragment.places])
    placed[new] = old.start + np.arange(len(new))
    labels = base.model.residue_labels.astype(object)
    labels[residue] = _renamed(str(labels[residue]), name)

    def spliced(whole: np.ndarray, part: np.ndarray) -> np.ndarray:
        return np.concatenate([whole[: old.start], part[new], whole[old.stop :]])

    model = ReceptorModel(
        _spliced(base.model.parameters, parameters, old, after, new, placed),
        spliced(base.model.positions_angstrom, positions),
        spliced(base.model.residues, np.full(len(positions), residue, dtype=np.int32)),
        labels.astype(str),
    )
    return Prepared(
        model,
        spliced(base.names, np.array([atom.name for atom in fragment.topology.atoms()])),
        spliced(
            base.elements, np.array([atom.element.symbol for atom in fragment.topology.atoms()])
        ),
    )


def _renamed(label: str, name: str) -> str:
    *chain, _, place = label.split(":")
    return ":".join([*chain, name, place])


def _spliced(
    whole: Parameters,
    part: Parameters,
    old: slice,
    after: np.ndarray,
    new: np.ndarray,
    placed: np.ndarray,
) -> Parameters:
    """Parameters of a receptor with the atoms ``new`` of a fragment in the place of ``old``."""
    gone = np.zeros(len(whole), dtype=bool)
    gone[old] = True
    come = np.zeros(len(part), dtype=bool)
    come[new] = True
    found = {}
    for field in fields(Parameters):
        one, other = getattr(whole, field.name), getattr(part, field.name)
        if field.name in INDEXED or field.name.endswith("_values"):
            index = field.name.replace("_values", "s")
            stay = ~gone[getattr(whole, index)].any(axis=1)
            join = come[getattr(part, index)].any(axis=1)
            one, other = one[stay], other[join]
            if field.name in INDEXED:
                one, other = after[one].astype(np.int32), placed[other].astype(np.int32)
            found[field.name] = np.concatenate([one, other])
        else:
            found[field.name] = np.concatenate([one[: old.start], other[new], one[old.stop :]])
    return Parameters(**found)


@dataclass(frozen=True)
class _Fragment:
    """A new residue between its neighbours in the chain.

    Parameters
    ----------
    topology : openmm.app.Topology
        With all hydrogens and bonds.
    positions : ndarray, shape (M, 3)
        Å.
    places : ndarray of int, shape (M,)
        Index of each atom in the receptor; -1 in the new residue.
    """

    topology: app.Topology
    positions: Array
    places: np.ndarray

    @classmethod
    def of(cls, base: Prepared, residue: int, name: str, heavy: dict[str, Array]) -> _Fragment:
        """Build the fragment, and hydrogens where the new residue has none yet."""
        members = sorted([*base.bonded_to(residue), residue])
        topology = app.Topology()
        chain = topology.addChain("A")
        xyz: list[Array] = []
        wanted: list[object] = []
        for each in members:
            label = str(base.model.residue_labels[each])
            named = name if each == residue else base.residue_name(each)
            added = topology.addResidue(named, chain, label.rsplit(":", maxsplit=1)[-1])
            if each == residue:
                atoms = [(key, key[0], place) for key, place in heavy.items()]
                wanted.append(_hydrogens(base, residue, name))
            else:
                part = base.atoms(each)
                atoms = list(
                    zip(
                        base.names[part].tolist(),
                        base.elements[part].tolist(),
                        base.model.positions_angstrom[part],
                        strict=True,
                    )
                )
                wanted.append(_present(base, each))
            for key, element, place in atoms:
                topology.addAtom(key, app.Element.getBySymbol(element), added)
                xyz.append(place)
        topology.createStandardBonds()
        _add_bonds(topology, base, members, residue)
        full, positions = add_hydrogens(topology, np.array(xyz), wanted)
        return cls(full, positions, _places(full, base, members, residue))

    def parametrised(self) -> tuple[Parameters, Array]:
        """Parameters and coordinates (Å)."""
        system = build_system(
            self.topology,
            nonbondedMethod=app.NoCutoff,
            ignoreExternalBonds=True,
            templates=_templates(self.topology),
        )
        return extract(system, self.topology), self.positions


def _templates(topology: app.Topology) -> dict[app.topology.Residue, str]:
    """Templates of cysteines without a hydrogen on sulfur, of which there are two.

    They are neighbours of the new residue, and what they differ in does not reach it.
    """
    return {
        residue: "CYX"
        for residue in topology.residues()
        if residue.name == "CYS" and not any(atom.name == "HG" for atom in residue.atoms())
    }


def _hydrogens(base: Prepared, residue: int, name: str) -> list[tuple[str, str]]:
    """Hydrogens of a new residue as (name, parent); of one built anew those that it had."""
    if name == base.residue_name(residue):
        return _present(base, residue)
    neighbours = base.bonded_to(residue)
    first, last = residue - 1 not in neighbours, residue + 1 not in neighbours
    found = expected_hydrogens(name, STATES.get(name, name), first, last)
    assert found is not None  # of the 20 amino acids all are known
    return found


def _present(base: Prepared, residue: int) -> list[tuple[str, str]]:
    """Hydrogens of a residue as (name, parent)."""
    part = base.atoms(residue)
    found = []
    for one, other in base.model.parameters.bonds.tolist():
        hydrogen, parent = (one, other) if base.elements[one] == "H" else (other, one)
        if part.start <= hydrogen < part.stop and base.elements[hydrogen] == "H":
            found.append((str(base.names[hydrogen]), str(base.names[parent])))
    return found


def _add_bonds(topology: app.Topology, base: Prepared, members: Sequence[int], new: int) -> None:
    """Add what OpenMM's standard bonds lack: those of modified residues, and to them."""
    have = {frozenset((one.index, other.index)) for one, other in topology.bonds()}
    residues = list(topology.residues())
    atoms = [{atom.name: atom for atom in residue.atoms()} for residue in residues]
    pairs = [
        (one["C"], other["N"])
        for one, other in itertools.pairwise(atoms)
        if "C" in one and "N" in other
    ]
    for residue, there in zip(members, atoms, strict=True):
        if residue == new:
            continue
        part = base.atoms(residue)
        inside = base.model.parameters.bonds
        inside = inside[((inside >= part.start) & (inside < part.stop)).all(axis=1)]
        pairs += [(there[base.names[one]], there[base.names[other]]) for one, other in inside]
    for one, other in pairs:
        if frozenset((one.index, other.index)) not in have:
            topology.addBond(one, other)


def _places(topology: app.Topology, base: Prepared, members: Sequence[int], new: int) -> np.ndarray:
    """Index in the receptor of each atom of a fragment; -1 in the new residue."""
    found = []
    for residue, built in zip(members, topology.residues(), strict=True):
        part = base.atoms(residue)
        index = {name: part.start + k for k, name in enumerate(base.names[part].tolist())}
        found += [-1 if residue == new else index[atom.name] for atom in built.atoms()]
    return np.array(found)
