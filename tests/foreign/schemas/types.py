"""Every type of Postgres: values, domains and arrays of it, and what a warehouse cannot hold."""

from tests.foreign.schema import TOUCH, Schema, Turn, line, literal, touched

# Of each type: values as Postgres reads them; "" beside None, where a text may be empty.
VALUES: dict[str, tuple[str, ...]] = {
    "smallint": ("-32768", "0", "32767"),
    "integer": ("-2147483648", "0", "2147483647"),
    "bigint": ("-9223372036854775808", "0", "9223372036854775807"),
    "numeric": ("0.1", "1e-20", "123456789012345678901234567890123456789012345678901234567890.5", "1.10", "-0", "NaN",
                "Infinity", "-Infinity"),
    "numeric(10,2)": ("-99999999.99", "0.10", "99999999.99"),
    "numeric(38,10)": ("-9999999999999999999999999999.9999999999", "0.1", "1"),
    "numeric(50,20)": ("123456789012345678901234567890.12345678901234567890", "0.1", "NaN"),
    "numeric(5,-2)": ("12300", "-9999900", "0"),
    "numeric(3,5)": ("0.00123", "-0.00999", "0"),
    "real": ("0.1", "-0", "3.4028235e38", "1e-45", "NaN", "Infinity", "-Infinity", "16777217"),
    "double precision": ("0.1", "-0", "1.7976931348623157e308", "5e-324", "NaN", "Infinity", "-Infinity"),
    "money": ("1.00", "-92233720368547758.08", "1234567.89"),
    "boolean": ("true", "false"),
    "text": ("", " ", "plain", "  blanks  ", "\x01\x1f\x7f\t\r\n", "🙂 4 bytes", "NULL", "null", "\\N", "'\"\\", "{}",
             "ﬁ e\u0301 \u202e\u200b\ufeff"),
    "varchar(10)": ("", "ten bytes.", "ä"),
    "char(5)": ("", "a", "abcde"),
    '"char"': ("a", "", "~"),
    "name": ("a name", ""),
    "citext": ("MiXed", "mixed", ""),
    "bytea": ("", "\\x00ff10", "\\x5c"),
    "date": ("0001-01-01", "2024-02-29", "9999-12-31", "infinity", "-infinity"),
    "time": ("00:00", "23:59:59.999999", "12:34:56.5"),
    "time(0)": ("00:00", "23:59:59"),
    "timetz": ("00:00+14", "24:00-12", "12:34:56.5+05:30"),
    "timestamp": ("0001-01-01", "2024-02-29 23:59:59.999999", "9999-12-31 23:59:59.999999", "infinity", "-infinity"),
    "timestamptz": ("0001-01-01 00:00+00", "2024-03-10 02:30-05", "9999-12-31 23:59:59.999999+00", "infinity",
                    "-infinity"),
    "interval": ("1 year 2 mons 3 days 04:05:06.789", "-1 day +02:03", "0", "infinity"),
    "uuid": ("00000000-0000-0000-0000-000000000000", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"),
    "inet": ("10.0.0.1", "10.0.0.1/8", "::1", "2001:db8::/32"),
    "cidr": ("10.0.0.0/8", "2001:db8::/32"),
    "macaddr": ("08:00:2b:01:02:03",),
    "macaddr8": ("08:00:2b:01:02:03:04:05",),
    "bit(5)": ("10101", "00000"),
    "bit varying": ("1", "", "0001"),
    "json": ('{"b" : 1,  "a":2, "a": 3}', "[1, 2.0, 1e400]", '"text"', "null", "  7 ", '{"\\u00e9": "\\u20ac"}', "{}"),
    "jsonb": ('{"b": 1, "a": 12345678901234567890123456789.123456789}', "[]", '"text"', "null", "1e400", '"\\u20ac"'),
    "jsonpath": ("$.a[*] ? (@ > 2)",),
    "tsvector": ("'a':1 'b':2A", ""),
    "tsquery": ("'a' & !'b'",),
    "int4range": ("[1,5)", "empty", "(,5)", "(,)"),
    "numrange": ("[1.10,5)", "empty"),
    "daterange": ("[2024-01-01,2024-02-01)", "(,infinity)"),
    "tsrange": ('["2024-01-01 00:00:00","2024-02-01 00:00:00")',),
    "tstzrange": ('["2024-01-01 00:00:00+02","2024-02-01 00:00:00-05")',),
    "int8multirange": ("{[1,3), [5,7)}", "{}"),
    "datemultirange": ("{[2024-01-01,2024-02-01)}",),
    "point": ("(0.1,-0)", "(1e300,NaN)"),
    "line": ("{1,2,3}",),
    "lseg": ("[(0,0),(1,1)]",),
    "box": ("(1,1),(0,0)",),
    "path": ("[(0,0),(1,1),(2,0)]", "((0,0),(1,1))"),
    "polygon": ("((0,0),(1,1),(2,0))",),
    "circle": ("<(0.1,0),5>",),
    "pg_lsn": ("16/B374D848", "0/0"),
    "oid": ("0", "4294967295"),
    "tid": ("(0,1)", "(4294967295,65535)"),
    "xid": ("0", "4294967295"),
    "xid8": ("18446744073709551615",),
    "regclass": ("pg_class", "pg_catalog.pg_type"),
    "regtype": ("integer", "text"),
    "pg_snapshot": ("10:20:10,14,15",),
    "hstore": ('"a"=>"1", "b"=>NULL', ""),
    "ltree": ("Top.Science.Astronomy", ""),
    "cube": ("(1, 2), (3, 4)",),
    "mood": ("sad", "it's ok", ""),
    "pair": ('(1,"a, b")', "(,)", '(2,"")'),
}  # fmt: skip
ALONE = ("numeric(5,-2)", "numeric(3,5)", '"char"', "json", "money", "interval", "timetz")
TOGETHER = 8  # types in one table


def tables() -> dict[str, list[str]]:
    """Return the types of each table: some are alone, so that a refusal leaves the others."""
    others = [kind for kind in VALUES if kind not in ALONE]
    groups = [[kind] for kind in ALONE] + [others[n : n + TOGETHER] for n in range(0, len(others), TOGETHER)]
    return {f"types_{number}": group for number, group in enumerate(groups)}


def _made(table: str, kinds: list[str]) -> tuple[str, ...]:
    """Return a table with each type, a domain over it and an array of it; row n has the nth value of each."""
    columns, rows = [], []
    for number, kind in enumerate(kinds):
        columns += [f"v{number} {kind}", f"d{number} {table}_{number}", f"a{number} {kind}[]"]
    for row in range(max(len(VALUES[kind]) for kind in kinds)):
        parts = [str(row + 3)]
        for kind in kinds:
            values = VALUES[kind]
            value = literal(values[row]) if row < len(values) else "null"
            array = ", ".join(f"{literal(one)}::{kind}" for one in values)
            parts += [value, value, f"array[{array}, null]::{kind}[]"]
        rows.append(f"insert into {table} values ({', '.join(parts)})")
    return (
        *(f"create domain {table}_{number} as {kind}" for number, kind in enumerate(kinds)),
        f"create table {table} (id int primary key, {', '.join(columns)},"
        " updated_at timestamptz not null default now())",
        touched(table),
        f"insert into {table} (id) values (1)",
        f"insert into {table} values (2, {', '.join(['null, null, ' + literal('{}')] * len(kinds))})",
        *rows,
    )


def _changes() -> tuple[str, ...]:
    """Return statements that change every column of a row of each table, delete a row and insert one."""
    found = []
    for table, kinds in tables().items():
        columns = [f"{letter}{number}" for number in range(len(kinds)) for letter in "vda"]
        taken = f"({', '.join(columns)}) = (select {', '.join(columns)} from {table} where id = 3)"
        found += [
            f"update {table} set {taken} where id = 1",
            f"delete from {table} where id = 3",
            f"insert into {table} select 100, {', '.join(columns)} from {table} where id = 1",
        ]
    return tuple(found)


ALL = Schema(
    "types/all",
    (
        TOUCH,
        "create type mood as enum ('sad', 'it''s ok', '')",
        "create type pair as (n int, t text)",
        *(sql for table, kinds in tables().items() for sql in _made(table, kinds)),
    ),
    {table: line("id", "updated_at" if number % 2 else None) for number, table in enumerate(tables())},
    (
        Turn(),
        Turn(_changes()),
        Turn(is_idle=True),
        Turn(
            tuple(
                sql
                for table in tables()
                for sql in (f"delete from {table} where id = 2", f"update {table} set v0 = null where id = 1")
            )
        ),
    ),
    extensions=("citext", "hstore", "ltree", "cube"),
)

SPECIAL = Schema(
    "types/special",
    (
        TOUCH,
        "create table generated (id int primary key, n int, stored int generated always as (n * 2) stored,"
        " virtual int generated always as (n * 3) virtual, identity int generated always as identity,"
        " updated_at timestamptz not null default now())",
        touched("generated"),
        "insert into generated (id, n) select g, g from generate_series(1, 30) g",
        "create table dimensions (id int primary key, a int[], b text[][], c numeric[], d jsonb[])",
        "insert into dimensions values (1, '{{1,2},{3,null}}', '{{a,\"b,c\"},{\"\",null}}', '{1.10,NaN}', null),"
        " (2, '{}', '{}', '{}', '{}'), (3, '[2:3]={7,8}', null, null, array['{\"a\": 1}'::jsonb, 'null'::jsonb, null])",
        "create table long (id int primary key, v text, j jsonb, b bytea)",
        "insert into long select g, repeat('line 🙂 ' || g, 80000), jsonb_build_array(repeat('x', 1000000)),"
        " decode(repeat('00ff', 500000), 'hex') from generate_series(1, 2) g",
        "create table minus_zero (id int primary key, f float8, r real)",
        "insert into minus_zero values (1, '-0', '-0'), (2, '0', '0')",
        'create table wide_bytes (id int primary key, c "char")',
        'insert into wide_bytes select g, g::"char" from generate_series(-128, 127) g',
        "create table system_columns (id int primary key, x xid, c cid, v int2vector, o oidvector, n name)",
        "insert into system_columns values (1, '7', '3', '1 2', '3 4', 'n')",
        # Changed for nothing, and to what looks the same.
        "create table lookalikes (id int primary key, j json, n numeric, t text,"
        " updated_at timestamptz not null default now())",
        touched("lookalikes"),
        "insert into lookalikes select g, '{\"a\":1}', 1.0, 'x' from generate_series(1, 10) g",
        # A museum's dates, cast to text or left out.
        "create table museum (id int primary key, made date, found timestamp, bad numeric(12, 4), secret text)",
        "insert into museum values (1, '0044-03-15 BC', '4713-01-01 00:00:00 BC', 'NaN', 's'),"
        " (2, '12345-01-01', '10000-01-01', 1.5, 's'), (3, 'infinity', '-infinity', null, null)",
    ),
    {
        "generated": line("id", "updated_at"),
        "dimensions": line("id"),
        "long": line("id"),
        "minus_zero": line("id"),
        "wide_bytes": line("id"),
        "system_columns": line("id"),
        "lookalikes": line("id", "updated_at"),
        "museum": line("id", as_text=["made", "found", "bad"], exclude=["secret"]),
    },
    (
        Turn(),
        Turn(
            (
                "update generated set n = n + 1 where id < 5",
                "update dimensions set a = '{{{9}}}' where id = 2",
                "update long set v = v || '!' where id = 1",
                "update minus_zero set f = '0' where id = 1",
                "delete from wide_bytes where id = 1",
                "update lookalikes set j = '{\"a\": 1}' where id = 1",
                "update lookalikes set n = 1.00 where id = 2",
                "update lookalikes set t = 'x' where id = 3",
                "update museum set made = '0100-01-01 BC' where id = 2",
                "delete from museum where id = 1",
            )
        ),
        Turn(is_idle=True),
    ),
)

# What no warehouse can hold in the column's own type; each in a table of its own, and one that is right.
_OUT = {
    "nan": ("numeric(12,4)", "NaN", True),
    "before_christ": ("date", "0044-03-15 BC", True),
    "before_time": ("timestamp", "4713-01-01 00:00:00 BC", True),
    "after_time": ("timestamptz", "294276-12-31 23:59:59+00", True),
    "surrogate": ("json", '{"title": "cut \\ud83d"}', False),
    "zero_byte": ("json", '{"title": "a \\u0000 b"}', False),
    "deep": ("json", "[" * 900 + "]" * 900, False),
    "midnight": ("time", "24:00", False),
}
OUT = Schema(
    "types/outside",
    (
        TOUCH,
        "create table fine (id int primary key, v text, updated_at timestamptz not null default now())",
        touched("fine"),
        "insert into fine select g, 'v' from generate_series(1, 30) g",
        *(
            sql
            for name, (kind, value, _) in _OUT.items()
            for sql in (
                f"create table {name} (id int primary key, v {kind}, updated_at timestamptz not null default now())",
                touched(name),
                f"insert into {name} (id) select g from generate_series(1, 30) g",
                f"insert into {name} values (77, {literal(value)})",
            )
        ),
    ),
    {"fine": line("id", "updated_at")} | {name: line("id", "updated_at") for name in _OUT},
    (
        Turn(
            refused={name: r"(?s)\bv\b" for name, (_, _, is_refused) in _OUT.items() if is_refused},
            may_refuse=frozenset(name for name, (_, _, is_refused) in _OUT.items() if not is_refused),
        ),
        Turn(
            ("update fine set v = 'new' where id < 5", *(f"update {name} set v = null where id = 77" for name in _OUT))
        ),
        Turn(
            (
                "update fine set v = 'newer' where id < 5",
                *(f"update {name} set v = {literal(value)} where id = 3" for name, (_, value, _) in _OUT.items()),
            ),
            refused={name: r"\b3\b" for name, (_, _, is_refused) in _OUT.items() if is_refused},
            may_refuse=frozenset(name for name, (_, _, is_refused) in _OUT.items() if not is_refused),
        ),
        # Everything or nothing.
        Turn(("update fine set v = 'newest' where id < 9",), arguments=("--strict",), fails=r"✗.*\bv\b"),
        Turn(("update fine set v = 'last' where id < 5", *(f"delete from {name} where id = 3" for name in _OUT))),
        Turn(is_idle=True),
    ),
)
SCHEMAS = (ALL, SPECIAL, OUT)
