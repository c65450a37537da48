"""Descriptors of ranked ligands, computed by RDKit in batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import duckdb
import pyarrow as pa
from rdkit import Chem, rdBase
from rdkit.Chem import Descriptors

BATCH = 20_000


def _parent(smiles: str) -> tuple[int | None, float | None]:
    """Heavy atoms and molecular weight (g/mol) of a parent."""
    mol = Chem.MolFromSmiles(smiles)
    return (None, None) if mol is None else (mol.GetNumHeavyAtoms(), Descriptors.MolWt(mol))  # type: ignore[attr-defined]


def _state(smiles: str) -> tuple[int | None]:
    """Formal charge of a state; needs no valence model, so none is run."""
    mol = Chem.MolFromSmiles(smiles, sanitize=False)
    return (None,) if mol is None else (Chem.GetFormalCharge(mol),)


def _described(
    con: duckdb.DuckDBPyConnection, query: str, schema: pa.Schema, of: Callable[[str], tuple]
) -> Iterator[pa.RecordBatch]:
    """Record batches of SMILES and what ``of`` makes of them."""
    for batch in con.cursor().sql(query).to_arrow_reader(BATCH):
        smiles = batch.column(0).to_pylist()
        if not smiles:
            continue
        columns = zip(*(of(each) for each in smiles), strict=True)
        yield pa.RecordBatch.from_arrays(
            [
                pa.array(values, field.type)
                for values, field in zip([smiles, *columns], schema, strict=True)
            ],
            schema=schema,
        )


def _make(
    con: duckdb.DuckDBPyConnection,
    table: str,
    query: str,
    fields: list[tuple[str, pa.DataType]],
    of: Callable[[str], tuple],
) -> None:
    schema = pa.schema([("smiles", pa.string()), *fields])
    reader = pa.RecordBatchReader.from_batches(schema, _described(con, query, schema, of))
    con.register("described", reader)
    con.execute(f"CREATE OR REPLACE TABLE {table} AS SELECT * FROM described")
    con.unregister("described")


def make_descriptors(con: duckdb.DuckDBPyConnection) -> None:
    """Make the tables ``parent_descriptors`` and ``state_descriptors`` for table ``best``.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ligands`` and ``best`` (columns ``inchikey`` and ``state_smiles``).
    """
    with rdBase.BlockLogs():
        _make(
            con,
            "parent_descriptors",
            "SELECT DISTINCT smiles FROM ligands SEMI JOIN best USING (inchikey) "
            "WHERE smiles IS NOT NULL",
            [("heavy_atoms", pa.int32()), ("molecular_weight", pa.float64())],
            _parent,
        )
        _make(
            con,
            "state_descriptors",
            "SELECT DISTINCT state_smiles FROM best WHERE state_smiles IS NOT NULL",
            [("formal_charge", pa.int32())],
            _state,
        )
