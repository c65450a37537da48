"""Structures as other programs write them: nothing is lost, and the molecule is the same."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from screenmm.receptor.reading import read_structure
from screenmm.receptor.structure import Structure

TYK2 = "data/perses_jacs_systems/tyk2/Tyk2_protein.pdb"
FIRST, LAST = 30, 41  # residues of the fragment
APART = 60.0  # Å between copies
LIGAND = [
    ("C1", "C", 0.0, 0.0), ("C2", "C", 1.4, 0.0), ("C3", "C", 2.1, 1.2), ("N1", "N", 1.4, 2.4),
    ("C4", "C", 0.0, 2.4), ("C5", "C", -0.7, 1.2), ("O1", "O", -0.7, -1.2), ("CL1", "Cl", 3.8, 1.2),
]  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One record before it is written."""

    name: str
    residue: str
    chain: str
    number: str
    xyz: tuple[float, float, float]
    element: str
    altloc: str = " "
    occupancy: float = 1.0
    record: str = "ATOM"

    def text(self, serial: str, *, left: bool = False, columns: bool = True) -> str:
        name = f"{self.name:<4}" if left or len(self.name + self.element) > 4 else (
            f"{self.name:<4}" if len(self.element) == 2 else f" {self.name:<3}"
        )  # fmt: skip
        x, y, z = self.xyz
        element = f"{self.element.upper():>2}" if columns else ""
        return (
            f"{self.record:<6}{serial:>5} {name}{self.altloc}{self.residue:>3} {self.chain:1}"
            f"{self.number:>4}    {x:8.3f}{y:8.3f}{z:8.3f}{self.occupancy:6.2f}  0.00"
            f"          {element}"
        )

    def moved(self, by: float) -> Line:
        x, y, z = self.xyz
        return replace(self, xyz=(x + by, y, z))


@lru_cache(maxsize=1)
def fragment() -> tuple[Line, ...]:
    """Twelve residues of TYK2, all atoms."""
    path = Path(str(files("openmmforcefields"))) / TYK2
    found = []
    for line in path.read_text().splitlines():
        if line.startswith("ATOM") and FIRST <= int(line[22:26]) <= LAST:
            xyz = tuple(float(line[start : start + 8]) for start in (30, 38, 46))
            found.append(
                Line(line[12:16].strip(), line[17:20], "A", line[22:26].strip(), xyz, line[77])
            )
    return tuple(found)


def ligand(chain: str = "A", number: str = "900", by: float = 20.0) -> tuple[Line, ...]:
    """A chloropyridinol, on its own beside the fragment."""
    return tuple(
        Line(name, "LIG", chain, number, (x + by, y, 0.0), element, record="HETATM")
        for name, element, x, y in LIGAND
    )


def molecule(structure: Structure) -> list[tuple[str, str, str, tuple[float, ...]]]:
    """What was read, but for chains and numbers."""
    return sorted(
        (residue.name, atom.name, atom.element, tuple(atom.xyz))
        for residue in structure.residues
        for atom in residue.heavy()
    )


def check_conserved(structure: Structure, text: str) -> None:
    """Heavy atoms of the file, counted simply, are kept or removed, each once."""
    kept = [atom.source for each in structure.residues for atom in each.heavy()]
    tally = structure.conservation.tally([each for each in kept if each is not None], 0)
    rows = [line for line in text.splitlines() if line.startswith(("ATOM", "HETATM"))]
    if "_atom_site." in text:
        place = text.split().index("_atom_site.label_atom_id") - text.split().index("loop_") - 1
        names = [row.split()[place] for row in rows]
    else:
        names = [row[12:16].strip() for row in rows]
    heavy = sum(name.lstrip("0123456789")[0] not in "HD" for name in names)
    assert tally.read == heavy == tally.kept + sum(tally.removed.values())
    labels = Counter(residue.label for residue in structure.residues)
    assert max(labels.values()) == 1, labels.most_common(1)


Read = Callable[[str], Structure]


@pytest.fixture(scope="session")
def read(tmp_path_factory: pytest.TempPathFactory) -> Read:
    folder = tmp_path_factory.mktemp("structures")

    def run(text: str) -> Structure:
        path = folder / "s.pdb"
        path.write_text(text)
        structure = read_structure(path)
        check_conserved(structure, text)
        return structure

    return run


def written(lines: list[Line | str], *, left: bool = False, columns: bool = True) -> str:
    """A PDB file of lines; those that are text stay as they are."""
    rows = [
        each if isinstance(each, str) else each.text(str(serial % 100_000), left=left,
                                                     columns=columns)
        for serial, each in enumerate(lines, start=1)
    ]  # fmt: skip
    return "\n".join([*rows, "END", ""])


def chain_lines(count: int, letter: str = "A") -> list[list[Line]]:
    """Copies of the fragment, far from one another."""
    return [
        [replace(each.moved(APART * copy), chain=letter) for each in fragment()]
        for copy in range(count)
    ]


@given(
    count=st.integers(2, 4),
    letter=st.sampled_from([" ", "A", "x", "7"]),
    ter=st.booleans(),
    data=st.data(),
)
def test_chains_of_one_letter_or_none(
    read: Read, count: int, letter: str, ter: bool, data: st.DataObject
) -> None:
    chains = data.draw(st.permutations(chain_lines(count, letter)))
    clean = [replace(each, chain="ABCD"[k]) for k, chain in enumerate(chains) for each in chain]
    lines: list[Line | str] = []
    for chain in chains:
        lines += [*chain, "TER"] if ter else chain
    structure = read(written(lines))
    sizes = Counter(each.chain for each in structure.residues)
    assert list(sizes.values()) == [LAST - FIRST + 1] * count
    assert molecule(structure) == molecule(read(written(list(clean))))
    assert all(each.kind == "polymer" for each in structure.residues)


@given(count=st.integers(2, 3), step=st.integers(0, 20), offset=st.integers(1, 300))
def test_numbers_that_go_on_without_a_letter(
    read: Read, count: int, step: int, offset: int
) -> None:
    lines: list[Line | str] = []
    for copy, chain in enumerate(chain_lines(count, " ")):
        shift = offset + copy * (LAST - FIRST + 1 + step)
        lines += [replace(each, number=str(int(each.number) - FIRST + shift)) for each in chain]
        lines.append("TER")
    structure = read(written(lines))
    assert len({each.chain for each in structure.residues}) == count
    assert all(note.kind != "renumbered" for note in structure.changes)


@given(left=st.booleans(), columns=st.booleans(), deuterium=st.booleans())
def test_elements_come_from_residue_and_name(
    read: Read, left: bool, columns: bool, deuterium: bool
) -> None:
    def exchanged(line: Line) -> Line:
        if deuterium and line.element == "H":
            return replace(line, element="D", name=line.name.replace("H", "D", 1))
        return line

    ion = Line("CA", "CA", "A", "800", (40.0, 0.0, 0.0), "Ca", record="HETATM")
    lines = [*map(exchanged, fragment()), ion]
    structure = read(written(lines, left=left, columns=columns))
    assert molecule(structure) == molecule(read(written([*fragment(), ion])))
    (calcium,) = structure.of_kind("ion")
    assert calcium.atoms[0].element == "Ca"
    hydrogens = sum(len(each.hydrogens()) for each in structure.residues)
    assert hydrogens == sum(line.element == "H" for line in fragment())


@given(data=st.data())
def test_repeated_ligands_are_told_apart(read: Read, data: st.DataObject) -> None:
    copies = data.draw(st.integers(1, 4))
    named = data.draw(st.booleans())
    between = data.draw(st.booleans())
    lines: list[Line | str] = [*fragment(), "TER"]
    for copy in range(copies):
        own = ligand(by=20.0 + 15.0 * copy)
        lines += own if named else [replace(each, name=each.element.upper()) for each in own]
        lines += ["TER"] if between else []
    structure = read(written(lines))
    found = list(structure.of_kind("other"))
    assert len(found) == copies
    for each in found:
        names = [atom.name for atom in each.atoms]
        assert len(set(names)) == len(names) == len(LIGAND)
        assert Counter(atom.element for atom in each.atoms) == {"C": 5, "N": 1, "O": 1, "Cl": 1}


@given(
    count=st.integers(1, 30),
    number=st.sampled_from(["9999", "1", "A000", "****", "zzzz"]),
    hydrogens=st.booleans(),
    apart=st.booleans(),
)
def test_waters_of_one_number(
    read: Read, count: int, number: str, hydrogens: bool, apart: bool
) -> None:
    lines: list[Line | str] = list(fragment())
    for copy in range(count):
        x = 100.0 + 3.0 * copy
        atoms = [("O", "O", (x, 0.0, 0.0))]
        if hydrogens:
            atoms += [("H1", "H", (x + 0.96, 0.0, 0.0)), ("H2", "H", (x - 0.24, 0.93, 0.0))]
        lines += [
            Line(name, "HOH", "A", number, xyz, element, record="HETATM")
            for name, element, xyz in atoms
        ]
        lines += ["TER"] if apart else []
    structure = read(written(lines))
    waters = list(structure.of_kind("water"))
    assert len(waters) == count
    assert {len(each.atoms) for each in waters} == {3 if hydrogens else 1}


@given(count=st.integers(2, 4), assembly=st.booleans(), noise=st.floats(0, 0.4))
def test_models(read: Read, count: int, assembly: bool, noise: float) -> None:
    rng = np.random.default_rng(count)
    lines: list[Line | str] = []
    for copy in range(count):
        by = APART * copy if assembly else noise * copy * float(rng.uniform(0.5, 1.0))
        lines += [f"MODEL {copy + 1:>8}", *(each.moved(by) for each in fragment()), "ENDMDL"]
    structure = read(written(lines))
    chains = {each.chain for each in structure.residues}
    assert len(chains) == (count if assembly else 1)
    (note,) = (each.detail for each in structure.changes if each.kind == "models")
    assert re.match(rf"{count} models .*{'assembly' if assembly else 'ensemble'}", note)


@given(data=st.data())
def test_alternates_are_never_mixed(read: Read, data: st.DataObject) -> None:
    """Any atoms of a residue may have any labels: what is kept holds together."""
    number = str(data.draw(st.integers(FIRST, LAST)))
    shift = data.draw(st.floats(0.3, 1.2))
    share = data.draw(st.floats(0.1, 0.9))
    blocks = data.draw(st.booleans())
    own = [each for each in fragment() if each.number == number]
    movable = [each.name for each in own if each.element != "H"]
    labels = {
        name: data.draw(st.sampled_from(["", "AB", "A", "B"]), label=name) for name in movable
    }
    lines: list[Line | str] = []
    for each in fragment():
        if each not in own or not labels.get(each.name):
            lines.append(each)
            continue
        for label in labels[each.name]:
            moved = each.moved(shift) if label == "B" else each
            occupancy = share if label == "A" else 1 - share
            lines.append(replace(moved, altloc=label, occupancy=occupancy))
    if blocks:
        lines.sort(key=lambda each: (int(each.number), each.altloc))  # type: ignore[union-attr]
    structure = read(written(lines))
    (residue,) = (each for each in structure.residues if str(each.number) == number)
    given_label = {
        tuple(np.round(each.xyz, 3)): each.altloc.strip()
        for each in lines
        if isinstance(each, Line) and each.number == number
    }
    found = {given_label[tuple(np.round(atom.xyz, 3))] for atom in residue.heavy()} - {""}
    assert len(found) <= 1
    names = [atom.name for atom in residue.heavy()]
    assert len(set(names)) == len(names)


@given(start=st.integers(9_990, 1_200_000), serial=st.sampled_from(["A0000", "*****", "99999"]))
def test_hybrid_36(read: Read, start: int, serial: str) -> None:
    def encoded(number: int) -> str:
        if number < 10_000:
            return str(number)
        value = number - 10_000 + 10 * 36**3
        digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
        out = ""
        while value:
            value, rest = divmod(value, 36)
            out = digits[rest] + out
        return out

    text = written([
        replace(each, number=encoded(start + int(each.number) - FIRST)) for each in fragment()
    ])  # fmt: skip
    text = "\n".join(f"{line[:6]}{serial}{line[11:]}" for line in text.splitlines())
    structure = read(text)
    numbers = [each.number for each in structure.residues]
    assert numbers == list(range(start, start + LAST - FIRST + 1))


def mmcif(chains: list[list[Line]], letter: str, left_out: set[str]) -> str:
    """The same atoms as mmCIF: each chain an asym of its own, all under one author's letter."""
    columns = [
        "group_PDB", "type_symbol", "label_atom_id", "label_comp_id", "label_asym_id",
        "auth_asym_id", "auth_seq_id", "Cartn_x", "Cartn_y", "Cartn_z", "occupancy",
        "B_iso_or_equiv", "pdbx_PDB_model_num",
    ]  # fmt: skip
    kept = [each for each in columns if each not in left_out]
    rows = []
    for asym, chain in zip("PQRS", chains, strict=False):
        for each in chain:
            values = [
                each.record, each.element, each.name, each.residue, asym, letter, each.number,
                *map("{:.3f}".format, each.xyz), "1.0", "0.0", "1",
            ]  # fmt: skip
            rows.append(" ".join(
                value for column, value in zip(columns, values, strict=True) if column in kept
            ))  # fmt: skip
    return "\n".join(["# text", "data_x", "loop_", *(f"_atom_site.{c}" for c in kept), *rows, ""])


@given(
    count=st.integers(1, 4),
    left_out=st.sets(
        st.sampled_from(
            ["type_symbol", "auth_asym_id", "occupancy", "B_iso_or_equiv", "pdbx_PDB_model_num"]
        )
    ),
)
def test_mmcif_without_some_columns(read: Read, count: int, left_out: set[str]) -> None:
    chains = chain_lines(count)
    clean = [replace(each, chain="ABCD"[k]) for k, chain in enumerate(chains) for each in chain]
    structure = read(mmcif(chains, "A", left_out))
    assert molecule(structure) == molecule(read(written(list(clean))))
    names = list(dict.fromkeys(each.chain for each in structure.residues))
    assert names == list("PQRS" if "auth_asym_id" in left_out else "ABCD")[:count]


@given(left=st.booleans(), seed=st.integers(0, 2**32 - 1))
def test_types_of_autodock(read: Read, left: bool, seed: int) -> None:
    """PDBQT: polar hydrogens alone, AutoDock's types where the elements were."""
    types = {"H": ["HD", "H"], "C": ["C", "A"], "N": ["N", "NA"], "O": ["OA"], "S": ["S", "SA"]}
    atoms = [each for each in fragment() if each.element != "H" or each.name == "H"]
    rng = np.random.default_rng(seed)
    rows = []
    for serial, each in enumerate([*atoms, *ligand()], start=1):
        kind = rng.choice(types.get(each.element, [each.element]))
        row = each.text(str(serial), left=left, columns=False)
        rows.append(f"{row[:66]}    {0.123:6.3f} {kind:<2}")
    structure = read("\n".join(rows))
    assert molecule(structure) == molecule(read(written([*atoms, *ligand()])))


@given(times=st.integers(2, 3), data=st.data())
def test_a_file_written_twice_counts_once(read: Read, times: int, data: st.DataObject) -> None:
    ter = data.draw(st.booleans())
    lines: list[Line | str] = []
    for _ in range(times):
        lines += [*fragment(), *ligand()]
        lines += ["TER"] if ter else []
    structure = read(written(lines))
    assert molecule(structure) == molecule(read(written([*fragment(), *ligand()])))
    heavy = sum(each.element != "H" for each in (*fragment(), *ligand()))
    removed = Counter(
        why
        for source, why in structure.conservation.removed.items()
        if source in structure.conservation.heavy
    )
    assert removed == {"repeated atom": (times - 1) * heavy}
