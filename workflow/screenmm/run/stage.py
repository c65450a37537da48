"""What a stage of the workflow is: what it reads and leaves, and what decides its results."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from screenmm.config.settings import Docking, Settings

Keys = Mapping[str, frozenset[str] | None]
"""Keys of the config by section; None: the whole section."""

Receptors = Literal[
    "",
    "all",
    "redocked",
    "gated",
    "filtered",
    "tiered",
    "unrounded",
    "rounded",
    "round",
    "campaign",
    "generating",
    "vetted",
    "proposed",
    "varied",
    "ensembled",
]
"""Which receptors have a job: none, all, those with a reference ligand, those that wait for it,
those that filters on interactions are for, each with every later tier of docking; ``unrounded``:
all where there are no rounds; ``rounded``: each with every round. A job of a tier or of a round is
named by both: ``wt/2``. A stage of the kind ``round`` has a job for each round, and one of the kind
``campaign`` has one in all, where there are rounds. Where molecules are generated, ``generating``
has one in all, ``vetted`` one for each round from the second on, and ``proposed`` one for each
proposer and such round, named ``fragments/2``. ``varied``: the wild type of variants.
``ensembled``: one job in all, where a target has several structures."""


def placed(place: str, receptor: str = "", shard: str = "") -> str:
    """Fill a job's names in for the wildcards of a file.

    Parameters
    ----------
    place : str
        As in :attr:`Stage.writes`.
    receptor, shard : str
        Of the job; one of a tier or of a round has both, as ``wt/2``, for its receptor, one
        of a round alone has its number, and one of a proposer has it before the round.
    """
    name, _, number = receptor.partition("/")
    return place.format(
        receptor=name, proposer=name, tier=number, round=number or name, shard=shard
    )


def tier_of(receptor: str) -> int:
    """Tier of docking that a job of ``wt/2`` belongs to; one of ``wt`` belongs to the first."""
    return int(receptor.partition("/")[2] or 1)


@dataclass(frozen=True)
class Rate:
    """Cost of a stage.

    Parameters
    ----------
    cpu_s : float
        CPU seconds per unit.
    start_s : float
        CPU seconds that a worker takes to start, once per job and worker.
    gpu_s : float
        Seconds of a GPU per unit; 0: measured without one.
    """

    cpu_s: float
    start_s: float = 0.0
    gpu_s: float = 0.0


BATCHES = "batches"
"""Stands for the stage whose shards are docked: ``merge``, or ``choose`` in rounds."""

RateOf = Callable[[Docking, str], Rate]
"""Rate that hangs on the docking engine's settings and on the protocol of scoring."""


@dataclass(frozen=True)
class Stage:
    """A rule of the workflow: declared once, beside its command, in ``stages/NAME.py``.

    Parameters
    ----------
    name : str
        Of the rule.
    place : int
        In the order in which a run does things.
    words : str
        What it does, for ``screenmm --help``.
    version : int
        Of the method, part of the rule's ``params``: Snakemake does not see a change of library
        code, so raise it when a change alters the stage's results, and they are made anew. 0 for
        a stage without settings.
    keys : mapping of str to frozenset of str or None
        Config keys that it reads. Others never rerun it, and do not exist in it.
    more : callable, optional
        ``more(settings, receptor)``: what else its results depend on.
    per_receptor : str
        Which receptors have a job, as :data:`Receptors` says.
    shards_of : str
        Stage whose shards have a job each; empty: none. In rounds those of ``merge`` that are
        docked are the rounds' (``BATCHES``), each named by its round, as ``2/b01``.
    reads, writes : mapping of str to str
        Files below the results, by the command's option, with the wildcards ``{receptor}``,
        ``{tier}``, ``{round}``, ``{proposer}`` and ``{shard}``; folders end in a slash. The
        user's own files come on top.
    of : str
        Stage whose command the rule runs, where it is not its own.
    unit : str
        What its work is counted in, as :mod:`screenmm.planning` names it.
    rate : Rate or callable
        CPU time as measured on one machine, of drug-sized molecules.
    on_card : str
        Unit that a GPU was timed for, where the stage can run on one.
    grows : mapping of str to (str, float)
        Parts of the results that grow with the library: with what, and bytes per one.
    leaves, passes : mapping of str to str
        What its files are for people, in words: those that a run is made for, and those that
        serve later stages.
    """

    name: str
    place: int
    words: str
    version: int = 0
    keys: Keys = field(default_factory=dict)
    more: Callable[[Settings, str], dict[str, Any]] | None = None
    per_receptor: Receptors = ""
    shards_of: str = ""
    reads: Mapping[str, str] = field(default_factory=dict)
    writes: Mapping[str, str] = field(default_factory=dict)
    of: str = ""
    unit: str = "run"
    rate: Rate | RateOf = Rate(0.0)
    on_card: str = ""
    grows: Mapping[str, tuple[str, float]] = field(default_factory=dict)
    leaves: Mapping[str, str] = field(default_factory=dict)
    passes: Mapping[str, str] = field(default_factory=dict)

    def again(self, name: str, place: int, **other: Any) -> Stage:
        """Another rule that runs this stage's command on other files."""
        nothing: dict[str, Any] = {"grows": {}, "leaves": {}, "passes": {}}
        return replace(self, name=name, place=place, of=self.name, **(nothing | other))

    def receptors(self, settings: Settings) -> list[str]:
        """Receptors that have a job of it.

        Parameters
        ----------
        settings : Settings
            The whole config.

        Returns
        -------
        list of str
            Their names in the config's order, with a tier or a round as ``wt/2``; ``[""]`` where
            a run has one job for all of them.
        """
        numbers, proposing = settings.round_numbers, settings.proposing_rounds
        proposers = settings.generate.proposers if settings.generate else {}
        waits = settings.controls.gate == "stop"
        of_kind: dict[Receptors, list[str]] = {
            "": [""],
            "all": list(settings.receptors),
            "redocked": settings.redocked,
            "gated": settings.redocked if waits else [],
            "filtered": settings.filtered,
            "tiered": settings.tiered,
            "unrounded": [] if numbers else list(settings.receptors),
            "rounded": [f"{name}/{n}" for name in settings.receptors for n in numbers],
            "round": numbers,
            "campaign": [""] if numbers else [],
            "generating": [""] if proposing else [],
            "vetted": proposing,
            "proposed": [f"{name}/{n}" for name in proposers for n in proposing],
            "varied": settings.varied,
            "ensembled": [""] if settings.ensembles else [],
        }
        return of_kind[self.per_receptor]

    @property
    def command(self) -> str:
        """Subcommand of ``screenmm``."""
        return (self.of or self.name).replace("_", "-")

    def settings(self, settings: Settings, receptor: str = "") -> str:
        """Everything in the config that the stage's results depend on, as JSON.

        Parameters
        ----------
        settings : Settings
            The whole config.
        receptor : str
            For a stage that reads keys of one receptor.

        Returns
        -------
        str
            Goes to the command's ``--settings`` and, through Snakemake's ``params``, decides
            whether the stage runs again.
        """
        dump = settings.model_dump(mode="json", include=set(self.keys))
        used: dict[str, Any] = {
            section: dump[section]
            if keys is None
            else {key: dump[section][key] for key in sorted(keys)}
            for section, keys in self.keys.items()
        }
        used |= self.more(settings, receptor) if self.more else {}
        return json.dumps({"method": self.version, **used}, sort_keys=True)

    def rate_for(self, docking: Docking, protocol: str) -> Rate:
        """Cost with an engine and a protocol."""
        return self.rate if isinstance(self.rate, Rate) else self.rate(docking, protocol)
