# Asked for with the section variants alone: the wild type's best ligands in its mutants.


rule read_variants:
    input:
        given=variant_files,
        structure="<results>/receptors/{receptor}/receptor.cif",
        pocket="<results>/receptors/{receptor}/pocket.json",
        reference="<results>/receptors/{receptor}/reference_ligand.sdf",
        parameters="<results>/receptors/{receptor}/parameters.npz",
        coordinates="<results>/receptors/{receptor}/coordinates.npz",
    output:
        **usage_output("read_variants/{receptor}"),
        entries="<results>/variants/{receptor}/entries.parquet",
        modelled="<results>/variants/{receptor}/modelled.json",
        panel="<results>/variants/{receptor}/panel.json",
    log:
        "<logs>/read_variants/{receptor}.log",
    benchmark:
        "<benchmarks>/read_variants/{receptor}.tsv"
    # a fault in the files is told before anything is docked
    priority: 20
    conda:
        "../../envs/variants.yaml"
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(60),
    params:
        settings=with_copies(variant_settings, variant_files, "given"),
        times=variant_times,
        receptor=subpath(input.structure, parent=True),
        usage=usage_file("read_variants/{receptor}"),
    message:
        "Reading the variants of {wildcards.receptor}"
    shell:
        "screenmm read-variants --settings {params.settings:q} --receptor {params.receptor:q} "
        "--entries {output.entries:q} --modelled {output.modelled:q} "
        "--panel {output.panel:q} "
        "--usage {params.usage:q} 2> {log:q}"


rule choose_ligands:
    input:
        **where_stored(folders=folders_of_scored, files=scores_and_poses),
        manifest="<results>/scores/{receptor}.manifest.json",
        # what is wrong with the variants is told first
        modelled="<results>/variants/{receptor}/modelled.json",
    output:
        **usage_output("choose_ligands/{receptor}"),
        first=f"<results>/variants/{{receptor}}/shards/{VARIED[0]}.sdf.gz",
        others=expand(
            "<results>/variants/{{receptor}}/shards/{shard}.sdf.gz", shard=VARIED[1:]
        ),
    log:
        "<logs>/choose_ligands/{receptor}.log",
    benchmark:
        "<benchmarks>/choose_ligands/{receptor}.tsv"
    conda:
        "../../envs/ranking.yaml"
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(60),
    params:
        settings=stage_settings(SETTINGS, "choose_ligands"),
        results=subpath(output.first, ancestor=4),
        out=subpath(output.first, parent=True),
        usage=usage_file("choose_ligands/{receptor}"),
    message:
        "Choosing the ligands that are scored in variants of {wildcards.receptor}"
    shell:
        "screenmm choose-ligands --settings {params.settings:q} --results {params.results:q} "
        "--receptor {wildcards.receptor} --out {params.out:q} "
        "--usage {params.usage:q} 2> {log:q}"


rule score_variants:
    input:
        poses="<results>/variants/{receptor}/shards/{shard}.sdf.gz",
        panel="<results>/variants/{receptor}/panel.json",
        structure="<results>/receptors/{receptor}/receptor.cif",
        parameters="<results>/receptors/{receptor}/parameters.npz",
        coordinates="<results>/receptors/{receptor}/coordinates.npz",
    output:
        **usage_output("score_variants/{receptor}/{shard}"),
        scores="<results>/variants/{receptor}/scores/{shard}.parquet",
    log:
        "<logs>/score_variants/{receptor}/{shard}.log",
    benchmark:
        "<benchmarks>/score_variants/{receptor}/{shard}.tsv"
    conda:
        "../../envs/variants.yaml"
    threads: 8
    resources:
        mem_mb=per_attempt(2000, per_thread=1000),
        runtime=per_attempt(240),
    params:
        settings=stage_settings(SETTINGS, "score_variants"),
        receptor=subpath(input.structure, parent=True),
        usage=usage_file("score_variants/{receptor}/{shard}"),
    message:
        "Scoring shard {wildcards.shard} in the variants of {wildcards.receptor} with OpenMM"
    shell:
        "screenmm score-variants --settings {params.settings:q} --workers {threads} "
        "--poses {input.poses:q} --panel {input.panel:q} --receptor {params.receptor:q} "
        "--scores {output.scores:q} "
        "--usage {params.usage:q} 2> {log:q}"


rule biomarkers:
    input:
        database="<results>/screen.duckdb",
        scores=scores_in_variants,
    output:
        **usage_output(BIOMARKERS),
        variants=report(
            "<results>/variants.csv",
            caption="../report/variants.rst",
            category="Variants",
            labels={"table": "ligands in variants"},
        ),
        biomarkers=report(
            "<results>/biomarkers.csv",
            caption="../report/biomarkers.rst",
            category="Variants",
            labels={"table": "biomarkers"},
        ),
        complexes=directory("<results>/variant_complexes"),
    log:
        f"<logs>/{BIOMARKERS}.log",
    benchmark:
        f"<benchmarks>/{BIOMARKERS}.tsv"
    # seconds of work: on a cluster it stays with Snakemake
    localrule: True
    conda:
        "../../envs/ranking.yaml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        usage=usage_file(BIOMARKERS),
    message:
        "Writing the tables and the complexes of variants"
    shell:
        "screenmm biomarkers --database {input.database:q} --scores {input.scores:q} "
        "--variants {output.variants:q} --biomarkers {output.biomarkers:q} "
        "--complexes {output.complexes:q} "
        "--usage {params.usage:q} 2> {log:q}"
