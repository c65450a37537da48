"""Filters on interactions: what ``must`` and ``must_not`` say, and whether it is so.

A filter is a kind of interaction, ``to`` or ``with``, and a residue: ``hydrogen bond to
Val981``, ``salt bridge with A:1041``, ``any contact with A:NAD:301``. Chains are as in the
receptor; of all other words upper and lower case are alike. What can be read in two ways, as
``AAA:10``, is settled by the residues of the receptor. This module reads text only; it needs none
of the inspection's packages.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from screenmm.core.errors import ConfigError
from screenmm.core.suggest import closest
from screenmm.residues.labels import WORD
from screenmm.residues.synonyms import same_name

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
_EXPRESSION = re.compile(r"\s*(?P<kind>.+?)\s+(?:to|with)\s+(?P<residue>.+?)\s*", re.IGNORECASE)
_FILLERS = re.compile(r"\s+(?:contact|interaction)s?$")
_ALIASES = {
    "contact": "any",
    "interaction": "any",
    "hbond": "hydrogenbond",
    "hbonddonor": "hydrogenbonddonor",
    "hbondacceptor": "hydrogenbondacceptor",
    "pipistacking": "pistacking",
    "vdw": "vanderwaal",
}
_CHAIN = re.compile(WORD)
_NAME = re.compile(r"(?=.*[A-Za-z])\w{1,5}|[A-Za-z]{1,2}[+-]")
_DIGITS = re.compile(r"0\d+")  # names like 017 and 032, which are no numbers
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)[A-Za-z]?")
_EXAMPLE = "write it as 'hydrogen bond to A:VAL981'"


@dataclass(frozen=True)
class Residue:
    """One reading of a residue that a person names; what was left out matches anything.

    Parameters
    ----------
    chain : str
        As in the receptor; empty where not given.
    name : str
        In capitals, or empty. Names of one residue, as HIS, HIE and HSE, are alike.
    number : str
        With its insertion code, or empty.
    """

    chain: str
    name: str
    number: str

    def matches(self, label: str) -> bool:
        """Whether a label, as ``A:MET:96`` or ``MET:96``, is this residue."""
        chain, name, number = split_label(label)
        return (
            self.chain in ("", chain)
            and self.number.upper() in ("", number.upper())
            and (not self.name or same_name(self.name) == same_name(name.upper()))
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
    readings : tuple of Residue
        What its residue may be, the likeliest first: chain or name, number or part of a name.
    receptors : tuple of str
        Receptors that it is for; empty: all.
    """

    text: str
    kinds: tuple[str, ...]
    readings: tuple[Residue, ...]
    receptors: tuple[str, ...] = ()

    def is_about(self, label: str) -> bool:
        """Whether a label is the residue it names."""
        return any(reading.matches(label) for reading in self.readings)

    def is_for(self, receptor: str) -> bool:
        """Whether ligands in a receptor have to pass it."""
        return not self.receptors or receptor in self.receptors


def split_label(label: str) -> tuple[str, str, str]:
    """Chain (or ""), name and number of a residue's label."""
    parts = label.split(":")
    chain, name, number = parts if len(parts) == 3 else ("", *parts)
    return chain, name, number


def parse_filter(text: str, receptors: Sequence[str] = ()) -> Filter:
    """Understand one expression.

    Parameters
    ----------
    text : str
        As in the config.
    receptors : sequence of str
        Receptors that it is for; empty: all.

    Raises
    ------
    ValueError
        It is none; says what is wrong with it and names the closest valid word.
    """
    found = _EXPRESSION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} names no kind of interaction and residue: {_EXAMPLE}")
    kinds = _kinds(found["kind"], text)
    return Filter(text, kinds, _readings(found["residue"], text), tuple(receptors))


def _folded(words: str) -> str:
    """A kind without case, blanks, hyphens and plurals: H-bonds, h bond and Hbond are one."""
    parts = _FILLERS.sub("", " ".join(re.split(r"[\s_-]+", words.strip().lower()))).split()
    folded = "".join(re.sub(r"(?<=..)s$", "", part) for part in parts)
    folded = folded.replace("bonding", "bond")
    return _ALIASES.get(folded, folded)


def _kinds(words: str, text: str) -> tuple[str, ...]:
    valid = {_folded(word): word for word in WORDS}
    folded = _folded(words)
    if folded in valid:
        return WORDS[valid[folded]]
    near = closest(folded, valid, least=0.6)
    hint = f"did you mean {valid[near[0]]!r}?" if near else f"valid: {', '.join(sorted(WORDS))}"
    raise ValueError(f"{text!r}: {words!r} is no kind of interaction; {hint}")


def _readings(words: str, text: str) -> tuple[Residue, ...]:
    """Understand 981, Val981, Val 981, A:981, A:Val981, VAL:981, A:VAL:981, NAD and A:NAD."""
    parts = re.split(r"\s*:\s*|\s+", words)
    found: list[Residue] = []
    match parts:
        case [chain, name, number] if _CHAIN.fullmatch(chain):
            if re.fullmatch(WORD, name) and _NUMBER.fullmatch(number):
                found = [Residue(chain, name.upper(), number)]
        case [first, last]:
            if _CHAIN.fullmatch(first):
                found = [Residue(first, name, number) for name, number in _within(last)]
            if _NAME.fullmatch(first) and _NUMBER.fullmatch(last):
                # three letters are rather a name than a chain
                place = 0 if len(first) == 3 else len(found)
                found.insert(place, Residue("", first.upper(), last))
        case [only]:
            found = [Residue("", name, number) for name, number in _within(only)]
    if not found:
        raise ValueError(
            f"{text!r}: {words!r} is no residue; write A:VAL981, Val981, A:981, 981 or A:NAD, or "
            "A:5FO:301 where the name holds digits"
        )
    return tuple(found)


def _within(word: str) -> Iterator[tuple[str, str]]:
    """Name and number that a word without colons may hold; either may be empty."""
    if _NUMBER.fullmatch(word):
        yield "", word
    for end in range(1, len(word)):
        name, number = word[:end], word[end:]
        if _NAME.fullmatch(name) and _NUMBER.fullmatch(number):
            yield name.upper(), number
            if number.startswith("-"):
                # VAL-981 is rather VAL 981
                yield name.upper(), number[1:]
    if _NAME.fullmatch(word) or _DIGITS.fullmatch(word):
        yield word.upper(), ""


def check_residues(
    filters: Iterable[Filter],
    labels: Sequence[str],
    receptor: str,
    removed: Mapping[str, str] | None = None,
    waters: str = "",
) -> None:
    """Check that a receptor has the residues that its filters name, each in one reading.

    Parameters
    ----------
    filters : iterable of Filter
        The filters; those for other receptors are passed over.
    labels : sequence of str
        Residues of the receptor.
    receptor : str
        Its name.
    removed : mapping of str to str, optional
        Residues of the structure that preparation takes out, and why.
    waters : str, optional
        What preparation did with the waters.

    Raises
    ------
    ConfigError
        It has not; names residues that are near in number or name.
    """
    for each in filters:
        if not each.is_for(receptor):
            continue
        found = [
            (reading, matching)
            for reading in each.readings
            if (matching := [label for label in labels if reading.matches(label)])
        ]
        if not found:
            raise ConfigError(
                f"ranking.interactions: {each.text!r}: receptor {receptor} has no such residue; "
                f"{_explained(each, labels, removed or {}, waters)}"
            )
        if any(set(matching) != set(found[0][1]) for _, matching in found):
            meant = " or ".join(_told(reading) for reading, _ in found)
            raise ConfigError(
                f"ranking.interactions: {each.text!r} may mean {meant} of receptor {receptor}: "
                f"write chain, name and number, as {_full(found[0][1][0])}"
            )


def _full(label: str) -> str:
    return label if label.count(":") == 2 else f"A:{label}"


def _told(reading: Residue) -> str:
    """A reading in words."""
    words = " ".join(part for part in (reading.name, reading.number) if part)
    return f"residue {words} of chain {reading.chain}" if reading.chain else f"residue {words}"


def _explained(
    asked: Filter, labels: Sequence[str], removed: Mapping[str, str], waters: str
) -> str:
    """Say what became of the residue, or which one may have been meant."""
    if waters and any(same_name(reading.name) == "HOH" for reading in asked.readings):
        return f"of its waters, {waters}"
    for label, reason in removed.items():
        if asked.is_about(label):
            return f"preparation takes {label} out ({reason})"
    chains = sorted({split_label(label)[0] for label in labels} - {""})
    for reading in asked.readings:
        other = [each for each in chains if each.lower() == reading.chain.lower()]
        if other and reading.chain not in other:
            return (
                f"its chain is {' or '.join(other)}, not {reading.chain}: chains are told apart by "
                "upper and lower case"
            )
        if not reading.chain and not reading.number and reading.name in map(str.upper, chains):
            return f"{reading.name} is a chain: name a residue of it, as {labels[0]}"
    return _near(asked.readings[0], labels)


def _near(asked: Residue, labels: Sequence[str]) -> str:
    """Residues that may have been meant: the number, else its neighbours, else the name."""
    same = [label for label in labels if asked.number and split_label(label)[2] == asked.number]
    if same:
        return (
            f"it has {', '.join(same[:NEAR_NUMBERS])}: leave out what differs between receptors, "
            "or name the filter's receptors ({filter: ..., receptors: [...]})"
        )
    if digits := re.match(r"-?\d+", asked.number):
        place = int(digits[0])
        same = sorted(labels, key=lambda label: (abs(_number(label) - place), label))
    if not same:
        same = closest(asked.name, labels, most=NEAR_NUMBERS, least=0.0)
    return "near it are " + ", ".join(same[:NEAR_NUMBERS])


def _number(label: str) -> int:
    digits = re.match(r"-?\d+", split_label(label)[2])
    return int(digits[0]) if digits else 0
