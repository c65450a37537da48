"""Residue names: what each one is, and what it is called where it goes."""

from __future__ import annotations

import gemmi
from pdbfixer.pdbfixer import substitutions

from screenmm.residues.synonyms import AMINO_ACIDS

ONE_LETTER = {
    "A": "ALA", "R": "ARG", "N": "ASN", "D": "ASP", "C": "CYS", "Q": "GLN", "E": "GLU",
    "G": "GLY", "H": "HIS", "I": "ILE", "L": "LEU", "K": "LYS", "M": "MET", "F": "PHE",
    "P": "PRO", "S": "SER", "T": "THR", "W": "TRP", "Y": "TYR", "V": "VAL",
}  # fmt: skip
NUCLEOTIDES = frozenset([
    "A", "C", "G", "U", "DA", "DC", "DG", "DT",
])  # fmt: skip
CAPS = frozenset(("ACE", "NME", "NH2"))
PHOSPHO = frozenset(("SEP", "TPO", "PTR", "S1P", "T1P", "Y1P"))
# residues with force-field templates, beside the twenty
MODIFIED = PHOSPHO | {"HYP"}

# PDB component -> template of amber14/tip3p.xml (12-6: Joung and Cheatham, Li and Merz)
IONS = {
    "LI": "LI", "LI+": "LI", "NA": "NA", "NA+": "NA", "SOD": "NA", "K": "K", "K+": "K",
    "POT": "K", "RB+": "RB", "CS+": "CS", "F-": "F", "BR-": "BR", "I-": "IOD", "C0": "CA",
    "RB": "RB", "CS": "CS", "F": "F", "CL": "CL", "CL-": "CL", "CLA": "CL", "BR": "BR",
    "IOD": "IOD", "MG": "MG", "MG2": "MG", "CA": "CA", "CAL": "CA", "CA2": "CA", "SR": "SR",
    "BA": "BA", "ZN": "ZN", "ZN2": "ZN", "MN": "MN", "FE": "FE", "FE2": "FE2", "CO": "CO",
    "NI": "NI", "CU": "CU", "CD": "CD", "HG": "HG", "PB": "PB", "AL": "AL", "CR": "CR",
    "PT": "PT", "PD": "PD", "LA": "LA", "CE": "CE", "SM": "SM", "EU": "EU", "EU3": "EU3",
    "GD3": "GD3", "TB": "TB", "LU": "LU", "Y": "Y", "YB2": "YB2", "PR": "PR", "IN": "IN",
}  # fmt: skip


def ion_name(name: str) -> str:
    """Return the key of ``IONS`` for a name as Amber and others write it (Na+, Zn2+, MG+2).

    Other names come back as they are, Cu+ among them, which is no Cu2+.
    """
    upper = name.upper()
    bare = upper.replace("+", "").replace("-", "")
    if upper not in IONS and bare[-1:].isdigit():
        upper = bare
    return upper if upper in IONS else name


METALS = frozenset([
    "Li", "Be", "Na", "Mg", "Al", "K", "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni",
    "Cu", "Zn", "Ga", "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd",
    "In", "Sn", "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho",
    "Er", "Tm", "Yb", "Lu", "Hf", "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb",
    "Bi", "U",
])  # fmt: skip

# Buffers, precipitants, cryoprotectants, detergents and reductants of crystallisation.
ADDITIVES = frozenset([
    "ACT", "ACY", "ACN", "EOH", "IPA", "MOH", "DMS", "DMF", "BME", "DTT", "DTV", "DTU",
    "TCE", "GOL", "EDO", "PGO", "PGR", "PDO", "BU1", "BU3", "HEZ", "MPD", "MRD", "TBU",
    "PEG", "PGE", "PG0", "PG4", "PG5", "PG6", "PE3", "PE4", "PE5", "PE7", "PE8", "P33",
    "P6G", "1PE", "2PE", "7PE", "12P", "15P", "XPE", "TOE", "ETE", "M2M", "SO4", "SO3",
    "PO4", "PI", "2HP", "HPO", "NO3", "NO2", "CO3", "BCT", "FMT", "OXL", "MLI", "MLA",
    "MLT", "SIN", "TLA", "TAR", "SRT", "CIT", "FLC", "ICT", "AZI", "SCN", "CYN", "NH4",
    "TRS", "BTB", "EPE", "MES", "MPO", "CAC", "B3P", "BCN", "NHE", "HED", "CXS", "TAM",
    "IMD", "MOO", "VO4", "BO3", "BO4", "BEF", "ALF", "AF3", "MGF", "LDA", "LMT", "BOG",
    "DDQ", "OLA", "OLB", "OLC", "OCT", "D10", "D12", "HEX", "SDS", "C8E", "UNX", "UNL",
    "SUC", "TRE",
])  # fmt: skip
# Sugars of N- and O-glycans.
GLYCANS = frozenset([
    "NAG", "NDG", "MAN", "BMA", "FUC", "FUL", "FCA", "FCB", "GAL", "GLA", "BGC", "GLC",
    "XYP", "XYS", "SIA", "NGA", "A2G",
])  # fmt: skip

# heavy-atom names of other programs -> PDB names
ATOM_ALIASES = {
    "ILE": {"CD": "CD1"},
    "HYP": {"OD": "OD1"},
}
PHOSPHATE_ALIASES = {"O1P": "OP1", "O2P": "OP2"}
TERMINAL_ALIASES = {"OT1": "O", "OC1": "O", "OT2": "OXT", "OC2": "OXT", "OT": "OXT", "O2": "OXT"}


# PDBFixer takes the sulfinic acid CSD for an alanine and lacks the others
_PARENTS = {**substitutions, "CSD": "CYS", "SEC": "CYS", "PYL": "LYS"}
_AMINO_ACIDS_AS_TABULATED = (gemmi.ResidueKind.AA, gemmi.ResidueKind.AAD)

# net charge at pH 7.4 of modified amino acids whose parent, as modelled, has another
CHARGES = {
    "KCX": -1, "ALY": 0, "LLP": -2, "CSD": -1, "OCS": -1, "TYS": -1, "CGU": -2, "CIR": 0,
    "PHD": -2, "NEP": -2, "GME": 0, "SEC": -1, "PYL": 0, "ORN": 1, "DAB": 1,
}  # fmt: skip


def parent_amino_acid(name: str) -> str | None:
    """Return the standard amino acid that a modified one derives from, or None.

    Parents are PDBFixer's, else those of the wwPDB's dictionary as gemmi tabulates it.
    """
    parent = _PARENTS.get(name)
    if parent is None:
        tabulated = gemmi.find_tabulated_residue(name)
        if tabulated.kind in _AMINO_ACIDS_AS_TABULATED:
            parent = ONE_LETTER.get(tabulated.one_letter_code.upper())
    return parent if parent in AMINO_ACIDS else None


def has_other_bonds(name: str) -> bool:
    """Whether a residue is known to differ from the standard ones in more than its D-form.

    What no table knows is one of them under another program's name, if its atoms are the same.
    """
    tabulated = gemmi.find_tabulated_residue(name)
    if name == "MSE" or tabulated.kind == gemmi.ResidueKind.AAD:
        return False
    modified = (gemmi.ResidueKind.AA, gemmi.ResidueKind.RNA, gemmi.ResidueKind.DNA)
    return name in _PARENTS or tabulated.kind in modified
