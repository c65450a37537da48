"""Which score should order a ranking: targets with known answers, docked from SMILES.

    python benchmarks/order.py WORK_FOLDER [--cores 2] [--dock-only] [--targets ...] [--tables]

fabp4 and inha (DUD-E, all actives among 100 of their decoys) and 300 measured compounds of the
SARS-CoV-2 main protease (COVID Moonshot), docked with effort fast, and the eight JACS series,
none of whose poses is used, with effort standard. Libraries are fixed random choices. A screen
that was stopped goes on where it was.

Orders are those of ``ranking.by``, as a ranking makes them of the pose that a ligand is ranked by,
and every consensus of two or three scores. They are judged beside docking alone, by each ligand's
lowest docking score.

``order_ligands.csv``  every score of every ligand
``order_targets.csv``  how well each order ranks each target, with 95 % intervals
``order_choice.csv``   the order chosen on all targets but one, tried on that one
``workflow/screenmm/results/order_evidence.csv``  means over targets, of which reports tell that of
their order; which order ``auto`` is stands in ``AUTO`` of ``orders.py`` beside it

An order is judged by its ROC-AUC, which for measured affinities is the share of pairs that it puts
right (the concordance), and by BEDROC (alpha 20), in a series of its best third.
"""

from __future__ import annotations

import argparse
import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from enrichment import COFACTORS
from given_poses import AFFINITY, SETS
from rdkit import Chem
from scipy.stats import kendalltau
from screens import RESULTS, ROOT, data_folder, rows_of, run_screen, write_rows

from screenmm.results.consensus import floats
from screenmm.results.database import open_database
from screenmm.results.orders import EVIDENCE_FILE, FOLLOWED, SCORES, SINGLE, Order, values
from screenmm.statistics.measures import classification_measures
from screenmm.statistics.resampling import interval, resampled_counts
from screenmm.tables.dictionary import CONSENSUS, listed

EVIDENCE = ROOT / "workflow/screenmm/results" / EVIDENCE_FILE

DECOYS = 100
MPRO = 300
SEED = 20261128
MPRO_CLASS = "class(active<=5uM|inactive>=99uM|gray)"


@dataclass(frozen=True)
class Target:
    """A protein with a library of known answers.

    Parameters
    ----------
    name : str
    structure, ligand : Path
        Receptor and reference ligand.
    labelled : bool
        Active and inactive; otherwise a series with measured affinities, kcal/mol.
    cofactors : list of dict
        As the receptor's key.
    """

    name: str
    structure: Path
    ligand: Path
    labelled: bool
    cofactors: list[dict[str, str]] = field(default_factory=list)


def targets() -> dict[str, Target]:
    """Every target, by name."""
    data = data_folder()
    dude = [
        Target(name, folder / "receptor.pdb", folder / "crystal_ligand.mol2", True, cofactors)
        for name, cofactors in COFACTORS.items()
        for folder in [data / "enrichment" / name]
    ]
    folder = data / "enrichment/mpro_covid_moonshot"
    mpro = Target("mpro", folder / "receptor_dimer.pdb", folder / "xtal_ligand.sdf", True)
    series = [
        Target(name, folder / "protein.pdb", folder / "ligands.sdf", False)
        for name in SETS
        for folder in [data / f"affinity/jacs_set__{name}"]
    ]
    return {target.name: target for target in [*dude, mpro, *series]}


def library_of(target: Target) -> list[dict[str, object]]:
    """Rows of the target's library: SMILES, name, and label or affinity."""
    folder = target.ligand.parent
    draw = random.Random(SEED)
    if target.name == "mpro":
        rows = [row for row in rows_of(folder / "mpro_clean.csv") if row[MPRO_CLASS] != "gray"]
        return [
            {"smiles": row["smiles"], "id": row["id"], "active": int(row[MPRO_CLASS] == "active")}
            for row in draw.sample(rows, MPRO)
        ]
    if target.labelled:
        actives = smiles_in(folder / "actives.smi")
        decoys = draw.sample(smiles_in(folder / "decoys.smi"), DECOYS)
        return [
            {"smiles": smiles, "id": name, "active": active}
            for active, lines in ((1, actives), (0, decoys))
            for smiles, name in lines
        ]
    measured = {r["ligand_id"]: r[AFFINITY] for r in rows_of(folder / "affinities.csv")}
    mols = list(Chem.SDMolSupplier(str(target.ligand)))
    return [
        {
            "smiles": Chem.MolToSmiles(mol),
            "id": mol.GetProp("_Name"),
            AFFINITY: measured[mol.GetProp("_Name")],
        }
        for mol in mols
    ]


def smiles_in(path: Path) -> list[tuple[str, str]]:
    fields = [line.split() for line in path.read_text().splitlines() if line.strip()]
    return [(line[0], line[-1]) for line in fields]


def config_of(target: Target) -> dict[str, Any]:
    """Config of the target's screen; states are one each, so that hours suffice."""
    column = {} if target.labelled else {"affinity_column": AFFINITY}
    label = {"label_column": "active"} if target.labelled else {}
    return {
        "name": target.name,
        "results": "results",
        "library": {"files": ["library.csv"], "shard_size": 50, **column, **label},
        "receptors": {
            target.name: {"structure": str(target.structure), "cofactors": target.cofactors}
        },
        "pocket": {"ligand": str(target.ligand)},
        "ligands": {"max_states": 1},
        "docking": {"effort": "fast" if target.labelled else "standard"},
        "controls": {"redock": False},
    }


def run_target(target: Target, folder: Path, args: argparse.Namespace) -> None:
    """Dock and score the target's library, or only dock it."""
    library = folder / "library.csv"
    if not library.exists():
        folder.mkdir(parents=True, exist_ok=True)
        write_rows(library, library_of(target))
    ends = [f"results/selected/{target.name}/select.events.parquet"] if args.dock_only else []
    done = run_screen(config_of(target), folder, args.cores, *ends)
    if done.returncode:
        raise SystemExit(f"{target.name}: {done.stderr[-3000:]}")


# --- what each order makes of a target ------------------------------------------------------

QUERY = f"""
WITH docked AS (
    SELECT inchikey, -min(dock_score_kcal_mol) AS docking_alone FROM poses GROUP BY inchikey
)
SELECT inchikey, label, affinity_kcal_mol, formal_charge, docking_alone, {listed(SINGLE)}
FROM ranking JOIN docked USING (inchikey)
WHERE isfinite(dg_mmgbsa_kcal_mol) AND isfinite(dock_score_kcal_mol)
    AND isfinite(cnn_affinity_pk) AND coalesce(label, affinity_kcal_mol) IS NOT NULL
ORDER BY inchikey
"""
BASELINE = "docking_alone"
TRIVIAL = ("heavy_atoms", "formal_charge")
RESAMPLES = 1000

Scores = dict[str, np.ndarray]


def read_scores(database: Path) -> dict[str, np.ndarray]:
    """Columns of :data:`QUERY`."""
    with open_database(database) as con:
        found = con.execute(QUERY).fetchnumpy()
    keys = {"inchikey": np.asarray(found.pop("inchikey"))}
    return keys | {name: floats(each) for name, each in found.items()}


def orders() -> list[Order]:
    """Every order that a ranking can follow."""
    joins = [each for size in (2, 3) for each in itertools.combinations(SCORES, size)]
    return [
        Order(by, parts)
        for by, column in FOLLOWED.items()
        for parts in (joins if column in CONSENSUS else [()])
    ]


def scores_of(table: dict[str, np.ndarray]) -> Scores:
    """Every order's values, docking alone, and what is trivial."""
    made = {order.name: values(order, table) for order in orders()}
    return made | {name: table[name] for name in (BASELINE, *TRIVIAL)}


@dataclass(frozen=True)
class Known:
    """The answers of a target.

    Parameters
    ----------
    strength : ndarray
        Larger is better: the label, or minus the affinity.
    best : ndarray of bool
        Actives, or the best third of a series.
    """

    strength: np.ndarray
    best: np.ndarray

    @classmethod
    def of(cls, table: dict[str, np.ndarray]) -> Known:
        label = table["label"]
        if np.isfinite(label).all():
            return cls(label, label > 0)
        strength = -table["affinity_kcal_mol"]
        return cls(strength, strength >= np.quantile(strength, 2 / 3))

    def drawn(self, counts: np.ndarray) -> tuple[Known, np.ndarray]:
        """A resample, and the ligands in it."""
        which = np.repeat(np.arange(len(counts)), counts)
        return Known(self.strength[which], self.best[which]), which


def judged(known: Known, score: np.ndarray) -> tuple[float, float]:
    """Concordance and BEDROC."""
    if set(np.unique(known.strength)) == {0.0, 1.0}:
        measures = classification_measures(known.best, score)
        return measures["roc_auc"], measures["bedroc_20"]
    # of pairs whose affinities differ; equal scores count half
    tau = 0.0 if np.ptp(score) == 0 else kendalltau(known.strength, score).statistic
    ties = [tied_share(each) for each in (known.strength, score)]
    right = tau * np.sqrt((1 - ties[1]) / (1 - ties[0]))
    return (1 + right) / 2, classification_measures(known.best, score)["bedroc_20"]


def tied_share(values: np.ndarray) -> float:
    """Share of the pairs that are equal."""
    _, counts = np.unique(values, return_counts=True)
    return float((counts * (counts - 1)).sum() / (len(values) * (len(values) - 1)))


def merit(measures: tuple[float, float]) -> float:
    """What orders are chosen by: the mean of the two measures."""
    return sum(measures) / 2


@dataclass(frozen=True)
class Outcome:
    """An order on a target.

    Parameters
    ----------
    measures : tuple of float
        Concordance and BEDROC.
    draws : ndarray, shape (resamples, 2)
        The same of resamples that all orders share.
    """

    measures: tuple[float, float]
    draws: np.ndarray


def outcomes_of(table: dict[str, np.ndarray]) -> dict[str, Outcome]:
    """Every order's outcome on a target."""
    known = Known.of(table)
    counts = np.concatenate(list(resampled_counts(known.best, RESAMPLES, SEED)))
    drawn = [known.drawn(each) for each in counts]
    return {
        name: Outcome(
            judged(known, score),
            np.array([judged(answers, score[which]) for answers, which in drawn]),
        )
        for name, score in scores_of(table).items()
    }


# --- tables ---------------------------------------------------------------------------------


def ligand_rows(tables: dict[str, dict[str, np.ndarray]]) -> Iterator[dict[str, object]]:
    for target, table in tables.items():
        for cells in zip(*table.values(), strict=True):
            row = dict(zip(table, cells, strict=True))
            yield {"target": target} | {name: shown(value) for name, value in row.items()}


def target_rows(found: dict[str, dict[str, Outcome]]) -> Iterator[dict[str, object]]:
    for target, outcomes in found.items():
        baseline = outcomes[BASELINE]
        for name, outcome in outcomes.items():
            row: dict[str, object] = {"target": target, "order": name}
            for place, measure in enumerate(("roc_auc", "bedroc_20")):
                draws = outcome.draws[:, place]
                row[measure] = shown(outcome.measures[place])
                row |= ends(measure, draws)
                lead = outcome.measures[place] - baseline.measures[place]
                row[f"{measure}_lead"] = shown(lead)
                row |= ends(f"{measure}_lead", draws - baseline.draws[:, place])
            yield row


def choice_rows(found: dict[str, dict[str, Outcome]]) -> Iterator[dict[str, object]]:
    """Chosen on all targets but one, tried on that one; last, the choice on all of them."""
    names = [BASELINE, *(order.name for order in orders())]
    tried = {}
    for held in found:
        others = [outcomes for target, outcomes in found.items() if target != held]
        chosen = best(names, others)
        tried[held] = found[held][chosen]
        yield {"held_out": held, "chosen": chosen} | compared(
            [tried[held]], [found[held][BASELINE]]
        )
    baselines = [outcomes[BASELINE] for outcomes in found.values()]
    yield {"held_out": "mean", "chosen": ""} | compared(list(tried.values()), baselines)
    for name in [best(names, list(found.values())), *names]:
        each = [outcomes[name] for outcomes in found.values()]
        yield {"held_out": "", "chosen": name} | compared(each, baselines)


def evidence_rows(found: dict[str, dict[str, Outcome]]) -> Iterator[dict[str, object]]:
    """Of each order its means over the targets, and the intervals of its leads over docking."""
    baselines = [outcomes[BASELINE] for outcomes in found.values()]
    for order in orders():
        row = compared([outcomes[order.name] for outcomes in found.values()], baselines)
        told: dict[str, object] = {"order": order.name, "targets": len(found)}
        for measure in ("roc_auc", "bedroc_20"):
            told |= {name: row[name] for name in (measure, f"{measure}_docking")}
            for end in ("low", "high"):
                # an order that never differs from docking has a lead of zero without spread
                found_end = row[f"{measure}_lead_targets_drawn_{end}"]
                told[f"{measure}_lead_{end}"] = 0.0 if found_end == "" else found_end
        yield told


def best(names: list[str], targets: list[dict[str, Outcome]]) -> str:
    """The order of the highest mean merit."""
    return max(names, key=lambda name: np.mean([merit(each[name].measures) for each in targets]))


def compared(orders: list[Outcome], baselines: list[Outcome]) -> dict[str, object]:
    """Mean measures over targets, and the lead over docking; targets are drawn anew too."""
    row: dict[str, object] = {}
    draw = np.random.default_rng(SEED).integers(0, len(orders), (RESAMPLES, len(orders)))
    for place, measure in enumerate(("roc_auc", "bedroc_20")):
        values = [each.measures[place] for each in orders]
        leads = np.array([a.draws[:, place] - b.draws[:, place]
                          for a, b in zip(orders, baselines, strict=True)])  # fmt: skip
        row[measure] = shown(float(np.mean(values)))
        row[f"{measure}_docking"] = shown(float(np.mean([b.measures[place] for b in baselines])))
        row |= ends(f"{measure}_lead", leads.mean(axis=0))
        of_targets = leads[draw, np.arange(RESAMPLES)[:, None]].mean(axis=1)
        row |= ends(f"{measure}_lead_targets_drawn", of_targets)
    return row


def ends(name: str, draws: np.ndarray) -> dict[str, object]:
    found = interval(draws)
    return {f"{name}_low": shown(found.low), f"{name}_high": shown(found.high)}


def shown(value: Any) -> object:
    if value is None or (isinstance(value, float | np.floating) and not np.isfinite(value)):
        return ""
    return round(float(value), 4) if isinstance(value, float | np.floating) else value


def write_tables(folder: Path, names: list[str]) -> None:
    tables = {
        name: read_scores(folder / name / "results/screen.duckdb")
        for name in names
        if (folder / name / "results/screen.duckdb").exists()
    }
    found = {name: outcomes_of(table) for name, table in tables.items()}
    write_rows(RESULTS / "order_ligands.csv", list(ligand_rows(tables)))
    write_rows(RESULTS / "order_targets.csv", list(target_rows(found)))
    write_rows(RESULTS / "order_choice.csv", list(choice_rows(found)))
    write_rows(EVIDENCE, list(evidence_rows(found)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--targets", nargs="+", choices=targets(), default=list(targets()))
    parser.add_argument("--dock-only", action="store_true")
    parser.add_argument("--tables", action="store_true", help="only write the tables")
    args = parser.parse_args()
    if not args.tables:
        for name in args.targets:
            run_target(targets()[name], args.folder / name, args)
            print(name, flush=True)
    if not args.dock_only:
        write_tables(args.folder, args.targets)


if __name__ == "__main__":
    main()
