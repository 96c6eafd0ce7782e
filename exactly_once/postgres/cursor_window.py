"""What one load reads of one table: the half-open window between two low watermarks (defined in snapshot.py)."""

from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import sqlalchemy as sa
from dlt.extract.extractors import ImportFileMeta
from dlt.extract.items_transform import ItemTransform
from typing_extensions import override

from exactly_once.errors import PipelineError
from exactly_once.postgres.snapshot import BEGINNING, Snapshot
from exactly_once.postgres.tables.type_mapping import source_of

State = Callable[[], MutableMapping[str, Any]]

STEADY = 1.0  # seconds that two clocks may differ from load to load before one of them was set
ZERO = timedelta(0)
AHEAD = timedelta(minutes=1)  # a cursor that far past the server's clock is no time of a change


@dataclass(frozen=True)
class CursorColumn:
    """The column that says when a row changed.

    Args:
        name: as RAW has it; of type timestamptz or timestamp.
        lookback_seconds: before the last low watermark from which rows are read again, where the application sets the
            cursor itself, long before it commits.
        zone: IANA name of the zone in which a timestamp is written; None: UTC.
        digits: of a second that the type keeps. Postgres rounds to them, so that a row may have a cursor from before
            the start of its own transaction: the window ends that much earlier.
    """

    name: str
    lookback_seconds: float = 0.0
    zone: str | None = None
    digits: int = 6


class CursorWindow:
    """The range of a table's cursor that a load reads: from the last low watermark to the snapshot's, half-open.

    The watermark is saved only with rows: saving state without rows would create an empty load. An old watermark costs
    a longer range that is still empty. Rows whose cursor lies in the future are in every window.

    Args:
        snapshot: that the table is read from.
        state: returns the state of the dlt resource, which keeps the watermark; dlt has it during an extraction only.
        cursor: None: the table is read whole.
        is_whole: whether this load reads every row below its end, those of earlier loads too.
        partitions: by oid, that are read whole, because no load has seen them.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        state: State,
        cursor: CursorColumn | None,
        is_whole: bool = False,
        partitions: Sequence[int] = (),
    ) -> None:
        self._snapshot = snapshot
        self._state = state
        self._cursor = cursor.name if cursor else None
        self._lookback = timedelta(seconds=cursor.lookback_seconds if cursor else 0)
        self._zone = ZoneInfo(cursor.zone) if cursor and cursor.zone else UTC
        digits = cursor.digits if cursor else 6
        self._rounding = timedelta(0) if digits >= 6 else timedelta(seconds=10**-digits)
        self.is_whole = is_whole
        self._partitions = partitions

    @property
    def cursor(self) -> str | None:
        """The column, as RAW names it; None: the table is read whole."""
        return self._cursor

    @cached_property
    def saved(self) -> datetime | None:
        """The low watermark of the last load that brought rows, UTC.

        Raises:
            PipelineError: the server's clock is before it.
        """
        saved = self._state().get("horizon")
        watermark = datetime.fromisoformat(saved) if saved else None
        now = self._snapshot.clock.now
        if watermark and now < watermark:
            behind = (watermark - now).total_seconds()
            raise PipelineError(
                f"Postgres's clock went back: it is {behind:.0f} s before the last low watermark, and rows changed now "
                "would be skipped. Correct it, or run again when it has passed."
            )
        return watermark

    @cached_property
    def start(self) -> datetime | None:
        """Where the window begins, UTC; None: at the first row."""
        if self.saved is None or self.is_whole:
            return None
        # A clock that was set back gave rows of the time since the last load cursors from before its watermark.
        set_back = timedelta(seconds=self._state()["clock_offset"] - self._snapshot.clock.offset)
        return self.saved - self._lookback - (set_back if set_back.total_seconds() > STEADY else timedelta(0))

    @cached_property
    def end(self) -> datetime:
        """Where the window ends, UTC; never before the last low watermark."""
        watermark = self._snapshot.clock.low_watermark
        return max(watermark - self._rounding if watermark else BEGINNING, self.saved or BEGINNING)

    @cached_property
    def future(self) -> datetime:
        """From this time on a cursor lies in the future, UTC."""
        return self._snapshot.clock.now + AHEAD

    def condition(self, table: sa.Table) -> sa.ColumnElement[Any]:
        """Return the SQL condition of the window's rows; a row without a cursor is in every window."""
        if self._cursor is None:
            return sa.true()
        column = table.c[self._cursor]
        inside = self.is_before(column, self.end)
        if self.start:
            inside = sa.and_(sa.not_(self.is_before(column, self.start)), inside)
            if self._partitions:
                parts = ", ".join(str(int(part)) for part in self._partitions)
                inside = sa.or_(inside, sa.literal_column(f"tableoid IN ({parts})", sa.Boolean))
        inside = sa.or_(inside, self.is_future(table))
        return sa.or_(inside, source_of(column).is_(None)) if column.info["is_nullable"] else inside

    def is_future(self, table: sa.Table) -> sa.ColumnElement[Any]:
        """Return the SQL condition of rows whose cursor lies in the future."""
        column = table.c[self._cursor or ""]  # asked of tables with a cursor alone
        return sa.not_(self.is_before(column, self.future))

    def before_window(self, table: sa.Table) -> sa.ColumnElement[Any]:
        """Return the SQL condition of rows that neither this window nor a later one reads."""
        if self._cursor is None or self.start is None:
            return sa.false()
        return sa.func.coalesce(self.is_before(table.c[self._cursor], self.start), sa.false())

    def overlaps_last_load(self, table: sa.Table) -> bool:
        """Tell whether an earlier load may have brought rows of the window, which are then compared with RAW."""
        if self._cursor is None:
            return True
        if self.saved is None or self.start is None:
            return False
        return self.start < self.saved or bool(table.c[self._cursor].info["is_nullable"])

    def previously_loaded_mask(self, rows: pa.Table) -> pa.Array:
        """Return a boolean for each row: whether an earlier load may have brought it."""
        if self._cursor is None or self.saved is None:
            return pa.repeat(self._cursor is None, rows.num_rows)
        import pyarrow.compute as pc

        cursor = rows.column(self._cursor)
        saved, future = (pa.scalar(self.bound(time, cursor.type.tz), cursor.type) for time in (self.saved, self.future))
        again = pc.or_(pc.less(cursor, saved), pc.greater_equal(cursor, future))
        return pc.if_else(pc.is_valid(cursor), again, True).combine_chunks()

    def save(self) -> None:
        """Save the low watermark; rows of this window are loaded."""
        if self._cursor and self.saved != self.end:
            self._state().update(horizon=self.end.isoformat(), clock_offset=round(self._snapshot.clock.offset, 3))

    def is_before(self, column: sa.Column[Any], time: datetime) -> sa.ColumnElement[Any]:
        """Return the SQL condition that the column's value is before a time (UTC)."""
        return source_of(column) < sa.literal(self.bound(time, getattr(column.type, "timezone", False)), column.type)

    def bound(self, time: datetime, has_zone: Any) -> datetime:
        """Return a time as the cursor's type has it: with a zone, or as local time of the declared zone."""
        return time if has_zone else wall_clock(time, self._zone)


def wall_clock(time: datetime, zone: Any) -> datetime:
    """Return the first local time of a zone that is not before a time.

    In the hour that comes twice at the end of summer time a local time counts as the later one, as in Postgres: a row
    written in the first pass waits for the second, and none is skipped.
    """
    local = time.astimezone(zone)
    repeated = (local.utcoffset() or ZERO) - (local.replace(fold=1).utcoffset() or ZERO)
    if local.fold == 0 and repeated > ZERO:  # summer time ends: of this hour, the second pass counts
        return _first_of_pass((time + repeated).astimezone(zone), repeated)
    return local.replace(tzinfo=None, fold=0)


def _first_of_pass(second: datetime, length: timedelta) -> datetime:
    """Return the local time at which the second pass of a repeated hour begins."""
    low, high = second - length, second
    zone = second.tzinfo
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) / 2
        local = middle.replace(tzinfo=None)
        is_second = local.replace(tzinfo=zone, fold=0).utcoffset() != local.replace(tzinfo=zone, fold=1).utcoffset()
        low, high = (low, middle) if is_second else (middle, high)
    return high.replace(tzinfo=None, fold=0)


class SaveWatermark(ItemTransform[Any]):
    """A step of a resource that saves the window's low watermark once rows have passed the steps before it."""

    placement_affinity = 4  # after the rows that did not change were dropped

    def __init__(self, window: CursorWindow) -> None:
        super().__init__(self.__call__)
        self._window = window

    @override
    def __call__(self, item: Any, meta: Any = None) -> Any:
        # dlt's first item carries hints only, and the item of a file has its rows in the meta.
        if isinstance(meta, ImportFileMeta) or (isinstance(item, pa.Table) and item.num_rows):
            self._window.save()
        return item
