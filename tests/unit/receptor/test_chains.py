from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from screenmm.receptor.chains import (
    Gap,
    Segment,
    _clashes,
    build_ace,
    build_nme,
    find_segments,
    in_bonded_order,
)
from screenmm.receptor.geometry import place, torsion
from screenmm.receptor.reading import read_structure
from screenmm.receptor.sidechains import complete_side_chains
from screenmm.receptor.structure import Residue, Structure


def residue_at(structure: Structure, number: int) -> Residue:
    return next(each for each in structure.residues if each.number == number)


def test_place_makes_the_torsion_it_was_given() -> None:
    one, two, three = np.array([[0, 0, 0], [1.5, 0, 0], [2.0, 1.4, 0.2]], dtype=float)
    for angle in (-150.0, 0.0, 75.0):
        four = place(one, two, three, 1.33, 116.0, angle)
        assert torsion(one, two, three, four) == pytest.approx(angle, abs=1e-9)
        assert np.linalg.norm(four - three) == pytest.approx(1.33)


def test_caps_join_their_chain(tyk2_protein: Path) -> None:
    (segment,) = find_segments(read_structure(tyk2_protein))
    assert segment.residues[0].name == "ACE"
    assert segment.residues[-1].name == "NME"


def test_shuffled_residues_find_their_order(tyk2_protein: Path) -> None:
    residues = list(read_structure(tyk2_protein).of_kind("polymer"))
    shuffled = residues[:]
    np.random.default_rng(3).shuffle(shuffled)  # type: ignore[arg-type]
    ordered = [each.number for each in in_bonded_order(shuffled)]
    assert ordered == [each.number for each in residues]


@pytest.mark.parametrize(("missing", "reach"), [(["ALA"], 7.6), (["ALA", "GLY"], 11.4)])
def test_a_gap_is_built_as_far_as_a_stretched_chain_reaches(
    tyk2_protein: Path, missing: list[str], reach: float
) -> None:
    """CA atoms across a trans peptide bond are 3.8 Å apart, as in the structure itself."""
    structure = read_structure(tyk2_protein)
    found = [each.find("CA") for each in structure.of_kind("polymer")]
    carbons = np.array([each.xyz for each in found if each is not None])
    steps = np.linalg.norm(np.diff(carbons, axis=0), axis=1)
    assert np.median(steps) == pytest.approx(3.8, abs=0.1)
    before, after = residue_at(structure, 62), residue_at(structure, 63)
    one, other = before.find("CA"), after.find("CA")
    assert one is not None
    assert other is not None
    for distance, built in ((reach - 0.1, True), (reach + 0.1, False)):
        other.xyz = one.xyz + np.array([distance, 0.0, 0.0])
        assert Gap(before, after, missing).can_be_built(longest=2) is built
    other.xyz = one.xyz
    assert not Gap(before, after, ["ALA"] * 3).can_be_built(longest=2)
    assert not Gap(before, after, ["ALA", "UNK"]).can_be_built(longest=2)


def test_nme_stands_where_the_next_residue_stood(tyk2_protein: Path) -> None:
    structure = read_structure(tyk2_protein)
    cap = build_nme(residue_at(structure, 62))
    following = residue_at(structure, 63)
    assert cap is not None
    for own, theirs in (("N", "N"), ("C", "CA")):
        gap = cap.find(own).xyz - following.find(theirs).xyz  # type: ignore[union-attr]
        assert np.linalg.norm(gap) < 0.4


def test_a_cap_clashes_where_another_residue_stands(tyk2_protein: Path) -> None:
    structure = read_structure(tyk2_protein)
    (segment,) = find_segments(structure)
    own = residue_at(structure, 62)
    cap = build_nme(own)
    assert cap is not None
    # in the place of residue 63; without that one there is room
    assert _clashes(cap, own, structure, [segment])
    far = residue_at(structure, 251)
    assert not _clashes(cap, own, structure, [Segment([own, far])])


def test_ace_is_planar_and_trans(tyk2_protein: Path) -> None:
    structure = read_structure(tyk2_protein)
    residue = residue_at(structure, 62)
    cap = build_ace(residue, np.array([[500.0, 0, 0]]))
    assert cap is not None
    carbon, oxygen, methyl = (cap.find(name).xyz for name in ("C", "O", "CH3"))  # type: ignore[union-attr]
    n, ca = (residue.find(name).xyz for name in ("N", "CA"))  # type: ignore[union-attr]
    assert abs(torsion(ca, n, carbon, oxygen)) < 1e-6
    assert abs(torsion(ca, n, carbon, methyl)) == pytest.approx(180)


def test_side_chain_grows_back_near_its_place(tyk2_protein: Path) -> None:
    structure = read_structure(tyk2_protein)
    polymer = list(structure.of_kind("polymer"))
    # buried side chains have one place to go: half of them must come back within 1 Å
    errors = []
    for residue in polymer:
        if residue.name not in ("PHE", "LEU", "VAL", "TRP", "ILE"):
            continue
        before = {atom.name: atom.xyz for atom in residue.heavy()}
        residue.atoms = [a for a in residue.heavy() if a.name in ("N", "CA", "C", "O", "CB")]
        complete_side_chains(structure, polymer, [])
        moves = [np.linalg.norm(a.xyz - before[a.name]) for a in residue.atoms if a.added]
        errors.append(float(np.sqrt(np.mean(np.square(moves)))))
        residue.atoms = [a for a in residue.atoms if not a.added] + [
            a for a in residue.atoms if a.added
        ]
    assert float(np.median(errors)) < 1.2
