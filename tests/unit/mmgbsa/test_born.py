"""OBC2 in NumPy against theory and against OpenMM."""

from __future__ import annotations

import numpy as np
import openmm
import pytest

from screenmm.forcefield.parameters import SURFACE_TENSION, Parameters, gbsa_force
from screenmm.mmgbsa.born import apolar_energies, born_integrals, born_radii, polar_energies
from tests.unit.models import energy


def openmm_energy(p: Parameters, positions_nm: np.ndarray, tension: float) -> float:
    system = openmm.System()
    for _ in range(len(p)):
        system.addParticle(1.0)
    system.addForce(gbsa_force(p, 1.0, 78.5, tension))
    return energy(system, positions_nm)


def test_one_charge_follows_born() -> None:
    """One charge of radius R: ΔG = -k q²/2R (1/εin - 1/εout); surface 4πγ(R + 1.4 Å)²."""
    position, radius, scale = np.zeros((1, 3)), np.array([0.2]), np.array([0.8])
    first, second = born_integrals(position, radius, scale, 0)
    assert first[0] == second[0] == 0.0
    born = born_radii(first + second, radius)
    assert born[0] == pytest.approx(0.2 - 0.009)  # OBC's offset, nothing descreens
    polar = polar_energies(position, np.ones(1), born, 1 - 1 / 78.5)
    assert polar[0] == pytest.approx(-0.5 * 138.935456 * (1 - 1 / 78.5) / 0.191, rel=1e-9)
    area = 4 * np.pi * 0.34**2
    apolar = apolar_energies(born, radius)
    assert apolar[0] == pytest.approx(SURFACE_TENSION * area * (0.2 / 0.191) ** 6, rel=1e-9)


@pytest.mark.parametrize("squeeze", [1.0, 0.5])
def test_energies_are_openmms(ejm_42, ejm_42_parameters, squeeze: float) -> None:
    # squeezed to half its size, atoms engulf each other: the integral's rarer branches
    p = ejm_42_parameters
    positions = ejm_42.GetConformer().GetPositions() / 10 * squeeze
    first, second = born_integrals(positions, p.gb_radii, p.gb_scales, 10)
    born = born_radii(first + second, p.gb_radii)
    polar = polar_energies(positions, p.charges, born, 1 - 1 / 78.5).sum()
    apolar = apolar_energies(born, p.gb_radii).sum()
    assert polar == pytest.approx(openmm_energy(p, positions, 0.0), rel=1e-6)
    assert polar + apolar == pytest.approx(openmm_energy(p, positions, SURFACE_TENSION), rel=1e-6)


def test_integrals_split_by_molecule(ejm_42, ejm_42_parameters) -> None:
    p = ejm_42_parameters
    positions = ejm_42.GetConformer().GetPositions() / 10
    whole = sum(born_integrals(positions, p.gb_radii, p.gb_scales, 12))
    part, _ = born_integrals(positions, p.gb_radii, p.gb_scales, 12)
    alone, _ = born_integrals(positions[:12], p.gb_radii[:12], p.gb_scales[:12], 12)
    assert part[:12] == pytest.approx(alone, rel=1e-12)
    assert (whole >= part).all()
    # more atoms than one block of rows
    many = np.concatenate([positions, positions + 3.0, positions - 3.0])
    radii, scales = np.tile(p.gb_radii, 3), np.tile(p.gb_scales, 3)
    assert len(many) > 64
    near = sum(born_integrals(many, radii, scales, 0))[: len(positions)]
    assert near == pytest.approx(whole, abs=0.05)
