from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from screenmm.config.settings import Library, Ligands
from screenmm.core.errors import LibraryError, LigandError, Reason
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


def as_text(cells: list[bytes], kind: pa.DataType, held: pa.DataType) -> pa.Array:
    """Bytes that pass for text."""
    buffers = pa.array(cells, held).buffers()
    return pa.Array.from_buffers(kind, len(cells), buffers)


@pytest.mark.parametrize(
    ("kind", "held"), [(pa.string(), pa.binary()), (pa.large_string(), pa.large_binary())]
)
def test_a_parquet_cell_that_is_no_text_breaks_its_record_alone(
    tmp_path: Path, kind: pa.DataType, held: pa.DataType
) -> None:
    smiles = as_text([b"CCO", b"CC\xe9", b"CCN"], kind, held)
    names = as_text([b"a", b"b", b"c\xe9"], kind, held)
    good, bad_smiles, bad_name = read_table(tmp_path, {"smiles": smiles, "name": names})
    assert (good.structure, good.name) == ("CCO", "a")
    assert_unreadable(bad_smiles, "the SMILES cannot be read: 'utf-8' codec")
    assert (bad_smiles.structure, bad_smiles.name) == (r"CC\xe9", "b")
    assert_unreadable(bad_name, "the name cannot be read: 'utf-8' codec")
    assert (bad_name.structure, bad_name.name) == ("CCN", r"c\xe9")


def test_a_time_that_python_cannot_hold_breaks_its_record_alone(tmp_path: Path) -> None:
    times = pa.array([0, 5 * 10**18], pa.timestamp("us"))
    good, bad = read_table(tmp_path, {"smiles": ["CCO", "CCN"], "name": times})
    assert (good.structure, good.name) == ("CCO", "1970-01-01 00:00:00")
    assert_unreadable(bad, "the name cannot be read: date value out of range")


def test_text_of_every_type_is_read(tmp_path: Path) -> None:
    for kind in (pa.string(), pa.large_string(), pa.string_view()):
        (entry,) = read_table(tmp_path, {"smiles": pa.array(["CCO"], kind)})
        assert (entry.kind, entry.structure) == ("smiles", "CCO")


@pytest.mark.parametrize(
    ("header", "keys"),
    [
        (["smiles", "x", "smiles"], {}),
        (["id", "smiles", "id"], {}),
        (["code", "smiles", "code"], {"id_column": "code"}),
        (["act", "smiles", "act"], {"label_column": "act"}),
        (["dG", "smiles", "dG"], {"affinity_column": "dg"}),
    ],
)
def test_a_column_that_is_there_twice_is_refused(
    tmp_path: Path, header: list[str], keys: dict[str, str]
) -> None:
    columns = [pa.array(["CC"])] * 3
    pq.write_table(pa.Table.from_arrays(columns, header), tmp_path / "a.parquet")
    with pytest.raises(
        LibraryError, match=f"a.parquet: columns 1 and 3 have one name, '{header[0]}'"
    ):
        read(tmp_path / "a.parquet", **keys)
    with pytest.raises(LibraryError, match=f"a.csv: columns 1 and 3 have one name, '{header[0]}'"):
        read_text(tmp_path, "a.csv", f"{','.join(header)}\nCC,CC,CC\n", **keys)


def test_a_column_that_is_there_twice_and_not_read_does_no_harm(tmp_path: Path) -> None:
    columns = [pa.array(["CC"]), pa.array(["CO"]), pa.array(["CN"])]
    pq.write_table(pa.Table.from_arrays(columns, ["x", "smiles", "x"]), tmp_path / "a.parquet")
    (cell,) = read(tmp_path / "a.parquet")
    (row,) = read_text(tmp_path, "a.csv", "x,smiles,x\nCC,CO,CN\n")
    assert cell.structure == row.structure == "CO"


def test_numbers_that_parquet_holds_as_floats_name_molecules_as_numbers(tmp_path: Path) -> None:
    ids = pa.array([12345.0, float("nan"), None, 1.5, 2.0**60])
    found = read_table(tmp_path, {"smiles": ["C"] * 5, "id": ids})
    assert [entry.name for entry in found] == ["12345", "", "", "1.5", str(2**60)]
    (whole,) = read_table(tmp_path, {"smiles": ["C"], "id": [7]})
    assert whole.name == "7"
