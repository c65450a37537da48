rule dock:
    input:
        states="<results>/ligands/states/{shard}.sdf.gz",
        pdbqt="<results>/receptors/{receptor}/receptor.pdbqt",
        pocket="<results>/receptors/{receptor}/pocket.json",
        templates=named(TEMPLATE_FILES),
        reference=OWN_TEMPLATE,
    output:
        **usage_output("dock/{receptor}/{shard}"),
        poses="<results>/poses/{receptor}/{shard}.sdf.gz",
        table="<results>/poses/{receptor}/{shard}.parquet",
        events="<results>/poses/{receptor}/{shard}.events.parquet",
    log:
        "<logs>/dock/{receptor}/{shard}.log",
    benchmark:
        "<benchmarks>/dock/{receptor}/{shard}.tsv"
    conda:
        "../../envs/docking.yaml"
    threads: 8
    resources:
        mem_mb=per_attempt(1000, per_thread=500),
        runtime=per_attempt(240),
    params:
        **template_times(),
        settings=with_copies(docking_settings, template_files, "templates"),
        receptor=subpath(input.pdbqt, parent=True),
        usage=usage_file("dock/{receptor}/{shard}"),
    message:
        "Docking shard {wildcards.shard} into {wildcards.receptor}"
    shell:
        "screenmm dock --settings {params.settings:q} --workers {threads} "
        "--states {input.states:q} --receptor {params.receptor:q} "
        "--poses {output.poses:q} --table {output.table:q} "
        "--events {output.events:q} "
        "--usage {params.usage:q} 2> {log:q}"


# asked for with docking.tiers alone
checkpoint advance:
    input:
        **where_stored(ligands="<results>/ligands/shards", before=shards_before),
        states=all_states,
        tables=docked_before,
    output:
        **usage_output("advance/{receptor}/{tier}"),
        shards=directory("<results>/tiers/{receptor}/{tier}/shards"),
        events="<results>/tiers/{receptor}/{tier}/advance.events.parquet",
    log:
        "<logs>/advance/{receptor}/{tier}.log",
    benchmark:
        "<benchmarks>/advance/{receptor}/{tier}.tsv"
    conda:
        "../../envs/ranking.yaml"
    resources:
        mem_mb=per_attempt(8000),
        runtime=per_attempt(60),
    params:
        settings=advance_settings,
        results=subpath(output.events, ancestor=4),
        usage=usage_file("advance/{receptor}/{tier}"),
    message:
        "Choosing the ligands that tier {wildcards.tier} docks into {wildcards.receptor}"
    shell:
        "screenmm advance --settings {params.settings:q} --results {params.results:q} "
        "--receptor {wildcards.receptor} --tier {wildcards.tier} --out {output.shards:q} "
        "--events {output.events:q} "
        "--usage {params.usage:q} 2> {log:q}"


use rule dock as dock_again with:
    input:
        states="<results>/tiers/{receptor}/{tier}/shards/{shard}.sdf.gz",
        pdbqt="<results>/receptors/{receptor}/receptor.pdbqt",
        pocket="<results>/receptors/{receptor}/pocket.json",
        templates=named(TEMPLATE_FILES),
        reference=OWN_TEMPLATE,
    output:
        **usage_output("dock_again/{receptor}/{tier}/{shard}"),
        poses="<results>/tiers/{receptor}/{tier}/poses/{shard}.sdf.gz",
        table="<results>/tiers/{receptor}/{tier}/poses/{shard}.parquet",
        events="<results>/tiers/{receptor}/{tier}/poses/{shard}.events.parquet",
    log:
        "<logs>/dock_again/{receptor}/{tier}/{shard}.log",
    benchmark:
        "<benchmarks>/dock_again/{receptor}/{tier}/{shard}.tsv"
    params:
        settings=with_copies(dock_again_settings, template_files, "templates"),
        usage=usage_file("dock_again/{receptor}/{tier}/{shard}"),
    message:
        "Docking shard {wildcards.shard} into {wildcards.receptor} again, in tier {wildcards.tier}"


checkpoint select:
    input:
        **where_stored(ligands="<results>/ligands/shards", later=shards_of_tiers),
        tables=docked("parquet"),
        poses=docked("sdf.gz"),
    output:
        **usage_output("select/{receptor}"),
        shards=directory("<results>/selected/{receptor}/shards"),
        events="<results>/selected/{receptor}/select.events.parquet",
    log:
        "<logs>/select/{receptor}.log",
    benchmark:
        "<benchmarks>/select/{receptor}.tsv"
    conda:
        "../../envs/ranking.yaml"
    resources:
        mem_mb=per_attempt(8000),
        runtime=per_attempt(60),
    params:
        settings=stage_settings(SETTINGS, "select"),
        results=subpath(output.events, ancestor=3),
        usage=usage_file("select/{receptor}"),
    message:
        "Selecting the best docked ligands of {wildcards.receptor}"
    shell:
        "screenmm select --settings {params.settings:q} --results {params.results:q} "
        "--receptor {wildcards.receptor} --out {output.shards:q} "
        "--events {output.events:q} "
        "--usage {params.usage:q} 2> {log:q}"
