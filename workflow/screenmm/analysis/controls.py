"""Controls: how well each score separates known actives and follows known affinities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import duckdb
import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import rdMolDescriptors

from screenmm.core.seeds import seed_for
from screenmm.results.columns import score_signs
from screenmm.results.consensus import INPUTS, MIN_INPUTS, fitted, floats, halves, joined
from screenmm.results.known import KNOWN
from screenmm.statistics.contest import Measured, contest
from screenmm.statistics.measures import (
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
from screenmm.statistics.resampling import interval, resampled_counts, resamples_for
from screenmm.tables.dictionary import CHARGE, HEAVY_ATOMS, LOGP, WEIGHT, ranking_scores, signs

KINDS = {"classification": CLASSIFICATION, "correlation": CORRELATION}
"""Measures of each kind of control."""

DECISIVE = {"classification": "roc_auc", "correlation": "spearman"}
"""Measure that scores are compared by, of each kind."""

CHANCE = {"classification": 0.5, "correlation": 0.0}
"""What the decisive measure is by chance."""

SCORES = signs(ranking_scores())
"""Scores of every screen, and the sign that makes larger better."""

TRIVIAL = (HEAVY_ATOMS, WEIGHT, LOGP, CHARGE)
"""Trivial scores; each counts in the direction that ranks the known ligands better."""

BASELINES = tuple(each.name for each in TRIVIAL)

SIZE = HEAVY_ATOMS.name

FITTED = "fitted_held_out"
"""Consensus whose weights come from one half of the known ligands, tested on the other."""

MIN_CLASS = 5
"""Actives, and inactives, below which a measure has no interval."""

MIN_INTERVAL = 8
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
        Scores, then baselines, by name, larger is better; NaN where missing.
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


@dataclass(frozen=True)
class Measures:
    """Measures of some scores of the same ligands, and of the baselines.

    Parameters
    ----------
    known : Known
    names : sequence of str
        The scores; ``points`` and ``draws`` have the baselines as well.
    directions : dict
        Baseline to 1, or to -1 where its reverse ranks these ligands better and is measured.
    points : dict
        Score to measure to ``value``.
    draws : dict
        Score to measure to its values in all resamples; empty without resamples.
    reason : str
        Why nothing can be measured; empty where something can.
    unsure : str
        Why there are no intervals; empty where there are some.
    """

    known: Known
    names: Sequence[str]
    directions: dict[str, int]
    points: dict[str, dict[str, Value]]
    draws: dict[str, Draws]
    reason: str
    unsure: str


def _directions(known: Known) -> dict[str, int]:
    """In which direction each baseline that all ligands have ranks them better."""
    decisive, chance = DECISIVE[known.kind], CHANCE[known.kind]
    out = {}
    for name in BASELINES:
        if np.isfinite(known.columns[name]).all():
            value = _points(known, known.columns[name])[decisive]["value"]
            out[name] = -1 if value is not None and value < chance else 1
    return out


def measure(known: Known, names: Sequence[str], seed: int) -> Measures:
    """Measure some scores of the same ligands, and the baselines, in shared resamples.

    Parameters
    ----------
    known : Known
        Ligands that have all these scores.
    names : sequence of str
        Columns of ``known``.
    seed : int
        Of the resamples.
    """
    if reason := _impossible(known):
        return Measures(known, names, {}, {}, {}, reason, reason)
    directions = _directions(known)
    turned = {name: sign * known.columns[name] for name, sign in directions.items()}
    known = replace(known, columns=known.columns | turned)
    every = list(dict.fromkeys([*names, *directions]))
    points = {name: _points(known, known.columns[name]) for name in every}
    unsure = _no_interval(known)
    draws: dict[str, Draws] = {name: {} for name in every} if unsure else _drawn(known, every, seed)
    return Measures(known, names, directions, points, draws, "", unsure)


def told(made: Measures) -> dict[str, Value]:
    """Each score's measures with intervals, and by how much it beats the baselines.

    Returns
    -------
    dict
        Score to ``n``, ``actives`` (of a classification), ``resamples``, each measure as
        ``{"value", "low", "high"}`` or ``{"value": None, "reason"}``, ``direction`` (of a
        baseline: 1 where larger counts as better, -1 where smaller does) and ``baselines``:
        baseline to ``direction`` and to measure to ``value``, ``lead`` (the score's value less
        the baseline's) and the ``low`` and ``high`` end of the lead's paired 95 % interval. An
        interval that cannot be had is None with an ``interval_reason``. Baselines are compared
        with the other baselines, too.
    """
    known, points, draws, unsure = made.known, made.points, made.draws, made.unsure
    head, n = _head(known), len(known.truth)
    if made.reason:
        none = dict.fromkeys(KINDS[known.kind], _none(made.reason))
        return dict.fromkeys(made.names, head | none)
    return {
        name: {
            **head,
            "resamples": 0 if unsure else resamples_for(n),
            **{
                measure: _with_interval(point, draws[name], measure, n, unsure)
                for measure, point in points[name].items()
            },
            **({"direction": made.directions[name]} if name in made.directions else {}),
            "baselines": {
                other: {"direction": direction}
                | _against(points[name], draws[name], points[other], draws[other], unsure)
                for other, direction in made.directions.items()
                if other != name
            },
        }
        for name in made.names
    }


def judged(made: Measures, rivals: Sequence[str]) -> Value:
    """Compare rivals with chance and the baselines: what a verdict is given by.

    Returns
    -------
    dict
        ``n``, ``actives`` (of a classification) and what
        :func:`screenmm.statistics.contest.contest` gives, with the ``direction`` of each trivial
        property; or ``reason`` where nothing can be compared.
    """
    head, decisive = _head(made.known), DECISIVE[made.known.kind]
    if made.reason:
        return {**head, "reason": made.reason}

    def measured(names: Sequence[str]) -> dict[str, Measured]:
        return {
            name: Measured(value, made.draws[name].get(decisive, np.empty(0)))
            for name in names
            if (value := made.points[name][decisive]["value"]) is not None
        }

    scores = measured(rivals)
    if not scores:
        return {**head, "reason": made.points[rivals[0]][decisive]["reason"]}
    found = contest(scores, measured(list(made.directions)), made.unsure)
    for name, its in found["trivial"].items():
        its["direction"] = made.directions[name]
    return {**head, **found}


def compare(known: Known, names: Sequence[str], seed: int) -> dict[str, Value]:
    """Measure some scores: :func:`told` of :func:`measure`."""
    return told(measure(known, names, seed))


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
    by_name = dict(zip(used, (float(weight) for weight in weights), strict=True))
    return {FITTED: found | {"fitted_on": int(train.sum()), "weights": by_name}}


def compare_all(known: Known, seed: int) -> tuple[dict[str, Value], dict[str, Value], Value]:
    """Measure every score on the ligands that have it, and all on those that have all.

    Parameters
    ----------
    known : Known
    seed : int
        Of the run and receptor.

    Returns
    -------
    by_score : dict
        Every score, baseline and fitted consensus to what :func:`told` gives.
    common : dict
        The same of the scores that a verdict chooses between (all but the rank, which orders
        by one of them), and of the heavy-atom count, on the ligands that have all of these.
    contest : dict
        What :func:`judged` gives on these ligands; empty where there are none.
    """
    has = {name: mask for name in known.columns if (mask := np.isfinite(known.columns[name])).any()}
    sets: dict[bytes, list[str]] = {}
    for name, mask in has.items():
        sets.setdefault(mask.tobytes(), []).append(name)
    rivals = [name for name in has if name not in ("rank", *BASELINES)]
    everywhere = np.all([has[name] for name in rivals], axis=0) if rivals else np.zeros(0, bool)
    if everywhere.any():
        sets.setdefault(everywhere.tobytes(), [])
    own_seed = seed_for(seed, "controls", known.kind)
    found: dict[str, Value] = {}
    common: dict[str, Value] = {}
    compared: Value = {}
    for mask, names in sets.items():
        own = np.frombuffer(mask, dtype=bool)
        alike = bool(rivals) and bool(np.array_equal(own, everywhere))
        chosen = [*rivals, SIZE] if alike else []
        made = measure(known.part(own), list(dict.fromkeys([*names, *chosen])), own_seed)
        rows = told(made)
        found |= {name: rows[name] for name in names}
        if alike:
            common, compared = {name: rows[name] for name in chosen}, judged(made, rivals)
    if len(known.truth) > MAX_LOGP:
        reason = f"not computed for more than {MAX_LOGP} ligands; these are {len(known.truth)}"
        found[LOGP.name] = _head(known) | dict.fromkeys(KINDS[known.kind], _none(reason))
    order = {name: found[name] for name in known.columns if name in found}
    return order | (_fit(known, seed) if found else {}), common, compared


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
    scores = score_signs(con)
    stored = [name for name in BASELINES if name != LOGP.name]
    # as arrays: rows of a large screen take several times the memory
    table = con.execute(
        f"SELECT inchikey, smiles, {truth} AS truth, {', '.join((*scores, *stored))} FROM ranking "
        f"WHERE receptor = ? AND isfinite(CAST({truth} AS DOUBLE)) AND heavy_atoms IS NOT NULL "
        "ORDER BY rank",
        [receptor],
    ).fetchnumpy()
    smiles = np.ma.filled(np.ma.asarray(table["smiles"]), None).tolist()
    columns = {name: sign * floats(table[name]) for name, sign in scores.items()}
    columns |= {
        name: _logp(smiles) if name == LOGP.name else floats(table[name]) for name in BASELINES
    }
    sign = 1 if kind == "classification" else -1
    return Known(kind, table["inchikey"].tolist(), sign * floats(table["truth"]), columns)


def _lost_actives(
    con: duckdb.DuckDBPyConnection, receptor: str, *, presume_inactive: bool
) -> dict[str, int]:
    """Labelled ligands that are in no ranking: they are in no control either."""
    label = "coalesce(label, 0)" if presume_inactive else "label"
    rows = con.execute(
        f"""
        SELECT {label}, count(*) FROM ({KNOWN})
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
        :func:`told`), ``common`` (of each kind: the same on the ligands that have every
        score), ``contest`` (of each kind: :func:`judged`), ``unranked`` (labelled ligands without
        a rank) and ``presumed_inactive`` (whether ligands without a label count as inactive).
        Empty without labels and affinities.
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
            **{kind: by_score for kind, (by_score, _, _) in made.items()},
            "common": {kind: common for kind, (_, common, _) in made.items()},
            "contest": {kind: compared for kind, (_, _, compared) in made.items()},
            "unranked": _lost_actives(con, receptor, presume_inactive=presume_inactive),
            "presumed_inactive": presume_inactive,
        }
    return out
