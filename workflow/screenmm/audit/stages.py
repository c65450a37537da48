"""What each stage reads and writes, as the rules declare it: the crate's data flow."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from pathlib import Path, PurePosixPath

from screenmm.config.settings import Settings
from screenmm.run.stage import Stage
from screenmm.run.stages import stages

OF_EVERY_RULE = {
    "logs/": "What each job logged",
    "usage/": "What each job used, and its command line",
    "benchmarks/": "What Snakemake measured of each job",
}
"""Folders to which every job writes."""


def described() -> list[Stage]:
    """List the stages that the crate tells of: those that come before it."""
    crate = stages()["crate"]
    return [stage for stage in stages().values() if stage.place < crate.place]


def outputs(settings: Settings | None = None) -> dict[str, str]:
    """What a run leaves for people, in words; folders have every file listed.

    Parameters
    ----------
    settings : Settings, optional
        The config: what stages leave that it has no job of is left out.
    """
    made = [s for s in described() if settings is None or s.receptors(settings)]
    return {name: words for stage in made for name, words in stage.leaves.items()}


def intermediate() -> dict[str, str]:
    """Files and folders that later stages read, in words; their files are not listed."""
    found = {name: words for stage in described() for name, words in stage.passes.items()}
    return found | OF_EVERY_RULE


def entities(places: Iterable[str]) -> list[str]:
    """Parts of the crate that files belong to: themselves, or the folder that is described.

    Parameters
    ----------
    places : iterable of str
        Files below the results, with wildcards.

    Returns
    -------
    list of str
        A file of each receptor beside the folders of receptors is a pattern, as
        ``scores/*.manifest.json``.
    """
    known = {*outputs(), *intermediate()}
    return list(dict.fromkeys(_entity(place, known) for place in places))


def _entity(place: str, known: Collection[str]) -> str:
    # those of rounds lie in a folder that is described
    if "{receptor}" in place.rpartition("/")[2] and "{round}" not in place:
        return place.replace("{receptor}", "*")
    parts = [place, *(f"{parent}/" for parent in PurePosixPath(place).parents)]
    return next(part for part in parts if part in known)


_RULE = re.compile(r"^(?:(?:rule|checkpoint) (\w+):|use rule (\w+) as (\w+) with:)", re.MULTILINE)
_ENVIRONMENT = re.compile(r'^    conda:\s+"(?:\.\./)+(envs/[\w.-]+\.yaml)"', re.MULTILINE)


def environments(workflow: Path) -> dict[str, str]:
    """Find the environment file that each rule declares.

    Parameters
    ----------
    workflow : Path
        Folder of the Snakefile.

    Returns
    -------
    dict
        Rule to path below ``workflow``; rules without one are left out.
    """
    found, bases = {}, {}
    for path in sorted((workflow / "workflow/rules").glob("*.smk")):
        _, *parts = _RULE.split(path.read_text(encoding="utf-8"))
        for rule, base, heir, body in zip(*(parts[i::4] for i in range(4)), strict=True):
            declared = _ENVIRONMENT.search(body)
            if declared:
                found[rule or heir] = declared[1]
            elif base:
                bases[heir] = base
    return found | {heir: found[base] for heir, base in bases.items() if base in found}
