"""Which rows a cursor with a lag brings again."""

from datetime import datetime

import dlt
import pyarrow as pa
import pyarrow.compute as pc


class Reread:
    """Returns for each row of an Arrow table whether an earlier load may have brought it.

    Args:
        resource: whose state keeps dlt's incremental cursor.
        cursor: its column, a timestamp.
    """

    def __init__(self, resource: str, cursor: str) -> None:
        self._resource = resource
        self._cursor = cursor
        self._until: datetime | None = None

    def __call__(self, page: pa.Table) -> pa.Array:
        if self._until is None:
            # The first page may have moved it already: then new rows of that page are looked up, and not found.
            last = dlt.current.resource_state(self._resource)["incremental"][self._cursor]["last_value"]
            self._until = datetime.fromisoformat(last)
        column = page.column(self._cursor)
        return pc.less_equal(column, pa.scalar(self._until, column.type)).combine_chunks()
