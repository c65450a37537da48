"""The checked settings, and the shards that exist after each checkpoint."""

import os
import sys
import sysconfig
from pathlib import Path

from snakemake.exceptions import WorkflowError
from snakemake.logging import logger

from screenmm.audit.inputs import input_files
from screenmm.core.errors import ScreenMMError
from screenmm.run.layout import shard_names
from screenmm.files.locks import lock_results
from screenmm.run.stages import stage_settings
from screenmm.run.ownership import check_own_folder
from screenmm.config.paths import check_checkout, check_working_folder, is_plain
from screenmm.preflight.start import preflight, repeated_option, search_path
from screenmm.config.settings import merged_settings

if not workflow.configfiles:
    raise WorkflowError(
        "no config: run snakemake --configfile my.yaml (start from config/config.yaml, "
        "or try config/demo/config.yaml)"
    )

CONFIG_FILES = [Path(name) for name in workflow.configfiles]

try:
    check_checkout(Path(workflow.basedir))
    check_working_folder(Path.cwd())
    # not the merged config: which file named a path counts
    SETTINGS = merged_settings(CONFIG_FILES, workflow.config_settings.config)
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

os.environ.update(
    PATH=SEARCH_PATH,
    # rules' environments link this checkout's package: envs/post-deploy.sh
    SCREENMM_SOURCE=str(workflow.basedir),
    # preparation looks for the filters' residues; no param, so that changed filters dock nothing
    SCREENMM_FILTERS=SETTINGS.ranking.interactions.model_dump_json(),
)

RECEPTORS = list(SETTINGS.receptors)

# what each reference ligand's redocking came to
REDOCKINGS = [
    f"<results>/controls/{receptor}/redock.json" for receptor in SETTINGS.redocked
]

# what each job used goes beside its results: pathvars are not expanded in params
USAGE = f"{RESULTS}/usage"


def start_run():
    """Check what would stop the run later; keep other runs out until this process ends."""
    inputs = [each.path for each in input_files(SETTINGS, CONFIG_FILES[-1].parent)]
    checkout = Path(workflow.basedir)
    try:
        check_own_folder(SETTINGS.results, [*CONFIG_FILES, *inputs, checkout])
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


wildcard_constraints:
    shard="b[01]*",
    receptor="|".join(RECEPTORS),


def record_shards(wildcards):
    return shard_names(Path(checkpoints.split.get().output.records))


def ligand_shards(wildcards):
    return shard_names(Path(checkpoints.merge.get().output.shards))


def selected_shards(receptor):
    return shard_names(Path(checkpoints.select.get(receptor=receptor).output.shards))


def all_parents(wildcards):
    return expand(
        "<results>/library/parents/{shard}.parquet", shard=record_shards(wildcards)
    )


def wait_for_gates(receptors):
    """Docking of the library begins when the receptors' gates were passed."""
    if SETTINGS.controls.gate == "stop":
        for receptor in receptors:
            checkpoints.gate.get(receptor=receptor)


def docked(pattern):
    """Input function: a receptor's file of every ligand shard."""

    def files(wildcards):
        wait_for_gates([wildcards.receptor])
        return expand(
            pattern, receptor=wildcards.receptor, shard=ligand_shards(wildcards)
        )

    return files


def scored(pattern):
    """Input function: a receptor's file of every selected shard."""

    def files(wildcards):
        receptor = wildcards.receptor
        return expand(pattern, receptor=receptor, shard=selected_shards(receptor))

    return files


def all_pose_tables(wildcards):
    wait_for_gates(RECEPTORS)
    return expand(
        "<results>/poses/{receptor}/{shard}.parquet",
        receptor=RECEPTORS,
        shard=ligand_shards(wildcards),
    )


def all_score_tables(wildcards):
    return [
        f"<results>/scores/{receptor}/{shard}.parquet"
        for receptor in RECEPTORS
        for shard in selected_shards(receptor)
    ]


def all_inspected_tables(wildcards):
    return [
        f"<results>/inspected/{receptor}/{shard}.parquet"
        for receptor in RECEPTORS
        for shard in selected_shards(receptor)
    ]


# texts of the user's come to params from functions, because Snakemake puts in values for
# braces everywhere else


def library_settings(wildcards):
    return stage_settings(SETTINGS, "split")


def whole_settings(wildcards):
    return stage_settings(SETTINGS, "report")


def first_config(wildcards):
    return CONFIG_FILES[0]


def checkout(wildcards):
    return workflow.basedir


def named(paths):
    """Files that can be inputs: those whose names Snakemake leaves as they are."""
    return [path for path in paths if is_plain(path)]


def watched(paths):
    """Times of the files that cannot, for params: a changed file is read again."""
    return {str(path): path.stat().st_mtime for path in paths if not is_plain(path)}


LIBRARY_FILES = [file.path for file in SETTINGS.screened.files]
REFERENCE_FILES = [SETTINGS.controls.reference] if SETTINGS.controls.reference else []


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
            shard=ligand_shards(wildcards),
        ),
        *(
            path.replace(".parquet", ".events.parquet")
            for path in all_pose_tables(wildcards)
        ),
    ]
