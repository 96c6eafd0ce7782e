"""Report how far each table of a pipeline was read at its source, from the cursors in its state."""

import contextlib
from datetime import UTC
from typing import Any

import dlt

from exactly_once.rest_api.values.timestamps import parse_time


def read_to(pipeline: dlt.Pipeline) -> dict[str, str]:
    """Return for each table its cursor as a time in UTC; a table without such a cursor is left out."""
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
    text: Any = state.get("horizon")
    for cursor in state.get("incremental", {}).values():
        text = text or cursor.get("last_value")
    with contextlib.suppress(TypeError, ValueError):
        at = parse_time(text)
        if at.year > 1970:
            return at.astimezone(UTC).isoformat(timespec="seconds")
    return ""
