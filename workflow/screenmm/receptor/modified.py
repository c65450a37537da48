"""Modified residues: which are modelled as their parent, what that loses, and where it matters.

Phosphorylated residues and hydroxyproline have parameters of their own. Every other one becomes the
standard residue that it derives from: atoms shared by name and place stay, the others go, and both
are in the report. Where the model has the residue's own atoms (selenomethionine as methionine, a
D-amino acid, whose force-field terms are those of the L-form) it may stand anywhere; elsewhere it
is an error near the pocket or at a metal.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from string import ascii_uppercase

import numpy as np
from rdkit import Chem
from scipy.spatial import cKDTree

from screenmm.core.errors import ReceptorError
from screenmm.receptor.conservation import Removal
from screenmm.receptor.geometry import place, torsion
from screenmm.receptor.names import (
    CHARGES,
    METALS,
    MODIFIED,
    NUCLEOTIDES,
    PHOSPHATE_ALIASES,
    has_other_bonds,
    parent_amino_acid,
)
from screenmm.receptor.pocket import POCKET_NEIGHBOURHOOD, ResolvedPocket
from screenmm.receptor.sidechains import template_positions
from screenmm.receptor.structure import (
    PEPTIDE_BOND,
    Array,
    Atom,
    Residue,
    Structure,
    has_nucleic_backbone,
)
from screenmm.residues.labels import Named, molecule_readings
from screenmm.residues.synonyms import AMINO_ACIDS

AT_METAL = 3.0  # Å, a lost atom this near to a metal may be its ligand
CHAIN_BOND = 1.8  # Å, longest bond of a chain's end to what follows it
TEMPLATE_BOND = 1.95  # Å, longest bond within a template
MISPLACED = 0.3  # Å between a bond and its template's: the atom has another place
BOND_SLACK = 0.3  # Å beyond the covalent radii within which atoms are bonded
STANDARD = AMINO_ACIDS | NUCLEOTIDES | MODIFIED
_MODEL_CHARGES = {"ASP": -1, "GLU": -1, "LYS": 1, "ARG": 1}
# atoms of nucleotides that others, or none, may replace: they are placed anew
_SUBSTITUTED = {
    "O2'", "OP1", "OP2", "C7", "N2", "N4", "N6", "O2", "O4", "O6", "N3", "N7",
}  # fmt: skip
# pseudouridine's ring, bonded by C5, turned into uridine's
_TURNED = {"C5": "N1", "C4": "C2", "O4": "O2", "C2": "C4", "O2": "O4", "N1": "C5"}


@dataclass
class Modified:
    """A residue of the file that is modelled as another one.

    Attributes
    ----------
    label, name : str
        As in the file.
    residue : Residue
        Its model.
    model : str
        What it is modelled as, with the protonation that the modification settles.
    positions : ndarray
        Of its heavy atoms in the file, Å.
    lost : list of Atom
        Heavy atoms that the model lacks or has otherwise.
    built : list of str
        Heavy atoms that the model has beyond the residue's own.
    """

    label: str
    name: str
    residue: Residue
    model: str
    positions: Array
    lost: list[Atom] = field(default_factory=list)
    built: list[str] = field(default_factory=list)

    @property
    def is_exact(self) -> bool:
        """Whether the model has the residue's own atoms and bonds."""
        if self.lost or self.built:
            return False
        # dihydrouridine has uridine's atoms and other bonds
        return self.model.startswith("ACE-") or not has_other_bonds(self.name)

    @property
    def detail(self) -> str:
        """The model and what it misses, in words."""
        parts = [f"{self.name} modelled as {self.model}"]
        gone = [atom for atom in self.lost if all(atom is not each for each in self.residue.atoms)]
        if gone:
            parts.append(f"without {' '.join(atom.name for atom in gone)}")
        if len(gone) < len(self.lost):
            parts.append("with C5 and N1 exchanged")
        if self.built:
            parts.append(f"with {' '.join(self.built)} added")
        if not self.is_exact and not self.lost and not self.built:
            parts.append(f"with the bonds of {self.residue.name}")
        own = CHARGES.get(self.name)
        charge = 0 if self.residue.variant == "LYN" else _MODEL_CHARGES.get(self.residue.name, 0)
        if own is not None and own != charge:
            parts.append(f"charge {own:+d} becomes {charge:+d}".replace("+0", "0"))
        return ", ".join(parts)


# --- conversion ------------------------------------------------------------------------


def convert_modified(structure: Structure) -> list[Modified]:
    """Turn modified residues without parameters into what they are modelled as.

    Parameters
    ----------
    structure : Structure
        Changed in place; receives the report.

    Returns
    -------
    list of Modified
        What :func:`check_modified` judges once the pocket is known.

    Raises
    ------
    ReceptorError
        A nucleotide has other atoms than any that could be its model.
    """
    found = []
    for residue in list(structure.of_kind("polymer")):
        if residue.name not in STANDARD:
            one = _converted(structure, residue)
            detail = one.detail if one.is_exact else f"{one.detail}; check it where it matters"
            structure.note("converted", one.label, detail)
            found.append(one)
    return found


def _converted(structure: Structure, residue: Residue) -> Modified:
    before = residue.heavy()
    one = Modified(residue.label, residue.name, residue, "", residue.positions())
    residue.file_name = residue.name
    acyl = _acyl_carbon(residue)
    if has_nucleic_backbone(residue):
        one.model, one.built, changed = _as_nucleotide(residue)
        kept = [atom for atom in residue.heavy() if all(atom is not each for each in changed)]
    elif acyl is not None and _closes_ring(residue, acyl):
        one.model, kept = _as_acetyl(residue), residue.heavy()
    else:
        cap, one.built = _acetyl_of(structure, residue, acyl) if acyl is not None else ([], [])
        one.model = "ACE-" if cap else ""
        one.model += _as_amino_acid(residue)
        kept = [*residue.heavy(), *cap]
    ids = {id(atom) for atom in kept}
    one.lost = [atom for atom in before if id(atom) not in ids]
    if one.lost:
        residue.atoms = residue.heavy()
    return one


def rename(residue: Residue, name: str) -> list[str]:
    """Change a residue's type, keep the heavy atoms both share; return the others' names."""
    kept = {*template_positions(name), "OXT"}
    lost = [atom.name for atom in residue.heavy() if atom.name not in kept]
    residue.atoms = [
        atom for atom in residue.atoms if atom.name in kept or (atom.element == "H" and not lost)
    ]
    residue.name, residue.variant = name, None
    return lost


def _as_amino_acid(residue: Residue) -> str:
    """Make it its parent, or alanine or glycine where none is known; what it is then."""
    if residue.name == "MSE":
        for atom in residue.atoms:
            if atom.element == "Se":
                atom.name, atom.element = "SD", "S"
    parent = parent_amino_acid(residue.name) or ("ALA" if residue.find("CB") else "GLY")
    variant = _settled_variant(residue, parent)
    backbone = [name for name in ("N", "CA", "C") if residue.find(name) is not None]
    _drop_misplaced(residue, parent, "CA")
    if any(residue.find(name) is None for name in backbone):
        raise ReceptorError(
            f"{residue.label} has another backbone than amino acids have, and no parameters. "
            f"{_CUT_REMEDIES}"
        )
    rename(residue, parent)
    residue.variant = variant
    return variant or parent


def _settled_variant(residue: Residue, parent: str) -> str | None:
    """Protonation of the parent that a group on its side chain settles; else None."""
    template = template_positions(parent)
    added = [atom for atom in residue.heavy() if atom.name not in {*template, "OXT"}]
    if parent == "LYS":
        on_nitrogen = _bonded(residue, residue.find("NZ"), added)
        acylated = any(
            other.element == "O"
            for carbon in on_nitrogen
            for other in _bonded(residue, carbon, added)
        )
        # the lysine of LLP is an imine
        return "LYN" if acylated or residue.name == "LLP" else None
    if parent == "HIS":
        if _bonded(residue, residue.find("ND1"), added):
            return "HID"
        return "HIE" if _bonded(residue, residue.find("NE2"), added) else None
    return "CYS" if parent == "CYS" and _bonded(residue, residue.find("SG"), added) else None


def _drop_misplaced(residue: Residue, name: str, root: str) -> None:
    """Take out heavy atoms that share a name with the template but not its bonds."""
    template = template_positions(name)
    reached, ahead = {root}, [root]
    while ahead:
        here = ahead.pop()
        one = residue.find(here)
        for other, xyz in template.items():
            atom = residue.find(other)
            length = float(np.linalg.norm(xyz - template[here]))
            if other in reached or one is None or atom is None or length > TEMPLATE_BOND:
                continue
            if abs(float(np.linalg.norm(atom.xyz - one.xyz)) - length) < MISPLACED:
                reached.add(other)
                ahead.append(other)
    if residue.find(root) is not None:
        residue.atoms = [
            atom
            for atom in residue.atoms
            if atom.element == "H" or atom.name in reached or atom.name not in template
        ]


def _bonded(residue: Residue, atom: Atom | None, among: list[Atom] | None = None) -> list[Atom]:
    """Heavy atoms of a residue bonded to one of its atoms."""
    if atom is None:
        return []
    table = Chem.GetPeriodicTable()
    radius = table.GetRcovalent(atom.element) + BOND_SLACK
    return [
        other
        for other in (residue.heavy() if among is None else among)
        if other is not atom
        and np.linalg.norm(other.xyz - atom.xyz) < radius + table.GetRcovalent(other.element)
    ]


# --- acylated N-termini ----------------------------------------------------------------


def _acyl_carbon(residue: Residue) -> Atom | None:
    """Carbonyl carbon that a residue has on its own nitrogen, as in N-formylmethionine."""
    for carbon in _bonded(residue, residue.find("N")):
        if carbon.element == "C" and carbon.name != "CA" and _carbonyl_oxygen(residue, carbon):
            return carbon
    return None


def _carbonyl_oxygen(residue: Residue, carbon: Atom) -> Atom | None:
    oxygens = [atom for atom in _bonded(residue, carbon) if atom.element == "O"]
    return min(oxygens, key=lambda atom: float(np.linalg.norm(atom.xyz - carbon.xyz)), default=None)


def _closes_ring(residue: Residue, acyl: Atom) -> bool:
    """Whether the carbonyl is the end of the residue's own side chain: a lactam."""
    seen, ahead = {id(acyl)}, [acyl]
    while ahead:
        for atom in _bonded(residue, ahead.pop()):
            if atom.name == "CA":
                return True
            if atom.name != "N" and id(atom) not in seen:
                seen.add(id(atom))
                ahead.append(atom)
    return False


def _as_acetyl(residue: Residue) -> str:
    """Cut a lactam, as pyroglutamate, to an acetyl group: the neutral start of the next residue."""
    carbons = {"CA": "CH3", "C": "C", "O": "O"}
    residue.atoms = [atom for atom in residue.heavy() if atom.name in carbons]
    for atom in residue.atoms:
        atom.name = carbons[atom.name]
    residue.name, residue.kind = "ACE", "cap"
    return "ACE"


def _acetyl_of(
    structure: Structure, residue: Residue, carbon: Atom
) -> tuple[list[Atom], list[str]]:
    """Move a residue's acyl group into an acetyl cap; its atoms, and the names of those built."""
    oxygen = _carbonyl_oxygen(residue, carbon)
    nitrogen, alpha = residue.find("N"), residue.find("CA")
    assert oxygen is not None  # an acyl carbon has one
    assert nitrogen is not None  # and is bonded to the nitrogen
    if alpha is None:
        return [], []
    methyl = next(
        (atom for atom in _bonded(residue, carbon) if atom.element == "C" and atom is not alpha),
        None,
    )
    built = []
    if methyl is None:
        xyz = place(alpha.xyz, nitrogen.xyz, carbon.xyz, 1.522, 116.6, 180)
        methyl = Atom("CH3", "C", xyz, added=True)
        built = ["CH3"]
    atoms = [methyl, carbon, oxygen]
    residue.atoms = [atom for atom in residue.atoms if all(atom is not each for each in atoms)]
    methyl.name, carbon.name, oxygen.name = "CH3", "C", "O"
    taken = {(each.chain, each.number, each.icode) for each in structure.residues}
    number = residue.number - 1
    icode = next(
        code for code in ("", *ascii_uppercase) if (residue.chain, number, code) not in taken
    )
    cap = Residue(residue.chain, "ACE", number, icode, atoms, "cap")
    here = next(i for i, each in enumerate(structure.residues) if each is residue)
    structure.residues.insert(here, cap)
    return atoms, built


# --- nucleotides -----------------------------------------------------------------------


def _as_nucleotide(residue: Residue) -> tuple[str, list[str], list[Atom]]:
    """Make it the standard nucleotide of its base; that, atoms built, and atoms changed."""
    for atom in residue.heavy():
        atom.name = PHOSPHATE_ALIASES.get(atom.name, atom.name)
    changed = _turn_pseudouridine(residue)
    parent = _parent_nucleotide(residue)
    label = residue.label
    _drop_misplaced(residue, parent, "C1'")
    rename(residue, parent)
    template = template_positions(parent)
    present = {atom.name for atom in residue.heavy()}
    missing = [name for name in template if name not in present]
    if not present & {"P"}:
        missing = [name for name in missing if name not in ("P", "OP1", "OP2")]
    if not set(missing) <= _SUBSTITUTED:
        raise ReceptorError(
            f"{label} is a nucleotide without parameters, and cannot be modelled as "
            f"{parent}: {' '.join(missing)} are absent or elsewhere. {_CUT_REMEDIES}"
        )
    for name in missing:
        residue.atoms.append(_from_template(residue, template, name))
    return parent, missing, changed


def _parent_nucleotide(residue: Residue) -> str:
    """Standard nucleotide with the residue's sugar and base, by its atoms' names."""
    names = {atom.name for atom in residue.heavy()}
    is_ribose = any(name.endswith("2'") and name != "C2'" for name in names)
    if names & {"N9", "C8"}:
        base = "G" if names & {"O6", "S6"} else "A"
    else:
        base = "C" if "N4" in names else "U"
    return base if is_ribose else f"D{base}".replace("DU", "DT")


def _turn_pseudouridine(residue: Residue) -> list[Atom]:
    """Where the sugar holds C5, rename the ring as if it held N1; the two atoms exchanged."""
    on_sugar = [atom.name for atom in _bonded(residue, residue.find("C1'"))]
    if "C5" not in on_sugar or "N1" in on_sugar:
        return []
    changed = []
    for atom in residue.heavy():
        if atom.name in _TURNED:
            atom.name = _TURNED[atom.name]
            if atom.element != atom.name[0]:
                atom.element = atom.name[0]
                changed.append(atom)
    return changed


def _from_template(residue: Residue, template: dict[str, Array], name: str) -> Atom:
    """Place an atom as it stands in the template to the three nearest atoms that are present."""
    present = [each for each in template if each != name and residue.find(each) is not None]
    near = sorted(present, key=lambda each: float(np.linalg.norm(template[each] - template[name])))
    three, two, one = near[:3]
    bond, back = template[name] - template[three], template[two] - template[three]
    length = float(np.linalg.norm(bond))
    angle = np.degrees(np.arccos(np.dot(bond, back) / length / np.linalg.norm(back)))
    turn = torsion(template[one], template[two], template[three], template[name])
    here = {atom.name: atom.xyz for atom in residue.heavy()}
    xyz = place(here[one], here[two], here[three], length, float(angle), turn)
    return Atom(name, name[0], xyz, added=True)


# --- where it matters ------------------------------------------------------------------


def check_modified(
    modified: list[Modified], structure: Structure, pocket: ResolvedPocket, accepted: list[str]
) -> None:
    """Refuse models that miss atoms near the pocket or at a metal.

    Parameters
    ----------
    modified : list of Modified
        From :func:`convert_modified`.
    structure : Structure
        With its ions and ligands.
    pocket : ResolvedPocket
    accepted : list of str
        Names or labels of those that are modelled so wherever they stand.

    Raises
    ------
    ReceptorError
        One stands there and is not accepted, or ``accepted`` names none.
    """
    known = {id(each) for spec in accepted for each in _named(modified, spec)}
    metals = [
        (residue.label, atom)
        for residue in structure.residues
        for atom in residue.atoms
        if atom.element in METALS
    ]
    faults = []
    for one in modified:
        is_mutated = one.residue.file_name != one.name
        if not (one.is_exact or is_mutated or id(one) in known):
            faults += _faults(one, metals, pocket)
    if faults:
        raise ReceptorError("\n".join(faults))


def _named(modified: list[Modified], spec: str) -> list[Modified]:
    found = [
        one
        for one in modified
        if any(
            reading.matches(one.residue.chain, {one.name}, one.residue.place)
            for reading in molecule_readings(spec)
        )
    ]
    if not found:
        raise ReceptorError(
            f"model_as_parent: no modified residue {spec} in the kept chains; modified residues: "
            f"{', '.join(one.label for one in modified) or 'none'}"
        )
    return found


def _faults(one: Modified, metals: list[tuple[str, Atom]], pocket: ResolvedPocket) -> list[str]:
    where = []
    from_pocket = float(pocket.distance(one.positions).min())
    if from_pocket <= POCKET_NEIGHBOURHOOD:
        limit = f"(an error within {POCKET_NEIGHBOURHOOD:g} Å)"
        where.append(f"stands {from_pocket:.1f} Å from the pocket {limit}")
    if metals and one.lost:
        points = np.array([atom.xyz for _, atom in metals])
        lengths, nearest = cKDTree(points).query(np.array([atom.xyz for atom in one.lost]))
        best = int(np.argmin(lengths))
        if lengths[best] <= AT_METAL:
            where.append(
                f"has its {one.lost[best].name} {lengths[best]:.1f} Å from the metal "
                f"{metals[nearest[best]][0]} (an error within {AT_METAL:g} Å)"
            )
    if not where:
        return []
    return [
        f"{one.label} has no parameters of its own, {' and '.join(where)}: "
        f"{one.detail}. List {one.label} in receptors.<name>.model_as_parent where that model "
        "will do, leave its chain out (receptors.<name>.chains), or take another structure or "
        "pocket"
    ]


_CUT_REMEDIES = (
    "List it in receptors.<name>.remove where the chain may end on both sides of it, put a "
    "standard residue in its place in the file, or leave its chain out (receptors.<name>.chains)"
)


def cut_chains(structure: Structure, remove: list[str]) -> set[str]:
    """Take modified residues out of chains where that is asked for; refuse unasked cuts.

    A molecule that holds two residues of a chain together, but is no link of it that could be
    modelled, would cut the chain when it goes.

    Parameters
    ----------
    structure : Structure
        As read; changed in place.
    remove : list of str
        Names or labels.

    Returns
    -------
    set of str
        Those of ``remove`` that were met.

    Raises
    ------
    ReceptorError
        Names each such molecule, and the residues that it holds together.
    """
    foreign = [
        residue
        for residue in structure.of_kind("polymer", "other")
        if residue.heavy() and (residue.name not in STANDARD or is_placed(residue, remove))
    ]
    ends = _chain_ends(structure)
    tree = cKDTree(np.array([atom.xyz for _, atom in ends]).reshape(-1, 3))
    held = {id(residue): _held(residue, tree, ends) for residue in foreign}
    faults = []
    met: set[str] = set()
    for residue in foreign:
        naming = {spec for spec in remove if is_named(residue, [spec])}
        if naming:
            if residue.kind == "polymer" or held[id(residue)]:
                _cut_out(structure, residue)
                met |= naming
        elif held[id(residue)]:
            faults.append(
                f"{residue.label} links {' and '.join(held[id(residue)])} otherwise than by a "
                f"peptide or phosphodiester bond, and has no parameters. {_CUT_REMEDIES}"
            )
    if faults:
        raise ReceptorError("\n".join(faults))
    return met


def _cut_out(structure: Structure, residue: Residue) -> None:
    structure.remove(residue, Removal.ASKED_FOR, f"asked for; chain {residue.chain} is cut there")
    if residue.sequence_index is not None and residue.chain in structure.sequences:
        # what is asked to go is not built again from the sequence
        structure.sequences[residue.chain][residue.sequence_index - 1] = "UNK"


def _chain_ends(structure: Structure) -> list[tuple[Residue, Atom]]:
    """Atoms by which residues are linked, each with its residue.

    Those by which two standard residues are linked already are left out: what comes near them
    clashes, and holds nothing together.
    """
    linking = [
        (residue, atom)
        for residue in structure.of_kind("polymer")
        for name in ("C", "O3'", "N", "P")
        if (atom := residue.find(name)) is not None
    ]
    standard = [(residue, atom) for residue, atom in linking if residue.name in STANDARD]
    tree = cKDTree(np.array([atom.xyz for _, atom in standard]).reshape(-1, 3))
    near = tree.query_ball_point(
        np.array([atom.xyz for _, atom in linking]).reshape(-1, 3), PEPTIDE_BOND
    )
    return [
        (residue, atom)
        for (residue, atom), others in zip(linking, near, strict=True)
        if residue.name not in STANDARD
        or not any(_are_linked(residue, atom, *standard[index]) for index in others)
    ]


def _are_linked(residue: Residue, atom: Atom, other: Residue, end: Atom) -> bool:
    return other is not residue and {atom.name, end.name} in ({"C", "N"}, {"O3'", "P"})


def _held(residue: Residue, tree: cKDTree, ends: list[tuple[Residue, Atom]]) -> list[str]:
    """Labels of the residues before and after one, where a usual bond does not join both to it."""
    usual = residue.kind == "polymer"
    before: list[str] = []
    after: list[str] = []
    atoms = residue.heavy()
    near = {i for each in tree.query_ball_point(residue.positions(), CHAIN_BOND) for i in each}
    for index in sorted(near):
        other, end = ends[index]
        if other is residue:
            continue
        atom = min(atoms, key=lambda each: float(np.linalg.norm(each.xyz - end.xyz)))
        is_before = end.name in ("C", "O3'")
        (before if is_before else after).append(other.label)
        usual &= atom.name in (("N", "P") if is_before else ("C", "O3'"))
    held = before and after and set(before) != set(after)
    return [*dict.fromkeys([*before, *after])] if held and not usual else []


def is_named(residue: Residue, specs: list[str]) -> bool:
    """Whether one of several names or labels means a residue."""
    return any(_readings(residue, specs))


def is_placed(residue: Residue, specs: list[str]) -> bool:
    """Whether one of several labels means a residue by its number, and not by its name alone."""
    return any(reading.number is not None for reading in _readings(residue, specs))


def _readings(residue: Residue, specs: list[str]) -> Iterator[Named]:
    """Readings of names or labels that mean a residue."""
    for spec in specs:
        for reading in molecule_readings(spec):
            if reading.matches(residue.chain, {residue.name, residue.file_name}, residue.place):
                yield reading
