"""Ligands in wild type and variant, superposed, as PDB files for viewers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow.parquet as pq

from screenmm.core.errors import LedgerError
from screenmm.exports.complexes import safe_name
from screenmm.exports.hits import one_line
from screenmm.files.whole import remade_folder, write_text_gz
from screenmm.results.database import open_database

FOLDER = "variant_complexes"

TITLE_LENGTH = 70
"""Of what a PDB file has room for in one line."""

# a file is named by its row in variants.csv
_ROWS = """
SELECT row_number() OVER (ORDER BY rowid), receptor, variant, ligand, inchikey, status
FROM variant_effects
"""


def pair_file(number: int, receptor: str, variant: str, ligand: str) -> str:
    """Path of a pair's file in its folder: ``wt/0012_T315I_imatinib.pdb.gz``.

    Parameters
    ----------
    number : int
        Its row in ``variants.csv``, from 1.
    receptor, variant, ligand : str
    """
    names = safe_name(variant, "variant"), safe_name(ligand, "ligand")
    return f"{receptor}/{number:04d}_{'_'.join(names)}.pdb.gz"


def write_variant_complexes(database: Path, scores: Sequence[Path], folder: Path) -> int:
    """Write a file for each pair of a variant and a ligand that was scored.

    Parameters
    ----------
    database : Path
        ``screen.duckdb``.
    scores : sequence of Path
        As ``score_variants`` writes them.
    folder : Path
        Folder to make, or to make anew.

    Returns
    -------
    int
        Number of files.

    Raises
    ------
    LedgerError
        A pair that was scored has no complexes.
    """
    with open_database(database) as con:
        rows = con.execute(_ROWS).fetchall()
    wanted = {
        (variant, key): (pair_file(number, receptor, variant, ligand), f"{variant} with {ligand}")
        for number, receptor, variant, ligand, key, status in rows
        if status == "scored"
    }
    count = len(wanted)
    with remade_folder(folder) as made:
        for path in scores:
            columns = ["variant", "inchikey", "complexes"]
            for row in pq.read_table(path, columns=columns).to_pylist():
                if row["complexes"]:
                    file, title = wanted.pop((row["variant"], row["inchikey"]))
                    write_text_gz(made / file, _text(title, row["complexes"]))
        if wanted:
            (variant, key), *_ = wanted
            raise LedgerError(f"{variant} with {key} was scored, and its complexes were not kept")
    return count


def _text(title: str, complexes: str) -> str:
    """Text of a file: a name of the user's can begin no record."""
    title = one_line(title).encode("ascii", "replace").decode()
    head = [
        f"TITLE     {title[:TITLE_LENGTH]}",
        "REMARK   6 MODEL 1 is of the wild type, MODEL 2 of the variant, both minimised.",
        "REMARK   6 Residues near the mutation and the ligand. B factor 1: exchanged.",
    ]
    return "".join(f"{line:<80}\n" for line in head) + complexes
