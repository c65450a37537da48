from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from screenmm.config.settings import Docking, Library, Rounds, Settings, Variants
from screenmm.core.errors import UserError
from screenmm.planning.library import LibraryCount, SampleResult
from screenmm.planning.plan import LONGEST_JOB_S, MOST_JOBS, SHORTEST_JOB_S, Plan, make_plan
from screenmm.planning.rates import Rate, Rates, packaged_rates
from screenmm.planning.table import duration, render, size

SAMPLE = SampleResult(records=200, inchikeys=[f"KEY{i}" for i in range(180)], states=360)
RATES = packaged_rates(Docking(), "standard")


def on_gpu(rates: Rates, seconds: float) -> Rates:
    return replace(rates, stages={**rates.stages, "score": Rate(0.1, 7.0, seconds)})


def plan(settings: Settings, records: int = 100_000, shard_size: int = 500, **options: Any) -> Plan:
    library = Library(files=settings.library.files, shard_size=shard_size)
    settings = settings.model_copy(update={"library": library})
    count = LibraryCount(records, records, None, [])
    given = {"rates": RATES, "cores": 16, "free_bytes": 10**15, **options}
    return make_plan(settings, count, SAMPLE, **given)


def test_work_is_amounts_times_rates(settings: Settings) -> None:
    found = plan(settings)
    assert (found.ligands, found.states, found.receptors) == (90_000, 180_000, 2)
    assert found.stages["dock"].units == 360_000
    # the best 1000 of each receptor, 2 poses each, each with a replica
    assert found.stages["score"].units == 1000 * 2 * 2 * 2
    dock = RATES.stages["dock"]
    assert found.stages["dock"].cpu_s == pytest.approx(
        360_000 * dock.cpu_s + found.stages["dock"].jobs * 8 * dock.start_s
    )
    assert found.stages["dock"].wall_s == pytest.approx(found.stages["dock"].cpu_s / 16)


def test_the_whole_is_the_stages_and_snakemakes_time_for_each_job(settings: Settings) -> None:
    found = plan(settings)
    snakemake_s = found.jobs * RATES.job_s
    assert snakemake_s > 0
    stages = found.stages.values()
    assert found.jobs >= sum(stage.jobs for stage in stages)
    assert found.wall_s == pytest.approx(sum(stage.wall_s for stage in stages) + snakemake_s)
    assert found.cpu_s == pytest.approx(sum(stage.cpu_s for stage in stages) + snakemake_s)


def test_more_cores_shorten_the_screen_not_its_work(settings: Settings) -> None:
    few, many = plan(settings, cores=16), plan(settings, cores=160)
    assert few.cpu_s == pytest.approx(many.cpu_s)
    assert few.wall_s > 5 * many.wall_s


def test_gpus_divide_the_time_that_a_gpu_takes(settings: Settings) -> None:
    one, four = (plan(settings, rates=on_gpu(RATES, 0.5), gpus=gpus) for gpus in (1, 4))
    assert one.stages["score"].gpu_s == four.stages["score"].gpu_s == 0.5 * 8000
    assert one.stages["score"].wall_s == pytest.approx(4 * four.stages["score"].wall_s)


def test_gpus_are_refused_without_rates_of_one(settings: Settings) -> None:
    with pytest.raises(UserError, match="on no GPU, and nothing is known"):
        plan(settings, gpus=2)
    with pytest.raises(UserError, match="say --gpus N"):
        plan(settings, rates=on_gpu(RATES, 0.5))


def test_a_gpu_platform_with_rates_of_a_cpu_is_warned_of(settings: Settings) -> None:
    scoring = settings.scoring.model_copy(update={"platform": "CUDA"})
    found = plan(settings.model_copy(update={"scoring": scoring}))
    assert any("no GPU was measured" in warning for warning in found.warnings)


def test_the_recommended_size_mends_too_many_jobs(settings: Settings) -> None:
    found = plan(settings, 2_000_000, cores=64)
    assert found.jobs > MOST_JOBS
    assert f"{found.recommended_shard_size:,} is recommended" in "".join(found.warnings)
    better = plan(settings, 2_000_000, found.recommended_shard_size, cores=64)
    assert better.jobs <= MOST_JOBS


@pytest.mark.parametrize("shard_size", [10, 50_000])
def test_the_recommended_size_mends_jobs_of_a_wrong_length(
    settings: Settings, shard_size: int
) -> None:
    found = plan(settings, shard_size=shard_size)
    assert any("longest job (dock)" in warning for warning in found.warnings)
    better = plan(settings, shard_size=found.recommended_shard_size)
    assert SHORTEST_JOB_S < better.stages["dock"].longest_job_s < LONGEST_JOB_S
    assert not any("(dock)" in warning for warning in better.warnings)


def test_a_full_disk_is_warned_of(settings: Settings) -> None:
    found = plan(settings, free_bytes=10**6)
    assert any("make room" in warning for warning in found.warnings)
    assert found.disk_needed_bytes > sum(found.disk_bytes.values()) > 0


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_table_fits_the_terminal(settings: Settings, width: int) -> None:
    text = render(plan(settings, 2_000_000, free_bytes=10**6), width)
    assert max(map(len, text.splitlines())) <= width
    assert "2,000,000 records" in " ".join(text.split())


def test_times_and_sizes_are_short() -> None:
    assert [duration(s) for s in (0.2, 59, 61, 5400, 3.6e6)] == [
        "0 s", "59 s", "1 min", "1.5 h", "1,000 h",
    ]  # fmt: skip
    assert [size(n) for n in (12, 1500, 2.5e9, 3e12)] == ["12 B", "1.5 kB", "2.5 GB", "3.0 TB"]


def test_tiers_dock_one_state_of_all_ligands_and_all_states_of_the_best(
    settings: Settings,
) -> None:
    tiers = [{"effort": "fast"}, {"effort": "standard", "top": "10 %"}]
    docking = Docking.model_validate({"tiers": tiers})
    tiered = settings.model_copy(update={"docking": docking})
    found = plan(tiered, rates=packaged_rates(docking, "standard"))
    dock, again = found.stages["dock"], found.stages["dock_again"]
    # 90,000 ligands of two states, two receptors
    assert (dock.units, again.units) == (90_000 * 2, 9_000 * 2 * 2)
    usual = plan(settings)
    assert "dock_again" not in usual.stages
    assert again.cpu_s == pytest.approx(again.units * RATES.stages["dock"].cpu_s, rel=0.02)
    assert dock.cpu_s + again.cpu_s < usual.stages["dock"].cpu_s / 3
    assert found.stages["advance"].jobs == 2


def test_a_tier_between_costs_as_much_as_its_effort(settings: Settings) -> None:
    efforts = {"fast": None, "standard": 1000, "thorough": 10}
    tiers = [{"effort": name, "top": top} for name, top in efforts.items()]
    docking = Docking.model_validate({"engine": "vina", "tiers": tiers})
    tiered = settings.model_copy(update={"docking": docking})
    found = plan(tiered, rates=packaged_rates(docking, "standard"))
    # 1000 single states at exhaustiveness 8, 10 ligands of two states at 32: in two receptors
    assert found.stages["dock_again"].units == pytest.approx(2 * (1000 * 8 / 32 + 10 * 2))


def in_rounds(settings: Settings, **keys: Any) -> Settings:
    return settings.model_copy(update={"rounds": Rounds(**keys)})


def test_rounds_dock_their_batches_and_describe_all(settings: Settings) -> None:
    found = plan(in_rounds(settings, number=4, batch="1 %"))
    assert (found.ligands, found.states) == (90_000, 4 * 900 * 2)
    assert found.stages["describe"].units == 90_000
    # in two receptors
    assert found.stages["dock"].units == 2 * 4 * 900 * 2
    assert found.stages["select_batch"].jobs == found.stages["manifest_of_round"].jobs == 2 * 4
    assert found.stages["choose"].jobs == 4
    assert "select" not in found.stages
    # not more than there are
    assert plan(in_rounds(settings, number=4, batch=40_000)).states == 180_000


def test_a_round_of_one_short_shard_is_no_fault(settings: Settings) -> None:
    small = plan(in_rounds(settings, number=3, batch=40))
    assert small.stages["dock"].longest_job_s < SHORTEST_JOB_S
    assert small.warnings == []
    split = plan(in_rounds(settings, number=3, batch=400), shard_size=10)
    assert any("library.shard_size is 10" in warning for warning in split.warnings)


def test_variants_are_counted_with_their_controls(settings: Settings) -> None:
    asked = {"of": "wt", "list": ["V93A", "V93A", "M90I+V93A", "K12fs"], "top": 3, "controls": 2}
    variants = Variants.model_validate(asked)
    varied = settings.model_copy(update={"variants": variants})
    found, without = plan(varied), plan(settings)
    assert "score_variants" not in without.stages
    stage = found.stages["score_variants"]
    # two distinct variants and two controls, of three ligands in one shard
    assert (stage.jobs, stage.units) == (1, 3 * 4)
    assert found.jobs == without.jobs + 4
