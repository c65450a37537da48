from __future__ import annotations

from pathlib import Path

import gemmi
import numpy as np
import openmm
import pytest
from openmm import unit
from rdkit import Chem

from screenmm.config.settings import Pocket, Receptor
from screenmm.core.errors import ReceptorError
from screenmm.receptor.forcefield import polymer_system
from screenmm.receptor.names import CHARGES
from screenmm.receptor.prepare import choose_residues
from screenmm.receptor.structure import Residue, Structure

from ...modified import (
    ACYLATED,
    MODIFICATIONS,
    NUCLEOTIDES,
    Modification,
    modify,
    start_with,
    strand,
)
from .conftest import Prepare, changes

# of the demo's receptor: residues 3 to 6 Å from the ligand, and more than 20 Å away
NEAR = {"LYS": 22, "TYR": 92, "MET": 90, "ALA": 40, "GLU": 17}
FAR = {"LYS": 251, "CYS": 254, "TYR": 288, "MET": 231, "ALA": 227, "GLU": 222, "HIS": 258}


def chosen(path: Path, ligand: Path, **receptor: object) -> Structure:
    return choose_residues(Receptor(structure=path, **receptor), Pocket(ligand=ligand))[0]


def numbered(structure: Structure, number: int) -> Residue:
    return next(each for each in structure.residues if each.number == number)


def converted(structure: Structure) -> dict[str, str]:
    return {each.residue: each.detail for each in structure.changes if each.kind == "converted"}


SIDE_CHAINS = {
    "KCX": "CCCCCNC(=O)[O-]",
    "ALY": "CCCCCNC(C)=O",
    "LLP": "CCCCCN=Cc1c(COP(=O)([O-])[O-])cnc(C)c1O",
    "CSD": "CCS(=O)[O-]",
    "OCS": "CCS(=O)(=O)[O-]",
    "TYS": "CCc1ccc(OS(=O)(=O)[O-])cc1",
    "CGU": "CCC(C(=O)[O-])C(=O)[O-]",
    "CIR": "CCCCNC(N)=O",
    "PHD": "CCC(=O)OP(=O)([O-])[O-]",
    "NEP": "CCc1cn(P(=O)([O-])[O-])cn1",
    "GME": "CCCC(=O)OC",
    "SEC": "CC[Se-]",  # its pKa is 5.2
    "PYL": "CCCCCNC(=O)C1N=CCC1C",
    "ORN": "CCCC[NH3+]",
    "DAB": "CCC[NH3+]",
}
"""From CA on, as they are at pH 7.4; names of the wwPDB's dictionary."""


def test_charges_of_modified_residues_are_those_of_their_structures() -> None:
    drawn = {name: Chem.MolFromSmiles(smiles) for name, smiles in SIDE_CHAINS.items()}
    assert {name: Chem.GetFormalCharge(mol) for name, mol in drawn.items()} == CHARGES


@pytest.mark.parametrize(
    ("name", "variant", "detail"),
    [
        ("KCX", "LYN", "KCX modelled as LYN, without CX OQ1 OQ2, charge -1 becomes 0"),
        ("ALY", "LYN", "ALY modelled as LYN, without CH OH CH3"),
        ("MLZ", None, "MLZ modelled as LYS, without CM"),
        ("MLY", None, "MLY modelled as LYS, without CH1 CH2"),
        ("M3L", None, "M3L modelled as LYS, without CM1 CM2 CM3"),
        ("CSO", "CYS", "CSO modelled as CYS, without OD"),
        ("OCS", "CYS", "OCS modelled as CYS, without OD1 OD2 OD3, charge -1 becomes 0"),
        ("TYS", None, "TYS modelled as TYR, without S O1 O2 O3, charge -1 becomes 0"),
        ("CGU", None, "CGU modelled as GLU, without CD2, charge -2 becomes -1"),
        ("HIC", "HIE", "HIC modelled as HIE, without CZ"),
    ],
)
def test_far_from_the_pocket_the_parent_will_do(
    tyk2_protein: Path, tyk2_ligand: Path, tmp_path: Path,
    name: str, variant: str | None, detail: str,
) -> None:  # fmt: skip
    change = MODIFICATIONS[name]
    number = FAR[change.parent]
    path = modify(tyk2_protein, tmp_path / "p.pdb", {number: change})
    structure = chosen(path, tyk2_ligand)
    assert converted(structure) == {f"A:{name}:{number}": f"{detail}; check it where it matters"}
    residue = numbered(structure, number)
    assert (residue.name, residue.variant) == (change.parent, variant)


@pytest.mark.parametrize("name", ["KCX", "ALY", "MLZ", "MLY", "M3L", "TYS", "CGU"])
def test_near_the_pocket_it_is_an_error_unless_accepted(
    tyk2_protein: Path, tyk2_ligand: Path, tmp_path: Path, name: str
) -> None:
    number = NEAR[MODIFICATIONS[name].parent]
    path = modify(tyk2_protein, tmp_path / "p.pdb", {number: MODIFICATIONS[name]})
    label = f"A:{name}:{number}"
    with pytest.raises(ReceptorError, match=f"{label} .* Å from the pocket .*List {label} in rec"):
        chosen(path, tyk2_ligand)
    for accepted in (label, name, f"{name}:{number}", f"A:{name}"):
        assert label in converted(chosen(path, tyk2_ligand, model_as_parent=[accepted]))
    with pytest.raises(ReceptorError, match=f"no modified residue XYZ .*residues: {label}"):
        chosen(path, tyk2_ligand, model_as_parent=["XYZ"])


@pytest.mark.parametrize("name", ["MSE", "DAL"])
def test_models_with_the_same_atoms_stand_anywhere(
    tyk2_protein: Path, tyk2_ligand: Path, tmp_path: Path, name: str
) -> None:
    change = MODIFICATIONS[name]
    path = modify(tyk2_protein, tmp_path / "p.pdb", {NEAR[change.parent]: change})
    structure = chosen(path, tyk2_ligand)
    label = f"A:{name}:{NEAR[change.parent]}"
    assert converted(structure) == {label: f"{name} modelled as {change.parent}"}


def test_mutated_residue_is_judged_as_mutated(
    tyk2_protein: Path, tyk2_ligand: Path, tmp_path: Path
) -> None:
    path = modify(tyk2_protein, tmp_path / "p.pdb", {22: MODIFICATIONS["KCX"]})
    structure = chosen(path, tyk2_ligand, mutations=["K22A"])
    assert numbered(structure, 22).name == "ALA"
    said = "LYS to ALA (K22A), without CG CD CE NZ"
    assert said in [each.detail for each in structure.changes]


def test_lost_atom_at_a_metal_is_an_error(
    tyk2_protein: Path, tyk2_ligand: Path, tmp_path: Path
) -> None:
    path = modify(tyk2_protein, tmp_path / "p.pdb", {251: MODIFICATIONS["KCX"]})
    structure = chosen(path, tyk2_ligand)
    assert converted(structure)
    carbon, oxygen = (
        np.array([float(line[at : at + 8]) for at in (30, 38, 46)])
        for name in ("CX ", "OQ1")
        for line in path.read_text().splitlines()
        if f" {name} KCX" in line
    )
    x, y, z = oxygen + 2 * (oxygen - carbon) / np.linalg.norm(oxygen - carbon)
    zinc = f"HETATM 9999 ZN    ZN   900    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00          ZN"
    path.write_text(path.read_text().replace("END", f"{zinc}\nEND"))
    with pytest.raises(ReceptorError, match=r"has its OQ1 2\.0 Å from the metal A:ZN:900"):
        chosen(path, tyk2_ligand)


@pytest.mark.parametrize(
    ("name", "start", "detail"),
    [
        ("PCA", ["ACE", "SER"], "PCA modelled as ACE, without N CB CG CD OE"),
        ("FME", ["ACE", "MET", "SER"], "FME modelled as ACE-MET, with CH3 added"),
        ("SAC", ["ACE", "SER", "SER"], "SAC modelled as ACE-SER"),
    ],
)
def test_acylated_start_is_neutral(
    prepare: Prepare, tyk2_protein: Path, tmp_path: Path,
    name: str, start: list[str], detail: str,
) -> None:  # fmt: skip
    path = start_with(tyk2_protein, tmp_path / "p.pdb", 212, name, ACYLATED[name])
    made = prepare(path, {"residues": ["A:280"]})
    found = changes(made, "converted")[f"A:{name}:212"]
    assert found.removesuffix("; check it where it matters") == detail
    residues = list(made.topology.residues())
    assert [each.name for each in residues[: len(start)]] == start
    # an amide has one hydrogen, an ammonium three
    second = [atom.name for atom in residues[1].atoms()]
    assert "H" in second
    assert "H2" not in second
    system = polymer_system(made.topology)
    (field,) = (each for each in system.getForces() if isinstance(each, openmm.NonbondedForce))
    charges = [
        field.getParticleParameters(atom.index)[0].value_in_unit(unit.elementary_charge)
        for each in residues[: len(start)]
        for atom in each.atoms()
    ]
    assert sum(charges) == pytest.approx(0, abs=1e-4)


def test_lactam_near_the_pocket_is_an_error(
    tyk2_protein: Path, tyk2_ligand: Path, tmp_path: Path
) -> None:
    path = start_with(tyk2_protein, tmp_path / "p.pdb", 91, "PCA", ACYLATED["PCA"])
    with pytest.raises(ReceptorError, match=r"A:PCA:91 .* 3\.9 Å from the pocket"):
        chosen(path, tyk2_ligand)


@pytest.mark.parametrize(
    ("name", "detail"),
    [
        ("5CM", "5CM modelled as DC, without C5A"),
        ("5MC", "5MC modelled as C, without CM5"),
        ("OMC", "OMC modelled as C, without CM2"),
        ("PSU", "PSU modelled as U, with C5 and N1 exchanged"),
        ("1MA", "1MA modelled as A, without CM1"),
        ("7MG", "7MG modelled as G, without CM7"),
        ("4SU", "4SU modelled as U, without S4, with O4 added"),
        ("BRU", "BRU modelled as DT, without BR, with C7 added"),
        ("7DG", "7DG modelled as DG, without C7, with N7 added"),
        ("H2U", "H2U modelled as U, with the bonds of U"),
        ("8OG", "8OG modelled as DG, without O8"),
        ("DU", "DU modelled as DT, with C7 added"),
        ("I", "I modelled as G, with N2 added"),
    ],
)
def test_modified_nucleotide_keeps_its_strand(
    prepare: Prepare, tmp_path: Path, name: str, detail: str
) -> None:
    parent = NUCLEOTIDES[name].parent
    names = ["DA", "DC", "DG", name, "DC", "DT"]
    if not parent.startswith("D"):
        names = ["A", "C", "G", name, "C", "U"]
    made = prepare(strand(tmp_path / "p.pdb", names), {"residues": ["1"]})
    assert changes(made, "converted") == {f"A:{name}:4": f"{detail}; check it where it matters"}
    assert not changes(made, "gap")
    assert [each.name for each in made.topology.residues()] == [*names[:3], parent, *names[4:]]


def test_added_atoms_of_bases_lie_in_their_plane(tmp_path: Path) -> None:
    path = strand(tmp_path / "p.pdb", ["DA", "DC", "DG", "BRU", "DC", "DT"])
    structure = choose_residues(Receptor(structure=path), Pocket(residues=["1"]))[0]
    base = numbered(structure, 4)
    xyz = {atom.name: atom.xyz for atom in base.heavy()}
    # C5–C7 1.50 Å (Parkinson et al., Acta Cryst. D52, 57, 1996: 1.496), 120° to both sides
    assert np.linalg.norm(xyz["C7"] - xyz["C5"]) == pytest.approx(1.5, abs=0.02)
    normal = np.cross(xyz["C4"] - xyz["C5"], xyz["C6"] - xyz["C5"])
    normal /= np.linalg.norm(normal)
    assert abs(float(np.dot(xyz["C7"] - xyz["C5"], normal))) < 0.05


def test_nucleotide_of_another_skeleton_is_refused_with_a_remedy_that_works(
    tmp_path: Path,
) -> None:
    path = strand(tmp_path / "p.pdb", ["DA", "DC", "DG", "DT", "DC", "DT"])
    lines = path.read_text().splitlines()
    # an abasic site has the sugar alone
    kept = [x for x in lines if x[22:26] != "   4" or x[12:16].strip()[-1] in "'P12"]
    gone = [x.replace(" DT A   4", "3DR A   4") for x in kept if " N1 " not in x or "4 " in x[22:]]
    bare = [x for x in gone if not (x[22:26] == "   4" and x[12:16].strip() in ("N1", "C2", "O2"))]
    path.write_text("\n".join(bare))
    pocket = Pocket(residues=["1"])
    with pytest.raises(ReceptorError, match=r"A:3DR:4 .* cannot be modelled.*\.remove"):
        choose_residues(Receptor(structure=path), pocket)
    structure = choose_residues(Receptor(structure=path, remove=["A:3DR:4"]), pocket)[0]
    assert [each.number for each in structure.residues] == [1, 2, 3, 5, 6]
    assert structure.changes[0].detail == "asked for; chain A is cut there"


def test_longer_backbone_is_refused(tyk2_protein: Path, tyk2_ligand: Path, tmp_path: Path) -> None:
    # statine, of pepstatin, has two carbons between CA and C
    path = modify(tyk2_protein, tmp_path / "p.pdb", {227: Modification("STA", "ALA")})
    structure = gemmi.read_structure(str(path))
    residue = structure[0][0]["227"][0]
    for name in ("C", "O"):
        residue[name][0].pos.x += 2.5
    residue = structure[0][0]["228"][0]
    residue["N"][0].pos = structure[0][0]["227"][0]["C"][0].pos + gemmi.Position(0, 1.33, 0)
    structure.write_pdb(str(path))
    with pytest.raises(ReceptorError, match="A:STA:227 has another backbone"):
        chosen(path, tyk2_ligand)
    assert 227 not in [each.number for each in chosen(path, tyk2_ligand, remove=["STA"]).residues]


def test_chain_is_not_cut_by_a_link_of_another_kind(
    tyk2_protein: Path, tyk2_ligand: Path, tmp_path: Path
) -> None:
    # as the chromophore of fluorescent proteins: its own names for the chain's atoms
    path = tmp_path / "p.pdb"
    names = {" N  ": " N1 ", " C  ": " C3 ", " CA ": " CA1"}
    lines = [
        f"HETATM{x[6:12]}{names.get(x[12:16], x[12:16])} CRX{x[20:]}" if x[22:26] == " 227" else x
        for x in tyk2_protein.read_text().splitlines()
    ]
    path.write_text("\n".join(lines))
    with pytest.raises(ReceptorError, match=r"A:CRX:227 links A:\w+:226 and A:\w+:228 otherwise"):
        chosen(path, tyk2_ligand)
    structure = chosen(path, tyk2_ligand, remove=["CRX"])
    assert structure.changes[1].detail == "asked for; chain A is cut there"


def test_a_standard_residue_goes_by_its_label_alone(bare_tyk2: Path, tyk2_ligand: Path) -> None:
    structure = chosen(bare_tyk2, tyk2_ligand, remove=["LYS:251"])
    assert 251 not in [each.number for each in structure.residues]
    assert ("removed", "asked for; chain A is cut there") in [
        (each.kind, each.detail) for each in structure.changes
    ]
    with pytest.raises(ReceptorError, match="remove: no residue LYS in the kept chains"):
        chosen(bare_tyk2, tyk2_ligand, remove=["LYS"])
