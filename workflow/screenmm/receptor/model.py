"""A receptor as scoring sees it: parameters, coordinates and residues in one file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from screenmm.files.whole import replace_whole
from screenmm.forcefield.parameters import Parameters
from screenmm.run.receptor_folder import ReceptorFolder


@dataclass(frozen=True)
class ReceptorModel:
    """The whole receptor, parametrised.

    Parameters
    ----------
    parameters : Parameters
        Of N atoms.
    positions_angstrom : ndarray, shape (N, 3)
        Coordinates, Å.
    residues : ndarray of int, shape (N,)
        Residue of each atom, counted from 0.
    residue_labels : ndarray of str
        Label of each residue, as ``A:MET:96``.
    """

    parameters: Parameters
    positions_angstrom: np.ndarray
    residues: np.ndarray
    residue_labels: np.ndarray

    def save(self, folder: Path) -> None:
        """Write the files ``model`` of a :class:`ReceptorFolder`."""
        parameters, coordinates = ReceptorFolder(folder).model
        self.parameters.save(parameters)
        with replace_whole(coordinates) as partial, partial.open("wb") as handle:
            np.savez(
                handle,
                positions_angstrom=self.positions_angstrom,
                residues=self.residues,
                residue_labels=self.residue_labels,
            )

    @classmethod
    def load(cls, folder: Path) -> ReceptorModel:
        """Read what :meth:`save` wrote."""
        parameters, coordinates = ReceptorFolder(folder).model
        with np.load(coordinates) as arrays:
            return cls(
                Parameters.load(parameters),
                arrays["positions_angstrom"],
                arrays["residues"],
                arrays["residue_labels"],
            )
