"""What was computed, with what, and at what cost."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from screenmm.config.settings import Settings, docking_in_words
from screenmm.core.formats import grouped
from screenmm.files.whole import read_text
from screenmm.metrics.costs import RuleUsed, RunCosts
from screenmm.metrics.model import Metrics
from screenmm.metrics.orders import RankingOrder
from screenmm.report.section import Context, Results, Section
from screenmm.run.layout import Layout

SECTION = Section(title="Method", place=80)


@dataclass(frozen=True, kw_only=True)
class Method(Context):
    """Method, versions and costs.

    Attributes
    ----------
    method : list of (str, str)
        Subjects and what was done.
    versions : mapping of str to str
        Packages and their versions.
    timings : mapping of str to RuleUsed
        Costs by rule, as in the metrics.
    costs : RunCosts
        All costs, as in the metrics.
    """

    method: list[tuple[str, str]]
    versions: Mapping[str, str]
    timings: Mapping[str, RuleUsed]
    costs: RunCosts


def context(results: Results) -> Method:
    """Gather what the section shows."""
    metrics = results.metrics
    return Method(
        method=[*_pockets(results), *_repacked(results), *_method(results.settings, metrics)],
        versions=metrics.versions,
        timings=metrics.timings,
        costs=metrics.costs,
    )


def _pockets(results: Results) -> list[tuple[str, str]]:
    """Say how pockets were come by that no ligand of their own receptor shows."""
    if results.folder is None:
        return []
    layout, pocket_of = Layout(results.folder), results.settings.pocket_of
    taken = [
        name
        for name in results.receptors
        if pocket_of(name).find is not None or pocket_of(name).like is not None
    ]
    reports = {name: json.loads(read_text(layout.receptor(name).report_json)) for name in taken}
    return [(f"Pocket, {name}", each["pocket"]["origin"]["text"]) for name, each in reports.items()]


def _repacked(results: Results) -> list[tuple[str, str]]:
    """Say which side chains were turned away from which ligand."""
    if results.folder is None:
        return []
    layout = Layout(results.folder)
    reports = {name: layout.receptor(name).report_json for name in results.receptors}
    asked = {
        name: json.loads(read_text(path)).get("repacked")
        for name, path in reports.items()
        if path.exists()
    }
    return [(f"Side chains, {name}", found["text"]) for name, found in asked.items() if found]


def _method(settings: Settings, metrics: Metrics) -> list[tuple[str, str]]:
    """Say what was computed, in a few lines."""
    scoring = settings.scoring
    platforms = ", ".join(
        f"{name} ({grouped(count)} poses)" for name, count in metrics.platforms.items()
    )
    return [
        ("Docking", docking_in_words(settings.docking)),
        ("MM/GBSA", f"protocol {scoring.protocol}: best {grouped(scoring.top)} ligands per "
         f"receptor, {scoring.poses} poses each"),
        ("Minimisation", f"residues within {scoring.pocket_radius_angstrom:g} Å of the pose, free "
         f"within {scoring.flexible_radius_angstrom:g} Å, restraint "
         f"{scoring.restraint_kcal_mol_angstrom2:g} kcal/mol/Å², "
         f"at most {scoring.max_iterations} iterations; {scoring.jitter_replicas} more from "
         f"coordinates displaced by {scoring.jitter_angstrom:g} Å"),
        ("Dielectrics", f"solute {scoring.solute_dielectric:g}, "
         f"solvent {scoring.solvent_dielectric:g}"),
        *_orders(metrics.orders),
        ("Platform", platforms or "no pose was scored"),
        *_own_kernels(metrics),
        ("Seed", str(settings.seed)),
    ]  # fmt: skip


def _own_kernels(metrics: Metrics) -> list[tuple[str, str]]:
    """Say what computed beside OpenMM on a GPU; on a CPU it is the host, and no word of it."""
    beside = metrics.own_kernels or {}
    if not beside or set(metrics.platforms) <= {"CPU"}:
        return []
    told = ", ".join(f"{where} ({grouped(count)} poses)" for where, count in beside.items())
    return [("Beside the forces", told)]


def _orders(orders: Mapping[str, RankingOrder]) -> list[tuple[str, str]]:
    """What each receptor's ranking follows; said once where it is the same for all."""
    texts = {receptor: each.text for receptor, each in orders.items()}
    if len(set(texts.values())) == 1:
        return [("Order", next(iter(texts.values())))]
    return [(f"Order, {receptor}", text) for receptor, text in texts.items()]
