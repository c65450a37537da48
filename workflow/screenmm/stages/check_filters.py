"""Stage ``check-filters``: nothing is docked for a filter that no pose can pass."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from screenmm.config.settings import Ranking
from screenmm.run.stage import Rate, Stage
from screenmm.stages.context import add_settings_argument, settings_of

STAGE = Stage(
    "check_filters",
    place=95,
    words="look in a receptor for the residues that the filters name",
    version=1,
    keys={"ranking": frozenset({"interactions"})},
    per_receptor="filtered",
    reads={"receptor": "receptors/{receptor}/"},
    writes={"out": "controls/{receptor}/filters.txt"},
    unit="receptor",
    rate=Rate(0.0, 0.4),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--receptor", type=Path, required=True, help="folder of the receptor")
    parser.add_argument("--out", type=Path, required=True, help="file to write on passing (.txt)")


def run(args: argparse.Namespace) -> None:
    """Look in a prepared receptor for the residues that the filters name.

    Raises
    ------
    ConfigError
        It does not have one of them; says what became of it, or names near ones.
    """
    from screenmm.files.whole import write_text
    from screenmm.residues.filters import check_residues
    from screenmm.run.receptor_folder import ReceptorFolder

    must, must_not = settings_of(args, STAGE).section("ranking", Ranking).interactions.filters
    home = ReceptorFolder(args.receptor)
    report = json.loads(home.report_json.read_text(encoding="utf-8"))
    changes, name = report["changes"], report["receptor"]
    removed = {each["residue"]: each["detail"] for each in changes if each["kind"] == "removed"}
    waters = "".join(each["detail"] for each in changes if each["kind"] == "waters")
    filters = [*must, *must_not]
    check_residues(filters, home.residues(), name, removed, waters)
    asked = [each.text for each in filters if each.is_for(name)]
    write_text(args.out, "".join(f"{text}: {name} has the residue\n" for text in asked))
