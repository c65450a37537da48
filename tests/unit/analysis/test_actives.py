"""Known actives that the config names: what is inactive beside them, and where that is said."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from screenmm.analysis.controls import controls, load_known
from screenmm.analysis.picks import pick
from screenmm.analysis.verdict import PRESUMED, verdicts
from screenmm.metrics.controls import Unranked


@pytest.fixture(scope="module")
def with_actives(screen):
    """The screen as if only its actives had a label."""
    connection = screen.open()
    connection.execute("UPDATE ranking SET label = NULL WHERE label = 0")
    yield connection
    connection.close()


def test_ligands_without_a_label_count_as_inactive(with_actives) -> None:
    plain = controls(with_actives)["wt"]
    found = controls(with_actives, presume_inactive=True)["wt"]
    rows = with_actives.execute(
        "SELECT coalesce(label, 0), label IS NULL, -dg_mmgbsa_kcal_mol FROM ranking "
        "WHERE receptor = 'wt' AND dg_mmgbsa_kcal_mol IS NOT NULL AND heavy_atoms IS NOT NULL"
    ).fetchall()
    label, unlabelled, score = np.array(rows, float).T
    assert unlabelled.sum() > 0
    mine = found.classification["dg_mmgbsa_kcal_mol"]
    assert mine.n == len(rows)
    assert mine.roc_auc.value == pytest.approx(roc_auc_score(label, score), abs=1e-9)
    before = plain.classification["dg_mmgbsa_kcal_mol"]
    assert mine.n == before.n + unlabelled.sum()
    assert mine.actives == before.actives == before.n
    # affinities are presumed of nothing
    assert found.correlation == plain.correlation


def test_unranked_library_molecules_are_unranked_inactives(ranked) -> None:
    lost = controls(ranked, presume_inactive=True)["wt"].unranked
    ((ligands, actives),) = ranked.execute(
        "SELECT count(*), count(*) FILTER (label = 1) FROM members "
        "WHERE inchikey NOT IN (SELECT inchikey FROM ranking WHERE receptor = 'wt')"
    ).fetchall()
    assert lost == Unranked(actives=actives, inactives=ligands - actives)


def test_the_verdict_says_what_counts_as_inactive(with_actives) -> None:
    told = verdicts(controls(with_actives, presume_inactive=True), ["wt"])["wt"].text
    assert told.endswith(PRESUMED)
    assert "Library molecules without a label count as inactive here" in told
    assert PRESUMED not in verdicts(controls(with_actives), ["wt"])["wt"].text


def test_known_actives_are_no_picks(with_actives) -> None:
    known = set(load_known(with_actives, "wt", "classification").keys)
    picked = {row["inchikey"] for row in pick(with_actives, "wt", 20)}
    assert picked
    assert not known & picked
