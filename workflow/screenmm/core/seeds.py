"""Seeds: derived from what is computed, never from time, order or process id."""

from __future__ import annotations

import hashlib


def seed_for(run_seed: int, *parts: str, bits: int = 31) -> int:
    """Seed of one computation.

    Parameters
    ----------
    run_seed : int
        The seed in the config.
    *parts : str
        What is computed: stage and molecule key, for example ``("dock", key)``.
    bits : int
        Width of the result; 31 fits every library's signed 32-bit integer.

    Returns
    -------
    int
        Between 1 and ``2**bits - 1``: zero means "pick one yourself" to some libraries.
    """
    text = "\x1f".join((str(run_seed), *parts)).encode()
    number = int.from_bytes(hashlib.sha256(text).digest()[:8], "big")
    return number % (2**bits - 1) + 1
