"""The figure of the scale benchmark; the only part that needs matplotlib."""

from __future__ import annotations

import csv
from pathlib import Path

import matplotlib as mpl

mpl.use("svg")
from matplotlib import pyplot as plt
from matplotlib.axes import Axes

STAGES = ("split", "standardise", "merge", "select", "rank", "report")
COLOURS = dict(
    zip(STAGES, ("#4477aa", "#ee6677", "#228833", "#ccbb44", "#66ccee", "#aa3377"), strict=True)
)


def write_plots(results: Path) -> None:
    """Draw CPU time per record and memory against the size of the library."""
    runs = _rows(results / "scale.csv")
    stages = _rows(results / "scale_stages.csv")
    mpl.rcParams.update({"font.size": 9, "svg.fonttype": "none", "svg.hashsalt": "scale"})
    figure, (time, memory) = plt.subplots(1, 2, figsize=(10, 3.6), layout="constrained")
    _line(time, runs, "outside_engines_cpu_ms_per_record", "all outside the engines", "black")
    per_record = [
        {**row, "ms": 1e3 * float(row["snakemake_cpu_s"]) / int(row["records"])} for row in runs
    ]
    _line(time, per_record, "ms", "Snakemake itself", "grey")
    _line(memory, runs, "snakemake_max_rss_mb", "Snakemake itself", "grey")
    for stage in STAGES:
        rows = [row for row in stages if row["stage"] == stage]
        _line(time, rows, "cpu_ms_per_record", stage, COLOURS[stage])
        _line(memory, rows, "max_rss_mb", stage, COLOURS[stage])
    time.axhline(5, color="black", linewidth=0.6, linestyle=":")
    time.set(ylabel="CPU time per record, ms", yscale="log")
    memory.set(ylabel="peak memory of a process, MB", ylim=(0, None))
    for axes in (time, memory):
        axes.set(xlabel="records in the library", xscale="log")
        axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside right center", frameon=False, fontsize=8, handles=time.lines[:-1])
    for kind in ("svg", "png"):
        # without a date the same table gives the same bytes
        metadata = {"Date": None} if kind == "svg" else {"Software": None}
        figure.savefig(results / f"scale.{kind}", dpi=150, metadata=metadata)


def _rows(path: Path) -> list[dict]:
    with path.open(newline="") as handle:
        # the other scheduler, and rounds, are in the table for comparison only
        return [
            row
            for row in csv.DictReader(handle)
            if row["scheduler"] == "greedy" and row["rounds"] == "0"
        ]


def _line(axes: Axes, rows: list[dict], column: str, label: str, colour: str) -> None:
    # of several shard sizes the largest, as the table orders them
    found = {int(row["records"]): float(row[column]) for row in rows}
    axes.plot(list(found), list(found.values()), "o-", color=colour, label=label, markersize=4)
