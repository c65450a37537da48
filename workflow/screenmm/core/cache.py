"""Where this machine keeps what no result depends on."""

from __future__ import annotations

import os
from pathlib import Path


def cache_folder() -> Path | None:
    """Give ``$SCREENMM_CACHE``, else the user's cache folder.

    It is no part of a screen's config, because no result depends on it. An empty
    ``SCREENMM_CACHE`` keeps nothing.
    """
    folder = os.environ.get("SCREENMM_CACHE")
    if folder == "":
        return None
    if folder is None:
        base = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
        return Path(base).expanduser() / "screenmm"
    return Path(folder)
