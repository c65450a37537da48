"""Packs in few shapes, so that a GPU's kernels are compiled a few times in a screen.

OpenMM writes the numbers of atoms, terms and tiles with exclusions into the source of its
kernels. Two packs that differ by one atom have other sources, and each Context compiles its own,
for seconds; CUDA and HIP keep what they have compiled by its source (``OPENMM_CACHE_DIR``, by
default the folder for temporary files), NVIDIA's OpenCL too. So a pack is filled up with atoms
that neither see the members nor move, and terms among them, to numbers from a coarse scale:
packs of one screen then share a handful of sources.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from screenmm.forcefield.parameters import Parameters, join, moving_terms

BLOCK = 32
"""Atoms of a tile's side, on every GPU."""

NEIGHBOURS = 8
"""Blocks with which a block shares exclusions, itself among them: the largest number in a pack
is filled up to a multiple of this."""

PAIRS_IN_BLOCK = BLOCK * (BLOCK - 1) // 2

SPACING_NM = 0.5
"""Between the atoms that fill up: near enough that single precision tells them apart."""


@dataclass(frozen=True)
class FilledUp:
    """A pack with what fills it up.

    Parameters
    ----------
    parameters : Parameters
        Of the N atoms of the members, then of F more; only terms of atoms that move, and those
        that fill up.
    positions_nm : ndarray, shape (N + F, 3)
    movable : ndarray of bool, shape (N + F,)
        What fills up counts as movable, so that its terms are kept.
    restrained : ndarray of int
    """

    parameters: Parameters
    positions_nm: np.ndarray
    movable: np.ndarray
    restrained: np.ndarray


def rounded_up(count: int) -> int:
    """Next number of a scale whose steps are a sixteenth to a thirtieth of it, at least 16."""
    step = max(16, 2 ** (count.bit_length() - 5))
    return -(-count // step) * step


def filled_up(
    parameters: Parameters,
    positions_nm: np.ndarray,
    movable: np.ndarray,
    restrained: np.ndarray,
    reach_nm: float,
) -> FilledUp:
    """Fill a pack up to a shape that others have too.

    Parameters
    ----------
    parameters : Parameters
        Of the N atoms of all members.
    positions_nm : ndarray, shape (N, 3)
    movable : ndarray of bool, shape (N,)
    restrained : ndarray of int
    reach_nm : float
        Cutoff: what fills up stands further off than this, nm.
    """
    members = moving_terms(parameters, movable)
    tiles, most = _tiles(members)
    hub = -(-most // NEIGHBOURS) * NEIGHBOURS - 1
    new_tiles = rounded_up(tiles + hub) - tiles
    pairs = int(_counts_as_pair(members).sum())
    new_pairs = rounded_up(pairs) - pairs
    blocks = max(hub + 4 + -(-(new_tiles - hub) // 3), -(-new_pairs // PAIRS_IN_BLOCK))
    # the members' last block may be shared
    new_atoms = rounded_up(len(members) + BLOCK * (blocks + 1)) - len(members)
    extra = rounded_up(len(restrained)) - len(restrained)
    filler = _filler(members, new_atoms, hub, new_tiles, new_pairs)
    side = _side(new_atoms)
    lattice = np.stack(np.unravel_index(np.arange(new_atoms), (side, side, side)), axis=1)
    beyond = positions_nm.max(axis=0) + 2 * reach_nm
    return FilledUp(
        join([members, filler]),
        np.concatenate([positions_nm, beyond + SPACING_NM * lattice]),
        np.concatenate([movable, np.ones(new_atoms, dtype=bool)]),
        np.concatenate([restrained, len(members) + np.arange(extra) % new_atoms]),
    )


def _side(atoms: int) -> int:
    """Of the cubic lattice on which so many atoms stand, its last layer not full."""
    return int(np.ceil(np.cbrt(atoms) - 1e-9))


def _tiles(parameters: Parameters) -> tuple[int, int]:
    """Tiles of two different blocks with an exclusion; most blocks to a block, itself included."""
    first, second = (parameters.exceptions // BLOCK).T
    different = first != second
    count = len(parameters) // BLOCK + 1
    low, high = np.minimum(first, second)[different], np.maximum(first, second)[different]
    tiles = np.unique(low * count + high)
    degrees = np.bincount(tiles // count, minlength=count)
    degrees += np.bincount(tiles % count, minlength=count)
    return len(tiles), int(degrees.max()) + 1


def _counts_as_pair(parameters: Parameters) -> np.ndarray:
    """Exceptions that OpenMM computes, beside leaving their pair out."""
    charge, _, epsilon = parameters.exception_values.T
    return np.asarray((charge != 0.0) | (epsilon != 0.0))


def _filler(
    members: Parameters, atoms: int, hub: int, new_tiles: int, new_pairs: int
) -> Parameters:
    """Atoms without charge, with terms of no force."""
    first = -len(members) % BLOCK  # of its first whole block
    # the first block is a neighbour of as many as any; the others of at most six
    star = np.stack([np.zeros(hub, dtype=int), np.arange(1, hub + 1)], axis=1)
    left, way = np.divmod(np.arange(new_tiles - hub), 3)
    chain = np.stack([hub + 1 + left, hub + 2 + left + way], axis=1)
    excluded = first + BLOCK * np.concatenate([star, chain])
    block, inside = np.divmod(np.arange(new_pairs), PAIRS_IN_BLOCK)
    both = np.stack(np.triu_indices(BLOCK, 1), axis=1)[inside]
    computed = first + BLOCK * block[:, None] + both
    repeated = {
        name: rounded_up(len(getattr(members, name))) - len(getattr(members, name))
        for name in ("bonds", "angles", "torsions")
    }
    # four at a corner of the lattice, never in line; all over it, so that no atom is summed up
    # by thousands of terms one after the other
    side = _side(atoms)
    most = max(repeated.values())
    corner = np.array([0, 1, side, side * side])
    four = corner + np.arange(most)[:, None] * 5 % (atoms - side * side)
    ones = np.ones(atoms)
    return Parameters(
        masses=ones,
        charges=0.0 * ones,
        sigmas=0.1 * ones,
        epsilons=0.0 * ones,
        gb_radii=0.15 * ones,
        gb_scales=0.8 * ones,
        bonds=four[: repeated["bonds"], :2],
        bond_values=np.tile([SPACING_NM, 0.0], (repeated["bonds"], 1)),
        angles=four[: repeated["angles"], [1, 0, 2]],
        angle_values=np.tile([1.0, 0.0], (repeated["angles"], 1)),
        torsions=four[: repeated["torsions"], [1, 0, 2, 3]],
        torsion_values=np.tile([1.0, 0.0, 0.0], (repeated["torsions"], 1)),
        exceptions=np.concatenate([excluded, computed]),
        exception_values=np.concatenate(
            [
                np.tile([0.0, 0.1, 0.0], (len(excluded), 1)),
                np.tile([0.0, 0.1, 1e-6], (new_pairs, 1)),
            ]
        ),
    )
