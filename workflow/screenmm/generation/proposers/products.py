"""Products of building blocks, chosen by Thompson sampling on the blocks; none is enumerated.

The value of a product is taken as a sum: a mean of all, what its reaction adds, what each of its
two blocks adds in its role, and noise. Each part has a normal distribution that what was judged
narrows. To propose, a value is drawn for every part from its distribution, and the product of the
smallest drawn sum is made: parts that are good, or may be, come often.

Klarich et al. 2024, 10.1021/acs.jcim.3c01790, search libraries of products so. Two things differ.
Reactions and roles are fitted together, as in a model of crossed random effects, so that a block
is not blamed for its partner. And of blocks never tried only some stand against those that were:
as many as the square root of the number judged. With many more blocks than trials all time would
otherwise go into new ones (Wang, Audibert and Munos 2008, Algorithms for Infinitely Many-Armed
Bandits).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

import numpy as np
from rdkit import Chem
from scipy.special import ndtri

from screenmm.core.seeds import seed_for
from screenmm.generation.blocks import Blocks
from screenmm.generation.proposal import Known, Proposal
from screenmm.generation.reactions import Reaction, read_molecule
from screenmm.generation.registry import ProposerFacts, Sources

FACTS = ProposerFacts(
    words="makes products of building blocks by named reactions, by Thompson sampling",
    needs="blocks",
)

OPERATION = "product"
TRIES_FOR_EACH = 4
"""Products that are made for each one asked for, where some fail."""
ENUMERATED = 4
"""A space of no more products than so many times those asked for is gone through in whole."""
PART = 0.25
"""Share of the variance of what was judged that each of four parts has: the reaction, either
block, and noise."""
SWEEPS = 20
"""Rounds in which parts are fitted in turn."""
MOST_DRAWN = 2_000_000
"""Numbers drawn at once."""
MOST_STALE = 1_000
"""Draws one after the other that give no new product, until there seems to be none."""
FENCE = 3.0
"""Values farther outside the quartiles than so many times their distance count as that far: one
failed computation must not blur all else (Tukey 1977, Exploratory Data Analysis)."""
MOST_NEXT = 100
"""Second blocks that are looked at until a product is new."""

Pair = tuple[int, str, str]
"""Place of the reaction and the blocks' SMILES."""


@dataclass(frozen=True)
class _Side:
    """What is known of the blocks that were tried in one role.

    Parameters
    ----------
    rows : numpy.ndarray of int
        Places among the blocks.
    mean, spread : numpy.ndarray of float
        Of each one's distribution.
    new : int
        Blocks of the role never tried.
    """

    rows: np.ndarray
    mean: np.ndarray
    spread: np.ndarray
    new: int


@dataclass
class Products:
    """Proposes products of building blocks.

    Parameters
    ----------
    blocks : Blocks
    most_tries : int
        Products that are made in one call, whether they succeed or not.
    """

    blocks: Blocks
    most_tries: int = 100_000

    def propose(
        self, parents: Sequence[Known], judged: Sequence[Known], count: int, seed: int
    ) -> list[Proposal]:
        """Propose products; see :class:`screenmm.generation.proposal.Proposer`.

        Parents are not looked at. Without anything judged that tells its reaction and blocks,
        each product of the space is as likely as any other. A product of the same reaction and
        blocks as a judged one is not proposed again. At most ``most_tries`` are made.
        """
        numbers = {reaction.name: n for n, reaction in enumerate(self.blocks.reactions)}
        told = [
            ((numbers[each.reaction], each.blocks[0], each.blocks[1]), each.value)
            for each in judged
            if each.reaction in numbers and len(each.blocks) == 2
        ]
        taken: set[Pair] = {pair for pair, _ in told}
        smiles = {each.smiles for each in judged}
        values = {pair: value for pair, value in told if value is not None and isfinite(value)}
        rng = np.random.default_rng(seed_for(seed, OPERATION))
        if values:
            pairs = _Model(self.blocks, values).draws(rng, taken)
        else:
            pairs = _uniform(self.blocks, rng, min(count, self.most_tries), taken)
        proposals: dict[str, Proposal] = {}
        tries = min(self.most_tries, TRIES_FOR_EACH * max(count, 0) + 20)
        for _, pair in zip(range(tries), pairs, strict=False):
            if len(proposals) >= count:
                break
            reaction = self.blocks.reactions[pair[0]]
            made = _made(reaction, pair)
            if made is not None and made not in smiles and made not in proposals:
                proposals[made] = Proposal(made, OPERATION, (), reaction.name, pair[1:])
        return list(proposals.values())


@lru_cache(maxsize=4096)
def _read(smiles: str) -> Chem.Mol | None:
    return read_molecule(smiles)


def _made(reaction: Reaction, pair: Pair) -> str | None:
    first, second = _read(pair[1]), _read(pair[2])
    return None if first is None or second is None else reaction.join(first, second)


def _sizes(blocks: Blocks) -> np.ndarray:
    """Blocks of both roles of each reaction, shape (reactions, 2)."""
    return np.array(
        [[len(blocks.of(each.name, place)) for place in (0, 1)] for each in blocks.reactions]
    ).reshape(-1, 2)


def _uniform(
    blocks: Blocks, rng: np.random.Generator, count: int, taken: set[Pair]
) -> Iterator[Pair]:
    """Products drawn at random, none twice; takes note of them."""
    sizes = _sizes(blocks)
    products = sizes.prod(axis=1)
    total = int(products.sum())
    if not total:
        return
    starts = np.cumsum(products) - products
    if total <= ENUMERATED * count:
        draws: Iterator[int] = iter(rng.permutation(total).tolist())
    else:
        draws = (int(rng.integers(total)) for _ in range(2 * ENUMERATED * count + MOST_STALE))
    for number in draws:
        place = int(np.searchsorted(starts, number, side="right")) - 1
        first, second = divmod(number - int(starts[place]), int(sizes[place, 1]))
        name = blocks.reactions[place].name
        pair = (
            place,
            blocks.smiles[blocks.of(name, 0)[first]],
            blocks.smiles[blocks.of(name, 1)[second]],
        )
        if pair not in taken:
            taken.add(pair)
            yield pair


class _Model:
    """Distributions of the parts of a product's value.

    Parameters
    ----------
    blocks : Blocks
    values : dict of Pair to float
        What was judged; smaller is better.
    """

    def __init__(self, blocks: Blocks, values: dict[Pair, float]) -> None:
        self._blocks = blocks
        pairs = sorted(values)
        value = _within_fences(np.array([values[pair] for pair in pairs]))
        variance = float(value.var()) or 1.0
        reaction = np.array([pair[0] for pair in pairs])
        self._open = np.flatnonzero(_sizes(blocks).min(axis=1))
        keys = [
            sorted({(number, first) for number, first, _ in pairs}),
            sorted({(number, second) for number, _, second in pairs}),
        ]
        index = [{key: number for number, key in enumerate(each)} for each in keys]
        of = [
            np.array([index[0][number, first] for number, first, _ in pairs]),
            np.array([index[1][number, second] for number, _, second in pairs]),
        ]
        groups = [(reaction, len(blocks.reactions)), (of[0], len(keys[0])), (of[1], len(keys[1]))]
        effects, counts = _fitted(value, groups)
        spreads = [np.sqrt(PART * variance / (each + 1)) for each in counts]
        self._prior = np.sqrt(PART * variance)
        self._mean, self._spread = effects[0], spreads[0]
        self._judged = counts[0]
        self._sides = {
            (number, place): side
            for place in (0, 1)
            for number, side in self._tried(
                place, keys[place], effects[1 + place], spreads[1 + place]
            ).items()
        }

    def _tried(
        self, place: int, keys: list[tuple[int, str]], effects: np.ndarray, spreads: np.ndarray
    ) -> dict[int, _Side]:
        """Sides of all reactions at a place; judged blocks that are not at hand only taught."""
        at_hand: dict[int, list[tuple[int, int]]] = {int(number): [] for number in self._open}
        for at, (number, smiles) in enumerate(keys):
            row = self._blocks.places.get(smiles)
            if row is not None and number in at_hand:
                at_hand[number].append((row, at))
        sides = {}
        for number, found in at_hand.items():
            members = self._blocks.of(self._blocks.reactions[number].name, place)
            rows, of = np.array(found, dtype=np.int64).reshape(-1, 2).T
            fits = np.isin(rows, members)
            rows, of = rows[fits], of[fits]
            sides[number] = _Side(rows, effects[of], spreads[of], len(members) - len(rows))
        return sides

    def draws(self, rng: np.random.Generator, taken: set[Pair]) -> Iterator[Pair]:
        """Products by Thompson sampling, none twice; takes note of them."""
        if not len(self._open):
            return
        tried = sum(len(side.rows) for side in self._sides.values())
        at_once = max(1, min(64, MOST_DRAWN // max(tried, 1)))
        stale = 0
        while stale < MOST_STALE:
            drawn = {
                key: side.mean + side.spread * rng.standard_normal((at_once, len(side.rows)))
                for key, side in self._sides.items()
            }
            new = {key: self._new(rng, key, at_once) for key in self._sides}
            best = self._mean[self._open] + self._spread[self._open] * rng.standard_normal(
                (at_once, len(self._open))
            )
            for column, number in enumerate(self._open.tolist()):
                for place in (0, 1):
                    tried_best = drawn[number, place].min(axis=1, initial=np.inf)
                    best[:, column] += np.minimum(tried_best, new[number, place])
            for draw, column in enumerate(best.argmin(axis=1).tolist()):
                number = int(self._open[column])
                values = [drawn[number, place][draw] for place in (0, 1)]
                pair = self._pair(
                    rng, number, values, [new[number, place][draw] for place in (0, 1)], taken
                )
                stale += 1
                if pair is not None:
                    stale = 0
                    taken.add(pair)
                    yield pair

    def _new(self, rng: np.random.Generator, key: tuple[int, int], size: int) -> np.ndarray:
        """Smallest of the values drawn for some blocks never tried; infinite: there are none."""
        side = self._sides[key]
        if not side.new:
            return np.full(size, np.inf)
        many = min(side.new, int(np.ceil(np.sqrt(self._judged[key[0]] + 1))))
        # the smallest of so many normal numbers, without drawing them
        smallest: np.ndarray = self._prior * ndtri(
            -np.expm1(np.log1p(-rng.uniform(size=size)) / many)
        )
        return smallest

    def _pair(
        self,
        rng: np.random.Generator,
        number: int,
        values: list[np.ndarray],
        new: list[float],
        taken: set[Pair],
    ) -> Pair | None:
        """Best product of drawn values that is not taken, by changing the second block alone."""
        first = self._best(rng, (number, 0), values[0], new[0])
        side = self._sides[number, 1]
        order = np.argsort(values[1], kind="stable")[:MOST_NEXT]
        before = int(np.searchsorted(values[1][order], new[1]))
        fresh = self._fresh(rng, (number, 1)) if side.new else -1
        rows = [*side.rows[order[:before]].tolist(), fresh, *side.rows[order[before:]].tolist()]
        smiles = self._blocks.smiles
        for row in rows:
            if row >= 0 and (pair := (number, smiles[first], smiles[row])) not in taken:
                return pair
        return None

    def _best(
        self, rng: np.random.Generator, key: tuple[int, int], values: np.ndarray, new: float
    ) -> int:
        if not len(values) or new < values.min():
            return self._fresh(rng, key)
        return int(self._sides[key].rows[values.argmin()])

    def _fresh(self, rng: np.random.Generator, key: tuple[int, int]) -> int:
        """Block of a role that was never tried, at random."""
        members = self._blocks.of(self._blocks.reactions[key[0]].name, key[1])
        tried = self._sides[key].rows
        if self._sides[key].new * 2 < len(members):
            return int(rng.choice(np.setdiff1d(members, tried)))
        known = set(tried.tolist())
        while (row := int(members[rng.integers(len(members))])) in known:
            pass
        return row


def _within_fences(value: np.ndarray) -> np.ndarray:
    low, high = np.quantile(value, [0.25, 0.75])
    reach = FENCE * (high - low)
    fenced: np.ndarray = np.clip(value, low - reach, high + reach) if reach else value
    return fenced


def _fitted(
    value: np.ndarray, groups: list[tuple[np.ndarray, int]]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Means of the parts of sums, each a normal variable of the same variance as the noise.

    Parameters
    ----------
    value : numpy.ndarray, shape (n,)
    groups : list of (numpy.ndarray of int, int)
        Which part of a kind is in each sum, and how many parts of the kind there are.

    Returns
    -------
    effects, counts : list of numpy.ndarray
        Of each kind: means, and in how many sums each part is.

    Notes
    -----
    By Gauss-Seidel on the equations of Henderson 1975, 10.2307/2529430.
    """
    counts = [np.bincount(of, minlength=size) for of, size in groups]
    effects = [np.zeros(size) for _, size in groups]
    rest = value - value.mean()
    for _ in range(SWEEPS):
        for number, (of, size) in enumerate(groups):
            rest = rest + effects[number][of]
            sums = np.bincount(of, weights=rest, minlength=size)
            effects[number] = sums / (counts[number] + 1)
            rest = rest - effects[number][of]
    return effects, counts


def make(sources: Sources) -> Products:
    """Make the proposer ready; see :func:`screenmm.generation.registry.make_proposer`."""
    assert sources.blocks is not None
    return Products(sources.blocks)
