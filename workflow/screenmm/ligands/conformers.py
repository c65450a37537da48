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
        is_any = False
        try:
            for marked in _variants(mol):
                conformers = _embed(marked, seed, settings.conformer_trials)
                is_any |= bool(conformers)
                energies = _relax(marked) if conformers else []
                for energy, conformer in sorted(zip(energies, conformers, strict=True)):
                    single = _with_geometry(mol, marked, conformer)
                    if math.isfinite(energy) and has_stereo_of(single, 0):
                        return single
        except (ValueError, RuntimeError) as error:
            raise LigandError(
                Reason.EMBEDDING_FAILED, f"no conformer of {smiles}: {str(error).strip()[:300]}"
            ) from None
    if is_any:
        raise LigandError(
            Reason.EMBEDDING_FAILED, f"no conformer of {smiles} has the stereochemistry asked for"
        )
    raise LigandError(
        Reason.EMBEDDING_FAILED,
        f"no conformer of {smiles}: distance geometry finds no geometry that fits "
        "(impossible stereochemistry or strain)",
    )


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


def _variants(mol: Chem.Mol) -> Iterator[Chem.Mol]:
    """The molecule, and where it has cages the same with their marks turned off and on.

    Distance geometry cannot make bicyclo[1.1.1]pentanes with marks, and turns a bridgehead
    of other cages inwards without.
    """
    yield Chem.Mol(mol)
    if find_cages(mol):
        yield unmark_cages(mol)
        yield mark_open_cages(mol)[0]


def _embed(mol: Chem.Mol, seed: int, trials: int) -> list[int]:
    """Conformers by ETKDGv3, from random coordinates where eigenvalues give none."""
    is_large = mol.GetNumHeavyAtoms() > LARGE_HEAVY_ATOMS
    for from_random, knows_chemistry in ((is_large, True), (True, True), (True, False)):
        parameters: Any = rdDistGeom.ETKDGv3()
        parameters.randomSeed = seed
        parameters.numThreads = 1
        parameters.useSmallRingTorsions = not is_large
        parameters.useRandomCoords = from_random
        parameters.useBasicKnowledge = knows_chemistry
        parameters.maxIterations = 20
        if found := list(rdDistGeom.EmbedMultipleConfs(mol, 1 if is_large else trials, parameters)):
            return found
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


def _with_geometry(mol: Chem.Mol, embedded: Chem.Mol, conformer: int) -> Chem.Mol:
    """Copy of a molecule with one conformer of the same atoms."""
    single = Chem.Mol(mol)
    single.RemoveAllConformers()
    single.AddConformer(embedded.GetConformer(conformer))
    single.GetConformer().SetId(0)
    return single
