"""The cursor of one endpoint: where a load reads from, which objects it may bring again, and what it saves.

The state has the form of dlt's own incremental cursor, `incremental.<field>.last_value`, so that an older state goes
on. dlt compares cursors as text, in which 10:00:00Z is later than 10:00:00.5Z, and follows one into the future.
"""

from collections.abc import Callable, Mapping, MutableMapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exactly_once.rest_api.spec import Endpoint
from exactly_once.rest_api.values.notices import Notices
from exactly_once.rest_api.values.timestamps import EPOCH, parse_time, subtract, write_time

CLOCK_TOLERANCE = timedelta(minutes=5)  # that the clocks of a vendor's servers may differ by
FIRST_VALUE = "1970-01-01T00:00:00Z"


class LookbackCursor:
    """The cursor of one endpoint in one load.

    It never passes the server's clock by more than CLOCK_TOLERANCE: an object from the future is loaded and does not
    hide those that come after it. Each load reads such objects again and drops them as unchanged.

    Args:
        state: returns the state of the dlt resource.
        endpoint: that has a cursor.
        lookback_seconds: before the saved cursor, from which objects are read again.
        notices: has the server's clock, and counts the objects that are later than it.
    """

    def __init__(
        self,
        state: Callable[[], MutableMapping[str, Any]],
        endpoint: Endpoint,
        lookback_seconds: float,
        notices: Notices,
    ) -> None:
        self._state, self._field, self._notices = state, endpoint.cursor or "", notices
        self._lookback = timedelta(seconds=lookback_seconds)
        self._saved = self._reached = EPOCH
        self._beyond: datetime | None = None  # the earliest object of the future
        self._is_moved_back = False

    def start(self) -> str | None:
        """Return the time behind which this load reads, None for the beginning."""
        state = self._state()
        saved = state.get("incremental", {}).get(self._field, {}).get("last_value")
        self._saved = self._reached = max(parse_time(saved), EPOCH) if saved else EPOCH
        self._notices.start(self._saved)
        self._beyond = parse_time(state["beyond"]) if "beyond" in state else None
        if self._saved > datetime.now(UTC) + CLOCK_TOLERANCE:  # an earlier version followed an object into the future
            self._reached, self._is_moved_back = EPOCH, True
            return None
        since = subtract(self._saved, self._lookback)
        return write_time(since) if since > EPOCH else None

    def observe(self, page: Sequence[Mapping[str, Any]]) -> None:
        """Take the cursors of a page that came."""
        limit = self._notices.date + CLOCK_TOLERANCE
        for item in reversed(page):  # a page ascends
            at = parse_time(item[self._field])
            if at <= limit:
                self._reached = max(self._reached, at)
                break
            self._beyond = min(self._beyond or at, at)
            self._notices.note_future(self._field, item)

    def save(self) -> None:
        """Save how far the load came; nothing where it came no further."""
        state = self._state()
        entry = state.setdefault("incremental", {}).setdefault(self._field, {})
        if not entry or self._reached > self._saved or self._is_moved_back:
            reached = write_time(self._reached) if self._reached > EPOCH else FIRST_VALUE
            entry.update(last_value=reached, start_value=reached, unique_hashes=[])
            entry.setdefault("initial_value", FIRST_VALUE)
        if self._beyond and self._beyond > self._reached:
            state["beyond"] = write_time(self._beyond)
        else:
            state.pop("beyond", None)

    def previously_loaded_mask(self, page: pa.Table, column: str) -> pa.Array:
        """Return for each row of an Arrow table whether an earlier load may have brought it.

        Args:
            page: as `PagesToArrow` made it.
            column: of the cursor, in the table.
        """
        at = page.column(column)
        found = pc.less_equal(at, pa.scalar(self._saved, at.type))
        if self._beyond:
            found = pc.or_(found, pc.greater_equal(at, pa.scalar(self._beyond, at.type)))
        return found.combine_chunks()
