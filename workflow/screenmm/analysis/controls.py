"""Controls: how well each score separates known actives and follows known affinities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import duckdb
import numpy as np
from rdkit import Chem, rdBase
from rdkit.Chem import rdMolDescriptors

from screenmm.analysis.measuring import (
    KINDS,
    Known,
    judged,
    measure,
    told,
    unmeasured,
)
from screenmm.core.seeds import seed_for
from screenmm.metrics.controls import Common, Contest, Controls, Kind, Scored, Unranked
from screenmm.results.columns import score_signs
from screenmm.results.consensus import INPUTS, MIN_INPUTS, fitted, floats, halves, joined
from screenmm.results.known import KNOWN
from screenmm.tables.dictionary import CHARGE, HEAVY_ATOMS, LOGP, WEIGHT, ranking_scores, signs

SCORES = signs(ranking_scores())
"""Scores of every screen, and the sign that makes larger better."""

TRIVIAL = (HEAVY_ATOMS, WEIGHT, LOGP, CHARGE)
"""Trivial scores; each counts in the direction that ranks the known ligands better."""

BASELINES = tuple(each.name for each in TRIVIAL)

SIZE = HEAVY_ATOMS.name

FITTED = "fitted_held_out"
"""Consensus whose weights come from one half of the known ligands, tested on the other."""

MIN_FIT: dict[Kind, int] = {"classification": 10, "correlation": 20}
"""Actives and inactives each, or ligands with affinity, below which no weights are fitted."""

MAX_LOGP = 20_000
"""Known ligands up to which logP is computed: a third of a millisecond each."""


def compare(known: Known, names: Sequence[str], seed: int) -> dict[str, Scored]:
    """Measure some scores of the same ligands, with intervals and leads over the baselines."""
    return told(measure(known, names, BASELINES, seed))


def _fit(known: Known, seed: int) -> dict[str, Scored]:
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
        return {FITTED: unmeasured(whole, reason)}
    train = halves(whole.keys, whole.groups, seed)
    scores = [whole.columns[name] for name in used]
    weights = fitted(scores, whole.truth, train)
    columns = whole.columns | {FITTED: joined(scores, weights, train)}
    test = Known(whole.kind, whole.keys, whole.truth, columns).part(~train)
    found = compare(test, [FITTED], seed_for(seed, "controls", known.kind, FITTED))[FITTED]
    by_name = dict(zip(used, (float(weight) for weight in weights), strict=True))
    fit = {"fitted_on": int(train.sum()), "weights": by_name}
    return {FITTED: found.model_copy(update=fit)}


def compare_all(known: Known, seed: int) -> tuple[dict[str, Scored], dict[str, Scored], Contest]:
    """Measure every score on the ligands that have it, and all on those that have all.

    Parameters
    ----------
    known : Known
    seed : int
        Of the run and receptor.

    Returns
    -------
    by_score : dict
        Every score, baseline and fitted consensus to its measures.
    common : dict
        The same of the scores that a verdict chooses between (all but the rank, which orders
        by one of them), and of the heavy-atom count, on the ligands that have all of these.
    contest : dict
        All of them against each other on these ligands; empty where there are none.
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
    found: dict[str, Scored] = {}
    common: dict[str, Scored] = {}
    compared = Contest()
    for mask, names in sets.items():
        own = np.frombuffer(mask, dtype=bool)
        alike = bool(rivals) and bool(np.array_equal(own, everywhere))
        chosen = [*rivals, SIZE] if alike else []
        every = list(dict.fromkeys([*names, *chosen]))
        made = measure(known.part(own), every, BASELINES, own_seed)
        rows = told(made)
        found |= {name: rows[name] for name in names}
        if alike:
            common, compared = {name: rows[name] for name in chosen}, judged(made, rivals)
    if len(known.truth) > MAX_LOGP:
        reason = f"not computed for more than {MAX_LOGP} ligands; these are {len(known.truth)}"
        found[LOGP.name] = unmeasured(known, reason)
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
    con: duckdb.DuckDBPyConnection, receptor: str, kind: Kind, *, presume_inactive: bool = False
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
) -> Unranked:
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
    return Unranked(actives=counts.get(1, 0), inactives=counts.get(0, 0))


def controls(
    con: duckdb.DuckDBPyConnection, seed: int = 1, *, presume_inactive: bool = False
) -> dict[str, Controls]:
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
        Receptor, in config order, to its controls; empty without labels and affinities.
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
        by_score: dict[str, Any] = {kind: found for kind, (found, _, _) in made.items()}
        common: dict[str, Any] = {kind: found for kind, (_, found, _) in made.items()}
        out[receptor] = Controls(
            **by_score,
            common=Common(**common),
            contest={kind: compared for kind, (_, _, compared) in made.items()},
            unranked=_lost_actives(con, receptor, presume_inactive=presume_inactive),
            presumed_inactive=presume_inactive,
        )
    return out
