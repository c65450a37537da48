from __future__ import annotations

import pytest
from rdkit import Chem

from screenmm.ligands.protonation import find_sites, protomers

# dominant form at pH 7.4 that follows from the approximate pKa in the comment
AT_7_4 = {
    "CCC(=O)O": "CCC(=O)[O-]",  # 4.9
    "CCCN": "CCC[NH3+]",  # 10.7
    "Nc1ccccc1": "Nc1ccccc1",  # 4.6
    "NC(=N)c1ccccc1": "NC(=[NH2+])c1ccccc1",  # 11.6
    "CNC(=N)N": "CNC(N)=[NH2+]",  # 13.4
    "NS(=O)(=O)c1ccccc1": "NS(=O)(=O)c1ccccc1",  # 10.1
    "CC(=O)NS(=O)(=O)c1ccccc1": "CC(=O)[N-]S(=O)(=O)c1ccccc1",  # 3.8
    "Cc1nnn[nH]1": "Cc1nnn[n-]1",  # 5.6
    "Oc1ccccc1": "Oc1ccccc1",  # 10.0
    "Cc1cnc[nH]1": "Cc1cnc[nH]1",  # 7.5
    "c1ccncc1": "c1ccncc1",  # 5.2
    "CN(C)c1ccncc1": "CN(C)c1cc[nH+]cc1",  # 9.7
    "COP(=O)(O)O": "COP(=O)([O-])[O-]",  # 1.5, 6.3
    "CS(=O)(=O)O": "CS(=O)(=O)[O-]",  # -1.9
    "NCC(=O)O": "[NH3+]CC(=O)[O-]",  # 2.3, 9.8
    "C[N+](C)(C)CC(=O)[O-]": "C[N+](C)(C)CC(=O)[O-]",  # 1.8
    "C[N+](C)(C)CCO": "C[N+](C)(C)CCO",
    "NCC(F)(F)F": "NCC(F)(F)F",  # 5.7
    "NCC#N": "N#CCN",  # 5.3
    "NCCN": "NCC[NH3+]",  # 9.9, 6.9
    "C1CNCCN1": "C1C[NH2+]CCN1",  # 9.8, 5.7
    "C1CN2CCN1CC2": "C1C[NH+]2CCN1CC2",  # DABCO: 8.8, 3.0
    "NC(=NO)c1ccccc1": "NC(=NO)c1ccccc1",  # benzamidoxime: 4.9
    # drugs
    "CC(=O)Oc1ccccc1C(=O)O": "CC(=O)Oc1ccccc1C(=O)[O-]",  # aspirin: 3.5
    "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1":  # imatinib: 8.1, 3.7
    "Cc1ccc(NC(=O)c2ccc(CN3CC[NH+](C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
    "CC(=O)CC(c1ccccc1)c1c(O)c2ccccc2oc1=O":  # warfarin: 5.1
    "CC(=O)CC(c1ccccc1)c1c([O-])c2ccccc2oc1=O",
    "Cc1cc(NS(=O)(=O)c2ccc(N)cc2)no1": "Cc1cc([N-]S(=O)(=O)c2ccc(N)cc2)no1",  # SMX: 5.7
    "CN(C)C(=N)NC(=N)N": "CN(C)C(=N)NC(N)=[NH2+]",  # metformin: 12.4, 2.8
    "CCN(CC)CCCC(C)Nc1ccnc2cc(Cl)ccc12":  # chloroquine: 10.2, 8.1
    "CC[NH+](CC)CCCC(C)Nc1cc[nH+]c2cc(Cl)ccc12",
    "COc1cc(Cc2cnc(N)nc2N)cc(OC)c1OC": "COc1cc(Cc2cnc(N)nc2N)cc(OC)c1OC",  # trimethoprim: 7.1
    "CC1=C(N=CN1)CSCCN=C(NC)NC#N": "CNC(=NCCSCc1nc[nH]c1C)NC#N",  # cimetidine: 6.8
    "O=c1cc[nH]c(=O)[nH]1": "O=c1cc[nH]c(=O)[nH]1",  # uracil: 9.4
    "O=C(O)c1cn(C2CC2)c2cc(N3CCNCC3)c(F)cc2c1=O":  # ciprofloxacin: 6.1, 8.7
    "O=C([O-])c1cn(C2CC2)c2cc(N3CC[NH2+]CC3)c(F)cc2c1=O",
}  # fmt: skip


@pytest.mark.parametrize(("neutral", "dominant"), AT_7_4.items())
def test_dominant_form_at_physiological_ph(neutral: str, dominant: str) -> None:
    assert protomers(neutral, 7.4, 7.4)[0] == Chem.CanonSmiles(dominant)


def test_a_range_of_ph_brings_in_both_forms_the_middle_one_first() -> None:
    assert protomers("Cc1cnc[nH]1", 6.4, 8.4) == ["Cc1cnc[nH]1", "Cc1c[nH+]c[nH]1"]
    assert len(protomers("COP(=O)(O)O", 1.0, 9.0)) == 3


def test_extremes_of_ph() -> None:
    assert protomers("NCC(=O)O", 0, 0) == ["[NH3+]CC(=O)O"]
    assert protomers("NCC(=O)O", 14, 14) == ["NCC(=O)[O-]"]
    assert protomers("C[N+](C)(C)CC(=O)[O-]", 0, 0) == ["C[N+](C)(C)CC(=O)O"]


def test_rivals_for_one_proton_are_both_shown() -> None:
    assert protomers("CCN1CCN(C)CC1", 7.4, 7.4) == ["CCN1CC[NH+](C)CC1", "CC[NH+]1CCN(C)CC1"]


def test_stereo_and_isotopes_stay() -> None:
    (state,) = protomers("[2H]C([2H])([C@H](N)C(=O)O)/C=C/C", 7.4, 7.4)
    assert state.count("[2H]") == 2
    assert state.count("@") == 1
    assert state.count("/") == 2


def test_each_atom_is_one_site() -> None:
    mol = Chem.MolFromSmiles("Nc1nc(N)c2nc(CN(C)c3ccc(cc3)C(=O)N[C@@H](CCC(=O)O)C(=O)O)cnc2n1")
    atoms = [site.atom for site in find_sites(mol)]
    assert len(atoms) == len(set(atoms))
