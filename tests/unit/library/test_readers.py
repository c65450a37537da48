from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from screenmm.config.settings import Library, Ligands
from screenmm.core.errors import LigandError, Reason
from screenmm.library.readers import BROKEN, Entry, Seen, read_library_file
from screenmm.library.standardise import standardise

RACEMATE = "C[C@H](F)Cl |&1:1|"


def read(path: Path, **keys: Any) -> list[Entry]:
    settings = Library(files=[path], **keys)
    return list(read_library_file(settings.files[0], settings, Seen()))


def read_text(folder: Path, name: str, text: str, **keys: Any) -> list[Entry]:
    (folder / name).write_text(text, newline="")
    return read(folder / name, **keys)


def read_table(folder: Path, columns: dict[str, Any], **keys: Any) -> list[Entry]:
    pq.write_table(pa.table(columns), folder / "a.parquet")
    return read(folder / "a.parquet", **keys)


def assert_unreadable(entry: Entry, message: str) -> None:
    assert (entry.kind, entry.reason) == (BROKEN, Reason.UNREADABLE_RECORD)
    assert message in entry.message
    assert entry.structure


@pytest.mark.parametrize("smiles", ["CC(=O)O\nc1ccccc1", "CC\nO", "CC\tO", "CC\n|&1:0|", "C\x1cO"])
def test_a_control_character_does_not_cut_a_smiles(tmp_path: Path, smiles: str) -> None:
    row, whole = read_text(tmp_path, "a.csv", f'smiles,name\n"{smiles}",a\nCCO,b\n')
    assert_unreadable(row, "holds control characters")
    assert (row.name, whole.structure) == ("a", "CCO")
    (cell,) = read_table(tmp_path, {"smiles": [smiles]})
    assert_unreadable(cell, "holds control characters")
    with pytest.raises(LigandError, match="invalid_structure: the SMILES holds control"):
        standardise(smiles, "smiles", Ligands())


def test_tabs_before_an_extension_and_line_ends_around_a_smiles_stay(tmp_path: Path) -> None:
    given = ["C[C@H](F)Cl\t|&1:1|", "C[C@H](F)Cl\t |&1:1|", "\nC[C@H](F)Cl |&1:1|\n"]
    found = read_table(tmp_path, {"smiles": given})
    assert [entry.structure for entry in found] == [smiles.strip() for smiles in given]
    expected = standardise(RACEMATE, "smiles", Ligands())
    assert all(standardise(smiles, "smiles", Ligands()) == expected for smiles in given)


@pytest.mark.parametrize("gap", [" ", "\t", "  ", " \t", "\t\t", "\t "])
def test_an_extension_of_a_smi_file_is_no_name(tmp_path: Path, gap: str) -> None:
    text = f"C[C@H](F)Cl{gap}|&1:1|{gap}x y\nCCO{gap}|&1:1 z\nCCN{gap}name |&1:1|\n"
    racemate, unclosed, named = read_text(tmp_path, "a.smi", text)
    assert (racemate.structure, racemate.name) == (RACEMATE, "x y")
    assert_unreadable(unclosed, "end it with '|'")
    assert (named.structure, named.name) == ("CCN", "name |&1:1|")


@pytest.mark.parametrize("between", ["", "> <ID>\nx\n\n", "\n\n"])
def test_mol_blocks_without_dollars_between_them_are_told(tmp_path: Path, between: str) -> None:
    first, second = (Chem.MolToMolBlock(Chem.MolFromSmiles(each)) for each in ("CCO", "CCN"))
    good, joined, last = read_text(
        tmp_path, "a.sdf", f"{first}$$$$\n{first}{between}{second}$$$$\n{first}{between}{second}"
    )
    assert good.kind == "molblock"
    for each in (joined, last):
        assert_unreadable(each, "put $$$$ after each")
