"""Find keys that a table of RAW has twice, because the value of their partition column changed, and merge each again.

A merge looks for the former version of a row where its partition column says. If the value changed, it finds none, and
RAW has both versions. A check finds such keys by one query over the keys that were loaded since the last check. It
extracts both versions of each: their merge reads the ranges of both, deletes both, and inserts the newest. So the
correction is a load as any other: it is in the lake, a replay repeats it, and the row has the new load's id.
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Any, cast

import dlt
import pyarrow as pa
import pyarrow.compute as pc
from dlt.common.schema.typing import TTableSchema, TTableSchemaColumns
from dlt.common.schema.utils import get_columns_names_with_prop, get_dedup_sort_tuple
from dlt.extract.extract import data_to_sources

from exactly_once.clients import fetch
from exactly_once.incremental.key_diff import Key
from exactly_once.incremental.raw_table import BATCH, RawClients, RawTable
from exactly_once.partitions import schedule
from exactly_once.partitions.declaration import HINT, partition_of
from exactly_once.source_info import info_of

FEW = 100  # keys whose value may have changed at once; more is a column that changes
LOAD_ID = "_dlt_load_id"
MOVES = "partition_moves"  # behind the source's name: the table of what was corrected
UNITS = {"timestamp": timedelta(microseconds=1), "date": timedelta(days=1), "bigint": 1}


@dataclass
class TableCheck:
    """What one check found.

    Args:
        table: dlt's.
        raw: the table in RAW.
        keys: that it has twice.
        rows: of the table.
        is_declared: whether it still has a partition column.
    """

    table: TTableSchema
    raw: RawTable
    keys: list[Key]
    rows: int
    is_declared: bool

    @property
    def name(self) -> str:
        """The table's name in RAW."""
        return str(self.table["name"])

    @property
    def column(self) -> str | None:
        """The partition column as the last load left it."""
        return partition_of(self.table["columns"])

    @property
    def example(self) -> str:
        """A key, as messages show it."""
        return ", ".join(f"{name} = {part!r}" for name, part in zip(self.raw.key, self.keys[0], strict=True))


@dataclass
class PartitionChecks:
    """The checks that are due before an extraction: `refused` are the lines of tables to be left out, by name."""

    pipeline: dlt.Pipeline
    found: list[TableCheck] = field(default_factory=list)
    refused: dict[str, str] = field(default_factory=dict)

    @property
    def to_merge(self) -> list[TableCheck]:
        """The tables with rows to be merged again."""
        return [one for one in self.found if one.keys]

    def look(self, source: dlt.sources.DltSource) -> None:
        """Check the tables that are due.

        Args:
            source: that is about to be extracted, with today's declarations.
        """
        name, entries, now = self.pipeline.default_schema_name, schedule.entries(self.pipeline), datetime.now(UTC)
        if not name:
            return
        schema = self.pipeline.default_schema
        clients = RawClients(self.pipeline)
        for table in schema.data_tables(seen_data_only=True):
            entry, column = entries.get(str(table["name"])), partition_of(table["columns"])
            key = get_columns_names_with_prop(table, "primary_key")
            if not key or table.get("parent") or (column is None and entry is None):
                continue
            if entry is None and any(map(_declared, _resources(source, table))):
                continue  # it has an entry from its first rows on
            if column is None or entry is None or schedule.is_due(entry, now):
                raw = RawTable(clients, str(table["name"]), key)
                since = schedule.first_load_id(entry) if entry else None
                is_declared = bool(column) and not _is_taken_away(source, table, str(column))
                self._add(TableCheck(table, raw, *twice(raw, since), is_declared))

    def _add(self, found: TableCheck) -> None:
        if found.keys and (line := _obstacle(found, self.pipeline.default_schema.tables)):
            if found.is_declared:
                self.refused[found.name] = line
                return
            print(f"⚠ {line}", file=sys.stderr)
            found.keys = []
        self.found.append(found)

    def follow(self, source: dlt.sources.DltSource) -> None:
        """Have the extraction of a source write that the tables without a finding are checked, and which are new."""
        clean = [one for one in self.found if not one.keys]

        def partition_checks() -> Iterator[Any]:
            for one in clean:
                schedule.note(one.name, one.rows, one.column is not None)
            yield from ()

        if clean:
            source.resources.add(dlt.resource(partition_checks, name=schedule.STATE))
        known = schedule.entries(self.pipeline)
        for resource in list(source.resources.values()):
            table = str(resource.table_name)
            if table not in known and _declared(resource):
                resource.add_step(schedule.NoteFirstRows(table))

    def corrections(self) -> dlt.sources.DltSource:
        """Return the source of the rows that are merged again."""
        name = self.pipeline.default_schema_name
        resources = [_merged(one) for one in self.to_merge]
        moves = [move for one in self.to_merge for move in _moves(one)]
        text = cast(Any, {one: {"data_type": "text"} for one in ("table_name", "row_key", "moved_from", "moved_to")})
        table = f"{name}_{MOVES}"
        resources.append(dlt.resource(moves, name=MOVES, table_name=table, write_disposition="append", columns=text))
        (made,) = data_to_sources(resources, self.pipeline)
        return made

    def report(self) -> list[str]:
        """Return a line for each table that was corrected."""
        return [
            f"RAW.{one.name.upper()}: {len(one.keys):,} key(s) had another {one.column or 'partition column'} than "
            f"before and were there twice ({one.example}): merged again, each is there once. Tables that are built "
            "from it by days need a full refresh."
            for one in self.to_merge
        ]


def twice(raw: RawTable, since: str | None) -> tuple[list[Key], int]:
    """Return the keys that a table has more than once, and the number of its rows.

    Args:
        raw: the table.
        since: only keys of loads after this id are looked for; None: every key.
    """
    with raw.clients.lookup_client as warehouse:
        relation = warehouse.make_qualified_table_name(raw.name)
        names = ", ".join(map(warehouse.escape_column_name, raw.key))
        new = ""
        if since and LOAD_ID in raw.columns:
            load_id = warehouse.escape_column_name(LOAD_ID)
            literal = warehouse.capabilities.escape_literal(since)
            new = f"WHERE ({names}) IN (SELECT {names} FROM {relation} WHERE {load_id} > {literal}) "
        query = f"SELECT {names} FROM {relation} {new}GROUP BY {names} HAVING count(*) > 1"
        keys = [tuple(key) for key in fetch(warehouse, query) if None not in key]
        ((rows,),) = fetch(warehouse, f"SELECT count(*) FROM {relation}")
    return sorted(keys), int(rows)


def newest_first(rows: pa.Table, key: Sequence[str], order: tuple[str, str]) -> list[list[int]]:
    """Return the versions of each key by their places in a table, the newest first.

    Args:
        rows: with their load ids.
        key: its columns.
        order: the column that says which of two rows is the newest, and "asc" or "desc".
    """
    column, direction = order
    versions: dict[Key, list[int]] = defaultdict(list)
    values, load_ids = rows.column(column).to_pylist(), rows.column(LOAD_ID).to_pylist()
    for place, one in enumerate(zip(*(rows.column(name).to_pylist() for name in key), strict=True)):
        versions[one].append(place)
    sign = 1 if direction == "desc" else -1

    def age(place: int) -> tuple[bool, Any, str]:
        value = values[place]
        return value is not None, 0 if value is None else _ordinal(value) * sign, str(load_ids[place])

    return [sorted(places, key=age, reverse=True) for places in versions.values()]


def _merged(check: TableCheck) -> dlt.sources.DltResource:
    """Return the resource that merges all versions of some keys, of which the newest is inserted."""
    columns = check.raw.columns

    def versions() -> Iterator[Any]:
        for start in range(0, len(check.keys), BATCH):
            rows = _versions(check, check.keys[start : start + BATCH])
            yield dlt.mark.with_hints(rows, dlt.mark.make_hints(columns=columns))
        schedule.note(check.name, check.rows, check.column is not None)

    return dlt.resource(
        versions,
        name=f"{check.name}_twice",
        table_name=check.name,
        write_disposition="merge",
        primary_key=check.raw.key,
    )


def _versions(check: TableCheck, keys: Sequence[Key]) -> pa.Table:
    """Return all versions of some keys; in the dedup column the others come after the newest."""
    rows = check.raw.rows(keys, also=(LOAD_ID,))
    column, direction = _order(check.table)
    unit = UNITS[str(check.table["columns"][column]["data_type"])]
    values = rows.column(column).to_pylist()
    for newest, *others in newest_first(rows, check.raw.key, (column, direction)):
        for place in others:
            values[place] = values[newest] - unit if direction == "desc" else values[newest] + unit
    place = rows.column_names.index(column)
    rows = rows.set_column(place, column, pa.array(values, rows.column(column).type))
    return rows.drop_columns([LOAD_ID])


def _moves(check: TableCheck) -> Iterator[dict[str, Any]]:
    """Yield a row for each former version: the key, and the partition's value before and now, as text."""
    if check.column is None:
        return
    for start in range(0, len(check.keys), BATCH):
        rows = check.raw.rows(check.keys[start : start + BATCH], also=(LOAD_ID,))
        values = rows.column(check.column).to_pylist()
        parts = [rows.column(name).to_pylist() for name in check.raw.key]
        for newest, *others in newest_first(rows, check.raw.key, _order(check.table)):
            key = json.dumps([str(part[newest]) for part in parts])
            for place in others:
                moved = {"moved_from": _text(values[place]), "moved_to": _text(values[newest])}
                yield {"table_name": check.name, "row_key": key, **moved}


def _obstacle(check: TableCheck, tables: Any) -> str | None:
    """Return why keys that are there twice are not corrected, in one line; None: they are."""
    name, column = f"RAW.{check.name.upper()}", check.column or "the partition column"
    source = check.name.removeprefix(f"{check.raw.pipeline_name}_")
    declared_in = info_of(check.raw.pipeline_name).declared_in
    take = f"take partition= of {source} (or the hint {HINT}) out of {declared_in}"
    if check.is_declared and len(check.keys) > FEW:
        return (
            f"{name}: {len(check.keys):,} keys have another {column} than before and are there twice "
            f"({check.example}), so it is no partition column: {take}, then run again: the keys are merged into one "
            f"each. Nothing of {source} was loaded."
        )
    is_nested = any(one.get("parent") == check.name for one in tables.values())
    order = _order(check.table)
    if not is_nested and order and _can_order(check, order):
        return None
    why = "it has nested tables" if is_nested else "no column says which version is the newest (dedup_sort)"
    return (
        f"{name}: {check.example} is there twice, because its {column} changed, and {why}, so it is not corrected by "
        f"itself: {take}, run again, then have the source send these rows again."
    )


def _can_order(check: TableCheck, order: tuple[str, str]) -> bool:
    """Tell whether the other versions of each key can be made to come after the newest."""
    if check.table["columns"][order[0]].get("data_type") not in UNITS:
        return False
    for start in range(0, len(check.keys), BATCH):
        rows = check.raw.rows(check.keys[start : start + BATCH], also=(LOAD_ID,))
        missing = pc.is_null(rows.column(order[0])).to_pylist()
        if any(missing[newest] for newest, *_ in newest_first(rows, check.raw.key, order)):
            return False
    return True


def _order(table: TTableSchema) -> Any:
    return get_dedup_sort_tuple(table)


def _is_taken_away(source: dlt.sources.DltSource, table: TTableSchema, column: str) -> bool:
    """Tell whether today's declarations say of a column that it is no partition column any more."""
    for resource in _resources(source, table):
        columns = resource.columns
        if isinstance(columns, dict) and HINT in columns.get(column, {}) and not columns[column].get(HINT):
            return True
    return False


def _resources(source: dlt.sources.DltSource, table: TTableSchema) -> list[dlt.sources.DltResource]:
    return [one for one in source.resources.values() if one.table_name == table["name"]]


def _declared(resource: dlt.sources.DltResource) -> bool:
    columns: TTableSchemaColumns | Any = resource.columns
    return isinstance(columns, dict) and any(column.get(HINT) for column in columns.values())


def _ordinal(value: Any) -> Any:
    """Return a value as a number that has its order."""
    if isinstance(value, datetime):
        aware = value if value.tzinfo else value.replace(tzinfo=UTC)
        return (aware - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    return value.toordinal() if isinstance(value, date) else value


def _text(value: Any) -> str | None:
    return value.isoformat() if isinstance(value, date) else None if value is None else str(value)
