from __future__ import annotations

import pytest

from screenmm.errors import ConservationError
from screenmm.receptor.conservation import Conservation, Removal

LABELS = ("A:ALA:1 N", "A:ALA:1 CA", "A:ALA:1 H", "A:HOH:2 O")


def test_read_is_kept_and_removed() -> None:
    conservation = Conservation(LABELS, frozenset({0, 1, 3}))
    conservation.remove([2, 3, None], Removal.WATER)
    tally = conservation.tally([0, 1], added=4)
    assert tally.as_json() == {
        "read": 3, "kept": 2, "removed": {"water not kept": 1}, "added": 4,
    }  # fmt: skip
    assert tally.as_text() == (
        "heavy atoms: 3 read = 2 kept + 1 removed; 4 added\n  water not kept: 1\n"
    )


def test_the_first_reason_stands() -> None:
    conservation = Conservation(LABELS, frozenset({3}))
    conservation.remove([3], Removal.CHAIN)
    conservation.remove([3], Removal.WATER)
    assert conservation.tally([], 0).removed == {"chain dropped": 1}


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ([0], r"lost without a reason: A:ALA:1 \(CA\)"),
        ([0, 1, 3], r"kept though removed: A:HOH:2 \(O\)"),
        ([0, 1, 1], r"kept twice: A:ALA:1 \(CA\)"),
        ([0, 1, 2], r"kept though not read: A:ALA:1 \(H\)"),
    ],
)
def test_a_mismatch_names_the_residues(kept: list[int], message: str) -> None:
    conservation = Conservation(LABELS, frozenset({0, 1, 3}))
    conservation.remove([3], Removal.WATER)
    with pytest.raises(ConservationError, match=message):
        conservation.tally(kept, 0)
