rule score:
    input:
        poses=selected_poses,
        parameters="<results>/receptors/{receptor}/parameters.npz",
        coordinates="<results>/receptors/{receptor}/coordinates.npz",
    output:
        **usage_output("score/{receptor}/{shard}"),
        scores="<results>/scores/{receptor}/{shard}.parquet",
        minimised="<results>/scores/{receptor}/{shard}.sdf.gz",
        events="<results>/scores/{receptor}/{shard}.events.parquet",
    log:
        "<logs>/score/{receptor}/{shard}.log",
    benchmark:
        "<benchmarks>/score/{receptor}/{shard}.tsv"
    conda:
        "../../envs/score.yaml"
    threads: 8
    resources:
        mem_mb=per_attempt(2000, per_thread=1000),
        runtime=per_attempt(240),
    params:
        settings=stage_settings(SETTINGS, "score"),
        receptor=subpath(input.parameters, parent=True),
        usage=usage_file("score/{receptor}/{shard}"),
    message:
        "Scoring shard {wildcards.shard} in {wildcards.receptor} with OpenMM"
    shell:
        "screenmm score --settings {params.settings:q} --workers {threads} "
        "--poses {input.poses:q} --receptor {params.receptor:q} "
        "--scores {output.scores:q} --minimised {output.minimised:q} "
        "--events {output.events:q} "
        "--usage {params.usage:q} 2> {log:q}"


rule manifest:
    input:
        **where_stored(selected=selected_folders),
        scores=scored("<results>/scores/{receptor}/{shard}.parquet"),
        minimised=scored("<results>/scores/{receptor}/{shard}.sdf.gz"),
        events=scored("<results>/scores/{receptor}/{shard}.events.parquet"),
        inspected=scored("<results>/inspected/{receptor}/{shard}.parquet"),
        inspected_events=scored("<results>/inspected/{receptor}/{shard}.events.parquet"),
    output:
        **usage_output("manifest/{receptor}"),
        manifest="<results>/scores/{receptor}.manifest.json",
    log:
        "<logs>/manifest/{receptor}.log",
    benchmark:
        "<benchmarks>/manifest/{receptor}.tsv"
    # seconds of work: on a cluster it stays with Snakemake
    localrule: True
    conda:
        "../../envs/score.yaml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        results=subpath(output.manifest, ancestor=2),
        rounds=len(ROUNDS),
        usage=usage_file("manifest/{receptor}"),
    message:
        "Listing the scores and inspections of {wildcards.receptor}"
    shell:
        "screenmm manifest --results {params.results:q} --receptor {wildcards.receptor} "
        "--rounds {params.rounds} --out {output.manifest:q} "
        "--usage {params.usage:q} 2> {log:q}"
