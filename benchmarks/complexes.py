"""Structures as deposited and as prepared by others: prepare, dock the own ligand, score.

    python benchmarks/complexes.py WORK_FOLDER [--cores 2] [--only NAME ...] [--receptors]

Writes ``results/complexes.csv``: one row per structure with how far it came, heavy atoms
read from the file, kept, removed and added, the best pose's score and RMSD to the crystal
pose, or the error as a user reads it. The table is written after each structure; rows of
structures that are not asked for stay. With ``--receptors`` the receptors are prepared and
their atoms counted; the columns of docking and scoring stay as they are.
"""

from __future__ import annotations

import argparse
import csv
import json
from pathlib import Path

from given_poses import error_of
from rdkit import Chem
from rdkit.Chem import rdMolAlign
from screens import RESULTS, data_folder, rows_of, run_screen, write_rows

from screenmm.config.settings import Pocket, Receptor
from screenmm.core.errors import UserError
from screenmm.receptor.prepare import prepare_receptor
from screenmm.run.layout import Layout
from screenmm.tables.dictionary import DG, DOCK

COLUMNS = [
    "set", "complex", "outcome", "atoms_read", "atoms_kept", "atoms_removed", "atoms_added",
    DG.name, DOCK.name, "rmsd_angstrom", "message",
]  # fmt: skip
NDP = (
    "NC(=O)C1=CN(C=CC1)[C@@H]1O[C@H](COP([O-])(=O)OP([O-])(=O)OC[C@H]2O[C@H]"
    "([C@H](OP([O-])([O-])=O)[C@@H]2O)n2cnc3c(N)ncnc32)[C@@H](O)[C@H]1O"
)
SAH = "Nc1ncnc2n(cnc12)[C@@H]1O[C@H](CSCC[C@H]([NH3+])C([O-])=O)[C@@H](O)[C@H]1O"
FPP = "CC(C)=CCCC(C)=CCCC(C)=CCOP([O-])(=O)OP([O-])([O-])=O"
COFACTORS = {
    "posebusters__1ia1": [{"residue": "NDP", "smiles": NDP}],
    "2efj_37T": [{"residue": "SAH", "smiles": SAH}],
    "vina__1s63_FTase_Zn": [{"residue": "FPP", "smiles": FPP}],
}
"""Cofactors a user would name; the others' structures need none or cannot be modelled."""


def entries(data: Path) -> dict[str, tuple[Path, Path, dict]]:
    """Structure, ligand and receptor options of every complex."""
    found: dict[str, tuple[Path, Path, dict]] = {}
    for folder in sorted((data / "complexes/prepared").iterdir()):
        protein = next(folder.glob("protein*.pdb*"))
        found[folder.name] = (protein, folder / "ligand_ccd.sdf", {})
    with (data / "complexes/deposited_index.csv").open(newline="") as handle:
        chains = {
            f"{r['pdb']}_{r['ligand']}": list(r["chains_kept"]) for r in csv.DictReader(handle)
        }
    for folder in sorted((data / "complexes/deposited").iterdir()):
        options = {"chains": chains[folder.name]}
        found[folder.name] = (folder / "raw.pdb.gz", folder / "ligand.sdf", options)
    return found


def prepare_one(name: str, entry: tuple[Path, Path, dict]) -> dict[str, object]:
    """Prepare the receptor alone and count its atoms."""
    structure, ligand, options = entry
    settings = Receptor(structure=structure, **options, cofactors=COFACTORS.get(name, []))
    try:
        prepared = prepare_receptor("r", settings, Pocket(ligand=ligand))
    except UserError as error:
        message = f"screenmm prepare-receptor: {error}"
        return {"outcome": "receptor refused", "message": message[:300]}
    return heavy_atoms(prepared.heavy_atoms.as_json())


def run_one(name: str, entry: tuple[Path, Path, dict], folder: Path, cores: int) -> dict:
    structure, ligand, options = entry
    kind = "deposited" if structure.name.startswith("raw") else "prepared"
    row: dict[str, object] = {"set": kind, "complex": name}
    crystal = next(iter(Chem.SDMolSupplier(str(ligand))), None)
    if crystal is None:
        return row | {"outcome": "the ligand file is unreadable"}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "library.smi").write_text(f"{Chem.MolToSmiles(crystal)} {name}\n")
    config = {
        "name": name,
        "results": "results",
        "library": {"files": ["library.smi"]},
        "receptors": {
            "r": {"structure": str(structure), **options, "cofactors": COFACTORS.get(name, [])}
        },
        "pocket": {"ligand": str(ligand)},
        "ligands": {"max_states": 1},
        "scoring": {"poses": 2},
    }
    done = run_screen(config, folder, cores)
    results = folder / "results"
    if not Layout(results).receptor("r").structure.exists():
        log = results / "logs/prepare_receptor/r.log"
        text = log.read_text() if log.exists() else done.stderr
        return row | {"outcome": "receptor refused", "message": error_of(text)}
    report = json.loads(Layout(results).receptor("r").report_json.read_text())
    row |= heavy_atoms(report["heavy_atoms"])
    if done.returncode:
        return row | {"outcome": "run failed", "message": error_of(done.stdout + done.stderr)}
    (fate,) = rows_of(results / "ledger.csv")
    if fate["status"] != "ranked":
        reason = f"{fate['stage']}: {fate['reason']}: {fate['message']}"
        return row | {"outcome": "ligand failed", "message": reason[:300]}
    (best,) = rows_of(results / "ranking.csv")
    pose = next(iter(Chem.SDMolSupplier(str(results / "hits.sdf"))))
    return row | {
        "outcome": "scored",
        DG.name: best[DG.name],
        DOCK.name: best[DOCK.name],
        "rmsd_angstrom": rmsd(pose, crystal),
    }


def heavy_atoms(counts: dict) -> dict[str, object]:
    """Heavy atoms of the structure's file by what became of them."""
    return {
        "atoms_read": counts["read"],
        "atoms_kept": counts["kept"],
        "atoms_removed": sum(counts["removed"].values()),
        "atoms_added": counts["added"],
    }


def rmsd(pose: Chem.Mol, crystal: Chem.Mol) -> str:
    """Symmetry-corrected RMSD in place; empty where protonation hides the mapping."""
    plain = [Chem.RemoveHs(mol) for mol in (pose, crystal)]
    for mol in plain:
        for atom in mol.GetAtoms():
            atom.SetFormalCharge(0)
            atom.SetNoImplicit(True)
            atom.SetIsAromatic(False)
        for bond in mol.GetBonds():
            bond.SetBondType(Chem.BondType.SINGLE)
            bond.SetIsAromatic(False)
    try:
        return f"{rdMolAlign.CalcRMS(*plain):.2f}"
    except RuntimeError:
        return ""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--cores", type=int, default=2)
    parser.add_argument("--only", nargs="*")
    parser.add_argument("--receptors", action="store_true", help="prepare the receptors alone")
    args = parser.parse_args()
    table = RESULTS / "complexes.csv"
    known = {row["complex"]: row for row in rows_of(table)} if table.exists() else {}
    everything = entries(data_folder())
    for name, entry in everything.items():
        if args.only and name not in args.only:
            continue
        if args.receptors:
            row = prepare_one(name, entry)
            # a receptor that was refused has no scores
            kept = ("set", "complex") if "outcome" in row else COLUMNS
            row = {each: known[name][each] for each in kept if each in known[name]} | row
        else:
            row = run_one(name, entry, args.folder / name, args.cores)
        known[name] = row
        print(known[name], flush=True)
        rows = [known[each] for each in everything if each in known]
        write_rows(table, [dict.fromkeys(COLUMNS, "") | each for each in rows])


if __name__ == "__main__":
    main()
