"""The e-mail vendor's API into RAW.SAAS_<RESOURCE>: `python pipelines/saas.py`."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import dlt
import pyarrow as pa

from pipelines.api_keys import api_keys
from pipelines.api_pages import Api
from pipelines.arrow_pages import ArrowPages
from pipelines.key_merge import tables_of
from pipelines.quota import Quota
from pipelines.raw_table import RawReader, RawTable
from pipelines.reread import OneCursor, Reread
from pipelines.side_by_side import SideBySide
from pipelines.sweep import DELETED_AT, Sweep, accepted, sweep_resource
from pipelines.unchanged import DropUnchanged

# An endpoint for each line. key: what identifies an object. cursor: the time that moves on every change, in UTC, and
# since: the parameter that asks for what is later. deletes: "sweep" lists all keys and marks objects that vanished with
# _deleted_at, "none" says that objects are never removed. share: (0.2) of the objects that may vanish from one load to
# the next. columns: types of those that JSON has no type for, or that a load may bring no value for; dlt infers all
# others.
ENDPOINTS: dict[str, dict[str, Any]] = {
    "campaigns": {
        "key": "campaign_id",
        "cursor": "updated_at",
        "since": "updated_after",
        "deletes": "sweep",  # drafts
        "columns": {
            "settings": "json",
            "tags": "json",
            "scheduled_at": "timestamp",
            "sent_at": "timestamp",
            "created_at": "timestamp",
            "updated_at": "timestamp",
        },
    },
    "email_events": {
        "key": "event_id",  # the vendor sends some events twice
        "cursor": "received_at",  # not occurred_at: events arrive days late
        "since": "received_after",
        "deletes": "none",  # a log
        "columns": {
            "occurred_at": "timestamp",
            "received_at": "timestamp",
            "is_machine_open": "bool",
            "user_agent": "text",
            "ip_address": "text",
            "link_url": "text",
            "bounce_type": "text",
            "reason": "text",
        },
    },
    "suppressions": {
        "key": "suppression_id",
        "cursor": "updated_at",
        "since": "updated_after",
        "deletes": "sweep",
        "columns": {"created_at": "timestamp", "updated_at": "timestamp"},
    },
}
CONTRACT = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}
BEGINNING = "1970-01-01T00:00:00Z"


@dlt.source(name="saas", schema_contract=CONTRACT, max_table_nesting=0)
def saas(
    base_url: str = dlt.config.value,
    api_key: str = dlt.secrets.value,
    lag: float = 600.0,
    page_size: int = 1000,
    windows: int = 4,
    sweep: bool = True,
    accept_deletes: Sequence[str] = (),
) -> Iterator[dlt.sources.DltResource]:
    """Yield a resource for each line of ENDPOINTS, and after each swept one the one that marks its deletes.

    Args:
        base_url: of the API, without /v1.
        api_key: the bearer token.
        lag: seconds before the saved cursor from which objects are read again; those that did not change are dropped.
        page_size: objects in one answer, at most 1000.
        windows: of time that are read side by side, at most, where a collection has many pages; 1: none.
        sweep: whether to look for vanished objects, which reads the swept collections whole.
        accept_deletes: endpoints of which any share may vanish this once; "all" stands for every one.
    """
    accept = accepted(accept_deletes, ENDPOINTS)
    reader, api = RawReader(), Api(base_url, api_key, page_size, Quota())
    for name, endpoint in ENDPOINTS.items():
        raw = RawTable(reader, f"saas_{name}", [endpoint["key"]])
        is_swept = endpoint["deletes"] == "sweep"
        columns = endpoint["columns"] | ({DELETED_AT["name"]: DELETED_AT["data_type"]} if is_swept else {})
        resource = _changes(api, name, endpoint, columns, lag, windows)
        resource.add_step(OneCursor(name, endpoint["cursor"]))
        resource.add_step(ArrowPages(resource.table_name, columns))
        resource.add_step(DropUnchanged(raw, [endpoint["key"]], Reread(name, endpoint["cursor"])))
        yield resource
        if is_swept and sweep:
            keys = partial(_keys, api, name, endpoint)
            # An object that RAW lacks is newer than the read, and comes with the next: none is fetched.
            swept = Sweep(raw, keys, None, endpoint.get("share", 0.2), name in accept)
            yield sweep_resource(swept, name, f"saas_{name}", [endpoint["key"]])


def _changes(
    api: Api, name: str, endpoint: dict[str, Any], columns: dict[str, str], lag: float, windows: int
) -> dlt.sources.DltResource:
    since = dlt.sources.incremental(endpoint["cursor"], initial_value=BEGINNING, lag=lag)

    def objects(cursor: dlt.sources.incremental[str] = since) -> Iterator[list[dict[str, Any]]]:
        pages = partial(api.pages, name, endpoint)
        read = SideBySide(pages, endpoint["cursor"], windows, api.page_size, api.quota)
        yield from read.read(cursor.start_value)

    return dlt.resource(
        objects,
        name=name,
        table_name=f"saas_{name}",
        primary_key=endpoint["key"],
        write_disposition="merge",
        columns={column: {"data_type": kind} for column, kind in columns.items()}
        # Of an object that comes twice in one load, the newest version stays.
        | {endpoint["cursor"]: {"data_type": "timestamp", "dedup_sort": "desc"}},
    )


def _keys(api: Api, name: str, endpoint: dict[str, Any]) -> Iterator[pa.Table]:
    return tables_of(api_keys(api, name, endpoint))


def load():
    """Load what changed at the vendor since the last load, and return its report."""
    from pipelines.load import load

    return load("saas", lambda: nullcontext(saas()))


if __name__ == "__main__":
    from pipelines.command import run

    run("saas", load)
