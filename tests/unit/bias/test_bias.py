from __future__ import annotations

import csv
import io
import math
from dataclasses import asdict
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rdkit import Chem
from rdkit.Chem import Descriptors
from scipy import stats

from screenmm.analysis.controls import SCORES
from screenmm.bias import described
from screenmm.bias.bias import bias, write_bias
from screenmm.bias.chemotypes import CHEMOTYPES, chemotypes
from screenmm.bias.correlations import BOOTSTRAP, correlation
from screenmm.bias.described import PROPERTIES, SAMPLE, describe_records, scaffold_of
from screenmm.bias.losses import (
    LOSSES,
    at_risk,
    correct,
    holm,
    losses,
    more_than_rest,
    wilson,
)
from screenmm.bias.properties import FATES
from screenmm.results.fates import STATUSES
from screenmm.tables.dictionary import CNN_MINIMISED, names
from tests.unit.made_up import class_loss

SALT = "c1ccccc1CC(=O)[O-].[Na+]"


# --- losses ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lost", "records"), [(0, 1), (1, 1), (0, 20), (3, 20), (20, 20), (7, 900)]
)
def test_intervals_are_wilsons(lost: int, records: int) -> None:
    """Its ends are the rates from which what was seen is 1.96 standard errors away."""
    low, high = wilson(lost, records)
    assert low <= lost / records <= high
    assert (low == 0.0, high == 1.0) == (lost == 0, lost == records)
    for end in {low, high} - {0.0, 1.0}:
        error = stats.norm.ppf(0.975) * math.sqrt(end * (1 - end) / records)
        assert abs(lost / records - end) == pytest.approx(error, rel=1e-9)


@pytest.mark.parametrize(
    ("lost", "records", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (29, 29, 0.8830, 1.0),
    ],
)
def test_intervals_are_the_published_ones(lost: int, records: int, low: float, high: float) -> None:
    """Examples of Newcombe 1998, Stat. Med. 17, 857; of all lost, the low end is n / (n + z²)."""
    assert wilson(lost, records) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize("table", [(5, 10, 8, 60), (0, 4, 9, 30), (4, 4, 5, 12), (1, 30, 40, 100)])
def test_the_test_is_fishers(table: tuple[int, int, int, int]) -> None:
    lost, records, all_lost, all_records = table
    as_many = range(lost, min(records, all_lost) + 1)
    ways = sum(
        math.comb(all_lost, n) * math.comb(all_records - all_lost, records - n) for n in as_many
    )
    expected = ways / math.comb(all_records, records)
    assert more_than_rest(*table) == pytest.approx(expected, rel=1e-9)


def test_nothing_is_tested_where_there_is_nothing_to_compare() -> None:
    assert more_than_rest(0, 0, 3, 10) is None
    assert more_than_rest(3, 10, 3, 10) is None
    assert more_than_rest(0, 4, 0, 10) is None
    assert more_than_rest(4, 4, 10, 10) is None


def test_p_values_are_corrected_by_holm() -> None:
    # by hand: 3 × 0.01, then 2 × 0.04, then the larger of 0.08 and 1 × 0.03 in order
    assert holm([0.04, None, 0.01, 0.03]) == pytest.approx([0.06, None, 0.03, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_only_the_class_that_loses_more_is_flagged() -> None:
    bad, other = np.arange(60) < 20, np.arange(60) % 2 == 0
    found = losses(np.column_stack([bad, other]), np.ones(60, bool), bad)
    rows = [class_loss(class_=str(i), **asdict(each)) for i, each in enumerate(found)]
    assert [row.more for row in correct({"wt": rows})["wt"]] == [True, False]
    assert (found[0].records, found[0].at_risk, found[0].lost, found[0].share) == (20, 20, 20, 1.0)


def test_what_a_filter_takes_is_not_at_risk_of_failing() -> None:
    """500 heavy records are filtered; of 500 light ones 25 fail: nothing says light fails more."""
    ways = np.array(["filtered"] * 500 + ["failed"] * 25 + ["ranked"] * 475, dtype=object)
    classes = np.column_stack([np.arange(1000) < 500, np.arange(1000) >= 500])
    heavy, light = losses(classes, at_risk(ways)["failed"], ways == "failed")
    assert (heavy.at_risk, heavy.share, heavy.p) == (0, None, None)
    assert (light.at_risk, light.lost, light.p) == (500, 25, None)
    # were the filtered ones counted as kept, the test would flag the light ones
    wrong = losses(classes, np.ones(1000, bool), ways == "failed")[1].p
    assert wrong is not None
    assert wrong < 1e-6


def test_each_record_is_at_risk_until_something_takes_it_out() -> None:
    ways = np.array(["refused", "filtered", "duplicate", "failed", "pose filtered", "ranked"])
    places = {kind: np.flatnonzero(mask).tolist() for kind, mask in at_risk(ways).items()}
    assert places == {
        "refused": [0, 1, 2, 3, 4, 5],
        "filtered": [1, 2, 3, 4, 5],
        "failed": [3, 4, 5],
        "pose filtered": [4, 5],
    }


def test_all_tests_of_a_report_are_corrected_together() -> None:
    report = {
        "wt": [class_loss(loss="filtered", p=0.01), class_loss(loss="failed", p=0.02)],
        "mutant": [class_loss(loss="filtered", p=0.01), class_loss(loss="failed", p=0.03)],
    }
    corrected = correct(report)
    # three tests: what is filtered before docking is the same for both receptors
    found = [row.p_corrected for rows in corrected.values() for row in rows]
    assert found == pytest.approx([0.03, 0.04, 0.03, 0.04])


# --- what is read of a structure ---------------------------------------------------------


@pytest.mark.parametrize(
    ("smiles", "expected"),
    [
        ("CC(=O)Oc1ccccc1C(=O)O", {"acid"}),
        ("CC(=O)[O-].[Na+]", {"acid", "metal", "no ring", "several components"}),
        ("OS(=O)(=O)c1ccccc1", {"acid"}),
        ("NCCc1ccccc1", {"basic amine"}),
        ("[NH3+]CCc1ccccc1", {"basic amine"}),
        ("CN1CCN(C)CC1", {"basic amine"}),
        ("NC(=N)c1ccccc1", {"basic amine"}),
        ("Nc1ccccc1", set()),
        ("C1CC1NC=C", set()),
        ("CC(=O)Nc1ccccc1", {"amide"}),
        ("C[N+](C)(C)Cc1ccccc1", {"quaternary nitrogen"}),
        ("C[n+]1ccccc1", {"quaternary nitrogen"}),
        ("[O-][n+]1ccccc1", set()),
        ("CNS(=O)(=O)c1ccccc1", {"sulfonamide"}),
        ("O=[N+]([O-])c1ccccc1", {"nitro"}),
        ("Fc1ccccc1.Cl", {"halogen", "several components"}),
        ("c1ccccc1.Cl", {"several components"}),
        ("CP(C)c1ccccc1", {"phosphorus"}),
        ("OB(O)c1ccccc1", {"boron"}),
        ("C[Si](C)(C)C", {"silicon", "no ring"}),
        ("C1CCCCCCCCCCC1", {"macrocycle"}),
        ("NCC(=O)NCC(=O)O", {"acid", "basic amine", "amide", "peptide-like", "no ring"}),
        ("C[Se]C", {"other element", "no ring"}),
        ("*CCO", {"other element", "no ring"}),
        ("N[Pt](N)(Cl)Cl", {"metal", "halogen", "no ring"}),
    ],
)
def test_chemotypes_are_what_they_are_called(smiles: str, expected: set[str]) -> None:
    found = chemotypes(Chem.MolFromSmiles(smiles))
    assert {name for name, there in zip(CHEMOTYPES, found, strict=True) if there} == expected


@pytest.mark.parametrize(
    ("smiles", "scaffold"),
    [
        ("CCc1ccccc1", "c1ccccc1"),
        ("CCc1ccncc1.OC(=O)C(F)(F)F", "c1ccncc1"),
        ("CC[NH+]1CCN(c2ccccc2)CC1.[Cl-]", "c1ccc(N2CCNCC2)cc1"),
        ("CCO", ""),
        ("C1CC", None),
    ],
)
def test_a_scaffold_is_that_of_the_largest_component(smiles: str, scaffold: str | None) -> None:
    assert scaffold_of(smiles) == scaffold


# --- the report --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shard(screen, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Structures as read, of the small screen's records; two cannot be read."""
    con = screen.open()
    members = con.execute("SELECT record, smiles FROM membership JOIN ligands USING (inchikey)")
    known = dict(members.fetchall())
    records = [record for (record,) in con.execute("SELECT record FROM sources").fetchall()]
    lost = con.execute(
        "SELECT DISTINCT record, status FROM ledger ANTI JOIN membership USING (record)"
    ).fetchall()
    assert {status for _, status in lost} == {"failed", "filtered"}
    written = {"failed": "C1CC", "filtered": SALT}
    known |= {record: written[status] for record, status in lost}
    path = tmp_path_factory.mktemp("records") / "b.parquet"
    rows = {
        "record": records,
        "kind": ["smiles"] * len(records),
        "structure": [known[record] for record in records],
    }
    pq.write_table(pa.table(rows), path)
    return path


@pytest.fixture(scope="module")
def made(ranked, shard: Path):
    return bias(ranked, [shard], hits=3)


def test_every_record_is_counted_for_every_receptor(ranked, made) -> None:
    report, _ = made
    records = ranked.execute("SELECT count(*) FROM sources").fetchall()[0][0]
    assert (report.records, report.described, report.sampled) == (records, records, False)
    for receptor, own in report.by_receptor.items():
        ledger = dict(ranked.execute(
            "SELECT status, count(*) FROM ledger WHERE receptor = ? GROUP BY status", [receptor]
        ).fetchall())  # fmt: skip
        fates = own.fates
        assert {fate: fates[fate].records for fate in STATUSES} == {
            status: ledger.get(status, 0) for status in STATUSES
        }
        assert sum(fates[fate].records for fate in STATUSES) == records
        assert fates["input"].records == records
        for each in own.properties.values():
            for fate in FATES:
                shown = each.by_fate.get(fate)
                n = 0 if shown is None else shown.n
                assert shown is None or sum(shown.counts) == n
                assert n + fates[fate].no_structure_read == fates[fate].records
        for by in ("charge", "weight"):
            totals = {}
            for loss in LOSSES:
                shared = [row for row in own.losses if (row.loss, row.by) == (loss, by)]
                assert sum(row.records for row in shared) == records
                totals[loss] = {
                    key: sum(getattr(row, key) for row in shared) for key in ("at_risk", "lost")
                }
            lost = {loss: total["lost"] for loss, total in totals.items()}
            assert lost["refused"] + lost["failed"] == fates["failed"].records
            assert lost["filtered"] + lost["pose filtered"] == fates["filtered"].records
            left = records
            for loss, total in totals.items():
                left -= fates["duplicate"].records if loss == "failed" else 0
                assert total["at_risk"] == left
                left -= total["lost"]
            assert left == fates["ranked"].records
    assert report.by_receptor["wt"].fates["failed"].no_structure_read > 0


def test_properties_are_of_the_structure_as_read(screen, ranked, shard: Path) -> None:
    found = describe_records(ranked, [shard])
    salt = next(i for i, own in enumerate(found.members) if own[CHEMOTYPES.index("metal")])
    mol = Chem.MolFromSmiles(SALT)
    assert found.column("molecular_weight")[salt] == pytest.approx(Descriptors.MolWt(mol))
    assert found.scaffolds[salt] == "c1ccccc1"
    assert list(found.records) == sorted(found.records)
    assert found.values.shape == (len(found.records), len(PROPERTIES))


def test_a_scaffold_without_a_ranked_ligand_is_wholly_lost(made) -> None:
    report, tables = made
    rows = list(csv.DictReader(io.StringIO(tables["scaffolds.csv"])))
    for receptor, own in report.by_receptor.items():
        mine = [row for row in rows if row["receptor"] == receptor]
        lost = [row for row in mine if row["ranked"] == "0"]
        assert own.scaffolds.wholly_lost.scaffolds == len(lost)
        assert own.scaffolds.input.scaffolds == len(mine)
        assert own.scaffolds.input.molecules == sum(int(row["records"]) for row in mine)
        assert 0 < own.scaffolds.ranked.share_of_commonest <= 1


def test_hits_have_their_nearest_active_but_not_themselves(ranked, made) -> None:
    report, _ = made
    actives = ranked.execute(
        "SELECT count(DISTINCT inchikey) FROM membership JOIN sources USING (record) "
        "WHERE label = 1"
    ).fetchall()[0][0]
    for own in report.by_receptor.values():
        found = own.similarity
        assert found.actives == actives > 1
        assert [row.rank for row in found.nearest] == [1, 2, 3]
        assert all(0 <= row.tanimoto < 1 for row in found.nearest)
        assert sum(found.hits.counts) == 3


def test_without_actives_there_is_no_similarity(con, shard: Path) -> None:
    con.execute("CREATE TABLE unlabelled AS SELECT * REPLACE (NULL::TINYINT AS label) FROM sources")
    con.execute("DROP VIEW sources")
    con.execute("ALTER TABLE unlabelled RENAME TO sources")
    report, tables = bias(con, [shard])
    assert all(own.similarity is None for own in report.by_receptor.values())
    assert len(tables["similarity.csv"].splitlines()) == 1


def test_the_tables_are_the_same_again(ranked, shard: Path, made, tmp_path: Path) -> None:
    again = bias(ranked, [shard], hits=3)
    assert again == made
    write_bias(made[1], tmp_path / "bias")
    assert sorted(path.name for path in (tmp_path / "bias").iterdir()) == sorted(made[1])


def test_a_screen_without_a_ranked_ligand_has_a_report(con, shard: Path) -> None:
    con.execute("DELETE FROM ranking")
    con.execute("UPDATE ledger SET status = 'failed' WHERE status = 'ranked'")
    report, _ = bias(con, [shard])
    for own in report.by_receptor.values():
        assert own.fates["ranked"].records == 0
        assert own.scaffolds.ranked.share_of_commonest is None
        assert own.correlations == {}


def test_a_large_library_is_sampled_by_key_and_counted_whole(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(described, "SAMPLE", 50)
    con = duckdb.connect()
    con.execute("CREATE TABLE sources AS SELECT printf('%016x', range) AS record FROM range(400)")
    con.execute("CREATE TABLE events (record VARCHAR, stage VARCHAR, reason VARCHAR)")
    # a proposal that was left out, and one that was kept: no records of the library
    con.execute("INSERT INTO sources VALUES ('genetic-2-1'), ('genetic-2-2')")
    con.execute("INSERT INTO events VALUES ('genetic-2-1', 'vet', 'seen_before')")
    con.execute("CREATE TABLE lineage AS SELECT 'genetic-2-2' AS record, 'KEY' AS inchikey")
    con.execute(
        "COPY (SELECT record, 'smiles' AS kind, 'CCO' AS structure FROM sources "
        f"ORDER BY hash(record)) TO '{tmp_path}/b.parquet' (FORMAT parquet)"
    )
    found = describe_records(con, [tmp_path / "b.parquet"])
    assert (found.total, len(found.records), int(found.read.sum())) == (400, 50, 50)
    assert describe_records(con, [tmp_path / "b.parquet"]).records == found.records
    assert SAMPLE == 20_000


def test_what_took_too_long_is_not_read_again(tmp_path: Path) -> None:
    con = duckdb.connect()
    con.execute("CREATE TABLE lineage (record VARCHAR, inchikey VARCHAR)")
    con.execute("CREATE TABLE sources AS SELECT unnest(['a', 'b']) AS record")
    con.execute(
        "CREATE TABLE events AS SELECT 'a' AS record, 'standardise' AS stage, "
        "'time_limit' AS reason"
    )
    rows = {"record": ["a", "b"], "kind": ["smiles"] * 2, "structure": ["CCO", "CCN"]}
    pq.write_table(pa.table(rows), tmp_path / "b.parquet")
    assert describe_records(con, [tmp_path / "b.parquet"]).read.tolist() == [False, True]


# --- correlations ------------------------------------------------------------------------


def test_every_score_is_set_against_size_and_charge(ranked, made) -> None:
    report, tables = made
    rows = list(csv.DictReader(io.StringIO(tables["correlations.csv"])))
    for receptor, own in report.by_receptor.items():
        found = own.correlations
        # the CNN was asked about none of these poses where it ended
        assert set(found) == set(SCORES) - {"rank", *names(CNN_MINIMISED)}
        assert {row["score"] for row in rows if row["receptor"] == receptor} == set(found)
        for score, sign in (("consensus_z", 1), ("dg_size_corrected_kcal_mol", -1)):
            pairs = ranked.execute(
                f"SELECT {score}, heavy_atoms FROM ranking "
                f"WHERE receptor = ? AND {score} IS NOT NULL AND heavy_atoms IS NOT NULL",
                [receptor],
            ).fetchall()
            values, size = np.array(pairs).T
            expected = stats.spearmanr(sign * values, size).statistic
            assert found[score]["heavy_atoms"].value == pytest.approx(expected, abs=1e-9)


def test_a_correlation_is_spearmans_with_an_interval_around_it() -> None:
    rng = np.random.default_rng(3)
    size = rng.integers(10, 40, 200).astype(float)
    score = size + rng.normal(0, 8, 200)
    found = correlation(score, size, seed=1)
    assert found.value == pytest.approx(stats.spearmanr(score, size).statistic, abs=1e-12)
    assert found.low < found.value < found.high
    assert found.interval == "bootstrap"


def test_the_closed_form_agrees_with_the_bootstrap() -> None:
    rng = np.random.default_rng(4)
    size = rng.normal(0, 1, BOOTSTRAP + 1)
    score = 0.4 * size + rng.normal(0, 1, BOOTSTRAP + 1)
    closed = correlation(score, size, seed=1)
    drawn = correlation(score[:-1], size[:-1], seed=1)
    assert (closed.interval, drawn.interval) == ("closed form", "bootstrap")
    assert closed.low == pytest.approx(drawn.low, abs=0.01)
    assert closed.high == pytest.approx(drawn.high, abs=0.01)


def test_what_cannot_be_correlated_says_why() -> None:
    assert (
        correlation(np.array([1.0, 2.0]), np.array([1.0, 2.0]), 1).reason
        == "2 ligands; 3 are needed"
    )
    assert correlation(np.ones(9), np.arange(9.0), 1).reason == "all values are equal"
    assert correlation(np.arange(4.0), np.arange(4.0), 1).low is None
