"""Numbers, days and changes in words."""

from dataclasses import replace
from datetime import date
from typing import Any

from dashboard.blocks import Notice, Page, Shown
from dashboard.queries import Filters
from dashboard.status import moment

NONE = "\N{EN DASH}"
NOTHING_BEFORE = "no whole period before to compare with"


def count(number: Any, form: str = ",") -> Shown:
    """Return a whole number with commas."""
    return Shown(f"{int(number):{form}}", int(number))


def usd(amount: Any, digits: int = 0) -> Shown:
    """Return US dollars; millions are shortened."""
    amount = float(amount)
    sign, size = "-" if round(amount, digits) < 0 else "", abs(amount)
    return Shown(f"{sign}${size / 1e6:,.2f} M" if size >= 1e6 else f"{sign}${size:,.{digits}f}", amount)


def ratio(part: Any, whole: Any) -> float | None:
    """Return part of whole, or none where there is nothing to divide by."""
    return float(part) / float(whole) if whole else None


def percent(value: float | None, digits: int = 1) -> Shown:
    """Return a share of one in per cent; a dash where there is none."""
    return Shown(NONE if value is None else f"{value * 100:.{digits}f} %", value)


def share(part: Any, whole: Any, digits: int = 1) -> Shown:
    """Return part of whole in per cent."""
    return percent(ratio(part, whole), digits)


def day(value: date) -> str:
    """Return a day for a person."""
    return f"{value.day} {value:%b %Y}"


def change(now: Any, before: Any, than: str | None) -> tuple[str, str]:
    """Return how an amount moved against `than`, the period before in words, and whether that is good."""
    moved = ratio(float(now) - float(before), before)
    if moved is None or than is None:
        return NOTHING_BEFORE, "calm"
    return _moved(round(moved * 100), f"{abs(moved) * 100:.0f} %", than)


def points(now: tuple[Any, Any], before: tuple[Any, Any], than: str | None, good: int = 1) -> tuple[str, str]:
    """Return how a share moved in percentage points; `good` is -1 where less is better."""
    one, other = ratio(*now), ratio(*before)
    if one is None or other is None or than is None:
        return NOTHING_BEFORE, "calm"
    moved = round((one - other) * 100, 1)
    return _moved(moved, f"{abs(moved):.1f} points", than, good)


def _moved(moved: float, amount: str, than: str, good: int = 1) -> tuple[str, str]:
    if not moved:
        return f"● as in {than}", "calm"
    return f"{'▲ up' if moved > 0 else '▼ down'} {amount} on {than}", "good" if moved * good > 0 else "bad"


def maybe(at: Any) -> Shown:
    """Return a UTC time for a person, or a dash where there is none."""
    return Shown(moment(at) if at else NONE, at)


def with_nothing(page: Page, filters: Filters, what: str = "Nothing was sent") -> Page:
    if any("empty" in notice.text for notice in page.notices):
        return page
    who = (
        "by this account "
        if filters.account_id is not None
        else f"in region {filters.region} "
        if filters.region
        else ""
    )
    days = f"from {day(filters.first_day)} to {day(filters.last_day)}"
    text = f"{what} {who}{days}. Choose a longer period or another filter."
    return replace(page, notices=[*page.notices, Notice(text)])
