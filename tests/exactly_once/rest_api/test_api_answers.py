"""Responses of any API: statuses, redirects, rate limits, encodings, and unlimited sizes and times."""

import gzip
import time
from email.utils import formatdate

import pytest
from dlt.pipeline.exceptions import PipelineStepFailed

from exactly_once.errors import is_transient, user_message
from exactly_once.rest_api.transport.rate_limiter import AdaptiveRateLimiter, WaitTooLong
from exactly_once.rest_api.transport.retry_after import rate_limit, refused_wait, retry_after
from pipelines import saas
from tests.support.api_platform import api  # noqa: F401
from tests.support.json_vendor import answer, serving

DATE = "Wed, 26 Nov 2025 16:20:00 GMT"
NOW = 1764174000  # the same


def page(objects: str) -> bytes:
    return f'{{"data":[{objects}],"next_cursor":null,"has_more":false}}'.encode()


def failed() -> BaseException:
    with pytest.raises(PipelineStepFailed) as failure:
        saas.load()
    return failure.value


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7),
        ("0.25", 0.25),
        (str(NOW + 9), 9),
        (str((NOW + 9) * 1_000), 9),
        (str((NOW + 9) * 1_000_000), 9),
        (str((NOW + 9) * 10**9), 9),
        (formatdate(NOW + 9, usegmt=True), 9),
        ("2025-11-26T16:20:09Z", 9),
        (str(NOW - 9), 0),
        ("-3", 0),
        ("soon", None),
        ("nan", None),
        ("inf", None),
        ("1e999", None),
        ("", None),
    ],
)
def test_a_reset_is_seconds_a_unix_time_or_a_date_by_the_answers_own_clock(text, seconds):
    for name in ("X-RateLimit-Reset", "RateLimit-Reset", "X-Rate-Limit-Reset"):
        found = rate_limit({name: text, "Date": DATE}, "Reset")
        assert found == pytest.approx(seconds, abs=1e-3) if seconds is not None else found is None
    assert retry_after({"Retry-After": text, "Date": DATE}) == (None if seconds is None else -(-seconds // 1))
    both = {"X-RateLimit-Reset": text, "Retry-After": "2", "Date": DATE}
    assert refused_wait(both) == 2


@pytest.mark.parametrize("unit", [1, 1_000])
def test_a_reset_far_away_is_one_line_and_not_slept_for(api, unit):  # noqa: F811
    """As GitHub and Okta send it; read wrongly, it is a pause of 210 days."""
    reset = str((int(time.time()) + 200 * 86_400) * unit)
    limits = {"X_RateLimit_Limit": "5000", "X_RateLimit_Remaining": "3", "X_RateLimit_Reset": reset}
    api.vendor.put("items", *({"id": number} for number in range(3)))
    api.vendor.put("others", {"id": 1})
    for _ in range(2):
        api.vendor.answers["items"] = [answer(429, **(limits | {"X_RateLimit_Remaining": "0"}))]
        began = time.monotonic()
        error = failed()
        assert time.monotonic() - began < 30
        line = user_message(error)
        assert "asks to wait 17,2" in line
        assert "a run waits 300 s at most" in line
        assert "RUNTIME__REQUEST_MAX_RETRY_DELAY" in line
    api.vendor.headers = limits
    saas.load()
    assert api.values("id") == [0, 1, 2]


def test_no_request_waits_longer_than_a_run_may():
    quota = AdaptiveRateLimiter(lambda: 100.0, lambda seconds: pytest.fail("it slept"), max_wait=60)
    quota.acquire()
    quota.observe(200, {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "86400"})
    with pytest.raises(WaitTooLong, match="asks to wait 17,280 s"):
        quota.acquire()


def test_a_429_without_a_wait_is_tried_again(api):  # noqa: F811
    api.vendor.put("items", {"id": 1})
    api.vendor.answers["items"] = [answer(429), answer(403, X_RateLimit_Remaining="0", X_RateLimit_Reset="1")]
    saas.load()
    assert api.values("id") == [1]


@pytest.mark.parametrize("status", [403, 408, 409, 425, 500])
def test_one_bad_status_is_tried_again_and_one_that_stays_is_one_line(api, status):  # noqa: F811
    api.vendor.put("items", {"id": 1})
    api.vendor.answers["items"] = [answer(status)]
    saas.load()
    assert api.values("id") == [1]
    api.vendor.answers["items"] = [answer(status)] * 99
    error = failed()
    assert len(api.vendor.answers["items"]) == 99 - 5
    assert ("refused the token" if status == 403 else f"the API answered {status}") in user_message(error)
    assert is_transient(error) is (status != 403)


def test_204_is_an_empty_answer_for_the_first_page_alone(api, monkeypatch):  # noqa: F811
    api.vendor.put("items", *({"id": number} for number in range(2)))
    saas.load()
    api.vendor.answers["items"] = [answer(204)]
    assert saas.load().load_ids == []
    monkeypatch.setenv("SOURCES__SAAS__PAGE_SIZE", "1")
    monkeypatch.setenv("SOURCES__SAAS__WINDOWS", "1")
    api.vendor.answers["items"] = [lambda handler: answer(body=api.vendor.page("items", {"limit": "1"}))(handler)]  # noqa: PLW0108  made when asked
    api.vendor.answers["items"] += [answer(204)] * 99
    assert "page 2: the API answered 204" in user_message(failed())


@pytest.mark.parametrize("status", [301, 302, 307, 308])
def test_another_address_of_the_same_server_gets_the_token_and_no_other_does(api, status):  # noqa: F811
    api.vendor.put("moved", {"id": 1})
    api.vendor.answers["items"] = [answer(status, Location="/v2/moved?limit=1000")]
    saas.load()
    assert api.values("id") == [1]
    assert set(api.vendor.tokens) == {"Bearer a-token-for-tests"}
    with serving() as elsewhere:
        elsewhere.put("items", {"id": 2})
        api.vendor.answers["items"] = [answer(status, Location=f"{elsewhere.url}/v1/items?limit=1000")]
        saas.load()
        line = api.refused()["items"].line
        assert f"answered {status} and leads to {elsewhere.url}, which does not get the token" in line
        assert elsewhere.asked == []
    assert api.values("id") == [1]


def test_a_circle_of_redirects_is_one_line(api):  # noqa: F811
    api.vendor.answers["items"] = [answer(302, Location="/v1/items?limit=1000")] * 200
    assert "the API redirects in circles" in user_message(failed())


ENCODED = {
    "a charset that is not true": ("application/json; charset=iso-8859-1", str.encode),
    "no type": ("text/plain", str.encode),
    "a mark of UTF-8": ("application/json", lambda text: b"\xef\xbb\xbf" + text.encode()),
    "UTF-16": ("application/json", lambda text: text.encode("utf-16")),
    "UTF-16 without a mark": ("application/json", lambda text: text.encode("utf-16-be")),
    "UTF-32": ("application/json; charset=utf-8", lambda text: text.encode("utf-32")),
}


@pytest.mark.parametrize("case", ENCODED)
def test_text_is_read_in_the_encoding_that_its_bytes_have(api, case):  # noqa: F811
    api.vendor.content_type, api.vendor.encode = ENCODED[case]
    api.vendor.put("items", '{"id":1,"at":"2026-06-01T10:00:00Z","name":"größe 名前"}')
    saas.load()
    assert api.values("name") == ["größe 名前"]


def test_bytes_that_are_no_text_are_one_line(api):  # noqa: F811
    api.vendor.put("items", '{"id":1,"at":"2026-06-01T10:00:00Z","name":"größe"}')
    api.vendor.encode = lambda text: text.encode("latin-1")
    assert "page 1: the answer is not in UTF-8" in user_message(failed())


def test_a_small_answer_that_is_large_when_unpacked_is_refused(api, monkeypatch):  # noqa: F811
    monkeypatch.setenv("SOURCES__SAAS__ANSWER_BYTES", "1000000")
    api.vendor.put("others", {"id": 1})
    packed = gzip.compress(page('{"id":1,"at":"2026-06-01T10:00:00Z","v":"' + " " * 50_000_000 + '"}'))
    assert len(packed) < 100_000
    api.vendor.answers["items"] = [answer(body=packed, Content_Encoding="gzip")] * 9
    saas.load()
    line = api.refused()["items"].line
    assert "page 1: an answer is larger than 1,000,000 bytes" in line
    assert "SOURCES__SAAS__ANSWER_BYTES" in line
    assert api.values("id", "saas_others") == [1]
    assert len(api.vendor.answers["items"]) == 8, "it is not asked for again"


def dripping(head: bytes, rest: bytes = b""):
    def write(handler) -> None:
        handler.close_connection = True
        handler.wfile.write(head)
        try:
            for _ in range(400):
                handler.wfile.write(rest or b"x")
                time.sleep(0.05)
        except OSError:  # who asked has left
            return

    return write


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n190\r\n",
        b"HTTP/1.1 200 OK\r\nX-Name: ",
    ],
    ids=["a body", "a chunk", "a header"],
)
def test_an_answer_that_comes_byte_by_byte_ends_in_time(api, monkeypatch, head):  # noqa: F811
    monkeypatch.setenv("SOURCES__SAAS__ANSWER_SECONDS", "1")
    api.vendor.answers["items"] = [dripping(head)] * 99
    began = time.monotonic()
    error = failed()
    assert time.monotonic() - began < 15
    assert "page 1: an answer took longer than 1 s, which SOURCES__SAAS__ANSWER_SECONDS permits" in user_message(error)
    assert is_transient(error)


def test_cursors_that_do_not_end_are_refused(api, monkeypatch):  # noqa: F811
    monkeypatch.setenv("SOURCES__SAAS__PAGES", "20")
    monkeypatch.setenv("SOURCES__SAAS__WINDOWS", "1")
    api.vendor.put("others", {"id": 1})
    numbers = iter(range(1, 1_000))

    def following(handler) -> None:
        number = next(numbers)
        text = f'{{"data":[{{"id":{number},"at":"2026-06-01T10:00:00Z"}}],"next_cursor":"{number}","has_more":true}}'
        answer(body=text.encode())(handler)

    api.vendor.answers["items"] = [following] * 1_000
    saas.load()
    line = api.refused()["items"].line
    assert "page 21: the read has more than 20 pages: raise SOURCES__SAAS__PAGES" in line
    assert api.values("id", "saas_others") == [1]
