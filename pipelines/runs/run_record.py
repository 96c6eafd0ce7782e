"""What became of each run: one JSON document a run, in `runs/<environment>/` of the data folder.

A record is written when a run begins, when each of its parts ends, and when the run ends. A run that was killed leaves
a record without an end: a reader tells it from one that is at work by its process. The standard library is enough to
read records, so that `make status` answers at once.
"""

import contextlib
import json
import os
import re
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

from exactly_once import interrupts
from exactly_once.errors import PipelineError, exit_code, user_message
from exactly_once.lease.owner import LeaseOwner, this_process
from pipelines.configuration.plain_folder import shown
from pipelines.configuration.private_files import keep_private
from pipelines.environment import data_dir, environment, read_services

if TYPE_CHECKING:
    from exactly_once.report import LoadReport

VERSION = 1
KEPT = 200  # records of one environment; beside them the last good one of each source stays
BEAT = 20.0  # seconds between two signs of life, for readers that cannot see the process
SILENT = timedelta(minutes=3)  # after which a run that nobody can see counts as killed

OK, REFUSED, FAILED, INTERRUPTED, OVERTAKEN, BUSY, KILLED, AT_WORK = (
    "ok", "refused", "failed", "interrupted", "overtaken", "busy", "killed", "at work",
)  # fmt: skip
# How a run ended, by its exit code; any other code is a failure.
RESULTS = {0: OK, 3: REFUSED, 4: REFUSED, 75: BUSY, 76: OVERTAKEN, 130: INTERRUPTED, 143: INTERRUPTED}
SECRET_NAMES = re.compile("PASSWORD|TOKEN|SECRET|CREDENTIALS|PRIVATE_KEY|API_KEY")
PASSWORD_IN_URL = re.compile(r"(\w+://[^\s:/@]*):[^\s/]*@")
Document = TypeVar("Document")


@dataclass
class TableRows:
    """One table after its load; `loaded_at` is the end of the load, `read_to` the cursor's place at the source."""

    table: str
    source: str
    extracted: int = 0
    in_lake: int = 0
    in_raw: int = 0
    seconds: float = 0.0
    loaded_at: str = ""
    read_to: str = ""


@dataclass
class Outcome:
    """How one part of a run ended: the load of a source, or dbt's build (`part` is "dbt")."""

    part: str
    result: str
    line: str = ""
    ended_at: str = ""


@dataclass
class Refused:
    """A table that a load left out, and why."""

    source: str
    table: str
    line: str


@dataclass
class Build:
    """dbt's nodes by status, and those that failed."""

    counts: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)
    not_built: list[str] = field(default_factory=list)
    is_needed: bool = True  # False: nothing had changed since the last build


@dataclass
class RunRecord:
    """One run. Times are ISO 8601 in UTC; `result` is None until the run has ended."""

    run_id: str
    kind: str  # flow, load or replay
    command: str
    environment: str
    sources: list[str]
    host: str
    pid: int
    machine: str | None
    started: int | None
    began_at: str
    version: int = VERSION
    database: str = ""
    ended_at: str | None = None
    seconds: float | None = None
    result: str | None = None
    exit_code: int | None = None
    line: str = ""
    outcomes: list[Outcome] = field(default_factory=list)
    tables: list[TableRows] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    build: Build | None = None
    flow_run: str = ""
    page: str = ""

    @classmethod
    def parse(cls, text: bytes) -> "RunRecord":
        """Return what `text` says; fields of a later version are left out.

        Raises:
            ValueError: it is no record.
        """
        try:
            found = _made(cls, json.loads(text))
            found.outcomes = [_made(Outcome, one) for one in found.outcomes]
            found.tables = [_made(TableRows, one) for one in found.tables]
            found.refused = [_made(Refused, one) for one in found.refused]
            found.build = _made(Build, found.build) if found.build else None
            datetime.fromisoformat(found.began_at)
            datetime.fromisoformat(found.ended_at or found.began_at)
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(str(error)) from error
        return found

    @property
    def is_good(self) -> bool:
        """Tell whether the run did all that it was to do."""
        return self.result == OK

    def outcome(self, part: str) -> Outcome | None:
        """Return how a part ended; None: the run did not get to its end."""
        return next((one for one in self.outcomes if one.part == part), None)


class Run:
    """The record of the run that this process is at; every change is on disk at once."""

    def __init__(self, kind: str, command: str, sources: Sequence[str]) -> None:
        place, holder = environment(), this_process()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._began = time.monotonic()
        self._is_warned = False
        self.record = RunRecord(
            run_id=holder.run_id,
            kind=kind,
            command=hidden(command),
            environment=place.word,
            sources=list(sources),
            host=holder.host,
            pid=holder.pid,
            machine=holder.machine,
            started=holder.started,
            began_at=_now(),
            database=place.database,
        )
        began = datetime.fromisoformat(self.record.began_at)
        self.path = folder(place.word) / f"{began:%Y%m%dT%H%M%S%f}-{holder.run_id}.json"
        self.text = ""  # what the run says of itself at its end, for the terminal

    def begin(self) -> None:
        """Write that the run has begun, and give signs of life until it ends."""
        self._write()
        threading.Thread(target=self._beat, name="run record", daemon=True).start()

    def loaded(self, report: "LoadReport") -> None:
        """Note a load that ended: its tables, and those that it refused."""
        now, record, source = _now(), self.record, report.pipeline
        refused = {one.raw_name for one in report.refused}
        with self._changing():
            for one in report.refused:
                record.refused.append(Refused(source, one.raw_name or one.name, hidden(one.line)))
            for rows in report.tables.values():
                if rows.table not in refused:
                    shown = (rows.extracted, rows.in_lake, rows.in_raw, round(rows.seconds, 2))
                    record.tables.append(TableRows(rows.table, source, *shown, now, rows.read_to))
            lines = " ".join(one.line for one in report.refused)
            record.outcomes.append(Outcome(source, REFUSED if refused else OK, hidden(lines), now))
            if refused and not record.exit_code:
                record.exit_code, record.line = min(one.exit_code for one in report.refused), hidden(lines)

    def replayed(self, source: str, rows: dict[str, int]) -> None:
        """Note the tables of a pipeline whose loads have all been landed again from the lake."""
        with self._changing():
            self.record.tables += [TableRows(table, source, in_raw=count) for table, count in sorted(rows.items())]
            self.record.outcomes.append(Outcome(source, OK, "", _now()))

    def built(self, nodes: Sequence[dict[str, Any]], not_built: Sequence[str] = ()) -> None:
        """Note dbt's build that ended well; no node: there was nothing to build."""
        with self._changing():
            self.record.build = Build(_counts(nodes), [], list(not_built), bool(nodes))
            self.record.outcomes.append(Outcome("dbt", OK, "", _now()))

    def part_failed(self, part: str, error: BaseException, nodes: Sequence[dict[str, Any]] = ()) -> None:
        """Note that a load, or dbt's build ("dbt"), failed."""
        code, line = ending(error)
        with self._changing():
            if part == "dbt":
                failed = [node["node"] for node in nodes if node["status"] in ("error", "fail")]
                self.record.build = Build(_counts(nodes), failed)
            self.record.outcomes.append(Outcome(part, RESULTS.get(code, FAILED), line, _now()))

    def fail(self, error: BaseException) -> None:
        """Note why the run ends; the first reason counts."""
        if self.record.exit_code in (None, 0):
            with self._changing():
                self.record.exit_code, self.record.line = ending(error)

    def end(self, error: BaseException | None = None) -> None:
        """Write how the run ended: as `fail` said, else by `error`; once, whoever ends the process."""
        if self._ended.is_set():
            return
        self._ended.set()
        if error is not None:
            self.fail(error)
            if isinstance(error, SystemExit):
                self.record.exit_code = ending(error)[0]
        with self._changing():
            record = self.record
            if error is not None and record.kind == "load" and not record.outcomes:
                result = RESULTS.get(record.exit_code or 1, FAILED)
                record.outcomes.append(Outcome(record.sources[0], result, record.line, _now()))
            record.exit_code = record.exit_code or 0
            record.result = RESULTS.get(record.exit_code, FAILED)
            record.ended_at, record.seconds = _now(), round(time.monotonic() - self._began, 2)
        prune(self.path.parent)

    def note(self, **values: str) -> None:
        """Set fields of the record."""
        with self._changing():
            for name, value in values.items():
                setattr(self.record, name, value)

    @contextlib.contextmanager
    def _changing(self) -> Iterator[None]:
        with self._lock:
            yield
        self._write()

    def _write(self) -> None:
        try:
            with self._lock:
                write_private(self.path, json.dumps(asdict(self.record), indent=1))
        except OSError as error:  # a run is worth more than its record
            if not self._is_warned:
                print(f"⚠ {self.path}: the record of this run was not written ({error.strerror})", file=sys.stderr)
            self._is_warned = True

    def _beat(self) -> None:
        while not self._ended.wait(BEAT):
            with contextlib.suppress(OSError):
                os.utime(self.path)


_current: Run | None = None


def current() -> Run | None:
    """Return the run that this process is at."""
    return _current


@contextlib.contextmanager
def recorded(kind: str, command: str, sources: Sequence[str]) -> Iterator[Run]:
    """Record what is done inside as one run; inside of another run it is a part of that one.

    Args:
        kind: flow, load or replay.
        command: as a person types it again.
        sources: that are read.
    """
    global _current
    if _current is not None:
        yield _current
        return
    keep_private()  # the record is the first file that a command writes
    _current = run = Run(kind, command, sources)
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


def ending(error: BaseException) -> tuple[int, str]:
    """Return the exit code that an error ends a run with, and its line, in which no secret is."""
    if isinstance(error, SystemExit):
        code = error.code if isinstance(error.code, int) else int(error.code is not None)
        cause = error.__cause__ or error.__context__
        said = error.code if isinstance(error.code, str) else ending(cause)[1] if cause else ""
        return code, hidden(said)
    if interrupts.received():  # whatever it is: a cancelled statement raises its own error
        error = interrupts.Interrupted(interrupts.received())
    if isinstance(error, KeyboardInterrupt):
        number = error.args[0] if error.args and isinstance(error.args[0], int) else 2
        name = "SIGTERM" if number == 15 else "Ctrl-C"
        return 128 + number, f"Interrupted by {name}; what it had loaded counts: run it again."
    if type(error).__name__ == "TerminationSignal":  # of Prefect
        return 143, "Interrupted by SIGTERM; what it had loaded counts: run it again."
    # Imported here: a reader of records needs no dlt.

    line = user_message(error)
    if line is None:
        first = (str(error).strip().splitlines() or [""])[0]
        line = f"{type(error).__name__}: {first}: this is a bug, its traceback is in the run's log."
    return exit_code(error) or 1, hidden(line)


def hidden(text: str) -> str:
    """Return a text without passwords of addresses, and without secrets that this process knows."""
    text = PASSWORD_IN_URL.sub(r"\1:***@", text)
    known = [value for name, value in os.environ.items() if SECRET_NAMES.search(name)]
    with contextlib.suppress(Exception):  # a damaged services.json has a line of its own
        services = read_services()
        keys = services.get("s3_credentials") or {}
        known += [services.get("saas_token", ""), keys.get("aws_secret_access_key", "")]
        known.append(urlsplit(services.get("postgres_url", "")).password or "")
    for secret in sorted({one.strip() for one in known if one and len(one.strip()) >= 6}, key=len, reverse=True):
        text = text.replace(secret, "***")
    return text


def folder(word: str) -> Path:
    """Return the folder of an environment's records."""
    return data_dir() / "runs" / word


@dataclass(frozen=True)
class Found:
    """A record as read, and what became of its run: `result` is never None, but "at work" or "killed"."""

    record: RunRecord
    result: str
    path: Path

    @property
    def line(self) -> str:
        """Return the line that the run ended with."""
        if self.result != KILLED:
            return self.record.line
        again = f"type `{self.record.command}`" if self.record.command.startswith("python ") else "the next one goes on"
        return f"The run was killed, or its machine went down; what it had loaded counts: {again}."


def read_all(word: str) -> tuple[list[Found], int]:
    """Return an environment's records, and how many files are damaged.

    Those at work come first, then what ended last; of a run that was killed the beginning counts.

    Raises:
        PipelineError: the folder is there and cannot be read.
    """
    found, damaged = [], 0
    for path in _paths(folder(word)):
        try:
            record = RunRecord.parse(path.read_bytes())
            found.append(Found(record, record.result or _without_end(record, path), path))
        except FileNotFoundError:  # another run has just removed it
            continue
        except (OSError, ValueError):
            damaged += 1
    return sorted(found, key=_order, reverse=True), damaged


def _order(one: Found) -> tuple[bool, datetime, str]:
    at = datetime.fromisoformat(one.record.ended_at or one.record.began_at)
    return one.result == AT_WORK, at if at.tzinfo else at.replace(tzinfo=UTC), one.path.name


def _paths(place: Path) -> list[Path]:
    try:
        return [path for path in place.iterdir() if path.name.endswith(".json") and not path.name.startswith(".")]
    except FileNotFoundError:
        return []
    except OSError as error:
        raise PipelineError(
            f"The records of runs in {shown(str(place))} cannot be read ({error.strerror}): make that a folder of your "
            "own, or move it away: runs go on without it."
        ) from error


def prune(place: Path) -> None:
    """Remove the oldest records; the newest good one of each source and of dbt stays however old it is."""
    for left in place.glob(".*.new"):  # of a process that was killed while it wrote
        with contextlib.suppress(OSError):
            if time.time() - left.stat().st_mtime > 3600:
                left.unlink()
    paths = sorted(place.glob("*.json"), reverse=True)
    if len(paths) <= KEPT:
        return
    good: set[str] = set()
    for number, path in enumerate(paths):
        try:
            record = RunRecord.parse(path.read_bytes())
        except (OSError, ValueError):
            record = None
        parts = {one.part for one in record.outcomes if one.result == OK} if record else set()
        if number >= KEPT and not parts - good:
            path.unlink(missing_ok=True)
        good |= parts


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner reads; a reader finds the one before or this one."""
    for place in (path.parent.parent, path.parent):
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    new.replace(path)


def _without_end(record: RunRecord, path: Path) -> str:
    holder = LeaseOwner(record.host, record.pid, record.machine, record.started, record.run_id)
    here = this_process()
    if holder.is_known_dead():
        return KILLED
    if holder.machine is not None and holder.machine == here.machine:
        return AT_WORK
    if holder.machine is None and here.machine is None and holder.host == here.host and not _is_running(holder.pid):
        return KILLED  # where the system does not tell when a process began
    silent = time.time() - path.stat().st_mtime
    return KILLED if silent > SILENT.total_seconds() else AT_WORK


def _is_running(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _counts(nodes: Sequence[dict[str, Any]]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for node in nodes:
        counts[node["status"]] = counts.get(node["status"], 0) + 1
    return counts


def _made(kind: type[Document], values: dict[str, Any]) -> Document:
    known = {one.name for one in fields(kind)}
    return kind(**{name: value for name, value in values.items() if name in known})


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
