"""What a column of a table is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its type, and what people need to know of it.

    Parameters
    ----------
    name : str
        In files and in SQL, with its unit.
    type : str
        As DuckDB writes it; ``[]`` behind it makes it a list.
    unit : str
        Empty for text, counts and what has none.
    decimals : int or None
        In CSV; None writes a value as it is.
    words : str
        What it is called in a sentence or a heading; of scores and their terms.
    hint : str
        What it means, in a phrase.
    better : int
        1 where larger is better, -1 where smaller is; 0 where neither is.
    """

    name: str
    type: str = "VARCHAR"
    unit: str = ""
    decimals: int | None = None
    words: str = ""
    hint: str = ""
    better: int = 0

    @property
    def meaning(self) -> str:
        """The hint, and which way is better."""
        way = {1: "higher is better", -1: "lower is better"}.get(self.better, "")
        told = "; ".join(filter(None, (self.hint, way)))
        return told[:1].upper() + told[1:]
