"""RDKit's messages: kept off the terminal, and caught where they say why."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

from rdkit import rdBase

_TIME = re.compile(r"^\[\d\d:\d\d:\d\d\]\s*")


class _Collector(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.messages: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.messages.append(_TIME.sub("", record.getMessage()).strip())


@contextmanager
def caught_messages() -> Iterator[list[str]]:
    """Collect what RDKit logs in the block, without its times, instead of printing it."""
    logger = logging.getLogger("rdkit")
    collector = _Collector()
    before = logger.handlers, logger.propagate, logger.level
    logger.handlers, logger.propagate = [collector], False
    logger.setLevel(logging.DEBUG)
    rdBase.LogToPythonLogger()
    try:
        yield collector.messages
    finally:
        rdBase.LogToCppStreams()
        logger.handlers, logger.propagate = before[0], before[1]
        logger.setLevel(before[2])
