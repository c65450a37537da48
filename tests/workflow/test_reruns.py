"""What a change of a finished screen computes again."""

from __future__ import annotations

import re

import pytest

from .conftest import FRAGMENTS, RANKED, STABLE, Screen, rows

pytestmark = [pytest.mark.workflow, pytest.mark.system, pytest.mark.minutes(13)]


def test_adding_a_molecule_computes_its_own_shards_only(copy: Screen):
    copy.write_library(FRAGMENTS | {"pyridone": "O=c1cccc[nH]1"})
    before = len(list((copy.results / "poses/tyk2").glob("*.sdf.gz")))
    jobs = copy.run(2, RANKED)
    assert jobs["prepare_receptor"] == 0
    assert (jobs["split"], jobs["merge"], jobs["select"], jobs["rank"]) == (1, 1, 1, 1)
    # a full shard may split in two; all others stay
    assert 1 <= jobs["dock"] <= 2 < before
    assert jobs["dock"] == jobs["prepare_ligands"]
    assert 1 <= jobs["score"] <= 2
    assert len(rows(copy.results / "ranking.csv")) == 7


def test_removing_a_molecule_redocks_at_most_its_shard(copy: Screen):
    copy.write_library({k: v for k, v in FRAGMENTS.items() if k != "phenol"})
    jobs = copy.run(2, RANKED)
    assert jobs["prepare_receptor"] == 0
    assert jobs["dock"] <= 1
    assert len(rows(copy.results / "ranking.csv")) == 5
    assert len(rows(copy.results / "ledger.csv")) == 5


def test_a_scoring_option_scores_again_and_nothing_else(copy: Screen):
    copy.config["scoring"]["solute_dielectric"] = 4.0
    jobs = copy.run(2, RANKED)
    shards = len(list((copy.results / "selected/tyk2/shards").glob("*.sdf.gz")))
    assert jobs["score"] == shards
    assert (jobs["dock"], jobs["prepare_ligands"], jobs["prepare_receptor"]) == (0, 0, 0)
    assert jobs["rank"] == 1


def test_deleting_one_shards_scores_makes_them_again(copy: Screen):
    table = sorted((copy.results / "scores/tyk2").glob("b*[01].parquet"))[0]
    before = copy.bytes_of(*STABLE)
    table.unlink()
    jobs = copy.run()
    assert jobs["score"] == 1
    assert jobs["dock"] == 0
    assert copy.bytes_of(*STABLE) == before


def test_renaming_the_library_docks_nothing(copy: Screen):
    (copy.folder / "library.smi").rename(copy.folder / "renamed.smi")
    copy.config["library"]["files"] = ["renamed.smi"]
    jobs = copy.run(2, RANKED)
    assert (jobs["dock"], jobs["score"], jobs["standardise"]) == (0, 0, 0)
    assert {row["file"] for row in rows(copy.results / "ledger.csv")} == {"renamed.smi"}


def test_a_second_receptor_reuses_the_ligands(copy: Screen):
    copy.config["receptors"]["copy"] = {"structure": "receptor.pdb"}
    jobs = copy.run()
    assert (jobs["prepare_ligands"], jobs["standardise"]) == (0, 0)
    assert jobs["prepare_receptor"] == 1
    ranking = rows(copy.results / "ranking.csv")
    energies = {
        name: [row["dg_mmgbsa_kcal_mol"] for row in ranking if row["receptor"] == name]
        for name in ("tyk2", "copy")
    }
    assert energies["tyk2"] == energies["copy"]
    assert len(rows(copy.results / "ledger.csv")) == 12

    # as structures of one target they are ranked together, and nothing else is done again
    for receptor in copy.config["receptors"].values():
        receptor["ensemble_of"] = "jak"
    jobs = copy.run()
    assert {"rank", "ensembles", "report"} <= set(jobs) <= {
        "rank", "ensembles", "report", "crate", "screen",
    }  # fmt: skip
    joined = rows(copy.results / "ensembles.csv")
    assert [row["value"] for row in joined] == energies["tyk2"]
    assert {(row["member"], row["members_scored"]) for row in joined} == {("tyk2", "2")}
    assert not copy.run()


def test_another_engine_prepares_nothing_again(copy: Screen):
    shards = len(list((copy.results / "ligands/shards").glob("b*")))
    copy.config["docking"]["engine"] = "vina"
    copy.run(2, "--dry-run")
    jobs = {rule: int(n) for rule, n in re.findall(r"^(\w+) +(\d+)$", copy.output, re.MULTILINE)}
    assert jobs["dock"] == shards
    assert not {"split", "standardise", "merge", "prepare_ligands", "prepare_receptor"} & set(jobs)
