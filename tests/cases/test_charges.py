"""Permanent charges that balance are no protons to take up or give away."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rdkit import Chem

from screenmm.library.standardise import standardise
from screenmm.ligands.prepare import prepare_ligand
from screenmm.settings import load_settings


@pytest.fixture
def mesoionic(case: Callable[[str], Path]) -> Path:
    return case("07-mesoionic")


def test_mesoionic_compounds_and_inner_salts_stay_as_given(mesoionic: Path) -> None:
    ligands = load_settings(mesoionic / "config.yaml").ligands
    lines = (mesoionic / "mesoionic.smi").read_text().splitlines()
    given = {name: smiles for smiles, name in (line.split(maxsplit=1) for line in lines)}
    assert len(given) == 6
    for name, smiles in given.items():
        parent = standardise(smiles, "smiles", ligands)
        made = prepare_ligand(parent.inchikey, parent.smiles, None, 1, ligands)
        assert made.failures == []
        for state in made.states:
            flat = Chem.MolFromSmiles(state.smiles)
            assert Chem.GetFormalCharge(state.mol) == 0, name
            Chem.RemoveStereochemistry(flat)
            assert Chem.MolToSmiles(flat) == Chem.CanonSmiles(smiles), name
