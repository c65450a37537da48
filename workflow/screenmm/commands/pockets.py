"""Command ``pockets``: where a ligand could sit in a structure that shows none."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

from screenmm.config.paths import found_file, named_by_format
from screenmm.config.settings import STRUCTURE_SUFFIXES
from screenmm.core.errors import UserError
from screenmm.exports.pockets import (
    PYMOL,
    SPHERES,
    as_data,
    pockets_csv,
    pockets_table,
    pymol_script,
    spheres_pdb,
    trimmed_words,
)
from screenmm.files.whole import write_text
from screenmm.receptor.modified import convert_modified, cut_chains
from screenmm.receptor.pocket_finder import Pockets, find_pockets
from screenmm.receptor.reading import read_structure
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
    parser.add_argument(
        "--view", type=Path, metavar="FOLDER", help="write a page and a script for PyMOL there"
    )


def run(args: argparse.Namespace) -> None:
    """Print the pockets.

    Raises
    ------
    UserError
        There is no such file, or it is no structure; the finder is not installed.
    """
    if args.most < 1:
        raise UserError(f"--most {args.most}: at least one pocket is shown")
    try:
        path = named_by_format(
            found_file(args.structure, Path.cwd(), "the working folder"), STRUCTURE_SUFFIXES
        )
    except ValueError as error:
        raise UserError(str(error)) from None
    structure = read_structure(path, args.chains)
    # as the receptor's preparation has them, so that ranks are those of pocket.find
    cut_chains(structure, [])
    convert_modified(structure)
    pockets = find_pockets(structure)
    told = trimmed_words(pockets.trimmed)
    if args.json:
        print(json.dumps([as_data(each) for each in pockets.found], indent=2))
    elif args.csv:
        print(pockets_csv(pockets), end="")
    else:
        print("\n".join(pockets_table(pockets.found[: args.most])))
        if len(pockets.found) > args.most:
            print(f"and {len(pockets.found) - args.most} more (--most)")
    if told:
        print(told, file=sys.stderr)
    if args.view is not None:
        _write_view(pockets, args.most, path, args.view, told)


def _write_view(pockets: Pockets, most: int, structure: Path, folder: Path, told: str) -> None:
    """Write the page, and the structure, the spheres and the script for PyMOL."""
    shown = pockets.found[:most]
    folder.mkdir(parents=True, exist_ok=True)
    beside = folder / structure.name
    if not (beside.exists() and beside.samefile(structure)):
        shutil.copyfile(structure, beside)
    write_text(folder / SPHERES, spheres_pdb(shown))
    write_text(folder / PYMOL, pymol_script(shown, structure.name))
    write_text(folder / PAGE, pocket_page(shown, structure, told))
    print(f"{folder / PAGE} and {folder / PYMOL} show them", file=sys.stderr)
