"""Cases of library molecules: what becomes of each record up to its embedded states."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from screenmm.cli import main
from screenmm.config.settings import load_settings
from screenmm.library.merge import merge
from screenmm.library.split import split
from screenmm.library.standardise import write_parents
from screenmm.ligands.prepare import Preparation, prepare_ligand
from screenmm.run.ledger import read_events
from tests.records import standardised


@dataclass(frozen=True)
class Prepared:
    """A case's library after preparation, by the names of its records."""

    keys: dict[str, str]
    ligands: dict[str, Preparation]
    duplicates: int

    def states(self, name: str) -> set[str]:
        return {state.smiles for state in self.ligands[self.keys[name]].states}


def prepare(folder: Path) -> Prepared:
    """Run split, standardise, merge and ligand preparation as a screen does."""
    settings = load_settings(folder / "config.yaml")
    split(settings.screened, folder / "library")
    parents = []
    for shard in sorted((folder / "library/records").iterdir()):
        rows, events = standardised(shard, settings.ligands)
        assert events == []
        parents.append(folder / "library" / f"parents_{shard.name}")
        write_parents(parents[-1], rows)
    merge(parents, folder / "library/sources.parquet", 100, folder / "merged")
    members = pq.read_table(folder / "merged/membership.parquet").to_pylist()
    names = {
        row["record"]: row["name"]
        for row in pq.read_table(folder / "library/sources.parquet").to_pylist()
    }
    ligands = {
        row["inchikey"]: prepare_ligand(
            row["inchikey"], row["smiles"], None, settings.seed, settings.ligands
        )
        for shard in (folder / "merged/shards").iterdir()
        for row in pq.read_table(shard).to_pylist()
    }
    twins = read_events([folder / "merged/merge.events.parquet"])
    keys = {names[row["record"]]: row["inchikey"] for row in members}
    return Prepared(keys, ligands, len(twins))


def hands(states: set[str]) -> set[str]:
    """CIP labels of the centres of each state, in the order of its SMILES."""
    return {
        "".join(label for _, label in Chem.FindMolChiralCenters(Chem.MolFromSmiles(state)))
        for state in states
    }


@pytest.mark.parametrize("name", ["05-cages", "06-enhanced-stereo", "31-one-compound-two-keys"])
def test_the_configs_are_valid(
    case: Callable[[str], Path], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["check", str(case(name) / "config.yaml")]) == 0
    assert "config.yaml is valid" in capsys.readouterr().out


def test_cages_are_prepared_as_the_molecules_that_they_are(case: Callable[[str], Path]) -> None:
    found = prepare(case("05-cages"))
    assert len(found.ligands) == 6
    for name, key in found.keys.items():
        assert len(found.ligands[key].states) >= 1, name
        assert found.ligands[key].failures == []
        is_chiral = name == "bcp_avagacestat"
        assert key.endswith("-UHFFFAOYSA-N") != is_chiral
        assert hands(found.states(name)) == ({"R"} if is_chiral else {""})


def test_stereo_groups_give_the_isomers_in_the_bottle(case: Callable[[str], Path]) -> None:
    found = prepare(case("06-enhanced-stereo"))
    for name in ("rac_and", "either_or", "undefined_control"):
        assert hands(found.states(name)) == {"R", "S"}
    drawn = Chem.MolFromSmiles("CC(C)(C)OC(=O)N[C@@H](Cc1ccccc1)[C@H](O)C(O)=O")
    labels = [label for _, label in Chem.FindMolChiralCenters(drawn)]
    mirrored = [{"R": "S", "S": "R"}[label] for label in labels]
    assert {tuple(sorted(each)) for each in hands(found.states("rac_flag"))} == {
        tuple(sorted(labels)), tuple(sorted(mirrored))
    }  # fmt: skip
    # STERAC1 is the racemate of the SMILES; STEABS and STEREL1 are bottles of their own
    by_compound = [key for key in found.ligands if key.startswith("PINPOEWMCLFRRB")]
    assert len(by_compound) == 3
    assert found.duplicates == 1
    assert "PINPOEWMCLFRRB-LURJTMIESA-N" in by_compound  # (S), as STEABS draws it
    for key in by_compound:
        assert len(found.ligands[key].states) == (2 if key.count("-") == 3 else 1)


def test_one_compound_has_one_key_from_smiles_and_from_3d(case: Callable[[str], Path]) -> None:
    found = prepare(case("31-one-compound-two-keys"))
    assert found.keys["amantadine"] == "DKNWSYNQZKUICI-UHFFFAOYSA-N"
    assert found.keys["memantine"] == "BUGYDGFZZOZRHP-UHFFFAOYSA-N"
    assert (len(found.ligands), found.duplicates) == (3, 3)
