"""The parts of the bench, and the rounds in which they are measured.

Rounds are interleaved, so that whatever else the machine does falls on all of the parts.
"""

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from tools.bench import baselines, competitors, dbt_build, machine, platform_runs, small_tables, thresholds
from tools.bench.checksum import RowsDiffer
from tools.bench.context import BenchContext, Figures, LeftOut
from tools.bench.process import Broken, run


def api(_: BenchContext) -> Figures:
    """Measure events of the API per second and the permitted rate.

    Raises:
        LeftOut: tools/bench/api.py is not there.
    """
    if not importlib.util.find_spec("tools.bench.api"):
        raise LeftOut("tools/bench/api.py is not there")
    return {"api": importlib.import_module("tools.bench.api").measure()}


def sweep(context: BenchContext) -> Figures:
    """Measure delete detection alone: all keys streamed, then by digests; all equal, and one in a hundred deleted."""
    code = f"from tools.bench.delete_detection import measure; print(json.dumps({{'found': measure({context.rows})}}))"
    found = run([sys.executable, "-c", f"import json; {code}"]).result["found"]
    return {SWEEPS[one["way"], one["state"]]: one for one in found}


SWEEPS = {
    ("streams", "equal"): "sweep",
    ("digests", "equal"): "sweep_digests",
    ("streams", "1 % deleted"): "sweep_deleted",
    ("digests", "1 % deleted"): "sweep_digests_deleted",
}
EACH_ROUND: dict[str, Callable[[BenchContext], Figures]] = {
    "floor": baselines.measure,
    "ours": platform_runs.measure,
    "incremental": platform_runs.measure_with_changes,  # with a first load, so it is "ours" as well
    "engines": competitors.engines,
    "connectorx": competitors.dlt("connectorx"),
    "sling": competitors.sling,
    "pyarrow": competitors.dlt("pyarrow"),
    "default": competitors.dlt("sqlalchemy", "events_few"),
    "shapes": baselines.measure_shapes,
    "small": small_tables.measure,
    "api": api,
    "dbt": dbt_build.measure,
}
ONCE = {"sweep": sweep, "10x": baselines.measure_10x}
PARTS = EACH_ROUND | ONCE
THEIRS = (
    "engines",
    "connectorx",
    "sling",
    "pyarrow",
    "default",
)  # one that fails or loses rows is left out, and the report says so


class Bench:
    """The rounds so far: `runs[figure]` is one dict a round, `left_out[part]` the reason."""

    def __init__(self, context: BenchContext, parts: Sequence[str]) -> None:
        self.context = context
        self.parts = [part for part in parts if part != "ours" or "incremental" not in parts]
        self.runs: thresholds.Rounds = {}
        self.left_out: dict[str, str] = {}
        self.loads: list[tuple[float, ...]] = []

    def measure(self, rounds: int) -> None:
        """Run every part of a round, round after round, then the parts that are measured once."""
        for self.context.round in range(1, rounds + 1):
            self.loads.append(os.getloadavg())
            for part in EACH_ROUND:
                self._part(part, f"round {self.context.round} of {rounds}")
        self.context.forget("events", "events_few", *baselines.SHAPES)
        for part in ONCE:
            self._part(part, "once")

    def _part(self, part: str, when: str) -> None:
        if part not in self.parts or part in self.left_out:
            return
        try:
            figures = PARTS[part](self.context)
        except LeftOut as reason:
            self.left_out[part] = str(reason)
        except (Broken, RowsDiffer) as reason:
            if part not in THEIRS:
                raise
            self.left_out[part] = str(reason)
        else:
            for name, figure in figures.items():
                self.runs.setdefault(name, []).append({"round": self.context.round, **figure})
                shown = f"{figure['seconds']:8.1f} s" if "seconds" in figure else ""
                print(f"{when:<14} {name:<26}{shown}", file=sys.stderr, flush=True)
            return
        print(f"{when:<14} {part:<26}left out: {self.left_out[part]}", file=sys.stderr, flush=True)

    def result(self, rounds: int, versions: dict[str, Any], described: dict[str, Any]) -> dict[str, Any]:
        """Return the content of latest.json: the figures by name, and the measurements that they come from."""
        found = thresholds.ratios(self.runs)
        return {
            **found,
            "rows": self.context.rows,
            "rounds": rounds,
            "measured_at": datetime.now(UTC).strftime("%Y-%m-%d"),
            "commit": machine.commit(),
            "machine": described,
            "load_averages": self.loads,
            "versions": versions,
            "bars": thresholds.judge(found),
            "left_out": self.left_out,
            "medians": thresholds.medians(self.runs),
            "runs": self.runs,
        }
