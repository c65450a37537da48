"""Versions of the packages that results depend on."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.metadata import PackageNotFoundError, version

PACKAGES = (
    "screenmm", "openmm", "rdkit", "acellera-openff-toolkit", "openff-toolkit",
    "openff-nagl-models", "openmmforcefields", "pdbfixer", "propka",
    "rustina", "vina", "meeko", "dimorphite-dl", "molscrub", "posebusters", "prolif", "gemmi",
    "crem", "chembl-gen-check", "annalog", "mutalyzer-hgvs-parser", "pysam",
    "fpocket-rs", "pyopencl",
    "duckdb", "pyarrow", "numpy", "scipy", "scikit-learn", "snakemake",
)  # fmt: skip


def installed_versions(packages: Iterable[str] = PACKAGES) -> dict[str, str]:
    """Versions of the packages that are installed; the others are left out."""
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
