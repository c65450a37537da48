from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from openmmforcefields import __file__ as openmmforcefields
from rdkit import Chem
from rdkit.Chem import Crippen, Descriptors

from screenmm.analysis.controls import BASELINES, SCORES, compare_all, controls
from screenmm.analysis.measuring import Known
from screenmm.analysis.metrics import make_metrics
from screenmm.analysis.summary import summarise
from screenmm.analysis.verdict import NO_CONTROLS, PRESUMED, judge, score_words, verdicts
from screenmm.metrics.controls import Common, Contest, Controls, Scored, Unranked
from screenmm.metrics.verdicts import Judgement, Level, Verdict
from screenmm.report.report import render_report

JACS = Path(openmmforcefields).parent / "data/perses_jacs_systems"
FILES = {
    "cdk2": "CDK2_ligands_shifted.sdf",
    "jnk1": "Jnk1_ligands.sdf",
    "tyk2": "Tyk2_ligands_shifted.sdf",
}
# MM/GBSA of the poses as given, kcal/mol, in the order of the files: standard protocol of
# benchmarks/given_poses.py, whose table has the correlations.
DG = {
    "cdk2": [-38.96, -52.42, -42.84, -45.48, -42.06, -42.84, -47.80, -42.93, -45.19, -45.53,
             -47.55, -43.84, -46.90, -35.50, -43.62, -42.93],
    "jnk1": [-42.37, -45.95, -39.80, -45.62, -40.88, -42.29, -42.58, -46.80, -42.81, -48.19,
             -47.83, -43.85, -46.10, -41.84, -48.05, -42.29, -48.29, -44.88, -42.82, -44.89,
             -42.07],
    "tyk2": [-41.48, -47.85, -40.77, -44.10, -42.18, -39.27, -43.55, -40.04, -43.90, -35.13,
             -46.22, -40.24, -41.87, -45.36, -42.39, -44.05],
}  # fmt: skip
MEASURED = {"cdk2": (0.32, 0.77), "jnk1": (0.63, 0.73), "tyk2": (0.91, 0.01)}


def series(name: str) -> Known:
    """A JACS series: measured affinities, sizes and our MM/GBSA."""
    mols = list(Chem.SDMolSupplier(str(JACS / name / FILES[name])))
    dg = np.array(DG[name])
    atoms = np.array([mol.GetNumHeavyAtoms() for mol in mols], float)
    columns = dict.fromkeys((*SCORES, *BASELINES), np.full(len(mols), np.nan)) | {
        "rank": dg.argsort().argsort() * -1.0,
        "dg_mmgbsa_kcal_mol": -dg,
        "ligand_efficiency_kcal_mol": -dg / atoms,
        "dg_size_corrected_kcal_mol": -dg / np.cbrt(atoms),
        "heavy_atoms": atoms,
        "molecular_weight": np.array([Descriptors.MolWt(mol) for mol in mols]),
        "logp": np.array([Crippen.MolLogP(mol) for mol in mols]),
    }
    strength = np.array([-float(mol.GetProp("r_user_dG.exp")) for mol in mols])
    return Known("correlation", [mol.GetProp("_Name") for mol in mols], strength, columns)


@pytest.fixture(scope="module", params=FILES)
def judged(request) -> tuple[str, dict[str, Scored], Judgement]:
    by_score, _, compared = compare_all(series(request.param), seed=1)
    return request.param, by_score, judge("correlation", compared)


def test_the_correlations_are_the_benchmarks(judged) -> None:
    name, by_score, _ = judged
    found = [by_score[s].spearman.value for s in ("dg_mmgbsa_kcal_mol", "heavy_atoms")]
    assert found == pytest.approx(MEASURED[name], abs=0.01)


def test_size_wins_on_cdk2_and_jnk1_and_loses_on_tyk2(judged) -> None:
    name, _, verdict = judged
    score, size = (f"{value:.2f}" for value in MEASURED[name])
    assert verdict.best == "dg_mmgbsa_kcal_mol"
    if name == "tyk2":
        assert verdict.level == Level.BEATS_SIZE
        assert "MM/GBSA ΔG follows measured affinity best of 3 scores" in verdict.text
        assert f"Spearman {score} on 16 ligands, 95 % interval " in verdict.text
        assert "and beats size" in verdict.text
        assert "It leads molecular weight, logP, too." in verdict.text
        return
    assert verdict.level == Level.SIZE_WINS
    assert verdict.text.startswith("Size wins: heavy-atom count alone follows measured affinity")
    assert f"Spearman {size} on " in verdict.text
    assert "the larger the better)" in verdict.text
    assert f"MM/GBSA ΔG, has {score}, a lead of −0." in verdict.text
    assert "Only " in verdict.text


def _many(lead: float, n: int = 400) -> Contest:
    """A score that is as good as size, and better by what ``lead`` adds of the truth."""
    rng = np.random.default_rng(4)
    truth = rng.normal(size=n)
    size = truth + rng.normal(size=n)
    score = truth + rng.normal(size=n) * (1 - lead)
    columns = dict.fromkeys((*SCORES, *BASELINES), np.full(n, np.nan))
    columns |= {"heavy_atoms": size, "dock_score_kcal_mol": score}
    return compare_all(Known("correlation", [str(i) for i in range(n)], truth, columns), 1)[2]


def test_a_clear_lead_and_an_unclear_one() -> None:
    clear, unclear = judge("correlation", _many(0.5)), judge("correlation", _many(0.1))
    assert clear.level == Level.BEATS_SIZE
    assert "Only" not in clear.text
    assert unclear.level == Level.UNCLEAR
    assert "but size alone ranks these ligands as well, as far as they can tell" in unclear.text


def test_what_is_as_good_as_size_loses_to_it() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(size=60)
    size = truth + 0.3 * rng.normal(size=60)
    columns = dict.fromkeys((*SCORES, *BASELINES), np.full(60, np.nan))
    columns |= {"heavy_atoms": size, "cnn_score": size}
    known = Known("correlation", [str(i) for i in range(60)], truth, columns)
    compared = compare_all(known, 1)[2]
    assert compared.leads["cnn_score"]["heavy_atoms"].lead == 0
    assert judge("correlation", compared).level == Level.SIZE_WINS


@pytest.mark.parametrize(("n", "hint"), [(29, True), (30, False)])
def test_fewer_than_thirty_ligands_are_a_hint(n: int, hint: bool) -> None:
    assert (f"Only {n} ligands: a hint" in judge("correlation", _many(0.5, n)).text) is hint


def test_better_than_a_useless_size_is_not_better_than_chance() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(size=40)
    noise = rng.normal(size=40)
    columns = dict.fromkeys((*SCORES, *BASELINES), np.full(40, np.nan))
    columns |= {"heavy_atoms": rng.normal(size=40), "cnn_score": noise + 0.2 * truth}
    known = Known("correlation", [str(i) for i in range(40)], truth, columns)
    found = judge("correlation", compare_all(known, 1)[2])
    assert found.level == Level.NO_BETTER_THAN_CHANCE
    assert found.text.startswith("No score is known to be better than chance here.")


def test_where_size_is_chance_as_well_nothing_wins() -> None:
    rng = np.random.default_rng(5)
    truth = rng.normal(size=40)
    columns = dict.fromkeys((*SCORES, *BASELINES), np.full(40, np.nan))
    columns |= {"heavy_atoms": rng.normal(size=40) + 0.1 * truth, "cnn_score": -truth}
    known = Known("correlation", [str(i) for i in range(40)], truth, columns)
    found = judge("correlation", compare_all(known, 1)[2])
    assert found.level == Level.NO_BETTER_THAN_CHANCE
    assert found.text.startswith("Neither a score nor size is known to be better than chance")


def test_another_trivial_baseline_that_does_as_well_is_named() -> None:
    rng = np.random.default_rng(3)
    truth = rng.normal(size=60)
    columns = dict.fromkeys((*SCORES, *BASELINES), np.full(60, np.nan))
    columns |= {"heavy_atoms": rng.normal(size=60), "logp": truth,
                "cnn_score": truth + 0.3 * rng.normal(size=60)}  # fmt: skip
    known = Known("correlation", [str(i) for i in range(60)], truth, columns)
    found = judge("correlation", compare_all(known, 1)[2])
    assert found.level == Level.TRIVIAL_WINS
    assert "But logP alone does as well or better (1.00, the greasier the better)" in found.text
    # a property that counts the other way round is as trivial
    known.columns["logp"] = -truth
    found = judge("correlation", compare_all(known, 1)[2])
    assert found.level == Level.TRIVIAL_WINS
    assert "(1.00, the less greasy the better)" in found.text


def test_a_score_that_holds_size_the_other_way_round_beats_nothing() -> None:
    """Energies by chance, small ligands are better: the ratio follows, as size alone does."""
    for seed in range(12):
        rng = np.random.default_rng(seed)
        size = rng.integers(15, 40, 36).astype(float)
        dg = rng.uniform(20, 50, 36)
        columns = dict.fromkeys((*SCORES, *BASELINES), np.full(36, np.nan))
        columns |= {"heavy_atoms": size, "dg_mmgbsa_kcal_mol": dg,
                    "ligand_efficiency_kcal_mol": dg / size}  # fmt: skip
        truth = -size + rng.normal(0, 4, 36)
        known = Known("correlation", [str(i) for i in range(36)], truth, columns)
        found = judge("correlation", compare_all(known, 1)[2])
        assert found.level in (Level.SIZE_WINS, Level.UNCLEAR), (seed, found.text)
        assert "the smaller the better" in found.text


def test_noise_seldom_looks_like_a_score() -> None:
    """Nine scores by chance: the best of them must not be believed."""
    levels = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        columns = {name: rng.normal(size=24) for name in (*SCORES, *BASELINES)}
        known = Known("correlation", [str(i) for i in range(24)], rng.normal(size=24), columns)
        levels.append(judge("correlation", compare_all(known, seed)[2]).level)
    # nominally 2.5 % at most, and all four baselines have to be beaten as well
    assert levels.count(Level.BEATS_SIZE) <= 2
    assert levels.count(Level.NO_BETTER_THAN_CHANCE) >= 45


def test_a_score_better_than_chance_is_not_called_chance_where_size_is_no_worse() -> None:
    rng = np.random.default_rng(1)
    truth = rng.normal(size=200)
    columns = dict.fromkeys((*SCORES, *BASELINES), np.full(200, np.nan))
    score = truth + 5 * rng.normal(size=200)
    columns |= {"cnn_score": score, "heavy_atoms": score + 0.01 * truth}
    known = Known("correlation", [str(i) for i in range(200)], truth, columns)
    compared = compare_all(known, 1)[2]
    size = compared.trivial["heavy_atoms"].model_copy(update={"low": -0.01})
    compared = compared.model_copy(update={"trivial": compared.trivial | {"heavy_atoms": size}})
    assert compared.leads["cnn_score"]["heavy_atoms"].lead <= 0
    assert compared.scores["cnn_score"].low > 0
    found = judge("correlation", compared)
    assert found.level == Level.UNCLEAR
    assert "chance" not in found.text.replace("better than by chance", "")


def test_known_actives_without_a_rank_are_said() -> None:
    rng = np.random.default_rng(3)
    active = (np.arange(300) < 20).astype(float)
    columns = dict.fromkeys((*SCORES, *BASELINES), np.full(300, np.nan))
    columns |= {"heavy_atoms": rng.normal(size=300), "cnn_score": rng.normal(size=300) + 3 * active}
    known = Known("classification", [str(i) for i in range(300)], active, columns)
    rows, _, compared = compare_all(known, 1)
    measured = Controls(
        classification=rows, correlation={}, common=Common(classification={}, correlation={}),
        contest={"classification": compared, "correlation": Contest()},
        unranked=Unranked(actives=30, inactives=0), presumed_inactive=True,
    )  # fmt: skip
    found = verdicts({"wt": measured}, ["wt"])["wt"]
    assert found.notes == [PRESUMED, "30 of 50 known actives got no rank and take no part in "
                              "this: see the ledger for the reasons."]  # fmt: skip
    assert found.text.endswith(" ".join(found.notes))


def test_few_actives_are_a_hint() -> None:
    rng = np.random.default_rng(3)
    active = (np.arange(300) < 6).astype(float)
    columns = dict.fromkeys((*SCORES, *BASELINES), np.full(300, np.nan))
    columns |= {"heavy_atoms": rng.normal(size=300), "cnn_score": rng.normal(size=300) + 3 * active}
    known = Known("classification", [str(i) for i in range(300)], active, columns)
    found = judge("classification", compare_all(known, 1)[2])
    assert found.level == Level.BEATS_SIZE
    assert found.text.startswith("CNN score separates actives better than by chance (ROC-AUC 0.9")
    assert "Only 6 active ligands: a hint, no more." in found.text


def test_one_class_and_no_common_ligands_cannot_be_judged() -> None:
    ones = np.ones(5)
    columns = dict.fromkeys((*SCORES, *BASELINES), np.full(5, np.nan))
    columns |= {"heavy_atoms": np.arange(5.0), "cnn_score": np.arange(5.0)}
    known = Known("classification", list("abcde"), ones, columns)
    found = judge("classification", compare_all(known, 1)[2])
    assert (found.level, found.best) == (Level.UNKNOWN, None)
    assert found.text == (
        "ROC-AUC cannot be computed: no inactives among 5 labelled ligands with this score."
    )
    assert judge("correlation", Contest()).text == "No ligand with a known answer has every score."


def test_without_controls_the_verdict_says_what_to_add() -> None:
    found = verdicts({}, ["wt"])
    assert found == {"wt": Verdict(text=NO_CONTROLS, kinds=[], notes=[])}


def test_every_score_has_words(ranked) -> None:
    measured = controls(ranked)["wt"]
    assert set(measured.classification) <= set(score_words())
    assert set(measured.common.classification) <= set(score_words())


def test_the_verdict_is_in_metrics_terminal_and_on_top_of_the_report(
    screen, ranked, tmp_path: Path
) -> None:
    metrics = make_metrics(ranked, "tyk2-demo")
    text = metrics.verdicts["wt"].text
    assert [each.kind for each in metrics.verdicts["wt"].kinds] == [
        "classification", "correlation",
    ]  # fmt: skip
    shown = summarise(ranked, metrics, tmp_path, tmp_path / "report.html")
    assert f"wt: {text}" in " ".join(shown.split())
    assert max(map(len, shown.split(str(tmp_path))[0].splitlines())) <= 120
    html = render_report(ranked, metrics, screen.settings)
    top = html[html.index("Summary</h2>") : html.index("<dl")]
    assert all(each.text in top for each in metrics.verdicts["wt"].kinds)
    assert all(note in top for note in metrics.verdicts["wt"].notes)
    assert '<section id="picks"' in html
    assert "its answer is known, as every ranked ligand" in html
