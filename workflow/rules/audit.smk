from screenmm.audit.inputs import input_files


rule crate:
    input:
        **where_stored(
            usage=all_usage,
            usage_of_report="<results>/usage/report.jsonl",
            folders=all_folders,
            of_variants=all_of_variants,
        ),
        **input_of_rounds(rounds="<results>/rounds.csv"),
        **input_of_variants(
            variants="<results>/variants.csv",
            biomarkers="<results>/biomarkers.csv",
            pairs="<results>/variant_complexes",
        ),
        **input_of_ensembles(ensembles="<results>/ensembles.csv"),
        given=named(file.path for file in input_files(SETTINGS, Path.cwd())),
        ranking="<results>/ranking.csv",
        hits="<results>/hits.sdf",
        complexes="<results>/complexes",
        ledger="<results>/ledger.csv",
        picks="<results>/picks.csv",
        database="<results>/screen.duckdb",
        report="<results>/report.html",
        metrics="<results>/metrics.json",
        bias="<results>/bias",
        figures="<results>/figures",
        tables="<results>/tables",
        pymol="<results>/view_hits.pml",
        chimerax="<results>/view_hits.cxc",
        receptors=expand(
            "<results>/receptors/{receptor}/report.json", receptor=RECEPTORS
        ),
        manifests=expand(
            "<results>/scores/{receptor}.manifest.json", receptor=RECEPTORS
        ),
    output:
        crate="<results>/ro-crate-metadata.json",
        provenance=directory("<results>/provenance"),
    log:
        "<logs>/crate.log",
    benchmark:
        "<benchmarks>/crate.tsv"
    # seconds of work: on a cluster it stays with Snakemake
    localrule: True
    conda:
        "../../envs/ranking.yaml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        settings=whole_settings,
        config=first_config,
        workflow=checkout,
        results=subpath(output.crate, parent=True),
    message:
        "Writing the audit trail"
    shell:
        "screenmm crate --settings {params.settings:q} --config-file {params.config:q} "
        "--workflow {params.workflow:q} --results {params.results:q} 2> {log:q}"
