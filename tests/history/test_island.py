"""The histories hold what they claim, and a difference is reported with its island."""

from itertools import pairwise

import duckdb
import pytest

from tests.history.island import Island
from tests.history.story import Settings, turns
from tests.history.tables import Table, compare, keep, restore

LOADS = 6


@pytest.fixture(scope="module")
def histories() -> list[list[dict]]:
    """Return the loads of each of 50 islands."""
    islands = [Island(1, number) for number in range(50)]
    return [[island.load() for _ in range(LOADS)] for island in islands]


def versions(loads: list[dict]) -> dict[str, list[dict]]:
    """Return the versions of each event of a history, in their order."""
    found: dict[str, list[dict]] = {}
    for rows in loads:
        for event in rows.get("saas_email_events", []):
            found.setdefault(event["event_id"], []).append(event)
    return found


@pytest.mark.parametrize("column", ["event_type", "is_machine_open", "bounce_type", "mailbox_provider", "contact_id",
    "account_id", "campaign_id", "message_id"])  # fmt: skip
def test_events_are_corrected_in_everything_but_their_time(histories, column):
    events = [event for loads in histories for event in versions(loads).values()]
    assert sum(len({each[column] for each in event}) > 1 for event in events) > 10
    assert all(len({each["occurred_at"] for each in event}) == 1 for event in events)


@pytest.mark.parametrize("column", ["campaign_id", "account_id", "contact_id", "mailbox_provider"])
def test_some_events_name_no_campaign_account_contact_or_provider(histories, column):
    assert sum(event[-1][column] is None for loads in histories for event in versions(loads).values()) > 10


def test_some_messages_lose_their_last_event_and_some_share_their_id(histories):
    emptied, shared = 0, 0
    for loads in histories:
        events = versions(loads).values()
        names = {(each["campaign_id"], each["message_id"]) for event in events for each in event}
        left = {(event[-1]["campaign_id"], event[-1]["message_id"]) for event in events}
        emptied += len(names - left)
        shared += len(left) - len({message for _, message in left})
    assert emptied > 50
    assert shared > 50


def test_some_events_are_a_year_late_and_some_dimension_rows_never_come(histories):
    events = [event[0] for loads in histories for event in versions(loads).values()]
    assert sum((event["received_at"] - event["occurred_at"]).days > 360 for event in events) > 10
    came = {row["campaign_id"] for loads in histories for rows in loads for row in rows.get("saas_campaigns", [])}
    assert sum(event["campaign_id"] not in {None, *came} for event in events) > 50


def test_suppressions_are_dated_back_lifted_again_reactivated_and_deleted(histories):
    seen = set()
    for loads in histories:
        found: dict[str, list[dict]] = {}
        for row in (row for rows in loads for row in rows.get("saas_suppressions", [])):
            found.setdefault(row["suppression_id"], []).append(row)
        for rows in found.values():
            pairs = {(one["is_active"], other["is_active"]) for one, other in pairwise(rows)}
            seen |= pairs | {"deleted" for row in rows if row["_deleted_at"]}
            seen |= {"dated back" for row in rows if (row["updated_at"] - row["created_at"]).days > 300}
    assert seen == {(True, False), (False, False), (False, True), (True, True), "deleted", "dated back"}


def test_an_island_has_the_same_history_with_and_without_the_others():
    def events(settings: Settings) -> list[str]:
        loads = [load for turn in turns(7, settings) for load in [*turn.loads, *turn.completed]]
        rows = [row for load in loads for row in load.rows.get("saas_email_events", [])]
        return sorted(row["event_id"] for row in rows if row["event_id"].startswith("i003-"))

    assert events(Settings()) == events(Settings(only=frozenset([3]))) != []


def test_a_difference_names_its_islands_and_rows(tmp_path):
    warehouse = tmp_path / "warehouse.duckdb"
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("create schema MART; create table MART.fct (message_id text, campaign_id bigint)")
        connection.execute(
            "insert into MART.fct values ('i007-m1', 1007002), ('i012-m1', 1012001), ('i012-m1', 1012001)"
        )
    table = Table("model.fct", "MART", "fct", is_incremental=True)
    keep(warehouse, [table], "BEFORE")
    assert not compare(warehouse, [table], "BEFORE")[0].differing
    with duckdb.connect(str(warehouse)) as connection:
        connection.execute("update MART.fct set campaign_id = 1007003 where message_id = 'i007-m1'")
        connection.execute(
            "delete from MART.fct where message_id = 'i012-m1'; insert into MART.fct values ('i012-m1', 1012001)"
        )
    found = compare(warehouse, [table], "BEFORE")[0]
    assert (found.rows, found.differing, found.islands) == (2, 3, (7, 12))
    assert found.shown == (
        "grown: message_id=i007-m1, campaign_id=1007002",
        "refreshed: message_id=i007-m1, campaign_id=1007003",
    )
    assert restore(warehouse, table, "BEFORE")
    assert not compare(warehouse, [table], "BEFORE")[0].differing
    assert not restore(warehouse, table, "BEFORE")  # the same number of rows: nobody could notice
