"""When the deletes of a table are looked for: `deletes_every`, or by default as often as the table's size permits.

The default bounds the cost: up to a size each load compares, then the time between two comparisons grows with the size,
so that what they cost in a day grows no further, until one a day is left.
"""

from collections.abc import Callable, Iterator, MutableMapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from dlt.common.schema.typing import TTableSchemaColumns

from exactly_once.incremental.delete_detection import RowsToMerge
from exactly_once.table_guard import TableGuard

STATE = "deletes_compared_at"  # in the state of the table's dlt resource
DAY = 86_400.0
# A load that starts a little early compares, too: else one each hour would compare every second hour.
EARLY = 0.1

State = Callable[[], MutableMapping[str, Any]]


def default_seconds(size: float, hourly: float) -> float:
    """Return the seconds between two comparisons of a table: 0 up to a size, then an hour for each such size.

    Args:
        size: of the table.
        hourly: the size that is compared in each load, or once an hour.
    """
    return 0.0 if size <= hourly else min(DAY, size / hourly * 3_600)


@dataclass(frozen=True)
class DeleteSchedule:
    """Whether this load compares a table, and since when the next one waits.

    The time moves with the load's state, so only when the load lands. A table that each load compares keeps none: the
    load of a state alone would be one without rows.

    Args:
        state: returns the state of the table's dlt resource.
        seconds: returns the time between two comparisons; 0: each load compares.
        is_forced: whether a person wants the comparison now.
    """

    state: State
    seconds: Callable[[], float]
    is_forced: bool = False

    def is_due(self) -> bool:
        """Tell whether this load compares."""
        saved, seconds = self.state().get(STATE), self.seconds()
        if self.is_forced or not seconds or not saved:
            return True
        elapsed = datetime.now(UTC) - datetime.fromisoformat(saved)
        # A clock that was set back does not postpone the comparison.
        return elapsed < timedelta(0) or elapsed.total_seconds() >= seconds * (1 - EARLY)

    def save(self, began: datetime) -> None:
        """Save that the comparison which began then is complete."""
        if self.seconds():
            self.state()[STATE] = began.isoformat(timespec="seconds")
        else:
            self.state().pop(STATE, None)


class ScheduledRows:
    """The rows of a detector, where the schedule says that this load compares.

    Args:
        detector: of the table.
        schedule: of the table.
        guard: of the table: once it is refused, nothing is saved.
    """

    def __init__(self, detector: RowsToMerge, schedule: DeleteSchedule, guard: TableGuard) -> None:
        self._detector, self._schedule, self._guard = detector, schedule, guard

    @property
    def columns(self) -> TTableSchemaColumns:
        """dlt's columns of the rows."""
        return self._detector.columns

    def rows(self) -> Iterator[pa.Table]:
        """Yield the rows to merge into RAW; none where the comparison is not due."""
        if not self._schedule.is_due():
            return
        began = datetime.now(UTC)
        yield from self._detector.rows()
        if not self._guard.is_refused:
            self._schedule.save(began)
