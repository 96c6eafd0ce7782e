"""Format numbers, shares, days, times and changes for people."""

from datetime import date, datetime, timedelta
from typing import Any

from dashboard.rendering.components import FormattedValue

NO_VALUE = "\N{EN DASH}"
NO_COMPARISON = "no complete earlier period to compare with"


def count(number: Any, form: str = ",") -> FormattedValue:
    """Return a whole number with commas."""
    return FormattedValue(f"{int(number):{form}}", int(number))


def plural(number: Any, noun: str) -> str:
    """Return a number and its noun: "1 invoice", "3 invoices"."""
    return f"{count(number)} {noun}" if int(number) == 1 else f"{count(number)} {noun}s"


def usd(amount: Any, digits: int = 0) -> FormattedValue:
    """Return US dollars; millions are abbreviated."""
    amount = float(amount)
    sign, size = "-" if round(amount, digits) < 0 else "", abs(amount)
    return FormattedValue(f"{sign}${size / 1e6:,.2f} M" if size >= 1e6 else f"{sign}${size:,.{digits}f}", amount)


def ratio(part: Any, whole: Any) -> float | None:
    """Return part of whole (1 is all), or None if the whole is zero or missing."""
    return float(part) / float(whole) if whole else None


def percent(value: float | None, digits: int = 1) -> FormattedValue:
    """Return a ratio in per cent; a dash for None."""
    return FormattedValue(NO_VALUE if value is None else f"{value * 100:.{digits}f} %", value)


def percent_of(part: Any, whole: Any, digits: int = 1) -> FormattedValue:
    """Return part of whole in per cent."""
    return percent(ratio(part, whole), digits)


def format_day(value: date) -> str:
    """Return a day: "30 Jun 2026"."""
    return f"{value.day} {value:%b %Y}"


def format_utc(at: datetime) -> str:
    """Return a UTC time to the minute: "30 Jun 2026, 13:34 UTC"."""
    return f"{at.day} {at:%b %Y, %H:%M} UTC"


def time_or_dash(at: Any) -> FormattedValue:
    """Return a UTC time, or a dash for None."""
    return FormattedValue(format_utc(at) if at else NO_VALUE, at)


def format_age(length: timedelta) -> str:
    """Return a length of time in whole hours, or in days from 48 hours on.

    It is coarse on purpose: a page that shows an age renders again when the text changes.
    """
    hours = length // timedelta(hours=1)
    if hours < 1:
        return "less than an hour"
    if hours < 48:
        return "an hour" if hours == 1 else f"{hours} hours"
    return f"{hours // 24} days"


def change(now: Any, before: Any, previous: str | None) -> tuple[str, str]:
    """Return how an amount has changed from the previous period, and the tone of the change.

    `previous` names that period, as in "the previous 90 days"; None if there is no complete one.
    """
    moved = ratio(float(now) - float(before), before)
    if moved is None or previous is None:
        return NO_COMPARISON, "calm"
    return _movement(round(moved * 100), f"{abs(moved) * 100:.0f} %", previous)


def points(now: tuple[Any, Any], before: tuple[Any, Any], previous: str | None, good: int = 1) -> tuple[str, str]:
    """Return how a ratio (part, whole) has changed in percentage points; `good` is -1 if less is better."""
    one, other = ratio(*now), ratio(*before)
    if one is None or other is None or previous is None:
        return NO_COMPARISON, "calm"
    moved = round((one - other) * 100, 1)
    return _movement(moved, f"{abs(moved):.1f} points", previous, good)


def _movement(moved: float, amount: str, previous: str, good: int = 1) -> tuple[str, str]:
    if not moved:
        return f"● unchanged from {previous}", "calm"
    return f"{'▲ up' if moved > 0 else '▼ down'} {amount} from {previous}", "good" if moved * good > 0 else "bad"
