"""Rebuild RAW from the lake alone: load every load that has a manifest again, in its first order.

The same files are loaded under the same load ids by the same merges. The cursors come back with them, so that the next
load reads what is new. A replay that was cut off continues when it is run again.
"""

import shutil
import sys
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property

import dlt
from dlt.common.schema import Schema

from exactly_once import hints
from exactly_once.errors import PipelineError
from exactly_once.lease.lease import Lease
from exactly_once.process.progress import Counters, is_quiet, reporting, ticking
from exactly_once.recovery.load_rows import row_counts
from exactly_once.recovery.manifest_chain import history
from exactly_once.recovery.manifest_writer import rewrite_manifests
from exactly_once.recovery.manifests import ManifestStore
from exactly_once.recovery.pending import read_last_attempt
from exactly_once.recovery.replay_files import check_files
from exactly_once.recovery.replay_load import already_complete, count_replayed, replay_load, reset_raw, states
from exactly_once.recovery.replay_plan import ReplayStep, plan_replay
from exactly_once.recovery.retention import prune

AcquireLease = Callable[[dlt.Pipeline], AbstractContextManager[Lease]]


@dataclass
class ReplayReport:
    """What a replay did: rows of each table in RAW, files and seconds of each table, and seconds in all."""

    pipeline: str
    rows: dict[str, int] = field(default_factory=dict)
    files: Counter[str] = field(default_factory=Counter)
    seconds: dict[str, float] = field(default_factory=lambda: defaultdict(float))
    elapsed: float = 0.0

    def lines(self) -> list[str]:
        """Return the report as a table of text, a line for each table of RAW."""
        return [
            f"{'RAW table':<28}{'files':>11}{'in RAW':>11}{'seconds':>10}",
            *(
                f"{table.upper():<28}{self.files[table]:>11,}{self.rows[table]:>11,}{self.seconds[table]:>10.1f}"
                for table in sorted(self.rows)
            ),
        ]


class Replay:
    """The loads of one pipeline in the lake, to be loaded into a RAW that has no row of it.

    Args:
        pipeline: with a working folder of its own: the usual one may hold packages that are not loaded yet.
        acquire_lease: returns the lease of a pipeline, to be entered.

    Raises:
        PipelineError: the lake has no manifest of the pipeline.
    """

    def __init__(self, pipeline: dlt.Pipeline, acquire_lease: AcquireLease) -> None:
        self.pipeline = pipeline
        self.name = pipeline.pipeline_name
        self._acquire_lease = acquire_lease
        pipeline.activate()
        self.manifests = ManifestStore(pipeline)
        found = self.manifests.all()
        where = f"{self.manifests.root}/"
        self.steps: list[ReplayStep] = plan_replay(found, self.manifests.schema, where)
        self.lost = [manifest.load_id for manifest in history(found, where)[1]]
        if not self.steps:
            raise PipelineError(
                f"{self.manifests.root} has no manifest of a load of {self.name}: one load by "
                f"`{hints.load(self.name)}` writes one for every load that RAW has."
            )

    def count_done(self) -> int:
        """Return how many of the loads RAW has from an earlier replay.

        Raises:
            PipelineError: RAW has rows that are of no replay.
        """
        return count_replayed(self.pipeline, self.steps, self._tables(), self._names())

    def check(self, done: int) -> None:
        """Compare the files of the loads that RAW does not have with their manifests.

        Args:
            done: how many loads RAW has.

        Raises:
            PipelineError: a file is missing or was changed.
        """
        if self.lost:
            print(
                f"⚠ {self.name}: RAW was once replaced by an older copy of itself: {len(self.lost)} load(s) that the "
                f"copy did not have are left out ({', '.join(self.lost[:5])})",
                file=sys.stderr,
            )
        phase = f"{self.name}: comparing the lake's files with their manifests"
        with ticking(lambda: phase):
            check_files(self.manifests, self.steps[done:])

    def run(self, *, is_checked: bool = False) -> ReplayReport:
        """Check the files of every load that RAW does not have, load them, and print a line for each.

        Args:
            is_checked: `check` has just compared the files: they are not read a second time.

        Raises:
            PipelineError: a file is missing or was changed, or RAW has rows that are of no replay; RAW is as it was.
        """
        started, report = time.monotonic(), ReplayReport(self.name)
        with self._acquire_lease(self.pipeline) as lease, reporting(self.pipeline) as counters:
            if attempt := read_last_attempt(self.pipeline):
                lease.advance_token(attempt.token)
            done = self.count_done()
            if not is_checked:
                self.check(done)
            if done:
                print(f"{self.name}: continuing after {done} of {len(self.steps)} loads")
            else:
                reset_raw(self.pipeline, self.steps, lease.token, self._tables(), self._names())
            self._load(lease, done, counters, report)
            self.pipeline.drop()
            self.pipeline.sync_destination()
            prune(self.pipeline)
            report.rows = row_counts(self.pipeline)
        shutil.rmtree(self.pipeline.working_dir, ignore_errors=True)
        report.elapsed = time.monotonic() - started
        return report

    def _load(self, lease: Lease, done: int, counters: Counters, report: ReplayReport) -> None:
        with_state = states(self.pipeline)
        for number, step in enumerate(self.steps[done:], done + 1):
            lease.ensure_held()
            begun = time.monotonic()
            counters.prefix = f"load {number} of {len(self.steps)}: "
            info = replay_load(self.pipeline, self.manifests, step, lease.token, step.load_id in with_state)
            for metrics in info.metrics.values():
                for job in metrics[0]["job_metrics"].values():
                    if job.finished_at:
                        report.seconds[job.table_name] += (job.finished_at - job.started_at).total_seconds()
            for table, paths in step.files.items():
                report.files[table] += len(paths)
            self._print_step(number, step, time.monotonic() - begun)

    @cached_property
    def _schemas(self) -> list[Schema]:
        return [self.manifests.schema(version) for version in {step.manifest.schema_version for step in self.steps}]

    def _tables(self) -> list[str]:
        return sorted({table for schema in self._schemas for table in schema.data_table_names(seen_data_only=True)})

    def _names(self) -> list[str]:
        return sorted({schema.name for schema in self._schemas})

    def _print_step(self, number: int, step: ReplayStep, seconds: float) -> None:
        if is_quiet():
            return
        ended = datetime.fromisoformat(step.manifest.completed_at)
        files = sum(map(len, step.files.values()))
        kind = "" if step.manifest.status == 0 else ", which was cut off"
        print(
            f"{seconds:7.1f} s  {self.name}: load {number} of {len(self.steps)}{kind}, of "
            f"{ended:%Y-%m-%d %H:%M:%S} UTC: {files} files",
            flush=True,
        )


def run_replays(replays: Sequence[Replay], finished: Callable[[ReplayReport], None]) -> None:
    """Run some replays, one after the other; nothing is loaded before all of them are checked.

    Args:
        replays: of different pipelines.
        finished: gets the report of each replay when it ends.

    Raises:
        PipelineError: a file of the lake is missing or was changed, RAW has rows that are of no replay, or every load.
    """
    done = {one.name: one.count_done() for one in replays}
    whole = [one for one in replays if done[one.name] == len(one.steps)]
    if len(whole) == len(replays):
        raise already_complete(whole[0].pipeline, whole[0].steps)
    for one in replays:
        one.check(done[one.name])
    for one in replays:
        if one in whole:
            print(f"{one.name}: RAW has all {len(one.steps)} loads of the lake")
        else:
            finished(one.run(is_checked=True))


def check(replays: Sequence[Replay]) -> None:
    """Compare every file that a replay would load with its manifest, and print a line for each pipeline.

    Raises:
        PipelineError: a manifest or a file is missing or was changed.
    """
    for one in replays:
        one.check(0)
        files = sum(len(paths) for step in one.steps for paths in step.files.values())
        print(f"{one.name}: {len(one.steps)} loads, {files} files: each is what was written")


def complete(pipeline: dlt.Pipeline, acquire_lease: AcquireLease) -> int:
    """Write the manifests that the lake lacks of loads that RAW has; return how many.

    Args:
        pipeline: with a working folder of its own, which is removed.
        acquire_lease: returns the lease of a pipeline, to be entered.

    Raises:
        PipelineError: RAW has no complete load of the pipeline.
    """
    pipeline.drop()
    pipeline.activate()
    with acquire_lease(pipeline):
        attempt = read_last_attempt(pipeline)
        if attempt is None or not attempt.is_complete:
            name = pipeline.pipeline_name
            raise PipelineError(f"RAW has no complete load of {name}: type `{hints.load(name)}`, then this again.")
        pipeline.sync_destination()
        written = rewrite_manifests(pipeline, ManifestStore(pipeline), attempt)
    shutil.rmtree(pipeline.working_dir, ignore_errors=True)
    return written
