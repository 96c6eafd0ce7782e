"""How long an answer asks to wait: in seconds, as a Unix time in seconds or milliseconds, or as a date.

A time is compared with the answer's own `Date`, so that a local clock that is fast does not shorten the wait.
"""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

# A smaller number is a wait in seconds (up to three years), a larger one a Unix time (1973 and later).
FIRST_UNIX_TIME = 1e8
UNITS = (1e17, 1e9), (1e14, 1e6), (1e11, 1e3)  # least Unix time in nano-, micro- and milliseconds, and its divisor
FORMS = ("X-RateLimit-{}", "RateLimit-{}", "X-Rate-Limit-{}")


def retry_after(headers: Mapping[str, str]) -> int | None:
    """Return the whole seconds that `Retry-After` asks for, rounded up, or None where it is missing or unreadable."""
    wait = seconds_until(headers.get("Retry-After", ""), headers)
    return None if wait is None else math.ceil(wait)


def refused_wait(headers: Mapping[str, str]) -> int | None:
    """Return the whole seconds after which a refused request may come again: `Retry-After`, else the limit's reset."""
    wait = retry_after(headers)
    if wait is None and (reset := rate_limit(headers, "Reset")) is not None:
        return math.ceil(reset)
    return wait


def rate_limit(headers: Mapping[str, str], name: str) -> float | None:
    """Return a number of the rate limit: Limit, Remaining, or Reset as seconds from the answer on."""
    for form in FORMS:
        if (text := headers.get(form.format(name))) is not None:
            found = seconds_until(text, headers) if name == "Reset" else _number(text)
            if found is not None:
                return found
    return None


def is_rate_limited(status: int, headers: Mapping[str, str]) -> bool:
    """Tell whether an answer refuses because of the rate limit: 429, or 403 as some APIs send it."""
    return status == 429 or (status == 403 and ("Retry-After" in headers or rate_limit(headers, "Remaining") == 0))


def server_date(headers: Mapping[str, str]) -> datetime | None:
    """Return the time of the server that answered, or None where it did not tell."""
    return _time(headers.get("Date", ""))


def seconds_until(text: str, headers: Mapping[str, str]) -> float | None:
    """Return the seconds from the answer on, at least 0, that a header's text means; None: it is unreadable."""
    now = server_date(headers) or datetime.now(UTC)
    number = _number(text)
    if number is not None:
        if number < FIRST_UNIX_TIME:
            return max(0.0, number)
        number /= next((unit for least, unit in UNITS if number >= least), 1)
        return max(0.0, number - now.timestamp())
    until = _time(text)
    return max(0.0, (until - now).total_seconds()) if until else None


def _number(text: str) -> float | None:
    try:
        found = float(text)
    except ValueError:
        return None
    return found if math.isfinite(found) else None


def _time(text: str) -> datetime | None:
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text.strip())
        except ValueError:
            continue
        return found if found.tzinfo else found.replace(tzinfo=UTC)
    return None
