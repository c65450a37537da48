"""The command line: one subcommand per stage, and tools beside them."""

from __future__ import annotations

import argparse
import importlib
import os
import select
import signal
import stat
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext, suppress
from pathlib import Path
from types import FrameType, ModuleType

from screenmm import __version__
from screenmm.core.errors import Interrupted, ScreenMMError
from screenmm.execution.usage import metered
from screenmm.files.disk import disk_trouble
from screenmm.run.stages import stage_module, stages
from screenmm.stages.context import start_logging, workers_of

EXIT_SIGTERM = 128 + signal.SIGTERM
EXIT_SIGPIPE = 128 + signal.SIGPIPE

TOOLS = {
    "demo": "write the files of the embedded demo",
    "check": "check a config before anything runs",
    "plan": "say what a screen will take before it is launched",
    "config-docs": "write the config, its keys, the tables' columns and the schemas",
    "summary": "print what a run did",
    "replay": "compute ligands again and compare with what the run stored",
    "pockets": "find the pockets of a structure, without a ligand",
    "cohort": "make up a cohort of patients, as MAF and VCF, for demos and tests",
    "panel": "join patients to finished results, outside the results",
    "doctor": "say what is installed here and whether it computes rightly",
}
"""Subcommands that are no stage; ``a-b`` is implemented in ``screenmm.commands.a_b``."""


def commands() -> dict[str, str]:
    """List all subcommands, each with what it does."""
    return TOOLS | {each.command: each.words for each in stages().values() if not each.of}


def command_module(name: str) -> ModuleType:
    """Module of a subcommand."""
    if name in TOOLS:
        return importlib.import_module(f"screenmm.commands.{name.replace('-', '_')}")
    return stage_module(stages()[name.replace("-", "_")])


def main(argv: Sequence[str] | None = None) -> int:
    """Run a subcommand.

    Parameters
    ----------
    argv : sequence of str, optional
        Arguments; the process's own by default.

    Returns
    -------
    int
        0; 1 after an error that the user can mend (its message is printed); 143 after
        SIGTERM; 141 where nobody reads the output to its end.
    """
    arguments = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="screenmm", description="Virtual screening with OpenMM.")
    parser.add_argument("--version", action="version", version=f"screenmm {__version__}")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    asked = arguments[0] if arguments else ""
    for name, text in commands().items():
        sub = subparsers.add_parser(name, help=text, description=text)
        if name == asked:
            command = command_module(name)
            command.add_arguments(sub)
            sub.set_defaults(run=command.run)
            sub.add_argument(
                "--usage", type=Path, help="append what the command used to this file (.jsonl)"
            )
    args = parser.parse_args(arguments)
    start_logging()
    try:
        with sigterm_interrupts(), _metered(args, arguments):
            args.run(args)
            sys.stdout.flush()
    except ScreenMMError as error:
        print(f"screenmm {args.command}: {error}", file=sys.stderr)
        return 1
    except Interrupted:
        print(f"screenmm {args.command}: stopped by SIGTERM; finished work is kept: "
              "run the same command again to go on", file=sys.stderr)  # fmt: skip
        return EXIT_SIGTERM
    except BrokenPipeError:
        if not _reader_is_gone():
            raise
        # as after `| head`: what is still to be written at exit goes nowhere
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_SIGPIPE
    except Exception as error:
        trouble = disk_trouble(error)
        if trouble is None:
            raise
        _say_of_disk(f"screenmm {args.command}: {trouble}")
        return 1
    return 0


def _reader_is_gone() -> bool:
    """Whether nobody reads standard output any more: other pipes break for other reasons."""
    poll = select.poll()
    poll.register(1, 0)
    return any(event & select.POLLERR for _, event in poll.poll(0))


def _say_of_disk(message: str) -> None:
    """Print on standard error; on standard output, too, where that is a file.

    A rule's log lies on the disk of the results and may itself not be written any more.
    """
    with suppress(OSError):
        print(message, file=sys.stderr, flush=True)
    with suppress(OSError):
        if stat.S_ISREG(os.fstat(2).st_mode):
            print(message, flush=True)


@contextmanager
def sigterm_interrupts() -> Iterator[None]:
    """Turn the first SIGTERM into :class:`Interrupted`, so that the job cleans up and ends."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)  # cleaning up is not stopped in turn
        raise Interrupted

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _metered(args: argparse.Namespace, arguments: list[str]) -> AbstractContextManager[None]:
    if args.usage is None:
        return nullcontext()
    workers = workers_of(args) if "workers" in args else 1
    return metered(args.command, args.usage, ["screenmm", *arguments], workers)


if __name__ == "__main__":
    sys.exit(main())
