"""Command ``demo``: write the files of the embedded demo."""

from __future__ import annotations

import argparse
from pathlib import Path

from screenmm.demo import write_demo


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("folder", type=Path, help="where to write receptor, ligand and library")


def run(args: argparse.Namespace) -> None:
    """Write the demo's files."""
    write_demo(args.folder)
