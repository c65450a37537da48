"""Charges of OpenFF NAGL, a graph neural network trained on AM1-BCC charges [1]_.

Its file is read and computed here, without its packages: see
:mod:`screenmm.forcefield.charge_model`.

References
----------
.. [1] L. Wang et al., OpenFF NAGL, https://github.com/openforcefield/openff-nagl
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from rdkit import Chem
from rdkit.Chem import inchi as rdkit_inchi
from rdkit.rdBase import BlockLogs

from screenmm.core.errors import LigandError, Reason
from screenmm.forcefield.charge_model import (
    CHARGE_MODEL,
    ChargeModel,
    load_charge_model,
    network_charges,
)
from screenmm.forcefield.graph import atoms_of, bonds_of
from screenmm.forcefield.normalise import normalise, patterns
from screenmm.forcefield.resonance import Bond, average_formal_charges

if TYPE_CHECKING:
    from openff.toolkit import Molecule


def nagl_charges(mol: Chem.Mol) -> np.ndarray:
    """Charges of the NAGL model, as ``GNNModel.compute_property`` gives them.

    Parameters
    ----------
    mol : rdkit.Chem.Mol
        All hydrogens explicit, as :func:`screenmm.forcefield.smirnoff.mdl_molecule` gives it.

    Returns
    -------
    ndarray, shape (N,)
        Partial charges, e; their sum may differ from the formal charge by rounding.

    Raises
    ------
    LigandError
        An element that the model does not know (reason ``parameters_missing``).
    """
    atoms = Chem.GetMolFrags(mol)
    if len(atoms) == 1:
        return _fragment_charges(mol)
    fragments = Chem.GetMolFrags(mol, asMols=True, sanitizeFrags=False)
    charges = np.empty(mol.GetNumAtoms())
    for indices, fragment in zip(atoms, fragments, strict=True):
        charges[list(indices)] = _fragment_charges(fragment)
    return charges


def _fragment_charges(mol: Chem.Mol) -> np.ndarray:
    model = load_charge_model()
    if mol.GetNumAtoms() in model.table_sizes:
        known = _looked_up(model, mol)
        if known is not None:
            return known
    canonical = _nagl_molecule(mol)
    bonds = [(bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()) for bond in bonds_of(canonical)]
    features = _features(model.atom_features, canonical, bonds)
    return network_charges(model, features, bonds, Chem.GetFormalCharge(canonical))


def _looked_up(model: ChargeModel, mol: Chem.Mol) -> np.ndarray | None:
    """Find the charges of a small molecule in the model's table; None: it is not there."""
    with BlockLogs():
        key = rdkit_inchi.MolToInchi(mol, options="/FixedH")
    if key not in model.table:
        return None
    from openff.toolkit import Molecule  # noqa: PLC0415  (seconds to import)

    smiles, charges = model.table[key]
    entry = Molecule.from_mapped_smiles(smiles, allow_undefined_stereo=True)
    asked = _openff_molecule(mol)
    is_same, order = Molecule.are_isomorphic(asked, entry, return_atom_map=True)
    if not is_same:
        # drawn with other charges and bond orders, which the InChI does not tell apart
        is_same, order = Molecule.are_isomorphic(
            asked, entry, return_atom_map=True,
            formal_charge_matching=False, bond_order_matching=False,
        )  # fmt: skip
    if not is_same:
        raise ValueError(f"{CHARGE_MODEL} has {smiles} as {key}, which has other bonds")
    found = [charges[order[atom]] for atom in range(mol.GetNumAtoms())]
    return np.array(found, dtype=np.float32).astype(float)


def _openff_molecule(mol: Chem.Mol) -> Molecule:
    """Make the molecule with its bonds in NAGL's order, which decides between like atoms."""
    from openff.toolkit import Molecule  # noqa: PLC0415

    whole = Molecule.from_rdkit(mol, allow_undefined_stereo=True, hydrogens_are_explicit=True)
    graph = whole.to_networkx()
    rebuilt = Molecule()
    for _, atom in graph.nodes(data=True):
        rebuilt.add_atom(
            atom["atomic_number"], atom["formal_charge"], atom["is_aromatic"],
            stereochemistry=atom["stereochemistry"],
        )  # fmt: skip
    for begin, end, bond in graph.edges(data=True):
        rebuilt.add_bond(
            begin, end, bond["bond_order"], bond["is_aromatic"],
            stereochemistry=bond["stereochemistry"],
        )  # fmt: skip
    return rebuilt


def _nagl_molecule(mol: Chem.Mol) -> Chem.Mol:
    """Rebuild the molecule with its bonds in NAGL's order, which decides the Kekulé form."""
    rebuilt = Chem.RWMol()
    for atom in atoms_of(mol):
        rebuilt.AddAtom(
            _bare_atom(atom.GetAtomicNum(), atom.GetFormalCharge(), atom.GetIsAromatic())
        )
    bonds = [
        (sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())), bond.GetBondType())
        for bond in bonds_of(mol)
    ]
    for (begin, end), order in sorted(bonds, key=lambda bond: bond[0][0]):
        rebuilt.AddBond(begin, end, order)
    Chem.SanitizeMol(
        rebuilt, Chem.SANITIZE_ALL ^ Chem.SANITIZE_ADJUSTHS ^ Chem.SANITIZE_SETAROMATICITY
    )
    Chem.SetAromaticity(rebuilt, Chem.AromaticityModel.AROMATICITY_MDL)
    rebuilt.UpdatePropertyCache(strict=False)
    Chem.GetSSSR(rebuilt)
    return rebuilt.GetMol()


@functools.cache
def _bare_atom(number: int, charge: int, is_aromatic: bool) -> Chem.Atom:
    atom = Chem.Atom(number)
    atom.SetFormalCharge(charge)
    atom.SetIsAromatic(is_aromatic)
    atom.SetNoImplicit(True)
    return atom


def _normalised(
    canonical: Chem.Mol, ends: Sequence[tuple[int, int]]
) -> tuple[list[int], list[Bond]]:
    """Formal charges and kekulised bonds after NAGL's normalisation."""
    if any(canonical.HasSubstructMatch(pattern) for pattern in patterns()):
        drawn = normalise(canonical)
    else:
        drawn = Chem.Mol(canonical)
        Chem.SanitizeMol(drawn, Chem.SANITIZE_SYMMRINGS)
        Chem.Kekulize(drawn)
    charges = [atom.GetFormalCharge() for atom in atoms_of(drawn)]
    bonds = [
        (begin, end, int(drawn.GetBondBetweenAtoms(begin, end).GetBondTypeAsDouble()))
        for begin, end in ends
    ]
    return charges, bonds


def _features(
    atom_features: Sequence[Mapping[str, Any]],
    canonical: Chem.Mol,
    bonds: Sequence[tuple[int, int]],
) -> np.ndarray:
    atoms = atoms_of(canonical)
    rings = canonical.GetRingInfo().AtomRings()
    columns: list[np.ndarray] = []
    for feature in atom_features:
        if feature["name"] == "atomic_element":
            symbols = [atom.GetSymbol() for atom in atoms]
            for index, symbol in enumerate(symbols):
                if symbol not in feature["categories"]:
                    raise LigandError(
                        Reason.PARAMETERS_MISSING,
                        f"{CHARGE_MODEL} has no charges for {symbol}{index + 1}",
                    )
            columns.append(_one_hot(symbols, feature["categories"]))
        elif feature["name"] == "atom_connectivity":
            degrees = [atom.GetDegree() for atom in atoms]
            columns.append(_one_hot(degrees, feature["categories"]))
        else:
            column = np.zeros((len(atoms), 1), dtype=np.float32)
            if feature["name"] == "atom_in_ring_of_size":
                for ring in rings:
                    if len(ring) == feature["ring_size"]:
                        column[ring, 0] = 1
            else:
                numbers = [atom.GetAtomicNum() for atom in atoms]
                normalised = _normalised(canonical, bonds)
                column[:, 0] = average_formal_charges(numbers, *normalised)
            columns.append(column)
    return np.hstack(columns)


def _one_hot(values: Sequence[object], categories: Sequence[object]) -> np.ndarray:
    rows = np.zeros((len(values), len(categories)), dtype=np.float32)
    rows[np.arange(len(values)), [categories.index(value) for value in values]] = 1
    return rows
