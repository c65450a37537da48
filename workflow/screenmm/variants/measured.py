"""Measured ΔΔG of ligands in variants, which the computed ones are judged by."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from screenmm.core.errors import UserError
from screenmm.variants.changes import Variant
from screenmm.variants.separated import column, header_and_rows

# names of columns in lower case; the first that is there counts
VARIANTS = ("variant", "mutation")
LIGANDS = ("ligand", "name", "inchikey", "drug", "compound")

ENERGIES = ("ddg_kcal_mol",)
FOLDS = ("fold_change", "fold")

RT_KCAL_MOL = 0.5924813
"""Gas constant times 298.15 K."""


class Answer(NamedTuple):
    """A measured ΔΔG.

    Parameters
    ----------
    line : int
        Of the file.
    variant : str
        Its one name.
    ligand : str
        Name or InChIKey.
    ddg_kcal_mol : float
        Above 0: the variant binds weaker.
    """

    line: int
    variant: str
    ligand: str
    ddg_kcal_mol: float


def read_measured(path: Path) -> list[Answer]:
    """Read a table of measured ΔΔG.

    Parameters
    ----------
    path : Path
        CSV or TSV with a column of variants by their names (``T315I``, ``Y253H+E255K``), one of
        ligands (name or InChIKey), and ``ddg_kcal_mol`` or ``fold_change`` (Kd, Ki or IC50 in the
        variant over that in the wild type).

    Raises
    ------
    UserError
        The file cannot be read, lacks a column, or has a row that says nothing.
    """
    names, rows = header_and_rows(path)
    change, ligand = (_needed(path, names, known) for known in (VARIANTS, LIGANDS))
    value = _needed(path, names, (*ENERGIES, *FOLDS))
    is_fold = names[value] in FOLDS
    found: dict[tuple[str, str], Answer] = {}
    for number, cells in rows:
        if cells is None or len(cells) != len(names):
            raise UserError(f"{path}, line {number}: not {len(names)} fields as its first line has")
        answer = Answer(
            number,
            _variant(path, number, cells[change]),
            cells[ligand].strip(),
            _energy(path, number, cells[value], is_fold=is_fold),
        )
        before = found.setdefault((answer.variant, answer.ligand), answer)
        if before is not answer:
            raise UserError(
                f"{path}, lines {before.line} and {number}: both are of {answer.ligand} in "
                f"{answer.variant}; give one value, as their mean"
            )
    return list(found.values())


def _needed(path: Path, names: Sequence[str], known: Sequence[str]) -> int:
    place = column(names, known)
    if place is None:
        raise UserError(
            f"{path}: no column {' or '.join(known)}; its first line has {', '.join(names)}"
        )
    return place


def _variant(path: Path, number: int, text: str) -> str:
    try:
        return Variant.named(text.strip()).name
    except ValueError as error:
        raise UserError(f"{path}, line {number}: {error}") from None


def _energy(path: Path, number: int, text: str, *, is_fold: bool) -> float:
    """Give ΔΔG; of a fold change RT times its logarithm."""
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value) or (is_fold and value <= 0):
        wanted = "a number above 0" if is_fold else "a number"
        raise UserError(f"{path}, line {number}: {text!r} is not {wanted}; take the row out")
    return RT_KCAL_MOL * math.log(value) if is_fold else value
