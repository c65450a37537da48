"""Residues and atoms of a structure, and what is recorded of changes to them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from screenmm.receptor.conservation import Conservation, Removal
from screenmm.receptor.predicted import Origin
from screenmm.receptor.report import Change

Array = NDArray[np.float64]
PEPTIDE_BOND = 2.0  # Å, longest C–N distance read as a bond
POOR_PEPTIDE_BOND = 2.8  # Å, the same between consecutive numbers: no room for a gap


@dataclass(eq=False)
class Atom:
    """One atom; position in Å. ``added`` tells atoms that are not in the file.

    ``source`` is the ordinal of the atom's record in the file, None where it is in none.
    """

    name: str
    element: str
    xyz: Array
    b_factor: float = 0.0
    added: bool = False
    source: int | None = None


@dataclass(eq=False)
class Residue:
    """One residue with the author's chain and number.

    Attributes
    ----------
    kind : str
        polymer, cap, water, ion or other.
    variant : str or None
        Protonation variant that the name in the file implies.
    sequence_index : int or None
        Position in the chain's full sequence, from 1, where the file gives it.
    file_name : str
        Name in the file of a residue that is modelled as another one, or of a water, ion or
        cap under another name; else empty.
    plddt : float or None
        pLDDT of a predicted model's residue, 0 to 100: the mean of its heavy atoms.
    ordinal : int or None
        Place among the residues of a predicted model's polymers, from 0.
    """

    chain: str
    name: str
    number: int
    icode: str
    atoms: list[Atom]
    kind: str = "other"
    variant: str | None = None
    sequence_index: int | None = None
    hetero: bool = False
    file_name: str = ""
    plddt: float | None = None
    ordinal: int | None = None

    @property
    def label(self) -> str:
        """``chain:name:number``, without the chain where it is blank."""
        place = f"{self.name}:{self.place}"
        return f"{self.chain}:{place}" if self.chain else place

    @property
    def place(self) -> str:
        """Number with its insertion code."""
        return f"{self.number}{self.icode}"

    def heavy(self) -> list[Atom]:
        """Atoms but hydrogens."""
        return [atom for atom in self.atoms if atom.element != "H"]

    def hydrogens(self) -> list[Atom]:
        """Hydrogens (deuterium included)."""
        return [atom for atom in self.atoms if atom.element == "H"]

    def positions(self, heavy_only: bool = True) -> Array:
        """Positions, Å."""
        atoms = self.heavy() if heavy_only else self.atoms
        return np.array([atom.xyz for atom in atoms]).reshape(-1, 3)

    def find(self, name: str) -> Atom | None:
        """Atom by name, or None."""
        return next((atom for atom in self.atoms if atom.name == name), None)


@dataclass
class Structure:
    """Residues of the kept chains, in file order, and what the file says about them.

    Attributes
    ----------
    sequences : dict
        Full sequence (residue names) of each chain, where the file has one.
    origin : Origin
        Whether it is a predicted model, and what says so.
    conservation : Conservation
        What became of every atom of the file.
    trimmed : list of Residue
        Residues of low confidence that were taken out of a predicted model.
    ordinals : int
        Residues of a predicted model's polymers in the file, whichever chains are kept.
    heteros : int
        Its residues, ligands among them, that are HETATM in the file.
    """

    residues: list[Residue]
    sequences: dict[str, list[str]] = field(default_factory=dict)
    origin: Origin = field(default_factory=lambda: Origin(False, ""))
    changes: list[Change] = field(default_factory=list)
    conservation: Conservation = field(default_factory=Conservation)
    trimmed: list[Residue] = field(default_factory=list)
    ordinals: int = 0
    heteros: int = 0

    def of_kind(self, *kinds: str) -> Iterator[Residue]:
        """Residues of the named kinds."""
        return (residue for residue in self.residues if residue.kind in kinds)

    def note(self, kind: str, residue: Residue | str, detail: str) -> None:
        """Record a change."""
        label = residue.label if isinstance(residue, Residue) else residue
        self.changes.append(Change(kind, label, detail))

    def remove(self, residue: Residue, why: Removal, detail: str) -> None:
        """Take a residue out, for a reason that is counted and told."""
        self.remove_all([residue], why)
        self.note("removed", residue, detail)

    def remove_all(self, residues: Iterable[Residue], why: Removal) -> None:
        """Take residues out, for a reason that is counted; the caller tells it."""
        gone = {id(residue): residue for residue in residues}
        self.residues = [each for each in self.residues if id(each) not in gone]
        for residue in gone.values():
            self.conservation.remove((atom.source for atom in residue.atoms), why)

    def drop(self, residue: Residue, atoms: Iterable[Atom], why: Removal) -> None:
        """Take atoms out of a residue, for a reason that is counted."""
        gone = {id(atom): atom for atom in atoms}
        residue.atoms = [atom for atom in residue.atoms if id(atom) not in gone]
        self.conservation.remove((atom.source for atom in gone.values()), why)

    @contextmanager
    def losing(self, why: Removal) -> Iterator[None]:
        """Count the atoms that residues lose in the block, which keeps all residues.

        An atom that goes from one residue to another is not lost; a residue that goes as a
        whole has a reason of its own (:meth:`remove`).
        """
        before = {id(residue): [a.source for a in residue.atoms] for residue in self.residues}
        yield
        kept = {atom.source for residue in self.residues for atom in residue.atoms}
        for residue in self.residues:
            self.conservation.remove(
                (source for source in before.get(id(residue), []) if source not in kept), why
            )


def bond_length(first: Residue, second: Residue) -> float:
    """Distance from the first residue's C (or O3') to the second's N (or P), Å; inf if absent."""
    for one, other in (("C", "N"), ("O3'", "P")):
        tail, head = first.find(one), second.find(other)
        if tail is not None and head is not None:
            return float(np.linalg.norm(tail.xyz - head.xyz))
    return float("inf")


def are_bonded(first: Residue, second: Residue) -> bool:
    """Whether two successive residues are linked (peptide or phosphodiester bond)."""
    length = bond_length(first, second)
    consecutive = second.number - first.number == 1
    if np.isfinite(length):
        return length < (POOR_PEPTIDE_BOND if consecutive else PEPTIDE_BOND)
    one, other = first.find("CA"), second.find("CA")
    if one is None or other is None:
        return False
    # backbone atoms are missing: neighbours in number and in space are linked
    return consecutive and float(np.linalg.norm(one.xyz - other.xyz)) < 4.3


def has_nucleic_backbone(residue: Residue) -> bool:
    """Whether a residue has the sugar of a nucleotide, by names as in the wwPDB's dictionary."""
    sugar = ("O5'", "C5'", "C4'", "C3'", "O3'", "C2'", "C1'")
    return all(residue.find(name) is not None for name in sugar)
