"""A schema under DDL between loads: what changes values without moving a cursor, and types that widen or do not."""

from tests.foreign.schema import TOUCH, Schema, Turn, line, touched

PLAIN = "a int, b int, t text"
# Of each change: columns, the DDL on {0}, statements that follow it before the load.
CHANGES: dict[str, tuple[str, tuple[str, ...]]] = {
    "add_default": (PLAIN, ("alter table {0} add c int not null default 5",)),
    "add_volatile": (PLAIN, ("alter table {0} add c text default gen_random_uuid()::text",)),
    "add_plain": (PLAIN, ("alter table {0} add c int",)),
    "add_stored": (PLAIN, ("alter table {0} add c int generated always as (a * 2) stored",)),
    "add_virtual": (PLAIN, ("alter table {0} add c int generated always as (a * 2) virtual",)),
    "new_expression": (
        f"{PLAIN}, c int generated always as (a * 2) stored, e int generated always as (a * 2) virtual",
        ("alter table {0} alter c set expression as (a * 3)", "alter table {0} alter e set expression as (a * 4)"),
    ),
    "rename": (PLAIN, ("alter table {0} rename a to c",)),
    "swap": (
        PLAIN,
        ("alter table {0} rename a to c; alter table {0} rename b to a; alter table {0} rename c to b",),
    ),
    "again": (PLAIN, ("alter table {0} drop a; alter table {0} add a int",)),
    "again_default": (PLAIN, ("alter table {0} drop a, add a int default 7",)),
    "using": (PLAIN, ("alter table {0} alter a type int using a + 1000",)),
    "dropped": (PLAIN, ("alter table {0} drop b",)),
    "numeric": ("a numeric(10,2), b numeric(4,0)", ("alter table {0} alter a type numeric(14,4)",)),
    "unbounded": ("a numeric(10,2), b numeric(4,0)", ("alter table {0} alter b type numeric",)),
    "small": ("a smallint, b int", ("alter table {0} alter a type int, alter b type bigint",)),
    "bigint": ("a int, b bigint", ("alter table {0} alter b type numeric",)),
    "varchar": ("a varchar(10), b varchar(3)", ("alter table {0} alter a type text, alter b type varchar(20)",)),
    "real": ("a real, b real", ("alter table {0} alter a type float8",)),
    "recreated": (
        PLAIN,
        ("drop table {0}; create table {0} as select g as id, g as a, -g as b, 'n' as t, now() as updated_at"
         " from generate_series(3, 40) g; alter table {0} add primary key (id)",),
    ),
    "truncated": (
        PLAIN,
        ("truncate {0}", "insert into {0} (id, a) select g, -g from generate_series(5, 45) g"),
    ),
    "old_rows": (
        PLAIN,
        ("begin; create temp table kept as select * from {0}; truncate {0}; alter table {0} disable trigger touch;"
         " insert into {0} select * from kept where id > 2; alter table {0} enable trigger touch; drop table kept;"
         " commit",),
    ),
    "not_null": (PLAIN, ("alter table {0} alter a set not null, alter a set default 9, add check (a > 0)",)),
}  # fmt: skip
FILLED = {"varchar": "'x' || g % 7, 'y'", "real": "g / 10.0, 0.1"}
NARROWER = {
    "text_of_int": ("a int, b int", "alter table {0} alter a type text", "a"),
    "int_of_text": ("a text, b text", "alter table {0} alter a type int using a::int", "a"),
    "zoned": ("a timestamp default '2024-02-29 12:00', b int", "alter table {0} alter a type timestamptz", "a"),
    "date": ("a date default '2024-02-29', b date", "alter table {0} alter a type timestamp", "a"),
    "bool_of_int": ("a int, b int", "alter table {0} alter b type boolean using b > 3", "b"),
}


def _pair(name: str, columns: str) -> tuple[str, ...]:
    found = []
    for table in (f"{name}_cursor", f"{name}_whole"):
        values = f"(id, a, b) select g, {FILLED.get(name, 'g, g % 5')}"
        if "default" in columns:
            values = "(id) select g"
        found += [
            f"create table {table} (id int primary key, {columns}, updated_at timestamptz not null default now())",
            touched(table),
            f"insert into {table} {values} from generate_series(1, 40) g",
        ]
    return tuple(found)


def _lines(names) -> dict:
    return {
        f"{name}_{word}": line("id", "updated_at" if word == "cursor" else None)
        for name in names
        for word in ("cursor", "whole")
    }


def _both(names: dict[str, tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(
        sql.format(f"{name}_{word}") for name, sqls in names.items() for word in ("cursor", "whole") for sql in sqls
    )


def _schema(name: str, names: list[str]) -> Schema:
    return Schema(
        f"ddl/{name}",
        (TOUCH, *(sql for one in names for sql in _pair(one, CHANGES[one][0]))),
        _lines(names),
        (
            Turn(),
            Turn(
                _both({one: CHANGES[one][1] for one in names}),
                says=tuple(rf"\b{one}_cursor\b" for one in names if one in ("add_default", "swap", "again")),
            ),
            Turn(is_idle=True),
            Turn(_both(dict.fromkeys(names, ("update {0} set b = b where id = 7", "delete from {0} where id = 8")))),
        ),
    )


_NAMES = list(CHANGES)
SHAPES = _schema("shapes", [name for name in _NAMES[:12] if name != "dropped"])
TYPES = _schema("widened", _NAMES[12:18])
TABLES = _schema("tables", _NAMES[18:])

NAMED = Schema(
    "ddl/enums and views",
    (
        TOUCH,
        "create type mood as enum ('sad', 'ok')",
        "create domain level as mood",
        "create table feelings (id int primary key, m mood, d level, a mood[],"
        " updated_at timestamptz not null default now())",
        touched("feelings"),
        "insert into feelings select g, (enum_range(null::mood))[1 + g % 2], 'sad', '{sad,ok}'"
        " from generate_series(1, 40) g",
        "create table lost_column (id int primary key, a int, b int, updated_at timestamptz not null default now())",
        touched("lost_column"),
        "insert into lost_column select g, g, g from generate_series(1, 40) g",
        "create view shown as select id, a * 2 as v, updated_at from lost_column",
    ),
    {
        "feelings": line("id", "updated_at"),
        "lost_column": line("id", "updated_at"),
        "shown": line("id"),
        "shown_since": line("id", "updated_at", table="shown"),
    },
    (
        Turn(),
        Turn(
            (
                "alter type mood rename value 'sad' to 'blue'",
                "create or replace view shown as select id, a * 3 as v, updated_at from lost_column",
            )
        ),
        Turn(
            (
                "alter type mood add value 'new' before 'ok'",
                "update feelings set m = 'new' where id = 3",
                "alter table lost_column drop b",
                "update lost_column set a = 0 where id = 3",
            )
        ),
        Turn(is_idle=True),
    ),
)

NARROWED = Schema(
    "ddl/narrowed",
    (TOUCH, *(sql for name, (columns, *_) in NARROWER.items() for sql in _pair(name, columns))),
    _lines(NARROWER),
    (
        Turn(),
        Turn(
            _both({name: (sql,) for name, (_, sql, _) in NARROWER.items()}),
            refused={
                f"{name}_{word}": rf"\b{column}\b"
                for name, (*_, column) in NARROWER.items()
                for word in ("cursor", "whole")
            },
        ),
        Turn(
            # A table that stays refused stays as it is, whatever happens at the source.
            _both(dict.fromkeys(NARROWER, ("update {0} set id = id where id = 2",))),
            refused={
                f"{name}_{word}": rf"\b{column}\b"
                for name, (*_, column) in NARROWER.items()
                for word in ("cursor", "whole")
            },
        ),
        Turn(
            # Times that get a zone need one.
            tables={
                "zoned_cursor": line("id", "updated_at", zone="UTC"),
                "zoned_whole": line("id", zone="UTC"),
            },
            arguments=(
                "--accept-type",
                ",".join(
                    f"{name}_{word}.{column}" for name, (*_, column) in NARROWER.items() for word in ("cursor", "whole")
                ),
            ),
        ),
        Turn(is_idle=True),
    ),
)
SCHEMAS = (SHAPES, TYPES, TABLES, NAMED, NARROWED)
