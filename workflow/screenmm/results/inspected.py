"""Pose checks and interactions of the ranked poses, and the ligands that they rule out."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb

from screenmm.config.settings import Ranking
from screenmm.core.errors import Reason
from screenmm.residues.filters import Filter
from screenmm.results.parts import quoted
from screenmm.tables.dictionary import CNN_MINIMISED, listed

UNNAMED = "van der Waals"
"""Contacts that the ranking's text leaves out: every pose has a dozen of them."""

# Rows of the pose that a ligand is ranked by: a table may hold those of an earlier run's pose.
OF_BEST = "inspected SEMI JOIN best USING (receptor, inchikey, state, pose)"

CHECKS = f"""
CREATE OR REPLACE TABLE checks AS
SELECT receptor, inchikey, state, pose,
    unnest(range(1, len(check_name) + 1)) AS ordinal,
    unnest(check_name) AS check_name,
    unnest(passed) AS passed
FROM {OF_BEST}
"""

INTERACTIONS = f"""
CREATE OR REPLACE TABLE interactions AS
WITH found AS (
    SELECT receptor, inchikey, state, pose,
        unnest(range(1, len(residue) + 1)) AS ordinal,
        unnest(residue) AS residue,
        unnest(kind) AS kind,
        unnest(distance_angstrom) AS distance_angstrom,
        unnest(ligand_atoms) AS ligand_atoms
    FROM {OF_BEST}
)
SELECT found.*, plddt, doubtful
FROM found LEFT JOIN confidence USING (receptor, residue)
ORDER BY receptor, inchikey, state, pose, ordinal
"""

NOTES = f"""
CREATE OR REPLACE TEMP TABLE pose_notes AS
WITH of_checks AS (
    SELECT receptor, inchikey,
        count(*) FILTER (passed) AS pose_checks_passed,
        coalesce(string_agg(check_name, ';' ORDER BY ordinal) FILTER (NOT passed), '')
            AS pose_checks_failed
    FROM checks GROUP BY receptor, inchikey
), of_interactions AS (
    SELECT receptor, inchikey,
        string_agg(
            kind || ' ' || residue || CASE WHEN doubtful THEN printf(' (pLDDT %.0f)', plddt)
                ELSE '' END,
            '; ' ORDER BY place
        ) AS interactions
    FROM (
        SELECT receptor, inchikey, kind, residue, plddt, doubtful, min(ordinal) AS place
        FROM interactions WHERE kind <> {quoted(UNNAMED)}
        GROUP BY receptor, inchikey, kind, residue, plddt, doubtful
    )
    GROUP BY receptor, inchikey
)
SELECT receptor, inchikey, pose_checks_passed, pose_checks_failed,
    {listed(CNN_MINIMISED)},
    -- none, or not known
    CASE WHEN residue IS NOT NULL THEN coalesce(interactions, '') END AS interactions
FROM {OF_BEST}
LEFT JOIN of_checks USING (receptor, inchikey)
LEFT JOIN of_interactions USING (receptor, inchikey)
"""

REJECTED = """
CREATE OR REPLACE TABLE rejected (
    receptor VARCHAR, inchikey VARCHAR, reason VARCHAR, message VARCHAR
)
"""

# What a filter needs to know of a pose, and the failure of the other half of the inspection.
_OF_CHECKS = ("checks", "pose_checks_failed", Reason.INTERACTIONS_UNKNOWN)
_OF_INTERACTIONS = ("interactions", "interactions", Reason.POSE_CHECKS_UNKNOWN)


def _not_inspected(what: str, column: str, other: Reason) -> str:
    """Query that rejects the ligands of which ``column`` is not known."""
    asked = "" if what == "checks" else "SEMI JOIN filters USING (receptor)"
    return f"""
INSERT INTO rejected
SELECT best.receptor, best.inchikey, {quoted(Reason.NOT_INSPECTED)},
    CASE WHEN dg_mmgbsa_kcal_mol IS NULL
        THEN 'ranking filters on poses, and this ligand was not scored: raise scoring.top'
        WHEN pose_checks_failed IS NULL AND interactions IS NULL
        THEN format('ranking filters on poses, and {{}}_p{{}} could not be inspected: {{}}',
            best.state, best.pose, coalesce(failure, 'no reason is on record'))
        ELSE format('ranking filters on {what}, and those of {{}}_p{{}} are unknown: {{}}',
            best.state, best.pose, coalesce(failure, 'no reason is on record'))
    END
FROM best {asked}
LEFT JOIN pose_notes USING (receptor, inchikey)
LEFT JOIN (
    SELECT receptor, inchikey, min(message) AS failure FROM events
    WHERE stage = 'inspect' AND status = 'failed'
        AND reason NOT IN ({quoted(other)}, {quoted(Reason.CNN_UNKNOWN)})
    GROUP BY receptor, inchikey
) USING (receptor, inchikey)
ANTI JOIN rejected USING (receptor, inchikey)
WHERE {column} IS NULL
"""


# Of each filter and ranked pose: whether the pose has an interaction that answers it.
ANSWERED = """
CREATE OR REPLACE TEMP TABLE answered AS
SELECT DISTINCT receptor, inchikey, number
FROM interactions JOIN asked USING (receptor, residue, kind)
"""


def _ruled_out(reason: Reason, words: str, asked: str, join: str) -> str:
    """Query that rejects poses by the interactions asked for that they lack, or have."""
    return f"""
INSERT INTO rejected
SELECT receptor, inchikey, {quoted(reason)},
    format('the pose {{}}_p{{}} {words} {{}}', any_value(state), any_value(pose),
        string_agg(text, ', ' ORDER BY number))
FROM best
JOIN (SELECT receptor, number, text FROM filters WHERE {asked}) USING (receptor)
{join} JOIN answered USING (receptor, inchikey, number)
ANTI JOIN rejected USING (receptor, inchikey)
GROUP BY receptor, inchikey
"""


MISSING = _ruled_out(Reason.INTERACTION_MISSING, "lacks", "must", "ANTI")
FORBIDDEN = _ruled_out(Reason.INTERACTION_FORBIDDEN, "has", "NOT must", "SEMI")

FAILED = f"""
INSERT INTO rejected
SELECT receptor, inchikey, {quoted(Reason.POSE_CHECK_FAILED)},
    format('the pose {{}}_p{{}} failed {{}}', state, pose,
        replace(pose_checks_failed, ';', ', '))
FROM best
JOIN pose_notes USING (receptor, inchikey)
ANTI JOIN rejected USING (receptor, inchikey)
WHERE pose_checks_failed <> ''
"""


def filters_of(settings: Ranking) -> tuple[list[Filter], list[Filter]]:
    """Filters of the config: interactions that a pose must have, and those that it must not."""
    return settings.interactions.filters


def make_inspected(
    con: duckdb.DuckDBPyConnection,
    must: Sequence[Filter] = (),
    must_not: Sequence[Filter] = (),
    *,
    must_pass_checks: bool = False,
) -> None:
    """Make ``checks``, ``interactions`` and ``rejected``; take rejected ligands from ``best``.

    Without filters nothing is rejected. With any, a ligand of which they cannot tell is: its pose
    was not inspected, or that half of the inspection failed which they ask for.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        From :func:`screenmm.results.parts.open_parts`, with ``best`` made.
    must, must_not : sequence of Filter
        Interactions that a pose must have, all of them, and those that it must not have; in the
        receptors that they are for.
    must_pass_checks : bool
        Whether a ligand is rejected whose pose failed a check.
    """
    for query in (CHECKS, INTERACTIONS, NOTES, REJECTED):
        con.execute(query)
    if not (must or must_not or must_pass_checks):
        return
    _ask(con, [*((each, True) for each in must), *((each, False) for each in must_not)])
    for query in (_not_inspected(*_OF_INTERACTIONS), ANSWERED, MISSING, FORBIDDEN):
        con.execute(query)
    if must_pass_checks:
        con.execute(_not_inspected(*_OF_CHECKS))
        con.execute(FAILED)
    con.execute(
        "DELETE FROM best WHERE (receptor, inchikey) IN (SELECT (receptor, inchikey) FROM rejected)"
    )


def _ask(con: duckdb.DuckDBPyConnection, filters: Sequence[tuple[Filter, bool]]) -> None:
    """Make ``filters``, and ``asked``: the residues and kinds that answer each, by receptor."""
    con.execute(
        "CREATE OR REPLACE TEMP TABLE filters "
        "(receptor VARCHAR, number INTEGER, text VARCHAR, must BOOLEAN)"
    )
    con.execute(
        "CREATE OR REPLACE TEMP TABLE asked "
        "(receptor VARCHAR, number INTEGER, residue VARCHAR, kind VARCHAR)"
    )
    receptors = con.execute("SELECT DISTINCT receptor FROM best ORDER BY receptor").fetchall()
    found = con.execute(
        "SELECT DISTINCT receptor, residue FROM interactions ORDER BY receptor, residue"
    ).fetchall()
    for number, (each, must) in enumerate(filters):
        rows = [
            (receptor, number, each.text.strip(), must)
            for (receptor,) in receptors
            if each.is_for(receptor)
        ]
        pairs = [
            (receptor, number, residue, kind)
            for receptor, residue in found
            if each.is_for(receptor) and each.is_about(residue)
            for kind in each.kinds
        ]
        if rows:
            con.executemany("INSERT INTO filters VALUES (?, ?, ?, ?)", rows)
        if pairs:
            con.executemany("INSERT INTO asked VALUES (?, ?, ?, ?)", pairs)
