"""Predicted models in the tables: columns that are there for them alone, and doubtful residues."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screenmm.analysis.confidence import models
from screenmm.analysis.metrics import make_metrics
from screenmm.analysis.summary import summarise
from screenmm.core.errors import UserError
from screenmm.metrics.confidence import ModelConfidence
from screenmm.metrics.redocking import Redocking
from screenmm.receptor.confidence import Confidence, PocketConfidence, Trimmed
from screenmm.receptor.pae import PaeOfPocket
from screenmm.report.report import render_report
from screenmm.results.database import open_database, write_database
from screenmm.results.fates import make_ledger
from screenmm.results.parts import Parts, open_parts
from screenmm.results.ranking import make_ranking, write_ranking
from screenmm.tables.dictionary import INSPECTED
from screenmm.tables.schema import schema
from tests.unit.made_up import redocking
from tests.unit.screens import RECEPTORS, Screen

MODEL, CRYSTAL = RECEPTORS
PLDDT = {"A:LEU:900": 91.5, "A:VAL:901": 54.25, "A:ASP:902": 88.0}
CONFIDENCE = Confidence(
    "TITLE names ALPHAFOLD",
    PLDDT,
    70.0,
    ["A:VAL:901", "A:ASP:902"],
    [Trimmed("A:MET:1", "A:GLY:38", 38, 36.5)],
    PocketConfidence(2, 71.13, 54.25, 70.0, ["A:VAL:901"], 1),
    PaeOfPocket(2, 3.5, 4.0, 6.5),
)


def parts(screen: Screen, folder: Path, of_model: Confidence | None = CONFIDENCE) -> Parts:
    """The small screen, with a report of each receptor and an inspected pose in both."""
    con = screen.open()
    key = screen.keys["imatinib"]
    inspected = {}
    for receptor in RECEPTORS:
        (best,) = con.execute(
            "SELECT state, pose FROM ranking WHERE receptor = ? AND inchikey = ?", [receptor, key]
        ).fetchall()
        row = {
            "inchikey": key, "state": best[0], "pose": best[1],
            "residue": ["A:VAL:901", "A:ASP:902"],
            "kind": ["hydrogen bond acceptor", "salt bridge"],
            "distance_angstrom": [2.9, 3.3], "ligand_atoms": [[3], [1]],
        }  # fmt: skip
        inspected[receptor] = [folder / f"{receptor}.parquet"]
        pq.write_table(
            pa.Table.from_pylist([row], schema=schema(INSPECTED)), inspected[receptor][0]
        )
    con.close()
    reports = {}
    for receptor, found in ((MODEL, of_model), (CRYSTAL, None)):
        reports[receptor] = folder / f"{receptor}.json"
        text = json.dumps({"confidence": None if found is None else found.as_json()})
        reports[receptor].write_text(text)
    return replace(screen.parts, inspected=inspected, reports=reports)


def opened(of_screen: Parts) -> duckdb.DuckDBPyConnection:
    con = open_parts(of_screen)
    make_ranking(con, "mmgbsa")
    make_ledger(con)
    return con


@pytest.fixture(scope="module")
def modelled(
    screen: Screen, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[duckdb.DuckDBPyConnection]:
    con = opened(parts(screen, tmp_path_factory.mktemp("modelled")))
    yield con
    con.close()


def rows(con: duckdb.DuckDBPyConnection, path: Path) -> list[dict[str, str]]:
    write_ranking(con, path)
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def test_ranking_has_the_pockets_plddt(modelled, tmp_path: Path) -> None:
    found = rows(modelled, tmp_path / "ranking.csv")
    assert list(found[0])[-1] == "pocket_plddt"
    assert {(each["receptor"], each["pocket_plddt"]) for each in found} == {
        (MODEL, "71.13"), (CRYSTAL, ""),
    }  # fmt: skip


def test_ranking_without_models_is_what_it_was(screen: Screen, tmp_path: Path) -> None:
    of_screen = parts(screen, tmp_path, None)
    with opened(of_screen) as now, opened(replace(of_screen, reports={})) as before:
        write_ranking(now, tmp_path / "now.csv")
        write_ranking(before, tmp_path / "before.csv")
        assert make_metrics(now, "x").models is None
    text = (tmp_path / "now.csv").read_bytes()
    assert text == (tmp_path / "before.csv").read_bytes()
    assert b"plddt" not in text.lower()


def test_doubtful_residues_are_marked_in_the_table(
    screen: Screen, modelled, tmp_path: Path
) -> None:
    write_database(modelled, tmp_path / "screen.duckdb", {})
    with open_database(tmp_path / "screen.duckdb") as con:
        found = con.execute(
            "SELECT receptor, residue, plddt, doubtful FROM interactions ORDER BY ALL"
        ).fetchall()
        assert found == [
            (CRYSTAL, "A:ASP:902", None, None),
            (CRYSTAL, "A:VAL:901", None, None),
            (MODEL, "A:ASP:902", 88.0, False),
            (MODEL, "A:VAL:901", 54.25, True),
        ]
        of_model = con.execute(
            "SELECT residue, plddt, doubtful, in_pocket FROM confidence"
        ).fetchall()
        assert of_model == [
            ("A:LEU:900", 91.5, False, False),
            ("A:VAL:901", 54.25, True, True),
            ("A:ASP:902", 88.0, False, True),
        ]
        texts = con.execute(
            "SELECT receptor, interactions FROM ranking WHERE inchikey = ?",
            [screen.keys["imatinib"]],
        )
        assert dict(texts.fetchall()) == {
            MODEL: "hydrogen bond acceptor A:VAL:901 (pLDDT 54); salt bridge A:ASP:902",
            CRYSTAL: "hydrogen bond acceptor A:VAL:901; salt bridge A:ASP:902",
        }


def test_metrics_of_a_model(modelled) -> None:
    found = make_metrics(modelled, "x")
    assert found.models is not None
    assert list(found.models) == [MODEL]
    told = found.models[MODEL]
    assert told.pocket_plddt == 71.13
    assert told.pocket_pae_angstrom == 3.5
    assert told.trimmed_runs == ["A:MET:1 to A:GLY:38"]
    assert told.verdict == (
        "Model: mean pLDDT of the pocket 71; no ligand whose pose is known was docked. Confidence "
        "is necessary, not sufficient."
    )
    assert told.text == (
        f"{told.verdict} It does not foretell whether docking into a model finds the pose (Holcomb "
        "2023). Residues around the pocket: 2, of which 1 below 70; the lowest pLDDT is 54."
    )
    assert found.verdicts[MODEL].text.endswith(told.text)
    assert "Model:" not in found.verdicts[CRYSTAL].text
    first = found.outlook[MODEL].cautions[0]
    assert (first.concern.value, first.text) == ("predicted model", told.verdict)


@pytest.mark.parametrize(
    ("redocked", "words"),
    [
        (redocking(best_rmsd_angstrom=1.26), "the reference ligand was found in its place (1.3 Å)"),
        (
            redocking(best_rmsd_angstrom=1.26, passed=None, fitted=True),
            "the reference ligand was found in its place (1.3 Å), but side chains were turned away "
            "from it, so that this is no control",
        ),
        (
            redocking(passed=False, best_rmsd_angstrom=9.46, of_relative=True),
            "the relative's ligand was not found in its place (closest pose 9.5 Å away)",
        ),
        (
            redocking(status="not_done", passed=None, of_relative=True),
            "the relative's ligand was not docked again",
        ),
        (
            redocking(status="not_done", passed=None, ligand=None),
            "no ligand whose pose is known was docked",
        ),
    ],
)
def test_verdict_of_a_model_says_whether_a_known_ligand_was_found(
    modelled, redocked: Redocking, words: str
) -> None:
    found = models(modelled, {MODEL: redocked})[MODEL].verdict
    assert found == (
        f"Model: mean pLDDT of the pocket 71; {words}. Confidence is necessary, not sufficient."
    )


def test_summary_and_first_screen_have_the_verdict(
    screen: Screen, modelled, tmp_path: Path
) -> None:
    metrics = make_metrics(modelled, "x")
    assert metrics.models is not None
    verdict = metrics.models[MODEL].verdict
    said = " ".join(summarise(modelled, metrics, tmp_path, tmp_path).split())
    assert verdict in said
    html = render_report(modelled, metrics, screen.settings)
    glance = html.partition('<section id="outlook"')[2].partition("</section>")[0]
    assert verdict in glance


def told_of(screen: Screen, folder: Path, found: Confidence) -> ModelConfidence:
    with opened(parts(screen, folder, found)) as con:
        models = make_metrics(con, "x").models
    assert models is not None
    return models[MODEL]


def test_doubtful_pocket_takes_trust_away(screen: Screen, tmp_path: Path) -> None:
    low = PocketConfidence(2, 48.0, 40.0, 70.0, ["A:VAL:901", "A:ASP:902"])
    apart = PaeOfPocket(2, 18.0, 25.0, 20.0)
    told = told_of(screen, tmp_path, replace(CONFIDENCE, pocket=low, pae=apart))
    assert told.is_low
    assert told.verdict.startswith(
        "Model: mean pLDDT of the pocket 48, below 70: its backbone is a guess, and so is every "
        "pose in it; "
    )
    assert "18 Å on average" in told.text


def test_model_of_unknown_confidence(screen: Screen, tmp_path: Path) -> None:
    told = told_of(screen, tmp_path, Confidence("EXPDTA THEORETICAL MODEL", {}, 70.0, []))
    assert not told.is_low
    assert told.text.startswith("Model: pLDDT of the pocket not known; ")


def test_page_describes_the_model(screen: Screen, modelled) -> None:
    html = render_report(modelled, make_metrics(modelled, "x"), screen.settings)
    (section,) = html.split('<section id="predicted"')[1:]
    section = section.partition("</section>")[0]
    assert f"{MODEL}: Model: mean pLDDT of the pocket 71" in section
    assert "A:VAL:901" in section
    assert "38 residues: A:MET:1 to A:GLY:38; 1 lay around the pocket" in section
    assert CRYSTAL not in section
    assert 'href="#predicted"' in html


def test_page_without_models_has_no_such_section(screen: Screen, ranked) -> None:
    html = render_report(ranked, make_metrics(ranked, "x"), screen.settings)
    assert 'id="predicted"' not in html


def test_model_of_an_earlier_version_is_told(screen: Screen, tmp_path: Path) -> None:
    of_screen = parts(screen, tmp_path)
    of_screen.reports[MODEL].write_text(json.dumps({"confidence": {"A:LEU:900": 91.5}}))
    with pytest.raises(UserError, match="--forcerun prepare_receptor"):
        open_parts(of_screen)
