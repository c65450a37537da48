"""A small campaign on made-up docking scores, without a workflow."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from screenmm.campaign.choose import Batch, choose
from screenmm.config.settings import Rounds
from screenmm.library.merge import LIGANDS
from screenmm.rounds.campaign import Decision
from screenmm.rounds.features import write_features
from screenmm.run.layout import Layout

SMILES = ["C" * n + end for n in range(2, 12) for end in ("O", "N", "c1ccccc1")]


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """Thirty ligands in two shards, described."""
    for shard, own in (("b0", SMILES[::2]), ("b1", SMILES[1::2])):
        rows = [{"inchikey": key_of(each), "smiles": each, "poses": []} for each in own]
        ligands = tmp_path / f"ligands/shards/{shard}.parquet"
        ligands.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(pa.Table.from_pylist(rows, LIGANDS), ligands)
        features = tmp_path / f"rounds/features/{shard}.parquet"
        features.parent.mkdir(parents=True, exist_ok=True)
        write_features(features, [(row["inchikey"], row["smiles"]) for row in rows])
    return tmp_path


def key_of(smiles: str) -> str:
    return Chem.MolToInchiKey(Chem.MolFromSmiles(smiles))


def place(run: Path, number: int) -> Batch:
    folder = run / f"rounds/{number}"
    return Batch(folder / "shards", folder / "batch.parquet", folder / "decision.json", 4)


def make(run: Path, number: int, **keys: object) -> Decision:
    rounds = Rounds(receptor="wt", objective="docking", **{"batch": 6, **keys})
    files = Layout(run, most_rounds=number - 1)
    return choose(files, rounds, number, 1, place(run, number))


def dock(run: Path, number: int) -> dict[str, float]:
    """Longer is better by a kilocalorie for each heavy atom; amines fail."""
    found = {}
    for path in sorted((run / f"rounds/{number}/shards").glob("*.parquet")):
        rows = pq.read_table(path).to_pylist()
        own = {
            row["inchikey"]: -float(len(row["smiles"])) for row in rows if "N" not in row["smiles"]
        }
        table = run / f"poses/wt/{number}/{path.name}"
        table.parent.mkdir(parents=True, exist_ok=True)
        keys = pa.array(list(own), pa.string())
        scores = pa.array(list(own.values()), pa.float64())
        columns = {"inchikey": keys, "state": keys, "dock_score_kcal_mol": scores}
        pq.write_table(pa.table(columns), table)
        found |= own
    return found
