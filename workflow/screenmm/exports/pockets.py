"""Pockets that were found in a structure, as tables and for PyMOL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from screenmm.core.text_table import aligned
from screenmm.files.csv import csv_text
from screenmm.receptor.pocket_finder import FoundPocket
from screenmm.receptor.structure import Residue

HEAD = ("rank", "druggability", "volume Å³", "residues", "centre Å", "pLDDT", "residues, the first")
SHOWN = 4
"""Residues of a pocket that the text table names."""
SPHERES, PYMOL = "pockets.pdb", "view_pockets.pml"
COLOURS = ("orange", "marine", "forest", "magenta", "cyan", "yellow", "salmon", "slate")


def as_data(pocket: FoundPocket) -> dict[str, Any]:
    """One pocket as plain data, units in the keys; without confidence where there is none."""
    x, y, z = (round(float(each), 3) for each in pocket.centre)
    plddt = {} if pocket.plddt is None else {"mean_plddt": round(pocket.plddt, 2)}
    return {
        "rank": pocket.rank,
        "druggability": pocket.druggability,
        "volume_angstrom3": pocket.volume_angstrom3,
        "spheres": len(pocket.spheres),
        "center_x_angstrom": x,
        "center_y_angstrom": y,
        "center_z_angstrom": z,
        **plddt,
        "residues": [each.label for each in pocket.residues],
    }


def pockets_csv(pockets: Sequence[FoundPocket]) -> str:
    """Table of all pockets; residues are joined by blanks."""
    rows = [as_data(each) for each in pockets]
    for row in rows:
        row["residues"] = " ".join(row["residues"])
    columns = list(rows[0]) if rows else ["rank"]
    return csv_text(columns, [list(row.values()) for row in rows])


def pockets_table(pockets: Sequence[FoundPocket]) -> list[str]:
    """Lines of a table for a terminal."""
    rows = [[*HEAD]]
    for each in pockets:
        names = " ".join(residue.label for residue in each.residues[:SHOWN])
        rows.append([
            str(each.rank),
            f"{each.druggability:.2f}",
            f"{each.volume_angstrom3:.0f}",
            str(len(each.residues)),
            " ".join(f"{value:.1f}" for value in each.centre),
            "" if each.plddt is None else f"{each.plddt:.0f}",
            names,
        ])  # fmt: skip
    if all(each.plddt is None for each in pockets):
        rows = [[*row[:5], *row[6:]] for row in rows]
    return aligned(rows, right={0, 1, 2, 3, 4})


def spheres_pdb(pockets: Sequence[FoundPocket]) -> str:
    """Alpha spheres as atoms of residue POC, numbered by rank, their radii as B factors."""
    lines = []
    for pocket in pockets:
        lines.append(f"REMARK   1 POCKET {pocket.rank} DRUGGABILITY {pocket.druggability:.3f}")
        for x, y, z, radius in pocket.spheres.tolist():
            serial = (len(lines) - 1) % 99_999 + 1
            lines.append(
                f"HETATM{serial:5d}  APO POC P{pocket.rank:4d}    "
                f"{x:8.3f}{y:8.3f}{z:8.3f}{1:6.2f}{radius:6.2f}           C"
            )
    return "\n".join([*lines, "END", ""])


def pymol_script(pockets: Sequence[FoundPocket], structure: str) -> str:
    """Script that shows pockets in their structure.

    Parameters
    ----------
    pockets : sequence of FoundPocket
    structure : str
        Name of its file, beside the script.
    """
    lines = [
        f"# Pockets without a ligand, for PyMOL. Start it in this folder: pymol {PYMOL}",
        "# Each pocket is an object: its alpha spheres, small, and the residues that they touch.",
        "set bg_rgb, [1, 1, 1]",
        f"load {structure}, structure",
        "hide everything, structure",
        "show cartoon, structure",
        "color grey80, structure",
        f"load {SPHERES}, spheres",
        "hide everything, spheres",
    ]
    for pocket in pockets:
        name, colour = f"pocket_{pocket.rank}", COLOURS[(pocket.rank - 1) % len(COLOURS)]
        touched = " or ".join(_selection(each) for each in pocket.residues)
        lines += [
            f"create {name}, spheres and resi {pocket.rank}",
            f"alter {name}, vdw=0.5",
            f"show spheres, {name}",
            f"color {colour}, {name}",
            f"select residues_{pocket.rank}, structure and ({touched})",
        ]
    lines += ["delete spheres", "rebuild"]
    if pockets:
        lines += ["show sticks, residues_1 and not elem H", "deselect", "zoom pocket_1, 12"]
    return "\n".join([*lines, ""])


def _selection(residue: Residue) -> str:
    number = f"\\{residue.place}" if residue.number < 0 else residue.place
    chain = f"chain {residue.chain} and " if residue.chain else ""
    return f"({chain}resi {number})"
