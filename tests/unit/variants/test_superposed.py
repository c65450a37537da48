"""What viewers show of a pair stands where it was scored."""

from __future__ import annotations

import gzip
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import gemmi
import numpy as np
import pyarrow.parquet as pq
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem
from scipy.spatial.distance import cdist

from screenmm.config.settings import Scoring, Variants
from screenmm.devices.platforms import choose_platform
from screenmm.files.sdf import sd_record
from screenmm.files.whole import write_text_gz
from screenmm.forcefield.ligand_parameters import ligand_parameters
from screenmm.mmgbsa.score import Pose, PoseScore
from screenmm.variants.binding import Protein, Start, neighbourhood, score_in, starts_of
from screenmm.variants.listed import Modelled, write_modelled
from screenmm.variants.model import Prepared, mutate
from screenmm.variants.shard import score_variants
from screenmm.variants.superposed import NEAR_ANGSTROM, Side, superposed

from .test_model import VAL_93, index_of

CPU = choose_platform("CPU")
OPTIONS = Scoring(jitter_replicas=0, max_iterations=20)
PDB_ANGSTROM = 0.0005 + 1e-6


class Atom(NamedTuple):
    """An atom of a PDB file."""

    element: str
    place: np.ndarray
    b_iso: float


Atoms = dict[tuple[str, str, str], Atom]  # chain and number, residue, atom


def models(text: str) -> list[Atoms]:
    """Atoms of each model of a PDB file."""
    structure = gemmi.read_pdb_string(text)
    return [
        {
            (f"{each.chain.name}{each.residue.seqid}", each.residue.name, each.atom.name): Atom(
                each.atom.element.name, np.array(each.atom.pos.tolist()), each.atom.b_iso
            )
            for each in model.all()
        }
        for model in structure
    ]


def places(atoms: Iterable[Atom], element: str) -> np.ndarray:
    return np.array([atom.place for atom in atoms if atom.element == element])


def sites_of(prepared: Prepared) -> list[tuple[str, str, str]]:
    """Each atom of a protein as :func:`models` names it."""
    labels = [label.split(":") for label in prepared.model.residue_labels.tolist()]
    return [
        (labels[residue][0] + labels[residue][2], labels[residue][1], str(name))
        for residue, name in zip(prepared.model.residues, prepared.names, strict=True)
    ]


class Scored(NamedTuple):
    """Wild type and variant with a ligand."""

    start: Start
    sides: list[Side]
    scores: list[PoseScore]


@pytest.fixture(scope="module")
def scored(wild: Prepared, tyk2_ligands: list[Chem.Mol]) -> Scored:
    """V93F and the wild type with a ligand, minimised a little."""
    site, mol = index_of(wild, VAL_93), tyk2_ligands[0]
    around = neighbourhood(wild, [site])
    pose = Pose(ligand_parameters(mol), mol.GetConformer().GetPositions())
    (start,) = starts_of(wild.model, [pose], OPTIONS, CPU)
    assert isinstance(start, Start)
    mutant = Protein(wild, mutate(wild, {site: "PHE"}, 1), np.zeros(1))
    sides, scores = [], []
    for protein in (Protein.of_wild_type(wild), mutant):
        ((score,),) = (each.scores for each in score_in(protein, [[start]], around, OPTIONS, CPU))
        assert isinstance(score, PoseScore)
        ended = protein.ended(start, 0, score)
        sides.append(Side(protein.prepared, ended, mol, score.ligand_angstrom))
        scores.append(score)
    return Scored(start, sides, scores)


@pytest.fixture(scope="module")
def found(wild: Prepared, scored: Scored) -> list[Atoms]:
    return models(superposed(*scored.sides, [index_of(wild, VAL_93)]))


def test_every_atom_stands_where_it_was_scored(
    wild: Prepared, scored: Scored, found: list[Atoms]
) -> None:
    for side, score, atoms in zip(scored.sides, scored.scores, found, strict=True):
        prepared = side.prepared
        moved = dict(zip(score.moved_atoms.tolist(), score.moved_angstrom, strict=True))
        protein = {key: atom for key, atom in atoms.items() if key[1] != "LIG"}
        assert len(protein) > 200
        index = {key: i for i, key in enumerate(sites_of(prepared))}
        for key, atom in protein.items():
            i = index[key]
            # the mutant's atoms are not those of the wild type, of which the start is
            if i in moved or prepared is wild:
                expected = moved.get(i, scored.start.positions_angstrom[i])
                assert np.abs(atom.place - expected).max() <= PDB_ANGSTROM
            assert atom.element == prepared.elements[index[key]]
        heavy = [atom.GetAtomicNum() > 1 for atom in side.ligand.GetAtoms()]
        ligand = [a.place for key, a in atoms.items() if key[1] == "LIG" and a.element != "H"]
        assert np.abs(np.array(ligand) - score.ligand_angstrom[heavy]).max() <= PDB_ANGSTROM


def test_the_exchanged_residue_has_its_old_and_its_new_name_and_is_marked(
    found: list[Atoms],
) -> None:
    before, after = ({key for key, atom in each.items() if atom.b_iso == 1.0} for each in found)
    assert {key[:2] for key in before} == {("A93", "VAL")}
    assert {key[:2] for key in after} == {("A93", "PHE")}
    assert {name for *_, name in before} >= {"N", "CA", "CB", "CG1", "CG2", "H"}
    assert {name for *_, name in after} >= {"N", "CA", "CB", "CG", "CZ", "H"}


def test_what_did_not_move_coincides_and_the_frame_is_one(
    wild: Prepared, scored: Scored, found: list[Atoms]
) -> None:
    before, after = found
    shared = [key for key in before if key[1] != "LIG" and key[:2] != ("A93", "VAL")]
    assert set(shared) == {key for key in after if key[1] != "LIG" and key[:2] != ("A93", "PHE")}
    moved = set(scored.scores[0].moved_atoms.tolist())
    still = {key for i, key in enumerate(sites_of(wild)) if i not in moved} & set(shared)
    assert len(still) > 10
    assert all(np.array_equal(before[key].place, after[key].place) for key in still)
    apart = [np.linalg.norm(before[key].place - after[key].place) for key in shared]
    assert 0.0 < np.median(apart) < 0.5


def test_what_is_near_is_there_without_hydrogens_on_carbon(
    wild: Prepared, scored: Scored, found: list[Atoms]
) -> None:
    sides = scored.sides
    site, heavy = index_of(wild, VAL_93), [a.GetAtomicNum() > 1 for a in sides[0].ligand.GetAtoms()]
    near = {site}
    for side in sides:
        model, names = side.prepared.model, side.prepared.names
        mine = (model.residues == site) & ~np.isin(names, ["N", "C", "O"])
        mine &= side.prepared.elements != "H"
        centres = np.vstack([side.ligand_angstrom[heavy], side.positions_angstrom[mine]])
        close = cdist(side.positions_angstrom, centres).min(axis=1) < NEAR_ANGSTROM
        near |= set(model.residues[close & (side.prepared.elements != "H")].tolist())
    labels = {"".join(str(wild.model.residue_labels[each]).split(":")[::2]) for each in near}
    for atoms in found:
        assert {key[0] for key in atoms if key[1] != "LIG"} == labels
        hydrogens, carbons = (places(atoms.values(), element) for element in ("H", "C"))
        assert len(hydrogens) > 20
        assert cdist(hydrogens, carbons).min() > 1.5


def test_a_ligand_takes_a_free_chain_and_a_free_name(wild: Prepared, scored: Scored) -> None:
    """And insertion codes, and chains of several letters, are kept where PDB has room."""
    labels = np.array([f"L:{label[2:]}" for label in wild.model.residue_labels], dtype="<U20")
    labels[index_of(wild, VAL_93)] = "L:LIG:93A"
    model = replace(wild.model, residue_labels=labels)
    side = replace(scored.sides[0], prepared=replace(wild, model=model))
    text = superposed(side, side, [index_of(wild, VAL_93)])
    atoms, _ = models(text)
    assert ("L93A", "LIG", "CB") in atoms
    assert {key[:2] for key in list(atoms)[-3:]} == {("M1", "LG0")}


def test_a_shard_keeps_what_it_scored_and_nothing_of_what_failed(
    tyk2_receptor: Path, wild: Prepared, tyk2_ligands: list[Chem.Mol], tmp_path: Path
) -> None:
    site = index_of(wild, VAL_93)
    boronic = Chem.AddHs(Chem.MolFromSmiles("OB(O)c1ccccc1"))
    AllChem.EmbedMolecule(boronic, randomSeed=1)
    records = [
        sd_record(mol, f"{key}_s1_p1", {"inchikey": key, "state": f"{key}_s1", "pose": 1})
        for key, mol in (("AAA", tyk2_ligands[0]), ("BBB", boronic))
    ]
    write_text_gz(tmp_path / "b.sdf.gz", "".join(records))
    panel = [
        Modelled("V93F", changes={site: "PHE"}, entries=1),
        Modelled("A:VAL:93", kind="null", changes={site: "VAL"}),
    ]
    write_modelled(panel, tmp_path / "panel.json")
    scores = tmp_path / "b.parquet"
    score_variants(
        Variants(of="wt", list=["V93F"], rotamers=1, replicas=1),
        Scoring(max_iterations=20, platform="CPU"),
        1,
        poses=tmp_path / "b.sdf.gz",
        panel=tmp_path / "panel.json",
        receptor=tyk2_receptor,
        scores=scores,
        workers=1,
        asked="{}",
    )
    rows = {(row["inchikey"], row["variant"]): row for row in pq.read_table(scores).to_pylist()}
    for key, new in (("V93F", "PHE"), ("A:VAL:93", "VAL")):
        failed, row = rows["BBB", key], rows["AAA", key]
        assert failed["reason"]
        assert failed["complexes"] is None
        assert len(gzip.compress(row["complexes"].encode())) < 10_000
        sides = models(row["complexes"])
        marked = [{key[:2] for key, atom in side.items() if atom.b_iso == 1.0} for side in sides]
        assert marked == [{("A93", "VAL")}, {("A93", new)}]
