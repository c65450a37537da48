"""Does the score put a docked pose that is right first: the one of version 0.2.0, and the present?

    python benchmarks/rescoring.py WORK_FOLDER

Reference ligands of the prepared complexes, from a fresh conformer: rustina's nine poses, each
minimised and scored both ways. WORK_FOLDER is that of ``efforts.py``: its receptors and states are
used. Writes ``results/rescoring.csv``, one row per complex: RMSD (Å, in place, symmetry taken into
account) of docking's first pose, and of the pose that each score puts first, where it ended.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from rdkit import Chem
from screens import RESULTS, write_rows

from screenmm.api import dock, score_poses
from screenmm.core.errors import LigandError
from screenmm.redocking.rmsd import heavy_rmsd_angstrom

SCORES: dict[str, dict[str, Any]] = {
    "version_0_2": {"protocol": "fast", "solute_dielectric": 1.0, "strain_weight": 1.0},
    "standard": {"jitter_replicas": 0},
}


def moved(mol: Chem.Mol, angstrom: Any) -> Chem.Mol:
    copy = Chem.Mol(mol)
    copy.GetConformer().SetPositions(angstrom)
    return copy


def row_of(folder: Path) -> dict[str, object]:
    """RMSD of the first pose by docking and by each score."""
    crystal = Chem.MolFromMolFile(str(folder / "crystal.mol"), removeHs=False)
    (state,) = Chem.SDMolSupplier(str(folder / "state.sdf"), removeHs=False)
    poses = dock([state], folder / "r")
    row: dict[str, object] = {
        "complex": folder.name,
        "poses": len(poses),
        "docking": round(heavy_rmsd_angstrom(poses[0], crystal), 3),
        "closest": round(min(heavy_rmsd_angstrom(each, crystal) for each in poses), 3),
    }
    for name, settings in SCORES.items():
        scored = score_poses(poses, folder / "r", platform="CPU", **settings)
        known = [
            (each.terms.total_kcal_mol, moved(mol, each.ligand_angstrom))
            for mol, each in zip(poses, scored, strict=True)
            if not isinstance(each, LigandError)
        ]
        _, first = min(known, key=lambda each: each[0])
        row[name] = round(heavy_rmsd_angstrom(first, crystal), 3)
    return row


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    args = parser.parse_args()
    rows = []
    for folder in sorted(each.parent for each in args.work.glob("*/state.sdf")):
        done = folder / "rescoring.json"
        if not done.exists():
            done.write_text(json.dumps(row_of(folder)))
            print(done.read_text(), flush=True)
        rows.append(json.loads(done.read_text()))
    write_rows(RESULTS / "rescoring.csv", rows)


if __name__ == "__main__":
    main()
