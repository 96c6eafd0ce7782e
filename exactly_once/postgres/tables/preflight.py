"""Before a row is read: which tables can be loaded exactly, under which names and types, and which are read whole.

Every table is looked up in the catalogue of the same snapshot that its rows are read from. What cannot be loaded
exactly is refused here, by itself, before anything was read.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import chain
from shlex import quote as shell
from typing import Any

import dlt
import sqlalchemy as sa
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.common.schema.utils import new_table

from exactly_once.destinations.column_changes import ACCEPTED
from exactly_once.errors import PipelineError, TableError
from exactly_once.incremental.raw_table import RawClients
from exactly_once.postgres.snapshot import Snapshot, warn
from exactly_once.postgres.tables.catalog import CatalogTable, read_catalog, zone_settings
from exactly_once.postgres.tables.source_table import SourceTable
from exactly_once.postgres.tables.spec import TableOptions
from exactly_once.postgres.tables.table_checks import access_refusals, column_refusals, key_refusal, zone_refusal
from exactly_once.postgres.tables.table_shape import STATE, Shape, changes, known_names, new_partitions, shape_of
from exactly_once.postgres.tables.widening import ALL, agreed
from exactly_once.table_guard import TableGuard


@dataclass(frozen=True)
class Accepted:
    """What somebody accepted for this load: tables to be read again, columns to be retyped; and the limit for others.

    Raises:
        PipelineError: a name of `types` is no column of `tables`, the lines of TABLES.
    """

    rereads: set[str]
    types: Sequence[str]
    reread_limit: int
    tables: Collection[str] = ()

    def __post_init__(self) -> None:
        for name in self.types:
            if name != ALL and not any(name.startswith(f"{table}.") for table in self.tables):
                raise PipelineError(f"accept_type names {name}: say it as table.column, or all.")

    def columns(self, table: str) -> set[str]:
        """Return the columns of a table, as RAW names them, whose new type is accepted."""
        return {
            ALL if name == ALL else name[len(table) + 1 :]
            for name in self.types
            if name in (ALL,) or name.startswith(f"{table}.")
        }


@dataclass(frozen=True)
class Plan:
    """How one table is loaded.

    Args:
        source: the table.
        guard: refuses it by itself.
        shape: of the table, for the state of its resource.
        reasons: why it is read again whole; empty: it is not.
        partitions: by oid, that were not there at the last load, and whose rows only a sweep would find.
        columns: dlt's, as RAW shall have them.
    """

    source: SourceTable
    guard: TableGuard
    shape: Shape
    reasons: list[str]
    partitions: list[int]
    columns: TTableSchemaColumns

    @property
    def is_retyped(self) -> bool:
        """Tell whether a column of RAW changes to a type that does not hold its values."""
        return any(column.get(ACCEPTED) for column in self.columns.values())


def plan_tables(
    moment: Snapshot,
    options: Mapping[str, TableOptions],
    schema: str,
    reader: RawClients,
    accepted: Accepted,
    is_strict: bool,
) -> Iterator[Plan]:
    """Yield how each table is loaded that can be loaded exactly; the others are refused.

    Call it inside of a `@dlt.source` function, whose schema and state it reads.

    Args:
        moment: the snapshot.
        options: the lines of TABLES.
        schema: of tables whose line names none.
        reader: of RAW.
        accepted: what somebody accepted.
        is_strict: whether a refused table refuses the whole load.
    """
    places = [(line.schema or schema, line.source_name) for line in options.values()]
    with moment.engine.connect() as connection:
        found = read_catalog(connection, places)
        role = connection.exec_driver_sql("select current_user").scalar()
        settings = zone_settings(connection)
        for line, table in zip(options.values(), found, strict=True):
            guard = TableGuard(line.name, line.raw_name, partial(dlt.current.resource_state, line.name), is_strict)
            try:
                for complaint in chain(access_refusals(line, table, role), column_refusals(line, table)):
                    raise _refused(line.name, complaint)
                plan = _plan(line, table, guard, reader, accepted)
                for complaint in (zone_refusal(plan.source, settings), key_refusal(connection, plan.source)):
                    if complaint:
                        raise _refused(line.name, complaint)
                _announce(connection, plan, accepted)
            except TableError as error:
                guard.refuse(error)
            else:
                yield plan


def _refused(name: str, complaint: str) -> TableError:
    end = "" if complaint.endswith(";") else "."
    return TableError(f"{complaint}{end} Nothing of {name} was loaded.")


def _plan(line: TableOptions, table: CatalogTable, guard: TableGuard, reader: RawClients, accepted: Accepted) -> Plan:
    before = dlt.current.resource_state(line.name).get(STATE)
    raw_columns = _raw_columns(reader, line.raw_name)
    source = SourceTable(line, table, known_names(before), raw_columns)
    _check_key(source, before)
    if unknown := accepted.columns(line.name) - {ALL} - set(source.hints):
        raise PipelineError(f"accept_type names {line.name}.{min(unknown)}: it has {', '.join(sorted(source.hints))}.")
    changed = agreed(line.name, raw_columns, source.hints, accepted.columns(line.name), line.zone)
    if changed:
        # What the source's own schema says is not held against the contract: dlt takes it as a change by the program.
        dlt.current.source_schema().update_table(new_table(line.raw_name, columns=list(changed.values())))
    # A table that is read whole compares every row anyway.
    reasons = changes(source, before) if source.cursor and raw_columns else []
    if not raw_columns and "horizon" in dlt.current.resource_state(line.name):
        reasons = ["RAW has no table of its name"]
    partitions = new_partitions(source, before)
    columns = {name: column | changed.get(name, {}) for name, column in source.hints.items()}
    for name, column in raw_columns.items():  # dlt takes one column that says which of two rows is the newest
        if column.get("dedup_sort") and name != source.cursor:
            columns[name] = columns.get(name, {"name": name}) | {"dedup_sort": None}
    return Plan(source, guard, shape_of(source), reasons, partitions, columns)


def _check_key(source: SourceTable, before: Mapping[str, Any] | None) -> None:
    """Refuse a key that the rows in RAW do not have: a merge would find none of them, and double them.

    Raises:
        TableError: RAW was loaded by another key.
    """
    if not source.raw_columns:
        return
    missing = [column for column in source.key if column not in source.raw_columns]
    if missing or (before or {}).get("key", source.key) != source.key:
        name = source.name
        raise TableError(
            f'{name}: its key is ({", ".join(source.key)}), and RAW was loaded by another one: say "raw": '
            f'"{name}_2" in its line of TABLES, which loads it whole under that name, or take the old key back. '
            f"Nothing of {name} was loaded."
        )


def _raw_columns(reader: RawClients, raw_name: str) -> TTableSchemaColumns:
    schema = reader.schema
    return schema.get_table_columns(raw_name) if schema and raw_name in schema.tables else {}


def _announce(connection: sa.Connection, plan: Plan, accepted: Accepted) -> None:
    """Say which table is read again whole, why, and how much that is.

    Raises:
        TableError: it is larger than the limit, and nobody accepted it.
    """
    if not plan.reasons:
        return
    found, name = plan.source.found, plan.source.name
    why = "; ".join(plan.reasons[:3]) + (f" and {len(plan.reasons) - 3} more" if len(plan.reasons) > 3 else "")
    rows = found.rows
    if rows <= 0:  # Postgres has no estimate
        few = f"select count(*) from (select from {plan.source.quoted} limit {accepted.reread_limit + 1}) few"
        rows = connection.exec_driver_sql(few.replace("%", "%%")).scalar()
    size = f"{rows:,} row{'s' if rows != 1 else ''}" + (f", {found.bytes / 1e6:,.1f} MB" if found.bytes else "")
    if rows > accepted.reread_limit and name not in accepted.rereads:
        raise TableError(
            f"{name}: {why}, so it has to be read again whole, which is about {size} and more than reread_limit "
            f"({accepted.reread_limit:,}): type python pipelines/postgres.py --accept-reread {shell(name)}"
        )
    warn(f"{name} is read again whole, about {size}: {why}")
