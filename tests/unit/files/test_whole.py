"""Files: whole or not at all, and the same bytes for the same text."""

import gzip
import time
from pathlib import Path

import pytest

from screenmm.files.whole import (
    open_bytes,
    read_text,
    replace_whole,
    sha256,
    write_text,
    write_text_gz,
)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_error_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_text(path, "old")

    def fail() -> None:
        with replace_whole(path) as partial:
            partial.write_text("half")
            raise ValueError("stopped")

    with pytest.raises(ValueError, match="stopped"):
        fail()
    assert path.read_text() == "old"
    assert names(tmp_path) == ["table.csv"]


def test_interrupt_leaves_no_partial_file(tmp_path: Path) -> None:
    def interrupt() -> None:
        with replace_whole(tmp_path / "table.csv") as partial:
            partial.write_text("half")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupt()
    assert names(tmp_path) == []


def test_old_file_is_read_until_the_new_one_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    write_text(path, "old")
    with replace_whole(path) as partial:
        partial.write_text("new")
        assert path.read_text() == "old"
        assert partial.parent == path.parent  # a rename across file systems is no rename
    assert path.read_text() == "new"
    assert names(tmp_path) == ["table.csv"]


def test_folder_is_made(tmp_path: Path) -> None:
    write_text(tmp_path / "a/b/c.txt", "Å")
    assert (tmp_path / "a/b/c.txt").read_bytes() == b"\xc3\x85"


def test_gzipped_bytes_depend_on_nothing_but_the_text(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_text_gz(tmp_path / "a.sdf.gz", "text\n" * 100)
    later = time.time() + 1e6
    monkeypatch.setattr(time, "time", lambda: later)
    write_text_gz(tmp_path / "other.sdf.gz", "text\n" * 100)
    first, second = ((tmp_path / name).read_bytes() for name in ("a.sdf.gz", "other.sdf.gz"))
    assert first == second
    assert gzip.decompress(first) == b"text\n" * 100


def test_reading_goes_by_the_name(tmp_path: Path) -> None:
    write_text(tmp_path / "a.txt", "one Å\n")
    write_text_gz(tmp_path / "a.txt.gz", "two Å\n")
    assert read_text(tmp_path / "a.txt") == "one Å\n"
    assert read_text(tmp_path / "a.txt.gz") == "two Å\n"
    with open_bytes(tmp_path / "a.txt.gz") as handle:
        assert handle.read() == "two Å\n".encode()


def test_foreign_encoding_is_read_with_a_mark(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes("caf\xe9".encode("latin-1"))
    assert read_text(tmp_path / "a.txt") == "caf�"


def test_sha256_of_a_known_text(tmp_path: Path) -> None:
    # the test vector of FIPS 180-2 for "abc"
    write_text(tmp_path / "a.txt", "abc")
    expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert sha256(tmp_path / "a.txt") == expected
