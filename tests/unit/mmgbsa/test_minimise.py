"""Packs of real complexes: composition, order, memory, overlap."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import openmm
import pytest
from rdkit import Chem

from screenmm.config.settings import Scoring
from screenmm.core.errors import LigandError, Reason
from screenmm.devices.platforms import PlatformChoice, choose_platform
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.forcefield.parameters import SystemOptions, build_system
from screenmm.mmgbsa.lbfgs import End, Options
from screenmm.mmgbsa.minimise import Minimised, minimise_alone, minimise_packs, overlaps
from screenmm.mmgbsa.packing import Member, is_out_of_memory
from screenmm.mmgbsa.score import Pose, field_of, model_of
from tests.unit.models import energy

OPTIONS = Scoring(pocket_radius_angstrom=6, flexible_radius_angstrom=3)
FIELD = field_of(OPTIONS)
CONVERGED = Options(tolerance=1.0, max_iterations=1500)


@pytest.fixture(scope="module")
def members(tyk2_model, tyk2_ligands: list[Chem.Mol]) -> list[Member]:
    poses = [Pose(ligand_parameters(m), m.GetConformer().GetPositions()) for m in tyk2_ligands[:5]]
    return [model_of(tyk2_model, pose, OPTIONS).member for pose in poses]


def total_kcal_mol(member: Member, result: Minimised | LigandError) -> float:
    assert isinstance(result, Minimised), result
    options = SystemOptions(
        movable=member.movable, restrained=member.restrained, restraint_k=FIELD.restraint_k
    )
    return energy(build_system(member.parameters, options, member.start_nm), result.positions_nm)


@pytest.fixture(scope="module")
def alone(members: list[Member]) -> list[float]:
    found = minimise_packs(members, FIELD, CONVERGED, choose_platform("CPU"), 1)
    return [total_kcal_mol(m, f) / 4.184 for m, f in zip(members, found, strict=True)]


@pytest.mark.parametrize("order", [[0, 1, 2, 3, 4], [3, 0, 4, 2, 1]])
def test_packs_converge_to_the_same_energies(members, alone, order: list[int]) -> None:
    shuffled = [members[i] for i in order]
    found = minimise_packs(shuffled, FIELD, CONVERGED, choose_platform("CPU"), 5)
    for place, index in enumerate(order):
        packed = total_kcal_mol(members[index], found[place]) / 4.184
        assert packed == pytest.approx(alone[index], abs=0.1)


def test_the_minimum_is_openmms(members, alone) -> None:
    member = members[0]
    options = SystemOptions(
        movable=member.movable, restrained=member.restrained, restraint_k=FIELD.restraint_k
    )
    system = build_system(member.parameters, options, member.start_nm)
    context = choose_platform("CPU").context(system)
    context.setPositions(member.start_nm)
    openmm.LocalEnergyMinimizer.minimize(context, 1.0, 2000)
    theirs = context.getState(getEnergy=True).getPotentialEnergy()._value / 4.184
    assert alone[0] == pytest.approx(theirs, abs=0.3)


def test_frozen_atoms_stay_where_they_are(members) -> None:
    member = members[1]
    found = minimise_alone(member, FIELD, Options(20.0, 30), choose_platform("CPU"))
    moved = np.linalg.norm(found.positions_nm - member.start_nm, axis=1)
    assert (moved[~member.movable] == 0).all()
    assert moved[member.movable].min() > 0


@dataclass(frozen=True)
class SmallDevice(PlatformChoice):
    """The CPU platform, refusing large Systems in the words of a GPU that is not here."""

    atoms: int = 0
    words: str = ""

    def context(self, system: openmm.System) -> openmm.Context:
        if system.getNumParticles() > self.atoms:
            raise openmm.OpenMMException(self.words)
        return super().context(system)


def test_a_pack_that_does_not_fit_is_halved(members, caplog) -> None:
    largest = max(len(member.parameters) for member in members)
    words = "Error creating array posq: CUDA_ERROR_OUT_OF_MEMORY (2)"
    device = SmallDevice("CPU", {"Threads": "1"}, atoms=2 * largest, words=words)
    brief = Options(20.0, 3)
    found = minimise_packs(members, FIELD, brief, device, 5)
    assert [isinstance(each, Minimised) for each in found] == [True] * 5
    assert "going on with 3" in caplog.text
    assert "going on with 2" in caplog.text
    too_small = SmallDevice("CPU", {"Threads": "1"}, atoms=100, words=words)
    with pytest.raises(openmm.OpenMMException, match="OUT_OF_MEMORY"):
        minimise_packs(members, FIELD, brief, too_small, 5)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Error creating array posq: CUDA_ERROR_OUT_OF_MEMORY (2)", True),
        ("Error uploading array: hipErrorOutOfMemory: out of memory", True),
        ("Error creating array exclusions: clCreateBuffer (-61)", True),
        ("Error invoking kernel: clEnqueueNDRangeKernel (-5)", True),
        ("Particle coordinate is NaN", False),
        ("No compatible CUDA device is available", False),
    ],
)
def test_lack_of_memory_is_told_from_other_errors(text: str, expected: bool) -> None:
    assert is_out_of_memory(openmm.OpenMMException(text)) is expected


def test_overlap_is_seen_and_bonds_are_none(members) -> None:
    member = members[0]
    assert not overlaps(member)
    start = member.start_nm.copy()
    start[-1] = start[0] + 0.05
    assert overlaps(replace(member, start_nm=start))


def test_atoms_in_one_place_are_a_reason(members) -> None:
    start = members[0].start_nm.copy()
    start[-1] = start[-5]
    broken = replace(members[0], start_nm=start)
    with pytest.raises(LigandError) as caught:
        minimise_alone(broken, FIELD, Options(20.0, 30), choose_platform("CPU"))
    assert caught.value.reason is Reason.CLASH_NOT_RELIEVED


def test_relief_alone_stops_when_the_clash_is_gone(members) -> None:
    member = members[2]
    ligand = member.movable.copy()
    ligand[: -len(ligand) // 10] = False
    start = member.start_nm.copy()
    start[ligand] += np.array([0.08, 0.0, 0.0])
    found = minimise_alone(
        replace(member, start_nm=start), FIELD, Options(0.0, 0), choose_platform("CPU")
    )
    assert found.end is End.ITERATIONS
    assert found.iterations == 0
