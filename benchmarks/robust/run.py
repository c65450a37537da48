"""Minimise and take apart every ligand of every series, preparer and protocol; go on after kills.

One CSV per protocol in the work folder, one row per series, preparer, ligand and receptor
sample, appended as it is done; a killed run goes on with its next ligand. Coordinates of the
minimised ligand are not kept: the terms carry all that is judged.
"""

from __future__ import annotations

import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np
from protocols import (
    BINDING,
    CPU,
    JACS,
    Ligand,
    Prepared,
    binding_of,
    cached,
    free_of,
    geometry,
    internal,
    without_clashing_waters,
)
from rdkit import Chem, RDLogger

from robust.conformers import PARTS
from robust.network import settle
from robust.perturb import perturbed
from robust.protocol import Protocol
from robust.series import PREPARERS, Posed, ligands_of, site_of
from robust.store import append, done_of, rounded
from robust.template import Refiner, place, template_of
from screenmm.config.settings import Scoring
from screenmm.core.errors import LigandError
from screenmm.core.units import ANGSTROM_PER_NM, KJ_PER_KCAL
from screenmm.mmgbsa.lbfgs import Options
from screenmm.mmgbsa.minimise import minimise_packs
from screenmm.mmgbsa.score import Pose, field_of, model_of
from screenmm.redocking.rmsd import heavy_rmsd_angstrom

BOUND = tuple(f"bound_{part}" for part in PARTS)
NEAREST = tuple(f"nearest_{part}" for part in PARTS)
TEMPLATE = "template"
KEY = ("series", "preparer", "ligand", "sample")
GEOMETRY = (
    "ligand_drift_angstrom",
    "pocket_drift_angstrom",
    "closest_hydrogen_angstrom",
    "hydrogen_contacts_below_1.8",
)
COLUMNS = (
    *KEY, "measured", "heavy_atoms", "rotors", *BINDING, *BOUND, *NEAREST, *GEOMETRY,
    "start_rmsd_angstrom", "iterations", "cpu_s", "failure",
)  # fmt: skip


def apart(
    prepared: Prepared, ligand: Ligand, pose: Pose, options: Scoring
) -> dict[str, Any] | LigandError:
    """Minimise a pose in its receptor; terms in kcal/mol, Coulomb and polar as if in vacuum."""
    model = model_of(prepared.model, pose, options)
    tolerance = options.tolerance_kcal_mol_angstrom * KJ_PER_KCAL * ANGSTROM_PER_NM
    limits = Options(tolerance, options.max_iterations)
    (result,) = minimise_packs([model.member], field_of(options), limits, CPU, 1)
    if isinstance(result, LigandError):
        return result
    n, x = len(model.pocket), result.positions_nm
    gbn2 = np.concatenate([prepared.gbn2[model.carving.atoms], ligand.gbn2])
    try:
        free = free_of(pose.parameters, x[n:], options.minimisation_dielectric)
    except LigandError as error:
        return error
    values = np.concatenate(
        [
            binding_of(model.pocket, pose.parameters, x, gbn2),
            internal(pose.parameters, x[n:], ligand.gbn2),
            internal(pose.parameters, free, ligand.gbn2),
        ]
    )
    terms = dict(zip((*BINDING, *BOUND, *NEAREST), values / KJ_PER_KCAL, strict=True))
    return {**terms, **geometry(model.member, n, x), "iterations": result.iterations}


class Bench:
    """A protocol's receptors for one series and preparer, and where its poses start.

    Parameters
    ----------
    work : Path
    protocol : Protocol
    preparer, series : str
        With the preparer ``TEMPLATE`` fresh poses are placed in the first preparer's receptor.

    Raises
    ------
    ValueError
        The protocol asks for waters and for a network: one cuts the topology of the other.
    """

    def __init__(self, work: Path, protocol: Protocol, preparer: str, series: str) -> None:
        if protocol.waters and protocol.network:
            raise ValueError(f"{protocol.name}: waters and network together are not built")
        host = PREPARERS[0] if preparer == TEMPLATE else preparer
        site = site_of(work, host, series, protocol.waters, protocol.rebuilt)
        self.protocol, self.topology = protocol, site.receptor.topology
        self.ligands = ligands_of(work, host, series)
        self.receptors = [site.prepared] + [
            perturbed(site.prepared, self.topology, number)
            for number in range(1, protocol.receptors + 1)
        ]
        self.template = template_of(host, series) if preparer == TEMPLATE else None
        self.placed = work / f"ligands/{TEMPLATE}/{series}"
        around = np.concatenate([each.ligand.pose.angstrom for each in self.ligands])
        needed = self.template is not None or protocol.start == "vina"
        self.refine = Refiner(site, around) if needed else None

    def start(self, posed: Posed) -> Chem.Mol:
        """Where a ligand starts.

        Raises
        ------
        LigandError
            No pose by the template, or Vina refuses it.
        """
        if self.refine is None:
            return posed.mol
        if self.template is None:
            return self.refine(posed.mol)[1]

        def make() -> Chem.Mol:
            return place(posed.mol, self.template, self.refine)[1]

        mol: Chem.Mol = cached(self.placed / f"{posed.ligand.name}.pkl", make)
        return mol

    def scored(self, posed: Posed, sample: int) -> dict[str, Any] | LigandError:
        """Terms of a ligand in one of the receptors."""
        prepared = self.receptors[sample]
        try:
            mol = self.start(posed)
        except LigandError as error:
            return error
        pose = Pose(posed.ligand.pose.parameters, mol.GetConformer().GetPositions())
        if self.protocol.waters:
            prepared = without_clashing_waters(prepared, posed.ligand)
        if self.protocol.network:
            prepared, pose = settle(prepared, self.topology, pose)
        found = apart(prepared, posed.ligand, pose, self.protocol.options)
        if isinstance(found, LigandError):
            return found
        return {**found, "start_rmsd_angstrom": heavy_rmsd_angstrom(mol, posed.mol)}


def row_of(
    key: dict[str, Any], ligand: Ligand, found: dict[str, Any] | LigandError, cpu_s: float
) -> dict[str, Any]:
    known = {
        "measured": ligand.measured,
        "heavy_atoms": ligand.heavy_atoms,
        "rotors": ligand.rotors,
        "cpu_s": f"{cpu_s:.2f}",
    }
    if isinstance(found, LigandError):
        return {**key, **known, "failure": " ".join(str(found).split())}
    return {**key, **known, **rounded(found), "failure": ""}


def run_series(work: Path, protocol: Protocol, preparer: str, series: str, most: int) -> None:
    """Score what is not scored yet."""
    path = work / f"terms/{protocol.name}.csv"
    done = done_of(path, KEY)
    ligands = ligands_of(work, PREPARERS[0] if preparer == TEMPLATE else preparer, series)
    wanted = [
        (posed, sample)
        for posed in spread(ligands, most)
        for sample in protocol.samples
        if (series, preparer, posed.ligand.name, str(sample)) not in done
    ]
    if not wanted:
        return
    bench = Bench(work, protocol, preparer, series)
    for posed, sample in wanted:
        started = time.process_time()
        found = bench.scored(posed, sample)
        key = dict(zip(KEY, (series, preparer, posed.ligand.name, sample), strict=True))
        append(path, COLUMNS, row_of(key, posed.ligand, found, time.process_time() - started))


def spread(ligands: list[Posed], most: int) -> list[Posed]:
    """So many of a series' ligands, evenly over its measured affinities."""
    if most >= len(ligands):
        return ligands
    order = sorted(ligands, key=lambda each: (each.ligand.measured, each.ligand.name))
    return [order[i] for i in np.linspace(0, len(order) - 1, most).round().astype(int)]


def spread_names(work: Path, series: str, most: int) -> set[str]:
    """Names of those ligands."""
    return {each.ligand.name for each in spread(ligands_of(work, PREPARERS[0], series), most)}


def run(
    work: Path, protocols: list[Protocol], series: list[str], preparers: list[str], most: int
) -> None:
    warnings.filterwarnings("ignore")
    RDLogger.DisableLog("rdApp.*")
    for protocol in protocols:
        for name in series or JACS:
            for preparer in preparers or PREPARERS:
                started = time.process_time()
                run_series(work, protocol, preparer, name, most)
                took = time.process_time() - started
                print(f"{protocol.name}: {name}, {preparer}, {took:.0f} CPU s", flush=True)
