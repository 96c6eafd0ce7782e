"""Signs of life: while a load works, a line every few seconds says what it is at, with rows, rows/s and MB.

dlt counts rows and jobs (its `Collector`); what its counters cannot see, e.g. a file that grows, is read from the
working folder by the thread that writes the line. Nothing is written for what takes less than FIRST seconds, and
nothing at all before a command has called `speak`.
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

FIRST = 2.0  # seconds until the first line
EVERY = 3.0  # seconds between two lines
STARTED = time.monotonic()
STEPS = {"Extract": "reading", "Normalize": "writing Parquet", "Load": "loading"}  # by the first word of dlt's
JOBS = {"reference": "copying into RAW", "sql": "merging into RAW"}  # by the job's format; others go to the lake
MB = 1_000_000

Say = Callable[[str], None]
# Who else gets the lines of this thread, and whether they are printed, too.
_listener: contextvars.ContextVar[tuple[Say, bool] | None] = contextvars.ContextVar("listener", default=None)
_speaks: bool | None = None  # None: nobody has said


def speak(*, quiet: bool | None = None) -> None:
    """Show progress from now on, unless the command was told to be quiet; the first word counts.

    Args:
        quiet: as `--quiet` says; None: whoever calls has no such option.
    """
    global _speaks
    if _speaks is None or quiet is not None:
        _speaks = not quiet


def is_quiet() -> bool:
    """Tell whether a command was told to be quiet."""
    return _speaks is False


def say(line: str) -> None:
    """Show progress to the person who waits, with the seconds since the command was started."""
    _say(line, _listener.get())


def speaker() -> Say:
    """Return `say` for another thread, whose lines go where this thread's go."""
    listener = _listener.get()
    return lambda line: _say(line, listener)


def heard_by(listener: Say, is_printed: bool) -> None:
    """Give every line of this thread's context to a listener from now on, e.g. the logger of a run.

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
        # In one piece: two sources may speak at the same moment.
        sys.stderr.write(f"  {time.monotonic() - STARTED:5.1f} s  {line}\n")
        sys.stderr.flush()


@contextmanager
def ticking(text: Callable[[], str]) -> Iterator[None]:
    """Say `text()` every few seconds while the body runs."""
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
            except OSError:  # dlt has moved what was looked at
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
    """What a pipeline is at. dlt feeds the counts of its steps, the loader names the table that it reads."""

    def __init__(self, pipeline: Any) -> None:
        self._name = pipeline.pipeline_name
        self._folder = Path(pipeline.working_dir)
        self.prefix = ""
        self.begin("starting")

    def begin(self, phase: str, table: str = "") -> None:
        """Be at another phase, of one table or of all."""
        self.phase, self._table = phase, table.removeprefix(f"{self._name}_")
        self._is_named = bool(table)
        self._rows: Counter[str] = Counter()
        self._total = 0
        self._since = time.monotonic()

    def reading(self, name: str, raw_name: str, what: str = "reading") -> None:
        """Begin with another table."""
        if (self.phase, self._table) != (what, name):
            self.begin(what, raw_name)
            self._table, self._is_named = name, True

    def update(
        self,
        name: str,
        inc: int = 1,
        total: int | None = None,
        inc_total: int | None = None,
        message: str | None = None,
        label: str | None = None,
    ) -> None:
        """Count, as dlt says; a label is a count within another one."""
        if label:
            return
        self._rows[name] += inc
        if name == "Jobs":
            self._total += inc_total or 0
            self._total = total or self._total
        elif name not in ("Resources", "Files", "Items") and not name.startswith("_dlt") and not self._is_named:
            self._table = name.removeprefix(f"{self._name}_")

    def text(self) -> str:
        """Return the line of this moment."""
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
        """Yield the sizes of what was read of the table so far: files that are being written, and dlt's own."""
        for path in (self._folder / "wire").rglob("*.parquet"):
            yield _size(path)
        names = {self._table, f"{self._name}_{self._table}"}
        for path in (self._folder / "normalize").rglob("new_jobs/*"):
            if path.name.split(".")[0] in names:
                yield _size(path)

    def _start(self, step: str) -> None:
        self.begin(STEPS.get(step.split()[0], step))

    def _stop(self) -> None:
        self.begin("ending")


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:  # dlt has moved it meanwhile
        return 0


@contextmanager
def reporting(pipeline: Any) -> Iterator[Counters]:
    """Say what a pipeline is at while the body runs it."""
    before, counters = pipeline.collector, Counters(pipeline)
    pipeline.collector = counters
    try:
        with ticking(counters.text):
            yield counters
    finally:
        pipeline.collector = before


def phase(pipeline: Any, what: str) -> None:
    """Say that a pipeline is at something that dlt does not count; nothing where nobody reports on it."""
    if isinstance(pipeline.collector, Counters):
        pipeline.collector.begin(what)


def reading(pipeline: Any, name: str, raw_name: str, what: str = "reading") -> None:
    """Say which table a pipeline reads, as far as somebody reports on it."""
    if isinstance(pipeline.collector, Counters):
        pipeline.collector.reading(name, raw_name, what)
