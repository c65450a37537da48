"""A pickle may run anything; the reader runs nothing that it does not know."""

from __future__ import annotations

import hashlib
import os
import pickle
import zipfile
from collections import OrderedDict
from pathlib import Path

import numpy as np
import pytest

from screenmm.core.errors import UserError
from screenmm.forcefield.checkpoint import read_checkpoint


class Call:
    """An object whose unpickling calls a function."""

    def __init__(self, function: object, *arguments: object) -> None:
        self.call = (function, arguments)

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return self.call


def checkpoint(path: Path, content: object, **members: bytes) -> str:
    """Write an archive of PyTorch's layout; its digest."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", pickle.dumps(content, protocol=2))
        for name, raw in members.items():
            archive.writestr(f"model/data/{name}", raw)
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_function_that_is_not_admitted_is_never_called(tmp_path: Path) -> None:
    path, made = tmp_path / "model.pt", tmp_path / "made"
    digest = checkpoint(path, {"state_dict": Call(os.mkdir, str(made))})
    with pytest.raises(UserError, match=r"asks for posix\.mkdir, which is not admitted"):
        read_checkpoint(path, digest)
    assert not made.exists()


@pytest.mark.parametrize("function", [eval, exec, getattr, __import__])
def test_builtins_are_not_admitted(tmp_path: Path, function: object) -> None:
    digest = checkpoint(tmp_path / "model.pt", Call(function, "1"))
    with pytest.raises(UserError, match=r"__builtin__\.\w+, which is not admitted"):
        read_checkpoint(tmp_path / "model.pt", digest)


def test_plain_data_is_read(tmp_path: Path) -> None:
    content = {"hyperparameters": OrderedDict(size=3, names=["a", "b"]), "state_dict": {1, 2}}
    digest = checkpoint(tmp_path / "model.pt", content)
    assert read_checkpoint(tmp_path / "model.pt", digest) == content


def test_another_file_is_refused_before_it_is_read(tmp_path: Path) -> None:
    digest = checkpoint(tmp_path / "model.pt", {})
    (tmp_path / "model.pt").write_bytes(b"damaged")
    with pytest.raises(UserError, match=rf"has SHA-256 {hashlib.sha256(b'damaged').hexdigest()}"):
        read_checkpoint(tmp_path / "model.pt", digest)


@pytest.mark.parametrize(
    ("name", "message"), [("<f4", "of type <f4, not f8"), ("O", "of type O, not f8")]
)
def test_numbers_of_another_type_are_refused(tmp_path: Path, name: str, message: str) -> None:
    digest = checkpoint(tmp_path / "model.pt", Call(np.dtype, name, False, True))
    with pytest.raises(UserError, match=message):
        read_checkpoint(tmp_path / "model.pt", digest)


def test_numbers_of_the_other_byte_order_are_refused(tmp_path: Path) -> None:
    digest = checkpoint(tmp_path / "model.pt", np.dtype(">f8"))
    with pytest.raises(UserError, match="of byte order >, not <"):
        read_checkpoint(tmp_path / "model.pt", digest)


def tensor_file(path: Path, numbers: np.ndarray, size: int) -> str:
    """A file with one matrix, of which the second row is asked for, by hand-written opcodes."""
    key = b"0"
    opcodes = (
        b"\x80\x02ctorch._utils\n_rebuild_tensor_v2\n("
        b"(X\x07\x00\x00\x00storagectorch\nFloatStorage\nX\x01\x00\x00\x00" + key
        + b"X\x03\x00\x00\x00cpuK" + bytes([size]) + b"tQ"  # the storage
        + b"K\x01K\x03K\x02\x86K\x01K\x03\x86\x89ccollections\nOrderedDict\n)RtR."
    )  # fmt: skip
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("model/data.pkl", opcodes)
        archive.writestr("model/data/0", numbers.astype("<f4").tobytes())
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_a_tensor_is_a_view_with_offset_and_strides(tmp_path: Path) -> None:
    # offset 1, shape (3, 2), strides (1, 3): columns that lie one after the other
    digest = tensor_file(tmp_path / "model.pt", np.arange(8), 8)
    found = read_checkpoint(tmp_path / "model.pt", digest)
    assert np.array_equal(found, [[1, 4], [2, 5], [3, 6]])


def test_a_storage_that_is_cut_is_refused(tmp_path: Path) -> None:
    digest = tensor_file(tmp_path / "model.pt", np.arange(5), 8)
    with pytest.raises(UserError, match="storage 0 has 5 numbers, not 8"):
        read_checkpoint(tmp_path / "model.pt", digest)
