"""What one load did: rows by table, what was refused, what an earlier run had left."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

import dlt
from dlt.common.pipeline import LoadInfo

from exactly_once.clients import load_storage
from exactly_once.recovery.manifest_chain import file_key, sealed
from exactly_once.table_guard import RefusedTable


@dataclass
class TableReport:
    """What happened to one table: rows extracted, rows in the lake's new files, rows now in RAW, and seconds spent.

    `read_to` is the cursor's place at the source, `is_new` tells whether RAW had no row of it before this load.
    """

    table: str
    extracted: int = 0
    in_lake: int = 0
    in_raw: int = 0
    seconds: float = 0.0
    read_to: str = ""
    is_new: bool = True


@dataclass
class LoadReport:
    """One load of one pipeline.

    `finished` and `quarantined` count the packages that an earlier run had left; `refused` lists the tables of which
    this load brought nothing, each with its reason; `corrected` has a line for each table with keys that were there
    twice.
    """

    pipeline: str
    load_ids: list[str] = field(default_factory=list)
    tables: dict[str, TableReport] = field(default_factory=dict)
    refused: list[RefusedTable] = field(default_factory=list)
    corrected: list[str] = field(default_factory=list)
    finished: int = 0
    quarantined: int = 0
    seconds: float = 0.0

    def table(self, name: str) -> TableReport:
        """Return the report of table `name`, a new one the first time."""
        return self.tables.setdefault(name, TableReport(name))

    def add_extracted(self, metrics: dict[str, list[Any]]) -> None:
        """Add what dlt's extract step says of each table that was not refused."""
        refused = {one.raw_name for one in self.refused}
        for step in metrics.values():
            for table, written in step[0]["table_metrics"].items():
                if not table.startswith("_dlt") and table not in refused:
                    self.table(table).extracted += written.items_count
                    self.table(table).seconds += written.last_modified - written.created

    def add_loaded(self, info: LoadInfo, pipeline: dlt.Pipeline) -> None:
        """Add what dlt's load step says of each table."""
        self.load_ids += info.loads_ids
        for table, rows in _lake_rows(info, pipeline).items():
            self.table(table).in_lake += rows
        for metrics in info.metrics.values():
            for job in metrics[0]["job_metrics"].values():
                if job.finished_at and not job.table_name.startswith("_dlt"):
                    self.table(job.table_name).seconds += (job.finished_at - job.started_at).total_seconds()


def _lake_rows(info: LoadInfo, pipeline: dlt.Pipeline) -> dict[str, int]:
    """Return for each table the rows in the files that this load wrote to the lake, counted when they were made."""
    rows: dict[str, int] = defaultdict(int)
    for package in info.load_packages:
        contents = sealed(load_storage(pipeline).get_load_package_state(package.load_id)) or {}
        for job in package.jobs["completed_jobs"]:
            found = job.job_file_info
            if found.file_format == "parquet" and not found.table_name.startswith("_dlt"):
                rows[found.table_name] += contents.get(file_key(found.file_name()), {}).get("rows") or 0
    return rows
