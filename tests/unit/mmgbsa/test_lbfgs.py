"""The vectorised minimiser on functions whose minima are known."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import minimize, rosen, rosen_der

from screenmm.mmgbsa.lbfgs import CLASH_FORCE, End, Minimum, Options, minimise_members

SIZES = [3, 7, 1, 5]
RNG = np.random.default_rng(11)
N = sum(SIZES)
CENTRES = RNG.normal(0, 0.1, (N, 3))
STIFFNESS = RNG.uniform(100, 50_000, (N, 3))
COUPLING = 300.0
MEMBER = np.repeat(np.arange(len(SIZES)), SIZES)


def stiff(x: np.ndarray) -> np.ndarray:
    return -STIFFNESS * (x - CENTRES)


def soft(x: np.ndarray) -> np.ndarray:
    """Pulls all atoms of a member together: smooth, and known to no other member."""
    mean = np.array([x[m == MEMBER].mean(axis=0) for m in range(len(SIZES))])
    return -COUPLING * (x - mean[MEMBER])


def run(start: np.ndarray, **options: float) -> Minimum:
    return minimise_members(
        start, SIZES, stiff, soft, Options(**{"tolerance": 1e-3, "max_iterations": 500, **options})
    )


@pytest.fixture
def start() -> np.ndarray:
    return CENTRES + np.random.default_rng(4).normal(0, 0.05, (N, 3))


@pytest.mark.parametrize("hold", [1, 3, 10])
def test_every_member_reaches_its_minimum(start: np.ndarray, hold: int) -> None:
    found = run(start, hold=hold)
    assert found.ends == [End.CONVERGED] * len(SIZES)
    rest = stiff(found.positions_nm) + soft(found.positions_nm)
    assert np.sqrt((rest**2).mean()) <= 1e-3


def test_a_member_does_the_same_alone_and_in_company(start: np.ndarray) -> None:
    together = run(start)
    for member, size in enumerate(SIZES):
        mine = member == MEMBER

        def fast(x: np.ndarray, mine: np.ndarray = mine) -> np.ndarray:
            return -STIFFNESS[mine] * (x - CENTRES[mine])

        def slow(x: np.ndarray) -> np.ndarray:
            return -COUPLING * (x - x.mean(axis=0))

        alone = minimise_members(start[mine], [size], fast, slow, Options(1e-3, 500))
        assert alone.iterations[0] == together.iterations[member]
        assert alone.positions_nm == pytest.approx(together.positions_nm[mine], abs=1e-10)


def test_iterations_are_counted_and_bounded(start: np.ndarray) -> None:
    calls = []

    def counted(x: np.ndarray) -> np.ndarray:
        calls.append(1)
        return stiff(x)

    found = minimise_members(start, SIZES, counted, soft, Options(1e-9, 7))
    assert found.iterations.max() == 7
    assert len(calls) == 8  # and the forces at the start
    assert End.ITERATIONS in found.ends


def test_nan_and_infinity_stay_with_their_member(start: np.ndarray) -> None:
    good = run(start)

    def broken(x: np.ndarray) -> np.ndarray:
        forces = stiff(x)
        forces[MEMBER == 1] = np.nan
        forces[MEMBER == 2] = np.inf
        return forces

    found = minimise_members(start, SIZES, broken, soft, Options(1e-3, 500))
    expected = [End.CONVERGED, End.NOT_FINITE, End.NOT_FINITE, End.CONVERGED]
    assert found.ends == expected
    for member in (0, 3):
        mine = member == MEMBER
        assert (found.positions_nm[mine] == good.positions_nm[mine]).all()
    assert (found.positions_nm[MEMBER == 1] == start[MEMBER == 1]).all()


def test_forces_that_turn_nan_on_the_way_shorten_the_step(start: np.ndarray) -> None:
    def walled(x: np.ndarray) -> np.ndarray:
        forces = stiff(x)
        beyond = (np.abs(x - start) > 0.04).any(axis=1)
        forces[beyond] = np.nan
        return forces

    found = minimise_members(start, SIZES, walled, soft, Options(1e-3, 300))
    assert np.isfinite(found.positions_nm).all()
    assert np.abs(found.positions_nm - start).max() <= 0.04


def test_a_clash_is_walked_out_of_by_bounded_steps() -> None:
    sigma, k = 0.3, 500.0

    def forces(x: np.ndarray) -> np.ndarray:
        r = np.linalg.norm(x, axis=1, keepdims=True)
        return x / r * (12 * 4 * (sigma / r) ** 12 / r - k * r)

    start = np.array([[0.1, 0.02, 0.0]])
    assert np.linalg.norm(forces(start)) > 1e3 * CLASH_FORCE
    found = minimise_members(start, [1], forces, np.zeros_like, Options(1e-6, 300))
    assert found.ends == [End.CONVERGED]
    assert np.linalg.norm(forces(found.positions_nm)) < 1e-5


def test_a_clash_that_stays_is_said() -> None:
    def push(x: np.ndarray) -> np.ndarray:
        return np.full_like(x, 10 * CLASH_FORCE)

    found = minimise_members(np.zeros((2, 3)), [1, 1], push, np.zeros_like, Options(1.0, 100))
    assert found.ends == [End.CLASH, End.CLASH]


@pytest.mark.parametrize("hold", [1, 10])
def test_a_slow_force_that_opposes_the_fast_one_does_not_run_away(hold: int) -> None:
    """The fast part alone falls without end; only with the slow part is there a minimum."""

    def fast(x: np.ndarray) -> np.ndarray:
        return 800.0 * x  # a hill

    def slow(x: np.ndarray) -> np.ndarray:
        return -900.0 * x  # a steeper valley

    start = np.array([[0.05, -0.02, 0.01]])
    found = minimise_members(start, [1], fast, slow, Options(1e-2, 2000, hold))
    assert found.ends == [End.CONVERGED]
    assert np.abs(found.positions_nm).max() < 1e-3


def test_a_curved_valley_is_followed() -> None:
    """Rosenbrock's function in three dimensions, against SciPy's own L-BFGS."""
    scale = 0.1

    def forces(x: np.ndarray) -> np.ndarray:
        return -rosen_der(x[0] / scale)[None, :] * 10

    start = np.array([[-0.12, 0.1, 0.07]])
    found = minimise_members(start, [1], forces, np.zeros_like, Options(1e-3, 2000))
    theirs = minimize(rosen, start[0] / scale, jac=rosen_der, method="L-BFGS-B")
    assert found.ends == [End.CONVERGED]
    assert found.positions_nm[0] / scale == pytest.approx(theirs.x, abs=1e-3)
    assert found.iterations[0] < 400
