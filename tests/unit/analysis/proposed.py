"""A made-up campaign with generated molecules, as tables in memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
from rdkit import Chem

from screenmm.tables.dictionary import BATCH, LEDGER, LINEAGE, ORDERS, Columns, ranking

RECEPTOR = "wt"
LIBRARY = 14


def _create(con: duckdb.DuckDBPyConnection, name: str, columns: Columns) -> None:
    typed = ", ".join(f'"{each.name}" {each.type}' for each in columns)
    con.execute(f"CREATE TABLE {name} ({typed})")


def _insert(con: duckdb.DuckDBPyConnection, table: str, row: dict[str, Any]) -> None:
    columns = ", ".join(f'"{name}"' for name in row)
    marks = ", ".join("?" * len(row))
    con.execute(f"INSERT INTO {table} ({columns}) VALUES ({marks})", list(row.values()))


class Made:
    """A campaign to fill: a library whose scores follow size, and what a test adds."""

    def __init__(self) -> None:
        self.con = duckdb.connect()
        for name, columns in (
            ("ranking", ranking()), ("batches", BATCH), ("lineage", LINEAGE), ("orders", ORDERS),
            ("ledger", LEDGER),
        ):  # fmt: skip
            _create(self.con, name, columns)
        self.con.execute("CREATE TABLE receptors AS SELECT ? AS receptor, 0 AS ordinal", [RECEPTOR])
        self.con.execute("CREATE TABLE sources (record VARCHAR, name VARCHAR, ordinal BIGINT)")
        self.con.execute("CREATE TABLE membership (record VARCHAR, inchikey VARCHAR)")
        self.con.execute("CREATE TABLE ligands (inchikey VARCHAR, smiles VARCHAR)")
        _insert(
            self.con, "orders",
            {"receptor": RECEPTOR, "asked": "mmgbsa", "followed": "mmgbsa", "joins": [],
             "score": "dg_mmgbsa_kcal_mol", "words": "MM/GBSA", "lacking": []},
        )  # fmt: skip

    def library(self, count: int = LIBRARY) -> None:
        """Alkanes of 5 carbon atoms and more, at −1 kcal/mol each, ranks 101 and further."""
        for i in range(count):
            self.docked(f"LIB{i:02d}", "C" * (5 + i), 101 + i, dg=-(5 + i) + 0.1 * (-1) ** i)

    def docked(
        self,
        key: str,
        smiles: str = "CCCCC",
        rank: int | None = None,
        *,
        drawn: str = "random",
        round: int = 1,
        width: int | None = 0,
        **known: Any,
    ) -> None:
        """A docked molecule; its rank's interval reaches ``width`` to either side; None: none."""
        known = {"dg": -5.0, "pose_checks_failed": "", "strain_kcal_mol": 2.0} | known
        self.named(key)
        _insert(self.con, "ligands", {"inchikey": key, "smiles": smiles})
        _insert(self.con, "batches", {"inchikey": key, "round": round, "drawn": drawn})
        if rank is None:
            return
        mol = Chem.MolFromSmiles(smiles)
        ends = (None, None) if width is None else (rank - width, rank + width)
        row = {
            "rank": rank, "rank_low": ends[0], "rank_high": ends[1], "inchikey": key,
            "receptor": RECEPTOR, "name": f"name of {key}", "smiles": smiles,
            "dg_mmgbsa_kcal_mol": known.pop("dg"), "heavy_atoms": mol.GetNumHeavyAtoms(),
            "formal_charge": Chem.GetFormalCharge(mol),
        }  # fmt: skip
        _insert(self.con, "ranking", row | known)

    def named(self, key: str) -> None:
        """A record of a molecule."""
        _insert(self.con, "sources", {"record": f"r-{key}", "name": f"name of {key}", "ordinal": 1})
        _insert(self.con, "membership", {"record": f"r-{key}", "inchikey": key})

    def proposed(
        self, key: str, parents: Sequence[str] = (), arm: str = "learned", **known: Any
    ) -> None:
        """A row of the lineage."""
        row = {
            "inchikey": key, "record": f"r-{key}", "arm": arm, "proposer": "fragments",
            "operation": "replaced", "parents": list(parents), "reaction": "", "blocks": [],
            "proposed_in": 2, "proposer_seed": 1, "sa_score": 2.5, "route": "",
        }  # fmt: skip
        _insert(self.con, "lineage", row | known)

    def idea(
        self,
        key: str,
        rank: int | None,
        parents: Sequence[str] = (),
        *,
        drawn: str = "learned",
        smiles: str = "c1ccncc1",
        round: int = 2,
        **known: Any,
    ) -> None:
        """A proposal that was docked; on a pyridine's size −20 kcal/mol are no matter of size."""
        known = {"dg": -20.0} | known
        self.docked(key, smiles, rank, drawn=drawn, round=round, **known)
        for arm in ("learned", "blind") if drawn == "both" else (drawn,):
            self.proposed(key, parents, arm)

    def left_out(self, count: int, reason: str) -> None:
        """Proposals that vetting left out."""
        for _ in range(count):
            _insert(
                self.con, "ledger",
                {"receptor": RECEPTOR, "stage": "vet", "status": "filtered", "reason": reason},
            )  # fmt: skip
