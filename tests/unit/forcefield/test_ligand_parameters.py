"""The contract of ``ligand_parameters``."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from screenmm.core.errors import LigandError, Reason
from screenmm.forcefield import ligand_parameters as ligand_parameters_module
from screenmm.forcefield.ligand_parameters import ligand_parameters, load_models

from .test_smirnoff import MOLECULES

PICRYL = "c{0}c([N+](=O)[O-])cc([N+](=O)[O-])cc{0}[N+](=O)[O-]"
TRIPICRYL_TATB = (
    f"c1([N+](=O)[O-])c(N{PICRYL.format(2)})c([N+](=O)[O-])c(N{PICRYL.format(3)})"
    f"c([N+](=O)[O-])c1N{PICRYL.format(4)}"
)
"""An explosive: twelve nitro groups and three amines in one conjugated system."""


def with_hydrogens(smiles: str) -> Chem.Mol:
    return Chem.AddHs(Chem.MolFromSmiles(smiles))


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
