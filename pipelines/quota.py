"""An API's quota, learned from its answers, and the pace that uses it up without being refused.

Whoever asks as fast as it can is refused, and waits longer than it would have had to. Here requests go at once as long
as the API says that there are some left, and then at the rate at which it gives new ones.
"""

import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from dlt.sources.helpers.requests import Response
from requests import PreparedRequest
from requests.adapters import HTTPAdapter

from pipelines.retry_after import retry_after

RESERVE = 1  # requests that are left to others who use the same token
NAMES = ("X-RateLimit-{}", "RateLimit-{}")


class Quota:
    """The pace of all requests that share one token; safe for threads.

    The API's `Limit`, `Remaining` and `Reset` say how many requests a full quota has, how many are left and in how many
    seconds it is full again. The rate comes from what was left earlier, what is left now and what was asked in between:
    it is right whether the API refills steadily or at once, and falls where others ask with the same token. It is taken
    for as small as whole numbers allow, and comes closer with time. An API that says nothing is not slowed down for.

    Args:
        clock: seconds that only grow.
        sleep: waits for seconds.
    """

    def __init__(
        self, clock: Callable[[], float] = time.monotonic, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._clock, self._sleep = clock, sleep
        self._lock = threading.Lock()
        self._left: float | None = None  # as the last answer said
        self._limit = self._rate = 0.0
        self._at = 0.0  # when it said so
        self._asked = 0  # requests that were let go and not answered
        self._answered = 0
        self._since: tuple[float, float, int] | None = None  # clock, left and answered when the rate was last unknown
        self._closed_until = 0.0  # after a refusal
        self.is_binding = False  # whether the last request had to wait

    def wait(self) -> None:
        """Wait until a request may go."""
        with self._lock:
            now = self._clock()
            start = max(now, self._closed_until)
            if self._left is not None and self._rate:
                left = min(self._limit, self._left + (start - self._at) * self._rate) - self._asked
                # Each that waits is counted as asked: the next one's turn is a step later, also after a refusal.
                start += max(0.0, RESERVE + 1 - left) / self._rate
            self._asked += 1
            self.is_binding = start > now
        if start > now:
            self._sleep(start - now)

    def learn(self, status: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        """Take note of an answer, or that none came."""
        with self._lock:
            now = self._clock()
            self._asked -= 1
            if headers is None:
                return
            self._answered += 1
            limit, left, reset = (_number(headers, name) for name in ("Limit", "Remaining", "Reset"))
            if status == 429:
                self._closed_until = max(self._closed_until, now + (retry_after(headers) or reset or 1))
                left = 0.0
            if left is None:
                return
            if limit:
                self._limit = limit
                self._learn_rate(now, limit, left, reset)
            self._left, self._at = left, max(now, self._closed_until)

    def _learn_rate(self, now: float, limit: float, left: float, reset: float | None) -> None:
        at_least = (limit - left) / reset if reset else 0.0
        if self._since is None or left >= limit - 1:  # a full quota gives nothing
            self._since = now, left, self._answered
        began, before, answered = self._since
        if now > began:
            at_least = max(at_least, (left - before - 1 + self._answered - answered) / (now - began))
        self._rate = at_least or self._rate


class PacedAdapter(HTTPAdapter):
    """The connection of a session, at the pace of a quota: each attempt counts, dlt's own repetitions too."""

    def __init__(self, quota: Quota) -> None:
        super().__init__()
        self._quota = quota

    def send(self, request: PreparedRequest, *arguments: Any, **named: Any) -> Response:
        """Send one request when its turn has come."""
        self._quota.wait()
        try:
            response = super().send(request, *arguments, **named)
        except BaseException:
            self._quota.learn()
            raise
        self._quota.learn(response.status_code, response.headers)
        return response


def _number(headers: Mapping[str, str], name: str) -> float | None:
    for form in NAMES:
        try:
            return float(headers[form.format(name)])
        except (KeyError, ValueError):
            continue
    return None
