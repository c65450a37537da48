"""The verdict: in words, whether a screen's scores can be trusted on this target."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from screenmm.analysis.controls import FITTED, SIZE, TRIVIAL
from screenmm.analysis.measuring import CHANCE, DECISIVE
from screenmm.metrics.confidence import ModelConfidence
from screenmm.metrics.controls import (
    Contest,
    Controls,
    Kind,
    Lead,
    Rival,
    Scored,
    TrivialRival,
)
from screenmm.metrics.measures import Measure
from screenmm.metrics.verdicts import Judgement, Level, Verdict
from screenmm.tables.dictionary import engine_scores, ranking_scores, words_of


def score_words() -> dict[str, str]:
    """What people read for each score, baseline and fitted consensus."""
    trivial = {name: f"{words} (baseline)" for name, words in words_of(TRIVIAL).items()}
    fitted = {FITTED: "Fitted consensus (held-out half)"}
    return words_of(ranking_scores(engine_scores())) | fitted | trivial


MEASURE_WORDS = {"roc_auc": "ROC-AUC", "spearman": "Spearman"}

TASKS = {"classification": "separates actives", "correlation": "follows measured affinity"}

DIRECTIONS = {
    "heavy_atoms": ("the larger", "the smaller"),
    "molecular_weight": ("the heavier", "the lighter"),
    "logp": ("the greasier", "the less greasy"),
    "formal_charge": ("the more positive", "the more negative"),
}
"""What a baseline and its reverse count as better."""

FEW = 30
"""Ligands, of which FEW_ACTIVES active, below which a verdict is a hint."""

FEW_ACTIVES = 10

NO_CONTROLS = (
    "Nothing says whether the scores can be trusted on this target: no ranked ligand has a label "
    "or a measured affinity. Add known actives and inactives, or measured ligands."
)

PRESUMED = (
    "Library molecules without a label count as inactive here: each unknown active among them "
    "makes the scores look worse than they are."
)


def _number(value: float) -> str:
    text = f"{value:.2f}"
    return text.replace("-", "−") if float(text) else "0.00"


def _range(value: Rival | Lead | Measure) -> str:
    """Give an interval in brackets, or why there is none."""
    if value.low is None or value.high is None:
        return f"no interval: {value.interval_reason}"
    return f"95 % interval {_number(value.low)} to {_number(value.high)}"


def measured_words(value: Measure) -> str:
    """Give a measure that there is with its interval, or why it has none."""
    assert value.value is not None
    return f"{_number(value.value)} ({_range(value)})"


def _words(score: str) -> str:
    return score_words()[score].removesuffix(" (baseline)")


def in_words(score: str, row: Scored) -> str:
    """Name a score for a table of controls; a baseline with its direction."""
    if row.direction is None:
        return score_words()[score]
    return f"{_words(score)} (baseline: {_way(score, row.direction)} the better)"


def _way(baseline: str, direction: int) -> str:
    return DIRECTIONS[baseline][0 if direction == 1 else 1]


def score_in_sentence(score: str) -> str:
    """Name a score or a baseline within a sentence."""
    words = _words(score)
    return words if words[:2].isupper() else words[0].lower() + words[1:]


def _unknown(kind: Kind, text: str) -> Judgement:
    return Judgement(kind=kind, level=Level.UNKNOWN, best=None, text=text)


def judge(kind: Kind, compared: Contest) -> Judgement:
    """Judge the scores of one receptor by one kind of control.

    Parameters
    ----------
    kind : str
        ``classification`` or ``correlation``.
    compared : Contest
        Scores, trivial properties and leads on the same ligands.

    Returns
    -------
    Judgement
        A score beats size when its lead over the heavy-atom count, and over each
        other trivial property, is above zero by an interval that holds for all scores at once;
        it beats chance when its own such interval lies above chance. A property counts in the
        direction in which it does better.
    """
    if not compared.n:
        return _unknown(kind, "No ligand with a known answer has every score.")
    if compared.reason is not None:
        name = MEASURE_WORDS[DECISIVE[kind]]
        return _unknown(kind, f"{name} cannot be computed: {compared.reason}.")
    scores = compared.scores
    best = max(scores, key=lambda score: scores[score].value)
    level, text = _Case(kind, best, compared).decide()
    text = " ".join(filter(None, [text, too_few(compared)]))
    return Judgement(kind=kind, level=level, best=best, text=text)


def too_few(compared: Contest, ligands: str = "ligands") -> str:
    """Say that so few ligands make the numbers weaker than they look; empty where they do not."""
    n, actives = compared.n, compared.actives
    if n < FEW:
        return f"Only {n} {ligands}: a hint, no more."
    if actives is not None and min(actives, n - actives) < FEW_ACTIVES:
        fewer = "active" if actives < FEW_ACTIVES else "inactive"
        return f"Only {min(actives, n - actives)} {fewer} ligands: a hint, no more."
    return ""


class _Case:
    """The best score of one comparison, as words need it."""

    def __init__(self, kind: Kind, best: str, compared: Contest) -> None:
        self.chance, self.task = CHANCE[kind], TASKS[kind]
        self.measure = MEASURE_WORDS[DECISIVE[kind]]
        self.n, self.best, self.rivals = compared.n, best, len(compared.scores)
        self.own = compared.scores[best]
        self.trivial = compared.trivial
        self.leads = compared.leads[best]

    def decide(self) -> tuple[Level, str]:
        """Give the level and say why."""
        size, others = self.trivial.get(SIZE), set(self.trivial) - {SIZE}
        highest = max(others, key=self._value, default=None)
        also = ""
        if highest is not None and self.leads[highest].lead <= 0:
            also = f" {self._ahead(highest)}"
        if size is not None and self.leads[SIZE].lead <= 0:
            return self._behind_size(size, also)
        if self._by_chance(self.own):
            return Level.NO_BETTER_THAN_CHANCE, self._chance() + also
        if also:
            return Level.TRIVIAL_WINS, f"{self._best()}).{also}"
        if size is None:
            return Level.UNCLEAR, f"{self._best()}). All ligands are of one size."
        unsure = [name for name in self.trivial if not self._leads(name)]
        if not unsure:
            return Level.BEATS_SIZE, self._beats()
        nearest = SIZE if SIZE in unsure else max(unsure, key=self._value)
        return Level.UNCLEAR, self._unclear(nearest)

    def _behind_size(self, size: TrivialRival, also: str) -> tuple[Level, str]:
        if not self._by_chance(size):
            return Level.SIZE_WINS, self._size_wins(size)
        if self._by_chance(self.own):
            return Level.NO_BETTER_THAN_CHANCE, self._nothing(size) + also
        return Level.UNCLEAR, self._unclear(SIZE) + also

    def _value(self, name: str) -> tuple[float, str]:
        return self.trivial[name].value, name

    def _by_chance(self, value: Rival) -> bool:
        """Whether an interval, or a value without one, includes chance or lies below it."""
        low = value.value if value.low is None else value.low
        return low <= self.chance

    def _leads(self, name: str) -> bool:
        low = self.leads[name].low
        return low is not None and low > 0

    def _best(self) -> str:
        of = f"best of {self.rivals} scores" if self.rivals > 1 else "better than by chance"
        return (
            f"{_words(self.best)} {self.task} {of} ({self.measure} {_number(self.own.value)} on "
            f"{self.n} ligands, {_range(self.own)}"
        )

    def _reached(self, name: str) -> str:
        """Say what a property reaches, and in which direction."""
        its = self.trivial[name]
        return f"{_number(its.value)}, {_way(name, its.direction)} the better"

    def _lead(self, name: str) -> str:
        lead = self.leads[name]
        return f"a lead of {_number(lead.lead)} ({_range(lead)})"

    def _size_wins(self, size: TrivialRival) -> str:
        way = _way(SIZE, size.direction)
        return (
            f"Size wins: heavy-atom count alone {self.task} as well as or better than every score "
            f"({self.measure} {_number(size.value)} on {self.n} ligands, {way} the better). The "
            f"best score, {score_in_sentence(self.best)}, has {_number(self.own.value)}, "
            f"{self._lead(SIZE)}."
        )

    def _nothing(self, size: TrivialRival) -> str:
        return (
            f"Neither a score nor size is known to be better than chance here: {self.measure} on "
            f"{self.n} ligands is {self._reached(SIZE)}, by heavy-atom count ({_range(size)}) and "
            f"{_number(self.own.value)} by the best score, {score_in_sentence(self.best)} "
            f"({_range(self.own)})."
        )

    def _chance(self) -> str:
        size = f"; heavy-atom count has {self._reached(SIZE)}" if SIZE in self.trivial else ""
        best = _words(self.best)
        which = (
            f"The best of {self.rivals}, {score_in_sentence(self.best)},"
            if self.rivals > 1
            else best
        )
        return (
            f"No score is known to be better than chance here. {which} has {self.measure} "
            f"{_number(self.own.value)} on {self.n} ligands ({_range(self.own)}; chance is "
            f"{self.chance:g}){size}."
        )

    def _unclear(self, name: str) -> str:
        what = "size" if name == SIZE else score_in_sentence(name)
        count = "heavy-atom count" if name == SIZE else "it"
        return (
            f"{self._best()}), but {what} alone ranks these ligands as well, as far as they can "
            f"tell: {count} has {self._reached(name)}; the score has {self._lead(name)}."
        )

    def _beats(self) -> str:
        others = ", ".join(score_in_sentence(name) for name in self.trivial if name != SIZE)
        more = f" It leads {others}, too." if others else ""
        return (
            f"{self._best()}) and beats size: heavy-atom count has {self._reached(SIZE)}; the "
            f"score has {self._lead(SIZE)}.{more}"
        )

    def _ahead(self, name: str) -> str:
        return (
            f"But {score_in_sentence(name)} alone does as well or better "
            f"({self._reached(name)}): the make-up of the library may explain the order."
        )


def _notes(found: Controls) -> list[str]:
    """Say what the controls of a receptor leave out or take for granted."""
    out: list[str] = []
    if not found.classification:
        return out
    if found.presumed_inactive:
        out.append(PRESUMED)
    if lost := found.unranked.actives:
        ranked = next(iter(found.classification.values())).actives
        out.append(
            f"{lost} of {lost + ranked} known actives got no rank and take no part in this: see "
            "the ledger for the reasons."
        )
    return out


def verdicts(
    controls: Mapping[str, Controls],
    receptors: Sequence[str],
    models: Mapping[str, ModelConfidence] | None = None,
) -> dict[str, Verdict]:
    """Judge every receptor.

    Parameters
    ----------
    controls : mapping
        From :func:`screenmm.analysis.controls.controls`.
    receptors : sequence of str
        In config order.
    models : mapping, optional
        Receptors that are predicted models.
    """
    known = models or {}
    return {each: _verdict(controls.get(each), known.get(each)) for each in receptors}


def _verdict(found: Controls | None, model: ModelConfidence | None) -> Verdict:
    kinds = [] if found is None else [
        judge(kind, found.contest[kind]) for kind, rows in found.measured.items() if rows
    ]  # fmt: skip
    notes = [] if found is None else _notes(found)
    said = [each.text for each in kinds] or ([] if notes else [NO_CONTROLS])
    notes += [] if model is None else [model.text]
    text = " ".join([*said, *notes])
    return Verdict(text=text, kinds=kinds, notes=notes)
