"""Readers of library files: each yields one :class:`Entry` per record, in bounded memory.

What a reader cannot make out is still an entry, of kind ``broken``, with a reason; its
message says what is wrong and never where, since the place must not change the record's
identity. Only a file that cannot be read as a whole raises.
"""

from __future__ import annotations

import csv
import math
import re
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.config.settings import Library, LibraryFile
from screenmm.core.errors import LibraryError, Reason
from screenmm.core.suggest import closest
from screenmm.files.sdf import MOL_END, TWO_MOL_BLOCKS, has_second_mol_block
from screenmm.library.lines import SHOWN, LongLine, read_lines

SMILES = "smiles"
MOLBLOCK = "molblock"
BROKEN = "broken"

NAME_COLUMNS = ("name", "id", "title", "compound_id")
SMI_HEADERS = frozenset({"smiles", "canonical_smiles", "isomeric_smiles", "cxsmiles", "smi"})
"""Words that begin no molecule but the first line of a .smi file, in lower case."""
NAME_ENDINGS = ("id", "name", "title", "code")
"""Ends of a column's name, in lower case, that no SMILES has."""
ROW_HEADERS = frozenset({"", "#", "no", "no.", "nr", "nr.", "number", "index"})
"""Headers of a column that counts the rows, in lower case."""
SEPARATORS = ",;\t|"
MAX_SDF_RECORD = 10 << 20
MOST_NAMES = 50
MAX_QUOTED_LINES = 50
MAX_QUOTED_TEXT = 100_000
SHOWN_HEADER = 80

_UNPRINTABLE = re.compile(r"(?!\t[ \t]*\|)[\x00-\x1f\x7f]")
"""What no SMILES holds: RDKit stops at a line break. Tabs may stand before an extension."""
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_TAG = re.compile(r"^>.*<(.+?)>")
_SMI_CELLS = re.compile("[,;]")
_SEPARATOR_LINE = re.compile(r"\s*sep=(.)\s*", re.IGNORECASE)
"""The first line by which a file tells Excel its separator."""


class Entry(NamedTuple):
    """One record as read."""

    position: int
    kind: str
    structure: str
    name: str = ""
    label: Any = None
    affinity: Any = None
    reason: str = ""
    message: str = ""


@dataclass(slots=True)
class Seen:
    """What a reader found beside the records."""

    label_column: bool = False
    affinity_column: bool = False
    columns: dict[str, str] = field(default_factory=dict)
    """Columns or SDF tags by what they hold: SMILES, name, label, affinity."""
    names: dict[str, None] = field(default_factory=dict)
    """All columns; of SDF tags the first :data:`MOST_NAMES` or some more."""


def read_library_file(file: LibraryFile, settings: Library, seen: Seen) -> Iterator[Entry]:
    """Stream the records of one library file.

    Parameters
    ----------
    file : LibraryFile
        The file and the label of its records.
    settings : Library
        Names of the columns.
    seen : Seen
        Takes note of the columns found; complete when the iterator ends.

    Raises
    ------
    LibraryError
        The file is unreadable as a whole, or lacks a column that the config names.
    """
    name = file.path.name.lower().removesuffix(".gz")
    if name.endswith(".smi"):
        return _read_smi(file, settings, seen)
    if name.endswith(".sdf"):
        return _read_sdf(file, settings, seen)
    if name.endswith(".parquet"):
        return _read_parquet(file, settings, seen)
    return _read_delimited(file, settings, seen, "\t" if name.endswith(".tsv") else ",")


def clean_name(name: str) -> str:
    """Name without control characters or outer white space; the rest stays as it is."""
    return _CONTROL.sub(" ", name).strip()


def holds_control(smiles: str) -> bool:
    """Whether a SMILES holds control characters, at some of which RDKit stops reading."""
    return _UNPRINTABLE.search(smiles.strip()) is not None


def _broken(position: int, raw: str, reason: Reason, message: str, name: str = "") -> Entry:
    return Entry(position, BROKEN, raw[:SHOWN], name, reason=reason, message=message)


def _empty(position: int) -> Entry:
    return _broken(position, "", Reason.EMPTY_RECORD, "the line is blank")


def _line_fault(line: str) -> tuple[Reason, str] | None:
    """Say why a whole line is unreadable, if it is."""
    if isinstance(line, LongLine):
        return Reason.UNREADABLE_RECORD, f"the line is {line.length} bytes long"
    if "\0" in line:
        return Reason.UNREADABLE_RECORD, "the line holds NUL bytes: it is not text"
    return None


def _smiles_entry(
    position: int, raw: str, smiles: str, name: str, *, label: Any = None, affinity: Any = None
) -> Entry:
    smiles = smiles.strip()
    name = clean_name(name)
    if not smiles:
        return _broken(position, "", Reason.MISSING_STRUCTURE, "the SMILES is empty", name)
    if holds_control(smiles):
        return _broken(
            position, raw, Reason.UNREADABLE_RECORD, "the SMILES holds control characters", name
        )
    return Entry(position, SMILES, smiles, name, label, affinity)


# --- .smi ------------------------------------------------------------------------------


def _read_smi(file: LibraryFile, settings: Library, seen: Seen) -> Iterator[Entry]:
    numbered = enumerate(read_lines(file.path), start=1)
    written = ((number, line) for number, line in numbered if line[:1] != "#")
    blanks: list[int] = []
    is_first = True
    for number, line in written:
        if not line or line.isspace():
            blanks.append(number)
            continue
        # blank lines at the end of the file are no records
        yield from map(_empty, blanks)
        blanks.clear()
        if is_first:
            if _SEPARATOR_LINE.fullmatch(line):
                continue
            is_first = False
            if (separator := _table_separator(line)) is not None:
                header = [cell.strip() for cell in _fields(line, separator) or []]
                columns = _find_columns(header, file, _as_smi(settings, header), seen)
                rows = _rows((line for _, line in numbered), separator, number)
                yield from _row_entries(rows, columns)
                return
            if line.split(None, 1)[0].lower() in SMI_HEADERS:
                continue
        yield _smi_entry(number, line)


def _table_separator(line: str) -> str | None:
    """Separator of the header that makes a .smi file a table; None where it makes none.

    After ``SMILES Name`` whatever follows a SMILES is its name, blanks and tabs included.
    """
    for separator in (*SEPARATORS, " "):
        names = [name.strip().lower() for name in _fields(line, separator) or []]
        if len(names) < 2 or SMI_HEADERS.isdisjoint(names):
            continue
        if names[0] in SMI_HEADERS:
            is_plain = separator == " " or (separator == "\t" and len(names) == 2)
            return None if is_plain else separator
        # the line is no molecule called SMILES
        if names[0].endswith(NAME_ENDINGS) or names[0] in ROW_HEADERS:
            return separator
    return None


def _as_smi(settings: Library, header: list[str]) -> Library:
    """Columns to look for in a .smi file with a header: it need not have those of other files."""
    named: dict[str, str | None] = {
        "smiles_column": settings.smiles_column,
        "id_column": settings.id_column,
    }
    if find_name(settings.smiles_column, header) is None:
        named["smiles_column"] = next(name for name in header if name.lower() in SMI_HEADERS)
    if settings.id_column is None or find_name(settings.id_column, header) is None:
        usual = [name for key in NAME_COLUMNS if (name := find_name(key, header)) is not None]
        others = [name for name in header if name != named["smiles_column"]]
        alike = [name for name in others if name.lower().endswith(NAME_ENDINGS)]
        others.sort(key=lambda name: name.lower() in ROW_HEADERS)
        named["id_column"] = next(iter(usual or alike or others), None)
    return settings.model_copy(update=named)


def _smi_entry(number: int, line: str) -> Entry:
    if fault := _line_fault(line):
        return _broken(number, line, *fault)
    if line[0] == "\t":
        return _smiles_entry(number, line, "", line)
    smiles, _, rest = line.strip().replace("\t", " ", 1).partition(" ")
    rest = rest.lstrip()
    if rest[:1] == "|":
        if (end := rest.find("|", 1)) < 0:
            unclosed = "the extension after the SMILES does not end: end it with '|'"
            return _broken(number, line, Reason.UNREADABLE_RECORD, unclosed)
        smiles, rest = f"{smiles} {rest[: end + 1]}", rest[end + 1 :].lstrip(",;")
    elif "," in smiles or ";" in smiles:
        # neither stands in a SMILES: a table without a header
        smiles, rest = _SMI_CELLS.split(line.strip(), 1)
    return _smiles_entry(number, line, smiles, rest)


# --- tables ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Columns:
    """Places of the columns in a row; None where there is none."""

    smiles: int
    name: int | None
    label: int | None
    affinity: int | None
    width: int

    @property
    def places(self) -> dict[str, int]:
        """Places of those that are there, by what they hold."""
        all_places = {
            "SMILES": self.smiles,
            "name": self.name,
            "label": self.label,
            "affinity": self.affinity,
        }
        return {what: place for what, place in all_places.items() if place is not None}

    def entry(self, position: int, raw: str, row: Sequence[Any]) -> Entry:
        def cell(column: int | None) -> Any:
            return None if column is None else row[column]

        smiles = cell(self.smiles)
        return _smiles_entry(
            position,
            raw,
            "" if smiles is None else str(smiles),
            _as_name(cell(self.name)),
            label=cell(self.label),
            affinity=cell(self.affinity),
        )


def _as_name(cell: Any) -> str:
    """Name in a cell: a column with empty cells may hold whole numbers as floats, and NaN."""
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return ""
    return str(int(cell)) if isinstance(cell, float) and cell.is_integer() else str(cell)


def find_name(name: str, names: Sequence[str]) -> str | None:
    """Column or tag of a name: the same, or the only one that differs by case alone."""
    if name in names:
        return name
    alike = dict.fromkeys(each for each in names if each.lower() == name.lower())
    return next(iter(alike)) if len(alike) == 1 else None


def meant(name: str, names: Iterable[str]) -> str:
    """Ask whether the closest of the names is meant; nothing where none is like it."""
    near = closest(name, names)
    return f"; did you mean {near[0]!r}?" if near else ""


def _find_columns(
    header: list[str], file: LibraryFile, settings: Library, seen: Seen, *, hint: str = ""
) -> _Columns:
    seen.names |= dict.fromkeys(header)

    def find(name: str | None) -> int | None:
        found = None if name is None else find_name(name, header)
        return None if found is None else header.index(found)

    def required(name: str, key: str) -> int:
        if (column := find(name)) is not None:
            return column
        there = f"columns: {', '.join(header) or 'none'}{hint or meant(name, header)}"
        raise LibraryError(f"{file.path}: no column {name!r} (library.{key}); {there}")

    smiles = required(settings.smiles_column, "smiles_column")
    if settings.id_column is not None:
        name: int | None = required(settings.id_column, "id_column")
    else:
        name = next((place for key in NAME_COLUMNS if (place := find(key)) is not None), None)
    label = find(settings.label_column)
    affinity = find(settings.affinity_column)
    seen.label_column |= label is not None
    seen.affinity_column |= affinity is not None
    columns = _Columns(smiles, name, label, affinity, len(header))
    for place in columns.places.values():
        _check_named_once(header, header[place], file)
    seen.columns |= {what: header[place] for what, place in columns.places.items()}
    return columns


def _check_named_once(header: list[str], name: str, file: LibraryFile) -> None:
    places = [str(place) for place, each in enumerate(header, start=1) if each == name]
    if len(places) > 1:
        raise LibraryError(
            f"{file.path}: columns {' and '.join(places)} have one name, {name!r}: leave it "
            "to the one that is meant"
        )


def _read_delimited(
    file: LibraryFile, settings: Library, seen: Seen, separator: str
) -> Iterator[Entry]:
    lines = read_lines(file.path)
    head: list[str] = []
    for line in lines:
        head.append(line)
        if told := _SEPARATOR_LINE.fullmatch(line):
            separator = told[1]
        elif line and not line.isspace():
            break
    else:
        raise LibraryError(
            f"{file.path} is empty: its first line must name the columns, one of them "
            f"{settings.smiles_column!r} (library.smiles_column)"
        )
    found = _separator_of(line, separator, settings.smiles_column)
    rows = _rows(chain([line], lines), found, len(head) - 1)
    _, _, header = next(rows)
    if header is None:
        raise LibraryError(
            f"{file.path}: the first line, which must name the columns, is no text or its quotes "
            f"do not match: {line[:SHOWN_HEADER]!r}"
        )
    hint = _separator_hint(line, separator) if len(header) == 1 else ""
    names = [cell.strip() for cell in header]
    yield from _row_entries(rows, _find_columns(names, file, settings, seen, hint=hint))


def _separator_of(header: str, expected: str, smiles_column: str) -> str:
    """Give the separator with which a header has the column; spreadsheets know several."""
    for separator in (expected, *SEPARATORS.replace(expected, "")):
        names = [cell.strip() for cell in _fields(header, separator) or []]
        if find_name(smiles_column, names) is not None:
            return separator
    return expected


def _row_entries(
    rows: Iterable[tuple[int, str, list[str] | None]], columns: _Columns
) -> Iterator[Entry]:
    blanks: list[int] = []
    for number, raw, row in rows:
        if row == []:
            blanks.append(number)
            continue
        # blank lines at the end of the file are no records
        yield from map(_empty, blanks)
        blanks.clear()
        yield _row_entry(number, raw, row, columns)


def _separator_hint(header: str, separator: str) -> str:
    other = next((mark for mark in SEPARATORS if mark != separator and mark in header), None)
    return f"; the header seems separated by {other!r}, not {separator!r}" if other else ""


def _row_entry(number: int, raw: str, row: list[str] | None, columns: _Columns) -> Entry:
    if fault := _line_fault(raw):
        return _broken(number, raw, *fault)
    if row is None:
        return _broken(number, raw, Reason.UNREADABLE_RECORD, "the quotes do not match")
    if len(row) != columns.width:
        return _broken(
            number,
            raw,
            Reason.UNREADABLE_RECORD,
            f"the row has {len(row)} fields, the header {columns.width}",
        )
    return columns.entry(number, raw, row)


def _rows(
    lines: Iterable[str], separator: str, number: int
) -> Iterator[tuple[int, str, list[str] | None]]:
    """Rows of delimited text: line number, text, fields; no fields where a quote stays open.

    The lines come after line ``number``.

    A quoted field may run over some lines, but an open quote must not swallow the file:
    after :data:`MAX_QUOTED_LINES` lines only the line with the quote is given up.
    """
    source = iter(lines)
    ahead: deque[str] = deque()
    while True:
        line = ahead.popleft() if ahead else next(source, None)
        if line is None:
            return
        number += 1
        if isinstance(line, LongLine) or "\0" in line:
            yield number, line, None
        elif '"' not in line:
            yield number, line, ([] if not line or line.isspace() else line.split(separator))
        else:
            row, text, used = _quoted_row(line, source, ahead, separator)
            yield number, text, row
            for _ in range(used):
                ahead.popleft()
            number += used


def _quoted_row(
    line: str, source: Iterator[str], ahead: deque[str], separator: str
) -> tuple[list[str] | None, str, int]:
    """Fields of a row with quotes, its text, and how many lines of ``ahead`` it takes."""
    if not _ends_inside_quotes(line, separator):
        return _fields(line, separator), line, 0
    text = line
    for used in range(1, MAX_QUOTED_LINES + 1):
        if len(ahead) < used:
            following = next(source, None)
            if following is None:
                break
            ahead.append(following)
        text = f"{text}\n{ahead[used - 1]}"
        if isinstance(ahead[used - 1], LongLine) or len(text) > MAX_QUOTED_TEXT:
            break
        if '"' not in ahead[used - 1]:
            continue
        # over lines only faultless quoting counts: a stray quote must not join two records
        if (row := _fields(text, separator, strict=True)) is not None:
            return row, text, used
        if not _ends_inside_quotes(text, separator):
            break
    return None, line, 0


def _fields(text: str, separator: str, *, strict: bool = False) -> list[str] | None:
    try:
        return next(csv.reader([text], delimiter=separator, strict=strict))
    except csv.Error:
        return None


def _ends_inside_quotes(text: str, separator: str) -> bool:
    try:
        next(csv.reader([text], delimiter=separator, strict=True))
    except csv.Error as error:
        return "unexpected end of data" in str(error)
    return False


@dataclass(frozen=True)
class _BadCell:
    """A cell that cannot be read: what can be shown of it, and why."""

    shown: str
    fault: str

    def __str__(self) -> str:
        return self.shown


def _read_parquet(file: LibraryFile, settings: Library, seen: Seen) -> Iterator[Entry]:
    try:
        with pq.ParquetFile(file.path) as table:
            names = table.schema_arrow.names
            found = _find_columns(names, file, settings, seen)
            _check_text(names[found.smiles], table.schema_arrow, file)
            wanted = list(dict.fromkeys(names[place] for place in found.places.values()))

            def moved(place: int | None) -> int | None:
                return None if place is None else wanted.index(names[place])

            columns = _Columns(
                wanted.index(names[found.smiles]),
                moved(found.name),
                moved(found.label),
                moved(found.affinity),
                len(wanted),
            )
            position = 0
            for batch in table.iter_batches(batch_size=8192, columns=wanted):
                by_name = {name: _cells(batch.column(name)) for name in wanted}
                for row in zip(*(by_name[name] for name in wanted), strict=True):
                    position += 1
                    raw = str(row[columns.smiles])
                    if _BadCell in map(type, row):
                        yield _bad_row(position, raw, row, columns)
                    else:
                        yield columns.entry(position, raw, row)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError, UnicodeDecodeError, OSError) as error:
        raise LibraryError(f"{file.path} cannot be read as Parquet: {error}") from None


def _check_text(name: str, columns: pa.Schema, file: LibraryFile) -> None:
    """Refuse a column of SMILES that holds something else than text."""
    kind = columns.field(name).type
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    is_text = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    if not any(is_kind(kind) for is_kind in is_text):
        raise LibraryError(
            f"{file.path}: column {name!r} holds {kind}, not text: name the column of the SMILES "
            "in library.smiles_column"
        )


def _cells(column: pa.Array) -> list[Any]:
    """Cells of a column, a :class:`_BadCell` for each that is not what its type says."""
    try:
        return list(column.to_pylist())
    except (ValueError, OverflowError):
        return [_cell(scalar) for scalar in column]


def _cell(scalar: pa.Scalar) -> Any:
    try:
        return scalar.as_py()
    except (ValueError, OverflowError) as error:
        held = scalar.as_buffer().to_pybytes() if isinstance(scalar, pa.BinaryScalar) else b""
        return _BadCell(held.decode(errors="backslashreplace"), str(error))


def _bad_row(position: int, raw: str, row: Sequence[Any], columns: _Columns) -> Entry:
    """Entry of a row with a :class:`_BadCell`."""
    faults = [
        f"the {what} cannot be read: {cell.fault}"
        for what, place in columns.places.items()
        if isinstance(cell := row[place], _BadCell)
    ]
    name = "" if columns.name is None else clean_name(_as_name(row[columns.name]))
    return _broken(position, raw, Reason.UNREADABLE_RECORD, "; ".join(faults), name)


# --- .sdf ------------------------------------------------------------------------------


def _read_sdf(file: LibraryFile, settings: Library, seen: Seen) -> Iterator[Entry]:
    tags = _SdfTags(settings, seen)
    position = 0
    lines: list[str] = []
    size = 0
    for line in read_lines(file.path):
        if line.startswith("$$$$"):
            position += 1
            yield _sdf_entry(position, lines, size, tags, is_closed=True)
            lines, size = [], 0
            continue
        size += line.length if isinstance(line, LongLine) else len(line) + 1
        if size <= MAX_SDF_RECORD:
            lines.append(line)
    if any(line.strip() for line in lines):
        yield _sdf_entry(position + 1, lines, size, tags, is_closed=False)


class _SdfTags:
    """Reads name, label and affinity from an SDF record's data items."""

    def __init__(self, settings: Library, seen: Seen) -> None:
        self.settings = settings
        self.seen = seen

    def read(self, lines: list[str], title: str) -> tuple[str, str | None, str | None]:
        items = _data_items(lines)
        tags = list(items)
        if len(self.seen.names) < MOST_NAMES:
            self.seen.names |= dict.fromkeys(tags)
        label = self._tag("label", self.settings.label_column, tags)
        affinity = self._tag("affinity", self.settings.affinity_column, tags)
        self.seen.label_column |= label is not None
        self.seen.affinity_column |= affinity is not None
        return (
            self._name(items, tags, title),
            None if label is None else items[label],
            None if affinity is None else items[affinity],
        )

    def _tag(self, what: str, name: str | None, tags: list[str]) -> str | None:
        """Tag of a name in this record, noted as what it holds."""
        tag = None if name is None else find_name(name, tags)
        if tag is not None:
            self.seen.columns.setdefault(what, tag)
        return tag

    def _name(self, items: dict[str, str], tags: list[str], title: str) -> str:
        if self.settings.id_column is not None:
            tag = self._tag("name", self.settings.id_column, tags)
            return clean_name((items[tag] if tag is not None else "") or title)
        if title.strip():
            return clean_name(title)
        lowered = {key.lower(): value for key, value in items.items()}
        return clean_name(next((lowered[key] for key in NAME_COLUMNS if key in lowered), ""))


def _data_items(lines: list[str]) -> dict[str, str]:
    items: dict[str, str] = {}
    tag: str | None = None
    for line in lines:
        if match := _TAG.match(line):
            tag = match[1]
            items[tag] = ""
        elif not line.strip():
            tag = None
        elif tag is not None and not items[tag]:
            items[tag] = line.strip()
    return items


def _sdf_entry(
    position: int, lines: list[str], size: int, tags: _SdfTags, is_closed: bool
) -> Entry:
    raw = "\n".join(lines[:50])
    if not any(line.strip() for line in lines):
        return _broken(position, "", Reason.EMPTY_RECORD, "the SD record is blank")
    fault = _sdf_fault(lines, size)
    end = next((i for i, line in enumerate(lines) if line.rstrip() == MOL_END), None)
    if fault is None and end is None:
        cut = f"the SD record has no line {MOL_END!r}"
        message = cut if is_closed else f"the file ends inside an SD record: {cut}"
        fault = Reason.TRUNCATED_RECORD, message
    title = lines[0] if end is None or end > 2 else ""
    if fault is not None or end is None:
        assert fault is not None
        return _broken(position, raw, *fault, name=clean_name(title))
    name, label, affinity = tags.read(lines[end + 1 :], title)
    return Entry(position, MOLBLOCK, _molblock(lines[: end + 1]), name, label, affinity)


def _sdf_fault(lines: list[str], size: int) -> tuple[Reason, str] | None:
    if has_second_mol_block(lines):
        return Reason.UNREADABLE_RECORD, TWO_MOL_BLOCKS
    if size > MAX_SDF_RECORD:
        return Reason.UNREADABLE_RECORD, f"the SD record is {size} bytes long"
    return next((fault for line in lines if (fault := _line_fault(line))), None)


def _molblock(lines: list[str]) -> str:
    """Mol block whose header keeps only the dimension: names and times are no structure."""
    header = lines[1] if len(lines) > 1 else ""
    dimension = header[20:22]
    second = f"{'':20}{dimension}" if dimension in ("2D", "3D") else ""
    body = [line.rstrip() for line in lines[3:]]
    return "\n".join(["", second, "", *body, ""])
