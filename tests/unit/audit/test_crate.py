"""The crate, judged by the RO-Crate validator and read by the RO-Crate library."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import time
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from urllib.parse import unquote

import pytest
import requests
import urllib3
import yaml
from requests_cache import CachedSession
from rocrate.rocrate import ROCrate
from rocrate_validator import services
from rocrate_validator.models import Severity, ValidationResult, ValidationSettings

from screenmm.audit.crate import QUANTITIES
from screenmm.audit.verify import verify_crate
from screenmm.core.errors import UserError
from screenmm.run.layout import Layout

from .conftest import HOST, ROOT, Screen

CONTEXT = "https://w3id.org/ro/crate/1.1/context"
NOT_RECORDED = {"agent", "author", "publisher", "url"}
"""Recommended, but ScreenMM does not know them: who ran it, and where it is published."""

AVAILABILITY = "ro-crate-1.1_28.1"
"""The recommendation that files outside the crate can be fetched: an input's name is no address."""


class FromPackage(requests.adapters.HTTPAdapter):
    """Serves the context as the package ``rocrate`` carries it."""

    def send(self, request: requests.PreparedRequest, **_: object) -> requests.Response:
        assert request.url == CONTEXT
        body = (files("rocrate") / "data/ro-crate.jsonld").read_bytes()
        assert json.loads(body)["@id"] == CONTEXT
        raw = urllib3.HTTPResponse(
            io.BytesIO(body),
            {"Content-Type": "application/ld+json"},
            200,
            preload_content=False,
            request_url=request.url,
        )
        return self.build_response(request, raw)


@pytest.fixture(scope="session")
def http_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The validator's cache; it works offline with what is in it."""
    path = tmp_path_factory.mktemp("validator") / "http"
    with CachedSession(str(path), backend="sqlite", expire_after=-1) as session:
        session.mount(CONTEXT, FromPackage())
        session.get(CONTEXT)
    return path


def validate(results: Path, cache: Path, severity: Severity) -> ValidationResult:
    settings = ValidationSettings(
        rocrate_uri=str(results),
        profile_identifier="provenance-run-crate",
        requirement_severity=severity,
        offline=True,
        cache_path=cache,
        skip_checks=[AVAILABILITY],
    )
    return services.validate(settings)


def test_three_thousand_jobs_make_a_small_and_valid_crate(
    make: Callable[[int], Screen], http_cache: Path
) -> None:
    screen = make(1500)  # one job of ligand preparation and one of docking each
    began = time.process_time()
    screen.write()
    assert time.process_time() - began < 5
    assert (screen.results / "ro-crate-metadata.json").stat().st_size < 200_000
    assert (screen.results / "provenance/jobs.csv").stat().st_size < 1_000_000
    assert screen.entities()["#dock-jobs"]["value"] == 1500

    found = validate(screen.results, http_cache, Severity.RECOMMENDED)
    assert found.passed(Severity.REQUIRED), found.get_issues(Severity.REQUIRED)
    assert len(found.executed_checks) > 150
    assert {check.identifier for check in found.skipped_checks} <= {AVAILABILITY}
    missed = {str(issue.violatingProperty).rpartition("/")[2] for issue in found.get_issues()}
    assert missed >= NOT_RECORDED


def test_the_validator_refuses_a_broken_crate(screen: Screen, http_cache: Path) -> None:
    screen.write()
    path = screen.results / "ro-crate-metadata.json"
    document = json.loads(path.read_text())
    action = next(entity for entity in document["@graph"] if entity["@id"] == "#run-dock")
    del action["instrument"]
    path.write_text(json.dumps(document))
    (screen.results / "ranking.csv").unlink()
    messages = [
        str(issue.message)
        for issue in validate(screen.results, http_cache, Severity.REQUIRED).get_issues()
    ]
    assert any("MUST have an instrument" in message for message in messages)
    assert any("ranking.csv" in message for message in messages)


def test_the_library_reads_it(screen: Screen) -> None:
    screen.write()
    crate = ROCrate(screen.results)
    workflow = crate.mainEntity
    assert workflow.id == "provenance/workflow/Snakefile"
    assert "ComputationalWorkflow" in workflow.type
    run = crate.dereference("#run")
    assert run["instrument"] is workflow
    assert {each.id for each in run["result"]} >= {"ranking.csv", "hits.sdf", "complexes/"}
    steps = sorted(workflow["step"], key=lambda step: int(step["position"]))
    assert [step["name"] for step in steps][:3] == ["split", "standardise", "merge"]
    assert steps[0]["buildInstructions"].id == "provenance/workflow/envs/library.yaml"


def test_every_link_leads_to_an_entity(screen: Screen) -> None:
    screen.write()
    entities = screen.entities()

    def links(value: object) -> set[str]:
        if isinstance(value, list):
            return set().union(*map(links, value))
        return {value["@id"]} if isinstance(value, dict) else set()

    linked = set().union(*(links(value) for each in entities.values() for value in each.values()))
    web = {link for link in linked if link.startswith("http")}
    assert linked - web <= set(entities)


def test_digests_and_sizes_are_those_of_the_files(screen: Screen) -> None:
    screen.write()
    listed = {
        name: entity
        for name, entity in screen.entities().items()
        if "sha256" in entity and not name.startswith("ni:")
    }
    assert {"ranking.csv", "receptors/wt/receptor.cif", "complexes/wt/0001_a%20b.cif"} <= set(
        listed
    )
    assert {"provenance/config.yaml", "provenance/jobs.csv"} <= set(listed)
    for name, entity in listed.items():
        content = (screen.results / unquote(name)).read_bytes()
        assert entity["sha256"] == hashlib.sha256(content).hexdigest(), name
        assert entity["contentSize"] == str(len(content)), name
    copy = screen.results / "provenance/workflow/Snakefile"
    assert copy.read_bytes() == (ROOT / "Snakefile").read_bytes()


def test_inputs_are_named_by_content(screen: Screen) -> None:
    shutil.copy(screen.folder / "library.smi", screen.folder / "same.smi")
    text = screen.config.read_text().replace("- library.smi", "- library.smi\n  - same.smi")
    screen.config.write_text(text)
    screen.write()
    entities = screen.entities()
    inputs = {e["name"]: e for name, e in entities.items() if name.startswith("ni:")}
    # two files of the same content are one entity with two names
    assert inputs["library.smi"]["alternateName"] == ["library.smi", "same.smi"]
    assert inputs["crystal.sdf"]["sha256"] == hashlib.sha256(b"a ligand\n").hexdigest()
    assert entities["#pocket.ligand"]["workExample"] == {"@id": inputs["crystal.sdf"]["@id"]}
    assert len(inputs) == 3


def test_nothing_tells_of_places_and_people(screen: Screen) -> None:
    screen.add_usage(
        "dock", "wt/b000000000000", status="failed", error=f"UserError: {screen.folder}"
    )
    screen.write()
    written = [screen.results / "ro-crate-metadata.json"]
    written += [p for p in (screen.results / "provenance").glob("*") if p.is_file()]
    assert len(written) == 3
    for path in written:
        text = path.read_text()
        assert HOST not in text, path.name
        assert "mallory" not in text, path.name
        assert str(ROOT) not in text, path.name


def test_the_same_run_gives_the_same_bytes(screen: Screen) -> None:
    screen.write()
    first = (screen.results / "ro-crate-metadata.json").read_bytes()
    (screen.results / "provenance/leftover").touch()
    screen.write()
    assert (screen.results / "ro-crate-metadata.json").read_bytes() == first
    assert not (screen.results / "provenance/leftover").exists()


def test_what_a_stage_used(screen: Screen) -> None:
    device = {"platform": "CUDA", "name": "A100", "held_s": 2.5}
    at = {"started": "2026-01-01T10:00:00.000+00:00", "ended": "2026-01-01T10:00:04.000+00:00"}
    screen.add_usage("dock", "wt/b000000000000", wall_s=4.0, devices=[device], **at)
    screen.add_usage("dock", "wt/b000000000001", wall_s=2.0, devices=[device], **at)
    screen.write()
    entities = screen.entities()
    action = entities["#run-dock"]
    assert (action["startTime"], action["endTime"]) == (at["started"], at["ended"])
    used = [entities[link["@id"]] for link in action["resourceUsage"]]
    values = {each["name"]: each["value"] for each in used}
    assert (values["wall_s"], values["longest_s"], values["device_s"]) == (6.0, 4.0, 5.0)
    held = next(each for each in used if each["name"] == "device_s")
    assert entities[held["valueReference"]["@id"]]["name"] == "CUDA A100"
    assert all(each["propertyID"] == {"@id": f"#{each['name']}"} for each in used)
    assert {each["name"] for each in used} <= set(QUANTITIES)
    tool = entities[action["instrument"]["@id"]]
    packages = {entities[link["@id"]]["name"] for link in tool["softwareRequirements"]}
    assert {"openmm", "rdkit", "ScreenMM"} <= packages


def test_what_computed_beside_openmm(screen: Screen) -> None:
    screen.write()
    entities = screen.entities()
    used = [entities[link["@id"]] for link in entities["#run-score"]["resourceUsage"]]
    poses = {
        entities[each["valueReference"]["@id"]]["name"]: each["value"]
        for each in used
        if each["name"] in ("platform_poses", "own_kernels_poses")
    }
    assert poses == {
        "OpenMM platform CUDA": 4,
        "beside OpenMM: A100": 3,
        "beside OpenMM: A100 and host": 1,
    }


def test_a_job_whose_last_attempt_failed_shows(screen: Screen) -> None:
    screen.write()
    assert screen.entities()["#run"]["actionStatus"].endswith("CompletedActionStatus")
    screen.add_usage("score", "wt/b", status="failed", error="PlatformError: no GPU")
    screen.write()
    entities = screen.entities()
    for name in ("#run", "#run-score", "#orchestrate-score", "#orchestrate"):
        assert entities[name]["actionStatus"].endswith("FailedActionStatus"), name
        assert "1 job" in entities[name]["error"]
    assert entities["#run-dock"]["actionStatus"].endswith("CompletedActionStatus")


def test_an_input_that_changed_since_is_told(screen: Screen) -> None:
    past = {"started": "2020-01-01T10:00:00.000+00:00", "ended": "2020-01-01T10:00:01.000+00:00"}
    screen.add_usage("split", "", **past)
    screen.write()
    told = {e["name"]: e["description"] for e in screen.entities().values() if "sha256" in e
            and e["@id"].startswith("ni:")}  # fmt: skip
    assert "after the run read it" in told["library.smi"]
    assert "after the run read it" not in told["protein.pdb"]


def test_a_run_that_is_not_finished_is_refused(screen: Screen) -> None:
    (screen.results / "hits.sdf").unlink()
    with pytest.raises(UserError, match=r"no finished run: hits\.sdf missing; finish it"):
        screen.write()


def test_results_without_records_are_refused(screen: Screen) -> None:
    shutil.rmtree(screen.results / "usage")
    with pytest.raises(UserError, match=r"tells of no job.*--forcerun report"):
        screen.write()


def test_a_folder_without_workflow_is_refused(screen: Screen, tmp_path: Path) -> None:
    from screenmm.audit.crate import write_crate

    with pytest.raises(UserError, match="holds no Snakefile: give ScreenMM's folder"):
        write_crate(screen.settings, screen.folder, screen.results, tmp_path)


GIVEN = {
    "cohort.maf": "Hugo_Symbol\tTumor_Sample_Barcode\nTYK2\tPT-SMITH-0412\n",
    "sequence.fasta": ">tyk2\nMA\n",
    "gene.fasta": ">9\nATGGCA\n",
    "gene.gff3": "##gff-version 3\n",
}
"""Files of variants."""


@pytest.fixture
def varied(screen: Screen) -> Screen:
    """A finished run with variants; of an earlier one, with more ligands, a shard is left."""
    config = yaml.safe_load(screen.config.read_text())
    config["variants"] = {
        "of": "wt", "gene": "TYK2", "files": "cohort.maf", "sequence": "sequence.fasta",
        "fasta": "gene.fasta", "gff3": "gene.gff3", "top": 10, "shard_size": 5,
    }  # fmt: skip
    for name, text in GIVEN.items():
        (screen.folder / name).write_text(text)
    screen.config.write_text(yaml.safe_dump(config))
    for name in (
        "variants.csv", "biomarkers.csv", "figures/wt-variants.svg", "tables/wt-variants.csv",
        "variants/wt/entries.parquet", "variants/wt/modelled.json", "variants/wt/panel.json",
        "variants/wt/shards/b0.sdf.gz", "variants/wt/shards/b1.sdf.gz",
        "variants/wt/scores/b0.parquet", "variants/wt/scores/b1.parquet",
        "variants/wt/scores/b10.parquet", "variant_complexes/wt/1_V93A_jmc_27.pdb.gz",
    ):  # fmt: skip
        path = screen.results / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"contents of {name}\n")
    targets = Layout.of(screen.settings).targets(screen.settings, through="report")
    for rule in ("read_variants", "choose_ligands", "score_variants", "biomarkers"):
        for target in targets[rule]:
            screen.add_usage(rule, target)
    return screen


def test_variants_have_their_inputs_stages_and_outputs(varied: Screen, http_cache: Path) -> None:
    varied.write()
    entities = varied.entities()
    for key, name in (
        ("files.0", "cohort.maf"), ("sequence", "sequence.fasta"), ("fasta", "gene.fasta"),
        ("gff3", "gene.gff3"),
    ):  # fmt: skip
        given = entities[entities[f"#variants.{key}"]["workExample"]["@id"]]
        assert given["name"] == name
        assert given["sha256"] == hashlib.sha256(GIVEN[name].encode()).hexdigest()
        assert {"@id": given["@id"]} in entities["#run-read_variants"]["object"]
    made = {rule: entities[f"#run-{rule}"]["result"] for rule in ("score_variants", "biomarkers")}
    assert made == {
        "score_variants": {"@id": "variants/"},
        "biomarkers": [
            {"@id": "variants.csv"},
            {"@id": "biomarkers.csv"},
            {"@id": "variant_complexes/"},
        ],
    }
    parts = {part["@id"].removeprefix("variants/wt/") for part in entities["variants/"]["hasPart"]}
    assert parts == {
        "entries.parquet", "modelled.json", "panel.json", "shards/b0.sdf.gz", "shards/b1.sdf.gz",
        "scores/b0.parquet", "scores/b1.parquet",
    }  # fmt: skip
    pair = entities["variant_complexes/"]["hasPart"]
    assert pair == {"@id": "variant_complexes/wt/1_V93A_jmc_27.pdb.gz"}
    assert entities["#tool-score_variants"]["description"].startswith("Method version ")
    tool = entities["#tool-read_variants"]["softwareRequirements"]
    packages = {entities[link["@id"]]["name"] for link in tool}
    assert {"mutalyzer-hgvs-parser", "pysam"} <= packages
    found = validate(varied.results, http_cache, Severity.REQUIRED)
    assert found.passed(Severity.REQUIRED), found.get_issues(Severity.REQUIRED)


@pytest.mark.parametrize(
    "name",
    ["variants.csv", "variants/wt/scores/b1.parquet", "tables/wt-variants.csv", "bias/fates.csv"],
)
def test_a_changed_table_is_found(varied: Screen, name: str) -> None:
    varied.write()
    (varied.results / name).write_text("changed")
    (difference,) = verify_crate(varied.results).differences
    assert difference.startswith(f"{name}: has 7 bytes")


def test_no_patient_is_in_the_audit_trail(varied: Screen) -> None:
    varied.write()
    assert not [
        path
        for path in varied.results.rglob("*")
        if path.is_file() and b"PT-SMITH" in path.read_bytes()
    ]
