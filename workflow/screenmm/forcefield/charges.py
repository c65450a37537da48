"""Charges of OpenFF NAGL, a graph neural network trained on AM1-BCC charges [1]_.

The network and its atom types are read by their own package. What the package spends nine
tenths of its time on, averaging formal charges over resonance forms, is done here by a
search for alternating paths [2]_, with the same results.

References
----------
.. [1] L. Wang et al., OpenFF NAGL, https://github.com/openforcefield/openff-nagl
.. [2] M. K. Gilson, H. S. R. Gilson, M. J. Potter, J. Chem. Inf. Comput. Sci. 43, 1982 (2003).
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from rdkit import Chem
from rdkit.Chem import rdChemReactions

from screenmm.core.errors import LigandError, Reason, UserError

CHARGE_MODEL = "openff-gnn-am1bcc-1.0.0.pt"

Bond = tuple[int, int, int]
"""Two atoms and the order, kekulised."""


@dataclass(frozen=True)
class _ChargeModel:
    """A loaded NAGL model with what is derived from it once."""

    model: Any  # openff.nagl.GNNModel
    readout: str
    table_sizes: frozenset[int]  # atoms of the molecules whose charges it looks up
    normalised_patterns: tuple[Chem.Mol, ...]


@functools.lru_cache(maxsize=1)
def load_charge_model() -> _ChargeModel:
    """Load the network, once in a process."""
    import torch  # noqa: PLC0415  (seconds to import)
    from openff.nagl import GNNModel  # noqa: PLC0415
    from openff.nagl_models import validate_nagl_model_path  # noqa: PLC0415

    torch.set_num_threads(1)
    model = GNNModel.load(validate_nagl_model_path(CHARGE_MODEL), eval_mode=True)
    _check_architecture(model.config)
    readout = next(iter(model.config.readouts))
    table = model.lookup_tables.get(readout)
    sizes = frozenset(len(entry) for entry in table.properties.values()) if table else frozenset()
    return _ChargeModel(model, readout, sizes, _normalised_patterns())


def _check_architecture(config: Any) -> None:
    features = {"atomic_element", "atom_connectivity", "atom_average_formal_charge"}
    unknown = {f.name for f in config.atom_features} - features - {"atom_in_ring_of_size"}
    layers = config.convolution.layers
    readouts = list(config.readouts.values())
    if (
        unknown
        or config.bond_features
        or config.convolution.architecture != "SAGEConv"
        or any(layer.aggregator_type != "mean" for layer in layers)
        or [(r.pooling, r.postprocess) for r in readouts]
        != [("atoms", "regularized_compute_partial_charges")]
    ):
        raise UserError(
            f"charge model {CHARGE_MODEL} has another architecture than ScreenMM computes: {config}"
        )


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
    known = load_charge_model()
    if len(Chem.GetMolFrags(mol)) > 1:
        charges = known.model.compute_property(_openff_molecule(mol), as_numpy=True)
        return np.asarray(charges, dtype=float)
    if mol.GetNumAtoms() in known.table_sizes:
        try:
            table = known.model.lookup_tables[known.readout]
            return np.asarray(table.lookup(_openff_fragment(mol)), dtype=float)
        except KeyError:
            pass  # another molecule of this size
    canonical = _nagl_molecule(mol)
    return _forward(known, canonical, _features(known.model.config, canonical, mol))


def _openff_molecule(mol: Chem.Mol) -> Any:
    from openff.toolkit import Molecule  # noqa: PLC0415

    return Molecule.from_rdkit(mol, allow_undefined_stereo=True, hydrogens_are_explicit=True)


def _openff_fragment(mol: Chem.Mol) -> Any:
    """Make the connected molecule as NAGL does before it looks at one."""
    from openff.nagl.toolkits.openff import split_up_molecule  # noqa: PLC0415

    (fragment,), _ = split_up_molecule(_openff_molecule(mol))
    return fragment


def _normalised_patterns() -> tuple[Chem.Mol, ...]:
    """Patterns of the functional groups that NAGL rewrites before it enumerates resonance."""
    from openff.nagl.toolkits import NAGLRDKitToolkitWrapper  # noqa: PLC0415
    from openff.nagl.toolkits.openff import normalize_molecule  # noqa: PLC0415
    from openff.toolkit import Molecule  # noqa: PLC0415

    reactions: list[str] = []

    class Listener(NAGLRDKitToolkitWrapper):
        def _run_normalization_reactions(
            self, molecule: Any, normalization_reactions: Sequence[str], **_others: Any
        ) -> Any:
            reactions.extend(normalization_reactions)
            return molecule

    normalize_molecule(Molecule.from_smiles("C"), toolkit_registry=Listener())
    if not reactions:
        raise UserError("this version of OpenFF NAGL does not tell its normalisation reactions")
    compiled = [rdChemReactions.ReactionFromSmarts(smarts) for smarts in reactions]
    # copies: the templates themselves die with their reaction
    return tuple(Chem.Mol(mol) for reaction in compiled for mol in reaction.GetReactants())


def _nagl_molecule(mol: Chem.Mol) -> Chem.Mol:
    """Rebuild the molecule with its bonds in NAGL's order, which decides the Kekulé form."""
    kekulised = Chem.Mol(mol)
    Chem.Kekulize(kekulised)
    rebuilt = Chem.RWMol()
    for atom in mol.GetAtoms():
        copy = Chem.Atom(atom.GetAtomicNum())
        copy.SetFormalCharge(atom.GetFormalCharge())
        copy.SetIsAromatic(atom.GetIsAromatic())
        copy.SetNoImplicit(True)
        rebuilt.AddAtom(copy)
    bonds = list(kekulised.GetBonds())
    ends = [sorted((bond.GetBeginAtomIdx(), bond.GetEndAtomIdx())) for bond in bonds]
    for index in sorted(range(len(bonds)), key=lambda i: ends[i][0]):
        begin, end = ends[index]
        aromatic = bonds[index].GetIsAromatic()
        order = Chem.BondType.AROMATIC if aromatic else bonds[index].GetBondType()
        rebuilt.AddBond(begin, end, order)
        rebuilt.GetBondBetweenAtoms(begin, end).SetIsAromatic(aromatic)
    Chem.SanitizeMol(
        rebuilt, Chem.SANITIZE_ALL ^ Chem.SANITIZE_ADJUSTHS ^ Chem.SANITIZE_SETAROMATICITY
    )
    Chem.SetAromaticity(rebuilt, Chem.AromaticityModel.AROMATICITY_MDL)
    rebuilt.UpdatePropertyCache(strict=False)
    Chem.GetSSSR(rebuilt)
    return rebuilt.GetMol()


def _normalised(canonical: Chem.Mol, mol: Chem.Mol) -> tuple[list[int], list[Bond]]:
    """Formal charges and kekulised bonds after NAGL's normalisation."""
    if any(
        canonical.HasSubstructMatch(pattern) for pattern in load_charge_model().normalised_patterns
    ):
        from openff.nagl.toolkits.openff import normalize_molecule  # noqa: PLC0415

        normal = normalize_molecule(_openff_fragment(mol))
        return (
            [int(atom.formal_charge.m) for atom in normal.atoms],
            [(bond.atom1_index, bond.atom2_index, bond.bond_order) for bond in normal.bonds],
        )
    kekulised = Chem.Mol(canonical)
    Chem.SanitizeMol(kekulised, Chem.SANITIZE_SYMMRINGS)
    Chem.Kekulize(kekulised)
    return (
        [atom.GetFormalCharge() for atom in kekulised.GetAtoms()],
        [
            (bond.GetBeginAtomIdx(), bond.GetEndAtomIdx(), int(bond.GetBondTypeAsDouble()))
            for bond in kekulised.GetBonds()
        ],
    )


def _features(config: Any, canonical: Chem.Mol, mol: Chem.Mol) -> np.ndarray:
    atoms = list(canonical.GetAtoms())
    columns: list[list[list[float]]] = []
    for feature in config.atom_features:
        if feature.name == "atomic_element":
            for atom in atoms:
                if atom.GetSymbol() not in feature.categories:
                    raise LigandError(
                        Reason.PARAMETERS_MISSING,
                        f"{CHARGE_MODEL} has no charges for {atom.GetSymbol()}{atom.GetIdx() + 1}",
                    )
            columns.append([_one_hot(a.GetSymbol(), feature.categories) for a in atoms])
        elif feature.name == "atom_connectivity":
            columns.append([_one_hot(a.GetDegree(), feature.categories) for a in atoms])
        elif feature.name == "atom_in_ring_of_size":
            columns.append([[float(a.IsInRingSize(feature.ring_size))] for a in atoms])
        else:
            numbers = [atom.GetAtomicNum() for atom in atoms]
            averages = average_formal_charges(numbers, *_normalised(canonical, mol))
            columns.append([[charge] for charge in averages])
    return np.hstack([np.array(column, dtype=np.float32) for column in columns])


def _one_hot(value: object, categories: Sequence[object]) -> list[float]:
    row = [0.0] * len(categories)
    row[categories.index(value)] = 1.0
    return row


def _forward(known: _ChargeModel, canonical: Chem.Mol, features: np.ndarray) -> np.ndarray:
    """Run the network: GraphSAGE layers, a readout and charge equilibration [1]_."""
    import torch  # noqa: PLC0415

    ends = [(b.GetBeginAtomIdx(), b.GetEndAtomIdx()) for b in canonical.GetBonds()]
    pairs = torch.tensor([*ends, *((j, i) for i, j in ends)], dtype=torch.long).reshape(-1, 2)
    source, target = pairs[:, 0], pairs[:, 1]
    degree = torch.bincount(target, minlength=len(features)).clamp(min=1).unsqueeze(1)
    readout = known.model.readout_modules[known.readout]
    with torch.inference_mode():
        state = torch.from_numpy(features)
        for layer in known.model.convolution_module.gcn_layers:
            summed = torch.zeros_like(state).index_add_(0, target, state[source])
            state = layer.fc_self(state) + layer.fc_neigh(summed / degree)
            state = layer.activation(state)
        prior, electronegativity, hardness = readout.readout_layers(state).unbind(dim=1)
        softness = 1.0 / hardness
        shifted = prior - electronegativity * softness
        excess = shifted.sum() - Chem.GetFormalCharge(canonical)
        charges = shifted - softness * (excess / softness.sum())
    return np.asarray(charges.numpy(), dtype=float)


@dataclass(frozen=True)
class _Site:
    """An atom that gives or takes an electron pair in resonance."""

    bit: int
    is_donor: bool
    charges: tuple[int, int]  # as drawn, after the transfer
    energies: tuple[float, float]


def average_formal_charges(
    numbers: Sequence[int], charges: Sequence[int], bonds: Sequence[Bond]
) -> list[float]:
    """Average each atom's formal charge over the resonance forms of lowest energy.

    Electron pairs move from donors to acceptors along paths of alternating bond orders
    [2]_, with the atom types and energies of OpenFF NAGL.

    Parameters
    ----------
    numbers : sequence of int
        Atomic numbers.
    charges : sequence of int
        Formal charges, e.
    bonds : sequence of tuple of int
        Two atoms and the order, kekulised.

    Returns
    -------
    list of float
        Charges, e.

    Notes
    -----
    The number of forms grows exponentially with the donors and acceptors of one
    conjugated system.
    """
    orders: list[list[int]] = [[] for _ in numbers]
    for i, j, order in bonds:
        orders[i].append(order)
        orders[j].append(order)
    around = [tuple(sorted(each)) for each in orders]
    saturated = (6, 0, (1, 1, 1, 1))
    kept = {
        i
        for i, number in enumerate(numbers)
        if number != 1 and (number, charges[i], around[i]) != saturated
    }
    neighbours: dict[int, list[tuple[int, int]]] = {i: [] for i in kept}
    for index, (i, j, _) in enumerate(bonds):
        if i in kept and j in kept:
            neighbours[i].append((j, index))
            neighbours[j].append((i, index))
    drawn = bytes(order for _, _, order in bonds)
    averages = [float(charge) for charge in charges]
    for part in _connected(neighbours):
        sites = _sites(part, numbers, charges, around)
        if len({site.is_donor for site in sites.values()}) == 2:
            forms = _resonance_forms(drawn, sites, neighbours)
            for atom, site in sites.items():
                averages[atom] = sum(site.charges[bool(f & site.bit)] for f in forms) / len(forms)
    return averages


def _connected(neighbours: dict[int, list[tuple[int, int]]]) -> Iterator[list[int]]:
    seen: set[int] = set()
    for start in neighbours:
        if start in seen:
            continue
        seen.add(start)
        part = [start]
        for atom in part:
            fresh = [other for other, _ in neighbours[atom] if other not in seen]
            seen.update(fresh)
            part.extend(fresh)
        yield part


def _sites(
    part: list[int], numbers: Sequence[int], charges: Sequence[int], around: list[tuple[int, ...]]
) -> dict[int, _Site]:
    found: dict[int, _Site] = {}
    for atom in sorted(part):
        drawn = _resonance_type(numbers[atom], charges[atom], around[atom])
        if drawn is not None:
            key = drawn.get_conjugate_key()
            other = _resonance_type(key.atomic_number, key.formal_charge, key.bond_orders)
            found[atom] = _Site(
                bit=1 << len(found),
                is_donor=drawn.type == "D",
                charges=(charges[atom], key.formal_charge),
                energies=(drawn.energy, other.energy),
            )
    return found


@functools.lru_cache(maxsize=4096)
def _resonance_type(number: int, charge: int, orders: tuple[int, ...]) -> Any:
    from openff.nagl.utils.resonance import ResonanceType  # noqa: PLC0415

    try:
        return ResonanceType.get_resonance_type(number, charge, orders)
    except KeyError:
        return None


def _resonance_forms(
    drawn: bytes, sites: dict[int, _Site], neighbours: dict[int, list[tuple[int, int]]]
) -> list[int]:
    """Find the forms of lowest energy: for each, the bits of the sites unlike as drawn."""
    found = {drawn: 0}
    to_do = [drawn]
    for orders in to_do:
        form = found[orders]
        donors = [a for a, s in sites.items() if s.is_donor != bool(form & s.bit)]
        acceptors = {a for a, s in sites.items() if s.is_donor == bool(form & s.bit)}
        for donor in donors:
            for end, path in _transfer_paths(donor, acceptors, orders, neighbours):
                moved = bytearray(orders)
                for position, bond in enumerate(path):
                    moved[bond] += -1 if position % 2 else 1
                after = bytes(moved)
                if after not in found:
                    found[after] = form ^ sites[donor].bit ^ sites[end].bit
                    to_do.append(after)
    forms = sorted(set(found.values()))
    energies = [sum(s.energies[bool(f & s.bit)] for s in sites.values()) for f in forms]
    lowest = np.isclose(energies, min(energies))
    return [form for form, is_lowest in zip(forms, lowest, strict=True) if is_lowest]


def _transfer_paths(
    donor: int,
    acceptors: set[int],
    orders: bytes,
    neighbours: dict[int, list[tuple[int, int]]],
) -> Iterator[tuple[int, tuple[int, ...]]]:
    """Simple paths from the donor to acceptors whose bond orders rise and fall by one."""
    stack: list[tuple[int, tuple[int, ...], frozenset[int]]] = [(donor, (), frozenset((donor,)))]
    while stack:
        atom, path, seen = stack.pop()
        for middle, first in neighbours[atom]:
            if middle in seen or (path and orders[first] != orders[path[0]]):
                continue
            for end, second in neighbours[middle]:
                if end in seen or orders[second] != orders[first] + 1:
                    continue
                longer = (*path, first, second)
                if end in acceptors:
                    yield end, longer
                stack.append((end, longer, seen | {middle, end}))
