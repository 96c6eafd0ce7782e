"""A world: a warehouse with history, its lake and working folder, and the vendor's objects; and one increment on it."""

import json
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.bench.process import Run, run
from tools.bench_history import base, history, increment, profiles

DBT = [str(Path(sys.executable).with_name("dbt")), "build", "--project-dir", "dbt", "--target", "local"]
# One node at a time, so that its seconds are its own.
HOURLY = ["--threads", "1"]
# What the selector hourly leaves out, which --select replaces, and tests that read nodes outside of a selection.
NOT_HOURLY = ["--exclude", "tag:whole_table", "resource_type:unit_test", "--indirect-selection", "cautious"]


@dataclass(frozen=True)
class World:
    """One world in `folder`, `history` half years long, with the events in RAW and the increment that comes next.

    `select` is dbt's selection of the nodes that it has; none: all.
    """

    folder: Path
    history: int
    events: int
    increment: increment.Increment
    select: tuple[str, ...] = ()

    def measure(self, place: Path) -> dict[str, Any]:
        """Load and build the increment on a copy at `place`, compare the rows, and return the figures.

        Raises:
            Broken: a process failed.
            Differs: a row is lost, twice or stale.
        """
        shutil.rmtree(place, ignore_errors=True)
        base.copy(self.folder, place)
        with increment.vendor(self.folder) as services:
            (place / "services.json").write_text(json.dumps(services))
            loaded = run([sys.executable, "pipelines/saas.py"], base.settings(place) | profiles.LOAD_SETTINGS)
        chosen = ["--select", *self.select, *NOT_HOURLY] if self.select else ["--selector", "hourly"]
        folder = profiles.dbt_profiles(place / "profiles")
        built = run([*DBT, *HOURLY, "--profiles-dir", folder, *chosen], base.settings(place))
        new = increment.check(place, self.increment, self.events, has_facts=not self.select)
        seconds = _node_seconds(place)
        figures = {
            "load": _process(loaded) | {"statements": profiles.of_load(loaded.errors).as_json()},
            "dbt": _process(built),
            "nodes": {
                name: {"seconds": seconds.get(name, 0.0), **reads.as_json()}
                for name, reads in sorted(profiles.of_build(built.errors).items())
            },
            "new_events": new,
        }
        shutil.rmtree(place)
        return figures


def make(origin: Path, folder: Path, size: history.Size, select: tuple[str, ...] = ()) -> World:
    """Make a world of a base, build its nodes over it once, and add the increment to the vendor's objects."""
    base.copy(origin, folder)
    events = history.multiply(folder / base.WAREHOUSE, folder / base.STORE, size)
    chosen = ["--select", *select, *NOT_HOURLY] if select else []
    run([*DBT, "--profiles-dir", "dbt", *chosen], base.settings(folder))
    return World(folder, size.history, events, increment.add(folder), select)


def _process(done: Run) -> dict[str, float]:
    return {"seconds": done.seconds, "cpu_seconds": done.cpu_seconds, "peak_mb": done.peak_mb}


def _node_seconds(place: Path) -> dict[str, float]:
    """Return the seconds of each node, as dbt has measured them."""
    results = json.loads((place / "target" / "run_results.json").read_text())["results"]
    return {node["unique_id"]: node["execution_time"] for node in results}
