"""What runs here and what became of it, in seconds: `make status`, or `python flows/status.py`.

It reads the records of runs (pipelines/runs/run_record.py) and asks the services of `make up`; no warehouse is opened
and no library of a load is imported. Exit codes: 0 all is well; 1 the newest run of something did not end well, or runs
that are due are not made or taken; 3 a service of `make up` that is needed is down.
"""

import argparse
import json
import os
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from exactly_once.errors import PipelineError
from pipelines.configuration.plain_folder import shown as shown_path
from pipelines.environment import Environment, data_dir, environment, read_services
from pipelines.runs.run_record import (
    AT_WORK,
    BUSY,
    FAILED,
    INTERRUPTED,
    KILLED,
    OK,
    OVERTAKEN,
    REFUSED,
    Build,
    Found,
    Outcome,
    RunRecord,
    read_all,
)

SAYS = {
    OK: "ended well",
    REFUSED: "tables were refused",
    FAILED: "failed",
    INTERRUPTED: "was interrupted",
    OVERTAKEN: "was overtaken by another run",
    BUSY: "loaded nothing, as another run was at work",
    KILLED: "was killed",
    AT_WORK: "is at work",
}
ROOT = Path(__file__).resolve().parent.parent
# A service of `make up` is not needed where a setting names another one.
INSTEAD = {
    "postgres": ("SOURCES__POSTGRES__CREDENTIALS", ("sources", "postgres", "credentials")),
    "saas": ("SOURCES__SAAS__BASE_URL", ("sources", "saas", "base_url")),
    "prefect": ("PREFECT_API_URL", None),
}


@dataclass(frozen=True)
class Problem:
    """A part whose newest run did not end well: `what` it is, when that was, and the line that says what to type."""

    what: str
    at: datetime
    line: str


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the status and return the exit code."""
    parser = argparse.ArgumentParser(prog="python flows/status.py", description=main.__doc__)
    parser.parse_args(arguments)
    try:
        place = environment()
    except PipelineError as refusal:
        print(f"✗ {refusal}", file=sys.stderr)
        return 1
    services = (
        _services() if place.word == "local" else None
    )  # those of ci are its tests', and others are the company's
    try:
        found, damaged = read_all(place.word)
    except PipelineError as refusal:
        print(f"✗ {refusal}", file=sys.stderr)
        return 1
    problems = unresolved(found)
    print("\n".join(text(place, found, damaged, problems, datetime.now(UTC))), flush=True)
    is_scheduled = _say_schedule(place)
    is_down = services is not None and _said_by(services)
    return 1 if problems or not is_scheduled else 3 if is_down else 0


def text(
    place: Environment, found: Sequence[Found], damaged: int, problems: Sequence[Problem], now: datetime
) -> list[str]:
    """Return the status as lines, without the services.

    Args:
        place: the environment.
        found: its records, as `read_all` has them.
        damaged: records that cannot be read.
        problems: of `unresolved`.
        now: against which every age counts.
    """
    where = shown_path(str(data_dir() / "runs" / place.word))
    shown = []
    if found:
        shown += [*_runs(found, now), "", *_tables(found, now), "", _build(found, now), *_page(found, now)]
    else:
        shown += _earlier(place, now) or [f"No run of {place.word} is recorded in {where}: `make run` does one."]
        if not place.is_embedded:
            shown.append("The runs of a worker are recorded on its machine, and Prefect's UI shows them.")
    if damaged:
        shown.append(f"{damaged} damaged record(s) in {where} were left out; they can be removed.")
    if problems:
        shown += ["", "Not well, and what to type:"]
        shown += [f"  {one.what}, {_age(one.at, now)}: {one.line}" for one in problems]
    return shown


def unresolved(found: Sequence[Found]) -> list[Problem]:
    """Return what did not end well the last time that it was done.

    A later run of another part resolves nothing, and neither does one that found another run at work.
    """
    newest = {}
    for outcome, _ in reversed(_outcomes(found)):
        if outcome.result != BUSY:
            newest[outcome.part] = outcome
    whole: list[Found] = []  # newer runs that ended well
    problems = []
    for one in found:
        record = one.record
        parts = [outcome for outcome in record.outcomes if outcome.result != BUSY]
        bad = [outcome for outcome in parts if outcome.result != OK and outcome is newest[outcome.part]]
        problems += [
            Problem(f"{outcome.part} {SAYS.get(outcome.result, FAILED)}", _time(outcome.ended_at), outcome.line)
            for outcome in bad
        ]
        # A run that failed outside of its parts, or that did not get to their ends.
        is_bad = one.result not in (OK, BUSY, AT_WORK) and all(outcome.result == OK for outcome in parts)
        if is_bad and not any(_repeats(newer, one) for newer in whole):
            at = _time(record.ended_at or record.began_at)
            problems.append(Problem(f"{record.command} {SAYS.get(one.result, FAILED)}", at, one.line))
        if one.result == OK or is_bad:
            whole.append(one)  # of two that failed alike, the newer one is enough
    return problems


def _outcomes(found: Sequence[Found]) -> list[tuple[Outcome, RunRecord]]:
    """Return how the parts of runs ended, with their runs, the last end first: a part may end long before its run."""
    every = [(outcome, one.record) for one in found for outcome in one.record.outcomes]
    return sorted(every, key=lambda one: _time(one[0].ended_at), reverse=True)


def _repeats(newer: Found, older: Found) -> bool:
    kinds = ("flow",) if older.record.kind == "flow" else ("flow", older.record.kind)
    return newer.record.kind in kinds and set(newer.record.sources) >= set(older.record.sources)


def _runs(found: Sequence[Found], now: datetime) -> Iterable[str]:
    at_work = [one for one in found if one.result == AT_WORK]
    ended = [one for one in found if one.result != AT_WORK]
    for one in at_work:
        record = one.record
        yield (
            f"At work         {record.command}, since {_stamp(_time(record.began_at))}, "
            f"{_age(_time(record.began_at), now)} (process {record.pid} on {record.host})"
        )
    if not ended:
        return
    last = ended[0]
    yield from _run("Last run", last, now)
    worked = next((one for one in ended if one.result != BUSY), None)
    if worked and worked is not last:
        yield from _run("Before that", worked, now)
    good = next((one for one in ended if one.result == OK), None)
    if good in (None, last, worked):
        yield f"Last good run   {'none is recorded' if good is None else 'that one'}"
    else:
        yield from _run("Last good run", good, now)


def _run(title: str, one: Found, now: datetime) -> Iterable[str]:
    record, at = one.record, _time(one.record.ended_at or one.record.began_at)
    took = f"{record.seconds:.1f} s" if record.seconds is not None else ""
    how = ", ".join(filter(None, (took, f"exit code {record.exit_code}" if record.exit_code else "")))
    began = "" if record.ended_at else "begun "
    says = SAYS.get(one.result, FAILED)
    yield f"{title:<16}{_stamp(at)}, {began}{_age(at, now)}: {record.command} {says}{f' ({how})' if how else ''}"
    if one.line:
        yield f"{'':<16}{'✗ ' if one.result != OK else ''}{one.line}"


def _tables(found: Sequence[Found], now: datetime) -> Iterable[str]:
    tables: dict[str, tuple] = {}
    refused: dict[str, str] = {}
    for outcome, record in _outcomes(found):
        for table in record.refused:
            if table.source == outcome.part and table.table not in tables:
                refused.setdefault(table.table, table.line)
        for rows in record.tables:
            if rows.source != outcome.part:
                continue
            if rows.table not in tables or (not tables[rows.table][1] and rows.loaded_at):
                tables[rows.table] = (rows.in_raw, rows.loaded_at, rows.read_to)
    if not tables and not refused:
        yield "No load has ended well yet."
        return
    yield f"{'RAW table':<28}{'in RAW':>11}{'loaded':>16}  rows up to (UTC)"
    for table in sorted({*tables, *refused}):
        rows, loaded, read_to = tables.get(table, (0, "", ""))
        age = _age(_time(loaded), now) if loaded else "-"
        place = _time(read_to).strftime("%Y-%m-%d %H:%M") if read_to else "-"
        note = "  refused since" if table in refused else ""
        yield f"{table.upper():<28}{rows:>11,}{age:>16}  {place}{note}"
    for line in dict.fromkeys(refused.values()):
        yield f"✗ {line}"


def _build(found: Sequence[Found], now: datetime) -> str:
    ends = [(outcome, record.build) for outcome, record in _outcomes(found) if outcome.part == "dbt"]
    if not ends:
        return "dbt             no build is recorded"
    outcome, build = ends[0]
    at = _time(outcome.ended_at)
    title = f"dbt             {_stamp(at)}, {_age(at, now)}: "
    if build is None or outcome.result != OK:
        failed = f": {', '.join(build.failed)}" if build and build.failed else ""
        return f"{title}failed{failed}"
    if build.is_needed:
        return f"{title}{_counts(build)}"
    built = next(((outcome, build) for outcome, build in ends if build and build.is_needed), None)
    if built is None or built[0].result != OK:
        return f"{title}nothing to build, the last build counts"
    return f"{title}nothing to build since {_stamp(_time(built[0].ended_at))}: {_counts(built[1])}"


def _counts(build: Build) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in sorted(build.counts.items()))
    return counts + (f"; not built: {', '.join(build.not_built)}" if build.not_built else "")


def _page(found: Sequence[Found], now: datetime) -> Iterable[str]:
    url = next((one.record.page for one in found if one.record.page), "")
    if not url:
        return
    at = None
    if "://" not in url:
        path = data_dir() / url
        if not path.exists():
            return
        url = shown_path(str(path))
        at = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    yield f"Dashboard       {url}{f', written {_age(at, now)}' if at else ''}"


def _earlier(place: Environment, now: datetime) -> list[str]:
    """Return the last run that an earlier version of this project kept, where it was of this environment."""
    try:
        kept = json.loads((data_dir() / "last_run.json").read_text(encoding="utf-8"))
        at = _time(kept["ended_at"])
        lines = str(kept["text"]).strip("\n").splitlines()
        if kept["word"] != place.word:
            return []
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        return []
    return [f"Last run        {_stamp(at)}, {_age(at, now)}: ended well (kept by an earlier version)", "", *lines]


def _say_schedule(place: Environment) -> bool:
    """Print when the next run is due; tell whether the server makes the runs that it should, as far as it answers."""
    url = (read_services().get("prefect_api_url") if place.is_embedded else None) or os.environ.get("PREFECT_API_URL")
    if not url:
        return True
    import httpx  # where there is a server to ask

    from flows.schedule_check import NotDeployed, check

    try:
        print(f"Schedule        {check(url)}")
    except NotDeployed as refusal:
        print(f"Schedule        {refusal}")
    except PipelineError as refusal:
        print(f"Schedule        ✗ {refusal}")
        return False
    except (httpx.HTTPError, httpx.InvalidURL, KeyError, ValueError):
        print("Schedule        not known: the Prefect server does not answer")
    return True


def _services() -> "subprocess.Popen[str]":
    return subprocess.Popen([sys.executable, "-m", "mock_services", "status"], stdout=subprocess.PIPE, text=True)


def _said_by(services: "subprocess.Popen[str]") -> bool:
    """Print what the services say of themselves; tell whether one is down that is needed."""
    said, _ = services.communicate(timeout=60)
    print()
    print(said.rstrip(), flush=True)
    if services.returncode == 0:
        return False
    down = {line.split()[0] for line in said.splitlines() if " ready at " not in line and line.split()}
    return bool({name for name in down if name not in INSTEAD or not _is_set_elsewhere(*INSTEAD[name])})


def _is_set_elsewhere(variable: str, keys: tuple[str, ...] | None) -> bool:
    if os.environ.get(variable):
        return True
    try:
        value = tomllib.loads((ROOT / ".dlt" / "secrets.toml").read_text(encoding="utf-8")) if keys else {}
    except (OSError, ValueError):
        return False
    for key in keys or ("",):
        value = value.get(key, {}) if isinstance(value, dict) else {}
    return bool(value)


def _time(text: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _stamp(at: datetime) -> str:
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _age(at: datetime, now: datetime) -> str:
    seconds = (now - at).total_seconds()
    if seconds < 0:
        return "in the future"
    for size, unit in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return f"{int(seconds)} s ago"


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BrokenPipeError:  # `make status | head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
