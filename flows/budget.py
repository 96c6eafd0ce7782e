"""What this month's work has cost, against what was set for it: MART's ledger and `MAILBLAZE_MONTHLY_CREDITS`.

The ledger is as late as Snowflake's meters and the last dbt build; the resource monitor, which is neither, suspends the
warehouses in any case. This check says so before they stand still.
"""

import os
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation

from pipelines.contents import spent_since
from pipelines.errors import Refusal

SETTING = "MAILBLAZE_MONTHLY_CREDITS"
NEAR = Decimal("0.8")


@dataclass(frozen=True)
class Spending:
    """A month's credits and US dollars so far, the last day that the ledger knows of it, and the budget in credits."""

    credits: Decimal
    usd: Decimal
    last_day: date | None
    budget: Decimal

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
        known = (
            f"as the ledger has it until {self.last_day}" if self.last_day else "the ledger has nothing of this month"
        )
        return f"{self.credits:.2f} of {self.budget.normalize():f} credits ({self.share:.0%}, ${self.usd:.2f}), {known}"


def is_set() -> bool:
    """Tell whether there is a budget."""
    return bool(os.environ.get(SETTING))


def month_so_far() -> Spending:
    """Return this month's (UTC) spending.

    Raises:
        Refusal: the budget is not a number above 0.
    """
    text = os.environ[SETTING]
    try:
        budget = Decimal(text)
    except InvalidOperation:
        budget = Decimal(0)
    if budget.is_nan() or budget <= 0:
        raise Refusal(f"{SETTING}={text!r} is not a number above 0: set the month's credits, or unset it.")
    first = datetime.now(UTC).date().replace(day=1)
    return Spending(*spent_since(first), budget)
