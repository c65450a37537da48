"""Structures that every receptor test starts from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from rdkit import Chem

from screenmm.config.settings import Pocket, Receptor
from screenmm.receptor.prepare import PreparedReceptor, prepare_receptor

Prepare = Callable[..., PreparedReceptor]


@pytest.fixture(scope="session")
def tyk2_ligand(tyk2_ligands: list[Chem.Mol], tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tyk2") / "ligand.sdf"
    with Chem.SDWriter(str(path)) as writer:
        writer.write(tyk2_ligands[0])
    return path


@pytest.fixture(scope="session")
def bare_tyk2(tyk2_protein: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """TYK2 as a crystallographer would deposit it: no hydrogens, no states in the names."""
    plain = {"HID": "HIS", "HIE": "HIS", "HIP": "HIS"}
    lines = []
    for line in tyk2_protein.read_text().splitlines():
        if line.startswith(("ATOM", "HETATM")):
            if line[12:16].strip().lstrip("0123456789").startswith("H"):
                continue
            name = line[17:20]
            lines.append(line[:17] + plain.get(name, name) + line[20:])
    path = tmp_path_factory.mktemp("bare") / "tyk2.pdb"
    path.write_text("\n".join([*lines, "END", ""]))
    return path


@pytest.fixture(scope="session")
def fragments() -> Path:
    """Pieces of entries of the Protein Data Bank, named after them."""
    return Path(__file__).parent / "fragments"


@pytest.fixture(scope="session")
def prepare() -> Prepare:
    def run(structure: Path, pocket: dict[str, object], **settings: object) -> PreparedReceptor:
        return prepare_receptor("wt", Receptor(structure=structure, **settings), Pocket(**pocket))

    return run


@pytest.fixture(scope="session")
def tyk2(prepare: Prepare, tyk2_protein: Path, tyk2_ligand: Path) -> PreparedReceptor:
    return prepare(tyk2_protein, {"ligand": tyk2_ligand})


@pytest.fixture(scope="session")
def rebuilt_tyk2(prepare: Prepare, bare_tyk2: Path, tyk2_ligand: Path) -> PreparedReceptor:
    return prepare(bare_tyk2, {"ligand": tyk2_ligand})


def changes(prepared: PreparedReceptor, kind: str) -> dict[str, str]:
    return {each.residue: each.detail for each in prepared.report if each.kind == kind}
