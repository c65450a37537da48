# The reference ligand goes through the rules of the library's ligands, before them.


rule reference:
    input:
        ligand="<results>/receptors/{receptor}/reference_ligand.sdf",
        pocket="<results>/receptors/{receptor}/pocket.json",
        given=named(REFERENCE_FILES),
    output:
        **usage_output("reference/{receptor}"),
        reference="<results>/controls/{receptor}/reference.sdf",
        states="<results>/controls/{receptor}/states.sdf.gz",
        events="<results>/controls/{receptor}/reference.events.parquet",
    log:
        "<logs>/reference/{receptor}.log",
    benchmark:
        "<benchmarks>/reference/{receptor}.tsv"
    priority: 10
    conda:
        "../../envs/library.yaml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        **where_stored(asked=reference_settings),
        settings=with_copies(reference_settings, reference_files, "given"),
        times=reference_times,
        receptor=subpath(input.ligand, parent=True),
        usage=usage_file("reference/{receptor}"),
    message:
        "Preparing the reference ligand of {wildcards.receptor}"
    shell:
        "screenmm reference --settings {params.settings:q} --receptor {params.receptor:q} "
        "--reference {output.reference:q} --states {output.states:q} "
        "--events {output.events:q} "
        "--usage {params.usage:q} 2> {log:q}"


use rule dock as redock with:
    input:
        states="<results>/controls/{receptor}/states.sdf.gz",
        pdbqt="<results>/receptors/{receptor}/receptor.pdbqt",
        pocket="<results>/receptors/{receptor}/pocket.json",
    output:
        **usage_output("redock/{receptor}"),
        poses="<results>/controls/{receptor}/poses.sdf.gz",
        table="<results>/controls/{receptor}/poses.parquet",
        events="<results>/controls/{receptor}/poses.events.parquet",
    log:
        "<logs>/redock/{receptor}.log",
    benchmark:
        "<benchmarks>/redock/{receptor}.tsv"
    priority: 10
    threads: 1
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        settings=stage_settings(SETTINGS, "redock"),
        usage=usage_file("redock/{receptor}"),
    message:
        "Docking the reference ligand of {wildcards.receptor} again"


use rule score as rescore with:
    input:
        poses="<results>/controls/{receptor}/poses.sdf.gz",
        parameters="<results>/receptors/{receptor}/parameters.npz",
        coordinates="<results>/receptors/{receptor}/coordinates.npz",
    output:
        **usage_output("rescore/{receptor}"),
        scores="<results>/controls/{receptor}/scores.parquet",
        minimised="<results>/controls/{receptor}/minimised.sdf.gz",
        events="<results>/controls/{receptor}/scores.events.parquet",
    log:
        "<logs>/rescore/{receptor}.log",
    benchmark:
        "<benchmarks>/rescore/{receptor}.tsv"
    priority: 10
    threads: 1
    resources:
        mem_mb=per_attempt(2000, per_thread=1000),
        runtime=per_attempt(60),
    params:
        settings=stage_settings(SETTINGS, "rescore"),
        usage=usage_file("rescore/{receptor}"),
    message:
        "Scoring all poses of the reference ligand of {wildcards.receptor}"


rule compare:
    input:
        reference="<results>/controls/{receptor}/reference.sdf",
        prepared="<results>/controls/{receptor}/reference.events.parquet",
        poses="<results>/controls/{receptor}/poses.sdf.gz",
        docked="<results>/controls/{receptor}/poses.events.parquet",
        scores="<results>/controls/{receptor}/scores.parquet",
        minimised="<results>/controls/{receptor}/minimised.sdf.gz",
    output:
        **usage_output("compare/{receptor}"),
        redocking="<results>/controls/{receptor}/redock.json",
        poses="<results>/controls/{receptor}/redock.sdf",
    log:
        "<logs>/compare/{receptor}.log",
    benchmark:
        "<benchmarks>/compare/{receptor}.tsv"
    priority: 10
    # a second of work: on a cluster it stays with Snakemake
    localrule: True
    conda:
        "../../envs/library.yaml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        settings=comparison_settings,
        folder=subpath(output.redocking, parent=True),
        usage=usage_file("compare/{receptor}"),
    message:
        "Comparing the redocked reference ligand of {wildcards.receptor}"
    shell:
        "screenmm compare --settings {params.settings:q} --folder {params.folder:q} "
        "--result {output.redocking:q} --poses {output.poses:q} "
        "--usage {params.usage:q} 2> {log:q}"


# asked for with controls.gate stop alone
checkpoint gate:
    input:
        redocking="<results>/controls/{receptor}/redock.json",
    output:
        **usage_output("gate/{receptor}"),
        passed="<results>/controls/{receptor}/passed.txt",
    log:
        "<logs>/gate/{receptor}.log",
    benchmark:
        "<benchmarks>/gate/{receptor}.tsv"
    priority: 10
    localrule: True
    conda:
        "../../envs/library.yaml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        usage=usage_file("gate/{receptor}"),
    message:
        "Deciding whether the library is docked into {wildcards.receptor}"
    shell:
        "screenmm gate --redocking {input.redocking:q} --out {output.passed:q} "
        "--usage {params.usage:q} 2> {log:q}"
