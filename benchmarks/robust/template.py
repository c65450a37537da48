"""Poses by template: the common core lies on a reference ligand's, the rest is sampled.

A prototype. Fresh conformers (nothing of the ligand's own pose is used) are embedded with the
core's coordinates given, aligned to the template's core, refined by Vina's local optimisation
in the rigid receptor, and the best by its score is the pose.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from rdkit import Chem, DataStructs
from rdkit.Chem import rdDistGeom, rdFMCS, rdMolAlign
from rdkit.Chem.rdFingerprintGenerator import GetMorganGenerator
from rdkit.Geometry import Point3D
from scipy.spatial import cKDTree

from robust.series import PREPARERS, Site, read, structure_of
from screenmm.core.errors import LigandError, Reason
from screenmm.core.seeds import seed_for
from screenmm.docking.pdbqt import ligand_pdbqt, poses_from_pdbqt, receptor_pdbqt
from screenmm.ligands.conformers import has_stereo_of
from screenmm.run.receptor_folder import ReceptorFolder

CONFORMERS = 20
MOST_MATCHES = 2
REFINED = 4
"""Starts that Vina optimises: those with the fewest close contacts."""

CONTACT_ANGSTROM = 3.2
MCS_SECONDS = 10
PADDING_ANGSTROM = 8.0
SEED = 1

HEAVY = "heavy_index"


class Refiner:
    """Vina's local optimisation in a rigid receptor.

    Parameters
    ----------
    site : Site
    around : ndarray, shape (N, 3)
        Coordinates that the box must hold, Å.
    """

    def __init__(self, site: Site, around: np.ndarray) -> None:
        from vina import Vina  # noqa: PLC0415  (only here)

        center = (around.min(axis=0) + around.max(axis=0)) / 2
        size = np.ptp(around, axis=0) + 2 * PADDING_ANGSTROM
        receptor, model = site.receptor, site.prepared.model
        self.heavy_angstrom = cKDTree(model.positions_angstrom[model.parameters.masses > 1.5])
        cofactors = [(each.mol, each.atom_indices) for each in receptor.cofactors]
        text = receptor_pdbqt(
            receptor.topology, receptor.positions_angstrom, cofactors, tuple(center), tuple(size)
        )
        self._folder = tempfile.TemporaryDirectory()
        path = ReceptorFolder(Path(self._folder.name)).pdbqt
        path.write_text(text)
        self._vina = Vina(sf_name="vina", cpu=1, seed=SEED, verbosity=0)
        self._vina.set_receptor(str(path))
        self._vina.compute_vina_maps(center=center.tolist(), box_size=size.tolist())

    def __call__(self, mol: Chem.Mol) -> tuple[float, Chem.Mol]:
        """Score, kcal/mol, and the pose optimised.

        Raises
        ------
        LigandError
            Vina refuses the pose.
        """
        path = Path(self._folder.name) / "pose.pdbqt"
        try:
            self._vina.set_ligand_from_string(ligand_pdbqt(mol))
            score = float(self._vina.optimize()[0])
            self._vina.write_pose(str(path), overwrite=True)
        except (RuntimeError, TypeError) as error:
            raise LigandError(Reason.DOCKING_FAILED, f"vina: {error}") from error
        (pose,) = poses_from_pdbqt(mol, [path.read_text()])
        return score, pose


def medoid(mols: list[Chem.Mol]) -> int:
    """The molecule most like all others, by Morgan fingerprints."""
    generator = GetMorganGenerator(radius=2, fpSize=2048)
    prints = [generator.GetFingerprint(mol) for mol in mols]
    likeness = [sum(DataStructs.BulkTanimotoSimilarity(each, prints)) for each in prints]
    return int(np.argmax(likeness))


def heavy_only(mol: Chem.Mol) -> Chem.Mol:
    """Without hydrogens; each atom remembers its place in the whole molecule."""
    marked = Chem.Mol(mol)
    for atom in marked.GetAtoms():
        atom.SetIntProp(HEAVY, atom.GetIdx())
    return Chem.RemoveHs(marked)


def core_matches(mol: Chem.Mol, template: Chem.Mol) -> list[dict[int, int]]:
    """Ways in which the common core lies on the template: atom of ``mol`` to the template's."""
    own, other = heavy_only(mol), heavy_only(template)
    found = rdFMCS.FindMCS(
        [own, other],
        ringMatchesRingOnly=True,
        completeRingsOnly=True,
        matchChiralTag=False,
        timeout=MCS_SECONDS,
    )
    core = Chem.MolFromSmarts(found.smartsString)
    on_template = [other.GetAtomWithIdx(i).GetIntProp(HEAVY) for i in other.GetSubstructMatch(core)]
    matches = own.GetSubstructMatches(core, uniquify=False, maxMatches=1000)
    distinct = {
        tuple(own.GetAtomWithIdx(i).GetIntProp(HEAVY) for i in match): None for match in matches
    }
    return [dict(zip(each, on_template, strict=True)) for each in list(distinct)[:MOST_MATCHES]]


def starts(mol: Chem.Mol, template: Chem.Mol, core: dict[int, int], seed: int) -> list[Chem.Mol]:
    """Fresh conformers whose core lies on the template's."""
    places = template.GetConformer().GetPositions()
    parameters: Any = rdDistGeom.ETKDGv3()
    parameters.randomSeed = seed
    parameters.numThreads = 1
    parameters.useRandomCoords = True
    parameters.SetCoordMap({own: Point3D(*places[other]) for own, other in core.items()})
    fresh = Chem.Mol(mol)
    fresh.RemoveAllConformers()
    found = []
    for number in rdDistGeom.EmbedMultipleConfs(fresh, CONFORMERS, parameters):
        if not has_stereo_of(fresh, number):
            continue
        rdMolAlign.AlignMol(fresh, template, prbCid=number, atomMap=list(core.items()))
        single = Chem.Mol(fresh, confId=number)
        single.GetConformer().SetId(0)
        found.append(single)
    return found


def place(mol: Chem.Mol, template: Chem.Mol, refine: Refiner) -> tuple[float, Chem.Mol, int]:
    """Vina's score, the pose and the number of the core's atoms.

    Raises
    ------
    LigandError
        No conformer fits the core.
    """
    seed = seed_for(SEED, "template", structure_of(mol))
    matches = core_matches(mol, template)
    tried = [start for core in matches for start in starts(mol, template, core, seed)]
    if not tried:
        raise LigandError(Reason.EMBEDDING_FAILED, "no conformer fits the template's core")
    crowded = [contacts(start, refine.heavy_angstrom) for start in tried]
    fewest = [tried[i] for i in np.argsort(crowded, kind="stable")[:REFINED]]
    score, pose = min((refine(start) for start in fewest), key=lambda each: each[0])
    return score, pose, len(matches[0])


def contacts(mol: Chem.Mol, receptor: cKDTree) -> int:
    """Heavy atoms of the receptor too close to the ligand's, counted by pairs."""
    heavy = [atom.GetIdx() for atom in mol.GetAtoms() if atom.GetAtomicNum() > 1]
    places = mol.GetConformer().GetPositions()[heavy]
    return int(receptor.query_ball_point(places, CONTACT_ANGSTROM, return_length=True).sum())


def template_of(preparer: str, series: str) -> Chem.Mol:
    """The series' reference: the same ligand for both preparers, the medoid of the series."""
    mols = read(PREPARERS[0], series)
    chosen = mols[medoid(mols)]
    if preparer == PREPARERS[0]:
        return chosen
    wanted = structure_of(chosen)
    return next(mol for mol in read(preparer, series) if structure_of(mol) == wanted)
