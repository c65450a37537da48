from __future__ import annotations

from pathlib import Path

import gemmi
import numpy as np
import pytest

from screenmm.core.errors import LedgerError
from screenmm.exports.complexes import write_complexes
from screenmm.exports.hits import write_hits
from screenmm.report.scenes import POCKET_ANGSTROM, find_complexes, read_complex, scenes
from tests.unit.screens import Screen

TOP = 3


@pytest.fixture(scope="module")
def folder(screen: Screen, ranked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    results = tmp_path_factory.mktemp("results")
    write_hits(ranked, screen.sdf, results / "hits.sdf")
    write_complexes(ranked, results / "hits.sdf", screen.structures, results / "complexes", TOP)
    return results / "complexes/wt"


def _places(path: Path) -> dict[tuple[str, str], tuple[float, ...]]:
    """Coordinates of a file by residue and atom, read by gemmi's own hierarchy."""
    return {
        (f"{chain.name}:{residue.name}:{residue.seqid}", atom.name): tuple(atom.pos)
        for chain in gemmi.read_structure(str(path))[0]
        for residue in chain
        for atom in residue
    }


def _moved(scaffold: dict, hit: dict) -> np.ndarray:
    xyz = np.array(scaffold["xyz"], dtype=float).reshape(-1, 3)
    xyz[hit["moved"]] = np.array(hit["xyz"], dtype=float).reshape(-1, 3)
    return xyz / 1000


def test_every_atom_stands_where_its_file_has_it(ranked, folder: Path) -> None:
    scaffold, hits = scenes(ranked, "wt", folder, 100)
    assert [hit["rank"] for hit in hits] == [1, 2, 3]
    for hit, (_, path) in zip(hits, find_complexes(folder, 100), strict=True):
        places = _places(path)
        for (residue, name, _), xyz in zip(scaffold["atoms"], _moved(scaffold, hit), strict=True):
            there = places[scaffold["residues"][residue][0], name]
            assert xyz == pytest.approx(there, abs=2.1e-3)


def test_the_pocket_is_what_lies_near_a_hit(ranked, folder: Path) -> None:
    scaffold, _ = scenes(ranked, "wt", folder, 100)
    near = set()
    for _, path in find_complexes(folder, 100):
        structure = gemmi.read_structure(str(path))
        ligand = structure[0][-1]
        search = gemmi.NeighborSearch(structure[0], gemmi.UnitCell(), POCKET_ANGSTROM).populate(
            include_h=False
        )
        for atom in ligand[0]:
            if not atom.is_hydrogen():
                for mark in search.find_atoms(atom.pos, radius=POCKET_ANGSTROM):
                    cra = mark.to_cra(structure[0])
                    if cra.chain.name != ligand.name:
                        near.add(f"{cra.chain.name}:{cra.residue.name}:{cra.residue.seqid}")
    pocket = {label for label, *_, in_pocket in scaffold["residues"] if in_pocket}
    # milliångström are whole numbers: at the very edge either answer is right
    assert len(pocket ^ near) <= 1
    assert len(pocket) > 5


def test_all_residues_have_their_backbone_for_the_ribbon(ranked, folder: Path) -> None:
    scaffold, _ = scenes(ranked, "wt", folder, 100)
    names: dict[int, set[str]] = {}
    for residue, name, _ in scaffold["atoms"]:
        names.setdefault(residue, set()).add(name)
    polymer = [i for i, each in enumerate(scaffold["residues"]) if each[4]]
    assert len(polymer) > 250
    assert all(names[i] >= {"N", "CA", "C", "O"} for i in polymer)
    numbers = [(chain, number) for _, chain, number, *_ in scaffold["residues"]]
    assert len(set(numbers)) == len(numbers)


def test_energies_are_those_of_the_ranked_pose(ranked, folder: Path) -> None:
    """The screen's residues are not of this receptor: none can be coloured, none is made up."""
    _, hits = scenes(ranked, "wt", folder, 100)
    assert [hit["energies"] for hit in hits] == [[]] * TOP
    label = read_complex(*reversed(find_complexes(folder, 1)[0])).residues[100].label
    con = ranked.cursor()
    con.execute("CREATE TEMP TABLE residue_energies AS SELECT * FROM residue_energies")
    con.execute("UPDATE temp.residue_energies SET residue = ? WHERE ordinal = 1", [label])
    scaffold, hits = scenes(con, "wt", folder, 100)
    totals = con.execute(
        "SELECT total_kcal_mol FROM temp.residue_energies SEMI JOIN "
        "(SELECT * FROM ranking WHERE receptor = 'wt' AND rank <= ?) "
        "USING (receptor, inchikey, state, pose) JOIN ranking "
        "USING (receptor, inchikey, state, pose) WHERE residue = ? ORDER BY rank",
        [TOP, label],
    ).fetchall()
    con.execute("DROP TABLE temp.residue_energies")
    place = [each[0] for each in scaffold["residues"]].index(label)
    assert [hit["energies"] for hit in hits] == [[[place, pytest.approx(t, abs=6e-3)]] for (t,) in totals]  # fmt: skip # noqa: E501


def test_doubtful_residues_are_those_below_the_limit(con, folder: Path) -> None:
    residues = read_complex(*reversed(find_complexes(folder, 1)[0])).residues
    unsure, sure = residues[100].label, residues[101].label
    rows = [("wt", unsure, 53.4, True, True), ("wt", sure, 91.0, False, True),
            ("V678F", sure, 40.0, True, True), ("wt", "Z:GLY:1", 40.0, True, False)]  # fmt: skip
    con.executemany("INSERT INTO confidence VALUES (?, ?, ?, ?, ?)", rows)
    scaffold, _ = scenes(con, "wt", folder, 100)
    place = [each[0] for each in scaffold["residues"]].index(unsure)
    assert scaffold["doubts"] == [[place, 53.4]]


def test_only_ranks_that_the_table_has_are_shown(ranked, folder: Path) -> None:
    assert [hit["rank"] for hit in scenes(ranked, "wt", folder, 2)[1]] == [1, 2]
    assert scenes(ranked, "wt", folder / "none", 100) is None


def test_files_of_different_receptors_are_an_error(ranked, folder: Path, tmp_path: Path) -> None:
    first, second = (path for _, path in find_complexes(folder, 2))
    (tmp_path / first.name).write_text(first.read_text())
    lines = second.read_text().splitlines(keepends=True)
    gone = next(i for i, line in enumerate(lines) if line.startswith("ATOM") and " CB " in line)
    (tmp_path / second.name).write_text("".join(lines[:gone] + lines[gone + 1 :]))
    with pytest.raises(LedgerError, match="not the atoms of 0001_"):
        scenes(ranked, "wt", tmp_path, 100)


def test_a_file_without_a_ligand_is_an_error(screen: Screen, tmp_path: Path) -> None:
    path = tmp_path / "0001_none.cif"
    path.write_text(screen.structures["wt"].read_text())
    with pytest.raises(LedgerError, match="no ligand"):
        read_complex(path, 1)
