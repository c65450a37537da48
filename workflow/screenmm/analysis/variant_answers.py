"""How computed ΔΔG of variants follow measured ones, beside what is trivial."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np

from screenmm.analysis.variants import Board
from screenmm.core.formats import number
from screenmm.core.seeds import seed_for
from screenmm.metrics.measures import Interval, Measure
from screenmm.metrics.variants import VariantAnswers, VariantPredictor
from screenmm.statistics.measures import Draws, Steps, correlation_draws
from screenmm.statistics.resampling import interval, resampled_counts, resamples_for
from screenmm.variants.changes import Variant
from screenmm.variants.measured import RT_KCAL_MOL, Answer
from screenmm.variants.trivial import PREDICTORS, trivial

RESISTANT_KCAL_MOL = float(RT_KCAL_MOL * np.log(10))
"""A variant that binds ten times weaker is resistant (K. Hauser et al., Commun. Biol. 1, 70,
2018)."""

MMGBSA = "mmgbsa"

FEWEST_PAIRS = 8
FEWEST_VARIANTS = 5
"""Without as many there is no interval."""

NOTHING: Mapping[str, str] = {
    "unknown_variant": "no such variant is listed",
    "unknown_ligand": "no such ligand was scored in variants",
    "ambiguous_ligand": "several ligands have this name",
    "left_out": "the variant was not modelled",
    "failed": "the pair could not be scored",
}
"""Why a measured value has no computed one, in words."""

_NAMES = "SELECT inchikey, name, aliases FROM ranking WHERE receptor = ?"


@dataclass(frozen=True)
class Judged:
    """A measured value and the row of its pair.

    Parameters
    ----------
    answer : Answer
    row : mapping or None
        Of ``variant_effects``; None where ``reason`` says why.
    reason : str
        A key of :data:`NOTHING`.
    """

    answer: Answer
    row: Mapping[str, Any] | None = None
    reason: str = ""


def judged(con: duckdb.DuckDBPyConnection, found: Board, answers: Sequence[Answer]) -> list[Judged]:
    """Find the pair of each measured value.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking``.
    found : Board
    answers : sequence of Answer
    """
    cells = {
        line.name: {cell["inchikey"]: cell for cell in line.cells if cell is not None}
        for line in found.variants
    }
    keys: dict[str, set[str]] = defaultdict(set)
    for key, *told in con.execute(_NAMES, [found.wild_type]).fetchall():
        for names in filter(None, told):
            for name in (names, *names.split("; ")):
                keys[name.lower()].add(key)
    for row in (row for each in cells.values() for row in each.values()):
        keys[row["inchikey"].lower()].add(row["inchikey"])
        keys[row["ligand"].lower()].add(row["inchikey"])
    left_out = {row["variant"] for row in found.left_out}
    scored = {key for each in cells.values() for key in each}
    return [
        _judged(each, cells, keys[each.ligand.lower()] & scored, left_out=left_out)
        for each in answers
    ]


def _judged(
    answer: Answer,
    cells: Mapping[str, Mapping[str, Mapping[str, Any]]],
    keys: set[str],
    *,
    left_out: set[str],
) -> Judged:
    if answer.variant not in cells:
        why = "left_out" if answer.variant in left_out else "unknown_variant"
        return Judged(answer, reason=why)
    if len(keys) != 1:
        return Judged(answer, reason="ambiguous_ligand" if keys else "unknown_ligand")
    row = cells[answer.variant].get(*keys)
    if row is None or row["status"] != "scored":
        return Judged(answer, reason="failed")
    return Judged(answer, row)


def answers_of(pairs: Sequence[Judged], seed: int) -> VariantAnswers:
    """Measure how the computed ΔΔG follow the measured ones.

    Parameters
    ----------
    pairs : sequence of Judged
    seed : int
        Of the run: resamples derive from it.
    """
    rows = [(each.answer.ddg_kcal_mol, each.row) for each in pairs if each.row is not None]
    measured = np.array([value for value, _ in rows])
    variants = [row["variant"] for _, row in rows]
    columns: dict[str, np.ndarray] = {
        MMGBSA: np.array([row["ddg_kcal_mol"] for _, row in rows]),
        **_trivial([row for _, row in rows]),
    }
    resistant = measured > RESISTANT_KCAL_MOL
    found = _predictors(columns, measured, resistant, variants, seed) if rows else {}
    told = VariantAnswers(
        text="",
        measured=len(pairs),
        pairs=len(rows),
        variants=len(set(variants)),
        ligands=len({row["inchikey"] for _, row in rows}),
        resistant=int(resistant.sum()),
        unused=dict(Counter(each.reason for each in pairs if each.reason)),
        rmse_kcal_mol=float(np.sqrt(np.mean((columns[MMGBSA] - measured) ** 2))) if rows else None,
        rmse_of_mean_kcal_mol=float(measured.std()) if rows else None,
        predictors=found,
    )
    return told.model_copy(update={"text": " ".join(sentences(told))})


def _trivial(rows: Sequence[Mapping[str, Any]]) -> dict[str, np.ndarray]:
    found = [
        trivial(Variant.named(row["variant"]), row["ligand_distance_angstrom"]) for row in rows
    ]
    return {name: np.array([each[name] for each in found]) for name in PREDICTORS}


def _predictors(
    columns: Mapping[str, np.ndarray],
    measured: np.ndarray,
    resistant: np.ndarray,
    variants: Sequence[str],
    seed: int,
) -> dict[str, VariantPredictor]:
    """Measures of each predictor on the same resamples: variants are drawn, with their pairs."""
    names, places = np.unique(variants, return_inverse=True)
    draw = seed_for(seed, "variants", "measured")
    whole = np.ones((1, len(measured)), dtype=np.int32)
    counts = np.concatenate(
        list(resampled_counts(np.zeros(len(names)), resamples_for(len(names)), draw))
    )[:, places]
    few = ""
    if len(measured) < FEWEST_PAIRS or len(names) < FEWEST_VARIANTS:
        few = f"{len(measured)} pairs of {len(names)} variants are too few"
    once = {n: _draws(each, measured, resistant, whole) for n, each in columns.items()}
    many = {n: _draws(each, measured, resistant, counts) for n, each in columns.items()}
    return {
        name: VariantPredictor(
            words=PREDICTORS.get(name, "computed (MM/GBSA)"),
            **{
                measure: _measure(float(value[0]), many[name][measure], few)
                for measure, value in once[name].items()
            },
            lead=None if name == MMGBSA else _lead(once, many, name, few),
        )
        for name in columns
    }


def _lead(once: Mapping[str, Draws], many: Mapping[str, Draws], name: str, few: str) -> Measure:
    """How far the computed ΔΔG are ahead of a trivial predictor, by Pearson's correlation."""
    value, draws = (each[MMGBSA]["pearson"] - each[name]["pearson"] for each in (once, many))
    return _measure(float(value[0]), draws, few)


def _measure(value: float, draws: np.ndarray, few: str) -> Measure:
    if not np.isfinite(value):
        return Measure(value=None, reason="all have one value, or none or all are resistant")
    found = Interval(low=None, high=None, interval_reason=few) if few else interval(draws)
    return Measure(value=value).with_interval(found)


def _draws(
    values: np.ndarray, measured: np.ndarray, resistant: np.ndarray, weights: np.ndarray
) -> Draws:
    """Correlations, and the area under the ROC curve of the resistant, of each resample."""
    found = correlation_draws(measured, values, weights, kendall=False)
    of_active, of_all = Steps.of(resistant, values).counts(weights)
    others = of_all - of_active
    with np.errstate(invalid="ignore"):
        better = (np.cumsum(of_active, axis=1) - of_active / 2) * others
        area = better.sum(axis=1) / (of_active.sum(axis=1) * others.sum(axis=1))
    return {**found, "roc_auc": area}


def sentences(found: VariantAnswers) -> list[str]:
    """Say whether the computed ΔΔG follow the measured ones.

    Parameters
    ----------
    found : VariantAnswers
        Its text is not looked at.
    """
    if not found.pairs:
        return [f"None of {found.measured} measured ΔΔG is of a pair that was scored."]
    own = found.predictors[MMGBSA]
    told = [_follows(found, own.pearson)]
    rivals = [each for name, each in found.predictors.items() if name != MMGBSA]
    if own.pearson.value is not None:
        told += _beside(own.pearson.value, rivals)
    if found.rmse_kcal_mol is not None and found.rmse_of_mean_kcal_mol is not None:
        better = found.rmse_kcal_mol < found.rmse_of_mean_kcal_mol
        told.append(
            f"Their error is {number(found.rmse_kcal_mol)} kcal/mol, "
            f"{'less than' if better else 'no less than'} the "
            f"{number(found.rmse_of_mean_kcal_mol)} of always saying their mean."
        )
    return told


def _follows(found: VariantAnswers, measure: Measure) -> str:
    """Give ``The computed ΔΔG follow the 20 measured ones (Pearson 0.61, 0.30 to 0.80).``."""
    of = f"the {found.pairs} measured one{'s' * (found.pairs != 1)}"
    if measure.value is None:
        return f"Whether the computed ΔΔG follow {of} cannot be said: {measure.reason}."
    if measure.low is None or measure.high is None:
        told = f"Pearson {number(measure.value)}, without an interval: {measure.interval_reason}"
        return f"Whether the computed ΔΔG follow {of} cannot be said ({told})."
    told = f"(Pearson {number(measure.value)}, {number(measure.low)} to {number(measure.high)})"
    if measure.low > 0:
        return f"The computed ΔΔG follow {of} {told}."
    return f"The computed ΔΔG are not shown to follow {of} {told}."


def _beside(own: float, rivals: Sequence[VariantPredictor]) -> list[str]:
    """Say how the trivial predictors do that a correlation can be had of."""
    known = [(each.pearson.value, each) for each in rivals if each.pearson.value is not None]
    if not known:
        return []
    value, best = max(known, key=lambda each: each[0])
    if own <= value:
        return [f"They are no better than {best.words} alone ({number(value)})."]
    lows = [each.lead.low if each.lead else None for _, each in known]
    if all(low is not None and low > 0 for low in lows):
        told = f"the best, {best.words}: {number(value)}"
        return [f"They are better than each trivial predictor ({told})."]
    return [f"They are not shown to be better than {best.words} alone ({number(value)})."]
