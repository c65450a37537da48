"""``docs/columns.md``: the dictionary of columns, for people."""

from __future__ import annotations

from pathlib import Path

from screenmm.config.engines import engines
from screenmm.core.columns import Column
from screenmm.tables import dictionary
from screenmm.tables.dictionary import Columns

PATH = Path("docs/columns.md")

HEADER = """\
# Columns

What stands in the tables of a screen. Units are in the names: `_kcal_mol`, `_angstrom`, `_pk`.
Parquet files lie in the results folder, one a shard; `screen.duckdb` has them joined over all
shards, with the receptor in front where there is one.

The *parent* of a record is its molecule as standardised: without salts and, where that is possible,
neutral. Its *states*, stereoisomers, tautomers and protomers, are what is docked.

This page is generated from `workflow/screenmm/tables/dictionary.py` by `screenmm config-docs`.
"""

TABLES: dict[str, tuple[str, Columns]] = {
    "ranking.csv": ("One row per ligand and receptor, best first; also the table `ranking` and the "
                    "tags of `hits.sdf`.",
                    dictionary.ranking(made=dictionary.MADE, modelled=dictionary.MODELLED)),
    "ledger.csv": ("One row per record and receptor: what became of it; also the table `ledger`.",
                   dictionary.LEDGER),
    "picks.csv": ("What to buy first.", dictionary.PICKS),
    "library/records/*.parquet": ("Records as they were read.", dictionary.RECORDS),
    "library/sources.parquet": ("Where each record stands; also the table `sources`.",
                                dictionary.SOURCES),
    "library/parents/*.parquet": ("Standardised records.", dictionary.PARENTS),
    "ligands/shards/*.parquet": ("Ligands; also the table `ligands`, without poses.",
                                 dictionary.LIGANDS),
    "ligands/membership.parquet": ("Ligand of each record; also the table `membership`.",
                                   dictionary.MEMBERSHIP),
    "poses/*/*.parquet": ("Docked poses; also the table `poses`, which has `tier` and `effort` "
                        "beside them. Poses of later tiers lie in `tiers/*/*/poses`; `poses` holds "
                        "those of each ligand's last tier, `earlier_poses` the others.",
                        dictionary.POSES),
    "scores/*/*.parquet": ("Scored poses; also the table `scores`, without lists of residues and "
                           "moved atoms.", dictionary.SCORES),
    "inspected/*/*.parquet": ("Checks and interactions of each scored ligand's best pose.",
                              dictionary.INSPECTED),
    "*.events.parquet": ("What the stages did to records, ligands, states and poses; also the "
                         "table `events`.", dictionary.EVENTS),
    "orders": ("Table of `screen.duckdb`: what the ranking of each receptor follows.",
               dictionary.ORDERS),
    "residue_energies": ("Table of `screen.duckdb`: energy of each residue with the pose that a "
                         "ligand is ranked by.", dictionary.RESIDUE_ENERGIES),
    "checks": ("Table of `screen.duckdb`: checks of that pose.", dictionary.CHECKS),
    "interactions": ("Table of `screen.duckdb`: interactions of that pose.",
                     dictionary.INTERACTIONS),
    "models": ("Table of `screen.duckdb`: receptors that are predicted models, and how sure these "
               "are of their pockets.", dictionary.MODELS),
    "confidence": ("Table of `screen.duckdb`: pLDDT of each residue of such a receptor.",
                   dictionary.CONFIDENCE),
    "rounds/*/batch.parquet": ("Molecules of a round; also the table `batches`.",
                               dictionary.BATCH),
    "rounds/predictions.parquet": ("What is predicted of the molecules that no round docked; also "
                                   "the table `predictions`.", dictionary.PREDICTIONS),
    "rounds/*/proposals/*.parquet": ("What a proposer wrote in a round.", dictionary.PROPOSALS),
    "rounds/*/proposed/lineage.parquet": (
        "Where each proposal that may be docked came from, a row for each arm that proposed it; "
        "also the table `lineage`. Beside it lie `sources`, `membership`, `ligands` and events "
        "of the proposals, as of the library's records.", dictionary.LINEAGE),
    "variants.csv": ("One row per variant and ligand: what the mutation does to its binding; also "
                     "the table `variant_effects`.", dictionary.VARIANT_EFFECTS),
    "biomarkers.csv": ("One row per variant: what it does to the ligands; also the table "
                       "`biomarkers`.", dictionary.BIOMARKERS),
    "ensembles.csv": ("One row per target with several structures and ligand; also the table "
                      "`ensembles`.", dictionary.ENSEMBLES),
    "variants": ("Table of `screen.duckdb`: variants and controls, and what became of each.",
                 dictionary.VARIANTS),
    "variants/*/entries.parquet": ("What was read of the list and the files of variants; also the "
                                   "table `variant_entries`.", dictionary.VARIANT_ENTRIES),
    "variants/*/scores/*.parquet": ("Ligands in variants, as they were scored.",
                                    dictionary.VARIANT_SCORES),
}  # fmt: skip
"""File or table to what a row is, and its columns."""

KINDS = {
    "VARCHAR": "text",
    "BOOLEAN": "yes or no",
    "TINYINT": "integer",
    "INTEGER": "integer",
    "BIGINT": "integer",
    "FLOAT": "number, 32 bits",
    "DOUBLE": "number",
}


def generated() -> dict[Path, str]:
    """Text of the page, by its path in the repository."""
    tables = [_section(f"`{name}`", about, columns) for name, (about, columns) in TABLES.items()]
    about_own = "Scores of this engine alone, in the poses and the ranking."
    own = [
        _section(f"`{engine}`", about_own, facts.scores)
        for engine, facts in engines().items()
        if facts.scores
    ]
    return {PATH: "\n".join([HEADER, *tables, *own])}


def _section(heading: str, about: str, columns: Columns) -> str:
    head = ["| Column | Type | Unit | Meaning |", "|---|---|---|---|"]
    rows = [_row(each, is_csv=".csv" in heading) for each in columns]
    return "\n".join([f"## {heading}", "", about, "", *head, *rows, ""])


def _row(column: Column, *, is_csv: bool) -> str:
    kind = KINDS[column.type.rstrip("[]")] + column.type.count("[]") * ", list"
    if is_csv and column.decimals is not None:
        kind = f"{kind}, {column.decimals} decimals"
    return f"| `{column.name}` | {kind} | {column.unit} | {column.meaning} |"
