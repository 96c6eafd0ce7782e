"""A pipeline of one table through a lake into DuckDB, in folders of its own: for tests of the warehouse."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dlt
import duckdb
import pyarrow as pa
import pytest
from dlt.destinations.impl.duckdb.configuration import DuckDbCredentials
from dlt.pipeline.exceptions import PipelineStepFailed

from exactly_once.destinations.staged_duckdb import staged_duckdb

MERGED = {"table_name": "things", "write_disposition": "merge", "primary_key": "id", "loader_file_format": "parquet"}


@dataclass
class Trial:
    """The pipeline of one test; `settings` are DuckDB's, `max_memory` is the destination's."""

    folder: Path
    destination: Any = staged_duckdb

    @property
    def warehouse(self) -> Path:
        return self.folder / "trial.duckdb"

    def pipeline(self, max_memory: str | None = None, **settings: Any) -> dlt.Pipeline:
        credentials = DuckDbCredentials(str(self.warehouse))
        credentials.global_config = settings
        return dlt.pipeline(
            "trial",
            destination=self.destination(credentials, max_memory=max_memory),
            staging=dlt.destinations.filesystem(f"{self.folder}/lake"),
            dataset_name="RAW",
            pipelines_dir=str(self.folder / "dlt"),
        )

    def merge(self, table: pa.Table | list[dict], settings: dict | None = None, **options: Any) -> None:
        self.pipeline(**(settings or {})).run(table, **MERGED | options)

    def fails(self, table: pa.Table | None, settings: dict | None = None, **options: Any) -> PipelineStepFailed:
        """Return the error of a merge, or of what is pending."""
        pipeline = self.pipeline(**(settings or {}))
        with pytest.raises(PipelineStepFailed) as failure:
            pipeline.load() if table is None else pipeline.run(table, **MERGED | options)
        return failure.value

    def sql(self, *statements: str) -> list[tuple]:
        """Run statements in the warehouse, and return the last one's rows."""
        with duckdb.connect(str(self.warehouse)) as connection:
            connection.execute("SET TimeZone = 'UTC'")
            for statement in statements:
                found = connection.execute(statement)
            return found.fetchall()

    def rows(self, table: str = "things", columns: str = "* EXCLUDE (_dlt_load_id)") -> list[tuple]:
        return self.sql(f"SELECT {columns} FROM RAW.{table} ORDER BY ALL")
