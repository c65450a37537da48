from __future__ import annotations

import pytest

from screenmm.core.errors import ConfigError
from screenmm.variants.changes import VariantReason
from screenmm.variants.hgvs import LONGEST, closest_form, listed_change, read_change

VARIANTS = {
    "T315I": "T315I",
    " p.T315I ": "T315I",
    "p.(Thr315Ile)": "T315I",
    "Thr315Ile": "T315I",
    "THR315ILE": "T315I",
    "NP_005148.2:p.Thr315Ile": "T315I",
    "NP_005148.2(ABL1):p.(Thr315Ile)": "T315I",
    "ENSP00000361423.2:p.Thr315Ile": "T315I",
    "P00519:p.Thr315Ile": "T315I",
    "ABL1:p.T315I": "T315I",
    "ABL1 T315I": "T315I",
    "ABL1 p.T315I": "T315I",
    "E255K+Y253H": "Y253H+E255K",
    "p.E255K + p.Y253H": "Y253H+E255K",
    "ABL1:p.E255K+ABL1:p.Y253H": "Y253H+E255K",
    "T315I+T315I": "T315I",
    "p.[Thr315Ile;Tyr253His]": "Y253H+T315I",
    "p.[(Thr315Ile);(Tyr253His)]": "Y253H+T315I",
    "p.[(Thr315Ile)]": "T315I",
    "p.[Thr315Ile]": "T315I",
    "CCDS35166.1:p.Thr315Ile": "T315I",
    "uc004bzw.3:p.T315I": "T315I",
    "p.([Thr315Ile;Tyr253His])": "Y253H+T315I",
    "p.[Lys23=;Thr315Ile]": "T315I",
    "p.Lys23delinsArg": "K23R",
    "p.Lys23_Val24delinsArgSer": "K23R+V24S",
    "p.K23_V24>RS": "K23R+V24S",
    "p.Lys23_Val24delinsArgVal": "K23R",
}

REASONS = {
    VariantReason.SYNONYMOUS: ["p.Thr315=", "p.(Thr315=)", "p.=", "p.(=)", "T315T", "p.*315=",
                               "p.Ter110Ter", "p.Lys23_Val24delinsLysVal", "p.[(Thr315=)]"],
    VariantReason.FRAMESHIFT: ["p.Arg97ProfsTer23", "p.Arg97Profs*23", "p.R97fs*23", "p.Arg97fs",
                               "p.(Arg97fs)", "p.Arg97Serfs", "p.?fs*", "R97Pfs", "p.R97Pfs*?"],
    VariantReason.STOP: ["p.Trp26Ter", "p.W26*", "W26*", "p.Gln18Arg*", "p.Lys23delinsTer"],
    VariantReason.INDEL: ["p.Lys23_Val25del", "p.Lys23del", "p.Lys23dup", "p.Lys23_Val25dup",
                          "p.Lys23_Val24insArgSer", "p.Lys23_Val25delinsArg",
                          "p.(Lys23_Val24insN[5])", "p.Thr315[3]", "p.Lys23delinsArgSer",
                          "p.L747_T751delinsP", "p.Lys23_Val24insXaa[10]"],
    VariantReason.SPLICE: ["p.X582_splice", "X582_splice", "p.E746_splice", "splice"],
    VariantReason.START_LOST: ["p.Met1?", "p.(Met1?)", "M1?", "p.Met1Val"],
    VariantReason.EXTENSION: ["p.Ter110GlnextTer17", "p.*110Qext*17", "p.Met1ext-5",
                              "p.Ter110extTer17", "p.Ter110Gln", "*110Q"],
    VariantReason.NO_PROTEIN: ["p.0", "p.0?"],
    VariantReason.UNCERTAIN: ["p.?", "p.(?)", "p.Thr315Xaa", "T315X", "p.Thr315?",
                              "p.(Thr315Ile^Val)", "p.Lys23=/Arg", "p.Thr315Ile(;)Tyr253His"],
    VariantReason.CONFLICTING: ["T315I+T315A", "p.[Thr315Ile];[Tyr253His]"],
    VariantReason.NOT_MODELLED: ["p.Thr315Sec"],
    VariantReason.NOT_ANNOTATED: ["", ".", "NA", "c.944C>T", "NM_005157.6:c.944C>T",
                                  "chr9:g.133748283C>T", "ABL1 c.944C>T"],
    VariantReason.UNREADABLE: ["hello", "T315", "p.Thr315", "p.315I", "315", "ABL1", "T315I E255K",
                               "ABL1:T315I+EGFR:T790M", "(" * 500, "A" * 2000, "p.Thr315Iel",
                               "p.A1_2insSYN-1:p.3_5",
                               # the parser fails on these in its own way
                               "p.[(Ala2[10])]", "p.[(Lys23_Val24insN[5])]"],
}  # fmt: skip


@pytest.mark.parametrize(("text", "name"), VARIANTS.items())
def test_variants(text: str, name: str) -> None:
    change = read_change(text)
    assert change.variant is not None, change
    assert change.variant.name == name
    assert change.is_read


@pytest.mark.parametrize(
    ("text", "reason"), [(text, reason) for reason, texts in REASONS.items() for text in texts]
)
def test_what_is_no_variant_has_a_reason(text: str, reason: VariantReason) -> None:
    change = read_change(text)
    assert (change.variant, change.reason) == (None, reason)
    assert change.message


def test_every_reason_of_a_text_is_tried() -> None:
    # the others are of a sequence, a structure or a file
    elsewhere = {
        VariantReason.NO_PROTEIN_CHANGE, VariantReason.COMBINED, VariantReason.OTHER_GENE,
        VariantReason.NOT_CALLED,
        VariantReason.OTHER_RESIDUE, VariantReason.OUTSIDE_SEQUENCE,
        VariantReason.OUTSIDE_STRUCTURE, VariantReason.FAR_FROM_POCKET,
    }  # fmt: skip
    assert set(REASONS) == set(VariantReason) - elsewhere


@pytest.mark.parametrize(
    ("text", "gene", "reference"),
    [
        ("ABL1:p.T315I", "ABL1", ""),
        ("ABL1 T315I", "ABL1", ""),
        ("NP_005148.2:p.Thr315Ile", "", "NP_005148.2"),
        ("NP_005148.2(ABL1):p.Thr315Ile", "ABL1", "NP_005148.2"),
        ("P00519-2:p.T315I", "", "P00519-2"),
        ("CCDS35166.1:p.T315I", "", "CCDS35166.1"),
        ("uc004bzw.3:p.T315I", "", "uc004bzw.3"),
        ("ABL1_ENST00000318560.5:p.T315I", "ABL1", "ENST00000318560.5"),
        ("ABL1-201:p.T315I", "ABL1", ""),
        ("HLA-A-201:p.T315I", "HLA-A", ""),
        ("NKX2-1:p.T315I", "NKX2-1", ""),
        ("T315I", "", ""),
    ],
)
def test_what_stands_before_a_change(text: str, gene: str, reference: str) -> None:
    change = read_change(text)
    assert (change.gene, change.reference) == (gene, reference)
    assert change.text in ("p.T315I", "T315I", "p.Thr315Ile")


def test_residues_that_hgvs_does_not_name_come_from_the_sequence() -> None:
    text = "p.Ala2_Glu4delinsGlyGlyGly"
    known = read_change(text, "MADEF").variant
    assert known is not None
    assert known.name == "A2G+D3G+E4G"
    unknown = read_change(text)
    assert unknown.reason is VariantReason.INDEL
    assert "give the sequence" in unknown.message


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("t315i", "T315I"),
        ("thr315ile", "T315I"),
        ("Thr 315 Ile", "T315I"),
        ("T-315-I", "T315I"),
        ("p.Thr315Iel", "T315I"),
        ("T315I,E255K", "T315I+E255K"),
        ("T315I/E255K", "T315I+E255K"),
        ("T315I E255K", "T315I+E255K"),
        ("T315I and E255K", "T315I+E255K"),
        ("ABL1:t315i", "T315I"),
    ],
)
def test_the_closest_form_is_one_that_is_read(text: str, meant: str) -> None:
    assert closest_form(text) == meant
    assert read_change(meant).variant is not None


def test_a_listed_change_that_cannot_be_made_out_names_the_closest() -> None:
    with pytest.raises(ConfigError, match=r"variant 't315i': .*; is T315I meant\? Forms .* p.Thr3"):
        listed_change("t315i")
    with pytest.raises(ConfigError, match=r"variant 'c.944C>T': a change of DNA .* is needed"):
        listed_change("c.944C>T")
    assert listed_change("p.Trp26Ter").reason is VariantReason.STOP


def test_a_text_too_long_is_not_parsed() -> None:
    change = read_change("p." + "A" * LONGEST)
    assert (change.text, change.is_read) == ("", False)
    assert str(LONGEST) in change.message
