"""The settings model: every config key, its unit, its range and its default.

The annotated ``config/config.yaml``, the JSON schema and ``config/README.md`` are
generated from this module (:mod:`screenmm.settings_docs`); a test fails on drift.
"""

from __future__ import annotations

import difflib
import re
from pathlib import Path
from typing import Annotated, Any, Literal, get_args

import yaml
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    model_validator,
)

from screenmm.errors import ConfigError

LIBRARY_SUFFIXES = (
    ".smi", ".smi.gz", ".csv", ".csv.gz", ".tsv", ".tsv.gz", ".sdf", ".sdf.gz", ".parquet",
)  # fmt: skip
STRUCTURE_SUFFIXES = (".pdb", ".pdb.gz", ".ent", ".ent.gz", ".cif", ".cif.gz")
LIGAND_SUFFIXES = (".sdf", ".sdf.gz", ".mol", ".mol2", ".pdb")

MUTATION = re.compile(r"(?:(?P<chain>\w+):)?(?P<old>[A-Z])(?P<number>\d+)(?P<new>[A-Z])")


def _existing_file(path: Path, info: ValidationInfo) -> Path:
    """Make a path absolute, relative to the config file, and check that it is a file."""
    folder = (info.context or {}).get("folder")
    if folder is None:
        return path
    path = (folder / path.expanduser()).resolve()
    if not path.is_file():
        near = difflib.get_close_matches(
            path.name, [p.name for p in path.parent.iterdir()] if path.parent.is_dir() else [], n=1
        )
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"no file {path} (paths are relative to the config file){hint}")
    return path


def _with_suffix(*suffixes: str) -> AfterValidator:
    def check(path: Path) -> Path:
        if not path.name.lower().endswith(suffixes):
            raise ValueError(f"{path.name}: the name must end in one of {', '.join(suffixes)}")
        return path

    return AfterValidator(check)


InputFile = Annotated[Path, AfterValidator(_existing_file)]
LibraryPath = Annotated[InputFile, _with_suffix(*LIBRARY_SUFFIXES)]
StructurePath = Annotated[InputFile, _with_suffix(*STRUCTURE_SUFFIXES)]
LigandPath = Annotated[InputFile, _with_suffix(*LIGAND_SUFFIXES)]
Triple = tuple[float, float, float]


class Section(BaseModel):
    """Base of every section: unknown keys are errors, defaults are checked too."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class LibraryFile(Section):
    """One library file; a bare path in the config stands for ``{path: ...}``."""

    path: LibraryPath = Field(description="The file.")
    label: Literal[0, 1] | None = Field(
        None, description="Activity label of every record in the file: 1 active, 0 inactive."
    )


def _as_library_file(value: Any) -> Any:
    return {"path": value} if isinstance(value, str | Path) else value


class Library(Section):
    """The molecules to screen."""

    files: Annotated[
        list[Annotated[LibraryFile, BeforeValidator(_as_library_file)]], Field(min_length=1)
    ] = Field(
        description="Library files (.smi .csv .tsv .sdf, each also .gz, and .parquet). An entry "
        "is a path or {path: decoys.smi, label: 0}.",
    )
    smiles_column: str = Field("smiles", description="Column of the SMILES in tables.")
    id_column: str | None = Field(
        None,
        description="Column of the names in tables, or SDF tag; null: the first of "
        "name, id, title, compound_id that exists, and the title line of an SDF.",
    )
    label_column: str | None = Field(
        None, description="Column or SDF tag with activity labels (1/0), for the controls."
    )
    affinity_column: str | None = Field(
        None, description="Column or SDF tag with measured affinity in kcal/mol, for the controls."
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

    min: float | None = Field(None, description="Smallest value kept.")
    max: float | None = Field(None, description="Largest value kept.")

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min {self.min} exceeds max {self.max}: swap them")
        return self


class Filters(Section):
    """Optional property and alert filters, all off by default."""

    molecular_weight: Range | None = Field(None, description="Molecular weight, g/mol.")
    logp: Range | None = Field(None, description="Crippen logP.")
    tpsa: Range | None = Field(None, description="Topological polar surface area, Å².")
    hbond_donors: Range | None = Field(None, description="Hydrogen-bond donors (Lipinski).")
    hbond_acceptors: Range | None = Field(None, description="Hydrogen-bond acceptors (Lipinski).")
    rotatable_bonds: Range | None = Field(None, description="Rotatable bonds.")
    heavy_atoms: Range | None = Field(None, description="Heavy atoms.")
    formal_charge: Range | None = Field(None, description="Net formal charge of the neutral form.")
    alerts: list[Literal["PAINS", "BRENK", "NIH", "ZINC"]] = Field(
        [], description="RDKit filter catalogues; a molecule that matches an alert is filtered."
    )


class Ligands(Section):
    """Standardisation, states and conformers."""

    ph_min: float = Field(7.4, ge=0, le=14, description="Lower end of the pH range of protomers.")
    ph_max: float = Field(7.4, ge=0, le=14, description="Upper end of the pH range of protomers.")
    tautomers: bool = Field(True, description="Enumerate tautomers beside protomers.")
    max_stereoisomers: int = Field(
        4, ge=1, le=64, description="Most stereoisomers made from undefined stereocentres."
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
    filters: Filters = Field(Filters(), description="Property and alert filters.")  # type: ignore[call-arg]

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
        pattern=r"^(\w+:)?\w{1,5}(:-?\d+)?$",
        description="Residue in the structure: NAD, A:NAD or A:NAD:301; null: the pose of the "
        "SDF is added as it is.",
    )
    smiles: str | None = Field(None, description="SMILES with the bond orders and charges.")
    sdf: LigandPath | None = Field(None, description="File with the bond orders (and the pose).")
    ccd: InputFile | None = Field(
        None, description="Component definition of the wwPDB dictionary (.cif)."
    )

    @model_validator(mode="after")
    def _one_source(self) -> Cofactor:
        given = [key for key in ("smiles", "sdf", "ccd") if getattr(self, key) is not None]
        if len(given) != 1:
            raise ValueError(
                f"a cofactor takes exactly one of smiles, sdf, ccd; given: {', '.join(given) or 'none'}"
            )
        if self.residue is None and self.sdf is None:
            raise ValueError("a cofactor without residue needs sdf, whose pose is then added")
        return self


class Pocket(Section):
    """Where to dock: exactly one of ligand, ligand_residue, residues, center, auto."""

    ligand: LigandPath | None = Field(
        None, description="Ligand file in the receptor's frame; the box is its extent + padding."
    )
    ligand_residue: str | None = Field(
        None,
        pattern=r"^(\w+:)?\w{1,5}(:-?\d+)?$",
        description="Ligand in the structure: STI, A:STI or A:STI:201. It is taken out.",
    )
    residues: list[str] | None = Field(
        None, min_length=1, description="Residues that line the pocket, as A:315 or 315."
    )
    center: Triple | None = Field(None, description="Centre of the box, Å.")
    size: Triple | None = Field(None, description="Edges of the box, Å; only with center.")
    auto: bool = Field(
        False, description="Take the one drug-like ligand found in the structure."
    )
    padding_angstrom: float = Field(
        4.0,
        ge=0,
        le=20,
        description="Added on each side of the ligand's or residues' extent, Å.",
    )
    min_size_angstrom: float = Field(
        18.0, ge=4, le=60, description="Smallest edge of a box made from a ligand or residues, Å."
    )

    @model_validator(mode="before")
    @classmethod
    def _auto_word(cls, value: Any) -> Any:
        return {"auto": True} if value == "auto" else value

    @model_validator(mode="after")
    def _one_way(self) -> Pocket:
        ways = {
            "ligand": self.ligand is not None,
            "ligand_residue": self.ligand_residue is not None,
            "residues": self.residues is not None,
            "center": self.center is not None,
            "auto": self.auto,
        }
        given = [way for way, is_given in ways.items() if is_given]
        if len(given) != 1:
            raise ValueError(
                f"a pocket takes exactly one of {', '.join(ways)}; given: {', '.join(given) or 'none'}"
            )
        if (self.center is None) != (self.size is None):
            raise ValueError("center and size go together: give both, in Å")
        if self.size is not None and not all(4 <= edge <= 60 for edge in self.size):
            raise ValueError(f"size {self.size}: each edge must lie between 4 and 60 Å")
        return self


class Receptor(Section):
    """One receptor: one structure of one variant."""

    structure: StructurePath = Field(
        description="Structure (.pdb, .cif, plain or .gz), prepared or as deposited."
    )
    chains: list[str] | None = Field(
        None, min_length=1, description="Chains to keep (author names); null: all."
    )
    keep_waters: Literal["none", "pocket", "all"] = Field(
        "none", description="Waters kept: none, those within 5 Å of the reference ligand "
        "or the pocket's residues, or all."
    )
    cofactors: list[Cofactor] = Field([], description="Organic cofactors that stay in the site.")
    remove: list[str] = Field(
        [], description="Residue names to take out (beyond crystallisation additives)."
    )
    ph: float = Field(7.4, ge=0, le=14, description="pH of the protonation (PROPKA).")
    mutations: list[str] = Field([], description="Point mutations, as T315I or A:T315I.")
    max_missing_loop: int = Field(
        8,
        ge=0,
        le=30,
        description="Longest missing loop (residues) that is built; longer gaps are capped "
        "and reported.",
    )
    pocket: Pocket | None = Field(
        None, description="This receptor's own pocket; null: the common one."
    )

    @model_validator(mode="after")
    def _mutations_readable(self) -> Receptor:
        for mutation in self.mutations:
            if not MUTATION.fullmatch(mutation):
                raise ValueError(f"mutation {mutation!r}: write it as T315I or A:T315I")
        return self


DockingEngine = Literal["rustina", "vina", "template", "given"]


class Docking(Section):
    """Docking of every state into every receptor."""

    engine: DockingEngine = Field(
        "rustina",
        description="rustina (QuickVina2-style search with GNINA CNN), vina, or given (the "
        "library's SDF carries the poses). template is reserved.",
    )
    poses: int = Field(9, ge=1, le=20, description="Poses kept per state.")
    exhaustiveness: int = Field(
        8, ge=1, le=256, description="Search runs of vina; rustina has its own fixed budget."
    )
    device: Literal["auto", "cpu", "gpu"] = Field(
        "auto",
        description="Device of rustina's search. auto takes a hardware GPU where Vulkan shows "
        "one and never a software adapter; gpu takes whatever adapter there is.",
    )
    time_limit_s: float = Field(600, gt=0, description="Time limit per ligand, seconds.")

    @model_validator(mode="after")
    def _available(self) -> Docking:
        if self.engine == "template":
            raise ValueError("engine template is not available in this version: use rustina, vina or given")
        return self


Platform = Literal["auto", "CUDA", "HIP", "OpenCL", "CPU", "Reference"]


class Scoring(Section):
    """OpenMM minimisation and MM/GBSA."""

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
        100, ge=1, le=100_000, description="Most L-BFGS iterations of the minimisation."
    )
    tolerance_kcal_mol_angstrom: float = Field(
        0.5, gt=0, le=100, description="RMS force at which the minimisation ends, kcal/mol/Å."
    )
    solute_dielectric: float = Field(
        1.0, ge=1, le=20, description="Interior dielectric of Coulomb and GB terms."
    )
    solvent_dielectric: float = Field(78.5, ge=1, le=200, description="Solvent dielectric.")
    time_limit_s: float = Field(300, gt=0, description="Time limit per ligand, seconds.")

    @model_validator(mode="after")
    def _radii_ordered(self) -> Scoring:
        if self.flexible_radius_angstrom > self.pocket_radius_angstrom:
            raise ValueError(
                f"flexible_radius_angstrom {self.flexible_radius_angstrom} exceeds "
                f"pocket_radius_angstrom {self.pocket_radius_angstrom}: lower it"
            )
        return self


class Ranking(Section):
    """Ranking and its outputs."""

    complexes: int = Field(
        20, ge=0, le=10_000, description="Top hits per receptor whose complex is written."
    )
    table_rows: int = Field(
        200, ge=1, le=10_000, description="Rows per receptor in the report's table."
    )


def _receptor_names(receptors: dict[str, Receptor]) -> dict[str, Receptor]:
    for name in receptors:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", name):
            raise ValueError(f"receptor name {name!r}: use letters, digits, - and _ only")
    return receptors


class Settings(Section):
    """A whole screen."""

    name: str = Field(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$", description="Name of the screen."
    )
    results: Path = Field(
        description="Folder of the results; relative to the folder snakemake runs in."
    )
    seed: int = Field(1, ge=1, description="Seed of the run; each computation's own seed derives "
                      "from it and from the molecule's key.")  # fmt: skip
    library: Library
    receptors: Annotated[dict[str, Receptor], Field(min_length=1), AfterValidator(_receptor_names)]
    pocket: Pocket | None = Field(None, description="The pocket common to all receptors.")
    ligands: Ligands = Ligands()  # type: ignore[call-arg]
    docking: Docking = Docking()  # type: ignore[call-arg]
    scoring: Scoring = Scoring()  # type: ignore[call-arg]
    ranking: Ranking = Ranking()  # type: ignore[call-arg]

    @model_validator(mode="after")
    def _cross_checks(self) -> Settings:
        for name, receptor in self.receptors.items():
            if receptor.pocket is None and self.pocket is None:
                raise ValueError(
                    f"receptor {name} has no pocket: add a top-level pocket, for example "
                    "pocket: {ligand: crystal_ligand.sdf}"
                )
        if self.docking.engine == "given":
            for file in self.library.files:
                if ".sdf" not in file.path.name.lower():
                    raise ValueError(
                        f"engine given takes its poses from the library, but {file.path.name} is no "
                        "SDF: give posed SDF files, or choose engine rustina or vina"
                    )
        if self.scoring.poses > self.docking.poses and self.docking.engine != "given":
            raise ValueError(
                f"scoring.poses {self.scoring.poses} exceeds docking.poses {self.docking.poses}: "
                "raise docking.poses or lower scoring.poses"
            )
        return self

    def pocket_of(self, receptor: str) -> Pocket:
        """Pocket of a receptor: its own, else the common one."""
        pocket = self.receptors[receptor].pocket or self.pocket
        if pocket is None:
            raise ConfigError(f"receptor {receptor} has no pocket: add a top-level pocket")
        return pocket


def _model_at(location: tuple[int | str, ...]) -> type[BaseModel]:
    """Settings class that holds the key at the end of ``location``."""
    model: type[BaseModel] = Settings
    for part in location[:-1]:
        if isinstance(part, str) and part in model.model_fields:
            inner = _models_in(model.model_fields[part].annotation)
            model = inner[0] if inner else model
    return model


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [model for arg in get_args(annotation) for model in _models_in(arg)]


def _explain(error: Any) -> str:
    location = tuple(error["loc"])
    where = ".".join(str(part) for part in location) or "config"
    if error["type"] == "extra_forbidden":
        valid = list(_model_at(location).model_fields)
        near = difflib.get_close_matches(str(location[-1]), valid, n=1, cutoff=0.5)
        hint = f"did you mean {near[0]}?" if near else f"valid keys: {', '.join(sorted(valid))}"
        return f"{where}: unknown key {location[-1]!r}; {hint}"
    if error["type"] == "missing":
        return f"{where}: this key is required"
    message = error["msg"].removeprefix("Value error, ")
    value = error.get("input")
    shown = f" (value: {value!r})" if not isinstance(value, dict | list | BaseModel) else ""
    return f"{where}: {message}{shown}"


def parse_settings(config: dict[str, Any], folder: Path | None) -> Settings:
    """Check a config and return the settings.

    Parameters
    ----------
    config : dict
        The parsed YAML.
    folder : Path or None
        Folder that relative paths refer to; None leaves paths alone and unchecked.

    Raises
    ------
    ConfigError
        One line per mistake: where, what, and how to mend it.
    """
    try:
        return Settings.model_validate(config, context={"folder": folder})
    except ValidationError as error:
        lines = [_explain(each) for each in error.errors(include_url=False)]
        raise ConfigError("the config is not valid:\n  " + "\n  ".join(lines)) from None


def load_settings(path: Path) -> Settings:
    """Read and check a config file; its relative paths refer to its own folder.

    Raises
    ------
    ConfigError
        The file is missing, is not YAML, or breaks the model.
    """
    try:
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"no config file {path}: give one with --configfile") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path} is not YAML: {error}") from None
    if not isinstance(config, dict):
        raise ConfigError(f"{path} holds no keys: start from config/config.yaml")
    try:
        return parse_settings(config, path.resolve().parent)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
