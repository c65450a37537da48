"""Filters on interactions: what ``must`` and ``must_not`` say, and whether it is so.

A filter is a kind of interaction, ``to`` or ``with``, and a residue: ``hydrogen bond to
Val981``, ``salt bridge with A:1041``, ``any contact with A:NAD:301``. Upper and lower case are
alike. This module reads text only; it needs none of the inspection's packages.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from screenmm.errors import ConfigError

KINDS = (
    "hydrogen bond donor",
    "hydrogen bond acceptor",
    "salt bridge",
    "pi stacking",
    "cation-pi",
    "pi-cation",
    "halogen bond",
    "metal",
    "hydrophobic",
    "van der Waals",
)
"""Kinds of interactions, as the tables name them."""

WORDS: dict[str, tuple[str, ...]] = {
    **{kind: (kind,) for kind in KINDS},
    "hydrogen bond": ("hydrogen bond donor", "hydrogen bond acceptor"),
    "cation-pi": ("cation-pi", "pi-cation"),
    "any": KINDS,
}
"""What a filter may ask for, and the kinds that answer it."""

NEAR_NUMBERS = 5
_EXPRESSION = re.compile(r"\s*(?P<kind>.+?)\s+(?:to|with)\s+(?P<residue>\S+)\s*", re.IGNORECASE)
_FILLERS = re.compile(r"\s+(?:contacts?|interactions?)$")
_COMPACT = re.compile(r"(?P<name>[A-Za-z]{1,4})?(?P<number>-?\d+[A-Za-z]?)")
_NUMBER = re.compile(r"-?\d+[A-Za-z]?")
_NAME = re.compile(r"\w{1,5}")
_EXAMPLE = "write it as 'hydrogen bond to A:VAL981'"


@dataclass(frozen=True)
class Residue:
    """A residue as a person names it; what was left out matches anything.

    Parameters
    ----------
    chain, name, number : str
        In lower case; empty where not given. The number carries its insertion code.
    """

    chain: str
    name: str
    number: str

    def matches(self, label: str) -> bool:
        """Whether a label, as ``A:MET:96`` or ``MET:96``, is this residue."""
        chain, name, number = split_label(label.lower())
        # ZN:301 may be a chain ZN or a zinc ion
        is_name = len(self.chain) > 1 and not self.name and self.chain == name
        return (
            (self.chain in ("", chain) or is_name)
            and self.name in ("", name)
            and self.number in ("", number)
        )


@dataclass(frozen=True)
class Filter:
    """One expression, understood.

    Parameters
    ----------
    text : str
        As in the config.
    kinds : tuple of str
        Kinds that answer it.
    residue : Residue
        With which residue.
    """

    text: str
    kinds: tuple[str, ...]
    residue: Residue


def split_label(label: str) -> tuple[str, str, str]:
    """Chain (or ""), name and number of a residue's label."""
    parts = label.split(":")
    chain, name, number = parts if len(parts) == 3 else ("", *parts)
    return chain, name, number


def parse_filter(text: str) -> Filter:
    """Understand one expression.

    Parameters
    ----------
    text : str
        As in the config.

    Raises
    ------
    ValueError
        It is none; says what is wrong with it and names the closest valid word.
    """
    found = _EXPRESSION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} names no kind of interaction and residue: {_EXAMPLE}")
    return Filter(text, _kinds(found["kind"], text), _residue(found["residue"], text))


def _kinds(words: str, text: str) -> tuple[str, ...]:
    folded = " ".join(words.lower().split())
    folded = {"contact": "any", "interaction": "any"}.get(folded, _FILLERS.sub("", folded))
    valid = {word.lower(): kinds for word, kinds in WORDS.items()}
    if folded in valid:
        return valid[folded]
    near = difflib.get_close_matches(folded, list(valid), n=1, cutoff=0.5)
    hint = f"did you mean {near[0]!r}?" if near else f"valid: {', '.join(sorted(WORDS))}"
    raise ValueError(f"{text!r}: {words!r} is no kind of interaction; {hint}")


def _residue(words: str, text: str) -> Residue:
    """Understand 981, Val981, A:981, A:Val981, VAL:981, A:VAL:981 and NAD."""
    parts = words.lower().split(":")
    last = parts[-1]
    if len(parts) == 3 and _NAME.fullmatch(parts[1]) and _NUMBER.fullmatch(last):
        return Residue(*parts)
    if len(parts) == 2 and _NUMBER.fullmatch(last) and len(parts[0]) == 3:
        return Residue("", parts[0], last)
    chain = parts[0] if len(parts) == 2 else ""
    if len(parts) <= 2 and (compact := _COMPACT.fullmatch(last)):
        return Residue(chain, compact["name"] or "", compact["number"])
    if len(parts) == 1 and re.fullmatch(r"[a-z]\w{1,4}", last):
        return Residue("", last, "")
    raise ValueError(
        f"{text!r}: {words!r} is no residue; write A:VAL981, Val981, A:981 or 981, or "
        "A:5FO:301 where the name holds digits"
    )


def check_residues(filters: Iterable[Filter], labels: Sequence[str], receptor: str) -> None:
    """Check that a receptor has the residues that filters name.

    Parameters
    ----------
    filters : iterable of Filter
        The filters.
    labels : sequence of str
        Residues of the receptor.
    receptor : str
        Its name, for the message.

    Raises
    ------
    ConfigError
        It has not; names residues that are near in number or name.
    """
    for each in filters:
        if not any(each.residue.matches(label) for label in labels):
            raise ConfigError(
                f"ranking.interactions: {each.text!r}: receptor {receptor} has no such residue; "
                f"{_near(each.residue, labels)}"
            )


def _near(asked: Residue, labels: Sequence[str]) -> str:
    """Residues that may have been meant: the number, else its neighbours, else the name."""
    same = [label for label in labels if split_label(label.lower())[2] == asked.number]
    if same:
        return f"it has {', '.join(same)}: leave out what differs between receptors"
    if not same and (digits := re.match(r"-?\d+", asked.number)):
        place = int(digits[0])
        same = sorted(labels, key=lambda label: (abs(_number(label) - place), label))
    if not same:
        same = difflib.get_close_matches(asked.name.upper(), list(labels), NEAR_NUMBERS, 0.0)
    return "near it are " + ", ".join(same[:NEAR_NUMBERS])


def _number(label: str) -> int:
    digits = re.match(r"-?\d+", split_label(label)[2])
    return int(digits[0]) if digits else 0


def answers(filter_: Filter, found: Collection[tuple[str, str]]) -> bool:
    """Whether interactions, as (residue, kind), hold what a filter asks for."""
    return any(
        kind in filter_.kinds and filter_.residue.matches(residue) for residue, kind in found
    )
