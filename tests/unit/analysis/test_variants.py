"""What is said of variants: worked out by hand for a table of three variants and two ligands."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from screenmm.analysis.metrics import make_metrics
from screenmm.analysis.summary import summarise
from screenmm.analysis.variants import board, listing, panel, read_board, sentences
from screenmm.metrics.variants import VariantEntries, VariantMarks
from screenmm.run.layout import Layout
from screenmm.variants.calls import Marker
from tests.unit.analysis.varied import LIGANDS, WILD, effect, fill, made, variant


def test_every_variant_stands_against_every_ligand() -> None:
    found = made()
    assert found.ligands == list(LIGANDS)
    assert [each.name for each in found.variants] == ["M90I", "V93F", "L98R"]
    assert [each.name for each in found.controls] == ["A:GLU:17", "A:VAL:93"]
    assert [each["variant"] for each in found.left_out] == ["T2A"]
    told = [[cell and cell["ddg_kcal_mol"] for cell in each.cells] for each in found.lines]
    assert told == [[0.25, -0.25], [1.5, 0.75], [-1.0, None], [0.25, 0.0], [-0.75, None]]
    assert [each.worst_kcal_mol for each in found.lines] == [0.25, 1.5, -1.0, 0.25, -0.75]
    assert [each["status"] for each in found.lines[2].failed] == ["failed"]


def test_a_pair_without_a_row_leaves_its_place_empty() -> None:
    found = board(WILD, [], [variant("M90I"), variant("V93F")], [
        effect("M90I", "alpha", 0.0), effect("V93F", "alpha", 0.0), effect("V93F", "beta", 0.0),
    ])  # fmt: skip
    assert found.lines[0].cells[1] is None
    # it is not among those that are kept, so that not every ligand is
    assert sentences(found.variants)[-1] == "V93F keeps every ligand."


def test_what_is_read_from_a_database_is_the_same() -> None:
    con = duckdb.connect()
    fill(con)
    found = read_board(con, WILD)
    assert panel(found) == panel(made())
    assert found.entries == made().entries
    con.close()


def test_counts_add_up() -> None:
    found = panel(made())
    assert found.entries == VariantEntries(
        read=8, modelled=4, left_out=1, unusable={"frameshift": 2, "synonymous": 1}
    )
    assert found.entries.read == 4 + 1 + sum(found.entries.unusable.values())
    assert (found.variants, found.modelled, found.left_out) == (4, 3, {"far_from_pocket": 1})
    assert (found.ligands, found.scored, found.failed) == (2, 5, 1)
    empty = {"lost": 0, "kept": 0, "gained": 0, "untold": 0, "failed": 0}
    assert found.by_variant == [
        VariantMarks(variant="M90I", charge_change=0, **empty | {"kept": 2}),
        VariantMarks(variant="V93F", charge_change=0, **empty | {"lost": 1, "untold": 1}),
        VariantMarks(variant="L98R", charge_change=1, **empty | {"gained": 1, "failed": 1}),
    ]


def test_the_noise_is_that_of_null_variants_alone() -> None:
    nulls = panel(made()).nulls
    # unscaled 1, 0 and -3 kcal/mol; the interval of the last, -1.25 to -0.25, lacks 0
    assert (nulls.residues, nulls.scored, nulls.within) == (2, 3, 2)
    assert nulls.rms_kcal_mol == pytest.approx((10 / 3) ** 0.5)
    assert panel(board(WILD, [], [], [])).nulls.rms_kcal_mol is None


def test_what_was_found_is_said_in_words() -> None:
    assert panel(made()).text == (
        "V93F loses alpha. L98R gains alpha. M90I keeps every ligand. Of 1 of the 5 pairs of "
        "variant and ligand nothing can be told. 1 pair could not be scored."
    )
    quiet = board(WILD, [], [variant("M90I")], [effect("M90I", "alpha", 0.0)])
    assert panel(quiet).text == "No variant is seen to lose a ligand. M90I keeps every ligand."
    failed = board(WILD, [], [variant("M90I")], [effect("M90I", "alpha", None)])
    assert panel(failed).text == "No variant could be scored."
    assert panel(board(WILD, [], made().left_out, [])).text == "No variant was scored."


def test_many_variants_and_ligands_are_counted_not_named() -> None:
    names = [f"V{number}F" for number in range(1, 7)]
    ligands = [f"lig{number}" for number in range(5)]
    # V6F loses all five, the others as many as their number
    rows = [
        effect(name, ligand, 1.0 if place < number else 0.0)
        for number, name in enumerate(names, start=1)
        for place, ligand in enumerate(ligands)
    ]
    text = panel(board(WILD, [], [variant(name) for name in names], rows)).text
    assert text == (
        "V5F loses all 5 ligands; V6F loses all 5 ligands; V4F loses 4 of 5 ligands; V3F loses "
        "lig0, lig1 and lig2; 2 more lose some."
    )
    kept = [effect(name, ligand, 0.0) for name in names for ligand in ligands]
    assert (
        "6 variants keep every ligand."
        in panel(board(WILD, [], [variant(name) for name in names], kept)).text
    )


def test_the_markers_are_those_of_the_calls() -> None:
    v93f = made().variants[1]
    assert {each: v93f.ligands(each) for each in Marker} == {
        Marker.LOST: ["alpha"], Marker.KEPT: [], Marker.GAINED: [], Marker.UNTOLD: ["beta"],
    }  # fmt: skip


def test_colours_reach_as_far_as_most_values_and_never_make_much_of_little() -> None:
    assert made().reach_kcal_mol == pytest.approx(1.5 - 0.14 * 0.5)  # 98 % of 0 ... 1, 1.5
    small = board(WILD, [], [variant("M90I")], [effect("M90I", "alpha", 0.2)])
    assert small.reach_kcal_mol == 1.0
    assert board(WILD, [], [], []).reach_kcal_mol == 1.0


def test_words_are_joined() -> None:
    told = [listing(each) for each in ([], ["a"], ["a", "b"], ["a", "b", "c"])]
    assert told == ["", "a", "a and b", "a, b and c"]


def test_the_summary_tells_pairs_and_what_was_left_out(ranked, tmp_path: Path) -> None:
    metrics = make_metrics(ranked, "x", Layout(tmp_path))
    assert "Variants of" not in summarise(ranked, metrics, tmp_path, tmp_path)
    found = panel(made())
    found = found.model_copy(update={"text": f"{found.text} \x1b[31mred\nname"})
    text = summarise(ranked, metrics.model_copy(update={"variants": found}), tmp_path, tmp_path)
    (told,) = [part for part in text.split("\n\n") if part.startswith("Variants of")]
    assert " ".join(told.split()) == (
        "Variants of wt: 3 of 4 with 2 ligands; pairs: 1 lost, 2 kept, 1 gained, 1 untold, "
        "1 failed. V93F loses alpha. L98R gains alpha. M90I keeps every ligand. Of 1 of the 5 "
        "pairs of variant and ligand nothing can be told. 1 pair could not be scored. [31mred "
        "name Of 3 pairs with controls 2 hold 0. Left out: 1 far_from_pocket. "
        "Entries without a variant: 2 frameshift, 1 synonymous."
    )
    assert max(map(len, told.splitlines())) <= 96
