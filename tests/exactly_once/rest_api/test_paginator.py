"""Faults of the API, through the real source: the load is complete, or it fails and the next one is."""

import shutil
import sqlite3

import httpx
import pytest
from dlt.pipeline.exceptions import PipelineStepFailed
from dlt.sources.rest_api import rest_api_source
from requests import Response

from exactly_once.errors import TableError, is_transient, user_message
from exactly_once.rest_api.paginator import ValidatingPaginator
from exactly_once.rest_api.paging import Paging, StrictCursorPaginator
from exactly_once.rest_api.spec import Endpoint
from exactly_once.rest_api.transport.read_errors import InvalidResponse, PaginationError
from exactly_once.rest_api.transport.retry_after import retry_after
from mock_services.saas import store
from mock_services.saas.app import create_app
from mock_services.saas.faults import random_faults
from pipelines.environment import build_pipeline
from pipelines.saas import load
from tests.pipelines.test_saas import assert_raw_equals_api
from tests.support.platform import TOKEN, Platform, empty_bucket, serve

PAGE_SIZE = 25  # the tiny store has 8 pages of events


@pytest.fixture(scope="module")
def tiny_store(small_store, tmp_path_factory):
    path = tmp_path_factory.mktemp("saas-tiny") / "store.sqlite"
    shutil.copy(small_store, path)
    with sqlite3.connect(path) as connection:
        for table, kept in (("email_events", 200), ("suppressions", 60), ("campaigns", 30)):
            connection.execute(
                f"delete from {table} where sequence > (select sequence from {table} order by sequence limit 1"
                f" offset {kept - 1})"
            )
    return path


@pytest.fixture
def platform(tiny_store, s3_server, tmp_path, monkeypatch):
    """A `ci` platform whose only source is the API over a tiny store, and whose pauses are short."""
    saas_store, data_dir = tmp_path / "store.sqlite", tmp_path / "data"
    shutil.copy(tiny_store, saas_store)
    data_dir.mkdir()
    monkeypatch.setenv("MAILBLAZE_ENV", "ci")
    monkeypatch.setenv("MAILBLAZE_DATA_DIR", str(data_dir))
    monkeypatch.setenv("SOURCES__SAAS__PAGE_SIZE", str(PAGE_SIZE))
    monkeypatch.setenv("SOURCES__SAAS__WINDOWS", "1")  # so that requests have numbers; test_side_by_side.py has more
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.001")
    with serve(create_app(saas_store, TOKEN, requests_per_second=10_000)) as url:
        platform = Platform(data_dir, "", saas_store, url, s3_server)
        empty_bucket(platform)
        platform.write_services()
        yield platform


def break_it(platform, *faults: dict) -> None:
    script = [{"collection": "email_events", "request": 3, **fault} for fault in faults]
    httpx.put(f"{platform.saas_url}/mock/faults", json=script).raise_for_status()


def fired(platform) -> list[dict]:
    return httpx.get(f"{platform.saas_url}/mock/faults").json()["fired"]


def refusal() -> tuple[str, bool]:
    """Load, which must fail; return its one line and whether the same run may succeed later."""
    with pytest.raises(PipelineStepFailed) as failure:
        load()
    return user_message(failure.value), is_transient(failure.value)


SURVIVED = [
    {"kind": "repeated_page"},
    {"kind": "empty_page", "times": 3},
    {"kind": "error_200"},
    {"kind": "truncated"},
    {"kind": "cut_body", "times": 2},
    {"kind": "reset", "times": 4},
    {"kind": "server_error", "times": 3},
    {"kind": "rate_limited", "retry_after": 1},
    {"kind": "rate_limited", "retry_after": 1, "as_date": True},
    {"kind": "expired_cursor"},
]


@pytest.mark.parametrize("fault", SURVIVED, ids=lambda fault: fault["kind"])
def test_a_fault_in_the_middle_is_survived(platform, fault):
    break_it(platform, fault)
    load()
    assert_raw_equals_api(platform)
    assert len(fired(platform)) == fault.get("times", 1)
    assert not any(each.get("early") for each in fired(platform))


def test_cursors_that_expire_again_and_again_are_survived_while_the_read_goes_on(platform):
    break_it(platform, {"kind": "expired_cursor", "times": 4})
    load()
    assert_raw_equals_api(platform)
    assert len(fired(platform)) == 4


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(2))
def test_a_storm_of_faults_is_survived_or_fails_whole(platform, seed):
    httpx.put(f"{platform.saas_url}/mock/faults", json=random_faults(seed, 12)).raise_for_status()
    line = None
    try:
        load()
    except PipelineStepFailed as error:
        line = user_message(error) or repr(error)
    if line is not None:
        assert line.startswith("The SaaS API's ")
        assert platform.lake() == []
        break_it(platform)
        load()
    assert_raw_equals_api(platform)


FATAL = [
    ({"kind": "out_of_order"}, "page 4: objects are not in the order of received_at, so that a page may be missing."),
    ({"kind": "repeated_page", "times": 99}, "page 3: a page came twice."),
    ({"kind": "error_200", "times": 99}, "page 3: the API answered 200 with an error in it."),
    ({"kind": "truncated", "times": 99}, "page 3: the answer is no JSON, or broke off."),
    ({"kind": "cut_body", "times": 99}, "page 3: the connection broke off."),
    ({"kind": "reset", "times": 99}, "page 3: the connection broke off."),
    ({"kind": "server_error", "status": 502, "times": 99}, "page 3: the API answered 502 Bad Gateway."),
    ({"kind": "rate_limited", "retry_after": 0, "times": 99}, "page 3: the API answered 429 Too Many Requests."),
    ({"kind": "empty_page", "times": 101}, "page 103: more than 100 pages in a row are empty."),
]


@pytest.mark.slow
def test_a_fault_that_stays_fails_the_load_moves_nothing_and_the_next_load_is_whole(platform, tiny_store):
    with sqlite3.connect(platform.saas_store) as connection:
        connection.execute(
            "delete from email_events where moment > (select moment from email_events order by moment limit 1 offset 9)"
        )
    load()
    with sqlite3.connect(platform.saas_store) as connection:
        connection.execute("attach ? as vendor", (str(tiny_store),))
        connection.execute("insert or ignore into email_events select * from vendor.email_events")
    raw_before, lake_before = counts(platform), platform.lake()
    state_before = build_pipeline("saas").state["sources"]
    for fault, reason in FATAL:
        break_it(platform, fault)
        line, is_worth_retrying = refusal()
        assert line == (
            f"The SaaS API's email_events, {reason} Nothing was loaded and no cursor moved: run again later."
        )
        assert is_worth_retrying, fault
        assert len(fired(platform)) in (1, 5, 101), "tried as often as dlt's settings say, or once where it is no use"
        assert (counts(platform), platform.lake()) == (raw_before, lake_before), fault
        assert build_pipeline("saas").state["sources"] == state_before, fault
    break_it(platform)
    load()
    assert_raw_equals_api(platform)


def counts(platform) -> list[tuple]:
    return [platform.raw(f"select count(*) from RAW.SAAS_{name}") for name in store.COLLECTIONS]


def test_a_wait_that_is_too_long_is_refused_and_not_tried_again(platform):
    break_it(platform, {"kind": "rate_limited", "retry_after": 301})
    line, is_worth_retrying = refusal()
    assert line.startswith("The SaaS API's email_events, page 3: it asks to wait 301 s, and a run waits 300 s at most.")
    assert not is_worth_retrying
    assert platform.lake() == []


def test_a_cursor_that_expires_before_anything_new_comes_fails(platform, monkeypatch):
    monkeypatch.setenv("SOURCES__SAAS__PAGE_SIZE", "1")
    break_it(platform, {"kind": "expired_cursor"})
    assert "its cursor expired, and once more before anything new had come" in refusal()[0]
    assert platform.lake() == []


def test_dlt_alone_takes_an_error_in_a_200_for_the_end_of_the_read(platform):
    break_it(platform, {"kind": "error_200"})
    alone = rest_api_source(
        {
            "client": {
                "base_url": f"{platform.saas_url}/v1/",
                "auth": {"type": "bearer", "token": TOKEN},
                "paginator": {"type": "cursor", "cursor_path": "next_cursor", "cursor_param": "cursor"},
            },
            "resources": [
                {"name": "email_events", "endpoint": {"params": {"limit": PAGE_SIZE}, "data_selector": "data"}}
            ],
        }
    )
    assert len(list(alone)) == 2 * PAGE_SIZE  # of 200, and no error


@pytest.mark.parametrize(
    ("body", "error"),
    [
        ('{"data": [], "next_cursor": "c", "has_more": false}', InvalidResponse),
        ('{"data": [], "next_cursor": null, "has_more": true}', InvalidResponse),
        ('{"data": [], "next_cursor": null}', InvalidResponse),
        ('{"data": null, "next_cursor": null, "has_more": false}', InvalidResponse),
        ("[]", InvalidResponse),
        ('{"data": [{"id": 1}], "next_cursor": null, "has_more": false}', TableError),
        ('{"data": [{"id": 1, "at": "2026-01-01T00:00:00"}], "next_cursor": null, "has_more": false}', TableError),
        ('{"data": [{"at": "2026-01-01T00:00:00Z"}], "next_cursor": null, "has_more": false}', TableError),
        (
            '{"data": [{"at": "2026-01-01T00:00:00Z"}, {"at": "2026-01-01T00:00:00+01:00"}], '
            '"next_cursor": null, "has_more": false}',
            PaginationError,
        ),
    ],
)
def test_an_answer_that_is_no_page_is_refused(body, error):
    answer = Response()
    answer.status_code, answer._content = 200, body.encode()
    things = Endpoint("things", key="id", cursor="at", since="after", deletes="none")
    with pytest.raises(error):
        ValidatingPaginator(things, Paging(StrictCursorPaginator())).validate_response(answer)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "7"}, 7),
        ({"Retry-After": "1.2"}, 2),
        ({"Retry-After": "-1"}, 0),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "inf"}, None),
        ({}, None),
        ({"Retry-After": "Fri, 01 Jan 2027 00:00:09 GMT", "Date": "Fri, 01 Jan 2027 00:00:00 GMT"}, 9),
        ({"Retry-After": "Fri, 01 Jan 2027 01:00:09 +0100", "Date": "Fri, 01 Jan 2027 00:00:00 GMT"}, 9),
        ({"Retry-After": "Fri, 01 Jan 2021 00:00:09 GMT"}, 0),
    ],
)
def test_retry_after_is_seconds_or_a_date_by_the_vendors_clock(headers, seconds):
    assert retry_after(headers) == seconds
