"""How near a proposal is to molecules that were scored: a model of scores says little beyond them.

Nearness is the Tanimoto similarity of counts, which is the sum of the smaller counts over the sum
of the larger counts. Of bits (counts of 0 and 1) it is the usual one.
"""

from __future__ import annotations

import numpy as np
from scipy import sparse

BLOCK = 2048
"""Known molecules compared at once: 1,000 proposals then take 16 MB for their similarities."""


def applicability(
    counts: sparse.csr_array, known: sparse.csr_array
) -> tuple[np.ndarray, np.ndarray]:
    """Similarity of molecules to the most similar known one.

    Parameters
    ----------
    counts : scipy.sparse.csr_array, shape (n, columns)
        How often each substructure occurs in each molecule, as whole numbers; for example
        :attr:`screenmm.rounds.features.Features.counts`.
    known : scipy.sparse.csr_array, shape (m, columns)

    Returns
    -------
    similarity : numpy.ndarray of float, shape (n,)
        From 0 to 1; 0 where nothing is known.
    nearest : numpy.ndarray of int, shape (n,)
        Row of the most similar known molecule, the first of several; -1 where nothing is known.

    Raises
    ------
    ValueError
        The two differ in their columns.
    """
    if counts.shape[1] != known.shape[1]:
        raise ValueError(
            f"molecules have {counts.shape[1]} columns and known ones {known.shape[1]}: "
            "describe both alike"
        )
    similarity = np.zeros(counts.shape[0])
    nearest = np.full(counts.shape[0], -1 if not known.shape[0] else 0)
    size, known_size = (np.asarray(each.sum(axis=1)).ravel() for each in (counts, known))
    levels = int(max((each.data.max() for each in (counts, known) if each.nnz), default=1))
    unary = _unary(counts, levels)
    for begin in range(0, known.shape[0], BLOCK):
        rows = slice(begin, begin + BLOCK)
        smaller = (unary @ _unary(known[rows], levels).T).toarray()
        larger = size[:, None] + known_size[rows] - smaller
        # a molecule of no substructure resembles nothing
        here = np.divide(smaller, larger, out=np.zeros_like(smaller), where=larger > 0)
        best = here.argmax(axis=1)
        value = here[np.arange(len(best)), best]
        better = value > similarity
        similarity[better], nearest[better] = value[better], best[better] + begin
    return similarity, nearest


def _unary(counts: sparse.csr_array, levels: int) -> sparse.csr_array:
    """A column for each count that a column may reach: products are sums of smaller counts then.

    A count of 3 in a column of 4 levels is 1, 1, 1, 0; the product of two rows counts the levels
    that both reach.
    """
    entries = counts.tocoo()
    repeats = entries.data.astype(np.int64)
    begins = np.cumsum(repeats) - repeats
    level = np.arange(repeats.sum()) - np.repeat(begins, repeats)
    rows = np.repeat(entries.row, repeats)
    columns = np.repeat(entries.col.astype(np.int64), repeats) * levels + level
    shape = (counts.shape[0], counts.shape[1] * levels)
    return sparse.csr_array((np.ones(len(level)), (rows, columns)), shape=shape)
