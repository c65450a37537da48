"""What Snakemake recorded about the job that made a file: its settings and its inputs.

Read from ``.snakemake`` in the folder in which the run was started. Results that were
moved have no such record; then nothing is known, and that is what is said.
"""

from __future__ import annotations

import json
import os
import shlex
from base64 import urlsafe_b64encode
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from screenmm.files import sha256


@dataclass(frozen=True, slots=True)
class Record:
    """How a file was made.

    Parameters
    ----------
    settings : dict
        The stage's settings.
    inputs : dict of str to str
        SHA-256 of the input files that were small enough for Snakemake to hash.
    """

    settings: dict[str, Any]
    inputs: dict[str, str]

    def changed_settings(self, now: str) -> list[str]:
        """Keys whose values are not those of the settings now, as ``section.key``."""
        return _differing(self.settings, json.loads(now))

    def changed_inputs(self) -> list[str]:
        """Input files that are gone or hold other bytes."""
        return [
            name
            for name, digest in self.inputs.items()
            if not Path(name).is_file() or sha256(Path(name)) != digest
        ]


def _differing(old: dict[str, Any], new: dict[str, Any], above: str = "") -> list[str]:
    found = []
    for key in sorted(old.keys() | new.keys()):
        a, b = old.get(key), new.get(key)
        if isinstance(a, dict) and isinstance(b, dict):
            found += _differing(a, b, f"{above}{key}.")
        elif a != b:
            found.append(f"{above}{key}")
    return found


def read_record_of(output: Path, folder: Path = Path(".snakemake")) -> Record | None:
    """Read how a file was made.

    Parameters
    ----------
    output : Path
        As the run named it: relative to the folder in which it was started.
    folder : Path
        Snakemake's own.

    Returns
    -------
    Record or None
        None where nothing is recorded.
    """
    name = urlsafe_b64encode(str(output).encode()).decode()
    if len(name) > os.pathconf("/", "PC_NAME_MAX"):
        return None
    try:
        found = json.loads((folder / "metadata" / name).read_text(encoding="utf-8"))
        words = shlex.split(found["shellcmd"])
        settings = json.loads(words[words.index("--settings") + 1])
    except (OSError, ValueError, KeyError, TypeError, IndexError):
        return None
    sums = found.get("input_checksums") or {}
    inputs = {
        path: text.removeprefix("sha256:")
        for path, text in sums.items()
        if isinstance(text, str) and text.startswith("sha256:")
    }
    return Record(settings, inputs)


def is_up_to_date(made: Path, settings: str, inputs: Iterable[Path]) -> bool:
    """Whether a file was made with these settings after its inputs were last changed.

    Parameters
    ----------
    made : Path
        As for :func:`read_record_of`; need not exist.
    settings : str
        The stage's settings now.
    inputs : iterable of Path
        The files that it is made from.
    """
    record = read_record_of(made) if made.is_file() else None
    if record is None or record.changed_settings(settings):
        return False
    made_at = made.stat().st_mtime
    # a link that leads elsewhere now is newer than what it leads to
    times = (max(path.stat().st_mtime, path.lstat().st_mtime) for path in inputs)
    return all(time <= made_at for time in times)
