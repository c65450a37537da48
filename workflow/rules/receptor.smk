rule prepare_receptor:
    input:
        files=receptor_files,
    output:
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
    params:
        settings=receptor_settings,
        times=receptor_times,
        out=subpath(output.structure, parent=True),
        usage=f"{USAGE}/prepare_receptor/{{receptor}}.jsonl",
    message:
        "Preparing receptor {wildcards.receptor}"
    shell:
        "screenmm prepare-receptor --settings {params.settings:q} "
        "--name {wildcards.receptor} --out {params.out:q} "
        "--usage {params.usage:q} 2> {log:q}"
