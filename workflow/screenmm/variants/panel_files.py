"""The files of a panel: patients joined with results, apart from these."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from screenmm.core.errors import UserError
from screenmm.files.whole import write_text
from screenmm.variants.entries import Wanted
from screenmm.variants.panel import Panel, check_places, make_panel, read_results, readme_text
from screenmm.variants.patients import read_patients
from screenmm.variants.pseudonyms import pseudonyms, read_key, write_key


def write_panel(
    files: Sequence[Path],
    results: Path,
    out: Path,
    wanted: Wanted,
    *,
    min_group: int,
    has_pseudonyms: bool = False,
    key: Path | None = None,
) -> Panel:
    """Join patients with results and write panel.csv, summary.csv and README.md.

    Parameters
    ----------
    files : sequence of Path
        MAF, VCF and BCF files.
    results : Path
        A results folder; nothing is written there.
    out : Path
    wanted : Wanted
        The gene, and what is needed to read its changes.
    min_group : int
        Smallest number of patients that the summary tells.
    has_pseudonyms : bool
    key : Path or None
        File that tells whose a pseudonym is; those that it has are kept.

    Raises
    ------
    UserError
        The tables would lie in results, or a file is not what it should be.
    """
    if key is not None and not has_pseudonyms:
        raise UserError("--key needs --pseudonyms: it tells whose they are")
    if min_group < 1:
        raise UserError(f"--min-group {min_group}: at least 1")
    check_places(results, out, key)
    finished = read_results(results)
    patients = read_patients(files, wanted)
    names = None
    if has_pseudonyms:
        given = pseudonyms(patients.carried, read_key(key) if key else None)
        names = {patient: given[patient] for patient in patients.carried}
        if key:
            write_key(key, given)
    panel = make_panel(patients, finished, min_group=min_group, names=names)
    readme = readme_text(panel, results, min_group=min_group, has_pseudonyms=has_pseudonyms)
    write_text(out / "panel.csv", panel.patients.text)
    write_text(out / "summary.csv", panel.summary.text)
    write_text(out / "README.md", readme)
    return panel
