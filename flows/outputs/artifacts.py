"""What a run did, as artifacts in Prefect's UI."""

from prefect.artifacts import create_markdown_artifact, create_table_artifact

from flows.dbt_build.results import FAILED_STATUSES
from flows.outputs.report import RunReport


def publish(report: RunReport) -> None:
    """Create the artifacts of a run, also of a failed one: rows, dbt's nodes, and the report."""
    rows = [
        {"table": table.table, "extracted": table.extracted, "in lake": table.in_lake, "in RAW": table.in_raw}
        for load in report.loads
        for table in load.tables.values()
    ]
    failure = f"**✗ {report.failure}**\n\n" if report.failure else ""
    until = " until it failed" if report.failure else ""
    nodes = sorted(report.nodes, key=lambda node: node["status"] not in FAILED_STATUSES)  # failed nodes first
    create_table_artifact(key="elt-rows", table=rows, description=f"{failure}Rows at each step of this run{until}.")
    create_table_artifact(
        key="elt-dbt", table=nodes, description=f"{failure}Every model, snapshot and test of this run{until}."
    )
    create_markdown_artifact(
        key="elt-report", markdown=f"{failure}```\n{report.text()}\n```", description="The report of this run."
    )
