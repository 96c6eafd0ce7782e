"""Every kind of key and of cursor, tables without a key, and what people do to keys and cursors."""

from tests.foreign.schema import TOUCH, Schema, Turn, line, touched

# Of each kind: the type, and how the key of row g is written.
KINDS = {
    "text": ("text", "chr(97 + g % 26) || chr(65 + g % 26) || case when g % 3 = 0 then '_' else 'ä' end || g"),
    "bpchar": ("char(8)", "'k' || g"),
    "varchar": ("varchar(20)", "'K ' || g || '''\"'"),
    "uuid": ("uuid", "md5(g::text)::uuid"),
    "bytea": ("bytea", "decode(md5(g::text), 'hex')"),
    "numeric": ("numeric", "(g - 20) / 3.0"),
    "numeric_scaled": ("numeric(12, 3)", "(g - 20) / 8.0"),
    "date": ("date", "date '2020-02-25' + g"),
    "timestamp": ("timestamp", "timestamp '2020-02-25 23:59:59.999999' + g * interval '7.000001 s'"),
    "timestamptz": ("timestamptz", "timestamptz '2020-02-25 23:59:59.999999+03' + g * interval '7.000001 s'"),
    "smallint": ("smallint", "g - 20"),
    "bigint": ("bigint", "9223372036854775807 - g"),
    "boolean_int": ("boolean", None),
    "inet": ("inet", "inet '10.0.0.0' + g"),
    "enum": ("mood", None),
    "domain": ("code", "'C-' || g"),
    "time": ("time", "time '00:00' + g * interval '17 s'"),
    "float": ("float8", "g / 7.0"),
    "citext": ("citext", "'Key' || g"),
}


def _of_kind(name: str, kind: str, key: str | None) -> tuple[str, ...]:
    table = f"key_{name}"
    values = {
        "boolean": "select g % 2 = 0, g, 'v' from generate_series(1, 40) g",
        "mood": "select ('{sad,ok,happy,\"very happy\"}'::mood[])[1 + g % 4], g, 'v' from generate_series(1, 40) g",
    }.get(kind, f"select {key}, 0, 'v' || g from generate_series(1, 40) g")
    return (
        f"create table {table} (k {kind}, n int, v text, updated_at timestamptz not null default now(),"
        " primary key (k, n))",
        touched(table),
        f"insert into {table} (k, n, v) {values}",
    )


def _each(statement: str) -> tuple[str, ...]:
    return tuple(statement.format(f"key_{name}") for name in KINDS)


# No warehouse compares a NaN or a -0.0 as Postgres does.
FLOAT = {"key_float": r"\bk\b"}
EVERY_KIND = Schema(
    "keys/kinds",
    (
        TOUCH,
        "create type mood as enum ('sad', 'ok', 'happy', 'very happy')",
        "create domain code as text check (value like 'C-%')",
        *(sql for name, (kind, key) in KINDS.items() for sql in _of_kind(name, kind, key)),
    ),
    {f"key_{name}": line(["k", "n"], "updated_at" if n % 2 else None) for n, name in enumerate(KINDS)},
    (
        Turn(refused=FLOAT),
        Turn(
            (
                *_each("update {0} set v = 'new' where ctid in (select ctid from {0} order by k, n limit 3)"),
                *_each("delete from {0} where ctid in (select ctid from {0} order by k, n offset 5 limit 3)"),
            ),
            refused=FLOAT,
        ),
        Turn(refused=FLOAT, is_idle=True),
        # The key itself moves: the old row vanishes and a new one comes.
        Turn(
            _each("update {0} set n = n + 1000 where ctid in (select ctid from {0} order by k, n offset 10 limit 2)"),
            refused=FLOAT,
        ),
    ),
    extensions=("citext",),
)

NO_KEY = Schema(
    "keys/none",
    (
        TOUCH,
        "create table log (at timestamptz, line text, n numeric)",
        "insert into log select timestamptz '2024-01-01' + g * interval '1 min', 'line ' || g % 5, g / 3.0"
        " from generate_series(1, 50) g",
        "insert into log select null, null, null from generate_series(1, 3)",
        "insert into log select '2024-01-01', 'twice', 1 from generate_series(1, 4)",
        "create table only_unique (code text not null unique, v text, updated_at timestamptz not null default now())",
        touched("only_unique"),
        "insert into only_unique select 'c' || g, 'v' from generate_series(1, 30) g",
    ),
    {"log": line("row"), "only_unique": line("code", "updated_at")},
    (
        Turn(),
        Turn(
            (
                "insert into log values ('2024-01-01', 'twice', 1)",
                "delete from log where ctid in (select ctid from log where line is null limit 1)",
                "update log set n = n + 1 where line = 'line 2'",
                "update only_unique set v = 'new' where code < 'c2'",
                "delete from only_unique where code = 'c9'",
            )
        ),
        Turn(is_idle=True),
        Turn(("truncate log", "insert into log values (now(), 'first', 0)")),
    ),
)

# A NULL in a unique index, a key that is not unique, one that is not there.
WRONG = Schema(
    "keys/wrong",
    (
        "create table fine (id int primary key, v text)",
        "insert into fine select g, 'v' from generate_series(1, 30) g",
        "create table nullable (code text unique, v text)",
        "insert into nullable select 'c' || g, 'v' from generate_series(1, 30) g",
        "create table doubled (id int, v text)",
        "insert into doubled select g % 20, 'v' || g from generate_series(1, 30) g",
        "create table misspelt (id int primary key, v text)",
        "insert into misspelt select g, 'v' from generate_series(1, 30) g",
        "create table no_cursor (id int primary key, v text)",
        "insert into no_cursor select g, 'v' from generate_series(1, 30) g",
    ),
    {
        "fine": line("id"),
        "nullable": line("code"),
        "doubled": line("id"),
        "misspelt": line("idd"),
        "no_cursor": line("id", "updated_at"),
    },
    (
        Turn(
            refused={"doubled": "id", "misspelt": "idd", "no_cursor": "updated_at"},
            may_refuse=frozenset({"nullable"}),
        ),
        Turn(
            ("update fine set v = 'new' where id < 5", "insert into nullable values (null, 'a'), (null, 'b')"),
            refused={"doubled": "id", "misspelt": "idd", "no_cursor": "updated_at", "nullable": "code"},
        ),
        Turn(
            ("delete from doubled a using doubled b where a.id = b.id and a.ctid > b.ctid",
             "alter table doubled add primary key (id)", "delete from nullable where code is null",
             "alter table nullable alter code set not null"),
            tables={"misspelt": line("id"), "no_cursor": line("id")},
        ),
    ),
)  # fmt: skip

MOVED = Schema(
    "keys/moved",
    (
        TOUCH,
        "create table swapped (id int primary key deferrable initially deferred, v text,"
        " updated_at timestamptz not null default now())",
        "create table back (id int primary key, v text, updated_at timestamptz not null default now())",
        "create table by_app (id int primary key, v text, changed timestamptz not null)",
        *(touched(table) for table in ("swapped", "back")),
        *(
            f"insert into {table} select g, 'v' || g, now() from generate_series(1, 30) g"
            for table in ("swapped", "back", "by_app")
        ),
        "create table no_deletes (id int primary key, v text, updated_at timestamptz not null default now())",
        "create table marked (id int primary key, v text, removed_at timestamptz, updated_at timestamptz not null"
        " default now())",
        "create table flagged (id int primary key, v text, is_deleted boolean not null default false, updated_at"
        " timestamptz not null default now())",
        *(touched(table) for table in ("no_deletes", "marked", "flagged")),
        *(
            f"insert into {table} (id, v) select g, 'v' || g from generate_series(1, 30) g"
            for table in ("no_deletes", "marked", "flagged")
        ),
    ),
    {
        "swapped": line("id", "updated_at"),
        "back": line("id", "updated_at"),
        "by_app": line("id", "changed"),
        "no_deletes": line("id", "updated_at", "none"),
        "marked": line("id", "updated_at", "removed_at"),
        "flagged": line("id", "updated_at", "is_deleted"),
    },
    (
        Turn(),
        Turn(
            (
                "begin; update swapped set id = case id when 1 then 2 else 1 end where id in (1, 2); commit",
                "delete from back where id < 5",
                "delete from by_app where id < 5",
                "delete from no_deletes where id < 5",
                "update marked set removed_at = now() where id < 5",
                "update flagged set is_deleted = true where id < 5",
            )
        ),
        Turn(
            (
                # A deleted row comes back, with an old cursor, too.
                "insert into back values (1, 'back')",
                "insert into by_app values (1, 'back', '2020-01-01'), (2, 'back', now())",
                "update marked set removed_at = null where id = 1",
                "update flagged set is_deleted = false where id = 1",
            )
        ),
        Turn(is_idle=True),
        Turn(
            (
                "begin; update swapped set id = id % 30 + 1; commit",
                "delete from back where id = 9; insert into back values (9, 'at once')",
            )
        ),
    ),
)

CURSORS = Schema(
    "keys/cursors",
    (
        "create domain moment as timestamptz",
        *(
            f"create table {table} (id int primary key, v text, c {kind})"
            for table, kind in (
                ("future", "timestamptz"), ("endless", "timestamptz"), ("tied", "timestamptz"),
                ("nulls", "timestamptz"), ("in_domain", "moment"), ("in_utc", "timestamp"),
            )
        ),
        "insert into future select g, 'v', now() - g * interval '1 s' from generate_series(1, 30) g",
        "insert into future values (100, '2099', '2099-01-01'), (102, 'tomorrow', now() + interval '1 day')",
        "insert into endless select g, 'v', now() - g * interval '1 s' from generate_series(1, 30) g",
        "insert into endless values (100, 'inf', 'infinity'), (101, '-inf', '-infinity')",
        "insert into tied select g, 'v', '2024-01-01' from generate_series(1, 30) g",
        "insert into nulls select g, 'v', case when g % 2 = 0 then now() end from generate_series(1, 30) g",
        "insert into in_domain select g, 'v', now() from generate_series(1, 30) g",
        "insert into in_utc select g, 'v', now() at time zone 'UTC' from generate_series(1, 30) g",
    ),
    {
        name: line("id", "c") for name in ("future", "endless", "tied", "nulls", "in_domain", "in_utc")
    },
    (
        Turn(may_refuse=frozenset({"in_domain"}), says=(r"⚠.*\bfuture\b", r"⚠.*\bendless\b")),
        Turn(
            (
                "update future set v = 'x', c = now() where id = 1",
                "update endless set v = 'x', c = now() where id = 1",
                "insert into tied values (31, 'new', now()), (32, 'new', now())",
                "update nulls set v = 'x' where id = 3",
                "update nulls set v = 'x', c = now() where id = 4",
                "update in_domain set v = 'x', c = now() where id = 1",
                "update in_utc set v = 'x', c = now() at time zone 'UTC' where id = 1",
            ),
            may_refuse=frozenset({"in_domain"}),
        ),
        Turn(
            (
                "update future set v = 'again', c = now() where id in (2, 102)",
                "update endless set v = 'again', c = now() where id in (2, 100)",
                "delete from future where id = 100",
            ),
            may_refuse=frozenset({"in_domain"}),
        ),
    ),
)  # fmt: skip
# More rows vanish than may: the deletes of that table are refused, not the other tables.
DELETES = Schema(
    "keys/deletes",
    (
        TOUCH,
        "create table emptied (id int primary key, v text, updated_at timestamptz not null default now())",
        touched("emptied"),
        "create table beside (id int primary key, v text)",
        *(
            f"insert into {table} (id, v) select g, 'v' from generate_series(1, 100) g"
            for table in ("emptied", "beside")
        ),
    ),
    {"emptied": line("id", "updated_at", share=0.2), "beside": line("id")},
    (
        Turn(),
        Turn(
            ("delete from emptied where id > 50", "update beside set v = 'new' where id < 9"),
            refused={"emptied": "--accept-deletes"},
            code=3,
        ),
        Turn(("delete from beside where id < 4",), refused={"emptied": "--accept-deletes"}, code=3),
        Turn(arguments=("--accept-deletes", "emptied")),
        Turn(is_idle=True),
    ),
    is_killed=False,
)
SCHEMAS = (EVERY_KIND, NO_KEY, WRONG, MOVED, CURSORS, DELETES)
