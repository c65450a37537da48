from __future__ import annotations

import csv
from dataclasses import replace
from pathlib import Path

import pytest
from rdkit import Chem
from rdkit.Chem import Descriptors

from screenmm.results.ranking import write_ranking
from screenmm.run.ledger import Event, Status, write_events
from screenmm.tables.dictionary import RESIDUE_TERMS, names, ranking
from tests.unit.screens import HOSTILE, TERM_NAMES, TIED_DG, Screen


@pytest.fixture(scope="module")
def rows(ranked, tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, str]]:
    path = tmp_path_factory.mktemp("ranking") / "ranking.csv"
    write_ranking(ranked, path)
    with path.open(newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def _expected_best(screen: Screen) -> dict[tuple[str, str], dict]:
    """Lowest energy per ligand and receptor, by a plain loop."""
    best: dict[tuple[str, str], dict] = {}
    for row in sorted(
        screen.scores, key=lambda r: (r["dg_mmgbsa_kcal_mol"], r["state"], r["pose"])
    ):
        best.setdefault((row["receptor"], row["inchikey"]), row)
    return best


def test_best_pose_and_terms_are_those_of_the_lowest_energy(screen: Screen, rows) -> None:
    expected = _expected_best(screen)
    scored = {(r["receptor"], r["inchikey"]): r for r in rows if r["dg_mmgbsa_kcal_mol"]}
    assert scored.keys() == expected.keys()
    for key, row in scored.items():
        assert (row["state"], int(row["pose"])) == (expected[key]["state"], expected[key]["pose"])
        assert row["minimisation"] == expected[key]["minimisation"]
        for column in ("dg_mmgbsa_kcal_mol", *TERM_NAMES):
            assert float(row[column]) == pytest.approx(expected[key][column], abs=5.1e-5)


def test_docking_columns_are_those_of_the_chosen_pose(screen: Screen, rows) -> None:
    poses = {(p["receptor"], p["state"], p["pose"]): p for p in screen.poses}
    for row in rows:
        pose = poses[row["receptor"], row["state"], int(row["pose"])]
        assert float(row["dock_score_kcal_mol"]) == pytest.approx(
            pose["dock_score_kcal_mol"], abs=5.1e-5
        )
        assert float(row["cnn_score"]) == pytest.approx(pose["cnn_score"], abs=5.1e-7)
        assert row["state_smiles"] == pose["smiles"]


def test_order_is_total_scored_first_then_docked_ties_by_inchikey(rows) -> None:
    for receptor in ("wt", "V678F"):
        mine = [r for r in rows if r["receptor"] == receptor]
        assert [int(r["rank"]) for r in mine] == list(range(1, len(mine) + 1))
        infinity = float("inf")
        keys = [
            (
                float(r["dg_mmgbsa_kcal_mol"] or infinity),
                0.0 if r["dg_mmgbsa_kcal_mol"] else float(r["dock_score_kcal_mol"] or infinity),
                r["inchikey"],
            )
            for r in mine
        ]
        assert keys == sorted(keys)
        tied = [r["name"] for r in mine if r["dg_mmgbsa_kcal_mol"] == f"{TIED_DG:.4f}"]
        assert tied == ["erlotinib", "gefitinib"]  # AAKJ... before XGAL...
    assert [r["receptor"] for r in rows] == sorted(
        (r["receptor"] for r in rows), key=["wt", "V678F"].index
    )


def test_ties_between_poses_take_the_first(rows) -> None:
    tied = [r for r in rows if r["name"] in ("erlotinib", "gefitinib", "caffeine")]
    assert {r["pose"] for r in tied} == {"1"}


def test_selected_ligand_without_a_score_is_not_ranked(rows) -> None:
    assert "metoprolol" not in {r["name"] for r in rows}


def test_unselected_ligands_are_ranked_by_docking(rows) -> None:
    unscored = [r for r in rows if not r["dg_mmgbsa_kcal_mol"]]
    assert {r["name"] for r in unscored} == {"caffeine", "omeprazole"}
    assert all(not r[term] for r in unscored for term in TERM_NAMES)


def test_select_events_serve_where_there_is_no_table(
    screen: Screen, tmp_path: Path, ranked
) -> None:
    chosen = ranked.execute("SELECT inchikey, receptor FROM selected ORDER BY ALL").fetchall()
    events = (Event("select", Status.OK, inchikey=k, receptor=r) for k, r in chosen)
    write_events(tmp_path / "select.events.parquet", events)
    parts = replace(
        screen.parts,
        selected=None,
        events=[*screen.parts.events, tmp_path / "select.events.parquet"],
    )
    other = replace(screen, parts=parts).open()
    query = "SELECT * FROM ranking ORDER BY receptor_ordinal, rank"
    assert other.execute(query).fetchall() == ranked.execute(query).fetchall()


def test_duplicates_give_aliases_counts_label_and_affinity(rows) -> None:
    wt = {r["name"]: r for r in rows if r["receptor"] == "wt"}
    assert wt["imatinib"]["aliases"] == "; ".join(HOSTILE[:2])
    assert wt["imatinib"]["records"] == "3"
    assert wt["imatinib"]["label"] == "1"
    # fluoxetine itself has neither; its first duplicate that has one lends it
    assert (wt["fluoxetine"]["label"], wt["fluoxetine"]["affinity_kcal_mol"]) == ("1", "-7.5000")
    assert wt["gefitinib"]["aliases"] == ""


def test_descriptors_agree_with_rdkit(rows) -> None:
    for row in rows:
        parent = Chem.MolFromSmiles(row["smiles"])
        state = Chem.MolFromSmiles(row["state_smiles"])
        assert int(row["heavy_atoms"]) == parent.GetNumHeavyAtoms()
        assert float(row["molecular_weight"]) == pytest.approx(Descriptors.MolWt(parent), abs=1e-6)
        assert int(row["formal_charge"]) == Chem.GetFormalCharge(state)
        if row["dg_mmgbsa_kcal_mol"]:
            expected = float(row["dg_mmgbsa_kcal_mol"]) / parent.GetNumHeavyAtoms()
            assert float(row["ligand_efficiency_kcal_mol"]) == pytest.approx(expected, abs=1e-4)


def test_every_hostile_name_survives_a_csv_round_trip(rows) -> None:
    aliases = "\n".join(r["aliases"] for r in rows)
    assert all(name in aliases for name in HOSTILE)
    assert list(rows[0]) == names(ranking())


def test_bytes_do_not_depend_on_the_order_of_files_or_threads(
    screen: Screen, ranked, tmp_path: Path
) -> None:
    parts = screen.parts
    turned = replace(
        parts,
        events=list(reversed(parts.events)),
        ligands=list(reversed(parts.ligands)),
        poses={r: list(reversed(p)) for r, p in parts.poses.items()},
        scores={r: list(reversed(p)) for r, p in parts.scores.items()},
    )
    write_ranking(ranked, tmp_path / "one.csv")
    write_ranking(replace(screen, parts=turned).open(threads=2), tmp_path / "two.csv")
    assert (tmp_path / "one.csv").read_bytes() == (tmp_path / "two.csv").read_bytes()


def test_no_scores_at_all_rank_by_docking(screen: Screen) -> None:
    parts = replace(screen.parts, scores={}, selected=None)
    found = replace(screen, parts=parts).open()
    rows = found.execute(
        "SELECT dg_mmgbsa_kcal_mol, dock_score_kcal_mol FROM ranking WHERE receptor = 'wt' "
        "ORDER BY rank"
    ).fetchall()
    assert len(rows) == 15
    assert [row[0] for row in rows] == [None] * 15
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)


def test_nothing_docked_gives_an_empty_ranking(screen: Screen, tmp_path: Path) -> None:
    parts = replace(screen.parts, poses={"wt": []}, scores={}, selected=None)
    con = replace(screen, parts=parts).open()
    write_ranking(con, tmp_path / "ranking.csv")
    assert (tmp_path / "ranking.csv").read_text() == ",".join(names(ranking())) + "\n"


def test_main_residues_are_the_largest_of_the_best_pose(screen: Screen, rows) -> None:
    expected = _expected_best(screen)
    for row in rows:
        if not row["dg_mmgbsa_kcal_mol"]:
            assert row["main_residues"] == ""
            continue
        best = expected[row["receptor"], row["inchikey"]]
        totals = [
            sum(best[term][i] for term in names(RESIDUE_TERMS)) for i in range(len(best["residue"]))
        ]
        order = sorted(range(len(totals)), key=lambda i: -abs(totals[i]))[:5]
        named = [part.rsplit(" ", 1) for part in row["main_residues"].split("; ")]
        assert [name for name, _ in named] == [best["residue"][i] for i in order]
        assert [float(value) for _, value in named] == pytest.approx(
            [totals[i] for i in order], abs=0.051
        )


def test_rank_intervals_hold_the_rank_and_widen_with_the_noise(rows) -> None:
    scored = [r for r in rows if r["dg_mmgbsa_kcal_mol"]]
    assert scored
    for row in scored:
        assert int(row["rank_low"]) <= int(row["rank"]) <= int(row["rank_high"])
        assert float(row["dg_sd_kcal_mol"]) > 0
    assert all(r["rank_low"] == "" for r in rows if not r["dg_mmgbsa_kcal_mol"])
