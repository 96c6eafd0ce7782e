"""The SaaS API source end to end: HTTP on a port, an S3 API, DuckDB."""

import json
import shutil
import sqlite3
from pathlib import Path

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from exactly_once.errors import user_message
from exactly_once.rest_api.key_listing import iter_sorted_keys
from exactly_once.rest_api.transport.read_errors import PaginationError
from exactly_once.table_guard import read_refused
from mock_services.saas import store
from mock_services.saas.app import create_app
from mock_services.saas.content.events import iso
from pipelines import saas
from pipelines.environment import build_pipeline
from pipelines.saas import load
from tests.support.platform import TOKEN, serve

ENDPOINTS = {endpoint.name: endpoint for endpoint in saas.ENDPOINTS}
OUT_OF_ORDER = {"collection": "suppressions", "request": 2, "kind": "out_of_order"}


def stored(platform, resource: str) -> dict:
    """Return what the vendor has, by key: exact duplicates collapse."""
    with sqlite3.connect(platform.saas_store) as connection:
        bodies = [
            json.loads(body) for (body,) in connection.execute(f"select body from {resource} order by moment, sequence")
        ]
    return {body[ENDPOINTS[resource].key]: body for body in bodies}


def loaded(platform, resource: str) -> dict:
    """Return RAW's rows as the vendor writes them."""
    key = ENDPOINTS[resource].key
    names = [name for (name,) in platform.raw(f"select column_name from (describe RAW.SAAS_{resource})")]
    names = [name for name in names if not name.startswith("_")]
    rows = platform.raw(f"select {', '.join(names)} from RAW.SAAS_{resource}")
    return {row[names.index(key)]: dict(zip(names, map(as_json, row), strict=True)) for row in rows}


def as_json(value):
    if hasattr(value, "isoformat"):
        return value.isoformat(timespec="microseconds").replace("+00:00", "Z")
    if isinstance(value, str) and value[:1] in "[{":
        return json.loads(value)
    return value


def assert_raw_equals_api(platform, vanished: dict[str, dict] | None = None):
    """Compare RAW with the vendor's objects and with the last values of deleted ones, by resource and key."""
    for resource in ENDPOINTS:
        ours, theirs = loaded(platform, resource), (vanished or {}).get(resource, {}) | stored(platform, resource)
        assert len(platform.raw(f"select 1 from RAW.SAAS_{resource}")) == len(theirs), resource
        for key, body in theirs.items():
            assert {name: value for name, value in ours[key].items() if value is not None} == {
                name: value for name, value in body.items() if value is not None
            }


def test_first_load_brings_every_object_once(platform):
    report = load()
    assert_raw_equals_api(platform)
    events = report.tables["saas_email_events"]
    assert events.extracted >= events.in_raw == len(stored(platform, "email_events"))


def test_second_load_brings_only_what_is_new(platform):
    first = load()
    report = load()
    assert report.tables["saas_email_events"].extracted < first.tables["saas_email_events"].extracted / 50
    assert_raw_equals_api(platform)


@pytest.mark.slow
def test_days_of_traffic_with_late_events_and_a_new_column(platform):
    load()
    assert "ab_test_variant" not in loaded(platform, "campaigns")[1]
    vanished = {"campaigns": {}, "suppressions": {}}
    for day in (1, 2):
        before = {resource: stored(platform, resource) for resource in vanished}
        store.simulate_day(platform.saas_store, day)
        load()
        for resource, bodies in before.items():
            gone = bodies.keys() - stored(platform, resource).keys()
            assert len(gone) == store.read_changes(platform.saas_store, day)[resource]["deleted"] > 0
            vanished[resource] |= {key: bodies[key] for key in gone}
        assert_raw_equals_api(platform, vanished)
    assert {row["ab_test_variant"] for row in loaded(platform, "campaigns").values()} >= {"A", "B"}
    files = platform.lake()
    assert load().load_ids == []
    assert platform.lake() == files


def test_objects_that_vanish_are_marked_and_too_many_are_refused(platform):
    load()
    gone = [(key,) for (key,) in at_the_vendor(platform, "select id from suppressions order by id limit 3")]
    at_the_vendor(platform, "delete from suppressions where id in (select id from suppressions order by id limit 3)")
    load()
    marked = "select suppression_id from RAW.SAAS_SUPPRESSIONS where _deleted_at is not null order by 1"
    assert platform.raw(marked) == gone
    at_the_vendor(platform, "delete from suppressions where rowid % 2 = 0")
    (refused,) = load().refused
    assert (refused.name, refused.exit_code) == ("suppressions", 3)
    assert "python pipelines/saas.py --accept-deletes suppressions" in refused.line
    assert platform.raw(marked) == gone


def at_the_vendor(platform, sql: str) -> list[tuple]:
    with sqlite3.connect(platform.saas_store) as connection:
        return connection.execute(sql).fetchall()


def test_all_keys_come_once_and_in_the_order_of_their_bytes(platform):
    name, strange = "suppressions", ["é", "z", "Z", "\U0001f98a", "\uffee", "a b"]
    with sqlite3.connect(platform.saas_store) as connection:
        body = json.loads(connection.execute("select body from suppressions limit 1").fetchone()[0])
        for key in strange:
            connection.execute(
                "insert into suppressions values (?, 0, ?, ?, 1)",
                (key, strange.index(key), json.dumps({**body, "suppression_id": key, "updated_at": iso(0)})),
            )
    keys = list(iter_sorted_keys(saas.client(platform.saas_url, TOKEN, page_size=10), ENDPOINTS[name]))
    assert keys == [(key,) for key in sorted(stored(platform, name), key=str.encode)]
    assert {(key,) for key in strange} < set(keys)
    events = list(iter_sorted_keys(saas.client(platform.saas_url, TOKEN), ENDPOINTS["email_events"]))
    assert events == [(key,) for key in sorted(stored(platform, "email_events"))], "an event that came twice is one"
    campaigns = list(iter_sorted_keys(saas.client(platform.saas_url, TOKEN), ENDPOINTS["campaigns"]))
    assert campaigns == [(key,) for key in sorted(stored(platform, "campaigns"))]


def test_a_listing_that_breaks_off_yields_no_key(platform):
    with serve(create_app(platform.saas_store, TOKEN, faults=[OUT_OF_ORDER])) as url:
        keys = iter_sorted_keys(saas.client(url, TOKEN, page_size=100), ENDPOINTS["suppressions"])
        with pytest.raises(PaginationError, match="page 3"):
            next(keys)


def test_without_the_working_folder_only_what_is_new_is_loaded(platform):
    first = load()
    shutil.rmtree(platform.data_dir / "dlt")
    report = load()
    assert report.tables["saas_email_events"].extracted < first.tables["saas_email_events"].extracted / 50


@pytest.mark.slow
def test_the_rate_limit_is_waited_for(platform):
    with serve(create_app(platform.saas_store, TOKEN, requests_per_second=2)) as url:
        platform.write_services(saas_url=url)
        load()
    assert_raw_equals_api(platform)


def test_a_wrong_token_is_one_line_and_loads_nothing(platform):
    platform.write_services(saas_token="wrong")  # noqa: S106
    with pytest.raises(PipelineStepFailed) as failure:
        load()
    assert "refused the token" in user_message(failure.value)
    assert platform.lake("saas/") == []


def test_an_api_that_is_away_is_one_line(platform, monkeypatch):
    monkeypatch.setenv("RUNTIME__REQUEST_BACKOFF_FACTOR", "0.001")
    platform.write_services(saas_url="http://127.0.0.1:1")
    with pytest.raises(PipelineStepFailed) as failure:
        load()
    assert user_message(failure.value) == ("The SaaS API at http://127.0.0.1:1 is not reachable: `make up` starts it.")


def test_a_changed_type_is_refused_by_name(platform):
    load()
    with sqlite3.connect(platform.saas_store) as connection:
        connection.execute(
            "update campaigns set body = json_set(body, '$.recipient_count', 'many') where body ->> 'updated_at' = "
            "(select max(body ->> 'updated_at') from campaigns)"
        )
    before = loaded(platform, "campaigns")
    load()
    (refused,) = read_refused(Path(build_pipeline("saas").working_dir))
    assert refused.name == "campaigns"
    assert "saas_campaigns.recipient_count: in campaign_id" in refused.line
    assert '"many" is text, and its column is a bigint' in refused.line
    assert loaded(platform, "campaigns") == before
