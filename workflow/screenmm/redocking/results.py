"""What the redockings of a run came to, receptor by receptor."""

from __future__ import annotations

from screenmm.config.settings import Settings
from screenmm.metrics.redocking import Redocking
from screenmm.redocking.verdict import not_done
from screenmm.run.layout import Layout


def redockings(settings: Settings, files: Layout) -> dict[str, Redocking]:
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
        Receptor, in config order, to what came of it.
    """
    found = {}
    for receptor in settings.receptors:
        if obstacle := settings.redock_obstacle(receptor):
            pocket, engine = settings.pocket_of(receptor), settings.docking.engine
            of_relative = pocket.like is not None
            entry = not_done(obstacle, pocket.ligand_name, engine, of_relative=of_relative)
            found[receptor] = Redocking.model_validate(entry)
        else:
            text = files.redocking(receptor).read_text(encoding="utf-8")
            found[receptor] = Redocking.model_validate_json(text)
    return found
