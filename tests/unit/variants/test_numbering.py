from __future__ import annotations

import random
from collections.abc import Iterable, Mapping

import pytest

from screenmm.core.errors import ReceptorError
from screenmm.variants.changes import Unusable, VariantReason
from screenmm.variants.numbering import (
    Located,
    Offset,
    StructureResidue,
    locate,
    number_structure,
)

from .made_up import PROTEIN, change, other, variant

LOOP = range(180, 192)
"""Residues that the structures lack."""


def chain(
    name: str = "A",
    *,
    shift: int = 0,
    among: Iterable[int] = range(100, 350),
    mutated: Mapping[int, str] | None = None,
) -> list[StructureResidue]:
    """A chain of the protein, without a loop."""
    letters = mutated or {}
    return [
        StructureResidue(name, n + shift, "", letters.get(n, PROTEIN.at(n)))
        for n in among
        if n not in LOOP
    ]


def test_the_sequences_numbers_are_the_structures() -> None:
    numbering = number_structure(chain("A") + chain("B", among=range(110, 300)), PROTEIN)
    assert numbering.chains == ("A", "B")
    assert [each.chain for each in numbering.places[200]] == ["A", "B"]
    assert [each.chain for each in numbering.places[320]] == ["A"]
    assert not any((numbering.disagreements, numbering.tags, numbering.warnings))
    found = locate(numbering, variant(f"{change(200)}+{change(320)}"))
    assert not isinstance(found, Unusable)
    assert [(str(each.substitution), len(each.residues)) for each in found] == [
        (change(200), 2),
        (change(320), 1),
    ]


def test_what_the_structure_does_not_have_is_a_reason() -> None:
    numbering = number_structure(chain(), PROTEIN)
    for number in (20, LOOP[3]):
        found = locate(numbering, variant(change(number)), "abl1.pdb")
        assert isinstance(found, Unusable)
        assert found.reason is VariantReason.OUTSIDE_STRUCTURE
        assert f"abl1.pdb has no residue {number} (it begins with 100, ends with 349)" in (
            found.message
        )


@pytest.mark.parametrize("shift", [-99, 1, 19, 1000])
def test_a_shift_is_an_error_and_its_offset_the_remedy(shift: int) -> None:
    with pytest.raises(ReceptorError) as caught:
        number_structure(chain(shift=shift), PROTEIN, name="abl1.pdb")
    message = str(caught.value)
    assert f"of abl1.pdb, chain A, are shifted against P00519 by {shift:+d}" in message
    assert f"set variants.offset: {shift};" in message
    numbering = number_structure(chain(shift=shift), PROTEIN, offset=shift)
    assert numbering.places[200][0].number == 200 + shift


def test_the_alignment_is_shown() -> None:
    with pytest.raises(ReceptorError) as caught:
        number_structure(chain(shift=19), PROTEIN)
    above, marks, below = str(caught.value).splitlines()[1:4]
    assert above.split()[0] == "P00519"
    assert below.split()[:2] == ["chain", "A"]
    assert int(below.split()[-1]) - int(above.split()[-1]) == 19
    assert marks.count("|") >= 30
    assert max(map(len, (above, marks, below))) <= 80


def test_a_given_offset_that_is_wrong_is_an_error() -> None:
    with pytest.raises(ReceptorError, match=r"by \+19 \(variants.offset is 18\)"):
        number_structure(chain(shift=19), PROTEIN, offset=18)


@pytest.mark.parametrize(
    "residues",
    [
        chain("A") + chain("B", shift=1000),
        chain(among=range(100, 250)) + chain(shift=7, among=range(250, 350)),
    ],
    ids=["another shift in each chain", "another shift in each half"],
)
def test_numbers_of_several_shifts_are_taken_by_alignment(
    residues: list[StructureResidue],
) -> None:
    with pytest.raises(ReceptorError, match=r"set variants\.offset: alignment"):
        number_structure(residues, PROTEIN)
    numbering = number_structure(residues, PROTEIN, offset="alignment")
    assert not numbering.disagreements
    for number, those in numbering.places.items():
        assert {each.letter for each in those} == {PROTEIN.at(number)}
    assert sum(map(len, numbering.places.values())) == len(residues)


@pytest.mark.parametrize(("offset", "shift"), [(None, 0), ("alignment", 19), (19, 19)])
def test_a_construct_is_a_warning_and_an_error_where_a_variant_is(
    offset: Offset, shift: int
) -> None:
    letters = {200: other(PROTEIN.at(200)), 260: "W" if PROTEIN.at(260) != "W" else "Y"}
    residues = chain(shift=shift, mutated=letters)
    numbering = number_structure(residues, PROTEIN, offset=offset)
    assert [each.number for each in numbering.disagreements] == [200, 260]
    assert f"differs from P00519 in {change(200)} (chain A), " in numbering.warnings[0]
    assert not isinstance(locate(numbering, variant(change(201))), Unusable)
    with pytest.raises(
        ReceptorError, match="a structure of the variant: give one of the wild type"
    ):
        locate(numbering, variant(change(200)))
    with pytest.raises(ReceptorError, match="The construct is mutated there") as caught:
        locate(numbering, variant(change(260)))
    assert "*" in str(caught.value).splitlines()[2]


def test_tags_and_insertions_are_told() -> None:
    tag = [StructureResidue("A", n, "", letter) for n, letter in enumerate("GSHM", start=-4)]
    inserted = [StructureResidue("A", 300, "A", "G")]
    residues = [*tag, *chain(among=range(100, 301)), *inserted, *chain(among=range(301, 350))]
    numbering = number_structure(residues, PROTEIN)
    assert numbering.tags == (*tag, *inserted)
    assert (
        "A:G-4, A:S-3, A:H-2, A:M-1, A:G300A of the structure are not in P00519"
        in (numbering.warnings[0])
    )
    aligned = number_structure(residues, PROTEIN, offset="alignment")
    assert set(aligned.tags) == {*tag, *inserted}


def test_other_proteins_beside_are_left_alone() -> None:
    chance = random.Random(1)
    partner = [StructureResidue("L", n, "", chance.choice("ACDEFGHIKL")) for n in range(1, 200)]
    peptide = [StructureResidue("P", n, "", PROTEIN.at(n + 60)) for n in range(1, 6)]
    numbering = number_structure([*partner, *peptide, *chain()], PROTEIN)
    assert numbering.chains == ("A",)
    assert not numbering.tags
    with pytest.raises(ReceptorError, match=r"no chain of x\.pdb is the protein of P00519"):
        number_structure(partner, PROTEIN, name="x.pdb")
    with pytest.raises(ReceptorError, match="no chain of the structure"):
        number_structure([], PROTEIN)


def test_a_related_protein_is_an_error_with_its_share() -> None:
    chance = random.Random(1)
    letters = {n: other(PROTEIN.at(n)) for n in range(100, 350) if chance.random() < 0.3}
    with pytest.raises(ReceptorError, match=r"A, has 7\d% of its residues, and 90% are needed"):
        number_structure(chain(mutated=letters), PROTEIN)


def test_without_a_sequence_the_structures_numbers_and_letters_count() -> None:
    partner = [StructureResidue("L", n, "", "W" if PROTEIN.at(n) != "W" else "Y")
               for n in range(100, 350)]  # fmt: skip
    numbering = number_structure(chain() + partner, None)
    found = locate(numbering, variant(change(200)))
    assert not isinstance(found, Unusable)
    assert found == (Located(variant(change(200)).substitutions[0], (chain()[88],)),)
    wrong = locate(numbering, variant(change(200).replace("200", "201")))
    assert isinstance(wrong, Unusable)
    assert wrong.reason is VariantReason.OTHER_RESIDUE
    outside = locate(numbering, variant(change(20)))
    assert isinstance(outside, Unusable)
    assert outside.reason is VariantReason.OUTSIDE_STRUCTURE
