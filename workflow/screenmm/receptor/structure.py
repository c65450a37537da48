"""Reading a structure file into residues: first model, one alternate location each."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from string import ascii_uppercase

import gemmi
import numpy as np
from numpy.typing import NDArray

from screenmm.errors import ReceptorError
from screenmm.files import read_text
from screenmm.receptor.names import (
    ATOM_ALIASES,
    CAPS,
    IONS,
    METALS,
    MODIFIED,
    NUCLEOTIDES,
    PHOSPHATE_ALIASES,
    TERMINAL_ALIASES,
    parent_amino_acid,
)
from screenmm.receptor.report import Change
from screenmm.receptor.synonyms import AMINO_ACIDS, standard_name

Array = NDArray[np.float64]
MOST_CAP_ATOMS = 3
PEPTIDE_BOND = 2.0  # Å, longest C–N distance read as a bond
POOR_PEPTIDE_BOND = 2.8  # Å, the same between consecutive numbers: no room for a gap


@dataclass
class Atom:
    """One atom; position in Å. ``added`` tells atoms that are not in the file."""

    name: str
    element: str
    xyz: Array
    b_factor: float = 0.0
    added: bool = False


@dataclass
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
        Name in the file of a residue that is modelled as another one; else empty.
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
    predicted : bool
        True when the file names a predicted model, whose B factors are pLDDT.
    """

    residues: list[Residue]
    sequences: dict[str, list[str]] = field(default_factory=dict)
    predicted: bool = False
    changes: list[Change] = field(default_factory=list)

    def of_kind(self, *kinds: str) -> Iterator[Residue]:
        """Residues of the named kinds."""
        return (residue for residue in self.residues if residue.kind in kinds)

    def note(self, kind: str, residue: Residue | str, detail: str) -> None:
        """Record a change."""
        label = residue.label if isinstance(residue, Residue) else residue
        self.changes.append(Change(kind, label, detail))


def read_structure(path: Path, chains: list[str] | None = None) -> Structure:
    """Read the first model of a PDB or mmCIF file.

    Alternate locations are settled per residue: the highest mean occupancy, ties by label.

    Parameters
    ----------
    path : Path
        PDB or mmCIF, plain or gzipped.
    chains : list of str, optional
        Author names of the chains to keep; None keeps all.

    Returns
    -------
    Structure

    Raises
    ------
    ReceptorError
        The file cannot be read, holds no atoms, or lacks a chain that was asked for.
    """
    text = read_text(path)
    model, sequences = _parse(path, text)
    structure = Structure([], sequences, _is_predicted(text))
    _name_blank_chains(structure, model)
    present = list(dict.fromkeys(chain.name.strip() for chain in model))
    _note_chains(structure, path, present, chains)
    for chain in model:
        if chains is not None and chain.name.strip() not in chains:
            continue
        for _, group in _by_place(chain):
            residue = _one_conformer(structure, chain.name.strip(), group)
            if residue.atoms:
                structure.residues.append(residue)
    if not structure.residues:
        raise ReceptorError(f"{path.name}: no atoms; give a structure with coordinates")
    _classify(structure)
    return structure


def _parse(path: Path, text: str) -> tuple[gemmi.Model, dict[str, list[str]]]:
    is_cif = ".cif" in path.suffixes or text.lstrip().startswith("data_")
    form = gemmi.CoorFormat.Mmcif if is_cif else gemmi.CoorFormat.Pdb
    try:
        parsed = gemmi.read_structure_string(text, format=form)
    except (RuntimeError, ValueError) as error:
        raise ReceptorError(f"{path.name} cannot be read as PDB or mmCIF: {error}") from None
    if len(parsed) == 0:
        raise ReceptorError(f"{path.name}: no atoms; give a structure with coordinates")
    parsed.merge_chain_parts()
    # a PDB file's own subchains are absent; deduced sequences would hide the gaps
    parsed.setup_entities()
    parsed.assign_label_seq_id()
    model = parsed[0]
    sequences: dict[str, list[str]] = {}
    for chain in model:
        for entity in parsed.entities:
            in_chain = {residue.subchain for residue in chain}
            if entity.full_sequence and in_chain & set(entity.subchains):
                sequences[chain.name.strip()] = [
                    gemmi.Entity.first_mon(item) for item in entity.full_sequence
                ]
    return model, sequences


def _is_predicted(text: str) -> bool:
    head = text[:20_000]
    return "_ma_qa_metric" in text or bool(re.search(r"alphafold|esmfold", head, re.IGNORECASE))


def _name_blank_chains(structure: Structure, model: gemmi.Model) -> None:
    """Give chains without a name the first free letter: mmCIF cannot hold a blank one."""
    used = {chain.name.strip() for chain in model}
    for chain in model:
        if not chain.name.strip():
            chain.name = next(letter for letter in ascii_uppercase if letter not in used)
            used.add(chain.name)
            structure.note("chain named", chain.name, "it has no name in the file")


def _note_chains(
    structure: Structure, path: Path, present: list[str], chains: list[str] | None
) -> None:
    if chains is None:
        return
    missing = [chain for chain in chains if chain not in present]
    if missing:
        raise ReceptorError(
            f"{path.name} has no chain {', '.join(missing)}; its chains: "
            f"{', '.join(name or '(blank)' for name in present)}"
        )
    for name in present:
        if name not in chains:
            structure.note("chain dropped", name or "(blank)", "not among the chains asked for")


def _by_place(chain: gemmi.Chain) -> Iterator[tuple[str, list[gemmi.Residue]]]:
    """Residues of one number together: two names at a number are alternates of one place."""
    groups: dict[str, list[gemmi.Residue]] = {}
    for residue in chain:
        groups.setdefault(str(residue.seqid), []).append(residue)
    for place, members in groups.items():
        alternates = all(atom.altloc != "\0" for member in members for atom in member)
        if len(members) > 1 and alternates:
            yield place, members
        else:
            yield from ((place, [member]) for member in members)


def _occupancy(atoms: Iterable[gemmi.Atom]) -> float:
    return float(np.mean([atom.occ for atom in atoms] or [0.0]))


def _one_conformer(structure: Structure, chain: str, group: list[gemmi.Residue]) -> Residue:
    chosen = max(group, key=_occupancy)
    residue = _as_residue(chain, chosen)
    if len(group) > 1:
        others = ", ".join(f"{each.name}" for each in group if each is not chosen)
        structure.note("alternate location", residue, f"kept {chosen.name}; left out {others}")
    labels = sorted({atom.altloc for atom in chosen} - {"\0"})
    by_label = {
        label: _occupancy(atom for atom in chosen if atom.altloc == label) for label in labels
    }
    best = max(labels, key=lambda label: (round(by_label[label], 3), -ord(label)), default="\0")
    picked: dict[str, gemmi.Atom] = {}
    for atom in chosen:
        held = picked.get(atom.name)
        if held is None or (
            held.altloc not in ("\0", best) and _rank(atom, best) > _rank(held, best)
        ):
            picked[atom.name] = atom
        elif atom.element.is_hydrogen and atom.altloc == held.altloc:
            # truncated hydrogen names repeat; positions tell them apart
            picked[f"{atom.name}#{len(picked)}"] = atom
    if len(labels) > 1:
        shown = ", ".join(f"{label} {by_label[label]:.2f}" for label in labels)
        structure.note("alternate location", residue, f"kept {best} (mean occupancy {shown})")
    residue.atoms = [
        Atom(
            atom.name,
            "H" if atom.element.is_hydrogen else atom.element.name,
            np.array(atom.pos.tolist()),
            atom.b_iso,
        )
        for atom in picked.values()
    ]
    _mend_names(residue)
    return residue


def _rank(atom: gemmi.Atom, best: str) -> tuple[bool, float]:
    return atom.altloc in ("\0", best), atom.occ


def _as_residue(chain: str, source: gemmi.Residue) -> Residue:
    name, variant = standard_name(source.name.strip())
    if name in CAPS and sum(not atom.is_hydrogen() for atom in source) > MOST_CAP_ATOMS:
        # CHES, the buffer, is NHE too
        name = source.name.strip()
    return Residue(
        chain=chain,
        name=name,
        number=source.seqid.num or 0,
        icode=source.seqid.icode.strip(),
        atoms=[],
        variant=variant,
        sequence_index=source.label_seq,
        hetero=source.het_flag == "H",
    )


def _mend_names(residue: Residue) -> None:
    """Give heavy atoms their PDB names."""
    names = {atom.name for atom in residue.atoms}
    aliases = dict(ATOM_ALIASES.get(residue.name, {}))
    if residue.name in AMINO_ACIDS and ("O" not in names or {"O", "O2"} <= names or "OT2" in names):
        aliases.update(TERMINAL_ALIASES)
    if residue.name in NUCLEOTIDES:
        aliases.update(PHOSPHATE_ALIASES)
    if residue.name in NUCLEOTIDES or {"C1*", "O3*"} <= names:
        aliases.update({name: name.replace("*", "'") for name in names if "*" in name})
    for atom in residue.heavy():
        if atom.name in aliases and aliases[atom.name] not in names:
            atom.name = aliases[atom.name]
    if residue.name in CAPS:
        _mend_cap(residue)
    if residue.name == "HOH":
        _mend_water(residue)


def _mend_water(residue: Residue) -> None:
    """Name a water's atoms O, H1 and H2, whatever a simulation package called them."""
    hydrogens = 0
    for atom in residue.atoms:
        if atom.element == "O":
            atom.name = "O"
        elif atom.element == "H":
            hydrogens += 1
            atom.name = f"H{hydrogens}"


def _mend_cap(residue: Residue) -> None:
    """Name a cap's heavy atoms by what they are bonded to."""
    heavy = residue.heavy()
    carbons = [atom for atom in heavy if atom.element == "C"]
    if residue.name == "ACE" and len(carbons) == 2:
        oxygen = next((atom for atom in heavy if atom.element == "O"), None)
        if oxygen is not None:
            carbons.sort(key=lambda atom: float(np.linalg.norm(atom.xyz - oxygen.xyz)))
            oxygen.name, carbons[0].name, carbons[1].name = "O", "C", "CH3"
    elif residue.name == "NME" and len(carbons) == 1:
        carbons[0].name = "C"
    for atom in heavy:
        if atom.element == "N":
            atom.name = "N"


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


def _classify(structure: Structure) -> None:
    residues = structure.residues
    for index, residue in enumerate(residues):
        before = residues[index - 1] if index else None
        after = residues[index + 1] if index + 1 < len(residues) else None
        residue.kind = _kind(residue, before, after)


def _kind(residue: Residue, before: Residue | None, after: Residue | None) -> str:
    if residue.name == "HOH":
        return "water"
    if residue.name in CAPS:
        return "cap"
    if len(residue.heavy()) == 1 and (
        residue.name in IONS or residue.heavy()[0].element in METALS | {"Cl", "Br", "I", "F"}
    ):
        return "ion"
    linked = any(
        first is not None
        and second is not None
        and first.chain == second.chain
        and bond_length(first, second) < PEPTIDE_BOND
        for first, second in ((before, residue), (residue, after))
    )
    known = residue.name in AMINO_ACIDS | NUCLEOTIDES | MODIFIED
    if known and (linked or not residue.hetero):
        return "polymer"
    if linked and (parent_amino_acid(residue.name) or _has_backbone(residue)):
        return "polymer"
    return "other"


def _has_backbone(residue: Residue) -> bool:
    is_peptide = all(residue.find(name) is not None for name in ("N", "CA", "C"))
    return is_peptide or has_nucleic_backbone(residue)


def has_nucleic_backbone(residue: Residue) -> bool:
    """Whether a residue has the sugar of a nucleotide, by names as in the wwPDB's dictionary."""
    sugar = ("O5'", "C5'", "C4'", "C3'", "O3'", "C2'", "C1'")
    return all(residue.find(name) is not None for name in sugar)
