"""The lease of a whole flow: one process at a time loads and builds a warehouse, on whichever machine.

Each pipeline has its own lease in addition, so that a load by hand and a flow exclude each other, too. State that the
flow needs in its next run is beside the flow's lease, because a worker's disk does not last.
"""

from typing import Any, cast

from dlt.common.configuration.resolve import inject_section
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.destination import Destination
from dlt.common.destination.client import JobClientBase
from dlt.common.storages.fsspec_filesystem import fsspec_from_config
from dlt.destinations.impl.filesystem.configuration import FilesystemDestinationClientConfiguration as LakeConfiguration

from exactly_once.lease.lease import Lease, lease_url
from exactly_once.lease.store import ConditionalStore, open_store
from exactly_once.runner import lease_ttl
from pipelines.environment import environment, raw_dataset

NAME = "flow"
# A worker may write only below the prefixes of pipelines (terraform/modules/lake); the lease is below this one.
PREFIX = "postgres"


def flow_lease() -> Lease:
    """Return the lease of this environment's warehouse and dataset, to be entered; the warehouse is not queried."""
    filesystem, url = _beside(NAME)
    return Lease(filesystem, url, lease_ttl(), NAME)


def flow_state(name: str) -> ConditionalStore:
    """Return the small object of that name beside the flow's lease, the only folder whose objects are overwritten."""
    return open_store(*_beside(name))


def _beside(name: str) -> tuple[Any, str]:
    lake = cast("Destination[LakeConfiguration, JobClientBase]", Destination.from_reference("lake"))
    dataset = raw_dataset()
    with inject_section(ConfigSectionContext(pipeline_name=PREFIX)):
        bound = lake.spec()._bind_dataset_name(dataset)  # noqa: SLF001  dlt binds it in a pipeline only
        settings = lake.configuration(bound)
    filesystem, _ = fsspec_from_config(settings)
    return filesystem, lease_url(settings.bucket_url, environment().database, f"{dataset}_{name}")
