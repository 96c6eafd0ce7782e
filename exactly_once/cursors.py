"""How far each table of a pipeline has been read at its source: the cursors that its state keeps."""

import contextlib
from datetime import UTC
from typing import Any

import dlt

from exactly_once.rest_api.values.timestamps import parse_time


def read_to(pipeline: dlt.Pipeline) -> dict[str, str]:
    """Return for each table the place of its cursor, as a time in UTC; a table without a cursor has none."""
    if not pipeline.default_schema_name:
        return {}
    resources: dict[str, Any] = {}
    for source in pipeline.state.get("sources", {}).values():
        resources |= source.get("resources", {})
    places = {name: _place(state) for name, state in resources.items()}
    tables = pipeline.default_schema.data_tables(seen_data_only=True)
    found = {table["name"]: places.get(table.get("resource", ""), "") for table in tables}
    return {table: place for table, place in found.items() if place}


def _place(state: dict[str, Any]) -> str:
    text = state.get("horizon")
    for cursor in state.get("incremental", {}).values():
        text = text or cursor.get("last_value")
    with contextlib.suppress(TypeError, ValueError):
        at = parse_time(text)
        if at.year > 1970:
            return at.astimezone(UTC).isoformat(timespec="seconds")
    return ""
