"""The orders that a ranking may follow, and the one that evidence chose.

``ranking.by`` names an order or says ``auto``: the first of :data:`AUTO` whose scores a receptor's
ligands have. How well each order did on targets with known answers stands in
``order_evidence.csv``, which ``benchmarks/order.py`` writes.
"""

from __future__ import annotations

import csv
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import compress, takewhile

import duckdb
import numpy as np

from screenmm.core.columns import Column
from screenmm.metrics.orders import OrderEvidence
from screenmm.results.consensus import MIN_INPUTS, consensus, size_corrected
from screenmm.tables.dictionary import (
    CNN_AFFINITY,
    CNN_SCORE,
    CNN_VS,
    CONSENSUS,
    DG,
    DOCK,
    ECR,
    EFFICIENCY,
    HEAVY_ATOMS,
    MEAN_RANK,
    ORDERS,
    SIZE_CORRECTED,
    Z,
    names,
)

AUTO_BY = "auto"

SCORES: Mapping[str, Column] = {"docking": DOCK, "cnn_affinity": CNN_AFFINITY, "mmgbsa": DG}
"""Scores that a consensus may join, by their names in the config."""

FOLLOWED: Mapping[str, Column] = {
    "mmgbsa": DG,
    "docking": DOCK,
    "cnn_affinity": CNN_AFFINITY,
    "cnn_vs": CNN_VS,
    "consensus_ecr": ECR,
    "consensus_mean_rank": MEAN_RANK,
    "consensus_z": Z,
    "ligand_efficiency": EFFICIENCY,
    "size_corrected": SIZE_CORRECTED,
}
"""What ``ranking.by`` may name, and the column that it follows."""

MADE_OF: Mapping[Column, Column] = {CNN_VS: CNN_AFFINITY, EFFICIENCY: DG, SIZE_CORRECTED: DG}
"""Columns that exist where another one does."""

WORDS = {"docking": "docking", "cnn_affinity": "CNN affinity", "mmgbsa": "MM/GBSA"}

METHODS = {DOCK.name: "docking", CNN_AFFINITY.name: "the CNN", DG.name: "MM/GBSA"}
"""Who gives the columns that orders need."""


@dataclass(frozen=True)
class Order:
    """An order of a ranking.

    Parameters
    ----------
    by : str
        Key of :data:`FOLLOWED`.
    joins : tuple of str
        Of a consensus: keys of :data:`SCORES`.
    """

    by: str
    joins: tuple[str, ...] = ()

    @property
    def column(self) -> Column:
        """Column of the ranking that it follows."""
        return FOLLOWED[self.by]

    @property
    def needs(self) -> frozenset[str]:
        """Columns of :data:`SCORES` that a ligand must have all of."""
        if self.joins:
            return frozenset(SCORES[each].name for each in self.joins)
        return frozenset({MADE_OF.get(self.column, self.column).name})

    @property
    def name(self) -> str:
        """What tells it from all others: ``consensus_z of docking, mmgbsa``."""
        return f"{self.by} of {', '.join(self.joins)}" if self.joins else self.by

    @property
    def words(self) -> str:
        """What people read: ``z-score consensus of docking and MM/GBSA``."""
        if not self.joins:
            return WORDS.get(self.by, self.column.words)
        *first, last = (WORDS[each] for each in self.joins)
        words = self.column.words
        return f"{words[0].lower()}{words[1:]} of {', '.join(first)} and {last}"


SINGLE = (DOCK, CNN_SCORE, CNN_AFFINITY, DG, HEAVY_ATOMS)
"""Columns that the value of every order can be made of."""


def values(order: Order, table: Mapping[str, np.ndarray]) -> np.ndarray:
    """What an order follows, larger being better.

    Parameters
    ----------
    order : Order
    table : mapping of str to ndarray, shape (n,)
        Columns of :data:`SINGLE` by name, of the ligands of one receptor; NaN where there is none.

    Returns
    -------
    ndarray, shape (n,)
        As the column that it follows, with that column's sign turned where smaller is better. NaN:
        the ligand has none.
    """
    column = order.column
    if order.joins:
        parts = [SCORES[each] for each in order.joins]
        made = consensus([each.better * table[each.name] for each in parts])[column.name]
    elif column is CNN_VS:
        made = table[CNN_SCORE.name] * table[CNN_AFFINITY.name]
    elif column is EFFICIENCY:
        made = table[DG.name] / table[HEAVY_ATOMS.name]
    elif column is SIZE_CORRECTED:
        made = size_corrected(table[DG.name], table[HEAVY_ATOMS.name])
    else:
        made = table[column.name]
    return np.asarray(column.better * made)


PLAIN = (Order("mmgbsa"), Order("docking"))
"""What stands behind every order."""

AUTO = (
    Order("mmgbsa"),
    Order("cnn_vs"),
    Order("docking"),
)
"""What ``auto`` takes: the first that a receptor's scores allow, else the last. Each is the best
by evidence of those that do without what the ones before it need. Another choice changes results:
raise the version of the stage ``rank`` with it."""


EVIDENCE_FILE = "order_evidence.csv"


@cache
def evidence() -> Mapping[str, OrderEvidence]:
    """What was measured of each order, by its name."""
    text = files("screenmm.results").joinpath(EVIDENCE_FILE).read_text(encoding="utf-8")
    rows = csv.DictReader(text.splitlines())
    return {row.pop("order"): _evidence(row) for row in rows}


def _evidence(row: Mapping[str, str]) -> OrderEvidence:
    numbers = {name: float(text) for name, text in row.items() if name != "targets"}
    return OrderEvidence(targets=int(row["targets"]), **numbers)


@dataclass(frozen=True)
class Followed:
    """The order that a receptor's ranking follows.

    Attributes
    ----------
    asked : str
        As the config says it.
    order : Order
    lacking : tuple of str
        Columns for the lack of which orders that are preferred were passed over.
    """

    asked: str
    order: Order
    lacking: tuple[str, ...] = ()

    @property
    def ranked_by(self) -> str:
        """As the ranking and the ledger say it, in few words."""
        if not self.lacking:
            return self.order.words
        lacked = " and ".join(METHODS[name] for name in self.lacking)
        return f"{self.order.words}, as no ligand has a score by {lacked}"


def follow(by: str, asked: Sequence[str] | None, had: Collection[frozenset[str]]) -> Followed:
    """Decide what a receptor's ranking follows.

    Parameters
    ----------
    by : str
        ``ranking.by``.
    asked : sequence of str or None
        ``ranking.consensus``.
    had : collection of frozenset of str
        Sets of columns that single ligands have numbers in.

    Returns
    -------
    Followed
        The first of the orders that are preferred whose scores some ligand has, else the last.
        Behind an order that the config names stand MM/GBSA and docking; a consensus that it names
        joins those of its scores that there are.
    """
    there = frozenset().union(*had)
    preferred = AUTO if by == AUTO_BY else (_named(by, asked, there), *PLAIN)
    passed = list(takewhile(lambda each: not any(each.needs <= own for own in had), preferred))
    order = preferred[min(len(passed), len(preferred) - 1)]
    lacking = [name for each in passed if each != order for name in _lacking(each, there)]
    return Followed(by, order, tuple(dict.fromkeys(lacking)))


def _named(by: str, asked: Sequence[str] | None, there: Collection[str]) -> Order:
    """Order that the config names."""
    if FOLLOWED[by] not in CONSENSUS:
        return Order(by)
    wanted = tuple(asked or SCORES)
    joins = tuple(each for each in wanted if SCORES[each].name in there)
    return Order(by, joins if len(joins) >= MIN_INPUTS else wanted)


def _lacking(order: Order, there: Collection[str]) -> list[str]:
    """Columns that an order needs and that no ligand has, or that none has all of."""
    needs = [name for name in names(SCORES.values()) if name in order.needs]
    return [name for name in needs if name not in there] or needs


def make_orders(
    con: duckdb.DuckDBPyConnection, by: str, asked: Sequence[str] | None
) -> dict[str, Followed]:
    """Make the table ``orders``: what the ranking of each receptor follows.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``receptors`` and ``ranking``.
    by, asked
        As :func:`follow` takes them.
    """
    needed = names(SCORES.values())
    typed = ", ".join(f"{each.name} {each.type}" for each in ORDERS)
    con.execute(f"CREATE OR REPLACE TABLE orders ({typed}, by_tier BOOLEAN)")
    found = {}
    for (receptor,) in con.execute("SELECT receptor FROM receptors ORDER BY ordinal").fetchall():
        rows = con.execute(
            f"SELECT DISTINCT {', '.join(f'coalesce(isfinite({name}), false)' for name in needed)} "
            "FROM ranking WHERE receptor = ?",
            [receptor],
        ).fetchall()
        had = {frozenset(compress(needed, row)) for row in rows}
        made = found[receptor] = follow(by, asked, had)
        order = made.order
        con.execute(
            "INSERT INTO orders VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [receptor, made.asked, order.by, list(order.joins), order.column.name, made.ranked_by,
             list(made.lacking), DG.name not in order.needs],
        )  # fmt: skip
    return found


def orders_of(con: duckdb.DuckDBPyConnection) -> dict[str, Followed]:
    """What :func:`make_orders` found, of each receptor in config order."""
    rows = con.execute(
        "SELECT receptor, asked, followed, joins, lacking FROM orders "
        "JOIN receptors USING (receptor) ORDER BY ordinal"
    ).fetchall()
    return {
        receptor: Followed(asked, Order(by, tuple(joins)), tuple(lacking))
        for receptor, asked, by, joins, lacking in rows
    }
