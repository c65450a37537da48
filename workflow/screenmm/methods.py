"""Versions of the stages' methods.

Snakemake does not see a change of library code. The version of a stage is part of its
rule's ``params``: raise it when a change alters the stage's results, and they are made
anew.
"""

from __future__ import annotations

import json

from screenmm.settings import Settings

VERSIONS = {
    "split": 1,
    "standardise": 1,
    "merge": 1,
    "prepare_ligands": 1,
    "prepare_receptor": 2,
    "dock": 1,
    "select": 1,
    "score": 3,
    "rank": 4,
    "report": 2,
}

_USED: dict[str, dict[str, set[str] | None]] = {
    "split": {"library": None},
    "standardise": {
        "docking": {"engine"},
        "ligands": {"filters", "max_heavy_atoms", "time_limit_s"},
    },
    "merge": {"library": {"shard_size"}},
    "prepare_ligands": {
        "docking": {"engine"},
        "seed": None,
        "ligands": {
            "ph_min", "ph_max", "tautomers", "max_stereoisomers", "max_states",
            "conformer_trials", "time_limit_s",
        },
    },
    "dock": {"seed": None, "docking": None},
    "select": {"scoring": {"top", "poses", "shard_size"}},
    "rank": {"ranking": {"by", "complexes", "picks"}},
}  # fmt: skip
"""Config keys each stage reads; None: the whole section. Others never rerun the stage."""


def stage_settings(settings: Settings, stage: str, receptor: str = "") -> str:
    """Everything in the config that a stage's results depend on, as JSON.

    Parameters
    ----------
    settings : Settings
        The whole config.
    stage : str
        Key of ``VERSIONS``.
    receptor : str
        For ``prepare_receptor``.

    Returns
    -------
    str
        Goes to the stage's ``--settings`` and, through Snakemake's ``params``, decides
        whether the stage runs again.
    """
    dump = settings.model_dump(mode="json")
    used: dict[str, object]
    if stage == "prepare_receptor":
        used = {"receptors": {receptor: dump["receptors"][receptor]}}
        used["pocket"] = settings.pocket_of(receptor).model_dump(mode="json")
        used["receptors"][receptor].pop("pocket")  # type: ignore[index]
    elif stage == "report":
        used = dump
    elif stage == "score":
        kept = set(dump["scoring"]) - {"top", "poses", "shard_size"}
        used = {
            "seed": dump["seed"],
            "scoring": {key: dump["scoring"][key] for key in sorted(kept)},
        }
    else:
        used = {
            section: dump[section]
            if keys is None
            else {key: dump[section][key] for key in sorted(keys)}
            for section, keys in _USED[stage].items()
        }
    return json.dumps({"method": VERSIONS[stage], **used}, sort_keys=True)
