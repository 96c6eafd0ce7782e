"""What a run did, for a person: as text, as Prefect artifacts, and kept for `make status`."""

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from pipelines.command import lines, refusals
from pipelines.load import LoadReport
from pipelines.warehouse import data_dir, environment, mart_session

PREVIEW = (
    "SELECT campaign_name, account_name, sent_count, delivered_count, unique_open_count, unique_click_count "
    "FROM {table} ORDER BY sent_at DESC, campaign_id LIMIT 5"
)


@dataclass
class RunReport:
    """One run: the environment's word, the loads, a row for each node of dbt, seconds in all, and a look at MART.

    `kept` names the models and snapshots that were not built, because they depend on a table that a load refused.
    """

    word: str
    loads: list[LoadReport]
    nodes: list[dict]
    seconds: float
    preview: list[str]
    kept: list[str] = field(default_factory=list)

    def text(self) -> str:
        """Return the whole report as the text that ends `make run`."""
        tables = [table for load in self.loads for table in load.tables.values()]
        kinds = Counter(node["kind"].replace("_", " ") for node in self.nodes)
        built = ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for kind, count in sorted(kinds.items()))
        return "\n".join(
            [
                "",
                *lines(tables),
                "",
                f"dbt: {built}, all passed" if built else "dbt: nothing to build, the last build stands",
                "",
                *self.preview,
                *([""] if self.preview else []),
                *self._refused(),
                f"Done in {self.seconds:.1f} s on {self.word}. Worth typing next:",
                "  make traffic run                one more business day, then load what changed",
                "  make dashboard                  MART in a browser",
                "  dlt pipeline postgres info      what dlt knows of the source (in .venv/bin)",
                "  make status                     what runs where; the Prefect UI shows every run",
            ]
        )

    def _refused(self) -> list[str]:
        refused = [f"  {load.pipeline}: {line}" for load in self.loads for line in refusals(load)]
        if not refused:
            return []
        kept = [f"Not built, and as at the last build: {', '.join(self.kept)}"] if self.kept else []
        return ["Refused, of which nothing was loaded:", *refused, *kept, ""]


def preview() -> list[str]:
    """Return the first five lines of MART.RPT_CAMPAIGN_PERFORMANCE as text."""
    with mart_session() as mart:
        table = mart.make_qualified_table_name("rpt_campaign_performance")
        with mart.execute_query(PREVIEW.format(table=table)) as cursor:
            names = [column[0].lower() for column in cursor.description]
            values = cursor.fetchall()
    rows = [[f"{value:,}" if isinstance(value, int) else str(value) for value in row] for row in values]
    widths = [max(len(cell) for cell in column) for column in zip(names, *rows, strict=True)]
    table = [names, *rows]
    text = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in table]
    return ["MART.RPT_CAMPAIGN_PERFORMANCE", *text]


def publish(report: RunReport) -> None:
    """Show the run in Prefect's UI as a table and a page, and keep its text for `make status`."""
    rows = [
        {"table": table.table, "extracted": table.extracted, "in lake": table.in_lake, "in RAW": table.in_raw}
        for load in report.loads
        for table in load.tables.values()
    ]
    create_table_artifact(key="elt-rows", table=rows, description="Rows at each step of this run.")
    create_table_artifact(key="elt-dbt", table=report.nodes, description="Every model, snapshot and test of this run.")
    create_markdown_artifact(
        key="elt-report", markdown=f"```\n{report.text()}\n```", description="The run as a person reads it."
    )
    kept = asdict(report) | {"ended_at": datetime.now(UTC).isoformat(), "text": report.text()}
    (data_dir() / "last_run.json").write_text(json.dumps(kept, indent=1))


def last_text() -> str:
    """Return the kept text of the last run."""
    return _kept()["text"]


def _kept() -> dict:
    return json.loads((data_dir() / "last_run.json").read_text())


def last_run() -> str:
    """Return the kept text of the last run with its time."""
    try:
        kept = _kept()
    except FileNotFoundError:
        return "No run yet: `make run` does one."
    return f"Last run on {environment().word}, ended {kept['ended_at']}:\n{kept['text']}"


if __name__ == "__main__":
    print(last_run())
