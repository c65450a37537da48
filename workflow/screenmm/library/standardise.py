"""Standardisation: from a structure as given to a neutral parent with its key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem, rdBase
from rdkit.Chem import Descriptors
from rdkit.Chem.MolStandardize import rdMolStandardize

from screenmm.config.settings import Ligands
from screenmm.core.errors import LigandError, Reason
from screenmm.files.whole import replace_whole
from screenmm.library.filters import check_filters
from screenmm.library.rdkit_log import caught_messages
from screenmm.library.readers import BROKEN, MOLBLOCK, SMILES, holds_control
from screenmm.library.salts import COUNTERIONS, INORGANIC, SALT_FORMERS, SOLVENTS
from screenmm.library.stereo import group_by_flag, identify, settled, untold_axes, write_smiles
from screenmm.run.ledger import Event, Status
from screenmm.run.shards import write_table
from screenmm.tables import dictionary
from screenmm.tables.schema import schema

STAGE = "standardise"
ELEMENTS = ("H", "C", "N", "O", "F", "P", "S", "Cl", "Br", "I")
"""Elements of the ligand force field."""
MAX_SMILES = 20_000
"""Longest SMILES that is parsed; the largest allowed molecule needs some 5,000 characters."""
SHOWN_EXTENSION = 100
LARGEST_INORGANIC = 10
"""Heavy atoms beyond which no component is in :data:`screenmm.library.salts.INORGANIC`."""
POLYMER_BRACKETS = frozenset({"SRU", "MON", "MER", "COP", "CRO", "MOD", "GRA", "ANY"})
STRONG_ACIDS = (
    "[OX2H1;$(OS(=O)=O)]",
    "[OX2H1;$(O[PX4]=O)]",
    "[OX2H1;$(O[CX3]=O)]",
    "[OX2H1;$(Oc:[nX3+;!$(n[O-])]),$(Oc:a:[nX3+;!$(n[O-])]),$(Oc:a:a:[nX3+;!$(n[O-])])]",
)
"""What balances a permanent cation in a parent, whichever way the salt was drawn."""

PARENTS = schema(dictionary.PARENTS)


@dataclass(frozen=True, slots=True)
class Parent:
    """A standardised structure.

    ``pose_molblock`` is the chosen fragment as given in 3D, ``note`` says what of the record
    neither key nor SMILES tells.
    """

    inchikey: str
    smiles: str
    pose_molblock: str | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class ParentRow:
    """One row of a parents file; the note is none of its columns but an event."""

    record: str
    inchikey: str
    smiles: str
    pose: str | None = None
    note: str = ""

    def events(self) -> list[Event]:
        """Ledger rows of the note, if there is one."""
        if not self.note:
            return []
        return [Event(STAGE, Status.OK, record=self.record, message=self.note)]


def standardise(structure: str, kind: str, settings: Ligands, *, keep_pose: bool = False) -> Parent:
    """Turn a structure as given into its neutral parent.

    The largest organic component is kept; metals are disconnected, functional groups
    normalised, charges neutralised except quaternary ones and those that balance them.
    Isotopes and stereochemistry stay, stereo groups included.

    Parameters
    ----------
    structure : str
        SMILES (with CXSMILES extension) or mol block.
    kind : str
        ``"smiles"`` or ``"molblock"``.
    settings : Ligands
        Limits; filters are not applied here.
    keep_pose : bool
        Also return the chosen component of a three-dimensional mol block as posed.

    Returns
    -------
    Parent
        Key and canonical isomeric SMILES (see :func:`screenmm.library.stereo.identify`) and,
        if asked and given, the pose.

    Raises
    ------
    LigandError
        With the reason why there is no parent.
    """
    parent, pose, note = _standardise(structure, kind, settings, keep_pose=keep_pose)
    return Parent(*identify(parent), pose, note)


def standardise_record(
    row: dict[str, Any], settings: Ligands, *, keep_pose: bool = False
) -> ParentRow | Event:
    """Standardise and filter one row of a records file; never raises for a bad structure.

    Returns
    -------
    ParentRow or Event
        The parent, or the event that says why there is none.
    """
    record = row["record"]
    try:
        if row["kind"] == BROKEN:
            raise LigandError(Reason(row["reason"]), row["message"])
        parent, pose, note = _standardise(
            row["structure"], row["kind"], settings, keep_pose=keep_pose
        )
        if verdict := check_filters(parent, settings.filters):
            return Event.filtered(STAGE, *verdict, record=record)
        return ParentRow(record, *identify(parent), pose, note)
    except LigandError as error:
        return Event.failure(STAGE, error, record=record)
    except (ValueError, RuntimeError) as error:
        # RDKit's C++ exceptions: InvariantException and the like
        failure = LigandError(Reason.STANDARDISATION_FAILED, _first_line(str(error)))
        return Event.failure(STAGE, failure, record=record)


def read_molecule(structure: str, kind: str, most_atoms: int) -> Chem.Mol:
    """Read a structure as it was given: salts and charges stay, hydrogens become implicit.

    Parameters
    ----------
    structure : str
        SMILES or mol block.
    kind : str
        ``"smiles"`` or ``"molblock"``.
    most_atoms : int
        Largest molecule that is read.

    Returns
    -------
    Mol
        Sanitised.

    Raises
    ------
    LigandError
        Nothing can be read, or it is too large.
    """
    with rdBase.BlockLogs():
        mol = _parse(structure, kind)
        if mol.GetNumAtoms() > most_atoms:
            raise LigandError(
                Reason.TOO_LARGE, f"{mol.GetNumAtoms()} atoms, at most {most_atoms} are read"
            )
        try:
            Chem.SanitizeMol(mol)
            return Chem.RemoveHs(mol)
        except (ValueError, RuntimeError) as error:
            raise LigandError(
                Reason.INVALID_STRUCTURE, f"RDKit: {_first_line(str(error))}"
            ) from None


def read_records(path: Path) -> list[dict[str, Any]]:
    """Rows of a records file, as :func:`standardise_record` takes them."""
    rows: list[dict[str, Any]] = pq.read_table(path).to_pylist()
    return rows


def write_parents(path: Path, rows: Iterable[ParentRow]) -> None:
    """Write a parents file, whole or not at all."""
    table = pa.Table.from_pylist([asdict(row) for row in rows], schema=PARENTS)
    with replace_whole(path) as partial:
        write_table(partial, table)


def _standardise(
    structure: str, kind: str, settings: Ligands, *, keep_pose: bool
) -> tuple[Chem.Mol, str | None, str]:
    with rdBase.BlockLogs():
        mol = _parse(structure, kind)
        _check_size(mol, settings.max_heavy_atoms)
        _check_single_molecule(mol)
        note = untold_axes(mol) if _may_have_axes(structure, kind) else ""
        _sanitise(mol)
        mol = _with_stereo(mol)
        fragment = _organic_fragment(_tools().disconnector.Disconnect(mol))
        _check_composition(fragment)
        pose = _pose(fragment) if keep_pose and kind == MOLBLOCK else None
        return settled(_neutral(fragment)), pose, note


# --- reading ---------------------------------------------------------------------------


def _parse(structure: str, kind: str) -> Chem.Mol:
    if not structure.strip():
        raise LigandError(Reason.EMPTY_RECORD, "the structure is empty")
    if kind == SMILES and len(structure) > MAX_SMILES:
        raise LigandError(
            Reason.TOO_LARGE, f"the SMILES is {len(structure)} characters long, beyond {MAX_SMILES}"
        )
    if kind == SMILES and not structure.isascii():
        # RDKit stops reading at such a character and returns what came before
        odd = next(character for character in structure if not character.isascii())
        raise LigandError(Reason.INVALID_STRUCTURE, f"{odd!r} has no meaning in SMILES")
    if kind == SMILES and holds_control(structure):
        raise LigandError(Reason.INVALID_STRUCTURE, "the SMILES holds control characters")
    mol = _parse_quietly(structure, kind)
    if mol is None:
        with caught_messages() as messages:
            _parse_quietly(structure, kind)
        raise LigandError(Reason.INVALID_STRUCTURE, _fault(structure, kind, messages))
    if mol.GetNumAtoms() == 0:
        raise LigandError(Reason.EMPTY_RECORD, "the structure holds no atoms")
    return mol


def _fault(structure: str, kind: str, messages: list[str]) -> str:
    """Say why a structure cannot be read; of CXSMILES extensions RDKit says nothing."""
    said = next((message for message in messages if message), "")
    _, _, extension = structure.strip().partition(" ")
    if kind == SMILES and extension and not said:
        return f"{extension[:SHOWN_EXTENSION]!r} after the SMILES is no CXSMILES extension"
    return f"RDKit: {_first_line(said)}"


def _parse_quietly(structure: str, kind: str) -> Chem.Mol | None:
    if kind == MOLBLOCK:
        return Chem.MolFromMolBlock(structure, sanitize=False, removeHs=False)
    return Chem.MolFromSmiles(structure, _smiles_parameters())


@cache
def _smiles_parameters() -> Any:
    parameters: Any = Chem.SmilesParserParams()
    parameters.sanitize = False
    parameters.removeHs = False
    parameters.parseName = False
    return parameters


def _sanitise(mol: Chem.Mol) -> None:
    try:
        Chem.SanitizeMol(mol)
    except Chem.MolSanitizeException as error:
        raise LigandError(Reason.INVALID_STRUCTURE, f"RDKit: {_first_line(str(error))}") from None


def _may_have_axes(structure: str, kind: str) -> bool:
    """Whether a look at all bonds can be worth its time: an axis is drawn in these ways only."""
    return kind == MOLBLOCK or "|" in structure or "=[C@" in structure


def _with_stereo(mol: Chem.Mol) -> Chem.Mol:
    """Perceive stereochemistry: from coordinates in 3D, else from what is drawn."""
    if mol.GetNumConformers() and mol.GetConformer().Is3D():
        Chem.AssignStereochemistryFrom3D(mol)
    else:
        if mol.GetNumConformers():
            Chem.AssignChiralTypesFromBondDirs(mol)
            Chem.DetectBondStereochemistry(mol)
        Chem.AssignStereochemistry(mol, cleanIt=True, force=True)
    return group_by_flag(mol)


def _first_line(text: str) -> str:
    lines = text.strip().splitlines()
    return lines[0][:300] if lines else "no message"


# --- checks ----------------------------------------------------------------------------


def _check_size(mol: Chem.Mol, most: int) -> None:
    """Refuse large components before anything that takes long on them."""
    if mol.GetNumAtoms() <= most:
        return
    heavy = max(
        sum(mol.GetAtomWithIdx(index).GetAtomicNum() > 1 for index in fragment)
        for fragment in Chem.GetMolFrags(mol)
    )
    if heavy > most:
        raise LigandError(Reason.TOO_LARGE, f"{heavy} heavy atoms, at most {most} are allowed")


def _check_single_molecule(mol: Chem.Mol) -> None:
    brackets = {group.GetProp("TYPE") for group in Chem.GetMolSubstanceGroups(mol)}
    if found := sorted(brackets & POLYMER_BRACKETS):
        raise LigandError(
            Reason.INVALID_STRUCTURE, f"a polymer (bracket {', '.join(found)}), not one molecule"
        )


def _atoms(mol: Chem.Mol) -> list[Chem.Atom]:
    """Atoms of a molecule; RDKit's own iterator takes several times as long."""
    return [mol.GetAtomWithIdx(index) for index in range(mol.GetNumAtoms())]


def _check_composition(mol: Chem.Mol) -> None:
    atoms = _atoms(mol)
    if any(atom.GetAtomicNum() == 0 for atom in atoms):
        raise LigandError(Reason.UNSUPPORTED_ELEMENT, "a dummy atom or R group, not a molecule")
    bonds = (mol.GetBondWithIdx(index) for index in range(mol.GetNumBonds()))
    if any(atom.HasQuery() for atom in atoms) or any(bond.HasQuery() for bond in bonds):
        raise LigandError(Reason.UNSUPPORTED_ELEMENT, "query atoms or bonds, not a molecule")
    beyond = sorted({atom.GetSymbol() for atom in atoms} - set(ELEMENTS))
    if beyond:
        raise LigandError(
            Reason.UNSUPPORTED_ELEMENT,
            f"{', '.join(beyond)}: the force field covers {', '.join(ELEMENTS)}",
        )
    if radicals := sum(atom.GetNumRadicalElectrons() for atom in atoms):
        raise LigandError(Reason.RADICAL, f"{radicals} unpaired or missing valence electrons")


# --- components ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Tools:
    """RDKit's standardisers, made once: each reads its rules when made."""

    disconnector: rdMolStandardize.MetalDisconnector
    normalizer: rdMolStandardize.Normalizer
    reionizer: rdMolStandardize.Reionizer
    uncharger: rdMolStandardize.Uncharger


@cache
def _tools() -> _Tools:
    return _Tools(
        rdMolStandardize.MetalDisconnector(),
        rdMolStandardize.Normalizer(),
        rdMolStandardize.Reionizer(),
        rdMolStandardize.Uncharger(True),
    )


def _organic_fragment(mol: Chem.Mol) -> Chem.Mol:
    """Component that the record is about: organic, no counterion or solvent, the largest."""
    fragments = Chem.GetMolFrags(mol, asMols=True, sanitizeFrags=True)
    if len(fragments) == 1 and _is_surely_organic(fragments[0]):
        return fragments[0]
    organic = {index: _key(fragment) for index, fragment in enumerate(fragments)}
    organic = {index: key for index, key in organic.items() if _is_organic(fragments[index], key)}
    if not organic:
        formulas = ", ".join(sorted({Chem.MolToSmiles(f) for f in fragments}))
        raise LigandError(Reason.NO_ORGANIC_FRAGMENT, f"no organic component in {formulas[:200]}")
    if len(fragments) == 1:
        return fragments[0]
    kept = {i: key for i, key in organic.items() if key not in SOLVENTS | COUNTERIONS}
    if not kept:
        names = ", ".join(sorted(set(organic.values())))
        raise LigandError(Reason.NO_ORGANIC_FRAGMENT, f"only counterions or solvents: {names}")
    drugs = {index: key for index, key in kept.items() if key not in SALT_FORMERS}

    def rank(index: int) -> tuple[int, float, str]:
        fragment = fragments[index]
        weight = round(Descriptors.MolWt(fragment), 3)  # type: ignore[attr-defined]
        return -fragment.GetNumHeavyAtoms(), -weight, Chem.MolToSmiles(fragment)

    return fragments[min(drugs or kept, key=rank)]


def _is_surely_organic(fragment: Chem.Mol) -> bool:
    """Whether a component holds carbon and is too large for the list of inorganic ones."""
    return bool(fragment.GetNumHeavyAtoms() > LARGEST_INORGANIC) and any(
        atom.GetAtomicNum() in (0, 6) for atom in _atoms(fragment)
    )


def _key(fragment: Chem.Mol) -> str:
    """Neutral SMILES without stereochemistry and isotopes, as the lists of salts have it."""
    plain = Chem.RemoveHs(_tools().uncharger.uncharge(fragment), sanitize=False)
    return Chem.MolToSmiles(plain, isomericSmiles=False)


def _is_organic(fragment: Chem.Mol, key: str) -> bool:
    symbols = {atom.GetAtomicNum() for atom in fragment.GetAtoms()}
    return bool(symbols & {0, 6}) and key not in INORGANIC


def _neutral(fragment: Chem.Mol) -> Chem.Mol:
    tools = _tools()
    mol = Chem.RemoveHs(fragment)
    mol = _normal(mol)
    # they only move charges about, and take as long where there are none
    if any(atom.GetFormalCharge() for atom in _atoms(mol)):
        # the reionizer would give a ylide's carbanion the proton of another carbon
        if not mol.HasSubstructMatch(_carbanion()):
            mol = tools.reionizer.reionize(mol)
        mol = _inner_salt(tools.uncharger.uncharge(mol))
    mol.RemoveAllConformers()
    # the SMILES is what is handed on: derive all else from its own reading
    smiles = write_smiles(mol)
    parent = Chem.MolFromSmiles(smiles)
    if parent is None:
        raise LigandError(
            Reason.STANDARDISATION_FAILED, f"the standardised SMILES is not valid: {smiles}"
        )
    return parent


def _normal(mol: Chem.Mol) -> Chem.Mol:
    """Normalise groups, but move no charge of an inner salt onto a hydroxyl.

    RDKit draws ``[N+]=CC=CO`` as an oxocarbenium, which is no base's form where an anion
    balances it: a squaraine with a hydroxyl would become another compound.
    """
    normal = _tools().normalizer.normalize(mol)
    if Chem.GetFormalCharge(mol) == 0 and any(
        atom.GetAtomicNum() == 8 and atom.GetFormalCharge() > 0 and atom.GetTotalNumHs()
        for atom in _atoms(normal)
    ):
        return mol
    return normal


@cache
def _carbanion() -> Chem.Mol:
    return Chem.MolFromSmarts("[#6-]")


def _inner_salt(mol: Chem.Mol) -> Chem.Mol:
    """Let strong acids balance the permanent cations: carnitine chloride is carnitine."""
    surplus = Chem.GetFormalCharge(mol)
    if surplus <= 0:
        return mol
    ranks = list(Chem.CanonicalRankAtoms(mol, breakTies=False))
    acids = [
        index
        for pattern in _strong_acids()
        for (index,) in sorted(
            mol.GetSubstructMatches(pattern), key=lambda match: (ranks[match[0]], match[0])
        )
    ]
    salt = Chem.RWMol(mol)
    for index in acids[:surplus]:
        atom = salt.GetAtomWithIdx(index)
        atom.SetFormalCharge(-1)
        atom.SetNumExplicitHs(0)
    Chem.SanitizeMol(salt)
    return salt.GetMol()


@cache
def _strong_acids() -> list[Chem.Mol]:
    """Hydroxyls that no solution near pH 7 leaves a proton, the strongest first."""
    return [Chem.MolFromSmarts(smarts) for smarts in STRONG_ACIDS]


def _pose(fragment: Chem.Mol) -> str | None:
    if not (fragment.GetNumConformers() and fragment.GetConformer().Is3D()):
        return None
    posed = Chem.RWMol(fragment)
    # a pose is one isomer
    posed.SetStereoGroups([])
    for name in list(posed.GetPropNames(includePrivate=True, includeComputed=False)):
        posed.ClearProp(name)
    block: str = Chem.MolToMolBlock(posed)
    return block
