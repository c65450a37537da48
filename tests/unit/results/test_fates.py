from __future__ import annotations

import csv
import re
from dataclasses import replace
from pathlib import Path

import pytest

from screenmm.core.errors import LedgerError
from screenmm.results.fates import check_invariant, write_ledger
from screenmm.run.ledger import Event, Status, write_events
from screenmm.tables.dictionary import LEDGER, names
from tests.unit.screens import DRUGS, HOSTILE, RECEPTORS, Screen


@pytest.fixture(scope="module")
def rows(ranked, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    path = tmp_path_factory.mktemp("ledger") / "ledger.csv"
    write_ledger(ranked, path)
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def _fate(rows: list[dict[str, str]], name: str, receptor: str = "wt") -> dict[str, str]:
    (row,) = (r for r in rows if r["name"] == name and r["receptor"] == receptor)
    return row


def test_every_record_has_one_fate_per_receptor_in_order(ranked, rows) -> None:
    check_invariant(ranked)
    records = len(DRUGS) + len(HOSTILE) + 2
    assert [r["receptor"] for r in rows] == [x for x in RECEPTORS for _ in range(records)]
    assert [int(r["position"]) for r in rows] == 2 * list(range(1, records + 1))
    assert list(rows[0]) == names(LEDGER)


def test_events_before_the_merge_hold_for_every_receptor(rows) -> None:
    for receptor in RECEPTORS:
        broken = _fate(rows, "no structure", receptor)
        assert (broken["status"], broken["stage"], broken["reason"]) == (
            "failed", "standardise", "invalid_structure",
        )  # fmt: skip
        assert broken["message"] == "line 23: 'C1CC' is no SMILES"
        heavy = _fate(rows, "too heavy", receptor)
        assert (heavy["status"], heavy["reason"]) == ("filtered", "property_filter")


def test_duplicates_say_whose(rows) -> None:
    twin = _fate(rows, HOSTILE[0])
    assert (twin["status"], twin["message"]) == ("duplicate", "same structure as library.smi:1")
    assert twin["inchikey"] == _fate(rows, "imatinib")["inchikey"]
    assert _fate(rows, HOSTILE[3])["reason"] == "duplicate_structure"


def test_a_failure_with_one_receptor_is_not_one_with_the_other(rows) -> None:
    assert _fate(rows, "warfarin", "wt")["status"] == "ranked"
    failed = _fate(rows, "warfarin", "V678F")
    assert (failed["status"], failed["stage"], failed["reason"]) == ("failed", "dock", "time_limit")


def test_failures_of_states_and_poses_are_summarised(rows) -> None:
    quinine = _fate(rows, "quinine")
    assert (quinine["status"], quinine["stage"]) == ("failed", "prepare_ligands")
    assert "2 × embedding_failed in prepare_ligands" in quinine["message"]
    metoprolol = _fate(rows, "metoprolol")
    assert (metoprolol["status"], metoprolol["stage"]) == ("failed", "score")
    assert "1 × clash_not_relieved in score, 1 × not_finite in score" in metoprolol["message"]


def test_the_last_ligand_event_counts(screen: Screen, tmp_path: Path) -> None:
    key = screen.keys["metoprolol"]
    late = Event("score", Status.FAILED, inchikey=key, receptor="wt", reason="time_limit")
    early = Event("dock", Status.FAILED, inchikey=key, receptor="wt", reason="docking_failed")
    write_events(tmp_path / "0.events.parquet", [late])
    write_events(tmp_path / "1.events.parquet", [early])
    for more in (["0", "1"], ["1", "0"]):
        files = [tmp_path / f"{name}.events.parquet" for name in more]
        parts = replace(screen.parts, events=[*screen.parts.events, *files])
        con = replace(screen, parts=parts).open()
        fate = con.execute(
            "SELECT stage, reason FROM ledger WHERE name = 'metoprolol' AND receptor = 'wt'"
        ).fetchone()
        assert fate == ("score", "time_limit")


def test_ranked_fates_are_the_ranking(ranked, rows) -> None:
    ranking = ranked.execute("SELECT name, receptor, rank FROM ranking").fetchall()
    fates = {(r["name"], r["receptor"]): r["message"] for r in rows if r["status"] == "ranked"}
    assert len(fates) == len(ranking)
    assert all(fates[name, receptor].startswith(f"rank {n} by") for name, receptor, n in ranking)


def test_lost_records_are_named_with_the_counts(con) -> None:
    con.execute("DELETE FROM ledger WHERE receptor = 'V678F' AND position IN (3, 5)")
    message = (
        r"receptor V678F: 24 records in, but 11 ranked \+ 1 filtered \+ 6 duplicate \+ 4 failed; "
        r"without exactly one fate: library\.smi:3, library\.smi:5$"
    )
    with pytest.raises(LedgerError, match=message):
        check_invariant(con)


def test_a_record_without_any_event_is_an_error(screen: Screen, tmp_path: Path) -> None:
    write_events(tmp_path / "none.events.parquet", [])
    parts = replace(screen.parts, events=[tmp_path / "none.events.parquet"])
    con = replace(screen, parts=parts).open()
    with pytest.raises(LedgerError, match=r"library\.smi:12, library\.smi:16, library\.smi:23"):
        check_invariant(con)


def test_at_most_five_records_are_named(con) -> None:
    con.execute("UPDATE ledger SET status = NULL WHERE receptor = 'wt'")
    with pytest.raises(LedgerError, match=r"fate: (library\.smi:\d+, ){4}library\.smi:5$"):
        check_invariant(con)


def test_a_record_counted_twice_is_an_error(con) -> None:
    con.execute("INSERT INTO ledger SELECT * FROM ledger WHERE position = 2 AND receptor = 'wt'")
    con.execute("DELETE FROM ledger WHERE position = 1 AND receptor = 'wt'")
    with pytest.raises(LedgerError, match=r"library\.smi:1, library\.smi:2"):
        check_invariant(con)


def test_a_ranking_without_its_record_is_an_error(con) -> None:
    con.execute("DELETE FROM ranking WHERE receptor = 'wt' AND rank = 1")
    with pytest.raises(LedgerError, match=r"13 rows in the ranking, but 14 ranked"):
        check_invariant(con)


def test_a_row_too_many_in_the_ranking_is_an_error(con) -> None:
    con.execute("INSERT INTO ranking SELECT * FROM ranking WHERE receptor = 'wt' AND rank = 1")
    with pytest.raises(LedgerError, match=r"15 rows in the ranking, but 14 ranked"):
        check_invariant(con)


def test_bytes_do_not_depend_on_the_order_of_event_files(screen: Screen, ranked, tmp_path) -> None:
    turned = replace(screen.parts, events=list(reversed(screen.parts.events)))
    write_ledger(ranked, tmp_path / "one.csv")
    write_ledger(replace(screen, parts=turned).open(threads=2), tmp_path / "two.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_hostile_names_survive_a_csv_round_trip(rows) -> None:
    assert {r["name"] for r in rows} >= set(HOSTILE)


def test_notes_follow_the_fate(screen: Screen, tmp_path: Path) -> None:
    of_record = Event("standardise", Status.OK, record="library.smi:17", message="an axis")
    of_ligand = Event(
        "prepare_ligands", Status.OK, inchikey=screen.keys["imatinib"], message="4 of 8"
    )
    write_events(tmp_path / "notes.events.parquet", [of_record, of_ligand])
    parts = replace(screen.parts, events=[*screen.parts.events, tmp_path / "notes.events.parquet"])
    con = replace(screen, parts=parts).open()
    check_invariant(con)
    query = "SELECT message FROM ledger WHERE name = ? AND receptor = 'wt'"
    ((ranked,),) = con.execute(query, ["imatinib"]).fetchall()
    assert re.fullmatch(r"rank \d+ by .*; 4 of 8", ranked)
    ((twin,),) = con.execute(query, [HOSTILE[0]]).fetchall()
    assert twin == "same structure as library.smi:1; an axis"
