"""Stage ``compare``: the redocked poses of a reference ligand against its place."""

from __future__ import annotations

import argparse
import json
import logging
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from rdkit import Chem

from screenmm.config.settings import Controls, Docking, Pocket
from screenmm.files.sdf import read_record, sd_record, split_records
from screenmm.files.whole import write_text
from screenmm.redocking.rmsd import heavy_rmsd_angstrom
from screenmm.redocking.verdict import judge, not_done
from screenmm.run.ledger import read_events
from screenmm.stages.context import add_settings_argument, settings_of
from screenmm.tables.dictionary import DG

log = logging.getLogger(__name__)

DECIMALS = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    add_settings_argument(parser)
    parser.add_argument("--folder", type=Path, required=True, help="folder of the redocking")
    parser.add_argument("--result", type=Path, required=True, help="what it came to (.json)")
    parser.add_argument("--poses", type=Path, required=True, help="reference and poses (.sdf)")


def run(args: argparse.Namespace) -> None:
    """Compare docked and minimised poses with the reference."""
    given = settings_of(args)
    name = args.folder.name
    pocket = Pocket.model_validate(given["receptors"][name]["pocket"] or given["pocket"])
    controls = Controls.model_validate(given["controls"])
    engine = Docking.model_validate(given["docking"]).engine
    ligand = pocket.ligand_name
    if ligand is None and controls.reference is not None:
        ligand = controls.reference.name
    found = {"receptor": name, "inchikey": None, "smiles": None}
    found["limit_angstrom"] = controls.redock_rmsd_angstrom
    rows, records, reason = compare(args.folder)
    if reason:
        entry = not_done(reason, ligand, engine)
    else:
        entry = judge(rows, controls.redock_rmsd_angstrom, str(ligand), engine)
        found |= {key: rows[0][key] for key in ("inchikey", "smiles")}
    log.info("%s: %s", name, entry["text"])
    for row in rows:
        del row["inchikey"], row["smiles"]
    text = json.dumps(entry | found | {"each_pose": rows}, indent=2, ensure_ascii=False)
    write_text(args.result, text + "\n")
    write_text(args.poses, "".join(records))


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
