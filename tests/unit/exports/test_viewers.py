from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import gemmi
import numpy as np
import pytest

from screenmm.exports.complexes import write_complexes
from screenmm.exports.hits import write_hits
from screenmm.exports.viewers import (
    CHIMERAX,
    POCKET_ANGSTROM,
    PYMOL,
    Hit,
    chimerax_script,
    colour,
    ligand_of,
    pymol_script,
    read_hits,
    write_viewers,
)
from tests.unit.screens import RECEPTORS, Screen

TOP = 2

CHECK = """
python
from pymol import cmd
for name in cmd.get_object_list():
    ligand = f"ligand_{name}"
    for state in range(1, cmd.count_states(name) + 1):
        here = f"{name} and state {state}"
        pocket = {(a.chain, a.resi) for a in cmd.get_model(f"pocket_{name}", state).atom}
        bonds = cmd.get_session(f"bonds_{name}", partial=1)["names"][0][5][2]
        print("SEEN", name, state, cmd.count_atoms(here), cmd.count_atoms(f"{ligand} and {here}"),
              ",".join(sorted(number for _, number in pocket)), len(bonds),
              cmd.count_atoms(f"{here} and chain A and (not elem H) and not bound_to all"))
python end
"""


@pytest.fixture(scope="module")
def results(screen: Screen, ranked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("results")
    write_hits(ranked, screen.sdf, folder / "hits.sdf")
    structures = screen.structures
    write_complexes(ranked, folder / "hits.sdf", structures, folder / "complexes", TOP)
    write_viewers(ranked, folder)
    return folder


def test_every_complex_is_loaded_by_a_path_that_exists(results: Path) -> None:
    made = sorted(path.relative_to(results).as_posix() for path in results.rglob("*.cif"))
    assert len(made) == TOP * len(RECEPTORS)
    loaded = re.findall(r"^load (\S+), ", (results / PYMOL).read_text(), re.MULTILINE)
    opened = re.findall(r"^open (\S+) name", (results / CHIMERAX).read_text(), re.MULTILINE)
    assert sorted(loaded) == sorted(opened) == made


def test_hits_are_in_order_and_know_their_ligand(ranked, results: Path) -> None:
    hits = read_hits(ranked, results)
    assert [(hit.receptor, hit.rank) for hit in hits] == [
        (receptor, rank) for receptor in RECEPTORS for rank in (1, 2)
    ]
    for hit in hits:
        model = gemmi.read_structure(str(results / hit.path))[0]
        assert [residue.name for residue in model[hit.chain]] == [hit.residue] == ["LIG"]
        assert hit.energies


def test_energies_are_those_of_the_database(ranked, results: Path) -> None:
    text = (results / PYMOL).read_text()
    first = text.split("create ")[0]
    found = re.findall(r"chain (\S+) and resi (\S+), b=(\S+)", first)
    expected = ranked.execute(
        "SELECT residue, total_kcal_mol FROM residue_energies JOIN ranking "
        "USING (receptor, inchikey, state, pose) WHERE receptor = ? AND rank = 1",
        [RECEPTORS[0]],
    ).fetchall()
    assert {(chain, number): float(energy) for chain, number, energy in found} == {
        tuple(residue.split(":")[::2]): pytest.approx(energy, abs=0.006)
        for residue, energy in expected
        if abs(energy) >= 0.005
    }


@pytest.mark.parametrize("script", [pymol_script, chimerax_script])
def test_without_hits_the_script_says_so(script) -> None:
    text = script([])
    assert "no complexes were written" in text
    assert not re.search(r"^(load|open) ", text, re.MULTILINE)


def test_comments_hold_no_semicolon(results: Path) -> None:
    # PyMOL takes it for the end of the comment
    for name in (PYMOL, CHIMERAX):
        comments = [line for line in (results / name).read_text().split("\n") if line[:1] == "#"]
        assert comments
        assert not any(";" in line for line in comments)


def test_negative_numbers_are_no_range_and_names_no_words_of_pymol() -> None:
    hit = Hit("all-1", 1, "complexes/all-1/0001_a.cif", "L", "LIG", (("A", "-3", -1.0),))
    text = pymol_script([hit])
    assert "resi \\-3, b=-1.00" in text
    assert "create hits_all_1, one_hit" in text


def test_doubtful_residues_of_a_model_are_magenta_with_their_plddt(
    con, results: Path, tmp_path: Path
) -> None:
    assert "magenta" not in (results / PYMOL).read_text() + (results / CHIMERAX).read_text()
    first = read_hits(con, results)[0]
    model = gemmi.read_structure(str(results / first.path))[0]
    ligand = np.array([atom.pos.tolist() for atom in model[-1][0]])
    apart = {
        f"{chain.name}:{residue.name}:{residue.seqid}": min(
            np.linalg.norm(ligand - atom.pos.tolist(), axis=1).min() for atom in residue
        )
        for chain in list(model)[:-1]
        for residue in chain
    }
    near, far = min(apart, key=apart.__getitem__), max(apart, key=apart.__getitem__)
    sure = next(label for label in apart if apart[label] < POCKET_ANGSTROM and label != near)
    rows = [(first.receptor, near, 53.4, True, True), (first.receptor, far, 41.0, True, False),
            (first.receptor, sure, 91.0, False, True)]  # fmt: skip
    con.executemany("INSERT INTO confidence VALUES (?, ?, ?, ?, ?)", rows)
    hits = read_hits(con, results)
    chain, _, number = near.split(":")
    assert hits[0].doubts == ((chain, number, 53.4),)
    assert all(hit.doubts == () for hit in hits if hit.receptor != first.receptor)
    pymol, chimerax = pymol_script(hits), chimerax_script(hits)
    residue = f"hits_{first.receptor} and state 1 and chain {chain} and resi {number}"
    assert f"color magenta, {residue} and elem C\n" in pymol
    assert f'label {residue} and name CA, "pLDDT 53"\n' in pymol
    assert f"color #1/{chain}:{number} & C magenta target a\n" in chimerax
    assert f'label #1/{chain}:{number} residues text "pLDDT 53"\n' in chimerax
    for text in (pymol, chimerax):
        assert "# Magenta: residues that the predicted model is unsure of." in text
        assert far.split(":")[2] not in re.findall(r"(?:resi |:)(\d+) (?:and|&|residues)", text)


@pytest.mark.parametrize(
    ("energy", "expected"),
    [(0.0, "#ffffff"), (-4.0, "#0000ff"), (-9.0, "#0000ff"), (4.0, "#ff0000"), (2.0, "#ff8080")],
)
def test_blue_attracts_and_red_repels(energy: float, expected: str) -> None:
    assert colour(energy) == expected


def test_a_complex_without_a_ligand_is_an_error(screen: Screen) -> None:
    with pytest.raises(ValueError, match="not a ligand"):
        ligand_of(screen.structures[RECEPTORS[0]])


def test_pymol_runs_the_script(results: Path, tmp_path: Path) -> None:
    pymol = shutil.which("pymol")
    if pymol is None:
        pytest.skip(
            "no pymol on the PATH: pip install pymol-open-source in an environment of its own"
        )
    check = tmp_path / "check.pml"
    check.write_text(f"@{PYMOL}\n{CHECK}")
    done = subprocess.run(
        [pymol, "-cq", str(check)], cwd=results, capture_output=True, text=True, check=False,
        timeout=120,
    )  # fmt: skip
    said = done.stdout + done.stderr
    assert not re.search(r"Error|Download|Traceback", said), said[-2000:]
    seen = [line.split()[1:] for line in said.splitlines() if line.startswith("SEEN ")]
    assert [(name, state) for name, state, *_ in seen] == [
        (f"hits_{receptor}", str(state)) for receptor in RECEPTORS for state in (1, 2)
    ]
    files = [
        path
        for receptor in RECEPTORS
        for path in sorted((results / "complexes" / receptor).iterdir())
    ]
    for path, (_, _, atoms, of_ligand, pocket, states, unbound) in zip(files, seen, strict=True):
        model = gemmi.read_structure(str(path))[0]
        ligand = model[-1][0]
        xyz = np.array([atom.pos.tolist() for atom in ligand])
        near = {
            residue.seqid.num
            for chain in list(model)[:-1]
            for residue in chain
            for atom in residue
            if np.linalg.norm(xyz - atom.pos.tolist(), axis=1).min() <= POCKET_ANGSTROM
        }
        assert int(atoms) == model.count_atom_sites()
        assert int(of_ligand) == len(ligand)
        assert {int(number) for number in pocket.split(",")} == near
        assert (states, unbound) == ("2", "0")
