"""Every column of a screen's tables: its type, its unit, its words.

From here come the Parquet schemas of the stages, the views of DuckDB, ``ranking.csv`` and its
kin, the hit table of the page, the words of the verdict, and ``docs/columns.md``. A new column of
a stage is written down here, once, and filled by the stage.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from screenmm.config.engines import engines
from screenmm.core.columns import Column

Columns = tuple[Column, ...]

KCAL = "kcal/mol"
ENERGY_DECIMALS = 4
OTHER_DECIMALS = 6


def names(columns: Iterable[Column]) -> list[str]:
    """Names of columns."""
    return [each.name for each in columns]


def listed(columns: Iterable[Column]) -> str:
    """Names of columns, as SQL lists them."""
    return ", ".join(names(columns))


def signs(columns: Iterable[Column]) -> dict[str, int]:
    """Name of each score to the sign that makes larger better."""
    return {each.name: each.better for each in columns}


def _energy(name: str, words: str, hint: str, better: int = 0) -> Column:
    return Column(name, "DOUBLE", KCAL, ENERGY_DECIMALS, words, hint, better)


def _number(name: str, words: str, hint: str, better: int = 0, unit: str = "") -> Column:
    return Column(name, "DOUBLE", unit, OTHER_DECIMALS, words, hint, better)


def _integer(name: str, hint: str, words: str = "", better: int = 0, unit: str = "") -> Column:
    return Column(name, "INTEGER", unit, None, words, hint, better)


def _text(name: str, hint: str) -> Column:
    return Column(name, hint=hint)


# --- whose row it is

RECORD = _text("record", "Record of the library, by the hash of its structure")
INCHIKEY = _text("inchikey", "Ligand; a fourth block tells stereo groups apart")
STATE = _text("state", "State of the ligand: a stereoisomer, tautomer and protomer")
POSE = _integer("pose", "Pose of the state, from 1 in the engine's order")
RECEPTOR = _text("receptor", "Name of the receptor")

ENGINE = _text("engine", "Docking engine")
TIER = _integer("tier", "Tier of docking that the pose is of, from 1", "Tier")
EFFORT = _text("effort", "Effort of that tier; a key that overrules it stands in its place")

TIERED: Columns = (TIER, EFFORT)
"""How a pose was docked, as its place among the files and the config say."""

POSE_KEY: Columns = (INCHIKEY, STATE, POSE)

# --- scores

RANK = _integer("rank", "Place among the receptor's ligands", "Final rank", -1)
DG = _energy("dg_mmgbsa_kcal_mol", "MM/GBSA ΔG", "MM/GBSA energy", -1)
VDW = _energy("vdw_kcal_mol", "van der Waals", "Van der Waals term of ΔG")
COULOMB = _energy("coulomb_kcal_mol", "Coulomb", "Coulomb term of ΔG")
GB = _energy("gb_kcal_mol", "GB solvation", "Polar solvation term of ΔG")
SA = _energy("sa_kcal_mol", "surface", "Nonpolar solvation term of ΔG")
STRAIN = _energy("strain_kcal_mol", "strain", "Strain term of ΔG, weighted")
DOCK = _energy("dock_score_kcal_mol", "Docking score", "Empirical score of the engine", -1)
CNN_SCORE = _number("cnn_score", "CNN score", "Chance that the pose is good, 0 to 1", 1)
CNN_AFFINITY = _number("cnn_affinity_pk", "CNN affinity", "Affinity by GNINA's CNN", 1, "pK")
CNN_SCORE_MINIMISED = _number(
    "cnn_score_minimised", "Minimised CNN score", "CNN score of the minimised pose", 1
)
CNN_AFFINITY_MINIMISED = _number(
    "cnn_affinity_minimised_pk",
    "Minimised CNN affinity",
    "Affinity by GNINA's CNN for the minimised pose",
    1,
    "pK",
)
CNN_VS = _number(
    "cnn_vs", "CNN score × affinity", "CNN score times CNN affinity: GNINA's CNN_VS", 1, "pK"
)
EFFICIENCY = Column(
    "ligand_efficiency_kcal_mol", "DOUBLE", "kcal/mol/atom", ENERGY_DECIMALS,
    "ΔG per heavy atom", "ΔG per heavy atom", -1,
)  # fmt: skip
SIZE_CORRECTED = _energy(
    "dg_size_corrected_kcal_mol",
    "ΔG per cube root of size",
    "ΔG per cube root of the heavy atoms",
    -1,
)
ECR = _number("consensus_ecr", "Exponential consensus", "Exponential consensus rank", 1)
MEAN_RANK = _number("consensus_mean_rank", "Mean-rank consensus", "Mean of the scores' ranks", -1)
Z = _number("consensus_z", "Z-score consensus", "Mean z-score", 1)

BY_RESIDUE: Columns = (VDW, COULOMB, GB, SA)
"""Terms of ΔG that come apart by residue."""

TERMS: Columns = (*BY_RESIDUE, STRAIN)
"""Terms of ΔG; they sum to it."""

DOCKED: Columns = (DOCK, CNN_SCORE, CNN_AFFINITY)
"""Scores that every table of poses has, whatever the engine; empty where there is none."""

CNN_MINIMISED: Columns = (CNN_SCORE_MINIMISED, CNN_AFFINITY_MINIMISED)
"""What the CNN says of a pose where its minimisation ended, in the receptor as it is then."""

CONSENSUS: Columns = (ECR, MEAN_RANK, Z)
"""Scores joined from others."""

# --- what else is known of a ligand

HEAVY_ATOMS = _integer("heavy_atoms", "Heavy atoms of the parent", "Heavy atoms")
WEIGHT = _number("molecular_weight", "Molecular weight", "Molecular weight of the parent",
                 unit="g/mol")  # fmt: skip
LOGP = Column("logp", "DOUBLE", words="logP", hint="Crippen's logP of the parent")
CHARGE = _integer("formal_charge", "Net charge of the docked state", "Net charge", unit="e")
LABEL = Column("label", "TINYINT", words="Label", hint="As the library says: 1 active, 0 inactive")
AFFINITY = _energy("affinity_kcal_mol", "Measured affinity", "Measured affinity, from the library")
NAME = _text("name", "As the library says")
SMILES = _text("smiles", "Of the parent")
STATE_SMILES = _text("state_smiles", "Of the docked state")
MINIMISATION = _text("minimisation", "How it ended: converged, stalled, or out of iterations")
CHECKS_PASSED = Column("pose_checks_passed", "BIGINT", hint="PoseBusters checks the pose passes")
CHECKS_FAILED = _text("pose_checks_failed", "PoseBusters checks the pose fails")
INTERACTIONS_TEXT = _text("interactions", "ProLIF: kind and residue")

INSPECTED_TEXT: Columns = (CHECKS_PASSED, CHECKS_FAILED, INTERACTIONS_TEXT)

# --- tables of the library

RECORDS: Columns = (
    RECORD,
    _text("kind", "How the structure is written"),
    _text("structure", "As it was read"),
    _text("reason", "Why it could not be read"),
    _text("message", "The same in words"),
)
SOURCES: Columns = (
    RECORD,
    _text("file", "Library file"),
    Column("position", "BIGINT", hint="Record of the file, from 1"),
    NAME,
    LABEL,
    AFFINITY,
)
PARENTS: Columns = (
    RECORD,
    INCHIKEY,
    SMILES,
    _text("pose", "Mol block of the pose that the library gives; else null"),
)
LIGANDS: Columns = (
    INCHIKEY,
    SMILES,
    Column("poses", "VARCHAR[]", hint="Mol blocks of the poses that the library gives"),
)
MEMBERSHIP: Columns = (
    RECORD,
    INCHIKEY,
    Column("primary", "BOOLEAN", hint="Whether it is the first record of its ligand"),
)

# --- tables of poses

ORIGIN = Column(
    "origin", words="Pose from", hint="Where the pose comes from: search, template or library"
)
TEMPLATE = Column(
    "template", words="Placed by template", hint="Template that placed the pose; else null"
)
CAME: Columns = (ORIGIN, TEMPLATE)
"""Which way a pose came."""

POSES: Columns = (*POSE_KEY, SMILES, ENGINE, *CAME, *DOCKED)

_SCORED: Columns = (
    DG,
    *TERMS,
    Column("replicas_kcal_mol", "DOUBLE[]", KCAL,
           hint="ΔG of minimisations from displaced coordinates"),
)  # fmt: skip
OWN_KERNELS = Column(
    "own_kernels",
    hint="What computed beside OpenMM (minimiser, strain, final energies), for the pose and its "
    "replicas: the device that ran our own kernels, `host`, or both as `device and host`; the "
    "relief of overlaps before is always the host's",
)
_ENDED: Columns = (
    _integer("iterations", "Iterations of the minimiser"),
    MINIMISATION,
    Column("rmsd_angstrom", "DOUBLE", "Å", hint="How far the ligand moved when minimised"),
    _text("platform", "OpenMM platform"),
    OWN_KERNELS,
)
_LIGAND_PARTS: Columns = (
    Column("ligand_gb_kcal_mol", "DOUBLE", KCAL, hint="The ligand's own part of the GB term"),
    Column("ligand_sa_kcal_mol", "DOUBLE", KCAL, hint="The ligand's own part of the surface term"),
)
RESIDUE_TERMS: Columns = tuple(
    Column(f"residue_{each.name}", "FLOAT[]", KCAL, hint=f"Each residue's part: {each.words}")
    for each in BY_RESIDUE
)
_RESIDUES: Columns = (
    Column("residue", "VARCHAR[]", hint="Residues of the model, as A:MET:96"),
    *RESIDUE_TERMS,
)
_MOVED: Columns = (
    Column("moved_atoms", "INTEGER[]", hint="Receptor atoms that could move, from 0"),
    Column("moved_xyz_angstrom", "FLOAT[]", "Å", hint="Where they went: x, y, z of each in turn"),
)

SCORES: Columns = (*POSE_KEY, *_SCORED, *_ENDED, *_RESIDUES, *_LIGAND_PARTS, *_MOVED)
SCORES_SHOWN: Columns = (*POSE_KEY, *_SCORED, *_LIGAND_PARTS, *_ENDED)
"""What ``screen.duckdb`` has of the scores: a number or a short list for each."""

RESIDUES: Columns = (*POSE_KEY, *_RESIDUES)
MOVED: Columns = (*POSE_KEY, *_MOVED)

_CHECKS: Columns = (
    Column("check_name", "VARCHAR[]", hint="Checks of the pose"),
    Column("passed", "BOOLEAN[]", hint="Whether it passes each"),
)
INTERACTION: Columns = (
    Column("residue", "VARCHAR[]", hint="Residue of each interaction"),
    Column("kind", "VARCHAR[]", hint="Kind of each, as ProLIF names it"),
    Column("distance_angstrom", "DOUBLE[]", "Å", hint="Distance of each"),
    Column("ligand_atoms", "INTEGER[][]", hint="Atoms of the ligand in each, from 0"),
)
INSPECTED: Columns = (*POSE_KEY, *_CHECKS, *INTERACTION, *CNN_MINIMISED)

# --- fates

EVENTS: Columns = (
    _text("stage", "Stage that says so"),
    _text("status", "ok, filtered, duplicate or failed"),
    RECORD,
    INCHIKEY,
    RECEPTOR,
    STATE,
    Column("pose", hint="Pose of the state, where only that is concerned"),
    _text("reason", "Why, as a fixed word"),
    _text("message", "The same in a sentence"),
)
LEDGER: Columns = (
    RECORD,
    _text("file", "Library file"),
    Column("position", "BIGINT", hint="Record of the file, from 1"),
    NAME,
    INCHIKEY,
    RECEPTOR,
    _text("stage", "Stage that decided"),
    _text("status", "ranked, filtered, duplicate, failed or predicted"),
    _text("reason", "Why, as a fixed word"),
    _text("message", "The same in a sentence"),
)
SELECTED: Columns = (INCHIKEY, RECEPTOR)

# --- rounds

PREDICTED = _energy("predicted_kcal_mol", "Predicted", "What the model says of the objective", -1)
ROUND = _integer("round", "Round whose batch it is of, from 1", "Round")
BATCH: Columns = (
    INCHIKEY,
    ROUND,
    _text(
        "drawn",
        "Why it came into the batch: random, start, acquired or audit; neighbour, of the best; of "
        "generated molecules learned, blind or both, the arms that chose it",
    ),
    _energy("predicted_kcal_mol", "Predicted", "What the model said before it was docked"),
)
PREDICTIONS: Columns = (
    INCHIKEY,
    RECEPTOR,
    PREDICTED,
    _energy("predicted_low_kcal_mol", "Predicted, low", "Lower end of the 90 % interval"),
    _energy("predicted_high_kcal_mol", "Predicted, high", "Upper end of the 90 % interval"),
)

# --- generated molecules

ARM = _text("arm", "Arm that proposed it: learned, or blind")
_CAME_BY: Columns = (
    _text("operation", "What its proposer did, in a word"),
    Column("parents", "VARCHAR[]", hint="InChIKeys of the molecules it came from"),
    _text("reaction", "Name of the reaction that makes it; empty: none is known"),
    Column("blocks", "VARCHAR[]", hint="SMILES of its building blocks, by the reaction's roles"),
)
PROPOSER_SEED = Column("proposer_seed", "BIGINT", hint="Seed that its proposer was given")
PROPOSALS: Columns = (
    ARM,
    _text("smiles", "As its proposer wrote it"),
    *_CAME_BY,
    PROPOSER_SEED,
)
"""What a proposer wrote, in its order, before anything was checked."""

LINEAGE: Columns = (
    INCHIKEY,
    RECORD,
    ARM,
    _text("proposer", "Proposer that wrote it"),
    *_CAME_BY,
    _integer("proposed_in", "Round that proposed it"),
    PROPOSER_SEED,
    _number("sa_score", "SA score", "Synthetic accessibility: 1 easy to 10 hard", -1),
    _text("route", "A route of at most two reactions from the building blocks, in words"),
    _number("similarity", "Similarity", "To the nearest molecule that had been scored, 0 to 1"),
    _text("nearest", "InChIKey of that molecule"),
)
"""Where a proposal that may be docked came from; a row for each arm that proposed it."""

MADE: Columns = (
    _text("proposed_by", "Arm that docked it, learned, blind or both; empty: of the library"),
    _text("proposer", "Proposer that wrote it"),
    _text("operation", "What its proposer did, in a word"),
    _text("parents", "InChIKeys of the molecules it came from"),
    _text("reaction", "Name of the reaction that makes it; empty: none is known"),
    _text("blocks", "SMILES of its building blocks, by the reaction's roles"),
    _integer("proposed_in", "Round that proposed it"),
    PROPOSER_SEED,
    _number("sa_score", "SA score", "Synthetic accessibility: 1 easy to 10 hard", -1),
    _text("route", "A route of at most two reactions from the building blocks, in words"),
)
"""What the ranking says of molecules that were proposed, where there are any."""

# --- predicted models of receptors

POCKET_PLDDT = Column(
    "pocket_plddt", "DOUBLE", decimals=2, words="Pocket pLDDT",
    hint="Mean pLDDT around the pocket, 0 to 100, where the receptor is a predicted model",
)  # fmt: skip
MODELLED: Columns = (POCKET_PLDDT,)
"""What the ranking says of predicted models, where a receptor is one."""

PLDDT = Column(
    "plddt", "DOUBLE", decimals=2, hint="pLDDT of the residue in a predicted model, 0 to 100"
)
DOUBTFUL = Column(
    "doubtful", "BOOLEAN", hint="Whether that is below min_pocket_plddt; null: no model"
)
CONFIDENCE: Columns = (
    RECEPTOR,
    _text("residue", "Residue, as A:MET:96"),
    PLDDT,
    DOUBTFUL,
    Column("in_pocket", "BOOLEAN", hint="Whether it is around the pocket"),
)
MODELS: Columns = (
    RECEPTOR,
    _text("why", "What says that it is a predicted model"),
    POCKET_PLDDT,
    Column("pocket_lowest_plddt", "DOUBLE", decimals=2, hint="Lowest pLDDT around the pocket"),
    _integer("pocket_residues", "Residues around the pocket whose pLDDT is known"),
    Column("min_pocket_plddt", "DOUBLE", decimals=2, hint="What the config asks of their mean"),
    Column("doubtful", "VARCHAR[]", hint="Those of them that are below it"),
    Column("pocket_pae_angstrom", "DOUBLE", "Å", 2, hint="Mean PAE of pairs of them"),
    Column("pocket_highest_pae_angstrom", "DOUBLE", "Å", 2, hint="Highest PAE of such a pair"),
    Column("rest_pae_angstrom", "DOUBLE", "Å", 2,
           hint="Mean PAE of pairs of one of them and one of the other residues"),
    _integer("trimmed", "Residues of low confidence that were taken out"),
    _integer("trimmed_near_pocket", "Those of them that lay around the pocket"),
    Column("trimmed_runs", "VARCHAR[]", hint="First and last residue of each trimmed stretch"),
)  # fmt: skip

# --- the ranking and what follows from it

DG_SD = _energy("dg_sd_kcal_mol", "ΔG spread", "Standard deviation: replicas and preparation")
INTERVALS: Columns = (
    DG_SD,
    _integer("rank_low", "Lower end of the rank's 95 % interval"),
    _integer("rank_high", "Upper end of the rank's 95 % interval"),
)
MAIN_RESIDUES = _text("main_residues", "Residues that add most to ΔG")
ALIASES = _text("aliases", "Names of the ligand's other records")
RANKED_BY = Column("ranked_by", words="Ranked by", hint="What gave the ligand its rank")
RECORD_COUNT = Column("records", "BIGINT", hint="Library records of this ligand")

# --- variants

VARIANT = _text("variant", "Variant, as T315I; of several residues by number, joined by +")
_KIND = _text(
    "kind", "The word variant; or the word null: a control, residues built anew as they are"
)
_WHY_NOT = (
    _text("reason", "Typed reason why it was left out or failed"),
    _text("message", "The reason in words"),
)

VARIANT_ENTRIES: Columns = (
    _text("source", "Name of the file, or list"),
    _integer("line", "Line of the file, from 1; 0 of the list"),
    _text("entry", "The change as written"),
    _integer("count", "Entries that the row stands for: 1, or all that are of other genes"),
    _text("transcript", "Accession, where one is named"),
    VARIANT,
    *_WHY_NOT,
)

VARIANTS: Columns = (
    VARIANT,
    _KIND,
    _text("status", "modelled or left_out"),
    *_WHY_NOT,
    _integer("entries", "Entries that name it"),
    _integer("charge_change", "Formal charge of the variant less the wild type's", unit="e"),
    _number(
        "pocket_distance_angstrom",
        "Distance to the pocket",
        "From the nearest exchanged residue to the pocket's ligand, or its box",
        unit="Å",
    ),
    Column("residues", "VARCHAR[]", hint="Residues that were exchanged, as A:THR:315"),
)

DDG_RAW = _energy("ddg_raw_kcal_mol", "ΔΔG, unscaled", "ΔG in the variant less ΔG in the wild type")
DDG_TERMS: Columns = tuple(
    _energy(f"ddg_{each.name}", f"ΔΔ {each.words}", f"{each.hint}: variant less wild type")
    for each in TERMS
)
DDG_ROTAMER = _energy(
    "ddg_rotamer_kcal_mol",
    "rotamer",
    "What the variant's side chain costs in the rotamer that the ligand is best in",
)
LIGAND_DISTANCE = _number(
    "ligand_distance_angstrom",
    "Distance to the ligand",
    "Of heavy atoms, from the nearest exchanged residue to the best pose in the wild type",
    unit="Å",
)
WHERE: Columns = (
    _text("wild_state", "State of the pose that is best in the wild type"),
    _integer("wild_pose", "That pose"),
    _text("variant_state", "State of the pose that is best in the variant"),
    _integer("variant_pose", "That pose"),
)

VARIANT_SCORES: Columns = (
    INCHIKEY,
    VARIANT,
    _KIND,
    *_WHY_NOT,
    _energy("wild_kcal_mol", "ΔG in the wild type", "ΔG in the wild type, mean over the replicas"),
    _energy("variant_kcal_mol", "ΔG in the variant", "ΔG in the variant, mean over the replicas"),
    Column(
        "replicas_kcal_mol", "DOUBLE[]", KCAL, ENERGY_DECIMALS,
        hint="Unscaled ΔΔG of the pose and of each replica",
    ),
    *DDG_TERMS,
    DDG_ROTAMER,
    LIGAND_DISTANCE,
    *WHERE,
    _integer("rotamers", "Rotamers of the variant that were tried"),
    Column("residue", "VARCHAR[]", hint="Residues whose contribution changes most"),
    Column(
        "residue_ddg_kcal_mol", "DOUBLE[]", KCAL, ENERGY_DECIMALS,
        hint="Unscaled change of the contribution of each",
    ),
    _text("complexes", "Both minimised complexes near the mutation and the ligand, as a PDB file: "
          "MODEL 1 of the wild type, MODEL 2 of the variant"),
)  # fmt: skip

DDG = _energy("ddg_kcal_mol", "ΔΔG", "ΔΔG of binding, scaled; above 0: the variant binds weaker")
DDG_INTERVAL: Columns = (
    _energy("ddg_low_kcal_mol", "ΔΔG, low", "Lower end of its 95 % interval"),
    _energy("ddg_high_kcal_mol", "ΔΔG, high", "Upper end of its 95 % interval"),
)
CALL = _text("call", "weaker, stronger, or not told apart")
LIGAND = _text("ligand", "Name of the ligand in the library")

VARIANT_EFFECTS: Columns = (
    RECEPTOR,
    VARIANT,
    _KIND,
    LIGAND,
    INCHIKEY,
    _text("status", "scored, failed, or left_out"),
    *_WHY_NOT,
    DDG,
    *DDG_INTERVAL,
    CALL,
    DDG_RAW,
    _energy("wild_kcal_mol", "ΔG in the wild type", "ΔG in the wild type, mean over the replicas"),
    _energy("variant_kcal_mol", "ΔG in the variant", "ΔG in the variant, mean over the replicas"),
    *DDG_TERMS,
    DDG_ROTAMER,
    LIGAND_DISTANCE,
    _integer("charge_change", "Formal charge of the variant less the wild type's", unit="e"),
    *WHERE,
    _text("residues", "Residues whose contribution changes most, with the change, kcal/mol"),
)

BIOMARKERS: Columns = (
    RECEPTOR,
    VARIANT,
    _text("status", "scored, failed (with every ligand) or left_out"),
    *_WHY_NOT,
    _integer("entries", "Entries that name it"),
    _text("lost", "Ligands that bind weaker; names joined by ;"),
    _text("kept", "Ligands whose interval holds 0 and lies within 1 kcal/mol of it"),
    _text("gained", "Ligands that bind stronger"),
    _text("untold", "Ligands of which nothing can be told"),
    _text("failed", "Ligands that could not be scored"),
)


MEMBER = _text("member", "Receptor of the ensemble in which the ligand scores best")
ENSEMBLES: Columns = (
    _text("ensemble", "Target that several receptors are structures of"),
    _integer("rank", "Place among the target's ligands, over its structures", "Final rank", -1),
    NAME,
    INCHIKEY,
    SMILES,
    _text("score", "Column of the ranking that is joined over the receptors"),
    Column("value", "DOUBLE", "", ENERGY_DECIMALS, hint="The ligand's score over the receptors"),
    MEMBER,
    _integer("members_scored", "Receptors of the ensemble in which it has that score"),
    _integer("members", "Receptors of the ensemble"),
    Column("spread", "DOUBLE", "", ENERGY_DECIMALS,
           hint="Highest less lowest score among them; null with fewer than two"),
    _text("by_member", "Its score in each of them, as a -41.2; b -39.0"),
    LABEL,
    AFFINITY,
)  # fmt: skip


def ranking(
    own: Iterable[Column] = (), made: Iterable[Column] = (), modelled: Iterable[Column] = ()
) -> Columns:
    """Columns of the ranking.

    Parameters
    ----------
    own : iterable of Column
        Scores that only the run's engine gives.
    made : iterable of Column
        :data:`MADE`, in a run that proposed molecules.
    modelled : iterable of Column
        :data:`MODELLED`, in a run with predicted models.
    """
    return (
        RANK, NAME, INCHIKEY, SMILES, RECEPTOR, RANKED_BY, DG, *TERMS, *INTERVALS, MAIN_RESIDUES,
        MINIMISATION, *DOCKED, *own, *CNN_MINIMISED, *CAME, HEAVY_ATOMS, STATE_SMILES, CHARGE,
        WEIGHT, STATE, POSE, ENGINE, *TIERED, CNN_VS, EFFICIENCY, SIZE_CORRECTED, *CONSENSUS,
        ALIASES, LABEL, AFFINITY, RECORD_COUNT, *INSPECTED_TEXT, *made,
        *modelled,
    )  # fmt: skip


def ranking_scores(own: Iterable[Column] = ()) -> Columns:
    """Scores of the ranking that controls measure; ``own`` as for :func:`ranking`."""
    return (
        RANK, DG, *DOCKED, CNN_VS, *own, *CNN_MINIMISED, *CONSENSUS, EFFICIENCY, SIZE_CORRECTED,
    )  # fmt: skip


PICKS: Columns = (
    _integer("pick", "Place in the list"),
    RECEPTOR, NAME, INCHIKEY, SMILES, RANK, DG, DOCK, HEAVY_ATOMS,
    _integer("cluster", "Cluster, by the rank of the molecule that stands for it"),
    _integer("cluster_size", "Candidates in that cluster"),
    Column("nearest_tanimoto", "DOUBLE", decimals=3,
           hint="Similarity to the most similar earlier pick"),
    *INSPECTED_TEXT,
    _text("reason", "Why it was picked, how it is made, and what speaks against it"),
    _text("how_to_get", "buy, or make: a molecule that was proposed"),
)  # fmt: skip

RESIDUE_ENERGIES: Columns = (
    RECEPTOR,
    *POSE_KEY,
    _text("residue", "Residue, as A:MET:96"),
    *BY_RESIDUE,
    _energy("total_kcal_mol", "total", "Sum of its terms"),
)
CHECKS: Columns = (
    RECEPTOR,
    *POSE_KEY,
    _text("check_name", "Check of the pose"),
    Column("passed", "BOOLEAN", hint="Whether it passes"),
)
INTERACTIONS: Columns = (
    RECEPTOR,
    *POSE_KEY,
    _text("residue", "Residue, as A:MET:96"),
    _text("kind", "Kind, as ProLIF names it"),
    Column("distance_angstrom", "DOUBLE", "Å", hint="Distance"),
    Column("ligand_atoms", "INTEGER[]", hint="Atoms of the ligand, from 0"),
    PLDDT,
    DOUBTFUL,
)
ORDERS: Columns = (
    RECEPTOR,
    _text("asked", "Order that the config asks for"),
    _text("followed", "Order that the ranking follows"),
    Column("joins", "VARCHAR[]", hint="Scores that it joins, if it is a consensus"),
    _text("score", "Column that it follows"),
    _text("words", "The same in words"),
    Column("lacking", "VARCHAR[]", hint="Columns without a number, for which others were passed"),
)

# --- scores of single engines


def engine_scores() -> Columns:
    """Scores that single engines declare, by the engines' names.

    Raises
    ------
    ValueError
        A name is taken by another column.
    """
    found: dict[str, Column] = {}
    taken = {each.name for each in (*ranking(), *POSES, LOGP)}
    for engine, facts in engines().items():
        for each in facts.scores:
            if each.name in taken or found.get(each.name, each) != each:
                raise ValueError(
                    f"engine {engine}: its score {each.name!r} has the name of another column; "
                    "give it one of its own"
                )
            found[each.name] = each
    return tuple(found.values())


def engine_scores_among(there: Iterable[str]) -> Columns:
    """Those of :func:`engine_scores` that a table has, by the names of its columns."""
    known = set(there)
    return tuple(each for each in engine_scores() if each.name in known)


def poses(engine: str) -> Columns:
    """Columns of the poses that an engine docked."""
    return (*POSES, *engines()[engine].scores)


def words_of(columns: Sequence[Column]) -> dict[str, str]:
    """Name to words, of the columns that have some."""
    return {each.name: each.words for each in columns if each.words}
