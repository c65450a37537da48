from __future__ import annotations

from collections.abc import Iterator

import pytest

from screenmm.analysis import drift, generation
from screenmm.analysis.arms import Arm, Spent
from screenmm.analysis.generation import generation_of
from screenmm.analysis.molecules import molecules, some_of
from screenmm.metrics.generation import Ancestor, Generation
from screenmm.tables.dictionary import LINEAGE
from tests.unit.analysis.proposed import LIBRARY, RECEPTOR, Made


@pytest.fixture
def made() -> Iterator[Made]:
    """A library with a known active at rank 50, of which nothing was proposed yet."""
    campaign = Made()
    campaign.library()
    campaign.docked("KNOWN", "c1ccccc1O", 50, width=5, dg=-14.0, label=1)
    yield campaign
    campaign.con.close()


def found(made: Made, **more: object) -> Generation:
    told = generation_of(made.con, RECEPTOR, 1, **more)
    assert told is not None
    return told


def outcomes(made: Made) -> dict[str, str]:
    return {each.inchikey: each.outcome for each in found(made).ideas}


def test_without_proposals_there_is_nothing_to_tell(made: Made) -> None:
    assert generation_of(made.con, RECEPTOR) is None
    made.con.execute("DROP TABLE lineage")
    assert generation_of(made.con, RECEPTOR) is None


def test_proposals_that_were_all_left_out_are_told(made: Made) -> None:
    made.left_out(3, "hard_to_make")
    made.left_out(5, "seen_before")
    made.con.execute("INSERT INTO ledger SELECT * REPLACE ('dock' AS stage) FROM ledger")
    made.con.execute("INSERT INTO ledger SELECT * REPLACE ('x' AS receptor) FROM ledger")
    told = found(made)
    assert [(each.reason, each.proposals) for each in told.left] == [
        ("seen_before", 5), ("hard_to_make", 3),
    ]  # fmt: skip
    assert (told.kept, told.docked, told.ideas, told.tree) == (0, 0, [], None)
    assert [each.says for each in told.comparisons] == ["unknown", "unknown"]


def test_every_reason_is_reached_from_the_tables(made: Made) -> None:
    made.docked("PARENT", "c1ccccc1", 20, width=3, dg=-15.0)
    made.idea("GOOD", 5, ["PARENT"])
    made.idea("NEAR", 16, ["PARENT"], width=2)
    made.idea("BELOW", 44, ["LIB00"], width=1)
    made.idea("BROKEN", 6, ["PARENT"], pose_checks_failed="bond_lengths")
    made.idea("UNSEEN", 7, ["PARENT"], pose_checks_failed=None)
    # as good as its parent for its size: fifteen carbon atoms more, at -1 kcal/mol each
    made.idea("LARGE", 8, ["PARENT"], smiles="c1ccccc1" + "C" * 15, dg=-29.0)
    made.idea("DOCKED", 30, ["PARENT"], width=None)
    made.idea("FAILED", None, ["PARENT"])
    assert outcomes(made) == {
        "GOOD": "accepted", "NEAR": "not_beyond_parent", "BELOW": "not_beyond_best_known",
        "BROKEN": "pose_check_failed", "UNSEEN": "pose_not_checked",
        "LARGE": "explained_by_size_logp_charge", "DOCKED": "no_interval",
    }  # fmt: skip
    learned = found(made).arms[0]
    assert (learned.docked, learned.ranked, learned.accepted) == (8, 7, 1)
    assert learned.outcomes["not_ranked"] == 1


def test_the_best_known_is_an_active_or_of_the_first_batch(made: Made) -> None:
    made.idea("IDEA", 60)
    best = found(made).best_known
    assert (best.name, best.kind, best.rank_low, best.rank_high) == (
        "name of KNOWN", "known_active", 45, 55,
    )  # fmt: skip
    assert outcomes(made) == {"IDEA": "not_beyond_best_known"}
    made.con.execute("UPDATE ranking SET label = 0 WHERE inchikey = 'KNOWN'")
    made.con.execute("UPDATE batches SET round = 2 WHERE inchikey = 'KNOWN'")
    best = found(made).best_known
    assert (best.inchikey, best.kind) == ("LIB00", "first_batch")
    assert outcomes(made) == {"IDEA": "accepted"}
    made.con.execute("UPDATE ranking SET rank_low = NULL WHERE inchikey LIKE 'LIB%'")
    assert found(made).best_known is None
    assert outcomes(made) == {"IDEA": "not_beyond_best_known"}


def test_a_proposal_is_never_what_others_must_be_beyond(made: Made) -> None:
    made.idea("FIRST", 1, label=1, round=1)
    made.idea("SECOND", 2)
    assert found(made).best_known.inchikey == "KNOWN"
    assert set(outcomes(made).values()) == {"accepted"}


def test_a_parent_without_an_interval_is_passed_over_and_said(made: Made) -> None:
    made.named("NEVER")
    made.docked("UNSCORED", "c1ccccc1", 300, width=None)
    made.idea("ORPHAN", 5, ["NEVER"])
    made.idea("HALF", 6, ["LIB03", "UNSCORED"])
    made.idea("OWN", 7, ["LIB03"])
    why = {each.inchikey: each.why for each in found(made).ideas}
    assert why == {
        "ORPHAN": "accepted; its parent has no interval to compare with",
        "HALF": "accepted; 1 of its 2 parents has no interval to compare with",
        "OWN": "accepted",
    }
    assert found(made).ideas[0].parents == ["name of NEVER"]


def test_neighbours_are_judged_without_parents(made: Made) -> None:
    made.idea("IDEA", 5, ["LIB03"])
    made.docked("NEAR", "c1ccncc1", 6, drawn="neighbour", round=2, dg=-20.0)
    made.docked("FAR", "c1ccncc1", 70, drawn="neighbour", round=2, dg=-20.0)
    told = found(made)
    near = told.arms[2]
    assert (near.arm, near.docked, near.accepted) == ("neighbour", 2, 1)
    assert [each.inchikey for each in told.ideas] == ["IDEA"]
    assert told.comparisons[1].against == "neighbour"


def test_what_both_arms_chose_counts_for_both(made: Made) -> None:
    made.idea("BOTH", 5, ["LIB03"], drawn="both")
    made.idea("BLIND", 6, ["LIB03"], drawn="blind")
    told = found(made, spent={Arm.LEARNED: Spent(2.0), Arm.BLIND: Spent(3.0)})
    assert [(each.docked, each.accepted, each.cpu_h) for each in told.arms] == [
        (1, 1, 2.0), (2, 2, 3.0), (0, 0, None),
    ]  # fmt: skip
    assert (told.kept, told.docked) == (2, 2)
    assert told.comparisons[0].per_cpu_h is not None


def test_molecules_of_no_batch_and_of_other_receptors_do_not_count(made: Made) -> None:
    made.idea("IDEA", 5, ["LIB03"])
    made.con.execute("DELETE FROM batches WHERE inchikey = 'KNOWN'")
    made.con.execute(
        "INSERT INTO ranking SELECT * REPLACE ('x' AS receptor, 1 AS rank, 1 AS rank_low, "
        "1 AS rank_high) FROM ranking"
    )
    told = found(made)
    assert (told.best_known.inchikey, told.best_known.rank) == ("KNOWN", 50)
    assert (told.docked, told.arms[0].docked, told.arms[0].accepted) == (1, 1, 1)


def test_a_score_of_which_more_is_better_is_followed_upwards(made: Made) -> None:
    made.idea("IDEA", 5, ["LIB03"], cnn_affinity_pk=9.0)
    made.con.execute("UPDATE orders SET followed = 'cnn_affinity', score = 'cnn_affinity_pk'")
    made.con.execute(
        "UPDATE ranking SET cnn_affinity_pk = 4 + heavy_atoms / 100 WHERE inchikey <> 'IDEA'"
    )
    assert outcomes(made) == {"IDEA": "accepted"}
    made.con.execute("UPDATE ranking SET cnn_affinity_pk = 1 WHERE inchikey = 'IDEA'")
    assert outcomes(made) == {"IDEA": "explained_by_size_logp_charge"}


def test_the_same_tables_tell_the_same(made: Made) -> None:
    made.idea("A", 5, ["LIB03"])
    made.idea("B", 90, ["LIB02"], drawn="blind")
    assert found(made) == found(made)
    assert found(made).explained_ligands == LIBRARY + 1
    assert 0 < found(made).explained <= 1


# --- lineage and properties --------------------------------------------------------------


def branch(tree: Ancestor) -> dict:
    return {tree.inchikey: [branch(each) for each in tree.parents]}


def test_the_tree_goes_back_to_the_library(made: Made) -> None:
    made.idea("SON", 40, ["LIB03"], width=1, dg=-17.0)
    made.idea("GRANDSON", 5, ["SON", "LIB04"], round=3)
    made.con.execute(
        "UPDATE lineage SET proposed_in = 3, proposer = 'analogues', reaction = 'amide coupling', "
        "blocks = ['CN', 'CC(=O)O'] WHERE inchikey = 'GRANDSON'"
    )
    tree = found(made).tree
    assert branch(tree) == {"GRANDSON": [{"SON": [{"LIB03": []}]}, {"LIB04": []}]}
    assert (tree.name, tree.proposer, tree.reaction, tree.blocks) == (
        "name of GRANDSON", "analogues", "amide coupling", ["CN", "CC(=O)O"],
    )  # fmt: skip
    assert [each.name for each in tree.parents] == ["name of SON", "name of LIB04"]
    library = tree.parents[1]
    assert (library.proposed_in, library.proposer, library.rank) == (None, "", 105)
    assert library.smiles == "C" * 9


def test_the_tree_is_of_the_best_accepted_idea(made: Made) -> None:
    made.idea("FIRST", 1, ["LIB03"], pose_checks_failed="clash")
    assert found(made).tree.inchikey == "FIRST"
    made.idea("SECOND", 2, ["LIB03"])
    assert found(made).tree.inchikey == "SECOND"
    assert [each.inchikey for each in found(made).ideas] == ["SECOND", "FIRST"]


def test_a_woven_lineage_ends(made: Made) -> None:
    made.idea("A", 5, ["B"])
    made.idea("B", 6, ["A", "B"])
    tree = found(made).tree
    assert branch(tree) == {"A": [{"B": [{"A": []}, {"B": []}]}]}
    assert [each.cut for each in tree.parents[0].parents] == [True, True]
    assert not tree.cut


def test_an_arm_tells_its_own_way_to_a_molecule(made: Made) -> None:
    made.idea("IDEA", 5, ["LIB03"], drawn="blind")
    made.proposed("IDEA", ["LIB04"], "learned", proposer="genetic")
    assert found(made).ideas[0].parents == ["name of LIB03"]
    made.con.execute("UPDATE batches SET drawn = 'both' WHERE inchikey = 'IDEA'")
    assert found(made).ideas[0].parents == ["name of LIB04"]


def test_properties_stand_beside_the_library_and_by_round(made: Made) -> None:
    made.idea("A", 5, ["LIB03"], smiles="c1ccncc1", strain_kcal_mol=1.0)
    made.idea("B", 6, ["LIB03"], smiles="c1ccccc1CC[NH3+]", strain_kcal_mol=3.0)
    made.idea("C", 7, ["LIB03"], round=3, pose_checks_failed="clash")
    made.idea("D", None, ["LIB03"], round=4)
    told = found(made)
    assert [(each.group, each.round, each.molecules) for each in told.drift] == [
        ("learned", 2, 2), ("learned", 3, 1),
    ]  # fmt: skip
    second, third = told.drift
    assert (second.heavy_atoms, second.formal_charge, second.strain_kcal_mol) == (7.5, 0.5, 2.0)
    assert (second.checks_passed, third.checks_passed, second.sa_score) == (1.0, 0.0, 2.5)
    groups = {each.group: each for each in told.properties}
    assert list(groups) == ["learned", "library_best", "library"]
    # as many of the library's best as there are ranked proposals
    assert (groups["library_best"].molecules, groups["library"].molecules) == (3, LIBRARY + 1)
    assert groups["library_best"].heavy_atoms == 6
    assert groups["library"].sa_score == pytest.approx(1.0, abs=1.0)
    assert groups["library"].logp == pytest.approx(4.5, abs=1.5)


# --- a real screen -----------------------------------------------------------------------


def test_a_screens_own_tables_are_read(con) -> None:
    """Two of its ligands stand for proposals from a third; poses were not inspected."""
    assert generation_of(con, "wt") is None
    keys = [
        key
        for (key,) in con.execute(
            "SELECT inchikey FROM ranking WHERE receptor = 'wt' ORDER BY rank"
        ).fetchall()
    ]
    first, second, parent = keys[0], keys[1], keys[5]
    con.execute("DROP VIEW batches")
    con.execute(
        "CREATE TABLE batches AS SELECT DISTINCT inchikey, 1 AS round, 'random' AS drawn, "
        "NULL::DOUBLE AS predicted_kcal_mol FROM ligands"
    )
    con.execute(
        "UPDATE batches SET drawn = 'learned', round = 2 WHERE inchikey IN (?, ?)", [first, second]
    )
    typed = ", ".join(f"{each.name} {each.type}" for each in LINEAGE)
    con.execute("DROP VIEW lineage")
    con.execute(f"CREATE TABLE lineage ({typed})")
    con.executemany(
        "INSERT INTO lineage (inchikey, record, arm, proposer, operation, parents, proposed_in) "
        "VALUES (?, '', 'learned', 'genetic', 'crossed', ?, 2)",
        [(first, [parent]), (second, [parent, first])],
    )
    told = generation_of(con, "wt")
    assert told is not None
    assert [each.inchikey for each in told.ideas] == [first, second]
    assert not {first, second} & {told.best_known.inchikey}
    assert told.arms[0].docked == told.arms[0].ranked == 2
    assert "accepted" not in told.arms[0].outcomes
    assert told.explained_ligands >= 10
    assert told.drift[0].checks_passed is None
    assert told.tree.parents[0].inchikey == parent


def test_of_a_large_library_some_are_fitted_and_described(
    made: Made, monkeypatch: pytest.MonkeyPatch
) -> None:
    made.idea("IDEA", 5, ["LIB03"])
    monkeypatch.setattr(generation, "MOST_FITTED", 11)
    monkeypatch.setattr(drift, "MOST", 3)
    told = found(made)
    assert told.explained_ligands == 11
    assert told.ideas[0].outcome == "accepted"
    library = next(each for each in told.properties if each.group == "library")
    assert library.molecules == LIBRARY + 1
    three = some_of(molecules(made.con, RECEPTOR, "dg_mmgbsa_kcal_mol", -1)[::-1], 3)
    assert three == some_of(molecules(made.con, RECEPTOR, "dg_mmgbsa_kcal_mol", -1), 3)
