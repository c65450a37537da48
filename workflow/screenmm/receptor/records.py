"""Atom records of a PDB, PDBQT or mmCIF file, every one, in the order of the file."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby

import gemmi

from screenmm.core.errors import ReceptorError
from screenmm.receptor.elements import AUTODOCK, derive
from screenmm.receptor.names import NUCLEOTIDES
from screenmm.residues.synonyms import AMINO_ACIDS, standard_name

_LINES = re.compile(r"\r\n|\r|\n")
_ATOMS = ("ATOM  ", "HETATM")
_DATA_BLOCK = re.compile(r"(?:\s+|#[^\n]*)*data_", re.IGNORECASE)
_ATOM_SITE = re.compile(r"^\s*_atom_site\.", re.IGNORECASE | re.MULTILINE)
_CHARGE = re.compile(r"[+-]?\d+\.\d{3}")
_SITE = [
    "Cartn_x", "Cartn_y", "Cartn_z", "?group_PDB", "?type_symbol", "?label_atom_id",
    "?auth_atom_id", "?label_alt_id", "?label_comp_id", "?auth_comp_id", "?label_asym_id",
    "?auth_asym_id", "?label_seq_id", "?auth_seq_id", "?pdbx_PDB_ins_code", "?occupancy",
    "?B_iso_or_equiv", "?pdbx_PDB_model_num",
]  # fmt: skip


@dataclass(slots=True)
class Record:
    """One ATOM or HETATM record, or one row of ``_atom_site``.

    Attributes
    ----------
    index : int
        Ordinal in the file, from 0; the identity of the atom from here on.
    line : int
        Line of a PDB file, row of ``_atom_site``, from 1.
    model : int
        Ordinal of the model, from 0.
    part : str
        Changes where the file marks a chain's end: at TER or END, with the segment, with
        ``label_asym_id`` in mmCIF.
    number : int or None
        None where the field is no number, as ``****``; ``place`` holds its text.
    field : str
        Name as in its columns, with blanks.
    b_factor : float
        NaN where the field is blank, or no number.
    symbol : str
        Text of the element column; ``element`` is what came of it.
    """

    index: int
    line: int
    model: int
    part: str
    chain: str
    residue: str
    number: int | None
    icode: str
    place: str
    field: str
    name: str
    altloc: str
    xyz: tuple[float, float, float]
    occupancy: float
    b_factor: float
    symbol: str
    hetero: bool
    sequence_index: int | None = None
    element: str = ""

    @property
    def is_heavy(self) -> bool:
        """Whether it is an atom, and no hydrogen."""
        return self.element not in ("H", "D", "")

    @property
    def label(self) -> str:
        """``chain:name:number`` and atom, as they stand in the file."""
        chain = f"{self.chain}:" if self.chain else ""
        return f"{chain}{self.residue}:{self.place} {self.name}"


def is_mmcif(text: str) -> bool:
    """Whether a text is CIF: a data block comes first, or it has a table of atom sites."""
    return _DATA_BLOCK.match(text.lstrip("\ufeff")) is not None or bool(_ATOM_SITE.search(text))


def plain_lines(text: str) -> list[str]:
    """Lines of a text, however they end."""
    return _LINES.split(text.lstrip("\ufeff"))


def count_records(text: str) -> int:
    """Count atom records without reading them: an independent check of :func:`read_records`."""
    lines = plain_lines(text)
    if not is_mmcif(text):
        return sum(line[:6] in _ATOMS for line in lines)
    return len(_atom_site(lines, "mmCIF").find_values("_atom_site.Cartn_x"))


def read_records(text: str, name: str) -> list[Record]:
    """Read every atom record, with its element.

    Parameters
    ----------
    text : str
        Of a PDB, PDBQT or mmCIF file.
    name : str
        Of the file, for messages.

    Raises
    ------
    ReceptorError
        A record cannot be read, or its element not be told; names the line.
    """
    lines = plain_lines(text)
    is_cif = is_mmcif(text)
    records = list(_mmcif_rows(lines, name) if is_cif else _pdb_lines(lines, name))
    aligned = not is_cif and _is_aligned(records)
    where = "row {} of _atom_site" if is_cif else "line {}"
    for _, run in groupby(records, lambda each: (each.model, each.part, each.chain, each.place,
                                                 each.residue)):  # fmt: skip
        members = list(run)
        siblings = {each.name.upper() for each in members}
        for each in members:
            try:
                each.element = derive(each.residue, each.field, each.symbol, aligned, siblings)
            except ReceptorError as error:
                place = where.format(each.line)
                raise ReceptorError(f"{name}, {place} ({each.label}): {error}") from None
    return records


def _is_aligned(records: list[Record]) -> bool:
    """Whether backbone atoms have their one-letter elements in column 14, as the format asks."""
    return not any(
        each.name in ("N", "CA", "C", "O", "P", "O3'") and not each.field.startswith(" ")
        for each in records
        if each.residue in AMINO_ACIDS | NUCLEOTIDES
    )


# --- PDB -------------------------------------------------------------------------------


def _pdb_lines(lines: list[str], name: str) -> Iterator[Record]:
    wide_chains = _has_wide_chains(lines)
    model, models, part, index = 0, 0, 0, 0
    for number, line in enumerate(lines, start=1):
        kind = line[:6].rstrip()
        if kind == "MODEL":
            model, models, part = models, models + 1, 0
        elif kind in ("TER", "END", "ENDMDL"):
            part += 1
        elif line[:6] in _ATOMS:
            yield _pdb_record(line, number, index, model, part, wide_chains, name)
            index += 1


def _has_wide_chains(lines: list[str]) -> bool:
    """Whether column 21 belongs to the chain, and not to residue names of four letters."""
    return any(
        line[20:21].strip() and line[17:20] in AMINO_ACIDS
        and standard_name(line[17:21])[0] == line[17:21]
        for line in lines
        if line[:6] in _ATOMS
    )  # fmt: skip


def _pdb_record(
    line: str, number: int, index: int, model: int, part: int, wide_chains: bool, name: str
) -> Record:
    residue, chain = line[17:21].strip(), line[21:22].strip()
    if wide_chains and standard_name(residue)[0] == residue:
        residue, chain = line[17:20].strip(), line[20:22].strip()
    try:
        x, y, z = (_finite(line[start : start + 8]) for start in (30, 38, 46))
    except ValueError:
        raise ReceptorError(
            f"{name}, line {number}: {line[30:54]!r} are no coordinates in columns 31-54: mend "
            "the line, or take it out"
        ) from None
    place, residue_number, icode = _number(line[22:27])
    segment = "" if _has_charge(line) else line[72:76].strip()
    return Record(
        index, number, model, f"{part} {segment}".strip(), chain, residue, residue_number, icode,
        place, line[12:16], line[12:16].strip(), line[16:17].strip(), (x, y, z),
        _float(line[54:60], 1.0), _float(line[60:66], math.nan), _symbol(line),
        line[:6] == "HETATM",
    )  # fmt: skip


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _float(text: str, otherwise: float) -> float:
    try:
        return _finite(text)
    except ValueError:
        return otherwise


def _symbol(line: str) -> str:
    """Text of the element column, or the element of AutoDock's type."""
    kind = line[77:79].strip().upper()
    if kind in AUTODOCK and line[76:77] in ("", " ") and _has_charge(line):
        return AUTODOCK[kind]
    return line[76:78].strip()


def _has_charge(line: str) -> bool:
    """Whether columns 67-76 are AutoDock's charge, and no segment."""
    return _CHARGE.fullmatch(line[66:76].strip()) is not None


def _number(field: str) -> tuple[str, int | None, str]:
    """Text, number and insertion code of columns 23-27."""
    text, icode = field[:4].strip(), field[4:5].strip()
    if icode.isdigit() and text.isdigit():
        # five digits: the number has run into the column of the insertion code
        return text + icode, int(text + icode), ""
    return text + icode, decode_number(text), icode


def decode_number(text: str) -> int | None:
    """Residue number: decimal, hybrid-36 (``A000`` is 10000), or VMD's hexadecimal.

    Hybrid-36: http://cci.lbl.gov/hybrid_36 (Grosse-Kunstleve and Adams).
    """
    if re.fullmatch(r"-?\d+", text):
        return int(text)
    if re.fullmatch(r"[A-Z][A-Z0-9]{3}", text):
        return int(text, 36) - 10 * 36**3 + 10**4
    if re.fullmatch(r"[a-z][a-z0-9]{3}", text):
        return int(text, 36) + 16 * 36**3 + 10**4
    if re.fullmatch(r"\d[0-9a-fA-F]{3}", text):
        return int(text, 16)
    return None


# --- mmCIF -----------------------------------------------------------------------------


def _atom_site(lines: list[str], name: str) -> gemmi.cif.Block:
    """The only data block with atoms."""
    try:
        document = gemmi.cif.read_string("\n".join(lines))
    except (RuntimeError, ValueError) as error:
        raise ReceptorError(f"{name} cannot be read as mmCIF: {error}") from None
    blocks = [block for block in document if block.find_values("_atom_site.Cartn_x")]
    if len(blocks) != 1:
        names = ", ".join(block.name for block in blocks)
        what = f"{len(blocks)} structures ({names}): give one" if blocks else "no atoms: give a " \
            "structure with coordinates"  # fmt: skip
        raise ReceptorError(f"{name} holds {what}")
    return blocks[0]


def mmcif_block(text: str, name: str) -> gemmi.cif.Block:
    """The data block with the atoms of a CIF text.

    Raises
    ------
    ReceptorError
        It cannot be read, or holds no atoms or several structures.
    """
    return _atom_site(plain_lines(text), name)


def _mmcif_rows(lines: list[str], name: str) -> Iterator[Record]:
    table = _atom_site(lines, name).find("_atom_site.", _SITE)
    models: dict[str, int] = {}
    for index, row in enumerate(table):
        values = [_value(row, column) for column in range(len(_SITE))]
        yield _mmcif_record(values, index, models, name)


def _value(row: gemmi.cif.Table.Row, column: int) -> str:
    """Text of a cell; empty where the column, or its value, is not given."""
    if not row.has(column):
        return ""
    raw = row[column]
    return "" if raw in (".", "?") else gemmi.cif.as_string(raw)


def _mmcif_record(values: list[str], index: int, models: dict[str, int], name: str) -> Record:
    (*coordinates, group, symbol, atom, auth_atom, altloc, component, auth_component, asym, chain,
     label_seq, auth_seq, icode, occupancy, b_factor, model) = values  # fmt: skip
    try:
        x, y, z = (_finite(each.partition("(")[0]) for each in coordinates)
    except ValueError:
        raise ReceptorError(
            f"{name}, row {index + 1} of _atom_site: {' '.join(coordinates)!r} are no "
            "coordinates: mend the row, or take it out"
        ) from None
    number = auth_seq or label_seq
    own_name = atom or auth_atom
    return Record(
        index, index + 1, models.setdefault(model, len(models)), asym, chain or asym,
        component or auth_component, int(number) if re.fullmatch(r"-?\d+", number) else None,
        icode, number + icode, own_name, own_name, altloc, (x, y, z),
        _float(occupancy.partition("(")[0], 1.0), _float(b_factor.partition("(")[0], math.nan),
        symbol, group == "HETATM", int(label_seq) if label_seq.isdigit() else None,
    )  # fmt: skip
