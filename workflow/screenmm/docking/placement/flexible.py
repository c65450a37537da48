"""A state as flexible PDBQT whose coordinates can be put in and taken out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem

from screenmm.docking.pdbqt import ligand_pdbqt, poses_from_pdbqt

INDEX_MAP = "REMARK INDEX MAP"


class FlexibleLigand:
    """PDBQT of a state, made once and given other coordinates for each start.

    Rings are rigid in it, those of macrocycles too: they have the shape of their conformer.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        All hydrogens, one conformer.

    Raises
    ------
    LigandError
        Meeko cannot type or break up the molecule.
    """

    def __init__(self, mol: Chem.Mol) -> None:
        self.mol = mol
        self.text = ligand_pdbqt(mol, rigid_rings=True)
        self._atoms = _atoms_of_lines(self.text)

    def at(self, start: Chem.Mol) -> str:
        """PDBQT with the coordinates of another conformer of the molecule."""
        places = start.GetConformer().GetPositions()
        lines = []
        for line in self.text.splitlines():
            if line.startswith(("ATOM", "HETATM")):
                x, y, z = places[self._atoms[int(line[6:11])]]
                lines.append(f"{line[:30]}{x:8.3f}{y:8.3f}{z:8.3f}{line[54:]}")
            else:
                lines.append(line)
        return "\n".join(lines) + "\n"

    def heavy_positions(self, text: str) -> NDArray[np.float64]:
        """Coordinates of the heavy atoms in a PDBQT of this ligand, in the molecule's order, Å.

        Rows of other atoms are not a number.
        """
        found = np.full((self.mol.GetNumAtoms(), 3), np.nan)
        for line in text.splitlines():
            if line.startswith(("ATOM", "HETATM")):
                atom = self._atoms[int(line[6:11])]
                found[atom] = [float(line[at : at + 8]) for at in (30, 38, 46)]
        return found

    def pose(self, text: str) -> Chem.Mol:
        """The molecule, hydrogens included, as it lies in a PDBQT of this ligand."""
        (pose,) = poses_from_pdbqt(self.mol, [text])
        return pose


def _atoms_of_lines(text: str) -> dict[int, int]:
    """Atom of the molecule, from 0, for each serial number of a PDBQT."""
    numbers = [
        int(word)
        for line in text.splitlines()
        if line.startswith(INDEX_MAP)
        for word in line.removeprefix(INDEX_MAP).split()
    ]
    return {serial: atom - 1 for atom, serial in zip(numbers[::2], numbers[1::2], strict=True)}
