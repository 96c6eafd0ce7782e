"""Every query of the dashboard with plausible values, so that a new one is tested."""

import inspect
from collections.abc import Iterator
from typing import Any

from dashboard import queries
from dashboard.queries import Filters, Query


def every_query(filters: Filters, campaign_id: int) -> Iterator[tuple[str, Query]]:
    """Yield the name and the query of each function in dashboard/queries.py."""
    given: dict[str, Any] = {"filters": filters, "campaign_id": campaign_id, "region": "eu", "by": "mailbox_provider"}
    for name, make in inspect.getmembers(queries, inspect.isfunction):
        if make.__module__ == queries.__name__:
            yield name, make(*(given[parameter] for parameter in inspect.signature(make).parameters))
