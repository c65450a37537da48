"""What a ranking follows: the orders that there are, what auto takes, and what the tables say."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import get_args

import pytest

from screenmm.config.settings import ConsensusScore, RankingOrder, parse_settings
from screenmm.core.errors import ConfigError
from screenmm.metrics.orders import OrderEvidence
from screenmm.results import orders
from screenmm.results.consensus import floats
from screenmm.results.fates import make_ledger
from screenmm.results.orders import (
    AUTO,
    AUTO_BY,
    FOLLOWED,
    SCORES,
    SINGLE,
    Followed,
    Order,
    evidence,
    follow,
    orders_of,
    values,
)
from screenmm.results.ranking import make_ranking, write_ranking
from screenmm.tables.dictionary import CNN_AFFINITY, DG, DOCK, listed

ALL = frozenset({DOCK.name, CNN_AFFINITY.name, DG.name})
WITHOUT_CNN = ALL - {CNN_AFFINITY.name}
DOCKED = frozenset({DOCK.name})

BEST = Order("consensus_z", ("docking", "cnn_affinity", "mmgbsa"))
SECOND = Order("consensus_z", ("docking", "mmgbsa"))


def rows_of(path: Path, receptor: str = "wt") -> list[dict[str, str]]:
    with path.open(newline="") as handle:
        return [row for row in csv.DictReader(handle) if row["receptor"] == receptor]


def ranked_as(con, tmp_path: Path, by: str, **options) -> list[dict[str, str]]:
    make_ranking(con, by, **options)
    write_ranking(con, tmp_path / f"{by}.csv")
    return rows_of(tmp_path / f"{by}.csv")


def test_the_config_knows_the_orders_that_there_are() -> None:
    assert set(get_args(RankingOrder)) == {AUTO_BY, *FOLLOWED}
    assert set(get_args(ConsensusScore)) == set(SCORES)


@pytest.mark.parametrize(
    ("had", "followed", "lacking"),
    [
        ({ALL, DOCKED}, BEST, ()),
        ({WITHOUT_CNN}, SECOND, (CNN_AFFINITY.name,)),
        ({ALL - {DG.name}}, Order("docking"), (DG.name,)),
        # each score is there, and no ligand has all
        ({WITHOUT_CNN, frozenset({CNN_AFFINITY.name})}, SECOND,
         (DOCK.name, CNN_AFFINITY.name, DG.name)),
        ({frozenset()}, Order("docking"), (DOCK.name, CNN_AFFINITY.name, DG.name)),
    ],
)  # fmt: skip
def test_auto_takes_the_first_order_whose_scores_there_are(
    monkeypatch: pytest.MonkeyPatch, had, followed: Order, lacking: tuple[str, ...]
) -> None:
    monkeypatch.setattr(orders, "AUTO", (BEST, SECOND, Order("docking")))
    found = follow("auto", None, had)
    assert (found.order, found.lacking) == (followed, lacking)


def test_an_order_without_its_scores_says_what_stands_in() -> None:
    found = follow("cnn_affinity", None, {WITHOUT_CNN})
    assert found.ranked_by == "MM/GBSA, as no ligand has a score by the CNN"
    assert follow("mmgbsa", None, {DOCKED}).order == Order("docking")
    one = follow("consensus_z", ["docking", "cnn_affinity"], {WITHOUT_CNN})
    assert (one.order, one.lacking) == (Order("mmgbsa"), (CNN_AFFINITY.name,))


def test_a_consensus_that_is_named_joins_what_there_is() -> None:
    assert follow("consensus_ecr", None, {WITHOUT_CNN}).ranked_by == (
        "exponential consensus of docking and MM/GBSA"
    )
    asked = follow("consensus_z", ["cnn_affinity", "docking"], {ALL})
    assert asked.order.joins == ("cnn_affinity", "docking")


@pytest.mark.parametrize("by", sorted({*FOLLOWED} - {"mmgbsa"}))
def test_each_order_that_the_config_may_name(con, tmp_path: Path, by: str) -> None:
    column = FOLLOWED[by]
    rows = ranked_as(con, tmp_path, by)
    assert [int(row["rank"]) for row in rows] == list(range(1, 15))
    values = [float(row[column.name]) for row in rows if row[column.name]]
    assert len(values) == 14 if by in ("docking", "cnn_affinity", "cnn_vs") else 12
    assert values == sorted(values, reverse=column.better > 0)
    assert {row[column.name] for row in rows[len(values) :]} <= {""}
    # ranks that other energies would give are told where energies count
    told = [row["rank_low"] != "" for row in rows]
    assert told == ([False] * 14 if len(values) == 14 else [True] * 12 + [False] * 2)
    for row in rows[: sum(told)]:
        assert int(row["rank_low"]) <= int(row["rank"]) <= int(row["rank_high"]) <= 12
    words = {row["ranked_by"] for row in rows[: len(values)]}
    assert words == {orders_of(con)["wt"].ranked_by}
    assert {row["ranked_by"] for row in rows[len(values) :]} <= {"docking"}


ORDERS = [Order(by) for by in FOLLOWED if not by.startswith("consensus")] + [
    Order(by, joins)
    for by in FOLLOWED
    if by.startswith("consensus")
    for joins in (("docking", "mmgbsa"), ("docking", "cnn_affinity", "mmgbsa"))
]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: order.name)
def test_the_value_of_an_order_is_the_column_that_it_follows(con, order: Order) -> None:
    make_ranking(con, order.by, consensus=order.joins or None)
    table = con.execute(
        f"SELECT {listed(SINGLE)}, {order.column.name} AS followed FROM ranking "
        "WHERE receptor = 'wt' AND dg_mmgbsa_kcal_mol IS NOT NULL"
    ).fetchnumpy()
    columns = {name: floats(column) for name, column in table.items()}
    assert values(order, columns) == pytest.approx(order.column.better * columns["followed"])


def test_auto_is_the_same_as_the_order_that_it_takes(con, tmp_path: Path) -> None:
    auto = ranked_as(con, tmp_path, "auto")
    assert orders_of(con)["wt"] == Followed("auto", AUTO[0])
    options = {"consensus": AUTO[0].joins} if AUTO[0].joins else {}
    assert ranked_as(con, tmp_path, AUTO[0].by, **options) == auto


def test_auto_without_the_cnn_says_so_in_the_ranking_and_the_ledger(
    con, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(orders, "AUTO", (BEST, SECOND, Order("docking")))
    whole = ranked_as(con, tmp_path, "auto")
    assert whole[0]["ranked_by"] == "z-score consensus of docking, CNN affinity and MM/GBSA"
    # one receptor alone has no score of the CNN's
    con.execute(
        "CREATE TEMP TABLE mute AS SELECT * REPLACE (CASE WHEN receptor <> 'wt' THEN "
        "cnn_affinity_pk END AS cnn_affinity_pk) FROM poses"
    )
    con.execute("CREATE OR REPLACE TEMP VIEW poses AS SELECT * FROM mute")
    rows = ranked_as(con, tmp_path, "auto")
    said = "z-score consensus of docking and MM/GBSA, as no ligand has a score by the CNN"
    values = [float(row["consensus_z"]) for row in rows if row["consensus_z"]]
    assert values == sorted(values, reverse=True)
    assert [row["ranked_by"] for row in rows] == [said] * len(values) + ["docking"] * 2
    followed = orders_of(con)
    assert [followed[each].order for each in ("wt", "V678F")] == [SECOND, BEST]
    make_ledger(con)
    (message,) = con.execute(
        "SELECT message FROM ledger WHERE receptor = 'wt' AND message LIKE 'rank 1 by%'"
    ).fetchone()
    assert message == f"rank 1 by {said}"


def test_ligands_of_a_later_tier_come_first_where_mmgbsa_does_not_judge(con) -> None:
    make_ranking(con, "docking")
    (last,) = con.execute(
        "SELECT inchikey FROM ranking WHERE receptor = 'wt' ORDER BY rank DESC LIMIT 1"
    ).fetchone()
    con.execute(
        "CREATE TEMP TABLE again AS SELECT * REPLACE (CASE WHEN inchikey = ? THEN 2 ELSE 1 END "
        "AS tier) FROM poses", [last],
    )  # fmt: skip
    con.execute("CREATE OR REPLACE TEMP VIEW poses AS SELECT * FROM again")
    first = "SELECT inchikey FROM ranking WHERE receptor = 'wt' AND rank = 1"
    make_ranking(con, "docking")
    assert con.execute(first).fetchone() == (last,)
    make_ranking(con, "consensus_z", consensus=["docking", "mmgbsa"])
    assert con.execute(first).fetchone() != (last,)


def test_the_evidence_is_of_orders_that_there_are() -> None:
    assert ["order", *OrderEvidence.model_fields] == (
        (Path(orders.__file__).with_name(orders.EVIDENCE_FILE))
        .read_text()
        .split("\n")[0]
        .split(",")
    )
    for name, row in evidence().items():
        by, _, joins = name.partition(" of ")
        order = Order(by, tuple(filter(None, joins.split(", "))))
        assert order.name == name
        assert order.column
        assert set(order.joins) <= set(SCORES)
        assert row.targets > 1
        assert 0 < row.roc_auc < 1
        assert row.roc_auc_lead_low <= row.roc_auc - row.roc_auc_docking <= row.roc_auc_lead_high


@pytest.mark.parametrize(
    ("ranking", "complaint"),
    [
        ({"consensus": ["docking", "mmgbsa"]}, "by: auto joins what was measured"),
        ({"by": "consensus_z", "consensus": ["docking", "docking"]}, "names a score twice"),
        ({"by": "consensus_z", "consensus": ["docking"]}, "at least 2"),
    ],
)
def test_what_the_config_must_not_say(screen, ranking: dict, complaint: str) -> None:
    config = screen.settings.model_dump(mode="json") | {"ranking": ranking}
    with pytest.raises(ConfigError, match=complaint):
        parse_settings(config, None)
