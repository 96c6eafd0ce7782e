"""A load as a command: its arguments, its table of rows, an error as one line and an exit code.

Exit codes: 0 loaded, 1 an error, 3 more rows vanished than may, 4 a table was refused and the others are loaded, 75 the
lease is held by another run, 76 the lease was lost.
"""

import argparse
import shlex
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import NoReturn

import dlt

from exactly_once.errors import exit_code, user_message
from exactly_once.process import interrupts
from exactly_once.process.progress import speak
from exactly_once.report import LoadReport, TableReport
from exactly_once.source_info import SourceInfo

BUG = (
    "An unexpected {}, which is a bug: please report the lines below. Nothing is half-loaded; the next run goes on "
    "from what RAW has."
)
NAMES = {  # options that take names, as the settings of the source are called
    "accept_deletes": (
        "TABLES",
        "let any share of these tables' rows vanish this once: names with commas between, or all",
    ),
    "deletes_now": (
        "TABLES",
        "look for the deletes of these tables in this load, whenever that was last done: names, or all",
    ),
    "accept_reread": (
        "TABLES",
        "read these tables again whole where their definition changed, however large they are: names, or all",
    ),
    "accept_type": (
        "COLUMNS",
        "let RAW take over the new type of these columns: table.column with commas between, or all",
    ),
}
NO_FLAGS: Mapping[str, str] = MappingProxyType({})


def main(info: SourceInfo, load: Callable[[], LoadReport], arguments: Sequence[str] | None = None) -> None:
    """Run one load as a command: print what it did and exit as the module says.

    Args:
        info: of the source.
        load: e.g. `partial(run_pipeline, pipeline, source)`.
        arguments: of the command line; None: those of the process.
    """
    configure(info, arguments)
    interrupts.watch()
    with interrupts.body():
        try:
            report = load()
        except Exception as error:  # noqa: BLE001  each error becomes a line or a traceback here
            exit_with_error(error)
        print_report(report)


def configure(info: SourceInfo, arguments: Sequence[str] | None = None, flags: Mapping[str, str] = NO_FLAGS) -> None:
    """Read the command line into dlt's configuration.

    Args:
        info: of the source.
        arguments: of the command line; None: those of the process.
        flags: settings of this source alone that the command line turns on, each with its help.
    """
    parser = argparse.ArgumentParser(description=f"Load what changed in {info.name} since the last load.")
    for option, (metavar, text) in NAMES.items():
        parser.add_argument(f"--{option.replace('_', '-')}", metavar=metavar, help=text)
    for option, text in flags.items():
        parser.add_argument(f"--{option.replace('_', '-')}", action="store_true", help=text)
    parser.add_argument(
        "--strict", action="store_true", help="load nothing at all where one table cannot be loaded exactly"
    )
    parser.add_argument("--quiet", action="store_true", help="no lines about progress; errors and the result stay")
    chosen = vars(parser.parse_args(arguments))
    speak(quiet=chosen["quiet"])
    for option in NAMES:
        if names := chosen[option]:
            dlt.config[f"sources.{info.name}.{option}"] = names.split(",")
    for option in (*flags, "strict"):
        if chosen[option]:
            dlt.config[f"sources.{info.name}.{option}"] = True


def print_report(report: LoadReport, into: str = "") -> None:
    """Print what a load did, and exit where it refused tables.

    Args:
        report: of the load.
        into: where the rows are, behind the seconds, e.g. " into shop.RAW".
    """
    tables = report.tables.values()
    for line in [*format_report(tables), *duplicate_notes(tables)]:
        print(line)
    print(f"{report.pipeline}: {report.seconds:.1f} s{into}{recovery_note(report)}")
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
    kinds = ((report.finished, "finished first"), (report.quarantined, "quarantined"))
    left = "".join(f"; {count} package(s) of an earlier run {what}" for count, what in kinds if count)
    names = ", ".join(one.name for one in report.refused)
    return left + (f"; {len(report.refused)} table(s) refused, of which nothing was loaded: {names}" if names else "")


def exit_with_error(error: BaseException) -> NoReturn:
    """Exit with one line on standard error for what a person can fix; raise the error again where no line fits.

    The code is the error's own, e.g. 75 where another run is at work, else 1.
    """
    interrupts.check()  # what a cancelled statement raises is no error of its own
    line = user_message(error)
    if line is None:
        print(f"✗ {BUG.format(type(error).__name__)}", file=sys.stderr, flush=True)
        raise error
    print(f"✗ {line}", file=sys.stderr)
    sys.exit(exit_code(error))


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
