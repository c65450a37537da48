"""Does the computed ΔΔG of a mutation follow the measured one?

    python benchmarks/variants.py WORK_FOLDER [--only PDB ...]
    python benchmarks/variants.py WORK_FOLDER --tables

Complexes and measured values of ``benchmarks/variants/`` (its README names the sources): the
ligand in its crystal pose, wild type and variant by the product's own code with one replica, and
every mutated residue built anew as it is. Writes ``results/variants.csv``, a row for each mutation
and each control, and ``results/variants_summary.csv``. A killed run goes on with its next mutation.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rdkit import Chem, RDLogger
from rdkit.Chem import AllChem
from scipy.stats import pearsonr, spearmanr
from screens import RESULTS, rows_of, write_rows
from sklearn.metrics import roc_auc_score

from screenmm.config.settings import Cofactor, Pocket, Receptor, Scoring
from screenmm.core.errors import LigandError, ReceptorError
from screenmm.core.seeds import seed_for
from screenmm.devices.platforms import choose_platform
from screenmm.forcefield.ligand_parameters import ligand_parameters, load_models
from screenmm.mmgbsa.score import Pose, jittered
from screenmm.receptor.names import ONE_LETTER
from screenmm.receptor.prepare import prepare_receptor
from screenmm.stages.prepare_receptor import write_folder
from screenmm.variants.binding import (
    Candidate,
    Protein,
    Start,
    neighbourhood,
    rotamer_costs,
    score_in,
    starts_of,
)
from screenmm.variants.calls import SLOPE, Call, Noise, effect_of
from screenmm.variants.changes import Variant
from screenmm.variants.model import Prepared, mutate
from screenmm.variants.trivial import PREDICTORS, trivial

DATA = Path(__file__).parent / "variants"
COLUMNS = (
    "complex", "ligand", "mutation", "kind", "measured_kcal_mol", "raw_kcal_mol",
    "replica_kcal_mol", "vdw_kcal_mol", "coulomb_kcal_mol", "gb_kcal_mol", "sa_kcal_mol",
    "strain_kcal_mol", "rotamer_kcal_mol", "distance_angstrom", "cpu_s", "failure",
)  # fmt: skip
TERMS = ("vdw", "coulomb", "gb", "sa", "strain")
OPTIONS = Scoring(jitter_replicas=1)
ROTAMERS = 4
SEED = 1
RESISTANT_KCAL_MOL = 1.364
"""Ten times weaker, at 298 K."""
RESAMPLINGS = 2000


def crystal_ligand(block: str, code: str, chain: str, smiles: str) -> Chem.Mol:
    """Ligand of a PDB file with bond orders and hydrogens."""
    lines = [
        line
        for line in block.splitlines(keepends=True)
        if line.startswith("HETATM") and line[17:20].strip() == code and line[21] == chain
    ]
    mol = Chem.MolFromPDBBlock("".join(lines), proximityBonding=True, removeHs=True)
    mol = AllChem.AssignBondOrdersFromTemplate(Chem.MolFromSmiles(smiles), mol)
    Chem.AssignStereochemistryFrom3D(mol)
    mol = Chem.AddHs(mol, addCoords=True)
    mol.SetProp("_Name", code)
    return mol


def prepared(
    entry: dict[str, str], smiles: dict[str, str], work: Path
) -> tuple[Prepared, Chem.Mol]:
    """Wild type and ligand of a complex."""
    name, code, chains = entry["complex"], entry["ligand"], entry["chains"].split("+")
    block = gzip.decompress((DATA / f"{name}.pdb.gz").read_bytes()).decode()
    folder = work / name
    folder.mkdir(parents=True, exist_ok=True)
    structure = folder / "structure.pdb"
    structure.write_text(block)
    mol = crystal_ligand(block, code, entry["ligand_chain"], smiles[code])
    reference = folder / "ligand.sdf"
    with Chem.SDWriter(str(reference)) as writer:
        writer.write(mol)
    cofactors = [
        Cofactor(residue=each, smiles=smiles[each]) for each in entry["cofactors"].split() if each
    ]
    settings = Receptor(
        structure=structure,
        chains=chains,
        mutations=entry["revert"].split(),
        cofactors=cofactors,
    )
    home = folder / "receptor"
    if not (home / "report.json").exists():
        write_folder(prepare_receptor(name, settings, Pocket(ligand=reference)), home)
    return Prepared.load(home), mol


def sites_of(wild: Prepared, mutation: str, chains: Sequence[str]) -> dict[int, str]:
    """Residues of a mutation in every chain that has it, and what they become."""
    labels = list(map(str, wild.model.residue_labels))
    found = {}
    for each in mutation.split("+"):
        old, number, new = ONE_LETTER[each[0]], each[1:-1], ONE_LETTER[each[-1]]
        there = [f"{chain}:{old}:{number}" for chain in chains]
        places = [labels.index(label) for label in there if label in labels]
        if not places:
            raise ReceptorError(f"{mutation}: no {old} {number} in the structure")
        found |= dict.fromkeys(places, new)
    return found


def best(found: Sequence[Candidate], replica: int) -> Candidate:
    return min(found, key=lambda each: each.dg_kcal_mol(replica))


def term(candidate: Candidate, replica: int, name: str) -> float:
    score = candidate.scores[replica]
    if isinstance(score, LigandError):
        raise score
    return float(getattr(score.terms, f"{name}_kcal_mol"))


def computed(wild: Prepared, poses: list[list[Start]], changes: dict[int, str]) -> dict[str, float]:
    """ΔΔG of a pose and of its replica, and the distance of the mutation to the ligand."""
    platform = choose_platform("CPU")
    start = time.process_time()
    around = neighbourhood(wild, sorted(changes))
    before = score_in(Protein.of_wild_type(wild), poses, around, OPTIONS, platform)
    mutant = mutate(wild, changes, ROTAMERS)
    costs = rotamer_costs(mutant, around, OPTIONS, platform)
    after = score_in(Protein(wild, mutant, costs), poses, around, OPTIONS, platform)
    pairs = [(k, best(before, k), best(after, k)) for k in range(2)]
    values = [new.dg_kcal_mol(k) - old.dg_kcal_mol(k) for k, old, new in pairs]
    places = np.concatenate([list(wild.places(each).values()) for each in changes])
    ligand = poses[0][0].pose.angstrom[poses[0][0].pose.parameters.masses > 1.5]
    near = np.linalg.norm(places[:, None] - ligand, axis=2).min()
    return {
        "raw_kcal_mol": round(float(np.mean(values)), 3),
        "replica_kcal_mol": round(values[1] - values[0], 3),
        **{
            f"{name}_kcal_mol": round(
                float(np.mean([term(new, k, name) - term(old, k, name) for k, old, new in pairs])),
                3,
            )
            for name in TERMS
        },
        "rotamer_kcal_mol": round(
            float(np.mean([new.cost_kcal_mol - old.cost_kcal_mol for _, old, new in pairs])), 3
        ),
        "distance_angstrom": round(float(near), 2),
        "cpu_s": round(time.process_time() - start, 1),
    }


def jobs_of(entry: dict[str, str]) -> Iterator[tuple[str, str, str]]:
    """Mutation, kind and measured value of a complex, controls last."""
    rows = [row for row in rows_of(DATA / "measured.csv") if row["complex"] == entry["complex"]]
    for row in rows:
        yield row["mutation"], "variant", row["ddg_kcal_mol"]
    single = dict.fromkeys(each[:-1] for row in rows for each in row["mutation"].split("+"))
    for each in single:
        if each[0] not in "GAP":
            yield f"{each}{each[0]}", "null", ""


def run(work: Path, only: Sequence[str]) -> None:
    """Compute what is not computed yet."""
    RDLogger.DisableLog("rdApp.*")
    load_models()
    work.mkdir(parents=True, exist_ok=True)
    table = work / "variants.csv"
    done = {(r["complex"], r["mutation"]) for r in rows_of(table)} if table.exists() else set()
    smiles = {row["code"]: row["smiles"] for row in rows_of(DATA / "ligands.csv")}
    for entry in rows_of(DATA / "complexes.csv"):
        jobs = [job for job in jobs_of(entry) if (entry["complex"], job[0]) not in done]
        if not jobs or (only and entry["complex"] not in only):
            continue
        wild, mol = prepared(entry, smiles, work)
        pose = Pose(ligand_parameters(mol), mol.GetConformer().GetPositions())
        replicas = [pose, *jittered(pose, OPTIONS, seed_for(SEED, "jitter", entry["complex"]))]
        starts = starts_of(wild.model, replicas, OPTIONS, choose_platform("CPU"))
        sound = [each for each in starts if isinstance(each, Start)]
        for mutation, kind, measured in jobs:
            row = dict.fromkeys(COLUMNS, "") | {
                "complex": entry["complex"], "ligand": entry["ligand"], "mutation": mutation,
                "kind": kind, "measured_kcal_mol": measured,
            }  # fmt: skip
            try:
                changes = sites_of(wild, mutation, entry["chains"].split("+"))
                found = computed(wild, [sound], changes)
                row |= {key: str(value) for key, value in found.items()}
            except (LigandError, ReceptorError) as error:
                row["failure"] = str(error)[:200]
            append(table, row)
            print(*row.values(), flush=True)


def append(table: Path, row: dict[str, str]) -> None:
    fresh = not table.exists()
    with table.open("a", newline="") as handle:
        writer = csv.DictWriter(handle, COLUMNS, lineterminator="\n")
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def predictors(rows: Sequence[dict[str, str]]) -> dict[str, np.ndarray]:
    """What is judged: the computed value, and what needs no computation."""
    without = [
        trivial(Variant.named(row["mutation"]), float(row["distance_angstrom"])) for row in rows
    ]
    return {
        "MM/GBSA": SLOPE * np.array([float(row["raw_kcal_mol"]) for row in rows]),
        **{words: np.array([each[name] for each in without]) for name, words in PREDICTORS.items()},
    }


def keeps_charge(row: dict[str, str]) -> bool:
    return trivial(Variant.named(row["mutation"]), 0.0)["charge"] == 0.0


def tables(work: Path) -> None:
    """Write the committed tables."""
    rows = rows_of(work / "variants.csv")
    write_rows(RESULTS / "variants.csv", [{name: row[name] for name in COLUMNS} for row in rows])
    scored = [row for row in rows if row["kind"] == "variant" and not row["failure"]]
    sets = {"all": scored, "charge kept": [row for row in scored if keeps_charge(row)]}
    for name in dict.fromkeys(row["complex"] for row in scored):
        sets[name] = [row for row in scored if row["complex"] == name]
    write_rows(
        RESULTS / "variants_summary.csv",
        [line for name, part in sets.items() if len(part) > 4 for line in judged(name, part)],
    )
    nulls = [row for row in rows if row["kind"] == "null" and not row["failure"]]
    raw = np.array([float(row["raw_kcal_mol"]) for row in nulls])
    within = sum(holds_zero(row, nulls) for row in nulls)
    print(f"{len(nulls)} nulls: rms {np.sqrt(np.mean(raw**2)):.2f}, "
          f"median |ΔΔG| {np.median(np.abs(raw)):.2f} kcal/mol, unscaled; "
          f"{within} intervals hold 0, each by the nulls of its complex beside it")  # fmt: skip
    computed_, measured = (
        np.array([float(row[name]) for row in scored])
        for name in ("raw_kcal_mol", "measured_kcal_mol")
    )
    print(f"slope through the origin {(computed_ @ measured) / (computed_ @ computed_):.3f}, "
          f"with intercept {np.polyfit(computed_, measured, 1)[0]:.3f}")  # fmt: skip


def replicas(row: dict[str, str]) -> list[float]:
    """ΔΔG of a pose and of its replica."""
    mean, apart = float(row["raw_kcal_mol"]), float(row["replica_kcal_mol"])
    return [mean - apart / 2, mean + apart / 2]


def holds_zero(row: dict[str, str], nulls: Sequence[dict[str, str]]) -> bool:
    """Whether the interval of a residue built anew holds 0, by the others of its complex."""
    others = {
        each["mutation"]: [float(each["raw_kcal_mol"])]
        for each in nulls
        if each["complex"] == row["complex"] and each is not row
    }
    return effect_of(replicas(row), Noise.of(others)).call == Call.NOT_TOLD_APART


def judged(name: str, rows: Sequence[dict[str, str]]) -> Iterator[dict[str, object]]:
    """One row per predictor: correlations with bootstrap intervals, AUC, error."""
    measured = np.array([float(row["measured_kcal_mol"]) for row in rows])
    draw = np.random.default_rng(SEED)
    picks = draw.integers(0, len(rows), (RESAMPLINGS, len(rows)))
    resistant = measured >= RESISTANT_KCAL_MOL
    for predictor, values in predictors(rows).items():
        if np.ptp(values) == 0:
            continue
        resampled = [
            pearsonr(values[pick], measured[pick])[0]
            for pick in picks
            if np.ptp(values[pick]) > 0 and np.ptp(measured[pick]) > 0
        ]
        low, high = np.percentile(resampled, [2.5, 97.5])
        both = 0 < resistant.sum() < len(rows)
        yield {
            "set": name,
            "mutations": len(rows),
            "predictor": predictor,
            "pearson": round(float(pearsonr(values, measured)[0]), 2),
            "pearson_low": round(float(low), 2),
            "pearson_high": round(float(high), 2),
            "spearman": round(float(spearmanr(values, measured)[0]), 2),
            "auc": round(float(roc_auc_score(resistant, values)), 2) if both else "",
            "rmse_kcal_mol": round(float(np.sqrt(np.mean((values - measured) ** 2))), 2)
            if predictor == "MM/GBSA"
            else "",
            "rmse_of_the_mean": round(float(measured.std()), 2),
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("work", type=Path)
    parser.add_argument("--only", nargs="*", default=())
    parser.add_argument("--tables", action="store_true")
    args = parser.parse_args()
    if not args.tables:
        run(args.work, args.only)
    tables(args.work)


if __name__ == "__main__":
    main()
