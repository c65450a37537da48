"""Propose analogues that a trained language model of molecules writes.

The model is ANNalog (see :mod:`screenmm.generation.annalog`). It changes a parent as medicinal
chemists did with molecules of ChEMBL: substituents, rings of a kind, linkers. It was told nothing
of targets, so a screen has to judge what it writes. But it has seen published series: what it
writes of a published ligand holds other ligands of the same paper, so that it finds these again is
no evidence that it would find unpublished ones.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from rdkit import Chem

from screenmm.core.errors import ConfigError
from screenmm.core.seeds import seed_for
from screenmm.generation import annalog
from screenmm.generation.annalog import LONGEST, Annalog
from screenmm.generation.parents import readable
from screenmm.generation.proposal import Known, Proposal
from screenmm.generation.registry import ProposerFacts, Sources

FACTS = ProposerFacts(
    words="writes analogues by a sequence model that learned from pairs of ChEMBL (ANNalog)",
    packages=("annalog", "torch"),
    get="pip install --no-deps annalog==1.0.6, and pip install torch",
    in_environments=False,
)

OPERATION = "sequence"

LARGEST_BATCH = 64
"""Sequences written at once: more make none of them cheaper."""

SPARE = 1.5
"""Sequences written for each proposal that is wanted: some are repeats, few are no molecule."""


@dataclass(frozen=True)
class LanguageModel:
    """Proposals of a language model, some of each parent.

    A parent gives none if it has more than 100 tokens (letters, numbers and signs of its SMILES),
    more than one fragment, or a token that the model does not know: iodine, phosphorus, boron,
    silicon, isotopes and charged amines, for example.

    Parameters
    ----------
    temperature : float
        Above 1 the proposals are more diverse and more of them are odd; below 1 they are more
        alike and closer to the parent. Between 0.2 and 2. Of 48 sequences for each of 16 ligands
        of TYK2, new molecules and those of them whose bonds all occur in ChEMBL: 36 and 100 % at
        0.6, 62 and 100 % at 0.8, 80 and 98 % at 1, 85 and 93 % at 1.2.
    most_samples : int
        Sequences written for a parent at most, whatever count is asked for.

    Raises
    ------
    ConfigError
        A parameter is out of its range.
    """

    temperature: float = 0.8
    most_samples: int = 1024

    def __post_init__(self) -> None:
        if not 0.2 <= self.temperature <= 2:
            raise ConfigError(
                f"the language model's temperature is {self.temperature}: give 0.2 to 2"
            )
        if self.most_samples < 1:
            raise ConfigError(
                f"the language model's samples are {self.most_samples} of a parent: give 1 or more"
            )

    def propose(
        self, parents: Sequence[Known], judged: Sequence[Known], count: int, seed: int
    ) -> list[Proposal]:
        """Propose molecules; see :class:`screenmm.generation.proposal.Proposer`.

        Parents take turns, so each has as many proposals as any other until it has no more. What
        a parent gives depends on its key and structure and on the seed, and neither on the other
        parents nor on the count, but for repeats.

        Raises
        ------
        ConfigError
            The model is not installed; see :func:`screenmm.generation.annalog.load`.
        """
        if not parents or count < 1:
            return []
        network = annalog.load()
        batch = math.ceil(min(count / len(parents) * SPARE, LARGEST_BATCH))
        taken = {each.smiles for each in (*parents, *judged)}
        turns = [(parent, self._analogues(network, parent, batch, seed)) for parent in parents]
        proposals: list[Proposal] = []
        while turns:
            going = []
            for parent, analogues in turns:
                smiles = next((each for each in analogues if each not in taken), None)
                if smiles is None:
                    continue
                taken.add(smiles)
                proposals.append(Proposal(smiles, OPERATION, (parent.key,)))
                if len(proposals) == count:
                    return proposals
                going.append((parent, analogues))
            turns = going
        return proposals

    def _analogues(self, network: Annalog, parent: Known, batch: int, seed: int) -> Iterator[str]:
        """Canonical SMILES of molecules written for a parent, itself and repeats among them.

        Each comes as soon as it is asked for, so a parent costs no more than its turns.
        """
        canonical = canonical_smiles(parent.smiles)
        source = network.read(canonical) if canonical else None
        if source is None:
            return
        random = np.random.default_rng(seed_for(seed, "language_model", parent.key))
        for begin in range(0, self.most_samples, batch):
            number = min(batch, self.most_samples - begin)
            draws = random.random((number, LONGEST - 1))
            for written in network.sample(source, draws, self.temperature):
                smiles = canonical_smiles(written) if written else None
                if smiles:
                    yield smiles


def canonical_smiles(smiles: str) -> str | None:
    """RDKit's canonical SMILES, without stereo marks where there is no stereocentre.

    None if it cannot be read, is of several molecules, of a radical, or has an open end.
    """
    mol = readable(smiles)
    return None if mol is None else str(Chem.MolToSmiles(mol))


def make(sources: Sources) -> LanguageModel:
    """Make the proposer ready; see :func:`screenmm.generation.registry.make_proposer`."""
    return LanguageModel()
