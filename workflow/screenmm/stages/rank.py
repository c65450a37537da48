"""Stage ``rank``: the ranking, the hits, the complexes, the ledger, the database."""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

from screenmm import __version__
from screenmm.analysis.picks import write_picks
from screenmm.config.settings import Ranking
from screenmm.exports.complexes import write_complexes
from screenmm.exports.hits import write_hits
from screenmm.residues.filters import check_residues
from screenmm.results.database import write_database
from screenmm.results.fates import check_invariant, make_ledger, write_ledger
from screenmm.results.inspected import filters_of
from screenmm.results.parts import Parts, open_parts
from screenmm.results.ranking import make_ranking, write_ranking
from screenmm.run.layout import Layout
from screenmm.stages.context import (
    add_settings_argument,
    add_workers_argument,
    settings_of,
    workers_of,
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
    settings = Ranking.model_validate(settings_of(args)["ranking"])
    files = Layout(args.results)
    must, must_not = filters_of(settings)
    for name in args.receptors:
        check_residues([*must, *must_not], files.receptor(name).residues(), name)
    con = open_parts(
        Parts(
            sources=files.sources,
            membership=files.membership,
            events=files.events(args.receptors),
            ligands=files.ligands(),
            poses={name: files.pose_tables(name) for name in args.receptors},
            scores={name: files.scores(name) for name in args.receptors},
            inspected={name: files.inspected(name) for name in args.receptors},
        ),
        threads=workers_of(args),
        spill=args.results / ".duckdb",
    )
    make_ranking(
        con,
        settings.by,
        must,
        must_not,
        must_pass_checks=settings.pose_checks == "filter",
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
