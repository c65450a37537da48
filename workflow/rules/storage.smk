"""What jobs write beside their results, and what must be said where they share no disk.

On a shared disk a command finds its run's other files below the results, and appends to its usage
file: an output would be deleted before each attempt, and what a failed one used with it. Where
all files come from a store (--default-storage-provider), a job has what its rule declares, and
nothing else.
"""

import json

from screenmm.run.stage import BATCHES
from screenmm.run.stages import stages

STORED = workflow.storage_settings.default_storage_provider is not None

for file in input_files(SETTINGS, Path.cwd()):
    if STORED and not is_plain(file.path):
        raise WorkflowError(
            f"{file.key}: {file.path} holds what Snakemake takes for a wildcard or a variable, "
            "and cannot come from a store: rename it"
        )


def where_stored(**files):
    """Inputs or outputs that are declared only where there is a store."""
    return files if STORED else {}


def usage_output(name):
    """Output: what the job used."""
    return where_stored(usage=f"<results>/usage/{name}.jsonl")


def own_usage(wildcards, output):
    return output.usage


def usage_file(name):
    """Param: where the job notes what it used. Pathvars are not expanded in params."""
    return own_usage if STORED else f"{RESULTS}/usage/{name}.jsonl"


def with_copies(settings, files, of):
    """Param: settings that name the user's files; where there is a store, a job's copies of them.

    ``settings`` and ``files`` are input functions, ``of`` is the name of the rule's input.
    """

    def copied(wildcards, input):
        own = dict(zip(map(str, files(wildcards)), input[of], strict=True))
        return json.dumps(renamed(json.loads(settings(wildcards)), own), sort_keys=True)

    return copied if STORED else settings


def renamed(value, names):
    """Plain data with some of its texts replaced."""
    if isinstance(value, dict):
        return {key: renamed(each, names) for key, each in value.items()}
    if isinstance(value, list):
        return [renamed(each, names) for each in value]
    return names.get(value, value) if isinstance(value, str) else value


def jobs_of(stage):
    """Receptors that have a job of a stage; of rounds, those that there were."""
    named = stage.receptors(SETTINGS)
    if stage.per_receptor == "round":
        return named[: len(rounds_chosen()) + 1]
    if stage.per_receptor == "rounded":
        there = set(rounds_chosen())
        return [name for name in named if name.rpartition("/")[2] in there]
    if stage.per_receptor in ("vetted", "proposed"):
        there = set(ROUNDS[: len(rounds_chosen()) + 1])
        return [name for name in named if name.rpartition("/")[2] in there]
    return named


def all_usage(wildcards, before="report"):
    """What every job used that comes before a stage."""
    shards = {
        "": lambda receptor: [""],
        "split": lambda receptor: record_shards(wildcards),
        "merge": lambda receptor: ligand_shards(wildcards),
        BATCHES: lambda receptor: batch_shards(wildcards),
        "advance": lambda job: tier_shards(*job.split("/")),
        "select": selected_shards,
        "choose_ligands": lambda receptor: VARIED,
    }
    return [
        f"{Path(RESULTS, 'usage', stage.name, receptor, shard)}.jsonl"
        for stage in stages().values()
        if stage.place < stages()[before].place
        for receptor in jobs_of(stage)
        for shard in shards[stage.shards_of](receptor)
    ]


def usage_of_rounds(wildcards):
    """What the jobs before used, which the table of the rounds tells."""
    return all_usage(wildcards, "conclude")


def folders_of_selected(receptor):
    """Folders of the shards that are scored."""
    folder = f"{RESULTS}/selected/{receptor}"
    if not ROUNDS:
        return [f"{folder}/shards"]
    return [f"{folder}/rounds/{number}" for number in rounds_chosen()]


def selected_folders(wildcards):
    return folders_of_selected(wildcards.receptor)


def left_by_rounds(receptor, numbers):
    """What rounds left of a receptor, for those after them."""
    found = []
    for number in numbers:
        found += [
            f"<results>/rounds/{number}/shards",
            f"<results>/rounds/{number}/batch.parquet",
            f"<results>/selected/{receptor}/rounds/{number}",
            f"<results>/selected/{receptor}/rounds/{number}.events.parquet",
            *poses_of_round(receptor, number, "parquet"),
            *(
                f"<results>/scores/{receptor}/{shard}.parquet"
                for shard in selected_in_round(receptor, number)
            ),
        ]
    return found


def left_to_choose_by(wildcards):
    return left_by_rounds(CHOOSING, before(wildcards.round))


def left_to_select_by(wildcards):
    return left_by_rounds(wildcards.receptor, before(wildcards.round))


def folders_of_scored(wildcards):
    """Folders of the shards of what was scored: what is in them counts, older files do not."""
    return [
        *(each for receptor in RECEPTORS for each in folders_of_selected(receptor)),
        *(f"{RESULTS}/rounds/{number}/shards" for number in rounds_chosen()),
    ]


def all_folders(wildcards):
    """Folders of shards, of all that a run has."""
    return [
        f"{RESULTS}/library/records",
        f"{RESULTS}/ligands/shards",
        *folders_of_scored(wildcards),
        *(f"{RESULTS}/tiers/{job}/shards" for job in SETTINGS.tiered),
        *(
            f"{RESULTS}/variants/{receptor}/shards/{shard}.sdf.gz"
            for receptor in SETTINGS.varied
            for shard in VARIED
        ),
    ]


def scores_and_poses(wildcards):
    """What the ligands that variants are scored with are chosen from."""
    receptor = wildcards.receptor
    shards = selected_shards(receptor)
    return [
        *(f"{RESULTS}/scores/{receptor}/{shard}.parquet" for shard in shards),
        *(selected_path(receptor, shard) for shard in shards),
    ]


def all_scored(wildcards):
    """Files of scored poses, which the manifests stand for on a shared disk."""
    return [
        f"{RESULTS}/{stage}/{receptor}/{shard}.{kind}"
        for receptor in RECEPTORS
        for shard in selected_shards(receptor)
        for stage, kinds in (
            ("scores", ("parquet", "sdf.gz", "events.parquet")),
            ("inspected", ("parquet", "events.parquet")),
        )
        for kind in kinds
    ]


def all_of_variants(wildcards):
    """What was read of variants and scored in them, which the audit trail lists."""
    return [
        path
        for receptor in SETTINGS.varied
        for path in (
            *(
                f"{RESULTS}/variants/{receptor}/{name}"
                for name in ("entries.parquet", "modelled.json", "panel.json")
            ),
            *(
                f"{RESULTS}/variants/{receptor}/scores/{shard}.parquet"
                for shard in VARIED
            ),
        )
    ]
