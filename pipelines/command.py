"""`python pipelines/<source>.py`: one load as a command, recorded for `make status`."""

from collections.abc import Callable, Mapping, Sequence

from exactly_once.cli import NO_FLAGS, command_line, configure, exit_with_error, print_report
from exactly_once.process import garbage, interrupts
from exactly_once.report import LoadReport
from pipelines.environment import environment
from pipelines.loading import load_registered
from pipelines.registry import SOURCES, Source
from pipelines.runs.run_writer import recorded


def run(
    source: str,
    load: Callable[[], LoadReport] | None = None,
    arguments: Sequence[str] | None = None,
    flags: Mapping[str, str] = NO_FLAGS,
) -> None:
    """Run one load, record it, print what it did, and exit as exactly_once/cli.py says.

    Args:
        source: its name; it need not be in the registry.
        load: the function that loads it; None: the source is in the registry.
        arguments: of the command line; None: those of the process.
        flags: settings of this source only that the command line turns on, each with its help.
    """
    garbage.resume()
    info = SOURCES[source].info if source in SOURCES else Source(source, source).info
    configure(info, arguments, flags)
    interrupts.watch()
    with interrupts.body():
        try:
            with recorded("load", command_line(f"python pipelines/{source}.py", arguments), [source]) as run:
                report = load() if load else load_registered(source)
                run.loaded(report)
        except Exception as error:  # noqa: BLE001  each error becomes a line or a traceback here
            exit_with_error(error)
        print_report(report, f" into {environment().database}.RAW")
