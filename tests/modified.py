"""Modified residues made from a plain structure, with the atom names of the wwPDB's dictionary."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import gemmi
import numpy as np
import pdbfixer
from rdkit import Chem
from rdkit.Chem import AllChem

from screenmm.receptor.geometry import place
from screenmm.receptor.synonyms import same_name

# name, element, the three atoms it is placed from, bond (Å), angle and torsion (°)
Added = tuple[str, str, tuple[str, str, str], float, float, float]


@dataclass(frozen=True)
class Modification:
    """How to make a modified residue from its parent."""

    name: str
    parent: str
    added: tuple[Added, ...] = ()
    renamed: dict[str, tuple[str, str]] = field(default_factory=dict)
    dropped: tuple[str, ...] = ()


def _on_lysine(name: str, *added: Added) -> Modification:
    return Modification(name, "LYS", added)


_NZ = ("CD", "CE", "NZ")
MODIFICATIONS = {
    each.name: each
    for each in (
        _on_lysine(
            "KCX",
            ("CX", "C", _NZ, 1.35, 122, 180),
            ("OQ1", "O", ("CE", "NZ", "CX"), 1.25, 120, 0),
            ("OQ2", "O", ("CE", "NZ", "CX"), 1.25, 120, 180),
        ),
        _on_lysine(
            "ALY",
            ("CH", "C", _NZ, 1.34, 122, 180),
            ("OH", "O", ("CE", "NZ", "CH"), 1.23, 122, 0),
            ("CH3", "C", ("CE", "NZ", "CH"), 1.51, 116, 180),
        ),
        _on_lysine("MLZ", ("CM", "C", _NZ, 1.49, 112, 180)),
        _on_lysine(
            "MLY",
            ("CH1", "C", _NZ, 1.49, 112, 180),
            ("CH2", "C", _NZ, 1.49, 112, 60),
        ),
        _on_lysine(
            "M3L",
            ("CM1", "C", _NZ, 1.49, 109, 180),
            ("CM2", "C", _NZ, 1.49, 109, 60),
            ("CM3", "C", _NZ, 1.49, 109, -60),
        ),
        Modification("CSO", "CYS", (("OD", "O", ("CA", "CB", "SG"), 1.67, 101, 90),)),
        Modification(
            "OCS",
            "CYS",
            tuple(
                (name, "O", ("CA", "CB", "SG"), 1.46, 107, turn)
                for name, turn in (("OD1", 60.0), ("OD2", 180.0), ("OD3", -60.0))
            ),
        ),
        Modification(
            "TYS",
            "TYR",
            (
                ("S", "S", ("CE1", "CZ", "OH"), 1.6, 118, 90),
                ("O1", "O", ("CZ", "OH", "S"), 1.45, 106, 60),
                ("O2", "O", ("CZ", "OH", "S"), 1.45, 106, 180),
                ("O3", "O", ("CZ", "OH", "S"), 1.45, 106, -60),
            ),
        ),
        Modification("HIC", "HIS", (("CZ", "C", ("CG", "CD2", "NE2"), 1.47, 126, 180),)),
        Modification("MSE", "MET", (), {"SD": ("SE", "Se")}),
        Modification("DAL", "ALA"),
        Modification("CGU", "GLU", (("CD2", "C", ("CA", "CB", "CG"), 1.52, 110, 75),)),
    )
}
"""Modifications of side chains, by name."""


def modify(source: Path, out: Path, changes: dict[int, Modification]) -> Path:
    """Write a structure of which residues, by number, are modified; hydrogens of those go."""
    structure = gemmi.read_structure(str(source))
    for residue in structure[0][0]:
        if residue.seqid.num in changes:
            _modify(residue, changes[residue.seqid.num])
    structure.write_pdb(str(out))
    return out


def _modify(residue: gemmi.Residue, change: Modification) -> None:
    assert same_name(residue.name) == change.parent
    _keep(
        residue, [a.name for a in residue if not a.is_hydrogen() and a.name not in change.dropped]
    )
    for atom in residue:
        if atom.name in change.renamed:
            atom.name, symbol = change.renamed[atom.name]
            atom.element = gemmi.Element(symbol)
    xyz = {atom.name: np.array(atom.pos.tolist()) for atom in residue}
    for name, element, parents, length, angle, turn in change.added:
        one, two, three = (xyz[each] for each in parents)
        xyz[name] = place(one, two, three, length, angle, turn)
        residue.add_atom(_atom(name, element, xyz[name]))
    residue.name, residue.het_flag = change.name, "H"


def _keep(residue: gemmi.Residue, names: list[str]) -> None:
    for index in reversed(range(len(residue))):
        if residue[index].name not in names:
            del residue[index]


def _atom(name: str, element: str, xyz: np.ndarray) -> gemmi.Atom:
    atom = gemmi.Atom()
    atom.name, atom.element, atom.occ = name, gemmi.Element(element), 1.0
    atom.pos = gemmi.Position(*xyz)
    return atom


def start_with(source: Path, out: Path, first: int, name: str, atoms: dict[str, str]) -> Path:
    """Write a structure that begins at a residue, which becomes an acylated one.

    Parameters
    ----------
    source, out : Path
    first : int
        Number of the residue.
    name : str
        Its new name.
    atoms : dict of str to str
        Names of the new residue's heavy atoms beyond N, CA, C and O by SMILES atom maps:
        ``{"smiles": ..., "5": "CB", ...}``, where maps 1 to 4 are N, CA, C and O.
    """
    structure = gemmi.read_structure(str(source))
    chain = structure[0][0]
    for index in reversed(range(len(chain))):
        if chain[index].seqid.num < first:
            del chain[index]
    residue = next(each for each in chain if each.seqid.num == first)
    anchor = {a.name: np.array(a.pos.tolist()) for a in residue if a.name in ("N", "CA", "C", "O")}
    _keep(residue, list(anchor))
    for atom_name, (element, xyz) in _embedded(atoms, anchor).items():
        residue.add_atom(_atom(atom_name, element, xyz))
    residue.name, residue.het_flag = name, "H"
    structure.write_pdb(str(out))
    return out


def _embedded(
    atoms: dict[str, str], anchor: dict[str, np.ndarray]
) -> dict[str, tuple[str, np.ndarray]]:
    molecule = Chem.AddHs(Chem.MolFromSmiles(atoms["smiles"]))
    AllChem.EmbedMolecule(molecule, randomSeed=7)
    places = {str(a.GetAtomMapNum()): a for a in molecule.GetAtoms() if a.GetAtomMapNum()}
    found = molecule.GetConformer().GetPositions()
    known = ("N", "CA", "C")
    fit = gemmi.superpose_positions(
        [gemmi.Position(*anchor[each]) for each in known],
        [gemmi.Position(*found[places[str(i)].GetIdx()]) for i in (1, 2, 3)],
    )
    made = {}
    for number, name in atoms.items():
        if number != "smiles":
            moved = fit.transform.apply(gemmi.Position(*found[places[number].GetIdx()]))
            made[name] = (places[number].GetSymbol(), np.array(moved.tolist()))
    return made


ACYLATED = {
    "PCA": {
        "smiles": "[NH:1]1[C@@H:2]([C:3](=[O:4])N)[CH2:5][CH2:6][C:7]1=[O:8]",
        "5": "CB", "6": "CG", "7": "CD", "8": "OE",
    },
    "FME": {
        "smiles": "[CH:9](=[O:10])[NH:1][C@@H:2]([C:3](=[O:4])N)[CH2:5][CH2:6][S:7][CH3:8]",
        "5": "CB", "6": "CG", "7": "SD", "8": "CE", "9": "CN", "10": "O1",
    },
    "SAC": {
        "smiles": "[CH3:8][C:7](=[O:9])[NH:1][C@@H:2]([C:3](=[O:4])N)[CH2:5][OH:6]",
        "5": "CB", "6": "OG", "7": "C1A", "8": "C2A", "9": "OAC",
    },
}  # fmt: skip
"""N-terminal residues whose nitrogen is an amide."""


NUCLEOTIDES = {
    "5CM": Modification("5CM", "DC", (("C5A", "C", ("N3", "C4", "C5"), 1.5, 120, 180),)),
    "5MC": Modification("5MC", "C", (("CM5", "C", ("N3", "C4", "C5"), 1.5, 120, 180),)),
    "OMC": Modification("OMC", "C", (("CM2", "C", ("C1'", "C2'", "O2'"), 1.42, 114, 180),)),
    "PSU": Modification(
        "PSU",
        "U",
        (),
        {"N1": ("C5", "C"), "C2": ("C4", "C"), "O2": ("O4", "O"), "C4": ("C2", "C"),
         "O4": ("O2", "O"), "C5": ("N1", "N")},
    ),
    "1MA": Modification("1MA", "A", (("CM1", "C", ("C5", "C6", "N1"), 1.47, 120, 180),)),
    "7MG": Modification("7MG", "G", (("CM7", "C", ("C4", "C5", "N7"), 1.47, 126, 180),)),
    "4SU": Modification("4SU", "U", (), {"O4": ("S4", "S")}),
    "BRU": Modification("BRU", "DT", (), {"C7": ("BR", "Br")}),
    "7DG": Modification("7DG", "DG", (), {"N7": ("C7", "C")}),
    "8OG": Modification("8OG", "DG", (("O8", "O", ("C4", "N9", "C8"), 1.24, 126, 180),)),
    "H2U": Modification("H2U", "U"),
    "DU": Modification("DU", "DT", (), {}, ("C7",)),
    "I": Modification("I", "G", (), {}, ("N2",)),
}  # fmt: skip
"""Modified nucleotides by name."""


def strand(out: Path, names: list[str]) -> Path:
    """Write a strand of nucleotides, some of them modified, in the B form's torsions."""
    chain = gemmi.Chain("A")
    previous: dict[str, np.ndarray] = {}
    for number, name in enumerate(names, start=1):
        change = NUCLEOTIDES.get(name)
        residue = _template(change.parent if change else name)
        if previous:
            _follow(residue, previous)
        previous = {atom.name: np.array(atom.pos.tolist()) for atom in residue}
        residue.seqid = gemmi.SeqId(number, " ")
        if change:
            _modify(residue, change)
        chain.add_residue(residue)
    model = gemmi.Model("1")
    model.add_chain(chain)
    structure = gemmi.Structure()
    structure.add_model(model)
    structure.write_pdb(str(out))
    return out


def _template(name: str) -> gemmi.Residue:
    path = Path(pdbfixer.__file__).parent / "templates" / f"{name}.pdb"
    residue = gemmi.read_structure(str(path))[0][0][0].clone()
    _keep(residue, [atom.name for atom in residue if not atom.is_hydrogen()])
    return residue


def _follow(residue: gemmi.Residue, before: dict[str, np.ndarray]) -> None:
    """Join a nucleotide to the one before: ε -169°, ζ -108°, α as its phosphate has it."""
    phosphorus = place(before["C4'"], before["C3'"], before["O3'"], 1.607, 119.7, -169)
    oxygen = place(before["C3'"], before["O3'"], phosphorus, 1.593, 104.0, -108)
    own = {a.name: np.array(a.pos.tolist()) for a in residue}
    bonds = [own[name] - own["P"] for name in ("OP1", "OP2", "O5'")]
    away = -sum(bond / np.linalg.norm(bond) for bond in bonds)
    fourth = own["P"] + 1.607 * away / np.linalg.norm(away)
    fit = gemmi.superpose_positions(
        [gemmi.Position(*xyz) for xyz in (before["O3'"], phosphorus, oxygen)],
        [gemmi.Position(*xyz) for xyz in (fourth, own["P"], own["O5'"])],
    )
    for atom in residue:
        atom.pos = gemmi.Position(fit.transform.apply(atom.pos))
