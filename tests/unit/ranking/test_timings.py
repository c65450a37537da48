from __future__ import annotations

from pathlib import Path

import pytest

from screenmm.ranking.timings import benchmarks_by_rule, read_timings

HEAD = "s\th:m:s\tmax_rss\tmax_vms\tmax_uss\tmax_pss\tio_in\tio_out\tmean_load\tcpu_time\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "dock/wt").mkdir(parents=True)
    (tmp_path / "dock/wt/0.tsv").write_text(
        HEAD + "12.5\t0:00:12\t512.3\t1\t1\t1\t0\t0\t99\t20.25\n"
    )
    (tmp_path / "dock/wt/1.tsv").write_text(HEAD + "7.25\t0:00:07\t700.1\t1\t1\t1\t0\t0\t99\t10\n")
    (tmp_path / "split.tsv").write_text(HEAD + "0.31\t0:00:00\tNA\tNA\tNA\tNA\t-\t-\t-\tNA\n")
    return tmp_path


def test_times_are_summed_per_rule_in_pipeline_order(folder: Path) -> None:
    found = read_timings(benchmarks_by_rule(folder))
    assert list(found) == ["split", "dock"]
    assert found["dock"] == {
        "jobs": 2, "wall_s": 19.75, "cpu_s": 30.25, "longest_s": 12.5, "max_rss_mb": 700.1,
    }  # fmt: skip


def test_what_snakemake_could_not_measure_is_none(folder: Path) -> None:
    split = read_timings(benchmarks_by_rule(folder))["split"]
    assert split["wall_s"] == 0.31
    assert split["cpu_s"] is None
    assert split["max_rss_mb"] is None


def test_no_folder_gives_no_timings(tmp_path: Path) -> None:
    assert read_timings(benchmarks_by_rule(tmp_path / "none")) == {}
