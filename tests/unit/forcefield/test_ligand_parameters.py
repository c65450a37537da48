"""Charges against ``GNNModel.compute_property``; the contract of ``ligand_parameters``."""

from __future__ import annotations

import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from rdkit import Chem

from screenmm.core.errors import LigandError, Reason, UserError
from screenmm.forcefield import charges as module
from screenmm.forcefield import ligand_parameters as ligand_parameters_module
from screenmm.forcefield.charges import average_formal_charges, load_charge_model, nagl_charges
from screenmm.forcefield.ligand_parameters import ligand_parameters, load_models
from screenmm.forcefield.smirnoff import mdl_molecule

from .test_smirnoff import MOLECULES

PICRYL = "c{0}c([N+](=O)[O-])cc([N+](=O)[O-])cc{0}[N+](=O)[O-]"
TRIPICRYL_TATB = (
    f"c1([N+](=O)[O-])c(N{PICRYL.format(2)})c([N+](=O)[O-])c(N{PICRYL.format(3)})"
    f"c([N+](=O)[O-])c1N{PICRYL.format(4)}"
)
"""An explosive: twelve nitro groups and three amines in one conjugated system."""


def with_hydrogens(smiles: str) -> Chem.Mol:
    return Chem.AddHs(Chem.MolFromSmiles(smiles))


@pytest.fixture(scope="module")
def nagl():
    load_models()
    return load_charge_model().model


def by_nagl(nagl, mol: Chem.Mol) -> np.ndarray:
    from openff.toolkit import Molecule

    molecule = Molecule.from_rdkit(mol, allow_undefined_stereo=True, hydrogens_are_explicit=True)
    return nagl.compute_property(molecule, as_numpy=True)


@pytest.mark.filterwarnings("ignore:RDKit Molecule passed to from_rdkit consists of more")
@pytest.mark.parametrize("name", MOLECULES)
def test_charges_are_those_of_nagl(nagl, name: str):
    mol = with_hydrogens(MOLECULES[name])
    assert nagl_charges(mdl_molecule(mol)) == pytest.approx(by_nagl(nagl, mol), abs=1e-6)


def test_charges_of_tyk2_ligands_are_those_of_nagl(nagl, tyk2_ligands):
    for mol in tyk2_ligands[::3]:
        assert nagl_charges(mdl_molecule(mol)) == pytest.approx(by_nagl(nagl, mol), abs=1e-6)


def test_charges_in_another_atom_order_are_those_of_nagl(nagl):
    mol = with_hydrogens(MOLECULES["guanine"])
    order = np.random.default_rng(3).permutation(mol.GetNumAtoms()).tolist()
    shuffled = Chem.RenumberAtoms(mol, order)
    assert nagl_charges(mdl_molecule(shuffled)) == pytest.approx(by_nagl(nagl, shuffled), abs=1e-6)


@pytest.mark.parametrize(
    "smiles", ["C", "O=S(=O)([O-])C", "CSO", "[NH4+]", "F[P-](F)(F)(F)(F)F", "OO"]
)
def test_small_molecules_are_looked_up_as_nagl_does(nagl, smiles: str):
    mol = with_hydrogens(smiles)
    assert mol.GetNumAtoms() in module.load_charge_model().table_sizes
    assert nagl_charges(mdl_molecule(mol)) == pytest.approx(by_nagl(nagl, mol), abs=1e-6)


def test_groups_that_nagl_rewrites_are_recognised():
    load_models()
    patterns = module.load_charge_model().normalised_patterns
    assert patterns
    sulfoxide, toluene = (mdl_molecule(with_hydrogens(s)) for s in ("CS(=O)CC", "Cc1ccccc1"))
    assert any(sulfoxide.HasSubstructMatch(pattern) for pattern in patterns)
    assert not any(toluene.HasSubstructMatch(pattern) for pattern in patterns)


def test_a_carboxylate_shares_its_charge():
    # HCOO-: the two oxygens are the same after resonance
    charges = average_formal_charges([6, 8, 8, 1], [0, 0, -1, 0], [(0, 1, 2), (0, 2, 1), (0, 3, 1)])
    assert charges == [0.0, -0.5, -0.5, 0.0]


def test_a_guanidinium_shares_its_charge():
    bonds = [(0, 1, 2), (0, 2, 1), (0, 3, 1)]
    bonds += [(nitrogen, 2 * nitrogen + i, 1) for nitrogen in (1, 2, 3) for i in (2, 3)]
    charges = average_formal_charges([6, 7, 7, 7] + [1] * 6, [0, 1, 0, 0] + [0] * 6, bonds)
    assert charges[1:4] == pytest.approx([1 / 3] * 3)


def test_an_amide_keeps_its_charges():
    # formamide: the charge-separated form is higher in energy
    bonds = [(0, 1, 2), (0, 2, 1), (0, 3, 1), (2, 4, 1), (2, 5, 1)]
    assert average_formal_charges([6, 8, 7, 1, 1, 1], [0] * 6, bonds) == [0.0] * 6


@pytest.mark.parametrize(
    ("smiles", "message"),
    [
        ("C[Si](C)(C)C", "has no charges for Si2"),
        ("C[CH2]", "is a radical"),
        ("O", "makes the molecule rigid"),
    ],
)
def test_a_molecule_without_parameters_is_refused(smiles: str, message: str):
    with pytest.raises(LigandError, match=message) as raised:
        ligand_parameters(with_hydrogens(smiles))
    assert raised.value.reason is Reason.PARAMETERS_MISSING


def test_an_error_of_a_package_is_a_ligand_error(monkeypatch):
    def fail(_mol: Chem.Mol) -> np.ndarray:
        raise ZeroDivisionError("deep inside")

    monkeypatch.setattr(ligand_parameters_module, "nagl_charges", fail)
    with pytest.raises(LigandError, match="ZeroDivisionError: deep inside"):
        ligand_parameters(with_hydrogens("CCO"))


def test_an_error_of_the_machine_is_not_the_ligands(monkeypatch):
    def on_a_full_disk(mol: Chem.Mol) -> np.ndarray:
        Path("/dev/full").write_text("charges")
        return np.zeros(mol.GetNumAtoms())

    monkeypatch.setattr(ligand_parameters_module, "nagl_charges", on_a_full_disk)
    with pytest.raises(OSError, match="No space left on device"):
        ligand_parameters(with_hydrogens("CCO"))


def test_charges_that_are_not_finite_are_refused(monkeypatch):
    monkeypatch.setattr(
        ligand_parameters_module, "nagl_charges", lambda mol: np.full(mol.GetNumAtoms(), np.nan)
    )
    with pytest.raises(LigandError, match="not finite"):
        ligand_parameters(with_hydrogens("CCO"))


@pytest.mark.parametrize("name", ["zwitterion", "phosphate", "imatinib"])
def test_charges_sum_to_the_formal_charge(name: str):
    mol = with_hydrogens(MOLECULES[name])
    expected = Chem.GetFormalCharge(mol)
    assert ligand_parameters(mol).charges.sum() == pytest.approx(expected, abs=1e-9)


def test_a_molecule_with_too_many_resonance_forms_meets_its_time_limit():
    load_models()
    started = time.monotonic()
    with pytest.raises(LigandError, match=r"parametrisation took longer than 0\.2 s") as raised:
        ligand_parameters(with_hydrogens(TRIPICRYL_TATB), time_limit_s=0.2)
    assert raised.value.reason is Reason.TIME_LIMIT
    assert time.monotonic() - started < 2


def test_a_time_limit_that_is_kept_changes_nothing(ejm_42, ejm_42_parameters):
    bounded = ligand_parameters(ejm_42, time_limit_s=60)
    assert np.array_equal(bounded.charges, ejm_42_parameters.charges)


def test_another_architecture_of_the_charge_model_is_refused(nagl):
    other = SimpleNamespace(
        atom_features=[*nagl.config.atom_features, SimpleNamespace(name="atom_gasteiger_charge")],
        bond_features=[],
        convolution=nagl.config.convolution,
        readouts=nagl.config.readouts,
    )
    with pytest.raises(UserError, match="another architecture"):
        module._check_architecture(other)


def test_torch_uses_one_thread():
    import torch

    load_models()
    assert torch.get_num_threads() == 1
