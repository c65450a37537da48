"""What every stage command gets: its part of the config, and its logging."""

from __future__ import annotations

import argparse
import json
import logging
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from screenmm.config.engines import engines
from screenmm.config.settings import (
    LATER_WAYS,
    Pocket,
    Section,
    Settings,
    Variants,
    load_settings,
)
from screenmm.core.errors import ConfigError
from screenmm.run.stage import Stage

SEED = "seed"

S = TypeVar("S", bound=Section)


def add_settings_argument(parser: argparse.ArgumentParser) -> None:
    """Add ``--settings``: the workflow passes JSON, a person passes the config file."""
    parser.add_argument(
        "--settings",
        required=True,
        metavar="JSON|FILE",
        help="the stage's settings as JSON, or a config file (.yaml)",
    )


@dataclass(frozen=True)
class Given:
    """Settings of a stage: what it reads of the config, and nothing else.

    Parameters
    ----------
    stage : Stage
    values : dict
        Plain data, as :meth:`screenmm.run.stage.Stage.settings` writes it.
    """

    stage: Stage
    values: dict[str, Any]

    @property
    def text(self) -> str:
        """One line, whatever way they came: for a journal's fingerprint."""
        return json.dumps(self.values, sort_keys=True)

    @property
    def seed(self) -> int:
        """Of the run."""
        return int(self[SEED])

    def __getitem__(self, section: str) -> Any:
        """Plain data of a section.

        Raises
        ------
        ConfigError
            It was not given.
        """
        if section not in self.values:
            raise self._missing(section)
        return self.values[section]

    def section(self, name: str, model: type[S]) -> S:
        """Settings of a section; a key that the stage does not read does not exist in them.

        Parameters
        ----------
        name : str
            Of the section.
        model : type
            Its settings in full.

        Raises
        ------
        ConfigError
            A key that the stage reads was not given, or has no valid value.
        """
        given = self[name]
        missing = sorted((self.stage.keys[name] or set(model.model_fields)) - set(given))
        if missing:
            raise self._missing(f"{name}.{missing[0]}")
        try:
            return only_given(model.model_validate(given))
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, (name, *first["loc"])))
            raise ConfigError(f"--settings: {place}: {first['msg']}") from None

    def _missing(self, key: str) -> ConfigError:
        return ConfigError(
            f"--settings holds no {key}, which {self.stage.command} reads: give the config file, "
            "or the JSON that the workflow passes"
        )


def only_given(section: S) -> S:
    """Take out of a section what was not given, so that no default is read unseen."""
    for name in set(type(section).model_fields) - section.model_fields_set:
        del section.__dict__[name]
    return section


def settings_of(args: argparse.Namespace, stage: Stage, receptor: str = "") -> Given:
    """Settings of a stage.

    Parameters
    ----------
    args : argparse.Namespace
        With ``settings``: JSON, or the name of a config file.
    stage : Stage
        Whose they are.
    receptor : str
        For a stage that reads keys of one receptor.

    Raises
    ------
    ConfigError
        The text is neither JSON nor the name of a valid config file.
    """
    text: str = args.settings
    if not text.lstrip().startswith("{"):
        text = stage.settings(load_settings(Path(text)), receptor)
    try:
        return Given(stage, json.loads(text))
    except json.JSONDecodeError as error:
        raise ConfigError(f"--settings is not valid JSON: {error}") from None


def given_poses(settings: Settings, receptor: str) -> dict[str, Any]:
    """Say whether the library's poses are kept: where the engine takes them, whatever its name."""
    return {"given_poses": engines()[settings.docking.engine].poses_from_library}


def pocket_name(settings: Settings, receptor: str) -> dict[str, Any]:
    """Describe which pocket a receptor has; the box around it is the receptor's own file."""
    box = {"padding_angstrom", "min_size_angstrom"}
    pocket = settings.pocket_of(receptor).told(exclude=box)
    return {"receptors": {receptor: {"pocket": pocket}}}


def named_pocket(given: Given, receptor: str) -> Pocket:
    """Pocket of :func:`pocket_name`, without a box."""
    pocket = given["receptors"][receptor]["pocket"]
    return only_given(Pocket.model_validate(dict.fromkeys(LATER_WAYS) | pocket))


def of_variants(settings: Settings, keys: set[str]) -> dict[str, Any]:
    """Tell keys of the section ``variants``; nothing where there is none."""
    asked = settings.variants
    return {"variants": asked.model_dump(mode="json", include=keys)} if asked else {}


def variants_of(given: Given) -> Variants:
    """Settings of :func:`of_variants`; a key that was not told does not exist in them."""
    return only_given(Variants.model_validate(given["variants"]))


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
