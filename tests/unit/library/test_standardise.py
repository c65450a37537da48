from __future__ import annotations

import pickle
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from rdkit import Chem
from rdkit.Chem import AllChem

from screenmm.config.settings import Filters, Library, Ligands
from screenmm.core.errors import LigandError, Reason
from screenmm.library.filters import check_filters
from screenmm.library.salts import INORGANIC
from screenmm.library.split import split
from screenmm.library.standardise import (
    LARGEST_INORGANIC,
    ParentRow,
    read_molecule,
    read_records,
    standardise,
    standardise_record,
    write_parents,
)
from screenmm.run.ledger import Event, Status
from tests.hostile import HostileLibrary
from tests.records import standardised

SETTINGS = Ligands()

# published InChIKeys
KNOWN = {
    "BSYNRYMUTXBXSQ-UHFFFAOYSA-N": "CC(=O)Oc1ccccc1C(=O)O",  # aspirin
    "RYYVLZVUVIJVGH-UHFFFAOYSA-N": "Cn1c(=O)c2c(ncn2C)n(C)c1=O",  # caffeine
    "KTUFNOKKBVMGRW-UHFFFAOYSA-N": (  # imatinib, as its mesylate
        "CS(=O)(=O)O.Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1"
    ),
    "HEFNNWSXXWATRW-UHFFFAOYSA-N": "CC(C)Cc1ccc(cc1)C(C)C(=O)[O-].[Na+]",  # ibuprofen
    "QNAYBMKLOCPYGJ-REOHCLBHSA-N": "C[C@H]([NH3+])C(=O)[O-]",  # L-alanine
    "DHMQDGOQFOQNFH-UHFFFAOYSA-N": "[NH3+]CC(=O)[O-]",  # glycine
    "KWIUHFFTVRNATP-UHFFFAOYSA-N": "C[N+](C)(C)CC(=O)[O-]",  # betaine
    "OEYIOHPDSNJKLS-UHFFFAOYSA-N": "C[N+](C)(C)CCO.[Cl-]",  # choline
}


@pytest.mark.parametrize(("inchikey", "smiles"), KNOWN.items())
def test_known_compounds_get_their_published_inchikey(inchikey: str, smiles: str) -> None:
    assert standardise(smiles, "smiles", SETTINGS).inchikey == inchikey


@pytest.mark.parametrize(
    ("smiles", "parent"),
    [
        ("c1ccccc1CC(=O)O[Na]", "O=C(O)Cc1ccccc1"),
        ("CN=N#N", "CN=[N+]=[N-]"),
        ("CN(=O)=O", "C[N+](=O)[O-]"),
        ("[2H]C([2H])([2H])c1ccccc1", "[2H]C([2H])([2H])c1ccccc1"),
        ("[H]OC([H])([H])C", "CCO"),
        ("CCO", "CCO"),  # a solvent on its own is the compound
        ("O=C([O-])c1ccccc1.[Na+]", "O=C(O)c1ccccc1"),  # so is a salt former
        ("O=C(O)c1ccccc1.CN1CCN(CC1)C", "CN1CCN(C)CC1"),  # not beside another compound
        ("F/C=C/F", "F/C=C/F"),
        # an acid balances a permanent cation, the strongest first
        ("C[N+](C)(C)CC(O)CC(=O)O.[Cl-]", "C[N+](C)(C)CC(O)CC(=O)[O-]"),
        ("C[N+](C)(CCS(=O)(=O)O)CC(=O)O", "C[N+](C)(CCS(=O)(=O)[O-])CC(=O)O"),
        ("C[n+]1cccc(O)c1.[I-]", "C[n+]1cccc([O-])c1"),
        ("C[N+](C)(C)c1cccc(O)c1.[I-]", "C[N+](C)(C)c1cccc(O)c1"),  # a phenol's 8 is too weak
        (
            "Oc1cc(N(C)C)ccc1C1=C([O-])C(=C2C=CC(C=C2O)=[N+](C)C)C1=O",
            "CN(C)c1ccc(C2=C([O-])C(=C3C=CC(=[N+](C)C)C=C3O)C2=O)c(O)c1",
        ),
        # a carbanion takes no proton from another carbon
        ("CCCc1ccc[n+]([C-](C#N)C#N)c1", "CCCc1ccc[n+]([C-](C#N)C#N)c1"),
    ],
)
def test_parents(smiles: str, parent: str) -> None:
    assert standardise(smiles, "smiles", SETTINGS).smiles == parent


def test_isotopes_make_another_ligand() -> None:
    light, heavy = (standardise(s, "smiles", SETTINGS).inchikey for s in ("CCO", "[13CH3]CO"))
    assert light != heavy
    assert light[:14] == heavy[:14]


def test_equal_components_are_chosen_whatever_their_order() -> None:
    a = standardise("CCc1ccccc1.CCCCCCCC", "smiles", SETTINGS)
    b = standardise("CCCCCCCC.CCc1ccccc1", "smiles", SETTINGS)
    assert a == b


@pytest.mark.parametrize(
    ("smiles", "reason", "message"),
    [
        ("", Reason.EMPTY_RECORD, "empty"),
        ("C1CC(", Reason.INVALID_STRUCTURE, "RDKit: SMILES Parse Error"),
        ("c1cccc1", Reason.INVALID_STRUCTURE, "kekulize"),
        ("CC(C)(C)(C)C", Reason.INVALID_STRUCTURE, "valence"),
        ("[Na+].[Cl-]", Reason.NO_ORGANIC_FRAGMENT, r"\[Cl-\], \[Na\+\]"),
        ("CS(C)=O.CCO", Reason.NO_ORGANIC_FRAGMENT, "CCO, CS"),
        ("OB(O)c1ccccc1", Reason.UNSUPPORTED_ELEMENT, "B: the force field covers H, C"),
        ("*C", Reason.UNSUPPORTED_ELEMENT, "dummy"),
        ("[CH2]C", Reason.RADICAL, "1 unpaired"),
        ("C" * 101, Reason.TOO_LARGE, "101 heavy atoms, at most 100"),
    ],
)
def test_failures_have_reason_and_message(
    smiles: str, reason: Reason, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(LigandError, match=message) as caught:
        standardise(smiles, "smiles", SETTINGS)
    assert caught.value.reason == reason
    assert capfd.readouterr() == ("", "")


def posed(smiles: str) -> Chem.Mol:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMolecule(mol, randomSeed=3)
    return mol


def test_a_pose_keeps_coordinates_hydrogens_and_protonation() -> None:
    mol = posed("C[C@H]([NH3+])C(=O)[O-].[Na+]")
    block = Chem.MolToMolBlock(mol)
    parent = standardise(block, "molblock", SETTINGS, keep_pose=True)
    assert parent.smiles == "C[C@H](N)C(=O)O"
    assert parent.pose_molblock is not None
    pose = Chem.MolFromMolBlock(parent.pose_molblock, removeHs=False)
    assert Chem.MolToSmiles(Chem.RemoveHs(pose)) == "C[C@H]([NH3+])C(=O)[O-]"
    given = Chem.DeleteSubstructs(
        Chem.MolFromMolBlock(block, removeHs=False), Chem.MolFromSmarts("[Na+]")
    )
    assert pose.GetConformer().GetPositions() == pytest.approx(given.GetConformer().GetPositions())
    assert standardise(block, "molblock", SETTINGS).pose_molblock is None


def test_the_pose_of_a_racemate_is_one_isomer() -> None:
    block = Chem.MolToMolBlock(posed("C[C@H](F)CCN |&1:1|"))
    parent = standardise(block, "molblock", SETTINGS, keep_pose=True)
    assert "|&1:" in parent.smiles
    assert parent.pose_molblock is not None
    # an SD file of poses stays V2000
    assert "V2000" in parent.pose_molblock


def test_a_flat_mol_block_has_no_pose() -> None:
    mol = Chem.MolFromSmiles("C[C@H](F)Cl")
    AllChem.Compute2DCoords(mol)
    parent = standardise(Chem.MolToMolBlock(mol), "molblock", SETTINGS, keep_pose=True)
    assert parent.smiles == Chem.CanonSmiles("C[C@H](F)Cl")
    assert parent.pose_molblock is None


def test_stereo_of_a_3d_block_comes_from_its_coordinates() -> None:
    mol = posed("C[C@H](F)Cl")
    positions = mol.GetConformer()
    for index, (x, y, z) in enumerate(positions.GetPositions()):
        positions.SetAtomPosition(index, (x, y, -z))
    mirrored = standardise(Chem.MolToMolBlock(mol), "molblock", SETTINGS)
    assert mirrored.smiles == Chem.CanonSmiles("C[C@@H](F)Cl")


@pytest.mark.parametrize(
    ("filters", "reason", "message"),
    [
        ({"molecular_weight": {"max": 100}}, Reason.PROPERTY_FILTER, "180.2 g/mol is above 100"),
        ({"hbond_donors": {"min": 2}}, Reason.PROPERTY_FILTER, "hbond_donors 1 is below 2"),
        ({"formal_charge": {"min": 0, "max": 0}}, None, ""),
        ({"alerts": ["BRENK"]}, Reason.ALERT_FILTER, "BRENK alert phenol_ester"),
    ],
)
def test_filters_name_value_and_limit(
    filters: dict[str, object], reason: Reason | None, message: str
) -> None:
    verdict = check_filters(
        Chem.MolFromSmiles("CC(=O)Oc1ccccc1C(=O)O"), Filters.model_validate(filters)
    )
    if reason is None:
        assert verdict is None
    else:
        assert verdict is not None
        assert verdict[0] == reason
        assert message in verdict[1]


def test_a_filtered_record_is_an_event() -> None:
    settings = Ligands(filters=Filters.model_validate({"heavy_atoms": {"min": 20}}))
    event = standardise_record({"record": "r", "kind": "smiles", "structure": "CCO"}, settings)
    assert isinstance(event, Event)
    assert (event.status, event.reason) == (Status.FILTERED, Reason.PROPERTY_FILTER)
    assert pickle.loads(pickle.dumps(event)) == event


def test_every_hostile_record_has_the_expected_fate(
    hostile: HostileLibrary, tmp_path: Path
) -> None:
    split(Library(files=list(hostile.files), shard_size=30), tmp_path)
    rows: list[ParentRow] = []
    events: list[Event] = []
    for shard in sorted((tmp_path / "records").iterdir()):
        shard_rows, shard_events = standardised(shard, SETTINGS, keep_pose=True)
        assert len(shard_rows) + len(shard_events) == len(read_records(shard))
        rows += shard_rows
        events += shard_events
    fates = {row.record: "ok" for row in rows} | {event.record: event.reason for event in events}
    sources = pq.read_table(tmp_path / "sources.parquet").to_pylist()
    found = {(row["file"], row["position"]): fates[row["record"]] for row in sources}
    assert found == hostile.expected
    assert len(fates) == len(rows) + len(events) == hostile.records >= 60


def test_parents_are_written_as_they_are(tmp_path: Path) -> None:
    rows = [ParentRow("a", "K", "CC", None), ParentRow("b", "L", "CN", "block")]
    write_parents(tmp_path / "p.parquet", rows)
    assert [ParentRow(**row) for row in read_records(tmp_path / "p.parquet")] == rows
    write_parents(tmp_path / "none.parquet", [])
    assert read_records(tmp_path / "none.parquet") == []


def test_no_inorganic_component_is_larger_than_those_that_are_looked_up() -> None:
    mols = [Chem.MolFromSmiles(smiles, sanitize=False) for smiles in INORGANIC]
    assert max(mol.GetNumHeavyAtoms() for mol in mols) <= LARGEST_INORGANIC


@pytest.mark.parametrize("kind", ["smiles", "molblock"])
def test_a_structure_is_read_with_its_salt_and_its_charges(kind: str) -> None:
    smiles = "CC(=O)[O-].[Na+]"
    block = Chem.MolToMolBlock(Chem.AddHs(Chem.MolFromSmiles(smiles)))
    mol = read_molecule({"smiles": smiles, "molblock": block}[kind], kind, 50)
    assert Chem.MolToSmiles(mol) == smiles


@pytest.mark.parametrize(
    ("structure", "reason"),
    [
        ("", Reason.EMPTY_RECORD),
        ("C1CC", Reason.INVALID_STRUCTURE),
        ("c1cccc1", Reason.INVALID_STRUCTURE),
        ("C" * 51, Reason.TOO_LARGE),
    ],
)
def test_what_cannot_be_read_has_a_reason(structure: str, reason: Reason) -> None:
    with pytest.raises(LigandError) as caught:
        read_molecule(structure, "smiles", 50)
    assert caught.value.reason is reason


def test_a_double_bond_stays_where_charges_are_moved_beside_it() -> None:
    drawn = "CC/C=N/N/C([S-])=[NH+]/CC"
    assert standardise(drawn, "smiles", SETTINGS).smiles == "CC/C=N/NC(=S)NCC"
