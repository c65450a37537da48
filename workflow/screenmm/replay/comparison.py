"""What a run stored about a ligand, read so that it can be compared with a second run.

The same functions read the results folder and the folder in which a ligand was computed
again (:mod:`screenmm.replay.recompute`); what they return for each step is compared.
"""

from __future__ import annotations

import csv
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import duckdb
import numpy as np

from screenmm.core.errors import UserError
from screenmm.core.text_table import aligned
from screenmm.files.sdf import read_record, records_by_ligand
from screenmm.library.merge import ligand_key
from screenmm.run.layout import Layout
from screenmm.tables.dictionary import (
    CONSENSUS,
    DG,
    DOCK,
    INTERVALS,
    MADE,
    RANK,
    RANKED_BY,
    TERMS,
    names,
)

ENERGIES = names((DG, *TERMS))

EXACT_PLATFORMS = ("CPU", "Reference")
"""Platforms that give the same bytes each time; a GPU's depend on the rest of the pack."""

TOLERANCE_KCAL_MOL = 3.0
"""Largest difference of an energy between platforms that is taken for their noise: a last
digit sends a minimisation elsewhere. Measured from CPU to OpenCL on 16 poses of the demo: up to
1.4 in a total, up to 1.9 in one term."""

SHIFT_ANGSTROM = 0.5
"""Largest shift of a minimised ligand's atom between platforms; measured likewise, 0.19."""

PLACES = names((RANK, RANKED_BY, *INTERVALS, *CONSENSUS, *MADE))
"""Columns of the ranking that depend on the other ligands, too."""

_PLACE = re.compile(r"^rank \d+ by .*?(?= \(pose of tier|; |$)")

Row = dict[str, Any]


class Verdict(StrEnum):
    """How a recomputed step compares with the stored one."""

    IDENTICAL = "identical"
    CLOSE = "within tolerance"
    DIFFERS = "differs"
    UNCHECKED = "not checked"


@dataclass(frozen=True, slots=True)
class Step:
    """One line of the comparison.

    Parameters
    ----------
    key : str
        The ligand or record as it was asked for.
    receptor : str
        Empty before receptors matter.
    step : str
    stored, recomputed : str
        Short forms, for people.
    verdict : Verdict
    detail : str
        What differs, by how much, or why it was not checked.
    """

    key: str
    receptor: str
    step: str
    stored: str
    recomputed: str
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What is computed again.

    Parameters
    ----------
    key : str
        As it was asked for.
    inchikey : str
        Of the ligand; empty for a record that never became one.
    records : tuple of str
        All records of the ligand, in library order, or the one record.
    """

    key: str
    inchikey: str
    records: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """What a step left of a subject: all of it, and its short form."""

    value: Any
    brief: str


def find_subject(files: Layout, key: str) -> Subject:
    """Find a ligand or record by record id, InChIKey or name.

    Parameters
    ----------
    files : Layout
        Of the finished run.
    key : str
        As in ``ranking.csv`` and ``ledger.csv``.

    Raises
    ------
    UserError
        Nothing is called so, or several different ligands are.
    """
    sources, members = str(files.sources), str(files.membership)
    with duckdb.connect() as con:
        found = con.execute(
            "SELECT record, coalesce(inchikey, ''), record = $key OR inchikey = $key "
            "FROM read_parquet($sources) AS s LEFT JOIN read_parquet($members) AS m USING (record) "
            "WHERE record = $key OR inchikey = $key OR name = $key ORDER BY 3 DESC, record",
            {"key": key, "sources": sources, "members": members},
        ).fetchall()
        # an id is an id, also where another record has it for a name
        found = [row for row in found if row[2]] or found
        targets = {inchikey or record: (record, inchikey) for record, inchikey, _ in found}
        if not targets:
            raise UserError(_unknown(con, sources, members, key))
        if len(targets) > 1:
            shown = ", ".join(f"{record} ({k})" for record, k in list(targets.values())[:5])
            raise UserError(
                f"{key} names {len(targets)} different molecules: {shown}; give one of these "
                "record ids or InChIKeys"
            )
        ((record, inchikey),) = targets.values()
        if not inchikey:
            return Subject(key, "", (record,))
        rows = con.execute(
            "SELECT record FROM read_parquet(?, file_row_number = true) WHERE inchikey = ? "
            "ORDER BY file_row_number",
            [members, inchikey],
        ).fetchall()
    return Subject(key, inchikey, tuple(row[0] for row in rows))


def _unknown(con: duckdb.DuckDBPyConnection, sources: str, members: str, key: str) -> str:
    near = con.execute(
        """
        SELECT word FROM (
            SELECT DISTINCT unnest([record, name, inchikey]) AS word
            FROM read_parquet($sources) AS s LEFT JOIN read_parquet($members) AS m USING (record)
        ) WHERE word <> ''
        ORDER BY jaro_winkler_similarity(lower(word), lower($key)) DESC, word LIMIT 3
        """,
        {"key": key, "sources": sources, "members": members},
    ).fetchall()
    return (
        f"no record, InChIKey or name {key!r} in this run; closest: "
        f"{', '.join(row[0] for row in near)}; ledger.csv lists all"
    )


def table_rows(paths: Iterable[Path], column: str, values: Sequence[str]) -> list[Row]:
    """Rows of Parquet files whose column holds one of some values, in the files' order."""
    names = [str(path) for path in paths]
    if not names or not values:
        return []
    with duckdb.connect() as con:
        found = con.execute(
            f"SELECT * FROM read_parquet(?, filename = true, file_row_number = true) "
            f'WHERE list_contains(?, "{column}") ORDER BY filename, file_row_number',
            [sorted(names), list(values)],
        )
        columns = [each[0] for each in found.description]
        rows = [dict(zip(columns, row, strict=True)) for row in found.fetchall()]
    return [{k: v for k, v in r.items() if k not in ("filename", "file_row_number")} for r in rows]


def shard_of(inchikey: str, files: Iterable[Path]) -> list[Path]:
    """The file, of a stage's shards, that holds a ligand; none where no shard covers it."""
    bits = f"{ligand_key(inchikey):064b}"
    return [path for path in files if bits.startswith(path.name.split(".")[0][1:])]


def common_parts(files: Layout, subject: Subject) -> dict[str, Part]:
    """What the stages before the receptors left of a subject.

    Parameters
    ----------
    files : Layout
        Of the run, or of the second one.
    subject : Subject
    """
    records = list(subject.records)
    parents = table_rows(files.parents(), "record", records)
    stopped = _events(table_rows([_events_of(path) for path in files.parents()], "record", records))
    parts = {
        "standardise": Part(
            [parents, stopped], ", ".join([*(row["smiles"] for row in parents), *_told(stopped)])
        )
    }
    if not subject.inchikey:
        return parts
    ligands = table_rows(
        shard_of(subject.inchikey, files.ligands()), "inchikey", [subject.inchikey]
    )
    members = table_rows([files.membership], "record", records)
    merge = files.membership.with_name("merge.events.parquet")
    twins = _events(table_rows([merge], "record", records))
    count = f" ({len(members)} records)" if len(members) > 1 else ""
    smiles = ", ".join(row["smiles"] for row in ligands)
    parts["merge"] = Part([ligands, members, twins], f"{smiles}{count}")
    states = shard_of(subject.inchikey, files.files("prepare_ligands", "states"))
    made = sd_records(states, subject.inchikey)
    failed = _events(table_rows(map(_events_of, states), "inchikey", [subject.inchikey]))
    parts["prepare_ligands"] = Part([made, failed], _brief(made, "state", failed))
    return parts


def receptor_parts(files: Layout, subject: Subject, receptor: str) -> dict[str, Part]:
    """What the stages with a receptor left of a ligand: docking, selection, scores, inspection.

    Parameters
    ----------
    files : Layout
        Of the run, or of the second one.
    subject : Subject
        A ligand.
    receptor : str
    """
    key = subject.inchikey
    tables = [
        path
        for tier in files.all_tiers
        for path in shard_of(key, files.pose_tables(receptor, tier))
    ]
    sdf = [path for tier in files.all_tiers for path in shard_of(key, files.poses(receptor, tier))]
    poses = sd_records(sdf, key)
    docked = table_rows(tables, "inchikey", [key])
    undocked = _events(table_rows(map(_events_of, tables), "inchikey", [key]))
    selected = shard_of(key, files.selected(receptor))
    chosen = [text.split("\n", 1)[0] for text in sd_records(selected, key)]
    tables = shard_of(key, files.scores(receptor))
    scored = table_rows(tables, "inchikey", [key])
    unscored = _events(table_rows(map(_events_of, tables), "inchikey", [key]))
    minimised = sd_records(shard_of(key, files.minimised(receptor)), key)
    moved = [[row.pop("moved_atoms"), row.pop("moved_xyz_angstrom")] for row in scored]
    totals = [f"{row[DG.name]:.{DG.decimals}f}" for row in scored]
    tables = shard_of(key, files.inspected(receptor))
    inspected = table_rows(tables, "inchikey", [key])
    uninspected = _events(table_rows(map(_events_of, tables), "inchikey", [key]))
    return {
        "dock": Part([poses, docked, undocked], _brief(poses, "pose", undocked)),
        "select": Part(chosen, ", ".join(each.removeprefix(f"{key}_") for each in chosen)),
        "score": Part([scored, unscored], ", ".join([*totals, *_told(unscored)])),
        "minimised": Part([minimised, moved], _brief(minimised, "pose", [])),
        "inspect": Part(
            [inspected, uninspected], ", ".join([*map(_seen, inspected), *_told(uninspected)])
        ),
    }


def final_parts(files: Layout, subject: Subject, receptor: str) -> dict[str, Part]:
    """Rows of ``ranking.csv`` and ``ledger.csv``, without what depends on other ligands.

    Parameters
    ----------
    files : Layout
        Of the run, or of the second one.
    subject : Subject
    receptor : str
    """
    ranked = [
        {column: text for column, text in row.items() if column not in PLACES}
        for row in csv_rows(files.results / "ranking.csv", "inchikey", {subject.inchikey})
        if row["receptor"] == receptor
    ]
    fates = [
        row | {"message": _PLACE.sub("rank by the order followed", row["message"])}
        for row in csv_rows(files.results / "ledger.csv", "record", set(subject.records))
        if row["receptor"] == receptor
    ]
    by = [row[DG.name] or row[DOCK.name] for row in ranked]
    told = [" ".join(filter(None, (r["status"], r["reason"], r["message"]))) for r in fates]
    parts = {"ranking": Part(ranked, ", ".join(by))} if subject.inchikey else {}
    return parts | {"ledger": Part(fates, "; ".join(told))}


def csv_rows(path: Path, column: str, values: set[str]) -> list[Row]:
    """Rows of a CSV file whose column holds one of some values."""
    with path.open(newline="", encoding="utf-8") as handle:
        return [row for row in csv.DictReader(handle) if row[column] in values]


def _events_of(path: Path) -> Path:
    return path.with_name(f"{path.name.split('.')[0]}.events.parquet")


def _events(rows: list[Row]) -> list[Row]:
    return [{k: v for k, v in row.items() if v} for row in rows]


def _told(events: list[Row]) -> list[str]:
    """Say in short what befell: the first line of each event."""
    return [
        " ".join(filter(None, (e["status"], e.get("reason")))) + f": {e['message']}" for e in events
    ]


def _seen(row: Row) -> str:
    """Say in short what an inspection found."""
    return f"{row['passed'].count(True)} of {len(row['passed'])} checks passed, " + (
        f"{len(row['kind'])} interactions"
    )


def sd_records(paths: Iterable[Path], inchikey: str) -> list[str]:
    """SD records of a ligand, in the files' order."""
    return [
        text
        for path in paths
        for ligand, texts in records_by_ligand(path)
        if ligand == inchikey
        for text in texts
    ]


def _brief(texts: list[str], what: str, events: list[Row]) -> str:
    digest = hashlib.sha256("".join(texts).encode()).hexdigest()[:12]
    plural = "" if len(texts) == 1 else "s"
    return ", ".join([f"{len(texts)} {what}{plural} {digest}", *_told(events)])


def compare(
    subject: Subject,
    receptor: str,
    stored: dict[str, Part],
    again: dict[str, Part],
    tolerance_kcal_mol: float | None,
) -> list[Step]:
    """Compare what two runs left of a subject, step by step.

    Parameters
    ----------
    subject : Subject
    receptor : str
    stored, again : dict of str to Part
        From the run and from the second one.
    tolerance_kcal_mol : float or None
        Largest difference of an energy that scoring may show; None: none at all.
    """
    steps = []
    for step, old in stored.items():
        new = again.get(step, Part(None, ""))
        verdict, detail = _judge(step, old.value, new.value, tolerance_kcal_mol)
        steps.append(Step(subject.key, receptor, step, old.brief, new.brief, verdict, detail))
    return steps


def _judge(step: str, old: Any, new: Any, tolerance: float | None) -> tuple[Verdict, str]:
    # compared as text, so that not-a-number equals itself
    if repr(old) == repr(new):
        return Verdict.IDENTICAL, ""
    detail = ""
    is_close = False
    if step == "score" and _poses_of(old[0]) == _poses_of(new[0]):
        differences = largest_differences(old[0], new[0])
        detail = ", ".join(f"{term.removesuffix('_kcal_mol')} {x:.4f}" for term, x in differences)
        detail = f"largest difference, kcal/mol: {detail}"
        same_fate = [e["reason"] for e in old[1]] == [e["reason"] for e in new[1]]
        is_close = same_fate and all(x <= (tolerance or 0.0) for _, x in differences)
    elif step == "minimised" and len(old[0]) == len(new[0]) > 0:
        shift = _largest_shift(old[0], new[0])
        detail = f"ligand atoms moved by up to {shift:.4f} Å"
        is_close = shift <= SHIFT_ANGSTROM
    elif step == "inspect" and len(old[0]) == len(new[0]) == 1:
        (one,), (other,) = old[0], new[0]
        kinds = [set(zip(row["kind"], row["residue"], strict=True)) for row in (one, other)]
        unlike = sorted(" ".join(each) for each in kinds[0] ^ kinds[1])
        detail = f"interactions that differ: {', '.join(unlike) or 'in their distances alone'}"
        # an interaction comes and goes at a distance: the poses themselves are compared above
        is_close = [one[n] for n in ("pose", "passed")] == [other[n] for n in ("pose", "passed")]
    elif step == "ranking" and len(old) == len(new) == 1:
        columns = [name for name in old[0] if old[0][name] != new[0][name]]
        detail = f"columns {', '.join(columns)}"
        is_close = abs(_energy(old[0]) - _energy(new[0])) <= (tolerance or 0.0)
    if tolerance is not None and is_close:
        return Verdict.CLOSE, detail
    return Verdict.DIFFERS, detail or _first_difference(old, new)


def _poses_of(rows: list[Row]) -> list[tuple[str, int]]:
    return [(row["state"], row["pose"]) for row in rows]


def _energy(row: Row) -> float:
    return float(row[DG.name] or "nan")


def largest_differences(old: list[Row], new: list[Row]) -> list[tuple[str, float]]:
    """Largest absolute difference of each term over a ligand's poses, kcal/mol."""
    return [
        # NumPy's maximum keeps a NaN, which is within no tolerance; Python's may pass it over
        (
            term,
            float(
                np.max([abs(a[term] - b[term]) for a, b in zip(old, new, strict=True)], initial=0)
            ),
        )
        for term in ENERGIES
    ]


def _largest_shift(old: list[str], new: list[str]) -> float:
    shifts = []
    for one, other in zip(old, new, strict=True):
        a, b = (read_record(text).GetConformer().GetPositions() for text in (one, other))
        shifts.append(float(np.linalg.norm(a - b, axis=1).max()) if a.shape == b.shape else np.inf)
    return max(shifts)


def _first_difference(old: Any, new: Any) -> str:
    """Where two values begin to differ, and how."""
    one, other = repr(old), repr(new)
    place = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), 0)
    start = max(0, place - 20)
    return f"…{one[start : place + 30]}… became …{other[start : place + 30]}…"


def as_table(steps: list[Step]) -> str:
    """Write the comparison for people, one block for each ligand."""
    lines = []
    for key in dict.fromkeys(step.key for step in steps):
        lines.append(key)
        of_key = [step for step in steps if step.key == key]
        rows = [("step", "stored", "recomputed", "verdict")]
        for each in of_key:
            name = f"{each.step} ({each.receptor})" if each.receptor else each.step
            same = each.verdict is Verdict.IDENTICAL and each.stored == each.recomputed
            again = "the same" if same else each.recomputed
            rows.append((name, _short(each.stored), _short(again), each.verdict))
        details = ["", *(each.detail for each in of_key)]
        for line, detail in zip(aligned(rows, between=" | "), details, strict=True):
            lines.append(f"  {line}")
            lines += [f"      {detail}"] if detail else []
    return "\n".join(lines)


def _short(text: str, most: int = 48) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
