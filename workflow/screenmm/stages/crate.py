"""Command ``crate``: the audit trail of a finished run, and whether it still holds."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from screenmm.config.settings import Settings, load_settings
from screenmm.core.errors import UserError
from screenmm.run.stage import Rate, Stage

STAGE = Stage(
    "crate",
    place=170,
    words="write or verify the audit trail of a finished run (RO-Crate)",
    reads={"report": "report.html", "metrics": "metrics.json"},
    writes={"metadata": "ro-crate-metadata.json", "provenance": "provenance/"},
    rate=Rate(0.4),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--config-file",
        type=Path,
        action="append",
        help="config of the run (.yaml), or its folder; again for each file that changed it",
    )
    parser.add_argument(
        "--settings", metavar="JSON", help="its settings as the workflow checked them"
    )
    parser.add_argument("--results", type=Path, help="results folder of the run")
    parser.add_argument("--workflow", type=Path, help="folder of the Snakefile")
    parser.add_argument(
        "--verify",
        type=Path,
        metavar="RESULTS",
        help="compare a crate with the files on disk instead (with --config-file: and the inputs)",
    )


def run(args: argparse.Namespace) -> None:
    """Write the crate, or verify one.

    Raises
    ------
    UserError
        An option is missing, the run is not finished, or files differ from the crate.
    """
    from screenmm.audit.crate import write_crate

    if args.verify is not None:
        _verify(args.verify, args.config_file)
        return
    missing = [
        f"--{name.replace('_', '-')}"
        for name in ("config_file", "results", "workflow")
        if getattr(args, name) is None
    ]
    if missing:
        raise UserError(f"{', '.join(missing)} missing: give them, or --verify RESULTS")
    # a module's config is of no file: its paths start from the working folder
    named = args.config_file[0].resolve()
    folder = named if named.is_dir() else named.parent
    write_crate(_settings(args), folder, args.results, args.workflow)


def _settings(args: argparse.Namespace) -> Settings:
    if args.settings is None:
        return load_settings(*args.config_file)
    given = json.loads(args.settings)
    return Settings.model_validate({k: v for k, v in given.items() if k != "method"})


def _verify(results: Path, configs: list[Path] | None) -> None:
    from screenmm.audit.inputs import input_files
    from screenmm.audit.verify import METADATA, verify_crate
    from screenmm.files.whole import sha256

    inputs = input_files(load_settings(*configs), configs[0].resolve().parent) if configs else []
    found = verify_crate(results, [file.path for file in inputs])
    if not found.checked:
        raise UserError(f"{results / METADATA} lists no file with a SHA-256: make the crate anew")
    if found.differences:
        listed = "\n  ".join(found.differences)
        raise UserError(
            f"{len(found.differences)} of {found.checked} files differ from the crate:\n  {listed}"
        )
    print(f"{found.checked} files are as {METADATA} lists them")
    if found.elsewhere:
        print(
            f"not looked at, because they lie elsewhere: {', '.join(found.elsewhere)} "
            "(give --config-file)"
        )
    print(f"SHA-256 of {METADATA}: {sha256(results / METADATA)}")
