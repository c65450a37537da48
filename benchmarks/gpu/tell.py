"""What a run's tables say, in a few lines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from agree import agreement
from kit import rows_of

Row = Mapping[str, Any]

COLUMNS = {
    "devices": ("platform", "precision", "device", "system", "atoms", "energy_error_kj_mol",
                "force_error", "first_s", "evaluation_ms", "note"),
    "speed": ("part", "platform", "precision", "pack_size", "workers", "pass", "poses", "scored",
              "poses_per_s", "cpu_s_per_pose", "gpu_busy_percent", "gpu_memory_mb", "watts",
              "joules_per_pose", "note"),
    "stages": ("what", "pack_size", "stage", "ms", "share", "note"),
    "docking": ("how", "profile", "threads", "ligands", "poses", "ligands_per_s",
                "cpu_s_per_ligand", "best_kcal_mol", "within_2_angstrom", "same_bits",
                "gpu_busy_percent", "note"),
    "memory": ("platform", "free_mb", "asked_pack", "went_on_with", "poses", "scored",
               "largest_shift_angstrom", "note"),
}  # fmt: skip
"""What is shown of each table."""

WIDTH = 40


def lines_of(out: Path) -> Iterator[str]:
    """Give the lines that end a run: its machine, its tables, its parts."""
    run = json.loads((out / "run.json").read_text())
    machine = run["machine"]
    yield f"\n{'; '.join(machine['cards']) or 'no GPU'}; {machine['cpu']}, {machine['cores']} cores"
    for table, columns in COLUMNS.items():
        yield from titled(table, rows_of(out / f"{table}.csv"), columns)
        if table == "devices" and (out / "poses.csv").exists():
            rows = agreement(out / "poses.csv")
            yield from titled("agreement with the CPU", rows, tuple(rows[0]))
    yield from titled("parts", run["parts"], ("part", "status", "seconds", "reason"))


def titled(title: str, rows: list[Any], columns: Iterable[str]) -> Iterator[str]:
    """A table under its title; columns without a value are left out."""
    used = [name for name in columns if any(str(row[name]) for row in rows)]
    if not rows or not used:
        return
    cells = [used, *([shown(row[name]) for name in used] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    yield f"\n-- {title}"
    for line in cells:
        yield "  ".join(cell.ljust(n) for cell, n in zip(line, widths, strict=True)).rstrip()


def shown(value: Any) -> str:
    """A value in few characters."""
    text = str(value)
    try:
        number = float(text)
    except ValueError:
        return text[:WIDTH]
    return text if number.is_integer() and "e" not in text else f"{number:.4g}"
