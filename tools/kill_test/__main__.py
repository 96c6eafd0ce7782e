"""The kill test: `python -m tools.kill_test` for our own pipelines, or for yours (see README.md beside this file)."""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from tools.kill_test.bench import Bench, Order
from tools.kill_test.report import Report


def main(arguments: list[str] | None = None) -> int:
    """Run the bench; 0: everything held, 1: it did not, 2: it could not be tried."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that workers and services end, too
    options = _options().parse_args(arguments)
    if options.load and not options.check:
        sys.exit("✗ A load without a check proves nothing: name it, e.g. --check my_module:check.")
    options.chains = options.kills // 80 if options.chains is None else options.chains
    command = ["python -m tools.kill_test", *([options.load, "--check", options.check] if options.load else [])]
    command += ["--prepare", options.prepare] if options.prepare else []
    report = Report(" ".join([*command, f"--kills {options.kills} --seed {options.seed}"]))
    # A killed dbt leaves semaphores, which Python removes at its end and would warn of, after the last line.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crash-", ignore_cleanup_errors=True) as folder:
        theirs = (options.load, options.check, options.prepare or "") if options.load else ()
        order = Order(
            offer="tools.kill_test.theirs:offer" if theirs else "tools.kill_test.ours.subjects:offer",
            arguments=theirs or (str(options.chains),),
            kills=options.kills,
            seed=options.seed,
            folder=Path(folder),
            keep=options.keep.absolute(),
            workers=options.workers,
            only=options.only,
            story=options.story,
            seconds=options.minutes * 60,
        )
        bench = Bench(order)
        try:
            for outcome in bench.outcomes():
                said = report.add(outcome)
                if said:
                    print(said, flush=True)
                if outcome.turn == 0 or said:
                    print(f"  {time.monotonic() - started:6.0f} s  {report.summary()}", file=sys.stderr, flush=True)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 2
    struck = {
        (outcome.subject, outcome.state, outcome.strike.split("`")[-2])
        for outcome in report.outcomes
        if not outcome.fault
    }
    known = sum(len(reference.kinds) for states in bench.references.values() for reference in states.values())
    print(report.table())
    print(
        f"\nseed {options.seed}: {len(struck)} of {known} kinds of boundaries, "
        f"{len(report.violations)} violations, {time.monotonic() - started:.0f} s"
    )
    is_short = options.story is None and report.kills < options.kills
    if is_short:
        print(f"✗ only {report.kills} of {options.kills} kills: the time was over (--minutes), or stories ended early")
    print(report.summary())
    return 1 if report.violations or is_short else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.kill_test", description=__doc__)
    parser.add_argument("load", nargs="?", help="module:function that runs your pipeline once; without it: our own")
    parser.add_argument("--check", help="module:function that yields (table, source pairs, landed pairs)")
    parser.add_argument("--prepare", help="module:function(world, turn): 0 makes the sources, later turns change them")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--chains", type=int, help="so many kills of the whole flow and of dbt; default: one in eighty")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000, help="default: from the clock")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="only subjects whose name has one of these, by commas")
    parser.add_argument("--story", type=int, help="only this story, as a violation names it")
    parser.add_argument("--minutes", type=float, default=60, help="no new story after that time")
    parser.add_argument("--keep", type=Path, default=Path(".data/crash"), help="where worlds of violations are kept")
    return parser


if __name__ == "__main__":
    sys.exit(main())
