"""ΔΔG: nothing for a residue that is built anew as it is, much for one that fills the pocket."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem

from screenmm.config.settings import Scoring
from screenmm.devices.platforms import choose_platform
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.mmgbsa.score import Pose
from screenmm.variants.binding import (
    Protein,
    Start,
    neighbourhood,
    rotamer_costs,
    score_in,
    starts_of,
)
from screenmm.variants.model import Prepared, mutate

from .test_model import VAL_93, index_of

CPU = choose_platform("CPU")
OPTIONS = Scoring(jitter_replicas=0)


@pytest.fixture(scope="module")
def start(wild: Prepared, tyk2_ligands: list[Chem.Mol]) -> Start:
    mol = tyk2_ligands[0]
    pose = Pose(ligand_parameters(mol), mol.GetConformer().GetPositions())
    (found,) = starts_of(wild.model, [pose], OPTIONS, CPU)
    assert isinstance(found, Start)
    return found


def ddg(wild: Prepared, start: Start, new: str) -> tuple[float, np.ndarray]:
    site = index_of(wild, VAL_93)
    around = neighbourhood(wild, [site])
    mutant = mutate(wild, {site: new}, 3)
    costs = rotamer_costs(mutant, around, OPTIONS, CPU)
    sides = (Protein.of_wild_type(wild), Protein(wild, mutant, costs))
    before, after = (
        min(each.dg_kcal_mol(0) for each in score_in(side, [[start]], around, OPTIONS, CPU))
        for side in sides
    )
    return after - before, costs


def test_a_residue_built_anew_as_it_is_does_nothing(wild: Prepared, start: Start) -> None:
    change, costs = ddg(wild, start, "VAL")
    assert abs(change) < 0.3
    assert costs.min() == 0.0


def test_a_larger_side_chain_under_the_ligand_weakens(wild: Prepared, start: Start) -> None:
    change, _ = ddg(wild, start, "PHE")
    assert change > 0.5


def test_the_same_residues_are_free_in_both(wild: Prepared) -> None:
    site = index_of(wild, VAL_93)
    around = neighbourhood(wild, [site])
    assert site in around.free
    assert set(around.free) <= set(around.inside)
    linked = wild.model.residues[wild.model.parameters.bonds]
    free = np.isin(linked, around.free)
    assert set(linked[free.any(axis=1)].ravel().tolist()) <= set(around.inside)


def test_a_rotamer_goes_with_its_backbone(wild: Prepared, start: Start) -> None:
    site = index_of(wild, VAL_93)
    mutant = mutate(wild, {site: "PHE"}, 3)
    there = Protein(wild, mutant, np.array([0.0, 1.0, 9.0]))
    assert there.costs_kcal_mol.tolist() == [0.0, 1.0]
    moved = Start(start.pose, wild.model.positions_angstrom + 1.0)
    assert np.allclose(
        there.at(moved, 1).positions_angstrom, mutant.receptor(1).positions_angstrom + 1.0
    )
