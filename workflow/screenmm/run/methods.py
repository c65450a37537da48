"""Versions of the stages' methods.

Snakemake does not see a change of library code. The version of a stage is part of its
rule's ``params``: raise it when a change alters the stage's results, and they are made
anew.
"""

from __future__ import annotations

import json

from screenmm.config.engines import engines
from screenmm.config.settings import Docking, Settings

VERSIONS = {
    "split": 3,
    "standardise": 2,
    "merge": 1,
    "prepare_ligands": 2,
    "prepare_receptor": 3,
    "reference": 2,
    "compare": 1,
    "dock": 1,
    "select": 1,
    "score": 4,
    "inspect": 2,
    "rank": 7,
    "report": 5,
}

_USED: dict[str, dict[str, set[str] | None]] = {
    "standardise": {
        "ligands": {"filters", "max_heavy_atoms", "time_limit_s"},
    },
    "merge": {"library": {"shard_size"}},
    "prepare_ligands": {
        "seed": None,
        "ligands": {
            "ph_min", "ph_max", "protomers", "tautomers", "max_stereoisomers", "max_states",
            "conformer_trials", "time_limit_s",
        },
    },
    "reference": {
        "controls": {"reference", "reference_smiles"},
        "seed": None,
        "ligands": {
            "ph_min", "ph_max", "protomers", "tautomers", "max_stereoisomers", "max_heavy_atoms",
            "conformer_trials", "time_limit_s",
        },
    },
    "compare": {"controls": {"redock_rmsd_angstrom", "reference"}, "docking": {"engine"}},
    "dock": {"seed": None, "docking": None},
    "select": {"scoring": {"top", "poses", "shard_size"}},
    "inspect": {"inspection": None},
    "rank": {"ranking": {"by", "complexes", "picks", "pose_checks", "interactions"}},
}  # fmt: skip
"""Config keys each stage reads; None: the whole section. Others never rerun the stage."""


TAKE_POSES = ("standardise", "prepare_ligands")
"""Stages that keep the library's poses where the engine takes them, whatever its name."""


PER_RECEPTOR = ("reference", "compare")
"""Stages that read the receptor's pocket beside the keys of ``_USED``."""


def stage_settings(
    settings: Settings, stage: str, receptor: str = "", *, of_reference: bool = False
) -> str:
    """Everything in the config that a stage's results depend on, as JSON.

    Parameters
    ----------
    settings : Settings
        The whole config.
    stage : str
        Key of ``VERSIONS``.
    receptor : str
        For ``prepare_receptor`` and ``PER_RECEPTOR``.
    of_reference : bool
        Of ``score``: for all poses of the reference ligand, each once.

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
        if of_reference:
            # replicas change no pose's own score; more poses than a ligand's take longer
            more = max(1.0, settings.docking.poses / settings.scoring.poses)
            limit_s = settings.scoring.time_limit_s * more
            used["scoring"] |= {"jitter_replicas": 0, "time_limit_s": limit_s}  # type: ignore[operator]
    elif stage == "split":
        used = {"library": settings.screened.model_dump(mode="json")}
    else:
        used = {
            section: dump[section]
            if keys is None
            else {key: dump[section][key] for key in sorted(keys)}
            for section, keys in _USED[stage].items()
        }
        if stage in TAKE_POSES:
            used["given_poses"] = engines()[settings.docking.engine].poses_from_library
        if stage == "dock":
            used["docking"] = _docking(settings.docking)
        if stage in PER_RECEPTOR:
            pocket = settings.pocket_of(receptor)
            box = {"padding_angstrom", "min_size_angstrom"}
            named = pocket.model_dump(mode="json", exclude=box)
            used["receptors"] = {receptor: {"pocket": named}}
    return json.dumps({"method": VERSIONS[stage], **used}, sort_keys=True)


def _docking(settings: Docking) -> dict[str, object]:
    """Dump the section; what the engine does not read has its default, whatever was given."""
    always = {"engine", "time_limit_s"}
    ignored = set(Docking.model_fields) - always - engines()[settings.engine].keys
    defaults = {key: Docking.model_fields[key].default for key in sorted(ignored)}
    return settings.model_copy(update=defaults).model_dump(mode="json")
