#!/usr/bin/env python
"""Solve the environments and write down exactly which packages they are made of.

python envs/pin.py                # envs/NAME.linux-64.pin.txt for every envs/NAME.yaml
python envs/pin.py docking score  # for some
python envs/pin.py --check        # are the pin files those of the present environments?

It needs a network that reaches conda-forge and ``pip install py-rattler``, but no conda.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import rattler
import yaml

ENVS = Path(__file__).resolve().parent
PLATFORM = "linux-64"
MACHINE = (("__unix", "0", "0"), ("__linux", "4.18", "0"), ("__glibc", "2.28", "0"),
           ("__archspec", "1", "x86_64"))  # fmt: skip
"""The oldest machine that the pins must suit, whatever this one is; without a GPU, so that
PyTorch, which only computes charges, comes in its small build."""


class PinError(Exception):
    """An environment cannot be pinned."""


def pin_file(environment: Path, folder: Path) -> Path:
    """Where Snakemake looks for an environment's pins."""
    return folder / f"{environment.stem}.{PLATFORM}.pin.txt"


def digest(environment: Path) -> str:
    """SHA-256 of an environment's file."""
    return hashlib.sha256(environment.read_bytes()).hexdigest()


def is_current(environment: Path, pins: Path) -> bool:
    """Whether pins were solved from the present environment file."""
    return f"# {environment.name} sha256:{digest(environment)}\n" in pins.read_text()


async def solved(environment: Path, channels: Sequence[str]) -> list[rattler.RepoDataRecord]:
    """Solve an environment.

    Parameters
    ----------
    environment : Path
        The YAML file.
    channels : sequence of str
        Names or URLs, to be used in place of those in the file; empty to use those.

    Returns
    -------
    list of rattler.RepoDataRecord
        All packages, by name.

    Raises
    ------
    PinError
        No set of packages fits; the message is the solver's.
    """
    content = yaml.safe_load(environment.read_text())
    wanted = channels or [name for name in content["channels"] if name != "nodefaults"]
    machine = [
        rattler.GenericVirtualPackage(
            rattler.PackageName(name), rattler.Version(version), rattler.BuildString(build)
        )
        for name, version, build in MACHINE
    ]
    try:
        specs = [rattler.MatchSpec(spec, strict=True) for spec in content["dependencies"]]
        records = await rattler.solve(
            sources=wanted, specs=specs, platforms=[PLATFORM, "noarch"], virtual_packages=machine
        )
    except Exception as error:  # the solver's errors share no base of their own
        raise PinError(f"{environment}: {error}") from error
    return sorted(records, key=lambda record: record.name.normalized)


def pins_of(environment: Path, records: Sequence[rattler.RepoDataRecord]) -> str:
    """Write the packages of a solved environment the way ``conda list --explicit --md5`` does."""
    lines = [
        f"# {environment.name} sha256:{digest(environment)}",
        "# solved by envs/pin.py; do not edit",
        f"# platform: {PLATFORM}",
        "@EXPLICIT",
    ]
    for record in records:
        if record.md5 is None:
            raise PinError(f"{record.url}: the channel gives no MD5")
        lines.append(f"{record.url}#{record.md5.hex()}")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str]) -> None:
    """Pin environments, or check their pins."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="by default all of envs/*.yaml")
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 on stale pins")
    parser.add_argument("--channel", action="append", default=[], help="in place of the file's own")
    parser.add_argument("--folder", type=Path, default=ENVS, help="of the pin files")
    asked = parser.parse_args(arguments)
    environments = sorted(ENVS.glob("*.yaml"))
    unknown = set(asked.names) - {path.stem for path in environments}
    if unknown:
        known = ", ".join(path.stem for path in environments)
        raise PinError(f"no environment {', '.join(sorted(unknown))}: there are {known}")
    chosen = [path for path in environments if not asked.names or path.stem in asked.names]
    for path in chosen:
        pins = pin_file(path, asked.folder)
        if asked.check:
            if pins.exists() and not is_current(path, pins):
                raise PinError(f"{pins} is not of the present {path.name}: run envs/pin.py again")
            continue
        records = asyncio.run(solved(path, asked.channel))
        pins.write_text(pins_of(path, records))
        print(f"{pins}: {len(records)} packages")


if __name__ == "__main__":
    status = 0
    try:
        main(sys.argv[1:])
    except PinError as error:
        print(f"envs/pin.py: {error}", file=sys.stderr)
        status = 1
    sys.stdout.flush()
    # py-rattler 0.28.0's own threads may crash an interpreter that ends in the usual way
    os._exit(status)
