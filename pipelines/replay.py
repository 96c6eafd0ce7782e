"""`python pipelines/replay.py [postgres] [saas]`: rebuild RAW from the lake alone."""

if __name__ == "__main__":  # before the imports, which take a second: Ctrl-C is one line from the start
    from exactly_once.process.interrupts import watch

    watch()

import argparse
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from exactly_once.cli import command_line, exit_with_error
from exactly_once.errors import PipelineError
from exactly_once.process.progress import speak
from exactly_once.recovery import replay as engine
from exactly_once.recovery.manifests import ManifestStore
from exactly_once.runner import acquire_lease
from pipelines.configuration.settings import prepare
from pipelines.environment import build_pipeline, data_dir, environment
from pipelines.registry import SOURCES
from pipelines.runs.run_writer import find_current_run, recorded

if TYPE_CHECKING:
    import dlt

PIPELINES = tuple(SOURCES)


def main(arguments: Sequence[str] | None = None) -> None:
    """Replay the named pipelines (default: all); errors end the process as in `exit_with_error`."""
    parser = argparse.ArgumentParser(description="Rebuild RAW from the lake alone.")
    parser.add_argument("pipelines", nargs="*", metavar="pipeline", help=f"{' or '.join(PIPELINES)}; all by default")
    action = parser.add_mutually_exclusive_group()
    action.add_argument("--check", action="store_true", help="only compare the lake's files with their manifests")
    action.add_argument("--complete", action="store_true", help="write the manifests that are missing for loads in RAW")
    parser.add_argument("--quiet", action="store_true", help="no lines about progress; errors and the result stay")
    options = parser.parse_args(arguments)
    speak(quiet=options.quiet)
    try:
        prepare()
        names = check_names(options.pipelines or PIPELINES)
        if options.check:
            engine.check([open_replay(name) for name in names])
        elif options.complete:
            for name in names:
                print(f"{name}: {engine.complete(_pipeline(name), acquire_lease)} manifest(s) written")
        else:
            with recorded("replay", command_line("python pipelines/replay.py", arguments), names):
                replay(names)
    except Exception as error:  # noqa: BLE001  every error of the command becomes a line or a traceback here
        exit_with_error(error)


def replay(names: Sequence[str]) -> None:
    """Replay pipelines; all of them are checked before the first row is loaded.

    Raises:
        PipelineError: a name is unknown, the lake has no manifest, or RAW has rows that no replay wrote.
    """
    engine.run_replays([open_replay(name) for name in check_names(names)], _report)


def open_replay(name: str) -> engine.Replay:
    """Return the replay of a pipeline."""
    return engine.Replay(_pipeline(name), acquire_lease)


def check_names(names: Sequence[str]) -> list[str]:
    """Return the names without repetition: of registered pipelines, or of any that has manifests in the lake.

    Raises:
        PipelineError: a name is unknown.
    """
    for name in names:
        if name not in PIPELINES and not (name.isidentifier() and ManifestStore(_pipeline(name)).all()):
            raise PipelineError(f"There is no pipeline {name}: type {' or '.join(PIPELINES)}, or nothing for all.")
    return list(dict.fromkeys(names))


def _pipeline(name: str) -> "dlt.Pipeline":
    return build_pipeline(name, data_dir() / "replay")


def _report(report: engine.ReplayReport) -> None:
    if run := find_current_run():
        run.replayed(report.pipeline, report.rows)
    for line in report.lines():
        print(line)
    print(f"{report.pipeline}: {report.elapsed:.1f} s into {environment().database}.RAW")


if __name__ == "__main__":
    from exactly_once.process.interrupts import body

    with body():
        main(sys.argv[1:])
