"""A plan as text."""

from __future__ import annotations

import textwrap

from screenmm.core.text_table import aligned
from screenmm.planning.plan import Plan


def duration(seconds: float) -> str:
    """Give a time with two units at most."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 60 * 100:
        return f"{minutes / 60:.1f} h"
    return f"{minutes / 60:,.0f} h"


def size(number: float) -> str:
    """Give bytes in a fitting unit."""
    for unit in ("B", "kB", "MB", "GB"):
        if number < 1000:
            return f"{number:.0f} {unit}" if unit == "B" else f"{number:.1f} {unit}"
        number /= 1000
    return f"{number:.1f} TB"


def render(plan: Plan, width: int = 80) -> str:
    """Say what a plan holds.

    Parameters
    ----------
    plan : Plan
        From :func:`screenmm.planning.plan.make_plan`.
    width : int
        Columns of the terminal.

    Returns
    -------
    str
        Lines of at most that width, where no word is longer.
    """
    about = "" if plan.is_exact else "about "
    records = f"{'about ' if plan.is_estimate else ''}{plan.records:,}"
    lines = [
        f"{plan.name}: {records} records, {about}{plan.ligands:,} ligands, "
        f"{about}{plan.states:,} states, {plan.receptors} "
        f"receptor{'' if plan.receptors == 1 else 's'}",
        _basis(plan),
        f"{plan.cores} cores, {plan.gpus} GPUs; rates {plan.rates}",
        "",
    ]
    text = [line for each in lines for line in (textwrap.wrap(each, width) or [""])]
    text += _stage_rows(plan)
    text += ["", *_disk(plan, width)]
    for warning in plan.warnings:
        text += ["", *textwrap.wrap(f"warning: {warning}", width)]
    return "\n".join(text) + "\n"


def _basis(plan: Plan) -> str:
    if plan.is_exact:
        return "every record was standardised: ligands and their states are exact"
    counted = (
        "records are estimated from the beginning of the files"
        if plan.is_estimate
        else "every record was counted"
    )
    return f"{counted}; ligands and states follow from a sample of {plan.sampled} records"


def _stage_rows(plan: Plan) -> list[str]:
    rows = [("stage", "jobs", "longest job", "CPU", "GPU", "wall")]
    for name, stage in plan.stages.items():
        gpu = duration(stage.gpu_s) if stage.gpu_s else ""
        rows.append(
            (name, f"{stage.jobs:,}", duration(stage.longest_job_s), duration(stage.cpu_s), gpu,
             duration(stage.wall_s))
        )  # fmt: skip
    gpu = duration(plan.gpu_s) if plan.gpu_s else ""
    rows.append(("in all", f"{plan.jobs:,}", "", duration(plan.cpu_s), gpu, duration(plan.wall_s)))
    if not plan.gpu_s:
        rows = [(*row[:4], *row[5:]) for row in rows]  # type: ignore[misc]
    return aligned(rows, right=range(1, len(rows[0])))


def _disk(plan: Plan, width: int) -> list[str]:
    parts = sorted(plan.disk_bytes.items(), key=lambda item: -item[1])[:3]
    largest = ", ".join(f"{name} {size(number)}" for name, number in parts)
    return textwrap.wrap(
        f"disk: about {size(plan.disk_needed_bytes)} ({largest}); "
        f"{size(plan.disk_free_bytes)} free",
        width,
    )
