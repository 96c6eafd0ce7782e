"""The e-mail vendor's API into RAW.SAAS_<RESOURCE>: `python pipelines/saas.py`."""

if __name__ == "__main__":  # before the imports, which take a second: Ctrl-C is one line from the start
    from exactly_once.process import garbage, interrupts

    garbage.pause()
    interrupts.watch()

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import dlt
from dlt.sources.helpers.rest_client.auth import BearerTokenAuth

from exactly_once import LoadReport
from exactly_once.diagnostics import Check, DoctorContext
from exactly_once.rest_api import (
    CONTRACT,
    ApiClient,
    Endpoint,
    LoadOptions,
    Paging,
    ReadLimits,
    StrictCursorPaginator,
    check_endpoints,
    default_transport,
    rest_checks,
    rest_resources,
)
from pipelines.configuration.shell import require_usable_proxy
from pipelines.loading import load_registered
from pipelines.registry import SOURCES

INFO = SOURCES["saas"].info

# A new endpoint is a line here; its options are described in exactly_once/rest_api/spec.py.
ENDPOINTS = (
    Endpoint(
        "campaigns",
        key="campaign_id",
        cursor="updated_at",
        since="updated_after",
        deletes="sweep",  # drafts
        columns={"settings": "json", "tags": "json"}
        | dict.fromkeys(("scheduled_at", "sent_at", "created_at", "updated_at"), "timestamp"),
    ),
    Endpoint(
        "email_events",
        key="event_id",  # the vendor sends some events twice
        cursor="received_at",  # not occurred_at: events arrive days late
        since="received_after",
        deletes="none",  # a log
        partition="occurred_at",  # a corrected event keeps it
        columns={"occurred_at": "timestamp", "received_at": "timestamp", "is_machine_open": "bool"}
        | dict.fromkeys(("user_agent", "ip_address", "link_url", "bounce_type", "reason"), "text"),
    ),
    Endpoint(
        "suppressions",
        key="suppression_id",
        cursor="updated_at",
        since="updated_after",
        deletes="sweep",
        columns={"created_at": "timestamp", "updated_at": "timestamp"},
    ),
)
check_endpoints(INFO, ENDPOINTS)


@dlt.source(name="saas", schema_contract=CONTRACT, max_table_nesting=0)
def saas(  # noqa: PLR0913  the signature is the configuration
    base_url: str = dlt.config.value,
    api_key: str = dlt.secrets.value,
    lag: float = LoadOptions.lookback_seconds,
    page_size: int = 1000,
    windows: int = LoadOptions.windows,
    answer_bytes: int = ReadLimits.answer_bytes,
    answer_seconds: float = ReadLimits.answer_seconds,
    pages: int = ReadLimits.pages,
    sweep: bool = True,
    strict: bool = False,
    accept_deletes: Sequence[str] = (),
    accept_type: Sequence[str] = (),
    deletes_now: Sequence[str] = (),
) -> Iterator[dlt.sources.DltResource]:
    """Yield the resources of ENDPOINTS.

    Args:
        base_url: the address of the API, without /v1.
        api_key: the bearer token.
        lag: seconds before the saved cursor from which objects are read again; those that did not change are dropped.
        page_size: objects in one response, at most 1000.
        windows: time windows of a long collection that are read in parallel, at most 64; 1: none.
        answer_bytes: the largest response, after decompression.
        answer_seconds: the longest time from a request to the last byte of its response.
        pages: the most pages of one read.
        sweep: whether to detect deleted objects, for which the collections are read whole.
        strict: whether an endpoint that cannot be loaded exactly fails the whole load.
        accept_deletes: endpoints of which any fraction may be deleted in this load; "all": every one.
        accept_type: columns as endpoint.field whose type may change in this load; their endpoints are read whole.
        deletes_now: endpoints whose deletes are looked for in this load, whatever their schedule; "all": every one.
    """
    limits = ReadLimits(answer_bytes, answer_seconds, pages)
    options = LoadOptions(lag, windows, sweep, strict, accept_deletes, accept_type, deletes_now)
    return rest_resources(client(base_url, api_key, page_size, limits), ENDPOINTS, options)


def client(base_url: str, api_key: str, page_size: int = 1000, limits: ReadLimits | None = None) -> ApiClient:
    """Return a client of the vendor's API."""
    paging = Paging(StrictCursorPaginator(), page_size=page_size)
    transport = default_transport(INFO, limits, require_usable_proxy)
    return ApiClient(INFO, f"{base_url.rstrip('/')}/v1", BearerTokenAuth(api_key), paging, transport)


def checks(context: DoctorContext) -> list[Check]:
    """Return the doctor's checks."""
    return rest_checks(context, INFO, saas, lambda found: client(found.base_url, found.api_key), ENDPOINTS)


@contextmanager
def opened() -> Iterator[dlt.sources.DltSource]:
    """Open the source."""
    yield saas()


def load() -> LoadReport:
    """Load what changed at the vendor since the last load."""
    return load_registered("saas")


if __name__ == "__main__":
    from pipelines.command import run

    run("saas")
