"""What real files do to chains, models, alternates and labels, made from the demo's receptor."""

from __future__ import annotations

import re
from collections import Counter
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

from screenmm.config.settings import Pocket, Receptor
from screenmm.core.errors import ReceptorError
from screenmm.receptor.modified import is_named
from screenmm.receptor.names import IONS
from screenmm.receptor.prepare import PreparedReceptor, choose_residues
from screenmm.receptor.reading import read_structure
from screenmm.receptor.rebuild import drop_broken
from screenmm.receptor.selection import select_waters
from screenmm.receptor.structure import Structure, bond_length
from tests.unit.receptor.conftest import Prepare


def atom_lines(path: Path, first: int = -99, last: int = 999) -> list[str]:
    return [
        line
        for line in path.read_text().splitlines()
        if line.startswith(("ATOM", "HETATM")) and first <= int(line[22:26]) <= last
    ]


def moved(line: str, by: float) -> str:
    return f"{line[:30]}{float(line[30:38]) + by:8.3f}{line[38:]}"


def read(folder: Path, lines: list[str]) -> Structure:
    path = folder / "s.pdb"
    path.write_text("\n".join([*lines, "END", ""]))
    return read_structure(path)


def told(structure: Structure, kind: str) -> dict[str, str]:
    return {each.residue: each.detail for each in structure.changes if each.kind == kind}


def reasons(structure: Structure) -> dict[str, int]:
    return structure.conservation.tally(
        [a.source for r in structure.residues for a in r.heavy() if a.source is not None], 0
    ).removed


def test_two_copies_without_letters_are_prepared(
    prepare: Prepare, tyk2_protein: Path, tyk2_ligand: Path, tyk2: PreparedReceptor, tmp_path: Path
) -> None:
    lines = atom_lines(tyk2_protein)
    path = tmp_path / "dimer.pdb"
    path.write_text("\n".join([*lines, *(moved(each, 90.0) for each in lines), "END"]))
    dimer = prepare(path, {"ligand": tyk2_ligand})
    assert dimer.topology.getNumAtoms() == 2 * tyk2.topology.getNumAtoms()
    assert [chain.id for chain in dimer.topology.chains()] == ["A", "B"]
    assert dimer.pocket.lining == tyk2.pocket.lining
    assert dimer.heavy_atoms.read == dimer.heavy_atoms.kept == 2 * tyk2.heavy_atoms.read
    # one copy is where the file has it, to the last bit
    half = tyk2.topology.getNumAtoms()
    assert np.array_equal(dimer.positions_angstrom[:half], tyk2.positions_angstrom)


def test_a_side_chain_in_a_lesser_alternate_is_built(
    prepare: Prepare, tyk2_protein: Path, tyk2_ligand: Path, tmp_path: Path
) -> None:
    """CB, CG of an arginine in A and B, the rest of it in B alone and out of place."""
    lines = atom_lines(tyk2_protein)
    number = next(int(line[22:26]) for line in lines if line[17:20] == "ARG")
    out = []
    for line in lines:
        name = line[12:16].strip()
        if int(line[22:26]) != number or name in ("N", "CA", "C", "O", "H", "HA"):
            out.append(line)
            continue
        if name in ("CB", "CG"):
            out.append(f"{line[:16]}A{line[17:54]}  0.60{line[60:]}")
        out.append(moved(f"{line[:16]}B{line[17:54]}  0.40{line[60:]}", 1.8))
    path = tmp_path / "mixed.pdb"
    path.write_text("\n".join([*out, "END"]))
    receptor = prepare(path, {"ligand": tyk2_ligand})
    assert receptor.heavy_atoms.removed == {"alternate location": 7}
    assert receptor.heavy_atoms.added == 5
    assert f"A:ARG:{number}: heavy atoms CD NE CZ NH1 NH2" in receptor.report_text()
    assert receptor.report_json()["heavy_atoms"]["read"] == 2352 + 2


def test_linked_neighbours_take_one_label(tyk2_protein: Path, tmp_path: Path) -> None:
    """Each would choose its own: 0.51 of A in one, 0.60 of B in the next."""
    lines = []
    for line in atom_lines(tyk2_protein, 30, 33):
        number = int(line[22:26])
        if number not in (31, 32):
            lines.append(line)
            continue
        share = {31: 0.51, 32: 0.40}[number]
        lines.append(f"{line[:16]}A{line[17:54]}{share:6.2f}{line[60:]}")
        other = moved(f"{line[:16]}B{line[17:54]}{1 - share:6.2f}{line[60:]}", 0.6)
        lines.append(other)
    structure = read(tmp_path, lines)
    notes = told(structure, "alternate location")
    assert len(notes) == 2
    assert all(note.startswith("kept B") for note in notes.values())
    assert any("as its neighbours" in note for note in notes.values())


def test_ligands_go_with_the_nearest_chain(tyk2_protein: Path, tmp_path: Path) -> None:
    lines = atom_lines(tyk2_protein, 30, 40)
    x, y, z = (float(lines[0][start : start + 8]) for start in (30, 38, 46))
    ligand = f"HETATM 9000  C1  LIG   900    {x + 8:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00           C"
    second = [moved(each, 60.0) for each in lines]
    structure = read(tmp_path, [*lines, "TER", *second, "TER", moved(ligand, 60.0), ligand])
    assert [each.label for each in structure.of_kind("other")] == ["A:LIG:900", "B:LIG:900"]
    assert reasons(structure) == {}


def test_letters_begin_anew_where_the_first_are_taken(tyk2_protein: Path, tmp_path: Path) -> None:
    lines = atom_lines(tyk2_protein, 30, 40)
    copies = [*lines, "TER", *(moved(each, 60.0) for each in lines), "TER"]
    others = [f"{each[:21]}B{each[22:]}" for each in (moved(each, 120.0) for each in lines)]
    structure = read(tmp_path, [*copies, *others])
    assert list(dict.fromkeys(each.chain for each in structure.residues)) == ["A", "C", "B"]
    assert list(told(structure, "chain told apart")) == ["C"]


def test_a_gap_in_a_lettered_chain_stays_one_chain(tyk2_protein: Path, tmp_path: Path) -> None:
    lines = [f"{each[:21]}A{each[22:]}" for each in atom_lines(tyk2_protein, 30, 60)]
    kept = [each for each in lines if not 40 <= int(each[22:26]) <= 45]
    cut = next(k for k, each in enumerate(kept) if int(each[22:26]) > 45)
    structure = read(tmp_path, [*kept[:cut], "TER", *kept[cut:]])
    assert {each.chain for each in structure.residues} == {"A"}


def test_chains_on_top_of_one_another_are_refused(tyk2_protein: Path, tmp_path: Path) -> None:
    lines = atom_lines(tyk2_protein, 30, 40)
    with pytest.raises(ReceptorError, match=r"chain \(blank\) repeat their numbers and lie on top"):
        read(tmp_path, [*lines, "TER", *(moved(each, 0.5) for each in lines)])


def test_models_that_are_neither(tyk2_protein: Path, tmp_path: Path) -> None:
    lines = atom_lines(tyk2_protein, 30, 40)
    out: list[str] = []
    for model, by in enumerate((0.0, 0.3, 60.0), start=1):
        out += [f"MODEL {model:>8}", *(moved(each, by) for each in lines), "ENDMDL"]
    with pytest.raises(ReceptorError, match="3 models, of which 3 lie apart from the first"):
        read(tmp_path, out)


def test_water_on_an_axis_of_an_assembly_counts_once(tyk2_protein: Path, tmp_path: Path) -> None:
    lines = atom_lines(tyk2_protein)
    water = "HETATM 9000  O   HOH A 900      90.000  90.000  90.000  1.00  0.00           O"
    out: list[str] = []
    for model, by in enumerate((0.0, 200.0), start=1):
        out += [f"MODEL {model:>8}", *(moved(each, by) for each in lines), water, "ENDMDL"]
    structure = read(tmp_path, out)
    assert [each.label for each in structure.of_kind("water")] == ["A:HOH:900"]
    assert reasons(structure) == {"repeated atom": 1}
    assert told(structure, "repeated") == {"": "1 HOH on the very place of another: left out"}


def test_chains_dropped_are_counted(tyk2_protein: Path, tmp_path: Path) -> None:
    lines = atom_lines(tyk2_protein, 30, 40)
    path = tmp_path / "two.pdb"
    path.write_text("\n".join([*lines, "TER", *(moved(each, 60.0) for each in lines)]))
    structure = read_structure(path, ["B"])
    heavy = sum(len(each.heavy()) for each in structure.residues)
    assert reasons(structure) == {"chain dropped": heavy}
    with pytest.raises(ReceptorError, match="no chain Z; its chains: A, B"):
        read_structure(path, ["Z"])


@pytest.mark.parametrize(
    ("last", "wrong"),
    [
        (30, r"1 atom \(CA of \w+\)"),
        (31, r"2 atoms \(CA of \w+, CA of \w+\)"),
        (33, r"4 atoms \(CA of \w+, CA of \w+.*\)"),
    ],
)
def test_deuterium_and_wrong_elements_are_told(
    tyk2_protein: Path, tmp_path: Path, last: int, wrong: str
) -> None:
    lines = []
    for line in atom_lines(tyk2_protein, 30, last):
        name = line[12:16].strip()
        if name.startswith("H"):
            line = f"{line[:12]}{line[12:16].replace('H', 'D', 1)}{line[16:76]} D"  # noqa: PLW2901
        elif name == "CA":
            line = f"{line[:76]}CA"  # noqa: PLW2901
        lines.append(line)
    structure = read(tmp_path, lines)
    elements = Counter(atom.element for each in structure.residues for atom in each.atoms)
    assert set(elements) <= {"H", "C", "N", "O", "S"}
    assert told(structure, "deuterium") == {"": f"{elements['H']} atoms read as hydrogen"}
    assert re.fullmatch(f"Ca in the file read as C: {wrong}", told(structure, "element")[""])


def test_mixture_of_two_residues_at_one_place(tyk2_protein: Path, tmp_path: Path) -> None:
    lines = atom_lines(tyk2_protein, 30, 33)
    name = next(line[17:20] for line in lines if int(line[22:26]) == 31)
    out = []
    for line in lines:
        if int(line[22:26]) != 31:
            out.append(line)
            continue
        out.append(f"{line[:16]}A{line[17:54]}  0.40{line[60:]}")
        if line[12:16].strip() in ("N", "CA", "C", "O", "CB"):
            out.append(f"{line[:16]}BALA{line[20:54]}  0.60{line[60:]}")
    structure = read(tmp_path, out)
    (residue,) = (each for each in structure.residues if each.number == 31)
    assert residue.name == "ALA"
    assert told(structure, "alternate location") == {"A:ALA:31": f"kept ALA; left out {name}"}


def test_a_cap_may_share_a_number(tyk2_protein: Path, tmp_path: Path) -> None:
    lines = atom_lines(tyk2_protein, last=5)
    first = next(line for line in lines if line[17:20] != "ACE")
    shared = [
        f"{line[:22]}{first[22:26]}{line[26:]}" if line[17:20] == "ACE" else line for line in lines
    ]
    structure = read(tmp_path, shared)
    number = int(first[22:26])
    labels = [each.label for each in structure.residues]
    assert labels[:2] == [f"A:ACE:{number}", f"A:{first[17:20]}:{number}"]
    assert not told(structure, "renumbered")


def test_the_likelier_alternate_is_kept_and_a_tie_goes_by_label() -> None:
    """T4 lysozyme L99A, 4W51, as deposited: occupancies from 0.2 to 0.8, three ties."""
    proteins = Path(str(files("openff.toolkit"))) / "data/proteins"
    structure = read_structure(proteins / "T4-protein-unprocessed-4w51.pdb")
    kept = {
        residue: detail.split()[1]
        for residue, detail in told(structure, "alternate location").items()
        if ":HOH:" not in residue
    }
    likelier_b = {"A:MET:106"}  # 0.4 and 0.6; in nine others A, in MET 1, VAL 57, ARG 125 neither
    assert len(kept) == 13
    assert {residue for residue, label in kept.items() if label == "B"} == likelier_b
    (methionine,) = [each for each in structure.residues if each.label == "A:MET:106"]
    sulfur = methionine.find("SD")
    assert sulfur is not None
    assert sulfur.xyz == pytest.approx([30.860, -14.829, 3.987])


def test_only_a_chain_that_has_no_name_gets_one(fragments: Path, tmp_path: Path) -> None:
    lines = atom_lines(fragments / "2efj.pdb", 19, 25)
    assert told(read(tmp_path, lines), "chain named") == {}
    nameless = read(tmp_path, [f"{line[:21]} {line[22:]}" for line in lines])
    assert told(nameless, "chain named") == {"A": "it has no name in the file"}


def test_a_tie_between_alternates_goes_by_label(fragments: Path) -> None:
    structure = read_structure(fragments / "2efj.pdb")
    (serine,) = [each for each in structure.residues if each.number == 22]
    oxygen = serine.find("OG")
    assert oxygen is not None
    assert oxygen.xyz.tolist() == [-0.925, 20.526, 53.224]  # A, of 0.50 and 0.50


def test_wrapped_ions_of_one_label(tyk2_protein: Path, tmp_path: Path) -> None:
    lines = atom_lines(tyk2_protein, 30, 40)
    ion = "HETATM 9000 NA   NA  A9999    {:8.3f}  90.000  90.000  1.00  0.00"
    structure = read(tmp_path, [*lines, *(ion.format(100.0 + 8 * k) for k in range(3))])
    ions = list(structure.of_kind("ion"))
    assert [each.label for each in ions] == ["A:NA:9999", "A:NA:10000", "A:NA:10001"]
    assert {atom.element for each in ions for atom in each.atoms} == {"Na"}


def relabelled(lines: list[str], label: str, occupancy: float, by: float = 0.0) -> list[str]:
    return [moved(f"{x[:16]}{label}{x[17:54]}{occupancy:6.2f}{x[60:]}", by) for x in lines]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # the second residue has a label that the first lacks, and that is its likeliest
        ({"A": (0.6, 0), "B": (0.4, 2)}, {"A": (0.2, 0), "B": (0.3, 2), "C": (0.5, 2)}),
        # they share no label
        ({"A": (0.6, 0), "B": (0.4, 2)}, {"C": (0.3, 0), "D": (0.7, 2)}),
        # the first is not an alternate at all
        ({" ": (1.0, 0)}, {"A": (0.2, 0), "B": (0.8, 2)}),
    ],
)
def test_neighbours_in_alternates_stay_bonded(
    tyk2_protein: Path,
    tmp_path: Path,
    first: dict[str, tuple[float, float]],
    second: dict[str, tuple[float, float]],
) -> None:
    lines = atom_lines(tyk2_protein, 30, 33)
    for number, labels in ((31, first), (32, second)):
        own = [each for each in lines if int(each[22:26]) == number]
        lines = [each for each in lines if int(each[22:26]) != number]
        for label, (occupancy, by) in labels.items():
            lines += relabelled(own, label, occupancy, by)
    structure = read(tmp_path, sorted(lines, key=lambda each: int(each[22:26])))
    residues = list(structure.of_kind("polymer"))
    assert len(residues) == 4
    assert all(bond_length(*pair) == pytest.approx(1.33, abs=0.05) for pair in pairwise(residues))
    why = told(structure, "alternate location")[residues[2].label]
    assert why.startswith(f"kept {next(iter(second))}, as its neighbours")


@pytest.mark.parametrize(
    ("name", "symbol", "template"),
    [
        ("Na+", "", "NA"),
        ("Cl-", "Cl", "CL"),
        ("Zn2+", "Zn", "ZN"),
        ("MG+2", "", "MG"),
        ("CA2+", "CA", "CA"),
        ("CLA", "", "CL"),
    ],
)
def test_ions_are_known_by_the_names_of_other_programs(
    name: str, symbol: str, template: str, tyk2_protein: Path, tmp_path: Path
) -> None:
    lines = atom_lines(tyk2_protein, 30, 33)
    ion = f"HETATM 9000 {name:<4} {name:<4}  900      90.000   0.000   0.000  1.00  0.00"
    structure = read(tmp_path, [*lines, f"{ion:<76}{symbol:>2}"])
    (found,) = structure.of_kind("ion")
    assert IONS[found.name] == template
    # and it is named as in the file
    assert is_named(found, [name])


@pytest.mark.parametrize("by", [0.3, 0.9])
def test_two_poses_of_a_ligand_without_labels_are_one_ligand(
    by: float, tyk2_protein: Path, tmp_path: Path
) -> None:
    """A ring twice, the second moved by less than any bond is long."""
    names = ("C1", "C2", "C3", "C4", "C5", "N1")
    turns = np.arange(6) * np.pi / 3
    ring = [
        f"HETATM 9000  {name}  LIG A 900    {90 + 1.4 * np.cos(turn):8.3f}"
        f"{1.4 * np.sin(turn):8.3f}   0.000  1.00  0.00           {name[0]}"
        for name, turn in zip(names, turns, strict=True)
    ]
    lines = [*atom_lines(tyk2_protein, 30, 33), *ring, *(moved(each, by) for each in ring)]
    structure = read(tmp_path, lines)
    (ligand,) = structure.of_kind("other")
    assert [atom.name for atom in ligand.atoms] == list(names)
    assert reasons(structure) == {"repeated atom": 6}
    assert "stand twice without a label" in told(structure, "alternate location")[ligand.label]


def test_waters_of_other_programs(tyk2_protein: Path, tmp_path: Path) -> None:
    lines = atom_lines(tyk2_protein, 30, 33)
    names = ("HOH", "WAT", "SOL", "T3P", "OPC", "WTR")
    for number, name in enumerate(names, start=1):
        xyz = f"{90 + 3 * number:8.3f}   0.000   0.000"
        lines.append(f"HETATM 9000  O   {name} W{number:>4}    {xyz}  1.00  0.00           O")
    structure = read(tmp_path, lines)
    waters = list(structure.of_kind("water"))
    assert [each.name for each in waters] == ["HOH"] * 6
    assert all(is_named(each, [name]) for each, name in zip(waters, names, strict=True))


def test_waters_on_one_another_are_one_water(
    tyk2_protein: Path, tyk2_ligand: Path, tmp_path: Path
) -> None:
    """Half a water at each of two places, without a label or with its own number and label."""
    lines = atom_lines(tyk2_protein)
    for number, x in enumerate((90.0, 90.8, 91.7, 94.0), start=1):
        label = "AB  "[number - 1]
        lines.append(
            f"HETATM 9000  O  {label}HOH W{number:>4}    {x:8.3f}   0.000   0.000  0.50  0.00"
            "           O"
        )
    path = tmp_path / "waters.pdb"
    path.write_text("\n".join([*lines, "END", ""]))
    structure, pocket, _ = choose_residues(Receptor(structure=path), Pocket(ligand=tyk2_ligand))
    select_waters(structure, pocket, "all")
    # the third is as near to the second, which goes, and not to the first
    assert told(structure, "waters")[""] == (
        "4 of 4 kept by policy all, 1 of them removed again, within 1.6 Å of another heavy atom: "
        "W:HOH:2"
    )
    assert reasons(structure) == {"water on top of another atom": 1}


def test_a_trace_is_no_receptor(tyk2_protein: Path, tmp_path: Path) -> None:
    lines = [each for each in atom_lines(tyk2_protein) if each[12:16] == " CA "]
    with pytest.raises(ReceptorError, match="no residue has the backbone atoms N, CA and C"):
        drop_broken(read(tmp_path, lines))


@pytest.mark.parametrize("letter", ["P", " "])
def test_segments_tell_chains_apart(letter: str, tyk2_protein: Path, tmp_path: Path) -> None:
    """As CHARMM writes them: one letter or none, no TER, and numbers that go on."""
    lines = []
    for copy, segment in enumerate(("PROA", "PROB")):
        for line in atom_lines(tyk2_protein, 30, 40):
            number = int(line[22:26]) + 11 * copy
            whole = f"{line[:21]}{letter}{number:>4}{line[26:66]}"
            lines.append(f"{moved(whole, 60.0 * copy):<72}{segment}")
    structure = read(tmp_path, lines)
    chains = Counter(each.chain for each in structure.residues)
    assert list(chains.values()) == [11, 11]
    assert "the file ends a chain there" in " ".join(told(structure, "chain told apart").values())
