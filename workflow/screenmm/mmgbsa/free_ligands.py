"""Free ligands in solvent, many at once: energies, forces and nearest minima in double precision.

The strain of a pose asks for the minimum next to each bound conformer. Molecules of some
40 atoms are too small for OpenMM to earn its overhead, so the ligands of a pack are worked on
side by side as (K, M, M) arrays of pairs and lists of bonded terms. The physics is that of
:func:`screenmm.forcefield.parameters.build_system` without cutoff.

References
----------
A. Onufriev, D. Bashford, D. A. Case, Proteins 55, 383 (2004): OBC2.
A. Blondel, M. Karplus, J. Comput. Chem. 17, 1132 (1996): forces of a torsion.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from screenmm.core.units import COULOMB_KJ_NM
from screenmm.forcefield.parameters import Parameters
from screenmm.mmgbsa.born import (
    OFFSET_NM,
    apolar_energies,
    born_radii,
    born_radii_slopes,
    descreening,
    descreening_and_slopes,
)
from screenmm.mmgbsa.lbfgs import Minimum, Options, minimise_members
from screenmm.mmgbsa.packing import Field

MIN_NORMAL = 1.0e-6
"""Of |a×b|, nm²: three atoms in line have no plane; shorter normals count as this long, as in
OpenMM."""

SOFTEST = 3000.0
"""Added to the stiffness of each coordinate for all that is not bonded, kJ/mol/nm²."""

VACUUM_BLOCK, SOLVENT_BLOCK = 16, 6
"""Ligands worked on at a time: the temporaries stay in the processor's cache."""


class FreeLigands:
    """K ligands of at most M atoms, out of each other's sight.

    Positions, energies and forces are those of all atoms, ligand after ligand; nm, kJ/mol,
    kJ/mol/nm.

    Parameters
    ----------
    ligands : sequence of Parameters
    field : Field
        Dielectrics; nothing is restrained.
    """

    def __init__(self, ligands: Sequence[Parameters], field: Field) -> None:
        self.sizes = [len(ligand) for ligand in ligands]
        self._ligands, self._field = ligands, field
        self._real = np.arange(max(self.sizes)) < np.array(self.sizes)[:, None]
        self._fast = _Moved(
            lambda which: _VacuumForces([ligands[k] for k in which], field), VACUUM_BLOCK
        )
        self._slow = _Moved(
            lambda which: _SolventForces([ligands[k] for k in which], field), SOLVENT_BLOCK
        )

    def fast(self, positions_nm: np.ndarray) -> np.ndarray:
        """Bonded and non-bonded forces."""
        return self._atoms(self._fast(self._rows(positions_nm)))

    def slow(self, positions_nm: np.ndarray) -> np.ndarray:
        """Solvation forces."""
        return self._atoms(self._slow(self._rows(positions_nm)))

    def energies(self, positions_nm: np.ndarray) -> np.ndarray:
        """Whole energy of each ligand, shape (K,)."""
        rows = self._rows(positions_nm)
        vacuum = _VacuumForces(self._ligands, self._field).energies(rows)
        return vacuum + _SolventForces(self._ligands, self._field).energies(rows)

    def minimise(self, positions_nm: np.ndarray, options: Options) -> Minimum:
        """Minimise each ligand on its own, by the stiffness of its bonded terms at the start."""
        rows = self._rows(positions_nm)
        # atoms in one place have no gradient: that ligand ends by its forces, alone
        with np.errstate(all="ignore"):
            stiffness = _VacuumForces(self._ligands, self._field).stiffness(rows)
        inverse = np.linalg.inv(stiffness + SOFTEST * np.eye(stiffness.shape[1]))
        return minimise_members(positions_nm, self.sizes, self.fast, self.slow, options, inverse)

    def _rows(self, atoms: np.ndarray) -> np.ndarray:
        rows = np.zeros((*self._real.shape, 3))
        rows[self._real] = atoms
        return rows

    def _atoms(self, rows: np.ndarray) -> np.ndarray:
        return np.asarray(rows[self._real])


class _Moved:
    """Forces of the ligands that moved since they were last asked for; the others' are known.

    In a long minimisation most ligands have ended.
    """

    def __init__(
        self, make: Callable[[np.ndarray], _VacuumForces | _SolventForces], block: int
    ) -> None:
        self._make, self._block = make, block
        self._which = np.array([], dtype=int)  # those the terms are laid out for
        self._blocks: list[np.ndarray] = []
        self._terms: list[_VacuumForces | _SolventForces] = []
        self._at = self._forces = np.empty((0, 0, 3))

    def __call__(self, rows: np.ndarray) -> np.ndarray:
        if not self._forces.size:
            self._at, self._forces = np.full_like(rows, np.nan), np.zeros_like(rows)
        moved = np.flatnonzero((rows != self._at).any(axis=(1, 2)))
        # to lay out anew costs about as much as to evaluate in vain
        if np.setdiff1d(moved, self._which).size or 2 * len(moved) < len(self._which):
            self._which = moved
            starts = range(0, len(moved), self._block)
            self._blocks = [moved[start : start + self._block] for start in starts]
            self._terms = [self._make(block) for block in self._blocks]
        for block, terms in zip(self._blocks, self._terms, strict=True):
            width = terms.width
            self._forces[block, :width] = terms.forces(rows[block, :width])
        self._at = rows.copy()
        return self._forces.copy()


def _padded(ligands: Sequence[Parameters], name: str, fill: float, width: int) -> np.ndarray:
    values = np.full((len(ligands), width), fill)
    for row, ligand in zip(values, ligands, strict=True):
        row[: len(ligand)] = getattr(ligand, name)
    return values


def _centred(rows: np.ndarray, real: np.ndarray) -> np.ndarray:
    """Each ligand about its own middle: squared distances then keep their digits."""
    middle = rows.sum(axis=1) / real.sum(axis=1)[:, None]
    return np.where(real[:, :, None], rows - middle[:, None], 0.0)


def _squares(rows: np.ndarray) -> np.ndarray:
    """Squared distances of all pairs, (K, M, M)."""
    square = np.einsum("kmi,kmi->km", rows, rows)
    return square[:, :, None] + square[:, None, :] - 2.0 * (rows @ rows.transpose(0, 2, 1))


def _pull(rows: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    """Forces from each pair's (dE/dr)/r, a symmetric (K, M, M)."""
    return slopes @ rows - slopes.sum(axis=2, keepdims=True) * rows


class _Pairs:
    """What of some ligands' pairs never changes."""

    def __init__(self, ligands: Sequence[Parameters]) -> None:
        self.width = max(len(ligand) for ligand in ligands)
        self.real = np.arange(self.width) < np.array([len(each) for each in ligands])[:, None]
        self.none = ~(self.real[:, :, None] & self.real[:, None, :])
        self.none[:, np.arange(self.width), np.arange(self.width)] = True

    def squares(self, rows: np.ndarray) -> np.ndarray:
        """Squared distances; 1 where there is no pair."""
        squares = _squares(rows)
        squares[self.none] = 1.0
        return squares


class _VacuumForces:
    """Bonds, angles, torsions, van der Waals and Coulomb."""

    def __init__(self, ligands: Sequence[Parameters], field: Field) -> None:
        self._pairs = pairs = _Pairs(ligands)
        self.width = width = pairs.width
        count = len(ligands)
        charges = _padded(ligands, "charges", 0.0, width)
        sigmas = _padded(ligands, "sigmas", 0.0, width)
        roots = np.sqrt(_padded(ligands, "epsilons", 0.0, width))
        products = charges[:, :, None] * charges[:, None, :]
        sigma = (sigmas[:, :, None] + sigmas[:, None, :]) / 2.0
        epsilon = roots[:, :, None] * roots[:, None, :]
        for k, ligand in enumerate(ligands):
            for i, j in (ligand.exceptions.T, ligand.exceptions.T[::-1]):
                products[k, i, j], sigma[k, i, j], epsilon[k, i, j] = ligand.exception_values.T
        self._coulomb = COULOMB_KJ_NM / field.solute_dielectric * products
        self._coulomb[pairs.none] = epsilon[pairs.none] = 0.0
        self._sigma2, self._epsilon = sigma**2, epsilon
        first = width * np.arange(count)
        kinds = {"bonds": _Bonds, "angles": _Angles, "torsions": _Torsions}
        self._bonded = [
            kind(*_listed(ligands, name, first), width, count)
            for name, kind in kinds.items()
            if any(len(getattr(each, name)) for each in ligands)
        ]

    def forces(self, rows: np.ndarray) -> np.ndarray:
        centred = _centred(rows, self._pairs.real)
        inverse = 1.0 / self._pairs.squares(centred)
        sixth = self._sigma2 * inverse
        sixth *= sixth * sixth
        slopes = (1.0 - 2.0 * sixth) * sixth
        slopes *= 24.0 * self._epsilon
        slopes -= self._coulomb * np.sqrt(inverse)
        slopes *= inverse
        return _pull(centred, slopes) + sum(each.forces(centred) for each in self._bonded)

    def energies(self, rows: np.ndarray) -> np.ndarray:
        centred = _centred(rows, self._pairs.real)
        inverse = 1.0 / self._pairs.squares(centred)
        sixth = (self._sigma2 * inverse) ** 3
        pairs = 4.0 * self._epsilon * (sixth**2 - sixth) + self._coulomb * np.sqrt(inverse)
        bonded = sum(each.energies(centred) for each in self._bonded)
        return np.asarray(pairs.sum(axis=(1, 2)) / 2.0 + bonded)

    def stiffness(self, rows: np.ndarray) -> np.ndarray:
        """Model of the bonded terms' Hessians, (K, 3·M, 3·M): all x, all y, all z."""
        return np.asarray(sum(each.hessians(rows) for each in self._bonded))


def _listed(
    ligands: Sequence[Parameters], name: str, first: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Terms of all ligands in one list, with their atoms' places among all rows' atoms."""
    atoms = [getattr(each, name) + at for each, at in zip(ligands, first, strict=True)]
    values = [getattr(each, f"{name.removesuffix('s')}_values") for each in ligands]
    return np.concatenate(atoms), np.concatenate(values)


class _Bonded:
    """Bonded terms of one kind.

    Parameters
    ----------
    atoms : ndarray of int, shape (T, n)
    values : ndarray, shape (T', v)
    width, count : int
        Atoms in a row; rows.
    """

    def __init__(self, atoms: np.ndarray, values: np.ndarray, width: int, count: int) -> None:
        self._atoms = np.ascontiguousarray(atoms.T)
        self._values = np.ascontiguousarray(values.T)
        self._member, self._count = atoms[:, 0] // width, count

    def forces(self, rows: np.ndarray) -> np.ndarray:
        value, gradients = self._coordinate(*self._gathered(rows))
        parts = np.concatenate(gradients, axis=1)
        parts *= np.tile(-self._slopes(value), len(gradients))
        slots, count = self._atoms.ravel(), rows.shape[0] * rows.shape[1]
        summed = [np.bincount(slots, each, count) for each in parts]
        return np.stack(summed, axis=1).reshape(rows.shape)

    def energies(self, rows: np.ndarray) -> np.ndarray:
        value, _ = self._coordinate(*self._gathered(rows))
        return np.bincount(self._member, self._each(value), self._count)

    def hessians(self, rows: np.ndarray) -> np.ndarray:
        """Model of the Hessian (K, 3·M, 3·M): stiffness along each term's own coordinate."""
        value, gradients = self._coordinate(*self._gathered(rows))
        steep = np.stack(gradients)  # (n, 3, T)
        width = rows.shape[1]
        place = self._atoms[:, None] % width + width * np.arange(3)[:, None]
        size, n = 3 * width, 3 * len(gradients)
        place, steep = place.reshape(n, -1), steep.reshape(n, -1)
        cells = (self._member * size + place[:, None]) * size + place[None, :]
        values = (steep * self._curvatures(value))[:, None] * steep[None, :]
        summed = np.bincount(cells.ravel(), values.ravel(), len(rows) * size**2)
        return summed.reshape(len(rows), size, size)

    def _gathered(self, rows: np.ndarray) -> list[np.ndarray]:
        """Coordinates (3, T) of the terms' first atoms, of their second ones and so on."""
        x = np.ascontiguousarray(rows.reshape(-1, 3).T)
        return [x.take(each, axis=1) for each in self._atoms]

    def _coordinate(self, *x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        """What a term depends on, (T,), and its gradients by the atoms, (3, T) each."""
        raise NotImplementedError

    def _each(self, value: np.ndarray) -> np.ndarray:
        """Energy of each term."""
        at_rest, k = self._values
        return np.asarray(0.5 * k * (value - at_rest) ** 2)

    def _slopes(self, value: np.ndarray) -> np.ndarray:
        """Its derivative."""
        at_rest, k = self._values
        return np.asarray(k * (value - at_rest))

    def _curvatures(self, value: np.ndarray) -> np.ndarray:
        """The size of its second derivative."""
        return self._values[1]


class _Bonds(_Bonded):
    """½·k·(r − r₀)²."""

    def _coordinate(self, *x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        way = x[0] - x[1]
        length = _norm(way)
        way /= length
        return length, [way, -way]


class _Angles(_Bonded):
    """½·k·(θ − θ₀)²."""

    def _coordinate(self, *x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        a, b = x[0] - x[1], x[2] - x[1]
        normal = _cross(a, b)
        size = _norm(normal)
        first, third = _cross(a, normal), _cross(normal, b)
        first /= np.maximum(size, MIN_NORMAL) * _dot(a, a)
        third /= np.maximum(size, MIN_NORMAL) * _dot(b, b)
        return np.arctan2(size, _dot(a, b)), [first, -first - third, third]


class _Torsions(_Bonded):
    """k·(1 + cos(n·φ − φ₀)); the terms of one torsion share its geometry."""

    def __init__(self, atoms: np.ndarray, values: np.ndarray, width: int, count: int) -> None:
        unique, of_term = np.unique(atoms, axis=0, return_inverse=True)
        super().__init__(unique, values, width, count)
        self._of_term = of_term.ravel()

    def _coordinate(self, *x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
        f, g, h = x[0] - x[1], x[1] - x[2], x[3] - x[2]
        a, b, length = _cross(f, g), _cross(h, g), _norm(g)
        angle = np.arctan2(_dot(_cross(b, a), g) / length, _dot(a, b))
        a /= _dot(a, a)
        b /= _dot(b, b)
        along = a * (_dot(f, g) / length) - b * (_dot(h, g) / length)
        a *= -length
        b *= length
        return angle, [a, along - a, -along - b, b]

    def _each(self, value: np.ndarray) -> np.ndarray:
        k = self._values[2]
        return self._summed(k * (1.0 + np.cos(self._phases(value))))

    def _slopes(self, value: np.ndarray) -> np.ndarray:
        n, _, k = self._values
        return self._summed(-k * n * np.sin(self._phases(value)))

    def _curvatures(self, value: np.ndarray) -> np.ndarray:
        n, _, k = self._values
        return self._summed(np.abs(k * n**2 * np.cos(self._phases(value))))

    def _phases(self, value: np.ndarray) -> np.ndarray:
        n, phase, _ = self._values
        return np.asarray(n * value[self._of_term] - phase)

    def _summed(self, of_terms: np.ndarray) -> np.ndarray:
        return np.bincount(self._of_term, of_terms, self._atoms.shape[1])


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return np.asarray(np.einsum("it,it->t", a, b))


def _norm(a: np.ndarray) -> np.ndarray:
    return np.sqrt(_dot(a, a))


def _cross(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    (x, y, z), (u, v, w) = a, b
    return np.stack([y * w - z * v, z * u - x * w, x * v - y * u])


class _SolventForces:
    """OBC2 with its apolar term."""

    def __init__(self, ligands: Sequence[Parameters], field: Field) -> None:
        self._pairs = pairs = _Pairs(ligands)
        self.width = pairs.width
        charges = _padded(ligands, "charges", 0.0, pairs.width)
        self._radii = _padded(ligands, "gb_radii", 0.15, pairs.width)
        inner = self._radii - OFFSET_NM
        self._inner = inner[:, :, None]
        self._scaled = (_padded(ligands, "gb_scales", 0.0, pairs.width) * inner)[:, None, :]
        prefactor = 1.0 / field.solute_dielectric - 1.0 / field.solvent_dielectric
        self._charges = -COULOMB_KJ_NM * prefactor * charges[:, :, None] * charges[:, None, :]

    def _polar(self, squares: np.ndarray, born: np.ndarray) -> tuple[np.ndarray, ...]:
        """Energy, f², exponential and exponent of each pair, and of each atom with itself."""
        squares = squares.copy()
        own = np.arange(self._pairs.width)
        squares[:, own, own] = 0.0
        products = born[:, :, None] * born[:, None, :]
        exponent = squares / (4.0 * products)
        screen = np.exp(-exponent)
        f2 = squares + products * screen
        return self._charges / np.sqrt(f2), f2, screen, exponent

    def energies(self, rows: np.ndarray) -> np.ndarray:
        squares = self._pairs.squares(_centred(rows, self._pairs.real))
        pairs = descreening(np.sqrt(squares), self._inner, self._scaled)
        pairs[self._pairs.none] = 0.0
        born = born_radii(0.5 * pairs.sum(axis=2), self._radii)
        polar, *_ = self._polar(squares, born)
        apolar = np.where(self._pairs.real, apolar_energies(born, self._radii), 0.0)
        return np.asarray(polar.sum(axis=(1, 2)) / 2.0 + apolar.sum(axis=1))

    def forces(self, rows: np.ndarray) -> np.ndarray:
        centred = _centred(rows, self._pairs.real)
        squares = self._pairs.squares(centred)
        distances = np.sqrt(squares)
        pairs, slopes = descreening_and_slopes(distances, self._inner, self._scaled)
        pairs[self._pairs.none] = 0.0
        integrals = 0.5 * pairs.sum(axis=2)
        born = born_radii(integrals, self._radii)
        polar, f2, screen, exponent = self._polar(squares, born)
        polar /= f2
        # by the Born radii, and by the integrals behind them
        by_product = polar * screen * (1.0 + exponent) / -2.0
        by_born = np.einsum("kij,kj->ki", by_product, born)
        by_born -= 6.0 * apolar_energies(born, self._radii) / born
        by_integral = by_born * born_radii_slopes(integrals, self._radii)
        slopes *= by_integral[:, :, None]
        slopes /= 2.0 * distances
        slopes = slopes + slopes.transpose(0, 2, 1) - polar * (1.0 - screen / 4.0)
        slopes[self._pairs.none] = 0.0
        return _pull(centred, slopes)
