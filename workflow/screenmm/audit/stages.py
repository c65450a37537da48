"""What each stage reads and writes, as the rules declare it: the crate's data flow."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Stage:
    """A stage of the workflow.

    Parameters
    ----------
    reads, writes : tuple of str
        Files and folders (with a trailing slash) below the results. The user's own files
        come on top.
    """

    reads: tuple[str, ...]
    writes: tuple[str, ...]


VIEWERS = ("view_hits.pml", "view_hits.cxc")

STAGES = {
    "split": Stage((), ("library/records/",)),
    "standardise": Stage(("library/records/",), ("library/parents/",)),
    "merge": Stage(("library/parents/",), ("ligands/shards/",)),
    "prepare_ligands": Stage(("ligands/shards/",), ("ligands/states/",)),
    "prepare_receptor": Stage((), ("receptors/",)),
    "reference": Stage(("receptors/",), ("controls/",)),
    "redock": Stage(("controls/", "receptors/"), ("controls/",)),
    "rescore": Stage(("controls/", "receptors/"), ("controls/",)),
    "compare": Stage(("controls/",), ("controls/",)),
    "gate": Stage(("controls/",), ("controls/",)),
    "dock": Stage(("ligands/states/", "receptors/"), ("poses/",)),
    "select": Stage(("poses/",), ("selected/",)),
    "score": Stage(("selected/", "receptors/"), ("scores/",)),
    "inspect": Stage(("scores/", "receptors/"), ("inspected/",)),
    "manifest": Stage(("scores/", "inspected/"), ("scores/*.manifest.json",)),
    "rank": Stage(
        ("library/parents/", "ligands/shards/", "poses/", "scores/", "inspected/", "receptors/"),
        ("ranking.csv", "picks.csv", "hits.sdf", "ledger.csv", "screen.duckdb", "complexes/"),
    ),
    "report": Stage(
        ("screen.duckdb", "library/records/", "complexes/"),
        ("report.html", "metrics.json", "bias/", "figures/", "tables/", *VIEWERS),
    ),
}
"""By rule."""

COMMANDS = {"redock": "dock", "rescore": "score"}
"""Commands of rules that are not called like their own."""

OUTPUTS = {
    "ranking.csv": "One row per ligand and receptor, best first",
    "picks.csv": "Molecules to buy first, good and diverse, each with its reason",
    "hits.sdf": "Minimised poses of the scored ligands, with their properties",
    "ledger.csv": "The fate of every input record",
    "screen.duckdb": "All tables, for SQL (DuckDB)",
    "report.html": "The report of the screen",
    "metrics.json": "Counts, controls, timings, versions and platforms",
    "bias/": "What the library covers and what the screen lost of it",
    "figures/": "The report's figures, as SVG and PNG",
    "tables/": "The numbers behind the figures",
    "view_hits.pml": "The top hits in their pockets, for PyMOL",
    "view_hits.cxc": "The top hits in their pockets, for ChimeraX",
    "complexes/": "Minimised receptor-ligand complexes of the top hits",
    "receptors/": "Prepared receptors, their force-field parameters and what preparation changed",
}
"""What a run leaves for people; folders have every file listed."""

INTERMEDIATE = {
    "library/records/": "Records of the library, in shards",
    "library/parents/": "Standardised records, in shards",
    "ligands/shards/": "Ligands without duplicates, in shards",
    "ligands/states/": "States and conformers of the ligands",
    "controls/": "Reference ligands, docked again",
    "poses/": "Docked poses and their scores",
    "selected/": "Poses that were chosen for scoring",
    "scores/": "MM/GBSA scores and minimised poses; each manifest lists them by SHA-256",
    "inspected/": "Pose checks and interactions; the manifests list them by SHA-256",
    "logs/": "What each job logged",
    "usage/": "What each job used, and its command line",
    "benchmarks/": "What Snakemake measured of each job",
}
"""Folders that are named but whose files are not listed one by one."""

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
