"""What people read of the order of a ranking, and of net charge in it."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from screenmm.analysis.charges import charge_share, explained
from screenmm.analysis.ordering import ordering
from screenmm.metrics.orders import OrderEvidence
from screenmm.results.orders import Followed, Order
from screenmm.tables.dictionary import CNN_AFFINITY, DG

BEST = Order("consensus_z", ("docking", "mmgbsa"))
MEASURED = {
    BEST.name: OrderEvidence(
        targets=11,
        roc_auc=0.661,
        roc_auc_docking=0.618,
        roc_auc_lead_low=-0.012,
        roc_auc_lead_high=0.094,
        bedroc_20=0.4,
        bedroc_20_docking=0.33,
        bedroc_20_lead_low=0.0,
        bedroc_20_lead_high=0.12,
    )
}


def test_an_order_that_was_measured_says_how_it_did() -> None:
    found = ordering(Followed("auto", BEST), MEASURED)
    assert found.text == (
        "Ordered by z-score consensus of docking and MM/GBSA (auto); ligands without it come "
        "behind. On 11 targets with known answers this order had a mean ROC-AUC of 0.66, docking "
        "alone 0.62 (95 % interval of the lead −0.01 to +0.09), and a mean BEDROC of 0.40, docking "
        "alone 0.33 (+0.00 to +0.12)."
    )
    assert found.evidence is not None
    assert (found.evidence.targets, found.evidence.roc_auc_docking) == (11, 0.618)
    assert (found.score, found.joins) == ("consensus_z", ["docking", "mmgbsa"])


def test_an_order_that_stands_in_says_for_what_and_that_nothing_is_known_of_it() -> None:
    found = ordering(Followed("auto", Order("mmgbsa"), (CNN_AFFINITY.name,)), MEASURED)
    assert found.text == (
        "Ordered by MM/GBSA, as no ligand has a score by the CNN (auto); ligands without it come "
        "behind. How this order does on other targets was not measured."
    )
    assert found.evidence is None


def test_what_a_config_names_is_told_by_its_key() -> None:
    text = ordering(Followed("size_corrected", Order("size_corrected")), {}).text
    assert text.startswith(
        "Ordered by ΔG per cube root of size (ranking.by: size_corrected); ligands"
    )


def test_the_share_is_that_of_the_kruskal_wallis_test() -> None:
    """One-way analysis of variance of the ranks: eta squared is between over total."""
    rng = np.random.default_rng(3)
    groups = rng.integers(-1, 2, 400)
    values = rng.normal(size=400) + 1.5 * np.abs(groups)
    ranks = stats.rankdata(values)
    means = np.array([ranks[groups == group].mean() for group in groups])
    between = ((means - ranks.mean()) ** 2).sum() / ((ranks - ranks.mean()) ** 2).sum()
    found = explained(values, groups)
    assert found == pytest.approx(between, abs=0.005)
    # ions of both signs come first: a correlation sees nothing of it
    assert found > 0.25
    assert abs(stats.spearmanr(values, groups).statistic) < 0.1


def test_charges_that_mean_nothing_explain_nothing() -> None:
    rng = np.random.default_rng(4)
    drawn = [explained(rng.normal(size=60), rng.integers(-1, 2, 60)) for _ in range(200)]
    assert np.mean(drawn) == pytest.approx(0, abs=0.01)
    assert explained(np.arange(40.0), np.zeros(40)) is None


def test_few_ligands_say_nothing_of_charge(ranked) -> None:
    assert charge_share(ranked, "wt", DG) is None
