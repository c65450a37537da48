"""Organic cofactors: chemistry from the user, coordinates from the structure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import gemmi
import numpy as np
from rdkit import Chem, rdBase
from scipy.spatial import cKDTree

from screenmm.errors import PocketError, ReceptorError
from screenmm.files import read_text
from screenmm.receptor.conservation import Removal
from screenmm.receptor.ligand_file import read_molecule, read_molecules
from screenmm.receptor.names import METALS
from screenmm.receptor.pocket import find_hetero, nearest_names, residue_molecule
from screenmm.receptor.structure import Atom, Residue, Structure
from screenmm.settings import Cofactor

HYDROGEN_REACH = 1.3  # Å, longest X–H distance in a file
FRAME_CUTOFF = 8.0  # Å, farther from any receptor atom the frames differ
CLASH = 1.5  # Å between heavy atoms
_ACIDS = Chem.MolFromSmarts("[OX2H1:1]-[$([CX3]=O),$([PX4]=O),$([SX4](=O)=O)]")


@dataclass
class PlacedCofactor:
    """A cofactor in the receptor's frame.

    Attributes
    ----------
    name : str
        ``chain:name:number``.
    mol : Mol
        All hydrogens, one conformer.
    atom_indices : list of int
        Index in the receptor's topology of each atom of ``mol``.
    residue : Residue
        The same atoms, named, in the order of ``mol``.
    """

    name: str
    mol: Chem.Mol
    atom_indices: list[int] = field(default_factory=list)
    residue: Residue | None = field(default=None, repr=False, compare=False)


def place_cofactors(structure: Structure, specs: list[Cofactor]) -> list[PlacedCofactor]:
    """Cofactors of the structure and of SDF files, with all hydrogens.

    The structure's residues that become cofactors leave ``structure.residues``.

    Parameters
    ----------
    structure : Structure
    specs : list of Cofactor

    Raises
    ------
    ReceptorError
        A residue does not exist or lacks atoms, chemistry cannot be read or does not fit,
        or a posed molecule lies away from the receptor.
    """
    placed: list[PlacedCofactor] = []
    for spec in specs:
        if spec.residue is None:
            assert spec.sdf is not None  # the settings ask for it
            placed += _as_posed(structure, spec.sdf, len(placed))
            continue
        template = _template(spec)
        found = find_hetero(structure, spec.residue)
        if not found:
            raise ReceptorError(
                f"no cofactor {spec.residue} in the kept chains; "
                f"{nearest_names(structure, spec.residue)}"
            )
        for residue in found:
            placed.append(_from_residue(residue, template))
            structure.residues.remove(residue)
            structure.note("cofactor", residue, f"kept, charge {Chem.GetFormalCharge(template):+d}")
        if spec.ccd is not None:
            structure.note(
                "cofactor", spec.residue, "acids of the component definition were deprotonated"
            )
    return placed


def _template(spec: Cofactor) -> Chem.Mol:
    """Molecule without explicit hydrogens that holds bond orders and charges."""
    if spec.smiles is not None:
        template = _quietly_parsed(spec.smiles)
        source = f"the SMILES {spec.smiles}"
    elif spec.sdf is not None:
        template, source = _molecules(spec.sdf, _only)[0], str(spec.sdf)
    else:
        assert spec.ccd is not None  # the settings ask for exactly one source
        template, source = read_component(spec.ccd), str(spec.ccd)
    if template is None:
        raise ReceptorError(f"cofactor {spec.residue}: {source} cannot be parsed; correct it")
    metals = sorted({a.GetSymbol() for a in template.GetAtoms()} & METALS)
    if metals:
        raise ReceptorError(
            f"cofactor {spec.residue}: {source} holds {', '.join(metals)}, and metal-organic "
            "molecules have no parameters here: take it out (receptors.<name>.remove) or choose "
            "a pocket away from it"
        )
    if len(Chem.GetMolFrags(template)) > 1:
        raise ReceptorError(f"cofactor {spec.residue}: {source} holds several molecules; give one")
    return Chem.RemoveHs(template)


def _quietly_parsed(smiles: str) -> Chem.Mol | None:
    with rdBase.BlockLogs():
        return Chem.MolFromSmiles(smiles)


def _only(path: Path) -> list[Chem.Mol]:
    return [read_molecule(path)]


def _molecules(path: Path, read: Callable[[Path], list[Chem.Mol]]) -> list[Chem.Mol]:
    try:
        molecules = read(path)
        for molecule in molecules:
            Chem.SanitizeMol(molecule)
    except PocketError as error:
        raise ReceptorError(str(error)) from None
    except Chem.MolSanitizeException as error:
        raise ReceptorError(f"cofactor {path}: {error}; give an SDF with valid valences") from None
    return molecules


def read_component(path: Path) -> Chem.Mol:
    """Molecule of a wwPDB component definition, its acids deprotonated.

    Parameters
    ----------
    path : Path
        Chemical-component CIF, with atoms and bonds.

    Raises
    ------
    ReceptorError
        It is no component definition, or its chemistry is refused by RDKit.
    """
    try:
        block = gemmi.cif.read_string(read_text(path)).sole_block()
        component = gemmi.make_chemcomp_from_block(block)
    except (RuntimeError, ValueError, IndexError) as error:
        raise ReceptorError(f"{path} is no wwPDB component definition: {error}") from None
    kinds = {
        gemmi.BondType.Double: Chem.BondType.DOUBLE,
        gemmi.BondType.Triple: Chem.BondType.TRIPLE,
        gemmi.BondType.Aromatic: Chem.BondType.AROMATIC,
    }
    molecule = Chem.RWMol()
    index: dict[str, int] = {}
    for each in component.atoms:
        atom = Chem.Atom(each.el.name if not each.el.is_hydrogen else "H")
        atom.SetFormalCharge(round(each.charge))
        atom.SetNoImplicit(True)
        index[each.id] = molecule.AddAtom(atom)
    for bond in component.rt.bonds:
        kind = kinds.get(bond.type, Chem.BondType.SINGLE)
        molecule.AddBond(index[bond.id1.atom], index[bond.id2.atom], kind)
    try:
        Chem.SanitizeMol(molecule)
    except Chem.MolSanitizeException as error:
        raise ReceptorError(f"{path}: {error}; give smiles instead") from None
    return _deprotonated(Chem.RemoveHs(molecule.GetMol()))


def _deprotonated(molecule: Chem.Mol) -> Chem.Mol:
    """Carboxylic, phosphoric and sulfonic acids as anions."""
    for match in molecule.GetSubstructMatches(_ACIDS):
        oxygen = molecule.GetAtomWithIdx(match[0])
        oxygen.SetFormalCharge(-1)
        oxygen.SetNumExplicitHs(0)
        oxygen.SetNoImplicit(True)
    Chem.SanitizeMol(molecule)
    return molecule


def _skeleton(template: Chem.Mol) -> Chem.Mol:
    """Elements and connectivity alone."""
    plain = Chem.RWMol()
    for atom in template.GetAtoms():
        bare = Chem.Atom(atom.GetAtomicNum())
        bare.SetNoImplicit(True)
        plain.AddAtom(bare)
    for bond in template.GetBonds():
        plain.AddBond(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), Chem.BondType.SINGLE)
    return plain.GetMol()


def _from_residue(residue: Residue, template: Chem.Mol) -> PlacedCofactor:
    observed = residue_molecule(residue)
    _check_composition(residue, observed, template)
    match = observed.GetSubstructMatch(_skeleton(template))
    if not match:
        raise ReceptorError(
            f"cofactor {residue.label}: its atoms are connected otherwise than in the given "
            "chemistry (smiles, sdf or ccd): check both"
        )
    order = [match.index(i) for i in range(observed.GetNumAtoms())]
    molecule = Chem.RenumberAtoms(template, order)
    molecule.RemoveAllConformers()
    molecule.AddConformer(Chem.Conformer(observed.GetConformer()), assignId=True)
    molecule = Chem.AddHs(molecule, addCoords=True)
    Chem.AssignStereochemistryFrom3D(molecule)
    _keep_hydrogens(molecule, residue)
    return _named(residue, molecule, residue.heavy())


def _check_composition(residue: Residue, observed: Chem.Mol, template: Chem.Mol) -> None:
    counts = []
    for molecule in (observed, template):
        count: dict[str, int] = {}
        for atom in molecule.GetAtoms():
            count[atom.GetSymbol()] = count.get(atom.GetSymbol(), 0) + 1
        counts.append(count)
    if counts[0] != counts[1]:
        shown = [" ".join(f"{key}{n}" for key, n in sorted(count.items())) for count in counts]
        raise ReceptorError(
            f"cofactor {residue.label}: the structure has heavy atoms {shown[0]}, the given "
            f"chemistry {shown[1]}; complete the residue in the file, or correct the chemistry"
        )


def _keep_hydrogens(molecule: Chem.Mol, residue: Residue) -> None:
    """Use the file's hydrogens wherever it has as many on an atom as the chemistry asks."""
    file_hydrogens = [atom.xyz for atom in residue.hydrogens()]
    if not file_hydrogens:
        return
    heavy = residue.positions()
    distance, parent = cKDTree(heavy).query(np.array(file_hydrogens))
    conformer = molecule.GetConformer()
    for index in range(len(heavy)):
        there = [h for h, d, p in zip(file_hydrogens, distance, parent, strict=True)
                 if p == index and d < HYDROGEN_REACH]  # fmt: skip
        asked = [
            n.GetIdx()
            for n in molecule.GetAtomWithIdx(index).GetNeighbors()
            if n.GetAtomicNum() == 1
        ]
        if len(there) == len(asked):
            for atom, xyz in zip(asked, there, strict=True):
                conformer.SetAtomPosition(atom, xyz.tolist())


def _named(source: Residue, molecule: Chem.Mol, heavy: list[Atom]) -> PlacedCofactor:
    positions = molecule.GetConformer().GetPositions()
    taken = {atom.name for atom in heavy}
    atoms = [
        Atom(atom.name, atom.element, np.array(xyz), added=atom.added, source=atom.source)
        for atom, xyz in zip(heavy, positions, strict=False)
    ]
    number = 0
    for xyz in positions[len(heavy) :]:
        number += 1
        while f"H{number}" in taken:
            number += 1
        atoms.append(Atom(f"H{number}", "H", np.array(xyz), added=True))
    residue = Residue(source.chain, source.name, source.number, source.icode, atoms, "cofactor")
    molecule.SetProp("_Name", residue.label)
    return PlacedCofactor(residue.label, molecule, residue=residue)


def _as_posed(structure: Structure, path: Path, already: int) -> list[PlacedCofactor]:
    receptor = cKDTree(np.concatenate([each.positions() for each in structure.of_kind("polymer")]))
    chain = _free_chain(structure)
    placed = []
    for number, given in enumerate(_molecules(path, read_molecules), start=already + 1):
        title = given.GetProp("_Name") if given.HasProp("_Name") else ""
        name = re.sub(r"[^A-Za-z0-9]", "", title)[:3].upper() or "COF"
        molecule = _heavy_first(Chem.AddHs(given, addCoords=True))
        positions = molecule.GetConformer().GetPositions()
        heavy = [
            Atom(f"{atom.GetSymbol()}{i}", atom.GetSymbol(), positions[i - 1], added=True)
            for i, atom in enumerate(molecule.GetAtoms(), start=1)
            if atom.GetAtomicNum() > 1
        ]
        residue = Residue(chain, name, number, "", [], "cofactor")
        points = positions[: len(heavy)]
        _check_pose(residue, path, receptor.query(points)[0])
        each = _named(residue, molecule, heavy)
        _clear_site(structure, each.name, points)
        structure.note("cofactor", each.name, f"added as posed in {path.name}")
        placed.append(each)
    return placed


def _heavy_first(molecule: Chem.Mol) -> Chem.Mol:
    order = sorted(
        range(molecule.GetNumAtoms()),
        key=lambda i: (molecule.GetAtomWithIdx(i).GetAtomicNum() == 1, i),
    )
    return Chem.RenumberAtoms(molecule, order)


def _free_chain(structure: Structure) -> str:
    used = {each.chain for each in structure.residues}
    letters = "ZYXWVUTSRQPONMLKJIHGFEDCBA"
    return next((letter for letter in letters if letter not in used), "Z")


def _check_pose(residue: Residue, path: Path, distances: np.ndarray) -> None:
    if distances.min() > FRAME_CUTOFF:
        raise ReceptorError(
            f"cofactor {residue.label} of {path.name} lies {distances.min():.1f} Å from the "
            f"nearest receptor atom (limit {FRAME_CUTOFF:g} Å): give a pose in the receptor's frame"
        )
    if distances.min() < CLASH:
        raise ReceptorError(
            f"cofactor {residue.label} of {path.name} comes within {distances.min():.1f} Å of "
            f"a receptor atom (limit {CLASH:g} Å): give a pose in the receptor's frame"
        )


def _clear_site(structure: Structure, name: str, points: np.ndarray) -> None:
    """Take out waters and hetero residues that stand where the cofactor is put."""
    tree = cKDTree(points)
    for residue in list(structure.of_kind("water", "other")):
        if residue.heavy() and tree.query(residue.positions())[0].min() < 2.0:
            detail = f"stands where the cofactor {name} was put"
            structure.remove(residue, Removal.COFACTOR_SITE, detail)
