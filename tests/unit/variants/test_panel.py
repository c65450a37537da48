from __future__ import annotations

import argparse
import csv
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from screenmm.commands import panel as command
from screenmm.core.errors import UserError
from screenmm.files.csv import csv_text
from screenmm.variants.entries import Wanted
from screenmm.variants.panel import RESULTS_MARKS, check_places, read_results
from screenmm.variants.patients import in_results, read_patients
from screenmm.variants.pseudonyms import pseudonyms, read_key, write_key

from .made_up import change, variant

A, B, C, D, E = (change(number) for number in (100, 150, 200, 250, 300))
TOGETHER = variant(f"{A}+{B}").name
MAF = ("Hugo_Symbol", "Variant_Classification", "Tumor_Sample_Barcode", "HGVSp_Short")
COLUMNS = ("variant", "kind", "ligand", "inchikey", "status", "reason", "ddg_kcal_mol",
           "ddg_low_kcal_mol", "ddg_high_kcal_mol", "call", "distance_angstrom")  # fmt: skip
BIOMARKERS = ("variant", "status", "reason", "lost", "kept", "gained", "untold")


@pytest.fixture
def results(tmp_path: Path) -> Path:
    folder = tmp_path / "results"
    folder.mkdir()
    scores = {
        (A, "imatinib"): (2.5, "weaker"), (A, "dasatinib"): (0.1, "not told apart"),
        (C, "imatinib"): (-1.0, "stronger"), (C, "dasatinib"): (1.5, "weaker"),
        (TOGETHER, "imatinib"): (4.0, "weaker"), (TOGETHER, "dasatinib"): (0.2, "not told apart"),
    }  # fmt: skip
    rows: list[Sequence[str | float]] = [
        (name, "variant", ligand, "KEY", "scored", "", ddg, ddg - 1, ddg + 1, call, 3.0)
        for (name, ligand), (ddg, call) in scores.items()
    ]
    # a control, of no patient
    rows.append(("A:THR:315", "null", "imatinib", "KEY", "scored", "", 9, 8, 10, "weaker", 3.0))
    rows.append(
        (D, "variant", "imatinib", "KEY", "failed", "clash_not_relieved", "", "", "", "", "")
    )
    rows.append((E, "variant", "", "", "left_out", "far_from_pocket", "", "", "", "", ""))
    (folder / "variants.csv").write_text(csv_text(COLUMNS, rows))
    (folder / "biomarkers.csv").write_text(csv_text(BIOMARKERS, [
        (A, "scored", "", "imatinib", "", "", "dasatinib"),
        (TOGETHER, "scored", "", "imatinib", "", "", "dasatinib"),
        (C, "scored", "", "dasatinib", "", "imatinib", ""),
        (E, "left_out", "far_from_pocket", "", "", "", ""),
        ("p.X20_splice", "left_out", "splice", "", "", "", ""),
    ]))  # fmt: skip
    (folder / "screen.duckdb").touch()
    return folder


def maf(path: Path, carried: dict[str, Sequence[str]]) -> Path:
    rows = ["\t".join(MAF)]
    for patient, texts in carried.items():
        rows.append("\t".join(("TTN", "Missense_Mutation", patient, "p.G76T")))
        for text in texts:
            kind = "Splice_Site" if "splice" in text else "Missense_Mutation"
            rows.append("\t".join(("ABL1", kind, patient, f"p.{text}")))
    path.write_text("\n".join(rows) + "\n")
    return path


@pytest.fixture
def cohort(tmp_path: Path) -> Path:
    carried: dict[str, Sequence[str]] = {f"SYN-{n}": [A] for n in range(1, 7)}
    carried |= {"SYN-7": [C, A], "SYN-8": [B, A], "SYN-9": [D], "SYN-10": [E, "X20_splice"],
                "SYN-11": [], "SYN-12": [change(340)]}  # fmt: skip
    return maf(tmp_path / "cohort.maf", carried)


def run(*arguments: object) -> None:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    command.run(parser.parse_args(["--gene", "ABL1", *map(str, arguments)]))


def rows(path: Path) -> list[dict[str, str]]:
    with path.open() as handle:
        return [*csv.DictReader(handle)]


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    return {
        str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_patients_and_what_their_variants_lose(
    results: Path, cohort: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, out = contents(results), tmp_path / "panel"
    run("--variants", cohort, "--results", results, "--out", out)
    assert contents(results) == before
    by_name = {row["patient"]: row for row in rows(out / "panel.csv")}
    assert len(by_name) == 12

    def told(patient: str) -> tuple[str, ...]:
        row = by_name[patient]
        return (row["variants"], row["imatinib_call"], row["imatinib_ddg_kcal_mol"],
                row["dasatinib_call"])  # fmt: skip

    assert told("SYN-1") == (A, "weaker", "2.5", "not told apart")
    # of each ligand the variant that it binds least
    assert told("SYN-7") == (f"{A}; {C}", "weaker", "2.5", "weaker")
    # in place of its substitutions, where the results have both together
    assert told("SYN-8") == (TOGETHER, "weaker", "4", "not told apart")
    assert told("SYN-9") == (D, "not scored", "", "not scored")
    assert told("SYN-10") == (E, "not scored", "", "not scored")
    assert by_name["SYN-10"]["not_modelled"] == "splice (1)"
    assert told("SYN-11") == ("", "no variant", "", "no variant")
    summary = [(row["variant"], row["patients"], row["status"], row["lost"])
               for row in rows(out / "summary.csv")]  # fmt: skip
    assert summary == [
        (A, "7", "scored", "imatinib"),
        (TOGETHER, "<5", "scored", "imatinib"),
        (C, "<5", "scored", "dasatinib"),
        (D, "<5", "not in the results", ""),
        (E, "<5", "left_out", ""),
        (change(340), "<5", "not in the results", ""),
        ("", "<5", "splice", ""),
        ("", "<5", "no variant", ""),
    ]
    said = capsys.readouterr()
    assert "5 variants are carried by fewer than 5 patients" in said.err
    assert "SYN" not in said.err + said.out
    assert "`panel.csv` NAMES PATIENTS" in (out / "README.md").read_text()


VCF = (
    "##fileformat=VCFv4.2\n##contig=<ID=9>\n"
    '##INFO=<ID=CSQ,Number=.,Type=String,Description="Format: Allele|Consequence|SYMBOL|HGVSp">\n'
    '##FORMAT=<ID=GT,Number=1,Type=String,Description="Genotype">\n'
    "#CHROM\tPOS\tID\tREF\tALT\tQUAL\tFILTER\tINFO\tFORMAT\t"
)


def vcf(path: Path, samples: str, *records: tuple[str, str]) -> Path:
    """Records of a change and the samples' genotypes."""
    lines = [f"9\t{at}\t.\tC\tT\t.\t.\tCSQ=T|{'synonymous' if '=' in text else 'missense'}_variant|"
             f"ABL1|p.{text}\tGT\t{genotypes}\n"
             for at, (text, genotypes) in enumerate(records, start=1)]  # fmt: skip
    path.write_text(f"{VCF}{samples}\n{''.join(lines)}")
    return path


def test_a_sample_of_two_files_is_no_patient(results: Path, tmp_path: Path) -> None:
    files = [vcf(tmp_path / f"{at}.vcf", "NORMAL\tTUMOR", (A, "0/1\t0/1")) for at in (1, 2)]
    with pytest.raises(UserError, match=r"1\.vcf and .*2\.vcf have a sample of the same.*reheader"):
        run("--variants", *files, "--results", results, "--out", tmp_path / "panel")
    # the one beside a tumour's is no patient, whatever it carries
    patients = read_patients(files[:1], Wanted("ABL1")).carried
    assert {name: each.variants for name, each in patients.items()} == {"TUMOR": {variant(A)}}
    # a MAF that names the same patient adds to it
    both = [files[0], maf(tmp_path / "a.maf", {"TUMOR": [C]})]
    assert read_patients(both, Wanted("ABL1")).carried["TUMOR"].variants == {variant(A), variant(C)}


def test_who_was_not_called_is_not_said_to_have_no_variant(results: Path, tmp_path: Path) -> None:
    out = tmp_path / "panel"
    path = vcf(
        tmp_path / "a.vcf",
        "SYN-1\tSYN-2\tSYN-3\tSYN-4\tSYN-5\tSYN-6",
        (A, "0/0\t./.\t0/.\t1/.\t./.\t0/0"),
        (C, "0/0\t./.\t0/0\t0/0\t0/1\t0/0"),
        # that stays as it is whatever the genotype
        (f"{A[:-1]}=", "0/0\t0/0\t0/0\t0/0\t0/0\t./."),
    )
    run("--variants", path, "--results", results, "--out", out)
    told = [(row["variants"], row["not_modelled"], row["imatinib_call"])
            for row in rows(out / "panel.csv")]  # fmt: skip
    assert told == [
        ("", "", "no variant"),
        ("", "not_called (2)", "unknown"),
        ("", "not_called (1)", "unknown"),
        (A, "", "weaker"),
        (C, "not_called (1)", "stronger"),
        ("", "", "no variant"),
    ]
    last = [(row["patients"], row["status"]) for row in rows(out / "summary.csv")][-2:]
    assert last == [("<5", "not_called"), ("<5", "no variant")]


def test_entries_that_name_no_patient_are_told(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path, out = maf(tmp_path / "a.maf", {"SYN-1": [A], "": [A, C], "SYN-3": []}), tmp_path / "panel"
    cut = "ABL1\tMissense_Mutation\tSYN-2\nABL1\tMissense_Mutation\n"
    path.write_text(path.read_text() + cut)
    run("--variants", path, "--results", results, "--out", out)
    told = [(row["patient"], row["variants"], row["not_modelled"], row["imatinib_call"])
            for row in rows(out / "panel.csv")]  # fmt: skip
    assert told == [
        ("SYN-1", A, "", "weaker"),
        ("SYN-2", "", "unreadable (1)", "unknown"),
        ("SYN-3", "", "", "no variant"),
    ]
    last = rows(out / "summary.csv")[-1]
    assert (last["patients"], last["status"]) == ("3", "entries that name no patient")
    assert "3 entries name no patient" in capsys.readouterr().err
    assert "3 entries name no patient" in (out / "README.md").read_text()


def test_pseudonyms_name_nobody(results: Path, cohort: Path, tmp_path: Path) -> None:
    out, key = tmp_path / "panel", tmp_path / "mine" / "pseudonyms.csv"
    run("--variants", cohort, "--results", results, "--out", out, "--pseudonyms", "--key", key)
    for path in out.iterdir():
        assert "SYN" not in path.read_text(), path
    names = [row["patient"] for row in rows(out / "panel.csv")]
    assert names == [f"P{number:04d}" for number in range(1, 13)]
    assert os.stat(key).st_mode & 0o777 == 0o600
    whose = {row["pseudonym"]: row["patient"] for row in rows(key)}
    assert sorted(whose.values()) == sorted(f"SYN-{number}" for number in range(1, 13))
    first = (out / "panel.csv").read_text()
    # of a key that is there the pseudonyms are kept
    run("--variants", cohort, "--results", results, "--out", out, "--pseudonyms", "--key", key)
    assert (out / "panel.csv").read_text() == first


def test_the_order_of_pseudonyms_tells_nothing() -> None:
    patients = [f"SYN-{number:03d}" for number in range(60)]
    one, again = (pseudonyms(patients, secret=b"one") for _ in range(2))
    assert one == again == pseudonyms(reversed(patients), secret=b"one")
    assert one != pseudonyms(patients, secret=b"two")
    assert pseudonyms(patients) != pseudonyms(patients)
    ordered = sorted(patients, key=one.__getitem__)
    assert ordered not in (patients, patients[::-1])
    more = pseudonyms([*patients, "SYN-new"], one)
    assert more == one | {"SYN-new": "P0061"}


def test_a_key_that_is_none(tmp_path: Path) -> None:
    path = tmp_path / "key.csv"
    write_key(path, {"a,b": "P0001", "c": "P0002"})
    assert read_key(path) == {"a,b": "P0001", "c": "P0002"}
    assert read_key(tmp_path / "new.csv") == {}
    for text, message in (
        ("patient,pseudonym\n", "line 1: a key begins with pseudonym,patient"),
        ("pseudonym,patient\nx\n", "line 2: no pseudonym and patient"),
        ("pseudonym,patient\nP1,a\nP1,b\n", "gives two patients one pseudonym"),
        ("pseudonym,patient\nP1,a\nP2,a\n", "line 3: the patient of another line, too"),
        ("pseudonym,patient\nP²,a\n", "line 2: no pseudonym and patient"),
        ("pseudonym,patient\nP١,a\n", "line 2: no pseudonym and patient"),
        ('pseudonym,patient\nP1,"a\n', "line 2: no pseudonym and patient"),
    ):
        path.write_text(text)
        with pytest.raises(UserError, match=message):
            read_key(path)


@pytest.mark.parametrize("mark", RESULTS_MARKS)
def test_tables_never_lie_in_results(results: Path, tmp_path: Path, mark: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / mark).parent.mkdir(parents=True)
    (elsewhere / mark).touch()
    link = tmp_path / "link"
    link.symlink_to(results)
    for out, message in (
        (results, "is or holds the results"),
        (tmp_path, "is or holds the results"),
        (results / "panel", "lies in the results"),
        (link / "panel", "lies in the results"),
        (results / "a" / ".." / "panel", "lies in the results"),
        (elsewhere, "which is a results folder"),
        (elsewhere / "a" / "b", "which is a results folder"),
    ):
        with pytest.raises(UserError, match=message):
            check_places(results, out)
    out = tmp_path / "panel"
    check_places(results, out, tmp_path / "key.csv")
    with pytest.raises(UserError, match=r"--key .* lies in --out"):
        check_places(results, out, out / "key.csv")
    with pytest.raises(UserError, match=r"--key .* lies in the results"):
        check_places(results, out, results / "key.csv")


def test_what_the_command_refuses(results: Path, cohort: Path, tmp_path: Path) -> None:
    out = tmp_path / "panel"
    given = ("--variants", cohort, "--results", results, "--out", out)
    with pytest.raises(UserError, match="--key needs --pseudonyms"):
        run(*given, "--key", tmp_path / "key.csv")
    with pytest.raises(UserError, match="--min-group 0: at least 1"):
        run(*given, "--min-group", 0)
    table = tmp_path / "table.csv"
    table.write_text(f"variant\n{A}\n")
    with pytest.raises(UserError, match=r"table.csv names no patients: a MAF with Tumor_Sample"):
        run("--variants", table, "--results", results, "--out", out)
    with pytest.raises(UserError, match="no file"):
        run("--variants", tmp_path / "no.maf", "--results", results, "--out", out)
    assert not out.exists()


def test_results_that_are_none(results: Path) -> None:
    (results / "biomarkers.csv").unlink()
    with pytest.raises(UserError, match=r"holds no finished results of variants: biomarkers.csv"):
        read_results(results)
    table = results / "variants.csv"
    whole = table.read_text()
    for text, message in (
        (whole.replace("call", "cal"), "no column call"),
        (whole + "A1V,x\n", r"line \d+: 2 fields, the header has 11"),
        (whole.replace("2.5", "much"), "line 2: ddg_kcal_mol is 'much', no number"),
        (whole.replace(A, "wild"), "line 2: 'wild' is no variant"),
    ):
        table.write_text(text)
        with pytest.raises(UserError, match=message):
            read_results(results)


def test_large_variants_come_before_their_parts() -> None:
    own = [variant(each) for each in (A, B, C)]
    scored = [variant(each) for each in (A, B, f"{A}+{B}", f"{A}+{D}")]
    assert [each.name for each in in_results(own, scored)] == [f"{A}+{B}", C]
    assert in_results([], scored) == ()
    # what a file has together is never taken apart
    assert in_results([variant(f"{A}+{B}")], [variant(A)]) == (variant(f"{A}+{B}"),)
