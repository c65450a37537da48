"""What was computed, with what, and at what cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from screenmm.config.engines import engines
from screenmm.config.settings import Settings
from screenmm.core.formats import grouped
from screenmm.metrics.costs import RuleUsed, RunCosts
from screenmm.metrics.model import Metrics
from screenmm.report.section import Context, Results, Section

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
        method=_method(results.settings, metrics),
        versions=metrics.versions,
        timings=metrics.timings,
        costs=metrics.costs,
    )


def _method(settings: Settings, metrics: Metrics) -> list[tuple[str, str]]:
    """Say what was computed, in a few lines."""
    docking, scoring = settings.docking, settings.scoring
    platforms = ", ".join(
        f"{name} ({grouped(count)} poses)" for name, count in metrics.platforms.items()
    )
    return [
        ("Docking", f"{docking.engine}, {docking.poses} poses kept per state"
         + (", placed by template where the common core is large enough" if docking.templates
            else "")
         if not engines()[docking.engine].poses_from_library
         else "none: poses as given in the library"),
        ("MM/GBSA", f"protocol {scoring.protocol}: best {grouped(scoring.top)} ligands per "
         f"receptor, {scoring.poses} poses each"),
        ("Minimisation", f"residues within {scoring.pocket_radius_angstrom:g} Å of the pose, free "
         f"within {scoring.flexible_radius_angstrom:g} Å, restraint "
         f"{scoring.restraint_kcal_mol_angstrom2:g} kcal/mol/Å², "
         f"at most {scoring.max_iterations} iterations; {scoring.jitter_replicas} more from "
         f"coordinates displaced by {scoring.jitter_angstrom:g} Å"),
        ("Dielectrics", f"solute {scoring.solute_dielectric:g}, "
         f"solvent {scoring.solvent_dielectric:g}"),
        ("Order", "MM/GBSA, then docking" if settings.ranking.by == "mmgbsa"
         else f"{settings.ranking.by.replace('_', ' ')}; ligands without it behind, in the order "
         "of MM/GBSA and docking"),
        ("Platform", platforms or "no pose was scored"),
        ("Seed", str(settings.seed)),
    ]  # fmt: skip
