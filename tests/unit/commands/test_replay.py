"""Replay: how steps are compared, and what is known of how a file was made."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

from screenmm.files.sdf import sd_record
from screenmm.library.merge import ligand_key
from screenmm.replay.comparison import (
    ENERGIES,
    TOLERANCE_KCAL_MOL,
    Part,
    Step,
    Subject,
    Verdict,
    as_table,
    compare,
    largest_differences,
    shard_of,
    table_rows,
)
from screenmm.run.ledger import Event, Status
from screenmm.run.provenance import Record, read_record_of
from screenmm.run.stages import stage_settings

KEY = "ISWSIDIOOBJBQZ-UHFFFAOYSA-N"
SUBJECT = Subject("phenol", KEY, ("r1",))


def scores(**changed: float) -> Part:
    terms = dict.fromkeys(ENERGIES, -1.0) | changed
    return Part([[{"state": f"{KEY}_s1", "pose": 1, **terms}], []], "")


def judge(step: str, old: Part, new: Part, tolerance: float | None) -> Step:
    (found,) = compare(SUBJECT, "wt", {step: old}, {step: new}, tolerance)
    return found


@pytest.mark.parametrize(
    ("shift", "tolerance", "verdict"),
    [
        (0.0, None, Verdict.IDENTICAL),
        (1e-9, None, Verdict.DIFFERS),
        (0.4, 0.5, Verdict.CLOSE),
        (0.6, 0.5, Verdict.DIFFERS),
        (float("nan"), 0.5, Verdict.DIFFERS),
    ],
)
def test_scores_are_exact_unless_a_tolerance_is_given(
    shift: float, tolerance: float | None, verdict: Verdict
) -> None:
    found = judge("score", scores(), scores(gb_kcal_mol=-1.0 + shift), tolerance)
    assert found.verdict is verdict


@pytest.mark.parametrize(("shift", "verdict"), [(2.9, Verdict.CLOSE), (3.1, Verdict.DIFFERS)])
def test_another_platform_may_differ_by_three(shift: float, verdict: Verdict) -> None:
    found = judge("score", scores(), scores(gb_kcal_mol=-1.0 + shift), TOLERANCE_KCAL_MOL)
    assert found.verdict is verdict


def test_largest_difference_of_each_term_is_stated() -> None:
    found = judge("score", scores(), scores(vdw_kcal_mol=-1.25, sa_kcal_mol=-0.5), 1.0)
    assert found.verdict is Verdict.CLOSE
    assert "vdw 0.2500, coulomb 0.0000, gb 0.0000, sa 0.5000" in found.detail


@pytest.mark.parametrize(
    ("changed", "tolerance", "verdict"),
    [
        ({}, None, Verdict.IDENTICAL),
        ({"distance_angstrom": [2.95]}, None, Verdict.DIFFERS),
        ({"distance_angstrom": [2.95]}, 0.5, Verdict.CLOSE),
        ({"kind": ["metal"]}, 0.5, Verdict.CLOSE),
        ({"passed": [True, False]}, 0.5, Verdict.DIFFERS),
        ({"pose": 2}, 0.5, Verdict.DIFFERS),
    ],
)
def test_interactions_may_come_and_go_within_a_tolerance_checks_may_not(
    changed: dict, tolerance: float | None, verdict: Verdict
) -> None:
    row = {"pose": 1, "passed": [True, True], "residue": ["A:VAL:93"],
           "kind": ["hydrophobic"], "distance_angstrom": [2.9]}  # fmt: skip
    found = judge("inspect", Part([[row], []], ""), Part([[row | changed], []], ""), tolerance)
    assert found.verdict is verdict
    if "kind" in changed:
        assert found.detail.endswith("differ: hydrophobic A:VAL:93, metal A:VAL:93")


def test_tolerance_never_excuses_another_fate_or_another_pose() -> None:
    lost = Part([[], [{"status": "failed", "reason": "not_finite", "message": "x"}]], "")
    assert judge("score", scores(), lost, 100.0).verdict is Verdict.DIFFERS
    other = scores()
    other.value[0][0]["pose"] = 2
    assert judge("score", scores(), other, 100.0).verdict is Verdict.DIFFERS
    assert judge("dock", Part(["a"], ""), Part(["b"], ""), 100.0).verdict is Verdict.DIFFERS


def test_shift_of_the_minimised_pose_is_stated_and_bounded() -> None:
    mol = Chem.AddHs(Chem.MolFromSmiles("Oc1ccccc1"))
    AllChem.EmbedMolecule(mol, randomSeed=7)
    old = Part([[sd_record(mol, "a", {})], []], "")
    for shift, verdict in ((0.3, Verdict.CLOSE), (0.7, Verdict.DIFFERS)):
        moved = Chem.Mol(mol)
        place = moved.GetConformer().GetAtomPosition(3)
        place.x += shift
        moved.GetConformer().SetAtomPosition(3, place)
        found = judge("minimised", old, Part([[sd_record(moved, "a", {})], []], ""), 3.0)
        assert found.verdict is verdict
        assert f"up to {shift:.4f} Å" in found.detail


def test_first_difference_is_shown() -> None:
    found = judge(
        "standardise", Part([["CCO", "alcohol"]], ""), Part([["CCN", "alcohol"]], ""), None
    )
    assert found.verdict is Verdict.DIFFERS
    assert "CCO" in found.detail
    assert "CCN" in found.detail


def test_step_that_was_not_reached_again_differs() -> None:
    (found,) = compare(SUBJECT, "wt", {"dock": Part(["pose"], "1 pose")}, {}, None)
    assert found.verdict is Verdict.DIFFERS


def test_table_names_each_ligand_once_and_shows_details() -> None:
    steps = [
        Step("a", "", "merge", "CCO", "CCO", Verdict.IDENTICAL),
        Step("a", "wt", "score", "-1.0", "-1.1", Verdict.DIFFERS, "vdw 0.1"),
        Step("b", "", "merge", "CCN", "CCN", Verdict.IDENTICAL),
    ]
    assert as_table(steps).splitlines() == [
        "a",
        "  step       | stored | recomputed | verdict",
        "  merge      | CCO    | the same   | identical",
        "  score (wt) | -1.0   | -1.1       | differs",
        "      vdw 0.1",
        "b",
        "  step  | stored | recomputed | verdict",
        "  merge | CCN    | the same   | identical",
    ]


def test_shard_is_found_by_the_ligand_key() -> None:
    bits = f"{ligand_key(KEY):064b}"
    other = "1" if bits[0] == "0" else "0"
    mine = Path(f"poses/wt/b{bits[:2]}.sdf.gz")
    files = [Path(f"poses/wt/b{other}.sdf.gz"), mine]
    assert shard_of(KEY, files) == [mine]
    assert shard_of(KEY, files[:1]) == []
    assert shard_of(KEY, [Path("b.parquet")]) == [Path("b.parquet")]


def test_rows_come_in_the_order_of_the_files(tmp_path: Path) -> None:
    from screenmm.run.ledger import write_events

    for shard, records in (("b1", ("z", "y")), ("b0", ("x", "y"))):
        events = [
            Event("standardise", Status.FAILED, record=each, message=shard) for each in records
        ]
        write_events(tmp_path / f"{shard}.parquet", events)
    found = table_rows(tmp_path.glob("*.parquet"), "record", ["y", "z"])
    assert [(row["record"], row["message"]) for row in found] == [
        ("y", "b0"), ("z", "b1"), ("y", "b1"),
    ]  # fmt: skip
    assert table_rows([], "record", ["y"]) == []
    assert table_rows(tmp_path.glob("*.parquet"), "record", []) == []


def test_changed_settings_are_named_by_key(demo_settings) -> None:
    then = json.loads(stage_settings(demo_settings, "dock"))
    now = demo_settings.model_copy(update={"seed": demo_settings.seed + 1})
    record = Record(then, {})
    assert record.changed_settings(stage_settings(demo_settings, "dock")) == []
    assert record.changed_settings(stage_settings(now, "dock")) == ["seed"]
    poses = demo_settings.docking.model_copy(update={"poses": 3})
    now = demo_settings.model_copy(update={"docking": poses})
    assert record.changed_settings(stage_settings(now, "dock")) == ["docking.poses"]


@pytest.fixture
def demo_settings():
    from screenmm.config.settings import parse_settings

    config = {
        "name": "x",
        "results": "results/x",
        "library": {"files": ["a.smi"]},
        "receptors": {"wt": {"structure": "p.pdb"}},
        "pocket": {"ligand": "l.sdf"},
    }
    return parse_settings(config, None)


def test_record_of_a_file_tells_settings_and_changed_inputs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.pdb").write_text("ATOM")
    output = Path("results/x/receptor.cif")
    digest = "3b2b5bd2e44a9dcdb1ecc9f4e0c3e4b1b4f5d7c2c2f7d1f0c0b8a7f6e5d4c3b2"
    metadata = Path(".snakemake/metadata")
    metadata.mkdir(parents=True)
    made = {
        "shellcmd": "screenmm prepare-receptor --settings '{\"seed\": 1}' --name wt",
        "input_checksums": {"a.pdb": f"sha256:{digest}", "gone.sdf": f"sha256:{digest}"},
    }
    name = urlsafe_b64encode(str(output).encode()).decode()
    (metadata / name).write_text(json.dumps(made))
    record = read_record_of(output)
    assert record is not None
    assert record.settings == {"seed": 1}
    assert record.changed_inputs() == ["a.pdb", "gone.sdf"]
    assert read_record_of(Path("results/x/other.cif")) is None
    (metadata / name).write_text("torn")
    assert read_record_of(output) is None


def test_a_difference_that_is_no_number_is_within_no_tolerance() -> None:
    numbers, hidden = dict.fromkeys(ENERGIES, 1.0), dict.fromkeys(ENERGIES, float("nan"))
    found = largest_differences([numbers, numbers], [numbers, hidden])
    assert not any(difference <= TOLERANCE_KCAL_MOL for _, difference in found)
