"""Placing atoms from internal coordinates."""

from __future__ import annotations

import numpy as np

from screenmm.receptor.structure import Array


def place(
    one: Array, two: Array, three: Array, length: float, angle: float, torsion: float
) -> Array:
    """Position of an atom from internal coordinates.

    Parameters
    ----------
    one, two, three : ndarray
        Positions of the atoms it follows; it is bonded to ``three``, Å.
    length : float
        Bond length, Å.
    angle, torsion : float
        Angle two–three–new and torsion one–two–three–new, degrees.
    """
    axis = (three - two) / np.linalg.norm(three - two)
    normal = np.cross(two - one, axis)
    normal /= np.linalg.norm(normal)
    across = np.cross(normal, axis)
    theta, phi = np.radians(angle), np.radians(torsion)
    local = np.array([-np.cos(theta), np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi)])
    return np.asarray(three + length * (local[0] * axis + local[1] * across + local[2] * normal))


def torsion(one: Array, two: Array, three: Array, four: Array) -> float:
    """Torsion angle of four positions, degrees."""
    axis = (three - two) / np.linalg.norm(three - two)
    first = (one - two) - np.dot(one - two, axis) * axis
    second = (four - three) - np.dot(four - three, axis) * axis
    return float(
        np.degrees(np.arctan2(np.dot(np.cross(axis, first), second), np.dot(first, second)))
    )
