"""Command ``pockets``: where a ligand could sit in a structure that shows none."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from pydantic import ValidationError

from screenmm.config.paths import found_file, named_by_format
from screenmm.config.settings import STRUCTURE_SUFFIXES, WORKING_FOLDER, Like, Pocket, Receptor
from screenmm.core.errors import UserError
from screenmm.exports.pockets import (
    PYMOL,
    SPHERES,
    as_data,
    pockets_csv,
    pockets_table,
    pymol_script,
    spheres_pdb,
)
from screenmm.files.sdf import sd_record
from screenmm.files.whole import write_text
from screenmm.receptor.confidence import trim, trimmed_runs
from screenmm.receptor.modified import convert_modified, cut_chains
from screenmm.receptor.pocket import resolve_pocket
from screenmm.receptor.pocket_finder import FoundPocket, find_pockets
from screenmm.receptor.reading import read_structure
from screenmm.receptor.structure import Structure
from screenmm.report.pocket_page import PAGE, pocket_page

MOST = 10


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("structure", type=Path, help="structure or model (.pdb, .cif, or .gz)")
    parser.add_argument("--chains", nargs="+", help="chains to look at (default: all)")
    parser.add_argument(
        "--most", type=int, default=MOST, help=f"pockets that are shown (default: {MOST})"
    )
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="print all pockets as JSON")
    form.add_argument("--csv", action="store_true", help="print all pockets as CSV")
    relative = parser.add_argument_group(
        "the place of a relative's ligand, instead of what can be found without one"
    )
    relative.add_argument("--like", type=Path, help="related structure with a ligand")
    relative.add_argument("--ligand", help="its ligand: a residue (A:STI:201) or a file")
    relative.add_argument(
        "--write", type=Path, metavar="SDF", help="write the ligand there, in the structure's frame"
    )
    parser.add_argument(
        "--view", type=Path, metavar="FOLDER", help="write a page and a script for PyMOL there"
    )


def run(args: argparse.Namespace) -> None:
    """Print the pockets, or how a relative's ligand comes to lie.

    Raises
    ------
    UserError
        There is no such file, or it is no structure; the finder is not installed; the relative is
        too unlike.
    """
    if args.most < 1:
        raise UserError(f"--most {args.most}: at least one pocket is shown")
    if (args.like is None) != (args.ligand is None):
        raise UserError("--like and --ligand go together: a structure, and its ligand")
    if args.write is not None and args.like is None:
        raise UserError("--write writes a relative's ligand: give --like and --ligand")
    path = _structure(args.structure)
    structure = read_structure(path, args.chains)
    trim(structure, Receptor.model_fields["trim_plddt"].default)
    # as the receptor's preparation has them, so that ranks are those of pocket.find
    cut_chains(structure, [])
    convert_modified(structure)
    if args.like is not None:
        _lay_over(structure, args)
        return
    pockets = find_pockets(structure)
    _print(pockets, args)
    told = _trimmed(structure)
    if told:
        print(told, file=sys.stderr)
    if args.view is not None:
        _write_view(pockets[: args.most], path, args.view, told)


def _trimmed(structure: Structure) -> str:
    """Say what was trimmed of a predicted model; empty where nothing was."""
    runs = [f"{each.first} to {each.last}" for each in trimmed_runs(structure)]
    return f"trimmed, as of low confidence: {', '.join(runs)}" if runs else ""


def _structure(path: Path) -> Path:
    try:
        found = found_file(path, Path.cwd(), WORKING_FOLDER)
        return named_by_format(found, STRUCTURE_SUFFIXES)
    except ValueError as error:
        raise UserError(str(error)) from None


def _print(pockets: Sequence[FoundPocket], args: argparse.Namespace) -> None:
    if args.json:
        print(json.dumps([as_data(each) for each in pockets], indent=2))
    elif args.csv:
        print(pockets_csv(pockets), end="")
    else:
        print("\n".join(pockets_table(pockets[: args.most])))
        if len(pockets) > args.most:
            print(f"and {len(pockets) - args.most} more (--most)")


def _lay_over(structure: Structure, args: argparse.Namespace) -> None:
    """Say where the ligand of a relative comes to lie, and write it."""
    try:
        like = Like.model_validate(
            {"structure": str(args.like), "ligand": args.ligand}, context={"folder": Path.cwd()}
        )
    except ValidationError as error:
        first = error.errors()[0]
        raise UserError(f"--{'.'.join(map(str, first['loc']))}: {first['msg']}") from None
    pocket = Pocket(like=like)
    if args.write is not None and not pocket.has_bond_orders:
        raise UserError(
            f"--write: {like.ligand_name} has no bond orders, without which it is no template: "
            "give --ligand as a file (.sdf .mol .mol2) in the frame of that structure"
        )
    found = resolve_pocket(structure, pocket)
    print(json.dumps(found.origin, indent=2) if args.json else found.origin["text"])
    if args.write is not None:
        assert found.reference is not None  # a relative's ligand is one
        write_text(args.write, sd_record(found.reference, like.ligand_name, {}))


def _write_view(shown: Sequence[FoundPocket], structure: Path, folder: Path, told: str) -> None:
    """Write the page, and the structure, the spheres and the script for PyMOL."""
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / structure.name
    if not (beside.exists() and beside.samefile(structure)):
        shutil.copyfile(structure, beside)
    write_text(folder / SPHERES, spheres_pdb(shown))
    write_text(folder / PYMOL, pymol_script(shown, structure.name))
    write_text(folder / PAGE, pocket_page(shown, structure, told))
    print(f"{folder / PAGE} and {folder / PYMOL} show them", file=sys.stderr)
