"""dlt's Snowflake, with every transaction of a landing fenced."""

from typing import Any, Optional

from dlt.common.configuration import configspec
from dlt.common.data_writers.escape import escape_snowflake_literal
from dlt.common.destination import DestinationCapabilitiesContext
from dlt.destinations.impl.snowflake.configuration import SnowflakeClientConfiguration
from dlt.destinations.impl.snowflake.factory import snowflake
from dlt.destinations.impl.snowflake.snowflake import SnowflakeClient
from dlt.destinations.impl.snowflake.sql_client import SnowflakeSqlClient

from pipelines.landing import FencedSqlClient, OnceOnlyClient
from pipelines.merge_job import MergingClient
from pipelines.storage_types import CopyingClient


@configspec
class FencedSnowflakeConfiguration(SnowflakeClientConfiguration):
    """Snowflake's, and the fence that the run holds: "<pipeline>/<token>"."""

    fence: Optional[str] = None  # noqa: UP045  dlt resolves this spelling


class FencedSnowflakeSqlClient(FencedSqlClient, SnowflakeSqlClient):
    """dlt's SQL client for Snowflake, fenced."""

    def truncate_tables(self, *tables: str) -> None:
        with self.begin_transaction():  # dlt lets it commit by itself
            super().truncate_tables(*tables)


class FencedSnowflakeClient(OnceOnlyClient, MergingClient, CopyingClient, SnowflakeClient):
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
