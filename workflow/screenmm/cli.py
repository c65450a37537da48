"""The command line: one subcommand per stage."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from screenmm import __version__
from screenmm.errors import ScreenMMError
from screenmm.stages.context import start_logging

COMMANDS = {
    "demo": "write the files of the embedded demo",
    "check": "check a config before anything runs",
    "config-docs": "write the annotated config, its schema and its table of keys",
    "split": "read the library into shards of records",
    "standardise": "standardise and filter a shard of records",
    "merge": "merge duplicates into ligands",
    "prepare-ligands": "enumerate states and make 3D conformers of a shard",
    "prepare-receptor": "prepare and parametrise a receptor",
    "dock": "dock a shard into a receptor",
    "select": "select the best docked ligands of a receptor",
    "score": "minimise and score a shard of poses with OpenMM",
    "manifest": "list the score files of a receptor by SHA-256",
    "rank": "rank ligands and account for every record",
    "report": "write metrics.json and report.html",
    "summary": "print what a run did",
    "doctor": "say what is installed here and whether it computes rightly",
}
"""Subcommands; ``a-b`` is implemented in ``screenmm.stages.a_b``."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; the process's own by default.

    Returns
    -------
    int
        0, or 1 after an error that the user can mend (its message is printed).
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="screenmm", description="Virtual screening with OpenMM.")
    parser.add_argument("--version", action="version", version=f"screenmm {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    asked = arguments[0] if arguments else ""
    for name, text in COMMANDS.items():
        sub = commands.add_parser(name, help=text, description=text)
        if name == asked:
            # only the asked stage is imported: each environment holds its own stage's packages
            stage = importlib.import_module(f"screenmm.stages.{name.replace('-', '_')}")
            stage.add_arguments(sub)
            sub.set_defaults(run=stage.run)
    args = parser.parse_args(arguments)
    start_logging()
    try:
        args.run(args)
    except ScreenMMError as error:
        print(f"screenmm {args.command}: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
