"""ScreenMM: from a receptor and a library to a ranked, explained shortlist.

snakemake --cores all --configfile my.yaml
"""

from snakemake.utils import min_version

min_version("9.27")


include: "workflow/rules/common.smk"
include: "workflow/rules/storage.smk"


# only now is it known that the config is valid
pathvars:
    results=RESULTS,
    logs="<results>/logs",
    benchmarks="<results>/benchmarks",


report: "workflow/report/workflow.rst"


include: "workflow/rules/library.smk"
include: "workflow/rules/ligands.smk"
include: "workflow/rules/receptor.smk"
include: "workflow/rules/docking.smk"
include: "workflow/rules/rounds.smk"
include: "workflow/rules/generation.smk"
include: "workflow/rules/scoring.smk"
include: "workflow/rules/inspection.smk"
include: "workflow/rules/controls.smk"
include: "workflow/rules/variants.smk"
include: "workflow/rules/ranking.smk"
include: "workflow/rules/audit.smk"


rule screen:
    default_target: True
    input:
        **input_of_variants(
            variants="<results>/variants.csv", biomarkers="<results>/biomarkers.csv"
        ),
        **input_of_ensembles(ensembles="<results>/ensembles.csv"),
        report="<results>/report.html",
        ranking="<results>/ranking.csv",
        crate="<results>/ro-crate-metadata.json",
        redockings=REDOCKINGS,
        # shards are targets too, so that one that was deleted is made again
        poses=all_pose_tables,
        scores=selected_tables("scores"),
        inspected=selected_tables("inspected"),
    localrule: True
    message:
        "The screen is complete: {input.report}"


onstart:
    start_run()


onsuccess:
    if not STORED:
        shell("screenmm summary {RESULTS:q} || true")


onerror:
    where = " in the store" if STORED else ""
    print(
        f"The screen stopped. The failed rule's log is under {RESULTS}/logs/{where};"
    )
    print("mend the cause and run the same command again: finished work is kept.")
