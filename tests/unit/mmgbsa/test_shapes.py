"""Packs filled up to common shapes: members feel nothing of it, and the shapes are few."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import openmm
import pytest
from rdkit import Chem

from screenmm.config.settings import Scoring
from screenmm.devices.platforms import PlatformChoice, choose_platform
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.forcefield.parameters import SystemOptions, build_system, join, moving_terms
from screenmm.mmgbsa.packing import Member, Pack
from screenmm.mmgbsa.score import Pose, field_of, jittered, model_of
from screenmm.mmgbsa.shapes import BLOCK, _tiles, filled_up, rounded_up
from screenmm.receptor.model import ReceptorModel

OPTIONS = Scoring(pocket_radius_angstrom=6, flexible_radius_angstrom=3, jitter_replicas=3)
REACH_NM = 6.0


@pytest.fixture(scope="module")
def members(tyk2_model: ReceptorModel, tyk2_ligands: list[Chem.Mol]) -> list[Member]:
    """Of four ligands, each four times over."""
    poses = [
        Pose(ligand_parameters(mol), mol.GetConformer().GetPositions()) for mol in tyk2_ligands[:4]
    ]
    several = [each for i, pose in enumerate(poses) for each in (pose, *jittered(pose, OPTIONS, i))]
    return [model_of(tyk2_model, pose, OPTIONS).member for pose in several]


def apart(members: list[Member]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Positions of members in a row, what may move, what is restrained."""
    places = [
        each.start_nm - each.start_nm.mean(axis=0) + [2 * REACH_NM * i, 0, 0]
        for i, each in enumerate(members)
    ]
    starts = np.cumsum([0] + [len(each.parameters) for each in members[:-1]])
    restrained = [each.restrained + start for each, start in zip(members, starts, strict=True)]
    movable = np.concatenate([each.movable for each in members])
    return np.concatenate(places), movable, np.concatenate(restrained)


def forces(system: openmm.System, positions_nm: np.ndarray) -> np.ndarray:
    context = choose_platform("CPU").context(system)
    context.setPositions(positions_nm)
    return context.getState(getForces=True).getForces(asNumpy=True)._value


def test_members_feel_nothing_of_what_fills_up(members: list[Member]) -> None:
    several = members[::5]
    whole = join([each.parameters for each in several])
    positions, movable, restrained = apart(several)
    common = {"restraint_k": 1e3, "cutoff_nm": REACH_NM, "forces_only": True}
    plain = build_system(
        whole, SystemOptions(movable=movable, restrained=restrained, **common), positions
    )
    found = filled_up(whole, positions, movable, restrained, REACH_NM)
    options = SystemOptions(movable=found.movable, restrained=found.restrained, **common)
    filled = build_system(found.parameters, options, found.positions_nm)
    moved = positions + np.random.default_rng(1).normal(0, 0.003, positions.shape)
    expected = forces(plain, moved)[movable]
    beside = np.concatenate([moved, found.positions_nm[len(moved) :]])
    seen = forces(filled, beside)
    assert np.isfinite(seen).all()
    assert len(seen) > len(moved)
    assert seen[: len(moved)][movable] == pytest.approx(expected, rel=1e-4, abs=0.05)


@dataclass(frozen=True)
class Counting(PlatformChoice):
    """A GPU's choice that counts what is in a System, and makes no Context."""

    seen: list[tuple] = field(default_factory=list)

    def context(self, system: openmm.System) -> None:  # type: ignore[override]
        asked = ("Bonds", "Angles", "Torsions", "Particles")
        counts = [
            getattr(force, f"getNum{name}")()
            for force in system.getForces()
            for name in asked
            if hasattr(force, f"getNum{name}")
        ]
        (nonbonded,) = (f for f in system.getForces() if isinstance(f, openmm.NonbondedForce))
        self.seen.append((*counts, nonbonded.getCutoffDistance()._value))


def test_packs_of_other_ligands_have_the_same_shape(members: list[Member]) -> None:
    gpu = Counting("CUDA")
    for start in range(4):
        Pack([*members[start:], *members[:start]], field_of(OPTIONS), gpu)
    Pack([*members[:12], *members[:4]], field_of(OPTIONS), gpu)
    atoms = {sum(len(each.parameters) for each in members[a:b]) for a, b in ((0, 4), (4, 8))}
    assert len(atoms) == 2
    assert len(set(gpu.seen)) <= 2


def test_tiles_and_pairs_reach_the_scale(members: list[Member]) -> None:
    whole = join([each.parameters for each in members])
    positions, movable, restrained = apart(members)
    found = filled_up(whole, positions, movable, restrained, REACH_NM).parameters
    tiles, most = _tiles(found)
    own, own_most = _tiles(moving_terms(whole, movable))
    assert tiles == rounded_up(tiles) > own
    assert most == 8 >= own_most
    pairs = (found.exception_values[:, [0, 2]] != 0).any(axis=1).sum()
    assert pairs == rounded_up(int(pairs))
    for name in ("bonds", "angles", "torsions"):
        assert len(getattr(found, name)) == rounded_up(len(getattr(found, name))), name
    assert len(found) == rounded_up(len(found))
    # no pair twice: OpenMM would refuse it
    pair = np.sort(found.exceptions, axis=1)
    assert len(np.unique(pair, axis=0)) == len(pair)


def test_tiles_are_counted_as_openmm_counts_them() -> None:
    one = ligand_parameters(Chem.AddHs(Chem.MolFromSmiles("C" * 40)))
    assert len(one) > 3 * BLOCK
    blocks = {
        tuple(sorted((i // BLOCK, j // BLOCK)))
        for i, j in one.exceptions.tolist()
        if i // BLOCK != j // BLOCK
    }
    neighbours = [sum(b in pair for pair in blocks) for b in range(len(one) // BLOCK + 1)]
    assert _tiles(one) == (len(blocks), max(neighbours) + 1)


@pytest.mark.parametrize("count", [0, 1, 16, 17, 511, 513, 73_000])
def test_the_scale_is_coarse_and_never_down(count: int) -> None:
    up = rounded_up(count)
    assert count <= up <= count * 17 / 16 + 16
    assert rounded_up(up) == up
