"""Times of records, and their ages in words."""

from datetime import UTC, datetime

UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"))  # in seconds


def parse_time(text: str) -> datetime:
    """Return a time of a record; the year 1970 for a damaged one."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def stamp(at: datetime) -> str:
    """Return a time to the minute, in UTC."""
    return f"{at.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def age(at: datetime, now: datetime) -> str:
    """Return how long ago a time was, in its largest unit."""
    seconds = (now - at).total_seconds()
    if seconds < 0:
        return "in the future"
    for size, unit in UNITS:
        if seconds >= size:
            count = int(seconds // size)
            return f"{count} {unit}{'s' if count > 1 else ''} ago"
    return f"{int(seconds)} s ago"
