"""The vendor's wire: what a client of the real thing would meet."""

import httpx
import pytest

from mock_services.saas.app import create_app
from tests.support.platform import TOKEN, serve


@pytest.fixture(scope="module")
def client(seeded_store):
    with serve(create_app(seeded_store, TOKEN)) as url, httpx.Client(base_url=url, headers=bearer(TOKEN)) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_pages_hold_every_event_once_in_the_order_of_arrival(client):
    seen, cursor = [], None
    while True:
        page = client.get("/v1/email_events", params={"limit": 1000} | ({"cursor": cursor} if cursor else {})).json()
        seen += [event["received_at"] for event in page["data"]]
        cursor = page["next_cursor"]
        assert page["has_more"] == (cursor is not None)
        if not cursor:
            break
    assert seen == sorted(seen)
    assert 140_000 < len(seen) < 160_000


def test_later_than_is_strict(client):
    first = client.get("/v1/email_events", params={"limit": 1}).json()["data"][0]
    after = client.get("/v1/email_events", params={"limit": 1, "received_after": first["received_at"]}).json()["data"][
        0
    ]
    assert after["received_at"] > first["received_at"]


@pytest.mark.parametrize(
    "parameters",
    [
        {"limit": 0},
        {"limit": 1001},
        {"limit": "many"},
        {"received_after": "yesterday"},
        {"received_after": "2026-01-01T00:00:00"},
        {"cursor": "garbage"},
        {"colour": "green"},
    ],
)
def test_a_bad_parameter_is_a_400_that_names_it(client, parameters):
    answer = client.get("/v1/email_events", params=parameters)
    assert answer.status_code == 400
    assert answer.json()["error"]["param"] in parameters


def test_a_cursor_of_another_endpoint_is_a_400(client):
    cursor = client.get("/v1/email_events", params={"limit": 1}).json()["next_cursor"]
    assert client.get("/v1/suppressions", params={"cursor": cursor}).status_code == 400


def test_no_token_or_a_wrong_one_is_a_401(client):
    assert httpx.get(f"{client.base_url}/v1/campaigns").status_code == 401
    assert client.get("/v1/campaigns", headers=bearer("wrong")).status_code == 401


def test_too_many_requests_are_a_429_that_says_when(seeded_store):
    with serve(create_app(seeded_store, TOKEN, requests_per_second=1)) as url:
        answers = [httpx.get(f"{url}/v1/campaigns", headers=bearer(TOKEN)) for _ in range(4)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused
    assert all(int(answer.headers["Retry-After"]) >= 1 for answer in refused)
    assert "X-RateLimit-Remaining" in answers[0].headers


def test_the_api_describes_itself(client):
    paths = client.get("/openapi.json").json()["paths"]
    assert {"/v1/campaigns", "/v1/email_events", "/v1/suppressions"} <= set(paths)
    assert client.get("/docs").status_code == 200
