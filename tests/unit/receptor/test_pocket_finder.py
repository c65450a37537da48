"""Pockets without a ligand."""

from __future__ import annotations

import sys
from pathlib import Path

import fpocket_rs
import numpy as np
import pytest
from rdkit import Chem
from scipy.spatial import cKDTree

from screenmm.core.errors import ConfigError, PocketError
from screenmm.receptor.confidence import trim
from screenmm.receptor.ligand_file import read_molecule
from screenmm.receptor.pocket import heavy_positions
from screenmm.receptor.pocket_finder import FoundPocket, _pdb, find_pockets, pocket_of_rank, volume
from screenmm.receptor.reading import read_structure
from screenmm.receptor.structure import Structure


def labels(pocket: FoundPocket) -> set[str]:
    return {each.label for each in pocket.residues}


def same(one: list[FoundPocket], other: list[FoundPocket], shift: float = 0.0) -> bool:
    return len(one) == len(other) and all(
        a.druggability == b.druggability
        and len(a.residues) == len(b.residues)
        and np.allclose(a.centre + shift, b.centre, atol=0.01)
        and a.volume_angstrom3 == pytest.approx(b.volume_angstrom3, rel=0.05)
        for a, b in zip(one, other, strict=True)
    )


def test_the_first_pocket_of_a_kinase_is_where_its_inhibitors_bind(benchmark_data: Path) -> None:
    folder = benchmark_data / "affinity/jacs_set__tyk2"
    first = find_pockets(read_structure(folder / "protein.pdb"))[0]
    ligand = next(iter(Chem.SDMolSupplier(str(folder / "ligands.sdf"))))
    assert cKDTree(heavy_positions(ligand)).query(first.centre)[0] < 4
    # the hinge's valine, and the lysine that holds ATP
    assert {"A:VAL:981", "A:LYS:930"} <= labels(first)
    assert first.rank == 1
    assert first.plddt is None


def test_the_same_structure_gives_the_same_pockets(tyk2_protein: Path) -> None:
    structure = read_structure(tyk2_protein)
    one, other = find_pockets(structure), find_pockets(structure)
    assert one
    for a, b in zip(one, other, strict=True):
        assert np.array_equal(a.spheres, b.spheres)
        assert (a.residues, a.druggability, a.volume_angstrom3) == (
            b.residues, b.druggability, b.volume_angstrom3,
        )  # fmt: skip


def test_hydrogens_names_of_states_and_the_frame_do_not_matter(
    tyk2_protein: Path, bare_tyk2: Path
) -> None:
    whole, bare = read_structure(tyk2_protein), read_structure(bare_tyk2)
    found = find_pockets(whole)
    assert same(found, find_pockets(bare))
    for residue in bare.residues:
        residue.chain = "long-name"
        for atom in residue.atoms:
            atom.xyz = atom.xyz + 12_000  # beyond the columns of a PDB file
    assert same(found, find_pockets(bare), shift=12_000)


def test_what_is_no_polymer_is_not_looked_at(benchmark_data: Path) -> None:
    path = benchmark_data / "complexes/deposited/3og7_032/raw.pdb.gz"
    structure = read_structure(path, ["A"])
    assert any(each.name == "032" for each in structure.residues)
    with_ligand = find_pockets(structure)
    bare = Structure(list(structure.of_kind("polymer")))
    assert same(with_ligand, find_pockets(bare))
    ligand = read_molecule(path.with_name("ligand.sdf"))
    nearest = [
        float(cKDTree(heavy_positions(ligand)).query(each.centre)[0]) for each in with_ligand[:3]
    ]
    assert min(nearest) < 4


def test_volume_of_spheres_is_what_geometry_says() -> None:
    ball = np.array([[0.13, 0.2, 0.3, 5.6]])
    expected = 4 / 3 * np.pi * 4.0**3
    assert volume(ball) == pytest.approx(expected, rel=0.02)
    assert volume(np.concatenate([ball, ball])) == volume(ball)
    far = ball + np.array([[20, 0, 0, 0]])
    assert volume(np.concatenate([ball, far])) == pytest.approx(2 * expected, rel=0.02)


def test_volumes_are_those_of_the_package_without_its_noise(tyk2_protein: Path) -> None:
    structure = read_structure(tyk2_protein)
    text = _pdb(list(structure.of_kind("polymer")))
    theirs = {
        round(each["drug_score"], 6): each["volume"]
        for each in fpocket_rs.detect_pockets(text, mc_iter=3000)["pockets"]
    }
    first = find_pockets(structure)[0]
    assert first.volume_angstrom3 == pytest.approx(theirs[first.druggability], rel=0.05)


def test_the_first_pocket_of_a_trimmed_model_is_that_of_its_kinase(benchmark_data: Path) -> None:
    structure = read_structure(benchmark_data / "predicted/NTRK1_TrkA_P04629_AFDB_v2.pdb")
    trim(structure, 70)
    first = find_pockets(structure)[0]
    # the glutamate of the αC helix and its neighbours
    assert {"A:GLU:560", "A:LEU:564", "A:PHE:646"} <= labels(first)
    mean = np.mean([each.heavy()[0].b_factor for each in first.residues])
    assert first.plddt == pytest.approx(mean, abs=0.01)


def test_errors_say_what_there_is(tyk2_protein: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    structure = read_structure(tyk2_protein)
    with pytest.raises(PocketError, match=r"pocket.find 99: \d+ pockets are found"):
        pocket_of_rank(find_pockets(structure), 99)
    with pytest.raises(PocketError, match="holds no protein or nucleic acid"):
        find_pockets(Structure([]))
    monkeypatch.setitem(sys.modules, "fpocket_rs", None)
    with pytest.raises(ConfigError, match=r"pip install 'screenmm\[pockets\]'"):
        find_pockets(structure)
