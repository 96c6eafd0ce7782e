"""`python pipelines/<source>.py`: run one load as a command, print its table, say an error in one line."""

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence

import dlt

from pipelines.errors import Refusal, exit_code, explain
from pipelines.load import LoadReport, TableReport
from pipelines.warehouse import environment


def run(pipeline: str, load: Callable[[], LoadReport], arguments: Sequence[str] | None = None) -> None:
    """Run `load`, print what it did, and exit: 0 loaded, else as `exit_with_line` does.

    Args:
        pipeline: its name, under which dlt finds what the command line says.
        arguments: of the command line; None: those of the process.
    """
    parser = argparse.ArgumentParser(description=f"Load what changed in {pipeline} since the last load.")
    parser.add_argument(
        "--accept-deletes",
        metavar="TABLES",
        help="let any share of these tables' rows vanish this once: names with commas between, or all",
    )
    chosen = parser.parse_args(arguments)
    if chosen.accept_deletes:
        dlt.config[f"sources.{pipeline}.accept_deletes"] = chosen.accept_deletes.split(",")
    try:
        report = load()
    except Exception as error:  # noqa: BLE001  the one door at which every error becomes a line or a traceback
        exit_with_line(error)
    for line in lines(report.tables.values()):
        print(line)
    notes = [
        f"; {count} package(s) of an earlier run {what}"
        for count, what in ((report.finished, "finished first"), (report.set_aside, "set aside"))
        if count
    ]
    print(f"{report.pipeline}: {report.seconds:.1f} s into {environment().database}.RAW{''.join(notes)}")


def exit_with_line(error: BaseException) -> None:
    """Exit with one line on standard error for what a person can mend; raise the error again where no line fits.

    The code is the refusal's own, e.g. 75 where another run is at work, else 1.
    """
    line = explain(error, services_hint())
    if line is None:
        raise error
    print(f"✗ {line}", file=sys.stderr)
    sys.exit(exit_code(error))


def services_hint() -> str:
    """Say what brings a missing source back in this environment."""
    try:
        is_embedded = environment().is_embedded
    except Refusal:
        is_embedded = True
    return "`make up` starts it" if is_embedded else "check its address and the network"


def lines(tables: Iterable[TableReport]) -> list[str]:
    """Return the report as a table of text, a line for each table of RAW."""
    head = f"{'RAW table':<28}{'extracted':>11}{'in lake':>11}{'in RAW':>11}{'seconds':>10}"
    rows = [
        f"{row.table.upper():<28}{row.extracted:>11,}{row.in_lake:>11,}{row.in_raw:>11,}{row.seconds:>10.1f}"
        for row in sorted(tables, key=lambda row: row.table)
    ]
    return [head, *rows]
