"""Which word may have been meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def closest(word: str, words: Iterable[str], *, most: int = 1, least: float = 0.5) -> list[str]:
    """Words that are like another one, whatever the case; the most like it first.

    Parameters
    ----------
    word : str
        As it was written.
    words : iterable of str
        What it may stand for.
    most : int
        How many.
    least : float
        Least similarity, 0 to 1, as :func:`difflib.get_close_matches` counts it.
    """
    folded = {each.lower(): each for each in words}
    found = difflib.get_close_matches(word.lower(), list(folded), n=most, cutoff=least)
    return [folded[each] for each in found]
