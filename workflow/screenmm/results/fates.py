"""One fate per record and receptor, and the check that none is lost."""

from __future__ import annotations

from pathlib import Path

import duckdb

from screenmm.core.errors import LedgerError
from screenmm.results.parts import quoted
from screenmm.results.tables import write_csv
from screenmm.run.stages import versions
from screenmm.tables.dictionary import LEDGER

STATUSES = ("ranked", "filtered", "duplicate", "failed", "predicted")

# "Last event" means last in the order in which a run does things.
STAGES = tuple(versions())

_STAGE_ORDER = f"coalesce(list_position([{', '.join(map(quoted, STAGES))}], stage), {len(STAGES)})"
_LAST = (
    f"max({{'place': {_STAGE_ORDER}, 'row': row, 'stage': stage, 'status': status, "
    "'reason': reason, 'message': message, 'key': inchikey})"
)
_BAD = "status IN ('failed', 'filtered')"
_WHOLE = "state = '' AND pose = ''"

# What happened to a record before ligands were merged, and why a record is a duplicate.
RECORD_FATES = f"""
CREATE OR REPLACE TEMP TABLE record_fates AS
SELECT record,
    {_LAST} FILTER ({_BAD}) AS bad,
    {_LAST} FILTER (status = 'duplicate') AS twin
FROM events
WHERE record <> '' AND {_WHOLE} AND status <> 'ok'
GROUP BY record
"""

LIGAND_FATES = f"""
CREATE OR REPLACE TEMP TABLE ligand_fates AS
SELECT inchikey, receptors.receptor, {_LAST} AS bad
FROM events JOIN receptors ON events.receptor IN ('', receptors.receptor)
WHERE record = '' AND inchikey <> '' AND {_WHOLE} AND {_BAD}
GROUP BY inchikey, receptors.receptor
"""

# Only states or poses failed: name the last stage, its commonest reason, and all counts.
NARROW_FATES = f"""
CREATE OR REPLACE TEMP TABLE narrow_fates AS
WITH counted AS (
    SELECT inchikey, receptors.receptor, stage, reason, {_STAGE_ORDER} AS place,
        count(*) AS n, min(message) AS example
    FROM events JOIN receptors ON events.receptor IN ('', receptors.receptor)
    WHERE record = '' AND inchikey <> '' AND NOT ({_WHOLE}) AND {_BAD}
    GROUP BY inchikey, receptors.receptor, stage, reason
)
SELECT inchikey, receptor,
    min({{
        'place': -place, 'n': -n, 'reason': reason, 'stage': stage, 'example': example
    }}) AS main,
    string_agg(format('{{}} × {{}} in {{}}', n, reason, stage), ', '
        ORDER BY place, n DESC, reason) AS counts
FROM counted
GROUP BY inchikey, receptor
"""

# What a stage says of a record or ligand that goes on: an isomer that has no state, for example.
NOTES = """
CREATE OR REPLACE TEMP TABLE notes AS
SELECT record, inchikey, receptors.receptor, string_agg(message, '; ' ORDER BY row) AS note
FROM events JOIN receptors ON events.receptor IN ('', receptors.receptor)
WHERE status = 'ok' AND message <> ''
GROUP BY record, inchikey, receptors.receptor
"""

FATES = """
CREATE OR REPLACE TABLE ledger AS
WITH fates AS (
    SELECT sources.*, receptors.receptor, receptors.ordinal AS receptor_ordinal,
        coalesce(membership.inchikey, record_fates.bad.key, '') AS inchikey,
        membership."primary" AS is_primary,
        record_fates.bad, twin, ligand_fates.bad AS ligand_bad, main, counts,
        ranking.rank, ranking.ranked_by, of_record.note AS record_note,
        of_ligand.note AS ligand_note,
        rejected.reason AS rejected_for, rejected.message AS rejected_message,
        predictions.inchikey IS NOT NULL AS is_predicted, predicted_kcal_mol,
        predicted_low_kcal_mol, predicted_high_kcal_mol
    FROM sources CROSS JOIN receptors
    LEFT JOIN membership USING (record)
    LEFT JOIN record_fates USING (record)
    LEFT JOIN notes AS of_record ON of_record.record = sources.record
        AND of_record.receptor = receptors.receptor
    LEFT JOIN notes AS of_ligand ON membership."primary" AND of_ligand.record = ''
        AND of_ligand.inchikey = membership.inchikey
        AND of_ligand.receptor = receptors.receptor
    LEFT JOIN ranking ON membership."primary"
        AND ranking.inchikey = membership.inchikey AND ranking.receptor = receptors.receptor
    LEFT JOIN rejected ON membership."primary"
        AND rejected.inchikey = membership.inchikey AND rejected.receptor = receptors.receptor
    LEFT JOIN ligand_fates ON membership."primary"
        AND ligand_fates.inchikey = membership.inchikey
        AND ligand_fates.receptor = receptors.receptor
    LEFT JOIN narrow_fates ON membership."primary"
        AND narrow_fates.inchikey = membership.inchikey
        AND narrow_fates.receptor = receptors.receptor
    LEFT JOIN predictions ON membership."primary"
        AND predictions.inchikey = membership.inchikey
        AND predictions.receptor = receptors.receptor
), decided AS (
    SELECT *, CASE
        WHEN bad IS NOT NULL THEN {
            'stage': bad.stage, 'status': bad.status, 'reason': bad.reason,
            'message': bad.message}
        WHEN NOT is_primary THEN {
            'stage': coalesce(twin.stage, 'merge'), 'status': 'duplicate',
            'reason': coalesce(nullif(twin.reason, ''), 'duplicate_structure'),
            'message': coalesce(twin.message, '')}
        WHEN rank IS NOT NULL THEN {
            'stage': 'rank', 'status': 'ranked', 'reason': '',
            'message': format('rank {} by {}', rank, ranked_by)}
        WHEN rejected_for IS NOT NULL THEN {
            'stage': 'rank', 'status': 'filtered', 'reason': rejected_for,
            'message': rejected_message}
        WHEN ligand_bad IS NOT NULL THEN {
            'stage': ligand_bad.stage, 'status': ligand_bad.status,
            'reason': ligand_bad.reason, 'message': ligand_bad.message}
        WHEN main IS NOT NULL THEN {
            'stage': main.stage, 'status': 'failed', 'reason': main.reason,
            'message': format('no state or pose succeeded: {}; for example: {}',
                counts, main.example)}
        WHEN is_predicted THEN {
            'stage': 'conclude', 'status': 'predicted', 'reason': 'not_docked',
            'message': CASE WHEN predicted_kcal_mol IS NULL
                THEN 'no round docked it, and no model could be learned'
                ELSE format('no round docked it; predicted {:.1f} ({:.1f} to {:.1f}) kcal/mol',
                    predicted_kcal_mol, predicted_low_kcal_mol, predicted_high_kcal_mol) END}
        END AS fate
    FROM fates
)
SELECT record, file, position, name, inchikey, receptor,
    fate.stage AS stage, fate.status AS status, fate.reason AS reason,
    concat_ws('; ', nullif(fate.message, ''), record_note, ligand_note) AS message,
    receptor_ordinal, ordinal
FROM decided
ORDER BY receptor_ordinal, ordinal
"""


def make_ledger(con: duckdb.DuckDBPyConnection) -> None:
    """Make the table ``ledger``: one fate per record and receptor.

    What happened to a record before the merge counts for every receptor. A record that is not
    its ligand's primary one is a duplicate. A primary record shares its ligand's fate: ranked,
    else ruled out by what was found of its pose, else the last failure or exclusion of the
    ligand, else a summary of its states' and poses' failures, else, in rounds, that it was only
    predicted. A failed inspection alone leaves a
    ligand ranked. Notes (events ``ok`` with a message) follow the message of the fate.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        From :func:`screenmm.results.parts.open_parts`, after
        :func:`screenmm.results.ranking.make_ranking`.
    """
    for query in (RECORD_FATES, LIGAND_FATES, NARROW_FATES, NOTES, FATES):
        con.execute(query)


def _without_fate(con: duckdb.DuckDBPyConnection, receptor: str) -> list[str]:
    """Up to five records that have no single valid fate with a receptor."""
    rows = con.execute(
        """
        SELECT sources.record FROM sources
        LEFT JOIN ledger ON ledger.record = sources.record AND receptor = ?
        GROUP BY sources.record
        HAVING count(*) <> 1 OR count(*) FILTER (list_contains(?, status)) <> 1
        ORDER BY min(sources.ordinal) LIMIT 5
        """,
        [receptor, list(STATUSES)],
    ).fetchall()
    return [row[0] for row in rows]


def check_invariant(con: duckdb.DuckDBPyConnection) -> None:
    """Check that every record of the library has exactly one fate, for every receptor.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``sources``, ``receptors``, ``ranking`` and ``ledger``.

    Raises
    ------
    LedgerError
        Names the counts and up to five records without exactly one fate.
    """
    records = con.execute("SELECT count(*) FROM sources").fetchall()[0][0]
    receptors = con.execute("SELECT receptor FROM receptors ORDER BY ordinal").fetchall()
    for (receptor,) in receptors:
        found = con.execute(
            "SELECT status, count(*) FROM ledger WHERE receptor = ? GROUP BY status", [receptor]
        )
        counts = dict(found.fetchall())
        shown = " + ".join(
            f"{counts.get(status, 0)} {status}"
            for status in STATUSES
            if status != "predicted" or status in counts
        )
        lost = _without_fate(con, receptor)
        if lost or records != sum(counts.get(status, 0) for status in STATUSES):
            raise LedgerError(
                f"receptor {receptor}: {records} records in, but {shown}; "
                f"without exactly one fate: {', '.join(lost) or 'none'}"
            )
        ranked = con.execute("SELECT count(*) FROM ranking WHERE receptor = ?", [receptor])
        rows = ranked.fetchall()[0][0]
        if rows != counts.get("ranked", 0):
            raise LedgerError(f"receptor {receptor}: {rows} rows in the ranking, but {shown}")


def write_ledger(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write ``ledger.csv``: receptors in config order, then library order."""
    write_csv(con, path, "ledger", LEDGER, "receptor_ordinal, ordinal")
