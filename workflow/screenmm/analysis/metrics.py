"""Gathering what ``metrics.json`` says of a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import duckdb

from screenmm.analysis.charges import charge_share
from screenmm.analysis.confidence import models
from screenmm.analysis.controls import controls
from screenmm.analysis.costs import Account, account, per_item, versions_used
from screenmm.analysis.ensembles import ensembles
from screenmm.analysis.found_again import found_again
from screenmm.analysis.generation import generation_of
from screenmm.analysis.ordering import ordering
from screenmm.analysis.outlook import outlook
from screenmm.analysis.picks import pick
from screenmm.analysis.rounds import campaign_of, spent_by_arms
from screenmm.analysis.variant_answers import answers_of, judged
from screenmm.analysis.variants import panel, read_board
from screenmm.analysis.verdict import verdicts
from screenmm.campaign.seeds import named_molecules
from screenmm.config.settings import Costs, Settings, Variants
from screenmm.core.versions import installed_versions
from screenmm.execution.usage import read_usage
from screenmm.library.annotations import unreadable_words
from screenmm.metrics.annotations import Annotations
from screenmm.metrics.confidence import ModelConfidence
from screenmm.metrics.costs import RunCosts
from screenmm.metrics.counts import Counts, ReasonCount, ReceptorCounts
from screenmm.metrics.ensembles import Ensemble
from screenmm.metrics.generation import FoundAgain
from screenmm.metrics.model import VERSION, Metrics
from screenmm.metrics.part import Part
from screenmm.metrics.variants import VariantPanel
from screenmm.redocking.results import redockings
from screenmm.results.fates import STATUSES
from screenmm.results.known import affinity_conflicts, label_conflicts
from screenmm.results.orders import orders_of
from screenmm.run.layout import Layout
from screenmm.variants.measured import read_measured


def _one(con: duckdb.DuckDBPyConnection, query: str, *values: object) -> Any:
    return con.execute(query, list(values)).fetchall()[0][0]


def _receptor_counts(con: duckdb.DuckDBPyConnection, receptor: str) -> ReceptorCounts:
    rows = con.execute(
        "SELECT status, count(*) FROM ledger WHERE receptor = ? GROUP BY status", [receptor]
    )
    counts = dict(rows.fetchall())
    return ReceptorCounts(
        **{status: counts.get(status, 0) for status in STATUSES},
        ranked_by_mmgbsa=_one(
            con,
            "SELECT count(*) FROM ranking WHERE receptor = ? AND dg_mmgbsa_kcal_mol IS NOT NULL",
            receptor,
        ),
        poses_docked=_one(con, "SELECT count(*) FROM poses WHERE receptor = ?", receptor),
        poses_scored=_one(con, "SELECT count(*) FROM scores WHERE receptor = ?", receptor),
    )


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Records that were not ranked for one reason.

    Attributes
    ----------
    count : ReasonCount
        The reason, and how many records.
    example_name, example_message : str or None
        Of the first such record of the library.
    """

    count: ReasonCount
    example_name: str
    example_message: str | None


def reasons(con: duckdb.DuckDBPyConnection) -> list[LeftOut]:
    """Count records that were not ranked, by receptor, status, stage and reason.

    Most records first, receptor by receptor.
    """
    rows = con.execute(
        """
        SELECT receptor, status, stage, reason, count(*) AS records,
            arg_min(coalesce(nullif(name, ''), record), ordinal), arg_min(message, ordinal)
        FROM ledger WHERE status <> 'ranked'
        GROUP BY receptor_ordinal, receptor, status, stage, reason
        ORDER BY receptor_ordinal, records DESC, status, stage, reason
        """
    ).fetchall()
    names = ("receptor", "status", "stage", "reason", "records")
    return [
        LeftOut(ReasonCount(**dict(zip(names, counted, strict=True))), name, message)
        for *counted, name, message in rows
    ]


def counts(con: duckdb.DuckDBPyConnection) -> Counts:
    """Count what went in and what became of it."""
    receptors = con.execute("SELECT receptor FROM receptors ORDER BY ordinal").fetchall()
    return Counts(
        records=_one(con, "SELECT count(*) FROM sources"),
        standardised=_one(con, "SELECT count(*) FROM membership"),
        ligands=_one(con, 'SELECT count(DISTINCT inchikey) FROM membership WHERE "primary"'),
        states_docked=_one(con, "SELECT count(DISTINCT state) FROM poses"),
        by_receptor={receptor: _receptor_counts(con, receptor) for (receptor,) in receptors},
        by_reason=[each.count for each in reasons(con)],
        conflicting_labels=label_conflicts(con),
        conflicting_affinities=affinity_conflicts(con),
    )


def platforms(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Count scored poses by OpenMM platform."""
    rows = con.execute("SELECT platform, count(*) FROM scores GROUP BY platform ORDER BY platform")
    return {platform: count for platform, count in rows.fetchall() if platform}


def own_kernels(con: duckdb.DuckDBPyConnection) -> dict[str, int]:
    """Count scored poses by what computed beside OpenMM."""
    rows = con.execute(
        "SELECT own_kernels, count(*) FROM scores WHERE own_kernels IS NOT NULL "
        "GROUP BY own_kernels ORDER BY own_kernels"
    )
    return dict(rows.fetchall())


def make_metrics(
    con: duckdb.DuckDBPyConnection,
    name: str,
    files: Layout | None = None,
    rates: Costs | None = None,
    hits: int = 0,
    seed: int = 1,
    settings: Settings | None = None,
) -> Metrics:
    """Gather the metrics of a run, but for the bias report.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        From :func:`screenmm.results.parts.open_parts` with ``ranking`` and ``ledger`` made, or
        from :func:`screenmm.results.database.open_database`.
    name : str
        Name of the screen.
    files : Layout, optional
        Where the jobs noted what they used; without it nothing is known of costs.
    rates : Costs, optional
        Prices and powers.
    hits : int
        How many top ligands per receptor count as hits.
    seed : int
        Of the run: the resamples of the controls derive from it.
    settings : Settings, optional
        The whole config; without it nothing is known of costs, redockings and named actives.
    """
    counted = counts(con)
    spent, versions = _spent(files, settings, rates or Costs())
    presume_inactive = settings is not None and bool(settings.controls.actives)
    campaign = campaign_of(files, settings)
    measured = controls(con, seed, presume_inactive=presume_inactive)
    redock = {} if settings is None or files is None else redockings(settings, files)
    followed = orders_of(con)
    modelled = models(con, redock)
    judged = verdicts(measured, list(counted.by_receptor), modelled)
    annotations = _annotations(files)
    conflicts = counted.conflicting_labels.ligands + counted.conflicting_affinities.ligands
    doubtful = bool(conflicts or unreadable_words(annotations))
    metrics = Metrics(
        version=VERSION,
        name=name,
        counts=counted,
        timings=spent.by_rule,
        costs=RunCosts(
            total=spent.total,
            replaced=spent.replaced,
            currency=spent.currency,
            energy_source=spent.energy_source,
            per=per_item(spent.total, _things(counted, hits)),
        ),
        platforms=platforms(con),
        versions=installed_versions() | versions,
        annotations=annotations,
        orders={receptor: ordering(each) for receptor, each in followed.items()},
        redock=redock,
        controls=measured,
        verdicts=judged,
        outlook={
            receptor: outlook(
                judged[receptor],
                measured.get(receptor),
                redock.get(receptor),
                own,
                [] if settings is None else pick(con, receptor, settings.ranking.picks),
                followed[receptor].order.column,
                charge=charge_share(con, receptor, followed[receptor].order.column),
                records=counted.records,
                doubtful=doubtful,
                model=modelled.get(receptor),
            )
            for receptor, own in counted.by_receptor.items()
        },
    )
    found: dict[str, Part | dict[str, int] | dict[str, ModelConfidence] | dict[str, Ensemble]] = {}
    if beside := own_kernels(con):
        found["own_kernels"] = beside
    if modelled:
        found["models"] = modelled
    if campaign is not None:
        found["rounds"] = campaign
        arms = spent_by_arms(con, campaign, files, settings)
        made = generation_of(con, campaign.receptor, seed, arms)
        if made and settings:
            made = made.model_copy(update={"found_again": _found_again(con, settings)})
        if made:
            found["generation"] = made
    if settings is not None and settings.ensembles:
        found["ensembles"] = ensembles(con, settings, seed)
    if settings is not None and settings.variants is not None:
        found["variants"] = _panel(con, settings.variants, seed)
    return metrics.model_copy(update=found)


def _panel(con: duckdb.DuckDBPyConnection, asked: Variants, seed: int) -> VariantPanel:
    """What variants do, and how that follows what was measured."""
    board = read_board(con, asked.of)
    if asked.measured is None:
        return panel(board)
    answers = read_measured(asked.measured)
    told = answers_of(judged(con, board, answers), seed)
    return panel(board).model_copy(update={"answers": told})


def _found_again(con: duckdb.DuckDBPyConnection, settings: Settings) -> list[FoundAgain]:
    """Which of the molecules that were held out came up again."""
    generate = settings.generate
    if generate is None or generate.held_out is None:
        return []
    column = settings.library.smiles_column
    named = named_molecules(generate.held_out, "generate.held_out", column, settings.ligands)
    return found_again(con, named)


def _spent(
    files: Layout | None, settings: Settings | None, rates: Costs
) -> tuple[Account, dict[str, str]]:
    """What the jobs used, and the versions of the packages that they used."""
    if files is None or settings is None:
        return account({}, {}, rates), {}
    targets = files.targets(settings)
    usage = read_usage(files.usage)
    return account(usage, targets, rates, files.benchmarks), versions_used(usage, targets)


def _things(counted: Counts, hits: int) -> dict[str, int]:
    """How many there are of the things that costs are told per."""
    scored = [each.ranked_by_mmgbsa for each in counted.by_receptor.values()]
    return {
        "ligand": counted.ligands,
        "scored_ligand": sum(scored),
        "hit": sum(min(hits, each) for each in scored),
    }


def _annotations(files: Layout | None) -> Annotations:
    """What ``split`` understood of labels and affinities; empty where it left no note."""
    if files is None or not files.annotations.is_file():
        return Annotations()
    return Annotations.model_validate_json(files.annotations.read_text(encoding="utf-8"))
