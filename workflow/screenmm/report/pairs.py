"""Pairs of a variant and a ligand that the page shows in 3D."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from screenmm.exports.variant_complexes import FOLDER, pair_file
from screenmm.files.whole import read_text

MOST_PICTURES = 100
"""Pairs that the page has in 3D, each some 12 kB of it; the others' complexes are files."""

CHUNK = 4
"""Pairs that the browser unpacks together."""

# rows of variants.csv by number; what is beyond the noise comes first, controls come last
_ROWS = """
SELECT variant, inchikey, number, receptor, ligand
FROM (SELECT *, row_number() OVER (ORDER BY rowid) AS number FROM variant_effects)
WHERE status = 'scored'
ORDER BY kind = 'null', call = 'not told apart', abs(ddg_kcal_mol) DESC, number
"""

Key = tuple[str, str]  # variant, InChIKey of the ligand


@dataclass(frozen=True)
class Pairs:
    """Files of pairs, and those that the page shows.

    Attributes
    ----------
    files : mapping of (str, str) to str
        Below the results, by variant and InChIKey; of those that were scored.
    texts : sequence of str
        Of the PDB files that the page shows.
    places : mapping of (str, str) to int
        Which of the texts is a pair's.
    """

    files: Mapping[Key, str] = field(default_factory=dict)
    texts: Sequence[str] = ()
    places: Mapping[Key, int] = field(default_factory=dict)

    def of(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """What the page's script needs to know of a pair's picture."""
        key = (row["variant"], row["inchikey"])
        return {"file": self.files.get(key), "picture": self.places.get(key)}


def find_pictures(con: duckdb.DuckDBPyConnection, results: Path | None) -> Pairs:
    """Find what the page can show of pairs in 3D.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``variant_effects``.
    results : Path or None
        The results folder; without it there are no pictures.
    """
    if results is None:
        return Pairs()
    files = {
        (variant, key): f"{FOLDER}/{pair_file(number, receptor, variant, ligand)}"
        for variant, key, number, receptor, ligand in con.execute(_ROWS).fetchall()
    }
    shown = list(files)[:MOST_PICTURES]
    return Pairs(
        files,
        [read_text(results / files[key]) for key in shown],
        {key: place for place, key in enumerate(shown)},
    )
