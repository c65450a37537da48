"""Stage ``gate``: a screen whose reference ligand was not found again goes no further."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from screenmm.core.errors import UserError
from screenmm.run.stage import Rate, Stage

STAGE = Stage(
    "gate",
    place=90,
    words="stop where the reference ligand was not found again",
    per_receptor="gated",
    reads={"redocking": "controls/{receptor}/redock.json"},
    writes={"out": "controls/{receptor}/passed.txt"},
    unit="reference",
    rate=Rate(0.0, 0.4),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--redocking", type=Path, required=True, help="of stage compare (.json)")
    parser.add_argument("--out", type=Path, required=True, help="file to write on passing (.txt)")


def run(args: argparse.Namespace) -> None:
    """Let a receptor pass.

    Raises
    ------
    UserError
        Its reference ligand was not found again, or not docked again.
    """
    from screenmm.files.whole import write_text

    found = json.loads(args.redocking.read_text(encoding="utf-8"))
    if found["status"] != "done":
        raise UserError(
            f"controls.gate stop: the reference ligand of receptor {found['receptor']} could not "
            f"be docked again ({found['reason']}); mend that, or set controls.gate to warn"
        )
    if found["passed"] is None:
        raise UserError(
            f"controls.gate stop: the side chains of receptor {found['receptor']} were turned away "
            "from its reference ligand (repack), so that finding that one again is no control; "
            "repack around another ligand, or set controls.gate to warn"
        )
    if not found["passed"]:
        raise UserError(
            f"controls.gate stop: the closest of {found['poses']} redocked poses of the reference "
            f"ligand lies {found['best_rmsd_angstrom']:.2f} Å from its place in receptor "
            f"{found['receptor']}, beyond controls.redock_rmsd_angstrom "
            f"{found['limit_angstrom']:g}: look at the poses in "
            f"{args.redocking.with_suffix('.sdf')}, mend the pocket, the receptor or docking, "
            "raise the limit, or set controls.gate to warn"
        )
    write_text(args.out, f"{found['text']}\n")
