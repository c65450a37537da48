from __future__ import annotations

import pytest

from screenmm.receptor.labels import MUTATION, Named, molecule_readings, residue_readings


@pytest.mark.parametrize(
    ("spec", "readings"),
    [
        ("NAD", [Named(None, "NAD", None)]),
        ("017", [Named(None, "017", None)]),
        ("A-2:A1LU6", [Named("A-2", "A1LU6", None)]),
        ("NAD:301", [Named("NAD", "301", None), Named(None, "NAD", "301")]),
        ("A:NAG:999A", [Named("A", "NAG", "999A")]),
        ("A:NA+:-3", [Named("A", "NA+", "-3")]),
        ("A:NAD:x", []),
        ("A:B:NAD:1", []),
    ],
)
def test_molecules(spec: str, readings: list[Named]) -> None:
    assert list(molecule_readings(spec)) == readings


@pytest.mark.parametrize(
    ("spec", "readings"),
    [
        ("315", [Named(None, None, "315")]),
        ("-3", [Named(None, None, "-3")]),
        ("A-2:25", [Named("A-2", None, "25"), Named(None, "A-2", "25")]),
        ("A:5CM:60A", [Named("A", "5CM", "60A")]),
        ("THR", []),
        (":315", []),
    ],
)
def test_residues(spec: str, readings: list[Named]) -> None:
    assert list(residue_readings(spec)) == readings


def test_chains_have_a_case_and_names_have_none() -> None:
    named = Named("a", "sti", "60a")
    assert named.matches("a", {"STI"}, "60A")
    assert not named.matches("A", {"STI"}, "60A")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("T315I", (None, "T", "315", "", "I")),
        ("A-2:V82A", ("A-2", "V", "82", "", "A")),
        ("H:T-3AI", ("H", "T", "-3", "A", "I")),
    ],
)
def test_mutations(text: str, parts: tuple[str | None, ...]) -> None:
    found = MUTATION.fullmatch(text)
    assert found is not None
    assert found.groups() == parts
