"""What scoring costs, how well the scores rank and whether memory stays level.

    python benchmarks/mmgbsa.py [--part cost accuracy memory] [--ligands 16] [--protocols ...]

- cost (TYK2, poses as given; all that is compared is measured in the same run): the script
  that one writes first, with OpenMM's whole-protein minimisation, against ScreenMM; the same
  physics against the same physics; and where the time goes on all eight JACS series.
  Writes ``results/mmgbsa_cost.csv``, ``mmgbsa_plain.csv`` and ``mmgbsa_stages.csv``.
- accuracy: Spearman and Pearson against experiment on the eight series, beside heavy-atom
  count, Vina's score of the same poses and a published MD-based MM/GBSA. Writes one
  ``results/mmgbsa_accuracy_PROTOCOL.csv`` per protocol.
- memory: resident memory over 2,000 poses in one process. Writes ``results/mmgbsa_memory.csv``.

Seconds are CPU seconds of the process (all of its threads; OpenMM and PyTorch have one).
"""

from __future__ import annotations

import argparse
import contextlib
import copy
import csv
import itertools
import os
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import openmm
from openmm import app, unit
from openmm.app.internal.customgbforces import GBSAOBC2Force
from rdkit import Chem
from scipy.stats import ConstantInputWarning, pearsonr, spearmanr
from screens import RESULTS, data_folder, write_rows

from screenmm.config.settings import Pocket, Receptor, Scoring
from screenmm.core.errors import LigandError
from screenmm.core.units import ANGSTROM_PER_NM, KJ_PER_KCAL
from screenmm.devices.platforms import REFERENCE, PlatformChoice, choose_platform
from screenmm.docking.pdbqt import ligand_pdbqt, receptor_pdbqt
from screenmm.forcefield.ligand_parameters import ligand_parameters, load_models
from screenmm.forcefield.parameter_cache import ParameterCache
from screenmm.forcefield.smirnoff import FORCE_FIELD
from screenmm.mmgbsa import minimise
from screenmm.mmgbsa import score as mmgbsa
from screenmm.mmgbsa.score import (
    Complex,
    Pose,
    PoseScore,
    binding_terms,
    jittered,
    score_poses,
)
from screenmm.receptor.model import ReceptorModel
from screenmm.receptor.parametrise import receptor_model
from screenmm.receptor.prepare import PreparedReceptor, prepare_receptor

SERIES = ("tyk2", "mcl1", "p38", "ptp1b", "thrombin", "cdk2", "jnk1", "bace")
SEED = 1
CPU = choose_platform("CPU")
PLAIN_CPU = PlatformChoice("CPU", {"Threads": "1"})

UNI_GBSA = {
    "what": "Uni-GBSA 0.1.7",
    "cpu_s_per_ligand": 20.3,
    "spearman_experiment": 0.79,
    "pearson_experiment": 0.83,
    "ligands": 16,
    "note": "measured separately on a 2-core machine",
}
"""On the same 16 poses."""

BINDFLOW = {"tyk2": 0.74, "mcl1": 0.58, "ptp1b": 0.72, "p38": 0.46, "thrombin": 0.24}
"""Published correlations of an MD-based MM/GBSA (BindFlow, OpenFF)."""

TIMED_EVALUATIONS = 3
PLAIN_TOLERANCE = 10.0 / 3**0.5
"""RMS of the force's components at which ``Simulation.minimizeEnergy`` ends by default,
kJ/mol/nm: its 10 is in fact the RMS length of the atoms' forces."""

PLAIN_SETTINGS: dict[str, Any] = {
    "restraint_kcal_mol_angstrom2": 0.0,
    "minimisation_dielectric": 1.0,
    "solute_dielectric": 1.0,
    "strain_weight": 1.0,
    "tolerance_kcal_mol_angstrom": PLAIN_TOLERANCE / KJ_PER_KCAL / ANGSTROM_PER_NM,
    "max_iterations": 5000,
}
"""The plain script's own settings, but for the radii."""

PLAIN_RADII = {"8/16": (8.0, 16.0), "20/40": (20.0, 40.0)}
"""Flexible and pocket radius, Å; the last are the largest, TYK2 whole and nearly all free."""

VINA_PADDING = 6.0
MEMORY_POSES, MEMORY_EVERY, MEMORY_SKIP = 2000, 100, 200
MEMORY_OPTIONS = Scoring(
    pocket_radius_angstrom=6, flexible_radius_angstrom=3, max_iterations=10, jitter_replicas=1
)
"""Small models: growth is per pose, whatever its size."""


# -- the series and their scores -------------------------------------------------------------


@dataclass(frozen=True)
class Series:
    """A receptor with the poses and affinities of its ligands."""

    name: str
    mols: list[Chem.Mol]
    measured: np.ndarray  # kcal/mol
    prepared: PreparedReceptor
    receptor: ReceptorModel

    @property
    def heavy_atoms(self) -> list[int]:
        return [mol.GetNumHeavyAtoms() for mol in self.mols]


def read_series(name: str) -> Series:
    source = data_folder() / f"affinity/jacs_set__{name}"
    sdf = source / "ligands.sdf"
    mols = list(Chem.SDMolSupplier(str(sdf), removeHs=False))
    with (source / "affinities.csv").open(newline="") as handle:
        known = {row["ligand_id"]: float(row["exp_dG_kcal_mol"]) for row in csv.DictReader(handle)}
    measured = np.array([known[mol.GetProp("_Name")] for mol in mols])
    prepared = prepare_receptor(
        name, Receptor(structure=source / "protein.pdb"), Pocket(ligand=sdf)
    )
    return Series(name, mols, measured, prepared, receptor_model(prepared))


def score(
    receptor: ReceptorModel,
    mol: Chem.Mol,
    options: Scoring,
    cache: ParameterCache | None = None,
    replicas: bool = False,
) -> float:
    """Parametrise a ligand and score its pose, kcal/mol; NaN where that fails."""
    pose = Pose(ligand_parameters(mol, cache=cache), mol.GetConformer().GetPositions())
    more = jittered(pose, options, SEED) if replicas else []
    return total(score_poses(receptor, [pose, *more], options, CPU)[0])


def total(result: PoseScore | LigandError, strain: bool = True) -> float:
    if isinstance(result, LigandError):
        return float("nan")
    terms = result.terms
    return terms.total_kcal_mol - (0.0 if strain else terms.strain_kcal_mol)


def seconds_each(work: Callable[[Chem.Mol], Any], mols: Sequence[Chem.Mol]) -> tuple[float, list]:
    """CPU seconds per molecule, and the results."""
    start = time.process_time()
    results = [work(mol) for mol in mols]
    return (time.process_time() - start) / len(mols), results


def rho(scores: Iterable[float], others: Iterable[float]) -> float:
    return round(float(spearmanr(list(scores), list(others), nan_policy="omit")[0]), 2)


# -- the script that one writes first --------------------------------------------------------


class PlainScript:
    """Whole protein and ligand in OpenMM, minimised freely, then taken apart.

    What does not depend on the ligand is made once, to the script's advantage.

    Parameters
    ----------
    prepared : PreparedReceptor
    native : bool
        OpenMM's GBSAOBCForce in place of the CustomGBForce of ``implicit/obc2.xml``.
    """

    def __init__(self, prepared: PreparedReceptor, native: bool) -> None:
        from openff.toolkit import ForceField  # noqa: PLC0415  (five seconds to import)

        self.native = native
        self.topology = prepared.topology
        self.positions = prepared.positions_angstrom * unit.angstrom
        field = app.ForceField("amber14/protein.ff14SB.xml")
        self.protein = field.createSystem(
            self.topology, nonbondedMethod=app.NoCutoff, constraints=None
        )
        self.receptor = with_solvent(self.protein, self.topology, native)
        self.force_field = ForceField(FORCE_FIELD)

    def systems(self, mol: Chem.Mol) -> tuple[app.Modeller, list[openmm.System]]:
        """Complex, receptor and ligand in solvent, and the complex's coordinates."""
        from openff.toolkit import Molecule  # noqa: PLC0415

        molecule = Molecule.from_rdkit(
            mol, allow_undefined_stereo=True, hydrogens_are_explicit=True
        )
        ligand = self.force_field.create_openmm_system(molecule.to_topology())
        topology = molecule.to_topology().to_openmm()
        model = app.Modeller(self.topology, self.positions)
        model.add(topology, mol.GetConformer().GetPositions() * unit.angstrom)
        both = copy.deepcopy(self.protein)
        append(both, ligand)
        return model, [
            with_solvent(both, model.topology, self.native),
            self.receptor,
            with_solvent(ligand, topology, self.native),
        ]


def append(system: openmm.System, other: openmm.System) -> None:
    """Add a molecule's particles and terms to a System."""
    first = system.getNumParticles()
    for index in range(other.getNumParticles()):
        system.addParticle(other.getParticleMass(index))
    force_of = {type(force): force for force in other.getForces()}
    kinds = {
        openmm.HarmonicBondForce: ("Bond", 2),
        openmm.HarmonicAngleForce: ("Angle", 3),
        openmm.PeriodicTorsionForce: ("Torsion", 4),
        openmm.NonbondedForce: ("Exception", 2),
    }
    for force in system.getForces():
        if type(force) not in kinds:
            continue
        source, (term, width) = force_of[type(force)], kinds[type(force)]
        if term == "Exception":
            for index in range(source.getNumParticles()):
                force.addParticle(*source.getParticleParameters(index))
        for index in range(getattr(source, f"getNum{term}s")()):
            row = getattr(source, f"get{term}Parameters")(index)
            atoms = [first + atom for atom in row[:width]]
            getattr(force, f"add{term}")(*atoms, *row[width:])


def with_solvent(system: openmm.System, topology: app.Topology, native: bool) -> openmm.System:
    """Copy of a System with OBC2, as ``implicit/obc2.xml`` adds it or as the native force."""
    solvated = copy.deepcopy(system)
    (pairs,) = (f for f in solvated.getForces() if isinstance(f, openmm.NonbondedForce))
    rows = [
        (pairs.getParticleParameters(index)[0], *radius_and_scale)
        for index, radius_and_scale in enumerate(GBSAOBC2Force.getStandardParameters(topology))
    ]
    if native:
        force = openmm.GBSAOBCForce()
        force.setSolventDielectric(78.5)  # as implicit/obc2.xml has it; the class has 78.3
        for row in rows:
            force.addParticle(*row)
    else:
        force = GBSAOBC2Force(SA="ACE")
        for row in rows:
            force.addParticle(list(row))
        force.finalize()
    solvated.addForce(force)
    return solvated


def one_trajectory(
    systems: Sequence[openmm.System], positions_nm: np.ndarray, platform: PlatformChoice
) -> float:
    """E(complex) - E(receptor) - E(ligand) at the complex's coordinates, kcal/mol."""
    n = systems[1].getNumParticles()
    energies = []
    for system, part in zip(
        systems, (positions_nm, positions_nm[:n], positions_nm[n:]), strict=True
    ):
        context = platform.context(system)
        context.setPositions(part)
        energy = context.getState(getEnergy=True).getPotentialEnergy()
        energies.append(energy.value_in_unit(unit.kilocalorie_per_mole))
    return energies[0] - energies[1] - energies[2]


class Iterations(openmm.MinimizationReporter):
    """Counts them."""

    count = 0

    def report(self, iteration: int, x: object, grad: object, args: object) -> bool:
        self.count += 1
        return False


def simulation_of(model: app.Modeller, system: openmm.System) -> app.Simulation:
    platform = openmm.Platform.getPlatformByName(PLAIN_CPU.name)
    integrator = openmm.VerletIntegrator(0.001)
    simulation = app.Simulation(model.topology, system, integrator, platform, PLAIN_CPU.properties)
    simulation.context.setPositions(model.positions)
    return simulation


@dataclass(frozen=True)
class PlainScore:
    """What the plain script gives for a ligand, and at what cost."""

    cpu_s: float
    iterations: int
    kcal_mol: float
    double_kcal_mol: float  # the same coordinates on the Reference platform
    positions_nm: np.ndarray


def run_plain(script: PlainScript, mol: Chem.Mol) -> PlainScore:
    start = time.process_time()
    model, systems = script.systems(mol)
    simulation = simulation_of(model, systems[0])
    counter = Iterations()
    simulation.minimizeEnergy(reporter=counter)
    state = simulation.context.getState(getPositions=True)
    positions = state.getPositions(asNumpy=True).value_in_unit(unit.nanometer)
    energy = one_trajectory(systems, positions, PLAIN_CPU)
    cpu_s = time.process_time() - start
    double = one_trajectory(systems, positions, REFERENCE)
    return PlainScore(cpu_s, counter.count, energy, double, positions)


def extrapolate_plain(script: PlainScript, mol: Chem.Mol, iterations: float) -> tuple[float, float]:
    """CPU seconds of a ligand had it been minimised, and those of one evaluation."""
    start = time.process_time()
    model, systems = script.systems(mol)
    simulation = simulation_of(model, systems[0])
    positions = np.array(model.positions.value_in_unit(unit.nanometer))
    one_trajectory(systems, positions, PLAIN_CPU)
    fixed = time.process_time() - start
    start = time.process_time()
    for _ in range(TIMED_EVALUATIONS):
        simulation.context.getState(getEnergy=True, getForces=True)
    evaluation = (time.process_time() - start) / TIMED_EVALUATIONS
    return fixed + iterations * evaluation, evaluation


# -- cost ------------------------------------------------------------------------------------


def cost(ligands: int, start_up_s: float) -> None:
    write_rows(RESULTS / "mmgbsa_stages.csv", [stages_of(name) for name in SERIES])
    series = read_series("tyk2")
    rows = ours_cold_and_warm(series, start_up_s)
    details = beside_plain(series, ligands)
    write_rows(RESULTS / "mmgbsa_plain.csv", details)
    rows += [*plain_rows(series, details), UNI_GBSA]
    ours = rows[0]["cpu_s_per_ligand"]
    ratios = [{"times_ours": round(row["cpu_s_per_ligand"] / ours, 2)} for row in rows]
    write_rows(RESULTS / "mmgbsa_cost.csv", [a | b for a, b in zip(rows, ratios, strict=True)])


def cost_row(
    what: str, cpu_s: float, scores: Sequence[float], measured: np.ndarray, note: str
) -> dict[str, Any]:
    known = measured[: len(scores)]
    return {
        "what": what,
        "cpu_s_per_ligand": round(cpu_s, 3),
        "spearman_experiment": rho(scores, known),
        "pearson_experiment": round(float(pearsonr(scores, known)[0]), 2),
        "ligands": len(scores),
        "note": note,
    }


def ours_cold_and_warm(series: Series, start_up_s: float) -> list[dict[str, Any]]:
    """ScreenMM's rows: one pose, the same with the parameters known, with its replica."""
    options = Scoring()
    score(series.receptor, series.mols[0], options)  # steady state
    with tempfile.TemporaryDirectory() as folder:
        cache = ParameterCache(Path(folder) / "parameters.sqlite")
        for mol in series.mols:
            ligand_parameters(mol, cache=cache)
        ways: dict[str, tuple[str, dict[str, Any]]] = {
            "ScreenMM, standard": (f"no parameter cache; start-up {start_up_s:.1f} s, once", {}),
            "ScreenMM, standard, warm": ("parameters from the cache", {"cache": cache}),
            "ScreenMM, standard, with replica": ("two minimisations", {"replicas": True}),
        }
        rows = []
        for what, (note, how) in ways.items():
            cpu_s, scores = seconds_each(
                lambda mol, how=how: score(series.receptor, mol, options, **how), series.mols
            )
            rows.append(cost_row(what, cpu_s, scores, series.measured, note))
            print(rows[-1], flush=True)
    return rows


def plain_rows(series: Series, details: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows of the plain script, as first written and faster, and of ScreenMM's like it."""
    column = {key: [row[key] for row in details] for key in details[0]}
    iterations = float(np.mean(column["iterations"]))
    extrapolated, evaluation = extrapolate_plain(
        PlainScript(series.prepared, native=False), series.mols[0], iterations
    )
    scores, measured = column["plain_kcal_mol"], series.measured
    counted = f"{iterations:.0f} iterations"
    native = cost_row("plain script, GBSAOBCForce", np.mean(column["plain_cpu_s"]), scores,
                     measured, counted)  # fmt: skip
    rows = [
        {
            "what": "plain script, implicit/obc2.xml",
            "cpu_s_per_ligand": round(extrapolated, 1),
            "spearman_experiment": "",
            "pearson_experiment": "",
            "ligands": 1,
            "note": f"extrapolated: {evaluation:.2f} s an evaluation, {counted}",
        },
        native,
    ]
    for radii in PLAIN_RADII:
        ours, cpu_s = column[f"ours_{radii}_kcal_mol"], np.mean(column[f"ours_{radii}_cpu_s"])
        note = f"Spearman with the plain script {rho(ours, scores)}; without strain"
        what = f"ScreenMM at its settings, radii {radii} Å"
        rows.append(cost_row(what, cpu_s, ours, measured, note))
    return rows


def beside_plain(series: Series, ligands: int) -> list[dict[str, Any]]:
    script = PlainScript(series.prepared, native=True)
    return [both_ways(series, script, mol) for mol in series.mols[:ligands]]


def both_ways(series: Series, script: PlainScript, mol: Chem.Mol) -> dict[str, Any]:
    """Plain script, ScreenMM's energies at its coordinates, and ScreenMM at its settings."""
    plain = run_plain(script, mol)
    row: dict[str, Any] = {
        "ligand": mol.GetProp("_Name"),
        "iterations": plain.iterations,
        "plain_cpu_s": round(plain.cpu_s, 1),
        "plain_kcal_mol": round(plain.kcal_mol, 4),
        "plain_double_kcal_mol": round(plain.double_kcal_mol, 6),
        "ours_there_kcal_mol": round(ours_at(series.receptor, mol, plain.positions_nm), 6),
    }
    for radii, (flexible, pocket) in PLAIN_RADII.items():
        options = Scoring(
            flexible_radius_angstrom=flexible, pocket_radius_angstrom=pocket, **PLAIN_SETTINGS
        )
        start = time.process_time()
        pose = Pose(ligand_parameters(mol), mol.GetConformer().GetPositions())
        (result,) = score_poses(series.receptor, [pose], options, CPU)
        row[f"ours_{radii}_cpu_s"] = round(time.process_time() - start, 1)
        row[f"ours_{radii}_iterations"] = getattr(result, "iterations", "")
        row[f"ours_{radii}_kcal_mol"] = round(total(result, strain=False), 4)
    print(row, flush=True)
    return row


def ours_at(receptor: ReceptorModel, mol: Chem.Mol, positions_nm: np.ndarray) -> float:
    """ScreenMM's terms, strain left out, at given coordinates of the whole complex."""
    whole = Complex(receptor.parameters, ligand_parameters(mol), positions_nm, receptor.residues)
    (found,) = binding_terms([whole], Scoring(**PLAIN_SETTINGS))
    if isinstance(found, LigandError):
        raise found
    terms, _ = found
    return terms.total_kcal_mol - terms.strain_kcal_mol


class Stopwatch:
    """CPU seconds by stage; what a stage calls of another is not its own."""

    WHOLE = frozenset({"final energies"})
    """Stages that keep whatever they call."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self.stage = ""

    def around(self, stage: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def timed(*args: Any, **kwargs: Any) -> Any:
            outer = self.stage
            if outer in self.WHOLE:
                return function(*args, **kwargs)
            self.stage, start = stage, time.process_time()
            try:
                return function(*args, **kwargs)
            finally:
                took = time.process_time() - start
                self.spent[stage] += took
                self.spent[outer] -= took
                self.stage = outer

        return timed


TIMED = (
    ("parametrisation", sys.modules[__name__], "ligand_parameters"),
    ("model and Context", mmgbsa, "model_of"),
    ("model and Context", minimise, "Pack"),
    ("minimisation", mmgbsa, "minimise_packs"),
    ("final energies", mmgbsa, "binding_terms"),
)


def stages_of(name: str) -> dict[str, Any]:
    """Seconds per pose of a series, and the share of each stage."""
    series, options, watch = read_series(name), Scoring(), Stopwatch()
    score(series.receptor, series.mols[0], options)  # steady state
    with contextlib.ExitStack() as patches:
        for stage, module, function in TIMED:
            timed = watch.around(stage, getattr(module, function))
            patches.enter_context(mock.patch.object(module, function, timed))
        seconds, _ = seconds_each(lambda mol: score(series.receptor, mol, options), series.mols)
    whole = seconds * len(series.mols)
    return {
        "series": name,
        "poses": len(series.mols),
        "receptor_atoms": len(series.receptor.parameters),
        "cpu_s_per_pose": round(seconds, 3),
        **{stage: round(watch.spent[stage] / whole, 3) for stage, _, _ in TIMED},
    }


# -- accuracy --------------------------------------------------------------------------------


def accuracy(protocols: Sequence[str]) -> None:
    everything = [read_series(name) for name in SERIES]
    docked = {series.name: rho(vina_scores(series), series.measured) for series in everything}
    for protocol in protocols:
        rows = [accuracy_of(series, Scoring(protocol=protocol)) for series in everything]
        for row in rows:
            row["spearman_vina"] = docked[row["series"]]
        write_rows(RESULTS / f"mmgbsa_accuracy_{protocol}.csv", rows)


def accuracy_of(series: Series, options: Scoring) -> dict[str, Any]:
    seconds, found = seconds_each(lambda mol: score(series.receptor, mol, options), series.mols)
    scores = np.array(found)
    scored = np.isfinite(scores)
    by_size = rho([-count for count in series.heavy_atoms], series.measured)
    row: dict[str, Any] = {
        "series": series.name,
        "ligands": len(scores),
        "scored": int(scored.sum()),
    }
    for statistic in (spearmanr, pearsonr):
        name = statistic.__name__.removesuffix("r")
        values = interval(statistic, scores[scored], series.measured[scored])
        row |= dict(zip((name, f"{name}_low", f"{name}_high"), values, strict=True))
    row |= {
        "cpu_s_per_pose": round(seconds, 2),
        "spearman_heavy_atoms": by_size,
        "won_by_size": "yes" if by_size > row["spearman"] else "no",
        "bindflow_published": BINDFLOW.get(series.name, ""),
    }
    print(row, flush=True)
    return row


def interval(
    statistic: Callable[..., Any], scores: np.ndarray, measured: np.ndarray
) -> tuple[float, float, float]:
    """A correlation and its 95 % bootstrap interval."""
    picks = np.random.default_rng(SEED).integers(0, len(scores), (2000, len(scores)))
    draws = [statistic(scores[pick], measured[pick])[0] for pick in picks]
    low, high = np.nanpercentile(draws, [2.5, 97.5])
    return tuple(round(float(v), 2) for v in (statistic(scores, measured)[0], low, high))


def vina_scores(series: Series) -> list[float]:
    """Vina's score of each given pose after a local optimisation: no search, kcal/mol."""
    from vina import Vina  # noqa: PLC0415  (only here)

    atoms = np.concatenate([mol.GetConformer().GetPositions() for mol in series.mols])
    center = atoms.min(axis=0) + np.ptp(atoms, axis=0) / 2
    size = np.ptp(atoms, axis=0) + 2 * VINA_PADDING
    prepared = series.prepared
    cofactors = [(each.mol, each.atom_indices) for each in prepared.cofactors]
    engine = Vina(sf_name="vina", cpu=1, seed=SEED, verbosity=0)
    with tempfile.NamedTemporaryFile("w", suffix=".pdbqt") as handle:
        handle.write(
            receptor_pdbqt(
                prepared.topology,
                prepared.positions_angstrom,
                cofactors,
                tuple(center),
                tuple(size),
            )
        )
        handle.flush()
        engine.set_receptor(handle.name)
    engine.compute_vina_maps(center=center.tolist(), box_size=size.tolist())
    scores = []
    for mol in series.mols:
        engine.set_ligand_from_string(ligand_pdbqt(mol))
        scores.append(float(engine.optimize()[0]))
    return scores


# -- memory ----------------------------------------------------------------------------------


def memory() -> None:
    """Resident memory of this process as it parametrises and scores one pose after another."""
    series = read_series("tyk2")
    rows = []
    for count, mol in enumerate(itertools.islice(itertools.cycle(series.mols), MEMORY_POSES), 1):
        parameters = ligand_parameters(mol)
        pose = Pose(parameters, mol.GetConformer().GetPositions())
        score_poses(series.receptor, jittered(pose, MEMORY_OPTIONS, count), MEMORY_OPTIONS, CPU)
        if count % MEMORY_EVERY == 0:
            rows.append({"poses": count, "rss_mb": round(resident_mb(), 1)})
    write_rows(RESULTS / "mmgbsa_memory.csv", rows)
    late = np.array([list(row.values()) for row in rows if row["poses"] >= MEMORY_SKIP])
    print(
        f"{1000 * np.polyfit(*late.T, 1)[0]:.2f} MB per 1,000 poses after the first {MEMORY_SKIP}"
    )


def resident_mb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parts = ("cost", "accuracy", "memory")
    parser.add_argument("--part", nargs="+", choices=parts, default=parts)
    parser.add_argument(
        "--ligands", type=int, default=16, help="given to the plain script, of TYK2's 16"
    )
    protocols = ("standard", "accurate")  # fast is standard without the replica
    parser.add_argument("--protocols", nargs="+", choices=protocols, default=protocols)
    args = parser.parse_args()
    warnings.filterwarnings("ignore", category=FutureWarning)
    warnings.filterwarnings("ignore", category=ConstantInputWarning)
    load_models()
    start_up_s = time.process_time()
    if "cost" in args.part:
        cost(args.ligands, start_up_s)
    if "accuracy" in args.part:
        accuracy(args.protocols)
    if "memory" in args.part:
        memory()


if __name__ == "__main__":
    main()
