"""What every part of the measurement is given: kit, tables, clock, and steps that may fail.

A part is a process of its own. It appends rows to tables as it goes, so that what it measured
is there when it is stopped; a step of it that fails is told and does not cost the next.
"""

from __future__ import annotations

import csv
import logging
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kit import RESULT_COLUMNS, Kit, PoseSet, load_set

from screenmm.errors import PlatformError
from screenmm.scoring.platforms import PlatformChoice, choose_platform

log = logging.getLogger("gpu")

TABLES: dict[str, tuple[str, ...]] = {
    "devices": (
        "platform", "precision", "device", "system", "atoms", "energy_kj_mol",
        "energy_error_kj_mol", "force_error", "first_s", "evaluation_ms", "note",
    ),
    "poses": (
        "platform", "precision", "pack_size", "run", "set", *RESULT_COLUMNS, "cpu_dg_kcal_mol",
        "cpu_iterations", "cpu_end", "cpu_error", "delta_kcal_mol", "cpu_nudged_delta_kcal_mol",
        "ligand_rmsd_angstrom", "same_bits",
    ),
    "speed": (
        "part", "platform", "precision", "pack_size", "workers", "pass", "poses", "scored",
        "seconds", "poses_per_s", "cpu_s_per_pose", "gpu_busy_percent", "gpu_memory_mb", "watts",
        "joules_per_pose", "note",
    ),
    "stages": ("platform", "precision", "pack_size", "what", "stage", "ms", "share", "note"),
    "docking": (
        "how", "profile", "threads", "ligands", "poses", "seconds", "ligands_per_s",
        "cpu_s_per_ligand", "best_kcal_mol", "within_2_angstrom", "same_bits",
        "gpu_busy_percent", "note",
    ),
    "memory": (
        "platform", "free_mb", "asked_pack", "went_on_with", "poses", "scored",
        "largest_shift_angstrom", "seconds", "note",
    ),
}  # fmt: skip
"""Columns of each table; force_error is the RMS error over the RMS force."""


class NotHereError(Exception):
    """This machine lacks what the part measures."""


@dataclass
class Bench:
    """One part at work.

    Parameters
    ----------
    part : str
    kit : Kit
    out : Path
        Folder of the tables.
    small : bool
        On the CPU, a few poses.
    ends : float
        When the part is stopped, by ``time.monotonic``.
    """

    part: str
    kit: Kit
    out: Path
    small: bool
    ends: float
    failures: list[str] = field(default_factory=list)
    done: int = 0

    @property
    def left_s(self) -> float:
        """Seconds left to this part."""
        return self.ends - time.monotonic()

    def row(self, table: str, **values: Any) -> None:
        """Append a row to a table."""
        path = self.out / f"{table}.csv"
        new = not path.exists()
        with path.open("a", newline="") as handle:
            writer = csv.DictWriter(handle, TABLES[table], restval="", lineterminator="\n")
            if new:
                writer.writeheader()
            writer.writerow({name: _short(value) for name, value in values.items()})

    @contextmanager
    def step(self, what: str, needs_s: float = 0.0) -> Iterator[None]:
        """Do one thing of a part; its failure is told and passed by.

        Parameters
        ----------
        what : str
            Name, for the log.
        needs_s : float
            Skipped, as a failure, where less time than this is left.
        """
        began = time.monotonic()
        try:
            if self.left_s < needs_s:
                raise TimeoutError(f"needs {needs_s:.0f} s, {self.left_s:.0f} s are left")
            yield
        except Exception as error:
            if not isinstance(error, TimeoutError):
                traceback.print_exc()
            self.failures.append(f"{what}: {type(error).__name__}: {error}")
            log.error("%s", self.failures[-1])
        else:
            self.done += 1
            log.info("%s: %.1f s", what, time.monotonic() - began)

    def sets(self, poses: int = 3) -> list[PoseSet]:
        """Give the kit's sets; in the small, a few poses of the first one."""
        names = self.kit.sets[:1] if self.small else self.kit.sets
        return [self.some(name, poses) for name in names]

    def some(self, name: str, poses: int = 3) -> PoseSet:
        """Give one set; in the small, its first poses."""
        whole = load_set(self.kit.of(name))
        if not self.small:
            return whole
        return PoseSet(name, whole.receptor, whole.names[:poses], whole.poses[:poses])

    def gpu(self, precision: str = "mixed") -> PlatformChoice:
        """Give CUDA, or OpenCL where CUDA does not compute; in the small, the CPU.

        Raises
        ------
        NotHereError
            No platform computes on a GPU.
        """
        if self.small:
            return choose_platform("CPU")
        said = []
        for name in ("CUDA", "OpenCL"):
            try:
                return choose_platform(name, precision)
            except PlatformError as error:
                log.warning("%s", error)
                said.append(f"{name}: {error}")
        raise NotHereError("; ".join(said))


def _short(value: Any) -> Any:
    """Six significant digits are enough for what is measured; energies keep theirs."""
    return f"{value:.9g}" if isinstance(value, float) else value
