rule rank:
    input:
        **where_stored(scored=all_scored, folders=all_folders),
        **input_of_variants(variants=variants_scored),
        sources="<results>/library/sources.parquet",
        membership="<results>/ligands/membership.parquet",
        duplicates="<results>/ligands/merge.events.parquet",
        events=all_events,
        concluded=concluded,
        selected=all_selected,
        poses=all_pose_tables,
        scores=expand("<results>/scores/{receptor}.manifest.json", receptor=RECEPTORS),
        structures=expand(
            "<results>/receptors/{receptor}/receptor.cif", receptor=RECEPTORS
        ),
        residues=expand(
            "<results>/receptors/{receptor}/coordinates.npz", receptor=RECEPTORS
        ),
        reports=expand("<results>/receptors/{receptor}/report.json", receptor=RECEPTORS),
    output:
        **usage_output("rank"),
        ranking=report(
            "<results>/ranking.csv",
            caption="../report/ranking.rst",
            category="Ranking",
            labels={"table": "ranking"},
        ),
        hits="<results>/hits.sdf",
        complexes=directory("<results>/complexes"),
        ledger="<results>/ledger.csv",
        picks=report(
            "<results>/picks.csv",
            caption="../report/picks.rst",
            category="Ranking",
            labels={"table": "picks"},
        ),
        database="<results>/screen.duckdb",
    log:
        "<logs>/rank.log",
    benchmark:
        "<benchmarks>/rank.tsv"
    conda:
        "../../envs/ranking.yaml"
    threads: 4
    resources:
        mem_mb=per_attempt(8000),
        runtime=per_attempt(120),
    params:
        settings=stage_settings(SETTINGS, "rank"),
        results=subpath(output.ranking, parent=True),
        receptors=RECEPTORS,
        usage=usage_file("rank"),
    message:
        "Ranking"
    shell:
        "screenmm rank --settings {params.settings:q} --workers {threads} "
        "--results {params.results:q} --receptors {params.receptors} "
        "--usage {params.usage:q} 2> {log:q}"


rule ensembles:
    input:
        database="<results>/screen.duckdb",
    output:
        **usage_output("ensembles"),
        table=report(
            "<results>/ensembles.csv",
            caption="../report/ensembles.rst",
            category="Ranking",
            labels={"table": "ensembles"},
        ),
    log:
        "<logs>/ensembles.log",
    benchmark:
        "<benchmarks>/ensembles.tsv"
    # seconds of work: on a cluster it stays with Snakemake
    localrule: True
    conda:
        "../../envs/ranking.yaml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        usage=usage_file("ensembles"),
    message:
        "Writing the table of targets with several structures"
    shell:
        "screenmm ensembles --database {input.database:q} --table {output.table:q} "
        "--usage {params.usage:q} 2> {log:q}"


rule report:
    input:
        **where_stored(
            usage=all_usage,
            folders=all_folders,
            annotations="<results>/library/annotations.json",
            receptors=expand(
                "<results>/receptors/{receptor}/report.json", receptor=RECEPTORS
            ),
        ),
        **input_of_rounds(campaign="<results>/rounds/campaign.json"),
        **input_of_variants(pairs="<results>/variant_complexes"),
        **input_of_ensembles(ensembles="<results>/ensembles.csv"),
        database="<results>/screen.duckdb",
        hits="<results>/hits.sdf",
        complexes="<results>/complexes",
        records="<results>/library/records",
        redockings=REDOCKINGS,
        known=known_files,
    output:
        **usage_output("report"),
        report=report(
            "<results>/report.html",
            caption="../report/report.rst",
            category="Report",
            labels={"page": "report of the screen"},
        ),
        metrics="<results>/metrics.json",
        bias=report(
            directory("<results>/bias"),
            patterns=["{table}.csv"],
            caption="../report/bias.rst",
            category="Bias",
            labels={"table": "{table}"},
        ),
        figures=report(
            directory("<results>/figures"),
            patterns=["{figure}.svg"],
            caption="../report/figures.rst",
            category="Figures",
            labels={"figure": "{figure}"},
        ),
        tables=directory("<results>/tables"),
        pymol="<results>/view_hits.pml",
        chimerax="<results>/view_hits.cxc",
    log:
        "<logs>/report.log",
    benchmark:
        "<benchmarks>/report.tsv"
    # seconds of work: on a cluster it stays with Snakemake
    localrule: True
    conda:
        "../../envs/ranking.yaml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        settings=with_copies(whole_settings, known_files, "known"),
        results=subpath(output.report, parent=True),
        usage=usage_file("report"),
    message:
        "Writing the report"
    shell:
        "screenmm report --settings {params.settings:q} --results {params.results:q} "
        "--usage {params.usage:q} 2> {log:q}"
