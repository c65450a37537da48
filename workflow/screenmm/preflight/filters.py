"""Whether the receptors have the residues of the filters, before the first job.

The residues are those of the prepared receptor, where it is there and the run will not make it
anew; else those that the structure will have after preparation, as far as that can be told
without doing it: loops may be built, posed cofactors added. The rule ``check_filters`` looks again
in the prepared one, before the library is docked.
"""

from __future__ import annotations

from string import ascii_letters

from screenmm.config.settings import Receptor, Settings
from screenmm.receptor.confidence import trim
from screenmm.receptor.modified import convert_modified, cut_chains, is_named
from screenmm.receptor.names import CAPS
from screenmm.receptor.pocket import find_hetero
from screenmm.receptor.reading import read_structure
from screenmm.receptor.selection import mutate
from screenmm.receptor.structure import Residue, Structure
from screenmm.residues.filters import Filter, check_residues
from screenmm.residues.synonyms import AMINO_ACIDS, same_name
from screenmm.run.layout import Layout
from screenmm.run.provenance import is_up_to_date
from screenmm.run.stages import stage_settings


def check_filters(settings: Settings) -> None:
    """Look for the residues that ``ranking.interactions`` names in the receptors.

    Parameters
    ----------
    settings : Settings
        The whole config.

    Raises
    ------
    ConfigError
        A receptor has no such residue and will have none; names near ones.
    ReceptorError
        A structure cannot be read, or lacks a chain or residue that the config says it has.
    """
    must, must_not = settings.ranking.interactions.filters
    for name in settings.receptors:
        filters = [each for each in (*must, *must_not) if each.is_for(name)]
        if not filters:
            continue
        prepared = _prepared(settings, name)
        if prepared is None:
            _check_structure(filters, name, settings.receptors[name])
        else:
            check_residues(filters, prepared, name)


def _prepared(settings: Settings, name: str) -> list[str] | None:
    """Residues of the prepared receptor; None where there is none of these settings."""
    home = Layout(settings.results).receptor(name)
    asked = stage_settings(settings, "prepare_receptor", name)
    if not is_up_to_date(home.structure, asked, settings.receptor_files(name)):
        return None
    if not home.coordinates.is_file():
        return None
    return home.residues()


def _check_structure(filters: list[Filter], name: str, receptor: Receptor) -> None:
    """Look in the structure as given, after the steps of preparation that rename residues."""
    structure = read_structure(receptor.structure, receptor.chains, receptor.is_predicted)
    trim(structure, receptor.trim_plddt)
    trimmed = {each.label: "it was trimmed, see trim_plddt" for each in structure.trimmed}
    cut_chains(structure, receptor.remove)
    convert_modified(structure)
    mutate(structure, receptor.mutations)
    specs = [each.residue for each in receptor.cofactors if each.residue is not None]
    cofactors = {id(each) for spec in specs for each in find_hetero(structure, spec)}
    labels: list[str] = []
    removed: dict[str, str] = dict(trimmed)
    for residue in structure.residues:
        reason = "" if id(residue) in cofactors else _why_removed(residue, name, receptor)
        if reason:
            removed[residue.label] = reason
        else:
            labels.append(residue.label)
    for each in filters:
        if any(map(each.is_about, [*labels, *trimmed])) or not _may_be_added(
            each, structure, receptor
        ):
            check_residues([each], labels, name, removed)


def _why_removed(residue: Residue, name: str, receptor: Receptor) -> str:
    """Why preparation will take a residue out; empty where it may stay."""
    if residue.kind != "polymer" and is_named(residue, receptor.remove):
        return f"receptors.{name}.remove"
    if residue.kind == "water" and receptor.keep_waters == "none":
        return f"receptors.{name}.keep_waters: none"
    if residue.kind == "other":
        return f"it is not among receptors.{name}.cofactors"
    return ""


def _may_be_added(asked: Filter, structure: Structure, receptor: Receptor) -> bool:
    """Whether preparation may make the residue: with a posed cofactor, or in a gap of a chain."""
    if any(each.residue is None for each in receptor.cofactors):
        return True
    numbers: dict[str, dict[str, int]] = {}
    for residue in structure.of_kind("polymer"):
        of_chain = numbers.setdefault(residue.chain, {})
        of_chain[f"{residue.number}{residue.icode}".upper()] = residue.number
    for reading in asked.readings:
        if reading.name and same_name(reading.name) not in AMINO_ACIDS | CAPS:
            continue
        for chain, present in numbers.items():
            if reading.chain in ("", chain) and reading.number.upper() not in present:
                if not reading.number:
                    return True
                place = int(reading.number.rstrip(ascii_letters))
                if min(present.values()) < place < max(present.values()):
                    return True
    return False
