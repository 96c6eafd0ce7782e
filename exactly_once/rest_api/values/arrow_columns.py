"""From the values of one field of JSON to one Arrow column, exactly, or the error that names the value.

A declared column has its type. Any other has the type of its values, and dlt's schema remembers it:

- integers of 64 bits are bigint, larger ones decimal(38, 0);
- numbers with a point or an exponent are double while a double gives back every digit, else decimal(38, 19);
- a bigint column becomes decimal(38, 0) or decimal(38, 19) where a value needs it, and no other type ever changes;
- text, objects and lists are text: a text as it is, an object or a list as its JSON. This holds for each value alone,
  whatever came beside it. Only a column declared json keeps the text "[1]" apart from the list [1].
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from exactly_once.rest_api.values.arrow_types import (
    BIGINT,
    BOOL,
    DECIMAL_FRACTION,
    DECIMAL_INTEGER,
    DOUBLE,
    TEXT,
    ColumnType,
)
from exactly_once.rest_api.values.json_values import UnsupportedValue, dump
from exactly_once.rest_api.values.timestamps import is_truncated, parse_time

INT64_BOUND = 2**63
# From 1970: the years 1 to 9999.
MIN_MICROSECONDS, MAX_MICROSECONDS = -62_135_596_800_000_000, 253_402_300_799_999_999
DOUBLE_DIGITS = 17  # more are never given back
DECLARE_EXACT = '"decimal(38, s)", "double" or "text"'

Note = Callable[[int], None]  # takes the place of a value that RAW holds in another form


class ValueMismatch(ValueError):
    """A value that its column cannot hold.

    Args:
        place: of the value among the column's.
        why: what it is and what the column is.
        declare: types that would hold it, if the column were declared so.
        advice: what helps where no type does.
    """

    def __init__(self, place: int, why: str, declare: str = "", advice: str = "") -> None:
        super().__init__(why)
        self.place, self.why, self.declare, self.advice = place, why, declare, advice


def declared_column(kind: ColumnType, values: Sequence[Any], truncated: Note, rounded: Note) -> pa.Array:
    """Return the column of a declared type.

    Args:
        kind: the type.
        values: as `json_values.parse` gives them; a missing field is None.
        truncated: notes a time with digits below a microsecond.
        rounded: notes a number that a double does not give back.

    Raises:
        ValueMismatch: a value is of another type, or does not fit.
    """
    match kind.data_type:
        case "json":
            return _texts([None if value is None else _dumped(place, value) for place, value in enumerate(values)])
        case "timestamp":
            return _timestamps(values, truncated)
        case "double":
            return pa.array([_float(place, value, kind, rounded) for place, value in enumerate(values)], pa.float64())
        case "decimal" | "bigint":
            return _numbers(kind, values)
    if kind == TEXT:
        if set(map(type, values)) & {int, Decimal}:  # a number is loaded as its text, with every digit
            values = [str(value) if type(value) in (int, Decimal) else value for value in values]
        check_texts(values)
        return _texts(values)
    _check_types(values, bool, kind)
    return pa.array(values, pa.bool_())


def inferred_column(known: ColumnType | None, values: Sequence[Any]) -> tuple[ColumnType | None, pa.Array]:
    """Return the type of a column that nobody declared, and the column.

    Args:
        known: the type that the column has so far.
        values: as `json_values.parse` gives them; a missing field is None.

    Raises:
        ValueMismatch: a value is of another type, or the type that it needs is none that the column can become.
    """
    kinds = set(map(type, values)) - {type(None)}
    if not kinds:
        return known, pa.array(values, known.arrow if known else pa.null())
    if known and known.data_type in ("timestamp", "json"):  # declared once
        return known, declared_column(known, values, lambda _: None, lambda _: None)
    if kinds <= {int, Decimal} and (known is None or known.data_type in ("bigint", "double", "decimal")):
        kind = _number_type(known, values, kinds)
        if kind == DOUBLE:
            return kind, pa.array([value if value is None else float(value) for value in values], pa.float64())
        return kind, _numbers(kind, values)
    if kinds <= {str, dict, list} and known in (None, TEXT):
        if kinds == {str}:
            return TEXT, _texts(values)
        texts = [
            value if value is None or isinstance(value, str) else _dumped(place, value)
            for place, value in enumerate(values)
        ]
        return TEXT, _texts(texts)
    if kinds == {bool} and known in (None, BOOL):
        return BOOL, pa.array(values, pa.bool_())
    kind = known or _kind_of(next(value for value in values if value is not None))
    place = next(p for p, value in enumerate(values) if value is not None and _group(value) != _group_of(kind))
    raise _mismatch(place, values[place], kind)


def check_texts(values: Sequence[Any]) -> None:
    """Check that there is nothing but text: as a key, the number 1 and the text "1" are two objects.

    Raises:
        ValueMismatch: there is something else.
    """
    _check_types(values, str, TEXT)


def _check_types(values: Sequence[Any], expected: type, kind: ColumnType) -> None:
    if set(map(type, values)) - {expected, type(None)}:
        place = next(p for p, value in enumerate(values) if value is not None and type(value) is not expected)
        raise _mismatch(place, values[place], kind)


def _number_type(known: ColumnType | None, values: Sequence[Any], kinds: set[type]) -> ColumnType:
    is_whole = kinds == {int}
    fits = is_whole and all(-INT64_BOUND <= value < INT64_BOUND for value in values if value is not None)
    if fits and known in (None, BIGINT):
        return BIGINT
    if known == DOUBLE or (known is None and not is_whole):
        place = next((p for p, value in enumerate(values) if value is not None and not is_double(value)), None)
        if place is None:
            return DOUBLE
        if known == DOUBLE:
            raise ValueMismatch(
                place, f"{_shown(values[place])} has more digits than its column, a double, gives back", DECLARE_EXACT
            )
    if known and known.data_type == "decimal":
        return known
    return DECIMAL_INTEGER if is_whole else DECIMAL_FRACTION


def is_double(value: int | Decimal) -> bool:
    """Tell whether a double gives back every digit of a number."""
    if isinstance(value, int):
        return abs(value) <= 2**53 or (value.bit_length() < 1000 and int(float(value)) == value)
    digits = len(value.as_tuple().digits)
    if digits > DOUBLE_DIGITS:
        return False
    return Decimal(f"{float(value):.{digits - 1}e}") == value


def _numbers(kind: ColumnType, values: Sequence[Any]) -> pa.Array:
    kinds = set(map(type, values)) - {type(None)}
    if kinds - {int, Decimal}:
        place = next(p for p, value in enumerate(values) if value is not None and type(value) not in (int, Decimal))
        raise _mismatch(place, values[place], kind)
    if Decimal in kinds and kind == BIGINT:  # 1.0 is an integer
        values = [_whole(place, value) for place, value in enumerate(values)]
    try:
        return pa.array(values, kind.arrow)
    except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError):
        pass
    if kind.data_type == "decimal":
        values = [Decimal(value) if type(value) is int else value for value in values]
    for place, value in enumerate(values):
        try:
            pa.array([value], kind.arrow)
        except (pa.ArrowInvalid, pa.ArrowTypeError, OverflowError) as error:
            raise ValueMismatch(
                place, f"{_shown(value)} does not fit into its column, {_article(kind)}", DECLARE_EXACT
            ) from error
    return pa.array(values, kind.arrow)


def _whole(place: int, value: int | Decimal | None) -> int | None:
    if not isinstance(value, Decimal):
        return value
    if not -30 < value.adjusted() < 30 or value != int(value):
        raise ValueMismatch(place, f"{_shown(value)} does not fit into its column, a bigint", DECLARE_EXACT)
    return int(value)


def _float(place: int, value: Any, kind: ColumnType, rounded: Note) -> float | None:
    if value is None:
        return None
    if type(value) not in (int, Decimal):
        raise _mismatch(place, value, kind)
    try:
        found = float(value)
    except OverflowError:
        found = float("inf")
    if found in (float("inf"), float("-inf")) or (found == 0 and value != 0):
        raise ValueMismatch(place, f"{_shown(value)} is beyond a double", '"text"')
    if not is_double(value):
        rounded(place)
    return found


def _timestamps(values: Sequence[Any], truncated: Note) -> pa.Array:
    kind = ColumnType("timestamp")
    try:
        # Arrow refuses more than six digits and any form but its own, and is ten times as fast.
        found = pa.array(values, pa.string()).cast(kind.arrow)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        pass
    else:
        ends = pc.min_max(found.cast(pa.int64())).as_py()
        if ends["min"] is None or (ends["min"] >= MIN_MICROSECONDS and ends["max"] <= MAX_MICROSECONDS):
            return found
    times: list[datetime | None] = []
    for place, value in enumerate(values):
        if value is None:
            times.append(None)
            continue
        if not isinstance(value, str):
            raise _mismatch(place, value, kind)
        try:
            times.append(parse_time(value))
        except ValueError as error:
            why = f"{_shown(value)} is no time with a zone in the years 1 to 9999"
            raise ValueMismatch(place, why, '"text"') from error
        if is_truncated(value):
            truncated(place)
    return pa.array(times, kind.arrow)


def _texts(values: Sequence[str | None]) -> pa.Array:
    return pa.array(values, pa.string())


def _dumped(place: int, value: Any) -> str:
    try:
        return dump(value)
    except UnsupportedValue as error:
        raise ValueMismatch(place, f"the value has {error.what}", advice="ask the vendor for a flatter one") from error


def _mismatch(place: int, value: Any, kind: ColumnType) -> ValueMismatch:
    return ValueMismatch(place, f"{_shown(value)} is {_article(_kind_of(value))}, and its column is {_article(kind)}")


def _kind_of(value: Any) -> ColumnType:
    if isinstance(value, bool):
        return BOOL
    if isinstance(value, int):
        return BIGINT if -INT64_BOUND <= value < INT64_BOUND else DECIMAL_INTEGER
    if isinstance(value, Decimal):
        return DOUBLE if is_double(value) else DECIMAL_FRACTION
    return TEXT if isinstance(value, str) else ColumnType("json")


def _group(value: Any) -> str:
    return _group_of(_kind_of(value))


def _group_of(kind: ColumnType) -> str:
    return {"bigint": "number", "double": "number", "decimal": "number", "json": "text"}.get(
        kind.data_type, kind.data_type
    )


def _article(kind: ColumnType) -> str:
    return "text" if kind == TEXT else f"a {kind}"


def _shown(value: Any) -> str:
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
