"""Background processes and their record files: identify a process, check that it lives, stop it."""

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from mock_services.errors import ServiceError


def process_identity(pid: int) -> str | None:
    """Return the start time of a process, which tells it from a later one with the same pid; None if it ended."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # reaps a dead child, which would stay a zombie
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        return None if fields[0] in "ZX" else fields[19]
    except (FileNotFoundError, ProcessLookupError):
        if Path("/proc/self/stat").exists():
            return None
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True).stdout.split()
    return None if not shown or shown[0].startswith("Z") else " ".join(shown[1:])


def _members(group: int) -> list[int]:
    """Return the live processes of a group or session; zombies do not count."""
    shown = subprocess.run(["ps", "-A", "-o", "pid=,pgid=,stat="], capture_output=True, text=True).stdout
    rows = (line.split() for line in shown.splitlines())
    return [int(pid) for pid, pgid, stat in rows if int(pgid) == group and not stat.startswith("Z")]


class ProcessRecord:
    """The record file of one background process: pid, start time, port and folder. The port outlives the process.

    The folder tells a copied folder from the original, which owns the process.
    """

    def __init__(self, path: Path):
        self.path = path

    def read(self) -> dict:
        """Return the record; {} for a missing or damaged file."""
        try:
            found = json.loads(self.path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, pid: int | None, port: int) -> None:
        """Record a process that was just started; pid None records that none runs."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        process = {
            "pid": pid,
            "identity": pid and process_identity(pid),
            "port": port,
            "folder": folder_identity(self.path.parent),
        }
        write_atomically(self.path, json.dumps(process))

    @property
    def port(self) -> int | None:
        """The port of this start, or of the last one."""
        return self.read().get("port")

    def pid(self) -> int | None:
        """Return the pid, or None if that process has ended."""
        found = self.read()
        is_alive = found.get("pid") and found.get("identity") == process_identity(found["pid"])
        return found["pid"] if is_alive and is_same_folder(self.path.parent, found.get("folder")) else None

    def members(self) -> list[int]:
        """Return the pids of the process and its children that live."""
        pid = self.pid()
        return [pid, *_members(pid)] if pid else []

    def stop(self, polite: signal.Signals = signal.SIGTERM, seconds: float = 10, whole_group: bool = True) -> bool:
        """Terminate the process and its group; return whether there was one. The record keeps the port."""
        found, pid = self.read(), self.pid()
        if pid:
            terminate(pid, polite, seconds, whole_group)
        if found.get("pid"):
            self.write(None, found["port"])
        return pid is not None


def folder_identity(folder: Path) -> dict:
    """Return path, device and inode of a folder, which tell it from a copy."""
    found = folder.stat()
    return {"path": str(folder.absolute()), "device": found.st_dev, "inode": found.st_ino}


def is_same_folder(folder: Path, recorded: dict | None) -> bool:
    """Return whether a folder is the recorded one (it may have been moved) and not a copy; True without a record."""
    if not recorded:
        return True
    try:
        here = folder_identity(folder)
        there = folder_identity(Path(recorded["path"]))
    except FileNotFoundError:
        return folder.exists()  # the recorded folder is gone: it was moved here
    return (here["device"], here["inode"]) == (there["device"], there["inode"])


def terminate(pid: int, polite: signal.Signals, seconds: float, whole_group: bool) -> None:
    """Terminate a process that leads its own group: signal, wait up to `seconds`, then kill the rest of the group.

    Raises:
        ServiceError: it does not end.
    """
    before = process_identity(pid)
    try:
        if whole_group:
            os.killpg(pid, polite)
        else:
            os.kill(pid, polite)
    except ProcessLookupError:
        return
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and (process_identity(pid) == before or _members(pid)):
        time.sleep(0.05)
    for member in _members(pid):
        try:
            os.kill(member, signal.SIGKILL)
        except ProcessLookupError:
            continue
    while _members(pid) and time.monotonic() < deadline + 5:
        time.sleep(0.02)
    if process_identity(pid) == before:
        raise ServiceError(f"process {pid} does not end: look at it with `ps -fp {pid}`")


def write_atomically(path: Path, text: str) -> None:
    """Replace a file atomically; only its owner may read it."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
