"""Fenced transactions and idempotent completion of loads for dlt's clients of any warehouse; remembered settings."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from typing import Any, cast

from dlt.common.destination import Destination
from dlt.common.storages.load_package import commit_load_package_state, destination_state
from dlt.destinations.job_client_impl import SqlJobClientBase
from dlt.destinations.sql_client import SqlClientBase
from typing_extensions import override

from exactly_once.destinations.fencing import FencingToken, assert_fencing_token


class RememberingDestination(Destination[Any, Any]):
    """Mixed into a destination: while it remembers, each of its configurations is resolved once.

    dlt resolves them for every client and every step, which takes longer than what most clients are used for.
    """

    # What was asked for, with the arguments of the destination, and the configuration.
    _known: list[tuple[Any, Any]] | None = None

    @contextmanager
    def remembering(self) -> Iterator[None]:
        """Remember for the time of a run, in which no setting changes."""
        self._known = []
        try:
            yield
        finally:
            self._known = None

    @override
    def configuration(self, initial_config: Any, accept_partial: bool = False) -> Any:
        """Return dlt's resolved configuration."""
        if self._known is None or (initial_config is not None and initial_config.is_resolved()):
            return super().configuration(initial_config, accept_partial)
        asked = dict(initial_config or {}), dict(self.config_params), accept_partial
        for before, found in self._known:
            if before == asked:
                return found
        found = super().configuration(initial_config, accept_partial)
        self._known.append((asked, found))
        return found


class FencingSqlClientMixin(SqlClientBase[Any]):
    """Mixed into dlt's SQL client: a transaction commits only while its run's token is the newest; see fencing.py.

    `owner` is the run whose transactions these are; None: no run has begun.
    """

    _fencing_token: FencingToken | None = None
    owner: FencingToken | None = None

    def use_fencing_token(self, token: FencingToken | None) -> None:
        """Assert a token in every transaction from now on; None: in none."""
        self._fencing_token = self.owner = token
        self._main_dataset = self.dataset_name

    def abort_left_over(self) -> None:
        """End the transactions that dead runs of the owner left open in the warehouse; DuckDB has none."""

    def reporting_waits(self, table: str) -> AbstractContextManager[Any]:
        """Return a context that reports what its statements wait for, and fails with one line if they wait too long.

        Args:
            table: that the statements change, by dlt's name.
        """
        del table  # DuckDB's statements wait for nothing
        return nullcontext()

    @contextmanager
    def begin_transaction(self) -> Iterator[Any]:
        """Open a transaction that ends by the assertion of the token."""
        with super().begin_transaction() as transaction:  # type: ignore[safe-super]  # dlt's client of a warehouse has it
            yield transaction
            if self._fencing_token:
                # dlt may use the staging dataset at that point: the token is in the main one.
                with self.in_main_dataset():
                    assert_fencing_token(self, self._fencing_token)

    def in_main_dataset(self) -> AbstractContextManager[Any]:
        """Return a context in which names are of the main dataset: dlt runs a merge in the staging dataset."""
        return cast(AbstractContextManager[Any], self.with_alternative_dataset_name(self._main_dataset))


class IdempotentLoadMixin(SqlJobClientBase):
    """Mixed into dlt's job client: a load that is completed again, after a kill, has one row in `_dlt_loads`.

    The time at which it ended is in its package, too, for its manifest in the lake. The package of a replayed load has
    the time and the status of the first one.
    """

    def complete_load(self, load_id: str) -> None:
        """Write the load's row, once."""
        state = destination_state()
        completed_at = state.setdefault("completed_at", datetime.now(UTC).isoformat(timespec="microseconds"))
        status = state.get("status", 0)
        commit_load_package_state()
        loads = self.sql_client.make_qualified_table_name(self.schema.loads_table_name)
        with self.sql_client.begin_transaction():
            self.sql_client.execute_sql(f"DELETE FROM {loads} WHERE load_id = %s", load_id)
            # As dlt's own complete_load, with the time that the package has.
            self._set_query_tags(operation="complete_load", load_id=load_id)
            self.sql_client.execute_sql(
                f"INSERT INTO {loads}({self.loads_table_schema_columns}) VALUES(%s, %s, %s, %s, %s)",
                load_id,
                self.schema.name,
                status,
                datetime.fromisoformat(completed_at),
                None if status else self.schema.version_hash,
            )

    def drop_tables(self, *tables: str, delete_schema: bool = True) -> None:
        """Drop tables; `dlt pipeline <name> drop` does so in the staging dataset, which may have no schemas yet."""
        ((_, known),) = self.get_storage_tables([self.schema.version_table_name])
        super().drop_tables(*tables, delete_schema=delete_schema and bool(known))
