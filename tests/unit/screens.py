"""A small screen with real molecules: what the earlier stages leave behind."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import openmmforcefields
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from openmm.app import PDBFile, PDBxFile
from rdkit import Chem
from rdkit.Chem import AllChem
from rdkit.Geometry import Point3D

from screenmm.config.settings import Settings, parse_settings
from screenmm.core.errors import Reason
from screenmm.files.whole import write_text_gz
from screenmm.results.fates import make_ledger
from screenmm.results.parts import Parts, open_parts
from screenmm.results.ranking import make_ranking
from screenmm.run.layout import Layout
from screenmm.run.ledger import Event, Status, write_events
from screenmm.tables.dictionary import (
    DG,
    LIGANDS,
    MEMBERSHIP,
    POSES,
    RESIDUE_TERMS,
    SCORES,
    SELECTED,
    SOURCES,
    TERMS,
    Columns,
    names,
)
from screenmm.tables.schema import schema

TYK2 = Path(openmmforcefields.__file__).parent / "data/perses_jacs_systems/tyk2"
RECEPTORS = ("wt", "V678F")
TYK2_ATOMS = 4670
TIED_DG = -33.0

# name, SMILES of the parent, SMILES of the docked state, activity label, affinity
DRUGS = (
    ("imatinib", "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1",
     "Cc1ccc(NC(=O)c2ccc(CN3CC[NH+](C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1", 1, -10.8),
    ("dasatinib", "Cc1nc(Nc2ncc(C(=O)Nc3c(C)cccc3Cl)s2)cc(N2CCN(CCO)CC2)n1", None, 1, -12.5),
    ("erlotinib", "COCCOc1cc2ncnc(Nc3cccc(C#C)c3)c2cc1OCCOC", None, 1, -9.1),
    ("gefitinib", "COc1cc2ncnc(Nc3ccc(F)c(Cl)c3)c2cc1OCCCN1CCOCC1", None, 1, -9.9),
    ("tofacitinib", "C[C@@H]1CCN(C(=O)CC#N)C[C@@H]1N(C)c1ncnc2[nH]ccc12", None, 1, -11.1),
    ("aspirin", "CC(=O)Oc1ccccc1C(=O)O", "CC(=O)Oc1ccccc1C(=O)[O-]", 0, None),
    ("ibuprofen", "CC(C)Cc1ccc(cc1)C(C)C(=O)O", "CC(C)Cc1ccc(cc1)C(C)C(=O)[O-]", 0, None),
    ("caffeine", "Cn1cnc2c1c(=O)n(C)c(=O)n2C", None, 0, -4.2),
    ("diazepam", "CN1C(=O)CN=C(c2ccccc2)c2cc(Cl)ccc21", None, 0, None),
    ("warfarin", "CC(=O)CC(c1ccccc1)c1c(O)c2ccccc2oc1=O", None, 0, None),
    ("sildenafil", "CCCc1nn(C)c2c1nc([nH]c2=O)-c1cc(ccc1OCC)S(=O)(=O)N1CCN(C)CC1", None, 0, -5.0),
    ("metoprolol", "COCCc1ccc(OCC(O)CNC(C)C)cc1", "COCCc1ccc(OCC(O)C[NH2+]C(C)C)cc1", 0, None),
    ("celecoxib", "Cc1ccc(cc1)-c1cc(nn1-c1ccc(cc1)S(N)(=O)=O)C(F)(F)F", None, 0, None),
    ("omeprazole", "COc1ccc2[nH]c(nc2c1)S(=O)Cc1ncc(C)c(OC)c1C", None, 0, None),
    ("fluoxetine", "CNCCC(Oc1ccc(cc1)C(F)(F)F)c1ccccc1",
     "C[NH2+]CCC(Oc1ccc(cc1)C(F)(F)F)c1ccccc1", None, None),
    ("quinine", "COc1ccc2nccc(C(O)C3CC4CCN3CC4C=C)c2c1", None, None, None),
)  # fmt: skip

HOSTILE = (
    "<script>alert('x')</script>",
    '=HYPERLINK("http://x","y")',
    'quote " comma , semicolon ;',
    "line\nbreak\rand $$$$",
    "</title><img src=x onerror=alert(1)>",
    "{{ 7*7 }} & ünïcødé 😀",
)

RESIDUES = ["A:LEU:900", "A:VAL:901", "A:ASP:902", "A:GLU:903", "A:PHE:904", "A:LYS:905"]
TERM_NAMES = names(TERMS)


@dataclass
class Screen:
    """The files of a screen, and what is known to be in them."""

    folder: Path
    parts: Parts
    structures: dict[str, Path]
    sdf: dict[str, list[Path]]
    keys: dict[str, str]
    settings: Settings
    scores: list[dict] = field(default_factory=list)
    poses: list[dict] = field(default_factory=list)

    def open(self, **options: object):
        """A connection with the ranking and the ledger made."""
        con = open_parts(self.parts, **options)
        make_ranking(con, "mmgbsa")
        make_ledger(con)
        return con


def _table(path: Path, rows: list[dict], columns: Columns) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.Table.from_pylist(rows, schema=schema(columns)), path)
    return path


def _receptor(path: Path) -> Path:
    pdb = PDBFile(str(TYK2 / "Tyk2_protein.pdb"))
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w") as handle:
        PDBxFile.writeFile(pdb.topology, pdb.positions, handle)
    return path


def _pocket() -> np.ndarray:
    """Centre of a TYK2 ligand, Å."""
    crystal = next(iter(Chem.SDMolSupplier(str(TYK2 / "Tyk2_ligands_shifted.sdf"))))
    return crystal.GetConformer().GetPositions().mean(axis=0)


def _embedded(smiles: str, centre: np.ndarray) -> Chem.Mol:
    mol = Chem.AddHs(Chem.MolFromSmiles(smiles))
    AllChem.EmbedMolecule(mol, randomSeed=7)
    xyz = mol.GetConformer().GetPositions()
    xyz += centre - xyz.mean(axis=0)
    for i, (x, y, z) in enumerate(xyz):
        mol.GetConformer().SetAtomPosition(i, Point3D(x, y, z))
    return mol


def _block(mol: Chem.Mol, key: str, state: str, pose: int) -> str:
    mol.SetProp("_Name", f"{state}_p{pose}")
    tags = {"inchikey": key, "state": state, "pose": pose}
    return (
        Chem.MolToMolBlock(mol) + "".join(f">  <{k}>\n{v}\n\n" for k, v in tags.items()) + "$$$$\n"
    )


def _library(drugs: tuple, keys: dict[str, str]) -> tuple[list[dict], list[dict]]:
    """Sources and membership: the drugs, then hostile duplicates, then two bad records."""
    names = [name for name, *_ in drugs]
    entries = [(name, name, label, affinity) for name, _, _, label, affinity in drugs]
    entries += [(hostile, names[i], 1 if i == 14 else None, -7.5 if i == 14 else None)
                for i, hostile in zip((0, 0, 5, 7, 14, 14), HOSTILE, strict=True)]  # fmt: skip
    entries += [("no structure", None, None, None), ("too heavy", None, None, None)]
    sources, members = [], []
    for i, (name, of, label, affinity) in enumerate(entries):
        record = f"library.smi:{i + 1}"
        sources.append({"record": record, "file": "library.smi", "position": i + 1, "name": name,
                        "label": label, "affinity_kcal_mol": affinity})  # fmt: skip
        if of is not None:
            members.append({"record": record, "inchikey": keys[of], "primary": name == of})
    return sources, members


def _pose_rows(rng: random.Random, key: str, smiles: str) -> list[dict]:
    rows = []
    base = rng.uniform(-11, -5)
    for pose in (1, 2, 3):
        rows.append({"inchikey": key, "state": f"{key}_s1", "pose": pose, "smiles": smiles,
                     "engine": "rustina", "origin": "search", "template": None,
                     "dock_score_kcal_mol": base + 0.3 * pose,
                     "cnn_score": rng.random(), "cnn_affinity_pk": rng.uniform(4, 9)})  # fmt: skip
    return rows


def _score_rows(rng: random.Random, poses: list[dict], n_atoms: int) -> list[dict]:
    rows = []
    for pose in poses[:2]:
        terms = [rng.uniform(-60, -20), rng.uniform(-90, 10), rng.uniform(-5, 80),
                 rng.uniform(-6, -2), rng.uniform(0, 9)]  # fmt: skip
        rows.append(
            {
                **{name: pose[name] for name in ("inchikey", "state", "pose")},
                DG.name: sum(terms),
                **dict(zip(TERM_NAMES, terms, strict=True)),
                "replicas_kcal_mol": [sum(terms) + rng.gauss(0, 1.5) for _ in range(2)],
                "residue": RESIDUES,
                **{name: [rng.uniform(-4, 2) for _ in RESIDUES] for name in names(RESIDUE_TERMS)},
                "ligand_gb_kcal_mol": rng.uniform(0, 20),
                "ligand_sa_kcal_mol": rng.uniform(-3, 0),
                "iterations": 42,
                "minimisation": rng.choice(["converged", "iterations"]),
                "rmsd_angstrom": rng.random(),
                "platform": "CPU",
                "own_kernels": "host",
                "moved_atoms": sorted(rng.sample(range(n_atoms), 40)),
                "moved_xyz_angstrom": [rng.uniform(-40, 40) for _ in range(3 * 40)],
            }
        )
    return rows


def _events(keys: dict[str, str], n_records: int) -> list[Event]:
    """One event of each kind: record, ligand, ligand with a receptor, state and pose."""
    failed, filtered = Status.FAILED, Status.FILTERED
    key = keys["metoprolol"]
    return [
        Event("standardise", failed, record=f"library.smi:{n_records - 1}",
              reason=Reason.INVALID_STRUCTURE, message="line 23: 'C1CC' is no SMILES"),
        Event("standardise", filtered, record=f"library.smi:{n_records}",
              reason=Reason.PROPERTY_FILTER, message="molecular weight 912.1 exceeds 600"),
        Event("merge", Status.DUPLICATE, record="library.smi:17", inchikey=keys["imatinib"],
              reason=Reason.DUPLICATE_STRUCTURE, message="same structure as library.smi:1"),
        Event("dock", failed, inchikey=keys["warfarin"], receptor="V678F",
              reason=Reason.TIME_LIMIT, message="no pose after 600 s"),
        Event("prepare_ligands", failed, inchikey=keys["quinine"], state=f"{keys['quinine']}_s1",
              reason=Reason.EMBEDDING_FAILED, message="no conformer in 3 trials"),
        Event("prepare_ligands", failed, inchikey=keys["quinine"], state=f"{keys['quinine']}_s2",
              reason=Reason.EMBEDDING_FAILED, message="no conformer in 3 trials"),
        *(Event("score", failed, inchikey=key, receptor=receptor, state=f"{key}_s1",
                pose=str(pose), reason=reason, message="energy is inf kcal/mol")
          for receptor in RECEPTORS
          for pose, reason in ((1, Reason.NOT_FINITE), (2, Reason.CLASH_NOT_RELIEVED))),
    ]  # fmt: skip


def _settings() -> Settings:
    config = {
        "name": "tyk2-demo",
        "results": "results/tyk2-demo",
        "library": {"files": ["library.smi"]},
        "receptors": {name: {"structure": "tyk2.cif"} for name in RECEPTORS},
        "pocket": "auto",
        "scoring": {"top": 12},
        "ranking": {"complexes": 2},
    }
    return parse_settings(config, None)


@dataclass
class Shard:
    """One receptor's poses and scores of one shard of ligands."""

    selected: list[dict] = field(default_factory=list)
    poses: list[dict] = field(default_factory=list)
    scores: list[dict] = field(default_factory=list)
    blocks: list[str] = field(default_factory=list)


def _shard(
    rng: random.Random, half: list[str], receptor: str, keys: dict[str, str], states: dict[str, str]
) -> Shard:
    """Dock all but quinine; score what was selected, of which metoprolol fails."""
    centre = _pocket()
    shard = Shard()
    for key in half:
        if key == keys["quinine"] or (key == keys["warfarin"] and receptor == "V678F"):
            continue
        docked = _pose_rows(rng, key, states[key])
        if key == keys["caffeine"]:  # a tie between poses
            docked[1]["dock_score_kcal_mol"] = docked[0]["dock_score_kcal_mol"]
        shard.poses += docked
        if key in (keys["caffeine"], keys["omeprazole"]):
            continue
        shard.selected.append({"inchikey": key, "receptor": receptor})
        if key == keys["metoprolol"]:
            continue
        scored = _score_rows(rng, docked, TYK2_ATOMS)
        if key in (keys["erlotinib"], keys["gefitinib"]):  # ties between poses and ligands
            scored = [{**row, DG.name: TIED_DG} for row in scored]
        shard.scores += scored
        mol = _embedded(states[key], centre)
        shard.blocks += [_block(mol, key, row["state"], row["pose"]) for row in scored]
    return shard


def build_screen(folder: Path, drugs: tuple = DRUGS) -> Screen:
    """Write the parts of a screen: two shards each, two receptors."""
    rng = random.Random(7)
    keys = {name: Chem.MolToInchiKey(Chem.MolFromSmiles(smiles)) for name, smiles, *_ in drugs}
    parents = {keys[name]: smiles for name, smiles, *_ in drugs}
    states = {keys[name]: state or smiles for name, smiles, state, *_ in drugs}
    sources, members = _library(drugs, keys)
    events = _events(keys, len(sources))
    write_events(folder / "events/a.events.parquet", events[:4])
    write_events(folder / "events/b.events.parquet", events[4:])
    halves = (list(parents)[:8], list(parents)[8:])
    shards = {r: [_shard(rng, half, r, keys, states) for half in halves] for r in RECEPTORS}
    for receptor, pair in shards.items():
        for i, shard in enumerate(pair):
            _table(folder / f"poses/{receptor}/{i}.parquet", shard.poses, POSES)
            _table(folder / f"scores/{receptor}/{i}.parquet", shard.scores, SCORES)
            write_text_gz(folder / f"scores/{receptor}/{i}.sdf.gz", "".join(shard.blocks))
    every = [(r, shard) for r, pair in shards.items() for shard in pair]
    selected = [row for _, shard in every for row in shard.selected]
    parts = Parts(
        sources=[_table(folder / "sources.parquet", sources, SOURCES)],
        membership=[_table(folder / "membership.parquet", members, MEMBERSHIP)],
        events=sorted((folder / "events").iterdir()),
        ligands=[
            _table(
                folder / f"ligands/{i}.parquet",
                [{"inchikey": key, "smiles": parents[key], "poses": []} for key in half],
                LIGANDS,
            )
            for i, half in enumerate(halves)
        ],
        poses={r: sorted((folder / "poses" / r).iterdir()) for r in RECEPTORS},
        scores={r: sorted((folder / "scores" / r).glob("*.parquet")) for r in RECEPTORS},
        selected=_table(folder / "selected.parquet", selected, SELECTED),
    )
    return Screen(
        folder=folder,
        parts=parts,
        structures={r: _receptor(Layout(folder).receptor(r).structure) for r in RECEPTORS},
        sdf={r: sorted((folder / "scores" / r).glob("*.sdf.gz")) for r in RECEPTORS},
        keys=keys,
        settings=_settings(),
        scores=[{"receptor": r, **row} for r, shard in every for row in shard.scores],
        poses=[{"receptor": r, **row} for r, shard in every for row in shard.poses],
    )


@pytest.fixture(scope="session")
def screen(tmp_path_factory: pytest.TempPathFactory) -> Screen:
    """The small screen, built once; tests read it and write elsewhere."""
    return build_screen(tmp_path_factory.mktemp("screen"))


@pytest.fixture(scope="session")
def ranked(screen: Screen):
    """A connection with ranking and ledger made, for tests that change nothing."""
    connection = screen.open()
    yield connection
    connection.close()


@pytest.fixture
def con(screen: Screen):
    """A connection of one's own, with ranking and ledger made."""
    connection = screen.open()
    yield connection
    connection.close()
