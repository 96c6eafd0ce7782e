"""What makes dlt land once, on every warehouse: each transaction is fenced, and a completed load is told once."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any

from dlt.common.storages.load_package import commit_load_package_state, destination_state

from exactly_once.destinations.fencing import assert_fencing_token


class FencingSqlClientMixin:
    """Mixed into dlt's SQL client: a transaction commits only while its run is the newest; see fencing.py."""

    _fence: str | None = None
    owner: str | None = None  # whose transactions these are, "<pipeline>/<token>"

    def raise_fence(self, fence: str | None) -> None:
        """Hold a fence, "<pipeline>/<token>", in every transaction from now on; None: in none."""
        self._fence = self.owner = fence
        self._main_dataset = self.dataset_name

    def abort_left_over(self) -> None:
        """End what dead runs of the owner left open in the warehouse; where a process owns the file, nothing stays."""

    def waiting(self, table: str) -> AbstractContextManager[Any]:
        """Return a context that says what a statement waits for, and ends it in one line where that takes too long.

        Args:
            table: that the statements change, by dlt's name.
        """
        return nullcontext()

    @contextmanager
    def begin_transaction(self) -> Iterator[Any]:
        with super().begin_transaction() as transaction:
            yield transaction
            if self._fence:
                # dlt may stand in the staging dataset: the fence is in RAW.
                with self.in_main_dataset():
                    assert_fencing_token(self, self._fence)

    def in_main_dataset(self) -> AbstractContextManager[Any]:
        """Return a context in which names without a dataset are RAW's: a job of a merge runs in the staging dataset."""
        return self.with_alternative_dataset_name(self._main_dataset)


class IdempotentLoadMixin:
    """Mixed into dlt's job client: a load that is completed again, after a kill, has one row in `_dlt_loads`.

    When it ended stands in its package, too, for the lake's record of it; a load that is landed again from the lake
    (pipelines/replay.py) has there when it ended the first time, and how.
    """

    def complete_load(self, load_id: str) -> None:
        ended = destination_state()
        moment = ended.setdefault("completed_at", datetime.now(UTC).isoformat(timespec="microseconds"))
        status = ended.get("status", 0)
        commit_load_package_state()
        loads = self.sql_client.make_qualified_table_name(self.schema.loads_table_name)
        with self.sql_client.begin_transaction():
            self.sql_client.execute_sql(f"DELETE FROM {loads} WHERE load_id = %s", load_id)
            # As dlt's own complete_load says it, at the time that the package says.
            self._set_query_tags(operation="complete_load", load_id=load_id)
            self.sql_client.execute_sql(
                f"INSERT INTO {loads}({self.loads_table_schema_columns}) VALUES(%s, %s, %s, %s, %s)",
                load_id,
                self.schema.name,
                status,
                datetime.fromisoformat(moment),
                None if status else self.schema.version_hash,
            )

    def drop_tables(self, *tables: str, delete_schema: bool = True) -> None:
        # `dlt pipeline <name> drop` drops in the staging dataset, too, and that has no schemas before the first merge.
        ((_, known),) = self.get_storage_tables([self.schema.version_table_name])
        super().drop_tables(*tables, delete_schema=delete_schema and bool(known))
