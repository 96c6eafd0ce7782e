"""Drop rows that were read again and have not changed, so that they are not loaded again."""

from collections.abc import Callable, Iterator
from typing import Any

import pyarrow as pa
from dlt.extract.items_transform import ItemTransform
from typing_extensions import override

from exactly_once.incremental.raw_table import BATCH, RawTable

LOOKUP_BYTES = 8 << 20  # of the source's rows that are compared with RAW's at once


class DropUnchanged(ItemTransform[Any]):
    """A step of a resource that drops from each Arrow table the rows that RAW has value for value.

    Args:
        raw: the table in RAW.
        key: the columns that identify a row, as the source has them.
        previously_loaded: returns for an Arrow table a mask of the rows that an earlier load may have brought; only
            these are looked up.
    """

    placement_affinity = 3  # after a step that makes Arrow tables of pages

    def __init__(self, raw: RawTable, key: list[str], previously_loaded: Callable[[pa.Table], pa.Array]) -> None:
        super().__init__(self._changed)
        self._raw = raw
        self._key = key
        self._previously_loaded = previously_loaded

    @override
    def __call__(self, item: Any, meta: Any = None) -> Any:
        return self._changed(item) if isinstance(item, pa.Table) else item

    def _changed(self, batch: pa.Table) -> pa.Table | None:
        if not self._raw.exists:
            return batch
        mask = self._previously_loaded(batch).to_pylist()
        candidates = batch.filter(pa.array(mask, pa.bool_()))
        if not candidates.num_rows:
            return batch
        changed = iter([is_changed for part in slices(candidates) for is_changed in self._is_changed(part)])
        kept = batch.filter(pa.array([next(changed) if looked_up else True for looked_up in mask], pa.bool_()))
        return kept if kept.num_rows else None

    def _is_changed(self, rows: pa.Table) -> list[bool]:
        """Return for each row whether RAW has other values of it, or no such row."""
        names = {name: self._raw.normalized(name) for name in rows.column_names}
        keys = list(zip(*(rows.column(name).to_pylist() for name in self._key), strict=True))
        partition = next((name for name, raw in names.items() if raw == self._raw.partition), None)
        known = self._raw.rows(keys, rows.column(partition) if partition else None)
        if not set(names.values()) <= set(known.column_names):
            return [True] * rows.num_rows  # a new column changes every row
        seen = set(_rows(known.select(list(names.values()))))
        return [row not in seen for row in _rows(rows)]


def slices(rows: pa.Table) -> Iterator[pa.Table]:
    """Yield a table in parts that fit into memory during a look-up, whatever the width of a row."""
    width = max(1, rows.nbytes // max(1, rows.num_rows))
    length = max(1, min(BATCH, LOOKUP_BYTES // width))
    for start in range(0, rows.num_rows, length):
        yield rows.slice(start, length)


def comparable(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Return a column whose values compare as RAW's do: NaN equals NaN, -0 equals 0, and 24:00 is a value."""
    import pyarrow.compute as pc

    kind = column.type
    if pa.types.is_floating(kind):
        # A dictionary in Parquet holds -0 and 0 as one value, so that RAW may have either.
        column = pc.add(pc.if_else(pc.is_nan(column), pa.scalar(float("nan"), kind), column).cast(pa.float64()), 0.0)
        return pa.chunked_array([chunk.view(pa.int64()) for chunk in column.chunks], pa.int64())
    if pa.types.is_temporal(kind) and kind.bit_width in (32, 64) and not pa.types.is_duration(kind):
        if pa.types.is_time32(kind):
            kind = pa.time64("us")
        elif pa.types.is_timestamp(kind):
            kind = pa.timestamp("us", kind.tz)
        return column.cast(kind).cast(pa.int64() if kind.bit_width == 64 else pa.int32())
    return column


def _rows(table: pa.Table) -> list[tuple[Any, ...]]:
    return list(zip(*(comparable(column).to_pylist() for column in table.columns), strict=True))
