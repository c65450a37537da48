"""The ledger's files: every field comes back, in order."""

from pathlib import Path

import pyarrow.parquet as pq

from screenmm.core.errors import LigandError, Reason
from screenmm.run.ledger import SCHEMA, Event, Status, read_events, write_events

EVENTS = [
    Event("split", Status.FAILED, record="r1", reason="empty_record", message="no Å → nothing"),
    Event("merge", Status.DUPLICATE, record="r2", inchikey="AAA", message="same as r0"),
    Event("dock", Status.OK, inchikey="AAA", receptor="wt", state="AAA_s1", pose="AAA_s1_p2"),
]


def test_round_trip_keeps_fields_and_order(tmp_path: Path) -> None:
    write_events(tmp_path / "deep/a.parquet", EVENTS)
    write_events(tmp_path / "b.parquet", EVENTS[:1])
    found = read_events([tmp_path / "deep/a.parquet", tmp_path / "b.parquet"])
    assert found == [*EVENTS, EVENTS[0]]
    assert all(type(event.status) is Status for event in found)


def test_no_events_make_a_readable_file_with_all_columns(tmp_path: Path) -> None:
    write_events(tmp_path / "a.parquet", [])
    assert read_events([tmp_path / "a.parquet"]) == []
    assert pq.read_schema(tmp_path / "a.parquet").names == SCHEMA.names


def test_same_events_give_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        write_events(tmp_path / name, EVENTS)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_failure_says_what_the_error_says(tmp_path: Path) -> None:
    error = LigandError(Reason.TIME_LIMIT, "not finished within 5 s")
    event = Event.failure("dock", error, inchikey="AAA", receptor="wt")
    assert event == Event(
        "dock", Status.FAILED, inchikey="AAA", receptor="wt",
        reason="time_limit", message="not finished within 5 s",
    )  # fmt: skip
    write_events(tmp_path / "a.parquet", [event])
    assert read_events([tmp_path / "a.parquet"])[0].reason == "time_limit"


def test_filtered_event() -> None:
    event = Event.filtered("standardise", Reason.ALERT_FILTER, "PAINS: quinone_A", record="r1")
    assert (event.status, event.reason) == (Status.FILTERED, "alert_filter")
