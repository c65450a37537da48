"""Where to dock: a box, the reference ligand and the residues around it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from string import ascii_letters
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rdkit import Chem
from scipy.spatial import cKDTree

from screenmm.config.settings import Like, Pocket, Receptor
from screenmm.core.errors import PocketError
from screenmm.core.suggest import closest
from screenmm.receptor.ligand_file import NO_BOND_ORDERS, read_molecule
from screenmm.receptor.likeness import Likeness, clashes, superpose
from screenmm.receptor.names import ADDITIVES, GLYCANS, METALS
from screenmm.receptor.pocket_finder import find_pockets, pocket_of_rank
from screenmm.receptor.reading import read_structure
from screenmm.receptor.structure import Array, Residue, Structure
from screenmm.residues.labels import Named, molecule_readings, residue_readings

Triple = tuple[float, float, float]
LINING_CUTOFF = 5.0  # Å from the reference ligand
FRAME_CUTOFF = 8.0  # Å, farther from any receptor atom the frames differ
OVERLAP = 1.5  # Å, closer atoms of ligand file and structure are the same
MIN_LIGAND_HEAVY_ATOMS = 10
POCKET_NEIGHBOURHOOD = 8.0  # Å, what cannot be modelled this near to the pocket is an error


@dataclass(frozen=True)
class ResolvedPocket:
    """The pocket in the receptor's frame.

    Attributes
    ----------
    center, size : tuple of float
        Centre and edges of the box, Å.
    reference : Mol or None
        Reference ligand with coordinates. One read from the structure has the file's
        connectivity but no bond orders (property ``bond_orders`` is ``none``).
    lining : list of str
        Residues around the pocket, as ``chain:name:number``.
    taken_out : frozenset of str
        Labels of the structure's residues that are copies of the reference ligand.
    origin : dict
        Words (``text``) and numbers about a pocket that was found, or taken from a relative.
    seed : Mol or None
        Ligand that side chains are to be turned away from, with coordinates.
    seed_name : str
        It in words.
    """

    center: Triple
    size: Triple
    reference: Chem.Mol | None = None
    lining: list[str] = field(default_factory=list)
    taken_out: frozenset[str] = frozenset()
    points: Array | None = field(default=None, repr=False, compare=False)
    origin: dict[str, Any] = field(default_factory=dict)
    seed: Chem.Mol | None = field(default=None, repr=False, compare=False)
    seed_name: str = ""

    def distance(self, positions: Array) -> NDArray[np.float64]:
        """Distance of each position from the pocket, Å.

        Measured from the reference ligand or the residues asked for; without either,
        from the box (zero inside).
        """
        positions = np.asarray(positions, dtype=float).reshape(-1, 3)
        if self.points is not None:
            return np.asarray(cKDTree(self.points).query(positions)[0])
        half = np.array(self.size) / 2
        outside = np.abs(positions - np.array(self.center)) - half
        return np.asarray(np.linalg.norm(np.clip(outside, 0, None), axis=1))


def resolve_pocket(structure: Structure, pocket: Pocket) -> ResolvedPocket:
    """Locate the pocket in a structure.

    Parameters
    ----------
    structure : Structure
        Residues of the kept chains, ligands still in place.
    pocket : Pocket
        Exactly one way of placing it.

    Returns
    -------
    ResolvedPocket
        The box is the extent of the ligand, the residues or the found pocket's spheres plus the
        padding on each side, no edge shorter than the smallest size; ``center`` and ``size`` are
        taken as given.

    Raises
    ------
    PocketError
        Nothing or several things match, the ligand cannot be read, or it lies away from
        the receptor.
    """
    if pocket.ligand is not None:
        reference = read_molecule(pocket.ligand, first_of_several=True)
        if reference.HasProp("chosen"):
            structure.note("reference ligand", pocket.ligand.name, reference.GetProp("chosen"))
        _check_frame(structure, heavy_positions(reference), str(pocket.ligand))
        return _around_ligand(structure, pocket, reference, _overlapping(structure, reference))
    if pocket.ligand_residue is not None or pocket.auto:
        spec = pocket.ligand_residue
        chosen = _only_ligand(structure) if spec is None else _named_ligand(structure, spec)
        return _from_residue(structure, pocket, chosen)
    if pocket.residues is not None:
        return _around_residues(structure, pocket)
    if pocket.find is not None:
        return _around_found(structure, pocket, pocket.find)
    if pocket.like is not None:
        return _as_in_relative(structure, pocket, pocket.like)
    assert pocket.center is not None  # the settings ask for exactly one way
    assert pocket.size is not None
    return _given_box(structure, pocket.center, pocket.size)


def with_seed(
    structure: Structure,
    pocket: ResolvedPocket,
    receptor: Receptor,
    name: str | None,
    template: Path | None,
) -> ResolvedPocket:
    """Find the ligand that side chains are repacked around, where they are.

    Parameters
    ----------
    structure : Structure
        Ligands still in place.
    pocket : ResolvedPocket
    receptor : Receptor
        Whose ``repack`` decides.
    name : str or None
        The pocket's ligand in words.
    template : Path or None
        File whose first record is the seed where nothing else is.

    Raises
    ------
    PocketError
        There is no seed where one is asked for, or it lies elsewhere.
    """
    asked = receptor.repack
    if asked is False or (asked == "auto" and not structure.origin.is_model):
        return pocket
    file = receptor.seed_file or (template if pocket.reference is None else None)
    if file is None:
        if pocket.reference is None and asked is True:
            raise PocketError(
                "repack: true, but the pocket names no ligand to repack around: give repack a "
                "ligand file in the receptor's frame, or false"
            )
        return replace(pocket, seed=pocket.reference, seed_name=name or "")
    seed = read_molecule(file, first_of_several=True)
    if seed.HasProp("chosen"):
        structure.note("seed ligand", file.name, seed.GetProp("chosen"))
    points = heavy_positions(seed)
    _check_frame(structure, points, str(file))
    beyond = float((np.abs(points.mean(axis=0) - pocket.center) - np.array(pocket.size) / 2).max())
    if beyond > 0:
        raise PocketError(
            f"the centre of the seed ligand {file} lies {beyond:.1f} Å outside the box: give "
            "repack a ligand in the receptor's frame, or mend the pocket"
        )
    taken_out = pocket.taken_out | _overlapping(structure, seed)
    return replace(pocket, seed=seed, seed_name=file.name, taken_out=taken_out)


def heavy_positions(molecule: Chem.Mol) -> Array:
    """Positions of the heavy atoms, Å."""
    positions = molecule.GetConformer().GetPositions()
    heavy = [atom.GetIdx() for atom in molecule.GetAtoms() if atom.GetAtomicNum() > 1]
    return np.asarray(positions[heavy], dtype=float)


def _box(points: Array, pocket: Pocket) -> tuple[Triple, Triple]:
    low, high = points.min(axis=0), points.max(axis=0)
    size = np.maximum(high - low + 2 * pocket.padding_angstrom, pocket.min_size_angstrom)
    return _triple((low + high) / 2), _triple(size)


def _triple(values: Array) -> Triple:
    x, y, z = (round(float(value), 3) for value in values)
    return x, y, z


def _around_ligand(
    structure: Structure, pocket: Pocket, reference: Chem.Mol, taken_out: frozenset[str]
) -> ResolvedPocket:
    points = heavy_positions(reference)
    center, size = _box(points, pocket)
    tree = cKDTree(points)
    lining = [
        residue.label
        for residue in structure.of_kind("polymer", "ion")
        if len(residue.heavy()) and tree.query(residue.positions())[0].min() <= LINING_CUTOFF
    ]
    return ResolvedPocket(center, size, reference, lining, taken_out, points)


def _around_residues(structure: Structure, pocket: Pocket) -> ResolvedPocket:
    residues = [find_residue(structure, spec) for spec in pocket.residues or ()]
    points = np.concatenate([residue.positions() for residue in residues])
    center, size = _box(points, pocket)
    return ResolvedPocket(center, size, None, [each.label for each in residues], points=points)


def _around_found(structure: Structure, pocket: Pocket, rank: int) -> ResolvedPocket:
    """Box around the alpha spheres of a pocket that needs no ligand."""
    pockets = find_pockets(structure)
    found = pocket_of_rank(pockets, rank)
    points = found.spheres[:, :3]
    center, size = _box(points, pocket)
    lining = [each.label for each in found.residues]
    plddt = "" if found.plddt is None else f", mean pLDDT {found.plddt:.0f}"
    text = (
        f"rank {rank} of {len(pockets)} by druggability, which is {found.druggability:.2f} "
        f"(0 to 1); {found.volume_angstrom3:.0f} Å³, {len(lining)} residues{plddt}"
    )
    structure.note("pocket found", "", text)
    origin = {
        "text": f"found without a ligand: {text}",
        "rank": rank,
        "of": len(pockets),
        "druggability": found.druggability,
        "volume_angstrom3": found.volume_angstrom3,
        "mean_plddt": found.plddt,
    }
    return ResolvedPocket(center, size, None, lining, points=points, origin=origin)


def _as_in_relative(structure: Structure, pocket: Pocket, like: Like) -> ResolvedPocket:
    """Box around the ligand of a related structure, moved along with the residues around it."""
    ligand, found = move_ligand(structure, like)
    points = heavy_positions(ligand)
    elements = [atom.GetSymbol() for atom in ligand.GetAtoms() if atom.GetAtomicNum() > 1]
    count, into = clashes(points, elements, structure.of_kind("polymer", "ion"))
    labels = [each.label for each in into]
    text = in_words(found, like.ligand_name)
    hit = f"{count} of its {len(points)} heavy atoms"
    structure.note("pocket of a relative", "", text)
    structure.note("clashes of the relative's ligand", " ".join(labels), hit)
    placed = _around_ligand(structure, pocket, ligand, frozenset())
    origin = {
        "text": f"that of {text}; {hit} clash" + (f" (with {', '.join(labels)})" if labels else ""),
        "ligand": like.ligand_name,
        **found.as_json(),
        "ligand_atoms": len(points),
        "clashing_atoms": count,
        "clashes_with": labels,
    }
    return replace(placed, origin=origin)


def move_ligand(structure: Structure, like: Like) -> tuple[Chem.Mol, Likeness]:
    """Move the ligand of a related structure into the frame of a receptor.

    Parameters
    ----------
    structure : Structure
        The receptor.
    like : Like
        The relative and its ligand.

    Raises
    ------
    ReceptorError
        The relative's file is no structure.
    PocketError
        There is no such ligand in it, or the two are too unlike.
    """
    relative = read_structure(like.structure)
    if isinstance(like.ligand, Path):
        ligand = read_molecule(like.ligand, first_of_several=True)
        if ligand.HasProp("chosen"):
            structure.note("reference ligand", like.ligand.name, ligand.GetProp("chosen"))
        _check_beside(relative, ligand, like)
    else:
        ligand = residue_molecule(_named_ligand(relative, like.ligand))
    found = superpose(structure, relative, heavy_positions(ligand), like.structure.name)
    moved = Chem.Mol(ligand)
    conformer = moved.GetConformer()
    for index, xyz in enumerate(found.moved(conformer.GetPositions()).tolist()):
        conformer.SetAtomPosition(index, xyz)
    return moved, found


def _check_beside(relative: Structure, ligand: Chem.Mol, like: Like) -> None:
    parts = [each.positions() for each in relative.of_kind("polymer")]
    if not parts:
        raise PocketError(f"pocket.like: {like.structure.name} holds no protein to lay over")
    polymer = np.concatenate(parts)
    nearest = float(cKDTree(polymer).query(heavy_positions(ligand))[0].min())
    if nearest > FRAME_CUTOFF:
        raise PocketError(
            f"pocket.like: {like.ligand_name} lies {nearest:.1f} Å from its nearest atom (limit "
            f"{FRAME_CUTOFF:g} Å): give the ligand in the frame of that structure"
        )


def in_words(found: Likeness, ligand: str) -> str:
    """How like a relative is, for a report."""
    return (
        f"{ligand}, laid over by chains {found.chains} (receptor:relative): {found.identity:.0%} "
        f"identity over {found.aligned} residues, whose CA differ by {found.rmsd_angstrom:.2f} Å; "
        f"the {found.around} around the ligand by {found.around_rmsd_angstrom:.2f} Å, the "
        f"{found.fitted} of them that moved it by {found.fitted_rmsd_angstrom:.2f} Å"
    )


def _given_box(structure: Structure, center: Triple, size: Triple) -> ResolvedPocket:
    box = ResolvedPocket(center, size)
    lining = [
        residue.label
        for residue in structure.of_kind("polymer", "ion")
        if len(residue.heavy()) and box.distance(residue.positions()).min() == 0
    ]
    if not lining:
        raise PocketError(
            f"the box at center {center} with size {size} Å holds no receptor atom: "
            "give a center in the receptor's frame"
        )
    return ResolvedPocket(center, size, lining=lining)


def _check_frame(structure: Structure, points: Array, source: str) -> None:
    receptor = np.concatenate(
        [each.positions() for each in structure.of_kind("polymer")] or [points]
    )
    distances = cKDTree(receptor).query(points)[0]
    if distances.min() > FRAME_CUTOFF:
        raise PocketError(
            f"{source} lies {distances.min():.1f} Å from the nearest receptor atom (limit "
            f"{FRAME_CUTOFF:g} Å): give a ligand in the receptor's frame, or keep the chain it "
            "binds"
        )
    inside = float(np.mean(distances < 1.0))
    if inside > 0.3:
        raise PocketError(
            f"{source} coincides with receptor atoms ({inside:.0%} of its heavy atoms within 1 Å): "
            "give a ligand in the receptor's frame, or leave its chain out of "
            "receptors.<name>.chains"
        )


def _overlapping(structure: Structure, reference: Chem.Mol) -> frozenset[str]:
    """Labels of hetero residues that are the reference ligand or copies of it."""
    tree = cKDTree(heavy_positions(reference))
    same = [
        residue
        for residue in structure.of_kind("other")
        if residue.heavy() and np.mean(tree.query(residue.positions())[0] < OVERLAP) > 0.5
    ]
    return _copies(structure, {residue.name for residue in same})


def _copies(structure: Structure, names: set[str]) -> frozenset[str]:
    return frozenset(each.label for each in structure.of_kind("other") if each.name in names)


def _from_residue(structure: Structure, pocket: Pocket, chosen: Residue) -> ResolvedPocket:
    _check_frame(structure, chosen.positions(), f"the ligand {chosen.label}")
    reference = residue_molecule(chosen)
    return _around_ligand(structure, pocket, reference, _copies(structure, {chosen.name}))


def residue_molecule(residue: Residue) -> Chem.Mol:
    """Heavy atoms of a residue, with the file's coordinates and single bonds by distance."""
    molecule = Chem.RWMol()
    atoms = residue.heavy()
    for each in atoms:
        atom = Chem.Atom(each.element)
        atom.SetNoImplicit(True)
        atom.SetProp("name", each.name)
        molecule.AddAtom(atom)
    table = Chem.GetPeriodicTable()
    for i, first in enumerate(atoms):
        for j in range(i):
            reach = table.GetRcovalent(first.element) + table.GetRcovalent(atoms[j].element)
            if np.linalg.norm(first.xyz - atoms[j].xyz) < reach + 0.3:
                molecule.AddBond(i, j, Chem.BondType.SINGLE)
    conformer = Chem.Conformer(len(atoms))
    conformer.Set3D(True)
    for i, each in enumerate(atoms):
        conformer.SetAtomPosition(i, each.xyz.tolist())
    molecule.AddConformer(conformer)
    molecule.UpdatePropertyCache(strict=False)
    plain = molecule.GetMol()
    plain.SetProp("_Name", residue.label)
    plain.SetProp(*NO_BOND_ORDERS)
    return plain


def find_hetero(structure: Structure, spec: str) -> list[Residue]:
    """Non-polymer residues that match NAD, A:NAD, NAD:301 or A:NAD:301.

    Parameters
    ----------
    structure : Structure
    spec : str
        Name, with chain and number, with its insertion code, where needed.
    """
    return _matching(structure.of_kind("other", "ion"), molecule_readings(spec))


def _matching(residues: Iterable[Residue], readings: Iterable[Named]) -> list[Residue]:
    """Residues that the likeliest reading with any matches."""
    choices = list(residues)
    for reading in readings:
        found = [
            each
            for each in choices
            if reading.matches(each.chain, {each.name, each.file_name}, each.place)
        ]
        if found:
            return found
    return []


def nearest_names(structure: Structure, spec: str) -> str:
    """Hint that names the residues like ``spec``, or all hetero residues that exist."""
    labels = [each.label for each in structure.of_kind("other")]
    names = {each.name for each in structure.of_kind("other")}
    asked = max(spec.split(":"), key=lambda part: part in names)
    near = [label for label in labels if asked in label.split(":")]
    near = near or closest(spec, labels + sorted(names), most=3, least=0.4)
    if near:
        return f"nearest: {', '.join(near)}"
    return f"non-polymer residues: {', '.join(labels) or 'none'}"


def _named_ligand(structure: Structure, spec: str) -> Residue:
    found = find_hetero(structure, spec)
    if not found:
        raise PocketError(f"no residue {spec} in the kept chains; {nearest_names(structure, spec)}")
    if len(found) > 1:
        raise PocketError(
            f"ligand_residue {spec} matches {', '.join(each.label for each in found)}: "
            "name one of them"
        )
    return found[0]


def _only_ligand(structure: Structure) -> Residue:
    candidates = [
        each
        for each in structure.of_kind("other")
        if len(each.heavy()) >= MIN_LIGAND_HEAVY_ATOMS
        and each.name not in ADDITIVES | GLYCANS
        and any(atom.element == "C" for atom in each.atoms)
        and not any(atom.element in METALS for atom in each.atoms)
    ]
    if not candidates:
        raise PocketError(
            f"pocket auto: no organic ligand of {MIN_LIGAND_HEAVY_ATOMS} or more heavy atoms in "
            "the structure; give pocket.ligand, residues, or center and size"
        )
    if len({each.name for each in candidates}) > 1:
        raise PocketError(
            f"pocket auto: several ligands ({', '.join(each.label for each in candidates)}); "
            "choose one with pocket.ligand_residue"
        )
    return candidates[0]


def find_residue(structure: Structure, spec: str) -> Residue:
    """Polymer residue named as A:315, 315, A:THR:315, THR:315 or A:60A.

    Raises
    ------
    PocketError
        None or several match.
    """
    readings = list(residue_readings(spec))
    if not readings:
        raise PocketError(f"residue {spec!r}: write it as A:315 or 315")
    polymer = list(structure.of_kind("polymer"))
    found = _matching(polymer, readings)
    if not found:
        wanted = int(spec.rpartition(":")[2].rstrip(ascii_letters))
        of_chain = [each for each in polymer if each.chain == readings[0].chain] or polymer
        near = sorted(of_chain, key=lambda each: abs(each.number - wanted))[:3]
        chains = sorted({each.chain or "(blank)" for each in polymer})
        raise PocketError(
            f"no residue {spec} in the receptor; nearest: "
            f"{', '.join(each.label for each in near) or 'none'}; chains: {', '.join(chains)}"
        )
    if len(found) > 1:
        raise PocketError(
            f"residue {spec} is in several chains ({', '.join(each.label for each in found)}): "
            "name the chain"
        )
    return found[0]
