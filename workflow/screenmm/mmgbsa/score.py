"""One-trajectory MM/GBSA of poses: minimise the complexes, then take them apart.

ΔG = E(complex) - E(receptor) - E(ligand) at the minimised complex's coordinates, plus
the ligand's strain. The terms are

- van der Waals and Coulomb: interaction energies of ligand and receptor,
- GB and SA: change of the polar (OBC2) and apolar solvation energy on binding,
- strain: energy in solvent of the bound ligand above its nearest minimum, times its weight.

Coordinates are made with one solute dielectric and weighed with another: minimised at 1, scored
at 2 by default.

The final energies are computed in double precision whatever platform minimised, so that
small differences of large numbers keep their digits: beside a GPU on that GPU, by kernels of
our own, else on the host. They come apart by residue: a residue
has its interaction with the ligand in full, and what its own solvation (and half of what
its solvation-mediated energy with other residues) changes; the ligand has the rest. The
parts sum to the total.

References
----------
S. Genheden, U. Ryde, Expert Opin. Drug Discov. 10, 449 (2015), on MM/GBSA and its terms.
A. Onufriev, D. Bashford, D. A. Case, Proteins 55, 383 (2004), on OBC2.
H. Gohlke, C. Kiel, D. A. Case, J. Mol. Biol. 330, 891 (2003), on energies per residue.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from scipy.spatial.distance import cdist

from screenmm.config.settings import Scoring
from screenmm.core.errors import LigandError, Reason
from screenmm.core.units import ANGSTROM_PER_NM, KJ_PER_KCAL
from screenmm.devices.opencl import OpenCLDevice
from screenmm.devices.platforms import PlatformChoice
from screenmm.forcefield.parameters import Parameters, cut, join
from screenmm.mmgbsa.carve import Carving, carve
from screenmm.mmgbsa.free_ligands import FreeLigands
from screenmm.mmgbsa.lbfgs import End, Options
from screenmm.mmgbsa.minimise import Minimised, check_end, minimise_packs
from screenmm.mmgbsa.on_device import FreeLigandsOnDevice, binding_parts
from screenmm.mmgbsa.own_device import computed_of_all
from screenmm.mmgbsa.packing import Field, Member
from screenmm.mmgbsa.parts import Parts, interaction_energies, solvation_changes
from screenmm.receptor.model import ReceptorModel

LIGAND_ITERATIONS = 1000
LIGAND_TOLERANCE = 2.0
"""RMS force at which the free ligand's minimisation ends, kJ/mol/nm. Of 28 ligands (TYK2,
thrombin, BACE) 25 then have a strain within 0.1 kcal/mol of that of the minimum itself; soft
torsions of the others leave up to 0.5."""

LIGANDS_AT_ONCE = 64
"""Free ligands minimised side by side."""

MIN_HYDROGEN_CONTACT_NM = 0.13
"""Closer than this, a polar hydrogen has fallen onto an acceptor: hydrogen bonds are
1.5 Å and longer, and hydroxyl hydrogens carry next to no van der Waals radius."""

MAX_BOND_STRETCH = 0.2
"""Share of its length by which a bond may be off; beyond it the molecule is broken."""

MAX_STRAIN_KCAL_MOL = 100.0
"""More than this no bound conformer has: a ring is pierced or a centre inverted."""


@dataclass(frozen=True)
class Pose:
    """A ligand in its place.

    Parameters
    ----------
    parameters : Parameters
        Of the ligand's M atoms.
    angstrom : ndarray, shape (M, 3)
        Coordinates, all hydrogens, Å.
    """

    parameters: Parameters
    angstrom: np.ndarray


@dataclass(frozen=True)
class Terms:
    """Terms of the binding energy, kcal/mol; the strain's has its weight in it."""

    vdw_kcal_mol: float
    coulomb_kcal_mol: float
    gb_kcal_mol: float
    sa_kcal_mol: float
    strain_kcal_mol: float

    @property
    def total_kcal_mol(self) -> float:
        """Sum of the terms."""
        return sum(asdict(self).values())


@dataclass(frozen=True)
class Contributions:
    """What each residue, and the ligand itself, adds to the binding energy.

    Parameters
    ----------
    residues : ndarray of int, shape (R,)
        Residues of the model (indices in the whole receptor).
    kcal_mol : ndarray, shape (R, 4)
        Their van der Waals, Coulomb, polar and apolar terms, kcal/mol.
    ligand_kcal_mol : ndarray, shape (2,)
        The ligand's own polar and apolar desolvation, kcal/mol.
    """

    residues: np.ndarray
    kcal_mol: np.ndarray
    ligand_kcal_mol: np.ndarray


@dataclass(frozen=True)
class PoseScore:
    """A scored pose.

    Parameters
    ----------
    terms : Terms
    contributions : Contributions
        They sum to the terms without the strain.
    ligand_angstrom : ndarray, shape (M, 3)
        Minimised ligand, Å.
    moved_atoms : ndarray of int
        Receptor atoms that could move (indices in the whole receptor).
    moved_angstrom : ndarray, shape (len(moved_atoms), 3)
        Their minimised coordinates, Å.
    iterations : int
        Minimiser iterations taken.
    end : End
        How the minimisation ended: converged, or out of iterations, or stalled.
    rmsd_angstrom : float
        RMS displacement of the ligand's heavy atoms in minimisation, Å.
    ran_on : frozenset of str
        Where our own kernels' part was computed: names of devices, and ``HOST`` for what was
        computed without them.
    """

    terms: Terms
    contributions: Contributions
    ligand_angstrom: np.ndarray
    moved_atoms: np.ndarray
    moved_angstrom: np.ndarray
    iterations: int
    end: End
    rmsd_angstrom: float
    ran_on: frozenset[str]


@dataclass(frozen=True)
class Model:
    """A pose with the receptor around it.

    Parameters
    ----------
    pose : Pose
    carving : Carving
        What of the receptor is in the model.
    residues : ndarray of int
        Residue of each carved atom (indices in the whole receptor).
    pocket : Parameters
        Of the carved atoms, with the bonded terms of those that may move; in ``member`` the
        ligand's come after them.
    member : Member
        The complex as it is minimised.
    """

    pose: Pose
    carving: Carving
    residues: np.ndarray
    pocket: Parameters
    member: Member


def model_of(
    receptor: ReceptorModel,
    pose: Pose,
    options: Scoring,
    also_flexible: Collection[int] = (),
    also_inside: Collection[int] = (),
    unrestrained: Collection[int] = (),
) -> Model:
    """Cut the receptor around a pose and join them.

    Parameters
    ----------
    receptor : ReceptorModel
        The whole receptor.
    pose : Pose
    options : screenmm.config.settings.Scoring
        Radii.
    also_flexible, also_inside : collection of int
        Residues that may move, and that are in the model, wherever the pose is.
    unrestrained : collection of int
        Residues whose atoms, where they may move, are not held near their places.
    """
    carving = carve(
        receptor,
        pose.angstrom,
        options.pocket_radius_angstrom,
        options.flexible_radius_angstrom,
        also_flexible,
        also_inside,
    )
    flexible = np.zeros(len(receptor.parameters), dtype=bool)
    flexible[carving.atoms] = carving.flexible
    pocket = cut(receptor.parameters, carving.atoms, flexible)
    complex_ = join([pocket, pose.parameters])
    start = np.concatenate([receptor.positions_angstrom[carving.atoms], pose.angstrom])
    movable = np.concatenate([carving.flexible, np.ones(len(pose.parameters), dtype=bool)])
    held = movable & (complex_.masses > 1.5)
    held[: len(carving.atoms)] &= ~np.isin(receptor.residues[carving.atoms], list(unrestrained))
    restrained = np.flatnonzero(held)
    member = Member(complex_, start / ANGSTROM_PER_NM, movable, restrained)
    return Model(pose, carving, receptor.residues[carving.atoms], pocket, member)


def jittered(pose: Pose, options: Scoring, seed: int) -> list[Pose]:
    """Displace a pose's atoms a little, several times over.

    The scores of what these minimise to show how far a difference between two scores can
    be an accident of the starting coordinates.

    Parameters
    ----------
    pose : Pose
    options : screenmm.config.settings.Scoring
        How many times, and how far.
    seed : int
        Of the displacements.
    """
    rng = np.random.default_rng(seed)
    shape = (options.jitter_replicas, *pose.angstrom.shape)
    noise = rng.normal(0.0, options.jitter_angstrom, shape)
    return [Pose(pose.parameters, pose.angstrom + each) for each in noise]


def field_of(options: Scoring) -> Field:
    """Restraint and dielectrics of the minimisation, in OpenMM's units."""
    k = options.restraint_kcal_mol_angstrom2 * KJ_PER_KCAL * ANGSTROM_PER_NM**2
    return Field(k, options.minimisation_dielectric, options.solvent_dielectric)


def score_poses(
    receptor: ReceptorModel,
    poses: Sequence[Pose],
    options: Scoring,
    platform: PlatformChoice,
    pack_size: int = 1,
) -> list[PoseScore | LigandError]:
    """Minimise poses in their pocket and score them.

    Parameters
    ----------
    receptor : ReceptorModel
        The whole receptor.
    poses : sequence of Pose
        Of one ligand or of many.
    options : screenmm.config.settings.Scoring
        Radii, restraints, dielectrics, iterations.
    platform : PlatformChoice
        Where the complexes are minimised.
    pack_size : int
        Most complexes minimised together; halved where the device's memory is too small.

    Returns
    -------
    list of PoseScore or LigandError
        For each pose its score, or why it has none: a clash stays, the minimisation
        diverges, or an energy is not finite.
    """
    models = [model_of(receptor, pose, options) for pose in poses]
    return score_models(models, options, platform, pack_size)


def score_models(
    models: Sequence[Model], options: Scoring, platform: PlatformChoice, pack_size: int = 1
) -> list[PoseScore | LigandError]:
    """Minimise complexes, of one receptor or of several, and score them.

    Parameters
    ----------
    models : sequence of Model
    options : screenmm.config.settings.Scoring
        Restraints, dielectrics, iterations.
    platform : PlatformChoice
        Where the complexes are minimised.
    pack_size : int
        Most complexes minimised together; halved where the device's memory is too small.

    Returns
    -------
    list of PoseScore or LigandError
        As of :func:`score_poses`.
    """
    tolerance = options.tolerance_kcal_mol_angstrom * KJ_PER_KCAL * ANGSTROM_PER_NM
    minimised = minimise_packs(
        [model.member for model in models],
        field_of(options),
        Options(tolerance, options.max_iterations),
        platform,
        pack_size,
    )
    ends = [result for result in minimised if isinstance(result, Minimised)]
    complexes = [
        Complex(model.pocket, model.pose.parameters, result.positions_nm, model.residues)
        for model, result in zip(models, minimised, strict=True)
        if isinstance(result, Minimised)
    ]
    taken_apart = computed_of_all(
        platform,
        complexes,
        lambda some, device: binding_terms(some, options, device),
        lambda some: binding_terms(some, options),
    )
    found = iter(zip(ends, taken_apart, strict=True))
    return [
        result if isinstance(result, LigandError) else _scored(model, *next(found))
        for model, result in zip(models, minimised, strict=True)
    ]


def _scored(
    model: Model,
    result: Minimised,
    taken_apart: tuple[tuple[Terms, Contributions] | LigandError, str],
) -> PoseScore | LigandError:
    found, where = taken_apart
    if isinstance(found, LigandError):
        return found
    ligand, n = model.pose.parameters, len(model.pocket)
    terms, contributions = found
    ligand_angstrom = result.positions_nm[n:] * ANGSTROM_PER_NM
    shift = (ligand_angstrom - model.pose.angstrom)[ligand.masses > 1.5]
    return PoseScore(
        terms,
        contributions,
        ligand_angstrom,
        model.carving.atoms[model.carving.flexible],
        result.positions_nm[:n][model.carving.flexible] * ANGSTROM_PER_NM,
        result.iterations,
        result.end,
        float(np.sqrt((shift**2).sum(axis=1).mean())),
        frozenset((result.ran_on, where)),
    )


@dataclass(frozen=True)
class Complex:
    """A complex at fixed coordinates.

    Parameters
    ----------
    pocket, ligand : Parameters
        Of N and M atoms.
    positions_nm : ndarray, shape (N + M, 3)
        The pocket's atoms, then the ligand's, nm.
    residues : ndarray of int, shape (N,)
        Residue of each atom of the pocket.
    """

    pocket: Parameters
    ligand: Parameters
    positions_nm: np.ndarray
    residues: np.ndarray

    @property
    def pocket_nm(self) -> np.ndarray:
        """Coordinates of the pocket, shape (N, 3)."""
        return self.positions_nm[: len(self.pocket)]

    @property
    def ligand_nm(self) -> np.ndarray:
        """Coordinates of the bound ligand, shape (M, 3)."""
        return self.positions_nm[len(self.pocket) :]


def binding_terms(
    complexes: Sequence[Complex], options: Scoring, device: OpenCLDevice | None = None
) -> list[tuple[Terms, Contributions] | LigandError]:
    """Take complexes apart at fixed coordinates.

    Parameters
    ----------
    complexes : sequence of Complex
    options : screenmm.config.settings.Scoring
        Dielectrics.
    device : OpenCLDevice, optional
        What computes the energies; None: the host.

    Returns
    -------
    list of (Terms, Contributions) or LigandError
        For each complex its terms, or why it has none: an energy is not finite, the ligand's
        geometry is broken, or a hydrogen has fallen onto an acceptor in the complex or in the
        free ligand.

    Raises
    ------
    OpenCLError
        The device fails.
    """
    broken = [_broken(each) for each in complexes]
    sound = [each for each, error in zip(complexes, broken, strict=True) if error is None]
    ligands, bound = [each.ligand for each in sound], [each.ligand_nm for each in sound]
    strains = iter(ligand_strains(ligands, bound, options, device))
    parts = iter(_all_parts(sound, options, device))
    found: list[tuple[Terms, Contributions] | LigandError] = []
    for each, error in zip(complexes, broken, strict=True):
        if error is not None:
            found.append(error)
            continue
        strain, theirs = next(strains), next(parts)
        if not isinstance(strain, LigandError):
            found.append(_terms(each, theirs, strain, options))
        else:
            found.append(strain)
    return found


def _all_parts(
    complexes: Sequence[Complex], options: Scoring, device: OpenCLDevice | None
) -> Iterable[Parts]:
    if device is not None:
        return binding_parts(device, complexes, options)
    return (
        (
            *interaction_energies(each.pocket, each.ligand, each.pocket_nm, each.ligand_nm),
            *solvation_changes(each.pocket, each.ligand, each.positions_nm, options),
        )
        for each in complexes
    )


def _broken(found: Complex) -> LigandError | None:
    """What of a complex's geometry is unphysical."""
    try:
        _check_bonds(found.ligand, found.ligand_nm)
        _check_contact(float(cdist(found.pocket_nm, found.ligand_nm).min()), "the pose")
    except LigandError as error:
        return error
    return None


def _terms(
    found: Complex, parts: Parts, strain_kj_mol: float, options: Scoring
) -> tuple[Terms, Contributions] | LigandError:
    n = len(found.pocket)
    vdw, coulomb, polar, apolar, cross = parts
    coulomb = coulomb / options.solute_dielectric
    # the ligand's half of each pair with the receptor goes to the receptor's atom
    per_atom = np.stack([vdw, coulomb, polar[:n] + cross / 2, apolar[:n]], axis=1)
    own = np.array([polar[n:].sum() - cross.sum() / 2, apolar[n:].sum()])
    labels, place = np.unique(found.residues, return_inverse=True)
    kcal = np.zeros((len(labels), 4))
    np.add.at(kcal, place, per_atom / KJ_PER_KCAL)
    own /= KJ_PER_KCAL
    sums = kcal.sum(axis=0)
    terms = Terms(
        vdw_kcal_mol=float(sums[0]),
        coulomb_kcal_mol=float(sums[1]),
        gb_kcal_mol=float(sums[2] + own[0]),
        sa_kcal_mol=float(sums[3] + own[1]),
        strain_kcal_mol=options.strain_weight * strain_kj_mol / KJ_PER_KCAL,
    )
    broken = [name for name, value in asdict(terms).items() if not np.isfinite(value)]
    if broken:
        return LigandError(Reason.NOT_FINITE, f"not finite: {', '.join(broken)}")
    strain_kcal_mol = strain_kj_mol / KJ_PER_KCAL
    if strain_kcal_mol > MAX_STRAIN_KCAL_MOL:
        return LigandError(
            Reason.MINIMISATION_DIVERGED,
            f"the ligand's strain is {strain_kcal_mol:.0f} kcal/mol "
            f"(limit {MAX_STRAIN_KCAL_MOL:.0f}): the pose's geometry is broken",
        )
    return terms, Contributions(labels, kcal, own)


def ligand_strains(
    ligands: Sequence[Parameters],
    bound_nm: Sequence[np.ndarray],
    options: Scoring,
    device: OpenCLDevice | None = None,
) -> list[float | LigandError]:
    """Energy in solvent of bound conformers above their nearest minima, kJ/mol.

    Parameters
    ----------
    ligands : sequence of Parameters
        Of M atoms each.
    bound_nm : sequence of ndarray, shape (M, 3)
        Their bound conformers, nm.
    options : screenmm.config.settings.Scoring
        Dielectrics.
    device : OpenCLDevice, optional
        What minimises them; None: the host.

    Returns
    -------
    list of float or LigandError
        For each its strain; or that its minimum is unphysical, a hydrogen fallen onto an
        acceptor, or was not found.

    Raises
    ------
    OpenCLError
        The device fails.
    """
    found: list[float | LigandError] = []
    for start in range(0, len(ligands), LIGANDS_AT_ONCE):
        several = slice(start, start + LIGANDS_AT_ONCE)
        found += _strains(ligands[several], np.concatenate(bound_nm[several]), options, device)
    return found


def _strains(
    ligands: Sequence[Parameters],
    bound_nm: np.ndarray,
    options: Scoring,
    device: OpenCLDevice | None,
) -> list[float | LigandError]:
    field = Field(0.0, options.solute_dielectric, options.solvent_dielectric)
    together = (
        FreeLigands(ligands, field)
        if device is None
        else FreeLigandsOnDevice(ligands, field, device)
    )
    free = together.minimise(bound_nm, Options(LIGAND_TOLERANCE, LIGAND_ITERATIONS))
    energies = together.energies(bound_nm) - together.energies(free.positions_nm)
    parts = np.split(free.positions_nm, np.cumsum(together.sizes)[:-1])
    found: list[float | LigandError] = []
    for index, (ligand, part) in enumerate(zip(ligands, parts, strict=True)):
        try:
            check_end(free.ends[index], float(free.largest[index]))
            _check_contact(_closest_contact(ligand, part), "the free ligand")
        except LigandError as error:
            found.append(error)
        else:
            found.append(float(energies[index]))
    return found


def _closest_contact(ligand: Parameters, positions_nm: np.ndarray) -> float:
    """Shortest distance between atoms more than two bonds apart, nm."""
    distance = cdist(positions_nm, positions_nm)
    np.fill_diagonal(distance, np.inf)
    for first, second in (ligand.bonds.T, ligand.angles[:, [0, 2]].T):
        distance[first, second] = distance[second, first] = np.inf
    return float(distance.min())


def _check_bonds(ligand: Parameters, positions_nm: np.ndarray) -> None:
    """Refuse a ligand of which a bond is torn or crushed."""
    first, second = positions_nm[ligand.bonds[:, 0]], positions_nm[ligand.bonds[:, 1]]
    length, expected = np.linalg.norm(first - second, axis=1), ligand.bond_values[:, 0]
    off = np.abs(length - expected) / expected
    if off.size and off.max() > MAX_BOND_STRETCH:
        i, j = ligand.bonds[off.argmax()] + 1
        raise LigandError(
            Reason.MINIMISATION_DIVERGED,
            f"the bond of atoms {i} and {j} is {length[off.argmax()] * ANGSTROM_PER_NM:.2f} Å "
            f"long, should be {expected[off.argmax()] * ANGSTROM_PER_NM:.2f} Å: the pose's "
            "geometry is broken",
        )


def _check_contact(closest_nm: float, what: str) -> None:
    """Refuse coordinates in which atoms that are not bonded overlap."""
    if closest_nm < MIN_HYDROGEN_CONTACT_NM:
        raise LigandError(
            Reason.MINIMISATION_DIVERGED,
            f"{what} collapsed: two atoms {closest_nm * ANGSTROM_PER_NM:.2f} Å apart "
            f"(limit {MIN_HYDROGEN_CONTACT_NM * ANGSTROM_PER_NM:.1f} Å)",
        )
