"""The rows of a sweep as this load's schema has them: a column may have become wider since RAW was last loaded."""

from collections.abc import Iterator

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TTableSchemaColumns

from exactly_once.errors import TableError
from exactly_once.incremental.delete_detection import DeleteDetector
from exactly_once.rest_api.values.arrow_types import ColumnType, remembered_type


class WidenedRows:
    """What `sweep_resource` takes: a sweep whose rows have the types of the schema that is being extracted.

    Args:
        sweep: reads RAW as the last load left it.
        table: its name in RAW, as dlt has it.
    """

    def __init__(self, sweep: DeleteDetector, table: str) -> None:
        self._sweep, self._table = sweep, table

    @property
    def columns(self) -> TTableSchemaColumns:
        """dlt's columns of the rows."""
        now = dlt.current.source_schema().tables[self._table]["columns"]
        return {name: now.get(name, column) for name, column in self._sweep.columns.items()}

    def rows(self) -> Iterator[pa.Table]:
        """Yield the sweep's rows.

        Raises:
            DeleteThresholdExceeded: as the sweep does.
        """
        for rows in self._sweep.rows():
            then, now = self._sweep.columns, self.columns
            for place, name in enumerate(rows.column_names):
                kind = remembered_type(now.get(name))
                if kind and kind != remembered_type(then.get(name)):
                    rows = rows.set_column(place, name, self._cast(rows.column(name), name, kind))
            yield rows

    def _cast(self, column: pa.ChunkedArray, name: str, kind: ColumnType) -> pa.ChunkedArray:
        try:
            return column.cast(kind.arrow)
        except pa.ArrowInvalid as error:
            raise TableError(
                f"{self._table}.{name}: the value of a row that vanished is no {kind} ({error}): take the column's new "
                "type back, or give it a new name."
            ) from error
