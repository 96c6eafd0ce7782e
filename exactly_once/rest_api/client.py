"""Pages of one collection of the vendor's API, as a read that is whole or fails."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from dlt.sources.helpers.rest_client import RESTClient
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth
from dlt.sources.helpers.rest_client.client import raise_for_status

from exactly_once.rest_api.paginator import ValidatingCursorPaginator
from exactly_once.rest_api.transport.rate_limited_adapter import ReadLimits
from exactly_once.rest_api.transport.rate_limiter import AdaptiveRateLimiter
from exactly_once.rest_api.values.notices import Notices


@dataclass(frozen=True)
class ApiClient:
    """Where the API is, and how it is asked.

    Args:
        base_url: without /v1.
        api_key: the bearer token.
        page_size: objects in one answer.
        quota: the pace that all reads with this token share.
        bounds: of an answer's size and time, and of a read's pages.
    """

    base_url: str
    api_key: str
    page_size: int = 1000
    quota: AdaptiveRateLimiter | None = None
    bounds: ReadLimits | None = None

    def pages(
        self, name: str, endpoint: Mapping[str, Any], since: str | None = None, notices: Notices | None = None
    ) -> Iterator[list[dict]]:
        """Yield the collection's pages, ascending by its cursor.

        Args:
            name: of the collection, as the URL has it.
            endpoint: its line of ENDPOINTS; key, cursor and since are used.
            since: only objects whose cursor is later than this time; None: all.
            notices: where what a load says about the endpoint is collected; None: nowhere.

        Raises:
            IncompleteRead: the read broke off.
            TableError: an object cannot be loaded exactly.
        """
        read = ValidatingCursorPaginator(name, endpoint, self.quota, self.bounds, notices)
        client = RESTClient(
            f"{self.base_url.rstrip('/')}/v1/", auth=BearerTokenAuth(self.api_key), session=read.session
        )
        params = {"limit": self.page_size} | ({endpoint["since"]: since} if since else {})
        hooks = {"response": [read.check, raise_for_status]}
        return client.paginate(name, params=params, paginator=read, data_selector="data", hooks=hooks)
