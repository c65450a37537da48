"""Data for the page, packed: JSON, gzipped, in base64.

Packed text has letters, digits, ``+``, ``/`` and ``=`` alone, so that nothing a user named can
end the element it stands in. The browser unpacks a block when it needs it.
"""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import Iterator, Sequence
from typing import Any

from markupsafe import Markup

Block = tuple[str, Markup]  # name, packed text


def packed_bytes(data: bytes) -> Markup:
    """Gzip and write in base64; the same data gives the same text."""
    return Markup(base64.b64encode(gzip.compress(data, compresslevel=9, mtime=0)).decode())


def packed(value: Any) -> Markup:
    """Pack a value as JSON.

    Parameters
    ----------
    value : object
        What JSON can hold; no NaN or infinity.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return packed_bytes(text.encode())


def chunks(name: str, values: Sequence[Any], size: int) -> Iterator[Block]:
    """Pack a list in blocks ``{name}-0``, ``{name}-1``, ... of ``size`` values."""
    for number, start in enumerate(range(0, len(values), size)):
        yield f"{name}-{number}", packed(values[start : start + size])
