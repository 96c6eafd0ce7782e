"""dlt's clients of a pipeline, with the types that its own signatures lack, and what it has no public name for.

dlt types a destination's client and configuration by their widest base, whatever the destination is. Each function
here narrows one of them: the engine's destinations are SQL databases that load from a filesystem.
"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, cast

import dlt
from dlt.common.storages import LoadStorage
from dlt.common.storages.configuration import FilesystemConfiguration
from dlt.destinations.impl.filesystem.configuration import FilesystemDestinationClientConfiguration
from dlt.destinations.job_client_impl import SqlJobClientWithStagingDataset
from dlt.destinations.sql_client import SqlClientBase


@contextmanager
def warehouse_client(pipeline: dlt.Pipeline) -> Iterator[SqlJobClientWithStagingDataset]:
    """Open dlt's client of the pipeline's warehouse."""
    with pipeline.destination_client() as client:
        yield cast(SqlJobClientWithStagingDataset, client)


def fetch(sql_client: SqlClientBase[Any], query: str, *values: Any) -> Sequence[Sequence[Any]]:
    """Return the rows of a query; none of a statement that has no result."""
    return sql_client.execute_sql(query, *values) or ()


def staging_of(client: Any) -> FilesystemDestinationClientConfiguration:
    """Return the settings of the lake that a warehouse's client loads from."""
    return cast(FilesystemDestinationClientConfiguration, client.config.staging_config)


def lake_settings(pipeline: dlt.Pipeline, dataset: str) -> FilesystemConfiguration:
    """Return the settings of the pipeline's lake; the warehouse is not asked. Call it in the pipeline's section."""
    staging = cast(Any, pipeline.staging)
    initial = staging.spec()._bind_dataset_name(dataset)  # noqa: SLF001  as dlt's pipeline does; there is no other way
    return cast(FilesystemConfiguration, staging.configuration(initial))


def load_storage(pipeline: dlt.Pipeline) -> LoadStorage:
    """Return the packages in the pipeline's working folder, and their states."""
    return pipeline._get_load_storage()  # noqa: SLF001  dlt has no public way to a package's state
