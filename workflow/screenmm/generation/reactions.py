"""Named reactions of two reactants, run forwards to make molecules and backwards to cut them.

A reaction is its SMARTS, with a template for each of its two roles, and what a reactant must not
carry beside the group that reacts. A molecule fits a role if it has that group once and nothing
else that would react as well: what is made then needs no protecting groups. A molecule is taken
apart with the reaction's product as the query; cuts count only where the reaction, run forwards,
gives the molecule back with its stereochemistry.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from itertools import islice, product
from pathlib import Path
from typing import Any

import yaml
from rdkit import Chem, rdBase
from rdkit.Chem import rdChemReactions

from screenmm.config.yaml_scalars import MisreadScalarError, PlainLoader
from screenmm.core.errors import ConfigError
from screenmm.core.suggest import closest
from screenmm.library.standardise import ELEMENTS, MAX_SMILES
from screenmm.library.stereo import write_smiles

NAMED = Path(__file__).with_name("reactions.yaml")
"""The reactions that come with the package."""

MOST_ATOMS = 100
"""Heavy atoms of the largest molecule that is taken apart or put together."""
MOST_OUTCOMES = 64
"""Ways of one reaction to cut a molecule, or to join two, that are looked at."""
MOST_FORMS = 8
"""Forms of a reactant that follow from the template's lists of elements."""

NO_GROUP = "no group that reacts"
SEVERAL_GROUPS = "several groups that react alike"
INCOMPATIBLE = "another group that would react too"
ELEMENT = "an element that stays in the product and is no drug's"

_TABLE = Chem.GetPeriodicTable()
_ODD = f"[!{';!'.join(f'#{_TABLE.GetAtomicNumber(each)}' for each in ELEMENTS)}]"
_SPECIAL = re.compile(r"[\[*|]")
_PATTERN = re.compile(r"\{([a-z][a-z0-9_]*)\}")
_QUERY = re.compile(r"Atom(Type|AtomicNum) (\d+) = val")
_NUMBER = re.compile(r":\d+\]")
_ONE_H = "AtomHCount 1 = val"
_AROMATIC = 1000
"""What RDKit's types of atoms add to the atomic number where the atom is aromatic."""
_KEYS = {"name", "reference", "smarts", "roles", "inverts", "example"}
_ROLE_KEYS = {"incompatible", "forms"}
_ANY = 0

Matches = tuple[tuple[int, ...], ...]
"""Atoms of each place where a pattern was found."""


def read_molecule(smiles: str) -> Chem.Mol | None:
    """Read a SMILES, also one with stereo groups.

    Returns
    -------
    Mol or None
        None where it cannot be read, has radicals, is empty, or is larger than
        :data:`MOST_ATOMS`.
    """
    if not smiles.strip() or len(smiles) > MAX_SMILES or not smiles.isascii():
        return None
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmiles(smiles)
    if mol is None or not 0 < mol.GetNumHeavyAtoms() <= MOST_ATOMS:
        return None
    if not _SPECIAL.search(smiles):
        # nothing that the loops below look for, which take as long as all else
        return mol
    if any(atom.GetNumRadicalElectrons() or not atom.GetAtomicNum() for atom in mol.GetAtoms()):
        return None
    for atom in mol.GetAtoms():
        # numbers of a reaction that the molecule was drawn for
        atom.SetAtomMapNum(0)
    return _loosened(mol)


def _loosened(mol: Chem.Mol) -> Chem.Mol:
    """Let hydrogens that brackets count follow from the valence, so that bonds can change."""
    for atom in mol.GetAtoms():
        carbon = atom.GetAtomicNum() == 6
        if atom.GetNoImplicit() and not atom.GetFormalCharge():
            if atom.GetIsAromatic() and not carbon:
                continue
            hydrogens = atom.GetTotalNumHs()
            kept = atom.GetNumExplicitHs()
            atom.SetNoImplicit(False)
            atom.SetNumExplicitHs(0)
            atom.UpdatePropertyCache(strict=False)
            if atom.GetTotalNumHs() != hydrogens:
                atom.SetNoImplicit(True)
                atom.SetNumExplicitHs(kept)
                atom.UpdatePropertyCache(strict=False)
    return mol


@dataclass(frozen=True)
class Role:
    """One side of a reaction.

    Parameters
    ----------
    name : str
        For example ``amine``.
    template : str
        SMARTS of what reacts; atoms that stay are mapped.
    incompatible : tuple of str
        SMARTS of what would react as well.
    forms : tuple of str
        What is made of the side of a molecule that is cut: SMILES with the same mapped atoms,
        the most usual first.
    """

    name: str
    template: str
    incompatible: tuple[str, ...] = ()
    forms: tuple[str, ...] = ()

    @cached_property
    def query(self) -> Chem.Mol:
        """The template."""
        return _smarts(self.template)

    @cached_property
    def _asked(self) -> str:
        """The template without its numbers: that of other reactions' roles too."""
        return _NUMBER.sub("]", self.template)

    @cached_property
    def _staying(self) -> list[int]:
        return [a.GetIdx() for a in self.query.GetAtoms() if a.GetAtomMapNum()]

    def fault(self, mol: Chem.Mol, found: dict[str, Matches] | None = None) -> str:
        """Why a molecule does not fit the role; empty: it does.

        Parameters
        ----------
        mol : rdkit.Chem.Mol
            As :func:`read_molecule` gives it.
        found : dict, optional
            Takes note of what was searched for in the molecule, for its other roles.

        Returns
        -------
        str
            :data:`NO_GROUP`, :data:`SEVERAL_GROUPS`, also where they are equal by symmetry,
            :data:`INCOMPATIBLE` or :data:`ELEMENT`.
        """
        found = {} if found is None else found
        matches = _matches(mol, self._asked, found)
        if not matches:
            return NO_GROUP
        if len({frozenset(match[i] for i in self._staying) for match in matches}) > 1:
            return SEVERAL_GROUPS
        site = {atom for match in matches for atom in match}
        for group in self.incompatible:
            if any(site.isdisjoint(match) for match in _matches(mol, group, found)):
                return INCOMPATIBLE
        odd = {match[0] for match in _matches(mol, _ODD, found)}
        if odd - (site - {matches[0][i] for i in self._staying}):
            return ELEMENT
        return ""


def _matches(mol: Chem.Mol, smarts: str, found: dict[str, Matches]) -> Matches:
    if smarts not in found:
        query = _smarts(smarts)
        # to find that there is none takes half the time of a list of none
        there = mol.HasSubstructMatch(query)
        found[smarts] = mol.GetSubstructMatches(query, maxMatches=MOST_OUTCOMES) if there else ()
    return found[smarts]


@dataclass(frozen=True)
class Cut:
    """A way to take a molecule apart.

    Parameters
    ----------
    reaction : str
        Name of the reaction that joins the sides.
    sides : tuple of (str, str)
        SMILES of the reactants, in the order of the reaction's roles.
    """

    reaction: str
    sides: tuple[str, str]


@dataclass(frozen=True)
class Reaction:
    """A named reaction of two reactants.

    Parameters
    ----------
    name : str
    roles : tuple of (Role, Role)
        In the order of the reactants.
    product : str
        SMARTS of the product.
    reference : str
        DOI, or empty.
    inverts : int
        Mapped atom whose configuration turns over; 0: none.
    example : tuple of (str, str, str)
        Two reactants and the product.
    """

    name: str
    roles: tuple[Role, Role]
    product: str
    reference: str = ""
    inverts: int = 0
    example: tuple[str, str, str] = ("", "", "")

    @cached_property
    def _forward(self) -> Any:
        return _prepared(f"{self.roles[0].template}.{self.roles[1].template}>>{self.product}")

    @cached_property
    def _query(self) -> Chem.Mol:
        return _smarts(self.product)

    @cached_property
    def _backward(self) -> list[tuple[int, int, Any]]:
        """Retro reactions with the place of each side's form; the usual forms first."""
        first, second = (role.forms for role in self.roles)
        pairs = [(0, 0), *((i, 0) for i in range(1, len(first)))]
        pairs += [(0, j) for j in range(1, len(second))]
        return [(i, j, _prepared(f"{self.product}>>{first[i]}.{second[j]}")) for i, j in pairs]

    def fits(self, place: int, mol: Chem.Mol) -> bool:
        """Whether a molecule fits the role at a place, 0 or 1."""
        return not self.roles[place].fault(mol)

    def join(self, first: Chem.Mol, second: Chem.Mol) -> str | None:
        """Make the product of two molecules that fit the roles.

        Parameters
        ----------
        first, second : rdkit.Chem.Mol
            As :func:`read_molecule` gives them, in the order of the roles.

        Returns
        -------
        str or None
            Canonical SMILES; None where there is no product, more than one that are not
            tautomers of each other, or one of more than :data:`MOST_ATOMS` heavy atoms.
        """
        found = {
            smiles
            for outcome in _outcomes(self._forward, (first, second))
            if (smiles := _written(outcome[0], self.inverts)) and "." not in smiles
        }
        if not found:
            return None
        if len(found) > 1 and len({_key(smiles) for smiles in found}) > 1:
            return None
        return min(found)

    def react(self, first: str, second: str) -> str | None:
        """Make the product of two molecules, if they fit the roles.

        Returns
        -------
        str or None
            As :meth:`join`; None also where a SMILES cannot be read or does not fit.
        """
        mols = read_molecule(first), read_molecule(second)
        if mols[0] is None or mols[1] is None:
            return None
        if not (self.fits(0, mols[0]) and self.fits(1, mols[1])):
            return None
        return self.join(mols[0], mols[1])

    def gives(self, sides: tuple[str, str], wanted: str) -> bool:
        """Whether two molecules react to a third one, or to a tautomer of its rings' hydrogens."""
        made = self.react(*sides)
        return made is not None and (made == wanted or _key(made) == _key(wanted))

    def sides(self, mol: Chem.Mol, *, forms: bool = False) -> list[tuple[str, str]]:
        """Pairs of molecules that may react to a given one; whether they do is not looked at.

        Parameters
        ----------
        mol : rdkit.Chem.Mol
            As :func:`read_molecule` gives it.
        forms : bool
            Also give reactants in other forms than the most usual, one at a time.

        Returns
        -------
        list of (str, str)
            Canonical SMILES in the order of the roles; the most usual forms first, within them
            by SMILES.
        """
        if not mol.HasSubstructMatch(self._query):
            return []
        pairs: dict[tuple[str, str], None] = {}
        for _, _, reaction in self._backward if forms else self._backward[:1]:
            found = set()
            for outcome in _outcomes(reaction, (mol,)):
                first, second = (_written(side, self.inverts) for side in outcome)
                if first and second and "." not in first + second:
                    found.add((first, second))
            pairs.update(dict.fromkeys(sorted(found)))
        return list(pairs)

    def cuts(self, mol: Chem.Mol) -> list[tuple[str, str]]:
        """Pairs of molecules that react to a given one, by SMILES.

        Each fits its role and both together give the molecule, with its stereochemistry.

        Parameters
        ----------
        mol : rdkit.Chem.Mol
            As :func:`read_molecule` gives it.
        """
        pairs = self.sides(mol)
        if not pairs:
            return []
        wanted = _canonical(mol)
        return [pair for pair in pairs if self.gives(pair, wanted)]


def cuts_of(mol: Chem.Mol, reactions: Iterable[Reaction]) -> list[Cut]:
    """All ways in which reactions take a molecule apart, in the order of the reactions."""
    return [Cut(each.name, pair) for each in reactions for pair in each.cuts(mol)]


def _outcomes(reaction: Any, mols: tuple[Chem.Mol, ...]) -> Iterator[tuple[Chem.Mol, ...]]:
    with rdBase.BlockLogs():
        try:
            found: Sequence[tuple[Chem.Mol, ...]] = reaction.RunReactants(
                mols, maxProducts=MOST_OUTCOMES
            )
        except (ValueError, RuntimeError):
            return
    yield from found


def _written(mol: Chem.Mol, inverts: int) -> str:
    """Canonical SMILES of what a reaction made; empty: it is no molecule."""
    with rdBase.BlockLogs():
        try:
            if inverts:
                for atom in mol.GetAtoms():
                    if atom.HasProp("old_mapno") and atom.GetIntProp("old_mapno") == inverts:
                        atom.InvertChirality()
            Chem.SanitizeMol(mol)
            again = Chem.MolFromSmiles(write_smiles(mol))
        except (ValueError, RuntimeError):
            return ""
    if again is None or again.GetNumHeavyAtoms() > MOST_ATOMS:
        return ""
    if any(atom.GetNumRadicalElectrons() for atom in again.GetAtoms()):
        return ""
    return write_smiles(again)


def _canonical(mol: Chem.Mol) -> str:
    again = Chem.MolFromSmiles(write_smiles(mol))
    return write_smiles(again)


def _key(smiles: str) -> str:
    """InChIKey, which tautomers of a ring's hydrogen share, and the stereo groups beside it."""
    with rdBase.BlockLogs():
        key: str = Chem.MolToInchiKey(Chem.MolFromSmiles(smiles))
    return key + smiles.partition(" ")[2]


# --- reading ---------------------------------------------------------------------------


@cache
def named_reactions() -> tuple[Reaction, ...]:
    """The reactions that come with the package."""
    return read_reactions(NAMED)


def read_reactions(path: Path) -> tuple[Reaction, ...]:
    """Read a file of reactions, of the form of the package's own ``reactions.yaml``.

    Parameters
    ----------
    path : Path
        Patterns and groups of the package's own file may be used without being repeated.

    Returns
    -------
    tuple of Reaction
        In the order of the file.

    Raises
    ------
    ConfigError
        The file is missing or not of that form, or a reaction does not do what its example
        says; names the file and the entry.
    """
    content = _content(path)
    own = _content(NAMED) if path != NAMED else {}
    try:
        patterns = _patterns({**own.get("patterns", {}), **content.get("patterns", {})})
        groups = _groups({**own.get("groups", {}), **content.get("groups", {})}, patterns)
        entries = content.get("reactions")
        if not isinstance(entries, list) or not entries:
            raise ConfigError("holds no reactions: give at least one under the key reactions")
        reactions = [
            _reaction(entry, number, patterns, groups)
            for number, entry in enumerate(entries, start=1)
        ]
        names = [each.name for each in reactions]
        for number, name in enumerate(names, start=1):
            if names.index(name) < number - 1:
                raise ConfigError(
                    f"reaction {number}: the name {name!r} is that of reaction "
                    f"{names.index(name) + 1} too: give each a name of its own"
                )
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return tuple(reactions)


def _content(path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(path.read_text(encoding="utf-8"), Loader=PlainLoader)
    except FileNotFoundError:
        raise ConfigError(f"no file of reactions {path}: give the path of one") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the file of reactions {path}: {error}") from None
    except MisreadScalarError as error:
        raise ConfigError(f"{path}, {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {error}: put SMARTS and SMILES in quotes") from None
    if not isinstance(content, dict):
        raise ConfigError(f"{path}: holds no reactions: give at least one under the key reactions")
    try:
        _check_keys(content, {"patterns", "groups", "reactions"})
        for key in ("patterns", "groups"):
            if not isinstance(content.get(key, {}), dict):
                raise ConfigError(f"{key}: is no mapping of names to SMARTS")
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    return content


def _check_keys(entry: Mapping[Any, Any], known: set[str]) -> None:
    for key in entry:
        if key not in known:
            meant = closest(str(key), known)
            raise ConfigError(
                f"unknown key {key!r}: "
                + (f"is {meant[0]} meant?" if meant else f"the keys are {', '.join(sorted(known))}")
            )


def _patterns(given: Mapping[str, Any]) -> dict[str, str]:
    patterns: dict[str, str] = {}
    for name, text in given.items():
        patterns[name] = _filled(_text(text, f"pattern {name!r}"), patterns, f"pattern {name!r}")
        _parsed(f"[{patterns[name]}]", f"pattern {name!r}")
    return patterns


def _groups(given: Mapping[str, Any], patterns: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    groups: dict[str, tuple[str, ...]] = {}
    for name, value in given.items():
        where = f"group {name!r}"
        texts = value if isinstance(value, list) else [value]
        groups[name] = tuple(_filled(_text(text, where), patterns, where) for text in texts)
        for text in groups[name]:
            _parsed(text, where)
    return groups


def _text(value: Any, where: str) -> str:
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{where}: {value!r} is no text: give it in quotes")
    return value.strip()


def _filled(text: str, patterns: Mapping[str, str], where: str) -> str:
    """SMARTS with the patterns that it names written out."""
    for name in _PATTERN.findall(text):
        if name not in patterns:
            meant = closest(name, patterns)
            raise ConfigError(
                f"{where}: there is no pattern {name!r} before it: "
                + (f"is {meant[0]} meant?" if meant else "define it under patterns")
            )
    return _PATTERN.sub(lambda found: patterns[found[1]], text)


def _parsed(smarts: str, where: str) -> Chem.Mol:
    with rdBase.BlockLogs():
        mol = Chem.MolFromSmarts(smarts)
    if mol is None or not mol.GetNumAtoms():
        raise ConfigError(f"{where}: {smarts!r} is no valid SMARTS: correct it")
    return mol


@cache
def _smarts(smarts: str) -> Chem.Mol:
    return _parsed(smarts, "SMARTS")


def _prepared(smarts: str) -> Any:
    with rdBase.BlockLogs():
        reaction = rdChemReactions.ReactionFromSmarts(smarts)
        reaction.Initialize()
    return reaction


def _reaction(
    entry: Any, number: int, patterns: Mapping[str, str], groups: Mapping[str, tuple[str, ...]]
) -> Reaction:
    where = f"reaction {number}"
    if not isinstance(entry, dict):
        raise ConfigError(f"{where}: {entry!r} is no mapping: give name, smarts, roles, example")
    if isinstance(entry.get("name"), str):
        where += f" ({entry['name']})"
    try:
        _check_keys(entry, _KEYS)
        for key in ("name", "smarts", "roles", "example"):
            if key not in entry:
                raise ConfigError(f"has no {key}: add it")
        name = _text(entry["name"], "name")
        templates = _templates(_filled(_text(entry["smarts"], "smarts"), patterns, "smarts"))
        roles = _roles(entry["roles"], templates, groups)
        inverts = entry.get("inverts", 0)
        if inverts and (type(inverts) is not int or inverts not in _numbers(templates[2])):
            raise ConfigError(f"inverts: {inverts!r} is no mapped atom of the product: correct it")
        example = entry["example"]
        if not isinstance(example, list) or len(example) != 3:
            raise ConfigError(
                f"example: {example!r} must be a list of two reactants and their product"
            )
        reference = entry.get("reference", "")
        reaction = Reaction(
            name,
            roles,
            templates[2],
            _text(reference, "reference") if reference else "",
            inverts,
            tuple(_text(each, "example") for each in example),  # type: ignore[arg-type]
        )
        _check_example(reaction)
    except ConfigError as error:
        raise ConfigError(f"{where}: {error}") from None
    return reaction


def _templates(smarts: str) -> tuple[str, str, str]:
    """SMARTS of both reactants and the product, checked."""
    with rdBase.BlockLogs():
        try:
            reaction = rdChemReactions.ReactionFromSmarts(smarts)
        except (ValueError, RuntimeError) as error:
            first = str(error).strip().splitlines()[0]
            raise ConfigError(f"smarts: {smarts!r} is no reaction ({first}): correct it") from None
    counts = reaction.GetNumReactantTemplates(), reaction.GetNumProductTemplates()
    if counts[0] != 2:
        raise ConfigError(f"smarts: has {counts[0]} reactants: write two, reactant.reactant")
    if counts[1] != 1:
        raise ConfigError(f"smarts: has {counts[1]} products: write the one that matters")
    if reaction.GetNumAgentTemplates():
        raise ConfigError("smarts: has reagents between the arrows: leave them out")
    left, _, right = smarts.partition(">>")
    first, second = _apart(left)
    templates = first, second, right
    numbers = [_numbers(each) for each in templates]
    for each, listed in zip(templates, numbers, strict=True):
        if not listed:
            raise ConfigError(f"smarts: no atom of {each!r} is mapped: map those that stay, [C:1]")
        if len(set(listed)) < len(listed):
            raise ConfigError(f"smarts: {each!r} has a map number twice: number atoms apart")
    if both := sorted(set(numbers[0]) & set(numbers[1])):
        raise ConfigError(f"smarts: map number {both[0]} stands in both reactants: change one")
    if lone := sorted((set(numbers[0]) | set(numbers[1])) ^ set(numbers[2])):
        raise ConfigError(
            f"smarts: map number {lone[0]} does not stand on both sides of the arrow: number "
            "only atoms that stay, on both sides"
        )
    return templates


def _apart(left: str) -> tuple[str, str]:
    """Both reactants: the text is cut at the dot that stands in no brackets."""
    depth = 0
    for place, letter in enumerate(left):
        depth += (letter in "[(") - (letter in "])")
        if letter == "." and not depth:
            return left[:place], left[place + 1 :]
    raise ConfigError("smarts: the reactants are not apart: write reactant.reactant")


def _numbers(smarts: str) -> list[int]:
    mol = _parsed(smarts, "smarts")
    return [atom.GetAtomMapNum() for atom in mol.GetAtoms() if atom.GetAtomMapNum()]


def _roles(
    given: Any, templates: tuple[str, str, str], groups: Mapping[str, tuple[str, ...]]
) -> tuple[Role, Role]:
    if not isinstance(given, dict) or len(given) != 2:
        raise ConfigError("roles: must name two, in the order of the reactants")
    roles = []
    for (name, value), template in zip(given.items(), templates[:2], strict=True):
        where = f"role {name!r}"
        options = {} if value is None else value
        if not isinstance(options, dict):
            raise ConfigError(f"{where}: {options!r} is no mapping: give incompatible or forms")
        try:
            _check_keys(options, _ROLE_KEYS)
            incompatible = _listed(options, "incompatible")
            for group in incompatible:
                if group not in groups:
                    meant = closest(group, groups)
                    raise ConfigError(
                        f"incompatible: there is no group {group!r}: "
                        + (f"is {meant[0]} meant?" if meant else "define it under groups")
                    )
            forms = _listed(options, "forms")
            for form in forms:
                _check_form(form, template)
            forms = forms or _forms(template)
        except ConfigError as error:
            raise ConfigError(f"{where}: {error}") from None
        smarts = dict.fromkeys(text for group in incompatible for text in groups[group])
        roles.append(Role(_text(name, "roles"), template, tuple(smarts), tuple(forms)))
    return roles[0], roles[1]


def _listed(options: Mapping[str, Any], key: str) -> list[str]:
    value = options.get(key, [])
    if not isinstance(value, list):
        raise ConfigError(f"{key}: {value!r} is no list: write [...]")
    return [_text(each, key) for each in value]


def _check_form(form: str, template: str) -> None:
    wanted, found = sorted(_numbers(template)), sorted(_numbers(form))
    if wanted != found:
        raise ConfigError(
            f"forms: {form!r} has the mapped atoms {found}, its template {wanted}: map the same"
        )


def _forms(template: str) -> list[str]:
    """Forms of a reactant that follow from its template."""
    query = _smarts(template)
    choices = [_elements(atom) for atom in query.GetAtoms()]
    for atom, found in zip(query.GetAtoms(), choices, strict=True):
        if not found and not atom.GetAtomMapNum():
            raise ConfigError(
                f"{atom.GetSmarts()!r} leaves open which element goes: list elements, as in "
                "[Br,I], or give forms"
            )
    # of a mapped atom the molecule tells the element
    options = [
        found[:1] or [_ANY] if atom.GetAtomMapNum() else found
        for atom, found in zip(query.GetAtoms(), choices, strict=True)
    ]
    return [_form(query, chosen) for chosen in islice(product(*options), MOST_FORMS)]


def _elements(atom: Chem.Atom) -> list[int]:
    """RDKit's types of atoms that a template's atom may be, as far as they are listed."""
    found: list[int] = []
    for kind, value in _QUERY.findall(atom.DescribeQuery()):
        element = int(value) % _AROMATIC
        if kind == "AtomicNum":
            # aliphatic or aromatic: of a mapped atom the molecule tells
            element = _ANY if atom.GetAtomMapNum() else element
            found.append(element)
        else:
            found.append(int(value))
    return found if len(found) == 1 or not atom.GetAtomMapNum() else []


def _form(query: Chem.Mol, elements: Sequence[int]) -> str:
    """SMARTS of a reactant without all that is asked but not needed to write it."""
    form = Chem.RWMol()
    for atom, element in zip(query.GetAtoms(), elements, strict=True):
        form.AddAtom(_plain_atom(atom, element))
    for bond in query.GetBonds():
        ends = bond.GetBeginAtomIdx(), bond.GetEndAtomIdx()
        form.AddBond(*ends, bond.GetBondType())
    text: str = Chem.MolToSmarts(form)
    return text


def _plain_atom(atom: Chem.Atom, element: int) -> Chem.Atom:
    number = atom.GetAtomMapNum()
    label = f":{number}" if number else ""
    if element == _ANY:
        return Chem.AtomFromSmarts(f"[*{label}]")
    symbol = _TABLE.GetElementSymbol(element % _AROMATIC)
    aromatic = element > _AROMATIC
    hydrogen = "H" if aromatic and symbol == "N" and _ONE_H in atom.DescribeQuery() else ""
    charge = atom.GetFormalCharge()
    sign = "+" * charge if charge > 0 else "-" * -charge
    return Chem.AtomFromSmarts(f"[{symbol.lower() if aromatic else symbol}{hydrogen}{sign}{label}]")


def _check_example(reaction: Reaction) -> None:
    *reactants, wanted = reaction.example
    mols = []
    for role, smiles in zip(reaction.roles, reactants, strict=True):
        mol = read_molecule(smiles)
        if mol is None:
            raise ConfigError(f"example: {smiles!r} cannot be read: correct it")
        if fault := role.fault(mol):
            raise ConfigError(
                f"example: {smiles!r} does not fit the role {role.name!r}: it has {fault}: "
                "correct the example, the smarts or the incompatible groups"
            )
        mols.append(mol)
    expected = read_molecule(wanted)
    if expected is None:
        raise ConfigError(f"example: {wanted!r} cannot be read: correct it")
    made = reaction.join(mols[0], mols[1])
    if made is None or _key(made) != _key(_canonical(expected)):
        raise ConfigError(
            f"example: gives {made or 'no single product'}, not {_canonical(expected)}: correct "
            "the smarts or the example"
        )
    if not reaction.cuts(read_molecule(made) or expected):
        raise ConfigError(
            f"example: {made} run backwards does not give reactants that make it: correct the "
            "product's SMARTS, or give forms"
        )
