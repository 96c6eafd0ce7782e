"""The vendor's rate limit: a token bucket, refilled at a constant rate."""

import math
import time


class TokenBucket:
    """A bucket for the requests of one second, at least one."""

    def __init__(self, requests_per_second: float):
        self.rate, self.size = requests_per_second, max(1.0, requests_per_second)
        self._left, self._seen = self.size, time.monotonic()

    def take(self) -> bool:
        """Take one request; return False if the bucket is empty."""
        now = time.monotonic()
        self._left = min(self.size, self._left + (now - self._seen) * self.rate)
        self._seen = now
        if self._left < 1:
            return False
        self._left -= 1
        return True

    def headers(self, is_refused: bool) -> dict[str, str]:
        """Return the rate limit headers; times are whole seconds from now, rounded up."""
        found = {
            "X-RateLimit-Limit": f"{self.size:.0f}",
            "X-RateLimit-Remaining": str(int(self._left)),
            "X-RateLimit-Reset": str(math.ceil((self.size - self._left) / self.rate)),
        }
        if is_refused:
            found["Retry-After"] = str(max(1, math.ceil((1 - self._left) / self.rate)))
        return found
