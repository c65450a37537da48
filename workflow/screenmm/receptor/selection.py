"""Which residues stay: mutations, additives, ligands, ions, waters."""

from __future__ import annotations

import re
from collections.abc import Collection

import numpy as np
from scipy.spatial import cKDTree

from screenmm.core.errors import ReceptorError
from screenmm.receptor.conservation import Removal
from screenmm.receptor.modified import is_named, rename
from screenmm.receptor.names import ADDITIVES, GLYCANS, IONS, METALS, ONE_LETTER
from screenmm.receptor.pocket import LINING_CUTOFF, POCKET_NEIGHBOURHOOD, ResolvedPocket
from screenmm.receptor.structure import Residue, Structure
from screenmm.residues.labels import MUTATION, Named

CROWDED = 1.6  # Å, a water's oxygen nearer to another heavy atom is an alternate
SHOWN = 10  # waters that the report names


def mutate(structure: Structure, mutations: list[str]) -> None:
    """Apply point mutations: atoms shared by name stay, the rest is rebuilt later.

    Parameters
    ----------
    structure : Structure
    mutations : list of str
        T315I, A:T315I, or T315AI at insertion code A. Without a chain, every chain that has
        the old residue at this number is mutated, provided that no chain has another residue
        there.

    Raises
    ------
    ReceptorError
        The residue does not exist, is another one, or the chains disagree.
    """
    for mutation in mutations:
        parsed = MUTATION.fullmatch(mutation)
        assert parsed is not None  # the settings check the form
        old, new = ONE_LETTER.get(parsed["old"]), ONE_LETTER.get(parsed["new"])
        if old is None or new is None:
            raise ReceptorError(f"mutation {mutation}: use one-letter codes of the 20 amino acids")
        for residue in _to_mutate(structure, mutation, parsed, old):
            lost = rename(residue, new)
            residue.atoms, residue.file_name = residue.heavy(), ""
            without = f", without {' '.join(lost)}" if lost else ""
            structure.note("mutated", residue, f"{old} to {new} ({mutation}){without}")


def _to_mutate(
    structure: Structure, mutation: str, parsed: re.Match[str], old: str
) -> list[Residue]:
    chain, number = parsed["chain"], parsed["number"] + parsed["icode"]
    place = Named(chain, None, number)
    there = [
        residue
        for residue in structure.of_kind("polymer")
        if place.matches(residue.chain, set(), residue.place)
    ]
    matching = [residue for residue in there if residue.name == old]
    if not matching:
        chains = sorted({each.chain or "(blank)" for each in structure.of_kind("polymer")})
        found = ", ".join(residue.label for residue in there) or f"nothing in chains {chains}"
        raise ReceptorError(
            f"mutation {mutation}: no {old} at {number}; the structure has {found} there"
        )
    if len(matching) < len(there):
        raise ReceptorError(
            f"mutation {mutation}: the chains differ at {number} "
            f"({', '.join(residue.label for residue in there)}): name the chain, as "
            f"{matching[0].chain}:{mutation}"
        )
    return matching


def select_hetero(
    structure: Structure, pocket: ResolvedPocket, remove: list[str], found: Collection[str] = ()
) -> None:
    """Take out what is not modelled: ligand, additives, glycans, unknown molecules.

    Parameters
    ----------
    structure : Structure
        Cofactors already taken from it.
    pocket : ResolvedPocket
    remove : list of str
        Names or labels of residues to take out, outside the polymer.
    found : collection of str
        Those of them that were met before.

    Raises
    ------
    ReceptorError
        An unknown molecule or ion stands near the pocket, or a name in ``remove`` does
        not occur.
    """
    beside = [residue for residue in structure.residues if residue.kind != "polymer"]
    absent = [
        spec
        for spec in remove
        if spec not in found and not any(is_named(residue, [spec]) for residue in beside)
    ]
    if absent:
        hetero = sorted({residue.name for residue in structure.of_kind("other", "ion")})
        raise ReceptorError(
            f"remove: no residue {', '.join(absent)} in the kept chains; non-polymer residues: "
            f"{', '.join(hetero) or 'none'}"
        )
    in_the_way = [each for each in structure.residues if _is_in_the_way(each, pocket, remove)]
    if in_the_way:
        raise ReceptorError("\n".join(_remedies(each, pocket) for each in in_the_way))
    for residue in list(structure.residues):
        reason = _reason_to_remove(residue, pocket, remove)
        if reason is not None:
            structure.remove(residue, *reason)
        elif residue.kind == "ion":
            structure.note("ion kept", residue, f"12-6 parameters of {IONS[residue.name]}")


def _reason_to_remove(
    residue: Residue, pocket: ResolvedPocket, remove: list[str]
) -> tuple[Removal, str] | None:
    """Why a residue is not modelled, typed and as text; None where it stays."""
    if residue.kind != "polymer" and is_named(residue, remove):
        return Removal.ASKED_FOR, "asked for"
    if residue.kind not in ("other", "ion") or (residue.kind == "ion" and residue.name in IONS):
        return None
    if not residue.heavy():
        return Removal.UNMODELLED, "no heavy atoms"
    away = f"{_distance(residue, pocket):.0f} Å from the pocket"
    detail = f"{_describe(residue)} without parameters, {away}"
    reasons = {
        (Removal.REFERENCE, "reference ligand or a copy of it"): residue.label in pocket.taken_out,
        (Removal.ADDITIVE, "crystallisation additive"): residue.name in ADDITIVES,
        (Removal.GLYCAN, "glycan"): residue.name in GLYCANS,
        (Removal.UNMODELLED, detail): True,
    }
    return next(reason for reason, holds in reasons.items() if holds)


def _distance(residue: Residue, pocket: ResolvedPocket) -> float:
    return float(pocket.distance(residue.positions()).min())


def _describe(residue: Residue) -> str:
    metal = any(atom.element in METALS for atom in residue.atoms)
    if len(residue.heavy()) == 1:
        return "ion"
    return "metal-organic molecule" if metal else "organic molecule"


def _is_in_the_way(residue: Residue, pocket: ResolvedPocket, remove: list[str]) -> bool:
    reason = _reason_to_remove(residue, pocket, remove)
    unknown = reason is not None and reason[0] is Removal.UNMODELLED and bool(residue.heavy())
    return unknown and _distance(residue, pocket) <= POCKET_NEIGHBOURHOOD


def _remedies(residue: Residue, pocket: ResolvedPocket) -> str:
    what = _describe(residue)
    article = "an" if what[0] in "aeiou" else "a"
    if not residue.name:
        return (
            f"the residue {residue.chain}:{residue.place} has no name, no parameters, and stands "
            f"{_distance(residue, pocket):.1f} Å from the pocket (an error within "
            f"{POCKET_NEIGHBOURHOOD:g} Å): name it in columns 18-20 of the file (label_comp_id in "
            "mmCIF)"
        )
    remedies = [f"list {residue.name} in receptors.<name>.remove"]
    if what == "organic molecule":
        remedies.insert(
            0,
            f"declare it under receptors.<name>.cofactors (residue: {residue.name}, with smiles, "
            "sdf or ccd)",
        )
        remedies.append("make it the reference ligand (pocket.ligand_residue)")
    return (
        f"{residue.label} is {article} {what} without parameters, "
        f"{_distance(residue, pocket):.1f} Å from the pocket (an error within "
        f"{POCKET_NEIGHBOURHOOD:g} Å): {', or '.join(remedies)}"
    )


def select_waters(structure: Structure, pocket: ResolvedPocket, policy: str) -> None:
    """Keep no waters, those of the pocket, or all; drop those on top of other atoms.

    Parameters
    ----------
    structure : Structure
    pocket : ResolvedPocket
    policy : str
        none, pocket (within 5 Å of the reference ligand or the pocket's residues, or in
        the box), or all.
    """
    waters = list(structure.of_kind("water"))
    if not waters:
        return
    oxygens = [_oxygen(water) for water in waters]
    cutoff = LINING_CUTOFF if pocket.points is not None else 0.0
    near = pocket.distance(np.array(oxygens)) <= cutoff
    by_policy = {"none": np.zeros(len(waters), bool), "all": np.ones(len(waters), bool),
                 "pocket": near}[policy]  # fmt: skip
    crowded = by_policy & _crowded(structure, np.array(oxygens))
    crowded |= _alternates(np.array(oxygens), by_policy & ~crowded)
    structure.remove_all(_where(waters, ~by_policy), Removal.WATER)
    structure.remove_all(_where(waters, crowded), Removal.CROWDED)
    structure.note("waters", "", _waters_kept(waters, by_policy, crowded, policy))


def _where(waters: list[Residue], these: np.ndarray) -> list[Residue]:
    return [water for water, is_one in zip(waters, these, strict=True) if is_one]


def _waters_kept(waters: list[Residue], kept: np.ndarray, crowded: np.ndarray, policy: str) -> str:
    counts = f"{kept.sum()} of {len(waters)} kept"
    if not crowded.any():
        return f"{counts}, {len(waters) - kept.sum()} removed (policy {policy})"
    labels = [water.label for water in _where(waters, crowded)]
    shown = " ".join(labels[:SHOWN]) + (
        f" and {len(labels) - SHOWN} more" if labels[SHOWN:] else ""
    )
    return (
        f"{counts} by policy {policy}, {len(labels)} of them removed again, within {CROWDED:g} Å "
        f"of another heavy atom: {shown}"
    )


def _oxygen(water: Residue) -> np.ndarray:
    atom = next((atom for atom in water.atoms if atom.element == "O"), water.atoms[0])
    return atom.xyz


def _alternates(oxygens: np.ndarray, kept: np.ndarray) -> np.ndarray:
    """Waters on top of one that comes before them and stays: half a water at each of two places."""
    left_out = np.zeros(len(oxygens), bool)
    indices = np.flatnonzero(kept)
    for i, j in sorted(cKDTree(oxygens[indices].reshape(-1, 3)).query_pairs(CROWDED)):
        left_out[indices[j]] |= not left_out[indices[i]]
    return left_out


def _crowded(structure: Structure, oxygens: np.ndarray) -> np.ndarray:
    """Waters on top of a heavy atom that is no water: alternates of something else."""
    others = [
        each.positions() for each in structure.residues if each.kind != "water" and each.heavy()
    ]
    if not others:
        return np.zeros(len(oxygens), bool)
    return np.asarray(cKDTree(np.concatenate(others)).query(oxygens)[0] < CROWDED)
