from __future__ import annotations

import csv
import time
from pathlib import Path

import pytest
from openmmforcefields import __file__ as openmmforcefields
from rdkit import Chem, DataStructs

from screenmm.analysis.picks import (
    POOL,
    SAME_CLUSTER,
    by_checks,
    choose,
    clusters,
    fingerprints,
    pick,
    write_picks,
)
from screenmm.tables.dictionary import PICKS, names

JACS = Path(openmmforcefields).parent / "data/perses_jacs_systems"
SERIES = {
    "tyk2": "Tyk2_ligands_shifted.sdf",
    "jnk1": "Jnk1_ligands.sdf",
    "cdk2": "CDK2_ligands_shifted.sdf",
}


@pytest.fixture(scope="module")
def mixed() -> list[str]:
    """Three congeneric series, one after the other: 16 + 21 + 16 ligands."""
    return [
        Chem.MolToSmiles(Chem.RemoveHs(mol))
        for name, file in SERIES.items()
        for mol in Chem.SDMolSupplier(str(JACS / name / file))
    ]


def test_clusters_hold_what_is_similar_to_their_best(mixed) -> None:
    prints = fingerprints(mixed)
    found = clusters(prints)
    assert sorted(i for group in found for i in group) == list(range(len(mixed)))
    leaders = [group[0] for group in found]
    assert leaders == sorted(leaders)
    for k, group in enumerate(found):
        for i in group[1:]:
            assert DataStructs.TanimotoSimilarity(prints[i], prints[group[0]]) >= SAME_CLUSTER
        for other in leaders[:k]:
            assert DataStructs.TanimotoSimilarity(prints[other], prints[group[0]]) < SAME_CLUSTER
    # no cluster joins two series
    series = [0] * 16 + [1] * 21 + [2] * 16
    assert all(len({series[i] for i in group}) == 1 for group in found)


def test_the_list_is_good_first_and_then_diverse(mixed) -> None:
    prints = fingerprints(mixed)
    found = choose(prints, 6)
    groups = clusters(prints)
    assert [choice.place for choice in found[:3]] == [group[0] for group in groups[:3]]
    assert all(choice.reason.startswith("score: ") for choice in found[:3])
    assert len({choice.cluster for choice in found}) == min(6, len(groups))
    taken = [choice.place for choice in found[:3]]
    open_leaders = [group[0] for group in groups[3:30]]
    for choice in found[3:]:
        near = {
            i: max(DataStructs.TanimotoSimilarity(prints[i], prints[j]) for j in taken)
            for i in open_leaders
        }
        if not near:  # no cluster is left
            assert choice.reason.startswith("fewer clusters than picks")
            continue
        assert choice.place == min(near, key=lambda i: (near[i], i))
        assert choice.nearest == pytest.approx(near[choice.place])
        assert f"Tanimoto at most {choice.nearest:.2f}" in choice.reason
        taken.append(choice.place)
        open_leaders.remove(choice.place)


def test_all_three_series_are_on_a_short_list(mixed) -> None:
    """By rank alone the first six are all of one series."""
    series = [0] * 16 + [1] * 21 + [2] * 16
    assert {series[choice.place] for choice in choose(fingerprints(mixed), 6)} == {0, 1, 2}


def test_more_picks_than_clusters_go_round_and_none_comes_twice(mixed) -> None:
    prints = fingerprints(mixed)
    found = choose(prints, 100)
    assert sorted(choice.place for choice in found) == list(range(len(mixed)))
    assert found[-1].reason.startswith("fewer clusters than picks: number ")
    assert choose(prints, 0) == []
    assert choose([], 5) == []


def test_known_answers_are_left_out(ranked) -> None:
    rows = pick(ranked, "wt", 20)
    known = ranked.execute(
        "SELECT inchikey FROM ranking WHERE receptor = 'wt' "
        "AND (label IS NOT NULL OR affinity_kcal_mol IS NOT NULL)"
    ).fetchall()
    # nothing is unknown, so the known ones are picked from, and that is said
    assert len(rows) == len(known) == 14
    assert all("its answer is known" in row["reason"] for row in rows)


def test_unknown_ligands_are_picked_from_where_there_are_some(con) -> None:
    con.execute(
        "UPDATE ranking SET label = NULL, affinity_kcal_mol = NULL WHERE receptor = 'wt' "
        "AND rank IN (2, 3, 5, 14)"
    )
    rows = pick(con, "wt", 20)
    assert sorted(row["rank"] for row in rows) == [2, 3, 5, 14]
    assert rows[0]["rank"] == 2
    assert not any("its answer is known" in row["reason"] for row in rows)
    assert next(r for r in rows if r["rank"] == 14)["reason"].endswith("rank 14 by docking")


def test_the_file_has_a_reason_in_every_row_and_the_same_bytes_again(
    ranked, tmp_path: Path
) -> None:
    assert write_picks(ranked, 5, tmp_path / "picks.csv") == 10
    write_picks(ranked, 5, tmp_path / "again.csv")
    assert (tmp_path / "picks.csv").read_bytes() == (tmp_path / "again.csv").read_bytes()
    with (tmp_path / "picks.csv").open(newline="") as handle:
        rows = list(csv.DictReader(handle))
    assert list(rows[0]) == names(PICKS)
    assert [row["pick"] for row in rows] == list("1234512345")
    assert [row["receptor"] for row in rows] == ["wt"] * 5 + ["V678F"] * 5
    assert all(row["reason"] and row["smiles"] for row in rows)
    assert rows[0]["nearest_tanimoto"] == ""
    assert write_picks(ranked, 0, tmp_path / "none.csv") == 0
    assert (tmp_path / "none.csv").read_text() == ",".join(names(PICKS)) + "\n"


def test_a_pose_that_fails_is_passed_over_where_its_cluster_has_one_that_passes(mixed) -> None:
    prints = fingerprints(mixed)
    groups = clusters(prints)
    large = next(group for group in groups if len(group) > 3)
    passes: list[bool | None] = [True] * len(mixed)
    passes[large[0]] = passes[large[1]] = False
    made = by_checks(groups, passes)
    own = next(group for group in made if large[0] in group)
    assert own == [*large[2:], large[0], large[1]]
    assert sorted(i for group in made for i in group) == list(range(len(mixed)))
    assert [group[0] for group in made] == sorted(group[0] for group in made)
    found = next(choice for choice in choose(prints, 100, passes) if choice.place == large[2])
    assert found.passed_over == (large[0], large[1])
    assert "whose pose passes every check" in found.reason
    # every molecule fails, or none was checked: as without checks
    for same in (False, None):
        assert by_checks(groups, [same] * len(mixed)) == groups
    # a pose that was not checked is no reason to pass over another
    assert by_checks([[0, 1]], [False, None]) == [[0, 1]]
    assert by_checks([[0, 1]], [None, True]) == [[0, 1]]


def test_the_reason_says_what_failed_and_what_binds_nowhere(con) -> None:
    con.execute(
        "UPDATE ranking SET label = NULL, affinity_kcal_mol = NULL, pose_checks_passed = 2, "
        "pose_checks_failed = '', interactions = 'salt bridge A:ASP:902' WHERE receptor = 'wt'"
    )
    con.execute(
        "UPDATE ranking SET pose_checks_failed = 'bond_lengths;internal_energy', "
        "dg_mmgbsa_kcal_mol = 3.25 WHERE receptor = 'wt' AND rank = 1"
    )
    alone = pick(con, "wt", 20)[0]
    assert (alone["rank"], alone["pose_checks_failed"]) == (1, "bond_lengths;internal_energy")
    assert alone["reason"].endswith(
        "rank 1 by MM/GBSA; warning: its pose failed bond_lengths, internal_energy, "
        "ΔG is +3.25 kcal/mol: no binding is predicted"
    )
    # the same molecule again, with a pose that passes
    con.execute(
        "UPDATE ranking SET smiles = (SELECT smiles FROM ranking WHERE receptor = 'wt' "
        "AND rank = 1) WHERE receptor = 'wt' AND rank = 2"
    )
    first = pick(con, "wt", 1)[0]
    assert first["rank"] == 2
    assert first["reason"].endswith(
        "rank 2 by MM/GBSA; passed over: rank 1 (failed bond_lengths, internal_energy)"
    )
    assert first["interactions"] == "salt bridge A:ASP:902"


def test_a_full_pool_is_cheap(mixed) -> None:
    """Its molecules differ by the length of an alkyl chain that lies beside them."""
    smiles = [f"{text}.{'C' * (1 + i)}" for i in range(40) for text in mixed][:POOL]
    assert len(smiles) == POOL
    start = time.process_time()
    found = choose(fingerprints(smiles), 20)
    assert len(found) == 20
    assert time.process_time() - start < 10
