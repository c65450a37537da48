"""Known answers on which the records of a ligand disagree."""

from __future__ import annotations

import duckdb
import pytest

from screenmm.analysis.controls import controls, load_known
from screenmm.analysis.metrics import counts
from screenmm.bias.bias import bias
from screenmm.metrics.counts import (
    AffinityConflict,
    AffinityConflicts,
    LabelConflict,
    LabelConflicts,
)
from screenmm.results.fates import make_ledger
from screenmm.results.known import (
    EXAMPLES,
    KNOWN,
    affinity_conflicts,
    conflict_words,
    label_conflicts,
)
from screenmm.results.ranking import make_ranking

# record, ligand, name, label, affinity; in library order, the first of a ligand is its primary one
RECORDS = (
    ("a", "A", "first", 0, None),
    ("b", "B", "plain", 1, -7.0),
    ("c", "A", "again", 1, None),
    ("d", "C", "bare", None, None),
    ("e", "C", "labelled", 1, -8.0),
    ("f", "C", "assayed", 1, -6.5),
    ("g", "B", "rounded", 1, -7.0 + 1e-9),
    ("h", "D", "odd", None, float("nan")),
    ("i", "D", "odder", None, -5.0),
)


@pytest.fixture
def small():
    con = duckdb.connect()
    con.execute(
        "CREATE TABLE sources (record VARCHAR, ordinal BIGINT, name VARCHAR, label TINYINT, "
        "affinity_kcal_mol DOUBLE)"
    )
    con.execute('CREATE TABLE membership (record VARCHAR, inchikey VARCHAR, "primary" BOOLEAN)')
    seen: set[str] = set()
    for i, (record, key, name, label, affinity) in enumerate(RECORDS):
        con.execute(
            "INSERT INTO sources VALUES (?, ?, ?, ?, ?)", [record, i, name, label, affinity]
        )
        con.execute("INSERT INTO membership VALUES (?, ?, ?)", [record, key, key not in seen])
        seen.add(key)
    yield con
    con.close()


def test_the_first_answer_in_library_order_counts(small) -> None:
    known = small.execute(f"SELECT * FROM ({KNOWN}) ORDER BY inchikey").fetchall()
    assert known == [("A", 0, None), ("B", 1, -7.0), ("C", 1, -8.0), ("D", None, -5.0)]


def test_disagreements_are_counted_and_named(small) -> None:
    labels, affinities = label_conflicts(small), affinity_conflicts(small)
    differing = LabelConflict(name="first", inchikey="A", label=0)
    assert labels == LabelConflicts(ligands=1, examples=[differing])
    apart = AffinityConflict(
        name="labelled", inchikey="C", affinity_kcal_mol=-8.0, low_kcal_mol=-8.0, high_kcal_mol=-6.5
    )
    assert affinities == AffinityConflicts(ligands=1, examples=[apart])
    assert conflict_words(labels, affinities) == [
        "Records of 1 ligand have different labels, of which the first in library order counts: "
        "first.",
        "Records of 1 ligand have different affinities, of which the first in library order "
        "counts: labelled.",
    ]


def test_few_of_many_disagreements_are_named(small) -> None:
    small.execute(
        "INSERT INTO sources SELECT 'x' || range, 100 + range, 'n' || range, range % 2, NULL "
        "FROM range(20)"
    )
    small.execute(
        "INSERT INTO membership SELECT 'x' || range, 'X' || (range // 2), range % 2 = 0 "
        "FROM range(20)"
    )
    found = label_conflicts(small)
    assert (found.ligands, len(found.examples)) == (11, EXAMPLES)
    assert [each.name for each in found.examples] == ["first", "n0", "n2", "n4", "n6"]
    agreed = AffinityConflicts(ligands=0, examples=[])
    assert conflict_words(found, agreed)[0].endswith("n6 and others.")


def test_agreement_needs_no_words(ranked) -> None:
    found = counts(ranked)
    assert conflict_words(found.conflicting_labels, found.conflicting_affinities) == []


def test_controls_and_similarity_take_the_same_label(screen, con) -> None:
    """Imatinib's primary record says inactive, a duplicate of it active."""
    key = screen.keys["imatinib"]
    first, second = con.execute(
        "SELECT record FROM membership JOIN sources USING (record) WHERE inchikey = ? "
        "ORDER BY ordinal LIMIT 2",
        [key],
    ).fetchall()
    con.execute(
        "CREATE TABLE relabelled AS SELECT * REPLACE (CAST(CASE record WHEN ? THEN 0 WHEN ? THEN 1 "
        "ELSE label END AS TINYINT) AS label) FROM sources",
        [first[0], second[0]],
    )
    con.execute("DROP VIEW sources")
    con.execute("ALTER TABLE relabelled RENAME TO sources")
    make_ranking(con, "mmgbsa")
    make_ledger(con)
    known = load_known(con, "wt", "classification")
    assert known.truth[known.keys.index(key)] == 0
    report, _ = bias(con, [], hits=20)
    similar = report.by_receptor["wt"].similarity
    named = {row.name: row.known_active for row in similar.nearest}
    assert named["imatinib"] is False
    assert named["dasatinib"] is True
    # ranked or not, each active is one in both places
    unranked = controls(con)["wt"].unranked.actives
    assert similar.actives == int(known.truth.sum()) + unranked
    assert counts(con).conflicting_labels.ligands == 1
