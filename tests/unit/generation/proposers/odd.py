"""Parents that no proposer may stumble over."""

ODD = [
    "",
    "C1CC",
    "C",
    "[Na+].[Cl-]",
    "[2H]C([2H])([2H])Oc1ccccc1",
    "C[N+](C)(C)CC(=O)[O-]",
    "[CH2]c1ccccc1",
    "C[Si](C)(C)c1ccccc1",
    "C/C(F)=C(/Cl)c1ccccc1",
    "O=C1CCCCCCCCCCCCCCO1",
    "C12C3C4C1C5C2C3C45",
    "C" * 40,
    "c1ccccc1" * 20,
]
