from __future__ import annotations

import pytest

from screenmm.core.errors import ReceptorError
from screenmm.receptor.elements import DUMMY, derive

BACKBONE = ["N", "CA", "C", "O"]


@pytest.mark.parametrize(
    ("residue", "name", "symbol", "aligned", "siblings", "element"),
    [
        # a residue's carbons are carbon, whatever the column says or does not say
        ("ALA", " CA ", "CA", True, BACKBONE, "C"),
        ("ARG", "CD", "", False, [*BACKBONE, "CD"], "C"),
        ("CYS", "HG", "HG", False, [*BACKBONE, "HG"], "H"),
        ("HIE", "NE2", "NE", False, BACKBONE, "N"),
        ("LEU", "1HD1", "", False, BACKBONE, "H"),
        ("ALA", " D  ", "", True, BACKBONE, "D"),
        ("DG", "C1'", "", False, ["P", "C1'"], "C"),
        ("TIP4", "MW", "", False, ["OW", "HW1", "HW2", "MW"], DUMMY),
        # an ion is its own residue
        ("CA", "CA  ", "", True, ["CA"], "Ca"),
        ("CA", "CA", "C", False, ["CA"], "C"),
        ("NA", "NA", "", False, ["NA"], "Na"),
        ("NA", "NA", "", False, ["NA", "NA", "NA"], "Na"),
        ("CL-", "CL-", "", False, ["CL-"], "Cl"),
        ("CLA", "CLA", "", False, ["CLA"], "Cl"),
        ("SOD", "SOD", "", False, ["SOD"], "Na"),
        ("HG", "HG", "HG", True, ["HG"], "Hg"),
        ("CD", "CD", "", False, ["CD"], "Cd"),
        ("ZN2", "ZN", "", False, ["ZN"], "Zn"),
        ("Na+", "Na+", "", False, ["NA+"], "Na"),
        ("ZN+2", "ZN+2", "", False, ["ZN+2"], "Zn"),
        ("C0", "C0", "", False, ["C0"], "Ca"),
        # modified amino acids
        ("MSE", "SE", "", False, [*BACKBONE, "SE"], "Se"),
        ("CME", "CE", "", False, [*BACKBONE, "CE"], "C"),
        ("MSE", "CA", "Ca", False, [*BACKBONE, "SE"], "C"),
        ("MSE", "SE", "SE", False, [*BACKBONE, "SE"], "Se"),
        ("CAS", "AS", "AS", True, [*BACKBONE, "AS"], "As"),
        ("CAS", "AS", "", False, [*BACKBONE, "AS"], "As"),
        ("KCX", "NZ", "", False, [*BACKBONE, "NZ"], "N"),
        # ligands: the column, else the name in its columns
        ("LIG", "CA", "Ca", False, ["CA", "C1"], "Ca"),
        ("LIG", " CL1", "", True, ["CL1", "C1"], "C"),
        ("LIG", "CL1 ", "", True, ["CL1", "C1"], "Cl"),
        ("LIG", "O3'", "", False, ["O3'", "C1"], "O"),
        ("LIG", "BR2", "", False, ["BR2", "C1"], "Br"),
        ("5FO", "CAA", "", False, ["CAA", "CAB"], "C"),
        ("FPP", "PB", "", False, ["PA", "PB"], "P"),
        ("OEX", "CA1", "", False, ["CA1", "MN1"], "Ca"),
        ("HEM", "NA", "", False, ["NA", "FE"], "N"),
        ("HEM", "FE", "", False, ["NA", "FE"], "Fe"),
        ("LIG", "D1", "", False, ["D1", "C1"], "D"),
        ("LIG", "B1", "", False, ["B1", "C1"], "B"),
        ("UNX", "UNK", "X", True, ["UNK"], "X"),
    ],
)
def test_element(
    residue: str, name: str, symbol: str, aligned: bool, siblings: list[str], element: str
) -> None:
    assert derive(residue, name, symbol, aligned, set(siblings)) == element


@pytest.mark.parametrize(
    ("residue", "name", "message"),
    [
        (
            "LIG",
            "CL1",
            r"'CL1' of LIG has no element, and its name may mean C or Cl.*columns 77-78",
        ),
        ("LIG", "FE1", "may mean F or Fe"),
        # sodium or nitrogen, by itself
        ("NIO", "NA", "may mean N or Na"),
        ("LIG", "XX1", "names no element"),
        # a dummy of other programs, not deuterium
        ("LIG", "DUM", "names no element"),
        ("ALA", "XB", "'XB' is no atom of ALA"),
    ],
)
def test_no_element_is_guessed(residue: str, name: str, message: str) -> None:
    with pytest.raises(ReceptorError, match=message):
        derive(residue, name, "", False, {name} if residue == "NIO" else {name, "C1"})
