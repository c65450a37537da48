import importlib.util
import io
import os
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from rdkit import Chem

from screenmm.core.errors import ConfigError
from screenmm.generation import annalog
from screenmm.generation.proposal import Known
from screenmm.generation.proposers.language_model import LanguageModel, canonical_smiles

torch = pytest.importorskip("torch", reason="needs PyTorch: make test-torch runs this")
if importlib.util.find_spec("annalog") is None:
    pytest.skip("needs annalog: make test-torch installs it", allow_module_level=True)

# the ligands ejm_46 and ejm_31 of TYK2's set
CYCLOPROPYL = Known("A", "O=C(Nc1ccnc(NC(=O)C2CC2)c1)c1c(Cl)cccc1Cl")
METHYL = Known("B", "CC(=O)Nc1cc(NC(=O)c2c(Cl)cccc2Cl)ccn1")
IMATINIB = "Cc1ccc(NC(=O)c2ccc(CN3CCN(C)CC3)cc2)cc1Nc1nccc(-c2cccnc2)n1"


@pytest.fixture(scope="module")
def network() -> annalog.Annalog:
    return annalog.load()


class _PlainUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> None:
        raise pickle.UnpicklingError(name)


def test_the_vocabulary_is_the_packages() -> None:
    path = annalog.weights_path().with_name("stereo_experiment_vocab_ttf.pkl")
    theirs = _PlainUnpickler(io.BytesIO(path.read_bytes())).load()
    assert list(annalog.vocabulary()) == theirs["itos"]
    assert dict(zip(annalog.vocabulary(), range(59), strict=True)) == theirs["stoi"]


def test_other_weights_are_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert annalog.weights_sha256() == annalog.WEIGHTS_SHA256
    other = tmp_path / "Lev_extended.pt"
    other.write_bytes(b"of another version")
    monkeypatch.setattr(annalog, "weights_path", lambda: other)
    with pytest.raises(ConfigError, match=r"not 9e22e755.*pip install --no-deps annalog==1\.0\.6"):
        annalog.weights_sha256()


def test_without_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(annalog.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ConfigError, match=r"needs the package annalog 1\.0\.6; install it by"):
        annalog.weights_path()


def test_tokens_by_hand() -> None:
    assert annalog.tokens_of("C[C@@H]1CBr%12Cl") == ["C", "[C@@H]", "1", "C", "Br", "%12", "Cl"]
    assert "".join(annalog.tokens_of(IMATINIB)) == IMATINIB


def test_probabilities_are_those_of_the_packages_network(network: annalog.Annalog) -> None:
    pytest.importorskip("partialsmiles", reason="the code of annalog needs partialsmiles")
    theirs = pytest.importorskip("annalog.model_files.seq2seq_attention")
    device, size = torch.device("cpu"), len(network.tokens)
    parts = [
        part(size, 256, 3, 8, 512, 0.1, device, 102) for part in (theirs.Encoder, theirs.Decoder)
    ]
    model = theirs.Seq2Seq(*parts, 1, 1, device)
    weights = torch.load(annalog.weights_path(), map_location=device, weights_only=True)
    model.load_state_dict(weights)
    model.eval()
    source, target = network.read(IMATINIB), network.read(METHYL.smiles)
    assert source is not None
    assert target is not None
    with torch.inference_mode():
        scores, _ = model(torch.tensor([source]), torch.tensor([target[:-1]]))
    expected = torch.log_softmax(scores[0], dim=-1).numpy()
    # theirs is of single precision
    np.testing.assert_allclose(network.log_probabilities(source, target), expected, atol=2e-4)


def test_a_sequence_does_not_depend_on_those_beside_it(network: annalog.Annalog) -> None:
    source = network.read(CYCLOPROPYL.smiles)
    assert source is not None
    draws = np.random.default_rng(0).random((12, 101))
    together = network.sample(source, draws, 1.0)
    assert together[:5] + together[5:6] + together[6:] == [
        *network.sample(source, draws[:5], 1.0),
        *network.sample(source, draws[5:6], 1.0),
        *network.sample(source, draws[6:], 1.0),
    ]
    assert len(set(together)) > 6


def test_draws_choose_tokens_by_their_probability(network: annalog.Annalog) -> None:
    source = network.read(CYCLOPROPYL.smiles)
    assert source is not None
    start = [network.tokens.index("<sos>"), 0]
    probability = np.exp(network.log_probabilities(source, start)[0])
    # one step, at the middles of 1,000 equal parts of the range of random numbers
    middles = (np.arange(1000)[:, None] + 0.5) / 1000
    rows = network._sample(source, torch.from_numpy(middles), 1.0)[:, 0].numpy()
    share = np.bincount(rows, minlength=59) / 1000
    np.testing.assert_allclose(share, probability, atol=2e-3)


@pytest.mark.parametrize("draw", [0.0, 1.0 - 2**-53])
def test_draws_at_the_ends_give_no_forbidden_token(network: annalog.Annalog, draw: float) -> None:
    source = network.read(CYCLOPROPYL.smiles)
    assert source is not None
    rows = network._sample(source, torch.full((1, 4), draw, dtype=torch.float64), 1.0)
    assert not {network.tokens[row] for row in rows[0]} & set(annalog.NEVER_WRITTEN)


def test_proposals_are_new_valid_and_take_turns() -> None:
    parents = [CYCLOPROPYL, METHYL]
    found = LanguageModel().propose(parents, [], 10, 7)
    smiles = [each.smiles for each in found]
    assert len(set(smiles)) == 10
    assert not set(smiles) & {each.smiles for each in parents}
    assert smiles == [canonical_smiles(each) for each in smiles]
    assert [each.parents for each in found] == [("A",), ("B",)] * 5
    assert {(each.operation, each.reaction, each.blocks) for each in found} == {
        ("sequence", "", ())
    }
    # fewer are the same ones first, whatever the size of the batches
    assert LanguageModel().propose(parents, [], 3, 7) == found[:3]
    # what was judged is not proposed, and the rest is as before
    judged = [Known("J", smiles[0], 1.0)]
    again = LanguageModel().propose(parents, judged, 5, 7)
    assert smiles[0] not in {each.smiles for each in again}
    assert again[1] == found[1]
    assert LanguageModel().propose(parents, [], 3, 8) != found[:3]


def test_the_same_on_other_threads_instructions_and_processes() -> None:
    program = (
        "import torch; torch.set_num_threads(2)\n"
        "from screenmm.generation.proposers.language_model import LanguageModel\n"
        "from screenmm.generation.proposal import Known\n"
        f"parent = Known('A', {CYCLOPROPYL.smiles!r})\n"
        "for each in LanguageModel().propose([parent], [], 8, 7): print(each.smiles)\n"
        "assert torch.get_num_threads() == 2\n"
    )
    environment = os.environ | {
        "OMP_NUM_THREADS": "2",
        "PYTHONHASHSEED": "5",
        # an old processor's instructions, for torch and for its library of linear algebra
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
    }
    run = subprocess.run(
        [sys.executable, "-c", program], env=environment, text=True, capture_output=True, check=True
    )
    here = LanguageModel().propose([CYCLOPROPYL], [], 8, 7)
    assert run.stdout.split() == [each.smiles for each in here]
    assert run.stderr == ""


@pytest.mark.parametrize(
    "smiles",
    [
        "",
        "not a molecule",
        "C1CC",
        "Ic1ccccc1",  # iodine, phosphorus, boron, silicon: tokens that the vocabulary lacks
        "CP(C)(C)=O",
        "OB(O)c1ccccc1",
        "C[Si](C)(C)C",
        "[2H]C([2H])([2H])c1ccccc1",
        "C[NH+](C)C",
        "CC(=O)[O-].[Na+]",
        "CC(=O)O.CN",
        "[CH3]",
        "[O]N1C(C)(C)CCCC1(C)C",
        "C" * 101,
    ],
)
def test_parents_that_cannot_be_written_give_none(
    smiles: str, capfd: pytest.CaptureFixture[str]
) -> None:
    assert LanguageModel().propose([Known("X", smiles)], [], 5, 1) == []
    assert capfd.readouterr() == ("", "")


def test_effort_is_bounded() -> None:
    model = LanguageModel(most_samples=8)
    assert model.propose([], [], 10, 1) == []
    assert model.propose([METHYL], [], 0, 1) == []
    assert len(model.propose([METHYL, Known("X", "Ic1ccccc1")], [], 10**6, 1)) <= 8
    # one atom, and the longest that can be read
    for smiles in ("C", "N" + "C" * 99):
        assert len(model.propose([Known("X", smiles)], [], 10**6, 1)) <= 8


@pytest.mark.parametrize("temperature", [0.0, -1.0, 3.0, float("nan"), float("inf")])
def test_temperatures_out_of_range(temperature: float) -> None:
    with pytest.raises(ConfigError, match=r"temperature is .*: give 0\.2 to 2"):
        LanguageModel(temperature=temperature)
    with pytest.raises(ConfigError, match="samples are 0 of a parent"):
        LanguageModel(most_samples=0)


def test_canonical_smiles_of_what_is_written() -> None:
    assert canonical_smiles("OCC") == "CCO"
    assert canonical_smiles("C[C@H](C)O") == "CC(C)O"
    assert [canonical_smiles(each) for each in ("CC.O", "C[CH2]", "C(", "")] == [None] * 4
    assert Chem.MolFromSmiles("C[CH2]") is not None
