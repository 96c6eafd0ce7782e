"""RAW again from the lake alone: `python pipelines/replay.py [postgres] [saas]`.

Every load that the lake has a record of is landed again, in the order in which it landed first: the same files, under
the same ids, by the same merges. The cursors come back with them, so that the next load reads what is new. A replay
that was cut off goes on where it stood when it is typed again.
"""

if __name__ == "__main__":  # before the imports, which take a second: Ctrl-C is one line from the start
    from exactly_once.interrupts import watch

    watch()

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from functools import cached_property

from dlt.common.schema import Schema

from exactly_once.errors import PipelineError
from exactly_once.progress import is_quiet, reporting, speak, ticking
from exactly_once.recovery.manifest_chain import history
from exactly_once.recovery.manifest_writer import rewrite_manifests
from exactly_once.recovery.manifests import ManifestStore
from exactly_once.recovery.pending import read_last_attempt
from exactly_once.recovery.replay_files import check_files
from exactly_once.recovery.replay_load import already_complete, count_replayed, replay_load, reset_raw, states
from exactly_once.recovery.replay_plan import ReplayStep, plan_replay
from exactly_once.recovery.retention import prune
from exactly_once.runner import acquire_lease, row_counts
from pipelines.command import command_line, exit_with_error
from pipelines.configuration.settings import prepare
from pipelines.environment import build_pipeline, data_dir, environment
from pipelines.runs.run_writer import current, recorded

PIPELINES = ("postgres", "saas")


class Replay:
    """One pipeline's history in the lake, to be landed in a RAW that has no row of it.

    Raises:
        PipelineError: the lake has no record of a load.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        # A working folder of its own: in the door's there may be what no load has landed yet.
        self.pipeline = build_pipeline(name, data_dir() / "replay")
        self.pipeline.activate()
        self.records = ManifestStore(self.pipeline)
        found = self.records.all()
        where = f"{self.records.root}/"
        self.steps: list[ReplayStep] = plan_replay(found, self.records.schema, where)
        self.lost = [record.load_id for record in history(found, where)[1]]
        if not self.steps:
            raise PipelineError(
                f"{self.records.root} has no record of a load of {name}: one load by `python pipelines/{name}.py` "
                "records every load that RAW has."
            )

    def landed(self) -> int:
        """Return how many of the loads RAW has from a replay before.

        Raises:
            PipelineError: RAW has rows that are of no replay.
        """
        return count_replayed(self.pipeline, self.steps, self._tables(), self._names())

    def check(self, done: int) -> None:
        """Compare the files of the loads that RAW has not with what their records say of them.

        Args:
            done: how many loads RAW has.

        Raises:
            PipelineError: a file is missing or was changed.
        """
        if self.lost:
            print(
                f"⚠ {self.name}: RAW was once replaced by an older copy of itself, and went on from there: "
                f"{len(self.lost)} load(s) that only the other one had are left out ({', '.join(self.lost[:5])})",
                file=sys.stderr,
            )
        phase = f"{self.name}: comparing the lake's files with their records"
        with ticking(lambda: phase):
            check_files(self.records, self.steps[done:])

    def run(self) -> None:
        """Land every load that RAW has not, and print a line for each, then RAW's tables."""
        started, seconds = time.monotonic(), Counter()
        with acquire_lease(self.pipeline) as lease, reporting(self.pipeline) as counters:
            landing = read_last_attempt(self.pipeline)
            if landing:
                lease.outrun(landing.token)
            done = self.landed()
            if done:
                print(f"{self.name}: going on after {done} of {len(self.steps)} loads")
            else:
                reset_raw(self.pipeline, self.steps, lease.token, self._tables(), self._names())
            there = states(self.pipeline)
            for number, step in enumerate(self.steps[done:], done + 1):
                lease.check()
                begun = time.monotonic()
                counters.prefix = f"load {number} of {len(self.steps)}: "
                info = replay_load(self.pipeline, self.records, step, lease.token, step.load_id in there)
                for metrics in info.metrics.values():
                    for job in metrics[0]["job_metrics"].values():
                        seconds[job.table_name] += (job.finished_at - job.started_at).total_seconds()
                self._say(number, step, time.monotonic() - begun)
            self.pipeline.drop()
            self.pipeline.sync_destination()
            prune(self.pipeline)
            rows = row_counts(self.pipeline)
        if run := current():
            run.replayed(self.name, rows)
        shutil.rmtree(self.pipeline.working_dir, ignore_errors=True)
        files = Counter(table for step in self.steps[done:] for table, paths in step.files.items() for _ in paths)
        for line in lines(rows, files, seconds):
            print(line)
        print(f"{self.name}: {time.monotonic() - started:.1f} s into {environment().database}.RAW")

    @cached_property
    def _schemas(self) -> list[Schema]:
        return [self.records.schema(version) for version in {step.record.schema_version for step in self.steps}]

    def _tables(self) -> list[str]:
        return sorted({table for schema in self._schemas for table in schema.data_table_names(seen_data_only=True)})

    def _names(self) -> list[str]:
        return sorted({schema.name for schema in self._schemas})

    def _say(self, number: int, step: ReplayStep, seconds: float) -> None:
        ended = datetime.fromisoformat(step.record.completed_at)
        files = sum(map(len, step.files.values()))
        kind = "" if step.record.status == 0 else ", which was cut off"
        if is_quiet():
            return
        print(
            f"{seconds:7.1f} s  {self.name}: load {number} of {len(self.steps)}{kind}, of "
            f"{ended:%Y-%m-%d %H:%M:%S} UTC: {files} files",
            flush=True,
        )


def lines(rows: dict[str, int], files: Counter, seconds: Counter) -> list[str]:
    """Return the end of a replay as a table of text, a line for each table of RAW."""
    head = f"{'RAW table':<28}{'files':>11}{'in RAW':>11}{'seconds':>10}"
    return [
        head,
        *(f"{table.upper():<28}{files[table]:>11,}{rows[table]:>11,}{seconds[table]:>10.1f}" for table in sorted(rows)),
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Replay the pipelines that are named, both where none is; exit as `exit_with_line` does.

    Nothing is landed before each of them was looked at.
    """
    parser = argparse.ArgumentParser(description="Make RAW again from the lake alone.")
    parser.add_argument("pipelines", nargs="*", metavar="pipeline", help=f"{' or '.join(PIPELINES)}; both by default")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true", help="only compare the lake's files with what its records say")
    what.add_argument("--complete", action="store_true", help="write the records that the lake lacks of RAW's loads")
    parser.add_argument("--quiet", action="store_true", help="no lines about progress; errors and the result stay")
    options = parser.parse_args(arguments)
    speak(quiet=options.quiet)
    try:
        prepare()
        names = known(options.pipelines or PIPELINES)
        if options.check or options.complete:
            check(names) if options.check else complete(names)
        else:
            with recorded("replay", command_line("python pipelines/replay.py", arguments), names):
                replay(names)
    except Exception as error:  # noqa: BLE001  the one door at which every error becomes a line or a traceback
        exit_with_error(error)


def replay(names: Sequence[str]) -> None:
    """Replay some pipelines, one after the other.

    Raises:
        PipelineError: a name is none, the lake has no record, or RAW has rows that are of no replay.
    """
    replays = [Replay(name) for name in known(names)]
    done = {one.name: one.landed() for one in replays}
    whole = [one for one in replays if done[one.name] == len(one.steps)]
    if len(whole) == len(replays):
        raise already_complete(whole[0].pipeline, whole[0].steps)
    for one in replays:
        one.check(done[one.name])
    for one in replays:
        if one in whole:
            print(f"{one.name}: RAW has all {len(one.steps)} loads of the lake")
        else:
            one.run()


def check(names: Sequence[str]) -> None:
    """Compare every file of the lake that a replay would land with what its record says, and print a line each.

    Raises:
        PipelineError: a record or a file is missing or was changed.
    """
    for one in [Replay(name) for name in known(names)]:
        one.check(0)
        files = sum(len(paths) for step in one.steps for paths in step.files.values())
        print(f"{one.name}: {len(one.steps)} loads, {files} files: each is what was written")


def complete(names: Sequence[str]) -> None:
    """Write the records that the lake lacks of loads that RAW has, and print a line for each pipeline.

    Raises:
        PipelineError: a name is none, or RAW has no load of the pipeline.
    """
    for name in known(names):
        pipeline = build_pipeline(name, data_dir() / "replay")
        pipeline.drop()
        pipeline.activate()
        with acquire_lease(pipeline):
            landing = read_last_attempt(pipeline)
            if landing is None or not landing.is_complete:
                raise PipelineError(
                    f"RAW has no complete load of {name}: type `python pipelines/{name}.py`, then this again."
                )
            pipeline.sync_destination()
            written = rewrite_manifests(pipeline, ManifestStore(pipeline), landing)
        shutil.rmtree(pipeline.working_dir, ignore_errors=True)
        print(f"{name}: {written} record(s) written")


def known(names: Sequence[str]) -> list[str]:
    """Return the names, each once: ours, and those of any other pipeline that the lake has records of.

    Raises:
        PipelineError: one of them is no pipeline.
    """
    unknown = [name for name in names if name not in PIPELINES and not (name.isidentifier() and _is_recorded(name))]
    if unknown:
        raise PipelineError(f"There is no pipeline {unknown[0]}: type {' or '.join(PIPELINES)}, or nothing for both.")
    return list(dict.fromkeys(names))


def _is_recorded(name: str) -> bool:
    """Tell whether the lake has a record of a load of a pipeline that is not one of ours."""
    pipeline = build_pipeline(name, data_dir() / "replay")
    return bool(ManifestStore(pipeline).all())


if __name__ == "__main__":
    from exactly_once.interrupts import body

    with body():
        main(sys.argv[1:])
