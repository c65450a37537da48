"""Metrics of made-up runs."""

from __future__ import annotations

from typing import Any

from screenmm.metrics.annotations import Annotations
from screenmm.metrics.bias import ClassLoss
from screenmm.metrics.costs import RuleUsed, RunCosts, Used
from screenmm.metrics.counts import AffinityConflicts, Counts, LabelConflicts, ReceptorCounts
from screenmm.metrics.model import VERSION, Metrics
from screenmm.metrics.redocking import Redocking

NOTHING = {"jobs": 0, "wall_s": 0.0, "cpu_s": 0.0, "core_s": 0.0, "gpu_s": 0.0, "energy_kwh": 0.0,
           "price": None}  # fmt: skip


def used(**values: Any) -> Used:
    """What some jobs used; nothing but what is given."""
    return Used(**NOTHING | values)


def rule_used(**values: Any) -> RuleUsed:
    """What the jobs of a rule used; nothing but what is given."""
    return RuleUsed(**NOTHING | {"longest_s": 0.0, "max_rss_mb": 0.0} | values)


def receptor_counts(**values: int) -> ReceptorCounts:
    """Counts of a receptor; zero but for those given."""
    return ReceptorCounts(**dict.fromkeys(ReceptorCounts.model_fields, 0) | values)


def counts(**values: Any) -> Counts:
    """Counts of a run; zero but for those given."""
    zero = dict.fromkeys(("records", "standardised", "ligands", "states_docked"), 0)
    agreed = {
        "conflicting_labels": LabelConflicts(ligands=0, examples=[]),
        "conflicting_affinities": AffinityConflicts(ligands=0, examples=[]),
    }
    return Counts(**{**zero, "by_receptor": {}, "by_reason": [], **agreed, **values})


def metrics(**parts: Any) -> Metrics:
    """Metrics of a run of nothing but what is given."""
    costs = RunCosts(
        total=used(), replaced=used(), currency="USD", energy_source="estimated", per={}
    )
    empty = {"timings": {}, "platforms": {}, "versions": {}, "orders": {}, "redock": {},
             "controls": {}, "verdicts": {}, "outlook": {}}  # fmt: skip
    whole = {"version": VERSION, "name": "made-up", "counts": counts(), "costs": costs,
             "annotations": Annotations(), **empty}  # fmt: skip
    return Metrics(**whole | parts)


def redocking(**values: Any) -> Redocking:
    """A redocking that was done."""
    fields = (name for name in Redocking.model_fields if "rmsd" in name)
    told = {"status": "done", "reason": None, "ligand": "LIG", "engine": "vina", "poses": 9,
            **dict.fromkeys(fields), "passed": True, "text": "Found again."}  # fmt: skip
    return Redocking(**told | values)


def class_loss(**values: Any) -> ClassLoss:
    """Losses of a class of which none was lost."""
    told = {"loss": "failed", "by": "weight", "class_": "x", "meaning": "", "records": 10,
            "at_risk": 10, "lost": 0, "share": 0.0, "low": 0.0, "high": 0.3, "p": None}  # fmt: skip
    return ClassLoss(**told | values)
