"""One background process by its record file: who it is, whether it still lives, and its end."""

import json
import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

from mock_services.errors import ServiceError


def identity(pid: int) -> str | None:
    """Return what tells a process from a later one with the same number (its start time), or None if it is gone."""
    with suppress(ChildProcessError):
        os.waitpid(pid, os.WNOHANG)  # a dead child of ours would stay a zombie
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


class Record:
    """The record file of one background process; the port outlives the process.

    It says of which folder the process is: where somebody has copied the folder, the process is the original's.
    """

    def __init__(self, path: Path):
        self.path = path

    def read(self) -> dict:
        """Return what is recorded; a missing or broken file is an empty record."""
        try:
            found = json.loads(self.path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return found if isinstance(found, dict) else {}

    def write(self, pid: int | None, port: int) -> None:
        """Record a process that was just started, or with None that there is none."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        process = {"pid": pid, "identity": pid and identity(pid), "port": port, "folder": whereabouts(self.path.parent)}
        write_atomically(self.path, json.dumps(process))

    @property
    def port(self) -> int | None:
        """The port of this start or the last one."""
        return self.read().get("port")

    def pid(self) -> int | None:
        """Return the process's number if that very process still lives."""
        found = self.read()
        is_alive = found.get("pid") and found.get("identity") == identity(found["pid"])
        return found["pid"] if is_alive and is_at(self.path.parent, found.get("folder")) else None

    def members(self) -> list[int]:
        """Return the process and its children, as far as they live."""
        pid = self.pid()
        return [pid, *_members(pid)] if pid else []

    def stop(self, polite: signal.Signals = signal.SIGTERM, seconds: float = 10, whole_group: bool = True) -> bool:
        """End the process and all of its group, politely first; tell whether there was one. Leaves only the port."""
        found, pid = self.read(), self.pid()
        if pid:
            end(pid, polite, seconds, whole_group)
        if found.get("pid"):
            self.write(None, found["port"])
        return pid is not None


def whereabouts(folder: Path) -> dict:
    """Return what tells a folder from a copy of it."""
    found = folder.stat()
    return {"path": str(folder.absolute()), "device": found.st_dev, "inode": found.st_ino}


def is_at(folder: Path, recorded: dict | None) -> bool:
    """Tell whether a folder is the recorded one, perhaps moved, and no copy of it; True where nothing was recorded."""
    if not recorded:
        return True
    try:
        here = whereabouts(folder)
        there = whereabouts(Path(recorded["path"]))
    except FileNotFoundError:
        return folder.exists()  # the recorded one is gone: it was moved here
    return (here["device"], here["inode"]) == (there["device"], there["inode"])


def end(pid: int, polite: signal.Signals, seconds: float, whole_group: bool) -> None:
    """End a process that leads its own group: ask, wait up to `seconds`, then kill whatever is left of the group."""
    before = identity(pid)
    try:
        if whole_group:
            os.killpg(pid, polite)
        else:
            os.kill(pid, polite)
    except ProcessLookupError:
        return
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline and (identity(pid) == before or _members(pid)):
        time.sleep(0.05)
    for member in _members(pid):
        try:
            os.kill(member, signal.SIGKILL)
        except ProcessLookupError:
            continue
    while _members(pid) and time.monotonic() < deadline + 5:
        time.sleep(0.02)
    if identity(pid) == before:
        raise ServiceError(f"process {pid} does not end: look at it with `ps -fp {pid}`")


def write_atomically(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner only."""
    fresh = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            file.write(text)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)
