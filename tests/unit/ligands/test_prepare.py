from __future__ import annotations

import time
from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

from screenmm.config.settings import Ligands
from screenmm.core.errors import LigandError, Reason
from screenmm.core.seeds import seed_for
from screenmm.files.whole import write_text_gz
from screenmm.ligands.conformers import embed
from screenmm.ligands.prepare import State, prepare_ligand, read_states, state_to_sdf

SETTINGS = Ligands(conformer_trials=1)
KEY = "AAAAAAAAAAAAAA-UHFFFAOYSA-N"


def test_states_are_numbered_and_read_back_as_written(tmp_path: Path) -> None:
    states = prepare_ligand(KEY, "C[C@H](F)C(N)Cc1cnc[nH]1", None, 1, SETTINGS).states
    assert [state.state for state in states] == [f"{KEY}_s{n}" for n in (1, 2, 3, 4)]
    path = tmp_path / "states.sdf.gz"
    write_text_gz(path, "".join(map(state_to_sdf, states)))
    back = list(read_states(path))
    for given, read in zip(states, back, strict=True):
        assert (read.inchikey, read.state, read.smiles) == (KEY, given.state, given.smiles)
        assert [a.GetSymbol() for a in read.mol.GetAtoms()] == [
            a.GetSymbol() for a in given.mol.GetAtoms()
        ]
        assert read.mol.GetConformer().GetPositions() == pytest.approx(
            given.mol.GetConformer().GetPositions(), abs=6e-5
        )
        assert Chem.MolToSmiles(Chem.RemoveHs(read.mol)) == given.smiles
        assert state_to_sdf(read) == state_to_sdf(given)


def test_the_text_names_the_state_and_not_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    (state,) = prepare_ligand(KEY, "NCC(=O)O", None, 1, SETTINGS).states
    text = state_to_sdf(state)
    monkeypatch.setattr(time, "time", lambda: 0.0)
    assert state_to_sdf(state) == text
    lines = text.splitlines()
    assert lines[0] == f"{KEY}_s1"
    assert lines[1].strip() == "RDKit          3D"
    assert text.endswith("> <formal_charge>\n0\n\n$$$$\n")
    assert "V2000" in text


def test_v3000_only_where_v2000_cannot() -> None:
    mol = Chem.AddHs(Chem.MolFromSmiles("C" * 340))
    mol.AddConformer(Chem.Conformer(mol.GetNumAtoms()))
    assert "V3000" in state_to_sdf(State(KEY, "s", "C", mol))


def test_the_run_seed_changes_the_conformer() -> None:
    a, b, c = (
        state_to_sdf(prepare_ligand(KEY, "OCCCCO", None, seed, SETTINGS).states[0])
        for seed in (1, 1, 2)
    )
    assert a == b != c


def test_each_state_has_a_seed_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    noted: dict[str, int] = {}

    def spy(smiles: str, seed: int, settings: Ligands) -> Chem.Mol:
        noted[smiles] = seed
        return embed(smiles, seed, settings)

    monkeypatch.setattr("screenmm.ligands.prepare.embed", spy)
    states = prepare_ligand(KEY, "CC(O)CN", None, 7, SETTINGS).states
    assert len(states) > 1
    assert noted == {each.smiles: seed_for(7, "conformer", each.smiles) for each in states}


def test_a_state_that_fails_keeps_its_number() -> None:
    result = prepare_ligand(KEY, "CC1(C)[C@@H]2CC[C@]1(C)C(=O)C2", None, 1, SETTINGS)
    assert result.states == []
    ((name, error),) = result.failures
    assert (name, error.reason) == (f"{KEY}_s1", Reason.EMBEDDING_FAILED)


def test_a_ligand_without_some_of_its_isomers_says_so() -> None:
    two = Ligands(conformer_trials=1, max_states=2)
    assert "2 of up to 4 stereoisomers" in prepare_ligand(KEY, "CC(O)C(N)CC", None, 1, two).note
    assert prepare_ligand(KEY, "CC(O)CC", None, 1, two).note == ""


def test_given_poses_become_states_as_they_are() -> None:
    mol = Chem.AddHs(Chem.MolFromSmiles("C[C@H](N)C(=O)O"))
    AllChem.EmbedMolecule(mol, randomSeed=2)
    heavy = Chem.RemoveHs(mol)
    blocks = [Chem.MolToMolBlock(mol), Chem.MolToMolBlock(heavy)]
    states = prepare_ligand(KEY, "C[C@H](N)C(=O)O", blocks, 1, SETTINGS).states
    assert [state.smiles for state in states] == ["C[C@H](N)C(=O)O"] * 2
    for state, given in zip(states, (mol, heavy), strict=True):
        assert state.mol.GetNumAtoms() == mol.GetNumAtoms()
        assert state.mol.GetConformer().GetPositions()[: given.GetNumAtoms()] == pytest.approx(
            given.GetConformer().GetPositions(), abs=6e-5
        )
    # added hydrogens stand at bond length
    added = states[1].mol
    positions = added.GetConformer().GetPositions()
    for atom in list(added.GetAtoms())[heavy.GetNumAtoms() :]:
        other = atom.GetNeighbors()[0].GetIdx()
        assert 0.8 < ((positions[atom.GetIdx()] - positions[other]) ** 2).sum() ** 0.5 < 1.3


def test_a_missing_or_flat_pose_is_told() -> None:
    with pytest.raises(LigandError, match="engine given needs one") as caught:
        prepare_ligand(KEY, "CC", [], 1, SETTINGS)
    assert caught.value.reason == Reason.MISSING_POSE
    flat = Chem.MolFromSmiles("CCO")
    AllChem.Compute2DCoords(flat)
    result = prepare_ligand(KEY, "CCO", [Chem.MolToMolBlock(flat)], 1, SETTINGS)
    assert [error.reason for _, error in result.failures] == [Reason.MISSING_POSE]
