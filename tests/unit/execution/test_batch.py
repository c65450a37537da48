"""The batch, with real processes: crashes, hangs, kills, and resuming after them."""

import errno
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from screenmm.core.errors import LigandError, PlatformError, Reason, ScreenMMError
from screenmm.execution.batch import Journal, Outcome, Task, fingerprint, run_batch
from screenmm.run.ledger import Event, Status


class Work:
    """Do what the item says; every call leaves a line."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, item: dict[str, Any]) -> dict[str, Any]:
        return work(item, self._folder)


class WorkTogether:
    """Do several items; a wrong molecule is its own answer, anything else ends the pack."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __call__(self, pack: list[dict[str, Any]]) -> list[dict[str, Any] | LigandError]:
        return work_together(pack, self._folder)


def start_badly(how: str) -> None:
    if how == "user":
        raise PlatformError("no CUDA device: choose platform CPU")
    if how == "bug":
        raise ValueError("no\nmodel")
    os._exit(5)


def calls(folder: Path) -> list[str]:
    path = folder / "calls"
    return path.read_text().split() if path.exists() else []


def work(item: dict[str, Any], folder: Path) -> dict[str, Any]:
    earlier = calls(folder)
    with (folder / "calls").open("a") as handle:
        handle.write(f"{item['key']}\n")
    time.sleep(item.get("sleep", 0))
    match item.get("do"):
        case "ligand_error":
            raise LigandError(Reason.TOO_LARGE, "120 heavy atoms exceed 100")
        case "bug":
            raise KeyError("missing\nkey")
        case "full_disk":
            raise OSError(errno.ENOSPC, "No space left on device", "/scratch/x")
        case "platform":
            raise PlatformError("the GPU fell off the bus: reboot")
        case "bad_call":
            os.read(-1, 1)
        case "no_memory":
            bytearray(1 << 62)
        case "kill":
            os.kill(os.getpid(), signal.SIGKILL)
        case "exit":
            os._exit(7)
        case "kill_once" if item["key"] not in earlier:
            os.kill(os.getpid(), signal.SIGKILL)
        case "not_json":
            return {"value": Path("a")}
        case "partly":
            failure = {"reason": "embedding_failed", "message": "no 3D", "state": "s2"}
            return {"value": 1, "failures": [failure]}
    return {"value": item["key"] * 2, "pair": (1, 2.5)}


def work_together(pack: list[dict[str, Any]], folder: Path) -> list[dict[str, Any] | LigandError]:
    with (folder / "packs").open("a") as handle:
        handle.write(" ".join(item["key"] for item in pack) + "\n")
    answers: list[dict[str, Any] | LigandError] = []
    for item in pack:
        try:
            answers.append(work(item, folder))
        except LigandError as error:
            answers.append(error)
    return answers


def task(folder: Path, time_limit_s: float = 30, **changes: Any) -> Task:
    work = WorkTogether if changes.get("pack_size") else Work
    given: dict[str, Any] = {"start": work, "arguments": (folder,), "receptor": "wt"} | changes
    return Task("dock", time_limit_s=time_limit_s, **given)


def items(**things: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(key, {"key": key} | thing) for key, thing in things.items()]


def run(
    folder: Path, todo: list[tuple[str, Any]], workers: int, mark: str = "f", **changes: Any
) -> list[Outcome]:
    journal = Journal(folder / "out.parquet", fingerprint(mark))
    return list(run_batch(task(folder, **changes), todo, workers, journal))


def failure(key: str, reason: str, message: str) -> Outcome:
    event = Event(
        "dock", Status.FAILED, inchikey=key, receptor="wt", reason=reason, message=message
    )
    return Outcome(key, None, [event])


def good(key: str) -> Outcome:
    # a list, not a tuple: fresh results are what the journal would give back
    return Outcome(key, {"value": key * 2, "pair": [1, 2.5]})


ADVICE = "raise time_limit_s, which makes this stage run again for the whole library"

HOSTILE = items(
    slow={"sleep": 0.6},
    quick={},
    large={"do": "ligand_error"},
    bug={"do": "bug"},
    hang={"sleep": 60},
    kill={"do": "kill"},
    exit={"do": "exit"},
    unlucky={"do": "kill_once"},
    not_json={"do": "not_json"},
    partly={"do": "partly"},
    last={},
)
FATES = [
    good("slow"),
    good("quick"),
    failure("large", "too_large", "120 heavy atoms exceed 100"),
    failure("bug", "internal_error", "KeyError: 'missing\\nkey'"),
    failure("hang", "time_limit", f"not finished within 2 s; {ADVICE}"),
    failure("kill", "worker_died", "the worker process was killed by SIGKILL, twice"),
    failure("exit", "worker_died", "the worker process ended with exit code 7, twice"),
    good("unlucky"),
    failure(
        "not_json", "internal_error", "TypeError: Object of type PosixPath is not JSON serializable"
    ),
    Outcome(
        "partly",
        {"value": 1},
        [
            Event(
                "dock", Status.FAILED, inchikey="partly", receptor="wt", state="s2",
                reason="embedding_failed", message="no 3D",
            )
        ],
    ),
    good("last"),
]  # fmt: skip


@pytest.mark.parametrize("workers", [1, 3])
def test_only_the_guilty_items_are_lost_and_order_is_kept(tmp_path: Path, workers: int) -> None:
    assert run(tmp_path, HOSTILE, workers, time_limit_s=2) == FATES
    # what died once had a second try, everything else exactly one
    twice = dict.fromkeys(("kill", "exit", "unlucky"), 2)
    assert Counter(calls(tmp_path)) == {key: 1 for key, _ in HOSTILE} | twice


def test_a_pack_loses_only_its_guilty_items(tmp_path: Path) -> None:
    assert run(tmp_path, HOSTILE, 2, time_limit_s=1, pack_size=4) == [
        failure("hang", "time_limit", f"not finished within 1 s; {ADVICE}")
        if outcome.key == "hang"
        else outcome
        for outcome in FATES
    ]


def test_what_finds_no_memory_is_tried_once_more_by_a_new_worker(tmp_path: Path) -> None:
    assert run(tmp_path, items(hungry={"do": "no_memory"}), 1, pack_size=2) == [
        failure("hungry", "worker_died", "the worker had no memory left, twice")
    ]
    assert calls(tmp_path) == ["hungry", "hungry"]


def test_packs_follow_from_the_order_of_items_and_are_resumed_whole(tmp_path: Path) -> None:
    todo = items(a={}, b={}, c={}, d={}, e={})
    whole = run(tmp_path, todo, 1, pack_size=2)
    first = ["a b", "c d", "e"]
    assert (tmp_path / "packs").read_text().splitlines() == first
    # a journal that ends within the second pack
    journal = tmp_path / ".out.parquet.journal"
    lines = journal.read_text().splitlines(keepends=True)
    journal.write_text("".join(lines[:4]))
    assert run(tmp_path, todo, 1, pack_size=2) == whole
    assert (tmp_path / "packs").read_text().splitlines() == [*first, "c d", "e"]


def test_outcomes_come_back_from_the_journal_unchanged(tmp_path: Path) -> None:
    todo = [each for each in HOSTILE if each[0] in ("quick", "large", "not_json", "partly")]
    fresh = run(tmp_path, todo, 2)
    assert run(tmp_path, todo, 2) == fresh
    assert len(calls(tmp_path)) == 4


def test_waiting_does_not_count_towards_the_time_limit(tmp_path: Path) -> None:
    todo = items(**{f"k{number}": {"sleep": 0.6} for number in range(4)})
    assert run(tmp_path, todo, 1, time_limit_s=2) == [good(key) for key, _ in todo]


def test_more_workers_than_items_and_no_items(tmp_path: Path) -> None:
    assert run(tmp_path, items(a={}), 4) == [good("a")]
    assert run(tmp_path / "none", [], 4) == []


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("user", "dock: a worker could not start: no CUDA device: choose platform CPU"),
        ("bug", "dock: a worker could not start: ValueError: no model"),
        ("exit", "dock: a worker ended with exit code 5 while it started"),
    ],
)
def test_a_worker_that_cannot_start_stops_the_stage(tmp_path: Path, how: str, message: str) -> None:
    with pytest.raises(ScreenMMError) as caught:
        run(tmp_path, items(a={}, b={}), 2, start=start_badly, arguments=(how,))
    assert str(caught.value) == message
    assert calls(tmp_path) == []


@pytest.mark.parametrize(
    ("do", "message"),
    [
        ("full_disk", "dock: /scratch/x: no space left on the disk"),
        ("platform", "dock: the GPU fell off the bus: reboot"),
        ("bad_call", "dock: OSError: [Errno 9] Bad file descriptor; mend it and run again"),
    ],
)
@pytest.mark.parametrize("pack_size", [None, 2])
def test_what_is_no_ligands_fault_stops_the_stage_and_keeps_what_is_done(
    tmp_path: Path, do: str, message: str, pack_size: int | None
) -> None:
    todo = items(a={}, b={}, c={"do": do}, d={})
    with pytest.raises(ScreenMMError, match=re.escape(message)):
        run(tmp_path, todo, 1, pack_size=pack_size)
    assert journal_keys(tmp_path) == ["a", "b"]
    # mended: the others are done as if nothing had been
    todo[2] = ("c", {"key": "c"})
    outcomes = run(tmp_path, todo, 1, pack_size=pack_size)
    assert [outcome.key for outcome in outcomes] == ["a", "b", "c", "d"]
    assert not any(outcome.events for outcome in outcomes)
    assert Counter(calls(tmp_path))["a"] == 1


def run_apart(folder: Path, todo: list[tuple[str, Any]]) -> subprocess.Popen[bytes]:
    """Start the batch in a process of its own, as a stage is."""
    code = (
        f"import sys, json; sys.path.insert(0, {str(Path(__file__).parent)!r})\n"
        "from pathlib import Path; from test_batch import run\n"
        f"run(Path({str(folder)!r}), json.loads({json.dumps(todo)!r}), 2)"
    )
    return subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.DEVNULL)


def wait_for(condition: Any, limit_s: float = 30) -> None:
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


def journal_keys(folder: Path) -> list[str]:
    path = folder / ".out.parquet.journal"
    lines = path.read_text().splitlines()[1:] if path.exists() else []
    return [json.loads(line)["key"] for line in lines]


def test_a_killed_batch_goes_on_where_it_was(tmp_path: Path) -> None:
    # the first item is the slowest: later ones are kept although it never finished
    todo = items(first={"sleep": 8}, **{f"k{number}": {"sleep": 0.2} for number in range(8)})
    process = run_apart(tmp_path, todo)
    wait_for(lambda: len(journal_keys(tmp_path)) >= 3)
    process.kill()
    process.wait()
    kept = journal_keys(tmp_path)
    assert "first" not in kept
    shorter = [(key, item | {"sleep": 0}) for key, item in todo]
    assert run(tmp_path, shorter, 2) == [good(key) for key, _ in todo]
    counted = Counter(calls(tmp_path))
    assert {key: counted[key] for key in kept} == dict.fromkeys(kept, 1)
    assert counted["first"] == 2


def workers_of(process: subprocess.Popen[bytes]) -> list[int]:
    found = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text()
    return [int(pid) for pid in found.split()]


def test_workers_end_with_a_killed_stage(tmp_path: Path) -> None:
    process = run_apart(tmp_path, items(hang={"sleep": 60}))
    wait_for(lambda: calls(tmp_path) == ["hang"])
    workers = workers_of(process)
    assert workers
    process.kill()
    process.wait()

    def gone(pid: int) -> bool:
        stat = Path(f"/proc/{pid}/stat")
        # nobody may be there to reap it: a zombie is gone too
        return not stat.exists() or stat.read_text().rsplit(")", 1)[1].split()[0] == "Z"

    wait_for(lambda: all(map(gone, workers)), limit_s=10)


@pytest.fixture
def finished(tmp_path: Path) -> Path:
    """A folder with the journal of three finished items, and no calls on record."""
    run(tmp_path, items(a={}, b={}, c={}), 1)
    (tmp_path / "calls").unlink()
    return tmp_path


def test_two_processes_never_write_one_shard(tmp_path: Path) -> None:
    first = Journal(tmp_path / "out.parquet", fingerprint("f"))
    first.acquire()
    code = f"""
from pathlib import Path
from screenmm.execution.batch import Journal
Journal(Path({str(tmp_path / "out.parquet")!r}), "f").acquire()
"""
    command = [sys.executable, "-c", code]
    second = subprocess.run(command, capture_output=True, text=True, check=False)
    assert second.returncode != 0
    assert f"another process (process {os.getpid()} on " in second.stderr
    assert "is working on out.parquet" in second.stderr
    first.remove()
    assert subprocess.run(command, check=False).returncode == 0


def test_a_torn_last_line_is_done_again(finished: Path) -> None:
    path = finished / ".out.parquet.journal"
    path.write_bytes(path.read_bytes()[:-10])
    assert run(finished, items(a={}, b={}, c={}), 1) == [good(key) for key in "abc"]
    assert calls(finished) == ["c"]
    assert journal_keys(finished) == ["a", "b", "c"]


def test_bytes_that_are_no_text_end_the_journal(finished: Path) -> None:
    path = finished / ".out.parquet.journal"
    path.write_bytes(path.read_bytes()[:-10] + b"\x00\xff\xfe")
    run(finished, items(a={}, b={}, c={}), 1)
    assert calls(finished) == ["c"]


def test_another_fingerprint_discards_the_journal(finished: Path) -> None:
    assert run(finished, items(a={}, b={}), 1, mark="other") == [good("a"), good("b")]
    assert calls(finished) == ["a", "b"]
    assert journal_keys(finished) == ["a", "b"]


def test_journal_is_removed_when_the_output_stands(finished: Path) -> None:
    journal = Journal(finished / "out.parquet", fingerprint("f"))
    assert set(journal.read()) == {"a", "b", "c"}
    journal.remove()
    assert list(finished.iterdir()) == []


def test_fingerprint_keeps_parts_apart() -> None:
    assert fingerprint("ab", "c") != fingerprint("a", "bc")
    assert len(fingerprint()) == 64
