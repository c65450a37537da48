"""A screen with a template: what shares its core is placed, the rest is docked freely."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from screenmm.redocking.rmsd import heavy_rmsd_angstrom
from screenmm.results.database import open_database
from screenmm.run.layout import Layout

from .conftest import Screen, rows

pytestmark = [pytest.mark.workflow, pytest.mark.system, pytest.mark.minutes(4)]

CONGENER = "ejm_31"


@pytest.fixture
def congeners(screen: Screen, tyk2_ligands) -> dict[str, Chem.Mol]:
    """A library of one congener of the template and one stranger."""
    named = {mol.GetProp("_Name"): mol for mol in tyk2_ligands}
    smiles = Chem.MolToSmiles(Chem.RemoveHs(named[CONGENER]))
    screen.write_library({CONGENER: smiles, "nicotinamide": "NC(=O)c1cccnc1"})
    screen.config["pocket"]["min_size_angstrom"] = 18
    screen.config["docking"] = {"poses": 2, "templates": ["crystal_ligand.sdf"]}
    return named


def page_columns(path: Path) -> dict[str, bool]:
    """Columns of the page's first table, and whether it begins with them."""
    (text,) = re.findall(r'id="d-head-0">([^<]*)<', path.read_text())
    head = json.loads(gzip.decompress(base64.b64decode(text)))
    return {column["key"]: column["shown"] for column in head["columns"]}


def test_the_tables_say_which_way_each_pose_came(screen: Screen, congeners):
    screen.config["controls"] = {"redock": True}
    tiers = [{"effort": "fast"}, {"effort": "standard", "top": 1}]
    screen.config["docking"]["tiers"] = tiers
    # the pocket's own ligand, as the receptor's folder has it
    del screen.config["docking"]["templates"]
    screen.config["docking"]["reference_template"] = True
    screen.run()
    ranked = {row["name"]: row for row in rows(screen.results / "ranking.csv")}
    template = "reference"
    assert (ranked[CONGENER]["origin"], ranked[CONGENER]["template"]) == ("template", template)
    assert (ranked["nicotinamide"]["origin"], ranked["nicotinamide"]["template"]) == ("search", "")
    assert float(ranked[CONGENER]["cnn_affinity_pk"]) > 0
    told_apart = {
        (CONGENER, "rustina", "template", "2", "standard"),
        ("nicotinamide", "rustina", "search", "1", "fast"),
    }
    apart = ("name", "engine", "origin", "tier", "effort")
    assert {tuple(row[key] for key in apart) for row in ranked.values()} == told_apart
    columns = page_columns(screen.results / "report.html")
    assert columns.keys() >= {*apart, "template"}
    assert columns["origin"]
    assert columns["tier"]
    with open_database(screen.results / "screen.duckdb") as con:
        found = con.execute(
            "SELECT DISTINCT name, poses.engine, poses.origin, CAST(poses.tier AS VARCHAR), "
            "poses.effort FROM poses JOIN ranking USING (inchikey)"
        ).fetchall()
        assert set(found) == told_apart
        told = con.execute(
            "SELECT inchikey, reason, message FROM events WHERE stage = 'dock' AND reason <> ''"
        ).fetchall()
    ((key, reason, message),) = told
    assert (key, reason) == (ranked["nicotinamide"]["inchikey"], "core_too_small")
    assert message.endswith("are needed: docked freely")
    hits = {
        mol.GetProp("_Name"): mol for mol in Chem.SDMolSupplier(str(screen.results / "hits.sdf"))
    }
    assert hits[CONGENER].GetProp("template") == template
    assert heavy_rmsd_angstrom(hits[CONGENER], congeners[CONGENER]) < 2.0
    # the reference is docked freely: no ligand is a test of its own template
    poses = Chem.ForwardSDMolSupplier(str(screen.results / "controls/tyk2/redock.sdf"))
    assert len(list(poses)) > 1
    redocked = json.loads((screen.results / "controls/tyk2/redock.json").read_text())
    assert "freely, without templates" in redocked["text"]
    # a template with another content docks again, and neither prepares nor redocks
    path = screen.folder / "crystal_ligand.sdf"
    other = screen.folder / "template.sdf"
    other.write_text(path.read_text())
    screen.config["docking"]["templates"] = ["template.sdf"]
    del screen.config["docking"]["reference_template"]
    wanted = ["results/selected/tyk2/select.events.parquet", "results/controls/tyk2/redock.json"]
    assert screen.run(2, *wanted)["dock"] == 1
    named = congeners["ejm_44"]
    Chem.MolToMolFile(named, str(other))
    jobs = screen.run(2, *wanted)
    assert (jobs["dock"], jobs["redock"], jobs["prepare_ligands"], jobs["prepare_receptor"]) == (
        1, 0, 0, 0,
    )  # fmt: skip
    (docked,) = (pq.read_table(path) for path in Layout(screen.results, 2).pose_tables("tyk2", 2))
    assert set(docked["template"].to_pylist()) == {"ejm_44"}
    assert not screen.run(2, *wanted)


def test_a_template_that_cannot_be_read_stops_the_run_before_any_job(screen: Screen, congeners):
    (screen.folder / "broken.sdf").write_text("no\nmolecule\n$$$$\n")
    screen.config["docking"]["templates"] = ["broken.sdf"]
    jobs = screen.run(check=False)
    assert not jobs
    assert "broken.sdf, record 1: RDKit cannot read it" in " ".join(screen.output.split())
    screen.config["docking"]["templates"] = ["missing.sdf"]
    assert not screen.run(check=False)
    assert "missing.sdf" in screen.output
