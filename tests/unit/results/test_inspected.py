"""Pose checks and interactions in the tables, and the ligands that they rule out."""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screenmm.core.errors import Reason
from screenmm.exports.hits import write_hits
from screenmm.residues.filters import Filter, parse_filter
from screenmm.results.database import open_database, write_database
from screenmm.results.fates import check_invariant, make_ledger
from screenmm.results.parts import open_parts
from screenmm.results.ranking import make_ranking, write_ranking
from screenmm.run.ledger import Event, Status, write_events
from screenmm.tables.dictionary import (
    CNN_MINIMISED,
    INSPECTED,
    INSPECTED_TEXT,
    listed,
    names,
    ranking_scores,
    signs,
)
from screenmm.tables.schema import schema
from tests.unit.screens import RECEPTORS, Screen

MUTANT = RECEPTORS[1]
CHECKS = ["bond_lengths", "internal_energy", "minimum_distance_to_protein"]
BOND = ("A:VAL:901", "hydrogen bond acceptor", 2.9, [3])
BRIDGE = ("A:ASP:902", "salt bridge", 3.3, [1])
SECOND_BRIDGE = ("A:ASP:902", "salt bridge", 3.6, [2])
TOUCH = ("A:LEU:900", "van der Waals", 3.1, [7])

# What inspection finds, by name; all others have a hydrogen bond and pass every check.
FOUND = {
    "imatinib": [TOUCH, BRIDGE, SECOND_BRIDGE],
    "dasatinib": [BOND, BRIDGE],
    "erlotinib": [],
    "gefitinib": [TOUCH],
}
PASSED = {"aspirin": [True, False, False], "ibuprofen": [True, None, True]}
NOT_INSPECTED = "tofacitinib"
# Of these a half of the inspection failed: the lists, and what the ledger says.
NO_INTERACTIONS = "diazepam"
NO_CHECKS = "celecoxib"
# Of these the CNN's opinion.
NO_CNN = "gefitinib"
CNN = {"imatinib": (0.75, 6.5), "dasatinib": (0.25, 5.125)}


@dataclass
class Inspected:
    """A screen with its inspections."""

    screen: Screen

    def open(self, *, must: tuple = (), must_not: tuple = (), must_pass_checks: bool = False):
        con = open_parts(self.screen.parts)
        wanted = [
            [each if isinstance(each, Filter) else parse_filter(each) for each in entries]
            for entries in (must, must_not)
        ]
        make_ranking(con, "mmgbsa", *wanted, must_pass_checks=must_pass_checks)
        make_ledger(con)
        check_invariant(con)
        return con


def _row(screen: Screen, receptor: str, best: dict, pose: int) -> dict:
    name = next(name for name, key in screen.keys.items() if key == best["inchikey"])
    found = FOUND.get(name, [BOND])
    if receptor == MUTANT:
        found = [(each[0].replace("VAL:901", "PHE:901"), *each[1:]) for each in found]
    row = {"inchikey": best["inchikey"], "state": best["state"], "pose": pose}
    if name != NO_CHECKS:
        row |= {"check_name": CHECKS, "passed": PASSED.get(name, [True] * 3)}
    if name != NO_INTERACTIONS:
        columns = ("residue", "kind", "distance_angstrom", "ligand_atoms")
        row |= {column: [each[i] for each in found] for i, column in enumerate(columns)}
    if name in CNN:
        # the other pose has other numbers
        row |= zip(names(CNN_MINIMISED), (x + (pose == 9) for x in CNN[name]), strict=True)
    return row


@pytest.fixture(scope="module")
def inspected(screen: Screen, ranked, tmp_path_factory: pytest.TempPathFactory) -> Inspected:
    folder = tmp_path_factory.mktemp("inspected")
    files = {}
    for receptor in RECEPTORS:
        best = ranked.execute(
            "SELECT inchikey, state, pose FROM ranking "
            "WHERE receptor = ? AND dg_mmgbsa_kcal_mol IS NOT NULL ORDER BY rank",
            [receptor],
        ).fetchall()
        rows = [dict(zip(("inchikey", "state", "pose"), row, strict=True)) for row in best]
        rows = [row for row in rows if row["inchikey"] != screen.keys[NOT_INSPECTED]]
        # the other pose of each ligand counts for nothing
        table = [_row(screen, receptor, row, pose) for row in rows for pose in (row["pose"], 9)]
        files[receptor] = [folder / f"{receptor}.parquet"]
        pq.write_table(pa.Table.from_pylist(table, schema=schema(INSPECTED)), files[receptor][0])
    failed = Event(
        "inspect", Status.FAILED, inchikey=screen.keys[NOT_INSPECTED], receptor="wt",
        reason=Reason.INSPECTION_FAILED, message="x_s1_p1: ValueError: cut short",
    )  # fmt: skip
    halves = [
        Event("inspect", Status.FAILED, inchikey=screen.keys[name], receptor="wt",
              state=f"{screen.keys[name]}_s1", pose="1", reason=reason, message=message)
        for name, reason, message in (
            (NO_INTERACTIONS, Reason.INTERACTIONS_UNKNOWN, "z_s1_p1: interactions: E: no angle"),
            (NO_CHECKS, Reason.POSE_CHECKS_UNKNOWN, "z_s1_p1: pose checks: E: no atoms"),
            (NO_CNN, Reason.CNN_UNKNOWN, "z_s1_p1: CNN: E: no grid"),
            (NO_INTERACTIONS, Reason.CNN_UNKNOWN, "a_s1_p1: CNN: E: no grid"),
        )
    ]  # fmt: skip
    write_events(folder / "b.events.parquet", [failed, *halves])
    parts = replace(
        screen.parts,
        inspected=files,
        events=[*screen.parts.events, folder / "b.events.parquet"],
    )
    return Inspected(replace(screen, parts=parts))


def _ranking(con) -> list[tuple]:
    added = names((*INSPECTED_TEXT, *CNN_MINIMISED))
    kept = [name for name in _columns(con) if name not in added]
    return con.execute(
        f"SELECT {', '.join(kept)} FROM ranking ORDER BY receptor_ordinal, rank"
    ).fetchall()


def _columns(con) -> list[str]:
    return [row[0] for row in con.execute("DESCRIBE ranking").fetchall()]


def _notes(con, name: str) -> tuple:
    return con.execute(
        f"SELECT {listed(INSPECTED_TEXT)} FROM ranking WHERE receptor = 'wt' AND name = ?", [name]
    ).fetchall()[0]


def _fates(con) -> dict[str, tuple[str, str, str, str]]:
    rows = con.execute(
        "SELECT name, stage, status, reason, message FROM ledger WHERE receptor = 'wt'"
    )
    return {name: tuple(rest) for name, *rest in rows.fetchall()}


def test_without_filters_only_columns_are_added(inspected: Inspected, ranked) -> None:
    con = inspected.open()
    assert _ranking(con) == _ranking(ranked)
    assert con.execute("SELECT count(*) FROM rejected").fetchall() == [(0,)]


def test_the_text_of_a_pose(inspected: Inspected) -> None:
    con = inspected.open()
    assert _notes(con, "dasatinib") == (
        3, "", "hydrogen bond acceptor A:VAL:901; salt bridge A:ASP:902",
    )  # fmt: skip
    # contacts are left out, and what comes twice is said once
    assert _notes(con, "imatinib") == (3, "", "salt bridge A:ASP:902")
    assert _notes(con, "erlotinib") == (3, "", "")
    assert _notes(con, "aspirin")[:2] == (1, "internal_energy;minimum_distance_to_protein")
    # what could not be decided neither passed nor failed
    assert _notes(con, "ibuprofen")[:2] == (2, "")
    # ranked by docking, or the inspection failed
    assert _notes(con, "caffeine") == _notes(con, NOT_INSPECTED) == (None, None, None)
    # half of it failed: not known, which is not the same as none
    assert _notes(con, NO_INTERACTIONS) == (3, "", None)
    assert _notes(con, NO_CHECKS) == (None, None, "hydrogen bond acceptor A:VAL:901")


def test_a_failed_inspection_leaves_the_ligand_ranked(inspected: Inspected) -> None:
    con = inspected.open()
    assert _fates(con)[NOT_INSPECTED][1] == "ranked"
    for name in (NO_INTERACTIONS, NO_CHECKS, NO_CNN):
        assert _fates(con)[name][1] == "ranked"
    events = con.execute("SELECT reason FROM events WHERE stage = 'inspect' ORDER BY reason")
    assert events.fetchall() == [
        ("cnn_unknown",), ("cnn_unknown",), ("inspection_failed",), ("interactions_unknown",),
        ("pose_checks_unknown",),
    ]  # fmt: skip


def test_the_ranking_has_the_cnn_s_opinion_of_the_minimised_pose(inspected: Inspected) -> None:
    con = inspected.open()
    found = con.execute(
        f"SELECT name, {listed(CNN_MINIMISED)} FROM ranking WHERE receptor = 'wt' "
        f"AND {CNN_MINIMISED[0].name} IS NOT NULL"
    ).fetchall()
    assert {name: tuple(said) for name, *said in found} == CNN
    assert {each.name: each.better for each in CNN_MINIMISED}.items() <= signs(
        ranking_scores()
    ).items()


def test_the_tables_hold_the_ranked_poses_alone(inspected: Inspected, tmp_path: Path) -> None:
    con = inspected.open()
    write_database(con, tmp_path / "screen.duckdb", {})
    with open_database(tmp_path / "screen.duckdb") as stored:
        types = {
            table: dict(stored.execute(f"SELECT column_name, column_type FROM (DESCRIBE {table})")
                        .fetchall())
            for table in ("checks", "interactions")
        }  # fmt: skip
        assert types["checks"] == {
            "receptor": "VARCHAR", "inchikey": "VARCHAR", "state": "VARCHAR", "pose": "INTEGER",
            "check_name": "VARCHAR", "passed": "BOOLEAN",
        }  # fmt: skip
        assert types["interactions"] == {
            "receptor": "VARCHAR", "inchikey": "VARCHAR", "state": "VARCHAR", "pose": "INTEGER",
            "residue": "VARCHAR", "kind": "VARCHAR", "distance_angstrom": "DOUBLE",
            "ligand_atoms": "INTEGER[]", "plddt": "DOUBLE", "doubtful": "BOOLEAN",
        }  # fmt: skip
        key = inspected.screen.keys["imatinib"]
        rows = stored.execute(
            "SELECT residue, kind, distance_angstrom, ligand_atoms FROM interactions "
            "WHERE receptor = 'wt' AND inchikey = ?",
            [key],
        ).fetchall()
        assert rows == FOUND["imatinib"]
        for table in ("checks", "interactions"):
            others = stored.execute(
                f"SELECT count(*) FROM {table} "
                "ANTI JOIN ranking USING (receptor, inchikey, state, pose)"
            )
            assert others.fetchall() == [(0,)]


def test_must_and_must_not(inspected: Inspected) -> None:
    con = inspected.open(
        must=("Hydrogen bond to Val901", "any contact with A:901"),
        must_not=("salt bridge with 902",),
    )
    fates = _fates(con)
    key = inspected.screen.keys["imatinib"]
    pose = con.execute(
        "SELECT pose FROM checks WHERE receptor = 'wt' AND inchikey = ?", [key]
    ).fetchall()[0][0]
    assert fates["imatinib"] == (
        "rank", "filtered", "interaction_missing",
        f"the pose {key}_s1_p{pose} lacks Hydrogen bond to Val901, any contact with A:901",
    )  # fmt: skip
    assert fates["dasatinib"][:3] == ("rank", "filtered", "interaction_forbidden")
    assert fates["dasatinib"][3].endswith(" has salt bridge with 902")
    assert fates["erlotinib"][2] == fates["gefitinib"][2] == "interaction_missing"
    assert fates["aspirin"][1] == "ranked"
    assert fates["caffeine"][:3] == ("rank", "filtered", "not_inspected")
    assert fates["caffeine"][3].endswith("was not scored: raise scoring.top")
    assert fates[NOT_INSPECTED][2] == "not_inspected"
    assert fates[NOT_INSPECTED][3].endswith(
        "could not be inspected: x_s1_p1: ValueError: cut short"
    )
    # what is not known is not held to be absent
    assert fates[NO_INTERACTIONS][:3] == ("rank", "filtered", "not_inspected")
    assert "ranking filters on interactions, and those of " in fates[NO_INTERACTIONS][3]
    assert fates[NO_INTERACTIONS][3].endswith(" are unknown: z_s1_p1: interactions: E: no angle")
    assert fates[NO_CHECKS][1] == "ranked"
    # what failed before keeps its own reason
    assert fates["metoprolol"][:2] == ("score", "failed")
    ranks = con.execute("SELECT rank, name FROM ranking WHERE receptor = 'wt' ORDER BY rank")
    rows = ranks.fetchall()
    assert [rank for rank, _ in rows] == list(range(1, len(rows) + 1))
    assert {name for _, name in rows} == {
        name for name, fate in fates.items() if fate[1] == "ranked"
    }


def test_filtered_ligands_keep_their_order_and_their_interactions(
    inspected: Inspected, ranked
) -> None:
    con = inspected.open(must_not=("salt bridge with A:ASP902",))
    names = "SELECT name FROM ranking WHERE receptor = 'wt' ORDER BY rank"
    left = [row[0] for row in con.execute(names).fetchall()]
    gone = {
        "imatinib", "dasatinib", NOT_INSPECTED, NO_INTERACTIONS, "caffeine", "omeprazole",
    }  # fmt: skip
    assert left == [row[0] for row in ranked.execute(names).fetchall() if row[0] not in gone]
    bridges = con.execute(
        "SELECT count(*) FROM interactions WHERE receptor = 'wt' AND kind = 'salt bridge'"
    )
    assert bridges.fetchall() == [(3,)]


def test_pose_checks_may_filter(inspected: Inspected) -> None:
    fates = _fates(inspected.open(must_pass_checks=True))
    assert fates["aspirin"][:3] == ("rank", "filtered", "pose_check_failed")
    assert fates["aspirin"][3].endswith(" failed internal_energy, minimum_distance_to_protein")
    # the checks are there without the interactions, and are asked for alone
    assert fates[NO_INTERACTIONS][1] == "ranked"
    assert fates[NO_CHECKS][:3] == ("rank", "filtered", "not_inspected")
    assert "ranking filters on checks, and those of " in fates[NO_CHECKS][3]
    assert fates[NO_CHECKS][3].endswith(" are unknown: z_s1_p1: pose checks: E: no atoms")
    # undecided is not failed
    assert fates["ibuprofen"][1] == "ranked"
    assert fates["imatinib"][1] == "ranked"


def test_a_filter_may_be_for_one_receptor(inspected: Inspected, ranked) -> None:
    everywhere = inspected.open(must_not=("salt bridge with 902",))
    con = inspected.open(must_not=(parse_filter("salt bridge with 902", ["V678F"]),))

    def names(of, receptor: str) -> list[str]:
        rows = of.execute(
            "SELECT name FROM ranking WHERE receptor = ? ORDER BY rank", [receptor]
        ).fetchall()
        return [row[0] for row in rows]

    # those that were not inspected stay where nothing is asked
    assert names(con, "wt") == names(ranked, "wt")
    assert names(con, "V678F") == names(everywhere, "V678F") != names(ranked, "V678F")
    assert names(everywhere, "wt") != names(ranked, "wt")
    # a mutated residue has another name: its number is both
    by_number = inspected.open(must=("hydrogen bond to A:901",))
    by_name = inspected.open(
        must=(
            parse_filter("hydrogen bond to Val901", ["wt"]),
            parse_filter("hydrogen bond to Phe901", ["V678F"]),
        )
    )
    for receptor in RECEPTORS:
        assert "aspirin" in names(by_number, receptor)
        assert names(by_number, receptor) == names(by_name, receptor)
    assert not names(inspected.open(must=("hydrogen bond to Val901",)), "V678F")


def test_csv_and_sdf_carry_the_texts(inspected: Inspected, tmp_path: Path) -> None:
    con = inspected.open()
    write_ranking(con, tmp_path / "ranking.csv")
    with (tmp_path / "ranking.csv").open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert list(rows[0])[-3:] == names(INSPECTED_TEXT)
    aspirin = next(row for row in rows if row["name"] == "aspirin")
    assert aspirin["pose_checks_failed"] == "internal_energy;minimum_distance_to_protein"
    write_hits(con, inspected.screen.sdf, tmp_path / "hits.sdf")
    text = (tmp_path / "hits.sdf").read_text()
    assert ">  <interactions>\nhydrogen bond acceptor A:VAL:901; salt bridge A:ASP:902\n" in text
