"""What several structures of a target tell together, and whether they beat each of them."""

from __future__ import annotations

from itertools import combinations

import duckdb
import numpy as np

from screenmm.analysis.measuring import DECISIVE, Known, measure, told
from screenmm.analysis.verdict import MEASURE_WORDS, measured_words
from screenmm.config.settings import Settings
from screenmm.core.seeds import seed_for
from screenmm.metrics.controls import Kind
from screenmm.metrics.ensembles import Ensemble, EnsembleControl
from screenmm.metrics.measures import Measure
from screenmm.results.orders import FOLLOWED

ALMOST_ALL = 0.9
"""Share of the ligands that one structure wins above which the others add little."""

JOINED = ""
"""Column of the joined score; no receptor has this name."""
FEWEST = 3
"""Ligands that a correlation needs."""

BY_NAME = {each.name: each for each in FOLLOWED.values()}


def ensembles(con: duckdb.DuckDBPyConnection, settings: Settings, seed: int) -> dict[str, Ensemble]:
    """Tell of each target with several structures, in config order.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``ensembles`` and ``ranking``.
    settings : Settings
    seed : int
        Of the resamples.
    """
    found = con.execute("SELECT receptor FROM receptors ORDER BY ordinal").fetchall()
    place = {receptor: ordinal for ordinal, (receptor,) in enumerate(found)}
    ordered = {
        name: sorted(members, key=place.__getitem__) for name, members in settings.ensembles.items()
    }
    return {
        name: _ensemble(con, name, members, settings, seed)
        for name, members in sorted(ordered.items(), key=lambda each: place[each[1][0]])
    }


def _ensemble(
    con: duckdb.DuckDBPyConnection, name: str, members: list[str], settings: Settings, seed: int
) -> Ensemble:
    counted = con.execute(
        "SELECT score, count(*), count(*) FILTER (members_scored = members) FROM ensembles "
        "WHERE ensemble = ? AND value IS NOT NULL GROUP BY score ORDER BY min(rank)",
        [name],
    ).fetchall()
    score, _, whole = counted[0] if counted else ("", 0, 0)
    won = dict(
        con.execute(
            "SELECT member, count(*) FROM ensembles "
            "WHERE ensemble = ? AND score = ? AND members_scored = members GROUP BY member",
            [name, score],
        ).fetchall()
    )
    of_all = {member: won.get(member, 0) for member in members}
    keys, columns = _scores(con, name, members, score) if counted else ([], {})
    found = Ensemble(
        text="",
        members=members,
        how=settings.ranking.ensemble,
        score=score,
        ligands=sum(count for _, count, _ in counted),
        scored_in_all=whole,
        won=of_all,
        agreement=_agreement([columns[member] for member in members]) if columns else None,
        controls=_controls(con, keys, columns, seed_for(seed, "ensembles", name)),
    )
    return found.model_copy(update={"text": _text(name, found)})


def _scores(
    con: duckdb.DuckDBPyConnection, name: str, members: list[str], score: str
) -> tuple[list[str], dict[str, np.ndarray]]:
    """Ligands with the score in every structure, and it joined and in each; larger is better."""
    sign = BY_NAME[score].better
    own = ", ".join(f"max({score}) FILTER (receptor = ?) AS s{i}" for i in range(len(members)))
    table = con.execute(
        f"WITH own AS (SELECT inchikey, {own} FROM ranking GROUP BY inchikey) "
        f"SELECT inchikey, value, {', '.join(f's{i}' for i in range(len(members)))} "
        "FROM ensembles JOIN own USING (inchikey) "
        "WHERE ensemble = ? AND score = ? AND members_scored = members ORDER BY inchikey",
        [*members, name, score],
    ).fetchall()
    keys = [row[0] for row in table]
    columns = {
        each: np.array([sign * row[place] for row in table], float)
        for place, each in enumerate((JOINED, *members), 1)
    }
    return keys, columns


def _agreement(columns: list[np.ndarray]) -> float | None:
    if len(columns[0]) < FEWEST or any(np.ptp(each) == 0 for each in columns):
        return None
    from scipy.stats import spearmanr  # noqa: PLC0415  (heavy import)

    found = [spearmanr(one, other)[0] for one, other in combinations(columns, 2)]
    return float(np.mean(found))


def _controls(
    con: duckdb.DuckDBPyConnection, keys: list[str], columns: dict[str, np.ndarray], seed: int
) -> list[EnsembleControl]:
    """Measure the ensemble and its structures on the known ligands that all of them scored."""
    answers = {
        row[0]: row[1:]
        for row in con.execute(
            "SELECT DISTINCT inchikey, label, -affinity_kcal_mol FROM ensembles "
            "WHERE label IS NOT NULL OR affinity_kcal_mol IS NOT NULL"
        ).fetchall()
    }
    found = []
    kinds: tuple[Kind, Kind] = ("classification", "correlation")
    for place, kind in enumerate(kinds):
        values = [answers.get(key, (None, None))[place] for key in keys]
        mask = np.array([value is not None for value in values], bool)
        if not mask.any():
            continue
        truth = np.array([value for value in values if value is not None], float)
        kept = [key for key, is_known in zip(keys, mask, strict=True) if is_known]
        known = Known(kind, kept, truth, {each: own[mask] for each, own in columns.items()})
        measured = told(measure(known, list(columns), [], seed))
        decisive = {each: getattr(own, DECISIVE[kind]) for each, own in measured.items()}
        joined: Measure = decisive.pop(JOINED)
        found.append(
            EnsembleControl(
                kind=kind, measure=DECISIVE[kind], n=len(kept), ensemble=joined, members=decisive
            )
        )
    return found


def _text(name: str, found: Ensemble) -> str:
    """Say what it came to."""
    structures = f"{len(found.members)} structures of {name}"
    if not found.scored_in_all:
        return f"No ligand has a score in all {structures}: they cannot be compared."
    wins = ", ".join(f"{member} {count}" for member, count in found.won.items())
    told = [
        f"{found.scored_in_all} of {found.ligands} ligands have a score in all {structures}; "
        f"best in: {wins}."
    ]
    first, most = max(found.won.items(), key=lambda each: each[1])
    if most >= ALMOST_ALL * found.scored_in_all:
        told.append(f"{first} wins nearly all, so the others add little.")
    if found.agreement is not None:
        told.append(f"They agree at {found.agreement:.2f} (Spearman).")
    told += [_control(each) for each in found.controls if each.ensemble.value is not None]
    return " ".join(told)


def _control(each: EnsembleControl) -> str:
    """Compare the ensemble with its structures on known ligands."""
    own = ", ".join(
        f"{member} {value.value:.2f}"
        for member, value in each.members.items()
        if value.value is not None
    )
    return (
        f"{MEASURE_WORDS[each.measure]} on {each.n} known ligands: "
        f"{measured_words(each.ensemble)} together, alone {own}."
    )
