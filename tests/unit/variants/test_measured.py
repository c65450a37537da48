"""Tables of measured ΔΔG, and what two amino acids alone tell."""

from __future__ import annotations

from pathlib import Path

import pytest

from screenmm.core.errors import UserError
from screenmm.variants.changes import LETTERS, Variant
from screenmm.variants.measured import Answer, read_measured
from screenmm.variants.trivial import HYDROPATHY, PREDICTORS, VOLUME, blosum62, trivial


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "measured.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_energies_are_taken_as_they_are(tmp_path: Path) -> None:
    path = table(tmp_path, "Variant,Ligand,ddg_kcal_mol\nT315I,imatinib,3.2\n\nE255K+Y253H,x,-1\n")
    assert read_measured(path) == [
        Answer(2, "T315I", "imatinib", 3.2),
        # by number, as variants are named everywhere
        Answer(4, "Y253H+E255K", "x", -1.0),
    ]


def test_a_fold_change_is_an_energy_at_room_temperature(tmp_path: Path) -> None:
    path = table(tmp_path, "mutation\tname\tfold_change\nT315I\timatinib\t10\nV299L\timatinib\t1\n")
    tenfold, same = read_measured(path)
    # RT ln 10 at 298.15 K
    assert tenfold.ddg_kcal_mol == pytest.approx(1.3643, abs=1e-4)
    assert same.ddg_kcal_mol == 0.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "is empty"),
        (
            "variant,ligand,ddg\nT315I,x,1\n",
            "no column ddg_kcal_mol or .* has variant, ligand, ddg",
        ),
        ("ligand,ddg_kcal_mol\nx,1\n", "no column variant or mutation"),
        ("variant,ligand,ddg_kcal_mol\nT315I,x\n", "line 2: not 3 fields"),
        ("variant,ligand,ddg_kcal_mol\nThr315Ile,x,1\n", "line 2: 'Thr315Ile' names no variant"),
        ("variant,ligand,ddg_kcal_mol\nT315T,x,1\n", "line 2: T315T is no substitution"),
        ("variant,ligand,ddg_kcal_mol\nT315I,x,>3\n", "line 2: '>3' is not a number"),
        ("variant,ligand,ddg_kcal_mol\nT315I,x,nan\n", "line 2: 'nan' is not a number"),
        ("variant,ligand,fold\nT315I,x,0\n", "line 2: '0' is not a number above 0"),
        ("variant,ligand,fold\nT315I,x,2\nT315I,x,3\n", "lines 2 and 3: both are of x in T315I"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(tmp_path: Path, text: str, told: str) -> None:
    with pytest.raises(UserError, match=told):
        read_measured(table(tmp_path, text))


def test_the_matrix_is_blosum62() -> None:
    found = blosum62()
    assert {pair[0] for pair in found} == LETTERS
    assert len(found) == 400
    assert all(value == found[b, a] for (a, b), value in found.items())
    # as printed by Henikoff and Henikoff
    assert (found["W", "W"], found["T", "I"], found["E", "K"], found["Y", "F"]) == (11, -1, 1, 3)
    assert set(VOLUME) == set(HYDROPATHY) == LETTERS


def test_trivial_predictors_of_the_gatekeeper() -> None:
    found = trivial(Variant.named("T315I"), 3.5)
    assert set(found) == set(PREDICTORS)
    assert found["near_the_ligand"] == -3.5
    assert found["contact"] == 1.0
    assert found["volume"] == found["contact_and_volume"] == pytest.approx(166.7 - 116.1)
    # isoleucine is the more hydrophobic one, so that nothing is lost
    assert found["hydrophobicity"] == pytest.approx(-0.7 - 4.5)
    assert (found["charge"], found["unlikeness"]) == (0.0, 1.0)


def test_of_several_changes_the_sum_counts() -> None:
    found = trivial(Variant.named("E255K+Y253H"), 9.0)
    assert found["charge"] == 2.0
    assert found["contact"] == found["contact_and_volume"] == 0.0
    assert found["unlikeness"] == -(1.0 + 2.0)
