"""Parents as proposers read them."""

from __future__ import annotations

from rdkit import Chem, rdBase

from screenmm.core.errors import ConfigError


def core_pattern(core: str) -> Chem.Mol:
    """Pattern of a core.

    Parameters
    ----------
    core : str
        SMARTS.

    Raises
    ------
    ConfigError
        It is none.
    """
    with rdBase.BlockLogs():
        pattern = Chem.MolFromSmarts(core)
    if pattern is None or pattern.GetNumAtoms() == 0:
        raise ConfigError(f"core {core!r} is no SMARTS: write one, or a SMILES of the core")
    return pattern


def readable(smiles: str) -> Chem.Mol | None:
    """Read a SMILES of one molecule without radicals and open ends; None: it is none."""
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles) if smiles and "." not in smiles else None
    if mol is None or any(
        atom.GetNumRadicalElectrons() or not atom.GetAtomicNum() for atom in mol.GetAtoms()
    ):
        return None
    return mol
