from pathlib import Path

import pytest
import yaml
from rdkit import Chem

from screenmm.core.errors import ConfigError
from screenmm.generation.reactions import (
    ELEMENT,
    INCOMPATIBLE,
    NO_GROUP,
    SEVERAL_GROUPS,
    Reaction,
    cuts_of,
    named_reactions,
    read_molecule,
    read_reactions,
)

TYK2 = [
    "O=C(Nc1ccnc(NC(=O)C2CC2)c1)c1c(Cl)cccc1Cl",
    "O=C(Nc1ccnc(NC(=O)[C@H]2C[C@H]2F)c1)c1c(Cl)cccc1Cl",
    "COC(=O)Nc1cc(NC(=O)c2c(Cl)cccc2Cl)ccn1",
    "CCNC(=O)Nc1cc(NC(=O)c2c(Cl)cccc2Cl)ccn1",
]
DRUGS = {
    "imatinib": "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
    "gefitinib": "COc1cc2ncnc(Nc3ccc(F)c(Cl)c3)c2cc1OCCCN1CCOCC1",
    "sorafenib": "CNC(=O)c1cc(Oc2ccc(NC(=O)Nc3ccc(Cl)c(C(F)(F)F)c3)cc2)ccn1",
    "sildenafil": "CCCc1nn(C)c2c1nc(-c1cc(S(=O)(=O)N3CCN(C)CC3)ccc1OCC)[nH]c2=O",
    "rufinamide": "NC(=O)c1cn(Cc2c(F)cccc2F)nn1",
    "tolbutamide": "CCCCNC(=O)NS(=O)(=O)c1ccc(C)cc1",
    "linezolid": "CC(=O)NC[C@H]1CN(c2ccc(N3CCOCC3)c(F)c2)C(=O)O1",
}
# how they are made in books of syntheses
KNOWN = [
    ("imatinib", "amide coupling", "CN1CCN(Cc2ccc(C(=O)O)cc2)CC1"),
    ("gefitinib", "SNAr with amine", "Nc1ccc(F)c(Cl)c1"),
    ("gefitinib", "Williamson ether synthesis", "BrCCCN1CCOCC1"),
    ("sorafenib", "urea from isocyanate", "O=C=Nc1ccc(Cl)c(C(F)(F)F)c1"),
    ("sildenafil", "sulfonamide formation", "CN1CCNCC1"),
    ("rufinamide", "azide-alkyne cycloaddition", "[N-]=[N+]=NCc1c(F)cccc1F"),
    ("tolbutamide", "sulfonylurea from isocyanate", "CCCCN=C=O"),
]


def reaction(name: str) -> Reaction:
    return next(each for each in named_reactions() if each.name == name)


def fault(name: str, place: int, smiles: str) -> str:
    mol = read_molecule(smiles)
    assert mol is not None
    return reaction(name).roles[place].fault(mol)


def canonical(smiles: str) -> str:
    return str(Chem.MolToSmiles(Chem.MolFromSmiles(smiles)))


def test_there_are_many_and_none_twice() -> None:
    names = [each.name for each in named_reactions()]
    assert len(names) >= 24
    assert len(set(names)) == len(names)


@pytest.mark.parametrize("each", named_reactions(), ids=lambda each: each.name)
def test_examples_work_both_ways(each: Reaction) -> None:
    first, second, product = each.example
    made = each.react(first, second)
    assert made is not None
    inchi = Chem.MolToInchiKey(Chem.MolFromSmiles(product))
    assert Chem.MolToInchiKey(Chem.MolFromSmiles(made)) == inchi
    # backwards: the example's own reactants, but for the element that leaves
    mol = read_molecule(product)
    assert mol is not None
    pairs = {tuple(canonical(side) for side in pair) for pair in each.sides(mol, forms=True)}
    assert (canonical(first), canonical(second)) in pairs
    assert each.cuts(mol)
    # the order of the roles is not a matter of taste, unless both play both
    if each.react(second, first) is not None:
        assert each.name == "urea from two amines"


@pytest.mark.parametrize("smiles", [*TYK2, *DRUGS.values()])
def test_round_trips(smiles: str) -> None:
    mol = read_molecule(smiles)
    assert mol is not None
    cuts = cuts_of(mol, named_reactions())
    assert cuts
    for cut in cuts:
        made = reaction(cut.reaction).react(*cut.sides)
        assert made is not None
        assert Chem.MolToInchiKey(Chem.MolFromSmiles(made)) == Chem.MolToInchiKey(
            Chem.MolFromSmiles(smiles)
        )


@pytest.mark.parametrize(("drug", "name", "side"), KNOWN)
def test_drugs_are_cut_as_they_are_made(drug: str, name: str, side: str) -> None:
    mol = read_molecule(DRUGS[drug])
    assert mol is not None
    assert any(canonical(side) in pair for pair in reaction(name).cuts(mol))


@pytest.mark.parametrize(
    ("name", "place", "smiles", "expected"),
    [
        ("amide coupling", 1, "NCc1ccccc1", ""),
        ("amide coupling", 1, "CNCc1ccccc1", ""),
        ("amide coupling", 1, "Nc1ccccc1", ""),
        ("amide coupling", 1, "Nc1ccccn1", ""),
        ("amide coupling", 1, "CC(=O)NCc1ccccc1", NO_GROUP),
        ("amide coupling", 1, "NC(=N)c1ccccc1", NO_GROUP),
        ("amide coupling", 1, "CNC(=N)N", NO_GROUP),
        ("amide coupling", 1, "CS(=O)(=O)Nc1ccccc1", NO_GROUP),
        ("amide coupling", 1, "NC(=O)NCC", NO_GROUP),
        ("amide coupling", 1, "c1ccc2[nH]ccc2c1", NO_GROUP),
        ("amide coupling", 1, "CCN(CC)CC", NO_GROUP),
        ("amide coupling", 1, "NNC(=O)c1ccccc1", NO_GROUP),
        ("amide coupling", 1, "NCCc1ccc(N)cc1", SEVERAL_GROUPS),
        # equal by symmetry, but two would react
        ("amide coupling", 1, "C1CNCCN1", SEVERAL_GROUPS),
        ("amide coupling", 1, "NCC(=O)O", INCOMPATIBLE),
        ("amide coupling", 1, "NCCc1ccc(C(=O)NN)cc1", INCOMPATIBLE),
        ("amide coupling", 1, "NCCCBr", INCOMPATIBLE),
        ("amide coupling", 1, "NCc1ccc(B(O)O)cc1", INCOMPATIBLE),
        ("amide coupling", 1, "NCC[Si](C)(C)C", ELEMENT),
        ("amide coupling", 0, "O=C(O)CCC(=O)O", SEVERAL_GROUPS),
        ("amide coupling", 0, "O=C(Cl)c1ccccc1", ""),
        ("amide coupling", 0, "O=CO", NO_GROUP),
        ("amide coupling", 0, "CC(=O)CC(=O)O", NO_GROUP),
        ("amide coupling", 0, "COC(=O)c1ccccc1", NO_GROUP),
        ("Suzuki coupling", 0, "CC1(C)OB(c2ccccc2)OC1(C)C", ""),
        ("Suzuki coupling", 0, "OB(O)C1=CCCCC1", ""),
        # its configuration would be lost
        ("Suzuki coupling", 0, "OB(O)/C=C/c1ccccc1", NO_GROUP),
        ("Suzuki coupling", 0, "OB(O)c1ccccn1", NO_GROUP),
        ("Suzuki coupling", 0, "OB(O)c1ccc(Br)cc1", INCOMPATIBLE),
        ("Suzuki coupling", 1, "C=CBr", ""),
        ("Suzuki coupling", 1, "Clc1ccccc1", NO_GROUP),
        ("Suzuki coupling", 1, "Clc1ncccn1", ""),
        ("Suzuki coupling", 1, "Brc1ccc(Br)cc1", SEVERAL_GROUPS),
        ("SNAr with amine", 0, "Clc1cccnc1", NO_GROUP),
        ("SNAr with amine", 0, "Clc1ccncc1", ""),
        ("SNAr with amine", 0, "Fc1ccc([N+](=O)[O-])cc1", ""),
        ("SNAr with amine", 0, "Fc1ccccc1", NO_GROUP),
        ("SNAr with amine", 0, "Clc1cc(Cl)ncn1", SEVERAL_GROUPS),
        ("N-alkylation of secondary amine", 1, "NCc1ccccc1", NO_GROUP),
        ("N-alkylation of secondary amine", 0, "CC(C)(C)Br", NO_GROUP),
        ("N-alkylation of azole", 1, "Cc1cc[nH]n1", NO_GROUP),
        ("N-alkylation of azole", 1, "Cc1cn[nH]c1", ""),
        ("reductive amination of ketone", 0, "CC(=O)CC(C)=O", NO_GROUP),
        ("reductive amination of ketone", 0, "O=C1CCC(=O)CC1", SEVERAL_GROUPS),
        ("reductive amination of ketone", 0, "CC(=O)C(C)(C)C", NO_GROUP),
    ],
)
def test_what_fits_a_role(name: str, place: int, smiles: str, expected: str) -> None:
    assert fault(name, place, smiles) == expected


def test_configuration_is_kept_or_turned_over() -> None:
    amine = "C[C@H](N)c1ccccc1"
    kept = reaction("amide coupling").react("CC(=O)O", amine)
    assert kept == canonical("C[C@H](NC(C)=O)c1ccccc1")
    # (S)-alcohol gives the (R)-ether
    ether = reaction("Mitsunobu reaction").react("C[C@H](O)c1ccccc1", "Oc1ccccc1")
    assert ether is not None
    labels = [
        Chem.FindMolChiralCenters(Chem.MolFromSmiles(each), useLegacyImplementation=False)[0][1]
        for each in ("C[C@H](O)c1ccccc1", ether)
    ]
    assert sorted(labels) == ["R", "S"]
    # a new centre has none: a molecule that has is not made so
    racemic, one = read_molecule("CCC(C)NCc1ccccc1"), read_molecule("CC[C@H](C)NCc1ccccc1")
    assert racemic is not None
    assert one is not None
    assert reaction("reductive amination of ketone").cuts(racemic)
    assert not reaction("reductive amination of ketone").cuts(one)
    assert reaction("reductive amination of aldehyde").cuts(one) == [
        ("O=Cc1ccccc1", canonical("CC[C@H](C)N"))
    ]


def test_double_bonds_stereo_groups_and_isotopes_stay() -> None:
    amide = reaction("amide coupling")
    assert amide.react("OC(=O)/C=C/C", "NC") == canonical("CNC(=O)/C=C/C")
    assert amide.react("OC(=O)C", "NC([2H])([2H])[2H]") == canonical("CC(=O)NC([2H])([2H])[2H]")
    mixed = amide.react("CC(=O)O", "C[C@H](N)c1ccccc1 |&1:1|")
    assert mixed is not None
    assert "|&1:" in mixed


def test_click_gives_one_isomer_and_rings_are_not_cut() -> None:
    click = reaction("azide-alkyne cycloaddition")
    assert click.react("CN=[N+]=[N-]", "C#CC") == canonical("Cn1cc(C)nn1")
    other = read_molecule("Cn1nncc1C")
    assert other is not None
    assert click.cuts(other) == []
    lactam = read_molecule("O=C1CCCCN1")
    assert lactam is not None
    assert cuts_of(lactam, named_reactions()) == []


@pytest.mark.parametrize(
    "smiles", ["", " ", "C1CC", "CN(C)(C)(C)C", "*CC", "[CH3]", "C" * 101, "é", "[Na+].[Cl-].C1"]
)
def test_what_is_no_molecule_is_none(smiles: str) -> None:
    assert read_molecule(smiles) is None
    assert named_reactions()[0].react(smiles, "CN") is None


@pytest.mark.parametrize(
    "smiles",
    ["C", "[Na+].[Cl-]", "[H][H]", "C[N+](C)(C)C", "[13CH4]", "O=C(O)CN.Cl", "C1" + "C" * 30 + "1"],
)
def test_odd_molecules_are_not_cut(smiles: str, capfd: pytest.CaptureFixture[str]) -> None:
    mol = read_molecule(smiles)
    if mol is not None:
        assert cuts_of(mol, named_reactions()) == []
    assert capfd.readouterr().err == ""


ENTRY = {
    "name": "amide",
    "smarts": "[CX3:1](=[O:2])-[OX2H1].[{amine}:3]>>[C:1](=[O:2])-!@[NX3:3]",
    "roles": {"acid": {"incompatible": ["acid"]}, "amine": None},
    "example": ["CC(=O)O", "CN", "CNC(C)=O"],
}


def write(path: Path, *entries: object, **more: object) -> Path:
    path.write_text(yaml.safe_dump({"reactions": list(entries), **more}), encoding="utf-8")
    return path


def test_own_reactions_use_the_packages_patterns(tmp_path: Path) -> None:
    (own,) = read_reactions(write(tmp_path / "own.yaml", ENTRY))
    assert own.react("CC(=O)O", "CN") == "CNC(C)=O"
    patterns = {"small": "O;X2;H1"}
    changed = {**ENTRY, "smarts": ENTRY["smarts"].replace("[OX2H1]", "[{small}]")}  # type: ignore[attr-defined]
    (own,) = read_reactions(write(tmp_path / "own.yaml", changed, patterns=patterns))
    assert own.react("CC(=O)O", "CN") == "CNC(C)=O"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"smarts": "[C:1]O.[N:2]>>[C:1][N:2"}, r"reaction 1 \(amide\): smarts"),
        ({"smarts": "[C:1]-O>>[C:1]"}, "has 1 reactants: write two"),
        ({"smarts": "[C:1]-O.[N:2]>>[C:1].[N:2]"}, "has 2 products"),
        ({"smarts": "CO.N>>CN"}, "is mapped: map those that stay"),
        ({"smarts": "[C:1]O.[N:1]>>[C:1][N:1]"}, "map number"),
        ({"smarts": "[C:1]O.[N:2]>>[C:1]N"}, "map number 2 does not stand on both sides"),
        ({"smarts": "[C:1]-[$(O)].[N:2]>>[C:1]-[N:2]"}, r"role 'acid': .*which element goes"),
        ({"smarts": "[{amin}:1]O.[N:2]>>[C:1]-[N:2]"}, "no pattern 'amin'.*is amine meant"),
        ({"exmaple": []}, "unknown key 'exmaple': is example meant"),
        ({"roles": {"acid": None}}, "roles: must name two"),
        ({"roles": {"a": {"incompatible": ["acyd"]}, "b": None}}, "no group 'acyd': is acid meant"),
        ({"roles": {"a": {"forms": ["[C:1]O"]}, "b": None}}, "role 'a': forms: .*map the same"),
        ({"inverts": 9}, "inverts: 9 is no mapped atom"),
        ({"example": ["CC(=O)O", "CN", "CNC(=O)CC"]}, r"gives CNC\(C\)=O, not CCC\(=O\)NC"),
        ({"example": ["CCO", "CN", "CNC(C)=O"]}, "does not fit the role 'acid': it has no group"),
        ({"example": ["CC(=O)O", "CN"]}, "must be a list of two reactants"),
        ({"name": ""}, "name: '' is no text"),
    ],
)
def test_errors_name_file_and_entry(
    tmp_path: Path, change: dict[str, object], message: str
) -> None:
    path = write(tmp_path / "own.yaml", {**ENTRY, **change})
    with pytest.raises(ConfigError, match=message) as error:
        read_reactions(path)
    assert str(error.value).startswith(f"{path}: reaction 1")


def test_errors_of_whole_files(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file of reactions"):
        read_reactions(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="name 'amide' is that of reaction 1 too"):
        read_reactions(write(tmp_path / "twice.yaml", ENTRY, ENTRY))
    with pytest.raises(ConfigError, match="holds no reactions"):
        read_reactions(write(tmp_path / "empty.yaml"))
    with pytest.raises(ConfigError, match="unknown key 'reaction'"):
        read_reactions(write(tmp_path / "key.yaml", ENTRY, reaction=[]))
    with pytest.raises(ConfigError, match="group 'odd': 'C1C' is no valid SMARTS"):
        read_reactions(write(tmp_path / "group.yaml", ENTRY, groups={"odd": "C1C"}))
    (tmp_path / "bad.yaml").write_text("reactions: [c1[nH]", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"(?s)not YAML.*in quotes"):
        read_reactions(tmp_path / "bad.yaml")


@pytest.mark.parametrize(
    ("name", "first", "second", "product"),
    [
        ("Williamson ether synthesis", "CI", "Oc1ccccc1", "COc1ccccc1"),
        ("N-alkylation of secondary amine", "CI", "C1CCNCC1", "CN1CCCCC1"),
        ("N-alkylation of azole", "CI", "c1cn[nH]c1", "Cn1cccn1"),
        ("S-alkylation of thiol", "CI", "Sc1ccccc1", "CSc1ccccc1"),
        ("Mitsunobu reaction", "OCCc1ccccc1", "Oc1ccccc1", "C(Cc1ccccc1)Oc1ccccc1"),
    ],
)
def test_methyl_and_primary_carbon_keep_their_hydrogens(
    name: str, first: str, second: str, product: str
) -> None:
    each = reaction(name)
    assert each.react(first, second) == canonical(product)
    mol = read_molecule(product)
    assert mol is not None
    assert each.cuts(mol)


@pytest.mark.parametrize(
    ("name", "place", "smiles"),
    [
        # a second leaving group on the same carbon
        ("N-alkylation of secondary amine", 0, "BrCBr"),
        ("Suzuki coupling", 1, "C=C(Br)Br"),
        # what a Grignard reagent would react with
        ("Grignard addition to aldehyde", 0, "COC(=O)c1ccc(Br)cc1"),
        ("Grignard addition to aldehyde", 1, "CC(=O)c1ccc(C=O)cc1"),
        # neither amide nor pyridone
        ("N-substituted benzimidazole from aldehyde", 0, "CC(=O)Nc1ccccc1N"),
        ("N-alkylation of azole", 1, "O=c1cc[nH]cc1"),
        # the amine would take the aldehyde, or another one's ketone
        ("SNAr with amine", 0, "O=Cc1cnc(Cl)nc1"),
        ("reductive amination of ketone", 1, "O=C1CCC(CN)CC1"),
        # reacts with itself
        ("Suzuki coupling", 0, "OB(O)c1ccc(Cl)nc1"),
        ("Heck reaction", 1, "C=Cc1ccc(Br)cc1"),
        # hindered
        ("Williamson ether synthesis", 0, "BrCC(C)(C)C"),
        ("esterification", 1, "CC(C)(C)O"),
    ],
)
def test_what_would_not_react_as_drawn_is_no_block(name: str, place: int, smiles: str) -> None:
    mol = read_molecule(smiles)
    assert mol is not None
    assert not reaction(name).fits(place, mol)


def test_no_product_is_a_radical() -> None:
    """The smallest blocks that there are for each role, joined with each other's examples."""
    small = ["C", "CC", "c1ccccc1"]
    ends = ["I", "O", "N", "S", "C(=O)O", "C=O", "B(O)O", "C#C", "N=C=O", "S(=O)(=O)Cl", "C1CO1"]
    mols = [read_molecule(body + end) for body in small for end in ends]
    mols += [read_molecule(side) for each in named_reactions() for side in each.example[:2]]
    made = {
        product
        for each in named_reactions()
        for first in mols
        if first is not None and each.fits(0, first)
        for second in mols
        if second is not None and each.fits(1, second)
        if (product := each.join(first, second))
    }
    assert len(made) > 300
    assert all(
        not atom.GetNumRadicalElectrons()
        for product in made
        for atom in Chem.MolFromSmiles(product).GetAtoms()
    )
