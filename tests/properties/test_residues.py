"""Modified residues, alternates of a reference ligand, and what messages offer."""

from __future__ import annotations

import re
import tempfile
from functools import lru_cache
from pathlib import Path

import gemmi
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rdkit import Chem

from screenmm.errors import ConfigError, PocketError, ReceptorError
from screenmm.inspection.filters import check_residues, parse_filter
from screenmm.receptor.ligand_file import read_molecule
from screenmm.receptor.modified import check_modified, convert_modified
from screenmm.receptor.pocket import POCKET_NEIGHBOURHOOD, find_hetero, find_residue, resolve_pocket
from screenmm.receptor.reading import read_structure
from screenmm.receptor.selection import mutate, select_hetero
from screenmm.receptor.structure import Atom, Residue, Structure
from screenmm.receptor.synonyms import AMINO_ACIDS, same_name
from screenmm.settings import Cofactor, Pocket, Receptor

from ..modified import MODIFICATIONS, NUCLEOTIDES, modify, strand


@pytest.fixture(scope="module")
def tyk2_ligand(tyk2_ligands: list[Chem.Mol], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tyk2") / "ligand.sdf"
    with Chem.SDWriter(str(path)) as writer:
        writer.write(tyk2_ligands[0])
    return path


# --- modified residues -----------------------------------------------------------------


@given(data=st.data())
def test_modified_residues_are_conserved_judged_and_accepted(
    tyk2_protein: Path, tyk2_ligand: Path, data: st.DataObject
) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(MODIFICATIONS)), min_size=1, max_size=3))
    numbers = _numbers_of(tyk2_protein)
    changed = {
        data.draw(st.sampled_from(numbers[MODIFICATIONS[name].parent])): MODIFICATIONS[name]
        for name in names
    }
    with tempfile.TemporaryDirectory() as folder:
        structure = read_structure(modify(tyk2_protein, Path(folder) / "p.pdb", changed))
    pocket = resolve_pocket(structure, Pocket(ligand=tyk2_ligand))
    heavy = {each.label: len(each.heavy()) for each in structure.of_kind("polymer")}
    distance = {
        label: float(pocket.distance(numbered(structure, label).positions()).min())
        for label in heavy
        if int(label.rpartition(":")[2]) in changed
    }
    made = convert_modified(structure)
    assert {one.label for one in made} == distance.keys()
    parts = {one.label: (one.residue, len(one.lost), len(one.built)) for one in made}
    for label, count in heavy.items():
        residue, lost, built = parts.get(label) or (numbered(structure, label), 0, 0)
        assert count + built == len(residue.heavy()) + lost
        assert residue.name in AMINO_ACIDS
    noted = {each.residue for each in structure.changes if each.kind == "converted"}
    assert noted == distance.keys()
    # without metals, the distance alone tells which are refused
    near = [one.label for one in made if not one.is_exact]
    near = [label for label in near if distance[label] <= POCKET_NEIGHBOURHOOD]
    refused: list[str] = []
    try:
        check_modified(made, structure, pocket, [])
    except ReceptorError as error:
        refused = re.findall(r"^(\S+) has no parameters", str(error), re.MULTILINE)
    assert refused == near
    check_modified(made, structure, pocket, refused)


@lru_cache(maxsize=1)
def _numbers_of(path: Path) -> dict[str, list[int]]:
    numbers: dict[str, list[int]] = {}
    for residue in gemmi.read_structure(str(path))[0][0]:
        numbers.setdefault(same_name(residue.name), []).append(residue.seqid.num)
    return numbers


def numbered(structure: Structure, label: str) -> Residue:
    return next(each for each in structure.residues if each.label == label)


@given(
    names=st.lists(st.sampled_from(sorted(NUCLEOTIDES)), min_size=1, max_size=3),
    spacers=st.lists(st.integers(0, 3), min_size=4, max_size=4),
)
def test_strands_of_modified_nucleotides_stay_whole(names: list[str], spacers: list[int]) -> None:
    written: list[str] = []
    expected: list[str] = []
    for name, spacer in zip([*names, ""], spacers, strict=False):
        plain = ["DA", "C", "DG", "U"][:spacer] or ["DC"]
        written += [*plain, *([name] if name else [])]
        expected += [*plain, *([NUCLEOTIDES[name].parent] if name else [])]
    with tempfile.TemporaryDirectory() as folder:
        path = strand(Path(folder) / "p.pdb", written)
        before = read_structure(path)
        counts = [len(each.heavy()) for each in before.residues]
        after = read_structure(path)
        made = {id(one.residue): one for one in convert_modified(after)}
    assert [each.name for each in after.of_kind("polymer")] == expected
    for residue, count in zip(after.residues, counts, strict=True):
        one = made.get(id(residue))
        gone = [x for x in one.lost if all(x is not y for y in residue.atoms)] if one else []
        built = len(one.built) if one else 0
        assert count + built == len(residue.heavy()) + len(gone)


# --- alternates of a reference ligand --------------------------------------------------


@given(data=st.data())
def test_reference_is_one_whole_conformer_or_refused(
    tyk2_ligands: list[Chem.Mol], data: st.DataObject
) -> None:
    block = Chem.MolToPDBBlock(Chem.RemoveHs(tyk2_ligands[0]), flavor=2)
    atoms = [line for line in block.splitlines() if line.startswith("HETATM")]
    subsets = st.sampled_from(["", "A", "B", "C", "AB", "AC", "BC", "ABC"])
    held = [data.draw(subsets) for _ in atoms]
    occupancy = {x: data.draw(st.sampled_from([0.2, 0.3, 0.5])) for x in "ABC"}
    lines = []
    for line, labels in zip(atoms, held, strict=True):
        for label in labels or " ":
            x = float(line[30:38]) + 0.6 * "ABC".find(label)
            lines.append(
                f"{line[:16]}{label}{line[17:30]}{x:8.3f}{line[38:54]}"
                f"{occupancy.get(label, 1.0):6.2f}{line[60:]}"
            )
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "ligand.pdb"
        path.write_text("\n".join([*lines, "END", ""]))
        try:
            found = read_molecule(path)
        except PocketError as error:
            message = str(error)
        else:
            message = ""
    used = [labels for labels in held if labels]
    together = any(set(one) & set(other) and one != other for one in used for other in used)
    if not together:
        # each group of labels excludes only itself, and each label of a group is whole
        assert not message or "no bond joins" in message or "in one place" in message
    if message:
        assert "alternate location" in message or "no bond" in message or "in one" in message
        return
    # every atom once, each from a label that it has
    assert found.GetNumHeavyAtoms() == len(atoms)
    xs = found.GetConformer().GetPositions()[:, 0]
    chosen = {}
    for name, x in zip(_names(found), xs, strict=True):
        place = next(i for i, line in enumerate(atoms) if line[12:16].strip() == name)
        shift = round((x - float(atoms[place][30:38])) / 0.6)
        label = "ABC"[shift] if held[place] else ""
        assert label in (held[place] or [""])
        chosen.setdefault(held[place], set()).add(label)
    assert all(len(labels) == 1 for labels in chosen.values())


def _names(molecule: Chem.Mol) -> list[str]:
    return [atom.GetPDBResidueInfo().GetName().strip() for atom in molecule.GetAtoms()]


# --- labels offered are labels accepted ------------------------------------------------

CHAINS = st.sampled_from(["A", "a", "B", "A-2", "Axp", "1", "AAA", "b-10"])
NAMES = st.sampled_from(["017", "032", "A1LU6", "STI", "Hem", "5FO", "NAD", "301", "A", "0"])
NUMBERS = st.integers(-5, 999)
ICODES = st.sampled_from(["", "A", "B"])


@st.composite
def structures(draw: st.DrawFn) -> Structure:
    """Amino acids and molecules with odd names in a grid, far from each other."""
    places = draw(st.lists(st.tuples(CHAINS, NUMBERS, ICODES), min_size=3, max_size=8, unique=True))
    residues = []
    for index, (chain, number, icode) in enumerate(places):
        polymer = index < 2 or draw(st.booleans())
        name = draw(st.sampled_from(["THR", "VAL", "HIS"])) if polymer else draw(NAMES)
        atoms = [Atom(f"C{i}", "C", np.array([20.0 * index + 1.4 * i, 0.0, 0.0])) for i in range(3)]
        residues.append(
            Residue(chain, name, number, icode, atoms, "polymer" if polymer else "other")
        )
    return Structure(residues)


@given(structure=structures())
def test_every_label_is_accepted_by_every_key(structure: Structure) -> None:
    for residue in structure.of_kind("polymer"):
        assert find_residue(structure, residue.label) is residue
        check_residues(
            [parse_filter(f"any contact with {residue.label}")],
            [each.label for each in structure.residues],
            "wt",
        )
    for residue in structure.of_kind("other"):
        label = residue.label
        assert Pocket(ligand_residue=label).ligand_residue == label
        assert Cofactor(residue=label, smiles="C").residue == label
        receptor = Receptor(structure="a.pdb", remove=[label], model_as_parent=[label])
        assert receptor.remove == [label]
        assert [id(each) for each in find_hetero(structure, label)] == [id(residue)]
        assert parse_filter(f"any contact with {label}").is_about(label)


@given(structure=structures(), spec=st.one_of(NAMES, st.tuples(CHAINS, NAMES).map(":".join)))
def test_what_a_message_offers_for_a_ligand_is_accepted(structure: Structure, spec: str) -> None:
    try:
        resolve_pocket(structure, Pocket(ligand_residue=spec))
    except PocketError as error:
        offered = _offered(str(error), r"(?:nearest|residues|matches):? (.+?)(?:: name|$)")
        if "Å from" in str(error):
            offered = []
    else:
        offered = []
    for choice in offered:
        assert Pocket(ligand_residue=choice).ligand_residue == choice
        assert find_hetero(structure, choice)
    for residue in structure.of_kind("other"):
        if residue.label in offered:
            assert len(find_hetero(structure, residue.label)) == 1


@given(structure=structures(), number=NUMBERS, chain=st.one_of(st.just(""), CHAINS))
def test_what_a_message_offers_for_a_residue_is_accepted(
    structure: Structure, number: int, chain: str
) -> None:
    spec = f"{chain}:{number}" if chain else str(number)
    try:
        find_residue(structure, spec)
    except PocketError as error:
        offered = _offered(str(error), r"(?:nearest: |chains \()(.+?)(?:;|\))")
        assert offered
        for choice in offered:
            assert find_residue(structure, choice).label == choice


@given(structure=structures(), chain=CHAINS)
def test_what_a_message_offers_for_a_mutation_is_accepted(structure: Structure, chain: str) -> None:
    first = next(structure.of_kind("polymer"))
    twin = Residue(chain, "TRP", first.number, first.icode, first.atoms, "polymer")
    assume(all((r.chain, r.place) != (chain, twin.place) for r in structure.residues))
    structure.residues.append(twin)
    with pytest.raises(ReceptorError, match="name the chain") as raised:
        mutate(structure, [f"W{twin.place}A"])
    (offered,) = re.findall(r"name the chain, as (\S+)", str(raised.value))
    assert Receptor(structure="a.pdb", mutations=[offered]).mutations == [offered]
    mutate(structure, [offered])
    assert twin.name == "ALA"


@given(structure=structures(), name=NAMES)
def test_what_a_message_offers_to_remove_is_accepted(structure: Structure, name: str) -> None:
    pocket = resolve_pocket(structure, Pocket(center=(0, 0, 0), size=(4, 4, 4)))
    try:
        select_hetero(structure, pocket, [name])
    except ReceptorError as error:
        offered = _offered(str(error), r"non-polymer residues: (.+)$")
        if offered:
            select_hetero(structure, pocket, offered)
    assert not any(each.name == name for each in structure.of_kind("other"))


@given(structure=structures(), number=NUMBERS)
def test_what_a_message_offers_to_a_filter_is_accepted(structure: Structure, number: int) -> None:
    labels = [each.label for each in structure.residues]
    try:
        check_residues([parse_filter(f"any contact with {number}")], labels, "wt")
    except ConfigError as error:
        offered = _offered(
            str(error), r"(?:it has|near it are|name and number, as) (.+?)(?:: leave|$)"
        )
        assert offered
        for choice in offered:
            check_residues([parse_filter(f"hydrogen bond to {choice}")], labels, "wt")


def _offered(message: str, pattern: str) -> list[str]:
    found = re.search(pattern, message)
    return [each for each in found[1].split(", ") if each != "none"] if found else []
