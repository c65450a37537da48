"""Confidence of a predicted model: what is trimmed of it, and whether its pocket can be trusted."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from itertools import groupby, pairwise
from typing import Any

import numpy as np

from screenmm.core.errors import PocketError, ReceptorError
from screenmm.receptor.conservation import Removal
from screenmm.receptor.pae import Pae, PaeOfPocket, of_pocket
from screenmm.receptor.structure import Array, Residue, Structure

SOLID = 10  # confident residues on end from which a stretch is folded, and no island
LINKER = 20  # doubtful residues within a chain from which they are no loop of a domain

Near = Callable[[Array], bool]


@dataclass(frozen=True)
class Trimmed:
    """Residues on end that were taken out.

    Attributes
    ----------
    first, last : str
        Labels.
    residues : int
    mean_plddt : float
        Of those whose pLDDT is known.
    """

    first: str
    last: str
    residues: int
    mean_plddt: float


@dataclass(frozen=True)
class PocketConfidence:
    """Confidence of the residues around a pocket.

    Attributes
    ----------
    residues : int
        Those with a pLDDT.
    mean_plddt, lowest_plddt : float
    limit : float
        ``min_pocket_plddt``.
    doubtful : list of str
        Labels of the residues below it.
    trimmed_near : int
        Residues around the pocket that were trimmed.
    """

    residues: int
    mean_plddt: float
    lowest_plddt: float
    limit: float
    doubtful: list[str]
    trimmed_near: int = 0

    @property
    def is_low(self) -> bool:
        """Whether the mean is below the limit."""
        return _is_below(self.mean_plddt, self.limit)


@dataclass(frozen=True)
class Confidence:
    """What is known of a predicted model's confidence.

    Attributes
    ----------
    why : str
        What says that it is a model.
    plddt : dict of str to float
        By residue that was kept, as ``chain:name:number``; empty where it is not known.
    limit : float
        ``min_pocket_plddt``: a residue below it is doubtful.
    lining : list of str
        Labels of the residues around the pocket.
    trimmed : list of Trimmed
    pocket : PocketConfidence or None
        None where no residue around the pocket has a pLDDT.
    pae : PaeOfPocket or None
        None where no PAE was given.
    """

    why: str
    plddt: dict[str, float]
    limit: float
    lining: list[str]
    trimmed: list[Trimmed] = field(default_factory=list)
    pocket: PocketConfidence | None = None
    pae: PaeOfPocket | None = None

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return asdict(self)

    def as_text(self) -> str:
        """In a line."""
        parts = [f"predicted model ({self.why})"]
        if self.pocket is not None:
            found = self.pocket
            parts.append(
                f"pLDDT of {found.residues} residues around the pocket {found.mean_plddt:.0f} on "
                f"average, {found.lowest_plddt:.0f} at least, {len(found.doubtful)} below "
                f"{found.limit:g}"
            )
        elif not self.plddt:
            parts.append("its pLDDT is not known")
        if self.pae is not None and self.pae.mean is not None:
            parts.append(
                f"PAE between them {self.pae.mean:.1f} Å on average, {self.pae.highest:.1f} Å at "
                "most"
            )
        if self.trimmed:
            parts.append(f"{sum(each.residues for each in self.trimmed)} residues trimmed")
        return "; ".join(parts)


def plddt_of(structure: Structure) -> dict[str, float] | None:
    """Give pLDDT, 0 to 100, by residue (``chain:name:number``); None where it is no model.

    Empty where it is a model that does not say its pLDDT.
    """
    if not structure.origin.is_model:
        return None
    return {
        residue.label: round(residue.plddt, 2)
        for residue in structure.of_kind("polymer")
        if residue.plddt is not None
    }


# --- trimming ----------------------------------------------------------------------------


def to_trim(is_low: Sequence[bool]) -> list[tuple[int, int, str]]:
    """Find the doubtful tails and linkers of a chain.

    A stretch of more than :data:`SOLID` confident residues is folded. Before the first and
    behind the last one, what is mostly doubtful goes; between two, it goes from
    :data:`LINKER` doubtful residues on, and a shorter loop stays.

    Parameters
    ----------
    is_low : sequence of bool
        Whether each residue is of low confidence.

    Returns
    -------
    list of (int, int, str)
        First residue, the one behind the last, and what they are.
    """
    count = len(is_low)
    solid = [(a, b) for a, b, low in _runs(is_low) if not low and b - a > SOLID]
    if not solid:
        return [(0, count, "a doubtful chain")] if 2 * sum(is_low) > count else []
    found = [(0, _tail(is_low[: solid[0][0]]), "a doubtful start of the chain")]
    for (_, end), (start, _) in pairwise(solid):
        low = sum(is_low[end:start])
        if low >= LINKER and 2 * low > start - end:
            found.append((end, start, "a doubtful linker"))
    found.append(
        (count - _tail(is_low[solid[-1][1] :][::-1]), count, "a doubtful end of the chain")
    )
    return [each for each in found if each[1] > each[0]]


def _runs(is_low: Sequence[bool]) -> list[tuple[int, int, bool]]:
    runs, start = [], 0
    for low, members in groupby(is_low):
        end = start + len(list(members))
        runs.append((start, end, low))
        start = end
    return runs


def _tail(is_low: Sequence[bool]) -> int:
    """Residues of a tail: the longest beginning whose doubtful ones outnumber the others most."""
    gained = np.cumsum([0, *(1 if low else -1 for low in is_low)])
    return int(len(gained) - 1 - np.argmax(gained[::-1]))


def trim(structure: Structure, below: float | None) -> None:
    """Take doubtful tails and linkers out of a model, each residue told and counted.

    What is left ends where a chain ends in a crystal, and has gaps that are capped and never
    built.

    Parameters
    ----------
    structure : Structure
        Changed in place; one that is no model, or of unknown pLDDT, is left as it is.
    below : float or None
        pLDDT below which a residue is doubtful; None trims nothing.

    Raises
    ------
    ReceptorError
        Nothing would be left.
    """
    known = [each for each in structure.of_kind("polymer") if each.plddt is not None]
    if below is None or not known:
        return
    chains: dict[str, list[Residue]] = {}
    for each in structure.of_kind("polymer"):
        chains.setdefault(each.chain, []).append(each)
    for chain in chains.values():
        for start, end, where in to_trim(_are_low([each.plddt for each in chain], below)):
            _take_out(structure, chain[start:end], where, below)
    if not any(structure.of_kind("polymer")):
        raise ReceptorError(
            f"nothing of the model would be left: its mean pLDDT is {_mean(known):.0f}, and no "
            f"stretch of more than {SOLID} residues has {below:g} or more (trim_plddt); give "
            "another model, or trim_plddt: null"
        )


def _are_low(plddt: Sequence[float | None], below: float) -> list[bool]:
    """Whether each residue of a chain is doubtful.

    Up to :data:`SOLID` residues on end whose pLDDT is not known are what both their neighbours
    are; of more, or between neighbours that differ, nothing says that they are doubtful.
    """
    is_low = [each is not None and _is_below(each, below) for each in plddt]
    for start, end, is_unknown in _runs([each is None for each in plddt]):
        beside = [is_low[at] for at in (start - 1, end) if 0 <= at < len(plddt)]
        if is_unknown and end - start <= SOLID:
            is_low[start:end] = [bool(beside) and all(beside)] * (end - start)
    return is_low


def _take_out(structure: Structure, residues: list[Residue], where: str, below: float) -> None:
    run = _as_run(residues)
    structure.note(
        "trimmed",
        " ".join(dict.fromkeys((run.first, run.last))),
        f"{run.residues} residues, {where}, of mean pLDDT {run.mean_plddt:.0f} "
        f"(trim_plddt {below:g})",
    )
    for residue in residues:
        plddt = "not known" if residue.plddt is None else f"{residue.plddt:.0f}"
        detail = f"pLDDT {plddt}, in {where}"
        structure.remove(residue, Removal.LOW_CONFIDENCE, detail)
    structure.trimmed += residues
    # what was trimmed is not to be built again as a missing loop; a model has no other gaps
    structure.sequences.pop(residues[0].chain, None)


def trimmed_runs(structure: Structure) -> list[Trimmed]:
    """Residues that were trimmed, those on end together."""
    runs: list[list[Residue]] = []
    for residue in structure.trimmed:
        last = runs[-1][-1] if runs else None
        if last is not None and (last.chain, last.ordinal) == (
            residue.chain, (residue.ordinal or 0) - 1,
        ):  # fmt: skip
            runs[-1].append(residue)
        else:
            runs.append([residue])
    return [_as_run(each) for each in runs]


def trimmed_words(structure: Structure) -> str:
    """Say what was trimmed, for an error that may come from that; empty where nothing was."""
    if not structure.trimmed:
        return ""
    runs = [f"{each.first} to {each.last}" for each in trimmed_runs(structure)]
    return (
        f"{len(structure.trimmed)} residues of low confidence were trimmed before "
        f"({', '.join(runs)}); trim_plddt: null keeps them"
    )


def _as_run(residues: list[Residue]) -> Trimmed:
    mean = round(_mean(residues), 2)
    return Trimmed(residues[0].label, residues[-1].label, len(residues), mean)


def _mean(residues: list[Residue]) -> float:
    return float(np.mean([each.plddt for each in residues if each.plddt is not None]))


def _is_below(plddt: float, limit: float) -> bool:
    """Whether a pLDDT is below a limit, as one is that is no number."""
    return not plddt >= limit


def _plddt(residue: Residue) -> float:
    assert residue.plddt is not None  # only such residues are looked at
    return residue.plddt


# --- the pocket --------------------------------------------------------------------------


def pocket_confidence(
    structure: Structure, lining: Iterable[str], near: Near, limit: float
) -> PocketConfidence | None:
    """Give the confidence of the residues around a pocket; None where it is not known.

    Parameters
    ----------
    structure : Structure
        Trimmed.
    lining : iterable of str
        Labels.
    near : callable
        Whether positions, Å, lie around the pocket.
    limit : float
        pLDDT below which a residue is doubtful.
    """
    around = set(lining)
    known = [
        each
        for each in structure.of_kind("polymer")
        if each.plddt is not None and each.label in around
    ]
    if not known:
        return None
    return PocketConfidence(
        len(known),
        round(_mean(known), 2),
        round(min(map(_plddt, known)), 2),
        limit,
        [each.label for each in known if _is_below(_plddt(each), limit)],
        sum(near(each.positions()) for each in structure.trimmed),
    )


def judge_pocket(found: PocketConfidence | None, name: str, *, stops: bool) -> str:
    """Warn of a pocket that cannot be trusted; empty where it can.

    Parameters
    ----------
    found : PocketConfidence or None
    name : str
        Of the structure.
    stops : bool
        Whether such a pocket is an error.

    Raises
    ------
    PocketError
        It is, and the mean is below the limit, or nothing is left around the pocket.
    """
    if found is None:
        fault = f"pocket of the model {name}: no residue whose pLDDT is known is left around it"
        if stops:
            raise PocketError(
                f"{fault}; name another pocket, or keep what is there (trim_plddt: null)"
            )
        return fault
    if not found.is_low:
        return _what_was_trimmed(found, name)
    fault = (
        f"pocket of the model {name}: mean pLDDT {found.mean_plddt:.0f} of {found.residues} "
        f"residues, below {found.limit:g} (min_pocket_plddt): its backbone is a guess, and so is "
        "every pose in it"
    )
    if stops:
        raise PocketError(
            f"{fault}; give a structure that is surer there, name another pocket, or set "
            "low_confidence: warn to dock all the same"
        )
    return fault


def _what_was_trimmed(found: PocketConfidence, name: str) -> str:
    """Warn of residues around a pocket that its mean pLDDT knows nothing of any more."""
    if not found.trimmed_near:
        return ""
    return (
        f"pocket of the model {name}: {found.trimmed_near} residue"
        f"{'s' * (found.trimmed_near != 1)} around it had low confidence and were trimmed, so that "
        f"its mean pLDDT, {found.mean_plddt:.0f}, is of the others alone"
    )


def confidence_of(
    structure: Structure, lining: list[str], near: Near, limit: float, pae: Pae | None
) -> Confidence | None:
    """Gather the confidence of a model; None where it is none.

    Parameters
    ----------
    structure : Structure
        Trimmed.
    lining, near, limit
        As for :func:`pocket_confidence`.
    pae : Pae or None
        Of the whole model.
    """
    plddt = plddt_of(structure)
    if plddt is None:
        return None
    return Confidence(
        structure.origin.why,
        plddt,
        limit,
        lining,
        trimmed_runs(structure),
        pocket_confidence(structure, lining, near, limit),
        of_pocket(pae, structure, lining) if pae is not None else None,
    )
