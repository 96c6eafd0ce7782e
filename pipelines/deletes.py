"""Hard deletes: a row that vanished upstream stays in RAW with its last values, and `_deleted_at` says since when.

A cursor never sees a deleted row. The sweep streams the keys of both sides in order, side by side, and holds neither.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice

import dlt
import pyarrow as pa
import sqlalchemy as sa
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.destinations.exceptions import DatabaseUndefinedRelation
from dlt.sources.sql_database.arrow_helpers import row_tuples_to_arrow

from pipelines.errors import Refusal

DELETED_AT = {"name": "_deleted_at", "data_type": "timestamp", "nullable": True}
BATCH = 10_000  # keys in one look-up of last values

Key = tuple


def sweep(engine: sa.Engine, relation: str, key: Sequence[str], table_name: str) -> dlt.sources.DltResource:
    """Return the resource that marks in RAW's `table_name` the rows whose key is no longer in `relation`.

    Args:
        relation: the source table as "schema.table".
        key: its primary key; integers, whose order is the same on every engine.
    """

    def vanished() -> Iterator[pa.Table]:
        pipeline = dlt.current.pipeline()
        if pipeline.first_run or table_name not in pipeline.default_schema.tables:
            return  # the first load: RAW has nothing that could have vanished
        # Two sessions: a look-up in the one that streams would end its stream.
        with pipeline.sql_client() as streaming, pipeline.sql_client() as warehouse:
            table = warehouse.make_qualified_table_name(table_name)
            names = ", ".join(warehouse.escape_column_name(column) for column in key)
            known = _stream(streaming, f"SELECT {names} FROM {table} WHERE _deleted_at IS NULL ORDER BY {names}")
            gone = _missing(known, _source_keys(engine, relation, key))
            columns = pipeline.default_schema.get_table_columns(table_name)
            hints = dlt.mark.make_hints(columns=columns)
            while keys := list(islice(gone, BATCH)):
                wanted = ", ".join("(" + ", ".join(str(int(part)) for part in row) + ")" for row in keys)
                rows = _last_values(warehouse, f"{table} WHERE ({names}) IN ({wanted})", columns)
                yield dlt.mark.with_hints(rows, hints)

    return dlt.resource(
        vanished,
        name=f"{table_name.removeprefix('postgres_')}_deletes",
        table_name=table_name,
        write_disposition="merge",
        primary_key=list(key),
        columns=[DELETED_AT],
    )


def _source_keys(engine: sa.Engine, relation: str, key: Sequence[str]) -> Iterator[Key]:
    schema, name = relation.split(".")
    columns = [sa.column(column) for column in key]
    query = sa.select(*columns).select_from(sa.table(name, schema=schema)).order_by(*columns)
    with engine.connect() as connection:
        for row in connection.execution_options(yield_per=BATCH).execute(query):
            if not all(isinstance(part, int) for part in row):
                # Text sorts by collation: two engines that disagree would make rows look deleted that are not.
                raise Refusal(f"{relation}: a sweep takes integer keys only; say deletes: none or replace in TABLES.")
            yield tuple(row)


def _stream(warehouse, sql: str) -> Iterator[Key]:
    try:
        with warehouse.execute_query(sql) as cursor:
            while rows := cursor.fetchmany(BATCH):
                yield from rows
    except DatabaseUndefinedRelation:
        return


def _missing(known: Iterator[Key], present: Iterator[Key]) -> Iterator[Key]:
    """Yield what `known` has and `present` has not; both ascend."""
    here = next(present, None)
    for key in known:
        while here is not None and here < key:
            here = next(present, None)
        if here != key:
            yield key


def _last_values(warehouse, relation: str, columns: TTableSchemaColumns) -> pa.Table:
    """Return the rows of a relation of RAW as it has them, with `_deleted_at` set to now (UTC)."""
    kept = {name: column for name, column in columns.items() if not name.startswith("_")}
    # As text, JSON comes back as it was sent: a warehouse would quote a string that stands for a document once more.
    selected = (
        f"CAST({warehouse.escape_column_name(name)} AS VARCHAR)"
        if column["data_type"] == "json"
        else warehouse.escape_column_name(name)
        for name, column in kept.items()
    )
    now = datetime.now(UTC)
    with warehouse.execute_query(f"SELECT {', '.join(selected)} FROM {relation}") as cursor:
        rows = [(*row, now) for row in cursor.fetchall()]
    return row_tuples_to_arrow(rows, kept | {"_deleted_at": DELETED_AT}, "UTC")
