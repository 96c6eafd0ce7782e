"""Reads the records of runs, and removes the oldest.

A record without an end is that of a run in progress or of a killed one; its process, or its file's time, tells which.
"""

import contextlib
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from exactly_once.errors import PipelineError
from exactly_once.lease.owner import LeaseOwner, this_process
from pipelines.configuration.library_safe_path import display_path
from pipelines.runs.run_record import KILLED, OK, RUNNING, RunRecord, records_folder

KEPT = 200  # records of one environment; the last good one of each source is kept in addition
MAX_SILENCE = timedelta(minutes=3)  # a run on another machine whose file is older counts as killed
LEFT_OVER_AFTER = 3600.0  # seconds, after which a half-written file is removed


@dataclass(frozen=True)
class RecordedRun:
    """A record as read, and how its run ended: `result` is never None, but "at work" or "killed"."""

    record: RunRecord
    result: str
    path: Path

    @property
    def line(self) -> str:
        """The line that the run ended with."""
        if self.result != KILLED:
            return self.record.line
        again = f"type `{self.record.command}`" if self.record.command.startswith("python ") else "the next one goes on"
        return f"The run was killed, or its machine went down; rows loaded so far are kept: {again}."


def read_runs(environment: str) -> tuple[list[RecordedRun], int]:
    """Return an environment's runs, and the number of damaged files.

    Runs in progress come first, then the run that ended last; a killed run is placed by its beginning.

    Raises:
        PipelineError: the folder exists and cannot be read.
    """
    runs, damaged = [], 0
    for path in _paths(records_folder(environment)):
        try:
            record = RunRecord.parse(path.read_bytes())
            runs.append(RecordedRun(record, record.result or _result_without_end(record, path), path))
        except FileNotFoundError:  # another run has just removed it
            continue
        except (OSError, ValueError):
            damaged += 1
    return sorted(runs, key=_order, reverse=True), damaged


def prune(folder: Path) -> None:
    """Remove the oldest records of a folder; the newest good one of each source and of dbt is always kept."""
    for left_over in folder.glob(".*.new"):  # by a process that was killed while it wrote
        with contextlib.suppress(OSError):
            if time.time() - left_over.stat().st_mtime > LEFT_OVER_AFTER:
                left_over.unlink()
    paths = sorted(folder.glob("*.json"), reverse=True)
    if len(paths) <= KEPT:
        return
    good: set[str] = set()
    for number, path in enumerate(paths):
        parts = _good_parts(path)
        if number >= KEPT and not parts - good:
            path.unlink(missing_ok=True)
        good |= parts


def _good_parts(path: Path) -> set[str]:
    try:
        record = RunRecord.parse(path.read_bytes())
    except (OSError, ValueError):
        return set()
    return {outcome.part for outcome in record.outcomes if outcome.result == OK}


def _order(run: RecordedRun) -> tuple[bool, datetime, str]:
    at = datetime.fromisoformat(run.record.ended_at or run.record.began_at)
    return run.result == RUNNING, at if at.tzinfo else at.replace(tzinfo=UTC), run.path.name


def _paths(folder: Path) -> list[Path]:
    try:
        return [path for path in folder.iterdir() if path.name.endswith(".json") and not path.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise PipelineError(
            f"The records of runs in {display_path(str(folder))} cannot be read ({error.strerror}): make that a folder "
            "of your own, or move it away: runs go on without it."
        ) from error


def _result_without_end(record: RunRecord, path: Path) -> str:
    owner = LeaseOwner(record.host, record.pid, record.machine, record.started, record.run_id)
    here = this_process()
    if owner.is_known_dead():
        return KILLED
    if owner.machine is not None and owner.machine == here.machine:
        return RUNNING
    # Systems without a machine id do not say when a process began either: its number has to be enough.
    is_same_host = owner.machine is None and here.machine is None and owner.host == here.host
    if is_same_host and not _is_running(owner.pid):
        return KILLED
    silence = time.time() - path.stat().st_mtime
    return KILLED if silence > MAX_SILENCE.total_seconds() else RUNNING


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
