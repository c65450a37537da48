"""What is trimmed of a model, how sure it is of its pocket, and what is said of both."""

from __future__ import annotations

import json
from pathlib import Path

import gemmi
import numpy as np
import pytest

from screenmm.config.settings import Pocket, Receptor
from screenmm.core.errors import PocketError, ReceptorError
from screenmm.receptor.confidence import (
    Confidence,
    PocketConfidence,
    judge_pocket,
    plddt_of,
    to_trim,
    trim,
    trimmed_runs,
)
from screenmm.receptor.prepare import PreparedReceptor, choose_with_confidence
from screenmm.receptor.reading import read_structure
from tests.unit.receptor.conftest import Prepare, changes
from tests.unit.receptor.predicted_models import (
    RELAXED,
    TRKA,
    as_modelcif,
    errors_of,
    part_of,
    renamed,
)

KINASE_POCKET = ["516", "524", "542", "544", "589", "590", "592", "596", "656", "657", "667", "668"]
"""Residues of TrkA at larotrectinib: glycine-rich loop, gatekeeper 589, hinge, G667, D668."""

SURE = [False] * 30
LOOSE = [True] * 30


@pytest.fixture
def trka(benchmark_data: Path) -> Path:
    return benchmark_data / TRKA


def chosen(path: Path, pocket: list[str], **settings: object) -> Confidence:
    *_, found = choose_with_confidence(
        Receptor(structure=path, **settings), Pocket(residues=pocket)
    )
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("is_low", "gone"),
    [
        (SURE, []),
        (LOOSE + SURE, [(0, 30)]),
        (SURE + LOOSE, [(30, 60)]),
        (SURE + LOOSE + SURE, [(30, 60)]),
        # one residue, or a loop, within a domain
        ([*SURE, True, *SURE], []),
        (SURE + [True] * 19 + SURE, []),
        (SURE + [True] * 20 + SURE, [(30, 50)]),
        # an island of ten confident residues is no domain, one of eleven is
        (LOOSE + [False] * 10 + LOOSE + SURE, [(0, 70)]),
        (LOOSE + [False] * 11 + LOOSE + SURE, [(0, 30), (41, 71)]),
        (SURE + LOOSE + [False] * 10 + LOOSE + SURE, [(30, 100)]),
        # a doubtful residue near an end takes no confident ones with it
        ([False] * 3 + [True] + SURE, []),
        ([True] * 4 + [False] * 2 + [True] + SURE, [(0, 4)]),
        ([True] * 4 + [False] * 2 + [True] * 3 + SURE, [(0, 9)]),
        (LOOSE, [(0, 30)]),
        ([False] * 5, []),
        ([], []),
    ],
)
def test_what_is_trimmed(is_low: list[bool], gone: list[tuple[int, int]]) -> None:
    assert [(start, end) for start, end, _ in to_trim(is_low)] == gone
    count = len(is_low)
    turned = sorted((count - end, count - start) for start, end in gone)
    assert [(start, end) for start, end, _ in to_trim(is_low[::-1])] == turned


def test_plddt_of_a_structure(trka: Path, tyk2_protein: Path) -> None:
    found = plddt_of(read_structure(trka))
    assert found is not None
    assert len(found) == 796
    assert found["A:MET:1"] == 38.81
    assert plddt_of(read_structure(tyk2_protein)) is None


def test_disorder_of_full_length_trka(trka: Path) -> None:
    found = chosen(trka, KINASE_POCKET)
    runs = [(each.first, each.last, each.residues) for each in found.trimmed]
    assert runs == [
        ("A:MET:1", "A:ASP:38", 38),  # signal peptide
        ("A:ASN:381", "A:SER:419", 39),  # before the membrane
        ("A:ASN:440", "A:ALA:500", 61),  # behind it, before the kinase domain
        ("A:LEU:792", "A:GLY:796", 5),
    ]
    assert len(found.plddt) == 796 - 143
    assert found.pocket is not None
    assert found.pocket.residues == len(KINASE_POCKET)
    of_file = {r.seqid.num: r[0].b_iso for r in gemmi.read_structure(str(trka))[0][0]}
    values = [of_file[int(number)] for number in KINASE_POCKET]
    assert found.pocket.mean_plddt == pytest.approx(np.mean(values), abs=0.01)
    assert found.pocket.lowest_plddt == pytest.approx(min(values), abs=0.01)
    low = {number for number, value in zip(KINASE_POCKET, values, strict=True) if value < 70}
    assert {label.split(":")[2] for label in found.pocket.doubtful} == low
    assert not found.pocket.is_low


@pytest.mark.parametrize("b", ["", "nan"])
@pytest.mark.parametrize("group", ["HETATM", "ATOM  "])
def test_modified_residue_goes_with_its_neighbours(
    group: str, b: str, trka: Path, tmp_path: Path
) -> None:
    names = {1: "MSE", 450: "TPO", 451: "UNK", 600: "PTR", 796: "SEC"}
    structure = read_structure(renamed(trka, tmp_path / "x.pdb", names, group, b))
    trim(structure, 70.0)
    runs = [(each.first, each.last, each.residues) for each in trimmed_runs(structure)]
    assert runs == [
        ("A:MSE:1", "A:ASP:38", 38),
        ("A:ASN:381", "A:SER:419", 39),
        ("A:ASN:440", "A:ALA:500", 61),
        ("A:LEU:792", "A:SEC:796", 5),
    ]
    gone = {each.residue: each.detail for each in structure.changes if each.kind == "removed"}
    assert (gone["A:TPO:450"] == "pLDDT not known, in a doubtful linker") == bool(b)
    assert "A:PTR:600" in {each.label for each in structure.residues}


def test_long_stretch_of_unknown_confidence_stays(trka: Path, tmp_path: Path) -> None:
    def trimmed(count: int) -> list[tuple[str, str]]:
        names = dict.fromkeys(range(1, count + 1), "UNK")
        structure = read_structure(renamed(trka, tmp_path / "x.pdb", names, b="nan"))
        trim(structure, 70.0)
        return [(each.first, each.last) for each in trimmed_runs(structure)]

    assert trimmed(10)[0] == ("A:UNK:1", "A:ASP:38")
    # of eleven on end nothing says that they are doubtful
    assert trimmed(11)[0][0] == "A:TRP:12"


def test_nothing_is_trimmed_of_a_model_without_being_asked(trka: Path) -> None:
    whole = chosen(trka, KINASE_POCKET, trim_plddt=None)
    assert (whole.trimmed, len(whole.plddt)) == ([], 796)


def test_experimental_structure_has_no_confidence(tyk2_protein: Path) -> None:
    *_, found = choose_with_confidence(Receptor(structure=tyk2_protein), Pocket(residues=["A:100"]))
    assert found is None


ACTIVATION_LOOP = ["669", "670", "671", "672", "673"]


def test_doubtful_pocket_is_refused_in_one_sentence(trka: Path) -> None:
    with pytest.raises(PocketError) as caught:
        chosen(trka, ACTIVATION_LOOP)
    assert str(caught.value) == (
        "pocket of the model NTRK1_TrkA_P04629_AFDB_v2.pdb: mean pLDDT 49 of 5 residues, below 70 "
        "(min_pocket_plddt): its backbone is a guess, and so is every pose in it; give a "
        "structure that is surer there, name another pocket, or set low_confidence: warn to dock "
        "all the same"
    )


def test_doubtful_pocket_is_warned_of_where_asked(trka: Path) -> None:
    structure, *_, found = choose_with_confidence(
        Receptor(structure=trka, low_confidence="warn"), Pocket(residues=ACTIVATION_LOOP)
    )
    assert found is not None
    assert found.pocket is not None
    assert found.pocket.is_low
    (note,) = [each for each in structure.changes if each.kind == "doubtful pocket"]
    assert "mean pLDDT 49 of 5 residues" in note.detail
    assert not chosen(trka, ACTIVATION_LOOP, min_pocket_plddt=40).pocket.is_low  # type: ignore[union-attr]


def test_residue_that_was_trimmed_is_told(trka: Path) -> None:
    with pytest.raises(PocketError, match=r"no residue 450 .*143 residues of low confidence"):
        chosen(trka, ["450"])
    with pytest.raises(ReceptorError, match=r"N440D.*trim_plddt: null"):
        chosen(trka, KINASE_POCKET, mutations=["N440D"])


def test_trimmed_residues_around_the_pocket_are_counted(trka: Path) -> None:
    # 501 follows the linker that goes
    found = chosen(trka, ["501", "502"]).pocket
    assert found is not None
    assert found.trimmed_near > 0
    assert chosen(trka, ["590"]).pocket.trimmed_near == 0  # type: ignore[union-attr]


def test_model_that_is_disordered_throughout(trka: Path, tmp_path: Path) -> None:
    path = part_of(trka, tmp_path / "linker.pdb", 440, 500)
    with pytest.raises(ReceptorError, match=r"mean pLDDT is 35.*trim_plddt: null"):
        chosen(path, ["450"])


def test_errors_at_the_pocket(trka: Path, tmp_path: Path) -> None:
    errors = errors_of(trka)
    path = tmp_path / "pae.json"
    path.write_text(json.dumps([{"predicted_aligned_error": errors.tolist()}]))
    found = chosen(trka, KINASE_POCKET, pae=path).pae
    assert found is not None
    inside = [int(number) - 1 for number in KINASE_POCKET]
    pairs = [errors[i, j] for i in inside for j in inside if i != j]
    assert found.mean == pytest.approx(np.mean(pairs), abs=0.01)
    assert found.highest == pytest.approx(max(pairs), abs=0.01)
    trimmed = [*range(38), *range(380, 419), *range(439, 500), *range(791, 796)]
    outside = [k for k in range(796) if k not in inside and k not in trimmed]
    rest = [*errors[np.ix_(inside, outside)].flat, *errors[np.ix_(outside, inside)].flat]
    assert found.mean_to_rest == pytest.approx(np.mean(rest), abs=0.01)


def test_errors_of_another_model(trka: Path, tyk2_protein: Path, tmp_path: Path) -> None:
    path = tmp_path / "pae.json"
    path.write_text(json.dumps({"pae": [[0.1] * 795] * 795}))
    with pytest.raises(ReceptorError, match=r"pae\.json is of 795 residues, the model has 796"):
        chosen(trka, KINASE_POCKET, pae=path)
    with pytest.raises(ReceptorError, match="a structure that is no model"):
        choose_with_confidence(
            Receptor(structure=tyk2_protein, pae=path), Pocket(residues=["A:100"])
        )


def test_errors_of_a_model_with_a_ligand(trka: Path, tmp_path: Path) -> None:
    path, errors = tmp_path / "x.pdb", tmp_path / "pae.json"
    ligand = "HETATM 9001  C1  LIG L   1      90.000  90.000  90.000  1.00 55.00           C"
    path.write_text(trka.read_text().replace("\nEND", f"\n{ligand}\nEND"))
    errors.write_text(json.dumps({"pae": [[0.1] * 825] * 825}))
    with pytest.raises(ReceptorError, match=r"825 residues, the model has 796 \(1 .*leave pae out"):
        chosen(path, KINASE_POCKET, pae=errors)
    with pytest.raises(ReceptorError, match="model as it was predicted"):
        chosen(trka, KINASE_POCKET, pae=errors)
    errors.write_text(json.dumps({"pae": [[0.1] * 795] * 795}))
    with pytest.raises(ReceptorError, match="model as it was predicted"):
        chosen(path, KINASE_POCKET, pae=errors)


# --- prepared ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kinase(
    prepare: Prepare, benchmark_data: Path, tmp_path_factory: pytest.TempPathFactory
) -> PreparedReceptor:
    """TrkA from its transmembrane helix on, whose linker is longer than any loop that is built."""
    path = part_of(benchmark_data / TRKA, tmp_path_factory.mktemp("trka") / "trka.pdb", 420, 796)
    return prepare(
        as_modelcif(path, path.with_suffix(".cif")), {"residues": KINASE_POCKET},
        max_missing_loop=30,
    )  # fmt: skip


def test_trimmed_atoms_are_accounted_for(kinase: PreparedReceptor, benchmark_data: Path) -> None:
    chain = gemmi.read_structure(str(benchmark_data / TRKA))[0][0]
    gone = [r for r in chain if 440 <= r.seqid.num <= 500 or r.seqid.num >= 792]
    tally = kinase.heavy_atoms
    assert tally.removed == {"residue of low confidence": sum(len(residue) for residue in gone)}
    assert tally.read == tally.kept + sum(tally.removed.values())
    assert changes(kinase, "removed").keys() == {f"A:{r.name}:{r.seqid.num}" for r in gone}
    assert "A:ASN:440 A:ALA:500" in changes(kinase, "trimmed")


def test_trimmed_linker_is_a_capped_gap(kinase: PreparedReceptor) -> None:
    gap = changes(kinase, "gap")["A:LEU:439 A:CYS:501"]
    assert gap == "61 residues missing, not built; A:NME:440 added, A:ACE:500 added"
    assert changes(kinase, "loop built") == {}


def test_report_of_a_model(kinase: PreparedReceptor) -> None:
    found = kinase.report_json()["confidence"]
    json.dumps(found, allow_nan=False)
    assert found["pocket"]["residues"] == len(KINASE_POCKET)
    assert found["pocket"]["mean_plddt"] > 80
    assert [each["residues"] for each in found["trimmed"]] == [61, 5]
    assert "predicted model (ModelCIF" in kinase.report_text()


def test_relaxed_model_is_prepared(prepare: Prepare, benchmark_data: Path) -> None:
    made = prepare(benchmark_data / RELAXED, {"residues": ["100", "101", "129"]})
    assert made.confidence is not None
    assert [each.residues for each in made.confidence.trimmed] == [19, 23]
    assert made.confidence.pocket is not None
    assert made.confidence.pocket.mean_plddt > 90


def test_a_pocket_of_which_nothing_is_left_is_no_sure_one() -> None:
    with pytest.raises(PocketError, match="no residue whose pLDDT is known is left around it"):
        judge_pocket(None, "x.pdb", stops=True)
    assert "no residue" in judge_pocket(None, "x.pdb", stops=False)


def test_a_mean_that_is_no_number_is_low() -> None:
    found = PocketConfidence(6, float("nan"), float("nan"), 70.0, [])
    with pytest.raises(PocketError, match="mean pLDDT nan of 6 residues"):
        judge_pocket(found, "x.pdb", stops=True)
