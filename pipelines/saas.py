"""The e-mail vendor's API into RAW.SAAS_<RESOURCE>: `python pipelines/saas.py`."""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from typing import Any

import dlt
import pyarrow as pa
from dlt.sources.rest_api import RESTAPIConfig, rest_api_resources

from pipelines.api_keys import api_keys
from pipelines.arrow_pages import ArrowPages
from pipelines.key_merge import tables_of
from pipelines.quota import Quota
from pipelines.raw_table import RawReader, RawTable
from pipelines.reread import OneCursor, Reread
from pipelines.sweep import DELETED_AT, Sweep, accepted, sweep_resource
from pipelines.unchanged import DropUnchanged
from pipelines.whole_reads import WholeRead

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
    sweep: bool = True,
    accept_deletes: Sequence[str] = (),
) -> Iterator[dlt.sources.DltResource]:
    """Yield a resource for each line of ENDPOINTS, and after each swept one the one that marks its deletes.

    Args:
        base_url: of the API, without /v1.
        api_key: the bearer token.
        lag: seconds before the saved cursor from which objects are read again; those that did not change are dropped.
        page_size: objects in one answer, at most 1000.
        sweep: whether to look for vanished objects, which reads the swept collections whole.
        accept_deletes: endpoints of which any share may vanish this once; "all" stands for every one.
    """
    accept = accepted(accept_deletes, ENDPOINTS)
    reader, quota = RawReader(), Quota()
    for name, endpoint in ENDPOINTS.items():
        raw = RawTable(reader, f"saas_{name}", [endpoint["key"]])
        is_swept = endpoint["deletes"] == "sweep"
        columns = endpoint["columns"] | ({DELETED_AT["name"]: DELETED_AT["data_type"]} if is_swept else {})
        (resource,) = rest_api_resources(_config(name, endpoint, columns, base_url, api_key, lag, page_size, quota))
        resource.add_step(OneCursor(name, endpoint["cursor"]))
        resource.add_step(ArrowPages(resource.table_name, columns))
        resource.add_step(DropUnchanged(raw, [endpoint["key"]], Reread(name, endpoint["cursor"])))
        yield resource
        if is_swept and sweep:
            keys = partial(_keys, base_url, api_key, name, endpoint, page_size, quota)
            # An object that RAW lacks is newer than the read, and comes with the next: none is fetched.
            swept = Sweep(raw, keys, None, endpoint.get("share", 0.2), name in accept)
            yield sweep_resource(swept, name, f"saas_{name}", [endpoint["key"]])


def _config(
    name: str,
    endpoint: dict[str, Any],
    columns: dict[str, str],
    base_url: str,
    api_key: str,
    lag: float,
    size: int,
    quota: Quota,
) -> RESTAPIConfig:
    read = WholeRead(name, endpoint["cursor"], endpoint["since"], quota)
    return {
        "client": {
            "base_url": f"{base_url.rstrip('/')}/v1/",
            "auth": {"type": "bearer", "token": api_key},
            "session": read.session,
        },
        "resources": [
            {
                "name": name,
                "table_name": f"saas_{name}",
                "primary_key": endpoint["key"],
                "write_disposition": "merge",
                "columns": {column: {"data_type": kind} for column, kind in columns.items()}
                # Of an object that comes twice in one load, the newest version stays.
                | {endpoint["cursor"]: {"data_type": "timestamp", "dedup_sort": "desc"}},
                "endpoint": {
                    "path": name,
                    "data_selector": "data",
                    "params": {"limit": size},
                    "paginator": read,
                    "response_actions": [read.check],
                    "incremental": {
                        "cursor_path": endpoint["cursor"],
                        "start_param": endpoint["since"],
                        "initial_value": BEGINNING,
                        "lag": lag,
                    },
                },
            }
        ],
    }


def _keys(*where: Any) -> Iterator[pa.Table]:
    return tables_of(api_keys(*where))


def load():
    """Load what changed at the vendor since the last load, and return its report."""
    from pipelines.load import load

    return load("saas", lambda: nullcontext(saas()))


if __name__ == "__main__":
    from pipelines.command import run

    run("saas", load)
