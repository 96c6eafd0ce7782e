"""Find free ports of 127.0.0.1, and which process listens on one."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

LISTEN_STATE = "0A"  # the state of a socket in /proc/net/tcp


def free_port(preferred: int | None = None) -> int:
    """Return the preferred port if it is free, otherwise another free one."""
    for port in (preferred, 0) if preferred else (0,):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # a port in TIME_WAIT is free
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return probe.getsockname()[1]
    raise OSError("no free port on 127.0.0.1")


def is_held_by(port: int, pids: Iterable[int]) -> bool:
    """Return whether one of these processes listens on a port, and not another program.

    True if neither /proc nor lsof can tell.
    """
    if Path("/proc/net/tcp").exists():
        listening = _listening_sockets(port)
        try:
            return any(not listening.isdisjoint(_sockets(pid)) for pid in pids)
        except PermissionError:
            return True
    if lsof := shutil.which("lsof", path=f"{os.environ.get('PATH', '')}:/usr/sbin"):
        asked = [lsof, "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-t"]
        shown = subprocess.run(asked, capture_output=True, text=True).stdout.split()
        return any(str(pid) in shown for pid in pids)
    return True


def _listening_sockets(port: int) -> set[str]:
    """Return the inodes of the sockets that listen on a port, as in /proc/PID/fd."""
    found = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with suppress(FileNotFoundError):
            for line in Path(table).read_text().splitlines()[1:]:
                fields = line.split()
                if fields[3] == LISTEN_STATE and int(fields[1].rpartition(":")[2], 16) == port:
                    found.add(f"socket:[{fields[9]}]")
    return found


def _sockets(pid: int) -> set[str]:
    found = set()
    with suppress(FileNotFoundError, ProcessLookupError):
        for descriptor in Path(f"/proc/{pid}/fd").iterdir():
            with suppress(FileNotFoundError, ProcessLookupError):
                found.add(os.readlink(descriptor))  # noqa: PTH115  a socket is no path
    return found
