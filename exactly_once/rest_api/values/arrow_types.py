"""The types of columns: as an endpoint declares them, as dlt's schema remembers them, as Arrow has them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa

DECLARED = ("text", "bigint", "double", "decimal", "decimal(p, s)", "bool", "timestamp", "json")
DECIMAL = re.compile(r"decimal\(\s*(\d+)\s*,\s*(\d+)\s*\)")
PRECISION, SCALE = 38, 19  # 19 digits before the point, as many as 64 bits have


@dataclass(frozen=True)
class ColumnType:
    """A column's type in dlt's words."""

    data_type: str
    precision: int | None = None
    scale: int | None = None

    def __str__(self) -> str:
        return f"decimal({self.precision}, {self.scale})" if self.data_type == "decimal" else self.data_type

    def widens_to(self, other: "ColumnType") -> bool:
        """Tell whether every value of this type is one of the other."""
        if other.data_type != "decimal" or self.data_type not in ("bigint", "decimal"):
            return self == other
        (whole, scale), (other_whole, other_scale) = self.digits, other.digits
        return other_scale >= scale and other_whole >= whole

    @property
    def digits(self) -> tuple[int, int]:
        """Digits before and behind the point."""
        if self.precision is None or self.scale is None:
            return 19, 0  # of a bigint
        return self.precision - self.scale, self.scale

    @property
    def hints(self) -> dict[str, Any]:
        """dlt's hints of the column."""
        parts = {"data_type": self.data_type, "precision": self.precision, "scale": self.scale}
        return {name: part for name, part in parts.items() if part is not None}

    @property
    def arrow(self) -> pa.DataType:
        """The type of Arrow."""
        return pa.decimal128(self.precision, self.scale) if self.data_type == "decimal" else ARROW[self.data_type]


ARROW = {
    "timestamp": pa.timestamp("us", "UTC"),
    "text": pa.string(),
    "json": pa.string(),
    "bool": pa.bool_(),
    "bigint": pa.int64(),
    "double": pa.float64(),
}
BIGINT, DOUBLE, TEXT, BOOL = ColumnType("bigint"), ColumnType("double"), ColumnType("text"), ColumnType("bool")
DECIMAL_INTEGER, DECIMAL_FRACTION = ColumnType("decimal", PRECISION, 0), ColumnType("decimal", PRECISION, SCALE)


def declared_type(text: str) -> ColumnType | None:
    """Return the type that a declaration names, None where there is no such type."""
    if text == "decimal":
        return ColumnType("decimal", PRECISION, 9)
    if match := DECIMAL.fullmatch(text):
        precision, scale = map(int, match.groups())
        return ColumnType("decimal", precision, scale) if 0 < precision <= PRECISION and scale <= precision else None
    return ColumnType(text) if text in ARROW else None


def remembered_type(column: Mapping[str, Any] | None) -> ColumnType | None:
    """Return the type of a column of dlt's schema, None where it has none yet."""
    if not column or "data_type" not in column:
        return None
    if column["data_type"] == "decimal":
        return ColumnType("decimal", column.get("precision", PRECISION), column.get("scale", 9))
    return ColumnType(column["data_type"]) if column["data_type"] in ARROW else None
