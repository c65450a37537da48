"""Many independent L-BFGS minimisations driven by one force evaluation per iteration.

Members (one complex each) share every evaluation and nothing else: each has its own
direction, step, memory and end. OpenMM gives the energy of a whole System, not of a member
of it, so a step is judged by the forces alone: along the step the trapezoidal rule on the
slopes at its two ends estimates the change in energy, and a step that would raise it is
shortened to where the secant puts the minimum.

Forces come in two parts. The fast part is evaluated each iteration. The slow part (implicit
solvation: smooth, and nine tenths of the cost on a CPU) is evaluated every few iterations
and held in between, as a constant force. How far a member may go on held forces adapts: where
the fresh ones show that the full energy rose, the member goes back to where they were last
fresh, and may go less far from there. A member converges only on forces of which both parts
are fresh, so the minimum is that of the full energy.

References
----------
D. C. Liu, J. Nocedal, Math. Program. 45, 503 (1989), on L-BFGS.
L. Mones, C. Ortner, G. Csányi, Sci. Rep. 8, 13991 (2018), on force fields as preconditioners.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum

import numpy as np

Forces = Callable[[np.ndarray], np.ndarray]
"""Positions (M, 3), nm, to forces (M, 3), kJ/mol/nm."""

Inverse = np.ndarray
"""Of a model of each member's Hessian, shape (K, 3·P, 3·P), P atoms in the largest member: all
x, then all y, then all z; nm²·mol/kJ. Positive definite, also for what fills up a member."""

MEMORY = 8
MAX_STEP_NM = 0.015
"""The furthest that an atom moves in one iteration."""

MAX_REACH_NM = 0.03
"""The furthest that an atom moves on held slow forces."""

MIN_REACH_NM = 1.0e-5
GOOD_FORECAST, POOR_FORECAST = 0.75, 0.25
"""Share of the expected gain in energy above which a member may go further, below which
less far (J. Nocedal, S. J. Wright, Numerical Optimization, 2006, chapter 4)."""

SHRINK, GROW = 0.3, 2.0
"""How much less far, and how much further."""

CLASH_FORCE = 1.0e5
"""Largest force, kJ/mol/nm, that L-BFGS is given; above it a clash is relieved first."""

RELIEF_STEP_NM = 0.002
RELIEF_ITERATIONS = 200
BLOCK = 4096
"""Atoms whose steps are worked out at a time: the temporaries stay in the processor's cache."""

STRONGEST = 10.0
"""In a clash an atom goes the full stride from this fraction, one over it, of ``CLASH_FORCE``."""

LEAST_CURVATURE = 1.0e-10
"""Of a step, s·y over y·y, nm²·mol/kJ; with less it is not remembered."""

SHORTER = 0.1, 0.6
"""Least and most that a refused step keeps of its length."""

TINY = 1.0e-30
"""In place of a zero in a denominator."""

SHORTEST_STEP = 1.0e-4
"""A step shortened below this fraction is given up."""


class End(IntEnum):
    """How a member's minimisation ended."""

    RUNNING = 0
    CONVERGED = 1
    ITERATIONS = 2
    """The iterations ran out, on finite forces and without a clash."""
    STALLED = 3
    """No step along the forces lowers the energy any more."""
    CLASH = 4
    """A clash was not relieved."""
    NOT_FINITE = 5
    """Forces at the start are not finite."""


@dataclass(frozen=True)
class Minimum:
    """What the minimisation of a pack gave.

    Parameters
    ----------
    positions_nm : ndarray, shape (M, 3)
        Of all members' atoms.
    ends : list of End
        One per member.
    iterations : ndarray of int
        Fast evaluations each member used.
    largest : ndarray
        Largest force on an atom of each member, kJ/mol/nm.
    """

    positions_nm: np.ndarray
    ends: list[End]
    iterations: np.ndarray
    largest: np.ndarray


@dataclass(frozen=True)
class Options:
    """When to end.

    Parameters
    ----------
    tolerance : float
        RMS force, kJ/mol/nm.
    max_iterations : int
        Most fast evaluations, those that relieve clashes not counted.
    hold : int
        Iterations for which the slow forces are held.
    """

    tolerance: float
    max_iterations: int
    hold: int = 10


class _Members:
    """Members side by side as rows of one array, filled up with zeros to the largest's size.

    Sums over a member's atoms then run along a row, and no member's reach another's.
    """

    def __init__(self, sizes: list[int]) -> None:
        self.sizes = np.array(sizes)
        real = np.arange(self.sizes.max()) < self.sizes[:, None]
        k, width = real.shape
        count = 3 * int(self.sizes.sum())
        # what fills up takes the number after the atoms' own
        self._in_atoms = np.full((k, 3, width), count)
        self._in_atoms.transpose(0, 2, 1)[real] = np.arange(count).reshape(-1, 3)
        self._in_rows = np.arange(k * 3 * width).reshape(k, 3, width).transpose(0, 2, 1)[real]

    def rows(self, atoms: np.ndarray) -> np.ndarray:
        """Vectors (M, 3), member after member, as rows (K, 3, P): x, y and z apart."""
        return np.append(atoms, 0.0).take(self._in_atoms)

    def atoms(self, rows: np.ndarray) -> np.ndarray:
        """Undo :meth:`rows`."""
        return rows.ravel().take(self._in_rows)


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    k = len(a)
    return np.asarray(np.vecdot(a.reshape(k, -1), b.reshape(k, -1)))


def _squares(a: np.ndarray) -> np.ndarray:
    """Of the vectors' lengths, (K, P)."""
    return np.asarray(np.einsum("kip,kip->kp", a, a))


def _largest(a: np.ndarray) -> np.ndarray:
    """Length of each member's longest vector."""
    return np.asarray(np.sqrt(_squares(a).max(axis=1)))


def _spread(values: np.ndarray) -> np.ndarray:
    """Values of members for all their vectors."""
    return np.asarray(values)[:, None, None]


def _of(which: np.ndarray, theirs: np.ndarray, others: np.ndarray | float) -> np.ndarray:
    """Vectors of some members, and other ones of the others."""
    return theirs if which.all() else np.where(_spread(which), theirs, others)


class _Memory:
    """The last accepted steps of each member and the changes of gradient along them.

    A member's slots are written in turn as it accepts steps, whatever the others do.
    """

    def __init__(self, shape: tuple[int, ...], inverse: Inverse | None) -> None:
        k = shape[0]
        self.inverse = inverse
        self.steps = np.zeros((MEMORY, *shape))
        self.changes = np.zeros((MEMORY, *shape))
        self.curvatures = np.zeros((MEMORY, k))  # 1/(s·y); 0: empty
        self.scale = np.zeros(k)  # s·y/y·y of the last step; 0: none yet
        self.next = np.zeros(k, dtype=int)

    def add(self, step: np.ndarray, change: np.ndarray, taken: np.ndarray) -> None:
        curvature, square = _dot(step, change), _dot(change, change)
        good = np.flatnonzero(taken & (curvature > LEAST_CURVATURE * square) & (square > 0))
        slots = self.next[good]
        self.curvatures[slots, good] = 1.0 / curvature[good]
        self.scale[good] = curvature[good] / square[good]
        self.steps[slots, good] = step[good]
        self.changes[slots, good] = change[good]
        self.next[good] = (slots + 1) % MEMORY

    def forget(self, which: np.ndarray) -> None:
        self.scale[which] = 0.0
        self.curvatures[:, which] = 0.0

    def keep(self, which: np.ndarray) -> None:
        """Keep what is known of some members only."""
        self.inverse = None if self.inverse is None else self.inverse[which]
        self.steps, self.changes = self.steps[:, which], self.changes[:, which]
        self.curvatures = self.curvatures[:, which]
        self.scale, self.next = self.scale[which], self.next[which]

    def direction(self, forces: np.ndarray, which: np.ndarray) -> np.ndarray:
        """Two-loop recursion: −H·gradient of some members.

        Without a model of the Hessian it is zero for those without memory.
        """
        result = forces.copy()
        weights = []
        for back in range(1, MEMORY + 1):
            slots = (self.next[which] - back) % MEMORY
            curvature = self.curvatures[slots, which]
            if not curvature.any():
                break
            step, change = self.steps[slots, which], self.changes[slots, which]
            weight = curvature * _dot(step, result)
            result -= _spread(weight) * change
            weights.append((curvature, weight, step, change))
        result = self._start(result, which)
        for curvature, weight, step, change in reversed(weights):
            result += _spread(weight - curvature * _dot(change, result)) * step
        return result

    def _start(self, vectors: np.ndarray, which: np.ndarray) -> np.ndarray:
        if self.inverse is None:
            return vectors * _spread(self.scale[which])
        flat = vectors.reshape(len(which), -1, 1)
        return np.asarray(self.inverse[which] @ flat).reshape(vectors.shape)


def minimise_members(
    start_nm: np.ndarray,
    sizes: list[int],
    fast: Forces,
    slow: Forces,
    options: Options,
    inverse: Inverse | None = None,
) -> Minimum:
    """Minimise the members of a pack, each on its own.

    What a member does depends on its own forces alone, so neither the composition of the
    pack nor its order matters beyond the rounding of the forces.

    Parameters
    ----------
    start_nm : ndarray, shape (M, 3)
        Movable atoms, member after member.
    sizes : list of int
        How many atoms each member has.
    fast, slow : callable
        The two parts of the forces on the movable atoms.
    options : Options
    inverse : Inverse, optional
        What L-BFGS starts from in each step. None: a multiple of one, from its last step.

    Returns
    -------
    Minimum
        A member that ends in ``CLASH`` or ``NOT_FINITE`` is left where it was last finite.
    """
    # overflow and NaN are those of a failed member; the others do not see them
    with np.errstate(all="ignore"):
        descent = _Descent(start_nm, sizes, fast, slow, options, inverse)
        while descent.settle():
            descent.set_down()
            if descent.must_renew:
                descent.renew_slow()
            else:
                descent.advance()
    return descent.minimum()


class _Descent:
    """State of a pack's minimisation; arrays per member, vectors of its atoms as rows.

    Members that have ended are set down once they are the half: no arithmetic is done for them.
    """

    PER_MEMBER = (
        "which", "sizes", "x", "held", "forces", "step", "fraction", "needs_step", "anchor",
        "anchor_forces", "gain", "reach", "waiting", "relief", "iterations", "ends", "clashing",
        "moving",
    )  # fmt: skip

    def __init__(
        self,
        start_nm: np.ndarray,
        sizes: list[int],
        fast: Forces,
        slow: Forces,
        options: Options,
        inverse: Inverse | None,
    ) -> None:
        self._fast, self._slow, self.options = fast, slow, options
        self.members = _Members(sizes)
        k = len(sizes)
        self.which, self.sizes = np.arange(k), self.members.sizes
        self.x = self.members.rows(start_nm)
        self.all_x, self.all_ends = self.x.copy(), np.full(k, End.RUNNING)
        self.all_iterations, self.all_largest = np.zeros(k, dtype=int), np.zeros(k)
        self.memory = _Memory(self.x.shape, inverse)
        self.held = self.slow(self.x)
        self.forces = self.fast(self.x) + self.held
        self.step = np.zeros_like(self.x)
        self.fraction = np.ones(k)  # of the step, after what was taken off it
        self.needs_step = np.ones(k, dtype=bool)
        self.age = 0  # iterations since the slow forces were evaluated
        self.anchor = self.x.copy()  # where that was, with the forces there
        self.gain = np.zeros(k)  # how far the energy has fallen since, on held forces, kJ/mol
        self.reach = np.full(k, MAX_REACH_NM)
        self.waiting = np.zeros(k, dtype=bool)  # at rest until the slow forces are renewed
        self.relief, self.iterations = np.zeros(k, dtype=int), np.zeros(k, dtype=int)
        self.ends = np.full(k, End.RUNNING)
        lost = ~np.isfinite(_dot(self.forces, self.forces))
        self.ends[lost] = End.NOT_FINITE
        self.forces[lost] = 0.0
        self.anchor_forces = self.forces.copy()
        self.clashing = self.moving = np.zeros(k, dtype=bool)

    def fast(self, x: np.ndarray) -> np.ndarray:
        return self._evaluate(self._fast, x)

    def slow(self, x: np.ndarray) -> np.ndarray:
        return self._evaluate(self._slow, x)

    def _evaluate(self, forces: Forces, x: np.ndarray) -> np.ndarray:
        """Forces on the members that are not set down."""
        self.all_x[self.which] = x
        rows = self.members.rows(forces(self.members.atoms(self.all_x)))
        return rows if len(self.which) == len(rows) else rows.take(self.which, axis=0)

    def set_down(self) -> None:
        """Put aside the members that have ended, when they are at least the half."""
        running = np.flatnonzero(self.ends == End.RUNNING)
        if 2 * len(running) > len(self.ends):
            return
        self._store()
        self.memory.keep(running)
        for name in self.PER_MEMBER:
            setattr(self, name, getattr(self, name)[running])

    def _store(self) -> None:
        self.all_x[self.which], self.all_ends[self.which] = self.x, self.ends
        self.all_iterations[self.which] = self.iterations
        self.all_largest[self.which] = _largest(self.forces)

    def settle(self) -> bool:
        """End the members that are done; whether any is left."""
        running = self.ends == End.RUNNING
        rms = np.sqrt(_dot(self.forces, self.forces) / (3.0 * self.sizes))
        small = running & (rms <= self.options.tolerance)
        self.clashing = _largest(self.forces) > CLASH_FORCE
        spent = running & ~self.clashing & (self.iterations >= self.options.max_iterations)
        if self.age == 0:
            self.ends[spent] = End.ITERATIONS
            self.ends[small] = End.CONVERGED
        # on held forces nothing ends: fresh ones may send a member back
        self.waiting |= small | spent
        self.moving = (self.ends == End.RUNNING) & ~self.waiting
        return bool((self.ends == End.RUNNING).any())

    @property
    def must_renew(self) -> bool:
        """Whether the slow forces are to be evaluated next."""
        return self.age >= self.options.hold or not self.moving.any()

    def renew_slow(self) -> None:
        """Evaluate the slow forces, and judge by them what was done on the held ones."""
        running = self.ends == End.RUNNING
        new = self.slow(self.x)
        moved = self.x - self.anchor
        # trapezoidal rule again: what the held forces forecast wrongly
        error = _dot(self.held - new, moved) / 2.0
        judged = running & ~self.clashing & (self.gain > 0)
        forecast = np.where(judged, 1.0 - error / np.where(judged, self.gain, 1.0), 1.0)
        back = judged & ~(forecast > 0.0)
        self.reach[judged & (forecast < POOR_FORECAST)] *= SHRINK
        further = judged & (forecast > GOOD_FORECAST)
        self.reach[further] = np.minimum(GROW * self.reach[further], MAX_REACH_NM)
        self.memory.forget(back)
        go = _spread(running & ~back)
        self.forces = np.where(go, self.forces + new - self.held, self.forces)
        self.held = np.where(go, new, self.held)
        undo = _spread(back)
        self.x = np.where(undo, self.anchor, self.x)
        self.forces = np.where(undo, self.anchor_forces, self.forces)
        self.anchor, self.anchor_forces = self.x.copy(), self.forces.copy()
        self.gain[:] = 0.0
        self.age = 0
        self.waiting[:] = False
        self.needs_step[:] = True
        self.fraction[back] = 1.0
        self.ends[running & (self.reach < MIN_REACH_NM)] = End.STALLED

    def advance(self) -> None:
        """Try a step of each moving member and keep those that lead down."""
        moving = self.moving
        self.step = _steps(self.forces, self.step, self.needs_step & moving, self.memory)
        trial = self._within_reach(_of(moving, _spread(self.fraction) * self.step, 0.0))
        there = self.x + trial
        forces = self.fast(there) + self.held
        self.age += 1
        self.iterations[moving & ~self.clashing] += 1
        self.relief[moving & self.clashing] += 1
        self.ends[moving & (self.relief > RELIEF_ITERATIONS)] = End.CLASH
        # the energy's derivatives along the step, with the sign changed
        slope, after = _dot(self.forces, trial), _dot(forces, trial)
        finite = np.isfinite(_dot(forces, forces))
        accepted = moving & finite & ((slope + after >= 0.0) | self.clashing)
        change = _of(accepted, self.forces - forces, 0.0)
        self.memory.add(_of(accepted, trial, 0.0), change, accepted & ~self.clashing)
        self.x = _of(accepted, there, self.x)
        self.forces = _of(accepted, forces, self.forces)
        self.gain += np.where(accepted, (slope + after) / 2.0, 0.0)
        self.fraction[accepted] = 1.0
        self.needs_step = accepted
        self._shorten(moving & ~accepted, _shorter(slope, after, finite))

    def _within_reach(self, trial: np.ndarray) -> np.ndarray:
        """Cut steps that lead too far on held slow forces; the member then waits for new ones."""
        way = self.x - self.anchor
        full = _largest(way + trial)
        out = self.moving & ~self.clashing & (full > self.reach)
        if not out.any():
            return trial
        # a step that starts inside ends inside when it is this short
        left = np.maximum(self.reach - _largest(way), 0.0)
        share = np.where(out, left / np.maximum(_largest(trial), TINY), 1.0)
        self.waiting |= out
        return trial * _spread(np.minimum(share, 1.0))

    def _shorten(self, refused: np.ndarray, factor: np.ndarray) -> None:
        """Shorten refused steps; where that has gone too far, start afresh or give up."""
        self.fraction = np.where(refused, self.fraction * factor, self.fraction)
        stuck = refused & (self.fraction < SHORTEST_STEP)
        retry = stuck & (self.memory.scale > 0)
        self.memory.forget(retry)
        self.fraction[retry] = 1.0
        self.needs_step |= retry
        self.ends[stuck & ~retry] = End.STALLED

    def minimum(self) -> Minimum:
        self._store()
        ends = [End(end) for end in self.all_ends]
        return Minimum(self.members.atoms(self.all_x), ends, self.all_iterations, self.all_largest)


def _steps(forces: np.ndarray, step: np.ndarray, renew: np.ndarray, memory: _Memory) -> np.ndarray:
    """Give members that need one a new step, no atom further than it may go."""
    renewed, which = step.copy(), np.flatnonzero(renew)
    members = max(1, BLOCK // forces.shape[2])
    for start in range(0, len(which), members):
        block = which[start : start + members]
        renewed[block] = _new_steps(forces[block], block, memory)
    return renewed


def _new_steps(forces: np.ndarray, which: np.ndarray, memory: _Memory) -> np.ndarray:
    chosen = memory.direction(forces, which)
    uphill = _dot(chosen, forces) <= 0.0
    memory.forget(which[uphill])
    size = np.sqrt(_squares(forces))
    largest = size.max(axis=1)
    # without memory: along the forces, as far as relief goes
    scale = RELIEF_STEP_NM / np.maximum(largest[uphill], TINY)
    chosen[uphill] = forces[uphill] * _spread(scale)
    # in a clash each atom goes by its own force, the strongest by the full stride
    clash = largest > CLASH_FORCE
    strides = RELIEF_STEP_NM / np.maximum(size[clash], CLASH_FORCE / STRONGEST)
    chosen[clash] = forces[clash] * strides[:, None]
    chosen *= _spread(MAX_STEP_NM / np.maximum(_largest(chosen), MAX_STEP_NM))
    return chosen


def _shorter(slope: np.ndarray, after: np.ndarray, finite: np.ndarray) -> np.ndarray:
    """Factor for a refused step: where the secant of the slopes has its zero."""
    secant = slope / (slope - after)
    return np.where(finite & np.isfinite(secant), np.clip(secant, *SHORTER), SHORTER[0])
