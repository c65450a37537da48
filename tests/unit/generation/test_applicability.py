import numpy as np
import pytest
from rdkit import Chem, DataStructs
from rdkit.Chem import rdFingerprintGenerator
from scipy import sparse

from screenmm.generation import applicability as module
from screenmm.generation.applicability import applicability

SMILES = [
    "CCO",
    "c1ccccc1C(=O)NCC",
    "CC(C)Cc1ccc(cc1)C(C)C(=O)O",
    "C" * 40,
    "O=C(Nc1ccnc(NC(=O)C2CC2)c1)c1c(Cl)cccc1Cl",
    "CC(=O)Nc1cc(NC(=O)c2c(Cl)cccc2Cl)ccn1",
    "CC(=O)Oc1ccccc1C(=O)O",
    "CN1C=NC2=C1C(=O)N(C(=O)N2C)C",
]
GENERATOR = rdFingerprintGenerator.GetMorganGenerator(radius=2, fpSize=4096)


def counts_of(smiles: list[str]) -> sparse.csr_array:
    mols = map(Chem.MolFromSmiles, smiles)
    rows = [GENERATOR.GetCountFingerprintAsNumPy(mol).astype(float) for mol in mols]
    return sparse.csr_array(np.array(rows).reshape(len(rows), 4096))


@pytest.mark.parametrize("block", [2, 2048])
def test_similarities_are_those_of_rdkit(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(module, "BLOCK", block)
    some, known = SMILES[:3], SMILES[3:]
    similarity, nearest = applicability(counts_of(some), counts_of(known))
    prints = [GENERATOR.GetCountFingerprint(Chem.MolFromSmiles(each)) for each in SMILES]
    for row in range(3):
        expected = DataStructs.BulkTanimotoSimilarity(prints[row], prints[3:])
        assert similarity[row] == pytest.approx(max(expected), abs=1e-12)
        assert nearest[row] == expected.index(max(expected))


def test_bits_by_hand() -> None:
    one = sparse.csr_array(np.array([[1.0, 1, 1, 0], [0, 0, 0, 0]]))
    known = sparse.csr_array(np.array([[0.0, 0, 0, 1], [0, 1, 1, 1], [1, 1, 0, 1]]))
    similarity, nearest = applicability(one, known)
    # two of four; of two alike the first; a molecule of nothing resembles nothing
    assert similarity.tolist() == [0.5, 0.0]
    assert nearest.tolist() == [1, 0]


def test_counts_by_hand() -> None:
    # smaller counts 2 + 0 + 1, larger 3 + 4 + 1
    one, known = (sparse.csr_array(np.array([each])) for each in ([3.0, 0, 1], [2.0, 4, 1]))
    assert applicability(one, known)[0].tolist() == [3 / 8]


def test_itself_is_nearest() -> None:
    counts = counts_of(SMILES)
    similarity, nearest = applicability(counts, counts)
    assert similarity.tolist() == [1.0] * len(SMILES)
    assert nearest.tolist() == list(range(len(SMILES)))


def test_nothing_known_and_nothing_asked() -> None:
    counts, none = counts_of(SMILES), sparse.csr_array((0, 4096))
    similarity, nearest = applicability(counts, none)
    assert set(similarity) == {0.0}
    assert set(nearest) == {-1}
    assert len(applicability(none, counts)[0]) == 0


def test_other_columns_are_an_error() -> None:
    with pytest.raises(ValueError, match="8 columns and known ones 4"):
        applicability(sparse.csr_array((1, 8)), sparse.csr_array((1, 4)))
