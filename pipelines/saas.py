"""The e-mail vendor's API into RAW.SAAS_<RESOURCE>: `python pipelines/saas.py`."""

from typing import Any

import dlt
from dlt.sources.rest_api import RESTAPIConfig, rest_api_resources

from pipelines.arrow_pages import ArrowPages
from pipelines.whole_reads import WholeRead

# An endpoint for each line. key: what identifies an object. cursor: the time that moves on every change, in UTC, and
# since: the parameter that asks for what is later. deletes: "none": the vendor removes no object, it changes a state.
# columns: types of those that JSON has no type for, or that a load may bring no value for; dlt infers all others.
ENDPOINTS: dict[str, dict[str, Any]] = {
    "campaigns": {
        "key": "campaign_id",
        "cursor": "updated_at",
        "since": "updated_after",
        "deletes": "none",
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
        "deletes": "none",
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
        "deletes": "none",
        "columns": {"created_at": "timestamp", "updated_at": "timestamp"},
    },
}
CONTRACT = {"tables": "evolve", "columns": "evolve", "data_type": "freeze"}
BEGINNING = "1970-01-01T00:00:00Z"


@dlt.source(name="saas", schema_contract=CONTRACT, max_table_nesting=0)
def saas(
    base_url: str = dlt.config.value, api_key: str = dlt.secrets.value, lag: float = 600.0, page_size: int = 1000
) -> Any:
    """Yield a resource for each line of ENDPOINTS.

    Args:
        base_url: of the API, without /v1.
        api_key: the bearer token.
        lag: seconds before the saved cursor from which objects are read again.
        page_size: objects in one answer, at most 1000.
    """
    for name, endpoint in ENDPOINTS.items():
        read = WholeRead(name, endpoint["cursor"], endpoint["since"])
        config: RESTAPIConfig = {
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
                    "columns": {column: {"data_type": kind} for column, kind in endpoint["columns"].items()}
                    # Of an object that comes twice in one load, the newest version stays.
                    | {endpoint["cursor"]: {"data_type": "timestamp", "dedup_sort": "desc"}},
                    "endpoint": {
                        "path": name,
                        "data_selector": "data",
                        "params": {"limit": page_size},
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
        for resource in rest_api_resources(config):
            yield resource.add_step(ArrowPages(resource.table_name, endpoint["columns"]))


def load():
    """Load what changed at the vendor since the last load, and return its report."""
    from pipelines.load import load

    return load("saas", saas)


if __name__ == "__main__":
    from pipelines.command import run

    run(load)
