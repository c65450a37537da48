"""Stage ``rank``: the ranking, the hits, the complexes, the ledger, the database."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path
from typing import Any

from screenmm import __version__
from screenmm.config.settings import Ranking, Settings
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    settings_of,
    workers_of,
)

KEYS = frozenset(
    {
        "by", "complexes", "consensus", "interactions", "picks", "pose_checks",
        "preparation_sd_kcal_mol",
    }
)  # fmt: skip


def docked_how(settings: Settings, receptor: str) -> dict[str, Any]:
    """Tell the efforts of docking; rounds, proposals, variants and ensembles, if there are any."""
    rounds, ensembles = len(settings.round_numbers), settings.ensembles
    # pairs keep their order, as keys of JSON do not
    joined = {"ensembles": [*ensembles.items()], "ensemble": settings.ranking.ensemble}
    return {
        "efforts": settings.docking.effort_names,
        **({"rounds": rounds} if rounds else {}),
        **({"generates": True} if settings.generate else {}),
        **({"varied": settings.varied} if settings.varied else {}),
        **(joined if ensembles else {}),
    }


STAGE = Stage(
    "rank",
    place=150,
    words="rank ligands and account for every record",
    version=14,
    keys={"ranking": KEYS},
    more=docked_how,
    reads={
        "parents": "library/parents/{shard}.parquet",
        "ligands": "ligands/shards/{shard}.parquet",
        "poses": "poses/{receptor}/{shard}.parquet",
        "scores": "scores/{receptor}/{shard}.parquet",
        "inspected": "inspected/{receptor}/{shard}.parquet",
        "structures": "receptors/{receptor}/receptor.cif",
        "residues": "receptors/{receptor}/coordinates.npz",
        "reports": "receptors/{receptor}/report.json",
        "sources": "library/sources.parquet",
        "membership": "ligands/membership.parquet",
        "duplicates": "ligands/merge.events.parquet",
        "selected": "selected/{receptor}/select.events.parquet",
    },
    writes={
        "ranking": "ranking.csv",
        "picks": "picks.csv",
        "hits": "hits.sdf",
        "ledger": "ledger.csv",
        "database": "screen.duckdb",
        "complexes": "complexes/",
    },
    unit="fate",
    rate=Rate(1.7e-4, 1.5),
    grows={
        "hits.sdf": ("scored pose", 2100.0),
        "ranking.csv": ("fate", 440.0),
        "ledger.csv": ("fate", 120.0),
        "screen.duckdb": ("pose", 80.0),
    },
    leaves={
        "ranking.csv": "One row per ligand and receptor, best first",
        "picks.csv": "Molecules to buy first, good and diverse, each with its reason",
        "hits.sdf": "Minimised poses of the scored ligands, with their properties",
        "ledger.csv": "The fate of every input record",
        "screen.duckdb": "All tables, for SQL (DuckDB)",
        "complexes/": "Minimised receptor-ligand complexes of the top hits",
    },
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    add_workers_argument(parser)
    parser.add_argument("--results", type=Path, required=True, help="results folder of the run")
    parser.add_argument("--receptors", nargs="+", required=True, help="receptors, in order")


def run(args: argparse.Namespace) -> None:
    """Rank, account for every record, and write the end state.

    Raises
    ------
    LedgerError
        Records in are not records out.
    ConfigError
        A filter names a residue that a receptor does not have.
    """
    from screenmm.analysis.picks import write_picks
    from screenmm.exports.complexes import write_complexes
    from screenmm.exports.hits import write_hits
    from screenmm.residues.filters import check_residues
    from screenmm.results.database import write_database
    from screenmm.results.ensembles import make_ensembles
    from screenmm.results.fates import check_invariant, make_ledger, write_ledger
    from screenmm.results.inspected import filters_of
    from screenmm.results.parts import Parts, open_parts
    from screenmm.results.ranking import make_ranking, write_ranking
    from screenmm.results.variants import make_variants
    from screenmm.run.layout import Layout

    given = settings_of(args, STAGE)
    settings, efforts = given.section("ranking", Ranking), given["efforts"]
    generates = bool(given.values.get("generates"))
    files = Layout(args.results, len(efforts), given.values.get("rounds"), generates)
    must, must_not = filters_of(settings)
    for name in args.receptors:
        check_residues([*must, *must_not], files.receptor(name).residues(), name)
    con = open_parts(
        Parts.of_run(files, args.receptors, efforts),
        threads=workers_of(args),
        spill=args.results / ".duckdb",
    )
    make_ranking(
        con,
        settings.by,
        must,
        must_not,
        consensus=settings.consensus,
        must_pass_checks=settings.pose_checks == "filter",
        preparation_sd_kcal_mol=settings.preparation_sd_kcal_mol,
    )
    make_variants(con, files, given.values.get("varied", []))
    make_ensembles(
        con, dict(given.values.get("ensembles", [])), given.values.get("ensemble", "best")
    )
    make_ledger(con)
    check_invariant(con)
    write_ranking(con, args.results / "ranking.csv")
    write_ledger(con, args.results / "ledger.csv")
    hits = args.results / "hits.sdf"
    write_hits(con, {name: files.minimised(name) for name in args.receptors}, hits)
    cifs = {name: files.receptor(name).structure for name in args.receptors}
    write_complexes(con, hits, cifs, args.results / "complexes", settings.complexes)
    write_picks(con, settings.picks, args.results / "picks.csv")
    metadata = {"screenmm": __version__, "receptors": ", ".join(args.receptors)}
    write_database(con, args.results / "screen.duckdb", metadata)
    con.close()
    shutil.rmtree(args.results / ".duckdb", ignore_errors=True)
