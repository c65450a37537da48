"""The kit: parametrised poses with their receptors, and what the CPU made of them.

A kit is a folder that travels to a machine with NumPy, SciPy and OpenMM alone. Each set of
poses is a folder in it:

    sets/NAME/parameters.npz, coordinates.npz   the receptor, as ScreenMM keeps it
    sets/NAME/ligands.npz                       parameters of all ligands, joined
    sets/NAME/poses.npz                         names, sizes and coordinates
    sets/NAME/cpu.csv, cpu.npz                  scores and minimised ligands of the CPU platform
    sets/NAME/docking.json                      receptor, box and ligands as PDBQT
"""

from __future__ import annotations

import csv
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from screenmm.errors import LigandError
from screenmm.receptor.model import ReceptorModel
from screenmm.scoring.mmgbsa import Pose, PoseScore
from screenmm.scoring.parameters import Parameters, cut, join

TERMS = ("vdw", "coulomb", "gb", "sa", "strain")


@dataclass(frozen=True)
class PoseSet:
    """A receptor with poses of its ligands."""

    name: str
    receptor: ReceptorModel
    names: list[str]
    poses: list[Pose]


@dataclass(frozen=True)
class DockingInput:
    """What rustina docks: PDBQT texts and the box's centre and size, Å."""

    receptor: str
    box: dict[str, float]
    ligands: dict[str, str]


def save_set(folder: Path, poses: PoseSet) -> None:
    """Write a set's receptor and poses, packed."""
    folder.mkdir(parents=True, exist_ok=True)
    poses.receptor.save(folder)
    join([pose.parameters for pose in poses.poses]).save(folder / "ligands.npz")
    np.savez(
        folder / "poses.npz",
        names=np.array(poses.names),
        sizes=np.array([len(pose.parameters) for pose in poses.poses]),
        angstrom=np.concatenate([pose.angstrom for pose in poses.poses]),
    )
    for path in folder.glob("*.npz"):
        with np.load(path) as arrays:
            everything = dict(arrays)
        np.savez_compressed(path, **everything)


def load_set(folder: Path) -> PoseSet:
    """Read what :func:`save_set` wrote."""
    joined = Parameters.load(folder / "ligands.npz")
    with np.load(folder / "poses.npz") as arrays:
        names, sizes, angstrom = (arrays[name] for name in ("names", "sizes", "angstrom"))
    ends = np.cumsum(sizes)
    poses = [
        Pose(cut(joined, np.arange(end - size, end)), angstrom[end - size : end])
        for size, end in zip(sizes, ends, strict=True)
    ]
    return PoseSet(folder.name, ReceptorModel.load(folder), names.tolist(), poses)


def save_docking(folder: Path, docking: DockingInput) -> None:
    """Write a set's docking input."""
    (folder / "docking.json").write_text(json.dumps(asdict(docking)))


def load_docking(folder: Path) -> DockingInput:
    """Read what :func:`save_docking` wrote."""
    return DockingInput(**json.loads((folder / "docking.json").read_text()))


def rows_of(path: Path) -> list[dict[str, str]]:
    """Rows of a table; none where it was not written."""
    if not path.exists():
        return []
    with path.open(newline="") as handle:
        return list(csv.DictReader(handle))


def result_row(result: PoseScore | LigandError) -> dict[str, Any]:
    """A result as a row: ΔG and its terms, kcal/mol, iterations, end; or why there is none."""
    if isinstance(result, LigandError):
        return {"end": "", "error": f"{result.reason}: {result}"}
    terms = asdict(result.terms)
    return {
        "dg_kcal_mol": result.terms.total_kcal_mol,
        **{f"{name}_kcal_mol": terms[f"{name}_kcal_mol"] for name in TERMS},
        "iterations": result.iterations,
        "end": result.end.name.lower(),
        "error": "",
    }


RESULT_COLUMNS = (
    "pose", "dg_kcal_mol", *(f"{name}_kcal_mol" for name in TERMS), "iterations", "end", "error",
)  # fmt: skip
NUDGED = "nudged_dg_kcal_mol"


def save_results(
    folder: Path,
    poses: PoseSet,
    results: Sequence[PoseScore | LigandError],
    nudged: Sequence[PoseScore | LigandError],
) -> None:
    """Write the CPU's results of a set, and ΔG from starts that were displaced a very little.

    A pose without a score keeps its coordinates.
    """
    with (folder / "cpu.csv").open("w", newline="") as handle:
        writer = csv.DictWriter(handle, (*RESULT_COLUMNS, NUDGED), lineterminator="\n")
        writer.writeheader()
        for name, result, near in zip(poses.names, results, nudged, strict=True):
            second = {NUDGED: result_row(near).get("dg_kcal_mol", "")}
            writer.writerow({"pose": name, **result_row(result), **second})
    ligands = [
        pose.angstrom if isinstance(result, LigandError) else result.ligand_angstrom
        for pose, result in zip(poses.poses, results, strict=True)
    ]
    np.savez_compressed(folder / "cpu.npz", angstrom=np.concatenate(ligands).astype(np.float32))


def load_results(folder: Path) -> dict[str, tuple[Mapping[str, str], np.ndarray]]:
    """Give the row of ``cpu.csv`` and the minimised ligand, Å, of each pose of a set.

    Raises
    ------
    ValueError
        The table is not of the set's poses.
    """
    with np.load(folder / "poses.npz") as arrays:
        names, sizes = arrays["names"].tolist(), arrays["sizes"]
    rows = rows_of(folder / "cpu.csv")
    if [row.get("pose") for row in rows] != names:
        raise ValueError(f"{folder / 'cpu.csv'} is not of the set's poses: pack the kit again")
    with np.load(folder / "cpu.npz") as arrays:
        ligands = np.split(arrays["angstrom"].astype(float), np.cumsum(sizes)[:-1])
    return dict(zip(names, zip(rows, ligands, strict=True), strict=True))


@dataclass(frozen=True)
class Kit:
    """A kit's folder."""

    folder: Path

    @property
    def about(self) -> dict[str, Any]:
        """What ``kit.json`` says: commit, versions, sets."""
        return json.loads((self.folder / "kit.json").read_text())

    @property
    def sets(self) -> list[str]:
        """Names of the sets, in order."""
        return list(self.about["sets"])

    def of(self, name: str) -> Path:
        """Folder of a set."""
        return self.folder / "sets" / name
