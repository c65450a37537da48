"""A ligand in variants: what is read of a run, what is compared, and what is told of it."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screenmm.core.errors import UserError
from screenmm.files.whole import write_text_gz
from screenmm.replay.comparison import TOLERANCE_KCAL_MOL, Step, Subject, Verdict
from screenmm.replay.variants import (
    TERMS,
    chosen_variants,
    compare_in_variants,
    variant_parts,
)
from screenmm.run.layout import Layout
from screenmm.tables.dictionary import SCORES, VARIANT_EFFECTS, VARIANT_SCORES, names
from screenmm.tables.schema import schema
from screenmm.variants.listed import Modelled, write_modelled

KEY, OTHER = "ISWSIDIOOBJBQZ-UHFFFAOYSA-N", "SIKJAQJRHWYJAI-UHFFFAOYSA-N"
SUBJECT = Subject("phenol", KEY, ("r1",))
FAR = "A:THR:2: 15.8 Å from the pocket, and variants.distance_angstrom is 12"
MODELLED = [
    Modelled("T2A", reason="far_from_pocket", message=FAR, entries=1),
    Modelled("M90I", changes={89: "ILE"}, entries=2),
    Modelled("V93W", changes={92: "TRP"}, entries=1),
    Modelled("A:VAL:93", "null", {92: "VAL"}),
]
FAILED = {"reason": "time_limit", "message": "not finished within 10 s"}
WHERE = {
    "wild_state": f"{KEY}_s1", "wild_pose": 1, "variant_state": f"{KEY}_s1", "variant_pose": 1,
    "rotamers": 2, "residue": ["A:MET:90"], "residue_ddg_kcal_mol": [0.3],
}  # fmt: skip


def score(variant: str, **changed: Any) -> dict[str, Any]:
    """Row of a pair that was scored."""
    energies = dict.fromkeys(names(VARIANT_SCORES), None) | dict.fromkeys(TERMS, 0.25)
    replicas = {"replicas_kcal_mol": [1.0, 1.5]}
    told = {"inchikey": KEY, "variant": variant, "kind": "variant", "reason": "", "message": ""}
    return energies | replicas | WHERE | told | changed


def write_run(
    folder: Path,
    scores: list[dict[str, Any]],
    *,
    modelled: list[Modelled] = MODELLED,
    chosen: tuple[str, ...] = (KEY,),
    scored: tuple[str, ...] = (KEY, OTHER),
    csv_of: Mapping[str, str] | None = None,
) -> Layout:
    """Write what a run has of variants: of two shards, the second holds the ligand."""
    files = Layout(folder)
    for path in (
        files.file("score_variants", "scores", "wt", "b0"),
        files.file("choose_ligands", "shards", "wt") / "b0",
        folder / "selected/wt/shards/b",
        folder / "scores/wt/b",
    ):
        path.parent.mkdir(parents=True)
    write_modelled(modelled, files.file("read_variants", "modelled", "wt"))
    write_text_gz(folder / "selected/wt/shards/b.sdf.gz", "")
    rows = [{"inchikey": key} for key in scored]
    pq.write_table(pa.Table.from_pylist(rows, schema(SCORES)), folder / "scores/wt/b.parquet")
    for shard, keys, found in (("b0", (), []), ("b1", chosen, scores)):
        text = "".join(f"{key}_s1_p1\n     RDKit\n\n$$$$\n" for key in keys)
        write_text_gz(files.file("choose_ligands", "shards", "wt") / f"{shard}.sdf.gz", text)
        table = pa.Table.from_pylist(found, schema(VARIANT_SCORES))
        pq.write_table(table, files.file("score_variants", "scores", "wt", shard))
    with files.file("biomarkers", "variants").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, names(VARIANT_EFFECTS), restval="")
        writer.writeheader()
        left_out = {"receptor": "wt", "variant": "T2A", "status": "left_out", "message": FAR}
        writer.writerow(left_out)
        for row in scores:
            about = {"receptor": "wt", "variant": row["variant"], "inchikey": row["inchikey"]}
            writer.writerow(about | {"message": row["message"]} | dict(csv_of or {}))
    return files


def compared(
    stored: Layout, again: Layout, tolerance: float | None = None, *missing: str
) -> dict[str, Step]:
    known = {each.name for each in MODELLED}
    parts = [variant_parts(files, SUBJECT, "wt", known, 3) for files in (stored, again)]
    steps = compare_in_variants(SUBJECT, "wt", parts[0], parts[1], tolerance, missing)
    return {step.step: step for step in steps}


@pytest.fixture
def scores() -> list[dict[str, Any]]:
    return [
        score("M90I"),
        {**score("V93W"), **dict.fromkeys(TERMS), "replicas_kcal_mol": None, **FAILED},
        score("A:VAL:93", kind="null"),
    ]


def test_every_variant_is_told_with_what_became_of_it(tmp_path: Path, scores: list) -> None:
    found = compared(write_run(tmp_path / "a", scores), write_run(tmp_path / "b", scores))
    assert {step.verdict for step in found.values()} == {Verdict.IDENTICAL}
    assert {name: (step.stored, step.detail) for name, step in found.items()} == {
        "read_variants": ("2 modelled, 1 control, 1 left out", ""),
        "choose_ligands": ("s1_p1", ""),
        "variant T2A": ("left out: far_from_pocket", FAR),
        # the mean of 1.0 and 1.5
        "variant M90I": ("ΔΔG +1.2500 unscaled, 1 replica", ""),
        "variant V93W": ("failed: time_limit", FAILED["message"]),
        "variant A:VAL:93": ("ΔΔG +1.2500 unscaled, 1 replica", ""),
    }


def test_what_hangs_on_other_pairs_is_not_compared(tmp_path: Path, scores: list) -> None:
    noise = {"ddg_low_kcal_mol": "0.1", "ddg_high_kcal_mol": "0.9", "call": "weaker", "ligand": "x"}
    stored = write_run(tmp_path / "a", scores, csv_of=noise)
    more = [Modelled(**{**vars(each), "entries": 9}) for each in MODELLED]
    again = write_run(tmp_path / "b", scores, modelled=more)
    assert {step.verdict for step in compared(stored, again).values()} == {Verdict.IDENTICAL}


@pytest.mark.parametrize(
    ("column", "text"), [("ddg_kcal_mol", "0.3"), ("residues", "A:TYR:9 +9.9"), ("status", "x")]
)
def test_a_cell_of_the_table_is_compared(
    tmp_path: Path, scores: list, column: str, text: str
) -> None:
    stored = write_run(tmp_path / "a", scores, csv_of={column: text})
    step = compared(stored, write_run(tmp_path / "b", scores), 100.0)["variant M90I"]
    assert (step.verdict, step.detail) == (Verdict.DIFFERS, f"variants.csv: columns {column}")


@pytest.mark.parametrize(
    ("changed", "tolerance", "verdict"),
    [
        ({"ddg_gb_kcal_mol": 0.2500001}, None, Verdict.DIFFERS),
        ({"ddg_gb_kcal_mol": 2.0}, TOLERANCE_KCAL_MOL, Verdict.CLOSE),
        ({"ddg_gb_kcal_mol": 4.0}, TOLERANCE_KCAL_MOL, Verdict.DIFFERS),
        ({"replicas_kcal_mol": [1.0]}, TOLERANCE_KCAL_MOL, Verdict.CLOSE),
        ({"replicas_kcal_mol": [9.0, 9.0]}, TOLERANCE_KCAL_MOL, Verdict.DIFFERS),
        ({"ddg_sa_kcal_mol": float("nan")}, TOLERANCE_KCAL_MOL, Verdict.DIFFERS),
        ({"variant_pose": 2}, TOLERANCE_KCAL_MOL, Verdict.CLOSE),
        ({"variant_pose": 2}, None, Verdict.DIFFERS),
        (FAILED, TOLERANCE_KCAL_MOL, Verdict.DIFFERS),
    ],
)
def test_a_pair_is_exact_unless_a_tolerance_is_given(
    tmp_path: Path,
    scores: list,
    changed: dict[str, Any],
    tolerance: float | None,
    verdict: Verdict,
) -> None:
    other = [score("M90I", **changed), *scores[1:]]
    found = compared(write_run(tmp_path / "a", scores), write_run(tmp_path / "b", other), tolerance)
    assert found.pop("variant M90I").verdict is verdict
    assert {step.verdict for step in found.values()} == {Verdict.IDENTICAL}


def test_a_difference_is_told_by_term_and_pose(tmp_path: Path, scores: list) -> None:
    other = [score("M90I", ddg_vdw_kcal_mol=0.75, variant_pose=2), *scores[1:]]
    stored, again = write_run(tmp_path / "a", scores), write_run(tmp_path / "b", other)
    assert compared(stored, again, 3.0)["variant M90I"].detail == (
        "differences, kcal/mol: ΔΔG 0.0000, vdw 0.5000, coulomb 0.0000, gb 0.0000, sa 0.0000, "
        "strain 0.0000, rotamer 0.0000; columns variant_pose"
    )


def test_the_same_failure_is_within_a_tolerance_another_is_not(
    tmp_path: Path, scores: list
) -> None:
    stored = write_run(tmp_path / "stored", scores)
    for reason, verdict in (("time_limit", Verdict.CLOSE), ("not_finite", Verdict.DIFFERS)):
        other = [scores[0], {**scores[1], "reason": reason, "message": "told otherwise"}, scores[2]]
        again = write_run(tmp_path / reason, other)
        assert compared(stored, again, 3.0)["variant V93W"].verdict is verdict


@pytest.mark.parametrize(
    ("scored", "told"),
    [
        ((KEY, OTHER), "not among the 3 best (variants.top)"),
        ((OTHER,), "not scored in the wild type"),
    ],
)
def test_a_ligand_that_goes_into_no_variant_is_told_so(
    tmp_path: Path, scored: tuple[str, ...], told: str
) -> None:
    stored, again = (
        write_run(tmp_path / name, [], chosen=(OTHER,), scored=scored) for name in "ab"
    )
    found = compared(stored, again)
    assert list(found) == ["read_variants", "choose_ligands"]
    assert (found["choose_ligands"].stored, found["choose_ligands"].verdict) == (
        told,
        Verdict.IDENTICAL,
    )


def test_variants_that_are_read_otherwise_or_not_again_are_told(
    tmp_path: Path, scores: list
) -> None:
    stored = write_run(tmp_path / "a", scores)
    again = write_run(tmp_path / "b", scores, modelled=MODELLED[1:])
    found = compared(stored, again)
    assert found["read_variants"].verdict is Verdict.DIFFERS
    assert found["variant T2A"].verdict is Verdict.DIFFERS
    unread = compared(stored, stored, None, "cohort.maf")["read_variants"]
    assert (unread.verdict, unread.recomputed) == (Verdict.UNCHECKED, "")
    assert unread.detail == "not reachable: cohort.maf; the variants are taken as stored"


def test_variants_are_asked_for_by_name(tmp_path: Path, scores: list) -> None:
    files = write_run(tmp_path, scores)
    assert chosen_variants(files, "wt", None) == ["T2A", "M90I", "V93W", "A:VAL:93"]
    assert chosen_variants(files, "wt", ["V93W", "T2A", "V93W"]) == ["V93W", "T2A"]
    message = "no variant 'V39W' in this run; closest: V93W"
    with pytest.raises(UserError, match=f"{message}.*variants.csv lists all"):
        chosen_variants(files, "wt", ["V39W"])
    with pytest.raises(UserError, match="holds no variants of kinase, and the config has some"):
        chosen_variants(files, "kinase", None)
