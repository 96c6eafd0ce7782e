"""Each fault on the wire: what a client of a vendor on a bad day would meet."""

import json
import os
import sys
from email.utils import parsedate_to_datetime

import httpx
import pytest

from mock_services.__main__ import main
from mock_services.saas.app import create_app
from mock_services.saas.faults import KINDS, random_faults, read_script
from mock_services.service_manager import ServiceManager
from tests.support.platform import TOKEN, serve


@pytest.fixture(scope="module")
def client(small_store):
    app = create_app(small_store, TOKEN, requests_per_second=1000)
    with serve(app) as url, httpx.Client(base_url=url, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield client


@pytest.fixture
def break_it(client):
    def put(request: int, kind: str, **more) -> None:
        fault = {"collection": "email_events", "request": request, "kind": kind, **more}
        assert client.put("/mock/faults", json=[fault]).json()["fired"] == []

    yield put
    client.put("/mock/faults", json=[])


def ask(client, cursor: str | None = None) -> httpx.Response:
    return client.get("/v1/email_events", params={"limit": 100} | ({"cursor": cursor} if cursor else {}))


def pages(client) -> list[list[str]]:
    """Return the event ids of the first five answers that a trusting client gets."""
    found, cursor = [], None
    for _ in range(5):
        page = ask(client, cursor).json()
        found.append([event["event_id"] for event in page["data"]])
        cursor = page["next_cursor"]
    return found


@pytest.fixture(scope="module")
def whole(client) -> list[list[str]]:
    return pages(client)


def test_a_repeated_page_comes_with_its_own_next_cursor(client, whole, break_it):
    break_it(3, "repeated_page")
    assert pages(client) == [whole[0], whole[1], whole[1], whole[2], whole[3]]


def test_a_page_out_of_order_changes_place_with_the_next(client, whole, break_it):
    break_it(2, "out_of_order")
    assert pages(client) == [whole[0], whole[2], whole[1], whole[3], whole[4]]


def test_an_empty_page_goes_on_correctly(client, whole, break_it):
    break_it(1, "empty_page", times=2)
    assert pages(client) == [[], [], *whole[:3]]


def test_an_expired_cursor_stays_expired_and_others_do_not(client, whole, break_it):
    break_it(1, "expired_cursor")  # the first request has no cursor: the second meets it
    cursor = ask(client).json()["next_cursor"]
    for _ in range(2):
        answer = ask(client, cursor)
        assert (answer.status_code, answer.json()["error"]["code"]) == (410, "cursor_expired")
    assert ask(client).status_code == 200


def test_an_error_may_come_with_status_200(client, break_it):
    break_it(1, "error_200")
    answer = ask(client)
    assert (answer.status_code, set(answer.json())) == (200, {"error"})
    assert ask(client).json()["data"]


def test_truncated_json_is_valid_http(client, break_it):
    break_it(1, "truncated")
    answer = ask(client)
    assert answer.status_code == 200
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize(("kind", "seen"), [("cut_body", httpx.RemoteProtocolError), ("reset", httpx.ReadError)])
def test_a_connection_breaks_once(client, break_it, kind, seen):
    break_it(2, kind)
    assert ask(client).status_code == 200
    with pytest.raises(seen) as broken:
        ask(client)
    assert kind == "cut_body" or "[Errno 104]" in str(broken.value.__cause__.__cause__ or broken.value)
    assert ask(client).json()["data"]


def test_server_errors_come_in_a_row(client, break_it):
    break_it(2, "server_error", status=502, times=2)
    assert [ask(client).status_code for _ in range(4)] == [200, 502, 502, 200]


@pytest.mark.parametrize("as_date", [False, True])
def test_a_rate_limit_holds_until_its_time_and_counts_who_comes_early(client, break_it, as_date):
    break_it(1, "rate_limited", retry_after=3000, as_date=as_date)
    answers = [ask(client), ask(client)]
    assert [answer.status_code for answer in answers] == [429, 429]
    wait = answers[0].headers["Retry-After"]
    if as_date:
        waited = parsedate_to_datetime(wait) - parsedate_to_datetime(answers[0].headers["Date"])
        assert waited.total_seconds() >= 3000
    else:
        assert wait == "3000"
    assert client.get("/mock/faults").json()["fired"][0]["early"] == 1


def test_requests_that_are_refused_anyway_are_not_counted(client, break_it):
    break_it(1, "server_error")
    assert httpx.get(f"{client.base_url}/v1/email_events").status_code == 401
    assert client.get("/v1/email_events", params={"limit": 0}).status_code == 400
    assert client.get("/v1/campaigns").status_code == 200
    assert ask(client).status_code == 503


def test_the_script_tells_what_is_left_and_what_fired(client, break_it):
    break_it(1, "server_error", times=2)
    ask(client)
    state = client.get("/mock/faults").json()
    assert state["fired"] == [{"collection": "email_events", "request": 1, "kind": "server_error"}]
    assert [fault["kind"] for fault in state["left"]] == ["server_error"]


@pytest.mark.parametrize("wrong", [{"kind": "fire"}, {"collection": "plans"}, {"request": 0}, {"colour": "red"}])
def test_a_script_with_a_wrong_word_is_a_400(client, wrong):
    fault = {"collection": "email_events", "request": 1, "kind": "reset"} | wrong
    answer = client.put("/mock/faults", json=[fault])
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, *wrong)


def test_the_vendors_own_page_knows_nothing_of_it(client):
    assert "/mock/faults" not in client.get("/openapi.json").json()["paths"]


def test_a_seed_gives_the_same_script_of_every_kind():
    assert random_faults(7, 200) == random_faults(7, 200) != random_faults(8, 200)
    assert {fault["kind"] for fault in random_faults(7, 200)} == set(KINDS)


def test_a_script_from_the_command_line(client, tmp_path, monkeypatch, capsys):
    port = int(str(client.base_url).rpartition(":")[2].strip("/"))
    services = ServiceManager(tmp_path)
    services.records["saas"].write(os.getpid(), port)
    file = tmp_path / "script.json"
    file.write_text('[{"collection": "campaigns", "request": 1, "kind": "reset"}]')
    monkeypatch.setattr(sys, "argv", ["mock_services", "faults", "--data-dir", str(tmp_path), "--script", str(file)])
    assert main() == 0
    assert client.get("/mock/faults").json()["left"] == read_script(file)
    file.write_text('[{"collection": "campaigns", "request": 1, "kind": "fire"}]')
    assert main() == 1
    assert "script.json: 0.kind" in capsys.readouterr().err
    client.put("/mock/faults", json=[])


def test_more_faults_than_anybody_needs_are_refused_at_once(monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", ["mock_services", "faults", "--seed", "1", "--count", "10001"])
    with pytest.raises(SystemExit):
        main()
    assert "'10001' is more than 10000" in capsys.readouterr().err
