"""SD files: records made and read without loss of hydrogens, stereo or order."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from pathlib import Path

from rdkit import Chem

from screenmm.files.whole import open_bytes

MOL_END = "M  END"
TWO_MOL_BLOCKS = "two mol blocks without $$$$ between them: put $$$$ after each"

_COUNTS = re.compile(r"[ \d]{6}.*V[23]000\s*")


def sd_record(mol: Chem.Mol, title: str, tags: Mapping[str, object]) -> str:
    """One SD record, ``$$$$`` included; the same molecule gives the same text.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        With one conformer, Å.
    title : str
        First line.
    tags : mapping
        Data items, in order; None is left out.
    """
    named = Chem.Mol(mol)
    named.SetProp("_Name", title)
    lines = [Chem.MolToMolBlock(named).rstrip("\n")]
    for name, value in tags.items():
        if value is not None:
            # a line break would end the value, a blank line the data item
            lines += [f">  <{name}>", " ".join(str(value).split("\n")), ""]
    return "\n".join([*lines, "$$$$", ""])


def split_records(path: Path) -> Iterator[str]:
    """Texts of the records of an .sdf or .sdf.gz file, one after another."""
    lines: list[str] = []
    with open_bytes(path) as handle:
        for raw in handle:
            line = raw.decode("utf-8")
            lines.append(line)
            if line.startswith("$$$$"):
                yield "".join(lines)
                lines = []


def has_second_mol_block(record: Iterable[str]) -> bool:
    """Whether another mol block follows that of an SD record, where readers would not see it.

    Those in data items are none. An item ends at a blank line, unless its value is a mol block
    itself, which has its counts four lines after the item's header.

    Parameters
    ----------
    record : iterable of str
        Its lines.
    """
    lines = iter(record)
    if not any(line.rstrip() == MOL_END for line in lines):
        return False
    header: int | None = None
    is_item = is_value_block = False
    for number, line in enumerate(lines):
        is_end, is_counts = line.rstrip() == MOL_END, _COUNTS.fullmatch(line) is not None
        if is_value_block:
            is_value_block = not is_end
        elif is_counts and header is not None and number == header + 4:
            is_value_block = True
        elif is_item:
            is_item = bool(line.strip())
        elif line.startswith(">"):
            header, is_item = number, True
        elif is_end or is_counts:
            return True
    return False


def ligand_of(title: str) -> str:
    """InChIKey of the ligand in a state's or pose's title, as ``KEY_s1_p2``."""
    return title.rsplit("_s", 1)[0]


def records_by_ligand(path: Path) -> list[tuple[str, list[str]]]:
    """Texts of the records of each ligand of an .sdf.gz file, in the file's order."""
    grouped = groupby(split_records(path), key=lambda text: ligand_of(text.split("\n", 1)[0]))
    return [(ligand, list(records)) for ligand, records in grouped]


def read_record(text: str) -> Chem.Mol:
    """Molecule of an SD record with its hydrogens and its tags as string properties.

    Raises
    ------
    ValueError
        The text is no record that RDKit can read.
    """
    supplier = Chem.SDMolSupplier()
    supplier.SetData(text, removeHs=False)
    mol = next(iter(supplier), None)
    if mol is None:
        raise ValueError(f"not a readable SD record: {text[:80]!r}")
    return mol
