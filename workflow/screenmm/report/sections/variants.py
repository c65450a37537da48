"""What variants do to ligands: a heat map that explains itself, biomarkers, what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from screenmm.analysis.variant_answers import NOTHING
from screenmm.analysis.variants import Board, Line, listing, read_board
from screenmm.core.formats import number
from screenmm.metrics.variants import VariantPanel
from screenmm.report.pack import chunks, packed
from screenmm.report.pairs import CHUNK, Pairs, find_pictures
from screenmm.report.section import Context, Results, Section
from screenmm.report.vendor import packed_view
from screenmm.tables.dictionary import DDG_ROTAMER, DDG_TERMS
from screenmm.variants.calls import KEPT_WITHIN_KCAL_MOL, SLOPE, Call, Marker

SECTION = Section(title="Variants", place=17, scripts=("terms", "view", "pair", "variants"))

MARKS = {str(Call.WEAKER): "▲", str(Call.STRONGER): "▼"}
"""Of what can be told apart from noise."""

MOST_NAMES = 20
"""Ligands that a cell of the biomarkers names."""

MOST_CHARGED = 6
"""Variants of another charge that a sentence names."""

MOST_ENTRIES = 100
"""Different unusable entries that are listed."""


@dataclass(frozen=True, slots=True)
class Square:
    """A ligand in a variant.

    Attributes
    ----------
    kind : str
        ``weaker``, ``stronger``, ``untold``, ``failed``, or ``none`` where there is no row.
    value : float or None
        ΔΔG, kcal/mol.
    shown, mark : str
        ΔΔG as text, and the sign of what is beyond the noise.
    told : str
        The same for those who do not see colours.
    colour : int
        Part of the strongest colour, %; below 0: of the one for stronger binding.
    """

    kind: str
    value: float | None
    shown: str
    mark: str
    told: str
    colour: int


@dataclass(frozen=True, slots=True)
class Strip:
    """A row of the map.

    Attributes
    ----------
    name : str
        Variant, or residue of a control.
    charge : str
        How the charge changes, as text; empty where it does not.
    worst : float or None
        Largest ΔΔG, kcal/mol.
    worst_shown : str
        The same as text.
    squares : list of Square
    """

    name: str
    charge: str
    worst: float | None
    worst_shown: str
    squares: list[Square]


@dataclass(frozen=True, slots=True)
class Biomarker:
    """What a variant does to the ligands, by name.

    Attributes
    ----------
    name : str
    entries : int
        How many name it.
    cells : list of (int, str)
        How many ligands are lost, kept, gained, untold and failed, and which.
    """

    name: str
    entries: int
    cells: list[tuple[int, str]]


@dataclass(frozen=True, kw_only=True)
class Variants(Context):
    """Variants.

    Attributes
    ----------
    found : VariantPanel
        As in the metrics.
    ligands : list of str
    groups : dict of str to list of Strip
        Rows of the map by the heading of their group: the variants, then the controls.
    reach, kept_within : float
        ΔΔG of the strongest colours, and within which a ligand is kept, kcal/mol.
    slope : float
        What the computed ΔΔG is multiplied by.
    charged : str
        Variants that change the charge, as words.
    biomarkers : list of Biomarker
    left_out : sequence of mapping
        Rows of ``variants``.
    unusable : list of (mapping, int)
        Different entries that name no variant, and how often.
    unanswered : dict of str to int
        Why a measured value has no computed one, in words, to how many.
    unlisted : int
        Such entries beyond :data:`MOST_ENTRIES`.
    paired, pictured : int
        Pairs with a file of their complexes, and those among them that the page shows in 3D.
    """

    found: VariantPanel
    ligands: list[str]
    groups: dict[str, list[Strip]]
    reach: float
    kept_within: float
    slope: float
    charged: str
    biomarkers: list[Biomarker]
    left_out: Sequence[Mapping[str, Any]]
    unusable: list[tuple[Mapping[str, Any], int]]
    unlisted: int
    unanswered: dict[str, int]
    paired: int
    pictured: int


def context(results: Results) -> Variants | None:
    """Gather the section; None without variants."""
    found = results.metrics.variants
    if found is None:
        return None
    board = read_board(results.con, found.wild_type)
    reach = board.reach_kcal_mol
    unusable = _unusable(board)
    pairs = find_pictures(results.con, results.folder)
    view = packed_view() if pairs.texts else None
    charged = [each.name for each in board.variants if each.about["charge_change"]]
    return Variants(
        found=found,
        ligands=board.ligands,
        groups={
            "": [_strip(each, reach) for each in board.variants],
            "Controls: residues built anew as they are": [
                _strip(each, reach) for each in board.controls
            ],
        },
        reach=reach,
        kept_within=KEPT_WITHIN_KCAL_MOL,
        slope=SLOPE,
        charged=_some(charged),
        biomarkers=[_biomarker(each) for each in board.variants],
        left_out=board.left_out,
        unusable=unusable[:MOST_ENTRIES],
        unlisted=sum(count for _, count in unusable[MOST_ENTRIES:]),
        unanswered=_unanswered(found),
        paired=len(pairs.files),
        pictured=len(pairs.texts),
        data={
            "variants": packed(_explained(board, pairs)),
            **dict(chunks("pairs", pairs.texts, CHUNK)),
            **(view.data if view else {}),
        },
        brings=(view.library,) if view else (),
    )


def _unanswered(found: VariantPanel) -> dict[str, int]:
    unused = found.answers.unused if found.answers else {}
    return {NOTHING[reason]: count for reason, count in unused.items()}


def _some(names: Sequence[str]) -> str:
    """Variants by name, or how many they are."""
    return listing(names) if len(names) <= MOST_CHARGED else f"{len(names)} variants"


def signed(value: float | None) -> str:
    """Give an energy with its sign; empty for none."""
    text = number(value)
    return f"+{text}" if value is not None and value > 0 and float(text) else text


def _strip(line: Line, reach: float) -> Strip:
    charge = line.about["charge_change"]
    return Strip(
        name=line.name,
        charge=f"charge {number(charge, 0) if charge < 0 else f'+{charge}'}" if charge else "",
        worst=line.worst_kcal_mol,
        worst_shown=signed(line.worst_kcal_mol),
        squares=[_square(each, reach) for each in line.cells],
    )


def _square(row: Mapping[str, Any] | None, reach: float) -> Square:
    if row is None:
        return Square("none", None, "", "", "not scored", 0)
    if row["status"] == "failed":
        return Square("failed", None, "–", "", f"could not be scored: {row['message']}", 0)
    ddg, call = row["ddg_kcal_mol"], row["call"]
    return Square(
        kind=call if call in MARKS else "untold",
        value=ddg,
        shown=signed(ddg),
        mark=MARKS.get(call, ""),
        told=f"{signed(ddg)}, {_interval(row)} kcal/mol, {call}",
        colour=round(100 * max(-1.0, min(1.0, ddg / reach))),
    )


def _interval(row: Mapping[str, Any]) -> str:
    return f"{number(row['ddg_low_kcal_mol'])} to {number(row['ddg_high_kcal_mol'])}"


def _biomarker(line: Line) -> Biomarker:
    names = [line.ligands(each) for each in Marker]
    names.append([each["ligand"] for each in line.failed])
    return Biomarker(
        line.name, line.about["entries"], [(len(each), _listed(each)) for each in names]
    )


def _listed(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {more} more" if more > 0 else "")


def _unusable(board: Board) -> list[tuple[Mapping[str, Any], int]]:
    """Entries that name no variant, alike ones together, the most frequent first."""
    keys = ("entry", "reason", "message")
    counts: Counter[tuple[str, ...]] = Counter()
    for each in board.entries:
        if each["reason"]:
            counts[tuple(each[key] for key in keys)] += each["count"]
    return [(dict(zip(keys, each, strict=True)), count) for each, count in counts.most_common()]


def _explained(board: Board, pairs: Pairs) -> dict[str, Any]:
    """What the page tells of a pair when it is asked."""
    return {
        "terms": [each.words for each in (*DDG_TERMS, DDG_ROTAMER)],
        "cells": [[_cell(cell, pairs) for cell in line.cells] for line in board.lines],
    }


def _cell(row: Mapping[str, Any] | None, pairs: Pairs) -> dict[str, Any] | None:
    if row is None:
        return None
    pair = {"variant": row["variant"], "ligand": row["ligand"], "inchikey": row["inchikey"]}
    if row["status"] == "failed":
        return {**pair, "reason": row["reason"], "message": row["message"]}
    return {
        **pair,
        "ddg": [row[f"ddg{end}_kcal_mol"] for end in ("", "_low", "_high", "_raw")],
        "call": row["call"],
        "dg": [row["wild_kcal_mol"], row["variant_kcal_mol"]],
        "terms": [row[each.name] for each in (*DDG_TERMS, DDG_ROTAMER)],
        "distance": row["ligand_distance_angstrom"],
        "charge": row["charge_change"],
        "poses": [[row[f"{of}_state"], row[f"{of}_pose"]] for of in ("wild", "variant")],
        "residues": list(_residues(row["residues"])),
        **pairs.of(row),
    }


def _residues(text: str) -> Iterator[tuple[str, float]]:
    """Residues and their changes, as ``variants.csv`` joins them."""
    for each in filter(None, text.split("; ")):
        label, _, change = each.rpartition(" ")
        yield label, float(change)
