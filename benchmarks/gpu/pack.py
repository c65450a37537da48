"""Pack the kit that is measured on a machine with a GPU: poses, receptors, results, wheels.

    python benchmarks/gpu/pack.py [--out benchmarks/gpu/kit] [--sets tyk2 ...] [--poses N]
                                  [--bare] [--redo]

The poses of the eight JACS series and of the demo, parametrised, with their receptors; their
docking input as PDBQT; their scores on this machine's CPU; and, but for ``--bare``, what that
machine lacks: wheels for Python 3.12, the Vulkan and OpenCL loaders (Debian packages). A set
that is in the folder stays, unless scoring has a new method version since, or with ``--redo``.
Beyond 60 MiB the kit is refused.
"""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from importlib.resources import files
from pathlib import Path

import numpy as np
from kit import DockingInput, PoseSet, save_docking, save_results, save_set
from rdkit import Chem

from screenmm.config.settings import Pocket, Receptor, Scoring
from screenmm.core.versions import installed_versions
from screenmm.devices.platforms import choose_platform
from screenmm.docking.pdbqt import ligand_pdbqt, receptor_pdbqt
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.mmgbsa.score import Pose, jittered, score_poses
from screenmm.receptor.parametrise import receptor_model
from screenmm.receptor.prepare import PreparedReceptor, prepare_receptor
from screenmm.run.stages import versions

ROOT = Path(__file__).resolve().parents[2]
KIT = ROOT / "benchmarks/gpu/kit"
LIMIT_MIB = 60.0

SETS = ("tyk2", "mcl1", "p38", "ptp1b", "thrombin", "cdk2", "jnk1", "bace", "demo")

NUDGE_ANGSTROM = 1e-5

PYTHON = "3.12"
OPENMM = "8.6.1"
WHEELS = (
    f"openmm=={OPENMM}", f"openmm-cuda-13=={OPENMM}", "rustina", "nvidia-ml-py", "pyyaml",
    "pyopencl", "pytools", "siphash24", "platformdirs",
)  # fmt: skip
"""What that machine lacks; what they need in turn is there."""

WHOLE_WHEELS = ("pydantic",)
"""Wheels with all that they need."""

PLATFORM_TAGS = [
    *(f"manylinux_2_{minor}_x86_64" for minor in (34, 31, 28, 27, 17)),
    "manylinux2014_x86_64",
]
DEBIAN = (
    "libvulkan1", "ocl-icd-libopencl1", "libglvnd0", "libegl1", "libglx0",
    # NVIDIA's Vulkan driver links them, also without a display
    "libx11-6", "libxext6", "libxcb1", "libxau6", "libxdmcp6", "libbsd0", "libmd0",
)  # fmt: skip


def sources(name: str) -> tuple[Path, Path]:
    """Structure and posed ligands of a set."""
    if name == "demo":
        folder = Path(str(files("openmmforcefields"))) / "data/perses_jacs_systems/tyk2"
        return folder / "Tyk2_protein.pdb", folder / "Tyk2_ligands_shifted.sdf"
    data = Path(os.environ.get("SCREENMM_BENCHMARK_DATA", ROOT.parent / "shared/data"))
    if not data.is_dir():
        sys.exit(f"no benchmark data at {data}: set SCREENMM_BENCHMARK_DATA")
    folder = data / f"affinity/jacs_set__{name}"
    return folder / "protein.pdb", folder / "ligands.sdf"


def pack_set(folder: Path, limit: int | None) -> None:
    """Prepare, parametrise and score a set."""
    structure, sdf = sources(folder.name)
    mols = list(Chem.SDMolSupplier(str(sdf), removeHs=False))[:limit]
    prepared = prepare_receptor(folder.name, Receptor(structure=structure), Pocket(ligand=sdf))
    poses = PoseSet(
        folder.name,
        receptor_model(prepared),
        [mol.GetProp("_Name") for mol in mols],
        [Pose(ligand_parameters(mol), mol.GetConformer().GetPositions()) for mol in mols],
    )
    save_set(folder, poses)
    save_docking(folder, docking_input(prepared, mols))
    given = [poses.poses, nudged(poses.poses)]
    cpu = choose_platform("CPU")
    results = [score_poses(poses.receptor, each, Scoring(), cpu) for each in given]
    save_results(folder, poses, *results)


def nudged(poses: list[Pose]) -> list[Pose]:
    """Displace poses by what no experiment sees: what then changes is the method's own noise."""
    options = Scoring(jitter_replicas=1, jitter_angstrom=NUDGE_ANGSTROM)
    return [jittered(pose, options, seed)[0] for seed, pose in enumerate(poses)]


def docking_input(prepared: PreparedReceptor, mols: list[Chem.Mol]) -> DockingInput:
    """Receptor around the box, the box, and the ligands from their given conformers."""
    pocket = prepared.pocket
    cofactors = [(each.mol, each.atom_indices) for each in prepared.cofactors]
    receptor = receptor_pdbqt(
        prepared.topology, prepared.positions_angstrom, cofactors, pocket.center, pocket.size
    )
    numbers = (*pocket.center, *pocket.size)
    box = dict(zip(("cx", "cy", "cz", "sx", "sy", "sz"), map(float, numbers), strict=True))
    return DockingInput(receptor, box, {mol.GetProp("_Name"): ligand_pdbqt(mol) for mol in mols})


def pack_wheels(folder: Path) -> None:
    """Fetch the wheels of the other machine's Python."""
    shutil.rmtree(folder, ignore_errors=True)
    tags = [word for tag in PLATFORM_TAGS for word in ("--platform", tag)]
    command = [
        sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:",
        "--implementation", "cp", "--python-version", PYTHON, *tags, "--dest", str(folder),
    ]  # fmt: skip
    subprocess.run([*command, "--no-deps", *WHEELS], check=True)
    subprocess.run([*command, *WHOLE_WHEELS], check=True)


def pack_libraries(folder: Path) -> None:
    """Take the shared libraries out of the Debian packages."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["apt-get", "--quiet=2", "download", *DEBIAN], cwd=work, check=True)
        for package in Path(work).glob("*.deb"):
            subprocess.run(["dpkg-deb", "--extract", package, f"{work}/root"], check=True)
        for library in Path(work, "root").rglob("*.so.*"):
            # under the name that it is loaded by: a link may not travel
            if library.is_symlink() and library.suffix != ".gz":
                shutil.copy(library, folder / library.name)


def pack_metadata(folder: Path) -> None:
    """Copy ScreenMM's own metadata: its sources are used without an installation."""
    found = importlib.metadata.distribution("screenmm")
    target = folder / f"screenmm-{found.version}.dist-info"
    target.mkdir(parents=True, exist_ok=True)
    (target / "METADATA").write_text(found.read_text("METADATA") or "")


def is_current(folder: Path) -> bool:
    """Whether a kit's scores are of the present method."""
    path = folder / "kit.json"
    return path.exists() and json.loads(path.read_text()).get("score_method") == versions()["score"]


def commit() -> str:
    """Commit that the kit was made from."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def size_mib(folder: Path) -> float:
    """Size of a folder's files, MiB."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, default=KIT)
    parser.add_argument("--sets", nargs="+", choices=SETS, default=SETS)
    parser.add_argument("--poses", type=int, help="of each set, the first ones; default: all")
    parser.add_argument("--bare", action="store_true", help="neither wheels nor libraries")
    parser.add_argument("--redo", action="store_true", help="also the sets that are there")
    args = parser.parse_args()
    counts, redo = {}, args.redo or not is_current(args.out)
    for name in args.sets:
        folder, start = args.out / "sets" / name, time.process_time()
        if redo or not (folder / "cpu.npz").exists():
            pack_set(folder, args.poses)
        with np.load(folder / "poses.npz") as arrays:
            counts[name] = len(arrays["names"])
        print(f"{name}: {counts[name]} poses, {time.process_time() - start:.0f} CPU s", flush=True)
    pack_metadata(args.out / "metadata")
    if not args.bare:
        pack_wheels(args.out / "wheels")
        pack_libraries(args.out / "lib")
    about = {
        "commit": commit(), "score_method": versions()["score"], "sets": counts,
        "versions": installed_versions(),
    }  # fmt: skip
    (args.out / "kit.json").write_text(json.dumps(about, indent=2) + "\n")
    for part in sorted(path for path in args.out.iterdir() if path.is_dir()):
        print(f"{part.name}: {size_mib(part):.1f} MiB")
    total = size_mib(args.out)
    print(f"{args.out}: {total:.1f} MiB")
    if total > LIMIT_MIB:
        sys.exit(f"the kit has {total:.1f} MiB, at most {LIMIT_MIB:.0f} travel: leave sets out")


if __name__ == "__main__":
    main()
