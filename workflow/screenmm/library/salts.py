"""Counterions, solvents and small inorganic molecules, as neutral canonical SMILES.

Only records of several components are held against these lists: a record of one
component is the compound itself, be it benzene or acetic acid.
"""

from __future__ import annotations

INORGANIC = frozenset(
    {
        "C", "O=C=O", "[C-]#[O+]", "O=C(O)O", "C#N", "[C-]#N", "N#CO", "N=C=O", "N#CS", "N=C=S",
        "S=C=S", "O=C=S", "ClC(Cl)(Cl)Cl", "FC(F)(F)F", "N#CC#N",
    }
)  # fmt: skip
"""Carbon compounds that are no organic fragment."""

SOLVENTS = frozenset(
    {
        "CO", "CCO", "CCCO", "CC(C)O", "CCCCO", "CC(C)(C)O", "CC(C)=O", "CCC(C)=O", "CC#N",
        "CS(C)=O", "CN(C)C=O", "CC(=O)N(C)C", "CN1CCCC1=O", "ClCCl", "ClC(Cl)Cl", "ClCCCl",
        "CCOCC", "CC(C)OC(C)C", "COC(C)(C)C", "C1CCOC1", "CC1CCCO1", "C1COCCO1", "CCOC(C)=O",
        "CC(=O)OC(C)C", "c1ccccc1", "Cc1ccccc1", "CCCCC", "CCCCCC", "CCCCCCC", "C1CCCCC1",
        "OCCO", "CC(O)CO", "OCC(O)CO", "NC=O", "C[N+](=O)[O-]", "c1ccncc1",
    }
)  # fmt: skip
"""Solvents of crystallisation."""

COUNTERIONS = frozenset(
    {
        "O=CO", "CC(=O)O", "CCC(=O)O", "O=C(O)C(F)(F)F", "O=C(O)C(Cl)(Cl)Cl", "O=C(O)C(=O)O",
        "CS(=O)(=O)O", "CCS(=O)(=O)O", "O=S(=O)(O)C(F)(F)F", "O=S(=O)(O)CCO",
        "O=S(=O)(O)CCS(=O)(=O)O", "COS(=O)(=O)O", "CCN(CC)CC", "CCNCC", "CN(C)C", "CNC", "CN",
        "NCCN", "NCCO", "OCCNCCO", "OCCN(CCO)CCO", "NC(CO)(CO)CO",
    }
)  # fmt: skip
"""Counterions that are never what a record is about once there is a second component."""

SALT_FORMERS = frozenset(
    {
        "Cc1ccc(S(=O)(=O)O)cc1", "O=S(=O)(O)c1ccccc1", "O=S(=O)(O)c1cccc2ccccc12",
        "O=S(=O)(O)c1ccc2ccccc2c1", "O=S(=O)(O)c1cccc2c(S(=O)(=O)O)cccc12",
        "O=C(O)C=CC(=O)O", "O=C(O)CCC(=O)O", "O=C(O)CC(=O)O", "O=C(O)C(O)C(O)C(=O)O",
        "O=C(O)CC(O)C(=O)O", "O=C(O)CC(O)(CC(=O)O)C(=O)O", "CC(O)C(=O)O", "O=C(O)CO",
        "O=C(O)c1ccccc1", "O=C(O)c1ccccc1O", "O=C(O)CCCCC(=O)O", "O=C(O)C(O)c1ccccc1",
        "O=C(O)C(O)C(O)C(O)C(O)CO", "O=C(O)c1cc2ccccc2c(Cc2c(O)c(C(=O)O)cc3ccccc23)c1O",
        "CC1(C)C2CCC1(CS(=O)(=O)O)C(=O)C2", "C[N+](C)(C)CCO", "CNCC(O)C(O)C(O)C(O)CO",
        "NCCCCC(N)C(=O)O", "N=C(N)NCCCC(N)C(=O)O", "O=C1NS(=O)(=O)c2ccccc21",
        "O=C(O)CCC(=O)C(=O)O", "O=C(O)c1cccnc1",
        "O=C(O)CNC(=O)c1ccccc1", "O=C1CCC(C(=O)O)N1", "CCCCCCCCCCCCOS(=O)(=O)O",
        "CCCCCCCCCCCCCCCCCC(=O)O", "CCCCCCCCCCCCCCCC(=O)O",
    }
)  # fmt: skip
"""Acids and bases that form salts and are drugs too: left out beside another compound only."""
