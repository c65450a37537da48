"""Whether the residues of the filters can be in the receptors at all, before anything runs."""

from __future__ import annotations

from string import ascii_letters

import gemmi

from screenmm.inspection.filters import Filter, Residue, check_residues, parse_filter, split_label
from screenmm.settings import MUTATION, Receptor, Settings


def check_filters(settings: Settings) -> None:
    """Look for the residues that ``ranking.interactions`` names in the structures as given.

    Only what preparation cannot change is held against them: it builds missing loops, makes
    mutations, gives modified residues other names, and adds cofactors. Ranking looks again, in
    the prepared receptors.

    Parameters
    ----------
    settings : Settings
        The whole config.

    Raises
    ------
    ConfigError
        A receptor has no such residue and will have none; names near ones.
    """
    asked = settings.ranking.interactions
    filters = [parse_filter(text) for text in (*asked.must, *asked.must_not)]
    if not filters:
        return
    for name, receptor in settings.receptors.items():
        labels = _labels(receptor)
        for each in filters:
            if _is_impossible(each, labels, receptor):
                check_residues([each], labels, name)


def _labels(receptor: Receptor) -> list[str]:
    """Residues of the structure's first model, in the chains that are kept."""
    structure = gemmi.read_structure(str(receptor.structure))
    return [
        ":".join(part for part in (chain.name.strip(), residue.name, str(residue.seqid)) if part)
        for chain in structure[0]
        if receptor.chains is None or chain.name in receptor.chains
        for residue in chain
    ]


def _is_impossible(asked: Filter, labels: list[str], receptor: Receptor) -> bool:
    residue = asked.residue
    if any(residue.matches(label) for label in labels):
        return False
    if not residue.number or any(each.residue is None for each in receptor.cofactors):
        return False
    # a chain without a name gets one in preparation
    of_chain = [
        (name, number)
        for chain, name, number in map(split_label, labels)
        if residue.chain in ("", chain.lower()) or not chain
    ]
    names = [name for name, number in of_chain if number.lower() == residue.number]
    if names:
        return _is_another(residue, names, receptor)
    places = [_whole(number) for _, number in of_chain]
    # what is missing in between may be built
    return not places or not min(places) < _whole(residue.number) < max(places)


def _is_another(residue: Residue, names: list[str], receptor: Receptor) -> bool:
    """Whether the number belongs to residues of other names, for good."""
    if not residue.name or residue.name.upper() in names:
        return False
    changed = {found["number"] for text in receptor.mutations if (found := MUTATION.match(text))}
    kinds = [gemmi.find_tabulated_residue(name) for name in names]
    return residue.number not in changed and all(kind.is_standard() for kind in kinds)


def _whole(number: str) -> int:
    """A number without its insertion code."""
    return int(number.rstrip(ascii_letters))
