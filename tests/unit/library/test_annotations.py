from __future__ import annotations

import math
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from screenmm.config.settings import Library
from screenmm.core.errors import LibraryError
from screenmm.library.annotations import (
    absence_words,
    parse_affinity,
    parse_label,
    unreadable_words,
)
from screenmm.library.split import split
from screenmm.metrics.annotations import Annotations, LabelsRead


@pytest.mark.parametrize(
    ("cells", "label"),
    [
        (("1", 1, 1.0, True, "Active", " YES ", "true"), 1),
        (("0", 0, 0.0, False, "INACTIVE", "no", "False", "decoy"), 0),
        (("", None, "NA", "nan", math.nan, "null"), None),
    ],
)
def test_the_usual_words_are_labels(cells: tuple[Any, ...], label: int | None) -> None:
    assert [parse_label(cell) for cell in cells] == [(label, "")] * len(cells)


@pytest.mark.parametrize("cell", ["maybe", "2", -1, 0.5, "activ", "1 0"])
def test_other_words_are_no_labels(cell: Any) -> None:
    assert parse_label(cell) == (None, "is no label")


def test_affinities_become_free_energies() -> None:
    # RT ln 10 at 298.15 K is 5.708 kJ/mol, which is 1.3642 kcal/mol
    assert parse_affinity("9", "pKi")[0] == pytest.approx(-9 * 1.3642, abs=1e-3)
    for cell, unit in ((1, "nM"), ("0.001", "uM")):
        assert parse_affinity(cell, unit)[0] == pytest.approx(parse_affinity(9, "pKi")[0])
    for cell in ("-7.5", " -7.50 ", "-75E-1", -7.5, Decimal("-7.5")):
        assert parse_affinity(cell) == (-7.5, "")
    assert [parse_affinity(cell)[0] for cell in (".5", "+5.", "5", 5)] == [0.5, 5, 5, 5]
    assert parse_affinity("1e9", "nM")[0] == pytest.approx(0)
    assert parse_affinity("n/a", "nM") == (None, "")


@pytest.mark.parametrize(
    ("cell", "unit", "fault"),
    [
        (">10000", "nM", "is not a number"),
        ("1_0", "kcal_mol", "is not a number"),
        ("٧", "pKi", "is not a number"),
        ("-7,5", "kcal_mol", "is not a number"),
        (True, "kcal_mol", "is not a number"),
        (b"7", "pKi", "is not a number"),
        ("inf", "kcal_mol", "is not finite"),
        (0, "nM", "is no concentration: it is not above 0"),
        ("-9.1", "uM", "is no concentration: it is not above 0"),
        (350, "pKi", "is no pKi: it is not between 0 and 20"),
        (-9.1, "pKi", "is no pKi: it is not between 0 and 20"),
    ],
)
def test_what_is_no_affinity_is_said(cell: Any, unit: Any, fault: str) -> None:
    assert parse_affinity(cell, unit) == (None, fault)


def sdf_record(name: str, tags: dict[str, str]) -> str:
    items = "".join(f"> <{tag}>\n{value}\n\n" for tag, value in tags.items())
    atom = "    0.0000    0.0000    0.0000 C   0  0"
    return f"{name}\n\n\n  1  0  0  0  0  0  0  0  0  0999 V2000\n{atom}\nM  END\n{items}$$$$\n"


def test_tags_and_columns_follow_one_rule_of_case(tmp_path: Path) -> None:
    (tmp_path / "a.sdf").write_text(
        sdf_record("a", {"Active": "yes", "pIC50": "6"})
        # the same name wins over one that differs by case; of two such, neither is meant
        + sdf_record("b", {"Active": "yes", "active": "no", "PIC50": "7"})
        + sdf_record("c", {"Active": "yes", "ACTIVE": "no", "pic50": ""})
    )
    (tmp_path / "b.csv").write_text("SMILES,ACTIVE,PIC50\nCC,Yes,8\n")
    keys = {"label_column": "active", "affinity_column": "pic50", "affinity_unit": "pki"}
    split(Library(files=[tmp_path / "a.sdf", tmp_path / "b.csv"], **keys), tmp_path)
    rows = pq.read_table(tmp_path / "sources.parquet").to_pylist()
    assert [row["label"] for row in rows] == [1, 0, None, 1]
    found = [row["affinity_kcal_mol"] for row in rows]
    assert found[:2] + found[3:] == pytest.approx([-8.185, -9.549, -10.914], abs=1e-3)
    assert found[2] is None


def test_a_file_with_a_label_of_its_own_needs_no_column(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("smiles,act\nCC,high\n")
    files = {"path": tmp_path / "a.csv", "label": 1}
    split(Library(files=files, label_column="act"), tmp_path)
    assert pq.read_table(tmp_path / "sources.parquet")["label"].to_pylist() == [1]


def _labels(**told: Any) -> LabelsRead:
    none = {"active": 0, "inactive": 0, "unreadable": 0, "without": [], "examples": []}
    return LabelsRead(column="act", **none | told)


def test_nothing_is_said_where_all_was_understood() -> None:
    assert unreadable_words(Annotations()) == []
    labels = _labels(unreadable=5, examples=["a.csv:2: 'x' is no label"])
    assert unreadable_words(Annotations(labels=labels)) == [
        "The label of 5 records was not understood and left empty: a.csv:2: 'x' is no label and "
        "others."
    ]


def test_files_without_the_columns_are_unlabelled_and_named_once(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("smiles,act,dg\nCC,yes,-5\nCN,no,-4\n")
    (tmp_path / "b.smi").write_text("CCO b\n")
    (tmp_path / "c.sdf").write_text(sdf_record("c", {"x": "1"}))
    (tmp_path / "d.smi").write_text("CCCO d\n")
    files = [tmp_path / name for name in ("a.csv", "b.smi", "c.sdf")]
    decoys = {"path": tmp_path / "d.smi", "label": 0}
    settings = Library(files=[*files, decoys], label_column="act", affinity_column="dg")
    assert split(settings, tmp_path).told == [
        "The label 'act' is no column or tag of b.smi, c.sdf: their molecules have none.",
        "The affinity 'dg' is no column or tag of b.smi, c.sdf, d.smi: their molecules have none.",
    ]
    rows = pq.read_table(tmp_path / "sources.parquet").to_pylist()
    assert [row["label"] for row in rows] == [1, 0, None, None, 0]
    assert [row["affinity_kcal_mol"] for row in rows] == [-5, -4, None, None, None]


def test_a_column_that_no_file_has_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("smiles,active\nCC,yes\n")
    (tmp_path / "b.smi").write_text("CCO b\n")
    decoys = {"path": tmp_path / "b.smi", "label": 0}
    message = "no library file carries the label 'activ' .*did you mean 'active'"
    with pytest.raises(LibraryError, match=message):
        split(Library(files=[tmp_path / "a.csv", decoys], label_column="activ"), tmp_path / "out")


def test_many_files_without_a_column_are_counted() -> None:
    names = [f"{number}.smi" for number in range(8)]
    (told,) = absence_words(Annotations(labels=_labels(without=names)))
    assert "0.smi, 1.smi, 2.smi, 3.smi, 4.smi and 3 more files: " in told
    assert absence_words(Annotations()) == []
