"""The lease of a whole flow: loads and dbt of one warehouse, in one process at a time, on whichever machine.

Each pipeline has a lease of its own beside it, so that a load by hand and a flow do not meet either. What the flow
remembers from run to run lies there, too: a worker's disk is lost between two of them.
"""

from typing import Any

from dlt.common.configuration.resolve import inject_section
from dlt.common.configuration.specs.config_section_context import ConfigSectionContext
from dlt.common.destination import Destination
from dlt.common.storages.fsspec_filesystem import fsspec_from_config

from exactly_once.lease.lease import Lease, lease_url
from exactly_once.lease.store import ConditionalStore, open_store
from exactly_once.runner import lease_ttl
from pipelines.environment import environment, raw_dataset

NAME = "flow"
# A worker writes below the prefixes of pipelines and nowhere else (terraform/modules/lake), so it lies below the first.
PREFIX = "postgres"


def flow_lease() -> Lease:
    """Return the lease of this environment's warehouse and dataset, to be entered; the warehouse is not asked."""
    filesystem, url = _beside(NAME)
    return Lease(filesystem, url, lease_ttl(), NAME)


def flow_memory(name: str) -> ConditionalStore:
    """Return the small object of that name beside the flow's lease: the one place of the lake that is overwritten."""
    return open_store(*_beside(name))


def _beside(name: str) -> tuple[Any, str]:
    lake = Destination.from_reference("lake")
    dataset = raw_dataset()
    with inject_section(ConfigSectionContext(pipeline_name=PREFIX)):
        settings = lake.configuration(lake.spec()._bind_dataset_name(dataset))
    filesystem, _ = fsspec_from_config(settings)
    return filesystem, lease_url(settings.bucket_url, environment().database, f"{dataset}_{name}")
