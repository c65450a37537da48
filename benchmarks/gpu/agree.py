"""Scores of a platform beside those of the CPU that the kit carries."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from bench import Bench
from kit import NUDGED, PoseSet, load_results, result_row, rows_of
from scipy.stats import spearmanr

from screenmm.errors import LigandError
from screenmm.scoring.mmgbsa import PoseScore, score_poses
from screenmm.scoring.platforms import PlatformChoice
from screenmm.settings import Scoring

PACK = 64
CLOSE_KCAL_MOL = 0.1
"""What ΔG may differ by from the CPU's."""

Result = PoseScore | LigandError


def score_all(
    bench: Bench,
    sets: list[PoseSet],
    choice: PlatformChoice,
    precision: str,
    pack_size: int = PACK,
) -> dict[str, list[Result]]:
    """Score sets of poses, each a step, and write them beside the CPU's results.

    Parameters
    ----------
    bench : Bench
    sets : list of PoseSet
    choice : PlatformChoice
    precision : str
        For the table.
    pack_size : int

    Returns
    -------
    dict of str to list
        Results by set, those of sets that failed left out.
    """
    found = {}
    for poses in sets:
        with bench.step(f"{choice.name} {precision} {poses.name}"):
            results = score_poses(poses.receptor, poses.poses, Scoring(), choice, pack_size)
            for row in beside_cpu(bench, poses, results):
                bench.row("poses", platform=choice.name, precision=precision,
                          pack_size=pack_size, run=1, set=poses.name, **row)  # fmt: skip
            found[poses.name] = results
    return found


def score_again(
    bench: Bench,
    sets: list[PoseSet],
    choice: PlatformChoice,
    precision: str,
    before: dict[str, list[Result]],
    pack_size: int = PACK,
) -> None:
    """Score sets a second time, and write whether the same bits come."""
    for poses in sets:
        if poses.name not in before:
            continue
        with bench.step(f"{choice.name} {precision} {poses.name} again", needs_s=2):
            results = score_poses(poses.receptor, poses.poses, Scoring(), choice, pack_size)
            pairs = list(zip(before[poses.name], results, strict=True))
            for row, pair in zip(beside_cpu(bench, poses, results), pairs, strict=True):
                bench.row("poses", platform=choice.name, precision=precision,
                          pack_size=pack_size, run=2, set=poses.name, **row,
                          same_bits="yes" if equal(*pair) else "no")  # fmt: skip


def beside_cpu(bench: Bench, poses: PoseSet, results: list[Result]) -> list[dict[str, Any]]:
    """Rows of results with the CPU's and the difference."""
    known = load_results(bench.kit.of(poses.name))
    rows = []
    for name, result in zip(poses.names, results, strict=True):
        cpu, angstrom = known[name]
        row = {"pose": name, **result_row(result), "cpu_error": cpu["error"],
               "cpu_iterations": cpu["iterations"], "cpu_end": cpu["end"],
               "cpu_dg_kcal_mol": cpu["dg_kcal_mol"]}  # fmt: skip
        if cpu["dg_kcal_mol"] and cpu[NUDGED]:
            row["cpu_nudged_delta_kcal_mol"] = float(cpu[NUDGED]) - float(cpu["dg_kcal_mol"])
        if not isinstance(result, LigandError) and not cpu["error"]:
            row["delta_kcal_mol"] = row["dg_kcal_mol"] - float(cpu["dg_kcal_mol"])
            shift = result.ligand_angstrom - angstrom
            row["ligand_rmsd_angstrom"] = float(np.sqrt((shift**2).sum(axis=1).mean()))
        rows.append(row)
    return rows


def equal(a: Result, b: Result) -> bool:
    """Whether two results are the same to the last bit."""
    if isinstance(a, LigandError) or isinstance(b, LigandError):
        return type(a) is type(b) and str(a) == str(b)
    return bool(a.terms == b.terms and np.array_equal(a.ligand_angstrom, b.ligand_angstrom))


def agreement(path: Path) -> list[dict[str, Any]]:
    """Summary of the table of poses: one row per platform and precision."""
    rows = rows_of(path)
    kinds = dict.fromkeys((row["platform"], row["precision"]) for row in rows)
    return [
        {"platform": platform, "precision": precision}
        | summary([r for r in rows if (r["platform"], r["precision"]) == (platform, precision)])
        for platform, precision in kinds
    ]


def summary(rows: list[dict[str, str]]) -> dict[str, Any]:
    """How far scores are from the CPU's, and whether they rank alike."""
    first = [row for row in rows if row["run"] == "1"]
    both = [row for row in first if row["delta_kcal_mol"]]
    off = np.abs([float(row["delta_kcal_mol"]) for row in both])
    noise = [row["cpu_nudged_delta_kcal_mol"] for row in both]
    own = np.abs([float(value) for value in noise if value])
    converged = np.array([row["end"] == row["cpu_end"] == "converged" for row in both], dtype=bool)
    iterations = [[int(row[name]) for name in ("iterations", "cpu_iterations")] for row in both]
    ours, theirs = np.mean(iterations, axis=0) if both else (float("nan"), float("nan"))
    ranks = [ranked(both, name) for name in dict.fromkeys(row["set"] for row in both)]
    twice = [row["same_bits"] for row in rows if row["same_bits"]]
    return {
        "poses": len(first),
        "scored_by_both": len(both),
        "error_on_one_side": sum(bool(row["error"]) != bool(row["cpu_error"]) for row in first),
        "median_delta_kcal_mol": round(float(np.median(off)), 4) if both else "",
        "largest_delta_kcal_mol": round(float(off.max()), 3) if both else "",
        "within_0.1": int((off <= CLOSE_KCAL_MOL).sum()),
        "cpu_nudged_within_0.1": int((own <= CLOSE_KCAL_MOL).sum()),
        "converged_by_both": int(converged.sum()),
        "converged_within_0.1": int((off[converged] <= CLOSE_KCAL_MOL).sum()),
        "lowest_spearman": round(min((r for r in ranks if np.isfinite(r)), default=np.nan), 4),
        "iterations": round(float(ours), 1),
        "cpu_iterations": round(float(theirs), 1),
        "same_end": sum(row["end"] == row["cpu_end"] for row in first),
        "same_bits": f"{twice.count('yes')} of {len(twice)}" if twice else "",
    }


def ranked(rows: list[dict[str, str]], name: str) -> float:
    """Spearman of a set's ranks, here and on the CPU; NaN for fewer than three."""
    pairs = [(float(row["dg_kcal_mol"]), float(row["cpu_dg_kcal_mol"]))
             for row in rows if row["set"] == name]  # fmt: skip
    return float(spearmanr(*zip(*pairs, strict=True))[0]) if len(pairs) > 2 else float("nan")
