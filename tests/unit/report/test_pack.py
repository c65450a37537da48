from __future__ import annotations

import base64
import gzip
import json
import re
from typing import Any

import pytest

from screenmm.report.pack import chunks, packed
from tests.unit.screens import HOSTILE


def _unpacked(text: str) -> Any:
    return json.loads(gzip.decompress(base64.b64decode(text)))


def test_packed_text_can_end_no_element_and_comes_back_whole() -> None:
    value = {"names": [*HOSTILE, "</script>", "<!--"], "numbers": [1, -2.5, None]}
    text = packed(value)
    assert re.fullmatch(r"[A-Za-z0-9+/]+=*", text)
    assert _unpacked(text) == value
    assert packed(value) == text


def test_blocks_hold_every_value_once_in_order() -> None:
    blocks = list(chunks("poses-0", list(range(120)), 50))
    assert [name for name, _ in blocks] == ["poses-0-0", "poses-0-1", "poses-0-2"]
    assert [each for _, text in blocks for each in _unpacked(text)] == list(range(120))


def test_what_is_no_number_is_not_packed() -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        packed([float("nan")])
