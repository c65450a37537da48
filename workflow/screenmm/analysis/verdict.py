"""The verdict: in words, whether a screen's scores can be trusted on this target."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from screenmm.analysis.controls import CHANCE, DECISIVE, FITTED, SIZE, TRIVIAL
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


class Level(StrEnum):
    """What the scores of a target are worth."""

    BEATS_SIZE = "beats size"
    UNCLEAR = "unclear"
    SIZE_WINS = "size wins"
    TRIVIAL_WINS = "a trivial property wins"
    NO_BETTER_THAN_CHANCE = "no better than chance"
    UNKNOWN = "unknown"


Value = dict[str, Any]


def _number(value: float) -> str:
    text = f"{value:.2f}"
    return text.replace("-", "−") if float(text) else "0.00"


def _range(value: Value) -> str:
    """Give an interval in brackets, or why there is none."""
    if value["low"] is None:
        return f"no interval: {value['interval_reason']}"
    return f"95 % interval {_number(value['low'])} to {_number(value['high'])}"


def _words(score: str) -> str:
    return score_words()[score].removesuffix(" (baseline)")


def in_words(score: str, row: Value) -> str:
    """Name a score for a table of controls; a baseline with its direction."""
    if "direction" not in row:
        return score_words()[score]
    return f"{_words(score)} (baseline: {_way(score, row['direction'])} the better)"


def _way(baseline: str, direction: int) -> str:
    return DIRECTIONS[baseline][0 if direction == 1 else 1]


def _inner(score: str) -> str:
    """Give the words within a sentence."""
    words = _words(score)
    return words if words[:2].isupper() else words[0].lower() + words[1:]


def _unknown(kind: str, text: str) -> Value:
    return {"kind": kind, "level": Level.UNKNOWN.value, "best": None, "text": text}


def judge(kind: str, compared: Value) -> Value:
    """Judge the scores of one receptor by one kind of control.

    Parameters
    ----------
    kind : str
        ``classification`` or ``correlation``.
    compared : dict
        Scores, trivial properties and leads on the same ligands: ``contest`` of
        :func:`screenmm.analysis.controls.controls`.

    Returns
    -------
    dict
        ``kind``, ``level`` (:class:`Level`), ``best`` (the best score's name, or None) and
        ``text``. A score beats size when its lead over the heavy-atom count, and over each
        other trivial property, is above zero by an interval that holds for all scores at once;
        it beats chance when its own such interval lies above chance. A property counts in the
        direction in which it does better.
    """
    if not compared:
        return _unknown(kind, "No ligand with a known answer has every score.")
    if "reason" in compared:
        name = MEASURE_WORDS[DECISIVE[kind]]
        return _unknown(kind, f"{name} cannot be computed: {compared['reason']}.")
    scores = compared["scores"]
    best = max(scores, key=lambda score: scores[score]["value"])
    level, text = _Case(kind, best, compared).decide()
    text = " ".join([text, *_warnings(compared)])
    return {"kind": kind, "level": level.value, "best": best, "text": text}


def _warnings(compared: Value) -> list[str]:
    """Say what makes the numbers weaker than they look."""
    n, actives = compared["n"], compared.get("actives")
    if n < FEW:
        return [f"Only {n} ligands: a hint, no more."]
    if actives is not None and min(actives, n - actives) < FEW_ACTIVES:
        fewer = "active" if actives < FEW_ACTIVES else "inactive"
        return [f"Only {min(actives, n - actives)} {fewer} ligands: a hint, no more."]
    return []


class _Case:
    """The best score of one comparison, as words need it."""

    def __init__(self, kind: str, best: str, compared: Value) -> None:
        self.chance, self.task = CHANCE[kind], TASKS[kind]
        self.measure = MEASURE_WORDS[DECISIVE[kind]]
        self.n, self.best, self.rivals = compared["n"], best, len(compared["scores"])
        self.own: Value = compared["scores"][best]
        self.trivial: dict[str, Value] = compared["trivial"]
        self.leads: dict[str, Value] = compared["leads"][best]

    def decide(self) -> tuple[Level, str]:
        """Give the level and say why."""
        size, others = self.trivial.get(SIZE), set(self.trivial) - {SIZE}
        highest = max(others, key=self._value, default=None)
        also = ""
        if highest is not None and self.leads[highest]["lead"] <= 0:
            also = f" {self._ahead(highest)}"
        if size is not None and self.leads[SIZE]["lead"] <= 0:
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

    def _behind_size(self, size: Value, also: str) -> tuple[Level, str]:
        if not self._by_chance(size):
            return Level.SIZE_WINS, self._size_wins(size)
        if self._by_chance(self.own):
            return Level.NO_BETTER_THAN_CHANCE, self._nothing(size) + also
        return Level.UNCLEAR, self._unclear(SIZE) + also

    def _value(self, name: str) -> tuple[float, str]:
        return self.trivial[name]["value"], name

    def _by_chance(self, value: Value) -> bool:
        """Whether an interval, or a value without one, includes chance or lies below it."""
        low = value["value"] if value["low"] is None else value["low"]
        return bool(low <= self.chance)

    def _leads(self, name: str) -> bool:
        low = self.leads[name]["low"]
        return low is not None and low > 0

    def _best(self) -> str:
        of = f"best of {self.rivals} scores" if self.rivals > 1 else "better than by chance"
        return (
            f"{_words(self.best)} {self.task} {of} ({self.measure} {_number(self.own['value'])} on "
            f"{self.n} ligands, {_range(self.own)}"
        )

    def _reached(self, name: str) -> str:
        """Say what a property reaches, and in which direction."""
        its = self.trivial[name]
        return f"{_number(its['value'])}, {_way(name, its['direction'])} the better"

    def _lead(self, name: str) -> str:
        lead = self.leads[name]
        return f"a lead of {_number(lead['lead'])} ({_range(lead)})"

    def _size_wins(self, size: Value) -> str:
        way = _way(SIZE, size["direction"])
        return (
            f"Size wins: heavy-atom count alone {self.task} as well as or better than every score "
            f"({self.measure} {_number(size['value'])} on {self.n} ligands, {way} the better). The "
            f"best score, {_inner(self.best)}, has {_number(self.own['value'])}, "
            f"{self._lead(SIZE)}."
        )

    def _nothing(self, size: Value) -> str:
        return (
            f"Neither a score nor size is known to be better than chance here: {self.measure} on "
            f"{self.n} ligands is {self._reached(SIZE)}, by heavy-atom count ({_range(size)}) and "
            f"{_number(self.own['value'])} by the best score, {_inner(self.best)} "
            f"({_range(self.own)})."
        )

    def _chance(self) -> str:
        size = f"; heavy-atom count has {self._reached(SIZE)}" if SIZE in self.trivial else ""
        best = _words(self.best)
        which = f"The best of {self.rivals}, {_inner(self.best)}," if self.rivals > 1 else best
        return (
            f"No score is known to be better than chance here. {which} has {self.measure} "
            f"{_number(self.own['value'])} on {self.n} ligands ({_range(self.own)}; chance is "
            f"{self.chance:g}){size}."
        )

    def _unclear(self, name: str) -> str:
        what = "size" if name == SIZE else _inner(name)
        count = "heavy-atom count" if name == SIZE else "it"
        return (
            f"{self._best()}), but {what} alone ranks these ligands as well, as far as they can "
            f"tell: {count} has {self._reached(name)}; the score has {self._lead(name)}."
        )

    def _beats(self) -> str:
        others = ", ".join(_inner(name) for name in self.trivial if name != SIZE)
        more = f" It leads {others}, too." if others else ""
        return (
            f"{self._best()}) and beats size: heavy-atom count has {self._reached(SIZE)}; the "
            f"score has {self._lead(SIZE)}.{more}"
        )

    def _ahead(self, name: str) -> str:
        return (
            f"But {_inner(name)} alone does as well or better ({self._reached(name)}): the make-up "
            "of the library may explain the order."
        )


def _notes(found: Value) -> list[str]:
    """Say what the controls of a receptor leave out or take for granted."""
    out = []
    if found.get("presumed_inactive") and found.get("classification"):
        out.append(PRESUMED)
    lost = found.get("unranked", {}).get("actives", 0)
    if lost and found.get("classification"):
        ranked = next(iter(found["classification"].values()))["actives"]
        out.append(
            f"{lost} of {lost + ranked} known actives got no rank and take no part in this: see "
            "the ledger for the reasons."
        )
    return out


def verdicts(controls: dict[str, Value], receptors: list[str]) -> dict[str, Value]:
    """Judge every receptor.

    Parameters
    ----------
    controls : dict
        From :func:`screenmm.analysis.controls.controls`.
    receptors : list of str
        In config order.

    Returns
    -------
    dict
        Receptor to ``text``, all of it in words, ``kinds``, what :func:`judge` gives for
        each kind of control that the receptor has, and ``notes``, sentences on what the
        controls leave out or take for granted.
    """
    out = {}
    for receptor in receptors:
        found = controls.get(receptor, {})
        kinds = [judge(kind, found["contest"][kind]) for kind in DECISIVE if found.get(kind)]
        notes = _notes(found)
        text = " ".join([*(each["text"] for each in kinds), *notes]) or NO_CONTROLS
        out[receptor] = {"text": text, "kinds": kinds, "notes": notes}
    return out
