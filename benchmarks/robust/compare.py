"""How far the two preparers' structures are apart: backbone, side chains, states, ligands.

The second preparer's pocket is laid on the first's by the Cα atoms around the ligands.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from pathlib import Path

import numpy as np
from protocols import JACS
from scipy.spatial import cKDTree

from robust.series import PREPARERS, Posed, Site, ligands_of, site_of
from screenmm.redocking.rmsd import atom_orders, skeleton

FIT_ANGSTROM, NEAR_ANGSTROM = 8.0, 6.0
"""Residues this close to a ligand of either preparer are fitted, and are compared."""

MOVED_ANGSTROM = 2.0
STATE_HYDROGENS = {
    "ASP": ("HD2",), "GLU": ("HE2",), "HIS": ("HD1", "HE2"), "CYS": ("HG",), "LYS": ("HZ3",),
}  # fmt: skip


@dataclass(frozen=True)
class Side:
    """A residue: its name, its atoms' places (Å), its distance from the nearest ligand (Å)."""

    label: str
    name: str
    atoms: dict[str, np.ndarray]
    distance: float


def residues_of(site: Site, ligands: list[Posed]) -> list[Side]:
    """Amino acids in the order of the chain."""
    x = site.receptor.positions_angstrom
    around = cKDTree(np.concatenate([each.ligand.pose.angstrom for each in ligands]))
    found = []
    for residue in site.receptor.topology.residues():
        atoms = {atom.name: x[atom.index] for atom in residue.atoms()}
        if "CA" in atoms:
            distance = float(around.query(np.array(list(atoms.values())))[0].min())
            found.append(Side(f"{residue.name}{residue.id}", residue.name, atoms, distance))
    return found


def paired(first: list[Side], second: list[Side], within: float) -> list[tuple[Side, Side]]:
    """Residues that correspond by sequence, near a ligand of either preparer."""
    names = [[each.name[:2] for each in side] for side in (first, second)]
    blocks = SequenceMatcher(None, *names, autojunk=False).get_matching_blocks()
    pairs = [
        (first[block.a + i], second[block.b + i]) for block in blocks for i in range(block.size)
    ]
    return [pair for pair in pairs if min(each.distance for each in pair) <= within]


def fit(moving: np.ndarray, fixed: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Rotation and shift that lay points on others: ``moving @ rotation + shift``."""
    centre, other = moving.mean(axis=0), fixed.mean(axis=0)
    u, _, v = np.linalg.svd((moving - centre).T @ (fixed - other))
    mirror = np.diag([1.0, 1.0, np.sign(np.linalg.det(u @ v))])
    rotation = u @ mirror @ v
    return rotation, other - centre @ rotation


def rms(away: np.ndarray) -> float:
    return float(np.sqrt((away**2).sum(axis=1).mean()))


def compare(work: Path, series: str) -> dict[str, object]:
    """A row of the table."""
    ligands = [ligands_of(work, p, series) for p in PREPARERS]
    sides = [
        residues_of(site_of(work, p, series), own)
        for p, own in zip(PREPARERS, ligands, strict=True)
    ]
    to_fit = paired(*sides, FIT_ANGSTROM)
    alpha = [np.array([pair[i].atoms["CA"] for pair in to_fit]) for i in (0, 1)]
    rotation, shift = fit(alpha[1], alpha[0])
    far, states = [], []
    heavy: list[np.ndarray] = []
    for one, other in paired(*sides, NEAR_ANGSTROM):
        names = [n for n in one.atoms if n in other.atoms and not n.startswith("H")]
        away = np.array([other.atoms[n] @ rotation + shift - one.atoms[n] for n in names])
        heavy.append(away)
        if np.linalg.norm(away, axis=1).max() > MOVED_ANGSTROM:
            far.append(one.label)
        marks = STATE_HYDROGENS.get(one.name, ())
        if any((mark in one.atoms) != (mark in other.atoms) for mark in marks):
            states.append(one.label)
    own = [ligand_rmsd(*pair, rotation, shift) for pair in zip(*ligands, strict=True)]
    return {
        "series": series,
        "residues_near": len(heavy),
        "alpha_rms_angstrom": f"{rms(alpha[1] @ rotation + shift - alpha[0]):.2f}",
        "heavy_rms_angstrom": f"{rms(np.concatenate(heavy)):.2f}",
        "residues_moved_2_angstrom": len(far),
        "other_protonation": " ".join(states),
        "ligand_rmsd_median_angstrom": f"{np.median(own):.2f}",
        "ligand_rmsd_max_angstrom": f"{np.max(own):.2f}",
    }


def ligand_rmsd(one: Posed, other: Posed, rotation: np.ndarray, shift: np.ndarray) -> float:
    """RMSD of two poses of a ligand in the fitted frame, Å."""
    probe, reference = skeleton(other.mol), skeleton(one.mol)
    orders = atom_orders(probe, reference)
    laid = probe.GetConformer().GetPositions() @ rotation + shift
    away = reference.GetConformer().GetPositions()[orders] - laid
    return float(np.sqrt((away**2).sum(axis=2).mean(axis=1).min()))


def comparison_rows(work: Path) -> list[dict[str, object]]:
    return [compare(work, series) for series in JACS]
