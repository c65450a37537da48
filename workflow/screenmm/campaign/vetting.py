"""The proposals of a round as records: standardised, checked, and each accounted for."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from rdkit import Chem

from screenmm.campaign.known import docked, rows_of
from screenmm.campaign.proposals import read_proposals
from screenmm.campaign.proposed import features_of_docked
from screenmm.config.settings import Generate, Ligands, Rounds
from screenmm.core.errors import Reason
from screenmm.files.whole import replace_whole
from screenmm.generation.accessibility import sa_score
from screenmm.generation.applicability import applicability
from screenmm.generation.arms import Arm
from screenmm.generation.plausibility import Limits as PlausibilityLimits
from screenmm.generation.routes import Router, Step
from screenmm.generation.vetting import (
    Check,
    Limits,
    Vetted,
    has_route,
    is_plausible,
    keeps_core,
    vet,
)
from screenmm.library.merge import LIGANDS, MEMBERSHIP
from screenmm.library.split import SOURCES
from screenmm.rounds.features import Features, features_of, write_features
from screenmm.run.layout import Layout
from screenmm.run.ledger import Event, Status, write_events
from screenmm.run.shards import write_table
from screenmm.tables import dictionary
from screenmm.tables.schema import schema

log = logging.getLogger(__name__)

STAGE = "vet"
LINEAGE = schema(dictionary.LINEAGE)

OUR_CHOICE = frozenset(
    {
        Reason.PROPERTY_FILTER,
        Reason.ALERT_FILTER,
        Reason.SEEN_BEFORE,
        Reason.CORE_LOST,
        Reason.IMPLAUSIBLE_RING,
        Reason.IMPLAUSIBLE_BOND,
        Reason.HARD_TO_MAKE,
        Reason.NO_ROUTE,
        Reason.OUTSIDE_APPLICABILITY,
    }
)
"""Reasons for which a valid molecule is left out."""


@dataclass(frozen=True)
class Out:
    """Files that vetting a round writes (.parquet).

    Attributes
    ----------
    sources, membership, events : Path
        Every proposal as a record, the ligands among them, and what became of the others.
    ligands, features, lineage : Path
        Those that may be docked, their substructures, and where they came from.
    """

    sources: Path
    membership: Path
    events: Path
    ligands: Path
    features: Path
    lineage: Path


@dataclass(frozen=True)
class Record:
    """A proposal with its place in the round.

    Attributes
    ----------
    number : int
        Of the round.
    proposer : str
    place : int
        Among what the proposer wrote in the round, from 1.
    row : dict
        Of the proposals' table.
    vetted : Vetted
    """

    number: int
    proposer: str
    place: int
    row: Mapping[str, Any]
    vetted: Vetted

    @property
    def name(self) -> str:
        """Its name, and its record: the same wherever it is read."""
        return f"{self.proposer}-{self.number}-{self.place}"


@dataclass
class Round:
    """What is known when the proposals of a round are looked at.

    Attributes
    ----------
    number : int
        Of the round.
    seen : set of str
        InChIKeys of the library, and of proposals of earlier rounds.
    docked : Features
        Of what earlier rounds docked and judged.
    limits : Limits
    least_similarity : float
    router : Router or None
        None where no route is looked for.
    """

    number: int
    seen: set[str]
    docked: Features
    limits: Limits
    least_similarity: float
    router: Router | None
    _lineage: dict[str, dict[str, Any]] = field(default_factory=dict)

    def vet(self, proposed: Mapping[str, Path]) -> list[Record]:
        """Check the proposals of each arm, by proposers in the order of their names."""
        rows = [
            (name, place, row, proposal)
            for name, path in sorted(proposed.items())
            for place, (row, proposal) in enumerate(read_proposals(path), 1)
        ]
        records = []
        for arm in Arm:
            own = [each for each in rows if each[2]["arm"] == arm]
            vetted = vet([proposal for *_, proposal in own], self.seen, self.limits)
            records += [
                Record(self.number, name, place, row, each)
                for (name, place, row, _), each in zip(own, vetted, strict=True)
            ]
        return self._within_reach(records)

    def _within_reach(self, records: Sequence[Record]) -> list[Record]:
        """Leave out what is too far from all that was judged."""
        # of several tautomers the first is docked
        pairs: dict[str, str] = {}
        for each in records:
            if each.vetted.kept:
                pairs.setdefault(each.vetted.key, each.vetted.smiles)
        own = features_of(pairs.items())
        similarity, nearest = applicability(own.counts, self.docked.counts)
        told = zip(own.keys, similarity.tolist(), nearest.tolist(), strict=True)
        self._lineage = {
            key: {
                "similarity": value,
                "nearest": str(self.docked.keys[row]) if row >= 0 else "",
                **self._making(pairs[key]),
            }
            for key, value, row in told
        }
        return [self._if_near(each) for each in records]

    def _making(self, smiles: str) -> dict[str, Any]:
        """How hard it is to make a molecule, and how it may be made."""
        steps = self.router.route(smiles) if self.router else None
        return {"sa_score": sa_score(Chem.MolFromSmiles(smiles)), "route": in_words(steps)}

    def _if_near(self, record: Record) -> Record:
        found = self._lineage.get(record.vetted.key)
        if not record.vetted.kept or found is None or found["similarity"] >= self.least_similarity:
            return record
        message = (
            f"its similarity to what was docked, {found['similarity']:.2f}, is below "
            f"{self.least_similarity:g} (generate.min_similarity)"
        )
        far = replace(record.vetted, reason=Reason.OUTSIDE_APPLICABILITY, message=message)
        return replace(record, vetted=far)

    def lineage(self, record: Record) -> dict[str, Any]:
        """Row of :data:`LINEAGE` of a proposal that may be docked."""
        row = {name: record.row[name] for name in ("arm", "operation", "parents", "reaction")}
        return {
            "inchikey": record.vetted.key,
            "record": record.name,
            "proposer": record.proposer,
            "blocks": record.row["blocks"],
            "proposed_in": self.number,
            "proposer_seed": record.row["proposer_seed"],
            **row,
            **self._lineage[record.vetted.key],
        }


def in_words(steps: Sequence[Step] | None) -> str:
    """Give a route as text: each reaction with its reactants and product; empty without one."""
    if steps is None:
        return ""
    if not steps:
        return "a building block"
    return "; ".join(
        f"{each.reaction}: {' + '.join(each.reactants)} → {each.product}" for each in steps
    )


def limits_of(generate: Generate, ligands: Ligands, router: Router | None) -> Limits:
    """What a proposal of a config must be, cheapest check first."""
    checks: list[Check] = []
    if generate.core is not None:
        checks.append(keeps_core(generate.core))
    parts = generate.known_parts
    checks.append(
        is_plausible(
            PlausibilityLimits(
                rings_known=parts, bonds_known=parts, most_sa_score=generate.max_sa_score
            )
        )
    )
    if router is not None and generate.route == "require":
        checks.append(has_route(router))
    return Limits(ligands, tuple(checks))


def round_of(
    files: Layout,
    rounds: Rounds,
    generate: Generate,
    ligands: Ligands,
    number: int,
    router: Router | None,
) -> Round:
    """Gather what a round's proposals are compared with.

    Parameters
    ----------
    files : Layout
        Of the run, up to the round before.
    rounds, generate, ligands
        The config's sections.
    number : int
        Of the round.
    router : Router or None
        Searches routes; None where none is looked for.
    """
    judged = [
        each
        for each in docked(files, str(rounds.receptor), rounds.objective)
        if each.value is not None
    ]
    earlier = rows_of(files.vetted("lineage"))
    return Round(
        number=number,
        seen={*_keys(files.ligands()), *(row["inchikey"] for row in earlier)},
        docked=features_of_docked(files, {each.key for each in judged}),
        limits=limits_of(generate, ligands, router),
        least_similarity=generate.min_similarity,
        router=router,
    )


def _keys(shards: Sequence[Path]) -> Iterator[str]:
    for path in shards:
        yield from pq.read_table(path, columns=["inchikey"])["inchikey"].to_pylist()


def write_round(found: Round, records: Sequence[Record], out: Out) -> None:
    """Write what became of the proposals of a round.

    Parameters
    ----------
    found : Round
        That vetted them.
    records : sequence of Record
    out : Out
    """
    in_order = sorted(records, key=lambda each: (each.proposer, each.place))
    _write(out.sources, [_source(each) for each in in_order], SOURCES)
    kept = [each for each in records if each.vetted.kept]
    first: dict[str, Record] = {}
    for each in kept:
        first.setdefault(each.vetted.key, each)
    members = [each for each in in_order if each.vetted.key in first and _is_member(each)]
    _write(
        out.membership,
        [
            {
                "record": each.name,
                "inchikey": each.vetted.key,
                "primary": each is first[each.vetted.key],
            }
            for each in members
        ],
        MEMBERSHIP,
    )
    write_events(out.events, (event for each in in_order for event in _events(each, first)))
    ligands = [
        {"inchikey": key, "smiles": first[key].vetted.smiles, "poses": []} for key in sorted(first)
    ]
    _write(out.ligands, ligands, LIGANDS)
    write_features(out.features, ((key, first[key].vetted.smiles) for key in sorted(first)))
    lineage = sorted(
        (found.lineage(each) for each in kept), key=lambda row: (row["inchikey"], row["arm"])
    )
    _write(out.lineage, lineage, LINEAGE)
    log.info("%d of %d proposals may be docked", len(first), len(records))


def _is_member(record: Record) -> bool:
    return record.vetted.reason in (None, Reason.DUPLICATE_STRUCTURE)


def _source(record: Record) -> dict[str, Any]:
    return {
        "record": record.name,
        "file": f"round {record.number}: {record.proposer}",
        "position": record.place,
        "name": record.name,
        "label": None,
        "affinity_kcal_mol": None,
    }


def _events(record: Record, first: Mapping[str, Record]) -> Iterator[Event]:
    """Why a proposal is not the one that is docked."""
    vetted = record.vetted
    other = first.get(vetted.key)
    if _is_member(record) and other is not None:
        if other is not record:
            yield Event(
                STAGE,
                Status.DUPLICATE,
                record=record.name,
                reason=Reason.DUPLICATE_STRUCTURE,
                message=f"the same molecule as {other.name}",
            )
        return
    assert vetted.reason is not None
    ours = vetted.reason in OUR_CHOICE or vetted.reason is Reason.DUPLICATE_STRUCTURE
    status = Status.FILTERED if ours else Status.FAILED
    yield Event(
        STAGE,
        status,
        record=record.name,
        inchikey=vetted.key,
        reason=vetted.reason,
        message=vetted.message,
    )


def _write(path: Path, rows: Sequence[Mapping[str, Any]], columns: pa.Schema) -> None:
    with replace_whole(path) as partial:
        write_table(partial, pa.Table.from_pylist([dict(row) for row in rows], columns))
