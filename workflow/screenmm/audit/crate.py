"""The results folder as a Provenance Run Crate (RO-Crate 1.1, Workflow Run RO-Crate 0.5).

A stage is one action of the crate, however many jobs it took, so the crate stays small; the
jobs stand one by one in a table beside it. Nothing in it tells where a file lies on this
machine, or what the machine and its user are called.
"""

from __future__ import annotations

import base64
import hashlib
import json
import logging
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import screenmm
from screenmm import __version__
from screenmm.audit.attempts import (
    StageRun,
    all_attempts,
    as_csv,
    device_text,
    host_numbers,
    host_of,
    stage_runs,
)
from screenmm.audit.bundle import CONFIG, JOBS, SNAKEFILE, WORKFLOW, write_bundle
from screenmm.audit.entities import Graph, file_entity, path_id, reference, references
from screenmm.audit.inputs import InputFile, config_text, input_files, name_by_digest
from screenmm.audit.stages import entities, environments, intermediate, outputs
from screenmm.audit.verify import METADATA
from screenmm.config.settings import Settings
from screenmm.core.errors import UserError
from screenmm.execution.usage import read_usage
from screenmm.files.whole import sha256, write_text
from screenmm.generation.weights import WEIGHTS_SHA256
from screenmm.metrics.model import read_metrics
from screenmm.run.layout import Layout
from screenmm.run.stages import stages

log = logging.getLogger(__name__)

RO_CRATE = "https://w3id.org/ro/crate/1.1"
WORKFLOW_RO_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    WORKFLOW_RO_CRATE: ("Workflow RO-Crate", "1.0"),
}
BIOSCHEMAS_WORKFLOW = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
CONDA_FILE = (
    "https://docs.conda.io/projects/conda/en/latest/user-guide/tasks/manage-environments.html"
    "#create-env-file-manually"
)
SNAKEMAKE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
MIT = "https://spdx.org/licenses/MIT"
RUN = "#run"
ANNALOG = "annalog"
"""A package whose weights molecules are proposed by."""

_UNIT = "https://qudt.org/vocab/unit/"
QUANTITIES = {
    "jobs": ("NUM", "Jobs that the present results come from"),
    "jobs_on_record": ("NUM", "Those of them whose usage is on record; the sums are over these"),
    "wall_s": ("SEC", "Time of the jobs, summed"),
    "longest_s": ("SEC", "Time of the longest job"),
    "cpu_s": ("SEC", "CPU time of the jobs, summed"),
    "core_s": ("SEC", "Time of the jobs times the cores they held, summed"),
    "max_rss_mb": ("MebiBYTE", "Peak memory of the largest process of any job"),
    "gpu_s": ("SEC", "Time for which GPUs were held, summed"),
    "energy_j": ("J", "Energy of the processors, by the share of CPU time, summed"),
    "device_s": ("SEC", "Time for which a device was held, summed"),
    "host_jobs": ("NUM", "Jobs that ran on a machine"),
    "platform_poses": ("NUM", "Poses that were scored on an OpenMM platform"),
    "own_kernels_poses": (
        "NUM",
        "Poses of which the minimiser, the strain and the final energies were computed there",
    ),
}
"""What is said of a stage's use of resources: unit (QUDT) and meaning."""


@dataclass(frozen=True)
class Run:
    """What the crate is made from.

    Parameters
    ----------
    settings : Settings
        The config; its paths lead to the files from the present folder.
    results : Path
        The results folder.
    environments : dict of str to str
        From :func:`screenmm.audit.stages.environments`.
    inputs : list of InputFile
        Files that the config names.
    stages : list of StageRun
        What is known of the jobs, in the run's order.
    hosts : dict
        From :func:`screenmm.audit.attempts.host_numbers`.
    platforms : dict of str to int
        Scored poses by OpenMM platform.
    own_kernels : dict of str to int
        Scored poses by what computed beside OpenMM: a device, the host, or both.
    """

    settings: Settings
    results: Path
    environments: dict[str, str]
    inputs: list[InputFile]
    stages: list[StageRun]
    hosts: dict[str, int]
    platforms: dict[str, int]
    own_kernels: dict[str, int]

    @property
    def ended(self) -> str:
        """When the last job ended."""
        return max(each.ended for each in self.stages if each.ended is not None)

    @property
    def started(self) -> str:
        """When the first job began."""
        return min(each.started for each in self.stages if each.started is not None)

    def versions(self, stages: Iterable[StageRun]) -> set[tuple[str, str]]:
        """Packages and versions that jobs ran with; ``python`` is among them."""
        usages = [attempt.usage for stage in stages for attempt in stage.made_by]
        found = {pair for usage in usages for pair in usage["versions"].items()}
        return found | {("python", usage["python"]) for usage in usages}


def write_crate(settings: Settings, folder: Path, results: Path, workflow: Path) -> None:
    """Write ``ro-crate-metadata.json`` and the folder ``provenance``.

    Parameters
    ----------
    settings : Settings
        The config; its paths lead to the files from the present folder.
    folder : Path
        Folder of the config file.
    results : Path
        Results folder of a finished run.
    workflow : Path
        Folder of the Snakefile.

    Raises
    ------
    UserError
        The run is not finished, or nothing is on record of it.
    """
    missing = [name for name in outputs(settings) if not (results / name).exists()]
    if missing:
        raise UserError(
            f"{results} holds no finished run: {', '.join(missing)} missing; finish it with "
            "snakemake, then make the crate"
        )
    files = Layout.of(settings, results)
    targets = files.targets(settings, through="report")
    attempts = all_attempts(read_usage(files.usage), targets)
    stages = stage_runs(attempts, targets)
    if not any(stage.made_by for stage in stages):
        raise UserError(
            f"{files.usage} tells of no job: the results are older than its records; run "
            "snakemake with --forcerun report"
        )
    hosts = host_numbers(attempts)
    metrics = read_metrics(results / "metrics.json")
    inputs = input_files(settings, folder)
    declared = environments(workflow)
    places = (metrics.platforms, metrics.own_kernels or {})
    run = Run(settings, results, declared, inputs, stages, hosts, *places)
    copied = write_bundle(results, workflow, config_text(settings, folder), as_csv(attempts, hosts))
    document = describe(run, copied)
    write_text(results / METADATA, json.dumps(document, indent=2, ensure_ascii=False) + "\n")


def describe(run: Run, copied: Sequence[str]) -> dict[str, Any]:
    """Describe a run as JSON-LD.

    Parameters
    ----------
    run : Run
        The run.
    copied : sequence of str
        Files of the workflow below the results, the Snakefile among them.
    """
    graph = Graph()
    graph.add(
        METADATA,
        "CreativeWork",
        about=reference("./"),
        conformsTo=references([RO_CRATE, WORKFLOW_RO_CRATE]),
    )
    _add_root(graph, run)
    inputs = _add_inputs(graph, run)
    outputs = _add_outputs(graph, run)
    _add_workflow(graph, run, copied)
    _add_hosts(graph, run)
    for position, stage in enumerate(run.stages, 1):
        _add_stage(graph, run, stage, position, inputs)
    _add_run(graph, run, inputs, outputs)
    for quantity, (_, meaning) in QUANTITIES.items():
        graph.add(f"#{quantity}", "DefinedTerm", name=quantity, description=meaning)
    return graph.document()


def _add_root(graph: Graph, run: Run) -> None:
    counts = f"{len(run.settings.screened.files)} library file(s), "
    counts += f"{len(run.settings.receptors)} receptor(s)"
    present = [name for name in intermediate() if (run.results / name).exists()]
    graph.add(
        "./",
        "Dataset",
        name=f"Virtual screen {run.settings.name}",
        description=f"Results of a virtual screen by ScreenMM: {counts}, scored by OpenMM.",
        datePublished=run.ended,
        license=reference("#licence"),
        conformsTo=references(PROFILES),
        mainEntity=reference(SNAKEFILE),
        mentions=references([RUN, *(_action(stage) for stage in run.stages)]),
        hasPart=references([*outputs(run.settings), *present, f"{WORKFLOW}/", CONFIG, JOBS]),
    )
    for identifier, (name, version) in PROFILES.items():
        graph.add(identifier, "CreativeWork", name=name, version=version)
    graph.add(
        "#licence",
        "CreativeWork",
        name="No licence stated",
        description="Whoever ran the screen decides how its results may be used.",
    )


def _link_part(graph: Graph, whole: str, part: str) -> None:
    parts = graph[whole].setdefault("hasPart", [])
    if reference(part) not in parts:
        parts.append(reference(part))


def _add_inputs(graph: Graph, run: Run) -> dict[str, list[str]]:
    """Add the user's files, each named by its content; returns their ids by rule."""
    read_at = {stage.rule: stage.started for stage in run.stages}
    found: dict[str, list[str]] = {"split": [], "prepare_receptor": []}
    for file in run.inputs:
        digest = sha256(file.path)
        identifier = name_by_digest(digest)
        parameter = f"#{file.key}"
        if identifier not in graph:
            graph.put(
                file_entity(identifier, file.path, description="Input file; not in the crate")
            )
            _link_part(graph, "./", identifier)
        entity = graph[identifier]
        entity.setdefault("exampleOfWork", []).append(reference(parameter))
        names = entity.setdefault("alternateName", [])
        if file.shown not in names:
            names.append(file.shown)
        late = _changed_after(file, read_at[file.rule])
        if late:
            log.warning("%s: %s", file.path, late)
            entity["description"] += f"; {late}"
        of_rule = found.setdefault(file.rule, [])
        if identifier not in of_rule:
            of_rule.append(identifier)
        graph.add(
            parameter,
            "FormalParameter",
            name=file.key,
            additionalType="File",
            workExample=reference(identifier),
        )
    return found


def _changed_after(file: InputFile, read_at: str | None) -> str:
    """Say so if a file was written after it was read: its digest may be another's."""
    written = datetime.fromtimestamp(file.path.stat().st_mtime, UTC)
    if read_at is None or written <= datetime.fromisoformat(read_at):
        return ""
    return f"written at {written.isoformat(timespec='seconds')}, after the run read it"


def _add_outputs(graph: Graph, run: Run) -> list[str]:
    """Add what the run left; returns the ids of what is meant for people."""
    for name, text in outputs(run.settings).items():
        parameter = f"#output-{name.rstrip('/')}"
        realised = {"description": text, "exampleOfWork": reference(parameter)}
        if name.endswith("/"):
            graph.add(name, "Dataset", name=name, **realised)
            for path in _listed(run, name):
                part = path_id(path.relative_to(run.results).as_posix())
                graph.put(file_entity(part, path))
                _link_part(graph, name, part)
        else:
            graph.put(file_entity(name, run.results / name, **realised))
        graph.add(
            parameter,
            "FormalParameter",
            name=name,
            additionalType="Dataset" if name.endswith("/") else "File",
            workExample=reference(name),
        )
    for name, text in intermediate().items():
        if (run.results / name).is_dir():
            graph.add(name, "Dataset", name=name, description=text)
        elif (run.results / name).is_file():
            graph.put(file_entity(name, run.results / name, description=text))
    for receptor in run.settings.receptors:
        manifest = run.results / f"scores/{receptor}.manifest.json"
        part = path_id(f"scores/{manifest.name}")
        graph.put(file_entity(part, manifest, description="SHA-256 of every score file"))
        _link_part(graph, "scores/", part)
    for receptor in run.settings.varied:
        for path in Layout.of(run.settings, run.results).of_variants(receptor):
            part = path_id(path.relative_to(run.results).as_posix())
            graph.put(file_entity(part, path))
            _link_part(graph, "variants/", part)
    return list(outputs(run.settings))


def _listed(run: Run, folder: str) -> list[Path]:
    """Files of a folder, and of the present receptors in it: an earlier run may have had others."""
    whole = run.results / folder
    inside = [path for name in run.settings.receptors for path in sorted((whole / name).rglob("*"))]
    return [
        path
        for path in (*sorted(whole.glob("*")), *inside)
        if path.is_file() and not path.name.startswith(".")
    ]


def _add_workflow(graph: Graph, run: Run, copied: Sequence[str]) -> None:
    engines = sorted(version for name, version in run.versions(run.stages) if name == "snakemake")
    graph.put(
        file_entity(
            SNAKEFILE,
            run.results / SNAKEFILE,
            **{"@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]},
            name="ScreenMM",
            description="From a receptor and a library to a ranked, explained shortlist",
            version=__version__,
            license=reference(MIT),
            conformsTo=reference(BIOSCHEMAS_WORKFLOW),
            programmingLanguage=reference(SNAKEMAKE),
            hasPart=references(_tool(stage) for stage in run.stages),
            step=references(_step(stage) for stage in run.stages),
            input=references(f"#{file.key}" for file in run.inputs),
            output=references(f"#output-{name.rstrip('/')}" for name in outputs(run.settings)),
        )
    )
    graph.add(MIT, "CreativeWork", name="MIT License", url=MIT)
    graph.add(
        BIOSCHEMAS_WORKFLOW, "CreativeWork", name="Bioschemas ComputationalWorkflow", version="1.0"
    )
    graph.add(
        SNAKEMAKE,
        "ComputerLanguage",
        name="Snakemake",
        url=reference("https://snakemake.readthedocs.io"),
        identifier=reference("https://snakemake.readthedocs.io"),
        version=", ".join(engines),
    )
    graph.add(f"{WORKFLOW}/", "Dataset", name="workflow", description="Copies of its files")
    _link_part(graph, f"{WORKFLOW}/", SNAKEFILE)
    for name in copied:
        if name == SNAKEFILE:
            continue
        kind = ["File", "SoftwareSourceCode"] if name.endswith(".smk") else "File"
        extra: dict[str, Any] = {"@type": kind}
        if f"{WORKFLOW}/envs/" in name:
            extra["conformsTo"] = reference(CONDA_FILE)
        if name.endswith(".smk"):
            extra["version"] = __version__
            extra["programmingLanguage"] = reference(SNAKEMAKE)
        graph.put(file_entity(path_id(name), run.results / name, **extra))
        _link_part(graph, f"{WORKFLOW}/", path_id(name))
    graph.add(CONDA_FILE, "WebPageElement", name="Conda environment file")
    graph.put(
        file_entity(
            CONFIG, run.results / CONFIG, description="The config as it was run, with its defaults"
        )
    )
    graph.put(
        file_entity(
            JOBS,
            run.results / JOBS,
            description="Every attempt at every job: when, where, how it ended, what it used",
            about=reference(RUN),
        )
    )


def _add_hosts(graph: Graph, run: Run) -> None:
    for host, number in run.hosts.items():
        known = json.loads(host)
        graph.add(
            f"#host-{number}",
            "IndividualProduct",
            name=f"host {number}",
            category="computer",
            model=known["cpu"],
            description=f"{known['cores']} cores, {known['os']}",
        )


def _tool(stage: StageRun) -> str:
    return f"#tool-{stage.rule}"


def _action(stage: StageRun) -> str:
    return f"#run-{stage.rule}"


def _control(stage: StageRun) -> str:
    return f"#orchestrate-{stage.rule}"


def _step(stage: StageRun) -> str:
    return f"{SNAKEFILE}#{stage.rule}"


def _status(stages: Iterable[StageRun]) -> dict[str, str]:
    """Completed, unless the last attempt at some job was no success."""
    unfinished = sum(stage.unfinished for stage in stages)
    if not unfinished:
        return {"actionStatus": "http://schema.org/CompletedActionStatus"}
    return {
        "actionStatus": "http://schema.org/FailedActionStatus",
        "error": f"The last attempt at {unfinished} job(s) did not succeed; see {JOBS}",
    }


def _add_stage(
    graph: Graph, run: Run, stage: StageRun, position: int, inputs: dict[str, list[str]]
) -> None:
    rule = stage.rule
    declared = stages()[rule]
    command = declared.command
    environment = run.environments.get(rule)
    graph.add(
        _step(stage),
        "HowToStep",
        name=rule,
        position=str(position),
        workExample=reference(_tool(stage)),
        buildInstructions=reference(f"{WORKFLOW}/{environment}") if environment else None,
    )
    versions = sorted(run.versions([stage]))
    own = sorted(version for name, version in versions if name == "screenmm")
    graph.add(
        _tool(stage),
        "SoftwareApplication",
        name=f"screenmm {command}",
        description=f"Method version {declared.version}" if declared.version else None,
        softwareVersion=", ".join(own) or __version__,
        softwareRequirements=references(_add_package(graph, *pair) for pair in versions),
    )
    written = [
        each for name in entities(declared.writes.values()) for each in _matching(graph, name)
    ]
    graph.add(
        _action(stage),
        "CreateAction",
        name=f"screenmm {command}, {stage.jobs} job(s)",
        description=f"All jobs of the rule {rule} that made the present results; {JOBS} has "
        f"them one by one. {len(stage.made_by)} of {stage.jobs} are on record.",
        instrument=reference(_tool(stage)),
        startTime=stage.started,
        endTime=stage.ended,
        object=references([*inputs.get(rule, []), *entities(declared.reads.values())]),
        result=references(written),
        resourceUsage=references(_add_usage(graph, run, stage)),
        **_status([stage]),
    )
    graph.add(
        _control(stage),
        "ControlAction",
        name=f"orchestrate {rule}",
        instrument=reference(_step(stage)),
        object=reference(_action(stage)),
        **_status([stage]),
    )


def _matching(graph: Graph, name: str) -> list[str]:
    """Entities of a file, a folder, or of the files of a pattern (``folder/*.suffix``)."""
    folder, star, suffix = name.partition("*")
    if not star:
        return [name]
    parts = [part["@id"] for part in graph[folder].get("hasPart", [])]
    return [part for part in parts if part.endswith(suffix)]


def _add_package(graph: Graph, name: str, version: str) -> str:
    """Add a package; returns its id."""
    if name == "screenmm":
        known = version == __version__
        return graph.add(
            f"#screenmm-{version}",
            "SoftwareApplication",
            name="ScreenMM",
            softwareVersion=version,
            license=reference(MIT),
            identifier=name_by_digest(_source_digest()) if known else None,
            description="The identifier is the SHA-256 of its source as it was installed when "
            "this crate was made" if known else None,
        )  # fmt: skip
    if name == "python":
        return graph.add(
            f"#python-{version}",
            "SoftwareApplication",
            name="Python",
            url="https://www.python.org",
            softwareVersion=version,
        )
    return graph.add(
        # a package URL also names local builds, such as PyTorch's 2.13.0+cpu
        f"pkg:pypi/{name}@{quote(version, safe='')}",
        "SoftwareApplication",
        name=name,
        softwareVersion=version,
        # they are checked whenever they are read
        description=f"Its weights have the SHA-256 {WEIGHTS_SHA256}" if name == ANNALOG else None,
    )


def _source_digest() -> str:
    """SHA-256 over names and contents of this package's modules."""
    folder = Path(screenmm.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256(path)}\n".encode())
    return digest.hexdigest()


def _add_usage(graph: Graph, run: Run, stage: StageRun) -> list[str]:
    """Add what a stage's jobs used; returns the ids."""
    totals = {
        "jobs": stage.jobs,
        "jobs_on_record": len(stage.made_by),
        **{key: stage.total(key) for key in ("wall_s", "cpu_s", "core_s", "gpu_s", "energy_j")},
        "longest_s": stage.largest("wall_s"),
        "max_rss_mb": stage.largest("max_rss_mb"),
    }
    found = [
        _add_quantity(graph, stage.rule, quantity, totals[quantity])
        for quantity in QUANTITIES
        if totals.get(quantity) is not None
    ]
    hosts = Counter(run.hosts[host_of(each)] for each in stage.made_by)
    found += [
        _add_quantity(graph, stage.rule, "host_jobs", jobs, f"#host-{number}")
        for number, jobs in sorted(hosts.items())
    ]
    held_s: Counter[str] = Counter()
    for each in stage.made_by:
        for device in each.usage["devices"]:
            held_s[device_text(device)] += device["held_s"]
    for text, seconds in sorted(held_s.items()):
        found.append(
            _add_quantity(graph, stage.rule, "device_s", seconds, _add_device(graph, text))
        )
    if stage.rule == "score":
        found += [
            _add_quantity(graph, "score", "platform_poses", poses, _add_platform(graph, name))
            for name, poses in sorted(run.platforms.items())
        ]
        found += [
            _add_quantity(graph, "score", "own_kernels_poses", poses, _add_place(graph, where))
            for where, poses in sorted(run.own_kernels.items())
        ]
    return found


def _add_quantity(
    graph: Graph, rule: str, quantity: str, value: float | None, of: str | None = None
) -> str:
    unit, _ = QUANTITIES[quantity]
    return graph.add(
        f"#{rule}-{quantity}" + (f"-{of.removeprefix('#')}" if of else ""),
        "PropertyValue",
        name=quantity,
        value=value,
        unitCode=_UNIT + unit,
        propertyID=reference(f"#{quantity}"),
        valueReference=reference(of) if of else None,
    )


def _add_device(graph: Graph, text: str) -> str:
    digest = base64.b32encode(hashlib.sha256(text.encode()).digest())[:8].decode().lower()
    return graph.add(f"#device-{digest}", "IndividualProduct", name=text, category="device")


def _add_platform(graph: Graph, name: str) -> str:
    return graph.add(f"#openmm-{name}", "DefinedTerm", name=f"OpenMM platform {name}")


def _add_place(graph: Graph, where: str) -> str:
    """Add what computed beside OpenMM."""
    digest = base64.b32encode(hashlib.sha256(where.encode()).digest())[:8].decode().lower()
    return graph.add(f"#beside-{digest}", "DefinedTerm", name=f"beside OpenMM: {where}")


def _add_run(graph: Graph, run: Run, inputs: dict[str, list[str]], outputs: Sequence[str]) -> None:
    jobs = sum(stage.jobs for stage in run.stages)
    status = _status(run.stages)
    graph.add(
        RUN,
        "CreateAction",
        name=f"Screen {run.settings.name}",
        description=f"{jobs} jobs made the present results. They may be of several runs of "
        "snakemake: it makes anew only what a change touches.",
        instrument=reference(SNAKEFILE),
        startTime=run.started,
        endTime=run.ended,
        object=references([*dict.fromkeys(i for each in inputs.values() for i in each), CONFIG]),
        result=references(outputs),
        subjectOf=references([JOBS]),
        **status,
    )
    engines = sorted(pair for pair in run.versions(run.stages) if pair[0] == "snakemake")
    if engines:
        # the newest of them, should a run have gone on with another
        graph.add(
            "#orchestrate",
            "OrganizeAction",
            name="Run of Snakemake",
            instrument=reference(_add_package(graph, *engines[-1])),
            object=references(_control(stage) for stage in run.stages),
            result=reference(RUN),
            startTime=run.started,
            endTime=run.ended,
            **status,
        )
