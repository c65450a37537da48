"""Whether a file holds a predicted model, and its pLDDT; a crystal's B factors are never that."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from itertools import groupby

import gemmi
import numpy as np
from scipy.spatial import cKDTree

from screenmm.core.errors import ReceptorError
from screenmm.receptor.records import Record, is_mmcif, mmcif_block, plain_lines
from screenmm.residues.synonyms import AMINO_ACIDS

PREDICTORS = re.compile(
    r"\b(?:alphafold|esmfold|esm-?fold|colabfold|openfold|omegafold|rosettafold|boltz|chai|protenix"
    r"|helixfold)(?:[-_ ]?\d+)?\b",
    re.IGNORECASE,
)
_HEADER = ("HEADER", "TITLE", "COMPND", "KEYWDS", "EXPDTA")
_HEADER_TAGS = ("_struct.title", "_struct.pdbx_descriptor", "_entry.id")
_REMARK_TAGS = ("_software.name", "_citation.title")
_RESOLUTION = re.compile(r"REMARK   2 RESOLUTION\.\s+(\d+\.\d+) ANGSTROMS")
_EXPERIMENT = re.compile(
    r"DIFFRACTION|CRYSTALLOGRAPHY|MICROSCOPY|NMR|EPR|SCATTERING|TRANSFER|INFRARED"
)
THEORETICAL = "THEORETICAL MODEL"
LEAST_CELL = 2.0  # Å, a unit cell of 1 × 1 × 1 Å says that there is none
SAME = 0.02  # B factors of one residue that differ by less are one value
FEWEST = 20  # residues from which B factors can be told to be pLDDT
BEST = 70.0  # every model that is worth a file has a residue as sure as that
CONTACTS = 10.0  # Å between CA atoms
RISES = 0.2  # rank correlation of pLDDT with contacts; B factors have one below zero
BACKBONE = {"N", "CA", "C"}
_PLDDT_TYPES = ("plddt", "plddt in [0,1]", "plddt all-atom", "plddt all-atom in [0,1]")


@dataclass(frozen=True)
class Origin:
    """Where a structure comes from.

    Attributes
    ----------
    is_model : bool
        Whether it is predicted.
    why : str
        What says so.
    plddt : dict of int to float
        pLDDT, 0 to 100, by atom record (:attr:`Record.index`); empty where it is not known.
    """

    is_model: bool
    why: str
    plddt: Mapping[int, float] = field(default_factory=dict)


def find_origin(text: str, name: str, records: list[Record], asked: bool | None = None) -> Origin:
    """Tell whether a structure is a predicted model, and read its pLDDT.

    What says that a structure was measured (EXPDTA or ``_exptl``, a unit cell, a resolution)
    outweighs all else but ``asked``. A remark that names a predictor is believed where the B
    factors can be pLDDT: it may name the model that a crystal was solved with.

    Parameters
    ----------
    text : str
        Of a PDB or mmCIF file.
    name : str
        Of the file, for messages.
    records : list of Record
        Its atoms.
    asked : bool, optional
        What the config says; None: find out.

    Raises
    ------
    ReceptorError
        Values of pLDDT in the file's own table are none.
    """
    if asked is False:
        return Origin(False, "the config says so")
    block = mmcif_block(text, name) if is_mmcif(text) else None
    measured = _measured_cif(block) if block is not None else _measured_pdb(plain_lines(text))
    if measured and asked is None:
        return Origin(False, measured)
    said = _said_cif(block) if block is not None else _said_pdb(plain_lines(text))
    remark = _remarked_cif(block) if block is not None else _remarked_pdb(plain_lines(text))
    if said.endswith(THEORETICAL):
        said = remark or said
    if block is not None and (own := _own_table(block, name, records)):
        return Origin(True, said, own)
    # a file that names another estimate, or a modeller of another kind, has no pLDDT to look for
    other = said.endswith(THEORETICAL) or (
        block is not None and _has_metrics(block) and not _plddt_metrics(block)
    )
    has_plddt = not other and _is_plddt(records)
    if not (asked or said or has_plddt):
        solved = f"{remark}, as crystals solved with a model do, and its B factors are no pLDDT"
        return Origin(False, solved if remark else "nothing says that it is a model")
    why = "the config says so" if asked else said or remark or (
        "each residue has one B factor, higher inside than outside, as pLDDT"
    )  # fmt: skip
    names_plddt = asked or PREDICTORS.search(said) or _declares_plddt(block) or has_plddt
    return Origin(True, why, _from_b_factors(records) if names_plddt else {})


# --- what says that it was measured ------------------------------------------------------


def _measured_pdb(lines: list[str]) -> str:
    for line in lines:
        if line.startswith("EXPDTA") and _EXPERIMENT.search(line.upper()):
            return f"EXPDTA {line[10:].strip()}"
        if found := _RESOLUTION.match(line):
            return f"resolution {found[1]} Å"
        if line.startswith("CRYST1") and _is_cell(line[6:15], line[15:24], line[24:33]):
            return f"unit cell {' '.join(line[6:33].split())} Å"
    return ""


def _is_cell(*edges: str) -> bool:
    try:
        return all(float(edge) >= LEAST_CELL for edge in edges)
    except ValueError:
        return False


def _measured_cif(block: gemmi.cif.Block) -> str:
    methods = [each for each in _values(block, "_exptl.method") if _EXPERIMENT.search(each.upper())]
    if methods:
        return f"_exptl.method {methods[0]}"
    for tag in ("_refine.ls_d_res_high", "_reflns.d_resolution_high",
                "_em_3d_reconstruction.resolution"):  # fmt: skip
        if found := _values(block, tag):
            return f"{tag} {found[0]} Å"
    edges = [value for axis in "abc" for value in _values(block, f"_cell.length_{axis}")]
    if len(edges) == 3 and _is_cell(*(edge.partition("(")[0] for edge in edges)):
        return f"unit cell {' '.join(edges)} Å"
    return ""


def _values(block: gemmi.cif.Block, tag: str) -> list[str]:
    """Values of a tag but those that are not given."""
    return [gemmi.cif.as_string(each) for each in block.find_values(tag) if each not in ".?"]


# --- what says that it was predicted -----------------------------------------------------


def _said_pdb(lines: list[str]) -> str:
    for line in lines:
        if line.startswith(_HEADER) and (found := PREDICTORS.search(line)):
            return f"{line[:6].strip()} names {found[0]}"
        if line.startswith("PARENT "):  # as OpenFold's writer, and those made from it, begin
            return "it begins as OpenFold's and ESMFold's files do, with PARENT"
    theoretical = any(each.startswith("EXPDTA") and THEORETICAL in each.upper() for each in lines)
    return f"EXPDTA {THEORETICAL}" if theoretical else ""


def _said_cif(block: gemmi.cif.Block) -> str:
    categories = sorted({tag for tag in block.get_mmcif_category_names() if tag.startswith("_ma_")})
    if categories:
        return f"ModelCIF, with {categories[0].rstrip('.')}"
    if named := _names(block, _HEADER_TAGS):
        return named
    theoretical = any(THEORETICAL in each.upper() for each in _values(block, "_exptl.method"))
    return f"_exptl.method {THEORETICAL}" if theoretical else ""


def _remarked_pdb(lines: list[str]) -> str:
    """Say what names a predictor where crystals name what solved them, too."""
    found = (PREDICTORS.search(line) for line in lines if line.startswith("REMARK"))
    return next((f"REMARK names {each[0]}" for each in found if each), "")


def _remarked_cif(block: gemmi.cif.Block) -> str:
    """As :func:`_remarked_pdb`."""
    return _names(block, _REMARK_TAGS)


def _names(block: gemmi.cif.Block, tags: Iterable[str]) -> str:
    for tag in tags:
        for value in _values(block, tag):
            if found := PREDICTORS.search(value):
                return f"{tag} names {found[0]}"
    return ""


# --- pLDDT -------------------------------------------------------------------------------


def _plddt_metrics(block: gemmi.cif.Block) -> set[str]:
    """Identifiers of the metrics that are pLDDT, by residue."""
    table = block.find("_ma_qa_metric.", ["id", "?mode", "?type", "?name"])
    found = set()
    for row in table:
        given = [gemmi.cif.as_string(row[i]) if row.has(i) else "" for i in range(4)]
        identifier, mode, kind, name = given
        is_plddt = kind.lower() in _PLDDT_TYPES or name.lower().startswith("plddt")
        if is_plddt and mode.lower() in ("", "local", "per-residue"):
            found.add(identifier)
    return found


def _declares_plddt(block: gemmi.cif.Block | None) -> bool:
    return block is not None and bool(_plddt_metrics(block))


def _own_table(block: gemmi.cif.Block, name: str, records: list[Record]) -> dict[int, float]:
    """Values of ``_ma_qa_metric_local`` by atom record; empty where it has none of pLDDT."""
    metrics = _plddt_metrics(block)
    if not metrics and _has_metrics(block):
        return {}
    table = block.find(
        "_ma_qa_metric_local.",
        ["label_asym_id", "label_seq_id", "metric_value", "?metric_id", "?model_id"],
    )
    by_residue: dict[tuple[str, str], float] = {}
    for row in table:
        asym, number, value, metric = (gemmi.cif.as_string(row[i]) if row.has(i) else "" for i in
                                       range(4))  # fmt: skip
        if row[2] in (".", "?") or (metrics and metric not in metrics):
            continue
        by_residue.setdefault((asym, number), _checked(value, f"residue {number} of {asym}", name))
    scaled = dict(zip(by_residue, as_percent(by_residue.values()), strict=True))
    return {
        each.index: scaled[each.part, str(each.sequence_index)]
        for each in records
        if (each.part, str(each.sequence_index)) in scaled
    }


def _checked(value: str, residue: str, name: str) -> float:
    """Read a pLDDT, on either scale."""
    try:
        plddt = float(value)
    except ValueError:
        plddt = math.nan
    if not 0 <= plddt <= 100:
        raise ReceptorError(
            f"{name}: _ma_qa_metric_local has {value!r} for {residue}, no pLDDT, which is 0 to 100 "
            "(or ? where it is not known): mend the file, or take the table out"
        )
    return plddt


def _has_metrics(block: gemmi.cif.Block) -> bool:
    return bool(block.find_values("_ma_qa_metric.id"))


def as_percent(values: Iterable[float]) -> list[float]:
    """Give pLDDT on the scale of 0 to 100, whichever of both it is on."""
    given = list(values)
    scale = 100.0 if given and max(given) <= 1 else 1.0
    return [scale * value for value in given]


def _from_b_factors(records: list[Record]) -> dict[int, float]:
    """B factors as pLDDT, if they are numbers; empty where all are alike or out of its range."""
    atoms = [each for each in _of_peptides(records) if math.isfinite(each.b_factor)]
    values = np.array([each.b_factor for each in atoms])
    if not len(values) or values.min() < 0 or values.max() > 100 or np.ptp(values) < SAME / 100:
        return {}
    return dict(zip((each.index for each in atoms), as_percent(values.tolist()), strict=True))


def _of_peptides(records: list[Record]) -> list[Record]:
    """Heavy atoms of standard amino acids, and of all else that has N, CA and C."""

    def place(record: Record) -> tuple[int, str, str, str, str]:
        return record.model, record.part, record.chain, record.place, record.residue

    names: dict[tuple[int, str, str, str, str], set[str]] = {}
    for each in records:
        names.setdefault(place(each), set()).add(each.name)
    return [
        each
        for each in records
        if each.is_heavy and (each.residue in AMINO_ACIDS or names[place(each)] >= BACKBONE)
    ]


def _is_plddt(records: list[Record]) -> bool:
    """Whether B factors can be nothing but pLDDT.

    They are one value a residue and rise with the contacts of its CA atom, where those of
    crystals fall; waters and alternate locations are none.
    """
    if any(each.residue == "HOH" or each.altloc for each in records):
        return False
    values = _from_b_factors([each for each in records if each.model == 0])
    if not values or max(values.values()) < BEST:
        return False
    kept = [each for each in records if each.index in values]
    residues = [list(run) for _, run in groupby(kept, lambda each: (each.chain, each.place))]
    own = [[values[each.index] for each in run] for run in residues]
    middle = [next((each.xyz for each in run if each.name == "CA"), None) for run in residues]
    if len(residues) < FEWEST or any(np.ptp(each) > SAME for each in own):
        return False
    means = np.array([np.mean(each) for each, xyz in zip(own, middle, strict=True) if xyz])
    tree = cKDTree(np.array([xyz for xyz in middle if xyz]).reshape(-1, 3))
    contacts = [len(each) for each in tree.query_ball_point(tree.data, CONTACTS)]
    from scipy.stats import spearmanr  # noqa: PLC0415  (heavy import)

    return bool(np.ptp(means) > 0 and spearmanr(means, contacts).statistic > RISES)
