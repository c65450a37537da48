"""Residue names that mean the same, whoever wrote the file. Needs no package."""

from __future__ import annotations

AMINO_ACIDS = frozenset([
    "ALA", "ARG", "ASN", "ASP", "CYS", "GLN", "GLU", "GLY", "HIS", "ILE", "LEU", "LYS",
    "MET", "PHE", "PRO", "SER", "THR", "TRP", "TYR", "VAL",
])  # fmt: skip
CAP_ALIASES = {"NMA": "NME", "NHE": "NH2"}

# protonation variants that other programs write into the residue name
VARIANTS = {
    "HID": ("HIS", "HID"), "HSD": ("HIS", "HID"), "HISD": ("HIS", "HID"),
    "HIE": ("HIS", "HIE"), "HSE": ("HIS", "HIE"), "HISE": ("HIS", "HIE"),
    "HIP": ("HIS", "HIP"), "HSP": ("HIS", "HIP"), "HISH": ("HIS", "HIP"),
    "ASH": ("ASP", "ASH"), "ASPH": ("ASP", "ASH"), "ASPP": ("ASP", "ASH"),
    "GLH": ("GLU", "GLH"), "GLUH": ("GLU", "GLH"), "GLUP": ("GLU", "GLH"),
    "LYN": ("LYS", "LYN"), "LSN": ("LYS", "LYN"),
    "CYX": ("CYS", "CYX"), "CYS2": ("CYS", "CYX"), "CYM": ("CYS", "CYM"),
    "ARN": ("ARG", None), "TYM": ("TYR", None),
}  # fmt: skip

WATERS = frozenset([
    "HOH", "WAT", "H2O", "TIP", "TIP3", "TP3", "TIP4", "DOD", "SOL", "SPC",
])  # fmt: skip
# of one heavy atom; as names of the Protein Data Bank's dictionary they are larger molecules
LONE_WATERS = frozenset(("T3P", "T4P", "TP5", "OPC", "SPE", "WTR", "OH2"))


def standard_name(name: str) -> tuple[str, str | None]:
    """Return the standard residue name and the protonation variant that a name implies.

    Parameters
    ----------
    name : str
        Residue name in the file.

    Returns
    -------
    tuple of str and (str or None)
        For example ``("HIS", "HIE")`` for HSE; other names come back as they are.
    """
    if name in VARIANTS:
        return VARIANTS[name]
    if name in CAP_ALIASES:
        return CAP_ALIASES[name], None
    if name in WATERS:
        return "HOH", None
    # Amber's names of terminal residues
    if len(name) == 4 and name[0] in "NC" and standard_name(name[1:])[0] in AMINO_ACIDS:
        return standard_name(name[1:])
    return name, None


def same_name(name: str) -> str:
    """Return one name for all that mean the same residue, with or without its protonation.

    Parameters
    ----------
    name : str
        Residue name, in capitals.

    Returns
    -------
    str
        The name after preparation: HIS for HIE, CYS for CYX, VAL for NVAL, MET for MSE.
    """
    return "MET" if name == "MSE" else standard_name(name)[0]
