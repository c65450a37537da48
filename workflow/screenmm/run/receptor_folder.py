"""The folder of a prepared receptor: which file holds what."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np


@dataclass(frozen=True)
class ReceptorFolder:
    """What ``prepare-receptor`` writes; nothing else names its files but the rules.

    Parameters
    ----------
    path : Path
        The folder; its name is the receptor's.
    """

    path: Path

    @property
    def structure(self) -> Path:
        """All atoms, as mmCIF."""
        return self.path / "receptor.cif"

    @property
    def pdbqt(self) -> Path:
        """What engines dock into: the atoms around the box."""
        return self.path / "receptor.pdbqt"

    @property
    def pocket(self) -> Path:
        """Centre and size of the box, Å."""
        return self.path / "pocket.json"

    @property
    def parameters(self) -> Path:
        """Force-field parameters of all atoms."""
        return self.path / "parameters.npz"

    @property
    def coordinates(self) -> Path:
        """Coordinates, and the residue of each atom."""
        return self.path / "coordinates.npz"

    @property
    def reference_ligand(self) -> Path:
        """Ligand that the pocket is around; empty where there is none."""
        return self.path / "reference_ligand.sdf"

    @property
    def report_json(self) -> Path:
        """Every change of the structure."""
        return self.path / "report.json"

    @property
    def report_text(self) -> Path:
        """The same for people."""
        return self.path / "report.txt"

    @property
    def model(self) -> tuple[Path, Path]:
        """Files of :class:`screenmm.receptor.model.ReceptorModel`."""
        return self.parameters, self.coordinates

    @property
    def docked_into(self) -> tuple[Path, Path]:
        """Files of :class:`screenmm.docking.engine.Site`."""
        return self.pdbqt, self.pocket

    @property
    def files(self) -> tuple[Path, ...]:
        """All of them."""
        return (
            self.structure, *self.docked_into, *self.model, self.reference_ligand,
            self.report_json, self.report_text,
        )  # fmt: skip

    def residues(self) -> list[str]:
        """Labels of the receptor's residues, as ``A:MET:96``."""
        with np.load(self.coordinates) as arrays:
            return [str(label) for label in arrays["residue_labels"]]
