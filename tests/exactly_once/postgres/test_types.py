"""Times without a zone, and types that change: what holds every value of both, and what is refused."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from exactly_once.destinations.column_changes import ACCEPTED, ZONE
from exactly_once.errors import TableError
from exactly_once.postgres.cursor_window import wall_clock
from exactly_once.postgres.tables.spec import Table
from exactly_once.postgres.tables.widening import NUMERIC, changed_types, widened
from pipelines.postgres import INFO

BIGINT, DOUBLE, TEXT = {"data_type": "bigint"}, {"data_type": "double"}, {"data_type": "text"}
ANY_NUMBER = {"data_type": "text", NUMERIC: True}
AT, PLAIN = {"data_type": "timestamp", "timezone": True}, {"data_type": "timestamp", "timezone": False}


def decimal(precision: int, scale: int) -> dict:
    return {"data_type": "decimal", "precision": precision, "scale": scale}


@pytest.mark.parametrize("zone", ["America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC", "Asia/Kolkata"])
def test_a_bound_of_a_local_cursor_never_skips_a_row(zone):
    """Postgres reads an ambiguous local time as the later one: a row below the bound is below the instant."""
    place = ZoneInfo(zone)
    for hours in range(0, 24 * 366, 1):
        moment = datetime(2026, 1, 1, 0, 17, tzinfo=UTC) + timedelta(hours=hours)
        bound = wall_clock(moment, place)
        written = moment.astimezone(place).replace(tzinfo=None)
        assert bound <= written  # what is written from now on is not below it
        taken = bound.replace(tzinfo=place, fold=1).astimezone(UTC)
        before = (bound - timedelta(microseconds=1)).replace(tzinfo=place, fold=1).astimezone(UTC)
        assert before < moment <= max(taken, moment)
    assert wall_clock(datetime(2026, 11, 1, 5, 30, tzinfo=UTC), ZoneInfo("America/New_York")) == datetime(
        2026, 11, 1, 1
    )


@pytest.mark.parametrize(
    ("old", "new", "both"),
    [
        (decimal(10, 2), decimal(14, 4), decimal(14, 4)),
        (decimal(14, 4), decimal(10, 2), decimal(14, 4)),
        (decimal(10, 2), decimal(10, 4), decimal(12, 4)),
        (BIGINT, decimal(10, 2), decimal(21, 2)),
        (decimal(38, 0), decimal(38, 10), ANY_NUMBER),
        (BIGINT, ANY_NUMBER, ANY_NUMBER),
        (ANY_NUMBER, decimal(10, 2), ANY_NUMBER),
        (BIGINT, DOUBLE, None),
        (BIGINT, TEXT, None),
        (TEXT, BIGINT, None),
        (AT, PLAIN, None),
    ],
)
def test_the_type_that_holds_both(old, new, both):
    assert widened(old, new) == both


CONTACTS = Table("contacts", key="contact_id", cursor=None, deletes="none")


def test_another_type_is_refused_with_both_and_accepted_once():
    raw, new = {"score": TEXT}, {"score": BIGINT}
    with pytest.raises(TableError) as refused:
        changed_types(CONTACTS, INFO, raw, new)
    assert "contacts.score: RAW has text and the source now has bigint" in str(refused.value)
    assert "python pipelines/postgres.py --accept-type contacts.score" in str(refused.value)
    assert changed_types(CONTACTS, INFO, raw, new, ["score"])["score"][ACCEPTED]
    # The next change is another one.
    had = {"score": BIGINT | {ACCEPTED: True}}
    assert changed_types(CONTACTS, INFO, had, new)["score"] == {"name": "score", ACCEPTED: False}


def test_a_time_that_gets_a_zone_asks_which():
    with pytest.raises(TableError, match='zone="Europe/Berlin" for contacts'):
        changed_types(CONTACTS, INFO, {"at": PLAIN}, {"at": AT}, ["at"])
    berlin = replace(CONTACTS, zone="Europe/Berlin")
    assert changed_types(berlin, INFO, {"at": PLAIN}, {"at": AT}, ["at"])["at"][ZONE] == "Europe/Berlin"
