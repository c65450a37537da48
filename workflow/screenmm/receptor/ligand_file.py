"""Reading a posed molecule from .sdf, .sdf.gz, .mol, .mol2, .pdb or .cif.

Every atom of a molecule is read or the file is refused. What is chosen from a file, one of several
molecules or of alternate locations, the molecule's property ``chosen`` says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

import gemmi
import numpy as np
from rdkit import Chem, rdBase
from scipy.spatial import cKDTree

from screenmm.core.errors import PocketError
from screenmm.files.sdf import TWO_MOL_BLOCKS, has_second_mol_block
from screenmm.files.whole import read_text

SAME_PLACE = 0.5  # Å, two heavy atoms nearer than this are one atom twice
MOST_NAMED = 8
SD_FORMS = ("sdf", "mol")
NO_BOND_ORDERS = ("bond_orders", "none")
"""Property of a molecule of which only connections are known."""
FITTED_TO = "fitted_to"
"""Of a pocket: the skeleton of the ligand that its side chains were turned away from."""


def read_molecule(path: Path, *, first_of_several: bool = False) -> Chem.Mol:
    """Read the one molecule of a file, with 3D coordinates and hydrogens as they are.

    Parameters
    ----------
    path : Path
        .sdf, .sdf.gz, .mol, .mol2, .pdb or .cif.
    first_of_several : bool
        Take the first record where there are more.

    Raises
    ------
    PocketError
        It cannot be read, or the file holds several molecules.
    """
    molecules = read_molecules(path)
    if len(molecules) > 1:
        if not first_of_several:
            raise PocketError(
                f"{path} holds {len(molecules)} molecules: leave the one that is meant in the file"
            )
        name = molecules[0].GetProp("_Name") if molecules[0].HasProp("_Name") else ""
        chosen = f"the first of {len(molecules)} molecules in the file{name and f', {name}'}"
        molecules[0].SetProp("chosen", chosen)
    parts = Chem.GetMolFrags(molecules[0])
    atoms = list(molecules[0].GetAtoms())
    heavy = [[atoms[i] for i in part if atoms[i].GetAtomicNum() > 1] for part in parts]
    whole = [part for part in heavy if part]
    if len(whole) > 1:
        shown = ", ".join(_formula(part) for part in whole[:MOST_NAMED])
        raise PocketError(
            f"{path} holds {len(whole)} molecules that no bond joins, of heavy atoms {shown}: "
            "leave the one that is meant in the file, whole"
        )
    return molecules[0]


def read_molecules(path: Path) -> list[Chem.Mol]:
    """Molecules of a file that hold 3D coordinates, hydrogens as they are.

    A mol2 or SDF whose valences RDKit refuses is kept with its coordinates and whatever
    chemistry survives: a pocket needs only positions.

    Parameters
    ----------
    path : Path
        .sdf, .sdf.gz, .mol, .mol2, .pdb or .cif.

    Returns
    -------
    list of Mol
        At least one, each with a conformer.

    Raises
    ------
    PocketError
        A molecule or an atom cannot be read, atoms coincide, no alternate location is
        complete, or there are no 3D coordinates.
    """
    text = read_text(path).replace("\r\n", "\n").replace("\r", "\n")
    form = _suffix(path)
    if form == "cif":
        form, text = "pdb", _as_pdb(path, text)
    blocks = _blocks(form, text)
    if form in SD_FORMS and any(has_second_mol_block(block.splitlines()) for block in blocks):
        raise PocketError(f"{path}: {TWO_MOL_BLOCKS}")
    molecules = []
    for number, block in enumerate(blocks, start=1):
        given, alternates = _one_conformer(path, block) if form == "pdb" else (block, "")
        with rdBase.BlockLogs():
            molecule = _read(form, given)
        if molecule is None:
            which = "no molecule" if len(blocks) == 1 else f"molecule {number} of {len(blocks)}"
            raise PocketError(
                f"{path}: {which} can{'not' * (len(blocks) > 1)} be read; give an SDF with 3D "
                "coordinates"
            )
        _check_atoms(path, molecule, _atom_count(form, given))
        if alternates:
            molecule.SetProp("chosen", alternates)
        if form == "pdb":
            molecule.SetProp(*NO_BOND_ORDERS)
        molecules.append(molecule)
    if not molecules:
        raise PocketError(f"{path}: no molecule can be read; give an SDF with 3D coordinates")
    return molecules


def skeleton_smiles(ligand: Chem.Mol) -> str:
    """Heavy atoms of a molecule and their connections as SMILES, without bond orders or charges."""
    plain = Chem.RWMol()
    index = {
        atom.GetIdx(): plain.AddAtom(Chem.Atom(atom.GetAtomicNum()))
        for atom in ligand.GetAtoms()
        if atom.GetAtomicNum() > 1
    }
    for bond in ligand.GetBonds():
        ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        if all(end in index for end in ends):
            plain.AddBond(index[ends[0]], index[ends[1]], Chem.BondType.SINGLE)
    for atom in plain.GetAtoms():
        atom.SetNoImplicit(True)
    plain.UpdatePropertyCache(strict=False)
    return str(Chem.MolToSmiles(plain))


def _check_atoms(path: Path, molecule: Chem.Mol, count: int) -> None:
    """Refuse a molecule that lacks atoms of its file or cannot be placed by them."""
    if molecule.GetNumConformers() == 0 or not molecule.GetConformer().Is3D():
        raise PocketError(f"{path}: no 3D coordinates; give the pose in the receptor's frame")
    if molecule.GetNumAtoms() != count:
        raise PocketError(
            f"{path}: {molecule.GetNumAtoms()} of its {count} atoms can be read; give an SDF of "
            "the ligand alone"
        )
    unknown = [atom.GetIdx() + 1 for atom in molecule.GetAtoms() if atom.GetAtomicNum() == 0]
    if unknown:
        raise PocketError(
            f"{path}: atom {unknown[0]} is of no element: name its element, or take it out"
        )
    heavy = [atom.GetIdx() for atom in molecule.GetAtoms() if atom.GetAtomicNum() > 1]
    if not heavy:
        raise PocketError(f"{path}: it holds no heavy atoms; give the whole ligand")
    tree = cKDTree(molecule.GetConformer().GetPositions()[heavy])
    same = sorted(tree.query_pairs(SAME_PLACE))
    if same:
        one, other = (_atom_name(molecule.GetAtomWithIdx(heavy[i])) for i in same[0])
        raise PocketError(
            f"{path}: atoms {one} and {other} are in one place (within {SAME_PLACE:g} Å; "
            f"{len(same)} such pairs): leave one whole conformer in the file"
        )


def _atom_name(atom: Chem.Atom) -> str:
    info = atom.GetPDBResidueInfo()
    return info.GetName().strip() if info else f"{atom.GetSymbol()}{atom.GetIdx() + 1}"


def _formula(atoms: Iterable[Chem.Atom]) -> str:
    symbols = [atom.GetSymbol() for atom in atoms]
    return "".join(f"{each}{symbols.count(each)}" for each in sorted(set(symbols)))


def _suffix(path: Path) -> str:
    return path.name.lower().removesuffix(".gz").rpartition(".")[2]


def _as_pdb(path: Path, text: str) -> str:
    """Atoms of an mmCIF file as a PDB file."""
    try:
        found = gemmi.read_structure_string(text, format=gemmi.CoorFormat.Mmcif)
    except (RuntimeError, ValueError) as error:
        raise PocketError(f"{path} cannot be read as mmCIF: {error}") from None
    if len(found) == 0:
        raise PocketError(f"{path} holds no atom sites; give the pose in the receptor's frame")
    pdb: str = found.make_pdb_string()
    return pdb


def _blocks(form: str, text: str) -> list[str]:
    if form in SD_FORMS:
        blocks = re.split(r"^\$\$\$\$.*\n?", text, flags=re.MULTILINE)
        return [block for block in blocks if block.strip()]
    if form == "mol2":
        mark = "@<TRIPOS>MOLECULE"
        return [mark + part for part in text.split(mark)[1:]]
    return [text]


def _atom_count(form: str, block: str) -> int:
    """Atoms of a block, counted in its text; lone pairs are none."""
    lines = block.splitlines()
    match form:
        case "pdb":
            return sum(line.startswith(("ATOM", "HETATM")) for line in lines)
        case "mol2":
            table = block.partition("@<TRIPOS>ATOM")[2].partition("@<TRIPOS>")[0].splitlines()
            rows = [line.split() for line in table if line.strip() and not line.startswith("#")]
            return sum(len(row) > 5 and row[5].upper() != "LP" for row in rows)
    extended = re.search(r"^M  V30 COUNTS +(\d+)", block, re.MULTILINE)
    return int(extended[1] if extended else lines[3][:3])


# --- alternate locations ---------------------------------------------------------------


def _one_conformer(path: Path, text: str) -> tuple[str, str]:
    """PDB text with one whole conformer, and what was chosen; unchanged where there is one.

    Labels that share an atom exclude each other. Of those the complete one with the highest
    mean occupancy is kept, ties by label.
    """
    lines = text.splitlines()
    atoms = [line for line in lines if line.startswith(("ATOM", "HETATM"))]
    if sum(line.startswith("MODEL ") for line in lines) > 1:
        raise PocketError(f"{path} holds several models: leave one in the file")
    members: dict[str, dict[str, float]] = {}
    for line in atoms:
        if line[16:17].strip():
            members.setdefault(line[16], {})[line[12:16] + line[21:27]] = _occupancy(line)
    if not members:
        return text, ""
    names: dict[str, set[str]] = {}
    for line in atoms:
        names.setdefault(line[21:27], set()).add(line[17:20].strip())
    mixed = next((found for found in names.values() if len(found) > 1), None)
    if mixed:
        raise PocketError(
            f"{path} holds {' and '.join(sorted(mixed))} as alternates of one residue: leave the "
            "one that is meant in the file"
        )
    said = []
    kept = {" "}
    for labels in _exclusive(members):
        best = _complete(path, {label: members[label] for label in labels})
        kept.add(best)
        others = " ".join(label for label in labels if label != best)
        said.append(f"kept {best}" + (f", left out {others}" if others else ""))
    chosen = [
        f"{line[:16]} {line[17:]}"
        for line in lines
        if line.startswith(("ATOM", "HETATM")) and line[16] in kept
    ]
    return "\n".join([*chosen, "END", ""]), f"alternate locations: {'; '.join(said)}"


def _occupancy(line: str) -> float:
    try:
        return float(line[54:60])
    except ValueError:
        return 1.0


def _exclusive(members: dict[str, dict[str, float]]) -> list[list[str]]:
    """Labels in groups that share atoms, each in order."""
    groups: list[set[str]] = []
    for label, atoms in members.items():
        joined = {label}
        for group in [each for each in groups if any(atoms.keys() & members[x] for x in each)]:
            joined |= group
            groups.remove(group)
        groups.append(joined)
    return sorted(sorted(group) for group in groups)


def _complete(path: Path, members: dict[str, dict[str, float]]) -> str:
    """Label of the alternate that has every atom of its group."""
    every = set().union(*members.values())
    whole = [label for label, atoms in members.items() if atoms.keys() == every]
    if not whole:
        lacking = "; ".join(
            f"{label} lacks {' '.join(sorted(name[:4].strip() for name in every - atoms.keys()))}"
            for label, atoms in members.items()
        )
        raise PocketError(
            f"{path}: no alternate location is complete: {lacking}. Leave one whole conformer in "
            "the file"
        )
    means = {label: round(float(np.mean(list(members[label].values()))), 3) for label in whole}
    return max(whole, key=lambda label: (means[label], -ord(label)))


# --- formats ---------------------------------------------------------------------------


def _read(form: str, block: str) -> Chem.Mol | None:
    parse = {
        "sdf": _from_mol_block,
        "mol": _from_mol_block,
        "mol2": lambda text, sanitize: Chem.MolFromMol2Block(
            text, sanitize=sanitize, removeHs=False
        ),
        "pdb": lambda text, sanitize: Chem.MolFromPDBBlock(
            text, sanitize=sanitize, removeHs=False, proximityBonding=True
        ),
    }[form]
    molecule = parse(block, True)
    if molecule is None:
        molecule = parse(block, False)
        if molecule is not None:
            molecule.UpdatePropertyCache(strict=False)
            Chem.SanitizeMol(
                molecule,
                Chem.SANITIZE_ALL ^ Chem.SANITIZE_PROPERTIES ^ Chem.SANITIZE_KEKULIZE,
                catchErrors=True,
            )
    if molecule is not None and form in SD_FORMS:
        Chem.AssignStereochemistryFrom3D(molecule)
    return molecule


def _from_mol_block(text: str, sanitize: bool) -> Chem.Mol | None:
    return Chem.MolFromMolBlock(text, sanitize=sanitize, removeHs=False)
