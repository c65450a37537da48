rule inspect:
    input:
        scores="<results>/scores/{receptor}/{shard}.parquet",
        minimised="<results>/scores/{receptor}/{shard}.sdf.gz",
        structure="<results>/receptors/{receptor}/receptor.cif",
        pdbqt="<results>/receptors/{receptor}/receptor.pdbqt",
        parameters="<results>/receptors/{receptor}/parameters.npz",
        coordinates="<results>/receptors/{receptor}/coordinates.npz",
    output:
        **usage_output("inspect/{receptor}/{shard}"),
        inspected="<results>/inspected/{receptor}/{shard}.parquet",
        events="<results>/inspected/{receptor}/{shard}.events.parquet",
    log:
        "<logs>/inspect/{receptor}/{shard}.log",
    benchmark:
        "<benchmarks>/inspect/{receptor}/{shard}.tsv"
    conda:
        "../../envs/inspection.yaml"
    threads: 8
    resources:
        mem_mb=per_attempt(1000, per_thread=500),
        runtime=per_attempt(60),
    params:
        settings=stage_settings(SETTINGS, "inspect"),
        receptor=subpath(input.structure, parent=True),
        usage=usage_file("inspect/{receptor}/{shard}"),
    message:
        "Inspecting the poses of shard {wildcards.shard} in {wildcards.receptor}"
    shell:
        "screenmm inspect --settings {params.settings:q} --workers {threads} "
        "--scores {input.scores:q} --minimised {input.minimised:q} "
        "--receptor {params.receptor:q} "
        "--inspected {output.inspected:q} --events {output.events:q} "
        "--usage {params.usage:q} 2> {log:q}"
