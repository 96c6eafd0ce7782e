"""One process of its own, timed from its start to its end."""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
# Pages of memory are counted in kilobytes, on macOS in bytes.
TO_MB = 2**20 if sys.platform == "darwin" else 2**10


class Broken(Exception):
    """A measured process failed; the message is the last line of its output."""


@dataclass(frozen=True)
class Run:
    """The cost of one process: `seconds` of wall time with all imports, `peak_mb` of resident memory.

    `result` is the JSON object in the last line of its standard output, {} if there is none. If a process starts
    others, `peak_mb` is that of the largest one. On Linux it is never below the peak of the process that starts the
    command, so that process has to stay small. `cpu_seconds` are those of all its threads and of the processes that it
    waited for; `errors` is its standard error.
    """

    seconds: float
    peak_mb: float
    result: dict[str, Any]
    cpu_seconds: float = 0.0
    errors: str = ""


def run(command: Sequence[str | Path], settings: Mapping[str, str] | None = None, *, cwd: Path = ROOT) -> Run:
    """Run a command to its end, with `settings` as further environment variables, and return its cost.

    Raises:
        Broken: it ended with another code than 0.
    """
    with tempfile.TemporaryFile("w+") as output, tempfile.TemporaryFile("w+") as errors:
        os.sync()  # else earlier writes reach the disk while this process is timed
        began = time.monotonic()
        process = subprocess.Popen(
            [str(part) for part in command], cwd=cwd, env=environment(settings or {}),
            stdin=subprocess.DEVNULL, stdout=output, stderr=errors,
        )  # fmt: skip
        try:
            _, status, usage = os.wait4(process.pid, 0)
        except BaseException:
            process.kill()
            process.wait()
            raise
        seconds = time.monotonic() - began
        process.returncode = os.waitstatus_to_exitcode(status)
        output.seek(0)
        errors.seek(0)
        lines, said = output.read().splitlines(), errors.read()
    if process.returncode:
        last = next((line.strip() for line in reversed(said.splitlines() or lines) if line.strip()), "no output")
        raise Broken(f"exit code {process.returncode}: {last}")
    return Run(seconds, usage.ru_maxrss / TO_MB, _result(lines), usage.ru_utime + usage.ru_stime, said)


def environment(settings: Mapping[str, str]) -> dict[str, str]:
    """Return this process's environment without our settings, as of a user who has set nothing; byte-code is kept."""
    ours = ("MAILBLAZE_", "SOURCES__", "DESTINATION__", "PYTHONDONTWRITEBYTECODE", "DLT_")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {**inherited, "DO_NOT_TRACK": "1", **settings}


def _result(lines: Sequence[str]) -> dict[str, Any]:
    try:
        result = json.loads(lines[-1])
    except (IndexError, json.JSONDecodeError):
        return {}
    return result if isinstance(result, dict) else {}
