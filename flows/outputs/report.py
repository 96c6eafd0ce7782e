"""What a run did, as the text that ends `make run`."""

from collections import Counter
from dataclasses import dataclass, field

from exactly_once.cli import duplicate_notes, format_report, refusals
from exactly_once.report import LoadReport
from flows.dbt_build.results import FAILED_STATUSES
from pipelines.environment import mart_client
from pipelines.runs.warehouse_queries import read_rows

PREVIEW_MODEL = "rpt_campaign_performance"
PREVIEW_COLUMNS = [
    "campaign_name",
    "account_name",
    "sent_count",
    "delivered_count",
    "unique_open_count",
    "unique_click_count",
]
PREVIEW_SQL = f"SELECT {', '.join(PREVIEW_COLUMNS)} FROM {{table}} ORDER BY sent_at DESC, campaign_id LIMIT 5"


@dataclass
class RunReport:
    """One run, filled while it goes.

    Args:
        environment: its name.
        loads: of the sources that were loaded.
        nodes: a row for each node of dbt, as `classify` returns them.
        seconds: of the whole run.
        preview: lines of a table of MART.
        kept: models and snapshots that were not built, because they depend on a table that a load refused.
        missing: models and snapshots that were not built, because they depend on a table that RAW does not have yet.
        is_built: whether dbt ran to its end, or had nothing to do.
        failure: the line that the run failed with.
    """

    environment: str
    loads: list[LoadReport] = field(default_factory=list)
    nodes: list[dict] = field(default_factory=list)
    seconds: float = 0.0
    preview: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    is_built: bool = False
    failure: str = ""

    def text(self) -> str:
        """Return the whole report."""
        tables = [table for load in self.loads for table in load.tables.values()]
        missing = f"Not built, as RAW has not all of their tables yet: {', '.join(self.missing)}"
        return "\n".join(
            [
                "",
                *(format_report(tables) if tables else ["No table was loaded."]),
                *duplicate_notes(tables),
                "",
                self._dbt(),
                *([missing] if self.missing else []),
                "",
                *self.preview,
                *([""] if self.preview else []),
                *self._refused(),
                *self._end(),
            ]
        )

    def _dbt(self) -> str:
        kinds = Counter(node["kind"].replace("_", " ") for node in self.nodes)
        built = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in sorted(kinds.items()))
        failed = sum(node["status"] in FAILED_STATUSES for node in self.nodes)
        skipped = sum(node["status"] == "skipped" for node in self.nodes)
        if failed:
            return f"dbt: {failed} of {built} failed, {skipped} skipped"
        if not self.is_built:
            return "dbt: not run"
        return f"dbt: {built}, all passed" if built else "dbt: nothing to build, the last build is current"

    def _end(self) -> list[str]:
        if self.failure:
            return [
                f"Failed after {self.seconds:.1f} s on {self.environment}. `make status` shows the last good run, too."
            ]
        return [
            f"Done in {self.seconds:.1f} s on {self.environment}. Worth typing next:",
            "  make traffic run                one more business day, then load what changed",
            "  make dashboard                  MART in a browser",
            "  dlt pipeline postgres info      dlt's state of the source (in .venv/bin)",
            "  make status                     the services and the last runs; Prefect's UI shows every run",
        ]

    def _refused(self) -> list[str]:
        refused = [f"  {load.pipeline}: {line}" for load in self.loads for line in refusals(load)]
        if not refused:
            return []
        kept = [f"Not built, and as at the last build: {', '.join(self.kept)}"] if self.kept else []
        return ["Refused, of which nothing was loaded:", *refused, *kept, ""]


def preview() -> list[str]:
    """Return the first five rows of MART.RPT_CAMPAIGN_PERFORMANCE as text."""
    with mart_client() as mart:
        rows = read_rows(mart, PREVIEW_SQL.format(table=mart.make_qualified_table_name(PREVIEW_MODEL)))
    cells = [[f"{value:,}" if isinstance(value, int) else str(value) for value in row.values()] for row in rows]
    table = [PREVIEW_COLUMNS, *cells]
    widths = [max(len(cell) for cell in column) for column in zip(*table, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return [f"MART.{PREVIEW_MODEL.upper()}", *lines]
