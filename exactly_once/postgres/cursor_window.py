"""What one load reads of one table: the half-open window from the last horizon to this one."""

from collections.abc import Callable, MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from dlt.extract.extractors import ImportFileMeta
from dlt.extract.items_transform import ItemTransform

from exactly_once.errors import PipelineError
from exactly_once.postgres.snapshot import BEGINNING, Snapshot
from exactly_once.postgres.tables.type_mapping import source_of

State = Callable[[], MutableMapping]

STEADY = 1.0  # seconds that two clocks may differ from load to load before one of them was set
AHEAD = timedelta(
    minutes=1
)  # a cursor that far past the server's clock is no time of a change: the horizon waits for none


class CursorWindow:
    """The range of a table's cursor that a load reads; the horizon is saved only where the load brings rows.

    Saving it for nothing would make a load out of every run. An old horizon costs a longer, still empty, range. Rows
    whose cursor lies in the future are in every window, and no horizon follows them.

    Args:
        state: returns the state of the dlt resource, which keeps the horizon; dlt has it during an extraction only.
        cursor: the column as RAW names it, timestamptz or timestamp; None: the table is read whole.
        lag: seconds before the last horizon from which rows are read again, where the application sets the cursor
            itself, long before it commits.
        zone: in which a timestamp is written.
        is_whole: whether this load reads every row below its end, those of earlier loads too.
        partitions: by oid, that are read whole, because no load has seen them.
        digits: of a second that the cursor's type keeps. Postgres rounds to them, so that a row may have a cursor from
            before the start of its own transaction: the window ends that much earlier.
    """

    def __init__(
        self,
        snapshot: Snapshot,
        state: State,
        cursor: str | None,
        lag: float = 0.0,
        zone: str | None = None,
        is_whole: bool = False,
        partitions: Sequence[int] = (),
        digits: int = 6,
    ) -> None:
        self._snapshot = snapshot
        self._state = state
        self._cursor = cursor
        self._lag = timedelta(seconds=lag)
        self._zone = ZoneInfo(zone) if zone else UTC
        self.is_whole = is_whole
        self._partitions = partitions
        self._rounding = timedelta(0) if digits >= 6 else timedelta(seconds=10**-digits)

    @property
    def cursor(self) -> str | None:
        """The column, as RAW names it; None: the table is read whole."""
        return self._cursor

    @cached_property
    def saved(self) -> datetime | None:
        """The horizon of the last load that brought rows, UTC.

        Raises:
            PipelineError: the server's clock stands before it.
        """
        saved = self._state().get("horizon")
        horizon = datetime.fromisoformat(saved) if saved else None
        if horizon and self._snapshot.moment.clock < horizon:
            behind = (horizon - self._snapshot.moment.clock).total_seconds()
            raise PipelineError(
                f"Postgres's clock went back: it stands {behind:.0f} s before the last horizon, and rows changed now "
                "would be skipped. Set it right, or run again when it has passed."
            )
        return horizon

    @cached_property
    def start(self) -> datetime | None:
        """Where the window begins, UTC; None: at the first row."""
        if self.saved is None or self.is_whole:
            return None
        # A clock that was set back gave rows of the time since the last load cursors from before its horizon.
        set_back = timedelta(seconds=self._state()["clock_offset"] - self._snapshot.moment.offset)
        return self.saved - self._lag - (set_back if set_back.total_seconds() > STEADY else timedelta(0))

    @cached_property
    def end(self) -> datetime:
        """The first moment that this load does not read, UTC; never before the last horizon."""
        horizon = self._snapshot.moment.horizon
        return max(horizon - self._rounding if horizon else BEGINNING, self.saved or BEGINNING)

    @cached_property
    def future(self) -> datetime:
        """From here on a cursor lies in the future, UTC."""
        return self._snapshot.moment.clock + AHEAD

    def condition(self, table: sa.Table) -> sa.ColumnElement:
        """Return what a row of the window fulfils; a row without a cursor is in every window."""
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

    def is_future(self, table: sa.Table) -> sa.ColumnElement:
        """Return what a row fulfils whose cursor lies in the future."""
        return sa.not_(self.is_before(table.c[self._cursor], self.future))

    def is_old(self, table: sa.Table) -> sa.ColumnElement:
        """Return what a row fulfils that no window from now on reads."""
        if self._cursor is None or self.start is None:
            return sa.false()
        return sa.func.coalesce(self.is_before(table.c[self._cursor], self.start), sa.false())

    def may_reread(self, table: sa.Table) -> bool:
        """Tell whether rows of the window may be ones that an earlier load brought, which are then compared."""
        if self._cursor is None:
            return True
        if self.saved is None or self.is_whole:
            return False
        return self.start < self.saved or table.c[self._cursor].info["is_nullable"]

    def is_reread(self, rows: pa.Table) -> pa.Array:
        """Return for each row whether an earlier load may have brought it."""
        if self._cursor is None or self.saved is None:
            return pa.repeat(self._cursor is None, rows.num_rows)
        cursor = rows.column(self._cursor)
        saved, future = (
            pa.scalar(self.bound(moment, cursor.type.tz), cursor.type) for moment in (self.saved, self.future)
        )
        again = pc.or_(pc.less(cursor, saved), pc.greater_equal(cursor, future))
        return pc.if_else(pc.is_valid(cursor), again, True).combine_chunks()

    def save(self) -> None:
        """Save the horizon, because rows of this window will be loaded."""
        if self._cursor and self.saved != self.end:
            self._state().update(horizon=self.end.isoformat(), clock_offset=round(self._snapshot.moment.offset, 3))

    def is_before(self, column: sa.Column, moment: datetime) -> sa.ColumnElement:
        """Return whether the column's value is before a moment, in the zone in which it is written."""
        return source_of(column) < sa.literal(self.bound(moment, column.type.timezone), column.type)

    def bound(self, moment: datetime, has_zone: Any) -> datetime:
        """Return a moment as the cursor has it: with a zone, or without one in the zone in which it is written."""
        return moment if has_zone else wall_clock(moment, self._zone)


def wall_clock(moment: datetime, zone: Any) -> datetime:
    """Return the first time without a zone that is not before a moment, in a zone.

    In the hour that comes twice at the end of summer time a time is taken for the later one, as Postgres takes it: a
    row written in the first pass waits for the second, and none is skipped.
    """
    local = moment.astimezone(zone)
    if local.fold == 0 and local.utcoffset() != local.replace(fold=1).utcoffset():
        first, second = local.utcoffset(), local.replace(fold=1).utcoffset()
        if first > second:  # summer time ends: of this hour, the second pass counts
            behind = moment + (first - second)
            return _first_of_pass(behind.astimezone(zone), first - second)
    return local.replace(tzinfo=None, fold=0)


def _first_of_pass(second: datetime, length: timedelta) -> datetime:
    """Return the wall time at which the second pass of a repeated hour begins."""
    low, high = second - length, second
    zone = second.tzinfo
    while high - low > timedelta(microseconds=1):
        middle = low + (high - low) / 2
        moment = middle.replace(tzinfo=None)
        is_second = moment.replace(tzinfo=zone, fold=0).utcoffset() != moment.replace(tzinfo=zone, fold=1).utcoffset()
        low, high = (low, middle) if is_second else (middle, high)
    return high.replace(tzinfo=None, fold=0)


class SaveWatermark(ItemTransform):
    """A step of a resource that saves the window's horizon once rows have come through the steps before it."""

    placement_affinity = 4  # after the rows that did not change were dropped

    def __init__(self, window: CursorWindow) -> None:
        super().__init__(self.__call__)
        self._window = window

    def __call__(self, item: Any, meta: Any = None) -> Any:
        # dlt's first item brings hints only, and a file of rows stands in its meta.
        if isinstance(meta, ImportFileMeta) or (isinstance(item, pa.Table) and item.num_rows):
            self._window.save()
        return item
