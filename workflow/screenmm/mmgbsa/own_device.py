"""Where our own kernels run: on the device of a platform, or not at all.

A device that OpenCL shows is not taken on trust. Its compiler and its driver are others' than
those the kernels were written with, so it first computes what the host computes too. Where it
does not agree, or has no OpenCL, the host does the work, and the log says why.
"""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from screenmm.config.settings import Scoring
from screenmm.devices.opencl import (
    NoDeviceError,
    OpenCLDevice,
    OpenCLError,
    OpenCLMemoryError,
    open_device,
)
from screenmm.devices.platforms import GPU_PLATFORMS, PlatformChoice
from screenmm.forcefield.parameters import Parameters
from screenmm.mmgbsa.free_ligands import FreeLigands
from screenmm.mmgbsa.lbfgs import Options, minimise_members
from screenmm.mmgbsa.on_device import (
    FreeLigandsOnDevice,
    binding_parts,
    kernels,
    minimise_members_on_device,
)
from screenmm.mmgbsa.packing import Field
from screenmm.mmgbsa.parts import interaction_energies, solvation_changes

log = logging.getLogger(__name__)

Found = TypeVar("Found")
Item = TypeVar("Item")

SWITCH = "SCREENMM_OWN_KERNELS"
"""Environment variable; 0 leaves all but the forces to the host."""

HOST = "host"
"""Where what our own kernels would compute is computed without them."""

PROBE_LIMIT_S = 300.0
"""A compiler that takes longer is not waited for."""

ENERGY_TOLERANCE = 1.0e-6
"""Of energies, kJ/mol, and of forces, relative to the largest."""

PLACE_TOLERANCE_NM = 1.0e-6
"""Of atoms after a short descent; rounding leaves a hundredth of it."""

_PROBE = """
import sys
from screenmm.devices.platforms import PlatformChoice
from screenmm.mmgbsa.own_device import examined
name, *properties = sys.argv[1:]
examined(PlatformChoice(name, dict(each.split("=", 1) for each in properties)))
"""

_OPENED: dict[tuple[object, ...], OpenCLDevice | None] = {}
"""Devices of this process by platform and properties."""


def device_of(platform: PlatformChoice) -> OpenCLDevice | None:
    """What runs our own kernels beside a platform: opened when it is first asked for.

    Parameters
    ----------
    platform : PlatformChoice

    Returns
    -------
    OpenCLDevice or None
        None: the host does their work; the log says why where the platform is a GPU's.
    """
    key = _key(platform)
    if key not in _OPENED:
        _OPENED[key] = None
        if platform.name in GPU_PLATFORMS:
            try:
                _OPENED[key] = examined(platform)
            except NoDeviceError as reason:
                _say(platform, str(reason))
    return _OPENED[key]


def use(platform: PlatformChoice, device: OpenCLDevice | None) -> None:
    """Run the kernels beside a platform on a device, or not, from now on in this process."""
    _OPENED[_key(platform)] = device


def leave_to_host(platform: PlatformChoice) -> None:
    """Do without the kernels beside a platform from now on, in this process."""
    use(platform, None)


def settle(platform: PlatformChoice, runs: bool) -> None:
    """Open a platform's device before a ligand is held, or do without, as :func:`works` said."""
    if runs:
        device_of(platform)
    else:
        leave_to_host(platform)


def computed(
    platform: PlatformChoice,
    ours: Callable[[OpenCLDevice], Found],
    host: Callable[[], Found],
    count: int = 1,
) -> tuple[Found, str]:
    """Compute something by our own kernels, or on the host where they do not run.

    Parameters
    ----------
    platform : PlatformChoice
    ours, host : callable
        The same by kernels on a device, and without. A device that fails is given up, with a
        word in the log, and the host computes this and all that follows in this process. Where
        only its memory is too small for one, the host computes that one alone.
    count : int
        How many ligands or complexes it is over.

    Returns
    -------
    found
        What was computed.
    where : str
        Name of the device, or ``HOST``.

    Raises
    ------
    OpenCLMemoryError
        The device's memory is too small for so many; fewer may fit.
    """
    device = device_of(platform)
    if device is None:
        return host(), HOST
    try:
        return ours(device), device.name
    except OpenCLError as error:
        # its words alone: the error keeps alive what fills the device's memory
        said, too_large = str(error), isinstance(error, OpenCLMemoryError)
    if not (too_large and _answers(device)):
        leave_to_host(platform)
        _say(platform, f"it failed: {said}")
    elif count > 1:
        raise OpenCLMemoryError(said)
    else:
        log.warning(
            "%s has too little memory for one complex, the host does this one: %s",
            device.name,
            said,
        )
    return host(), HOST


class Together:
    """How many go to a device at once: half where its memory lacks.

    After one that does not fit alone, as many go on as before it.

    Parameters
    ----------
    count : int
        At most.
    """

    def __init__(self, count: int) -> None:
        self.count = self._most = count

    def refused(self, count: int) -> None:
        """So many were too many."""
        self.count = (count + 1) // 2

    def passed(self, count: int, *, on_host: bool) -> None:
        """So many are done with, on the device, or on the host where even one was too many."""
        if count > 1:
            self._most = self.count
        elif on_host:
            self.count = self._most


def computed_of_all(
    platform: PlatformChoice,
    items: Sequence[Item],
    ours: Callable[[Sequence[Item], OpenCLDevice], Sequence[Found]],
    host: Callable[[Sequence[Item]], Sequence[Found]],
) -> list[tuple[Found, str]]:
    """Compute something of several by :func:`computed`, of fewer together where memory lacks.

    Parameters
    ----------
    platform : PlatformChoice
    items : sequence
        Ligands or complexes.
    ours, host : callable
        Of some of them the same by kernels on a device, and without; one thing for each.

    Returns
    -------
    list of (thing, str)
        One for each item; and where it was computed.
    """
    found: list[tuple[Found, str]] = []
    together = Together(len(items))
    while len(found) < len(items):
        some = items[len(found) : len(found) + together.count]
        try:
            things, where = computed(platform, partial(ours, some), partial(host, some), len(some))
        except OpenCLMemoryError as error:
            together.refused(len(some))
            log.warning(
                "out of memory for our own kernels over %d complexes: going on with %d (%s)",
                len(some),
                together.count,
                error,
            )
        else:
            together.passed(len(some), on_host=where == HOST)
            found += [(thing, where) for thing in things]
    return found


def in_words(places: Iterable[str]) -> str:
    """Where something was computed: a device, the host, or both, the device first."""
    return " and ".join(sorted(set(places), key=lambda place: (place == HOST, place)))


def _answers(device: OpenCLDevice) -> bool:
    """Whether a device that refused still does something small.

    After a kernel has crashed some drivers say to everything that resources lack.
    """
    numbers = np.arange(4.0)
    try:
        return np.array_equal(device.download(device.upload(numbers), np.empty(4)), numbers)
    except OpenCLError:
        return False


def works(platform: PlatformChoice) -> bool:
    """Whether a platform's device runs our own kernels, asked in a process of its own.

    A driver that crashes at them, or hangs, takes only that process along. The log says why
    where they do not run.

    Parameters
    ----------
    platform : PlatformChoice
    """
    if platform.name not in GPU_PLATFORMS:
        return False
    given = [f"{name}={value}" for name, value in platform.properties.items()]
    command = [sys.executable, "-c", _PROBE, platform.name, *given]
    try:
        asked = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=PROBE_LIMIT_S
        )
    except subprocess.TimeoutExpired:
        _say(platform, f"no answer from them within {PROBE_LIMIT_S:g} s")
        return False
    if asked.returncode != 0:
        last = asked.stderr.strip().rpartition("\n")[2]
        said = last.rpartition("NoDeviceError: ")[2]
        _say(platform, said or f"a trial of them ended with status {asked.returncode}")
    return asked.returncode == 0


def _say(platform: PlatformChoice, why: str) -> None:
    log.warning(
        "our own kernels do not run beside platform %s, the host does their work, more slowly: %s",
        platform.name,
        why,
    )


def _key(platform: PlatformChoice) -> tuple[object, ...]:
    return (platform.name, *sorted(platform.properties.items()))


def examined(platform: PlatformChoice) -> OpenCLDevice:
    """Open the device of a GPU platform, and hold what it computes against the host.

    Parameters
    ----------
    platform : PlatformChoice
        One of ``GPU_PLATFORMS``.

    Raises
    ------
    NoDeviceError
        There is none, it is switched off, or it computes something else.
    """
    if os.environ.get(SWITCH, "1") == "0":
        raise NoDeviceError(f"the environment variable {SWITCH} is 0")
    device = open_device(platform, kernels())
    try:
        found = deviations(device)
    except OpenCLError as error:
        raise NoDeviceError(f"{device.name} fails at them: {error}") from None
    for what, off in asdict(found).items():
        limit = PLACE_TOLERANCE_NM if what.endswith("_nm") else ENERGY_TOLERANCE
        if not off < limit:
            raise NoDeviceError(
                f"{device.name} computes something else than the host ({what} off by {off:.1e}, "
                f"at most {limit:g}): update the driver, and tell ScreenMM's developers"
            )
    return device


@dataclass(frozen=True)
class Deviations:
    """How far a device is from the host; NaN where it gave none."""

    parts_kj_mol: float
    forces_relative: float
    ligand_descent_nm: float
    pack_descent_nm: float


def deviations(device: OpenCLDevice) -> Deviations:
    """Hold a device's parts, forces and descents of made-up molecules against the host's.

    Parameters
    ----------
    device : OpenCLDevice
        With the kernels.

    Raises
    ------
    OpenCLError
        It fails.
    """
    field, options, brief = Field(0.0, 2.0, 78.5), Scoring(), Options(1.0, 15, hold=4)
    ligands = [made_up(14), made_up(70), made_up(5)]
    parameters = [each for each, _ in ligands]
    x = np.concatenate([nm for _, nm in ligands])
    host = FreeLigands(parameters, field)
    ours = FreeLigandsOnDevice(parameters, field, device)
    forces = [
        np.abs(getattr(ours, name)(x) - expected).max() / np.abs(expected).max()
        for name in ("fast", "slow")
        for expected in [getattr(host, name)(x)]
    ]
    given = (x, host.sizes, host.fast, host.slow, brief)
    alone = np.abs(ours.minimise(x, brief).positions_nm - host.minimise(x, brief).positions_nm)
    pack = minimise_members_on_device(device, *given).positions_nm
    return Deviations(
        parts_kj_mol=_parts_off(device, options),
        forces_relative=float(np.max(forces)),
        ligand_descent_nm=float(alone.max()),
        pack_descent_nm=float(np.abs(pack - minimise_members(*given).positions_nm).max()),
    )


@dataclass(frozen=True)
class _Complex:
    pocket: Parameters
    ligand: Parameters
    positions_nm: np.ndarray


def _parts_off(device: OpenCLDevice, options: Scoring) -> float:
    """Largest deviation of an atom's parts, kJ/mol, of two complexes."""
    complexes = []
    for atoms, guest in ((150, 14), (90, 23)):
        (pocket, walls), (ligand, places) = made_up(atoms), made_up(guest)
        both = np.concatenate([walls, places + walls.mean(axis=0) + [0.0, 0.45, 0.3]])
        complexes.append(_Complex(pocket, ligand, both))
    off = []
    for each, found in zip(complexes, binding_parts(device, complexes, options), strict=True):
        n = len(each.pocket)
        apart = (each.positions_nm[:n], each.positions_nm[n:])
        expected = (
            *interaction_energies(each.pocket, each.ligand, *apart),
            *solvation_changes(each.pocket, each.ligand, each.positions_nm, options),
        )
        off += [np.abs(a - b).max() for a, b in zip(found, expected, strict=True)]
    return float(np.max(off))


def made_up(atoms: int) -> tuple[Parameters, np.ndarray]:
    """Make a chain of atoms in a coil, of no particular chemistry.

    Parameters
    ----------
    atoms : int
        At least 4.

    Returns
    -------
    parameters : Parameters
    positions_nm : ndarray, shape (atoms, 3)
        Strained, but without a clash.
    """
    i = np.arange(atoms)
    coil = np.stack([0.2 * np.cos(0.8 * i), 0.2 * np.sin(0.8 * i), 0.07 * i], axis=1)
    terms = {n: np.stack([i[: atoms - n + 1] + k for k in range(n)], axis=1) for n in (2, 3, 4)}
    ends = np.concatenate([terms[2], terms[3][:, [0, 2]], terms[4][:, [0, 3]]])
    # left out, left out, weaker
    pairs = np.tile([0.0, 0.3, 0.0], (len(ends), 1))
    pairs[-len(terms[4]) :] = [0.01, 0.25, 0.1]
    return Parameters(
        masses=12.0 + 0.0 * i,
        charges=0.2 * np.cos(1.3 * i),
        sigmas=0.2 + 0.05 * np.sin(i) ** 2,
        epsilons=0.1 + 0.3 * np.cos(i) ** 2,
        gb_radii=0.12 + 0.05 * np.sin(2.1 * i) ** 2,
        gb_scales=0.75 + 0.1 * np.cos(0.7 * i),
        bonds=terms[2],
        bond_values=np.tile([0.16, 2.0e5], (len(terms[2]), 1)),
        angles=terms[3],
        angle_values=np.tile([1.9, 400.0], (len(terms[3]), 1)),
        torsions=terms[4],
        torsion_values=np.stack([1 + i[:-3] % 4, 0.3 * i[:-3], 2.0 + 0.0 * i[:-3]], axis=1),
        exceptions=ends,
        exception_values=pairs,
    ), coil
