"""A shard: packs, failures, replicas, and what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem
from rdkit.Geometry import Point3D

from screenmm.config.settings import Scoring
from screenmm.core.errors import PlatformError
from screenmm.core.seeds import seed_for
from screenmm.devices.platforms import PlatformChoice, choose_platform
from screenmm.files.sdf import sd_record
from screenmm.files.whole import write_text_gz
from screenmm.mmgbsa import minimise
from screenmm.mmgbsa.score import Pose, jittered
from screenmm.mmgbsa.shard import Scorer, score_shard
from screenmm.run.ledger import read_events
from screenmm.tables.dictionary import RESIDUE_TERMS

pytestmark = pytest.mark.minutes(2)

KEYS = ["AAA", "BBB", "CCC", "DDD", "EEE", "FFF"]
EXPLODING, BORONIC = "CCC", "EEE"


def placed(mol: Chem.Mol, xyz: np.ndarray) -> Chem.Mol:
    copy = Chem.Mol(mol)
    for index, point in enumerate(xyz):
        copy.GetConformer().SetAtomPosition(index, Point3D(*point.tolist()))
    return copy


@pytest.fixture(scope="module")
def poses(tyk2_ligands: list[Chem.Mol], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Four binders, one with two atoms in one place, one with an element without parameters."""
    center = tyk2_ligands[0].GetConformer().GetPositions().mean(axis=0)
    boronic = Chem.AddHs(Chem.MolFromSmiles("OB(O)c1ccccc1"))
    AllChem.EmbedMolecule(boronic, randomSeed=1)
    xyz = boronic.GetConformer().GetPositions()
    mols = dict(zip(KEYS, tyk2_ligands, strict=False))
    mols[BORONIC] = placed(boronic, xyz - xyz.mean(axis=0) + center)
    xyz = mols[EXPLODING].GetConformer().GetPositions()
    xyz[0] = xyz[-1]
    mols[EXPLODING] = placed(mols[EXPLODING], xyz)
    records = [
        sd_record(mol, f"{key}_s1_p1", {"inchikey": key, "state": f"{key}_s1", "pose": 1})
        for key, mol in mols.items()
    ]
    path = tmp_path_factory.mktemp("poses") / "b.sdf.gz"
    write_text_gz(path, "".join(records))
    return path


@pytest.fixture(scope="module")
def receptor(tyk2_model, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("receptors") / "wt"
    folder.mkdir()
    tyk2_model.save(folder)
    return folder


def run(poses: Path, receptor: Path, out: Path, workers: int = 1, **scoring: object) -> Path:
    out.mkdir(exist_ok=True)
    settings = {"pocket_radius_angstrom": 7, "platform": "CPU", **scoring}
    score_shard(
        Scoring.model_validate(settings),
        seed=1,
        poses=poses,
        receptor=receptor,
        scores=out / "b.parquet",
        minimised=out / "b.sdf.gz",
        events=out / "b.events.parquet",
        workers=workers,
        asked=json.dumps(settings),
    )
    return out


@pytest.fixture(scope="module")
def packed(poses: Path, receptor: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(poses, receptor, tmp_path_factory.mktemp("packed"), pack_size=7)


@pytest.fixture(scope="module")
def single(poses: Path, receptor: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return run(poses, receptor, tmp_path_factory.mktemp("single"), pack_size=1)


def test_a_pack_loses_only_what_cannot_be_scored(packed: Path) -> None:
    rows = pq.read_table(packed / "b.parquet").to_pylist()
    assert [row["inchikey"] for row in rows] == [k for k in KEYS if k not in (EXPLODING, BORONIC)]
    events = {e.inchikey: e for e in read_events([packed / "b.events.parquet"])}
    assert set(events) == {EXPLODING, BORONIC}
    assert events[EXPLODING].reason == "clash_not_relieved"
    assert events[BORONIC].reason == "parameters_missing"
    assert "B" in events[BORONIC].message


def test_packed_and_single_scores_agree(packed: Path, single: Path) -> None:
    # the minimisation ends well before the last tenth of a kcal/mol; test_opencl.py converges
    one, many = (pq.read_table(folder / "b.parquet").to_pylist() for folder in (single, packed))
    for a, b in zip(one, many, strict=True):
        assert b["dg_mmgbsa_kcal_mol"] == pytest.approx(a["dg_mmgbsa_kcal_mol"], abs=0.4)
        assert len(a["replicas_kcal_mol"]) == len(b["replicas_kcal_mol"]) == 1


def test_workers_do_not_change_a_byte(
    single: Path, poses: Path, receptor: Path, tmp_path: Path
) -> None:
    two = run(poses, receptor, tmp_path, workers=2, pack_size=1)
    for name in ("b.parquet", "b.sdf.gz", "b.events.parquet"):
        assert (single / name).read_bytes() == (two / name).read_bytes()


def test_each_pose_says_that_the_host_computed_beside_a_cpus_forces(packed: Path) -> None:
    rows = pq.read_table(packed / "b.parquet").to_pylist()
    assert {(row["platform"], row["own_kernels"]) for row in rows} == {("CPU", "host")}


def test_a_pose_says_where_each_of_its_parts_was_computed(
    tyk2_ligands: list[Chem.Mol], receptor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A card minimises the first pose, and is given up before anything else."""
    left = iter(["a card"])

    def computed(platform, ours, host, count=1) -> tuple[object, str]:
        return host(), next(left, "host")

    monkeypatch.setattr(minimise, "computed", computed)
    settings = Scoring(pocket_radius_angstrom=7, max_iterations=60, jitter_replicas=0)
    scorer = Scorer(settings, 7, receptor, choose_platform("CPU"), 1, False)
    records = [
        [sd_record(mol, f"{key}_s1_p1", {"inchikey": key, "state": f"{key}_s1", "pose": 1})]
        for key, mol in zip(KEYS[:2], tyk2_ligands, strict=False)
    ]
    poses = [pose for ligand in scorer(records) for pose in ligand["poses"]]
    assert [pose["row"]["own_kernels"] for pose in poses] == ["a card and host", "host"]


def test_residues_and_the_ligands_own_part_sum_to_the_score(packed: Path) -> None:
    for row in pq.read_table(packed / "b.parquet").to_pylist():
        residues = sum(sum(row[each.name]) for each in RESIDUE_TERMS)
        own = row["ligand_gb_kcal_mol"] + row["ligand_sa_kcal_mol"] + row["strain_kcal_mol"]
        assert residues + own == pytest.approx(row["dg_mmgbsa_kcal_mol"], abs=0.01)
        assert len(row["residue"]) > 20


def test_replicas_follow_the_setting(poses: Path, receptor: Path, tmp_path: Path) -> None:
    run(poses, receptor, tmp_path, jitter_replicas=3)
    rows = pq.read_table(tmp_path / "b.parquet").to_pylist()
    assert [len(row["replicas_kcal_mol"]) for row in rows] == [3] * 4
    spreads = [np.std([row["dg_mmgbsa_kcal_mol"], *row["replicas_kcal_mol"]]) for row in rows]
    assert all(0.01 < spread < 15 for spread in spreads)


def test_each_poses_replicas_have_a_seed_of_their_own(
    tyk2_ligands: list[Chem.Mol], receptor: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two poses of one state start from the same coordinates, and are displaced otherwise."""
    noted: list[int] = []

    def spy(pose: Pose, options: Scoring, seed: int) -> list[Pose]:
        noted.append(seed)
        return jittered(pose, options, seed)

    monkeypatch.setattr("screenmm.mmgbsa.shard.jittered", spy)
    settings = Scoring(pocket_radius_angstrom=6, flexible_radius_angstrom=2, max_iterations=1)
    scorer = Scorer(settings, 7, receptor, choose_platform("CPU"), 1, False)
    titles = ["AAA_s1_p1", "AAA_s1_p2"]
    records = [
        sd_record(tyk2_ligands[0], title, {"inchikey": "AAA", "state": "AAA_s1", "pose": title[-1]})
        for title in titles
    ]
    scorer([records])
    assert noted == [seed_for(7, "jitter", title) for title in titles]


def test_a_minimisation_cut_short_is_told(
    packed: Path, poses: Path, receptor: Path, tmp_path: Path
) -> None:
    run(poses, receptor, tmp_path, jitter_replicas=0, max_iterations=3)
    ends = [
        {row["minimisation"] for row in pq.read_table(folder / "b.parquet").to_pylist()}
        for folder in (packed, tmp_path)
    ]
    assert ends == [{"converged"}, {"iterations"}]


def test_a_worker_whose_gpu_does_not_compute_says_so_before_it_blames_a_ligand(receptor: Path):
    gone = PlatformChoice("CUDA", {"DeviceIndex": "9"}, "of an earlier worker")
    with pytest.raises(PlatformError, match="platform CUDA does not compute here") as caught:
        Scorer(Scoring(), 1, receptor, gone, 64, False)
    assert "To mend it" in str(caught.value)
