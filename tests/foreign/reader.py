"""Read source and RAW and compare them, with code that the pipelines do not share.

psycopg2 reads the source, as text that Postgres writes; DuckDB reads RAW. Both sides of a value become one Python
value, by the Postgres type of the column and the type that RAW gave it.
"""

import hashlib
import json
import math
import struct
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

import duckdb
import psycopg2
from dlt.common.normalizers.naming.snake_case import NamingConvention

from tests.foreign.schema import Tables, quoted

SETTINGS = "-c timezone=UTC -c datestyle=ISO -c intervalstyle=postgres -c bytea_output=hex -c extra_float_digits=1"
COLUMNS = """
with recursive base(oid, type, mod) as (
    select a.attnum, a.atttypid, a.atttypmod from pg_attribute a
    where a.attrelid = to_regclass(%(relation)s) and a.attnum > 0 and not a.attisdropped
    union all
    select b.oid, t.typbasetype, t.typtypmod from base b join pg_type t on t.oid = b.type where t.typtype = 'd'
)
select a.attnum, a.attname::text, t.typname::text, t.typcategory = 'A' and t.typlen = -1
from pg_attribute a join base b on b.oid = a.attnum join pg_type t on t.oid = b.type and t.typtype <> 'd'
where a.attrelid = to_regclass(%(relation)s) order by a.attnum
"""
TIMES = ("date", "timestamp", "timestamptz")
# The first and the last time that every warehouse has, in microseconds since 1970: infinite ones are loaded as these.
FIRST, LAST, LAST_DATE = -62_135_596_800_000_000, 253_402_300_799_999_999, 253_402_214_400_000_000
OWN = ("_deleted_at", "_row_key")
SHOWN = 5  # differences of a table and kind that are printed


@dataclass(frozen=True)
class Column:
    """A column of the source: its name, its type below any domain, and whether that is an array."""

    name: str
    kind: str
    is_array: bool


@dataclass(frozen=True)
class Problem:
    """One difference. `kind`: lost, doubled or stale; other words are faults of another sort."""

    kind: str
    table: str
    what: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.table}: {self.what}"


@dataclass
class Known:
    """What the last good comparison saw of a table: rows that live, and rows that vanished, by key; names in RAW."""

    alive: dict[tuple, dict[str, Any]] = field(default_factory=dict)
    gone: dict[tuple, dict[str, Any]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)


@dataclass
class Found:
    """What a comparison found: the problems, what to know for the next one, and the rows it has seen."""

    problems: list[Problem] = field(default_factory=list)
    known: dict[str, Known] = field(default_factory=dict)
    rows: int = 0


def compare(postgres_url: str, warehouse: Path, tables: Tables, known: Mapping[str, Known]) -> Found:
    """Compare these tables of the source with RAW, value by value, deleted rows included."""
    found = Found()
    with closing(psycopg2.connect(postgres_url, options=SETTINGS)) as source, opened(warehouse) as raw:
        in_raw = raw_tables(raw)
        taken: dict[str, str] = {}
        for name, line in tables.items():
            before = known.get(name, Known())
            one = Comparison(source, raw, name, line, before)
            place = one.place(in_raw)
            if place in taken:
                found.problems.append(Problem("stale", name, f"shares the table {place} of RAW with {taken[place]}"))
                continue
            taken[place] = name
            one.run(place, in_raw)
            found.problems += one.problems
            found.known[name] = one.after
            found.rows += one.rows
    return found


def digests(warehouse: Path) -> dict[str, tuple]:
    """Return for each table of RAW, in lower case, what changes when a value of it changes."""
    if not warehouse.exists():
        return {}
    with opened(warehouse) as raw:
        return {
            name: raw.execute(f"select count(*), sum(hash(t))::varchar from RAW.{quoted(table)} t").fetchone()
            for name, table in raw_tables(raw).items()
        }


def opened(warehouse: Path) -> Any:
    """Open the warehouse, or an empty one where no load has made it."""
    connection = duckdb.connect(str(warehouse) if warehouse.exists() else ":memory:")
    connection.execute("set TimeZone = 'UTC'; set threads = 2")
    return connection


def raw_tables(raw: Any) -> dict[str, str]:
    """Return the tables of RAW that hold rows of Postgres, by name in lower case."""
    rows = raw.execute(
        "select table_name from duckdb_tables() where lower(schema_name) = 'raw'"
        " and starts_with(lower(table_name), 'postgres')"
    ).fetchall()
    return {name.lower(): name for (name,) in rows}


def candidates(name: str) -> list[str]:
    """Return the names that a source name may have in RAW: with a hash where it would meet another one, or plain."""
    naming, plain = NamingConvention(), name
    for _ in range(3):  # dlt's rule may change what it has written
        plain = naming.normalize_identifier(plain) if plain.strip() else "x"
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    stem = plain.lstrip("_") if plain.startswith("_dlt") else plain
    return [f"{stem.rstrip('_')}_{digest}".lower(), plain.lower()]


class Comparison:
    """One table, its line of TABLES, and what was known of it before."""

    def __init__(self, source: Any, raw: Any, name: str, line: Mapping[str, Any], before: Known) -> None:
        self._source, self._raw, self._name, self._line, self._before = source, raw, name, line, before
        self._relation = f"{quoted(line.get('schema', 'public'))}.{quoted(line.get('table', name))}"
        self._counts: Counter[str] = Counter()
        self._kinds: dict[str, str] = {}
        self._marker = ""
        self.problems: list[Problem] = []
        self.after = before
        self.rows = 0

    def place(self, in_raw: Mapping[str, str]) -> str:
        """Return the table's name in RAW."""
        if "raw" in self._line:
            return f"postgres_{self._line['raw']}".lower()
        # Of a table, dlt leaves two underscores in a row.
        names = [
            *candidates(f"postgres_{self._name}"),
            NamingConvention().normalize_tables_path(f"postgres_{self._name}"),
        ]
        return next((name for name in names if name in in_raw), names[-1])

    def run(self, place: str, in_raw: Mapping[str, str]) -> None:
        """Compare."""
        columns = self._columns()
        types = self._raw_types(in_raw.get(place))
        names = self._names(columns, types)
        self._kinds = {names[column.name]: column.kind for column in columns}
        self._marker = names.get(line_deletes(self._line), "")
        rows = list(self._source_rows(columns, names, types))
        self.rows = len(rows)
        loaded = list(self._raw_rows(in_raw[place], types)) if place in in_raw else []
        if self._line["key"] == "row" or not set(self._line["key"]) <= names.keys():
            self._as_multiset(rows, loaded)
            return
        key = [names[column] for column in self._line["key"]]
        expected = {tuple(row[part] for part in key): row for row in rows}
        if len(expected) != len(rows):
            self._add("stale", "the source has a key twice: the schema of the test is wrong")
        self._by_key(expected, loaded, key)
        gone = {**self._before.gone, **self._before.alive}
        gone = {k: row for k, row in gone.items() if k not in expected}
        self.after = Known(expected, gone, {c.name: names[c.name] for c in columns if names[c.name] in types}, types)
        for kind, count in self._counts.items():
            if count > SHOWN:
                self.problems += [Problem(kind, self._name, "and more")] * (count - SHOWN)

    def _by_key(self, expected: dict[tuple, dict], loaded: list[dict], key: list[str]) -> None:
        alive, dead = defaultdict(list), defaultdict(list)
        deletes = self._line["deletes"]
        for row in loaded:
            place = tuple(row.get(part) for part in key)
            (alive if row["_deleted_at"] is None else dead)[place].append(row)
        for place, row in expected.items():
            is_gone = self._is_marked(row)
            here, there = (dead, alive) if is_gone else (alive, dead)
            self._one(place, row, here.get(place, []), there.get(place, []), is_gone)
        vanished = {**self._before.gone, **self._before.alive}
        for place in (alive.keys() | dead.keys()) - expected.keys():
            copies = alive.get(place, []) + dead.get(place, [])
            if place not in vanished:
                # A row that came and went between two comparisons may be there, marked.
                if alive.get(place):
                    self._add("doubled", f"key {place}: RAW has a row that the source never had: {brief(copies[0])}")
            elif len(copies) > 1:
                self._add("doubled", f"key {place}: the deleted row is in RAW {len(copies)} times")
            elif alive.get(place) and deletes == "sweep":
                self._add("stale", f"key {place}: the row is deleted at the source and alive in RAW")
        if deletes == "none":
            return
        for place, row in vanished.items():
            if place in expected:
                continue
            copies = alive.get(place, []) + dead.get(place, [])
            if not copies:
                self._add("lost", f"key {place}: the deleted row is not in RAW")
            for name, value in row.items() if copies else ():
                if not is_same_or_cast(value, copies[0].get(name)):
                    self._add(
                        "stale",
                        f"key {place}, column {name}, deleted: was {value!r:.200}, RAW {copies[0].get(name)!r:.200}",
                    )

    def _one(self, place: tuple, row: dict, here: list[dict], there: list[dict], is_gone: bool) -> None:
        if not here and there:
            self._add("stale", f"key {place}: {'not ' if is_gone else ''}marked as deleted in RAW")
        elif not here:
            self._add("lost", f"key {place}: not in RAW: {brief(row)}")
        elif len(here) + len(there) > 1:
            self._add("doubled", f"key {place}: {len(here) + len(there)} times in RAW")
        if not here:
            return
        for name, value in row.items():
            if name not in here[0]:
                if value is not None:
                    self._add("stale", f"key {place}, column {name}: source {value!r:.200}, RAW has no such column")
            elif not is_same(value, here[0][name]):
                self._add("stale", f"key {place}, column {name}: source {value!r:.200}, RAW {here[0][name]!r:.200}")

    def _as_multiset(self, rows: list[dict], loaded: list[dict]) -> None:
        names = sorted({name for row in rows for name in row})
        there = Counter(tuple(row.get(name) for name in names) for row in loaded if row["_deleted_at"] is None)
        here = Counter(tuple(row[name] for name in names) for row in rows)
        for kind, difference in (("lost", here - there), ("doubled", there - here)):
            for row, count in difference.items():
                for _ in range(count):
                    self._add(kind, f"row {brief(dict(zip(names, row, strict=True)))}")

    def _is_marked(self, row: dict) -> bool:
        value = row[self._marker] if self._marker else None
        return value is not None and value is not False

    def _columns(self) -> list[Column]:
        with self._source.cursor() as cursor:
            cursor.execute(COLUMNS, {"relation": self._relation})
            found = [Column(*row[1:]) for row in cursor.fetchall()]
        self._source.rollback()
        return [column for column in found if column.name not in self._line.get("exclude", ())]

    def _raw_types(self, table: str | None) -> dict[str, str]:
        if table is None:
            return {}
        return {name.lower(): kind for name, kind, *_ in self._raw.execute(f"describe RAW.{quoted(table)}").fetchall()}

    def _names(self, columns: list[Column], types: dict[str, str]) -> dict[str, str]:
        """Return the name in RAW of each column: distinct, and the same as at the last comparison."""
        names: dict[str, str] = {}
        owners: dict[str, str] = {}
        for column in columns:
            hashed, plain = candidates(column.name)
            name = hashed if hashed in types or plain in OWN or plain.startswith("_dlt") else plain
            if name in owners:
                self._add("stale", f"columns {owners[name]!r} and {column.name!r} are both {name!r} in RAW")
                name = hashed
            owners[name] = column.name
            before = self._before.names.get(column.name)
            if before and before != name and name in types:
                self._add("stale", f"column {column.name!r} was {before!r} in RAW and is {name!r} now")
            names[column.name] = name
        return names

    def _source_rows(self, columns: list[Column], names: dict[str, str], types: dict[str, str]) -> Iterator[dict]:
        if not columns:
            return  # the table was dropped
        as_text = self._line.get("as_text", ())
        kinds = [types.get(names[column.name], "VARCHAR") for column in columns]
        parts = [source_sql(column, kind, column.name in as_text) for column, kind in zip(columns, kinds, strict=True)]
        with self._source.cursor() as cursor:
            cursor.execute(f"select {', '.join(parts)} from {self._relation}")
            for row in cursor.fetchall():
                yield {
                    names[column.name]: source_value(value, column, kind)
                    for value, column, kind in zip(row, columns, kinds, strict=True)
                }
        self._source.rollback()

    def _raw_rows(self, table: str, types: dict[str, str]) -> Iterator[dict]:
        names = list(types)
        if "_deleted_at" not in types:
            self._add("stale", "RAW has no column _deleted_at")
        parts = ", ".join(raw_sql(quoted(name), kind) for name, kind in types.items())
        result = self._raw.execute(f"select {parts} from RAW.{quoted(table)}")
        while rows := result.fetchmany(1000):
            for row in rows:
                pairs = zip(names, row, types.values(), strict=True)
                yield {"_deleted_at": None} | {
                    name: raw_value(value, kind, self._kinds.get(name, "")) for name, value, kind in pairs
                }

    def _add(self, kind: str, what: str) -> None:
        self._counts[kind] += 1
        if self._counts[kind] <= SHOWN:
            self.problems.append(Problem(kind, self._name, what))


def line_deletes(line: Mapping[str, Any]) -> str:
    """Return the column in which the application marks its deletes, or nothing."""
    return "" if line["deletes"] in ("sweep", "none") else line["deletes"]


def source_sql(column: Column, kind: str, is_text: bool) -> str:
    """Return SQL that selects a column of the source as text, in the form that is compared with a type of RAW."""
    name = quoted(column.name)
    if column.is_array and not is_text:
        return f"case when {name} is not null then json_build_array(to_json({name})::text, {name}::text)::text end"
    if column.kind in TIMES and is_time(kind):
        micros = f"(extract(epoch from {name}) * 1000000)::bigint::text"
        return f"case when isfinite({name}) then {micros} else {name}::text end"
    return f"{name}::text"


def source_value(value: str | None, column: Column, kind: str) -> Any:
    """Return the value that RAW's type `kind` has for a text of Postgres."""
    if value is None:
        return None
    if column.is_array:
        return tuple(json.loads(value)) if value.startswith("[") else value
    if column.kind in TIMES and is_time(kind):
        last = LAST_DATE if column.kind == "date" else LAST
        return {"infinity": last, "-infinity": FIRST}.get(value) or int(value)
    if column.kind in ("float4", "float8") and kind in ("DOUBLE", "FLOAT"):
        return bits(float(value))
    if is_number(kind):
        try:
            return Decimal(value)
        except InvalidOperation:
            return value
    if kind == "BOOLEAN":
        return value == "true"
    if kind == "TIME":
        return trimmed(value)
    if kind == "BLOB":
        return bytes.fromhex(value[2:]) if value.startswith("\\x") else value
    return plain_text(value, column.kind)


def plain_text(value: str, kind: str) -> str:
    """Return a text without what Postgres writes or leaves out: a character(n)'s blanks, an inet's whole mask."""
    if kind == "inet":
        return value.removesuffix("/32" if "." in value else "/128")
    return value.rstrip(" ") if kind == "bpchar" else value


def raw_sql(name: str, kind: str) -> str:
    """Return SQL that selects a column of RAW in the form that is compared."""
    if is_time(kind):
        return f"case when isfinite({name}) then epoch_us({name})::varchar else {name}::varchar end"
    if kind == "TIME" or not (is_number(kind) or kind in ("DOUBLE", "FLOAT", "BOOLEAN", "BLOB")):
        return f"{name}::varchar"
    return name


def raw_value(value: Any, kind: str, source_kind: str) -> Any:
    """Return a value of RAW as `source_value` has it; `source_kind` is the type of its column at the source."""
    if value is None:
        return None
    if is_time(kind):
        return int(value) if value.lstrip("-").isdigit() else value
    if kind in ("DOUBLE", "FLOAT"):
        return bits(value)
    if is_number(kind):
        return Decimal(value)
    if kind == "TIME":
        return trimmed(value)
    return plain_text(value, source_kind) if isinstance(value, str) else value


def is_time(kind: str) -> bool:
    """Tell whether a type of RAW is a date or a timestamp."""
    return kind == "DATE" or kind.startswith("TIMESTAMP")


def is_number(kind: str) -> bool:
    """Tell whether a type of RAW is an integer or a decimal."""
    return kind.startswith("DECIMAL") or kind in ("BIGINT", "INTEGER", "SMALLINT", "TINYINT", "HUGEINT", "UBIGINT")


def bits(value: float) -> bytes:
    """Return a double by its bits; every NaN is one, and -0.0 is 0.0, which docs/sources.md lists."""
    return struct.pack(">d", float("nan") if math.isnan(value) else value + 0.0)


def trimmed(text: str) -> str:
    """Return a time of day without zeros at its end."""
    return text.rstrip("0").rstrip(".") if "." in text else text


def is_same(value: Any, loaded: Any) -> bool:
    """Tell whether both sides are one value; an array is JSON, or the text that Postgres writes."""
    if isinstance(value, tuple):
        return loaded in value
    return value == loaded and isinstance(value, bool) == isinstance(loaded, bool)


def is_same_or_cast(value: Any, loaded: Any) -> bool:
    """Tell whether a value that lasted while its column's type widened is the same."""
    if is_same(value, loaded):
        return True
    if value is None or loaded is None:
        return value is loaded
    if isinstance(value, bytes) and len(value) == 8 and isinstance(loaded, (str, Decimal)):
        return Decimal(struct.unpack(">d", value)[0]) == Decimal(loaded)
    if isinstance(value, (str, Decimal)) and isinstance(loaded, (str, Decimal)):
        try:
            return Decimal(value) == Decimal(loaded)
        except InvalidOperation:
            return str(value) == str(loaded)
    return isinstance(value, Decimal) and isinstance(loaded, bytes) and bits(float(value)) == loaded


def brief(row: Mapping[str, Any]) -> str:
    """Return the first columns of a row as text."""
    parts: Iterable[str] = (f"{name}={value!r:.60}" for name, value in list(row.items())[:6])
    return ", ".join(parts)
