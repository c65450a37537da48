"""How near a pose's heavy atoms come to the receptor's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

CLOSE_ANGSTROM = 3.2
"""Heavy atoms nearer than this are crowded: starts with the fewest such pairs are refined."""

CLASH_ANGSTROM = 2.3
"""Heavy atoms nearer than this clash: the shortest hydrogen bonds have 2.4 Å."""

ORGANIC = {"C", "A", "N", "NA", "NS", "O", "OA", "OS", "S", "SA", "P", "F", "Cl", "Br", "I"}
"""AutoDock's types of heavy atoms; metals bind ligands at 2 Å and are left out."""


class Walls:
    """Heavy atoms of a receptor.

    Parameters
    ----------
    receptor_pdbqt : str
        Text of the rigid receptor.
    """

    def __init__(self, receptor_pdbqt: str) -> None:
        places = [
            [float(line[at : at + 8]) for at in (30, 38, 46)]
            for line in receptor_pdbqt.splitlines()
            if line.startswith(("ATOM", "HETATM")) and line[77:].strip() in ORGANIC
        ]
        self._atoms = np.array(places).reshape(-1, 3)

    def crowding(self, heavy: NDArray[np.float64]) -> int:
        """Pairs of heavy atoms nearer than :data:`CLOSE_ANGSTROM`."""
        return self._pairs(heavy, CLOSE_ANGSTROM)

    def clash(self, heavy: NDArray[np.float64]) -> bool:
        """Whether a heavy atom is nearer than :data:`CLASH_ANGSTROM`."""
        return self._pairs(heavy, CLASH_ANGSTROM) > 0

    def _pairs(self, heavy: NDArray[np.float64], within_angstrom: float) -> int:
        low, high = heavy.min(axis=0) - within_angstrom, heavy.max(axis=0) + within_angstrom
        near = self._atoms[((self._atoms >= low) & (self._atoms <= high)).all(axis=1)]
        squared = ((heavy[:, None] - near) ** 2).sum(axis=2)
        return int((squared < within_angstrom**2).sum())
