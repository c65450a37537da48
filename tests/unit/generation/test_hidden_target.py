"""Learning comes nearer to a hidden molecule than chance, with every proposer.

The score is the likeness to the hidden molecule, of which proposers and model know nothing else.
Both arms begin with the same compounds of the demo's library, and each is taught by its own
molecules alone: what one finds helps the other nothing.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem, DataStructs, RDConfig
from rdkit.Chem import rdFingerprintGenerator
from rdkit.Chem.rdMolDescriptors import CalcNumRotatableBonds

from screenmm.config.engines import is_installed
from screenmm.config.settings import Ligands
from screenmm.core.errors import LigandError
from screenmm.core.seeds import seed_for
from screenmm.generation.arms import Arm, propose_for
from screenmm.generation.blocks import blocks_of
from screenmm.generation.choice import Candidate, choose_blind, choose_learned
from screenmm.generation.proposal import Known, Proposer
from screenmm.generation.registry import made_of, make_proposer, proposers
from screenmm.generation.vetting import Limits, Vetted, vet
from screenmm.library.standardise import standardise
from screenmm.rounds.features import features_of
from screenmm.rounds.ridge import fit

pytestmark = pytest.mark.minutes(2)

# the ligand ejm_46 of TYK2's series
TARGET = "O=C(Nc1ccnc(NC(=O)C2CC2)c1)c1c(Cl)cccc1Cl"

LIBRARY, START = 250, 30
ROUNDS, PROPOSALS, BATCH = 3, 60, 20
PARENTS, PER_SCAFFOLD, PER_PARENT = 6, 5, 10
SEEDS = (1, 2)
LIMITS = Limits(Ligands.model_validate({"filters": {"heavy_atoms": {"min": 12, "max": 35}}}))

PRINTS = rdFingerprintGenerator.GetMorganGenerator(radius=2)


@cache
def print_of(smiles: str) -> DataStructs.UIntSparseIntVect:
    return PRINTS.GetCountFingerprint(Chem.MolFromSmiles(smiles))


def likeness(smiles: str) -> float:
    return float(DataStructs.TanimotoSimilarity(print_of(TARGET), print_of(smiles)))


@cache
def library(seed: int) -> list[Known]:
    """Some of the demo's compounds of a drug's size, judged."""
    lines = (Path(RDConfig.RDDataDir) / "NCI/first_5K.smi").read_text().splitlines()
    random.Random(seed).shuffle(lines)
    found: dict[str, Known] = {}
    for line in lines:
        try:
            parent = standardise(line.split()[0], "smiles", LIMITS.ligands)
        except LigandError:
            continue
        mol = Chem.MolFromSmiles(parent.smiles)
        # cutting flexible molecules to fragments takes long
        if 15 <= mol.GetNumHeavyAtoms() <= 26 and CalcNumRotatableBonds(mol) <= 5:
            value = -likeness(parent.smiles)
            found.setdefault(parent.inchikey, Known(parent.inchikey, parent.smiles, value))
        if len(found) == LIBRARY:
            break
    return list(found.values())


def predicted(vetted: Sequence[Vetted], judged: Sequence[Known]) -> list[float]:
    """What the surrogate of the rounds expects, taught by what was judged."""
    taught = features_of((each.key, each.smiles) for each in judged)
    values = {each.key: each.value for each in judged}
    ridge = fit(taught.design, np.array([values[key] for key in taught.keys], dtype=float))
    asked = features_of((each.key, each.smiles) for each in vetted)
    found = dict(zip(asked.keys, ridge.predict(asked.design).tolist(), strict=True))
    return [found[each.key] for each in vetted]


@dataclass
class Came:
    """What an arm came to."""

    chosen: list[float]
    """Likeness of all molecules that were judged, the best first."""
    last: list[float]
    """Likeness of the last round's proposals, before any was chosen."""

    @property
    def figures(self) -> list[float]:
        """The best, the mean of the best five, and the mean of the last round's proposals.

        The model's choice alone could bring the first two; the third is the proposer's.
        """
        return [self.chosen[0], float(np.mean(self.chosen[:5])), float(np.mean(self.last))]


def campaign(arm: Arm, name: str, proposer: Proposer, start: Sequence[Known], seed: int) -> Came:
    known = list(start)
    kept: list[Vetted] = []
    for number in range(1, ROUNDS + 1):
        found = propose_for(
            arm, name, proposer, known, known, PROPOSALS, PARENTS, PER_SCAFFOLD, seed, number
        )
        proposals = [proposal for proposal, _ in found]
        kept = [each for each in vet(proposals, {each.key for each in known}, LIMITS) if each.kept]
        learned = arm is Arm.LEARNED
        values = predicted(kept, known) if learned else [None] * len(kept)
        candidates = [
            Candidate(each.key, each.smiles, each.proposal.parents, value)
            for each, value in zip(kept, values, strict=True)
        ]
        choose = choose_learned if learned else choose_blind
        own_seed = seed_for(seed, "batch", str(number))
        batch = choose(candidates, BATCH, PER_SCAFFOLD, PER_PARENT, own_seed)
        of_key = {each.key: each.proposal for each in kept}
        for each in batch:
            made = of_key[each.key]
            value = -likeness(each.smiles)
            known.append(Known(each.key, each.smiles, value, made.reaction, made.blocks))
    values = sorted((likeness(each.smiles) for each in known[len(start) :]), reverse=True)
    return Came(values, [likeness(each.smiles) for each in kept])


@pytest.mark.parametrize("name", list(proposers()))
def test_learning_beats_chance(name: str, tmp_path: Path) -> None:
    facts = proposers()[name]
    missing = [each for each in facts.packages if not is_installed(each)]
    if missing:
        pytest.skip(f"needs {', '.join(missing)}: make test-torch, or {facts.get}")
    came: dict[Arm, list[Came]] = {arm: [] for arm in Arm}
    for seed in SEEDS:
        whole = library(seed)
        blocks = tmp_path / f"{seed}.smi"
        cut = sorted(blocks_of(each.smiles for each in whole))
        blocks.write_text("".join(f"{smiles} block\n" for smiles in cut))
        start = whole[:START]
        folder = tmp_path / str(seed)
        folder.mkdir()
        proposer = make_proposer(name, made_of(name, start, folder, blocks))
        for arm in Arm:
            came[arm].append(campaign(arm, name, proposer, start, seed))
    for arm in Arm:
        # no arm lost its budget
        assert all(len(each.chosen) > ROUNDS * BATCH / 2 for each in came[arm])
    learned, blind = (np.array([each.figures for each in came[arm]]) for arm in Arm)
    assert (learned.mean(axis=0) > blind.mean(axis=0)).all(), (learned, blind)
