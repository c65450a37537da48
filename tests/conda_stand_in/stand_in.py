"""A stand-in for the ``conda`` command, for tests: see README.md beside this file.

It answers the calls that Snakemake makes, and no others.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).resolve().parent
CONSTRAINTS = HERE.parents[1] / "constraints.txt"
VERSION = "24.7.1"
"""The oldest conda that Snakemake accepts."""

Packages = Mapping[str, Mapping[str, Any]]


class StandInError(Exception):
    """The stand-in cannot do what it was asked."""


def known_packages() -> Packages:
    """Return the packages of conda-forge that have a stand-in, from ``packages.yaml``."""
    # versions stay text: 0.10 is no number
    content = yaml.load((HERE / "packages.yaml").read_text(), Loader=yaml.BaseLoader)
    return {name: entry or {} for name, entry in content.items()}


@dataclass(frozen=True)
class Wanted:
    """What an environment needs from PyPI.

    Parameters
    ----------
    python : str
        Version of Python.
    wheels : list of str
        Requirements that uv installs.
    """

    python: str
    wheels: list[str] = field(default_factory=list)


def pinned(spec: str, packages: Packages) -> str:
    """Translate a match spec of conda-forge into a requirement of PyPI.

    Parameters
    ----------
    spec : str
        ``name=version``, as in the project's environments.
    packages : mapping
        From :func:`known_packages`.

    Returns
    -------
    str
        The package that stands in, at the version that stands in.
    """
    match = re.fullmatch(r"([a-z0-9_.-]+)=([0-9][0-9a-z.]*)", spec)
    if match is None:
        raise StandInError(f"{spec!r}: only name=version is understood")
    name, version = match.groups()
    if name not in packages:
        raise StandInError(f"{name}: no stand-in; add it to {HERE / 'packages.yaml'}")
    entry = packages[name]
    versions = entry.get("versions", {version: version})
    if version not in versions:
        raise StandInError(
            f"{spec}: PyPI versions are known for {', '.join(versions)}; add {version} to "
            f"versions of {name} in {HERE / 'packages.yaml'}"
        )
    return f"{entry.get('pypi', name)}=={versions[version]}"


def read_environment(file: Path) -> Wanted:
    """Read an environment file and translate it."""
    content = yaml.safe_load(file.read_text())
    if content["channels"] != ["conda-forge", "nodefaults"]:
        raise StandInError(f"{file}: channels {content['channels']}: only conda-forge is known")
    specs = content["dependencies"]
    others = [spec for spec in specs if not isinstance(spec, str)]
    if others:
        raise StandInError(f"{file}: {others}: only packages of conda-forge are understood")
    pythons = [spec.partition("=")[2] for spec in specs if spec.startswith("python=")]
    if len(pythons) != 1:
        raise StandInError(f"{file}: one python=version is needed, {len(pythons)} are there")
    packages, wanted = known_packages(), Wanted(pythons[0])
    for spec in specs:
        if spec.startswith("python="):
            continue
        entry = packages.get(spec.partition("=")[0], {})
        wanted.wheels.extend([pinned(spec, packages), *entry.get("depends", [])])
    return wanted


def create(file: Path, prefix: Path) -> None:
    """Make an isolated environment with uv: nothing of this one is visible in it."""
    wanted = read_environment(file)
    uv, python = shutil.which("uv"), str(prefix / "bin/python")
    if uv is None:
        raise StandInError("no uv on PATH: pip install --constraint constraints.txt uv")
    constraint = ["--constraint", str(CONSTRAINTS)]
    run(uv, "venv", "--quiet", "--no-python-downloads", "--python", wanted.python, str(prefix))
    run(uv, "pip", "install", "--quiet", "--python", python, *constraint, *wanted.wheels)


def run(*command: str) -> None:
    """Run a command; its failure is the stand-in's."""
    done = subprocess.run(command, check=False)
    if done.returncode != 0:
        raise StandInError(f"{' '.join(command)} exited {done.returncode}")


def main(arguments: Sequence[str]) -> None:
    """Answer a call."""
    match list(arguments):
        case ["--version"]:
            print(f"conda {VERSION}")
        case ["info", "--json"]:
            answer = {"conda_prefix": str(HERE), "platform": "linux-64", "conda_version": VERSION}
            print(json.dumps(answer))
        case ["config", "--get", "channel_priority", "--json"]:
            print(json.dumps({"get": {"channel_priority": "strict"}, "success": True}))
        case ["env", "create", *rest]:
            parser = argparse.ArgumentParser(prog="conda env create", allow_abbrev=False)
            parser.add_argument("--quiet", action="store_true")
            parser.add_argument("--no-default-packages", action="store_true")
            parser.add_argument("--file", type=Path, required=True)
            parser.add_argument("--prefix", type=Path, required=True)
            asked = parser.parse_args(rest)
            create(asked.file, asked.prefix)
        case ["clean", "-y", *_]:
            pass  # uv's cache is not conda's to empty
        case _:
            raise StandInError(f"conda {' '.join(arguments)}: Snakemake was not known to call this")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except StandInError as error:
        sys.exit(f"conda stand-in: {error}")
