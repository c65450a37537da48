"""One round: what was learned from those before, the next batch, and whether to go on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from screenmm.core.errors import ConfigError
from screenmm.core.seeds import seed_for
from screenmm.rounds import audit
from screenmm.rounds.audit import Error, Ratio, Verdict
from screenmm.rounds.calibration import Calibration, Recall, Tally, recall
from screenmm.rounds.choice import DIVERSE_FROM, Smallest, chance, diverse
from screenmm.rounds.features import Features, stacked
from screenmm.rounds.known import GENERATED, Docked, How
from screenmm.rounds.ridge import Ridge, fit

BEST = 10
"""Molecules whose mean stands for the best so far."""


@dataclass(frozen=True)
class Stop:
    """When a campaign ends before its number of rounds; None never.

    Attributes
    ----------
    share : float or None
        Least share of a round's acquired molecules that must belong to the library's best.
    patience : int or None
        Rounds that may pass without a better mean of the best ten.
    recall : float or None
        Lower bound of the recall that is enough.
    """

    share: float | None = None
    patience: int | None = None
    recall: float | None = None


@dataclass(frozen=True)
class Settings:
    """How a campaign is run.

    Attributes
    ----------
    number : int
        Rounds at most.
    batch : float
        Molecules a round: a number from 1, or below 1 a share of the library.
    first : {"random", "diverse", "given"}
    given : tuple of str
        Keys of a given first batch.
    audit : float
        Share of each batch that is drawn by chance from what the model does not acquire.
    top : float
        Share of the library that are its best.
    stop : Stop
    generates : bool
        Whether molecules are proposed: the campaign then goes on where the library ends.
    """

    number: int = 6
    batch: float = 0.01
    first: Literal["random", "diverse", "given"] = "random"
    given: tuple[str, ...] = ()
    audit: float = 0.05
    top: float = 0.01
    stop: Stop = field(default_factory=Stop)
    generates: bool = False

    def best_of(self, library: int) -> int:
        """How many of so many molecules are the library's best."""
        return max(1, round(self.top * library))


@dataclass(frozen=True, slots=True)
class Chosen:
    """A molecule of the next batch.

    Attributes
    ----------
    key : str
    how : How
    predicted : float or None
        None where there is no model.
    """

    key: str
    how: How
    predicted: float | None


@dataclass(frozen=True)
class Measures:
    """What all rounds so far came to.

    Attributes
    ----------
    library, docked, failed : int
        Molecules in all, those docked, those of them without a value.
    best, mean_of_best : float or None
        Best value, and mean of the best ten.
    error : Error
        On molecules of the audits, predicted before they were docked.
    hit : float or None
        Value of a hit, for the two ratios.
    beside_chance, beside_size : Ratio
    recall : Recall or None
        Of the library's best; None without a model.
    share : float or None
        Of the last round's acquired molecules, those that belong to the library's best; None
        where none was acquired.
    verdict : Verdict
    words : str
        The verdict in words.
    """

    library: int
    docked: int
    failed: int
    best: float | None
    mean_of_best: float | None
    error: Error
    hit: float | None
    beside_chance: Ratio
    beside_size: Ratio
    recall: Recall | None
    share: float | None
    verdict: Verdict
    words: str


@dataclass(frozen=True)
class Surrogate:
    """A model of the docked molecules, with what its predictions are worth."""

    ridge: Ridge
    calibration: Calibration

    def predict(self, features: Features) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Predict values, each with the ends of its 90 % interval."""
        values = self.ridge.predict(features.design)
        return values, *self.calibration.interval(values)


@dataclass(frozen=True)
class Decision:
    """What comes after the rounds so far.

    Attributes
    ----------
    batch : list of Chosen
        Ordered by key; empty where the campaign ends.
    measures : Measures
    surrogate : Surrogate or None
        The model that chose; None where there is none.
    stop : str
        Why the campaign ends, in words; empty where it goes on.
    """

    batch: list[Chosen]
    measures: Measures
    surrogate: Surrogate | None
    stop: str


def decide(
    library: Iterable[Features],
    docked: Sequence[Docked],
    settings: Settings,
    number: int,
    seed: int,
    proposed: Features | None = None,
) -> Decision:
    """Learn from the rounds so far and choose the batch of the next one.

    Parameters
    ----------
    library : iterable of Features
        All molecules, by shards; it is gone through twice.
    docked : sequence of Docked
        Of all rounds before ``number``, in any order.
    settings : Settings
    number : int
        Of the round to decide, from 1. One beyond the last gives the measures of all rounds.
    seed : int
        Of the run.
    proposed : Features, optional
        Of docked molecules that are none of the library's: they teach, and count for nothing
        else.

    Returns
    -------
    Decision
    """
    everything = {each.key: each for each in sorted(docked, key=lambda each: each.key)}
    survey = _Survey.of(library, everything)
    # a library may have grown by what was proposed before
    known = {
        key: each
        for key, each in everything.items()
        if each.how not in GENERATED or key in survey.heavy_atoms
    }
    taught = _taught(survey, proposed, everything)
    surrogate = learn(taught, everything, set(survey.heavy_atoms))
    scan = _Scan.of(library, everything, surrogate, survey, settings, seed)
    measures = _measures(known, settings, survey, scan, surrogate, _seed(seed, number))
    stop = _stop(known, settings, number, survey, measures)
    batch = [] if stop else _batch(library, known, settings, survey, scan, seed)
    return Decision(sorted(batch, key=lambda each: each.key), measures, surrogate, stop)


def _taught(survey: _Survey, proposed: Features | None, known: dict[str, Docked]) -> Features:
    """Give the library's molecules that teach, and those proposed, ordered by key."""
    if proposed is None:
        return survey.learned
    more = [
        key in known and known[key].value is not None and key not in survey.heavy_atoms
        for key in proposed.keys
    ]
    both = stacked([survey.learned, proposed.at(np.array(more, dtype=bool))])
    return both.at(np.argsort(both.keys.astype(str)))


def learn(
    learned: Features, known: dict[str, Docked], library: Collection[str] | None = None
) -> Surrogate | None:
    """Fit the surrogate to docked molecules with values; None below two of them.

    Parameters
    ----------
    learned : Features
        Those with values, ordered by key.
    known : dict of str to Docked
    library : collection of str, optional
        Keys whose errors stand for the library's: proposals are more like one another, and would
        make the model look better than it is. None: all. Below two of them all count.
    """
    if len(learned) < 2:
        return None
    values = np.array([known[key].value for key in learned.keys], dtype=float)
    ridge = fit(learned.design, values)
    own = np.array([library is None or key in library for key in learned.keys], dtype=bool)
    own = own if own.sum() >= 2 else np.ones(len(own), dtype=bool)
    return Surrogate(ridge, Calibration(ridge.left_out[own], values[own]))


def _seed(seed: int, number: int) -> int:
    return seed_for(seed, "rounds", str(number))


@dataclass(frozen=True)
class _Survey:
    """What one look at the library gives: its size, its sizes, and what is learned from."""

    library: int
    sizes: Counter[int]
    learned: Features
    heavy_atoms: dict[str, int]
    """Of the docked molecules."""

    @classmethod
    def of(cls, library: Iterable[Features], known: dict[str, Docked]) -> _Survey:
        total, sizes = 0, Counter[int]()
        parts: list[Features] = []
        atoms: dict[str, int] = {}
        for shard in library:
            total += len(shard)
            sizes.update(shard.heavy_atoms.tolist())
            mine = np.array([key in known for key in shard.keys], dtype=bool)
            atoms.update(zip(shard.keys[mine], shard.heavy_atoms[mine].tolist(), strict=True))
            taught = [key in known and known[key].value is not None for key in shard.keys]
            if any(taught):
                parts.append(shard.at(np.flatnonzero(taught)))
        learned = stacked(parts)
        order = np.argsort(learned.keys.astype(str))
        return cls(total, sizes, learned.at(order), atoms)

    def heaviest(self, wanted: int) -> dict[int, float]:
        """How many of the heaviest ``wanted`` molecules have each size."""
        found: dict[int, float] = {}
        for size in sorted(self.sizes, reverse=True):
            if wanted <= 0:
                break
            found[size] = min(self.sizes[size], wanted)
            wanted -= self.sizes[size]
        return found


@dataclass
class _Scan:
    """What a second look gives: the best of the rest, draws by chance, levels of predictions."""

    best: Smallest
    drawn: Smallest
    predicted: dict[str, float]
    """Of the draws by chance."""
    rest: Tally

    @classmethod
    def of(
        cls,
        library: Iterable[Features],
        known: dict[str, Docked],
        surrogate: Surrogate | None,
        survey: _Survey,
        settings: Settings,
        seed: int,
    ) -> _Scan:
        size = batch_size(settings, survey.library)
        pool = size * (DIVERSE_FROM if settings.first == "diverse" and not known else 1)
        values = [each.value for each in known.values() if each.value is not None]
        spread = float(np.std(values)) if values else 0.0
        scan = cls(
            best=Smallest(size),
            # all of the best may be among those drawn, and then others are needed
            drawn=Smallest(pool + size),
            predicted={},
            rest=Tally(spread),
        )
        for shard in library:
            scan._look(shard, known, surrogate, seed)
        return scan

    def _look(
        self, shard: Features, known: dict[str, Docked], surrogate: Surrogate | None, seed: int
    ) -> None:
        rest = np.flatnonzero([key not in known for key in shard.keys])
        keys = shard.keys[rest]
        places = chance(seed, keys)
        self.drawn.show(keys, places)
        if surrogate is None:
            return
        predicted = surrogate.ridge.predict(shard.at(rest).design)
        self.best.show(keys, predicted)
        self.rest.show(predicted)
        unjudged = np.flatnonzero([key in known and not known[key].judged for key in shard.keys])
        if len(unjudged):
            self.rest.show(surrogate.ridge.predict(shard.at(unjudged).design))
        by_chance = np.isin(places, self.drawn.values)
        self.predicted.update(zip(keys[by_chance], predicted[by_chance].tolist(), strict=True))


def batch_size(settings: Settings, library: int) -> int:
    """Molecules of one round."""
    if settings.batch >= 1:
        return int(settings.batch)
    return max(1, round(settings.batch * library))


def _batch(
    library: Iterable[Features],
    known: dict[str, Docked],
    settings: Settings,
    survey: _Survey,
    scan: _Scan,
    seed: int,
) -> list[Chosen]:
    size = batch_size(settings, survey.library)
    if not known and settings.first == "given":
        return [Chosen(key, How.START, None) for key in _given(library, settings.given)]
    if not known and settings.first == "diverse":
        pool = set(scan.drawn.keys[: size * DIVERSE_FROM])
        parts = [shard.at(np.flatnonzero([k in pool for k in shard.keys])) for shard in library]
        return [Chosen(key, How.START, None) for key in diverse(stacked(parts), size, seed)]
    if not len(scan.best.keys):
        return [Chosen(str(key), How.RANDOM, None) for key in scan.drawn.keys[:size]]
    audits = round(settings.audit * size)
    acquired = dict(zip(scan.best.keys, scan.best.values.tolist(), strict=True))
    acquired = dict(list(acquired.items())[: size - audits])
    others = [key for key in scan.drawn.keys if key not in acquired][:audits]
    return [
        *(Chosen(str(key), How.ACQUIRED, value) for key, value in acquired.items()),
        *(Chosen(str(key), How.AUDIT, scan.predicted[key]) for key in others),
    ]


def _given(library: Iterable[Features], wanted: Sequence[str]) -> list[str]:
    if not wanted:
        raise ConfigError(
            "rounds.first: no molecule is named; name some, or choose random or diverse"
        )
    asked = set(wanted)
    there = {key for shard in library for key in shard.keys.tolist() if key in asked}
    missing = [key for key in wanted if key not in there]
    if missing:
        raise ConfigError(
            f"rounds.seeds: {len(missing)} of {len(wanted)} molecules are not in the library, "
            f"the first of them {missing[0]}; add them to library.files, or take them out"
        )
    return sorted(there)


def _measures(
    known: dict[str, Docked],
    settings: Settings,
    survey: _Survey,
    scan: _Scan,
    surrogate: Surrogate | None,
    seed: int,
) -> Measures:
    docked = list(known.values())
    values = np.sort([each.value for each in docked if each.value is not None])
    hit = audit.threshold(docked, settings.top)
    unknown = Ratio(
        None, None, None,
        f"too few molecules drawn by chance have a value; {audit.FEWEST_BY_CHANCE} are needed",
    )  # fmt: skip
    chance_ratio = size_ratio = unknown
    found = share = None
    if surrogate is not None:
        wanted = settings.best_of(survey.library)
        found = recall(surrogate.calibration, values, scan.rest.levels(), wanted, seed)
        acquired = [each for each in docked if each.how is How.ACQUIRED]
        judged = sum(each.judged for each in acquired)
        if judged < len(acquired):
            reason = (
                f"only {judged} of {len(acquired)} acquired molecules were scored, and docking "
                "chose which"
            )
            chance_ratio = size_ratio = Ratio(None, None, None, reason)
        else:
            share = _share(docked, found.threshold)
        if hit is not None and judged == len(acquired):
            chance_ratio = audit.beside_chance(docked, hit, survey.library, seed)
            heaviest = survey.heaviest(sum(each.how is How.ACQUIRED for each in docked))
            size_ratio = audit.beside_size(
                docked, hit, survey.heavy_atoms, heaviest, survey.library, seed
            )
    verdict, words = audit.judge(chance_ratio, size_ratio)
    return Measures(
        library=survey.library,
        docked=len(docked),
        failed=sum(each.judged and each.value is None for each in docked),
        best=float(values[0]) if len(values) else None,
        mean_of_best=float(values[:BEST].mean()) if len(values) else None,
        error=audit.error_on_unseen(docked),
        hit=hit,
        beside_chance=chance_ratio,
        beside_size=size_ratio,
        recall=found,
        share=share,
        verdict=verdict,
        words=words,
    )


def _share(docked: Sequence[Docked], threshold: float) -> float | None:
    acquired = [each for each in docked if each.how is How.ACQUIRED]
    if not acquired:
        return None
    last = max(each.round for each in acquired)
    own = [each for each in acquired if each.round == last]
    return sum(each.value is not None and each.value <= threshold for each in own) / len(own)


def _stop(
    known: dict[str, Docked],
    settings: Settings,
    number: int,
    survey: _Survey,
    measures: Measures,
) -> str:
    """Say why the campaign ends here; empty where it goes on."""
    if not survey.library:
        return "the library is empty"
    if survey.library <= len(survey.heavy_atoms) and (number == 1 or not settings.generates):
        return f"all {survey.library} molecules of the library were docked"
    judged = sum(each.judged for each in known.values())
    if judged and measures.failed == judged:
        return f"all {judged} docked molecules failed: there is nothing to learn from"
    if number > settings.number:
        return f"{settings.number} rounds were asked for (rounds.number)"
    return _met(settings, measures, _without_gain(known))


def _met(settings: Settings, measures: Measures, without_gain: int) -> str:
    """Say which of the rules to stop is met; empty where none is."""
    rules, found, share = settings.stop, measures.recall, measures.share
    if rules.recall is not None and found is not None and found.bound >= rules.recall:
        return (
            f"the recall is at least {found.bound:.2f}, "
            f"and {rules.recall:g} is enough (rounds.stop.recall)"
        )
    if rules.share is not None and share is not None and share < rules.share:
        return (
            f"{share:.3f} of the last round's acquired molecules belong to the library's "
            f"best {settings.top:g}, less than {rules.share:g} (rounds.stop.share)"
        )
    if rules.patience is not None and without_gain >= rules.patience:
        return (
            f"the mean of the best {BEST} did not improve in {rules.patience} rounds "
            "(rounds.stop.patience)"
        )
    return ""


def _without_gain(known: dict[str, Docked]) -> int:
    """Rounds since the mean of the best ten last improved; none before there are ten."""
    last = max((each.round for each in known.values()), default=0)
    means = []
    for number in range(1, last + 1):
        values = sorted(
            each.value for each in known.values() if each.round <= number and each.value is not None
        )
        means.append(float(np.mean(values[:BEST])) if len(values) >= BEST else np.inf)
    return last - 1 - means.index(means[-1]) if means and np.isfinite(means[-1]) else 0
