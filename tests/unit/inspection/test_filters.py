from __future__ import annotations

import pytest

from screenmm.errors import ConfigError
from screenmm.inspection.filters import KINDS, Residue, check_residues, parse_filter

BONDS = ("hydrogen bond donor", "hydrogen bond acceptor")
LABELS = ["A:GLU:979", "A:TYR:980", "A:VAL:981", "A:LEU:1030", "A:NAD:400", "B:VAL:981", "ZN:1"]


@pytest.mark.parametrize(
    ("text", "kinds", "residue"),
    [
        ("hydrogen bond to Val981", BONDS, ("", "VAL", "981")),
        ("Hydrogen Bond donor TO A:981", BONDS[:1], ("A", "", "981")),
        ("hydrophobic contact with LEU1030", ("hydrophobic",), ("", "LEU", "1030")),
        ("salt bridge to Asp1041", ("salt bridge",), ("", "ASP", "1041")),
        ("  any   contact with A:VAL981 ", KINDS, ("A", "VAL", "981")),
        ("contact with 981", KINDS, ("", "", "981")),
        ("any interactions with 100A", KINDS, ("", "", "100A")),
        ("van der waals contact with A:VAL:981", ("van der Waals",), ("A", "VAL", "981")),
        ("cation-pi interaction with 12", ("cation-pi", "pi-cation"), ("", "", "12")),
        ("metal contact to A:ZN:301", ("metal",), ("A", "ZN", "301")),
        ("pi stacking with A:5FO:861", ("pi stacking",), ("A", "5FO", "861")),
        ("any contact with A-2:25", KINDS, ("A-2", "", "25")),
        ("any contact with A-2:VAL82", KINDS, ("A-2", "VAL", "82")),
        ("any contact with A-2:A1LU6:900", KINDS, ("A-2", "A1LU6", "900")),
        ("any contact with A:032:1", KINDS, ("A", "032", "1")),
        ("any contact with A:017", KINDS, ("A", "017", "")),
        ("any contact with A:NAG:999B", KINDS, ("A", "NAG", "999B")),
        ("halogen bond with VAL:-3", ("halogen bond",), ("", "VAL", "-3")),
        ("any contact with NAD", KINDS, ("", "NAD", "")),
        ("any contact with A:NAD", KINDS, ("A", "NAD", "")),
        ("metal contact with K", ("metal",), ("", "K", "")),
        ("any contact with BB:981", KINDS, ("BB", "", "981")),
        ("any contact with a:981", KINDS, ("a", "", "981")),
        ("H-bond to Val981", BONDS, ("", "VAL", "981")),
        ("h_bonds to Val 981", BONDS, ("", "VAL", "981")),
        ("Hbond donor to Val981", BONDS[:1], ("", "VAL", "981")),
        ("hydrogen bonding with Val981", BONDS, ("", "VAL", "981")),
        ("hydrogen-bond acceptors with A: VAL 981", BONDS[1:], ("A", "VAL", "981")),
        ("hydrogen bonds to Val981", BONDS, ("", "VAL", "981")),
        ("pi-stacking with Phe82", ("pi stacking",), ("", "PHE", "82")),
        ("Salt-bridges with A:1041", ("salt bridge",), ("A", "", "1041")),
        ("saltbridge with A:1041", ("salt bridge",), ("A", "", "1041")),
        ("pi cation with 12", ("pi-cation",), ("", "", "12")),
        ("hydrophobic contacts with 12", ("hydrophobic",), ("", "", "12")),
        ("van-der-Waals contacts with 12", ("van der Waals",), ("", "", "12")),
    ],
)
def test_what_is_understood(text: str, kinds: tuple[str, ...], residue: tuple[str, ...]) -> None:
    found = parse_filter(text)
    assert (found.kinds, found.readings[0]) == (kinds, Residue(*residue))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Val981", "names no kind of interaction and residue: write it as"),
        ("hydrogen bond Val981", "names no kind of interaction and residue"),
        ("hidrogen bond to Val981", "'hidrogen bond' is no kind of interaction; did you mean "
         "'hydrogen bond'"),
        ("hydrogen to Val981", "did you mean 'hydrogen bond'"),
        ("H bound to Val981", "valid: any, cation-pi"),
        ("salt brigde with 981", "did you mean 'salt bridge'"),
        ("xyzzy with 981", "valid: any, cation-pi, halogen bond, hydrogen bond"),
        ("hydrogen bond to A:", "'A:' is no residue; write A:VAL981, Val981, A:981, 981 or A:NAD"),
        ("hydrogen bond to A:B:C:1", "is no residue"),
        ("hydrogen bond to Val981%", "is no residue"),
        ("hydrogen bond to Val981 or Val982", "is no residue"),
    ],
)  # fmt: skip
def test_what_is_not_says_what_would_be(text: str, complaint: str) -> None:
    with pytest.raises(ValueError, match=r"is no|names no") as error:
        parse_filter(text)
    assert complaint in str(error.value)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ("981", {"A:VAL:981", "B:VAL:981"}),
        ("A:981", {"A:VAL:981"}),
        ("a:981", set()),  # another chain
        ("val981", {"A:VAL:981", "B:VAL:981"}),
        ("val-981", {"A:VAL:981", "B:VAL:981"}),
        ("B:val981", {"B:VAL:981"}),
        ("leu981", set()),
        ("nad", {"A:NAD:400"}),
        ("A:nad", {"A:NAD:400"}),
        ("B:NAD", set()),
        ("A:NAD400", {"A:NAD:400"}),
        ("ZN:1", {"ZN:1"}),  # a receptor whose chain has no name
        ("1", {"ZN:1"}),
    ],
)
def test_residues_that_are_meant(words: str, labels: set[str]) -> None:
    asked = parse_filter(f"any contact with {words}")
    assert {label for label in LABELS if asked.is_about(label)} == labels


@pytest.mark.parametrize(
    ("words", "label"),
    [
        ("AAA:10", "AAA:VAL:10"),  # a chain of three letters
        ("AAA:10", "A:AAA:10"),  # a residue of that name
        ("SO4", "A:SO4:301"),
        ("A:SO4", "A:SO4:301"),
        ("SO4301", "A:SO4:301"),
        ("A:5FO861", "A:5FO:861"),
        ("12P", "A:12P:4"),
        ("12P", "A:VAL:12P"),  # with an insertion code
        ("K", "B:K:2"),
        ("K:2", "B:K:2"),
        ("K:2", "K:VAL:2"),
        ("NA+:3", "A:NA+:3"),
    ],
)
def test_two_readings_are_settled_by_the_residues(words: str, label: str) -> None:
    check_residues([parse_filter(f"any contact with {words}")], [*LABELS, label], "wt")


@pytest.mark.parametrize(
    ("asked", "labels"),
    [
        ("HIS", ["HIS", "HIE", "HID", "HIP", "HSD", "HSE", "HSP", "NHIE", "CHIS"]),
        ("CYS", ["CYX", "CYM", "CYS", "CCYX"]),
        ("ASH", ["ASP", "ASH"]),
        ("GLU", ["GLH", "GLU"]),
        ("LYS", ["LYN", "NLYS"]),
        ("MSE", ["MET", "MSE"]),
        ("WAT", ["HOH", "SOL"]),
    ],
)
def test_names_of_one_residue_are_alike(asked: str, labels: list[str]) -> None:
    for one, other in [(asked, each) for each in labels] + [(each, asked) for each in labels]:
        assert parse_filter(f"any contact with {one}57").is_about(f"A:{other}:57")
        assert parse_filter(f"any contact with B:{one}:57").is_about(f"B:{other}:57")
    assert not parse_filter(f"any contact with {asked}57").is_about("A:ALA:57")
    # no terminal residue of Amber's: three letters that begin with N
    assert not parse_filter("any contact with NAL57").is_about("A:ALA:57")


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("Leu981", "receptor wt has no such residue; it has A:VAL:981, B:VAL:981: leave out"),
        ("982", "near it are A:VAL:981, B:VAL:981, A:TYR:980, A:GLU:979"),
        ("C:981", "it has A:VAL:981, B:VAL:981"),
        ("a:Val981", "its chain is A, not a: chains are told apart by upper and lower case"),
        ("A", "A is a chain: name a residue of it, as A:GLU:979"),
        ("NAX", "near it are A:NAD:400"),
        ("SO4", "preparation takes A:SO4:301 out (crystallisation additive)"),
        ("HOH7", "of its waters, 3 of 9 kept"),
    ],
)
def test_a_residue_that_is_not_there_names_near_ones(words: str, complaint: str) -> None:
    good = parse_filter("any contact with 981")
    removed = {"A:SO4:301": "crystallisation additive"}
    check_residues([good], LABELS, "wt", removed)
    asked = parse_filter(f"any contact with {words}")
    with pytest.raises(ConfigError) as error:
        check_residues([good, asked], LABELS, "wt", removed, "3 of 9 kept")
    assert complaint in str(error.value)


def test_what_two_residues_answer_is_refused() -> None:
    labels = [*LABELS, "K:VAL:2", "B:K:2"]
    complaint = r"may mean residue 2 of chain K or residue K 2 of receptor wt: .* as K:VAL:2$"
    with pytest.raises(ConfigError, match=complaint):
        check_residues([parse_filter("any contact with K:2")], labels, "wt")
    check_residues([parse_filter("any contact with B:K:2")], labels, "wt")


def test_a_filter_may_be_for_some_receptors() -> None:
    only = parse_filter("any contact with Phe981", ["V981F"])
    check_residues([only], LABELS, "wt")
    with pytest.raises(ConfigError, match="receptor V981F has no such residue"):
        check_residues([only], LABELS, "V981F")
    # the number alone is both
    for label in ("A:VAL:981", "A:PHE:981"):
        assert parse_filter("hydrogen bond to A:981").is_about(label)
