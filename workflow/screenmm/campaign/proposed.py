"""Proposals that may be docked: what is known of them, and which of them a round docks."""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq

from screenmm.campaign.known import library, rows_of
from screenmm.campaign.neighbours import nearest_of_library
from screenmm.config.settings import Generate
from screenmm.generation.arms import Arm
from screenmm.generation.choice import Candidate, choose_blind, choose_learned
from screenmm.rounds.campaign import Chosen, Surrogate
from screenmm.rounds.features import FeatureFiles, Features, stacked
from screenmm.rounds.known import GENERATED, Docked, How
from screenmm.run.layout import Layout


def features_of_proposed(paths: Sequence[Path]) -> Features:
    """Describe the proposals of some rounds, each molecule once, ordered by key.

    Parameters
    ----------
    paths : sequence of Path
        Files of features that ``vet`` wrote.
    """
    found = stacked(list(FeatureFiles(paths)))
    return found.at(np.unique(found.keys.astype(str), return_index=True)[1])


def features_of_docked(files: Layout, keys: Collection[str]) -> Features:
    """Describe molecules that were docked, of the library or proposed.

    Parameters
    ----------
    files : Layout
        Of the run, up to the last round that counts.
    keys : collection of str
    """
    wanted, found = set(keys), []
    for shard in chain(library(files), [features_of_proposed(files.vetted("features"))]):
        found.append(_among(shard, wanted))
        # a library may have grown by what was proposed before
        wanted.difference_update(shard.keys.tolist())
    return stacked(found)


def _among(features: Features, keys: Collection[str]) -> Features:
    return features.at(np.array([key in keys for key in features.keys], dtype=bool))


@dataclass(frozen=True)
class Proposed:
    """All proposals so far that may be docked.

    Attributes
    ----------
    features : Features
        Ordered by key.
    rows : list of dict
        Their lineage, a row for each arm that proposed them.
    smiles : dict of str to str
        By key.
    """

    features: Features
    rows: list[dict[str, Any]]
    smiles: dict[str, str]

    @classmethod
    def of(cls, files: Layout, through: int) -> Proposed:
        """Read the proposals of the rounds up to one, whose batch need not be chosen yet."""
        ligands = rows_of(files.vetted("ligands", through))
        return cls(
            features=features_of_proposed(files.vetted("features", through)),
            rows=rows_of(files.vetted("lineage", through)),
            smiles={row["inchikey"]: row["smiles"] for row in ligands},
        )

    def candidates(
        self, arm: Arm, taken: Collection[str], predicted: dict[str, float], prefer_route: bool
    ) -> list[Candidate]:
        """Those of an arm that were not docked, each once.

        Parameters
        ----------
        arm : Arm
        taken : collection of str
            Keys of what was docked.
        predicted : dict of str to float
            What the model says of each; empty without one.
        prefer_route : bool
            Whether those with a route come first.
        """
        found: dict[str, Candidate] = {}
        for row in self.rows:
            key = str(row["inchikey"])
            if row["arm"] != str(arm) or key in taken or key in found:
                continue
            found[key] = Candidate(
                key,
                self.smiles[key],
                tuple(row["parents"]),
                predicted.get(key),
                preferred=bool(row["route"]) or not prefer_route,
            )
        return list(found.values())


def choose_proposed(
    files: Layout,
    generate: Generate,
    proposed: Proposed,
    known: Sequence[Docked],
    of_library: Sequence[Chosen],
    model: Surrogate | None,
    seed: int,
) -> list[Chosen]:
    """Choose what each arm docks in a round.

    Parameters
    ----------
    files : Layout
        Of the run.
    generate : Generate
        The config's section.
    proposed : Proposed
    known : sequence of Docked
        Of all rounds before.
    of_library : sequence of Chosen
        What the round docks of the library.
    model : Surrogate or None
    seed : int
        Of the run.

    Returns
    -------
    list of Chosen
        Of the two arms, and of the library the molecules most like its best.
    """
    taken = {each.key for each in known} | {each.key for each in of_library}
    values = model.ridge.predict(proposed.features.design).tolist() if model else []
    predicted = dict(zip(proposed.features.keys.tolist(), values, strict=False))
    asked = (generate.batch, generate.per_scaffold, generate.per_parent, seed)
    prefer = generate.route == "prefer"
    learned, blind = (
        {each.key for each in choose(proposed.candidates(arm, taken, predicted, prefer), *asked)}
        for arm, choose in ((Arm.LEARNED, choose_learned), (Arm.BLIND, choose_blind))
    )
    chosen = [
        Chosen(key, _how(key in learned, key in blind), predicted.get(key))
        for key in sorted(learned | blind)
    ]
    best = _best_of_library(files, known, generate.parents)
    near = nearest_of_library(library(files), best, taken | learned | blind, generate.batch)
    return [*chosen, *(Chosen(key, How.NEIGHBOUR, None) for key, _ in near)]


def _how(learned: bool, blind: bool) -> How:
    if learned and blind:
        return How.BOTH
    return How.LEARNED if learned else How.BLIND


def _best_of_library(files: Layout, known: Sequence[Docked], count: int) -> Features:
    own = [each for each in known if each.value is not None and each.how not in GENERATED]
    best = sorted(own, key=lambda each: (each.value, each.key))[:count]
    keys = {each.key for each in best}
    return stacked([_among(shard, keys) for shard in library(files)])


def part_new(files: Layout, number: int) -> tuple[int, int]:
    """How many proposals of a round there are, and how many are molecules not seen before.

    Parameters
    ----------
    files : Layout
        Of the run.
    number : int
        Of the round.
    """
    proposed = pq.read_metadata(files.file("vet", "sources", str(number))).num_rows
    told = rows_of([files.file("vet", "events", str(number))])
    old = ("seen_before", "duplicate_structure")
    not_new = sum(row["status"] == "failed" or row["reason"] in old for row in told)
    return proposed, proposed - not_new


def rounds_without_gain(known: Sequence[Docked], number: int) -> int:
    """Rounds of proposals in a row, up to the last, that brought nothing better than was known.

    Parameters
    ----------
    known : sequence of Docked
        Of all rounds before.
    number : int
        Of the round to decide.
    """
    best, without = math.inf, 0
    for each in range(1, number):
        own = [one for one in known if one.round == each and one.value is not None]
        made = [one.value for one in own if one.how in GENERATED and one.value is not None]
        gained = min(made, default=math.inf) < best
        without = 0 if each == 1 or gained else without + 1
        best = min([best, *(one.value for one in own if one.value is not None)])
    return without
