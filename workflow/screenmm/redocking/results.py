"""What the redockings of a run came to, receptor by receptor."""

from __future__ import annotations

import json
from typing import Any

from screenmm.config.settings import Settings
from screenmm.redocking.verdict import not_done
from screenmm.run.layout import Layout


def redockings(settings: Settings, files: Layout) -> dict[str, dict[str, Any]]:
    """Read the redocking of each receptor, or why there is none.

    Parameters
    ----------
    settings : Settings
        The whole config.
    files : Layout
        Of the run.

    Returns
    -------
    dict
        Receptor, in config order, to what :func:`screenmm.redocking.verdict.judge` gives, with
        ``each_pose``, the RMSDs and energies of every pose.
    """
    found = {}
    for receptor in settings.receptors:
        if obstacle := settings.redock_obstacle(receptor):
            ligand = settings.pocket_of(receptor).ligand_name
            found[receptor] = not_done(obstacle, ligand, settings.docking.engine)
        else:
            found[receptor] = json.loads(files.redocking(receptor).read_text(encoding="utf-8"))
    return found
