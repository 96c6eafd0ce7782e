"""Writes the record of the run that this process does."""

import contextlib
import json
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from exactly_once.lease.owner import this_process
from exactly_once.process import interrupts
from pipelines.configuration.private_files import keep_private
from pipelines.environment import environment
from pipelines.runs.exit_status import exit_status
from pipelines.runs.redaction import redact_secrets
from pipelines.runs.run_history import prune
from pipelines.runs.run_record import (
    DBT,
    FAILED,
    OK,
    REFUSED,
    RESULTS,
    Build,
    Outcome,
    Refused,
    RunRecord,
    TableRows,
    records_folder,
)

if TYPE_CHECKING:
    from exactly_once.report import LoadReport

HEARTBEAT = 20.0  # seconds between two changes of the file's time, for readers that cannot see the process

_current: "RunWriter | None" = None


@contextlib.contextmanager
def recorded(kind: str, command: str, sources: Sequence[str]) -> Iterator["RunWriter"]:
    """Record what the body does as one run; inside of another run it is a part of that one.

    Args:
        kind: flow, load or replay.
        command: as a person types it again.
        sources: that the run reads.
    """
    global _current
    if _current is not None:
        yield _current
        return
    keep_private()  # the record is the first file that a command writes
    _current = run = RunWriter(kind, command, sources)
    run.begin()
    try:
        with interrupts.at_last(lambda: run.end(interrupts.Interrupted(interrupts.received()))):
            yield run
    except BaseException as error:
        run.end(error)
        raise
    else:
        run.end()
    finally:
        _current = None


def find_current_run() -> "RunWriter | None":
    """Return the run that this process does; None: it does none."""
    return _current


def current_run() -> "RunWriter":
    """Return the run that this process does.

    Raises:
        LookupError: it does none.
    """
    if _current is None:
        raise LookupError("this process has begun no run")
    return _current


class RunWriter:
    """The record of the run that this process does; every change is on disk at once."""

    def __init__(self, kind: str, command: str, sources: Sequence[str]) -> None:
        here, owner = environment(), this_process()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._began = time.monotonic()
        self._is_warned = False
        self.record = RunRecord(
            run_id=owner.run_id,
            kind=kind,
            command=redact_secrets(command),
            environment=here.name,
            sources=list(sources),
            host=owner.host,
            pid=owner.pid,
            machine=owner.machine,
            started=owner.started,
            began_at=_now(),
            database=here.database,
        )
        began = datetime.fromisoformat(self.record.began_at)
        self.path = records_folder(here.name) / f"{began:%Y%m%dT%H%M%S%f}-{owner.run_id}.json"
        self.text = ""  # the report of the run, which the command prints at its end

    def begin(self) -> None:
        """Write that the run has begun, and touch the file regularly until the run ends."""
        self._write()
        threading.Thread(target=self._touch, name="run record", daemon=True).start()

    def note(self, **values: Any) -> None:
        """Set fields of the record."""
        with self._changing() as record:
            for name, value in values.items():
                setattr(record, name, value)

    def loaded(self, report: "LoadReport") -> None:
        """Record a load that ended: its tables, and those that it refused or corrected."""
        now, source = _now(), report.pipeline
        refused = {table.raw_name for table in report.refused}
        lines = redact_secrets(" ".join([*(table.line for table in report.refused), *report.corrected]))
        with self._changing() as record:
            record.refused += [
                Refused(source, table.raw_name or table.name, redact_secrets(table.line)) for table in report.refused
            ]
            for rows in report.tables.values():
                if rows.table not in refused:
                    counts = (rows.extracted, rows.in_lake, rows.in_raw, round(rows.seconds, 2))
                    record.tables.append(TableRows(rows.table, source, *counts, now, rows.read_to))
            record.outcomes.append(Outcome(source, REFUSED if refused else OK, lines, now))
            if refused and not record.exit_code:
                record.exit_code, record.line = min(table.exit_code for table in report.refused), lines

    def replayed(self, source: str, rows: dict[str, int]) -> None:
        """Record the rows of each table of a pipeline whose loads were all replayed from the lake."""
        with self._changing() as record:
            record.tables += [TableRows(table, source, in_raw=count) for table, count in sorted(rows.items())]
            record.outcomes.append(Outcome(source, OK, "", _now()))

    def built(self, nodes: Sequence[dict[str, Any]], not_built: Sequence[str] = ()) -> None:
        """Record dbt's build that ended well; without a node there was nothing to build."""
        with self._changing() as record:
            record.build = Build(_by_status(nodes), [], list(not_built), bool(nodes))
            record.outcomes.append(Outcome(DBT, OK, "", _now()))

    def part_failed(self, part: str, error: BaseException, nodes: Sequence[dict[str, Any]] = ()) -> None:
        """Record that a load, or dbt's build ("dbt") with these nodes, failed."""
        code, line = exit_status(error)
        with self._changing() as record:
            if part == DBT:
                failed = [node["node"] for node in nodes if node["status"] in ("error", "fail")]
                record.build = Build(_by_status(nodes), failed)
            record.outcomes.append(Outcome(part, RESULTS.get(code, FAILED), line, _now()))

    def fail(self, error: BaseException) -> None:
        """Record why the run ends; the first reason counts."""
        if self.record.exit_code in (None, 0):
            with self._changing() as record:
                record.exit_code, record.line = exit_status(error)

    def end(self, error: BaseException | None = None) -> None:
        """Write how the run ended: as `fail` recorded it, else by `error`; a second call does nothing."""
        if self._ended.is_set():
            return
        self._ended.set()
        if error is not None:
            self.fail(error)
            if isinstance(error, SystemExit):
                self.record.exit_code = exit_status(error)[0]
        with self._changing() as record:
            if error is not None and record.kind == "load" and not record.outcomes:
                result = RESULTS.get(record.exit_code or 1, FAILED)
                record.outcomes.append(Outcome(record.sources[0], result, record.line, _now()))
            record.exit_code = record.exit_code or 0
            record.result = RESULTS.get(record.exit_code, FAILED)
            record.ended_at, record.seconds = _now(), round(time.monotonic() - self._began, 2)
        prune(self.path.parent)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[RunRecord]:
        with self._lock:
            yield self.record
        self._write()

    def _write(self) -> None:
        try:
            with self._lock:
                write_private(self.path, json.dumps(asdict(self.record), indent=1))
        except OSError as error:  # a run matters more than its record
            if not self._is_warned:
                print(f"⚠ {self.path}: the record of this run was not written ({error.strerror})", file=sys.stderr)
            self._is_warned = True

    def _touch(self) -> None:
        while not self._ended.wait(HEARTBEAT):
            with contextlib.suppress(OSError):
                os.utime(self.path)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, atomically; two missing folders above it are made the same way."""
    for folder in (path.parent.parent, path.parent):
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def _by_status(nodes: Sequence[dict[str, Any]]) -> dict[str, int]:
    return dict(Counter(node["status"] for node in nodes))


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
