"""The rows of delete detection as this load's schema has them: a column may have become wider since the last load."""

from collections.abc import Iterator

import dlt
import pyarrow as pa
from dlt.common.schema.typing import TTableSchemaColumns

from exactly_once.errors import TableError
from exactly_once.incremental.delete_detection import DeleteDetector
from exactly_once.rest_api.values.arrow_types import ColumnType, remembered_type


class WidenedRows:
    """A delete detector whose rows have the types of the schema that is being extracted.

    Args:
        detector: reads RAW as the last load left it.
        table: its name in RAW, as dlt has it.
    """

    def __init__(self, detector: DeleteDetector, table: str) -> None:
        self._detector, self._table = detector, table

    @property
    def columns(self) -> TTableSchemaColumns:
        """dlt's columns of the rows."""
        now = dlt.current.source_schema().tables[self._table]["columns"]
        return {name: now.get(name, column) for name, column in self._detector.columns.items()}

    def rows(self) -> Iterator[pa.Table]:
        """Yield the detector's rows.

        Raises:
            DeleteThresholdExceeded: as the detector does.
        """
        for found in self._detector.rows():
            rows, then, now = found, self._detector.columns, self.columns
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
                f"{self._table}.{name}: the value of a row that vanished is no {kind} ({error}): change the "
                "column's type back, or give it a new name."
            ) from error
