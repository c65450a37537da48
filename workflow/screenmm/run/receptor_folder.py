"""Residues of a prepared receptor, by the labels that its interactions carry."""

from __future__ import annotations

from pathlib import Path

import numpy as np


def prepared_residues(folder: Path) -> list[str]:
    """Labels of a receptor's residues, as ``A:MET:96``.

    Parameters
    ----------
    folder : Path
        Of the prepared receptor.
    """
    with np.load(folder / "coordinates.npz") as arrays:
        return [str(label) for label in arrays["residue_labels"]]
