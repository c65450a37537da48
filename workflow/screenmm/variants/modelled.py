"""Which variants are modelled in a prepared structure, and why the others are not."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import gemmi
import numpy as np
from rdkit import Chem
from scipy.spatial import cKDTree

from screenmm.core.errors import ReceptorError
from screenmm.files.sdf import read_record
from screenmm.receptor.names import ONE_LETTER
from screenmm.run.receptor_folder import ReceptorFolder
from screenmm.variants.changes import Reading, Unusable, Variant, VariantReason
from screenmm.variants.listed import Modelled
from screenmm.variants.model import Prepared, check_site
from screenmm.variants.numbering import Located, Numbering, StructureResidue, locate

CHARGES = {"ARG": 1, "LYS": 1, "ASP": -1, "GLU": -1}
RIGID = frozenset(("GLY", "ALA", "PRO"))
"""Residues that have no rotamers: to build one anew is no test."""


def residues_of(wild: Prepared) -> list[StructureResidue]:
    """Amino acids of a receptor, for numbering."""
    found = []
    for label in map(str, wild.model.residue_labels):
        known = gemmi.find_tabulated_residue(label.split(":")[-2])
        letter = known.one_letter_code.upper()
        if known.kind == gemmi.ResidueKind.AA and letter.isalpha():
            chain, number, icode = _place(label)
            found.append(StructureResidue(chain, number, icode, letter))
    return found


def _place(label: str) -> tuple[str, int, str]:
    """Chain, number and insertion code of a label; what a residue is called does not matter."""
    *chain, _, place = label.split(":")
    number, icode = (place[:-1], place[-1]) if place[-1].isalpha() else (place, "")
    return ":".join(chain), int(number), icode


def side_charge(wild: Prepared, residue: int) -> int:
    """Charge of a residue as it is protonated, without that of a chain's end, e."""
    part = wild.atoms(residue)
    names = set(wild.names[part].tolist())
    end = (("H3" in names) or {"H2", "CD"} <= names) - ("OXT" in names)
    return round(float(wild.model.parameters.charges[part].sum())) - end


def pocket_distances(wild: Prepared, folder: Path) -> np.ndarray:
    """Distance of each residue to the pocket: to its ligand, else to its box.

    Parameters
    ----------
    wild : Prepared
    folder : Path
        Of the prepared receptor.

    Returns
    -------
    ndarray, shape (residues,)
        Shortest distance of a heavy atom, Å; 0 within the box.
    """
    home = ReceptorFolder(folder)
    xyz = wild.model.positions_angstrom
    text = home.reference_ligand.read_text(encoding="utf-8")
    if text:
        ligand = Chem.RemoveAllHs(read_record(text), sanitize=False)
        each, _ = cKDTree(ligand.GetConformer().GetPositions()).query(xyz)
    else:
        box = json.loads(home.pocket.read_text(encoding="utf-8"))
        centre, size = np.array(box["center_angstrom"]), np.array(box["size_angstrom"])
        outside = np.clip(np.abs(xyz - centre) - size / 2, 0, None)
        each = np.linalg.norm(outside, axis=1)
    nearest = np.full(len(wild.model.residue_labels), np.inf)
    heavy = wild.elements != "H"
    np.minimum.at(nearest, wild.model.residues[heavy], each[heavy])
    return nearest


def modelled_variants(
    reading: Reading,
    numbering: Numbering,
    wild: Prepared,
    distances: np.ndarray,
    most_angstrom: float,
) -> list[Modelled]:
    """Decide for each distinct variant whether it is modelled.

    Parameters
    ----------
    reading : Reading
        What the list and the files say.
    numbering : Numbering
        Residues of the structure by the variants' numbers.
    wild : Prepared
        Wild type.
    distances : ndarray, shape (residues,)
        Of each residue to the pocket, Å.
    most_angstrom : float
        A variant whose residues are all further from the pocket is listed alone.

    Raises
    ------
    ReceptorError
        The structure's construct is itself mutated where a variant is.
    """
    entries = Counter(row.variant for row in reading.rows if row.variant is not None)
    index = {_place(str(label)): k for k, label in enumerate(wild.model.residue_labels)}
    return [
        _modelled(variant, entries[variant], numbering, wild, index, distances, most_angstrom)
        for variant in reading.variants
    ]


def _modelled(
    variant: Variant,
    entries: int,
    numbering: Numbering,
    wild: Prepared,
    index: dict[tuple[str, int, str], int],
    distances: np.ndarray,
    most_angstrom: float,
) -> Modelled:
    located = locate(numbering, variant)
    if isinstance(located, Unusable):
        return Modelled(
            variant.name, reason=located.reason, message=located.message, entries=entries
        )
    changes = dict(sorted(_changes(located, index)))
    labels = [str(wild.model.residue_labels[each]) for each in changes]
    distance = float(min(distances[each] for each in changes))
    charge = sum(CHARGES.get(new, 0) - side_charge(wild, each) for each, new in changes.items())
    found = Modelled(
        variant.name,
        changes=changes,
        entries=entries,
        charge_change=charge,
        pocket_distance_angstrom=round(distance, 3),
        residues=labels,
    )
    if distance > most_angstrom:
        reason = VariantReason.FAR_FROM_POCKET
        told = (
            f"{', '.join(labels)}: {distance:.1f} Å from the pocket, and "
            f"variants.distance_angstrom is {most_angstrom:g}"
        )
        return _left_out(found, reason, told)
    try:
        for each in changes:
            check_site(wild, each)
    except ReceptorError as error:
        return _left_out(found, VariantReason.NOT_MODELLED, str(error))
    return found


def _left_out(found: Modelled, reason: VariantReason, message: str) -> Modelled:
    return replace(found, changes={}, reason=reason.value, message=message)


def _changes(
    located: Sequence[Located], index: dict[tuple[str, int, str], int]
) -> Iterable[tuple[int, str]]:
    for each in located:
        for residue in each.residues:
            place = residue.chain, residue.number, residue.icode
            yield index[place], ONE_LETTER[each.substitution.mutant]


def null_variants(
    wild: Prepared, distances: np.ndarray, variants: Sequence[Modelled], count: int
) -> list[Modelled]:
    """Residues to build anew as they are: those nearest to the pocket that have rotamers.

    Parameters
    ----------
    wild : Prepared
    distances : ndarray, shape (residues,)
        Of each residue to the pocket, Å.
    variants : sequence of Modelled
        Residues that these exchange come first: their noise is what matters.
    count : int
        How many.

    Returns
    -------
    list of Modelled
        Fewer, where the pocket has fewer; none, where no variant is modelled.
    """
    exchanged = {each for variant in variants for each in variant.changes}
    if not exchanged:
        return []
    order = sorted(
        range(len(distances)), key=lambda each: (each not in exchanged, distances[each], each)
    )
    found: list[Modelled] = []
    for each in order:
        if len(found) == count:
            break
        try:
            check_site(wild, each)
        except ReceptorError:
            continue
        name = wild.residue_name(each)
        if name in RIGID:
            continue
        label = str(wild.model.residue_labels[each])
        found.append(
            Modelled(
                label,
                kind="null",
                changes={each: name},
                pocket_distance_angstrom=round(float(distances[each]), 3),
                residues=[label],
            )
        )
    return found
