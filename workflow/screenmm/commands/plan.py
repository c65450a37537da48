"""Command ``plan``: what a screen will take, before it is launched."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
from dataclasses import asdict
from pathlib import Path

from screenmm.config.engines import engines
from screenmm.config.settings import load_settings
from screenmm.core.errors import UserError
from screenmm.planning.library import count_library, study_sample
from screenmm.planning.plan import make_plan
from screenmm.planning.rates import measured_rates, on_gpu, packaged_rates
from screenmm.planning.table import render
from screenmm.preflight.opened import open_inputs


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "config", type=Path, nargs="+", help="config files (.yaml); a later one changes the earlier"
    )
    parser.add_argument(
        "--rates",
        type=Path,
        metavar="RESULTS",
        help="take times and sizes from this finished run (default: measured once, on a CPU)",
    )
    parser.add_argument(
        "--gpus", type=int, default=0, help="GPUs; needs --rates of a GPU run, or a measured card"
    )
    parser.add_argument("--cores", type=int, help="cores (default: those usable here)")
    parser.add_argument("--json", action="store_true", help="print the plan as JSON")


def run(args: argparse.Namespace) -> None:
    """Print the plan.

    Raises
    ------
    UserError
        A number is out of range, the rates do not fit, or files are not what the config says.
    """
    cores = len(os.sched_getaffinity(0)) if args.cores is None else args.cores
    if cores < 1 or args.gpus < 0:
        raise UserError(f"--cores {cores} --gpus {args.gpus}: at least one core and no GPU less")
    settings = load_settings(*args.config)
    opened = open_inputs(settings)
    opened.check()
    docking = settings.docking
    rates = (
        packaged_rates(docking, settings.scoring.protocol)
        if args.rates is None
        else measured_rates(args.rates, docking.engine)
    )
    if args.gpus and args.rates is None:
        rates = on_gpu(rates, settings)
    count = count_library(settings.screened)
    sample = study_sample(
        count.sample, settings.ligands, given=engines()[docking.engine].poses_from_library
    )
    plan = make_plan(settings, count, sample, rates, cores=cores, gpus=args.gpus)
    if args.json:
        print(json.dumps(asdict(plan), indent=2))
    else:
        print(render(plan, shutil.get_terminal_size().columns), end="")
    for warning in opened.warnings:
        print(f"warning: {warning}", file=sys.stderr)
