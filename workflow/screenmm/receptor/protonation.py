"""Protonation states: disulfides and metals by geometry, the file's own, then PROPKA."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import numpy as np
from propka.run import single
from scipy.spatial import cKDTree

from screenmm.core.errors import MACHINE_FAULTS
from screenmm.receptor.chains import Segment
from screenmm.receptor.hydrogens import by_parent, expected_hydrogens, swap_names
from screenmm.receptor.names import METALS
from screenmm.receptor.structure import Array, Residue, Structure

DISULFIDE = 2.5  # Å between SG atoms
SULFUR_METAL = 2.8  # Å
NITROGEN_METAL = 2.6  # Å
HBOND = 3.5  # Å between heavy atoms
# residue -> (state below the pKa, state above it)
TITRATABLE = {
    "ASP": ("ASH", "ASP"),
    "GLU": ("GLH", "GLU"),
    "LYS": ("LYS", "LYN"),
    "CYS": ("CYS", "CYM"),
    "HIS": ("HIP", None),
}
DEFAULT = {"ASP": "ASP", "GLU": "GLU", "LYS": "LYS", "CYS": "CYS"}
# states that ff14SB has only inside a chain
NOT_TERMINAL = {"ASH": "ASP", "GLH": "GLU", "LYN": "LYS", "CYM": "CYS"}
_OXYGENS = {"ASP": ("OD1", "OD2"), "GLU": ("OE1", "OE2")}
_DONORS = {("LYS", "NZ"), ("ARG", "NE"), ("ARG", "NH1"), ("ARG", "NH2"), ("TRP", "NE1"),
           ("ASN", "ND2"), ("GLN", "NE2")}  # fmt: skip
_BOTH = {("SER", "OG"), ("THR", "OG1"), ("TYR", "OH"), ("HOH", "O"), ("HIS", "ND1"),
         ("HIS", "NE2")}  # fmt: skip


def assign_states(
    structure: Structure, segments: list[Segment], others: list[Residue], ph: float
) -> list[tuple[Residue, Residue]]:
    """Choose the variant of every titratable residue and set ``residue.variant``.

    In order: disulfides and metal ligands; the file's own state, by its hydrogens or its
    residue name; PROPKA's pKa against the pH. A neutral histidine takes the tautomer with
    the better hydrogen bonds.

    Parameters
    ----------
    structure : Structure
        Receives the report.
    segments : list of Segment
        Polymer with all heavy atoms.
    others : list of Residue
        Ions, waters and cofactors.
    ph : float

    Returns
    -------
    list of pairs of Residue
        Disulfides.
    """
    polymer = [residue for segment in segments for residue in segment.residues]
    titratable = [residue for residue in polymer if residue.name in TITRATABLE]
    pairs = _disulfides(structure, polymer)
    settled = {id(residue) for pair in pairs for residue in pair}
    settled |= _metal_ligands(structure, titratable, others)
    settled |= _lone_halves(structure, titratable, settled)
    hydrogenated = _is_hydrogenated(polymer)
    open_cases = []
    for residue in titratable:
        if id(residue) in settled:
            continue
        own = _own_state(residue) if hydrogenated else None
        residue.variant = own or residue.variant
        if residue.variant is None:
            open_cases.append(residue)
        else:
            why = f"as {residue.file_name} has it" if residue.file_name else "as in the file"
            _note_state(structure, residue, why)
    if open_cases:
        _by_pka(structure, segments, others, open_cases, ph)
    _mend_termini(structure, segments)
    return pairs


def _disulfides(structure: Structure, polymer: list[Residue]) -> list[tuple[Residue, Residue]]:
    cysteines = [each for each in polymer if each.name == "CYS" and each.find("SG") is not None]
    sulfurs = np.array([each.find("SG").xyz for each in cysteines]).reshape(-1, 3)  # type: ignore[union-attr]
    if len(cysteines) < 2:
        return []
    close = sorted(
        (float(np.linalg.norm(sulfurs[i] - sulfurs[j])), i, j)
        for i, j in cKDTree(sulfurs).query_pairs(DISULFIDE)
    )
    pairs = []
    bonded: set[int] = set()
    for length, i, j in close:
        if bonded & {i, j}:
            continue
        bonded |= {i, j}
        pair = (cysteines[i], cysteines[j])
        for residue in pair:
            residue.variant = "CYX"
        pairs.append(pair)
        structure.note("disulfide", f"{pair[0].label} {pair[1].label}", f"SG–SG {length:.2f} Å")
    return pairs


def _metal_ligands(
    structure: Structure, titratable: list[Residue], others: list[Residue]
) -> set[int]:
    """Settle cysteines and histidines that a metal binds; their ids."""
    metals = [atom.xyz for each in others if each.kind == "ion" for atom in each.atoms
              if atom.element in METALS - {"Na", "K", "Li", "Rb", "Cs"}]  # fmt: skip
    if not metals:
        return set()
    tree = cKDTree(np.array(metals))
    settled = set()
    for residue in titratable:
        if residue.name == "CYS" and residue.variant != "CYX":
            if _distance(tree, residue, "SG") < SULFUR_METAL:
                residue.variant = "CYM"
                settled.add(id(residue))
                _note_state(structure, residue, "bound to a metal")
        elif residue.name == "HIS":
            delta, epsilon = (_distance(tree, residue, name) for name in ("ND1", "NE2"))
            if min(delta, epsilon) < NITROGEN_METAL:
                residue.variant = "HIE" if delta < epsilon else "HID"
                settled.add(id(residue))
                _note_state(structure, residue, "the other nitrogen binds a metal")
    return settled


def _lone_halves(structure: Structure, titratable: list[Residue], settled: set[int]) -> set[int]:
    """Settle cysteines that the file names CYX but whose partner is out of reach."""
    lone = [each for each in titratable if each.variant == "CYX" and id(each) not in settled]
    for residue in lone:
        residue.variant = "CYS"
        detail = f"CYS: named CYX, but no sulfur within {DISULFIDE:g} Å"
        structure.note("protonation", residue, detail)
    return {id(residue) for residue in lone}


def _distance(tree: cKDTree, residue: Residue, name: str) -> float:
    atom = residue.find(name)
    return float(tree.query(atom.xyz)[0]) if atom is not None else float("inf")


def _is_hydrogenated(polymer: list[Residue]) -> bool:
    """Whether hydroxyls carry their hydrogens, as they do in a prepared file only."""
    hydroxyls = {"SER": "OG", "THR": "OG1", "TYR": "OH"}
    tested = [
        bool(by_parent(residue)[0].get(hydroxyls[residue.name]))
        for residue in polymer
        if residue.name in hydroxyls and residue.find(hydroxyls[residue.name]) is not None
    ]
    return bool(tested) and float(np.mean(tested)) > 0.8


def _own_state(residue: Residue) -> str | None:
    """State that the residue's hydrogens show; None where side-chain hydrogens are missing."""
    own, _ = by_parent(residue)
    count = {name: len(hydrogens) for name, hydrogens in own.items()}
    if residue.name in _OXYGENS:
        acid = next((name for name in _OXYGENS[residue.name] if count.get(name)), None)
        if acid is not None:
            # the templates have the hydrogen on the second oxygen
            swap_names(residue, acid, _OXYGENS[residue.name][1])
            count[_OXYGENS[residue.name][1]] = count.pop(acid)
    for variant in ("HIP", "HID", "HIE") if residue.name == "HIS" else TITRATABLE[residue.name]:
        expected = expected_hydrogens(residue.name, variant, False, False) or []
        wanted: dict[str, int] = {}
        for _, parent in expected:
            wanted[parent] = wanted.get(parent, 0) + 1
        side = [atom.name for atom in residue.heavy() if atom.name not in ("N", "O", "OXT")]
        if all(count.get(name, 0) == wanted.get(name, 0) for name in side):
            return variant
    return None


def _note_state(structure: Structure, residue: Residue, why: str) -> None:
    if residue.variant != DEFAULT.get(residue.name):
        structure.note("protonation", residue, f"{residue.variant}: {why}")


def _by_pka(
    structure: Structure,
    segments: list[Segment],
    others: list[Residue],
    open_cases: list[Residue],
    ph: float,
) -> None:
    pka = _propka(structure, segments, others)
    tree, partners = _hbond_partners(segments, others)
    for residue in open_cases:
        value = pka.get(id(residue))
        shown = f"pKa {value:.1f}" if value is not None else "no pKa"
        below, above = TITRATABLE[residue.name]
        default = DEFAULT.get(residue.name)
        # PROPKA misses cysteine by more than a unit too often to trust a near call
        margin = 1.0 if residue.name == "CYS" else 0.0
        state = default if value is None else (below if ph < value + margin else above)
        if residue.name == "HIS" and state is None:
            state, bonds = _tautomer(residue, tree, partners)
            shown = f"{shown}, {bonds}"
        residue.variant = state
        if state in ("ASH", "GLH"):
            _face_acceptor(residue, tree, partners)
        _note_state(structure, residue, f"{shown} at pH {ph:g}")


def _propka(
    structure: Structure, segments: list[Segment], others: list[Residue]
) -> dict[int, float]:
    """PROPKA's pKa by the residue's id; cofactors take part unless PROPKA refuses them.

    A refusal is in the report, so that nobody takes default states for computed ones.
    """
    logging.getLogger("propka").setLevel(logging.ERROR)
    ions = [each for each in others if each.kind == "ion"]
    organic = [each for each in others if each.kind == "cofactor"]
    for extra in [[*ions, *organic], ions, []] if organic else [ions, []]:
        text, places = _propka_input(segments, extra)
        try:
            result = single("receptor.pdb", ["--quiet"], io.StringIO(text), write_pka=False)
        except MACHINE_FAULTS:
            raise
        except Exception as error:  # PROPKA raises what its parts raise
            what = (
                "ions and cofactors"
                if organic and extra
                else "ions"
                if extra
                else "the protein alone"
            )
            detail = f"PROPKA failed with {what}: {type(error).__name__}: {error}"
            structure.note("protonation", "receptor", " ".join(detail.split()))
            continue
        groups = result.conformations["AVR"].groups
        return {
            places[key]: float(group.pka_value)
            for group in groups
            if (key := (group.atom.chain_id, group.atom.res_num)) in places
            and group.residue_type in ("ASP", "GLU", "LYS", "CYS", "HIS")
        }
    structure.note("protonation", "receptor", "no pKa at all: default states are used")
    return {}


def _propka_input(
    segments: list[Segment], extra: list[Residue]
) -> tuple[str, dict[tuple[str, int], int]]:
    """PDB text with heavy atoms and plain numbering, and the residue of each number."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    names = sorted({segment.chain for segment in segments})
    letter = {name: letters[index % len(letters)] for index, name in enumerate(names)}
    lines: list[str] = []
    places: dict[tuple[str, int], int] = {}
    number = 0
    for segment in segments:
        chain = letter[segment.chain]
        for residue in segment.residues:
            if residue.kind == "cap":
                continue
            number += 1
            places[(chain, number)] = id(residue)
            lines += _pdb_lines("ATOM", residue, chain, number, len(lines))
        number += 1
        lines.append("TER")
    for residue in extra:
        number += 1
        lines += _pdb_lines("HETATM", residue, letters[-1], number, len(lines))
    return "\n".join([*lines, "END", ""]), places


def _pdb_lines(
    record: str, residue: Residue, chain: str, number: int, serial: int
) -> Iterator[str]:
    for offset, atom in enumerate(residue.heavy(), start=1):
        name = f" {atom.name:<3}" if len(atom.element) == 1 and len(atom.name) < 4 else atom.name
        x, y, z = atom.xyz
        yield (
            f"{record:<6}{(serial + offset) % 100000:>5} {name:<4.4} {residue.name[:3]:>3} {chain}"
            f"{number % 10000:>4}    {x:8.3f}{y:8.3f}{z:8.3f}  1.00  0.00"
            f"          {atom.element:>2}"
        )


def _hbond_partners(
    segments: list[Segment], others: list[Residue]
) -> tuple[cKDTree, list[tuple[Residue, str, bool, bool]]]:
    """Nitrogens and oxygens around: residue, name, whether they donate, whether they accept."""
    partners = []
    positions = []
    polymer = [residue for segment in segments for residue in segment.residues]
    for residue in [*polymer, *others]:
        for atom in residue.heavy():
            if atom.element not in ("N", "O"):
                continue
            key = (residue.name, atom.name)
            donates = key in _DONORS | _BOTH or (
                atom.name == "N" and residue.name != "PRO" and residue.kind == "polymer"
            )
            accepts = atom.element == "O" or key in _BOTH
            partners.append((residue, atom.name, donates, accepts))
            positions.append(atom.xyz)
    return cKDTree(np.array(positions)), partners


def _outward(residue: Residue, name: str, neighbours: tuple[str, str]) -> tuple[Array, Array]:
    """Return an aromatic nitrogen's position and the direction of its hydrogen or lone pair."""
    origin = residue.find(name)
    assert origin is not None  # heavy atoms are complete
    ring = [atom.xyz for atom in residue.atoms if atom.name in neighbours]
    direction = 2 * origin.xyz - ring[0] - ring[1]
    return origin.xyz, direction / np.linalg.norm(direction)


def _tautomer(
    residue: Residue, tree: cKDTree, partners: list[tuple[Residue, str, bool, bool]]
) -> tuple[str, str]:
    """HID or HIE by the hydrogen bonds each would make; HIE, the commoner, in a draw."""
    as_donor, as_acceptor = {}, {}
    for name, ring in (("ND1", ("CG", "CE1")), ("NE2", ("CD2", "CE1"))):
        origin, direction = _outward(residue, name, ring)
        as_donor[name] = as_acceptor[name] = 0.0
        for index in tree.query_ball_point(origin, HBOND):
            other, _, donates, accepts = partners[index]
            if other is residue:
                continue
            bond = tree.data[index] - origin
            length = float(np.linalg.norm(bond))
            aligned = float(np.dot(bond, direction)) / length
            if aligned < 0.64:  # cosine of 50°
                continue
            weight = aligned * (HBOND + 0.5 - length)
            as_donor[name] += weight if accepts else -weight
            as_acceptor[name] += weight if donates else -weight
    delta = as_donor["ND1"] + as_acceptor["NE2"]
    epsilon = as_donor["NE2"] + as_acceptor["ND1"]
    return (
        "HID" if delta > epsilon else "HIE"
    ), f"hydrogen bonds HID {delta:.1f}, HIE {epsilon:.1f}"


def _face_acceptor(
    residue: Residue, tree: cKDTree, partners: list[tuple[Residue, str, bool, bool]]
) -> None:
    """Name the oxygen nearer to an acceptor as the one that carries the hydrogen."""
    first, second = _OXYGENS[residue.name]
    nearest = {}
    for name in (first, second):
        atom = residue.find(name)
        assert atom is not None  # heavy atoms are complete
        distances = [
            float(np.linalg.norm(tree.data[index] - atom.xyz))
            for index in tree.query_ball_point(atom.xyz, HBOND)
            if partners[index][0] is not residue and partners[index][3]
        ]
        nearest[name] = min(distances, default=HBOND)
    if nearest[first] < nearest[second]:
        swap_names(residue, first, second)


def _mend_termini(structure: Structure, segments: list[Segment]) -> None:
    """Give terminal residues the states for which ff14SB has terminal templates."""
    for segment in segments:
        for residue in (segment.residues[0], segment.residues[-1]):
            if residue.variant in NOT_TERMINAL:
                wanted = residue.variant
                residue.variant = NOT_TERMINAL[wanted]
                structure.note(
                    "protonation", residue,
                    f"{residue.variant}: ff14SB has no {wanted} at a chain's end",
                )  # fmt: skip
