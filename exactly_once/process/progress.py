"""Progress: a line every few seconds with the phase of a load, its rows, rows/s and MB.

dlt counts rows and jobs (its `Collector`). The thread that writes the lines reads from the working folder what dlt does
not count, e.g. the size of a growing file. Nothing is written for work of less than FIRST seconds, nor before a command
has called `speak`.
"""

import contextvars
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dlt.common.runtime.collector_base import Collector
from dlt.common.storages.load_package import ParsedLoadJobFileName
from typing_extensions import override

FIRST = 2.0  # seconds until the first line
EVERY = 3.0  # seconds between two lines
STARTED = time.monotonic()
STEPS = {"Extract": "reading", "Normalize": "writing Parquet", "Load": "loading"}  # by the first word of dlt's
JOBS = {"reference": "copying into RAW", "sql": "merging into RAW"}  # by the job's format; others go to the lake
MB = 1_000_000

Say = Callable[[str], None]
# Another listener of this thread's lines, and whether they are printed, too.
_listener: contextvars.ContextVar[tuple[Say, bool] | None] = contextvars.ContextVar("listener", default=None)
_speaks: bool | None = None  # None: not set yet


def speak(*, quiet: bool | None = None) -> None:
    """Show progress from now on unless the command is quiet; an explicit value wins over None.

    Args:
        quiet: the option `--quiet`; None: the caller has no such option.
    """
    global _speaks
    if _speaks is None or quiet is not None:
        _speaks = not quiet


def is_quiet() -> bool:
    """Tell whether a command is quiet."""
    return _speaks is False


def say(line: str) -> None:
    """Show a line of progress with the seconds since the command started."""
    _say(line, _listener.get())


def speaker() -> Say:
    """Return `say` for another thread: its lines go to this thread's listener."""
    listener = _listener.get()
    return lambda line: _say(line, listener)


def heard_by(listener: Say, is_printed: bool) -> None:
    """Pass every line of this thread's context to a listener from now on, e.g. the logger of a run.

    Args:
        listener: gets the line without the seconds.
        is_printed: whether the line is printed as well.
    """
    _listener.set((listener, is_printed))


def _say(line: str, listener: tuple[Say, bool] | None) -> None:
    if not _speaks:
        return
    if listener:
        listener[0](line)
    if listener is None or listener[1]:
        # One write: two sources may write at the same time.
        sys.stderr.write(f"  {time.monotonic() - STARTED:5.1f} s  {line}\n")
        sys.stderr.flush()


@contextmanager
def ticking(text: Callable[[], str]) -> Iterator[None]:
    """Show `text()` every few seconds while the body runs."""
    if not _speaks:
        yield
        return
    ended, tell = threading.Event(), speaker()

    def tick() -> None:
        seconds = FIRST
        while not ended.wait(seconds):
            seconds = EVERY
            try:
                line = text()
            except OSError:  # dlt has moved a file meanwhile
                continue
            if not ended.is_set():
                tell(line)

    thread = threading.Thread(target=tick, name="progress", daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()


class Counters(Collector):
    """The phase of a pipeline and its counts; dlt counts its steps, the source names the table that it reads."""

    def __init__(self, pipeline: Any) -> None:
        self._name = pipeline.pipeline_name
        self._folder = Path(pipeline.working_dir)
        self.prefix = ""
        self.begin("starting")

    def begin(self, phase: str, table: str = "") -> None:
        """Begin a phase, of one table or of all."""
        self.phase, self._table = phase, table.removeprefix(f"{self._name}_")
        self._is_named = bool(table)
        self._rows: Counter[str] = Counter()
        self._total = 0
        self._since = time.monotonic()

    def reading(self, name: str, raw_name: str, what: str = "reading") -> None:
        """Begin to read a table, unless that is the phase already."""
        if (self.phase, self._table) != (what, name):
            self.begin(what, raw_name)
            self._table, self._is_named = name, True

    @override
    def update(
        self,
        name: str,
        inc: int = 1,
        total: int | None = None,
        inc_total: int | None = None,
        message: str | None = None,
        label: str | None = None,
    ) -> None:
        """Add a count of dlt's; one with a label is part of another."""
        if label:
            return
        self._rows[name] += inc
        if name == "Jobs":
            self._total += inc_total or 0
            self._total = total or self._total
        elif name not in ("Resources", "Files", "Items") and not name.startswith("_dlt") and not self._is_named:
            self._table = name.removeprefix(f"{self._name}_")

    def text(self) -> str:
        """Return the current line."""
        if self.phase == STEPS["Load"]:
            return self._of_jobs()
        rows = sum(count for name, count in self._rows.items() if name not in ("Resources", "Files", "Items", "Jobs"))
        seconds = max(time.monotonic() - self._since, 0.001)
        size = sum(self._sizes()) if self.phase in (STEPS["Extract"], STEPS["Normalize"]) else 0
        counted = [f"{rows:,} rows", f"{rows / seconds:,.0f} rows/s"] if rows else []
        counted += [f"{size / MB:,.1f} MB"] if size else []
        what = " ".join(filter(None, (self.phase, self._table)))
        return f"{self._head()}{what}" + (f": {', '.join(counted)}" if counted else f" ({seconds:.0f} s)")

    def _head(self) -> str:
        return f"{self._name}: {self.prefix}"

    def _of_jobs(self) -> str:
        running, size = [], 0
        for path in self._folder.glob("load/normalized/*/started_jobs/*"):
            job = ParsedLoadJobFileName.parse(path.name)
            if not job.table_name.startswith("_dlt"):
                running.append((JOBS.get(job.file_format, "writing to the lake"), job.table_name))
                size += _size(path)
        done = f"{self._rows['Jobs']} of {self._total} jobs"
        if not running:
            return f"{self._head()}loading: {done}"
        what, table = running[0]
        shown = f", {size / MB:,.1f} MB" if size > MB / 10 else ""
        return f"{self._head()}{what}: {table.removeprefix(f'{self._name}_')}{shown}, {done}"

    def _sizes(self) -> Iterator[int]:
        """Yield the sizes of the table's files so far: those that are being written, and dlt's own."""
        for path in (self._folder / "wire").rglob("*.parquet"):
            yield _size(path)
        names = {self._table, f"{self._name}_{self._table}"}
        for path in (self._folder / "normalize").rglob("new_jobs/*"):
            if path.name.split(".", 1)[0] in names:
                yield _size(path)

    def _start(self, step: str) -> None:
        self.begin(STEPS.get(step.split(maxsplit=1)[0], step))

    def _stop(self) -> None:
        self.begin("ending")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # dlt has moved it meanwhile
        return 0


@contextmanager
def reporting(pipeline: Any) -> Iterator[Counters]:
    """Show the progress of a pipeline while the body runs it."""
    before, counters = pipeline.collector, Counters(pipeline)
    pipeline.collector = counters
    try:
        with ticking(counters.text):
            yield counters
    finally:
        pipeline.collector = before


def phase(pipeline: Any, what: str) -> None:
    """Begin a phase that dlt does not count; does nothing outside of `reporting`."""
    if isinstance(pipeline.collector, Counters):
        pipeline.collector.begin(what)


def reading(pipeline: Any, name: str, raw_name: str, what: str = "reading") -> None:
    """Begin to read a table; does nothing outside of `reporting`."""
    if isinstance(pipeline.collector, Counters):
        pipeline.collector.reading(name, raw_name, what)
