"""States of a ligand: stereoisomers × tautomers × protomers, the most plausible first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem import rdDistGeom, rdMolDescriptors
from rdkit.Chem.EnumerateStereoisomers import (
    EnumerateStereoisomers,
    GetStereoisomerCount,
    StereoEnumerationOptions,
)

from screenmm.errors import LigandError, Reason
from screenmm.library.marks import both_hands, is_contradictory, mark_open_cages, settle
from screenmm.ligands.protomers import protomers
from screenmm.ligands.tautomers import tautomers
from screenmm.settings import Ligands

STEREO_SEED = 1
FLEETING = (
    "[$([PX4](=O)[OX2H1]),$([PX4](=O)[OX1-1])]",
    "[NX2;!$(N[#7,#8])]=[CX3;$(C[NX3;!H0]),$(C([NX3])[NX3]),$(C[OX1-,SX1-,NX2-])]",
)
"""Formal stereochemistry that is none: acid phosphorus, C=N of amidines, guanidines, amidates."""
MAX_SPARE = 4
"""Isomers beyond those asked for that are looked at, as a power of two."""
EXISTENCE_ATTEMPTS = 5


@dataclass(frozen=True, slots=True)
class States:
    """States of a ligand, and what of its stereoisomers is not among them.

    Parameters
    ----------
    smiles : list of str
        Canonical SMILES of the states.
    left_out : str
        Says how many isomers have no state, and what to do; empty where all have one.
    """

    smiles: list[str]
    left_out: str = ""


def enumerate_states(smiles: str, settings: Ligands) -> list[str]:
    """SMILES of the states of a parent, as :func:`find_states` gives them."""
    return find_states(smiles, settings).smiles


def find_states(smiles: str, settings: Ligands) -> States:
    """States of a parent that are worth docking.

    Undefined stereocentres and the forms of stereo groups come first: each isomer gets its
    best tautomer and protomer before any isomer gets its second.

    Parameters
    ----------
    smiles : str
        The standardised parent; stereo groups as CXSMILES.
    settings : Ligands
        pH range, tautomers, and how many of each.

    Returns
    -------
    States
        At most ``settings.max_states``, in an order that only depends on the input.

    Raises
    ------
    LigandError
        ``enumeration_failed`` when RDKit cannot make a valid state.
    """
    try:
        with rdBase.BlockLogs():
            return _enumerate(smiles, settings)
    except (ValueError, RuntimeError) as error:
        raise LigandError(
            Reason.ENUMERATION_FAILED, f"no states of {smiles}: {str(error).strip()[:300]}"
        ) from None


def stereoisomers(smiles: str, most: int) -> list[str]:
    """Isomers over undefined stereocentres, double bonds and stereo groups, at most ``most``.

    Parameters
    ----------
    smiles : str
        The molecule. Protonated amines should not be in it: they invert, and would count
        as centres.
    most : int
        Beyond it a sample that depends on the molecule alone.
    """
    return _stereoisomers(smiles, most)[0]


def _stereoisomers(smiles: str, most: int) -> tuple[list[str], int]:
    """Isomers, and how many there may be at most."""
    mol = Chem.MolFromSmiles(smiles)
    if mol is None:
        raise ValueError("RDKit cannot read it")
    mol, cages = mark_open_cages(settle(mol))
    fleeting = sum(len(mol.GetSubstructMatches(pattern)) for pattern in _fleeting())
    # half or more of the isomers of a bridged system cannot exist
    bridgeheads = rdMolDescriptors.CalcNumBridgeheadAtoms(mol)
    spare = most << min(fleeting + bridgeheads, MAX_SPARE)
    options = StereoEnumerationOptions(
        tryEmbedding=False, onlyUnassigned=True, unique=True, maxIsomers=spare, rand=STEREO_SEED
    )
    drawn = list(EnumerateStereoisomers(mol, options=options))
    is_sample = len(drawn) == spare
    forms = [form for isomer in drawn for form in both_hands(isomer, cages)]
    # marks that contradict each other may have been given: embedding will say so
    possible = [form for form in forms if not is_contradictory(form)] or forms
    found = list(dict.fromkeys(map(_without_fleeting, possible)))
    total = GetStereoisomerCount(mol, options) << len(cages) if is_sample else len(found)
    if bridgeheads and len(found) > 1:
        exist = [isomer for isomer in found if _can_exist(isomer)]
        total -= len(found) - len(exist)
        found = exist or found
    return found[:most], total


def _can_exist(smiles: str) -> bool:
    """Tell whether distance geometry finds the isomer at a few attempts."""
    parameters: Any = rdDistGeom.ETKDGv3()
    parameters.randomSeed = STEREO_SEED
    parameters.useRandomCoords = True
    parameters.maxIterations = EXISTENCE_ATTEMPTS
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    return bool(rdDistGeom.EmbedMolecule(mol, parameters) >= 0)


@cache
def _fleeting() -> list[Chem.Mol]:
    return [Chem.MolFromSmarts(smarts) for smarts in FLEETING]


def _without_fleeting(mol: Chem.Mol) -> str:
    """Canonical SMILES without the centres and bonds that interconvert at once."""
    phosphorus, *bonds = _fleeting()
    for (atom,) in mol.GetSubstructMatches(phosphorus):
        mol.GetAtomWithIdx(atom).SetChiralTag(Chem.ChiralType.CHI_UNSPECIFIED)
    for pattern in bonds:
        for first, second in mol.GetSubstructMatches(pattern):
            mol.GetBondBetweenAtoms(first, second).SetStereo(Chem.BondStereo.STEREONONE)
    return Chem.CanonSmiles(Chem.MolToSmiles(settle(mol)))


def _enumerate(smiles: str, settings: Ligands) -> States:
    isomers, total = _stereoisomers(smiles, settings.max_stereoisomers)
    ranked: list[tuple[int, int, str]] = []
    for place, isomer in enumerate(isomers):
        forms = tautomers(isomer) if settings.tautomers else [isomer]
        states = [
            (number + order, state)
            for number, form in enumerate(forms)
            for order, state in enumerate(
                protomers(form, settings.ph_min, settings.ph_max, settings.protomers)
            )
        ]
        ranked.extend((rank, place, state) for rank, state in states)
    ranked.sort(key=lambda entry: entry[:2])
    unique: dict[str, tuple[str, int]] = {}
    for _, place, state in ranked:
        unique.setdefault(_form(state), (state, place))
    kept = list(unique.values())[: settings.max_states]
    shown = len({place for _, place in kept})
    return States([state for state, _ in kept], _left_out(shown, len(isomers), total))


def _left_out(shown: int, made: int, total: int) -> str:
    """Say how many isomers have no state, and which key of the config asks for more."""
    if shown >= total:
        return ""
    keys = ["max_stereoisomers"] * (made < total) + ["max_states"] * (shown < made)
    remedy = " and ".join(f"ligands.{key}" for key in keys)
    return f"{shown} of up to {total} stereoisomers have states: raise {remedy} for more"


def _form(smiles: str) -> str:
    """Key that resonance forms share: atoms with their hydrogens, without bond orders.

    An amidinium or a tetrazolate is drawn in several ways that are one state.
    """
    mol = Chem.RWMol(Chem.MolFromSmiles(smiles))
    hydrogens = [atom.GetTotalNumHs() for atom in mol.GetAtoms()]
    for bond in mol.GetBonds():
        bond.SetIsAromatic(False)
        if bond.GetStereo() == Chem.BondStereo.STEREONONE:
            bond.SetBondType(Chem.BondType.SINGLE)
    for atom, count in zip(mol.GetAtoms(), hydrogens, strict=True):
        atom.SetIsAromatic(False)
        atom.SetFormalCharge(0)
        # hydrogens told as isotopes: a SMILES leaves them out where it takes them for granted
        atom.SetIsotope(atom.GetIsotope() * 10 + count)
        atom.SetNoImplicit(True)
        atom.SetNumExplicitHs(0)
    mol.UpdatePropertyCache(strict=False)
    key: str = Chem.MolToSmiles(mol)
    return key
