"""From a structure file to a receptor ready for docking and scoring."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from openmm import app

from screenmm.config.settings import Pocket, Receptor
from screenmm.core.errors import ConservationError, PocketError, ReceptorError
from screenmm.receptor.bonds import check_bonds
from screenmm.receptor.chains import Segment, cap_gaps, find_segments, note_tails
from screenmm.receptor.cofactors import PlacedCofactor, place_cofactors
from screenmm.receptor.confidence import (
    Confidence,
    confidence_of,
    judge_pocket,
    trim,
    trimmed_words,
)
from screenmm.receptor.conservation import Removal, Tally
from screenmm.receptor.forcefield import residue_label
from screenmm.receptor.hydrogens import (
    MODIFIED_HYDROGENS,
    keep_own_hydrogens,
    settle_phosphate,
)
from screenmm.receptor.loops import loop_fault
from screenmm.receptor.modified import check_modified, convert_modified, cut_chains
from screenmm.receptor.names import NUCLEOTIDES
from screenmm.receptor.pae import Pae, check_size, read_pae
from screenmm.receptor.pocket import (
    LINING_CUTOFF,
    ResolvedPocket,
    resolve_pocket,
    with_seed,
)
from screenmm.receptor.protonation import TITRATABLE, assign_states
from screenmm.receptor.reading import read_structure
from screenmm.receptor.rebuild import build_loops, complete_backbone, drop_broken
from screenmm.receptor.relax import add_hydrogens, relax, worst_contact
from screenmm.receptor.repack import Repacked, repack
from screenmm.receptor.report import Change, render
from screenmm.receptor.selection import mutate, select_hetero, select_waters
from screenmm.receptor.sidechains import complete_side_chains
from screenmm.receptor.structure import Array, Residue, Structure
from screenmm.receptor.topology import bond_disulfides, build_topology

PLACEHOLDER = "COFX"  # keeps OpenMM from adding hydrogens to a cofactor that it knows by name


@dataclass
class PreparedReceptor:
    """A receptor with all hydrogens, in the frame of its file.

    Attributes
    ----------
    name : str
    topology : openmm.app.Topology
        Polymer, ions, waters, then cofactors, one residue each; author's chains and numbers.
    positions_angstrom : ndarray
        Shape (atoms, 3).
    cofactors : list of PlacedCofactor
    pocket : ResolvedPocket
    report : list of Change
        Everything that was done.
    confidence : Confidence or None
        Of a predicted model.
    heavy_atoms : Tally
        Heavy atoms read, kept, removed by reason, and added.
    repacked : Repacked or None
        Side chains turned away from a seed ligand, where there is one.
    """

    name: str
    topology: app.Topology
    positions_angstrom: Array
    cofactors: list[PlacedCofactor]
    pocket: ResolvedPocket
    heavy_atoms: Tally
    report: list[Change] = field(default_factory=list)
    confidence: Confidence | None = None
    repacked: Repacked | None = None

    def polymer(self) -> tuple[app.Topology, Array]:
        """Topology and positions (Å) without cofactors; atom indices are the same."""
        if not self.cofactors:
            return self.topology, self.positions_angstrom
        count = self.topology.getNumAtoms() - sum(len(c.atom_indices) for c in self.cofactors)
        return _first_atoms(self.topology, count), self.positions_angstrom[:count]

    def report_json(self) -> dict[str, Any]:
        """Report as plain data."""
        return {
            "receptor": self.name,
            "atoms": self.topology.getNumAtoms(),
            "residues": self.topology.getNumResidues(),
            "chains": list(dict.fromkeys(chain.id for chain in self.topology.chains())),
            "cofactors": [cofactor.name for cofactor in self.cofactors],
            "pocket": {
                "center_angstrom": list(self.pocket.center),
                "size_angstrom": list(self.pocket.size),
                "lining": self.pocket.lining,
                **({"origin": self.pocket.origin} if self.pocket.origin else {}),
            },
            "heavy_atoms": self.heavy_atoms.as_json(),
            "changes": [
                {"kind": each.kind, "residue": each.residue, "detail": each.detail}
                for each in self.report
            ],
            "confidence": None if self.confidence is None else self.confidence.as_json(),
            "repacked": None if self.repacked is None else self.repacked.as_json(),
        }

    def report_text(self) -> str:
        """Report for reading, changes grouped by kind."""
        x, y, z = self.pocket.center
        a, b, c = self.pocket.size
        head = (
            f"{self.name}: {self.topology.getNumAtoms()} atoms, "
            f"{self.topology.getNumResidues()} residues, {len(self.cofactors)} cofactors\n"
            f"box centre {x:.1f} {y:.1f} {z:.1f} Å, edges {a:.1f} {b:.1f} {c:.1f} Å, "
            f"{len(self.pocket.lining)} residues around\n"
        )
        return head + self.heavy_atoms.as_text() + render(self.report)


def prepare_receptor(
    name: str, settings: Receptor, pocket: Pocket, template: Path | None = None
) -> PreparedReceptor:
    """Prepare one receptor: select, complete, protonate; observed heavy atoms do not move.

    But for side chains that are turned away from a seed ligand (``settings.repack``).

    The same input gives the same receptor, bit for bit, on one machine.

    Parameters
    ----------
    name : str
        Name of the receptor.
    settings : Receptor
        Structure and what to do with it.
    pocket : Pocket
        Where to dock; its reference ligand is taken out of the structure.
    template : Path, optional
        File of the seed ligand where neither pocket nor settings name one.

    Returns
    -------
    PreparedReceptor

    Raises
    ------
    ReceptorError
        A residue cannot be modelled; the message names it and the remedies.
    PocketError
        The pocket cannot be located.
    """
    structure, resolved, cofactors, confidence = choose_with_confidence(settings, pocket, template)
    select_waters(structure, resolved, settings.keep_waters)
    built = _build(structure, cofactors, settings, resolved)
    return PreparedReceptor(
        name,
        built.topology,
        built.positions,
        built.cofactors,
        resolved,
        built.tally,
        built.structure.changes,
        confidence,
        built.repacked,
    )


def choose_residues(
    settings: Receptor, pocket: Pocket, template: Path | None = None
) -> tuple[Structure, ResolvedPocket, list[PlacedCofactor]]:
    """Return :func:`choose_with_confidence` without the confidence."""
    return choose_with_confidence(settings, pocket, template)[:3]


def choose_with_confidence(
    settings: Receptor, pocket: Pocket, template: Path | None = None
) -> tuple[Structure, ResolvedPocket, list[PlacedCofactor], Confidence | None]:
    """Read the structure and find in it what the config names: seconds, and nothing is built.

    Parameters
    ----------
    settings : Receptor
        Structure and what to do with it.
    pocket : Pocket
        Where to dock.
    template : Path, optional
        File of the seed ligand where neither pocket nor settings name one.

    Returns
    -------
    tuple of Structure, ResolvedPocket, list of PlacedCofactor, and Confidence or None
        Residues that stay, all waters with them, mutated; the pocket; the cofactors; how far a
        predicted model can be trusted.

    Raises
    ------
    ReceptorError
        The file is no structure, or lacks a chain or residue; a residue cannot be modelled.
    PocketError
        The pocket cannot be located, or a model is unsure of it.
    """
    structure = read_structure(settings.structure, settings.chains, settings.is_predicted)
    if not any(structure.of_kind("polymer")):
        raise ReceptorError(f"{settings.structure.name}: no protein or nucleic acid in it")
    pae = _pae(structure, settings)
    trim(structure, settings.trim_plddt)
    with structure.losing(Removal.MODIFIED):
        cut = cut_chains(structure, settings.remove)
        modified = convert_modified(structure)
    with _telling_trimmed(structure):
        with structure.losing(Removal.MUTATED):
            mutate(structure, settings.mutations)
        resolved = resolve_pocket(structure, pocket)
    resolved = with_seed(structure, resolved, settings, pocket.ligand_name, template)
    confidence = _confidence(structure, resolved, settings, pae)
    check_modified(modified, structure, resolved, settings.model_as_parent)
    cofactors = place_cofactors(structure, settings.cofactors)
    clash = sorted(resolved.taken_out & {cofactor.name for cofactor in cofactors})
    if clash:
        raise PocketError(
            f"{', '.join(clash)} is both a cofactor and the reference ligand: choose one"
        )
    select_hetero(structure, resolved, settings.remove, cut)
    return structure, resolved, cofactors, confidence


def _pae(structure: Structure, settings: Receptor) -> Pae | None:
    if settings.pae is None:
        return None
    pae = read_pae(settings.pae)
    check_size(pae, structure)
    return pae


@contextmanager
def _telling_trimmed(structure: Structure) -> Iterator[None]:
    """Tell with an error what was trimmed: a residue that is not found may be among it."""
    try:
        yield
    except (ReceptorError, PocketError) as error:
        if words := trimmed_words(structure):
            raise type(error)(f"{error}; {words}") from None
        raise


def _confidence(
    structure: Structure, pocket: ResolvedPocket, settings: Receptor, pae: Pae | None
) -> Confidence | None:
    """How far a model can be trusted; notes what says that it is one, and a doubtful pocket."""
    reach = 0.0 if pocket.points is None else LINING_CUTOFF
    found = confidence_of(
        structure,
        pocket.lining,
        lambda positions: bool(pocket.distance(positions).min() <= reach),
        settings.min_pocket_plddt,
        pae,
    )
    if found is not None:
        structure.note("predicted model", "", found.as_text())
        stops = settings.low_confidence == "stop"
        if warning := judge_pocket(found.pocket, settings.structure.name, stops=stops):
            structure.note("doubtful pocket", "", warning)
    return found


@dataclass
class _Model:
    """State of the structure while it is completed."""

    structure: Structure
    cofactors: list[PlacedCofactor]
    topology: app.Topology = field(default_factory=app.Topology)
    positions: Array = field(default_factory=lambda: np.zeros((0, 3)))
    loops: dict[str, list[int]] = field(default_factory=dict)
    residues: list[Residue] = field(default_factory=list)
    tally: Tally = field(default_factory=lambda: Tally(0, 0, {}, 0))
    repacked: Repacked | None = None


def _build(
    structure: Structure,
    cofactors: list[PlacedCofactor],
    settings: Receptor,
    pocket: ResolvedPocket,
) -> _Model:
    """Complete the model; loops that turn out badly are left out in a second round."""
    given_up: dict[str, str] = {}
    while True:
        model = _Model(copy.deepcopy(structure), cofactors)
        for label, fault in given_up.items():
            model.structure.note("loop given up", label, f"it had {fault}")
        _complete(model, settings, pocket, frozenset(given_up))
        found = {
            label: loop_fault(model.topology, model.positions, indices)
            for label, indices in model.loops.items()
        }
        faults = {label: fault for label, fault in found.items() if fault is not None}
        if not faults:
            _check(model)
            _note_contact(model)
            return model
        given_up.update(faults)


def _complete(
    model: _Model, settings: Receptor, pocket: ResolvedPocket, unbuildable: frozenset[str]
) -> None:
    structure = model.structure
    drop_broken(structure)
    segments = find_segments(structure)
    note_tails(structure, segments)
    _trim_phosphates(structure, segments)
    around = list(structure.of_kind("ion", "water"))
    organic = [each.residue for each in model.cofactors if each.residue is not None]
    polymer = [residue for segment in segments for residue in segment.residues]
    complete_side_chains(structure, polymer, [*around, *organic])
    _repack(model, pocket, [*polymer, *around, *organic])
    segments, loops = build_loops(
        structure, segments, [*around, *organic], settings.max_missing_loop, unbuildable
    )
    complete_backbone(structure, segments)
    cap_gaps(structure, segments)
    pairs = assign_states(structure, segments, [*around, *organic], settings.ph)
    _settle_hydrogens(structure, segments, around)
    runs = [
        *(segment.residues for segment in segments),
        *_by_chain(structure.of_kind("ion")),
        *_by_chain(structure.of_kind("water")),
    ]
    _hydrogenate(model, runs, pairs)
    model.residues = [*(residue for run in runs for residue in run), *organic]
    _locate_loops(model, runs, loops)


def _repack(model: _Model, pocket: ResolvedPocket, residues: list[Residue]) -> None:
    """Turn side chains away from the seed ligand, and tell which."""
    if pocket.seed is None:
        return
    model.repacked = repack(pocket.seed, pocket.seed_name, residues)
    note = model.structure.note
    note("repacked", "", model.repacked.as_text())
    for turned in model.repacked.turned:
        note("side chain turned", turned.residue, turned.as_text())
    for left in model.repacked.clashing:
        detail = f"overlap {left.overlap:.2f} Å: {left.why}"
        note("clashes with the seed ligand", left.residue, detail)


def _check(model: _Model) -> None:
    """See that no heavy atom was lost and every bond has the length of a bond."""
    heavy = [atom for residue in model.residues for atom in residue.heavy()]
    kept = [atom.source for atom in heavy if atom.source is not None]
    model.tally = model.structure.conservation.tally(kept, len(heavy) - len(kept))
    count = sum(atom.element is not app.element.hydrogen for atom in model.topology.atoms())
    if count != len(heavy):
        raise ConservationError(
            f"{count} heavy atoms are in the topology, {len(heavy)} in the residues that it was "
            "made from: this is a defect of ScreenMM; report it with the structure"
        )
    observed = {
        (index, atom.name)
        for index, residue in enumerate(model.residues)
        for atom in residue.atoms
        if not atom.added
    }
    for labels, length in check_bonds(model.topology, model.positions, observed):
        model.structure.note("poor bond", labels, length)


def _by_chain(residues: Iterator[Residue]) -> list[list[Residue]]:
    chains: dict[str, list[Residue]] = {}
    for residue in residues:
        chains.setdefault(residue.chain, []).append(residue)
    return list(chains.values())


def _trim_phosphates(structure: Structure, segments: list[Segment]) -> None:
    """Nucleic-acid force fields start with a 5' hydroxyl."""
    for segment in segments:
        first = segment.residues[0]
        if first.name in NUCLEOTIDES and first.find("P") is not None:
            phosphate = ("P", "OP1", "OP2", "OP3")
            gone = [atom for atom in first.atoms if atom.name in phosphate]
            structure.drop(first, gone, Removal.PHOSPHATE)
            structure.note("atoms removed", first, "5' phosphate; modelled as 5' hydroxyl")


def _settle_hydrogens(structure: Structure, segments: list[Segment], around: list[Residue]) -> None:
    for segment in segments:
        for index, residue in enumerate(segment.residues):
            settle_phosphate(residue)
            first, last = index == 0, index == len(segment.residues) - 1
            dropped = keep_own_hydrogens(residue, first, last)
            if dropped:
                structure.note(
                    "hydrogens removed",
                    residue,
                    f"{' '.join(dropped)}: not part of {residue.variant or residue.name} here",
                )
    for residue in around:
        if residue.kind == "water":
            keep_own_hydrogens(residue, first=True, last=True)


def _hydrogenate(
    model: _Model, runs: list[list[Residue]], pairs: list[tuple[Residue, Residue]]
) -> None:
    """Build the topology, add hydrogens, relax what was added and append the cofactors."""
    residues = [residue for run in runs for residue in run]
    place = {id(residue): index for index, residue in enumerate(residues)}
    topology, positions = build_topology(runs)
    bond_disulfides(topology, [(place[id(one)], place[id(other)]) for one, other in pairs])
    observed = {
        (index, atom.name)
        for index, residue in enumerate(residues)
        for atom in residue.atoms
        if not atom.added
    }
    variants: list[object] = [_variant(residue) for residue in residues]
    with_cofactors, all_positions = _append(topology, positions, model.cofactors, hide=True)
    variants += [None] * len(model.cofactors)
    full, found = add_hydrogens(with_cofactors, all_positions, variants)
    molecules = [cofactor.mol for cofactor in model.cofactors]
    count = full.getNumAtoms() - sum(molecule.GetNumAtoms() for molecule in molecules)
    polymer = _first_atoms(full, count)
    movable = [
        atom.index for atom in polymer.atoms() if (atom.residue.index, atom.name) not in observed
    ]
    relaxed = relax(polymer, found[:count], movable, molecules)
    # added atoms apart, positions are those of the file, not OpenMM's rounding of them
    exact = {
        (index, atom.name): atom.xyz
        for index, residue in enumerate(residues)
        for atom in residue.atoms
        if not atom.added
    }
    for atom in polymer.atoms():
        key = (atom.residue.index, atom.name)
        if key in exact:
            relaxed[atom.index] = exact[key]
    model.topology, model.positions = _append(polymer, relaxed, model.cofactors, hide=False)


def _variant(residue: Residue) -> object:
    if residue.name in MODIFIED_HYDROGENS:
        return MODIFIED_HYDROGENS[residue.name]
    if residue.name not in TITRATABLE:
        return None
    return "CYX" if residue.variant == "CYM" else residue.variant


def _append(
    topology: app.Topology, positions: Array, cofactors: list[PlacedCofactor], hide: bool
) -> tuple[app.Topology, Array]:
    """Topology with the cofactors after everything else, bonded as in their molecules."""
    full = _first_atoms(topology, topology.getNumAtoms())
    parts = [positions]
    for cofactor in cofactors:
        residue = cofactor.residue
        assert residue is not None  # set where cofactors are placed
        placed = full.addResidue(
            PLACEHOLDER if hide else residue.name,
            full.addChain(residue.chain),
            str(residue.number),
            residue.icode or " ",
        )
        atoms = [
            full.addAtom(atom.name, app.Element.getBySymbol(atom.element), placed)
            for atom in residue.atoms
        ]
        for bond in cofactor.mol.GetBonds():
            full.addBond(atoms[bond.GetBeginAtomIdx()], atoms[bond.GetEndAtomIdx()])
        cofactor.atom_indices = [atom.index for atom in atoms]
        parts.append(np.asarray(cofactor.mol.GetConformer().GetPositions(), dtype=float))
    return full, np.concatenate(parts)


def _first_atoms(topology: app.Topology, count: int) -> app.Topology:
    """Copy of the leading residues that hold ``count`` atoms, with their bonds."""
    part = app.Topology()
    copies: dict[int, app.topology.Atom] = {}
    for chain in topology.chains():
        members = [each for each in chain.residues() if next(each.atoms()).index < count]
        if not members:
            continue
        new_chain = part.addChain(chain.id)
        for residue in members:
            new = part.addResidue(residue.name, new_chain, residue.id, residue.insertionCode)
            for atom in residue.atoms():
                copies[atom.index] = part.addAtom(atom.name, atom.element, new)
    for one, other in topology.bonds():
        if one.index in copies and other.index in copies:
            part.addBond(copies[one.index], copies[other.index])
    return part


def _locate_loops(model: _Model, runs: list[list[Residue]], loops: list[Residue]) -> None:
    """Residue indices of each built loop, by the label of the gap that it fills."""
    built = {id(residue) for residue in loops}
    index = -1
    for run in runs:
        before: Residue | None = None
        current: list[int] = []
        for residue in run:
            index += 1
            if id(residue) in built:
                current.append(index)
                continue
            if current and before is not None:
                model.loops[f"{before.label} {residue.label}"] = current
            before, current = residue, []


def _note_contact(model: _Model) -> None:
    length, one, other = worst_contact(model.topology, model.positions)
    if one < 0:
        return
    atoms = list(model.topology.atoms())
    first, second = atoms[one], atoms[other]
    model.structure.note(
        "closest contact",
        f"{residue_label(first.residue)} {residue_label(second.residue)}",
        f"{first.name}–{second.name} {length:.2f} Å (not within three bonds)",
    )
