"""What several structures of a target tell together: in the metrics, and on the page."""

from __future__ import annotations

import re

import numpy as np
import pytest
from scipy import stats

from screenmm.analysis.metrics import make_metrics
from screenmm.config.settings import Settings
from screenmm.report.report import render_report
from screenmm.results.ensembles import make_ensembles
from tests.unit.screens import Screen

DG = "dg_mmgbsa_kcal_mol"


@pytest.fixture(scope="module")
def settings(screen: Screen) -> Settings:
    """The made-up screen's, its receptors being structures of one target."""
    receptors = {
        name: each.model_copy(update={"ensemble_of": "jak2"})
        for name, each in screen.settings.receptors.items()
    }
    return screen.settings.model_copy(update={"receptors": receptors})


@pytest.fixture(scope="module")
def joined(screen: Screen, settings: Settings):
    """A connection whose ensembles are made."""
    con = screen.open()
    make_ensembles(con, settings.ensembles, "best")
    yield con
    con.close()


def test_wins_and_agreement_are_those_of_the_rankings(joined, settings: Settings) -> None:
    found = make_metrics(joined, "jak2", settings=settings).ensembles
    assert found is not None
    told = found["jak2"]
    pairs = joined.execute(
        f"SELECT a.{DG}, b.{DG} FROM ranking a JOIN ranking b USING (inchikey) "
        f"WHERE a.receptor = 'wt' AND b.receptor = 'V678F' AND a.{DG} + b.{DG} IS NOT NULL"
    ).fetchall()
    wild, variant = np.array(pairs).T
    assert told.scored_in_all == len(pairs)
    assert told.won == {"wt": int((wild <= variant).sum()), "V678F": int((wild > variant).sum())}
    assert told.agreement == pytest.approx(stats.spearmanr(wild, variant)[0])
    assert told.ligands >= told.scored_in_all
    assert f"best in: wt {told.won['wt']}, V678F {told.won['V678F']}." in told.text


def test_known_ligands_say_whether_the_ensemble_is_better(joined, settings: Settings) -> None:
    found = make_metrics(joined, "jak2", settings=settings).ensembles
    assert found is not None
    rows = joined.execute(
        f"SELECT e.label, e.value, a.{DG} FROM ensembles e JOIN ranking a USING (inchikey) "
        "WHERE a.receptor = 'wt' AND e.members_scored = 2 AND e.label IS NOT NULL "
        f"AND e.score = '{DG}'"
    ).fetchall()
    (control,) = [each for each in found["jak2"].controls if each.kind == "classification"]
    assert control.n == len(rows)
    for column, value in ((1, control.ensemble.value), (2, control.members["wt"].value)):
        active = [row[column] for row in rows if row[0] == 1]
        other = [row[column] for row in rows if row[0] == 0]
        better = [(a < b) + 0.5 * (a == b) for a in active for b in other]
        assert value == pytest.approx(np.mean(better))


def test_the_page_shows_the_best_and_who_won(joined, settings: Settings) -> None:
    metrics = make_metrics(joined, "jak2", settings=settings)
    html = render_report(joined, metrics, settings)
    section = html.partition('<section id="ensembles"')[2].partition("</section>")[0]
    assert metrics.ensembles is not None
    assert metrics.ensembles["jak2"].text in section
    best = joined.execute("SELECT name, member FROM ensembles WHERE rank = 1").fetchall()[0]
    row = re.search(r'<td class="n">1</td><th scope="row">([^<]*)</th>.*?</tr>', section, re.DOTALL)
    assert row is not None
    assert row[1] == best[0]
    assert f"<td>{best[1]}</td>" in row[0]


def test_a_screen_without_ensembles_says_nothing(ranked, screen: Screen) -> None:
    metrics = make_metrics(ranked, "jak2", settings=screen.settings)
    assert metrics.ensembles is None
    assert 'id="ensembles"' not in render_report(ranked, metrics, screen.settings)
