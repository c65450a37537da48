"""Where a run's files lie; only the shards of the last gather count."""

from pathlib import Path

import pytest

from screenmm.config.settings import parse_settings
from screenmm.run.layout import Layout, shard_names


def touch(root: Path, *names: str) -> None:
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).touch()


@pytest.fixture
def files(tmp_path: Path) -> Layout:
    touch(
        tmp_path,
        "library/records/b1.parquet", "library/records/b0.parquet",
        "ligands/shards/b.parquet",
        "selected/wt/shards/b0.sdf.gz", "selected/wt/shards/b1.sdf.gz",
        "poses/wt/b0.parquet", "scores/wt/b01.parquet",  # of an earlier run
    )  # fmt: skip
    return Layout(tmp_path)


def relative(files: Layout, paths: list[Path]) -> list[str]:
    return [str(path.relative_to(files.results)) for path in paths]


def test_names_are_sorted_and_without_suffixes(files: Layout) -> None:
    assert shard_names(files.results / "selected/wt/shards") == ["b0", "b1"]
    assert shard_names(files.results / "absent") == []


def test_partial_files_and_journals_are_no_shards(tmp_path: Path) -> None:
    touch(tmp_path, "b0.parquet", ".b1.parquet.17.partial", ".b1.parquet.journal")
    (tmp_path / "b2").mkdir()
    assert shard_names(tmp_path) == ["b0"]


def test_tables_follow_the_shards_that_exist_now(files: Layout) -> None:
    assert relative(files, files.records()) == [
        "library/records/b0.parquet",
        "library/records/b1.parquet",
    ]
    assert relative(files, files.parents()) == [
        "library/parents/b0.parquet",
        "library/parents/b1.parquet",
    ]
    assert relative(files, files.ligands()) == ["ligands/shards/b.parquet"]
    assert relative(files, files.pose_tables("wt")) == ["poses/wt/b.parquet"]
    assert relative(files, files.poses("wt")) == ["poses/wt/b.sdf.gz"]
    assert relative(files, files.scores("wt")) == ["scores/wt/b0.parquet", "scores/wt/b1.parquet"]
    assert relative(files, files.minimised("wt")) == ["scores/wt/b0.sdf.gz", "scores/wt/b1.sdf.gz"]
    assert relative(files, files.inspected("wt")) == [
        "inspected/wt/b0.parquet",
        "inspected/wt/b1.parquet",
    ]


def test_events_are_of_every_stage_in_order(files: Layout) -> None:
    assert relative(files, files.events(["wt"])) == [
        "library/parents/b0.events.parquet",
        "library/parents/b1.events.parquet",
        "ligands/merge.events.parquet",
        "ligands/states/b.events.parquet",
        "poses/wt/b.events.parquet",
        "selected/wt/select.events.parquet",
        "scores/wt/b0.events.parquet",
        "scores/wt/b1.events.parquet",
        "inspected/wt/b0.events.parquet",
        "inspected/wt/b1.events.parquet",
    ]


def test_single_files(files: Layout) -> None:
    assert relative(files, [files.sources, files.membership, files.benchmarks, files.usage]) == [
        "library/sources.parquet",
        "ligands/membership.parquet",
        "benchmarks",
        "usage",
    ]


CONFIG = {
    "name": "x",
    "results": "results",
    "library": {"files": ["library.smi"]},
    "receptors": {"wt": {"structure": "protein.pdb"}},
    "pocket": {"ligand": "crystal_ligand.sdf"},
    "controls": {"redock": False},
}


def test_jobs_are_those_of_the_present_shards(files: Layout) -> None:
    targets = files.targets(parse_settings(CONFIG, None))
    assert targets["score"] == targets["inspect"] == {"wt/b0", "wt/b1"}
    assert targets["dock"] == {"wt/b"}
    assert targets["prepare_receptor"] == {"wt"}
    assert targets["split"] == {""}


def test_tiers_that_the_config_no_longer_has_do_not_count(files: Layout) -> None:
    touch(files.results, "tiers/wt/2/shards/b0.sdf.gz", "tiers/wt/3/shards/b1.sdf.gz")
    two = Layout(files.results, 2)
    assert relative(two, two.pose_tables("wt", 2)) == ["tiers/wt/2/poses/b0.parquet"]
    assert relative(two, two.poses("wt")) == ["poses/wt/b.sdf.gz"]
    tiers = [{"effort": "fast"}, {"effort": "standard", "top": 1}]
    targets = two.targets(parse_settings(CONFIG | {"docking": {"tiers": tiers}}, None))
    assert (targets["advance"], targets["dock_again"]) == ({"wt/2"}, {"wt/2/b0"})
    assert relative(two, two.events(["wt"]))[-2:] == [
        "tiers/wt/2/advance.events.parquet",
        "tiers/wt/2/poses/b0.events.parquet",
    ]
    assert "dock_again" not in files.targets(parse_settings(CONFIG, None))
    assert not any("tiers/" in path for path in relative(files, files.events(["wt"])))
