"""Charges as the package openff-nagl computes them with PyTorch.

They are kept in ``nagl_charges.json``, so that they can be compared with where neither package
is installed; ``python -m tests.unit.forcefield.nagl`` writes it, where they are.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem

from screenmm.forcefield.charge_model import CHARGE_MODEL
from screenmm.forcefield.smirnoff import mdl_molecule

from .test_smirnoff import MOLECULES

KEPT = Path(__file__).with_name("nagl_charges.json")

MORE = {
    # looked up in the model's table
    **{smiles: smiles for smiles in (
        "C", "O=S(=O)([O-])C", "CSO", "[NH4+]", "F[P-](F)(F)(F)(F)F", "OO", "F/C=C/F", "F/C=C\\F",
        "F[C@H](Cl)Br", "C[C@H](F)O", "[O-]C=O", "FOF",
    )},
    # rewritten before resonance is looked for
    **{smiles: smiles for smiles in (
        "CCCCCCS(=O)CCC", "CCCCCCCN=[N+]=[N-]", "CCCCOC(=O)C=[N+]=[N-]", "CCC[S+2]([O-])([O-])CCC",
        "c1cc[n+]([O-])cc1CCCC", "CCCO[P+]([O-])([O-])OCCC", "CCCC[n+]1ccc(N(C)C)cc1",
        "Nc1cc[nH+]c(CCC)c1", "CCCC[P+](N)(NC)CCC", "[O-]c1c[n+](CCC)no1", "CC(=O)C=C[NH3+]",
        "CN(C)C=CC=[NH+]CCC", "CC(=O)[N-]c1c[n+](CCC)no1", "CC[P+](C)(C)C=C([O-])CCC",
    )},
}  # fmt: skip

REFERENCE = MOLECULES | MORE


def with_hydrogens(smiles: str) -> Chem.Mol:
    return mdl_molecule(Chem.AddHs(Chem.MolFromSmiles(smiles)))


def load() -> Any:
    """The network as its own package reads it."""
    import torch
    from openff.nagl import GNNModel
    from openff.nagl_models import validate_nagl_model_path

    torch.set_num_threads(1)
    return GNNModel.load(validate_nagl_model_path(CHARGE_MODEL), eval_mode=True)


def charges(model: Any, mol: Chem.Mol) -> np.ndarray:
    from openff.toolkit import Molecule

    molecule = Molecule.from_rdkit(mol, allow_undefined_stereo=True, hydrogens_are_explicit=True)
    return model.compute_property(molecule, as_numpy=True)


def kept() -> dict[str, list[float]]:
    return json.loads(KEPT.read_text())


if __name__ == "__main__":
    model = load()
    lines = [
        f'  "{name}": {[round(float(q), 8) for q in charges(model, with_hydrogens(smiles))]}'
        for name, smiles in REFERENCE.items()
    ]
    text = ",\n".join(line.replace("\\", "\\\\") for line in lines)
    KEPT.write_text(f"{{\n{text}\n}}\n")
