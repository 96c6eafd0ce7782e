"""The shape of a table as the last load saw it, and which changes of it change values without moving a cursor.

`ADD COLUMN … DEFAULT`, a generated column, a renamed column or label, `ALTER TYPE … USING`, a table that was created
again: none of them touches a row's cursor. A column is known by its number, which a dropped and added one does not
keep; a rewrite of the table by its file together with the version of the column's own row in the catalogue.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from exactly_once.postgres.tables.catalog import CatalogColumn
from exactly_once.postgres.tables.source_table import SourceTable

# A change among these alone keeps the values where Postgres does not rewrite the table.
TEXTS = ("text", "varchar")
STATE = "shape"

Shape = dict[str, Any]


def shape_of(table: SourceTable) -> Shape:
    """Return the shape, as the state of the dlt resource keeps it: JSON, keyed by the numbers of the columns."""
    found = table.catalog
    spec = table.spec
    shape: Shape = {
        "oid": found.oid,
        "line": {"raw": table.raw_name, "cursor": spec.cursor, "deletes": spec.deletes, "zone": spec.zone},
        "key": table.key,
        "excluded": [column.number for column in found.columns if column.name in spec.exclude],
        "columns": {str(column.number): _column(table, column) for column in table.columns},
    }
    if found.kind == "r":
        shape["file"] = found.file
    if found.definition:
        shape["definition"] = found.definition
    if parts := sorted((*found.partitions, *found.heirs)):
        shape["partitions"] = parts
    return shape


def known_names(shape: Mapping[str, Any] | None) -> dict[str, str]:
    """Return the names in RAW by the source's name, as a shape has them."""
    return {column["name"]: column["raw"] for column in (shape or {}).get("columns", {}).values()}


def changes(table: SourceTable, before: Mapping[str, Any] | None) -> list[str]:
    """Return why rows that RAW has may have other values now; nothing where they cannot.

    Args:
        table: as it is.
        before: the shape that the last load saw; None: RAW was loaded before shapes were kept.
    """
    if before is None:
        return list(_unrecorded(table))
    now = shape_of(table)
    if before["oid"] != now["oid"]:
        return ["the table was created again"]
    found = [
        f"{table.info.declared_in} gives it another {option}"
        for option, value in now["line"].items()
        if before.get("line", now["line"]).get(option) != value
    ]
    found += list(_columns(table, before, now))
    if before.get("definition") != now.get("definition"):
        found.append("the view's definition changed")
    return found


def new_partitions(table: SourceTable, before: Mapping[str, Any] | None) -> list[int]:
    """Return the partitions, and the tables that inherit, by oid, that were not there at the last load.

    One that was attached brings rows with the cursors that they had.
    """
    if before is None or before["oid"] != table.catalog.oid:
        return []
    return sorted({*table.catalog.partitions, *table.catalog.heirs} - set(before.get("partitions", ())))


def _column(table: SourceTable, column: CatalogColumn) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": column.name,
        "raw": table.names[column.name],
        "type": f"{column.type} as text" if column.name in table.spec.as_text else column.type,
        "version": column.version,
    }
    if column.expression:
        found["expression"] = f"{column.generated} {column.expression}"
    if column.inner:
        found["inner"] = dict(column.inner)
    return found


def _columns(table: SourceTable, before: Mapping[str, Any], now: Shape) -> Iterator[str]:
    is_rewritten = before.get("file") != now.get("file") or table.catalog.kind != "r"
    bases = {str(column.number): column for column in table.columns}
    is_explained = False
    for number, column in now["columns"].items():
        was = before["columns"].get(number)
        if was is None:
            is_known = column["raw"] in table.raw_columns or int(number) in before.get("excluded", ())
            reason = _added(bases[number], is_rewritten or bool(table.catalog.heirs), is_known)
        else:
            reason = _changed(was, column, is_rewritten)
        if reason:
            is_explained = True
            yield reason
    kept = [number for number in now["columns"] if number in before["columns"]]
    is_altered = any(before["columns"][number]["version"] != now["columns"][number]["version"] for number in kept)
    if is_altered and is_rewritten and not is_explained and table.catalog.kind in ("r", "p"):
        yield "ALTER TABLE wrote the table again"


def _added(column: CatalogColumn, is_rewritten: bool, is_known: bool) -> str | None:
    if is_known:  # it was excluded, or RAW has the values of another column, which had this name
        return f"the column {column.name} was taken in again"
    # Without any of these every row that was there has NULL in it, as RAW has.
    if column.has_missing or column.has_default or column.generated or is_rewritten:
        return f"the column {column.name} was added"
    return None


def _changed(was: Mapping[str, Any], column: Mapping[str, Any], is_rewritten: bool) -> str | None:
    name = column["name"]
    if was["name"] != name:
        return f"the column {was['name']} was renamed to {name}"
    if was["type"] != column["type"]:
        is_text = all(kind.startswith(("text", "character varying")) for kind in (was["type"], column["type"]))
        if is_rewritten or not (is_text or _root(was["type"]) == _root(column["type"])):
            return f"the column {name} was {was['type']} and is {column['type']}"
    if was.get("expression") != column.get("expression"):
        return f"the column {name} is generated by another expression"
    labels, before = column.get("inner", {}), was.get("inner", {})
    # Rows have no label that is new, and every field of a composite type.
    if any(labels.get(oid) != label for oid, label in before.items()) or any(
        "." in oid for oid in labels.keys() - before.keys()
    ):
        return f"a label or a field of the type of {name} changed"
    return None


def _unrecorded(table: SourceTable) -> Iterator[str]:
    """Yield what a RAW that was loaded before shapes were kept may lack, or has only nearly."""
    for column in table.columns:
        if table.names[column.name] not in table.raw_columns:
            if column.has_missing or column.has_default or column.generated or table.catalog.kind not in ("r", "p"):
                yield f"the column {column.name} was added"
        elif column.base == "float4":
            yield f"the column {column.name} is real, whose values were stored with digits that Postgres does not show"


def _root(kind: str) -> str:
    return kind.split("(", 1)[0]
