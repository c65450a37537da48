"""What GNINA's CNN says of a pose, whatever placed it.

rustina evaluates the network (``fast``, one of GNINA's [1]_) on the atoms of a pose and of the
receptor around it: nothing is searched for or moved.

References
----------
.. [1] A. T. McNutt et al., J. Cheminform. 13, 43 (2021), 10.1186/s13321-021-00522-2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from screenmm.core.errors import MACHINE_FAULTS, LigandError, Reason
from screenmm.docking.pdbqt import ligand_pdbqt

if TYPE_CHECKING:
    from rdkit import Chem

    from screenmm.docking.engine import DockedPose


@dataclass(frozen=True)
class Opinion:
    """What the CNN says of one pose.

    Parameters
    ----------
    cnn_score : float
        Probability that the pose is right.
    cnn_affinity_pk : float
        Affinity as pK.
    """

    cnn_score: float
    cnn_affinity_pk: float


def ask_cnn(receptor_pdbqt: str, pose: Chem.Mol) -> Opinion:
    """Ask the CNN about a pose.

    Parameters
    ----------
    receptor_pdbqt : str
        Receptor around the pose, as :func:`screenmm.docking.pdbqt.receptor_pdbqt` writes it.
    pose : rdkit.Chem.Mol
        All hydrogens, one conformer in the receptor's frame, Å.

    Returns
    -------
    Opinion

    Raises
    ------
    LigandError
        It gives no number, for whatever reason: the pose is worth keeping without.
    """
    import rustina  # noqa: PLC0415  (where no pose is asked about, it need not be there)

    try:
        said = rustina.score_cnn(receptor_pdbqt, ligand_pdbqt(pose))
    except MACHINE_FAULTS:
        raise
    except LigandError as error:
        raise LigandError(Reason.CNN_UNKNOWN, f"CNN: {error.message}") from error
    except Exception as error:
        words = " ".join(str(error).split())[:300]
        raise LigandError(Reason.CNN_UNKNOWN, f"CNN: {type(error).__name__}: {words}") from error
    opinion = Opinion(said["cnn_score"], said["cnn_affinity"])
    if not (math.isfinite(opinion.cnn_score) and math.isfinite(opinion.cnn_affinity_pk)):
        raise LigandError(Reason.CNN_UNKNOWN, f"CNN: its answer is not finite: {opinion}")
    return opinion


def with_cnn(
    receptor_pdbqt: str, poses: Iterable[DockedPose]
) -> tuple[list[DockedPose], list[tuple[int, LigandError]]]:
    """Ask about the poses of which the engine did not give the CNN's opinion.

    Parameters
    ----------
    receptor_pdbqt : str
        As for :func:`ask_cnn`.
    poses : iterable of DockedPose
        Of one state, best first.

    Returns
    -------
    poses : list of DockedPose
        All of them, in the same order.
    failures : list of (int, LigandError)
        Places, from 1, of those that have no opinion, and why.
    """
    asked, failures = [], []
    for place, pose in enumerate(poses, 1):
        if pose.cnn_score is not None:
            asked.append(pose)
            continue
        try:
            said = ask_cnn(receptor_pdbqt, pose.mol)
        except LigandError as error:
            asked.append(pose)
            failures.append((place, error))
        else:
            asked.append(
                replace(pose, cnn_score=said.cnn_score, cnn_affinity_pk=said.cnn_affinity_pk)
            )
    return asked, failures
