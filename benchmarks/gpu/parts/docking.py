"""rustina's search on the GPU: ligands per second one by one and in batches, by profile.

A pose is right where its heavy atoms lie within 2 Å of the given pose's, atom by atom: a
symmetric group that is turned over counts as wrong.
"""

from __future__ import annotations

import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import rustina
from bench import Bench
from gpu_monitor import Gpu
from kit import DockingInput, load_docking

LIGANDS = 8
PROFILES = ("balanced", "fast", "deep")
SMALL = {"search_mode": "qvina2", "runs": 1}
CLOSE_ANGSTROM = 2.0
SEED = 1
POSES = 9

Docked = list[list[dict[str, Any]]]
"""Poses of each ligand, best first."""


@dataclass(frozen=True)
class Search:
    """A search for the poses of some ligands.

    Parameters
    ----------
    site : DockingInput
        With its ligands.
    batch : bool
        All in one call, which gives each one's best pose; else one by one.
    how : dict
        rustina's options.
    threads : int
    warm : bool
        Whether the first ligand is docked once before: the device opened, shaders compiled.
    twice : bool
        Whether to search again, for the same bits.
    """

    site: DockingInput
    batch: bool
    how: dict[str, Any]
    threads: int
    warm: bool = True
    twice: bool = True


def run(bench: Bench) -> None:
    whole = load_docking(bench.kit.of(bench.kit.sets[0]))
    site = first_ligands(whole, 1 if bench.small else LIGANDS)
    if bench.small:
        for what, is_batch in (("one by one", False), ("batch", True)):
            with bench.step(what):
                search(bench, f"{what}, CPU", Search(site, is_batch, SMALL, 1, warm=False))
        return
    cores = len(os.sched_getaffinity(0))
    first = Search(first_ligands(whole, 1), False, {"search_mode": "gpu"}, 1, False, False)
    with bench.step("GPU, first ligand"):
        search(bench, "first ligand, GPU", first)
    for profile in PROFILES:
        how = {"search_mode": "gpu", "gpu_profile": profile}
        for what, is_batch, threads in (("one by one", False, 1), ("batch", True, cores)):
            with bench.step(f"GPU, {what}, {profile}", needs_s=5):
                search(bench, f"{what}, GPU", Search(site, is_batch, how, threads))
    with bench.step("CPU, all cores", needs_s=10):
        search(bench, "batch, CPU", Search(site, True, {}, cores, warm=False, twice=False))
    with bench.step("GPU, batch of all", needs_s=5):
        every = replace(first, site=whole, batch=True, threads=cores, warm=True)
        search(bench, "batch of all, GPU", every)


def first_ligands(site: DockingInput, count: int) -> DockingInput:
    return replace(site, ligands=dict(list(site.ligands.items())[:count]))


def search(bench: Bench, what: str, asked: Search) -> None:
    """Search in a process of its own, which a graphics driver may take along, and write a row."""
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, context) as pool:
        bench.row("docking", how=what, **pool.submit(searched, asked).result())


def searched(asked: Search) -> dict[str, Any]:
    """Time a search, hold its poses against the given ones, and see whether they come again."""
    ligands = list(asked.site.ligands.values())
    find = batch if asked.batch else one_by_one
    if asked.warm:
        find(asked, ligands[:1])
    with Gpu().watched() as load:
        began, cpu = time.perf_counter(), time.process_time()
        found = find(asked, ligands)
        seconds, cpu_s = time.perf_counter() - began, time.process_time() - cpu
    same = [a == b for a, b in zip(found, find(asked, ligands), strict=True)] if asked.twice else []
    near = [
        any(rmsd(heavy_atoms(pose["pdbqt"]), heavy_atoms(given)) <= CLOSE_ANGSTROM
            for pose in poses)
        for poses, given in zip(found, ligands, strict=True)
    ]  # fmt: skip
    return {
        "profile": asked.how.get("gpu_profile", asked.how.get("search_mode", "default")),
        "threads": asked.threads,
        "ligands": len(ligands),
        "poses": sum(map(len, found)),
        "seconds": seconds,
        "ligands_per_s": len(ligands) / seconds,
        "cpu_s_per_ligand": cpu_s / len(ligands),
        "best_kcal_mol": float(np.mean([poses[0]["affinity"] for poses in found])),
        "within_2_angstrom": sum(near),
        "same_bits": f"{sum(same)} of {len(same)}" if same else "",
        "gpu_busy_percent": load.columns.get("gpu_busy_percent", ""),
    }


def one_by_one(asked: Search, ligands: Sequence[str]) -> Docked:
    """Dock ligand after ligand, as the screen's engine does: several poses each."""
    return [
        rustina.dock(
            asked.site.receptor,
            ligand,
            **asked.site.box,
            **asked.how,
            seed=SEED,
            threads=asked.threads,
            num_modes=POSES,
            pose_pool_size=POSES + 1,
            cnn_pool_size=POSES + 1,
        )
        for ligand in ligands
    ]


def batch(asked: Search, ligands: Sequence[str]) -> Docked:
    """Dock all ligands in one call: their best poses.

    Raises
    ------
    RuntimeError
        A ligand was not docked.
    """
    found = rustina.screen(
        asked.site.receptor, list(ligands), **asked.site.box, **asked.how, seed=SEED,
        threads=asked.threads,
    )  # fmt: skip
    errors = [each["error"] for each in found if each.get("error")]
    if errors:
        raise RuntimeError(f"{len(errors)} of {len(found)} ligands: {errors[0]}")
    return [[each] for each in found]


def heavy_atoms(pdbqt: str) -> np.ndarray:
    """Coordinates, Å, of the heavy atoms in the text's order."""
    lines = [line for line in pdbqt.splitlines() if line.startswith(("ATOM", "HETATM"))]
    places = [
        [float(line[start : start + 8]) for start in (30, 38, 46)]
        for line in lines
        if line.split()[-1] not in ("H", "HD")
    ]
    return np.array(places)


def rmsd(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.sqrt(((a - b) ** 2).sum(axis=1).mean()))
