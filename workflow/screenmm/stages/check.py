"""Command ``check``: validate a config and say what it asks for."""

from __future__ import annotations

import argparse
from pathlib import Path

from screenmm.preflight import check_residues
from screenmm.settings import load_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("config", type=Path, help="config file (.yaml)")


def run(args: argparse.Namespace) -> None:
    """Check the config; print a line about each part."""
    settings = load_settings(args.config)
    check_residues(settings)
    files = ", ".join(file.path.name for file in settings.screened.files)
    print(f"{args.config} is valid")
    print(f"  library   {files}")
    print(f"  receptors {', '.join(settings.receptors)}")
    print(f"  docking   {settings.docking.engine}, {settings.docking.poses} poses per state")
    print(f"  scoring   best {settings.scoring.top} ligands, {settings.scoring.poses} poses each")
    for name in settings.receptors:
        obstacle = settings.redock_obstacle(name)
        print(f"  redocking {name}: {obstacle or settings.pocket_of(name).ligand_name}")
    print(f"  results   {settings.results}")
