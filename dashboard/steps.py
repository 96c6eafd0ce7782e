"""Days, weeks and months of a trend that are not whole: the period or the data begin or end in them."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from dashboard.blocks import Shown
from dashboard.status import Status
from dashboard.words import day

Rows = list[dict[str, Any]]
CUT = "cut"  # the column that `marked` adds


def last_day_of(starts_on: date, step: str) -> date:
    """Return the last day of the day, week or month that begins on a day."""
    lengths = {"day": 1, "week": 7, "month": monthrange(starts_on.year, starts_on.month)[1]}
    return starts_on + timedelta(days=lengths[step] - 1)


def cut(starts_on: date, step: str, first_day: date | None, status: Status, last_day: date | None = None) -> str:
    """Return what a step has instead of all its days, e.g. "1 day" or "until 13:34 UTC"; "" where it is whole.

    Args:
        starts_on: its first day.
        step: day, week or month.
        first_day: the first day that counts; None: the step begins whole.
        status: says when the data end.
        last_day: the last day that counts; None: that of the data.
    """
    end = last_day_of(starts_on, step)
    known = [one for one in (last_day, status.last_day) if one]
    through = min([end, *known])
    if step == "day":
        at = status.complete_through
        return f"until {at:%H:%M} UTC" if at and starts_on == at.date() else ""
    since = max(starts_on, first_day or starts_on)
    count = (through - since).days + 1
    if count == (end - starts_on).days + 1 or count < 1:
        return ""
    return "1 day" if count == 1 else f"{count} days"


def marked(rows: Rows, step: str, first_day: date | None, status: Status, name: str = "starts_on") -> Rows:
    """Return a trend's rows with what the steps lack in CUT; `name` is the column of their first days."""
    return [row | {CUT: cut(row[name], step, first_day, status)} for row in rows]


def label(row: dict[str, Any], name: str = "starts_on", form: str = "") -> Shown:
    """Return a step's name in a table, with what it lacks: "29 Jun 2026 (2 days)"; `form` is strftime's."""
    text = f"{row[name]:{form}}" if form else day(row[name])
    return Shown(f"{text} ({row[CUT]})" if row[CUT] else text, row[name])


def said(rows: Sequence[dict[str, Any]], step: str, name: str = "starts_on") -> str:
    """Return the sentence that names the steps that are not whole, or nothing."""
    found = [label(row, name, "%b %Y" if step == "month" else "") for row in rows if row[CUT]]
    return f" Not a whole {step}: {', '.join(found)}." if found else ""
