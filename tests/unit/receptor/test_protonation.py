from __future__ import annotations

import resource
from pathlib import Path

import numpy as np
import pytest
from propka.atom import Atom as PropkaAtom

from screenmm.receptor.chains import find_segments
from screenmm.receptor.hydrogens import keep_own_hydrogens
from screenmm.receptor.protonation import _pdb_lines, assign_states
from screenmm.receptor.reading import read_structure
from screenmm.receptor.structure import Atom, Residue, Structure


def states(structure: Structure, ph: float) -> dict[int, str | None]:
    segments = find_segments(structure)
    assign_states(structure, segments, [], ph)
    return {each.number: each.variant for each in structure.residues if each.variant}


def test_acids_and_histidines_follow_the_ph(bare_tyk2: Path) -> None:
    acidic = states(read_structure(bare_tyk2), 2.0)
    neutral = states(read_structure(bare_tyk2), 7.4)
    structure = read_structure(bare_tyk2)
    acids = [each.number for each in structure.residues if each.name in ("ASP", "GLU")]
    assert sum(acidic[number] in ("ASH", "GLH") for number in acids) > 0.8 * len(acids)
    assert sum(neutral[number] in ("ASP", "GLU") for number in acids) > 0.9 * len(acids)
    histidines = [each.number for each in structure.residues if each.name == "HIS"]
    assert sum(acidic[number] == "HIP" for number in histidines) > 6


@pytest.mark.parametrize(
    ("name", "element", "written"),
    [
        ("C", "C", " C  "), ("C1A", "C", " C1A"), ("C10A", "C", "C10A"), ("CL1", "Cl", "CL1 "),
        # mmCIF has room for more
        ("C10AB", "C", "C10A"), ("CL10B", "Cl", "CL10"),
    ],
)  # fmt: skip
def test_propka_reads_the_columns_of_every_atom(name: str, element: str, written: str) -> None:
    """Columns 13 to 16, as version 3.3 of the PDB format aligns names."""
    xyz = np.array([12.345, -23.456, -107.89])
    residue = Residue("A", "LIGAND", 1, "", [Atom(name, element, xyz)])
    (line,) = _pdb_lines("HETATM", residue, "9", 1, 0)
    assert line[12:16] == written
    read = PropkaAtom(line=line)
    assert (read.x, read.y, read.z) == tuple(xyz)
    assert (read.res_name, read.chain_id) == ("LIG", "9")


def test_a_machine_without_files_to_open_gives_no_default_states(bare_tyk2: Path) -> None:
    structure = read_structure(bare_tyk2)
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    # PROPKA reads its parameters from a file
    resource.setrlimit(resource.RLIMIT_NOFILE, (3, limits[1]))
    try:
        with pytest.raises(OSError, match="Too many open files"):
            states(structure, 7.4)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)


def test_the_files_own_states_hold(tyk2_protein: Path) -> None:
    structure = read_structure(tyk2_protein)
    named = {each.number: each.variant for each in structure.residues if each.name == "HIS"}
    found = states(structure, 2.0)  # the pH has no say over a prepared file
    assert {number: found[number] for number in named} == named


def test_hydrogens_of_the_file_tell_the_states_that_its_names_do_not(
    tyk2_protein: Path, tmp_path: Path
) -> None:
    named: dict[int, str] = {}
    lines = []
    for line in tyk2_protein.read_text().splitlines():
        if line[17:20] in ("HID", "HIE", "HIP"):
            named[int(line[22:26])] = line[17:20]
        lines.append(line.replace(line[17:20], "HIS", 1) if line[17:20] in named.values() else line)
    path = tmp_path / "p.pdb"
    path.write_text("\n".join(lines))
    assert len(named) == 13
    # at this pH PROPKA would protonate most of them
    found = states(read_structure(path), 2.0)
    assert {number: found[number] for number in named} == named


def test_half_a_disulfide_is_a_thiol(tyk2_protein: Path) -> None:
    # this file names six cysteines CYX whose sulfurs stand 3.7 Å and more apart
    file = tyk2_protein.parent.parent / "bace" / "Bace_protein.pdb"
    structure = read_structure(file)
    named = [each for each in structure.residues if each.variant == "CYX"]
    assert len(named) == 6
    assert assign_states(structure, find_segments(structure), [], 7.4) == []
    assert {each.variant for each in named} == {"CYS"}


def test_hydrogens_of_other_programs_get_standard_names(tyk2_protein: Path) -> None:
    structure = read_structure(tyk2_protein)
    residue = next(each for each in structure.residues if each.name == "LEU")
    places = sorted(tuple(atom.xyz) for atom in residue.hydrogens())
    for number, atom in enumerate(residue.hydrogens()):
        atom.name = f"Q{number}"
    dropped = keep_own_hydrogens(residue, first=False, last=False)
    assert dropped == []
    assert {"H", "HA", "HB2", "HB3", "HG"} < {atom.name for atom in residue.hydrogens()}
    assert np.allclose(sorted(tuple(atom.xyz) for atom in residue.hydrogens()), places)


def test_a_disulfide_of_trypsin(fragments: Path) -> None:
    structure = read_structure(fragments / "1bju.pdb")
    ((one, other),) = assign_states(structure, find_segments(structure), [], 7.4)
    # SSBOND 2 of the entry, with the length that it names
    assert {one.label, other.label} == {"A:CYS:42", "A:CYS:58"}
    assert {one.variant, other.variant} == {"CYX"}
    (note,) = [each.detail for each in structure.changes if each.kind == "disulfide"]
    assert note == "SG–SG 2.01 Å"


def test_histidines_keep_the_nitrogen_that_an_expert_protonated(
    tyk2_protein: Path, bare_tyk2: Path
) -> None:
    """The preparers' choice for TYK2, found again without its hydrogens."""
    theirs = {e.number: e.variant for e in read_structure(tyk2_protein).residues if e.name == "HIS"}
    ours = states(read_structure(bare_tyk2), 7.4)
    assert len(theirs) == 13
    assert set(theirs.values()) == {"HID", "HIE", "HIP"}
    assert sum(ours[number] == variant for number, variant in theirs.items()) >= 10
