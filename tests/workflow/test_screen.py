"""A whole screen: its outputs, its determinism, and what a change recomputes."""

from __future__ import annotations

import csv
import json
import re
import subprocess
from pathlib import Path

import jsonschema
import pytest
from rdkit import Chem

from screenmm.audit.verify import verify_crate
from screenmm.execution.usage import read_usage
from screenmm.metrics.model import as_json, read_metrics
from screenmm.run.layout import Layout

from .conftest import FRAGMENTS, ROOT, STABLE, Screen

pytestmark = [pytest.mark.workflow, pytest.mark.slow]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


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
    for rule, targets in files.targets(["tyk2"], ["tyk2"]).items():
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


def test_one_core_gives_the_same_bytes(finished: Screen, screen: Screen):
    screen.run(1)
    assert screen.bytes_of(*STABLE) == finished.bytes_of(*STABLE)


def test_nothing_to_do_a_second_time(copy: Screen):
    assert sum(copy.run().values()) == 0


def test_adding_a_molecule_computes_its_own_shards_only(copy: Screen):
    copy.write_library(FRAGMENTS | {"pyridone": "O=c1cccc[nH]1"})
    before = len(list((copy.results / "poses/tyk2").glob("*.sdf.gz")))
    jobs = copy.run()
    assert jobs["prepare_receptor"] == 0
    assert (jobs["split"], jobs["merge"], jobs["select"], jobs["rank"]) == (1, 1, 1, 1)
    # a full shard may split in two; all others stay
    assert 1 <= jobs["dock"] <= 2 < before
    assert jobs["dock"] == jobs["prepare_ligands"]
    assert 1 <= jobs["score"] <= 2
    assert len(rows(copy.results / "ranking.csv")) == 7


def test_removing_a_molecule_redocks_at_most_its_shard(copy: Screen):
    copy.write_library({k: v for k, v in FRAGMENTS.items() if k != "phenol"})
    jobs = copy.run()
    assert jobs["prepare_receptor"] == 0
    assert jobs["dock"] <= 1
    assert len(rows(copy.results / "ranking.csv")) == 5
    assert len(rows(copy.results / "ledger.csv")) == 5


def test_a_scoring_option_scores_again_and_nothing_else(copy: Screen):
    copy.config["scoring"]["solute_dielectric"] = 2.0
    jobs = copy.run()
    shards = len(list((copy.results / "selected/tyk2/shards").glob("*.sdf.gz")))
    assert jobs["score"] == shards
    assert (jobs["dock"], jobs["prepare_ligands"], jobs["prepare_receptor"]) == (0, 0, 0)
    assert jobs["rank"] == 1


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


def test_deleting_one_shards_scores_makes_them_again(copy: Screen):
    table = sorted((copy.results / "scores/tyk2").glob("b*[01].parquet"))[0]
    before = copy.bytes_of(*STABLE)
    table.unlink()
    jobs = copy.run()
    assert jobs["score"] == 1
    assert jobs["dock"] == 0
    assert copy.bytes_of(*STABLE) == before


def test_renaming_the_library_docks_nothing(copy: Screen):
    (copy.folder / "library.smi").rename(copy.folder / "renamed.smi")
    copy.config["library"]["files"] = ["renamed.smi"]
    jobs = copy.run()
    assert (jobs["dock"], jobs["score"], jobs["standardise"]) == (0, 0, 0)
    assert {row["file"] for row in rows(copy.results / "ledger.csv")} == {"renamed.smi"}


def test_a_second_receptor_reuses_the_ligands(copy: Screen):
    copy.config["receptors"]["copy"] = {"structure": "receptor.pdb"}
    jobs = copy.run()
    assert (jobs["prepare_ligands"], jobs["standardise"]) == (0, 0)
    assert jobs["prepare_receptor"] == 1
    ranking = rows(copy.results / "ranking.csv")
    energies = {
        name: [row["dg_mmgbsa_kcal_mol"] for row in ranking if row["receptor"] == name]
        for name in ("tyk2", "copy")
    }
    assert energies["tyk2"] == energies["copy"]
    assert len(rows(copy.results / "ledger.csv")) == 12


def test_a_bad_config_fails_before_any_job(screen: Screen):
    screen.config["scorring"] = screen.config.pop("scoring")
    jobs = screen.run(check=False)
    assert not jobs
    assert "unknown key 'scorring'; did you mean scoring?" in screen.output
    assert not screen.results.exists()


def test_given_poses_are_scored_without_docking(screen: Screen, tyk2_ligands):
    writer = Chem.SDWriter(str(screen.folder / "posed.sdf"))
    for mol in tyk2_ligands[:3]:
        writer.write(mol)
    away = Chem.Mol(tyk2_ligands[3])
    for index, xyz in enumerate(away.GetConformer().GetPositions() + 40.0):
        away.GetConformer().SetAtomPosition(index, xyz.tolist())
    writer.write(away)
    writer.close()
    screen.config["library"] = {"files": ["posed.sdf"]}
    screen.config["docking"] = {"engine": "given"}
    screen.run()
    ranking = rows(screen.results / "ranking.csv")
    assert len(ranking) == 3
    assert all(row["dg_mmgbsa_kcal_mol"] and not row["dock_score_kcal_mol"] for row in ranking)
    (failed,) = [r for r in rows(screen.results / "ledger.csv") if r["status"] == "failed"]
    assert failed["reason"] == "pose_outside_pocket"
    assert failed["stage"] == "dock"


def test_vina_screens(screen: Screen):
    screen.write_library({k: FRAGMENTS[k] for k in ("indole", "phenol")})
    screen.config["docking"] = {"engine": "vina", "exhaustiveness": 1, "poses": 2}
    screen.run()
    ranking = rows(screen.results / "ranking.csv")
    assert len(ranking) == 2
    assert all(not row["cnn_score"] and row["dock_score_kcal_mol"] for row in ranking)


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
