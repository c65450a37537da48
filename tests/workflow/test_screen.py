"""A whole screen: its outputs, and what runs again without computing anything."""

from __future__ import annotations

import csv
import json
import re
import subprocess
import sys

import jsonschema
import pytest
from rdkit import Chem

from screenmm.audit.verify import verify_crate
from screenmm.config.settings import load_settings
from screenmm.execution.usage import read_usage
from screenmm.metrics.model import as_json, read_metrics
from screenmm.run.layout import Layout

from .conftest import FRAGMENTS, ROOT, Screen, rows

pytestmark = [pytest.mark.workflow, pytest.mark.minutes(3)]


def test_every_output_is_there_and_says_the_same(finished: Screen):
    ranking, ledger = (rows(finished.results / name) for name in ("ranking.csv", "ledger.csv"))
    assert sorted(row["name"] for row in ranking) == sorted(FRAGMENTS)
    assert [int(row["rank"]) for row in ranking] == list(range(1, 7))
    energies = [float(row["dg_mmgbsa_kcal_mol"]) for row in ranking]
    assert energies == sorted(energies)
    for row in ranking:
        terms = ("vdw", "coulomb", "gb", "sa", "strain")
        total = sum(float(row[f"{term}_kcal_mol"]) for term in terms)
        assert total == pytest.approx(float(row["dg_mmgbsa_kcal_mol"]), abs=1e-3)
    assert {row["status"] for row in ledger} == {"ranked"}
    hits = list(Chem.SDMolSupplier(str(finished.results / "hits.sdf"), removeHs=False))
    assert [hit.GetProp("_Name") for hit in hits] == [row["name"] for row in ranking]
    assert len(list((finished.results / "complexes").rglob("*.cif"))) == 6
    metrics = json.loads((finished.results / "metrics.json").read_text())
    jsonschema.validate(
        metrics, json.loads((ROOT / "workflow/schemas/metrics.schema.json").read_text())
    )
    assert as_json(read_metrics(finished.results / "metrics.json")) == metrics
    assert metrics["versions"]["openmm"]
    assert "<html" in (finished.results / "report.html").read_text()
    assert "report" in finished.output


def test_every_job_notes_what_it_used_and_snakemake_agrees(finished: Screen):
    files = Layout(finished.results)
    usage = read_usage(files.usage)
    for rule, targets in files.targets(load_settings(finished.folder / "config.yaml")).items():
        assert set(usage[rule]) == targets, rule
        for target, (job,) in usage[rule].items():
            assert job["status"] == "done"
            benchmark = files.benchmarks / f"{'/'.join([rule, target]).rstrip('/')}.tsv"
            (measured,) = csv.DictReader(benchmark.open(), delimiter="\t")
            # Snakemake's time holds the start of the interpreter as well
            assert job["wall_s"] <= float(measured["s"]) + 0.1 <= job["wall_s"] + 30
    metrics = json.loads((finished.results / "metrics.json").read_text())
    docked = [job for (job,) in usage["dock"].values()]
    assert metrics["timings"]["dock"]["cpu_s"] == pytest.approx(sum(j["cpu_s"] for j in docked))
    assert metrics["costs"]["per"]["hit"]["count"] == 6
    assert metrics["costs"]["replaced"]["jobs"] == 0
    assert "rustina" in metrics["versions"]


def test_the_audit_trail_is_whole(finished: Screen):
    found = verify_crate(finished.results, [])
    assert found.checked > 10
    assert not found.differences


def test_the_figures_and_scripts_are_there_for_people_without_a_browser(finished: Screen):
    results = finished.results
    svg, png = (
        {path.stem for path in (results / "figures").glob(f"*.{e}")} for e in ("svg", "png")
    )
    assert svg == png >= {"tyk2-residue-energies", "tyk2-properties", "cost-by-rule"}
    for name in ("view_hits.pml", "view_hits.cxc"):
        named = re.findall(r"\S+\.cif", (results / name).read_text())
        assert len(named) == 6
        assert all((results / path).is_file() for path in named)
    bias = json.loads((results / "metrics.json").read_text())["bias"]["by_receptor"]["tyk2"]
    assert bias["fates"]["ranked"] == {"records": 6, "described": 6, "no_structure_read": 0}


def test_snakemakes_own_report_is_made_without_a_network(finished: Screen):
    # an empty network namespace, where the kernel lets us have one
    alone = ["unshare", "--map-root-user", "--net"]
    cut_off = subprocess.run([*alone, "true"], capture_output=True, check=False).returncode == 0
    done = subprocess.run(
        [*(alone if cut_off else []), "snakemake", "--snakefile", str(ROOT / "Snakefile"),
         "--configfile", "config.yaml", "--report", "own.html"],
        cwd=finished.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    page = (finished.folder / "own.html").read_text()
    assert "Virtual screen small, by ScreenMM" in page
    for text in ('"figure": "tyk2-residue-energies"', '"table": "picks"', "Molecules to buy first"):
        assert text in page


def test_the_graph_in_the_readme_is_that_of_the_rules(finished: Screen):
    drawn = subprocess.run(
        ["snakemake", "--snakefile", str(ROOT / "Snakefile"), "--configfile", "config.yaml",
         "--rulegraph", "mermaid-js"],
        cwd=finished.folder, capture_output=True, check=True,
    ).stdout  # fmt: skip
    script = [sys.executable, str(ROOT / "docs/pictures/rules.py")]
    graph = subprocess.run(script, input=drawn, capture_output=True, check=True).stdout
    assert f"```mermaid\n{graph.decode()}```" in (ROOT / "README.md").read_text()


def test_nothing_to_do_a_second_time(copy: Screen):
    assert sum(copy.run().values()) == 0


def test_a_ranking_option_ranks_again_and_nothing_else(copy: Screen):
    asked = "hydrogen bond to Val93"  # of the hinge
    copy.config["ranking"] = {"complexes": 2, "interactions": {"must": [asked]}}
    assert set(copy.run()) == {"check_filters", "rank", "report", "crate", "screen"}
    assert len(list((copy.results / "complexes").rglob("*.cif"))) == 2
    ranked = rows(copy.results / "ranking.csv")
    assert all("A:VAL:93" in row["interactions"] for row in ranked)
    filtered = [row for row in rows(copy.results / "ledger.csv") if row["status"] == "filtered"]
    assert {row["reason"] for row in filtered} == {"interaction_missing"}
    assert len(ranked) + len(filtered) == len(FRAGMENTS)


def test_a_bad_config_fails_before_any_job(screen: Screen):
    screen.config["scorring"] = screen.config.pop("scoring")
    jobs = screen.run(check=False)
    assert not jobs
    assert "unknown key 'scorring'; did you mean scoring?" in screen.output
    assert not screen.results.exists()


def test_a_library_with_nothing_usable_ends_with_reasons(screen: Screen):
    screen.write_library({"salt": "[Na+].[Cl-]", "broken": "C1CC", "radical": "C[CH2]"})
    screen.run()
    assert rows(screen.results / "ranking.csv") == []
    reasons = {row["name"]: row["reason"] for row in rows(screen.results / "ledger.csv")}
    assert reasons == {
        "salt": "no_organic_fragment",
        "broken": "invalid_structure",
        "radical": "radical",
    }
