"""What a proposer is: known molecules in, proposals with their lineage out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Known:
    """A molecule that was judged, or is at least known.

    Parameters
    ----------
    key : str
        Its InChIKey.
    smiles : str
        Standardised.
    value : float or None
        What it is judged by; smaller is better. None: it was not, or it failed.
    reaction : str
        Name of the reaction that makes it, where that is known.
    blocks : tuple of str
        Its building blocks as SMILES, in the order of the reaction's roles.
    """

    key: str
    smiles: str
    value: float | None = None
    reaction: str = ""
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposal:
    """A molecule as a proposer wrote it: nothing about it was checked yet.

    Parameters
    ----------
    smiles : str
    operation : str
        What was done, in a word: ``mutation``, ``growing``, ``linking``, ``crossover``,
        ``sequence``, ``analogue``, ``product``.
    parents : tuple of str
        Keys of the molecules it came from; empty where it has none.
    reaction : str
        Name of the reaction that makes it; empty: none is known.
    blocks : tuple of str
        The building blocks as SMILES, in the order of the reaction's roles.
    """

    smiles: str
    operation: str
    parents: tuple[str, ...] = ()
    reaction: str = ""
    blocks: tuple[str, ...] = ()


class Proposer(Protocol):
    """What every proposer offers."""

    def propose(
        self, parents: Sequence[Known], judged: Sequence[Known], count: int, seed: int
    ) -> list[Proposal]:
        """Propose molecules.

        The same arguments give the same proposals in the same order, on any number of threads.

        Parameters
        ----------
        parents : sequence of Known
            Molecules to start from, in the order of preference; chosen by the caller.
        judged : sequence of Known
            All molecules that were judged so far, for a proposer that learns from them. Empty:
            it proposes without having learned.
        count : int
            Most proposals. Fewer, even none, come where no more are found within bounded effort.
        seed : int

        Returns
        -------
        list of Proposal
            Without repeats of one another by their SMILES.
        """
        ...
