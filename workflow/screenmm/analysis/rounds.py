"""What a campaign in rounds came to, with what each round cost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import duckdb

from screenmm.analysis.arm_costs import arm_costs
from screenmm.analysis.arms import Arm, Spent
from screenmm.analysis.costs import HOUR_S, account
from screenmm.config.settings import Costs, Settings
from screenmm.execution.usage import read_usage
from screenmm.files.csv import csv_text
from screenmm.files.whole import write_text
from screenmm.metrics.rounds import Campaign, RoundDone
from screenmm.rounds.known import How
from screenmm.run.layout import Layout
from screenmm.run.stage import BATCHES
from screenmm.run.stages import stages

PROPOSING = ("propose", "vet")
"""Stages whose costs the arms that propose pay alone."""

COLUMNS = tuple(name for name in RoundDone.model_fields if name != "price")


def campaign_of(files: Layout | None, settings: Settings | None) -> Campaign | None:
    """Read what the campaign came to, and add up what each round cost.

    Parameters
    ----------
    files : Layout or None
        Of the run.
    settings : Settings or None
        The whole config.

    Returns
    -------
    Campaign or None
        None where there are no rounds.
    """
    if files is None or settings is None or settings.rounds is None:
        return None
    path = files.file("conclude", "campaign")
    found = Campaign.model_validate_json(path.read_text(encoding="utf-8"))
    return with_costs(found, files, list(settings.receptors), settings.costs)


def with_costs(
    campaign: Campaign, files: Layout, receptors: Sequence[str], rates: Costs
) -> Campaign:
    """Add up what each round cost.

    Parameters
    ----------
    campaign : Campaign
    files : Layout
        Of the run.
    receptors : sequence of str
        All of them.
    rates : Costs
        Prices.
    """
    usage = read_usage(files.usage)
    rounds = []
    for each in campaign.rounds:
        jobs = jobs_of_round(files, receptors, str(each.round))
        spent = account(usage, jobs, rates).total
        costs = {"cpu_h": spent.cpu_s / HOUR_S, "price": spent.price}
        rounds.append(each.model_copy(update=costs))
    return campaign.model_copy(update={"rounds": rounds})


def spent_by_arms(
    con: duckdb.DuckDBPyConnection,
    campaign: Campaign,
    files: Layout | None,
    settings: Settings | None,
) -> dict[Arm, Spent]:
    """Tell what each arm of a campaign cost.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``batches``.
    campaign : Campaign
        With the costs of its rounds.
    files : Layout or None
        Of the run.
    settings : Settings or None
        The whole config.

    Returns
    -------
    dict
        Empty where the cost of a round is not known.
    """
    if files is None or settings is None:
        return {}
    hours = {each.round: each.cpu_h for each in campaign.rounds}
    known = {number: cpu_h for number, cpu_h in hours.items() if cpu_h}
    if known.keys() != hours.keys():
        return {}
    usage, proposing = read_usage(files.usage), {}
    for each in campaign.rounds:
        jobs = jobs_of_round(files, list(settings.receptors), str(each.round))
        own = {name: targets for name, targets in jobs.items() if name in PROPOSING}
        spent = account(usage, own, settings.costs).total
        proposing[each.round] = Spent(spent.cpu_s / HOUR_S, spent.price)
    rounds = {each.round: Spent(known[each.round], each.price) for each in campaign.rounds}
    batches: dict[int, list[How]] = {}
    for number, drawn in con.execute("SELECT round, drawn FROM batches").fetchall():
        batches.setdefault(number, []).append(How(drawn))
    return arm_costs(batches, rounds, proposing)


def jobs_of_round(files: Layout, receptors: Sequence[str], number: str) -> dict[str, set[str]]:
    """Jobs that a round alone needed, by rule, as the logs' folders name them.

    Parameters
    ----------
    files : Layout
        Of the run.
    receptors : sequence of str
        All of them.
    number : str
        Of the round.
    """
    made_by = {BATCHES: "choose", "select": "select_batch"}
    found = {}
    for stage in stages().values():
        if stage.per_receptor == "round" or (stage.per_receptor == "vetted" and files.generates):
            found[stage.name] = {number}
        elif stage.per_receptor == "proposed" and files.generates:
            found[stage.name] = {f"{name}/{number}" for name in files.proposers(number)}
        elif stage.per_receptor == "rounded":
            found[stage.name] = {f"{name}/{number}" for name in receptors}
        elif stage.shards_of in made_by:
            found[stage.name] = {
                f"{name}/{number}/{shard}".lstrip("/")
                for name in (receptors if stage.per_receptor else [""])
                for shard in files.shards_of_round(made_by[stage.shards_of], number, name)
            }
    return found


def write_rounds(campaign: Campaign, path: Path) -> None:
    """Write ``rounds.csv``: one row per round."""
    rows = [[getattr(each, name) for name in COLUMNS] for each in campaign.rounds]
    write_text(path, csv_text(COLUMNS, rows))
