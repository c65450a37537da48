"""Variants and controls of a run, as one stage lists them for the next."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from math import isnan
from pathlib import Path

from screenmm.files.whole import write_text


@dataclass(frozen=True)
class Modelled:
    """A variant, or a control, and what became of it.

    Parameters
    ----------
    name : str
        As T315I; of a control its residue, as ``A:THR:315``.
    kind : str
        ``variant``, or ``null``: residues built anew as they are.
    changes : dict of int to str
        New amino acid (``ILE``) of each exchanged residue of the receptor; empty where it is left
        out.
    reason, message : str
        Why it is left out; empty where it is modelled.
    entries : int
        How many entries name it.
    charge_change : int
        Formal charge of the variant less the wild type's, e.
    pocket_distance_angstrom : float
        From the nearest exchanged residue to the pocket; NaN where it is not in the structure.
    residues : list of str
        Labels of the exchanged residues.
    """

    name: str
    kind: str = "variant"
    changes: dict[int, str] = field(default_factory=dict)
    reason: str = ""
    message: str = ""
    entries: int = 0
    charge_change: int = 0
    pocket_distance_angstrom: float = float("nan")
    residues: list[str] = field(default_factory=list)

    @property
    def is_left_out(self) -> bool:
        """Whether it is listed alone."""
        return bool(self.reason)


def write_modelled(found: Sequence[Modelled], path: Path) -> None:
    """Write variants and controls as JSON."""
    rows = [{**asdict(each), "changes": list(map(list, each.changes.items()))} for each in found]
    for row in rows:
        # JSON has no NaN
        if isnan(row["pocket_distance_angstrom"]):
            row["pocket_distance_angstrom"] = None
    write_text(path, json.dumps(rows, indent=1, ensure_ascii=False) + "\n")


def read_modelled(path: Path) -> list[Modelled]:
    """Read what :func:`write_modelled` wrote."""
    rows = json.loads(path.read_text(encoding="utf-8"))
    for row in rows:
        row["changes"] = {int(residue): name for residue, name in row["changes"]}
        if row["pocket_distance_angstrom"] is None:
            row["pocket_distance_angstrom"] = float("nan")
    return [Modelled(**row) for row in rows]
