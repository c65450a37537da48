"""Molecules that the user names for a campaign, standardised as its library is."""

from __future__ import annotations

from pathlib import Path

from screenmm.config.settings import Library, LibraryFile, Ligands
from screenmm.core.errors import LibraryError
from screenmm.library.readers import Seen, read_library_file
from screenmm.library.standardise import ParentRow, standardise_record


def named_molecules(
    path: Path, config_key: str, smiles_column: str, limits: Ligands
) -> dict[str, str]:
    """Key and SMILES of the molecules of a file, without duplicates, in its order.

    Parameters
    ----------
    path : Path
        .smi .csv .tsv .sdf or .parquet.
    config_key : str
        That names it.
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
    found: dict[str, str] = {}
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
                f"{config_key}: {path.name}, record {entry.position} ({entry.name or 'no name'}): "
                f"{parent.message}; mend it or take it out"
            )
        found.setdefault(parent.inchikey, parent.smiles)
    return found
