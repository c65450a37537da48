"""The common core, and the ways in which it lies on a template."""

from __future__ import annotations

import pytest
from rdkit import Chem

from screenmm.docking.placement.core import common_core


def mol(smiles: str) -> Chem.Mol:
    return Chem.AddHs(Chem.MolFromSmiles(smiles))


@pytest.mark.parametrize(
    ("ligand", "template", "atoms", "maps"),
    [
        # a flip of the ring puts the chlorine on the other side: two maps; of toluene, one
        ("Cc1cccc(Cl)c1", "Cc1ccccc1", 7, 2),
        ("Cc1ccccc1", "Cc1ccccc1Cl", 7, 1),
        ("Cc1ccccc1", "Cc1ccccc1", 7, 1),
        # the core occurs twice in the ligand: six turns of one ring, and as many of the other
        # with either face up
        ("Fc1ccccc1CCc1ccccc1", "c1ccccc1", 6, 18),
        # another tautomer, another protomer
        ("Oc1ccccn1", "O=c1cccc[nH]1", 7, 1),
        ("C[NH2+]C1CCCCC1", "CNC1CCCCC1", 8, 1),
        # no chair lies on a benzene ring, and no part of a ring counts
        ("C1CCCCC1CO", "c1ccccc1CO", 2, 1),
        ("c1ccc2[nH]ccc2c1", "c1ccccc1", 6, 12),
    ],
)
def test_maps(ligand: str, template: str, atoms: int, maps: int):
    core = common_core(mol(ligand), mol(template))
    assert (core.atoms, len(core.maps)) == (atoms, maps)
    for laid in core.maps:
        assert len(laid) == len(set(laid.values())) == atoms


def test_a_map_joins_atoms_of_one_element_and_their_bonds():
    ligand, template = mol("Cc1cc(Cl)ccc1C(=O)NC"), mol("CNC(=O)c1ccccc1Br")
    for laid in common_core(ligand, template).maps:
        for own, other in laid.items():
            pair = ligand.GetAtomWithIdx(own), template.GetAtomWithIdx(other)
            assert pair[0].GetAtomicNum() == pair[1].GetAtomicNum()
        for bond in template.GetBonds():
            ends = {bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()}
            if ends <= set(laid.values()):
                first, second = (own for own, other in laid.items() if other in ends)
                assert ligand.GetBondBetweenAtoms(first, second) is not None


def test_a_search_that_does_not_end_finds_the_core_without_parts_of_rings():
    # p38's 2gg and the series' medoid: whole rings alone take 900,000 steps
    ligand = mol("CC(C)Nc1ncc2cc(Oc3ccc(F)cc3F)c(=O)n(CC(C)(C)O)c2n1")
    template = mol("COC(=O)Cn1c(=O)c(Oc2ccc(F)cc2F)cc2cnc(NC3CCOCC3)nc12")
    core = common_core(ligand, template)
    assert core.atoms == 22
    assert core == common_core(ligand, template)
