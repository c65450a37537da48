"""Read a PyTorch checkpoint without PyTorch.

A checkpoint is a ZIP archive: a pickle with the structure, and a member with the raw numbers of
each tensor [1]_. A pickle may run any function; this reader admits a few names, gives each a
function of its own, and refuses the rest.

References
----------
.. [1] https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

import hashlib
import io
import pickle
import struct
import zipfile
from collections import OrderedDict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from screenmm.core.errors import UserError


class Record:
    """An object of a class that is not imported: its fields are its attributes."""

    def __setstate__(self, state: dict[str, Any]) -> None:
        # a model of pydantic 1 keeps its fields one level deeper
        self.__dict__.update(state.get("__dict__", state))


def read_checkpoint(path: Path, sha256: str) -> dict[str, Any]:
    """Read a checkpoint of the layout that ``openff.nagl.GNNModel.save`` writes.

    Parameters
    ----------
    path : Path
        The file.
    sha256 : str
        Its digest, hexadecimal.

    Returns
    -------
    dict
        ``state_dict``: NumPy arrays by name; ``hyperparameters``: plain data, in which an enum's
        member is the name of its class, and a model of pydantic is a :class:`Record`.

    Raises
    ------
    UserError
        The file is another one, or holds what is not admitted.
    """
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise UserError(
            f"{path} has SHA-256 {found}, not {sha256}: it is damaged or of another release; "
            "install openff-nagl-models again (pip install --force-reinstall openff-nagl-models)"
        )
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        (structure,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        reader = _Reader(archive, structure.removesuffix(".pkl"))
        checkpoint: dict[str, Any] = reader.load()
    return checkpoint


class _Reader(pickle.Unpickler):
    """An unpickler that calls nothing but the functions of :data:`_ADMITTED`."""

    def __init__(self, archive: zipfile.ZipFile, folder: str) -> None:
        super().__init__(io.BytesIO(archive.read(f"{folder}.pkl")))
        self._archive = archive
        self._folder = folder

    def find_class(self, module: str, name: str) -> Any:
        try:
            return _ADMITTED[module, name]
        except KeyError:
            raise UserError(
                f"the checkpoint asks for {module}.{name}, which is not admitted: it is of a "
                "release of openff-nagl-models that ScreenMM does not know"
            ) from None

    def persistent_load(self, pid: tuple[Any, ...]) -> np.ndarray:
        """Numbers of a tensor, flat."""
        kind, dtype, key, _location, size = pid
        if (kind, dtype) != ("storage", np.float32):
            raise UserError(f"the checkpoint has a {kind} of {dtype}, not a storage of float32")
        numbers = np.frombuffer(self._archive.read(f"{self._folder}/{key}"), dtype="<f4")
        if len(numbers) != size:
            raise UserError(f"storage {key} has {len(numbers)} numbers, not {size}")
        return numbers


def _tensor(
    storage: np.ndarray, offset: int, shape: Sequence[int], strides: Sequence[int], *_hooks: Any
) -> np.ndarray:
    steps = [storage.itemsize * step for step in strides]
    return np.lib.stride_tricks.as_strided(storage[offset:], shape, steps, writeable=False)


_FLOAT64 = struct.Struct("<d")


class _Float64:
    """NumPy's float64, little-endian."""

    def __init__(self, name: str, *_copy: Any) -> None:
        if name != "f8":
            raise UserError(f"the checkpoint has a number of type {name}, not f8")

    def __setstate__(self, state: tuple[Any, ...]) -> None:
        if state[1] != "<":
            raise UserError(f"the checkpoint has numbers of byte order {state[1]}, not <")


def _number(_dtype: _Float64, raw: bytes) -> float:
    (value,) = _FLOAT64.unpack(raw)
    return float(value)


def _encoded(text: str, encoding: str) -> bytes:
    return text.encode(encoding)


def _member(activation: str) -> str:
    return activation


_ADMITTED: dict[tuple[str, str], Any] = {
    ("collections", "OrderedDict"): OrderedDict,
    ("__builtin__", "set"): set,
    ("_codecs", "encode"): _encoded,
    ("numpy", "dtype"): _Float64,
    ("numpy.core.multiarray", "scalar"): _number,
    ("torch", "FloatStorage"): np.float32,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("pytorch_lightning.utilities.parsing", "AttributeDict"): dict,
    ("openff.nagl.lookups", "AtomPropertiesLookupTableEntry"): Record,
    ("openff.nagl.lookups", "PropertyProvenance"): Record,
    # an enum whose members are classes
    ("openff.nagl.nn.activation", "ActivationFunction"): _member,
    ("torch.nn.modules.activation", "ReLU"): "ReLU",
    ("torch.nn.modules.activation", "Sigmoid"): "Sigmoid",
}
