"""How often is a pocket that is found without a ligand the one where the ligand sits?

    cd benchmarks && python pockets.py

Writes ``results/pockets.csv``, a row for each structure, and ``results/pockets_summary.csv``, rates
with Wilson's intervals. Everything but the polymer is taken out of a structure, as ``screenmm
pockets`` does; a pocket is right whose centre is within 4 Å of a heavy atom of the ligand, or of
one of its copies where a file has them. A minute.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from complexes import entries
from scipy.spatial import cKDTree
from screens import RESULTS, data_folder, write_rows

from screenmm.bias.losses import wilson
from screenmm.config.settings import Pocket, Receptor
from screenmm.receptor.ligand_file import read_molecules
from screenmm.receptor.modified import convert_modified, cut_chains
from screenmm.receptor.pocket import heavy_positions, resolve_pocket
from screenmm.receptor.pocket_finder import find_pockets
from screenmm.receptor.reading import read_structure
from screenmm.receptor.structure import Structure

NEAR_ANGSTROM = 4.0
NOT_ITS_OWN = "vina__1fpu_apoconf_for_imatinib_crossdock"
"""Its ligand is another structure's."""
LIGANDS_OF = {"mpro_covid_moonshot": ("receptor_dimer.pdb", "xtal_ligand.sdf")}

Case = tuple[str, str, Receptor, list[Path]]


def cases(data: Path) -> Iterator[Case]:
    """Set, name, structure and files of the ligand's places."""
    for folder in sorted((data / "affinity").iterdir()):
        if folder.is_dir():
            protein = Receptor(structure=folder / "protein.pdb")
            yield "affinity", folder.name, protein, [folder / "ligands.sdf"]
    for folder in sorted((data / "enrichment").iterdir()):
        files = LIGANDS_OF.get(folder.name, ("receptor.pdb", "crystal_ligand.mol2"))
        protein, ligand = (folder / name for name in files)
        yield "enrichment", folder.name, Receptor(structure=protein), [ligand]
    for name, (structure, ligand, options) in entries(data).items():
        if name != NOT_ITS_OWN:
            kind = "deposited" if structure.name.startswith("raw") else "prepared"
            copies = [*ligand.parent.glob("ligands_all_copies.sdf")]
            yield kind, name, Receptor(structure=structure, **options), [ligand, *copies]


def places(kind: str, files: list[Path]) -> list[np.ndarray]:
    """Heavy atoms of each place of the ligand, Å; of a series that of its first ligand."""
    found = [molecule for file in files for molecule in read_molecules(file)]
    return [heavy_positions(each) for each in (found[:1] if kind == "affinity" else found)]


def structure_of(receptor: Receptor) -> Structure:
    structure = read_structure(receptor.structure, receptor.chains)
    cut_chains(structure, [])
    convert_modified(structure)
    return structure


def judge(case: Case) -> dict[str, object]:
    kind, name, receptor, files = case
    ligands = places(kind, files)
    structure = structure_of(receptor)
    start = time.process_time()
    pockets = find_pockets(structure)
    spent = time.process_time() - start
    tree = cKDTree(np.concatenate(ligands))
    away = [float(tree.query(each.centre)[0]) for each in pockets]
    right = [each.rank for each, distance in zip(pockets, away, strict=True)
             if distance <= NEAR_ANGSTROM]  # fmt: skip
    box = resolve_pocket(structure, Pocket(find=1))
    inside = [np.abs(each - np.array(box.center)) <= np.array(box.size) / 2 for each in ligands]
    return {
        "set": kind,
        "structure": name,
        "residues": sum(1 for _ in structure.of_kind("polymer")),
        "pockets": len(pockets),
        "right_rank": right[0] if right else "",
        "first_distance_angstrom": f"{away[0]:.1f}",
        "first_druggability": f"{pockets[0].druggability:.3f}",
        "first_box_holds": f"{max(float(each.all(axis=1).mean()) for each in inside):.2f}",
        "cpu_s": f"{spent:.2f}",
    }


def summary(rows: list[dict[str, object]]) -> list[dict[str, object]]:
    """Rates over all structures, and over each set."""
    questions = {
        "first": lambda row: row["right_rank"] == 1,
        "among three": lambda row: row["right_rank"] != "" and int(row["right_rank"]) <= 3,
        "any": lambda row: row["right_rank"] != "",
        "first's box holds the ligand": lambda row: row["first_box_holds"] == "1.00",
    }
    found: list[dict[str, object]] = []
    for group in ("all", *dict.fromkeys(str(row["set"]) for row in rows)):
        members = [row for row in rows if group in ("all", row["set"])]
        for question, holds in questions.items():
            hits = sum(holds(row) for row in members)
            low, high = wilson(hits, len(members))
            found.append({
                "set": group, "right": question, "structures": len(members), "hits": hits,
                "share": f"{hits / len(members):.2f}", "low": f"{low:.2f}", "high": f"{high:.2f}",
            })  # fmt: skip
    return found


def main() -> None:
    rows = []
    for case in cases(data_folder()):
        rows.append(judge(case))
        print(*rows[-1].values(), flush=True)
    write_rows(RESULTS / "pockets.csv", rows)
    write_rows(RESULTS / "pockets_summary.csv", summary(rows))


if __name__ == "__main__":
    main()
