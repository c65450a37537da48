"""The public functions: the documentation's examples run, and give what a screen gives."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

import screenmm
from screenmm.core.errors import LigandError, UserError
from screenmm.demo import write_demo
from screenmm.exports.hits import write_hits
from screenmm.results.database import write_database
from screenmm.results.fates import write_ledger
from screenmm.results.ranking import write_ranking

from .screens import RECEPTORS, build_screen

EXAMPLES = re.compile(r"```python\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def examples(root: Path) -> list[str]:
    return EXAMPLES.findall((root / "docs/api.md").read_text())


@pytest.fixture(scope="module")
def told(
    examples: list[str], tmp_path_factory: pytest.TempPathFactory
) -> tuple[dict[str, object], Path]:
    """What the first example leaves, run in the demo's folder."""
    folder = tmp_path_factory.mktemp("api")
    write_demo(folder)
    code = re.sub(
        r'"(receptor.pdb|crystal_ligand.sdf|prepared/tyk2)"', rf'"{folder}/\1"', examples[0]
    )
    found: dict[str, object] = {}
    exec(code, found)
    return found, folder


def test_poses_have_scores_and_energies_that_sum(told) -> None:
    found, _ = told
    assert len(found["poses"]) == 2
    terms = found["best"].terms
    parts = ("vdw", "coulomb", "gb", "sa", "strain")
    total = sum(getattr(terms, f"{part}_kcal_mol") for part in parts)
    assert terms.total_kcal_mol == pytest.approx(total)
    assert terms.total_kcal_mol < -5
    scores = [float(pose.GetProp("dock_score_kcal_mol")) for pose in found["poses"]]
    assert all(score < 0 for score in scores)  # in the engine's own order


def test_a_pose_is_the_same_however_often_it_is_docked(told) -> None:
    found, _ = told
    again = screenmm.dock(found["states"], found["receptor"].path, engine="rustina", poses=2)
    for one, two in zip(found["poses"], again, strict=True):
        xyz = [mol.GetConformer().GetPositions().tolist() for mol in (one, two)]
        assert xyz[0] == xyz[1]


def test_a_pose_that_cannot_be_scored_comes_back_as_its_reason(told) -> None:
    found, _ = told
    boronic = Chem.AddHs(Chem.MolFromSmiles("OB(O)c1ccccc1"))
    AllChem.EmbedMolecule(boronic, randomSeed=1)
    scored, failed = screenmm.score_poses(
        [found["poses"][0], boronic], found["receptor"], platform="CPU", max_iterations=5
    )
    assert scored.terms.total_kcal_mol < 0
    assert isinstance(failed, LigandError)
    assert failed.reason == "parameters_missing"


def test_what_is_no_molecule_has_a_reason() -> None:
    with pytest.raises(LigandError) as caught:
        screenmm.prepare_ligand("C1CC")
    assert caught.value.reason == "invalid_structure"


def test_results_of_a_screen(examples: list[str], tmp_path: Path) -> None:
    screen = build_screen(tmp_path / "parts")
    results = tmp_path / "results"
    results.mkdir()
    with screen.open() as con:
        write_ranking(con, results / "ranking.csv")
        write_ledger(con, results / "ledger.csv")
        hits = write_hits(con, screen.sdf, results / "hits.sdf")
        write_database(con, results / "screen.duckdb", {})
    code = examples[2].replace("results/my-screen", str(results))
    found: dict[str, object] = {"screenmm": screenmm}
    exec(code, found)
    opened = found["results"]
    assert len(list(opened.hits())) == hits
    assert set(opened.ranking["receptor"]) == set(RECEPTORS)
    assert opened.ranking["rank"].dropna().groupby(opened.ranking["receptor"]).min().eq(1).all()
    assert set(opened.ledger["status"]) <= {"ranked", "filtered", "duplicate", "failed"}


def test_names_of_a_table_stay_as_they_are(tmp_path: Path) -> None:
    head = "record,name,inchikey,receptor,status,reason,message,position\n"
    rows = "r1,007,K,wt,ranked,,,1\nr2,NA,,wt,failed,no_3d,nan,2\n"
    (tmp_path / "ledger.csv").write_text(head + rows)
    (tmp_path / "ranking.csv").write_text("name,receptor,rank,label\n007,wt,1,\nNA,wt,2,1\n")
    opened = screenmm.open_results(tmp_path)
    assert list(opened.ledger["name"]) == list(opened.ranking["name"]) == ["007", "NA"]
    assert list(opened.ledger["message"]) == ["", "nan"]
    assert list(opened.ranking["label"].isna()) == [True, False]


def test_molecules_are_proposed_and_checked(examples: list[str]) -> None:
    found: dict[str, object] = {"screenmm": screenmm}
    exec(examples[1], found)
    ideas, hits = found["ideas"], found["hits"]
    assert len(ideas) == 20
    core = Chem.MolFromSmarts("c1ccnc(N)c1")
    kept = ideas[ideas.kept]
    assert len(kept) > 10
    assert all(Chem.MolFromSmiles(each).HasSubstructMatch(core) for each in kept.smiles)
    keys = {screenmm.prepare_ligand(each, max_states=1)[0].GetProp("inchikey") for each in hits}
    assert not keys & set(kept.inchikey)
    assert set(" ".join(kept.parents).split()) <= keys
    pd.testing.assert_frame_equal(
        ideas, screenmm.propose(hits, "genetic", core="c1ccnc(N)c1", count=20)
    )


@pytest.mark.parametrize("proposer", ["fragments", "analogues", "products"])
def test_what_a_proposer_needs_is_cut_from_the_library(proposer: str) -> None:
    library = ["O=C(Nc1ccncc1)c1ccccc1F", "O=C(NCc1ccccc1)C1CC1", "CCOc1ccc(C(=O)N2CCOCC2)cc1"]
    ideas = screenmm.propose(["CC(=O)Nc1ccccc1"], proposer, library=library, count=5)
    assert 0 < len(ideas) <= 5
    assert ideas.kept.any()
    assert (ideas.reaction != "").all() == (proposer != "fragments")


def test_a_filter_has_its_reason() -> None:
    ideas = screenmm.propose(["CC(=O)Nc1ccccc1"], count=20, filters={"heavy_atoms": {"min": 11}})
    assert (
        {"property_filter"} <= set(ideas.reason) <= {"", "property_filter", "duplicate_structure"}
    )


def test_a_parent_that_is_no_molecule_is_named() -> None:
    with pytest.raises(LigandError, match=r"invalid_structure: 'C1CC': RDKit"):
        screenmm.propose(["C1CC"])


def test_no_poses_have_no_scores(told) -> None:
    assert screenmm.score_poses([], told[0]["receptor"], platform="CPU") == []


def test_an_empty_folder_is_no_screen(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"holds no finished screen: ranking\.csv is missing"):
        screenmm.open_results(tmp_path)


def test_the_package_itself_imports_nothing_heavy() -> None:
    code = (
        "import sys, screenmm; screenmm.__version__\n"
        "print([m for m in ('openmm', 'rdkit', 'duckdb', 'pandas') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
