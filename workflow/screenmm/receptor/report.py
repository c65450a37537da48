"""What preparation changed, one entry per change."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Change:
    """One thing that was done to the structure.

    Attributes
    ----------
    kind : str
        Class of the change, for example ``removed`` or ``disulfide``.
    residue : str
        Residue as ``chain:name:number``, several separated by spaces; empty when the
        change concerns the whole structure.
    detail : str
        What was done, and why.
    """

    kind: str
    residue: str
    detail: str

    def as_text(self) -> str:
        """Residue, where there is one, and detail."""
        return f"{self.residue}: {self.detail}" if self.residue else self.detail


def render(changes: Iterable[Change]) -> str:
    """Text of a list of changes, grouped by kind in order of first appearance."""
    groups: dict[str, list[Change]] = {}
    for change in changes:
        groups.setdefault(change.kind, []).append(change)
    lines = []
    for kind, members in groups.items():
        lines.append(f"{kind} ({len(members)})")
        lines += [f"  {change.as_text()}" for change in members]
    return "\n".join(lines) + "\n"
