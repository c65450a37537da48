"""What a library says of its molecules: activity labels and measured affinities.

Cells come as text or numbers in the words and the unit of whoever made the file. They are read
here, once: everything later has labels 1 and 0, and affinities in kcal/mol.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from screenmm.config.settings import AffinityUnit, Library
from screenmm.core.errors import LibraryError
from screenmm.core.units import GAS_CONSTANT_KCAL_MOL_K
from screenmm.library.readers import MOST_NAMES, Entry, Seen, meant
from screenmm.metrics import annotations as metrics

ABSENT = frozenset({"", "na", "n/a", "nan", "none", "null"})
"""Cells that mean "not known"."""
LABELS = {
    "1": 1, "1.0": 1, "active": 1, "yes": 1, "true": 1,
    "0": 0, "0.0": 0, "inactive": 0, "no": 0, "false": 0, "decoy": 0,
}  # fmt: skip
"""Words of a label, in lower case."""
LABEL_WORDS = "1 or 0, active or inactive, yes or no, true or false, or decoy"
UNIT_WORDS = {"kcal_mol": "kcal/mol", "pKi": "pKi", "nM": "nM", "uM": "µM"}
MOLAR = {"nM": 1e-9, "uM": 1e-6}
HIGHEST_PKI = 20.0
"""No dissociation constant was ever measured beyond it, so the cell holds something else."""
TEMPERATURE_K = 298.15
RT_KCAL_MOL = GAS_CONSTANT_KCAL_MOL_K * TEMPERATURE_K
EXAMPLES = 3
"""Cells that are quoted of those that were not understood."""
SHOWN = 50
NAMED = 5
"""Files that are named of those without labels or affinities."""

_NUMBER = re.compile(r"[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|inf|infinity)", re.ASCII | re.IGNORECASE)


def parse_label(value: Any) -> tuple[int | None, str]:
    """Activity label of a cell.

    Parameters
    ----------
    value : object
        The cell.

    Returns
    -------
    tuple of (int or None) and str
        1, 0 or None, and what is wrong with the cell: nothing where it is empty.
    """
    if _is_absent(value):
        return None, ""
    label = LABELS.get(str(value).strip().lower())
    return label, "" if label is not None else "is no label"


def parse_affinity(value: Any, unit: AffinityUnit = "kcal_mol") -> tuple[float | None, str]:
    """Affinity of a cell, kcal/mol.

    Parameters
    ----------
    value : object
        The cell.
    unit : str
        Its unit. pKi is -log10(Kd/M); a concentration is taken as Kd: ΔG = RT ln(Kd/M) at
        298.15 K.

    Returns
    -------
    tuple of (float or None) and str
        The affinity, and what is wrong with the cell: nothing where it is empty.
    """
    if _is_absent(value):
        return None, ""
    number = _number(value)
    if number is None:
        return None, "is not a number"
    fault = _affinity_fault(number, unit)
    return (None, fault) if fault else (_kcal_mol(number, unit), "")


def _number(value: Any) -> float | None:
    """Number in a cell; Python alone would read 1_0, other scripts' digits and True as numbers."""
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
        return None
    if isinstance(value, str) and not _NUMBER.fullmatch(value.strip()):
        return None
    return float(value)


def _affinity_fault(number: float, unit: AffinityUnit) -> str:
    if not math.isfinite(number):
        return "is not finite"
    if unit == "pKi" and not 0 <= number <= HIGHEST_PKI:
        return f"is no pKi: it is not between 0 and {HIGHEST_PKI:g}"
    if unit in MOLAR and number <= 0:
        return "is no concentration: it is not above 0"
    return ""


def _kcal_mol(number: float, unit: AffinityUnit) -> float:
    if unit == "kcal_mol":
        return number
    if unit == "pKi":
        return -RT_KCAL_MOL * math.log(10) * number
    return RT_KCAL_MOL * math.log(number * MOLAR[unit])


def _is_absent(value: Any) -> bool:
    if isinstance(value, float):
        return math.isnan(value)
    return value is None or str(value).strip().lower() in ABSENT


@dataclass(slots=True)
class Annotations:
    """Counts the labels and affinities of one file's records as they are read.

    Parameters
    ----------
    file : str
        Its name, as the records' sources have it.
    label : int or None
        Label of every record, where the config gives the file one.
    settings : Library
        The columns and the unit.
    seen : Seen
        What a reader found in the file.
    """

    file: str
    label: int | None
    settings: Library
    seen: Seen = field(default_factory=Seen)
    active: int = 0
    inactive: int = 0
    affinities: int = 0
    positive: int = 0
    """Affinities above 0 kcal/mol."""
    bad_labels: int = 0
    bad_affinities: int = 0
    label_examples: list[str] = field(default_factory=list)
    affinity_examples: list[str] = field(default_factory=list)
    lowest_kcal_mol: float = math.inf
    highest_kcal_mol: float = -math.inf

    def read(self, entry: Entry) -> tuple[int | None, float | None]:
        """Label and affinity (kcal/mol) of a record; None where there is none to be read."""
        label, fault = parse_label(entry.label) if self.label is None else (self.label, "")
        self.active += label == 1
        self.inactive += label == 0
        if fault:
            self.bad_labels += 1
            _note(self.label_examples, self.file, entry.position, entry.label, fault)
        affinity, fault = parse_affinity(entry.affinity, self.settings.affinity_unit)
        if affinity is not None:
            self.affinities += 1
            self.positive += affinity > 0
            self.lowest_kcal_mol = min(self.lowest_kcal_mol, affinity)
            self.highest_kcal_mol = max(self.highest_kcal_mol, affinity)
        if fault:
            self.bad_affinities += 1
            _note(self.affinity_examples, self.file, entry.position, entry.affinity, fault)
        return label, affinity

    @property
    def lacks_labels(self) -> bool:
        """Whether the config names a column of labels that would be of use and is not there."""
        wanted = self.settings.label_column is not None and self.label is None
        return wanted and not self.seen.label_column

    @property
    def lacks_affinities(self) -> bool:
        """Whether the config names a column of affinities that is not there."""
        return self.settings.affinity_column is not None and not self.seen.affinity_column

    def faults(self) -> list[str]:
        """Say why the column of the labels or that of the affinities cannot be the right one."""
        return [fault for fault in (self._label_fault(), self._affinity_fault()) if fault]

    def _label_fault(self) -> str:
        if not self.bad_labels or self.active or self.inactive:
            return ""
        return (
            f"{self.file}: none of {self.bad_labels} labels in {self.settings.label_column!r} "
            f"(library.label_column) is understood, for example {self.label_examples[0]}: write "
            f"{LABEL_WORDS}, and leave the cell empty where nothing is known"
        )

    def _affinity_fault(self) -> str:
        column, unit = self.settings.affinity_column, self.settings.affinity_unit
        *others, last = (each for each in UNIT_WORDS if each != unit)
        remedy = (
            f"set library.affinity_unit to the column's unit ({', '.join(others)} or {last}), or "
            "leave library.affinity_column out"
        )
        if self.bad_affinities and not self.affinities:
            return (
                f"{self.file}: none of {self.bad_affinities} values in {column!r} "
                f"(library.affinity_column) is an affinity in {UNIT_WORDS[unit]}, for example "
                f"{self.affinity_examples[0]}: {remedy}"
            )
        if 2 * self.positive > self.affinities:
            return (
                f"{self.file}: {self.positive} of {self.affinities} affinities in {column!r} "
                f"(library.affinity_column, read as {UNIT_WORDS[unit]}) are above 0 kcal/mol, "
                f"which is no binding: {remedy}"
            )
        return ""


def _note(examples: list[str], file: str, position: int, cell: Any, fault: str) -> None:
    if len(examples) < EXAMPLES:
        examples.append(f"{file}:{position}: {str(cell)[:SHOWN]!r} {fault}")


def label_missing(files: Sequence[Annotations], settings: Library) -> LibraryError | None:
    """Give the error of files without the labels that the config names.

    Parameters
    ----------
    files : sequence of Annotations
        All files: one of those that have no label of their own must have the column.
    settings : Library
        The columns.
    """
    unlabelled = [each for each in files if each.label is None]
    if not unlabelled or not all(each.lacks_labels for each in unlabelled):
        return None
    return LibraryError(
        f"no library file carries the label {settings.label_column!r} (library.label_column): "
        "name the column or tag that does, or give whole files a label: {path: ..., label: 0}; "
        f"{_there(str(settings.label_column), unlabelled)}"
    )


def affinity_missing(files: Sequence[Annotations], settings: Library) -> LibraryError | None:
    """Give the error of files without the affinities that the config names.

    Parameters
    ----------
    files : sequence of Annotations
        All files: one of them must have the column.
    settings : Library
        The columns.
    """
    if not files or not all(each.lacks_affinities for each in files):
        return None
    return LibraryError(
        f"no library file carries the affinity {settings.affinity_column!r} "
        "(library.affinity_column): name the column or tag that does, or leave it out; "
        f"{_there(str(settings.affinity_column), files)}"
    )


def _there(name: str, files: Iterable[Annotations]) -> str:
    """Say which columns and tags there are."""
    names = list(dict.fromkeys(each for one in files for each in one.seen.names))
    more = ", ..." if len(names) > MOST_NAMES else ""
    return f"columns and tags: {', '.join(names[:MOST_NAMES]) or 'none'}{more}{meant(name, names)}"


def summarise(files: Iterable[Annotations], settings: Library) -> metrics.Annotations:
    """Sum up what was read of all files.

    Parameters
    ----------
    files : iterable of Annotations
        In library order.
    settings : Library
        The columns and the unit.
    """
    each = list(files)
    has_any = any(one.affinities for one in each)
    return metrics.Annotations(
        labels=metrics.LabelsRead(
            column=settings.label_column,
            without=[one.file for one in each if one.lacks_labels],
            active=sum(one.active for one in each),
            inactive=sum(one.inactive for one in each),
            unreadable=sum(one.bad_labels for one in each),
            examples=[text for one in each for text in one.label_examples][:EXAMPLES],
        ),
        affinities=metrics.AffinitiesRead(
            column=settings.affinity_column,
            without=[one.file for one in each if one.lacks_affinities],
            unit=settings.affinity_unit,
            read=sum(one.affinities for one in each),
            unreadable=sum(one.bad_affinities for one in each),
            examples=[text for one in each for text in one.affinity_examples][:EXAMPLES],
            lowest_kcal_mol=min(one.lowest_kcal_mol for one in each) if has_any else None,
            highest_kcal_mol=max(one.highest_kcal_mol for one in each) if has_any else None,
        ),
    )


def _read(
    annotations: metrics.Annotations,
) -> Iterator[tuple[str, metrics.LabelsRead | metrics.AffinitiesRead]]:
    """Each kind of annotation that something is known of, in words."""
    for what, found in (("label", annotations.labels), ("affinity", annotations.affinities)):
        if found is not None:
            yield what, found


def unreadable_words(annotations: metrics.Annotations) -> list[str]:
    """Say in words which cells were not understood; empty where all were.

    Parameters
    ----------
    annotations : metrics.Annotations
        From :func:`summarise`; empty where nothing is known.
    """
    told = []
    for what, found in _read(annotations):
        if count := found.unreadable:
            records = f"{count} record{'s' if count > 1 else ''}"
            examples = "; ".join(found.examples)
            more = " and others" if count > len(found.examples) else ""
            told.append(
                f"The {what} of {records} was not understood and left empty: {examples}{more}."
            )
    return told


def absence_words(annotations: metrics.Annotations) -> list[str]:
    """Say in words which files have no labels or affinities; empty where all have them.

    Parameters
    ----------
    annotations : metrics.Annotations
        From :func:`summarise`; empty where nothing is known.
    """
    told = []
    for what, found in _read(annotations):
        if files := found.without:
            more = f" and {len(files) - NAMED} more files" if len(files) > NAMED else ""
            told.append(
                f"The {what} {found.column!r} is no column or tag of "
                f"{', '.join(files[:NAMED])}{more}: their molecules have none."
            )
    return told
