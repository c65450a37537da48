"""The checked settings, and the shards that exist after each checkpoint."""

import os
import sys
import sysconfig
from itertools import takewhile
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

from screenmm.audit.inputs import input_files
from screenmm.config.paths import check_checkout, check_working_folder, is_plain
from screenmm.config.settings import merged_settings, module_settings
from screenmm.core.errors import ScreenMMError
from screenmm.files.locks import lock_results
from screenmm.preflight.screens import Screens
from screenmm.preflight.start import preflight, repeated_option, search_path
from screenmm.run.layout import shard_names
from screenmm.run.ownership import check_own_folder
from screenmm.run.stages import stage_settings

# of the module that another Snakefile makes of this one
MODULE = "" if workflow.modifier.is_main_snakefile() else workflow.modifier.namespace
CHECKOUT = Path(workflow.snakefile).parents[2]
# a job's process reads the rules again, where the files of other jobs need not be
IS_MAIN = workflow.is_main_process
CONFIG_FILES = [Path(name) for name in workflow.configfiles]

if not MODULE and not CONFIG_FILES:
    raise WorkflowError(
        "no config: run snakemake --configfile my.yaml (start from config/config.yaml, "
        "or try config/demo/config.yaml)"
    )


def checked_settings():
    """The settings; of a module, from its config and pathvars alone."""
    if not MODULE:
        # not the merged config: which file named a path counts
        given = workflow.config_settings.config
        return merged_settings(CONFIG_FILES, given, must_exist=IS_MAIN)
    of_module = workflow.pathvars.level["results"] == 1
    named = workflow.pathvars.apply("<results>") if of_module else None
    settings = module_settings(MODULE, config, named, must_exist=IS_MAIN)
    if workflow.modifier.path_modifier.replace_prefix("results") != "results":
        raise ScreenMMError(
            f"module {MODULE}: prefix and replace_prefix also move what is read; give the module "
            f'pathvars: results="results/{MODULE}" instead'
        )
    return settings


try:
    check_checkout(CHECKOUT)
    check_working_folder(Path.cwd())
    SETTINGS = checked_settings()
    # snakemake may be called by its full path, without its environment
    SEARCH_PATH = search_path(
        os.environ.get("PATH", ""),
        [Path(sys.executable).parent, Path(sysconfig.get_path("scripts"))],
    )
except ScreenMMError as error:
    raise WorkflowError(str(error)) from None

if warning := repeated_option(sys.argv):
    logger.warning(warning)

RESULTS = str(SETTINGS.results)

# the same for all modules: rules' environments link this checkout's package, and a variable is
# all that envs/post-deploy.sh can be told by
os.environ.update(PATH=SEARCH_PATH, SCREENMM_SOURCE=str(CHECKOUT))

RECEPTORS = list(SETTINGS.receptors)

# what each reference ligand's redocking came to
REDOCKINGS = [
    f"<results>/controls/{receptor}/redock.json" for receptor in SETTINGS.redocked
]


def check_and_lock():
    """Check what would stop the run later; keep other runs out until this process ends."""
    inputs = [each.path for each in input_files(SETTINGS, Path.cwd())]
    needed = [*CONFIG_FILES, Path(workflow.main_snakefile), *inputs, CHECKOUT]
    try:
        check_own_folder(SETTINGS.results, needed)
        preflight(
            SETTINGS,
            jobs_run_here=workflow.local_exec,
            own_environments=any(
                method.name == "CONDA"
                for method in workflow.deployment_settings.deployment_method
            ),
        )
        lock_results(SETTINGS.results)
    except ScreenMMError as error:
        raise WorkflowError(str(error)) from None


def start_run():
    Screens.of(workflow).start(MODULE, check_and_lock)


try:
    Screens.of(workflow).add(MODULE, SETTINGS.results, check_and_lock)
except ScreenMMError as error:
    raise WorkflowError(str(error)) from None


# numbers of the rounds that there may be; none where every ligand is docked
ROUNDS = SETTINGS.round_numbers


wildcard_constraints:
    shard="(?:[1-9][0-9]*/)?b[01]*",
    receptor="|".join(RECEPTORS),
    tier="[2-9]",
    round="[1-9][0-9]*",
    proposer="[a-z_]+",


def shards_in(folder):
    """Names of the shards in a checkpoint's folder, on disk or in the store."""
    if folder.is_storage:
        found = map(Path, folder.storage_object.list_candidate_matches())
        return sorted(path.name.split(".")[0] for path in found if path.name[0] == "b")
    return shard_names(Path(folder))


def record_shards(wildcards):
    return shards_in(checkpoints.split.get().output.records)


def ligand_shards(wildcards):
    return shards_in(checkpoints.merge.get().output.shards)


def shards_of_round(number):
    return shards_in(checkpoints.choose.get(round=number).output.shards)


def rounds_chosen():
    """Numbers of the rounds with a batch: the campaign ends with the first that has none."""
    return list(takewhile(shards_of_round, ROUNDS))


def batch_shards(wildcards):
    """Names of the shards that are docked: all, or those of every round."""
    if not ROUNDS:
        return ligand_shards(wildcards)
    return [
        f"{number}/{shard}"
        for number in rounds_chosen()
        for shard in shards_of_round(number)
    ]


def selected_in_round(receptor, number):
    made = checkpoints.select_batch.get(receptor=receptor, round=number)
    return [f"{number}/{shard}" for shard in shards_in(made.output.shards)]


def selected_shards(receptor):
    if not ROUNDS:
        return shards_in(checkpoints.select.get(receptor=receptor).output.shards)
    return [
        shard
        for number in rounds_chosen()
        for shard in selected_in_round(receptor, number)
    ]


def tier_shards(receptor, tier):
    made = checkpoints.advance.get(receptor=receptor, tier=str(tier))
    return shards_in(made.output.shards)


def all_selected(wildcards):
    """Which ligands were chosen for scoring: of every receptor, and of every round."""
    ends = (
        [f"rounds/{each}.events" for each in rounds_chosen()]
        if ROUNDS
        else ["select.events"]
    )
    return [
        f"<results>/selected/{receptor}/{end}.parquet"
        for receptor in RECEPTORS
        for end in ends
    ]


def all_parents(wildcards):
    return expand(
        "<results>/library/parents/{shard}.parquet", shard=record_shards(wildcards)
    )


def wait_for_gates(receptors):
    """Docking of the library begins when the receptors' gates were passed."""
    for receptor in receptors:
        if receptor in SETTINGS.filtered:
            checkpoints.check_filters.get(receptor=receptor)
        if SETTINGS.controls.gate == "stop":
            checkpoints.gate.get(receptor=receptor)


def all_states(wildcards):
    return expand(
        "<results>/ligands/states/{shard}.sdf.gz", shard=batch_shards(wildcards)
    )


def batch_of(wildcards):
    """Ligands of a shard that is docked: the library's, or those of its round."""
    number, _, shard = wildcards.shard.rpartition("/")
    folder = f"rounds/{number}" if number else "ligands"
    return f"<results>/{folder}/shards/{shard}.parquet"


LAST_TIER = SETTINGS.docking.last_tier


def docked_in_tier(root, receptor, tier, kind, wildcards):
    """A receptor's files of every shard of one tier of docking."""
    if tier == 1:
        wait_for_gates([receptor])
        folder, shards = f"{root}/poses/{receptor}", batch_shards(wildcards)
    else:
        folder = f"{root}/tiers/{receptor}/{tier}/poses"
        shards = tier_shards(receptor, tier)
    return [f"{folder}/{shard}.{kind}" for shard in shards]


def docked_in_tiers(root, receptor, kind, wildcards):
    """The same, of all tiers."""
    return [
        path
        for tier in range(1, LAST_TIER + 1)
        for path in docked_in_tier(root, receptor, tier, kind, wildcards)
    ]


def docked(kind):
    """Input function: a receptor's files of every shard of all tiers."""

    def files(wildcards):
        return docked_in_tiers("<results>", wildcards.receptor, kind, wildcards)

    return files


def docked_before(wildcards):
    """A receptor's tables of the tier before."""
    before = int(wildcards.tier) - 1
    return docked_in_tier("<results>", wildcards.receptor, before, "parquet", wildcards)


def shards_before(wildcards):
    """Folder of the shards of the tier before, where that is not of the whole library."""
    before = int(wildcards.tier) - 1
    return [f"<results>/tiers/{wildcards.receptor}/{before}/shards"][: before - 1]


def shards_of_tiers(wildcards):
    return [
        f"<results>/tiers/{wildcards.receptor}/{tier}/shards"
        for tier in range(2, LAST_TIER + 1)
    ]


def scored(pattern):
    """Input function: a receptor's file of every selected shard, or its rounds' lists of them."""

    def files(wildcards):
        receptor = wildcards.receptor
        if ROUNDS:
            return manifests_of_rounds("<results>", receptor)
        return expand(pattern, receptor=receptor, shard=selected_shards(receptor))

    return files


# --- rounds: what a round needs of those before it


def input_of_rounds(**files):
    """Inputs that there are only where there are rounds."""
    return files if ROUNDS else {}


def before(number):
    """Numbers of the rounds before one."""
    return ROUNDS[: int(number) - 1]


CHOOSING = SETTINGS.rounds.receptor or RECEPTORS[0] if SETTINGS.rounds else ""


def all_features(wildcards):
    return expand(
        "<results>/rounds/features/{shard}.parquet", shard=ligand_shards(wildcards)
    )


def features_described(wildcards):
    """Features, where there are rounds."""
    return all_features(wildcards) if ROUNDS else []


def catalogue_of_round(wildcards):
    """What a round chooses from. One that was chosen stays, though the library grows."""
    path = "<results>/rounds/catalogue.json"
    if shard_names(Path(RESULTS, "rounds", wildcards.round, "shards")):
        return ancient(path)
    # not before the library that there is now was merged
    checkpoints.merge.get()
    return path


def poses_of_round(receptor, number, kind):
    wait_for_gates([receptor])
    return [
        f"<results>/poses/{receptor}/{number}/{shard}.{kind}"
        for shard in shards_of_round(number)
    ]


def docked_in_round(kind):
    """Input function: a receptor's files of every shard of a round."""

    def files(wildcards):
        return poses_of_round(wildcards.receptor, wildcards.round, kind)

    return files


def scored_in_round(pattern):
    """Input function: a receptor's file of every shard that a round scores."""

    def files(wildcards):
        receptor, number = wildcards.receptor, wildcards.round
        shards = selected_in_round(receptor, number)
        return expand(pattern, receptor=receptor, shard=shards)

    return files


def manifests_before(receptor, number):
    return [
        f"<results>/rounds/{each}/{receptor}.manifest.json" for each in before(number)
    ]


def batches_before(wildcards):
    return [
        f"<results>/rounds/{each}/batch.parquet" for each in before(wildcards.round)
    ]


def choosing_before(wildcards):
    return manifests_before(CHOOSING, wildcards.round)


def own_before(wildcards):
    return manifests_before(wildcards.receptor, wildcards.round)


def manifests_of_rounds(root, receptor):
    return [
        f"{root}/rounds/{each}/{receptor}.manifest.json" for each in rounds_chosen()
    ]


def all_batches(wildcards):
    return [f"<results>/rounds/{each}/batch.parquet" for each in rounds_chosen()]


def all_decisions(wildcards):
    """Of the rounds, and of the one that ended the campaign before its last."""
    chosen = rounds_chosen()
    return [
        f"<results>/rounds/{each}/decision.json" for each in ROUNDS[: len(chosen) + 1]
    ]


def concluded(wildcards):
    """What is known of the ligands that no round docked, where there are rounds."""
    if not ROUNDS:
        return []
    named = ("predictions.parquet", "campaign.json")
    return [
        *(f"<results>/rounds/{name}" for name in named),
        *all_batches(wildcards),
        *vetted_in_all(wildcards),
    ]


# --- molecules that are proposed, beside the library's

VETTED = ("sources", "membership", "events", "ligands", "features", "lineage")


def proposing(numbers):
    """Those rounds that have proposals: all but the first, where molecules are generated."""
    return [each for each in numbers if each in SETTINGS.proposing_rounds]


def vetted_in(numbers, names=VETTED):
    return [
        f"<results>/rounds/{number}/proposed/{name}.parquet"
        for number in proposing(numbers)
        for name in names
    ]


def vetted_before(name):
    """Input function: what earlier rounds proposed."""

    def files(wildcards):
        return vetted_in(before(wildcards.round), [name])

    return files


def vetted_to_choose(wildcards):
    """What is proposed up to a round, its own proposals included."""
    return vetted_in([*before(wildcards.round), wildcards.round])


def vetted_in_all(wildcards):
    """What was proposed; in the round that ended the campaign, too."""
    return vetted_in(ROUNDS[: len(rounds_chosen()) + 1])


def proposed_before(wildcards):
    return vetted_in(before(wildcards.round))


def proposals_of_round(wildcards):
    return [
        f"<results>/rounds/{wildcards.round}/proposals/{name}.parquet"
        for name in SETTINGS.generate.proposers
    ]


def catalogue_to_cut(wildcards):
    """What molecules are cut from. They are cut once, though the library grows."""
    path = "<results>/rounds/catalogue.json"
    made = Path(RESULTS, "generation/fragments.db").exists()
    return ancient(path) if made else path


def selected_poses(wildcards):
    """Poses of a shard that is scored: the screen's, or those of its round."""
    return selected_path(wildcards.receptor, wildcards.shard)


def selected_path(receptor, name):
    number, _, shard = name.rpartition("/")
    folder = f"rounds/{number}" if number else "shards"
    return f"<results>/selected/{receptor}/{folder}/{shard}.sdf.gz"


# for rules outside a module, too, whose pathvars are others: with the folder itself


def all_pose_tables(wildcards):
    wait_for_gates(RECEPTORS)
    return [
        path
        for receptor in RECEPTORS
        for path in docked_in_tiers(RESULTS, receptor, "parquet", wildcards)
    ]


def selected_tables(stage):
    """Input function: a stage's table of every selected shard, or the rounds' lists of them."""

    def files(wildcards):
        if ROUNDS:
            return [
                path
                for receptor in RECEPTORS
                for path in manifests_of_rounds(RESULTS, receptor)
            ]
        return [
            f"{RESULTS}/{stage}/{receptor}/{shard}.parquet"
            for receptor in RECEPTORS
            for shard in selected_shards(receptor)
        ]

    return files


def per_attempt(amount, per_thread=0):
    """A resource of which a job that failed is given more (attempt is 1, then 2, then 3)."""

    def resource(wildcards, attempt, threads):
        return attempt * (amount + per_thread * threads)

    return resource


# texts of the user's come to params from functions, because Snakemake puts in values for
# braces everywhere else


def library_settings(wildcards):
    return stage_settings(SETTINGS, "split")


def whole_settings(wildcards):
    return stage_settings(SETTINGS, "report")


def first_config(wildcards):
    return Path() if MODULE else CONFIG_FILES[0]


def checkout(wildcards):
    return str(CHECKOUT)


def named(paths):
    """Files that can be inputs: those whose names Snakemake leaves as they are."""
    return [path for path in paths if is_plain(path)]


def watched(paths):
    """Times of the files that cannot, for params: a changed file is read again."""
    return {str(path): path.stat().st_mtime for path in paths if not is_plain(path)}


LIBRARY_FILES = [file.path for file in SETTINGS.screened.files]
REFERENCE_FILES = [SETTINGS.controls.reference] if SETTINGS.controls.reference else []

TEMPLATE_FILES = SETTINGS.docking.templates

# the pocket's own ligand, where it is a template
OWN_TEMPLATE = (
    ["<results>/receptors/{receptor}/reference_ligand.sdf"]
    if SETTINGS.docking.reference_template
    else []
)

SEED_FILES = (
    [SETTINGS.rounds.seeds] if SETTINGS.rounds and SETTINGS.rounds.seeds else []
)


REACTION_FILES = (
    [SETTINGS.generate.reactions]
    if SETTINGS.generate and SETTINGS.generate.reactions
    else []
)
GENERATION_FILES = [
    each.path
    for each in input_files(SETTINGS, Path.cwd())
    if each.key.startswith("generate.") and each.rule == "gather"
]

# answers that the page compares with
KNOWN_FILES = [
    each.path for each in input_files(SETTINGS, Path.cwd()) if each.rule == "report"
]


VARIANT_FILES = [
    each.path
    for each in input_files(SETTINGS, Path.cwd())
    if each.rule == "read_variants"
]


def library_files(wildcards):
    return named(LIBRARY_FILES)


def reference_files(wildcards):
    return named(REFERENCE_FILES)


def template_files(wildcards):
    return named(TEMPLATE_FILES)


def seed_files(wildcards):
    """They are the batch of the first round, and no other's."""
    return named(SEED_FILES) if wildcards.round == "1" else []


def choice_settings(wildcards):
    return stage_settings(SETTINGS, "choose", wildcards.round)


def reaction_files(wildcards):
    return named(REACTION_FILES)


def generation_files(wildcards):
    return named(GENERATION_FILES)


def variant_files(wildcards):
    return named(VARIANT_FILES)


def variant_times(wildcards):
    return watched(VARIANT_FILES)


def variant_settings(wildcards):
    return stage_settings(SETTINGS, "read_variants")


# how many there are follows from the config: none waits for a checkpoint
VARIED = SETTINGS.variants.shards if SETTINGS.variants else ["b"]


def scores_in_variants(wildcards):
    return expand(
        "<results>/variants/{receptor}/scores/{shard}.parquet",
        receptor=SETTINGS.varied,
        shard=VARIED,
    )


def variants_scored(wildcards):
    """What there is of variants before the ranking."""
    return [
        *expand(
            "<results>/variants/{receptor}/{file}",
            receptor=SETTINGS.varied,
            file=["entries.parquet", "modelled.json"],
        ),
        *scores_in_variants(wildcards),
    ]


# the one job of its rule
BIOMARKERS = Path("biomarkers", *SETTINGS.varied).as_posix()


def input_of_variants(**files):
    """Inputs that there are only where there are variants."""
    return files if SETTINGS.varied else {}


def input_of_ensembles(**files):
    """Inputs that there are only where a target has several structures."""
    return files if SETTINGS.ensembles else {}


def known_files(wildcards):
    return named(KNOWN_FILES)


def gather_settings(wildcards):
    return stage_settings(SETTINGS, "gather")


def proposer_settings(wildcards):
    return stage_settings(SETTINGS, "propose")


def vetting_settings(wildcards):
    return stage_settings(SETTINGS, "vet")


def template_times():
    """Param, where there is something to watch: another param would dock finished screens again."""
    times = watched(TEMPLATE_FILES)
    return {"times": times} if times else {}


def docking_settings(wildcards):
    return stage_settings(SETTINGS, "dock")


def library_times(wildcards):
    return watched(LIBRARY_FILES)


def reference_times(wildcards):
    return watched(REFERENCE_FILES)


def receptor_files(wildcards):
    return named(SETTINGS.receptor_files(wildcards.receptor))


def receptor_times(wildcards):
    return watched(SETTINGS.receptor_files(wildcards.receptor))


def receptor_settings(wildcards):
    return stage_settings(SETTINGS, "prepare_receptor", wildcards.receptor)


def reference_settings(wildcards):
    return stage_settings(SETTINGS, "reference", wildcards.receptor)


def advance_settings(wildcards):
    job = f"{wildcards.receptor}/{wildcards.tier}"
    return stage_settings(SETTINGS, "advance", job)


def dock_again_settings(wildcards):
    job = f"{wildcards.receptor}/{wildcards.tier}"
    return stage_settings(SETTINGS, "dock_again", job)


def comparison_settings(wildcards):
    return stage_settings(SETTINGS, "compare", wildcards.receptor)


def all_events(wildcards):
    """Ledger rows of the stages before scoring; those of scoring are in the manifests."""
    return [
        *expand(
            "<results>/library/parents/{shard}.events.parquet",
            shard=record_shards(wildcards),
        ),
        *expand(
            "<results>/ligands/states/{shard}.events.parquet",
            shard=batch_shards(wildcards),
        ),
        *(
            path.replace(".parquet", ".events.parquet")
            for path in [*features_described(wildcards), *all_pose_tables(wildcards)]
        ),
        *(f"{RESULTS}/tiers/{job}/advance.events.parquet" for job in SETTINGS.tiered),
    ]
