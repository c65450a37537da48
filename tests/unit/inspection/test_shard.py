"""The stage as a command: which poses, one bad pose, a resume, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from screenmm.cli import main
from screenmm.config.settings import Inspection
from screenmm.docking.cnn import ask_cnn
from screenmm.files.sdf import sd_record
from screenmm.files.whole import write_text_gz
from screenmm.inspection.shard import best_poses
from screenmm.mmgbsa.shard import SCORE_SCHEMA
from screenmm.run.ledger import read_events
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.tables.dictionary import CNN_MINIMISED, names
from tests.unit.inspection.conftest import HINGE, posed, shifted

SCORES = {  # ligand: energies of its poses
    "AAA": [-20.0, -30.0],
    "BBB": [-10.0],
    "CCC": [float("nan"), -5.0],
    "DDD": [float("nan")],
    "EEE": [-7.0, -7.0],
    "FFF": [-6.0],
    "GGG": [-5.0],
}
BROKEN = "BBB"
COLLAPSED = "FFF"
"""Its hydrogens lie on their neighbours: ProLIF asks for the angles there."""
HYDROGEN = "GGG"
"""A molecule without heavy atoms: PoseBusters asks for them."""
OF_INTERACTIONS = ("residue", "kind", "distance_angstrom", "ligand_atoms")


def collapsed(mol: Chem.Mol) -> Chem.Mol:
    """A copy with its hydrogens where their neighbours are."""
    copy = Chem.Mol(mol)
    xyz = copy.GetConformer().GetPositions()
    for atom in copy.GetAtoms():
        if atom.GetAtomicNum() == 1:
            xyz[atom.GetIdx()] = xyz[atom.GetNeighbors()[0].GetIdx()]
    copy.GetConformer().SetPositions(xyz)
    return copy


@pytest.fixture(scope="module")
def shard(tmp_path_factory: pytest.TempPathFactory, ejm_42: Chem.Mol) -> Path:
    """Scores and poses of ligands, most of them ejm_42; one ligand's record is cut short."""
    folder = tmp_path_factory.mktemp("shard")
    rows, records = [], []
    for key, energies in SCORES.items():
        for pose, energy in enumerate(energies, start=1):
            tags = {"inchikey": key, "state": f"{key}_s1", "pose": pose}
            moved = {"moved_atoms": [], "moved_xyz_angstrom": []}
            rows.append({**tags, "dg_mmgbsa_kcal_mol": energy, **moved})
            mol = ejm_42
            if key == COLLAPSED:
                mol = collapsed(ejm_42)
            elif key == HYDROGEN:
                mol = shifted(posed("[H][H]"), ejm_42.GetConformer().GetPositions().mean(axis=0))
            record = sd_record(shifted(mol, pose - 1.0), f"{key}_s1_p{pose}", tags)
            if key == BROKEN:
                record = record.split("\n", 9)[0] + "\n\n\nno counts line\n$$$$\n"
            records.append(record)
    pq.write_table(pa.Table.from_pylist(rows, schema=SCORE_SCHEMA), folder / "b.parquet")
    write_text_gz(folder / "b.sdf.gz", "".join(records))
    return folder


def run(shard: Path, receptor: Path, out: Path, *, cnn: bool = False, **settings: object) -> int:
    section = Inspection.model_validate({"energy_conformers": 2, **settings})
    given = {"method": 1, "inspection": section.model_dump(), "docking": {"cnn": cnn}}
    return main(
        ["inspect", "--settings", json.dumps(given), "--workers", "1",
         "--scores", str(shard / "b.parquet"), "--minimised", str(shard / "b.sdf.gz"),
         "--receptor", str(receptor), "--inspected", str(out / "b.parquet"),
         "--events", str(out / "b.events.parquet")]
    )  # fmt: skip


def test_the_pose_of_lowest_energy_is_the_one(shard: Path) -> None:
    found = best_poses(shard / "b.parquet", shard / "b.sdf.gz")
    assert [(key, item["pose"]) for key, item in found] == [
        ("AAA", 2), ("BBB", 1), ("CCC", 2), ("EEE", 1), ("FFF", 1), ("GGG", 1),
    ]  # fmt: skip
    for key, item in found:
        assert item["record"].startswith(f"{key}_s1_p{item['pose']}\n")


def test_a_bad_pose_is_a_row_and_the_shard_goes_on(
    shard: Path, receptor_folder: Path, tmp_path: Path
) -> None:
    assert run(shard, receptor_folder, tmp_path / "one") == 0
    rows = {row["inchikey"]: row for row in pq.read_table(tmp_path / "one/b.parquet").to_pylist()}
    assert list(rows) == ["AAA", "CCC", "EEE", "FFF", "GGG"]
    event, of_interactions, of_checks = read_events([tmp_path / "one/b.events.parquet"])
    assert (event.stage, event.status, event.inchikey) == ("inspect", "failed", BROKEN)
    assert (event.receptor, event.reason) == ("tyk2", "inspection_failed")
    assert event.message.startswith("BBB_s1_p1: ")
    # half an inspection is kept; what failed is not known, which is not the same as none
    for half, key, reason, message in [
        (of_interactions, COLLAPSED, "interactions_unknown", "interactions: RuntimeError: "),
        (of_checks, HYDROGEN, "pose_checks_unknown", "pose checks: ValueError: zero-size array"),
    ]:
        assert (half.stage, half.status, half.inchikey) == ("inspect", "failed", key)
        assert (half.receptor, half.state, half.pose) == ("tyk2", f"{key}_s1", "1")
        assert half.reason == reason
        assert half.message.startswith(f"{key}_s1_p1: {message}")
    assert [rows[COLLAPSED][n] for n in OF_INTERACTIONS] == [None] * 4
    assert len(rows[COLLAPSED]["check_name"]) == len(rows[COLLAPSED]["passed"]) == 22
    assert rows[HYDROGEN]["check_name"] is rows[HYDROGEN]["passed"] is None
    assert [rows[HYDROGEN][n] for n in OF_INTERACTIONS] == [[]] * 4
    crystal = rows["EEE"]
    assert len(crystal["check_name"]) == 22
    assert crystal["passed"] == [True] * 22
    assert (HINGE, "hydrogen bond donor") in set(
        zip(crystal["residue"], crystal["kind"], strict=True)
    )
    lengths = {len(crystal[n]) for n in OF_INTERACTIONS}
    assert len(lengths) == 1
    # again: the same bytes, and nothing else is left
    assert run(shard, receptor_folder, tmp_path / "two") == 0
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == [
        "b.events.parquet", "b.parquet",
    ]  # fmt: skip
    for name in ("b.parquet", "b.events.parquet"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_the_cnn_is_asked_about_the_pose_in_the_receptor_as_it_is_then(
    receptor_folder: Path, ejm_42: Chem.Mol, tmp_path: Path
) -> None:
    text = ReceptorFolder(receptor_folder).pdbqt.read_text()
    at_rest = ask_cnn(text, ejm_42)
    with np.load(ReceptorFolder(receptor_folder).coordinates) as arrays:
        positions = arrays["positions_angstrom"]
    # both went by the same way, and are to each other as before; or the ligand alone did
    by = np.array([3.0, 2.0, -4.0])
    everything = (list(range(len(positions))), (positions + by).ravel().tolist())
    rows, records = [], []
    for key, mol, (atoms, xyz) in (
        ("AAA", ejm_42, ([], [])),
        ("BBB", shifted(ejm_42, by), everything),
        ("CCC", shifted(ejm_42, by), ([], [])),
        ("DDD", shifted(posed("C[Se]c1ccccc1"), ejm_42.GetConformer().GetPositions().mean(0)),
         ([], [])),
    ):  # fmt: skip
        tags = {"inchikey": key, "state": f"{key}_s1", "pose": 1}
        moved = {"moved_atoms": atoms, "moved_xyz_angstrom": xyz}
        rows.append({**tags, "dg_mmgbsa_kcal_mol": -5.0, **moved})
        records.append(sd_record(mol, f"{key}_s1_p1", tags))
    pq.write_table(pa.Table.from_pylist(rows, schema=SCORE_SCHEMA), tmp_path / "b.parquet")
    write_text_gz(tmp_path / "b.sdf.gz", "".join(records))
    assert run(tmp_path, receptor_folder, tmp_path / "with", cnn=True) == 0
    table = pq.read_table(tmp_path / "with/b.parquet")
    said = {row["inchikey"]: row for row in table.to_pylist()}
    score, affinity = (table[name].to_pylist() for name in names(CNN_MINIMISED))
    assert score[0] == pytest.approx(at_rest.cnn_score, abs=1e-3)
    assert affinity[0] == pytest.approx(at_rest.cnn_affinity_pk, abs=2e-3)
    # to the rounding of coordinates of a part of a voxel
    assert score[1] == pytest.approx(score[0], abs=5e-3)
    assert affinity[1] == pytest.approx(affinity[0], abs=2e-2)
    assert score[2] < score[0] - 0.1
    # no number, and the rest is known
    assert score[3] is affinity[3] is None
    assert said["DDD"]["check_name"]
    (event,) = read_events([tmp_path / "with/b.events.parquet"])
    assert (event.inchikey, event.pose, event.reason) == ("DDD", "1", "cnn_unknown")
    assert event.message.startswith("DDD_s1_p1: CNN: Meeko: ")
    # nobody is asked, and nothing is missed
    assert run(tmp_path, receptor_folder, tmp_path / "without") == 0
    table = pq.read_table(tmp_path / "without/b.parquet")
    assert [table[name].to_pylist() for name in names(CNN_MINIMISED)] == [[None] * 4] * 2
    assert read_events([tmp_path / "without/b.events.parquet"]) == []
