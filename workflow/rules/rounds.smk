# Asked for with the section rounds alone. A round's shards are named by it: 2/b01.


rule describe:
    input:
        ligands="<results>/ligands/shards/{shard}.parquet",
    output:
        **usage_output("describe/{shard}"),
        features="<results>/rounds/features/{shard}.parquet",
        events="<results>/rounds/features/{shard}.events.parquet",
    log:
        "<logs>/describe/{shard}.log",
    benchmark:
        "<benchmarks>/describe/{shard}.tsv"
    wildcard_constraints:
        shard="b[01]*",
    conda:
        "../../envs/library.yaml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        settings=stage_settings(SETTINGS, "describe"),
        usage=usage_file("describe/{shard}"),
    message:
        "Counting the substructures of shard {wildcards.shard}"
    shell:
        "screenmm describe --settings {params.settings:q} --ligands {input.ligands:q} "
        "--features {output.features:q} --events {output.events:q} "
        "--usage {params.usage:q} 2> {log:q}"


rule catalogue:
    input:
        **where_stored(ligands="<results>/ligands/shards"),
        features=all_features,
    output:
        **usage_output("catalogue"),
        catalogue="<results>/rounds/catalogue.json",
    log:
        "<logs>/catalogue.log",
    benchmark:
        "<benchmarks>/catalogue.tsv"
    # seconds of work: on a cluster it stays with Snakemake
    localrule: True
    conda:
        "../../envs/library.yaml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        results=subpath(output.catalogue, ancestor=2),
        usage=usage_file("catalogue"),
    message:
        "Listing what the rounds can choose from"
    shell:
        "screenmm catalogue --results {params.results:q} --out {output.catalogue:q} "
        "--usage {params.usage:q} 2> {log:q}"


checkpoint choose:
    input:
        **where_stored(
            ligands="<results>/ligands/shards",
            features=all_features,
            before=left_to_choose_by,
        ),
        catalogue=catalogue_of_round,
        batches=batches_before,
        vetted=vetted_to_choose,
        done=choosing_before,
        seeds=seed_files,
    output:
        **usage_output("choose/{round}"),
        shards=directory("<results>/rounds/{round}/shards"),
        batch="<results>/rounds/{round}/batch.parquet",
        decision="<results>/rounds/{round}/decision.json",
    log:
        "<logs>/choose/{round}.log",
    benchmark:
        "<benchmarks>/choose/{round}.tsv"
    conda:
        "../../envs/ranking.yaml"
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(60),
    params:
        settings=with_copies(choice_settings, seed_files, "seeds"),
        results=subpath(output.batch, ancestor=3),
        usage=usage_file("choose/{round}"),
    message:
        "Choosing the batch of round {wildcards.round}"
    shell:
        "screenmm choose --settings {params.settings:q} --results {params.results:q} "
        "--round {wildcards.round} --shards {output.shards:q} --batch {output.batch:q} "
        "--decision {output.decision:q} "
        "--usage {params.usage:q} 2> {log:q}"


checkpoint select_batch:
    input:
        **where_stored(
            shards="<results>/rounds/{round}/shards",
            before=left_to_select_by,
        ),
        batch="<results>/rounds/{round}/batch.parquet",
        tables=docked_in_round("parquet"),
        poses=docked_in_round("sdf.gz"),
        done=own_before,
    output:
        **usage_output("select_batch/{receptor}/{round}"),
        shards=directory("<results>/selected/{receptor}/rounds/{round}"),
        events="<results>/selected/{receptor}/rounds/{round}.events.parquet",
    log:
        "<logs>/select_batch/{receptor}/{round}.log",
    benchmark:
        "<benchmarks>/select_batch/{receptor}/{round}.tsv"
    conda:
        "../../envs/ranking.yaml"
    resources:
        mem_mb=per_attempt(8000),
        runtime=per_attempt(60),
    params:
        settings=stage_settings(SETTINGS, "select_batch"),
        results=subpath(output.events, ancestor=4),
        usage=usage_file("select_batch/{receptor}/{round}"),
    message:
        "Selecting what round {wildcards.round} scores in {wildcards.receptor}"
    shell:
        "screenmm select-batch --settings {params.settings:q} --results {params.results:q} "
        "--receptor {wildcards.receptor} --round {wildcards.round} --out {output.shards:q} "
        "--events {output.events:q} "
        "--usage {params.usage:q} 2> {log:q}"


# what a round left of a receptor: later rounds hang on this one file, since Snakemake does not
# look again at a job whose checkpoint had nothing to do
rule manifest_of_round:
    input:
        **where_stored(
            batch="<results>/rounds/{round}/shards",
            selected="<results>/selected/{receptor}/rounds/{round}",
        ),
        tables=docked_in_round("parquet"),
        events=docked_in_round("events.parquet"),
        scores=scored_in_round("<results>/scores/{receptor}/{shard}.parquet"),
        minimised=scored_in_round("<results>/scores/{receptor}/{shard}.sdf.gz"),
        score_events=scored_in_round(
            "<results>/scores/{receptor}/{shard}.events.parquet"
        ),
        inspected=scored_in_round("<results>/inspected/{receptor}/{shard}.parquet"),
        inspected_events=scored_in_round(
            "<results>/inspected/{receptor}/{shard}.events.parquet"
        ),
    output:
        **usage_output("manifest_of_round/{receptor}/{round}"),
        manifest="<results>/rounds/{round}/{receptor}.manifest.json",
    log:
        "<logs>/manifest_of_round/{receptor}/{round}.log",
    benchmark:
        "<benchmarks>/manifest_of_round/{receptor}/{round}.tsv"
    # seconds of work: on a cluster it stays with Snakemake
    localrule: True
    conda:
        "../../envs/score.yaml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        results=subpath(output.manifest, ancestor=3),
        usage=usage_file("manifest_of_round/{receptor}/{round}"),
    message:
        "Listing what round {wildcards.round} left of {wildcards.receptor}"
    shell:
        "screenmm manifest-of-round --results {params.results:q} "
        "--receptor {wildcards.receptor} --round {wildcards.round} "
        "--out {output.manifest:q} "
        "--usage {params.usage:q} 2> {log:q}"


rule conclude:
    input:
        **where_stored(
            ligands="<results>/ligands/shards",
            usage=usage_of_rounds,
            scored=all_scored,
            folders=all_folders,
            selected=all_selected,
        ),
        features=all_features,
        decisions=all_decisions,
        batches=all_batches,
        vetted=vetted_in_all,
        tables=all_pose_tables,
        scores=expand("<results>/scores/{receptor}.manifest.json", receptor=RECEPTORS),
    output:
        **usage_output("conclude"),
        predictions="<results>/rounds/predictions.parquet",
        campaign="<results>/rounds/campaign.json",
        table="<results>/rounds.csv",
    log:
        "<logs>/conclude.log",
    benchmark:
        "<benchmarks>/conclude.tsv"
    conda:
        "../../envs/ranking.yaml"
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(60),
    params:
        settings=stage_settings(SETTINGS, "conclude"),
        results=subpath(output.campaign, ancestor=2),
        receptors=RECEPTORS,
        usage=usage_file("conclude"),
    message:
        "Predicting what no round docked"
    shell:
        "screenmm conclude --settings {params.settings:q} --results {params.results:q} "
        "--receptors {params.receptors} --predictions {output.predictions:q} "
        "--campaign {output.campaign:q} --table {output.table:q} "
        "--usage {params.usage:q} 2> {log:q}"
