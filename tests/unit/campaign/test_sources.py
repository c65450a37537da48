from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screenmm.campaign.sources import drawn_of_library, gather, sources
from screenmm.config.settings import Generate
from screenmm.core.errors import ConfigError
from screenmm.files.whole import sha256
from screenmm.generation.registry import make_proposer

AMIDES = ["O=C(NCc1ccccc1)c1ccncc1", "CC(=O)Nc1ccc(O)cc1", "O=C(Nc1ccccc1)C1CC1"]


@pytest.fixture
def library(tmp_path: Path) -> list[Path]:
    """Three amides in two shards."""
    paths = []
    for name, own in (("b0", AMIDES[:2]), ("b1", AMIDES[2:])):
        path = tmp_path / f"{name}.parquet"
        rows = {"inchikey": [f"KEY{AMIDES.index(each)}" for each in own], "smiles": own}
        pq.write_table(pa.table(rows), path)
        paths.append(path)
    return paths


def made(folder: Path, library: list[Path], generate: Generate, workers: int = 1) -> list[Path]:
    folder.mkdir()
    files = [folder / "fragments.db", folder / "blocks.parquet"]
    gather(library, *files, generate, 1, workers)
    return files


def test_the_same_bytes_from_one_worker_and_two(tmp_path: Path, library: list[Path]) -> None:
    generate = Generate(proposers={"fragments": 1, "analogues": 1})
    one = made(tmp_path / "one", library, generate)
    two = made(tmp_path / "two", library[::-1], generate, workers=2)
    assert list(map(sha256, one)) == list(map(sha256, two))
    # nothing but the two files is left
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == [
        "blocks.parquet", "fragments.db",
    ]  # fmt: skip


def test_proposers_are_made_of_what_was_gathered(tmp_path: Path, library: list[Path]) -> None:
    generate = Generate(proposers={"fragments": 1, "products": 1})
    files = made(tmp_path / "parts", library, generate)
    found = sources({"fragments", "blocks"}, *files, generate)
    assert found.blocks is not None
    assert "NCc1ccccc1" in found.blocks
    for name in generate.proposers:
        make_proposer(name, found)
    assert sources(set(), *files, generate).blocks is None


def test_of_a_large_library_some_are_drawn_whatever_their_shards(library: list[Path]) -> None:
    two = drawn_of_library(library, 2, seed=1)
    assert len(two) == 2
    assert drawn_of_library(library[::-1], 2, seed=1) == two
    assert len(drawn_of_library(library, 9, seed=1)) == 3
    assert drawn_of_library(library, 0, seed=1) == []


def test_blocks_of_a_file_stand_for_those_cut(tmp_path: Path, library: list[Path]) -> None:
    (tmp_path / "blocks.smi").write_text("OC(=O)c1ccccc1 benzoic acid\nNCC1CC1 amine\n")
    generate = Generate(proposers={"products": 1}, blocks=tmp_path / "blocks.smi")
    files = made(tmp_path / "parts", library, generate)
    found = sources({"blocks"}, *files, generate).blocks
    assert found is not None
    assert set(found.names) == {"benzoic acid", "amine"}


def test_molecules_of_a_file_are_cut_too(tmp_path: Path) -> None:
    (tmp_path / "more.smi").write_text(f"{AMIDES[0]} one\nrubbish two\n")
    generate = Generate(proposers={"analogues": 1}, fragments=tmp_path / "more.smi")
    found = sources({"blocks"}, *made(tmp_path / "parts", [], generate), generate).blocks
    assert found is not None
    assert "NCc1ccccc1" in found


@pytest.mark.parametrize(
    ("proposer", "words"),
    [
        ("fragments", "there are no fragments .*none of 1 molecules can be cut"),
        ("products", "there are no blocks .*generate.blocks"),
    ],
)
def test_nothing_to_work_with_is_an_error(tmp_path: Path, proposer: str, words: str) -> None:
    path = tmp_path / "b.parquet"
    pq.write_table(pa.table({"inchikey": ["KEY"], "smiles": ["C("]}), path)
    with pytest.raises(ConfigError, match=words):
        made(tmp_path / "parts", [path], Generate(proposers={proposer: 1}))


def test_a_proposer_that_needs_nothing_cuts_nothing(tmp_path: Path, library: list[Path]) -> None:
    files = made(tmp_path / "parts", library, Generate(proposers={"genetic": 1}))
    assert pq.read_metadata(files[1]).num_rows == 0
