"""Command ``replay``: compute ligands again from their records and compare with the run."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from screenmm.campaign.known import batches
from screenmm.config.settings import LibraryFile, Settings, merged_settings
from screenmm.core.errors import ScreenMMError, UserError
from screenmm.core.versions import installed_versions
from screenmm.devices.platforms import GPU_PLATFORMS
from screenmm.library.readers import Seen, read_library_file
from screenmm.replay.comparison import (
    EXACT_PLATFORMS,
    TOLERANCE_KCAL_MOL,
    Step,
    Subject,
    Verdict,
    as_table,
    common_parts,
    compare,
    final_parts,
    find_subject,
    receptor_parts,
    shard_of,
    table_rows,
)
from screenmm.replay.recompute import Again
from screenmm.replay.variants import (
    chosen_variants,
    compare_in_variants,
    outputs_of_variants,
    unreachable,
    variant_parts,
)
from screenmm.run.layout import Layout
from screenmm.run.provenance import Record, read_record_of
from screenmm.run.stage import Stage
from screenmm.run.stages import stages
from screenmm.stages.context import add_workers_argument, workers_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "keys", nargs="+", metavar="KEY", help="record id, InChIKey or name, as in ledger.csv"
    )
    parser.add_argument(
        "--config",
        type=Path,
        action="append",
        required=True,
        help="config of the run (.yaml); again for each file that changed it",
    )
    parser.add_argument("--receptor", help="only this receptor (default: all)")
    parser.add_argument(
        "--platform",
        choices=(*GPU_PLATFORMS, *EXACT_PLATFORMS),
        help="OpenMM platform (default: the one that scored)",
    )
    parser.add_argument(
        "--tolerance-kcal-mol",
        type=_tolerance,
        help="largest difference of an energy that passes (default: none on the same CPU "
        f"platform, {TOLERANCE_KCAL_MOL:g} on another or on a GPU)",
    )
    parser.add_argument(
        "--receptor-too", action="store_true", help="prepare the receptor again as well"
    )
    variants = parser.add_mutually_exclusive_group()
    variants.add_argument(
        "--variant",
        action="append",
        help="only this variant, as in variants.csv; again for each (default: all, and the "
        "controls; a ligand takes seconds in each)",
    )
    variants.add_argument("--no-variants", action="store_true", help="leave the variants out")
    parser.add_argument("--json", action="store_true", help="print JSON")
    add_workers_argument(parser)


def _tolerance(text: str) -> float:
    number = float(text)
    if not 0.0 <= number < float("inf"):
        raise argparse.ArgumentTypeError(f"{text} kcal/mol is no tolerance: give zero or more")
    return number


def run(args: argparse.Namespace) -> None:
    """Replay ligands and print how each step compares.

    Raises
    ------
    UserError
        There is no finished run, or nothing is called so.
    ScreenMMError
        A step differs from what the run stored.
    """
    logging.getLogger("screenmm").setLevel(logging.WARNING)  # what the stages choose is compared
    # files that are gone since stop no replay: what was read of them is there
    settings = merged_settings(args.config, {}, must_exist=False)
    if args.no_variants:
        settings = settings.model_copy(update={"variants": None})
    files = Layout.of(settings)
    if not (files.results / "ledger.csv").is_file():
        raise UserError(
            f"{files.results.absolute()} holds no finished run (no ledger.csv): run the screen "
            "to its end, and replay in the folder in which snakemake was started"
        )
    receptors = _receptors(settings, args.receptor)
    variants = _variants(files, settings, receptors, args.variant)
    _refuse_proposed(files, args.keys)
    subjects = [find_subject(files, key) for key in dict.fromkeys(args.keys)]
    stored = _stored_platform(files, subjects, receptors, args.platform)
    platform = args.platform or stored or settings.scoring.platform
    tolerance = args.tolerance_kcal_mol
    if tolerance is None and stored and (platform != stored or stored not in EXACT_PLATFORMS):
        tolerance = TOLERANCE_KCAL_MOL
    scoring = settings.scoring.model_copy(update={"platform": platform})
    _refuse_predicted(files, subjects)
    # the subjects alone are no campaign: they are docked at once
    second = settings.model_copy(update={"scoring": scoring, "rounds": None, "generate": None})
    with TemporaryDirectory(prefix="screenmm-replay.") as folder:
        again = Layout(Path(folder), files.tiers)
        Again(files, again, second, workers_of(args), args.receptor_too, args.variant).run(
            subjects, receptors
        )
        steps = [
            step
            for subject in subjects
            for step in _compared(
                files, again, subject, settings, receptors, variants, tolerance, args
            )
        ]
    _print(steps, files, platform, tolerance, as_json=args.json)
    wrong = [step for step in steps if step.verdict is Verdict.DIFFERS]
    if wrong:
        shown = ", ".join(f"{step.step} of {step.key}" for step in wrong[:5])
        raise ScreenMMError(
            f"{len(wrong)} of {len(steps)} steps differ from what the run stored: {shown}; the "
            "first that differs is where to look"
        )


def _receptors(settings: Settings, asked: str | None) -> list[str]:
    names = list(settings.receptors)
    if asked is not None and asked not in names:
        raise UserError(f"no receptor {asked!r} in the config; it has {', '.join(names)}")
    return names if asked is None else [asked]


def _variants(
    files: Layout, settings: Settings, receptors: Sequence[str], asked: Sequence[str] | None
) -> dict[str, list[str]]:
    """Names of the variants that are computed again, by their wild type.

    Raises
    ------
    UserError
        A variant that is asked for is none of the run.
    """
    varied = [name for name in settings.varied if name in receptors]
    if asked and not varied:
        left_out = f"--receptor leaves {', '.join(settings.varied)} out"
        why = left_out if settings.varied else "the config has none"
        raise UserError(f"--variant {asked[0]}: no variants in this replay ({why})")
    return {name: chosen_variants(files, name, asked) for name in varied}


def _refuse_predicted(files: Layout, subjects: list[Subject]) -> None:
    """Refuse ligands that no round docked: there is nothing of them to compute again.

    Raises
    ------
    UserError
        One is such a ligand.
    """
    if files.most_rounds is None:
        return
    taken = {each.key for each in batches(files, files.rounds, {})}
    for subject in subjects:
        if subject.inchikey and subject.inchikey not in taken:
            raise UserError(
                f"{subject.key}: no round docked it, so there is nothing to compute again; what "
                "is predicted of it stands in ledger.csv"
            )


def _refuse_proposed(files: Layout, keys: Sequence[str]) -> None:
    """Refuse molecules that the run proposed: they are no records of the library.

    Raises
    ------
    UserError
        One is such a molecule.
    """
    for row in table_rows(files.vetted("sources"), "record", keys):
        raise UserError(_proposed(row["record"]))
    for row in table_rows(files.vetted("lineage"), "inchikey", keys):
        raise UserError(_proposed(row["record"]))


def _proposed(record: str) -> str:
    return (
        f"{record} was proposed in this run, and only the library's molecules are computed again: "
        "put its SMILES (ranking.csv) into a library of its own and screen that with the same "
        "receptor and seed; the table lineage of screen.duckdb says what it came from"
    )


def _stored_platform(
    files: Layout, subjects: list[Subject], receptors: list[str], asked: str | None
) -> str | None:
    """OpenMM platform that scored the ligands; None where none was scored."""
    keys = [subject.inchikey for subject in subjects if subject.inchikey]
    found = {
        row["platform"]
        for receptor in receptors
        for key in keys
        for row in table_rows(shard_of(key, files.scores(receptor)), "inchikey", [key])
    }
    if len(found) > 1 and asked is None:
        raise UserError(
            f"these ligands were scored on different platforms ({', '.join(sorted(found))}): "
            "replay them one by one, or name one with --platform"
        )
    return min(found, default=None)


def _compared(
    files: Layout,
    again: Layout,
    subject: Subject,
    settings: Settings,
    receptors: list[str],
    variants: dict[str, list[str]],
    tolerance: float | None,
    args: argparse.Namespace,
) -> list[Step]:
    """Every step of one subject, in the order in which a run does them."""
    steps = [
        _settings_step(files, subject, settings, receptors, list(variants)),
        _input_step(files, subject, settings),
    ]
    steps += compare(subject, "", common_parts(files, subject), common_parts(again, subject), None)
    for receptor in receptors:
        stored, found = {}, {}
        if subject.inchikey:
            steps.append(_receptor_step(files, again, subject, receptor, args))
            stored = receptor_parts(files, subject, receptor)
            found = receptor_parts(again, subject, receptor)
        stored |= final_parts(files, subject, receptor)
        found |= final_parts(again, subject, receptor)
        steps += compare(subject, receptor, stored, found, tolerance)
        if receptor in variants and subject.inchikey:
            steps += _in_variants(files, again, subject, settings, variants, receptor, tolerance)
    return steps


def _in_variants(
    files: Layout,
    again: Layout,
    subject: Subject,
    settings: Settings,
    variants: dict[str, list[str]],
    receptor: str,
    tolerance: float | None,
) -> list[Step]:
    """Steps of a ligand in variants of a receptor."""
    assert settings.variants is not None  # they have a wild type
    top = settings.variants.top
    stored, found = (
        variant_parts(run, subject, receptor, variants[receptor], top) for run in (files, again)
    )
    return compare_in_variants(subject, receptor, stored, found, tolerance, unreachable(settings))


def _settings_step(
    files: Layout,
    subject: Subject,
    settings: Settings,
    receptors: list[str],
    varied: list[str],
) -> Step:
    """Whether the config still asks for what the run was asked for."""
    made: dict[str, Record | None] = {}
    changed: list[str] = []
    for stage, output, receptor in _outputs(files, subject, receptors, varied):
        record = made[f"{stage.name} {receptor}"] = read_record_of(output)
        if record is not None:
            now = stage.settings(settings, receptor)
            changed += [f"{stage.name}: {key}" for key in record.changed_settings(now)]
    known = sum(record is not None for record in made.values())
    brief = f"recorded for {known} of {len(made)} stages"
    if changed:
        return Step(
            subject.key, "", "settings", brief, "changed since", Verdict.DIFFERS,
            f"{', '.join(dict.fromkeys(changed))}: replay with the run's own config and version",
        )  # fmt: skip
    if known < len(made):
        return Step(
            subject.key, "", "settings", brief, "", Verdict.UNCHECKED,
            "Snakemake's record of the run (.snakemake) is not in this folder",
        )  # fmt: skip
    return Step(subject.key, "", "settings", brief, brief, Verdict.IDENTICAL)


def _outputs(
    files: Layout, subject: Subject, receptors: list[str], varied: list[str]
) -> Iterator[tuple[Stage, Path, str]]:
    """Give a file of each stage that the subject went through, and its receptor."""
    last = stages()["inspect"].place
    for stage in stages().values():
        if (
            not stage.version
            or stage.place > last
            or stage.per_receptor not in ("", "all", "tiered", "unrounded")
        ):
            continue
        name = next(name for name, place in stage.writes.items() if not place.endswith("/"))
        named = files.tiered(receptors) if stage.per_receptor == "tiered" else receptors
        through = named if subject.inchikey else []
        for receptor in through if stage.per_receptor else [""]:
            if not stage.shards_of:
                yield stage, files.file(stage.name, name, receptor), receptor
                continue
            paths = files.files(stage.name, name, receptor)
            # records have shards by a key of their own: all were made with the same settings
            if stage.shards_of != "split":
                paths = shard_of(subject.inchikey, paths) if subject.inchikey else []
            yield from ((stage, path, receptor) for path in paths[:1])
    for receptor in varied if subject.inchikey else []:
        for made, path in outputs_of_variants(files, receptor):
            yield stages()[made], path, receptor


def _input_step(files: Layout, subject: Subject, settings: Settings) -> Step:
    """Whether the library files still hold the records."""
    shards = (files.results / "library/records").glob("b*.parquet")
    rows = {row["record"]: row for row in table_rows(shards, "record", list(subject.records))}
    differing, missing = [], []
    for source in table_rows([files.sources], "record", list(subject.records)):
        row = rows[source["record"]]
        old = [row["kind"], row["structure"], row["reason"], row["message"]]
        now = _read_again(settings, source["file"], source["position"])
        place = f"{source['file']} at {source['position']}"
        if now is None:
            missing.append(source["file"])
        elif now != old:
            differing.append(f"{place} is now {now[1][:60]!r}" if now else f"{place} is gone")
    stored = ", ".join(
        row["structure"].split("\n", 1)[0] or row["message"] for row in rows.values()
    )
    verdict, detail, again = Verdict.IDENTICAL, "", stored
    if differing:
        verdict, detail, again = Verdict.DIFFERS, "; ".join(differing), "changed"
    elif missing:
        names = ", ".join(sorted(set(missing)))
        verdict, detail, again = Verdict.UNCHECKED, f"not reachable: {names}", ""
    return Step(subject.key, "", "input", stored, again, verdict, detail)


def _read_again(settings: Settings, name: str, position: int) -> list[str] | None:
    """Read one record of a library file; empty where it is gone, None without the file."""
    for file in settings.screened.files:
        if name in (file.path.name, str(file.path)) and file.path.is_file():
            return _entry_at(file, settings, position)
    return None


def _entry_at(file: LibraryFile, settings: Settings, position: int) -> list[str]:
    for entry in read_library_file(file, settings.library, Seen()):
        if entry.position == position:
            return [entry.kind, entry.structure, entry.reason, entry.message]
    return []


def _receptor_step(
    files: Layout, again: Layout, subject: Subject, receptor: str, args: argparse.Namespace
) -> Step:
    """Whether the receptor is still made from the same; or its bytes, where it was made again."""
    home = files.results / "receptors" / receptor

    def step(stored: str, recomputed: str, verdict: Verdict, detail: str = "") -> Step:
        return Step(subject.key, receptor, "receptor", stored, recomputed, verdict, detail)

    if args.receptor_too:
        new = again.results / "receptors" / receptor
        names = sorted({path.name for folder in (home, new) for path in folder.iterdir()})
        unlike = [name for name in names if _bytes(home / name) != _bytes(new / name)]
        if unlike:
            return step(f"{len(names)} files", "", Verdict.DIFFERS, f"differ: {', '.join(unlike)}")
        return step(f"{len(names)} files", f"{len(names)} files", Verdict.IDENTICAL)
    record = read_record_of(files.receptor(receptor).structure)
    if record is None or not record.inputs:
        return step(
            "as stored", "", Verdict.UNCHECKED, "its inputs are not on record; use --receptor-too"
        )
    changed = record.changed_inputs()
    if changed:
        return step(
            "its inputs", "changed", Verdict.DIFFERS, f"gone or changed: {', '.join(changed)}"
        )
    inputs = f"made from {', '.join(Path(name).name for name in record.inputs)}"
    return step(inputs, inputs, Verdict.IDENTICAL)


def _bytes(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _print(
    steps: list[Step], files: Layout, platform: str, tolerance: float | None, *, as_json: bool
) -> None:
    """Print the comparison, and which package versions are others than in the run."""
    changed = _changed_versions(files)
    if as_json:
        found: dict[str, Any] = {
            "platform": platform,
            "tolerance_kcal_mol": tolerance,
            "changed_versions": changed,
            "steps": [asdict(step) for step in steps],
        }
        print(json.dumps(found, indent=2, ensure_ascii=False))
        return
    print(as_table(steps))
    allowed = "none" if tolerance is None else f"{tolerance:g} kcal/mol"
    print(f"platform {platform}; tolerance: {allowed}")
    for name, (then, now) in changed.items():
        print(f"{name} was {then} in the run and is {now or 'missing'} here")


def _changed_versions(files: Layout) -> dict[str, tuple[str, str]]:
    metrics = files.results / "metrics.json"
    if not metrics.is_file():
        return {}
    then: dict[str, str] = json.loads(metrics.read_text(encoding="utf-8")).get("versions", {})
    now = installed_versions()
    return {k: (v, now.get(k, "")) for k, v in then.items() if now.get(k, "") != v}
