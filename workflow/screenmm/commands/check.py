"""Command ``check``: validate a config, open its files and say what is in them."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from screenmm.audit.inputs import input_files
from screenmm.config.paths import check_working_folder
from screenmm.config.settings import docking_in_words, load_settings
from screenmm.files.disk import check_place
from screenmm.preflight.start import check_commands, check_residues
from screenmm.run.ownership import check_own_folder


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "config", type=Path, nargs="+", help="config files (.yaml); a later one changes the earlier"
    )


def run(args: argparse.Namespace) -> None:
    """Check the config, its files and where the results go; print a line about each part.

    Raises
    ------
    ConfigError
        The config is not valid, or files are not what it says.
    UserError
        A run could not write its results, or could not start its jobs.
    """
    check_working_folder(Path.cwd())
    settings = load_settings(*args.config)
    inputs = [each.path for each in input_files(settings, Path.cwd())]
    check_own_folder(settings.results, [*args.config, *inputs])
    check_place(settings.results)
    check_commands(settings)
    # what opens the files is not loaded for a config that is wrong
    from screenmm.preflight.opened import open_inputs  # noqa: PLC0415

    found = open_inputs(settings)
    found.check()
    check_residues(settings)
    print(f"{', '.join(map(str, args.config))} is valid")
    for part, lines in (
        ("library", found.library),
        ("receptors", found.receptors),
        ("templates", found.templates),
    ):
        for number, line in enumerate(lines):
            print(f"  {'' if number else part:<9} {line}")
    print(f"  docking   {docking_in_words(settings.docking)}")
    print(f"  scoring   best {settings.scoring.top} ligands, {settings.scoring.poses} poses each")
    for name in settings.receptors:
        obstacle = settings.redock_obstacle(name)
        print(f"  redocking {name}: {obstacle or settings.pocket_of(name).ligand_name}")
    print(f"  results   {settings.results}")
    for warning in found.warnings:
        print(f"warning: {warning}", file=sys.stderr)
