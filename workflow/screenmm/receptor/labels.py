"""How residues are named in configs and messages. Needs no package.

A chain is whatever the file calls it (``A``, ``A-2``, ``Axp``), a name likewise (``STI``, ``017``,
``NA+``); a number may be negative and may carry an insertion code (``-3``, ``60A``). A label is
``chain:name:number``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

WORD = r"[^\s:]+"
NUMBER = r"-?[0-9]+[A-Za-z]?"
SPEC = rf"^({WORD}:)?{WORD}(:{NUMBER})?$"
"""A molecule beside the polymer, or several: NAD, A:NAD, NAD:301 or A:NAD:301."""
MUTATION = re.compile(
    rf"(?:(?P<chain>{WORD}):)?(?P<old>[A-Z])(?P<number>-?[0-9]+)(?P<icode>[A-Z]?)(?P<new>[A-Z])"
)


class Named(NamedTuple):
    """One reading of a residue that a person names; None matches anything."""

    chain: str | None
    name: str | None
    number: str | None

    def matches(self, chain: str, names: set[str], number: str) -> bool:
        """Whether a residue is meant, of which ``names`` are what it is and was called.

        Chains are told apart by upper and lower case, names and insertion codes are not.
        """
        return (
            self.chain in (None, chain)
            and (self.name is None or self.name.upper() in {name.upper() for name in names})
            and (self.number is None or self.number.upper() == number.upper())
        )


def molecule_readings(spec: str) -> Iterator[Named]:
    """What NAD, A:NAD, NAD:301 or A:NAD:301 may mean, the likeliest first."""
    match spec.strip().split(":"):
        case [name]:
            yield Named(None, name, None)
        case [first, last]:
            yield Named(first, last, None)
            if re.fullmatch(NUMBER, last):
                yield Named(None, first, last)
        case [chain, name, number] if re.fullmatch(NUMBER, number):
            yield Named(chain, name, number)


def residue_readings(spec: str) -> Iterator[Named]:
    """What 315, A:315, THR:315 or A:THR:315 may mean, the likeliest first."""
    *words, number = spec.strip().split(":")
    if not re.fullmatch(NUMBER, number) or not all(words):
        return
    match words:
        case []:
            yield Named(None, None, number)
        case [word]:
            yield Named(word, None, number)
            yield Named(None, word, number)
        case [chain, name]:
            yield Named(chain, name, number)
