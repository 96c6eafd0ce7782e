"""The options of a line of TABLES: checked when the module is imported, so that a misspelled word loads nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from zoneinfo import ZoneInfo

from exactly_once.errors import PipelineError
from exactly_once.names import raw_table_name

ROW = "row"  # as a key: the table has none, and its rows are compared as a whole
SWEEP, NONE = "sweep", "none"
LONGEST_LAG = 10 * 366 * 86_400.0  # seconds
PREFIX = "postgres_"


@dataclass(frozen=True)
class TableOptions:
    """One line of TABLES.

    Args:
        name: the line's own name.
        key: the columns of the primary key, or of another unique index without NULLs; "row": the table has no key.
        cursor: the column that moves on every change; None: the table is read whole.
        deletes: "sweep", "none", or the column that says since when, or whether, a row is deleted.
        lag: seconds before the last horizon that are read again.
        share: of the rows that may vanish from one load to the next, 0 to 1.
        zone: IANA name of the zone of times without one, in which a cursor of type `timestamp` is written; None: UTC.
        schema: of Postgres; None: the source's.
        table: name at the source; None: the line's name.
        raw: name in RAW behind the prefix of the source; None: the line's name, normalized.
        exclude: columns that are not loaded.
        as_text: columns that are loaded as the text that Postgres writes for them.
    """

    name: str
    key: tuple[str, ...] | str
    cursor: str | None
    deletes: str
    lag: float = 0.0
    share: float = 0.2
    zone: str | None = None
    schema: str | None = None
    table: str | None = None
    raw: str | None = None
    exclude: tuple[str, ...] = ()
    as_text: tuple[str, ...] = ()

    @property
    def source_name(self) -> str:
        """The table's name at the source."""
        return self.table or self.name

    @property
    def raw_name(self) -> str:
        """The table's name in RAW."""
        return raw_table_name(PREFIX + (self.raw or self.name))

    @property
    def is_row_keyed(self) -> bool:
        """Tell whether the whole row is the key."""
        return self.key == ROW


def table_options(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, TableOptions]:
    """Return the options of every line of TABLES.

    Raises:
        PipelineError: a line misspells an option, lacks one, gives a value that it does not take, or has the same
            name in RAW as another line.
    """
    found = {name: _options(name, line) for name, line in tables.items()}
    owners: dict[str, str] = {}
    for name, options in found.items():
        if options.raw_name in owners:
            raise _wrong(
                name,
                f"has the name {options.raw_name.upper()} in RAW, as {owners[options.raw_name]!r} has: give it another "
                'by "raw": "…"',
            )
        owners[options.raw_name] = name
    return found


def _options(name: str, line: Mapping[str, Any]) -> TableOptions:
    if not isinstance(name, str) or not name.strip() or "\0" in name:
        raise _wrong(name, "is no name of a table")
    if not isinstance(line, Mapping):
        raise _wrong(name, f"is {line!r}: give a dict of options")
    known = {field.name for field in fields(TableOptions)} - {"name"}
    if unknown := sorted(set(line) - known):
        raise _wrong(name, f"has the option {unknown[0]!r}, which is none: say {', '.join(sorted(known))}")
    if missing := [option for option in ("key", "cursor", "deletes") if option not in line]:
        raise _wrong(name, f"lacks {missing[0]!r}")
    values = dict(line)
    for option in ("key", "exclude", "as_text"):
        if option in values and not (option == "key" and values[option] == ROW):
            values[option] = _columns(name, option, values[option])
    if values["key"] != ROW and not values["key"]:
        raise _wrong(name, 'has an empty key: name the columns of a unique index, or say "row" where there is none')
    if values["key"] == ROW and values["cursor"]:
        raise _wrong(name, 'has the key "row", so it is read whole: set its cursor to None')
    for option in ("cursor", "zone", "schema", "table", "raw"):
        value = values.get(option)
        if value is not None and not (isinstance(value, str) and value and "\0" not in value):
            raise _wrong(name, f"has {option!r}: {values[option]!r}, which is no name")
    if not isinstance(values["deletes"], str) or not values["deletes"]:
        raise _wrong(name, f'has deletes: {values["deletes"]!r}: say "sweep", "none" or a column')
    for option, most in (("lag", LONGEST_LAG), ("share", 1.0)):
        value = values.get(option, 0.0)
        if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= most:
            raise _wrong(name, f"has {option!r}: {value!r}, which is not in range")
    _check_zone(name, values.get("zone"))
    taken = {*(() if values["key"] == ROW else values["key"]), values["cursor"], values["deletes"]} - {None}
    if gone := sorted(taken & set(values.get("exclude", ()))):
        raise _wrong(name, f"excludes {gone[0]!r}, which it names as key, cursor or deletes")
    if values["cursor"] in values.get("as_text", ()):
        raise _wrong(name, f"has its cursor {values['cursor']!r} as text, which has no order in time")
    return TableOptions(name, **values)


def _columns(name: str, option: str, value: Any) -> tuple[str, ...]:
    is_list = isinstance(value, list | tuple) and all(isinstance(column, str) and column for column in value)
    if not is_list or len(set(value)) < len(value):
        raise _wrong(name, f"has {option!r}: {value!r}: give a list of columns, each once")
    return tuple(value)


def _check_zone(name: str, zone: str | None) -> None:
    try:
        if zone:
            ZoneInfo(zone)
    except (KeyError, ValueError, OSError) as error:
        raise _wrong(name, f'has the zone {zone!r}, which is none: say one like "America/New_York"') from error


def _wrong(name: str, what: str) -> PipelineError:
    return PipelineError(f"TABLES in pipelines/postgres.py: {name!r} {what}.")
