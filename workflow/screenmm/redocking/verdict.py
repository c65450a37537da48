"""What a redocking came to, in numbers and in words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from screenmm.tables.dictionary import DG

Entry = dict[str, Any]

_OF_RELATIVE = {
    True: (
        "It is another protein's ligand: the pocket is open to it as in the relative, which does "
        "not say that this protein binds it."
    ),
    False: (
        "It is another protein's ligand: either this pocket, as it stands here, has no room for "
        "it, or docking fails. Dock ligands that this protein is known to bind."
    ),
}
"""What finding the ligand of a related structure, or not finding it, means."""

RMSDS = (
    "top_rmsd_angstrom", "best_rmsd_angstrom", "top_rmsd_minimised_angstrom",
    "best_rmsd_minimised_angstrom", "mmgbsa_top_rmsd_angstrom",
)  # fmt: skip

FITTED_TEXT = (
    "The pocket's side chains were turned away from this very ligand (repack), so that this is no "
    "control: repack around another known ligand, and redock this one."
)
NOT_EVEN_FITTED = "That though the pocket's side chains were turned away from this very ligand."


def not_done(reason: str, ligand: str | None, engine: str, *, of_relative: bool = False) -> Entry:
    """Entry of a receptor whose reference ligand was not docked again.

    Parameters
    ----------
    reason : str
        Why, and what to do about it.
    ligand : str or None
        The reference ligand in words, where there is one.
    engine : str
        Docking engine of the screen.
    of_relative : bool
        Whether it is the ligand of a related structure.
    """
    return {
        "status": "not_done",
        "reason": reason,
        "ligand": ligand,
        "engine": engine,
        "of_relative": of_relative,
        "poses": 0,
        **dict.fromkeys(RMSDS),
        "passed": None,
        "text": f"The {_kind(of_relative)} was not docked again: {reason}.",
    }


def judge(
    rows: Sequence[Entry],
    limit_angstrom: float,
    ligand: str,
    engine: str,
    *,
    freely: bool = False,
    of_relative: bool = False,
    fitted: bool = False,
) -> Entry:
    """Judge the poses of a reference ligand.

    Parameters
    ----------
    rows : sequence of dict
        At least one pose, best docked first: ``rmsd_angstrom``, and, where it could be
        minimised, ``rmsd_minimised_angstrom`` and ``dg_mmgbsa_kcal_mol``.
    limit_angstrom : float
        Largest RMSD of the best docked pose that passes.
    ligand : str
        The reference ligand in words.
    engine : str
        Docking engine.
    freely : bool
        Whether the screen has templates, which the reference was docked without.
    of_relative : bool
        Whether it is the ligand of a related structure, moved into this receptor.
    fitted : bool
        Whether the receptor's side chains were turned away from this ligand: to find it again
        is then no evidence, and not to find it is.

    Returns
    -------
    dict
        ``status``, ``reason``, ``ligand``, ``engine``, ``of_relative``, ``poses``, the RMSDs of
        ``RMSDS`` (None where there is no such pose), ``passed``, ``fitted`` and ``text``, all of it
        in words.
    """
    minimised = [row for row in rows if row["rmsd_minimised_angstrom"] is not None]
    first = min(minimised, key=lambda row: row[DG.name], default=None)
    found: Entry = {
        "status": "done",
        "reason": None,
        "ligand": ligand,
        "engine": engine,
        "of_relative": of_relative,
        "poses": len(rows),
        "top_rmsd_angstrom": rows[0]["rmsd_angstrom"],
        "best_rmsd_angstrom": min(row["rmsd_angstrom"] for row in rows),
        "top_rmsd_minimised_angstrom": rows[0]["rmsd_minimised_angstrom"],
        "best_rmsd_minimised_angstrom": min(
            (row["rmsd_minimised_angstrom"] for row in minimised), default=None
        ),
        "mmgbsa_top_rmsd_angstrom": first["rmsd_minimised_angstrom"] if first else None,
    }
    is_found = found["best_rmsd_angstrom"] <= limit_angstrom
    found |= {"passed": None if fitted and is_found else is_found, "fitted": fitted}
    return found | {"text": _text(found, limit_angstrom, freely=freely)}


def _text(found: Entry, limit_angstrom: float, *, freely: bool) -> str:
    best, top, first = (found[f"{name}_rmsd_angstrom"] for name in ("best", "top", "mmgbsa_top"))
    is_found = best <= limit_angstrom
    several = found["poses"] > 1
    which = f"the closest of its {found['poses']} poses lies" if several else "its only pose lies"
    told = [
        f"Docked again by {found['engine']} from a fresh conformer"
        f"{', freely, without templates' * freely}, the {_kind(found['of_relative'])} "
        f"({found['ligand']}) {'is found' if is_found else 'is not found'} in its place: "
        f"{which} {best:.2f} Å from it (limit {limit_angstrom:g} Å)."
    ]
    if several:
        told.append(_first("Docking", top, limit_angstrom))
    if first is None:
        told.append("None of its poses could be minimised.")
    elif several:
        told.append(_first("MM/GBSA", first, limit_angstrom))
    if found["fitted"]:
        told.append(FITTED_TEXT if is_found else NOT_EVEN_FITTED)
    if found["of_relative"] and not (found["fitted"] and is_found):
        told.append(_OF_RELATIVE[is_found])
    elif not is_found:
        told.append(
            "Poses of other ligands may be as wrong, and their scores with them: look at the "
            "box, and at the receptor's waters, cofactors, protonation and side chains."
        )
    return " ".join(told)


def _kind(of_relative: bool) -> str:
    return "relative's ligand" if of_relative else "reference ligand"


def _first(who: str, rmsd_angstrom: float, limit_angstrom: float) -> str:
    fit = "a right" if rmsd_angstrom <= limit_angstrom else "a wrong"
    return f"{who} puts {fit} pose first ({rmsd_angstrom:.2f} Å)."
