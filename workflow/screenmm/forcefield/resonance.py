"""Formal charges averaged over resonance forms, by a search for alternating paths [1]_.

Atom types and energies are those of OpenFF NAGL [2]_, and so are the averages; enumerating
the forms as its package does took nine tenths of the time of a molecule's charges.

References
----------
.. [1] M. K. Gilson, H. S. R. Gilson, M. J. Potter, J. Chem. Inf. Comput. Sci. 43, 1982 (2003).
.. [2] L. Wang et al., OpenFF NAGL, https://github.com/openforcefield/openff-nagl
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

Bond = tuple[int, int, int]
"""Two atoms and the order, kekulised."""

AtomType = tuple[int, int, tuple[int, ...]]
"""Atomic number, formal charge, and the orders of the bonds, sorted."""

ACCEPTORS: dict[AtomType, AtomType] = {
    (8, 0, (2,)): (8, -1, (1,)),
    (16, 0, (2,)): (16, -1, (1,)),
    (7, 1, (1, 1, 2)): (7, 0, (1, 1, 1)),
    (7, 0, (1, 2)): (7, -1, (1, 1)),
    (7, 0, (3,)): (7, -1, (2,)),
}
"""Atoms that take an electron pair, and the donors that they become."""

CONJUGATES = ACCEPTORS | {donor: acceptor for acceptor, donor in ACCEPTORS.items()}


def energy(atom: AtomType) -> float:
    """Energy of an atom that takes part in resonance, in units of the method."""
    return 5.0 if atom[1] != 0 else 0.0


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

    Electron pairs move from donors to acceptors along paths of alternating bond orders.

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
        drawn = (numbers[atom], charges[atom], around[atom])
        other = CONJUGATES.get(drawn)
        if other is not None:
            found[atom] = _Site(
                bit=1 << len(found),
                is_donor=drawn not in ACCEPTORS,
                charges=(drawn[1], other[1]),
                energies=(energy(drawn), energy(other)),
            )
    return found


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
    lowest = min(energies)  # whole numbers
    return [form for form, own in zip(forms, energies, strict=True) if own == lowest]


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
