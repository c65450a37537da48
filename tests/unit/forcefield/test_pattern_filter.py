"""What the filter of SMARTS patterns leaves out, and what it must keep."""

from __future__ import annotations

import pytest
from rdkit import Chem

from screenmm.forcefield.pattern_filter import PatternFilter, described
from screenmm.forcefield.smirnoff import mdl_molecule


def may_match(smarts: str, smiles: str) -> bool:
    mol = mdl_molecule(Chem.AddHs(Chem.MolFromSmiles(smiles)))
    (found,) = PatternFilter([Chem.MolFromSmarts(smarts)]).possible(*described(mol))
    return bool(found)


@pytest.mark.parametrize(
    ("smarts", "smiles"),
    [
        ("[#16:1]", "CCO"),
        ("[#6X4:1]-[#6X4:2]", "COC"),
        ("[#6:1]=[#8:2]", "CCO"),
        ("[#6:1]#[#6:2]", "C=C"),
        ("[#6:1]:[#6:2]", "C=C"),
        ("[#6r3:1]-[#6:2]", "C1CCC1"),
        ("[#6r3:1]-;@[#6:2]", "C1CCC1"),
        ("[#16X4,#16X3+0:1]-[#6:2]", "CCO"),
        ("[#6,#7;X2:1]~[#6:2]", "CC"),
        ("[#7X3$(*~[#8X1]):1]-[#6:2]", "CC#N"),
    ],
)
def test_what_a_molecule_lacks_is_seen(smarts: str, smiles: str):
    assert not may_match(smarts, smiles)


@pytest.mark.parametrize(
    ("smarts", "smiles"),
    [
        ("[!#6:1]-[#1:2]", "CO"),
        ("[#6X4,#7X3:1]-[#8:2]", "CO"),
        ("[#6X4,#7X3:1]-[#8:2]", "NO"),
        ("[#16,#8;X2:1]-[#6:2]", "COC"),
        ("[#6:1]-,:[#6:2]", "c1ccccc1"),
        ("[#6:1][#6:2]", "c1ccccc1"),
        ("[#6:1]!=[#6:2]", "CC"),
        ("[C:1]~[c:2]", "Cc1ccccc1"),
        ("[$([#6]=[#8,#16]),$([#7](-[#8])):1]-[#6:2]", "CC=O"),
        ("[#6$(*-[#1,#9]),#7:1]-[#6:2]", "CC"),
        ("[#17-:1]", "[Cl-]"),
    ],
)
def test_what_a_molecule_may_match_is_kept(smarts: str, smiles: str):
    mol = mdl_molecule(Chem.AddHs(Chem.MolFromSmiles(smiles)))
    assert mol.HasSubstructMatch(Chem.MolFromSmarts(smarts))
    assert may_match(smarts, smiles)
