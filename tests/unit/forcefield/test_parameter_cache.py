"""The cache gives back what was put in, exactly, or nothing."""

from __future__ import annotations

import logging
import multiprocessing
import os
import sqlite3
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from screenmm.core.errors import LigandError
from screenmm.forcefield import parameter_cache
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.forcefield.parameter_cache import ParameterCache, cache_key
from screenmm.forcefield.parameters import Parameters


def identical(one: Parameters, other: Parameters) -> bool:
    pairs = [(getattr(one, f.name), getattr(other, f.name)) for f in fields(Parameters)]
    return all(a.dtype == b.dtype and np.array_equal(a, b) for a, b in pairs)


def with_hydrogens(smiles: str) -> Chem.Mol:
    return Chem.AddHs(Chem.MolFromSmiles(smiles))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "cache/parameters.sqlite"


def test_round_trip_is_exact(path, ejm_42, ejm_42_parameters):
    cache = ParameterCache(path)
    assert cache.get(ejm_42) is None
    cache.put(ejm_42, ejm_42_parameters)
    assert identical(cache.get(ejm_42), ejm_42_parameters)
    cache.close()
    assert identical(ParameterCache(path).get(ejm_42), ejm_42_parameters)


def test_no_path_keeps_nothing(ejm_42, ejm_42_parameters):
    cache = ParameterCache(None)
    cache.put(ejm_42, ejm_42_parameters)
    assert cache.get(ejm_42) is None


def test_a_known_molecule_is_not_computed_again(path, ejm_42, ejm_42_parameters, monkeypatch):
    cache = ParameterCache(path)
    first = ligand_parameters(ejm_42, cache=cache)
    assert identical(first, ejm_42_parameters)
    monkeypatch.setattr("screenmm.forcefield.ligand_parameters._parametrise", None)
    assert identical(ligand_parameters(ejm_42, cache=cache), first)


def test_a_refused_molecule_is_not_kept(path):
    cache = ParameterCache(path)
    mol = with_hydrogens("C[Si](C)(C)C")
    with pytest.raises(LigandError):
        ligand_parameters(mol, cache=cache)
    assert cache.get(mol) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("CCO", "COC"),
        ("CC(=O)O", "CC(=O)[O-]"),
        ("C[C@H](N)C(=O)O", "C[C@@H](N)C(=O)O"),
        ("C/C=C/C", r"C/C=C\C"),
        ("CC=CC", "C/C=C/C"),
        ("O=c1cccc[nH]1", "Oc1ccccn1"),
    ],
)
def test_another_molecule_has_another_key(one: str, other: str):
    assert cache_key(with_hydrogens(one)) != cache_key(with_hydrogens(other))


def test_another_atom_order_has_another_key(ejm_42):
    backwards = Chem.RenumberAtoms(ejm_42, list(range(ejm_42.GetNumAtoms()))[::-1])
    assert cache_key(backwards) != cache_key(ejm_42)


def test_the_key_does_not_depend_on_names_or_coordinates(ejm_42):
    other = Chem.Mol(ejm_42)
    other.SetProp("_Name", "another")
    other.RemoveAllConformers()
    assert cache_key(other) == cache_key(ejm_42)


def test_another_version_has_another_key(ejm_42, monkeypatch):
    key = cache_key(ejm_42)
    assert "unknown" not in parameter_cache._method()[3]
    monkeypatch.setattr(parameter_cache, "METHOD", parameter_cache.METHOD + 1)
    parameter_cache._method.cache_clear()
    try:
        assert cache_key(ejm_42) != key
    finally:
        monkeypatch.undo()
        parameter_cache._method.cache_clear()


def _write(path: Path, first: int, barrier, parameters: Parameters) -> None:
    cache = ParameterCache(path)
    barrier.wait()
    for number in range(first, first + 40):
        cache.put(with_hydrogens("C" * (number + 1)), parameters)


def test_two_processes_write_at_once(path, ejm_42_parameters):
    context = multiprocessing.get_context("fork")
    barrier = context.Barrier(2)
    writers = [
        context.Process(target=_write, args=(path, first, barrier, ejm_42_parameters))
        for first in (0, 20)
    ]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert [writer.exitcode for writer in writers] == [0, 0]
    cache = ParameterCache(path)
    for number in range(60):
        assert identical(cache.get(with_hydrogens("C" * (number + 1))), ejm_42_parameters)


def _read(cache: ParameterCache, mol: Chem.Mol, parameters: Parameters) -> None:
    found = cache.get(mol)
    raise SystemExit(found is None or not identical(found, parameters))


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_another_process_opens_the_file_anew(path, ejm_42, ejm_42_parameters, method):
    cache = ParameterCache(path)
    cache.put(ejm_42, ejm_42_parameters)
    reader = multiprocessing.get_context(method).Process(
        target=_read, args=(cache, ejm_42, ejm_42_parameters)
    )
    reader.start()
    reader.join(60)
    assert reader.exitcode == 0
    assert identical(cache.get(ejm_42), ejm_42_parameters)


def assert_only_warns(cache: ParameterCache, mol: Chem.Mol, caplog) -> None:
    with caplog.at_level(logging.WARNING):
        first = ligand_parameters(mol, cache=cache)
        second = ligand_parameters(mol, cache=cache)
    assert identical(first, second)
    assert len(caplog.records) == 1
    assert "parameter cache" in caplog.text


def test_a_file_that_is_no_database(path, ejm_42, caplog):
    path.parent.mkdir()
    path.write_bytes(b"not a database" * 1000)
    assert_only_warns(ParameterCache(path), ejm_42, caplog)


def test_a_truncated_database(path, ejm_42, ejm_42_parameters, caplog):
    cache = ParameterCache(path)
    cache.put(ejm_42, ejm_42_parameters)
    cache.close()
    path.write_bytes(path.read_bytes()[:6000])
    assert_only_warns(ParameterCache(path), ejm_42, caplog)


@pytest.mark.parametrize(
    "value", [b"", b"PK\x03\x04", None], ids=["empty", "cut", "of another molecule"]
)
def test_a_damaged_entry_is_replaced(path, ejm_42, ejm_42_parameters, value, caplog):
    cache = ParameterCache(path)
    cache.put(ejm_42, ejm_42_parameters)
    if value is None:
        methane = ligand_parameters(with_hydrogens("C"))
        value = parameter_cache._pack(methane)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE parameters SET value = ?", (value,))
    assert cache.get(ejm_42) is None
    assert "checksum differs" in caplog.text
    assert identical(ligand_parameters(ejm_42, cache=cache), ejm_42_parameters)
    assert identical(cache.get(ejm_42), ejm_42_parameters)


def test_a_locked_file(path, ejm_42, ejm_42_parameters, caplog, monkeypatch):
    monkeypatch.setattr(parameter_cache, "BUSY_TIMEOUT_S", 0.1)
    ParameterCache(path).put(with_hydrogens("C"), ejm_42_parameters)
    blocker = sqlite3.connect(path)
    blocker.execute("BEGIN EXCLUSIVE")
    try:
        assert_only_warns(ParameterCache(path), ejm_42, caplog)
    finally:
        blocker.rollback()
        blocker.close()


@pytest.mark.parametrize("where", ["/proc/screenmm/parameters.sqlite", "/dev/null/p.sqlite"])
def test_a_place_where_nothing_can_be_made(where, ejm_42, caplog):
    assert_only_warns(ParameterCache(Path(where)), ejm_42, caplog)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder(path, ejm_42, caplog):
    path.parent.mkdir()
    path.parent.chmod(0o500)
    try:
        assert_only_warns(ParameterCache(path), ejm_42, caplog)
    finally:
        path.parent.chmod(0o700)


def test_a_read_only_database_is_still_read(path, ejm_42, ejm_42_parameters, caplog):
    cache = ParameterCache(path)
    cache.put(ejm_42, ejm_42_parameters)
    cache._connect().execute("PRAGMA query_only = ON")
    with caplog.at_level(logging.WARNING):
        cache.put(with_hydrogens("C"), ejm_42_parameters)
        cache.put(with_hydrogens("CC"), ejm_42_parameters)
    assert len(caplog.records) == 1
    assert identical(cache.get(ejm_42), ejm_42_parameters)
