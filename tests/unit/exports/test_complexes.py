from __future__ import annotations

from pathlib import Path

import gemmi
import numpy as np
import pytest
from openmm import unit
from openmm.app import PDBxFile
from rdkit import Chem

from screenmm.core.errors import LedgerError
from screenmm.exports.complexes import complex_text, safe_name, write_complexes
from screenmm.exports.hits import write_hits
from tests.unit.screens import HOSTILE, RECEPTORS, TYK2_ATOMS, Screen

TOP = 2


@pytest.fixture(scope="module")
def made(screen: Screen, ranked, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("complexes")
    write_hits(ranked, screen.sdf, folder / "hits.sdf")
    assert write_complexes(
        ranked, folder / "hits.sdf", screen.structures, folder / "complexes", TOP
    ) == TOP * len(RECEPTORS)  # fmt: skip
    return folder


@pytest.fixture(scope="module")
def hits(made: Path) -> dict[tuple[str, int], Chem.Mol]:
    mols = Chem.SDMolSupplier(str(made / "hits.sdf"), removeHs=False)
    return {(m.GetProp("receptor"), m.GetIntProp("rank")): m for m in mols}


def _expected(screen: Screen, mol: Chem.Mol) -> np.ndarray:
    """Receptor with its moved atoms, then the ligand; Å."""
    receptor = PDBxFile(str(screen.structures[mol.GetProp("receptor")]))
    xyz = receptor.getPositions(asNumpy=True).value_in_unit(unit.angstrom).copy()
    (score,) = (
        row for row in screen.scores
        if (row["receptor"], row["state"], row["pose"])
        == (mol.GetProp("receptor"), mol.GetProp("state"), mol.GetIntProp("pose"))
    )  # fmt: skip
    xyz[score["moved_atoms"]] = np.array(score["moved_xyz_angstrom"]).reshape(-1, 3)
    return np.vstack([xyz, mol.GetConformer().GetPositions()])


def _files(made: Path) -> list[Path]:
    return sorted((made / "complexes").rglob("*.cif"))


def test_names_say_rank_and_name(made: Path, hits) -> None:
    for receptor in RECEPTORS:
        names = sorted(path.name for path in (made / "complexes" / receptor).iterdir())
        assert names == [
            f"{rank:04d}_{hits[receptor, rank].GetProp('name')}.cif" for rank in (1, 2)
        ]


def test_the_bonds_of_every_residue_are_listed(screen: Screen, made: Path) -> None:
    """PyMOL takes the list as complete; OpenMM has the same bonds from its own templates."""
    listed: dict[str, set[frozenset[str]]] = {}
    orders = {}
    block = gemmi.cif.read(str(_files(made)[0])).sole_block()
    tags = ["comp_id", "atom_id_1", "atom_id_2", "value_order"]
    for row in block.find("_chem_comp_bond.", tags):
        name, one, two, order = (row.str(i) for i in range(4))
        listed.setdefault(name, set()).add(frozenset((one, two)))
        orders[name, frozenset((one, two))] = order
    topology = PDBxFile(str(screen.structures["wt"])).topology
    known: dict[str, set[frozenset[str]]] = {}
    for one, two in topology.bonds():
        if one.residue is two.residue:
            known.setdefault(one.residue.name, set()).add(frozenset((one.name, two.name)))
    assert known
    assert {name: listed[name] for name in known} == known
    assert set(listed) == {*known, "LIG"}
    assert orders["LEU", frozenset("CO")] == "doub"
    assert orders["PHE", frozenset(("CG", "CD1"))] == "arom"
    assert orders["LEU", frozenset(("CA", "CB"))] == "sing"


def test_openmm_reads_atoms_coordinates_and_bonds(screen: Screen, made: Path, hits) -> None:
    path = _files(made)[0]
    mol = hits[path.parent.name, 1]
    file = PDBxFile(str(path))
    xyz = file.getPositions(asNumpy=True).value_in_unit(unit.angstrom)
    assert xyz == pytest.approx(_expected(screen, mol), abs=1e-3)
    residue = list(file.topology.residues())[-1]
    assert residue.name == "LIG"
    assert residue.chain.id not in {c.id for c in list(file.topology.chains())[:-1]}
    bonds = {
        frozenset((b[0].index - TYK2_ATOMS, b[1].index - TYK2_ATOMS))
        for b in file.topology.bonds()
        if b[0].residue is residue
    }
    assert bonds == {frozenset((b.GetBeginAtomIdx(), b.GetEndAtomIdx())) for b in mol.GetBonds()}
    receptor = PDBxFile(str(screen.structures["wt"]))
    receptor_bonds = sum(b[0].residue is not residue for b in file.topology.bonds())
    assert receptor_bonds == pytest.approx(receptor.topology.getNumBonds(), abs=12)


def test_gemmi_reads_polymer_ligand_and_coordinates(screen: Screen, made: Path, hits) -> None:
    for path in _files(made):
        mol = hits[path.parent.name, int(path.name[:4])]
        structure = gemmi.read_structure(str(path))
        xyz = np.array([cra.atom.pos.tolist() for cra in structure[0].all()])
        assert xyz == pytest.approx(_expected(screen, mol), abs=1e-3)
        kinds = {e.entity_type for e in structure.entities}
        assert kinds == {gemmi.EntityType.Polymer, gemmi.EntityType.NonPolymer}
        ligand = structure[0][-1][0]
        assert ligand.name == "LIG"
        assert len({atom.name for atom in ligand}) == mol.GetNumAtoms()
        assert sum(a.charge for a in ligand) == Chem.GetFormalCharge(mol)


def test_components_have_types(made: Path) -> None:
    block = gemmi.cif.read(str(_files(made)[0])).sole_block()
    types = {row.str(0): row.str(1) for row in block.find("_chem_comp.", ["id", "type"])}
    assert types["LIG"] == "non-polymer"
    assert types["GLY"] == "peptide linking"
    assert types["ALA"] == "L-peptide linking"


def test_bytes_are_the_same_again_and_old_files_go(
    screen: Screen, ranked, made: Path, tmp_path
) -> None:
    folder = tmp_path / "complexes"
    (folder / "wt").mkdir(parents=True)
    (folder / "wt/0009_old.cif").write_text("old")
    write_complexes(ranked, made / "hits.sdf", screen.structures, folder, 1)
    files = sorted(folder.rglob("*.cif"))
    assert [f.name[:4] for f in files] == ["0001", "0001"]
    for file in files:
        again = made / "complexes" / file.relative_to(folder)
        assert file.read_bytes() == again.read_bytes()
    assert "OpenMM" not in files[0].read_text()


def test_no_complexes_leave_a_folder(screen: Screen, ranked, made: Path, tmp_path) -> None:
    count = write_complexes(ranked, made / "hits.sdf", screen.structures, tmp_path / "c", 0)
    assert count == 0
    assert sorted(p.name for p in (tmp_path / "c").iterdir()) == sorted(RECEPTORS)


def test_a_disulfide_is_named(screen: Screen, hits) -> None:
    text = screen.structures["wt"].read_text()
    receptor = PDBxFile(str(screen.structures["wt"]))
    one, two = [a.index for a in receptor.topology.atoms() if a.name == "SG"][:2]
    moved = {one: [0.0, 0.0, 0.0], two: [0.0, 0.0, 2.04]}
    structure = gemmi.read_structure_string(complex_text(text, moved, hits["wt", 1], "title"))
    kinds = [c.type for c in structure.connections]
    assert kinds.count(gemmi.ConnectionType.Disulf) == 1


def test_a_cofactor_called_lig_keeps_its_name(screen: Screen, hits) -> None:
    text = screen.structures["wt"].read_text().replace("NME", "LIG")
    structure = gemmi.read_structure_string(complex_text(text, {}, hits["wt", 1], "title"))
    assert [r.name for c in structure[0] for r in c if r.name.startswith("L")][-1] == "LG0"


def test_moved_atoms_and_coordinates_must_match(screen: Screen, con, made: Path, tmp_path) -> None:
    con.execute("CREATE OR REPLACE TABLE short AS SELECT * REPLACE (moved_atoms[:3] AS moved_atoms) FROM moved")  # fmt: skip # noqa: E501
    con.execute("DROP VIEW moved")
    con.execute("ALTER TABLE short RENAME TO moved")
    with pytest.raises(LedgerError, match="3 moved atoms but 120 coordinates"):
        write_complexes(con, made / "hits.sdf", screen.structures, tmp_path / "c", 1)


@pytest.mark.parametrize("name", [*HOSTILE, "../../etc/passwd", "..", "", "a" * 300])
def test_safe_names_stay_in_their_folder(name: str) -> None:
    safe = safe_name(name, "KEY")
    assert safe
    assert len(safe) <= 60
    assert Path(safe).name == safe
    assert not safe.startswith(".")
