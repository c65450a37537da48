"""Patients joined with the results of their variants: the tables of ``screenmm panel``."""

from __future__ import annotations

import csv
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from screenmm.core.errors import UserError
from screenmm.files.csv import Cell, csv_text
from screenmm.run.ownership import MARKS
from screenmm.variants.changes import Variant
from screenmm.variants.patients import Carried, Patients, count_carriers, in_results
from screenmm.variants.text import numbered_lines

VARIANTS, BIOMARKERS = "variants.csv", "biomarkers.csv"
SCORED = "scored"
NO_VARIANT = "no variant"
UNKNOWN = "unknown"
NOT_SCORED = "not scored"
NOT_IN_RESULTS = "not in the results"
NAMELESS = "entries that name no patient"
RESULTS_MARKS = (*MARKS, "screen.duckdb", "metrics.json")
"""Files by which a results folder is known."""

WEAKER = "weaker"
VARIANT = "variant"
"""Kind of the rows that are no controls."""

_NEEDED = {
    VARIANTS: ("variant", "kind", "ligand", "status", "ddg_kcal_mol", "call"),
    BIOMARKERS: ("variant", "status", "reason", "lost", "kept", "gained", "untold"),
}


class Score(NamedTuple):
    """What a variant does to a ligand.

    Parameters
    ----------
    ddg : float
        In kcal/mol; above 0 the ligand binds the variant less.
    call : str
    """

    ddg: float
    call: str


@dataclass(frozen=True)
class Results:
    """Finished results of variants.

    Parameters
    ----------
    ligands : tuple of str
        In the order of the table.
    scores : mapping
        Scores by variant and ligand.
    biomarkers : mapping of Variant to mapping
        Rows of ``biomarkers.csv``.
    """

    ligands: tuple[str, ...]
    scores: Mapping[tuple[Variant, str], Score]
    biomarkers: Mapping[Variant, Mapping[str, str]]


class Table(NamedTuple):
    """Columns, and rows."""

    columns: tuple[str, ...]
    rows: list[list[Cell]]

    @property
    def text(self) -> str:
        """The table as CSV."""
        return csv_text(self.columns, self.rows)


@dataclass(frozen=True)
class Panel:
    """The tables, and how many variants few patients carry.

    Parameters
    ----------
    patients, summary : Table
    small : int
        Variants that fewer patients carry than the smallest group that is told.
    nameless : int
        Entries of the gene, or cut ones, that name no patient.
    """

    patients: Table
    summary: Table
    small: int
    nameless: int = 0


def check_places(results: Path, out: Path, key: Path | None = None) -> None:
    """Refuse to write patients' data into results, wherever they are.

    Parameters
    ----------
    results : Path
        The results folder.
    out : Path
        Folder for the tables.
    key : Path or None
        File that tells whose a pseudonym is.

    Raises
    ------
    UserError
        The folder or the file would lie in a results folder, the results in the folder, or the key
        beside what it must not be given away with.
    """
    theirs, ours = results.resolve(), out.resolve()
    if theirs.is_relative_to(ours):
        raise UserError(
            f"--out {out} is or holds the results {results}: results are shared and patients' "
            "tables are not, so give a folder apart from them"
        )
    for option, path in (("--out", out), ("--key", key)):
        if path is None:
            continue
        place = path.resolve()
        if place.is_relative_to(theirs):
            raise UserError(
                f"{option} {path} lies in the results {results}, which are shared: give a place "
                "outside"
            )
        folder = next((each for each in (place, *place.parents) if _is_results(each)), None)
        if folder is not None:
            raise UserError(
                f"{option} {path} lies in {folder}, which is a results folder: give a place outside"
            )
    if key is not None and key.resolve().is_relative_to(ours):
        raise UserError(
            f"--key {key} lies in --out {out}, so that who gets the tables gets the names: give "
            "another folder"
        )


def _is_results(folder: Path) -> bool:
    return any((folder / mark).is_file() for mark in RESULTS_MARKS)


# --- results -----------------------------------------------------------------------------


def read_results(folder: Path) -> Results:
    """Read the results of variants.

    Parameters
    ----------
    folder : Path
        A results folder; nothing is written there.

    Raises
    ------
    UserError
        It holds none, or tables that are none of ours.
    """
    scores: dict[tuple[Variant, str], Score] = {}
    ligands: dict[str, None] = {}
    for line, row in _rows(folder, VARIANTS):
        if row["ligand"]:
            ligands[row["ligand"]] = None
        # controls are residues built anew as they are, which no patient carries
        if row["status"] == SCORED and row["ligand"] and row["kind"] == VARIANT:
            variant = _variant(row["variant"], folder / VARIANTS, line)
            scores[variant, row["ligand"]] = _score(row, folder / VARIANTS, line)
    biomarkers = {}
    for _, row in _rows(folder, BIOMARKERS):
        # a row of an entry that is no variant has no such name
        with suppress(ValueError):
            biomarkers[Variant.named(row["variant"])] = row
    return Results(tuple(ligands), scores, biomarkers)


def _rows(folder: Path, name: str) -> Iterable[tuple[int, dict[str, str]]]:
    path = folder / name
    if not path.is_file():
        raise UserError(
            f"{folder} holds no finished results of variants: {name} is missing; run the screen "
            "with variants first"
        )
    lines = numbered_lines(path)
    header = next(csv.reader([next(lines, (1, ""))[1]]), [])
    missing = [column for column in _NEEDED[name] if column not in header]
    if missing:
        raise UserError(f"{path} has no column {missing[0]}: run the screen again")
    for line, text in lines:
        cells = next(csv.reader([text]), [])
        if len(cells) != len(header):
            raise UserError(
                f"{path}, line {line}: {len(cells)} fields, the header has {len(header)}: the file "
                "was changed; run the screen again"
            )
        yield line, dict(zip(header, cells, strict=True))


def _variant(name: str, path: Path, line: int) -> Variant:
    try:
        return Variant.named(name)
    except ValueError:
        raise UserError(
            f"{path}, line {line}: {name!r} is no variant: run the screen again"
        ) from None


def _score(row: Mapping[str, str], path: Path, line: int) -> Score:
    try:
        return Score(float(row["ddg_kcal_mol"]), row["call"])
    except ValueError:
        raise UserError(
            f"{path}, line {line}: ddg_kcal_mol is {row['ddg_kcal_mol']!r}, no number: run the "
            "screen again"
        ) from None


# --- tables ------------------------------------------------------------------------------


def make_panel(
    patients: Patients,
    results: Results,
    *,
    min_group: int,
    names: Mapping[str, str] | None = None,
) -> Panel:
    """Join patients with results.

    Parameters
    ----------
    patients : Patients
    results : Results
    min_group : int
        Smallest number of patients that the summary tells.
    names : mapping of str to str, optional
        What to call the patients instead.
    """
    known = {variant for variant, _ in results.scores} | set(results.biomarkers)
    carried = patients.carried
    variants = {name: in_results(each.variants, known) for name, each in carried.items()}
    called = names or {name: name for name in carried}
    ordered = sorted(carried, key=called.__getitem__)
    columns = ["patient", "variants", "not_modelled"]
    for ligand in results.ligands:
        columns += [f"{ligand}_call", f"{ligand}_ddg_kcal_mol"]
    rows: list[list[Cell]] = []
    for name in ordered:
        unusable = carried[name].unusable
        without = NO_VARIANT if carried[name].is_known else UNKNOWN
        row: list[Cell] = [
            called[name],
            "; ".join(each.name for each in variants[name]),
            "; ".join(f"{reason} ({count})" for reason, count in sorted(unusable.items())),
        ]
        for ligand in results.ligands:
            row += _worst(variants[name], ligand, results) if variants[name] else [without, None]
        rows.append(row)
    carriers = count_carriers(variants)
    table = _summary(carriers, carried, variants, results, min_group)
    if patients.nameless:
        table.rows.append(["", patients.nameless, NAMELESS, *[""] * 4])
    small = sum(count < min_group for count in carriers.values())
    return Panel(Table(tuple(columns), rows), table, small, patients.nameless)


def _worst(variants: Sequence[Variant], ligand: str, results: Results) -> list[Cell]:
    """Call and ΔΔG of the variant that the ligand binds least."""
    scores = [results.scores.get((variant, ligand)) for variant in variants]
    told = [score for score in scores if score is not None]
    if not told:
        return [NOT_SCORED, None]
    # what can be told apart counts before what cannot
    worst = max(told, key=lambda score: (score.call == WEAKER, score.ddg))
    return [worst.call, worst.ddg]


def _summary(
    carriers: Counter[Variant],
    patients: Mapping[str, Carried],
    variants: Mapping[str, tuple[Variant, ...]],
    results: Results,
    min_group: int,
) -> Table:
    columns = ("variant", "patients", "status", "lost", "kept", "gained", "untold")
    everyone = sorted(
        {*carriers, *results.biomarkers}, key=lambda each: (-carriers[each], each.numbers)
    )
    rows: list[list[Cell]] = []
    for variant in everyone:
        row = results.biomarkers.get(variant)
        status = row["status"] or row["reason"] if row else NOT_IN_RESULTS
        effects = [row[column] if row else "" for column in columns[3:]]
        rows.append([variant.name, _told(carriers[variant], min_group), status, *effects])
    without = sum(not theirs and patients[name].is_known for name, theirs in variants.items())
    reasons = Counter(reason for each in patients.values() for reason in each.unusable)
    rows += [
        ["", _told(count, min_group), str(reason), *[""] * 4]
        for reason, count in sorted(reasons.items())
    ]
    rows.append(["", _told(without, min_group), NO_VARIANT, *[""] * 4])
    return Table(columns, rows)


def _told(count: int, min_group: int) -> Cell:
    """Number of patients; of a small group only that it is one."""
    return f"<{min_group}" if 0 < count < min_group else count


def readme_text(panel: Panel, results: Path, *, min_group: int, has_pseudonyms: bool) -> str:
    """What the tables are.

    Parameters
    ----------
    panel : Panel
    results : Path
    min_group : int
    has_pseudonyms : bool
    """
    who = (
        "Patients have pseudonyms, in an order that tells nothing of them."
        if has_pseudonyms
        else "`panel.csv` NAMES PATIENTS: keep it where their other data are kept "
        "(`--pseudonyms` names none)."
    )
    small = (
        f"{panel.small} variants are carried by fewer than {min_group} patients; who knows of such "
        "a variant knows the patient, with a pseudonym, too."
        if panel.small
        else f"Every variant is carried by at least {min_group} patients."
    )
    nameless = (
        f"\n{panel.nameless} entries name no patient, and are in no row of `panel.csv`: who is "
        "told to have no variant may have theirs.\n"
        if panel.nameless
        else ""
    )
    return f"""# Patients and the results of their variants

Joined on this machine; nothing of it is in the results, `{results.name}`.

{who} {small}
{nameless}
- `panel.csv`: a row for each of {len(panel.patients.rows)} patients. `variants` are those of the
  gene, as the results name them: substitutions that the results have together count as together
  where a patient has them all, though nobody knows whether they are on one copy of the gene.
  `not_modelled`: other changes of the gene, by reason, and those that were not called in the
  patient. For each ligand the call and ΔΔG (kcal/mol, above 0: binds less) of the variant that it
  binds least; `{NO_VARIANT}`, `{NOT_SCORED}`, or `{UNKNOWN}` where no variant was read, and
  something was not called or cannot be read.
- `summary.csv`: for each variant how many patients carry it (`<{min_group}`: fewer), and the
  ligands it loses, keeps and gains; then changes that are no variants, patients without, and the
  number of entries that name no patient, if there are any.

A ΔΔG is a computed estimate; nothing here is advice on treatment.
"""
