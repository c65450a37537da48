"""The prepared receptor as a molecule with bond orders, and its residues one by one.

Atoms and bonds are those of the force field, hydrogens included. Bond orders and charges are
not in it: they are inferred residue by residue, with hydrogens in the place of neighbouring
residues, and have to add up to the force field's charge of the residue.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import gemmi
import numpy as np
from rdkit import Chem

from screenmm.core.errors import ReceptorError
from screenmm.inspection.quiet import MDAnalysisInferrer, Residue, split_mol_by_residues
from screenmm.receptor.sites import atom_names
from screenmm.run.receptor_folder import ReceptorFolder

log = logging.getLogger(__name__)

CAPS = frozenset(("ACE", "NME", "NH2"))
MODIFIED = frozenset(("SEP", "TPO", "PTR", "S1P", "T1P", "Y1P", "HYP"))
WATER = "HOH"
CHARGE_TOLERANCE = 0.1
"""A residue's charge in the force field is whole; read back, it may differ in the last digits."""

Bonds = list[tuple[int, int]]


@dataclass(frozen=True)
class ReceptorMolecule:
    """A receptor for inspection.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        All atoms, in the order of the force field, with their PDB names.
    residues : list of prolif.residue.Residue
        One for each label, in the same order; their conformers are scratch space.
    atoms : list of ndarray of int
        Atoms of each residue.
    labels : list of str
        As in the residue energies, ``A:MET:96``.
    positions_angstrom : ndarray, shape (N, 3)
        Coordinates after preparation, Å.
    """

    mol: Chem.Mol
    residues: list[Residue]
    atoms: list[np.ndarray]
    labels: list[str]
    positions_angstrom: np.ndarray

    def moved(self, atoms: list[int], xyz_angstrom: list[float]) -> np.ndarray:
        """Coordinates with some atoms in their new places, Å.

        Parameters
        ----------
        atoms : list of int
            Atoms that moved.
        xyz_angstrom : list of float
            Their coordinates, x y z after x y z.

        Returns
        -------
        ndarray, shape (N, 3)
        """
        positions = self.positions_angstrom.copy()
        positions[atoms] = np.reshape(xyz_angstrom, (-1, 3))
        return positions

    def near(self, positions: np.ndarray, ligand: np.ndarray, radius_angstrom: float) -> list[int]:
        """Residues with an atom within a distance of a ligand atom; the nearest one at least.

        Parameters
        ----------
        positions : ndarray, shape (N, 3)
            Of the receptor, Å.
        ligand : ndarray, shape (M, 3)
            Of the ligand, Å.
        radius_angstrom : float
            The distance.

        Returns
        -------
        list of int
            In order.
        """
        closest = np.full(len(positions), np.inf)
        for xyz in ligand:
            np.minimum(closest, ((positions - xyz) ** 2).sum(axis=1), out=closest)
        of_residue = np.array([closest[atoms].min() for atoms in self.atoms])
        found = np.flatnonzero(of_residue <= radius_angstrom**2)
        return (found if len(found) else of_residue.argsort()[:1]).tolist()

    def cut(self, residues: list[int], positions: np.ndarray) -> Chem.Mol:
        """Atoms of some residues, as PoseBusters reads a receptor: without bonds.

        Parameters
        ----------
        residues : list of int
            Which ones.
        positions : ndarray, shape (N, 3)
            Of the whole receptor, Å.

        Returns
        -------
        rdkit.Chem.Mol
            One conformer, Å.
        """
        kept = np.concatenate([self.atoms[index] for index in residues])
        cut = Chem.RWMol()
        for index in kept.tolist():
            cut.AddAtom(self.mol.GetAtomWithIdx(index))
        cut.AddConformer(Chem.Conformer(len(kept)))
        cut.GetConformer().SetPositions(np.ascontiguousarray(positions[kept], dtype=float))
        return cut.GetMol()


def load_receptor(folder: Path) -> ReceptorMolecule:
    """Read a prepared receptor.

    Parameters
    ----------
    folder : Path
        What ``prepare-receptor`` wrote.

    Raises
    ------
    ReceptorError
        Its files do not belong together.
    """
    home = ReceptorFolder(folder)
    with np.load(home.coordinates) as arrays:
        positions = arrays["positions_angstrom"].astype(float)
        residue_of = arrays["residues"]
        labels = [str(label) for label in arrays["residue_labels"]]
    with np.load(home.parameters) as arrays:
        bonds: Bonds = [(int(one), int(two)) for one, two in arrays["bonds"]]
        charges = arrays["charges"]
    names, symbols = atom_names(home, len(positions))
    if len(positions) != len(charges):
        raise ReceptorError(
            f"{folder}: {home.coordinates.name} has {len(positions)} atoms, "
            f"{home.parameters.name} {len(charges)}: prepare the receptor again"
        )
    atoms = [np.flatnonzero(residue_of == index) for index in range(len(labels))]
    bonds = bonds + _water_bonds(symbols, atoms, labels, bonds)
    mol = _molecule(symbols, names, bonds, atoms, labels, charges)
    residues = _split(mol, atoms)
    _name_for_checks(mol, atoms, names, labels)
    return ReceptorMolecule(mol, residues, atoms, labels, positions)


def _water_bonds(
    symbols: list[str], atoms: list[np.ndarray], labels: list[str], bonds: Bonds
) -> Bonds:
    """Bonds of waters, which a force field may hold by constraints instead."""
    bonded = {atom for bond in bonds for atom in bond}
    found: Bonds = []
    for members, label in zip(atoms, labels, strict=True):
        if _name_of(label) == WATER and not bonded & set(members.tolist()):
            (oxygen,) = (int(atom) for atom in members if symbols[atom] == "O")
            found += [(oxygen, int(atom)) for atom in members if symbols[atom] == "H"]
    return found


def _name_of(label: str) -> str:
    return label.split(":")[-2]


def _molecule(
    symbols: list[str],
    names: list[str],
    bonds: Bonds,
    atoms: list[np.ndarray],
    labels: list[str],
    charges: np.ndarray,
) -> Chem.Mol:
    """Put the residues' inferred bond orders and charges together."""
    whole = Chem.RWMol()
    for symbol in symbols:
        atom = Chem.Atom(symbol)
        atom.SetNoImplicit(True)
        whole.AddAtom(atom)
    for one, two in bonds:
        whole.AddBond(one, two, Chem.BondType.SINGLE)
    neighbours: dict[int, list[int]] = defaultdict(list)
    for one, two in bonds:
        neighbours[one].append(two)
        neighbours[two].append(one)
    known: dict[object, Chem.Mol] = {}
    odd = []
    for members, label in zip(atoms, labels, strict=True):
        place = {atom: index for index, atom in enumerate(members.tolist())}
        inside = sorted(
            (place[a], place[b]) for a in place for b in neighbours[a] if b in place and a < b
        )
        links = tuple(index for a, index in place.items() for b in neighbours[a] if b not in place)
        kinds = tuple(symbols[atom] for atom in members)
        key = (kinds, tuple(names[atom] for atom in members), tuple(inside), links)
        if key not in known:
            known[key] = _inferred(kinds, inside, links)
        template = known[key]
        for index, atom in enumerate(members.tolist()):
            whole.GetAtomWithIdx(atom).SetFormalCharge(
                template.GetAtomWithIdx(index).GetFormalCharge()
            )
        for a, b in inside:
            bond = whole.GetBondBetweenAtoms(int(members[a]), int(members[b]))
            bond.SetBondType(template.GetBondBetweenAtoms(a, b).GetBondType())
        formal = Chem.GetFormalCharge(template)
        if abs(formal - float(charges[members].sum())) > CHARGE_TOLERANCE:
            odd.append(f"{label} ({formal:+d} for {charges[members].sum():+.2f})")
    if odd:
        log.warning(
            "inferred charges that are not the force field's, so that salt bridges and hydrogen "
            "bonds of these residues may be missed: %s", ", ".join(odd),
        )  # fmt: skip
    mol = whole.GetMol()
    Chem.SanitizeMol(mol)
    mol.AddConformer(Chem.Conformer(len(symbols)))
    return mol


def _inferred(symbols: tuple[str, ...], bonds: Bonds, links: tuple[int, ...]) -> Chem.Mol:
    """Bond orders (kekulised) and charges of one residue, from its bonds and hydrogens."""
    piece = Chem.RWMol()
    for symbol in (*symbols, *("H" for _ in links)):
        atom = Chem.Atom(symbol)
        atom.SetNoImplicit(True)
        # the inferrer gives the atoms back in this order
        atom.SetIntProp("_MDAnalysis_index", piece.GetNumAtoms())
        piece.AddAtom(atom)
    for one, two in bonds:
        piece.AddBond(one, two, Chem.BondType.SINGLE)
    for hydrogen, index in enumerate(links, start=len(symbols)):
        piece.AddBond(index, hydrogen, Chem.BondType.SINGLE)
    piece.UpdatePropertyCache(strict=False)
    found = MDAnalysisInferrer()(piece.GetMol())
    Chem.Kekulize(found, clearAromaticFlags=True)
    return found


def _split(mol: Chem.Mol, atoms: list[np.ndarray]) -> list[Residue]:
    """Cut the molecule into ProLIF's residues, with the properties that it has as a whole."""
    numbered = Chem.Mol(mol)
    for number, members in enumerate(atoms):
        info = Chem.AtomPDBResidueInfo(" X  ", residueName="RES", residueNumber=number)
        for index in members.tolist():
            numbered.GetAtomWithIdx(index).SetMonomerInfo(info)
    for atom in numbered.GetAtoms():
        atom.SetUnsignedProp("mapindex", atom.GetIdx())
    pieces = [Residue(piece) for piece in split_mol_by_residues(numbered)]
    pieces.sort(key=lambda piece: piece.resid.number)
    if [len(members) for members in atoms] != [piece.GetNumAtoms() for piece in pieces]:
        raise ReceptorError(
            "a residue's atoms are not bonded into one piece: see what report.txt of the "
            "receptor says of it, and prepare the receptor again"
        )
    return pieces


def _name_for_checks(
    mol: Chem.Mol, atoms: list[np.ndarray], names: list[str], labels: list[str]
) -> None:
    """Say of each atom what PoseBusters goes by: protein, cofactor or water."""
    for number, (members, label) in enumerate(zip(atoms, labels, strict=True)):
        name = _name_of(label)
        for index in members.tolist():
            info = Chem.AtomPDBResidueInfo(
                names[index],
                residueName=name,
                residueNumber=number,
                isHeteroAtom=not _is_chain(name),
            )
            mol.GetAtomWithIdx(index).SetMonomerInfo(info)


def _is_chain(name: str) -> bool:
    """Whether a residue is part of a protein or nucleic acid."""
    if name in CAPS or name in MODIFIED:
        return True
    kind = gemmi.find_tabulated_residue(name)
    return bool(kind.is_amino_acid() or kind.is_nucleic_acid())
