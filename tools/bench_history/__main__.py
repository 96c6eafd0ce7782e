"""What the same increment costs over more history: `python -m tools.bench_history [--history 10] [--rounds 3]`."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tools.bench import machine
from tools.bench.__main__ import scratch
from tools.bench.process import Broken
from tools.bench_history import base, ratios, report, worlds
from tools.bench_history.history import Size
from tools.bench_history.increment import Differs
from tools.bench_history.ratios import SMALL


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, write the JSON file, print the tables; return 1 if a row was lost or a process failed, else 0."""
    parser = argparse.ArgumentParser(prog="python -m tools.bench_history", description=__doc__)
    parser.add_argument("--history", type=int, default=10, help="half years of the larger world, from 2 on (10)")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--events", type=int, default=1_000_000, help="in a half year (1000000)")
    parser.add_argument("--select", help="dbt's selection of the nodes to build, e.g. '+fct_messages' (all)")
    parser.add_argument("--json", type=Path, default=report.LATEST, help="the file to write")
    chosen = parser.parse_args(arguments)
    if chosen.history < 2 or chosen.rounds < 1 or chosen.events < 1:
        parser.error("there are at least 2 half years, 1 round and 1 event")
    place = chosen.json.parent.absolute()
    place.mkdir(parents=True, exist_ok=True)
    described = machine.describe()
    try:
        with scratch(place) as folder:
            found = measure(folder, chosen)
    except (Broken, Differs) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    result = {
        **found,
        "measured_at": datetime.now(UTC).strftime("%Y-%m-%d"),
        "commit": machine.commit(),
        "machine": described,
        "versions": machine.library_versions(),
    }
    chosen.json.write_text(json.dumps(result, indent=1) + "\n")
    print(report.as_text(result))
    return 0


def measure(folder: Path, chosen: argparse.Namespace) -> dict[str, Any]:
    """Make both worlds in `folder` and measure the increment on each, round after round.

    Raises:
        Broken: a process failed.
        Differs: a row is lost, twice or stale.
    """
    large, origin = f"{chosen.history}x", folder / "base"
    select = tuple((chosen.select or "").split())
    _say("loading the first half year")
    origin.mkdir(mode=0o711)  # as root, Postgres runs as another user
    base.make(origin)
    made = {}
    for name, size in ((SMALL, Size(chosen.events, 1)), (large, Size(chosen.events, chosen.history))):
        made[name] = worlds.make(origin, folder / name, size, select)
        _say(f"{name}: {made[name].events:,} events loaded and built")
    found, loads = [], []
    for number in range(chosen.rounds):
        loads.append(os.getloadavg())
        measured = {name: world.measure(folder / "measured") for name, world in made.items()}
        for name, figures in measured.items():
            seconds = [f"{part} {figures[part]['cpu_seconds']:.1f} s of CPU" for part in ("load", "dbt")]
            _say(f"round {number + 1} of {chosen.rounds}: {name}: {', '.join(seconds)}")
        found.append(measured)
    return {
        **ratios.summarize(found, large),
        "history": chosen.history,
        "rounds": chosen.rounds,
        "select": chosen.select,
        "events": {name: world.events for name, world in made.items()},
        "increment": {"sent": made[SMALL].increment.sent, "new": found[0][SMALL]["new_events"]},
        "load_averages": loads,
        "runs": found,
    }


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
