"""From a structure file to residues: every atom read, or left out with its reason."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import gemmi
import numpy as np

from screenmm.core.errors import ReceptorError
from screenmm.files.whole import read_text
from screenmm.receptor.alternates import Site, choose_conformers
from screenmm.receptor.atom_names import mend_names, residue_type
from screenmm.receptor.conservation import Conservation, Removal
from screenmm.receptor.elements import UNKNOWN
from screenmm.receptor.models import choose_models
from screenmm.receptor.names import CAPS, IONS, METALS, MODIFIED, NUCLEOTIDES, parent_amino_acid
from screenmm.receptor.places import UNLABELLED, find_places
from screenmm.receptor.predicted import find_origin
from screenmm.receptor.records import (
    Record,
    count_records,
    is_mmcif,
    mmcif_block,
    plain_lines,
    read_records,
)
from screenmm.receptor.separation import (
    Chain,
    Placed,
    drop_repeated,
    make_labels_unique,
    separate_chains,
)
from screenmm.receptor.structure import (
    PEPTIDE_BOND,
    Atom,
    Residue,
    Structure,
    bond_length,
    has_nucleic_backbone,
)
from screenmm.residues.synonyms import AMINO_ACIDS

MOST_ATOMS = 3  # atoms that a note on their elements names
IDENTITY = ("models", "chain told apart", "renumbered", "repeated", "element")
"""Kinds of changes that tell what was made of a file whose labels do not tell residues apart."""


def read_structure(
    path: Path, chains: list[str] | None = None, predicted: bool | None = None
) -> Structure:
    """Read a PDB, PDBQT or mmCIF file.

    Of several models an assembly's belong together and an ensemble's first is taken. A
    residue has one conformer: the complete one with the highest mean occupancy. Chains that
    share a letter, or have none, get letters of their own.

    Parameters
    ----------
    path : Path
        Plain or gzipped.
    chains : list of str, optional
        Chains to keep, by the author's names or those given instead; None keeps all.
    predicted : bool, optional
        Whether it is a predicted model; None finds out.

    Returns
    -------
    Structure

    Raises
    ------
    ReceptorError
        The file cannot be read, holds no atoms, an atom has no element that can be told, or
        it lacks a chain that was asked for.
    """
    text = read_text(path)
    records = read_records(text, path.name)
    if not records:
        raise ReceptorError(f"{path.name}: no atoms; give a structure with coordinates")
    _check_count(records, text, path.name)
    origin = find_origin(text, path.name, records, predicted)
    structure = Structure([], {}, origin, conservation=_account(records))
    found = _chains(structure, records, path.name)
    _align(structure, found, text, path.name)
    _classify([each.residue for chain in found for each in chain.members])
    _take_confidence(structure, found)
    _select(structure, found, chains, path.name)
    return structure


def _check_count(records: list[Record], text: str, name: str) -> None:
    count = count_records(text)
    if count != len(records):
        raise ReceptorError(
            f"{name}: {count} atom records are in the file and {len(records)} were read; write "
            "the file again with another program"
        )


def _account(records: list[Record]) -> Conservation:
    return Conservation(
        tuple(each.label for each in records),
        frozenset(each.index for each in records if each.is_heavy),
    )


def _take_confidence(structure: Structure, found: list[Chain]) -> None:
    """Give each residue of a model its pLDDT, and its place among the residues of the file."""
    origin = structure.origin
    if not origin.is_model:
        return
    residues = [each.residue for chain in found for each in chain.members]
    polymer = [each for each in residues if each.kind == "polymer" or not each.hetero]
    structure.ordinals = len(polymer)
    structure.heteros = sum(each.hetero for each in residues)
    for ordinal, residue in enumerate(polymer):
        residue.ordinal = ordinal
    for residue in residues:
        known = [origin.plddt[each] for each in _sources(residue) if each in origin.plddt]
        residue.plddt = float(np.mean(known)) if known else None
    _note_unknown(structure, polymer)


def _sources(residue: Residue) -> list[int]:
    return [atom.source for atom in residue.heavy() if atom.source is not None]


def _note_unknown(structure: Structure, polymer: list[Residue]) -> None:
    """Tell of which atoms a model's pLDDT is not known, where it is of others."""
    known = structure.origin.plddt
    lacking = {
        each.label: sum(source not in known for source in _sources(each))
        for each in polymer
        if each.kind == "polymer"
    }
    names = [label for label, count in lacking.items() if count]
    if known and names:
        shown = ", ".join(names[:MOST_ATOMS]) + (" and more" if names[MOST_ATOMS:] else "")
        atoms, plural = sum(lacking.values()), "s" * (len(names) > 1)
        count = f"{atoms} atom{'s' * (atoms > 1)} of {len(names)} residue{plural} ({shown})"
        structure.note("no pLDDT", "", f"{count}: the file has none, or what is no number")


# --- records to chains -----------------------------------------------------------------


def _chains(structure: Structure, records: list[Record], name: str) -> list[Chain]:
    models = choose_models(records, name)
    conservation = structure.conservation
    conservation.remove((each.index for each in models.left_out), Removal.OTHER_MODEL)
    if models.note:
        structure.note("models", "", models.note)
    _note_oddities(structure, records)
    placed: list[Placed] = []
    for model in models.chosen:
        for site in choose_conformers(find_places(model)):
            for each in site.left_out:
                repeated = each.altloc.startswith(UNLABELLED)
                why = Removal.REPEATED if repeated else Removal.ALTERNATE
                conservation.remove([each.index], why)
            placed.append(Placed(site, _as_residue(site)))
    placed = drop_repeated(structure, [each for each in placed if each.residue.atoms])
    found = separate_chains(structure, placed, name)
    make_labels_unique(structure, found)
    for placed_one in (member for chain in found for member in chain.members):
        residue, site = placed_one.residue, placed_one.site
        if site.note:
            structure.note("alternate location", residue, site.note)
        if site.place.renamed:
            structure.note("atom names", residue, site.place.renamed)
    return found


def _note_oddities(structure: Structure, records: list[Record]) -> None:
    deuterium = sum(each.element == "D" for each in records)
    if deuterium:
        structure.note("deuterium", "", f"{deuterium} atoms read as hydrogen")
    sites = Counter(each.residue for each in records if not each.element)
    for name, count in sites.items():
        structure.note("no atoms", "", f"{count} interaction sites of the water model {name}")
    _note_elements(structure, records)


def _note_elements(structure: Structure, records: list[Record]) -> None:
    """Tell which elements are others than the file has, with a few of the atoms."""
    atoms: dict[tuple[str, str], list[str]] = {}
    for each in records:
        given, read = each.symbol.capitalize(), each.element
        if given.isalpha() and read and given != read and UNKNOWN not in (given, read):
            atoms.setdefault((given, read), []).append(f"{each.name} of {each.residue}")
    for (given, read), members in atoms.items():
        names = [*dict.fromkeys(members)]
        shown = ", ".join(names[:MOST_ATOMS]) + (" and more" if names[MOST_ATOMS:] else "")
        count = f"{len(members)} atom{'s' * (len(members) > 1)}"
        structure.note("element", "", f"{given} in the file read as {read}: {count} ({shown})")


def _as_residue(site: Site) -> Residue:
    first = site.records[0]
    heavy = sum(each.is_heavy for each in site.records)
    name, variant = residue_type(site.residue, heavy)
    residue = Residue(
        chain="",
        name=name,
        number=first.number or 0,
        icode=first.icode,
        atoms=[_as_atom(each) for each in site.records if each.element],
        variant=variant,
        sequence_index=first.sequence_index,
        hetero=first.hetero,
        file_name=site.residue if name != site.residue and name not in AMINO_ACIDS else "",
    )
    mend_names(residue)
    return residue


def _as_atom(record: Record) -> Atom:
    name, element = record.name, record.element
    if element == "D":
        name, element = name.replace("D", "H", 1), "H"
    return Atom(name, element, np.array(record.xyz), record.b_factor, source=record.index)


def _select(structure: Structure, found: list[Chain], chains: list[str] | None, file: str) -> None:
    """Take the residues of the chains asked for into the structure."""
    present = [chain.name for chain in found]
    missing = [name for name in chains or () if name not in present]
    if missing:
        raise ReceptorError(
            f"{file} has no chain {', '.join(missing)}; its chains: {', '.join(present)}"
        )
    for chain in found:
        residues = [each.residue for each in chain.members]
        if chains is None or chain.name in chains:
            structure.residues += residues
            continue
        sources = (atom.source for residue in residues for atom in residue.atoms)
        structure.conservation.remove(sources, Removal.CHAIN)
        structure.note("chain dropped", chain.name, "not among the chains asked for")


# --- sequences -------------------------------------------------------------------------


def _align(structure: Structure, found: list[Chain], text: str, name: str) -> None:
    """Read the full sequences and find each residue's place in its own."""
    header = _header(text, name)
    header.add_model(_model(found))
    for chain in found:
        # another model's chain has the sequence of the chain that it is a copy of
        source = header.get_entity(chain.source) if chain.name != chain.source else None
        if chain.model and source is not None and not chain.why:
            copy = gemmi.Entity(chain.name)
            copy.entity_type, copy.polymer_type = source.entity_type, source.polymer_type
            copy.full_sequence = list(source.full_sequence)
            header.entities.append(copy)
    header.setup_entities()
    header.assign_label_seq_id()
    for chain, aligned in zip(found, header[0], strict=True):
        subchains = {residue.subchain for residue in aligned}
        for each, residue in zip(chain.members, aligned, strict=True):
            each.residue.sequence_index = residue.label_seq
        for entity in header.entities:
            if entity.full_sequence and subchains & set(entity.subchains):
                structure.sequences[chain.name] = [
                    gemmi.Entity.first_mon(item) for item in entity.full_sequence
                ]


def _header(text: str, name: str) -> gemmi.Structure:
    """What the file says beside its atoms."""
    try:
        if is_mmcif(text):
            header = gemmi.make_structure_from_block(mmcif_block(text, name))
        else:
            atoms = ("ATOM", "HETATM", "ANISOU", "TER", "MODEL", "ENDMDL", "END", "CONECT", "LINK")
            lines = [each for each in plain_lines(text) if not each.startswith(atoms)]
            header = gemmi.read_structure_string(
                "\n".join([*lines, "END", ""]), format=gemmi.CoorFormat.Pdb
            )
    except (RuntimeError, ValueError) as error:
        raise ReceptorError(f"{name} cannot be read as PDB or mmCIF: {error}") from None
    while len(header):
        del header[0]
    return header


def _model(found: list[Chain]) -> gemmi.Model:
    model = gemmi.Model(1)
    for chain in found:
        copy = gemmi.Chain(chain.name)
        for each in chain.members:
            copy.add_residue(_gemmi_residue(each))
        model.add_chain(copy)
    return model


def _gemmi_residue(placed: Placed) -> gemmi.Residue:
    residue, first = placed.residue, placed.site.place.first
    copy = gemmi.Residue()
    copy.name = placed.site.residue
    copy.seqid = gemmi.SeqId(residue.number, residue.icode or " ")
    copy.het_flag = "H" if residue.hetero else "A"
    copy.label_seq = residue.sequence_index
    if first.sequence_index is not None:
        copy.subchain = first.part
    for atom in residue.heavy():
        new = gemmi.Atom()
        new.name, new.element = atom.name, gemmi.Element(atom.element)
        new.pos = gemmi.Position(*atom.xyz)
        copy.add_atom(new)
    return copy


# --- kinds -----------------------------------------------------------------------------


def _classify(residues: list[Residue]) -> None:
    for index, residue in enumerate(residues):
        before = residues[index - 1] if index else None
        after = residues[index + 1] if index + 1 < len(residues) else None
        residue.kind = _kind(residue, before, after)


def _kind(residue: Residue, before: Residue | None, after: Residue | None) -> str:
    if residue.name == "HOH":
        return "water"
    if residue.name in CAPS:
        return "cap"
    if len(residue.heavy()) == 1 and (
        residue.name in IONS or residue.heavy()[0].element in METALS | {"Cl", "Br", "I", "F"}
    ):
        return "ion"
    linked = any(
        first is not None
        and second is not None
        and first.chain == second.chain
        and bond_length(first, second) < PEPTIDE_BOND
        for first, second in ((before, residue), (residue, after))
    )
    known = residue.name in AMINO_ACIDS | NUCLEOTIDES | MODIFIED
    if known and (linked or not residue.hetero):
        return "polymer"
    if linked and (parent_amino_acid(residue.name) or _has_backbone(residue)):
        return "polymer"
    return "other"


def _has_backbone(residue: Residue) -> bool:
    is_peptide = all(residue.find(name) is not None for name in ("N", "CA", "C"))
    return is_peptide or has_nucleic_backbone(residue)
