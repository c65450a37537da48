"""The verdict: in words, whether a screen's scores can be trusted on this target."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

SCORE_WORDS = {
    "rank": "Final rank",
    "dg_mmgbsa_kcal_mol": "MM/GBSA ΔG",
    "dock_score_kcal_mol": "Docking score",
    "cnn_score": "CNN score",
    "cnn_affinity_pk": "CNN affinity",
    "consensus_ecr": "Exponential consensus",
    "consensus_mean_rank": "Mean-rank consensus",
    "consensus_z": "Z-score consensus",
    "ligand_efficiency_kcal_mol": "ΔG per heavy atom",
    "dg_size_corrected_kcal_mol": "ΔG per cube root of size",
    "fitted_held_out": "Fitted consensus (held-out half)",
    "heavy_atoms": "Heavy atoms (baseline)",
    "molecular_weight": "Molecular weight (baseline)",
    "logp": "logP (baseline)",
    "formal_charge": "Net charge (baseline)",
}
"""What people read for each score."""

MEASURE = {"classification": "roc_auc", "correlation": "spearman"}
"""Measure that the verdict is given by."""

MEASURE_WORDS = {"roc_auc": "ROC-AUC", "spearman": "Spearman"}

CHANCE = {"classification": 0.5, "correlation": 0.0}

TASKS = {"classification": "separates actives", "correlation": "follows measured affinity"}

SIZE = "heavy_atoms"

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
    "Nothing says whether the scores can be trusted on this target: the library brings neither "
    "labels nor measured affinities. Add known actives and inactives, or measured ligands."
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
    return SCORE_WORDS[score].removesuffix(" (baseline)")


def _inner(score: str) -> str:
    """Give the words within a sentence."""
    words = _words(score)
    return words if words[:2].isupper() else words[0].lower() + words[1:]


def _unknown(kind: str, text: str) -> Value:
    return {"kind": kind, "level": Level.UNKNOWN.value, "best": None, "text": text}


def _warnings(measured: Value, rivals: int, level: Level) -> list[str]:
    """Say what makes the numbers weaker than they look."""
    out = []
    n, actives = measured["n"], measured.get("actives")
    if n < FEW:
        out.append(f"Only {n} ligands: a hint, no more.")
    elif actives is not None and min(actives, n - actives) < FEW_ACTIVES:
        fewer = "active" if actives < FEW_ACTIVES else "inactive"
        out.append(f"Only {min(actives, n - actives)} {fewer} ligands: a hint, no more.")
    if rivals > 1 and level in (Level.BEATS_SIZE, Level.TRIVIAL_WINS, Level.UNCLEAR):
        out.append(f"The best of {rivals} scores looks a little better than it is.")
    return out


def judge(kind: str, measured: dict[str, Value]) -> Value:
    """Judge the scores of one receptor by one kind of control.

    Parameters
    ----------
    kind : str
        ``classification`` or ``correlation``.
    measured : dict
        Score to its measures, all on the same ligands: ``common`` of
        :func:`screenmm.ranking.controls.controls`.

    Returns
    -------
    dict
        ``kind``, ``level`` (:class:`Level`), ``best`` (the best score's name, or None) and
        ``text``. A score beats size when the paired 95 % interval of its lead over the
        heavy-atom count is above zero, and chance when its own interval lies above chance.
        A score that beats size, but not another baseline or its reverse, is not credited.
    """
    measure = MEASURE[kind]
    if not measured:
        return _unknown(kind, "No ligand with a known answer has every score.")
    name = MEASURE_WORDS[measure]
    first = next(iter(measured.values()))
    if "baselines" not in first:
        return _unknown(kind, f"{name} cannot be computed: {first[measure]['reason']}.")
    values = {
        score: row[measure]["value"]
        for score, row in measured.items()
        if row[measure]["value"] is not None and score != SIZE
    }
    if not values:
        return _unknown(kind, f"{name} cannot be computed: {first[measure]['reason']}.")
    best = max(values, key=lambda score: values[score])
    row = measured[best]
    own, size = row[measure], row["baselines"][SIZE][measure]
    text, level = _sentence(kind, best, row["n"], own, size, measured[SIZE][measure])
    more = []
    if level is Level.BEATS_SIZE and (told := _trivial(kind, row, own["value"])):
        level = Level.TRIVIAL_WINS
        more.append(told)
    text = " ".join([text, *more, *_warnings(row, len(values), level)])
    return {"kind": kind, "level": level.value, "best": best, "text": text}


def _trivial(kind: str, row: Value, value: float) -> str:
    """Name a baseline that does as well, in the better of its directions; empty without one."""
    best, said = value, ""
    for other, its in row["baselines"].items():
        found = its[MEASURE[kind]]["value"]
        if found is None:
            continue
        # the reverse order has the mirrored measure
        for reached, way in zip((found, 2 * CHANCE[kind] - found), DIRECTIONS[other], strict=True):
            if reached >= best:
                best = reached
                said = (
                    f"But {_inner(other)} alone does as well or better ({_number(reached)}, {way} "
                    "the better): the make-up of the library may explain the score's success."
                )
    return said


def _by_chance(kind: str, value: Value) -> bool:
    """Whether a measure's interval includes chance, or lies below it."""
    return value["low"] is not None and value["low"] <= CHANCE[kind]


def _sentence(
    kind: str, best: str, n: int, own: Value, size: Value, size_alone: Value
) -> tuple[str, Level]:
    """Say in one or two sentences how the best score stands to size and to chance."""
    measure, task = MEASURE_WORDS[MEASURE[kind]], TASKS[kind]
    value = own["value"]
    told = f"{_words(best)} {task} best of the scores ({measure} {_number(value)} on {n} ligands"
    if size["value"] is None:
        return (
            f"{told}, {_range(own)}). Heavy-atom count has no {measure}: {size['reason']}.",
            Level.UNCLEAR,
        )
    lead, count = size["lead"], _number(size["value"])
    if lead <= 0 and _by_chance(kind, size_alone):
        return (
            f"Neither a score nor size is known to be better than chance here: {measure} on {n} "
            f"ligands is {count} by heavy-atom count ({_range(size_alone)}) and {_number(value)} "
            f"by the best score, {_inner(best)} ({_range(own)}).",
            Level.NO_BETTER_THAN_CHANCE,
        )
    if lead <= 0:
        return (
            f"Size wins: heavy-atom count alone {task} as well as or better than every score "
            f"({measure} {count} on {n} ligands). The best score, {_inner(best)}, has "
            f"{_number(value)}, a lead of {_number(lead)} ({_range(size)}).",
            Level.SIZE_WINS,
        )
    if _by_chance(kind, own):
        return (
            f"No score is known to be better than chance here. {told}, {_range(own)}, "
            f"which includes chance, {CHANCE[kind]:g}); heavy-atom count has {count}.",
            Level.NO_BETTER_THAN_CHANCE,
        )
    if size["low"] is None or size["low"] <= 0:
        return (
            f"{told}), but size alone ranks these ligands as well, as far as they can tell: "
            f"heavy-atom count has {count}, a lead of {_number(lead)} ({_range(size)}).",
            Level.UNCLEAR,
        )
    return (
        f"{told}) and beats size: heavy-atom count has {count}, a lead of {_number(lead)} "
        f"({_range(size)}).",
        Level.BEATS_SIZE,
    )


def verdicts(controls: dict[str, Value], receptors: list[str]) -> dict[str, Value]:
    """Judge every receptor.

    Parameters
    ----------
    controls : dict
        From :func:`screenmm.ranking.controls.controls`.
    receptors : list of str
        In config order.

    Returns
    -------
    dict
        Receptor to ``text``, all of it in words, and ``kinds``, what :func:`judge` gives for
        each kind of control that the receptor has.
    """
    out = {}
    for receptor in receptors:
        found = controls.get(receptor, {})
        kinds = [judge(kind, found["common"][kind]) for kind in MEASURE if found.get(kind)]
        text = " ".join(each["text"] for each in kinds) or NO_CONTROLS
        if found.get("presumed_inactive") and found.get("classification"):
            text = f"{text} {PRESUMED}"
        out[receptor] = {"text": text, "kinds": kinds}
    return out
