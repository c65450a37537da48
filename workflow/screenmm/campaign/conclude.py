"""What a campaign came to, and what is predicted of the molecules that no round docked."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from screenmm.campaign.choose import as_plain, campaign_settings
from screenmm.campaign.known import COLUMN, Objective, batches, docked, library, values
from screenmm.campaign.proposed import features_of_proposed
from screenmm.config.settings import Rounds
from screenmm.files.whole import replace_whole
from screenmm.metrics.rounds import Campaign, RoundDone
from screenmm.rounds.campaign import Decision, Settings, Surrogate, decide
from screenmm.rounds.features import Features
from screenmm.rounds.known import BY_CHANCE, GENERATED, Docked
from screenmm.run.layout import Layout
from screenmm.tables import dictionary
from screenmm.tables.schema import schema

PREDICTIONS = schema(dictionary.PREDICTIONS)


def conclude(
    files: Layout,
    rounds: Rounds,
    seed: int,
    receptors: Sequence[str],
    predictions: Path,
) -> Campaign:
    """Learn from all rounds, predict the rest, and say what the campaign came to.

    Parameters
    ----------
    files : Layout
        Of the run.
    rounds : Rounds
        The config's section; ``receptor`` is given.
    seed : int
        Of the run.
    receptors : sequence of str
        All of them: each has a model of its own.
    predictions : Path
        Table to write (.parquet).

    Returns
    -------
    Campaign
        Without costs.
    """
    objective = rounds.objective
    settings = campaign_settings(rounds, rounds.number, generates=files.generates)
    proposed = features_of_proposed(files.vetted("features"))
    after = len(files.rounds) + 1
    known = {name: docked(files, name, objective) for name in receptors}
    decisions = {
        name: decide(library(files), own, settings, after, seed, proposed)
        for name, own in known.items()
    }
    models = {name: decision.surrogate for name, decision in decisions.items()}
    chosen = str(rounds.receptor)
    taken = {each.key for each in known[chosen]}
    left = write_predictions(predictions, library(files), taken, models, proposed)
    # who was drawn for a batch, whatever became of it; proposals are none of the library's
    drawn = [
        each
        for each in batches(files, files.rounds, values(files, chosen, objective))
        if each.how not in GENERATED
    ]
    return summed_up(files, drawn, settings, decisions[chosen], chosen, objective, left)


def write_predictions(
    path: Path,
    shards: Iterable[Features],
    taken: set[str],
    models: Mapping[str, Surrogate | None],
    proposed: Features,
) -> int:
    """Predict every molecule that no round docked, for each receptor, a shard at a time.

    Parameters
    ----------
    path : Path
        Table to write.
    shards : iterable of Features
        The library.
    taken : set of str
        Keys of the molecules of all batches.
    models : mapping of str to Surrogate or None
        Receptor to its model; None leaves its predictions empty.
    proposed : Features
        Of proposals that might have been docked.

    Returns
    -------
    int
        Molecules of the library that no round docked.
    """
    left, shared = 0, set(taken)
    known = set(proposed.keys.tolist())
    with replace_whole(path) as partial, pq.ParquetWriter(partial, PREDICTIONS) as writer:
        for shard in chain(shards, [proposed]):
            # a library may have grown by what was proposed before
            known_here = shared if shard is proposed else taken
            rest = shard.at(np.flatnonzero([key not in known_here for key in shard.keys]))
            if shard is not proposed:
                left += len(rest)
                shared.update(known.intersection(shard.keys.tolist()))
            for receptor, model in models.items():
                writer.write_table(_predicted(rest, receptor, model))
    return left


def _predicted(rest: Features, receptor: str, model: Surrogate | None) -> pa.Table:
    if model is None:
        columns = [pa.nulls(len(rest), pa.float64())] * 3
    else:
        columns = [pa.array(each, pa.float64()) for each in model.predict(rest)]
    keys = pa.array(rest.keys.tolist(), pa.string())
    of_receptor = pa.array([receptor] * len(rest), pa.string())
    return pa.table([keys, of_receptor, *columns], PREDICTIONS)


def summed_up(
    files: Layout,
    known: Sequence[Docked],
    settings: Settings,
    last: Decision,
    receptor: str,
    objective: Objective,
    left: int,
) -> Campaign:
    """Sum a campaign up, round by round.

    Parameters
    ----------
    files : Layout
        Of the run.
    known : sequence of Docked
        Molecules of all batches.
    settings : Settings
        How the campaign was run.
    last : Decision
        After all rounds.
    receptor : str
        Whose scores chose the batches.
    objective : {'docking', 'mmgbsa'}
        What counted.
    left : int
        Molecules that no round docked.
    """
    final = as_plain(last.measures)
    # what was known after a round stands in the decision on the next one
    later = files.rounds[1:]
    measures = [*(_measures(files, number) for number in later), final][: len(files.rounds)]
    best = settings.best_of(last.measures.library)
    recall = final["recall"]
    return Campaign(
        receptor=receptor,
        objective=COLUMN[objective].name,
        library=last.measures.library,
        docked=len(known),
        predicted=left,
        best=best,
        ended=_sentence(_stopped(files) or last.stop),
        helps=final["verdict"],
        verdict=final["words"],
        recall_low=None if recall is None else recall["bound"],
        rounds=[
            round_done(known, int(number), best, found)
            for number, found in zip(files.rounds, measures, strict=True)
        ],
    )


def _measures(files: Layout, number: str) -> dict[str, Any]:
    text = files.file("choose", "decision", number).read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)["measures"]
    return found


def _stopped(files: Layout) -> str:
    """Why the round after the last one was not made, where that was asked for."""
    path = files.file("choose", "decision", str(len(files.rounds) + 1))
    if len(files.rounds) == files.most_rounds or not path.is_file():
        return ""
    return str(json.loads(path.read_text(encoding="utf-8"))["stop"])


def _sentence(reason: str) -> str:
    return f"The campaign ended because {reason}."


def round_done(
    known: Sequence[Docked], number: int, best: int, measures: Mapping[str, Any]
) -> RoundDone:
    """Say what a round added.

    Parameters
    ----------
    known : sequence of Docked
        Molecules of all batches.
    number : int
        Of the round.
    best : int
        How many molecules are the library's best.
    measures : mapping
        What was known after the round.
    """
    own = [each for each in known if each.round == number]
    so_far = [each for each in known if each.round <= number and each.value is not None]
    top = sorted(so_far, key=lambda each: (each.value, each.key))[:best]
    values = [each.value for each in top if each.value is not None]
    ratio, recall = measures["beside_chance"], measures["recall"]
    return RoundDone(
        round=number,
        chosen=sum(each.how not in BY_CHANCE for each in own),
        drawn=sum(each.how in BY_CHANCE for each in own),
        valued=sum(each.value is not None for each in own),
        best_kcal_mol=values[0] if values else None,
        mean_of_best_kcal_mol=float(np.mean(values)) if values else None,
        new_among_best=sum(each.round == number for each in top),
        error_kcal_mol=measures["error"]["rmse"],
        enrichment=ratio["value"],
        enrichment_low=ratio["low"],
        enrichment_high=ratio["high"],
        recall_low=None if recall is None else recall["bound"],
    )
