"""A source with one table of events whose column `at` is a partition column, through a lake into DuckDB."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa

from exactly_once import LoadReport, Replay, acquire_lease, lake, run_pipeline, staged_duckdb
from exactly_once.partitions.declaration import partition_hint

DAY0 = datetime(2026, 1, 1, tzinfo=UTC)
Event = tuple[int, float, int, str]  # id, day of `at`, version (its cursor), value


def day(number: float) -> datetime:
    return DAY0 + timedelta(days=number)


@dataclass
class EventShop:
    """The pipeline of one test; `is_declared` says whether `at` is a partition column, None takes it away."""

    folder: Path
    is_declared: bool | None = True

    def load(self, *events: Event, rows: Any = None, destination: Any = staged_duckdb) -> LoadReport:
        hints: dict[str, Any] = {"at": {"data_type": "timestamp"}, "version": {"dedup_sort": "desc"}}
        if self.is_declared is not None:
            hints["at"] |= partition_hint(self.is_declared)

        @dlt.source(name="shop")
        def shop():
            return dlt.resource(
                [table(*events)] if rows is None else rows,
                name="events", primary_key="id", write_disposition="merge", columns=hints,
            )  # fmt: skip

        return run_pipeline(self.pipeline(destination=destination), shop)

    def pipeline(self, warehouse: str = "shop", folder: str = "dlt", destination: Any = staged_duckdb) -> dlt.Pipeline:
        return dlt.pipeline(
            "shop",
            destination=destination(str(self.folder / f"{warehouse}.duckdb")),
            staging=lake(str(self.folder / "lake")),
            dataset_name="raw",
            pipelines_dir=str(self.folder / folder),
        )

    def replay(self) -> None:
        Replay(self.pipeline("again", "replay"), acquire_lease).run()

    def sql(self, query: str, warehouse: str = "shop") -> list[tuple]:
        with duckdb.connect(str(self.folder / f"{warehouse}.duckdb")) as connection:
            connection.execute("set TimeZone = 'UTC'")
            return connection.execute(query).fetchall()

    def events(self, columns: str = 'id, "at", version, value', warehouse: str = "shop") -> list[tuple]:
        return self.sql(f"select {columns} from raw.events order by all", warehouse)


def table(*events: Event) -> pa.Table:
    ids, days, versions, values = zip(*events, strict=True) if events else ([], [], [], [])
    return pa.table(
        {
            "id": pa.array(ids, pa.int64()),
            "at": pa.array([day(one) for one in days], pa.timestamp("us", "UTC")),
            "version": pa.array(versions, pa.int64()),
            "value": pa.array(values, pa.string()),
        }
    )
