"""Predicted aligned errors of a model: which parts of it stand how surely to one another."""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import gemmi
import numpy as np

from screenmm.core.errors import ReceptorError
from screenmm.files.whole import read_text
from screenmm.receptor.records import is_mmcif, plain_lines
from screenmm.receptor.structure import Array, Structure

FORMS = (
    "give the PAE of the AlphaFold database, ColabFold, AlphaFold 3 (JSON), Boltz (npz) or ModelCIF"
)


@dataclass(frozen=True)
class Pae:
    """Predicted aligned errors.

    Attributes
    ----------
    name : str
        Of the file.
    errors : ndarray, shape (N, N)
        Å, of column residues where the model is aligned on row residues.
    """

    name: str
    errors: Array


@dataclass(frozen=True)
class PaeOfPocket:
    """Predicted aligned errors at a pocket, Å; both directions of each pair count.

    Attributes
    ----------
    residues : int
        Residues around the pocket.
    mean, highest : float or None
        Over pairs of them; None where there is but one.
    mean_to_rest : float or None
        Over pairs of one of them and one of the other residues that were kept.
    """

    residues: int
    mean: float | None
    highest: float | None
    mean_to_rest: float | None


def read_pae(path: Path) -> Pae:
    """Read predicted aligned errors.

    Parameters
    ----------
    path : Path
        JSON of the AlphaFold database (both forms), ColabFold or AlphaFold 3; an ``.npz`` of Boltz;
        ModelCIF with ``_ma_qa_metric_local_pairwise``.

    Raises
    ------
    ReceptorError
        It is none of them, no square of numbers, or holds negative ones.
    """
    try:
        errors = np.asarray(_errors(path), dtype=float)
    except (ValueError, TypeError, KeyError, OverflowError, EOFError, BadZipFile) as error:
        raise ReceptorError(f"pae: {path.name} cannot be read ({error}); {FORMS}") from None
    if errors.ndim != 2 or len(set(errors.shape)) != 1 or not errors.size:
        shape = " × ".join(map(str, errors.shape))
        raise ReceptorError(f"pae: {path.name} holds {shape} numbers, no square; {FORMS}")
    if not np.isfinite(errors).all() or errors.min() < 0:
        raise ReceptorError(
            f"pae: {path.name} lacks pairs of residues, or holds errors below 0 Å; {FORMS}"
        )
    return Pae(path.name, errors)


def _errors(path: Path) -> Any:
    if path.name.endswith(".npz"):
        with np.load(path) as arrays:
            return arrays["pae"]
    text = read_text(path)
    return _of_modelcif(text) if is_mmcif(text) else _of_json(json.loads(text.lstrip("\ufeff")))


def _of_json(found: Any) -> Any:
    """Errors of a JSON in any of its forms."""
    if isinstance(found, list) and len(found) == 1:
        found = found[0]
    if not isinstance(found, dict):
        raise ValueError("no object with a PAE")
    for key in ("predicted_aligned_error", "pae"):
        if key in found:
            return found[key]
    if {"residue1", "residue2", "distance"} <= found.keys():
        return _of_pairs(found["residue1"], found["residue2"], found["distance"])
    raise ValueError(f"its keys are {', '.join(sorted(found)) or 'none'}")


def _of_pairs(rows: Any, columns: Any, values: Any) -> Array:
    """Errors of pairs that are counted from 1."""
    first, second = (np.asarray(each, dtype=int) - 1 for each in (rows, columns))
    if not len(first) or min(first.min(), second.min()) < 0:
        raise ValueError("residues are not counted from 1")
    size = int(max(first.max(), second.max())) + 1
    if not len(first) == len(second) == len(values):
        raise ValueError("its lists of residues and errors differ in length")
    if size**2 > len(first):
        raise ValueError(
            f"it lacks pairs of residues: {size} have {size**2} pairs, and {len(first)} are there"
        )
    errors = np.full((size, size), np.nan)
    errors[first, second] = np.asarray(values, dtype=float)
    return errors


def _of_modelcif(text: str) -> Array:
    document = gemmi.cif.read_string("\n".join(plain_lines(text)))
    for block in document:
        table = block.find(
            "_ma_qa_metric_local_pairwise.",
            ["label_asym_id_1", "label_seq_id_1", "label_asym_id_2", "label_seq_id_2",
             "metric_value"],
        )  # fmt: skip
        if len(table):
            pairs = [((row[0], row[1]), (row[2], row[3]), float(row[4])) for row in table]
            places: dict[tuple[str, str], int] = {}
            for one, _, _ in pairs:
                places.setdefault(one, len(places) + 1)
            first, second, values = zip(*pairs, strict=True)
            return _of_pairs(
                [places[each] for each in first], [places[each] for each in second], values
            )
    raise ValueError("no _ma_qa_metric_local_pairwise in it")


def check_size(pae: Pae, structure: Structure) -> None:
    """See that a PAE is of the model that it is given for.

    Raises
    ------
    ReceptorError
        It has another number of residues, or the structure is no model.
    """
    if not structure.origin.is_model:
        raise ReceptorError(
            f"pae: {pae.name} is given for a structure that is no model ({structure.origin.why}): "
            "take pae out, or set predicted: true"
        )
    found = f"pae: {pae.name} is of {len(pae.errors)} residues, the model has {structure.ordinals}"
    if len(pae.errors) > structure.ordinals and structure.heteros:
        raise ReceptorError(
            f"{found} ({structure.heteros} of the file are HETATM): ligands and modified residues "
            "count token by token in the PAE of AlphaFold 3 and Boltz, which are not told apart "
            "here: leave pae out"
        )
    if len(pae.errors) != structure.ordinals:
        raise ReceptorError(
            f"{found}: give the PAE of this model, and the model as it was predicted"
        )


def of_pocket(pae: Pae, structure: Structure, lining: Collection[str]) -> PaeOfPocket:
    """Give the errors at a pocket.

    Parameters
    ----------
    pae : Pae
        Of the whole model; see :func:`check_size`.
    structure : Structure
        Trimmed.
    lining : collection of str
        Labels of the residues around the pocket.
    """
    places = {
        each.label: each.ordinal
        for each in structure.of_kind("polymer")
        if each.ordinal is not None
    }
    inside = [place for label, place in places.items() if label in lining]
    outside = [place for label, place in places.items() if label not in lining]
    pairs = pae.errors[np.ix_(inside, inside)][~np.eye(len(inside), dtype=bool)]
    apart = np.concatenate(
        [pae.errors[np.ix_(inside, outside)].ravel(), pae.errors[np.ix_(outside, inside)].ravel()]
    )
    return PaeOfPocket(
        len(inside),
        round(float(pairs.mean()), 2) if pairs.size else None,
        round(float(pairs.max()), 2) if pairs.size else None,
        round(float(apart.mean()), 2) if apart.size else None,
    )
