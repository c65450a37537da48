"""Predicted aligned errors from the files of those who predict."""

from __future__ import annotations

import json
from pathlib import Path

import gemmi
import numpy as np
import pytest

from screenmm.core.errors import ReceptorError
from screenmm.receptor.pae import read_pae

ERRORS = np.array([[0.2, 4.5, 9.0], [5.5, 0.2, 8.0], [12.0, 7.0, 0.2]])


def pairs() -> list[tuple[int, int, float]]:
    return [(i + 1, j + 1, float(ERRORS[i, j])) for i in range(3) for j in range(3)]


def modelcif() -> str:
    block = gemmi.cif.Document().add_new_block("model")
    tags = ["label_asym_id_1", "label_seq_id_1", "label_asym_id_2", "label_seq_id_2",
            "metric_id", "metric_value"]  # fmt: skip
    loop = block.init_loop("_ma_qa_metric_local_pairwise.", tags)
    place = {1: ("A", "1"), 2: ("A", "2"), 3: ("B", "1")}
    for i, j, value in pairs():
        loop.add_row([*place[i], *place[j], "2", str(value)])
    return block.as_string()


TEXTS = {
    "afdb_new.json": json.dumps(
        [{"predicted_aligned_error": ERRORS.tolist(), "max_predicted_aligned_error": 31.75}]
    ),
    "afdb_old.json": json.dumps(
        [
            {
                "residue1": [i for i, _, _ in pairs()],
                "residue2": [j for _, j, _ in pairs()],
                "distance": [value for _, _, value in pairs()],
                "max_predicted_aligned_error": 31.75,
            }
        ]
    ),
    "colabfold.json": json.dumps(
        {"plddt": [90, 80, 70], "max_pae": 12.0, "pae": ERRORS.tolist(), "ptm": 0.7}
    ),
    "model.cif": modelcif(),
}


@pytest.mark.parametrize("name", TEXTS)
def test_forms(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(TEXTS[name])
    assert read_pae(path).errors.tolist() == ERRORS.tolist()


@pytest.mark.parametrize("name", TEXTS)
def test_byte_order_mark(name: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text("\ufeff" + TEXTS[name])
    assert read_pae(path).errors.tolist() == ERRORS.tolist()


def test_boltz(tmp_path: Path) -> None:
    np.savez(tmp_path / "pae.npz", pae=ERRORS.astype(np.float32))
    assert read_pae(tmp_path / "pae.npz").errors == pytest.approx(ERRORS)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut"])
def test_a_damaged_archive(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "pae.npz").write_bytes(content)
    with pytest.raises(ReceptorError, match=r"pae\.npz cannot be read"):
        read_pae(tmp_path / "pae.npz")


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("{", "cannot be read"),
        ("[1, 2]", "no object with a PAE"),
        ('{"plddt": [1]}', "its keys are plddt"),
        ('{"pae": [[1, 2], [3]]}', "cannot be read"),
        ('{"pae": [[1, 2]]}', "1 × 2 numbers, no square"),
        ('{"pae": []}', "no square"),
        ('{"pae": [[0, -1], [1, 0]]}', "below 0"),
        ('{"residue1": [1, 2], "residue2": [1, 2], "distance": [0, 0]}', "lacks pairs"),
        (
            '{"residue1": [1, 3000000], "residue2": [1, 3000000], "distance": [1, 2]}',
            "residues: 3000000 have 9000000000000 pairs, and 2 are",
        ),
        ('{"residue1": [1, 1e300], "residue2": [1, 1], "distance": [1, 2]}', "cannot be read"),
        (
            f'{{"residue1": [1, {10**30}], "residue2": [1, 1], "distance": [1, 2]}}',
            "cannot be read",
        ),
        (
            '{"residue1": [1, 1, 2, 2], "residue2": [1, 2, 1, 2], "distance": [1, 2]}',
            "differ in length",
        ),
        (
            '{"residue1": [1, 1, 2, 2], "residue2": [1, 2, 1, 1], "distance": [1, 2, 3, 4]}',
            "lacks pairs",
        ),
        ('{"residue1": [0], "residue2": [0], "distance": [0]}', "not counted from 1"),
        ("data_x\n_cell.length_a 1\n", "no _ma_qa_metric_local_pairwise"),
    ],
)
def test_faults(text: str, fault: str, tmp_path: Path) -> None:
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(ReceptorError, match=fault):
        read_pae(path)
