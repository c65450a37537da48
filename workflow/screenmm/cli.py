"""The command line: one subcommand per stage."""

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
from types import FrameType

from screenmm import __version__
from screenmm.core.errors import Interrupted, ScreenMMError
from screenmm.execution.usage import metered
from screenmm.files.disk import disk_trouble
from screenmm.stages.context import start_logging, workers_of

EXIT_SIGTERM = 128 + signal.SIGTERM
EXIT_SIGPIPE = 128 + signal.SIGPIPE

COMMANDS = {
    "demo": "write the files of the embedded demo",
    "check": "check a config before anything runs",
    "plan": "say what a screen will take before it is launched",
    "config-docs": "write the annotated config, its schema, its keys and the metrics' schema",
    "split": "read the library into shards of records",
    "standardise": "standardise and filter a shard of records",
    "merge": "merge duplicates into ligands",
    "prepare-ligands": "enumerate states and make 3D conformers of a shard",
    "prepare-receptor": "prepare and parametrise a receptor",
    "reference": "make the reference ligand of a receptor ready to be docked again",
    "dock": "dock a shard into a receptor",
    "select": "select the best docked ligands of a receptor",
    "score": "minimise and score a shard of poses with OpenMM",
    "compare": "compare the redocked poses of a reference ligand with its place",
    "gate": "stop where the reference ligand was not found again",
    "inspect": "check a shard's best poses and find their interactions",
    "manifest": "list the score files of a receptor by SHA-256",
    "rank": "rank ligands and account for every record",
    "report": "write metrics, bias tables, figures, the page and scripts for viewers",
    "summary": "print what a run did",
    "replay": "compute ligands again and compare with what the run stored",
    "crate": "write or verify the audit trail of a finished run (RO-Crate)",
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
        0; 1 after an error that the user can mend (its message is printed); 143 after
        SIGTERM; 141 where nobody reads the output to its end.
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
