"""Whose score is it? Agreement of two preparers and accuracy against experiment.

cd benchmarks && python -m robust WORK_FOLDER [--only NAME ...] [--series NAME ...]
    [--preparers NAME ...] [--tables]
cd benchmarks && python -m robust WORK_FOLDER --placed [--series NAME ...] [--preparers NAME ...]
    [--most N] [--tables]
"""

from __future__ import annotations

import argparse
from pathlib import Path

from protocols import JACS

from robust.conformers import run_free
from robust.placed import run as run_placed
from robust.placed import write_placed_tables
from robust.product import run as run_product
from robust.product import write_product_tables
from robust.protocol import PROTOCOLS
from robust.run import run, spread_names
from robust.tables import write_tables


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="folder of intermediate results")
    parser.add_argument("--only", nargs="*", help="names of protocols; all if not given")
    parser.add_argument("--series", nargs="*", default=[], help="of these series")
    parser.add_argument("--preparers", nargs="*", default=[])
    parser.add_argument(
        "--most", type=int, default=1000, help="ligands of a series, evenly over their affinities"
    )
    parser.add_argument("--free", action="store_true", help="only the ligands' conformers")
    parser.add_argument("--tables", action="store_true", help="only write the tables")
    parser.add_argument(
        "--product", nargs="*", metavar="PROTOCOL", help="score as a screen does, by its protocols"
    )
    parser.add_argument(
        "--placed", action="store_true", help="score ligands placed by template from their SMILES"
    )
    args = parser.parse_args()
    if args.placed:
        if not args.tables:
            run_placed(args.work, args.series, args.preparers, args.most)
        write_placed_tables(args.work)
        return
    if args.product is not None:
        path = args.work / "product.csv"
        for name in args.product:
            run_product(args.work, name, path)
        write_product_tables(path)
        return
    if args.tables:
        write_tables(args.work)
        return
    if args.free:
        for name in args.series or JACS:
            run_free(args.work, name, spread_names(args.work, name, args.most))
        return
    chosen = [each for each in PROTOCOLS if not args.only or each.name in args.only]
    run(args.work, chosen, args.series, args.preparers, args.most)


if __name__ == "__main__":
    main()
