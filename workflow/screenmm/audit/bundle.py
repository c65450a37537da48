"""The folder ``provenance``: copies of the workflow and the config, and the table of jobs."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from screenmm.core.errors import UserError
from screenmm.files.whole import write_text

FOLDER = "provenance"
CONFIG = f"{FOLDER}/config.yaml"
JOBS = f"{FOLDER}/jobs.csv"
WORKFLOW = f"{FOLDER}/workflow"
SNAKEFILE = f"{WORKFLOW}/Snakefile"

_COPIED = ("Snakefile", "workflow/rules/*.smk", "envs/*.yaml", "constraints.txt", "LICENSE")
"""Files of the workflow that are copied; no profiles, which may name accounts and people."""


def workflow_files(workflow: Path) -> list[str]:
    """List the files that define a workflow, below its folder.

    Raises
    ------
    UserError
        The folder holds no workflow.
    """
    if not (workflow / "Snakefile").is_file():
        raise UserError(f"{workflow} holds no Snakefile: give ScreenMM's folder with --workflow")
    found = [path for pattern in _COPIED for path in sorted(workflow.glob(pattern))]
    return [path.relative_to(workflow).as_posix() for path in found]


def write_bundle(results: Path, workflow: Path, config: str, jobs: str) -> list[str]:
    """Write the folder anew.

    Parameters
    ----------
    results : Path
        The results folder.
    workflow : Path
        Folder of the Snakefile.
    config, jobs : str
        Contents of ``CONFIG`` and ``JOBS``.

    Returns
    -------
    list of str
        The copied files of the workflow, below ``results``.
    """
    names = workflow_files(workflow)
    target = results / FOLDER
    partial = results / f".{FOLDER}.{os.getpid()}.partial"
    try:
        for name in names:
            copy = partial / "workflow" / name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(workflow / name, copy)
        write_text(partial / Path(CONFIG).name, config)
        write_text(partial / Path(JOBS).name, jobs)
        shutil.rmtree(target, ignore_errors=True)
        os.replace(partial, target)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return [f"{WORKFLOW}/{name}" for name in names]
