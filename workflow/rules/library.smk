checkpoint split:
    input:
        files=named(LIBRARY_FILES),
    output:
        **usage_output("split"),
        records=directory("<results>/library/records"),
        sources="<results>/library/sources.parquet",
        annotations="<results>/library/annotations.json",
    log:
        "<logs>/split.log",
    benchmark:
        "<benchmarks>/split.tsv"
    conda:
        "../../envs/library.yaml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(240),
    params:
        **where_stored(asked=library_settings),
        settings=with_copies(library_settings, library_files, "files"),
        times=library_times,
        out=subpath(output.sources, parent=True),
        usage=usage_file("split"),
    message:
        "Reading the library"
    shell:
        "screenmm split --settings {params.settings:q} --out {params.out:q} "
        "--usage {params.usage:q} 2> {log:q}"


rule standardise:
    input:
        records="<results>/library/records/{shard}.parquet",
    output:
        **usage_output("standardise/{shard}"),
        parents="<results>/library/parents/{shard}.parquet",
        events="<results>/library/parents/{shard}.events.parquet",
    log:
        "<logs>/standardise/{shard}.log",
    benchmark:
        "<benchmarks>/standardise/{shard}.tsv"
    conda:
        "../../envs/library.yaml"
    threads: 2
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        settings=stage_settings(SETTINGS, "standardise"),
        usage=usage_file("standardise/{shard}"),
    message:
        "Standardising shard {wildcards.shard}"
    shell:
        "screenmm standardise --settings {params.settings:q} --workers {threads} "
        "--records {input.records:q} --parents {output.parents:q} "
        "--events {output.events:q} "
        "--usage {params.usage:q} 2> {log:q}"


checkpoint merge:
    input:
        **where_stored(records="<results>/library/records"),
        parents=all_parents,
        sources="<results>/library/sources.parquet",
    output:
        **usage_output("merge"),
        shards=directory("<results>/ligands/shards"),
        membership="<results>/ligands/membership.parquet",
        events="<results>/ligands/merge.events.parquet",
    log:
        "<logs>/merge.log",
    benchmark:
        "<benchmarks>/merge.tsv"
    conda:
        "../../envs/library.yaml"
    resources:
        mem_mb=per_attempt(8000),
        runtime=per_attempt(60),
    params:
        settings=stage_settings(SETTINGS, "merge"),
        results=subpath(output.membership, ancestor=2),
        usage=usage_file("merge"),
    message:
        "Merging duplicates into ligands"
    shell:
        "screenmm merge --settings {params.settings:q} --results {params.results:q} "
        "--usage {params.usage:q} 2> {log:q}"
