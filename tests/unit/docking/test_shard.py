"""A shard of docking: what each state of a ligand is docked with."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

from screenmm.config.settings import Docking
from screenmm.core.seeds import seed_for
from screenmm.devices.vulkan import SearchDevice
from screenmm.docking.engine import Box, DockedPose, Engine, Site, make_engine
from screenmm.docking.shard import Docker
from screenmm.files.sdf import sd_record


class Noting:
    """An engine that notes the seeds that it is given."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.seeds: dict[str, int] = {}

    def dock(self, mol: Chem.Mol, seed: int) -> list[DockedPose]:
        self.seeds[mol.GetProp("_Name")] = seed
        return self._engine.dock(mol, seed)


def test_each_state_has_a_seed_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    mol = Chem.AddHs(Chem.MolFromSmiles("NC(=O)c1cccnc1"))
    AllChem.EmbedMolecule(mol, randomSeed=7)
    site = Site(
        Path("none.pdbqt"), Box((0.0,) * 3, (20.0,) * 3), SearchDevice("cpu", "", ""), run_seed=7
    )
    noting = Noting(make_engine(Docking(engine="given"), site))
    monkeypatch.setattr("screenmm.docking.shard.engine_for", lambda *_: noting)
    # a worker throws away what engines print; this process does not
    monkeypatch.setattr(os, "dup2", lambda *_: None)
    titles = ["AAA_s1", "AAA_s2"]
    tags = {"inchikey": "AAA", "smiles": "NC(=O)c1cccnc1"}
    made = Docker(Docking(engine="given"), site)([sd_record(mol, each, tags) for each in titles])
    assert [pose["row"]["state"] for pose in made["poses"]] == titles
    assert noting.seeds == {title: seed_for(7, "dock", title) for title in titles}
