"""The ranking: one row per ligand and receptor, best first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import duckdb

from screenmm.core.columns import Column
from screenmm.residues.filters import Filter
from screenmm.results.columns import own_scores, ranking_columns
from screenmm.results.consensus import make_consensus
from screenmm.results.descriptors import make_descriptors
from screenmm.results.inspected import make_inspected
from screenmm.results.intervals import make_intervals
from screenmm.results.known import AFFINITY_KCAL_MOL, LABEL
from screenmm.results.orders import AUTO_BY, FOLLOWED, SCORES, Order, make_orders
from screenmm.results.tables import write_csv
from screenmm.tables.best_pose import best_pose_sql
from screenmm.tables.dictionary import (
    BY_RESIDUE,
    CAME,
    CONSENSUS,
    DG,
    DOCKED,
    INTERVALS,
    MADE,
    MINIMISATION,
    MODELLED,
    RANKED_BY,
    RESIDUE_TERMS,
    SIZE_CORRECTED,
    TERMS,
    TIERED,
    Columns,
    listed,
    names,
    ranking,
)

N_MAIN_RESIDUES = 5
"""Residues named in the ranking: those that add most to the energy, of either sign."""

MEMBERS = f"""
CREATE OR REPLACE TABLE members AS
SELECT inchikey,
    arg_min(name, ordinal) FILTER ("primary") AS name,
    string_agg(nullif(name, ''), '; ' ORDER BY ordinal) FILTER (NOT "primary") AS aliases,
    {LABEL} AS label,
    {AFFINITY_KCAL_MOL} AS affinity_kcal_mol,
    count(*) AS records
FROM membership JOIN sources USING (record)
GROUP BY inchikey
HAVING bool_or("primary")
"""

# A ligand that was chosen for MM/GBSA counts only through a score; the others by docking.
CHOSEN = f"""
CREATE OR REPLACE TEMP VIEW chosen AS
WITH scored AS ({best_pose_sql()}), docked AS (
    SELECT receptor, inchikey,
        min({{
            'dock': CASE WHEN isfinite(dock_score_kcal_mol) THEN dock_score_kcal_mol
                ELSE CAST('infinity' AS DOUBLE) END,
            'state': state, 'pose': pose
        }}) AS chosen
    FROM poses
    ANTI JOIN scored USING (receptor, inchikey)
    ANTI JOIN selected USING (receptor, inchikey)
    GROUP BY receptor, inchikey
)
SELECT receptor, inchikey, chosen.state AS state, chosen.pose AS pose FROM scored
UNION ALL
SELECT receptor, inchikey, chosen.state, chosen.pose FROM docked
"""


def _best(own: Sequence[Column]) -> str:
    """Query of the pose that each ligand is ranked by, with its scores."""
    return f"""
CREATE OR REPLACE TABLE best AS
SELECT receptor, inchikey, state, pose, poses.smiles AS state_smiles,
    poses.engine, {listed((*TIERED, *CAME, *DOCKED, *own, DG, MINIMISATION, *TERMS))}
FROM chosen
LEFT JOIN poses USING (receptor, inchikey, state, pose)
LEFT JOIN scores USING (receptor, inchikey, state, pose)
WHERE inchikey IN (SELECT inchikey FROM members)
"""


# Energy of each residue with the ligand, of the pose that a ligand is ranked by.
_UNNESTED = ", ".join(
    f"unnest({of_all.name}) AS {term.name}"
    for of_all, term in zip(RESIDUE_TERMS, BY_RESIDUE, strict=True)
)
RESIDUE_ENERGIES = f"""
CREATE OR REPLACE TABLE residue_energies AS
SELECT *, {" + ".join(names(BY_RESIDUE))} AS total_kcal_mol
FROM (
    SELECT receptor, inchikey, state, pose,
        unnest(range(1, len(residue) + 1)) AS ordinal,
        unnest(residue) AS residue,
        {_UNNESTED}
    FROM residues SEMI JOIN best USING (receptor, inchikey, state, pose)
)
"""

MAIN_RESIDUES = f"""
CREATE OR REPLACE TABLE main_residues AS
SELECT receptor, inchikey,
    string_agg(printf('%s %.1f', residue, total_kcal_mol), '; ' ORDER BY place) AS main_residues
FROM (
    SELECT *, row_number() OVER (
        PARTITION BY receptor, inchikey ORDER BY abs(total_kcal_mol) DESC, ordinal
    ) AS place
    FROM residue_energies
)
WHERE place <= {N_MAIN_RESIDUES} AND abs(total_kcal_mol) >= 0.05
GROUP BY receptor, inchikey
"""

# Made from the ranking itself, so they come in last.
_LATE = (RANKED_BY, *INTERVALS, *CONSENSUS, SIZE_CORRECTED)


def _ranking(own: Sequence[Column]) -> str:
    """Query of the order by MM/GBSA, then docking."""
    early = [each for each in ranking(own) if each not in _LATE]
    return f"""
CREATE OR REPLACE TABLE ranking AS
SELECT {listed(early)}, receptor_ordinal
FROM (
    SELECT best.*, members.* EXCLUDE (inchikey), ligands.smiles,
        heavy_atoms, molecular_weight, formal_charge, main_residues,
        pose_notes.* EXCLUDE (receptor, inchikey),
        cnn_score * cnn_affinity_pk AS cnn_vs,
        dg_mmgbsa_kcal_mol / nullif(heavy_atoms, 0) AS ligand_efficiency_kcal_mol,
        receptors.ordinal AS receptor_ordinal,
        row_number() OVER (
            PARTITION BY best.receptor
            ORDER BY dg_mmgbsa_kcal_mol NULLS LAST,
                CASE WHEN dg_mmgbsa_kcal_mol IS NULL THEN tier END DESC NULLS LAST,
                CASE WHEN isfinite(dock_score_kcal_mol) AND dg_mmgbsa_kcal_mol IS NULL
                    THEN dock_score_kcal_mol END NULLS LAST,
                best.inchikey
        ) AS rank
    FROM best
    JOIN receptors USING (receptor)
    JOIN members USING (inchikey)
    LEFT JOIN main_residues USING (receptor, inchikey)
    LEFT JOIN pose_notes USING (receptor, inchikey)
    LEFT JOIN ligands USING (inchikey)
    LEFT JOIN parent_descriptors ON parent_descriptors.smiles = ligands.smiles
    LEFT JOIN state_descriptors ON state_descriptors.smiles = best.state_smiles
)
"""


# Ligands without the value keep their order, behind those that have it. Among the others those
# that a later tier docked come first, unless MM/GBSA judged all alike.
_VALUES = " ".join(
    f"WHEN '{each.name}' THEN {each.better} * {each.name}" for each in FOLLOWED.values()
)


# of a molecule that both arms proposed the row of the arm that docked it
ORIGINS = """
CREATE OR REPLACE TABLE origins AS
SELECT inchikey, drawn AS proposed_by, proposer, operation,
    array_to_string(parents, ' ') AS parents, reaction, array_to_string(blocks, '.') AS blocks,
    proposed_in, proposer_seed, sa_score, route
FROM lineage JOIN batches USING (inchikey)
WHERE drawn IN ('learned', 'blind', 'both')
QUALIFY row_number() OVER (PARTITION BY inchikey ORDER BY arm = drawn DESC, arm DESC) = 1
"""


def _made(con: duckdb.DuckDBPyConnection) -> Columns:
    """Make the table of proposed molecules; its columns, or none in a run without any."""
    con.execute(ORIGINS)
    proposed = con.execute("SELECT count(*) FROM lineage").fetchall()[0][0]
    return MADE if proposed else ()


def _modelled(con: duckdb.DuckDBPyConnection) -> Columns:
    """Columns of predicted models, or none in a run without any."""
    models = con.execute("SELECT count(*) FROM models").fetchall()[0][0]
    return MODELLED if models else ()


def _whole_ranking(own: Sequence[Column], made: Columns, modelled: Columns) -> str:
    """Query of the ranking in the order that each receptor follows, with all columns."""
    more = ", origins.* EXCLUDE (inchikey)" if made else ""
    more += ", models.pocket_plddt" if modelled else ""
    return f"""
CREATE OR REPLACE TABLE ranking AS
WITH valued AS (
    SELECT ranking.*, intervals.* EXCLUDE (receptor, inchikey),
        consensus.* EXCLUDE (receptor, inchikey), orders.* EXCLUDE (receptor){more},
        CASE score {_VALUES} END AS given,
        CASE WHEN isfinite(given) THEN given END AS value
    FROM ranking
    JOIN orders USING (receptor)
    LEFT JOIN intervals USING (receptor, inchikey)
    LEFT JOIN consensus USING (receptor, inchikey)
    LEFT JOIN origins USING (inchikey)
    LEFT JOIN models USING (receptor)
)
SELECT {listed(ranking(own, made, modelled))}, receptor_ordinal
FROM (
    SELECT * REPLACE (
        row_number() OVER (
            PARTITION BY receptor
            ORDER BY value IS NULL, CASE WHEN by_tier THEN tier END DESC, value DESC, rank
        ) AS rank
    ),
    CASE WHEN value IS NOT NULL THEN words
        WHEN dg_mmgbsa_kcal_mol IS NOT NULL THEN 'MM/GBSA' ELSE 'docking' END
        || CASE WHEN (SELECT count(*) FROM tiers) > 1
            THEN format(' (pose of tier {{}}, {{}})', tier, effort) ELSE '' END AS ranked_by
    FROM valued
)
ORDER BY receptor_ordinal, rank
"""


def make_ranking(
    con: duckdb.DuckDBPyConnection,
    by: str = AUTO_BY,
    must: Sequence[Filter] = (),
    must_not: Sequence[Filter] = (),
    *,
    consensus: Sequence[str] | None = None,
    must_pass_checks: bool = False,
    preparation_sd_kcal_mol: float = 0.0,
) -> None:
    """Make the table ``ranking``.

    A ligand's pose is the one of lowest MM/GBSA energy; ligands that were not selected for
    MM/GBSA are ranked behind by their best docking score, those that a later tier docked before
    the others. Ties end with the InChIKey, so the
    order is total. A selected ligand of which no pose could be scored is not ranked. Another
    order puts the ligands that have its value first; there are no rank intervals where it does
    without MM/GBSA. Which one it is may differ by receptor, and the table ``orders`` says it.

    Ligands whose pose the filters rule out are not ranked; ``rejected`` says why.

    Beside it come ``orders``, ``residue_energies``, ``checks``, ``interactions``, ``intervals``
    and ``consensus``.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        From :func:`screenmm.results.parts.open_parts`.
    by : str
        As ``ranking.by``.
    must, must_not : sequence of Filter
        Interactions that a ranked pose must have, all of them, and those that it must not have.
    consensus : sequence of str, optional
        As ``ranking.consensus``.
    must_pass_checks : bool
        Whether a ligand is left out whose pose failed a check.
    preparation_sd_kcal_mol : float
        Standard deviation of a score between preparations of one structure.
    """
    own = own_scores(con, "poses")
    con.execute(MEMBERS)
    con.execute(CHOSEN)
    con.execute(_best(own))
    make_inspected(con, must, must_not, must_pass_checks=must_pass_checks)
    make_descriptors(con)
    con.execute(RESIDUE_ENERGIES)
    con.execute(MAIN_RESIDUES)
    con.execute(_ranking(own))
    followed = make_orders(con, by, consensus)
    orders = {receptor: made.order for receptor, made in followed.items()}
    make_intervals(con, preparation_sd_kcal_mol, orders)
    make_consensus(con, _joined(orders, consensus))
    con.execute(_whole_ranking(own, _made(con), _modelled(con)))


def _joined(
    orders: Mapping[str, Order], consensus: Sequence[str] | None
) -> dict[str, tuple[Column, ...]]:
    """Scores that each receptor's consensus joins: those of the order that it follows."""
    return {
        receptor: tuple(SCORES[each] for each in order.joins or consensus or SCORES)
        for receptor, order in orders.items()
    }


def write_ranking(con: duckdb.DuckDBPyConnection, path: Path) -> None:
    """Write ``ranking.csv``: receptors in config order, best first."""
    write_csv(con, path, "ranking", ranking_columns(con), "receptor_ordinal, rank")
