"""What every stage command gets: its part of the config, and its logging."""

from __future__ import annotations

import argparse
import json
import logging
import os
from pathlib import Path
from typing import Any

from screenmm.config.settings import load_settings
from screenmm.core.errors import ConfigError


def add_settings_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--settings``: the workflow passes JSON, a person passes the config file."""
    parser.add_argument(
        "--settings",
        required=True,
        metavar="JSON|FILE",
        help="the stage's settings as JSON, or a config file (.yaml)",
    )


def settings_of(args: argparse.Namespace) -> dict[str, Any]:
    """Settings of a stage as plain data.

    Raises
    ------
    ConfigError
        The text is neither JSON nor the name of a valid config file.
    """
    text: str = args.settings
    if text.lstrip().startswith("{"):
        try:
            found: dict[str, Any] = json.loads(text)
        except json.JSONDecodeError as error:
            raise ConfigError(f"--settings is not valid JSON: {error}") from None
        return found
    return load_settings(Path(text)).model_dump(mode="json")


def text_of(settings: dict[str, Any]) -> str:
    """Settings as one line, whatever way they came: for a journal's fingerprint."""
    return json.dumps(settings, sort_keys=True)


def workers_of(args: argparse.Namespace) -> int:
    """Worker processes: ``--workers``, else one per usable core."""
    return int(args.workers) if args.workers else len(os.sched_getaffinity(0))


def add_workers_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--workers``."""
    parser.add_argument(
        "--workers", type=int, default=0, help="worker processes (default: one per core)"
    )


def start_logging() -> None:
    """Log to standard error: what was chosen and what was noticed."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    for noisy in ("openff", "meeko", "numba", "matplotlib"):
        logging.getLogger(noisy).setLevel(logging.ERROR)
