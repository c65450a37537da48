"""YAML's plain scalars as they stand in a file, where YAML reads something else.

YAML 1.1 reads ``032`` as the octal number 26, ``12:30`` as 750 in base 60, ``NO`` as false and
``2024-01-01`` as a date. Numbers that would change so are refused where a file is read; for the
others :func:`written` finds the text, so that a message can show it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import yaml

_OCTAL = re.compile(r"[-+]?0[0-7_]+")


class MisreadScalarError(yaml.YAMLError):
    """YAML reads another number than the one that is written."""

    def __init__(self, node: yaml.ScalarNode, value: float) -> None:
        text, line = node.value, node.start_mark.line + 1
        super().__init__(
            f'line {line}: YAML reads {text} as the number {value}: put {text} in quotes, "{text}"'
        )


class PlainLoader(yaml.SafeLoader):
    """Refuses whole numbers that YAML reads in base 8 or 60."""

    def construct_yaml_int(self, node: yaml.ScalarNode) -> int:
        """Read a whole number."""
        value: int = super().construct_yaml_int(node)
        text = node.value
        if ":" in text or (_OCTAL.fullmatch(text) and int(text.replace("_", "")) != value):
            raise MisreadScalarError(node, value)
        return value

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        """Read a number."""
        value: float = super().construct_yaml_float(node)
        if ":" in node.value:
            raise MisreadScalarError(node, value)
        return value


PlainLoader.add_constructor("tag:yaml.org,2002:int", PlainLoader.construct_yaml_int)
PlainLoader.add_constructor("tag:yaml.org,2002:float", PlainLoader.construct_yaml_float)


def written(paths: Sequence[Path], location: Sequence[int | str], value: object) -> str:
    """Text of a value, as it stands in the last of several config files that has it.

    Parameters
    ----------
    paths : sequence of Path
        Config files, of which later ones override earlier ones.
    location : sequence of int and str
        Keys and places in lists that lead to the value; a last ``[key]`` means the key itself.
    value : object
        What YAML made of it.

    Returns
    -------
    str
        Python's form of the value where no file has it there.
    """
    for path in reversed(paths):
        root = yaml.compose(path.read_text(encoding="utf-8"), Loader=yaml.SafeLoader)
        for node in _scalars(root, list(location)) if root is not None else ():
            if yaml.safe_load(node.value) == value:
                return str(node.value)
    return repr(value)


def _scalars(node: yaml.Node, location: list[int | str]) -> list[yaml.ScalarNode]:
    """Scalars that a location may mean; a key's own text is not known, so all keys are."""
    if not location or isinstance(node, yaml.ScalarNode):
        return [node] if isinstance(node, yaml.ScalarNode) and not location else []
    part, *rest = location
    if isinstance(node, yaml.SequenceNode):
        within = isinstance(part, int) and 0 <= part < len(node.value)
        return _scalars(node.value[part], rest) if within else []
    if rest == ["[key]"]:
        return [key for key, _ in node.value]
    found = (value for key, value in node.value if key.value == str(part))
    return [scalar for value in found for scalar in _scalars(value, rest)]
