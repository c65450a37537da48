"""Functional groups drawn in one way, as OpenFF NAGL draws them before it looks for resonance.

The reactions are RDKit's (Code/GraphMol/MolStandardize/TransformCatalog/normalizations.in) in
the selection of OpenFF NAGL 0.5 [1]_.

References
----------
.. [1] L. Wang et al., OpenFF NAGL, https://github.com/openforcefield/openff-nagl
"""

from __future__ import annotations

import functools

from rdkit import Chem
from rdkit.Chem import rdChemReactions

REACTIONS = (
    # nitro
    "[N,P,As,Sb;X3:1](=[O,S,Se,Te:2])=[O,S,Se,Te:3]>>[*+1:1](-[*-1:2])=[*:3]",
    # sulfone
    "[S+2:1]([O-:2])([O-:3])>>[S+0:1](=[O-0:2])(=[O-0:3])",
    # pyridine oxide
    "[nH0+0:1]=[OH0+0:2]>>[n+:1]-[O-:2]",
    # azide
    "[*:1][N:2]=[N:3]#[N:4]>>[*:1][N:2]=[N+:3]=[N-:4]",
    # diazo
    "[*:1]=[N:2]#[N:3]>>[*:1]=[N+:2]=[N-:3]",
    # sulfoxide
    "[!O:1][S+0;X3:2](=[O:3])[!O:4]>>[*:1][S+1:2]([O-:3])[*:4]",
    # phosphate
    "[O,S,Se,Te;-1:1][P+;D4:2][O,S,Se,Te;-1:3]>>[*+0:1]=[P+0;D5:2][*-1:3]",
    # amidinium and its like
    "[C,S&!$([S+]-[O-]);X3+1:1]([NX3:2])[NX3!H0:3]>>[*+0:1]([N:2])=[N+:3]",
    "[P;X4+1:1]([NX3:2])[NX3!H0:3]>>[*+0:1]([N:2])=[N+:3]",
    # hydrazine and diazonium
    "[CX4:1][NX3H:2]-[NX3H:3][CX4:4][NX2+:5]#[NX1:6]>>[CX4:1][NH0:2]=[NH+:3][C:4][N+0:5]=[NH:6]",
    # charges three atoms apart
    "[N,P,As,Sb,O,S,Se,Te;-1:1]-[A+0:2]=[N,P,As,Sb,O,S,Se,Te;+1:3]>>[*-0:1]=[*:2]-[*+0:3]",
    "[n,o,p,s;-1:1]:[a:2]=[N,O,P,S;+1:3]>>[*-0:1]:[*:2]-[*+0:3]",
    "[N,O,P,S;-1:1]-[a:2]:[n,o,p,s;+1:3]>>[*-0:1]=[*:2]:[*+0:3]",
    # charges five atoms apart
    "[N,P,As,Sb,O,S,Se,Te;-1:1]-[A+0:2]=[A:3]-[A:4]=[N,P,As,Sb,O,S,Se,Te;+1:5]>>"
    "[*-0:1]=[*:2]-[*:3]=[*:4]-[*+0:5]",
    "[n,o,p,s;-1:1]:[a:2]:[a:3]:[c:4]=[N,O,P,S;+1:5]>>[*-0:1]:[*:2]:[*:3]:[c:4]-[*+0:5]",
    "[N,O,P,S;-1:1]-[c:2]:[a:3]:[a:4]:[n,o,p,s;+1:5]>>[*-0:1]=[c:2]:[*:3]:[*:4]:[*+0:5]",
    # conjugated cations
    "[N,O;+0!H0:1]-[A:2]=[N!$(*[O-]),O;+1H0:3]>>[*+1:1]=[*:2]-[*+0:3]",
    "[n;+0!H0:1]:[c:2]=[N!$(*[O-]),O;+1H0:3]>>[*+1:1]:[*:2]-[*+0:3]",
    "[N,O;+0!H0:1]-[A:2]=[A:3]-[A:4]=[N!$(*[O-]),O;+1H0:5]>>[*+1:1]=[*:2]-[*:3]=[*:4]-[*+0:5]",
    "[n;+0!H0:1]:[a:2]:[a:3]:[c:4]=[N!$(*[O-]),O;+1H0:5]>>[n+1:1]:[*:2]:[*:3]:[*:4]-[*+0:5]",
    # hypohalites, isocyanides
    "[F,Cl,Br,I,At;-1:1]=[O:2]>>[*-0:1]-[O-:2]",
    "[N,P,As,Sb;-1:1]=[C+;v3:2]>>[*+0:1]#[C+0:2]",
)

MAX_ITERATIONS = 200
"""Of one reaction on one molecule."""


@functools.cache
def _reactions() -> tuple[rdChemReactions.ChemicalReaction, ...]:
    return tuple(rdChemReactions.ReactionFromSmarts(smarts) for smarts in REACTIONS)


@functools.cache
def patterns() -> tuple[Chem.Mol, ...]:
    """Groups that are rewritten."""
    # copies: the templates themselves die with their reaction
    return tuple(Chem.Mol(mol) for reaction in _reactions() for mol in reaction.GetReactants())


def normalise(mol: Chem.Mol) -> Chem.Mol:
    """Rewrite functional groups and kekulise.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        Connected, all hydrogens explicit.

    Returns
    -------
    rdkit.Chem.Mol
        The atoms in the same order, with other formal charges and bond orders where needed.

    Raises
    ------
    ValueError
        A reaction goes on for ever, or splits the molecule.
    """
    normal = Chem.Mol(mol)
    for number, atom in enumerate(normal.GetAtoms(), start=1):
        atom.SetAtomMapNum(number)
    smiles = Chem.MolToSmiles(mol)
    for smarts, reaction in zip(REACTIONS, _reactions(), strict=True):
        normal, smiles = _exhaust(smarts, reaction, normal, smiles)
    Chem.SanitizeMol(normal, Chem.SANITIZE_SYMMRINGS)
    Chem.Kekulize(normal)
    return normal


def _exhaust(
    smarts: str, reaction: rdChemReactions.ChemicalReaction, mol: Chem.Mol, smiles: str
) -> tuple[Chem.Mol, str]:
    """Apply a reaction until it changes nothing."""
    for _ in range(MAX_ITERATIONS):
        products = reaction.RunReactants((mol,), maxProducts=1)
        if not products:
            return mol, smiles
        if len(products[0]) > 1:
            raise ValueError(f"reaction {smarts} splits the molecule {smiles}")
        (product,) = products[0]
        origins = [atom.GetIntProp("react_atom_idx") for atom in product.GetAtoms()]
        mol = Chem.RenumberAtoms(product, [origins.index(i) for i in range(len(origins))])
        Chem.AssignStereochemistry(mol, cleanIt=True)
        before, smiles = smiles, Chem.MolToSmiles(Chem.AddHs(mol))
        if smiles == before:
            return mol, smiles
    raise ValueError(f"reaction {smarts} does not end after {MAX_ITERATIONS} times on {smiles}")
