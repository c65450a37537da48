from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from rdkit import Chem

from screenmm.ligands import protonation
from screenmm.ligands.protonation import (
    ACIDS,
    AMINE_SHIFTS,
    BASES,
    Rule,
    find_sites,
    protomers,
)

# measured pKa (CRC Handbook, Foye's Principles of Medicinal Chemistry, Merck Index, where no
# other source is named): at least one compound for each row of the tables
ACIDITIES = [
    ("CS(=O)(=O)O", -1.9),
    ("O=S(O)c1ccccc1", 1.8),
    ("COP(=O)(O)OC", 1.3),
    ("CC(=O)O", 4.76),
    ("CC(=O)S", 3.3),
    ("Cc1nnn[nH]1", 5.6),
    ("c1ccc(-c2nn[nH]n2)cc1", 4.5),
    ("O=S(=O)(NS(=O)(=O)c1ccccc1)c1ccccc1", 1.5),
    ("CCCCNC(=O)NS(=O)(=O)c1ccc(C)cc1", 5.3),  # tolbutamide
    ("CC(=O)NS(=O)(=O)c1ccccc1", 3.8),
    ("Cc1cc(NS(=O)(=O)c2ccc(N)cc2)no1", 5.7),  # sulfamethoxazole
    ("Nc1ccc(S(=O)(=O)Nc2ncccn2)cc1", 6.5),  # sulfadiazine
    ("NS(=O)(=O)C(F)(F)F", 6.3),
    ("CS(=O)(=O)Nc1ccc([N+](=O)[O-])cc1Oc1ccccc1", 6.5),  # nimesulide
    ("O=C1CSC(=O)N1", 6.7),
    ("O=C1CSC(=S)N1", 5.5),
    ("O=c1[nH]c(-c2ccccc2)no1", 6.1),  # Kohara et al. 1996, J. Med. Chem. 39, 5228
    ("CC1(C)OC(=O)NC1=O", 6.1),
    ("O=C1NC(=O)C(=O)N1", 6.1),
    ("O=C1C=C(O)C1=O", 0.9),  # moniliformin
    ("O=C1C=C(O)CO1", 3.8),
    ("CC(=O)CC(c1ccccc1)c1c(O)c2ccccc2oc1=O", 5.0),  # warfarin
    ("O=C1C=C(O)CC1", 4.5),
    ("O=C1C=C(O)CCC1", 5.3),
    ("Cc1cnc(NC(=O)C2=C(O)c3ccccc3S(=O)(=O)N2C)s1", 4.2),  # meloxicam
    ("CC(O)=C(C#N)C(=O)Nc1ccc(C(F)(F)F)cc1", 5.2),  # teriflunomide
    ("O=c1cccccc1O", 6.9),
    ("C[n+]1ccccc1O", 0.3),
    ("C[n+]1cccc(O)c1", 4.9),
    ("C[n+]1ccc(O)cc1", 3.3),
    ("N#[N+]c1ccc(O)cc1", 3.4),
    ("On1ccccc1=O", 5.9),
    ("O=C1CCC(=O)N1O", 6.0),
    ("On1nnc2ccccc21", 4.6),
    ("O=[N+]([O-])c1ccccc1O", 7.23),
    ("O=[N+]([O-])c1ccc(O)cc1", 7.15),
    ("Oc1c(Cl)cccc1Cl", 6.8),
    ("Sc1ccccc1", 6.6),
    ("CCC1(CC)C(=O)NC(=O)NC1=O", 7.9),  # barbital
    ("CC(=O)NO", 9.4),
    ("O=C1CCC(=O)N1", 9.6),
    ("Oc1ccccc1", 10.0),
    ("CS(=O)(=O)Nc1ccccc1", 8.9),
    ("NS(=O)(=O)c1ccccc1", 10.1),
    ("CCS", 10.5),
]
BASICITIES = [
    ("NC(=NO)c1ccccc1", 4.9),
    ("NC(N)=NC#N", -0.4),
    ("N=C(N)N[N+](=O)[O-]", -0.98),
    ("CN1CC(=O)N=C1N", 4.8),  # creatinine
    ("CN1CC(=O)NC1=N", 4.8),
    ("CC(=O)N=C(N)N", 8.3),
    ("CC(=O)NC(=N)N", 8.3),
    ("CCOC(=O)N=C(N)c1ccccc1", 6.7),  # as in dabigatran etexilate
    ("CCOC(=O)NC(=N)c1ccccc1", 6.7),
    ("NC(N)=Nc1nc(CSCCC(N)=NS(N)(=O)=O)cs1", 7.1),  # famotidine
    ("N=C(N)Nc1nc(CSCCC(N)=NS(N)(=O)=O)cs1", 7.1),
    ("CNC(=N)N", 13.4),
    ("NC(N)=NN=Cc1c(Cl)cccc1Cl", 8.1),  # guanabenz
    ("CSC(=N)N", 9.8),
    ("CNC1=Nc2ccc(Cl)cc2C(c2ccccc2)=[N+]([O-])C1", 4.8),  # chlordiazepoxide
    ("CN(C)C=Nc1ccc(Cl)cc1C", 6.8),  # chlordimeform
    ("C1CN=C(Cc2ccccc2)N1", 10.5),  # tolazoline
    ("Nc1ccncc1", 9.1),
    ("COc1cc(Cc2cnc(N)nc2N)cc(OC)c1OC", 7.1),  # trimethoprim
    ("Nc1ccccn1", 6.8),
    ("c1ccc2[nH]cnc2c1", 5.5),
    ("Nc1ncc[nH]1", 8.5),
    ("Cc1ncc[nH]1", 7.9),
    ("c1c[nH]cn1", 6.95),
    ("c1ccncc1", 5.2),
    ("Nc1ccccc1", 4.6),
    # amines, and what acceptors near them do
    ("N", 9.25),
    ("CCCN", 10.5),
    ("CNC", 10.6),
    ("CN(C)C", 9.8),
    ("NCCF", 9.0),
    ("NCC(F)(F)F", 5.7),
    ("NCCBr", 8.5),
    ("NCC#N", 5.3),
    ("C#CCN", 8.2),
    ("NCC(N)=O", 8.0),
    ("NCC(=O)O", 9.8),
    ("NCCS(=O)(=O)O", 9.1),
    ("NCCO", 9.5),
    ("CC1C(c2ccccc2)OCN1C", 5.5),  # Johansen and Bundgaard 1983, Arch. Pharm. Chemi 11, 117
    ("C1N2CN3CN1CN(C2)C3", 4.9),  # methenamine
    ("c1ccc(N2CCNCC2)cc1", 8.8),
    ("CC(=O)N1CCNCC1", 7.9),  # Hall 1956, J. Am. Chem. Soc. 78, 2570, and the next
    ("Cc1ccc(S(=O)(=O)N2CCNCC2)cc1", 7.4),
    ("NCc1ccccc1", 9.34),
    ("NCc1ccccn1", 8.6),
    ("C1CN1", 8.0),
]
NEAR = 1.5
"""A row's pKa is this close to what was measured: off by 3, it no longer is."""

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


def charges(smiles: str, ph: float, sign: int) -> int:
    mol = Chem.MolFromSmiles(protomers(smiles, ph, ph)[0])
    return sum(atom.GetFormalCharge() == sign for atom in mol.GetAtoms())


def is_near(smiles: str, pka: float, sign: int) -> bool:
    """Whether one charge comes or goes within :data:`NEAR` of a measured pKa."""
    below, above = (charges(smiles, pka + shift, sign) for shift in (-NEAR, NEAR))
    return below - above == sign


@pytest.mark.parametrize(("smiles", "pka"), ACIDITIES)
def test_acids_give_their_proton_up_near_the_measured_pka(smiles: str, pka: float) -> None:
    assert is_near(smiles, pka, -1)


@pytest.mark.parametrize(("smiles", "pka"), BASICITIES)
def test_bases_take_their_proton_near_the_measured_pka(smiles: str, pka: float) -> None:
    assert is_near(smiles, pka, 1)


@pytest.fixture
def changed(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, int, float], None]]:
    """A function that shifts the pKa of a table's row."""

    def change(table: str, row: int, by: float) -> None:
        rows = list(getattr(protonation, table))
        entry = rows[row]
        rows[row] = (
            replace(entry, pka=entry.pka + by)
            if isinstance(entry, Rule)
            else (entry[0], entry[1] + by)
        )
        monkeypatch.setattr(protonation, table, tuple(rows))
        protonation._patterns.cache_clear()

    yield change
    monkeypatch.undo()
    protonation._patterns.cache_clear()


@pytest.mark.parametrize("by", [-3.0, 3.0])
@pytest.mark.parametrize(
    ("table", "row", "smarts"),
    # phosphorus has pKa's of its own
    [("ACIDS", row, rule.smarts) for row, rule in enumerate(ACIDS) if "phosph" not in rule.name]
    + [("BASES", row, rule.smarts) for row, rule in enumerate(BASES)]
    + [("AMINE_SHIFTS", row, smarts) for row, (smarts, _) in enumerate(AMINE_SHIFTS)],
)
def test_a_pka_that_is_off_by_three_is_noticed(
    table: str, row: int, smarts: str, by: float, changed: Callable[[str, int, float], None]
) -> None:
    measured, sign = (ACIDITIES, -1) if table == "ACIDS" else (BASICITIES, 1)
    pattern = Chem.MolFromSmarts(smarts)
    examples = [one for one in measured if Chem.MolFromSmiles(one[0]).HasSubstructMatch(pattern)]
    changed(table, row, by)
    assert not all(is_near(smiles, pka, sign) for smiles, pka in examples)


# phosphoric acid, glucose 6-phosphate; medronate's fourth; ethylenediamine, diaminopropane
@pytest.mark.parametrize(
    ("smiles", "pka", "sign"),
    [
        ("O=P(O)(O)O", 2.1, -1),
        ("O=P(O)(O)O", 7.2, -1),
        ("O=P(O)(O)O", 12.3, -1),
        ("O=P(O)(O)OCC1OC(O)C(O)C(O)C1O", 6.1, -1),
        ("O=P(O)(O)CP(=O)(O)O", 10.3, -1),
        ("NCCN", 6.9, 1),
        ("NCCCN", 8.9, 1),
        ("C1CNCCN1", 5.7, 1),
    ],
)
def test_charges_of_equal_sign_repel_each_other(smiles: str, pka: float, sign: int) -> None:
    assert is_near(smiles, pka, sign)


def test_two_nh_acids_on_one_carbon_lose_one_proton() -> None:
    (state,) = protomers("O=C1NC(=O)C(=O)N1", 9, 9)  # parabanic acid: 6.1, beyond 9
    assert state.count("-") == 1


def test_a_permanent_cation_lowers_the_basicity_beside_it() -> None:
    # N,N-dimethylpiperazinium is no base near pH 7 where N-methylpiperazine (9.1) is one
    assert protomers("C[N+]1(C)CCNCC1", 7.4, 7.4) == ["C[N+]1(C)CCNCC1"]


# permanent charges that balance: no proton comes or goes near pH 7
BALANCED = [
    "CC(Cc1ccccc1)[n+]1cc([N-]C(=O)Nc2ccccc2)on1",  # mesocarb
    "CC(Cc1ccccc1)[n+]1cc(N=C([O-])Nc2ccccc2)on1",  # its other resonance form
    "CCOC(=O)[N-]c1c[n+](N2CCOCC2)no1",  # molsidomine
    "O=c1c(-c2cccc(C(F)(F)F)c2)c([O-])[n+]2ccccc2n1Cc1cncnc1",  # triflumezopyrim
    "Cc1ccc(-[n+]2cc([O-])on2)cc1",
    "C[n+]1cccc([O-])c1",
    "CN(C)c1ccc(C2=C([O-])C(=C3C=CC(=[N+](C)C)C=C3)C2=O)cc1",  # a squaraine
    "C[N+](C)(C)c1cccc([O-])c1",
    "C[N+](C)(C)CC(=O)[O-]",
    "Cn1c[n+](C)cc1[O-]",
    "Cn1cc[n+](C)c1C(=O)[O-]",
    "O=S(=O)([O-])CCC[n+]1ccccc1",
    "C[S+](C)[C-](C#N)C#N",
    "O=C([N-][n+]1ccccc1)c1ccccc1",
    "C[P+](C)(C)/C=C(/[O-])c1ccccc1",
    "[O-][n+]1ccccc1",
    "C[N+](C)(C)[O-]",
    "CC(C)(C)/[N+]([O-])=C/c1ccccc1",
    "[N-]=[N+]=Nc1ccccc1",
    "CCOC(=O)C=[N+]=[N-]",
    "[C-]#[N+]C1CCCCC1",
    "O=[N+]([O-])c1ccccc1",
]


@pytest.mark.parametrize("smiles", BALANCED)
def test_permanent_charges_that_balance_stay(smiles: str) -> None:
    assert protomers(smiles, 7.4, 7.4) == [Chem.CanonSmiles(smiles)]


def test_an_inner_salt_takes_its_proton_in_acid() -> None:
    assert protomers("C[n+]1cccc([O-])c1", 3, 3) == ["C[n+]1cccc(O)c1"]  # 4.9
    imine = "CCOC(=O)[N-]c1c[n+](N2CCOCC2)no1"  # no rule knows its acid
    assert protomers(imine, 0, 0) == [imine]


def test_what_cannot_be_read_is_an_error() -> None:
    with pytest.raises(ValueError, match="cannot read"):
        protomers("c1cccc1", 7.4, 7.4)


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
