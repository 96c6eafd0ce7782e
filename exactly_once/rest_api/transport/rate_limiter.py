"""A request rate that follows the API's own rate limit, as its answers report it.

A client that asks as fast as it can is refused, and then waits longer than it would have had to. Here requests go at
once while the API reports that some are left, and then at the rate at which it grants new ones.
"""

import threading
import time
from collections.abc import Callable, Mapping

from exactly_once.errors import PipelineError
from exactly_once.process import interrupts, progress
from exactly_once.rest_api.transport.read_errors import SINGLE
from exactly_once.rest_api.transport.retry_after import is_rate_limited, rate_limit, refused_wait
from exactly_once.source_info import SourceInfo

RESERVED_REQUESTS = 1  # left to other clients with the same token
REPORTED_WAIT = 2.0  # seconds: a longer wait is reported
MAX_WAIT = 300.0  # seconds, as dlt's setting [runtime] request_max_retry_delay


class WaitTooLong(PipelineError):
    """The rate limit asks for a longer wait than a run may take."""


class AdaptiveRateLimiter:
    """The rate of all requests that share one token; safe for threads.

    The API's headers `Limit`, `Remaining` and `Reset` tell how many requests a full quota has, how many are left, and
    in how many seconds it is full again. The rate is estimated from what was left before, what is left now and what was
    asked in between. So it is right whether the API refills steadily or at once, and it falls where other clients use
    the same token. The estimate starts conservative and converges. An API without such headers is not slowed down for.

    Args:
        clock: returns seconds that only grow.
        sleep: waits for seconds.
        max_wait: seconds that one request may wait.
        info: of the source, for messages.
    """

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = interrupts.sleep,
        max_wait: float = MAX_WAIT,
        info: SourceInfo = SINGLE,
    ) -> None:
        self._report, self._info = progress.speaker(), info
        self._clock, self._sleep, self._max_wait = clock, sleep, max_wait
        self._lock = threading.Lock()
        self._left: float | None = None  # as the last answer reported
        self._limit = self._rate = 0.0
        self._reported_at = 0.0
        self._pending = 0  # requests that were let go and not answered
        self._answered = 0
        self._base: tuple[float, float, int] | None = None  # time, left and answered when the rate was last unknown
        self._closed_until = 0.0  # after a refusal
        self.is_throttling = False  # whether the last request had to wait

    def acquire(self) -> None:
        """Wait until a request may go.

        Raises:
            WaitTooLong: it would take longer than `max_wait`.
        """
        with self._lock:
            now = self._clock()
            start = max(now, self._closed_until)
            if self._left is not None and self._rate:
                left = min(self._limit, self._left + (start - self._reported_at) * self._rate) - self._pending
                # A request that waits is counted as pending, so the next one's turn comes a step later, also after a
                # refusal.
                start += max(0.0, RESERVED_REQUESTS + 1 - left) / self._rate
            if start - now > self._max_wait:
                raise WaitTooLong(
                    f"{self._info.label}'s rate limit asks to wait {start - now:,.0f} s, and a run waits at most "
                    f"{self._max_wait:,.0f} s. Nothing was loaded and no cursor moved: run again after that, or raise "
                    "RUNTIME__REQUEST_MAX_RETRY_DELAY."
                )
            self._pending += 1
            self.is_throttling = start > now
        if start - now > REPORTED_WAIT:
            self._report(f"{self._info.name}: the API's rate limit: waiting {start - now:.0f} s")
        if start > now:
            self._sleep(start - now)

    def observe(self, status: int | None = None, headers: Mapping[str, str] | None = None) -> None:
        """Take the rate limit from an answer; without headers, record that none came."""
        with self._lock:
            now = self._clock()
            self._pending -= 1
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
                self._estimate_rate(now, limit, left, reset)
            self._left, self._reported_at = left, max(now, self._closed_until)

    def _estimate_rate(self, now: float, limit: float, left: float, reset: float | None) -> None:
        at_least = (limit - left) / reset if reset else 0.0
        if self._base is None or left >= limit - 1:  # a full quota grants nothing
            self._base = now, left, self._answered
        began, before, answered = self._base
        if now > began:
            at_least = max(at_least, (left - before - 1 + self._answered - answered) / (now - began))
        self._rate = at_least or self._rate
