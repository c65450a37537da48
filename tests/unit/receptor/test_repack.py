"""Side chains turned away from a ligand."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import gemmi
import numpy as np
import pytest
from rdkit import Chem

from screenmm.config.settings import Like, Pocket, Receptor, parse_settings
from screenmm.core.errors import ConfigError, PocketError
from screenmm.receptor.contacts import CLASH_FACTOR
from screenmm.receptor.ligand_file import FITTED_TO, skeleton_smiles
from screenmm.receptor.likeness import clashes
from screenmm.receptor.pocket import heavy_positions
from screenmm.receptor.prepare import choose_with_confidence
from screenmm.receptor.reading import read_structure
from screenmm.receptor.repack import Repacked, repack
from screenmm.receptor.sidechains import chis
from screenmm.receptor.structure import Array, Residue
from screenmm.receptor.turning import torsions
from screenmm.stages.prepare_receptor import write_folder
from tests.unit.receptor.conftest import Prepare, changes

BLOCKED = {"A:LEU:15": (75.0, -45.0), "A:ARG:139": (180.0, -45.0), "A:ASP:153": (-45.0, -60.0)}
"""Side chains around TYK2's ligand, and the first two torsions that run into it."""


def molecules(path: Path) -> list[Residue]:
    return [each for each in read_structure(path).residues if each.kind != "water"]


def coordinates(residues: list[Residue]) -> Array:
    return np.concatenate([each.positions(heavy_only=False) for each in residues])


def residue_of(residues: list[Residue], label: str) -> Residue:
    return next(each for each in residues if each.label == label)


def turn(residue: Residue, number: int, angle: float) -> None:
    """Turn a side chain about a bond by gemmi, heavy atoms alone."""
    chi = chis(residue.name)[number]
    one, other = (residue.find(name).xyz for name in chi.atoms[1:3])
    axis = gemmi.Vec3(*(other - one)).normalized()
    by = np.radians(angle - torsions(residue)[number])
    for name in chi.moved:
        atom = residue.find(name)
        arm = gemmi.Vec3(*(atom.xyz - other))
        along = axis * axis.dot(arm)
        turned = along + (arm - along) * float(np.cos(by)) + axis.cross(arm) * float(np.sin(by))
        atom.xyz = other + np.array(turned.tolist())


def nearest(residue: Residue, ligand: Chem.Mol) -> float:
    """Distance of a side chain's nearest heavy atom to a ligand, Å."""
    points = np.array([residue.find(name).xyz for name in chis(residue.name)[0].moved])
    return float(np.linalg.norm(points[:, None] - heavy_positions(ligand), axis=2).min())


def probe(place: Array) -> Chem.Mol:
    """A methane at a place."""
    mol = Chem.MolFromSmiles("C")
    conformer = Chem.Conformer(1)
    conformer.Set3D(True)
    conformer.SetAtomPosition(0, place.tolist())
    mol.AddConformer(conformer)
    return mol


def beyond(residue: Residue, name: str, of: str, by: float = 1.2) -> Chem.Mol:
    """A methane on the far side of an atom, seen from another one."""
    tip, base = residue.find(name).xyz, residue.find(of).xyz
    return probe(tip + by * (tip - base) / np.linalg.norm(tip - base))


@pytest.mark.parametrize("label", sorted(BLOCKED))
def test_a_side_chain_turned_into_the_ligand_turns_back(
    label: str, tyk2_protein: Path, tyk2_ligands: list[Chem.Mol]
) -> None:
    residues, ligand = molecules(tyk2_protein), tyk2_ligands[0]
    moved = residue_of(residues, label)
    true = torsions(moved)
    for number, angle in enumerate(BLOCKED[label]):
        turn(moved, number, angle)
    assert nearest(moved, ligand) < 2.0
    before = {each.label: each.positions() for each in residues}
    found = repack(ligand, "ejm_42", residues)
    assert [each.residue for each in found.turned] == [label]
    assert found.clashing == []
    (turned,) = found.turned
    assert turned.before > 0.5
    assert turned.after == 0
    assert np.allclose(turned.chi_after, torsions(moved))
    # carbon and carbon; hydrogen bonds are shorter
    assert nearest(moved, ligand) > 2.5
    # χ1 as in the crystal, within a rotamer's width
    assert abs((torsions(moved)[0] - true[0] + 180) % 360 - 180) < 30
    for each in residues:
        if each is not moved:
            assert np.array_equal(each.positions(), before[each.label]), each.label


def test_bonds_and_hydrogens_turn_along(tyk2_protein: Path, tyk2_ligands: list[Chem.Mol]) -> None:
    residues = molecules(tyk2_protein)
    moved = residue_of(residues, "A:LEU:15")
    away = residue_of(residues, "A:LEU:15")
    # a methane in the place of a methyl group drives the whole side chain away
    seed = beyond(away, "CD1", "CG", 0.5)
    before = moved.positions(heavy_only=False)
    found = repack(seed, "methane", residues)
    assert "A:LEU:15" in [each.residue for each in found.turned]
    after = moved.positions(heavy_only=False)
    names = [atom.name for atom in moved.atoms]
    bonds = [
        (i, j)
        for i in range(len(names))
        for j in range(i)
        if np.linalg.norm(before[i] - before[j])
        < (1.25 if "H" in names[i][:1] + names[j][:1] else 1.7)
    ]
    assert len(bonds) == len(names) - 1  # a leucine has no ring
    for i, j in bonds:
        apart = np.linalg.norm(before[i] - before[j])
        assert np.linalg.norm(after[i] - after[j]) == pytest.approx(apart, abs=1e-9)
    still = [names.index(name) for name in ("N", "CA", "C", "O", "CB", "H", "HA")]
    assert np.array_equal(before[still], after[still])
    relaxed = {atom.name for atom in moved.atoms if atom.added}
    assert {"HG", "HD11", "HD21"} <= relaxed
    assert not {"H", "HA", "CD1"} & relaxed


def test_without_a_clash_nothing_moves_a_bit(
    tyk2_protein: Path, tyk2_ligands: list[Chem.Mol]
) -> None:
    residues = molecules(tyk2_protein)
    before = coordinates(residues)
    found = repack(tyk2_ligands[0], "ejm_42", residues)
    assert (found.turned, found.clashing) == ([], [])
    assert found.as_text() == "side chains that clash with ejm_42 turned away: none"
    assert np.array_equal(before, coordinates(residues))


def test_the_same_input_gives_the_same_bits(
    tyk2_protein: Path, tyk2_ligands: list[Chem.Mol]
) -> None:
    residues = molecules(tyk2_protein)
    for label, angles in BLOCKED.items():
        for number, angle in enumerate(angles):
            turn(residue_of(residues, label), number, angle)
    other = copy.deepcopy(residues)
    first, second = (repack(tyk2_ligands[0], "x", each) for each in (residues, other))
    assert first == second
    assert sorted(each.residue for each in first.turned) == sorted(BLOCKED)
    assert np.array_equal(coordinates(residues), coordinates(other))


def test_a_disulfide_stays_and_is_told(benchmark_data: Path) -> None:
    residues = molecules(benchmark_data / "affinity/water_set__urokinase/protein.pdb")
    sulfurs = [each for each in residues if each.name == "CYS" and each.find("SG")]
    one, other = next(
        (a, b)
        for a in sulfurs
        for b in sulfurs
        if a is not b and np.linalg.norm(a.find("SG").xyz - b.find("SG").xyz) < 2.2
    )
    before = one.positions()
    found = repack(beyond(one, "SG", "CB"), "methane", residues)
    why = {each.residue: each.why for each in found.clashing}
    assert why[one.label] == f"bonded to {other.label}"
    assert np.array_equal(before, one.positions())


def test_what_binds_a_metal_stays_and_is_told(benchmark_data: Path) -> None:
    folder = benchmark_data / "complexes/prepared/vina__1s63_FTase_Zn"
    residues = molecules(next(folder.glob("protein*.pdb*")))
    zinc = next(each for each in residues if each.name == "ZN")
    bound = next(
        each
        for each in residues
        if each.name == "HIS"
        and np.linalg.norm(each.positions() - zinc.positions(), axis=1).min() < 2.6
    )
    before = bound.positions()
    found = repack(beyond(bound, "CD2", "CB"), "methane", residues)
    why = {each.residue: each.why for each in found.clashing}
    assert why[bound.label] == f"bound to {zinc.label}"
    assert np.array_equal(before, bound.positions())


@pytest.mark.parametrize(
    ("name", "tip", "base", "why"),
    [
        ("ALA", "CB", "CA", "its side chain has no rotamers"),
        ("PRO", "CG", "CB", "its side chain has no rotamers"),
        ("GLY", "CA", "C", "its side chain has no rotamers"),
        ("LEU", "O", "C", "its backbone does not move"),
    ],
)
def test_what_cannot_turn_is_told(
    name: str, tip: str, base: str, why: str, tyk2_protein: Path
) -> None:
    residues = molecules(tyk2_protein)
    one = next(each for each in residues if each.name == name)
    before = one.positions()
    found = repack(beyond(one, tip, base), "methane", residues)
    assert why in [each.why for each in found.clashing if each.residue == one.label]
    if name != "LEU":
        assert np.array_equal(before, one.positions())


@pytest.fixture(scope="module")
def trka(benchmark_data: Path) -> tuple[Repacked, list[Residue], Array, list[Residue], Chem.Mol]:
    """AlphaFold's model around imatinib as in 1iep: what came of it, before and after."""
    abl = benchmark_data / "complexes/prepared/vina__1iep_imatinib_ABL"
    like = Like(structure=abl / "protein_H.pdb", ligand=abl / "ligand_ccd.sdf")
    model = benchmark_data / "predicted/NTRK1_TrkA_P04629_AFDB_v2.pdb"
    structure, pocket, *_ = choose_with_confidence(
        Receptor(structure=model, low_confidence="warn"), Pocket(like=like)
    )
    # a predicted model with a ligand from a relative needs no asking
    assert pocket.seed is not None
    assert pocket.seed_name == like.ligand_name
    before = copy.deepcopy(structure.residues)
    found = repack(pocket.seed, pocket.seed_name, structure.residues)
    return found, before, structure.residues, pocket.seed


def test_imatinib_in_alphafolds_trka(trka: tuple[Any, ...]) -> None:
    found, before, after, ligand = trka
    elements = [atom.GetSymbol() for atom in ligand.GetAtoms() if atom.GetAtomicNum() > 1]
    many, few = (
        clashes(heavy_positions(ligand), elements, [r for r in each if r.kind == "polymer"])[0]
        for each in (before, after)
    )
    assert many == 17  # as docs/pockets.md tells
    assert few < many / 3
    turned = {each.residue for each in found.turned}
    # the phenylalanine of the DFG motif, and the gatekeeper
    assert {"A:PHE:669", "A:PHE:589"} <= turned
    # the motif's backbone would have to turn out
    left = {each.residue: each.why for each in found.clashing}
    assert left["A:ASP:668"] == "its backbone does not move"
    for old, new in zip(before, after, strict=True):
        if old.label not in turned:
            assert np.array_equal(old.positions(False), new.positions(False)), old.label
        else:
            for name in ("N", "CA", "C", "O", "CB"):
                assert np.array_equal(old.find(name).xyz, new.find(name).xyz)


def test_turned_side_chains_run_into_nothing_else(trka: tuple[Any, ...]) -> None:
    found, _, after, _ = trka
    atoms = [(each, atom) for each in after for atom in each.heavy()]
    places = np.array([atom.xyz for _, atom in atoms])
    for label in (each.residue for each in found.turned):
        mine = residue_of(after, label)
        for name in chis(mine.name)[0].moved:
            atom = mine.find(name)
            radius = gemmi.Element(atom.element).vdw_r
            for index in np.flatnonzero(np.linalg.norm(places - atom.xyz, axis=1) < 3.0):
                other, theirs = atoms[index]
                limit = CLASH_FACTOR * (radius + gemmi.Element(theirs.element).vdw_r)
                apart = np.linalg.norm(theirs.xyz - atom.xyz)
                assert other is mine or apart > limit - 0.35, (label, name, other.label)


# --- in preparation --------------------------------------------------------------------


@pytest.fixture(scope="module")
def turned_tyk2(bare_tyk2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TYK2 with a leucine turned into the place of its ligand, as a file."""
    residues = molecules(bare_tyk2)
    moved = residue_of(residues, "A:LEU:15")
    for number, angle in enumerate(BLOCKED["A:LEU:15"]):
        turn(moved, number, angle)
    structure = gemmi.read_structure(str(bare_tyk2))
    for chain in structure[0]:
        for residue in chain:
            if (residue.name, residue.seqid.num) == ("LEU", 15):
                for atom in residue:
                    atom.pos = gemmi.Position(*moved.find(atom.name).xyz)
    path = tmp_path_factory.mktemp("turned") / "tyk2.pdb"
    structure.write_pdb(str(path))
    return path


def test_preparation_repacks_where_it_is_asked_to(
    prepare: Prepare, turned_tyk2: Path, tyk2_ligand: Path, tmp_path: Path
) -> None:
    pocket = {"ligand": tyk2_ligand}
    made = prepare(turned_tyk2, pocket, repack=True)
    (told,) = changes(made, "side chain turned").items()
    assert told[0] == "A:LEU:15"
    assert "→ 0.00 Å; χ1 75 → -" in told[1]
    report = made.report_json()["repacked"]
    assert [each["residue"] for each in report["turned"]] == ["A:LEU:15"]
    assert report["clashing"] == []
    assert "A:LEU:15" in made.report_text()
    tally = made.heavy_atoms
    assert tally.read == tally.kept + sum(tally.removed.values())
    # the seed is in no receptor
    assert not {each.name for each in made.topology.residues()} & {"UNL", "LIG", "UNK"}
    write_folder(made, tmp_path)
    seed = next(iter(Chem.SDMolSupplier(str(tyk2_ligand), removeHs=False)))
    box = json.loads((tmp_path / "pocket.json").read_text())
    assert box[FITTED_TO] == skeleton_smiles(seed)


def test_a_crystal_is_repacked_only_where_it_is_asked(
    tyk2_protein: Path, tyk2_ligand: Path
) -> None:
    pocket = Pocket(ligand=tyk2_ligand)
    seeds = {
        each: choose_with_confidence(Receptor(structure=tyk2_protein, repack=each), pocket)[1].seed
        for each in ("auto", False, True, tyk2_ligand)
    }
    assert [seed is not None for seed in seeds.values()] == [False, False, True, True]


def test_a_seed_must_lie_in_the_box(tyk2_protein: Path, tyk2_ligand: Path, tmp_path: Path) -> None:
    far = Chem.MolFromMolFile(str(tyk2_ligand), removeHs=False)
    structure = read_structure(tyk2_protein)
    last = list(structure.of_kind("polymer"))[-2]
    places = far.GetConformer().GetPositions()
    shift = last.positions().mean(axis=0) - places.mean(axis=0)
    for index, xyz in enumerate((places + shift + 4.0).tolist()):
        far.GetConformer().SetAtomPosition(index, xyz)
    path = tmp_path / "far.sdf"
    Chem.MolToMolFile(far, str(path))
    receptor = Receptor(structure=tyk2_protein, repack=path)
    with pytest.raises(PocketError, match=r"seed ligand .*far.sdf lies \d+\.\d Å outside the box"):
        choose_with_confidence(receptor, Pocket(ligand=tyk2_ligand))


def test_a_template_is_the_seed_where_nothing_else_is(
    tyk2_protein: Path, tyk2_ligand: Path
) -> None:
    receptor = Receptor(structure=tyk2_protein, repack=True)
    pocket = Pocket(residues=["A:15", "A:139", "A:153"])
    found = choose_with_confidence(receptor, pocket, tyk2_ligand)[1]
    assert found.seed_name == tyk2_ligand.name
    with pytest.raises(PocketError, match="repack: true, but the pocket names no ligand"):
        choose_with_confidence(receptor, pocket)


def config(**more: Any) -> dict[str, Any]:
    receptor = {"structure": "protein.pdb", "repack": True}
    return {
        "name": "x",
        "results": "results/x",
        "library": {"files": ["library.smi"]},
        "receptors": {"wt": receptor},
        "pocket": {"residues": ["A:15"]},
        **more,
    }


def test_a_config_without_a_seed_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"receptors.wt.repack: true, but there is no ligand"):
        parse_settings(config(), None)
    assert parse_settings(config(pocket={"ligand": "a.sdf"}), None).template_seed("wt") is None
    placing = {"docking": {"templates": ["b.sdf", "c.sdf"]}}
    placed = parse_settings(config(**placing), None)
    assert placed.template_seed("wt") == Path("b.sdf")
    assert Path("b.sdf") in placed.receptor_files("wt")
    # templates prepare no crystal again
    crystal = parse_settings(
        config(receptors={"wt": {"structure": "protein.pdb"}}, **placing), None
    )
    assert crystal.template_seed("wt") is None
    assert Path("b.sdf") not in crystal.receptor_files("wt")
    named = config(receptors={"wt": {"structure": "protein.pdb", "repack": "known.sdf"}})
    assert Path("known.sdf") in parse_settings(named, None).receptor_files("wt")
    with pytest.raises(ConfigError, match=r"known\.txt"):
        parse_settings(
            config(receptors={"wt": {"structure": "protein.pdb", "repack": "known.txt"}}), None
        )
