"""Command ``config-docs``: write the config, its schema, its keys and the tables' columns."""

from __future__ import annotations

import argparse
from pathlib import Path

from screenmm.config.docs import check_docs, write_docs
from screenmm.config.docs import generated as config_texts
from screenmm.tables.docs import generated as columns_texts


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "--root", type=Path, default=Path(), help="root of the repository (default: here)"
    )
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail where a file has drifted"
    )


def run(args: argparse.Namespace) -> None:
    """Write the generated files, or check them.

    Raises
    ------
    ConfigError
        With ``--check``: some files differ from the settings model or the columns.
    """
    texts = config_texts() | columns_texts()
    if args.check:
        check_docs(args.root, texts)
    else:
        write_docs(args.root, texts)
