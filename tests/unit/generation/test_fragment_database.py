import sqlite3
from pathlib import Path

import pytest

from screenmm.core.errors import ConfigError, Reason
from screenmm.generation.fragment_database import (
    fragment_shard,
    fragments_of,
    merge,
    radii_of,
)

pytest.importorskip("crem")

MOLECULES = [
    ("aspirin", "CC(=O)Oc1ccccc1C(=O)O"),
    ("lidocaine", "CCN(CC)CC(=O)Nc1c(C)cccc1C"),
    ("benzocaine", "CCOC(=O)c1ccc(N)cc1"),
    ("fluconazole", "OC(Cn1cncn1)(Cn1cncn1)c1ccc(F)cc1F"),
    ("labelled phenylethanol", "O[C@@H]([2H])Cc1ccccc1"),
    ("betaine", "C[N+](C)(C)CC(=O)[O-]"),
]


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("fragments")
    assert fragment_shard(MOLECULES, folder / "all.parquet") == {}
    merge([folder / "all.parquet"], folder / "fragments.db")
    return folder / "fragments.db"


def rows(path: Path, radius: int, column: str) -> list[tuple[str, str, str, int, int, int]]:
    with sqlite3.connect(path) as connection:
        return sorted(
            connection.execute(
                f"SELECT env, core_smi, smi, core_num_atoms, dist2, {column} FROM radius{radius} "
                "JOIN envs USING (env_id) JOIN frags USING (core_smi_id) "
                "JOIN frags_h USING (core_smi_h_id)"
            )
        )


def test_methanol_by_hand() -> None:
    # methyl and hydroxyl of each other, and each one's hydrogen
    assert fragments_of("CO", radii=[2]) == {
        (2, "C-[*:1]", "O[*:1]"): 1,
        (2, "O-[*:1]", "C[*:1]"): 1,
        (2, "C-O-[*:1]", "[H][*:1]"): 1,
        (2, "O-C-[*:1]", "[H][*:1]"): 1,
    }


def test_rows_are_those_that_crem_makes(database: Path, tmp_path: Path) -> None:
    from crem import db

    lines = [f"{smiles}\t{key.replace(' ', '_')}" for key, smiles in MOLECULES]
    db.create_db(
        lines,
        tmp_path / "crem.db",
        "freq",
        radii=(2, 3),
        max_heavy_atoms=12,
        frag_mode="acyclic",
        verbose=False,
    )
    for radius in (2, 3):
        expected = rows(tmp_path / "crem.db", radius, "freq")
        assert len(expected) > 100
        assert rows(database, radius, "freq") == expected
    info = db.get_db_info(database)
    assert info["version"] == db.get_db_info(tmp_path / "crem.db")["version"]


def test_bytes_do_not_depend_on_shards(database: Path, tmp_path: Path) -> None:
    shards = [tmp_path / f"{place}.parquet" for place in range(4)]
    for place, shard in enumerate(shards[:3]):
        fragment_shard(MOLECULES[place::3][::-1], shard)
    fragment_shard([], shards[3])
    merge([shards[2], shards[3], shards[0], shards[1]], tmp_path / "fragments.db")
    assert (tmp_path / "fragments.db").read_bytes() == database.read_bytes()


def test_counts_add_up(tmp_path: Path) -> None:
    for place, smiles in enumerate(["Cc1ccccc1", "Cc1ccccc1C"]):
        fragment_shard([(str(place), smiles)], tmp_path / f"{place}.parquet", radii=[1])
    merge([tmp_path / "0.parquet", tmp_path / "1.parquet"], tmp_path / "x.db", radii=[1])
    # toluene's methyl, and o-xylene's two, which are one cut
    found = [row for row in rows(tmp_path / "x.db", 1, "freq") if row[1] == "C[*:1]"]
    assert [row[3:] for row in found] == [(1, 0, 2)]


@pytest.mark.parametrize(
    ("smiles", "reason", "message"),
    [
        ("C1CC", Reason.INVALID_STRUCTURE, "cannot be read"),
        ("", Reason.INVALID_STRUCTURE, "cannot be read"),
        ("CC(=O)[O-].[Na+]", Reason.INVALID_STRUCTURE, "several molecules"),
        ("C" * 30, Reason.TOO_LARGE, "29 acyclic single bonds and at most 20"),
        ("[Na+]", Reason.ENUMERATION_FAILED, "no bond that can be cut"),
        ("C12C3C4C1C5C2C3C45", None, ""),
        ("C1CCCCCCCCCCCCCC(=O)C1", None, ""),
        ("[CH2]C", None, ""),
    ],
)
def test_what_gives_no_fragments_is_told(
    tmp_path: Path, smiles: str, reason: Reason | None, message: str
) -> None:
    failures = fragment_shard([("A", smiles), ("B", "CO")], tmp_path / "x.parquet")
    assert {key: error.reason for key, error in failures.items()} == (
        {"A": reason} if reason else {}
    )
    assert all(message in error.message for error in failures.values())
    merge([tmp_path / "x.parquet"], tmp_path / "x.db")
    assert radii_of(tmp_path / "x.db") == (2, 3)
    assert {row[1] for row in rows(tmp_path / "x.db", 2, "freq")} >= {"C[*:1]", "O[*:1]"}


def test_a_database_of_nothing(tmp_path: Path) -> None:
    merge([], tmp_path / "x.db")
    assert radii_of(tmp_path / "x.db") == (2, 3)
    assert rows(tmp_path / "x.db", 3, "freq") == []


def test_what_is_no_database_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="does not exist"):
        radii_of(tmp_path / "none.db")
    (tmp_path / "text.db").write_text("env,core\n" * 200)
    with pytest.raises(ConfigError, match="cannot be read"):
        radii_of(tmp_path / "text.db")
    with sqlite3.connect(tmp_path / "other.db") as connection:
        connection.execute("CREATE TABLE radius(x)")
    with pytest.raises(ConfigError, match="is no fragment database"):
        radii_of(tmp_path / "other.db")
