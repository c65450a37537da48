"""What proposers propose: valid, new, diverse, plausible, and at what cost.

    python benchmarks/generation.py [--count 300] [--targets tyk2 mcl1]

Parents are the ligands of a JACS series in the order of their measured affinities. Fragments and
building blocks are of the demo's NCI compounds and the parents. Nothing is docked and nothing
learned: ``products`` draws at random. Every proposal is standardised, filtered by nothing, and
compared with the parents and the NCI compounds, as a screen compares it with its library.

``generation.csv``            a row per target and proposer
``generation_proposals.csv``  every proposal, and what became of it
"""

from __future__ import annotations

import argparse
import math
import random
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator
from rdkit.Chem.Scaffolds import MurckoScaffold
from screens import RESULTS, data_folder, rows_of, write_rows

from screenmm.bias.losses import wilson
from screenmm.config.settings import Ligands
from screenmm.core.errors import LigandError, Reason
from screenmm.demo import write_demo
from screenmm.generation.plausibility import plausibility
from screenmm.generation.proposal import Known
from screenmm.generation.registry import made_of, make_proposer, proposers
from screenmm.generation.routes import Router
from screenmm.generation.vetting import Limits, Vetted, vet
from screenmm.library.standardise import standardise

SEED = 20261129
SHARE_OF_NCI = 400
AFFINITY = "exp_dG_kcal_mol"
PRINTS = rdFingerprintGenerator.GetMorganGenerator(radius=2)


def molecules(structures: Sequence[tuple[str, float | None]]) -> list[Known]:
    """Standardised molecules, the first of equal ones, with their values."""
    found: dict[str, Known] = {}
    for smiles, value in structures:
        try:
            parent = standardise(smiles, "smiles", Ligands())
        except LigandError:
            continue
        found.setdefault(parent.inchikey, Known(parent.inchikey, parent.smiles, value))
    return list(found.values())


def series(target: str) -> list[Known]:
    """Ligands of a series, the most affine first."""
    folder = data_folder() / f"affinity/jacs_set__{target}"
    measured = {
        row["ligand_id"]: float(row[AFFINITY]) for row in rows_of(folder / "affinities.csv")
    }
    mols = [mol for mol in Chem.SDMolSupplier(str(folder / "ligands.sdf")) if mol is not None]
    values = [(Chem.MolToSmiles(mol), measured[mol.GetProp("_Name")]) for mol in mols]
    return molecules(sorted(values, key=lambda each: (each[1], each[0])))


def nci(folder: Path) -> list[Known]:
    """A random share of the demo's library."""
    write_demo(folder / "demo")
    lines = (folder / "demo/nci.smi").read_text().splitlines()
    chosen = random.Random(SEED).sample(sorted(lines), SHARE_OF_NCI)
    return molecules([(line.split()[0], None) for line in chosen])


def judged(
    vetted: Sequence[Vetted], parents: Sequence[Known], router: Router, cpu_s: float
) -> dict[str, object]:
    """Sum up what a proposer proposed."""
    valid = [each for each in vetted if each.key]
    kept = [each for each in vetted if each.kept]
    mols = [Chem.MolFromSmiles(each.smiles) for each in kept]
    told = [plausibility(mol) for mol in mols]
    prints = [PRINTS.GetFingerprint(mol) for mol in mols]
    scaffolds = {MurckoScaffold.MurckoScaffoldSmiles(mol=mol) for mol in mols}
    sizes = [mol.GetNumHeavyAtoms() for mol in mols]
    size = statistics.median(Chem.MolFromSmiles(p.smiles).GetNumHeavyAtoms() for p in parents)
    routes = [router.route(each.smiles) is not None for each in kept]
    return {
        "proposals": len(vetted),
        **share("valid", len(valid), len(vetted)),
        **share("new", len(kept), len(vetted)),
        "duplicates": sum(each.reason is Reason.DUPLICATE_STRUCTURE for each in vetted),
        "seen_before": sum(each.reason is Reason.SEEN_BEFORE for each in vetted),
        "mean_distance": shown(mean_distance(prints)),
        "scaffolds_per_100": shown(100 * len(scaffolds) / max(1, len(kept))),
        **share("rings_known", sum(each.rings_known for each in told), len(told)),
        **share("bonds_known", sum(each.bonds_known for each in told), len(told)),
        "sa_score_median": shown(median([each.sa_score for each in told])),
        **share("route", sum(routes), len(routes)),
        "heavy_atoms_beside_parents": shown(median(sizes) - size),
        "similarity_to_parents_median": shown(nearest(prints, parents)),
        "cpu_ms_per_proposal": shown(1000 * cpu_s / max(1, len(vetted))),
    }


def share(name: str, count: int, total: int) -> dict[str, object]:
    """Share with its interval of 95 % (Wilson)."""
    low, high = wilson(count, total) if total else (math.nan, math.nan)
    part = count / total if total else math.nan
    return {name: shown(part), f"{name}_low": shown(low), f"{name}_high": shown(high)}


def median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else math.nan


def mean_distance(prints: Sequence[DataStructs.ExplicitBitVect]) -> float:
    """Mean Tanimoto distance of two proposals."""
    distances = [
        1 - each
        for place, own in enumerate(prints[:-1])
        for each in DataStructs.BulkTanimotoSimilarity(own, prints[place + 1 :])
    ]
    return float(np.mean(distances)) if distances else math.nan


def nearest(prints: Sequence[DataStructs.ExplicitBitVect], parents: Sequence[Known]) -> float:
    """Median similarity to the most similar parent."""
    known = [PRINTS.GetFingerprint(Chem.MolFromSmiles(each.smiles)) for each in parents]
    return median([max(DataStructs.BulkTanimotoSimilarity(each, known)) for each in prints])


def shown(value: float) -> object:
    return round(value, 3) if math.isfinite(value) else ""


def proposal_rows(target: str, name: str, vetted: Sequence[Vetted]) -> Iterator[dict[str, object]]:
    for each in vetted:
        yield {
            "target": target,
            "proposer": name,
            "smiles": each.smiles or each.proposal.smiles,
            "operation": each.proposal.operation,
            "parents": " ".join(each.proposal.parents),
            "reaction": each.proposal.reaction,
            "blocks": " ".join(each.proposal.blocks),
            "reason": "" if each.reason is None else str(each.reason),
            "message": each.message,
        }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=300)
    parser.add_argument("--targets", nargs="+", default=["tyk2", "mcl1"])
    args = parser.parse_args()
    rows, details = [], []
    with tempfile.TemporaryDirectory() as name:
        others = nci(Path(name))
        for target in args.targets:
            parents = series(target)
            library = [*parents, *others]
            folder = Path(name) / target
            folder.mkdir()
            blocks = made_of("products", library, folder).blocks
            assert blocks is not None
            router = Router(blocks)
            seen = {each.key for each in library}
            for proposer in proposers():
                chosen = make_proposer(proposer, made_of(proposer, library, folder))
                began = time.process_time()
                found = chosen.propose(parents, (), args.count, SEED)
                cpu_s = time.process_time() - began
                vetted = list(vet(found, seen, Limits(Ligands())))
                row = {"target": target, "proposer": proposer}
                rows.append(row | judged(vetted, parents, router, cpu_s))
                details += proposal_rows(target, proposer, vetted)
                print(rows[-1], flush=True)
    write_rows(RESULTS / "generation.csv", rows)
    write_rows(RESULTS / "generation_proposals.csv", details)


if __name__ == "__main__":
    main()
