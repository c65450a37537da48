"""The weights and the sampling of ANNalog, a transformer that writes analogues of a molecule.

The network reads a molecule's SMILES and writes the SMILES of another, token by token; it was
trained on pairs of similar molecules of ChEMBL (Dai and others 2025,
10.26434/chemrxiv-2025-9c1v6), and is an encoder and a decoder of three layers each as of Vaswani
and others 2017 (10.48550/arXiv.1706.03762). Of the package ``annalog`` the file of weights alone
is used, and none of its code is run: it unpickles its vocabulary, which stands here as JSON, and
computes each token from all tokens before it anew. Here their keys and values are kept, and many
molecules are written at once.

Sums are taken in double precision, though the weights are of single precision. Rounding then
differs by some 1e-14 between processors, numbers of threads and sizes of batches; a token changes
with it only where a random number falls that close to a limit, so in practice never.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import json
import math
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from screenmm.core.errors import ConfigError
from screenmm.generation.weights import WEIGHTS_SHA256

if TYPE_CHECKING:
    import torch

VERSION = "1.0.6"

VOCABULARY = Path(__file__).with_name("annalog_vocabulary.json")
INSTALL = f"install it by: pip install --no-deps annalog=={VERSION}"

LONGEST = 102
"""Tokens that a sequence may hold, its two ends among them: as many places were trained."""

LAYERS, WIDTH, HEADS = 3, 256, 8
HEAD_WIDTH = WIDTH // HEADS

START, END = "<sos>", "<eos>"
NEVER_WRITTEN = ("<unk>", "<pad>", START, ".", "[O]", "[C+]")
"""Marks that stand for no atom, and tokens that make salts, radicals and carbocations."""

_TOKEN = re.compile(r"\[[^\]]*\]|%\d{2}|Br|Cl|.")


def tokens_of(smiles: str) -> list[str]:
    """Split a SMILES into atoms in brackets, two-digit ring numbers, Br, Cl and single letters."""
    return _TOKEN.findall(smiles)


@functools.cache
def vocabulary() -> tuple[str, ...]:
    """Tokens in the order of the network's rows."""
    return tuple(json.loads(VOCABULARY.read_text(encoding="utf-8"))["tokens"])


def weights_path() -> Path:
    """File of weights in the installed package, whose code is not run to find it.

    Raises
    ------
    ConfigError
        The package is not installed, or another version of it is.
    """
    spec = importlib.util.find_spec("annalog")
    if spec is None or spec.origin is None:
        raise ConfigError(f"the language model needs the package annalog {VERSION}; {INSTALL}")
    path = Path(spec.origin).parent / "ckpt_and_vocab" / "Lev_extended.pt"
    if not path.is_file():
        raise ConfigError(
            f"{path} is missing: the language model needs the package annalog {VERSION}; {INSTALL}"
        )
    return path


def weights_sha256() -> str:
    """SHA-256 of the installed weights.

    Raises
    ------
    ConfigError
        The package is not installed, or its weights are not those of the version that is used.
    """
    path = weights_path()
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != WEIGHTS_SHA256:
        raise ConfigError(
            f"{path} has the SHA-256 {found}, not {WEIGHTS_SHA256} of annalog {VERSION}; {INSTALL}"
        )
    return found


@functools.cache
def load() -> Annalog:
    """The network, read once in a process.

    Raises
    ------
    ConfigError
        Torch or the package is not installed, or its weights are not the expected ones.
    """
    if importlib.util.find_spec("torch") is None:
        raise ConfigError("the language model needs PyTorch; install it by: pip install torch")
    import torch  # noqa: PLC0415

    weights_sha256()
    read = torch.load(weights_path(), map_location="cpu", weights_only=True)
    return Annalog({name: tensor.double() for name, tensor in read.items()}, vocabulary())


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch compute on one thread, and on as many as before afterwards."""
    import torch  # noqa: PLC0415

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@dataclass(frozen=True)
class Annalog:
    """The network.

    Parameters
    ----------
    weights : dict of str to torch.Tensor
        In double precision, named as in the file.
    tokens : tuple of str
        The vocabulary.
    """

    weights: dict[str, torch.Tensor]
    tokens: tuple[str, ...]

    def read(self, smiles: str) -> list[int] | None:
        """Rows of a SMILES' tokens and of its two ends; None if one is unknown, or it is too long.

        Tokens that are never written cannot be read either.
        """
        found = tokens_of(smiles)
        known = set(self.tokens).difference(NEVER_WRITTEN)
        if not found or len(found) + 2 > LONGEST or not known.issuperset(found):
            return None
        return [self.tokens.index(each) for each in (START, *found, END)]

    def sample(
        self, source: Sequence[int], draws: np.ndarray, temperature: float
    ) -> list[str | None]:
        """Write sequences for one molecule.

        Parameters
        ----------
        source : sequence of int
            See :meth:`read`.
        draws : numpy.ndarray of float, shape (n, steps)
            Uniform random numbers from 0 to 1: a row makes a sequence, whatever rows stand beside
            it. At most ``LONGEST - 1`` steps.
        temperature : float
            Above 1: unlikely tokens become more likely; below 1: less likely.

        Returns
        -------
        list of (str or None)
            SMILES that nothing was checked of, one for each row; None where it did not end.
        """
        import torch  # noqa: PLC0415

        with one_thread(), torch.inference_mode():
            rows = self._sample(list(source), torch.from_numpy(draws), temperature)
        return [self._written(row) for row in rows.tolist()]

    def log_probabilities(self, source: Sequence[int], target: Sequence[int]) -> np.ndarray:
        """Natural logarithms of the probabilities of each token after the start of a target.

        Parameters
        ----------
        source, target : sequence of int
            See :meth:`read`.

        Returns
        -------
        numpy.ndarray of float, shape (len(target) - 1, len(tokens))
        """
        import torch  # noqa: PLC0415

        with one_thread(), torch.inference_mode():
            state = _Decoding(self, self._encoded(list(source)), 1, len(target) - 1)
            steps = [state.step(torch.tensor([row])) for row in target[:-1]]
            return np.asarray(torch.log_softmax(torch.cat(steps), dim=-1).numpy())

    def _written(self, row: list[int]) -> str | None:
        end = self.tokens.index(END)
        if end not in row:
            return None
        return "".join(self.tokens[each] for each in row[: row.index(end)])

    def _sample(self, source: list[int], draws: torch.Tensor, temperature: float) -> torch.Tensor:
        """Rows of the vocabulary, shape (n, steps); what follows an end means nothing."""
        import torch  # noqa: PLC0415

        count, steps = draws.shape
        end = self.tokens.index(END)
        never = [self.tokens.index(each) for each in NEVER_WRITTEN]
        written = torch.full((count, steps), end)
        going = torch.arange(count)
        state = _Decoding(self, self._encoded(source), count, steps)
        last = torch.full((count,), self.tokens.index(START))
        for step in range(steps):
            scores = state.step(last) / temperature
            scores[:, never] = -math.inf
            up_to = torch.softmax(scores, dim=-1).cumsum(dim=-1)
            # relative to the sum as it was rounded: the last token that can be is never passed
            limits = draws[going, step, None] * up_to[:, -1:]
            last = torch.searchsorted(up_to, limits, right=True)[:, 0]
            last = last.clamp(max=len(self.tokens) - 1)
            written[going, step] = last
            unfinished = last != end
            if not unfinished.any():
                break
            # copying costs as much as some steps: not each time that a sequence ends
            if 2 * int(unfinished.sum()) <= len(going):
                state.keep(unfinished)
                going, last = going[unfinished], last[unfinished]
        return written

    def _encoded(self, source: list[int]) -> torch.Tensor:
        """What the encoder makes of a molecule, shape (1, tokens, WIDTH)."""
        import torch  # noqa: PLC0415

        places = torch.arange(len(source))
        x = self.embedded("encoder", torch.tensor(source), places)[None]
        for layer in range(LAYERS):
            name = f"encoder.layers.{layer}"
            query, key, value = (
                _heads(self.linear(f"{name}.self_attention.fc_{each}", x)) for each in "qkv"
            )
            mixed = self.linear(f"{name}.self_attention.fc_o", _joined(_mix(query, key, value)))
            x = self.normalised(f"{name}.self_attn_layer_norm", x + mixed)
            x = self.fed_forward(name, x)
        return x

    def embedded(self, part: str, rows: torch.Tensor, places: torch.Tensor) -> torch.Tensor:
        """Tokens at their places, shape (..., WIDTH)."""
        tokens = self.weights[f"{part}.tok_embedding.weight"][rows] * math.sqrt(WIDTH)
        return tokens + self.weights[f"{part}.pos_embedding.weight"][places]

    def linear(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """A linear layer."""
        from torch.nn.functional import linear  # noqa: PLC0415

        return linear(x, self.weights[f"{name}.weight"], self.weights[f"{name}.bias"])

    def normalised(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """A layer's normalisation."""
        from torch.nn.functional import layer_norm  # noqa: PLC0415

        weight, bias = self.weights[f"{name}.weight"], self.weights[f"{name}.bias"]
        return layer_norm(x, (WIDTH,), weight, bias)

    def fed_forward(self, name: str, x: torch.Tensor) -> torch.Tensor:
        """A layer's second half: two linear layers, added to what came in, and normalised."""
        inner = self.linear(f"{name}.positionwise_feedforward.fc_1", x).relu()
        outer = self.linear(f"{name}.positionwise_feedforward.fc_2", inner)
        return self.normalised(f"{name}.ff_layer_norm", x + outer)


class _Decoding:
    """Sequences that are being written for one molecule, with their tokens' keys and values."""

    def __init__(self, network: Annalog, encoded: torch.Tensor, count: int, steps: int) -> None:
        import torch  # noqa: PLC0415

        self._network = network
        self._place = 0
        shape = (count, HEADS, steps, HEAD_WIDTH)
        self._own = [[torch.empty(shape, dtype=torch.float64) for _ in "kv"] for _ in range(LAYERS)]
        self._molecule = [
            [
                _heads(
                    network.linear(f"decoder.layers.{layer}.encoder_attention.fc_{each}", encoded)
                )
                for each in "kv"
            ]
            for layer in range(LAYERS)
        ]

    def keep(self, which: torch.Tensor) -> None:
        """Go on with some sequences alone."""
        self._own = [[each[which] for each in layer] for layer in self._own]

    def step(self, last: torch.Tensor) -> torch.Tensor:
        """Take in each sequence's last token, shape (n,); give the scores of the next.

        Returns
        -------
        torch.Tensor, shape (n, tokens)
            Logits.
        """
        import torch  # noqa: PLC0415

        network = self._network
        here = slice(self._place + 1)
        x = network.embedded("decoder", last, torch.tensor(self._place))[:, None]
        for layer in range(LAYERS):
            name = f"decoder.layers.{layer}"
            query, key, value = (
                _heads(network.linear(f"{name}.self_attention.fc_{each}", x)) for each in "qkv"
            )
            keys, values = self._own[layer]
            keys[:, :, self._place], values[:, :, self._place] = key[:, :, 0], value[:, :, 0]
            mixed = _joined(_mix(query, keys[:, :, here], values[:, :, here]))
            mixed = network.linear(f"{name}.self_attention.fc_o", mixed)
            x = network.normalised(f"{name}.self_attn_layer_norm", x + mixed)

            # all sequences ask the same molecule: one product for each head
            query = _heads(network.linear(f"{name}.encoder_attention.fc_q", x).transpose(0, 1))
            mixed = _joined(_mix(query, *self._molecule[layer])).transpose(0, 1)
            mixed = network.linear(f"{name}.encoder_attention.fc_o", mixed)
            x = network.normalised(f"{name}.enc_attn_layer_norm", x + mixed)
            x = network.fed_forward(name, x)
        self._place += 1
        return network.linear("decoder.fc_out", x[:, 0])


def _heads(x: torch.Tensor) -> torch.Tensor:
    """Split the width among heads: (n, tokens, WIDTH) to (n, HEADS, tokens, HEAD_WIDTH)."""
    return x.unflatten(-1, (HEADS, HEAD_WIDTH)).transpose(1, 2)


def _joined(x: torch.Tensor) -> torch.Tensor:
    """Join the heads again: (n, HEADS, tokens, HEAD_WIDTH) to (n, tokens, WIDTH)."""
    return x.transpose(1, 2).flatten(-2)


def _mix(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Values, mixed by how well their keys fit a query."""
    fit = query @ key.transpose(-2, -1) / math.sqrt(HEAD_WIDTH)
    return fit.softmax(dim=-1) @ value
