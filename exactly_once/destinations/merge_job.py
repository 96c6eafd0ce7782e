"""Run a merge in one transaction that ends by a search for duplicate keys.

dlt 1.31 runs the SQL of a merge in a transaction only if the warehouse's capabilities have `supports_transactions`,
which DuckDB's and Snowflake's do not, or if it takes a word of the SQL for DDL ("create" in `created_at`). Without one,
a merge whose INSERT fails leaves the rows deleted, and no fencing token is asserted.
"""

from typing import Any

from dlt.common.storages.file_storage import FileStorage
from dlt.destinations.exceptions import DatabaseTerminalException
from dlt.destinations.job_client_impl import SqlJobClientBase, SqlLoadJob
from typing_extensions import override

from exactly_once import hints
from exactly_once.destinations.merge_sql import MergeSql, in_ranges, key_check, partition
from exactly_once.errors import TableError
from exactly_once.partitions.ranges import Ranges, partition_column, read_ranges


class MergeJob(SqlLoadJob):
    """Runs the statements of a followup job, one a line, in one transaction."""

    def run(self) -> None:
        """Run the statements and the check, and commit.

        Raises:
            DatabaseException: a statement failed; nothing has changed.
            DatabaseTerminalException: the table would have a key of the batch twice; nothing has changed.
        """
        with FileStorage.open_zipsafe_ro(self._file_path, "r", encoding="utf-8") as file:
            statements = [line.strip().rstrip(";") for line in file if line.strip()]
        sql = self._job_client.sql_client
        with sql.begin_transaction():
            if ranges := self._ranges(sql):
                with sql.in_main_dataset():
                    statements = in_ranges(statements, sql.make_qualified_table_name(self.load_table_name), ranges)
            sql.execute_many(statements)
            self._check(sql, ranges)

    def _ranges(self, sql: Any) -> Ranges | None:
        """Return the ranges of the batch's partition column; None: the merge reads the whole table."""
        column = partition(self._load_table)
        if not column:
            return None
        with sql.in_main_dataset():
            _, staged = sql.get_qualified_table_names(self.load_table_name)
        may_lack = any(one.get("hard_delete") for one in self._load_table["columns"].values())
        return read_ranges(sql, partition_column(sql, self._load_table, column), staged, may_lack)

    def _check(self, sql: Any, ranges: Ranges | None) -> None:
        with sql.in_main_dataset():
            check = key_check(self._load_table, sql, ranges)
        if not check:
            return
        columns, query = check
        found = sql.execute_sql(query)
        if found:
            raise duplicate_key(self.load_table_name, dict(zip(columns, found[0], strict=True)))


def table_error(table: str, line: str) -> DatabaseTerminalException:
    """Return an error that makes dlt give up a job; its cause is a TableError of the table, by dlt's name."""
    error = DatabaseTerminalException(Exception(line))
    error.__cause__ = TableError(line)  # the exit code
    error.__cause__.raw_name = table
    return error


def duplicate_key(table: str, key: dict[str, Any]) -> DatabaseTerminalException:
    """Return the error of a key, by column, that a merge would leave twice."""
    named = ", ".join(f"{name} = {value!r}" for name, value in key.items())
    name = f"RAW.{table.upper()}"
    line = (
        f"{name}: the merge would leave the key {named} there twice, and was rolled back: {name} is as before. "
        f"`{hints.doctor()}` says whether the key is unique at the source; if it is, report this line."
    )
    return table_error(table, line)


class MergeMixin(SqlJobClientBase):
    """Mixed into dlt's job client: a merge has the SQL of merge_sql.py and runs in one transaction."""

    merge_job: type[MergeJob] = MergeJob

    @override
    def _create_merge_followup_jobs(self, table_chain: Any) -> list[Any]:
        return [MergeSql.from_table_chain(table_chain, self.sql_client)]

    def create_load_job(self, table: Any, file_path: str, load_id: str, restore: bool = False) -> Any:
        """Return the job of a file; SQL files are followup jobs."""
        if SqlLoadJob.is_sql_job(file_path):
            return self.merge_job(file_path)
        return super().create_load_job(table, file_path, load_id, restore)
