"""Models of a file: an assembly's belong together, of an ensemble's the first is taken."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from scipy.spatial import cKDTree

from screenmm.errors import ReceptorError
from screenmm.receptor.records import Record

CONTACT = 1.5  # Å, heavy atoms of two models nearer than this cannot both be there
TOLERATED = 0.02  # share of such atoms, as waters on a symmetry axis make them


@dataclass
class Models:
    """Records of the models that are the receptor.

    Attributes
    ----------
    chosen : list of list of Record
        One list for each model taken.
    left_out : list of Record
    note : str
        Empty where the file has one model.
    """

    chosen: list[list[Record]]
    left_out: list[Record] = field(default_factory=list)
    note: str = ""


def choose_models(records: list[Record], name: str) -> Models:
    """Tell an assembly from an ensemble by whether its models lie on one another.

    Parameters
    ----------
    records : list of Record
    name : str
        Of the file, for messages.

    Raises
    ------
    ReceptorError
        Some models lie on one another and others do not.
    """
    by_model: dict[int, list[Record]] = {}
    for each in records:
        by_model.setdefault(each.model, []).append(each)
    models = list(by_model.values())
    if len(models) < 2:
        return Models(models)
    count = len(models)
    shares = _shares(models)
    if (shares <= TOLERATED).all():
        note = f"{count} models that do not overlap, an assembly: all are the receptor"
        return Models(models, [], note)
    if (shares[0, 1:] > TOLERATED).all():
        left_out = [each for model in models[1:] for each in model]
        note = f"{count} models on top of one another, an ensemble: the first is taken"
        return Models(models[:1], left_out, note)
    apart = [str(1 + k) for k in range(1, count) if shares[0, k] <= TOLERATED]
    raise ReceptorError(
        f"{name} holds {count} models, of which {', '.join(apart)} lie apart from the first and "
        "the others on top of one another: it is neither an assembly nor an ensemble; give a "
        "file with the models meant"
    )


def _shares(models: list[list[Record]]) -> np.ndarray:
    """Share of heavy atoms of the second of two models that lie on the first; pairs j > i."""
    positions = [np.array([each.xyz for each in model if each.is_heavy]).reshape(-1, 3)
                 for model in models]  # fmt: skip
    trees = [cKDTree(xyz) for xyz in positions]
    shares = np.zeros((len(models), len(models)))
    for i, tree in enumerate(trees):
        for j in range(i + 1, len(models)):
            if len(positions[i]) and len(positions[j]):
                near, _ = tree.query(positions[j], distance_upper_bound=CONTACT)
                shares[i, j] = float(np.mean(np.isfinite(near)))
        if i == 0 and (shares[0, 1:] > TOLERATED).all():
            break
    return shares
