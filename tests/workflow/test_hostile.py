"""Everything that real and malicious libraries hold: each record has a fate, nothing stops."""

from __future__ import annotations

import csv
import json
from collections import Counter
from xml.etree import ElementTree

import pytest

from screenmm.bias.losses import LOSSES
from tests.hostile import OK, write_hostile_library

from .conftest import Screen

pytestmark = [pytest.mark.workflow, pytest.mark.system, pytest.mark.minutes(3)]


def test_every_hostile_record_has_a_fate(screen: Screen):
    library = write_hostile_library(screen.folder)
    assert library.records >= 60
    screen.config["library"] = {
        "files": [str(path) for path in library.files],
        "shard_size": 200,
    }
    # small ones are docked, to keep the test short; the others are filtered, on record
    screen.config["ligands"] |= {
        "tautomers": False,
        "max_stereoisomers": 1,
        "filters": {"heavy_atoms": {"max": 6}},
    }
    screen.config["scoring"] |= {"top": 5}
    screen.run()

    with (screen.results / "ledger.csv").open(newline="") as handle:
        ledger = {(row["file"], int(row["position"])): row for row in csv.DictReader(handle)}
    assert set(ledger) == set(library.expected)
    statuses = Counter(row["status"] for row in ledger.values())
    assert set(statuses) == {"ranked", "filtered", "duplicate", "failed"}
    assert sum(statuses.values()) == library.records
    for place, expected in library.expected.items():
        row = ledger[place]
        if expected != OK:
            assert (row["status"], row["reason"]) == ("failed", expected), place
            assert row["message"]
        elif row["status"] == "failed":
            # standardised, yet not dockable: later stages say why
            assert row["stage"] in ("prepare_ligands", "dock", "score"), row
            assert row["reason"] != "internal_error", row
    check_the_bias_report(screen, statuses, library.records)
    assert "<script>alert(1)" not in (screen.results / "report.html").read_text()


def check_the_bias_report(screen: Screen, statuses: Counter[str], records: int) -> None:
    """Every record is counted: by fate, in each property, and in the classes of loss."""
    bias = json.loads((screen.results / "metrics.json").read_text())["bias"]
    assert (bias["records"], bias["described"], bias["sampled"]) == (records, records, False)
    (own,) = bias["by_receptor"].values()
    fates = own["fates"]
    assert {fate: fates[fate]["records"] for fate in statuses} == statuses
    assert fates["input"]["records"] == sum(statuses.values()) == records
    assert 0 < fates["failed"]["no_structure_read"] < fates["failed"]["records"]
    for fate in ("ranked", "filtered", "duplicate"):
        assert fates[fate]["no_structure_read"] == 0
    for each in own["properties"].values():
        for fate, told in each["by_fate"].items():
            assert sum(told["counts"]) == told["n"]
            assert told["n"] + fates[fate]["no_structure_read"] == fates[fate]["records"]
    for by in ("charge", "weight"):
        lost: Counter[str] = Counter()
        for loss in LOSSES:
            rows = [row for row in own["losses"] if (row["loss"], row["by"]) == (loss, by)]
            assert sum(row["records"] for row in rows) == records
            lost[loss] = sum(row["lost"] for row in rows)
            assert sum(row["at_risk"] for row in rows) >= lost[loss]
        assert lost["refused"] + lost["failed"] == statuses["failed"]
        assert lost["filtered"] + lost["pose filtered"] == statuses["filtered"]
    for name in ("boron", "silicon", "metal"):
        rows = [row for row in own["losses"] if row["class"] == name]
        assert sum(row["lost"] for row in rows if row["loss"] in ("refused", "failed")) > 0, name
    with (screen.results / "bias/fates.csv").open(newline="") as handle:
        table = {row["fate"]: int(row["records"]) for row in csv.DictReader(handle)}
    assert table == {fate: told["records"] for fate, told in fates.items()}
    for path in (screen.results / "figures").glob("*.svg"):
        ElementTree.parse(path)
