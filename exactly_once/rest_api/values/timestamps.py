"""Times in JSON: ISO-8601 with a zone, with up to nine digits of a second, of which microseconds are kept."""

import re
from datetime import UTC, datetime, timedelta

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# RAW's times have six digits, in every warehouse.
BELOW_MICROSECONDS = re.compile(r"\.\d{6}(\d+)")


def parse_time(text: str) -> datetime:
    """Return the time in UTC, cut to microseconds.

    Raises:
        ValueError: it is no time with a zone, or it is outside of the years 1 to 9999.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = datetime.fromisoformat(text.replace("z", "Z").replace("t", "T"))
    if found.tzinfo is None:
        raise ValueError(f"{text!r} has no zone")
    if found.tzinfo is UTC:
        return found
    try:
        return found.astimezone(UTC)
    except OverflowError:
        raise ValueError(f"{text!r} is outside of the years 1 to 9999") from None


def is_truncated(text: str) -> bool:
    """Tell whether a time has digits other than 0 below a microsecond, which RAW does not hold."""
    match = BELOW_MICROSECONDS.search(text)
    return bool(match and match.group(1).strip("0"))


def write_time(at: datetime) -> str:
    """Return a time in UTC as cursors are saved and asked for: microseconds and a Z."""
    return at.astimezone(UTC).replace(tzinfo=None).isoformat(timespec="microseconds") + "Z"


def subtract(at: datetime, gap: timedelta) -> datetime:
    """Return an earlier time, or the first one that there is."""
    try:
        return at - gap
    except OverflowError:
        return datetime.min.replace(tzinfo=UTC)
