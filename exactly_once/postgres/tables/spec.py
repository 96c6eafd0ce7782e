"""How a person declares a table: `Table("orders", key="order_id", cursor="updated_at", deletes="sweep")`."""

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar
from zoneinfo import ZoneInfo, available_timezones

from exactly_once.errors import PipelineError
from exactly_once.names import raw_table_name
from exactly_once.partitions.declaration import SENSIBLE
from exactly_once.source_info import SourceInfo
from exactly_once.spec import Spec, SpecError, check_name, check_number, declarations, names_of, nearest

ROW = "row"  # as a key: the table has none, and its rows are compared as a whole
SWEEP, NONE = "sweep", "none"
LONGEST_LOOKBACK = 10 * 366 * 86_400.0  # seconds
# How like "sweep" or "none" a word of `deletes` is refused before it is looked up as a column; how like a zone is
# offered.
MISSPELLED = 0.85


@dataclass(frozen=True)
class Table(Spec):
    """One table, view or foreign table that a source loads.

    Args:
        name: in messages and in options of the source; also at the source and in RAW where nothing else is said.
        key: one column or several, of the primary key or of another unique index without NULLs; "row": the table has
            no key, and its rows are compared as a whole.
        cursor: the column that moves on every change, kept by a trigger; None: the table is read whole.
        deletes: "sweep" compares the keys of both sides and marks rows that vanished with `_deleted_at`; "none": rows
            are never deleted; another word is the column that says since when, or whether, a row is deleted.
        lookback_seconds: rows of so many seconds before the last window are read again, where the application sets
            the cursor itself, long before it commits.
        max_deleted_fraction: of the rows that may vanish from one load to the next, 0 to 1; more is refused.
        zone: IANA name of the zone in which a cursor of type `timestamp` is written; None: UTC.
        schema: of Postgres; None: the source's.
        table: name at the source; None: `name`.
        raw: name in RAW behind the source's prefix; None: `name`, normalized.
        exclude: columns that are not loaded.
        as_text: columns that are loaded as the text that Postgres writes for them, e.g. dates BC.
        partition: the column that never changes for a key and follows time, e.g. created_at: a merge reads only the
            rows of RAW whose value lies in a range that the load's rows have. None: it reads the whole table.

    Raises:
        PipelineError: an option is unknown or missing, or its value is wrong.
    """

    name: str
    _: KW_ONLY
    key: tuple[str, ...] | str
    cursor: str | None
    deletes: str
    lookback_seconds: float = 0.0
    max_deleted_fraction: float = 0.2
    zone: str | None = None
    schema: str | None = None
    table: str | None = None
    raw: str | None = None
    exclude: tuple[str, ...] = ()
    as_text: tuple[str, ...] = ()
    partition: str | None = None

    ALIASES: ClassVar = {"lag": "lookback_seconds", "share": "max_deleted_fraction"}

    def __post_init__(self) -> None:
        check_name("name", self.name, is_optional=False)
        if not self.name.strip():
            raise SpecError("its name is blank")
        for option in ("cursor", "zone", "schema", "table", "raw", "partition"):
            check_name(option, getattr(self, option))
        check_number("lookback_seconds", self.lookback_seconds, 0, LONGEST_LOOKBACK)
        check_number("max_deleted_fraction", self.max_deleted_fraction, 0, 1)
        self.settle(exclude=names_of("exclude", self.exclude), as_text=names_of("as_text", self.as_text))
        self._check_key()
        self._check_deletes()
        self._check_zone()
        self._check_columns()

    @property
    def source_name(self) -> str:
        """The table's name at the source."""
        return self.table or self.name

    @property
    def is_row_keyed(self) -> bool:
        """Tell whether the whole row is the key."""
        return self.key == ROW

    @property
    def key_columns(self) -> tuple[str, ...]:
        """The columns of the key; none where the whole row is the key."""
        return () if isinstance(self.key, str) else self.key

    def raw_name(self, source: str) -> str:
        """Return the table's name in RAW, e.g. shop_orders of the source shop."""
        return raw_table_name(f"{source}_{self.raw or self.name}")

    def _check_key(self) -> None:
        if self.key == ROW:
            if self.cursor:
                raise SpecError('its key is "row", so it is read whole: say cursor=None')
            return
        self.settle(key=names_of("key", self.key))
        if not self.key:
            raise SpecError('its key is empty; name the columns of a unique index, or say key="row" if there is none')

    def _check_deletes(self) -> None:
        if not isinstance(self.deletes, str) or not self.deletes:
            raise SpecError(f'deletes={self.deletes!r}: say "sweep", "none" or a column')
        near = nearest(self.deletes, (SWEEP, NONE), MISSPELLED)
        if near and near != self.deletes:
            raise SpecError(f"deletes={self.deletes!r}: say {near!r}")

    def _check_zone(self) -> None:
        try:
            if self.zone:
                ZoneInfo(self.zone)
        except (KeyError, ValueError, OSError):
            near = _nearest_zone(str(self.zone)) or "one like America/New_York"
            raise SpecError(f"zone={self.zone!r} is no time zone; say {near}") from None

    def _check_columns(self) -> None:
        used = {*self.key_columns, self.deletes, *([self.cursor] if self.cursor else [])}
        if excluded := sorted(used & set(self.exclude)):
            raise SpecError(f"it excludes {excluded[0]!r}, which it names as key, cursor or deletes")
        if self.cursor in self.as_text:
            raise SpecError(f"its cursor {self.cursor!r} is in as_text, and text has no order in time")
        self._check_partition()

    def _check_partition(self) -> None:
        if not self.partition:
            return
        column = f"its partition {self.partition!r}"
        if self.cursor is None:
            raise SpecError(f"{column} saves nothing: without a cursor the table is read whole each time; take it out")
        for option, columns in (("exclude", self.exclude), ("as_text", self.as_text)):
            if self.partition in columns:
                raise SpecError(f"{column} is in {option}; {SENSIBLE}")
        if self.partition in (self.cursor, self.deletes):
            option = "cursor" if self.partition == self.cursor else "column of deletes"
            raise SpecError(f"{column} is its {option}, which changes; {SENSIBLE}")


def _nearest_zone(word: str) -> str | None:
    """Return the zone, in quotes, that a word most likely means: its name or its last part is nearly the same."""
    zones = sorted(available_timezones())
    cities = {zone.rpartition("/")[2]: zone for zone in zones}
    name = word.strip().replace(" ", "_")
    near = nearest(name, zones, MISSPELLED) or cities.get(nearest(name, cities, MISSPELLED) or "")
    return repr(near) if near else None


def tables_by_name(tables: Iterable[Table], info: SourceInfo) -> dict[str, Table]:
    """Return the tables of a source by their names.

    Raises:
        PipelineError: they are no list of tables, or two have one name, here or in RAW.
    """
    found: dict[str, Table] = {}
    owners: dict[str, Table] = {}
    for table in declarations(Table, tables, info.declared_in):
        if table.name in found:
            first = found[table.name].declared_at
            raise PipelineError(
                f"{table.declared_at}: Table {table.name!r} is declared twice, first at {first}: take one out."
            )
        found[table.name] = table
        raw_name = table.raw_name(info.name)
        if raw_name in owners:
            owner = owners[raw_name]
            raise PipelineError(
                f"{table.declared_at}: Table {table.name!r} has the name {raw_name.upper()} in RAW, as {owner.name!r} "
                f"at {owner.declared_at} has: give one another name by raw=."
            )
        owners[raw_name] = table
    return found
