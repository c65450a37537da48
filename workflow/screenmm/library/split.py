"""Split the library into shards of records, content-addressed.

Two passes over the files: the first hashes each structure and keeps eight bytes of it,
which settles record ids and shards; the second writes. Names, labels, file names and
positions go to ``sources.parquet`` alone, so a shard's bytes follow from its structures.
"""

from __future__ import annotations

import hashlib
import json
import pickle
import tempfile
from array import array
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.config.settings import Library, LibraryFile
from screenmm.core.errors import LibraryError
from screenmm.files.whole import replace_whole, replaced_folder, write_text
from screenmm.library.annotations import (
    Annotations,
    absence_words,
    affinity_missing,
    label_missing,
    summarise,
    unreadable_words,
)
from screenmm.library.readers import BROKEN, Entry, Seen, read_library_file
from screenmm.run.shards import Keys, leaf_of, leaves, write_table
from screenmm.tables import dictionary
from screenmm.tables.schema import schema

RECORDS = schema(dictionary.RECORDS)
SOURCES = schema(dictionary.SOURCES)
BUFFERED_BYTES = 64 << 20
SOURCES_BATCH = 50_000
ROW_OVERHEAD = 400
"""Bytes a buffered row takes beside its structure, about."""

Row = tuple[str, str, str, str, str]


@dataclass(frozen=True, slots=True)
class SplitCounts:
    """What the library holds."""

    records: int
    broken: int
    repeats: int
    """Records whose structure text stands in the library before."""
    shards: int
    told: list[str]
    """What was not understood of labels and affinities, and which files have none, in words."""


def split(settings: Library, out: Path) -> SplitCounts:
    """Read the library and write its records, in shards, and what is known of them.

    The files are ``records/{shard}.parquet``, ``sources.parquet`` and ``annotations.json``.

    Parameters
    ----------
    settings : Library
        Files, columns and shard size.
    out : Path
        Folder to write to.

    Returns
    -------
    SplitCounts
        Records, shards, and annotations that were not understood.

    Raises
    ------
    LibraryError
        A file is unreadable as a whole, a configured column is missing or holds something
        else, or there are no records.
    """
    hashes, annotated = _hash_library(settings)
    if not len(hashes):
        raise no_records(settings)
    repeats = repeated(hashes)
    keys = trie_keys(hashes, repeats)
    trie = leaves(keys, settings.shard_size)
    places = leaf_of(keys, trie)
    out.mkdir(parents=True, exist_ok=True)
    with (
        replaced_folder(out / "records") as folder,
        replace_whole(out / "sources.parquet") as sources_path,
        tempfile.TemporaryDirectory(dir=out, prefix=".spill.") as spill_folder,
    ):
        spill = _Spill(Path(spill_folder))
        with _Sources(sources_path, annotated) as sources:
            for number, (file, entry) in enumerate(_entries(settings, Seen(), len(hashes))):
                record = _record_id(int(hashes[number]), repeats.get(number, 1))
                spill.add(
                    int(places[number]),
                    (record, entry.kind, entry.structure, entry.reason, entry.message),
                )
                sources.add(record, file, entry)
        sources.check()
        for index, leaf in enumerate(trie):
            rows = sorted(spill.rows(index))
            columns = list(zip(*rows, strict=True))
            table = pa.table([pa.array(column, pa.string()) for column in columns], RECORDS)
            write_table(folder / f"{leaf.name}.parquet", table)
        # within, so that a full disk leaves none of the three
        annotations = summarise(sources.annotations.values(), settings)
        write_text(out / "annotations.json", json.dumps(annotations, indent=2) + "\n")
    return SplitCounts(
        records=len(hashes),
        broken=sources.broken,
        repeats=len(repeats),
        shards=len(trie),
        told=unreadable_words(annotations) + absence_words(annotations),
    )


class _File(NamedTuple):
    """A library file as its records name it."""

    name: str
    label: int | None


def _files(settings: Library) -> list[tuple[LibraryFile, _File]]:
    """Library files, each under its own name, or its path where two share a name."""
    names = [file.path.name for file in settings.files]
    return [
        (file, _File(name if names.count(name) == 1 else str(file.path), file.label))
        for file, name in zip(settings.files, names, strict=True)
    ]


def _entries(settings: Library, seen: Seen, expected: int) -> Iterator[tuple[_File, Entry]]:
    """Every record in library order, as many as expected."""
    count = 0
    for file, named in _files(settings):
        for entry in read_library_file(file, settings, seen):
            count += 1
            if count > expected:
                break
            yield named, entry
    if count != expected:
        raise LibraryError(
            f"the library changed while it was read ({expected} records, then {count}): run again"
        )


def _hash_library(settings: Library) -> tuple[Keys, list[Annotations]]:
    """First pass: eight bytes of each structure's hash; the columns are looked for."""
    hashes = array("Q")
    annotated = []
    for file, named in _files(settings):
        seen = Seen()
        for entry in read_library_file(file, settings, seen):
            hashes.append(content_hash(entry))
        annotated.append(Annotations(named.name, named.label, settings, seen))
    for find_fault in (label_missing, affinity_missing):
        if fault := find_fault(annotated, settings):
            raise fault
    return np.frombuffer(hashes, dtype=np.uint64), annotated


def no_records(settings: Library) -> LibraryError:
    """Give the error of a library without any record."""
    names = ", ".join(file.path.name for file in settings.files)
    return LibraryError(f"the library holds no records: {names}")


def content_hash(entry: Entry) -> int:
    """Eight bytes that follow from a record's structure alone."""
    text = f"{entry.kind}\x1f{entry.reason}\x1f{entry.message}\x1f{entry.structure}"
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")


def repeated(hashes: Keys) -> dict[int, int]:
    """For each record that repeats an earlier one: how many times it was there, plus one."""
    order = np.argsort(hashes, kind="stable")
    ordered = hashes[order]
    is_repeat = np.flatnonzero(ordered[1:] == ordered[:-1]) + 1
    repeats: dict[int, int] = {}
    for place in is_repeat:
        repeats[int(order[place])] = repeats.get(int(order[place - 1]), 1) + 1
    return repeats


def _record_id(content: int, occurrence: int) -> str:
    return f"{content:016x}" if occurrence == 1 else f"{content:016x}-{occurrence}"


def trie_keys(hashes: Keys, repeats: dict[int, int]) -> Keys:
    """Trie keys: the hashes, and hashes of the record ids of repeats, which would pile up."""
    keys = hashes.copy()
    for number, occurrence in repeats.items():
        record = _record_id(int(hashes[number]), occurrence)
        keys[number] = int.from_bytes(hashlib.sha256(record.encode()).digest()[:8], "big")
    return keys


class _Spill:
    """Rows gathered by shard, on disk beyond a bounded buffer."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: defaultdict[int, list[Row]] = defaultdict(list)
        self._size = 0

    def add(self, shard: int, row: Row) -> None:
        self._rows[shard].append(row)
        self._size += len(row[2]) + ROW_OVERHEAD
        if self._size > BUFFERED_BYTES:
            self._flush()

    def rows(self, shard: int) -> list[Row]:
        rows = self._rows.pop(shard, [])
        path = self._folder / str(shard)
        if path.exists():
            with path.open("rb") as handle:
                while handle.peek(1):
                    rows.extend(pickle.load(handle))
        return rows

    def _flush(self) -> None:
        for shard, rows in self._rows.items():
            with (self._folder / str(shard)).open("ab") as handle:
                pickle.dump(rows, handle, protocol=pickle.HIGHEST_PROTOCOL)
        self._rows.clear()
        self._size = 0


class _Sources:
    """Writes where each record stands, batch by batch, and counts as it goes."""

    def __init__(self, path: Path, annotated: list[Annotations]) -> None:
        self._writer = pq.ParquetWriter(path, SOURCES, compression="zstd")
        self._rows: list[tuple[Any, ...]] = []
        self.broken = 0
        self.annotations = {each.file: each for each in annotated}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._flush()
        self._writer.close()

    def add(self, record: str, file: _File, entry: Entry) -> None:
        self.broken += entry.kind == BROKEN
        label, affinity = self.annotations[file.name].read(entry)
        self._rows.append((record, file.name, entry.position, entry.name, label, affinity))
        if len(self._rows) >= SOURCES_BATCH:
            self._flush()

    def check(self) -> None:
        """Refuse columns that hold something else than labels or affinities."""
        faults = [fault for each in self.annotations.values() for fault in each.faults()]
        if faults:
            raise LibraryError("\n".join(faults))

    def _flush(self) -> None:
        if self._rows:
            columns = zip(*self._rows, strict=True)
            arrays = [pa.array(c, f.type) for c, f in zip(columns, SOURCES, strict=True)]
            self._writer.write_table(pa.table(arrays, SOURCES))
            self._rows.clear()
