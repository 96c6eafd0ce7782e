"""dlt's Snowflake destination with fenced and named transactions."""

import re
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Annotated, Any, Optional

from dlt.common.configuration import NotResolved, configspec
from dlt.common.data_writers.escape import escape_snowflake_literal
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.destinations.exceptions import DatabaseException
from dlt.destinations.impl.snowflake.configuration import SnowflakeClientConfiguration, SnowflakeCredentials
from dlt.destinations.impl.snowflake.factory import snowflake
from dlt.destinations.impl.snowflake.snowflake import SnowflakeClient
from dlt.destinations.impl.snowflake.sql_client import SnowflakeSqlClient
from typing_extensions import override

from exactly_once.destinations.column_changes import CopyingColumnChangesMixin
from exactly_once.destinations.fencing import FencingToken
from exactly_once.destinations.left_over_transactions import TransactionOwner, abort_left_over, reporting_waits
from exactly_once.destinations.merge_job import MergeMixin
from exactly_once.destinations.mixins import FencingSqlClientMixin, IdempotentLoadMixin, RememberingDestination

# Seconds that a statement waits for a lock. Snowflake ends a detached transaction that blocks others after five
# minutes, and a statement of a client that is gone after five more.
LOCK_TIMEOUT = 600
NO_RUN = FencingToken("", 0)
COMMITS = re.compile(
    r"(?:^|;)\s*(?:CREATE|ALTER(?!\s+SESSION)|DROP)\b", re.IGNORECASE
)  # these statements commit at once


@configspec(init=False)
class FencedSnowflakeCredentials(SnowflakeCredentials):
    """Snowflake's, with session parameters that end statements of dead clients and long waits for locks."""

    lock_timeout: int = LOCK_TIMEOUT

    def to_connector_params(self) -> dict[str, Any]:
        """Return the parameters of a connection; session parameters that are configured win."""
        configured = super().to_connector_params()
        configured.pop("lock_timeout", None)
        own = {"ABORT_DETACHED_QUERY": True, "LOCK_TIMEOUT": self.lock_timeout}
        return configured | {"session_parameters": own | configured.get("session_parameters", {})}


@configspec
class FencedSnowflakeConfiguration(SnowflakeClientConfiguration):
    """Snowflake's, and the token that the run's transactions assert; the lake's earlier files are kept.

    dlt's own default deletes the lake's earlier files of a load's tables: RAW cannot be rebuilt from such a lake.
    """

    credentials: FencedSnowflakeCredentials = None  # type: ignore[assignment]  # dlt sets it when it resolves
    truncate_tables_on_staging_destination_before_load: bool = False
    fencing_token: Annotated[Optional[FencingToken], NotResolved()] = None  # noqa: UP045  dlt reads this spelling


class FencedSnowflakeSqlClient(FencingSqlClientMixin, SnowflakeSqlClient):
    """dlt's SQL client for Snowflake with fenced transactions that are named after their owner."""

    credentials: FencedSnowflakeCredentials
    _is_named = False

    @contextmanager
    def begin_transaction(self) -> Iterator[Any]:
        """Open a named transaction; the mixin asserts the token before the commit."""
        # Autocommit stays off as dlt has it: what a session sends after its transaction was aborted elsewhere is a
        # transaction again, and fails at the token.
        with super().begin_transaction() as transaction:
            self._begin()
            self._is_named = True
            try:
                yield transaction
            finally:
                self._is_named = False

    @contextmanager
    def execute_query(self, query: Any, *args: Any, **kwargs: Any) -> Iterator[Any]:
        """Run a query; DDL commits the transaction, so that the next one needs the name again."""
        with super().execute_query(query, *args, **kwargs) as cursor:
            yield cursor
        # dlt adds tables and columns inside a transaction.
        if self._is_named and COMMITS.search(query):
            self._begin()

    def _begin(self) -> None:
        self.execute_sql(f"BEGIN TRANSACTION NAME {self._owner().name}")

    def abort_left_over(self) -> None:
        """End the transactions that dead runs of the owner left open."""
        try:
            for name in abort_left_over(self, self._owner()):
                print(f"⚠ Snowflake: transaction {name} of a run that was killed was rolled back.", file=sys.stderr)
        except DatabaseException as error:  # the token's transaction waits for a lock that stays, and says so
            why = " ".join(str(error).split())[:200]
            print(f"⚠ Snowflake: transactions of runs that were killed could not be ended: {why}", file=sys.stderr)

    def reporting_waits(self, table: str) -> AbstractContextManager[Any]:
        """Return the mixin's context, and limit this session's statements to the lock timeout."""
        seconds = self.credentials.lock_timeout
        self.execute_sql(f"ALTER SESSION SET STATEMENT_TIMEOUT_IN_SECONDS = {int(seconds)}")
        name = self.make_qualified_table_name(table).replace('"', "")
        return reporting_waits(self._another, name, seconds)

    def _another(self) -> "FencedSnowflakeSqlClient":
        return type(self)(self.dataset_name, self.staging_dataset_name, self.credentials, self.capabilities)

    def _owner(self) -> TransactionOwner:
        """Return the owner of the transactions; before a run has begun they belong to no pipeline."""
        return TransactionOwner(self.credentials.database, self._main_dataset, self.owner or NO_RUN)

    def truncate_tables(self, *tables: str) -> None:
        """Truncate tables in one fenced transaction; dlt's commits by itself."""
        with self.begin_transaction():
            super().truncate_tables(*tables)


class FencedSnowflakeClient(IdempotentLoadMixin, MergeMixin, CopyingColumnChangesMixin, SnowflakeClient):
    """dlt's client for Snowflake, fenced; Snowflake's COPY remembers files by itself."""

    def __init__(
        self, schema: Any, config: FencedSnowflakeConfiguration, capabilities: DestinationCapabilitiesContext
    ) -> None:
        super().__init__(schema, config, capabilities)
        plain = self.sql_client
        self.sql_client = FencedSnowflakeSqlClient(
            plain.dataset_name, plain.staging_dataset_name, config.credentials, capabilities, config.query_tag
        )
        self.sql_client.use_fencing_token(config.fencing_token)


class fenced_snowflake(RememberingDestination, snowflake):  # noqa: N801  a dlt destination is named like a function
    """Snowflake that loads from files of a lake."""

    spec = FencedSnowflakeConfiguration  # type: ignore[assignment]  # dlt's own type is the value, not its bound

    def _raw_capabilities(self) -> DestinationCapabilitiesContext:
        caps = super()._raw_capabilities()
        caps.escape_literal = escape_snowflake_literal  # dlt leaves it out for Snowflake
        return caps

    @property
    @override
    def client_class(self) -> type[FencedSnowflakeClient]:
        return FencedSnowflakeClient


fenced_snowflake.register()
