"""Assumptions of the monthly cost beside prices and measurements, each with its reason.

Change one here, or hand the ledger's own seconds in (`python -m tools.cost --ledger FILE`), and write the page again.
"""

from dataclasses import dataclass, field, fields
from typing import Any


def assumed(value: float, unit: str, why: str) -> Any:
    """Return a field of Assumptions; unit and reason go to the page."""
    return field(default=value, metadata={"unit": unit, "why": why})


@dataclass(frozen=True)
class Assumptions:
    """Figures that were not measured. "Deployed" ones come from terraform/, and a test compares them."""

    # How much there is.
    days: float = assumed(30.4, "days a month", "365 over 12")
    messages_per_contact: float = assumed(
        4, "messages a contact gets a month", "one a week; it says how many contacts such events come from"
    )
    # What is deployed.
    loads_per_day: float = assumed(24, "runs a day", "deployed: prod's runs; every run finds news")
    idle_builds: float = assumed(
        2, "builds a day", "deployed: with nothing new; the nightly one, and the first of each day's new worker"
    )
    worker_hours: float = assumed(727.5, "hours a month", "deployed: prod's worker, all day but five minutes")
    vcpu: float = assumed(1, "vCPU", "deployed: modules/worker")
    memory_gb: float = assumed(2, "GB", "deployed: modules/worker")
    suspend: float = assumed(60, "s", "deployed: modules/warehouse; billed behind the last statement of each run")
    monthly_credits: float = assumed(
        100, "credits", "deployed: prod's resource monitor; beyond it every warehouse stops"
    )
    dev_credits: float = assumed(40, "credits", "deployed: dev's resource monitor, which the smoke runs share")
    dev_runs: float = assumed(12, "runs a day", "deployed: dev's runs, on working days")
    dev_days: float = assumed(21.7, "working days a month", "five sevenths of a month")
    smoke_runs: float = assumed(20, "smoke runs a month", "an estimate: a deployment each working day")
    smoke_minutes: float = assumed(
        20, "minutes", "an estimate: of LOAD_WH and of TRANSFORM_WH each, two loads, two whole builds and the probes"
    )
    secrets: float = assumed(5, "secrets", "deployed: modules/platform/settings.tf")
    access_months: float = assumed(1, "months of age", "deployed: modules/lake, Standard-IA after 30 days")
    glacier_months: float = assumed(
        3, "months of age", "deployed: modules/lake, Glacier Instant Retrieval after 90 days"
    )
    history_days: float = assumed(14, "days", "deployed: prod's 7 days of time travel, and Snowflake's 7 of fail-safe")
    log_months: float = assumed(1, "months", "deployed: modules/worker keeps log lines for 30 days")
    # Snowflake's speed, the least known of all: the ledger knows better.
    statement_seconds: float = assumed(0.5, "s", "a small statement on an XS, compiled, started and committed")
    load_parallel: float = assumed(8, "statements at once", "dlt's workers on Snowflake (pipelines/environment.py)")
    build_parallel: float = assumed(4, "statements at once", "half of dbt's 8 threads: models wait for each other")
    copied_rows: float = assumed(250e3, "rows/s", "an XS copies few files and inserts what they held")
    built_rows: float = assumed(500e3, "rows/s", "an XS joins new events and writes them into facts and messages")
    read_rows: float = assumed(20e6, "rows/s", "an XS scans and hashes a few columns; the next size twice as many")
    touched_days: float = assumed(
        14,
        "days",
        "a run's events belong to campaigns of so many days, which it reads again: literal ranges prune other days",
    )
    whole_rows: float = assumed(
        1e8, "rows of events", "deployed: flows/dbt_build/build_task.py; beyond, tests of whole tables run once a week"
    )
    services_credits: float = assumed(
        2e-5, "credits a statement", "cloud services; what exceeds a tenth of the warehouses' credits is billed"
    )
    reports: float = assumed(260, "visits a month", "12 a working day, each of which starts REPORT_WH")
    report_seconds: float = assumed(30, "s a visit", "some SELECTs on MART's small reports")
    # Snowflake's bytes.
    compression: float = assumed(
        1, "of our zstd Parquet", "Snowflake's own format is not known to be smaller or larger"
    )
    partition_mb: float = assumed(16, "MB", "a micro-partition: one changed row rewrites it and keeps the old one")
    dimensions: float = assumed(1, "of RAW's tables from Postgres", "dimensions, rebuilt by each build")
    late_days: float = assumed(5, "days", "events come as late: each build rewrites the messages of that many days")
    # The worker and AWS.
    read_events: float = assumed(
        4000,
        "events/s and vCPU",
        "half of what docs/speed.md measured on two cores, where the vendor's quota was what bound",
    )
    swept_keys: float = assumed(1e6, "keys/s and vCPU", "the same of delete detection, where it compares")
    keys_hourly: float = assumed(
        1e7,
        "keys",
        "deployed: exactly_once/postgres/source.py; n times as many are compared every n hours or daily",
    )
    part_mb: float = assumed(50, "MB", "s3fs sends a larger file in such parts, each a PUT")
    piece_mb: float = assumed(16, "MB", "Snowflake asks for a file in such pieces, each a GET")
    file_mb: float = assumed(160, "MB", "the largest file")
    kms_share: float = assumed(0.01, "KMS requests for one of S3", "a bucket key saves up to 99 %; without one it is 1")
    access_log_bytes: float = assumed(600, "bytes a request", "a line of S3's access log, kept for three months")
    log_mb: float = assumed(0.2, "MB a run", "log lines of Prefect, dlt and dbt")
    metrics: float = assumed(30, "metrics", "what Container Insights makes of one cluster and one service")
    image_gb: float = assumed(2, "GB", "20 images, which share most layers")


def table(assumptions: Assumptions) -> list[tuple[str, str, str, str]]:
    """Return name, value, unit and reason of each."""
    named = [(part.name, getattr(assumptions, part.name), part.metadata) for part in fields(assumptions)]
    return [(name, _shown(value), about["unit"], about["why"]) for name, value, about in named]


def _shown(value: float) -> str:
    return f"{value:,.0f}" if value >= 1000 else f"{value:.5f}".rstrip("0").rstrip(".")
