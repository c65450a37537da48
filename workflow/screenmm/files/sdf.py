"""SD files: records made and read without loss of hydrogens, stereo or order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path

from rdkit import Chem

from screenmm.files.whole import open_bytes


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
