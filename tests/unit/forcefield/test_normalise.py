"""Groups rewritten as their reactions say, atom by atom."""

from __future__ import annotations

import pytest
from rdkit import Chem

from screenmm.forcefield.normalise import normalise, patterns

from .nagl import with_hydrogens


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("CS(=O)CC", "CC[S+](C)[O-]"),
        ("CN=[N+]=[N-]", "CN=[N+]=[N-]"),
        ("C[S+2]([O-])([O-])CC", "CCS(C)(=O)=O"),
        ("CO[P+]([O-])([O-])OC", "COP(=O)([O-])OC"),
        ("NC=CC=[N+](C)C", "CN(C)C=CC=[NH2+]"),
        ("CC[N+]#[C-]", "[C-]#[N+]CC"),
        ("Cc1ccccc1", "Cc1ccccc1"),
    ],
)
def test_a_group_is_drawn_in_one_way(smiles: str, expected: str) -> None:
    normal = Chem.RemoveHs(normalise(with_hydrogens(smiles)))
    for atom in normal.GetAtoms():
        atom.SetAtomMapNum(0)
    assert Chem.CanonSmiles(Chem.MolToSmiles(normal)) == Chem.CanonSmiles(expected)


def test_atoms_keep_their_order() -> None:
    mol = with_hydrogens("CS(=O)CC")
    symbols = [atom.GetSymbol() for atom in mol.GetAtoms()]
    assert [atom.GetSymbol() for atom in normalise(mol).GetAtoms()] == symbols
    assert [atom.GetFormalCharge() for atom in normalise(mol).GetAtoms()][1:3] == [1, -1]


def test_groups_that_are_rewritten_are_recognised() -> None:
    sulfoxide, toluene = (with_hydrogens(smiles) for smiles in ("CS(=O)CC", "Cc1ccccc1"))
    assert any(sulfoxide.HasSubstructMatch(pattern) for pattern in patterns())
    assert not any(toluene.HasSubstructMatch(pattern) for pattern in patterns())
