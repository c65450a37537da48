"""A stand-in for the command ``screenmm`` whose engines cost nothing: for benchmarks only.

``prepare-ligands``, ``dock``, ``score`` and ``inspect`` invent their results, with the
package's own schemas and writers; every other command is the real one. Each command leaves a
line in the file that ``SCREENMM_SCALE_USAGE`` names: when it ran and what it took.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import sys
import time
from collections.abc import Callable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

# the real commands' worker processes load this file too: nothing heavy is imported up here

MOVED_ATOMS = 300
RESIDUES = 65
"""About what a real score of the demo names."""

CHECKS = 22
INTERACTIONS = 14
"""About what a real inspection of the demo finds."""


STAND_IN = "COc1ccc(CCNC(=O)c2ccc(N3CCOCC3)cc2)cc1"
"""Molecule whose atoms all states have: 50 atoms, as the library's mean."""
VARIANTS = 61
""" Sets of coordinates; so many that gzip finds no earlier one within its window."""


def main() -> int:
    command, arguments = sys.argv[1], sys.argv[2:]
    start = time.time()
    status = FAKES[command](arguments) if command in FAKES else _real()
    if usage := os.environ.get("SCREENMM_SCALE_USAGE"):
        _note(Path(usage), command, start)
    return status


def _real() -> int:
    from screenmm.cli import main as real  # noqa: PLC0415

    return real()


def _note(path: Path, command: str, start: float) -> None:
    own, workers = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    line = {
        "command": command,
        "start": start,
        "end": time.time(),
        "cpu_s": own.ru_utime + own.ru_stime + workers.ru_utime + workers.ru_stime,
        "own_rss_mb": own.ru_maxrss / 1024,
        "worker_rss_mb": workers.ru_maxrss / 1024,
    }
    with path.open("a") as handle:  # one short write: lines of two jobs do not mix
        handle.write(json.dumps(line) + "\n")


def _options(arguments: list[str], *paths: str) -> tuple[dict[str, Any], argparse.Namespace]:
    parser = argparse.ArgumentParser()
    parser.add_argument("--settings", type=json.loads)
    parser.add_argument("--workers")
    for path in (*paths, "usage"):
        parser.add_argument(f"--{path}", type=Path)
    args = parser.parse_args(arguments)
    return args.settings, args


def _generator(text: str) -> random.Random:
    """Random numbers that follow from a text alone."""
    return random.Random(text)


def prepare_ligands(arguments: list[str]) -> int:
    """One state of each ligand; its atoms are those of one and the same stand-in molecule."""
    import pyarrow.parquet as pq  # noqa: PLC0415

    from screenmm.files.whole import write_text_gz  # noqa: PLC0415
    from screenmm.run.ledger import write_events  # noqa: PLC0415

    _, args = _options(arguments, "ligands", "states", "events")
    record = _template()
    rows = pq.read_table(args.ligands, columns=["inchikey", "smiles"]).to_pylist()
    write_text_gz(
        args.states,
        "".join(record(row["inchikey"], row["smiles"], place) for place, row in enumerate(rows)),
    )
    write_events(args.events, [])
    return 0


def _template() -> Callable[[str, str, int], str]:
    """Writer of states: the package's own record of a molecule, with names put in its place."""
    import numpy as np  # noqa: PLC0415
    from rdkit import Chem  # noqa: PLC0415

    from screenmm.ligands.prepare import State, state_to_sdf  # noqa: PLC0415

    mol = Chem.AddHs(Chem.MolFromSmiles(STAND_IN))
    conformer = Chem.Conformer(mol.GetNumAtoms())
    conformer.Set3D(True)
    mol.AddConformer(conformer)
    random = np.random.default_rng(1)
    variants = []
    for _ in range(VARIANTS):
        mol.GetConformer().SetPositions(random.normal(0, 4, (mol.GetNumAtoms(), 3)))
        variants.append(state_to_sdf(State("@KEY@", "@KEY@_s1", "@SMILES@", mol)))

    def record(inchikey: str, smiles: str, place: int) -> str:
        text = variants[place % VARIANTS].replace("@KEY@", inchikey)
        return text.replace("@SMILES@", smiles)

    return record


def dock(arguments: list[str]) -> int:
    """As many poses of each state as the config asks for, their scores drawn at random."""
    from screenmm.docking.shard import write_poses  # noqa: PLC0415
    from screenmm.execution.batch import Outcome  # noqa: PLC0415
    from screenmm.files.sdf import ligand_of, split_records  # noqa: PLC0415
    from screenmm.run.ledger import write_events  # noqa: PLC0415

    settings, args = _options(arguments, "states", "receptor", "poses", "table", "events")
    docking = settings["docking"]
    outcomes: list[Outcome] = []
    texts = split_records(args.states)
    for inchikey, records in groupby(texts, key=lambda text: ligand_of(text.split("\n", 1)[0])):
        poses = [
            pose
            for text in records
            for pose in _poses(text, inchikey, docking["engine"], docking["poses"])
        ]
        outcomes.append(Outcome(inchikey, {"poses": poses}))
    write_poses(outcomes, args.poses, args.table)
    write_events(args.events, [])
    return 0


def _poses(text: str, inchikey: str, engine: str, count: int) -> Iterator[dict[str, Any]]:
    title, _, rest = text.partition("\n")
    block = rest[: rest.index("M  END\n") + 7]
    smiles = text.split("> <smiles>\n", 1)[1].split("\n", 1)[0]
    draw = _generator(title)
    scores = sorted(draw.gauss(-7, 1) for _ in range(count))
    for number, score in enumerate(scores, start=1):
        row = {
            "inchikey": inchikey, "state": title, "pose": number, "smiles": smiles,
            "engine": engine, "dock_score_kcal_mol": score, "cnn_score": 0.5,
            "cnn_affinity_pk": 5.0,
        }  # fmt: skip
        tags = "".join(f">  <{name}>\n{value}\n\n" for name, value in row.items())
        # another molecule's coordinates would cost more than the whole rest of a screen
        yield {"row": row, "sdf": f"{title}_p{number}\n{block}{tags}$$$$\n"}


def score(arguments: list[str]) -> int:
    """Scores of every pose drawn at random; the pose stays where it is."""
    import numpy as np  # noqa: PLC0415

    from screenmm.execution.batch import Outcome  # noqa: PLC0415
    from screenmm.files.sdf import records_by_ligand  # noqa: PLC0415
    from screenmm.mmgbsa.shard import SCORE_SCHEMA, write_scores  # noqa: PLC0415
    from screenmm.run.ledger import write_events  # noqa: PLC0415
    from screenmm.run.receptor_folder import ReceptorFolder  # noqa: PLC0415
    from screenmm.tables.dictionary import DG, RESIDUE_TERMS, TERMS, names  # noqa: PLC0415

    _, args = _options(arguments, "poses", "receptor", "scores", "minimised", "events")
    with np.load(ReceptorFolder(args.receptor).coordinates) as arrays:
        xyz, labels = arrays["positions_angstrom"], arrays["residue_labels"]
    moved = list(range(min(MOVED_ATOMS, len(xyz))))

    values = [random.gauss(0, 1) for _ in range(1000)]

    def scored(text: str, inchikey: str) -> dict[str, Any]:
        title = text.split("\n", 1)[0]
        state, _, number = title.rpartition("_p")
        draw = _generator(title)
        terms = {name: draw.gauss(-8, 5) for name in names(TERMS)}
        row = {
            "inchikey": inchikey, "state": state, "pose": int(number),
            DG.name: sum(terms.values()),
            **terms,
            "replicas_kcal_mol": [sum(terms.values()) + draw.gauss()],
            "iterations": 50, "minimisation": "converged", "rmsd_angstrom": 0.3,
            "platform": "CPU", "own_kernels": "host", "residue": labels[:RESIDUES].tolist(),
            **{term.name: draw.choices(values, k=RESIDUES) for term in RESIDUE_TERMS},
            "ligand_gb_kcal_mol": 20.0, "ligand_sa_kcal_mol": -4.0, "moved_atoms": moved,
            "moved_xyz_angstrom": xyz[moved].ravel().tolist(),
        }  # fmt: skip
        if set(row) != set(SCORE_SCHEMA.names):
            raise SystemExit(
                f"the stand-in's columns are not the schema's: {set(row) ^ set(SCORE_SCHEMA.names)}"
            )
        return {"row": row, "sdf": text}

    outcomes = [
        Outcome(inchikey, {"poses": [scored(text, inchikey) for text in records]})
        for inchikey, records in records_by_ligand(args.poses)
    ]
    write_scores(outcomes, args.scores, args.minimised)
    write_events(args.events, [])
    return 0


def inspect(arguments: list[str]) -> int:
    """Checks and interactions of each ligand's best pose, the interactions drawn at random."""
    import numpy as np  # noqa: PLC0415

    from screenmm.execution.batch import Outcome  # noqa: PLC0415
    from screenmm.inspection.shard import SCHEMA, best_poses, write_inspected  # noqa: PLC0415
    from screenmm.residues.filters import KINDS  # noqa: PLC0415
    from screenmm.run.ledger import write_events  # noqa: PLC0415
    from screenmm.run.receptor_folder import ReceptorFolder  # noqa: PLC0415

    _, args = _options(arguments, "scores", "minimised", "receptor", "inspected", "events")
    with np.load(ReceptorFolder(args.receptor).coordinates) as arrays:
        labels = arrays["residue_labels"].tolist()

    def inspected(pose: dict[str, Any]) -> dict[str, Any]:
        draw = _generator(pose["state"])
        row = {
            **{name: pose[name] for name in ("inchikey", "state", "pose")},
            "cnn_score_minimised": 0.5,
            "cnn_affinity_minimised_pk": 5.0,
            "check_name": [f"check_{number}" for number in range(CHECKS)],
            "passed": [draw.random() < 0.99 for _ in range(CHECKS)],
            "residue": draw.choices(labels, k=INTERACTIONS),
            "kind": draw.choices(KINDS, k=INTERACTIONS),
            "distance_angstrom": [draw.uniform(2.5, 4.5) for _ in range(INTERACTIONS)],
            "ligand_atoms": [[draw.randrange(30)] for _ in range(INTERACTIONS)],
        }
        if set(row) != set(SCHEMA.names):
            raise SystemExit(
                f"the stand-in's columns are not the schema's: {set(row) ^ set(SCHEMA.names)}"
            )
        return row

    poses = best_poses(args.scores, args.minimised)
    write_inspected([Outcome(key, inspected(pose)) for key, pose in poses], args.inspected)
    write_events(args.events, [])
    return 0


FAKES: dict[str, Callable[[list[str]], int]] = {
    "prepare-ligands": prepare_ligands,
    "dock": dock,
    "score": score,
    "inspect": inspect,
}


if __name__ == "__main__":
    sys.exit(main())
