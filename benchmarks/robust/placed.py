"""Does a series placed by a template from SMILES rank as it does from its given poses?

Every ligand of the eight JACS series but the template, from both preparers: a conformer of its own,
placed as ``docking.templates`` does, its two best poses scored as a screen scores them; the lower
score counts. Rows are appended as they are made; a killed run goes on with its next ligand.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from protocols import JACS
from rdkit import Chem, RDLogger
from scipy.stats import pearsonr, spearmanr
from screens import RESULTS, rows_of, write_rows
from template import dock_seed, fresh, placing_of, spread

from robust.product import TERMS, scored_pose
from robust.series import PREPARERS, Site, matched, site_of, structure_of
from robust.store import append, done_of, rounded
from robust.template import template_of
from screenmm.config.settings import Scoring
from screenmm.core.errors import LigandError
from screenmm.docking.placement.engine import Placing
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.mmgbsa.score import Pose
from screenmm.redocking.rmsd import heavy_rmsd_angstrom

ENGINE = "template"
KEY = ("preparer", "series", "ligand")
COLUMNS = (
    *KEY, "template", "measured", "heavy_atoms", "poses", "pose", "rmsd_angstrom", "dg_kcal_mol",
    *TERMS, "replicas_kcal_mol", "iterations", "end", "cpu_s", "failure",
)  # fmt: skip
RESAMPLES = 2000
SEED = 20261128


def scored_ligand(
    site: Site, placing: Placing, given: Chem.Mol, name: str, options: Scoring
) -> dict[str, Any]:
    """Place a ligand and score its best poses; the one with the lowest score."""
    try:
        poses = placing.place(fresh(given), dock_seed(given))[: options.poses]
        parameters = ligand_parameters(poses[0].mol)
    except LigandError as error:
        return {"failure": " ".join(str(error).split())}
    found = []
    for number, pose in enumerate(poses, 1):
        ready = Pose(parameters, pose.mol.GetConformer().GetPositions())
        away = {"pose": number, "rmsd_angstrom": heavy_rmsd_angstrom(pose.mol, given)}
        found.append(scored_pose(site, ready, f"{name}_p{number}", options) | away)
    good = [each for each in found if not each["failure"]]
    best = min(good, key=lambda each: each["dg_kcal_mol"], default=found[0])
    return best | {"poses": len(poses)}


def run(work: Path, series: Sequence[str], preparers: Sequence[str], most: int) -> None:
    """Place and score what is not there yet."""
    warnings.filterwarnings("ignore")
    RDLogger.DisableLog("rdApp.*")
    path, options = work / "placed_scores.csv", Scoring()
    done = done_of(path, KEY)
    for name in series or JACS:
        known = {ligand: (value, mols) for ligand, value, mols in matched(name)}
        for preparer in preparers or PREPARERS:
            reference = template_of(preparer, name)
            own = [
                ligand
                for ligand, (_, mols) in known.items()
                if structure_of(mols[preparer]) != structure_of(reference)
            ]
            wanted = [each for each in spread(own, most) if (preparer, name, each) not in done]
            if not wanted:
                continue
            site = site_of(work, preparer, name)
            placing, template = placing_of(work / "sites", ENGINE, preparer, name, reference)
            for ligand in wanted:
                measured, mols = known[ligand]
                started = time.process_time()
                found = scored_ligand(site, placing, mols[preparer], ligand, options)
                row = dict(zip(KEY, (preparer, name, ligand), strict=True)) | {
                    "template": template.name,
                    "measured": measured,
                    "heavy_atoms": mols[preparer].GetNumHeavyAtoms(),
                    "cpu_s": f"{time.process_time() - started:.2f}",
                }
                append(path, COLUMNS, rounded(row | found))


# --- tables ---------------------------------------------------------------------------------


def both(rows: list[dict[str, str]]) -> dict[tuple[str, str], np.ndarray]:
    """Measured ΔG, score of the given pose and of the placed one, by preparer and series."""
    given = {
        tuple(row[name] for name in KEY): float(row["dg_kcal_mol"])
        for row in rows_of(RESULTS / "robust_product_ligands.csv")
        if row["protocol"] == "standard" and not row["failure"]
    }
    found: dict[tuple[str, str], list[tuple[float, float, float]]] = {}
    for row in rows:
        key = tuple(row[name] for name in KEY)
        if not row["failure"] and key in given:
            three = float(row["measured"]), given[key], float(row["dg_kcal_mol"])
            found.setdefault((row["preparer"], row["series"]), []).append(three)
    return {key: np.array(each) for key, each in found.items()}


def differences(table: np.ndarray) -> tuple[float, np.ndarray]:
    """Spearman of placed less that of given poses, and the same of resampled ligands."""

    def lead(part: np.ndarray) -> float:
        measured, given, placed = part.T
        return float(spearmanr(placed, measured).statistic - spearmanr(given, measured).statistic)

    rng = np.random.default_rng(SEED)
    drawn = [lead(table[rng.integers(0, len(table), len(table))]) for _ in range(RESAMPLES)]
    return lead(table), np.array(drawn)


def summary(rows: list[dict[str, str]]) -> Iterator[dict[str, object]]:
    """One row for each preparer and series, and the mean over all of them."""
    leads = []
    for (preparer, series), table in both(rows).items():
        measured, given, placed = table.T
        own = [row for row in rows if (row["preparer"], row["series"]) == (preparer, series)]
        lead, drawn = differences(table)
        leads.append((lead, drawn))
        away = [float(row["rmsd_angstrom"]) for row in own if row["rmsd_angstrom"]]
        yield {
            "preparer": preparer,
            "series": series,
            "ligands": len(table),
            "lost": len(own) - len(table),
            "rmsd_median_angstrom": round(float(np.median(away)), 2),
            "pearson_of_dg": round(float(pearsonr(given, placed).statistic), 3),
            "spearman_given": round(float(spearmanr(given, measured).statistic), 3),
            "spearman_placed": round(float(spearmanr(placed, measured).statistic), 3),
            **told(lead, drawn),
        }
    mean = float(np.mean([lead for lead, _ in leads]))
    yield {"preparer": "all", "series": "all"} | told(mean, np.mean([d for _, d in leads], axis=0))


def told(lead: float, drawn: np.ndarray) -> dict[str, object]:
    low, high = np.nanpercentile(drawn, (2.5, 97.5))
    return {"difference": round(lead, 3), "low": round(low, 3), "high": round(high, 3)}


def write_placed_tables(work: Path) -> None:
    """Per-ligand rows and the summary."""
    rows = rows_of(work / "placed_scores.csv")
    found = list(summary(rows))
    write_rows(RESULTS / "robust_placed_ligands.csv", list(rows))
    write_rows(RESULTS / "robust_placed.csv", [dict.fromkeys(found[0], "") | row for row in found])
