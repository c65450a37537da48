"""Ensembles: one score of each ligand over several structures, and which won."""

from __future__ import annotations

import csv
import math
from collections import defaultdict
from pathlib import Path

import duckdb
import pytest

from screenmm.config.settings import parse_settings
from screenmm.core.errors import ConfigError
from screenmm.core.units import GAS_CONSTANT_KCAL_MOL_K
from screenmm.results.database import write_database
from screenmm.results.ensembles import make_ensembles, write_ensembles
from tests.unit.run.test_stages import settings_with
from tests.unit.screens import Screen

RT = GAS_CONSTANT_KCAL_MOL_K * 298.15
DG, DOCK = "dg_mmgbsa_kcal_mol", "dock_score_kcal_mol"


def made(con: duckdb.DuckDBPyConnection, how: str, members=("wt", "V678F")) -> list[dict]:
    """Rows of the table ``ensembles`` of the made-up screen."""
    make_ensembles(con, {"jak2": list(members)}, how)
    found = con.execute("SELECT * FROM ensembles ORDER BY rank")
    names = [column[0] for column in found.description]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def by_ligand(con: duckdb.DuckDBPyConnection, column: str) -> dict[str, dict[str, float]]:
    """Values of a column of the ranking, by ligand and receptor."""
    found: dict[str, dict[str, float]] = defaultdict(dict)
    query = f"SELECT inchikey, receptor, {column} FROM ranking"
    for key, receptor, value in con.execute(query).fetchall():
        found[key]
        if value is not None and math.isfinite(value):
            found[key][receptor] = value
    return found


def test_the_best_structure_counts_and_is_named(screen: Screen) -> None:
    ranked = screen.open()
    rows = made(ranked, "best")
    scores, docked = by_ligand(ranked, DG), by_ligand(ranked, DOCK)
    assert {row["inchikey"] for row in rows} == scores.keys()
    assert [row["rank"] for row in rows] == list(range(1, len(rows) + 1))
    won = set()
    for row in rows:
        column = DG if scores[row["inchikey"]] else DOCK
        own = (scores if column == DG else docked)[row["inchikey"]]
        assert row["score"] == column
        assert row["members"] == 2
        assert row["members_scored"] == len(own)
        if not own:
            assert row["value"] is None
            continue
        assert row["value"] == min(own.values())
        assert own[row["member"]] == row["value"]
        spread = max(own.values()) - min(own.values()) if len(own) > 1 else None
        assert row["spread"] == pytest.approx(spread) if spread is not None else not row["spread"]
        won.add(row["member"])
    assert won == {"wt", "V678F"}
    # those without a score in any structure come behind, by docking
    keys = [(row["score"] != DG, row["value"], row["inchikey"]) for row in rows if row["value"]]
    assert keys == sorted(keys)


def test_boltzmann_is_the_mean_of_factors(screen: Screen) -> None:
    ranked = screen.open()
    best = {row["inchikey"]: row for row in made(screen.open(), "best")}
    rows = made(ranked, "boltzmann")
    scores = by_ligand(ranked, DG)
    both = [row for row in rows if len(scores[row["inchikey"]]) == 2]
    assert both
    for row in both:
        own = scores[row["inchikey"]].values()
        mean = math.fsum(math.exp(-each / RT) for each in own) / len(own)
        assert row["value"] == pytest.approx(-RT * math.log(mean), abs=1e-9)
        assert row["member"] == best[row["inchikey"]]["member"]
        # never better than the best, and worse by RT ln n at most
        assert 0 <= row["value"] - min(own) <= RT * math.log(len(own)) + 1e-9


def test_one_structure_alone_gives_its_own_scores(screen: Screen) -> None:
    own = [row[0] for row in screen.open().execute(
        "SELECT inchikey FROM ranking WHERE receptor = 'wt' ORDER BY rank"
    ).fetchall()]  # fmt: skip
    for how in ("best", "boltzmann"):
        assert [row["inchikey"] for row in made(screen.open(), how, ["wt"])] == own


def test_the_table_is_written_with_its_order(screen: Screen, tmp_path: Path) -> None:
    ranked = screen.open()
    rows = made(ranked, "best")
    write_database(ranked, tmp_path / "screen.duckdb", {})
    write_ensembles(tmp_path / "screen.duckdb", tmp_path / "ensembles.csv")
    with (tmp_path / "ensembles.csv").open(newline="") as handle:
        written = list(csv.DictReader(handle))
    assert [row["inchikey"] for row in written] == [row["inchikey"] for row in rows]
    assert written[0]["value"] == f"{rows[0]['value']:.4f}"
    assert written[0]["ensemble"] == "jak2"


def test_no_ensemble_leaves_an_empty_table(screen: Screen) -> None:
    ranked = screen.open()
    make_ensembles(ranked, {}, "best")
    assert ranked.execute("SELECT count(*) FROM ensembles").fetchall() == [(0,)]


def test_what_no_ensemble_can_be() -> None:
    with pytest.raises(ConfigError, match="ensemble_of jak2: no other receptor is of it"):
        settings_with("receptors.wt.ensemble_of", "jak2")
    config = {"structure": "protein.pdb", "ensemble_of": "mutant"}
    with pytest.raises(ConfigError, match="ensemble_of mutant is the name of a receptor"):
        settings_with("receptors.wt", config)
    pair = {name: {"structure": f"{name}.pdb", "ensemble_of": "jak2"} for name in ("a", "b")}
    assert settings_with("receptors", pair).ensembles == {"jak2": ["a", "b"]}
    odd = {name: each | {"ensemble_of": "a b"} for name, each in pair.items()}
    with pytest.raises(ConfigError, match=r"receptors.a.ensemble_of: 'a b'"):
        settings_with("receptors", odd)
    config = {
        "name": "x",
        "results": "results/x",
        "library": {"files": ["library.smi"]},
        "receptors": pair,
        "pocket": {"ligand": "l.sdf"},
        "ranking": {"by": "consensus_z"},
    }
    with pytest.raises(ConfigError, match="consensus_z ranks ligands within one structure"):
        parse_settings(config, None)
    with pytest.raises(ConfigError, match="boltzmann weighs energies, and by: cnn_vs is none"):
        settings_with("ranking", {"ensemble": "boltzmann", "by": "cnn_vs"})
