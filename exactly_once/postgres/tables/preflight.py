"""Before a row is read: which tables can be loaded exactly, under which names and types, and which are read whole.

Each table is looked up in the catalogue of the snapshot that its rows are read from. One that cannot be loaded exactly
is refused here, and the others are loaded.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any

import dlt
import sqlalchemy as sa
from dlt.common.schema.typing import TTableSchemaColumns
from dlt.common.schema.utils import new_table

from exactly_once.destinations.column_changes import ACCEPTED
from exactly_once.errors import PipelineError, TableError
from exactly_once.incremental.raw_table import RawClients
from exactly_once.incremental.resource_states import ResourceStates
from exactly_once.partitions.declaration import settled_hints
from exactly_once.postgres.connection.open_transactions import warn
from exactly_once.postgres.snapshot import Snapshot
from exactly_once.postgres.tables.catalog import CatalogTable, read_catalog, zone_settings
from exactly_once.postgres.tables.source_table import SourceTable
from exactly_once.postgres.tables.spec import Table
from exactly_once.postgres.tables.table_checks import access_refusals, column_refusals, key_refusal, zone_refusal
from exactly_once.postgres.tables.table_shape import STATE, Shape, changes, known_names, new_partitions, shape_of
from exactly_once.postgres.tables.widening import ALL, changed_types
from exactly_once.source_info import SourceInfo
from exactly_once.table_guard import TableGuard


@dataclass(frozen=True)
class Accepted:
    """What a person accepted for this load, and the limit for the rest.

    Args:
        rereads: tables that may be read again whole, however large they are.
        types: columns, as table.column, whose new type RAW takes over.
        reread_limit: rows that another table may have to be read again whole.
        tables: the names of all tables.

    Raises:
        PipelineError: a name of `types` is no column of `tables`.
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
            if name == ALL or name.startswith(f"{table}.")
        }


@dataclass(frozen=True)
class TablePlan:
    """How one table is loaded.

    Args:
        source: the table.
        guard: refuses the table and lets the others pass.
        shape: of the table, for the state of its resource.
        reasons: why it is read again whole; empty: it is not.
        partitions: by oid, that were not there at the last load, and whose rows delete detection alone would find.
        columns: dlt's, as RAW shall have them.
    """

    source: SourceTable
    guard: TableGuard
    shape: Shape
    reasons: Sequence[str] = ()
    partitions: Sequence[int] = ()
    columns: TTableSchemaColumns = field(default_factory=dict)

    @property
    def is_retyped(self) -> bool:
        """Tell whether a column of RAW changes to a type that does not hold its values."""
        return any(column.get(ACCEPTED) for column in self.columns.values())


@dataclass(frozen=True)
class Preflight:
    """The checks of all tables of one load.

    Args:
        snapshot: that all tables are read from.
        schema: of Postgres, of tables that name none.
        raw: clients of the warehouse.
        accepted: what a person accepted.
        states: of the source's resources.
        is_strict: whether a refused table refuses the whole load.
    """

    snapshot: Snapshot
    schema: str
    raw: RawClients
    accepted: Accepted
    states: ResourceStates
    is_strict: bool = False

    @property
    def _info(self) -> SourceInfo:
        return self.snapshot.info

    def plans(self, tables: Mapping[str, Table]) -> Iterator[TablePlan]:
        """Yield how each table is loaded that can be loaded exactly; the others are refused.

        Call it inside of a `@dlt.source` function, whose schema and state it reads.
        """
        places = [(spec.schema or self.schema, spec.source_name) for spec in tables.values()]
        with self.snapshot.engine.connect() as connection:
            catalog = read_catalog(connection, places)
            role = str(connection.exec_driver_sql("select current_user").scalar())
            zones = zone_settings(connection)
            for spec, found in zip(tables.values(), catalog, strict=True):
                state = self.states.of(spec.name)
                guard = TableGuard(spec.name, spec.raw_name(self._info.name), state, self.is_strict)
                try:
                    self._check_declaration(spec, found, role)
                    plan = self._plan(spec, found, guard)
                    _refuse_first(spec.name, _row_complaints(connection, plan.source, zones))
                    self._announce_reread(connection, plan)
                except TableError as error:
                    guard.refuse(error)
                else:
                    yield plan

    def _check_declaration(self, spec: Table, found: CatalogTable, role: str) -> None:
        before = self.states.of(spec.name)().get(STATE)
        is_loaded = before is not None or bool(self._raw_columns(spec))
        complaints = chain(
            access_refusals(spec, found, role, self._info, is_loaded),
            column_refusals(spec, found, self._info, known_names(before)),
        )
        _refuse_first(spec.name, complaints)

    def _plan(self, spec: Table, found: CatalogTable, guard: TableGuard) -> TablePlan:
        state = self.states.of(spec.name)()
        before = state.get(STATE)
        raw_columns = self._raw_columns(spec)
        source = SourceTable(spec, found, self._info, known_names(before), raw_columns)
        _check_key(source, before)
        changed = self._changed_types(source)
        # A table that is read whole compares every row anyway.
        reasons = changes(source, before) if source.cursor and raw_columns else []
        if not raw_columns and "horizon" in state:
            reasons = ["RAW has no table of its name"]
        columns = _columns(source, changed)
        return TablePlan(source, guard, shape_of(source), reasons, new_partitions(source, before), columns)

    def _raw_columns(self, spec: Table) -> TTableSchemaColumns:
        """Return dlt's columns of the table in RAW; none before its first load."""
        schema, raw_name = self.raw.schema, spec.raw_name(self._info.name)
        return schema.get_table_columns(raw_name) if schema and raw_name in schema.tables else {}

    def _changed_types(self, source: SourceTable) -> TTableSchemaColumns:
        """Return the columns that get another type in RAW.

        Raises:
            PipelineError: a person accepted a column that is not there.
            TableError: nobody accepted a type that does not hold what RAW has.
        """
        accepted = self.accepted.columns(source.name)
        if unknown := accepted - {ALL} - set(source.hints):
            known = ", ".join(sorted(source.hints))
            raise PipelineError(f"accept_type names {source.name}.{min(unknown)}: it has {known}.")
        changed = changed_types(source.spec, self._info, source.raw_columns, source.hints, accepted)
        if changed:
            # dlt's contract freezes types that come with rows, and takes the schema's own as a change by the program.
            table = new_table(source.raw_name, columns=list(changed.values()))
            dlt.current.source_schema().update_table(table)
        return changed

    def _announce_reread(self, connection: sa.Connection, plan: TablePlan) -> None:
        """Report a table that is read again whole, why, and how large it is.

        Raises:
            TableError: it is larger than the limit, and nobody accepted it.
        """
        if not plan.reasons:
            return
        found, name, limit = plan.source.catalog, plan.source.name, self.accepted.reread_limit
        more = f" and {len(plan.reasons) - 3} more" if len(plan.reasons) > 3 else ""
        why = "; ".join(plan.reasons[:3]) + more
        rows = found.rows
        if rows <= 0:  # Postgres has no estimate
            few = f"select count(*) from (select from {plan.source.quoted} limit {limit + 1}) few"
            rows = connection.exec_driver_sql(few.replace("%", "%%")).scalar_one()
        size = f"{rows:,} row{'s' if rows != 1 else ''}" + (f", {found.bytes / 1e6:,.1f} MB" if found.bytes else "")
        if rows > limit and name not in self.accepted.rereads:
            raise TableError(
                f"{name}: {why}, so it has to be read again whole, which is about {size} and more than reread_limit "
                f"({limit:,}): type {self._info.accept('accept_reread', name)}"
            )
        warn(self._info, f"{name} is read again whole, about {size}: {why}")


def _row_complaints(
    connection: sa.Connection, source: SourceTable, zones: Sequence[tuple[str, str]]
) -> Iterator[str | None]:
    yield zone_refusal(source, zones)
    yield key_refusal(connection, source)


def _refuse_first(name: str, complaints: Iterable[str | None]) -> None:
    for complaint in filter(None, complaints):
        end = "" if complaint.endswith(";") else "."
        raise TableError(f"{complaint}{end} Nothing of {name} was loaded.")


def _columns(source: SourceTable, changed: TTableSchemaColumns) -> TTableSchemaColumns:
    """Return dlt's columns of the load: the source's, with the types that RAW shall have."""
    columns = {name: column | changed.get(name, {}) for name, column in source.hints.items()}
    for name, column in source.raw_columns.items():  # dlt takes one column that says which of two rows is the newest
        if column.get("dedup_sort") and name != source.cursor:
            columns[name] = columns.get(name, {"name": name}) | {"dedup_sort": None}
    for name, hint in settled_hints(source.raw_columns, source.partition).items():
        columns[name] = columns.get(name, {"name": name}) | hint
    return columns


def _check_key(source: SourceTable, before: Mapping[str, Any] | None) -> None:
    """Refuse a key that the rows in RAW do not have: a merge would match none of them, and double them.

    Raises:
        TableError: RAW was loaded by another key.
    """
    if not source.raw_columns:
        return
    missing = [column for column in source.key if column not in source.raw_columns]
    if missing or (before or {}).get("key", source.key) != source.key:
        name = source.name
        raise TableError(
            f'{name}: its key is ({", ".join(source.key)}), and RAW was loaded by another one: say raw="{name}_2" in '
            f"{source.info.declared_in}, which loads it whole under that name, or restore the old key. "
            f"Nothing of {name} was loaded."
        )
