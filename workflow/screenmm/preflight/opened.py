"""What the files that a config names hold: opened by what the stages read them with.

Of a library file only the beginning is read, so that a large library takes no longer; where
that does not settle a question, the answer is a warning, and ``split`` decides it later.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice

from rdkit import Chem, rdBase

from screenmm.config.settings import Controls, Library, LibraryFile, Settings
from screenmm.core.errors import ConfigError, UserError
from screenmm.docking.placement.templates import check_in_box, read_template, read_templates
from screenmm.files.sdf import sd_record
from screenmm.library.annotations import (
    UNIT_WORDS,
    Annotations,
    absence_words,
    affinity_missing,
    label_missing,
    summarise,
    unreadable_words,
)
from screenmm.library.readers import BROKEN, MOLBLOCK, Entry, Seen, read_library_file
from screenmm.library.split import no_records
from screenmm.ligands.protomers import check_installed
from screenmm.receptor.ligand_file import read_molecule
from screenmm.receptor.prepare import choose_residues, choose_with_confidence
from screenmm.receptor.reading import IDENTITY
from screenmm.run.layout import Layout
from screenmm.run.provenance import is_up_to_date
from screenmm.run.stages import stage_settings

READ_FIRST = 1000
"""Records of a library file that are read."""
PARSED_FIRST = 50
"""Structures of a library file that RDKit is given."""
MOST_TOLD = 5
"""Oddities of a structure's file that are shown."""


@dataclass(frozen=True, slots=True)
class OpenedFile:
    """The beginning of a library file.

    Parameters
    ----------
    file : LibraryFile
        The file.
    seen : Seen
        Its columns or tags.
    annotations : Annotations
        Labels and affinities of the records that were read.
    records, broken : int
        Records that were read, and those of them that the reader could not make out.
    is_whole : bool
        Whether they are all that the file holds.
    first_name : str
        Name of the first record that has one.
    parsed, understood : int
        Structures that RDKit was given, and those that it could read.
    """

    file: LibraryFile
    seen: Seen
    annotations: Annotations
    records: int
    broken: int
    is_whole: bool
    first_name: str
    parsed: int
    understood: int

    @property
    def form(self) -> str:
        """The format, by the file's name."""
        return self.file.path.name.lower().removesuffix(".gz").rpartition(".")[2].upper()

    @property
    def knows_columns(self) -> bool:
        """Whether a column that was not seen is not there: tags may come with later records."""
        return self.is_whole or self.form != "SDF"

    def told(self) -> str:
        """Say what was found, in a line."""
        first = "" if self.is_whole else "first "
        parts = [self.form, f"{first}{self.records} record{'s' if self.records != 1 else ''}"]
        if self.broken:
            parts.append(f"{self.broken} unreadable")
        parts += [f"{what} in {column!r}" for what, column in self.seen.columns.items()]
        if self.first_name:
            parts.append(f"first name {self.first_name!r}")
        found = self.annotations
        if found.active or found.inactive:
            parts.append(f"{found.active} active, {found.inactive} inactive")
        if found.affinities:
            unit = self.annotations.settings.affinity_unit
            source = "" if unit == "kcal_mol" else f" (from {UNIT_WORDS[unit]})"
            what = "affinities" if found.affinities > 1 else "affinity"
            parts.append(
                f"{found.affinities} {what} from {found.lowest_kcal_mol:.2f} to "
                f"{found.highest_kcal_mol:.2f} kcal/mol{source}"
            )
        return f"{self.annotations.file}: {', '.join(parts)}"


@dataclass(slots=True)
class Findings:
    """What is in the files, and what is wrong with them.

    Parameters
    ----------
    library, receptors, templates : list of str
        A line for each file and each receptor, and one for all templates.
    faults : list of str
        What will stop the run.
    warnings : list of str
        What may.
    """

    library: list[str] = field(default_factory=list)
    receptors: list[str] = field(default_factory=list)
    templates: list[str] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def check(self) -> None:
        """Raise what is wrong, all of it at once.

        Raises
        ------
        ConfigError
            One line per fault.
        """
        if self.faults:
            raise ConfigError("\n  ".join(("the files are not as the config says:", *self.faults)))


def open_inputs(settings: Settings, *, only_new: bool = False) -> Findings:
    """Open the library, the structures and the reference ligand.

    Parameters
    ----------
    settings : Settings
        The whole config.
    only_new : bool
        Leave out what the last run already made of the same files with the same settings.

    Returns
    -------
    Findings
        What they hold and what is wrong.
    """
    findings = Findings()
    if not (only_new and _is_library_read(settings)):
        _open_library(settings.screened, findings)
    for name in settings.receptors:
        if not (only_new and _is_receptor_made(settings, name)):
            with _faults_of(findings, f"receptor {name}: "):
                findings.receptors.append(_open_receptor(settings, name, findings))
    with _faults_of(findings):
        _check_reference(settings.controls)
    with _faults_of(findings):
        _open_templates(settings, findings)
    with _faults_of(findings):
        check_installed(settings.ligands.protomers)
    return findings


@contextmanager
def _faults_of(findings: Findings, prefix: str = "") -> Iterator[None]:
    """Note what is wrong with one file, so that the others are looked at, too."""
    try:
        yield
    except UserError as error:
        findings.faults.append(f"{prefix}{error}")


# --- library ---------------------------------------------------------------------------


def open_file(file: LibraryFile, settings: Library) -> OpenedFile:
    """Read the beginning of a library file.

    Parameters
    ----------
    file : LibraryFile
        The file.
    settings : Library
        The columns.

    Raises
    ------
    LibraryError
        The file is unreadable as a whole, or lacks a column that the config names.
    """
    seen = Seen()
    annotations = Annotations(file.path.name, file.label, settings, seen)
    first_name = ""
    records = broken = parsed = understood = 0
    is_whole = True
    for entry in islice(read_library_file(file, settings, seen), READ_FIRST + 1):
        if records == READ_FIRST:
            is_whole = False
            break
        records += 1
        first_name = first_name or entry.name
        annotations.read(entry)
        if entry.kind == BROKEN:
            broken += 1
        elif parsed < PARSED_FIRST:
            parsed += 1
            understood += _is_understood(entry)
    return OpenedFile(
        file, seen, annotations, records, broken, is_whole, first_name, parsed, understood
    )


def _is_understood(entry: Entry) -> bool:
    parse = Chem.MolFromMolBlock if entry.kind == MOLBLOCK else Chem.MolFromSmiles
    with rdBase.BlockLogs():
        return parse(entry.structure) is not None


def _open_library(settings: Library, findings: Findings) -> None:
    opened = []
    for file in settings.files:
        with _faults_of(findings):
            opened.append(open_file(file, settings))
    findings.library += [each.told() for each in opened]
    for each in opened:
        _judge(each, findings)
    if len(opened) < len(settings.files):
        return
    if not any(each.records for each in opened):
        findings.faults.append(str(no_records(settings)))
    else:
        _judge_annotations(opened, settings, findings)


def _judge_annotations(opened: list[OpenedFile], settings: Library, findings: Findings) -> None:
    """Note which labels and affinities are missing or were not understood."""
    annotated = [each.annotations for each in opened if each.records]
    is_sure = all(each.knows_columns for each in opened)
    missing = [
        fault
        for find_fault in (label_missing, affinity_missing)
        if (fault := find_fault(annotated, settings))
    ]
    for fault in missing:
        _note(str(fault), findings, is_sure=is_sure)
    findings.warnings += unreadable_words(summarise(annotated, settings))
    if not missing:
        known = [each.annotations for each in opened if each.records and each.knows_columns]
        findings.warnings += absence_words(summarise(known, settings))


def _judge(opened: OpenedFile, findings: Findings) -> None:
    """Note what is wrong with a file that could be read."""
    for fault in opened.annotations.faults():
        _note(fault, findings, is_sure=opened.is_whole)
    if opened.parsed and not opened.understood:
        column = opened.seen.columns.get("SMILES")
        where = f" in column {column!r} (library.smiles_column)" if column else ""
        first = f"the first {opened.parsed} structures" if opened.parsed > 1 else "structures"
        findings.warnings.append(f"{opened.file.path}: RDKit can read none of {first}{where}")


def _note(fault: str, findings: Findings, *, is_sure: bool) -> None:
    if is_sure:
        findings.faults.append(fault)
    else:
        findings.warnings.append(f"in the first {READ_FIRST} records: {fault}")


# --- receptors -------------------------------------------------------------------------


def _open_receptor(settings: Settings, name: str, findings: Findings) -> str:
    """Find chains, mutations, pocket and cofactors in a structure; say what was found."""
    receptor, pocket = settings.receptors[name], settings.pocket_of(name)
    structure, found, cofactors, confidence = choose_with_confidence(
        receptor, pocket, settings.template_seed(name)
    )
    polymer = list(structure.of_kind("polymer"))
    chains = " ".join(dict.fromkeys(each.chain for each in polymer))
    parts = [f"chains {chains}", f"{len(polymer)} residues"]
    parts += [", ".join(f"cofactor {each.name}" for each in cofactors)] if cofactors else []
    parts += [f"mutated {', '.join(receptor.mutations)}"] if receptor.mutations else []
    parts += [f"ligand {pocket.ligand_name}"] if pocket.ligand_name else []
    parts += [each.detail for each in structure.changes if each.kind == "reference ligand"]
    parts += [f"pocket {found.origin['text']}"] if found.origin else []
    edges = " × ".join(f"{edge:.1f}" for edge in found.size)
    parts.append(f"box {edges} Å with {len(found.lining)} residues around")
    parts += [confidence.as_text()] if confidence is not None else []
    parts += [f"repacked around {found.seed_name}"] if found.seed is not None else []
    doubts = [each.detail for each in structure.changes if each.kind == "doubtful pocket"]
    findings.warnings += [f"receptor {name}: {each}" for each in doubts]
    told = [each.as_text() for each in structure.changes if each.kind in IDENTITY]
    more = [f"{len(told) - MOST_TOLD} more in report.txt"] if len(told) > MOST_TOLD else []
    opened = f"{name}: {receptor.structure.name}, {', '.join(parts)}"
    return "; ".join([opened, *told[:MOST_TOLD], *more])


def _open_templates(settings: Settings, findings: Findings) -> None:
    """Read the templates, and check that they lie in every receptor's box."""
    if not settings.docking.places:
        return
    templates = read_templates(settings.docking.templates)
    own = ["the ligand of each pocket"] if settings.docking.reference_template else []
    names = [*own, *(each.name for each in templates)]
    more = f" and {len(names) - MOST_TOLD} more" if len(names) > MOST_TOLD else ""
    findings.templates.append(f"{', '.join(names[:MOST_TOLD])}{more}")
    for name, receptor in settings.receptors.items():
        pocket = settings.pocket_of(name)
        _, found, _ = choose_residues(receptor, pocket, settings.template_seed(name))
        check_in_box(templates, found.center, found.size, name)
        if settings.docking.reference_template and found.reference is not None:
            place = f"the ligand of receptor {name}'s pocket, by docking.reference_template"
            read_template(sd_record(found.reference, name, {}), place)


def _check_reference(controls: Controls) -> None:
    """Read what gives the reference ligand's bond orders."""
    if controls.reference is not None:
        read_molecule(controls.reference)
    if controls.reference_smiles is not None:
        with rdBase.BlockLogs():
            molecule = Chem.MolFromSmiles(controls.reference_smiles)
        if molecule is None:
            raise ConfigError(
                f"controls.reference_smiles {controls.reference_smiles!r}: RDKit cannot read it; "
                "give the SMILES of the reference ligand"
            )


# --- what a run made before ------------------------------------------------------------


def _is_library_read(settings: Settings) -> bool:
    made = settings.results / "library/annotations.json"
    files = [file.path for file in settings.screened.files]
    return is_up_to_date(made, stage_settings(settings, "split"), files)


def _is_receptor_made(settings: Settings, name: str) -> bool:
    made = Layout(settings.results).receptor(name).structure
    asked = stage_settings(settings, "prepare_receptor", name)
    return is_up_to_date(made, asked, settings.receptor_files(name))
