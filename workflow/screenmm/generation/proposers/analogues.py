"""Analogues: one side of a molecule is taken off by a reaction and exchanged for building blocks.

Each named reaction is run backwards on a parent. One side stays; in the place of the other comes
a block that plays the same role, and the reaction, run forwards, joins them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from rdkit import Chem

from screenmm.core.seeds import seed_for
from screenmm.generation.blocks import Blocks
from screenmm.generation.proposal import Known, Proposal
from screenmm.generation.reactions import Reaction, read_molecule
from screenmm.generation.registry import ProposerFacts, Sources
from screenmm.generation.turns import in_turns

FACTS = ProposerFacts(
    words="takes parents apart by named reactions and exchanges one side for a building block",
    needs="blocks",
)

OPERATION = "analogue"
KEPT = 0.5
"""Least share of the parent's heavy atoms on the side that stays: an analogue is like it."""
POOL = 5_000
"""Blocks of a role among which the nearest are searched for, drawn by the seed."""
EACH = 100
"""Most blocks that are tried in one place of a parent: half the nearest, half by chance."""
MOST_TRIES = 20_000


@dataclass(frozen=True)
class _Opening:
    """A place of a parent where blocks may come."""

    parent: Known
    reaction: Reaction
    kept: str
    removed: str
    place: int
    """Of the role of the side that is exchanged."""


@dataclass
class Analogues:
    """Proposes parents with one side exchanged.

    Parameters
    ----------
    blocks : Blocks
    """

    blocks: Blocks

    def propose(
        self, parents: Sequence[Known], judged: Sequence[Known], count: int, seed: int
    ) -> list[Proposal]:
        """Propose analogues; see :class:`screenmm.generation.proposal.Proposer`.

        Places of exchange take turns, those of earlier parents first. No parent and no judged
        molecule is proposed again. At most :data:`MOST_TRIES` products are made.
        """
        if count < 1:
            return []
        known = {each.smiles for each in chain(parents, judged)}
        tries = [
            self._tries(opening, seed)
            for opening in in_turns([self._openings(parent) for parent in parents])
        ]
        proposals: dict[str, Proposal] = {}
        for _, (opening, block) in zip(range(MOST_TRIES), in_turns(tries), strict=False):
            if len(proposals) >= count:
                break
            sides = (block, opening.kept) if opening.place == 0 else (opening.kept, block)
            made = _join(opening.reaction, sides)
            if made is not None and made not in known and made not in proposals:
                proposals[made] = Proposal(
                    made, OPERATION, (opening.parent.key,), opening.reaction.name, sides
                )
        return list(proposals.values())

    def _openings(self, parent: Known) -> Iterator[_Opening]:
        mol = read_molecule(parent.smiles)
        if mol is None:
            return
        least = KEPT * mol.GetNumHeavyAtoms()
        seen = set()
        for reaction in self.blocks.reactions:
            if not any(len(self.blocks.of(reaction.name, place)) for place in (0, 1)):
                continue
            for pair in reaction.cuts(mol):
                for place in (0, 1):
                    kept, removed = pair[1 - place], pair[place]
                    opening = reaction.name, place, kept
                    if opening not in seen and _staying_atoms(mol, removed, kept) >= least:
                        seen.add(opening)
                        yield _Opening(parent, reaction, kept, removed, place)

    def _tries(self, opening: _Opening, seed: int) -> Iterator[tuple[_Opening, str]]:
        """Blocks for a place: the nearest to what was there in turn with others by chance."""
        rows = self.blocks.of(opening.reaction.name, opening.place)
        rows = rows[rows != self.blocks.places.get(opening.removed, -1)]
        if not len(rows):
            return
        parts = OPERATION, opening.reaction.name, str(opening.place), opening.kept, opening.removed
        rng = np.random.default_rng(seed_for(seed, *parts))
        drawn = rng.permutation(rows)
        pool = np.sort(drawn[:POOL])
        alike = self.blocks.similarity(opening.removed, pool)
        nearest = pool[np.argsort(-alike, kind="stable")][: EACH // 2]
        chosen = dict.fromkeys(in_turns([nearest.tolist(), drawn[: EACH // 2].tolist()]))
        for row in chosen:
            yield opening, self.blocks.smiles[row]


def _staying_atoms(mol: Chem.Mol, removed: str, kept: str) -> int:
    """Heavy atoms of a molecule that come from the side that stays.

    What leaves in the reaction is shared out as if it came from the side that is taken off.
    """
    gone, stays = _heavy_atoms(removed), _heavy_atoms(kept)
    total: int = mol.GetNumHeavyAtoms()
    return total - (gone - max(0, gone + stays - total))


def _heavy_atoms(smiles: str) -> int:
    mol = read_molecule(smiles)
    return mol.GetNumHeavyAtoms() if mol is not None else 0


def _join(reaction: Reaction, sides: tuple[str, str]) -> str | None:
    first, second = (read_molecule(each) for each in sides)
    return None if first is None or second is None else reaction.join(first, second)


def make(sources: Sources) -> Analogues:
    """Make the proposer ready; see :func:`screenmm.generation.registry.make_proposer`."""
    assert sources.blocks is not None
    return Analogues(sources.blocks)
