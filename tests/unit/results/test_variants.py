"""Tables of variants, by hand."""

from __future__ import annotations

import duckdb
import pytest

from screenmm.core.errors import LedgerError
from screenmm.results.variants import (
    biomarkers,
    check_cells,
    ligand_names,
    variant_effects,
)
from screenmm.variants.calls import PRIOR_RESIDUES, PRIOR_SD_KCAL_MOL, SLOPE, Noise, effect_of
from screenmm.variants.listed import Modelled

NAMED = {"KEY-A": "alpha", "KEY-B": "beta"}
MODELLED = [
    Modelled("T2A", reason="far_from_pocket", message="16 Å", entries=2),
    Modelled("V93F", changes={92: "PHE"}, entries=3, residues=["A:VAL:93"]),
    Modelled("D153K", changes={152: "LYS"}, entries=1, charge_change=2, residues=["A:ASP:153"]),
    Modelled("A:VAL:93", kind="null", changes={92: "VAL"}, residues=["A:VAL:93"]),
    Modelled("A:MET:90", kind="null", changes={89: "MET"}, residues=["A:MET:90"]),
]


def cell(ligand: str, variant: str, *replicas: float, reason: str = "") -> dict:
    return {
        "inchikey": ligand, "variant": variant, "kind": "null" if ":" in variant else "variant",
        "reason": reason, "message": reason and "it clashes", "replicas_kcal_mol": list(replicas),
        "residue": ["A:VAL:93", "A:TYR:92"], "residue_ddg_kcal_mol": [1.04, -0.5],
        "wild_kcal_mol": -40.0, "variant_kcal_mol": -36.0,
    }  # fmt: skip


CELLS = [
    cell("KEY-B", "V93F", 8.0, 8.4), cell("KEY-A", "V93F", 0.0, 0.2),
    cell("KEY-A", "D153K", reason="clash_not_relieved"), cell("KEY-B", "D153K", -9.0, -9.4),
    cell("KEY-A", "A:VAL:93", 0.1, 0.3), cell("KEY-B", "A:VAL:93", -0.2, 0.0),
    cell("KEY-A", "A:MET:90", 1.0, 1.0), cell("KEY-B", "A:MET:90", 0.8, 1.0),
]  # fmt: skip


@pytest.fixture(scope="module")
def effects() -> list[dict]:
    return variant_effects("wt", MODELLED, CELLS, NAMED)


def test_one_row_per_cell_in_the_order_of_variants_then_of_the_ranking(effects) -> None:
    assert [(row["variant"], row.get("ligand"), row["status"]) for row in effects] == [
        ("T2A", None, "left_out"),
        ("V93F", "alpha", "scored"), ("V93F", "beta", "scored"),
        ("D153K", "alpha", "failed"), ("D153K", "beta", "scored"),
        ("A:VAL:93", "alpha", "scored"), ("A:VAL:93", "beta", "scored"),
        ("A:MET:90", "alpha", "scored"), ("A:MET:90", "beta", "scored"),
    ]  # fmt: skip


def test_a_failure_is_no_number(effects) -> None:
    (failed,) = (row for row in effects if row["status"] == "failed")
    assert (failed["reason"], failed["message"]) == ("clash_not_relieved", "it clashes")
    assert "ddg_kcal_mol" not in failed
    assert "call" not in failed


def test_the_interval_of_a_variant_has_all_nulls_and_that_of_a_null_the_others(effects) -> None:
    nulls = {"A:VAL:93": [0.2, -0.1], "A:MET:90": [1.0, 0.9]}
    by_cell = {(row["variant"], row.get("ligand")): row for row in effects}
    expected = effect_of([8.0, 8.4], Noise.of(nulls))
    found = by_cell["V93F", "beta"]
    assert found["ddg_low_kcal_mol"] == pytest.approx(expected.low_kcal_mol)
    assert found["ddg_kcal_mol"] == pytest.approx(SLOPE * 8.2)
    assert found["ddg_raw_kcal_mol"] == pytest.approx(8.2)
    assert found["residues"] == "A:VAL:93 +1.0; A:TYR:92 -0.5"
    other = effect_of([1.0, 1.0], Noise.of({"A:VAL:93": [0.2, -0.1]}))
    assert by_cell["A:MET:90", "alpha"]["ddg_high_kcal_mol"] == pytest.approx(other.high_kcal_mol)
    assert Noise.of({}).residues == PRIOR_RESIDUES
    assert Noise.of({}).sd_kcal_mol == PRIOR_SD_KCAL_MOL


def test_biomarkers_account_for_every_variant_and_every_ligand(effects) -> None:
    rows = {row["variant"]: row for row in biomarkers("wt", MODELLED, effects)}
    assert list(rows) == ["T2A", "V93F", "D153K"]
    assert (rows["T2A"]["status"], rows["T2A"]["reason"]) == ("left_out", "far_from_pocket")
    told = ("lost", "kept", "gained", "untold", "failed")
    assert [rows["V93F"][kind] for kind in told] == ["beta", "alpha", "", "", ""]
    assert [rows["D153K"][kind] for kind in told] == ["", "", "beta", "", "alpha"]
    assert [row["entries"] for row in rows.values()] == [2, 3, 1]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (CELLS[1:], "the first that is missing or too many: V93F with KEY-B"),
        ([*CELLS, CELLS[0]], "8 pairs of a variant and a ligand were asked for, and 9 came"),
        ([], "has scored ligands, and its variants have none"),
    ],
)
def test_a_lost_pair_is_a_defect(rows: list[dict], message: str) -> None:
    with pytest.raises(LedgerError, match=message):
        check_cells("wt", MODELLED, rows, NAMED if rows else (), is_any_scored=True)


def test_a_lost_ligand_is_a_defect() -> None:
    rows = [row for row in CELLS if row["inchikey"] == "KEY-A"]
    with pytest.raises(LedgerError, match=r"8 pairs .* and 4 came; .*: A:MET:90 with KEY-B"):
        check_cells("wt", MODELLED, rows, NAMED, is_any_scored=True)


def test_nothing_is_lost_where_nothing_was_scored() -> None:
    check_cells("wt", MODELLED, [], (), is_any_scored=False)
    check_cells("wt", MODELLED, CELLS, NAMED, is_any_scored=True)


def test_without_a_ligand_every_variant_is_told_of() -> None:
    effects = variant_effects("wt", MODELLED, [], {})
    assert {(row["variant"], row["status"], row["reason"]) for row in effects} == {
        ("T2A", "left_out", "far_from_pocket"), ("V93F", "left_out", "no_ligand"),
        ("D153K", "left_out", "no_ligand"), ("A:VAL:93", "left_out", "no_ligand"),
        ("A:MET:90", "left_out", "no_ligand"),
    }  # fmt: skip
    assert [row["reason"] for row in biomarkers("wt", MODELLED, effects)] == [
        "far_from_pocket", "no_ligand", "no_ligand",
    ]  # fmt: skip


def test_a_name_that_two_ligands_have_is_told_apart() -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE members AS FROM (VALUES ('KEY-A', 'alpha'), ('KEY-B', 'alpha')) "
                "t(inchikey, name)")  # fmt: skip
    con.execute("CREATE TABLE ranking AS FROM (VALUES ('wt', 'KEY-B', 1)) "
                "t(receptor, inchikey, rank)")  # fmt: skip
    rows = [{"inchikey": "KEY-A"}, {"inchikey": "KEY-B"}]
    assert ligand_names(con, "wt", rows) == {"KEY-B": "alpha (KEY-B)", "KEY-A": "alpha (KEY-A)"}


def test_a_ligand_that_is_not_ranked_has_its_name_and_comes_last() -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE members AS FROM (VALUES ('KEY-A', 'alpha'), ('KEY-B', 'beta'), "
                "('KEY-C', ''), ('KEY-D', 'delta')) t(inchikey, name)")  # fmt: skip
    con.execute("CREATE TABLE ranking AS FROM (VALUES ('wt', 'KEY-B', 1), ('wt', 'KEY-C', 2), "
                "('other', 'KEY-A', 1)) t(receptor, inchikey, rank)")  # fmt: skip
    rows = [{"inchikey": key} for key in ("KEY-A", "KEY-C", "KEY-B", "KEY-A")]
    found = ligand_names(con, "wt", rows)
    assert list(found.items()) == [("KEY-B", "beta"), ("KEY-C", "KEY-C"), ("KEY-A", "alpha")]


def test_a_variant_that_failed_with_every_ligand_is_none_that_was_scored() -> None:
    rows = [cell(key, "V93F", reason="clash_not_relieved") for key in NAMED]
    effects = variant_effects("wt", MODELLED[1:2], rows, NAMED)
    (row,) = biomarkers("wt", MODELLED[1:2], effects)
    assert (row["status"], row["reason"]) == ("failed", "clash_not_relieved")
    assert row["failed"] == "alpha; beta"
