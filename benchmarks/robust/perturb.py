"""Receptors with turned side chains, the same for all ligands of a series."""

from __future__ import annotations

from dataclasses import dataclass, replace

import networkx as nx
import numpy as np
from openmm.app import Residue, Topology
from protocols import Prepared
from scipy.spatial import cKDTree
from scipy.spatial.transform import Rotation

from screenmm.core.seeds import seed_for

SPREAD_DEGREES = 15.0
CLOSEST_ANGSTROM = 3.0
"""Heavy atoms of two residues may not come closer than this, nor closer than they were."""

DRAWS = 10
SEED = 1


@dataclass(frozen=True)
class Turn:
    """A side chain's single bond, and the atoms beyond it."""

    axis: tuple[int, int]
    beyond: np.ndarray


def perturbed(prepared: Prepared, topology: Topology, number: int) -> Prepared:
    """Turn each side chain about its single bonds by some 15°, where it then fits.

    Parameters
    ----------
    prepared : Prepared
    topology : openmm.app.Topology
        Of the same atoms.
    number : int
        Which of the perturbed receptors; its seed.
    """
    model = prepared.model
    rng = np.random.default_rng(seed_for(SEED, "side chains", str(number)))
    x = model.positions_angstrom.copy()
    heavy = model.parameters.masses > 1.5
    bonds = nx.Graph(model.parameters.bonds.tolist())
    for residue in topology.residues():
        turns = turns_of(residue, bonds, heavy)
        for angles in rng.normal(0.0, SPREAD_DEGREES, (DRAWS, len(turns))) if turns else []:
            after = turned(x, turns, angles)
            moved = np.unique(np.concatenate([turn.beyond for turn in turns]))
            if fits(x, after, moved, model.residues, heavy):
                x = after
                break
    return replace(prepared, model=replace(model, positions_angstrom=x))


def turns_of(residue: Residue, bonds: nx.Graph, heavy: np.ndarray) -> list[Turn]:
    """Single bonds of a side chain, from the backbone outwards; those of hydrogens not."""
    index = {atom.name: atom.index for atom in residue.atoms()}
    if not {"N", "CA", "C", "CB"} <= index.keys():
        return []
    inside = bonds.subgraph(index.values())
    found = []
    for one, other in nx.bfs_edges(inside, index["CA"]):
        without = nx.restricted_view(inside, [], [(one, other)])
        beyond = nx.node_connected_component(without, other)
        leaves = {n for atom in beyond for n in bonds[atom]} - set(inside)
        fixed = {index["N"], index["CA"], index["C"]} & beyond
        if not fixed and not leaves and heavy[list(beyond)].sum() > 1:
            found.append(Turn((one, other), np.array(sorted(beyond - {other}))))
    return found


def turned(x: np.ndarray, turns: list[Turn], degrees: np.ndarray) -> np.ndarray:
    x = x.copy()
    for turn, angle in zip(turns, degrees, strict=True):
        start, origin = x[turn.axis[0]], x[turn.axis[1]]
        direction = (origin - start) / np.linalg.norm(origin - start)
        rotation = Rotation.from_rotvec(np.deg2rad(angle) * direction)
        x[turn.beyond] = rotation.apply(x[turn.beyond] - origin) + origin
    return x


def fits(
    before: np.ndarray,
    after: np.ndarray,
    moved: np.ndarray,
    residues: np.ndarray,
    heavy: np.ndarray,
) -> bool:
    """Whether no moved heavy atom is too close to another residue's, or closer than it was."""
    ours = moved[heavy[moved]]
    others = np.flatnonzero(heavy & (residues != residues[ours[0]]))
    then = cKDTree(before[others]).query(before[ours])[0]
    now = cKDTree(after[others]).query(after[ours])[0]
    return bool((now >= np.minimum(then, CLOSEST_ANGSTROM)).all())
