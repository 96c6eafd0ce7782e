"""Parallel time windows: the same objects as a sequential read, each once, or an error."""

import json
import sqlite3
import threading
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from exactly_once.errors import user_message
from exactly_once.rest_api.time_windows import ParallelTimeWindows, TimeWindow
from exactly_once.rest_api.transport.rate_limiter import AdaptiveRateLimiter
from mock_services.saas.app import create_app
from pipelines.saas import load
from tests.pipelines.test_saas import assert_raw_equals_api
from tests.support.platform import TOKEN, serve
from tools.bench.counting_api import Counted

BEGINNING = "1970-01-01T00:00:00Z"
START = datetime(2026, 1, 1, tzinfo=UTC)


class Vendor:
    """Objects in the order of their times, some of which tie, some doubled; pages of ten."""

    def __init__(self, moments: list[float], breaks_after: float | None = None) -> None:
        times = sorted(START + timedelta(seconds=seconds) for seconds in moments)
        self.objects = [{"id": number, "at": at.isoformat()} for number, at in enumerate(times)]
        self.asked: list[str] = []
        self.breaks_after = START + timedelta(seconds=breaks_after) if breaks_after is not None else None
        self.together = threading.Barrier(2, timeout=10)

    def pages(self, since: str):
        self.asked.append(since)
        later = [item for item in self.objects if datetime.fromisoformat(item["at"]) > datetime.fromisoformat(since)]
        for start in range(0, max(1, len(later)), 10):
            page = later[start : start + 10]
            if self.breaks_after and page and datetime.fromisoformat(page[-1]["at"]) > self.breaks_after:
                raise OSError("the connection broke off")
            yield page


def evenly(count: int) -> list[float]:
    return [float(n) for n in range(count)]


SHAPES = {
    "even": evenly(2_000),
    "ties everywhere": [float(n // 25) for n in range(2_000)],
    "all at once": [5.0] * 300,
    "a cluster at each end": [n / 1_000 for n in range(800)] + [1e6 + n / 1_000 for n in range(800)],
    "a cluster in the middle": [0.0, *(5e5 + n / 1_000 for n in range(1_500)), 1e6],
    "two": [0.0, 1.0],
    "none": [],
}


@pytest.mark.parametrize("most", [1, 2, 7])
@pytest.mark.parametrize("shape", SHAPES)
def test_each_object_comes_once_however_they_lie(shape, most):
    vendor = Vendor(SHAPES[shape])
    read = ParallelTimeWindows(vendor.pages, "at", most, 10, AdaptiveRateLimiter()).read(BEGINNING)
    found = [item["id"] for page in read for item in page]
    assert sorted(found) == [item["id"] for item in vendor.objects]
    assert vendor.asked[0] == BEGINNING


def test_a_window_gives_its_later_half_away_and_keeps_what_ties_with_the_border():
    window = TimeWindow(START, None, START)
    page = [{"at": (START + timedelta(seconds=n)).isoformat()} for n in range(1, 11)]
    assert window.take(page, "at") == page
    now = START + timedelta(seconds=30)
    assert window.objects_left(now) == pytest.approx(20)
    given = window.split(now)
    assert (window.until, given.since, given.until) == (START + timedelta(seconds=20), window.until, None)
    page = [{"at": (START + timedelta(seconds=n)).isoformat()} for n in (19, 20, 20, 20.000001, 21)]
    assert [item["at"] for item in window.take(page, "at")] == [item["at"] for item in page[:3]]
    assert window.is_done


def test_windows_are_divided_only_where_it_pays():
    vendor = Vendor(evenly(2_000))
    bound = AdaptiveRateLimiter()
    bound.is_throttling = True
    list(ParallelTimeWindows(vendor.pages, "at", 4, 10, bound).read(BEGINNING))
    assert len(vendor.asked) == 1  # the quota binds: a border would cost a request
    few = Vendor(evenly(10))
    list(ParallelTimeWindows(few.pages, "at", 4, 10, AdaptiveRateLimiter()).read(BEGINNING))
    assert len(few.asked) == 1


def test_an_error_in_one_window_ends_the_read():
    vendor = Vendor(evenly(5_000), breaks_after=4_000)
    read = ParallelTimeWindows(vendor.pages, "at", 4, 10, AdaptiveRateLimiter()).read(BEGINNING)
    with pytest.raises(OSError, match="broke off"):
        list(read)


def test_who_stops_to_iterate_leaves_no_thread_at_work():
    vendor = Vendor(evenly(50_000))
    before = set(threading.enumerate())
    read = ParallelTimeWindows(vendor.pages, "at", 4, 10, AdaptiveRateLimiter()).read(BEGINNING)
    for _ in range(5):
        next(read)
    read.close()
    for thread in set(threading.enumerate()) - before:
        thread.join(10)
        assert not thread.is_alive()


@pytest.fixture
def divided(monkeypatch):
    monkeypatch.setattr("exactly_once.rest_api.time_windows.MIN_PAGES_TO_SPLIT", 1)
    monkeypatch.setenv("SOURCES__SAAS__PAGE_SIZE", "50")


def test_a_load_over_several_windows_brings_every_object_once(platform, divided):
    with serve(Counted(create_app(platform.saas_store, TOKEN, requests_per_second=10_000))) as url:
        platform.write_services(saas_url=url)
        with sqlite3.connect(platform.saas_store) as connection:  # many tie at one time
            body = connection.execute("select body from email_events order by moment limit 1 offset 3000").fetchone()[0]
            at, moment = json.loads(body)["received_at"], "(select moment from email_events where body = ?)"
            connection.execute(
                f"update email_events set body = json_set(body, '$.received_at', ?), moment = {moment} "
                "where sequence in (select sequence from email_events order by moment limit 200 offset 2900)",
                (at, body),
            )
        load()
        assert_raw_equals_api(platform)
        first = httpx.get(f"{url}/counts").json()["200"]
        assert load().load_ids == []
        assert httpx.get(f"{url}/counts").json()["200"] - first < first / 3


@pytest.mark.slow
def test_a_fault_in_one_window_loads_nothing_and_moves_no_cursor(platform, divided, monkeypatch):
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.001")
    fault = {"collection": "email_events", "request": 40, "kind": "error_200", "times": 99}
    with serve(create_app(platform.saas_store, TOKEN, requests_per_second=10_000, faults=[fault])) as url:
        platform.write_services(saas_url=url)
        with pytest.raises(PipelineStepFailed) as failure:
            load()
        assert "the API answered 200 with an error in it" in user_message(failure.value)
        assert platform.lake("saas/") == []
        httpx.put(f"{url}/mock/faults", json=[]).raise_for_status()
        load()
    assert_raw_equals_api(platform)
