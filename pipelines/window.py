"""What one load reads of one table: the half-open window from the last horizon to this one."""

from collections.abc import Callable, MutableMapping
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import sqlalchemy as sa
from dlt.extract.extractors import ImportFileMeta
from dlt.extract.items_transform import ItemTransform

from pipelines.errors import Refusal
from pipelines.snapshot import BEGINNING, Snapshot

State = Callable[[], MutableMapping]

STEADY = 1.0  # seconds that two clocks may differ from load to load before one of them was set


class Window:
    """The range of a table's cursor that a load reads; the horizon is saved only where the load brings rows.

    Saving it for nothing would make a load out of every run. An old horizon costs a longer, still empty, range.

    Args:
        state: returns the state of the dlt resource, which keeps the horizon; dlt has it during an extraction only.
        cursor: the column, timestamptz (or timestamp, taken as UTC); None: the table is read whole.
        lag: seconds before the last horizon from which rows are read again, where the application sets the cursor
            itself, long before it commits.
    """

    def __init__(self, snapshot: Snapshot, state: State, cursor: str | None, lag: float = 0.0) -> None:
        self._snapshot = snapshot
        self._state = state
        self._cursor = cursor
        self._lag = timedelta(seconds=lag)

    @cached_property
    def saved(self) -> datetime | None:
        """The horizon of the last load that brought rows, UTC.

        Raises:
            Refusal: the server's clock stands before it.
        """
        saved = self._state().get("horizon")
        horizon = datetime.fromisoformat(saved) if saved else None
        if horizon and self._snapshot.moment.clock < horizon:
            behind = (horizon - self._snapshot.moment.clock).total_seconds()
            raise Refusal(
                f"Postgres's clock went back: it stands {behind:.0f} s before the last horizon, and rows changed now "
                "would be skipped. Set it right, or run again when it has passed."
            )
        return horizon

    @cached_property
    def start(self) -> datetime | None:
        """Where the window begins, UTC; None: at the first row."""
        if self.saved is None:
            return None
        # A clock that was set back gave rows of the time since the last load cursors from before its horizon.
        set_back = timedelta(seconds=self._state()["clock_offset"] - self._snapshot.moment.offset)
        return self.saved - self._lag - (set_back if set_back.total_seconds() > STEADY else timedelta(0))

    @cached_property
    def end(self) -> datetime:
        """The first moment that this load does not read, UTC; never before the last horizon."""
        return max(self._snapshot.moment.horizon or BEGINNING, self.saved or BEGINNING)

    def condition(self, table: sa.Table) -> sa.ColumnElement:
        """Return what a row of the window fulfils; a row without a cursor is in every window."""
        if self._cursor is None:
            return sa.true()
        column = table.c[self._cursor]
        if not isinstance(column.type, sa.DateTime):
            raise Refusal(f"{table.name}.{column.name} is no timestamp: name another cursor in TABLES, or None.")
        inside = self.is_before(column, self.end)
        if self.start:
            inside = sa.and_(sa.not_(self.is_before(column, self.start)), inside)
        return sa.or_(inside, column.is_(None)) if column.info["is_nullable"] else inside

    def is_old(self, table: sa.Table) -> sa.ColumnElement:
        """Return what a row fulfils that no window from now on reads."""
        if self._cursor is None or self.start is None:
            return sa.false()
        return sa.func.coalesce(self.is_before(table.c[self._cursor], self.start), sa.false())

    def may_reread(self, table: sa.Table) -> bool:
        """Tell whether rows of the window may be ones that an earlier load brought."""
        if self._cursor is None:
            return True
        return self.saved is not None and (self.start < self.saved or table.c[self._cursor].info["is_nullable"])

    def is_reread(self, rows: pa.Table) -> pa.Array:
        """Return for each row whether an earlier load may have brought it."""
        if self._cursor is None or self.saved is None:
            return pa.repeat(self._cursor is None, rows.num_rows)
        cursor = rows.column(self._cursor)
        saved = pa.scalar(self.saved.replace(tzinfo=None) if cursor.type.tz is None else self.saved, cursor.type)
        return pc.if_else(pc.is_valid(cursor), pc.less(cursor, saved), True).combine_chunks()

    def save(self) -> None:
        """Save the horizon, because rows of this window will be loaded."""
        if self._cursor and self.saved != self.end:
            self._state().update(horizon=self.end.isoformat(), clock_offset=round(self._snapshot.moment.offset, 3))

    @staticmethod
    def is_before(column: sa.Column, moment: datetime) -> sa.ColumnElement:
        """Return whether the column's value is before a moment; one without a zone is taken as UTC."""
        return column < (moment if column.type.timezone else moment.replace(tzinfo=None))


class SaveHorizon(ItemTransform):
    """A step of a resource that saves the window's horizon once rows have come through the steps before it."""

    placement_affinity = 4  # after the rows that did not change were dropped

    def __init__(self, window: Window) -> None:
        super().__init__(self.__call__)
        self._window = window

    def __call__(self, item: Any, meta: Any = None) -> Any:
        # dlt's first item brings hints only, and a file of rows stands in its meta.
        if isinstance(meta, ImportFileMeta) or (isinstance(item, pa.Table) and item.num_rows):
            self._window.save()
        return item
