"""The help desk's API into RAW.HELPDESK_<COLLECTION>: `python pipelines/helpdesk.py`, once this file lies there."""

from collections.abc import Iterator, Sequence

import dlt
from dlt.sources.helpers.rest_client.auth import APIKeyAuth
from dlt.sources.helpers.rest_client.paginators import HeaderLinkPaginator, PageNumberPaginator

from exactly_once.diagnostics import Check, DoctorContext
from exactly_once.rest_api import (
    CONTRACT,
    ApiClient,
    Endpoint,
    LoadOptions,
    Paging,
    default_transport,
    rest_checks,
    rest_resources,
)
from pipelines.registry import SOURCES

INFO = SOURCES["helpdesk"].info
ENDPOINTS = (
    Endpoint("tickets", key="number", cursor=None, deletes="sweep", columns={"opened_at": "timestamp"}),
    Endpoint(
        "agents",
        key="id",
        cursor=None,
        deletes="none",
        path="people/agents",
        data_selector="$",  # the answer is the list itself
        paginator=HeaderLinkPaginator(),
    ),
)


@dlt.source(name="helpdesk", schema_contract=CONTRACT, max_table_nesting=0)
def helpdesk(
    base_url: str = dlt.config.value,
    api_key: str = dlt.secrets.value,
    strict: bool = False,
    accept_deletes: Sequence[str] = (),
    accept_type: Sequence[str] = (),
) -> Iterator[dlt.sources.DltResource]:
    """Yield the resources of ENDPOINTS; the options are described in LoadOptions."""
    options = LoadOptions(is_strict=strict, accept_deletes=accept_deletes, accept_type=accept_type)
    return rest_resources(client(base_url, api_key), ENDPOINTS, options)


def client(base_url: str, api_key: str) -> ApiClient:
    """Return the help desk's API: numbered pages, and the key in a header of its own."""
    paging = Paging(PageNumberPaginator(base_page=1, total_path="result.pages"), "result.items", 100, "per_page")
    return ApiClient(INFO, base_url, APIKeyAuth("X-Api-Key", api_key), paging, default_transport(INFO))


def checks(context: DoctorContext) -> list[Check]:
    """Return what the doctor looks at."""
    return rest_checks(context, INFO, helpdesk, lambda found: client(found.base_url, found.api_key), ENDPOINTS)


opened = helpdesk  # what the registry opens

if __name__ == "__main__":
    from pipelines.command import run

    run(INFO.name)
