"""Charges against those of ``GNNModel.compute_property``, as they were written down."""

from __future__ import annotations

import numpy as np
import pytest
from rdkit import Chem

from screenmm.core.errors import LigandError, Reason
from screenmm.forcefield.charge_model import load_charge_model
from screenmm.forcefield.charges import nagl_charges
from screenmm.forcefield.smirnoff import mdl_molecule

from . import nagl

KEPT = nagl.kept()


def test_every_molecule_is_kept() -> None:
    assert list(KEPT) == list(nagl.REFERENCE)


@pytest.mark.parametrize("name", KEPT)
def test_charges_are_those_of_nagl(name: str) -> None:
    found = nagl_charges(nagl.with_hydrogens(nagl.REFERENCE[name]))
    assert found == pytest.approx(np.array(KEPT[name]), abs=1e-6)


def test_charges_follow_the_order_of_the_atoms() -> None:
    mol = nagl.with_hydrogens(nagl.MOLECULES["guanine"])
    order = np.random.default_rng(3).permutation(mol.GetNumAtoms())
    shuffled = mdl_molecule(Chem.RenumberAtoms(mol, order.tolist()))
    assert nagl_charges(shuffled) == pytest.approx(np.array(KEPT["guanine"])[order], abs=1e-6)


@pytest.mark.parametrize("smiles", ["C", "CSO", "[O-]C=O", "FOF"])
def test_small_molecules_are_looked_up(smiles: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mol = nagl.with_hydrogens(smiles)
    assert mol.GetNumAtoms() in load_charge_model().table_sizes

    def fail(*_arguments: object) -> None:
        raise AssertionError("the network was asked")

    monkeypatch.setattr("screenmm.forcefield.charges.network_charges", fail)
    assert nagl_charges(mol) == pytest.approx(np.array(KEPT[smiles]), abs=1e-6)


def test_fragments_have_the_charges_that_they_have_alone() -> None:
    both = nagl.with_hydrogens("CCO.C[NH3+].CCCCCCCCCC")
    charges = nagl_charges(both)
    for atoms in Chem.GetMolFrags(both):
        smiles = Chem.MolFragmentToSmiles(Chem.RemoveHs(both), [a for a in atoms if a < 15])
        alone = nagl_charges(nagl.with_hydrogens(smiles))
        assert sorted(charges[list(atoms)]) == pytest.approx(sorted(alone), abs=1e-6)
    assert charges.sum() == pytest.approx(1.0, abs=1e-5)


def test_an_unknown_element_is_named() -> None:
    with pytest.raises(LigandError, match=r"openff-gnn-am1bcc-1\.0\.0\.pt has no charges for Si2"):
        nagl_charges(nagl.with_hydrogens("C[Si](C)(C)C"))
    with pytest.raises(LigandError) as raised:
        nagl_charges(nagl.with_hydrogens("CCCCCC[Se]C"))
    assert raised.value.reason is Reason.PARAMETERS_MISSING
