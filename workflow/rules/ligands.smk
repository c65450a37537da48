rule prepare_ligands:
    input:
        ligands=batch_of,
    output:
        **usage_output("prepare_ligands/{shard}"),
        states="<results>/ligands/states/{shard}.sdf.gz",
        events="<results>/ligands/states/{shard}.events.parquet",
    log:
        "<logs>/prepare_ligands/{shard}.log",
    benchmark:
        "<benchmarks>/prepare_ligands/{shard}.tsv"
    conda:
        "../../envs/ligands.yaml"
    threads: 8
    resources:
        mem_mb=per_attempt(1000, per_thread=500),
        runtime=per_attempt(120),
    params:
        settings=stage_settings(SETTINGS, "prepare_ligands"),
        usage=usage_file("prepare_ligands/{shard}"),
    message:
        "Preparing states and conformers of shard {wildcards.shard}"
    shell:
        "screenmm prepare-ligands --settings {params.settings:q} --workers {threads} "
        "--ligands {input.ligands:q} --states {output.states:q} "
        "--events {output.events:q} "
        "--usage {params.usage:q} 2> {log:q}"
