"""One API: where it is, how it is asked, and the pages of its collections."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from dlt.sources.helpers.rest_client.client import RESTClient, raise_for_status
from requests.auth import AuthBase

from exactly_once.rest_api.paginator import ValidatingPaginator
from exactly_once.rest_api.paging import ROOT, Paging, StrictCursorPaginator
from exactly_once.rest_api.spec import Endpoint
from exactly_once.rest_api.transport.session import Transport
from exactly_once.rest_api.values.notices import Notices
from exactly_once.source_info import SourceInfo


@dataclass(frozen=True)
class ApiClient:
    """One API as a source asks it.

    Args:
        info: of the source, for messages.
        base_url: that every endpoint's path is appended to.
        auth: of requests or dlt, e.g. BearerTokenAuth(token) or APIKeyAuth("X-Api-Key", key).
        paging: how it hands out a collection.
        transport: what all its requests share.
    """

    info: SourceInfo
    base_url: str
    auth: AuthBase
    paging: Paging = field(default_factory=lambda: Paging(StrictCursorPaginator()))
    transport: Transport = field(default_factory=Transport)

    def iter_pages(
        self, endpoint: Endpoint, since: str | None = None, notices: Notices | None = None
    ) -> Iterator[list[dict[str, Any]]]:
        """Yield the pages of a collection, ascending by its cursor where it has one.

        Args:
            endpoint: that is read.
            since: only objects whose cursor is later than this time; None: all.
            notices: where values are counted that RAW holds in another form; None: nowhere.

        Raises:
            PaginationError: the read broke off.
            TableError: an object cannot be loaded exactly.
        """
        read = ValidatingPaginator(endpoint, self.paging, self.info, self.transport, notices)
        client = RESTClient(self.base_url, auth=self.auth, session=read.session)
        size = {self.paging.page_size_param: self.paging.page_size} if self.paging.page_size_param else {}
        params = size | dict(endpoint.params) | ({endpoint.since: since} if since and endpoint.since else {})
        hooks: Any = {"response": [read.validate_response, raise_for_status]}
        return client.paginate(self.path(endpoint), params=params, paginator=read, data_selector=ROOT, hooks=hooks)

    def url(self, endpoint: Endpoint) -> str:
        """Return the address of a collection."""
        return f"{self.base_url.rstrip('/')}/{self.path(endpoint).lstrip('/')}"

    @staticmethod
    def path(endpoint: Endpoint) -> str:
        """Return the path of a collection below the base URL."""
        return endpoint.name if endpoint.path is None else endpoint.path
