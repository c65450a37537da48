"""Variants of a finished screen: what runs, what is written, and that no patient is in it."""

from __future__ import annotations

import gzip
import json
import os
import re
import subprocess
from collections import Counter

import duckdb
import pytest

from .conftest import STABLE, Screen, rows

pytestmark = [pytest.mark.workflow, pytest.mark.system, pytest.mark.minutes(6)]

PATIENTS = ("PT-SMITH-0412", "PT-JONES-7731")
MAF = """#version 2.4
Hugo_Symbol\tVariant_Classification\tTumor_Sample_Barcode\tHGVSp_Short\tNotes
TYK2\tMissense_Mutation\tPT-SMITH-0412\tp.V93A\tseen by Dr Grey-Owl
TYK2\tMissense_Mutation\tPT-JONES-7731\tp.V93A\t
TYK2\tFrame_Shift_Del\tPT-JONES-7731\tp.K12fs\t
TYK2\tSilent\tPT-SMITH-0412\tp.L9=\t
TYK2\tMissense_Mutation\tPT-SMITH-0412\tp.T2A\t
EGFR\tMissense_Mutation\tPT-SMITH-0412\tp.T790M\t
"""


@pytest.fixture
def varied(copy: Screen) -> Screen:
    """The finished screen with variants of a cohort, and one of the list."""
    (copy.folder / "cohort.maf").write_text(MAF)
    copy.config["variants"] = {
        "of": "tyk2", "gene": "TYK2", "files": "cohort.maf", "list": ["M90I"], "top": 2,
        "controls": 2, "replicas": 1, "rotamers": 2,
    }  # fmt: skip
    return copy


def test_variants_of_a_finished_screen(varied: Screen) -> None:
    before = varied.bytes_of(*STABLE)
    ran = varied.run(2)
    again = {"read_variants", "choose_ligands", "score_variants", "rank", "biomarkers", "report",
             "crate", "screen"}  # fmt: skip
    assert set(ran) == again
    assert varied.bytes_of(*STABLE) == before

    found = rows(varied.results / "variants.csv")
    fates = Counter((row["variant"], row["status"], row["reason"]) for row in found)
    nulls = {row["variant"] for row in found if row["kind"] == "null"}
    assert len(nulls) == 2
    assert fates == {
        ("T2A", "left_out", "far_from_pocket"): 1,
        ("M90I", "scored", ""): 2,
        ("V93A", "scored", ""): 2,
        **{(name, "scored", ""): 2 for name in nulls},
    }
    for row in found:
        if row["status"] == "scored":
            low, value, high = (float(row[f"ddg_{end}kcal_mol"]) for end in ("low_", "", "high_"))
            assert low < value < high
            told = {"weaker": low > 0, "stronger": high < 0, "not told apart": low <= 0 <= high}
            assert told[row["call"]]
    # each pair that was scored can be looked at
    pairs = sorted((varied.results / "variant_complexes/tyk2").iterdir())
    assert [int(path.name[:4]) for path in pairs] == [
        number for number, row in enumerate(found, start=1) if row["status"] == "scored"
    ]
    text = gzip.decompress(pairs[0].read_bytes()).decode()
    assert [line[:14] for line in text.splitlines() if line.startswith("MODEL")] == [
        "MODEL        1", "MODEL        2",
    ]  # fmt: skip
    assert 'data-part="pair"' in (varied.results / "report.html").read_text()

    markers = {row["variant"]: row for row in rows(varied.results / "biomarkers.csv")}
    assert {name: row["entries"] for name, row in markers.items()} == {
        "T2A": "1", "M90I": "1", "V93A": "2",
    }  # fmt: skip

    with duckdb.connect(str(varied.results / "screen.duckdb"), read_only=True) as con:
        entries = con.execute(
            "SELECT variant, reason, sum(count) FROM variant_entries GROUP BY ALL"
        ).fetchall()
    # of the list one, of the file six
    assert {(variant, reason): count for variant, reason, count in entries} == {
        ("", "other_gene"): 1, ("V93A", ""): 2, ("M90I", ""): 1, ("T2A", ""): 1,
        ("", "frameshift"): 1, ("", "synonymous"): 1,
    }  # fmt: skip

    # nothing of the patients is anywhere in the results, nor in what Snakemake keeps
    for word in (*PATIENTS, "Grey-Owl"):
        asked = ["grep", "-rla", word, "results", ".snakemake"]
        done = subprocess.run(asked, cwd=varied.folder, capture_output=True, text=True, check=False)
        assert not done.stdout, f"{word} is in {done.stdout}"

    # the patients are joined to the results apart from them
    done = subprocess.run(
        ["screenmm", "panel", "--variants", "cohort.maf", "--gene", "TYK2", "--results",
         "results", "--out", "patients"],
        cwd=varied.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    panel = (varied.folder / "patients/panel.csv").read_text()
    assert all(name in panel for name in PATIENTS)

    check_replay(varied)

    # fewer ligands: the choice and what follows, though nothing before it changed
    varied.config["variants"]["top"] = 1
    ran = varied.run(2)
    assert ran["choose_ligands"] == ran["score_variants"] == 1
    assert "read_variants" not in ran
    assert nothing_scored(varied)
    markers = rows(varied.results / "biomarkers.csv")
    assert (
        sum(bool(row["lost"] + row["kept"] + row["gained"] + row["untold"]) for row in markers) == 2
    )

    # one patient more: who carries a variant decides no score
    before = varied.bytes_of("variants.csv")
    more = "TYK2\tMissense_Mutation\tPT-BROWN-0001\tp.V93A\t\n"
    (varied.folder / "cohort.maf").write_text(MAF + more)
    assert varied.run(2)["score_variants"] == 1
    assert varied.bytes_of("variants.csv") == before
    assert nothing_scored(varied)
    markers = {row["variant"]: row for row in rows(varied.results / "biomarkers.csv")}
    assert markers["V93A"]["entries"] == "3"

    judged_by_what_was_measured(varied)


def judged_by_what_was_measured(varied: Screen) -> None:
    """It judges, and computes nothing."""
    before = varied.bytes_of("variants.csv")
    known = next(row for row in rows(varied.results / "variants.csv") if row["status"] == "scored")
    answer = f"{known['variant']},{known['inchikey']},1.5"
    (varied.folder / "measured.csv").write_text(f"variant,ligand,ddg_kcal_mol\n{answer}\n")
    varied.config["variants"]["measured"] = "measured.csv"
    assert set(varied.run(2)) == {"report", "crate", "screen"}
    assert varied.bytes_of("variants.csv") == before
    answers = json.loads((varied.results / "metrics.json").read_text())["variants"]["answers"]
    assert (answers["measured"], answers["pairs"]) == (1, 1)
    error = abs(float(known["ddg_kcal_mol"]) - 1.5)
    assert answers["rmse_kcal_mol"] == pytest.approx(error, abs=0.01)
    assert "measured.csv" in (varied.results / "ro-crate-metadata.json").read_text()


def nothing_scored(varied: Screen) -> bool:
    """Whether the last job took every pair from what was scored before."""
    log = (varied.results / "logs/score_variants/tyk2/b.log").read_text()
    found = re.findall(r"score_variants: (\d+) of (\d+) items taken from the journal", log)
    return len(found) == 1 and len(set(found[0])) == 1


def check_replay(varied: Screen) -> None:
    """See that a ligand comes out the same in variants, and that what was changed is found."""
    ranked = {row["inchikey"] for row in rows(varied.results / "ranking.csv")}
    chosen = {row["inchikey"] for row in rows(varied.results / "variants.csv")} - {""}
    mine, other = min(chosen), min(ranked - chosen)
    done = replay(varied, mine, other, "--variant", "V93A", "--variant", "T2A")
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    steps = json.loads(done.stdout)["steps"]
    assert {step["verdict"] for step in steps} == {"identical"}
    told = {(step["key"], step["step"]): step["stored"] for step in steps}
    assert told[mine, "variant T2A"] == "left out: far_from_pocket"
    assert told[mine, "variant V93A"].startswith("ΔΔG ")
    assert (mine, "variant M90I") not in told
    assert told[other, "choose_ligands"] == "not among the 2 best (variants.top)"
    assert (other, "variant V93A") not in told

    # as if the model had come out otherwise, and the patients' file were gone
    cohort, table = varied.folder / "cohort.maf", varied.results / "variants.csv"
    before = table.read_text(), cohort.read_text(), cohort.stat()
    cohort.unlink()
    kept = [line.replace(",A:", ",A:TRP:999 -9.9; A:") for line in before[0].splitlines()]
    table.write_text("\n".join(kept) + "\n")
    done = replay(varied, mine, "--variant", "M90I")
    table.write_text(before[0])
    cohort.write_text(before[1])
    os.utime(cohort, ns=(before[2].st_atime_ns, before[2].st_mtime_ns))
    assert done.returncode == 1, done.stderr[-3000:]
    wrong = {
        step["step"]: (step["verdict"], step["detail"])
        for step in json.loads(done.stdout)["steps"]
        if step["verdict"] != "identical"
    }
    assert wrong == {
        "read_variants": (
            "not checked", "not reachable: cohort.maf; the variants are taken as stored",
        ),
        "variant M90I": ("differs", "variants.csv: columns residues"),
    }  # fmt: skip

    unknown = replay(varied, mine, "--variant", "M90J")
    assert "no variant 'M90J' in this run; closest: M90I" in unknown.stderr
    asked = varied.config.pop("variants")
    varied.write_config()
    none = replay(varied, mine, "--variant", "M90I")
    assert "--variant M90I: no variants in this replay (the config has none)" in none.stderr
    varied.config["variants"] = asked
    varied.write_config()


def replay(screen: Screen, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["screenmm", "replay", *words, "--config", "config.yaml", "--json", "--workers", "2"],
        cwd=screen.folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_a_fault_in_the_variants_is_told_before_the_first_job(screen: Screen) -> None:
    screen.config["variants"] = {"of": "tyk2", "list": ["Val93Alla"]}
    ran = screen.run(2, check=False)
    assert not ran
    assert "Val93Alla" in screen.output
    screen.config["variants"] = {"of": "tyk3", "list": ["V93A"]}
    screen.run(2, check=False)
    assert "did you mean tyk2?" in screen.output
