"""What this month's work has cost, against what was set for it: MART's ledger and `MAILBLAZE_MONTHLY_CREDITS`.

The ledger changes with a dbt build, so it is read after one, while the warehouse is awake, and kept in the lake. A run
looks at what was kept before it loads: that starts no warehouse. The ledger is as late as Snowflake's meters and that
build; the resource monitor, which is neither, suspends the warehouses in any case.
"""

import json
import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from exactly_once.errors import PipelineError
from pipelines.runs.flow_lease import flow_memory
from pipelines.runs.raw_contents import spent_since

SETTING = "MAILBLAZE_MONTHLY_CREDITS"
NAME = "budget"  # of what is kept in the lake
NEAR = Decimal("0.8")


@dataclass(frozen=True)
class Spending:
    """A month's credits and US dollars so far, the last day that the ledger knows of it, and the budget in credits.

    `read_at` is when the ledger was read, after a build; None: nobody has read it this month.
    """

    credits: Decimal
    usd: Decimal
    last_day: date | None
    budget: Decimal
    read_at: datetime | None = None

    @property
    def share(self) -> float:
        """Return how much of the budget is spent; 1 is all of it."""
        return float(self.credits / self.budget)

    @property
    def is_near(self) -> bool:
        """Tell whether four fifths are spent."""
        return self.credits >= self.budget * NEAR

    @property
    def is_over(self) -> bool:
        """Tell whether all is spent."""
        return self.credits >= self.budget

    def text(self) -> str:
        """Return it as a person reads it."""
        if self.read_at is None:
            return f"nothing is known of this month's {self.budget.normalize():f} credits before its first build"
        known = (
            f"as the ledger has it until {self.last_day}" if self.last_day else "the ledger has nothing of this month"
        )
        known += f", read after the build of {self.read_at:%Y-%m-%d %H:%M} UTC"
        return f"{self.credits:.2f} of {self.budget.normalize():f} credits ({self.share:.0%}, ${self.usd:.2f}), {known}"


def is_set() -> bool:
    """Tell whether there is a budget."""
    return bool(os.environ.get(SETTING))


def month_so_far() -> Spending:
    """Return this month's (UTC) spending as MART has it now: this starts the warehouse that dbt builds with.

    Raises:
        PipelineError: the budget is not a number above 0.
    """
    now = datetime.now(UTC)
    return Spending(*spent_since(now.date().replace(day=1)), _budget(), now)


def keep(spending: Spending) -> None:
    """Keep what was read for the runs to come, on whichever machine."""
    kept = {
        "read_at": spending.read_at.isoformat(),
        "credits": str(spending.credits),
        "usd": str(spending.usd),
        "last_day": spending.last_day and spending.last_day.isoformat(),
    }
    store = flow_memory(NAME)
    stored = store.read()
    store.write(json.dumps(kept, indent=1).encode(), stored.version if stored else None)


def kept() -> Spending:
    """Return this month's (UTC) spending as the last build left it; no warehouse is asked.

    Raises:
        PipelineError: the budget is not a number above 0.
    """
    budget, stored = _budget(), flow_memory(NAME).read()
    try:
        found = json.loads(stored.body) if stored else {}
        read_at = datetime.fromisoformat(found["read_at"])
        last_day = found["last_day"] and date.fromisoformat(found["last_day"])
        spending = Spending(Decimal(found["credits"]), Decimal(found["usd"]), last_day, budget, read_at)
    except (KeyError, TypeError, ValueError, InvalidOperation):  # none yet, or damaged: the next build writes it
        return Spending(Decimal(0), Decimal(0), None, budget)
    now = datetime.now(UTC)
    if (read_at.year, read_at.month) != (now.year, now.month):
        return Spending(Decimal(0), Decimal(0), None, budget)
    return spending


def _budget() -> Decimal:
    text = os.environ[SETTING]
    try:
        budget = Decimal(text)
    except InvalidOperation:
        budget = Decimal(0)
    if budget.is_nan() or budget <= 0:
        raise PipelineError(f"{SETTING}={text!r} is not a number above 0: set the month's credits, or unset it.")
    return budget
