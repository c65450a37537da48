from __future__ import annotations

import json
from pathlib import Path

import pytest

from screenmm.analysis.metrics import make_metrics
from screenmm.analysis.summary import summarise
from screenmm.config.settings import Library
from screenmm.core.versions import installed_versions
from screenmm.library.split import split
from screenmm.metrics.annotations import Annotations, LabelsRead
from screenmm.metrics.model import Metrics, as_json, read_metrics, write_metrics
from screenmm.results.database import open_database, write_database
from screenmm.results.ranking import make_ranking
from screenmm.run.layout import Layout
from tests.unit.made_up import rule_used, used
from tests.unit.screens import DRUGS, HOSTILE


@pytest.fixture
def metrics(ranked) -> Metrics:
    return make_metrics(ranked, "tyk2-demo")


def test_counts_add_up(metrics: Metrics) -> None:
    counts = metrics.counts
    assert counts.records == len(DRUGS) + len(HOSTILE) + 2
    assert counts.ligands == len(DRUGS)
    for receptor, found in counts.by_receptor.items():
        fates = [found.ranked, found.filtered, found.duplicate, found.failed, 0]
        assert list(found.by_status.values()) == fates
        assert sum(fates) == counts.records
        unranked = sum(r.records for r in counts.by_reason if r.receptor == receptor)
        assert unranked == counts.records - found.ranked
    assert counts.by_receptor["wt"].ranked_by_mmgbsa == 12
    assert metrics.platforms == {"CPU": 46}
    assert metrics.own_kernels == {"host": 46}


def test_the_database_gives_the_same_metrics(ranked, metrics: Metrics, tmp_path: Path) -> None:
    write_database(ranked, tmp_path / "screen.duckdb", {})
    with open_database(tmp_path / "screen.duckdb") as found:
        assert make_metrics(found, "tyk2-demo") == metrics


def test_the_file_is_json_without_nan(metrics: Metrics, tmp_path: Path) -> None:
    write_metrics(metrics, tmp_path / "metrics.json")
    text = (tmp_path / "metrics.json").read_text()
    assert json.loads(text) == as_json(metrics)
    assert read_metrics(tmp_path / "metrics.json") == metrics
    assert "NaN" not in text


def test_absent_packages_are_left_out() -> None:
    assert list(installed_versions(["rdkit", "no-such-package"])) == ["rdkit"]


def test_summary_says_fates_reasons_best_and_paths(ranked, metrics: Metrics) -> None:
    timings = {"dock": rule_used(jobs=2, wall_s=3825.0, cpu_s=10.0)}
    total = used(jobs=2, wall_s=3825.0, cpu_s=10.0, gpu_s=90.0, energy_kwh=0.025, price=1.5)
    priced = {"total": total, "currency": "EUR", "energy_source": "estimated"}
    costs = metrics.costs.model_copy(update=priced)
    metrics = metrics.model_copy(update={"timings": timings, "costs": costs})
    text = summarise(ranked, metrics, Path("results/x"), Path("results/x/report.html"))
    lines = [line.split() for line in text.splitlines()]
    assert ["wt", "24", "14", "1", "6", "3"] in lines
    assert ["V678F", "failed", "dock", "time_limit", "1"] in lines
    assert ["dock", "2", "1", "h", "03", "min", "10.0", "s"] in lines
    assert "cost: 1 min 30 s of GPUs, 25 Wh, 1.50 EUR (energy estimated)" in text
    best = ranked.execute("SELECT name FROM ranking WHERE receptor = 'wt' AND rank = 1").fetchone()[
        0
    ]
    assert ["1", best, "wt"] in [line[:3] for line in lines]
    assert ["report", "results/x/report.html"] in lines
    assert max(len(line) for line in text.splitlines()) <= 100


def test_what_split_did_not_understand_is_in_the_metrics_and_the_summary(
    ranked, tmp_path: Path
) -> None:
    assert make_metrics(ranked, "x", Layout(tmp_path)).annotations == Annotations()
    (tmp_path / "a.csv").write_text("smiles,act,ki\nCC,yes,10\nCN,unclear,>99\nCO,no,0\n")
    keys = {"label_column": "act", "affinity_column": "ki", "affinity_unit": "nM"}
    split(Library(files=tmp_path / "a.csv", **keys), tmp_path / "library")
    found = make_metrics(ranked, "x", Layout(tmp_path))
    assert found.annotations.labels == LabelsRead(
        column="act", active=1, inactive=1, unreadable=1,
        examples=["a.csv:3: 'unclear' is no label"], without=[],
    )  # fmt: skip
    affinities = found.annotations.affinities
    assert (affinities.read, affinities.unit) == (1, "nM")
    text = summarise(ranked, found, tmp_path, tmp_path / "report.html")
    assert "The label of 1 record was not understood and left empty: a.csv:3: 'unclear'" in text
    assert "The affinity of 2 records was not understood" in text


@pytest.mark.parametrize(
    ("by", "titles"),
    [
        ("mmgbsa", "rank name receptor dG MM/GBSA dock score"),
        ("docking", "rank name receptor dG MM/GBSA dock score"),
        ("consensus_z", "rank name receptor Z-score consensus dG MM/GBSA dock score"),
    ],
)
def test_the_list_shows_what_it_follows(con, tmp_path: Path, by: str, titles: str) -> None:
    make_ranking(con, by)
    text = summarise(con, make_metrics(con, "x"), tmp_path, tmp_path / "report.html")
    (head,) = [line.split() for line in text.splitlines() if line.startswith("rank ")]
    assert " ".join(head) == titles


def test_summary_is_safe_for_a_terminal(con, metrics: Metrics) -> None:
    con.execute("UPDATE ranking SET name = ? WHERE rank = 1", ["\x1b[31mred\nline" + "x" * 99])
    text = summarise(con, metrics, Path("r"), Path("r/report.html"))
    assert "\x1b" not in text
    assert "red line" in text
