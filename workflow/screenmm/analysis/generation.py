"""What the generated molecules of a campaign came to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import duckdb
import numpy as np

from screenmm.analysis.arms import Arm, Spent, compare, rates
from screenmm.analysis.drift import properties
from screenmm.analysis.ideas import (
    WORDS,
    Left,
    Outcome,
    Standing,
    best_known_of,
    is_first_batch,
    is_known_active,
    judge,
    residuals,
)
from screenmm.analysis.lineages import Family, relatives, tree
from screenmm.analysis.molecules import (
    Molecule,
    Origin,
    lineage,
    logp_of,
    molecules,
    names_of,
    origins,
    smiles_of,
    some_of,
)
from screenmm.metrics.generation import Ancestor, BestKnown, Beyond, Generation, Idea
from screenmm.metrics.generation import Left as LeftOut
from screenmm.results.orders import orders_of
from screenmm.rounds.known import GENERATED, How

IDEAS = (*GENERATED, How.NEIGHBOUR)
"""What is judged."""

MOST_FITTED = 5000
"""Ligands of the library that size, logP and net charge are fitted on; chosen by their key."""

SHOWN = 20
"""Generated molecules that are listed."""

DRAWN: Mapping[How | None, Literal["learned", "blind", "both"]] = {
    How.LEARNED: "learned",
    How.BLIND: "blind",
    How.BOTH: "both",
}

VET = "vet"
"""Stage whose fates are those of proposals that were left out."""


@dataclass(frozen=True)
class Judged:
    """Every docked idea with what it came to.

    Attributes
    ----------
    docked : dict of str to Molecule
        All docked molecules.
    outcomes : dict of str to Outcome
        Of the ideas.
    compared : dict of str to int
        Of the ideas: with how many parents their rank was compared.
    best_known : Molecule or None
        What ideas must lie beyond.
    beyond : str or None
        What that is.
    left : Left
        What was taken out of the scores.
    """

    docked: dict[str, Molecule]
    outcomes: dict[str, Outcome]
    compared: dict[str, int]
    best_known: Molecule | None
    beyond: Beyond | None
    left: Left


def generation_of(
    con: duckdb.DuckDBPyConnection,
    receptor: str,
    seed: int = 1,
    spent: Mapping[Arm, Spent] | None = None,
) -> Generation | None:
    """Tell what the generated molecules of a campaign came to.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        As for :func:`screenmm.analysis.metrics.make_metrics`; without the table ``lineage``
        nothing was generated.
    receptor : str
        By whose ranking they are judged.
    seed : int
        Of the run: the draws for intervals derive from it.
    spent : mapping of Arm to Spent, optional
        What each arm cost, as :func:`screenmm.analysis.arm_costs.arm_costs` shares it.

    Returns
    -------
    Generation or None
        None where nothing was proposed.
    """
    rows, left = lineage(con), _left_out(con, receptor)
    if not rows and not left:
        return None
    column = orders_of(con)[receptor].order.column
    docked = molecules(con, receptor, column.name, column.better)
    known = origins(rows, {each.key: each.drawn for each in docked if each.drawn is not None})
    judged = judge_all(docked, known)
    pairs = [(judged.docked[key].drawn, outcome) for key, outcome in judged.outcomes.items()]
    found = [(how, outcome) for how, outcome in pairs if how is not None]
    arms = [rates(arm, found, (spent or {}).get(arm)) for arm in Arm]
    whole, by_round = properties(docked, known)
    ranked = _best_first(judged)
    return Generation(
        receptor=receptor,
        kept=len(known),
        docked=sum(each.drawn in GENERATED for each in docked),
        left=left,
        best_known=_best_known(judged),
        explained=judged.left.explained,
        explained_ligands=judged.left.ligands,
        arms=arms,
        comparisons=[compare(arms[0], other, seed) for other in arms[1:]],
        ideas=_ideas(con, ranked[:SHOWN], judged, known),
        tree=_tree(con, ranked[0].key, judged, known) if ranked else None,
        properties=whole,
        drift=by_round,
    )


def judge_all(docked: Sequence[Molecule], known: Mapping[str, Origin]) -> Judged:
    """Judge every docked idea.

    Parameters
    ----------
    docked : sequence of Molecule
        Of all batches, and what else is ranked.
    known : mapping of str to Origin
        Of the proposals.
    """
    by_key = {each.key: each for each in docked}
    plain = {each.key: _standing(each, None) for each in docked}
    found = best_known_of(
        (
            plain[each.key],
            is_known_active(each.label, each.affinity_kcal_mol),
            is_first_batch(each.drawn, each.round),
        )
        for each in docked
        if each.drawn not in GENERATED
    )
    ideas = {each.key: _parents(each, known) for each in docked if each.drawn in IDEAS}
    wanted = {*ideas, *(key for own in ideas.values() for key in own)}
    left, of_key = _taken_out(docked, wanted | ({found[0].key} if found else set()))
    standing = {key: _standing(each, of_key.get(key)) for key, each in by_key.items()}
    best = standing[found[0].key] if found else None
    parents = {
        key: [standing[each] for each in own if each in standing] for key, own in ideas.items()
    }
    return Judged(
        docked=by_key,
        outcomes={key: judge(standing[key], parents[key], best) for key in ideas},
        compared={key: sum(each.is_comparable for each in own) for key, own in parents.items()},
        best_known=by_key[best.key] if best else None,
        beyond=found[1] if found else None,
        left=left,
    )


def _parents(molecule: Molecule, known: Mapping[str, Origin]) -> list[str]:
    """Parents of a proposal; a neighbour has none."""
    origin = known.get(molecule.key) if molecule.drawn in GENERATED else None
    return list((origin.parents if origin else None) or ())


def _standing(molecule: Molecule, residual: float | None) -> Standing:
    return Standing(
        molecule.key, molecule.rank, molecule.low, molecule.high, molecule.checks_pass, residual
    )


def _taken_out(docked: Sequence[Molecule], wanted: set[str]) -> tuple[Left, dict[str, float]]:
    """Take size, logP and net charge out of the scores of a sample and of what is asked for."""
    scored = [each for each in docked if each.value is not None]
    library = [each for each in scored if each.drawn not in GENERATED]
    sample = {each.key for each in some_of(library, MOST_FITTED)}
    own = [each for each in scored if each.key in sample or each.key in wanted]
    logp = logp_of([each.smiles for each in own])
    table = [
        (each.value, each.heavy_atoms, own_logp, each.formal_charge)
        for each, own_logp in zip(own, logp, strict=True)
    ]
    numbers = np.array(table, dtype=float).reshape(-1, 4)
    of_library = np.array([each.key in sample for each in own], dtype=bool)
    left = residuals(numbers[:, 0], numbers[:, 1:], of_library)
    pairs = zip(own, left.residuals.tolist(), strict=True)
    return left, {each.key: residual for each, residual in pairs if np.isfinite(residual)}


def _left_out(con: duckdb.DuckDBPyConnection, receptor: str) -> list[LeftOut]:
    rows = con.execute(
        "SELECT status, reason, count(*) AS n FROM ledger WHERE receptor = ? AND stage = ? "
        "GROUP BY status, reason ORDER BY n DESC, status, reason",
        [receptor, VET],
    ).fetchall()
    return [LeftOut(status=status, reason=reason, proposals=n) for status, reason, n in rows]


def _best_known(judged: Judged) -> BestKnown | None:
    best = judged.best_known
    if best is None or judged.beyond is None or best.rank is None:
        return None
    return BestKnown(
        inchikey=best.key,
        name=best.name or best.key,
        kind=judged.beyond,
        rank=best.rank,
        rank_low=best.low or best.rank,
        rank_high=best.high or best.rank,
    )


def _best_first(judged: Judged) -> list[Molecule]:
    """Ranked proposals: accepted ones first, then by rank."""
    own = [judged.docked[key] for key in judged.outcomes]
    ranked = [each for each in own if each.drawn in GENERATED and each.rank is not None]
    accepted = Outcome.ACCEPTED
    return sorted(
        ranked, key=lambda each: (judged.outcomes[each.key] is not accepted, each.rank or 0)
    )


def _ideas(
    con: duckdb.DuckDBPyConnection,
    shown: Sequence[Molecule],
    judged: Judged,
    known: Mapping[str, Origin],
) -> list[Idea]:
    names = names_of(con, {key for each in shown for key in (each.key, *_parents(each, known))})
    return [_idea(each, judged, known.get(each.key), names.__getitem__) for each in shown]


def _idea(
    molecule: Molecule, judged: Judged, origin: Origin | None, name: Callable[[str], str]
) -> Idea:
    outcome = judged.outcomes[molecule.key]
    parents = _parents(molecule, {} if origin is None else {molecule.key: origin})
    return Idea(
        inchikey=molecule.key,
        name=name(molecule.key),
        smiles=molecule.smiles,
        round=molecule.round or 0,
        drawn=DRAWN[molecule.drawn],
        proposer=origin.proposer if origin else "",
        operation=origin.operation if origin else "",
        parents=[name(each) for each in parents],
        reaction=(origin.reaction if origin else None) or "",
        blocks=list((origin.blocks if origin else None) or ()),
        route=(origin.route if origin else None) or "",
        sa_score=origin.sa_score if origin else None,
        rank=molecule.rank or 0,
        rank_low=molecule.low,
        rank_high=molecule.high,
        outcome=outcome.value,
        why=_why(outcome, len(parents), judged.compared[molecule.key]),
    )


def _why(outcome: Outcome, parents: int, compared: int) -> str:
    """What is said of an idea; that a parent could not be compared with is part of it."""
    told = WORDS[outcome]
    if outcome in (Outcome.NOT_RANKED, Outcome.NO_INTERVAL) or compared == parents:
        return told
    lacking = parents - compared
    have = "has" if lacking == 1 else "have"
    who = "its parent has" if parents == 1 else f"{lacking} of its {parents} parents {have}"
    return f"{told}; {who} no interval to compare with"


def _tree(
    con: duckdb.DuckDBPyConnection, key: str, judged: Judged, known: Mapping[str, Origin]
) -> Ancestor:
    keys = relatives(key, known)
    family = Family(known, judged.docked, names_of(con, keys), smiles_of(con, keys))
    return tree(key, family)
