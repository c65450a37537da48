"""Packages that reading variants needs beside those of every screen."""

from __future__ import annotations

import sys

from screenmm.config.engines import is_installed
from screenmm.core.errors import ConfigError

PACKAGES = ("mutalyzer-hgvs-parser", "pysam")
INSTALL = "install them by: pip install 'screenmm[variants]'"


def check_packages() -> None:
    """Look for the packages with which variants are read.

    Raises
    ------
    ConfigError
        One is not installed.
    """
    missing = [each for each in PACKAGES if not is_installed(each)]
    if missing:
        raise ConfigError(
            f"variants are read with {' and '.join(missing)}, not installed in {sys.prefix}: "
            f"{INSTALL}"
        )
