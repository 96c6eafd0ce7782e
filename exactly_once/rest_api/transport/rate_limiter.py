"""An API's quota, learned from its answers, and the pace that uses it up without being refused.

Whoever asks as fast as it can is refused, and waits longer than it would have had to. Here requests go at once as long
as the API says that there are some left, and then at the rate at which it gives new ones.
"""

import threading
import time
from collections.abc import Callable, Mapping

from exactly_once import interrupts, progress
from exactly_once.errors import PipelineError
from exactly_once.rest_api.transport.retry_after import is_rate_limited, rate_limit, refused_wait

RESERVED_REQUESTS = 1  # requests that are left to others who use the same token
REPORTED_WAIT = 2.0  # seconds: a longer wait is said
MAX_WAIT = 300.0  # seconds, as dlt's setting [runtime] request_max_retry_delay


class WaitTooLong(PipelineError):
    """The rate limit asks for a longer wait than a run may take."""


class AdaptiveRateLimiter:
    """The pace of all requests that share one token; safe for threads.

    The API's `Limit`, `Remaining` and `Reset` say how many requests a full quota has, how many are left and in how many
    seconds it is full again. The rate comes from what was left earlier, what is left now and what was asked in between:
    it is right whether the API refills steadily or at once, and falls where others ask with the same token. It is taken
    for as small as whole numbers allow, and comes closer with time. An API that says nothing is not slowed down for.

    Args:
        clock: seconds that only grow.
        sleep: waits for seconds.
        longest: seconds that one request may wait.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = interrupts.sleep,
        longest: float = MAX_WAIT,
    ) -> None:
        self._say = progress.speaker()
        self._clock, self._sleep, self._longest = clock, sleep, longest
        self._lock = threading.Lock()
        self._left: float | None = None  # as the last answer said
        self._limit = self._rate = 0.0
        self._at = 0.0  # when it said so
        self._asked = 0  # requests that were let go and not answered
        self._answered = 0
        self._since: tuple[float, float, int] | None = None  # clock, left and answered when the rate was last unknown
        self._closed_until = 0.0  # after a refusal
        self.is_throttling = False  # whether the last request had to wait

    def acquire(self) -> None:
        """Wait until a request may go.

        Raises:
            WaitTooLong: it would take longer than `longest`.
        """
        with self._lock:
            now = self._clock()
            start = max(now, self._closed_until)
            if self._left is not None and self._rate:
                left = min(self._limit, self._left + (start - self._at) * self._rate) - self._asked
                # Each that waits is counted as asked: the next one's turn is a step later, also after a refusal.
                start += max(0.0, RESERVED_REQUESTS + 1 - left) / self._rate
            if start - now > self._longest:
                raise WaitTooLong(
                    f"The SaaS API's rate limit asks to wait {start - now:,.0f} s, and a run waits at most "
                    f"{self._longest:,.0f} s. Nothing was loaded and no cursor moved: run again after that, or raise "
                    "RUNTIME__REQUEST_MAX_RETRY_DELAY."
                )
            self._asked += 1
            self.is_throttling = start > now
        if start - now > REPORTED_WAIT:
            self._say(f"saas: the API's rate limit: waiting {start - now:.0f} s")
        if start > now:
            self._sleep(start - now)

    def observe(self, status: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        """Take note of an answer, or that none came."""
        with self._lock:
            now = self._clock()
            self._asked -= 1
            if headers is None:
                return
            self._answered += 1
            limit, left, reset = (rate_limit(headers, name) for name in ("Limit", "Remaining", "Reset"))
            if is_rate_limited(status or 0, headers):
                self._closed_until = max(self._closed_until, now + (refused_wait(headers) or 1))
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
