"""How often deletes are looked for: declared, or by the size of a table, and now where a person says so."""

import shutil
from datetime import UTC, datetime, timedelta

import pytest

from exactly_once.errors import PipelineError
from exactly_once.incremental.delete_schedule import DeleteSchedule, default_seconds
from exactly_once.postgres.tables.spec import Table
from exactly_once.rest_api.spec import Endpoint
from pipelines.postgres import load
from tests.support.compare import assert_raw_equals_source
from tests.support.tables import declare

CONTACTS = {"key": "contact_id", "cursor": "updated_at", "deletes": "sweep"}
MARKED = "select count(*) from RAW.POSTGRES_CONTACTS where _deleted_at is not null"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [(None, None), (0, 0.0), (90, 90.0), ("90s", 90.0), ("30m", 1800.0), ("6 h", 21600.0), ("1d", 86400.0)],
)
def test_an_interval_is_seconds_or_a_text(value, seconds):
    assert Table("orders", key="id", cursor=None, deletes="sweep", deletes_every=value).deletes_every == seconds
    assert Endpoint("orders", key="id", cursor=None, deletes="sweep", deletes_every=value).deletes_every == seconds


@pytest.mark.parametrize(
    "value", ["daily", "1 day", "h", "", "-1h", "\u0661h", True, [1], float("nan"), -1, "367d", 1e12]
)
def test_a_wrong_interval_is_refused_with_what_to_say(value):
    for kind in (Table, Endpoint):
        with pytest.raises(PipelineError, match=r"deletes_every=.* is .*; say seconds, or a text like"):
            kind("orders", key="id", cursor=None, deletes="sweep", deletes_every=value)


def test_an_interval_without_a_comparison_is_refused():
    with pytest.raises(PipelineError, match="is for deletes=\"sweep\", and it has deletes='none': take it out"):
        Table("orders", key="id", cursor=None, deletes="none", deletes_every="1d")


def test_the_default_grows_with_the_size_up_to_a_day():
    assert default_seconds(10, 10) == 0
    assert default_seconds(0, 10) == 0
    assert default_seconds(20, 10) == 7_200
    assert default_seconds(240, 10) == default_seconds(1e9, 10) == 86_400


def test_a_comparison_is_due_when_its_time_has_passed_or_a_person_says_so():
    state, hour = {}, DeleteSchedule(lambda: state, lambda: 3_600.0)
    assert hour.is_due()
    for minutes, is_due in ((1, False), (50, False), (55, True), (600, True), (-5, True)):  # the clock was set back
        hour.save(datetime.now(UTC) - timedelta(minutes=minutes))
        assert hour.is_due() == is_due
    hour.save(datetime.now(UTC))
    assert DeleteSchedule(lambda: state, lambda: 3_600.0, is_forced=True).is_due()
    each = DeleteSchedule(lambda: state, lambda: 0.0)
    assert each.is_due()
    each.save(datetime.now(UTC))
    assert state == {}, "a table that each load compares would make a load of a state alone each time"


@pytest.mark.slow
@pytest.mark.usefixtures("few_tables")
def test_deletes_are_found_when_they_are_due(platform, monkeypatch):
    declare(monkeypatch, Table("contacts", **CONTACTS, deletes_every="1d"))
    load()
    platform.source("delete from contacts where contact_id = 60")
    platform.source("update accounts set account_name = 'changed' where account_id = 7")
    load()
    assert platform.raw(MARKED) == [(0,)]
    before = loads(platform)
    load()
    assert loads(platform) == before, "a load that compares nothing writes nothing"
    monkeypatch.setenv("SOURCES__POSTGRES__DELETES_NOW", '["contacts"]')
    load()
    assert platform.raw(MARKED) == [(1,)]
    assert_raw_equals_source(platform)
    monkeypatch.delenv("SOURCES__POSTGRES__DELETES_NOW")
    declare(monkeypatch, Table("contacts", **CONTACTS, deletes_every=0))
    platform.source("delete from contacts where contact_id = 80")
    load()
    assert platform.raw(MARKED) == [(2,)]


@pytest.mark.slow
@pytest.mark.usefixtures("few_tables")
def test_refused_deletes_stay_due(platform, monkeypatch):
    declare(monkeypatch, Table("contacts", **CONTACTS, deletes_every="1d"))
    load()
    platform.source("delete from contacts where contact_id % 40 = 0")
    monkeypatch.setenv("SOURCES__POSTGRES__DELETES_NOW", '["all"]')
    assert load().refused
    monkeypatch.delenv("SOURCES__POSTGRES__DELETES_NOW")
    monkeypatch.setenv("SOURCES__POSTGRES__ACCEPT_DELETES", '["contacts"]')
    assert not load().refused, "who accepts deletes wants them found now"
    assert platform.raw(MARKED)[0][0] > 100
    assert_raw_equals_source(platform)


@pytest.mark.slow
@pytest.mark.usefixtures("few_tables")
def test_a_comparison_without_a_difference_is_remembered_when_its_load_lands(platform, monkeypatch):
    """The state of a load that found nothing lands without rows; a load on another machine's disk knows it."""
    declare(monkeypatch, Table("contacts", **CONTACTS, deletes_every="1d"))
    load()
    monkeypatch.setenv("SOURCES__POSTGRES__DELETES_NOW", '["all"]')
    before = loads(platform)
    load()
    assert loads(platform) == before + 1
    monkeypatch.delenv("SOURCES__POSTGRES__DELETES_NOW")
    shutil.rmtree(platform.data_dir / "dlt")
    platform.source("delete from contacts where contact_id = 60")
    load()
    assert platform.raw(MARKED) == [(0,)]


def loads(platform) -> int:
    """Return how many loads RAW has seen."""
    return platform.raw("select count(*) from RAW._dlt_loads")[0][0]
