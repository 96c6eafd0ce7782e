"""dlt's Snowflake, with every transaction of a landing fenced and named."""

import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Optional

from dlt.common.configuration import configspec
from dlt.common.data_writers.escape import escape_snowflake_literal
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.impl.snowflake.configuration import SnowflakeClientConfiguration, SnowflakeCredentials
from dlt.destinations.impl.snowflake.factory import snowflake
from dlt.destinations.impl.snowflake.snowflake import SnowflakeClient
from dlt.destinations.impl.snowflake.sql_client import SnowflakeSqlClient

from exactly_once.destinations.column_changes import CopyingColumnChangesMixin
from exactly_once.destinations.left_over_transactions import Owner, abort_left_over, reporting_waits
from exactly_once.destinations.merge_job import MergeMixin
from exactly_once.destinations.mixins import FencingSqlClientMixin, IdempotentLoadMixin

# Seconds that a statement waits for a lock. Snowflake ends a detached transaction that blocks others after five
# minutes, and a statement of a client that has gone after five more.
LOCK_TIMEOUT = 600
COMMITS = re.compile(r"(?:^|;)\s*(?:CREATE|ALTER(?!\s+SESSION)|DROP)\b", re.IGNORECASE)  # by itself, at once


@configspec(init=False)
class FencedSnowflakeCredentials(SnowflakeCredentials):
    """Snowflake's, for sessions that leave as little behind as they can: the user may be of anybody's making."""

    lock_timeout: int = LOCK_TIMEOUT

    def to_connector_params(self) -> dict[str, Any]:
        said = super().to_connector_params()
        said.pop("lock_timeout", None)
        own = {"ABORT_DETACHED_QUERY": True, "LOCK_TIMEOUT": self.lock_timeout}
        return said | {"session_parameters": own | said.get("session_parameters", {})}


@configspec
class FencedSnowflakeConfiguration(SnowflakeClientConfiguration):
    """Snowflake's, and the fence that the run holds: "<pipeline>/<token>"."""

    credentials: FencedSnowflakeCredentials = None
    fence: Optional[str] = None  # noqa: UP045  dlt resolves this spelling


class FencedSnowflakeSqlClient(FencingSqlClientMixin, SnowflakeSqlClient):
    """dlt's SQL client for Snowflake, fenced, whose transactions say whose they are."""

    _is_named = False

    @contextmanager
    def begin_transaction(self) -> Iterator[Any]:
        # FencingSqlClientMixin's looks at the token before the commit. Autocommit stays off as dlt has it: what a
        # session sends after its transaction was aborted elsewhere is a transaction again, and ends at the token.
        with super().begin_transaction() as transaction:
            self._begin()
            self._is_named = True
            try:
                yield transaction
            finally:
                self._is_named = False

    @contextmanager
    def execute_query(self, query: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        with super().execute_query(query, *args, **kwargs) as cursor:
            yield cursor
        # dlt adds tables and columns inside a transaction, which commits it: what follows would be one without a name.
        if self._is_named and COMMITS.search(query):
            self._begin()

    def _begin(self) -> None:
        self.execute_sql(f"BEGIN TRANSACTION NAME {self._owner().name}")

    def abort_left_over(self) -> None:
        try:
            for name in abort_left_over(self, self._owner()):
                print(f"⚠ Snowflake: transaction {name} of a run that was killed was rolled back.", file=sys.stderr)
        except DatabaseException as error:  # a help only: the claim waits for a lock that stays, and says so
            why = " ".join(str(error).split())[:200]
            print(f"⚠ Snowflake: transactions of runs that were killed could not be ended: {why}", file=sys.stderr)

    def waiting(self, table: str) -> AbstractContextManager[Any]:
        seconds = self.credentials.lock_timeout
        self.execute_sql(f"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = {int(seconds)}")
        name = self.make_qualified_table_name(table).replace('"', "")
        return reporting_waits(self._another, name, seconds)

    def _another(self) -> "FencedSnowflakeSqlClient":
        return type(self)(self.dataset_name, self.staging_dataset_name, self.credentials, self.capabilities)

    def _owner(self) -> Owner:
        """Return whose transactions these are; those of a session that no run has begun belong to no pipeline."""
        pipeline, _, token = (self.owner or "/0").rpartition("/")
        return Owner(self.credentials.database, self._main_dataset, pipeline, int(token))

    def truncate_tables(self, *tables: str) -> None:
        with self.begin_transaction():  # dlt lets it commit by itself
            super().truncate_tables(*tables)


class FencedSnowflakeClient(IdempotentLoadMixin, MergeMixin, CopyingColumnChangesMixin, SnowflakeClient):
    """dlt's client for Snowflake, fenced; its COPY remembers files by itself."""

    def __init__(
        self, schema: Any, config: FencedSnowflakeConfiguration, capabilities: DestinationCapabilitiesContext
    ) -> None:
        super().__init__(schema, config, capabilities)
        plain = self.sql_client
        self.sql_client = FencedSnowflakeSqlClient(
            plain.dataset_name, plain.staging_dataset_name, config.credentials, capabilities, config.query_tag
        )
        self.sql_client.raise_fence(config.fence)


class fenced_snowflake(snowflake):  # noqa: N801  a dlt destination is named like a function
    """Snowflake as a warehouse behind a lake."""

    spec = FencedSnowflakeConfiguration

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        caps = super()._raw_capabilities()
        caps.escape_literal = escape_snowflake_literal  # dlt leaves it out for Snowflake
        return caps

    @property
    def client_class(self) -> type[FencedSnowflakeClient]:
        return FencedSnowflakeClient


fenced_snowflake.register()
