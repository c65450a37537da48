"""What a run stored about a ligand in variants of its receptor, and how it compares.

Only what hangs on the pair is compared: interval and call hang on all controls of the run, and
so on ligands and variants that are not computed again.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from screenmm.audit.inputs import input_files
from screenmm.config.settings import Settings
from screenmm.core.errors import UserError
from screenmm.core.suggest import closest
from screenmm.replay.comparison import (
    Part,
    Row,
    Step,
    Subject,
    Verdict,
    compare,
    csv_rows,
    sd_records,
    shard_of,
    table_rows,
)
from screenmm.run.layout import Layout
from screenmm.tables.dictionary import (
    CALL,
    DDG_INTERVAL,
    DDG_ROTAMER,
    DDG_TERMS,
    LIGAND,
    names,
)
from screenmm.variants.listed import Modelled, read_modelled

OF_THE_RUN = names((LIGAND, *DDG_INTERVAL, CALL))
"""Columns of ``variants.csv`` that depend on other pairs, too."""

VARIANT = "variant "
"""What the step of a variant begins with; its name follows."""

TERMS = names((*DDG_TERMS, DDG_ROTAMER))


def chosen_variants(files: Layout, receptor: str, asked: Sequence[str] | None) -> list[str]:
    """Names of the variants and controls that are computed again.

    Parameters
    ----------
    files : Layout
        Of the finished run.
    receptor : str
        Wild type.
    asked : sequence of str or None
        As in ``variants.csv``; None: all.

    Raises
    ------
    UserError
        The run has no such variant, or none at all.
    """
    path = files.file("read_variants", "modelled", receptor)
    if not path.is_file():
        raise UserError(
            f"{files.results} holds no variants of {receptor}, and the config has some: run the "
            "screen to its end, or replay with --no-variants"
        )
    known = [each.name for each in read_modelled(path)]
    for name in asked or []:
        if name not in known:
            near = closest(name, known, most=3) or known[:3]
            raise UserError(
                f"no variant {name!r} in this run; closest: {', '.join(near)}; variants.csv lists "
                "all"
            )
    return known if asked is None else list(dict.fromkeys(asked))


def unreachable(settings: Settings) -> list[str]:
    """Names of the files of variants that are no longer there."""
    found = input_files(settings, Path.cwd())
    return [
        each.path.name for each in found if each.rule == "read_variants" and not each.path.is_file()
    ]


def outputs_of_variants(files: Layout, receptor: str) -> Iterator[tuple[str, Path]]:
    """Give a file of each stage that works on variants; all shards have the same settings."""
    shard = files.shards("choose_ligands", receptor)[0]
    yield "read_variants", files.file("read_variants", "panel", receptor)
    yield "choose_ligands", _shards(files, receptor)[0]
    yield "score_variants", files.file("score_variants", "scores", receptor, shard)


def _shards(files: Layout, receptor: str) -> list[Path]:
    folder = files.file("choose_ligands", "shards", receptor)
    return [folder / f"{name}.sdf.gz" for name in files.shards("choose_ligands", receptor)]


def variant_parts(
    files: Layout, subject: Subject, receptor: str, chosen: Collection[str], top: int
) -> dict[str, Part]:
    """What the stages with variants left of a ligand.

    Parameters
    ----------
    files : Layout
        Of the run, or of the second one.
    subject : Subject
        A ligand.
    receptor : str
        Wild type.
    chosen : collection of str
        Names of the variants that count.
    top : int
        Ligands that go into variants.
    """
    key = subject.inchikey
    modelled = [
        each
        for each in read_modelled(files.file("read_variants", "modelled", receptor))
        if each.name in chosen
    ]
    # how many carry a variant is no part of what it is
    read = [replace(each, entries=0) for each in modelled]
    titles = [text.split("\n", 1)[0] for text in sd_records(_shards(files, receptor), key)]
    parts = {
        "read_variants": Part([asdict(each) for each in read], _counted(modelled)),
        "choose_ligands": Part(titles, _chosen(files, receptor, key, titles, top)),
    }
    if not titles:
        return parts
    tables = files.files("score_variants", "scores", receptor)
    scores = {row["variant"]: row for row in table_rows(tables, "inchikey", [key])}
    told = {
        row["variant"]: {name: text for name, text in row.items() if name not in OF_THE_RUN}
        for row in csv_rows(files.file("biomarkers", "variants"), "inchikey", {key, ""})
        if row["receptor"] == receptor
    }
    for each in modelled:
        row = scores.get(each.name)
        parts[f"{VARIANT}{each.name}"] = Part([row, told.get(each.name)], _fate(each, row))
    return parts


def _counted(modelled: Sequence[Modelled]) -> str:
    left_out = sum(each.is_left_out for each in modelled)
    nulls = sum(each.kind == "null" for each in modelled)
    counts = {
        "modelled": len(modelled) - nulls - left_out,
        f"control{'s' * (nulls != 1)}": nulls,
        "left out": left_out,
    }
    return ", ".join(f"{count} {what}" for what, count in counts.items() if count)


def _chosen(files: Layout, receptor: str, key: str, titles: Sequence[str], top: int) -> str:
    if titles:
        return ", ".join(title.removeprefix(f"{key}_") for title in titles)
    if table_rows(shard_of(key, files.scores(receptor)), "inchikey", [key]):
        return f"not among the {top} best (variants.top)"
    return "not scored in the wild type"


def _fate(variant: Modelled, row: Row | None) -> str:
    """What became of a ligand in a variant, in short."""
    if variant.is_left_out:
        return f"left out: {variant.reason}"
    if row is None:
        return ""
    if row["reason"]:
        return f"failed: {row['reason']}"
    told = f"ΔΔG {_mean(row):+.4f} unscaled"
    replicas = len(row["replicas_kcal_mol"]) - 1
    return f"{told}, {replicas} replica{'s' * (replicas != 1)}"


def _mean(row: Row) -> float:
    values = row["replicas_kcal_mol"]
    return float(sum(values) / len(values))


def compare_in_variants(
    subject: Subject,
    receptor: str,
    stored: dict[str, Part],
    again: dict[str, Part],
    tolerance_kcal_mol: float | None,
    missing: Sequence[str] = (),
) -> list[Step]:
    """Compare what two runs left of a ligand in variants, step by step.

    Parameters
    ----------
    subject : Subject
    receptor : str
        Wild type.
    stored, again : dict of str to Part
        From :func:`variant_parts`, of the run and of the second one.
    tolerance_kcal_mol : float or None
        Largest difference of an energy that may be; None: none at all.
    missing : sequence of str
        Files that the variants were not read from again.
    """
    steps = []
    for step in compare(subject, receptor, stored, again, None):
        if step.step == "read_variants" and missing:
            why = f"not reachable: {', '.join(missing)}; the variants are taken as stored"
            steps.append(replace(step, recomputed="", verdict=Verdict.UNCHECKED, detail=why))
        elif step.step.startswith(VARIANT):
            found = again[step.step].value if step.step in again else [None, None]
            steps.append(_judged(step, stored[step.step].value, found, tolerance_kcal_mol))
        else:
            steps.append(step)
    return steps


def _judged(step: Step, old: list[Any], new: list[Any], tolerance: float | None) -> Step:
    """Say what differs in a pair, and whether that is little enough."""
    (old_score, old_row), (new_score, new_row) = old, new
    if step.verdict is Verdict.IDENTICAL:
        return replace(step, detail=old_row["message"] if old_row else "")
    if repr(old_score) == repr(new_score):
        columns = _columns(old_row or {}, new_row or {})
        return replace(step, detail=f"variants.csv: columns {', '.join(columns)}")
    if not (old_score and new_score) or old_score["reason"] or new_score["reason"]:
        alike = old_score and new_score and old_score["reason"] == new_score["reason"]
        close = tolerance is not None and alike
        return replace(step, verdict=Verdict.CLOSE) if close else step
    found = {"ΔΔG": abs(_mean(old_score) - _mean(new_score))} | {
        name.removeprefix("ddg_").removesuffix("_kcal_mol"): abs(old_score[name] - new_score[name])
        for name in TERMS
    }
    detail = ", ".join(f"{name} {value:.4f}" for name, value in found.items())
    detail = f"differences, kcal/mol: {detail}"
    others = [each for each in _columns(old_score, new_score) if not each.endswith("_kcal_mol")]
    if others:
        detail += f"; columns {', '.join(others)}"
    # a NaN is within no tolerance
    is_close = tolerance is not None and all(value <= tolerance for value in found.values())
    return replace(step, detail=detail, verdict=Verdict.CLOSE if is_close else Verdict.DIFFERS)


def _columns(old: Row, new: Row) -> list[str]:
    return [name for name in old | new if repr(old.get(name)) != repr(new.get(name))]
