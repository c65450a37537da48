# Asked for with the section generate alone.


rule gather:
    input:
        **where_stored(ligands="<results>/ligands/shards"),
        catalogue=catalogue_to_cut,
        files=generation_files,
    output:
        **usage_output("gather"),
        fragments="<results>/generation/fragments.db",
        blocks="<results>/generation/blocks.parquet",
    log:
        "<logs>/gather.log",
    benchmark:
        "<benchmarks>/gather.tsv"
    conda:
        "../../envs/generation.yaml"
    threads: 8
    resources:
        mem_mb=per_attempt(1000, per_thread=500),
        runtime=per_attempt(120),
    params:
        settings=with_copies(gather_settings, generation_files, "files"),
        results=subpath(output.fragments, ancestor=2),
        usage=usage_file("gather"),
    message:
        "Cutting molecules to fragments and building blocks"
    shell:
        "screenmm gather --settings {params.settings:q} --workers {threads} "
        "--results {params.results:q} "
        "--fragments {output.fragments:q} --blocks {output.blocks:q} "
        "--usage {params.usage:q} 2> {log:q}"


rule propose:
    input:
        **where_stored(before=left_to_choose_by, proposed=proposed_before),
        fragments="<results>/generation/fragments.db",
        blocks="<results>/generation/blocks.parquet",
        batches=batches_before,
        lineage=vetted_before("lineage"),
        done=choosing_before,
        reactions=reaction_files,
    output:
        **usage_output("propose/{proposer}/{round}"),
        proposals="<results>/rounds/{round}/proposals/{proposer}.parquet",
    log:
        "<logs>/propose/{proposer}/{round}.log",
    benchmark:
        "<benchmarks>/propose/{proposer}/{round}.tsv"
    conda:
        "../../envs/generation.yaml"
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(120),
    params:
        settings=with_copies(proposer_settings, reaction_files, "reactions"),
        results=subpath(output.proposals, ancestor=4),
        usage=usage_file("propose/{proposer}/{round}"),
    message:
        "Proposing molecules of round {wildcards.round}: {wildcards.proposer}"
    shell:
        "screenmm propose --settings {params.settings:q} --results {params.results:q} "
        "--round {wildcards.round} --proposer {wildcards.proposer} "
        "--fragments {input.fragments:q} --blocks {input.blocks:q} "
        "--proposals {output.proposals:q} "
        "--usage {params.usage:q} 2> {log:q}"


rule vet:
    input:
        **where_stored(
            ligands="<results>/ligands/shards",
            library=all_features,
            before=left_to_choose_by,
            proposed=proposed_before,
        ),
        proposals=proposals_of_round,
        catalogue=catalogue_of_round,
        blocks="<results>/generation/blocks.parquet",
        batches=batches_before,
        lineage=vetted_before("lineage"),
        done=choosing_before,
        reactions=reaction_files,
    output:
        **usage_output("vet/{round}"),
        sources="<results>/rounds/{round}/proposed/sources.parquet",
        membership="<results>/rounds/{round}/proposed/membership.parquet",
        events="<results>/rounds/{round}/proposed/events.parquet",
        ligands="<results>/rounds/{round}/proposed/ligands.parquet",
        features="<results>/rounds/{round}/proposed/features.parquet",
        lineage="<results>/rounds/{round}/proposed/lineage.parquet",
    log:
        "<logs>/vet/{round}.log",
    benchmark:
        "<benchmarks>/vet/{round}.tsv"
    conda:
        "../../envs/generation.yaml"
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(120),
    params:
        settings=with_copies(vetting_settings, reaction_files, "reactions"),
        results=subpath(output.lineage, ancestor=4),
        usage=usage_file("vet/{round}"),
    message:
        "Checking the proposals of round {wildcards.round}"
    shell:
        "screenmm vet --settings {params.settings:q} --results {params.results:q} "
        "--round {wildcards.round} --blocks {input.blocks:q} "
        "--sources {output.sources:q} --membership {output.membership:q} "
        "--events {output.events:q} --ligands {output.ligands:q} "
        "--features {output.features:q} --lineage {output.lineage:q} "
        "--usage {params.usage:q} 2> {log:q}"
