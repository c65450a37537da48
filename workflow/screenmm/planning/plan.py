"""A plan: what a screen will take on given cores and GPUs."""

from __future__ import annotations

import math
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from screenmm.campaign.choose import campaign_settings
from screenmm.config.engines import engines
from screenmm.config.settings import Settings, number_of
from screenmm.core.errors import UserError
from screenmm.library.merge import ligand_key
from screenmm.planning.jobs import Shards, expected_shards, jobs_by_rule, shards_of
from screenmm.planning.library import LibraryCount, SampleResult
from screenmm.planning.rates import FIXED_BYTES, Rates, stored
from screenmm.rounds.campaign import batch_size
from screenmm.run.shards import Keys, records_per_shard
from screenmm.run.stage import BATCHES, Rate, Stage, tier_of
from screenmm.run.stages import stages as all_stages
from screenmm.variants.needs import check_packages

MOST_JOBS = 3000
LONGEST_JOB_S = 3600.0
SHORTEST_JOB_S = 600.0
AIM_JOB_S = 1800.0
THREADS = 8
"""Of the stages that work through a shard, in their rules."""
LARGEST_SHARD_SIZE = 100_000
GPU_PLATFORMS = ("CUDA", "HIP", "OpenCL")


@dataclass(frozen=True)
class StagePlan:
    """One stage.

    Parameters
    ----------
    jobs : int
        How many.
    units : float
        Its work, in ``unit``.
    cpu_s : float
        CPU seconds of all jobs.
    gpu_s : float
        GPU seconds of all jobs.
    wall_s : float
        From the first job's start to the last one's end, where nothing else runs.
    longest_job_s : float
        Wall time of the largest shard's job.
    """

    jobs: int
    units: float
    unit: str
    cpu_s: float
    gpu_s: float
    wall_s: float
    longest_job_s: float


@dataclass(frozen=True)
class Plan:
    """What a screen will take."""

    name: str
    records: int
    is_estimate: bool
    """Whether records were counted in a part of the library only."""
    is_exact: bool
    """Whether the whole library was standardised, so that ligands and jobs are exact."""
    ligands: int
    states: int
    sampled: int
    receptors: int
    cores: int
    gpus: int
    rates: str
    stages: dict[str, StagePlan]
    jobs: int
    cpu_s: float
    gpu_s: float
    wall_s: float
    disk_bytes: dict[str, int]
    disk_needed_bytes: int
    disk_free_bytes: int
    shard_size: int
    recommended_shard_size: int
    warnings: list[str]


def make_plan(
    settings: Settings,
    count: LibraryCount,
    sample: SampleResult,
    rates: Rates,
    *,
    cores: int,
    gpus: int = 0,
    free_bytes: int | None = None,
) -> Plan:
    """Plan a screen.

    Parameters
    ----------
    settings : Settings
        The config.
    count : LibraryCount
        Records of the library.
    sample : SampleResult
        What its sample came to.
    rates : Rates
        Costs.
    cores : int
        Cores to work on.
    gpus : int
        GPUs to work on; their rates must come from a run on one.
    free_bytes : int, optional
        Free disk; that of the results folder by default.

    Returns
    -------
    Plan
        Times hold for ligands like the sampled ones on a machine like that of the rates.

    Raises
    ------
    UserError
        GPUs are asked for and the rates know none, or the other way round.
    """
    _check_gpus(rates, gpus)
    ligands = _ligands(count, sample)
    amounts = _amounts(settings, count, sample, ligands)
    shards = _shards(settings, count, sample, ligands)
    tiers = [_expected(settings, each).count for each in _in_tiers(settings, ligands)[1:]]
    receptors = len(settings.receptors)

    def shards_made(stage: str, receptor: str) -> int:
        return tiers[tier_of(receptor) - 2] if stage == "advance" else shards[stage].count

    jobs = jobs_by_rule(settings, shards_made)
    share = {
        "split": shards["split"].largest / max(1, count.records),
        "merge": shards["merge"].largest / max(1, ligands),
        BATCHES: shards[BATCHES].largest / max(1, _docked(settings, ligands)),
        "select": shards["select"].largest / max(1, _selected(settings, ligands)),
        "advance": _largest_share_again(settings, ligands),
        "choose_ligands": shards["choose_ligands"].largest / max(1, _varied(settings, ligands)),
    }
    stages = {
        name: _stage(stage, jobs[name], amounts[stage.unit], rates.stages[name],
                     _largest_share(stage, share, receptors), cores, gpus)
        for name, stage in all_stages().items()
        if jobs[name] or stage.per_receptor in ("", "all")
    }  # fmt: skip
    disk = {part: round(rates.bytes_per[part] * amounts[thing]) for part, thing in stored().items()}
    needed = sum(disk.values()) + FIXED_BYTES * receptors
    free = free_bytes if free_bytes is not None else free_disk(settings.results)
    snakemake_s = rates.job_s * sum(jobs.values())
    batch, docked = _batch(settings, ligands), _docked(settings, ligands)
    recommended = _recommended(settings, stages, batch, docked, receptors)
    return Plan(
        name=settings.name,
        records=count.records,
        is_estimate=count.is_estimate,
        is_exact=count.is_all_sampled,
        ligands=ligands,
        states=round(amounts["state"]),
        sampled=sample.records,
        receptors=receptors,
        cores=cores,
        gpus=gpus,
        rates=rates.source,
        stages=stages,
        jobs=sum(jobs.values()),
        cpu_s=sum(stage.cpu_s for stage in stages.values()) + snakemake_s,
        gpu_s=sum(stage.gpu_s for stage in stages.values()),
        wall_s=sum(stage.wall_s for stage in stages.values()) + snakemake_s,
        disk_bytes=disk,
        disk_needed_bytes=needed,
        disk_free_bytes=free,
        shard_size=settings.library.shard_size,
        recommended_shard_size=recommended,
        warnings=[
            *_job_warnings(settings, stages, sum(jobs.values()), recommended),
            *_gpu_warnings(settings, rates),
            *_disk_warnings(settings.results, needed, free),
        ],
    )


def _in_tiers(settings: Settings, ligands: int) -> list[int]:
    """Ligands that each tier docks into a receptor, if none fails."""
    found = [_docked(settings, ligands)]
    for tier in settings.docking.tiers[1:]:
        found.append(number_of(tier.top, found[-1]) if tier.top else found[-1])
    return found


def _batch(settings: Settings, ligands: int) -> int:
    """Ligands of a round; all where there are no rounds."""
    rounds = settings.rounds
    if rounds is None:
        return ligands
    return min(ligands, batch_size(campaign_settings(rounds, rounds.number), ligands))


def _docked(settings: Settings, ligands: int) -> int:
    """Ligands that are docked, if no campaign ends before its last round."""
    of_library = min(ligands, max(1, len(settings.round_numbers)) * _batch(settings, ligands))
    return of_library + 3 * _of_an_arm(settings)


def _of_an_arm(settings: Settings) -> int:
    """Molecules that an arm of generation docks in all rounds; there are three of them."""
    return settings.generate.batch * len(settings.proposing_rounds) if settings.generate else 0


def _expected(settings: Settings, ligands: int) -> Shards:
    return expected_shards(ligands, settings.library.shard_size)


def _states_in_tiers(settings: Settings, ligands: int, per_ligand: float) -> list[float]:
    """States that each tier docks into a receptor."""
    most = [
        settings.docking.states_in_tier(number)
        for number in range(1, settings.docking.last_tier + 1)
    ]
    return [
        docked * (per_ligand if limit is None else min(per_ligand, limit))
        for docked, limit in zip(_in_tiers(settings, ligands), most, strict=True)
    ]


def _largest_share_again(settings: Settings, ligands: int) -> float:
    """Part of the work of later tiers that the largest shard is, of all receptors' one."""
    later = _in_tiers(settings, ligands)[1:]
    largest = max((_expected(settings, each).largest for each in later), default=0)
    return largest / max(1, sum(later))


def _largest_share(stage: Stage, share: Mapping[str, float], receptors: int) -> float | None:
    """Part of a stage's work that its largest shard is; None without shards."""
    if not stage.shards_of:
        return None
    of_each = stage.per_receptor and stage.per_receptor != "varied"
    return share[stage.shards_of] / (receptors if of_each else 1)


def free_disk(results: Path) -> int:
    """Free bytes where a results folder is or will be."""
    folder = results.absolute()
    while not folder.exists():
        folder = folder.parent
    return shutil.disk_usage(folder).free


def _check_gpus(rates: Rates, gpus: int) -> None:
    on_gpu = [stage for stage, rate in rates.stages.items() if rate.gpu_s]
    if gpus and not on_gpu:
        raise UserError(
            f"--gpus {gpus}: the rates were {rates.source} on no GPU, and nothing is known of "
            "how fast a GPU is: screen some hundred ligands on one and give --rates RESULTS"
        )
    if on_gpu and not gpus:
        raise UserError(
            f"the rates of {', '.join(on_gpu)} were {rates.source} on a GPU: say --gpus N, or "
            "take rates of a run without one"
        )


def _ligands(count: LibraryCount, sample: SampleResult) -> int:
    if count.is_all_sampled:
        return len(sample.inchikeys)
    return round(count.distinct * sample.kept)


def _selected(settings: Settings, ligands: int) -> int:
    """Ligands that are scored: of each round so many."""
    most = settings.scoring.top * max(1, len(settings.round_numbers))
    return min(most, _docked(settings, ligands))


def _amounts(
    settings: Settings, count: LibraryCount, sample: SampleResult, ligands: int
) -> dict[str, float]:
    """How much there is of everything that rates are given per."""
    receptors = len(settings.receptors)
    states = _docked(settings, ligands) * sample.states_per_ligand
    given = engines()[settings.docking.engine].poses_from_library
    poses_per_state = 1 if given else settings.docking.poses
    docked, *again = _states_in_tiers(settings, ligands, sample.states_per_ligand)
    per_ligand = min(settings.scoring.poses, sample.states_per_ligand * poses_per_state)
    scored = _selected(settings, ligands) * per_ligand * receptors
    return {
        "record": count.records,
        "state": states,
        "receptor": receptors,
        "reference": len(settings.redocked),
        "reference pose": len(settings.redocked) * settings.docking.poses,
        "docked state": docked * receptors,
        "state docked again": _in_the_last(settings, again) * receptors,
        "pose": docked * poses_per_state * receptors,
        "pose docked again": sum(again) * poses_per_state * receptors,
        "scored pose": scored,
        "scored ligand": _selected(settings, ligands) * receptors,
        "minimisation": scored * (1 + settings.scoring.jitter_replicas),
        "fate": count.records * receptors,
        "described ligand": ligands if settings.rounds else 0,
        "choice": ligands * len(settings.round_numbers),
        "proposal": _proposals(settings),
        "panel": len(settings.varied),
        "ligand in a variant": _varied(settings, ligands) * _variants(settings),
        "run": 1,
    }


def _varied(settings: Settings, ligands: int) -> int:
    """Ligands that are scored in variants."""
    most = settings.variants.top if settings.variants else 0
    return min(most, _selected(settings, ligands))


def _variants(settings: Settings) -> int:
    """Variants and controls that each of them is scored in, if all can be modelled.

    Raises
    ------
    UserError
        Variants cannot be read.
    """
    if settings.variants is None:
        return 0
    check_packages()
    # reads with packages that other plans need not have
    from screenmm.variants.reading import read_all  # noqa: PLC0415

    reading, _ = read_all(settings.variants)
    return len(reading.variants) + settings.variants.controls


def _proposals(settings: Settings) -> int:
    """Proposals of all rounds and both arms."""
    asked = settings.generate.proposals if settings.generate else 0
    return 2 * asked * len(settings.proposing_rounds)


def _in_the_last(settings: Settings, again: Sequence[float]) -> float:
    """States of later tiers, each counted as so many of the last as cost the same."""
    costs = [settings.docking.in_tier(n).state_cpu_s for n in range(2, 2 + len(again))]
    return sum(n * cost / costs[-1] for n, cost in zip(again, costs, strict=True))


def _shards(
    settings: Settings, count: LibraryCount, sample: SampleResult, ligands: int
) -> dict[str, Shards]:
    """Shards by the stage that makes them."""
    size = settings.library.shard_size
    larger = records_per_shard(size)
    records = (
        expected_shards(count.records, larger)
        if count.keys is None
        else shards_of(count.keys, larger)
    )
    of_ligands = (
        shards_of(_ligand_keys(sample), size)
        if count.is_all_sampled
        else expected_shards(ligands, size)
    )
    selected = _selected(settings, ligands)
    of_variants = Shards(0, 0)
    if settings.variants:
        largest = min(_varied(settings, ligands), settings.variants.shard_size)
        of_variants = Shards(len(settings.variants.shards), largest)
    if settings.rounds:
        rounds = len(settings.round_numbers)
        batch, scored = _batch(settings, ligands), settings.scoring.shard_size
        return {
            "split": records,
            "merge": expected_shards(ligands, larger),
            BATCHES: _times(rounds, expected_shards(batch, size)),
            "select": _times(rounds, expected_shards(min(settings.scoring.top, batch), scored)),
            "choose_ligands": of_variants,
        }
    of_selected = (
        shards_of(_ligand_keys(sample), settings.scoring.shard_size)
        if count.is_all_sampled and selected == ligands
        else expected_shards(selected, settings.scoring.shard_size)
    )
    return {
        "split": records,
        "merge": of_ligands,
        BATCHES: of_ligands,
        "select": of_selected,
        "choose_ligands": of_variants,
    }


def _times(rounds: int, each: Shards) -> Shards:
    """Shards of so many rounds."""
    return replace(each, count=rounds * each.count)


def _ligand_keys(sample: SampleResult) -> Keys:
    return np.array([ligand_key(key) for key in sample.inchikeys], dtype=np.uint64)


def _stage(
    stage: Stage,
    jobs: int,
    units: float,
    rate: Rate,
    largest_share: float | None,
    cores: int,
    gpus: int,
) -> StagePlan:
    """One stage: its work spread over what it can use."""
    threads = min(THREADS, cores) if stage.shards_of else 1
    work_s = units * rate.cpu_s
    cpu_s = work_s + jobs * threads * rate.start_s
    if rate.gpu_s and gpus:
        gpu_s = units * rate.gpu_s
        share = largest_share if largest_share is not None else 1 / max(1, jobs)
        longest_s = share * gpu_s + rate.start_s
        wall_s = max(longest_s, gpu_s / min(gpus, max(1, jobs)))
        return StagePlan(jobs, units, stage.unit, cpu_s, gpu_s, wall_s, longest_s)
    side_by_side = min(jobs * threads, cores)
    share = largest_share if largest_share is not None else 1 / max(1, jobs)
    longest_s = share * work_s / threads + rate.start_s if jobs else 0.0
    wall_s = max(longest_s, cpu_s / side_by_side) if jobs else 0.0
    return StagePlan(jobs, units, stage.unit, cpu_s, 0.0, wall_s, longest_s)


def _recommended(
    settings: Settings,
    stages: Mapping[str, StagePlan],
    batch: int,
    docked: int,
    receptors: int,
) -> int:
    """Ligands per shard for jobs of half an hour, or more where jobs would be too many."""
    size = settings.library.shard_size
    per_job_s = max(stages["dock"].longest_job_s, stages["prepare_ligands"].longest_job_s)
    if not batch or per_job_s <= 0:
        return size
    # the largest shard, not the size asked for, is what the job's time is of
    largest = expected_shards(batch, size).largest
    wanted = AIM_JOB_S / per_job_s * largest
    # a shard is between half full and full; jobs of other rules are counted as they are
    others = sum(s.jobs for n, s in stages.items() if n not in ("prepare_ligands", "dock"))
    room = max(1, MOST_JOBS - others)
    least = 2 * docked * (1 + receptors) / room
    return _rounded(min(LARGEST_SHARD_SIZE, max(1.0, wanted, least)))


def _rounded(value: float) -> int:
    """Give two significant digits, upwards."""
    step = 10 ** max(0, math.floor(math.log10(value)) - 1)
    return min(LARGEST_SHARD_SIZE, math.ceil(value / step) * step)


def _job_warnings(
    settings: Settings, stages: Mapping[str, StagePlan], jobs: int, recommended: int
) -> list[str]:
    found = []
    if jobs > MOST_JOBS:
        found.append(f"{jobs:,} jobs are more than the {MOST_JOBS:,} that Snakemake handles well")
    slowest = max(("prepare_ligands", "dock"), key=lambda stage: stages[stage].longest_job_s)
    longest_s = stages[slowest].longest_job_s
    # as many as there are selections: each receptor has, in each round, the one job that it needs
    needed = sum(stages[name].jobs for name in ("select", "select_batch") if name in stages)
    is_short = longest_s < SHORTEST_JOB_S and stages["dock"].jobs > needed
    if longest_s > LONGEST_JOB_S or is_short:
        found.append(_length_warning(slowest, longest_s))
    if found:
        size = settings.library.shard_size
        found.append(f"library.shard_size is {size:,}; {recommended:,} is recommended")
    # short jobs of scoring do no harm: there are few
    if stages["score"].longest_job_s > LONGEST_JOB_S:
        found.append(
            _length_warning("score", stages["score"].longest_job_s)
            + f": lower scoring.shard_size ({settings.scoring.shard_size})"
        )
    return found


def _length_warning(stage: str, seconds: float) -> str:
    minutes = f"the longest job ({stage}) takes {seconds / 60:,.1f} minutes"
    if seconds > LONGEST_JOB_S:
        return f"{minutes}, more than {LONGEST_JOB_S / 60:.0f}"
    return f"{minutes}, less than {SHORTEST_JOB_S / 60:.0f}"


def _gpu_warnings(settings: Settings, rates: Rates) -> list[str]:
    if settings.scoring.platform in GPU_PLATFORMS and not rates.stages["score"].gpu_s:
        return [
            f"scoring.platform is {settings.scoring.platform}, but the rates are of the CPU: "
            "no GPU was measured; give --rates of a run on that GPU, and --gpus"
        ]
    if settings.docking.device == "gpu" and not rates.stages["dock"].gpu_s:
        return [
            "docking.device is gpu, but the rates are of the CPU: no GPU was measured; give "
            "--rates of a run on that GPU, and --gpus"
        ]
    return []


def _disk_warnings(results: Path, needed: int, free: int) -> list[str]:
    if needed <= free:
        return []
    return [
        f"the results need about {needed / 1e9:.1f} GB, but {results} has {free / 1e9:.1f} GB "
        "free: make room, or set results to a folder on a larger disk"
    ]
