"""What a protocol is: how coordinates are made, and how their terms are weighed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from protocols import BASE, EPS, FLEX, ITS, RADIUS, TOL, K

from screenmm.config.settings import Scoring


@dataclass(frozen=True)
class Protocol:
    """How coordinates are made.

    Parameters
    ----------
    name : str
    settings : dict
        What differs from ``protocols.BASE``.
    start : {"given", "vina"}
        The pose as it is, or after Vina's local optimisation in the rigid receptor.
    network : bool
        Hydroxyl rotors, flips of Asn, Gln and His and rotors of waters are chosen with the
        ligand present, before minimisation.
    waters : bool
        Structural waters of the pocket are kept, those that overlap the ligand not.
    receptors : int
        Receptors with turned side chains from which the pose is minimised too; the given one
        is the base protocol's.
    """

    name: str
    settings: dict[str, Any] = field(default_factory=dict)
    start: Literal["given", "vina"] = "given"
    rebuilt: bool = False
    network: bool = False
    waters: bool = False
    receptors: int = 0

    @property
    def samples(self) -> range:
        """Receptors that are its own; number 0, the one as given, is the base protocol's."""
        return range(1, self.receptors + 1) if self.receptors else range(1)

    @property
    def options(self) -> Scoring:
        return Scoring.model_validate({"jitter_replicas": 0, **BASE, **self.settings})


PROTOCOLS = (
    Protocol("base"),
    Protocol("dielectric 4", {EPS: 4.0}),
    Protocol("dielectric 2", {EPS: 2.0}),
    Protocol("network", network=True),
    Protocol("rebuilt, network", rebuilt=True, network=True),
    Protocol("vina", start="vina"),
    Protocol("vina, dielectric 4", {EPS: 4.0}, start="vina"),
    Protocol("receptors", receptors=2),
    Protocol("iterations 500", {ITS: 500, TOL: 0.1}),
    Protocol("restraint 0", {K: 0.0}),
    Protocol("restraint 5", {K: 5.0}),
    Protocol("restraint 24", {K: 24.0}),
    Protocol("radius 8", {RADIUS: 8.0}),
    Protocol("radius 12", {RADIUS: 12.0}),
    Protocol("flexible 3", {FLEX: 3.0}),
    Protocol("flexible 7", {FLEX: 7.0}),
    Protocol("waters", waters=True),
)


@dataclass(frozen=True)
class Weights:
    """How terms make a score.

    Parameters
    ----------
    gb : {"obc2", "gbn2"}
        Solvation model of the polar and apolar terms; minimised with OBC2 in any case.
    dielectric : float
        Of the solute, in Coulomb and polar terms.
    strain : {"nearest", "lowest", "none"}
        The ligand's energy in the complex above its nearest minimum, or above the lowest of
        that and of its conformers', or left out.
    strain_weight : float
    strain_cap : float
        The most that the weighted strain may be, kcal/mol.
    vdw : float
        Scale of the van der Waals interaction.
    over : {"first", "mean", "best", "boltzmann"}
        Which of several receptors' scores: that of the receptor as given, their mean, the
        lowest, or their Boltzmann average (free energy of the set at 298 K).
    """

    gb: Literal["obc2", "gbn2"] = "obc2"
    dielectric: float = 1.0
    strain: Literal["nearest", "lowest", "none"] = "nearest"
    strain_weight: float = 1.0
    strain_cap: float = float("inf")
    vdw: float = 1.0
    over: Literal["first", "mean", "best", "boltzmann"] = "first"
