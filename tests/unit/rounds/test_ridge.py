import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge as Reference
from threadpoolctl import threadpool_limits

from screenmm.rounds.ridge import PENALTIES, fit


def problem(n: int, columns: int, seed: int = 3) -> tuple[sparse.csr_array, np.ndarray]:
    rng = np.random.default_rng(seed)
    counts = rng.poisson(0.5, (n, columns)).astype(float)
    return sparse.csr_array(counts), counts @ rng.normal(size=columns) + rng.normal(size=n) - 8


SHAPES = pytest.mark.parametrize(("n", "columns"), [(40, 100), (200, 60)], ids=["dual", "primal"])


@SHAPES
def test_it_is_scikit_learns(n: int, columns: int) -> None:
    counts, values = problem(n, columns)
    model = fit(counts, values)
    reference = Reference(alpha=model.penalty).fit(counts.toarray(), values)
    np.testing.assert_allclose(model.weights, reference.coef_, atol=1e-7)
    np.testing.assert_allclose(
        model.predict(counts), reference.predict(counts.toarray()), atol=1e-6
    )


@SHAPES
def test_molecules_left_out_are_predicted_as_by_a_fit_without_them(n: int, columns: int) -> None:
    counts, values = problem(n, columns)
    model = fit(counts, values)
    for row in (0, n // 2, n - 1):
        others = np.arange(n) != row
        reference = Reference(alpha=model.penalty).fit(counts.toarray()[others], values[others])
        expected = reference.predict(counts.toarray()[[row]])[0]
        assert model.left_out[row] == pytest.approx(expected, abs=1e-8)


@SHAPES
def test_the_penalty_is_the_best_for_molecules_left_out(n: int, columns: int) -> None:
    counts, values = problem(n, columns)
    errors = {}
    for penalty in PENALTIES:
        squares = []
        for row in range(n):
            others = np.arange(n) != row
            reference = Reference(alpha=penalty).fit(counts.toarray()[others], values[others])
            squares.append((reference.predict(counts.toarray()[[row]])[0] - values[row]) ** 2)
        errors[penalty] = np.mean(squares)
    assert fit(counts, values).penalty == min(errors, key=lambda each: errors[each])


def test_predictions_are_exact_in_any_order() -> None:
    counts, values = problem(150, 80)
    model = fit(counts, values)
    rng = np.random.default_rng(1)
    for row in range(20):
        terms = counts.toarray()[row] * model.weights
        sums = {float(np.cumsum(rng.permutation(terms))[-1]) for _ in range(10)}
        assert sums == {float(model.predict(counts[[row]])[0] - model.intercept)}


def test_threads_change_nothing() -> None:
    counts, values = problem(600, 900)
    models = []
    for threads in (1, 2):
        with threadpool_limits(threads):
            models.append(fit(counts, values))
    assert models[0].weights.tobytes() == models[1].weights.tobytes()
    assert models[0].left_out.tobytes() == models[1].left_out.tobytes()


def test_equal_values_are_predicted_everywhere() -> None:
    counts, _ = problem(30, 20)
    model = fit(counts, np.full(30, -7.5))
    np.testing.assert_allclose(model.predict(counts), -7.5, atol=1e-9)
    np.testing.assert_allclose(model.left_out, -7.5, atol=1e-9)


def test_two_molecules_are_enough_and_one_is_not() -> None:
    counts, values = problem(2, 5)
    assert np.isfinite(fit(counts, values).predict(counts)).all()
    with pytest.raises(ValueError, match="1 molecules: a model is fitted to two or more"):
        fit(counts[[0]], values[:1])
