"""Bring home what a GPU machine measured.

    python benchmarks/gpu/collect.py FOLDER [--root REPOSITORY]

FOLDER holds what ``run.sh`` wrote. Its rows go into ``benchmarks/results/gpu_*.csv`` under the
card's name, in place of those of an earlier run on such a card; the section on GPUs of
``benchmarks/README.md`` is written anew from all cards; and the card's rates become those that
``screenmm plan --gpus`` uses. A run in the small is refused: it measured no GPU.
"""

from __future__ import annotations

import argparse
import csv
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from agree import PACK, agreement
from bench import TABLES
from kit import rows_of
from tell import shown

ROOT = Path(__file__).resolve().parents[2]
BEGIN, END = "<!-- gpu: written by gpu/collect.py -->\n", "<!-- /gpu -->\n"

AGREEMENT = {
    "platform": "platform", "precision": "precision", "scored_by_both": "poses",
    "median_delta_kcal_mol": "median of the difference", "largest_delta_kcal_mol": "largest",
    "within_0.1": "within 0.1", "cpu_nudged_within_0.1": "the CPU with itself",
    "converged_by_both": "converged", "converged_within_0.1": "of these within 0.1",
    "lowest_spearman": "lowest Spearman", "same_bits": "same bits twice",
}  # fmt: skip
SPEED = {
    "part": "part", "platform": "platform", "precision": "precision", "pack_size": "pack",
    "workers": "processes", "pass": "pass", "poses_per_s": "poses per s",
    "cpu_s_per_pose": "CPU s per pose", "gpu_busy_percent": "GPU busy, %",
    "gpu_memory_mb": "MB", "watts": "W", "joules_per_pose": "J per pose", "note": "",
}  # fmt: skip
STAGES = {"what": "of", "pack_size": "pack", "stage": "stage", "ms": "ms", "share": "share"}
DOCKING = {
    "how": "search", "profile": "profile", "threads": "threads", "ligands": "ligands",
    "ligands_per_s": "ligands per s", "cpu_s_per_ligand": "CPU s per ligand",
    "best_kcal_mol": "best score, mean", "within_2_angstrom": "with a pose within 2 Å",
    "same_bits": "same poses twice",
}  # fmt: skip
MEMORY = {
    "free_mb": "MB free", "asked_pack": "pack asked", "went_on_with": "went on with",
    "scored": "minimised", "largest_shift_angstrom": "largest shift, Å", "note": "",
}  # fmt: skip
DEVICES = {
    "platform": "platform", "precision": "precision", "system": "system", "atoms": "atoms",
    "energy_error_kj_mol": "energy off, kJ/mol", "force_error": "forces off, share of RMS",
    "first_s": "first, s", "evaluation_ms": "ms each", "note": "",
}  # fmt: skip


def card_of(run: Mapping[str, Any]) -> str:
    """Name of the card that was measured.

    Raises
    ------
    SystemExit
        The run was in the small, or its driver named no card.
    """
    cards = run["machine"]["cards"]
    if run["small"] or not cards:
        sys.exit("this run measured no GPU: collect one that run.sh made on a machine with one")
    return str(cards[0].split(",")[0].strip())


def merge(path: Path, card: str, columns: Sequence[str], rows: list[dict[str, Any]]) -> None:
    """Put a card's rows into a table, in place of those that it had."""
    kept = [row for row in rows_of(path) if row["card"] != card]
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, ("card", *columns), lineterminator="\n")
        writer.writeheader()
        writer.writerows([*kept, *({"card": card, **row} for row in rows)])


def rates_of(card: str, folder: Path) -> dict[str, Any]:
    """What ``screenmm plan`` needs: GPU and CPU seconds of a minimisation and a docked state.

    The pack is the usual one and its shapes are new, as in a screen; docking goes one by one.
    """
    rates: dict[str, Any] = {"card": card}
    for row in rows_of(folder / "speed.csv"):
        kind = (row["part"], row["precision"], row["pack_size"], row["workers"], row["pass"])
        if kind == ("speed", "mixed", str(PACK), "1", "first"):
            rates["minimisation"] = {
                "gpu_s": 1 / float(row["poses_per_s"]),
                "cpu_s": float(row["cpu_s_per_pose"]),
            }
    for row in rows_of(folder / "docking.csv"):
        if (row["how"], row["profile"]) == ("one by one, GPU", "balanced"):
            rates["docked state"] = {
                "gpu_s": 1 / float(row["ligands_per_s"]),
                "cpu_s": float(row["cpu_s_per_ligand"]),
            }
    return rates


def table(title: str, rows: Iterable[Mapping[str, Any]], columns: Mapping[str, str]) -> list[str]:
    """Lines of a Markdown table; columns without a value are left out."""
    rows = list(rows)
    used = [name for name in columns if any(str(row.get(name, "")) for row in rows)]
    if not used:
        return []
    lines = [f"{title}:", "", "| " + " | ".join(columns[name] for name in used) + " |"]
    lines.append("|" + "---|" * len(used))
    for row in rows:
        lines.append("| " + " | ".join(shown(row.get(name, "")) for name in used) + " |")
    return [*lines, ""]


def section(results: Path) -> str:
    """The README's section on GPUs, of all cards that were measured."""
    runs = json.loads((results / "gpu_runs.json").read_text())
    lines: list[str] = []
    for card, run in runs.items():
        machine, kit = run["machine"], run["kit"]
        versions = ", ".join(f"{name} {found}" for name, found in machine["versions"].items())
        lines += [
            f"### {card}", "",
            f"{'; '.join(machine['cards'])}; {machine['cpu']}, {machine['cores']} cores; "
            f"{versions}; poses packed at {kit['commit']}.", "",
        ]  # fmt: skip
        tables = {
            name: [row for row in rows_of(results / f"gpu_{name}.csv") if row["card"] == card]
            for name in (*TABLES, "agreement")
        }
        shares = [row for row in tables["stages"] if row["what"] == "pose" and row["stage"]]
        lines += table(
            "ΔG against the CPU, kcal/mol; the CPU with itself: from a start displaced by 1e-5 Å",
            tables["agreement"], AGREEMENT,
        )  # fmt: skip
        lines += table("Speed", tables["speed"], SPEED)
        lines += table("Where the time of a pose goes", shares, STAGES)
        lines += table("Docking with rustina", tables["docking"], DOCKING)
        lines += table("A pack for which the memory is too small", tables["memory"], MEMORY)
        compared = [row for row in tables["devices"] if row["system"]]
        lines += table("Energies and forces against Reference", compared, DEVICES)
        lines += [f"- {each['part']}: {each['status']}. {each['reason']}"
                  for each in run["parts"] if each["status"] != "ok"]  # fmt: skip
    return "\n".join(lines).rstrip() + "\n"


def rewrite(readme: Path, text: str) -> None:
    """Replace the section between its marks, or add it at the end."""
    before, mark, rest = readme.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2] if mark else ""
    gap = "" if mark else "\n"
    readme.write_text(f"{before}{gap}{BEGIN}{text}{END}{after}", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--root", type=Path, default=ROOT, help="of the repository")
    args = parser.parse_args()
    run = json.loads((args.folder / "run.json").read_text())
    card, results = card_of(run), args.root / "benchmarks/results"
    for name, columns in TABLES.items():
        merge(results / f"gpu_{name}.csv", card, columns, rows_of(args.folder / f"{name}.csv"))
    summed = agreement(args.folder / "poses.csv")
    merge(results / "gpu_agreement.csv", card, list(summed[0]) if summed else [], summed)
    path = results / "gpu_runs.json"
    runs = json.loads(path.read_text()) if path.exists() else {}
    path.write_text(json.dumps(runs | {card: run}, indent=2) + "\n")
    rewrite(args.root / "benchmarks/README.md", section(results))
    rates = rates_of(card, args.folder)
    if "minimisation" in rates:
        text = json.dumps(rates, indent=2) + "\n"
        (args.root / "workflow/screenmm/planning/gpu_rates.json").write_text(text)
    else:
        print("no rate for screenmm plan: the usual pack was not timed")
    print(f"{card}: now say so in README.md, docs/devices.md and docs/scale.md")


if __name__ == "__main__":
    main()
