"""Does a template place a congener where its preparer put it?

cd benchmarks && python template.py WORK_FOLDER [--engine NAME] [--preparers NAME ...]
    [--series NAME ...] [--most N]
cd benchmarks && python template.py WORK_FOLDER --tables

The eight JACS series from two preparers. Every ligand starts from its SMILES, with a conformer of
its own; one template, the series' medoid, is the same ligand for both preparers. A killed run goes
on with its next ligand.
"""

from __future__ import annotations

import argparse
import time
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
from protocols import JACS, cached
from rdkit import Chem, RDLogger
from robust.series import PREPARERS, files_of, read, structure_of
from robust.store import append, done_of
from robust.template import template_of
from screens import rows_of, write_rows

from screenmm.config.settings import Docking, Ligands, Pocket, Receptor
from screenmm.core.errors import LigandError
from screenmm.core.seeds import seed_for
from screenmm.devices.vulkan import SearchDevice
from screenmm.docking.engine import Box, Site, make_engine
from screenmm.docking.pdbqt import receptor_pdbqt
from screenmm.docking.placement.engine import Placing, best_template
from screenmm.docking.placement.templates import Template
from screenmm.files.sdf import read_record, sd_record
from screenmm.ligands.conformers import embed
from screenmm.receptor.prepare import PreparedReceptor, prepare_receptor
from screenmm.redocking.rmsd import heavy_rmsd_angstrom
from screenmm.run.receptor_folder import ReceptorFolder

RESULTS = Path(__file__).parent / "results"
SEED = 1
POSES = 9
LIMIT_ANGSTROM = 2.0
KEY = ("engine", "preparer", "series", "ligand")
COLUMNS = (
    *KEY, "template", "heavy_atoms", "core_atoms", "maps", "poses", "score_kcal_mol",
    "top_rmsd_angstrom", "best_rmsd_angstrom", "cpu_s", "failure",
)  # fmt: skip


def site_of(work: Path, preparer: str, series: str, template: Chem.Mol) -> Site:
    """The receptor as the package prepares it; the box is around the template."""

    def make() -> PreparedReceptor:
        protein, ligands = files_of(preparer, series)
        return prepare_receptor(series, Receptor(structure=protein), Pocket(ligand=ligands))

    places = template.GetConformer().GetPositions()
    pocket = Pocket(auto=True)
    low = places.min(axis=0) - pocket.padding_angstrom
    high = places.max(axis=0) + pocket.padding_angstrom
    center = tuple(((low + high) / 2).tolist())
    size = tuple(np.maximum(high - low, pocket.min_size_angstrom).tolist())
    folder = work / preparer / series
    path = ReceptorFolder(folder).pdbqt
    if not path.exists():
        made = cached(folder / "receptor.pkl", make)
        cofactors = [(each.mol, each.atom_indices) for each in made.cofactors]
        path.write_text(
            receptor_pdbqt(made.topology, made.positions_angstrom, cofactors, center, size)
        )
    return Site(path, Box(center, size), SearchDevice("cpu", "", "benchmark"), SEED)


def fresh(given: Chem.Mol) -> Chem.Mol:
    """The ligand from its SMILES, with a conformer of its own, as a screen docks it."""
    smiles = structure_of(given)
    made = embed(smiles, seed_for(SEED, "conformer", smiles), Ligands())
    # as the workflow passes it on: MMFF leaves its own aromaticity in a molecule
    return read_record(sd_record(made, smiles, {}))


def dock_seed(given: Chem.Mol) -> int:
    return seed_for(SEED, "dock", structure_of(given))


def placed(placing: Placing, template: Template, given: Chem.Mol) -> dict[str, Any]:
    """Place a ligand from its SMILES; RMSDs are to the pose that its preparer gave it."""
    row: dict[str, Any] = {"template": template.name, "heavy_atoms": given.GetNumHeavyAtoms()}
    mol = fresh(given)
    start = time.process_time()
    try:
        _, core = best_template(mol, [template])
        row |= {"core_atoms": core.atoms, "maps": len(core.maps)}
        start = time.process_time()
        poses = placing.place(mol, dock_seed(given))
    except LigandError as error:
        return row | {"failure": error.reason, "cpu_s": f"{time.process_time() - start:.2f}"}
    spent = time.process_time() - start
    away = [heavy_rmsd_angstrom(pose.mol, given) for pose in poses]
    return row | {
        "poses": len(poses),
        "score_kcal_mol": f"{poses[0].dock_score_kcal_mol:.2f}",
        "top_rmsd_angstrom": f"{away[0]:.2f}",
        "best_rmsd_angstrom": f"{min(away):.2f}",
        "cpu_s": f"{spent:.2f}",
    }


def spread(mols: list[Chem.Mol], most: int) -> list[Chem.Mol]:
    """At most so many ligands, evenly over the series' file."""
    places = np.unique(np.linspace(0, len(mols) - 1, min(most, len(mols))).round().astype(int))
    return [mols[i] for i in places]


def placing_of(
    work: Path, engine: str, preparer: str, series: str, reference: Chem.Mol
) -> tuple[Placing, Template]:
    """What places a series by its reference ligand."""
    template = Template(reference.GetProp("_Name"), reference, series)
    site = site_of(work, preparer, series, reference)
    refiner: Any = make_engine(
        Docking.model_construct(engine=engine, poses=POSES, exhaustiveness=1, templates=[]), site
    )
    return Placing(refiner, [template], site.receptor_pdbqt.read_text(), POSES), template


def run(work: Path, engine: str, preparer: str, series: str, most: int) -> None:
    path = work / "placed.csv"
    reference = template_of(preparer, series)
    others = [mol for mol in read(preparer, series) if structure_of(mol) != structure_of(reference)]
    wanted = [
        mol
        for mol in spread(others, most)
        if (engine, preparer, series, mol.GetProp("_Name")) not in done_of(path, KEY)
    ]
    if not wanted:
        return
    placing, template = placing_of(work, engine, preparer, series, reference)
    for mol in wanted:
        name = mol.GetProp("_Name")
        key = dict(zip(KEY, (engine, preparer, series, name), strict=True))
        append(path, COLUMNS, key | placed(placing, template, mol))


def summary(rows: list[dict[str, str]]) -> list[dict[str, object]]:
    """One row for each engine, preparer and series, and one for all series together."""
    groups = defaultdict(list)
    for row in rows:
        for series in (row["series"], "all"):
            groups[row["engine"], row["preparer"], series].append(row)
    found = []
    for (engine, preparer, series), members in sorted(groups.items()):
        done = [row for row in members if not row["failure"]]
        top = np.array([float(row["top_rmsd_angstrom"]) for row in done])
        best = np.array([float(row["best_rmsd_angstrom"]) for row in done])
        found.append(
            {
                "engine": engine,
                "preparer": preparer,
                "series": series,
                "ligands": len(members),
                "not_placed": len(members) - len(done),
                "top_within_2_angstrom": int((top <= LIMIT_ANGSTROM).sum()),
                "any_within_2_angstrom": int((best <= LIMIT_ANGSTROM).sum()),
                "top_share": f"{(top <= LIMIT_ANGSTROM).sum() / len(members):.2f}",
                "top_rmsd_median_angstrom": f"{np.median(top):.2f}" if len(top) else "",
                "cpu_s_mean": f"{np.mean([float(row['cpu_s']) for row in members]):.1f}",
            }
        )
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="folder of intermediate results")
    parser.add_argument("--engine", default="template")
    parser.add_argument("--preparers", nargs="*", default=PREPARERS)
    parser.add_argument("--series", nargs="*", default=JACS)
    parser.add_argument("--most", type=int, default=1000, help="ligands of a series")
    parser.add_argument("--tables", action="store_true", help="only write the tables")
    args = parser.parse_args()
    if args.tables:
        rows = rows_of(args.work / "placed.csv")
        write_rows(RESULTS / "template.csv", rows)
        write_rows(RESULTS / "template_summary.csv", summary(rows))
        return
    RDLogger.DisableLog("rdApp.*")
    for preparer in args.preparers:
        for series in args.series:
            run(args.work, args.engine, preparer, series, args.most)


if __name__ == "__main__":
    main()
