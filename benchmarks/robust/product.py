"""The score as a screen computes it, of the same ligands from both preparers.

Poses as given, each with its displaced replicas. Rows are appended as they are made; a killed
run goes on with its next ligand.
"""

from __future__ import annotations

import math
import time
import warnings
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from protocols import CPU, JACS
from rdkit import RDLogger
from scipy.stats import pearsonr, spearmanr
from screens import RESULTS, rows_of, write_rows

from robust.series import PREPARERS, Posed, Site, ligands_of, site_of
from robust.store import append, done_of, rounded
from screenmm.config.settings import Scoring
from screenmm.core.errors import LigandError
from screenmm.core.seeds import seed_for
from screenmm.mmgbsa.score import Pose, PoseScore, Terms, jittered, score_poses
from screenmm.results.intervals import pose_variances

KEY = ("protocol", "series", "preparer", "ligand")
TERMS = tuple(Terms.__dataclass_fields__)
COLUMNS = (
    *KEY, "measured", "heavy_atoms", "dg_kcal_mol", *TERMS, "replicas_kcal_mol", "iterations",
    "end", "cpu_s", "failure",
)  # fmt: skip
SEED = 1


def scored(site: Site, posed: Posed, options: Scoring) -> dict[str, Any]:
    """A ligand's score, its terms, and its replicas' scores."""
    pose = Pose(posed.ligand.pose.parameters, posed.mol.GetConformer().GetPositions())
    return scored_pose(site, pose, posed.ligand.name, options)


def scored_pose(site: Site, pose: Pose, name: str, options: Scoring) -> dict[str, Any]:
    """A pose's score, its terms, and its replicas' scores; the name seeds the displacements."""
    poses = [pose, *jittered(pose, options, seed_for(SEED, "jitter", name))]
    first, *replicas = score_poses(site.prepared.model, poses, options, CPU)
    if isinstance(first, LigandError):
        return {"failure": " ".join(str(first).split())}
    spread = [each.terms.total_kcal_mol for each in replicas if isinstance(each, PoseScore)]
    return {
        "dg_kcal_mol": first.terms.total_kcal_mol,
        **asdict(first.terms),
        "replicas_kcal_mol": ";".join(f"{each:.4f}" for each in spread),
        "iterations": first.iterations,
        "end": first.end.name.lower(),
        "failure": "",
    }


def run(work: Path, protocol: str, path: Path) -> None:
    """Score what is not scored yet."""
    warnings.filterwarnings("ignore")
    RDLogger.DisableLog("rdApp.*")
    options = Scoring(protocol=protocol)
    done = done_of(path, KEY)
    for series in JACS:
        for preparer in PREPARERS:
            wanted = [
                (key, posed)
                for posed in ligands_of(work, preparer, series)
                for key in [(protocol, series, preparer, posed.ligand.name)]
                if key not in done
            ]
            site = site_of(work, preparer, series) if wanted else None
            for key, posed in wanted:
                started = time.process_time()
                found = scored(site, posed, options)
                took = f"{time.process_time() - started:.2f}"
                known = {
                    "measured": posed.ligand.measured,
                    "heavy_atoms": posed.ligand.heavy_atoms,
                    "cpu_s": took,
                }
                row = dict(zip(KEY, key, strict=True)) | known | found
                append(path, COLUMNS, rounded(row))


def variances(rows: list[dict[str, str]]) -> np.ndarray | None:
    """Of each row's score, as a ranking has them."""
    return pose_variances(
        [
            np.array([float(row["dg_kcal_mol"]), *map(float, row["replicas_kcal_mol"].split(";"))])
            if row["replicas_kcal_mol"]
            else np.array([float(row["dg_kcal_mol"])])
            for row in rows
        ]
    )


def series_row(protocol: str, series: str, rows: list[dict[str, str]]) -> dict[str, object]:
    """Agreement, accuracy, and how far the replicas' scatter tells the other preparer's value."""
    known = [row for row in rows if not row["failure"]]
    by = {each: {r["ligand"]: r for r in known if r["preparer"] == each} for each in PREPARERS}
    names = sorted(set.intersection(*(set(each) for each in by.values())))
    first, second = ([by[each][name] for name in names] for each in PREPARERS)
    one, other = (np.array([float(r["dg_kcal_mol"]) for r in each]) for each in (first, second))
    away = one - other - (one - other).mean()
    noise = [variances(each) for each in (first, second)]
    sd = math.nan if noise[0] is None else float(np.sqrt(np.mean(noise)))
    measured = [float(r["measured"]) for r in first]
    return {
        "protocol": protocol,
        "series": series,
        "ligands": len(names),
        "lost": len(rows) // 2 - len(names),
        "pearson": round(float(pearsonr(one, other).statistic), 3),
        "rms_kcal_mol": round(float(np.sqrt((away**2).mean())), 3),
        "shift_kcal_mol": round(float((one - other).mean()), 3),
        **{
            f"spearman_{each}": round(float(spearmanr(score, measured).statistic), 3)
            for each, score in zip(PREPARERS, (one, other), strict=True)
        },
        "replica_sd_kcal_mol": round(sd, 3),
        "converged": sum(r["end"] == "converged" for r in [*first, *second]),
        "cpu_s": round(float(np.mean([float(r["cpu_s"]) for r in known])), 2),
    }


def write_product_tables(path: Path) -> None:
    """One row per protocol and series."""
    rows = rows_of(path)
    found = [
        series_row(
            protocol,
            series,
            [r for r in rows if (r["protocol"], r["series"]) == (protocol, series)],
        )
        for protocol in dict.fromkeys(row["protocol"] for row in rows)
        for series in JACS
    ]
    write_rows(RESULTS / "robust_product.csv", found)
