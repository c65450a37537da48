"""What is checked before the first job, because it would stop a run after hours."""

from __future__ import annotations

import logging
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from screenmm.config.engines import check_cnn, engines, is_installed
from screenmm.config.settings import Settings
from screenmm.core.errors import ConfigError, PlatformError, UserError
from screenmm.files.disk import check_writable
from screenmm.run.stages import stage_settings

log = logging.getLogger(__name__)

NOT_USABLE = 3
NOT_INSTALLED = 4
TIME_LIMIT_S = 300.0
LONGEST_ARGUMENT = (1 << 17) - 1
"""Bytes of one argument of a command, of which Linux takes 32 pages."""

_OPEN = f"""
import sys
from screenmm.core.errors import UserError
from screenmm.config.settings import Settings
try:
    from screenmm.preflight.opened import open_inputs
except ModuleNotFoundError as error:
    print(error)
    sys.exit({NOT_INSTALLED})
try:
    findings = open_inputs(Settings.model_validate_json(sys.stdin.read()), only_new=True)
    findings.check()
except UserError as error:
    print(error)
    sys.exit({NOT_USABLE})
print(*findings.warnings, sep="\\n")
"""

_TRY = f"""
import sys
from screenmm.core.errors import PlatformError
try:
    from screenmm.devices.vulkan import choose_search_device
    from screenmm.devices.platforms import choose_platform
except ModuleNotFoundError as error:
    print(error)
    sys.exit({NOT_INSTALLED})
kind, *asked = sys.argv[1:]
try:
    choose_platform(*asked) if kind == "platform" else choose_search_device(*asked)
except PlatformError as error:
    print(error)
    sys.exit({NOT_USABLE})
"""


def preflight(settings: Settings, *, jobs_run_here: bool, own_environments: bool = False) -> None:
    """Check what can be checked before anything is computed.

    Parameters
    ----------
    settings : Settings
        The whole config.
    jobs_run_here : bool
        Whether jobs run on this machine: on a cluster the GPUs are elsewhere.
    own_environments : bool
        Whether each rule runs in a conda environment of its own.

    Raises
    ------
    UserError
        The results folder cannot be written to, or its disk is as good as full; a library file,
        a structure or the reference ligand is not what the config says; the settings are longer
        than a command may be.
    PlatformError
        A platform or device that the config names is not usable here.
    ConfigError
        A filter names a residue that a receptor does not have; ``ligands.protomers`` or
        ``docking.engine`` names a package that is not where the stages run, or ``docking.cnn``
        needs one.
    ReceptorError
        It cannot, because a structure is not what the config says.
    """
    check_commands(settings)
    check_writable(settings.results)
    if own_environments:
        check_in_environments(settings)
    else:
        check_engine(settings.docking.engine)
        if settings.docking.cnn:
            check_cnn()
    if settings.generate is not None:
        # reads molecules, which other screens need not
        from screenmm.preflight.generation import check_generation  # noqa: PLC0415

        check_generation(settings, own_environments=own_environments)
    if settings.variants is not None:
        # reads with packages that other screens need not have
        from screenmm.preflight.variants import check_variants  # noqa: PLC0415

        check_variants(settings, own_environments=own_environments)
    check_inputs(settings)
    check_residues(settings)
    if jobs_run_here:
        check_devices(settings)


def repeated_option(arguments: Sequence[str]) -> str:
    """Say that Snakemake leaves config files out, because their option is repeated.

    Parameters
    ----------
    arguments : sequence of str
        Snakemake's command line.

    Returns
    -------
    str
        A warning; empty where there is none.
    """
    given = [each for each in arguments if re.match("--configfiles?(=|$)", each)]
    if len(given) < 2:
        return ""
    return (
        "--configfile is given more than once, and snakemake takes the last one alone: name all "
        "files after one, as in --configfile base.yaml more.yaml"
    )


def check_commands(settings: Settings) -> None:
    """Check that the settings fit on the command lines of the jobs.

    Parameters
    ----------
    settings : Settings
        The whole config.

    Raises
    ------
    UserError
        They do not, because of the names of the library's files.
    """
    longest = max(len(stage_settings(settings, stage).encode()) for stage in ("split", "report"))
    if longest > LONGEST_ARGUMENT:
        raise UserError(
            f"the names of the library's {len(settings.screened.files)} files make settings of "
            f"{longest} bytes, and a command line takes {LONGEST_ARGUMENT}: join files "
            "(cat a.smi b.smi > all.smi), or give them and their folders shorter names"
        )


def search_path(path: str, beside: Sequence[Path]) -> str:
    """Search path on which jobs find the command ``screenmm``.

    Parameters
    ----------
    path : str
        The search path as it is.
    beside : sequence of Path
        Folders to look in where it is not on it.

    Returns
    -------
    str
        The path, with the first of the folders that has the command before it where needed.

    Raises
    ------
    UserError
        The command is in none of them.
    """
    if shutil.which("screenmm", path=path):
        return path
    for folder in beside:
        if shutil.which("screenmm", path=str(folder)):
            return f"{folder}{os.pathsep}{path}" if path else str(folder)
    raise UserError(
        f"the command screenmm is neither on the PATH nor in {' or '.join(map(str, beside))}: "
        "activate the environment that holds it (source .venv/bin/activate), or install it "
        "there (pip install -e .)"
    )


def check_in_environments(settings: Settings) -> None:
    """Refuse what the rules' own environments do not hold.

    Raises
    ------
    ConfigError
        ``ligands.protomers`` names an optional package.
    """
    if settings.ligands.protomers != "rules":
        raise ConfigError(
            f"ligands.protomers: {settings.ligands.protomers} is in none of the rules' conda "
            "environments: run without --sdm conda, or take rules"
        )


def check_engine(name: str) -> None:
    """Look for the packages of the docking engine.

    Parameters
    ----------
    name : str
        One of :func:`screenmm.config.engines.engines`.

    Raises
    ------
    ConfigError
        One is not installed.
    """
    facts = engines()[name]
    missing = [package for package in facts.packages if not is_installed(package)]
    if missing:
        others = [
            other
            for other, of in engines().items()
            if other != name and all(map(is_installed, of.packages))
        ]
        raise ConfigError(
            f"docking.engine: {name} needs the package {' and '.join(missing)}, which is not "
            f"installed beside Python {sys.version_info.major}.{sys.version_info.minor} in "
            f"{sys.prefix}: {facts.get}; or take {' or '.join(others)}"
        )


def check_inputs(settings: Settings) -> None:
    """Open the files that the config names, but for those that the last run made results of.

    It takes some seconds, most of them for imports, in a process of its own: it loads OpenMM,
    whose plugins load the GPUs' drivers. Warnings go to standard error.

    Parameters
    ----------
    settings : Settings
        The whole config.

    Raises
    ------
    UserError
        A file cannot be read, or lacks a column, chain, residue or mutation that the config
        names.
    """
    done = subprocess.run(
        [sys.executable, "-c", _OPEN],
        input=settings.model_dump_json(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    said = done.stdout.strip()
    if done.returncode == NOT_USABLE:
        raise UserError(said)
    if done.returncode == NOT_INSTALLED:
        log.info("the files are not opened here: %s", said)
    elif done.returncode != 0:
        # the stages look again, and say what they find
        last = done.stderr.strip().rpartition("\n")[2]
        log.warning("opening the files ended with status %d: %s", done.returncode, last)
    elif said:
        log.warning("%s", said)


def check_residues(settings: Settings) -> None:
    """Look in the receptors for the residues that ``ranking.interactions`` names.

    Parameters
    ----------
    settings : Settings
        The whole config.

    Raises
    ------
    ConfigError
        A receptor does not have one of them.
    """
    asked = settings.ranking.interactions
    if asked.must or asked.must_not:
        try:
            from screenmm.preflight.filters import check_filters  # noqa: PLC0415
        except ModuleNotFoundError as error:
            # Snakemake's own environment need not hold what reads structures; the rule
            # check_filters looks again
            log.info("the residues of ranking.interactions are not looked for here: %s", error)
        else:
            check_filters(settings)


def check_devices(settings: Settings) -> None:
    """Try the GPU that the config names; ``auto`` names none.

    Parameters
    ----------
    settings : Settings
        The whole config.

    Raises
    ------
    PlatformError
        It is not usable here.
    """
    scoring, docking = settings.scoring, settings.docking
    if scoring.platform not in ("auto", "CPU", "Reference"):
        _try("platform", scoring.platform, scoring.precision)
    if docking.device == "gpu" and "device" in engines()[docking.engine].keys:
        _try("device", docking.device)


def _try(*asked: str) -> None:
    """Ask in a process of its own: a driver that crashes must not take Snakemake along."""
    command = [sys.executable, "-c", _TRY, *asked]
    try:
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=TIME_LIMIT_S, check=False
        )
    except subprocess.TimeoutExpired:
        raise PlatformError(
            f"{asked[1]} gave no answer within {TIME_LIMIT_S:g} s: restart the driver or the "
            "machine, or set scoring.platform to CPU"
        ) from None
    said = done.stdout.strip()
    if done.returncode == NOT_USABLE:
        raise PlatformError(said)
    if done.returncode == NOT_INSTALLED:
        log.info("%s is not tried here: %s", asked[1], said)
    elif done.returncode != 0:
        last = done.stderr.strip().rpartition("\n")[2]
        raise PlatformError(
            f"trying {asked[1]} ended with status {done.returncode} {last}: see what screenmm "
            "doctor says, or set scoring.platform to CPU"
        )
