"""What one thing costs in each stage: as measured once, or by an earlier run."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from screenmm.config.settings import Docking, Settings
from screenmm.core.errors import UserError
from screenmm.metrics.costs import RuleUsed
from screenmm.metrics.model import Metrics, read_metrics
from screenmm.results.database import open_database
from screenmm.run.stage import Rate
from screenmm.run.stages import stages

FIXED_BYTES = 30_000_000
"""Receptor, complexes, report, logs and what a job leaves: of one receptor, about."""


@dataclass(frozen=True)
class Rates:
    """Costs of all stages, and where they were measured."""

    source: str
    stages: Mapping[str, Rate]
    bytes_per: Mapping[str, float]
    """By part of the results folder, per thing of :func:`stored`."""
    job_s: float
    """Snakemake's own CPU seconds per job."""


MACHINE = "2 cores of an AMD EPYC, without a GPU, other work beside it"

GPU_RATES = Path(__file__).with_name("gpu_rates.json")
"""What ``benchmarks/gpu/collect.py`` wrote of the card that was measured last; absent before."""


def units() -> dict[str, str]:
    """What each stage's work is counted in.

    A docked state is a state in a receptor, a fate a record with a receptor, a minimisation a pose
    or one of its replicas.
    """
    return {name: stage.unit for name, stage in stages().items()}


def stored() -> dict[str, str]:
    """What each part of the results folder grows with."""
    return {part: thing for stage in stages().values() for part, (thing, _) in stage.grows.items()}


def packaged_rates(docking: Docking, protocol: str) -> Rates:
    """Rates that were measured on one machine, of drug-sized molecules.

    Parameters
    ----------
    docking : screenmm.config.settings.Docking
        The engine, and what its cost depends on.
    protocol : str
        Protocol of scoring.

    Returns
    -------
    Rates
        Of the CPU.
    """
    return Rates(
        source=f"measured on {MACHINE}",
        stages={name: stage.rate_for(docking, protocol) for name, stage in stages().items()},
        bytes_per={
            part: size for stage in stages().values() for part, (_, size) in stage.grows.items()
        },
        job_s=0.1,
    )


def on_gpu(rates: Rates, settings: Settings, path: Path = GPU_RATES) -> Rates:
    """Take the stages that the config lets run on an NVIDIA GPU from the card's rates.

    Parameters
    ----------
    rates : Rates
        Of the CPU.
    settings : Settings
        The config: platform and protocol of scoring, engine and device of docking.
    path : Path
        Rates of the card, as ``benchmarks/gpu/collect.py`` writes them.

    Returns
    -------
    Rates
        Unchanged where no card was measured. Scoring was timed with the protocol standard, docking
        with the effort standard; another one is in proportion to its time on the CPU.
    """
    if not path.is_file():
        return rates
    card = json.loads(path.read_text(encoding="utf-8"))
    score, docking = stages()["score"], settings.docking
    standard = score.rate_for(docking, "standard").cpu_s
    work = score.rate_for(docking, settings.scoring.protocol).cpu_s / standard
    used = {}
    if settings.scoring.platform in ("auto", "CUDA"):
        used["minimisation"] = work
    if settings.docking.engine == "rustina" and settings.docking.device != "cpu":
        usual = stages()["dock"].rate_for(Docking(engine=docking.engine), "standard").cpu_s
        used["docked state"] = stages()["dock"].rate_for(docking, "standard").cpu_s / usual
    timed = {
        name: Rate(
            card[unit]["cpu_s"] * factor, rates.stages[name].start_s, card[unit]["gpu_s"] * factor
        )
        for unit, factor in used.items()
        if unit in card
        for name in _of_card(unit)
    }
    if not timed:
        return rates
    source = f"{rates.source}; {', '.join(timed)} on {card['card']}"
    return replace(rates, source=source, stages={**rates.stages, **timed})


def _of_card(unit: str) -> list[str]:
    """Stages that a card was timed for by this unit; those of the library first."""
    own = [stage for stage in stages().values() if stage.on_card == unit]
    return [stage.name for stage in sorted(own, key=lambda stage: bool(stage.of))]


def measured_rates(results: Path, engine: str) -> Rates:
    """Rates of an earlier run.

    Parameters
    ----------
    results : Path
        Results folder of a finished run.
    engine : str
        Docking engine that is planned; the run must have used it too.

    Returns
    -------
    Rates
        Starting included: of a run of few ligands they are too high.

    Raises
    ------
    UserError
        The folder holds no finished run, its run noted no usage, or used another engine.
    """
    path = results / "metrics.json"
    if not path.is_file():
        raise UserError(f"--rates {results}: no finished run, metrics.json is missing")
    metrics = read_metrics(path)
    timings = metrics.timings
    missing = sorted({"standardise", "dock", "score"} - set(timings))
    if missing:
        raise UserError(
            f"--rates {results}: nothing is known of the time of {', '.join(missing)}; "
            "take a run whose usage/ folder is complete"
        )
    counts = _counts(results, metrics)
    used = sorted(counts.pop("engines"))
    if used != [engine]:
        raise UserError(
            f"--rates {results}: that run docked with {', '.join(used) or 'nothing'}, "
            f"the config asks for {engine}: take the rates of a run with {engine}"
        )
    sizes = folder_bytes(results)
    timed = {
        stage: _rate(timings[stage], counts[unit])
        for stage, unit in units().items()
        if stage in timings
    }
    general = packaged_rates(Docking(engine=engine), "standard")
    return Rates(
        source=f"measured by {results}",
        stages={**general.stages, **timed},
        bytes_per={
            part: sizes.get(part, 0) / counts[thing] if counts[thing] else general.bytes_per[part]
            for part, thing in stored().items()
        },
        job_s=general.job_s,
    )


def _rate(used: RuleUsed, units: float) -> Rate:
    if not units:
        return Rate(0.0)
    return Rate(used.cpu_s / units, 0.0, used.gpu_s / units)


_ONE_TIER = "SELECT count(DISTINCT (receptor, state)), count(*), 0, 0 FROM poses"
"""What was docked, of a run from before there were tiers."""
_PROPOSALS = """
SELECT count(*) FROM sources
WHERE record IN (SELECT record FROM events WHERE stage = 'vet')
    OR record IN (SELECT record FROM lineage)
"""
_TIERS = """
SELECT count(DISTINCT (receptor, state)) FILTER (tier = 1), count(*) FILTER (tier = 1),
    count(DISTINCT (receptor, tier, state)) FILTER (tier > 1), count(*) FILTER (tier > 1)
FROM (
    SELECT receptor, state, tier FROM poses
    UNION ALL
    SELECT receptor, state, tier FROM earlier_poses
)
"""


def _counts(results: Path, metrics: Metrics) -> dict[str, Any]:
    """How much of everything a run had, by the names of :func:`units` and :func:`stored`."""
    with open_database(results / "screen.duckdb") as con:
        engines = {row[0] for row in con.execute("SELECT DISTINCT engine FROM poses").fetchall()}
        tables = {row[0] for row in con.execute("SHOW TABLES").fetchall()}
        query = _TIERS if "earlier_poses" in tables else _ONE_TIER
        docked, poses, again, poses_again = con.execute(query).fetchall()[0]
        minimised = con.execute(
            "SELECT coalesce(sum(1 + coalesce(len(replicas_kcal_mol), 0)), 0) FROM scores"
        ).fetchall()[0][0]
        scored = con.execute("SELECT count(DISTINCT (receptor, inchikey)) FROM scores").fetchall()[
            0
        ][0]
        rounds = 0
        if "batches" in tables:
            rounds = con.execute("SELECT coalesce(max(round), 0) FROM batches").fetchall()[0][0]
        proposals = 0
        if "lineage" in tables:
            proposals = con.execute(_PROPOSALS).fetchall()[0][0]
    receptors = metrics.counts.by_receptor
    redocked = [each.poses for each in metrics.redock.values()]
    records = metrics.counts.records
    return {
        "record": records,
        "state": metrics.counts.states_docked,
        "receptor": len(receptors),
        "reference": sum(poses > 0 for poses in redocked),
        "reference pose": sum(redocked),
        "docked state": docked,
        "state docked again": again,
        "pose": poses,
        "pose docked again": poses_again,
        "scored pose": sum(each.poses_scored for each in receptors.values()),
        "scored ligand": scored,
        "minimisation": float(minimised),
        "fate": records * len(receptors),
        "described ligand": metrics.counts.ligands if rounds else 0,
        "choice": metrics.counts.ligands * rounds,
        "proposal": proposals,
        "run": 1,
        "engines": engines,
    }


def folder_bytes(results: Path) -> dict[str, int]:
    """Bytes of each part of a results folder that grows with the library."""
    return {
        part: sum(
            path.stat().st_size
            for path in ([results / part] if "." in part else (results / part).rglob("*"))
            if path.is_file()
        )
        for part in stored()
    }
