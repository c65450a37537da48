"""How many records a library holds, and what a sample of them comes to."""

from __future__ import annotations

import heapq
import tempfile
import zlib
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.config.settings import Library, LibraryFile, Ligands
from screenmm.core.deadline import deadline
from screenmm.core.errors import LibraryError, LigandError
from screenmm.library.lines import end_of_lines
from screenmm.library.readers import Entry, Seen, read_library_file
from screenmm.library.split import content_hash, no_records, repeated, trie_keys
from screenmm.library.standardise import standardise_record
from screenmm.ligands.states import enumerate_states
from screenmm.run.ledger import Event
from screenmm.run.shards import Keys

READ_WHOLE_BYTES = 256 << 20
"""Largest file that is read to its end; of a larger one only the beginning."""
READ_FIRST_BYTES = 32 << 20
READ_FIRST_ROWS = 200_000
SAMPLE = 200
"""Distinct records that are standardised and whose states are enumerated."""

_GZIP = 16 + zlib.MAX_WBITS
_PIECE = 8192


@dataclass(frozen=True)
class LibraryCount:
    """What the files hold.

    Parameters
    ----------
    records : int
        Entries of the files.
    distinct : int
        Different structure texts among them.
    keys : array of uint64 or None
        What places each record in a shard; None where the count is an estimate.
    sample : list of Entry
        Distinct records, those of the smallest hashes: all of a small library, and a
        random choice of a larger one.
    """

    records: int
    distinct: int
    keys: Keys | None
    sample: list[Entry]

    @property
    def is_estimate(self) -> bool:
        """Whether a file was too large to be read to its end."""
        return self.keys is None

    @property
    def is_all_sampled(self) -> bool:
        """Whether the sample is the whole library."""
        return not self.is_estimate and len(self.sample) == self.distinct


@dataclass(frozen=True)
class SampleResult:
    """What a sample comes to.

    Parameters
    ----------
    records : int
        Distinct records looked at.
    inchikeys : list of str
        Of the parents, without repetition, sorted.
    states : int
        States of all parents.
    """

    records: int
    inchikeys: list[str]
    states: int

    @property
    def kept(self) -> float:
        """Ligands per distinct record."""
        return len(self.inchikeys) / self.records if self.records else 0.0

    @property
    def states_per_ligand(self) -> float:
        """States per ligand; 1 where nothing was kept."""
        return self.states / len(self.inchikeys) if self.inchikeys else 1.0


def count_library(
    settings: Library, *, read_whole_bytes: int = READ_WHOLE_BYTES, sample: int = SAMPLE
) -> LibraryCount:
    """Count records with the readers that the run itself uses.

    Parameters
    ----------
    settings : Library
        Files and columns.
    read_whole_bytes : int
        Largest file that is read to its end. The records of a larger one are estimated from
        those of its first :data:`READ_FIRST_BYTES` bytes of text (Parquet knows their number).
    sample : int
        Most distinct records to keep.

    Returns
    -------
    LibraryCount
        Exact unless a file was too large.

    Raises
    ------
    LibraryError
        A file is unreadable or lacks a configured column; the library holds no records.
    """
    hashes = array("Q")
    chosen = _Smallest(sample)
    beyond = 0
    is_exact = True
    for file in settings.files:
        before = len(hashes)
        if file.path.stat().st_size <= read_whole_bytes:
            for entry in read_library_file(file, settings, Seen()):
                hashes.append(chosen.offer(entry))
        else:
            is_exact = False
            with _beginning(file) as (part, share):
                for entry in read_library_file(part, settings, Seen()):
                    hashes.append(chosen.offer(entry))
            beyond += round((len(hashes) - before) * (1 / share - 1))
    if not hashes:
        raise no_records(settings)
    found = np.frombuffer(hashes, dtype=np.uint64)
    read_distinct = len(np.unique(found))
    records = len(found) + beyond
    return LibraryCount(
        records=records,
        # what repeats among the records that were read is taken to repeat among the others
        distinct=round(records * read_distinct / len(found)),
        keys=trie_keys(found, repeated(found)) if is_exact else None,
        sample=chosen.entries(),
    )


class _Smallest:
    """Keeps the entries of the smallest hashes."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._heap: list[int] = []  # negative: the largest one stands first
        self._entries: dict[int, Entry] = {}

    def offer(self, entry: Entry) -> int:
        """Look at an entry and give its hash."""
        value = content_hash(entry)
        if value in self._entries:
            return value
        if len(self._heap) < self._most:
            heapq.heappush(self._heap, -value)
            self._entries[value] = entry
        elif self._heap and value < -self._heap[0]:
            del self._entries[-heapq.heappushpop(self._heap, -value)]
            self._entries[value] = entry
        return value

    def entries(self) -> list[Entry]:
        """Give the entries kept, by hash."""
        return [self._entries[value] for value in sorted(self._entries)]


@contextmanager
def _beginning(file: LibraryFile) -> Iterator[tuple[LibraryFile, float]]:
    """Give a file of a large file's first records, and the share of the file that they are."""
    name = file.path.name.lower().removesuffix(".gz")
    with tempfile.TemporaryDirectory(prefix="screenmm.") as folder:
        part = Path(folder) / name
        copy = _copy_parquet if name.endswith(".parquet") else _copy_text
        share = copy(file.path, part)
        yield file.model_copy(update={"path": part}), share


def _copy_text(path: Path, to: Path) -> float:
    """Copy the first bytes of text, unpacked, up to a line's end; give their share."""
    with path.open("rb") as raw:
        packed = path.suffix.lower() == ".gz"
        try:
            text = _unpacked(raw, READ_FIRST_BYTES) if packed else raw.read(READ_FIRST_BYTES)
        except (OSError, EOFError, zlib.error) as error:
            raise LibraryError(f"{path} cannot be read: {error}") from None
        share = raw.tell() / path.stat().st_size
    end = end_of_lines(text)
    if not end:
        raise LibraryError(f"{path} has no line end in its first {len(text)} bytes")
    to.write_bytes(text[:end])
    return share * end / len(text)


def _unpacked(raw: IO[bytes], size: int) -> bytes:
    """Unpack a little more than the first bytes of a gzip file, and read no more of it.

    The module gzip reads ahead, as far as the version of Python likes.
    """
    text, member = bytearray(), zlib.decompressobj(wbits=_GZIP)
    while len(text) < size and (piece := raw.read(_PIECE)):
        while piece:
            if member.eof:
                # another member may follow, or zeros that fill up a block
                piece = piece.lstrip(b"\0")
                member = zlib.decompressobj(wbits=_GZIP) if piece else member
            text += member.decompress(piece)
            piece = member.unused_data if piece else b""
    if len(text) < size and not member.eof:
        raise EOFError("it ends within a gzip member")
    return bytes(text)


def _copy_parquet(path: Path, to: Path) -> float:
    """Copy the first rows; give their share."""
    try:
        with pq.ParquetFile(path) as table:
            rows = next(table.iter_batches(batch_size=READ_FIRST_ROWS), None)
            total = table.metadata.num_rows
    except (pa.ArrowInvalid, OSError) as error:
        raise LibraryError(f"{path} cannot be read as Parquet: {error}") from None
    if rows is None:
        raise LibraryError(f"{path} holds no rows")
    pq.write_table(pa.Table.from_batches([rows]), to)
    return rows.num_rows / total


def study_sample(entries: list[Entry], ligands: Ligands, *, given: bool = False) -> SampleResult:
    """Standardise records and enumerate the states of their parents.

    Parameters
    ----------
    entries : list of Entry
        Distinct records.
    ligands : Ligands
        Filters, limits and what states are wanted.
    given : bool
        Poses are given: each is a state of its own.

    Returns
    -------
    SampleResult
        Parents, and how many states they have; a parent whose enumeration fails has none.
    """
    parents: dict[str, str] = {}
    poses = 0
    for entry in entries:
        row = {
            "record": "", "kind": entry.kind, "structure": entry.structure,
            "reason": entry.reason, "message": entry.message,
        }  # fmt: skip
        found = standardise_record(row, ligands, keep_pose=given)
        if not isinstance(found, Event):
            poses += found.pose is not None
            parents[found.inchikey] = min(found.smiles, parents.get(found.inchikey, found.smiles))
    states = poses if given else sum(_states(parents[key], ligands) for key in sorted(parents))
    return SampleResult(len(entries), sorted(parents), states)


def _states(smiles: str, ligands: Ligands) -> int:
    try:
        with deadline(ligands.time_limit_s, "enumeration of states"):
            return len(enumerate_states(smiles, ligands))
    except LigandError:
        return 0
