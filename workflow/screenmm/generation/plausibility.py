"""How plausible a molecule is, and how hard to make.

A molecule that a program drew is compared with those that exist: ChEMBL, as counted by the package
``chembl_gen_check`` 0.1.3. It has 60,000 ring systems and 900,000 scaffolds in Bloom filters, and
383,000 kinds of bonds with how often each occurs. A Bloom filter misses nothing, but takes some of
what it never saw for known: one ring system or scaffold in 40,000 (2.5e-5, by the share of bits
that are set). Rings are compared as RDKit's canonical SMILES, so one that another version of RDKit
wrote otherwise would count as unknown.

Known says that such a ring or bond was made and kept, not that this molecule can be made; unknown
is most often a slip of the program. How hard a molecule is to make is guessed from how common its
parts are and how complex it is (Ertl and Schuffenhauer 2009, 10.1186/1758-2946-1-8): 1 is easy, 10
is hard, above 6 is called difficult.

Of the package's code the two files alone are run that cut molecules into rings and bonds: its
import turns RDKit's messages off for the whole process, and reads what is not needed here.
"""

from __future__ import annotations

import functools
import importlib.util
import math
import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn, Protocol

from rdkit import Chem, rdBase
from rdkit.Chem.Scaffolds import MurckoScaffold

from screenmm.core.errors import ConfigError, LigandError, Reason
from screenmm.generation.accessibility import module_at, sa_scorer

INSTALL = "install it by: pip install 'screenmm[generation]'"

RARE = 0.05
"""Ratio of LACAN at which a bond begins to be called unlikely; its score is then 0.5."""


@dataclass(frozen=True, slots=True)
class Plausibility:
    """What is known of a molecule's parts.

    Attributes
    ----------
    unknown_rings : tuple of str
        SMILES of its ring systems, with their exocyclic double bonds, that ChEMBL lacks with and
        without their stereo; ascending.
    unknown_bonds : tuple of str
        SMILES of its bonds, with their atoms' neighbours, that ChEMBL lacks; ascending. What tells
        them apart are the elements, numbers of neighbours and of hydrogens, charges and smallest
        rings of both atoms and their neighbours.
    rarest_bond : int or None
        How often its rarest bond occurs in ChEMBL; of the drugs that were looked at 100 times and
        more. None where there is no bond.
    scaffold_known : bool
        Its Bemis-Murcko scaffold (1996, 10.1021/jm9602928) is in ChEMBL, with or without its
        stereo; true where there is no ring.
    lacan : float
        From 0 to 1: how much rarer than by chance the two halves of its least likely bond meet
        (LACAN, Dehaen, https://github.com/dehaenw/lacan); 0.5 and more is what its author accepts.
        It is 0 if any atom's surroundings are not among the 1,023 most common ones, as for
        morphine, penicillin, testosterone and ibrutinib: no measure of implausibility alone.
    sa_score : float
        From 1, easy to make, to 10.
    """

    unknown_rings: tuple[str, ...]
    unknown_bonds: tuple[str, ...]
    rarest_bond: int | None
    scaffold_known: bool
    lacan: float
    sa_score: float

    @property
    def rings_known(self) -> bool:
        """All of its ring systems are in ChEMBL."""
        return not self.unknown_rings

    @property
    def bonds_known(self) -> bool:
        """All of its bonds are in ChEMBL."""
        return not self.unknown_bonds


@dataclass(frozen=True, slots=True)
class Limits:
    """What is asked of a molecule.

    Parameters
    ----------
    rings_known, bonds_known, scaffold_known : bool
        ChEMBL must have it.
    least_lacan : float
        0 asks nothing.
    most_sa_score : float
        10 asks nothing.
    """

    rings_known: bool = True
    bonds_known: bool = True
    scaffold_known: bool = False
    least_lacan: float = 0.0
    most_sa_score: float = 6.0


def why_implausible(found: Plausibility, limits: Limits) -> tuple[Reason, str] | None:
    """Say why a molecule is not plausible under some limits, if it is not.

    Returns
    -------
    tuple of (Reason, str), or None
        The reason, and in words what the molecule has and which limit that passes.
    """
    if limits.rings_known and found.unknown_rings:
        rings = _first(found.unknown_rings)
        return Reason.IMPLAUSIBLE_RING, f"no molecule of ChEMBL has the ring system {rings}"
    if limits.bonds_known and found.unknown_bonds:
        bonds = _first(found.unknown_bonds)
        return Reason.IMPLAUSIBLE_BOND, f"no molecule of ChEMBL has the bond in {bonds}"
    if limits.scaffold_known and not found.scaffold_known:
        return Reason.IMPLAUSIBLE_RING, "no molecule of ChEMBL has its scaffold"
    if found.lacan < limits.least_lacan:
        return Reason.IMPLAUSIBLE_BOND, (
            f"its least likely bond has a LACAN score of {found.lacan:.2f}, "
            f"below the limit of {limits.least_lacan:g}"
        )
    if found.sa_score > limits.most_sa_score:
        return Reason.HARD_TO_MAKE, (
            f"it is hard to make: its SA score is {found.sa_score:.2f}, "
            f"above the limit of {limits.most_sa_score:g}"
        )
    return None


def _first(parts: tuple[str, ...]) -> str:
    more = len(parts) - 1
    return parts[0] + (f" (and {more} more such)" if more else "")


def plausibility(mol: Chem.Mol) -> Plausibility:
    """What is known of a molecule's parts.

    Isotopes are disregarded, and explicit hydrogens are as implicit ones.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        It is not changed.

    Raises
    ------
    LigandError
        The molecule has no atoms.
    ConfigError
        A package is not installed; see :func:`check_installed`.
    """
    if mol.GetNumAtoms() == 0:
        raise LigandError(Reason.MISSING_STRUCTURE, "it has no atoms: nothing can be said of it")
    known = _known()
    with rdBase.BlockLogs():
        plain = Chem.Mol(mol)
        for atom in plain.GetAtoms():
            atom.SetIsotope(0)
        plain = Chem.RemoveHs(plain)
        flat = Chem.Mol(plain)
        Chem.RemoveStereochemistry(flat)
        pairs = known.bond_finder.mol_to_pairs(flat)
        counts = [known.bonds.get(pair, 0) for pair in pairs]
        scaffolds = {_scaffold(plain), _scaffold(flat)}
        return Plausibility(
            unknown_rings=known.unknown_rings(plain, flat),
            unknown_bonds=tuple(
                sorted({_bond_smiles(flat, bond) for bond, n in enumerate(counts) if not n})
            ),
            rarest_bond=min(counts, default=None),
            scaffold_known=any(not each or each in known.scaffolds for each in scaffolds),
            lacan=known.lacan(pairs),
            sa_score=float(sa_scorer().calculateScore(plain)),
        )


def check_installed() -> None:
    """Raise ConfigError with what to install, if what this module needs is missing."""
    _known()
    sa_scorer()


class _Filter(Protocol):
    def __contains__(self, text: str) -> bool: ...


@dataclass(frozen=True)
class _Known:
    """What ChEMBL has."""

    rings: _Filter
    scaffolds: _Filter
    surroundings: dict[int, int]
    bonds: dict[tuple[int, int], int]
    bonds_in_all: int
    ring_finder: Any
    bond_finder: Any

    def unknown_rings(self, mol: Chem.Mol, flat: Chem.Mol) -> tuple[str, ...]:
        """Ring systems that are unknown with their stereo and without."""
        found = zip(self._ring_systems(mol), self._ring_systems(flat), strict=True)
        unknown = {
            ring for ring, as_flat in found if ring not in self.rings and as_flat not in self.rings
        }
        return tuple(sorted(unknown))

    def _ring_systems(self, mol: Chem.Mol) -> list[str]:
        # on a copy: it marks bonds
        found: list[str] = self.ring_finder.find_ring_systems(Chem.Mol(mol))
        return found

    def lacan(self, pairs: Sequence[tuple[int, int]]) -> float:
        """Score of a molecule whose bonds are these."""
        least = min((self._ratio(pair) for pair in pairs), default=math.inf)
        return min(0.5 * math.sqrt(least / RARE), 1.0)

    def _ratio(self, pair: tuple[int, int]) -> float:
        """How often a bond occurs, as a multiple of how often its halves would meet by chance."""
        one, other = (self.surroundings.get(half, 0) for half in pair)
        by_chance = one * other / (4 * self.bonds_in_all)
        return self.bonds.get(pair, 0) / by_chance if by_chance else 0.0


@functools.cache
def _known() -> _Known:
    """What ChEMBL has, read once in a process: 0.3 CPU s, 90 MB.

    Raises
    ------
    ConfigError
        A package is not installed, or is of another version.
    """
    if importlib.util.find_spec("molbloom") is None:
        raise ConfigError(f"the plausibility of molecules needs the package molbloom; {INSTALL}")
    from molbloom import BloomFilter  # noqa: PLC0415

    spec = importlib.util.find_spec("chembl_gen_check")
    if spec is None or spec.origin is None:
        raise ConfigError(
            f"the plausibility of molecules needs the package chembl_gen_check; {INSTALL}"
        )
    package = Path(spec.origin).parent
    counted = _plain_pickle(_present(package / "data" / "chembl_lacan.pkl"))
    return _Known(
        rings=BloomFilter(str(_present(package / "data" / "chembl_ring_system.bloom"))),
        scaffolds=BloomFilter(str(_present(package / "data" / "chembl_scaffold.bloom"))),
        surroundings=counted["idx"],
        bonds=counted["pairs"],
        bonds_in_all=counted["setsize"],
        ring_finder=module_at(_present(package / "ring_systems.py")).RingSystemFinder(),
        bond_finder=module_at(_present(package / "lacan.py")),
    )


def _present(path: Path) -> Path:
    if not path.is_file():
        raise ConfigError(
            f"{path} is missing: the plausibility of molecules needs the package "
            f"chembl_gen_check 0.1.3; {INSTALL}"
        )
    return path


class _PlainUnpickler(pickle.Unpickler):
    """Reads numbers, texts and their collections; whatever would run code is an error."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"{module}.{name} is no plain data")


def _plain_pickle(path: Path) -> dict[str, Any]:
    with path.open("rb") as file:
        found: dict[str, Any] = _PlainUnpickler(file).load()
    return found


def _scaffold(mol: Chem.Mol) -> str:
    """SMILES of a molecule's scaffold; empty where there is no ring."""
    return str(Chem.MolToSmiles(MurckoScaffold.GetScaffoldForMol(mol)))


def _bond_smiles(mol: Chem.Mol, index: int) -> str:
    """A bond's atoms and their neighbours."""
    bond = mol.GetBondWithIdx(index)
    ends: Sequence[Chem.Atom] = (bond.GetBeginAtom(), bond.GetEndAtom())
    atoms = sorted({near.GetIdx() for end in ends for near in (end, *end.GetNeighbors())})
    return str(Chem.MolFragmentToSmiles(mol, atoms))
