"""Which rows a cursor with a lag brings again, and what of it is saved."""

from datetime import datetime
from typing import Any

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.extract.items_transform import ItemTransform


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


class OneCursor(ItemTransform):
    """A step of a resource that saves only where its cursor stands.

    dlt saves where a read began, too, which is another place in the first read after each load: that read would make a
    load of a new state alone.

    Args:
        resource: whose state keeps dlt's incremental cursor.
        cursor: its column.
    """

    placement_affinity = 2  # after dlt's own incremental step

    def __init__(self, resource: str, cursor: str) -> None:
        super().__init__(self._settle)
        self._resource = resource
        self._cursor = cursor

    def __call__(self, item: Any, meta: Any = None) -> Any:
        return self._settle(item)

    def _settle(self, item: Any) -> Any:
        saved = dlt.current.resource_state(self._resource)["incremental"][self._cursor]
        saved["start_value"] = saved["last_value"]
        return item
