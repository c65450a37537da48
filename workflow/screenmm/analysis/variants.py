"""What variants do to ligands: the table of both, and what can be said of it in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import numpy as np

from screenmm.metrics.variants import NullVariants, VariantEntries, VariantMarks, VariantPanel
from screenmm.results.variants import marker_of
from screenmm.tables.dictionary import VARIANT_EFFECTS, VARIANT_ENTRIES, VARIANTS, names
from screenmm.variants.calls import KEPT_WITHIN_KCAL_MOL, Call, Marker

Row = Mapping[str, Any]

NAMED_VARIANTS = 4
NAMED_LIGANDS = 3
"""How many a sentence names."""

CUT_QUANTILE = 0.98
"""Share of the ΔΔG within the range of the colours: one clash does not pale all others."""


@dataclass(frozen=True)
class Line:
    """A variant, or a control, with every ligand.

    Parameters
    ----------
    about : mapping
        Row of the table ``variants``.
    cells : list of (mapping or None)
        Row of ``variant_effects`` of each ligand, the best first; None where there is none.
    """

    about: Row
    cells: list[Row | None]

    @property
    def name(self) -> str:
        """The variant."""
        return str(self.about["variant"])

    @property
    def is_control(self) -> bool:
        """Whether it is a residue built anew as it is."""
        return bool(self.about["kind"] == "null")

    @property
    def scored(self) -> list[Row]:
        """Rows of the ligands that were scored."""
        return [each for each in self.cells if each is not None and each["status"] == "scored"]

    @property
    def failed(self) -> list[Row]:
        """Rows of the ligands that could not be scored."""
        return [each for each in self.cells if each is not None and each["status"] == "failed"]

    @property
    def worst_kcal_mol(self) -> float | None:
        """The largest ΔΔG; None where nothing was scored."""
        return max((float(each["ddg_kcal_mol"]) for each in self.scored), default=None)

    def ligands(self, marker: Marker) -> list[str]:
        """Names of the ligands of which the variant says this."""
        return [each["ligand"] for each in self.scored if marker_of(each) == marker]


@dataclass(frozen=True)
class Board:
    """Variants and controls with ligands, as the tables have them.

    Parameters
    ----------
    wild_type : str
        Receptor.
    ligands : list of str
        Names, the best in the wild type first.
    lines : list of Line
        What was modelled, in the tables' order.
    left_out : list of mapping
        Rows of ``variants`` that were left out.
    entries : list of mapping
        Rows of ``variant_entries``.
    """

    wild_type: str
    ligands: list[str]
    lines: list[Line]
    left_out: list[Row]
    entries: list[Row]

    @property
    def variants(self) -> list[Line]:
        """Lines that are no controls."""
        return [each for each in self.lines if not each.is_control]

    @property
    def controls(self) -> list[Line]:
        """Residues built anew as they are."""
        return [each for each in self.lines if each.is_control]

    @property
    def reach_kcal_mol(self) -> float:
        """ΔΔG at the end of the colours: what is called kept has none of the strong ones."""
        sizes = [abs(each["ddg_kcal_mol"]) for line in self.lines for each in line.scored]
        usual = float(np.quantile(sizes, CUT_QUANTILE)) if sizes else 0.0
        return max(usual, KEPT_WITHIN_KCAL_MOL)


def read_board(con: duckdb.DuckDBPyConnection, wild_type: str) -> Board:
    """Read the tables of variants.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With ``variants``, ``variant_effects`` and ``variant_entries``.
    wild_type : str
        Receptor that they are variants of.
    """

    def rows(table: str, columns: Sequence[str]) -> list[Row]:
        found = con.execute(f"SELECT {', '.join(columns)} FROM {table} ORDER BY rowid").fetchall()
        return [dict(zip(columns, row, strict=True)) for row in found]

    return board(
        wild_type,
        rows("variant_entries", names(VARIANT_ENTRIES)),
        rows("variants", names(VARIANTS)),
        rows("variant_effects", names(VARIANT_EFFECTS)),
    )


def board(
    wild_type: str, entries: Sequence[Row], variants: Sequence[Row], effects: Sequence[Row]
) -> Board:
    """Set variants and ligands against each other.

    Parameters
    ----------
    wild_type : str
    entries, variants, effects : sequence of mapping
        Rows of ``variant_entries``, ``variants`` and ``variant_effects``.
    """
    cells = {
        (each["variant"], each["inchikey"]): each
        for each in effects
        if each["inchikey"] is not None
    }
    ligands = {each["inchikey"]: each["ligand"] for each in cells.values()}
    modelled = [each for each in variants if each["status"] == "modelled"]
    return Board(
        wild_type,
        list(ligands.values()),
        [Line(each, [cells.get((each["variant"], key)) for key in ligands]) for each in modelled],
        [each for each in variants if each["status"] != "modelled"],
        list(entries),
    )


def panel(found: Board) -> VariantPanel:
    """Count what came of the variants, and say it.

    Parameters
    ----------
    found : Board
    """
    own = found.variants
    return VariantPanel(
        wild_type=found.wild_type,
        text=" ".join(sentences(own)),
        entries=_entries(found),
        variants=len(own) + len(found.left_out),
        modelled=len(own),
        left_out=_counted((each["reason"], 1) for each in found.left_out),
        ligands=len(found.ligands),
        scored=sum(len(each.scored) for each in own),
        failed=sum(len(each.failed) for each in own),
        nulls=_nulls(found.controls),
        by_variant=[_marks(each) for each in own],
    )


def _counted(reasons: Iterable[tuple[str, int]]) -> dict[str, int]:
    """Reason to how often, the most frequent first."""
    counts: Counter[str] = Counter()
    for reason, count in reasons:
        counts[reason] += count
    return dict(sorted(counts.items(), key=lambda each: (-each[1], each[0])))


def _entries(found: Board) -> VariantEntries:
    modelled = {each.name for each in found.variants}
    usable = [each for each in found.entries if not each["reason"]]
    used = sum(each["count"] for each in usable if each["variant"] in modelled)
    return VariantEntries(
        read=sum(each["count"] for each in found.entries),
        modelled=used,
        left_out=sum(each["count"] for each in usable) - used,
        unusable=_counted((e["reason"], e["count"]) for e in found.entries if e["reason"]),
    )


def _nulls(controls: Sequence[Line]) -> NullVariants:
    scored = [each for line in controls for each in line.scored]
    raw = [each["ddg_raw_kcal_mol"] for each in scored]
    return NullVariants(
        residues=len(controls),
        scored=len(scored),
        within=sum(each["call"] == Call.NOT_TOLD_APART for each in scored),
        rms_kcal_mol=float(np.sqrt(np.mean(np.square(raw)))) if raw else None,
    )


def _marks(line: Line) -> VariantMarks:
    return VariantMarks(
        variant=line.name,
        charge_change=line.about["charge_change"],
        failed=len(line.failed),
        **{str(each): len(line.ligands(each)) for each in Marker},
    )


def sentences(variants: Sequence[Line]) -> list[str]:
    """Say which variants lose, gain and keep which ligands, and what cannot be told.

    Parameters
    ----------
    variants : sequence of Line
        Without controls.
    """
    pairs = sum(len(each.scored) for each in variants)
    failed = sum(len(each.failed) for each in variants)
    if not pairs:
        return ["No variant could be scored." if failed else "No variant was scored."]
    told = [
        _who(variants, Marker.LOST, "lose") or "No variant is seen to lose a ligand.",
        _who(variants, Marker.GAINED, "gain"),
        _keeping([each for each in variants if _keeps_all(each)]),
    ]
    untold = sum(len(each.ligands(Marker.UNTOLD)) for each in variants)
    if untold:
        told.append(f"Of {untold} of the {pairs} pairs of variant and ligand nothing can be told.")
    if failed:
        told.append(f"{failed} pair{'s' * (failed != 1)} could not be scored.")
    return [each for each in told if each]


def _who(variants: Sequence[Line], marker: Marker, verb: str) -> str:
    """``V93F loses jmc_27; T315I loses all 3 ligands.``, those with the most ligands first."""
    found = [each for each in variants if each.ligands(marker)]
    found.sort(key=lambda each: -len(each.ligands(marker)))
    told = [f"{each.name} {verb}s {_which(each, marker)}" for each in found[:NAMED_VARIANTS]]
    if more := len(found) - len(told):
        told.append(f"{more} more {verb}{'s' * (more == 1)} some")
    return f"{'; '.join(told)}." if told else ""


def _which(line: Line, marker: Marker) -> str:
    """Ligands of a variant, by name where they are few."""
    ligands = line.ligands(marker)
    if len(ligands) <= NAMED_LIGANDS:
        return listing(ligands)
    of = len(line.cells)
    return f"all {of} ligands" if len(ligands) == of else f"{len(ligands)} of {of} ligands"


def _keeps_all(line: Line) -> bool:
    return len(line.ligands(Marker.KEPT)) == len(line.cells)


def _keeping(variants: Sequence[Line]) -> str:
    if not variants:
        return ""
    few = len(variants) <= NAMED_VARIANTS
    who = listing([each.name for each in variants]) if few else f"{len(variants)} variants"
    return f"{who} keep{'s' * (len(variants) == 1)} every ligand."


def listing(words: Sequence[str]) -> str:
    """Give words as ``a, b and c``; nothing of none."""
    return " and ".join(filter(None, (", ".join(words[:-1]), *words[-1:])))
