"""The pace of requests: the rate limit is used fully, not exceeded, and after a 429 the requests slow down."""

import itertools
import math
from concurrent.futures import ThreadPoolExecutor

import dlt
import httpx
import pytest
import requests

from exactly_once.rest_api.transport.rate_limited_adapter import RateLimitedAdapter
from exactly_once.rest_api.transport.rate_limiter import AdaptiveRateLimiter
from mock_services.saas.app import create_app
from pipelines.saas import saas
from tests.support.platform import TOKEN, serve
from tools.bench.counting_api import Counted


class Bucket:
    """A vendor in simulated time: it refills steadily and says what the mock's headers say."""

    def __init__(self, rate: float, size: float) -> None:
        self.rate, self.size, self.left, self.now, self.seen = rate, size, size, 0.0, 0.0
        self.refused = 0

    def clock(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds

    def answer(self) -> tuple[int, dict[str, str]]:
        self.left = min(self.size, self.left + (self.now - self.seen) * self.rate)
        self.seen = self.now
        status = 200 if self.left >= 1 else 429
        self.left -= status == 200
        self.refused += status == 429
        reset = math.ceil((self.size - self.left) / self.rate)
        found = {"Limit": self.size, "Remaining": int(self.left), "Reset": reset}
        return status, {f"X-RateLimit-{name}": f"{value:.0f}" for name, value in found.items()}


def ask(quota: AdaptiveRateLimiter, vendor: Bucket, latency: float = 0.01) -> None:
    quota.acquire()
    vendor.now += latency
    quota.observe(*vendor.answer())


@pytest.mark.parametrize(("rate", "size"), [(10, 10), (10, 100), (0.5, 5), (80, 80)])
def test_the_quota_is_used_up_and_nobody_is_refused(rate, size):
    vendor = Bucket(rate, size)
    quota = AdaptiveRateLimiter(vendor.clock, vendor.sleep)
    for _ in range(20 * size):
        ask(quota, vendor)
    assert vendor.refused == 0
    assert vendor.now < 19 * size / rate * 1.05


def test_what_others_take_of_the_same_token_slows_us_down():
    vendor = Bucket(10, 20)
    quota = AdaptiveRateLimiter(vendor.clock, vendor.sleep)
    others = refused = 0
    for _ in range(600):
        ask(quota, vendor)
        refused, before = vendor.refused, refused
        assert refused - before < 2
        while others < vendor.now * 5:  # half of the rate
            vendor.answer()
            others += 1
        vendor.refused = refused  # what others are refused is theirs
    assert refused < 6


def test_an_api_that_says_nothing_is_not_slowed_down_for():
    vendor = Bucket(1, 1)
    quota = AdaptiveRateLimiter(vendor.clock, vendor.sleep)
    for _ in range(100):
        quota.acquire()
        quota.observe(200, {})
    assert vendor.now == 0


def test_after_a_refusal_all_wait_and_come_back_one_by_one():
    now, slept = [100.0], []
    quota = AdaptiveRateLimiter(lambda: now[0], slept.append)
    quota.acquire()
    quota.observe(200, {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "5", "X-RateLimit-Reset": "5"})
    quota.acquire()
    quota.observe(429, {"Retry-After": "7"})
    for _ in range(3):
        quota.acquire()
    assert slept[0] >= 7
    assert [round(later - earlier, 3) for earlier, later in itertools.pairwise(slept)] == [1.0, 1.0]


def test_a_request_that_had_no_answer_holds_no_place():
    quota = AdaptiveRateLimiter(lambda: 0.0, lambda seconds: pytest.fail("it waited"))
    session = requests.Session()
    session.mount("http://", RateLimitedAdapter(quota))
    with pytest.raises(requests.ConnectionError):
        session.get("http://127.0.0.1:1/")
    quota.acquire()
    quota.observe(200, {"X-RateLimit-Limit": "10", "X-RateLimit-Remaining": "3", "X-RateLimit-Reset": "1"})
    for _ in range(2):
        quota.acquire()


def test_a_load_at_its_limit_is_not_refused(platform):
    vendor = Counted(create_app(platform.saas_store, TOKEN, requests_per_second=25))
    with serve(vendor) as url:
        pipeline = dlt.pipeline("at_its_limit", pipelines_dir=str(platform.data_dir), destination="duckdb")
        pipeline.extract(saas(url, TOKEN, page_size=50, sweep=False).with_resources("email_events"))
        answers = httpx.get(f"{url}/counts").json()
    assert answers["200"] > 100
    assert "429" not in answers


def test_threads_that_share_a_quota_are_refused_next_to_never(platform):
    vendor = Counted(create_app(platform.saas_store, TOKEN, requests_per_second=50))
    with serve(vendor) as url, requests.Session() as session, ThreadPoolExecutor(8) as threads:
        session.mount("http://", RateLimitedAdapter(AdaptiveRateLimiter()))
        session.headers["Authorization"] = f"Bearer {TOKEN}"
        list(threads.map(lambda _: session.get(f"{url}/v1/campaigns", params={"limit": 1}), range(250)))
        answers = httpx.get(f"{url}/counts").json()
    assert answers.get("429", 0) <= 2
