"""Ligands in wild type and variant, superposed, as PDB files for viewers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pyarrow.parquet as pq

from screenmm.core.errors import LedgerError
from screenmm.exports.complexes import safe_name
from screenmm.exports.hits import one_line
from screenmm.files.whole import replaced_folder, write_text_gz
from screenmm.results.database import open_database

FOLDER = "variant_complexes"

TITLE_LENGTH = 70
"""Of what a PDB file has room for in one line."""

_ROWS = "SELECT variant, inchikey, ligand, status FROM variant_effects ORDER BY rowid"


def pair_name(number: int, variant: str, ligand: str) -> str:
    """Name of a pair's file: ``0012_T315I_imatinib.pdb.gz``.

    Parameters
    ----------
    number : int
        Its row in ``variants.csv``, from 1.
    variant, ligand : str
    """
    return f"{number:04d}_{safe_name(variant, 'variant')}_{safe_name(ligand, 'ligand')}.pdb.gz"


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
        rows = enumerate(con.execute(_ROWS).fetchall(), start=1)
    wanted = {
        (variant, key): (number, ligand)
        for number, (variant, key, ligand, status) in rows
        if status == "scored"
    }
    with replaced_folder(folder) as partial:
        for path in scores:
            columns = ["variant", "inchikey", "complexes"]
            for row in pq.read_table(path, columns=columns).to_pylist():
                if row["complexes"]:
                    pair = wanted.pop((row["variant"], row["inchikey"]))
                    _write(row, *pair, partial)
        if wanted:
            (variant, key), *_ = wanted
            raise LedgerError(f"{variant} with {key} was scored, and its complexes were not kept")
    return len(list(folder.iterdir()))


def _write(row: Mapping[str, str], number: int, ligand: str, folder: Path) -> None:
    title = one_line(f"{row['variant']} with {ligand}").encode("ascii", "replace").decode()
    head = [
        f"TITLE     {title[:TITLE_LENGTH]}",
        "REMARK   6 MODEL 1 is of the wild type, MODEL 2 of the variant, both minimised.",
        "REMARK   6 Residues near the mutation and the ligand. B factor 1: exchanged.",
    ]
    text = "".join(f"{line:<80}\n" for line in head) + row["complexes"]
    write_text_gz(folder / pair_name(number, row["variant"], ligand), text)
