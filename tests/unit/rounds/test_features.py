from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem
from rdkit.Chem import rdFingerprintGenerator

from screenmm.core.errors import LigandError, Reason
from screenmm.rounds.features import (
    COLUMNS,
    MOST,
    FeatureFiles,
    describe,
    read_features,
    stacked,
    write_features,
)

LIGANDS = [("C", "CCO"), ("A", "c1ccccc1C(=O)NCC"), ("B", "CC(C)Cc1ccc(cc1)C(C)C(=O)O")]


def test_counts_are_those_of_rdkit(tmp_path: Path) -> None:
    assert write_features(tmp_path / "x.parquet", LIGANDS) == {}
    found = read_features(tmp_path / "x.parquet")
    generator = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=COLUMNS)
    smiles = dict(LIGANDS)
    assert found.keys.tolist() == ["A", "B", "C"]
    for row, key in enumerate(found.keys):
        mol = Chem.MolFromSmiles(smiles[key])
        expected = generator.GetCountFingerprintAsNumPy(mol)
        np.testing.assert_array_equal(found.counts[[row]].toarray()[0], expected)
        assert found.heavy_atoms[row] == mol.GetNumHeavyAtoms()


def test_ethanol_by_hand() -> None:
    # three atoms, three surroundings of one bond; none of two that are not the whole molecule
    atoms, counts = describe("CCO")
    assert atoms == 3
    assert sum(counts.values()) == 6


def test_bytes_do_not_depend_on_order(tmp_path: Path) -> None:
    write_features(tmp_path / "a.parquet", LIGANDS)
    write_features(tmp_path / "b.parquet", LIGANDS[::-1])
    assert (tmp_path / "a.parquet").read_bytes() == (tmp_path / "b.parquet").read_bytes()


@pytest.mark.parametrize(
    ("smiles", "message"),
    [
        ("C1CC", "'C1CC' cannot be read.*unclosed ring"),
        ("", "it is empty"),
        ("CN(C)(C)(C)C", "valence"),
    ],
)
def test_what_cannot_be_read_is_an_error_of_that_molecule(
    tmp_path: Path, smiles: str, message: str
) -> None:
    with pytest.raises(LigandError, match=message):
        describe(smiles)
    failures = write_features(tmp_path / "x.parquet", [*LIGANDS, ("D", smiles)])
    assert {key: error.reason for key, error in failures.items()} == {"D": Reason.INVALID_STRUCTURE}
    assert len(read_features(tmp_path / "x.parquet")) == 3


def test_a_shard_of_nothing(tmp_path: Path) -> None:
    write_features(tmp_path / "x.parquet", [])
    found = read_features(tmp_path / "x.parquet")
    assert len(found) == 0
    assert found.counts.shape == (0, COLUMNS)


def test_large_counts_are_cut(tmp_path: Path) -> None:
    write_features(tmp_path / "x.parquet", [("A", "C" * 400)])
    assert read_features(tmp_path / "x.parquet").counts.max() == MOST


def test_shards_stacked_are_the_library(tmp_path: Path) -> None:
    paths = [tmp_path / "1.parquet", tmp_path / "2.parquet"]
    write_features(paths[0], LIGANDS[:2])
    write_features(paths[1], LIGANDS[2:])
    write_features(tmp_path / "all.parquet", LIGANDS)
    both, whole = stacked(list(FeatureFiles(paths))), read_features(tmp_path / "all.parquet")
    order = np.argsort(both.keys.astype(str))
    assert (both.at(order).counts != whole.counts).nnz == 0
    assert both.at(order).heavy_atoms.tolist() == whole.heavy_atoms.tolist()
    assert len(stacked([])) == 0


def test_the_square_of_the_size_stands_beside_the_counts(tmp_path: Path) -> None:
    write_features(tmp_path / "x.parquet", LIGANDS)
    found = read_features(tmp_path / "x.parquet")
    assert found.design.shape == (3, COLUMNS + 1)
    # ethyl benzamide of 11, ibuprofen of 15, ethanol of 3 heavy atoms
    assert found.design[:, [COLUMNS]].toarray().ravel().tolist() == [169 / 16, 81 / 16, 441 / 16]
    assert (found.design[:, :COLUMNS] != found.counts).nnz == 0
