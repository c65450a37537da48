"""Carving takes whole residues."""

from __future__ import annotations

import numpy as np
from scipy.spatial.distance import cdist

from screenmm.mmgbsa.carve import carve


def test_residues_are_whole_and_near(tyk2_model, ejm_42):
    pose = ejm_42.GetConformer().GetPositions()
    carving = carve(tyk2_model, pose, 10.0, 5.0)
    inside = set(tyk2_model.residues[carving.atoms])
    assert set(np.flatnonzero(np.isin(tyk2_model.residues, list(inside)))) == set(carving.atoms)
    distance = cdist(tyk2_model.positions_angstrom, pose).min(axis=1)
    assert set(tyk2_model.residues[distance <= 10.0]) <= inside
    flexible = set(tyk2_model.residues[carving.atoms[carving.flexible]])
    assert flexible == set(tyk2_model.residues[distance <= 5.0])


def test_hinge_residue_of_tyk2_is_flexible(tyk2_model, ejm_42):
    """The inhibitors bind the hinge; Val981 of TYK2 is residue 92 in this numbering."""
    carving = carve(tyk2_model, ejm_42.GetConformer().GetPositions(), 10.0, 5.0)
    flexible = {
        tyk2_model.residue_labels[r] for r in tyk2_model.residues[carving.atoms[carving.flexible]]
    }
    assert any(label.startswith("VAL") for label in flexible)
    assert 10 <= len(flexible) <= 40


def test_no_flexible_radius_freezes_the_receptor(tyk2_model, ejm_42):
    carving = carve(tyk2_model, ejm_42.GetConformer().GetPositions(), 8.0, 0.0)
    assert not carving.flexible.any()
