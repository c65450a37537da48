"""Controls: how well each score separates known actives and follows known affinities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import rdMolDescriptors

from screenmm.ranking.consensus import INPUTS, MIN_INPUTS, SIGNS, fitted, floats, halves, joined
from screenmm.ranking.measures import (
    CLASSIFICATION,
    CORRELATION,
    PERCENTS,
    Draws,
    Steps,
    classification_draws,
    classification_measures,
    correlation_draws,
    correlation_measures,
)
from screenmm.ranking.resampling import interval, resampled_counts, resamples_for
from screenmm.seeds import seed_for

KINDS = {"classification": CLASSIFICATION, "correlation": CORRELATION}
"""Measures of each kind of control."""

# Score and the sign that makes "larger is better".
SCORES = {
    "rank": -1,
    "dg_mmgbsa_kcal_mol": -1,
    "dock_score_kcal_mol": -1,
    "cnn_score": 1,
    "cnn_affinity_pk": 1,
    **SIGNS,
}

BASELINES = ("heavy_atoms", "molecular_weight", "logp", "formal_charge")
"""Trivial scores; larger, heavier, greasier and more positive count as better."""

FITTED = "fitted_held_out"
"""Consensus whose weights come from one half of the known ligands, tested on the other."""

MIN_CLASS = 3
"""Actives, and inactives, below which a measure has no interval."""

MIN_INTERVAL = 5
"""Ligands with affinity below which a measure has no interval."""

MIN_FIT = {"classification": 10, "correlation": 20}
"""Actives and inactives each, or ligands with affinity, below which no weights are fitted."""

KENDALL_BOOTSTRAP = 400
"""Ligands up to which Kendall's tau is resampled: its cost grows with their square."""

MAX_LOGP = 20_000
"""Known ligands up to which logP is computed: a third of a millisecond each."""

Value = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """Ligands of a receptor whose answer is known.

    Parameters
    ----------
    kind : str
        ``classification`` or ``correlation``.
    keys : list of str
        InChIKeys.
    truth : numpy.ndarray
        1 for active and 0 for inactive, or the strength of binding; larger is better.
    columns : dict
        Scores and baselines by name, larger is better; NaN where missing.
    """

    kind: str
    keys: list[str]
    truth: np.ndarray
    columns: dict[str, np.ndarray]

    @property
    def groups(self) -> np.ndarray:
        """Classes that a resample keeps the sizes of."""
        return self.truth if self.kind == "classification" else np.zeros(len(self.truth))

    def part(self, mask: np.ndarray) -> Known:
        """Only some of the ligands."""
        keys = [key for key, kept in zip(self.keys, mask, strict=True) if kept]
        columns = {name: values[mask] for name, values in self.columns.items()}
        return Known(self.kind, keys, self.truth[mask], columns)


def _none(reason: str) -> Value:
    return {"value": None, "reason": reason}


def _head(known: Known) -> Value:
    head: Value = {"n": len(known.truth)}
    if known.kind == "classification":
        head["actives"] = int(known.truth.sum())
    return head


def _impossible(known: Known) -> str:
    """Say why no measure exists; empty where there are some."""
    n = len(known.truth)
    if known.kind == "classification":
        actives = int(known.truth.sum())
        if actives in (0, n):
            missing = "actives" if actives == 0 else "inactives"
            return f"no {missing} among {n} labelled ligands with this score"
    elif n < 3:
        return f"{n} ligands with affinity and this score; 3 are needed"
    elif np.ptp(known.truth) == 0:
        return "all affinities are equal"
    return ""


def _no_interval(known: Known) -> str:
    """Say why no measure has an interval; empty where they have one."""
    n = len(known.truth)
    if known.kind == "classification":
        actives = int(known.truth.sum())
        for count, name in ((actives, "actives"), (n - actives, "inactives")):
            if count < MIN_CLASS:
                return f"{count} {name}; {MIN_CLASS} are needed for an interval"
    elif n < MIN_INTERVAL:
        return f"{n} ligands; {MIN_INTERVAL} are needed for an interval"
    return ""


def _points(known: Known, score: np.ndarray) -> dict[str, Value]:
    """Every measure of one score, or the reason why there is none."""
    n = len(score)
    if known.kind == "correlation":
        if np.ptp(score) == 0:
            return dict.fromkeys(CORRELATION, _none("all values are equal"))
        found = correlation_measures(known.truth, score)
    else:
        found = classification_measures(known.truth == 1, score)
    out = {
        name: {"value": value} if np.isfinite(value) else _none("all values are nearly equal")
        for name, value in found.items()
    }
    if known.kind == "classification":
        for percent in PERCENTS:
            if n * percent < 100:
                short = f"{percent} % of {n} ligands is less than one ligand"
                out[f"ef_{percent}_percent"] = _none(short)
    return out


def _drawn(known: Known, names: Sequence[str], seed: int) -> dict[str, Draws]:
    """Measures of each score in every resample; all scores share the resamples."""
    n = len(known.truth)
    found: dict[str, list[Draws]] = {name: [] for name in names}
    separates = known.kind == "classification"
    steps = {name: Steps.of(known.truth == 1, known.columns[name]) for name in names if separates}
    for counts in resampled_counts(known.groups, resamples_for(n), seed):
        for name in names:
            found[name].append(
                classification_draws(steps[name], counts)
                if separates
                else correlation_draws(
                    known.truth, known.columns[name], counts, kendall=n <= KENDALL_BOOTSTRAP
                )
            )
    return {
        name: {key: np.concatenate([block[key] for block in blocks]) for key in blocks[0]}
        for name, blocks in found.items()
    }


def _fieller(tau: float, n: int) -> Value:
    """Closed 95 % interval of Kendall's tau (Fieller, Hartley and Pearson 1957)."""
    if abs(tau) >= 1:
        return {"low": tau, "high": tau, "interval_reason": "a perfect order has no spread"}
    middle, width = np.arctanh(tau), 1.96 * np.sqrt(0.437 / (n - 4))
    return {"low": float(np.tanh(middle - width)), "high": float(np.tanh(middle + width))}


def _with_interval(point: Value, draws: Draws, name: str, n: int, reason: str) -> Value:
    if point["value"] is None:
        return point
    if reason:
        return point | {"low": None, "high": None, "interval_reason": reason}
    return point | (interval(draws[name]) if name in draws else _fieller(point["value"], n))


def _against(
    point: dict[str, Value], draws: Draws, other: dict[str, Value], its_draws: Draws, reason: str
) -> dict[str, Value]:
    """Measures of a baseline, and by how much a score beats them on the same ligands."""
    out: dict[str, Value] = {}
    for name, its in other.items():
        if its["value"] is None or point[name]["value"] is None:
            out[name] = its
            continue
        lead: Value = {"low": None, "high": None}
        if reason:
            lead["interval_reason"] = reason
        elif name in draws:
            lead |= interval(draws[name] - its_draws[name])
        else:
            lead["interval_reason"] = f"not resampled above {KENDALL_BOOTSTRAP} ligands"
        out[name] = its | {"lead": point[name]["value"] - its["value"], **lead}
    return out


def compare(known: Known, names: Sequence[str], seed: int) -> dict[str, Value]:
    """Measure some scores of the same ligands, with intervals, and against the baselines.

    Parameters
    ----------
    known : Known
        Ligands that have all these scores.
    names : sequence of str
        Columns of ``known``; baselines are compared with the other baselines, too.
    seed : int
        Of the resamples.

    Returns
    -------
    dict
        Score to ``n``, ``actives`` (of a classification), ``resamples``, each measure as
        ``{"value", "low", "high"}`` or ``{"value": None, "reason"}``, and ``baselines``:
        baseline to measure to ``value``, ``lead`` (the score's value less the baseline's)
        and the ``low`` and ``high`` end of the lead's paired 95 % interval. An interval that
        cannot be had is None with an ``interval_reason``.
    """
    head, reason = _head(known), _impossible(known)
    if reason:
        none = dict.fromkeys(KINDS[known.kind], _none(reason))
        return dict.fromkeys(names, head | none)
    own_baselines = [name for name in BASELINES if np.isfinite(known.columns[name]).all()]
    every = list(dict.fromkeys([*names, *own_baselines]))
    points = {name: _points(known, known.columns[name]) for name in every}
    unsure = _no_interval(known)
    draws: dict[str, Draws] = {name: {} for name in every} if unsure else _drawn(known, every, seed)
    n = len(known.truth)
    return {
        name: {
            **head,
            "resamples": 0 if unsure else resamples_for(n),
            **{
                measure: _with_interval(point, draws[name], measure, n, unsure)
                for measure, point in points[name].items()
            },
            "baselines": {
                other: _against(points[name], draws[name], points[other], draws[other], unsure)
                for other in own_baselines
                if other != name
            },
        }
        for name in names
    }


def _fit(known: Known, seed: int) -> dict[str, Value]:
    """Weights from one half of the ligands, measured on the other half."""
    used = [name for name in INPUTS if np.isfinite(known.columns[name]).any()]
    if len(used) < MIN_INPUTS:
        return {}
    whole = known.part(np.all([np.isfinite(known.columns[name]) for name in used], axis=0))
    needed = MIN_FIT[known.kind]
    fewest = min((int((whole.groups == each).sum()) for each in np.unique(known.groups)), default=0)
    if fewest < needed or len(np.unique(whole.groups)) < len(np.unique(known.groups)):
        of = "of each class " if known.kind == "classification" else ""
        reason = (
            f"{fewest} ligands {of}with every score; {needed} are needed to fit weights on one "
            "half and test them on the other"
        )
        return {FITTED: _head(whole) | dict.fromkeys(KINDS[known.kind], _none(reason))}
    train = halves(whole.keys, whole.groups, seed)
    scores = [whole.columns[name] for name in used]
    weights = fitted(scores, whole.truth, train)
    columns = whole.columns | {FITTED: joined(scores, weights, train)}
    test = Known(whole.kind, whole.keys, whole.truth, columns).part(~train)
    found = compare(test, [FITTED], seed_for(seed, "controls", known.kind, FITTED))[FITTED]
    told = dict(zip(used, (float(weight) for weight in weights), strict=True))
    return {FITTED: found | {"fitted_on": int(train.sum()), "weights": told}}


def compare_all(known: Known, seed: int) -> tuple[dict[str, Value], dict[str, Value]]:
    """Measure every score on the ligands that have it, and all on those that have all.

    Parameters
    ----------
    known : Known
    seed : int
        Of the run and receptor.

    Returns
    -------
    by_score : dict
        Every score, baseline and fitted consensus to what :func:`compare` gives.
    common : dict
        The same of the scores that a verdict chooses between (all but the rank, which orders
        by one of them), and of the heavy-atom count, on the ligands that have all of these.
    """
    has = {
        name: mask
        for name in (*SCORES, *BASELINES)
        if (mask := np.isfinite(known.columns[name])).any()
    }
    sets: dict[bytes, list[str]] = {}
    for name, mask in has.items():
        sets.setdefault(mask.tobytes(), []).append(name)
    rivals = [name for name in has if name not in ("rank", *BASELINES)]
    everywhere = np.all([has[name] for name in rivals], axis=0) if rivals else np.zeros(0, bool)
    rivals += ["heavy_atoms"] if rivals else []
    found: dict[str, Value] = {}
    common: dict[str, Value] = {}
    for mask, names in sets.items():
        own = np.frombuffer(mask, dtype=bool)
        alike = bool(rivals) and bool(np.array_equal(own, everywhere))
        asked = list(dict.fromkeys([*names, *rivals])) if alike else names
        made = compare(known.part(own), asked, seed_for(seed, "controls", known.kind))
        found |= {name: made[name] for name in names}
        common = {name: made[name] for name in rivals} if alike else common
    if rivals and not common and everywhere.any():
        common = compare(known.part(everywhere), rivals, seed_for(seed, "controls", known.kind))
    if len(known.truth) > MAX_LOGP:
        reason = f"not computed for more than {MAX_LOGP} ligands; these are {len(known.truth)}"
        found["logp"] = _head(known) | dict.fromkeys(KINDS[known.kind], _none(reason))
    order = {name: found[name] for name in (*SCORES, *BASELINES) if name in found}
    return order | (_fit(known, seed) if found else {}), common


def _logp(smiles: Sequence[str | None]) -> np.ndarray:
    """Crippen's logP; NaN for what RDKit cannot read, and for all of too long a list."""
    out = np.full(len(smiles), np.nan)
    if len(smiles) > MAX_LOGP:
        return out
    with rdBase.BlockLogs():
        for i, text in enumerate(smiles):
            mol = Chem.MolFromSmiles(text) if text else None
            if mol is not None:
                out[i] = rdMolDescriptors.CalcCrippenDescriptors(mol)[0]
    return out


def load_known(
    con: duckdb.DuckDBPyConnection, receptor: str, kind: str, *, presume_inactive: bool = False
) -> Known:
    """Read the ligands of a receptor whose answer is known.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ranking``.
    receptor : str
    kind : str
        ``classification`` reads labels, ``correlation`` affinities.
    presume_inactive : bool
        Whether ligands without a label count as inactive.
    """
    labels = "coalesce(label, 0)" if presume_inactive else "label"
    truth = labels if kind == "classification" else "affinity_kcal_mol"
    stored = [name for name in BASELINES if name != "logp"]
    # as arrays: rows of a large screen take several times the memory
    table = con.execute(
        f"SELECT inchikey, smiles, {truth} AS truth, {', '.join((*SCORES, *stored))} FROM ranking "
        f"WHERE receptor = ? AND isfinite(CAST({truth} AS DOUBLE)) AND heavy_atoms IS NOT NULL "
        "ORDER BY rank",
        [receptor],
    ).fetchnumpy()
    smiles = np.ma.filled(np.ma.asarray(table["smiles"]), None).tolist()
    columns = {name: sign * floats(table[name]) for name, sign in SCORES.items()}
    columns |= {name: floats(table[name]) for name in stored} | {"logp": _logp(smiles)}
    sign = 1 if kind == "classification" else -1
    return Known(kind, table["inchikey"].tolist(), sign * floats(table["truth"]), columns)


def _lost_actives(
    con: duckdb.DuckDBPyConnection, receptor: str, *, presume_inactive: bool
) -> dict[str, int]:
    """Labelled ligands that are in no ranking: they are in no control either."""
    label = "coalesce(label, 0)" if presume_inactive else "label"
    rows = con.execute(
        f"""
        SELECT {label}, count(*) FROM (
            SELECT membership.inchikey,
                arg_min(label, CASE WHEN "primary" THEN -1 ELSE ordinal END)
                    FILTER (label IS NOT NULL) AS label
            FROM membership JOIN sources USING (record)
            GROUP BY membership.inchikey
        )
        WHERE inchikey NOT IN (SELECT inchikey FROM ranking WHERE receptor = ?)
        GROUP BY ALL
        """,
        [receptor],
    ).fetchall()
    counts = dict(rows)
    return {"actives": counts.get(1, 0), "inactives": counts.get(0, 0)}


def controls(
    con: duckdb.DuckDBPyConnection, seed: int = 1, *, presume_inactive: bool = False
) -> dict[str, Value]:
    """Compute the controls of each receptor, where the library has labels or affinities.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``receptors``, ``sources``, ``membership`` and ``ranking``.
    seed : int
        Of the run: resamples and halves derive from it.
    presume_inactive : bool
        Whether ligands without a label count as inactive: where the config names actives.

    Returns
    -------
    dict
        Receptor to ``classification`` and ``correlation`` (score to measures; see
        :func:`compare`), ``common`` (of each kind: the same on the ligands that have every
        score), ``unranked`` (labelled ligands without a rank) and ``presumed_inactive`` (whether
        ligands without a label count as inactive). Empty without labels and affinities.
    """
    known = con.execute("SELECT count(label), count(affinity_kcal_mol) FROM sources").fetchall()[0]
    if not any(known):
        return {}
    out = {}
    for (receptor,) in con.execute("SELECT receptor FROM receptors ORDER BY ordinal").fetchall():
        own = seed_for(seed, "receptor", receptor)
        made = {
            kind: compare_all(
                load_known(con, receptor, kind, presume_inactive=presume_inactive), own
            )
            for kind in KINDS
        }
        out[receptor] = {
            **{kind: by_score for kind, (by_score, _) in made.items()},
            "common": {kind: common for kind, (_, common) in made.items()},
            "unranked": _lost_actives(con, receptor, presume_inactive=presume_inactive),
            "presumed_inactive": presume_inactive,
        }
    return out
