"""A pair as it was scored, to look at: both minimised complexes, in the frame that they share.

What is near the mutation or the ligand, as the text of a PDB file that viewers open: MODEL 1 is of
the wild type, MODEL 2 of the variant, both of the same residues.
"""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

import gemmi
import numpy as np
from rdkit import Chem
from scipy.spatial import cKDTree

from screenmm.receptor.structure import Array
from screenmm.variants.model import Prepared

NEAR_ANGSTROM = 6.0
"""A residue with a heavy atom this near to the ligand's or an exchanged side chain's is shown."""

EXCHANGED, OTHER = 1.0, 0.0
"""B factors: of the atoms of exchanged residues, and of all others."""

BACKBONE = ("N", "CA", "C", "O")
LIGAND_NAMES = ("LIG", *(f"LG{i}" for i in range(10)))
LIGAND_CHAINS = "LMNOPQRSTUVWXYZABCDEFGHIJK"


@dataclass(frozen=True)
class Side:
    """A ligand in the wild type, or in the variant, where the minimisation ended.

    Parameters
    ----------
    prepared : Prepared
        Names, elements and bonds of the protein's N atoms.
    positions_angstrom : ndarray, shape (N, 3)
        Of the protein, Å.
    ligand : rdkit.Chem.Mol
        Of M atoms; its own coordinates are not read.
    ligand_angstrom : ndarray, shape (M, 3)
        Å.
    """

    prepared: Prepared
    positions_angstrom: Array
    ligand: Chem.Mol
    ligand_angstrom: Array


def superposed(wild: Side, variant: Side, sites: Sequence[int]) -> str:
    """Text of a PDB file of both sides: heavy atoms, and hydrogens that are not on carbon.

    The ligand is the last chain of each model. Atoms of exchanged residues have the B factor 1,
    all others 0.

    Parameters
    ----------
    wild, variant : Side
    sites : sequence of int
        Residues that are exchanged.
    """
    sides = (wild, variant)
    shown = sorted(set().union(*(_near(side, sites) for side in sides)))
    structure = gemmi.Structure()
    for number, side in enumerate(sides, start=1):
        structure.add_model(_model(number, side, shown, set(sites)))
    structure.shorten_chain_names()
    options = gemmi.PdbWriteOptions(minimal=True)
    options.cryst1_record = False
    options.end_record = True
    return structure.make_pdb_string(options)


def packed(text: str) -> str:
    """Pack a text for a journal, which is JSON: a hundred kilobytes become ten."""
    return base64.b64encode(zlib.compress(text.encode())).decode()


def unpacked(text: str) -> str:
    """Give a text that :func:`packed` packed."""
    return zlib.decompress(base64.b64decode(text)).decode()


def _near(side: Side, sites: Sequence[int]) -> set[int]:
    """Residues near the ligand or an exchanged side chain, the exchanged ones among them."""
    prepared, xyz = side.prepared, side.positions_angstrom
    heavy = prepared.elements != "H"
    exchanged = np.isin(prepared.model.residues, sites) & heavy
    side_chain = exchanged & ~np.isin(prepared.names, ("N", "C", "O", "OXT"))
    ligand = [atom.GetAtomicNum() > 1 for atom in side.ligand.GetAtoms()]
    tree = cKDTree(np.vstack([side.ligand_angstrom[ligand], xyz[side_chain]]))
    distance, _ = tree.query(xyz[heavy], distance_upper_bound=NEAR_ANGSTROM)
    return set(prepared.model.residues[heavy][np.isfinite(distance)].tolist()) | set(sites)


def _model(number: int, side: Side, shown: Sequence[int], sites: set[int]) -> gemmi.Model:
    prepared = side.prepared
    on_carbon = _on_carbon(prepared.elements, prepared.model.parameters.bonds)
    chains: dict[str, gemmi.Chain] = {}
    taken = set()
    for residue in shown:
        chain, name, place = str(prepared.model.residue_labels[residue]).rsplit(":", maxsplit=2)
        part = prepared.atoms(residue)
        kept = [index for index in range(part.start, part.stop) if not on_carbon[index]]
        names = prepared.names[kept].tolist()
        made = _residue(name, _number(place), is_polymer=set(BACKBONE) <= set(names))
        mark = EXCHANGED if residue in sites else OTHER
        for index, atom in zip(kept, names, strict=True):
            element = str(prepared.elements[index])
            _add_atom(made, atom, element, side.positions_angstrom[index], mark)
        chains.setdefault(chain, gemmi.Chain(chain)).add_residue(made)
        taken.add(name)
    free = next(each for each in LIGAND_CHAINS if each not in chains)
    chains[free] = gemmi.Chain(free)
    chains[free].add_residue(_ligand(side, next(n for n in LIGAND_NAMES if n not in taken)))
    model = gemmi.Model(number)
    for each in chains.values():
        model.add_chain(each)
    return model


def _ligand(side: Side, name: str) -> gemmi.Residue:
    """Residue of the ligand; its atoms are named by element and running number."""
    made = _residue(name, gemmi.SeqId(1, " "), is_polymer=False)
    elements = np.array([atom.GetSymbol() for atom in side.ligand.GetAtoms()])
    bonds = np.array(
        [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in side.ligand.GetBonds()]
    )
    on_carbon = _on_carbon(elements, bonds)
    counts: dict[str, int] = {}
    for index in np.flatnonzero(~on_carbon):
        element = str(elements[index])
        counts[element] = counts.get(element, 0) + 1
        atom = f"{element.upper()}{counts[element]}"
        _add_atom(made, atom, element, side.ligand_angstrom[index], OTHER)
    return made


def _on_carbon(elements: np.ndarray, bonds: np.ndarray) -> np.ndarray:
    """Which atoms are hydrogens on carbon: they only hide what is behind them."""
    found = np.zeros(len(elements), dtype=bool)
    for one, other in (bonds.T, bonds.T[::-1]):
        found[one[(elements[one] == "H") & (elements[other] == "C")]] = True
    return found


def _number(place: str) -> gemmi.SeqId:
    """Number of a residue with its insertion code, as ``93`` or ``93A``."""
    code = place[-1] if place[-1].isalpha() else " "
    return gemmi.SeqId(int(place.removesuffix(code)), code)


def _residue(name: str, number: gemmi.SeqId, *, is_polymer: bool) -> gemmi.Residue:
    made = gemmi.Residue()
    made.name, made.seqid, made.het_flag = name, number, "A" if is_polymer else "H"
    return made


def _add_atom(residue: gemmi.Residue, name: str, element: str, place: Array, mark: float) -> None:
    atom = gemmi.Atom()
    atom.name, atom.element, atom.pos = name, gemmi.Element(element), gemmi.Position(*place)
    atom.occ, atom.b_iso = 1.0, mark
    residue.add_atom(atom)
