from __future__ import annotations

import gzip
import hashlib
import io
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from screenmm.config.settings import Library, Ligands
from screenmm.core.errors import LibraryError
from screenmm.library.merge import merge
from screenmm.library.split import split
from screenmm.library.standardise import write_parents
from screenmm.ligands.prepare import prepare_ligand
from screenmm.planning import library as planning
from screenmm.planning.jobs import shards_of
from screenmm.planning.library import count_library, study_sample
from tests.hostile import write_hostile_library
from tests.records import standardised

NAMES = [hashlib.sha256(str(i).encode()).hexdigest() for i in range(4000)]
LINES = [f"{'C' * (i % 40 + 1)}{'O' * (i // 40 % 2)}N {name}\n" for i, name in enumerate(NAMES)]


def test_a_hostile_library_is_counted_and_placed_as_the_run_does_it(tmp_path: Path) -> None:
    hostile = write_hostile_library(tmp_path)
    settings = Library(files=list(hostile.files), shard_size=20)
    counts = split(settings, tmp_path / "out")
    found = count_library(settings)
    assert found.keys is not None
    assert (found.records, found.distinct) == (counts.records, counts.records - counts.repeats)
    assert shards_of(found.keys, 20).count == counts.shards


def test_a_small_library_is_standardised_whole(tmp_path: Path) -> None:
    hostile = write_hostile_library(tmp_path)
    settings = Library(files=list(hostile.files), shard_size=40)
    split(settings, tmp_path / "out")
    parents = []
    for path in sorted((tmp_path / "out/records").iterdir()):
        rows, _ = standardised(path, Ligands())
        parents.append(tmp_path / path.name)
        write_parents(parents[-1], rows)
    merged = merge(parents, tmp_path / "out/sources.parquet", 40, tmp_path / "ligands")
    found = count_library(settings)
    assert found.is_all_sampled
    assert len(study_sample(found.sample, Ligands()).inchikeys) == merged.ligands


def test_states_are_those_that_preparation_makes(tmp_path: Path) -> None:
    smiles = ["OC(=O)CCN", "CC(N)C(F)Cl", "c1ccccc1O", "CCO"]
    path = tmp_path / "library.smi"
    path.write_text("".join(f"{each} m\n" for each in smiles))
    sample = study_sample(count_library(Library(files=[path])).sample, Ligands())
    made = [prepare_ligand("KEY", each, None, 1, Ligands()) for each in smiles]
    assert sample.states == sum(len(each.states) + len(each.failures) for each in made)
    assert sample.states > len(smiles)


@pytest.mark.parametrize("kind", ["smi", "smi.gz", "parquet"])
def test_a_large_file_is_estimated_from_its_beginning(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    path = tmp_path / f"library.{kind}"
    if kind == "parquet":
        pq.write_table(pa.table({"smiles": [line.split()[0] for line in LINES]}), path)
    elif kind == "smi.gz":
        # two members, as bgzip and cat make them
        halves = "".join(LINES[:100]).encode(), "".join(LINES[100:]).encode()
        path.write_bytes(b"".join(map(gzip.compress, halves)))
    else:
        path.write_text("".join(LINES))
    monkeypatch.setattr(planning, "READ_FIRST_BYTES", 150_000)
    monkeypatch.setattr(planning, "READ_FIRST_ROWS", 800)
    found = count_library(Library(files=[path]), read_whole_bytes=1000)
    assert found.is_estimate
    assert found.records == pytest.approx(len(LINES), rel=0.02)


TEXT = "".join(LINES).encode()


@pytest.mark.parametrize(
    "packed",
    [
        gzip.compress(TEXT),
        gzip.compress(TEXT) + b"\0" * 20_000,
        b"".join(gzip.compress(line.encode()) for line in LINES),
        gzip.compress(TEXT[:9]) + b"\0" * 5 + gzip.compress(TEXT[9:]),
    ],
    ids=["one member", "zeros after it", "many members", "zeros between"],
)
def test_gzip_is_unpacked_as_the_standard_module_does(packed: bytes) -> None:
    assert gzip.decompress(packed) == TEXT
    assert planning._unpacked(io.BytesIO(packed), 10**9) == TEXT
    raw = io.BytesIO(packed)
    first = planning._unpacked(raw, 1000)
    assert TEXT.startswith(first)
    assert len(first) >= 1000
    assert raw.tell() <= 8192


@pytest.mark.parametrize("cut", [5, 500, -4])
def test_gzip_that_is_cut_is_an_error(cut: int) -> None:
    with pytest.raises(EOFError, match="ends within a gzip member"):
        planning._unpacked(io.BytesIO(gzip.compress(TEXT)[:cut]), 10**9)


def test_the_sample_does_not_depend_on_order(tmp_path: Path) -> None:
    forwards, backwards = tmp_path / "a.smi", tmp_path / "b.smi"
    lines = sorted({line.split()[0] + "\n" for line in LINES})
    forwards.write_text("".join(lines))
    backwards.write_text("".join(reversed(lines)))
    one, two = (
        [entry.structure for entry in count_library(Library(files=[path]), sample=10).sample]
        for path in (forwards, backwards)
    )
    assert one == two
    assert len(set(one)) == 10


def test_an_empty_library_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "library.smi"
    path.write_text("# nothing\n")
    with pytest.raises(LibraryError, match="no records"):
        count_library(Library(files=[path]))
