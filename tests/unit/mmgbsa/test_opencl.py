"""The whole engine on OpenCL, the code path of a GPU: packed and single, against the others."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

pytestmark = [pytest.mark.opencl, pytest.mark.system, pytest.mark.minutes(7)]

SCRIPT = Path(__file__).with_name("opencl_run.py")


@pytest.fixture(scope="module")
def found(opencl_environment, tyk2_model, tyk2_ligands, tmp_path_factory) -> dict:
    folder = tmp_path_factory.mktemp("opencl")
    tyk2_model.save(folder)
    with Chem.SDWriter(str(folder / "ligands.sdf")) as writer:
        for mol in tyk2_ligands:
            writer.write(mol)
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(folder)],
        env=opencl_environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


def column(rows: list[dict], name: str = "dg") -> np.ndarray:
    return np.array([row[name] for row in rows])


def test_every_term_agrees_with_reference(found: dict) -> None:
    for term, energy in found["Reference"].items():
        assert found["OpenCL"][term] == pytest.approx(energy, abs=0.01 * 4.184), term


def test_minimised_scores_agree_with_the_cpu(found: dict) -> None:
    assert column(found["pack of 1"]) == pytest.approx(column(found["CPU"]), abs=0.5)
    assert column(found["pack of 4"]) == pytest.approx(column(found["CPU"]), abs=0.5)


def test_packs_of_one_and_four_agree(found: dict) -> None:
    alone, packed = column(found["pack of 1"]), column(found["pack of 4"])
    assert packed == pytest.approx(alone, abs=0.1)
    assert np.argsort(packed).tolist() == np.argsort(alone).tolist()


def test_a_pack_of_64_walks_the_same_way(found: dict) -> None:
    first = found["pack of 64, brief"][:4]
    assert column(first) == pytest.approx(column(found["pack of 1, brief"]), abs=0.1)
    assert len(found["pack of 64, brief"]) == 64


def test_only_the_exploding_member_of_a_pack_is_lost(found: dict) -> None:
    rows = found["spoilt, brief"]
    assert [row.get("reason") for row in rows] == [None] * 2 + ["clash_not_relieved", None]
    kept = [0, 1, 3]
    alone = column(found["pack of 1, brief"])[kept]
    assert column([rows[i] for i in kept]) == pytest.approx(alone, abs=0.1)
