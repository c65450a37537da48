"""The element of an atom from what its record says, or an error; never a guess."""

from __future__ import annotations

import re
from collections.abc import Set

import gemmi

from screenmm.core.errors import ReceptorError
from screenmm.receptor.names import CAPS, IONS, METALS, MODIFIED, NUCLEOTIDES
from screenmm.residues.synonyms import AMINO_ACIDS, standard_name

UNKNOWN = "X"
"""Element of atoms that the file itself calls unknown (component UNX)."""
DUMMY = ""
"""Element of interaction sites of water models, which are no atoms."""

# names letter by letter: the first letter of an atom's name is its element in these
PLAIN = AMINO_ACIDS | NUCLEOTIDES | CAPS | MODIFIED | {"HOH"}
ORGANIC = frozenset("HCNOPSFI")
# of a modified amino acid: elements of two letters, and no places such as CA, CB or CG
_NOT_A_PLACE = frozenset(("CL", "BR", "SE", "AS", "SI"))
_PLACE = re.compile(r"[CNOS][ABGDEZH]")
_UNKNOWN_RESIDUES = frozenset(("UNX", "UNL", "UNK", "DUM"))
# metals that no molecule of the Protein Data Bank holds beside carbon
_NEVER_IN_MOLECULES = frozenset([
    "Ca", "Na", "Cs", "Sc", "Sr", "Nb", "Ce", "Pr", "Nd", "Sm", "Ho", "Hf", "In",
])  # fmt: skip
_PAIRED = {"CL": "Cl", "BR": "Br", "SE": "Se", "SI": "Si", "AS": "As"} | {
    metal.upper(): metal for metal in METALS - _NEVER_IN_MOLECULES if len(metal) == 2
}
# an atom alone may be any ion
_ALONE = _PAIRED | {metal.upper(): metal for metal in _NEVER_IN_MOLECULES}
_VIRTUAL_SITES = frozenset(("M", "MW", "EP", "EPW", "EP1", "EP2", "LP", "LP1", "LP2", "OM"))
_HEME = {"FE": "Fe"}
_CLUSTER = {"CA": "Ca", "MN": "Mn"}
_METAL_SITES = {
    **dict.fromkeys(("HEM", "HEC", "HEA", "HEB", "HAS", "SF4", "FES", "F3S"), _HEME),
    **dict.fromkeys(("OEX", "OEY", "OEC"), _CLUSTER),
}
# CHARMM's and Amber's names of ions whose letters are no element
_ION_NAMES = {
    "SOD": "Na", "POT": "K", "CLA": "Cl", "CAL": "Ca", "CES": "Cs", "IOD": "I", "LIT": "Li",
    "RUB": "Rb", "BAR": "Ba", "CAD": "Cd", "IM": "Cl", "IP": "Na", "C0": "Ca",
}  # fmt: skip
# AutoDock's types (AutoDock4 and Vina), by their element
AUTODOCK = {
    "A": "C", "C": "C", "N": "N", "NA": "N", "NS": "N", "O": "O", "OA": "O", "OS": "O",
    "S": "S", "SA": "S", "H": "H", "HD": "H", "HS": "H", "P": "P", "F": "F", "I": "I",
    "CL": "Cl", "BR": "Br", "MG": "Mg", "CA": "Ca", "MN": "Mn", "FE": "Fe", "ZN": "Zn",
    "SI": "Si", "SE": "Se", "B": "B",
}  # fmt: skip


def from_symbol(symbol: str) -> str | None:
    """Element of a symbol in any case, deuterium as ``D``; None where it is no symbol."""
    text = symbol.strip()
    if text.upper() == UNKNOWN:
        return UNKNOWN
    if not text.isalpha() or len(text) > 2:
        return None
    found = gemmi.Element(text)
    return None if found.name == "X" else found.name


def derive(residue: str, name: str, symbol: str, aligned: bool, siblings: Set[str]) -> str:
    """Element of one atom; deuterium as ``D``, a water model's extra site as ``DUMMY``.

    In amino acids, nucleotides, caps and waters the name alone decides; elsewhere the
    element column does, and where that is empty the name, if it can be read in one way.

    Parameters
    ----------
    residue : str
        Residue name in the file.
    name : str
        Atom name, with its leading blank where columns are aligned as the PDB format asks.
    symbol : str
        Text of the element column, which may be empty or nonsense.
    aligned : bool
        Whether the file puts a one-letter element into column 14.
    siblings : set of str
        Names of the residue's atoms: a single one may be an ion, and beside N, CA and C
        the second letter of a name is a place in the chain.

    Raises
    ------
    ReceptorError
        The element cannot be told; says what to do, without file and line.
    """
    bare = name.strip().upper()
    standard = standard_name(residue)[0]
    # ions whose numbers wrapped stand under one label
    ion = _ion(residue, bare) if len(siblings) == 1 else None
    if standard in PLAIN and ion is None:
        return _of_standard(standard, bare, symbol)
    backbone = {"N", "CA", "C"} <= siblings
    given = from_symbol(symbol)
    # programs that guess write Ca for CA, and Cd for CD
    misread = backbone and symbol.upper() == bare[:2] not in _NOT_A_PLACE and _PLACE.match(bare)
    known = given is not None and (given != UNKNOWN or residue in _UNKNOWN_RESIDUES)
    if given is not None and known and not misread:
        return given
    return ion or _of_molecule(residue, name, aligned, siblings)


def _of_molecule(residue: str, name: str, aligned: bool, siblings: Set[str]) -> str:
    """Element of an atom without one in its column."""
    bare = name.strip().upper()
    if residue in _METAL_SITES:
        return _METAL_SITES[residue].get(bare[:2]) or _first_letter(residue, bare)
    if bare == "PB" and "PA" in siblings:
        # the phosphates of a nucleotide, and no lead
        return "P"
    if {"N", "CA", "C"} <= siblings:
        return _PAIRED[bare[:2]] if bare[:2] in _NOT_A_PLACE else _first_letter(residue, bare)
    return _of_name(residue, name, aligned, _ALONE if len(siblings) == 1 else _PAIRED)


def _first_letter(residue: str, bare: str) -> str:
    letter = bare.lstrip("0123456789'\"*")[:1]
    if letter in ORGANIC | {"D", "B"}:
        return letter
    raise ReceptorError(_unreadable(residue, bare, "names no element"))


def _unreadable(residue: str, bare: str, reading: str) -> str:
    return (
        f"atom {bare!r} of {residue} has no element, and its name {reading}: write elements "
        "into columns 77-78 of the PDB file (Open Babel, PyMOL and gemmi do), or give mmCIF"
    )


def _of_standard(residue: str, bare: str, symbol: str) -> str:
    if residue == "HOH" and bare in _VIRTUAL_SITES:
        return DUMMY
    letters = bare.lstrip("0123456789'\"*")
    if residue == "MET" and letters == "SE":
        return "Se"
    if letters[:1] in ("H", "C", "N", "O", "S", "P", "D"):
        return letters[0]
    given = from_symbol(symbol)
    if given is not None and given in ("H", "D"):
        return given
    raise ReceptorError(
        f"atom {bare!r} is no atom of {residue}: give it the name that the Protein Data Bank has "
        "for it, or take it out of the file"
    )


def _ion(residue: str, bare: str) -> str | None:
    """Element of a residue of one atom that is named as an ion; None where it is none."""
    if residue.upper() in _ION_NAMES:
        return _ION_NAMES[residue.upper()]
    letters = re.sub(r"[^A-Z]", "", bare)
    named = re.sub(r"[^A-Z]", "", residue.upper())
    if residue.upper() not in IONS and named.capitalize() not in METALS:
        return None
    for candidate in (letters, named):
        if from_symbol(candidate) not in (None, UNKNOWN, "D"):
            return from_symbol(candidate)
    return None


def _of_name(residue: str, name: str, aligned: bool, paired: dict[str, str]) -> str:
    bare = name.strip().upper()
    letters = re.sub(r"^[^A-Z]+", "", bare)
    one = letters[:1] if letters[:1] in ORGANIC else None
    two = paired.get(letters[:2])
    if bare[:1].isdigit() and letters[:1] in ("H", "D"):
        return letters[0]
    if one and two:
        # a full field of four letters says nothing of where the element ends
        if aligned and (name[:1] == " " or len(bare) < 4):
            return one if name[:1] == " " else two
        raise ReceptorError(_unreadable(residue, bare, f"may mean {one} or {two}"))
    if one or two:
        return one or two or ""
    if letters[:1] in ("D", "B") and not letters[1:2].isalpha():
        return letters[0]
    raise ReceptorError(_unreadable(residue, bare, "names no element"))
