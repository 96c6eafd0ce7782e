"""`python pipelines/<source>.py`: run one load as a command, print its table, say an error in one line."""

import argparse
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType

import dlt

from exactly_once import interrupts
from exactly_once.errors import PipelineError, exit_code, user_message
from exactly_once.progress import speak
from exactly_once.runner import LoadReport, TableReport
from pipelines.environment import environment
from pipelines.runs.run_writer import recorded

BUG = (
    "An unexpected {}, which is a bug: please report the lines below. Nothing is half-loaded; the next run goes on "
    "from what RAW has."
)


def run(
    pipeline: str,
    load: Callable[[], LoadReport],
    arguments: Sequence[str] | None = None,
    flags: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Run `load`, print what it did, and exit: 0 loaded, 4 where a table was refused, else as `exit_with_line` does.

    It is 3 where a table was refused because more rows vanished than may.

    Args:
        pipeline: its name, under which dlt finds what the command line says.
        arguments: of the command line; None: those of the process.
        flags: settings of this source alone that the command line turns on, each with its help.
    """
    parser = argparse.ArgumentParser(description=f"Load what changed in {pipeline} since the last load.")
    parser.add_argument(
        "--accept-deletes",
        metavar="TABLES",
        help="let any share of these tables' rows vanish this once: names with commas between, or all",
    )
    parser.add_argument(
        "--accept-reread",
        metavar="TABLES",
        help="read these tables again whole where their definition changed, however large they are: names, or all",
    )
    parser.add_argument(
        "--accept-type",
        metavar="COLUMNS",
        help="let RAW take over the new type of these columns: table.column with commas between, or all",
    )
    for name, text in flags.items():
        parser.add_argument(f"--{name.replace('_', '-')}", action="store_true", help=text)
    parser.add_argument(
        "--strict", action="store_true", help="load nothing at all where one table cannot be loaded exactly"
    )
    parser.add_argument("--quiet", action="store_true", help="no lines about progress; errors and the result stay")
    chosen = parser.parse_args(arguments)
    speak(quiet=chosen.quiet)
    for option in ("accept_deletes", "accept_reread", "accept_type"):
        if names := getattr(chosen, option):
            dlt.config[f"sources.{pipeline}.{option}"] = names.split(",")
    for name in flags:
        if getattr(chosen, name):
            dlt.config[f"sources.{pipeline}.{name}"] = True
    if chosen.strict:
        dlt.config[f"sources.{pipeline}.strict"] = True
    interrupts.watch()
    with interrupts.body():
        _run(pipeline, load, arguments)


def _run(pipeline: str, load: Callable[[], LoadReport], arguments: Sequence[str] | None) -> None:
    try:
        with recorded("load", command_line(f"python pipelines/{pipeline}.py", arguments), [pipeline]) as run:
            report = load()
            run.loaded(report)
    except Exception as error:  # noqa: BLE001  the one place at which every error becomes a line or a traceback
        exit_with_error(error)
    for line in [*format_report(report.tables.values()), *duplicate_notes(report.tables.values())]:
        print(line)
    print(f"{report.pipeline}: {report.seconds:.1f} s into {environment().database}.RAW{recovery_note(report)}")
    if report.refused:
        for line in refusals(report):
            print(f"✗ {line}", file=sys.stderr)
        sys.exit(refusal_code(report))


def refusals(report: LoadReport) -> list[str]:
    """Return a line for each table that the load refused."""
    return [" ".join(one.line.split()) for one in report.refused]


def refusal_code(report: LoadReport) -> int:
    """Return how a run ends that refused tables: 3 where deletes were refused, else 4."""
    return min(one.exit_code for one in report.refused)


def recovery_note(report: LoadReport) -> str:
    """Return what an earlier run had left, to be put behind a line; nothing where it left nothing."""
    kinds = ((report.finished, "finished first"), (report.quarantined, "set aside"))
    left = "".join(f"; {count} package(s) of an earlier run {what}" for count, what in kinds if count)
    names = ", ".join(one.name for one in report.refused)
    return left + (f"; {len(report.refused)} table(s) refused, of which nothing was loaded: {names}" if names else "")


def exit_with_error(error: BaseException) -> None:
    """Exit with one line on standard error for what a person can fix; raise the error again where no line fits.

    The code is the refusal's own, e.g. 75 where another run is at work, else 1.
    """
    interrupts.check()  # what a cancelled statement raises is no error of its own
    line = user_message(error, services_hint())
    if line is None:
        print(f"✗ {BUG.format(type(error).__name__)}", file=sys.stderr, flush=True)
        raise error
    print(f"✗ {line}", file=sys.stderr)
    sys.exit(exit_code(error))


def services_hint() -> str:
    """Say what brings a missing source back in this environment."""
    try:
        is_embedded = environment().is_embedded
    except PipelineError:
        is_embedded = True
    return "`make up` starts it" if is_embedded else "check its address and the network"


def format_report(tables: Iterable[TableReport]) -> list[str]:
    """Return the report as a table of text, a line for each table of RAW."""
    head = f"{'RAW table':<28}{'extracted':>11}{'in lake':>11}{'in RAW':>11}{'seconds':>10}"
    rows = [
        f"{row.table.upper():<28}{row.extracted:>11,}{row.in_lake:>11,}{row.in_raw:>11,}{row.seconds:>10.1f}"
        for row in sorted(tables, key=lambda row: row.table)
    ]
    return [head, *rows]


def duplicate_notes(tables: Iterable[TableReport]) -> list[str]:
    """Return a line for each table of which RAW has fewer rows than this load brought: rows that repeat a key."""
    return [
        f"{row.table.upper()}: {'' if row.is_new else 'at least '}{row.in_lake - row.in_raw:,} of {row.in_lake:,} rows "
        "in the lake repeat the key of another one: RAW keeps one row for each key, the newest."
        for row in sorted(tables, key=lambda row: row.table)
        if row.in_lake > row.in_raw
    ]


def command_line(command: str, arguments: Sequence[str] | None) -> str:
    """Return a command with its arguments, as a person types it again; None: those of the process."""
    return shlex.join([*command.split(), *(sys.argv[1:] if arguments is None else arguments)])
