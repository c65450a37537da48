"""Names and elements of a prepared receptor's atoms, in the order of its parameters."""

from __future__ import annotations

import gemmi

from screenmm.core.errors import ReceptorError
from screenmm.run.receptor_folder import ReceptorFolder


def atom_names(home: ReceptorFolder, count: int) -> tuple[list[str], list[str]]:
    """Read the names and the elements of the atoms.

    Parameters
    ----------
    home : ReceptorFolder
    count : int
        Atoms of the receptor's other files.

    Returns
    -------
    names, elements : list of str

    Raises
    ------
    ReceptorError
        There are not as many.
    """
    block = gemmi.cif.read(str(home.structure)).sole_block()
    sites = block.find("_atom_site.", ["label_atom_id", "type_symbol"])
    rows = [[gemmi.cif.as_string(value) for value in row] for row in sites]
    if len(rows) != count:
        raise ReceptorError(
            f"{home.path}: {home.structure.name} has {len(rows)} atoms, {home.coordinates.name} "
            f"{count}: prepare the receptor again"
        )
    return [name for name, _ in rows], [gemmi.Element(symbol).name for _, symbol in rows]
