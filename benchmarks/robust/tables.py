"""What the terms say: a row per protocol and weighting, the choice, and the terms themselves.

``robust_preparers.csv``  how far the two preparers' structures are apart
``robust_protocols.csv``  agreement and accuracy of each protocol and weighting
``robust_effects.csv``    other minimisations beside the base protocol, on the same ligands
``robust_terms.csv``      agreement of each term with the default weights
``robust_choice.csv``     leave one target out, by agreement, by accuracy and by both
``robust_template.csv``   fresh poses by template against given ones
``robust_intervals.csv``  whether the spread over perturbed receptors covers another preparer
``robust_ligands.csv``    every ligand's terms, per series, preparer, protocol and sample
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from protocols import DRAWS, JACS, SEED, spearman
from screens import RESULTS, rows_of, write_rows

from robust.compare import comparison_rows
from robust.conformers import free_energies
from robust.judge import (
    AVERAGES,
    Candidate,
    candidates,
    judge,
    known_of,
    label,
    load,
    only,
    parts,
    scores,
)
from robust.protocol import PROTOCOLS, Protocol, Weights
from robust.run import KEY, TEMPLATE
from robust.series import PREPARERS, ligands_of

REPORTED = (
    Weights(),
    Weights(strain_weight=0.5),
    Weights(dielectric=2.0, strain_weight=0.5),
    Weights(dielectric=2.0, strain_cap=2.0),
    Weights(dielectric=2.0, strain="none"),
    Weights(dielectric=4.0, strain="none"),
)
"""Weightings for which the smaller tables are made."""


def number(value: float) -> str:
    return f"{value:.2f}"


def protocol_rows(found: list[Candidate], which: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for each in found:
        judged = each.series
        rho = np.array([judged[s].rho for s in JACS])
        rows.append(
            {
                "ligands": which,
                "minimisation": each.protocol.name,
                "weights": label(each.weights),
                "scored": sum(judged[s].ligands for s in JACS),
                "lost": sum(judged[s].lost for s in JACS),
                "agreement_median": number(float(np.median(each.agreement))),
                "agreement_mean": number(float(each.agreement.mean())),
                "agreement_min": number(float(each.agreement.min())),
                "beyond_size_median": number(
                    float(np.median([judged[s].beyond_size for s in JACS]))
                ),
                "rms_median_kcal_mol": number(float(np.median([judged[s].rms for s in JACS]))),
                "spearman_mean": f"{rho.mean():.3f}",
                "spearman_min": number(float(rho.min())),
                **{
                    f"spearman_mean_{p}": f"{rho[:, i].mean():.3f}" for i, p in enumerate(PREPARERS)
                },
                "kendall_mean": f"{np.mean([judged[s].tau for s in JACS]):.3f}",
                **{f"agreement_{s}": number(judged[s].pearson) for s in JACS},
                **{f"rms_{s}": number(judged[s].rms) for s in JACS},
                **{
                    f"spearman_{p}_{s}": number(judged[s].rho[i])
                    for i, p in enumerate(PREPARERS)
                    for s in JACS
                },
            }
        )
    return rows


def size_row(work: Path, names: dict[str, set[str]], which: str) -> dict[str, object]:
    """Heavy-atom count as a score: it agrees with itself, and orders some series well."""
    rho = {}
    for series in JACS:
        own = [each.ligand for each in ligands_of(work, PREPARERS[0], series)]
        own = [each for each in own if each.name in names[series]]
        sizes = np.array([-each.heavy_atoms for each in own], dtype=float)
        rho[series] = float(spearman(sizes, np.array([each.measured for each in own]))[0])
    return {
        "ligands": which,
        "minimisation": "none",
        "weights": "heavy-atom count alone, larger better",
        "scored": sum(len(each) for each in names.values()),
        "agreement_median": "1.00",
        "spearman_mean": f"{np.mean(list(rho.values())):.3f}",
        "spearman_min": number(min(rho.values())),
        **{f"spearman_{p}_{s}": number(rho[s]) for p in PREPARERS for s in JACS},
    }


def term_rows(work: Path) -> list[dict[str, object]]:
    """Agreement of each term, default weights, on all ligands that both preparers have."""
    rows: list[dict[str, object]] = []
    for protocol in PROTOCOLS:
        tables = load(work, protocol)
        for series in JACS:
            if not all((series, p) in tables for p in PREPARERS):
                continue
            both = [tables[series, p] for p in PREPARERS]
            terms = [parts(table, Weights(), None) for table in both]
            for term in (*terms[0], "total"):
                values = [
                    {
                        str(name): float(value)
                        for name, sample, value in zip(
                            table["ligand"],
                            table["sample"],
                            sum(own.values()) if term == "total" else own[term],
                            strict=True,
                        )
                        if sample == 0
                    }
                    for table, own in zip(both, terms, strict=True)
                ]
                judged = judge(
                    values, known_of(both[0], "measured"), known_of(both[0], "heavy_atoms")
                )
                rows.append(
                    {
                        "minimisation": protocol.name,
                        "series": series,
                        "term": term,
                        "ligands": judged.ligands,
                        "pearson": number(judged.pearson),
                        "rms_kcal_mol": number(judged.rms),
                        "shift_kcal_mol": number(judged.shift),
                        **{f"spearman_{p}": number(judged.rho[i]) for i, p in enumerate(PREPARERS)},
                    }
                )
    return rows


# --- choosing ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Criterion:
    """What a protocol is chosen by.

    Parameters
    ----------
    name : str
    agreement, accuracy : float
        Weights of the mean Pearson between preparers and of the mean Spearman of both.
    one_error : bool
        The simplest protocol is taken whose mean is within one standard error of the best.
    least_agreement : float
        Only protocols are allowed whose median Pearson is this or more.
    """

    name: str
    agreement: float
    accuracy: float
    one_error: bool = False
    least_agreement: float = -1.0

    def values(self, found: list[Candidate]) -> np.ndarray:
        """Of each candidate and series."""
        return np.array(
            [self.agreement * each.agreement + self.accuracy * each.accuracy for each in found]
        )


CRITERIA = (
    Criterion("agreement and accuracy", 0.5, 0.5),
    Criterion("agreement and accuracy, simplest within one standard error", 0.5, 0.5, True),
    Criterion("accuracy, of those with a median agreement of 0.8", 0.0, 1.0, least_agreement=0.8),
    Criterion("accuracy", 0.0, 1.0),
    Criterion("agreement", 1.0, 0.0),
)


def choose(found: list[Candidate], how: Criterion, used: np.ndarray) -> int:
    """The best mean of the used series to two decimals; among equals the simplest."""
    values = how.values(found)[:, used]
    agreement = np.median([each.agreement[used] for each in found], axis=1)
    allowed = agreement >= min(how.least_agreement, agreement.max())
    mean = np.where(allowed, np.round(values.mean(axis=1), 2), -np.inf)
    changes = np.array([each.changes for each in found])
    if how.one_error:
        behind = values[np.argmax(mean)] - values
        error = behind.std(axis=1, ddof=1) / np.sqrt(used.sum())
        near = behind.mean(axis=1) <= error
        return int(np.lexsort((-mean, np.where(near, changes, np.inf)))[0])
    return int(np.lexsort((changes, -mean))[0])


def choice_rows(work: Path, found: list[Candidate], which: str) -> list[dict[str, object]]:
    """Leave one target out: what seven series choose, and how it does on the eighth."""
    default = next(e for e in found if e.protocol == PROTOCOLS[0] and e.weights == Weights())
    rows: list[dict[str, object]] = []
    for how in CRITERIA:
        picks = []
        for place, series in enumerate(JACS):
            chosen = found[choose(found, how, np.arange(len(JACS)) != place)]
            picks.append(chosen)
            rows.append(choice_row(which, how.name, series, chosen, default))
        everything = found[choose(found, how, np.ones(len(JACS), dtype=bool))]
        rows.append(
            mean_row(work, which, how.name, picks, default) | {"chosen": name_of(everything)}
        )
    fixed = [each for each in found if each.weights in REPORTED and each is not default]
    for each in fixed:
        row = mean_row(work, which, "none: the same for all", [each] * len(JACS), default)
        rows.append(row | {"chosen": name_of(each)})
    columns = {column: "" for row in rows for column in row}
    return [columns | row for row in rows]


def name_of(each: Candidate) -> str:
    return f"{each.protocol.name} | {label(each.weights)}"


def mean_row(
    work: Path, which: str, criterion: str, picks: list[Candidate], default: Candidate
) -> dict[str, object]:
    """What the picks of the eight series come to together, beside the default."""
    judged = [each.series[series] for each, series in zip(picks, JACS, strict=True)]
    agreement = np.array([each.pearson for each in judged])
    rho = np.array([each.rho for each in judged])
    return {
        "ligands": which,
        "criterion": criterion,
        "held_out": "mean of eight",
        "chosen": "",
        "agreement": number(float(agreement.mean())),
        "agreement_default": number(float(default.agreement.mean())),
        "spearman": f"{rho.mean():.3f}",
        "spearman_default": f"{default.accuracy.mean():.3f}",
        "agreement_median": number(float(np.median(agreement))),
        "agreement_median_default": number(float(np.median(default.agreement))),
        "spearman_lowest": number(float(rho.min())),
        **intervals(work, picks, default),
    }


def choice_row(
    which: str, criterion: str, series: str, chosen: Candidate, default: Candidate
) -> dict[str, object]:
    ours, theirs = chosen.series[series], default.series[series]
    return {
        "ligands": which,
        "criterion": criterion,
        "held_out": series,
        "chosen": name_of(chosen),
        "agreement": number(ours.pearson),
        "agreement_default": number(theirs.pearson),
        "spearman": number(float(np.mean(ours.rho))),
        "spearman_default": number(float(np.mean(theirs.rho))),
        **{f"spearman_{p}": number(ours.rho[i]) for i, p in enumerate(PREPARERS)},
        **{f"spearman_{p}_default": number(theirs.rho[i]) for i, p in enumerate(PREPARERS)},
    }


def intervals(work: Path, picks: list[Candidate], default: Candidate) -> dict[str, str]:
    """95 % intervals of the mean differences, ligands drawn anew in each series."""
    rng = np.random.default_rng(SEED)
    accuracy, agreement = [], []
    known = load(work, PROTOCOLS[0])
    for series, chosen in zip(JACS, picks, strict=True):
        sets = [values_of(work, each, series) for each in (chosen, default)]
        names = sorted(set.intersection(*(set(own) for both in sets for own in both)))
        measured = known_of(known[series, PREPARERS[0]], "measured")
        draws = rng.integers(0, len(names), (DRAWS, len(names)))
        truth = np.array([measured[name] for name in names])[draws]
        ours, theirs = (
            [np.array([own[name] for name in names])[draws] for own in both] for both in sets
        )
        accuracy += [
            spearman(one, truth) - spearman(other, truth)
            for one, other in zip(ours, theirs, strict=True)
        ]
        agreement.append(pearson(*ours) - pearson(*theirs))
    return {
        f"{name}_difference_{end}": f"{value:+.2f}"
        for name, drawn in (("agreement", agreement), ("spearman", accuracy))
        for end, value in zip(
            ("low", "high"), np.percentile(np.mean(drawn, axis=0), [2.5, 97.5]), strict=True
        )
    }


def pearson(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Pearson's r of each row."""
    a, b = (each - each.mean(axis=1, keepdims=True) for each in (first, second))
    return np.asarray((a * b).sum(axis=1) / np.sqrt((a**2).sum(axis=1) * (b**2).sum(axis=1)))


def values_of(work: Path, each: Candidate, series: str) -> list[dict[str, float]]:
    """Finite scores of a candidate in one series, of each preparer."""
    tables, free = load(work, each.protocol), free_energies(work, series)
    return [
        {
            name: value
            for name, value in scores(tables[series, p], each.weights, free).items()
            if name in each.names[series] and np.isfinite(value)
        }
        for p in PREPARERS
    ]


# --- other minimisations, on the ligands that they have -------------------------------------

FEWEST = 4
"""Ligands of a series below which it says nothing."""


def ready_of(work: Path, protocol: Protocol) -> dict[str, set[str]]:
    """Ligands of each series for which both preparers have all rows."""
    tables = load(work, protocol)
    found: dict[str, set[str]] = {}
    for series in JACS:
        both = [
            {
                str(name)
                for name in np.unique(tables[series, p]["ligand"])
                if (tables[series, p]["ligand"] == name).sum() == protocol.receptors + 1
            }
            for p in PREPARERS
            if (series, p) in tables
        ]
        if len(both) == len(PREPARERS) and len(both[0] & both[1]) >= FEWEST:
            found[series] = both[0] & both[1]
    return found


def effect_rows(work: Path) -> list[dict[str, object]]:
    """Each minimisation beside the base protocol, on the same ligands, with a few weightings."""
    rows: list[dict[str, object]] = []
    for protocol in PROTOCOLS[1:]:
        names = ready_of(work, protocol)
        averages = AVERAGES if protocol.receptors else AVERAGES[:1]
        for weights in REPORTED if names else ():
            base = effect_of(work, PROTOCOLS[0], weights, names)
            for over in averages:
                own = effect_of(work, protocol, replace(weights, over=over), names)
                rows.append(
                    {
                        "minimisation": protocol.name,
                        "weights": label(replace(weights, over=over)),
                        "series": len(names),
                        "ligands": sum(len(each) for each in names.values()),
                        **{
                            column: text
                            for name in own
                            for column, text in (
                                (name, number(own[name])),
                                (f"{name}_base", number(base[name])),
                            )
                        },
                    }
                )
    return rows


def effect_of(
    work: Path, protocol: Protocol, weights: Weights, names: dict[str, set[str]]
) -> dict[str, float]:
    """Means over series; ``pooled``: all ligands together, each series' mean taken off."""
    tables = load(work, protocol)
    judged, centred = [], []
    for series, own in names.items():
        both = [only(scores(tables[series, p], weights, None), own) for p in PREPARERS]
        known = [known_of(tables[series, PREPARERS[0]], c) for c in ("measured", "heavy_atoms")]
        judged.append(judge(both, *known))
        values = np.array([[each[name] for name in sorted(own)] for each in both])
        values = values[:, np.isfinite(values).all(axis=0)]
        centred.append(values - values.mean(axis=1, keepdims=True))
    pooled = np.concatenate(centred, axis=1)
    return {
        "lost": float(sum(each.lost for each in judged)),
        "agreement_mean": float(np.mean([each.pearson for each in judged])),
        "agreement_pooled": float(np.corrcoef(pooled)[0, 1]),
        "rms_median_kcal_mol": float(np.median([each.rms for each in judged])),
        "spearman_mean": float(np.mean([each.rho for each in judged])),
    }


# --- starts by template, and intervals -----------------------------------------------------


def template_rows(work: Path) -> list[dict[str, object]]:
    """Poses as given against fresh ones by template, in the same receptor."""
    rows: list[dict[str, object]] = []
    given = PREPARERS[0]
    for protocol in PROTOCOLS:
        tables = load(work, protocol)
        for series in JACS:
            if not all((series, p) in tables for p in (given, TEMPLATE)):
                continue
            pair = [tables[series, p] for p in (given, TEMPLATE)]
            known = [known_of(pair[0], column) for column in ("measured", "heavy_atoms")]
            rmsd = pair[1]["start_rmsd_angstrom"]
            for weights in REPORTED:
                judged = judge([scores(table, weights, None) for table in pair], *known)
                rows.append(
                    {
                        "minimisation": protocol.name,
                        "weights": label(weights),
                        "series": series,
                        "ligands": judged.ligands,
                        "lost": judged.lost,
                        "start_rmsd_median_angstrom": number(float(np.nanmedian(rmsd))),
                        "within_2_angstrom": int((rmsd <= 2.0).sum()),
                        "pearson": number(judged.pearson),
                        "rms_kcal_mol": number(judged.rms),
                        "spearman_given": number(judged.rho[0]),
                        "spearman_template": number(judged.rho[1]),
                    }
                )
    return rows


def interval_rows(work: Path) -> list[dict[str, object]]:
    """Does the spread over perturbed receptors cover what another preparer gives?

    Beside it the standard deviation, the same for all ligands, whose 95 % interval contains the
    other preparer's score of 90 % of them. The shift of the whole series is taken off.
    """
    rows: list[dict[str, object]] = []
    for protocol in PROTOCOLS:
        names = ready_of(work, protocol)
        for weights in REPORTED if names else ():
            pooled = []
            for series, own in names.items():
                tables = load(work, protocol)
                both = [spread_of(tables[series, p], weights, own) for p in PREPARERS]
                pooled.append(both)
                rows.append(interval_row(protocol, weights, series, [both]))
            rows.append(interval_row(protocol, weights, "all", pooled))
    return rows


Spread = dict[str, tuple[float, float]]
"""Mean and standard deviation of each ligand's scores, kcal/mol."""


def spread_of(table: dict[str, np.ndarray], weights: Weights, names: set[str]) -> Spread:
    """Over receptors; the standard deviation of one alone is NaN."""
    total = np.sum(list(parts(table, weights, None).values()), axis=0)
    found = {}
    for name in sorted(names):
        values = total[(table["ligand"] == name) & np.isfinite(total)]
        if len(values):
            sd = values.std(ddof=1) if len(values) > 1 else np.nan
            found[name] = (float(values.mean()), float(sd))
    return found


def interval_row(
    protocol: Protocol, weights: Weights, series: str, spreads: list[list[Spread]]
) -> dict[str, object]:
    """Of one series, or of several together.

    Parameters
    ----------
    spreads : list of [Spread, Spread]
        Each series' from both preparers.
    """
    apart, deviations = [], []
    for first, second in spreads:
        names = sorted(set(first) & set(second))
        difference = np.array([second[name][0] - first[name][0] for name in names])
        apart.append(difference - difference.mean())
        deviations.append(np.array([[own[name][1] for name in names] for own in (first, second)]))
    away, sd = np.abs(np.concatenate(apart)), np.concatenate(deviations, axis=1)
    known = bool(np.isfinite(sd).any())
    return {
        "minimisation": protocol.name,
        "weights": label(weights),
        "series": series,
        "ligands": len(away),
        "sd_median_kcal_mol": number(float(np.nanmedian(sd))) if known else "",
        "covered": number(float((away <= 1.96 * sd).mean())) if known else "",
        "sd_that_covers_90_percent_kcal_mol": number(float(np.quantile(away, 0.9) / 1.96)),
    }


# --- writing -------------------------------------------------------------------------------


def ligand_rows(work: Path) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for protocol in PROTOCOLS:
        path = work / f"terms/{protocol.name}.csv"
        own = rows_of(path) if path.exists() else []
        order = {name: place for place, name in enumerate(JACS)}
        own.sort(key=lambda row: (order[row["series"]], *(row[name] for name in KEY[1:])))
        rows += [{"minimisation": protocol.name, **row} for row in own]
    columns = {column: "" for row in rows for column in row}
    return [columns | row for row in rows]


def write_tables(work: Path) -> None:
    names = {s: {each.ligand.name for each in ligands_of(work, PREPARERS[0], s)} for s in JACS}
    with_conformers = {s: names[s] & free_energies(work, s).keys() for s in JACS}
    rows, choices = [], []
    for which, own in (("all", names), ("with conformers", with_conformers)):
        found = candidates(work, list(PROTOCOLS), own)
        rows += [*protocol_rows(found, which), size_row(work, own, which)]
        choices += choice_rows(work, found, which)
    write_rows(RESULTS / "robust_preparers.csv", comparison_rows(work))
    if effects := effect_rows(work):
        write_rows(RESULTS / "robust_effects.csv", effects)
    columns = list(rows[0])
    write_rows(
        RESULTS / "robust_protocols.csv", [{c: row.get(c, "") for c in columns} for row in rows]
    )
    write_rows(RESULTS / "robust_choice.csv", choices)
    write_rows(RESULTS / "robust_terms.csv", term_rows(work))
    write_rows(RESULTS / "robust_ligands.csv", ligand_rows(work))
    for name, make in (("template", template_rows), ("intervals", interval_rows)):
        if rows := make(work):
            write_rows(RESULTS / f"robust_{name}.csv", rows)
