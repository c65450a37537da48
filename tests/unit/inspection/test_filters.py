from __future__ import annotations

import pytest

from screenmm.errors import ConfigError
from screenmm.inspection.filters import (
    KINDS,
    Residue,
    answers,
    check_residues,
    parse_filter,
)

BONDS = ("hydrogen bond donor", "hydrogen bond acceptor")
LABELS = ["A:GLU:979", "A:TYR:980", "A:VAL:981", "A:LEU:1030", "A:NAD:400", "B:VAL:981", "ZN:1"]


@pytest.mark.parametrize(
    ("text", "kinds", "residue"),
    [
        ("hydrogen bond to Val981", BONDS, ("", "val", "981")),
        ("Hydrogen Bond donor TO A:981", BONDS[:1], ("a", "", "981")),
        ("hydrophobic contact with LEU1030", ("hydrophobic",), ("", "leu", "1030")),
        ("salt bridge to Asp1041", ("salt bridge",), ("", "asp", "1041")),
        ("  any   contact with A:VAL981 ", KINDS, ("a", "val", "981")),
        ("contact with 981", KINDS, ("", "", "981")),
        ("any interaction with 100A", KINDS, ("", "", "100a")),
        ("van der waals contact with A:VAL:981", ("van der Waals",), ("a", "val", "981")),
        ("cation-pi interaction with 12", ("cation-pi", "pi-cation"), ("", "", "12")),
        ("metal contact to A:ZN:301", ("metal",), ("a", "zn", "301")),
        ("pi stacking with A:5FO:861", ("pi stacking",), ("a", "5fo", "861")),
        ("halogen bond with VAL:-3", ("halogen bond",), ("", "val", "-3")),
        ("any contact with NAD", KINDS, ("", "nad", "")),
        ("any contact with BB:981", KINDS, ("bb", "", "981")),
    ],
)
def test_what_is_understood(text: str, kinds: tuple[str, ...], residue: tuple[str, ...]) -> None:
    found = parse_filter(text)
    assert (found.kinds, found.residue) == (kinds, Residue(*residue))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("Val981", "names no kind of interaction and residue: write it as"),
        ("hydrogen bond Val981", "names no kind of interaction and residue"),
        ("hidrogen bond to Val981", "'hidrogen bond' is no kind of interaction; did you mean "
         "'hydrogen bond'"),
        ("saltbridge with 981", "did you mean 'salt bridge'"),
        ("xyzzy with 981", "valid: any, cation-pi, halogen bond, hydrogen bond"),
        ("hydrogen bond to Val", None),
        ("hydrogen bond to A:", "'A:' is no residue; write A:VAL981, Val981, A:981 or 981"),
        ("hydrogen bond to A:B:C:1", "is no residue"),
        ("hydrogen bond to Val981%", "is no residue"),
    ],
)  # fmt: skip
def test_what_is_not_says_what_would_be(text: str, complaint: str | None) -> None:
    if complaint is None:  # all valines: odd, but it says something
        assert parse_filter(text).residue == Residue("", "val", "")
        return
    with pytest.raises(ValueError, match=r"is no|names no") as error:
        parse_filter(text)
    assert complaint in str(error.value)
    assert repr(text) in str(error.value)


@pytest.mark.parametrize(
    ("words", "labels"),
    [
        ("981", {"A:VAL:981", "B:VAL:981"}),
        ("a:981", {"A:VAL:981"}),
        ("val981", {"A:VAL:981", "B:VAL:981"}),
        ("B:val981", {"B:VAL:981"}),
        ("leu981", set()),
        ("nad", {"A:NAD:400"}),
        ("ZN:1", {"ZN:1"}),  # a receptor whose chain has no name
        ("1", {"ZN:1"}),
    ],
)
def test_residues_that_are_meant(words: str, labels: set[str]) -> None:
    residue = parse_filter(f"any contact with {words}").residue
    assert {label for label in LABELS if residue.matches(label)} == labels


def test_answers_need_kind_and_residue() -> None:
    asked = parse_filter("hydrogen bond to Val981")
    assert answers(asked, [("A:VAL:981", "hydrogen bond acceptor")])
    assert not answers(asked, [("A:VAL:981", "hydrophobic"), ("A:TYR:980", "hydrogen bond donor")])


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        ("Leu981", "receptor wt has no such residue; it has A:VAL:981, B:VAL:981: leave out"),
        ("982", "near it are A:VAL:981, B:VAL:981, A:TYR:980, A:GLU:979"),
        ("C:981", "it has A:VAL:981, B:VAL:981"),
        ("NAX", "near it are A:NAD:400"),
    ],
)
def test_a_residue_that_is_not_there_names_near_ones(words: str, complaint: str) -> None:
    good = parse_filter("any contact with 981")
    check_residues([good], LABELS, "wt")
    with pytest.raises(ConfigError) as error:
        check_residues([good, parse_filter(f"any contact with {words}")], LABELS, "wt")
    assert complaint in str(error.value)
