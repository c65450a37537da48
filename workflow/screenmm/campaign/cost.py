"""What the rounds cost, as rates foresee it: the same whenever and wherever they ran."""

from __future__ import annotations

from dataclasses import dataclass

from screenmm.campaign.known import count_distinct
from screenmm.run.layout import Layout


@dataclass(frozen=True)
class Rates:
    """CPU seconds of the work of a round.

    Parameters
    ----------
    docked_state_s : float
        Of docking a state into a receptor.
    scored_pose_s : float
        Of scoring a pose, with its replicas.
    receptors : int
        How many each batch is docked into.
    """

    docked_state_s: float
    scored_pose_s: float
    receptors: int


def foreseen_cpu_h(files: Layout, receptor: str, rates: Rates) -> float:
    """CPU hours of docking and scoring all rounds so far.

    Parameters
    ----------
    files : Layout
        Of the run, up to the last round that counts.
    receptor : str
        Whose states and poses are counted; the others are taken to have as many.
    rates : Rates
    """
    states = count_distinct(files.pose_tables(receptor), "state")
    poses = count_distinct(files.scores(receptor), "state, pose")
    work_s = states * rates.docked_state_s + poses * rates.scored_pose_s
    return rates.receptors * work_s / 3600


def too_dear(spent_h: float, rounds: int, limit_h: float | None) -> str:
    """Why no further round is made; empty where one can be paid for.

    Parameters
    ----------
    spent_h : float
        CPU hours of the rounds so far.
    rounds : int
        How many these were.
    limit_h : float or None
        ``rounds.stop.cpu_hours``.
    """
    if limit_h is None or not rounds:
        return ""
    next_h = spent_h / rounds
    if spent_h + next_h <= limit_h:
        return ""
    return (
        f"the rounds so far take {spent_h:.3g} CPU hours by their rates, and another "
        f"{next_h:.3g} would pass the {limit_h:g} that are allowed (rounds.stop.cpu_hours)"
    )
