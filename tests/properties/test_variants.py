"""Variants: names and HGVS come back, no text is an error, and shifts are found."""

from __future__ import annotations

import gzip
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenmm.core.errors import ReceptorError, UserError
from screenmm.variants.changes import LETTERS, Substitution, Variant
from screenmm.variants.entries import Wanted
from screenmm.variants.hgvs import THREE, closest_form, read_change
from screenmm.variants.numbering import number_structure
from screenmm.variants.readers import read_file

from ..unit.variants.made_up import PROTEIN
from ..unit.variants.test_numbering import chain
from ..unit.variants.test_vcf import csq, vcf

letters = st.sampled_from(sorted(LETTERS))
substitutions = st.builds(Substitution, letters, st.integers(2, 40_000), letters).filter(
    lambda each: each.wild != each.mutant
)
variants = st.lists(substitutions, min_size=1, max_size=4, unique_by=lambda each: each.number).map(
    lambda each: Variant(tuple(each))
)

LONG = {letter: code for code, letter in THREE.items()}


def hgvs(variant: Variant, *, predicted: bool) -> str:
    parts = [f"{LONG[a]}{n}{LONG[b]}" for a, n, b in variant.substitutions]
    text = parts[0] if len(parts) == 1 else f"[{';'.join(parts)}]"
    return f"NP_005148.2:p.({text})" if predicted else f"p.{text}"


@given(variants, st.booleans())
def test_a_variant_comes_back_from_hgvs_and_from_its_name(
    variant: Variant, predicted: bool
) -> None:
    assert Variant.named(variant.name) == read_change(variant.name).variant == variant
    assert read_change(hgvs(variant, predicted=predicted)).variant == variant


codes = st.sampled_from([*THREE, *sorted(set(THREE.values()))])


@given(codes, st.integers(1, 40_000), codes)
def test_the_short_cut_says_what_the_grammar_says(wild: str, number: int, mutant: str) -> None:
    short, whole = (read_change(text) for text in
                    (f"{wild}{number}{mutant}", f"p.({wild}{number}{mutant})"))  # fmt: skip
    assert (short.variant, short.reason) == (whole.variant, whole.reason)
    assert short.message == whole.message


@given(st.text(max_size=60))
def test_no_text_is_an_error(text: str) -> None:
    change = read_change(text)
    assert (change.variant is None) == (change.reason is not None)


@given(st.from_regex(re.compile(r"p?\.?\(?[A-Z*]{0,3}[0-9]{0,3}[a-z_>=?;\[\]A-Z*0-9]{0,12}", re.A)))
def test_nothing_like_a_change_is_an_error(text: str) -> None:
    change = read_change(text)
    assert (change.variant is None) == (change.reason is not None)


@given(st.text(max_size=60))
def test_the_closest_form_is_one_that_is_read(text: str) -> None:
    meant = closest_form(text)
    assert not meant or read_change(meant).is_read


@given(
    st.integers(-90, 500).filter(lambda each: abs(each) > 0),
    st.integers(1, 200),
    st.integers(60, 200),
)
def test_a_shift_is_an_error_and_its_offset_the_remedy(shift: int, first: int, size: int) -> None:
    residues = chain(shift=shift, among=range(first, first + size))
    with pytest.raises(ReceptorError) as caught:
        number_structure(residues, PROTEIN, name="abl1.pdb")
    message = str(caught.value)
    assert f"of abl1.pdb, chain A, are shifted against P00519 by {shift:+d}" in message
    assert f"set variants.offset: {shift};" in message
    numbering = number_structure(residues, PROTEIN, offset=shift)
    assert {n: those[0].number for n, those in numbering.places.items()} == {
        each.number - shift: each.number for each in residues
    }


TOLD = csq("T", "missense_variant", "E:p.Thr315Ile")
FILES = {
    "vcf": vcf(*[("C", "T", f"{TOLD}\t0/1")] * 3, samples="SYN-1").encode(),
    "csv": b'gene,variant\nABL1,T315I\nABL1,"p.Glu255Lys"\nEGFR,T790M\n',
    "maf": b"Hugo_Symbol\tTumor_Sample_Barcode\tHGVSp_Short\nABL1\tSYN-1\tp.T315I\n",
}


@given(
    st.sampled_from(sorted(FILES)),
    st.booleans(),
    st.integers(0, 10_000),
    st.integers(0, 30),
    st.binary(max_size=8),
)
def test_a_damaged_file_is_rows_with_reasons_or_an_error_for_the_user(
    tmp_path: Path, kind: str, is_packed: bool, place: int, cut: int, put: bytes
) -> None:
    content = gzip.compress(FILES[kind], mtime=0) if is_packed else FILES[kind]
    at = place % len(content)
    path = tmp_path / "damaged"
    path.write_bytes(content[:at] + put + content[at + cut :])
    with suppress(UserError):
        reading = read_file(path, Wanted("ABL1"))
        assert reading.total == len(reading.rows) + reading.other_gene + reading.not_annotated
