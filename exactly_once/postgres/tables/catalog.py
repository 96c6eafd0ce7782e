"""What Postgres's catalogue says of the tables of one load: columns, types, keys and rights."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import sqlalchemy as sa

from exactly_once.errors import TableError
from exactly_once.postgres.tables.catalog_queries import COLUMNS, NESTED, RELATIONS, REWRITTEN, UNIQUE, VIEWS, ZONES


@dataclass(frozen=True)
class CatalogColumn:
    """One column.

    Args:
        number: that a dropped and added column does not keep.
        name: at the source.
        type: as Postgres shows it.
        base: name of the type below its domains.
        modifier: of the base, e.g. its precision.
        is_array: of the base.
        is_domain: of the type.
        is_not_null: held by a validated constraint.
        generated: "" or Postgres's letter of the kind.
        expression: digest of the generated column's; None: it is not generated.
        is_readable: by this role.
        version: of the column's row in the catalogue.
        has_missing: rows from before ADD COLUMN take its default.
        has_default: whether it has one.
        inner: labels of the enums and fields of the composite types that the type is made of, by oid.
    """

    number: int
    name: str
    type: str
    base: str
    modifier: int
    is_array: bool
    is_domain: bool
    is_not_null: bool
    generated: str
    expression: str | None
    is_readable: bool
    version: str
    has_missing: bool
    has_default: bool
    inner: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class CatalogTable:
    """One table, view or foreign table.

    Args:
        schema: as declared.
        name: as declared.
        oid: None: there is none of this name.
        kind: Postgres's letter.
        file: changes with each rewrite.
        rows: Postgres's estimate; -1: none.
        bytes: None: it has no storage.
        is_schema_closed: this role may not use the schema.
        is_readable: by this role, as a whole.
        is_delayed: rows become visible later than their transaction commits, or are another server's.
        heirs: oids of the tables that inherit from it.
        partitions: oids of its leaf partitions.
        elsewhere: other schemas that have a table of this name.
        neighbours: the tables of the schema, where it has none of this name.
        columns: in the order of the table.
        unique: the columns of each unique index.
        primary: the columns of the primary key.
        definition: digest of all that a view depends on; None: it is no view.
    """

    schema: str
    name: str
    oid: int | None
    kind: str = ""
    file: int = 0
    rows: int = -1
    bytes: int | None = None
    is_schema_closed: bool = False
    is_readable: bool = False
    is_delayed: bool = False
    heirs: tuple[int, ...] = ()
    partitions: tuple[int, ...] = ()
    elsewhere: tuple[str, ...] = ()
    neighbours: tuple[str, ...] = ()
    columns: tuple[CatalogColumn, ...] = ()
    unique: tuple[tuple[str, ...], ...] = ()
    primary: tuple[str, ...] = ()
    definition: str | None = None

    def column(self, name: str) -> CatalogColumn | None:
        """Return a column by its name at the source; None: there is none."""
        return next((column for column in self.columns if column.name == name), None)

    def known_column(self, name: str) -> CatalogColumn:
        """Return a column that `column_refusals` has found."""
        return next(column for column in self.columns if column.name == name)


def read_catalog(connection: sa.Connection, tables: Sequence[tuple[str, str]]) -> list[CatalogTable]:
    """Return what the catalogue says of some tables, each named by schema and table, in their order."""
    if not tables:
        return []
    schemas, names = ([pair[n] for pair in tables] for n in (0, 1))
    found = connection.exec_driver_sql(RELATIONS, {"schemas": schemas, "names": names}).all()
    relations = {"relations": [row[1] for row in found if row[1]]}
    inner: dict[tuple[int, int], dict[str, str]] = defaultdict(dict)
    for relation, number, oid, label in connection.exec_driver_sql(NESTED, relations):
        inner[relation, number][oid] = label
    columns = defaultdict(list)
    for relation, *row in connection.exec_driver_sql(COLUMNS, relations):
        columns[relation].append(replace(CatalogColumn(*row), inner=inner[relation, row[0]]))
    views = {root: (digest, is_delayed) for root, digest, is_delayed in connection.exec_driver_sql(VIEWS, relations)}
    unique, primary = defaultdict(list), {}
    for relation, keys, is_primary in connection.exec_driver_sql(UNIQUE, relations):
        unique[relation].append(tuple(keys))
        if is_primary:
            primary[relation] = tuple(keys)
    return [
        replace(
            CatalogTable(*pair, oid, *rest),
            is_delayed=bool(is_delayed or views.get(oid, ("", False))[1]),
            heirs=tuple(heirs or ()),
            partitions=tuple(sorted(partitions)),
            elsewhere=tuple(elsewhere),
            neighbours=tuple(neighbours),
            columns=tuple(columns[oid]),
            unique=tuple(unique[oid]),
            primary=primary.get(oid, ()),
            definition=views.get(oid, (None, False))[0],
        )
        for pair, (_, oid, *rest, is_delayed, heirs, partitions, elsewhere, neighbours) in zip(
            tables, found, strict=True
        )
    ]


def check_not_rewritten(engine: sa.Engine, name: str, table: CatalogTable) -> None:
    """Refuse a table that was written again since the snapshot was taken: a read may have missed rows.

    Call it after a read; it uses a new transaction of the same snapshot.

    Raises:
        TableError: it was written again; the next run reads it.
    """
    with engine.connect() as connection:
        if were_rewritten(connection, [table]):
            raise TableError(
                f"{name}: ALTER TABLE, TRUNCATE or VACUUM FULL wrote the table again while it was read: run again. "
                f"Nothing of {name} was loaded."
            )


def were_rewritten(connection: sa.Connection, tables: Sequence[CatalogTable]) -> bool:
    """Tell whether one of some tables was written again since the snapshot was taken; see `check_not_rewritten`."""
    relations = [oid for table in tables for oid in (table.oid, *table.heirs, *table.partitions)]
    return connection.exec_driver_sql(REWRITTEN, {"relations": relations}).first() is not None


def zone_settings(connection: sa.Connection) -> list[tuple[str, str]]:
    """Return the default zones of sessions, as (role, database or server, zone)."""
    return [(who, zone) for who, zone in connection.exec_driver_sql(ZONES)]
