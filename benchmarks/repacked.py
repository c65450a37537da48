"""Does refinement with one ligand of a series open a blindly repacked pocket for another?

cd benchmarks && python repacked.py WORK_FOLDER [--series NAME ...]
cd benchmarks && python repacked.py WORK_FOLDER --tables
cd benchmarks && python repacked.py WORK_FOLDER --clashes

Needs FASPR: pip install -c ../constraints.txt pyfaspr==0.3.1

Holo structures whose side chains were all repacked by FASPR, which sees no ligand, stand in for
predicted models. First and last ligand of a series by name: each is docked, the other is the seed.
Three receptors for each pair, alike but for side chains: holo, repacked, and repacked with the side
chains that clash with the seed turned away (``receptors.NAME.repack``). Hydrogens are the package's
in all of them, and the box is around the seed. A killed run goes on with its next row.
``--clashes`` docks nothing: it asks whether the given pose of the one fits once the other was the
seed. A minute.
"""

from __future__ import annotations

import argparse
import time
import warnings
from collections import Counter
from pathlib import Path
from typing import Any

import gemmi
import numpy as np
from protocols import JACS, cached
from rdkit import Chem, RDLogger
from redocking import paired
from robust.series import without_hydrogens
from robust.store import append, done_of
from scipy.spatial.distance import cdist
from screens import RESULTS, data_folder, rows_of, write_rows
from template import dock_seed, fresh

from screenmm.bias.losses import wilson
from screenmm.config.settings import Docking, Pocket, Receptor
from screenmm.core.errors import LigandError
from screenmm.devices.vulkan import SearchDevice
from screenmm.docking.engine import Box, Site, make_engine
from screenmm.docking.pdbqt import receptor_pdbqt
from screenmm.receptor.forcefield import residue_label
from screenmm.receptor.geometry import torsion
from screenmm.receptor.likeness import clashes
from screenmm.receptor.pocket import heavy_positions
from screenmm.receptor.prepare import PreparedReceptor, choose_residues, prepare_receptor
from screenmm.receptor.repack import Repacked, repack
from screenmm.receptor.sidechains import chis
from screenmm.receptor.structure import Atom, Residue
from screenmm.redocking.rmsd import heavy_rmsd_angstrom
from screenmm.residues.synonyms import AMINO_ACIDS
from screenmm.run.receptor_folder import ReceptorFolder

ARMS = ("holo", "repacked", "refined")
DEVELOPED_ON = ("brd4", "chk1", "urokinase", "hsp90_woodhead", "hne", "mup1")
"""Where the refinement's numbers were chosen; none of these judges it."""
SEED = 1
POSES = 9
LIMIT_ANGSTROM = 2.0
DISULFIDE_ANGSTROM = 2.5
AROUND_ANGSTROM = 5.0
WRONG_DEGREES = 40.0
KEY = ("series", "ligand", "seed", "arm")
COLUMNS = (
    *KEY, "turned", "still_clashing", "wrong_rotamers", "pocket_residues", "clashing_atoms",
    "score_kcal_mol", "top_rmsd_angstrom", "best_rmsd_angstrom", "cpu_s", "failure",
)  # fmt: skip


def folder_of(series: str) -> Path:
    (found,) = (data_folder() / "affinity").glob(f"*__{series}")
    return found


def ligands(series: str) -> tuple[Chem.Mol, Chem.Mol]:
    """First and last ligand by name."""
    mols = Chem.SDMolSupplier(str(folder_of(series) / "ligands.sdf"), removeHs=False)
    ordered = sorted(mols, key=lambda mol: mol.GetProp("_Name"))
    return ordered[0], ordered[-1]


def blind(source: Path, target: Path) -> Path:
    """Repack all side chains but those of disulfides with FASPR, which sees no ligand."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pyfaspr import run_FASPR  # noqa: PLC0415  (only here)

    structure = gemmi.read_structure(str(source))
    residues = [each for chain in structure[0] for each in chain if each.name in AMINO_ACIDS]
    alone = gemmi.Structure()
    alone.add_model(gemmi.Model(1))
    # one chain, numbered anew: FASPR knows places of backbones, not names
    alone[0].add_chain(gemmi.Chain("A"))
    for number, residue in enumerate(residues, 1):
        copy = residue.clone()
        copy.seqid = gemmi.SeqId(number, " ")
        alone[0][0].add_residue(copy)
    packed = gemmi.read_pdb_string(run_FASPR(alone.make_pdb_string()))
    sulfurs = [each["SG"][0].pos for each in residues if each.name == "CYS" and "SG" in each]
    for residue, new in zip(residues, packed[0][0], strict=True):
        bonded = residue.name == "CYS" and "SG" in residue and any(
            0.1 < residue["SG"][0].pos.dist(other) < DISULFIDE_ANGSTROM for other in sulfurs
        )  # fmt: skip
        if residue.name != new.name:
            raise ValueError(f"FASPR made {new.name} of {residue.name}")
        for atom in residue if not bonded else ():
            if atom.name in new:
                atom.pos = new[atom.name][0].pos
    target.parent.mkdir(parents=True, exist_ok=True)
    structure.write_pdb(str(target))
    return target


def written(mol: Chem.Mol, path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    with Chem.SDWriter(str(path)) as writer:
        writer.write(mol)
    return path


def structures(work: Path, series: str) -> dict[str, Path]:
    """Heavy atoms of the holo structure, and repacked."""
    folder = work / "structures" / series
    holo, packed = folder / "holo.pdb", folder / "repacked.pdb"
    if not holo.exists():
        without_hydrogens(folder_of(series) / "protein.pdb", holo)
    if not packed.exists():
        blind(holo, packed)
    return {"holo": holo, "repacked": packed, "refined": packed}


def receptor_of(work: Path, series: str, seed: Chem.Mol, arm: str) -> PreparedReceptor:
    """The receptor as the package prepares it; the seed counts where it is refined alone."""
    around = seed if arm == "refined" else ligands(series)[0]
    folder = work / "receptors" / series / around.GetProp("_Name")
    settings = Receptor(structure=structures(work, series)[arm], repack=arm == "refined")

    def make() -> PreparedReceptor:
        pocket = Pocket(ligand=written(around, folder / "ligand.sdf"))
        return prepare_receptor(series, settings, pocket)

    found: PreparedReceptor = cached(folder / f"{arm}.pkl", make)
    return found


def chosen(work: Path, series: str, seed: Chem.Mol, arm: str) -> tuple[list[Residue], Repacked]:
    """Residues of an arm's heavy atoms, and what was turned, without the rest of preparation."""
    file = written(seed, work / "receptors" / series / seed.GetProp("_Name") / "ligand.sdf")
    settings = Receptor(structure=structures(work, series)[arm], repack=True)
    structure, pocket, _ = choose_residues(settings, Pocket(ligand=file))
    residues = [each for each in structure.of_kind("polymer", "ion", "other") if each.heavy()]
    assert pocket.seed is not None  # asked for
    if arm != "refined":
        return residues, Repacked(pocket.seed_name, "", [], [])
    return residues, repack(pocket.seed, pocket.seed_name, residues)


def box_around(seed: Chem.Mol) -> Box:
    """The box that a screen makes around a ligand."""
    points, pocket = heavy_positions(seed), Pocket(auto=True)
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.maximum(high - low + 2 * pocket.padding_angstrom, pocket.min_size_angstrom)
    return Box(tuple(((low + high) / 2).tolist()), tuple(size.tolist()))


Places = dict[str, dict[str, np.ndarray]]
"""Heavy atoms of each residue, by label and name, Å."""


def places_of(made: PreparedReceptor) -> Places:
    found: Places = {}
    for atom in made.topology.atoms():
        if atom.element.symbol != "H":
            places = found.setdefault(residue_label(atom.residue), {})
            places[atom.name] = made.positions_angstrom[atom.index]
    return found


def chi1(name: str, places: dict[str, np.ndarray]) -> float | None:
    """First torsion of a side chain, degrees; None where it has none."""
    free = chis(name) if name in AMINO_ACIDS else ()
    return torsion(*(places[each] for each in free[0].atoms)) if free else None


def compared(here: Places, holo: Places, ligand: Chem.Mol) -> dict[str, int]:
    """Side chains around a ligand's given pose against holo, and the atoms that clash with it.

    A rotamer is wrong whose χ1 is 40° away; atoms clash as ``pocket.like`` counts them.
    """
    points = heavy_positions(ligand)
    count = wrong = 0
    for label, places in holo.items():
        true = chi1(label.split(":")[-2], places)
        if true is None or cdist(list(places.values()), points).min() > AROUND_ANGSTROM:
            continue
        count += 1
        away = (chi1(label.split(":")[-2], here[label]) - true + 180) % 360 - 180
        wrong += abs(away) > WRONG_DEGREES
    elements = [atom.GetSymbol() for atom in ligand.GetAtoms() if atom.GetAtomicNum() > 1]
    atoms = [
        Atom(name, "ZN" if name == "ZN" else name[0], xyz)
        for places in here.values()
        for name, xyz in places.items()
    ]
    hit, _ = clashes(points, elements, [Residue("", "ALL", 1, "", atoms)])
    return {"pocket_residues": count, "wrong_rotamers": wrong, "clashing_atoms": hit}


def engine_of(folder: Path, made: PreparedReceptor, box: Box) -> Any:
    """rustina with the standard effort, on the CPU."""
    path = ReceptorFolder(folder).pdbqt
    path.parent.mkdir(parents=True, exist_ok=True)
    cofactors = [(each.mol, each.atom_indices) for each in made.cofactors]
    path.write_text(
        receptor_pdbqt(made.topology, made.positions_angstrom, cofactors, box.center, box.size)
    )
    site = Site(path, box, SearchDevice("cpu", "", "benchmark"), SEED)
    return make_engine(Docking(poses=POSES, device="cpu"), site)


def judge(work: Path, series: str, ligand: Chem.Mol, seed: Chem.Mol, arm: str) -> dict[str, Any]:
    """Dock a ligand from a fresh conformer into one arm; RMSDs are to its given pose."""
    made, holo = (receptor_of(work, series, seed, each) for each in (arm, "holo"))
    row: dict[str, Any] = compared(places_of(made), places_of(holo), ligand)
    folder = work / "docked" / series / seed.GetProp("_Name") / arm
    engine = engine_of(folder, made, box_around(seed))
    start = time.process_time()
    try:
        poses = engine.dock(fresh(ligand), dock_seed(ligand))
    except LigandError as error:
        return row | {"failure": error.reason}
    spent = time.process_time() - start
    away = [heavy_rmsd_angstrom(pose.mol, ligand) for pose in poses]
    return row | {
        "score_kcal_mol": f"{poses[0].dock_score_kcal_mol:.2f}",
        "top_rmsd_angstrom": f"{away[0]:.2f}",
        "best_rmsd_angstrom": f"{min(away):.2f}",
        "cpu_s": f"{spent:.1f}",
    }


def in_words(found: Repacked) -> dict[str, str]:
    return {
        "turned": " ".join(each.residue for each in found.turned),
        "still_clashing": " ".join(each.residue for each in found.clashing),
    }


def opened(work: Path, series: str) -> list[dict[str, Any]]:
    """Without docking: whether the given pose of each ligand clashes with each arm."""
    first, last = ligands(series)
    rows = []
    for ligand, seed in ((first, last), (last, first)):
        arms = {arm: chosen(work, series, seed, arm) for arm in ARMS}
        places = {
            arm: {each.label: {a.name: a.xyz for a in each.heavy()} for each in residues}
            for arm, (residues, _) in arms.items()
        }
        key = dict(zip(KEY, (series, ligand.GetProp("_Name"), seed.GetProp("_Name")), strict=False))
        row: dict[str, Any] = {**key, **in_words(arms["refined"][1])}
        for arm in ARMS:
            numbers = compared(places[arm], places["holo"], ligand)
            row["pocket_residues"] = numbers.pop("pocket_residues")
            row |= {f"{name}_{arm}": number for name, number in numbers.items()}
        rows.append(row)
    return rows


def refined(work: Path, series: str, ligand: Chem.Mol, seed: Chem.Mol) -> dict[str, Any]:
    """Dock into the refined receptor; where nothing turned, it is the repacked one."""
    _, found = chosen(work, series, seed, "refined")
    row = in_words(found)
    if found.turned:
        return row | judge(work, series, ligand, seed, "refined")
    (same,) = (
        each
        for each in rows_of(work / "repacked.csv")
        if [each[name] for name in KEY]
        == [series, ligand.GetProp("_Name"), seed.GetProp("_Name"), "repacked"]
    )
    return {**same, **row, "cpu_s": "0.0"}


def run(work: Path, series: str) -> None:
    path = work / "repacked.csv"
    first, last = ligands(series)
    for ligand, seed in ((first, last), (last, first)):
        names = ligand.GetProp("_Name"), seed.GetProp("_Name")
        for arm in ARMS:
            if (series, *names, arm) in done_of(path, KEY):
                continue
            key = dict(zip(KEY, (series, *names, arm), strict=True))
            if arm == "refined":
                row = refined(work, series, ligand, seed)
            else:
                row = judge(work, series, ligand, seed, arm)
            append(path, COLUMNS, row | key)
            print(*rows_of(path)[-1].values(), flush=True)


QUESTIONS = {"first": "top_rmsd_angstrom", "best of nine": "best_rmsd_angstrom"}


def summary(rows: list[dict[str, str]]) -> list[dict[str, object]]:
    """Rates of each arm with Wilson's intervals, and paired differences, of pairs done whole."""
    arms_of = Counter((row["series"], row["ligand"]) for row in rows)
    whole = [row for row in rows if arms_of[row["series"], row["ligand"]] == len(ARMS)]
    judging = [row for row in whole if row["series"] in JACS]
    developing = [row for row in whole if row["series"] not in JACS]
    clashing = {(row["series"], row["ligand"], row["arm"]): int(row["clashing_atoms"])
                for row in judging}  # fmt: skip
    blocked = {
        series + ligand
        for series, ligand, arm in clashing
        if clashing[series, ligand, "repacked"] > clashing[series, ligand, "holo"]
    }
    groups = {
        "judging": judging,
        "judging, pose blocked by repacking": [
            row for row in judging if row["series"] + row["ligand"] in blocked
        ],
        "developed on": developing,
    }
    found: list[dict[str, object]] = []
    for group, members in groups.items():
        for question, column in QUESTIONS.items() if members else ():
            hits = {arm: hits_of(members, arm, column) for arm in ARMS}
            for arm, each in hits.items():
                low, high = wilson(int(sum(each)), len(each))
                found.append(
                    {"group": group, "pose": question, "what": arm, "hits": int(sum(each)),
                     "n": len(each), "rate": f"{sum(each) / len(each):.2f}",
                     "low": f"{low:.2f}", "high": f"{high:.2f}"}
                )  # fmt: skip
            for one, other in (("refined", "repacked"), ("refined", "holo"), ("repacked", "holo")):
                words = {"group": group, "pose": question, "what": f"{one} less {other}"}
                found.append(words | paired(hits[one], hits[other]))
    columns = ("group", "pose", "what", "hits", "n", "rate", "low", "high", "gained", "lost",
               "mcnemar_p")  # fmt: skip
    return [{column: row.get(column, "") for column in columns} for row in found]


def hits_of(rows: list[dict[str, str]], arm: str, column: str) -> list[float]:
    """1 within the limit, 0 beyond it or without a pose; one for each pair, in one order."""
    found = sorted((row["series"], row["ligand"], row[column]) for row in rows if row["arm"] == arm)
    return [float(bool(value) and float(value) <= LIMIT_ANGSTROM) for _, _, value in found]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path, help="folder of intermediate results")
    parser.add_argument("--series", nargs="*", default=[*JACS, *DEVELOPED_ON])
    parser.add_argument("--tables", action="store_true", help="only write the tables")
    parser.add_argument("--clashes", action="store_true", help="dock nothing")
    args = parser.parse_args()
    RDLogger.DisableLog("rdApp.*")
    if args.clashes:
        found = [row for series in args.series for row in opened(args.work, series)]
        write_rows(RESULTS / "repacked_clashes.csv", found)
        return
    if not args.tables:
        for series in args.series:
            run(args.work, series)
    rows = rows_of(args.work / "repacked.csv")
    write_rows(RESULTS / "repacked.csv", rows)
    write_rows(RESULTS / "repacked_summary.csv", summary(rows))


if __name__ == "__main__":
    main()
