from __future__ import annotations

from pathlib import Path

import pytest
from rdkit import Chem

from screenmm.campaign.seeds import named_molecules
from screenmm.config.settings import Ligands
from screenmm.core.errors import LibraryError


def test_seeds_have_the_keys_of_the_library(tmp_path: Path) -> None:
    path = tmp_path / "seeds.smi"
    # a salt is its parent; the same molecule counts once
    path.write_text("CCN.Cl ethylamine\nc1ccccc1O phenol\nOc1ccccc1 again\n")
    phenol = Chem.MolToInchiKey(Chem.MolFromSmiles("Oc1ccccc1"))
    found = named_molecules(path, "rounds.seeds", "smiles", Ligands())
    ethylamine = Chem.MolToInchiKey(Chem.MolFromSmiles("CCN"))
    assert list(found.items()) == [(ethylamine, "CCN"), (phenol, "Oc1ccccc1")]


def test_a_seed_that_is_no_molecule_is_named(tmp_path: Path) -> None:
    path = tmp_path / "seeds.smi"
    path.write_text("CCO ethanol\nc1ccc broken\n")
    with pytest.raises(LibraryError, match=r"rounds.seeds: seeds.smi, record 2 \(broken\): .*mend"):
        named_molecules(path, "rounds.seeds", "smiles", Ligands())


def test_seeds_are_read_as_the_library_is(tmp_path: Path) -> None:
    path = tmp_path / "seeds.csv"
    path.write_text("structure,name\nCCCCCCCC,octane\n")
    assert len(named_molecules(path, "rounds.seeds", "structure", Ligands())) == 1
    with pytest.raises(LibraryError, match="8 heavy atoms, at most 5"):
        named_molecules(path, "rounds.seeds", "structure", Ligands(max_heavy_atoms=5))
