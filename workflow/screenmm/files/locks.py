"""One writer at a time: of a results folder, and of each job's files.

Snakemake locks the folder it runs in; two runs from different folders may still name the
same results, and a killed run may leave jobs at work. The kernel frees these locks when
their process ends, however it ends.
"""

from __future__ import annotations

import errno
import fcntl
import getpass
import logging
import os
import socket
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from screenmm.core.errors import UserError

log = logging.getLogger(__name__)

RUN_LOCK = ".run.lock"
NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}
"""What file systems answer that know no locks."""


def try_lock(path: Path) -> int | None:
    """Open a file, made if missing, and lock it until it is closed.

    Returns
    -------
    int or None
        The open file, for reading and appending; None while another process holds it.
        Where the file system knows no locks, which is logged, it is open all the same.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    except OSError as error:
        if error.errno not in NO_LOCKS:
            os.close(handle)
            raise
        log.warning("%s: see to it that only one run writes there (%s)", path, error.strerror)
    return handle


def owner_of(path: Path) -> str:
    """Who wrote a lock file, in its own words; ``unknown`` where it does not say."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip() or "unknown"
    except FileNotFoundError:
        # its owner has just finished
        return "unknown"


def sign(handle: int, owner: str) -> None:
    """Say in an open lock file who holds it."""
    os.ftruncate(handle, 0)
    os.write(handle, owner.encode())


def lock_output(path: Path) -> int | None:
    """Lock a file that its owner deletes when the work is done.

    Returns
    -------
    int or None
        The open, signed lock file, as of :func:`try_lock`.
    """
    while (handle := try_lock(path)) is not None:
        # the last owner may have taken the file away after it was opened here
        with suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(handle).st_ino:
                sign(handle, f"process {os.getpid()} on {socket.gethostname()}")
                return handle
        os.close(handle)
    return None


def lock_results(results: Path) -> int:
    """Hold a results folder for as long as this process lives.

    Parameters
    ----------
    results : Path
        The folder; made if missing.

    Returns
    -------
    int
        The open lock file; closing it frees the folder.

    Raises
    ------
    UserError
        Another run holds it.
    """
    path = results / RUN_LOCK
    handle = try_lock(path)
    if handle is None:
        raise UserError(
            f"another run writes to {results} ({owner_of(path)}): wait until it has ended or end "
            "it, or give this run a results folder of its own"
        )
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    sign(handle, f"process {os.getpid()} of {_user()} on {socket.gethostname()} since {now}")
    return handle


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        # in a container, a user need not have a name
        return f"user {os.getuid()}"
