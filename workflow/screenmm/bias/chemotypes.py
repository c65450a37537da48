"""Chemotypes: classes of molecules that a screen may lose more of than of others.

A molecule may be in several, or in none. Each class but the last ones is a SMARTS pattern
that matches the neutral and the charged form alike, because it is asked of structures as
they were read.
"""

from __future__ import annotations

from functools import cache

from rdkit import Chem

ORGANIC = (1, 5, 6, 7, 8, 9, 14, 15, 16, 17, 35, 53)
"""Elements that are neither metals nor rare: of these, boron and silicon have a class each."""

NONMETALS = (*ORGANIC, 2, 10, 18, 32, 33, 34, 36, 51, 52, 54, 85, 86)

PATTERNS: dict[str, tuple[str, str]] = {
    "acid": (
        "carboxylic, sulfonic, sulfuric or phosphorous acid, or its anion",
        "[$([CX3](=O)[OX2H1,OX1-]),$([SX4](=O)(=O)[OX2H1,OX1-]),$([PX4](=O)[OX2H1,OX1-])]",
    ),
    "basic amine": (
        "aliphatic amine, free or protonated, amidine or guanidine",
        "[$([NX3;+0;!$(N=*);!$(N-*=*);!$(N-*#*);!$(N-a);!$(N-[!#6;!#1])]),$([NX4;+;!H0]),"
        "$([CX3](=[NX2;!$(N-[!#6]),NX3+])[NX3;!$(N-C=O)])]",
    ),
    "quaternary nitrogen": (
        "four carbons on a charged nitrogen, or an alkylated aromatic one",
        "[$([NX4;+;H0]),$([nX3;+;H0;!$(n-[O-])])]",
    ),
    "amide": ("carboxamide", "[NX3][CX3](=O)[#6]"),
    "sulfonamide": ("sulfonyl group on nitrogen", "[SX4](=O)(=O)[NX3,NX2-]"),
    "nitro": ("nitro group", "[$([NX3](=O)=O),$([NX3+](=O)[O-])]"),
    "halogen": ("fluorine, chlorine, bromine or iodine, bound", "[F,Cl,Br,I;D1;+0]"),
    "phosphorus": ("any phosphorus atom", "[#15]"),
    "boron": ("any boron atom", "[#5]"),
    "silicon": ("any silicon atom", "[#14]"),
    "macrocycle": ("ring of twelve atoms or more", "[r{12-}]"),
    "peptide-like": (
        "two amino acids in a row",
        "[NX3,NX4+][CX4][CX3](=O)[NX3][CX4][CX3](=O)[N,O]",
    ),
}
"""Class to what it is, in words, and its pattern."""

METAL, OTHER_ELEMENT, NO_RING, SEVERAL = "metal", "other element", "no ring", "several components"

WORDS: dict[str, str] = {
    **{name: words for name, (words, _) in PATTERNS.items()},
    METAL: "any metal atom, counterions included",
    OTHER_ELEMENT: "arsenic, selenium or another rare element, or a dummy atom",
    NO_RING: "no ring at all",
    SEVERAL: "salt, solvate or mixture: more than one component",
}
"""Every class, in the order of the tables, with what it is."""

CHEMOTYPES = tuple(WORDS)


def chemotypes(mol: Chem.Mol) -> tuple[bool, ...]:
    """Say of each class in ``CHEMOTYPES`` whether a molecule is in it."""
    numbers = {mol.GetAtomWithIdx(i).GetAtomicNum() for i in range(mol.GetNumAtoms())}
    rings = mol.GetRingInfo()
    return (
        *(mol.HasSubstructMatch(pattern) for pattern in _patterns()),
        bool(numbers - {0} - set(NONMETALS)),
        bool((numbers & set(NONMETALS) | numbers & {0}) - set(ORGANIC)),
        rings.NumRings() == 0,
        len(Chem.GetMolFrags(mol)) > 1,
    )


@cache
def _patterns() -> tuple[Chem.Mol, ...]:
    return tuple(Chem.MolFromSmarts(smarts) for _, smarts in PATTERNS.values())
