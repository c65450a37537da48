"""Everything that a config's section ``variants`` names, read."""

from __future__ import annotations

from screenmm.config.settings import Variants
from screenmm.variants.changes import Reading
from screenmm.variants.entries import Wanted
from screenmm.variants.readers import read_variants
from screenmm.variants.sequence import Sequence, read_sequence


def read_all(asked: Variants) -> tuple[Reading, Sequence | None]:
    """Read the list, the files and the sequence.

    Parameters
    ----------
    asked : Variants

    Returns
    -------
    reading : Reading
    sequence : Sequence or None
        None where none is given.

    Raises
    ------
    UserError
        A file cannot be read, or a listed change cannot be made out.
    """
    sequence = read_sequence(asked.sequence) if asked.sequence else None
    wanted = Wanted(asked.gene, sequence, asked.transcript, asked.fasta, asked.gff3)
    return read_variants(asked.list, [(path.name, path) for path in asked.files], wanted), sequence
