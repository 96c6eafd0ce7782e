"""Who owns a lease: named for people, and known to be dead by a process of the same machine."""

import os
import socket
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4


@dataclass(frozen=True)
class LeaseOwner:
    """One run of one process.

    Args:
        host: name of the machine, for people.
        pid: of the process.
        machine: the boot and the pid namespace in which `pid` counts; None where the system does not tell.
        started: the kernel's tick at which the process began; None where the system does not tell (macOS, Windows).
            `machine`, `pid` and `started` together never name two processes.
        run_id: of the run.
    """

    host: str
    pid: int
    machine: str | None
    started: int | None
    run_id: str = field(default_factory=lambda: uuid4().hex[:12])

    def __str__(self) -> str:
        return f"{self.host}, pid {self.pid}, run {self.run_id}"

    def is_known_dead(self) -> bool:
        """Tell whether this process has ended; False also where that cannot be known from here.

        Containers share host names, pids and volumes, so only a process of the same boot and pid namespace is judged.
        """
        if self.machine is None or self.machine != _machine():
            return False
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return True
        except PermissionError:
            pass  # another user's process: the owner, or its successor under the same number
        found = _started_at(self.pid)
        return found is not None and found != self.started


def this_process() -> LeaseOwner:
    """Return a new owner: this process, with a run id of its own."""
    return LeaseOwner(socket.gethostname(), os.getpid(), _machine(), _started_at(os.getpid()))


def _machine() -> str | None:
    proc = Path("/proc")
    try:
        if (proc / "self").readlink().name != str(os.getpid()):
            return None  # /proc shows another pid namespace than this process's
        boot = (proc / "sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}:{(proc / 'self/ns/pid').stat().st_ino}"
    except OSError:
        return None


def _started_at(pid: int) -> int | None:
    """Return the tick at which a process started, -1 for one that has ended but is not reaped, None for unknown."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()  # the name before it may hold spaces and brackets
    state, threads, started = fields[0], int(fields[17]), int(fields[19])
    return -1 if state in "ZX" and threads <= 1 else started
