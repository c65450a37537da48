"""What a mutation does to a ligand's binding, by MM/GBSA of wild type and variant alike.

Both proteins are scored in the same poses, with the same residues in the model and the same
residues free to move: those around the ligand and those around the exchanged side chain. Both
start from where the wild type's pose ended when it was minimised by itself, so that a mutation
moves what it moves, and what an accident of the start does to one it does to the other. Replicas
differ in that start.

The side chain may stand in several rotamers. A protein in rotamer r costs what its energy without
a ligand lies above that of the best rotamer, and the ligand chooses:

    ΔG = min over poses and rotamers (ΔG of the pose in the rotamer + cost of the rotamer)

so that a side chain which must turn away for the ligand pays for it, and one that clashes in each
of its rotamers pays the least of the clashes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import openmm
from openmm import unit

from screenmm.config.settings import Scoring
from screenmm.core.errors import LigandError, Reason
from screenmm.core.units import ANGSTROM_PER_NM, KJ_PER_KCAL
from screenmm.devices.platforms import PlatformChoice, choose_platform
from screenmm.forcefield.parameters import SystemOptions, build_system, cut
from screenmm.mmgbsa.lbfgs import Options
from screenmm.mmgbsa.minimise import Minimised, minimise_packs
from screenmm.mmgbsa.packing import Member
from screenmm.mmgbsa.score import Pose, PoseScore, field_of, model_of, score_models, score_poses
from screenmm.receptor.model import ReceptorModel
from screenmm.variants.model import Mutant, Prepared

FREE_ANGSTROM = 6.0
"""A residue with an atom within this distance of the β carbon of an exchanged one may move."""

INSIDE_ANGSTROM = 10.0
"""And one within this distance of it is in the model."""

MOST_COST_KCAL_MOL = 6.0
"""A rotamer whose energy lies further above the best, without a ligand, is not tried."""

CONTENDER_KCAL_MOL = 2.0
"""Replicas are scored of what lies at most so far above the best."""


@dataclass(frozen=True)
class Neighbourhood:
    """Residues around exchanged ones, of the wild type and of every variant alike.

    Parameters
    ----------
    sites : tuple of int
        That are exchanged: nothing holds them where they start.
    free, inside : tuple of int
        That may move; that are in the model, those that are bonded to free ones among them.
    """

    sites: tuple[int, ...]
    free: tuple[int, ...]
    inside: tuple[int, ...]


def neighbourhood(wild: Prepared, sites: Sequence[int]) -> Neighbourhood:
    """Find the residues around exchanged ones.

    Parameters
    ----------
    wild : Prepared
        Wild type; what is near hangs on its coordinates alone.
    sites : sequence of int
        Residues that are exchanged.
    """
    model = wild.model
    places = [wild.places(site) for site in sites]
    centres = np.array([each.get("CB", each["CA"]) for each in places])
    offsets = model.positions_angstrom[:, None] - centres
    distance = np.linalg.norm(offsets, axis=2).min(axis=1)
    nearest = np.full(len(model.residue_labels), np.inf)
    np.minimum.at(nearest, model.residues, distance)
    nearest[list(sites)] = 0.0
    free = nearest <= FREE_ANGSTROM
    inside = nearest <= INSIDE_ANGSTROM
    linked = model.residues[model.parameters.bonds]
    inside[linked[free[linked].any(axis=1)].ravel()] = True
    return Neighbourhood(
        tuple(sorted(sites)),
        tuple(np.flatnonzero(free).tolist()),
        tuple(np.flatnonzero(inside).tolist()),
    )


def rotamer_costs(
    mutant: Mutant, around: Neighbourhood, options: Scoring, platform: PlatformChoice
) -> np.ndarray:
    """Energy of each rotamer above the best, without a ligand, kcal/mol.

    Parameters
    ----------
    mutant : Mutant
    around : Neighbourhood
    options : screenmm.config.settings.Scoring
        Restraint, dielectrics, iterations.
    platform : PlatformChoice
        Where it is minimised.

    Returns
    -------
    ndarray, shape (rotamers,)
        0 for the best; infinite for one that cannot be minimised.

    Raises
    ------
    LigandError
        None can be minimised.
    """
    if len(mutant.rotamers) == 1:
        return np.zeros(1)
    model = mutant.prepared.model
    atoms = np.flatnonzero(np.isin(model.residues, around.inside))
    parameters = cut(model.parameters, atoms)
    movable = np.isin(model.residues[atoms], around.free)
    held = movable & ~np.isin(model.residues[atoms], around.sites)
    restrained = np.flatnonzero(held & (parameters.masses > 1.5))
    members = [
        Member(parameters, xyz[atoms] / ANGSTROM_PER_NM, movable, restrained)
        for xyz in mutant.rotamers
    ]
    tolerance = options.tolerance_kcal_mol_angstrom * KJ_PER_KCAL * ANGSTROM_PER_NM
    found = minimise_packs(
        members, field_of(options), Options(tolerance, options.max_iterations), platform, 1
    )
    context = choose_platform("CPU").context(
        build_system(
            parameters,
            SystemOptions(
                movable=movable,
                solute_dielectric=options.solute_dielectric,
                solvent_dielectric=options.solvent_dielectric,
            ),
        )
    )
    energies = np.array(
        [
            _energy(context, each.positions_nm) if isinstance(each, Minimised) else np.inf
            for each in found
        ]
    )
    if not np.isfinite(energies).any():
        errors = [each for each in found if isinstance(each, LigandError)]
        raise errors[0] if errors else LigandError(Reason.NOT_FINITE, "no rotamer has an energy")
    return np.asarray(energies - energies[np.isfinite(energies)].min())


def _energy(context: openmm.Context, positions_nm: np.ndarray) -> float:
    context.setPositions(positions_nm)
    energy = context.getState(energy=True).getPotentialEnergy()
    return float(energy.value_in_unit(unit.kilocalorie_per_mole))


@dataclass(frozen=True)
class Start:
    """A pose of the wild type where its minimisation ended.

    Parameters
    ----------
    pose : Pose
    positions_angstrom : ndarray, shape (N, 3)
        Of the whole wild type, Å.
    """

    pose: Pose
    positions_angstrom: np.ndarray


def starts_of(
    wild: ReceptorModel,
    poses: Sequence[Pose],
    options: Scoring,
    platform: PlatformChoice,
    pack_size: int = 1,
) -> list[Start | LigandError]:
    """Minimise poses in the wild type, as any screen does.

    Parameters
    ----------
    wild : ReceptorModel
    poses : sequence of Pose
    options : screenmm.config.settings.Scoring
    platform : PlatformChoice
    pack_size : int
        Most complexes minimised together.
    """
    found: list[Start | LigandError] = []
    for pose, score in zip(
        poses, score_poses(wild, poses, options, platform, pack_size), strict=True
    ):
        if isinstance(score, LigandError):
            found.append(score)
            continue
        positions = wild.positions_angstrom.copy()
        positions[score.moved_atoms] = score.moved_angstrom
        found.append(Start(Pose(pose.parameters, score.ligand_angstrom), positions))
    return found


class Protein:
    """A variant in the rotamers that are no costlier than :data:`MOST_COST_KCAL_MOL`.

    Parameters
    ----------
    wild : Prepared
    mutant : Mutant
        Of no sites: the wild type itself.
    costs_kcal_mol : ndarray, shape (rotamers,)
        From :func:`rotamer_costs`.
    """

    def __init__(self, wild: Prepared, mutant: Mutant, costs_kcal_mol: np.ndarray) -> None:
        usable = np.flatnonzero(costs_kcal_mol <= MOST_COST_KCAL_MOL)
        self.costs_kcal_mol = costs_kcal_mol[usable]
        self._wild, self._mutant, self._usable = wild, mutant, usable

    @classmethod
    def of_wild_type(cls, wild: Prepared) -> Protein:
        """Wild type as it was prepared."""
        return cls(wild, Mutant(wild, (), [wild.model.positions_angstrom]), np.zeros(1))

    @property
    def prepared(self) -> Prepared:
        """Names of its atoms; where they stand, :meth:`at` says."""
        return self._mutant.prepared

    def at(self, start: Start, rotamer: int) -> ReceptorModel:
        """Receptor where the start has it; an exchanged residue goes with its α carbon."""
        receptor = self._mutant.receptor(int(self._usable[rotamer]))
        wild, sites = self._wild, self._mutant.sites
        positions = receptor.positions_angstrom.copy()
        same = ~np.isin(wild.model.residues, sites)
        positions[~np.isin(receptor.residues, sites)] = start.positions_angstrom[same]
        for site in sites:
            part = wild.atoms(site)
            alpha = part.start + int(np.flatnonzero(wild.names[part] == "CA")[0])
            moved = start.positions_angstrom[alpha] - wild.model.positions_angstrom[alpha]
            positions[receptor.residues == site] += moved
        return replace(receptor, positions_angstrom=positions)

    def ended(self, start: Start, rotamer: int, score: PoseScore) -> np.ndarray:
        """Where all of its atoms stand when it is minimised from a start, shape (N, 3), Å."""
        positions = self.at(start, rotamer).positions_angstrom.copy()
        positions[score.moved_atoms] = score.moved_angstrom
        return positions


@dataclass(frozen=True)
class Candidate:
    """A pose in a rotamer of a protein.

    Parameters
    ----------
    pose, rotamer : int
        Places in their lists.
    cost_kcal_mol : float
        Of the rotamer.
    scores : list of (PoseScore or LigandError)
        Of the pose, then of its replicas; of the pose alone where it is no contender.
    """

    pose: int
    rotamer: int
    cost_kcal_mol: float
    scores: list[PoseScore | LigandError]

    def dg_kcal_mol(self, replica: int) -> float:
        """ΔG with the rotamer's cost; infinite where it could not be scored, or was not."""
        if replica >= len(self.scores):
            return float("inf")
        score = self.scores[replica]
        if isinstance(score, LigandError):
            return float("inf")
        return score.terms.total_kcal_mol + self.cost_kcal_mol


def score_in(
    protein: Protein,
    poses: Sequence[Sequence[Start]],
    around: Neighbourhood,
    options: Scoring,
    platform: PlatformChoice,
    pack_size: int = 1,
) -> list[Candidate]:
    """Score poses in every rotamer of a protein, and the replicas of those that may be best.

    Parameters
    ----------
    protein : Protein
    poses : sequence of sequence of Start
        Of each pose itself, then its replicas; none of a pose that could not be minimised.
    around : Neighbourhood
    options : screenmm.config.settings.Scoring
    platform : PlatformChoice
    pack_size : int
        Most complexes minimised together.

    Returns
    -------
    list of Candidate
        Pose by pose, rotamer by rotamer.
    """

    def scored(of: Sequence[tuple[int, Start]]) -> list[PoseScore | LigandError]:
        models = [
            model_of(
                protein.at(start, rotamer),
                start.pose,
                options,
                around.free,
                around.inside,
                around.sites,
            )
            for rotamer, start in of
        ]
        return score_models(models, options, platform, pack_size)

    rotamers = range(len(protein.costs_kcal_mol))
    places = [(p, r) for p, starts in enumerate(poses) if starts for r in rotamers]
    first = scored([(r, poses[p][0]) for p, r in places])
    found = [
        Candidate(p, r, float(protein.costs_kcal_mol[r]), [score])
        for (p, r), score in zip(places, first, strict=True)
    ]
    best = min(each.dg_kcal_mol(0) for each in found)
    contenders = [each for each in found if each.dg_kcal_mol(0) <= best + CONTENDER_KCAL_MOL]
    more = iter(
        scored([(each.rotamer, start) for each in contenders for start in poses[each.pose][1:]])
    )
    for each in contenders:
        each.scores.extend(next(more) for _ in poses[each.pose][1:])
    return found
