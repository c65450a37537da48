from __future__ import annotations

import numpy as np
import pytest
from openmm import app

from screenmm.errors import ReceptorError
from screenmm.receptor.bonds import check_bonds


def pair(length: float, names: tuple[str, str] = ("CG", "CD")) -> tuple[app.Topology, np.ndarray]:
    topology = app.Topology()
    residue = topology.addResidue("ARG", topology.addChain("A"), "8")
    atoms = [topology.addAtom(name, app.element.carbon, residue) for name in names]
    topology.addBond(*atoms)
    return topology, np.array([[0.0, 0.0, 0.0], [length, 0.0, 0.0]])


OBSERVED = {(0, "CG"), (0, "CD")}


@pytest.mark.parametrize(("length", "told"), [(1.52, 0), (1.35, 0), (2.0, 1), (1.0, 1)])
def test_poor_bonds_of_the_file_are_told(length: float, told: int) -> None:
    found = check_bonds(*pair(length), OBSERVED)
    assert len(found) == told
    if told:
        assert found[0] == ("A:ARG:8", f"CG–CD {length:.2f} Å (usual 1.46 Å)")


@pytest.mark.parametrize("length", [2.72, 0.5])
def test_absurd_bonds_are_errors(length: float) -> None:
    with pytest.raises(ReceptorError, match=rf"A:ARG:8 CG–CD {length:.2f} Å"):
        check_bonds(*pair(length), OBSERVED)


def test_bonds_of_added_atoms_have_less_room() -> None:
    assert check_bonds(*pair(1.9), {(0, "CG")})
    with pytest.raises(ReceptorError, match=r"CG–CD 2\.05 Å"):
        check_bonds(*pair(2.05), {(0, "CG")})
    assert check_bonds(*pair(2.05), OBSERVED)
