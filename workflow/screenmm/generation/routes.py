"""Routes: how a molecule is made from building blocks in one or two named reactions."""

from __future__ import annotations

from dataclasses import dataclass, field

from screenmm.generation.blocks import Blocks
from screenmm.generation.reactions import read_molecule
from screenmm.library.stereo import write_smiles

MOST_STEPS = 2
MOST_TAKEN_APART = 200
"""Molecules that are taken apart in the search of one route."""


@dataclass(frozen=True, slots=True)
class Step:
    """One reaction of a route.

    Parameters
    ----------
    reaction : str
        Name.
    reactants : tuple of (str, str)
        SMILES in the order of the reaction's roles.
    product : str
        SMILES.
    """

    reaction: str
    reactants: tuple[str, str]
    product: str


@dataclass
class Router:
    """Searches routes from the same blocks, and remembers what it took apart.

    Parameters
    ----------
    blocks : Blocks
    """

    blocks: Blocks
    _sides: dict[str, list[tuple[int, tuple[str, str]]]] = field(default_factory=dict)

    def route(self, smiles: str, steps: int = MOST_STEPS) -> list[Step] | None:
        """Find the shortest route to a molecule.

        Parameters
        ----------
        smiles : str
        steps : int
            Most reactions in all, at most :data:`MOST_STEPS`.

        Returns
        -------
        list of Step or None
            In the order in which they are done; every step gives its product when the reaction
            is run forwards, with the stereochemistry. Empty: the molecule is a block. Of
            routes that are equally short the one of the first reaction in the list of reactions.
            None: there is no route, or none was found within :data:`MOST_TAKEN_APART`.

        Raises
        ------
        ValueError
            More steps than :data:`MOST_STEPS`.
        """
        if steps > MOST_STEPS:
            raise ValueError(f"{steps} steps, at most {MOST_STEPS} are searched for")
        mol = read_molecule(smiles)
        # read again, as what a reaction makes is
        mol = read_molecule(write_smiles(mol)) if mol is not None else None
        if mol is None:
            return None
        search = _Search(self)
        for length in range(steps + 1):
            found = search.of_length(write_smiles(mol), length)
            if found is not None:
                return found
        return None

    def apart(self, smiles: str) -> list[tuple[int, tuple[str, str]]]:
        """Places of reactions and pairs of molecules that may make a molecule, unverified."""
        if smiles not in self._sides:
            mol = read_molecule(smiles)
            self._sides[smiles] = [
                (place, pair)
                for place, reaction in enumerate(self.blocks.reactions)
                for pair in (reaction.sides(mol, forms=True) if mol is not None else [])
            ]
        return self._sides[smiles]


@dataclass
class _Search:
    """Search of one route."""

    router: Router
    _found: dict[tuple[str, int], list[Step] | None] = field(default_factory=dict)
    _taken_apart: set[str] = field(default_factory=set)

    def of_length(self, smiles: str, length: int) -> list[Step] | None:
        """Route of exactly so many steps."""
        if length == 0:
            return [] if smiles in self.router.blocks else None
        key = smiles, length
        if key not in self._found:
            self._found[key] = self._last_step(smiles, length)
        return self._found[key]

    def _last_step(self, smiles: str, length: int) -> list[Step] | None:
        if smiles not in self._taken_apart and len(self._taken_apart) >= MOST_TAKEN_APART:
            return None
        self._taken_apart.add(smiles)
        for place, pair in self.router.apart(smiles):
            for first in range(length):
                before = self._both(pair, first, length - 1 - first)
                if before is None:
                    continue
                reaction = self.router.blocks.reactions[place]
                if reaction.gives(pair, smiles):
                    return [*before, Step(reaction.name, pair, smiles)]
        return None

    def _both(self, pair: tuple[str, str], first: int, second: int) -> list[Step] | None:
        """Routes to both reactants; the shorter is searched first, as it costs least."""
        lengths = first, second
        found: dict[int, list[Step]] = {}
        for place in sorted((0, 1), key=lambda each: lengths[each]):
            route = self.of_length(pair[place], lengths[place])
            if route is None:
                return None
            found[place] = route
        return found[0] + found[1]


def route(smiles: str, blocks: Blocks, steps: int = MOST_STEPS) -> list[Step] | None:
    """Find the shortest route of at most two steps from blocks; see :meth:`Router.route`."""
    return Router(blocks).route(smiles, steps)
