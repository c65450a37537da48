"""A library of a million distinct amides: acids × amines, each a core × a substituent.

Every product is named by its place in a fixed shuffled order, so that the first N of them
are a fair sample and a larger library holds the smaller ones.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from rdkit import Chem

SEED = 20_261_122

# {n}: the amine; {r}: the substituent. Rings 1 and 2 are the acids', 5 and 6 the amines',
# 3 and 4 the substituents'.
ACIDS = (
    "c1({r})ccc(C(=O){n})cc1", "c1({r})cccc(C(=O){n})c1", "c1({r})ccccc1C(=O){n}",
    "c1({r})ccc(C(=O){n})cn1", "c1({r})ccc(C(=O){n})nc1", "c1({r})cc(C(=O){n})ccn1",
    "c1({r})ccc(C(=O){n})s1", "c1({r})ccc(C(=O){n})o1", "c1({r})csc(C(=O){n})c1",
    "c1({r})ccc(CC(=O){n})cc1", "c1({r})cccc(CC(=O){n})c1", "c1({r})ccc(CCC(=O){n})cc1",
    "c1({r})ccc(OCC(=O){n})cc1", "c1({r})ccc2oc(C(=O){n})cc2c1", "c1({r})ccc2sc(C(=O){n})cc2c1",
    "c1({r})ccc2cc(C(=O){n})ccc2c1", "c1({r})ccc2nc(C(=O){n})ccc2c1", "c1({r})nc(C(=O){n})cs1",
    "c1({r})cc(C(=O){n})n(C)n1", "c1({r})cc(C(=O){n})no1", "c1({r})ccc(C2(C(=O){n})CC2)cc1",
    "c1({r})cnc(C(=O){n})cn1", "c1({r})ncc(C(=O){n})cn1", "c1({r})ccc(F)c(C(=O){n})c1",
    "c1({r})ccc(OC)c(C(=O){n})c1", "c1({r})cc(C)cc(C(=O){n})c1", "c1({r})ccc(Cl)c(C(=O){n})c1",
)  # fmt: skip
AMINES = (
    "Nc5ccc({r})cc5", "Nc5cccc({r})c5", "Nc5ccccc5{r}", "Nc5ccc({r})nc5", "Nc5ccc({r})cn5",
    "Nc5cc({r})ccn5", "NCc5ccc({r})cc5", "NCc5cccc({r})c5", "NCc5ccccc5{r}",
    "NCCc5ccc({r})cc5", "NCCc5cccc({r})c5", "NCc5ccc({r})nc5", "NCc5ccc({r})o5",
    "NCc5ccc({r})s5", "N5CCN(c6ccc({r})cc6)CC5", "N5CCN(c6ccc({r})cn6)CC5",
    "N5CCC(c6ccc({r})cc6)CC5", "N5CCC(Oc6ccc({r})cc6)CC5", "N5CC(c6ccc({r})cc6)C5",
    "N5CCc6cc({r})ccc6C5", "N5CCc6ccc({r})cc65", "N(C)Cc5ccc({r})cc5", "Nc5nc({r})cs5",
    "Nc5cc({r})n(C)n5", "Nc5ccc6sc({r})nc6c5", "NCC5CCN(c6ccc({r})cc6)CC5",
    "Nc5ccc({r})c(F)c5",
)  # fmt: skip
SUBSTITUENTS = (
    "C", "CC", "C(C)C", "C(C)(C)C", "CCC", "CC(C)C", "C3CC3", "C3CCC3", "C3CCCC3", "C3CCCCC3",
    "OC", "OCC", "OC(C)C", "OCC3CC3", "OCCOC", "OC3CCOCC3", "SC", "F", "Cl", "Br",
    "C(F)(F)F", "OC(F)(F)F", "C(F)F", "C#N", "S(C)(=O)=O", "S(=O)(=O)C3CC3", "N(C)C", "N3CCOCC3",
    "N3CCCC3", "N3CCCCC3", "N3CCN(C)CC3", "c3ccccc3", "c3ccncc3", "c3ccc(F)cc3", "c3cccc(C)c3",
    "n3cccn3", "n3ccnc3", "c3ccco3", "c3cccs3",
)  # fmt: skip


def building_blocks(cores: tuple[str, ...]) -> list[str]:
    """Cores with each substituent; the place of the other half stays open."""
    return [core.replace("{r}", r) for core in cores for r in SUBSTITUENTS]


def products(count: int) -> list[str]:
    """SMILES of the first ``count`` amides of the shuffled order."""
    acids, amines = building_blocks(ACIDS), building_blocks(AMINES)
    all_of_them = len(acids) * len(amines)
    if count > all_of_them:
        raise SystemExit(f"{count} molecules asked for, but there are only {all_of_them}")
    order = np.random.default_rng(SEED).permutation(all_of_them)[:count]
    return [
        acids[i].replace("{n}", amines[j]) for i, j in zip(*divmod(order, len(amines)), strict=True)
    ]


def write_library(path: Path, count: int) -> None:
    """Write ``count`` molecules as .smi."""
    for smiles in products(200):
        if Chem.MolFromSmiles(smiles) is None:
            raise SystemExit(f"the building blocks give an invalid molecule: {smiles}")
    lines = (f"{smiles} amide{i}\n" for i, smiles in enumerate(products(count)))
    path.write_text("".join(lines))


if __name__ == "__main__":
    write_library(Path(sys.argv[2]), int(sys.argv[1]))
