"""Consecutive loads: cursors in the future, restored objects, types that widen."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from exactly_once.errors import PipelineError
from pipelines import saas
from pipelines.environment import build_pipeline
from tests.support.api_platform import api, declare  # noqa: F401

YEAR = timedelta(days=365)


def at(offset: timedelta = timedelta()) -> str:
    return (datetime.now(UTC) + offset).isoformat().replace("+00:00", "Z")


def saved(name: str = "items") -> dict:
    return build_pipeline("saas").state["sources"]["saas"]["resources"][name]


@pytest.mark.slow
@pytest.mark.parametrize("windows", ["1", "4"])
@pytest.mark.parametrize("future", ["a year ahead", "9999-12-31T23:59:59.999999999Z"])
def test_an_object_from_the_future_hides_none_of_those_that_come_later(api, capsys, monkeypatch, future, windows):  # noqa: F811
    future = at(YEAR) if future == "a year ahead" else future
    monkeypatch.setenv("SOURCES__SAAS__WINDOWS", windows)
    monkeypatch.setenv("SOURCES__SAAS__LAG", "1")
    api.vendor.put("items", {"id": 0, "at": at(-timedelta(hours=1))}, {"id": 1000, "at": future})
    saas.load()
    assert api.values("id") == [0, 1000]
    said = capsys.readouterr().err
    assert "saas_items.at: 1 x a time that is later than the server's clock" in said
    assert "(first in id '1000')" in said
    for number in range(1, 6):
        api.vendor.put("items", {"id": number, "at": at()})
        assert saas.load().tables["saas_items"].in_lake <= 2
    assert api.values("id") == [0, 1, 2, 3, 4, 5, 1000]
    assert datetime.fromisoformat(saved()["incremental"]["at"]["last_value"]) < datetime.now(UTC)
    files = api.lake()
    assert saas.load().load_ids == []
    assert api.lake() == files
    api.vendor.objects["items"] = [text for text in api.vendor.objects["items"] if '"id": 1000' not in text]
    api.vendor.put("items", {"id": 1000, "at": future, "v": "changed"})
    saas.load()
    assert api.values("v", where="id = 1000") == ["changed"]


def test_a_saved_cursor_of_the_future_goes_back(api, monkeypatch):  # noqa: F811
    """A state as it was saved before: the cursor is that of an object a year ahead."""
    monkeypatch.setenv("SOURCES__SAAS__LAG", "1")
    api.vendor.put("items", {"id": 0, "at": at(-timedelta(hours=1))}, {"id": 1000, "at": at(YEAR)})
    saas.load()
    with build_pipeline("saas").managed_state(extract_state=True) as state:
        state["sources"]["saas"]["resources"]["items"]["incremental"]["at"]["last_value"] = at(YEAR)
        del state["sources"]["saas"]["resources"]["items"]["beyond"]
    api.vendor.put("items", {"id": 1, "at": at()})
    assert saas.load().tables["saas_items"].in_lake == 1
    assert api.values("id") == [0, 1, 1000]
    assert saas.load().load_ids == []


def test_the_servers_clock_counts_and_not_ours(api):  # noqa: F811
    """A server two days behind: what it sends of yesterday is of its future."""
    api.vendor.headers = {"Date": (datetime.now(UTC) - timedelta(days=2)).strftime("%a, %d %b %Y %H:%M:%S GMT")}
    api.vendor.put("items", {"id": 1, "at": at(-timedelta(days=3))}, {"id": 2, "at": at(-timedelta(days=1))})
    saas.load()
    reached = datetime.fromisoformat(saved()["incremental"]["at"]["last_value"])
    assert timedelta(days=2.9) < datetime.now(UTC) - reached < timedelta(days=3.1)
    api.vendor.headers = {"Date": None}  # no clock but ours
    saas.load()
    reached = datetime.fromisoformat(saved()["incremental"]["at"]["last_value"])
    assert datetime.now(UTC) - reached < timedelta(days=1.1)
    assert api.values("id") == [1, 2]


def test_objects_of_before_1970_come_with_the_first_load(api):  # noqa: F811
    times = ["0001-01-01T00:00:00Z", "1969-12-31T23:59:59Z", "2026-06-01T10:00:00Z"]
    api.vendor.put("items", *({"id": number, "at": text} for number, text in enumerate(times)))
    saas.load()
    assert api.values("id") == [0, 1, 2]
    assert saas.load().load_ids == []


def test_cursors_are_compared_as_times_and_not_as_text(api, monkeypatch):  # noqa: F811
    """As text 10:00:00Z is later than 10:00:00.5Z, and 23:00 in the west than 01:00Z of the next day."""
    monkeypatch.setenv("SOURCES__SAAS__LAG", "0")
    api.vendor.put("items", {"id": 1, "at": "2026-06-01T23:00:00-05:00"}, {"id": 2, "at": "2026-06-02T04:00:00.5Z"})
    saas.load()
    assert saved()["incremental"]["at"]["last_value"] == "2026-06-02T04:00:00.500000Z"
    api.vendor.put("items", {"id": 3, "at": "2026-06-02T04:00:00.6Z"})
    saas.load()
    assert api.values("id") == [1, 2, 3]


def test_a_state_that_dlt_wrote_goes_on(api):  # noqa: F811
    """As the resource was before it had a cursor of its own: dlt.sources.incremental, and no names in the state."""
    api.vendor.put("items", {"id": 1, "at": "2026-06-01T10:00:00Z", "userId": "a"})
    saas.load()
    pipeline = build_pipeline("saas")
    with pipeline.managed_state(extract_state=True) as state:
        resource = state["sources"]["saas"]["resources"]["items"]
        del resource["names"]
        assert set(resource["incremental"]["at"]) == {"initial_value", "last_value", "start_value", "unique_hashes"}
        resource["incremental"]["at"]["last_value"] = "2026-06-01T10:00:00Z"
    api.vendor.put("items", {"id": 2, "at": "2026-06-01T10:00:01Z", "userId": "b"})
    report = saas.load()
    assert report.tables["saas_items"].in_lake == 1
    assert api.values("user_id") == ["a", "b"], "an existing column keeps its field"


def test_an_object_that_one_listing_lacked_lives_again(api):  # noqa: F811
    declare("items", deletes="sweep", columns={"score": "double"})
    api.vendor.put(
        "items", *({"id": number, "at": f"2026-06-01T10:00:{number:02d}Z", "v": str(number)} for number in range(20))
    )
    saas.load()
    objects = api.vendor.objects["items"]
    api.vendor.put("items", {"id": 99, "at": "2026-06-02T10:00:00Z", "v": "late"})
    saas.load()  # the cursor is past the twenty now
    api.vendor.objects["items"] = [text for text in objects if json.loads(text)["id"] not in (3, 7)]
    saas.load()
    assert api.values("id", where="_deleted_at is not null") == [3, 7]
    api.vendor.objects["items"] = objects
    saas.load()
    assert api.values("id", where="_deleted_at is not null") == []
    assert api.values("v", where="id in (3, 7)") == ["3", "7"]
    assert saas.load().load_ids == []


def test_a_refused_endpoint_keeps_its_cursor_its_rows_and_its_deletes(api):  # noqa: F811
    declare("items", deletes="sweep")
    api.vendor.put("items", {"id": 1, "at": "2026-06-01T10:00:00Z"}, {"id": 2, "at": "2026-06-01T10:00:01Z"})
    saas.load()
    before = saved()
    good = api.vendor.objects["items"]
    api.vendor.objects["items"] = [good[0], '{"id":3,"at":"2026-06-03T10:00:00Z","v":NaN}']
    api.vendor.put("others", {"id": 1})
    saas.load()
    assert list(api.refused()) == ["items"]
    assert (api.values("id"), api.values("_deleted_at"), saved()) == ([1, 2], [None, None], before)
    assert api.values("id", "saas_others") == [1]
    api.vendor.objects["items"][1] = '{"id":3,"at":"2026-06-03T10:00:00Z","v":1}'
    saas.load()
    assert api.refused() == {}
    assert api.values("id", where="_deleted_at is null") == [1, 3]


def test_a_later_page_refuses_what_an_earlier_one_brought(api, monkeypatch):  # noqa: F811
    monkeypatch.setenv("SOURCES__SAAS__PAGE_SIZE", "1")
    api.vendor.put("items", {"id": 1, "v": 1}, {"id": 2, "v": "one"})
    saas.load()
    assert '"one" is text, and its column is a bigint' in api.refused()["items"].line
    assert api.lake("saas/saas_items") == []


WIDER = {
    "a fraction": ("1", "0.5", Decimal("0.5")),
    "beyond 64 bits": ("1", "18446744073709551615", Decimal(2**64 - 1)),
}


@pytest.mark.parametrize("case", WIDER)
def test_a_number_that_needs_more_widens_its_column(api, case):  # noqa: F811
    first, second, value = WIDER[case]
    declare("items", deletes="sweep")
    api.vendor.put("items", *(f'{{"id":{n},"at":"2026-06-01T10:00:00Z","score":{first}}}' for n in range(2)))
    saas.load()
    assert api.type("score") == "BIGINT"
    api.vendor.objects["items"] = [
        '{"id":0,"at":"2026-06-01T10:00:00Z","score":1}',
        f'{{"id":5,"at":"2026-06-02T10:00:00Z","score":{second}}}',
    ]
    saas.load()  # the row of the object that vanished has the column as it was
    assert api.refused() == {}
    assert api.type("score").startswith("DECIMAL(38,")
    assert api.values("score") == [1, 1, value]
    assert api.values("id", where="_deleted_at is not null") == [1]
    assert saas.load().load_ids == []


def test_a_type_that_does_not_widen_is_accepted_by_name(api, monkeypatch):  # noqa: F811
    api.vendor.put("items", {"id": 1, "v": 1}, {"id": 2, "v": 2})
    saas.load()
    api.vendor.objects["items"] = []
    api.vendor.put("items", {"id": 1, "v": "1"}, {"id": 2, "v": "2"}, {"id": 3, "v": "three"})
    saas.load()
    line = api.refused()["items"].line
    assert '"1" is text, and its column is a bigint' in line
    assert "python pipelines/saas.py --accept-type items.v" in line
    assert api.values("v") == [1, 2]
    monkeypatch.setenv("SOURCES__SAAS__ACCEPT_TYPE", '["items.v"]')
    saas.load()
    assert (api.refused(), api.type("v"), api.values("v")) == ({}, "VARCHAR", ["1", "2", "three"])
    monkeypatch.delenv("SOURCES__SAAS__ACCEPT_TYPE")
    assert saas.load().load_ids == []


def test_a_declared_type_that_is_another_than_the_columns_is_one_line(api):  # noqa: F811
    api.vendor.put("items", {"id": 1, "v": "a"})
    api.vendor.put("others", {"id": 1})
    saas.load()
    declare("items", columns={"v": "double"})
    api.vendor.put("items", {"id": 2, "v": 1})
    api.vendor.put("others", {"id": 2})
    saas.load()
    assert "saas_items.v: the column is text, and pipelines/saas.py declares double" in api.refused()["items"].line
    assert api.values("id", "saas_others") == [1, 2]


def test_another_cursor_begins_anew_and_another_key_is_refused(api, monkeypatch):  # noqa: F811
    objects = [
        {"id": number, "at": at(timedelta(hours=number - 9)), "then": at(-YEAR), "k": f"k{number}"} for number in (1, 2)
    ]
    api.vendor.put("items", *objects)
    declare("items", columns={"then": "timestamp"})
    saas.load()
    declare("items", cursor="then", columns={"at": "timestamp"})
    api.vendor.put("items", {"id": 3, "at": at(), "then": at(), "k": "k3"})
    for _ in range(2):
        assert saas.load().refused == []
    assert api.values("id") == [1, 2, 3]
    declare("items", cursor="then", key="k", columns={"at": "timestamp"})
    assert (
        "items: its key in pipelines/saas.py is k, and RAW was loaded by id: change the key back"
        in saas.load().refused[0].line
    )
    assert api.values("id") == [1, 2, 3]


@pytest.mark.parametrize("setting", ["LAG=-5", "LAG=nan", "PAGE_SIZE=0"])
def test_a_setting_out_of_range_reads_nothing(api, monkeypatch, setting):  # noqa: F811
    name, _, value = setting.partition("=")
    monkeypatch.setenv(f"SOURCES__SAAS__{name}", value)
    with pytest.raises(PipelineError, match=f"SOURCES__SAAS__{name} is"):
        saas.load()
