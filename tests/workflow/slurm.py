"""A real Slurm of one node with fake GPUs, for the tests.

python tests/workflow/slurm.py COMMAND...   # run a command while this Slurm is up

It needs root and Debian's slurmctld, slurmd, slurm-client and munge. State lies in a
temporary folder; while it is up, ``/etc/slurm`` holds links to its configuration, since
Slurm's executor plugin lets no ``SLURM_CONF`` through to its job steps.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

ETC = Path("/etc/slurm")
LOCK = Path("/run/lock/screenmm-test-slurm.lock")
PACKAGES = "slurmctld slurmd slurm-client munge"
PROGRAMS = ("munged", "slurmctld", "slurmd", "sbatch", "srun", "squeue", "scontrol", "sinfo")
CPUS, MEMORY_MB, GPUS = 32, 256_000, 2
"""What the node claims to have. Nothing enforces it, so that real profiles fit."""

SLURM_CONF = """\
ClusterName=screenmm
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld_port}
SlurmdPort={slurmd_port}
AuthType=auth/munge
CryptoType=crypto/munge
AuthInfo=socket={folder}/munge.socket
SlurmUser=root
SlurmdUser=root
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
AccountingStorageType=accounting_storage/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
DefMemPerCPU=500
SchedulerParameters=sched_interval=1,batch_sched_delay=0
SlurmctldTimeout=30
ReturnToService=2
MinJobAge=36000
KillWait=2
PropagateResourceLimits=NONE
SlurmdParameters=config_overrides
GresTypes=gpu
NodeName={host} NodeAddr=127.0.0.1 CPUs={cpus} RealMemory={memory} Gres=gpu:{gpus}
PartitionName=main Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""


class SlurmError(RuntimeError):
    """A daemon did not come up."""


def why_not() -> str | None:
    """Why no Slurm can be started here; None where it can."""
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    if missing:
        return f"no {', '.join(missing)}: apt-get install {PACKAGES}"
    if os.geteuid() != 0:
        return "a Slurm of one's own needs root, for links in /etc/slurm"
    if (ETC / "slurm.conf").exists() and not (ETC / "slurm.conf").is_symlink():
        return f"{ETC}/slurm.conf exists: this machine has a Slurm"
    return None


class LocalSlurm:
    """Daemons of a Slurm in a folder.

    Parameters
    ----------
    folder : Path
        For configuration, sockets, state and logs; its path must be short, since a socket's
        may have 107 bytes at most.
    """

    def __init__(self, folder: Path):
        self.folder = folder
        self.daemons: dict[str, subprocess.Popen] = {}
        self.host = socket.gethostname().partition(".")[0]

    def configure(self) -> None:
        for name in ("state", "spool"):
            (self.folder / name).mkdir()
        key = self.folder / "munge.key"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        ctld_port, slurmd_port = free_ports(2)
        conf = SLURM_CONF.format(
            host=self.host, folder=self.folder, ctld_port=ctld_port, slurmd_port=slurmd_port,
            cpus=CPUS, memory=MEMORY_MB, gpus=GPUS,
        )  # fmt: skip
        (self.folder / "slurm.conf").write_text(conf)
        # a device node per GPU, each another /dev/null: only so does Slurm tell a job by
        # number which one is its own
        gpus = [self.folder / f"gpu{index}" for index in range(GPUS)]
        for gpu in gpus:
            os.mknod(gpu, 0o666 | stat.S_IFCHR, os.makedev(1, 3))
        (self.folder / "gres.conf").write_text(
            "".join(f"NodeName={self.host} Name=gpu File={gpu}\n" for gpu in gpus)
        )
        (self.folder / "cgroup.conf").write_text(
            "CgroupPlugin=cgroup/v1\nCgroupAutomount=no\nConstrainCores=no\n"
            "ConstrainRAMSpace=no\nConstrainDevices=no\n"
        )

    @contextmanager
    def linked(self) -> Iterator[None]:
        """Make the configuration the machine's."""
        ETC.mkdir(exist_ok=True)
        links = [ETC / name for name in ("slurm.conf", "gres.conf", "cgroup.conf")]
        for link in links:
            if link.is_symlink():  # of a run that was killed
                link.unlink()
            link.symlink_to(self.folder / link.name)
        try:
            yield
        finally:
            for link in links:
                link.unlink(missing_ok=True)

    def start(self) -> None:
        socket_path = f"--socket={self.folder}/munge.socket"
        self._start(
            "munged", "--foreground", "--force", socket_path,
            f"--key-file={self.folder}/munge.key", f"--pid-file={self.folder}/munged.pid",
            f"--log-file={self.folder}/munged.log", f"--seed-file={self.folder}/munged.seed",
        )  # fmt: skip
        self._wait("munged", lambda: answers("munge", socket_path, "--no-input"))
        self.start_controller()
        # -b: a state of before the last boot is not wanted
        self._start("slurmd", "-D", "-b", "-N", self.host)
        self._wait("slurmd", lambda: said("sinfo", "-h", "-o", "%t") == "idle")

    def start_controller(self) -> None:
        self._start("slurmctld", "-D")
        self._wait("slurmctld", lambda: answers("scontrol", "ping"))

    def stop(self, *names: str) -> None:
        """Stop some daemons, by default all."""
        if not names and "slurmctld" in self.daemons:
            answers("scancel", "--user=root", "--quiet")
        for name in names or ("slurmd", "slurmctld", "munged"):
            daemon = self.daemons.pop(name, None)
            if daemon is None:
                continue
            daemon.terminate()
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def _start(self, *command: str) -> None:
        name = command[0]
        with (self.folder / f"{name}.out").open("ab") as out:
            self.daemons[name] = subprocess.Popen(
                # it ends with this process, also when that is killed
                ["setpriv", "--pdeathsig", "TERM", *command],
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def _wait(self, name: str, ready: Callable[[], bool], limit_s: float = 30) -> None:
        end = time.monotonic() + limit_s
        while not ready():
            if time.monotonic() > end or self.daemons[name].poll() is not None:
                log = (self.folder / f"{name}.out").read_text(errors="replace")
                raise SlurmError(f"{name} did not come up:\n{log[-3000:]}")
            time.sleep(0.2)


@contextmanager
def local_slurm() -> Iterator[LocalSlurm]:
    """Start a Slurm and stop it at the end; waits while another of these is up."""
    with ExitStack() as stack:
        LOCK.parent.mkdir(parents=True, exist_ok=True)
        lock = stack.enter_context(LOCK.open("w"))
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="slurm-", dir="/tmp")))
        folder.chmod(0o755)  # munge refuses a socket that not everybody can reach
        slurm = LocalSlurm(folder)
        slurm.configure()
        stack.enter_context(slurm.linked())
        stack.callback(slurm.stop)
        slurm.start()
        yield slurm


def free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def answers(*command: str) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def main(command: Sequence[str]) -> int:
    reason = why_not()
    if reason is not None:
        sys.exit(reason)
    with local_slurm():
        return subprocess.run(command or ["sinfo"], check=False).returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
