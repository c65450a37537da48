"""Minimised receptor–ligand complexes of the top hits, as mmCIF."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path

import duckdb
import gemmi
import numpy as np
from rdkit import Chem, rdBase

from screenmm.core.errors import LedgerError
from screenmm.files.whole import remade_folder

LIGAND_NAMES = ("LIG", *(f"LG{i}" for i in range(10)))
CHAIN_IDS = "LMNOPQRSTUVWXYZABCDEFGHIJK"
DISULFIDE_ANGSTROM = 2.5

BOND_SLACK_ANGSTROM = 0.3
"""Atoms of a residue are bonded when no further apart than their radii and this."""

DOUBLE_BONDS = {
    "ARG": {frozenset(("CZ", "NH2"))},
    "ASN": {frozenset(("CG", "OD1"))},
    "ASP": {frozenset(("CG", "OD1"))},
    "GLN": {frozenset(("CD", "OE1"))},
    "GLU": {frozenset(("CD", "OE1"))},
}
"""Of side chains; the backbone's carbonyl has one everywhere."""

AROMATIC_ATOMS = {
    "HIS": {"CG", "ND1", "CD2", "CE1", "NE2"},
    "PHE": {"CG", "CD1", "CD2", "CE1", "CE2", "CZ"},
    "TRP": {"CG", "CD1", "CD2", "NE1", "CE2", "CE3", "CZ2", "CZ3", "CH2"},
    "TYR": {"CG", "CD1", "CD2", "CE1", "CE2", "CZ"},
}

BOND_ORDERS = {
    Chem.BondType.SINGLE: "sing",
    Chem.BondType.DOUBLE: "doub",
    Chem.BondType.TRIPLE: "trip",
    Chem.BondType.AROMATIC: "arom",
}


def safe_name(text: str, fallback: str) -> str:
    """Make a piece of a file name: letters, digits, ``.``, ``-`` and ``_``, at most 60."""
    name = re.sub(r"[^A-Za-z0-9.-]+", "_", text).strip("._-")[:60]
    return name or fallback


def _moved(
    con: duckdb.DuckDBPyConnection, receptor: str, state: str, pose: int
) -> dict[int, list[float]]:
    """Read the new coordinates (Å) of the receptor's atoms that could move, by index."""
    rows = con.execute(
        "SELECT moved_atoms, moved_xyz_angstrom FROM moved "
        "WHERE receptor = ? AND state = ? AND pose = ?",
        [receptor, state, pose],
    ).fetchall()
    if not rows:
        raise LedgerError(f"receptor {receptor}: no scores have the ranked pose {state}_p{pose}")
    atoms, xyz = rows[0]
    if len(xyz) != 3 * len(atoms):
        raise LedgerError(
            f"receptor {receptor}, pose {state}_p{pose}: {len(atoms)} moved atoms "
            f"but {len(xyz)} coordinates"
        )
    return {atom: xyz[3 * i : 3 * i + 3] for i, atom in enumerate(atoms)}


def _moved_receptor(block: gemmi.cif.Block, moved: Mapping[int, list[float]]) -> gemmi.Structure:
    """Make the receptor's structure with the moved atoms in their new places.

    Rows of ``_atom_site`` stand in the order of the topology; gemmi's own hierarchy need not.
    """
    sites = block.find("_atom_site.", ["Cartn_x", "Cartn_y", "Cartn_z"])
    for index, xyz in moved.items():
        row = sites[index]
        for axis in range(3):
            row[axis] = f"{xyz[axis]:.4f}"
    structure = gemmi.make_structure_from_block(block)
    structure.merge_chain_parts()
    return structure


def _atom_names(mol: Chem.Mol) -> list[str]:
    """Make unique names: the element and its running number."""
    seen: Counter[str] = Counter()
    names = []
    for atom in mol.GetAtoms():
        symbol = atom.GetSymbol().upper()
        seen[symbol] += 1
        names.append(f"{symbol}{seen[symbol]}")
    return names


def _add_ligand(structure: gemmi.Structure, mol: Chem.Mol, names: list[str]) -> str:
    """Add the ligand in a chain of its own; give its residue name, LIG where that is free."""
    used = {chain.name for chain in structure[0]}
    chain_id = next((c for c in CHAIN_IDS if c not in used), f"L{len(used)}")
    taken = {residue.name for chain in structure[0] for residue in chain}
    residue = gemmi.Residue()
    residue.name = next(name for name in LIGAND_NAMES if name not in taken)
    residue.seqid = gemmi.SeqId("1")
    residue.het_flag = "H"
    xyz = mol.GetConformer().GetPositions()
    for source, name, place in zip(mol.GetAtoms(), names, xyz, strict=True):
        atom = gemmi.Atom()
        atom.name = name
        atom.element = gemmi.Element(source.GetSymbol())
        atom.charge = source.GetFormalCharge()
        atom.pos = gemmi.Position(*place)
        atom.occ = 1.0
        residue.add_atom(atom)
    chain = gemmi.Chain(chain_id)
    chain.add_residue(residue)
    structure[0].add_chain(chain)
    return residue.name


def _add_disulfides(structure: gemmi.Structure) -> None:
    """Name the disulfide bonds, which no residue template implies, unless the file does."""
    sulfurs = [
        cra
        for cra in structure[0].all()
        if cra.residue.name in ("CYS", "CYX") and cra.atom.name == "SG"
    ]
    if any(each.type == gemmi.ConnectionType.Disulf for each in structure.connections):
        return
    for i, one in enumerate(sulfurs):
        for two in sulfurs[i + 1 :]:
            if one.atom.pos.dist(two.atom.pos) < DISULFIDE_ANGSTROM:
                bond = gemmi.Connection()
                bond.name = f"disulf{len(structure.connections) + 1}"
                bond.type = gemmi.ConnectionType.Disulf
                bond.asu = gemmi.Asu.Same
                bond.partner1 = gemmi.make_address(one.chain, one.residue, one.atom)
                bond.partner2 = gemmi.make_address(two.chain, two.residue, two.atom)
                structure.connections.append(bond)


def _component_type(name: str) -> str:
    """Type of a residue in the words of the component dictionary."""
    kind = gemmi.find_tabulated_residue(name)
    if kind.is_amino_acid():
        return "peptide linking" if name == "GLY" else "L-peptide linking"
    if kind.is_nucleic_acid():
        return "DNA linking" if name.startswith("D") else "RNA linking"
    return "non-polymer"


def _type_components(block: gemmi.cif.Block) -> None:
    """Say what each residue is; some viewers do not guess."""
    for row in block.find("_chem_comp.", ["id", "type"]):
        row[1] = gemmi.cif.quote(_component_type(row.str(0)))


def _order(residue: str, ends: tuple[str, str]) -> str:
    """Order of a bond of an amino acid; single unless known otherwise."""
    if ends == ("C", "O") or frozenset(ends) in DOUBLE_BONDS.get(residue, ()):
        return "doub"
    ring = AROMATIC_ATOMS.get(residue, ())
    return "arom" if ends[0] in ring and ends[1] in ring else "sing"


@lru_cache(maxsize=8)
def _residue_bonds(receptor_cif: str) -> list[list[str]]:
    """Bonds within each kind of residue, from distances, of all residues of its name together."""
    receptor = gemmi.cif.read_string(receptor_cif).sole_block()
    listed = {row.str(0) for row in receptor.find("_chem_comp_bond.", ["comp_id"])}
    found = set()
    for chain in gemmi.make_structure_from_block(receptor)[0]:
        for residue in chain:
            if residue.name in listed:
                continue
            atoms = list(residue)
            xyz = np.array([atom.pos.tolist() for atom in atoms])
            reach = np.array([atom.element.covalent_r for atom in atoms])
            apart = np.linalg.norm(xyz[:, None] - xyz, axis=2)
            near = apart < reach[:, None] + reach + BOND_SLACK_ANGSTROM
            for one, two in np.argwhere(np.triu(near, 1)).tolist():
                ends = sorted((atoms[one].name, atoms[two].name))
                found.add((residue.name, *ends))
    return [[name, a, b, _order(name, (a, b))] for name, a, b in sorted(found)]


def _add_bonds(
    block: gemmi.cif.Block, receptor_cif: str, residue: str, mol: Chem.Mol, names: list[str]
) -> None:
    """Give the bonds of ligand, cofactors and residues; viewers would guess or ask the network.

    PyMOL takes this list as complete: of a residue that is not in it, it asks wwPDB's server.
    """
    tags = ["comp_id", "atom_id_1", "atom_id_2", "value_order"]
    receptor = gemmi.cif.read_string(receptor_cif).sole_block()
    rows = [list(row) for row in receptor.find("_chem_comp_bond.", tags)]
    rows += _residue_bonds(receptor_cif)
    for bond in mol.GetBonds():
        ends = sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()))
        order = BOND_ORDERS.get(bond.GetBondType(), "sing")
        rows.append([residue, *(names[end] for end in ends), order])
    loop = block.init_loop("_chem_comp_bond.", [*tags, "pdbx_ordinal"])
    for number, row in enumerate(rows, start=1):
        loop.add_row([*row, str(number)])


def complex_text(
    receptor_cif: str, moved: Mapping[int, list[float]], mol: Chem.Mol, title: str
) -> str:
    """Text of an mmCIF file of a receptor with a ligand.

    Parameters
    ----------
    receptor_cif : str
        Text of the prepared receptor, one model, atoms in the topology's order.
    moved : mapping of int to list of float
        New coordinates of receptor atoms by topology index, Å.
    mol : rdkit.Chem.Mol
        Ligand with hydrogens and one conformer; becomes residue ``LIG`` (``LG0``
        where a cofactor has that name) in a chain of its own.
    title : str
        Written as ``_struct.title``; also, made safe, the name of the data block.

    Returns
    -------
    str
        The same for the same input: no date, no host.
    """
    receptor = gemmi.cif.read_string(receptor_cif).sole_block()
    structure = _moved_receptor(receptor, moved)
    names = _atom_names(mol)
    residue = _add_ligand(structure, mol, names)
    structure.setup_entities()
    structure.assign_label_seq_id()
    structure.assign_serial_numbers()
    _add_disulfides(structure)
    structure.name = safe_name(title, "complex")
    document = structure.make_mmcif_document()
    block = document.sole_block()
    if not structure.cell.is_crystal():
        block.find_mmcif_category("_cell.").erase()
        block.find_mmcif_category("_symmetry.").erase()
    block.set_pair("_struct.title", gemmi.cif.quote(title))
    _type_components(block)
    _add_bonds(block, receptor_cif, residue, mol, names)
    return document.as_string()


def _top(hits: Path, top: int) -> Iterator[Chem.Mol]:
    """Molecules of ``hits.sdf`` with a rank within the top, hydrogens kept, as written."""
    with hits.open("rb") as handle, rdBase.BlockLogs():
        for mol in Chem.ForwardSDMolSupplier(handle, sanitize=False, removeHs=False):
            if mol is None:
                raise LedgerError(f"{hits}: a record that this program wrote is unreadable")
            if int(mol.GetProp("rank")) <= top:
                yield mol


def write_complexes(
    con: duckdb.DuckDBPyConnection,
    hits: Path,
    receptors: Mapping[str, Path],
    folder: Path,
    top: int,
) -> int:
    """Write ``{receptor}/{rank:04d}_{name}.cif`` for the best hits of each receptor.

    The folder is made anew, so that none of an earlier run's files stays.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        From :func:`screenmm.results.parts.open_parts`.
    hits : Path
        ``hits.sdf``, written by :func:`screenmm.exports.hits.write_hits`.
    receptors : mapping of receptor to Path
        The prepared receptors (mmCIF).
    folder : Path
        Folder to make.
    top : int
        Hits per receptor.

    Returns
    -------
    int
        Number of files.
    """
    texts = {receptor: path.read_text(encoding="utf-8") for receptor, path in receptors.items()}
    count = 0
    with remade_folder(folder) as made:
        for receptor in receptors:
            (made / receptor).mkdir()
        for mol in _top(hits, top):
            _write_one(con, mol, texts, made)
            count += 1
    return count


def _write_one(
    con: duckdb.DuckDBPyConnection, mol: Chem.Mol, texts: Mapping[str, str], folder: Path
) -> None:
    tags = mol.GetPropsAsDict(autoConvertStrings=False)
    receptor, key, rank = tags["receptor"], tags["inchikey"], int(tags["rank"])
    moved = _moved(con, receptor, tags["state"], int(tags["pose"]))
    name = mol.GetProp("_Name").strip() or key
    text = complex_text(texts[receptor], moved, mol, f"{name} with {receptor}, rank {rank}")
    path = folder / receptor / f"{rank:04d}_{safe_name(name, key)}.cif"
    path.write_text(text, encoding="utf-8")
