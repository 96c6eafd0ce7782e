"""What makes dlt land once, on every warehouse: each transaction is fenced, and a completed load is told once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from pipelines.fence import hold


class FencedSqlClient:
    """Mixed into dlt's SQL client: a transaction commits only while its run is the newest; see pipelines/fence.py."""

    _fence: str | None = None

    def raise_fence(self, fence: str | None) -> None:
        """Hold a fence, "<pipeline>/<token>", in every transaction from now on; None: in none."""
        self._fence = fence
        self._main_dataset = self.dataset_name

    @contextmanager
    def begin_transaction(self) -> Iterator[Any]:
        with super().begin_transaction() as transaction:
            yield transaction
            if self._fence:
                # dlt may stand in the staging dataset: the fence is in RAW.
                with self.with_alternative_dataset_name(self._main_dataset):
                    hold(self, self._fence)


class OnceOnlyClient:
    """Mixed into dlt's job client: a load that is completed again, after a kill, has one row in `_dlt_loads`."""

    def complete_load(self, load_id: str) -> None:
        loads = self.sql_client.make_qualified_table_name(self.schema.loads_table_name)
        with self.sql_client.begin_transaction():
            self.sql_client.execute_sql(f"DELETE FROM {loads} WHERE load_id = %s", load_id)
            super().complete_load(load_id)
