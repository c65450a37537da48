"""The poses of a redocking against the reference ligand in its place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rdkit import Chem

from screenmm.files.sdf import read_record, sd_record, split_records
from screenmm.redocking.rmsd import heavy_rmsd_angstrom
from screenmm.run.ledger import read_events
from screenmm.tables.dictionary import DG

DECIMALS = 4
FITTED = "fitted"
"""Tag of a reference ligand that the receptor's side chains were turned away from."""


def is_fitted(folder: Path) -> bool:
    """Whether the receptor was fitted to the reference ligand of a redocking."""
    records = list(split_records(folder / "reference.sdf"))
    return bool(records) and bool(read_record(records[0]).HasProp(FITTED))


def compare(folder: Path) -> tuple[list[dict[str, Any]], list[str], str]:
    """Compare the poses of a redocking with the reference.

    Parameters
    ----------
    folder : Path
        With what the stages ``reference``, ``dock`` and ``score`` left.

    Returns
    -------
    rows : list of dict
        One per pose, best docked first.
    records : list of str
        SD records of the reference and of every pose, docked and minimised.
    reason : str
        Why there is no pose to compare; empty where there are some.
    """
    records = list(split_records(folder / "reference.sdf"))
    docked = [read_record(text) for text in split_records(folder / "poses.sdf.gz")]
    if not records or not docked:
        return [], records, _reason(folder, ("reference", "poses"))
    reference = read_record(records[0])
    records = [sd_record(reference, "reference", {"kind": "reference"})]
    scores = {row["pose"]: row for row in pq.read_table(folder / "scores.parquet").to_pylist()}
    minimised = {
        int(mol.GetProp("pose")): mol
        for mol in map(read_record, split_records(folder / "minimised.sdf.gz"))
    }
    rows = []
    try:
        for mol in docked:
            pose = int(mol.GetProp("pose"))
            rows.append(_row(reference, mol, minimised.get(pose), scores.get(pose)))
    except ValueError as error:
        return [], records, f"poses and reference cannot be compared: {error}"
    for mol, row in zip(docked, rows, strict=True):
        title = mol.GetProp("_Name")
        tags = {key: row[key] for key in ("pose", "dock_score_kcal_mol", "rmsd_angstrom")}
        records.append(sd_record(mol, title, {"kind": "docked", **tags}))
        if row["pose"] in minimised:
            tags = {
                "pose": row["pose"],
                DG.name: row[DG.name],
                "rmsd_angstrom": row["rmsd_minimised_angstrom"],
            }
            after = minimised[row["pose"]]
            records.append(sd_record(after, title, {"kind": "minimised", **tags}))
    return rows, records, ""


def _row(
    reference: Chem.Mol,
    docked: Chem.Mol,
    minimised: Chem.Mol | None,
    score: dict[str, Any] | None,
) -> dict[str, Any]:
    after = None if minimised is None else heavy_rmsd_angstrom(minimised, reference)
    return {
        "inchikey": docked.GetProp("inchikey"),
        "smiles": docked.GetProp("smiles"),
        "pose": int(docked.GetProp("pose")),
        "dock_score_kcal_mol": float(docked.GetProp("dock_score_kcal_mol")),
        "rmsd_angstrom": round(heavy_rmsd_angstrom(docked, reference), DECIMALS),
        DG.name: None if score is None else round(score[DG.name], DECIMALS),
        "rmsd_minimised_angstrom": None if after is None else round(after, DECIMALS),
    }


def _reason(folder: Path, parts: tuple[str, ...]) -> str:
    """Say why there is no pose: the last failure."""
    events = read_events(folder / f"{part}.events.parquet" for part in parts)
    told = [f"{event.reason}: {event.message}" for event in events]
    return told[-1] if told else "docking left no pose"
