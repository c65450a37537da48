"""Variants are read before the first job, so that a fault in them is told at once."""

from __future__ import annotations

import logging

from screenmm.config.settings import Settings
from screenmm.core.errors import ConfigError
from screenmm.variants.measured import read_measured
from screenmm.variants.needs import check_packages

log = logging.getLogger(__name__)


def check_variants(settings: Settings, *, own_environments: bool = False) -> None:
    """Read the list, the files and the sequence of variants.

    Parameters
    ----------
    settings : Settings
        The whole config.
    own_environments : bool
        Whether each rule runs in a conda environment of its own, which holds what reads them.

    Raises
    ------
    ConfigError
        A package is missing, or a listed change cannot be made out.
    UserError
        A file cannot be read.
    """
    asked = settings.variants
    if asked is None:
        return
    answers = read_measured(asked.measured) if asked.measured else []
    try:
        check_packages()
    except ConfigError as error:
        if not own_environments:
            raise
        log.info("variants are not read before the first job: %s", error)
        return
    from screenmm.variants.reading import read_all  # noqa: PLC0415

    reading, _ = read_all(asked)
    for note in reading.notes:
        log.warning("%s", note)
    if not reading.variants:
        raise ConfigError(
            f"variants: none of {reading.total} entries is a variant that can be modelled"
            + "".join(f"\n  {row.source}:{row.line}: {row.message}" for row in reading.rows[:5])
        )
    listed = {each.name for each in reading.variants}
    if answers and not any(each.variant in listed for each in answers):
        raise ConfigError(
            f"variants.measured: none of its {len(answers)} rows is of a variant that is listed or "
            f"in a file; the first is of {answers[0].variant}"
        )
