rule prepare_receptor:
    input:
        files=receptor_files,
    output:
        **usage_output("prepare_receptor/{receptor}"),
        structure="<results>/receptors/{receptor}/receptor.cif",
        pdbqt="<results>/receptors/{receptor}/receptor.pdbqt",
        pocket="<results>/receptors/{receptor}/pocket.json",
        parameters="<results>/receptors/{receptor}/parameters.npz",
        coordinates="<results>/receptors/{receptor}/coordinates.npz",
        reference="<results>/receptors/{receptor}/reference_ligand.sdf",
        report_json="<results>/receptors/{receptor}/report.json",
        report_text="<results>/receptors/{receptor}/report.txt",
    log:
        "<logs>/prepare_receptor/{receptor}.log",
    benchmark:
        "<benchmarks>/prepare_receptor/{receptor}.tsv"
    conda:
        "../../envs/receptor.yaml"
    resources:
        mem_mb=per_attempt(4000),
        runtime=per_attempt(60),
    params:
        **where_stored(asked=receptor_settings),
        settings=with_copies(receptor_settings, receptor_files, "files"),
        times=receptor_times,
        out=subpath(output.structure, parent=True),
        usage=usage_file("prepare_receptor/{receptor}"),
    message:
        "Preparing receptor {wildcards.receptor}"
    shell:
        "screenmm prepare-receptor --settings {params.settings:q} "
        "--name {wildcards.receptor} --out {params.out:q} "
        "--usage {params.usage:q} 2> {log:q}"


# asked for with ranking.interactions alone; no input of docking, so that changed filters dock
# nothing again
checkpoint check_filters:
    input:
        residues="<results>/receptors/{receptor}/coordinates.npz",
        report_json="<results>/receptors/{receptor}/report.json",
    output:
        **usage_output("check_filters/{receptor}"),
        passed="<results>/controls/{receptor}/filters.txt",
    log:
        "<logs>/check_filters/{receptor}.log",
    benchmark:
        "<benchmarks>/check_filters/{receptor}.tsv"
    priority: 10
    localrule: True
    conda:
        "../../envs/library.yaml"
    resources:
        mem_mb=per_attempt(2000),
        runtime=per_attempt(60),
    params:
        settings=stage_settings(SETTINGS, "check_filters"),
        receptor=subpath(input.residues, parent=True),
        usage=usage_file("check_filters/{receptor}"),
    message:
        "Looking in {wildcards.receptor} for the residues of the filters"
    shell:
        "screenmm check-filters --settings {params.settings:q} "
        "--receptor {params.receptor:q} --out {output.passed:q} "
        "--usage {params.usage:q} 2> {log:q}"
