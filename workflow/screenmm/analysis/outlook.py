"""The verdict in one word, and what to be careful of in plain sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from screenmm.analysis.controls import TRIVIAL
from screenmm.analysis.verdict import FEW, score_in_sentence, too_few
from screenmm.core.columns import Column
from screenmm.metrics.confidence import ModelConfidence
from screenmm.metrics.controls import Contest, Controls, Kind
from screenmm.metrics.counts import ReceptorCounts
from screenmm.metrics.outlook import Caution, Concern, Outlook, Word
from screenmm.metrics.redocking import Redocking
from screenmm.metrics.verdicts import Judgement, Level, Verdict
from screenmm.tables.dictionary import CHARGE, DG, DOCK, HEAVY_ATOMS, words_of

Row = Mapping[str, Any]

WHY = {
    Word.TRUST: "Known ligands are ranked right, and nothing simple explains it.",
    Word.CAUTION: "The evidence is thin or mixed: see what to be careful of.",
    Word.DO_NOT_TRUST: "What could be tested speaks against this ranking.",
    Word.UNTESTED: "No ligand with a known answer says whether this ranking is right.",
}

SUBJECTS: dict[Kind, str] = {
    "classification": "known actives",
    "correlation": "measured ligands",
}

KNOWN: dict[Kind, str] = {
    "classification": "labelled ligands",
    "correlation": "measured ligands",
}

PROPERTIES = words_of(TRIVIAL)
"""Trivial properties as they begin a sentence."""

FAILED = (Level.SIZE_WINS, Level.TRIVIAL_WINS, Level.NO_BETTER_THAN_CHANCE)

MUCH_OF_THE_ORDER = 0.25
"""Share of the order that net charge may explain without a word; a correlation of 0.5."""

GRAVEST = (Word.DO_NOT_TRUST, Word.CAUTION, Word.TRUST)


def outlook(
    verdict: Verdict,
    found: Controls | None,
    redocked: Redocking | None,
    counts: ReceptorCounts,
    picks: Sequence[Row],
    order: Column,
    *,
    charge: float | None,
    records: int,
    doubtful: bool,
    model: ModelConfidence | None = None,
) -> Outlook:
    """Say in one word what a receptor's ranking is worth, and what to be careful of.

    Parameters
    ----------
    verdict : Verdict
        By the controls.
    found : Controls or None
        The controls themselves.
    redocked : Redocking or None
        What docking the reference ligand again came to.
    counts : ReceptorCounts
        What became of the records.
    picks : sequence of mapping
        From :func:`screenmm.analysis.picks.pick`.
    order : Column
        Score that the ranking follows.
    charge : float or None
        Share of the order that net charge explains, from
        :func:`screenmm.analysis.charges.charge_share`.
    records : int
        Of the library.
    doubtful : bool
        Whether known answers disagree or could not be read.
    model : ModelConfidence, optional
        Of a receptor that is a predicted model.

    Returns
    -------
    Outlook
        The gravest word that a kind of control gives. To be trusted, the score that the
        ranking follows must itself lead every trivial property. Controls of few ligands give a
        caution, whatever they say. A reference ligand that docking does not find again takes
        trust away, and leaves none where nothing else was tested. So does a predicted model that
        is unsure of its pocket.
    """
    contests = {} if found is None else found.contest
    words = [
        _word(each, contests[each.kind], order)
        for each in verdict.kinds
        if each.level is not Level.UNKNOWN
    ]
    word = min(words, key=GRAVEST.index, default=Word.UNTESTED)
    is_unsure = model is not None and model.is_low
    if is_unsure or (redocked is not None and redocked.passed is False):
        word = {Word.TRUST: Word.CAUTION, Word.UNTESTED: Word.DO_NOT_TRUST}.get(word, word)
    cautions = [
        *_of_model(model),
        *_of_controls(verdict, contests, order),
        *_of_charge(charge, contests, order),
        *_of_redocking(redocked),
        *_of_answers(found, doubtful=doubtful),
        *_of_picks(picks),
        *_of_records(counts, records),
    ]
    return Outlook(word=word, why=WHY[word], cautions=cautions)


def _word(judged: Judgement, compared: Contest, order: Column) -> Word:
    """What one kind of control says."""
    if too_few(compared):
        return Word.CAUTION
    if judged.level in FAILED:
        return Word.DO_NOT_TRUST
    leads = compared.leads.get(order.name, {})
    leads_all = all(lead.low is not None and lead.low > 0 for lead in leads.values())
    return Word.TRUST if judged.level is Level.BEATS_SIZE and leads and leads_all else Word.CAUTION


def _of_controls(
    verdict: Verdict, contests: Mapping[Kind, Contest], order: Column
) -> Iterator[Caution]:
    if not verdict.kinds:
        yield _caution(
            Concern.UNTESTED,
            "Nothing tests the ranking: add known actives, or measured ligands, to the library.",
        )
    for judged in verdict.kinds:
        compared, subject = contests[judged.kind], SUBJECTS[judged.kind]
        if judged.level is Level.UNKNOWN:
            yield _caution(Concern.NOT_COMPARABLE, f"Of the {subject}: {judged.text}")
            continue
        yield from _of_level(judged, compared, subject)
        if judged.best != order.name and judged.level not in FAILED:
            best = score_in_sentence(str(judged.best))
            yield _caution(
                Concern.OTHER_ORDER,
                f"The {subject} are ranked best by {best}; this list follows "
                f"{score_in_sentence(order.name)}.",
            )
        if few := too_few(compared, KNOWN[judged.kind]):
            yield _caution(Concern.FEW_KNOWN, few)


def _of_level(judged: Judgement, compared: Contest, subject: str) -> Iterator[Caution]:
    if judged.level is Level.NO_BETTER_THAN_CHANCE:
        yield _caution(
            Concern.CHANCE, f"No score is known to rank the {subject} better than chance."
        )
    elif judged.level is not Level.BEATS_SIZE and (name := _rival(judged, compared)):
        property_ = "Size" if name == HEAVY_ATOMS.name else PROPERTIES[name]
        may = "may rank" if judged.level is Level.UNCLEAR else "ranks"
        yield _caution(
            Concern.SIMPLE_PROPERTY, f"{property_} alone {may} the {subject} as well as any score."
        )


def _of_charge(
    share: float | None, contests: Mapping[Kind, Contest], order: Column
) -> Iterator[Caution]:
    """Ions and neutral molecules in one list, unless known ligands say that it is no matter."""
    leads = [each.leads.get(order.name, {}).get(CHARGE.name) for each in contests.values()]
    known = [lead for lead in leads if lead is not None]
    cleared = bool(known) and all(lead.low is not None and lead.low > 0 for lead in known)
    if share is not None and share >= MUCH_OF_THE_ORDER and not cleared:
        yield _caution(
            Concern.NET_CHARGE,
            f"Net charge alone tells {share:.0%} of this order: compare ions among themselves, "
            "and neutral molecules among themselves.",
        )


def _rival(judged: Judgement, compared: Contest) -> str | None:
    """Trivial property that the best score does not lead for certain; the best of them."""
    if judged.level is Level.SIZE_WINS:
        return HEAVY_ATOMS.name
    leads = compared.leads[str(judged.best)]
    unsure = [name for name, lead in leads.items() if lead.low is None or lead.low <= 0]
    return max(unsure, key=lambda name: (compared.trivial[name].value, name), default=None)


def _of_redocking(redocked: Redocking | None) -> Iterator[Caution]:
    if redocked is None:
        yield _caution(
            Concern.POSE_UNTESTED, "Nothing tests the poses: no reference ligand was docked again."
        )
    elif redocked.passed is None and redocked.fitted:
        yield _caution(
            Concern.POSE_UNTESTED,
            "Nothing tests the poses: the pocket was fitted to the reference ligand itself.",
        )
    elif redocked.passed is None:
        yield _caution(
            Concern.POSE_UNTESTED, "Nothing tests the poses: the reference ligand was not docked."
        )
    elif not redocked.passed:
        closest = redocked.best_rmsd_angstrom
        away = "" if closest is None else f": the closest is {closest:.1f} Å away"
        missed = (
            "Docking does not put the relative's ligand where it lies in the relative"
            if redocked.of_relative
            else "Docking does not find the reference ligand's pose"
        )
        yield _caution(Concern.POSE_NOT_FOUND, f"{missed}{away}.")


def _of_model(model: ModelConfidence | None) -> Iterator[Caution]:
    if model is not None:
        yield _caution(Concern.PREDICTED_MODEL, model.verdict)


def _of_answers(found: Controls | None, *, doubtful: bool) -> Iterator[Caution]:
    if found is not None and (lost := found.unranked.actives):
        yield _caution(Concern.ACTIVES_LOST, f"{_of('known active', lost)} got no rank.")
    if doubtful:
        yield _caution(
            Concern.DOUBTFUL_ANSWERS, "Some known answers disagree, or could not be read."
        )


def _of_picks(picks: Sequence[Row]) -> Iterator[Caution]:
    count = len(picks)
    failing = sum(bool(row["pose_checks_failed"]) for row in picks)
    unscored = sum(row[DG.name] is None for row in picks)
    weak = sum(_predicts_none(row) for row in picks)
    if failing:
        yield _caution(
            Concern.PICKS_FAIL_CHECKS,
            f"Poses of {failing} of {count} picks fail a check: look at them first.",
        )
    if unscored:
        yield _caution(
            Concern.PICKS_NOT_SCORED, f"{unscored} of {count} picks are ranked by docking alone."
        )
    if weak:
        yield _caution(
            Concern.PICKS_DO_NOT_BIND, f"For {weak} of {count} picks no binding is predicted."
        )
    if any(row["known"] for row in picks):
        yield _caution(
            Concern.PICKS_KNOWN, "Every ranked ligand's answer is known: the picks are not new."
        )


def _predicts_none(row: Row) -> bool:
    value = row[DG.name] if row[DG.name] is not None else row[DOCK.name]
    return value is not None and value > 0


def _of_records(counts: ReceptorCounts, records: int) -> Iterator[Caution]:
    if counts.ranked < FEW:
        only = f"Only {_of('ligand', counts.ranked)}" if counts.ranked else "No ligand"
        verb = "are" if counts.ranked > 1 else "is"
        yield _caution(Concern.FEW_RANKED, f"{only} {verb} ranked.")
    if counts.failed:
        yield _caution(
            Concern.RECORDS_FAILED, f"{counts.failed:,} of {records:,} records failed on the way."
        )
    if counts.predicted:
        yield _caution(
            Concern.ONLY_PREDICTED,
            f"{counts.predicted:,} of {records:,} records were never docked, only predicted.",
        )


def _of(thing: str, count: int) -> str:
    return f"{count} {thing}{'s' if count > 1 else ''}"


def _caution(concern: Concern, text: str) -> Caution:
    return Caution(concern=concern, text=text)
