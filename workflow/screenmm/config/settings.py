"""The settings model: every config key, its unit, its range and its default.

The annotated ``config/config.yaml``, the JSON schema and ``config/README.md`` are
generated from this module (:mod:`screenmm.config.docs`); a test fails on drift.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    ValidationError,
    ValidationInfo,
    WithJsonSchema,
    model_validator,
)
from pydantic_core import PydanticCustomError

from screenmm.config.engines import engines, searching_engines
from screenmm.config.paths import Located, found_file, locate, named_by_format, own_folder
from screenmm.config.yaml_scalars import MisreadScalarError, PlainLoader, written
from screenmm.core.errors import ConfigError
from screenmm.core.suggest import closest
from screenmm.residues.filters import Filter, parse_filter
from screenmm.residues.labels import MUTATION, SPEC

LIBRARY_SUFFIXES = (
    ".smi", ".smi.gz", ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".sdf", ".sdf.gz", ".parquet",
)  # fmt: skip
STRUCTURE_SUFFIXES = (".pdb", ".pdb.gz", ".ent", ".ent.gz", ".cif", ".cif.gz")
LIGAND_SUFFIXES = (".sdf", ".sdf.gz", ".mol", ".mol2", ".pdb", ".cif")
BONDED_SUFFIXES = (".sdf", ".sdf.gz", ".mol", ".mol2")
"""Ligand files that hold bond orders."""
PAE_SUFFIXES = (".json", ".json.gz", ".cif", ".cif.gz", ".npz")
LONGEST_NAME = 100
"""Letters of a receptor: it names files."""

LATER_WAYS = ("find", "like")
"""Keys of a pocket that are told to stages only where they are given."""
WORKING_FOLDER = "the working folder"


def _find(value: Any, info: ValidationInfo) -> Any:
    """Find a file that a config names; what was found before is left alone."""
    context = info.context or {}
    folder, must_exist = context.get("folder"), context.get("must_exist", True)
    if folder is None or not isinstance(value, str | Path):
        return value
    if isinstance(value, Located):
        return found_file(value, value.folder, value.start, must_exist=must_exist)
    return found_file(value, folder, must_exist=must_exist)


def _with_suffix(*suffixes: str) -> AfterValidator:
    return AfterValidator(lambda path: named_by_format(path, suffixes))


InputFile = Annotated[Path, BeforeValidator(_find)]
LibraryPath = Annotated[InputFile, _with_suffix(*LIBRARY_SUFFIXES)]
StructurePath = Annotated[InputFile, _with_suffix(*STRUCTURE_SUFFIXES)]
LigandPath = Annotated[InputFile, _with_suffix(*LIGAND_SUFFIXES)]
TemplatePath = Annotated[InputFile, _with_suffix(".sdf", ".sdf.gz")]
PaePath = Annotated[InputFile, _with_suffix(*PAE_SUFFIXES)]
BondedPath = Annotated[InputFile, _with_suffix(*BONDED_SUFFIXES)]
Triple = tuple[float, float, float]


def _number_as_text(value: Any) -> Any:
    """Take 315 for "315": YAML reads it as a number."""
    return str(value) if type(value) is int else value


def _readable_mutation(text: str) -> str:
    if not MUTATION.fullmatch(text):
        raise ValueError(f"mutation {text!r}: write it as T315I or A:T315I")
    return text


ResidueNumber = Annotated[str, BeforeValidator(_number_as_text, json_schema_input_type=str | int)]
Mutation = Annotated[str, AfterValidator(_readable_mutation)]
ResidueSpec = Annotated[str, Field(pattern=SPEC)]


class Section(BaseModel):
    """Base of every section: unknown keys are errors, defaults are checked too."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        validate_default=True,
        allow_inf_nan=False,
        # a stage reads a section or two: to build all models takes longer than its start
        defer_build=True,
    )


class LibraryFile(Section):
    """One library file; a bare path in the config stands for ``{path: ...}``."""

    path: LibraryPath = Field(description="The file.", examples=["decoys.smi"])
    label: Literal[0, 1] | None = Field(
        None,
        description="Activity label of every record in the file: 1 active, 0 inactive.",
        examples=[0],
    )


def _as_library_file(value: Any) -> Any:
    return {"path": value} if isinstance(value, str | Path) else value


LibraryEntry = Annotated[
    LibraryFile, BeforeValidator(_as_library_file, json_schema_input_type=str | LibraryFile)
]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, str | Path | dict | LibraryFile) else value


LibraryEntries = Annotated[
    list[LibraryEntry],
    BeforeValidator(_as_list, json_schema_input_type=list[LibraryEntry] | str | LibraryFile),
]
"""One file needs no list."""

AffinityUnit = Literal["kcal_mol", "pKi", "nM", "uM"]


def _any_case(value: Any) -> Any:
    """Take nm for nM: no other unit here is spelt alike."""
    choices: dict[str, str] = {each.lower(): each for each in get_args(AffinityUnit)}
    return choices.get(value.lower(), value) if isinstance(value, str) else value


class Library(Section):
    """The molecules to screen."""

    files: LibraryEntries = Field(
        min_length=1,
        examples=[["library.smi"]],
        description="Library files (.smi .csv .tsv .sdf, each also .gz, and .parquet). An entry "
        "is a path or {path: decoys.smi, label: 0}; a single one needs no list. Tables need a "
        "header and may be separated by comma, semicolon, tab or |; lines may end in LF, CRLF or "
        "CR.",
    )
    smiles_column: str = Field("smiles", description="Column of the SMILES in tables.")
    id_column: str | None = Field(
        None,
        description="Column of the names in tables, or SDF tag; null: the first of "
        "name, id, title, compound_id that exists, and the title line of an SDF.",
        examples=["name"],
    )
    label_column: str | None = Field(
        None,
        description="Column or SDF tag with activity labels, for the controls: 1, active, yes or "
        "true; 0, inactive, no, false or decoy. Molecules of files without it have no label.",
        examples=["active"],
    )
    affinity_column: str | None = Field(
        None,
        description="Column or SDF tag with measured affinity, for the controls.",
        examples=["dg_kcal"],
    )
    affinity_unit: Annotated[
        AffinityUnit, BeforeValidator(_any_case, json_schema_input_type=AffinityUnit)
    ] = Field(
        "kcal_mol",
        description="Unit of affinity_column: binding free energy in kcal/mol, pKi (or pKd, "
        "pIC50), or Kd, Ki or IC50 in nM or uM (µM). Ki and IC50 are taken as Kd; ΔG = RT ln Kd "
        "at 298.15 K.",
    )
    shard_size: int = Field(
        500,
        ge=1,
        le=100_000,
        description="Most ligands in one job of preparation and docking. Size it so that the "
        "slowest job takes 10 to 60 minutes.",
    )


class Range(Section):
    """A closed range; an absent bound does not bound."""

    min: float | None = Field(None, description="Smallest value kept.", examples=[150])
    max: float | None = Field(None, description="Largest value kept.", examples=[500])

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} exceeds max {self.max}: swap them")
        return self


class Filters(Section):
    """Optional property and alert filters, all off by default."""

    molecular_weight: Range | None = Field(
        None, description="Molecular weight, g/mol.", examples=[{"min": 150, "max": 500}]
    )
    logp: Range | None = Field(None, description="Crippen logP.", examples=[{"max": 5}])
    tpsa: Range | None = Field(
        None, description="Topological polar surface area, Å².", examples=[{"max": 140}]
    )
    hbond_donors: Range | None = Field(
        None, description="Hydrogen-bond donors (Lipinski).", examples=[{"max": 5}]
    )
    hbond_acceptors: Range | None = Field(
        None, description="Hydrogen-bond acceptors (Lipinski).", examples=[{"max": 10}]
    )
    rotatable_bonds: Range | None = Field(
        None, description="Rotatable bonds.", examples=[{"max": 10}]
    )
    heavy_atoms: Range | None = Field(
        None, description="Heavy atoms.", examples=[{"min": 10, "max": 50}]
    )
    formal_charge: Range | None = Field(
        None, description="Net formal charge of the neutral form.", examples=[{"min": -1, "max": 1}]
    )
    alerts: list[Literal["PAINS", "BRENK", "NIH", "ZINC"]] = Field(
        [],
        description="RDKit filter catalogues; a molecule that matches an alert is filtered.",
        examples=[["PAINS", "BRENK"]],
    )


class Ligands(Section):
    """Standardisation, states and conformers."""

    ph_min: float = Field(7.4, ge=0, le=14, description="Lower end of the pH range of protomers.")
    ph_max: float = Field(7.4, ge=0, le=14, description="Upper end of the pH range of protomers.")
    protomers: Literal["rules", "dimorphite", "molscrub"] = Field(
        "rules",
        description="Who tells the protonation states: ScreenMM's own rules, or the package "
        "dimorphite-dl or molscrub, to be installed with `pip install 'screenmm[protomers]'`.",
    )
    tautomers: bool = Field(True, description="Enumerate tautomers beside protomers.")
    max_stereoisomers: int = Field(
        4,
        ge=1,
        le=64,
        description="Most stereoisomers made of undefined stereocentres and stereo groups.",
    )
    max_states: int = Field(
        4,
        ge=1,
        le=64,
        description="Most states (protomer × tautomer × stereoisomer) docked per ligand.",
    )
    max_heavy_atoms: int = Field(
        100, ge=1, le=500, description="Larger molecules fail with reason too_large."
    )
    conformer_trials: int = Field(
        3, ge=1, le=100, description="Conformers embedded per state; the best by MMFF94s is kept."
    )
    time_limit_s: float = Field(
        60, gt=0, description="Time limit per molecule in preparation, seconds."
    )
    filters: Filters = Field(default_factory=Filters)

    @model_validator(mode="after")
    def _ph_ordered(self) -> Ligands:
        if self.ph_min > self.ph_max:
            raise ValueError(f"ph_min {self.ph_min} exceeds ph_max {self.ph_max}: swap them")
        return self


class Cofactor(Section):
    """An organic cofactor that stays in the site and is parametrised like a ligand.

    Bond orders come from exactly one of ``smiles``, ``sdf`` and ``ccd``.
    """

    residue: str | None = Field(
        None,
        pattern=SPEC,
        description="Residue in the structure: NAD, A:NAD or A:NAD:301; null: the pose of the "
        "SDF is added as it is.",
        examples=["A:NAD:301"],
    )
    smiles: str | None = Field(
        None, description="SMILES with the bond orders and charges.", examples=["C[N+](C)(C)CCO"]
    )
    sdf: LigandPath | None = Field(
        None, description="File with the bond orders (and the pose).", examples=["cofactor.sdf"]
    )
    ccd: InputFile | None = Field(
        None,
        description="Component definition of the wwPDB dictionary (.cif).",
        examples=["NAD.cif"],
    )

    @model_validator(mode="after")
    def _one_source(self) -> Cofactor:
        given = [key for key in ("smiles", "sdf", "ccd") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(
                "a cofactor takes exactly one of smiles, sdf, ccd; "
                f"given: {', '.join(given) or 'none'}"
            )
        if self.residue is None and self.sdf is None:
            raise ValueError("a cofactor without residue needs sdf, whose pose is then added")
        return self


def _file_or_residue(value: Any, info: ValidationInfo) -> Any:
    """Find a ligand's file where the name ends as one; else it names a residue."""
    if isinstance(value, Path) or (
        isinstance(value, str) and value.lower().endswith(LIGAND_SUFFIXES)
    ):
        return named_by_format(Path(_find(value, info)), LIGAND_SUFFIXES)
    if not isinstance(value, str) or not re.match(SPEC, value):
        raise ValueError(
            f"{value!r} is neither a ligand file ({' '.join(LIGAND_SUFFIXES)}) nor a residue as "
            "STI, A:STI or A:STI:201"
        )
    return value


class Like(Section):
    """A related structure with a ligand, which is laid over the receptor."""

    structure: StructurePath = Field(
        description="The related structure (.pdb, .cif, plain or .gz), as deposited. Of its chains "
        "that around the ligand is aligned with the receptor: at least 25 % identity over 85 "
        "residues.",
        examples=["relative.pdb"],
    )
    # nothing looks at it again: of JSON a path would be none
    ligand: Annotated[Path | str, PlainValidator(_file_or_residue, json_schema_input_type=str)] = (
        Field(
            description="Its ligand: a residue (STI, A:STI or A:STI:201), or a ligand file in its "
            "frame, which brings bond orders.",
            examples=["A:STI:201"],
        )
    )

    @property
    def files(self) -> list[Path]:
        """The files that it names."""
        return [self.structure, *([self.ligand] if isinstance(self.ligand, Path) else [])]

    @property
    def ligand_name(self) -> str:
        """The ligand in words."""
        name = self.ligand.name if isinstance(self.ligand, Path) else self.ligand
        return f"{name} of {self.structure.name}"


class Pocket(Section):
    """Where to dock: exactly one of ligand, ligand_residue, residues, center, find, like, auto.

    ``pocket: auto`` is short for ``pocket: {auto: true}``.
    """

    ligand: LigandPath | None = Field(
        None,
        description="Ligand file in the receptor's frame; the box is its extent + padding.",
        examples=["crystal_ligand.sdf"],
    )
    ligand_residue: str | None = Field(
        None,
        pattern=SPEC,
        description="Ligand in the structure: STI, A:STI or A:STI:201. It is taken out.",
        examples=["A:STI:201"],
    )
    residues: list[ResidueNumber] | None = Field(
        None,
        min_length=1,
        description="Residues that line the pocket, as A:315, 315 or A:THR:315.",
        examples=[["A:315", "A:381"]],
    )
    center: Triple | None = Field(
        None, description="Centre of the box, Å.", examples=[[10.5, -3.2, 24.0]]
    )
    size: Triple | None = Field(
        None, description="Edges of the box, Å; only with center.", examples=[[22, 22, 22]]
    )
    find: int | None = Field(
        None,
        ge=1,
        description="Take a pocket that is found without a ligand: its rank by druggability, as "
        "screenmm pockets lists them. docs/pockets.md says how often the first is the right one.",
        examples=[1],
    )
    like: Like | None = Field(
        None,
        description="Take the place of the ligand of a related structure, laid over the receptor.",
        examples=[{"structure": "relative.pdb", "ligand": "A:STI:201"}],
    )
    auto: bool = Field(False, description="Take the one drug-like ligand found in the structure.")
    padding_angstrom: float = Field(
        4.0,
        ge=0,
        le=20,
        description="Added on each side of the extent of ligand, residues or pocket found, Å.",
    )
    min_size_angstrom: float = Field(
        18.0, ge=4, le=60, description="Smallest edge of a box that is not given by its size, Å."
    )

    @model_validator(mode="after")
    def _one_way(self) -> Pocket:
        ways = {
            "ligand": self.ligand is not None,
            "ligand_residue": self.ligand_residue is not None,
            "residues": self.residues is not None,
            "center": self.center is not None,
            "find": self.find is not None,
            "like": self.like is not None,
            "auto": self.auto,
        }
        given = [way for way, is_given in ways.items() if is_given]
        if len(given) != 1:
            raise ValueError(
                f"a pocket takes exactly one of {', '.join(ways)}; "
                f"given: {', '.join(given) or 'none'}"
            )
        if (self.center is None) != (self.size is None):
            raise ValueError("center and size go together: give both, in Å")
        if self.size is not None and not all(4 <= edge <= 60 for edge in self.size):
            raise ValueError(f"size {self.size}: each edge must lie between 4 and 60 Å")
        return self

    @property
    def ligand_name(self) -> str | None:
        """The reference ligand in words; None where the pocket has none."""
        if self.ligand is not None:
            return self.ligand.name
        if self.ligand_residue is not None:
            return self.ligand_residue
        if self.like is not None:
            return self.like.ligand_name
        return "the ligand found in the structure" if self.auto else None

    @property
    def has_bond_orders(self) -> bool:
        """Whether the reference ligand comes from a file that holds bond orders."""
        ligand = self.ligand if self.like is None else self.like.ligand
        return isinstance(ligand, Path) and ligand.name.lower().endswith(BONDED_SUFFIXES)

    def told(self, **of_the_dump: Any) -> dict[str, Any]:
        """Plain data for a stage; ways that came later only where they are taken.

        So results that were made before there were such ways are kept.
        """
        data = self.model_dump(mode="json", **of_the_dump)
        return {key: data[key] for key in data if key not in LATER_WAYS or data[key] is not None}


def _auto_word(value: Any) -> Any:
    return {"auto": True} if value == "auto" else value


PocketEntry = Annotated[
    Pocket, BeforeValidator(_auto_word, json_schema_input_type=Literal["auto"] | Pocket)
]


def _found_seed(value: Any, info: ValidationInfo) -> Any:
    """Find the file of a seed ligand; auto, true and false are none."""
    if not isinstance(value, str | Path) or value == "auto":
        return value
    return named_by_format(Path(_find(value, info)), LIGAND_SUFFIXES)


class Receptor(Section):
    """One receptor: one structure of one variant."""

    structure: StructurePath = Field(
        description="Structure (.pdb, .cif, plain or .gz), prepared or as deposited.",
        examples=["protein.pdb"],
    )
    chains: list[str] | None = Field(
        None,
        min_length=1,
        description="Chains to keep (author names); null: all.",
        examples=[["A"]],
    )
    keep_waters: Literal["none", "pocket", "all"] = Field(
        "none",
        description="Waters kept: none, those within 5 Å of the reference ligand "
        "or the pocket's residues, or all.",
    )
    cofactors: list[Cofactor] = Field(
        [],
        description="Organic cofactors that stay in the site.",
        examples=[[{"residue": "A:NAD:301", "ccd": "NAD.cif"}]],
    )
    remove: list[ResidueSpec] = Field(
        [],
        description="Molecules to take out (beyond crystallisation additives), by name or as "
        "A:DMS:401. A residue of a chain may be named too, a standard one with its number: the "
        "chain is cut there.",
        examples=[["DMS"]],
    )
    model_as_parent: list[ResidueSpec] = Field(
        [],
        description="Modified residues, by name or as A:CSO:106, that are modelled as the residue "
        "they derive from even near the pocket or at a metal, where that is an error else.",
        examples=[["CSO"]],
    )
    ph: float = Field(7.4, ge=0, le=14, description="pH of the protonation (PROPKA).")
    mutations: list[Mutation] = Field(
        [], description="Point mutations, as T315I or A:T315I.", examples=[["T315I"]]
    )
    predicted: Literal["auto"] | bool = Field(
        "auto",
        description="Whether the structure is a predicted model (AlphaFold, ESMFold, Boltz), whose "
        "pLDDT counts. auto: as the file says, by ModelCIF, its header, or B factors that can be "
        "nothing but pLDDT; never where it names an experiment.",
    )
    pae: PaePath | None = Field(
        None,
        description="Predicted aligned errors of the model: JSON of the AlphaFold database, "
        "ColabFold or AlphaFold 3, npz of Boltz, or ModelCIF.",
        examples=["model_pae.json"],
    )
    trim_plddt: float | None = Field(
        70,
        ge=0,
        le=100,
        description="Doubtful ends and long linkers of a model, below this pLDDT, are taken out "
        "before anything else; null: nothing is.",
    )
    min_pocket_plddt: float = Field(
        70,
        ge=0,
        le=100,
        description="Mean pLDDT around the pocket that a model must have; residues there below "
        "it are marked as doubtful.",
    )
    low_confidence: Literal["stop", "warn"] = Field(
        "stop",
        description="Below that, stop before anything is docked, or warn.",
    )
    repack: Annotated[
        Literal["auto"] | bool | Path,
        BeforeValidator(_found_seed, json_schema_input_type=bool | str),
    ] = Field(
        "auto",
        description="Turn side chains that clash with a seed ligand to other rotamers before "
        "anything is docked. auto: in predicted models that have a seed; true, false; or a ligand "
        "file in the receptor's frame, which is the seed. Else that is the pocket's ligand, or the "
        "first of docking.templates, with repack: true or predicted: true. docs/predicted.md says "
        "what it is worth.",
        examples=["known_ligand.sdf"],
    )
    max_missing_loop: int = Field(
        8,
        ge=0,
        le=30,
        description="Longest missing loop (residues) that is built; longer gaps are capped "
        "and reported.",
    )
    pocket: PocketEntry | None = Field(
        None,
        description="This receptor's own pocket; null: the common one.",
        examples=[{"ligand": "crystal_ligand.sdf"}],
    )
    ensemble_of: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$",
        max_length=LONGEST_NAME,
        description="Name of the target that this structure is one of several of. Each ligand gets "
        "one score over them, as ranking.ensemble says, and ensembles.csv ranks by it.",
        examples=["trka"],
    )

    @property
    def is_predicted(self) -> bool | None:
        """Whether the structure is a model, as the config says; None: as the file does."""
        return None if self.predicted == "auto" else self.predicted

    @property
    def seed_file(self) -> Path | None:
        """File of the seed ligand that ``repack`` names."""
        return self.repack if isinstance(self.repack, Path) else None


def _known_engine(name: Any) -> Any:
    if not isinstance(name, str) or name not in engines():
        choices = {"choices": ", ".join(engines())}
        raise PydanticCustomError("engine", "this is no docking engine; use {choices}", choices)
    return name


DockingEngine = Annotated[
    str,
    BeforeValidator(_known_engine),
    WithJsonSchema({"enum": list(engines()), "type": "string"}),
]


DockingEffort = Literal["fast", "standard", "thorough"]


def _efforts_in_words() -> str:
    """Say what each engine makes of each effort."""
    parts = [
        f"{effort}: "
        + ", ".join(
            f"{facts.efforts[effort].words} ({name})"
            for name, facts in engines().items()
            if facts.efforts
        )
        for effort in get_args(DockingEffort)
    ]
    return f"How long to search. {'; '.join(parts)}. Costs and success: docs/docking.md."


PERCENT = re.compile(r"(\d+(?:\.\d+)?) ?%")


def _part(value: Any) -> int | str:
    """Take a number of ligands, or a part of them in percent."""
    if type(value) is int and value >= 1:
        return value
    found = PERCENT.fullmatch(value) if isinstance(value, str) else None
    if found and 0 < float(found[1]) < 100:
        return f"{found[1]} %"
    raise ValueError(
        f"{value!r} is neither a number of ligands, at least 1, nor a part of them above 0 % and "
        'below 100 %: write 500 or "10 %"'
    )


Part = Annotated[int | str, BeforeValidator(_part, json_schema_input_type=int | str)]


def number_of(part: int | str, ligands: int) -> int:
    """Ligands that are a part of so many, at least one; a fraction of a ligand counts as one.

    Parameters
    ----------
    part : int or str
        A number, or as ``10 %``.
    ligands : int
        How many there are.
    """
    if isinstance(part, int):
        return min(part, ligands)
    percent = Fraction(part.removesuffix(" %"))
    return min(ligands, math.ceil(percent * ligands / 100))


def share_of(percent: str) -> float:
    """Give a part in percent as a share: 0.1 for ``10 %``."""
    return float(percent.removesuffix("%")) / 100


def _percent(value: Any) -> str:
    """Take a part in percent, from 0 to 100."""
    found = PERCENT.fullmatch(value) if isinstance(value, str) else None
    if found and float(found[1]) <= 100:
        return f"{found[1]} %"
    raise ValueError(f'{value!r} is no part from 0 % to 100 %: write "10 %"')


class Tier(Section):
    """One tier of docking."""

    effort: DockingEffort = Field(
        description="How long it searches; each tier longer than the one before.",
        examples=["standard"],
    )
    top: Part | None = Field(
        None,
        description="Which ligands it docks: so many, or so many percent, of those that the tier "
        "before docked, by their best docking score there, in each receptor. The first tier "
        "docks all.",
        examples=["10 %"],
    )
    states: int | None = Field(
        None,
        ge=1,
        le=64,
        description="Most states docked per ligand, the first ones of those that were prepared; "
        "null: one, and all in the last tier.",
        examples=[1],
    )


def _check_tier(number: int, before: Tier, tier: Tier) -> None:
    """Refuse a later tier that docks all ligands, or searches no longer than the one before."""
    order = get_args(DockingEffort)
    if tier.top is None:
        raise ValueError(
            f'tiers: tier {number} needs a top, as 500 or "10 %": which ligands it docks'
        )
    if order.index(tier.effort) <= order.index(before.effort):
        raise ValueError(
            f"tiers: tier {number} is of effort {tier.effort}, the one before it of "
            f"{before.effort}: each searches longer than the one before; the order is "
            f"{', '.join(order)}"
        )
    if isinstance(tier.top, int) and isinstance(before.top, int) and tier.top >= before.top:
        raise ValueError(
            f"tiers: tier {number} would take {tier.top} of the {before.top} ligands of the one "
            "before, which are all: give a smaller top"
        )


class Docking(Section):
    """Docking of every state into every receptor."""

    engine: DockingEngine = Field(
        "rustina",
        description="; ".join(f"{name}: {facts.words}" for name, facts in engines().items()) + ".",
    )
    poses: int = Field(9, ge=1, le=20, description="Poses kept per state.")
    effort: DockingEffort = Field("standard", description=_efforts_in_words())
    exhaustiveness: int | None = Field(
        None, ge=1, le=256, description="Search runs of vina; null: by effort.", examples=[8]
    )
    cnn: bool = Field(
        True,
        description="Ask GNINA's CNN about poses that an engine placed without it, and about "
        "each ligand's best minimised pose: 0.06 CPU seconds a pose. It needs the package "
        "rustina. rustina's own poses have the CNN's scores whatever is set here.",
    )
    device: Literal["auto", "cpu", "gpu"] = Field(
        "auto",
        description="Device of rustina's search. auto takes a hardware GPU where Vulkan shows "
        "one and never a software adapter; gpu takes whatever adapter there is.",
    )
    templates: list[TemplatePath] = Field(
        [],
        description="Reference ligands with bond orders, posed in the receptor's frame (.sdf, one "
        "or more records each). A ligand that shares a large enough core with one of them is "
        "placed by it, its core held, and refined by the engine; the others are docked freely.",
        examples=[["crystal_ligand.sdf"]],
    )
    reference_template: bool = Field(
        False,
        description="Take the ligand of each receptor's pocket as a template, too: that of "
        "pocket.ligand, or the one that pocket.like lays into the receptor.",
    )
    time_limit_s: float = Field(600, gt=0, description="Time limit per ligand, seconds.")
    tiers: list[Tier] = Field(
        [],
        description="Docking in tiers, in place of effort: the first docks all ligands, each "
        "later one, of more effort, the best of those that the tier before docked. When to: "
        "docs/docking.md.",
        examples=[[{"effort": "fast"}, {"effort": "standard", "top": "10 %"}]],
    )

    @model_validator(mode="after")
    def _check_tiers(self) -> Docking:
        """Refuse tiers that would choose nothing, or search no longer than those before."""
        if not self.tiers:
            return self
        if not engines()[self.engine].efforts:
            raise ValueError(f"tiers: engine {self.engine} has no efforts; leave tiers out")
        if len(self.tiers) == 1:
            raise ValueError(
                f"tiers: one alone chooses nothing; write effort: {self.tiers[0].effort}"
            )
        if self.effort != "standard":
            raise ValueError(f"effort {self.effort} beside tiers, which have their own: leave one")
        for key in engines()[self.engine].efforts["standard"].keys:
            if (value := getattr(self, key)) is not None:
                raise ValueError(f"{key} {value} would overrule the effort of all tiers: remove it")
        if self.tiers[0].top is not None:
            raise ValueError(
                f"tiers: the first docks all ligands; remove its top {self.tiers[0].top}"
            )
        for number, (before, tier) in enumerate(pairwise(self.tiers), 2):
            _check_tier(number, before, tier)
        return self

    def in_tier(self, number: int) -> Docking:
        """How a tier docks, counted from 1; without tiers the one that there is."""
        if not self.tiers:
            return self
        return self.model_copy(update={"tiers": [], "effort": self.tiers[number - 1].effort})

    def states_in_tier(self, number: int) -> int | None:
        """Most states of a ligand that a tier docks, counted from 1; None: all."""
        if not self.tiers:
            return None
        return self.tiers[number - 1].states or (None if number == self.last_tier else 1)

    @property
    def last_tier(self) -> int:
        """Number of the last tier; 1 without tiers."""
        return max(1, len(self.tiers))

    @property
    def effort_names(self) -> list[str]:
        """Efforts that poses of each tier are of."""
        return [self.in_tier(number).effort_name for number in range(1, self.last_tier + 1)]

    @property
    def by_effort(self) -> dict[str, int]:
        """Keys that the effort sets, with what the config gives of them."""
        effort = engines()[self.engine].efforts.get(self.effort)
        set_by_it = effort.keys if effort else {}
        given = {key: getattr(self, key) for key in set_by_it}
        return {key: set_by_it[key] if given[key] is None else given[key] for key in set_by_it}

    @property
    def state_cpu_s(self) -> float:
        """CPU seconds of a state, as they were measured of the engine with this effort."""
        facts = engines()[self.engine]
        if not facts.efforts:
            return facts.cpu_s
        effort, key = facts.efforts[self.effort], facts.cpu_s_grows_with
        return effort.cpu_s * (self.by_effort[key] / effort.keys[key] if key else 1.0)

    @property
    def effort_name(self) -> str:
        """The effort that poses are of; a key that overrules it stands in its place.

        Empty for an engine without efforts.
        """
        effort = engines()[self.engine].efforts.get(self.effort)
        if effort is None:
            return ""
        other = [f"{key} {n}" for key, n in self.by_effort.items() if n != effort.keys[key]]
        return ", ".join(other) or self.effort

    @property
    def places(self) -> bool:
        """Whether ligands are placed by templates."""
        return bool(self.templates) or self.reference_template

    @model_validator(mode="after")
    def _templates_fit(self) -> Docking:
        facts = engines()[self.engine]
        if facts.only_places and not self.places:
            raise ValueError(
                f"engine {self.engine} places ligands by templates: give docking.templates, SDF "
                f"files of reference ligands, or choose engine {' or '.join(searching_engines())}"
            )
        if self.places and "templates" not in facts.keys:
            key = "templates" if self.templates else "reference_template"
            raise ValueError(
                f"engine {self.engine} uses no templates: take docking.{key} out, or choose "
                "engine "
                + " or ".join(name for name, each in engines().items() if "templates" in each.keys)
            )
        return self


Platform = Literal["auto", "CUDA", "HIP", "OpenCL", "CPU", "Reference"]


def docking_in_words(docking: Docking) -> str:
    """Say how is docked: ``rustina, standard, 9 poses kept per state``."""
    if engines()[docking.engine].poses_from_library:
        return "none: poses as given in the library"
    tops = [tier.top for tier in docking.tiers] or [None]
    effort = ", then ".join(
        f"{name} for the best {top}" if top else name
        for name, top in zip(docking.effort_names, tops, strict=True)
    )
    placed = "placed by template where the common core is large enough"
    return ", ".join(
        [
            docking.engine,
            *([effort] if effort else []),
            *([placed] if docking.places else []),
            f"{docking.poses} poses kept per state",
        ]
    )


PROTOCOLS: dict[str, dict[str, Any]] = {
    "fast": {
        "jitter_replicas": 0,
        "tolerance_kcal_mol_angstrom": 0.5,
        "max_iterations": 100,
    },
    "standard": {},
    "accurate": {"pocket_radius_angstrom": 12.0, "jitter_replicas": 4},
}
"""What each protocol changes of :class:`Scoring`'s defaults, which are those of standard."""


class Scoring(Section):
    """OpenMM minimisation and MM/GBSA."""

    protocol: Literal["fast", "standard", "accurate"] = Field(
        "standard",
        description="Starting point for the keys below; a key that is given wins. Costs and "
        "accuracies: docs/scoring.md. fast: no jitter_replicas, tolerance_kcal_mol_angstrom 0.5, "
        "max_iterations 100. accurate: pocket_radius_angstrom 12, jitter_replicas 4.",
    )

    top: int = Field(
        1000, ge=1, description="How many ligands per receptor reach MM/GBSA, best docked first."
    )
    poses: int = Field(2, ge=1, le=20, description="Best poses per ligand that are minimised.")
    shard_size: int = Field(100, ge=1, le=10_000, description="Most ligands in one scoring job.")
    platform: Platform = Field(
        "auto", description="OpenMM platform; auto: CUDA, HIP, OpenCL on a GPU, then CPU."
    )
    precision: Literal["single", "mixed", "double"] = Field(
        "mixed", description="Precision on GPU platforms."
    )
    pocket_radius_angstrom: float = Field(
        10.0,
        ge=6,
        le=40,
        description="Receptor residues within this distance of the pose are in the model, Å.",
    )
    flexible_radius_angstrom: float = Field(
        5.0, ge=0, le=20, description="Residues within this distance of the pose may move, Å."
    )
    restraint_kcal_mol_angstrom2: float = Field(
        1.0,
        ge=0,
        le=1000,
        description="Harmonic restraint k of heavy atoms to their pose, E = k/2·r², "
        "kcal/mol/Å²; 0: none.",
    )
    max_iterations: int = Field(
        500, ge=1, le=100_000, description="Most L-BFGS iterations of the minimisation."
    )
    tolerance_kcal_mol_angstrom: float = Field(
        0.1, gt=0, le=100, description="RMS force at which the minimisation ends, kcal/mol/Å."
    )
    minimisation_dielectric: float = Field(
        1.0, ge=1, le=20, description="Interior dielectric that the complex is minimised with."
    )
    solute_dielectric: float = Field(
        2.0,
        ge=1,
        le=20,
        description="Interior dielectric of the score's Coulomb, GB and strain terms. 2 rather "
        "than 1 as what differs between two preparations of a structure counts half.",
    )
    strain_weight: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Weight of the ligand's strain in ΔG; strain is the term that differs most "
        "between preparations.",
    )
    solvent_dielectric: float = Field(78.5, ge=1, le=200, description="Solvent dielectric.")
    jitter_replicas: int = Field(
        1,
        ge=0,
        le=100,
        description="Times each pose is minimised again from slightly displaced coordinates; "
        "the spread of the scores gives the rank intervals.",
    )
    jitter_angstrom: float = Field(
        0.1, gt=0, le=1, description="Standard deviation of that displacement, per axis, Å."
    )
    pack_size: Annotated[int, Field(ge=1, le=1024)] | Literal["auto"] = Field(
        "auto",
        description="Complexes minimised together in one OpenMM Context; auto: 1 on CPU and "
        "Reference, 64 on a GPU. Halved where the device's memory is too small.",
    )
    parametrisation_time_limit_s: float = Field(
        60, gt=0, description="Time limit of a state's force-field parameters, seconds."
    )
    time_limit_s: float = Field(300, gt=0, description="Time limit per ligand, seconds.")

    @model_validator(mode="before")
    @classmethod
    def _from_protocol(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        name = given.get("protocol", "standard")
        return {**PROTOCOLS.get(name, {}), **given} if isinstance(name, str) else given

    @model_validator(mode="after")
    def _radii_ordered(self) -> Scoring:
        if self.flexible_radius_angstrom > self.pocket_radius_angstrom:
            raise ValueError(
                f"flexible_radius_angstrom {self.flexible_radius_angstrom} exceeds "
                f"pocket_radius_angstrom {self.pocket_radius_angstrom}: lower it"
            )
        return self


class Inspection(Section):
    """Pose checks and interactions of each scored ligand's best pose."""

    energy_conformers: int = Field(
        10,
        ge=1,
        le=1000,
        description="Conformers that a pose's internal energy is compared with. PoseBusters' own "
        "number is 50; with 10 the ratio is nearly the same and the checks take a third of the "
        "time.",
    )
    time_limit_s: float = Field(120, gt=0, description="Time limit per ligand, seconds.")


def _readable_filter(text: str) -> str:
    parse_filter(text)
    return text


class InteractionFilter(Section):
    """One filter on interactions; a bare text in the config stands for ``{filter: ...}``."""

    filter: Annotated[str, AfterValidator(_readable_filter)] = Field(
        description="A kind of interaction, to or with, and a residue: Val981, A:981 or 981. "
        "Kinds: docs/interactions.md.",
        examples=["hydrogen bond to Val981"],
    )
    receptors: list[str] | None = Field(
        None,
        min_length=1,
        description="Names of the receptors that it is for; null: all.",
        examples=[["wt"]],
    )


def _as_filter(value: Any) -> Any:
    return {"filter": value} if isinstance(value, str) else value


FilterEntry = Annotated[
    InteractionFilter,
    BeforeValidator(_as_filter, json_schema_input_type=str | InteractionFilter),
]


class InteractionFilters(Section):
    """Interactions that a ranked pose must have, and those it must not have."""

    must: list[FilterEntry] = Field(
        [],
        description="Interactions that each ranked pose has, all of them. An entry is a text or "
        "{filter: hydrogen bond to Val981, receptors: [wt]}.",
        examples=[["hydrogen bond to Val981"]],
    )
    must_not: list[FilterEntry] = Field(
        [],
        description="Interactions that no ranked pose has.",
        examples=[["salt bridge with A:1041"]],
    )

    @property
    def filters(self) -> tuple[list[Filter], list[Filter]]:
        """``must`` and ``must_not``, understood."""
        must, must_not = (
            [parse_filter(each.filter, each.receptors or ()) for each in entries]
            for entries in (self.must, self.must_not)
        )
        return must, must_not


class Stop(Section):
    """What ends a campaign before its last round; the first condition that holds."""

    recall: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="End when the lower bound of the recall reaches this: the part of the "
        "library's best that was found.",
        examples=[0.8],
    )
    patience: int | None = Field(
        None,
        ge=1,
        description="End after so many rounds in a row in which the mean of the best ten did not "
        "improve.",
        examples=[2],
    )
    share: float | None = Field(
        None,
        gt=0,
        lt=1,
        description="End when less than this share of a round's chosen molecules belong to the "
        "library's best.",
        examples=[0.05],
    )
    cpu_hours: float | None = Field(
        None,
        gt=0,
        description="End before a round with which docking and scoring would pass so many CPU "
        "hours, as the engine's and the protocol's rates foresee them.",
        examples=[200],
    )


class Rounds(Section):
    """Docking a large library in rounds: a batch, a model of it, the next batch."""

    number: int = Field(
        5, ge=1, le=1000, description="Rounds at most, the first one counted.", examples=[5]
    )
    batch: Part = Field(
        "1 %",
        description="Molecules of a round: so many, or so many percent of the library.",
        examples=["1 %"],
    )
    first: Literal["random", "diverse"] = Field(
        "random",
        description="The first batch: random, or diverse (as unlike one another as can be, of "
        "five times as many random ones). Seeds stand in its place.",
    )
    seeds: LibraryPath | None = Field(
        None,
        description="File of molecules (.smi .csv .tsv .sdf .parquet) that are the first batch; "
        "the library must hold them.",
        examples=["known_binders.smi"],
    )
    objective: Literal["docking", "mmgbsa"] = Field(
        "docking",
        description="What a molecule is judged by, and the model learns: its docking score, or "
        "its MM/GBSA energy, for which part of each batch is scored by chance. Where not the "
        "whole batch is scored (scoring.top), mmgbsa gets no verdict.",
    )
    receptor: str | None = Field(
        None,
        description="Receptor whose scores choose the batches; every batch is docked into all. "
        "null: the first.",
        examples=["wt"],
    )
    audit: Annotated[str, BeforeValidator(_percent)] = Field(
        "5 %",
        description="Part of each batch that is drawn at random from what the model did not "
        "choose: it tells how wrong the model is, and what was probably missed.",
    )
    model_share: Annotated[str, BeforeValidator(_percent)] = Field(
        "50 %",
        description="Part of scoring.top that is chosen by a model of the MM/GBSA energy, once "
        "30 ligands were scored; docking chooses the rest. With objective mmgbsa those scored by "
        "chance are taken out of it.",
    )
    stop: Stop = Field(default_factory=Stop)


Proposers = Annotated[
    dict[str, Annotated[float, Field(gt=0, le=1e6)]],
    Field(min_length=1),
]


class Generate(Section):
    """New molecules beside the library's, proposed and judged from the second round on.

    As many are docked for each of three arms: learned (from the best so far, chosen by the
    model), blind (from molecules drawn at random, chosen at random), and molecules of the library
    that are most like its best.
    """

    proposers: Proposers = Field(
        {"fragments": 1.0, "genetic": 1.0},
        description="Who proposes, each with its share: fragments, genetic, language_model, "
        "analogues, products (docs/generation.md).",
        examples=[{"fragments": 2, "genetic": 1}],
    )
    batch: int = Field(
        20, ge=1, le=100_000, description="Molecules that each arm docks in a round, at most."
    )
    proposals: int = Field(
        100,
        ge=1,
        le=1_000_000,
        description="Proposals that are asked for in a round, for each arm; those that may be "
        "docked and were not stay for later rounds.",
    )
    parents: int = Field(
        20, ge=1, le=10_000, description="Molecules that each arm starts from in a round."
    )
    per_scaffold: int = Field(
        5, ge=1, description="Most molecules of one scaffold that an arm docks in a round."
    )
    per_parent: int = Field(
        5, ge=1, description="Most molecules of one parent that an arm docks in a round."
    )
    core: str | None = Field(
        None,
        min_length=1,
        description="SMARTS of what every proposal must keep.",
        examples=["c1ccc2[nH]ccc2c1"],
    )
    fragments: LibraryPath | None = Field(
        None,
        description="File of molecules (.smi .csv .tsv .sdf .parquet) whose fragments and building "
        "blocks are used beside those of the library's; they are not docked.",
        examples=["drugs.smi"],
    )
    cut_from: int = Field(
        2000,
        ge=0,
        description="Molecules of the library, drawn at random, that fragments and building blocks "
        "are cut from: a tenth of a CPU second each.",
    )
    blocks: LibraryPath | None = Field(
        None,
        description="File of building blocks (.smi .csv .tsv .sdf .parquet) for the proposers "
        "analogues and products and for routes; null: cut from the library's molecules.",
        examples=["building_blocks.smi"],
    )
    reactions: InputFile | None = Field(
        None,
        description="File of reactions (.yaml) in place of the package's own (docs/generation.md).",
        examples=["reactions.yaml"],
    )
    route: Literal["off", "prefer", "require"] = Field(
        "off",
        description="Whether a route of at most two reactions from the blocks is looked for. "
        "prefer: molecules that have one are docked first. require: others are left out.",
    )
    known_parts: bool = Field(
        True, description="Leave out what has ring systems or bonds that are not in ChEMBL."
    )
    max_sa_score: float = Field(
        6.0,
        ge=1,
        le=10,
        description="Largest score of synthetic accessibility, from 1 (easy) to 10.",
    )
    min_similarity: float = Field(
        0.2,
        ge=0,
        le=1,
        description="Least similarity to the most similar molecule that was docked in earlier "
        "rounds (Tanimoto, counts): the model says nothing of what is farther away.",
    )
    held_out: LibraryPath | None = Field(
        None,
        description="File of known molecules (.smi .csv .tsv .sdf .parquet) that the campaign is "
        "not told of: the page counts how many of them each arm found.",
        examples=["held_out.csv"],
    )
    patience: int | None = Field(
        None,
        ge=1,
        description="End the campaign after so many rounds in a row in which no proposal was "
        "better than all molecules before it, by rounds.objective.",
        examples=[2],
    )
    min_new: float = Field(
        0.2,
        ge=0,
        le=1,
        description="End the campaign when a smaller part of the last round's proposals were new.",
    )


Changes = list[str]
VariantFiles = Annotated[
    list[InputFile], BeforeValidator(_as_list, json_schema_input_type=list[str] | str)
]


class Variants(Section):
    """Point mutants of one receptor: what each does to the binding of the best ligands."""

    of: str = Field(description="Name of the receptor that is the wild type.", examples=["wt"])
    list: Changes = Field(
        [],
        description="Protein changes, as T315I or in HGVS (p.Thr315Ile); compound ones joined by "
        "+.",
        examples=[["T315I", "E255K+Y253H"]],
    )
    files: VariantFiles = Field(
        [],
        description="Files of variants: a table (.csv .tsv), a MAF, a VCF or BCF "
        "(docs/variants_files.md). Nothing in them that tells a patient is kept; their names are.",
        examples=[["variants.csv", "tumour.vcf.gz"]],
    )
    gene: str = Field(
        "", description="Symbol of the gene; entries of other genes are counted.", examples=["ABL1"]
    )
    transcript: str = Field(
        "",
        description="Transcript whose annotations count where a VCF has several.",
        examples=["ENST00000318560"],
    )
    sequence: InputFile | None = Field(
        None,
        description="The protein's sequence (FASTA), which the variants are numbered by; null: the "
        "structure's own numbers.",
        examples=["P00519.fasta"],
    )
    offset: int | Literal["alignment"] | None = Field(
        None,
        description="The structure's numbers less the sequence's, where they differ; alignment: as "
        "they align. null: they must be the same.",
    )
    fasta: InputFile | None = Field(
        None, description="FASTA of the gene, for a VCF without protein changes."
    )
    gff3: InputFile | None = Field(
        None, description="GFF3 of the gene, for a VCF without protein changes."
    )
    measured: InputFile | None = Field(
        None,
        description="Table of measured ΔΔG that the computed ones are judged by, beside trivial "
        "predictors: columns variant, ligand (name or InChIKey), and ddg_kcal_mol (above 0: "
        "weaker) or fold_change (docs/variants.md).",
        examples=["measured.csv"],
    )
    distance_angstrom: float = Field(
        12.0,
        ge=0,
        description="Variants whose residues all lie further from the pocket's ligand (or box) are "
        "listed and not scored, Å.",
    )
    top: int = Field(20, ge=1, description="Best ligands of the wild type that are scored.")
    shard_size: int = Field(
        5, ge=1, description="Most ligands in one job; top and this say how many jobs there are."
    )
    rotamers: int = Field(4, ge=1, le=20, description="Most rotamers of a variant that are tried.")
    replicas: int = Field(
        2,
        ge=1,
        le=20,
        description="Times a pose is scored again from displaced coordinates, displaced alike in "
        "wild type and variant.",
    )
    controls: int = Field(
        4,
        ge=2,
        le=50,
        description="Residues of the pocket that are built anew as they are: what such a mutation "
        "seems to do is noise, and part of every interval.",
    )

    @property
    def shards(self) -> tuple[str, ...]:
        """Names of the shards, the same however many ligands there are."""
        count = -(-self.top // self.shard_size)
        digits = (count - 1).bit_length()
        return tuple(f"b{number:0{digits}b}" if digits else "b" for number in range(count))


RankingOrder = Literal[
    "auto",
    "mmgbsa",
    "docking",
    "cnn_affinity",
    "cnn_vs",
    "consensus_ecr",
    "consensus_mean_rank",
    "consensus_z",
    "ligand_efficiency",
    "size_corrected",
]

ConsensusScore = Literal["docking", "cnn_affinity", "mmgbsa"]


ENERGY_ORDERS = ("auto", "mmgbsa", "docking")
"""Orders that follow an energy, which can be weighed by Boltzmann's factor."""


class Ranking(Section):
    """Ranking and its outputs."""

    complexes: int = Field(
        20, ge=0, le=10_000, description="Top hits per receptor whose complex is written."
    )
    table_rows: int = Field(
        10_000,
        ge=1,
        le=50_000,
        description="Rows per receptor in the report's table; the page grows by 0.7 kB per row, "
        "and by about 1 kB more with a minimised pose.",
    )
    by: RankingOrder = Field(
        "auto",
        description="What orders the ranking: auto (the one that ranked best on "
        "targets with known answers, of those whose scores the receptor has: MM/GBSA; "
        "docs/ordering.md), mmgbsa (then docking, for "
        "ligands without it), docking, cnn_affinity, cnn_vs (the CNN's score times "
        "its affinity), a consensus of the scores, or MM/GBSA per heavy atom or per cube root of "
        "the heavy atoms. Ligands without the value come behind.",
    )
    consensus: list[ConsensusScore] | None = Field(
        None,
        min_length=2,
        description="Scores that a consensus joins; null: all, or those of auto's order.",
        examples=[["docking", "mmgbsa"]],
    )
    preparation_sd_kcal_mol: float = Field(
        1.6,
        ge=0,
        le=10,
        description="Standard deviation of a ligand's ΔG between preparations of one structure, "
        "kcal/mol, in the rank intervals beside the scatter of replicas. The default was measured "
        "with the standard protocol on 199 ligands from two preparers (docs/scoring.md).",
    )
    ensemble: Literal["best", "boltzmann"] = Field(
        "best",
        description="A ligand's score over the structures of one target (ensemble_of). best: that "
        "of the structure that it fits best. boltzmann: −RT ln of the mean of exp(−E/RT) over "
        "them, at 298.15 K; for energies alone.",
    )
    picks: int = Field(
        20,
        ge=0,
        le=1000,
        description="Molecules per receptor on the pick list, picks.csv: good and diverse.",
    )
    pose_checks: Literal["flag", "filter"] = Field(
        "flag",
        description="What a failed pose check does. flag: it is named beside the ligand. filter: "
        "the ligand is not ranked; its ledger row names the checks.",
    )
    interactions: InteractionFilters = Field(default_factory=InteractionFilters)

    @model_validator(mode="after")
    def _consistent(self) -> Ranking:
        joined = self.consensus or []
        if len(set(joined)) < len(joined):
            raise ValueError(f"consensus names a score twice: {', '.join(joined)}")
        if self.ensemble == "boltzmann" and self.by not in ENERGY_ORDERS:
            raise ValueError(
                f"ensemble: boltzmann weighs energies, and by: {self.by} is none: say ensemble: "
                f"best, or by: {' or '.join(ENERGY_ORDERS)}"
            )
        if joined and self.by == "auto":
            raise ValueError(
                "consensus says what a consensus joins, and by: auto joins what was measured: "
                "take consensus out, or name an order in by"
            )
        return self


class Controls(Section):
    """What says how far the results can be trusted: the redocked reference, known actives."""

    redock: bool = Field(
        True,
        description="Dock the reference ligand of each receptor's pocket again, from a fresh "
        "conformer, minimise all its poses and compare them with its place in the structure.",
    )
    gate: Literal["warn", "stop"] = Field(
        "warn",
        description="What a redocking beyond the limit does. warn: it is said in the results. "
        "stop: the library is not docked before the reference was, and not at all if that failed.",
    )
    redock_rmsd_angstrom: float = Field(
        2.0,
        gt=0,
        le=20,
        description="Largest RMSD of the best docked pose to the reference that passes, Å.",
    )
    reference: BondedPath | None = Field(
        None,
        description="Reference ligand with bond orders (.sdf .mol .mol2), for pockets whose "
        "ligand has none, and, posed in the receptor's frame, for pockets that name no ligand.",
        examples=["reference.sdf"],
    )
    reference_smiles: str | None = Field(
        None,
        min_length=1,
        description="The same as SMILES, for pockets whose ligand has no bond orders.",
        examples=["CC(=O)Nc1ccc(O)cc1"],
    )
    actives: LibraryEntries = Field(
        [],
        description="Files of known actives, named like the library's. They are screened beside "
        "it, and its molecules without a label count as inactive in the controls.",
        examples=[["actives.smi"]],
    )

    @model_validator(mode="after")
    def _consistent(self) -> Controls:
        if self.reference is not None and self.reference_smiles is not None:
            raise ValueError("reference and reference_smiles both say the bond orders: give one")
        for file in self.actives:
            if file.label == 0:
                raise ValueError(
                    f"{file.path.name} stands among the actives with label 0: take the label "
                    "out, or name the file under library.files"
                )
        return self


class Costs(Section):
    """Rates of the cost account; no result depends on them."""

    currency: str = Field("USD", min_length=1, max_length=8, description="Currency of the prices.")
    per_core_hour: float | None = Field(
        None,
        ge=0,
        description="Price of a core that is held for an hour; null: not priced.",
        examples=[0.04],
    )
    per_gpu_hour: float | None = Field(
        None,
        ge=0,
        description="Price of a GPU that is held for an hour; null: not priced.",
        examples=[1.5],
    )
    per_kwh: float | None = Field(
        None, ge=0, description="Price of a kilowatt-hour; null: not priced.", examples=[0.3]
    )
    watts_per_core: float = Field(
        10.0,
        ge=0,
        description="Power of a busy core, W: for the energy, where the processor's "
        "counters cannot be read.",
    )
    watts_per_gpu: float = Field(300.0, ge=0, description="Power of a GPU at work, W.")
    power_usage_effectiveness: float = Field(
        1.0, ge=1, le=3, description="Energy of the whole site over that of its machines."
    )


def _receptor_names(receptors: dict[str, Receptor]) -> dict[str, Receptor]:
    for name in receptors:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
            raise ValueError(f"receptor name {name!r}: use letters, digits, - and _ only")
        if len(name) > LONGEST_NAME:
            raise ValueError(
                f"receptor name {name!r} has {len(name)} letters: it names files, so use at most "
                f"{LONGEST_NAME}"
            )
    return receptors


class Settings(Section):
    """A whole screen."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$",
        description="Name of the screen: letters, digits, dots, - and _.",
        examples=["my-screen"],
    )
    results: Annotated[Path, AfterValidator(own_folder)] = Field(
        description="Folder of the results, which is the run's own: keep nothing else in it. "
        "Relative to the folder snakemake runs in.",
        examples=["results/my-screen"],
    )
    seed: int = Field(1, ge=1, description="Seed of the run; each computation's own seed derives "
                      "from it and from the molecule's key.")  # fmt: skip
    library: Library
    receptors: Annotated[dict[str, Receptor], AfterValidator(_receptor_names)] = Field(
        min_length=1,
        description="Receptors by name (letters, digits, - and _). "
        "Every state is docked into each.",
        examples=[{"wt": {"structure": "protein.pdb"}}],
    )
    pocket: PocketEntry | None = Field(
        None,
        description="The pocket common to all receptors; a receptor may have its own instead.",
        examples=[{"ligand": "crystal_ligand.sdf"}],
    )
    ligands: Ligands = Field(default_factory=Ligands)
    docking: Docking = Field(default_factory=Docking)
    scoring: Scoring = Field(default_factory=Scoring)
    inspection: Inspection = Field(default_factory=Inspection)
    ranking: Ranking = Field(default_factory=Ranking)
    controls: Controls = Field(default_factory=Controls)
    costs: Costs = Field(default_factory=Costs)
    rounds: Rounds | None = Field(
        None,
        description="Docking in rounds, for libraries too large to dock: each round docks a "
        "batch, a model learns from all of them, and chooses the next. null: every molecule is "
        "docked.",
        examples=[{"number": 5, "batch": "1 %"}],
    )
    generate: Generate | None = Field(
        None,
        description="New molecules beside the library's in the rounds from the second on. null: "
        "none.",
        examples=[{"proposers": {"fragments": 1}, "batch": 20}],
    )
    variants: Variants | None = Field(
        None,
        description="Point mutants of a receptor, in which its best ligands are scored again. "
        "null: none.",
        examples=[{"of": "wt", "list": ["T315I"]}],
    )

    @model_validator(mode="after")
    def _cross_checks(self) -> Settings:
        for name, receptor in self.receptors.items():
            if receptor.pocket is None and self.pocket is None:
                raise ValueError(
                    f"receptor {name} has no pocket: add a top-level pocket, for example "
                    "pocket: {ligand: crystal_ligand.sdf}"
                )
        given = engines()[self.docking.engine].poses_from_library
        if given:
            for file in self.screened.files:
                if not file.path.name.lower().endswith((".sdf", ".sdf.gz")):
                    raise ValueError(
                        f"engine {self.docking.engine} takes its poses from the library, but "
                        f"{file.path.name} is no SDF: give posed SDF files, or choose engine "
                        f"{' or '.join(searching_engines())}"
                    )
        if self.scoring.poses > self.docking.poses and not given:
            raise ValueError(
                f"scoring.poses {self.scoring.poses} exceeds docking.poses {self.docking.poses}: "
                "raise docking.poses or lower scoring.poses"
            )
        self._check_reference_template()
        self._check_seeds()
        self._check_gate()
        self._check_filters()
        self._check_rounds()
        self._check_variants()
        self._check_ensembles()
        return self

    def _check_reference_template(self) -> None:
        """Refuse to place by a ligand that there is not, or whose bond orders nobody knows."""
        for name in self.receptors if self.docking.reference_template else ():
            pocket = self.pocket_of(name)
            if not pocket.has_bond_orders:
                is_none = (
                    "names no ligand"
                    if pocket.ligand_name is None
                    else (f"takes {pocket.ligand_name}, which has no bond orders")
                )
                raise ValueError(
                    f"docking.reference_template: the pocket of receptor {name} {is_none}: name "
                    "its ligand by a file that brings them (.sdf, .mol), as pocket.ligand or "
                    "pocket.like.ligand, or leave reference_template out"
                )

    def _check_variants(self) -> None:
        """Refuse variants that are none, or of a receptor that there is not."""
        asked = self.variants
        if asked is None:
            return
        if not asked.list and not asked.files:
            raise ValueError(
                "variants: none are named: give variants.list, variants.files, or both"
            )
        if (asked.fasta is None) != (asked.gff3 is None):
            raise ValueError("variants.fasta and variants.gff3 go together: give both, or none")
        if asked.of not in self.receptors:
            raise ValueError(
                f"variants.of {asked.of} is not among the receptors; "
                f"{_did_you_mean(asked.of, [*self.receptors])}"
            )

    def _check_ensembles(self) -> None:
        """Refuse ensembles of one, names that a receptor has, and scores of one structure alone."""
        if self.ensembles and self.ranking.by.startswith("consensus"):
            raise ValueError(
                f"ranking.by: {self.ranking.by} ranks ligands within one structure, so that it "
                "says nothing of which of several (ensemble_of) a ligand fits best: take another "
                "order"
            )
        for ensemble, members in self.ensembles.items():
            if ensemble in self.receptors:
                raise ValueError(
                    f"receptors.{members[0]}.ensemble_of {ensemble} is the name of a receptor: "
                    "give the target another name"
                )
            if len(members) == 1:
                others = [name for name in self.ensembles if name != ensemble]
                raise ValueError(
                    f"receptors.{members[0]}.ensemble_of {ensemble}: no other receptor is of it; "
                    "an ensemble has at least two"
                    + (f"; {_did_you_mean(ensemble, others)}" if others else "")
                )

    @property
    def ensembles(self) -> dict[str, list[str]]:
        """Targets with several structures, each with its receptors in config order."""
        found: dict[str, list[str]] = {}
        for name, receptor in self.receptors.items():
            if receptor.ensemble_of is not None:
                found.setdefault(receptor.ensemble_of, []).append(name)
        return found

    @property
    def varied(self) -> list[str]:
        """The receptor whose variants are scored, if any."""
        return [self.variants.of] if self.variants else []

    def _check_rounds(self) -> None:
        """Refuse rounds that have nothing to choose, or no receptor to choose by."""
        rounds = self.rounds
        if self.generate is not None and rounds is None:
            raise ValueError(
                "generate: molecules are proposed from the second round on, and there are no "
                "rounds: add them, for example rounds: {number: 3, batch: 10 %}"
            )
        if rounds is None:
            return
        engine = self.docking.engine
        if engines()[engine].poses_from_library:
            raise ValueError(
                f"rounds: engine {engine} docks nothing, so there is nothing to choose; take out "
                f"rounds, or choose engine {' or '.join(searching_engines())}"
            )
        if self.docking.tiers:
            raise ValueError(
                "rounds beside docking.tiers: rounds choose what is docked; take one of them out, "
                "and say docking.effort: fast for cheap rounds"
            )
        if rounds.receptor is not None and rounds.receptor not in self.receptors:
            raise ValueError(
                f"rounds.receptor {rounds.receptor} is not among the receptors; "
                f"{_did_you_mean(rounds.receptor, list(self.receptors))}"
            )

    @property
    def round_numbers(self) -> list[str]:
        """Numbers of the rounds that there may be, as their files name them."""
        return [str(n) for n in range(1, self.rounds.number + 1)] if self.rounds else []

    @property
    def proposing_rounds(self) -> list[str]:
        """Numbers of the rounds that molecules may be proposed in: the first has no parents."""
        return self.round_numbers[1:] if self.generate else []

    def _check_seeds(self) -> None:
        """Refuse to repack around a ligand that there is not."""
        for name, receptor in self.receptors.items():
            named = self.pocket_of(name).ligand_name
            if receptor.repack is True and named is None and self.template_seed(name) is None:
                raise ValueError(
                    f"receptors.{name}.repack: true, but there is no ligand to repack around: its "
                    "pocket names none, and there are no docking.templates; give repack a ligand "
                    "file in the receptor's frame, or false"
                )

    def template_seed(self, receptor: str) -> Path | None:
        """Template that side chains are repacked around where nothing else is a seed.

        Only where the config says that they are repacked, or that the structure is a model:
        templates prepare no crystal again.
        """
        of = self.receptors[receptor]
        is_asked = of.repack is True or (of.repack == "auto" and of.predicted is True)
        if not is_asked or self.pocket_of(receptor).ligand_name is not None:
            return None
        return next(iter(self.docking.templates), None)

    def _check_filters(self) -> None:
        """Refuse filters for receptors that there are not."""
        asked = self.ranking.interactions
        for each in (*asked.must, *asked.must_not):
            for name in each.receptors or []:
                if name not in self.receptors:
                    raise ValueError(
                        f"ranking.interactions: {each.filter!r} is for receptor {name}, which is "
                        f"not among the receptors; {_did_you_mean(name, list(self.receptors))}"
                    )

    def _check_gate(self) -> None:
        """Refuse a gate that could not decide."""
        if self.controls.gate == "stop":
            for name in self.receptors:
                if obstacle := self.redock_obstacle(name):
                    raise ValueError(
                        f"controls.gate stop needs a redocking of receptor {name}, but {obstacle}; "
                        "or set controls.gate to warn"
                    )

    @property
    def screened(self) -> Library:
        """All that is screened: the library, then the known actives, which have label 1."""
        actives = [file.model_copy(update={"label": 1}) for file in self.controls.actives]
        return self.library.model_copy(update={"files": [*self.library.files, *actives]})

    def redock_obstacle(self, receptor: str) -> str:
        """Why the config lets no reference ligand of a receptor be docked again.

        Returns
        -------
        str
            The reason and what to do about it; empty where nothing is in the way.
        """
        controls, pocket = self.controls, self.pocket_of(receptor)
        if not controls.redock:
            return "controls.redock is false (true switches it on)"
        engine = self.docking.engine
        if engines()[engine].poses_from_library:
            choices = " or ".join(searching_engines())
            return f"docking.engine {engine} docks nothing; choose {choices}"
        if engines()[engine].only_places:
            choices = " or ".join(searching_engines())
            return (
                f"docking.engine {engine} docks nothing freely, and no ligand is a test of its own "
                f"template; choose {choices}"
            )
        named = pocket.ligand_name
        if named is None and controls.reference is None:
            return (
                "its pocket names no ligand; give controls.reference, a ligand file with bond "
                "orders, posed in the receptor's frame"
            )
        told = controls.reference is not None or controls.reference_smiles is not None
        if not told and not pocket.has_bond_orders:
            return (
                f"{named} has no bond orders; give them as controls.reference_smiles, or as "
                "controls.reference, a file of the same ligand (.sdf .mol .mol2)"
            )
        return ""

    @property
    def redocked(self) -> list[str]:
        """Receptors whose reference ligand is docked again."""
        return [name for name in self.receptors if not self.redock_obstacle(name)]

    @property
    def tiered(self) -> list[str]:
        """Receptors with each tier of docking after the first, as ``wt/2``."""
        later = range(2, self.docking.last_tier + 1)
        return [f"{name}/{tier}" for name in self.receptors for tier in later]

    @property
    def filtered(self) -> list[str]:
        """Receptors that filters on interactions are for."""
        must, must_not = self.ranking.interactions.filters
        return [
            name for name in self.receptors if any(each.is_for(name) for each in must + must_not)
        ]

    def pocket_of(self, receptor: str) -> Pocket:
        """Pocket of a receptor: its own, else the common one."""
        pocket = self.receptors[receptor].pocket or self.pocket
        if pocket is None:
            raise ConfigError(f"receptor {receptor} has no pocket: add a top-level pocket")
        return pocket

    def receptor_files(self, receptor: str) -> list[Path]:
        """Every file that a receptor and its pocket are made from."""
        of, pocket = self.receptors[receptor], self.pocket_of(receptor)
        like = pocket.like.files if pocket.like else []
        seeds = [of.seed_file, self.template_seed(receptor)]
        files = [of.structure, pocket.ligand, *like, of.pae, *seeds]
        for cofactor in of.cofactors:
            files += [cofactor.sdf, cofactor.ccd]
        return [file for file in files if file is not None]


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    """Find the class of the section at ``location``, else of the one that holds it."""
    model: type[BaseModel] = Settings
    is_name = False
    for part in location:
        field = None if is_name or isinstance(part, int) else model.model_fields.get(part)
        # after a dictionary comes a name of the user's, even if it reads like a key
        is_name = field is not None and get_origin(field.annotation) is dict
        if field is not None:
            model = next(iter(_models_in(field.annotation)), model)
    return model


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for arg in get_args(annotation) for model in _models_in(arg)]


def _near(word: str, valid: list[str]) -> str:
    """Give the word that may be meant; nothing where none is like it."""
    return next(iter(closest(word, valid)), "")


def _did_you_mean(word: str, valid: list[str]) -> str:
    near = _near(word, valid)
    return f"did you mean {near}?" if near else f"valid: {', '.join(sorted(valid))}"


def _shown(value: Any, location: Sequence[int | str], paths: Sequence[Path]) -> str:
    """Show a value as it stands in a config's files: NO, which YAML reads as false, as NO."""
    if value is None:
        return "nothing"
    is_plain = isinstance(value, bool | int | float | date)
    return written(paths, location, value) if is_plain else repr(value)


def _complaint(error: Any, paths: Sequence[Path]) -> str:
    """Say in the config's words, which stand in its files, what one of pydantic's errors means."""
    location, value = tuple(error["loc"]), error.get("input")
    shown = _shown(value, location, paths)
    message: str = error["msg"]
    match error["type"]:
        case "value_error":
            message = message.removeprefix("Value error, ")
        case "extra_forbidden":
            valid = list(_model_at(location[:-1]).model_fields)
            message = f"unknown key {location[-1]!r}; {_did_you_mean(str(location[-1]), valid)}"
        case "missing" if isinstance(location[-1], int):
            message = "a number is missing"
        case "missing":
            message = "this key is required"
        case "model_type" | "dict_type":
            valid = sorted(_model_at(location).model_fields)
            message = f"keys are expected here, not {shown}"
            message += f" (valid: {', '.join(valid)})" if error["type"] == "model_type" else ""
        case "list_type" | "tuple_type":
            message = f"write a list, [...], not {shown}"
        case "string_type" | "path_type" if isinstance(value, bool | int | float | date):
            message = f"text is expected; put {shown} in quotes"
        case "path_type":
            message = f"the name of a file or folder is expected, not {shown}"
        case "string_pattern_mismatch":
            key = next(part for part in reversed(location) if isinstance(part, str))
            field = _model_at(location).model_fields[key]
            message = f"{value!r} is not understood; {field.description}"
        case "literal_error" if isinstance(value, str):
            choices = error["ctx"]["expected"].replace("'", "")
            near = _near(value, re.split(", | or ", choices))
            message = f"{value!r} is no choice here; valid: {choices}"
            message += f"; did you mean {near}?" if near else ""
        case _ if not isinstance(value, dict | list):
            message += f" (value: {shown})"
    return message


def _explain(error: Any, paths: Sequence[Path]) -> str:
    location = error["loc"]
    # pydantic has a key in its own form: 0 for NO
    parts = location[:-2] if location[-1:] == ("[key]",) else location
    where = ".".join(map(str, parts)) or "config"
    return f"{where}: {_complaint(error, paths)}"


def parse_settings(
    config: dict[str, Any],
    folder: Path | None,
    paths: Sequence[Path] = (),
    *,
    must_exist: bool = True,
) -> Settings:
    """Check a config and return the settings.

    Parameters
    ----------
    config : dict
        The parsed YAML.
    folder : Path or None
        Folder that relative paths refer to; None leaves paths alone and unchecked.
    paths : sequence of Path
        Files that the config was read from, if any; errors show what stands in them.
    must_exist : bool
        Whether it is an error that an input file is not there.

    Raises
    ------
    ConfigError
        One line per mistake: where, what, and how to mend it.
    """
    try:
        context = {"folder": folder, "must_exist": must_exist}
        return Settings.model_validate(config, context=context)
    except ValidationError as error:
        lines = [_explain(each, paths) for each in error.errors(include_url=False)]
        raise ConfigError("the config is not valid:\n  " + "\n  ".join(lines)) from None


class _UniqueKeyLoader(PlainLoader):
    """Refuses a key given twice, of which YAML would silently keep the last."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key must be a word", problem_mark=key.start_mark
                )
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"key {key.value!r} is given twice", problem_mark=key.start_mark
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_config(path: Path) -> dict[str, Any]:
    """Read a config file, or one of several that make a config together.

    Raises
    ------
    ConfigError
        The file is missing, is not YAML, or has a key twice.
    """
    try:
        config = yaml.load(path.read_text(encoding="utf-8"), Loader=_UniqueKeyLoader)
    except FileNotFoundError:
        raise ConfigError(f"no config file {path}: give one with --configfile") from None
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"cannot read the config file {path}: {error}") from None
    except MisreadScalarError as error:
        raise ConfigError(f"{path}, {error}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {error}") from None
    if not isinstance(config, dict):
        raise ConfigError(f"{path} holds no keys: start from config/config.yaml")
    return config


def load_settings(*paths: Path) -> Settings:
    """Read and check a config file, or several of which the later change the earlier.

    Relative paths refer to the folder of the file that holds them.

    Raises
    ------
    ConfigError
        A file is missing, is not YAML, has a key twice, or the config breaks the model.
    """
    return merged_settings(paths, {})


def merged_settings(
    paths: Sequence[Path], overrides: Mapping[str, Any], *, must_exist: bool = True
) -> Settings:
    """Merge config files and Snakemake's ``--config`` as Snakemake does, and check the config.

    Parameters
    ----------
    paths : sequence of Path
        The files, the first one changed by the next; each file's relative paths refer to its
        own folder.
    overrides : mapping
        Keys that the command line gives; their relative paths refer to the working folder.
    must_exist : bool
        Whether it is an error that an input file is not there.

    Raises
    ------
    ConfigError
        A file is missing, is not YAML, has a key twice, or the config breaks the model.
    """
    config = config_from(*paths)
    config = _merged(config, locate(dict(overrides), Path.cwd(), WORKING_FOLDER))
    try:
        return parse_settings(config, Path.cwd(), paths, must_exist=must_exist)
    except ConfigError as error:
        raise ConfigError(f"{', '.join(map(str, paths))}: {error}") from None


def config_from(*paths: Path | str) -> dict[str, Any]:
    """Read config files, for the ``config`` of a Snakemake ``module``.

    Parameters
    ----------
    paths : Path or str
        The files, the first one changed by the next.

    Returns
    -------
    dict
        The keys; relative paths among them start from the folder of the file that holds them.

    Raises
    ------
    ConfigError
        A file is missing, is not YAML, or has a key twice.
    """
    config: dict[str, Any] = {}
    for path in map(Path, paths):
        try:
            given = locate(read_config(path), path.resolve().parent, "the config file")
        except RecursionError:
            raise ConfigError(f"{path}: what an anchor (&) names holds itself (*)") from None
        config = _merged(config, given)
    return config


def module_settings(
    name: str, config: Mapping[str, Any], results: str | None, *, must_exist: bool = True
) -> Settings:
    """Check the config that a Snakefile gives to a ``module``.

    Parameters
    ----------
    name : str
        The module's.
    config : mapping
        Its keys. Relative paths start from the working folder, unless :func:`config_from` read
        them from a file.
    results : str or None
        Results folder that the module names by its pathvars; else that of the config counts.
    must_exist : bool
        Whether it is an error that an input file is not there.

    Raises
    ------
    ConfigError
        There are no keys, or they break the model.
    """
    given = {key: value for key, value in config.items() if key != "pathvars"}
    if not given:
        raise ConfigError(
            f'module {name} has no config: write config: config["{name}"], with the keys of a '
            "screen (config/README.md), or config: config_from(...) (docs/module.md)"
        )
    if results is not None:
        given["results"] = results
    try:
        located = locate(given, Path.cwd(), WORKING_FOLDER)
        return parse_settings(located, Path.cwd(), must_exist=must_exist)
    except ConfigError as error:
        raise ConfigError(f"module {name}: {error}") from None


def _merged(config: Any, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Config with changes: sections are merged key by key, all else is replaced."""
    merged = dict(config) if isinstance(config, Mapping) else {}
    for key, value in changes.items():
        merged[key] = _merged(merged.get(key), value) if isinstance(value, Mapping) else value
    return merged
