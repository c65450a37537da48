"""Conservation of heavy atoms: read = kept + removed, each removal with its reason."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from screenmm.core.errors import ConservationError

SHOWN = 10  # residues that an error names


class Removal(StrEnum):
    """Why a heavy atom of the file is not in the prepared receptor."""

    ALTERNATE = "alternate location"
    OTHER_MODEL = "other model"
    REPEATED = "repeated atom"
    CHAIN = "chain dropped"
    LOW_CONFIDENCE = "residue of low confidence"
    REFERENCE = "reference ligand or a copy of it"
    ASKED_FOR = "removed by config"
    ADDITIVE = "crystallisation additive"
    GLYCAN = "glycan"
    UNMODELLED = "molecule or ion without parameters"
    WATER = "water not kept"
    CROWDED = "water on top of another atom"
    COFACTOR_SITE = "in the place of a cofactor"
    MODIFIED = "modified residue's own atoms"
    MUTATED = "mutated side chain"
    INCOMPLETE = "residue without backbone"
    LONE_CAP = "cap bonded to nothing"
    PHOSPHATE = "5' phosphate"
    END_OXYGEN = "terminal oxygen inside a chain"


@dataclass
class Conservation:
    """What became of every atom record of a file.

    Attributes
    ----------
    labels : tuple of str
        Residue and atom of each record, as they stand in the file.
    heavy : frozenset of int
        Records of heavy atoms.
    removed : dict
        Reason by record; hydrogens may be among them and do not count.
    """

    labels: tuple[str, ...] = ()
    heavy: frozenset[int] = frozenset()
    removed: dict[int, Removal] = field(default_factory=dict)

    def remove(self, sources: Iterable[int | None], why: Removal) -> None:
        """Note the reason for records that leave; atoms that are in no file have None."""
        for source in sources:
            if source is not None:
                self.removed.setdefault(source, why)

    def tally(self, kept: Collection[int], added: int) -> Tally:
        """Count, and check that each heavy atom read is kept or removed, once.

        Parameters
        ----------
        kept : collection of int
            Records of the heavy atoms that the prepared receptor holds.
        added : int
            Heavy atoms that it has beside.

        Raises
        ------
        ConservationError
            An atom is lost, is there twice, or is both kept and removed.
        """
        removed = self.removed.keys() & self.heavy
        times = Counter(kept)
        faults = {
            "lost without a reason": self.heavy - times.keys() - removed,
            "kept though removed": times.keys() & removed,
            "kept twice": {source for source, count in times.items() if count > 1},
            "kept though not read": times.keys() - self.heavy,
        }
        found = {what: sorted(sources) for what, sources in faults.items() if sources}
        if found:
            shown = [f"{what}: {self._names(sources)}" for what, sources in found.items()]
            raise ConservationError(
                f"{len(self.heavy)} heavy atoms were read, {len(times)} kept and {len(removed)} "
                f"removed; {'; '.join(shown)}. This is a defect of ScreenMM: report it with the "
                "structure"
            )
        reasons = Counter(self.removed[source] for source in removed)
        counts = {why.value: reasons[why] for why in Removal if reasons[why]}
        return Tally(len(self.heavy), len(times), counts, added)

    def _names(self, sources: list[int]) -> str:
        atoms: dict[str, list[str]] = {}
        for source in sources:
            residue, _, name = self.labels[source].rpartition(" ")
            atoms.setdefault(residue, []).append(name)
        shown = [f"{residue} ({' '.join(names)})" for residue, names in atoms.items()]
        more = f" and {len(shown) - SHOWN} more" if len(shown) > SHOWN else ""
        return ", ".join(shown[:SHOWN]) + more


@dataclass(frozen=True)
class Tally:
    """Heavy atoms: ``read`` is ``kept`` and all of ``removed``; ``added`` come on top."""

    read: int
    kept: int
    removed: dict[str, int]
    added: int

    def as_json(self) -> dict[str, Any]:
        """Plain data."""
        return {
            "read": self.read,
            "kept": self.kept,
            "removed": self.removed,
            "added": self.added,
        }

    def as_text(self) -> str:
        """Lines of the report."""
        gone = sum(self.removed.values())
        head = (
            f"heavy atoms: {self.read} read = {self.kept} kept + {gone} removed; {self.added} added"
        )
        return "\n".join([head, *(f"  {why}: {n}" for why, n in self.removed.items())]) + "\n"
