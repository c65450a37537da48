"""Models of mutants: what is exchanged, what stays, and the force field of the whole."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import openmm
import pytest
from openmm import app

from screenmm.config.settings import Pocket, Receptor
from screenmm.core.errors import ReceptorError
from screenmm.forcefield.parameters import Parameters, SystemOptions, build_system, extract
from screenmm.receptor.forcefield import polymer_system
from screenmm.receptor.prepare import prepare_receptor
from screenmm.residues.synonyms import AMINO_ACIDS
from screenmm.stages.prepare_receptor import write_folder
from screenmm.variants.model import Prepared, check_site, mutate

VAL_93 = "A:VAL:93"


def index_of(wild: Prepared, label: str) -> int:
    return int(np.flatnonzero(wild.model.residue_labels == label)[0])


def whole_parametrised(prepared: Prepared) -> Parameters:
    """Parameters by the force field's own templates, of the whole protein at once."""
    topology = app.Topology()
    chain = topology.addChain("A")
    atoms = []
    for residue, label in enumerate(prepared.model.residue_labels):
        *_, name, number = str(label).split(":")
        added = topology.addResidue(name, chain, number)
        part = prepared.atoms(residue)
        for atom, element in zip(prepared.names[part], prepared.elements[part], strict=True):
            atoms.append(topology.addAtom(atom, app.Element.getBySymbol(element), added))
    for one, other in prepared.model.parameters.bonds:
        topology.addBond(atoms[one], atoms[other])
    return extract(polymer_system(topology), topology)


def energy(parameters: Parameters, angstrom: np.ndarray) -> float:
    system = build_system(parameters, SystemOptions())
    platform = openmm.Platform.getPlatformByName("Reference")
    context = openmm.Context(system, openmm.VerletIntegrator(0.001), platform)
    context.setPositions(angstrom / 10)
    unit = openmm.unit.kilocalorie_per_mole
    return float(context.getState(energy=True).getPotentialEnergy().value_in_unit(unit))


@pytest.mark.parametrize("new", ["ALA", "GLY", "PHE", "LYS", "ASP", "HIS", "PRO", "CYS"])
def test_a_mutant_has_the_energy_that_the_whole_force_field_gives_it(
    wild: Prepared, new: str
) -> None:
    mutant = mutate(wild, {index_of(wild, VAL_93): new}, 2)
    built = mutant.prepared
    whole = whole_parametrised(built)
    spliced = built.model.parameters
    assert len(spliced) == len(whole)
    for name in ("bonds", "angles", "torsions", "exceptions"):
        assert len(getattr(spliced, name)) == len(getattr(whole, name)), name
    xyz = built.model.positions_angstrom
    assert energy(spliced, xyz) == pytest.approx(energy(whole, xyz), rel=1e-9)


def test_every_amino_acid_can_be_made_and_charges_are_whole(wild: Prepared) -> None:
    site = index_of(wild, "A:LEU:9")
    before = wild.model.parameters.charges.sum()
    charged = {"ARG": 1, "LYS": 1, "ASP": -1, "GLU": -1}
    for name in sorted(AMINO_ACIDS):
        built = mutate(wild, {site: name}, 1).prepared
        change = built.model.parameters.charges.sum() - before
        assert change == pytest.approx(charged.get(name, 0), abs=1e-4), name
        assert built.model.residue_labels[site] == f"A:{name}:9"
        counts = np.bincount(built.model.residues)
        assert (counts > 0).all()


def test_all_but_the_exchanged_side_chain_stays_bit_for_bit(wild: Prepared) -> None:
    site = index_of(wild, VAL_93)
    mutant = mutate(wild, {site: "PHE"}, 4)
    before, after = wild.model, mutant.prepared.model
    for xyz in mutant.rotamers:
        assert np.array_equal(
            xyz[after.residues != site], before.positions_angstrom[before.residues != site]
        )
    for name in ("charges", "sigmas", "epsilons", "gb_radii"):
        one, other = getattr(before.parameters, name), getattr(after.parameters, name)
        assert np.array_equal(one[before.residues != site], other[after.residues != site])
    old, new = wild.places(site), mutant.prepared.places(site)
    for name in ("N", "CA", "C", "O", "CB"):
        assert np.allclose(old[name], new[name], rtol=0, atol=1e-9)


def test_rotamers_differ_and_the_same_come_again(wild: Prepared) -> None:
    site = index_of(wild, VAL_93)
    one, other = (mutate(wild, {site: "PHE"}, 4) for _ in range(2))
    assert len(one.rotamers) == 3
    assert all(np.array_equal(a, b) for a, b in zip(one.rotamers, other.rotamers, strict=True))
    for first, second in ((0, 1), (0, 2), (1, 2)):
        apart = np.linalg.norm(one.rotamers[first] - one.rotamers[second], axis=1)
        assert apart.max() > 2.0


def test_two_residues_at_once(wild: Prepared) -> None:
    sites = [index_of(wild, VAL_93), index_of(wild, "A:MET:90")]
    mutant = mutate(wild, dict(zip(sites, ("ALA", "LEU"), strict=True)), 4)
    labels = mutant.prepared.model.residue_labels[sites].tolist()
    assert labels == ["A:ALA:93", "A:LEU:90"]
    assert len(whole_parametrised(mutant.prepared)) == len(mutant.prepared.names)


def test_a_cap_and_a_disulfide_cannot_be_exchanged(wild: Prepared) -> None:
    with pytest.raises(ReceptorError, match="A:ACE:1 is none of the 20 amino acids"):
        check_site(wild, index_of(wild, "A:ACE:1"))
    cysteines = [k for k in range(len(wild.model.residue_labels)) if wild.residue_name(k) == "CYS"]
    one, other = cysteines[:2]
    sulfurs = [
        wild.atoms(k).start + wild.names[wild.atoms(k)].tolist().index("SG") for k in (one, other)
    ]
    bonds = np.vstack([wild.model.parameters.bonds, [sulfurs]]).astype(np.int32)
    bridged = replace(
        wild, model=replace(wild.model, parameters=replace(wild.model.parameters, bonds=bonds))
    )
    with pytest.raises(ReceptorError, match="beside its neighbours in the chain"):
        check_site(bridged, one)


def test_beside_a_disulfide_a_residue_can_be_exchanged_and_the_cysteine_cannot(
    benchmark_data: Path, tmp_path: Path
) -> None:
    data = benchmark_data / "complexes/deposited/1bju_GP6"
    pocket = Pocket(ligand=data / "ligand.sdf")
    settings = Receptor(structure=data / "receptor.pdb")
    write_folder(prepare_receptor("trypsin", settings, pocket), tmp_path / "trypsin")
    trypsin = Prepared.load(tmp_path / "trypsin")
    bridged = [
        k
        for k in range(len(trypsin.model.residue_labels))
        if trypsin.residue_name(k) == "CYS" and trypsin.bonded_beside_chain(k)
    ]
    assert len(bridged) == 12
    with pytest.raises(ReceptorError, match=r"is bonded to .*:CYS:"):
        check_site(trypsin, bridged[0])
    beside = bridged[0] + 1
    assert trypsin.residue_name(beside) != "CYS"
    built = mutate(trypsin, {beside: "SER"}, 1).prepared.model.parameters
    assert np.isfinite(built.charges).all()
    assert built.charges.sum() == pytest.approx(round(built.charges.sum()), abs=1e-3)
