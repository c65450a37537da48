"""What the page's 3D view draws: each receptor once, and of each top hit what differs."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import duckdb
import gemmi
import numpy as np

from screenmm.core.errors import LedgerError
from screenmm.exports.complexes import LIGAND_NAMES
from screenmm.report.hit_table import has_table

POCKET_ANGSTROM = 5.0
"""A residue with a heavy atom this near to a hit's is drawn atom by atom."""

MAX_SCENES = 200
"""Hits per receptor in the page's 3D view; the others' complexes are files."""

BACKBONE = ("N", "CA", "C", "O")
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
CHAIN_BREAK_ANGSTROM = 2.0
BOND_TO_HYDROGEN_ANGSTROM = 1.2
MAX_NUMBER = 9998
STILL_MILLIANGSTROM = 1

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Atom:
    """An atom of the receptor."""

    residue: int
    name: str
    element: str


@dataclass(frozen=True, slots=True)
class Residue:
    """A residue of the receptor: ``label`` as in ``residue_energies``."""

    label: str
    chain: str
    name: str
    polymer: bool


@dataclass(frozen=True, slots=True)
class Complex:
    """A complex file as it was read.

    Attributes
    ----------
    rank : int
        Of the hit.
    residues, atoms : list
        Of the receptor.
    xyz : numpy.ndarray
        Places of ``atoms``, milliångström.
    ligand : numpy.ndarray
        Places of the ligand's heavy atoms, milliångström.
    """

    rank: int
    residues: list[Residue]
    atoms: list[Atom]
    xyz: np.ndarray
    ligand: np.ndarray


def _column(block: gemmi.cif.Block, tag: str) -> list[str]:
    return [gemmi.cif.as_string(value) for value in block.find_values(f"_atom_site.{tag}")]


def _receptor(sites: Sequence[tuple[str, ...]]) -> tuple[list[Residue], list[Atom]]:
    """Residues and atoms of rows of chain, number, insertion code, residue, atom, element."""
    residues: list[Residue] = []
    atoms: list[Atom] = []
    for (chain, number, code, name), rows in groupby(sites, key=lambda site: site[:4]):
        group = list(rows)
        label = f"{chain}:{name}:{number}{code if code not in '?.' else ''}"
        polymer = {row[4] for row in group}.issuperset(BACKBONE)
        atoms += [Atom(len(residues), row[4], row[5]) for row in group]
        residues.append(Residue(label, chain, name, polymer))
    return residues, atoms


def read_complex(path: Path, rank: int) -> Complex:
    """Read one file of ``complexes``; the ligand is the chain that was added last."""
    block = gemmi.cif.read(str(path)).sole_block()
    tags = ("auth_asym_id", "auth_seq_id", "pdbx_PDB_ins_code", "label_comp_id", "label_atom_id",
            "type_symbol")  # fmt: skip
    sites = list(zip(*(_column(block, tag) for tag in tags), strict=True))
    places = [[float(x) for x in block.find_values(f"_atom_site.Cartn_{axis}")] for axis in "xyz"]
    xyz = np.rint(np.array(places).T * 1000).astype(int)
    last = sites[-1][:4] if sites else ("", "", "", "")
    count = sum(site[:4] == last for site in sites)
    if last[3] not in LIGAND_NAMES:
        raise LedgerError(f"{path}: the last residue is no ligand")
    residues, atoms = _receptor(sites[:-count])
    heavy = [i for i in range(len(sites) - count, len(sites)) if sites[i][5] != "H"]
    return Complex(rank, residues, atoms, xyz[: len(atoms)], xyz[heavy])


def find_complexes(folder: Path, limit: int) -> list[tuple[int, Path]]:
    """Files of one receptor by rank, the best first, at most ``MAX_SCENES``."""
    found = []
    for path in folder.glob("*.cif"):
        rank = re.match(r"\d+", path.name)
        if rank and int(rank.group()) <= limit:
            found.append((int(rank.group()), path))
    return sorted(found)[:MAX_SCENES]


def _pocket(hits: Sequence[Complex]) -> set[int]:
    """Residues near any hit, where they stand with that hit."""
    first = hits[0]
    heavy = np.array([i for i, atom in enumerate(first.atoms) if atom.element != "H"])
    reach = POCKET_ANGSTROM * 1000
    near: set[int] = set()
    for hit in hits:
        xyz = hit.xyz[heavy]
        # only atoms within the ligand's own box can be near: the rest need no distances
        inside = np.all(
            (xyz > hit.ligand.min(axis=0) - reach) & (xyz < hit.ligand.max(axis=0) + reach), axis=1
        )
        apart = np.linalg.norm(xyz[inside][:, None] - hit.ligand[None], axis=2)
        near |= {first.atoms[i].residue for i in heavy[inside][apart.min(axis=1) < reach]}
    return near


def _kept(complex_: Complex, pocket: set[int]) -> list[int]:
    """Atoms to send: backbone for the cartoon, and the pocket without nonpolar hydrogens."""
    inside = [i for i, atom in enumerate(complex_.atoms) if atom.residue in pocket]
    polar = complex_.xyz[[i for i in inside if complex_.atoms[i].element not in ("H", "C")]]
    kept = {
        i
        for i, atom in enumerate(complex_.atoms)
        if complex_.residues[atom.residue].polymer and atom.name in BACKBONE
    }
    for i in inside:
        apart = np.linalg.norm(polar - complex_.xyz[i], axis=1)
        if complex_.atoms[i].element != "H" or np.any(apart < BOND_TO_HYDROGEN_ANGSTROM * 1000):
            kept.add(i)
    return sorted(kept)


def _numbered(complex_: Complex) -> list[tuple[str, int]]:
    """Chain letter and running number of each residue, for a PDB record; breaks leave a gap."""
    ends = {
        (atom.residue, atom.name): i
        for i, atom in enumerate(complex_.atoms)
        if atom.name in ("N", "C")
    }
    out: list[tuple[str, int]] = []
    letter, number, chain = -1, 0, None
    for i, residue in enumerate(complex_.residues):
        if residue.chain != chain or number >= MAX_NUMBER:
            letter, number, chain = letter + 1, 0, residue.chain
        here, before = ends.get((i, "N")), ends.get((i - 1, "C"))
        bonded = (
            here is not None
            and before is not None
            and np.linalg.norm(complex_.xyz[here] - complex_.xyz[before])
            < CHAIN_BREAK_ANGSTROM * 1000
        )
        number += 1 if bonded or number == 0 else 2
        out.append((LETTERS[letter % len(LETTERS)], number))
    return out


def _scaffold(first: Complex, kept: list[int], pocket: set[int]) -> tuple[Row, dict[str, int]]:
    """The receptor as the page gets it, and the place of each of its residues by label."""
    used = sorted({first.atoms[i].residue for i in kept})
    place = {residue: new for new, residue in enumerate(used)}
    numbers = _numbered(first)
    scaffold = {
        "residues": [
            [
                first.residues[i].label,
                *numbers[i],
                first.residues[i].name,
                int(first.residues[i].polymer),
                int(i in pocket),
            ]
            for i in used
        ],
        "atoms": [
            [place[first.atoms[i].residue], first.atoms[i].name, first.atoms[i].element]
            for i in kept
        ],
        "xyz": first.xyz[kept].ravel().tolist(),
    }
    return scaffold, {first.residues[i].label: place[i] for i in used}


def _energies(
    con: duckdb.DuckDBPyConnection, receptor: str, ranks: Sequence[int]
) -> dict[int, list[tuple[str, float]]]:
    if not has_table(con, "residue_energies"):
        return {}
    rows = con.execute(
        "SELECT rank, residue, total_kcal_mol FROM residue_energies "
        "JOIN (SELECT rank, receptor, inchikey, state, pose FROM ranking "
        "WHERE receptor = ? AND rank <= ?) USING (receptor, inchikey, state, pose) "
        "WHERE isfinite(total_kcal_mol) ORDER BY rank, residue",
        [receptor, max(ranks, default=0)],
    ).fetchall()
    found: dict[int, list[tuple[str, float]]] = {}
    for rank, residue, total in rows:
        found.setdefault(rank, []).append((residue, total))
    return found


def _doubts(con: duckdb.DuckDBPyConnection, receptor: str) -> dict[str, float]:
    """Give pLDDT of the residues that a predicted model is unsure of, by label."""
    if not has_table(con, "confidence"):
        return {}
    rows = con.execute(
        "SELECT residue, plddt FROM confidence WHERE receptor = ? AND doubtful", [receptor]
    )
    return dict(rows.fetchall())


def scenes(
    con: duckdb.DuckDBPyConnection, receptor: str, folder: Path, limit: int
) -> tuple[Row, list[Row]] | None:
    """Gather the 3D views of one receptor.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking``.
    receptor : str
        Its name.
    folder : Path
        Its folder within ``complexes``.
    limit : int
        Last rank that the page has.

    Returns
    -------
    tuple or None
        The receptor, with the pLDDT of residues that a predicted model is unsure of, and per hit
        its rank, the atoms that stand elsewhere than in the receptor, and its residues' energies.
        None where no complex was written.

    Raises
    ------
    LedgerError
        The files are not of one receptor.
    """
    files = find_complexes(folder, limit)
    if not files:
        return None
    hits = [read_complex(path, rank) for rank, path in files]
    first = hits[0]
    for hit, (_, path) in zip(hits, files, strict=True):
        if hit.atoms != first.atoms or hit.residues != first.residues:
            raise LedgerError(f"{path}: not the atoms of {files[0][1].name}")
    pocket = _pocket(hits)
    kept = _kept(first, pocket)
    scaffold, place = _scaffold(first, kept, pocket)
    scaffold["doubts"] = [
        [place[label], plddt] for label, plddt in _doubts(con, receptor).items() if label in place
    ]
    energies = _energies(con, receptor, [hit.rank for hit in hits])
    return scaffold, [
        {
            "rank": hit.rank,
            **_moved(first.xyz[kept], hit.xyz[kept]),
            "energies": [
                [place[label], round(total, 2)]
                for label, total in energies.get(hit.rank, [])
                if label in place
            ],
        }
        for hit in hits
    ]


def _moved(still: np.ndarray, now: np.ndarray) -> dict[str, list[int]]:
    """Which atoms stand elsewhere, and where."""
    moved = np.flatnonzero(np.any(np.abs(now - still) > STILL_MILLIANGSTROM, axis=1))
    return {"moved": moved.tolist(), "xyz": now[moved].ravel().tolist()}
