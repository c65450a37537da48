from __future__ import annotations

from pathlib import Path

from screenmm.results.database import open_database, write_database
from tests.unit.screens import DRUGS, HOSTILE, RESIDUES, Screen


def test_tables_hold_every_row(screen: Screen, ranked, tmp_path: Path) -> None:
    write_database(ranked, tmp_path / "screen.duckdb", {"name": "tyk2-demo", "version": "1"})
    with open_database(tmp_path / "screen.duckdb") as found:
        tables = {row[0] for row in found.execute("SHOW TABLES").fetchall()}
        counts = {
            table: found.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables
        }
        assert counts == {
            "receptors": 2,
            "sources": len(DRUGS) + len(HOSTILE) + 2,
            "membership": len(DRUGS) + len(HOSTILE),
            "ligands": len(DRUGS),
            "events": 10,
            "poses": len(screen.poses),
            "earlier_poses": 0,
            "scores": len(screen.scores),
            "residue_energies": len(RESIDUES)
            * len({(row["receptor"], row["inchikey"]) for row in screen.scores}),
            "checks": 0,
            "interactions": 0,
            "models": 0,
            "confidence": 0,
            "batches": 0,
            "predictions": 0,
            "variant_entries": 0,
            "variants": 0,
            "variant_effects": 0,
            "biomarkers": 0,
            "ensembles": 0,
            "lineage": 0,
            "orders": 2,
            "ranking": ranked.execute("SELECT count(*) FROM ranking").fetchone()[0],
            "ledger": 2 * (len(DRUGS) + len(HOSTILE) + 2),
            "metadata": 2,
        }
        columns = [row[0] for row in found.execute("DESCRIBE scores").fetchall()]
        assert not any(column.startswith("moved") for column in columns)
        names = {row[0] for row in found.execute("SELECT name FROM sources").fetchall()}
        assert names >= set(HOSTILE)


def test_a_second_write_replaces_the_first(ranked, tmp_path: Path) -> None:
    for value in ("a", "b"):
        write_database(ranked, tmp_path / "screen.duckdb", {"name": value})
    with open_database(tmp_path / "screen.duckdb") as found:
        assert found.execute("SELECT * FROM metadata").fetchall() == [("name", "b")]
