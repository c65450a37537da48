"""The verdict in one word: what each kind of evidence makes of it, and what is said beside it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from screenmm.analysis.controls import BASELINES, SCORES, compare_all
from screenmm.analysis.measuring import Known
from screenmm.analysis.outlook import WHY, outlook
from screenmm.analysis.verdict import NO_CONTROLS, judge
from screenmm.metrics.confidence import ModelConfidence
from screenmm.metrics.controls import Common, Contest, Controls, Kind, Unranked
from screenmm.metrics.outlook import Concern, Outlook, Word
from screenmm.metrics.redocking import Redocking
from screenmm.metrics.verdicts import Level, Verdict
from screenmm.tables.dictionary import DG
from tests.unit.made_up import receptor_counts, redocking

FOUND = redocking(best_rmsd_angstrom=0.6)
MISSED = redocking(passed=False, best_rmsd_angstrom=4.24)
FITTED = redocking(passed=None, fitted=True, best_rmsd_angstrom=0.6)
ALL_WELL = receptor_counts(ranked=400, ranked_by_mmgbsa=400)


def pick(**values: Any) -> dict[str, Any]:
    told = {"dg_mmgbsa_kcal_mol": -40.0, "dock_score_kcal_mol": -7.0, "pose_checks_failed": "",
            "known": False}  # fmt: skip
    return told | values


def contest(n: int = 300, **columns: np.ndarray) -> Contest:
    """Measured ligands whose scores and properties are as given; others are noise."""
    rng = np.random.default_rng(1)
    truth = rng.normal(size=n)
    whole = dict.fromkeys((*SCORES, *BASELINES), np.full(n, np.nan))
    whole |= {name: rng.normal(size=n) for name in ("heavy_atoms", "logp")}
    whole |= {name: weight * truth + rng.normal(size=n) for name, weight in columns.items()}
    known = Known("correlation", [f"K{i}" for i in range(n)], truth, whole)
    return compare_all(known, seed=1)[2]


def told(
    contests: dict[Kind, Contest],
    redocked: Redocking | None = FOUND,
    picks: tuple[dict[str, Any], ...] = (pick(),),
    counts: Any = ALL_WELL,
    actives_lost: int = 0,
    doubtful: bool = False,
    charge: float | None = None,
    model: ModelConfidence | None = None,
) -> Outlook:
    kinds = [judge(kind, each) for kind, each in contests.items()]
    found = None
    if contests:
        empty: dict[Kind, Contest] = {"classification": Contest(), "correlation": Contest()}
        found = Controls(
            classification={}, correlation={}, common=Common(classification={}, correlation={}),
            contest=empty | contests, unranked=Unranked(actives=actives_lost, inactives=0),
            presumed_inactive=False,
        )  # fmt: skip
    verdict = Verdict(text=" ".join(each.text for each in kinds) or NO_CONTROLS, kinds=kinds,
                      notes=[])  # fmt: skip
    return outlook(
        verdict, found, redocked, counts, picks, DG, charge=charge, records=1000,
        doubtful=doubtful, model=model,
    )  # fmt: skip


def said(found: Outlook) -> dict[Concern, str]:
    assert found.why == WHY[found.word]
    return {each.concern: each.text for each in found.cautions}


@pytest.fixture(scope="module")
def good() -> Contest:
    """The score that the ranking follows is far ahead."""
    return contest(dg_mmgbsa_kcal_mol=2.0, cnn_score=0.2)


def test_a_score_that_leads_all_that_is_simple_is_trusted(good: Contest) -> None:
    found = told({"correlation": good})
    assert found.word is Word.TRUST
    assert said(found) == {}


def test_a_reference_that_is_not_found_takes_trust_away(good: Contest) -> None:
    found = told({"correlation": good}, MISSED)
    assert found.word is Word.CAUTION
    assert said(found) == {
        Concern.POSE_NOT_FOUND: "Docking does not find the reference ligand's pose: the closest "
        "is 4.2 Å away."
    }


def model(plddt: float | None) -> ModelConfidence:
    return ModelConfidence(
        verdict=f"Model: {plddt}.", text="", why="", pocket_plddt=plddt,
        pocket_lowest_plddt=plddt, pocket_residues=9,
        min_pocket_plddt=70.0, doubtful=[], pocket_pae_angstrom=None,
        pocket_highest_pae_angstrom=None, rest_pae_angstrom=None, trimmed=0,
        trimmed_near_pocket=0, trimmed_runs=[],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("plddt", "word"),
    [(91.0, Word.TRUST), (70.0, Word.TRUST), (69.9, Word.CAUTION), (None, Word.TRUST)],
)
def test_a_model_that_is_unsure_of_its_pocket_takes_trust_away(
    good: Contest, plddt: float | None, word: Word
) -> None:
    found = told({"correlation": good}, model=model(plddt))
    assert found.word is word
    assert said(found)[Concern.PREDICTED_MODEL] == f"Model: {plddt}."


def test_a_relatives_ligand_is_no_reference_of_this_protein(good: Contest) -> None:
    missed = redocking(passed=False, best_rmsd_angstrom=9.46, of_relative=True)
    found = told({"correlation": good}, missed)
    assert found.word is Word.CAUTION
    assert said(found)[Concern.POSE_NOT_FOUND] == (
        "Docking does not put the relative's ligand where it lies in the relative: the closest is "
        "9.5 Å away."
    )


@pytest.mark.parametrize(
    ("redocked", "word", "poses"),
    [
        (FOUND, Word.UNTESTED, None),
        (MISSED, Word.DO_NOT_TRUST, Concern.POSE_NOT_FOUND),
        (None, Word.UNTESTED, Concern.POSE_UNTESTED),
        (redocking(status="not_done", passed=None), Word.UNTESTED, Concern.POSE_UNTESTED),
        (FITTED, Word.UNTESTED, Concern.POSE_UNTESTED),
    ],
)
def test_without_known_answers_the_pose_decides(
    redocked: Redocking | None, word: Word, poses: Concern | None
) -> None:
    found = told({}, redocked)
    assert found.word is word
    assert list(said(found)) == [Concern.UNTESTED, *([poses] if poses else [])]


def test_a_pocket_fitted_to_its_reference_is_said() -> None:
    text = said(told({}, FITTED))[Concern.POSE_UNTESTED]
    assert text.endswith("the pocket was fitted to the reference ligand itself.")


def test_the_ranking_follows_another_score_than_the_one_that_works() -> None:
    compared = contest(dg_mmgbsa_kcal_mol=0.0, cnn_affinity_pk=2.0)
    assert judge("correlation", compared).level is Level.BEATS_SIZE
    found = told({"correlation": compared})
    assert found.word is Word.CAUTION
    assert said(found) == {
        Concern.OTHER_ORDER: "The measured ligands are ranked best by CNN affinity; this list "
        "follows MM/GBSA ΔG."
    }


def test_size_that_does_as_well_is_named() -> None:
    found = told({"correlation": contest(dg_mmgbsa_kcal_mol=1.0, heavy_atoms=3.0)})
    assert found.word is Word.DO_NOT_TRUST
    assert said(found) == {
        Concern.SIMPLE_PROPERTY: "Size alone ranks the measured ligands as well as any score."
    }


def test_a_property_that_may_do_as_well_is_named() -> None:
    found = told({"correlation": contest(dg_mmgbsa_kcal_mol=1.0, logp=0.95)})
    assert found.word is Word.CAUTION
    assert said(found)[Concern.SIMPLE_PROPERTY] == (
        "logP alone may rank the measured ligands as well as any score."
    )


def test_a_property_begins_the_sentence_in_its_own_writing() -> None:
    found = told({"correlation": contest(dg_mmgbsa_kcal_mol=1.0, molecular_weight=0.95)})
    assert said(found)[Concern.SIMPLE_PROPERTY].startswith("Molecular weight alone may rank")


def test_chance_is_not_trusted() -> None:
    found = told({"correlation": contest(dg_mmgbsa_kcal_mol=0.0, cnn_score=0.0)})
    assert found.word is Word.DO_NOT_TRUST
    assert said(found) == {
        Concern.CHANCE: "No score is known to rank the measured ligands better than chance."
    }


@pytest.mark.parametrize("weight", [0.0, 5.0])
def test_few_ligands_give_a_caution_whatever_they_say(weight: float) -> None:
    found = told({"correlation": contest(16, dg_mmgbsa_kcal_mol=weight)})
    assert found.word is Word.CAUTION
    assert said(found)[Concern.FEW_KNOWN] == "Only 16 measured ligands: a hint, no more."


def test_the_gravest_kind_of_control_decides(good: Contest) -> None:
    bad = contest(dg_mmgbsa_kcal_mol=0.0)
    assert told({"correlation": good, "classification": bad}).word is Word.DO_NOT_TRUST


def test_what_cannot_be_compared_tests_nothing(good: Contest) -> None:
    found = told({"correlation": good, "classification": Contest()})
    assert found.word is Word.TRUST
    assert said(found) == {
        Concern.NOT_COMPARABLE: "Of the known actives: No ligand with a known answer has every "
        "score."
    }
    assert told({"classification": Contest()}).word is Word.UNTESTED


def test_picks_and_records_are_warned_of(good: Contest) -> None:
    picks = (
        pick(), pick(pose_checks_failed="bond_lengths"), pick(dg_mmgbsa_kcal_mol=None),
        pick(dg_mmgbsa_kcal_mol=None, dock_score_kcal_mol=0.5, known=True),
        pick(dg_mmgbsa_kcal_mol=2.0, pose_checks_failed="internal_energy"),
    )  # fmt: skip
    counts = receptor_counts(ranked=1, failed=12)
    found = told({"correlation": good}, FOUND, picks, counts, actives_lost=3, doubtful=True)
    assert found.word is Word.TRUST
    assert said(found) == {
        Concern.ACTIVES_LOST: "3 known actives got no rank.",
        Concern.DOUBTFUL_ANSWERS: "Some known answers disagree, or could not be read.",
        Concern.PICKS_FAIL_CHECKS: "Poses of 2 of 5 picks fail a check: look at them first.",
        Concern.PICKS_NOT_SCORED: "2 of 5 picks are ranked by docking alone.",
        Concern.PICKS_DO_NOT_BIND: "For 2 of 5 picks no binding is predicted.",
        Concern.PICKS_KNOWN: "Every ranked ligand's answer is known: the picks are not new.",
        Concern.FEW_RANKED: "Only 1 ligand is ranked.",
        Concern.RECORDS_FAILED: "12 of 1,000 records failed on the way.",
    }
    nothing = told({"correlation": good}, FOUND, (), receptor_counts())
    assert said(nothing) == {Concern.FEW_RANKED: "No ligand is ranked."}


def test_a_list_that_net_charge_orders_is_named() -> None:
    text = (
        "Net charge alone tells 43% of this order: compare ions among themselves, and neutral "
        "molecules among themselves."
    )
    assert said(told({}, charge=0.43))[Concern.NET_CHARGE] == text
    assert Concern.NET_CHARGE not in said(told({}, charge=0.2))


def test_known_ligands_decide_whether_net_charge_matters() -> None:
    compared = contest(dg_mmgbsa_kcal_mol=2.0, formal_charge=0.1)
    assert Concern.NET_CHARGE not in said(told({"correlation": compared}, charge=0.43))
    compared = contest(dg_mmgbsa_kcal_mol=1.0, formal_charge=0.95)
    assert Concern.NET_CHARGE in said(told({"correlation": compared}, charge=0.43))
