"""RAW again from the lake alone: `python pipelines/replay.py [postgres] [saas]`.

Every load that the lake has a record of is landed again, in the order in which it landed first: the same files, under
the same ids, by the same merges. The cursors come back with them, so that the next load reads what is new. A replay
that was cut off goes on where it stood when it is typed again.
"""

import argparse
import shutil
import sys
import time
from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from pipelines.command import exit_with_line
from pipelines.errors import Refusal
from pipelines.lake_records import LakeRecords
from pipelines.load import held_lease, rows_in_raw
from pipelines.replay_landing import begin, has_all, land_again, landed, states
from pipelines.replay_plan import Step, plan
from pipelines.retention import prune
from pipelines.settle import read_landing
from pipelines.warehouse import data_dir, environment, raw_pipeline

PIPELINES = ("postgres", "saas")


class Replay:
    """One pipeline's history in the lake, to be landed in a RAW that has no row of it.

    Raises:
        Refusal: the lake has no record of a load.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        # A working folder of its own: in the door's there may be what no load has landed yet.
        self.pipeline = raw_pipeline(name, data_dir() / "replay")
        self.pipeline.activate()
        self.records = LakeRecords(self.pipeline)
        self.steps: list[Step] = plan(self.records.all(), self.records.schema)
        if not self.steps:
            raise Refusal(
                f"{self.records.root} has no record of a load of {name}: one load by `python pipelines/{name}.py` "
                "records every load that RAW has."
            )

    def landed(self) -> int:
        """Return how many of the loads RAW has from a replay before.

        Raises:
            Refusal: RAW has rows that are of no replay.
        """
        return landed(self.pipeline, self.steps, self._tables())

    def run(self) -> None:
        """Land every load that RAW has not, and print a line for each, then RAW's tables."""
        started, seconds = time.monotonic(), Counter()
        with held_lease(self.pipeline) as lease:
            landing = read_landing(self.pipeline)
            if landing:
                lease.outrun(landing.token)
            done = self.landed()
            if done:
                print(f"{self.name}: going on after {done} of {len(self.steps)} loads")
            else:
                begin(self.pipeline, self.steps, lease.token, self._tables())
            there = states(self.pipeline)
            for number, step in enumerate(self.steps[done:], done + 1):
                lease.check()
                begun = time.monotonic()
                info = land_again(self.pipeline, self.records, step, lease.token, step.load_id in there)
                for metrics in info.metrics.values():
                    for job in metrics[0]["job_metrics"].values():
                        seconds[job.table_name] += (job.finished_at - job.started_at).total_seconds()
                self._say(number, step, time.monotonic() - begun)
            self.pipeline.drop()
            self.pipeline.sync_destination()
            prune(self.pipeline)
            rows = rows_in_raw(self.pipeline)
        shutil.rmtree(self.pipeline.working_dir, ignore_errors=True)
        files = Counter(table for step in self.steps[done:] for table, paths in step.files.items() for _ in paths)
        for line in lines(rows, files, seconds):
            print(line)
        print(f"{self.name}: {time.monotonic() - started:.1f} s into {environment().database}.RAW")

    def _tables(self) -> list[str]:
        schemas = [self.records.schema(version) for version in {step.record.schema_version for step in self.steps}]
        return sorted({table for schema in schemas for table in schema.data_table_names(seen_data_only=True)})

    def _say(self, number: int, step: Step, seconds: float) -> None:
        ended = datetime.fromisoformat(step.record.completed_at)
        files = sum(map(len, step.files.values()))
        kind = "" if step.record.status == 0 else ", which was cut off"
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
    names = parser.parse_args(arguments).pipelines or PIPELINES
    try:
        replay(names)
    except Exception as error:  # noqa: BLE001  the one door at which every error becomes a line or a traceback
        exit_with_line(error)


def replay(names: Sequence[str]) -> None:
    """Replay some pipelines, one after the other.

    Raises:
        Refusal: a name is none, the lake has no record, or RAW has rows that are of no replay.
    """
    unknown = [name for name in names if name not in PIPELINES]
    if unknown:
        raise Refusal(f"There is no pipeline {unknown[0]}: type {' or '.join(PIPELINES)}, or nothing for both.")
    replays = [Replay(name) for name in dict.fromkeys(names)]
    whole = [one for one in replays if one.landed() == len(one.steps)]
    if len(whole) == len(replays):
        raise has_all(whole[0].pipeline, whole[0].steps)
    for one in replays:
        if one in whole:
            print(f"{one.name}: RAW has all {len(one.steps)} loads of the lake")
        else:
            one.run()


if __name__ == "__main__":
    main(sys.argv[1:])
