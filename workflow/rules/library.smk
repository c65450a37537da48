checkpoint split:
    input:
        files=named(LIBRARY_FILES),
    output:
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
        settings=library_settings,
        times=library_times,
        out=subpath(output.sources, parent=True),
        usage=f"{USAGE}/split.jsonl",
    message:
        "Reading the library"
    shell:
        "screenmm split --settings {params.settings:q} --out {params.out:q} "
        "--usage {params.usage:q} 2> {log:q}"


rule standardise:
    input:
        records="<results>/library/records/{shard}.parquet",
    output:
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
        usage=f"{USAGE}/standardise/{{shard}}.jsonl",
    message:
        "Standardising shard {wildcards.shard}"
    shell:
        "screenmm standardise --settings {params.settings:q} --workers {threads} "
        "--records {input.records:q} --parents {output.parents:q} "
        "--events {output.events:q} "
        "--usage {params.usage:q} 2> {log:q}"


checkpoint merge:
    input:
        parents=all_parents,
        sources="<results>/library/sources.parquet",
    output:
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
        usage=f"{USAGE}/merge.jsonl",
    message:
        "Merging duplicates into ligands"
    shell:
        "screenmm merge --settings {params.settings:q} --results {params.results:q} "
        "--usage {params.usage:q} 2> {log:q}"
