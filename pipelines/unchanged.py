"""Rows that are read again because they may have changed, and have not: they are not loaded again."""

from collections.abc import Callable
from typing import Any

import pyarrow as pa
from dlt.extract.items_transform import ItemTransform

from pipelines.raw_table import RawTable


class DropUnchanged(ItemTransform):
    """A step of a resource that drops from each Arrow table the rows that RAW has value for value.

    Args:
        raw: what RAW holds of the table.
        key: the columns that identify a row, as the source has them.
        is_reread: returns for an Arrow table a mask of the rows that an earlier load may have brought; only those are
            looked up.
    """

    placement_affinity = 3  # after a step that makes Arrow tables of pages

    def __init__(self, raw: RawTable, key: list[str], is_reread: Callable[[pa.Table], pa.Array]) -> None:
        super().__init__(self._changed)
        self._raw = raw
        self._key = key
        self._is_reread = is_reread

    def __call__(self, item: Any, meta: Any = None) -> Any:
        return self._changed(item) if isinstance(item, pa.Table) else item

    def _changed(self, batch: pa.Table) -> pa.Table | None:
        raw = self._raw
        if not raw.exists:
            return batch
        is_reread = self._is_reread(batch).to_pylist()
        again = batch.filter(pa.array(is_reread))
        if not again.num_rows:
            return batch
        known = raw.rows(list(zip(*(again.column(name).to_pylist() for name in self._key), strict=True)))
        names = {name: raw.normalized(name) for name in batch.column_names}
        if not set(names.values()) <= set(known.column_names):
            return batch  # a new column: every row of it is news
        seen = set(_rows(known.select(list(names.values()))))
        fresh = iter([row not in seen for row in _rows(again)])
        kept = batch.filter(pa.array([next(fresh) if reread else True for reread in is_reread]))
        return kept if kept.num_rows else None


def _rows(table: pa.Table) -> list[tuple]:
    return list(zip(*(column.to_pylist() for column in table.columns), strict=True))
