"""The lines of `make status` about runs: the last ones, RAW's tables, dbt's build, the dashboard's page."""

import json
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from flows.run_status.problems import Problem, in_words, outcomes_of
from flows.run_status.times import age, parse_time, stamp
from pipelines.configuration.library_safe_path import display_path
from pipelines.environment import Environment, data_dir
from pipelines.runs.run_history import RecordedRun
from pipelines.runs.run_record import BUSY, DBT, OK, REFUSED, RUNNING, Build, TableRows, records_folder


def summary_lines(
    environment: Environment,
    runs: Sequence[RecordedRun],
    damaged: int,
    problems: Sequence[Problem],
    now: datetime,
) -> list[str]:
    """Return the status of an environment's runs as lines.

    Args:
        environment: the environment.
        runs: its runs, as `read_runs` returns them.
        damaged: the number of records that cannot be read.
        problems: as `unresolved` returns them.
        now: the time that ages are counted from.
    """
    folder = display_path(str(records_folder(environment.name)))
    lines = []
    if runs:
        lines += [*_last_runs(runs, now), "", *_tables(runs, now), "", _build(runs, now), *_page(runs, now)]
    else:
        lines += _earlier(environment, now) or [
            f"No run of {environment.name} is recorded in {folder}: `make run` does one."
        ]
        if not environment.uses_local_services:
            lines.append("The runs of a worker are recorded on its machine, and Prefect's UI shows them.")
    if damaged:
        lines.append(f"{damaged} damaged record(s) in {folder} were left out; they can be removed.")
    if problems:
        lines += ["", "Problems, and the next command:"]
        lines += [f"  {problem.what}, {age(problem.at, now)}: {problem.line}" for problem in problems]
    return lines


def _last_runs(runs: Sequence[RecordedRun], now: datetime) -> Iterator[str]:
    for run in runs:
        if run.result == RUNNING:
            record, began = run.record, parse_time(run.record.began_at)
            yield (
                f"At work         {record.command}, since {stamp(began)}, {age(began, now)} "
                f"(process {record.pid} on {record.host})"
            )
    ended = [run for run in runs if run.result != RUNNING]
    if not ended:
        return
    last = ended[0]
    yield from _run("Last run", last, now)
    loaded = next((run for run in ended if run.result != BUSY), None)
    if loaded and loaded is not last:
        yield from _run("Before that", loaded, now)
    good = next((run for run in ended if run.result == OK), None)
    if good is None:
        yield "Last good run   none is recorded"
    elif good in (last, loaded):
        yield "Last good run   that one"
    else:
        yield from _run("Last good run", good, now)


def _run(title: str, run: RecordedRun, now: datetime) -> Iterator[str]:
    record, at = run.record, parse_time(run.record.ended_at or run.record.began_at)
    seconds = f"{record.seconds:.1f} s" if record.seconds is not None else ""
    details = ", ".join(filter(None, (seconds, f"exit code {record.exit_code}" if record.exit_code else "")))
    began = "" if record.ended_at else "begun "
    end = f"{in_words(run.result)}{f' ({details})' if details else ''}"
    yield f"{title:<16}{stamp(at)}, {began}{age(at, now)}: {record.command} {end}"
    if run.line:
        yield f"{'':<16}{'✗ ' if run.result != OK else ''}{run.line}"


def _tables(runs: Sequence[RecordedRun], now: datetime) -> Iterator[str]:
    tables, refused = _newest_tables(runs)
    if not tables and not refused:
        yield "No load has ended well yet."
        return
    yield f"{'RAW table':<28}{'in RAW':>11}{'loaded':>16}  rows up to (UTC)"
    for name in sorted({*tables, *refused}):
        rows = tables.get(name) or TableRows(name, "")
        loaded = age(parse_time(rows.loaded_at), now) if rows.loaded_at else "-"
        read_to = parse_time(rows.read_to).strftime("%Y-%m-%d %H:%M") if rows.read_to else "-"
        note = "  refused since" if name in refused else ""
        yield f"{name.upper():<28}{rows.in_raw:>11,}{loaded:>16}  {read_to}{note}"
    for line in dict.fromkeys(refused.values()):
        yield f"✗ {line}"


def _newest_tables(runs: Sequence[RecordedRun]) -> tuple[dict[str, TableRows], dict[str, str]]:
    """Return each table after its last load, and the reason of each table that was refused since.

    A refused table that the newest load of its source does not name is no longer declared, and left out.
    """
    tables: dict[str, TableRows] = {}
    refused: dict[str, str] = {}
    declared: dict[str, set[str]] = {}  # by source: the tables of its newest load
    for outcome, record in outcomes_of(runs):
        if outcome.result in (OK, REFUSED) and record.kind != "replay":
            known_now = {one.table for one in record.tables if one.source == outcome.part}
            known_now |= {one.table for one in record.refused if one.source == outcome.part}
            declared.setdefault(outcome.part, known_now)
        for table in record.refused:
            is_declared = table.table in declared.get(outcome.part, {table.table})
            if table.source == outcome.part and table.table not in tables and is_declared:
                refused.setdefault(table.table, table.line)
        for rows in record.tables:
            known = tables.get(rows.table)
            # A replay knows no time of a load: the load before it does.
            if rows.source == outcome.part and (known is None or (not known.loaded_at and rows.loaded_at)):
                tables[rows.table] = rows
    return tables, refused


def _build(runs: Sequence[RecordedRun], now: datetime) -> str:
    builds = [(outcome, record.build) for outcome, record in outcomes_of(runs) if outcome.part == DBT]
    if not builds:
        return "dbt             no build is recorded"
    outcome, build = builds[0]
    at = parse_time(outcome.ended_at)
    title = f"dbt             {stamp(at)}, {age(at, now)}: "
    if build is None or outcome.result != OK:
        failed = f": {', '.join(build.failed)}" if build and build.failed else ""
        return f"{title}failed{failed}"
    if build.is_needed:
        return f"{title}{_counts(build)}"
    needed = next(((outcome, build) for outcome, build in builds if build and build.is_needed), None)
    if needed is None or needed[0].result != OK:
        return f"{title}nothing to build, the last build counts"
    return f"{title}nothing to build since {stamp(parse_time(needed[0].ended_at))}: {_counts(needed[1])}"


def _counts(build: Build) -> str:
    counts = ", ".join(f"{count} {status}" for status, count in sorted(build.counts.items()))
    return counts + (f"; not built: {', '.join(build.not_built)}" if build.not_built else "")


def _page(runs: Sequence[RecordedRun], now: datetime) -> Iterator[str]:
    url = next((run.record.page for run in runs if run.record.page), "")
    if "://" in url:
        yield f"Dashboard       {url}"
    elif url and (path := data_dir() / url).exists():
        written = datetime.fromtimestamp(path.stat().st_mtime, UTC)
        yield f"Dashboard       {display_path(str(path))}, written {age(written, now)}"


def _earlier(environment: Environment, now: datetime) -> list[str]:
    """Return the last run as a version of this project before run records kept it, if it is of this environment."""
    try:
        kept = json.loads((data_dir() / "last_run.json").read_text(encoding="utf-8"))
        at = parse_time(kept["ended_at"])
        lines = str(kept["text"]).strip("\n").splitlines()
        if kept["word"] != environment.name:
            return []
    except (OSError, KeyError, TypeError, ValueError, AttributeError):
        return []
    return [f"Last run        {stamp(at)}, {age(at, now)}: ended well (kept by an earlier version)", "", *lines]
