"""Which runs and parts of runs did not end well, and have not been done again since."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from flows.run_status.times import parse_time
from pipelines.registry import SOURCES
from pipelines.runs.run_history import RecordedRun
from pipelines.runs.run_record import (
    BUSY,
    DBT,
    FAILED,
    INTERRUPTED,
    KILLED,
    LEASE_LOST,
    OK,
    REFUSED,
    RUNNING,
    Outcome,
    RunRecord,
)

IN_WORDS = {
    OK: "ended well",
    REFUSED: "tables were refused",
    FAILED: "failed",
    INTERRUPTED: "was interrupted",
    LEASE_LOST: "was overtaken by another run",
    BUSY: "loaded nothing, as another run was at work",
    KILLED: "was killed",
    RUNNING: "is at work",
}


@dataclass(frozen=True)
class Problem:
    """A run or a part of one that did not end well.

    Args:
        what: its name and how it ended.
        at: when it ended.
        line: the reason and the next command.
    """

    what: str
    at: datetime
    line: str


def in_words(result: str) -> str:
    """Return how a run or a part ended; one of a later version counts as failed."""
    return IN_WORDS.get(result, IN_WORDS[FAILED])


def unresolved(runs: Sequence[RecordedRun]) -> list[Problem]:
    """Return what did not end well the last time that it was done.

    Neither a later run of another part resolves a problem, nor one that another run kept from loading. A source that is
    no longer in the registry has none.

    Args:
        runs: as `read_runs` returns them.
    """
    newest = {outcome.part: outcome for outcome, _ in reversed(outcomes_of(runs)) if outcome.result != BUSY}
    later: list[RecordedRun] = []  # newer runs, each of which resolves an older one that did no more than it
    problems = []
    for run in runs:
        problems += [
            Problem(f"{outcome.part} {in_words(outcome.result)}", parse_time(outcome.ended_at), outcome.line)
            for outcome in run.record.outcomes
            if outcome.result not in (OK, BUSY) and outcome is newest[outcome.part] and outcome.part in (DBT, *SOURCES)
        ]
        has_failed = _has_failed_as_a_whole(run)
        if has_failed and not any(_repeats(newer, run) for newer in later):
            at = parse_time(run.record.ended_at or run.record.began_at)
            problems.append(Problem(f"{run.record.command} {in_words(run.result)}", at, run.line))
        if run.result == OK or has_failed:  # of two runs that failed alike, the newer one is enough
            later.append(run)
    return problems


def outcomes_of(runs: Sequence[RecordedRun]) -> list[tuple[Outcome, RunRecord]]:
    """Return how the parts of runs ended, with their runs, the last end first: a part may end long before its run."""
    outcomes = [(outcome, run.record) for run in runs for outcome in run.record.outcomes]
    return sorted(outcomes, key=lambda one: parse_time(one[0].ended_at), reverse=True)


def _has_failed_as_a_whole(run: RecordedRun) -> bool:
    """Return whether a run failed outside of its parts, or did not reach their ends."""
    parts = [outcome for outcome in run.record.outcomes if outcome.result != BUSY]
    return run.result not in (OK, BUSY, RUNNING) and all(outcome.result == OK for outcome in parts)


def _repeats(newer: RecordedRun, older: RecordedRun) -> bool:
    kinds = ("flow",) if older.record.kind == "flow" else ("flow", older.record.kind)
    return newer.record.kind in kinds and set(newer.record.sources) >= set(older.record.sources)
