"""One run at a time in a results folder.

Snakemake locks the folder it runs in; two runs from different folders may still name the
same results. The kernel frees this lock when the run ends, however it ends.
"""

from __future__ import annotations

import errno
import fcntl
import getpass
import logging
import os
import socket
from datetime import UTC, datetime
from pathlib import Path

from screenmm.errors import UserError

log = logging.getLogger(__name__)

NAME = ".run.lock"
NO_LOCKS = {errno.ENOLCK, errno.ENOTSUP, errno.ENOSYS}
"""What file systems answer that know no locks."""


def lock_results(results: Path) -> int | None:
    """Hold a results folder for as long as this process lives.

    Parameters
    ----------
    results : Path
        The folder; made if missing.

    Returns
    -------
    int or None
        The open lock file; closing it frees the folder. None where the file system knows
        no locks, which is logged.

    Raises
    ------
    UserError
        Another run holds it.
    """
    results.mkdir(parents=True, exist_ok=True)
    handle = os.open(results / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(handle, 1000, 0).decode(errors="replace").strip() or "unknown"
        os.close(handle)
        raise UserError(
            f"another run writes to {results} ({owner}): wait until it has ended or end it, "
            "or give this run a results folder of its own"
        ) from None
    except OSError as error:
        os.close(handle)
        if error.errno not in NO_LOCKS:
            raise
        log.warning(
            "%s cannot be locked (%s): see to it that only one run uses it at a time",
            results,
            error.strerror,
        )
        return None
    os.ftruncate(handle, 0)
    now = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    owner = f"process {os.getpid()} of {getpass.getuser()} on {socket.gethostname()} since {now}"
    os.pwrite(handle, owner.encode(), 0)
    return handle
