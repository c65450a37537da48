"""Conformers: one low-energy geometry per state, with the chirality it was asked for."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from rdkit import Chem, rdBase
from rdkit.Chem import rdDistGeom, rdForceFieldHelpers

from screenmm.errors import LigandError, Reason
from screenmm.library.marks import find_cages, is_contradictory, mark_open_cages, unmark_cages
from screenmm.settings import Ligands

MINIMISER_STEPS = 500
DIELECTRIC = 80.0
"""Water's: in vacuum charged groups of one molecule fold onto each other."""
LARGE_HEAVY_ATOMS = 60
"""Beyond this embedding starts from random coordinates, which is then the faster way, and
makes one conformer: each takes seconds, and more would sample no better."""

FREE_TRIALS = 64
"""Conformers of a cage that is embedded free of its marks; few have them."""

UNSPECIFIED = Chem.ChiralType.CHI_UNSPECIFIED


def embed(smiles: str, seed: int, settings: Ligands) -> Chem.Mol:
    """Make a conformer.

    Parameters
    ----------
    smiles : str
        The state; atoms keep its order, hydrogens follow.
    seed : int
        Seed of the embedding.
    settings : Ligands
        How many conformers to try; the one lowest in MMFF94s energy (UFF where MMFF94s
        lacks parameters) is kept.

    Returns
    -------
    Mol
        With explicit hydrogens and one conformer.

    Raises
    ------
    LigandError
        ``embedding_failed``: no conformer, or none with the right stereochemistry.
    """
    with rdBase.BlockLogs():
        parsed = Chem.MolFromSmiles(smiles)
        if parsed is None:
            raise LigandError(Reason.EMBEDDING_FAILED, f"not a valid SMILES: {smiles}")
        mol = Chem.AddHs(parsed)
        why = []
        for marked, is_free in _variants(mol):
            trials = FREE_TRIALS if is_free else settings.conformer_trials
            try:
                # many are only tried where there is one: what fails takes longest
                found = _embed(marked, seed, 1) if is_free else [0]
                conformers = _embed(marked, seed, trials) if found else []
                return _best(mol, marked, conformers, is_free=is_free)
            except (ValueError, RuntimeError) as error:
                why.append(str(error).strip()[:300])
    raise LigandError(Reason.EMBEDDING_FAILED, f"no conformer of {smiles}: {why[0]}")


def _best(mol: Chem.Mol, marked: Chem.Mol, conformers: list[int], *, is_free: bool) -> Chem.Mol:
    """Conformer of the lowest energy with the right stereochemistry.

    Parameters
    ----------
    mol, marked : rdkit.Chem.Mol
        The molecule, and the one of its :func:`_variants` that bears the conformers.
    conformers : list of int
        Their numbers.
    is_free : bool
        Most conformers will have another stereochemistry: only the others are relaxed.

    Raises
    ------
    ValueError
        There is none.
    """
    if not conformers:
        raise ValueError(
            "distance geometry finds no geometry that fits (impossible stereochemistry or strain)"
        )
    if is_free:
        conformers = _keep_right(marked, conformers, mol)
    for energy, conformer in sorted(zip(_relax(marked), conformers, strict=True)):
        single = _only(marked, conformer, mol)
        if math.isfinite(energy) and has_stereo_of(single, 0):
            return single
    raise ValueError("none has the stereochemistry asked for")


def has_stereo_of(mol: Chem.Mol, conformer: int) -> bool:
    """Tell whether a conformer has the stereochemistry that the molecule's graph specifies."""
    wanted = Chem.Mol(mol)
    Chem.AssignStereochemistry(wanted, cleanIt=True, force=True)
    found = Chem.Mol(mol)
    Chem.AssignStereochemistryFrom3D(found, conformer, replaceExistingTags=True)
    pairs = zip(wanted.GetAtoms(), found.GetAtoms(), strict=True)
    if any(a.GetChiralTag() not in (UNSPECIFIED, b.GetChiralTag()) for a, b in pairs):
        return False
    bonds = zip(wanted.GetBonds(), found.GetBonds(), strict=True)
    if any(
        a.GetStereo() > Chem.BondStereo.STEREOANY and a.GetStereo() != b.GetStereo()
        for a, b in bonds
    ):
        return False
    # no bridgehead may point inwards, marked or not
    Chem.AssignAtomChiralTagsFromStructure(found, conformer, replaceExistingTags=True)
    return not is_contradictory(found)


def _variants(mol: Chem.Mol) -> Iterator[tuple[Chem.Mol, bool]]:
    """The molecule, and where it has cages the same free of their marks, and with all of them.

    Distance geometry cannot make bicyclo[1.1.1]pentanes with marks, and turns a bridgehead
    of other cages inwards without.
    """
    yield Chem.Mol(mol), False
    if find_cages(mol) and not is_contradictory(mol):
        yield unmark_cages(mol), True
        yield mark_open_cages(mol)[0], False


def _keep_right(mol: Chem.Mol, conformers: list[int], marks: Chem.Mol) -> list[int]:
    """Drop the conformers without the stereochemistry of another copy; those that are left."""
    kept = [each for each in conformers if has_stereo_of(_only(mol, each, marks), 0)]
    for conformer in set(conformers) - set(kept):
        mol.RemoveConformer(conformer)
    return kept


def _embed(mol: Chem.Mol, seed: int, trials: int) -> list[int]:
    """Conformers by ETKDGv3, from random coordinates where eigenvalues give none.

    The torsions of small rings go last but one: with them RDKit stops at an invariant in
    bicyclo[3.1.0]hexanes.
    """
    is_large = mol.GetNumHeavyAtoms() > LARGE_HEAVY_ATOMS
    rings = not is_large
    ways = (is_large, True, rings), (True, True, rings), (True, True, False), (True, False, False)
    error = None
    for from_random, knows_chemistry, knows_rings in ways:
        parameters: Any = rdDistGeom.ETKDGv3()
        parameters.randomSeed = seed
        parameters.numThreads = 1
        parameters.useSmallRingTorsions = knows_rings
        parameters.useRandomCoords = from_random
        parameters.useBasicKnowledge = knows_chemistry
        parameters.maxIterations = 20
        try:
            found = rdDistGeom.EmbedMultipleConfs(mol, 1 if is_large else trials, parameters)
        except RuntimeError as raised:
            error = raised
            continue
        if len(found):
            return list(found)
    if error is not None:
        raise error
    return []


def _relax(mol: Chem.Mol) -> list[float]:
    """Minimise each conformer in place; energies in kcal/mol, comparable among themselves."""
    properties = rdForceFieldHelpers.MMFFGetMoleculeProperties(mol, mmffVariant="MMFF94s")
    if properties is not None:
        properties.SetMMFFDielectricConstant(DIELECTRIC)
    energies = []
    for conformer in mol.GetConformers():
        number = conformer.GetId()
        if properties is not None:
            field = rdForceFieldHelpers.MMFFGetMoleculeForceField(mol, properties, confId=number)
        else:
            field = rdForceFieldHelpers.UFFGetMoleculeForceField(mol, confId=number)
        field.Initialize()
        field.Minimize(maxIts=MINIMISER_STEPS)
        energies.append(field.CalcEnergy())
    return energies


def _only(mol: Chem.Mol, conformer: int, marks: Chem.Mol) -> Chem.Mol:
    """Copy of a molecule with one conformer, and with the chiral tags of another."""
    single = Chem.Mol(mol, confId=conformer)
    single.GetConformer().SetId(0)
    for atom, other in zip(single.GetAtoms(), marks.GetAtoms(), strict=True):
        atom.SetChiralTag(other.GetChiralTag())
    return single
