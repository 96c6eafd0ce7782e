"""What a run did, for a person: as text and as Prefect artifacts. What is kept of it: pipelines/runs/run_record.py."""

from collections import Counter
from dataclasses import dataclass, field

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from exactly_once.cli import duplicate_notes, format_report, refusals
from exactly_once.report import LoadReport
from pipelines.environment import mart_client

PREVIEW = (
    "SELECT campaign_name, account_name, sent_count, delivered_count, unique_open_count, unique_click_count "
    "FROM {table} ORDER BY sent_at DESC, campaign_id LIMIT 5"
)
PREVIEWED = "rpt_campaign_performance"
BAD = ("error", "fail")


@dataclass
class RunReport:
    """One run: the environment's word, the loads, a row for each node of dbt, seconds in all, and a look at MART.

    `kept` names the models and snapshots that were not built, because they depend on a table that a load refused;
    `missing` those that depend on a table that RAW has not yet. `is_built` tells whether dbt ran to its end or had
    nothing to do, `failure` is the line that the run failed with.
    """

    word: str
    loads: list[LoadReport] = field(default_factory=list)
    nodes: list[dict] = field(default_factory=list)
    seconds: float = 0.0
    preview: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    is_built: bool = False
    failure: str = ""

    def text(self) -> str:
        """Return the whole report as the text that ends `make run`."""
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
        broken = [node for node in self.nodes if node["status"] in BAD]
        skipped = sum(node["status"] == "skipped" for node in self.nodes)
        if broken:
            return f"dbt: {len(broken)} of {built} failed, {skipped} skipped"
        if not self.is_built:
            return "dbt: not run"
        return f"dbt: {built}, all passed" if built else "dbt: nothing to build, the last build stands"

    def _end(self) -> list[str]:
        if self.failure:
            return [f"Failed after {self.seconds:.1f} s on {self.word}. `make status` shows the last good run, too."]
        return [
            f"Done in {self.seconds:.1f} s on {self.word}. Worth typing next:",
            "  make traffic run                one more business day, then load what changed",
            "  make dashboard                  MART in a browser",
            "  dlt pipeline postgres info      what dlt knows of the source (in .venv/bin)",
            "  make status                     what runs where; the Prefect UI shows every run",
        ]

    def _refused(self) -> list[str]:
        refused = [f"  {load.pipeline}: {line}" for load in self.loads for line in refusals(load)]
        if not refused:
            return []
        kept = [f"Not built, and as at the last build: {', '.join(self.kept)}"] if self.kept else []
        return ["Refused, of which nothing was loaded:", *refused, *kept, ""]


def preview() -> list[str]:
    """Return the first five lines of MART.RPT_CAMPAIGN_PERFORMANCE as text."""
    with mart_client() as mart:
        table = mart.make_qualified_table_name(PREVIEWED)
        with mart.execute_query(PREVIEW.format(table=table)) as cursor:
            names = [column[0].lower() for column in cursor.description]
            values = cursor.fetchall()
    rows = [[f"{value:,}" if isinstance(value, int) else str(value) for value in row] for row in values]
    widths = [max(len(cell) for cell in column) for column in zip(names, *rows, strict=True)]
    table = [names, *rows]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return ["MART.RPT_CAMPAIGN_PERFORMANCE", *text]


def publish(report: RunReport) -> None:
    """Show the run in Prefect's UI as tables and a page, a failed one too."""
    rows = [
        {"table": table.table, "extracted": table.extracted, "in lake": table.in_lake, "in RAW": table.in_raw}
        for load in report.loads
        for table in load.tables.values()
    ]
    failed = f"**✗ {report.failure}**\n\n" if report.failure else ""
    until = " until it failed" if report.failure else ""
    nodes = sorted(report.nodes, key=lambda node: node["status"] not in BAD)  # what failed comes first
    create_table_artifact(key="elt-rows", table=rows, description=f"{failed}Rows at each step of this run{until}.")
    create_table_artifact(
        key="elt-dbt", table=nodes, description=f"{failed}Every model, snapshot and test of this run{until}."
    )
    create_markdown_artifact(
        key="elt-report", markdown=f"{failed}```\n{report.text()}\n```", description="The run as a person reads it."
    )
