"""Agreement of two preparers and accuracy against experiment, and what they choose.

A score is judged from both sides: how well one ligand's ΔG from one preparer tells that from
the other (Pearson; rms of the difference after the mean is taken off, for a shift of a whole
series changes no rank), and how well each orders the measured affinities.
"""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from protocols import JACS, SOLVENT_DIELECTRIC
from scipy.special import logsumexp
from scipy.stats import kendalltau, pearsonr, spearmanr
from screens import rows_of

from robust.conformers import free_energies
from robust.protocol import PROTOCOLS, Protocol, Weights
from robust.run import KEY
from robust.series import PREPARERS

RT = 0.592
"""kcal/mol at 298 K."""

Table = dict[str, np.ndarray]
"""Columns of terms; ``ligand`` and ``sample`` beside them."""

GRID = {
    "gb": ("obc2", "gbn2"),
    "dielectric": (1.0, 1.5, 2.0, 3.0, 4.0),
    "vdw": (1.0, 0.8),
}
STRAINS: tuple[dict[str, object], ...] = (
    {},
    {"strain_weight": 0.5},
    {"strain_weight": 0.25},
    {"strain_cap": 2.0},
    {"strain_cap": 3.0},
    {"strain_cap": 5.0},
    {"strain": "lowest"},
    {"strain": "lowest", "strain_weight": 0.5},
    {"strain": "lowest", "strain_weight": 0.25},
    {"strain": "lowest", "strain_cap": 5.0},
    {"strain": "none"},
)
AVERAGES = ("first", "mean", "best", "boltzmann")


def grid(protocol: Protocol) -> list[Weights]:
    """All weightings that are tried with a protocol."""
    averages = AVERAGES if protocol.receptors else AVERAGES[:1]
    return [
        Weights(gb=gb, dielectric=dielectric, vdw=vdw, over=over, **strain)  # type: ignore[arg-type]
        for gb, dielectric, vdw in itertools.product(*GRID.values())
        for strain in STRAINS
        for over in averages
    ]


# --- from terms to scores ------------------------------------------------------------------


def load(work: Path, protocol: Protocol) -> dict[tuple[str, str], Table]:
    """Terms of each series and preparer; what failed has NaN."""
    groups: dict[tuple[str, str], list[dict[str, str]]] = {}
    for row in stored_rows(work, protocol):
        groups.setdefault((row["series"], row["preparer"]), []).append(row)
    return {key: columns(rows) for key, rows in groups.items()}


def stored_rows(work: Path, protocol: Protocol) -> list[dict[str, str]]:
    """A protocol's rows; with perturbed receptors those of the given receptor too."""
    path = work / f"terms/{protocol.name}.csv"
    rows = rows_of(path) if path.exists() else []
    if protocol.receptors and rows:
        known = {tuple(row[name] for name in KEY[:3]) for row in rows}
        given = rows_of(work / f"terms/{PROTOCOLS[0].name}.csv")
        rows += [row for row in given if tuple(row[name] for name in KEY[:3]) in known]
    return rows


def columns(rows: list[dict[str, str]]) -> Table:
    rows = sorted(rows, key=lambda row: (row["ligand"], int(row["sample"])))
    names = [name for name in rows[0] if name not in ("series", "preparer", "ligand", "failure")]
    return {"ligand": np.array([row["ligand"] for row in rows])} | {
        name: np.array([float(row[name] or "nan") for row in rows]) for name in names
    }


def electrostatics(table: Table, prefix: str, weights: Weights) -> np.ndarray:
    """Coulomb, polar and apolar terms at a dielectric, kcal/mol."""
    suffix = "2" if weights.gb == "gbn2" else ""
    polar = 1.0 / weights.dielectric - 1.0 / SOLVENT_DIELECTRIC
    return np.asarray(
        table[f"{prefix}coulomb"] / weights.dielectric
        + polar * table[f"{prefix}gb{suffix}"]
        + table[f"{prefix}sa{suffix}"]
    )


def internal(table: Table, prefix: str, weights: Weights) -> np.ndarray:
    """A ligand's own energy, kcal/mol."""
    bonded = table[f"{prefix}bonded"] + table[f"{prefix}vdw"]
    return np.asarray(bonded + electrostatics(table, prefix, weights))


def strain(table: Table, weights: Weights, free: dict[str, Table] | None) -> np.ndarray:
    """Weighted and capped, kcal/mol.

    Parameters
    ----------
    free : dict or None
        Terms of each ligand's conformers, which ``lowest`` needs: NaN for a ligand without.
    """
    if weights.strain == "none":
        return np.zeros(len(table["ligand"]))
    reference = internal(table, "nearest_", weights)
    if weights.strain == "lowest":
        assert free is not None
        lowest = {name: np.nanmin(internal(each, "", weights)) for name, each in free.items()}
        known = [lowest.get(str(name), math.nan) for name in table["ligand"]]
        reference = np.minimum(reference, known)
    value = weights.strain_weight * (internal(table, "bound_", weights) - reference)
    return np.minimum(value, weights.strain_cap)


def parts(table: Table, weights: Weights, free: dict[str, Table] | None) -> Table:
    """Terms of the score, kcal/mol, each of all samples."""
    polar = 1.0 / weights.dielectric - 1.0 / SOLVENT_DIELECTRIC
    suffix = "2" if weights.gb == "gbn2" else ""
    return {
        "vdw": weights.vdw * table["vdw"],
        "coulomb": table["coulomb"] / weights.dielectric,
        "gb": polar * table[f"gb{suffix}"],
        "sa": table[f"sa{suffix}"],
        "strain": strain(table, weights, free),
    }


def scores(table: Table, weights: Weights, free: dict[str, Table] | None) -> dict[str, float]:
    """Score of each ligand, kcal/mol; NaN where its poses failed."""
    total = sum(parts(table, weights, free).values())
    found = {}
    for name in dict.fromkeys(table["ligand"]):
        own = table["ligand"] == name
        found[str(name)] = average(
            np.asarray(total)[own][np.argsort(table["sample"][own])], weights
        )
    return found


def average(values: np.ndarray, weights: Weights) -> float:
    """One score of several receptors'."""
    if weights.over == "first":
        return float(values[0])
    values = values[np.isfinite(values)]
    if not values.size:
        return math.nan
    if weights.over == "mean":
        return float(values.mean())
    if weights.over == "best":
        return float(values.min())
    return float(-RT * (logsumexp(-values / RT) - np.log(len(values))))


# --- judging -------------------------------------------------------------------------------


@dataclass(frozen=True)
class Judged:
    """A series scored from two preparers.

    Parameters
    ----------
    ligands : int
        Scored with both.
    lost : int
        Scored with one or none.
    pearson, rms, shift : float
        Of the two preparers' scores: correlation, rms of the difference less its mean, and
        that mean, kcal/mol.
    beyond_size : float
        Correlation of what heavy-atom count does not explain: a score that is size alone
        agrees perfectly.
    rho, tau : tuple of float
        Spearman and Kendall against experiment, of each preparer.
    """

    ligands: int
    lost: int
    pearson: float
    rms: float
    shift: float
    beyond_size: float
    rho: tuple[float, ...]
    tau: tuple[float, ...]


def judge(
    by_preparer: list[dict[str, float]], measured: dict[str, float], sizes: dict[str, float]
) -> Judged:
    """Judge a series' scores on the ligands that both preparers have."""
    names = sorted(set(by_preparer[0]) & set(by_preparer[1]))
    values = np.array([[each[name] for name in names] for each in by_preparer])
    both = np.isfinite(values).all(axis=0)
    first, second = values[:, both]
    known = np.array([measured[name] for name in names])[both]
    difference = second - first
    return Judged(
        ligands=int(both.sum()),
        lost=int((~both).sum()),
        pearson=float(pearsonr(first, second)[0]),
        rms=float(difference.std()),
        shift=float(difference.mean()),
        beyond_size=partial(first, second, np.array([sizes[name] for name in names])[both]),
        rho=tuple(float(spearmanr(each, known)[0]) for each in (first, second)),
        tau=tuple(float(kendalltau(each, known)[0]) for each in (first, second)),
    )


def partial(first: np.ndarray, second: np.ndarray, size: np.ndarray) -> float:
    """Pearson of what a line through the size leaves of both."""
    left = [each - np.polyval(np.polyfit(size, each, 1), size) for each in (first, second)]
    return float(pearsonr(*left)[0])


@dataclass(frozen=True)
class Candidate:
    """A protocol with weights, judged on the named ligands of all series."""

    protocol: Protocol
    weights: Weights
    names: dict[str, set[str]]
    series: dict[str, Judged]

    @property
    def agreement(self) -> np.ndarray:
        return np.array([each.pearson for each in self.series.values()])

    @property
    def accuracy(self) -> np.ndarray:
        """Mean Spearman of the two preparers, of each series."""
        return np.array([np.mean(each.rho) for each in self.series.values()])

    @property
    def changes(self) -> int:
        default = Weights()
        names = Weights.__dataclass_fields__
        changed = sum(getattr(self.weights, n) != getattr(default, n) for n in names)
        return changed + (self.protocol.name != PROTOCOLS[0].name)


def candidates(
    work: Path, protocols: list[Protocol], names: dict[str, set[str]]
) -> list[Candidate]:
    """Protocols that have all of the named ligands, with every weighting."""
    free = {series: free_energies(work, series) for series in JACS}
    found = []
    for protocol in protocols:
        tables = load(work, protocol)
        if not is_complete(tables, protocol, names):
            continue
        for weights in grid(protocol):
            if weights.strain == "lowest" and any(names[s] - free[s].keys() for s in JACS):
                continue
            judged = {
                series: judge(
                    [
                        only(scores(tables[series, p], weights, free[series]), names[series])
                        for p in PREPARERS
                    ],
                    known_of(tables[series, PREPARERS[0]], "measured"),
                    known_of(tables[series, PREPARERS[0]], "heavy_atoms"),
                )
                for series in JACS
            }
            found.append(Candidate(protocol, weights, names, judged))
    return found


def is_complete(
    tables: dict[tuple[str, str], Table], protocol: Protocol, names: dict[str, set[str]]
) -> bool:
    """Whether every named ligand has all its rows, failures among them."""
    return all(
        (s, p) in tables
        and all(
            (tables[s, p]["ligand"] == name).sum() == protocol.receptors + 1 for name in names[s]
        )
        for s in JACS
        for p in PREPARERS
    )


def only(values: dict[str, float], names: set[str]) -> dict[str, float]:
    return {name: value for name, value in values.items() if name in names}


def known_of(table: Table, column: str) -> dict[str, float]:
    """What is known of each ligand."""
    return dict(zip(table["ligand"].tolist(), table[column].tolist(), strict=True))


def label(weights: Weights) -> str:
    default = Weights()
    changed = [
        f"{name} {value:g}" if isinstance(value, float) else f"{name} {value}"
        for name in Weights.__dataclass_fields__
        if (value := getattr(weights, name)) != getattr(default, name)
    ]
    return ", ".join(changed) or "default"
