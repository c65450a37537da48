"""Tautomers that differ by where a hydrogen sits on nitrogen, oxygen or sulphur.

Hydrogens on carbon stay where they are: what a chemist drew as a ketone or an enol
remains one, and stereocentres are never lost. Charges stay on their atoms. Of the rest
those that RDKit's tautomer score (rings that stay aromatic, carbonyls) puts on a par with
the best are kept, save imines on an aromatic ring.
"""

from __future__ import annotations

from functools import cache

from rdkit import Chem, rdBase
from rdkit.Chem.MolStandardize import rdMolStandardize

MAX_TAUTOMERS = 64
MAX_TRANSFORMS = 256
RING_IMINE = "[NX2]=c"

MOBILE = (
    "[nX3H1]",  # annular: imidazole, pyrazole, triazole, purine, pyridone
    "[OX2H1,SX2H1]-c:[nX2]",
    "[OX2H1,SX2H1]-c:c:c:[nX2]",
    "[NX2]=[CX3][NX3;H1]C=[O,S]",
)
"""Groups whose tautomers matter in docking; others are not looked into."""


def tautomers(smiles: str) -> list[str]:
    """Plausible tautomers of a neutral molecule, the best first.

    Parameters
    ----------
    smiles : str
        The molecule.

    Returns
    -------
    list of str
        Canonical SMILES; the molecule's own alone where none of :data:`MOBILE` matches.
    """
    mol = Chem.MolFromSmiles(smiles)
    own: str = Chem.MolToSmiles(mol)
    if not any(mol.HasSubstructMatch(pattern) for pattern in _mobile()):
        return [own]
    with rdBase.BlockLogs():
        found = _enumerator().Enumerate(mol)
        hydrogens, charges = _carbon_hydrogens(mol), _charges(mol)
        scores = {
            Chem.MolToSmiles(other): rdMolStandardize.TautomerEnumerator.ScoreTautomer(other)
            for other in found
            if _carbon_hydrogens(other) == hydrogens
            and _charges(other) == charges
            and not other.HasSubstructMatch(_imine())
        }
    scores.setdefault(own, rdMolStandardize.TautomerEnumerator.ScoreTautomer(mol))
    best = max(scores.values())
    kept = [other for other, score in scores.items() if score == best]
    return sorted(kept, key=lambda other: (-scores[other], other != own, other))


@cache
def _mobile() -> list[Chem.Mol]:
    return [Chem.MolFromSmarts(smarts) for smarts in MOBILE]


@cache
def _imine() -> Chem.Mol:
    return Chem.MolFromSmarts(RING_IMINE)


@cache
def _enumerator() -> rdMolStandardize.TautomerEnumerator:
    enumerator = rdMolStandardize.TautomerEnumerator()
    enumerator.SetMaxTautomers(MAX_TAUTOMERS)
    enumerator.SetMaxTransforms(MAX_TRANSFORMS)
    enumerator.SetRemoveSp3Stereo(False)
    enumerator.SetRemoveBondStereo(False)
    enumerator.SetReassignStereo(True)
    return enumerator


def _carbon_hydrogens(mol: Chem.Mol) -> list[int]:
    return [atom.GetTotalNumHs() for atom in mol.GetAtoms() if atom.GetAtomicNum() == 6]


def _charges(mol: Chem.Mol) -> list[tuple[int, int]]:
    """Charge of each atom, and of those that bear one the hydrogens."""
    charges = ((atom, atom.GetFormalCharge()) for atom in mol.GetAtoms())
    return [(charge, atom.GetTotalNumHs() if charge else 0) for atom, charge in charges]
