"""What can be told apart from noise."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import t

from screenmm.variants.calls import (
    PRIOR_RESIDUES,
    PRIOR_SD_KCAL_MOL,
    SLOPE,
    Call,
    Effect,
    Marker,
    Noise,
    effect_of,
)


def test_noise_by_hand() -> None:
    noise = Noise.of({"A:VAL:93": [0.3, -0.1], "A:MET:90": [2.0]})
    own = [(0.09 + 0.01) / 2, 4.0]
    assert noise.residues == 2 + PRIOR_RESIDUES
    expected = (sum(own) + PRIOR_RESIDUES * PRIOR_SD_KCAL_MOL**2) / noise.residues
    assert noise.sd_kcal_mol == pytest.approx(math.sqrt(expected))
    assert Noise.of({}) == Noise(PRIOR_SD_KCAL_MOL, PRIOR_RESIDUES)


def test_an_interval_by_hand() -> None:
    replicas, noise = [2.0, 3.0, 4.0], Noise(0.5, 8)
    effect = effect_of(replicas, noise)
    half = t.ppf(0.975, 8) * math.sqrt(1.0 / 3 + 0.25)
    assert effect.ddg_kcal_mol == pytest.approx(SLOPE * 3.0)
    assert effect.low_kcal_mol == pytest.approx(SLOPE * (3.0 - half))
    assert effect.high_kcal_mol == pytest.approx(SLOPE * (3.0 + half))
    assert (effect.call, effect.marker) == (Call.WEAKER, Marker.LOST)
    other = effect_of([-each for each in replicas], noise)
    assert (other.call, other.marker) == (Call.STRONGER, Marker.GAINED)


def test_one_replica_has_the_noise_alone() -> None:
    assert effect_of([0.1], Noise(0.5, 8)).call is Call.NOT_TOLD_APART


@pytest.mark.parametrize(
    ("low", "high", "marker"),
    [(-0.5, 0.9, Marker.KEPT), (-1.2, 0.1, Marker.UNTOLD), (-3.0, 3.0, Marker.UNTOLD)],
)
def test_kept_is_more_than_not_told_apart(low: float, high: float, marker: Marker) -> None:
    assert Effect((low + high) / 2, low, high, Call.NOT_TOLD_APART).marker is marker


def test_nulls_lie_within_their_intervals_as_often_as_they_should() -> None:
    """Noise as in the benchmark: mostly small, now and then large; each null judged by others."""
    draw = np.random.default_rng(3)
    inside = []
    for _ in range(400):
        sds = np.where(draw.random(5) < 0.15, 1.5, 0.2)
        nulls = {str(k): [float(draw.normal(0, sd))] for k, sd in enumerate(sds)}
        for name, (value,) in nulls.items():
            noise = Noise.of({other: each for other, each in nulls.items() if other != name})
            inside.append(effect_of([value], noise).call is Call.NOT_TOLD_APART)
    assert np.mean(inside) > 0.93
