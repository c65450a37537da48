"""Stage ``check-filters``: nothing is docked for a filter that no pose can pass."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from screenmm.config.settings import InteractionFilters
from screenmm.run.stage import Rate, Stage

STAGE = Stage(
    "check_filters",
    place=52,
    words="look in a receptor for the residues that the filters name",
    per_receptor="filtered",
    reads={"receptor": "receptors/{receptor}/"},
    writes={"out": "controls/{receptor}/filters.txt"},
    unit="receptor",
    rate=Rate(0.4),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("--filters", required=True, help="ranking.interactions (JSON)")
    parser.add_argument("--receptor", type=Path, required=True, help="folder of stage prepare")
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

    home = ReceptorFolder(args.receptor)
    must, must_not = InteractionFilters.model_validate_json(args.filters).filters
    report = json.loads(home.report_json.read_text(encoding="utf-8"))
    changes, name = report["changes"], report["receptor"]
    removed = {each["residue"]: each["detail"] for each in changes if each["kind"] == "removed"}
    waters = "".join(each["detail"] for each in changes if each["kind"] == "waters")
    filters = [*must, *must_not]
    check_residues(filters, home.residues(), name, removed, waters)
    asked = [each.text for each in filters if each.is_for(name)]
    write_text(args.out, "".join(f"{text}: {name} has the residue\n" for text in asked))
