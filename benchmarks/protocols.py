"""Many ways to minimise and to score, on sixteen series with given poses; which to choose.

    python benchmarks/protocols.py WORK_FOLDER [--only NAME ...] [--series NAME ...] [--tables]

Each minimisation's coordinates are taken apart once into terms; the scoring variants are
weights of those terms. Prepared receptors, ligand parameters and terms stay in the work
folder, so that a second call goes on where the first ended; empty it when the package changes.

Writes ``results/protocols.csv`` (a row per minimisation and scoring: Spearman of each
series), ``results/protocols_effects.csv`` (each change alone against the default),
``results/protocols_choice.csv`` (leave one target out), ``results/protocols_replicas.csv``
(what a displacement of the start by 0.1 Å does) and ``results/protocols_unrestrained.csv``
(what unrestrained minimisation does to each term).

References
----------
E. Gallicchio, R. M. Levy, J. Comput. Chem. 25, 479 (2004): dispersion from Born radii.
H. Nguyen, D. R. Roe, C. Simmerling, J. Chem. Theory Comput. 9, 2020 (2013): GBn2.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import pickle
import time
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from openmm import unit
from openmm.app.internal.customgbforces import GBSAGBn2Force, d0, m0
from rdkit import Chem, RDLogger
from rdkit.Chem.rdMolDescriptors import CalcNumRotatableBonds
from scipy.spatial.distance import cdist
from scipy.stats import rankdata
from screens import RESULTS, data_folder, rows_of, write_rows

from screenmm.config.settings import Pocket, Receptor, Scoring
from screenmm.core.errors import LigandError, ReceptorError
from screenmm.core.units import ANGSTROM_PER_NM, COULOMB_KJ_NM, KJ_PER_KCAL
from screenmm.devices.platforms import REFERENCE, PlatformChoice
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.forcefield.parameters import Parameters, SystemOptions, build_system, cut
from screenmm.forcefield.smirnoff import openmm_topology
from screenmm.mmgbsa.born import (
    apolar_energies,
    born_integrals,
    born_radii,
    polar_energies,
)
from screenmm.mmgbsa.lbfgs import Options
from screenmm.mmgbsa.minimise import minimise_alone, minimise_packs
from screenmm.mmgbsa.packing import Field, Member
from screenmm.mmgbsa.score import (
    LIGAND_ITERATIONS,
    LIGAND_TOLERANCE,
    Pose,
    field_of,
    interaction_energies,
    jittered,
    model_of,
)
from screenmm.receptor.model import ReceptorModel
from screenmm.receptor.parametrise import receptor_model
from screenmm.receptor.prepare import prepare_receptor

JACS = ("tyk2", "mcl1", "ptp1b", "p38", "thrombin", "cdk2", "jnk1", "bace")
FIRST_FIVE = JACS[:5]
SMALL = (
    "t4_lysozyme", "hsp90_single_ring", "mup1", "chk1", "brd4", "urokinase", "hsp90_woodhead",
    "hne",
)  # fmt: skip
CPU = PlatformChoice("CPU", {"Threads": "1", "DeterministicForces": "true"})
SOLVENT_DIELECTRIC = 78.5
WATER_CLASH_ANGSTROM = 2.4
"""A kept water whose oxygen is closer than this to a ligand's heavy atom gives way to it."""

DRAWS, SEED = 2000, 1


@dataclass(frozen=True)
class Minimisation:
    """How coordinates are made.

    Parameters
    ----------
    name : str
    settings : dict
        What differs from the defaults of ``Scoring``.
    relief_only : bool
        No minimisation beyond the relief of clashes.
    waters : bool
        Structural waters of the pocket are kept.
    replicas : int
        Jittered replicas with which the pose's terms are averaged.
    """

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    relief_only: bool = False
    waters: bool = False
    replicas: int = 0

    @property
    def source(self) -> str:
        """Where its terms are kept: replicas share the default's."""
        return self.name.split("+")[0]


K, TOL, ITS = "restraint_kcal_mol_angstrom2", "tolerance_kcal_mol_angstrom", "max_iterations"
RADIUS, FLEX = "pocket_radius_angstrom", "flexible_radius_angstrom"
EPS = "minimisation_dielectric"
BASE = {K: 1.0, TOL: 0.5, ITS: 100, RADIUS: 10.0, FLEX: 5.0, EPS: 1.0}
"""The protocol that all others are told by; terms are weighed by a dielectric afterwards."""

MINIMISATIONS = (
    Minimisation("default"),
    Minimisation("waters", waters=True),
    Minimisation("dielectric 4", {EPS: 4.0}),
    Minimisation("dielectric 2", {EPS: 2.0}),
    Minimisation("restraint 5", {K: 5.0}),
    Minimisation("none", relief_only=True),
    Minimisation("iterations 10", {ITS: 10}),
    Minimisation("iterations 30", {ITS: 30}),
    Minimisation("tolerance 1", {TOL: 1.0}),
    Minimisation("tolerance 0.05", {TOL: 0.05, ITS: 500}),
    Minimisation("unrestrained", {K: 0.0, TOL: 0.05, ITS: 300}),
    Minimisation("flexible 0", {FLEX: 0.0}),
    Minimisation("pocket 12", {RADIUS: 12.0}),
    Minimisation("jittered", replicas=4),
    Minimisation("default+1 replica", replicas=1),
    Minimisation("default+4 replicas", replicas=4),
    Minimisation("restraint 0.2", {K: 0.2}),
    Minimisation("restraint 24", {K: 24.0}),
    Minimisation("pocket 8", {RADIUS: 8.0}),
    Minimisation("flexible 3", {FLEX: 3.0}),
    Minimisation("flexible 7", {FLEX: 7.0}),
)
"""``jittered`` is not a variant of its own: it makes the replicas of the default."""


@dataclass(frozen=True)
class Variant:
    """Weights of the terms.

    Parameters
    ----------
    gb : str
        Solvation model of the polar and apolar terms; minimised with OBC2 in any case.
    dielectric : float
        Of the solute, in scoring.
    strain : float
        Weight of the ligand's strain.
    rotor : float
        Penalty per rotatable bond, kcal/mol.
    vdw : float
        Scale of the van der Waals interaction.
    apolar : tuple of float
        Scale of the surface term and of the loss of dispersion with the solvent.
    """

    gb: str = "obc2"
    dielectric: float = 1.0
    strain: float = 1.0
    rotor: float = 0.0
    vdw: float = 1.0
    apolar: tuple[float, float] = (1.0, 0.0)

    @property
    def changes(self) -> int:
        """How many choices differ from the default."""
        return sum(getattr(self, f.name) != f.default for f in fields(self))

    @property
    def label(self) -> str:
        parts = [
            f"{f.name} {value if f.name != 'apolar' else 'x%g, dispersion x%g' % value}"  # noqa: UP031
            for f in fields(self)
            if (value := getattr(self, f.name)) != f.default
        ]
        return ", ".join(parts) or "default"


MOST_CHANGES = 3
CHOICES = {
    "gb": ("obc2", "gbn2"),
    "dielectric": (1.0, 1.5, 2.0, 4.0, 8.0),
    "strain": (1.0, 0.0, 0.5, 1.5),
    "rotor": (0.0, 0.3, 0.6),
    "vdw": (1.0, 0.8, 0.6),
    "apolar": ((1.0, 0.0), (3.0, 0.0), (1.0, 0.5), (1.0, 1.0), (20.0, 1.0)),
}
VARIANTS = [
    variant
    for values in itertools.product(*CHOICES.values())
    if (variant := Variant(*values)).changes <= MOST_CHANGES  # type: ignore[arg-type]
]


# --- preparation ---------------------------------------------------------------------------


@dataclass(frozen=True)
class Ligand:
    name: str
    pose: Pose
    gbn2: np.ndarray  # (M, 5) radius, scale, alpha, beta, gamma
    rotors: int
    heavy_atoms: int
    measured: float  # kcal/mol


@dataclass(frozen=True)
class Prepared:
    """A receptor with its GBn2 parameters."""

    model: ReceptorModel
    gbn2: np.ndarray


def cached(path: Path, make: Any) -> Any:
    if not path.exists():
        result = make()
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = path.with_suffix(".partial")
        partial.write_bytes(pickle.dumps(result))
        partial.replace(path)
    return pickle.loads(path.read_bytes())


def source_of(series: str) -> Path:
    (folder,) = (data_folder() / "affinity").glob(f"*__{series}")
    return folder


def receptor_of(work: Path, series: str, waters: bool) -> Prepared:
    def make() -> Prepared:
        source = source_of(series)
        given: dict[str, Any] = {"structure": str(source / "protein.pdb")}
        if (source / "cofactors.sdf").exists():
            given["cofactors"] = [{"sdf": str(source / "cofactors.sdf")}]
        given["keep_waters"] = "pocket" if waters else "none"
        pocket = Pocket.model_validate({"ligand": str(source / "ligands.sdf")})
        prepared = prepare_receptor(series, Receptor.model_validate(given), pocket)
        return Prepared(receptor_model(prepared), gbn2_parameters(prepared.topology))

    return cached(work / f"receptors/{series}{'_waters' if waters else ''}.pkl", make)


def ligands_of(work: Path, series: str) -> list[Ligand]:
    def make() -> list[Ligand]:
        source = source_of(series)
        measured = {
            row["ligand_id"]: float(row["exp_dG_kcal_mol"])
            for row in rows_of(source / "affinities.csv")
        }
        return [
            Ligand(
                mol.GetProp("_Name"),
                Pose(ligand_parameters(mol), mol.GetConformer().GetPositions()),
                gbn2_parameters(openmm_topology(mol)),
                CalcNumRotatableBonds(mol),
                mol.GetNumHeavyAtoms(),
                measured[mol.GetProp("_Name")],
            )
            for mol in Chem.SDMolSupplier(str(source / "ligands.sdf"), removeHs=False)
            if mol.GetProp("_Name") in measured
        ]

    return cached(work / f"ligands/{series}.pkl", make)


def gbn2_parameters(topology: Any) -> np.ndarray:
    return np.array(GBSAGBn2Force.getStandardParameters(topology), dtype=float)


def without_clashing_waters(prepared: Prepared, ligand: Ligand) -> Prepared:
    """Leave out the waters that stand where the ligand is."""
    model = prepared.model
    water = np.char.find(model.residue_labels.astype(str), ":HOH") >= 0
    oxygens = np.flatnonzero(water[model.residues] & (model.parameters.masses > 1.5))
    heavy = ligand.pose.parameters.masses > 1.5
    near = cdist(model.positions_angstrom[oxygens], ligand.pose.angstrom[heavy]).min(axis=1)
    gone = model.residues[oxygens[near < WATER_CLASH_ANGSTROM]]
    keep = np.flatnonzero(~np.isin(model.residues, gone))
    reduced = ReceptorModel(
        cut(model.parameters, keep),
        model.positions_angstrom[keep],
        model.residues[keep],
        model.residue_labels,
    )
    return Prepared(reduced, prepared.gbn2[keep])


# --- terms ---------------------------------------------------------------------------------

GBN2_OFFSET_NM, NECK_SCALE = 0.0195141, 0.826836
NECK_DISTANCE = np.array(d0).reshape(21, 21).T  # nm, by radius from 1 to 2 Å in steps of 0.05
NECK_HEIGHT = np.array(m0).reshape(21, 21).T
WATER_SIGMA_NM, WATER_EPSILON = 0.315075, 0.635968  # TIP3P oxygen, nm and kJ/mol
WATERS_PER_NM3 = 33.428
PROBE_NM = 0.14
BLOCK = 64


def gbn2_integrals(x: np.ndarray, p: np.ndarray, split: int) -> tuple[np.ndarray, np.ndarray]:
    """GBn2's descreening integrals over the first and the second molecule's atoms, 1/nm."""
    radii, inner = p[:, 0], p[:, 0] - GBN2_OFFSET_NM
    scaled = p[:, 1] * inner
    kind = np.clip(np.round((radii * 10 - 1.0) / 0.05).astype(int), 0, 20)
    first, second = np.empty(len(x)), np.empty(len(x))
    for start in range(0, len(x), BLOCK):
        rows = slice(start, min(start + BLOCK, len(x)))
        own = np.arange(rows.start, rows.stop)
        r = cdist(x[rows], x)
        r[own - start, own] = 1.0  # a value that is finite; the pair is dropped below
        radius = inner[rows, None]
        upper, lower = r + scaled, np.maximum(radius, np.abs(r - scaled))
        pair = 0.5 * (
            1 / lower
            - 1 / upper
            + 0.25 * (r - scaled**2 / r) * (1 / upper**2 - 1 / lower**2)
            + 0.5 * np.log(lower / upper) / r
        )
        pair *= upper >= radius
        off = r - NECK_DISTANCE[kind[rows][:, None], kind]
        neck = NECK_HEIGHT[kind[rows][:, None], kind] / (1 + 100 * off**2 + 0.3e6 * off**6)
        pair += NECK_SCALE * neck * (radii[rows, None] + radii + 0.68 >= r)
        pair[own - start, own] = 0.0
        first[rows], second[rows] = pair[:, :split].sum(axis=1), pair[:, split:].sum(axis=1)
    return first, second


def gbn2_radii(integrals: np.ndarray, p: np.ndarray) -> np.ndarray:
    inner = p[:, 0] - GBN2_OFFSET_NM
    psi = integrals * inner
    bend = np.tanh(p[:, 2] * psi - p[:, 3] * psi**2 + p[:, 4] * psi**3)
    return 1.0 / (1.0 / inner - bend / p[:, 0])


def dispersion(p: Parameters, born_nm: np.ndarray) -> float:
    """Van der Waals energy with a continuum of water, kJ/mol (Gallicchio, Levy 2004)."""
    sigma = (p.sigmas + WATER_SIGMA_NM) / 2
    epsilon = np.sqrt(p.epsilons * WATER_EPSILON)
    a = -16.0 / 3.0 * np.pi * WATERS_PER_NM3 * epsilon * sigma**6
    return float((a / (born_nm + PROBE_NM) ** 3).sum())


def solvation(
    p: Parameters, x: np.ndarray, integrals: np.ndarray, gbn2: np.ndarray, integrals2: np.ndarray
) -> np.ndarray:
    """Polar (prefactor 1), apolar, dispersion of OBC2; polar and apolar of GBn2; kJ/mol."""
    born, born2 = born_radii(integrals, p.gb_radii), gbn2_radii(integrals2, gbn2)
    return np.array(
        [
            polar_energies(x, p.charges, born, 1.0).sum(),
            apolar_energies(born, p.gb_radii).sum(),
            dispersion(p, born),
            polar_energies(x, p.charges, born2, 1.0).sum(),
            apolar_energies(born2, gbn2[:, 0]).sum(),
        ]
    )


def internal(p: Parameters, x: np.ndarray, gbn2: np.ndarray) -> np.ndarray:
    """A ligand's energy: bonded, van der Waals, Coulomb, then its solvation; kJ/mol."""
    context = REFERENCE.context(build_system(p, SystemOptions()))
    context.setPositions(x)
    state = context.getState(getEnergy=True, groups={0})
    bonded = state.getPotentialEnergy().value_in_unit(unit.kilojoule_per_mole)
    distance = cdist(x, x)
    plain = np.triu(np.ones((len(p), len(p)), dtype=bool), 1)
    plain[p.exceptions.min(axis=1), p.exceptions.max(axis=1)] = False
    i, j = np.nonzero(plain)
    pairs = np.concatenate([np.stack([i, j], axis=1), p.exceptions])
    values = np.concatenate(
        [
            np.stack(
                [
                    p.charges[i] * p.charges[j],
                    (p.sigmas[i] + p.sigmas[j]) / 2,
                    np.sqrt(p.epsilons[i] * p.epsilons[j]),
                ],
                axis=1,
            ),
            p.exception_values,
        ]
    )
    r = distance[pairs[:, 0], pairs[:, 1]]
    sixth = (values[:, 1] / r) ** 6
    vdw = (4 * values[:, 2] * (sixth**2 - sixth)).sum()
    coulomb = COULOMB_KJ_NM * (values[:, 0] / r).sum()
    _, own = born_integrals(x, p.gb_radii, p.gb_scales, 0)
    _, own2 = gbn2_integrals(x, gbn2, 0)
    return np.array([bonded, vdw, coulomb, *solvation(p, x, own, gbn2, own2)])


BINDING = ("vdw", "coulomb", "gb", "sa", "dispersion", "gb2", "sa2")
STRAIN = tuple(
    f"strain_{part}"
    for part in ("bonded", "vdw", "coulomb", "gb", "sa", "dispersion", "gb2", "sa2")
)


def binding_of(
    pocket: Parameters, ligand: Parameters, x: np.ndarray, gbn2: np.ndarray
) -> np.ndarray:
    """Interaction and change of solvation of a complex, kJ/mol, as ``BINDING`` names them.

    Coulomb and polar terms as if in vacuum.
    """
    n = len(pocket)
    whole = Parameters(
        **{
            f.name: np.concatenate([getattr(pocket, f.name), getattr(ligand, f.name)])
            for f in fields(Parameters)
            if f.name in ("masses", "charges", "sigmas", "epsilons", "gb_radii", "gb_scales")
        },
        **{
            f.name: getattr(ligand, f.name)
            for f in fields(Parameters)
            if f.name not in ("masses", "charges", "sigmas", "epsilons", "gb_radii", "gb_scales")
        },
    )
    vdw, coulomb = interaction_energies(pocket, ligand, x[:n], x[n:])
    first, second = born_integrals(x, whole.gb_radii, whole.gb_scales, n)
    first2, second2 = gbn2_integrals(x, gbn2, n)
    change = (
        solvation(whole, x, first + second, gbn2, first2 + second2)
        - solvation(pocket, x[:n], first[:n], gbn2[:n], first2[:n])
        - solvation(ligand, x[n:], second[n:], gbn2[n:], second2[n:])
    )
    return np.concatenate([[vdw.sum(), coulomb.sum()], change])


def free_of(ligand: Parameters, x: np.ndarray, dielectric: float) -> np.ndarray:
    """The ligand's nearest minimum in solvent, nm."""
    member = Member(ligand, x, np.ones(len(ligand), dtype=bool), np.array([], dtype=int))
    free = minimise_alone(
        member,
        Field(0.0, dielectric, SOLVENT_DIELECTRIC),
        Options(LIGAND_TOLERANCE, LIGAND_ITERATIONS),
        REFERENCE,
    )
    return free.positions_nm


def terms_of(
    pocket: Parameters, ligand: Parameters, x: np.ndarray, gbn2: np.ndarray, dielectric: float
) -> dict[str, float]:
    """Take a complex apart, kcal/mol; Coulomb and polar terms as if in vacuum."""
    n = len(pocket)
    binding = binding_of(pocket, ligand, x, gbn2)
    free = free_of(ligand, x[n:], dielectric)
    strain = internal(ligand, x[n:], gbn2[n:]) - internal(ligand, free, gbn2[n:])
    values = np.concatenate([binding, strain]) / KJ_PER_KCAL
    return dict(zip((*BINDING, *STRAIN), values.tolist(), strict=True))


def poses_of(ligand: Ligand, how: Minimisation, options: Scoring) -> Iterator[tuple[int, Pose]]:
    if not how.replicas:
        yield 0, ligand.pose
        return
    options = options.model_copy(update={"jitter_replicas": how.replicas})
    seed = zlib.crc32(ligand.name.encode())
    yield from enumerate(jittered(ligand.pose, options, seed), start=1)


def minimised_terms(
    prepared: Prepared, ligand: Ligand, pose: Pose, how: Minimisation, options: Scoring
) -> tuple[dict[str, Any], np.ndarray] | LigandError:
    model = model_of(prepared.model, pose, options)
    tolerance = options.tolerance_kcal_mol_angstrom * KJ_PER_KCAL * ANGSTROM_PER_NM
    limits = Options(tolerance, 0 if how.relief_only else options.max_iterations)
    started = time.perf_counter()
    (result,) = minimise_packs([model.member], field_of(options), limits, CPU, 1)
    took = time.perf_counter() - started
    if isinstance(result, LigandError):
        return result
    gbn2 = np.concatenate([prepared.gbn2[model.carving.atoms], ligand.gbn2])
    try:
        terms = terms_of(
            model.pocket,
            pose.parameters,
            result.positions_nm,
            gbn2,
            options.minimisation_dielectric,
        )
    except LigandError as error:
        return error
    return {
        **terms,
        **geometry(model.member, len(model.pocket), result.positions_nm),
        "iterations": result.iterations,
        "seconds": took,
    }, result.positions_nm


def geometry(member: Member, n: int, x: np.ndarray) -> dict[str, float]:
    """Drift of heavy atoms, Å, and the closest ligand–receptor hydrogen contact, Å."""
    heavy = member.parameters.masses > 1.5
    shift = (x - member.start_nm) * ANGSTROM_PER_NM
    in_ligand = np.arange(len(x)) >= n
    polar = heavy & (np.abs(member.parameters.charges) > 0.3)
    contact = cdist(x[:n], x[n:]) * ANGSTROM_PER_NM
    donor = (~heavy[:n, None] & polar[None, n:]) | (polar[:n, None] & ~heavy[None, n:])

    def drift(of: np.ndarray) -> float:
        return float(np.sqrt((shift[of] ** 2).sum(axis=1).mean())) if of.any() else 0.0

    return {
        "ligand_drift_angstrom": drift(heavy & in_ligand),
        "pocket_drift_angstrom": drift(heavy & ~in_ligand & member.movable),
        "closest_hydrogen_angstrom": float(contact[donor].min()),
        "hydrogen_contacts_below_1.8": int((contact[donor] < 1.8).sum()),
    }


def run_series(work: Path, how: Minimisation, series: str) -> None:
    """Terms of all poses of a series; its coordinates beside them."""
    path = work / f"terms/{how.name}/{series}.csv"
    if path.exists():
        return
    try:
        prepared = receptor_of(work, series, how.waters)
    except ReceptorError as error:
        print(how.name, series, error, flush=True)
        return
    options = Scoring.model_validate({**BASE, **how.settings})
    rows, coordinates, started = [], {}, time.perf_counter()
    for ligand in ligands_of(work, series):
        own = without_clashing_waters(prepared, ligand) if how.waters else prepared
        for replica, pose in poses_of(ligand, how, options):
            found = minimised_terms(own, ligand, pose, how, options)
            if isinstance(found, LigandError):
                print(how.name, series, ligand.name, found, flush=True)
                continue
            terms, positions = found
            rows.append(
                {
                    "ligand": ligand.name,
                    "replica": replica,
                    "measured": ligand.measured,
                    "heavy_atoms": ligand.heavy_atoms,
                    "rotors": ligand.rotors,
                    **terms,
                }
            )
            coordinates[f"{ligand.name}/{replica}"] = positions.astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path.with_suffix(".npz"), **coordinates)
    with path.open("w", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    seconds = time.perf_counter() - started
    print(f"{how.name}: {series}, {len(rows)} poses, {seconds:.0f} s", flush=True)


# --- tables --------------------------------------------------------------------------------

Table = dict[str, np.ndarray]
"""Columns of a series' terms, one row per ligand in alphabetical order."""


def columns(path: Path) -> Table:
    rows = sorted(rows_of(path), key=lambda row: (row["ligand"], int(row["replica"])))
    names = [name for name in rows[0] if name != "ligand"]
    return {"ligand": np.array([row["ligand"] for row in rows])} | {
        name: np.array([float(row[name]) for row in rows]) for name in names
    }


def load(work: Path, how: Minimisation, series: str) -> Table | None:
    path = work / f"terms/{how.source}/{series}.csv"
    replicas = work / f"terms/jittered/{series}.csv"
    if not path.exists() or (how.replicas and not replicas.exists()):
        return None
    table = columns(path)
    if how.replicas:
        more = columns(replicas)
        take = more["replica"] <= how.replicas
        together = {k: np.concatenate([table[k], more[k][take]]) for k in table}
        ligands, place = np.unique(together["ligand"], return_inverse=True)
        count = np.bincount(place)
        table = {"ligand": ligands} | {
            k: np.bincount(place, v) / count for k, v in together.items() if k != "ligand"
        }
    return table


def score(table: Table, variant: Variant) -> np.ndarray:
    """Scores of a series, kcal/mol."""
    polar = 1.0 / variant.dielectric - 1.0 / SOLVENT_DIELECTRIC
    surface, lost = variant.apolar
    suffix = "2" if variant.gb == "gbn2" else ""

    def electrostatic(prefix: str) -> np.ndarray:
        return (
            table[f"{prefix}coulomb"] / variant.dielectric
            + polar * table[f"{prefix}gb{suffix}"]
            + surface * table[f"{prefix}sa{suffix}"]
            + lost * table[f"{prefix}dispersion"]
        )

    strain = table["strain_bonded"] + table["strain_vdw"] + electrostatic("strain_")
    return np.asarray(
        variant.vdw * table["vdw"]
        + electrostatic("")
        + variant.strain * strain
        + variant.rotor * table["rotors"]
    )


def spearman(scores: np.ndarray, measured: np.ndarray) -> np.ndarray:
    """Spearman's rho of each row of scores."""
    with np.errstate(invalid="ignore"):
        a = rankdata(np.atleast_2d(scores), axis=1)
        b = rankdata(np.broadcast_to(measured, a.shape), axis=1)
        a, b = a - a.mean(axis=1, keepdims=True), b - b.mean(axis=1, keepdims=True)
        rho = (a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1))
    undecided = np.isfinite(a).all(axis=1) & ~np.isfinite(rho)
    return np.where(undecided, 0.0, rho)


@dataclass(frozen=True)
class Protocol:
    how: Minimisation
    variant: Variant

    @property
    def changes(self) -> int:
        return self.variant.changes + (self.how.name != "default")

    @property
    def label(self) -> str:
        return f"{self.how.name} | {self.variant.label}"


class Results:
    """Scores of all protocols that are complete, and their correlations.

    Parameters
    ----------
    work : Path
    """

    def __init__(self, work: Path) -> None:
        every = JACS + SMALL
        complete = {}
        for how in MINIMISATIONS:
            found = {series: load(work, how, series) for series in every}
            tables = {series: each for series, each in found.items() if each is not None}
            if how.name != "jittered" and set(JACS) <= tables.keys():
                complete[how.name] = tables
        self.tables, default = complete, complete["default"]
        done = [how for how in MINIMISATIONS if how.name in complete]
        self.protocols = [Protocol(how, v) for how in done for v in VARIANTS]
        self.measured = {s: default[s]["measured"] for s in every}
        self.missing = {
            name: sum(len(default[s]["ligand"]) - len(each[s]["ligand"]) for s in each)
            for name, each in complete.items()
        }
        self.scores = {
            s: np.concatenate(
                [self._scores(each.get(s), default[s]["ligand"]) for each in complete.values()]
            )
            for s in every
        }
        self.rho = np.stack([spearman(self.scores[s], self.measured[s]) for s in every], axis=1)

    @staticmethod
    def _scores(table: Table | None, ligands: np.ndarray) -> np.ndarray:
        """Scores of all variants; a ligand that was lost comes last, as in a screen."""
        if table is None:
            return np.full((len(VARIANTS), len(ligands)), np.nan)
        found = np.full((len(VARIANTS), len(ligands)), np.inf)
        place = np.searchsorted(ligands, table["ligand"])
        found[:, place] = np.stack([score(table, variant) for variant in VARIANTS])
        return found

    def index(self, how: str, variant: Variant) -> int:
        return next(
            i for i, p in enumerate(self.protocols) if p.how.name == how and p.variant == variant
        )


def number(rho: float) -> str:
    return f"{rho:.2f}" if np.isfinite(rho) else ""


def protocol_rows(results: Results) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for protocol, rho in zip(results.protocols, results.rho, strict=True):
        v = protocol.variant
        rows.append(
            {
                "minimisation": protocol.how.name,
                "gb": v.gb,
                "dielectric": v.dielectric,
                "strain": v.strain,
                "rotor_kcal_mol": v.rotor,
                "vdw_scale": v.vdw,
                "surface_scale": v.apolar[0],
                "dispersion_scale": v.apolar[1],
                "changes": protocol.changes,
                **{s: number(r) for s, r in zip(JACS + SMALL, rho, strict=True)},
                "median_of_five": f"{np.median(rho[:5]):.2f}",
                "median_of_eight": f"{np.median(rho[:8]):.2f}",
                "mean_of_eight": f"{rho[:8].mean():.3f}",
                "min_of_eight": f"{rho[:8].min():.2f}",
            }
        )
    return rows


def resampled(
    results: Results, pairs: dict[str, tuple[int, int]], over_series: bool
) -> tuple[float, float]:
    """95 % interval of the mean difference in rho of two protocols, a pair per series.

    Ligands of each series are drawn with replacement; with ``over_series`` the series too.
    """
    rng = np.random.default_rng(SEED)
    differences = []
    for series, (first, second) in pairs.items():
        scores, measured = results.scores[series], results.measured[series]
        picks = rng.integers(0, len(measured), (DRAWS, len(measured)))
        differences.append(
            spearman(scores[first][picks], measured[picks])
            - spearman(scores[second][picks], measured[picks])
        )
    drawn = np.array(differences)
    if over_series:
        which = rng.integers(0, len(drawn), drawn.shape)
        drawn = np.take_along_axis(drawn, which, axis=0)
    low, high = np.percentile(drawn.mean(axis=0), [2.5, 97.5])
    return float(low), float(high)


def effect_rows(results: Results) -> list[dict[str, object]]:
    """Each change alone: the mean difference in rho over the eight series."""
    default = results.index("default", Variant())
    rows = []
    for i, protocol in enumerate(results.protocols):
        # a dielectric of the minimisation is also tried in scoring
        matched = protocol.how.settings.get(EPS) == protocol.variant.dielectric
        if protocol.changes != 1 and not (matched and protocol.changes == 2):
            continue
        low, high = resampled(results, dict.fromkeys(JACS, (i, default)), over_series=False)
        difference = results.rho[i, :8] - results.rho[default, :8]
        rows.append(
            {
                "minimisation": protocol.how.name,
                "scoring": protocol.variant.label,
                "mean_difference": f"{difference.mean():+.3f}",
                "low": f"{low:+.2f}",
                "high": f"{high:+.2f}",
                **{s: f"{d:+.2f}" for s, d in zip(JACS, difference, strict=True)},
                "small_series_mean_difference": (
                    f"{(results.rho[i, 8:] - results.rho[default, 8:]).mean():+.3f}"
                    if np.isfinite(results.rho[i]).all()
                    else ""
                ),
            }
        )
    return sorted(rows, key=lambda row: -float(row["mean_difference"]))


@dataclass(frozen=True)
class Criterion:
    """How a protocol is chosen.

    Parameters
    ----------
    name : str
    allowed : ndarray of bool
        Protocols that may be chosen.
    weights : ndarray
        Of each series in choosing.
    one_error : bool
        The simplest protocol is taken whose mean rho is within one standard error of the
        best one's (L. Breiman et al., Classification and Regression Trees, 1984).
    """

    name: str
    allowed: np.ndarray
    weights: np.ndarray
    one_error: bool = False


def criteria(results: Results) -> list[Criterion]:
    everything = np.ones(len(results.protocols), dtype=bool)
    sixteen = np.isfinite(results.rho).all(axis=1)
    scoring = np.array([p.how.name == "default" for p in results.protocols])
    one_change = np.array([p.changes <= 1 for p in results.protocols])
    sizes = np.array([len(results.measured[s]) for s in JACS + SMALL])
    eight = np.array([1.0] * 8 + [0.0] * 8)
    return [
        Criterion("best", everything, eight),
        Criterion("best, default minimisation", scoring, eight),
        Criterion("best, at most one change", one_change, eight),
        Criterion("best of sixteen series, weighted by ligands", sixteen, sizes - 1.0),
        Criterion("simplest within one standard error", everything, eight, one_error=True),
    ]


def choose(results: Results, how: Criterion, weights: np.ndarray) -> int:
    """The best weighted mean rho to two decimals; among equals the simplest."""
    used = weights > 0
    rho, share = results.rho[:, used], weights[used] / weights.sum()
    mean = np.where(how.allowed, np.round(rho @ share, 2), -np.inf)
    changes = np.array([p.changes for p in results.protocols])
    if how.one_error:
        behind = rho[np.argmax(mean)] - rho
        error = behind.std(axis=1, ddof=1) / np.sqrt(used.sum())
        near = how.allowed & (behind.mean(axis=1) <= error)
        return int(np.lexsort((-mean, np.where(near, changes, np.inf)))[0])
    return int(np.lexsort((changes, -mean))[0])


def choice_rows(results: Results) -> list[dict[str, object]]:
    """Leave one target out: what the other seven choose, and how that does on the eighth."""
    default = results.index("default", Variant())
    before = results.rho[default, :8]
    rows: list[dict[str, object]] = []
    for how in criteria(results):
        picks = [
            choose(results, how, np.where(np.arange(16) == place, 0.0, how.weights))
            for place in range(len(JACS))
        ]
        found = results.rho[picks, np.arange(8)]
        for series, pick, ours, theirs in zip(JACS, picks, found, before, strict=True):
            rows.append(
                {
                    "criterion": how.name,
                    "held_out": series,
                    "chosen": results.protocols[pick].label,
                    "spearman": number(ours),
                    "default": number(theirs),
                    "difference": f"{ours - theirs:+.2f}",
                }
            )
        pairs = {series: (pick, default) for series, pick in zip(JACS, picks, strict=True)}
        row = {
            "criterion": how.name,
            "held_out": "mean of eight",
            "chosen": "without holding out: "
            + results.protocols[choose(results, how, how.weights)].label,
            "spearman": number(found.mean()),
            "default": number(before.mean()),
            "difference": f"{(found - before).mean():+.3f}",
        }
        for name, over_series in (("ligands", False), ("ligands_and_series", True)):
            low, high = resampled(results, pairs, over_series)
            row |= {f"low_{name}": f"{low:+.2f}", f"high_{name}": f"{high:+.2f}"}
        rows.append(row)
    columns_ = {column: "" for row in rows for column in row}
    return [columns_ | row for row in rows]


def replica_rows(work: Path) -> list[dict[str, object]]:
    """The default score of the pose and of each of its jittered replicas alone."""
    paths = {s: [work / f"terms/{name}/{s}.csv" for name in ("default", "jittered")] for s in JACS}
    if not all(path.exists() for pair in paths.values() for path in pair):
        return []
    rows = []
    for replica in range(5):
        rho = []
        for pose, replicas in paths.values():
            table = columns(replicas if replica else pose)
            own = table["replica"] == replica
            found = score({name: values[own] for name, values in table.items()}, Variant())
            rho.append(rank_correlation(found, table["measured"][own]))
        rows.append(
            {
                "start": f"replica {replica}" if replica else "pose as given",
                **{s: number(r) for s, r in zip(JACS, rho, strict=True)},
                "median_of_five": number(float(np.median(rho[:5]))),
                "median_of_eight": number(float(np.median(rho))),
                "mean_of_eight": f"{np.mean(rho):.3f}",
            }
        )
    return rows


def unrestrained_rows(work: Path, results: Results) -> list[dict[str, object]]:
    """What restrained and unrestrained minimisation leave: geometry, spread and rho of terms."""
    rows = []
    (how,) = (each for each in MINIMISATIONS if each.name == "unrestrained")
    for series in JACS:
        ours, theirs = results.tables["default"][series], load(work, how, series)
        if theirs is None:
            continue
        kept = {**parts_of(theirs), "strain": parts_of(ours)["strain"]}
        first, second = measures(ours), measures(theirs)
        rows += [
            {
                "series": series,
                "quantity": name,
                "restrained": f"{first[name]:.2f}",
                "unrestrained": f"{second[name]:.2f}",
            }
            for name in first
        ]
        rows.append(
            {
                "series": series,
                "quantity": "spearman with the restrained strain",
                "restrained": f"{first['spearman']:.2f}",
                "unrestrained": f"{rank_correlation(total_of(kept), ours['measured']):.2f}",
            }
        )
    return rows


def measures(table: Table) -> dict[str, float]:
    parts, measured = parts_of(table), table["measured"]
    return {
        "spearman": rank_correlation(total_of(parts), measured),
        "ligand drift, angstrom": float(table["ligand_drift_angstrom"].mean()),
        "pocket drift, angstrom": float(table["pocket_drift_angstrom"].mean()),
        "closest hydrogen contact, angstrom": float(table["closest_hydrogen_angstrom"].min()),
        "hydrogen contacts below 1.8 angstrom, per pose": float(
            table["hydrogen_contacts_below_1.8"].mean()
        ),
        **{
            f"{name}, {what}": value
            for name, part in parts.items()
            for what, value in (
                ("mean, kcal/mol", float(part.mean())),
                ("spread, kcal/mol", float(part.std(ddof=1))),
                ("spearman", rank_correlation(part, measured)),
            )
        },
    }


def rank_correlation(scores: np.ndarray, measured: np.ndarray) -> float:
    return float(spearman(scores, measured)[0])


def total_of(parts: Table) -> np.ndarray:
    return np.sum(list(parts.values()), axis=0)


def parts_of(table: Table) -> Table:
    """Terms of the default score, kcal/mol."""
    polar = 1.0 - 1.0 / SOLVENT_DIELECTRIC
    electrostatics = table["coulomb"] + polar * table["gb"]
    strain = score(table, Variant()) - score(table, Variant(strain=0.0))
    return {
        "vdw": table["vdw"],
        "coulomb_and_gb": electrostatics,
        "sa": table["sa"],
        "strain": strain,
    }


def write_tables(work: Path) -> None:
    results = Results(work)
    print({name: count for name, count in results.missing.items() if count} or "no pose missing")
    write_rows(RESULTS / "protocols.csv", protocol_rows(results))
    write_rows(RESULTS / "protocols_effects.csv", effect_rows(results))
    write_rows(RESULTS / "protocols_choice.csv", choice_rows(results))
    if rows := replica_rows(work):
        write_rows(RESULTS / "protocols_replicas.csv", rows)
    if rows := unrestrained_rows(work, results):
        write_rows(RESULTS / "protocols_unrestrained.csv", rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="folder of intermediate results")
    parser.add_argument("--only", nargs="*", help="names of minimisations; all if not given")
    parser.add_argument("--series", nargs="*", default=JACS + SMALL, help="of these series")
    parser.add_argument("--tables", action="store_true", help="only write the tables")
    args = parser.parse_args()
    warnings.filterwarnings("ignore")
    RDLogger.DisableLog("rdApp.*")
    for how in [] if args.tables else MINIMISATIONS:
        if how.name == how.source and (not args.only or how.name in args.only):
            for series in args.series:
                run_series(args.work, how, series)
            write_tables(args.work)
    if args.tables:
        write_tables(args.work)


if __name__ == "__main__":
    main()
