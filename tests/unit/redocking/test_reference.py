"""The reference ligand: bond orders, and the library's own preparation."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from rdkit import Chem

from screenmm.cli import main
from screenmm.config.settings import Ligands, Pocket
from screenmm.core.errors import LigandError
from screenmm.files.sdf import read_record, sd_record, split_records
from screenmm.library.standardise import standardise
from screenmm.ligands.prepare import prepare_ligand, state_to_sdf
from screenmm.receptor.ligand_file import FITTED_TO, skeleton_smiles
from screenmm.redocking.compare import is_fitted
from screenmm.redocking.reference import (
    check_in_box,
    mol_block,
    prepare_reference,
    with_bond_orders,
)
from screenmm.redocking.rmsd import heavy_rmsd_angstrom, skeleton
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.stages.reference import STAGE

from .test_rmsd import embedded

IMATINIB = "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1"
FAST = Ligands(conformer_trials=1)


@pytest.mark.parametrize(
    "smiles",
    [IMATINIB, "C[C@H](N)C(=O)O", "C/C=C/c1ccc2nc[nH]c2c1", "[O-][N+](=O)c1ccccc1", "CC(=O)[O-]"],
)
def test_bond_orders_from_a_template(smiles: str) -> None:
    mol = embedded(smiles)
    posed = skeleton(mol)
    assert {bond.GetBondType() for bond in posed.GetBonds()} == {Chem.BondType.SINGLE}
    # the template may be written in another order
    other = Chem.MolToSmiles(Chem.MolFromSmiles(smiles), canonical=False, rootedAtAtom=3)
    found = with_bond_orders(posed, Chem.MolFromSmiles(other))
    assert Chem.CanonSmiles(Chem.MolToSmiles(found)) == Chem.CanonSmiles(smiles)
    assert np.allclose(found.GetConformer().GetPositions(), posed.GetConformer().GetPositions())


@pytest.mark.parametrize("other", ["CCCO", "CCN", "C1CO1"])
def test_a_template_of_another_molecule_is_refused(other: str) -> None:
    with pytest.raises(LigandError, match=r"do not fit the pocket's ligand .* heavy atoms.*whole"):
        with_bond_orders(skeleton(embedded("CCO")), Chem.MolFromSmiles(other))


def test_it_is_prepared_as_the_librarys_ligands_are_and_forgets_its_pose() -> None:
    crystal = embedded("C[C@@H](N)c1ccc(C(=O)O)cc1.Cl")
    made = prepare_reference(mol_block(crystal), 1, FAST)
    parent = standardise("C[C@@H](N)c1ccc(C(=O)O)cc1", "smiles", FAST)
    first = prepare_ligand(parent.inchikey, parent.smiles, None, 1, FAST).states[0]
    # stereochemistry from the coordinates alone, and of these nothing else
    assert state_to_sdf(made.state) == state_to_sdf(first)
    assert made.posed.GetNumHeavyAtoms() == 12
    assert heavy_rmsd_angstrom(made.state.mol, made.posed) > 0.5


def test_what_cannot_be_modelled_says_why() -> None:
    with pytest.raises(LigandError, match="B: the force field covers"):
        prepare_reference(mol_block(embedded("OB(O)c1ccccc1")), 1, FAST)


def test_a_reference_outside_the_box_is_refused() -> None:
    posed = embedded("CCO")
    middle = skeleton(posed).GetConformer().GetPositions().mean(axis=0)
    box = {"center_angstrom": list(middle), "size_angstrom": [4.0, 4.0, 4.0]}
    check_in_box(posed, box)
    away = box | {"center_angstrom": [middle[0] + 5, middle[1], middle[2]]}
    with pytest.raises(LigandError, match=r"3\.0 Å outside the box"):
        check_in_box(posed, away)


def run_stage(
    folder: Path, receptor_ligand: str, pocket: dict, controls: dict, **of_the_pocket: str
) -> list[dict]:
    """Run the stage by its command; returns the events."""
    home = folder / "wt"
    home.mkdir()
    ReceptorFolder(home).reference_ligand.write_text(receptor_ligand)
    box = {"center_angstrom": [0.0, 0.0, 0.0], "size_angstrom": [20.0, 20.0, 20.0]}
    ReceptorFolder(home).pocket.write_text(json.dumps(box | of_the_pocket))
    of_box = {"padding_angstrom", "min_size_angstrom"}
    named = Pocket.model_validate(pocket).model_dump(mode="json", exclude=of_box)
    settings = {
        "seed": 1,
        "ligands": Ligands(conformer_trials=1).model_dump(include=set(STAGE.keys["ligands"])),
        "receptors": {"wt": {"pocket": named}},
        "controls": {"reference": None, "reference_smiles": None} | controls,
    }
    arguments = ["--settings", json.dumps(settings), "--receptor", str(home)]
    for name in ("reference.sdf", "states.sdf.gz", "events.parquet"):
        arguments += [f"--{name.partition('.')[0]}", str(folder / name)]
    assert main(["reference", *arguments]) == 0
    return pq.read_table(folder / "events.parquet").to_pylist()


def test_a_residue_of_the_structure_takes_its_bond_orders_from_a_smiles(tmp_path: Path) -> None:
    mol = embedded("CC(=O)Nc1ccc(O)cc1")
    bare = sd_record(skeleton(mol), "reference", {})
    smiles = {"reference_smiles": "CC(=O)Nc1ccc(O)cc1"}
    assert run_stage(tmp_path, bare, {"ligand_residue": "A:TYL:1"}, smiles) == []
    (state,) = map(read_record, split_records(tmp_path / "states.sdf.gz"))
    assert state.GetProp("inchikey") == "RZVAJINKPMORJF-UHFFFAOYSA-N"
    assert state.GetProp("_Name") == "RZVAJINKPMORJF-UHFFFAOYSA-N_s1"
    (posed,) = map(read_record, split_records(tmp_path / "reference.sdf"))
    assert heavy_rmsd_angstrom(posed, mol) == pytest.approx(0, abs=1e-3)


def test_a_wrong_smiles_is_an_event_and_leaves_nothing_to_dock(tmp_path: Path) -> None:
    bare = sd_record(skeleton(embedded("CC(=O)Nc1ccc(O)cc1")), "reference", {})
    smiles = {"reference_smiles": "CC(=O)Nc1ccc(OC)cc1"}
    (event,) = run_stage(tmp_path, bare, {"ligand_residue": "A:TYL:1"}, smiles)
    assert (event["stage"], event["status"], event["reason"]) == (
        "reference", "failed", "invalid_structure",
    )  # fmt: skip
    assert "(12 and 11 heavy atoms)" in event["message"]
    assert list(split_records(tmp_path / "states.sdf.gz")) == []


def test_bonds_that_make_no_sense_are_mended_by_a_smiles_or_said(tmp_path: Path) -> None:
    # as from a file whose nitrogen has lost its charge
    mol = Chem.RWMol(embedded("C[N+](C)(C)CCO"))
    mol.GetAtomWithIdx(1).SetFormalCharge(0)
    text = sd_record(mol, "reference", {})
    for name in ("bare", "mended"):
        (tmp_path / name).mkdir()
    (event,) = run_stage(tmp_path / "bare", text, {"ligand": "crystal.mol2"}, {})
    assert event["reason"] == "invalid_structure"
    assert event["message"].startswith("crystal.mol2: RDKit does not accept its bonds; give them")
    smiles = {"reference_smiles": "C[N+](C)(C)CCO"}
    assert run_stage(tmp_path / "mended", text, {"ligand": "crystal.mol2"}, smiles) == []
    (state,) = map(read_record, split_records(tmp_path / "mended/states.sdf.gz"))
    assert Chem.GetFormalCharge(state) == 1


def test_a_pocket_without_a_ligand_takes_the_pose_given(tmp_path: Path) -> None:
    mol = embedded("CC(=O)Nc1ccc(O)cc1")
    (tmp_path / "given.sdf").write_text(sd_record(mol, "given", {}))
    given = {"reference": str(tmp_path / "given.sdf")}
    assert run_stage(tmp_path, "", {"residues": ["A:10"]}, given) == []
    (posed,) = map(read_record, split_records(tmp_path / "reference.sdf"))
    assert heavy_rmsd_angstrom(posed, mol) == pytest.approx(0, abs=1e-3)


@pytest.mark.parametrize(
    ("turned_from", "fitted"),
    [("CC(=O)Nc1ccc(O)cc1", True), ("CC(=O)Nc1ccc(OC)cc1", False), (None, False)],
)
def test_a_ligand_that_side_chains_were_turned_away_from_is_marked(
    turned_from: str | None, fitted: bool, tmp_path: Path
) -> None:
    text = sd_record(embedded("CC(=O)Nc1ccc(O)cc1"), "reference", {})
    # hydrogens and bond orders of the seed's file may be others
    seed = {FITTED_TO: skeleton_smiles(skeleton(embedded(turned_from)))} if turned_from else {}
    assert run_stage(tmp_path, text, {"ligand": "crystal.sdf"}, {}, **seed) == []
    assert is_fitted(tmp_path) == fitted
