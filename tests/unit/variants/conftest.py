"""TYK2, prepared once, and a ligand in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from rdkit import Chem

from screenmm.config.settings import Pocket, Receptor
from screenmm.receptor.prepare import prepare_receptor
from screenmm.stages.prepare_receptor import write_folder
from screenmm.variants.model import Prepared


@pytest.fixture(scope="session")
def tyk2_receptor(
    tyk2_protein: Path, tyk2_ligands: list[Chem.Mol], tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """Folder of the prepared wild type."""
    home = tmp_path_factory.mktemp("receptors") / "wt"
    reference = home.parent / "ligand.sdf"
    with Chem.SDWriter(str(reference)) as writer:
        writer.write(tyk2_ligands[0])
    prepared = prepare_receptor("wt", Receptor(structure=tyk2_protein), Pocket(ligand=reference))
    write_folder(prepared, home)
    return home


@pytest.fixture(scope="session")
def wild(tyk2_receptor: Path) -> Prepared:
    return Prepared.load(tyk2_receptor)
