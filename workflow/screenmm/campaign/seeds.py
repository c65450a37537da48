"""Molecules that the user wants docked first, as keys of the library's ligands."""

from __future__ import annotations

from pathlib import Path

from screenmm.config.settings import Library, LibraryFile, Ligands
from screenmm.core.errors import LibraryError
from screenmm.library.readers import Seen, read_library_file
from screenmm.library.standardise import ParentRow, standardise_record


def seed_keys(path: Path, smiles_column: str, limits: Ligands) -> list[str]:
    """Keys of the molecules of a file, standardised as the library is, without duplicates.

    Parameters
    ----------
    path : Path
        .smi .csv .tsv .sdf or .parquet.
    smiles_column : str
        As the library's, for files that have columns.
    limits : Ligands
        How large a molecule may be, as for the library; filters do not count.

    Raises
    ------
    LibraryError
        A record is no molecule.
    """
    file = LibraryFile(path=path)
    settings = Library(files=[file], smiles_column=smiles_column)
    found: dict[str, None] = {}
    for entry in read_library_file(file, settings, Seen()):
        row = {
            "record": str(entry.position),
            "kind": entry.kind,
            "structure": entry.structure,
            "reason": entry.reason,
            "message": entry.message,
        }
        parent = standardise_record(row, limits, keep_pose=False)
        if not isinstance(parent, ParentRow):
            raise LibraryError(
                f"rounds.seeds: {path.name}, record {entry.position} ({entry.name or 'no name'}): "
                f"{parent.message}; mend it or take it out"
            )
        found[parent.inchikey] = None
    return list(found)
