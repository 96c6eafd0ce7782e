"""The kill test: `python -m tools.kill_test` for this platform's pipelines, or for yours (README.md)."""

import argparse
import os
import signal
import sys
import tempfile
import time
from pathlib import Path

from tools.kill_test.kill_test import KillTest, RunConfig
from tools.kill_test.report import Report

EXTERNAL = "tools.kill_test.external_pipeline:provide_subjects"
MAILBLAZE = "tools.kill_test.mailblaze.subjects:provide_subjects"


def main(arguments: list[str] | None = None) -> int:
    """Run the kill test; return 0: every invariant held, 1: one did not, 2: a pipeline is wrong without a kill."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that workers and services end, too
    options = _options().parse_args(arguments)
    if options.load and not options.check:
        sys.exit("✗ A load without a check proves nothing: add one, e.g. --check my_module:check.")
    options.chains = options.kills // 80 if options.chains is None else options.chains
    report = Report(f"{_command(options)} --kills {options.kills} --seed {options.seed}")
    # A killed dbt leaves semaphores: Python removes them when it ends, and would warn after the last line.
    os.environ.setdefault("PYTHONWARNINGS", "ignore:resource_tracker")
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crash-", ignore_cleanup_errors=True) as folder:
        test = KillTest(_config(options, Path(folder)))
        try:
            for outcome in test.outcomes():
                violation = report.add(outcome)
                if violation:
                    print(violation, flush=True)
                if outcome.turn == 0 or violation:
                    print(f"  {time.monotonic() - started:6.0f} s  {report.summary()}", file=sys.stderr, flush=True)
        except RuntimeError as error:
            print(error, file=sys.stderr)
            return 2
    print(report.table())
    print(
        f"\nseed {options.seed}: {_boundaries(report, test)}, {len(report.violations)} violations, "
        f"{time.monotonic() - started:.0f} s"
    )
    is_short = options.scenario is None and report.kills < options.kills
    if is_short:
        print(f"✗ only {report.kills} of {options.kills} kills: the time ran out (--minutes), or scenarios ended early")
    print(report.summary())
    return 1 if report.violations or is_short else 0


def _command(options: argparse.Namespace) -> str:
    """Return the command that repeats this test, without its number of kills and its seed."""
    command = ["python -m tools.kill_test", *([options.load, "--check", options.check] if options.load else [])]
    return " ".join([*command, *(["--prepare", options.prepare] if options.prepare else [])])


def _config(options: argparse.Namespace, folder: Path) -> RunConfig:
    external = (options.load, options.check, options.prepare or "") if options.load else ()
    return RunConfig(
        provider=EXTERNAL if external else MAILBLAZE,
        arguments=external or (str(options.chains),),
        kills=options.kills,
        seed=options.seed,
        folder=folder,
        keep=options.keep.absolute(),
        workers=options.workers,
        only=options.only,
        scenario=options.scenario,
        seconds=options.minutes * 60,
    )


def _boundaries(report: Report, test: KillTest) -> str:
    """Return how many kinds of boundaries were reached, of those that runs without a kill pass."""
    reached = {
        (outcome.subject, outcome.state, outcome.kill_point.split("`")[-2])
        for outcome in report.outcomes
        if not outcome.fault
    }
    known = sum(len(reference.kinds) for states in test.references.values() for reference in states.values())
    return f"{len(reached)} of {known} kinds of boundaries"


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m tools.kill_test", description=__doc__)
    parser.add_argument("load", nargs="?", help="module:function that runs a pipeline once; default: ours")
    parser.add_argument("--check", help="module:function that yields (table, source pairs, loaded pairs)")
    parser.add_argument("--prepare", help="module:function(world, turn): 0 makes the sources, later turns change them")
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--chains", type=int, help="kills of the whole flow and of dbt; default: one in eighty")
    parser.add_argument("--seed", type=int, default=int(time.time()) % 1_000_000, help="default: from the clock")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--only", default="", help="only subjects with a part of these in their names")
    parser.add_argument("--scenario", "--story", type=int, help="only this scenario, as a violation names it")
    parser.add_argument("--minutes", type=float, default=60, help="start no scenario after this time")
    parser.add_argument("--keep", type=Path, default=Path(".data/crash"), help="the folder for worlds of violations")
    return parser


if __name__ == "__main__":
    sys.exit(main())
