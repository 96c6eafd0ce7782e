"""Small histories that chance meets too rarely: models are built by name, and loads are cut off between tables."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tests.history.dbt_process import Fault
from tests.history.raw import Load
from tests.history.warehouse import Warehouse

BEGIN = datetime(2026, 3, 1, tzinfo=UTC)
STAMPS = {"created_at": BEGIN, "updated_at": BEGIN}


def fact_refreshed_before_a_run(warehouse: Warehouse) -> None:
    """The fact is refreshed by name before a run has seen that an event moved to another message."""
    _event(warehouse, "e2", "m2", day=1)
    warehouse.build([_model("fct_email_events")], "--full-refresh")
    warehouse.build()


def fact_built_after_a_failed_list(warehouse: Warehouse) -> None:
    """The list of touched messages fails, and the fact is built by name."""
    _event(warehouse, "e2", "m2", day=1)
    warehouse.build(fault=Fault(_model("int_touched_messages"), "before"))
    warehouse.build([_model("fct_email_events")])
    warehouse.build()


def messages_built_after_failed_days(warehouse: Warehouse) -> None:
    """The list of touched days fails while a message moves to another day, and its fact is built by name."""
    _event(warehouse, "e8", "m1", day=-40)
    warehouse.build(fault=Fault(_model("int_touched_days"), "before"))
    warehouse.build([_model("fct_messages")])
    warehouse.build()


def suppression_after_the_events_of_its_load(warehouse: Warehouse) -> None:
    """A load is cut off after its events, dbt runs by hand, and the load goes on with its suppressions."""
    _event(warehouse, "e9", "m9", day=3, is_complete=False)
    warehouse.build()
    warehouse.merge(Load(_load_id(warehouse.turn - 1), "saas", {"saas_suppressions": [SUPPRESSION]}))
    warehouse.build()


def suppression_of_a_load_that_is_never_complete(warehouse: Warehouse) -> None:
    """A load is cut off after its suppressions."""
    load = Load(_load_id(warehouse.turn), "saas", {"saas_suppressions": [SUPPRESSION]}, is_complete=False)
    warehouse.merge(load)
    warehouse.build()


STORIES: dict[str, Callable[[Warehouse], None]] = {
    story.__name__: story
    for story in (
        fact_refreshed_before_a_run,
        fact_built_after_a_failed_list,
        messages_built_after_failed_days,
        suppression_after_the_events_of_its_load,
        suppression_of_a_load_that_is_never_complete,
    )
}


def live(warehouse: Warehouse, name: str) -> None:
    """Begin with two messages, one of them opened, and go through a story."""
    account = STAMPS | {"account_id": 1, "account_name": "Account", "account_status": "active", "region": "eu"}
    campaign = STAMPS | {"campaign_id": 1, "account_id": 1, "sending_domain": "a.example", "status": "sent"}
    warehouse.merge(Load(_load_id(0), "postgres", {"postgres_accounts": [account]}))
    events = [_row("e0", "m1", "processed"), _row("e1", "m2", "processed"), _row("e2", "m1", "open", day=1)]
    warehouse.merge(Load(_load_id(1), "saas", {"saas_email_events": events, "saas_campaigns": [campaign]}))
    warehouse.build_everything()
    STORIES[name](warehouse)


SUPPRESSION = STAMPS | {"suppression_id": "s1", "account_id": 1, "contact_id": 1, "reason": "unsubscribe",
    "is_active": True, "created_at": BEGIN - timedelta(days=1)}  # fmt: skip


def _event(warehouse: Warehouse, event: str, message: str, day: int, *, is_complete: bool = True) -> None:
    row = _row(event, message, "open" if event == "e2" else "processed", day)
    load = Load(_load_id(warehouse.turn), "saas", {"saas_email_events": [row]}, is_complete)
    warehouse.merge(load)


def _row(event: str, message: str, kind: str, day: int = 0) -> dict:
    return {"event_id": event, "event_type": kind, "message_id": message, "campaign_id": 1, "account_id": 1,
        "contact_id": 1, "occurred_at": BEGIN + timedelta(days=day), "received_at": BEGIN}  # fmt: skip


def _load_id(turn: int) -> str:
    return f"{1_700_000_000 + turn}.000001"


def _model(name: str) -> str:
    return f"model.mailblaze.{name}"
