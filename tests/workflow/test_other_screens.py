"""Screens on one core, of given poses, and with another engine."""

from __future__ import annotations

import pytest
from rdkit import Chem

from screenmm.config.engines import engines

from .conftest import FRAGMENTS, STABLE, Screen, rows

pytestmark = [pytest.mark.workflow, pytest.mark.system, pytest.mark.minutes(6)]


def _have_the_cnn_s_opinion(ranking: list[dict[str, str]]) -> None:
    """Of the pose as it was placed, and as it was minimised."""
    for row in ranking:
        assert 0 < float(row["cnn_score"]) < 1
        assert 0 < float(row["cnn_score_minimised"]) < 1
        assert 1 < float(row["cnn_affinity_pk"]) < 10
        assert 1 < float(row["cnn_affinity_minimised_pk"]) < 10
        assert row["cnn_score"] != row["cnn_score_minimised"]


def test_one_core_gives_the_same_bytes(finished: Screen, screen: Screen):
    screen.run(1)
    assert screen.bytes_of(*STABLE) == finished.bytes_of(*STABLE)


def test_given_poses_are_scored_without_docking(screen: Screen, tyk2_ligands):
    writer = Chem.SDWriter(str(screen.folder / "posed.sdf"))
    for mol in tyk2_ligands[:3]:
        writer.write(mol)
    away = Chem.Mol(tyk2_ligands[3])
    for index, xyz in enumerate(away.GetConformer().GetPositions() + 40.0):
        away.GetConformer().SetAtomPosition(index, xyz.tolist())
    writer.write(away)
    writer.close()
    screen.config["library"] = {"files": ["posed.sdf"]}
    screen.config["docking"] = {"engine": "given"}
    screen.run()
    ranking = rows(screen.results / "ranking.csv")
    assert len(ranking) == 3
    assert all(row["dg_mmgbsa_kcal_mol"] and not row["dock_score_kcal_mol"] for row in ranking)
    _have_the_cnn_s_opinion(ranking)
    (failed,) = [r for r in rows(screen.results / "ledger.csv") if r["status"] == "failed"]
    assert failed["reason"] == "pose_outside_pocket"
    assert failed["stage"] == "dock"


def test_vina_screens(screen: Screen):
    pytest.importorskip("vina", reason=f"no vina here: {engines()['vina'].get}")
    screen.write_library({k: FRAGMENTS[k] for k in ("indole", "phenol")})
    screen.config["docking"] = {"engine": "vina", "exhaustiveness": 1, "poses": 2}
    screen.run()
    ranking = rows(screen.results / "ranking.csv")
    assert len(ranking) == 2
    assert all(row["dock_score_kcal_mol"] for row in ranking)
    _have_the_cnn_s_opinion(ranking)
