"""The month's credits so far against the budget: MART's cost ledger and `MAILBLAZE_MONTHLY_CREDITS`.

The ledger changes with a dbt build. It is read after one, while the warehouse is awake, and what it says is saved in
the lake. The next run reads what was saved before it loads, which starts no warehouse. The ledger is as late as
Snowflake's metering and that build; the resource monitor, which is neither, suspends the warehouses in any case.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from exactly_once.errors import PipelineError
from pipelines.environment import mart_client
from pipelines.runs.flow_lease import flow_state
from pipelines.runs.warehouse_queries import read_rows

SETTING = "MAILBLAZE_MONTHLY_CREDITS"
SAVED_NAME = "budget"  # of the object in the lake
NEAR_SHARE = Decimal("0.8")


@dataclass(frozen=True)
class Spending:
    """What a month has cost so far.

    Args:
        credits: spent.
        usd: their price in US dollars.
        last_day: the last day of the month that the ledger has.
        budget: the month's credits.
        read_at: when the ledger was read, after a build; None: not this month.
    """

    credits: Decimal
    usd: Decimal
    last_day: date | None
    budget: Decimal
    read_at: datetime | None = None

    @property
    def share(self) -> float:
        """The part of the budget that is spent; 1 is all of it."""
        return float(self.credits / self.budget)

    @property
    def is_near(self) -> bool:
        """Whether four fifths are spent."""
        return self.credits >= self.budget * NEAR_SHARE

    @property
    def is_over(self) -> bool:
        """Whether all is spent."""
        return self.credits >= self.budget

    def text(self) -> str:
        """Return the spending in words."""
        if self.read_at is None:
            return f"nothing is known of this month's {self.budget.normalize():f} credits before its first build"
        known = (
            f"as the ledger has it until {self.last_day}" if self.last_day else "the ledger has nothing of this month"
        )
        known += f", read after the build of {self.read_at:%Y-%m-%d %H:%M} UTC"
        return f"{self.credits:.2f} of {self.budget.normalize():f} credits ({self.share:.0%}, ${self.usd:.2f}), {known}"


def is_set() -> bool:
    """Return whether there is a budget."""
    return bool(os.environ.get(SETTING))


def read_month() -> Spending:
    """Return this month's (UTC) spending as MART has it now; this starts the warehouse that dbt builds with.

    Raises:
        PipelineError: the budget is not a number above 0.
    """
    now = datetime.now(UTC)
    return Spending(*_spent_since(now.date().replace(day=1)), _budget(), now)


def save(spending: Spending) -> None:
    """Save what was read for the next runs, on whichever machine."""
    document = {
        "read_at": spending.read_at and spending.read_at.isoformat(),
        "credits": str(spending.credits),
        "usd": str(spending.usd),
        "last_day": spending.last_day and spending.last_day.isoformat(),
    }
    store = flow_state(SAVED_NAME)
    stored = store.read()
    store.write(json.dumps(document, indent=1).encode(), stored.version if stored else None)


def load_saved() -> Spending:
    """Return this month's (UTC) spending as the last build saved it; no warehouse is asked.

    Raises:
        PipelineError: the budget is not a number above 0.
    """
    budget, stored = _budget(), flow_state(SAVED_NAME).read()
    unknown = Spending(Decimal(0), Decimal(0), None, budget)
    try:
        saved = json.loads(stored.body) if stored else {}
        read_at = datetime.fromisoformat(saved["read_at"])
        last_day = saved["last_day"] and date.fromisoformat(saved["last_day"])
        spending = Spending(Decimal(saved["credits"]), Decimal(saved["usd"]), last_day, budget, read_at)
    except (KeyError, TypeError, ValueError, InvalidOperation):  # missing or damaged: the next build writes it
        return unknown
    now = datetime.now(UTC)
    return spending if (read_at.year, read_at.month) == (now.year, now.month) else unknown


def _spent_since(day: date) -> tuple[Decimal, Decimal, date | None]:
    """Return the credits, the US dollars and the ledger's last day since `day`; 0, 0, None before the first build."""
    with mart_client() as mart:
        ledger = mart.make_qualified_table_name("rpt_pipeline_cost")
        sql = (
            f"SELECT coalesce(sum(credits), 0), coalesce(sum(cost_usd), 0), max(cost_on) FROM {ledger} "
            f"WHERE cost_on >= CAST('{day}' AS DATE)"
        )
        rows = read_rows(mart, sql, missing_ok=True)
    credits, usd, last_day = rows[0].values() if rows else (0, 0, None)
    return Decimal(credits), Decimal(usd), last_day


def _budget() -> Decimal:
    text = os.environ[SETTING]
    try:
        budget = Decimal(text)
    except InvalidOperation:
        budget = Decimal(0)
    if budget.is_nan() or budget <= 0:
        raise PipelineError(f"{SETTING}={text!r} is not a number above 0: set the month's credits, or unset it.")
    return budget
