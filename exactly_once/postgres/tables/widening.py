"""Columns whose type at the source is no longer the one that RAW has: widened, accepted, or refused."""

from collections.abc import Collection, Mapping
from typing import Any, cast

from dlt.common.schema.typing import TTableSchemaColumns

from exactly_once.destinations.column_changes import ACCEPTED, ZONE
from exactly_once.errors import TableError
from exactly_once.postgres.tables.spec import Table
from exactly_once.source_info import SourceInfo

BIGINT = 19  # digits
MAX_PRECISION = 38
NUMERIC = "x-numeric"  # hint of a text column that holds numbers of any precision
ALL = "all"

Column = Mapping[str, Any]  # dlt's TColumnSchema, with our hints in it


def changed_types(
    spec: Table,
    info: SourceInfo,
    raw: TTableSchemaColumns,
    new: TTableSchemaColumns,
    accepted: Collection[str] = (),
) -> TTableSchemaColumns:
    """Return the columns whose type in RAW must change, or is wider than the source's, as RAW shall have them.

    Args:
        spec: the declaration of the table.
        info: of the source.
        raw: dlt's columns of the table in RAW.
        new: dlt's columns as the source has them now.
        accepted: columns, by their names in RAW, whose new type is accepted whatever it is.

    Raises:
        TableError: a type changed to one that cannot hold what RAW has.
    """
    found: dict[str, dict[str, Any]] = {}
    for name, column in new.items():
        had: Column = raw.get(name, {})
        if "data_type" not in had or "data_type" not in column:
            continue
        if _type(had) != _type(column):
            is_accepted = name in accepted or ALL in accepted
            found[name] = {"name": name, **_new_type(spec, info, had, {**column, "name": name}, is_accepted)}
        elif had.get(ACCEPTED):  # an earlier load carried it through; the next change is another one
            found[name] = {"name": name, ACCEPTED: False}
    return cast(TTableSchemaColumns, found)


def _new_type(spec: Table, info: SourceInfo, had: Column, column: Column, is_accepted: bool) -> dict[str, Any]:
    """Return the hints of a column whose type changed.

    Raises:
        TableError: the new type does not hold what RAW has, or nobody says in which zone times without one are.
    """
    name = f"{spec.name}.{column['name']}"
    change = f"{name}: RAW has {shown(had)} and the source now has {shown(column)}"
    accept = info.accept("accept_type", name)
    wider = widened(had, column)
    if wider is None and not is_accepted:
        raise TableError(
            f"{change}, which does not hold every value of it: type {accept} to change RAW, or change the source back"
        )
    # The text of a number is no wider type to a warehouse, and holds it all the same.
    is_carried = wider is None or (wider["data_type"] == "text" != had["data_type"])
    if is_carried and {had["data_type"], column["data_type"]} == {"timestamp"} and not spec.zone:
        raise TableError(
            f'{change}: say in which zone the times without one are, e.g. zone="Europe/Berlin" for {spec.name} in '
            f"{info.declared_in}, then type {accept}"
        )
    carried = {ACCEPTED: True, **({ZONE: spec.zone} if spec.zone else {})} if is_carried else {}
    kept = {hint: had[hint] for hint in (NUMERIC,) if hint in had}
    return {**kept, **_described(wider or column), **carried}


def widened(old: Column, new: Column) -> Column | None:
    """Return the type that holds every value of both exactly; None where there is none.

    Integers and decimals become a decimal that holds both, or text where that has more than 38 digits or the new one
    has no precision at all.
    """
    kinds = {old["data_type"], new["data_type"]}
    if kinds <= {"bigint", "decimal"}:
        sizes = [_size(column) for column in (old, new)]
        scale = max(scale for _, scale in sizes)
        precision = max(digits for digits, _ in sizes) + scale
        if precision <= MAX_PRECISION:
            return {"data_type": "decimal", "precision": precision, "scale": scale}
        return {"data_type": "text", NUMERIC: True}
    if kinds <= {"bigint", "decimal", "text"} and (old.get(NUMERIC) or new.get(NUMERIC)):
        return {"data_type": "text", NUMERIC: True}
    return None


def shown(column: Column) -> str:
    """Return a type as a person reads it, e.g. decimal(10, 2)."""
    kind: str = column["data_type"]
    if kind == "decimal" and column.get("precision"):
        return f"decimal({column['precision']}, {column.get('scale') or 0})"
    if kind == "timestamp":
        return "timestamp with a zone" if column.get("timezone", True) else "timestamp without a zone"
    return kind


def _described(column: Column) -> dict[str, Any]:
    return {name: column[name] for name in ("data_type", "precision", "scale", "timezone", NUMERIC) if name in column}


def _size(column: Column) -> tuple[int, int]:
    """Return digits before the point and behind it."""
    if column["data_type"] == "bigint":
        return BIGINT, 0
    precision, scale = column.get("precision") or MAX_PRECISION, column.get("scale") or 0
    return precision - scale, scale


def _type(column: Column) -> tuple[Any, ...]:
    kind = column["data_type"]
    if kind == "decimal":
        return kind, column.get("precision"), column.get("scale") or 0
    return (kind, column.get("timezone", True)) if kind == "timestamp" else (kind,)
