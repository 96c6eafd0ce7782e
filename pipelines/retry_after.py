"""How long an answer asks to wait: `Retry-After`, in seconds or as an HTTP date."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime


def retry_after(headers: Mapping[str, str]) -> int | None:
    """Return the whole seconds to wait, rounded up, or None where the header is missing or unreadable.

    A date is taken against the answer's own `Date`, so that a clock of ours that is fast does not shorten the wait.
    """
    text = headers.get("Retry-After", "")
    try:
        return max(0, math.ceil(float(text)))
    except OverflowError:  # infinity
        return None
    except ValueError:
        until, now = _moment(text), _moment(headers.get("Date", "")) or datetime.now(UTC)
    return max(0, math.ceil((until - now).total_seconds())) if until else None


def _moment(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except ValueError:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
