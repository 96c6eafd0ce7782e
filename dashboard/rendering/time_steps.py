"""Mark the days, weeks and months of a trend that are incomplete: the period or the data begin or end in them."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from dashboard.rendering.components import FormattedValue
from dashboard.rendering.formatting import format_day

Rows = list[dict[str, Any]]
INCOMPLETE = "incomplete_part"  # the column that `mark_incomplete` adds


def last_day_of(starts_on: date, step: str) -> date:
    """Return the last day of the day, week or month that starts on a day."""
    lengths = {"day": 1, "week": 7, "month": monthrange(starts_on.year, starts_on.month)[1]}
    return starts_on + timedelta(days=lengths[step] - 1)


def incomplete_part(starts_on: date, step: str, first_day: date | None, complete_through: datetime | None) -> str:
    """Return the part of a step that the data cover, e.g. "1 day" or "until 13:34 UTC"; "" if it is complete.

    Args:
        starts_on: its first day.
        step: day, week or month.
        first_day: the first day that counts; None: the step begins complete.
        complete_through: when the data end (UTC).
    """
    if step == "day":
        is_last = complete_through and starts_on == complete_through.date()
        return f"until {complete_through:%H:%M} UTC" if is_last else ""
    end = last_day_of(starts_on, step)
    through = min(end, complete_through.date()) if complete_through else end
    since = max(starts_on, first_day or starts_on)
    days = (through - since).days + 1
    if days == (end - starts_on).days + 1 or days < 1:
        return ""
    return "1 day" if days == 1 else f"{days} days"


def mark_incomplete(
    rows: Rows, step: str, first_day: date | None, complete_through: datetime | None, column: str = "starts_on"
) -> Rows:
    """Return a trend's rows with the column INCOMPLETE; `column` has the first day of each step."""
    return [row | {INCOMPLETE: incomplete_part(row[column], step, first_day, complete_through)} for row in rows]


def step_label(row: dict[str, Any], column: str = "starts_on", form: str = "") -> FormattedValue:
    """Return the label of a step in a table: "29 Jun 2026 (2 days)"; `form` is strftime's."""
    text = f"{row[column]:{form}}" if form else format_day(row[column])
    return FormattedValue(f"{text} ({row[INCOMPLETE]})" if row[INCOMPLETE] else text, row[column])


def incomplete_note(rows: Sequence[dict[str, Any]], step: str, column: str = "starts_on") -> str:
    """Return the sentence that lists the incomplete steps, or ""."""
    found = [step_label(row, column, "%b %Y" if step == "month" else "") for row in rows if row[INCOMPLETE]]
    return f" Incomplete {step}s: {', '.join(found)}." if found else ""
